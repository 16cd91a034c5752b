"""Allocation from scratch and after a move, at 1e3 … 1e6 cases, against the same query written bare in polars.

    .venv/bin/python -m benchmarks.allocation

*scratch* is assess + verdicts + allocate; *move* is allocate alone, as when a slider moves over one data version; *bare*
is a sort, a rank inside unit × category and a group-by over the same cases, without reasons, ties, reserve or steps.
Every row first checks that ours and the bare query choose the same number of people and the same money.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import polars as pl

from casework.allocation import Parameters
from casework.comparison import Assessed
from casework.facts import Facts
from casework.policy import Policy, load_policy
from casework.samples import jianshi
from casework.shapes.amounts import AmountFixed
from casework.shapes.limits import QuotaGrid

SIZES = (1_000, 10_000, 100_000, 1_000_000)
MOVED = Parameters(rates={"hardship": 40_000})


def enlarged(cases: int) -> Facts:
    """The demo roster of 建始, copied until it has `cases` nominees; every copy keeps its own ids."""
    sample = jianshi()
    base = Facts.build(as_of=sample.as_of, round_id=sample.round_id, units=sample.units, **sample.tables)
    copies = -(-cases // base.cases.height)
    ids = ("case_id", "person_id", "household_id")
    tables = {
        name: pl.concat(
            frame.with_columns(pl.col(c) + f"-{number}" for c in ids if c in frame.columns) for number in range(copies)
        )
        for name, frame in base.tables().items()
        if name != "units"
    }
    rank = pl.int_range(1, pl.len() + 1).over("unit_id", "category")
    return base.replace(**{**tables, "cases": tables["cases"].with_columns(unit_rank=rank)})


def bare(facts: Facts, eligible: pl.DataFrame, policy: Policy, parameters: Parameters) -> pl.DataFrame:
    """Unit × category, people and fen, by one polars query."""
    grid = next(shape.places for _, shape in policy.of_shape(QuotaGrid))
    names = dict(facts.units.select("name", "unit_id").iter_rows())
    seats = pl.DataFrame(
        [(names[unit], category, places) for unit, row in grid.items() for category, places in row.items()],
        schema=["unit_id", "category", "places"],
        orient="row",
    )
    rates = {shape.category: shape.fen for _, shape in policy.of_shape(AmountFixed)} | dict(parameters.rates)
    return (
        facts.cases.lazy()
        .join(eligible.lazy(), on="case_id", how="semi")
        .join(seats.lazy(), on=["unit_id", "category"])
        .sort("unit_rank")
        .filter(pl.int_range(pl.len()).over("unit_id", "category") < pl.col("places"))
        .with_columns(fen=pl.col("category").replace_strict(rates, return_dtype=pl.Int64))
        .group_by("unit_id", "category")
        .agg(pl.len().alias("people"), pl.col("fen").sum())
        .collect()
    )


def seconds(run: Callable[[], object], most: int) -> float:
    """Seconds of the fastest of a few runs."""
    times = []
    for _ in range(most):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return min(times)


def main() -> pl.DataFrame:
    """Measure every size and return the table."""
    policy = load_policy("jianshi-2020")
    rows = []
    for size in SIZES:
        facts = enlarged(size)
        runs = 5 if size < 100_000 else 2
        assessed = Assessed.of(facts, policy)
        eligible = assessed.verdicts.filter(pl.col("verdict") == "eligible").select("case_id")
        ours, query = assessed.allocate(MOVED), bare(facts, eligible, policy, MOVED)
        assert ours.totals["people"] == query["people"].sum(), "not the same people"
        assert ours.awards["amount_fen"].sum() == query["fen"].sum(), "not the same money"
        scratch = seconds(lambda f=facts: Assessed.of(f, policy).allocate(MOVED), 1 if size > 100_000 else 2)
        move = seconds(lambda a=assessed: a.allocate(MOVED), runs)
        plain = seconds(lambda f=facts, e=eligible: bare(f, e, policy, MOVED), runs)
        rows.append(
            {
                "cases": facts.cases.height,
                "scratch ms": round(scratch * 1000, 1),
                "move ms": round(move * 1000, 1),
                "bare query ms": round(plain * 1000, 1),
                "scratch : move": round(scratch / move, 2),
                "move : bare": round(move / plain, 2),
            }
        )
    return pl.DataFrame(rows)


if __name__ == "__main__":
    print(main())
