"""下级办理、本级备查: every step of a unit's package in one command, for all its people, exceptions staying behind.

The steps are those the circular leaves to the unit. Each is recorded for whoever has come that far: who is sent back
or put off at a step stays there with the reason, and so does who lacks an earlier one.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Engine
from sqlmodel import Session, select

from casework.access import Actor
from casework.dates import chinese
from casework.ledger import Result, Work, execute, open_round_of, policy_of
from casework.models import Unit
from casework.models_review import Notice, NoticeCase
from casework.problems import NotAllowed, Refused
from casework.review import chain as chains
from casework.review.calendars import calendar_of
from casework.review.chain import Chain, Link
from casework.review.notice_days import check_end
from casework.review.records import CaseRow, case_rows, chain_for, chains_of, histories, refuse_stale, today_of
from casework.review.steps import StepRequest, carry_step
from casework.vocabulary import Decision, NoticeState, Stage

LEFT_BEHIND: Final = (Decision.REFUSED, Decision.DEFERRED, Decision.RETURNED)


@dataclass(frozen=True)
class UnitStep:
    """One step as the unit's papers show it.

    Attributes:
        stage: The step.
        body: Who carried it out there, one of the circular's bodies.
        on: The day; of a public notice the day of posting.
        until: The last day of a public notice.
        objections: What came of a public notice (异议情况), e.g. 无异议; never what an objection says.
        basis: Minutes, number of a document; needed for a decision.
        document: Where the paper lies, or the reference of its scan; the proof of posting of a notice.
    """

    stage: Stage
    body: str
    on: date
    until: date | None = None
    objections: str = ""
    basis: str = ""
    document: str = ""


@dataclass(frozen=True)
class StaysBehind:
    """Somebody for whom the package does not hold from one step on.

    Attributes:
        stage: Where.
        result: One of `LEFT_BEHIND`.
        reason: Why.
    """

    stage: Stage
    result: Decision
    reason: str


def record_unit_steps(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    round_id: str,
    unit_id: str,
    steps: Sequence[UnitStep],
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
    exceptions: Mapping[str, StaysBehind] | None = None,
) -> Result:
    """Record the steps of a unit's package for all its people at once.

    Args:
        engine: The ledger.
        round_id: The round.
        unit_id: The unit.
        steps: In the order they were carried out.
        expected_version: The version of the steps its author has seen (`steps_version`).
        actor: Who enters it, for units of his own.
        now: When.
        key: Idempotency key.
        exceptions: Case → where he stays behind, and why.

    Returns:
        `{"version", "steps": [{"stage", "people", "results"}], "behind": [{"case_id", "name", "stage", "reason"}]}`:
        `behind` are those who have not come through every step of their chain that was recorded here.

    Raises:
        Refused: `no_steps`, `own_step`, `no_objections`, `bad_result`, `no_reason`, `not_found`, `nobody`,
            `already_done`, `still_running`, `no_evidence`, `unknown_end`, and as `record_step`. Nothing is recorded.
        NotAllowed: `scope`.
        Conflict: `stale`.
    """
    told = dict(exceptions or {})
    if not steps:
        raise Refused("no_steps", "请至少填写一个环节")
    refuse_exceptions(told, steps)

    def body(work: Work) -> Result:
        session = work.session
        open_round_of(work, round_id)
        if not actor.may_see(unit_id):
            raise NotAllowed("scope", "这个单位不在您的范围内")
        rows = case_rows(session, round_id, units=actor.units, unit_id=unit_id)
        _refuse_strangers(session, unit_id, rows, told)
        refuse_stale(rows, histories(session, round_id, [row.case_id for row in rows]), expected_version)
        links = chains_of(policy_of(session, round_id))
        package = Package(work, key, round_id, unit_id, rows, links, told)
        done = [_step(package, step) for step in steps]
        return {
            "version": done[-1]["version"],
            "steps": [{name: one[name] for name in ("stage", "people", "results")} for one in done],
            "behind": behind(package, {step.stage for step in steps}),
        }

    request = {
        "steps": [_json(step) for step in steps],
        "exceptions": {case: [one.stage, one.result, one.reason] for case, one in sorted(told.items())},
        "expected": expected_version,
    }
    return execute(
        engine,
        action="record_unit_steps",
        actor=actor,
        now=now,
        key=key,
        subject=f"round:{round_id}/{unit_id}",
        request=request,
        body=body,
    )


def _json(step: UnitStep) -> dict[str, Any]:
    return {name: getattr(step, name) for name in step.__dataclass_fields__}


def refuse_exceptions(told: Mapping[str, StaysBehind], steps: Sequence[UnitStep]) -> None:
    """Check that every exception is one, has its reason, and stands at a step that is recorded.

    Raises:
        Refused: `bad_result`, `no_reason`.
    """
    recorded = {step.stage for step in steps}
    for one in told.values():
        if one.result not in LEFT_BEHIND:
            raise Refused("bad_result", f"例外只能是{'、'.join(result.label for result in LEFT_BEHIND)}")
        if not one.reason.strip():
            raise Refused("no_reason", f"{one.result.label}要写明理由")
        if one.stage not in recorded:
            raise Refused("bad_result", f"例外写在“{one.stage.label}”，这次没有登记这个环节")


def _refuse_strangers(session: Session, unit_id: str, rows: Sequence[CaseRow], told: Mapping[str, StaysBehind]) -> None:
    if not rows:
        unit = session.get(Unit, unit_id)
        raise Refused("nobody", f"{unit.name if unit else '这个单位'}在这一轮还没有人")
    if told.keys() - {row.case_id for row in rows}:
        raise Refused("not_found", "例外中有人不在这个单位的材料里，请刷新后再办")


@dataclass(frozen=True)
class Package:
    """What every step of one command needs."""

    work: Work
    key: str
    round_id: str
    unit_id: str
    rows: Sequence[CaseRow]
    links: Mapping[str, Chain]
    told: Mapping[str, StaysBehind]

    def known(self) -> dict[str, dict[Stage, chains.Done]]:
        """Return what is recorded of its people by now."""
        return histories(self.work.session, self.round_id, [row.case_id for row in self.rows])


def _step(package: Package, step: UnitStep) -> Result:
    """Record one step for whoever has come that far."""
    ready, link = ready_for(package, step)
    return carry_ready(package, step, ready, link, until_of(package.work, link, step))


def carry_ready(package: Package, step: UnitStep, ready: Sequence[str], link: Link, until: date | None) -> Result:
    """Record one step for those named, and of a public notice the notice itself."""
    told = package.told
    results = {
        case_id: (one.result, one.reason)
        for case_id, one in told.items()
        if one.stage is step.stage and case_id in ready
    }
    notice_id = None
    if link.notice is not None and until is not None:
        notice_id = _post(package, link, step, until, [each for each in ready if each not in results])
    done = carry_step(
        package.work,
        StepRequest(
            round_id=package.round_id,
            stage=step.stage,
            body=step.body.strip(),
            on=step.on,
            case_ids=tuple(ready),
            unit_id=package.unit_id,
            results=results,
            until=until,
            basis=step.basis.strip() or (f"异议情况：{step.objections.strip()}" if link.notice else ""),
            document=step.document.strip(),
            notice_id=notice_id,
        ),
    )
    return {"stage": step.stage.value, **done}


def ready_for(package: Package, step: UnitStep) -> tuple[list[str], Link]:
    """Return who has come to a step, and the step's link."""
    known = package.known()
    ready, found, waiting = [], None, 0
    for row in package.rows:
        own, history = chain_for(package.links, row), known.get(row.case_id, {})
        link = next((each for each in own if each.stage is step.stage), None)
        if link is None:
            continue
        found = found or link
        if link.own:
            raise Refused("own_step", f"“{step.stage.label}”由本级办理，不能随单位材料登记：{link.said()}")
        before = history.get(step.stage)
        if (before is not None and before.holds) or chains.stopped(history) is not None:
            continue
        if chains.missing(history, own, before=step.stage):
            waiting += 1
            continue
        ready.append(row.case_id)
    if found is None:
        raise Refused("not_in_chain", f"这份通知没有“{step.stage.label}”这个环节，或这个单位的人都不走这一路")
    if not ready:
        why = "前面的环节还没有办" if waiting else "都已办过"
        raise Refused("nobody" if waiting else "already_done", f"“{step.stage.label}”：{why}")
    return ready, found


