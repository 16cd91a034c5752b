"""The worklist of a round, counted and paged, at 10,000 and 1,000,000 cases.

    .venv/bin/python -m benchmarks worklist        (CASEWORK_BENCH_CASES=10000,200000 for other sizes)

The ledger is built in a temporary folder, outside what is timed: units of 250 cases, one step recorded for everybody.
What is measured runs in a process of its own, so that its memory is its own:

*counts* is `work_groups`: how many cases stand where, for every filter. Its peer is the barest SQL that counts the
same cases by unit and by what their steps said.
*page* is a page of 50 out of the middle of the list with the counts of every filter, nothing kept from before. Its peer
is one SELECT of the same 50 rows, with nothing worked out.
*every row* is the whole worklist with the outcome of every case, some units after the others, as the closing of a round
reads it.

Checked: every case is counted once; the page is the one a plain loop over the cases of the units finds, the counts too;
every row comes once, in order. Times are medians; "CPU ms" is the figure to look at on a busy machine.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Engine

from benchmarks.allocation import enlarged
from casework.access import LOCAL_OFFICER
from casework.db import open_ledger, reading
from casework.ledger import add_facts, import_units, open_round
from casework.review.records import steps_version
from casework.review.steps import record_step
from casework.review.worklist_paged import every_row, work_groups
from casework.samples import jianshi
from casework.vocabulary import Stage

SIZES = tuple(int(part) for part in os.environ.get("CASEWORK_BENCH_CASES", "10000,1000000").split(","))
ROUND = "jianshi-2020"
NOW = datetime(2020, 1, 20, 9, tzinfo=UTC)
TOLD: dict[str, Any] = {"actor": LOCAL_OFFICER, "now": NOW}
PER_UNIT, LIMIT = 250, 50
GOALS = {"counts": 4.0, "page growth": 3.0, "peak MiB": 1024.0}
"""Counts against the bare count; a page of the largest ledger against that of the smallest; memory of the process."""

BARE_COUNT = """
SELECT c.unit_id, s.seq, s.result, s.reason, count(*) FROM hardship_case AS c LEFT JOIN step_case AS s USING (case_id)
WHERE c.round_id = ? GROUP BY 1, 2, 3, 4
"""
BARE_PAGE = """
SELECT c.case_id, p.name, c.unit_id FROM hardship_case AS c JOIN person AS p USING (person_id)
WHERE c.round_id = ? AND c.unit_id = ? ORDER BY c.unit_rank, c.case_id LIMIT 50
"""


def build(path: Path, cases: int) -> None:
    """Make a ledger of so many cases, a little more or less: whole copies of a roster."""
    engine, sample = open_ledger(path), jianshi()
    facts = enlarged(cases)
    lot = pl.int_range(pl.len()).over("unit_id") // PER_UNIT
    listed = facts.cases.with_columns(
        unit_id=pl.when(lot > 0).then(pl.format("{}~{}", "unit_id", lot)).otherwise("unit_id")
    )
    known = {unit["unit_id"]: unit for unit in sample.units}
    units = [
        {**known[unit_id.split("~")[0]], "unit_id": unit_id, "name": f"示例单位{at:05}", "order": at}
        for at, unit_id in enumerate(listed["unit_id"].unique(maintain_order=True), start=1)
    ]
    import_units(engine, units, key="u", **TOLD)
    open_round(engine, round_id=ROUND, policy="jianshi-2020", opened_on=sample.as_of, key="r", **TOLD)
    tables = {name: frame for name, frame in facts.tables().items() if name not in ("units", "rulings")}
    add_facts(engine, round_id=ROUND, key="f", **{**tables, "cases": listed}, **TOLD)
    with reading(engine) as session:
        seen = steps_version(session, ROUND)
    say = {"stage": Stage.RECOMMENDATION, "body": "党员群众", "on": date(2020, 1, 9), "basis": "示例"}
    record_step(engine, round_id=ROUND, expected_version=seen, key="step", **say, **TOLD)
    engine.dispose()


def timed(function: Callable[[], Any], times: int) -> tuple[Any, float, float]:
    """Return the result, and the median milliseconds on the clock and of the processor."""
    taken, spent, result = [], [], None
    for _ in range(times):
        started, busy = time.perf_counter(), time.process_time()
        result = function()
        taken.append((time.perf_counter() - started) * 1000)
        spent.append((time.process_time() - busy) * 1000)
    return result, statistics.median(taken), statistics.median(spent)


def measured(path: Path) -> dict[str, float]:
    """Measure one ledger; in a process of its own."""
    engine = open_ledger(path)
    with engine.connect() as connection:
        listed = connection.exec_driver_sql("SELECT case_id, unit_id, unit_rank FROM hardship_case").all()

    def counts() -> Any:
        with reading(engine) as session:
            return work_groups(session, round_id=ROUND, **TOLD)

    def page() -> Any:
        with reading(engine) as session:
            groups = work_groups(session, round_id=ROUND, **TOLD)
            started = time.process_time()
            cut = groups.page(session, offset=len(listed) // 2, limit=LIMIT)
            return groups, cut, (time.process_time() - started) * 1000

    def bare(query: str, *values: str) -> Any:
        with engine.connect() as connection:
            return connection.exec_driver_sql(query, (ROUND, *values)).all()

    def whole() -> tuple[int, list[str]]:
        with reading(engine) as session:
            seen = [(frame.height, frame["case_id"][0]) for frame in every_row(session, round_id=ROUND, **TOLD)]
        return sum(rows for rows, _ in seen), [case_id for _, case_id in seen]

    counts()  # the circular is parsed once
    _, counted, counted_cpu = timed(counts, 3)
    _, floor, floor_cpu = timed(lambda: bare(BARE_COUNT), 3)
    (groups, cut, _), _, _ = timed(page, 1)
    cuts = sorted(timed(page, 1)[0][2] for _ in range(3))
    unit = cut.rows["unit_id"][0]
    _, _, plain_cpu = timed(lambda: bare(BARE_PAGE, unit), 9)
    check(listed, groups, cut)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (rows, _), every, every_cpu = timed(whole, 1)
    assert rows == len(listed)
    engine.dispose()
    return {
        "cases": len(listed),
        "units": len(groups.units),
        "bare count ms": floor,
        "bare count CPU": floor_cpu,
        "counts ms": counted,
        "counts CPU": counted_cpu,
        "counts ratio": counted_cpu / floor_cpu,
        "bare page CPU": plain_cpu,
        "page CPU": cuts[1],
        "peak MiB": peak,
        "every row ms": every,
        "every row CPU": every_cpu,
        "peak MiB with every row": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def check(listed: list[Any], groups: Any, cut: Any) -> None:
    """Hold the counts and the page against a plain loop over the cases."""
    per_unit = Counter(unit for _, unit, _ in listed)
    assert cut.total == len(listed)
    assert dict(cut.counts["unit_id"]) == per_unit
    assert cut.counts["stage"] == {"recommendation": len(listed)}
    order = {unit: at for at, unit in enumerate(groups.units)}
    whole = sorted(listed, key=lambda row: (order[row[1]], row[2] is None, row[2] or 0, row[0]))
    middle = len(listed) // 2
    assert cut.rows["case_id"].to_list() == [row[0] for row in whole[middle : middle + LIMIT]]


def main() -> str:
    """Measure every size and return the lines."""
    os.environ.setdefault("CASEWORK_AUDIT_KEY", "ab" * 32)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for cases in SIZES:
            path = Path(folder) / f"{cases}.db"
            spawn = multiprocessing.get_context("spawn")
            for work in (build, measured):
                with spawn.Pool(1) as pool:
                    result = pool.apply(work, (path, cases) if work is build else (path,))
            found.append(result)
    return "\n".join(_lines(found))


def _lines(found: list[dict[str, float]]) -> list[str]:
    lines = []
    for one in found:
        lines.append(f"{one['cases']:>9,.0f} cases in {one['units']:,.0f} units")
        lines += [f"    {name:<24}{value:>12,.1f}" for name, value in one.items() if name not in ("cases", "units")]
        lines.append(_mark("    counts ÷ bare count", one["counts ratio"], GOALS["counts"]))
        lines.append(_mark("    peak MiB", one["peak MiB"], GOALS["peak MiB"]))
    if len(found) > 1:
        growth = found[-1]["page CPU"] / found[0]["page CPU"]
        lines.append(_mark("a page, largest ÷ smallest ledger", growth, GOALS["page growth"]))
    return lines


def _mark(name: str, value: float, goal: float) -> str:
    return f"{name}: {value:,.2f} (goal {goal:,.0f}) {'✓' if value <= goal else '✗'}"


if __name__ == "__main__":
    print(main())
