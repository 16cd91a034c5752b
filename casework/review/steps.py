"""Steps on record: once for a unit's package, for single people, or for the round; with a result per person.

Steps are only ever added. A mistake is taken back by a record of its own (`revoke_step`), which stays readable.
The *version* of a round's steps is the number of the last one: a command names the version its author has seen, and
is refused where somebody recorded another step for the same people since then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Engine, insert
from sqlmodel import select

from casework.access import Actor
from casework.ledger import Result, Work, execute, open_round_of, policy_of
from casework.ledger.scans import check_scans
from casework.models_review import ReviewStep, StepCase
from casework.problems import NotAllowed, Refused
from casework.review import chain as chains
from casework.review.chain import Chain, History, Link
from casework.review.records import (
    CaseRow,
    case_row,
    case_rows,
    chain_for,
    chains_of,
    histories,
    refuse_stale,
    today_of,
)
from casework.vocabulary import Decision, Role, Stage

ELSEWHERE: Final[Mapping[Stage, str]] = {
    Stage.PUBLIC_NOTICE: "公示",
    Stage.TRANSFER: "发放",
    Stage.PAYMENT: "发放",
    Stage.RECEIPT: "发放",
    Stage.WITHDRAWN: "减员",
}
"""Stages with a command of their own, which records more than a step."""


@dataclass(frozen=True)
class StepRequest:
    """What is recorded of one step.

    Attributes:
        case_ids: The people; empty: everyone of the unit or of the round who has come that far.
        unit_id: The unit whose package it is.
        results: Person → (result, reason), for those who are not simply agreed to.
        until: The last day, of a public notice.
        basis: Minutes, number of a document.
        document: Where the scan lies.
        signer: Who decided it, where the account only enters it (代录).
        skip: Weaker steps passed over, with the reason.
        reason: Why another body than the circular's carried it out.
        seen: The version of the steps its author has seen; None: nobody else can have been there.
    """

    round_id: str
    stage: Stage
    body: str
    on: date
    case_ids: tuple[str, ...] = ()
    unit_id: str | None = None
    results: Mapping[str, tuple[Decision, str]] = field(default_factory=dict)
    until: date | None = None
    basis: str = ""
    document: str = ""
    signer: str = ""
    skip: Mapping[Stage, str] = field(default_factory=dict)
    reason: str = ""
    meeting_id: str | None = None
    notice_id: str | None = None
    seen: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it for the audit log."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return plain | {
            "case_ids": sorted(self.case_ids),
            "results": {case: list(result) for case, result in sorted(self.results.items())},
            "skip": {stage.value: why for stage, why in self.skip.items()},
        }


# -- recording -------------------------------------------------------------------------------------------------


def record_step(  # noqa: PLR0913 - what a step is
    engine: Engine,
    *,
    round_id: str,
    stage: Stage,
    body: str,
    on: date,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
    case_ids: Iterable[str] = (),
    unit_id: str | None = None,
    results: Mapping[str, tuple[Decision, str]] | None = None,
    basis: str = "",
    document: str = "",
    signer: str = "",
    skip: Mapping[Stage, str] | None = None,
    reason: str = "",
) -> Result:
    """Record a step for a unit's whole package, for the people named, or for the round.

    Args:
        engine: The ledger.
        round_id: The round.
        stage: The step.
        body: Who carried it out, one of the circular's bodies.
        on: The day.
        expected_version: The version of the steps its author has seen (`steps_version`).
        actor: Who enters it.
        now: When.
        key: Idempotency key.
        case_ids: The people; none: everyone of the unit, or of the round, whose turn it is.
        unit_id: The unit whose package it is.
        results: Person → (result, reason), for those who are not simply agreed to.
        basis: Minutes or number of a document; needed for a decision.
        document: Where the paper lies, or the reference of its scan; needed where `signer` is not the account (代录).
        signer: Who decided it, where the account only enters it.
        skip: Weaker steps passed over, with the reason.
        reason: Why another body carried it out.

    Returns:
        `{"version", "people", "results": {result: number}}`.

    Raises:
        Refused: `elsewhere`, `by_meeting`, `skipped`, `too_early`, `too_late`, `future`, `other_body`, `no_basis`,
            `no_document`, `no_reason`, `same_person`, `already_done`, `nobody`, `no_path`, `stopped`.
        NotAllowed: `not_approver`, `scope`.
        Conflict: `stale`: somebody recorded a step for the same people meanwhile.
    """
    if stage in ELSEWHERE:
        raise Refused("elsewhere", f"“{stage.label}”请在“{ELSEWHERE[stage]}”处登记，这里不办")
    request = StepRequest(
        round_id=round_id,
        stage=stage,
        body=body.strip(),
        on=on,
        case_ids=tuple(case_ids),
        unit_id=unit_id,
        results=dict(results or {}),
        basis=basis.strip(),
        document=document.strip(),
        signer=signer.strip(),
        skip=dict(skip or {}),
        reason=reason.strip(),
        seen=expected_version,
    )
    return execute(
        engine,
        action="record_step",
        actor=actor,
        now=now,
        key=key,
        subject=f"round:{round_id}",
        request=request.as_json(),
        body=lambda work: carry_step(work, request),
    )


def carry_step(work: Work, request: StepRequest) -> Result:
    """Record a step inside a command: what meetings, public notices and payments build on.

    Raises:
        Refused: As `record_step`.
        NotAllowed: As `record_step`.
        Conflict: As `record_step`.
    """
    session, actor = work.session, work.actor
    open_round_of(work, request.round_id)
    if not request.case_ids and request.unit_id is None and actor.units is not None:
        raise NotAllowed("scope", "这一步涉及全部单位，您的单位范围不包括全部单位")
    policy = policy_of(session, request.round_id)
    rows = case_rows(session, request.round_id, units=actor.units, unit_id=request.unit_id, case_ids=request.case_ids)
    known = histories(session, request.round_id, [row.case_id for row in rows])
    links = chains_of(policy)
    rows = _whose_turn(rows, known, links, request)
    refuse_stale(rows, known, request.seen)
    check_scans(work, request.document, round_id=request.round_id, units={row.unit_id for row in rows})
    names = {row.case_id: row.name for row in rows}
    strangers = request.results.keys() - names.keys()
    if strangers:
        raise Refused("not_found", "结果中有人不在这一步的范围内，请刷新后再办")
    chains.refusals_with_reason(request.results, names)
    person = _person(work, request, rows, links)
    skipped: dict[Stage, str] = {}
    for row in rows:
        own = chain_for(links, row)
        history = known.get(row.case_id, {})
        added = request.results.get(row.case_id, (Decision.AGREED, ""))[0] is Decision.ADDED
        if not added:
            passed = chains.check_order(history, own, stage=request.stage, name=row.name, skip=request.skip)
            skipped |= {stage: request.skip[stage].strip() for stage in passed}
        # Looked at again, a decision may be younger than the steps that followed the first one.
        before = {} if request.meeting_id and request.stage in history else history
        chains.check_days(before, own, stage=request.stage, on=request.on, today=today_of(work.now), name=row.name)
        chains.check_persons(history, stage=request.stage, person=person, name=row.name)
    by_clause: dict[str, list[CaseRow]] = {}
    for row in rows:
        by_clause.setdefault(chains.link_of(chain_for(links, row), request.stage).clause_id, []).append(row)
    seq = 0
    for clause, part in by_clause.items():
        seq = _write(work, request, part, clause=clause, person=person, skipped=skipped)
    counts: dict[str, int] = {}
    for row in rows:
        result = request.results.get(row.case_id, (Decision.AGREED, ""))[0].value
        counts[result] = counts.get(result, 0) + 1
    return {"version": seq, "people": len(rows), "results": counts}


def _whose_turn(
    rows: list[CaseRow], known: Mapping[str, History], links: Mapping[str, Chain], request: StepRequest
) -> list[CaseRow]:
    """Return the people a step is for: those named, or those of a package for whom it is not done yet."""
    named = bool(request.case_ids)
    wanted, done = [], 0
    for row in rows:
        own = chain_for(links, row)
        history = known.get(row.case_id, {})
        if named:
            chains.link_of(own, request.stage, name=row.name)
        elif all(link.stage is not request.stage for link in own) or chains.stopped(history) is not None:
            continue
        before = history.get(request.stage)
        again = named and request.meeting_id is not None  # a body may look at its own decision again
        if before is not None and not again and (before.holds or (not named and before.result is Decision.REFUSED)):
            done += 1
            if named:
                said = f"{before.recorded_name}已登记为{before.result.label}（{before.on}）"
                raise Refused("already_done", f"{row.name}的“{request.stage.label}”{said}，不能再登记；有误的请先更正")
            continue
        if before is not None and not again and before.result is Decision.REFUSED and not request.reason:
            raise Refused("no_reason", f"{row.name}在这一步曾未获同意，重新办理（复议）要写明理由")
        wanted.append(row)
    if not wanted:
        why = "都已办过" if done else "没有人到这一步"
        raise Refused("already_done" if done else "nobody", f"“{request.stage.label}”：{why}")
    return wanted


def _person(work: Work, request: StepRequest, rows: Sequence[CaseRow], links: Mapping[str, Chain]) -> str:
    """Return who decided it by name, after checking body, papers and rights."""
    person = request.signer
    for link in {chains.link_of(chain_for(links, row), request.stage) for row in rows}:
        chains.check_body(link, request.body, reason=request.reason)
        if link.decision and not request.basis:
            raise Refused("no_basis", f"“{link.stage.label}”要写明依据（会议记录、文号）")
        if link.own and request.meeting_id is None:
            _own_step(work, request, link)
            person = person or work.actor.name
    if request.signer and request.signer != work.actor.name and not request.document:
        raise Refused("no_document", f"代录{request.signer}的意见，要登记签字件的扫描件或存放处")
    return person


def _own_step(work: Work, request: StepRequest, link: Link) -> None:
    if link.decision and link.stage is Stage.DETERMINATION:
        raise Refused("by_meeting", f"“{link.stage.label}”须由会议研究，请在“会议”处登记：{link.said()}")
    paper = bool(request.signer) and request.signer != work.actor.name
    if link.decision and not paper and work.actor.role is not Role.APPROVER:
        raise NotAllowed("not_approver", f"“{link.stage.label}”由审批人员办理；代录书面意见的请写明签字人并附签字件")


def _write(  # noqa: PLR0913 - one row, its people
    work: Work, request: StepRequest, rows: Sequence[CaseRow], *, clause: str, person: str, skipped: Mapping[Stage, str]
) -> int:
    record = ReviewStep(
        round_id=request.round_id,
        stage=request.stage.value,
        clause_id=clause,
        unit_id=request.unit_id,
        body=request.body,
        on=request.on,
        until=request.until,
        basis=request.basis,
        document=request.document,
        signer=person,
        skipped={stage.value: why for stage, why in skipped.items()} or None,
        meeting_id=request.meeting_id,
        notice_id=request.notice_id,
        recorded_by=work.actor.id,
        recorded_name=work.actor.name,
        recorded_at=work.now,
    )
    work.add(record)
    agreed = (Decision.AGREED, "")
    reached = [
        {"seq": record.seq, "case_id": row.case_id, "result": result.value, "reason": why.strip()}
        for row in rows
        for result, why in [request.results.get(row.case_id, agreed)]
    ]
    work.session.connection().execute(insert(StepCase), reached)
    work.note(f"step_case:{record.seq}", None, reached)
    return record.seq or 0


def revoke_step(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    seq: int,
    reason: str,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> Result:
    """Take back a step that was recorded by mistake; both records stay readable.

    Raises:
        Refused: `not_found`, `no_reason`, `revoked`, `later_steps` (take those back first), `by_meeting`.
        NotAllowed: `scope`.
        Conflict: `stale`.
    """
    if not reason.strip():
        raise Refused("no_reason", "更正要写明理由")

    def body(work: Work) -> Result:
        session = work.session
        wrong = work.get(ReviewStep, seq, missing="没有这条环节记录")
        open_round_of(work, wrong.round_id)
        if wrong.meeting_id or wrong.notice_id:
            raise Refused("by_meeting", "这一步由会议或公示带来，不能单独更正，请补充研究或重新公示")
        if wrong.revokes or session.exec(select(ReviewStep).where(ReviewStep.revokes == seq)).first():
            raise Refused("revoked", "这条环节记录已经更正过")
        reached = list(session.exec(select(StepCase.case_id).where(StepCase.seq == seq)))
        rows = [case_row(session, case_id) for case_id in reached]
        if not all(actor.may_see(row.unit_id) for row in rows):
            raise NotAllowed("scope", "这一步涉及您单位范围以外的人，不能由您更正")
        known = histories(session, wrong.round_id, reached)
        refuse_stale(rows, known, max(expected_version, seq))
        for row in rows:
            later = [done for done in known.get(row.case_id, {}).values() if done.seq > seq and not done.passed_over]
            if later:
                raise Refused("later_steps", f"{row.name}之后已办“{later[-1].stage.label}”，请先更正后面的环节")
        record = ReviewStep(
            round_id=wrong.round_id,
            stage=wrong.stage,
            clause_id=wrong.clause_id,
            unit_id=wrong.unit_id,
            body=wrong.body,
            on=today_of(work.now),
            basis=reason.strip(),
            revokes=seq,
            recorded_by=actor.id,
            recorded_name=actor.name,
            recorded_at=work.now,
        )
        work.add(record)
        return {"version": record.seq, "people": len(rows)}

    return execute(
        engine,
        action="revoke_step",
        actor=actor,
        now=now,
        key=key,
        subject=f"step:{seq}",
        request={"reason": reason.strip(), "expected": expected_version},
        body=body,
    )
