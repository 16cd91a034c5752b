"""困难党员管理台账, 困难党员信息库: everybody in the standing ledger in a year, whatever round brought them in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, TypeAlias

import polars as pl
from sqlalchemy import Select, select
from sqlmodel import Session

from casework.frames import AID, HOUSEHOLDS, MEMBERS, PEOPLE, Schema
from casework.ledger import policy_of
from casework.ledger.causes import open_causes
from casework.ledger.facts import read_frame
from casework.lists import Table, information_base, ledger_book
from casework.lists.roster import cause_labels, person_values
from casework.models import Aid, Case, Cause, Household, HouseholdMember, Person, Round
from casework.models_review import Notice, NoticeCase, Objection
from casework.money import half_up, yuan
from casework.papers.asked import Asked, unit_name
from casework.payment.common import category_labels, unit_names
from casework.people.rechecks import recheck_list
from casework.people.register import table
from casework.review.chain import Done
from casework.review.records import histories
from casework.vocabulary import AidKind, AidStatus, NoticeState, ObjectionState, Recheck, Relation, Stage

Record: TypeAlias = "dict[str, Any]"
_CASE: Final[Schema] = {
    "case_id": pl.String,
    "person_id": pl.String,
    "round_id": pl.String,
    "unit_id": pl.String,
    "category": pl.String,
    "path": pl.String,
    "unit_rank": pl.Int64,
    "opened_on": pl.Date,
}
_AT_ONCE: Final = 900


def ledger(session: Session, asked: Asked) -> Table:
    """Return 困难党员管理台账 of the year."""
    people = standing_people(session, asked)
    policy = policy_of(session, asked.round_id)
    unit = unit_name(session, asked.unit_id)
    return ledger_book(policy, people, unit=unit, on=asked.today, year=asked.year)


def information(session: Session, asked: Asked) -> Table:
    """Return 困难党员信息库 as it is today."""
    people = [one for one in standing_people(session, asked) if one["outcome"] != Recheck.ENDED.label]
    policy = policy_of(session, asked.round_id)
    return information_base(policy, people, unit=unit_name(session, asked.unit_id), on=asked.today)


def year_of(session: Session, asked: Asked) -> int:
    """Return the year asked for, else the one in which the round was opened."""
    return asked.year or session.get_one(Round, asked.round_id).opened_on.year


def standing_people(session: Session, asked: Asked) -> list[Record]:
    """Return everybody in the ledger in the year: column key → value, `members` and the plain `person_id`.

    What was never recorded is None and stays blank; income per head is computed, half up, from income and size.
    People come unit by unit in 机构顺序, then by branch and by the unit's own ranking.
    """
    year = year_of(session, asked)
    listed = recheck_list(session, year=year, actor=asked.actor)
    if asked.unit_id is not None:
        listed = listed.filter(unit_id=asked.unit_id)
    if asked.branch:
        listed = listed.filter(branch=asked.branch)
    ids = listed["person_id"].to_list()
    known = _read(session, ids, year, asked.today)
    order = {unit_id: at for at, unit_id in enumerate(known.units)}
    found = []
    for row in listed.iter_rows(named=True):
        case = known.latest.get(row["person_id"], {})
        rank = case.get("unit_rank")
        place = (order.get(row["unit_id"], len(order)), row["branch"] or "", rank is None, rank or 0, row["person_id"])
        found.append((place, _record(known, row, case, year)))
    return [record for _, record in sorted(found, key=lambda pair: pair[0])]


@dataclass(frozen=True)
class _Known:
    """What was read of the people of one list, by id."""

    people: Mapping[str, Record]
    households: Mapping[str, Record]
    members: Mapping[str, list[Record]]
    aid: Mapping[str, list[Record]]
    causes: Mapping[str, list[Record]]
    latest: Mapping[str, Record]
    first: Mapping[str, date]
    units: Mapping[str, str]
    labels: Mapping[tuple[str, str], str]
    steps: Mapping[str, Mapping[Stage, Done]]
    notices: Mapping[str, str] = field(default_factory=dict)


def _read(session: Session, ids: Sequence[str], year: int, today: date) -> _Known:
    people = {row["person_id"]: row for row in _rows(session, Person, "person_id", ids, PEOPLE)}
    homes = sorted({row["household_id"] for row in people.values() if row["household_id"]})
    aid = [row for row in _rows(session, Aid, "person_id", ids, AID) if row["on"] is None or row["on"] <= today]
    cases = _cases(session, ids, date(year, 12, 31))
    latest = {row["person_id"]: row for row in cases}
    first: dict[str, date] = {}
    for row in cases:
        first.setdefault(row["person_id"], row["opened_on"])
    case_ids = [row["case_id"] for row in latest.values()]
    cause = table(Cause)
    causes = [
        row
        for part in _parts(case_ids)
        for row in open_causes(session, select(cause).where(cause.c.case_id.in_(part))).iter_rows(named=True)
    ]
    by_round: dict[str, list[str]] = defaultdict(list)
    for row in latest.values():
        by_round[row["round_id"]].append(row["case_id"])
    labels: dict[tuple[str, str], str] = {}
    steps: dict[str, dict[Stage, Done]] = {}
    for round_id, chosen in by_round.items():
        labels |= {(round_id, name): label for name, label in category_labels(policy_of(session, round_id)).items()}
        steps |= histories(session, round_id, chosen)
    return _Known(
        people=people,
        households={row["household_id"]: row for row in _rows(session, Household, "household_id", homes, HOUSEHOLDS)},
        members=_by(_rows(session, HouseholdMember, "household_id", homes, MEMBERS), "household_id"),
        aid=_by(sorted(aid, key=lambda row: (row["on"] is None, row["on"] or today)), "person_id"),
        causes=_by(causes, "case_id"),
        latest=latest,
        first=first,
        units=unit_names(session),
        labels=labels,
        steps=steps,
        notices=_notices(session, case_ids),
    )


def _record(known: _Known, row: Mapping[str, Any], case: Mapping[str, Any], year: int) -> Record:
    person = known.people[row["person_id"]]
    home = known.households.get(person["household_id"] or "", {})
    causes = known.causes.get(case.get("case_id", ""), [])
    steps = known.steps.get(case.get("case_id", ""), {})
    reviewed = steps.get(Stage.BRANCH_MEETING) or steps.get(Stage.FIRST_REVIEW)
    income, size = home.get("yearly_income_fen"), home.get("size")
    unit = known.units.get(row["unit_id"] or "", "")
    told = {
        **person,
        "unit": unit,
        "causes": causes,
        "amount_fen": None,
        "funded": True,
        "category": known.labels.get((case.get("round_id", ""), case.get("category") or "")),
    }
    return {
        **person_values(told),
        "person_id": row["person_id"],
        "unit_name": unit,
        "size": size,
        "income": income,
        "per_head": half_up(income, size) if income is not None and size else None,
        "dibao": None if home.get("dibao") is None else "是" if home["dibao"] else "否",
        "kind": "、".join(cause_labels(causes)[:1]) or None,
        "since": known.first.get(row["person_id"]),
        "aid": "；".join(_aid(one) for one in known.aid.get(row["person_id"], [])) or None,
        "checked": row["on"] or (f"{row['last_year']}年" if row["last_year"] else None),
        "meeting_on": reviewed.on if reviewed else None,
        "reviewed_on": reviewed.on if reviewed else None,
        "notice": known.notices.get(case.get("case_id", "")),
        "outcome": _outcome(row["outcome"]),
        "path": case.get("path"),
        "new": _is_new(row, known.first.get(row["person_id"]), year),
        "standing": _outcome(row["outcome"]) or "本年度未核查",
        "members": [_member(one) for one in known.members.get(person["household_id"] or "", [])],
    }


def _outcome(value: str | None) -> str | None:
    return Recheck(value).label if value else None


def _is_new(row: Mapping[str, Any], first: date | None, year: int) -> bool:
    """Tell whether somebody is new in the year: found so by the re-check, or known to no year before it."""
    if row["outcome"] is not None:
        return bool(row["outcome"] == Recheck.NEW.value)
    return row["last_year"] is None and first is not None and first.year == year


def _member(row: Mapping[str, Any]) -> Record:
    return {
        "member_name": row["name"],
        "member_relation": Relation(row["relation"]).label if row["relation"] else None,
        "member_work": row["employment"],
        "member_income": row["yearly_income_fen"],
    }


def _aid(row: Mapping[str, Any]) -> str:
    """Return one line of what somebody got: the year, what it was, how much."""
    year = f"{row['on'].year}年" if row["on"] else ""
    kind = AidKind(row["kind"]).label if row["kind"] else row["source"] or "帮扶"
    amount = f"{yuan(row['amount_fen'])}元" if row["amount_fen"] else ""
    status = row["status"] and AidStatus(row["status"])
    return f"{year}{kind}{amount}" + (f"（{status.label}）" if status and status is not AidStatus.GRANTED else "")


def _notices(session: Session, case_ids: Sequence[str]) -> dict[str, str]:
    """Return case → how its latest public notice ended."""
    notice, named, objection = table(Notice), table(NoticeCase), table(Objection)
    closed = {ObjectionState.NOT_ACCEPTED.value, ObjectionState.UPHELD.value, ObjectionState.NOT_UPHELD.value}
    found: dict[str, tuple[date, str, str]] = {}
    objections: dict[str, list[str]] = defaultdict(list)
    for part in _parts(case_ids):
        posted = (
            select(named.c.case_id, notice.c.posted_on, notice.c.state)
            .join(notice, notice.c.notice_id == named.c.notice_id)
            .where(named.c.case_id.in_(part))
            .order_by(notice.c.posted_on, notice.c.notice_id)
        )
        for case_id, on, state in session.connection().execute(posted):
            found[case_id] = (on, state, "")
        said = select(objection.c.case_id, objection.c.state).where(objection.c.case_id.in_(part))
        for case_id, state in session.connection().execute(said):
            objections[case_id].append(state)
    told = {}
    for case_id, (_, state, _) in found.items():
        if state != NoticeState.ENDED.value:
            told[case_id] = NoticeState(state).label
        elif not objections[case_id]:
            told[case_id] = "期满无异议"
        else:
            told[case_id] = "异议已处理" if set(objections[case_id]) <= closed else "有异议未办结"
    return told


def _cases(session: Session, ids: Sequence[str], until: date) -> list[Record]:
    """Return the cases of people in rounds opened by a day, the earliest round first."""
    case, opened = table(Case), table(Round)
    rows: list[Record] = []
    for part in _parts(ids):
        query = (
            select(*(case.c[name] for name in _CASE if name != "opened_on"), opened.c.opened_on)
            .join(opened, opened.c.round_id == case.c.round_id)
            .where(case.c.person_id.in_(part), opened.c.opened_on <= until)
        )
        rows += read_frame(session, query, _CASE).to_dicts()
    return sorted(rows, key=lambda row: (row["opened_on"], row["case_id"]))


def _rows(session: Session, model: Any, column: str, ids: Sequence[str], schema: Schema) -> list[Record]:
    found: list[Record] = []
    for part in _parts(ids):
        rows = table(model)
        query: Select[Any] = select(rows).where(rows.c[column].in_(part)).order_by(*rows.primary_key)
        found += read_frame(session, query, schema).to_dicts()
    return found


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield ids in parts a statement takes."""
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]


def _by(rows: Iterable[Record], key: str) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(row)
    return dict(found)
