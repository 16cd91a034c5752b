"""From claims to a list: cell lines, shared caps, the money line, and the tables that come of them."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from casework.allocation.amounts import amount_clauses, amount_of
from casework.allocation.claims import claims as claims_of
from casework.allocation.claims import rulings_for
from casework.allocation.fund import Line, Unspent, draw, left_by_plan, sources, total_fen, unspent
from casework.allocation.parameters import Parameters
from casework.allocation.quota import Cap, Quota, plan
from casework.allocation.ranking import IN, TIED, UNKNOWN, Tie, cut, priority_key, ties_of
from casework.facts import Facts
from casework.frames import AWARDS, BY_UNIT, PLAN, RESERVE
from casework.policy import Policy
from casework.shapes.procedure import RouteToUnit
from casework.subjects import subjects
from casework.vocabulary import Reason


@dataclass(frozen=True, eq=False)
class Allocation:
    """A result with its trace.

    Attributes:
        plan: `frames.PLAN`, one row per cell the circular offers, in 机构顺序 and the order of categories.
        awards: `frames.AWARDS`, who has a place; `funded` is false where the money does not reach.
        by_unit: `frames.BY_UNIT`.
        totals: places, people, unused, amount_fen, awarded_fen, without_amount, waiting, to_verify, short_fen.
        reserve: `frames.RESERVE`, everyone else with the reason.
        steps: `frames.STEPS`, which clause or change moved each cell from what to what.
        ties: Open ties; adoption is refused while there is one.
        exceptions: `frames.EXCEPTIONS`.
        balance_fen: Own funds minus plan; null where a fund or an amount of the plan is not known.
        fund_fen: Own funds together; null where one says no amount.
        unspent: Funds the circular wants spent exactly, with what the awards (with no cases: the plan) leave of them.
    """

    plan: pl.DataFrame
    awards: pl.DataFrame
    by_unit: pl.DataFrame
    totals: dict[str, int]
    reserve: pl.DataFrame
    steps: pl.DataFrame
    ties: tuple[Tie, ...]
    exceptions: pl.DataFrame
    balance_fen: int | None
    fund_fen: int | None
    unspent: tuple[Unspent, ...]

    @property
    def settled(self) -> bool:
        """Tell whether nothing stands against it: no open tie, no negative balance, nobody unfunded."""
        over = self.balance_fen is not None and self.balance_fen < 0
        return not self.ties and not over and not self.totals["short_fen"]


def allocate(facts: Facts, verdicts: pl.DataFrame, *, policy: Policy, parameters: Parameters) -> Allocation:
    """Give places and money to the cases that have a claim.

    Args:
        facts: What is known; money in fen, one row of `cases` per claim.
        verdicts: `frames.VERDICTS` of the same facts; a case without a verdict waits.
        policy: The circular.
        parameters: The scenario; `Parameters()` is the circular as it stands.

    Returns:
        Every case is in `awards` or in `reserve`, once; places are people, amounts fen.

    Raises:
        Infeasible: The parameters contradict the circular (see `quota.plan`), or a decided amount is one it forbids.

    Source:
        DESIGN sections 6 (ties, plan and awards, caps, strict order, monotone) and 8.
    """
    subject = subjects(facts, policy, facts.as_of)
    clauses = amount_clauses(policy)
    amounts = {
        category.id: amount_of(category.id, clauses.get(category.id), subject, parameters)
        for category in policy.categories
    }
    quota = plan(policy, facts.units, facts.cases, parameters)
    _, _, pack_orders = priority_key(policy)
    across = pack_orders if parameters.across_units is None else parameters.across_units
    cases, excepted, home_ties = claims_of(subject, verdicts, amounts, quota, across=across)

    standing = cut(cases.filter(pl.col("why").is_null()), by=["cell"], seats="seats")
    ties = ties_of(standing, pl.col("cell"))
    standing = _with_order(_mark_doubt(standing))
    standing, cap_ties = _shared_caps(standing, quota, facts, across=across)
    chosen = standing.filter(pl.col("line") == IN).with_columns(
        ruling=rulings_for(facts, pl.col("cell").str.starts_with("fund")),
        rank=pl.col("rank") if across else pl.lit(None, pl.Int64),
    )
    line = draw(chosen, policy, parameters, across_units=across)

    rates = {category: amount.rate_fen for category, amount in amounts.items()}
    awards, cut_off = _awards(chosen, line, policy, facts)
    reserve = _reserve(cases, standing, cut_off, policy, facts)
    planned = _planned(quota, rates, awards)
    totals = _totals(planned, awards, reserve, line)
    fund_fen = total_fen(sources(policy, parameters))
    spare = None if fund_fen is None else fund_fen - totals["amount_fen"]
    # Places nobody can count leave the balance unknown; but what is too much already stays too much.
    counted = planned.filter(pl.col("places").is_null() & ~pl.col("open")).is_empty()
    return Allocation(
        plan=planned,
        awards=awards,
        by_unit=_by_unit(planned, awards, facts),
        totals=totals,
        reserve=reserve,
        steps=quota.steps,
        ties=(*home_ties, *ties, *cap_ties, *line.ties),
        exceptions=pl.concat([quota.exceptions, excepted]),
        balance_fen=spare if spare is not None and (counted or spare < 0) else None,
        fund_fen=fund_fen,
        unspent=tuple(_unspent(planned, awards, line, policy, parameters, nobody=facts.cases.is_empty())),
    )


def _unspent(  # noqa: PLR0913 - what the tables above were made of
    planned: pl.DataFrame, awards: pl.DataFrame, line: Line, policy: Policy, parameters: Parameters, *, nobody: bool
) -> list[Unspent]:
    if nobody:
        undecided = planned.filter(pl.col("rate_fen").is_null() & (pl.col("places").fill_null(1) > 0))
        return unspent(policy, parameters, left_by_plan(planned, policy, parameters), set(undecided["category"]))
    return unspent(policy, parameters, line.left, set(awards.filter(pl.col("amount_fen").is_null())["category"]))


def _mark_doubt(standing: pl.DataFrame) -> pl.DataFrame:
    """Name the unanswered priorities that could carry somebody over the line (待核实)."""
    lowest_in = pl.when(pl.col("line") == IN).then(pl.col("key")).min().over("cell")
    could = (pl.col("line") != IN) & (pl.col("best") > pl.col("key")) & (pl.col("best") >= lowest_in)
    nothing = pl.lit([], dtype=pl.List(pl.String))
    return standing.with_columns(
        to_verify=pl.when(could.fill_null(False)).then(pl.col("unanswered")).otherwise(nothing)
    )


def _with_order(standing: pl.DataFrame) -> pl.DataFrame:
    """Number people inside their cell, and say what placed them; equal people keep a stable, meaningless order."""
    contested = (pl.col("line") != IN).any().over("cell")
    down = [False, True, False, False, False]
    ordered = standing.sort("cell", "key", "rank", "ruling", "case_id", descending=down, nulls_last=True)
    split_level = (pl.col("line").n_unique() > 1).over("cell", "key")
    return ordered.with_columns(
        order=pl.int_range(1, pl.len() + 1).over("cell"),
        ranked_by=pl.when(pl.col("by_ruling"))
        .then(pl.lit("ruling"))
        .when(~contested)
        .then(pl.lit(""))
        .when(split_level)
        .then(pl.lit("unit_rank"))
        .otherwise(pl.lit("priority")),
    )


def _shared_caps(standing: pl.DataFrame, quota: Quota, facts: Facts, *, across: bool) -> tuple[pl.DataFrame, list[Tie]]:
    """Draw the line of every cap over several cells, narrow ones first, among those still inside.

    Ranks of different cells are not comparable unless people stand in one order across units: inside a cell its own
    order holds, and what the cells contend for is a tie.
    """
    standing = standing.with_columns(over=pl.lit(None, pl.String))
    ties: list[Tie] = []
    kinds = facts.units.select("unit_id", unit_kind="kind")
    standing = standing.join(kinds, on="unit_id", how="left", maintain_order="left")
    for cap in sorted(quota.caps, key=_narrow_first):
        inside = (pl.col("line") == IN) & _covers(cap)
        covered = standing.filter(inside).with_columns(
            _cap=pl.lit(cap.id),
            seats=pl.lit(cap.places, pl.Int64),
            open=pl.lit(False),
            ruling=rulings_for(facts, pl.col("cell") == cap.id),
        )
        drawn = cut(covered, by=["_cap"], seats="seats", within=None if across else ["cell"])
        ties += ties_of(drawn, pl.col("_cap"))
        moved = drawn.filter(pl.col("line") != IN).select("case_id", _line="line")
        standing = (
            standing.join(moved, on="case_id", how="left", maintain_order="left")
            .with_columns(
                line=pl.coalesce("_line", "line"),
                over=pl.when(pl.col("_line").is_not_null()).then(pl.lit(cap.id)).otherwise(pl.col("over")),
            )
            .drop("_line")
        )
    return standing, ties


def _narrow_first(cap: Cap) -> tuple[bool, bool, bool, str]:
    return cap.unit_id is None, not cap.unit_kinds, cap.category is None, cap.id + (cap.unit_id or "")


def _covers(cap: Cap) -> pl.Expr:
    test = pl.lit(True)
    if cap.unit_id is not None:
        test = test & (pl.col("unit_id") == cap.unit_id)
    if cap.category is not None:
        test = test & (pl.col("category") == cap.category)
    if cap.unit_kinds:
        test = test & pl.col("unit_kind").is_in([kind.value for kind in cap.unit_kinds])
    return test.fill_null(False)


# -- tables --------------------------------------------------------------------------------------------------------


def _in_print_order(frame: pl.DataFrame, policy: Policy, facts: Facts) -> pl.DataFrame:
    """Sort by 机构顺序, the circular's categories, then the unit's order: never by name, nor as the rows came.

    Who has no place in a cell's order (refused, waiting) follows by the unit's own rank; the id only keeps equal
    rows from moving.
    """
    place = {category.id: number for number, category in enumerate(policy.categories)}
    units = facts.units.select("unit_id", _unit="order")
    return (
        frame.join(units, on="unit_id", how="left", maintain_order="left")
        .with_columns(_category=pl.col("category").replace_strict(place, default=len(place), return_dtype=pl.Int64))
        .sort("_unit", "unit_id", "_category", "order", "rank", "case_id", nulls_last=True)
    )


def _awards(chosen: pl.DataFrame, line: Line, policy: Policy, facts: Facts) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return those with a place (funded or short), and those the money line cut off."""
    joined = chosen.join(line.decided, on="case_id", how="left", maintain_order="left")
    gone = pl.col("fund_reason").is_in([Reason.FUND_EXHAUSTED.value, Reason.TIE.value]).fill_null(False)
    kept = joined.filter(~gone).with_columns(reason=pl.coalesce("fund_reason", pl.lit(Reason.WITHIN_PLACES.value)))
    return _in_print_order(kept, policy, facts).select(*AWARDS), joined.filter(gone)


