"""The report after the activity (情况报告), with its figures filled in from the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlmodel import Session

from casework.access import Actor
from casework.dates import chinese
from casework.frames import Schema
from casework.ledger import policy_of
from casework.models import Round
from casework.money import yuan
from casework.payment.claims import claims_frame, paid_states
from casework.payment.closing import round_ends
from casework.payment.common import whole_round
from casework.payment.coverage import coverage, leaders, visit_days, visits_frame
from casework.shapes.procedure import Report
from casework.vocabulary import ClaimState, LeaderLevel, VisitMode

REPORT_ROWS: Schema = {
    "unit_id": pl.String,
    "unit": pl.String,
    "category": pl.String,
    "category_label": pl.String,
    "people": pl.Int64,
    "amount_fen": pl.Int64,
    "paid_people": pl.Int64,
    "paid_fen": pl.Int64,
    "booked_people": pl.Int64,
    "visited": pl.Int64,
}
"""One row for each unit and category; people of several funds are counted once."""


@dataclass(frozen=True)
class ActivityReport:
    """What the report says.

    Attributes:
        title: Of the round.
        receiver: Whom the circular wants it sent to; "" where it asks for none.
        sections: The headings the circular names.
        rows: `REPORT_ROWS`.
        figures: Name → number, for the sentences and for programs; money in fen.
        sentences: The figures in words, ready to be edited.
        open_ends: What is not finished, of the review, the money and the visits; a report with any is a draft.
    """

    title: str
    receiver: str
    sections: tuple[str, ...]
    rows: pl.DataFrame
    figures: dict[str, int]
    sentences: tuple[str, ...]
    open_ends: tuple[str, ...]


def activity_report(session: Session, *, round_id: str, actor: Actor, now: datetime) -> ActivityReport:
    """Return the report of a round.

    Args:
        session: A session on the ledger.
        round_id: The round.
        actor: Sees the whole round.
        now: When it is asked: what is late by then, and not handed in, is an open end.

    Raises:
        NotAllowed: `scope`.
    """
    whole_round(actor)
    policy, opened = policy_of(session, round_id), session.get_one(Round, round_id)
    rows = _rows(session, round_id, actor)
    visits = visits_frame(session, round_id=round_id, actor=actor)
    seen = coverage(session, round_id=round_id, actor=actor)
    led = leaders(session, round_id=round_id, actor=actor)
    figures = {
        "people": int(rows["people"].sum()),
        "amount_fen": int(rows["amount_fen"].sum()),
        "paid_people": int(rows["paid_people"].sum()),
        "paid_fen": int(rows["paid_fen"].sum()),
        "booked_people": int(rows["booked_people"].sum()),
        "units": rows["unit_id"].n_unique(),
        "visits": visits.height,
        "face_to_face": visits.filter(pl.col("mode") == VisitMode.FACE_TO_FACE.value).height,
        "visited": seen.filter(pl.col("visited")).height,
        "not_visited": seen.filter(~pl.col("visited")).height,
        "leaders": led.filter(pl.col("visited") > 0, pl.col("level") != LeaderLevel.UNIT.value).height,
        "opinions": visits.filter(pl.col("opinions") != "无").height,
    }
    asked = next((shape for _, shape in policy.of_shape(Report)), None)
    return ActivityReport(
        title=opened.title,
        receiver=asked.receiver if asked else "",
        sections=asked.sections if asked else (),
        rows=rows,
        figures=figures,
        sentences=_sentences(session, round_id, rows, figures),
        open_ends=tuple(end.said for end in round_ends(session, round_id=round_id, now=now)),
    )


def _rows(session: Session, round_id: str, actor: Actor) -> pl.DataFrame:
    claims = claims_frame(session, round_id=round_id, actor=actor)
    live = claims.filter(pl.col("state") != ClaimState.STOPPED.value)
    has = pl.col("state").is_in([state.value for state in paid_states()])
    booked = pl.col("state") == ClaimState.BOOKED.value
    seen = coverage(session, round_id=round_id, actor=actor).select("case_id", "visited")
    people = (
        live.group_by("unit_id", "unit", "category", "category_label", "case_id")
        .agg(
            amount_fen=pl.col("amount_fen").sum(),
            paid_fen=pl.col("amount_fen").filter(has).sum(),
            paid=has.all(),
            booked=booked.all(),
        )
        .join(seen, on="case_id", how="left")
    )
    return (
        people.group_by("unit_id", "unit", "category", "category_label")
        .agg(
            people=pl.len().cast(pl.Int64),
            amount_fen=pl.col("amount_fen").sum(),
            paid_people=pl.col("paid").sum().cast(pl.Int64),
            paid_fen=pl.col("paid_fen").sum(),
            booked_people=pl.col("booked").sum().cast(pl.Int64),
            visited=pl.col("visited").fill_null(value=False).sum().cast(pl.Int64),
        )
        .sort("unit_id", "category")
        .select(*REPORT_ROWS)
    )


def _sentences(session: Session, round_id: str, rows: pl.DataFrame, figures: dict[str, int]) -> tuple[str, ...]:
    days = visit_days(session, round_id)
    when = f"{'至'.join(chinese(day) for day in dict.fromkeys(days))}，" if days else ""  # one day is said once
    by_category = rows.group_by("category_label", maintain_order=True).agg(
        pl.col("people").sum(), pl.col("amount_fen").sum()
    )
    parts = "；".join(f"{label} {people} 人、{yuan(fen)} 元" for label, people, fen in by_category.iter_rows())
    sentences = [
        f"{when}{figures['units']} 个单位慰问 {figures['people']} 人，金额 {yuan(figures['amount_fen'])} 元。",
        f"其中：{parts}。" if parts else "",
        f"已发放 {figures['paid_people']} 人、{yuan(figures['paid_fen'])} 元，已入账 {figures['booked_people']} 人。",
        f"走访 {figures['visits']} 次，其中面对面 {figures['face_to_face']} 次。",
        f"走访到 {figures['visited']} 人，未走访 {figures['not_visited']} 人。",
        f"有 {figures['leaders']} 名领导参加走访，听取意见 {figures['opinions']} 条。",
    ]
    return tuple(line for line in sentences if line)
