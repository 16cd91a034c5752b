"""One person while being read: cells, what they say, and every remark with its place."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from casework.dates import PartialDate
from casework.identity import IdNumber, mask_card, mask_id, mask_phone, name_key
from casework.intake.cells import NOTHING, Read
from casework.intake.texts import Remark, Severity
from casework.problems import Problem

if TYPE_CHECKING:
    from casework.intake.records import Record, Spot
    from casework.sheets import Cell, Sheet

MOST_SHOWN: Final = 40


@dataclass(frozen=True, slots=True)
class Issue:
    """One remark with its place.

    Attributes:
        problem: File, sheet, cell, column, what was read (masked where it is sensitive), why, what to do.
        severity: Whether the row waits, should be looked at, or was put right.
        row: The sheet's own number of the row, 0 for the whole sheet.
        field: The column it is about, by id, or "".
        proposal: A reading an officer may take over; as sensitive as the cell.
    """

    problem: Problem
    severity: Severity
    row: int = 0
    field: str = ""
    proposal: str = ""

    def __repr__(self) -> str:
        """Keep what may be sensitive out of tracebacks."""
        return f"Issue({self.severity.value}, {self.problem.sheet!r}, {self.problem.cell!r}, {self.problem.message!r})"


@dataclass
class Draft:
    """A person being read; `values` are what is certain so far."""

    record: Record
    sheet: Sheet
    reads: dict[str, Read] = field(default_factory=dict)
    relatives: list[dict[str, Read]] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    file: str = ""

    @property
    def row(self) -> int:
        """Return the sheet's own row number."""
        return self.record.row + 1

    @property
    def held(self) -> bool:
        """Tell whether the row has to wait."""
        return any(issue.severity is Severity.HOLD for issue in self.issues)

    @property
    def name(self) -> str:
        """Return the name as written, or ""."""
        return str(self.read("name").value or "")

    @property
    def key(self) -> str:
        """Return the name as it is compared, or ""."""
        return name_key(self.name)

    @property
    def number(self) -> IdNumber | None:
        """Return the identity number, where one is certain."""
        number = self.read("id_number").value
        return number if isinstance(number, IdNumber) else None

    def read(self, column: str) -> Read:
        """Return what a cell says; nothing where there is no such column."""
        return self.reads.get(column, NOTHING)

    def spot(self, column: str) -> Spot | None:
        """Return the cell of a column."""
        return self.record.cells.get(column)

    def day(self, column: str) -> PartialDate | None:
        """Return a date that is certain enough to compare: written to the month or the day, not held."""
        read = self.read(column)
        certain = isinstance(read.value, PartialDate) and not read.held and not read.value.approximate
        return read.value if certain and read.value.precision != "year" else None

    def say(self, remark: Remark, at: Spot | str) -> None:
        """Keep a remark about a cell, or about a column this sheet may not have (then about the name's cell)."""
        spot = at if not isinstance(at, str) else self.spot(at)
        column = spot.read_as.id if spot is not None else str(at)
        spot = spot or self.spot("name")
        issue = issue_at(self.file, self.sheet, spot, remark, column=column)
        self.issues.append(replace(issue, row=self.row))


def issue_at(file: str, sheet: Sheet, spot: Spot | None, remark: Remark, *, column: str = "") -> Issue:
    """Return a remark with the place of a cell, or of the whole sheet."""
    problem = Problem(
        remark.message,
        remark.remedy,
        file=file,
        sheet=sheet.name,
        cell=sheet.address(spot.row, spot.column) if spot else "",
        read=(spot.fault or shown(spot.value, spot.read_as.kind)) if spot else "",
        column=spot.head if spot else "",
    )
    return Issue(problem, remark.severity, spot.row + 1 if spot else 0, column, remark.proposal)


def shown(value: Cell, kind: str = "text") -> str:
    """Return a cell as a message repeats it: short, and masked where it is sensitive."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("minutes")
    if isinstance(value, timedelta):
        return str(value)
    text = value.strip() if isinstance(value, str) else repr(value).removesuffix(".0")
    if kind in {"id", "card"} and not isinstance(value, str):
        return "****"
    match kind:
        case "id":
            return mask_id(text)
        case "card":
            return mask_card("".join(sign for sign in text if sign.isascii() and sign.isdigit()))
        case "phone":
            return mask_phone("".join(sign for sign in text if sign.isascii() and sign.isdigit()))
        case "address" | "address_phone":
            return f"{text[:3]}****" if text else ""
    line = " ".join("".join(sign if sign.isprintable() or sign.isspace() else "□" for sign in text).split())
    return f"{line[:MOST_SHOWN]}…" if len(line) > MOST_SHOWN else line
