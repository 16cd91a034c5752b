"""The child that writes into somebody else's workbook and keeps its formatting: fonts, borders, widths, merges, print.

Only `openpyxl` keeps what it does not change, and it opens the file here alone: in a process of its own, with limits,
after `sheets.read_workbook` has read the same bytes. Standard input: a line of JSON (`Order`), then the workbook;
standard output: a line of JSON (what was done), then the workbook.

Formulas below the heads: in a column that is filled the value replaces them; in every other column they stay, and an
added row gets that of the first row. Those under the table move down, and a range over the rows grows with them.
"""

from __future__ import annotations

import io
import json
import re
import sys
from copy import copy
from datetime import date
from decimal import Decimal
from typing import Any, Final

from openpyxl import load_workbook  # type: ignore[import-untyped, unused-ignore]
from openpyxl.cell.cell import MergedCell  # type: ignore[import-untyped, unused-ignore]
from openpyxl.formula.translate import Translator  # type: ignore[import-untyped, unused-ignore]
from openpyxl.styles import PatternFill  # type: ignore[import-untyped, unused-ignore]
from openpyxl.worksheet.cell_range import CellRange  # type: ignore[import-untyped, unused-ignore]

from casework.filler.room import make_room
from casework.sheets import MOST_BYTES, MOST_ROWS, limits, unpacked

_LEAST_HEADS: Final = 2
_EXAMPLE: Final = re.compile(r"^\s*[(（【\[]?\s*(?:例|示例|样例|填写示例|填表示例|填写说明)(?:[:：)）】\]\s]|\d*$)")
_NUMBERING: Final = re.compile(r"^(?:[甲乙丙丁戊己庚辛]|\d{1,2}|栏次|[A-Z])$")
_TOTAL: Final = re.compile(r"合\s*计|总\s*计|小\s*计")
_LEADS: Final = ("=", "+", "-", "@", "\t")
"""A text that begins so is marked as text, or a program would compute it when somebody edits the cell."""


