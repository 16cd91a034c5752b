"""发放与回执: what is owed to whom, how far each has come, what is left of each fund, what went to the bank."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import polars as pl
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.dates import chinese
from casework.db import reading
from casework.models import Adoption
from casework.models_payment import BankBatch, Payment, Reconciliation
from casework.money import yuan
from casework.payment.bank import batches
from casework.payment.cards import bank_list
from casework.payment.claims import UNPAID, claims_frame
from casework.payment.common import Seen, official_list
from casework.payment.funds import Terms, own_terms, terms_of
from casework.payment.instalments import label
from casework.payment.payees import payees_frame
from casework.payment.reconciliation import fund_flow, open_ends
from casework.problems import Refused
from casework.review.changes import list_name
from casework.review.official import determination
from casework.review.readiness import IssueReady, review_issue_ready
from casework.views.cases.desk import CaseDesk, Look
from casework.views.desk import clock, version_code
from casework.views.html import badge, card, esc, folded, note, notes, rows_table, shown, tag
from casework.views.payment_accounts import funds_card, statements_of
from casework.views.payment_papers import Consent, consents_of, receipts_of
from casework.views.review_forms import Bench, Someone, clause_words, everyone
from casework.vocabulary import ClaimState, Payee, PaymentState

SECTION: Final = "发放与回执"
STEPS: Final = (
    ClaimState.PLANNED,
    ClaimState.TRANSFERRED,
    ClaimState.SENT,
    ClaimState.RETURNED,
    ClaimState.PAID,
    ClaimState.SIGNED,
    ClaimState.BOOKED,
    ClaimState.STOPPED,
)


@dataclass(frozen=True, eq=False)
class Payments:
    """What the section shows, read at one moment.

    Attributes:
        claims: `claims.CLAIMS` of the actor's units.
        official: The last decided list; None before there is one.
        payees: Case → row of `payees.PAYEES`.
        sent: Batch → payment state → number.
        attempts: Claim → attempts so far.
        matching: The units' own matching funds the circular knows.
        statements: What accounts were held against at the bank, the latest first.
        consents: Case → the consent to a designated card that stands, of those who are still to be paid.
        receipts: Claim → its receipt.
    """

    desk: CaseDesk
    look: Look
    page: str
    unit: str
    state: str
    claims: pl.DataFrame
    people: Mapping[str, Someone]
    official: Adoption | None
    ready: IssueReady
    flow: pl.DataFrame
    ends: tuple[str, ...]
    payees: Mapping[str, Mapping[str, Any]]
    batches: tuple[BankBatch, ...]
    sent: Mapping[str, Mapping[str, int]]
    attempts: Mapping[str, int]
    terms: Mapping[str, Terms]
    matching: Mapping[str, Terms]
    statements: tuple[Reconciliation, ...]
    consents: Mapping[str, Consent]
    receipts: Mapping[str, str]

    @property
    def of_unit(self) -> pl.DataFrame:
        """Return the claims of the unit chosen."""
        return self.claims.filter(pl.col("unit_id") == self.unit) if self.unit else self.claims

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Return the claims the table shows, in its order."""
        frame = self.of_unit
        return frame.filter(pl.col("state") == self.state).to_dicts() if self.state else frame.to_dicts()

    def count(self, *states: ClaimState) -> int:
        """Return how many claims of the unit chosen stand so."""
        return self.of_unit.filter(pl.col("state").is_in([state.value for state in states])).height

    def name(self, case_id: str) -> str:
        """Return a name as it may be shown."""
        found = self.people.get(case_id)
        return found.name if found else "—"


