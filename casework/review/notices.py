"""Public notices: whom they name, where, until when, and how they ended."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import Engine, and_, or_
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.dates import chinese
from casework.ledger import Result, Work, execute, open_round_of, policy_of
from casework.ledger.scans import check_scans
from casework.models_review import Notice, NoticeCase, Objection
from casework.problems import Conflict, NotAllowed, Refused
from casework.review import chain as chains
from casework.review.calendars import calendar_of
from casework.review.chain import Link
from casework.review.instructions import refuse_while_pending
from casework.review.notice_days import check_end, end_now
from casework.review.official import OFFICIAL, list_in_force
from casework.review.records import CaseRow, case_rows, chain_for, chains_of, histories, today_of
from casework.review.steps import StepRequest, carry_step
from casework.shapes.procedure import PublicNotice
from casework.vocabulary import NoticeState, ObjectionState, Stage

OPEN_OBJECTIONS = (ObjectionState.RECEIVED.value, ObjectionState.ACCEPTED.value)


# -- commands ----------------------------------------------------------------------------------------------------


def post_notice(  # noqa: PLR0913 - what a notice is
    engine: Engine,
    *,
    round_id: str,
    body: str,
    posted_on: date,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
    case_ids: Sequence[str] = (),
    unit_id: str | None = None,
    branch: str | None = None,
    path: str | None = None,
    audience: str = "",
    channel: str = "",
    ends_on: date | None = None,
    evidence: str = "",
    closed: bool = False,
) -> Result:
    """Post a public notice: of a unit or one of its branches, of the people named, or of the whole list.

    Args:
        engine: The ledger.
        round_id: The round.
        body: Who publishes it.
        posted_on: The day of posting.
        expected_version: The version of the steps its author has seen (`steps_version`).
        actor: Who enters it.
        now: When.
        key: Idempotency key.
        case_ids: The people; none: everyone of the unit, the branch or the list whose turn it is.
        unit_id: The unit whose notice it is.
        branch: Only this branch of the unit (one list per branch).
        path: Only this path, where several have a notice of their own.
        audience: Who is told; the circular's words by default.
        channel: Where; the circular's words by default.
        ends_on: The last day, where the circular says no days or a longer notice is wanted.
        evidence: Where the proof of posting lies.
        closed: It is over already and nobody objected (a unit's own notice, recorded afterwards).

    Returns:
        `{"notice_id", "version", "ends_on", "people"}`.

    Raises:
        Refused: `nobody`, `not_in_chain`, `skipped`, `too_early`, `no_end`, `too_short`, `not_exactly`, `backwards`,
            `future`, `no_list`, `not_official`, `pending` (an oral instruction), `already_posted`, and with `closed` as
            `close_notice`.
        NotAllowed: `scope`.
        Conflict: `stale`.
    """
    wanted = list(dict.fromkeys(case_ids))

    def deed(work: Work) -> Result:
        session = work.session
        open_round_of(work, round_id)
        if unit_id is None and not wanted and actor.units is not None:
            raise NotAllowed("scope", "公示全部单位的名单，超出您的单位范围")
        rows, link = _named(work, round_id, wanted, unit_id=unit_id, branch=branch, path=path)
        if link.own or not closed:  # what a unit has published already is recorded as it was
            refuse_while_pending(session, round_id, "公示")
        if posted_on > today_of(work.now):
            raise Refused("future", "张贴日期还没有到，请张贴后再登记")
        adoption_id = None
        if link.own:
            # What this office publishes is its list, and that only once it is official.
            current = list_in_force(session, round_id)
            if current.state != OFFICIAL:
                raise Refused("not_official", "名单还没有经会议研究确定，不能公示")
            listed = {row["case_id"] for row in current.numbers["awards"]}
            rows = [row for row in rows if row.case_id in listed]
            adoption_id = current.adoption_id
        _refuse_posted(session, round_id, rows)
        end = check_end(link, posted_on=posted_on, ends_on=ends_on, calendar=calendar_of(session))
        known = histories(session, round_id, [row.case_id for row in rows])
        links = chains_of(policy_of(session, round_id))
        for row in rows:
            history = known.get(row.case_id, {})
            own = chain_for(links, row)
            chains.check_order(history, own, stage=Stage.PUBLIC_NOTICE, name=row.name)
            today = today_of(work.now)
            chains.check_days(history, own, stage=Stage.PUBLIC_NOTICE, on=posted_on, today=today, name=row.name)
        if not rows:
            raise Refused("nobody", "没有人到公示这一步")
        check_scans(work, evidence, round_id=round_id, units={unit_id} if unit_id else ())
        terms = link.notice
        assert terms is not None
        notice = Notice(
            notice_id=uuid.uuid5(uuid.NAMESPACE_OID, f"{round_id}/notice/{key}").hex[:12],
            round_id=round_id,
            clause_id=link.clause_id,
            adoption_id=adoption_id,
            unit_id=unit_id,
            branch=branch,
            body=body.strip(),
            audience=audience.strip() or terms.audience,
            channel=channel.strip() or terms.channel,
            posted_on=posted_on,
            ends_on=end,
            evidence=evidence.strip(),
            state=NoticeState.RUNNING.value,
            recorded_by=actor.id,
            recorded_at=work.now,
        )
        work.add(notice)
        for row in rows:
            session.add(NoticeCase(notice_id=notice.notice_id, case_id=row.case_id))
        session.flush()
        work.note(f"notice_case:{notice.notice_id}", None, [row.case_id for row in rows])
        if closed:
            _close(work, notice, expected_version=1, ends_on=end, evidence=notice.evidence, seen=expected_version)
        return {
            "notice_id": notice.notice_id,
            "version": notice.version,
            "ends_on": end,
            "people": len(rows),
        }

    request = {
        "body": body,
        "posted": posted_on,
        "ends": ends_on,
        "cases": sorted(wanted),
        "unit": unit_id,
        "branch": branch,
        "path": path,
        "evidence": evidence,
        "closed": closed,
        "audience": audience,
        "channel": channel,
        "expected": expected_version,
    }
    return execute(
        engine,
        action="post_notice",
        actor=actor,
        now=now,
        key=key,
        subject=f"round:{round_id}",
        request=request,
        body=deed,
    )


def close_notice(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    notice_id: str,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
    evidence: str = "",
    ends_on: date | None = None,
) -> Result:
    """Record that a notice's days are over: the step is done for everyone against whom nothing is open.

    Whoever an open objection is about waits, alone; the others go on. Called again once the objection is settled,
    it does the step for those who waited.

    Args:
        engine: The ledger.
        notice_id: The notice.
        expected_version: Its version as seen.
        actor: Who does it.
        now: When.
        key: Idempotency key.
        evidence: Where the proof of posting lies, where not yet recorded.
        ends_on: The last day, where it was not known when it was posted.

    Returns:
        `{"notice_id", "version", "people", "waiting"}`.

    Raises:
        Refused: `still_running`, `unknown_end`, `no_evidence`, `stopped`, `not_found`.
        Conflict: `stale`.
    """

    def deed(work: Work) -> Result:
        notice = _reach(work, notice_id)
        if notice.version != expected_version:
            state = NoticeState(notice.state).label
            raise Conflict("stale", f"这次公示刚被别人办理过（现为“{state}”），请看过再办")
        end = notice.ends_on or _end_now(work, notice, ends_on)
        proof = evidence.strip() or notice.evidence
        return _close(work, notice, expected_version=expected_version, ends_on=end, evidence=proof)

    return execute(
        engine,
        action="close_notice",
        actor=actor,
        now=now,
        key=key,
        subject=f"notice:{notice_id}",
        request={"evidence": evidence, "ends": ends_on, "expected": expected_version},
        body=deed,
    )


def stop_notice(  # noqa: PLR0913 - as every command
    engine: Engine, *, notice_id: str, reason: str, expected_version: int, actor: Actor, now: datetime, key: str
) -> Result:
    """Stop a notice (it was posted wrongly); the people go back to before it.

    Raises:
        Refused: `no_reason`, `ended`, `not_found`.
        Conflict: `stale`.
    """
    if not reason.strip():
        raise Refused("no_reason", "中止公示要写明理由")

    def deed(work: Work) -> Result:
        notice = _reach(work, notice_id)
        if notice.state != NoticeState.RUNNING:
            raise Refused("ended", f"这次公示已是“{NoticeState(notice.state).label}”，不能中止")
        changed = work.change(
            Notice,
            notice_id,
            expected_version=expected_version,
            state=NoticeState.STOPPED.value,
            reason=reason.strip(),
            closed_on=today_of(work.now),
        )
        return {"notice_id": notice_id, "version": changed.version}

    return execute(
        engine,
        action="stop_notice",
        actor=actor,
        now=now,
        key=key,
        subject=f"notice:{notice_id}",
        request={"reason": reason, "expected": expected_version},
        body=deed,
    )


def _reach(work: Work, notice_id: str) -> Notice:
    notice = work.get(Notice, notice_id, missing="没有这次公示，或不在您的单位范围内")
    units = work.actor.units
    if units is not None and notice.unit_id not in units:
        raise Refused("not_found", "没有这次公示，或不在您的单位范围内")
    open_round_of(work, notice.round_id)
    return notice


def _named(  # noqa: PLR0913 - how they are chosen
    work: Work, round_id: str, wanted: Collection[str], *, unit_id: str | None, branch: str | None, path: str | None
) -> tuple[list[CaseRow], Link]:
    """Return whom the notice names, and its clause."""
    session = work.session
    rows = case_rows(session, round_id, units=work.actor.units, unit_id=unit_id, case_ids=tuple(wanted), branch=branch)
    links = chains_of(policy_of(session, round_id))
    known = histories(session, round_id, [row.case_id for row in rows])
    chosen: list[CaseRow] = []
    clauses: dict[str, Link] = {}
    for row in rows:
        own = chain_for(links, row)
        if path is not None and row.path != path:
            continue
        terms = next((link for link in own if link.stage is Stage.PUBLIC_NOTICE), None)
        history = known.get(row.case_id, {})
        if terms is None and not wanted:
            continue
        turn = terms is not None and Stage.PUBLIC_NOTICE not in history and chains.stopped(history) is None
        if wanted or turn:
            link = chains.link_of(own, Stage.PUBLIC_NOTICE, name=row.name)
            clauses[link.clause_id] = link
            chosen.append(row)
    if not chosen:
        raise Refused("nobody", "没有人到公示这一步")
    if len(clauses) > 1:
        raise Refused("two_paths", "这些人分属不同路径，公示要求不同，请按路径分开公示")
    return chosen, next(iter(clauses.values()))


def _refuse_posted(session: Session, round_id: str, rows: Sequence[CaseRow]) -> None:
    query = (
        select(col(NoticeCase.case_id), col(Notice.posted_on))
        .join(Notice, col(Notice.notice_id) == col(NoticeCase.notice_id))
        .where(Notice.round_id == round_id, Notice.state != NoticeState.STOPPED.value)
    )
    posted = dict(session.exec(query).all())
    for row in rows:
        if row.case_id in posted:
            raise Refused("already_posted", f"{row.name}已在{chinese(posted[row.case_id])}张贴的公示中，不能重复公示")


def _end_now(work: Work, notice: Notice, ends_on: date | None) -> date:
    clause = policy_of(work.session, notice.round_id).clause(notice.clause_id)
    terms = clause.shape
    assert isinstance(terms, PublicNotice)
    return end_now(terms, notice.posted_on, calendar_of(work.session), ends_on)


def _close(  # noqa: PLR0913 - how it ended
    work: Work, notice: Notice, *, expected_version: int, ends_on: date | None, evidence: str, seen: int | None = None
) -> Result:
    session, today = work.session, today_of(work.now)
    if notice.state == NoticeState.STOPPED:
        raise Refused("stopped", "这次公示已中止，请重新公示")
    if ends_on is None:
        raise Refused("unknown_end", "没有这一年的放假调休表，公示止日算不出来，请先导入放假调休安排")
    if today <= ends_on:
        raise Refused("still_running", f"公示到{chinese(ends_on)}为止，期满后才能登记结果")
    if not evidence:
        raise Refused("no_evidence", "请先登记张贴公示的凭证（照片、网页地址）")
    check_scans(work, evidence, round_id=notice.round_id, units={notice.unit_id} if notice.unit_id else ())
    query = select(NoticeCase.case_id).where(NoticeCase.notice_id == notice.notice_id)
    people = list(session.exec(query.order_by(NoticeCase.case_id)))
    objections = select(Objection.case_id).where(
        Objection.round_id == notice.round_id, col(Objection.state).in_(OPEN_OBJECTIONS)
    )
    held = set(session.exec(objections)) & set(people)
    known = histories(session, notice.round_id, people)
    here = {row.case_id for row in case_rows(session, notice.round_id, units=None)}
    ready = [
        case_id
        for case_id in people
        if case_id in here
        and case_id not in held
        and Stage.PUBLIC_NOTICE not in {stage for stage, done in known.get(case_id, {}).items() if done.holds}
        and chains.stopped(known.get(case_id, {})) is None
    ]
    if ready:
        carry_step(
            work,
            StepRequest(
                round_id=notice.round_id,
                stage=Stage.PUBLIC_NOTICE,
                body=notice.body,
                on=notice.posted_on,
                until=ends_on,
                case_ids=tuple(ready),
                unit_id=notice.unit_id,
                document=evidence,
                notice_id=notice.notice_id,
                seen=seen,
            ),
        )
    changed = work.change(
        Notice,
        notice.notice_id,
        expected_version=expected_version,
        state=NoticeState.ENDED.value,
        evidence=evidence,
        ends_on=ends_on,
        closed_on=today,
    )
    return {
        "notice_id": notice.notice_id,
        "version": changed.version,
        "people": len(ready),
        "waiting": len(held),
    }


def notice_result(session: Session, notice_id: str) -> dict[str, int]:
    """Return 公示结果: numbers only, no names; who is on it and was objected to while it hung counts, named or not."""
    people = session.exec(select(NoticeCase.case_id).where(NoticeCase.notice_id == notice_id)).all()
    posted = session.get_one(Notice, notice_id).posted_on
    while_it_hung = and_(col(Objection.notice_id).is_(None), col(Objection.received_on) >= posted)
    theirs = or_(col(Objection.notice_id) == notice_id, and_(while_it_hung, col(Objection.case_id).in_(people)))
    states = session.exec(select(Objection.state).where(theirs)).all()
    counted = {state.value: states.count(state.value) for state in ObjectionState}
    return {"people": len(people), "objections": len(states), **counted}
