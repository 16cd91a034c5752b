"""The ledger of funds: every movement an entry, every balance the sum of its entries and never below zero.

A fund lies in this body's hands (`own`), in the hands of a unit that must pay it out (`custody`), or is a unit's own
matching money (`matching`), which settles by itself. Balances are moved by compare-and-set inside the command's
transaction, and the database refuses a negative one besides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from casework.access import Actor
from casework.adoption import in_force
from casework.allocation.fund import UNNAMED as TYPED
from casework.ledger import Result, Work, execute, open_round_of, policy_of
from casework.models import Scenario, Unit
from casework.models_payment import FundAccount, FundEntry
from casework.money import yuan
from casework.payment.common import category_labels, refuse_future, said, whole_round
from casework.policy import Clause, Policy
from casework.problems import Refused
from casework.scenarios import parameters_of
from casework.shapes.procedure import FundSource
from casework.vocabulary import AccountKind, Act, EntryKind, Fund

UNNAMED = "慰问资金（通知未写明来源）"


@dataclass(frozen=True)
class Terms:
    """What the circular says of one fund.

    Attributes:
        fund: Its stored value, "" where the circular names no source at all.
        fen: How much there is; None where it is not said.
        purposes: The categories it may be spent on.
        exactly: To be used up.
        pass_through: The unit pays it out after the transfer.
        clause: Where it is said.
    """

    fund: str
    fen: int | None
    purposes: tuple[str, ...]
    exactly: bool = False
    pass_through: bool = False
    clause: Clause | None = None


def fund_label(fund: str) -> str:
    """Return the printed name of a fund."""
    return Fund(fund).label if fund else UNNAMED


def terms_of(policy: Policy, *, level: str = "own", amounts: Mapping[str, int] | None = None) -> dict[str, Terms]:
    """Return fund → terms; a circular without a source of its own has the one fund "".

    Args:
        policy: The circular.
        level: `own`, or `unit` for the units' matching money.
        amounts: Fund → fen, where the adopted scenario says another amount.
    """
    every = tuple(category.id for category in policy.categories)
    found: dict[str, Terms] = {}
    for clause, shape in policy.of_shape(FundSource):
        if shape.level == level:
            name = shape.fund.value
            fen = (amounts or {}).get(name, shape.fen)
            purposes = tuple(shape.purposes) or every
            found.setdefault(name, Terms(name, fen, purposes, shape.spend == "exactly", shape.pass_through, clause))
    if not found and level == "own":
        found[""] = Terms("", (amounts or {}).get(TYPED), every)  # all the money there is, as the officer typed it
    return found


def own_terms(session: Session, round_id: str) -> dict[str, Terms]:
    """Return the body's own funds with the amounts of the adopted scenario."""
    adoption = in_force(session, round_id, Act.LIST)
    amounts = parameters_of(session.get_one(Scenario, adoption.scenario_id)).funds if adoption else None
    return terms_of(policy_of(session, round_id), amounts=amounts)


def terms_for(session: Session, round_id: str, fund: str) -> Terms:
    """Return the terms of one of the body's own funds.

    Raises:
        Refused: `no_fund`.
    """
    known = own_terms(session, round_id)
    if fund not in known:
        names = "、".join(fund_label(name) for name in known)
        raise Refused("no_fund", f"通知里没有这项资金，现有：{names}")
    return known[fund]


# -- moving money ----------------------------------------------------------------------------------------------------


def account_id(round_id: str, kind: AccountKind, fund: str, unit_id: str | None = None) -> str:
    """Name an account; there is one for each round, kind, fund and unit."""
    return f"{round_id}/{kind.value}/{fund or '-'}/{unit_id or '-'}"


def account(work: Work, round_id: str, kind: AccountKind, fund: str, unit_id: str | None = None) -> FundAccount:
    """Return an account; an empty one is opened where it is used for the first time."""
    name = account_id(round_id, kind, fund, unit_id)
    found = work.session.get(FundAccount, name)
    if found is None:
        found = FundAccount(account_id=name, round_id=round_id, kind=kind.value, fund=fund, unit_id=unit_id)
        found.balance_fen = 0
        work.add(found)
    return found


