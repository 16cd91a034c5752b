"""The tables inside a circular's plain text: cells parted by tabs, and the sums that ought to hold in them.

A table is only checked where it says what adds up: a row or column called 合计, a rate beside 人数 and 资金. When a
cell spoils several sums at once, that cell is named, not every sum.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING

from casework.policy.source import squeeze

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NUMBER = re.compile(r"([0-9]+(?:\.[0-9]+)?)(?:人|名|个|户|元|万元)?")
_BLANK = frozenset({"", "-", "—", "–", "/"})
_TOTAL = re.compile(r"(?:总|合|共)计")
_SUBTOTAL = re.compile(r"小计")
_SERIAL = frozenset({"序号", "编号", "序"})
_PEOPLE, _MONEY, _RATE = "人数", "资金", "标准"
_MEASURES = (
    (_RATE, re.compile(r"标准")),
    (_MONEY, re.compile(r"资金|金额|经费|慰问金|救助金|款")),
    (_PEOPLE, re.compile(r"人数|名额")),
)
_RATE_IN_CAPTION = re.compile(r"([0-9][0-9,.]*)(万?)元[/每]?(?:每?人|每?户|名)")

Place = tuple[int, int]
"""(row, column) of a table, both from 0."""


@dataclass(frozen=True)
class TextTable:
    """A table as it stands in the text; `first_line` is the line number of its first row."""

    title: str
    first_line: int
    rows: tuple[tuple[str, ...], ...]

    def line(self, row: int) -> int:
        """Return the line number of a row."""
        return self.first_line + row


@dataclass(frozen=True)
class Checked:
    """How much was held against each other; nothing found means little where nothing was checked."""

    cells: int = 0
    products: int = 0
    row_checks: int = 0
    column_checks: int = 0

    def __add__(self, other: Checked) -> Checked:
        return Checked(
            self.cells + other.cells,
            self.products + other.products,
            self.row_checks + other.row_checks,
            self.column_checks + other.column_checks,
        )


@dataclass(frozen=True)
class Doubt:
    """What does not add up: the cell it comes down to, what stands there, and why that cannot be."""

    line: int
    row: str
    column: str
    read: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class _Equation:
    """One sum or product: the cells it joins; `wrong` says in Chinese how it fails, "" where it holds."""

    target: Place
    cells: frozenset[Place]
    wrong: str


@dataclass(frozen=True)
class _Column:
    index: int
    group: str
    measure: str
    caption: str

    @property
    def name(self) -> str:
        return f"{self.group}·{self.measure}" if self.group and self.measure else self.group or self.measure


@dataclass
class Sums:
    """What was checked in one table; `total_fen` and `total_people` stand in its bottom right corner."""

    checked: Checked = field(default_factory=Checked)
    doubts: tuple[Doubt, ...] = ()
    total_fen: int | None = None
    total_people: int | None = None


def read_tables(lines: Sequence[str]) -> tuple[TextTable, ...]:
    """Return the tables of a text, each with the nearest line above it as its title."""
    tables, title = [], ""
    for tabbed, run in groupby(enumerate(lines), key=lambda pair: "\t" in pair[1]):
        numbered = list(run)
        if not tabbed:
            title = next((line.strip() for _, line in reversed(numbered) if line.strip()), title)
            continue
        cells = [line.split("\t") for _, line in numbered]
        width = max(len(row) for row in cells)
        rows = tuple(tuple(cell.strip() for cell in row) + ("",) * (width - len(row)) for row in cells)
        tables.append(TextTable(title, numbered[0][0] + 1, rows))
    return tuple(tables)


def number(cell: str) -> Fraction | None:
    """Return the number in a cell, exact, or None where there is none."""
    plain = unicodedata.normalize("NFKC", squeeze(cell)).replace(",", "")
    found = _NUMBER.fullmatch(plain)
    return Fraction(found[1]) if found else None


def plain(value: Fraction) -> str:
    """Return an exact number the way a table shows it."""
    if value.denominator == 1:
        return str(value.numerator)
    scale = 1
    while (value * scale).denominator != 1:
        scale *= 10
    digits = str((value * scale).numerator).rjust(len(str(scale)), "0")
    return f"{digits[: 1 - len(str(scale))]}.{digits[1 - len(str(scale)) :]}"


def check_sums(table: TextTable) -> Sums:
    """Hold every sum and product of a table against its cells."""
    return _Check(table).run()


class _Check:
    def __init__(self, table: TextTable) -> None:
        self.table = table
        self.start = next((r for r, row in enumerate(table.rows) if any(map(_is_number, row[1:]))), len(table.rows))
        self.body = range(self.start, len(table.rows))
        self.columns = self._read_header() if self.start else []
        self.names = {0: "表头"} | {row: self._row_name(row) for row in self.body}

    def run(self) -> Sums:
        rows = list(self._row_sums())
        columns = list(self._column_sums())
        products = list(self._products())
        equations = [*rows, *columns, *products]
        if not equations:
            return Sums()
        size = len(self.body) * len(self.table.rows[0])
        sums = Sums(Checked(size, len(products), len(rows), len(columns)), tuple(self._doubts(equations)))
        for total, measure in (("total_fen", _MONEY), ("total_people", _PEOPLE)):
            value = self._corner(measure)
            if value is not None:
                setattr(sums, total, int(value * 100) if measure == _MONEY else int(value))
        return sums

    # -- layout

    def _read_header(self) -> list[_Column]:
        header = self.table.rows[: self.start]
        columns, group = [], ""
        for index in range(len(header[0])):
            top = squeeze(header[0][index])
            group = top or group
            below = squeeze("".join(row[index] for row in header[1:]))
            caption = group + below
            if squeeze(caption) in _SERIAL or not self._is_numeric(index):
                continue
            measure = next((name for name, words in _MEASURES if words.search(below or top)), "")
            name = group if below else _without_measure(top, measure)
            columns.append(_Column(index, re.sub(r"[（(].*?[）)]", "", name), measure or below, caption))
        return columns

    def _is_numeric(self, index: int) -> bool:
        filled = [row[index] for row in self.table.rows[self.start :] if squeeze(row[index]) not in _BLANK]
        numbers = sum(map(_is_number, filled))
        return numbers > 0 and numbers * 2 >= len(filled)

    def _row_name(self, row: int) -> str:
        return next((squeeze(c) for c in self.table.rows[row] if squeeze(c) and not _is_number(c)), "")

    def _value(self, place: Place) -> Fraction | None:
        return number(self.table.rows[place[0]][place[1]])

    # -- sums and products

    def _row_sums(self) -> Iterator[_Equation]:
        measures = dict.fromkeys(column.measure for column in self.columns if column.measure != _RATE)
        for measure in measures:
            columns = [column for column in self.columns if column.measure == measure]
            names = [column.group for column in columns]
            for total, parts in _totals(names):
                found = [
                    self._sum((row, columns[total].index), [(row, columns[part].index) for part in parts], "本行各项")
                    for row in self.body
                ]
                equations = [equation for equation in found if equation is not None]
                # A layout we misread fails everywhere; a slip of the pen fails in a row or two.
                if sum(bool(equation.wrong) for equation in equations) * 2 <= max(len(equations), 3):
                    yield from equations

    def _column_sums(self) -> Iterator[_Equation]:
        rows = list(self.body)
        for column in self.columns:
            if column.measure == _RATE:
                continue
            for total, parts in _totals([self.names[row] for row in rows]):
                places = [(rows[part], column.index) for part in parts]
                equation = self._sum((rows[total], column.index), places, "本列各行")
                if equation is not None:
                    yield equation

    def _sum(self, target: Place, parts: list[Place], of: str) -> _Equation | None:
        values = [value for value in map(self._value, parts) if value is not None]
        stated = self._value(target)
        if stated is None and not values:
            return None
        summed = sum(values, Fraction(0))
        wrong = "" if stated == summed else f"{of}相加是 {plain(summed)}，{self._written(target)}"
        return _Equation(target, frozenset([target, *parts]), wrong)

    def _written(self, place: Place) -> str:
        cell = self.table.rows[place[0]][place[1]]
        name = f"“{self.names[place[0]]}”行“{self._column_name(place[1])}”"
        return f"{name}写的是 {cell}" if cell else f"{name}空着"

    def _column_name(self, index: int) -> str:
        return next(column.name for column in self.columns if column.index == index)

    def _products(self) -> Iterator[_Equation]:
        for group in dict.fromkeys(column.group for column in self.columns):
            by = {column.measure: column for column in self.columns if column.group == group}
            if _PEOPLE not in by or _MONEY not in by:
                continue
            people, money, rate = by[_PEOPLE], by[_MONEY], by.get(_RATE)
            scale = 10_000 if "万元" in money.caption else 1
            stated = _rate_of(people.caption)
            for row in self.body:
                factor = self._value((row, rate.index)) if rate is not None else stated
                heads, paid = self._value((row, people.index)), self._value((row, money.index))
                if factor is None or (heads is None and paid is None):
                    continue
                # The rate is one more cell that may be wrong: in this row, or in the caption all rows share.
                source = (row, rate.index) if rate is not None else (0, people.index)
                cells = frozenset({(row, people.index), (row, money.index), source})
                due = (heads or 0) * factor / scale
                wrong = ""
                if paid != due:
                    count = plain(heads) if heads is not None else "（空）"
                    wrong = f"{count} 人×{plain(factor)} 元应为 {plain(due)}，{self._written((row, money.index))}"
                yield _Equation((row, money.index), cells, wrong)

    def _corner(self, measure: str) -> Fraction | None:
        """Return the grand total of a measure: total row × total column, or × the only column of that measure."""
        total_rows = [row for row in self.body if _TOTAL.match(self.names[row])]
        columns = [column for column in self.columns if column.measure == measure]
        totals = [column for column in columns if _TOTAL.match(column.group)] or columns
        if not total_rows or len(totals) != 1:
            return None
        value = self._value((total_rows[-1], totals[0].index))
        return value * 10_000 if value is not None and "万元" in totals[0].caption else value

    # -- what it comes down to

    def _doubts(self, equations: list[_Equation]) -> Iterator[Doubt]:
        """Yield one doubt per cell that explains failures together, then one per failure left over."""
        failing = [equation for equation in equations if equation.wrong]
        sound = Counter(cell for equation in equations if not equation.wrong for cell in equation.cells)
        while failing:
            # A wrong cell spoils everything it stands in: one that also stands in a sound sum is not the culprit.
            blame = Counter(c for equation in failing for c in equation.cells if not sound[c])
            cell = min(blame, key=lambda place: (-blame[place], place), default=failing[0].target)
            if blame[cell] < 2:
                cell = failing[0].target
            explained = [e for e in failing if cell in e.cells] if blame[cell] > 1 else failing[:1]
            failing = [equation for equation in failing if equation not in explained]
            row, column = cell
            yield Doubt(
                self.table.line(row),
                self.names[row],
                self._column_name(column),
                self.table.rows[row][column],
                tuple(equation.wrong for equation in explained),
            )


def _is_number(cell: str) -> bool:
    return number(cell) is not None


def _without_measure(caption: str, measure: str) -> str:
    words = dict(_MEASURES).get(measure)
    return words.sub("", caption) if words is not None else caption


def _rate_of(caption: str) -> Fraction | None:
    found = _RATE_IN_CAPTION.search(unicodedata.normalize("NFKC", caption))
    if found is None or found[1].count(".") > 1:
        return None
    return Fraction(found[1].replace(",", "").rstrip(".")) * (10_000 if found[2] else 1)


def _totals(names: Sequence[str]) -> Iterator[tuple[int, list[int]]]:
    """Yield (index of a total, indices of its parts) for a row of captions or a column of names.

    A 小计 adds up what stands since the 小计 before it; a 合计 adds up everything that is neither.
    """
    totals = [index for index, name in enumerate(names) if _TOTAL.match(name)]
    since: list[int] = []
    for index, name in enumerate(names):
        if _SUBTOTAL.search(name):
            if since:
                yield index, since
            since = []
        elif index not in totals:
            since.append(index)
    parts = [i for i, name in enumerate(names) if i not in totals and not _SUBTOTAL.search(name)]
    for total in totals:
        if parts:
            yield total, parts
