"""代发明细 to the bank, its answer read back (退票), and paid again: every attempt is kept, one can succeed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import polars as pl
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.frames import Schema, conform
from casework.ledger import Result, Work, execute, policy_of
from casework.models_payment import BankBatch, Claim, Payment
from casework.money import yuan
from casework.payment.attempts import PAYABLE, attempts, give_back, refuse_untransferred, start, succeed
from casework.payment.common import (
    Seen,
    names_of,
    new_id,
    record_stage,
    refuse_future,
    refuse_unready,
    take_claims,
    unit_names,
    whole_round,
)
from casework.payment.instalments import label, refuse_undue
from casework.payment.payees import Cards, payees, refuse_missing, shared_cards
from casework.policy import Policy
from casework.problems import Refused
from casework.shapes.procedure import FormDefinition
from casework.vocabulary import ClaimState, PaymentRoad, PaymentState, Stage

FORM: Final = "bank_payment"
"""The form of a pack that says which columns the bank wants."""

COLUMNS: Final = ("序号", "收款人姓名", "收款账号", "金额（元）", "附言")
_FIELDS: Final[Mapping[str, str]] = {
    "序号": "serial",
    "姓名": "holder",
    "户名": "holder",
    "收款人姓名": "holder",
    "持卡人姓名": "holder",
    "账号": "card",
    "卡号": "card",
    "收款账号": "card",
    "银行卡号": "card",
    "金额": "yuan",
    "金额（元）": "yuan",
    "附言": "remark",
    "用途": "remark",
    "单位": "unit",
    "慰问对象": "name",
}
"""What the heads a bank prints mean; another head stays blank."""

MASKED: Final = "****"

BANK_RESULTS: Schema = {
    "serial": pl.Int64,  # the line of the 代发明细
    "amount_fen": pl.Int64,
    "succeeded": pl.Boolean,
    "reason": pl.String,  # why it came back
}
"""The bank's answer, a row a line."""


def prepare_batch(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    round_id: str,
    claims: Seen,
    on: date,
    actor: Actor,
    now: datetime,
    key: str,
) -> Result:
    """Draw up a 代发明细: one attempt for each claim, all of one paying account's unit or all of this body.

    A claim the bank returned goes into the next batch, as its next attempt.

    Args:
        engine: The ledger.
        round_id: The round.
        claims: Claim → version.
        on: The day it goes to the bank.
        actor: Who does it.
        now: When.
        key: Idempotency key.

    Returns:
        `{"batch_id", "people", "amount_fen", "warnings"}`; a warning is a sentence: one card for two persons, or
        again the card that came back.

    Raises:
        Refused: `future`, `nobody`, `state`, `goods`, `other_unit`, `not_transferred`, `not_ready`, `no_payee`,
            `overdrawn`.
        NotAllowed: `scope`.
        Conflict: `stale`.
    """
    refuse_future(on, now, "代发")

    def deed(work: Work) -> Result:
        session = work.session
        owed = take_claims(work, claims, doing="代发", states=PAYABLE)
        unit_id = _payer(work, owed, round_id)
        refuse_untransferred(work, owed)
        refuse_unready(work, owed, doing="代发")
        names = names_of(session, [claim.case_id for claim in owed])
        refuse_undue(owed, policy_of(session, round_id), names, on=on, doing="代发")
        found = payees(session, [claim.case_id for claim in owed], on=on)
        refuse_missing(session, found)
        owed.sort(key=lambda claim: (claim.unit_id, claim.case_id, claim.instalment, claim.fund))
        batch = BankBatch(
            batch_id=new_id(round_id, "batch", key),
            round_id=round_id,
            unit_id=unit_id,
            people=len(owed),
            amount_fen=sum(claim.amount_fen or 0 for claim in owed),
            on=on,
            prepared_by=actor.id,
            prepared_at=work.now,
        )
        work.add(batch)
        warnings = _again(session, owed, {case: card.contact_id for case, card in found.items()})
        for serial, claim in enumerate(owed, start=1):
            card = found[claim.case_id]
            assert card.payee is not None
            start(
                work,
                claim,
                on=on,
                road=PaymentRoad.BANK.value,
                payee=card.payee.value,
                contact_id=card.contact_id,
                consent_on=card.consent_on,
                batch_id=batch.batch_id,
                serial=serial,
            )
        shared = shared_cards(session, found)
        warnings += [f"{names[case]}与{'、'.join(others)}用同一张卡，请核对" for case, others in sorted(shared.items())]
        return {
            "batch_id": batch.batch_id,
            "people": batch.people,
            "amount_fen": batch.amount_fen,
            "warnings": warnings,
        }

    return execute(
        engine,
        action="prepare_batch",
        actor=actor,
        now=now,
        key=key,
        subject=f"round:{round_id}",
        request={"claims": dict(claims), "on": on},
        body=deed,
    )