def open_payments(bench: Bench, state: str = "") -> Payments:
    """Read the section for whoever opened the page."""
    desk, round_id = bench.desk, bench.desk.round_id
    with reading(desk.engine) as session:
        try:
            official = official_list(session, round_id)
        except Refused:
            official = None
        claims = claims_frame(session, round_id=round_id, actor=desk.actor)
        paid_to = payees_frame(session, round_id=round_id, on=desk.today, actor=desk.actor)
        found = batches(session, round_id, desk.actor)
        sent, attempts = _attempts(session, claims["claim_id"].to_list())
        return Payments(
            desk=desk,
            look=bench.look,
            page=bench.page,
            unit=bench.unit,
            state=state if state in set(ClaimState) else "",
            claims=claims,
            people=everyone(session, desk, bench.look),
            official=official,
            ready=review_issue_ready(session, round_id=round_id, now=clock()),
            flow=fund_flow(session, round_id=round_id, actor=desk.actor),
            ends=tuple(open_ends(session, round_id)) if desk.actor.units is None else (),
            payees={row["case_id"]: row for row in paid_to.iter_rows(named=True)},
            batches=tuple(found),
            sent=sent,
            attempts=attempts,
            terms=own_terms(session, round_id),
            matching=terms_of(desk.policy, level="unit"),
            statements=statements_of(session, round_id),
            consents=consents_of(session, paid_to["case_id"]),
            receipts=receipts_of(session, claims["claim_id"]),
        )


def _attempts(session: Session, claim_ids: Sequence[str]) -> tuple[dict[str, dict[str, int]], dict[str, int]]:
    sent: dict[str, dict[str, int]] = {}
    numbers: dict[str, int] = {}
    wanted = set(claim_ids)
    for payment in session.exec(select(Payment).order_by(col(Payment.number))):
        if payment.claim_id in wanted:
            numbers[payment.claim_id] = payment.number
            if payment.batch_id:
                states = sent.setdefault(payment.batch_id, {})
                states[payment.state] = states.get(payment.state, 0) + 1
    return sent, numbers


def state_choices(payments: Payments) -> dict[str, str]:
    """Return label with count → state, of the claims of the unit chosen."""
    counted = {state: payments.count(state) for state in STEPS}
    listed = {f"{state.label} {number}": state.value for state, number in counted.items() if number}
    return {f"全部 {payments.of_unit.height}": "", **listed}


# -- what is seen ----------------------------------------------------------------------------------------------------


def claims_table(payments: Payments) -> pl.DataFrame:
    """Return the claims as an officer reads them; no card, no id."""
    rows = [
        {
            "序号": number,
            "单位": row["unit"] or "",
            "姓名": payments.name(row["case_id"]),
            "类别": row["category_label"] + label(row["instalment"], row["instalments"]),
            "应发": row["goods"] if row["kind"] == "goods" else f"{yuan(row['amount_fen'])} 元",
            "状态": ClaimState(row["state"]).label,
            "收款": payee_said(payments.payees.get(row["case_id"])),
            "说明": _remark(payments, row),
        }
        for number, row in enumerate(payments.rows, start=1)
    ]
    columns = ("序号", "单位", "姓名", "类别", "应发", "状态", "收款", "说明")
    return pl.DataFrame(rows, schema={name: pl.Int64 if name == "序号" else pl.String for name in columns})


def payee_said(row: Mapping[str, Any] | None) -> str:
    """Return how somebody is paid at the bank; no digit of a card."""
    if row is None:
        return ""
    if row["payee"] is None:
        return "缺银行卡"
    said = Payee(row["payee"]).label
    return f"{said}（{row['relation']}）" if row["relation"] else said


def _remark(payments: Payments, row: Mapping[str, Any]) -> str:
    told = [row["reason"] or "", _due(payments, row)]
    payee = payments.payees.get(row["case_id"])
    if payee and payee["shared_with"]:
        told.append(f"与 {len(payee['shared_with'])} 人同卡，请核对")
    if payments.attempts.get(row["claim_id"], 0) > 1:
        told.append(f"第 {payments.attempts[row['claim_id']]} 次发放")
    return "；".join(one for one in told if one)


