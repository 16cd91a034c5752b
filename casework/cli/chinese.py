"""The parser's own words in Chinese: help pages and usage errors."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

C = TypeVar("C", bound=Callable[..., Any])

_HELP = (
    (r"^Usage:", "用法："),
    (r"^Arguments:", "参数："),
    (r"^Options:", "选项："),
    (r"^Commands:", "命令："),
    (r"\[OPTIONS\]", "[选项]"),
    (r"COMMAND \[ARGS\]\.\.\.", "命令 …"),
    (r"Show this message and exit\.", "显示这段说明"),
    (r"\[required\]", "（必填）"),
    (r"\[default:\s+([^\]]*?)\]", r"（默认 \1）"),
    (r"; x>=(\d+)）", r"，不小于 \1）"),
    (r"; (\d+)<=x<=(\d+)）", r"，\1 至 \2）"),
    (r" ?<(?:list\[)?(?:str|int|int range|path|float|bool)\]?>", ""),  # the metavar says what is wanted
    (r"\[\[([^\]]*?)…?\](?:…|\.\.\.)+\]?(?:\.\.\.)?", r"[\1…]"),
    (r"…([\]}])\.\.\.", r"…\1"),
    (r"^(\s+)\[([^\]\s]+)\]…(?=\s)", r"\1\2… "),
)
_USAGE = (
    (r"Missing (?:option|argument|parameter) '?(.+?)'?\.?", r"缺少 \1"),
    (r"Missing command\.", "缺少命令"),
    (r"No such command '(.+?)'\.(?:.*)", r"没有命令 \1"),
    (r"No such option: (\S+)(?:.*)", r"没有选项 \1"),
    (r"Option '(.+?)' requires an argument\.", r"\1 后面缺少内容"),
    (r"Got unexpected extra arguments? \((.+)\)", r"多写了 \1"),
    (r"Invalid value for '?(.+?)'?: Input should be a valid integer.*", r"\1 要写整数"),
    (r"Invalid value for '?(.+?)'?: .*", r"\1 写得不对"),
)


class ChineseCommand(TyperCommand):
    """A command whose help page is Chinese."""

    def get_help(self, ctx: Any) -> str:
        """Return the help page."""
        return _translated(super().get_help(ctx))


class ChineseGroup(TyperGroup):
    """A group of commands whose help page is Chinese."""

    def get_help(self, ctx: Any) -> str:
        """Return the help page."""
        return _translated(super().get_help(ctx))


class ChineseTyper(typer.Typer):
    """A Typer whose commands speak Chinese, without colours, boxes and shell completion."""

    def __init__(self, **settings: Any) -> None:
        settings.setdefault("cls", ChineseGroup)
        super().__init__(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False, **settings)

    def command(self, name: str | None = None, **settings: Any) -> Callable[[C], C]:
        """Register a command."""
        settings.setdefault("cls", ChineseCommand)
        # The list of commands cuts a long text at a space, and Chinese has none.
        settings.setdefault("short_help", settings.get("help"))
        return super().command(name, **settings)


def _translated(text: str) -> str:
    for pattern, words in _HELP:
        text = re.sub(pattern, words, text, flags=re.MULTILINE)
    return text


def usage_sentence(error: Exception) -> str | None:
    """Return what a wrong command line is told, or None where the error is none of the parser's."""
    if not hasattr(error, "format_message"):
        return None
    message = str(error.format_message())
    if type(error).__name__ == "NoArgsIsHelpError":
        return message
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "casework"
    for pattern, words in _USAGE:
        found = re.fullmatch(pattern, message, flags=re.DOTALL)
        if found is not None:
            message = found.expand(words)
            break
    return f"{message}。用法见：{path} --help"
