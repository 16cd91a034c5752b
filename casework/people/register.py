"""Who is in the ledger: one row for each person an actor may see, without the erased and without merged records."""

from __future__ import annotations

from typing import Any, Final

import polars as pl
from sqlalchemy import Select, select
from sqlalchemy import Table as SqlTable
from sqlmodel import Session

from casework.access import Actor
from casework.frames import Schema
from casework.ledger.facts import read_frame
from casework.models import Case, Person, Round, Table
from casework.models_people import Erasure, PersonMerge

REGISTER: Final[Schema] = {
    "person_id": pl.String,
    "name": pl.String,
    "born_on": pl.Date,
    "branch": pl.String,
    "household_id": pl.String,
    "version": pl.Int64,
    "unit_id": pl.String,  # of the latest case; null: no case
}
_CASES: Final[Schema] = {"person_id": pl.String, "unit_id": pl.String, "opened_on": pl.Date, "case_id": pl.String}


def register(session: Session, actor: Actor) -> pl.DataFrame:
    """Return everybody of whom the actor may see a case (`REGISTER`), ordered by id.

    Somebody without any case is seen by those only who see every unit.
    """
    gone = {*merged_into(session), *session.connection().execute(select(table(Erasure).c.person_id)).scalars()}
    people = read_frame(session, select(table(Person)), {k: v for k, v in REGISTER.items() if k != "unit_id"})
    cases = read_frame(session, _cases(), _CASES)
    if actor.units is not None:
        mine = cases.filter(pl.col("unit_id").is_in(list(actor.units)))
        people = people.filter(pl.col("person_id").is_in(mine["person_id"].implode()))
        cases = mine
    latest = cases.sort("opened_on", "case_id").group_by("person_id").agg(pl.col("unit_id").last())
    return (
        people.filter(~pl.col("person_id").is_in(list(gone)))
        .join(latest, on="person_id", how="left")
        .select(list(REGISTER))
        .sort("person_id")
    )


def _cases() -> Select[Any]:
    case, opened = table(Case), table(Round)
    return select(case.c.person_id, case.c.unit_id, opened.c.opened_on, case.c.case_id).join(
        opened, opened.c.round_id == case.c.round_id
    )


def merged_into(session: Session) -> dict[str, str]:
    """Return the records that were merged into another one: record → the one kept, in the end."""
    merge = table(PersonMerge)
    rows = session.connection().execute(select(merge.c.gone, merge.c.kept).where(merge.c.undone_at.is_(None)))
    into = {row.gone: row.kept for row in rows}
    ends = {}
    for gone, kept in into.items():
        end = kept
        while end in into:
            end = into[end]
        ends[gone] = end
    return ends


def records_of(session: Session, person_id: str) -> list[str]:
    """Return a person's own record and every record merged into it."""
    return [person_id, *sorted(gone for gone, kept in merged_into(session).items() if kept == person_id)]


def table(model: type[Table]) -> SqlTable:
    """Return the table of a model, for queries over many rows."""
    found: SqlTable = model.__table__  # type: ignore[attr-defined]
    return found
