"""Write docs/handbook-commands.md: every command an officer can type, by task, from the command line itself.

    .venv/bin/python -m scripts.command_table

`tests/test_handbook.py` fails when a command stands under no task, or the page is not what the command line says.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import typer

from casework.cli import app

TARGET = Path(__file__).parents[1] / "docs" / "handbook-commands.md"

_REVIEW = (
    "list",
    "chain",
    "missing",
    "step",
    "judge",
    "questions",
    "steps",
    "revoke",
    "feedback",
    "except",
)
_PAY = (
    *("open", "claims", "income", "transfer", "hand", "receipt", "book", "card", "bank", "banklist", "batches"),
    *("results", "stop", "takeback", "refund", "expense", "funds", "accounts", "reconcile"),
)
_SHEETS = ("package templates", "package grid", "package receive", "package return", "package chase")

TASKS: Final[dict[str, tuple[str, ...]]] = {
    "建立台账、打开工作表": ("init", "serve"),
    "通知": ("policy",),
    "轮次与单位": ("round new", "round list", "round show", "round day", "unit", "calendar"),
    "收表与导入": (*_SHEETS, "import", "import-list", "import-withdraw", "attach", "scan"),
    "审核": ("assess", "package steps", "evidence", *(f"review {name}" for name in _REVIEW)),
    "名额与资金": ("allocate", "apportion", "scenario"),
    "集体研究": ("review convene", "review decide", "review confirm", "review instruction", "review ready"),
    "公示、异议、减员递补": ("publish", "review objection", "review remove", "review fill"),
    "发放与回执": tuple(f"pay {name}" for name in _PAY),
    "走访、期限、抽查、报告": (
        *("pay visit", "pay unvisited", "pay deadlines", "pay draw", "pay drawn", "pay finding", "pay report"),
    ),
    "台账": ("people",),
    "打印与导出": ("list", "issue", "issued", "reprint", "verify", "bundle", "layout", "fill"),
    "核对、结束一轮": ("check", "round ends", "round close"),
}
"""Task → the commands it takes; a word alone stands for every command under it."""


def commands() -> Iterator[tuple[str, str]]:
    """Yield every command as it is typed, with its help."""

    def walk(command: Any, path: str) -> Iterator[tuple[str, str]]:
        under = getattr(command, "commands", None)
        if not under:
            yield path, (command.help or "").partition("\n")[0]
        for name, one in (under or {}).items():
            yield from walk(one, f"{path} {name}".strip())

    yield from walk(typer.main.get_command(app), "")


def task_of(command: str) -> list[str]:
    """Return the tasks a command stands under; one, if the table is right."""
    return [
        task
        for task, names in TASKS.items()
        if any(command == name or command.startswith(f"{name} ") for name in names)
    ]


def page() -> str:
    """Return the whole page."""
    found = list(commands())
    lines = [
        "# 命令一览",
        "",
        "工作表里能办的事，也都能在命令行里办。每条命令后面加 `--help` 看完整的写法；办不成时说明为什么，",
        "退出码 0 办成、1 有问题或被拒绝、2 写法不对。本页由 `python -m scripts.command_table` 生成。",
    ]
    for task in TASKS:
        lines += ["", f"## {task}", "", "| 命令 | 办什么 |", "| --- | --- |"]
        lines += [f"| `casework {name}` | {words} |" for name, words in found if task in task_of(name)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
