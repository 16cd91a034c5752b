"""What was asked for, and what all readers share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

import polars as pl
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.frames import AWARDS, conform
from casework.models import Case, Person
from casework.payment.common import unit_names
from casework.policy import Policy
from casework.problems import NotAllowed, Refused
from casework.review.records import today_of

One = TypeVar("One")


@dataclass(frozen=True)
class Asked:
    """Which paper of which round.

    Attributes:
        round_id: The round.
        actor: Who asks.
        now: When.
        unit_id: One unit's own copy; None: the whole round.
        branch: One branch's own copy; "" for all.
        of: Id of the notice, meeting, batch or inspection; "": the only one, or the latest.
        year: The year of a list that is kept by the year; None: the circular's, or that of the round.
        case_id: One person's form; "": everybody asked for, one after another.
    """

    round_id: str
    actor: Actor
    now: datetime
    unit_id: str | None = None
    branch: str = ""
    of: str = ""
    year: int | None = None
    case_id: str = ""

    @property
    def today(self) -> date:
        """Return the day in China."""
        return today_of(self.now)

    def one_unit(self, label: str) -> str:
        """Return the unit a paper is for.

        Raises:
            Refused: `no_unit`.
        """
        if self.unit_id is None:
            raise Refused("no_unit", f"{label}每单位一张，请写明是哪个单位的")
        return self.unit_id

    def within_scope(self) -> None:
        """Refuse a copy that reaches beyond the actor's units.

        Raises:
            NotAllowed: `scope`.
        """
        if self.unit_id is not None and not self.actor.may_see(self.unit_id):
            raise NotAllowed("scope", "这个单位不在您的范围内")
        if self.unit_id is None and self.actor.units is not None:
            raise NotAllowed("scope", "请选择您范围内的一个单位")


def pick(found: Sequence[One], of: str, *, key: str, missing: str) -> One:
    """Return the one asked for by id, else the first (the latest).

    Raises:
        Refused: `not_found`, with the sentence.
    """
    for one in found:
        if of in ("", getattr(one, key)):
            return one
    raise Refused("not_found", missing if not found else "没有这个编号，请核对后再打印")


def award_frame(rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Return awards as an adoption froze them as `frames.AWARDS`."""
    return conform([{name: row[name] for name in AWARDS if name in row} for row in rows], AWARDS)


def unit_name(session: Session, unit_id: str | None) -> str:
    """Return the printed name of a unit, "" for none."""
    return unit_names(session).get(unit_id or "", "")


def people_of(session: Session, asked: Asked, policy: Policy) -> dict[str, dict[str, Any]]:
    """Return case → `name`, `unit`, `branch`, `category` as printed, also of those who left the round.

    Only those of the unit and the branch asked for.
    """
    query = (
        select(Case, Person)
        .join(Person, col(Person.person_id) == col(Case.person_id))
        .where(Case.round_id == asked.round_id)
    )
    units = unit_names(session)
    labels = {category.id: category.label for category in policy.categories}
    return {
        case.case_id: {
            "name": person.name or case.case_id,
            "unit": units.get(case.unit_id, ""),
            "branch": person.branch or "",
            "category": labels.get(case.category or "", case.category or ""),
        }
        for case, person in session.exec(query)
        if asked.unit_id in (None, case.unit_id) and asked.branch in ("", person.branch)
    }


def in_branch(session: Session, asked: Asked) -> frozenset[str] | None:
    """Return the cases of the branch asked for; None where all branches are."""
    if not asked.branch:
        return None
    query = (
        select(Case.case_id)
        .join(Person, col(Person.person_id) == col(Case.person_id))
        .where(Case.round_id == asked.round_id, Person.branch == asked.branch)
    )
    return frozenset(session.exec(query))


def of_branch(session: Session, asked: Asked, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of a frame by case that are of the branch asked for."""
    wanted = in_branch(session, asked)
    return frame if wanted is None else frame.filter(pl.col("case_id").is_in(list(wanted)))
