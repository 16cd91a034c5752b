"""Database → frames: what the ledger knows of one round on one day."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy import FromClause, Select, Text, and_, cast, func, or_, select
from sqlmodel import Session

from casework.facts import Facts
from casework.frames import FACTS, Schema, empty
from casework.ledger.causes import open_causes
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
    Table,
    Unit,
)
from casework.models_review import Removal

WHOLE_CELL = ("tie", "lot", "order")
"""Rulings that put a whole cell in order: the latest replaces every line of the one before."""
_ROWS_AT_ONCE = 50_000


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
        "judgements": judgements_query(cases, as_of),
        "aid": of_people(Aid).where(or_(aid.c.on.is_(None), aid.c.on <= as_of)),
        "completeness": of_cases(Completeness),
        "answers": of_cases(Answer),
        "units": units_query(round_id, units),
        "rulings": rulings_query(round_id, as_of, None if units is None else cases),
    }
    frames = {name: read_frame(session, query, FACTS[name]) for name, query in queries.items() if name != "causes"}
    frames["causes"] = open_causes(session, queries["causes"])
    return Facts.build(as_of=as_of, round_id=round_id, **frames)


def _table(model: type[Table]) -> FromClause:
    table: FromClause = model.__table__  # type: ignore[attr-defined]
    return table


def judgements_query(cases: Select[Any], as_of: date, known_at: datetime | None = None) -> Select[Any]:
    """Select the latest judgement on each clause of each case, of those recorded by `known_at`."""
    table = _table(Judgement)
    counted = [table.c.case_id.in_(cases), or_(table.c.on.is_(None), table.c.on <= as_of)]
    if known_at is not None:
        counted.append(table.c.recorded_at <= known_at)
    latest = select(func.max(table.c.seq)).where(*counted).group_by(table.c.case_id, table.c.clause_id)
    return select(table).where(table.c.seq.in_(latest))


def units_query(round_id: str, units: Collection[str] | None) -> Select[Any]:
    """Return the units of a round; a round that lists none speaks to every unit."""
    unit, chosen = _table(Unit), _table(RoundUnit)
    listed = select(chosen.c.unit_id).where(chosen.c.round_id == round_id)
    every = select(unit).where(or_(unit.c.unit_id.in_(listed), ~listed.exists()))
    return every if units is None else every.where(unit.c.unit_id.in_(units))


def rulings_query(
    round_id: str, as_of: date, cases: Select[Any] | None, known_at: datetime | None = None
) -> Select[Any]:
    """Select the rulings that stand on a day, of those recorded by `known_at`."""
    table, other = _table(Ruling), _table(Ruling).alias()
    known = [] if known_at is None else [table.c.recorded_at <= known_at]
    known_too = [] if known_at is None else [other.c.recorded_at <= known_at]
    later = select(other.c.seq).where(
        *known_too,
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
    every = select(table).where(*known, table.c.round_id == round_id, table.c.decided_on <= as_of, ~later.exists())
    return every if cases is None else every.where(table.c.case_id.in_(cases))


def read_frame(session: Session, query: Select[Any], schema: Schema) -> pl.DataFrame:
    """Return what a query finds in the columns and types of `schema`."""
    lists = [column for column, dtype in schema.items() if dtype == pl.List(pl.String)]
    chosen = [
        # A list is stored as JSON; as text polars reads it all at once.
        cast(query.selected_columns[column], Text) if column in lists else query.selected_columns[column]
        for column in schema
    ]
    found = session.connection().execute(query.with_only_columns(*chosen))
    # By parts: of a million rows only so many are ever Python objects at once.
    parts = [
        pl.DataFrame(
            [
                pl.Series(column, values, dtype=pl.String if column in lists else dtype)
                for (column, dtype), values in zip(schema.items(), zip(*rows, strict=True), strict=True)
            ]
        )
        for rows in found.partitions(_ROWS_AT_ONCE)
    ]
    if not parts:
        return empty(schema)
    frame = pl.concat(parts, rechunk=True)
    return frame.with_columns(pl.col(column).str.json_decode(pl.List(pl.String)) for column in lists)
