"""What became of whom between two dates (台账变动): who came, who went, whose entries changed, by field name only.

Both states are the ledger as it was known at the end of each day (`ledger.past`), so a correction counts from the day
it was entered. No value leaves this module.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Any, Final

import polars as pl
from sqlalchemy import select
from sqlmodel import Session

from casework.access import Actor
from casework.frames import DIFFERENCE, FACTS, Schema, conform
from casework.ledger.facts import read_frame
from casework.ledger.keys import ERASED
from casework.ledger.past import ROW, entry_at, tables_known
from casework.models import Round
from casework.models_people import Erasure, PersonMerge, Verification
from casework.models_review import Removal
from casework.people.register import table
from casework.problems import Refused
from casework.vocabulary import Movement, Recheck

CHINA: Final = timezone(timedelta(hours=8), "Asia/Shanghai")
_SINGLE: Final = ("people", "households")
_OF_HOUSEHOLD: Final = ("households", "members")


def ledger_difference(session: Session, *, earlier: date, later: date, actor: Actor) -> pl.DataFrame:
    """Return who came, who went and who changed between the ends of two days (`DIFFERENCE`), by unit and name.

    Args:
        session: A session on the ledger.
        earlier: The first day.
        later: The second day.
        actor: Sees the people of his units.

    Raises:
        Refused: `bad_days`: the second day is not after the first.
    """
    if later <= earlier:
        raise Refused("bad_days", "后一个日期要晚于前一个日期")
    before, after = (_state(session, day) for day in (earlier, later))
    old, new = _entries(before, after), _entries(after, before)
    rows = []
    for person_id in sorted(before.there | after.there):
        state = after if person_id in after.there else before
        if actor.units is not None and state.unit.get(person_id) not in actor.units:
            continue
        row: dict[str, Any] = {
            "person_id": person_id,
            "name": state.name.get(person_id),
            "unit_id": state.unit.get(person_id),
            "why": None,
            "fields": [],
        }
        if person_id not in before.there:
            rows.append({**row, "movement": Movement.CAME.value})
        elif person_id not in after.there:
            rows.append({**row, "movement": Movement.WENT.value, "why": after.why(person_id)})
        elif changed := _changed(old.get(person_id, {}), new.get(person_id, {})):
            rows.append({**row, "movement": Movement.CHANGED.value, "fields": changed})
    return conform(rows, DIFFERENCE).sort("unit_id", "movement", "name", "person_id", nulls_last=True)


@dataclass(frozen=True)
class _State:
    """The ledger at the end of one day.

    Attributes:
        there: Who stood in it.
        name: Person → name.
        unit: Person → unit of the latest case.
        tables: The tables as they were known.
        gone: Person → why he is not there any more.
    """

    there: set[str]
    name: Mapping[str, str]
    unit: Mapping[str, str]
    tables: Mapping[str, pl.DataFrame]
    gone: Mapping[str, str]

    def why(self, person_id: str) -> str:
        """Say why somebody went: a case taken back with its import leaves no other trace."""
        return self.gone.get(person_id, "withdrawn")


def _state(session: Session, day: date) -> _State:
    moment = datetime.combine(day, time.max, tzinfo=CHINA)
    connection = session.connection()
    tables = tables_known(session, entry_at(session, moment))
    opened = table(Round)
    days = read_frame(session, select(opened), {"round_id": pl.String, "opened_on": pl.Date})
    cases = tables["cases"].join(days, on="round_id", how="left").sort("opened_on", "case_id")
    removal, erasure = table(Removal), table(Erasure)
    left = connection.execute(select(removal.c.case_id, removal.c.cause).where(removal.c.recorded_at <= moment))
    removed = {row.case_id: row.cause for row in left}
    standing = cases.filter(~pl.col("case_id").is_in(list(removed)))
    owner = dict(cases.select("case_id", "person_id").iter_rows())
    gone = {owner[case_id]: cause for case_id, cause in removed.items() if case_id in owner}
    erased = set(connection.execute(select(erasure.c.person_id).where(erasure.c.erased_at <= moment)).scalars())
    ended = _ended(session, moment, standing)
    gone |= dict.fromkeys(ended, Recheck.ENDED.value) | dict.fromkeys(_merged(session, moment), "merged")
    gone |= dict.fromkeys(erased, "erased")
    return _State(
        there=set(standing["person_id"]) - ended - erased,
        name=dict(tables["people"].select("person_id", "name").iter_rows()),
        unit=dict(cases.select("person_id", "unit_id").iter_rows()),
        tables=tables,
        gone=gone,
    )


def _merged(session: Session, moment: datetime) -> set[str]:
    merge = table(PersonMerge)
    still = merge.c.undone_at.is_(None) | (merge.c.undone_at > moment)
    return set(session.connection().execute(select(merge.c.gone).where(merge.c.merged_at <= moment, still)).scalars())


def _ended(session: Session, moment: datetime, cases: pl.DataFrame) -> set[str]:
    """Return whose latest re-check entered by a moment ended his place in the ledger, and no case came after it."""
    line = table(Verification)
    schema: Schema = {"person_id": pl.String, "year": pl.Int64, "seq": pl.Int64, "outcome": pl.String, "on": pl.Date}
    lines = read_frame(session, select(line).where(line.c.recorded_at <= moment), schema).sort("year", "seq")
    last = lines.group_by("person_id", maintain_order=True).last()
    ended = last.filter(pl.col("outcome") == Recheck.ENDED.value)
    latest = cases.group_by("person_id").agg(pl.col("opened_on").max())
    back = ended.join(latest, on="person_id").filter(pl.col("opened_on") > pl.col("on"))
    return set(ended["person_id"]) - set(back["person_id"])


def _entries(state: _State, other: _State) -> dict[str, dict[str, dict[str, dict[str, Any]]]]:
    """Return person → table → row → column → value, of the rows that read otherwise in the other state."""
    owner = dict(state.tables["cases"].select("case_id", "person_id").iter_rows())
    home: dict[str, list[str]] = defaultdict(list)
    for person_id, household_id in state.tables["people"].select("person_id", "household_id").iter_rows():
        if household_id is not None:
            home[household_id].append(person_id)
    entries: dict[str, dict[str, dict[str, dict[str, Any]]]] = defaultdict(lambda: defaultdict(dict))
    for name, frame in state.tables.items():
        for row in _otherwise(frame, other.tables[name]).iter_rows(named=True):
            if name in _OF_HOUSEHOLD:
                owners = home.get(row["household_id"], [])
            else:
                whose = row.get("person_id") or owner.get(row.get("case_id", ""))
                owners = [whose] if whose else []
            for whose in owners:
                entries[whose][name][row[ROW]] = row
    return entries


def _otherwise(frame: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of a frame that are not in the other one, or read otherwise there."""
    lists = [name for name, dtype in frame.schema.items() if dtype == pl.List(pl.String)]
    flat = [pl.col(name).list.sort().list.join("\n") for name in lists]
    same = frame.with_columns(flat).join(other.with_columns(flat), on=frame.columns, how="semi", nulls_equal=True)
    return frame.filter(~pl.col(ROW).is_in(same[ROW].implode()))


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return sorted({field for name in FACTS for field in _fields(name, before.get(name, {}), after.get(name, {}))})


def _fields(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Name the columns that differ; a list with other rows is named as a whole."""
    if name not in _SINGLE and before.keys() != after.keys():
        said = [sorted(repr(_values(row)) for row in rows.values()) for rows in (before, after)]
        if said[0] != said[1]:
            yield name
    for row_id in before.keys() & after.keys():
        old, new = before[row_id], after[row_id]
        if old.get("name") == ERASED or new.get("name") == ERASED:
            continue
        yield from (f"{name}.{column}" for column in _values(old) if old[column] != new[column])


def _values(row: Mapping[str, Any]) -> dict[str, Any]:
    return {column: value for column, value in row.items() if column not in {ROW, "round_id"}}
