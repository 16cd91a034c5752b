"""Meetings: a list on the table, bound to its fingerprint; who came, who agreed; the result person by person.

Nothing is voted here: the minutes are recorded. What a meeting changes is a list of its own, and that one is the
studied version. A later change goes before the body again (补充研究), or is signed where the circular names a 签批.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Engine
from sqlmodel import col, select

from casework.access import Actor
from casework.dates import SHANGHAI, chinese
from casework.frames import cell_key
from casework.ledger import Result, Work, execute, open_round_of, policy_of
from casework.ledger.scans import check_scans
from casework.models import Adoption
from casework.models_review import Meeting, MeetingResult, Recusal
from casework.money import yuan
from casework.problems import Conflict, NotAllowed, Refused
from casework.review import chain as chains
from casework.review.changes import change_name
from casework.review.exceptions import keep_exceptions, noted, set_aside
from casework.review.minutes import PersonResult, decided, refuse_count, refuse_recused, refuse_results
from casework.review.official import (
    OFFICIAL,
    determination,
    facts_of_today,
    list_in_force,
    parameters_for,
    put_list,
    refuse_other_list,
    studied_facts,
)
from casework.review.records import case_rows, chain_for, chains_of, histories, today_of
from casework.review.steps import StepRequest, carry_step
from casework.review.succession import Numbers, amount_for, check_money, check_places, put_on
from casework.vocabulary import Decision, MeetingState, Role, Stage

SIGNED: Final = "签批"
"""A body of this name signs instead of meeting; only a circular that names it allows that."""


# -- commands ----------------------------------------------------------------------------------------------------


def convene_meeting(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    round_id: str,
    fingerprint: str,
    body: str,
    held_on: date,
    actor: Actor,
    now: datetime,
    key: str,
) -> Result:
    """Put the list in force on the table of a body; its papers (上会材料) carry the same fingerprint.

    Args:
        engine: The ledger.
        round_id: The round.
        fingerprint: Of the list its author has seen.
        body: Which body meets, or signs.
        held_on: The day.
        actor: Who does it.
        now: When.
        key: Idempotency key.

    Returns:
        `{"meeting_id", "version", "supplementary"}`.

    Raises:
        Refused: `no_list`, `superseded`, `units_decide`, `other_body`.
        NotAllowed: `scope`.
    """
    _whole_round(actor)

    def deed(work: Work) -> Result:
        session = work.session
        open_round_of(work, round_id)
        current = list_in_force(session, round_id)
        if current.fingerprint != fingerprint:
            raise Refused("superseded", f"名单已有{change_name(current)}，请看过再上会")
        link = determination(policy_of(session, round_id))
        if link is None:
            raise Refused("units_decide", "这份通知由组织单位审定，本级不另上会；各单位审定后请办理名单确认")
        chains.check_body(link, body.strip())
        meeting = Meeting(
            meeting_id=uuid.uuid5(uuid.NAMESPACE_OID, f"{round_id}/meeting/{key}").hex[:12],
            round_id=round_id,
            adoption_id=current.adoption_id,
            fingerprint=fingerprint,
            clause_id=link.clause_id,
            body=body.strip(),
            held_on=held_on,
            state=MeetingState.PLANNED.value,
            recorded_by=actor.id,
            recorded_at=work.now,
        )
        work.add(meeting)
        return {
            "meeting_id": meeting.meeting_id,
            "version": meeting.version,
            "supplementary": current.state == OFFICIAL,
        }

    return execute(
        engine,
        action="convene_meeting",
        actor=actor,
        now=now,
        key=key,
        subject=f"round:{round_id}",
        request={"fingerprint": fingerprint, "body": body, "held_on": held_on},
        body=deed,
    )


def decide_meeting(  # noqa: PLR0913 - what the minutes say
    engine: Engine,
    *,
    meeting_id: str,
    minutes: str,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
    results: Mapping[str, PersonResult] | None = None,
    invited: int | None = None,
    present: int | None = None,
    agreed: int | None = None,
    recusals: Sequence[tuple[str, str]] = (),
    signer: str = "",
    quorum_confirmed_by: str = "",
) -> Result:
    """Record what the meeting decided; whoever is not named was agreed to as proposed.

    Args:
        engine: The ledger.
        meeting_id: The meeting.
        minutes: Number of the minutes, or the reference of their scan.
        expected_version: The version of the meeting its author has seen.
        actor: Who enters it: an approver, or an officer from signed minutes (代录).
        now: When.
        key: Idempotency key.
        results: Person → result, for whoever was not simply agreed to, and whoever was added.
        invited: 应到.
        present: 实到.
        agreed: 同意.
        recusals: (name, reason) of those who left the room; they count neither as present nor as agreeing.
        signer: Who signed the minutes; needed from an officer.
        quorum_confirmed_by: Who confirms the attendance where the circular's words cannot be counted.

    Returns:
        `{"adoption_id", "fingerprint", "number", "version", "changed": number of people}`.

    Raises:
        Refused: `no_minutes`, `no_count`, `no_quorum`, `not_carried`, `recused`, `no_reason`, `no_amount`,
            `not_listed`, `listed`, `not_eligible`, `no_place`, `over_budget`, `no_change`, `superseded`, `skipped`,
            `too_early`, `future`.
        NotAllowed: `not_approver`, `scope`.
        Conflict: `stale`, saying who recorded what.
    """
    _whole_round(actor)
    outcome = dict(results or {})
    if not minutes.strip():
        raise Refused("no_minutes", "请登记会议记录（纪要）的编号或存放处")
    if actor.role is not Role.APPROVER and not signer.strip():
        raise NotAllowed("not_approver", "会议结果由审批人员登记；经办代录的，请写明在会议记录上签字的人")

    def deed(work: Work) -> Result:
        session = work.session
        meeting = work.get(Meeting, meeting_id, missing="没有这次会议")
        open_round_of(work, meeting.round_id)
        _refuse_decided(work, meeting, expected_version)
        check_scans(work, minutes, round_id=meeting.round_id)
        current = list_in_force(session, meeting.round_id)
        refuse_other_list(session.get_one(Adoption, meeting.adoption_id), current)
        if not meeting.body.endswith(SIGNED):
            link = determination(policy_of(session, meeting.round_id))
            refuse_count(
                link.quorum if link else None,
                invited=invited,
                present=present,
                agreed=agreed,
                confirmed_by=quorum_confirmed_by,
                recused=len(recusals),
            )
        refuse_recused(recusals, signer or actor.name, actor.name, quorum_confirmed_by)
        refuse_results(current.numbers, outcome, _names(work, meeting.round_id, outcome))
        if current.state == OFFICIAL and not outcome:
            raise Refused("no_change", "名单已经研究确定，补充研究没有改动的，不必登记")
        after = _after(work, current, outcome, meeting, minutes=minutes.strip())
        adoption = _settle(work, current, after, outcome, meeting)
        for case_id, one in outcome.items():
            work.add(
                MeetingResult(
                    meeting_id=meeting_id,
                    case_id=case_id,
                    result=one.result.value,
                    amount_fen=one.amount_fen,
                    reason=one.reason.strip(),
                )
            )
        for name, why in recusals:
            work.add(Recusal(meeting_id=meeting_id, name=name.strip(), reason=why.strip()))
        _steps(work, meeting, current, outcome, minutes=minutes.strip(), signer=signer.strip())
        changed = work.change(
            Meeting,
            meeting_id,
            expected_version=expected_version,
            state=MeetingState.DECIDED.value,
            invited=invited,
            present=present,
            agreed=agreed,
            quorum_confirmed_by=quorum_confirmed_by.strip(),
            minutes=minutes.strip(),
            signer=signer.strip(),
            decided_adoption_id=adoption.adoption_id,
            decided_by=actor.name,
            decided_at=work.now,
        )
        return {
            "adoption_id": adoption.adoption_id,
            "fingerprint": adoption.fingerprint,
            "number": adoption.number,
            "version": changed.version,
            "changed": len(outcome),
        }

    request = {
        "results": {case: [one.result.value, one.reason, one.amount_fen] for case, one in sorted(outcome.items())},
        "count": [invited, present, agreed],
        "recusals": [list(pair) for pair in recusals],
        "minutes": minutes,
        "signer": signer,
        "quorum": quorum_confirmed_by,
        "expected": expected_version,
    }
    return execute(
        engine,
        action="decide_meeting",
        actor=actor,
        now=now,
        key=key,
        subject=f"meeting:{meeting_id}",
        request=request,
        body=deed,
    )


def _whole_round(actor: Actor) -> None:
    if actor.units is not None:
        raise NotAllowed("scope", "会议研究涉及全部单位，您的单位范围不包括全部单位")


def _refuse_decided(work: Work, meeting: Meeting, expected_version: int) -> None:
    work.session.refresh(meeting)
    if meeting.state == MeetingState.DECIDED or meeting.version != expected_version:
        at = meeting.decided_at.astimezone(SHANGHAI).strftime("%H:%M") if meeting.decided_at else ""
        query = select(MeetingResult.result).where(MeetingResult.meeting_id == meeting.meeting_id)
        found = [Decision(result) for result in work.session.exec(query.order_by(col(MeetingResult.case_id)))]
        counts = "、".join(f"{label.label} {found.count(label)} 人" for label in dict.fromkeys(found)) or "照名单同意"
        raise Conflict("stale", f"{meeting.body}的结果刚由{meeting.decided_by}登记（{at}）：{counts}；请看过再办")


def _names(work: Work, round_id: str, outcome: Mapping[str, PersonResult]) -> dict[str, str]:
    rows = case_rows(work.session, round_id, units=None, case_ids=list(outcome)) if outcome else []
    return {row.case_id: row.name for row in rows}


def _after(
    work: Work, current: Adoption, outcome: Mapping[str, PersonResult], meeting: Meeting, *, minutes: str
) -> Numbers:
    """Return the list as decided, within its places and its money; what it sets aside goes on record."""
    session = work.session
    policy = policy_of(session, current.round_id)
    parameters = parameters_for(session, current)
    after = decided(current.numbers, outcome)
    added = {case_id: one.reason.strip() for case_id, one in outcome.items() if one.result is Decision.ADDED}
    if added:
        today = facts_of_today(session, current.round_id, today_of(work.now))
        cases = {row["case_id"]: row for row in today.facts.cases.iter_rows(named=True)}
        for case_id in added:
            case = cases[case_id]
            if case["category"] is None:
                raise Refused("no_category", "增补的人还没有填慰问类别")
            fen = amount_for(case_id, case["category"], today=today, parameters=parameters)
            after = put_on(after, case, amount_fen=fen, ranked_by="ruling")
        aside = set_aside(today, added, _names(work, current.round_id, outcome))
        after = noted(after, aside, added, meeting.body)
        cells = {case_id: cell_key(cases[case_id]["unit_id"], cases[case_id]["category"]) for case_id in aside}
        keep_exceptions(work, meeting, aside, added=added, cells=cells, minutes=minutes)
    after = check_places(after, added.items(), policy, meeting.body)
    check_money(after, policy, parameters)
    return after


def _settle(
    work: Work, current: Adoption, after: Numbers, outcome: Mapping[str, PersonResult], meeting: Meeting
) -> Adoption:
    """Make the list official as it stands, or put the changed one in its place."""
    changed = {case: one for case, one in outcome.items() if one.result is not Decision.AGREED}
    if not changed:
        if current.state == OFFICIAL:
            raise Refused("no_change", "名单已经研究确定，补充研究没有改动的，不必登记")
        return work.change(Adoption, current.adoption_id, expected_version=current.version, state=OFFICIAL)
    causes: list[dict[str, Any]] = []
    names = _names(work, meeting.round_id, changed)
    for case_id, one in sorted(changed.items()):
        amount = f"（{yuan(one.amount_fen)} 元）" if one.amount_fen is not None else ""
        met, name = f"{chinese(meeting.held_on)}{meeting.body}", names[case_id]
        told = {"said": f"{met}：{name}{one.result.label}{amount}", "meeting": met, "name": name}
        kept = {"kind": one.result.value, "case_id": case_id, "amount_fen": one.amount_fen}
        causes.append({**kept, **told, "reason": one.reason.strip()})
    # The meeting studied the facts of the list on the table; only a newcomer those did not know brings new ones.
    known = set(studied_facts(work.session, current).facts.cases["case_id"])
    fresh = any(one.result is Decision.ADDED and case_id not in known for case_id, one in changed.items())
    today = today_of(work.now)
    return put_list(work, current, after, state=OFFICIAL, today=today, causes=causes, snapshot=fresh)


def _steps(  # noqa: PLR0913 - a step of the meeting
    work: Work, meeting: Meeting, current: Adoption, outcome: Mapping[str, PersonResult], *, minutes: str, signer: str
) -> None:
    """Put the meeting into the chain of everyone it decided about for the first time, or otherwise than before."""
    people = [row["case_id"] for row in current.numbers["awards"]] + [
        case_id for case_id, one in outcome.items() if one.result is Decision.ADDED
    ]
    known = histories(work.session, meeting.round_id, people)
    new = [
        case_id
        for case_id in people
        if case_id in outcome or (done := known.get(case_id, {}).get(Stage.DETERMINATION)) is None or not done.holds
    ]
    if not new:
        return
    links = chains_of(policy_of(work.session, meeting.round_id))
    for row in case_rows(work.session, meeting.round_id, units=None, case_ids=new):
        chains.link_of(chain_for(links, row), Stage.DETERMINATION, name=row.name)
    carry_step(
        work,
        StepRequest(
            round_id=meeting.round_id,
            stage=Stage.DETERMINATION,
            body=meeting.body,
            on=meeting.held_on,
            case_ids=tuple(new),
            results={
                case_id: (one.result, one.reason.strip())
                for case_id, one in outcome.items()
                if one.result is not Decision.AGREED
            },
            basis=minutes,
            document=minutes,
            signer=signer,
            meeting_id=meeting.meeting_id,
        ),
    )
