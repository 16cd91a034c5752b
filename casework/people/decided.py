"""About which cases something was recorded that a sheet did not bring: those are not taken out with the sheet."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import Table as SqlTable
from sqlalchemy import select
from sqlmodel import Session

from casework.models import Adoption, Case, Person, Table
from casework.people.register import table
from casework.vocabulary import Act

_OF_SHEETS: Final = frozenset({"cause", "answer"})
"""Rows of a case that a sheet brings and takes along."""
_OF_PEOPLE: Final = frozenset({"aid", "contact", "hardship_case"})
_AT_ONCE: Final = 900


def decided(session: Session, case_ids: Collection[str]) -> set[str]:
    """Return those of the cases that anything else in the ledger stands on: steps, judgements, evidence, payments.

    Read from the foreign keys of the tables, so that a new table of decisions counts at once.
    """
    wanted = sorted(set(case_ids))
    found: set[str] = set()
    for name, column in _referring(Case, "case_id"):
        if name.name in _OF_SHEETS:
            continue
        for start in range(0, len(wanted), _AT_ONCE):
            part = wanted[start : start + _AT_ONCE]
            held = select(name.c[column]).where(name.c[column].in_(part)).distinct()
            found.update(session.connection().execute(held).scalars())
    return found


def people_held(session: Session, person_ids: Collection[str]) -> set[str]:
    """Return those of the people who stand in the ledger for more than a case, aid and contacts of a sheet."""
    wanted = sorted(set(person_ids))
    found: set[str] = set()
    for name, column in _referring(Person, "person_id"):
        if name.name in _OF_PEOPLE:
            continue
        for start in range(0, len(wanted), _AT_ONCE):
            part = wanted[start : start + _AT_ONCE]
            found.update(session.connection().execute(select(name.c[column]).where(name.c[column].in_(part))).scalars())
    return found


def list_adopted(session: Session, round_id: str) -> bool:
    """Tell whether a list of names (名单) stands in this round."""
    adoption = table(Adoption)
    query = select(adoption.c.adoption_id).where(
        adoption.c.round_id == round_id, adoption.c.act == Act.LIST.value, adoption.c.state != "withdrawn"
    )
    return session.connection().execute(query.limit(1)).first() is not None


def _referring(model: type[Table], key: str) -> list[tuple[SqlTable, str]]:
    """Return the columns that refer to a row of `model` by its key."""
    target = table(model).c[key]
    return [
        (other, column.name)
        for other in Table.metadata.sorted_tables
        for column in other.columns
        if any(foreign.column is target for foreign in column.foreign_keys)
    ]
