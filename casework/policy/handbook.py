"""The part of the handbook that is made from the code: every rule shape with its parameters and an example.

`python -m casework.policy.handbook` writes it into `docs/policy-packs*.md`; a test holds the files against it.
"""

from __future__ import annotations

import re
import tomllib
import types
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from casework.policy.fields import BUILT_IN
from casework.policy.handbook_cases import Shown, shown_cases
from casework.policy.meanings import LISTS, MEANINGS
from casework.shapes import SHAPES, ParameterRef, Shape
from casework.shapes.base import read_fen
from casework.vocabulary import Beneficiary, Force, Kind, Membership, Sex, Term

Language: TypeAlias = Literal["en", "zh"]

DOCUMENTS: dict[Language, str] = {"en": "docs/policy-packs.md", "zh": "docs/policy-packs.zh-CN.md"}
BEGIN, END = "<!-- generated: {} -->", "<!-- end: {} -->"

_SAY: dict[Language, dict[str, str]] = {
    "en": {
        "conditions": "Conditions, exclusions, priorities, repeat aid, papers",
        "limits": "Places",
        "amounts": "Amounts",
        "procedure": "Funds, order, procedure, visits, forms",
        "text": "text",
        "yuan": 'yuan as text, `"2000"` or `"18.4万"`',
        "share": 'a share as text, `"30%"`, `"5‰"`, `"1/3"`',
        "count": "whole number",
        "bool": "`true` / `false`",
        "date": "date, `2020-01-15`",
        "moment": "date with time, `2020-01-15T17:00:00`",
        "list": "list of: {}",
        "table": "table {}: {}",
        "limit": 'whole number, yuan as text, or `{ parameter = "name", times = "1.5" }`',
        "or": " or ",
        "keys": "`{{ … }}` with {}",
        "needed": "must be written",
        "empty": "—",
        "head": "| parameter | meaning | how it is written | without it |",
        "fen": "yuan",
        "day": "date",
        "flag": "yes or no",
        "fields": "#### Fields\n\n| field | label | kind |",
        "values": "| write | label |",
        "kinds": "For `kind` = {}.",
        "alone": "No parameters.",
        "worked": "Worked out, on “{}”:",
        "cases": "| case | what this clause says |",
    },
    "zh": {
        "conditions": "条件、不纳入、倾斜、不重复、材料",
        "limits": "名额",
        "amounts": "金额",
        "procedure": "资金、次序、程序、走访、表式",
        "text": "文字",
        "yuan": '带引号的元，`"2000"` 或 `"18.4万"`',
        "share": '带引号的比例，`"30%"`、`"5‰"`、`"1/3"`',
        "count": "整数",
        "bool": "`true`（是）/ `false`（否）",
        "date": "日期，`2020-01-15`",
        "moment": "日期时刻，`2020-01-15T17:00:00`",
        "list": "若干个：{}",
        "table": "对照表 {}：{}",
        "limit": '整数、带引号的元，或 `{ parameter = "参数名", times = "1.5" }`',
        "or": " 或 ",
        "keys": "`{{ … }}`，写 {}",
        "needed": "必须写",
        "empty": "—",
        "head": "| 参数 | 含义 | 写法 | 不写时 |",
        "fen": "金额",
        "day": "日期",
        "flag": "是否",
        "fields": "#### 字段\n\n| 写 | 名称 | 种类 |",
        "values": "| 写 | 意思 |",
        "kinds": "用于 `kind` = {}。",
        "alone": "没有参数。",
        "worked": "实例，原文“{}”：",
        "cases": "| 情况 | 这一条的结果 |",
    },
}


@dataclass(frozen=True)
class ParameterRow:
    """One parameter of a shape as the handbook and the workbook's explanation show it."""

    name: str
    title: str
    written: str
    default: str
    needed: bool


def parameters_of(shape: type[BaseModel], lang: Language = "zh") -> tuple[ParameterRow, ...]:
    """Return the parameters of a shape (or of a part of one) in the order people write them."""
    rows = []
    for name, info in shape.model_fields.items():
        written = _written(info.annotation, tuple(info.metadata), lang)
        rows.append(
            ParameterRow(info.alias or name, info.title or "", written, _default(info, lang), info.is_required())
        )
    return tuple(sorted(rows, key=lambda row: not row.needed))


