"""A list becomes an .xlsx: the same columns, order and words as on paper, totals as formulas, set up to print on A4.

An empty one is made to be filled in: it offers what may be written, refuses what is no number, and adds up by itself.
Every text is written as text: a name that looks like a formula, a link or a number stays a name. The same list gives
the same bytes.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import xlsxwriter  # type: ignore[import-untyped, unused-ignore]
from xlsxwriter.utility import xl_col_to_name, xl_range  # type: ignore[import-untyped, unused-ignore]

from casework.lists import NUMBERS, Cell, Column, ListState, Table, check_code, list_fingerprint, shown
from casework.money import FEN_PER_YUAN
from casework.problems import Refused

_CREATED = datetime(2000, 1, 1, tzinfo=UTC)  # a workbook must carry a time; a clock would change its bytes
_PIXELS_PER_MM = 96 / 25.4
_LANDSCAPE_FROM_MM = 190
_WHOLE, _WITH_FEN, _TEXT = "0;-0;;@", "0.00;-0.00;;@", "@"  # a zero is blank, as on paper
_MOST_YUAN, _MOST_PEOPLE = 99_999_999.99, 9_999_999  # a figure beyond it is a slip of the keyboard
_LIKE = {"month": "写到月，如 1965.03", "day": "写到日，如 2020.1.15"}
_LINE_PT, _SIGN_MM = 18, 4.4  # of the paragraphs of a letter
_SHEET = "名单"
_TITLE_FONT, _HEAD_FONT, _BODY_FONT = "方正小标宋简体", "黑体", "仿宋"
# Never a guess at what a text might mean: no formula, link or number is made of a string.
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def write(table: Table) -> bytes:
    """Return a list as the bytes of a workbook with one sheet.

    The 校验码 stands in the foot of every page and, with the whole fingerprint, in the file's properties. A list that
    is not official says so in the head of every page.

    Raises:
        Refused: `paper_only`: what is filled in on this form leaves on paper alone.
    """
    if table.paper_only and table.rows:
        raise Refused("paper_only", f"{table.title}的内容只打印在纸上，不写成 Excel；空白表可以")
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, _OPTIONS)
    fingerprint = list_fingerprint(table)
    _Sheet(book, table).write(check_code(fingerprint))
    book.set_properties({"title": table.title, "created": _CREATED, "status": table.state.label})
    book.set_custom_property("校验码", check_code(fingerprint))
    book.set_custom_property("sha256", fingerprint)
    book.close()
    return target.getvalue()


class _Sheet:
    """One list on one sheet, written from top to bottom; `row` is the next free row, counted from 0."""

    def __init__(self, book: Any, table: Table) -> None:
        self.book = book
        self.sheet = book.add_worksheet(_SHEET)
        self.table = table
        self.row = 0
        self.last_column = len(table.columns) - 1
        self._styles: dict[tuple[tuple[str, object], ...], Any] = {}

    def write(self, code: str) -> None:
        """Write everything, and set the sheet up to print."""
        self._above()
        head = self.row
        self._head()
        first = self.row
        self._body()
        if not self.table.rows and self.row > first:
            self._offer(first)
        self._total(first)
        self._below()
        self._set_up(head, first, code)

    def style(self, **wanted: object) -> Any:
        """Return a format, made once."""
        key = tuple(sorted(wanted.items()))
        if key not in self._styles:
            base = {"font_name": _BODY_FONT, "font_size": 11, "valign": "vcenter"}
            self._styles[key] = self.book.add_format({**base, **wanted})
        return self._styles[key]

    def span(self, first: int, last: int, text: str, style: Any) -> None:
        """Write text over the cells of this row from one column to another."""
        if first < last:
            self.sheet.merge_range(self.row, first, self.row, last, "", style)
        self.sheet.write_string(self.row, first, text, style)

    def spread(self, words: tuple[str, ...]) -> None:
        """Write words over this row: the first on the left, the last on the right."""
        width = self.last_column + 1
        for at, part in enumerate(words):
            first, last = at * width // len(words), (at + 1) * width // len(words) - 1
            align = "left" if not at else "right" if at == len(words) - 1 else "center"
            if part and first <= last:
                self.span(first, last, part, self.style(align=align))

    def _above(self) -> None:
        if self.table.annex:
            self.sheet.write_string(self.row, 0, self.table.annex, self.style(font_name=_HEAD_FONT, font_size=16))
            self.row += 1
        self.sheet.set_row(self.row, 32)
        self.span(
            0, self.last_column, self.table.title, self.style(font_name=_TITLE_FONT, font_size=20, align="center")
        )
        self.row += 1
        for words in self.table.lead:
            self.sheet.set_row(self.row, _LINE_PT * (1 + len(words) // self._signs()))
            self.span(0, self.last_column, words, self.style(text_wrap=True, indent=2, font_size=12))
            self.row += 1
        for label, value in self.table.fields:
            self.sheet.write_string(self.row, 0, label, self.style(font_name=_HEAD_FONT, border=1, text_wrap=True))
            if self.last_column:
                self.span(1, self.last_column, value, self.style(border=1, text_wrap=True, num_format=_TEXT))
            self.row += 1
        if any(self.table.above):
            self.spread(self.table.above)
            self.row += 1

    def _head(self) -> None:
        style = self.style(font_name=_HEAD_FONT, align="center", border=1, text_wrap=True)
        grouped = {key: group for group in self.table.groups for key in group.keys}
        for at, column in enumerate(self.table.columns):
            group = grouped.get(column.key)
            if group is None:
                if grouped:
                    self.sheet.merge_range(self.row, at, self.row + 1, at, "", style)
                self.sheet.write_string(self.row, at, column.label, style)
                continue
            self.sheet.write_string(self.row + 1, at, column.label, style)
            if column.key == group.keys[0]:
                words = "\n".join(filter(None, (group.label, group.note)))
                self.span(at, at + len(group.keys) - 1, words, style)
        self.sheet.set_row(self.row, 62 if grouped else 32)
        if grouped:
            self.row += 1
            self.sheet.set_row(self.row, 21)
        self.row += 1

    def _body(self) -> None:
        columns = self.table.columns
        letters = {column.key: xl_col_to_name(at) for at, column in enumerate(columns)}
        for values in self.table.printed_rows():
            for at, (value, column) in enumerate(zip(values, columns, strict=True)):
                if column.sums and (isinstance(value, int) or not self.table.rows):
                    parts = ",".join(f"{letters[key]}{self.row + 1}" for key in column.sums)
                    known = _number(value, column) if isinstance(value, int) else 0
                    self.sheet.write_formula(self.row, at, f"=SUM({parts})", self._cell_style(value, column), known)
                else:
                    self._cell(at, value, column)
            self.row += 1

    def _offer(self, first: int) -> None:
        """Say for every empty cell what may stand in it."""
        for at, column in enumerate(self.table.columns):
            rule: dict[str, object] = {"validate": "any"}
            if column.choices:
                rule = {"validate": "list", "source": list(column.choices), "error_message": "请从下拉框选择"}
            elif column.kind == "money":
                rule = {
                    "validate": "decimal",
                    "minimum": 0,
                    "maximum": _MOST_YUAN,
                    "error_message": "请填金额，单位是元",
                }
            elif column.kind == "places":
                rule = {"validate": "integer", "minimum": 0, "maximum": _MOST_PEOPLE, "error_message": "请填整数"}
            elif column.kind in _LIKE:
                rule["input_message"] = _LIKE[column.kind]
            else:
                continue
            if "minimum" in rule:
                rule["criteria"] = "between"
            self.sheet.data_validation(first, at, self.row - 1, at, rule | {"input_title": column.label[:32]})

    def _cell_style(self, value: Cell, column: Column, **more: object) -> Any:
        number = _TEXT
        if value is None and column.kind in NUMBERS:
            number = _WITH_FEN if column.kind == "money" else _WHOLE  # what is typed into it later is a number
        elif isinstance(value, int):
            number = _WITH_FEN if column.kind == "money" and value % FEN_PER_YUAN else _WHOLE
        return self.style(align=column.alignment, border=1, num_format=number, text_wrap=True, **more)

    def _cell(self, at: int, value: Cell, column: Column, **more: object) -> None:
        style = self._cell_style(value, column, **more)
        if isinstance(value, int):
            self.sheet.write_number(self.row, at, _number(value, column), style)
        elif words := shown(value, column):
            self.sheet.write_string(self.row, at, words, style)
        else:
            self.sheet.write_blank(self.row, at, None, style)

    def _total(self, first: int) -> None:
        """Write 合计: sums, and counts in words, as formulas that carry their value."""
        if not self.table.totals:
            return
        totals, people = dict(self.table.totals), len(self.table.rows)
        lead = min(self.table.keys.index(key) for key in totals)
        if lead:
            self.span(0, lead - 1, "合计", self.style(font_name=_HEAD_FONT, align="center", border=1))
        for at, column in enumerate(self.table.columns[lead:], start=lead):
            value = totals.get(column.key) if people else None
            cells = xl_range(first, at, self.row - 1, at)
            style = self._cell_style(value, column, font_name=_HEAD_FONT)
            if not people and self.row > first and column.key in totals and column.kind in NUMBERS:
                self.sheet.write_formula(self.row, at, f"=SUM({cells})", style, 0)  # adds up what will be filled in
            elif isinstance(value, int):
                self.sheet.write_formula(self.row, at, f"=SUM({cells})", style, _number(value, column))
            elif value == f"{people}人":
                self.sheet.write_formula(self.row, at, f'=ROWS({cells})&"人"', style, value)
            else:
                self._cell(at, value, column, font_name=_HEAD_FONT)
        self.sheet.set_row(self.row, 24)
        self.row += 1

    def _below(self) -> None:
        for words in self.table.captions:
            self.span(0, self.last_column, words, self.style(font_size=9))
            self.row += 1
        if self.table.signatures:
            self.spread(self.table.signatures)
            self.sheet.set_row(self.row, 30)
            self.row += 1

        for words in self.table.closing:
            self.span(0, self.last_column, words, self.style(align="right", font_size=12))
            self.row += 1

    def _signs(self) -> int:
        """Return how many signs of a letter stand on a line over all columns."""
        return max(10, int(sum(column.width_mm for column in self.table.columns) / _SIGN_MM))

    def _set_up(self, head: int, first: int, code: str) -> None:
        """Set the sheet up to print: A4, one page wide, the head on every page, page numbers in the foot."""
        sheet, columns = self.sheet, self.table.columns
        for at, column in enumerate(columns):
            sheet.set_column_pixels(at, at, round(column.width_mm * _PIXELS_PER_MM))
        sheet.set_paper(8 if self.table.wide else 9)
        if sum(column.width_mm for column in columns) > _LANDSCAPE_FROM_MM:
            sheet.set_landscape()
        sheet.set_margins(left=0.7, right=0.7, top=0.7, bottom=0.7)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(head, first - 1)
        sheet.print_area(0, 0, self.row - 1, self.last_column)
        sheet.center_horizontally()
        sheet.freeze_panes(first, 0)
        sheet.hide_gridlines(2)
        sheet.set_footer(f"&C第 &P 页　共 &N 页&R校验码：{code}")
        head_words = [self.table.state.label] if self.table.state is not ListState.OFFICIAL else []
        if words := "　".join(filter(None, [self.table.mark, *head_words])):
            sheet.set_header(f"&R{words}")
        sheet.ignore_errors({"number_stored_as_text": xl_range(first, 0, self.row, self.last_column)})


def _number(value: int, column: Column) -> int | Decimal:
    """Return people as they are, and fen as exact yuan."""
    if column.kind != "money":
        return value
    whole, part = divmod(value, FEN_PER_YUAN)
    return Decimal(value) / FEN_PER_YUAN if part else whole
