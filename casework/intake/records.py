"""The cells of a sheet put together: which belong to which person, which rows are no person and why."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

from casework.intake.columns import COMPACT, MEMBER, UNDER_MEMBERS, SheetColumn, bare_key, compact, head_key, scale_of
from casework.intake.columns import filled as is_filled
from casework.vocabulary import Term

if TYPE_CHECKING:
    from collections.abc import Mapping as Dictionary

    from casework.intake.mapping import MappedColumn, Mapping
    from casework.sheets import Cell, Sheet


class SkipKind(Term):
    """Why a row is not a person."""

    HEAD = "head", "重复的表头"
    TOTAL = "total", "合计行"
    NOTE = "note", "表外文字"
    NUMBERED = "numbered", "没有填写的行"
    HIDDEN = "hidden", "隐藏的行"
    SHEET = "sheet", "没有名单的工作表"
    HIDDEN_SHEET = "hidden_sheet", "隐藏的工作表"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that was not read, with its words; row 0 is a whole sheet, `rows` how many it stands for."""

    sheet: str
    row: int
    kind: SkipKind
    text: str = ""
    rows: int = 1


@dataclass(frozen=True, slots=True)
class Spot:
    """A cell of a person: where it stands (0-based), what is in it, what it is read as."""

    row: int
    column: int
    value: Cell
    head: str
    read_as: SheetColumn
    scale: int = 1
    fault: str = ""

    @property
    def filled(self) -> bool:
        """Tell whether anything stands there."""
        return bool(self.fault) or is_filled(self.value)


@dataclass
class Record:
    """One person as the sheet has it; `odd` are cells that belong to nobody for certain."""

    row: int
    cells: dict[str, Spot]
    relatives: list[dict[str, Spot]] = field(default_factory=list)
    odd: list[Spot] = field(default_factory=list)


class OrdinaryRecord(Record):
    """A row that is one person and nothing else; its cells are put together when somebody asks for them."""

    def __init__(self, row: int, cells: Callable[[int], dict[str, Spot]]) -> None:
        self.row, self._cells = row, cells
        self.relatives, self.odd = [], []

    @cached_property
    def cells(self) -> dict[str, Spot]:  # type: ignore[override]
        """Return the cells of the row."""
        return self._cells(self.row)


@dataclass(frozen=True)
class Total:
    """A row of totals: `after` is how many records stand above it, `part` tells 小计 from 合计."""

    row: int
    cells: dict[str, Spot]
    after: int
    part: bool


@dataclass
class Records:
    """What a sheet holds."""

    people: list[Record] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    totals: list[Total] = field(default_factory=list)
    columns: list[tuple[MappedColumn, SheetColumn]] = field(default_factory=list)


TOTAL: Final = re.compile(r"(?:本页)?(?:合计|总计|小计|共计|累计)")
_FOOT: Final = re.compile(
    r"(?:注|备注|说明|填表|制表|填报|审核|联系|负责人|经办|单位主要|主要负责|单位负责|单位盖章|上报单位|领导签字|签字|盖章|公章|以下空白)"
    r".{0,16}?(?:[:(]|$)|注[:.0-9]|\(.{0,8}(?:盖章|公章)\)"
)
_LIGHT: Final = frozenset({"index", "unit", "category", "unit_rank", "path"})
"""What a prepared blank row may already carry."""


def collect(
    sheet: Sheet,
    mapping: Mapping,
    columns: Dictionary[str, SheetColumn],
    *,
    include_hidden: bool = False,
    quick: bool = True,
) -> Records:
    """Return the people of a sheet and every row that is none.

    Args:
        sheet: The sheet.
        mapping: How it is read.
        columns: The columns by id.
        include_hidden: Read hidden rows and columns as well.
        quick: Tell ordinary rows at a glance.
    """
    if mapping.layout == "form":
        return _form(sheet, mapping, columns)
    return _Table(sheet, mapping, columns, include_hidden=include_hidden, quick=quick).collect()


