"""What changed for whom, and which one change did it. Pure: facts, a policy and two parameter sets in, names out.

Changes are switched on one after another in a printed order (facts, rates, places, funds, decided amounts, order
across units); each person carries the last change that moved them to where they end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from casework.allocation import Allocation, Parameters, allocate
from casework.allocation.fund import sources
from casework.apportionment import apportion
from casework.facts import Facts
from casework.frames import Schema, conform
from casework.money import yuan
from casework.policy import Policy
from casework.problems import Infeasible
from casework.rules import assess, verdicts
from casework.shapes.procedure import FundSource
from casework.vocabulary import Fund

DIFFERENCE: Schema = {
    "case_id": pl.String,
    "person_id": pl.String,
    "unit_id": pl.String,
    "category": pl.String,
    "kind": pl.String,  # "in", "out", "amount"
    "before_fen": pl.Int64,
    "after_fen": pl.Int64,
    "reason": pl.String,  # Reason in the new result, for those who leave
    "cause": pl.String,  # the change, as an officer reads it
}


@dataclass(frozen=True, eq=False)
class Assessed:
    """Facts with their verdicts: computed once per snapshot, whatever the sliders do."""

    facts: Facts
    policy: Policy
    findings: pl.DataFrame
    verdicts: pl.DataFrame

    @classmethod
    def of(cls, facts: Facts, policy: Policy) -> Assessed:
        """Assess `facts` under `policy` on the facts' own day."""
        findings = assess(facts, policy=policy)
        return cls(facts, policy, findings, verdicts(findings, policy=policy))

    def allocate(self, parameters: Parameters) -> Allocation:
        """Allocate under `parameters`.

        Raises:
            Infeasible: As `allocation.allocate`.
        """
        return allocate(self.facts, self.verdicts, policy=self.policy, parameters=parameters)


@dataclass(frozen=True)
class Change:
    """One step from one parameter set to another."""

    label: str
    parameters: Parameters
    before: Any = None
    after: Any = None


def changes(policy: Policy, units: pl.DataFrame, old: Parameters, new: Parameters) -> Iterator[Change]:
    """Yield the steps that lead from `old` to `new`, in the printed order, each with the parameters after it."""
    current = old
    labels = {category.id: category.label for category in policy.categories}
    for category, label in labels.items():
        current, step = _step(current, "rates", category, new.rates)
        if step is not None:
            yield Change(f"{label}标准{_said(step, yuan, '元')}", current, *step)
    for unit in units.sort("order", "unit_id", nulls_last=True).iter_rows(named=True):
        for category, label in labels.items():
            cell = f"{unit['unit_id']}|{category}"
            current, step = _step(current, "places", cell, new.places)
            if step is not None:
                yield Change(f"{unit['name']}{label}名额{_said(step, str, '名')}", current, *step)
    for fund in sorted({*old.funds, *new.funds}):
        current, step = _step(current, "funds", fund, new.funds)
        if step is not None:
            yield Change(f"{Fund(fund).label}{_said(step, yuan, '元')}", current, *step)
    if current.decided != new.decided:
        current = replace(current, decided=new.decided)
        yield Change("拟定金额", current)
    if current.across_units != new.across_units:
        current = replace(current, across_units=new.across_units)
        yield Change("跨单位统一排序" if new.across_units else "不再跨单位排序", current)
    if current.extras != new.extras:
        yield Change("超出名额的理由", new)


def _step(
    current: Parameters, name: str, key: str, wanted: Mapping[str, int]
) -> tuple[Parameters, tuple[int | None, int | None] | None]:
    before, after = getattr(current, name).get(key), wanted.get(key)
    if before == after:
        return current, None
    values = {k: v for k, v in {**getattr(current, name), key: after}.items() if v is not None}
    changed: dict[str, Any] = {name: values}
    return replace(current, **changed), (before, after)


def _said(step: tuple[int | None, int | None], text: Any, unit: str) -> str:
    before, after = (None if value is None else f"{text(value)}{unit}" for value in step)
    return f"由{before or '通知原定'}改为{after or '通知原定'}"


def difference(old: Assessed, new: Assessed, before: Parameters, after: Parameters) -> pl.DataFrame:
    """Name who enters, who leaves and whose amount changes, each with the one change that caused it.

    Args:
        old: The facts `before` was computed on.
        new: The facts `after` is computed on (the same object where only parameters differ).
        before: The old parameters.
        after: The new parameters.

    Returns:
        `DIFFERENCE`, in the print order of the new result, then of the old one for those who leave.

    Raises:
        Infeasible: One of the two sets contradicts the circular.
    """
    steps = [Change("情况变化", before)] if new is not old else []
    steps += list(changes(new.policy, new.facts.units, before, after))
    first = _listed(old.allocate(before))
    last, causes = first, {}
    final = new.allocate(after)
    for step in steps:
        try:
            then = _listed(new.allocate(step.parameters))
        except Infeasible:
            # A step on the way may contradict what the whole does not; the next one is then named.
            continue
        for case_id in {*last, *then}:
            if last.get(case_id) != then.get(case_id):
                causes[case_id] = step.label
        last = then
    then = _listed(final)
    why = dict(final.reserve.select("case_id", "reason").iter_rows())
    known = {row["case_id"]: row for part in (old, new) for row in part.facts.cases.iter_rows(named=True)}
    rows = [
        {
            **{name: known[case_id][name] for name in ("case_id", "person_id", "unit_id", "category")},
            "kind": "in" if case_id not in first else "out" if case_id not in then else "amount",
            "before_fen": first.get(case_id, (None, None))[0],
            "after_fen": then.get(case_id, (None, None))[0],
            "reason": None if case_id in then else why.get(case_id),
            "cause": causes.get(case_id, steps[-1].label if steps else ""),
        }
        for case_id in dict.fromkeys((*then, *first))
        if first.get(case_id) != then.get(case_id)
    ]
    return conform(rows, DIFFERENCE)


