"""Paying in instalments (分期): each one a claim of its own, with its own due day; together they are the award."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import TypeAlias

from sqlmodel import Session, col, select

from casework.allocation.amounts import instalments as split
from casework.dates import chinese
from casework.models_payment import Claim
from casework.money import yuan
from casework.payment.common import category_labels, said
from casework.policy import Clause, Policy
from casework.problems import Refused
from casework.shapes.amounts import Instalments

Cells: TypeAlias = Mapping[tuple[int, str], int]
"""(instalment, fund) → fen."""


@dataclass(frozen=True)
class Share:
    """One person's part of one fund in one instalment, as the list says it; most people have one instalment."""

    case_id: str
    person_id: str
    unit_id: str
    category: str
    fund: str
    fen: int | None
    instalment: int = 1
    instalments: int = 1


@dataclass(frozen=True)
class Plan:
    """What the circular says of a category's instalments."""

    clause: Clause
    parts: tuple[Fraction, ...]


def plans_of(policy: Policy) -> dict[str, Plan]:
    """Return category → its instalments, for the categories that are paid in several."""
    found: dict[str, Plan] = {}
    for clause, shape in policy.of_shape(Instalments):
        found.setdefault(shape.category, Plan(clause, shape.parts))
    return found


def label(instalment: int, instalments: int) -> str:
    """Return how an instalment is named; "" where everything is paid at once."""
    return f"第 {instalment} 期（共 {instalments} 期）" if instalments > 1 else ""


# -- how much each time ------------------------------------------------------------------------------------------


def spread(
    shares: Iterable[Share], plans: Mapping[str, Plan], paid: Mapping[str, Cells]
) -> tuple[list[Share], dict[str, str]]:
    """Give each share its instalments, and say of whom that cannot be done.

    Args:
        shares: What each person gets from each fund altogether.
        plans: `plans_of`.
        paid: Case → what was paid or is with the bank; it stays as it is, the rest makes the award up.

    Returns:
        The shares, none of them of nothing; case → why nothing more can be paid.
    """
    by_case: dict[str, list[Share]] = defaultdict(list)
    for share in shares:
        by_case[share.case_id].append(share)
    found: list[Share] = []
    waiting: dict[str, str] = {}
    for case_id, mine in by_case.items():
        plan = plans.get(mine[0].category)
        if plan is None or any(share.fen is None for share in mine):
            found += mine
            continue
        owed = {share.fund: share.fen or 0 for share in mine}
        fixed = paid.get(case_id, {})
        cells, why = _cells(owed, plan.parts, fixed)
        if why:
            waiting[case_id] = why
            cells = dict(fixed)
        found += [
            replace(share, fen=fen, instalment=number, instalments=len(plan.parts))
            for (number, fund), fen in sorted(cells.items())
            for share in mine
            if share.fund == fund and fen
        ]
    return found, waiting


def _cells(owed: Mapping[str, int], parts: Sequence[Fraction], fixed: Cells) -> tuple[dict[tuple[int, str], int], str]:
    """Return the instalments of each fund, or why what was already paid leaves no way to the sum that is owed."""
    planned = matrix(owed, split(sum(owed.values()), tuple(parts)))
    if all(planned.get(cell) == fen for cell, fen in fixed.items()):
        return planned, ""
    cells = dict(fixed)
    for fund in owed:
        left = owed[fund] - sum(fen for (_, name), fen in fixed.items() if name == fund)
        open_ = [number for number in range(1, len(parts) + 1) if (number, fund) not in fixed]
        if left < 0:
            return {}, f"已发放的比名单现在的金额多 {yuan(-left)} 元，其余各期不再发放"
        if left and not open_:
            return {}, f"各期都已发放，名单现在的金额还多 {yuan(left)} 元，须另行研究"
        if open_:
            weights = [parts[number - 1] for number in open_]
            shares = split(left, tuple(weight / sum(weights) for weight in weights))
            cells |= {(number, fund): fen for number, fen in zip(open_, shares, strict=True)}
    return cells, ""


def matrix(owed: Mapping[str, int], amounts: Sequence[int]) -> dict[tuple[int, str], int]:
    """Share instalments between funds so that both add up to the fen: each instalment, and each fund.

    Every instalment takes from the funds in proportion to what is left of them; odd fen go to the funds with the
    largest remainders, the earlier fund first.

    Args:
        owed: Fund → fen, altogether.
        amounts: Fen of each instalment; their sum is that of `owed`.
    """
    left = dict(owed)
    cells: dict[tuple[int, str], int] = {}
    for number, amount in enumerate(amounts, start=1):
        rest = sum(left.values())
        exact = {fund: Fraction(fen * amount, rest) if rest else Fraction(0) for fund, fen in left.items()}
        part = {fund: int(share) for fund, share in exact.items()}
        odd = amount - sum(part.values())
        for fund in sorted(exact, key=lambda name: part[name] - exact[name])[:odd]:
            part[fund] += 1
        for fund, fen in part.items():
            cells[number, fund] = fen
            left[fund] -= fen
    return cells


# -- when --------------------------------------------------------------------------------------------------------


def due_days(
    session: Session, round_id: str, policy: Policy, categories: Iterable[str], given: Mapping[str, Sequence[date]]
) -> dict[str, tuple[date, ...]]:
    """Return category → the day of each instalment: what is given now, else what was given before.

    Raises:
        Refused: `no_due`: a category without a day for each instalment, with the clause; `due_order`.
    """
    plans, labels = plans_of(policy), category_labels(policy)
    found = {}
    for category in categories:
        plan = plans[category]
        days = tuple(given.get(category, ())) or _known(session, round_id, category)
        about = f"“{labels.get(category, category)}”分 {len(plan.parts)} 期发放"
        if len(days) != len(plan.parts):
            raise Refused("no_due", f"{about}，请写明每一期的发放日期：{said(plan.clause)}")
        if any(later <= earlier for earlier, later in pairwise(days)):
            raise Refused("due_order", f"{about}，各期的发放日期要一期比一期晚：{said(plan.clause)}")
        found[category] = days
    return found


def _known(session: Session, round_id: str, category: str) -> tuple[date, ...]:
    query = select(Claim).where(Claim.round_id == round_id, Claim.category == category, col(Claim.due_on).is_not(None))
    found = session.exec(query.order_by(col(Claim.opened_at)))
    days = {claim.instalment: claim.due_on for claim in found if claim.due_on is not None}
    return tuple(day for _, day in sorted(days.items()))


def refuse_undue(claims: Iterable[Claim], policy: Policy, names: Mapping[str, str], *, on: date, doing: str) -> None:
    """Refuse to pay an instalment before its day.

    Raises:
        Refused: `not_due`, with the clause.
    """
    for claim in claims:
        if claim.due_on is not None and on < claim.due_on:
            plan = plans_of(policy).get(claim.category)
            where = f"：{said(plan.clause)}" if plan else ""
            number = label(claim.instalment, claim.instalments)
            words = f"{names[claim.case_id]}的{number}应于{chinese(claim.due_on)}发放，还没有到，不能{doing}{where}"
            raise Refused("not_due", words)
