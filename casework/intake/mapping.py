"""Which row of a sheet holds the heads and what each column means: proposed from the words, corrected by the officer.

A mapping is plain data. What a unit's officer corrected is remembered as head → column and proposed again for its
next file, wherever that column then stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Dictionary
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from casework.intake.columns import (
    MEMBER,
    MEMBER_GROUP,
    UNDER_MEMBERS,
    SheetColumn,
    bare_key,
    by_head,
    compact,
    head_key,
    known_columns,
    scale_of,
)

if TYPE_CHECKING:
    from casework.policy import Policy
    from casework.sheets import Sheet

Layout = Literal["table", "form", "none"]

_HEAD_WITHIN: Final = 30
_DEPTH: Final = 3
_FEWEST: Final = 2
_UNIT_ABOVE: Final = re.compile(
    r"(?:上报单位|填报单位|推荐单位|单位名称|单位)\s*(?:[(（]\s*(?:盖章|公章)\s*[)）])?\s*[:：]\s*(?P<unit>[^\s:：]+)"
)
_TITLE: Final = re.compile(r"(?:表|册|名单|台账)\s*(?:[(（].*[)）])?\s*$")
_YEAR: Final = re.compile(r"((?:19|20)[0-9]{2})\s*年")


@dataclass(frozen=True, slots=True)
class MappedColumn:
    """One column of a sheet: its 0-based number, its head as written, what it is read as ("" is not read)."""

    column: int
    head: str
    field: str
    scale: int = 1
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Mapping:
    """How one sheet is read.

    Attributes:
        sheet: The name of the sheet.
        layout: `table` one row per person, `form` a 登记表 of one person, `none` nothing to read.
        first, last: The 0-based rows of the heads, both included.
        columns: Every column with a head.
        unit: The unit named above the table, or chosen by the officer; for rows that name none.
        category: The category id for rows that name none, chosen by the officer.
        year: The year in the title, or None.
    """

    sheet: str
    layout: Layout = "none"
    first: int = 0
    last: int = 0
    columns: tuple[MappedColumn, ...] = ()
    unit: str = ""
    category: str = ""
    year: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the mapping as plain data."""
        return asdict(self) | {"columns": [asdict(column) for column in self.columns]}

    @classmethod
    def from_json(cls, stored: Dictionary[str, Any]) -> Mapping:
        """Return the mapping that `to_json` wrote."""
        return cls(**{**stored, "columns": tuple(MappedColumn(**column) for column in stored["columns"])})

    def fields(self) -> dict[str, MappedColumn]:
        """Return what is read, by field."""
        return {column.field: column for column in self.columns if column.field}

    def unread(self) -> tuple[str, ...]:
        """Return the heads that are not read."""
        return tuple(column.head for column in self.columns if not column.field)

    def correct(self, choices: Dictionary[str, str]) -> Mapping:
        """Return the mapping with heads read as the officer says; "" leaves a column alone."""
        wanted = {head_key(head): field for head, field in choices.items()}
        taken = {field for field in wanted.values() if field}
        columns = tuple(
            replace(
                column,
                field=wanted.get(head_key(column.head), "" if column.field in taken else column.field),
            )
            for column in self.columns
        )
        return replace(self, columns=columns)

    def remembered(self) -> dict[str, str]:
        """Return head → field, to be kept for the unit and given to `propose_mapping` with its next file."""
        return {head_key(column.head): column.field for column in self.columns}


def propose_mappings(
    sheets: Iterable[Sheet],
    policy: Policy,
    *,
    fields: Sequence[SheetColumn] | None = None,
    remembered: Dictionary[str, str] | None = None,
) -> tuple[Mapping, ...]:
    """Return a mapping for every sheet in view that has something to read."""
    proposed = (propose_mapping(sheet, policy, fields, remembered=remembered) for sheet in sheets if sheet.visible)
    return tuple(mapping for mapping in proposed if mapping.layout != "none")


def propose_mapping(
    sheet: Sheet,
    policy: Policy,
    fields: Sequence[SheetColumn] | None = None,
    *,
    remembered: Dictionary[str, str] | None = None,
) -> Mapping:
    """Return how a sheet is probably to be read.

    The heads are the first rows (one to three, merged or not) whose words name a person and the most other columns.

    Args:
        sheet: The sheet.
        policy: The circular of the round; its own fields are columns too.
        fields: The columns to look for; all known ones by default.
        remembered: Head → field, as the unit's officer left them last time.
    """
    heads = by_head(fields if fields is not None else known_columns(policy))
    known = {head_key(head): field for head, field in (remembered or {}).items()}
    grid = sheet.filled()
    best: tuple[int, int, int, tuple[MappedColumn, ...]] | None = None
    for first in range(min(_HEAD_WITHIN, len(grid))):
        for last in range(first, min(first + _DEPTH, len(grid))):
            if last > first and not _is_head_row(sheet, first, last, heads):
                break
            columns = _columns(grid[first : last + 1], heads, known, sheet.hidden_columns)
            found = {column.field for column in columns if column.field}
            lead = any(_leads(cell, heads) or compact(cell) in known for cell in grid[first])
            if lead and "name" in found and len(found) >= _FEWEST and (best is None or len(found) > best[0]):
                best = (len(found), first, last, columns)
    if _is_form(sheet, heads):
        above = _above(sheet, grid, len(grid))
        return Mapping(sheet.name, "form", columns=_labels(grid, heads, known), unit=above[0], year=above[1])
    if best is None:
        return Mapping(sheet.name)
    above = _above(sheet, grid, best[1])
    return Mapping(sheet.name, "table", best[1], best[2], best[3], above[0], year=above[1])


