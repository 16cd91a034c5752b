"""Oral instructions: they change nothing, they stand as 待补手续 and stop issue and payment until made up for."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.dates import chinese
from casework.ledger import Result, Work, case_within_reach, execute, open_round_of, policy_of
from casework.ledger.scans import check_scans
from casework.models_review import Instruction, Meeting
from casework.policy import Policy
from casework.problems import Conflict, NotAllowed, Refused
from casework.review import chain as chains
from casework.review.meetings import SIGNED
from casework.review.records import today_of
from casework.vocabulary import InstructionState, MeetingState, Stage


def pending_instructions(session: Session, round_id: str) -> list[Instruction]:
    """Return what stands as 待补手续, the oldest first."""
    query = select(Instruction).where(
        Instruction.round_id == round_id, Instruction.state == InstructionState.PENDING.value
    )
    return list(session.exec(query.order_by(col(Instruction.on), col(Instruction.instruction_id))))


def pending_said(one: Instruction) -> str:
    """Return what stands in the way, as one sentence."""
    return f"{chinese(one.on)}{one.said_by}的口头意见待补手续"


def refuse_while_pending(session: Session, round_id: str, deed: str) -> None:
    """Refuse to let anything leave the house while an oral instruction is not made up for.

    Raises:
        Refused: `pending`, naming the oldest one and what has to come first.
    """
    pending = pending_instructions(session, round_id)
    if pending:
        roads = "补充研究、签批或不予采纳"
        raise Refused("pending", f"{pending_said(pending[0])}，现在不能{deed}；请先到“集体研究”补办手续（{roads}）")


def may_be_signed(policy: Policy) -> bool:
    """Tell whether the circular lets a 签批 stand in for the meeting: it then names one among the bodies."""
    paths = [name for name, _ in policy.paths] or [""]
    links = [link for path in paths for link in chains.chain(policy, path) if link.stage is Stage.DETERMINATION]
    return any(body.endswith(SIGNED) for link in links for body in link.bodies)


def record_instruction(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    round_id: str,
    said_by: str,
    on: date,
    content: str,
    actor: Actor,
    now: datetime,
    key: str,
    case_id: str | None = None,
) -> Result:
    """Record an oral instruction as 待补手续.

    Returns:
        `{"instruction_id", "version"}`.

    Raises:
        Refused: `no_reason` (who said what), `future`, `not_found`, `closed`.
        NotAllowed: `scope`: it stops the whole list, so it needs the whole round.
    """
    if not said_by.strip() or not content.strip():
        raise Refused("no_reason", "口头意见要写明是谁、说了什么")
    if on > today_of(now):
        raise Refused("future", "口头意见的日期还没有到")
    if actor.units is not None:
        raise NotAllowed("scope", "口头意见会停住整份名单，须由能看全部单位的人员登记")

    def deed(work: Work) -> Result:
        open_round_of(work, round_id)
        if case_id is not None and case_within_reach(work, case_id).round_id != round_id:
            raise Refused("not_found", "这份个案不在这一轮")
        row = Instruction(
            instruction_id=uuid.uuid5(uuid.NAMESPACE_OID, f"{round_id}/instruction/{key}").hex[:12],
            round_id=round_id,
            case_id=case_id,
            said_by=said_by.strip(),
            on=on,
            content=content.strip(),
            state=InstructionState.PENDING.value,
            recorded_by=actor.id,
            recorded_at=work.now,
        )
        work.add(row)
        return {"instruction_id": row.instruction_id, "version": row.version}

    request = {"by": said_by, "on": on, "content": content, "case": case_id}
    return execute(
        engine,
        action="record_instruction",
        actor=actor,
        now=now,
        key=key,
        subject=f"round:{round_id}",
        request=request,
        body=deed,
    )


def settle_instruction(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    instruction_id: str,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
    meeting_id: str | None = None,
    document: str = "",
    dropped: str = "",
) -> Result:
    """Make up for an oral instruction: a meeting studied it, or it was signed; or it is not followed.

    Args:
        engine: The ledger.
        instruction_id: The instruction.
        expected_version: The version its author has seen.
        actor: Who does it.
        now: When.
        key: Idempotency key.
        meeting_id: The meeting that studied it, held on its day or later (补充研究).
        document: The signed paper (签批), where the circular allows that.
        dropped: Why it is not followed.

    Returns:
        `{"instruction_id", "state", "version"}`.

    Raises:
        Refused: `no_road`, `not_signed_here`, `not_decided`, `not_found`, `settled`.
        NotAllowed: `scope`.
        Conflict: `stale`.
    """
    if sum(bool(road) for road in (meeting_id, document.strip(), dropped.strip())) != 1:
        raise Refused("no_road", "请选一种办法：补充研究的会议、签批件，或写明不予采纳的理由")
    if actor.units is not None:
        raise NotAllowed("scope", "补办手续涉及全部单位，您的单位范围不包括全部单位")

    def deed(work: Work) -> Result:
        row = work.get(Instruction, instruction_id, missing="没有这条口头意见")
        open_round_of(work, row.round_id)
        if row.state != InstructionState.PENDING or row.version != expected_version:
            state = InstructionState(row.state).label
            raise Conflict("stale", f"这条口头意见刚由{row.settled_by or '他人'}办理为“{state}”，请看过再办")
        values: dict[str, Any] = {"state": InstructionState.SETTLED.value, "settled_by": actor.name}
        if meeting_id:
            meeting = work.get(Meeting, meeting_id, missing="没有这次会议")
            later = meeting.state == MeetingState.DECIDED and meeting.held_on >= row.on
            if meeting.round_id != row.round_id or not later:
                raise Refused("not_decided", "这次会议还没有登记结果，或开在口头意见之前，不能算补充研究")
            values |= {"road": "meeting", "meeting_id": meeting_id}
        elif document.strip():
            if not may_be_signed(policy_of(work.session, row.round_id)):
                raise Refused("not_signed_here", "这份通知没有规定可以签批，请补充研究")
            check_scans(work, document, round_id=row.round_id)
            values |= {"road": "signed", "document": document.strip()}
        else:
            values |= {"state": InstructionState.DROPPED.value, "reason": dropped.strip()}
        changed = work.change(Instruction, instruction_id, expected_version=expected_version, **values)
        return {"instruction_id": instruction_id, "state": changed.state, "version": changed.version}

    request = {"meeting": meeting_id, "document": document, "dropped": dropped, "expected": expected_version}
    return execute(
        engine,
        action="settle_instruction",
        actor=actor,
        now=now,
        key=key,
        subject=f"instruction:{instruction_id}",
        request=request,
        body=deed,
    )
