"""Accounts held against the bank and against themselves: 资金收支对账, what is still in a unit's hands at the close."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from typing import Final

import polars as pl
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.frames import Schema
from casework.ledger import Result, Work, execute, open_round_of, policy_of
from casework.ledger.closing import OpenEnd
from casework.models_payment import Claim, FundAccount, FundEntry, Reconciliation
from casework.money import yuan
from casework.payment.common import category_labels, refuse_future, unit_names, whole_round
from casework.payment.funds import accounts, fund_label, own_terms
from casework.problems import Refused
from casework.vocabulary import AccountKind, ClaimState, EntryKind

FUND_FLOW: Schema = {
    "account_id": pl.String,
    "kind": pl.String,  # AccountKind
    "fund": pl.String,  # Fund, "" where the circular names no source
    "fund_label": pl.String,
    "unit_id": pl.String,
    "unit": pl.String,
    "purpose": pl.String,  # category; "" for the whole fund
    "purpose_label": pl.String,
    "received_fen": pl.Int64,  # came in from outside, or was transferred to the unit
    "transferred_fen": pl.Int64,  # went on to units, or back to the body
    "paid_fen": pl.Int64,
    "returned_fen": pl.Int64,  # came back from the bank or from a unit
    "spent_fen": pl.Int64,
    "left_fen": pl.Int64,  # of this account and purpose; a fund that came in whole stands under purpose ""
}
"""资金收支: one row for each account and purpose."""


def reconcile(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    account: str,
    statement_fen: int,
    on: date,
    actor: Actor,
    now: datetime,
    key: str,
    reason: str = "",
) -> Result:
    """Hold a bank statement against the ledger (对账); a difference is kept with its reason, never corrected here.

    Returns:
        `{"ledger_fen", "difference_fen"}`.

    Raises:
        Refused: `no_amount`, `not_found`, `no_reason` (a difference without a word).
    """
    if statement_fen < 0:
        raise Refused("no_amount", "对账单余额不能是负数")
    refuse_future(on, now, "对账")

    def deed(work: Work) -> Result:
        place = work.get(FundAccount, account, missing="没有这个资金账户")
        if place.unit_id is None or not actor.may_see(place.unit_id):
            whole_round(actor)
        open_round_of(work, place.round_id)
        difference = statement_fen - place.balance_fen
        if difference and not reason.strip():
            words = f"对账单 {yuan(statement_fen)} 元，台账 {yuan(place.balance_fen)} 元"
            raise Refused("no_reason", f"{words}，相差 {yuan(difference)} 元，请写明原因")
        work.add(
            Reconciliation(
                account_id=account,
                on=on,
                statement_fen=statement_fen,
                ledger_fen=place.balance_fen,
                reason=reason.strip(),
                recorded_by=actor.id,
                recorded_at=work.now,
            )
        )
        return {"ledger_fen": place.balance_fen, "difference_fen": difference}

    request = {"fen": statement_fen, "on": on, "reason": reason}
    return execute(
        engine,
        action="reconcile",
        actor=actor,
        now=now,
        key=key,
        subject=f"account:{account}",
        request=request,
        body=deed,
    )


def fund_flow(session: Session, *, round_id: str, actor: Actor) -> pl.DataFrame:
    """Return what came, went, was paid and came back, for each account and purpose (`FUND_FLOW`).

    Args:
        session: A session on the ledger.
        round_id: The round.
        actor: Sees the accounts of his units; the body's own only with every unit.
    """
    known = {row.account_id: row for row in accounts(session, round_id) if _visible(row, actor)}
    sums: dict[tuple[str, str], dict[str, int]] = {(name, ""): defaultdict(int) for name in known}
    for entry in session.exec(select(FundEntry).where(FundEntry.round_id == round_id).order_by(col(FundEntry.seq))):
        for name, incoming in ((entry.from_account, False), (entry.to_account, True)):
            if name in known:
                cell = sums.setdefault((name, entry.purpose), defaultdict(int))
                cell[_column(EntryKind(entry.kind), incoming=incoming)] += entry.amount_fen
                cell["left_fen"] += entry.amount_fen if incoming else -entry.amount_fen
    units, labels = unit_names(session), category_labels(policy_of(session, round_id))
    rows = [
        {
            "account_id": name,
            "kind": known[name].kind,
            "fund": known[name].fund,
            "fund_label": fund_label(known[name].fund),
            "unit_id": known[name].unit_id,
            "unit": units.get(known[name].unit_id or ""),
            "purpose": purpose,
            "purpose_label": labels.get(purpose, ""),
            **{column: cell.get(column, 0) for column in FUND_FLOW if column.endswith("_fen")},
        }
        for (name, purpose), cell in sorted(sums.items())
    ]
    return pl.DataFrame(rows, schema=FUND_FLOW, orient="row")


def _visible(row: FundAccount, actor: Actor) -> bool:
    return actor.units is None or (row.unit_id is not None and row.unit_id in actor.units)


def _column(kind: EntryKind, *, incoming: bool) -> str:
    if kind is EntryKind.RETURN:
        return "returned_fen" if incoming else "transferred_fen"
    if kind is EntryKind.TRANSFER:
        return "received_fen" if incoming else "transferred_fen"
    return {EntryKind.INCOME: "received_fen", EntryKind.PAYMENT: "paid_fen", EntryKind.EXPENSE: "spent_fen"}[kind]


_SAID: Final = {
    ClaimState.PLANNED: ("untransferred", "未拨付", "未拨付（未发放）"),
    ClaimState.TRANSFERRED: ("undelivered", "未发放", "已拨付未发放"),
    ClaimState.SENT: ("at_bank", "代发未回单", "银行代发未回单"),
    ClaimState.RETURNED: ("returned", "退票", "退票未更正"),
    ClaimState.PAID: ("unreceipted", "未回执", "已发未回执"),
    ClaimState.SIGNED: ("unbooked", "未入账", "已签回执未入账"),
}


def money_ends(session: Session, round_id: str) -> list[OpenEnd]:
    """Return what still stands open with the money of a round; none: as far as the money goes it may be closed.

    A unit that received more than it paid, a fund to be used up that is not, a person who is not paid, a payment
    without a receipt, a receipt that is not booked.
    """
    found = []
    names = unit_names(session)
    terms = own_terms(session, round_id)
    for row in accounts(session, round_id):
        left, fund = yuan(row.balance_fen), fund_label(row.fund)
        if row.kind == AccountKind.CUSTODY.value and row.balance_fen:
            said = f"{names.get(row.unit_id or '', '')}收到的{fund}还有 {left} 元未发放，不得截留"
            found.append(OpenEnd("in_custody", "单位余款", 1, said))
        if row.kind == AccountKind.OWN.value and row.balance_fen and row.fund in terms and terms[row.fund].exactly:
            found.append(OpenEnd("unspent", "资金结余", 1, f"{fund}应当用完，还余 {left} 元"))
    counts: dict[str, int] = defaultdict(int)
    for state in session.exec(select(Claim.state).where(Claim.round_id == round_id)):
        counts[state] += 1
    for state, (code, label, words) in _SAID.items():
        if number := counts[state.value]:
            found.append(OpenEnd(code, label, number, f"{number} 笔{words}"))
    return found


def open_ends(session: Session, round_id: str) -> list[str]:
    """Return the sentences of `money_ends`."""
    return [end.said for end in money_ends(session, round_id)]


def fund_check(session: Session, round_id: str) -> list[str]:
    """Return every account whose balance is not the sum of its entries; none in a sound ledger."""
    sums: dict[str, int] = defaultdict(int)
    for entry in session.exec(select(FundEntry).where(FundEntry.round_id == round_id)):
        if entry.from_account:
            sums[entry.from_account] -= entry.amount_fen
        if entry.to_account:
            sums[entry.to_account] += entry.amount_fen
    wrong = [row for row in accounts(session, round_id) if row.balance_fen != sums[row.account_id]]
    return [
        f"资金账户 {row.account_id} 的余额 {yuan(row.balance_fen)} 元与明细合计 {yuan(sums[row.account_id])} 元不符"
        for row in wrong
    ]