def _leads(cell: object, heads: Dictionary[str, SheetColumn]) -> bool:
    """Tell whether a cell can stand in the first row of heads: 填报单位（盖章）： and 联系电话： stand above them."""
    return bool(_label(cell, heads)) and not compact(cell).endswith(":")


def _is_head_row(sheet: Sheet, first: int, row: int, heads: Dictionary[str, SheetColumn]) -> bool:
    """Tell whether a row below the first heads is a lower head: merged down from above, or nothing but known words."""
    if any(top <= first and bottom >= row for top, _, bottom, _ in sheet.merged if bottom > top):
        return True
    own = [compact(cell) for cell in sheet.rows[row] if compact(cell)]
    return bool(own) and all(word in heads or word in UNDER_MEMBERS or bare_key(word) in heads for word in own)


def _columns(
    rows: list[list[Any]], heads: Dictionary[str, SheetColumn], known: Dictionary[str, str], hidden: frozenset[int]
) -> tuple[MappedColumn, ...]:
    """Return the columns under some rows of heads; the first of two equal ones is read."""
    columns: list[MappedColumn] = []
    taken: set[str] = set()
    width = max((len(row) for row in rows), default=0)
    titles = [
        list(dict.fromkeys(compact(row[place]) for row in rows if place < len(row) and compact(row[place])))
        for place in range(width)
    ]
    for place, words in enumerate(titles):
        if not words:
            continue
        head = "/".join(words)
        after = titles[place + 1] if place + 1 < width else []
        field = known.get(head_key(head))
        if field is None:
            field = _meaning(words, after, heads, taken)
        if field in taken:
            field = ""
        taken.add(field)
        columns.append(MappedColumn(place, head, field, scale_of(head), place in hidden))
    return tuple(columns)


def _meaning(words: list[str], after: list[str], heads: Dictionary[str, SheetColumn], taken: set[str]) -> str:
    """Return the field of a column from its heads, upper first, or ""."""
    lower = head_key(words[-1])
    if len(words) > 1 and any(bare_key(word) in MEMBER_GROUP for word in words[:-1]):
        return UNDER_MEMBERS.get(lower, UNDER_MEMBERS.get(bare_key(lower), ""))
    if lower == "姓名" and "name" in taken and after and UNDER_MEMBERS.get(head_key(after[-1])) == f"{MEMBER}relation":
        return f"{MEMBER}name"
    for key in (head_key("/".join(words)), "".join(map(head_key, words)), lower, bare_key(lower), head_key(words[0])):
        if key in heads:
            return heads[key].id
    upper = bare_key(words[0])
    return heads[upper].id if upper in heads else ""


def _above(sheet: Sheet, grid: list[list[Any]], rows: int) -> tuple[str, int | None]:
    """Return the unit and the year in the lines over the table."""
    lines = [
        *sheet.above,
        *("　".join(dict.fromkeys(str(cell).strip() for cell in row if compact(cell))) for row in grid[:rows]),
    ]
    unit, year = "", None
    for line in lines:
        found = _UNIT_ABOVE.search(line)
        named = compact(found["unit"]) if found and not unit else ""
        unit = unit or named
        stated = _YEAR.search(line) if _TITLE.search(line) else None
        year = year or (int(stated[1]) if stated else None)
    return unit, year


# -- the form of one person ------------------------------------------------------------------------------------


def _is_form(sheet: Sheet, heads: Dictionary[str, SheetColumn]) -> bool:
    """Tell a 登记表 from a table: there is room beside the label 姓名, and other labels stand in other rows."""
    known: dict[Any, str] = {}

    def label(cell: Any) -> str:
        if cell not in known:
            known[cell] = _label(cell, heads)
        return known[cell]

    named = next(
        (
            (number, place)
            for number, row in enumerate(sheet.rows)
            for place, cell in enumerate(row)
            if label(cell) == "name"
        ),
        None,
    )
    if named is None:
        return False
    row, place = named
    if place + 1 < len(sheet.rows[row]) and label(sheet.rows[row][place + 1]):
        return False
    elsewhere = {label(cell) for number, cells in enumerate(sheet.rows) if number != row for cell in cells}
    return len(elsewhere - {"name", ""}) >= 3


def _label(cell: object, heads: Dictionary[str, SheetColumn]) -> str:
    if not isinstance(cell, str) or len(cell) > 40:
        return ""
    for key in (head_key(cell), bare_key(cell)):
        if key in heads:
            return heads[key].id
    return "members" if bare_key(cell) in MEMBER_GROUP else ""


def _labels(
    grid: list[list[Any]], heads: Dictionary[str, SheetColumn], known: Dictionary[str, str]
) -> tuple[MappedColumn, ...]:
    """Return the labels of a form; `column` is where the label stands in its row."""
    columns: list[MappedColumn] = []
    seen: set[str] = set()
    for row in grid:
        for place, cell in enumerate(row):
            field = known.get(head_key(cell)) if isinstance(cell, str) else None
            field = _label(cell, heads) if field is None else field
            if field and field not in seen:
                seen.add(field)
                columns.append(MappedColumn(place, str(cell), field, scale_of(cell)))
    return tuple(columns)
