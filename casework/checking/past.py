"""Whether the history tells how each row came to read as it does: every change follows the one before, to today."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from casework.checking.names import row_name
from casework.checking.references import BACKUP
from casework.ledger.audit import canonical
from casework.ledger.history import REMOVED, Change, history
from casework.models import Table
from casework.models_people import DataKey
from casework.people.register import table
from casework.problems import LedgerError, Problem


def broken_histories(session: Session) -> Iterator[Problem]:
    """Give every row whose values are not what the history says they became.

    A row nothing was ever changed in has no history; what was erased has none that can be read.
    """
    try:
        changes = list(history(session))
    except (LedgerError, ValueError):
        return  # `sealed` names the row
    by_row: dict[str, dict[str, list[Change]]] = {}
    for change in reversed(changes):
        by_row.setdefault(change.table, {}).setdefault(change.row, []).append(change)
    erased = _erased(session)
    for name, rows in sorted(by_row.items()):
        now = _rows(session, name)
        for row, told in sorted(rows.items()):
            if f"{name}:{row}" not in erased and all(change.changes is not None for change in told):
                yield from _follow(name, row, told, now.get(row))


def _follow(name: str, row: str, told: list[Change], now: dict[str, Any] | None) -> Iterator[Problem]:
    known: dict[str, Any] = {}
    there = True
    steps = 0
    for change in told:
        if change.changes is None or REMOVED in change.changes:
            known, there, steps = {}, False, 0
            continue
        there, steps = True, steps + 1
        for column, (before, after) in change.changes.items():
            if column in known and known[column] != before:
                yield Problem(f"{row_name(name, row)}的变更历史在审计第 {change.audit_seq} 条处接不上", BACKUP)
            known[column] = after
    if now is None:
        if there:
            yield Problem(f"{row_name(name, row)}有变更历史，却不在台账中", BACKUP)
        return
    if any(now.get(column) != value for column, value in known.items()):
        yield Problem(f"{row_name(name, row)}现在的内容与变更历史的最后一次不符", BACKUP)
    if now.get("version") is not None and now["version"] <= steps:
        yield Problem(f"{row_name(name, row)}的版本号比变更次数少", BACKUP)


def _rows(session: Session, name: str) -> dict[str, dict[str, Any]]:
    """Return today's rows of a table as JSON values, by their key as the history writes it."""
    stored = Table.metadata.tables[name]
    columns = [column for column in stored.c if column.type.__class__.__name__ != "LargeBinary"]
    keys = [column.name for column in stored.primary_key]
    found = {}
    for values in session.connection().execute(select(*columns)):
        row = dict(zip((column.name for column in columns), values, strict=True))
        found["/".join(str(row[key]) for key in keys)] = json.loads(canonical(row))
    return found


def _erased(session: Session) -> set[str]:
    """Return the people and households whose key was destroyed: their rows were emptied on purpose."""
    keys = table(DataKey)
    return set(session.connection().execute(select(keys.c.subject).where(keys.c.wrapped.is_(None))).scalars())
