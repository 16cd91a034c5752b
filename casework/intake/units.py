"""The register of units (单位名录) from a workbook or CSV file: rows for `ledger.import_units`, or cells at fault."""

from __future__ import annotations

import contextlib
import csv
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from casework.dates import parse_date
from casework.problems import Problem
from casework.sheets import MOST_BYTES, Sheet, UnreadableWorkbook, read_workbook
from casework.vocabulary import UnitKind

HEADS: Mapping[str, str] = {
    "单位编号": "unit_id",
    "单位名称": "name",
    "机构顺序": "order",
    "单位性质": "kind",
    "上级单位": "parent_id",
    "党员人数": "members",
    "统计日期": "members_as_of",
    "工资发放有困难": "pay_difficulty",
}
"""The column heads that are read, and the column of `frames.UNITS` each becomes."""

_ALSO: Mapping[str, str] = {
    "单位": "单位名称",
    "名称": "单位名称",
    "党组织名称": "单位名称",
    "序号": "机构顺序",
    "顺序": "机构顺序",
    "性质": "单位性质",
    "上级": "上级单位",
    "上级党组织": "上级单位",
    "党员数": "党员人数",
    "人数统计日期": "统计日期",
    "工资发放困难": "工资发放有困难",
}
"""Other words offices write for the same heads."""

_ANSWERS = {"是": True, "有": True, "√": True, "否": False, "无": False, "没有": False}
_HEAD_WITHIN = 10
"""A title and a note may stand above the heads, no more."""

_TOTALS = frozenset({"合计", "总计", "小计"})
_FOOT = re.compile(r"(填表|制表|审核|联系|备注|说明|注)[^：:]{0,6}[：:]")
"""What stands under a table and is no unit."""


@dataclass(frozen=True)
class UnitSheet:
    """What was read: rows to import, everything that is wrong, and the heads that were left alone."""

    rows: tuple[dict[str, object], ...]
    problems: tuple[Problem, ...]
    unread: tuple[str, ...] = ()


def read_units(content: bytes, *, name: str, known: Mapping[str, str] | None = None) -> UnitSheet:
    """Read the register of units from an .xlsx or .csv.

    A blank cell says nothing: what the register already knows stays. A headcount given without its day has none.

    Args:
        content: The file.
        name: Its name, for the problems; `.csv` decides how it is read.
        known: Name → id of the units the register has; a unit without an id takes the one it has, else its name.

    Returns:
        Rows in the order of the sheet; where anything is wrong, nothing should be imported.
    """
    try:
        sheet = _sheet(content, name)
    except UnreadableWorkbook as error:
        return UnitSheet((), (error.problem,))
    reading, table = _Reading(name, sheet, dict(known or {})), sheet.filled()
    at = _head_row(table)
    if at is None:
        return UnitSheet((), (Problem("没有找到表头“单位名称”", "表头写在前十行内", file=name, sheet=sheet.name),))
    heads = [_head(cell) for cell in table[at]]
    for number, head in enumerate(heads):
        if head in HEADS and heads.index(head) != number:
            reading.wrong(at, number, "这一列的表头出现了两次", "留下一列", head)
    body = list(enumerate(table[at + 1 :], start=at + 1))
    rows = [
        reading.row(number, {head: (place, cells[place]) for place, head in enumerate(heads) if place < len(cells)})
        for number, cells in body
        if _is_unit(cells, heads.index("单位名称"))
    ]
    reading.parents(rows)
    if not rows:
        reading.wrong(at, 0, "表头下面没有单位", "每个单位写一行")
    read = tuple({key: value for key, (_, value) in row.items()} for row in rows)
    return UnitSheet(read, tuple(reading.problems), tuple(head for head in heads if head and head not in HEADS))


def _head(cell: object) -> str:
    plain = _plain(cell)
    return _ALSO.get(plain, plain)


def _head_row(table: Sequence[Sequence[object]]) -> int | None:
    """Return the row of the heads: one that names the unit and at least one thing more, or the name alone."""
    named = [at for at, row in enumerate(table[:_HEAD_WITHIN]) if "单位名称" in map(_head, row)]
    return next((at for at in named if len(HEADS.keys() & set(map(_head, table[at]))) > 1), next(iter(named), None))


def _is_unit(cells: Sequence[object], at: int) -> bool:
    """Tell a unit's row from a blank one, a total and what stands under the table."""
    written = [_plain(cell) for cell in cells if _plain(cell)]
    name = _plain(cells[at]) if at < len(cells) else ""
    return bool(written) and name not in _TOTALS and not _FOOT.match(name or written[0])


def _sheet(content: bytes, name: str) -> Sheet:
    """Return the cells of a CSV file, or of the first worksheet in view that has the heads, else any cells.

    Raises:
        UnreadableWorkbook: With one sentence: what it is, and how to save it.
    """
    if name.lower().endswith(".csv"):
        return _csv(content, name)
    sheets = [sheet for sheet in read_workbook(content, name=name) if sheet.rows]
    in_view = [sheet for sheet in sheets if sheet.visible]
    with_heads = [sheet for sheet in in_view if _head_row(sheet.filled()) is not None]
    return next(iter([*with_heads, *in_view, *sheets]), Sheet("", (), (), visible=True))