def post(  # noqa: PLR0913 - what an entry is
    work: Work,
    *,
    kind: EntryKind,
    amount_fen: int,
    on: date,
    source: FundAccount | None = None,
    target: FundAccount | None = None,
    purpose: str = "",
    basis: str = "",
    claim_id: str | None = None,
    payment_id: str | None = None,
    transfer_id: str | None = None,
) -> FundEntry:
    """Move money from one account to another, into the ledger (no source) or out of it (no target).

    Raises:
        Refused: `overdrawn`, saying what is left.
    """
    either = source or target
    assert either is not None
    for place, sign in ((source, -1), (target, 1)):
        if place is None:
            continue
        work.session.refresh(place)
        left = place.balance_fen + sign * amount_fen
        if left < 0:
            where = f"{AccountKind(place.kind).label}（{fund_label(place.fund)}）"
            words = f"余额 {yuan(place.balance_fen)} 元，不够支出 {yuan(amount_fen)} 元"
            raise Refused("overdrawn", f"{where}{words}，这一步没有办")
        work.change(FundAccount, place.account_id, expected_version=place.version, balance_fen=left)
    entry = FundEntry(
        round_id=either.round_id,
        kind=kind.value,
        from_account=source.account_id if source else None,
        to_account=target.account_id if target else None,
        amount_fen=amount_fen,
        purpose=purpose,
        claim_id=claim_id,
        payment_id=payment_id,
        transfer_id=transfer_id,
        on=on,
        basis=basis,
        recorded_by=work.actor.id,
        recorded_at=work.now,
    )
    work.add(entry)
    return entry


def record_income(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    round_id: str,
    amount_fen: int,
    on: date,
    basis: str,
    actor: Actor,
    now: datetime,
    key: str,
    fund: str = "",
    unit_id: str | None = None,
) -> Result:
    """Record money that came in: into one of the body's own funds, or a unit's matching fund.

    Args:
        engine: The ledger.
        round_id: The round.
        amount_fen: Fen.
        on: The day.
        basis: The voucher or document.
        actor: Who enters it.
        now: When.
        key: Idempotency key.
        fund: A value of `Fund`, "" where the circular names no source.
        unit_id: The unit whose matching money it is.

    Returns:
        `{"account_id", "balance_fen"}`.

    Raises:
        Refused: `no_amount`, `no_basis`, `future`, `no_fund`, `over_fund` (more than the circular allots), `closed`.
        NotAllowed: `scope`.
    """
    _refuse_blank(amount_fen, basis, on, now)
    if unit_id is None or not actor.may_see(unit_id):
        whole_round(actor)

    def deed(work: Work) -> Result:
        open_round_of(work, round_id)
        if unit_id is None:
            terms = terms_for(work.session, round_id, fund)
            place = account(work, round_id, AccountKind.OWN, fund)
            before = income_of(work.session, place.account_id)
            if terms.fen is not None and before + amount_fen > terms.fen:
                words = f"已到账 {yuan(before)} 元，再加 {yuan(amount_fen)} 元就超出定额 {yuan(terms.fen)} 元"
                where = f"：{said(terms.clause)}" if terms.clause else ""
                raise Refused("over_fund", f"{fund_label(fund)}{words}{where}")
        else:
            work.get(Unit, unit_id, missing="没有这个单位")
            if fund not in terms_of(policy_of(work.session, round_id), level="unit"):
                raise Refused("no_fund", "通知里没有单位配套资金")
            place = account(work, round_id, AccountKind.MATCHING, fund, unit_id)
        post(work, kind=EntryKind.INCOME, amount_fen=amount_fen, on=on, target=place, basis=basis.strip())
        return {"account_id": place.account_id, "balance_fen": place.balance_fen}

    request = {"fund": fund, "unit": unit_id, "fen": amount_fen, "on": on, "basis": basis}
    return execute(
        engine,
        action="record_income",
        actor=actor,
        now=now,
        key=key,
        subject=f"round:{round_id}",
        request=request,
        body=deed,
    )


