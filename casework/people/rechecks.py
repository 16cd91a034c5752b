"""The yearly re-check of the ledger (台账核查): one line for each person and year, decided by a person.

Nothing is carried forward by itself: who was not re-checked stands as 未复核, and a judgement of an earlier round is
never taken for one of this year.
Source: JZ-N2.3 to JZ-N2.6, JZ-N3.2, JZ-M5.2.3, JZ-M5.2.5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import polars as pl
from sqlalchemy import Engine, func, select
from sqlmodel import Session

from casework.access import Actor
from casework.frames import RECHECK, Schema, conform
from casework.ledger import Result, Work, execute
from casework.ledger.facts import read_frame
from casework.models import Case, Person, Round
from casework.models_people import Verification
from casework.people.contacts import person_within_reach
from casework.people.register import merged_into, register, table
from casework.problems import Refused
from casework.vocabulary import Recheck

_LINES: Final[Schema] = {
    "person_id": pl.String,
    "year": pl.Int64,
    "outcome": pl.String,
    "on": pl.Date,
    "body": pl.String,
    "basis": pl.String,
    "seq": pl.Int64,
}


@dataclass(frozen=True)
class Rechecked:
    """What the re-check found of one person.

    Attributes:
        person_id: Whom.
        outcome: 继续在册, 新增, 情况有变 or 退出台账.
        basis: On what (material, meeting); needed to leave the ledger.
        body: Who decided, where it is another body than the command names for all.
        on: The day, where it is another one.
    """

    person_id: str
    outcome: Recheck
    basis: str = ""
    body: str = ""
    on: date | None = None


def recheck_list(session: Session, *, year: int, actor: Actor) -> pl.DataFrame:
    """Return everybody who stands in the ledger in a year, with this year's outcome or none (`RECHECK`).

    In the ledger stands who has a case of a round opened in or before the year, unless an earlier re-check ended it
    and no case came after that. This year's ended ones are shown: they are this year's result.
    """
    lines = _lines(session).filter(pl.col("year") <= year)
    cases = _first_and_last_case(session, date(year, 12, 31))
    people = register(session, actor).join(cases, on="person_id", how="left")
    this = lines.filter(pl.col("year") == year).group_by("person_id", maintain_order=True).last()
    last = lines.filter(pl.col("year") < year).group_by("person_id", maintain_order=True).last()
    rows = (
        people.join(this.select("person_id", "outcome", "on", "body", "basis"), on="person_id", how="left")
        .join(
            last.select(
                "person_id",
                pl.col("year").alias("last_year"),
                pl.col("outcome").alias("last_outcome"),
                pl.col("on").alias("last_on"),
            ),
            on="person_id",
            how="left",
        )
        .filter(_in_the_ledger())
        .sort("unit_id", "branch", "person_id", nulls_last=True)
    )
    return conform(rows.select(list(RECHECK)), RECHECK)


def _in_the_ledger() -> pl.Expr:
    ended = (pl.col("last_outcome") == Recheck.ENDED.value).fill_null(value=False)
    came_back = (pl.col("last_case") > pl.col("last_on")).fill_null(value=False)
    known = pl.col("last_case").is_not_null() | pl.col("last_year").is_not_null() | pl.col("outcome").is_not_null()
    return known & (~ended | came_back | pl.col("outcome").is_not_null())


def _first_and_last_case(session: Session, until: date) -> pl.DataFrame:
    case, opened = table(Case), table(Round)
    query = (
        select(case.c.person_id, func.max(opened.c.opened_on).label("last_case"))
        .join(opened, opened.c.round_id == case.c.round_id)
        .where(opened.c.opened_on <= until)
        .group_by(case.c.person_id)
    )
    return read_frame(session, query, {"person_id": pl.String, "last_case": pl.Date})


def _lines(session: Session) -> pl.DataFrame:
    """Return every re-check in its order; those of a merged record are the kept one's."""
    lines = read_frame(session, select(table(Verification)), _LINES)
    into = merged_into(session)
    owner = pl.col("person_id").replace(into) if into else pl.col("person_id")
    return lines.with_columns(owner).sort("year", "seq")


