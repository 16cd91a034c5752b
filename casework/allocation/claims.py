"""Who has a claim to a place: the verdict, the amount, the keys that order people, and one claim per person."""

from __future__ import annotations

import polars as pl

from casework.allocation.amounts import Amount, is_hard, outside
from casework.allocation.quota import Quota
from casework.allocation.ranking import Tie, priority_key
from casework.facts import Facts
from casework.frames import EXCEPTIONS, conform
from casework.money import yuan
from casework.policy import Policy
from casework.problems import Infeasible
from casework.shapes.amounts import HighestOnly
from casework.subjects import Subjects
from casework.vocabulary import Reason, Verdict

SETTLING = ("tie", "lot", "order")
"""Kinds of ruling that put people in order; an exception does not."""


def claims(
    subject: Subjects, verdicts: pl.DataFrame, amounts: dict[str, Amount], quota: Quota, *, across: bool
) -> tuple[pl.DataFrame, pl.DataFrame, list[Tie]]:
    """Return every case with what decides about it, the exceptions that let some of them in, and the open ties.

    Args:
        subject: The cases, one row each.
        verdicts: `frames.VERDICTS`.
        amounts: What each category gives.
        quota: The places.
        across: Whether the ranks of different units stand in one order.

    Returns:
        Cases: case_id, person_id, unit_id, category, cell, clauses, met, unanswered, amount_fen, key, best, rank,
        ruling, seats, open, why (Reason; null: has a claim). Exceptions: `frames.EXCEPTIONS`. Ties: equal people of
        one household where only one of them may be helped.

    Raises:
        Infeasible: A decided amount is one the circular forbids.
    """
    facts, policy = subject.facts, subject.policy
    key, best, _ = priority_key(policy)
    excused = facts.rulings.filter(pl.col("kind") == "exception").group_by("case_id").agg(excused=pl.col("clause_id"))
    places = quota.plan.select("unit_id", "category", "open", seats="places", offered=pl.lit(True))
    nothing = pl.lit([], dtype=pl.List(pl.String))
    cases = (
        subject.frame.with_columns(
            amount_fen=_amount(amounts),
            rank=pl.col("unit_rank"),
            cell=pl.concat_str("unit_id", "category", separator="|"),
        )
        .select("case_id", "person_id", "unit_id", "category", "cell", "household_id", "amount_fen", "rank")
        .join(verdicts.rename({"open": "unanswered"}), on="case_id", how="left", maintain_order="left")
        .join(excused, on="case_id", how="left", maintain_order="left")
        .join(places, on=["unit_id", "category"], how="left", maintain_order="left")
        .join(_rulings(facts), on=["case_id", "cell"], how="left", maintain_order="left")
        .with_columns(
            pl.col("verdict").fill_null(Verdict.WAITING.value),
            *(pl.col(name).fill_null(nothing) for name in ("clauses", "met", "unanswered", "excused")),
        )
        .with_columns(key=key, best=best)
    )
    _refuse_amounts(cases, amounts)
    excepted = (pl.col("verdict") == Verdict.NEEDS_EXCEPTION.value) & (
        pl.col("clauses").list.set_difference("excused").list.len() == 0
    )
    cases = cases.with_columns(excepted=excepted).with_columns(
        why=pl.when((pl.col("verdict") != Verdict.ELIGIBLE.value) & ~pl.col("excepted"))
        .then(pl.coalesce("reason", pl.lit(Reason.FACTS_MISSING.value)))
        .when(pl.col("offered").is_null())
        .then(pl.lit(Reason.NOT_OFFERED.value))
    )
    cases = cases.join(facts.units.select("unit_id", _unit="order"), on="unit_id", how="left", maintain_order="left")
    cases, ties = _once(cases, policy, amounts, facts, across=across)
    return cases, pl.concat([_exceptions(cases, facts), _unusual(cases, amounts)]), ties


def rulings_for(facts: Facts, cell: pl.Expr) -> pl.Expr:
    """Return the order recorded rulings give in the cells that match; null where they give none."""
    rows = facts.rulings.filter(pl.col("kind").is_in(SETTLING) & cell)
    table = dict(rows.select("case_id", "rank").drop_nulls().iter_rows())
    if not table:
        return pl.lit(None, pl.Int64)
    return pl.col("case_id").replace_strict(table, default=None, return_dtype=pl.Int64)


def _rulings(facts: Facts) -> pl.DataFrame:
    settling = facts.rulings.filter(pl.col("kind").is_in(SETTLING))
    return settling.group_by("case_id", "cell").agg(ruling=pl.col("rank").max())


def _amount(amounts: dict[str, Amount]) -> pl.Expr:
    fen: pl.Expr = pl.lit(None, pl.Int64)
    for category, amount in amounts.items():
        fen = pl.when(pl.col("category") == category).then(amount.fen).otherwise(fen)
    return fen


def _refuse_amounts(cases: pl.DataFrame, amounts: dict[str, Amount]) -> None:
    for category, amount in amounts.items():
        clause = amount.clause
        if clause is None or not is_hard(clause):
            continue
        wrong = cases.filter((pl.col("category") == category) & outside(clause, pl.col("amount_fen")))
        if not wrong.is_empty():
            fen = yuan(wrong["amount_fen"].sort()[0])
            raise Infeasible(
                "amount_outside", wrong.height, f"{clause.cite}不允许 {fen} 元（共 {wrong.height} 人），请改正决定金额"
            )


