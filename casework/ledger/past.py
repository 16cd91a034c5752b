"""The ledger as it was known at an earlier moment: today's rows with everything later taken back.

Every dated row carries the number of the command that brought it in (`since`), every change and removal stands in the
history. What was known after command n is therefore: the rows that came with n or before, with the later changes
undone and the later removals put back. Of somebody erased since, nothing is known any more, then either.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

import polars as pl
from sqlalchemy import FromClause, func, or_, select
from sqlmodel import Session

from casework.facts import Facts
from casework.frames import FACTS, Schema, conform
from casework.ledger.causes import causes_with_ids
from casework.ledger.facts import judgements_query, read_frame, rulings_query, units_query
from casework.ledger.history import REMOVED, Change, history
from casework.models import (
    Aid,
    Answer,
    AuditEntry,
    Case,
    Cause,
    Completeness,
    Evidence,
    Honour,
    Household,
    HouseholdMember,
    Person,
    Table,
    Unit,
)
from casework.models_review import Removal

DATED: Final[Mapping[str, type[Table]]] = {
    "cases": Case,
    "people": Person,
    "households": Household,
    "members": HouseholdMember,
    "causes": Cause,
    "evidence": Evidence,
    "honours": Honour,
    "aid": Aid,
    "completeness": Completeness,
    "answers": Answer,
}
"""Tables of the facts whose rows carry `since`."""
ROW: Final = "_row"
SINCE: Final = "_since"
_ROUND: Final = "round_id"


def entry_at(session: Session, known_at: datetime) -> int:
    """Return the number of the last command carried out by `known_at`; 0 where there was none yet."""
    entry = _table(AuditEntry)
    text = known_at.astimezone(UTC).isoformat(timespec="microseconds")  # as the log writes it
    last = select(func.max(entry.c.seq)).where(entry.c.at <= text)
    return session.connection().execute(last).scalar() or 0


def tables_known(session: Session, seq: int) -> dict[str, pl.DataFrame]:
    """Return the dated tables as they stood after command number `seq`, of all rounds.

    Returns:
        Name of the table in the facts → its columns, with `ROW` (the row's own key) and, for cases, `round_id`.
    """
    later: dict[str, list[Change]] = {}
    for change in history(session, after=seq):
        later.setdefault(change.table, []).append(change)
    return {
        name: _undone(_stored(session, name, seq), later.get(_table(model).name, ()), name, seq)  # type: ignore[attr-defined]
        for name, model in DATED.items()
    }


def schema_of(name: str) -> Schema:
    """Return the schema of a table of `tables_known`."""
    more: Schema = {_ROUND: pl.String} if name == "cases" else {}
    return {**FACTS[name], **more, ROW: pl.String}


def _table(model: type[Table]) -> FromClause:
    table: FromClause = model.__table__  # type: ignore[attr-defined]
    return table


def _stored(session: Session, name: str, seq: int) -> pl.DataFrame:
    """Return today's rows that were there after command `seq`, as they read today."""
    table, schema = _table(DATED[name]), schema_of(name)
    there = select(table).where(or_(table.c.since.is_(None), table.c.since <= seq))
    if name == "causes":
        rows = [{**row, ROW: row["cause_id"]} for row in causes_with_ids(session, there)]
        return _frame(rows, schema)
    keys = [column.name for column in table.primary_key]
    natural = {key: pl.String for key in keys if key in schema}
    surrogate: Schema = {key: pl.Int64 for key in keys if key not in schema}
    wanted = {column: dtype for column, dtype in schema.items() if column != ROW}
    frame = read_frame(session, there, {**wanted, **surrogate})
    parts = [pl.col(key).cast(pl.String) for key in (natural or surrogate)]
    return frame.with_columns(pl.concat_str(parts, separator="/").alias(ROW)).select(list(schema))


def _undone(frame: pl.DataFrame, later: Iterable[Change], name: str, seq: int) -> pl.DataFrame:
    """Take back the later changes of one table, the latest first."""
    changes = list(later)
    if not changes:
        return frame
    schema = schema_of(name)
    touched = {change.row for change in changes}
    rows = {row[ROW]: row for row in frame.filter(pl.col(ROW).is_in(list(touched))).iter_rows(named=True)}
    for change in changes:
        if change.changes is None:
            continue
        if REMOVED in change.changes:
            held = change.changes[REMOVED]
            if (held.get("since") or 0) <= seq:
                rows[change.row] = {**held, ROW: change.row}
        elif change.row in rows:
            rows[change.row] |= {column: before for column, (before, _) in change.changes.items()}
    return pl.concat([frame.filter(~pl.col(ROW).is_in(list(touched))), _frame(list(rows.values()), schema)])


def _frame(rows: list[dict[str, Any]], schema: Schema) -> pl.DataFrame:
    """Return rows whose days may be ISO texts, as the history keeps them."""
    kept = [{column: _read(row.get(column), dtype) for column, dtype in schema.items()} for row in rows]
    return pl.DataFrame(kept, schema=schema, orient="row")


def _read(value: Any, dtype: Any) -> Any:
    return date.fromisoformat(value) if dtype == pl.Date and isinstance(value, str) else value


def facts_known(
    session: Session,
    *,
    round_id: str,
    known_at: datetime,
    as_of: date | None = None,
    units: Collection[str] | None = None,
) -> Facts:
    """Return the facts of a round as the ledger knew them at a moment.

    Units have no number of their own: those added later are there too, but nobody had a case in them.

    Args:
        session: A session on the ledger.
        round_id: The round.
        known_at: The moment, with its zone; what was entered later is not there.
        as_of: The day the facts are read for; the day of `known_at` by default.
        units: Read the cases of these units only (`Actor.units`); None reads every unit.
    """
    day, seq = as_of or known_at.date(), entry_at(session, known_at)
    then = tables_known(session, seq)
    removal = _table(Removal)
    removed = select(removal.c.case_id).where(removal.c.round_id == round_id, removal.c.recorded_at <= known_at)
    gone = list(session.connection().execute(removed).scalars())
    cases = then["cases"].filter(pl.col(_ROUND) == round_id, ~pl.col("case_id").is_in(gone))
    if units is not None:
        cases = cases.filter(pl.col("unit_id").is_in(list(units)))
    people = then["people"].filter(pl.col("person_id").is_in(cases["person_id"].implode()))
    homes = people["household_id"].drop_nulls().implode()
    frames = {"cases": cases, "people": people}
    for name in DATED.keys() - frames.keys():
        table = then[name]
        if "household_id" in table.columns:
            frames[name] = table.filter(pl.col("household_id").is_in(homes))
        elif "person_id" in table.columns:
            frames[name] = table.filter(pl.col("person_id").is_in(cases["person_id"].implode()))
        else:
            frames[name] = table.filter(pl.col("case_id").is_in(cases["case_id"].implode()))
    frames["aid"] = frames["aid"].filter(pl.col("on").is_null() | (pl.col("on") <= day))
    of_round = select(_table(Case).c.case_id).where(_table(Case).c.round_id == round_id)
    said = read_frame(session, judgements_query(of_round, day, known_at), FACTS["judgements"])
    frames["judgements"] = said.filter(pl.col("case_id").is_in(cases["case_id"].implode()))
    ruled = read_frame(session, rulings_query(round_id, day, None, known_at), FACTS["rulings"])
    mine = pl.col("case_id").is_null() | pl.col("case_id").is_in(cases["case_id"].implode())
    frames["rulings"] = ruled if units is None else ruled.filter(mine)
    frames["units"] = _units_known(session, round_id, units, seq)
    tables = {name: conform(frame.select(list(FACTS[name])), FACTS[name]) for name, frame in frames.items()}
    return Facts.build(as_of=day, round_id=round_id, **tables)


def _units_known(session: Session, round_id: str, units: Collection[str] | None, seq: int) -> pl.DataFrame:
    frame = read_frame(session, units_query(round_id, units), FACTS["units"])
    rows = {row["unit_id"]: row for row in frame.iter_rows(named=True)}
    for change in history(session, table=_table(Unit).name, after=seq):  # type: ignore[attr-defined]
        if change.row in rows and change.changes:
            before = {column: pair[0] for column, pair in change.changes.items() if column in frame.columns}
            rows[change.row] |= before
    return _frame(list(rows.values()), FACTS["units"])
