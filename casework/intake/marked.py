"""The rows that wait, back as a workbook: every problem marked in its cell, and said again at the end of the row."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

import xlsxwriter  # type: ignore[import-untyped, unused-ignore]

from casework.intake.draft import shown
from casework.intake.texts import Severity

if TYPE_CHECKING:
    from casework.intake.draft import Issue
    from casework.intake.mapping import Mapping
    from casework.intake.reading import Intake
    from casework.sheets import Cell, Sheet

OPTIONS: Final = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
MADE: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""A workbook carries the time it was made; the same content gives the same bytes."""

_HEADS: Final = ("问题", "原行号")
_COLOURS: Final = {Severity.HOLD: "#FFC7CE", Severity.WARN: "#FFEB9C"}
_MOST_COMMENT: Final = 1000
_LARGEST: Final = 10**300
"""Beyond it, as for what is no number at all, a workbook holds only the words."""


def marked_workbook(intake: Intake) -> bytes:
    """Return the held rows as .xlsx, as they were, under their own heads; a 登记表 goes back whole.

    The two columns behind the table say what is wrong and which row it was; they are not read when the file comes back.
    What concerns a whole sheet stands on a sheet of its own, 总体问题.
    """
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, OPTIONS)
    book.set_properties({"title": "待改的行", "created": MADE})
    mappings = {mapping.sheet: mapping for mapping in intake.mappings}
    held = intake.rows.filter(intake.rows["state"] == "held")
    by_row: dict[tuple[str, int], list[Issue]] = defaultdict(list)
    for issue in intake.issues:
        if issue.severity is not Severity.NOTE:
            by_row[issue.problem.sheet, issue.row].append(issue)
    for sheet in intake.sheets:
        rows = [number - 1 for name, number in held.select("sheet", "row").iter_rows() if name == sheet.name]
        if rows and sheet.name in mappings:
            _Marked(book, sheet, mappings[sheet.name], by_row).write(rows)
    whole = [issue for (_, row), issues in by_row.items() if row == 0 for issue in issues]
    if whole or not book.worksheets():
        overall = book.add_worksheet("总体问题")
        overall.set_column(0, 0, 100)
        for at, issue in enumerate(whole):
            overall.write_string(at, 0, issue.problem.sentence())
    book.close()
    return target.getvalue()


def is_marked(mappings: Iterable[Mapping]) -> bool:
    """Tell whether a file is a workbook of rows that waited, coming back: it has the two columns behind the table."""
    return any(set(_HEADS) <= {column.head for column in mapping.columns} for mapping in mappings)


class _Marked:
    """One sheet going back."""

    def __init__(self, book: Any, sheet: Sheet, mapping: Mapping, issues: dict[tuple[str, int], list[Issue]]) -> None:
        self.source, self.mapping, self.issues = sheet, mapping, issues
        self.sheet = book.add_worksheet(sheet.name[:31])
        self.width = max((len(row) for row in sheet.rows), default=0)
        self.plain = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top", "border": 1})
        self.head = book.add_format({"bold": True, "text_wrap": True, "border": 1, "bg_color": "#F0EEE9"})
        self.marks = {
            severity: book.add_format(
                {"num_format": "@", "text_wrap": True, "valign": "top", "border": 1, "bg_color": colour}
            )
            for severity, colour in _COLOURS.items()
        }

    def write(self, rows: list[int]) -> None:
        """Write title and heads, then the rows that wait."""
        form = self.mapping.layout == "form"
        above = range(self.mapping.last + 1) if not form else range(0)
        grid = self.source.filled()
        for row in above:
            # The heads are written out in full: a cell that was merged keeps its words without its neighbours.
            cells = grid[row] if row >= self.mapping.first else self.source.rows[row]
            for column, cell in enumerate(cells):
                self._cell(row, column, cell, self.head if row >= self.mapping.first else self.plain)
        if not form:
            for at, head in enumerate(_HEADS):
                for row in range(self.mapping.first, self.mapping.last + 1):
                    self.sheet.write_string(row, self.width + at, head, self.head)
        listed = range(len(self.source.rows)) if form else rows
        for target, row in enumerate(listed, start=len(above)):
            self._row(target, row, rows[0] if form else row, grid)
        self.sheet.set_column(0, max(self.width - 1, 0), 14)
        self.sheet.set_column(self.width, self.width, 60)
        if not form:
            self.sheet.freeze_panes(len(above), 0)

    def _row(self, target: int, row: int, person: int, grid: list[list[Cell]]) -> None:
        issues = self.issues.get((self.source.name, person + 1), [])
        marked: dict[int, list[Issue]] = defaultdict(list)
        for issue in issues:
            here = next((at for at in range(self.width) if issue.problem.cell == self.source.address(row, at)), None)
            if here is not None:
                marked[here].append(issue)
        own = self.source.rows[row] if self.mapping.layout == "form" else grid[row]
        for column in range(self.width):
            said = marked.get(column, [])
            worst = next((each.severity for each in said if each.severity is Severity.HOLD), None)
            style = self.marks[worst or said[0].severity] if said else self.plain
            self._cell(target, column, own[column] if column < len(own) else None, style)
            if said:
                words = "\n".join(_reason(issue) for issue in said)[:_MOST_COMMENT]
                self.sheet.write_comment(target, column, words, {"author": "", "x_scale": 2})
        if self.mapping.layout != "form":
            words = "；".join(dict.fromkeys(f"{issue.problem.column}：{_reason(issue)}" for issue in issues))
            self.sheet.write_string(target, self.width, words[:32000], self.plain)
            self.sheet.write_string(target, self.width + 1, str(row + 1), self.plain)

    def _cell(self, row: int, column: int, value: Cell, style: Any) -> None:
        if value is None or value == "":
            self.sheet.write_blank(row, column, None, style)
        elif isinstance(value, float | int) and not isinstance(value, bool) and abs(value) < _LARGEST:
            self.sheet.write_number(row, column, value, style)
        elif isinstance(value, date | datetime | time | timedelta):
            self.sheet.write_string(row, column, shown(value), style)
        else:
            self.sheet.write_string(row, column, _printable(str(value)), style)


def _reason(issue: Issue) -> str:
    problem = issue.problem
    return "。".join(words.rstrip("。") for words in (problem.message, problem.remedy) if words)


def _printable(text: str) -> str:
    """Return a text a workbook can hold: a lone surrogate or a control sign becomes □."""
    return "".join(
        sign if sign in "\n\t" or (sign >= " " and not "\ud800" <= sign <= "\udfff") else "□" for sign in text
    )
