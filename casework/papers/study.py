"""上会材料, 集体研究记录, 特殊情况说明表."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session, col, select

from casework.frames import EXCEPTIONS, conform
from casework.ledger import policy_of
from casework.lists import ListState, Minutes, Table, exception_list, meeting_list, meeting_minutes, money_note
from casework.models import Adoption
from casework.models_review import Meeting, MeetingResult, Recusal
from casework.papers.asked import Asked, award_frame, of_branch, pick, unit_name
from casework.payment.common import unit_names, whole_round
from casework.review.official import OFFICIAL, list_in_force, studied_facts
from casework.review.succession import IN_LINE
from casework.shapes.procedure import Step
from casework.vocabulary import MeetingState


def meeting_material(session: Session, asked: Asked) -> Table:
    """Return 上会材料 of the list in force."""
    adoption = list_in_force(session, asked.round_id)
    studied, numbers = studied_facts(session, adoption), adoption.numbers
    notes = []
    if asked.unit_id is None and not asked.branch:
        waiting = sum(row["reason"] in IN_LINE for row in numbers["reserve"])
        notes = [money_note(numbers["totals"]), f"候补 {waiting} 人。" if waiting else "没有候补人员。"]
        if numbers["exceptions"]:
            notes.append(f"特殊情况 {len(numbers['exceptions'])} 项，见特殊情况说明表。")
    awards = of_branch(session, asked, award_frame(numbers["awards"]))
    return meeting_list(studied.policy, studied.facts, awards=awards, notes=notes, only_unit=asked.unit_id)


def minutes(session: Session, asked: Asked) -> Table:
    """Return 集体研究记录 of a meeting, the latest unless one is named; before it is held a form to fill in."""
    whole_round(asked.actor)
    query = select(Meeting).where(Meeting.round_id == asked.round_id).order_by(col(Meeting.recorded_at).desc())
    meeting = pick(session.exec(query).all(), asked.of, key="meeting_id", missing="还没有提请会议研究名单")
    tabled = session.get_one(Adoption, meeting.adoption_id)
    decided = session.get(Adoption, meeting.decided_adoption_id) if meeting.decided_adoption_id else None
    query_results = select(MeetingResult).where(MeetingResult.meeting_id == meeting.meeting_id)
    results: dict[str, dict[str, Any]] = {
        row.case_id: {"result": row.result, "reason": row.reason, "amount_fen": row.amount_fen}
        for row in session.exec(query_results)
    }
    rows = list(tabled.numbers["awards"])
    known = {row["case_id"] for row in rows}
    rows += [row for row in (decided.numbers["awards"] if decided else []) if row["case_id"] not in known]
    studied = studied_facts(session, tabled)
    if decided and not set(results) <= set(studied.facts.cases["case_id"]):
        studied = studied_facts(session, decided)
    done = meeting.state == MeetingState.DECIDED.value
    recused = session.exec(select(Recusal).where(Recusal.meeting_id == meeting.meeting_id).order_by(Recusal.name)).all()
    asked_for = {clause.id: shape for clause, shape in studied.policy.of_shape(Step)}.get(meeting.clause_id)
    said = Minutes(
        body=meeting.body,
        held_on=meeting.held_on,
        invited=meeting.invited,
        present=meeting.present,
        agreed=meeting.agreed if done else None,
        quorum=(asked_for.quorum or "") if asked_for else "",
        confirmed_by=meeting.quorum_confirmed_by,
        recusals=tuple((row.name, row.reason) for row in recused),
        basis=meeting.minutes,
        signer=meeting.signer,
    )
    state = ListState.OFFICIAL if done else ListState.MEETING
    return meeting_minutes(studied.policy, studied.facts, said, awards=award_frame(rows), results=results, state=state)


def exceptions(session: Session, asked: Asked) -> Table:
    """Return 特殊情况说明表 of the list in force."""
    adoption = list_in_force(session, asked.round_id)
    rows = [
        row
        for row in adoption.numbers["exceptions"]
        if asked.unit_id is None or str(row["cell"]).partition("|")[0] == asked.unit_id
    ]
    return exception_list(
        policy_of(session, asked.round_id),
        exceptions=conform(rows, EXCEPTIONS),
        units=unit_names(session),
        state=ListState.OFFICIAL if adoption.state == OFFICIAL else ListState.MEETING,
        unit=unit_name(session, asked.unit_id),
    )