def record_recheck(  # noqa: PLR0913 - as every command
    engine: Engine,
    results: Sequence[Rechecked],
    *,
    year: int,
    on: date,
    body: str,
    actor: Actor,
    now: datetime,
    key: str,
) -> Result:
    """Record the re-check of many people at once, each with a result of his own; a later line of a year counts.

    Args:
        engine: The ledger.
        results: One for each person.
        year: The year re-checked.
        on: The day it was decided.
        body: Who decided (支部大会 …), for all who name no other.
        actor: Who enters it.
        now: When.
        key: Idempotency key.

    Returns:
        How many of each outcome.

    Raises:
        Refused: `nobody`, `no_body`, `no_basis` (退出 without one), `future`, `bad_year` (the day is before the year),
            `twice` (a person named twice), `not_new` (新增, but he stood in the ledger before), `not_in_ledger`
            (继续在册, 情况有变 or 退出, but he has no case and no earlier line), `not_found`, `erased`.
    """
    _refuse_bad(results, year=year, on=on, body=body, today=now.date())

    def deed(work: Work) -> Result:
        listed = recheck_list(work.session, year=year, actor=actor)
        standing: dict[str, dict[str, Any]] = {row["person_id"]: row for row in listed.iter_rows(named=True)}
        counts: dict[str, int] = {}
        for result in results:
            whose = person_within_reach(work, result.person_id)
            row = standing.get(whose.person_id)
            _refuse_impossible(whose, result.outcome, row)
            work.add(
                Verification(
                    person_id=whose.person_id,
                    unit_id=row["unit_id"],  # type: ignore[index]
                    year=year,
                    outcome=result.outcome.value,
                    on=result.on or on,
                    body=(result.body or body).strip(),
                    basis=result.basis.strip(),
                    recorded_by=actor.id,
                    recorded_at=work.now,
                )
            )
            counts[result.outcome.value] = counts.get(result.outcome.value, 0) + 1
        return counts

    return execute(
        engine,
        action="record_recheck",
        actor=actor,
        now=now,
        key=key,
        subject=f"recheck:{year}",
        request={"on": on, "body": body, "results": [_plain(result) for result in results]},
        body=deed,
    )


def _plain(result: Rechecked) -> Mapping[str, object]:
    return {
        "person_id": result.person_id,
        "outcome": result.outcome.value,
        "basis": result.basis,
        "body": result.body,
        "on": result.on,
    }


def _refuse_bad(results: Sequence[Rechecked], *, year: int, on: date, body: str, today: date) -> None:
    if not results:
        raise Refused("nobody", "没有要登记的人")
    if len({result.person_id for result in results}) != len(results):
        raise Refused("twice", "同一个人列了两次，请每人只列一次")
    for result in results:
        day = result.on or on
        if not (result.body or body).strip():
            raise Refused("no_body", "请写明由谁复核、研究（如支部大会）")
        if result.outcome is Recheck.ENDED and not result.basis.strip():
            raise Refused("no_basis", "退出台账要写明依据")
        if day > today:
            raise Refused("future", "复核日期在今天之后")
        if day.year < year:
            raise Refused("bad_year", f"复核日期早于 {year} 年")


def _refuse_impossible(whose: Person, outcome: Recheck, row: Mapping[str, Any] | None) -> None:
    name = whose.name or whose.person_id
    if row is None or row["unit_id"] is None:
        raise Refused("not_in_ledger", f"{name}在台账中没有个案，不能登记年度复核")
    stood = row["last_outcome"] is not None and row["last_outcome"] != Recheck.ENDED.value
    if outcome is Recheck.NEW and stood:
        raise Refused("not_new", f"{name}上一次复核时已在册，不是新增")