def _default(info: FieldInfo, lang: Language) -> str:
    if info.is_required():
        return _SAY[lang]["needed"]
    value = info.get_default(call_default_factory=True)
    if value is None or value in ((), {}, "") or isinstance(value, BaseModel):
        return _SAY[lang]["empty"]
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return "、".join(f"`{entry}`" for entry in value)
    return f"`{value}`"


def _written(annotation: Any, metadata: tuple[Any, ...], lang: Language) -> str:
    """Say in words how a value of this type is written."""
    say = _SAY[lang]
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _written(parts[0], tuple(parts[1:]), lang)
    if any(getattr(mark, "func", None) is read_fen for mark in metadata):
        return say["yuan"]
    if ParameterRef in parts:
        return say["limit"]
    if origin in (Union, types.UnionType):
        return say["or"].join(_written(part, (), lang) for part in parts if part is not type(None))
    if origin is tuple:
        return say["list"].format(_written(parts[0], (), lang))
    if origin is dict:
        return say["table"].format(_written(parts[0], (), lang), _written(parts[1], (), lang))
    if origin is Literal:
        return " / ".join(f'`"{value}"`' for value in parts)
    plain = {str: "text", bool: "bool", int: "count", datetime: "moment", date: "date", Fraction: "share"}
    if annotation in plain:
        return say[plain[annotation]]
    if issubclass(annotation, Term):
        name = annotation.__name__
        return f"[{LISTS[name] if lang == 'zh' else name}](#{name.lower()})"
    return say["keys"].format(
        "、".join(f"`{r.name}`（{r.title}：{r.written}）" for r in parameters_of(annotation, lang))
    )


def example_clause(rule: str) -> str:
    """Return a whole `[[clause]]` in TOML that uses a shape."""
    shape = SHAPES[rule]
    kind = next(kind for kind in Kind if kind in shape.kinds)
    return "\n".join(
        (
            "[[clause]]",
            f'id = "{"-".join(("SL", *rule.split("_")))}"',
            'cite = "二、有关要求，第1条"',
            f'text = "{MEANINGS[rule][1]}"',
            f'kind = "{kind.value}"',
            f'rule = "{rule}"',
            shape.example.replace("params = { }", "params = {}"),
        )
    )


def shapes_reference(lang: Language, tests: Path) -> str:
    """Return a section for every shape: what it means, its parameters, an example, cases worked out."""
    parts: list[str] = []
    worked = shown_cases(tests)
    for rule in MEANINGS:
        if rule in SHAPES:
            heading = f"### {_SAY[lang][SHAPES[rule].__module__.rpartition('.')[2]]}"
            parts += [heading] if heading not in parts else []
            parts.append(_section(rule, SHAPES[rule], lang, worked.get(rule)))
    return "\n\n".join(parts)


def _section(rule: str, shape: type[Shape], lang: Language, worked: Shown | None) -> str:
    say = _SAY[lang]
    kinds = "、".join(f"`{kind.value}`（{kind.label}）" for kind in Kind if kind in shape.kinds)
    meaning = MEANINGS[rule][0] if lang == "zh" else re.sub(r"\s+", " ", shape.__doc__ or "").strip()
    rows = parameters_of(shape, lang)
    table = [say["head"], "|---|---|---|---|"]
    table += [f"| `{row.name}` | {row.title} | {row.written} | {row.default} |" for row in rows]
    return "\n\n".join(
        (
            f"#### `{rule}` {shape.label}",
            f"{meaning} {say['kinds'].format(kinds)}",
            "\n".join(table) if rows else say["alone"],
            f"```toml\n{example_clause(rule)}\n```",
            *([] if worked is None else [_worked(worked, lang)]),
        )
    )


def _worked(worked: Shown, lang: Language) -> str:
    rows = [f"| {name} | {result} |" for name, result in worked.rows]
    return "\n".join((_SAY[lang]["worked"].format(worked.words), "", _SAY[lang]["cases"], "|---|---|", *rows))