def income_of(session: Session, account_name: str) -> int:
    """Return how much came into an account from outside the ledger."""
    query = select(func.coalesce(func.sum(FundEntry.amount_fen), 0)).where(
        FundEntry.to_account == account_name, FundEntry.kind == EntryKind.INCOME.value
    )
    return int(session.exec(query).one())


def _refuse_blank(amount_fen: int, basis: str, on: date, now: datetime) -> None:
    if amount_fen <= 0:
        raise Refused("no_amount", "金额要大于零")
    if not basis.strip():
        raise Refused("no_basis", "请写明凭证或文号")
    refuse_future(on, now, "这笔资金")


def record_expense(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    round_id: str,
    purpose: str,
    amount_fen: int,
    on: date,
    basis: str,
    actor: Actor,
    now: datetime,
    key: str,
    fund: str = "",
    unit_id: str | None = None,
) -> Result:
    """Spend a unit's matching money on one of the circular's categories; a ring-fenced fund is paid to people only.

    Args:
        engine: The ledger.
        round_id: The round.
        purpose: A category, by id or printed name.
        amount_fen: Fen.
        on: The day.
        basis: The voucher.
        actor: Who enters it.
        now: When.
        key: Idempotency key.
        fund: A value of `Fund`.
        unit_id: The unit whose matching money it is; None: the body's own fund, which refuses.

    Returns:
        `{"account_id", "balance_fen"}`.

    Raises:
        Refused: `ring_fenced` (another purpose than the circular's, with the clause), `by_claim`, `overdrawn`.
    """
    _refuse_blank(amount_fen, basis, on, now)
    if unit_id is None or not actor.may_see(unit_id):
        whole_round(actor)

    def deed(work: Work) -> Result:
        open_round_of(work, round_id)
        policy = policy_of(work.session, round_id)
        known = own_terms(work.session, round_id) if unit_id is None else terms_of(policy, level="unit")
        if fund not in known:
            raise Refused("no_fund", "通知里没有这项资金")
        category = refuse_other_purpose(policy, known[fund], purpose)
        if unit_id is None:
            raise Refused("by_claim", f"{fund_label(fund)}只按名单发给本人，请在“发放”处办理")
        place = account(work, round_id, AccountKind.MATCHING, fund, unit_id)
        post(
            work,
            kind=EntryKind.EXPENSE,
            amount_fen=amount_fen,
            on=on,
            source=place,
            purpose=category,
            basis=basis.strip(),
        )
        return {"account_id": place.account_id, "balance_fen": place.balance_fen}

    request = {"fund": fund, "unit": unit_id, "purpose": purpose, "fen": amount_fen, "on": on, "basis": basis}
    return execute(
        engine,
        action="record_expense",
        actor=actor,
        now=now,
        key=key,
        subject=f"round:{round_id}",
        request=request,
        body=deed,
    )


def refuse_other_purpose(policy: Policy, terms: Terms, purpose: str) -> str:
    """Return the category `purpose` means, if the fund is for it.

    Raises:
        Refused: `ring_fenced`.
    """
    labels = category_labels(policy)
    for category in terms.purposes:
        if purpose.strip() in (category, labels.get(category, "")):
            return category
    allowed = "、".join(labels.get(category, category) for category in terms.purposes)
    where = f"：{said(terms.clause)}" if terms.clause else ""
    raise Refused(
        "ring_fenced", f"{fund_label(terms.fund)}专款专用，只用于{allowed}，不能列支“{purpose.strip()}”{where}"
    )


def accounts(session: Session, round_id: str) -> list[FundAccount]:
    """Return the accounts of a round."""
    query = select(FundAccount).where(FundAccount.round_id == round_id)
    return list(session.exec(query.order_by(col(FundAccount.kind), col(FundAccount.fund), col(FundAccount.unit_id))))
