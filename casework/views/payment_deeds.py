"""发放与回执: the deeds on money: draw up, fund, transfer, hand over, receipt, book, stop, return."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import polars as pl

from casework.money import yuan
from casework.payment.attempts import PAYABLE
from casework.payment.claims import UNPAID, stop_claim
from casework.payment.funds import fund_label, record_income
from casework.payment.receipts import book, hand_over, places_allowed, take_back
from casework.payment.transfers import return_funds, transfer
from casework.problems import Refused
from casework.views.payment_account_deeds import expense_form, reconcile_form
from casework.views.payment_accounts import places
from casework.views.payment_bank_deeds import answer_form, batch_form, card_form, revoke_form
from casework.views.payment_desk import Payments, seen, targets
from casework.views.payment_list_deeds import draw_up_form, receipt_form
from casework.views.payment_scan_deeds import scan_form
from casework.views.review_forms import (
    Field,
    Form,
    Given,
    chosen,
    clause_words,
    day,
    fen,
    labels,
    maybe_fen,
    text,
    writing,
)
from casework.vocabulary import ClaimState, VisitPlace

OWN: Final = "own"


def payment_forms(payments: Payments) -> tuple[Form, ...]:
    """Return what may be done now, the next step first."""
    whole = payments.desk.actor.units is None
    if payments.official is None:
        return (_income(payments), *([reconcile_form(payments)] if places(payments) else [])) if whole else ()
    drawn = not payments.claims.is_empty()
    step = payments.count
    to_transfer = payments.of_unit.filter(
        pl.col("state") == ClaimState.PLANNED.value, pl.col("pass_through"), pl.col("kind") == "cash"
    )
    payable = step(ClaimState.TRANSFERRED, ClaimState.RETURNED) + step(ClaimState.PLANNED) - to_transfer.height
    wanted: list[tuple[bool, bool, Any]] = [
        # may be chosen, comes first now, form
        (whole, not drawn, draw_up_form),
        (whole and drawn, payments.flow.is_empty(), _income),
        (whole and not to_transfer.is_empty(), True, _transfer),
        (payable > 0, True, _hand_over),
        (payable > 0, True, batch_form),
        (bool(payments.batches), step(ClaimState.SENT) > 0, answer_form),
        (step(ClaimState.PAID) > 0, True, receipt_form),
        (step(ClaimState.SIGNED, ClaimState.PAID) > 0, step(ClaimState.SIGNED) > 0, _book),
        (drawn, False, card_form),
        (bool(payments.consents), False, revoke_form),
        (bool(payments.receipts or payments.consents), False, scan_form),
        (step(*UNPAID) > 0, False, _stop),
        (step(ClaimState.PAID) > 0, False, _take_back),
        (whole and bool(_with_units(payments)), False, _return),
        (bool(payments.matching), False, expense_form),
        (bool(places(payments)), False, reconcile_form),
    ]
    first = [make(payments) for may, soon, make in wanted if may and soon]
    return (*first, *(make(payments) for may, soon, make in wanted if may and not soon))


def _with_units(payments: Payments) -> list[dict[str, Any]]:
    states = {ClaimState.STOPPED.value, ClaimState.TRANSFERRED.value, ClaimState.RETURNED.value}
    return [row for row in payments.of_unit.to_dicts() if row["transfer_id"] and row["state"] in states]


# -- whose ---------------------------------------------------------------------------------------------------------


def one_unit(rows: list[dict[str, Any]], fund: str, *, doing: str) -> tuple[str, list[dict[str, Any]]]:
    """Return the one unit these claims are of, and those of the fund.

    Raises:
        Refused: `other_unit`.
    """
    units = {row["unit_id"] for row in rows}
    if len(units) > 1:
        raise Refused("other_unit", f"{doing}按单位办理：请先在上面选定一个单位，或只勾选一个单位的人")
    return next(iter(units), ""), [row for row in rows if row["fund"] == fund]


def funds_of(payments: Payments) -> dict[str, str]:
    """Return label → fund of the body's own funds."""
    return {fund_label(name): name for name in payments.terms}


# -- the forms -----------------------------------------------------------------------------------------------------


