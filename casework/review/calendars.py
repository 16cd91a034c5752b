"""The 放假调休 tables: imported a year at a time with their source; a year nobody imported stays unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.dates import Calendar, CalendarYear, chinese
from casework.ledger import Result, Work, execute
from casework.models_review import RestYear
from casework.problems import NotAllowed, Refused


def import_rest_days(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    year: int,
    days: Mapping[date, bool],
    source: str,
    actor: Actor,
    now: datetime,
    key: str,
    expected_version: int | None = None,
) -> Result:
    """Import the 放假调休 table of one year, or the changed one that was announced later.

    A public notice that was posted meanwhile keeps the last day it was given; one without a last day gets it when it
    is closed.

    Args:
        engine: The ledger.
        year: The year.
        days: Day → whether offices work on it: False for a day off, True for a weekend that is worked.
        source: The announcement, e.g. 国办发明电〔2022〕16 号.
        actor: Who imports it.
        now: When.
        key: Idempotency key.
        expected_version: The version of the table that is replaced; None: there is none yet.

    Returns:
        `{"year", "holidays", "workdays", "version"}`: numbers of days.

    Raises:
        Refused: `no_source`, `no_days`, `other_year`, `no_weekend` (a worked day that is a weekday anyway).
        NotAllowed: `scope`.
        Conflict: `stale`: somebody imported that year meanwhile.
    """
    if actor.units is not None:
        raise NotAllowed("scope", "放假调休表全台账共用，须由能看全部单位的人员导入")
    _refuse_wrong(year, days, source)
    table: dict[str, Any] = {
        "source": source.strip(),
        "holidays": [day.isoformat() for day in sorted(days) if not days[day]],
        "workdays": [day.isoformat() for day in sorted(days) if days[day]],
    }

    def deed(work: Work) -> Result:
        found = work.session.get(RestYear, year)
        if found is None:
            found = RestYear(year=year, **table, recorded_by=actor.id, recorded_at=work.now)
            work.add(found)
        elif _same(found, table):
            pass  # the same announcement once more
        else:
            found = work.change(RestYear, year, expected_version=expected_version or 0, **table)
        return {
            "year": year,
            "holidays": len(table["holidays"]),
            "workdays": len(table["workdays"]),
            "version": found.version,
        }

    return execute(
        engine,
        action="import_rest_days",
        actor=actor,
        now=now,
        key=key,
        subject=f"rest_year:{year}",
        request={"year": year, **table, "expected": expected_version},
        body=deed,
    )


def _refuse_wrong(year: int, days: Mapping[date, bool], source: str) -> None:
    if not source.strip():
        raise Refused("no_source", "请写明放假调休安排的文件名称或文号")
    if not any(not works for works in days.values()):
        raise Refused("no_days", "放假调休表里没有放假的日子，请核对")
    for day, works in sorted(days.items()):
        if day.year != year:
            raise Refused("other_year", f"{chinese(day)}不在 {year} 年，请分年度导入")
        if works and day.weekday() < 5:
            raise Refused("no_weekend", f"{chinese(day)}不是周末，不用写“上班”，请核对")


def _same(found: RestYear, table: Mapping[str, object]) -> bool:
    return all(getattr(found, name) == value for name, value in table.items())


def rest_years(session: Session) -> list[RestYear]:
    """Return the imported tables, the latest year first."""
    return list(session.exec(select(RestYear).order_by(col(RestYear.year).desc())))


def calendar_of(session: Session) -> Calendar:
    """Return the calendar the imported tables make; a year without one is unknown."""
    return Calendar({row.year: _year(row.source, row.holidays, row.workdays) for row in rest_years(session)})


def _year(source: str, holidays: Iterable[str], workdays: Iterable[str]) -> CalendarYear:
    days = [frozenset(date.fromisoformat(day) for day in listed) for listed in (holidays, workdays)]
    return CalendarYear(source, days[0], days[1])
