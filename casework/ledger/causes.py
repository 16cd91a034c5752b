"""Causes of hardship: sealed under the person's own key in the database, open in the facts."""

from __future__ import annotations

import gc
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import polars as pl
from sqlalchemy import FromClause, Select, select
from sqlmodel import Session

from casework.frames import CAUSES, empty
from casework.ledger.bulk import insert_frame
from casework.ledger.keys import Keyring, person, seal, unseal_text
from casework.models import Case, Cause
from casework.problems import Refused
from casework.vocabulary import HardshipCause, Relation

SEALED: Final = ("cause", "affected", "occurred_on", "note")


def insert_causes(session: Session, keyring: Keyring, frame: pl.DataFrame, *, since: int) -> int:
    """Insert causes of cases that are in the ledger.

    Raises:
        Refused: `not_acceptable`: a case nobody has, a value nobody knows, a person who was erased.
    """
    if frame.is_empty():
        return 0
    _refuse_unknown(frame)
    whose = _owners(session, frame["case_id"].unique().to_list())
    keys = keyring.many((person(p) for p in whose.values()), make=True)
    ids, sealed = [], []
    for row in frame.iter_rows(named=True):
        key = keys.get(person(whose.get(row["case_id"], "")))
        if key is None:
            raise Refused("not_acceptable", "内容与台账的规则不符，没有保存；请核对成因所属的个案是否已录入")
        cause_id = secrets.token_hex(8)
        ids.append(cause_id)
        sealed.append(seal(key, {name: row[name] for name in SEALED}, bound_to=f"cause|sealed|{cause_id}"))
    stored = frame.select("case_id", "main").with_columns(
        pl.Series("cause_id", ids), pl.Series("sealed", sealed, dtype=pl.Binary)
    )
    return insert_frame(session, Cause, stored, since=since)


def _refuse_unknown(frame: pl.DataFrame) -> None:
    for name, terms in (("cause", HardshipCause), ("affected", Relation)):
        strangers = set(frame[name].drop_nulls()) - set(terms)
        if strangers:
            raise Refused("not_acceptable", f"困难成因中有不认识的内容（{len(strangers)} 种），没有保存")


def _owners(session: Session, cases: list[str]) -> dict[str, str]:
    table: FromClause = Case.__table__  # type: ignore[attr-defined]
    found: dict[str, str] = {}
    for start in range(0, len(cases), 900):
        part = select(table.c.case_id, table.c.person_id).where(table.c.case_id.in_(cases[start : start + 900]))
        found.update(session.connection().execute(part).all())
    return found


def open_causes(session: Session, query: Select[Any]) -> pl.DataFrame:
    """Return the causes a query of the `cause` table finds, opened; those of an erased person are gone."""
    found = _opened(session, query)
    if not found:
        return empty(CAUSES)
    _, cases, mains, _, texts = zip(*found, strict=True)
    # polars reads a hundred thousand small JSON texts at once.
    told = pl.Series("told", texts, dtype=pl.String).str.json_decode(pl.Struct(dict.fromkeys(SEALED, pl.String)))
    frame = pl.DataFrame({"case_id": cases, "main": pl.Series(mains, dtype=pl.Boolean)}).hstack(told.struct.unnest())
    return frame.with_columns(pl.col("occurred_on").str.to_date("%Y-%m-%d")).select(list(CAUSES))


def causes_with_ids(session: Session, query: Select[Any]) -> list[dict[str, Any]]:
    """Return the causes with `cause_id` and `since`; `occurred_on` is an ISO text."""
    return [
        {"cause_id": cause_id, "case_id": case_id, "main": main, "since": since, **json.loads(text)}
        for cause_id, case_id, main, since, text in _opened(session, query)
    ]


def _opened(session: Session, query: Select[Any]) -> list[tuple[str, str, bool | None, int | None, str]]:
    with _uncollected():
        return _read(session, query)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Pause the collector of reference cycles: a quarter of the time for a hundred thousand people, and no cycle."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _read(session: Session, query: Select[Any]) -> list[tuple[str, str, bool | None, int | None, str]]:
    columns, case = query.selected_columns, Case.__table__  # type: ignore[attr-defined]
    wanted = (columns["cause_id"], columns["case_id"], columns["main"], columns["since"], columns["sealed"])
    owners = query.with_only_columns(*wanted, case.c.person_id).join(case, case.c.case_id == columns["case_id"])
    stored = session.connection().execute(owners).all()
    keys = Keyring(session).many([person(row.person_id) for row in stored])
    found = []
    for cause_id, case_id, main, since, sealed, person_id in stored:
        key = keys.get(person(person_id))
        if key is not None:
            found.append((cause_id, case_id, main, since, unseal_text(key, sealed, f"cause|sealed|{cause_id}")))
    return found