def _payer(work: Work, owed: Sequence[Claim], round_id: str) -> str | None:
    """Return the unit that pays these claims, None for this body itself."""
    if any(claim.round_id != round_id for claim in owed):
        raise Refused("two_rounds", "选中的人不在这一轮")
    if any(claim.kind != "cash" for claim in owed):
        raise Refused("goods", "选中的人里有发慰问品的，不能由银行代发")
    payers = {claim.unit_id if claim.pass_through else None for claim in owed}
    if len(payers) > 1:
        raise Refused("other_unit", "一份代发明细只能由一个单位（或本级）出款，请分开办理")
    (payer,) = payers
    if payer is None:
        whole_round(work.actor)
    return payer


def _again(session: Session, owed: Iterable[Claim], cards: Mapping[str, str | None]) -> list[str]:
    warnings = []
    for claim in owed:
        before = attempts(session, claim.claim_id)
        if before and before[-1].contact_id == cards[claim.case_id]:
            name = names_of(session, [claim.case_id])[claim.case_id]
            warnings.append(f"{name}上次退票（{before[-1].reason}）用的也是这张卡，请核对")
    return warnings


def bank_columns(policy: Policy) -> tuple[str, ...]:
    """Return the columns of the 代发明细: the pack's, else the usual ones."""
    for _, shape in policy.of_shape(FormDefinition):
        if shape.form == FORM and shape.columns:
            return shape.columns
    return COLUMNS


def bank_frame(session: Session, *, batch_id: str, actor: Actor, cards: Cards | None = None) -> pl.DataFrame:
    """Return the 代发明细 in the pack's columns, all texts.

    Args:
        session: A session on the ledger.
        batch_id: The batch.
        actor: Who asks.
        cards: Opens the numbers, and logs that it did; None: account and holder are masked.

    Raises:
        Refused: `not_found`; `erased` where a card is no longer there.
    """
    batch = session.get(BankBatch, batch_id)
    if batch is None or not (actor.units is None or (batch.unit_id is not None and actor.may_see(batch.unit_id))):
        raise Refused("not_found", "没有这份代发明细，或不在您的单位范围内")
    rows = _lines(session, batch_id)
    opened = cards([payment.contact_id or "" for payment, _ in rows]) if cards is not None else None
    names, units = names_of(session, {claim.case_id for _, claim in rows}), unit_names(session)
    policy = policy_of(session, batch.round_id)
    lines = []
    for payment, claim in rows:
        card = None if opened is None else opened.get(payment.contact_id or "")
        if opened is not None and card is None:
            raise Refused("erased", f"{names[claim.case_id]}的银行卡已删除，这份明细不能再打印")
        line = {
            "serial": str(payment.serial),
            "holder": card.holder if card else MASKED,
            "card": card.number if card else MASKED,
            "yuan": yuan(payment.amount_fen or 0),
            "remark": policy.category(claim.category).label + label(claim.instalment, claim.instalments),
            "unit": units.get(claim.unit_id, ""),
            "name": names[claim.case_id],
        }
        lines.append({head: line.get(_FIELDS.get(head, ""), "") for head in bank_columns(policy)})
    return pl.DataFrame(lines, schema=dict.fromkeys(bank_columns(policy), pl.String), orient="row")


def _lines(session: Session, batch_id: str) -> list[tuple[Payment, Claim]]:
    query = select(Payment, Claim).join(Claim, col(Claim.claim_id) == col(Payment.claim_id))
    return list(session.exec(query.where(Payment.batch_id == batch_id).order_by(col(Payment.serial))).all())


