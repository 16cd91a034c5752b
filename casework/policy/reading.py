"""Read a pack's workbook back, as officers left it, and name the sheet and cell of whatever cannot be read."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook
from xlsxwriter.utility import xl_rowcol_to_cell  # type: ignore[import-untyped, unused-ignore]

from casework.policy.cells import CLAUSES, GRID_CELL, GRID_SHEET, HEAD, HEAD_SHEET, SHEETS, TOTAL, Column, read
from casework.policy.load import parse_pack, read_pack
from casework.policy.writing import pack_text
from casework.problems import PolicyError, Problem


def read_sheet(workbook: bytes, folder: str | Path) -> str:
    """Return the `policy.toml` a workbook means, checked as a whole against the folder's circular and parents.

    Args:
        workbook: The bytes of an .xlsx as `write_sheet` made it, edited.
        folder: The pack's folder, for its `source.txt` and parents; nothing is written.

    Raises:
        PolicyError: With every problem and the sheet and cell it stands in.
    """
    reading = _Reading(_open(workbook))
    data: dict[str, Any] = {"policy": reading.head()}
    for name in SHEETS:
        data[SHEETS[name][0]] = reading.table(name)
    reading.grids(data["clause"])
    if reading.problems:
        raise PolicyError(tuple(reading.problems))
    text = pack_text(data)
    packs = {pack: dict(content) for pack, content in read_pack(Path(folder)).items()}
    packs[next(iter(packs))]["policy.toml"] = text.encode()
    try:
        parse_pack(packs)
    except PolicyError as error:
        raise PolicyError(tuple(reading.placed(problem) for problem in error.problems)) from None
    return text


def _open(workbook: bytes) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(workbook))
    except (CalamineError, ValueError, OSError):
        raise PolicyError((Problem("不是能读的 .xlsx 工作簿", "在 Excel 中另存为 .xlsx"),)) from None


class _Reading:
    """One pass over a workbook, collecting what is wrong with its cell."""

    def __init__(self, book: CalamineWorkbook) -> None:
        self.book = book
        self.problems: list[Problem] = []
        self.rows: dict[str, int] = {}  # clause id → row of the sheet, from 1

    def sheet(self, name: str) -> list[list[Any]]:
        if name not in self.book.sheet_names:
            self.problems.append(Problem(f"缺少工作表「{name}」", "重新导出工作簿，不要删改工作表的名称"))
            return []
        return self.book.get_sheet_by_name(name).to_python(skip_empty_area=False)

    def wrong(self, message: str, remedy: str, sheet: str, at: tuple[int, int], cell: Any = "") -> None:
        shown = str(cell) if cell not in ("", None) else ""
        self.problems.append(Problem(message, remedy, sheet=sheet, cell=xl_rowcol_to_cell(*at), read=shown))

    def value(self, column: Column, cell: Any, sheet: str, at: tuple[int, int]) -> Any:
        try:
            return read(column, cell)
        except ValueError as error:
            self.wrong(str(error), "", sheet, at, cell)
            return None

    def head(self) -> dict[str, Any]:
        known = {column.head: column for column in HEAD}
        found: dict[str, Any] = {}
        for number, row in enumerate(self.sheet(HEAD_SHEET)[1:], start=1):
            name = str(row[0]).strip()
            if not name:
                continue
            if name not in known:
                self.wrong("不认识的项目", f"允许：{'、'.join(known)}", HEAD_SHEET, (number, 0), name)
            elif len(row) > 1:
                found[known[name].key] = self.value(known[name], row[1], HEAD_SHEET, (number, 1))
        return {key: value for key, value in found.items() if value is not None}

    def table(self, name: str) -> list[dict[str, Any]]:
        section, columns, _ = SHEETS[name]
        rows = self.sheet(name)
        if not rows:
            return []
        known = {column.head: column for column in columns}
        heads = [str(head).strip() for head in rows[0]]
        for at, head in enumerate(heads):
            if head and head not in known:
                self.wrong("不认识的列", f"允许：{'、'.join(known)}", name, (0, at), head)
        self._lacking(name, known, heads)
        found: list[dict[str, Any]] = []
        for number, row in enumerate(rows[1:], start=1):
            values = {
                known[head].key: self.value(known[head], cell, name, (number, at))
                for at, (head, cell) in enumerate(zip(heads, row, strict=False))
                if head in known and not (section == "clause" and cell == GRID_CELL)
            }
            values = {key: value for key, value in values.items() if value is not None}
            if values:
                self._add(section, values, found, (name, number))
        return found

    def _lacking(self, name: str, known: Mapping[str, Column], heads: list[str]) -> None:
        if "编号" not in heads:
            self.wrong("缺少“编号”列", f"这张表的列：{'、'.join(known)}", name, (0, 0))

    def _add(self, section: str, row: dict[str, Any], found: list[dict[str, Any]], at: tuple[str, int]) -> None:
        name, number = at
        if "id" not in row:
            self.wrong("缺少编号", "填上编号，或清空这一行", name, (number, 0))
            return
        match section:
            case "clause":
                self.rows.setdefault(row["id"], number)
                if row.get("force") == "must":
                    del row["force"]
            case "parameter":
                value = {key: row.pop(key) for key in ("on_or_after", "value") if key in row}
                if found and found[-1]["id"] == row["id"]:
                    found[-1]["values"].append(value)
                    return
                row["values"] = [value]
            case "group":
                mode, count = row.pop("mode", None), row.pop("count", None)
                members = row.pop("members", [])
                if mode is None:
                    self.wrong("没有选怎样合并", "从下拉清单中选", name, (number, 2))
                elif mode == "at_least":
                    row |= {"at_least": count, "clauses": members}
                else:
                    row[mode] = members
        found.append(row)

    def grids(self, clauses: list[dict[str, Any]]) -> None:
        """Put the numbers of the grid sheet into the clauses they belong to."""
        wanted = {row["id"]: row for row in clauses if row.get("rule") == "quota_grid"}
        rows = self.sheet(GRID_SHEET)
        heads = [str(head).strip() for head in rows[0]] if rows else []
        for number, row in enumerate(rows[1:], start=1):
            clause, unit = (str(show_cell).strip() for show_cell in (*row[:2], "", "")[:2])
            if unit == TOTAL or not any(cell not in ("", None) for cell in row):
                continue
            if clause not in wanted:
                allowed = "、".join(wanted) or "（没有用“名额分配表”规则的条款）"
                self.wrong("不是用“名额分配表”规则的条款", f"允许：{allowed}", GRID_SHEET, (number, 0), clause)
                continue
            places = wanted[clause].setdefault("params", {}).setdefault("places", {})
            if not unit or unit in places:
                self.wrong("单位没有填，或同一条款里写了两次", "一个单位一行", GRID_SHEET, (number, 1), unit)
                continue
            places[unit] = {}
            for at, (head, cell) in enumerate(zip(heads, row, strict=False)):
                if at > 1 and head not in (TOTAL, "") and cell not in ("", None):
                    category = head.rpartition("（")[2].rstrip("）")
                    places[unit][category] = self.value(Column("", "", "count"), cell, GRID_SHEET, (number, at))

    def placed(self, problem: Problem) -> Problem:
        """Return a problem of the pack with the cell of the workbook it comes from."""
        row = self.rows.get(problem.clause)
        if row is None:
            return problem
        key = next((key for words, key in _BELONGS if words in problem.message), "id")
        column = next(at for at, column in enumerate(CLAUSES) if column.key == key)
        return replace(problem, file="", sheet="条款", cell=xl_rowcol_to_cell(row, column))


_BELONGS = (
    ("通知原文", "text"),
    ("缺少原文", "text"),
    ("excepts", "excepts"),
    ("defaults", "defaults"),
    ("for_categories", "for_categories"),
    ("for_paths", "for_paths"),
    ("params", "params"),
    ("写了 ask", "reading"),
    ("reading", "reading"),
    ("rule、ask", "rule"),
    ("规则", "rule"),
    ("没有类别", "params"),
    ("字段", "params"),
    ("参数", "params"),
)
"""Words in the sentence of a problem, and the column it then speaks of; the id where none fits."""