def fill(content: bytes, order: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """Return the workbook with rows written under its heads, and what had to be done for it.

    Args:
        content: The workbook; it was read with limits before.
        order: `sheet`; `last` the 0-based row of the lowest heads; `columns` those of the table, 0-based; `index` that
            of the row number or None; `rows`: for each a list of [column, kind, value, text].
    """
    book = load_workbook(io.BytesIO(content), keep_vba=False, keep_links=False, rich_text=True)
    sheet = book[order["sheet"]]
    columns = [column + 1 for column in order["columns"]]
    index = None if order["index"] is None else order["index"] + 1
    first, skipped = _first_row(sheet, _under(sheet, order["last"] + 1), columns)
    free = _free_rows(sheet, first, columns, index)
    loosened = _loosen(sheet, first, free)
    pattern = _pattern(sheet, first if free else None, order["last"] + 1)
    added = max(0, len(order["rows"]) - free)
    if added:
        make_room(book, sheet, at=first + free, rows=added, first=first)
    for at in range(first + free, first + free + added):
        _like(sheet, at, pattern, first if free else None)
    for at, row in enumerate(order["rows"], start=first):
        for column, kind, value, text in row:
            _write(_lead(sheet, at, column + 1), kind, value, text)
    book.calculation.fullCalcOnLoad = True
    target = io.BytesIO()
    book.save(target)
    below = first + max(free, len(order["rows"]))
    told = {
        "first": first,
        "added": added,
        "skipped": skipped,
        "loosened": loosened,
        "total_open": _is_open_total(sheet, below, columns),
    }
    return target.getvalue(), told


# -- where the rows are --------------------------------------------------------------------------------------------


def _values(sheet: Any, row: int, columns: list[int]) -> dict[int, Any]:
    """Return what stands in a row of the table, by column; blanks are nothing."""
    cells = {column: sheet.cell(row, column).value for column in columns}
    return {column: value for column, value in cells.items() if value is not None and str(value).strip()}


def _under(sheet: Any, head: int) -> int:
    """Return the row under the heads; a head may be merged down over rows that say nothing more."""
    ends = [int(each.max_row) for each in sheet.merged_cells.ranges if each.min_row <= head]
    return 1 + max([head, *ends])


def _first_row(sheet: Any, start: int, columns: list[int]) -> tuple[int, list[int]]:
    """Return the first row to be written, and the rows above it that are none: column numbers, an example."""
    skipped = []
    row = start
    while row <= sheet.max_row:
        words = [str(value).strip() for value in _values(sheet, row, columns).values()]
        numbering = len(words) >= _LEAST_HEADS and all(map(_NUMBERING.match, words))
        if not words or not (numbering or any(map(_EXAMPLE.match, words))):
            break
        skipped.append(row)
        row += 1
    return row, skipped


def _free_rows(sheet: Any, first: int, columns: list[int], index: int | None) -> int:
    """Return how many empty rows follow: with nothing but their number or formulas, and framed like the first."""
    row = first
    while row <= min(sheet.max_row, first + MOST_ROWS):
        held = _values(sheet, row, columns)
        numbered = {at for at, value in held.items() if at == index and re.fullmatch(r"\d+", str(value).strip())}
        computed = {at for at in held if sheet.cell(row, at).data_type == "f"}
        elsewhere = any(
            isinstance(sheet.cell(row, at).value, str) and _TOTAL.search(str(sheet.cell(row, at).value))
            for at in range(1, sheet.max_column + 1)
        )
        if (
            set(held) - numbered - computed
            or elsewhere
            or _framed(sheet, row, columns) != _framed(sheet, first, columns)
        ):
            break
        row += 1
    return row - first


def _framed(sheet: Any, row: int, columns: list[int]) -> bool:
    return any(sheet.cell(row, column).border.left.style is not None for column in columns)


def _is_open_total(sheet: Any, row: int, columns: list[int]) -> bool:
    """Tell whether the row under the people is a total that nothing computes."""
    cells = [sheet.cell(row, column) for column in range(1, max(columns) + 1)]
    said = any(isinstance(cell.value, str) and _TOTAL.search(cell.value) for cell in cells)
    return said and not any(cell.data_type == "f" for cell in cells)


def _loosen(sheet: Any, first: int, free: int) -> bool:
    """Take apart cells that are merged over several of the empty rows: there is a person in each."""
    tall = [
        found
        for found in list(sheet.merged_cells.ranges)
        if first <= found.min_row < first + free and found.max_row > found.min_row
    ]
    for found in tall:
        sheet.unmerge_cells(str(found))
        lead = sheet.cell(found.min_row, found.min_col)
        for row in range(found.min_row, found.max_row + 1):
            for column in range(found.min_col, found.max_col + 1):
                sheet.cell(row, column)._style = copy(lead._style)  # noqa: SLF001 - openpyxl has no other way
    return bool(tall)


# -- rows ----------------------------------------------------------------------------------------------------------


def _pattern(sheet: Any, first: int | None, head: int) -> dict[int, Any]:
    """Return the style of every column of a new row: that of the first row, else of the heads without their weight."""
    found = {}
    for column in range(1, sheet.max_column + 1):
        cell = sheet.cell(first or head, column)
        if first is None and cell.has_style:
            own = sheet.cell(sheet.max_row + 1000, column)  # a place to make a style; it is taken away again
            own._style = copy(cell._style)  # noqa: SLF001 - as above
            font = copy(cell.font)
            font.bold = False
            own.font, own.fill = font, PatternFill()
            found[column] = copy(own._style)  # noqa: SLF001
            del sheet._cells[own.row, column]  # noqa: SLF001
        else:
            found[column] = copy(cell._style)  # noqa: SLF001
    return found


def _like(sheet: Any, row: int, pattern: dict[int, Any], first: int | None) -> None:
    """Make a new row like the first one: style, height, cells merged across, formulas."""
    for column, style in pattern.items():
        cell = sheet.cell(row, column)
        cell._style = copy(style)  # noqa: SLF001 - openpyxl has no other way
        model = sheet.cell(first, column) if first else None
        if model is not None and model.data_type == "f" and isinstance(model.value, str):
            cell.value = Translator(model.value, origin=model.coordinate).translate_formula(cell.coordinate)
    if first is None:
        return
    sheet.row_dimensions[row].height = sheet.row_dimensions[first].height
    for found in list(sheet.merged_cells.ranges):
        if found.min_row == found.max_row == first:
            across = CellRange(min_row=row, max_row=row, min_col=found.min_col, max_col=found.max_col)
            sheet.merge_cells(across.coord)


def _lead(sheet: Any, row: int, column: int) -> Any:
    """Return the cell to write to: the first one where it is merged with others of its row.

    Raises:
        ValueError: It belongs to another row; nothing is left out in silence.
    """
    cell = sheet.cell(row, column)
    if not isinstance(cell, MergedCell):
        return cell
    found = next(each for each in sheet.merged_cells.ranges if cell.coordinate in each)
    if found.min_row != row:
        raise ValueError("a cell of several rows")
    return sheet.cell(row, found.min_col)


def _write(cell: Any, kind: str, value: str, text: str) -> None:
    if kind == "number":
        number = Decimal(value)
        cell.value = int(number) if number == int(number) else float(number)
        return
    if kind == "day" and cell.is_date:
        cell.value = date.fromisoformat(value)
        return
    cell.value = text
    cell.data_type = "s"  # never a formula, never a guess at what a text might mean
    if kind == "code":
        cell.number_format = "@"
    if text.startswith(_LEADS):
        cell.quotePrefix = True


def _child() -> int:
    order = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read(MOST_BYTES + 1)
    try:
        import resource  # noqa: PLC0415 - not on Windows, where the time limit of the parent has to do
    except ImportError:
        pass
    else:
        seconds, memory = limits(unpacked(data))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    body, told = fill(data, order)
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n" + body)
    return 0


if __name__ == "__main__":
    sys.exit(_child())