def _due(payments: Payments, row: Mapping[str, Any]) -> str:
    """Return the day an instalment is paid from, as long as it is not paid."""
    if row["due_on"] is None or ClaimState(row["state"]) not in UNPAID:
        return ""
    late = (payments.desk.today - row["due_on"]).days
    return f"应于{chinese(row['due_on'])}发放" + (f"，已过 {late} 天" if late > 0 else "")


@shown
def payments_panel(payments: Payments, controls: Mapping[str, str]) -> str:
    """Return what stands on record: the funds, the units, the people, the batches.

    Args:
        payments: The section.
        controls: `state` and `table`, each HTML.
    """
    if payments.official is None:
        return nothing_to_pay(payments)
    return (
        _units(payments)
        + _people(payments, controls)
        + _bank(payments)
        + funds_card(payments)
        + _unsigned(payments)
        + _ends(payments)
    )


def nothing_to_pay(payments: Payments) -> str:
    """Return what to do where no list was decided."""
    if payments.ready.number is None:
        said = "还没有确定名单。请先到“集体研究”拟定名单、上会，再回到这里发放。"
    else:
        said = "名单还没有研究确定，不能拨付和发放。请先到“集体研究”登记会议结果（或确认名单）。"
    link = determination(payments.desk.policy)
    words = clause_words(link.cite, link.words) if link is not None else ""
    return card("还不能发放", tag("p", esc(said)), words) + funds_card(payments)


def _units(payments: Payments) -> str:
    official = payments.official
    assert official is not None
    what = f"按{list_name(official.number)}（校验码 {version_code(official.fingerprint)}）发放"
    blocks = notes(payments.ready.blocks, "warn")
    waiting = len(payments.ready.waiting)
    blocks += note(f"名单上有 {waiting} 人还不能发：原因见“集体研究”的名单。", "warn") if waiting else ""
    if payments.claims.is_empty():
        return card(
            "应发款", blocks, note("还没有生成应发款。右边选“生成应发款”，按确定的名单逐人、逐项资金列出。"), muted=what
        )
    rows = []
    for (unit,), group in payments.claims.group_by(["unit"], maintain_order=True):
        counts = dict(group["state"].value_counts().iter_rows())
        live = group.filter(pl.col("state") != ClaimState.STOPPED.value)
        rows.append(
            (
                unit,
                group.height,
                *(counts.get(state.value) or None for state in STEPS),
                yuan(int(live["amount_fen"].sum())),
            )
        )
    total = dict(payments.claims["state"].value_counts().iter_rows())
    live = payments.claims.filter(pl.col("state") != ClaimState.STOPPED.value)
    sums = ("合计", payments.claims.height, *(total.get(state.value) or None for state in STEPS))
    rows.append((*sums, yuan(int(live["amount_fen"].sum()))))
    head = ("单位", "笔数", *(state.label for state in STEPS), "应发（元）")
    table = rows_table(head, rows, numbers=range(1, len(head)), total=True, css="cw-states")
    return card("应发款", blocks, tag("div", table, "cw-scroll cw-short"), muted=what)


def _people(payments: Payments, controls: Mapping[str, str]) -> str:
    if payments.claims.is_empty():
        return ""
    said = "勾选的人一起办；一个都不勾，就按上面选定的单位、状态整批办。"
    return card("逐人", tag("div", controls["state"], "cw-toolbar"), controls["table"], muted=said)


def batch_label(payments: Payments, batch: BankBatch) -> str:
    """Return what a batch is called in a choice."""
    payer = payments.desk.unit_names.get(batch.unit_id or "", "本级")
    number = list(reversed(payments.batches)).index(batch) + 1
    return f"第 {number} 份：{payer} {batch.on}，{batch.people} 笔 {yuan(batch.amount_fen)} 元"