def _csv(content: bytes, name: str) -> Sheet:
    """Return the cells of a text file: UTF-8 or GB 18030, parted by commas, tabs or semicolons.

    Raises:
        UnreadableWorkbook: It is no such file.
    """
    for encoding in ("utf-8-sig", "gb18030"):
        with contextlib.suppress(UnicodeDecodeError, csv.Error):
            text = content[: MOST_BYTES + 1].decode(encoding)
            rows = csv.reader(io.StringIO(text), delimiter=max(",\t;", key=text.count))
            if len(content) <= MOST_BYTES and "\0" not in text:
                return Sheet("", tuple(tuple(row) for row in rows), (), visible=True)
    raise UnreadableWorkbook(Problem("这不是能读的文字文件", "请另存为 CSV（UTF-8）或 xlsx", file=name))


def _plain(cell: object) -> str:
    return "" if cell is None else "".join(str(cell).split())


_Row = dict[str, tuple[tuple[int, int], object]]


class _Reading:
    """One pass over the sheet, collecting what is wrong with its cell."""

    def __init__(self, name: str, sheet: Sheet, known: dict[str, str]) -> None:
        self.name, self.sheet, self.known = name, sheet, known
        self.problems: list[Problem] = []
        self.seen: dict[str, int] = {}

    def wrong(self, row: int, column: int, message: str, remedy: str = "", read: object = "") -> None:
        place = {"file": self.name, "sheet": self.sheet.name, "cell": self.sheet.address(row, column)}
        self.problems.append(Problem(message, remedy, **place, read=str(read).strip()))

    def row(self, number: int, cells: Mapping[str, tuple[int, Any]]) -> _Row:
        """Return column → (place, value) of one unit; what is blank is left out."""
        found: _Row = {}
        for head, column in HEADS.items():
            if head in cells and _plain(cells[head][1]):
                place, cell = cells[head]
                try:
                    found[column] = (number, place), _read(column, cell)
                except ValueError as error:
                    self.wrong(number, place, str(error), "", cell)
        if "name" not in found:
            if not _plain(cells["单位名称"][1]):
                self.wrong(number, cells["单位名称"][0], "单位名称是空的", "写上单位名称")
            return found
        where, name = found["name"]
        # Two units may bear one name where the sheet tells them apart by their numbers.
        told_apart = "unit_id" in found
        found.setdefault("unit_id", (where, self.known.get(str(name), str(name))))
        if "members" in found:
            found.setdefault("members_as_of", (found["members"][0], None))
        for what, column in (("单位名称", "name"), ("单位编号", "unit_id")):
            key = f"{column}:{found[column][1]}"
            if key in self.seen and not (column == "name" and told_apart):
                self.wrong(
                    *found[column][0], f"{what}与第 {self.seen[key]} 行相同", "一个单位只写一行", found[column][1]
                )
                break  # a number taken from the name says the same
            self.seen.setdefault(key, number + 1)
        return found

    def parents(self, rows: Sequence[_Row]) -> None:
        """Replace the names of parents by their ids."""
        every: dict[str, set[object]] = {name: {unit_id} for name, unit_id in self.known.items()}
        for row in rows:
            if "name" in row:
                every.setdefault(str(row["name"][1]), set()).add(row["unit_id"][1])
        ids = set().union(*every.values())
        for row in rows:
            if "parent_id" in row:
                place, parent = row["parent_id"]
                meant = every.get(str(parent), {parent} & ids)
                unit_id = next(iter(meant)) if len(meant) == 1 else None
                if len(meant) > 1:
                    self.wrong(*place, "有两个单位叫这个名称", "改写单位编号", parent)
                elif unit_id is None:
                    self.wrong(*place, "上级单位不在名录中", "写上级单位的全称，并给它也写一行", parent)
                row["parent_id"] = place, unit_id


def _read(column: str, cell: Any) -> object:
    match column:
        case "order" | "members":
            return _whole(cell)
        case "kind":
            return _kind(_plain(cell))
        case "members_as_of":
            read = parse_date(cell)
            if read.precision != "day":
                raise ValueError("要写到日，如 2022-11-30")
            return read.on
        case "pay_difficulty":
            if _plain(cell) not in _ANSWERS:
                raise ValueError("只能写“是”或“否”")
            return _ANSWERS[_plain(cell)]
        case "name" | "parent_id":
            # Blanks inside a Chinese name are layout; the quota table is read the same way.
            return _without_bar(_plain(cell))
        case _:
            # An id typed as a number comes back as 12.0.
            return _without_bar(str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip())


def _without_bar(text: str) -> str:
    if "|" in text:
        raise ValueError("不能含竖线“|”")
    return text


def _whole(cell: Any) -> int:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = unicodedata.normalize("NFKC", _plain(cell)).replace(",", "").removesuffix("人").removesuffix("名")
    if isinstance(cell, bool) or not (text.isascii() and text.isdigit()):
        raise ValueError("要写不小于 0 的整数")
    return int(text)


def _kind(word: str) -> str:
    try:
        return UnitKind.from_label(word).value
    except KeyError:
        allowed = "、".join(kind.label for kind in UnitKind)
        raise ValueError(f"单位性质不认识，可用：{allowed}") from None
