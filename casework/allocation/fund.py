"""The money line: ring-fenced sources, strict order, never below zero.

Places are settled first and a place the money does not reach is not given to somebody cheaper further down. That is
what makes more money drop nobody: it only moves the line down.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import Any, Final

import polars as pl

from casework.allocation.parameters import Parameters
from casework.allocation.ranking import Tie
from casework.policy import Policy
from casework.shapes.amounts import FundSplit
from casework.shapes.procedure import FundSource
from casework.vocabulary import Fund, Reason

UNNAMED: Final = Fund.VISIT_FUND.value
"""What a scenario may set where the circular names no fund of the body's own: all the money there is."""


@dataclass(frozen=True)
class Source:
    """One of the body's own funds: fen to spend (null: not said) on the categories it is for."""

    fund: str
    clause_id: str
    fen: int | None
    purposes: tuple[str, ...]
    exactly: bool


def sources(policy: Policy, parameters: Parameters) -> tuple[Source, ...]:
    """Return the body's own funds in the order of the circular; units' matching funds settle elsewhere.

    Where the circular names none, the one an officer typed stands for all the money there is.
    """
    every = tuple(category.id for category in policy.categories)
    named = tuple(
        Source(
            fund=shape.fund.value,
            clause_id=clause.id,
            fen=parameters.funds.get(shape.fund.value, shape.fen),
            purposes=shape.purposes or every,
            exactly=shape.spend == "exactly",
        )
        for clause, shape in policy.of_shape(FundSource)
        if shape.level == "own"
    )
    if named or UNNAMED not in parameters.funds:
        return named
    return (Source(UNNAMED, "", parameters.funds[UNNAMED], every, exactly=False),)


def total_fen(funds: tuple[Source, ...]) -> int | None:
    """Return all money together; None where a fund says no amount, or there is none."""
    known = [source.fen for source in funds]
    return sum(fen for fen in known if fen is not None) if known and None not in known else None


@dataclass(frozen=True)
class Line:
    """What the money line decided: case → (funded, reason, fund), the ties at it, and what is short."""

    decided: pl.DataFrame  # case_id, fund, funded, fund_reason (Reason; null: funded)
    ties: tuple[Tie, ...]
    short_fen: int
    left: dict[str, int]  # limited fund → fen nobody drew


@dataclass(frozen=True)
class Unspent:
    """What is left of a fund that the circular wants spent exactly."""

    fund: str
    clause_id: str
    left_fen: int


def unspent(policy: Policy, parameters: Parameters, left: dict[str, int], open_categories: set[str]) -> list[Unspent]:
    """Return what is left of the funds that must be used up; a fund whose amounts are not all decided is left out."""
    return [
        Unspent(source.fund, source.clause_id, left[source.fund])
        for source in sources(policy, parameters)
        if source.exactly and left.get(source.fund) and not open_categories & set(source.purposes)
    ]


def left_by_plan(planned: pl.DataFrame, policy: Policy, parameters: Parameters) -> dict[str, int]:
    """Return limited fund → fen the plan (`frames.PLAN`) leaves, as long as nobody is nominated yet."""
    purse = _purse(policy, parameters)
    left = dict(purse.left)
    needs = planned.filter(pl.col("places") > 0).drop_nulls("rate_fen").group_by("category", "rate_fen")
    rows = needs.agg(pl.col("places").sum()).iter_rows()
    for category, fen, places in sorted(rows, key=lambda need: (purse.fewest_first(need[0]), need)):
        _draw_many(purse, left, category, fen, places)
    return left


def _purse(policy: Policy, parameters: Parameters) -> _Purse:
    funds = sources(policy, parameters)
    splits = {shape.category: shape for _, shape in policy.of_shape(FundSplit)}
    paying = {category.id: [s for s in funds if category.id in s.purposes] for category in policy.categories}
    return _Purse(funds, paying, splits)


def draw(chosen: pl.DataFrame, policy: Policy, parameters: Parameters, *, across_units: bool) -> Line:
    """Draw the money line through everyone who has a place.

    Args:
        chosen: case_id, category, amount_fen (null: not decided, takes nothing), key, rank, ruling.
        policy: The circular.
        parameters: The scenario.
        across_units: Whether people stand in one order across units. If not, nobody is cut: where a fund does not
            reach, all who hang on it are *not funded* and the shortfall is said.
    """
    purse = _purse(policy, parameters)
    names = {category: "+".join(s.fund for s in payers) for category, payers in purse.paying.items()}
    labelled = chosen.with_columns(
        fund=pl.col("category").replace_strict(names, default="", return_dtype=pl.String),
        funded=pl.lit(True),
        fund_reason=pl.lit(None, pl.String),
    )
    if across_units:
        return _in_order(labelled, purse)
    return _all_or_none(labelled, purse)


