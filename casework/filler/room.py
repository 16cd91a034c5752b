"""Rows put into a sheet: everything below moves down, and whatever reaches over the place grows.

openpyxl's own `insert_rows` moves the cells alone: merges, heights, formulas, rules and the print area stay behind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from openpyxl.formatting.formatting import ConditionalFormattingList  # type: ignore[import-untyped, unused-ignore]
from openpyxl.formula import Tokenizer  # type: ignore[import-untyped, unused-ignore]
from openpyxl.formula.tokenizer import Token  # type: ignore[import-untyped, unused-ignore]
from openpyxl.worksheet.cell_range import CellRange, MultiCellRange  # type: ignore[import-untyped, unused-ignore]
from openpyxl.worksheet.formula import ArrayFormula  # type: ignore[import-untyped, unused-ignore]

_REFERENCE: Final = re.compile(r"^(\$?[A-Z]{1,3})?(\$?)(\d+)$")


@dataclass(frozen=True)
class Room:
    """New rows in a sheet.

    Attributes:
        title: The sheet.
        at: The first new row, counted from 1; what stood there moves down.
        rows: How many.
        first: The first of the rows above that the new ones continue.
    """

    title: str
    at: int
    rows: int
    first: int

    def span(self, top: int, bottom: int) -> tuple[int, int]:
        """Return the first and last row of something that spans rows: moved, or grown with the rows it ends in."""
        if top >= self.at:
            return top + self.rows, bottom + self.rows
        return top, bottom + self.rows if bottom >= self.at or bottom == self.at - 1 >= self.first else bottom

    def area(self, area: CellRange) -> CellRange:
        """Return a range of cells after it."""
        top, bottom = self.span(area.min_row, area.max_row)
        return CellRange(min_row=top, max_row=bottom, min_col=area.min_col, max_col=area.max_col)

    def areas(self, areas: Any) -> str:
        """Return several ranges after it, as one text."""
        return " ".join(self.area(CellRange(each)).coord for each in str(areas).split())

    def reference(self, words: str, *, own: bool, grows: bool) -> str:
        """Return a reference of a formula after it.

        Args:
            words: `F5:F14`, `$F$5`, `表!F5`.
            own: The formula stands in this sheet.
            grows: A range that ends with the rows takes the new ones in: not for a formula in one of these rows.
        """
        sheet, mark, reference = words.rpartition("!")
        if not (own if not mark else sheet.strip("'").replace("''", "'") == self.title):
            return words
        parts = [_REFERENCE.match(part) for part in reference.split(":")]
        if None in parts or len(parts) > 2:
            return words
        found = [(each[1] or "", each[2], int(each[3])) for each in parts if each]
        rows = [number + self.rows if number >= self.at else number for _, _, number in found]
        last = found[-1][2]
        if len(found) > 1 and grows and last == self.at - 1 >= self.first and found[0][2] <= last:
            rows[-1] = last + self.rows
        moved = (f"{column}{fixed}{row}" for (column, fixed, _), row in zip(found, rows, strict=True))
        return f"{sheet}{mark}{':'.join(moved)}"

    def formula(self, words: str, *, own: bool, grows: bool) -> str:
        """Return a formula after it."""
        tokens = Tokenizer(words if words.startswith("=") else f"={words}")
        for token in tokens.items:
            if token.type == Token.OPERAND and token.subtype == Token.RANGE:
                token.value = self.reference(token.value, own=own, grows=grows)
        moved = str(tokens.render())
        return moved if words.startswith("=") else moved[1:]


def make_room(book: Any, sheet: Any, *, at: int, rows: int, first: int) -> None:
    """Put empty rows into a sheet; see `Room`."""
    room = Room(sheet.title, at, rows, first)
    _formulas(book, sheet, room)  # while the cells still stand where the formulas think
    for row, column in sorted(sheet._cells, reverse=True):  # noqa: SLF001 - what insert_rows itself does
        if row >= at:
            cell = sheet._cells.pop((row, column))  # noqa: SLF001
            cell.row = row + rows
            sheet._cells[row + rows, column] = cell  # noqa: SLF001
            if getattr(cell, "hyperlink", None):
                cell.hyperlink.ref = cell.coordinate
    for row in sorted((row for row in sheet.row_dimensions if row >= at), reverse=True):
        dimension = sheet.row_dimensions.pop(row)
        dimension.index = row + rows
        sheet.row_dimensions[row + rows] = dimension
    _areas(sheet, room)


def _areas(sheet: Any, room: Room) -> None:
    merged = [
        room.area(each) if each.min_row >= room.at or each.max_row >= room.at else each
        for each in sheet.merged_cells.ranges
    ]
    sheet.merged_cells = MultiCellRange(merged)
    for rule in sheet.data_validations.dataValidation:
        rule.sqref = MultiCellRange(room.areas(rule.sqref))
    formats = ConditionalFormattingList()
    for each in sheet.conditional_formatting:
        for rule in each.rules:
            rule.formula = [room.formula(words, own=True, grows=True) for words in rule.formula]
            formats.add(room.areas(each.sqref), rule)
    sheet.conditional_formatting = formats
    if sheet.print_area:
        areas = [each.rpartition("!")[2].replace("$", "") for each in str(sheet.print_area).split(",")]
        sheet.print_area = ",".join(room.area(CellRange(each)).coord for each in areas)
    if sheet.auto_filter.ref:
        sheet.auto_filter.ref = room.areas(sheet.auto_filter.ref)
    for each in sheet.tables.values():
        each.ref = room.areas(each.ref)
        if each.autoFilter is not None:
            each.autoFilter.ref = each.ref
    for each in sheet.row_breaks.brk:
        each.id += room.rows if each.id >= room.at else 0
    for drawn in (*sheet._images, *sheet._charts):  # noqa: SLF001 - openpyxl has no other way to them
        for corner in (getattr(drawn.anchor, "_from", None), getattr(drawn.anchor, "to", None)):
            if corner is not None and corner.row >= room.at - 1:
                corner.row += room.rows


def _formulas(book: Any, sheet: Any, room: Room) -> None:
    for other in book.worksheets:
        for row in other.iter_rows():
            for cell in row:
                if cell.data_type != "f":
                    continue
                own = other is sheet
                grows = not own or not room.first <= cell.row < room.at
                if isinstance(cell.value, str):
                    cell.value = room.formula(cell.value, own=own, grows=grows)
                elif isinstance(cell.value, ArrayFormula):
                    cell.value.text = room.formula(cell.value.text, own=own, grows=grows)
                    cell.value.ref = room.areas(cell.value.ref) if own else cell.value.ref
    for names in (book.defined_names, *(each.defined_names for each in book.worksheets)):
        for name in names.values():
            name.attr_text = room.formula(name.attr_text, own=False, grows=True)