def _once(
    cases: pl.DataFrame, policy: Policy, amounts: dict[str, Amount], facts: Facts, *, across: bool
) -> tuple[pl.DataFrame, list[Tie]]:
    """Let a person hold one claim, and a household one where the amount is per household.

    Among the categories of a *highest only* clause the largest amount stays; else the category the circular names
    first, where such a group stands at the place of its first category. This is settled before any line is drawn and
    stays so when that one claim ends in the reserve: if a person fell back on another category, a place more there
    would push out somebody here, and no circular says to do that.
    """
    place = {category.id: number for number, category in enumerate(policy.categories)}
    groups = [shape.categories or tuple(place) for _, shape in policy.of_shape(HighestOnly)]
    block = {name: min(place[one] for group in groups if name in group for one in group) for name in sum(groups, ())}
    per_household = pl.col("category").is_in([name for name, amount in amounts.items() if amount.per_household])
    homeless = pl.col("why").is_null() & per_household & pl.col("household_id").is_null()
    cases = cases.with_columns(
        _number=pl.col("category").replace_strict(place, default=len(place), return_dtype=pl.Int64),
        _block=pl.col("category").replace_strict(place | block, default=len(place), return_dtype=pl.Int64),
        _fen=pl.when(pl.col("category").is_in(list(block))).then(pl.col("amount_fen").fill_null(-1)).otherwise(0),
        why=pl.when(homeless).then(pl.lit(Reason.FACTS_MISSING.value)).otherwise(pl.col("why")),
    )
    cases = _one_claim(cases)
    cases, ties = _one_of_a_household(cases, per_household, facts, across=across)
    return cases.drop("_number", "_block", "_fen", "_unit"), ties


def _one_claim(cases: pl.DataFrame) -> pl.DataFrame:
    """Keep each person's first claim; the id decides at most between two equal cases of one and the same person."""
    down = [False, True, False, True, False, False, False]
    later = (
        cases.filter(pl.col("why").is_null())
        .filter(pl.len().over("person_id") > 1)
        .sort("_block", "_fen", "_number", "key", "rank", "_unit", "case_id", descending=down, nulls_last=True)
        .with_columns(_place=pl.int_range(pl.len()).over("person_id"))
        .filter(pl.col("_place") > 0)
        .select("case_id", _later=pl.lit(Reason.ALREADY_LISTED.value))
    )
    return _noted(cases, later)


def _one_of_a_household(
    cases: pl.DataFrame, per_household: pl.Expr, facts: Facts, *, across: bool
) -> tuple[pl.DataFrame, list[Tie]]:
    """Keep whom the priorities, then their unit's order put first in each household; what they leave open is a tie."""
    home = ["household_id", "category"]
    one_order = home if across else [*home, "unit_id"]
    cell = pl.format("household:{}:{}", "household_id", "category")
    rivals = (
        cases.filter(pl.col("why").is_null() & per_household)
        .filter(pl.len().over(home) > 1)
        .select("case_id", "unit_id", *home, "_fen", "key", "rank", cell=cell)
        .join(_rulings(facts), on=["case_id", "cell"], how="left", maintain_order="left")
        .with_columns(_first=pl.col("_fen") == pl.col("_fen").max().over(home))
        .with_columns(_first=pl.col("_first") & (pl.col("key") == pl.col("key").filter("_first").max().over(home)))
    )
    beaten = (pl.col("rank") > pl.col("rank").filter("_first").min().over(one_order)).fill_null(False)
    rivals = rivals.with_columns(_could=pl.col("_first") & ~beaten).with_columns(
        _ruled=(pl.col("_could") & (pl.col("ruling") == pl.col("ruling").filter("_could").min().over(home))).fill_null(
            False
        )
    )
    wins = pl.col("_could") & (pl.col("_could").sum().over(home) == 1)
    wins = wins | (pl.col("_ruled") & (pl.col("_ruled").sum().over(home) == 1))
    rivals = rivals.with_columns(_wins=wins).with_columns(_open=pl.col("_could") & ~pl.col("_wins").any().over(home))
    lost = rivals.filter(~pl.col("_wins")).select(
        "case_id",
        _later=pl.when("_open").then(pl.lit(Reason.TIE.value)).otherwise(pl.lit(Reason.SAME_HOUSEHOLD.value)),
    )
    tied = rivals.filter("_open").group_by("cell", maintain_order=True).agg("case_id")
    ties = [Tie(name, 1, tuple(sorted(ids))) for name, ids in tied.iter_rows()]
    return _noted(cases, lost), sorted(ties, key=lambda tie: tie.cell)


def _noted(cases: pl.DataFrame, later: pl.DataFrame) -> pl.DataFrame:
    """Put the reason of `later` (case_id, _later) beside the cases it names."""
    joined = cases.join(later, on="case_id", how="left", maintain_order="left")
    return joined.with_columns(why=pl.coalesce("why", "_later")).drop("_later")


def _exceptions(cases: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    excepted = cases.filter(pl.col("excepted") & pl.col("why").is_null()).select("case_id", "cell", "clauses")
    ruled = facts.rulings.filter(pl.col("kind") == "exception").select("case_id", "basis", clauses="clause_id")
    noted = excepted.explode("clauses").join(ruled, on=["case_id", "clauses"], how="left", maintain_order="left")
    rows = noted.select(clause_id="clauses", cell="cell", reason="basis", road=pl.lit("exception"))
    return conform(rows, EXCEPTIONS)


def _unusual(cases: pl.DataFrame, amounts: dict[str, Amount]) -> pl.DataFrame:
    """Note the decided amounts that are not what a clause weaker than *must* says."""
    soft = [(category, a.clause) for category, a in amounts.items() if a.clause is not None and not is_hard(a.clause)]
    rows = [
        {"clause_id": clause.id, "cell": cell, "road": "amount"}
        for category, clause in soft
        for cell in cases.filter(
            (pl.col("category") == category) & pl.col("why").is_null() & outside(clause, pl.col("amount_fen"))
        )["cell"]
    ]
    return conform(rows, EXCEPTIONS)
