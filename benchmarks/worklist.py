"""The worklist of a round: the frame from the ledger, and one page of it, at 10,000 and 1,000,000 cases.

    .venv/bin/python -m benchmarks worklist        (CASEWORK_BENCH_CASES=10000,200000 for other sizes)

The peer of the frame is the bare read: the same rows of cases, people and steps out of the same file by one polars
query each, with nothing computed. The peer of a page is one filter and one slice of the same frame, without counts.
Times are medians; "CPU ms" is what the process itself spent on one worklist, the figure to look at on a busy machine.
A million cases, from an empty file to the page, cost about four minutes of one core and 2.6 GiB; most of it is writing
the ledger and reading the facts back. What is measured is checked: every case stands on the worklist once, the step
recorded is the step shown, and the page and its counts are those a plain loop over the rows finds.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from benchmarks.worksheet import ledger
from casework.access import LOCAL_OFFICER
from casework.db import open_ledger, reading
from casework.review.records import steps_version
from casework.review.steps import record_step
from casework.review.worklist import WorkPage, work_page, worklist
from casework.vocabulary import Stage

SIZES = tuple(int(part) for part in os.environ.get("CASEWORK_BENCH_CASES", "10000,1000000").split(","))
ROUND = "jianshi-2020"
NOW = datetime(2020, 1, 20, 9, tzinfo=UTC)
QUERIES = (
    "SELECT case_id, person_id, unit_id, path, category, unit_rank FROM hardship_case",
    "SELECT person_id, name FROM person",
    "SELECT seq, case_id, result, reason FROM step_case",
)


def timed(function, times: int):
    """Return the result and the median time in milliseconds."""
    taken, result = [], None
    for _ in range(times):
        started = time.perf_counter()
        result = function()
        taken.append((time.perf_counter() - started) * 1000)
    return result, statistics.median(taken)


def bare(engine) -> list[pl.DataFrame]:
    """Read the rows the worklist is made of, and nothing else."""
    with engine.connect() as connection:
        return [pl.read_database(query, connection) for query in QUERIES]


def step(engine) -> None:
    """Record the first step for everybody of the round."""
    with reading(engine) as session:
        seen = steps_version(session, ROUND)
    say = {"stage": Stage.RECOMMENDATION, "body": "党员群众", "on": date(2020, 1, 9), "basis": "示例"}
    record_step(engine, round_id=ROUND, expected_version=seen, actor=LOCAL_OFFICER, now=NOW, key="step", **say)


def check(frame: pl.DataFrame, page: WorkPage, cases: int, unit: str) -> None:
    """Hold the frame and the page against a plain loop."""
    assert frame.height == cases == frame["case_id"].n_unique()
    assert set(frame["stage"]) == {"recommendation"}
    mine, per_unit = [], {}
    for row in frame.select("case_id", "unit_id", "verdict").iter_rows():
        per_unit[row[1]] = per_unit.get(row[1], 0) + 1
        if row[1] == unit:
            mine.append(row[0])
    assert page.total == len(mine)
    assert page.rows["case_id"].to_list() == mine[100:150]
    assert dict(page.counts["unit_id"]) == per_unit


def measured(cases: int, folder: Path) -> dict[str, object]:
    """Build a ledger of so many cases and measure it."""
    engine = open_ledger(ledger(folder / f"{cases}.db", cases))
    step(engine)
    with engine.connect() as connection:  # whole units: a little more or less than was asked for
        cases = connection.exec_driver_sql("SELECT count(*) FROM hardship_case").scalar_one()
    times = 5 if cases <= 20_000 else 1

    def whole():
        with reading(engine) as session:
            return worklist(session, round_id=ROUND, actor=LOCAL_OFFICER, now=NOW)

    whole() if times > 1 else None  # the circular is parsed once
    spent = time.process_time()
    frame, full = timed(whole, times)
    spent = (time.process_time() - spent) * 1000 / times
    read, floor = timed(lambda: bare(engine), times)
    assert [len(one) for one in read] == [cases] * 3
    del read
    unit = frame["unit_id"][0]
    page, paged = timed(lambda: work_page(frame, unit_id=unit, offset=100, limit=50), 9)
    _, plain = timed(lambda: frame.filter(pl.col("unit_id") == unit).slice(100, 50), 9)
    check(frame, page, cases, unit)
    engine.dispose()
    return {
        "cases": cases,
        "bare read ms": round(floor),
        "worklist ms": round(full),
        "CPU ms": round(spent),
        "× bare": round(full / floor, 2),
        "plain page ms": round(plain, 2),
        "page with counts ms": round(paged, 2),
        "× plain": round(paged / plain, 1),
        "frame MiB": round(frame.estimated_size("mb"), 1),
    }


def main() -> str:
    """Measure and return the table, every column of it."""
    os.environ.setdefault("CASEWORK_AUDIT_KEY", "ab" * 32)
    with tempfile.TemporaryDirectory() as folder:
        table = pl.DataFrame([measured(cases, Path(folder)) for cases in SIZES])
    with pl.Config(tbl_cols=-1, tbl_width_chars=140):
        return str(table)
