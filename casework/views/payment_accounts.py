"""发放与回执: what each fund received, paid and has left, and what it was held against at the bank (对账)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlmodel import Session, col, select

from casework.models_payment import FundAccount, Reconciliation
from casework.money import yuan
from casework.payment.funds import fund_label
from casework.views.html import badge, card, folded, note, rows_table, tag
from casework.vocabulary import AccountKind

if TYPE_CHECKING:
    from casework.views.payment_desk import Payments

_MONEY: Final = ("received_fen", "transferred_fen", "paid_fen", "returned_fen", "spent_fen", "left_fen")
_COLUMNS: Final = range(len(_MONEY))
_HEAD: Final = ("资金", "账户")
_SUMS: Final = ("收到", "拨出", "发放", "退回", "支出", "结余")
_ENTRIES: Final = 100
"""As many 对账 as the page shows, the latest first."""


@dataclass(frozen=True)
class Place:
    """One account, with what went through it and what is left of it.

    Attributes:
        label: Where the money is and of which fund.
        sums: Of `_MONEY`, over every purpose.
    """

    account_id: str
    label: str
    unit_id: str | None
    kind: AccountKind
    sums: tuple[int, ...]

    @property
    def fen(self) -> int:
        """Return what is left."""
        return self.sums[-1]


def places(payments: Payments) -> list[Place]:
    """Return the accounts of the unit chosen, and the body's own first, with their balances."""
    found: dict[str, Place] = {}
    for row in _rows(payments):
        before = found.get(row["account_id"])
        sums = tuple(row[name] for name in _MONEY)
        if before:
            sums = tuple(one + more for one, more in zip(before.sums, sums, strict=True))
        label = f"{row['unit'] or '本级'}：{row['fund_label']}"
        found[row["account_id"]] = Place(row["account_id"], label, row["unit_id"], AccountKind(row["kind"]), sums)
    order = {unit: number for number, unit in enumerate(payments.desk.unit_names, start=1)}
    return sorted(found.values(), key=lambda place: (order.get(place.unit_id or "", 0), place.label))


def _rows(payments: Payments) -> list[dict[str, Any]]:
    rows = payments.flow.to_dicts()
    return [row for row in rows if not payments.unit or row["unit_id"] in (None, payments.unit)]


def funds_card(payments: Payments) -> str:
    """Return the flow of money, an account a line and its purposes folded, and what was held against the bank."""
    every = places(payments)
    if not every:
        named = "、".join(fund_label(name) for name in payments.terms)
        return card("资金", note(f"还没有资金到账。右边选“资金到账”登记：{named}。"))
    lines = [(place.label, place.kind.label, *(yuan(fen) if fen else "" for fen in place.sums)) for place in every]
    totals = tuple(yuan(sum(place.sums[-1] for place in every)) if at == len(_MONEY) - 1 else "" for at in _COLUMNS)
    if len(every) > 1:
        lines.append(("合计", "", *totals))
    table = rows_table((*_HEAD, *_SUMS), lines, numbers=range(2, 8), total=len(every) > 1, css="cw-states")
    each = {place.account_id: (place.label, number) for number, place in enumerate(every)}
    purposes = [
        (each[row["account_id"]][0], row["purpose_label"], *(yuan(row[name]) if row[name] else "" for name in _MONEY))
        for row in sorted(_rows(payments), key=lambda row: each[row["account_id"]][1])
        if row["purpose"] and any(row[name] for name in _MONEY)
    ]
    detail = rows_table(("资金", "用途", *_SUMS), purposes, numbers=range(2, 8), css="cw-states")
    folds = folded("按用途", tag("div", detail, "cw-scroll cw-short")) if purposes else ""
    scroll = tag("div", table, "cw-scroll cw-short")
    return card("资金", scroll, folds, _statements(payments), muted="单位：元；各账户不会小于零")


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
