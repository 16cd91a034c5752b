"""A key in the worksheet → the repainted total, against a bare marimo cell, in one headless browser and one server.

    .venv/bin/python -m benchmarks.worksheet

The worksheet is the real one on a ledger of 425 and of 20,000 cases; the peer is `peers/bare.py`, one number and one line
of text behind the same guard. Times are from Enter in the input to the new text in the page, median of the moves. Every
move first checks that the text is the right one.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from benchmarks.allocation import enlarged
from casework.access import LOCAL_OFFICER
from casework.db import open_ledger
from casework.ledger import add_facts, import_units, open_round
from casework.policy import load_policy
from casework.samples import jianshi

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
MOVES = 12
PROGRAM = """
from pathlib import Path
from casework.serve import run
run({{"allocation": Path("notebooks/allocation.py"), "bare": Path("benchmarks/peers/bare.py")}},
    database_url={url!r}, demo=True, port=0)
"""


def ledger(path: Path, cases: int) -> str:
    """A ledger with the round of 建始 and so many cases; return its address."""
    sample = jianshi()
    facts = enlarged(cases)
    engine = open_ledger(path)
    now = datetime.now(UTC)
    import_units(engine, sample.units, actor=LOCAL_OFFICER, now=now, key="u")
    open_round(
        engine,
        round_id=sample.round_id,
        policy=load_policy("jianshi-2020").id,
        opened_on=sample.as_of,
        actor=LOCAL_OFFICER,
        now=now,
        key="r",
    )
    tables = {name: frame for name, frame in facts.tables().items() if name not in ("units", "rulings")}
    add_facts(engine, round_id=sample.round_id, actor=LOCAL_OFFICER, now=now, key="f", **tables)
    engine.dispose()
    return f"sqlite:///{path}"


def moves(page, field, expected) -> list[float]:
    """Type alternating numbers and wait for the text each must bring; milliseconds each."""
    times = []
    for number in range(MOVES + 2):
        value, text = expected(number)
        field.fill(str(value))
        started = time.perf_counter()
        field.press("Enter")
        page.wait_for_function("text => document.body.innerText.includes(text)", arg=text, polling=5)
        times.append((time.perf_counter() - started) * 1000)
        page.wait_for_timeout(120)
    return times[2:]


def main() -> pl.DataFrame:
    """Measure and return the table."""
    from browser import chromium, enter, officer, serving, settle

    rows = []
    for cases in (425, 20_000):
        with tempfile.TemporaryDirectory() as folder:
            url = ledger(Path(folder) / "bench.db", cases)
            env = {**os.environ, "PYTHONPATH": str(ROOT)}
            with serving(PROGRAM.format(url=url), env=env) as server, chromium() as browser:
                context = officer(browser)
                page = enter(context, server, "bare")
                bare = moves(page, page.locator("input").first, lambda n: (1000 + n, str(1000 + n)))
                page.close()
                page = context.new_page()
                page.goto(f"{server.origin}/allocation/?round=jianshi-2020")
                settle(page)
                field = page.get_by_role("textbox", name="业州镇 脱贫攻坚一线干部")
                ours = moves(page, field, lambda n: (42, "184500") if n % 2 == 0 else (40, "183500"))
            rows.append(
                {
                    "cases": cases,
                    "bare cell ms": round(statistics.median(bare), 1),
                    "worksheet ms": round(statistics.median(ours), 1),
                    "worksheet : bare": round(statistics.median(ours) / statistics.median(bare), 2),
                }
            )
    return pl.DataFrame(rows)


if __name__ == "__main__":
    print(main())
