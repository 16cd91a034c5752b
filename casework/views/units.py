"""The register of units on the screen: its table, its form, and what a sheet would change in it."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from casework.access import Actor, is_guarded
from casework.dates import parse_date
from casework.db import reading
from casework.frames import UNITS
from casework.intake.units import UnitSheet, read_units
from casework.ledger import import_units
from casework.ledger.rounds import register
from casework.problems import Problem
from casework.units_sheet import COLUMNS, Difference, compare, shown, write_units
from casework.views.desk import Ledger
from casework.views.html import badge, esc, note, notes, rows_table, tag
from casework.views.rounds import Outcome
from casework.vocabulary import UnitKind

PER_PAGE: Final = 20
NEW: Final = "new"
"""The blank row at the end of the form."""

KINDS: Final = tuple(kind.label for kind in UnitKind)
ANSWERS: Final = ("是", "否")
_WIDTHS: Final = {
    "order": 5,
    "name": 17,
    "kind": 9,
    "parent_id": 14,
    "members": 6,
    "members_as_of": 8,
    "pay_difficulty": 6,
}


@dataclass(frozen=True)
class Register:
    """The register as it was read: rows of `frames.UNITS` in 机构顺序, or why it cannot be shown."""

    units: tuple[Mapping[str, Any], ...] = ()
    problem: str = ""

    @property
    def names(self) -> dict[str, str]:
        """Return unit id → name."""
        return {str(unit["unit_id"]): str(unit["name"]) for unit in self.units}

    @property
    def labels(self) -> dict[str, str]:
        """Return unit id → name, told apart where two units bear one name."""
        count, found = Counter(self.names.values()), dict[str, str]()
        seen: Counter[str] = Counter()
        for unit_id, name in self.names.items():
            seen[name] += 1
            found[unit_id] = name if count[name] == 1 else f"{name}（同名第 {seen[name]} 个）"
        return found

    @property
    def pages(self) -> dict[str, int]:
        """Return what each page is called → its first unit."""
        count = max(len(self.units), 1)
        return {f"第 {at + 1}–{min(at + PER_PAGE, count)} 个": at for at in range(0, count, PER_PAGE)}

    def page(self, first: int) -> Sequence[Mapping[str, Any]]:
        """Return the units of a page."""
        return self.units[first : first + PER_PAGE]


def read_register(ledger: Ledger) -> Register:
    """Read the register of units; nothing in it is personal."""
    if ledger.engine is None:
        return Register(problem=ledger.problem)
    with reading(ledger.engine) as session:
        return Register(tuple({name: getattr(unit, name) for name in UNITS} for unit in register(session)))


def register_bytes(ledger: Ledger) -> bytes:
    """Return the register as a workbook, for our own download route."""
    return write_units(read_register(ledger).units)


def units_intro(known: Register, *, request_user: object) -> str:
    """Return what stands above the form."""
    if known.problem:
        return note(known.problem, "error")
    count = f"现有 {len(known.units)} 个单位，按机构顺序排列。名额分配表按名录中的名称对应，请写全称。"
    link = '<a class="cw-button" href="/download/units" download>下载名录</a>'
    away = link if is_guarded(request_user) else tag("span", "下载请用 casework serve 打开本页。", "cw-muted")
    empty = "" if known.units else note("名录还是空的。可以在下面导入表格，也可以在表里逐个填写。")
    return tag("div", tag("span", esc(count)) + away, "cw-toolbar") + empty


def units_template(known: Register, first: int) -> str:
    """Return the form's table; `{key}` stands where a field goes, see `field_key`."""
    heads = "".join(tag("th", esc(head), style=f"width:{_WIDTHS[column]}em") for column, head in COLUMNS.items())
    rows = [str(unit["unit_id"]) for unit in known.page(first)] + [NEW]
    body = "".join(
        tag("tr", "".join(tag("td", "{" + field_key(unit_id, column) + "}") for column in COLUMNS)) for unit_id in rows
    )
    hint = "最后一行用于新增单位；党员人数请一并写明统计日期；不清楚的留空，留空就是“未知”，不当作“否”。"
    table = tag("table", f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody>", "cw-grid cw-units")
    return tag("div", table, "cw-scroll") + tag("p", esc(hint), "cw-muted")


def units_table(known: Register, first: int) -> str:
    """Return one part of the register to be looked at."""
    rows = [[shown(column, unit.get(column), known.labels) for column in COLUMNS] for unit in known.page(first)]
    return tag("div", rows_table(COLUMNS.values(), rows), "cw-scroll")


def field_key(unit_id: str, column: str) -> str:
    """Return a field's key: usable in a template whatever a unit's id is made of."""
    return f"u{hashlib.sha256(unit_id.encode()).hexdigest()[:12]}_{column}"


def field_values(known: Register, first: int) -> dict[str, str]:
    """Return field → what stands in it, as an officer reads it."""
    labels = known.labels
    found = {
        field_key(str(unit["unit_id"]), column): shown(column, unit.get(column), labels)
        for unit in known.page(first)
        for column in COLUMNS
    }
    return found | {field_key(NEW, column): "" for column in COLUMNS}


def save_units(  # noqa: PLR0913 - as every command
    ledger: Ledger, known: Register, first: int, values: Mapping[str, Any], *, actor: Actor, now: datetime, key: str
) -> Outcome:
    """Write what was changed in the form, and only that; every field that cannot be read is named."""
    rows, wrong = _typed_rows(known, first, values)
    if wrong:
        return Outcome(note("没有保存，请改正：", "error") + notes(wrong, "error"))
    if not rows:
        return Outcome(note("没有改动，不用保存。"))
    return _import(ledger, rows, actor=actor, now=now, key=key)


def _import(ledger: Ledger, rows: Iterable[Mapping[str, object]], *, actor: Actor, now: datetime, key: str) -> Outcome:
    try:
        done = import_units(ledger.open, rows, actor=actor, now=now, key=key)
    except Exception as error:  # noqa: BLE001 - the officer sees a sentence, the log the type
        return Outcome.failed(error)
    parts = {"新增": done["added"], "更新": done["changed"], "未变": done["unchanged"]}
    words = "，".join(f"{word} {count} 个" for word, count in parts.items() if count)
    return Outcome(note(f"单位名录已保存：{words}。", "ok"), done=True)


def _typed_rows(known: Register, first: int, values: Mapping[str, Any]) -> tuple[list[dict[str, object]], list[str]]:
    wrong: list[str] = []
    rows = []
    ids, names = {label: unit_id for unit_id, label in known.labels.items()}, set(known.names.values())
    blank: dict[str, Any] = {"unit_id": NEW, "name": ""}
    for unit in [*known.page(first), blank]:
        unit_id = str(unit["unit_id"])
        row: dict[str, object] = {}
        for column, head in COLUMNS.items():
            text = str(values.get(field_key(unit_id, column)) or "").strip()
            if text == shown(column, unit.get(column), known.labels):
                continue
            try:
                row[column] = _value(column, text, ids)
            except ValueError as error:
                wrong.append(f"“{unit['name'] or '新增单位'}”的{head}：{error}")
        if not row:
            continue
        name = str(row.get("name", unit["name"]))
        if not name:
            wrong.append(f"“{unit['name'] or '新增单位'}”没有写名称")
        elif name != unit["name"] and name in names:
            wrong.append(f"“{name}”已在名录中，名称不能重复")
        rows.append({"unit_id": _fresh_id(name, known) if unit_id == NEW else unit_id, **row})
    return rows, wrong


def _fresh_id(name: str, known: Register) -> str:
    """Return an id for a new unit: its name, unless a renamed unit still goes by it."""
    unit_id, count = name, 1
    while unit_id in known.names:
        count += 1
        unit_id = f"{name}-{count}"
    return unit_id


def _value(column: str, text: str, ids: Mapping[str, str]) -> object:
    """Return what a field means; a blank one is not known.

    Raises:
        ValueError: With a Chinese sentence.
    """
    if column == "name":
        if "|" in text:
            raise ValueError("不能含竖线“|”")
        return "".join(text.split())
    if not text:
        return None
    match column:
        case "kind":
            return _kind(text)
        case "parent_id":
            if text not in ids:
                raise ValueError(f"“{text}”不在名录中")
            return ids[text]
        case "pay_difficulty":
            if text not in ANSWERS:
                raise ValueError("只能选“是”或“否”")
            return text == "是"
        case "members_as_of":
            return _day(text)
        case _:
            plain = unicodedata.normalize("NFKC", text)
            if not (plain.isascii() and plain.isdigit()):
                raise ValueError("要写不小于 0 的整数")
            return int(plain)


def _kind(text: str) -> str:
    if text not in KINDS:
        raise ValueError("请从列出的性质中选")
    return UnitKind.from_label(text).value


def _day(text: str) -> date:
    read = parse_date(text)
    if read.precision != "day":
        raise ValueError("要写到日，如 2022-11-30")
    return read.on


# -- a sheet -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class UnitPreview:
    """A sheet as it was read, and what it would change."""

    sheet: UnitSheet | None = None
    differences: tuple[Difference, ...] = ()

    @property
    def ready(self) -> bool:
        """Tell whether there is something to import and nothing wrong."""
        return bool(self.sheet and not self.sheet.problems and any(d.kind != "unchanged" for d in self.differences))


def preview_units(known: Register, name: str, content: bytes | None) -> UnitPreview:
    """Read an uploaded sheet; None is no file."""
    if content is None:
        return UnitPreview()
    count = Counter(known.names.values())
    ids = {name: unit_id for unit_id, name in known.names.items() if count[name] == 1}
    sheet = read_units(content, name=name, known=ids)
    unclear = [
        Problem(f"名录里不止一个“{row['name']}”，分不清是哪一个", "在表里加“单位编号”一列，或先改名", file=name)
        for row in sheet.rows
        if count[str(row.get("name"))] > 1 and row["unit_id"] not in known.names
    ]
    sheet = replace(sheet, problems=(*sheet.problems, *unclear))
    return UnitPreview(sheet, tuple(compare(sheet.rows, known.units)) if not sheet.problems else ())


def preview_html(preview: UnitPreview) -> str:
    """Return what would be imported, or every cell that is wrong."""
    if preview.sheet is None:
        return tag(
            "p",
            "表头写在第一行或标题之下：机构顺序、单位名称、单位性质、上级单位、党员人数、统计日期、工资发放有困难。"
            "只有“单位名称”必须有；空着的格不改动原有内容。",
            "cw-muted",
        )
    sheet = preview.sheet
    unread = note(f"没有读的列：{'、'.join(sheet.unread)}", "note") if sheet.unread else ""
    if sheet.problems:
        said = note(f"有 {len(sheet.problems)} 处要改，改好后重新选择文件；现在什么都没有导入。", "error")
        return (
            said
            + rows_table(
                ("位置", "读到", "问题", "怎么办"),
                [
                    (replace(problem, file="").place() or problem.file, problem.read, problem.message, problem.remedy)
                    for problem in sheet.problems
                ],
            )
            + unread
        )
    count = {kind: sum(entry.kind == kind for entry in preview.differences) for kind in ("new", "changed", "unchanged")}
    words = f"读到 {len(sheet.rows)} 个单位：新增 {count['new']}，改动 {count['changed']}，未变 {count['unchanged']}。"
    changed = [entry for entry in preview.differences if entry.kind != "unchanged"]
    table = rows_table(("", "单位", "内容"), [_difference(entry) for entry in changed], raw=(0, 2))
    if not changed:
        return note(words + "与名录完全一致，不用导入。", "ok") + unread
    return note(words + "核对后按“导入”。") + unread + tag("div", table, "cw-scroll cw-short")


def _difference(entry: Difference) -> tuple[str, str, str]:
    if entry.kind == "new":
        words = "，".join(f"{head} {after}" for head, _, after in entry.changes if after and head != "单位名称")
        return badge("新增", "green"), entry.name, esc(words)
    changes = (
        f"{esc(head)} {esc(before or '（空）')} → <b>{esc(after or '（空）')}</b>"
        for head, before, after in entry.changes
    )
    return badge("改动", "red"), entry.name, "，".join(changes)


def import_preview(ledger: Ledger, preview: UnitPreview, *, actor: Actor, now: datetime, key: str) -> Outcome:
    """Import a sheet that was looked at."""
    if preview.sheet is None or not preview.ready:
        return Outcome(note("没有可以导入的内容。", "error"))
    return _import(ledger, preview.sheet.rows, actor=actor, now=now, key=key)
