"""The rows most sheets are made of, read a column at a time.

A row is ordinary where it is a person for certain and there is nothing to say about any of its cells, alone or against
each other. What it says is then worked out once per different value of a column. Everything else takes the way of
`reading`, a cell at a time; both ways say the same of an ordinary row, which a test holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from casework.dates import FIRST_YEAR, LAST_YEAR, PartialDate
from casework.identity import Card, IdNumber, name_key
from casework.intake.cells import Read
from casework.intake.draft import Draft, Issue
from casework.intake.people import AS_READ, DAYS, beneficiary_of, causes_and_brief
from casework.intake.records import OrdinaryRecord
from casework.intake.schema import ASKED, INTAKE
from casework.intake.texts import MOST_LONG, MOST_SHORT, ORDINARY
from casework.money import half_up
from casework.vocabulary import Membership, Sex

if TYPE_CHECKING:
    from casework.policy import Policy
    from casework.sheets import Cell, Sheet

Values = list[Any]
_Table = dict[Any, Any]

_NAME: Final = re.compile(f"[\u4e00-\u9fa5A-Za-z](?:{ORDINARY})?")
_TEXT: Final = re.compile(ORDINARY)
_MOBILE: Final = re.compile("1[3-9][0-9]{9}")
_DAY: Final = re.compile("([0-9]{4})[-./]([0-9]{1,2})[-./]([0-9]{1,2})")
_MOST: Final = 10**9
_OLDEST: Final = 120
_OF_AGE: Final = 18
_NEAR_FEN: Final = 100
_NUMBERS: Final = (bool, int, float)


# -- a column ------------------------------------------------------------------------------------------------------


def read_column(
    kind: str, scale: int, cells: Iterable[Cell], read: Callable[[Cell], Read]
) -> tuple[Values, list[bool] | None]:
    """Return what each cell of a column says, and for which of them there is something to say (None: for none).

    Args:
        kind: As `columns.SheetColumn.kind`.
        scale: 10000 where the head says 万元.
        cells: The cells.
        read: How one cell is read.
    """
    listed = list(cells)
    types = set(map(type, listed))
    if sum(each in types for each in _NUMBERS) > 1:  # 1, 1.0 and True are one key
        reads = [read(cell) for cell in listed]
        said = [bool(each.remarks) for each in reads]
        return [each.value for each in reads], said if any(said) else None
    different = set(listed)
    different.discard(None)
    table = _quick(kind, scale, different)
    table[None] = None
    odd = set()
    for cell in different - table.keys():
        found = read(cell)
        table[cell] = found.value
        if found.remarks:
            odd.add(cell)
    return [table[cell] for cell in listed], [cell in odd for cell in listed] if odd else None


def _quick(kind: str, scale: int, cells: set[Any]) -> _Table:
    """Return cell → value for those that are read at a glance; the others are left out."""
    match kind:
        case "text" | "unit":
            return _texts(cells, _TEXT, MOST_SHORT)
        case "name":
            return _texts(cells, _NAME, MOST_SHORT)
        case "long" | "address":
            return _texts(cells, _TEXT, MOST_LONG)
        case "phone":
            return {cell: [cell] for cell in cells if isinstance(cell, str) and _MOBILE.fullmatch(cell)}
        case "fen" if scale in (1, 10_000):
            return {cell: int(cell) * 100 * scale for cell in cells if _whole(cell)}
        case "count" | "rank":
            return {cell: int(cell) for cell in cells if _whole(cell) and (kind == "count" or int(cell))}
        case "date" | "later":
            return dict(_days(cells))
    return {}


def _texts(cells: set[Any], pattern: re.Pattern[str], most: int) -> _Table:
    fits = pattern.fullmatch
    return {cell: cell for cell in cells if isinstance(cell, str) and len(cell) <= most and fits(cell)}


def _whole(cell: Cell) -> bool:
    if isinstance(cell, str):
        return len(cell) < 10 and cell.isascii() and cell.isdigit()
    return isinstance(cell, float) and 0 < cell < _MOST and cell.is_integer()


def _days(cells: set[Any]) -> Iterable[tuple[Any, PartialDate]]:
    for cell in cells:
        if isinstance(cell, date):
            if cell.year >= FIRST_YEAR:
                yield cell, PartialDate(cell.date() if isinstance(cell, datetime) else cell, "day")
        elif isinstance(cell, str) and (found := _DAY.fullmatch(cell)):
            year, month, day = map(int, found.groups())
            if FIRST_YEAR <= year <= LAST_YEAR and 1 <= month <= 12 and 1 <= day <= 28:
                yield cell, PartialDate(date(year, month, day), "day")


# -- a sheet -------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Block:
    """The ordinary rows of one sheet.

    Attributes:
        sheet: The sheet.
        rows: Their 0-based rows.
        read: Column → what its cells say, a value per row; a column the sheet has not is not there.
        placed: unit, unit_id, category: a value per row.
        plain: Which of the rows there is nothing to say about; the others are read a cell at a time.
    """

    sheet: Sheet
    rows: list[int]
    read: dict[str, Values]
    placed: dict[str, Values]
    plain: list[bool]

    def column(self, name: str) -> Values:
        """Return a column, or nothing for every row."""
        return self.read.get(name) or [None] * len(self.rows)

    @cached_property
    def keys(self) -> list[str]:
        """Return the names as they are compared."""
        known = {name: name_key(name) for name in set(self.read["name"]) if name}
        return [known.get(name, "") for name in self.read["name"]]

    def check(self, as_of: date) -> None:
        """Take out of `plain` every row whose cells may have something to say against each other."""
        for odd in (
            self._names(),
            self._past(as_of),
            self._order(),
            self._household(),
            self._numbers(),
            self._filled("members"),
        ):
            for at in odd:
                self.plain[at] = False

    def _filled(self, name: str) -> Iterable[int]:
        return (at for at, value in enumerate(self.read.get(name, ())) if value is not None)

    def _names(self) -> Iterable[int]:
        odd = {name for name in set(self.read["name"]) if not name or any(sign in name for sign in "（）()")}
        return (at for at, name in enumerate(self.read["name"]) if name in odd) if odd else ()

    def _past(self, as_of: date) -> Iterable[int]:
        for name in ("born_on", "joined_party_on", "full_member_on", "started_work_on"):
            days = self.read.get(name, ())
            odd = {day for day in set(days) if isinstance(day, PartialDate) and day.on > as_of}
            if name == "born_on":
                oldest = as_of.year - _OLDEST
                odd |= {day for day in set(days) if isinstance(day, PartialDate) and day.on.year <= oldest}
            if odd:
                yield from (at for at, day in enumerate(days) if day in odd)

    def _order(self) -> Iterable[int]:
        for first, later, years in (
            ("born_on", "joined_party_on", _OF_AGE + 1),
            ("born_on", "started_work_on", 0),
            ("joined_party_on", "full_member_on", 0),
            ("notice_from", "notice_to", 0),
        ):
            if first in self.read and later in self.read:
                for at, (one, other) in enumerate(zip(self.read[first], self.read[later], strict=True)):
                    if isinstance(one, PartialDate) and isinstance(other, PartialDate):
                        too_early = other.on.year - one.on.year <= years if years else other.on < one.on
                        if too_early:
                            yield at
        if "joined_party_on" in self.read:
            none = Membership.NONE.value
            memberships = self.column("membership")
            yield from (at for at in self._filled("joined_party_on") if memberships[at] == none)

    def _household(self) -> Iterable[int]:
        sizes = self.column("size")
        yield from (at for at, size in enumerate(sizes) if size == 0)
        for at in self._filled("per_head"):
            income, size = self.column("yearly_income")[at], sizes[at]
            share = half_up(income, size) if income is not None and size else None
            if share is None or abs(self.read["per_head"][at] - share) > _NEAR_FEN:
                yield at
        for at in self._filled("minors"):
            if sizes[at] and self.read["minors"][at] > sizes[at]:
                yield at

    def _numbers(self) -> Iterable[int]:
        """Return rows with an identity number that is not borne out, or a card that may be another's."""
        born, sexes = self.column("born_on"), self.column("sex")
        for at in self._filled("id_number"):
            number, day, sex = self.read["id_number"][at], born[at], sexes[at]
            fits = isinstance(number, IdNumber) and (
                day is None or (isinstance(day, PartialDate) and day.on <= number.born_on <= day.last())
            )
            if not fits or not (sex is None or (sex == Sex.MALE.value) is number.male):
                yield at
        holders = self.column("card_holder")
        for at in self._filled("card"):
            card = self.read["card"][at]
            if not isinstance(card, Card) or card.holder or holders[at]:
                yield at

    # -- what becomes of them --------------------------------------------------------------------------------------

    def frame(self, chosen: list[int], states: list[str], policy: Policy) -> pl.DataFrame:
        """Return `schema.INTAKE` of the chosen rows; as `people.row_of` a row at a time."""

        def of(name: str) -> Values:
            column = self.read.get(name)
            return [column[at] for at in chosen] if column else [None] * len(chosen)

        made: dict[str, Values] = {
            "sheet": [self.sheet.name] * len(chosen),
            "row": [self.rows[at] + 1 for at in chosen],
            "state": states,
        }
        made |= {name: [column[at] for at in chosen] for name, column in self.placed.items()}
        made |= {column: of(source) for source, column in AS_READ.items()}
        made |= {name: [day.on if day is not None else None for day in of(name)] for name in DAYS}
        made["born_precision"] = [day.precision if day is not None else None for day in of("born_on")]
        places = [place or (None, None) for place in of("position")]
        made["position"], made["tags"] = [place[0] for place in places], [place[1] for place in places]
        causes = _once(causes_and_brief, of("cause"), made["brief"])
        made["causes"], made["brief"] = [each[0] for each in causes], [each[1] for each in causes]

        def beneficiary(written: str | None, category: str | None, membership: str | None) -> str | None:
            return beneficiary_of(policy, written, category, membership)

        stated = of("beneficiary")
        made["beneficiary"] = _once(beneficiary, stated, made["category"], made["membership"])
        made["beneficiary_stated"] = [each is not None for each in stated]
        shares = zip(made["yearly_income_fen"], made["size"], strict=True)
        made["per_head_fen"] = [half_up(fen, size) if fen is not None and size else None for fen, size in shares]
        made |= self._contacts(of, made["address"])
        return pl.DataFrame([_series(name, made[name], kind) for name, kind in INTAKE.items()])

    @staticmethod
    def _contacts(of: Callable[[str], Values], addresses: Values) -> dict[str, Values]:
        cards = of("card")
        both: list[tuple[str | None, list[str]]] = [each or (None, []) for each in of("address_phone")]
        phones = [[*(own or ()), *more[1]] for own, more in zip(of("phone"), both, strict=True)]
        holders = zip(cards, of("card_holder"), strict=True)
        return {
            "id_number": [number.number if number is not None else None for number in of("id_number")],
            "card": [card.number if card is not None else None for card in cards],
            "card_holder": [(card.holder if card is not None else "") or holder for card, holder in holders],
            "phone": [each[0] if each else None for each in phones],
            "more_phones": [each[1:] or None for each in phones],
            "address": [each[0] or own for each, own in zip(both, addresses, strict=True)],
        }

    def asked(self, chosen: list[int], at: list[int], policy: Policy) -> pl.DataFrame:
        """Return `schema.ASKED` of the chosen rows with their place `at` and the field's; as `people.asked_row`."""
        found = []
        for order, field in enumerate(policy.fields):
            values = self.read.get(field.id)
            for place, row in zip(at, chosen, strict=True) if values else ():
                value = values[row]  # type: ignore[index]
                if value is None:
                    continue
                day = value.on if isinstance(value, PartialDate) else None
                number = int(value) if isinstance(value, int) else None
                words = str(value) if day is None and number is None else None
                found.append((place, order, self.sheet.name, self.rows[row] + 1, field.id, number, words, day))
        schema: Mapping[str, Any] = {"at": pl.Int64, "order": pl.Int64, **ASKED}
        return pl.DataFrame(found, schema=schema, orient="row")


