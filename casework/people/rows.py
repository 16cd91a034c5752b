"""Lists about a person, a household or a case, row by row and by hand: members, honours, aid, evidence, causes.

A row carries no version: the number of the command that brought it in (`since`) is the state its author has seen. A
correction takes the old row out and puts the new one in, so that the history keeps both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.frames import CAUSES, conform
from casework.ledger import Result, Work, case_within_reach, open_round_of
from casework.ledger.causes import SEALED, causes_with_ids, insert_causes
from casework.models import LISTS, Aid, Cause, Completeness, Evidence, Honour, HouseholdMember, Person, Table
from casework.people.holding import carry, home, own, refuse_future, refuse_strangers
from casework.people.register import table
from casework.problems import Conflict, Refused
from casework.vocabulary import Mark


@dataclass(frozen=True)
class _List:
    """A list of rows: its table, whose rows they are, what may be written in them."""

    model: type[Table]
    owner: str
    columns: tuple[str, ...]
    words: str


LISTED: Final[Mapping[str, _List]] = {
    "member": _List(
        HouseholdMember,
        "household_id",
        ("name", "relation", "born_on", "employment", "yearly_income_fen"),
        "家庭成员",
    ),
    "honour": _List(Honour, "person_id", ("title", "level", "granted_on"), "荣誉"),
    "aid": _List(Aid, "person_id", ("source", "kind", "status", "on", "amount_fen"), "救助慰问记录"),
    "evidence": _List(
        Evidence, "case_id", ("document", "issuer", "issuer_level", "original_seen", "copy_kept"), "证明材料"
    ),
    "cause": _List(Cause, "case_id", (*SEALED, "main"), "困难成因"),
}
"""Lists that are entered row by row; aid this ledger paid itself is written by its payments only."""


def put_row(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    rows: str,
    owner: str,
    actor: Actor,
    now: datetime,
    key: str,
    row_id: str | int | None = None,
    expected_since: int | None = None,
    **values: Any,
) -> Result:
    """Enter one row of a list, or correct one: the row before is taken out and stays in the history.

    Args:
        engine: The ledger.
        rows: One of `LISTED`.
        owner: The person, household or case it belongs to.
        actor: Who enters it.
        now: When.
        key: Idempotency key.
        row_id: The row to correct; None for a new one.
        expected_since: The `since` of that row as its author has seen it.
        values: The whole row; a column that is not given is unknown.

    Returns:
        `{"row_id", "since"}` of the new row.

    Raises:
        Conflict: `stale`: somebody else corrected or removed the row meanwhile.
        Refused: `bad_value` (no such list), `empty` (nothing in the row), `own` (aid this ledger paid), `future`,
            `not_found`, `closed`, `erased`, `merged`, `not_acceptable`.
        TypeError: A column the list has not.
    """
    listed = _listed(rows)
    refuse_strangers(values, listed.columns)
    if all(value is None for value in values.values()):
        raise Refused("empty", f"{listed.words}一行不能全空；要去掉它请用删除")

    def body(work: Work) -> Result:
        _owner(work, listed, owner)
        refuse_future(values, now.date())
        if row_id is not None:
            _take_out(work, listed, row_id, expected_since, owner)
        made = _insert(work, listed, owner, values)
        return {"row_id": made, "since": work.seq}

    request = {"rows": rows, "row": row_id, "since": expected_since, "values": values}
    return carry(engine, "put_row", actor, now, key, f"{listed.owner}:{owner}", request, body)


def drop_row(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    rows: str,
    owner: str,
    row_id: str | int,
    expected_since: int | None,
    actor: Actor,
    now: datetime,
    key: str,
) -> Result:
    """Take a row out of a list that was entered by mistake; it stays in the history.

    Raises:
        Conflict: `stale`.
        Refused: As `put_row`.
    """
    listed = _listed(rows)

    def body(work: Work) -> Result:
        _owner(work, listed, owner)
        _take_out(work, listed, row_id, expected_since, owner)
        return {"row_id": row_id}

    request = {"rows": rows, "row": row_id, "since": expected_since}
    return carry(engine, "drop_row", actor, now, key, f"{listed.owner}:{owner}", request, body)


def mark_list(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    case_id: str,
    name: str,
    mark: Mark | str,
    expected: Mark | str | None,
    actor: Actor,
    now: datetime,
    key: str,
) -> Result:
    """Say whether a list of a case was checked: 未核, 已核无, 已核有.

    Args:
        engine: The ledger.
        case_id: The case.
        name: One of `models.LISTS`.
        mark: The mark.
        expected: The mark its author has seen; None for none.
        actor: Who checked.
        now: When.
        key: Idempotency key.

    Raises:
        Conflict: `stale`.
        Refused: `bad_value`, `not_found`, `closed`, `rows_there` (已核无, but the list has rows).
    """
    if name not in LISTS or mark not in list(Mark):
        raise Refused("bad_value", "核查标记只能是未核、无或有")

    def body(work: Work) -> Result:
        case = case_within_reach(work, case_id)
        open_round_of(work, case.round_id)
        if mark == Mark.NONE and _has_rows(work.session, name, case_id, case.person_id):
            raise Refused("rows_there", "这一项已登记了内容，不能标为无；请先删去登错的内容")
        before = work.session.get(Completeness, (case_id, name))
        if (before.mark if before else None) != (str(expected) if expected else None):
            raise Conflict("stale", "这个标记刚才已被别人改过，请先看新的内容")
        if before is not None:
            work.remove(before)
        work.add(Completeness(case_id=case_id, list=name, mark=str(mark)))
        return {"case_id": case_id, "list": name, "mark": str(mark)}

    request = {"list": name, "mark": str(mark), "expected": str(expected) if expected else None}
    return carry(engine, "mark_list", actor, now, key, f"case:{case_id}", request, body)


# -- what they share -------------------------------------------------------------------------------------------------


def _listed(rows: str) -> _List:
    if rows not in LISTED:
        raise Refused("bad_value", "没有这一类内容")
    return LISTED[rows]


def _owner(work: Work, listed: _List, owner: str) -> None:
    if listed.owner == "household_id":
        home(work, owner)
    elif listed.owner == "person_id":
        own(work, owner)
    else:
        case = case_within_reach(work, owner)
        open_round_of(work, case.round_id)
        own(work, case.person_id)


def _take_out(work: Work, listed: _List, row_id: str | int, since: int | None, owner: str) -> None:
    row: Any = work.session.get(listed.model, row_id)
    if row is None or getattr(row, listed.owner) != owner or row.since != since:
        raise Conflict("stale", f"这一行{listed.words}刚才已被别人改过，请先看新的内容")
    if isinstance(row, Aid) and row.own:
        raise Refused("own", "本台账发放的款项随发放记录，不能手工改动")
    told = None
    if isinstance(row, Cause):
        (opened,) = causes_with_ids(work.session, table(Cause).select().where(table(Cause).c.cause_id == row_id))
        told = {column: opened[column] for column in SEALED}
    work.remove(row, told=told)


def _insert(work: Work, listed: _List, owner: str, values: Mapping[str, Any]) -> str | int:
    if listed.model is Cause:
        frame = conform([{"case_id": owner, **values}], CAUSES)
        insert_causes(work.session, work.keyring, frame, since=work.seq)
        made: str = work.session.exec(
            select(Cause.cause_id).where(Cause.case_id == owner, Cause.since == work.seq)
        ).one()
        work.note(f"cause:{made}", None, dict(values))
        return made
    more = {"own": False} if listed.model is Aid else {}
    row = listed.model(**{listed.owner: owner}, **values, **more)
    work.add(row)
    (column,) = table(listed.model).primary_key
    return int(getattr(row, column.name))


def _has_rows(session: Session, name: str, case_id: str, person_id: str) -> bool:
    queries: dict[str, Any] = {
        "aid": select(Aid.aid_id).where(Aid.person_id == person_id, col(Aid.own).is_not(True)),
        "honours": select(Honour.honour_id).where(Honour.person_id == person_id),
        "causes": select(Cause.cause_id).where(Cause.case_id == case_id),
        "evidence": select(Evidence.evidence_id).where(Evidence.case_id == case_id),
        "household": select(Person.household_id).where(
            Person.person_id == person_id, col(Person.household_id).is_not(None)
        ),
    }
    return session.exec(queries[name]).first() is not None
