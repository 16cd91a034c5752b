"""Papers of 日常关怀: what the ledger of the rounds already knows; the others are printed empty until care is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any, Final

import polars as pl
from sqlmodel import Session, col, select

from casework.dates import chinese
from casework.ledger import policy_of
from casework.lists import ListState, Table
from casework.lists.care_forms import (
    birthdays,
    fifty_years,
    fifty_years_at,
    political_birthday,
    visit_record,
)
from casework.models import Honour, Person
from casework.models_payment import FollowUp
from casework.papers.asked import Asked, of_branch, people_of, unit_name
from casework.papers.chosen import label_of
from casework.payment.common import unit_names
from casework.payment.coverage import visits_frame
from casework.people.register import register
from casework.problems import Refused
from casework.vocabulary import Beneficiary, Membership, Sex, VisitMode, VisitPlace

MONTHS: Final = {"全年": "", **{f"{month}月": str(month) for month in range(1, 13)}}
"""What a list of political birthdays may be for, label → what `Asked.of` takes."""
MEDAL: Final = "光荣在党50年"
_COUNTED_TO: Final = (7, 1)  # Source: HW-2.7; 七一 of the year
_AT_ONCE: Final = 900


def not_yet(session: Session, asked: Asked) -> Table:  # noqa: ARG001 - as every reader
    """Refuse a paper of which nothing is kept yet.

    Raises:
        Refused: `no_care`, always; `--blank` does not come here.
    """
    raise Refused("no_care", "日常关怀尚未启用，可先打印空白表")


def born_politically(session: Session, asked: Asked) -> Table:
    """Return 党员政治生日名单 of a month, or of the whole year.

    Raises:
        Refused: `not_found`: no such month.
    """
    if asked.of not in MONTHS.values():
        raise Refused("not_found", "月份请写 1 至 12，不写就是全年")
    month = int(asked.of) if asked.of else None
    year = asked.year or asked.today.year
    found = birthdays(_members(session, asked), year=year, month=month)
    return political_birthday(
        policy_of(session, asked.round_id), found, year=year, month=month, unit=unit_name(session, asked.unit_id)
    )


def fifty(session: Session, asked: Asked) -> Table:
    """Return 党龄达到50年党员名单 as a draft: 一贯表现良好 is confirmed on the paper, by the branch."""
    on = date(asked.year or asked.today.year, *_COUNTED_TO)
    found = fifty_years_at(_members(session, asked), on=on)
    unit = unit_name(session, asked.unit_id)
    return fifty_years(policy_of(session, asked.round_id), found, on=on, unit=unit, state=ListState.DRAFT)


def visited(session: Session, asked: Asked) -> Table:
    """Return 走访记录: the visits of the round that stand, with what was raised on them and what came of it."""
    found = visits_frame(session, round_id=asked.round_id, actor=asked.actor)
    if asked.unit_id is not None:
        found = found.filter(pl.col("unit_id") == asked.unit_id)
    found = of_branch(session, asked, found)
    policy = policy_of(session, asked.round_id)
    people = people_of(session, asked, policy)
    raised = _raised(session, found["visit_id"].to_list())
    rows = [
        {
            "unit": row["unit"],
            "name": row["name"],
            "category": people.get(row["case_id"], {}).get("category"),
            "on": row["on"],
            "place": label_of(VisitPlace, row["place"]),
            "mode": label_of(VisitMode, row["mode"]),
            "visitors": row["visitors"],
            "note": row["note"],
            "opinions": row["opinions"],
            "handed": "已当面发放" if row["handed_over"] else None,
            "follow_ups": "；".join(raised.get(row["visit_id"], ())),
        }
        for row in found.iter_rows(named=True)
    ]
    return visit_record(policy, rows, unit=unit_name(session, asked.unit_id))


def _members(session: Session, asked: Asked) -> list[dict[str, Any]]:
    """Return the living members in the ledger, of the unit and the branch asked for, in 机构顺序.

    The ledger knows those the rounds brought in, not every member of a branch.
    """
    units = unit_names(session)
    order = {unit_id: at for at, unit_id in enumerate(units)}
    listed = register(session, asked.actor)
    if asked.unit_id is not None:
        listed = listed.filter(pl.col("unit_id") == asked.unit_id)
    if asked.branch:
        listed = listed.filter(pl.col("branch") == asked.branch)
    of_unit = dict(zip(listed["person_id"], listed["unit_id"], strict=True))
    awarded = _awarded(session, of_unit)
    found = []
    for part in _parts(of_unit):
        for person in session.exec(select(Person).where(col(Person.person_id).in_(part))):
            if person.deceased or not _may_be_member(person):
                continue
            unit_id = of_unit[person.person_id]
            told = {
                "unit": units.get(unit_id or "", ""),
                "branch": person.branch,
                "name": person.name,
                "sex": label_of(Sex, person.sex),
                "born_on": person.born_on,
                "joined_on": person.joined_party_on,
                "full_on": person.full_member_on,
                "awarded": person.person_id in awarded,
            }
            found.append(((order.get(unit_id or "", len(order)), person.branch or "", person.person_id), told))
    return [told for _, told in sorted(found, key=lambda pair: pair[0])]


def _may_be_member(person: Person) -> bool:
    """Tell whether somebody is, or may be, a member: who is recorded as none, or helped without being one, is not."""
    if person.membership is not None:
        return person.membership != Membership.NONE.value
    dated = person.joined_party_on is not None or person.full_member_on is not None
    return dated or person.beneficiary in (None, Beneficiary.MEMBER.value)


def _awarded(session: Session, people: Iterable[str]) -> set[str]:
    """Return who has the medal of fifty years."""
    found: set[str] = set()
    for part in _parts(people):
        for honour in session.exec(select(Honour).where(col(Honour.person_id).in_(part))):
            if MEDAL in (honour.title or "").replace(" ", ""):
                found.add(honour.person_id)
    return found


def _raised(session: Session, visits: Iterable[str]) -> dict[str, list[str]]:
    """Return visit → what was raised, by whom it is seen to, and what came of it."""
    told: dict[str, list[str]] = defaultdict(list)
    for part in _parts(visits):
        query = select(FollowUp).where(col(FollowUp.visit_id).in_(part)).order_by(col(FollowUp.follow_up_id))
        for one in session.exec(query):
            state = f"{chinese(one.closed_on)}办结：{one.outcome}" if one.closed_on else f"办理中，责任人{one.owner}"
            told[one.visit_id].append(f"{one.problem}（{state}）")
    return dict(told)


def _parts(ids: Iterable[str]) -> list[list[str]]:
    every = list(ids)
    return [every[at : at + _AT_ONCE] for at in range(0, len(every), _AT_ONCE)]
