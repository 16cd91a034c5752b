"""A person and a household, entered and corrected by hand; their lists are in `people.rows`.

Income per head is computed from the household, never typed.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.ledger import Result, Work, audit_key, execute
from casework.ledger.audit import keyed_digest
from casework.models import Household, HouseholdMember, Person
from casework.money import half_up
from casework.people.contacts import person_within_reach
from casework.people.merging import FIELDS
from casework.people.register import merged_into
from casework.problems import Refused

PERSON: Final = tuple(field for field in FIELDS if field != "household_id")
HOUSEHOLD: Final = ("size", "minors", "yearly_income_fen", "dibao")


@dataclass(frozen=True)
class HouseholdView:
    """A household as it is shown.

    Attributes:
        household: The row.
        members: Its members besides the applicant.
        per_head_fen: Yearly income per head, half-up to the fen; None while income or size is unknown.
        said: What does not fit together, a sentence; "" where nothing does not.
    """

    household: Household
    members: tuple[HouseholdMember, ...]
    per_head_fen: int | None
    said: str


def household_view(session: Session, household_id: str) -> HouseholdView | None:
    """Return a household with its computed income per head; None where there is none."""
    found = session.get(Household, household_id)
    if found is None:
        return None
    query = select(HouseholdMember).where(HouseholdMember.household_id == household_id)
    members = tuple(session.exec(query.order_by(col(HouseholdMember.member_id))).all())
    income, size = found.yearly_income_fen, found.size
    per_head = half_up(income, size) if income is not None and size else None
    rows = sum(member.yearly_income_fen or 0 for member in members)
    said = ""
    if income is not None and rows > income:
        said = "各成员收入之和超过家庭年收入，请核对"
    elif size is not None and len(members) + 1 > size:
        said = "登记的成员多于家庭人口，请核对"
    return HouseholdView(found, members, per_head, said)


# -- the person and the household ----------------------------------------------------------------------------------


def change_person(  # noqa: PLR0913 - as every command
    engine: Engine, *, person_id: str, expected_version: int, actor: Actor, now: datetime, key: str, **values: Any
) -> Result:
    """Correct what is known of a person (`PERSON`); None says that it is not known.

    Raises:
        Conflict: `stale`.
        Refused: `not_found`, `erased`, `merged`, `future` (a day that has not come), `not_acceptable`.
        TypeError: A field that is not changed this way.
    """
    refuse_strangers(values, PERSON)

    def body(work: Work) -> Result:
        own(work, person_id)
        refuse_future(values, now.date())
        return {
            "person_id": person_id,
            "version": work.change(Person, person_id, expected_version=expected_version, **values).version,
        }

    subject = f"person:{person_id}"
    return carry(engine, "change_person", actor, now, key, subject, {"version": expected_version, **values}, body)


def open_household(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    person_id: str,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
    household_id: str | None = None,
    **values: Any,
) -> Result:
    """Give a person a household: a new one with `values` (`HOUSEHOLD`), or that of somebody else by its id.

    Args:
        engine: The ledger.
        person_id: Whose.
        expected_version: The version of the *person* its author has seen.
        actor: Who enters it.
        now: When.
        key: Idempotency key.
        household_id: An existing household to live in; without it a new one is made.
        values: Of a new household.

    Raises:
        Conflict: `stale`.
        Refused: `not_found`, `erased`, `merged`, `not_acceptable`.
        TypeError: A field that is not entered this way.
    """
    refuse_strangers(values, HOUSEHOLD if household_id is None else ())
    made = household_id or secrets.token_hex(8)

    def body(work: Work) -> Result:
        own(work, person_id)
        if household_id is None:
            work.add(Household(household_id=made, **values))
        else:
            home(work, household_id)
        changed = work.change(Person, person_id, expected_version=expected_version, household_id=made)
        return {"household_id": made, "version": changed.version}

    request = {"version": expected_version, "household": household_id, **values}
    return carry(engine, "open_household", actor, now, key, f"person:{person_id}", request, body)


def change_household(  # noqa: PLR0913 - as every command
    engine: Engine, *, household_id: str, expected_version: int, actor: Actor, now: datetime, key: str, **values: Any
) -> Result:
    """Correct a household (`HOUSEHOLD`); None says that it is not known.

    Raises:
        Conflict: `stale`.
        Refused: `not_found`, `not_acceptable`.
        TypeError: A field that is not changed this way.
    """
    refuse_strangers(values, HOUSEHOLD)

    def body(work: Work) -> Result:
        home(work, household_id)
        changed = work.change(Household, household_id, expected_version=expected_version, **values)
        return {"household_id": household_id, "version": changed.version}

    subject = f"household:{household_id}"
    return carry(engine, "change_household", actor, now, key, subject, {"version": expected_version, **values}, body)


# -- what they share -------------------------------------------------------------------------------------------------


def carry(  # noqa: PLR0913, PLR0917 - the parts of one command
    engine: Engine,
    action: str,
    actor: Actor,
    now: datetime,
    key: str,
    subject: str,
    request: Mapping[str, object],
    body: Callable[[Work], Result],
) -> Result:
    """Carry out a command whose content is about a person: its digest is keyed, so that nobody finds it by trying."""
    request = {"content": keyed_digest(audit_key(engine), action, dict(request))}
    return execute(engine, action=action, actor=actor, now=now, key=key, subject=subject, request=request, body=body)


def refuse_strangers(values: Mapping[str, Any], known: tuple[str, ...]) -> None:
    """Raise a TypeError for a column that is not entered this way."""
    if strangers := values.keys() - set(known):
        raise TypeError(f"not entered this way: {', '.join(sorted(strangers))}")


def refuse_future(values: Mapping[str, Any], today: date) -> None:
    """Refuse a day that has not come (`future`)."""
    if any(isinstance(value, date) and value > today for value in values.values()):
        raise Refused("future", "日期在今天之后，请核对")


def own(work: Work, person_id: str) -> Person:
    """Return a person within reach, neither erased nor merged into another record."""
    found = person_within_reach(work, person_id)
    if person_id in merged_into(work.session):
        raise Refused("merged", "这条记录已经并入别的记录，请登记到保留的那一条")
    return found


def home(work: Work, household_id: str) -> Household:
    """Return a household of which the actor may see somebody."""
    found = work.get(Household, household_id, missing="没有这一户，或不在您的单位范围内")
    people = work.session.exec(select(Person.person_id).where(Person.household_id == household_id)).all()
    for person_id in people:
        try:
            own(work, person_id)
        except Refused:
            continue
        return found
    raise Refused("not_found", "没有这一户，或不在您的单位范围内")