class _Table:
    """One walk down a table."""

    def __init__(
        self,
        sheet: Sheet,
        mapping: Mapping,
        columns: Dictionary[str, SheetColumn],
        *,
        include_hidden: bool,
        quick: bool,
    ) -> None:
        self.sheet, self.mapping, self.include_hidden, self.quick = sheet, mapping, include_hidden, quick
        self.columns = [
            (column, columns[column.field])
            for column in mapping.columns
            if column.field in columns and (include_hidden or not column.hidden)
        ]
        self.field_at = {column.column: known.id for column, known in self.columns}
        self.name_at = next((column.column for column, known in self.columns if known.id == "name"), -1)
        self.grid = sheet.filled()
        heads = self.grid[mapping.first : mapping.last + 1]
        width = max((len(head) for head in heads), default=0)
        self.heads_at = {at: {compact(head[at]) for head in heads if at < len(head)} for at in range(width)}
        self.down: dict[tuple[int, int], tuple[int, int]] = {}
        self.wide: set[tuple[int, int]] = set()
        for top, left, bottom, right in sheet.merged:
            covers = sum(left <= at <= right for at in self.field_at)
            for row in range(max(top, mapping.last + 1), min(bottom + 1, len(sheet.rows))):
                if covers > 1 or right - left >= 2:
                    self.wide.update((row, at) for at in range(left, right + 1))
                elif row > top:
                    self.down.update({(row, at): (top, at) for at in range(left, right + 1)})
        self.found = Records()

    def collect(self) -> Records:
        for row in range(self.mapping.first):
            self._skip(row, SkipKind.NOTE)
        self.found.columns = self.columns
        ordinary = self._ordinary() if self.quick else ()
        for row in range(self.mapping.last + 1, len(self.sheet.rows)):
            if row in ordinary:
                self.found.people.append(OrdinaryRecord(row, self._own_cells))
            else:
                self._row(row)
        return self.found

    def _own_cells(self, row: int) -> dict[str, Spot]:
        return {key: spot for key, spot in self._cells(row).items() if not key.startswith(MEMBER)}

    def _ordinary(self) -> set[int]:
        """Return rows that are one person for certain, with nothing merged, broken, hidden or about relatives."""
        start, width = self.mapping.last + 1, max(map(len, self.sheet.rows), default=0)
        body = self.sheet.rows[start:]
        if not body or not 0 <= self.name_at < width or any(len(row) != width for row in body):
            return set()
        columns = list(zip(*body, strict=True))
        odd = {row for row, _ in self.sheet.faults} | self.sheet.hidden_rows
        for top, _, bottom, _ in self.sheet.merged:
            odd.update(range(top, min(bottom + 1, len(self.sheet.rows))))
        firsts, blank = columns[0], not all(map(is_filled, columns[0]))
        for at, cells in enumerate(columns):
            if blank:
                firsts = tuple(map(_first_of, firsts, cells))
            if self.field_at.get(at, "").startswith(MEMBER):
                odd.update(start + row for row, cell in enumerate(cells) if is_filled(cell))
            heads = self.heads_at.get(at, set()) - {""}
            if heads and all(head[0] > "\x7f" for head in heads):  # what is no text is spelled in ASCII
                texts = {cell for cell in set(cells) if isinstance(cell, str)}
                plain = {cell for cell in texts if COMPACT.fullmatch(cell)}
                like = (plain & heads) | {cell for cell in texts - plain if compact(cell) in heads}
            else:
                like = {cell for cell in set(cells) if compact(cell) in heads} if heads else set()
            if like:
                odd.update(start + row for row, cell in enumerate(cells) if cell in like)
        names = columns[self.name_at]
        no_names = {name for name in set(names) if not isinstance(name, str) or not is_filled(name)}
        no_names |= {name for name in set(names) - no_names if TOTAL.fullmatch(compact(name))}
        no_first = {first for first in set(firsts) if TOTAL.match(compact(first)) or _FOOT.match(compact(first))}
        return {
            start + row
            for row, (name, first) in enumerate(zip(names, firsts, strict=True))
            if name not in no_names and first not in no_first
        } - odd

    def _row(self, row: int) -> None:
        own = self.sheet.rows[row]
        filled = [at for at, cell in enumerate(own) if is_filled(cell) or (row, at) in self.sheet.faults]
        if not filled:
            return
        if row in self.sheet.hidden_rows and not self.include_hidden:
            self._skip(row, SkipKind.HIDDEN)
            return
        kind = self._no_person(row, filled)
        if kind is not None:
            if kind is SkipKind.TOTAL:
                part = "小计" in compact(own[filled[0]])
                self.found.totals.append(Total(row, self._cells(row), len(self.found.people), part))
            self._skip(row, kind)
            return
        self._person(row, filled)

    def _no_person(self, row: int, filled: list[int]) -> SkipKind | None:
        own = self.sheet.rows[row]
        first = compact(own[filled[0]])
        same = [at for at in filled if compact(own[at]) in self.heads_at.get(at, ())]
        if len(same) >= 2 and len(same) * 2 > len(filled):
            return SkipKind.HEAD
        if TOTAL.match(first) or (self.name_at in filled and TOTAL.fullmatch(compact(own[self.name_at]))):
            return SkipKind.TOTAL
        named = self.name_at in filled and (row, self.name_at) not in self.wide
        if _FOOT.match(first) and (":" in first or not named or filled[0] == self.name_at):
            return SkipKind.NOTE
        if not named and ((row, filled[0]) in self.wide or (len(filled) == 1 and filled[0] not in self.field_at)):
            return SkipKind.NOTE
        fields = {self.field_at.get(at, "") for at in filled}
        if not named and (row, self.name_at) not in self.down and fields <= _LIGHT | {""}:
            return SkipKind.NUMBERED
        return None

    def _person(self, row: int, filled: list[int]) -> None:
        cells = self._cells(row)
        people = self.found.people
        relative = {key: spot for key, spot in cells.items() if key.startswith(MEMBER)}
        person = {key: spot for key, spot in cells.items() if key not in relative}
        told = any(spot.filled for spot in relative.values())
        if self.name_at not in filled and people:
            more = [
                spot
                for key, spot in person.items()
                if spot.filled and spot.column in filled and key not in {"index", "name"}
            ]
            if told and not more:
                people[-1].relatives.append(relative)
                return
            if (row, self.name_at) in self.down:
                people[-1].odd.extend(more)
                if told:
                    people[-1].relatives.append(relative)
                return
        people.append(Record(row, person, [relative] if told else []))

    def _cells(self, row: int) -> dict[str, Spot]:
        cells = {}
        for column, known in self.columns:
            at = column.column
            value, fault = self._at(row, at, own=True), self.sheet.faults.get((row, at), "")
            if (row, at) in self.down and not compact(value) and not fault and known.id != "name":
                top = self.down[row, at]
                value, fault = self._at(*top, own=True), self.sheet.faults.get(top, "")
            cells[known.id] = Spot(row, at, value, column.head, known, column.scale, fault)
        return cells

    def _at(self, row: int, column: int, *, own: bool = False) -> Cell:
        cells = self.sheet.rows[row] if own else self.grid[row]
        return cells[column] if column < len(cells) else None

    def _skip(self, row: int, kind: SkipKind) -> None:
        text = words(self.sheet, row)
        if kind is SkipKind.HIDDEN:  # a whole person: who it is, and nothing else of him
            own = self.sheet.rows[row]
            named = (cell for at, cell in enumerate(own) if self.field_at.get(at) in _WHO and compact(cell))
            text = "　".join(map(_word, named)) or "（没有姓名）"
        if text:
            self.found.skipped.append(Skipped(self.sheet.name, row + 1, kind, text))