def _income(payments: Payments) -> Form:
    funds = funds_of(payments)
    units = {name: unit for unit, name in payments.desk.unit_names.items()} if payments.matching else {}
    whose = {"本级资金": OWN, **units}
    every = {**funds, **{fund_label(name): name for name in payments.matching}}

    def answers(given: Given) -> dict[str, Any]:
        unit = chosen(given, "unit", whose, "谁的资金") if units else OWN
        return {
            "round_id": payments.desk.round_id,
            "amount_fen": fen(given, "amount"),
            "on": day(given, "on"),
            "basis": text(given, "basis"),
            "fund": chosen(given, "fund", every, "资金"),
            "unit_id": None if unit == OWN else unit,
        }

    own = (Field("unit", "谁的资金", "choice", whose, OWN),) if units else ()
    return Form(
        "资金到账",
        "登记到账",
        (
            Field("fund", "资金", "choice", every, next(iter(every.values()))),
            *own,
            Field("amount", "金额（元）", hint="例如 184000 或 18.4万"),
            Field("on", "到账日期", "date", value=payments.desk.today),
            Field("basis", "凭证或文号", hint="必填"),
        ),
        writing(
            payments.desk,
            payments.page,
            record_income,
            answers,
            lambda done: f"已登记到账，账户余额 {yuan(done['balance_fen'])} 元。",
        ),
    )


def _transfer(payments: Payments) -> Form:
    funds = funds_of(payments)
    clauses = [terms.clause for terms in payments.terms.values() if terms.pass_through]
    quoted = dict.fromkeys(clause_words(one.cite, one.words) for one in clauses if one is not None)

    def answers(given: Given) -> dict[str, Any]:
        fund = chosen(given, "fund", funds, "资金")
        rows = _next_instalments(given, targets(payments, given, (ClaimState.PLANNED,), doing="拨付"))
        unit, owed = one_unit(rows, fund, doing="拨付")
        return {
            "round_id": payments.desk.round_id,
            "unit_id": unit,
            "fund": fund,
            "claims": seen(owed),
            "on": day(given, "on"),
            "document": text(given, "document"),
            "stated_fen": maybe_fen(given, "stated", "凭证上的金额"),
        }

    return Form(
        "拨付到单位",
        "登记拨付",
        (
            Field("fund", "资金", "choice", funds, next(iter(funds.values()))),
            Field("on", "拨付日期", "date", value=payments.desk.today),
            Field("document", "凭证或文号", hint="必填"),
            Field("stated", "凭证上的金额", hint="填了就与名单合计核对"),
        ),
        writing(
            payments.desk,
            payments.page,
            transfer,
            answers,
            lambda done: f"已拨付 {done['people']} 人，{yuan(done['amount_fen'])} 元。",
        ),
        hint="<p class='cw-muted'>先拨付到单位，再由单位发放。一次拨给一个单位，金额就是名单上这些人的合计；分期的一次"
        "拨一期。</p>" + "".join(quoted),
    )