def _reserve(
    cases: pl.DataFrame, standing: pl.DataFrame, cut_off: pl.DataFrame, policy: Policy, facts: Facts
) -> pl.DataFrame:
    """Return everyone without a place, each with the one reason that stands against it."""
    route = "unit" if any(True for _ in policy.of_shape(RouteToUnit)) else ""
    reason_of = {TIED: Reason.TIE.value, UNKNOWN: Reason.FACTS_MISSING.value}
    outside = standing.filter(pl.col("line") != IN).with_columns(
        reason=pl.when(pl.col("line").is_in(list(reason_of)))
        .then(pl.col("line").replace_strict(reason_of, default=None, return_dtype=pl.String))
        .when(pl.col("over").is_not_null())
        .then(pl.lit(Reason.OVER_CAP.value))
        .otherwise(pl.lit(Reason.OVER_PLACES.value)),
        clauses=pl.when(pl.col("over").is_not_null()).then(pl.concat_list("over")).otherwise(pl.col("clauses")),
    )
    unfunded = cut_off.with_columns(reason=pl.col("fund_reason"))
    refused = cases.filter(pl.col("why").is_not_null()).with_columns(
        reason=pl.col("why"),
        order=pl.lit(None, pl.Int64),
        to_verify=pl.lit([], dtype=pl.List(pl.String)),
    )
    columns = ["case_id", "person_id", "unit_id", "category", "order", "rank", "reason", "clauses", "to_verify"]
    every = pl.concat([part.select(columns) for part in (outside, unfunded, refused)])
    # Only who could have been helped here is handed to the unit; who is excluded is not.
    handed = pl.col("reason").is_in([Reason.OVER_PLACES.value, Reason.OVER_CAP.value, Reason.FUND_EXHAUSTED.value])
    routed = every.with_columns(route=pl.when(handed).then(pl.lit(route)).otherwise(pl.lit("")))
    return _in_print_order(routed, policy, facts).select(*RESERVE)


