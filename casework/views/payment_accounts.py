"""发放与回执: what each fund received, paid and has left, and what it was held against at the bank (对账)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlmodel import Session, col, select

from casework.models_payment import FundAccount, Reconciliation
from casework.money import yuan
from casework.payment.funds import fund_label
from casework.views.html import badge, card, folded, note, rows_table, tag
from casework.vocabulary import AccountKind

if TYPE_CHECKING:
    from casework.views.payment_desk import Payments

_MONEY: Final = ("received_fen", "transferred_fen", "paid_fen", "returned_fen", "spent_fen", "left_fen")
_ENTRIES: Final = 100
"""As many 对账 as the page shows, the latest first."""


@dataclass(frozen=True)
class Place:
    """One account, with what is left of it."""

    account_id: str
    label: str
    fund: str
    unit_id: str | None
    kind: AccountKind
    fen: int


def places(payments: Payments) -> list[Place]:
    """Return the accounts of the unit chosen, and the body's own, with their balances."""
    found: dict[str, Place] = {}
    for row in payments.flow.iter_rows(named=True):
        if payments.unit and row["unit_id"] not in (None, payments.unit):
            continue
        kind, before = AccountKind(row["kind"]), found.get(row["account_id"])
        fen = row["left_fen"] + (before.fen if before else 0)
        label = f"{row['unit'] or '本级'}：{row['fund_label']}（{kind.label}）"
        found[row["account_id"]] = Place(row["account_id"], label, row["fund"], row["unit_id"], kind, fen)
    return list(found.values())


def funds_card(payments: Payments) -> str:
    """Return the flow of money, an account and purpose a line, and what was held against the bank."""
    rows = []
    for row in payments.flow.iter_rows(named=True):
        if payments.unit and row["unit_id"] not in (None, payments.unit):
            continue
        amounts = [yuan(row[name]) if row[name] else "" for name in _MONEY]
        where = row["unit"] or "本级"
        rows.append((where, AccountKind(row["kind"]).label, row["fund_label"], row["purpose_label"], *amounts))
    if not rows:
        named = "、".join(fund_label(name) for name in payments.terms)
        return card("资金", note(f"还没有资金到账。右边选“资金到账”登记：{named}。"))
    head = ("在谁手里", "账户", "资金", "用途", "收到", "拨出", "发放", "退回", "支出", "结余")
    table = tag("div", rows_table(head, rows, numbers=range(4, 10)), "cw-scroll cw-short")
    return card("资金", table, _statements(payments), muted="单位：元；各账户不会小于零")


def _statements(payments: Payments) -> str:
    rows = list(_lines(payments))
    if not rows:
        return ""
    head = ("日期", "账户", "对账单（元）", "台账（元）", "差额", "原因")
    table = rows_table(head, rows, numbers=(2, 3), raw=(4,))
    return folded(f"对账记录 {len(rows)} 次", tag("div", table, "cw-scroll cw-short"))


def _lines(payments: Payments) -> Iterator[tuple[object, ...]]:
    known = {place.account_id: place.label for place in places(payments)}
    for one in payments.statements:
        if one.account_id in known:
            gap = one.statement_fen - one.ledger_fen
            state = badge(f"{yuan(gap)} 元", "amber") if gap else badge("相符", "green")
            yield one.on, known[one.account_id], yuan(one.statement_fen), yuan(one.ledger_fen), state, one.reason


def statements_of(session: Session, round_id: str) -> tuple[Reconciliation, ...]:
    """Return what the accounts of a round were held against, the latest first."""
    query = select(Reconciliation).join(FundAccount, col(FundAccount.account_id) == col(Reconciliation.account_id))
    query = query.where(FundAccount.round_id == round_id).order_by(col(Reconciliation.seq).desc())
    return tuple(session.exec(query.limit(_ENTRIES)))
