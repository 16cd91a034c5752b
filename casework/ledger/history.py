"""What a row held before: values in clear where they are about nobody, else under the key of whom they are about."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from casework.ledger.audit import canonical
from casework.ledger.keys import Keyring, household, person, seal, unseal
from casework.models import (
    Aid,
    Answer,
    AuditEntry,
    Case,
    Cause,
    Completeness,
    Evidence,
    History,
    Honour,
    Household,
    HouseholdMember,
    Person,
    Table,
)

REMOVED = "-"
"""The change of a row that was taken out: `"-"` → the row as it was."""


@dataclass(frozen=True)
class Change:
    """One row that one command changed; `changes` is None where the person was erased."""

    audit_seq: int
    at: str
    actor_id: str
    action: str
    table: str
    row: str
    changes: dict[str, Any] | None


def subject_of(session: Session, row: Table) -> str | None:
    """Return whose key seals the history of a row; None for what is about nobody in particular.

    A case's own fields (unit, category, rank, amounts, stage) stay on signed lists and are kept in clear.
    """
    if isinstance(row, (Person, Honour, Aid)):
        return person(row.person_id)
    if isinstance(row, (Household, HouseholdMember)):
        return household(row.household_id)
    if isinstance(row, (Cause, Evidence, Answer, Completeness)):
        case = session.get(Case, row.case_id)
        return person(case.person_id) if case else None
    return None


def store(  # noqa: PLR0913 - the parts of one entry
    session: Session, keyring: Keyring, *, audit_seq: int, table: str, row: str, changes: Any, subject: str | None
) -> None:
    """Keep what one command changed in one row; nothing where the subject was erased."""
    if subject is None:
        session.add(History(audit_seq=audit_seq, table=table, row=row, changes=json.loads(canonical(changes))))
        return
    key = keyring.get(subject, make=True)
    if key is None:
        return
    sealed = seal(key, changes, bound_to=f"history|{table}|{row}|{audit_seq}")
    session.add(History(audit_seq=audit_seq, table=table, row=row, subject=subject, sealed=sealed))


def history(  # noqa: PLR0913 - each narrows what is given
    session: Session,
    *,
    table: str | None = None,
    row: str | None = None,
    after: int = 0,
    only: int | None = None,
    subjects: Collection[str] | None = None,
) -> Iterator[Change]:
    """Give what was changed, the latest first.

    Args:
        session: A session on the ledger.
        table: Only of this table.
        row: Only of this row.
        after: Only by commands with a later audit number.
        only: Only by the command with this audit number.
        subjects: Only of what is sealed for these people and households.
    """
    query = select(History, AuditEntry).join(AuditEntry, col(History.audit_seq) == col(AuditEntry.seq))
    query = query.where(History.audit_seq > after)
    if table is not None:
        query = query.where(History.table == table)
    if row is not None:
        query = query.where(History.row == row)
    if only is not None:
        query = query.where(History.audit_seq == only)
    if subjects is not None:
        query = query.where(col(History.subject).in_(subjects))
    found = session.exec(query.order_by(col(History.seq).desc())).all()
    keys = Keyring(session).many(entry.subject for entry, _ in found if entry.subject is not None)
    for entry, audit in found:
        changes = entry.changes
        if entry.subject is not None:
            key = keys.get(entry.subject)
            bound_to = f"history|{entry.table}|{entry.row}|{entry.audit_seq}"
            changes = unseal(key, entry.sealed, bound_to=bound_to) if key and entry.sealed else None
        yield Change(audit.seq, audit.at, audit.actor_id, audit.action, entry.table, entry.row, changes)
