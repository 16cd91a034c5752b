"""走访 of the round: which leader goes where, what is planned, and one entry for the visit and what was handed over.

The circular's wishes (who must come along, at home, within the days) do not refuse a visit that took place: they are
shown beside it (`casework.payment.coverage`). What is refused is handing over where the circular forbids it, and a
visit without a word on what was heard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import Engine
from sqlmodel import Session, select

from casework.access import Actor
from casework.ledger import Result, Work, case_within_reach, execute, open_round_of
from casework.models import Unit
from casework.models_payment import VISIT_SCOPES, Claim, LeaderLink, Payment, Visit, Visitor, VisitPlan, VisitPlanCase
from casework.payment.common import Seen, names_of, new_id, official_list, refuse_future
from casework.payment.receipts import hand
from casework.problems import NotAllowed, Refused
from casework.vocabulary import LeaderLevel, PaymentState, VisitMode, VisitPlace

NO_OPINION = "无"


@dataclass(frozen=True)
class Caller:
    """Somebody who came along.

    Attributes:
        name: As printed.
        role: In the circular's words, e.g. 乡镇党委委员.
        level: Of a leader; None for others.
        link_id: The leader's link with the township, where there is one.
    """

    name: str
    role: str
    level: LeaderLevel | None = None
    link_id: str | None = None


def link_leader(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    round_id: str,
    leader: str,
    position: str,
    level: LeaderLevel,
    unit_id: str,
    actor: Actor,
    now: datetime,
    key: str,
    office: str = "",
    liaison: str = "",
) -> Result:
    """Say with which township a leader is linked (联系乡镇).

    Args:
        engine: The ledger.
        round_id: The round.
        leader: The name.
        position: The position, as printed.
        level: 州, 县, 乡镇 or 单位.
        unit_id: The township.
        actor: Who enters it.
        now: When.
        key: Idempotency key.
        office: Which office coordinates the leader's visits.
        liaison: Who is in touch with the township's committee, and how far that is.

    Returns:
        `{"link_id", "version"}`.

    Raises:
        Refused: `no_name`, `not_found`, `not_acceptable` (linked already), `closed`.
        NotAllowed: `scope`.
    """
    if not leader.strip() or not position.strip():
        raise Refused("no_name", "请写明领导姓名和职务")
    _see(actor, unit_id)

    def deed(work: Work) -> Result:
        open_round_of(work, round_id)
        work.get(Unit, unit_id, missing="没有这个单位")
        link = LeaderLink(
            link_id=new_id(round_id, leader.strip(), position.strip(), unit_id),
            round_id=round_id,
            leader=leader.strip(),
            position=position.strip(),
            level=level.value,
            unit_id=unit_id,
            office=office.strip(),
            liaison=liaison.strip(),
            recorded_by=actor.id,
            recorded_at=work.now,
        )
        if work.session.get(LeaderLink, link.link_id) is not None:
            raise Refused("linked", f"{link.leader}与这个乡镇的联系已经登记")
        work.add(link)
        return {"link_id": link.link_id, "version": link.version}

    request = {"leader": leader, "position": position, "level": level.value, "unit": unit_id}
    return execute(
        engine,
        action="link_leader",
        actor=actor,
        now=now,
        key=key,
        subject=f"round:{round_id}",
        request={**request, "office": office, "liaison": liaison},
        body=deed,
    )


def _see(actor: Actor, unit_id: str) -> None:
    if not actor.may_see(unit_id):
        raise NotAllowed("scope", "这个单位不在您的范围内")


def plan_visit(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    link_id: str,
    on: date,
    case_ids: Sequence[str],
    actor: Actor,
    now: datetime,
    key: str,
    company: str = "",
) -> Result:
    """Plan a leader's visit (走访安排): only to people of the township's own list, for it brings no extra place.

    Source: 建始 四（一）: 慰问资金由乡镇从下拨慰问资金中统筹安排 (JS-4.1.3).

    Returns:
        `{"plan_id", "version", "people"}`.

    Raises:
        Refused: `nobody`, `not_found`, `not_linked`, `not_listed`, `no_official_list`, `closed`.
        NotAllowed: `scope`.
    """
    wanted = list(dict.fromkeys(case_ids))
    if not wanted:
        raise Refused("nobody", "没有选走访对象")

    def deed(work: Work) -> Result:
        link = work.get(LeaderLink, link_id, missing="没有这项联系")
        _see(actor, link.unit_id)
        open_round_of(work, link.round_id)
        listed = {row["case_id"] for row in official_list(work.session, link.round_id).numbers["awards"]}
        names = names_of(work.session, wanted)
        for case_id in wanted:
            case = case_within_reach(work, case_id)
            if case.unit_id != link.unit_id:
                raise Refused("not_linked", f"{names[case_id]}不在{link.leader}联系的乡镇")
            if case_id not in listed:
                raise Refused("not_listed", f"{names[case_id]}不在已确定的名单上；领导走访的对象在乡镇名额之内安排")
        plan = VisitPlan(
            plan_id=new_id(link_id, "plan", key),
            round_id=link.round_id,
            link_id=link_id,
            on=on,
            company=company.strip(),
            state="planned",
            recorded_by=actor.id,
            recorded_at=work.now,
        )
        work.add(plan)
        for case_id in wanted:
            work.add(VisitPlanCase(plan_id=plan.plan_id, case_id=case_id))
        return {"plan_id": plan.plan_id, "version": plan.version, "people": len(wanted)}

    return execute(
        engine,
        action="plan_visit",
        actor=actor,
        now=now,
        key=key,
        subject=f"link:{link_id}",
        request={"on": on, "cases": sorted(wanted), "company": company},
        body=deed,
    )


def cancel_plan(  # noqa: PLR0913 - as every command
    engine: Engine, *, plan_id: str, reason: str, expected_version: int, actor: Actor, now: datetime, key: str
) -> Result:
    """Cancel a planned visit, with the reason.

    Returns:
        `{"plan_id", "version"}`.

    Raises:
        Refused: `no_reason`, `not_found`, `cancelled`, `closed`.
        Conflict: `stale`.
    """
    if not reason.strip():
        raise Refused("no_reason", "取消走访安排要写明理由")

    def deed(work: Work) -> Result:
        plan = work.get(VisitPlan, plan_id, missing="没有这项走访安排")
        _see(actor, work.get(LeaderLink, plan.link_id).unit_id)
        open_round_of(work, plan.round_id)
        if plan.state != "planned":
            raise Refused("cancelled", "这项走访安排已经取消")
        after = work.change(
            VisitPlan, plan_id, expected_version=expected_version, state="cancelled", reason=reason.strip()
        )
        return {"plan_id": plan_id, "version": after.version}

    return execute(
        engine,
        action="cancel_plan",
        actor=actor,
        now=now,
        key=key,
        subject=f"plan:{plan_id}",
        request={"reason": reason, "expected": expected_version},
        body=deed,
    )


def record_visit(  # noqa: PLR0913 - what a visit is
    engine: Engine,
    *,
    case_id: str,
    on: date,
    place: VisitPlace,
    mode: VisitMode,
    callers: Sequence[Caller],
    opinions: str | None,
    actor: Actor,
    now: datetime,
    key: str,
    claims: Seen | None = None,
    plan_id: str | None = None,
    place_note: str = "",
    topic: str = "",
    note: str = "",
    scope: str | None = None,
) -> Result:
    """Record a visit, and what was handed over on it.

    Args:
        engine: The ledger.
        case_id: Whom.
        on: The day.
        place: Where.
        mode: Face to face, by telephone, otherwise.
        callers: Who came.
        opinions: What was heard; 无 for nothing. None and "" are refused.
        actor: Who enters it.
        now: When.
        key: Idempotency key.
        claims: Claim → version: what was handed over, of this person.
        plan_id: The planned visit this was.
        place_note: The place in words.
        topic: What the opinions are about.
        note: How the person lives and works.
        scope: One of `VISIT_SCOPES`.

    Returns:
        `{"visit_id", "payments"}`.

    Raises:
        Refused: `no_opinions`, `no_visitor`, `not_in_person` (handed over by telephone), `other_person`, `bad_scope`,
            `future`, `not_found`, and as `receipts.hand_over`.
        Conflict: `stale`.
    """
    if not (opinions or "").strip():
        raise Refused("no_opinions", "请填写听取的意见，没有意见的写“无”")
    if not callers or any(not one.name.strip() or not one.role.strip() for one in callers):
        raise Refused("no_visitor", "请写明走访人和身份")
    if scope is not None and scope not in VISIT_SCOPES:
        raise Refused("bad_scope", "请选本单位或所驻村（社区）")
    if claims and mode is not VisitMode.FACE_TO_FACE:
        raise Refused("not_in_person", "不是面对面走访，不能登记当面发放")
    refuse_future(on, now, "走访")

    def deed(work: Work) -> Result:
        case = case_within_reach(work, case_id)
        open_round_of(work, case.round_id)
        payments = []
        if claims:
            if any(work.get(Claim, claim_id).case_id != case_id for claim_id in claims):
                raise Refused("other_person", "发放的不是这位走访对象的款物")
            by = "、".join(one.name.strip() for one in callers)
            payments = hand(work, claims, place=place, handed_by=by, on=on)["payments"]
        visit = Visit(
            visit_id=new_id(case_id, "visit", key),
            round_id=case.round_id,
            case_id=case_id,
            plan_id=_plan(work, plan_id, case_id),
            on=on,
            place=place.value,
            place_note=place_note.strip(),
            mode=mode.value,
            opinions=(opinions or "").strip(),
            topic=topic.strip(),
            note=note.strip(),
            scope=scope,
            payment_id=payments[0] if payments else None,
            recorded_by=actor.id,
            recorded_at=work.now,
        )
        work.add(visit)
        for number, one in enumerate(callers, start=1):
            if one.link_id is not None:
                work.get(LeaderLink, one.link_id, missing="没有这项联系")
            level = one.level.value if one.level else None
            row = Visitor(visit_id=visit.visit_id, number=number, name=one.name.strip(), role=one.role.strip())
            row.level, row.link_id = level, one.link_id
            work.add(row)
        return {"visit_id": visit.visit_id, "payments": payments}

    request = {
        "on": on,
        "place": [place.value, place_note],
        "mode": mode.value,
        "callers": [asdict(one) for one in callers],
        "words": [opinions, topic, note],
        "claims": dict(claims or {}),
        "plan": plan_id,
        "scope": scope,
    }
    return execute(
        engine,
        action="record_visit",
        actor=actor,
        now=now,
        key=key,
        subject=f"case:{case_id}",
        request=request,
        body=deed,
    )


def _plan(work: Work, plan_id: str | None, case_id: str) -> str | None:
    if plan_id is not None and work.session.get(VisitPlanCase, (plan_id, case_id)) is None:
        raise Refused("not_found", "走访安排里没有这位对象")
    return plan_id


def revoke_visit(  # noqa: PLR0913 - as every command
    engine: Engine, *, visit_id: str, reason: str, actor: Actor, now: datetime, key: str
) -> Result:
    """Take back a visit that was recorded wrongly; both rows stay, neither is a visit.

    Raises:
        Refused: `no_reason`, `not_found`, `revoked`, `handed_over` (take the money back first).
    """
    if not reason.strip():
        raise Refused("no_reason", "更正走访记录要写明理由")

    def deed(work: Work) -> Result:
        visit = work.get(Visit, visit_id, missing="没有这次走访")
        case_within_reach(work, visit.case_id)
        open_round_of(work, visit.round_id)
        undone = work.session.exec(select(Visit).where(Visit.revokes == visit_id)).first()
        if undone is not None or visit.revokes is not None:
            raise Refused("revoked", "这次走访已经更正")
        if visit.payment_id is not None and _still_paid(work.session, visit.payment_id):
            raise Refused("handed_over", "这次走访登记了当面发放，请先在“发放”处收回")
        row = Visit(**{**visit.model_dump(), "visit_id": new_id(visit_id, "revoked"), "payment_id": None})
        row.revokes, row.note = visit_id, reason.strip()
        row.recorded_by, row.recorded_at = actor.id, work.now
        work.add(row)
        return {"visit_id": row.visit_id}

    return execute(
        engine,
        action="revoke_visit",
        actor=actor,
        now=now,
        key=key,
        subject=f"visit:{visit_id}",
        request={"reason": reason},
        body=deed,
    )


def _still_paid(session: Session, payment_id: str) -> bool:
    payment = session.get_one(Payment, payment_id)
    return PaymentState(payment.state) is not PaymentState.RETURNED