def until_of(work: Work, link: Link, step: UnitStep) -> date | None:
    """Return the last day of the unit's own notice, which is over; None where the step is no notice."""
    if link.notice is None:
        return None
    if not step.objections.strip():
        raise Refused("no_objections", "公示要写明异议情况，没有异议的写“无异议”")
    if not step.document.strip():
        raise Refused("no_evidence", "请登记张贴公示的凭证（照片、扫描件、网页地址）")
    end = check_end(link, posted_on=step.on, ends_on=step.until, calendar=calendar_of(work.session))
    if end is None:
        raise Refused("unknown_end", "没有这一年的放假调休表，公示止日算不出来，请先导入放假调休安排")
    if today_of(work.now) <= end:
        raise Refused("still_running", f"公示到{chinese(end)}为止，期满后才能登记结果")
    return end


def _post(package: Package, link: Link, step: UnitStep, until: date, case_ids: Sequence[str]) -> str:
    """Record the notice itself, so that objections and 公示结果 find it; return its id."""
    work, round_id, unit_id = package.work, package.round_id, package.unit_id
    notice_id = uuid.uuid5(uuid.NAMESPACE_OID, f"{round_id}/{unit_id}/notice/{package.key}").hex[:12]
    posted = (
        select(NoticeCase.case_id)
        .join(Notice)
        .where(Notice.round_id == round_id, Notice.state == NoticeState.RUNNING.value)
    )
    if set(work.session.exec(posted)) & set(case_ids):
        raise Refused("already_posted", "其中有人的公示还在进行，请先在“公示”处登记结果")
    assert link.notice is not None
    work.add(
        Notice(
            notice_id=notice_id,
            round_id=round_id,
            clause_id=link.clause_id,
            unit_id=unit_id,
            body=step.body.strip(),
            audience=link.notice.audience,
            channel=link.notice.channel,
            posted_on=step.on,
            ends_on=until,
            evidence=step.document.strip(),
            state=NoticeState.ENDED.value,
            closed_on=today_of(work.now),
            recorded_by=work.actor.id,
            recorded_at=work.now,
        )
    )
    work.session.add_all(NoticeCase(notice_id=notice_id, case_id=case_id) for case_id in case_ids)
    work.session.flush()
    work.note(f"notice_case:{notice_id}", None, list(case_ids))
    return notice_id


def behind(package: Package, recorded: set[Stage], why: Mapping[str, str] | None = None) -> list[Result]:
    """Return who has not come through every step recorded here, and why; `why` is case → what else is known of it."""
    known = package.known()
    found = []
    for row in package.rows:
        history = known.get(row.case_id, {})
        lacking = [link for link in chains.missing(history, chain_for(package.links, row)) if link.stage in recorded]
        if not lacking:
            continue
        one, at = package.told.get(row.case_id), history.get(lacking[0].stage)
        said = (why or {}).get(row.case_id) or f"还没有办“{_first(history, package.links, row)}”"
        reason = one.reason if one else at.reason if at and at.reason else said
        told_of = {"case_id": row.case_id, "name": row.name, "stage": lacking[0].stage.value}
        found.append({**told_of, "reason": reason})
    return found


def _first(history: chains.History, links: Mapping[str, Chain], row: CaseRow) -> str:
    return chains.missing(history, chain_for(links, row))[0].stage.label