def _first_of(cell: Cell, after: Cell) -> Cell:
    return cell if is_filled(cell) else after


def words(sheet: Sheet, row: int) -> str:
    """Return the words of a row, one after the other."""
    return "　".join(_word(cell) for cell in sheet.rows[row] if compact(cell))


def _word(cell: Cell) -> str:
    """Return the words of a cell; a number that may be somebody's identity, card or phone is not repeated."""
    text = str(cell).strip() if not isinstance(cell, float) else repr(cell).removesuffix(".0")
    return _NUMBERS.sub("****", text)


_NUMBERS: Final = re.compile(r"\d{11,}[Xx]?|\b1\d{2}[ -]\d{4}[ -]\d{4}\b")
_WHO: Final = frozenset({"index", "unit", "name"})


# -- the form of one person ------------------------------------------------------------------------------------


def _form(sheet: Sheet, mapping: Mapping, columns: Dictionary[str, SheetColumn]) -> Records:
    """Read a 登记表: a label, and beside it what was filled in; a small table of relatives inside."""
    found = Records()
    labels = {head_key(column.head): column.field for column in mapping.columns if column.field in columns}
    cells: dict[str, Spot] = {}
    relatives: list[dict[str, Spot]] = []
    used: set[tuple[int, int]] = set()
    start = 0
    under: dict[int, str] = {}
    for row, own in enumerate(sheet.rows):
        heads = {at: UNDER_MEMBERS[bare_key(cell)] for at, cell in enumerate(own) if bare_key(cell) in UNDER_MEMBERS}
        if {f"{MEMBER}name", f"{MEMBER}relation"} <= set(heads.values()):
            under = heads
            continue
        marked = [at for at, cell in enumerate(own) if isinstance(cell, str) and head_key(cell) in labels]
        if under and not marked:
            relative = {
                key: Spot(
                    row, at, _cell(own, at), "家庭主要成员情况", columns[key], fault=sheet.faults.get((row, at), "")
                )
                for at, key in under.items()
                if key in columns
            }
            if any(spot.filled for spot in relative.values()):
                relatives.append(relative)
                used.update((row, spot.column) for spot in relative.values())
            continue
        if marked:
            under = {}
        for at, column, spot in _beside(sheet, row, marked, labels, columns):
            start = row if column == "name" and "name" not in cells else start
            cells.setdefault(column, spot)
            used.update({(row, at), (row, spot.column)})
    if any(spot.filled for spot in cells.values()):
        found.people.append(Record(start, cells, relatives))
    for row, own in enumerate(sheet.rows):
        left = [_word(cell) for at, cell in enumerate(own) if compact(cell) and (row, at) not in used]
        if left:
            found.skipped.append(Skipped(sheet.name, row + 1, SkipKind.NOTE, "　".join(left)))
    return found


def _beside(
    sheet: Sheet, row: int, marked: list[int], labels: Dictionary[str, str], columns: Dictionary[str, SheetColumn]
) -> Iterator[tuple[int, str, Spot]]:
    """Yield (label's column, field, the cell filled in beside it) of one row."""
    own = sheet.rows[row]
    for at, after in zip(marked, [*marked, len(own)][1:], strict=True):
        field_id = labels[head_key(own[at])]
        places = range(at + 1, after)
        place = next((p for p in places if compact(own[p]) or (row, p) in sheet.faults), min(at + 1, after))
        head = str(own[at])
        value = _cell(own, place) if place < after else None
        fault = sheet.faults.get((row, place), "")
        yield at, field_id, Spot(row, place, value, head, columns[field_id], scale_of(head), fault)


def _cell(cells: tuple[Cell, ...], at: int) -> Cell:
    return cells[at] if at < len(cells) else None
