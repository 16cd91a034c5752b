"""How long the office keeps what it knows of people, and who may be erased by that.

No circular says how long: until the office records a period with its source, nobody is due.
Source: ambiguity 39 of the catalogue of clauses (no retention or deletion rule).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import polars as pl
from sqlalchemy import Engine, FromClause, Select, select
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from casework.access import Actor
from casework.dates import chinese
from casework.frames import RETENTION_DUE, Schema, conform, empty
from casework.ledger import Result, Work, execute
from casework.ledger.facts import read_frame
from casework.models import Aid, AuditEntry, Case, Person, Round
from casework.models_payment import Claim
from casework.models_people import RetentionRule, Verification
from casework.people.register import merged_into, register, table
from casework.problems import NotAllowed, Refused
from casework.vocabulary import ClaimState, RoundState

SETTLED: Final = (ClaimState.BOOKED.value, ClaimState.STOPPED.value)
"""States of a claim in which nothing is left to be done for the person."""
_DAYS: Final[Schema] = {"person_id": pl.String, "on": pl.Date}


@dataclass(frozen=True)
class Retention:
    """The period in force and who is past it; `sentence` says both."""

    rule: RetentionRule | None
    due: pl.DataFrame
    sentence: str


def set_retention(  # noqa: PLR0913 - as every command
    engine: Engine, *, years: int, source: str, actor: Actor, now: datetime, key: str
) -> Result:
    """Record how many whole years the office keeps what it knows of a person, and where that is laid down.

    Raises:
        Refused: `bad_value` (less than a year), `no_source`.
        NotAllowed: `scope`: the period holds for every unit.
    """
    if years < 1:
        raise Refused("bad_value", "保存年限至少一年")
    if not source.strip():
        raise Refused("no_source", "请写明保存年限的依据（哪个规定）")
    if actor.units is not None:
        raise NotAllowed("scope", "保存年限对全部单位有效，您的单位范围不包括全部单位")

    def body(work: Work) -> Result:
        work.add(RetentionRule(years=years, source=source.strip(), recorded_by=actor.id, recorded_at=work.now))
        return {"years": years}

    return execute(
        engine,
        action="set_retention",
        actor=actor,
        now=now,
        key=key,
        subject="retention",
        request={"years": years, "source": source},
        body=body,
    )


def retention_rule(session: Session) -> RetentionRule | None:
    """Return the period in force; None while nobody has recorded one."""
    return session.exec(select_rows(RetentionRule).order_by(col(RetentionRule.seq).desc())).first()


def retention_due(session: Session, *, now: datetime, actor: Actor) -> Retention:
    """Return who may be erased by the recorded period (`RETENTION_DUE`), the longest overdue first.

    The period counts from the last thing done about the person: the end of a round with a case of his, aid, a
    re-check, at least the day he was entered. Who has a case in an open round or money still to come is not due.
    """
    rule = retention_rule(session)
    if rule is None:
        return Retention(None, empty(RETENTION_DUE), "尚未规定保存年限，没有人到期；请先登记年限和依据")
    people = register(session, actor)
    last = _last_days(session)
    rows = (
        people.join(last, on="person_id", how="inner")
        .filter(~pl.col("person_id").is_in(list(_busy(session))))
        .with_columns(pl.col("last_on").dt.offset_by(f"{rule.years}y").alias("due_on"))
        .filter(pl.col("due_on") <= now.date())
        .sort("due_on", "person_id")
    )
    due = conform(rows.select(list(RETENTION_DUE)), RETENTION_DUE)
    said = f"按{rule.source}保存 {rule.years} 年，到{chinese(now.date())}有 {due.height} 人到期"
    return Retention(rule, due, said)


def _last_days(session: Session) -> pl.DataFrame:
    case, opened, aid, line = table(Case), table(Round), table(Aid), table(Verification)
    whose, entry = table(Person), table(AuditEntry)

    def days(source: FromClause, on: Any, *joins: tuple[FromClause, Any]) -> pl.DataFrame:
        query: Select[Any] = select(source.c.person_id, on.label("on"))
        for other, condition in joins:
            query = query.join(other, condition)
        return read_frame(session, query.where(on.is_not(None)), _DAYS)

    entered = select(whose.c.person_id, entry.c.at.label("on")).join(entry, entry.c.seq == whose.c.since)
    told = read_frame(session, entered, {"person_id": pl.String, "on": pl.String})
    parts = [
        days(case, opened.c.closed_on, (opened, opened.c.round_id == case.c.round_id)),
        days(aid, aid.c.on),
        days(line, line.c.on),
        told.with_columns(pl.col("on").str.head(10).str.to_date("%Y-%m-%d")),
    ]
    into = merged_into(session)
    owner = pl.col("person_id").replace(into) if into else pl.col("person_id")
    return pl.concat(parts).with_columns(owner).group_by("person_id").agg(pl.col("on").max().alias("last_on"))


def _busy(session: Session) -> set[str]:
    case, opened, claim = table(Case), table(Round), table(Claim)
    running = select(case.c.person_id).join(opened, opened.c.round_id == case.c.round_id)
    owed = select(claim.c.person_id).where(claim.c.state.not_in(SETTLED))
    connection = session.connection()
    still_open = opened.c.state == RoundState.OPEN.value
    return {*connection.execute(running.where(still_open)).scalars(), *connection.execute(owed).scalars()}