class _Purse:
    """What is left in every fund, and how an amount is drawn."""

    def __init__(
        self, funds: tuple[Source, ...], paying: dict[str, list[Source]], splits: dict[str, FundSplit]
    ) -> None:
        self.left: dict[str, int] = {s.fund: s.fen for s in funds if s.fen is not None}
        self.paying, self.splits = paying, splits
        self.closed: set[str] = set()

    def used(self, category: str) -> list[str]:
        """Return the limited funds a category draws on, in order; where a source without limit pays it, none."""
        funds = [source.fund for source in self.paying.get(category, [])]
        return funds if all(fund in self.left for fund in funds) else []

    def hangs_on(self, category: str) -> set[str]:
        """Return the limited funds without which a category cannot be paid."""
        if category in self.splits:
            return set(split_fen(0, self.splits[category])) & set(self.left)
        return set(self.used(category))

    def fewest_first(self, category: str) -> tuple[int, str]:
        """Order equal people by what they are paid from: whoever has fewer sources leaves more to the others."""
        return len(self.hangs_on(category)), category

    def shares(self, category: str, fen: int, left: dict[str, int]) -> dict[str, int] | None:
        """Return how `fen` is drawn from `left`, or None where it does not reach.

        A category without a limited fund draws nothing. Without a split the funds are emptied in order.
        """
        funds = self.used(category)
        if category in self.splits:
            wanted = split_fen(fen, self.splits[category])
            limited = {fund: part for fund, part in wanted.items() if fund in self.left}
            return limited if all(part <= left[fund] for fund, part in limited.items()) else None
        drawn: dict[str, int] = {}
        for fund in funds:
            part = min(fen, left[fund])
            drawn[fund] = part
            fen -= part
        return drawn if fen == 0 or not funds else None


def split_fen(fen: int, split: FundSplit) -> dict[str, int]:
    """Share an amount between funds exactly; the last share, or the named rest, takes what is left."""
    if split.fixed:
        parts, left = {}, fen
        for fund, fixed in split.fixed.items():
            parts[fund] = min(fixed, left)
            left -= parts[fund]
        assert split.rest is not None
        parts[split.rest] = parts.get(split.rest, 0) + left
        return parts
    *first, last = split.shares
    parts = {fund: int(Fraction(fen) * split.shares[fund]) for fund in first}
    return {**parts, last: fen - sum(parts.values())}


def _all_or_none(chosen: pl.DataFrame, purse: _Purse) -> Line:
    """Fund everyone of a group of funds, or say what is short: there is no order to cut by."""
    short, unfunded, rest = 0, set(), dict(purse.left)
    for categories in _linked(chosen, purse):
        left, missing = dict(purse.left), 0
        needs = (
            chosen.filter(pl.col("category").is_in(categories) & pl.col("amount_fen").is_not_null())
            .group_by("category", "amount_fen")
            .len()
        )
        for category, fen, people in sorted(needs.iter_rows(), key=lambda need: (purse.fewest_first(need[0]), need)):
            missing += _draw_many(purse, left, category, fen, people)
        if missing:
            short += missing
            unfunded.update(categories)
        else:  # what nobody of a group got stays in its funds
            drawn = set().union(*(purse.hangs_on(category) for category in categories))
            rest |= {fund: left[fund] for fund in drawn}
    lost = pl.col("category").is_in(sorted(unfunded)) & pl.col("amount_fen").is_not_null()
    return Line(
        chosen.with_columns(funded=~lost, fund_reason=pl.when(lost).then(pl.lit(Reason.FUND_SHORT.value))).select(
            "case_id", "fund", "funded", "fund_reason"
        ),
        (),
        short,
        rest,
    )


def _draw_many(purse: _Purse, left: dict[str, int], category: str, fen: int, people: int) -> int:
    """Draw `people` equal amounts from `left`; return the fen that are missing."""
    if category in purse.splits:
        missing = 0
        for fund, part in split_fen(fen, purse.splits[category]).items():
            if fund in left:
                missing += max(0, part * people - left[fund])
                left[fund] = max(0, left[fund] - part * people)
        return missing
    drawn = purse.shares(category, fen * people, left)
    if drawn is None:
        missing = fen * people - sum(left[fund] for fund in purse.used(category))
        drawn = {fund: left[fund] for fund in purse.used(category)}
    else:
        missing = 0
    for fund, part in drawn.items():
        left[fund] -= part
    return missing


def _linked(chosen: pl.DataFrame, purse: _Purse) -> Iterator[list[str]]:
    """Yield the categories that hang on the same funds together; those without a limited fund are left out."""
    open_groups: list[tuple[set[str], set[str]]] = []
    for category in chosen["category"].unique().sort():
        funds, members = purse.hangs_on(category), {category}
        for group in [g for g in open_groups if g[0] & funds]:
            funds |= group[0]
            members |= group[1]
            open_groups.remove(group)
        if funds:
            open_groups.append((funds, members))
    yield from (sorted(members) for _, members in open_groups)