def _once(work: Callable[..., Any], *columns: Values) -> Values:
    """Return `work` of every row, done once for equal ones; what is no text is known by its identity."""
    keys = [column if set(map(type, column)) <= {str} else [_key(value) for value in column] for column in columns]
    known: dict[tuple[Any, ...], Any] = {}
    result = []
    for key, values in zip(zip(*keys, strict=True), zip(*columns, strict=True), strict=True):
        if key not in known:
            known[key] = work(*values)
        result.append(known[key])
    return result


def _key(value: Any) -> str | int:
    return value if isinstance(value, str) else id(value)


def _series(name: str, values: Values, kind: Any) -> pl.Series:
    """Return a column; polars takes lists one by one, so each of them is handed over once."""
    if not isinstance(kind, pl.List):
        return pl.Series(name, values, kind)
    places: dict[int, int] = {}
    which = [places.setdefault(id(value), len(places)) for value in values]
    firsts = dict(zip(reversed(which), reversed(values), strict=True))
    return pl.Series(name, [firsts[at] for at in range(len(places))], kind).gather(which)


class OrdinaryDraft(Draft):
    """An ordinary row; only where the file or the ledger has something to say of it is more made of it than this."""

    def __init__(self, block: Block, at: int, record: OrdinaryRecord, file: str) -> None:
        self.block, self.at, self.record, self.file, self.sheet = block, at, record, file, block.sheet

    @cached_property
    def issues(self) -> list[Issue]:  # type: ignore[override]
        """Return what is to be said of the row after all."""
        return []

    @cached_property
    def relatives(self) -> list[dict[str, Read]]:  # type: ignore[override]
        """Return nobody: a row with relatives is not ordinary."""
        return []

    @cached_property
    def reads(self) -> dict[str, Read]:  # type: ignore[override]
        """Return what the cells say."""
        return {name: Read(values[self.at]) for name, values in self.block.read.items()}

    @cached_property
    def values(self) -> dict[str, Any]:  # type: ignore[override]
        """Return the unit and the category."""
        return {name: values[self.at] for name, values in self.block.placed.items()}

    @property
    def name(self) -> str:
        """Return the name as written."""
        return str(self.block.read["name"][self.at])

    @property
    def key(self) -> str:
        """Return the name as it is compared."""
        return self.block.keys[self.at]

    @property
    def number(self) -> IdNumber | None:
        """Return the identity number."""
        numbers = self.block.read.get("id_number")
        return numbers[self.at] if numbers else None

    @property
    def said(self) -> bool:
        """Tell whether there is something to say after all."""
        return bool(self.__dict__.get("issues"))