def values_reference(lang: Language) -> str:
    """Return the values a parameter may take, by list, and the fields a case has."""
    say = _SAY[lang]
    kinds = {entry.id: say["day" if entry.kind == "date" else entry.kind] for entry in BUILT_IN.values()}
    fields = [f"| `{entry.id}` | {entry.label} | {kinds[entry.id]} |" for entry in BUILT_IN.values()]
    parts = ["\n".join((say["fields"], "|---|---|---|", *fields))]
    for name, term in vocabularies().items():
        rows = [f"| `{entry.value}` | {entry.label} |" for entry in term]
        parts.append("\n".join((f"#### {name}", "", LISTS[name], "", say["values"], "|---|---|", *rows)))
    return "\n\n".join(parts)


def vocabularies() -> dict[str, type[Term]]:
    """Return every list of values a pack may write, by the name of its class."""
    named = {name: term for shape in SHAPES.values() for name, term in _terms(shape)}
    named |= {term.__name__: term for term in (Beneficiary, Force, Kind, Membership, Sex)}
    return dict(sorted(named.items()))


def _terms(annotation: Any) -> Iterator[tuple[str, type[Term]]]:
    """Yield every vocabulary list a shape's parameters refer to."""
    if isinstance(annotation, type) and issubclass(annotation, Term):
        yield annotation.__name__, annotation
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for info in annotation.model_fields.values():
            yield from _terms(info.annotation)
    else:
        for part in get_args(annotation):
            yield from _terms(part)


def errors_reference(folder: Path, lang: Language) -> str:
    """Return what `casework policy check` says of each deliberately broken pack.

    Args:
        folder: `tests/broken_policies`; each pack has its `expected.txt`.
        lang: The language of the heads; the sentences are Chinese, as officers see them.
    """
    rows = []
    for number, path in enumerate(sorted(folder.glob("*/expected.txt")), start=1):
        said = path.read_text(encoding="utf-8").strip().splitlines()[0]
        name = str(number) if lang == "zh" else f"`{path.parent.name}`"
        rows.append(f"| {name} | {said.replace('|', chr(92) + '|')} |")
    head = "| 序号 | 系统怎样说 |" if lang == "zh" else "| pack | what is said |"
    return "\n".join((head, "|---|---|", *rows))


def example_pack(folder: Path) -> str:
    """Return the three files of a small whole pack as blocks, in the order people write them."""
    blocks = []
    for name in ("source.txt", "policy.toml", "cases.toml"):
        kind = name.rpartition(".")[2].replace("txt", "text")
        blocks.append(f"`{name}`\n\n```{kind}\n{(folder / name).read_text(encoding='utf-8')}```")
    return "\n\n".join(blocks)


def refreshed(document: str, lang: Language, tests: Path) -> str:
    """Return a handbook page with its generated parts made anew.

    Args:
        document: The page.
        lang: Its language.
        tests: The folder of tests, which holds the example and the broken packs.

    Raises:
        ValueError: A marker is missing.
    """
    parts = {
        "example": example_pack(tests / "packs/handbook"),
        "shapes": shapes_reference(lang, tests),
        "values": values_reference(lang),
        "errors": errors_reference(tests / "broken_policies", lang),
    }
    for name, text in parts.items():
        begin, end = BEGIN.format(name), END.format(name)
        before, found, rest = document.partition(begin)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise ValueError(f"the page has no part {name!r}")
        document = f"{before}{begin}\n\n{text}\n\n{end}{after}"
    return document


def main(root: Path = Path()) -> None:
    """Write the generated parts of both pages; run at the top of a checkout."""
    for lang, name in DOCUMENTS.items():
        page = root / name
        page.write_text(refreshed(page.read_text(encoding="utf-8"), lang, root / "tests"), "utf-8")


def example_params(rule: str) -> dict[str, Any]:
    """Return the parameters of a shape's example."""
    params: dict[str, Any] = tomllib.loads(SHAPES[rule].example)["params"]
    return params


if __name__ == "__main__":
    main()