def _listed(result: Allocation) -> dict[str, tuple[int | None, bool]]:
    rows = result.awards.select("case_id", "amount_fen", "funded").iter_rows()
    return {case_id: (amount, funded) for case_id, amount, funded in rows}


# -- when the money is short ---------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Remedy:
    """One of the three ways out of a shortfall; none of them is chosen for anybody."""

    name: str
    said: str
    parameters: Parameters | None
    affected: pl.DataFrame


def remedies(assessed: Assessed, parameters: Parameters) -> tuple[Remedy, ...]:
    """Return the three plans for a fund that does not reach, side by side: lower rates, fewer places, more money.

    Lower rates: every rate by the same share, down to whole yuan. Fewer places: taken from the category with the
    most money, spread over its units as evenly as its places are. More money: what is missing, into the first fund.

    Returns:
        Nothing where the plan fits or its balance is not known.
    """
    result = assessed.allocate(parameters)
    missing = -(result.balance_fen or 0)
    if missing <= 0:
        return ()
    offers = (
        ("降低标准", _lower_rates(assessed.policy, result, parameters)),
        ("减少名额", _fewer_places(assessed.policy, result, parameters, missing)),
        ("待追加资金", _more_money(assessed.policy, parameters, missing)),
    )
    return tuple(_remedy(name, offer, assessed, parameters) for name, offer in offers)


def _remedy(name: str, offer: tuple[str, Parameters | None], assessed: Assessed, parameters: Parameters) -> Remedy:
    said, changed = offer
    nobody = conform([], DIFFERENCE)
    if changed is None:
        return Remedy(name, said, None, nobody)
    try:
        return Remedy(name, said, changed, difference(assessed, assessed, parameters, changed))
    except Infeasible as problem:  # e.g. fewer places than the circular's range begins with
        return Remedy(name, f"行不通：{problem.sentence}", None, nobody)


def _lower_rates(policy: Policy, result: Allocation, parameters: Parameters) -> tuple[str, Parameters | None]:
    plan = result.plan.filter(pl.col("rate_fen").is_not_null())
    money, rates = plan["amount_fen"].sum(), dict(plan.select("category", "rate_fen").unique().iter_rows())
    fixed = result.totals["amount_fen"] - money
    room = (result.fund_fen or 0) - fixed
    if room <= 0 or not money:
        return "降低标准不足以补上缺口", None
    lowered = {category: rate * room // money // 100 * 100 for category, rate in rates.items()}
    if any(rate <= 0 for rate in lowered.values()):
        return "降低标准不足以补上缺口", None
    parts = [f"{c.label} {yuan(lowered[c.id])} 元" for c in policy.categories if c.id in lowered]
    return f"各类标准同比例降低：{'、'.join(parts)}", replace(parameters, rates={**parameters.rates, **lowered})


def _fewer_places(
    policy: Policy, result: Allocation, parameters: Parameters, missing: int
) -> tuple[str, Parameters | None]:
    plan = result.plan.filter((pl.col("rate_fen") > 0) & pl.col("places").is_not_null())
    if plan.is_empty():
        return "没有按标准计算的名额可减", None
    by_money = plan.group_by("category", maintain_order=True).agg(pl.col("amount_fen", "places").sum())
    category = by_money.sort("amount_fen", descending=True, maintain_order=True)["category"][0]
    cells = plan.filter(pl.col("category") == category)
    rate, total = cells["rate_fen"][0], cells["places"].sum()
    fewer = -(-missing // rate)
    if fewer > total:
        return "减少一类名额不足以补上缺口", None
    label = policy.category(category).label
    now = dict(cells.select(pl.concat_str("unit_id", "category", separator="|"), "places").iter_rows())
    shared = apportion(now, total=total - fewer, caps=now)
    if shared.ties:
        return f"{label}共减 {fewer} 名；减到哪些单位有并列，须研究确定", None
    moved = {cell: places for cell, places in shared.places.items() if places != now[cell]}
    return f"{label}共减 {fewer} 名，按各单位现有名额分摊", replace(parameters, places={**parameters.places, **moved})


def _more_money(policy: Policy, parameters: Parameters, missing: int) -> tuple[str, Parameters | None]:
    funds = [source for source in sources(policy, parameters) if source.fen is not None]
    first = funds[0]
    more = parameters.with_fund(first.fund, (first.fen or 0) + missing)
    return f"{Fund(first.fund).label}待追加 {yuan(missing)} 元", more


def fund_labels(policy: Policy) -> dict[str, str]:
    """Return the body's own funds: stored value → label, in the order of the circular."""
    return {shape.fund.value: shape.fund.label for _, shape in policy.of_shape(FundSource) if shape.level == "own"}


def unreasoned(result: Allocation) -> list[str]:
    """Return the cells over a soft cap that still lack a reason or a decider: adopting refuses them."""
    soft = result.exceptions.filter(pl.col("extra") > 0)
    lacking = soft.filter((pl.col("reason").fill_null("") == "") | (pl.col("decider").fill_null("") == ""))
    return lacking["cell"].to_list()
