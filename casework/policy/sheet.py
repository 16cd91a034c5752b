"""A pack as a workbook, a clause a row, because officers edit in Excel; and the workbook read back as the same pack."""

from __future__ import annotations

import io
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import xlsxwriter  # type: ignore[import-untyped, unused-ignore]
from python_calamine import CalamineError, CalamineWorkbook
from xlsxwriter.utility import xl_rowcol_to_cell  # type: ignore[import-untyped, unused-ignore]

from casework.policy.cells import CLAUSES, GRID_CELL, HEAD, RULES, SHEETS, Column, read, show
from casework.policy.explanation import explanation
from casework.policy.load import parse_pack, read_pack
from casework.policy.writing import pack_text
from casework.problems import PolicyError, Problem

_HEAD_SHEET, _GRID_SHEET, _HELP_SHEET, _LIST_SHEET = "基本信息", "名额表", "说明", "选项"
_TOTAL = "合计"
_SPARE = 200
"""Empty rows under the last one that have drop-down lists too."""


# -- writing -----------------------------------------------------------------------------------------------------


def write_sheet(folder: str | Path) -> bytes:
    """Return a pack as an .xlsx workbook with drop-down lists, Chinese heads and a sheet that explains the rules.

    The quota grid has its own sheet, unit × category. Comments of the `policy.toml` have no place in it.

    Raises:
        PolicyError: The pack is not there or is no TOML.
    """
    data = _contents(Path(folder))
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    look = _Look(book)
    _write_help(book, look, data)
    _write_head(book, look, data.get("policy", {}))
    for name, (section, columns, _) in SHEETS.items():
        if section == "clause":
            _write_table(book, look, name, columns, [_clause_row(row) for row in data.get(section, ())])
            _write_grid(book, look, data)
        else:
            _write_table(book, look, name, columns, list(_rows_of(section, data.get(section, ()))))
    _write_lists(book)
    book.close()
    return buffer.getvalue()


def _contents(folder: Path) -> dict[str, Any]:
    packs = read_pack(folder)
    return tomllib.loads(packs[next(iter(packs))]["policy.toml"].decode())


class _Look:
    """The few formats of the workbook."""

    def __init__(self, book: Any) -> None:
        base = {"font_name": "宋体", "font_size": 10, "valign": "top", "text_wrap": True}
        self.head: Any = book.add_format(base | {"bold": True, "bg_color": "#E7E6E6", "border": 1, "text_wrap": True})
        # Text format: Excel must not turn the id 2.10 into the number 2.1.
        self.text: Any = book.add_format(base | {"num_format": "@"})
        self.date: Any = book.add_format(base | {"num_format": "yyyy-mm-dd"})
        self.count: Any = book.add_format(base | {"num_format": "0", "align": "right"})
        self.total: Any = book.add_format(base | {"num_format": "0", "bold": True, "bg_color": "#F2F2F2"})
        self.title: Any = book.add_format(base | {"bold": True, "font_size": 13, "text_wrap": False})

    def of(self, column: Column) -> Any:
        return {"date": self.date, "count": self.count}.get(column.style, self.text)


def _put(sheet: Any, at: tuple[int, int], value: Any, form: Any) -> None:
    """Write a value as what it is; text always as text, never as a formula."""
    if value is None or value == "":
        sheet.write_blank(*at, None, form)
    elif isinstance(value, int):
        sheet.write_number(*at, value, form)
    elif isinstance(value, str):
        sheet.write_string(*at, value, form)
    else:
        sheet.write_datetime(*at, value, form)


def _write_table(book: Any, look: _Look, name: str, columns: tuple[Column, ...], rows: list[dict[str, Any]]) -> None:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 1)
    for at, column in enumerate(columns):
        sheet.set_column(at, at, column.width, look.of(column))
        sheet.write_string(0, at, column.head, look.head)
        if column.style == "choice":
            source = f"={_LIST_SHEET}!{_list_range(column)}" if column.key == "rule" else list(column.choices.values())
            sheet.data_validation(1, at, len(rows) + _SPARE, at, {"validate": "list", "source": source})
    for number, row in enumerate(rows, start=1):
        for at, column in enumerate(columns):
            _put(sheet, (number, at), show(column, row.get(column.key)), look.of(column))
    if rows:
        sheet.autofilter(0, 0, len(rows), len(columns) - 1)


def _list_range(column: Column) -> str:
    return f"$A$1:$A${len(column.choices)}"


def _write_lists(book: Any) -> None:
    """Write the long list of rules where a drop-down can refer to it (Excel allows 255 characters in place)."""
    sheet = book.add_worksheet(_LIST_SHEET)
    for at, shown in enumerate(RULES.values()):
        sheet.write_string(at, 0, shown)
    sheet.hide()


def _write_head(book: Any, look: _Look, head: Mapping[str, Any]) -> None:
    sheet = book.add_worksheet(_HEAD_SHEET)
    sheet.set_column(0, 0, 22, look.text)
    sheet.set_column(1, 1, 80, look.text)
    for at, name in enumerate(("项目", "内容")):
        sheet.write_string(0, at, name, look.head)
    for row, column in enumerate(HEAD, start=1):
        sheet.write_string(row, 0, column.head, look.head)
        _put(sheet, (row, 1), show(column, head.get(column.key)), look.of(column))


