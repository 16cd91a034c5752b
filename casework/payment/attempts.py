"""One attempt to pay one claim: money leaves the account when it is sent, and comes back when it is returned.

Nothing here is called from outside; `receipts` and `bank` give it its commands.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlmodel import Session, col, func, select

from casework.ledger import Work, policy_of
from casework.models import Aid, Round
from casework.models_payment import Claim, FundAccount, Payment
from casework.payment.common import move, names_of, new_id
from casework.payment.funds import account, post
from casework.problems import Refused
from casework.vocabulary import AccountKind, AidStatus, ClaimState, EntryKind, PaymentState

PAYABLE = (ClaimState.PLANNED, ClaimState.TRANSFERRED, ClaimState.RETURNED)


def refuse_untransferred(work: Work, claims: list[Claim]) -> None:
    """Refuse to pay through a unit what has not been transferred to it.

    Raises:
        Refused: `not_transferred`.
    """
    waiting = [claim for claim in claims if claim.kind == "cash" and claim.pass_through and claim.transfer_id is None]
    if waiting:
        name = names_of(work.session, [waiting[0].case_id])[waiting[0].case_id]
        more = f"等 {len(waiting)} 人" if len(waiting) > 1 else ""
        raise Refused("not_transferred", f"{name}{more}的资金还没有拨付到单位，不能发放")


def paying_account(work: Work, claim: Claim) -> FundAccount:
    """Return the account a claim is paid from."""
    if claim.pass_through:
        return account(work, claim.round_id, AccountKind.CUSTODY, claim.fund, claim.unit_id)
    return account(work, claim.round_id, AccountKind.OWN, claim.fund)


def start(work: Work, claim: Claim, *, on: date, **how: Any) -> Payment:
    """Write the next attempt down and take the money out of the account.

    Args:
        work: The command.
        claim: In a state of `PAYABLE`.
        on: The day.
        how: The other fields of `Payment`.
    """
    before = work.session.exec(select(func.count()).where(Payment.claim_id == claim.claim_id)).one()
    payment = Payment(
        payment_id=new_id(claim.claim_id, "payment", before + 1),
        claim_id=claim.claim_id,
        case_id=claim.case_id,
        fund=claim.fund,
        instalment=claim.instalment,
        number=before + 1,
        amount_fen=claim.amount_fen,
        state=PaymentState.SENT.value,
        on=on,
        recorded_by=work.actor.id,
        recorded_at=work.now,
        **how,
    )
    work.add(payment)
    if claim.kind == "cash":
        post(
            work,
            kind=EntryKind.PAYMENT,
            amount_fen=claim.amount_fen or 0,
            on=on,
            source=paying_account(work, claim),
            purpose=claim.category,
            claim_id=claim.claim_id,
            payment_id=payment.payment_id,
            transfer_id=claim.transfer_id,
        )
    move(work, claim, ClaimState.SENT)
    return payment


def succeed(work: Work, claim: Claim, payment: Payment, *, on: date) -> None:
    """Say that an attempt reached the person; the aid is then known as our own."""
    state = PaymentState.SUCCEEDED.value
    work.change(Payment, payment.payment_id, expected_version=payment.version, state=state, settled_on=on)
    move(work, claim, ClaimState.PAID)
    policy, opened = policy_of(work.session, claim.round_id), work.session.get_one(Round, claim.round_id)
    aid = Aid(
        person_id=claim.person_id,
        source=opened.title,
        kind=policy.category(claim.category).aid,
        status=AidStatus.GRANTED.value,
        on=on,
        amount_fen=claim.amount_fen,
        own=True,
        round_id=claim.round_id,
    )
    work.add(aid)


def give_back(work: Work, claim: Claim, payment: Payment, *, on: date, reason: str) -> None:
    """Say that an attempt came back (退票): the money is in the account again, the attempt stays on record."""
    was_paid, paid_on = PaymentState(payment.state) is PaymentState.SUCCEEDED, payment.settled_on
    work.change(
        Payment,
        payment.payment_id,
        expected_version=payment.version,
        state=PaymentState.RETURNED.value,
        reason=reason,
        settled_on=on,
    )
    if claim.kind == "cash":
        post(
            work,
            kind=EntryKind.RETURN,
            amount_fen=claim.amount_fen or 0,
            on=on,
            target=paying_account(work, claim),
            purpose=claim.category,
            basis=reason,
            claim_id=claim.claim_id,
            payment_id=payment.payment_id,
            transfer_id=claim.transfer_id,
        )
    move(work, claim, ClaimState.RETURNED)
    if was_paid:
        own = select(Aid).where(
            Aid.person_id == claim.person_id,
            Aid.round_id == claim.round_id,
            col(Aid.own).is_(True),
            Aid.amount_fen == claim.amount_fen,
            Aid.on == paid_on,  # of several instalments of one amount, the one that came back
        )
        row = work.session.exec(own.order_by(col(Aid.aid_id).desc())).first()
        if row is not None:
            work.remove(row)


def attempts(session: Session, claim_id: str) -> list[Payment]:
    """Return every attempt to pay a claim, the first one first."""
    return list(session.exec(select(Payment).where(Payment.claim_id == claim_id).order_by(col(Payment.number))))


def standing(session: Session, claim_id: str) -> Payment | None:
    """Return the attempt that stands: with the bank, or succeeded."""
    query = select(Payment).where(Payment.claim_id == claim_id, Payment.state != PaymentState.RETURNED.value)
    return session.exec(query).first()
