"""Handing over, the signed receipt (回执), booking (入账): in this order, and booking only on the person's own hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine
from sqlmodel import select

from casework.access import Actor
from casework.dates import chinese
from casework.ledger import Result, Work, execute, policy_of
from casework.ledger.scans import check_scans
from casework.models_payment import SIGNED_WITH, Booking, Claim, Payment, Receipt
from casework.payment.attempts import PAYABLE, give_back, refuse_untransferred, standing, start, succeed
from casework.payment.common import (
    Seen,
    move,
    names_of,
    new_id,
    record_stage,
    refuse_future,
    refuse_unready,
    said,
    take_claims,
)
from casework.payment.instalments import refuse_undue
from casework.policy import Policy
from casework.problems import Refused
from casework.shapes.procedure import VisitRule
from casework.vocabulary import ClaimState, Payee, PaymentRoad, PaymentState, Relation, Signer, Stage, VisitPlace


def refuse_place(policy: Policy, place: VisitPlace) -> None:
    """Refuse a place where the circular forbids handing anything over.

    Raises:
        Refused: `forbidden_place`, with the clause.
    """
    for clause, shape in policy.of_shape(VisitRule):
        if place.label in shape.forbidden_places:
            raise Refused("forbidden_place", f"不得在{place.label}发放：{said(clause)}")


def places_allowed(policy: Policy) -> list[VisitPlace]:
    """Return the places an officer may choose for handing over."""
    forbidden = {word for _, shape in policy.of_shape(VisitRule) for word in shape.forbidden_places}
    return [place for place in VisitPlace if place.label not in forbidden]


def hand_over(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    claims: Seen,
    place: VisitPlace,
    handed_by: str,
    on: date,
    actor: Actor,
    now: datetime,
    key: str,
) -> Result:
    """Record that money or goods were handed over face to face.

    Args:
        engine: The ledger.
        claims: Claim → version.
        place: Where.
        handed_by: Who handed it over.
        on: The day.
        actor: Who enters it.
        now: When.
        key: Idempotency key.

    Returns:
        `{"people", "payments": [payment_id]}`.

    Raises:
        Refused: `forbidden_place`, `no_hand`, `future`, `nobody`, `not_found`, `state`, `not_transferred`,
            `too_early`, `not_ready`, `overdrawn`.
        Conflict: `stale`.
    """
    request = {"claims": dict(claims), "place": place.value, "by": handed_by, "on": on}
    return execute(
        engine,
        action="hand_over",
        actor=actor,
        now=now,
        key=key,
        request=request,
        body=lambda work: hand(work, claims, place=place, handed_by=handed_by, on=on),
    )


def hand(work: Work, claims: Seen, *, place: VisitPlace, handed_by: str, on: date) -> Result:
    """Carry a handing over out inside a command (`hand_over`, a visit).

    Raises:
        Refused: As `hand_over`.
        Conflict: `stale`.
    """
    if not handed_by.strip():
        raise Refused("no_hand", "请写明由谁送到")
    refuse_future(on, work.now, "发放")
    owed = take_claims(work, claims, doing="发放", states=PAYABLE)
    refuse_place(policy_of(work.session, owed[0].round_id), place)
    refuse_untransferred(work, owed)
    refuse_unready(work, owed, doing="发放")
    names = names_of(work.session, [claim.case_id for claim in owed])
    refuse_undue(owed, policy_of(work.session, owed[0].round_id), names, on=on, doing="发放")
    done = []
    for claim in owed:
        how = {"road": PaymentRoad.HAND.value, "payee": Payee.PRESENT.value}
        payment = start(work, claim, on=on, place=place.value, handed_by=handed_by.strip(), **how)
        succeed(work, claim, payment, on=on)
        done.append(payment.payment_id)
    record_stage(work, Stage.PAYMENT, owed, on=on)
    return {"people": len(owed), "payments": done}


def take_back(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    claim_id: str,
    reason: str,
    on: date,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> Result:
    """Record that what was handed over came back, or was never handed over; the attempt stays on record.

    Returns:
        `{"claim_id", "version"}`.

    Raises:
        Refused: `no_reason`, `future`, `state` (a signed receipt stands against it), `by_bank`.
        Conflict: `stale`.
    """
    if not reason.strip():
        raise Refused("no_reason", "收回要写明理由")
    refuse_future(on, now, "收回")

    def deed(work: Work) -> Result:
        (claim,) = take_claims(work, {claim_id: expected_version}, doing="收回", states=(ClaimState.PAID,))
        payment = _standing(work, claim)
        if payment.road == PaymentRoad.BANK.value:
            raise Refused("by_bank", "银行代发的请按银行退票登记")
        give_back(work, claim, payment, on=on, reason=reason.strip())
        return {"claim_id": claim_id, "version": claim.version}

    return execute(
        engine,
        action="take_back",
        actor=actor,
        now=now,
        key=key,
        subject=f"claim:{claim_id}",
        request={"reason": reason, "on": on, "expected": expected_version},
        body=deed,
    )


def record_receipt(  # noqa: PLR0913 - what a receipt is
    engine: Engine,
    *,
    claims: Seen,
    signed_on: date,
    signed_with: str,
    actor: Actor,
    now: datetime,
    key: str,
    signer: Signer = Signer.SELF,
    proxy_name: str = "",
    relation: Relation | None = None,
    document: str = "",
) -> Result:
    """Record signed receipts. A proxy's is kept, and the person's own signature is still asked for.

    Args:
        engine: The ledger.
        claims: Claim → version, paid.
        signed_on: The day on the receipt.
        signed_with: One of `models_payment.SIGNED_WITH`.
        actor: Who enters it.
        now: When.
        key: Idempotency key.
        signer: The person, or somebody else.
        proxy_name: Who else.
        relation: Of the one who signed to the person.
        document: Where the receipt lies, or the reference of its scan.

    Returns:
        `{"people", "bookable"}`.

    Raises:
        Refused: `future`, `too_early` (before the payment), `no_proxy`, `no_form`, `state`, `twice`.
        Conflict: `stale`.
    """
    refuse_future(signed_on, now, "回执")
    if signed_with not in SIGNED_WITH:
        raise Refused("no_form", "请选签字、盖章或捺印")
    if signer is Signer.PROXY and not proxy_name.strip():
        raise Refused("no_proxy", "他人代签的要写明代签人")
    fields: dict[str, Any] = {
        "proxy_name": proxy_name.strip() if signer is Signer.PROXY else "",
        "relation": relation.value if relation else None,
        "signed_with": signed_with,
        "signed_on": signed_on,
        "document": document.strip(),
    }

    def deed(work: Work) -> Result:
        paid = take_claims(work, claims, doing="登记回执", states=(ClaimState.PAID,))
        for claim in paid:
            payment = _standing(work, claim)
            if signed_on < payment.on:
                raise Refused("too_early", f"回执日期早于发放日期{chinese(payment.on)}")
            check_scans(work, document, round_id=claim.round_id, units={claim.unit_id})
            _receipt(work, payment, signer=signer, fields=fields)
            state = ClaimState.SIGNED if signer is Signer.SELF else ClaimState.PAID
            move(work, claim, state)
        if signer is Signer.SELF:
            record_stage(work, Stage.RECEIPT, paid, on=signed_on)
        return {"people": len(paid), "bookable": len(paid) if signer is Signer.SELF else 0}

    request = {"claims": dict(claims), "signer": signer.value, **fields}
    return execute(engine, action="record_receipt", actor=actor, now=now, key=key, request=request, body=deed)


def _receipt(work: Work, payment: Payment, *, signer: Signer, fields: dict[str, Any]) -> None:
    known = select(Receipt).where(Receipt.payment_id == payment.payment_id, Receipt.signer == signer.value)
    if work.session.exec(known).first() is not None:
        raise Refused("twice", "这笔已登记过代签的回执，现在要本人签收")
    work.add(
        Receipt(
            receipt_id=new_id(payment.payment_id, "receipt", signer.value),
            payment_id=payment.payment_id,
            signer=signer.value,
            recorded_by=work.actor.id,
            recorded_at=work.now,
            **fields,
        )
    )


def _standing(work: Work, claim: Claim) -> Payment:
    payment = standing(work.session, claim.claim_id)
    assert payment is not None
    assert PaymentState(payment.state) is PaymentState.SUCCEEDED
    return payment


def book(  # noqa: PLR0913 - as every command
    engine: Engine, *, claims: Seen, voucher: str, on: date, actor: Actor, now: datetime, key: str
) -> Result:
    """Book claims (入账) on the person's own signed receipt.

    Source: 焦作办法 四、5: 必须由本人签字（盖章）后才能作为入帐凭证 (JZ-M4.5.4).

    Returns:
        `{"people", "amount_fen"}`.

    Raises:
        Refused: `no_voucher`, `future`, `no_receipt` (naming who has not signed himself), `state`, `too_early`.
        Conflict: `stale`.
    """
    if not voucher.strip():
        raise Refused("no_voucher", "入账要写明凭证号")
    refuse_future(on, now, "入账")

    def deed(work: Work) -> Result:
        states = (ClaimState.PAID, ClaimState.SIGNED)
        signed = take_claims(work, claims, doing="入账", states=states)
        _refuse_unsigned(work, [claim for claim in signed if claim.state == ClaimState.PAID.value])
        for claim in signed:
            payment = _standing(work, claim)
            query = select(Receipt).where(Receipt.payment_id == payment.payment_id, Receipt.signer == Signer.SELF.value)
            receipt = work.session.exec(query).one()
            if on < receipt.signed_on:
                raise Refused("too_early", f"入账日期早于回执日期{chinese(receipt.signed_on)}")
            work.add(
                Booking(
                    claim_id=claim.claim_id,
                    payment_id=payment.payment_id,
                    receipt_id=receipt.receipt_id,
                    signer=receipt.signer,
                    amount_fen=claim.amount_fen,
                    voucher=voucher.strip(),
                    on=on,
                    booked_by=actor.id,
                    booked_at=work.now,
                )
            )
            move(work, claim, ClaimState.BOOKED)
        return {"people": len(signed), "amount_fen": sum(claim.amount_fen or 0 for claim in signed)}

    request = {"claims": dict(claims), "voucher": voucher, "on": on}
    return execute(engine, action="book", actor=actor, now=now, key=key, request=request, body=deed)


def _refuse_unsigned(work: Work, unsigned: Sequence[Claim]) -> None:
    if unsigned:
        name = names_of(work.session, [unsigned[0].case_id])[unsigned[0].case_id]
        more = f"等 {len(unsigned)} 人" if len(unsigned) > 1 else ""
        raise Refused("no_receipt", f"{name}{more}还没有本人签字（盖章）的回执，不能入账；他人代签的不算")