def _clause_row(row: Mapping[str, Any]) -> dict[str, Any]:
    if row.get("rule") == "quota_grid":
        return {**row, "params": GRID_CELL}
    return {"force": "must", **row}


def _write_grid(book: Any, look: _Look, data: Mapping[str, Any]) -> None:
    """Write the quota grids one under another, with totals that are only for the eye."""
    sheet = book.add_worksheet(_GRID_SHEET)
    sheet.freeze_panes(1, 2)
    names = [f"{row.get('label', '')}（{row.get('id', '')}）" for row in data.get("category", ())]
    ids = [str(row.get("id", "")) for row in data.get("category", ())]
    last = len(ids) + 2
    for at, name in enumerate(("条款", "单位", *names, _TOTAL)):
        sheet.set_column(at, at, 16 if at > 1 else 20, look.count if at > 1 else look.text)
        sheet.write_string(0, at, name, look.head)
    rows = [
        (str(clause.get("id", "")), unit, places)
        for clause in data.get("clause", ())
        if clause.get("rule") == "quota_grid"
        for unit, places in clause.get("params", {}).get("places", {}).items()
    ]
    for number, (clause, unit, places) in enumerate(rows, start=1):
        sheet.write_string(number, 0, clause, look.text)
        sheet.write_string(number, 1, unit, look.text)
        for at, category in enumerate(ids, start=2):
            _put(sheet, (number, at), places.get(category), look.count)
        if ids:
            _put_sum(sheet, (number, last), ((number, 2), (number, last - 1)), sum(places.values()), look)
    if rows and ids:
        sheet.write_string(len(rows) + 1, 1, _TOTAL, look.total)
        for at in range(2, last + 1):
            column = sum(places.get(ids[at - 2], 0) if at < last else sum(places.values()) for _, _, places in rows)
            _put_sum(sheet, (len(rows) + 1, at), ((1, at), (len(rows), at)), column, look)


def _put_sum(
    sheet: Any, at: tuple[int, int], cells: tuple[tuple[int, int], tuple[int, int]], value: int, look: _Look
) -> None:
    first, last = (xl_rowcol_to_cell(*cell) for cell in cells)
    sheet.write_formula(*at, f"=SUM({first}:{last})", look.total, value)


def _rows_of(section: str, rows: Any) -> Iterator[dict[str, Any]]:
    """Yield the rows of a section as its sheet has them: a parameter's values a row each, a group's mode a column."""
    for row in rows:
        if section == "parameter":
            for value in row.get("values", ()):
                yield {**row, **value}
        elif section == "group":
            mode = next((mode for mode in ("any_of", "all_of", "at_least") if mode in row), "")
            members = row.get("clauses" if mode == "at_least" else mode, ())
            yield {**row, "mode": mode, "members": members, "count": row.get("at_least")}
        else:
            yield dict(row)


def _write_help(book: Any, look: _Look, data: Mapping[str, Any]) -> None:
    sheet = book.add_worksheet(_HELP_SHEET)
    for at, width in enumerate((26, 24, 60, 70)):
        sheet.set_column(at, at, width, look.text)
    for row, line in enumerate(explanation(data)):
        form = look.title if len(line) == 1 and line[0].endswith("：") else look.text
        for at, cell in enumerate(line):
            sheet.write_string(row, at, cell, look.head if line[0] == "规则" else form)


# -- reading -----------------------------------------------------------------------------------------------------


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
        for number, row in enumerate(self.sheet(_HEAD_SHEET)[1:], start=1):
            name = str(row[0]).strip()
            if not name:
                continue
            if name not in known:
                self.wrong("不认识的项目", f"允许：{'、'.join(known)}", _HEAD_SHEET, (number, 0), name)
            elif len(row) > 1:
                found[known[name].key] = self.value(known[name], row[1], _HEAD_SHEET, (number, 1))
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
        rows = self.sheet(_GRID_SHEET)
        heads = [str(head).strip() for head in rows[0]] if rows else []
        for number, row in enumerate(rows[1:], start=1):
            clause, unit = (str(show_cell).strip() for show_cell in (*row[:2], "", "")[:2])
            if unit == _TOTAL or not any(cell not in ("", None) for cell in row):
                continue
            if clause not in wanted:
                allowed = "、".join(wanted) or "（没有用“名额分配表”规则的条款）"
                self.wrong("不是用“名额分配表”规则的条款", f"允许：{allowed}", _GRID_SHEET, (number, 0), clause)
                continue
            places = wanted[clause].setdefault("params", {}).setdefault("places", {})
            if not unit or unit in places:
                self.wrong("单位没有填，或同一条款里写了两次", "一个单位一行", _GRID_SHEET, (number, 1), unit)
                continue
            places[unit] = {}
            for at, (head, cell) in enumerate(zip(heads, row, strict=False)):
                if at > 1 and head not in (_TOTAL, "") and cell not in ("", None):
                    category = head.rpartition("（")[2].rstrip("）")
                    places[unit][category] = self.value(Column("", "", "count"), cell, _GRID_SHEET, (number, at))

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
