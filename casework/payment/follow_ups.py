"""Difficulties raised on a visit: who sees to each, until when, and what came of it."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.frames import Schema
from casework.ledger import Result, Work, case_within_reach, execute, open_round_of
from casework.models import Case
from casework.models_payment import FollowUp, Visit
from casework.payment.common import names_of, new_id, refuse_future
from casework.problems import Refused

FOLLOW_UPS: Schema = {
    "follow_up_id": pl.String,
    "version": pl.Int64,
    "name": pl.String,
    "unit_id": pl.String,
    "visited_on": pl.Date,
    "problem": pl.String,
    "owner": pl.String,
    "due_on": pl.Date,
    "closed_on": pl.Date,
    "outcome": pl.String,
    "overdue": pl.Boolean,
}


def open_follow_up(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    visit_id: str,
    problem: str,
    owner: str,
    actor: Actor,
    now: datetime,
    key: str,
    due_on: date | None = None,
) -> Result:
    """Write down a difficulty somebody raised and who sees to it.

    Returns:
        `{"follow_up_id", "version"}`.

    Raises:
        Refused: `no_problem`, `not_found`, `closed`.
    """
    if not problem.strip() or not owner.strip():
        raise Refused("no_problem", "请写明实际困难和承办人")

    def deed(work: Work) -> Result:
        visit = work.get(Visit, visit_id, missing="没有这次走访")
        case_within_reach(work, visit.case_id)
        open_round_of(work, visit.round_id)
        row = FollowUp(
            follow_up_id=new_id(visit_id, "follow_up", key),
            visit_id=visit_id,
            problem=problem.strip(),
            owner=owner.strip(),
            due_on=due_on,
            recorded_by=actor.id,
            recorded_at=work.now,
        )
        work.add(row)
        return {"follow_up_id": row.follow_up_id, "version": row.version}

    return execute(
        engine,
        action="open_follow_up",
        actor=actor,
        now=now,
        key=key,
        subject=f"visit:{visit_id}",
        request={"problem": problem, "owner": owner, "due": due_on},
        body=deed,
    )


def close_follow_up(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    follow_up_id: str,
    outcome: str,
    on: date,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> Result:
    """Say what came of a difficulty.

    Returns:
        `{"follow_up_id", "version"}`.

    Raises:
        Refused: `no_outcome`, `future`, `not_found`, `done`, `closed`.
        Conflict: `stale`.
    """
    if not outcome.strip():
        raise Refused("no_outcome", "请写明办理结果")
    refuse_future(on, now, "办结")

    def deed(work: Work) -> Result:
        row = work.get(FollowUp, follow_up_id, missing="没有这项困难")
        visit = work.get(Visit, row.visit_id)
        case_within_reach(work, visit.case_id)
        open_round_of(work, visit.round_id)
        if row.closed_on is not None:
            raise Refused("done", "这项困难已经办结")
        after = work.change(
            FollowUp, follow_up_id, expected_version=expected_version, closed_on=on, outcome=outcome.strip()
        )
        return {"follow_up_id": follow_up_id, "version": after.version}

    return execute(
        engine,
        action="close_follow_up",
        actor=actor,
        now=now,
        key=key,
        subject=f"follow_up:{follow_up_id}",
        request={"outcome": outcome, "on": on, "expected": expected_version},
        body=deed,
    )


def follow_ups(session: Session, *, round_id: str, actor: Actor, today: date) -> pl.DataFrame:
    """Return the difficulties raised in a round within the actor's units, open ones first (`FOLLOW_UPS`)."""
    query = (
        select(FollowUp, Visit, Case)
        .join(Visit, col(Visit.visit_id) == col(FollowUp.visit_id))
        .join(Case, col(Case.case_id) == col(Visit.case_id))
        .where(Visit.round_id == round_id)
    )
    found = [(row, visit, case) for row, visit, case in session.exec(query) if actor.may_see(case.unit_id)]
    names = names_of(session, {visit.case_id for _, visit, _ in found})
    rows = [
        {
            **{name: getattr(row, name) for name in FOLLOW_UPS if hasattr(row, name)},
            "name": names[visit.case_id],
            "unit_id": case.unit_id,
            "visited_on": visit.on,
            "overdue": row.closed_on is None and row.due_on is not None and row.due_on < today,
        }
        for row, visit, case in found
    ]
    frame = pl.DataFrame(rows, schema=FOLLOW_UPS, orient="row")
    return frame.sort(pl.col("closed_on").is_not_null(), "due_on", "follow_up_id", nulls_last=True)
