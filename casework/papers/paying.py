"""发放表, 慰问品签领表, 签字回执, 代发明细."""

from __future__ import annotations

import polars as pl
from sqlalchemy import Engine
from sqlmodel import Session, select

from casework.db import reading
from casework.ledger import policy_of
from casework.lists import Due, ListState, Table, bank_payment, goods_sheet, pay_sheet, receipts
from casework.models import Unit
from casework.models_payment import BankBatch
from casework.papers.asked import Asked, of_branch, people_of, pick, unit_name
from casework.payment.bank import bank_frame, batches
from casework.payment.cards import bank_list
from casework.payment.claims import claims_frame
from casework.payment.common import official_list
from casework.problems import Refused
from casework.vocabulary import ClaimState


def sheet(session: Session, asked: Asked) -> Table:
    """Return 慰问金发放表 of the claims that stand."""
    due = [one for one in _due(session, asked, kinds=("cash",)) if one.amount_fen]
    policy = policy_of(session, asked.round_id)
    return pay_sheet(policy, due, state=ListState.OFFICIAL, unit=unit_name(session, asked.unit_id))


def goods(session: Session, asked: Asked) -> Table:
    """Return 慰问品签领表 of the claims on goods that stand."""
    due = _due(session, asked, kinds=("goods",))
    return goods_sheet(
        policy_of(session, asked.round_id), due, state=ListState.OFFICIAL, unit=unit_name(session, asked.unit_id)
    )


def slips(session: Session, asked: Asked) -> Table:
    """Return a 签字（盖章）回执 for everybody who is to have something."""
    return receipts(
        policy_of(session, asked.round_id), _due(session, asked, kinds=("cash", "goods")), state=ListState.OFFICIAL
    )


def _due(session: Session, asked: Asked, *, kinds: tuple[str, ...]) -> list[Due]:
    """Return what each person is to have, in the order of units, categories and the list.

    Raises:
        Refused: `no_official_list`, `no_claims`.
    """
    listed = official_list(session, asked.round_id).numbers["awards"]
    claims = claims_frame(session, round_id=asked.round_id, actor=asked.actor).filter(
        pl.col("state") != ClaimState.STOPPED.value, pl.col("kind").is_in(kinds)
    )
    if asked.unit_id is not None:
        claims = claims.filter(unit_id=asked.unit_id)
    claims = of_branch(session, asked, claims)
    if claims.is_empty():
        if kinds == ("goods",):
            raise Refused("no_goods", "本轮没有发慰问品的，不用打印签领表")
        raise Refused("no_claims", "还没有生成应发款，请先按名单生成应发款再打印")
    policy = policy_of(session, asked.round_id)
    people, places = people_of(session, asked, policy), {row["case_id"]: at for at, row in enumerate(listed)}
    order = {unit_id: (at is None, at or 0) for unit_id, at in session.exec(select(Unit.unit_id, Unit.order))}
    kinds_of = {category.id: at for at, category in enumerate(policy.categories)}
    found: list[tuple[tuple[bool, int, int, int], Due]] = []
    for (case_id,), part in claims.group_by("case_id", maintain_order=True):
        one = part.row(0, named=True)
        money = part.filter(kind="cash")
        person = people[str(case_id)]
        place = (*order[one["unit_id"]], kinds_of.get(one["category"], 0), places.get(str(case_id), len(places)))
        found.append(
            (
                place,
                Due(
                    name=person["name"],
                    unit=person["unit"],
                    branch=person["branch"],
                    category=person["category"],
                    fund="、".join(money["fund_label"].unique(maintain_order=True)),
                    amount_fen=int(money["amount_fen"].sum()) if money.height else None,
                    goods="、".join(part["goods"].drop_nulls().unique(maintain_order=True)),
                ),
            )
        )
    return [due for _, due in sorted(found, key=lambda pair: pair[0])]


def bank(session: Session, asked: Asked) -> Table:
    """Return 代发明细 with masked accounts, to be checked by eye."""
    batch = _batch(session, asked)
    lines = bank_frame(session, batch_id=batch.batch_id, actor=asked.actor)
    policy = policy_of(session, asked.round_id)
    return bank_payment(policy, lines, unit=unit_name(session, batch.unit_id) or policy.issuer, opened=False)


def bank_opened(engine: Engine, asked: Asked, *, key: str) -> Table:
    """Return 代发明细 with whole account numbers, once the log says who opened whose.

    Raises:
        Refused: `not_found`, `erased`.
        NotAllowed: A viewer, or beyond his units.
    """
    asked.within_scope()
    with reading(engine) as session:
        batch = _batch(session, asked)
        policy = policy_of(session, asked.round_id)
        unit = unit_name(session, batch.unit_id) or policy.issuer
        batch_id = batch.batch_id
    lines = bank_list(engine, batch_id=batch_id, actor=asked.actor, now=asked.now, key=key)
    return bank_payment(policy, lines, unit=unit, opened=True)


def _batch(session: Session, asked: Asked) -> BankBatch:
    found = [one for one in batches(session, asked.round_id, asked.actor) if asked.unit_id in (None, one.unit_id)]
    return pick(found, asked.of, key="batch_id", missing="还没有生成代发明细")