def _bank(payments: Payments) -> str:
    if not payments.batches:
        return ""
    rows = []
    for one in payments.batches:
        states = payments.sent.get(one.batch_id, {})
        told = "、".join(f"{state.label} {states[state.value]}" for state in PaymentState if states.get(state.value))
        open_ = states.get(PaymentState.SENT.value, 0)
        address = f"/download/bank-list?batch={quote(one.batch_id)}"
        link = tag("a", "下载", "cw-button", href=address, download="1") if payments.desk.may_write else ""
        label = batch_label(payments, one)
        rows.append((label, told, badge("等银行回单", "amber") if open_ else badge("已回单", "green"), link))
    head = ("代发明细", "结果", "状态", "完整卡号")
    away = "下载的明细带完整卡号，只用于制作代发明细，每次下载都登记是谁、为什么"
    return card("银行代发", rows_table(head, rows, raw=(2, 3)), muted=away)


def _unsigned(payments: Payments) -> str:
    waiting = payments.of_unit.filter(pl.col("state") == ClaimState.PAID.value)
    if waiting.is_empty():
        return ""
    names: dict[str, list[str]] = {}
    for row in waiting.iter_rows(named=True):
        names.setdefault(row["unit"] or "", []).append(payments.name(row["case_id"]))
    rows = [(unit, len(people), "、".join(people)) for unit, people in names.items()]
    heads = ("单位", "人数", "还没有本人签字的")
    table = tag("div", rows_table(heads, rows, numbers=(1,), css="cw-states"), "cw-scroll cw-short")
    return card("已发未回执", table, muted=f"共 {waiting.height} 笔；他人代签的仍在其中")


def _ends(payments: Payments) -> str:
    if not payments.ends:
        return ""
    items = "".join(tag("li", esc(one)) for one in payments.ends)
    return card("还没有了结的", folded(f"{len(payments.ends)} 件", f"<ul class='cw-list'>{items}</ul>"))


# -- whom a deed is about -------------------------------------------------------------------------------------------


def targets(
    payments: Payments, given: Mapping[str, Any], states: Iterable[ClaimState], *, doing: str, due: bool = False
) -> list[dict[str, Any]]:
    """Return the claims a deed is about: those ticked, whatever their state; else all shown that stand fittingly.

    Ticked ones in another state are left to the command, which says whose it is and why it will not do.

    Args:
        payments: The section.
        given: What was handed in.
        states: Which stand fittingly.
        doing: What is done, e.g. 发放.
        due: Without ticks, only those whose day has come.

    Raises:
        Refused: `nobody`.
    """
    rows, ticked = payments.rows, given.get("_rows")
    if isinstance(ticked, pl.DataFrame) and ticked.height and "序号" in ticked.columns:
        numbers = [number for number in ticked["序号"].to_list() if isinstance(number, int)]
        return [rows[number - 1] for number in numbers if 0 < number <= len(rows)]
    wanted = {state.value for state in states}
    found = [row for row in rows if row["state"] in wanted]
    early = [row for row in found if due and row["due_on"] is not None and row["due_on"] > payments.desk.today]
    if early and len(early) == len(found):
        soonest = min(row["due_on"] for row in early)
        raise Refused("nobody", f"分期的要到日期才能{doing}，最近的一期是{chinese(soonest)}")
    found = [row for row in found if row not in early]
    if not found:
        raise Refused("nobody", f"上面选定的单位、状态里没有可以{doing}的；请改选，或在表里勾选人员")
    return found


def seen(rows: Iterable[Mapping[str, Any]]) -> Seen:
    """Return claim → version as the page shows it."""
    return {row["claim_id"]: row["version"] for row in rows}


# -- the file for the bank -----------------------------------------------------------------------------------------


def bank_file(engine: Engine, *, batch_id: str, actor: Actor, now: datetime, key: str) -> bytes:
    """Return a 代发明细 with whole card numbers as a workbook; who opened whose cards is logged before.

    Raises:
        Refused: `not_found`, `erased`.
        NotAllowed: A viewer.
    """
    frame = bank_list(engine, batch_id=batch_id, actor=actor, now=now, key=key)
    target = io.BytesIO()
    frame.write_excel(target, worksheet="代发明细", autofit=True)  # texts stay texts: no digit of a card is lost
    return target.getvalue()