def _planned(quota: Quota, rates: dict[str, int | None], awards: pl.DataFrame) -> pl.DataFrame:
    """Put money beside places: places × rate, or what is decided person by person; null where neither is known."""
    rate = pl.col("category").replace_strict(rates, default=None, return_dtype=pl.Int64)
    known = pl.col("amount_fen").count() > 0
    decided = awards.group_by("unit_id", "category").agg(_fen=pl.when(known).then(pl.col("amount_fen").sum()))
    return (
        quota.plan.join(decided, on=["unit_id", "category"], how="left", maintain_order="left")
        .with_columns(rate_fen=rate)
        .with_columns(
            amount_fen=pl.when(pl.col("rate_fen").is_not_null() & ~pl.col("open"))
            .then(pl.col("places") * pl.col("rate_fen"))
            .when((pl.col("places") == 0) | (pl.col("open") & pl.col("rate_fen").is_not_null()))
            .then(pl.col("_fen").fill_null(0))
            .otherwise(pl.col("_fen"))
        )
        .select(*PLAN)
    )


def _by_unit(planned: pl.DataFrame, awards: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    names = facts.units.select("unit_id", unit="name")
    counted = awards.group_by("unit_id", "category").agg(
        people=pl.len().cast(pl.Int64),
        awarded_fen=pl.col("amount_fen").filter(pl.col("funded")).sum(),
    )
    return (
        planned.join(names, on="unit_id", how="left", maintain_order="left")
        .join(counted, on=["unit_id", "category"], how="left", maintain_order="left")
        .with_columns(pl.col("people", "awarded_fen").fill_null(0))
        .select(*BY_UNIT)
    )


def _totals(planned: pl.DataFrame, awards: pl.DataFrame, reserve: pl.DataFrame, line: Line) -> dict[str, int]:
    cells = planned.join(
        awards.group_by("unit_id", "category").len("people"), on=["unit_id", "category"], how="left"
    ).with_columns(pl.col("people").fill_null(0).cast(pl.Int64))
    unused = cells.select((pl.col("places") - pl.col("people")).clip(0).sum()).item()
    waiting = [Reason.JUDGEMENT_MISSING.value, Reason.FACTS_MISSING.value, Reason.NO_CATEGORY.value]
    return {
        "places": int(planned["places"].sum()),
        "people": awards.height,
        "unused": int(unused),
        "amount_fen": int(planned["amount_fen"].sum()),
        "awarded_fen": int(awards.filter("funded")["amount_fen"].sum()),
        "without_amount": awards["amount_fen"].null_count(),
        "waiting": reserve.filter(pl.col("reason").is_in(waiting)).height,
        "to_verify": reserve.filter(pl.col("to_verify").list.len() > 0).height,
        "short_fen": line.short_fen,
    }