def _next_instalments(given: Given, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the next instalment of each of these people; all of what was ticked."""
    ticked = given.get("_rows")
    if isinstance(ticked, pl.DataFrame) and ticked.height:
        return rows
    first: dict[str, int] = {}
    for row in rows:
        first[row["case_id"]] = min(row["instalment"], first.get(row["case_id"], row["instalment"]))
    return [row for row in rows if row["instalment"] == first[row["case_id"]]]


def _hand_over(payments: Payments) -> Form:
    places = labels(places_allowed(payments.desk.policy))

    def answers(given: Given) -> dict[str, Any]:
        place = VisitPlace(chosen(given, "place", labels(VisitPlace), "发放地点"))
        return {
            "claims": seen(targets(payments, given, PAYABLE, doing="发放", due=True)),
            "place": place,
            "handed_by": text(given, "by"),
            "on": day(given, "on"),
        }

    barred = [place.label for place in VisitPlace if place.value not in places.values()]
    words = f"通知不许在{'、'.join(barred)}发放，这里不列。" if barred else "由走访人送到本人手里。"
    return Form(
        "当面发放",
        "登记发放",
        (
            Field("place", "发放地点", "choice", places),
            Field("by", "由谁送到", hint="必填"),
            Field("on", "发放日期", "date", value=payments.desk.today),
        ),
        writing(
            payments.desk,
            payments.page,
            hand_over,
            answers,
            lambda done: f"已登记发放 {done['people']} 人，接下来登记回执。",
        ),
        hint=f"<p class='cw-muted'>{words}走访时一并发放的，请在“走访与期限”登记。</p>",
    )


def _book(payments: Payments) -> Form:
    def answers(given: Given) -> dict[str, Any]:
        rows = targets(payments, given, (ClaimState.SIGNED,), doing="入账")
        return {"claims": seen(rows), "voucher": text(given, "voucher"), "on": day(given, "on")}

    return Form(
        "入账",
        "登记入账",
        (
            Field("voucher", "凭证号", hint="必填"),
            Field("on", "入账日期", "date", value=payments.desk.today),
        ),
        writing(
            payments.desk,
            payments.page,
            book,
            answers,
            lambda done: f"已入账 {done['people']} 笔，{yuan(done['amount_fen'])} 元。",
        ),
    )


def _single(payments: Payments, given: Given, states: Iterable[ClaimState], *, doing: str) -> dict[str, Any]:
    rows = targets(payments, given, states, doing=doing)
    if len(rows) != 1:
        raise Refused("one_only", f"{doing}一次办一笔：请在表里正好勾选一人")
    return rows[0]


def _stop(payments: Payments) -> Form:
    def answers(given: Given) -> dict[str, Any]:
        row = _single(payments, given, UNPAID, doing="停发")
        return {"claim_id": row["claim_id"], "reason": text(given, "reason"), "expected_version": row["version"]}

    def said(done: Mapping[str, Any]) -> str:
        back = done["to_return_fen"]
        return "已停发。" + (f"已拨到单位的 {yuan(back)} 元要退回，请选“单位退回资金”。" if back else "")

    return Form(
        "停发",
        "停发",
        (Field("reason", "理由", hint="必填"),),
        writing(payments.desk, payments.page, stop_claim, answers, said),
        hint="<p class='cw-muted'>在表里勾选一人。已发放的不能停发。</p>",
    )


def _take_back(payments: Payments) -> Form:
    def answers(given: Given) -> dict[str, Any]:
        row = _single(payments, given, (ClaimState.PAID,), doing="收回")
        return {
            "claim_id": row["claim_id"],
            "reason": text(given, "reason"),
            "on": day(given, "on"),
            "expected_version": row["version"],
        }

    return Form(
        "收回当面发放",
        "登记收回",
        (
            Field("reason", "理由", hint="必填，如 送错人"),
            Field("on", "收回日期", "date", value=payments.desk.today),
        ),
        writing(payments.desk, payments.page, take_back, answers, lambda _: "已收回，资金回到账户，可以重新发放。"),
        hint="<p class='cw-muted'>在表里勾选一人。银行代发的按退票登记。</p>",
    )


def _return(payments: Payments) -> Form:
    funds = funds_of(payments)
    states = (ClaimState.STOPPED, ClaimState.TRANSFERRED, ClaimState.RETURNED)

    def answers(given: Given) -> dict[str, Any]:
        fund = chosen(given, "fund", funds, "资金")
        ticked = given.get("_rows")
        every = isinstance(ticked, pl.DataFrame) and ticked.height > 0
        # Without ticks only what was stopped goes back: the others are still to be paid.
        rows = targets(payments, given, states if every else (ClaimState.STOPPED,), doing="退回")
        unit, back = one_unit([row for row in rows if row["transfer_id"] or every], fund, doing="退回")
        return {
            "round_id": payments.desk.round_id,
            "unit_id": unit,
            "fund": fund,
            "claims": seen(back),
            "on": day(given, "on"),
            "basis": text(given, "basis"),
        }

    return Form(
        "单位退回资金",
        "登记退回",
        (
            Field("fund", "资金", "choice", funds, next(iter(funds.values()))),
            Field("on", "退回日期", "date", value=payments.desk.today),
            Field("basis", "凭证和事由", hint="必填"),
        ),
        writing(
            payments.desk,
            payments.page,
            return_funds,
            answers,
            lambda done: f"已退回 {done['people']} 笔，{yuan(done['amount_fen'])} 元。",
        ),
    )