def _in_order(chosen: pl.DataFrame, purse: _Purse) -> Line:
    """Walk down one order; the first who does not fit closes every fund he hangs on."""
    order = chosen.sort("key", "rank", "ruling", "case_id", descending=[True, False, False, False], nulls_last=True)
    reasons: dict[str, str] = {}
    ties: list[Tie] = []
    rows = order.select("case_id", "category", "amount_fen", "key", "rank", "ruling").iter_rows(named=True)
    for _, level in groupby(rows, key=lambda row: row["key"]):
        for contenders in _rivals(list(level), purse):
            for step in _steps(contenders):
                for equals in _rivals(step, purse):
                    ties += _settle(equals, purse, reasons)
    lost = pl.col("case_id").replace_strict(reasons, default=None, return_dtype=pl.String)
    decided = chosen.with_columns(fund_reason=lost, funded=lost.is_null()).select(
        "case_id", "fund", "funded", "fund_reason"
    )
    return Line(decided, tuple(ties), 0, purse.left)


def _rivals(level: list[dict[str, Any]], purse: _Purse) -> list[list[dict[str, Any]]]:
    """Part equal people into those who contend for the same money: a short fund stops nobody who does not need it."""
    groups: list[tuple[set[str], list[dict[str, Any]]]] = []
    for row in level:
        funds = set() if row["amount_fen"] is None else purse.hangs_on(row["category"])
        members = [row]
        for group in [g for g in groups if g[0] & funds]:
            funds |= group[0]
            members = [*group[1], *members]
            groups.remove(group)
        groups.append((funds, members))
    return [members for _, members in groups]


def _steps(contenders: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Part people of one priority by their rank; one missing rank leaves the order of them all open."""
    if any(row["rank"] is None for row in contenders):
        return [contenders]
    ranked = sorted(contenders, key=lambda row: row["rank"])
    return [list(step) for _, step in groupby(ranked, key=lambda row: row["rank"])]


def _settle(equals: list[dict[str, Any]], purse: _Purse, reasons: dict[str, str]) -> Iterator[Tie]:
    """Pay people with an equal claim to the same money, in the order of a ruling, or all of them, or none."""
    ruled = [row["ruling"] for row in equals]
    if len(equals) == 1 or (None not in ruled and len(set(ruled)) == len(ruled)):
        equals = sorted(equals, key=lambda row: row["ruling"] or 0)
    else:
        equals = sorted(equals, key=lambda row: purse.fewest_first(row["category"]))
        if not _fits(equals, purse):
            yield from _stop(equals, purse, reasons)
            return
    for row in equals:
        if not _pay(row, purse):
            reasons[row["case_id"]] = Reason.FUND_EXHAUSTED.value


def _pay(row: dict[str, Any], purse: _Purse) -> bool:
    if row["amount_fen"] is None:
        return True
    funds = purse.hangs_on(row["category"])
    drawn = None if funds & purse.closed else purse.shares(row["category"], row["amount_fen"], purse.left)
    if drawn is None:
        purse.closed |= funds
        return False
    for fund, part in drawn.items():
        purse.left[fund] -= part
    return True


def _fits(level: list[dict[str, Any]], purse: _Purse) -> bool:
    left = dict(purse.left)
    for row in level:
        if row["amount_fen"] is None:
            continue
        drawn = purse.shares(row["category"], row["amount_fen"], left)
        if drawn is None or purse.hangs_on(row["category"]) & purse.closed:
            return False
        for fund, part in drawn.items():
            left[fund] -= part
    return True


def _stop(level: list[dict[str, Any]], purse: _Purse, reasons: dict[str, str]) -> Iterator[Tie]:
    """Equal people at the money line, not all of whom it reaches: they wait for a decision."""
    needed = set().union(*(purse.hangs_on(row["category"]) for row in level))
    reached = [row for row in level if _fits([row], purse)]
    for row in level:
        reasons[row["case_id"]] = (Reason.TIE if row in reached else Reason.FUND_EXHAUSTED).value
    if reached:
        # All of them are named: a decision has to place those the money does not reach even alone, too.
        cell = "fund:" + "+".join(sorted(needed))
        yield Tie(cell, _most(reached, purse), tuple(sorted(row["case_id"] for row in level)))
    purse.closed |= needed


def _most(rows: list[dict[str, Any]], purse: _Purse) -> int:
    """Return how many of them the money reaches at most (cheapest first: a count, not a choice)."""
    left, seats = dict(purse.left), 0
    for row in sorted(rows, key=lambda row: row["amount_fen"]):
        drawn = purse.shares(row["category"], row["amount_fen"], left)
        if drawn is None:
            break
        for fund, part in drawn.items():
            left[fund] -= part
        seats += 1
    return seats
