"""Database ↔ frames: what the ledger knows of one round on one day, and the snapshots that froze it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy import FromClause, Select, Text, and_, cast, func, or_, select
from sqlmodel import Session

from casework.access import Actor
from casework.facts import Facts
from casework.frames import FACTS, empty
from casework.models import (
    Aid,
    Answer,
    Case,
    Cause,
    Completeness,
    Evidence,
    Honour,
    Household,
    HouseholdMember,
    Judgement,
    Person,
    RoundUnit,
    Ruling,
    Snapshot,
    Table,
    Unit,
)
from casework.models_review import Removal
from casework.problems import LedgerError

WHOLE_CELL = ("tie", "lot", "order")
"""Rulings that put a whole cell in order: the latest replaces every line of the one before."""


def facts(session: Session, *, round_id: str, as_of: date, units: Collection[str] | None = None) -> Facts:
    """Return what the ledger knows of a round on a day.

    Judgements, aid and rulings dated after `as_of` are left out; undated ones are kept. Of several judgements on
    one clause of one case the latest recorded counts. Who has left the round (减员) stands for nothing any more.

    Args:
        session: A session on the ledger; all reads see one state of it.
        round_id: The round; an unknown one has no cases.
        as_of: The day.
        units: Read the cases of these units only (`Actor.units`); None reads every unit.
    """
    case, person, removal = _table(Case), _table(Person), _table(Removal)
    gone = select(removal.c.case_id).where(removal.c.round_id == round_id)
    mine = [case.c.round_id == round_id, case.c.case_id.not_in(gone)]
    if units is not None:
        mine.append(case.c.unit_id.in_(units))
    cases = select(case.c.case_id).where(*mine)
    people = select(case.c.person_id).where(*mine)
    households = select(person.c.household_id).where(person.c.person_id.in_(people))

    def of_cases(model: type[Table]) -> Select[Any]:
        table = _table(model)
        return select(table).where(table.c.case_id.in_(cases))

    def of_people(model: type[Table]) -> Select[Any]:
        table = _table(model)
        return select(table).where(table.c.person_id.in_(people))

    def of_households(model: type[Table]) -> Select[Any]:
        table = _table(model)
        return select(table).where(table.c.household_id.in_(households))

    aid = _table(Aid)
    queries = {
        "cases": select(case).where(*mine),
        "people": of_people(Person),
        "households": of_households(Household),
        "members": of_households(HouseholdMember),
        "causes": of_cases(Cause),
        "evidence": of_cases(Evidence),
        "honours": of_people(Honour),
        "judgements": _judgements(cases, as_of),
        "aid": of_people(Aid).where(or_(aid.c.on.is_(None), aid.c.on <= as_of)),
        "completeness": of_cases(Completeness),
        "answers": of_cases(Answer),
        "units": _units(round_id, units),
        "rulings": _rulings(round_id, as_of, None if units is None else cases),
    }
    frames = {name: _read(session, query, name) for name, query in queries.items()}
    return Facts.build(as_of=as_of, round_id=round_id, **frames)


def _table(model: type[Table]) -> FromClause:
    table: FromClause = model.__table__  # type: ignore[attr-defined]
    return table


def _judgements(cases: Select[Any], as_of: date) -> Select[Any]:
    table = _table(Judgement)
    latest = (
        select(func.max(table.c.seq))
        .where(table.c.case_id.in_(cases), or_(table.c.on.is_(None), table.c.on <= as_of))
        .group_by(table.c.case_id, table.c.clause_id)
    )
    return select(table).where(table.c.seq.in_(latest))


def _units(round_id: str, units: Collection[str] | None) -> Select[Any]:
    """Return the units of a round; a round that lists none speaks to every unit."""
    unit, chosen = _table(Unit), _table(RoundUnit)
    listed = select(chosen.c.unit_id).where(chosen.c.round_id == round_id)
    every = select(unit).where(or_(unit.c.unit_id.in_(listed), ~listed.exists()))
    return every if units is None else every.where(unit.c.unit_id.in_(units))


def _rulings(round_id: str, as_of: date, cases: Select[Any] | None) -> Select[Any]:
    table, other = _table(Ruling), _table(Ruling).alias()
    later = select(other.c.seq).where(
        other.c.round_id == round_id,
        other.c.decided_on <= as_of,
        other.c.cell == table.c.cell,
        other.c.seq > table.c.seq,
        other.c.ruling_id != table.c.ruling_id,
        or_(
            and_(table.c.kind.in_(WHOLE_CELL), other.c.kind.in_(WHOLE_CELL)),
            and_(
                other.c.kind == table.c.kind,
                other.c.case_id == table.c.case_id,
                func.coalesce(other.c.clause_id, "") == func.coalesce(table.c.clause_id, ""),
            ),
        ),
    )
    every = select(table).where(table.c.round_id == round_id, table.c.decided_on <= as_of, ~later.exists())
    return every if cases is None else every.where(table.c.case_id.in_(cases))


def _read(session: Session, query: Select[Any], name: str) -> pl.DataFrame:
    schema = FACTS[name]
    lists = [column for column, dtype in schema.items() if dtype == pl.List(pl.String)]
    chosen = [
        # A list is stored as JSON; as text polars reads it all at once.
        cast(query.selected_columns[column], Text) if column in lists else query.selected_columns[column]
        for column in schema
    ]
    rows = session.connection().execute(query.with_only_columns(*chosen)).all()
    if not rows:
        return empty(schema)
    return pl.DataFrame(
        [
            pl.Series(column, values, dtype=pl.String if column in lists else dtype)
            for (column, dtype), values in zip(schema.items(), zip(*rows, strict=True), strict=True)
        ]
    ).with_columns(pl.col(column).str.json_decode(pl.List(pl.String)) for column in lists)


# -- snapshots -------------------------------------------------------------------------------------------------


def freeze(session: Session, known: Facts, *, actor: Actor, now: datetime) -> str:
    """Keep facts in one immutable row and return their SHA-256; the same facts are kept once.

    Call it inside a command, with `work.note_digest("snapshot", …)`.
    """
    stored = known.canonical_bytes()
    digest = hashlib.sha256(stored).hexdigest()
    if session.get(Snapshot, digest) is None:
        session.add(
            Snapshot(
                snapshot_hash=digest,
                round_id=known.round_id,
                as_of=known.as_of,
                facts=stored,
                taken_by=actor.id,
                taken_at=now,
            )
        )
        session.flush()
    return digest


def thaw(session: Session, snapshot_hash: str) -> Facts:
    """Return the facts of a snapshot.

    Raises:
        LedgerError: It is not there, or its bytes are no longer those that were frozen.
    """
    snapshot = session.get(Snapshot, snapshot_hash)
    if snapshot is None:
        raise LedgerError(f"找不到数据版本 {snapshot_hash[:12]}")
    if hashlib.sha256(snapshot.facts).hexdigest() != snapshot_hash:
        raise LedgerError(f"数据版本 {snapshot_hash[:12]} 的内容已被改动或损坏，请用备份核对")
    return Facts.from_bytes(snapshot.facts)
