"""The end of a round: what still stands open, by name and number, and closing it with each of them explained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import polars as pl
from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from casework.access import LOCAL_OFFICER, Actor
from casework.adoption import in_force
from casework.ledger import Result, close_round, policy_of
from casework.ledger.closing import OpenEnd
from casework.models import Case
from casework.models_payment import FollowUp, Inspection, InspectionFinding, Visit
from casework.models_review import Meeting, Notice, Objection, RoundOpenEnd
from casework.payment.common import live_claims, names_of
from casework.payment.coverage import coverage, leaders
from casework.payment.reconciliation import money_ends
from casework.people.deadlines import outstanding, status_grid
from casework.review.instructions import pending_instructions
from casework.review.notices import OPEN_OBJECTIONS
from casework.review.official import OFFICIAL
from casework.review.readiness import review_issue_ready
from casework.review.worklist import HELD, OPEN
from casework.review.worklist_paged import every_row
from casework.shapes.procedure import VisitRule
from casework.vocabulary import Act, MeetingState, NoticeState, Reason, Verdict

_NAMED: Final = 5
"""So many names stand in a sentence; the others are counted."""

_SETTLED: Final = frozenset(
    {
        Reason.OVER_PLACES,
        Reason.OVER_CAP,
        Reason.FUND_EXHAUSTED,
        Reason.HELPED_THIS_YEAR,
        Reason.UNION_AID,
        Reason.OTHER_AID,
        Reason.ALREADY_LISTED,
        Reason.SAME_HOUSEHOLD,
        Reason.NOT_ELIGIBLE,
        Reason.NOT_OFFERED,
        Reason.NOT_AGREED,
        Reason.REMOVED,
    }
)
"""Why somebody is not on the list for good; whoever is left out for another reason still waits for a decision."""


def end_round(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    round_id: str,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
    explained: Mapping[str, str] | None = None,
) -> Result:
    """Close a round once nothing stands open, or what does is explained; see `ledger.close_round`.

    Args:
        engine: The ledger.
        round_id: The round.
        expected_version: Its version as seen.
        actor: Who closes it.
        now: When.
        key: Idempotency key.
        explained: Code of an `OpenEnd` → why.
    """
    return close_round(
        engine,
        round_id=round_id,
        still_open=lambda session: round_ends(session, round_id=round_id, now=now),
        explained=explained,
        expected_version=expected_version,
        actor=actor,
        now=now,
        key=key,
    )


def round_ends(session: Session, *, round_id: str, now: datetime) -> tuple[OpenEnd, ...]:
    """Return everything of a round that is not finished, one entry a kind.

    Args:
        session: A session on the ledger.
        round_id: The round.
        now: When it is asked.
    """
    found = [*_decisions(session, round_id, now), *_review(session, round_id)]
    found += [*money_ends(session, round_id), *_afterwards(session, round_id, now)]
    merged: dict[str, OpenEnd] = {}
    for end in found:
        before = merged.get(end.code)
        merged[end.code] = (
            OpenEnd(end.code, end.label, before.count + end.count, f"{before.said}；{end.said}") if before else end
        )
    return tuple(merged.values())


def closed_with(session: Session, round_id: str) -> Sequence[RoundOpenEnd]:
    """Return what stood open when a round was closed, with the reasons."""
    query = select(RoundOpenEnd).where(RoundOpenEnd.round_id == round_id)
    return session.exec(query.order_by(col(RoundOpenEnd.code))).all()


def _people(code: str, label: str, names: Sequence[str]) -> list[OpenEnd]:
    if not names:
        return []
    more = "等" if len(names) > _NAMED else ""
    return [OpenEnd(code, label, len(names), f"{label} {len(names)} 人（{'、'.join(names[:_NAMED])}{more}）")]


def _counted(code: str, label: str, number: int, unit: str) -> list[OpenEnd]:
    return [OpenEnd(code, label, number, f"{label} {number} {unit}")] if number else []


# -- decisions -----------------------------------------------------------------------------------------------------


def _decisions(session: Session, round_id: str, now: datetime) -> Iterable[OpenEnd]:
    nominated = select(func.count()).select_from(Case).where(Case.round_id == round_id)
    if not session.exec(nominated).one():
        return  # nobody was nominated: nothing was to be decided
    current = in_force(session, round_id, Act.LIST)
    if current is None or current.state != OFFICIAL:
        yield OpenEnd("not_official", "名单未确定", 1, "名单还没有研究确定")
    numbers = current.numbers if current else {"awards": (), "reserve": ()}
    listed = {row["case_id"] for row in numbers["awards"]}
    settled = {row["case_id"] for row in numbers["reserve"] if row["reason"] in _SETTLED}
    waiting = (
        pl.col("state").is_in([OPEN, HELD])
        & ~pl.col("case_id").is_in(list(listed | settled))
        & (pl.col("verdict") != Verdict.REFUSED.value)
    )
    # Every row is needed: the outcome of a case is stored nowhere.
    frames = every_row(session, round_id=round_id, actor=LOCAL_OFFICER, now=now)
    names = [name for frame in frames for name in frame.filter(waiting)["name"]]
    yield from _people("undecided", "未作决定", names)
    state = review_issue_ready(session, round_id=round_id, now=now)
    named = names_of(session, listed)
    yield from _people("not_ready", "在名单上但手续未办完", [named[case_id] for case_id in state.waiting])
    claimed = {claim.case_id for claim in live_claims(session, round_id)}
    yield from _people("unclaimed", "未生成应发款", [named[one] for one in state.ready if one not in claimed])


def _review(session: Session, round_id: str) -> Iterable[OpenEnd]:
    def number(query: object) -> int:
        return int(session.exec(query).one())  # type: ignore[call-overload]

    count = select(func.count())
    open_objections = count.where(Objection.round_id == round_id, col(Objection.state).in_(OPEN_OBJECTIONS))
    yield from _counted("objections", "异议未办结", number(open_objections), "件")
    running = count.where(Notice.round_id == round_id, Notice.state == NoticeState.RUNNING.value)
    yield from _counted("notices", "公示未登记结果", number(running), "次")
    current = in_force(session, round_id, Act.LIST)
    # A meeting on a list that was replaced since has nothing left to decide.
    on_table = Meeting.adoption_id == (current.adoption_id if current else "")
    meetings = count.where(Meeting.round_id == round_id, Meeting.state != MeetingState.DECIDED.value, on_table)
    yield from _counted("meetings", "会议未登记结果", number(meetings), "次")
    pending = pending_instructions(session, round_id)
    yield from _counted("instructions", "口头意见待补手续", len(pending), "条")


# -- after the money -------------------------------------------------------------------------------------------------


def _afterwards(session: Session, round_id: str, now: datetime) -> Iterable[OpenEnd]:
    if any(policy_of(session, round_id).of_shape(VisitRule)):
        seen = coverage(session, round_id=round_id, actor=LOCAL_OFFICER)
        yield from _people("unvisited", "未走访", seen.filter(~pl.col("visited"))["name"].to_list())
        led = leaders(session, round_id=round_id, actor=LOCAL_OFFICER)
        few = led.filter(pl.col("required").is_not_null(), pl.col("visited") < pl.col("required"))
        yield from _people("leaders", "走访人数不足的领导", few["leader"].to_list())
    raised = (
        select(func.count())
        .select_from(FollowUp)
        .join(Visit, col(Visit.visit_id) == col(FollowUp.visit_id))
        .where(Visit.round_id == round_id, col(FollowUp.closed_on).is_(None))
    )
    yield from _counted("follow_ups", "走访反映的困难未办结", int(session.exec(raised).one()), "项")
    yield from _counted("findings", "抽查未登记结果", _unchecked(session, round_id), "人")
    lacking = outstanding(status_grid(session, round_id=round_id, now=now, actor=LOCAL_OFFICER))
    yield from _counted("submissions", "单位材料未报齐", lacking["unit_id"].n_unique(), "个单位")


def _unchecked(session: Session, round_id: str) -> int:
    drawn = {
        (one.inspection_id, case_id)
        for one in session.exec(select(Inspection).where(Inspection.round_id == round_id))
        for case_id in one.drawn
    }
    found = session.exec(select(InspectionFinding.inspection_id, InspectionFinding.case_id)).all()
    return len(drawn - set(found))
