"""发放与回执: the deeds on accounts: a bank statement held against the ledger, a unit's matching money spent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casework.money import yuan
from casework.payment.funds import fund_label, record_expense
from casework.payment.reconciliation import reconcile
from casework.views.html import esc, note, rows_table, tag
from casework.views.payment_accounts import Place, places
from casework.views.payment_desk import Payments
from casework.views.review_forms import Field, Form, Given, chosen, day, fen, text, writing
from casework.vocabulary import AccountKind


def reconcile_form(payments: Payments) -> Form:
    """Return the form that holds a bank statement against the ledger; the ledger itself is not changed by it."""
    found = places(payments)
    which = {f"{place.label}，台账 {yuan(place.fen)} 元": place.account_id for place in found}

    def answers(given: Given) -> dict[str, Any]:
        return {
            "account": chosen(given, "account", which, "账户"),
            "statement_fen": fen(given, "amount", "对账单余额"),
            "on": day(given, "on", "对账单日期"),
            "reason": text(given, "reason"),
        }

    def said(done: Mapping[str, Any]) -> str:
        ledger, gap = done["ledger_fen"], done["difference_fen"]
        told = f"对账单 {yuan(ledger + gap)} 元，台账 {yuan(ledger)} 元，"
        return told + (f"相差 {yuan(gap)} 元，已连同原因登记；台账不因此改动。" if gap else "相符，已登记。")

    return Form(
        "对账",
        "登记对账",
        (
            Field("account", "账户", "choice", which, next(iter(which.values()), None)),
            Field("amount", "对账单余额（元）", hint="例如 184000 或 18.4万；没有余额写 0"),
            Field("on", "对账单日期", "date", value=payments.desk.today),
            Field("reason", "差额原因", hint="有差额时必填，如 利息、手续费"),
        ),
        writing(payments.desk, payments.page, reconcile, answers, said, again=_state(payments)),
        hint=tag("p", esc("账户后面写的是台账现在的余额。有差额的写明原因，台账不因此改动。"), "cw-muted"),
    )


def expense_form(payments: Payments) -> Form:
    """Return the form that spends a unit's own matching money on one of the circular's categories."""
    units = {name: unit for unit, name in payments.desk.unit_names.items() if payments.unit in ("", unit)}
    funds = {fund_label(name): name for name in payments.matching}
    categories = {category.label: category.id for category in payments.desk.policy.categories}

    def answers(given: Given) -> dict[str, Any]:
        return {
            "round_id": payments.desk.round_id,
            "unit_id": chosen(given, "unit", units, "单位"),
            "fund": chosen(given, "fund", funds, "资金"),
            "purpose": chosen(given, "purpose", categories, "用途"),
            "amount_fen": fen(given, "amount"),
            "on": day(given, "on"),
            "basis": text(given, "basis"),
        }

    matching = [place for place in places(payments) if place.kind is AccountKind.MATCHING]
    said = "单位配套资金由单位自己列支；本级的专款只按名单发给本人，不在这里支出。"
    hint = _balances(matching, nothing="还没有单位配套资金到账，先选“资金到账”登记。") + tag("p", esc(said), "cw-muted")
    return Form(
        "单位配套支出",
        "登记支出",
        (
            Field("unit", "单位", "choice", units, payments.unit or None),
            Field("fund", "资金", "choice", funds, next(iter(funds.values()), None)),
            Field("purpose", "用途", "choice", categories),
            Field("amount", "金额（元）", hint="必填"),
            Field("on", "支出日期", "date", value=payments.desk.today),
            Field("basis", "凭证", hint="必填"),
        ),
        writing(
            payments.desk,
            payments.page,
            record_expense,
            answers,
            lambda done: f"已登记支出，账户余额 {yuan(done['balance_fen'])} 元。",
            again=_state(payments),
        ),
        hint=hint,
    )


def _state(payments: Payments) -> object:
    """Return what makes the same answers another deed: money that moved since, a statement entered since."""
    return sorted((place.account_id, place.fen) for place in places(payments)), len(payments.statements)


def _balances(listed: list[Place], *, nothing: str) -> str:
    """Return what stands in the ledger before the deed."""
    if not listed:
        return note(nothing)
    table = rows_table(("账户", "台账余额（元）"), [(one.label, yuan(one.fen)) for one in listed], numbers=(1,))
    return tag("div", table, "cw-scroll cw-short")
