"""A pack as a workbook, a clause a row, because officers edit in Excel; `read_sheet` reads the same pack back."""

from __future__ import annotations

import io
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import xlsxwriter  # type: ignore[import-untyped, unused-ignore]
from pydantic import BaseModel, ValidationError
from xlsxwriter.utility import xl_rowcol_to_cell  # type: ignore[import-untyped, unused-ignore]

from casework.policy import raw
from casework.policy.cells import GRID_CELL, GRID_SHEET, HEAD, HEAD_SHEET, RULES, SHEETS, TOTAL, Column, show
from casework.policy.explanation import explanation
from casework.policy.load import read_pack
from casework.policy.reading import read_sheet
from casework.problems import PolicyError, Problem

__all__ = ["read_sheet", "write_sheet"]

_HELP_SHEET, _LIST_SHEET = "说明", "选项"
_SPARE = 200
"""Empty rows under the last one that have drop-down lists too."""


def write_sheet(folder: str | Path) -> bytes:
    """Return a pack as an .xlsx workbook with drop-down lists, Chinese heads and a sheet that explains the rules.

    The quota grid has its own sheet, unit × category. Comments of the `policy.toml` have no place in it.

    Raises:
        PolicyError: The pack is not there, or its keys and types are so wrong that they have no cell.
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
    """Return the pack as `tomllib` reads it, once every key and value in it has a cell to stand in."""
    packs = read_pack(folder)
    data = tomllib.loads(packs[next(iter(packs))]["policy.toml"].decode())
    sections: list[tuple[str, type[BaseModel]]] = [(section, model) for section, _, model in SHEETS.values()]
    problems = [
        _problem(f"不认识 [{key}]", "") for key in data if key not in {"policy", *(name for name, _ in sections)}
    ]
    problems += _unsound("[policy]", raw.RawHead, data.get("policy", {}))
    for section, model in sections:
        rows = data.get(section, [])
        if not isinstance(rows, list):
            problems.append(_problem(f"[{section}] 要写成 [[{section}]]", "用双方括号，每项一节"))
            continue
        for row in rows:
            problems += _unsound(f"[[{section}]] {row.get('id', '')}", model, row)
            if section == "group" and sum(mode in row for mode in ("any_of", "all_of", "at_least")) != 1:
                problems.append(_problem(f"[[group]] {row.get('id', '')} 要写 any_of、all_of、at_least 其中一个", ""))
    if problems:
        raise PolicyError(tuple(problems))
    return data


def _problem(message: str, remedy: str) -> Problem:
    return Problem(message, remedy or "在 policy.toml 里改正后再写出工作簿", file="policy.toml")


def _unsound(what: str, model: type[BaseModel], row: Any) -> Iterator[Problem]:
    """Yield what in a row has no cell to stand in: an unknown key, or a value of another type."""
    try:
        model.model_validate(row)
    except ValidationError as error:
        yield from (_problem(f"{what} {wrong}", right) for wrong, right in raw.complaints(error, model))


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
    sheet = book.add_worksheet(HEAD_SHEET)
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
    sheet = book.add_worksheet(GRID_SHEET)
    sheet.freeze_panes(1, 2)
    names = [f"{row.get('label', '')}（{row.get('id', '')}）" for row in data.get("category", ())]
    ids = [str(row.get("id", "")) for row in data.get("category", ())]
    last = len(ids) + 2
    for at, name in enumerate(("条款", "单位", *names, TOTAL)):
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
        sheet.write_string(len(rows) + 1, 1, TOTAL, look.total)
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