def read_results(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    batch_id: str,
    results: pl.DataFrame | Iterable[Mapping[str, object]],
    on: date,
    actor: Actor,
    now: datetime,
    key: str,
) -> Result:
    """Read the bank's answer to a batch: who was paid, what came back and why.

    All or nothing: one line that does not fit and nothing is taken over. A line that already stands as the bank says
    is left as it is, so the same answer may be read again; a later answer may bring back what had succeeded.

    Args:
        engine: The ledger.
        batch_id: The batch.
        results: Rows of `BANK_RESULTS`; lines the bank does not mention stay 已送银行.
        on: The day of the answer.
        actor: Who does it.
        now: When.
        key: Idempotency key.

    Returns:
        `{"succeeded", "returned", "unchanged", "open"}`.

    Raises:
        Refused: `future`, `not_found`, `other_batch` (an unknown line), `other_amount`, `twice`, `no_outcome`,
            `no_reason`, `settled` (returned, and now said to have succeeded; or receipted and now returned).
    """
    refuse_future(on, now, "银行回单")
    rows = conform(results, BANK_RESULTS).to_dicts()

    def deed(work: Work) -> Result:
        batch = work.get(BankBatch, batch_id, missing="没有这份代发明细")
        if batch.unit_id is None or not actor.may_see(batch.unit_id):
            whole_round(actor)
        lines = {payment.serial: (payment, claim) for payment, claim in _lines(work.session, batch_id)}
        _check(rows, lines)
        counts = {"succeeded": 0, "returned": 0, "unchanged": 0}
        paid = []
        for row in rows:
            payment, claim = lines[row["serial"]]
            wanted = PaymentState.SUCCEEDED if row["succeeded"] else PaymentState.RETURNED
            if payment.state == wanted.value:
                counts["unchanged"] += 1
                continue
            _refuse_settled(payment, claim, row["serial"])
            if row["succeeded"]:
                succeed(work, claim, payment, on=on)
                paid.append(claim)
            else:
                give_back(work, claim, payment, on=on, reason=row["reason"].strip())
            counts[wanted.value] += 1
        if paid:
            record_stage(work, Stage.PAYMENT, paid, on=on)
        still = sum(payment.state == PaymentState.SENT.value for payment, _ in lines.values())
        return {**counts, "open": still}

    return execute(
        engine,
        action="read_results",
        actor=actor,
        now=now,
        key=key,
        subject=f"batch:{batch_id}",
        request={"rows": rows, "on": on},
        body=deed,
    )


def _check(rows: Sequence[Mapping[str, Any]], lines: Mapping[int | None, tuple[Payment, Claim]]) -> None:
    serials = [row["serial"] for row in rows]
    for row in rows:
        where = f"银行回单第 {row['serial']} 号"
        if row["serial"] not in lines:
            raise Refused("other_batch", f"{where}不在这份代发明细里，请核对是不是另一份的回单")
        if serials.count(row["serial"]) > 1:
            raise Refused("twice", f"{where}出现了不止一次")
        sent = lines[row["serial"]][0].amount_fen or 0
        if row["amount_fen"] != sent:
            read = "空白" if row["amount_fen"] is None else f"{yuan(row['amount_fen'])} 元"
            raise Refused("other_amount", f"{where}的金额是{read}，送出的是 {yuan(sent)} 元")
        if row["succeeded"] is None:
            raise Refused("no_outcome", f"{where}没有写成功还是失败")
        if not row["succeeded"] and not (row["reason"] or "").strip():
            raise Refused("no_reason", f"{where}退票没有写原因")


def _refuse_settled(payment: Payment, claim: Claim, serial: int) -> None:
    state = PaymentState(payment.state)
    if state is PaymentState.RETURNED:
        raise Refused("settled", f"第 {serial} 号已登记为退票，钱已退回账户，不能再改为成功，请与银行核对")
    if state is PaymentState.SUCCEEDED and ClaimState(claim.state) is not ClaimState.PAID:
        raise Refused("settled", f"第 {serial} 号本人已签回执，不能登记为退票，请先核实")


def batches(session: Session, round_id: str, actor: Actor) -> list[BankBatch]:
    """Return the 代发明细 of a round the actor may see, the latest first."""
    query = select(BankBatch).where(BankBatch.round_id == round_id).order_by(col(BankBatch.prepared_at).desc())
    return [b for b in session.exec(query) if actor.units is None or (b.unit_id and actor.may_see(b.unit_id))]
