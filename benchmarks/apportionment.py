"""Apportionment against one exact heap step per seat, and against the PyPI package where it is installed.

    .venv/bin/python -m benchmarks.apportionment

Every row first checks that the results are equal, open ties included, and then gives times and ratios of this run.
One *pass* is the cheapest thing that looks at every unit: one 64-bit integer division and its sum in polars. The goals
(DESIGN section 10): at most 40 passes at 100,000 units, 80 with bounds, and 300 times the package at 1,000 units. The
package's time grows with units × seats and ours with units, so the last is shown at 5 and at 20 seats per unit.
"""

from __future__ import annotations

import heapq
import random
import time
from collections.abc import Callable

import polars as pl

from casework.apportionment import apportion
from casework.apportionment.columns import DIVISORS, divide

try:
    from apportionment.methods import compute as package
except ImportError:
    package = None

SIZES = (10, 100, 1_000, 10_000, 100_000)
PACKAGE_NAMES = {"sainte_lague": "saintelague", "dhondt": "dhondt"}
GOALS = {False: 40, True: 80}


def best(run: Callable[[], object], least_seconds: float = 0.2) -> float:
    """Milliseconds of the fastest run, after one that does not count if it is short."""
    times, until = [], time.perf_counter() + least_seconds
    while len(times) < 2 or (time.perf_counter() < until and len(times) < 200):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
        if times[0] > 1:
            break
    return min(times) * 1000


def heap(
    weights: dict[str, int], total: int, method: str, floors: dict[str, int], caps: dict[str, int]
) -> tuple[dict[str, int], set[str], int]:
    """Places, tied units and open seats, one seat at a time, by exact integer keys."""
    a, b = DIVISORS[method]
    scale = 2**120 // max(weights.values())
    places = {unit: floors.get(unit, 0) for unit in weights}

    def claim(unit: str) -> int:
        return -(weights[unit] * scale // (a * (places[unit] + 1) - b))

    queue = [(claim(u), u) for u in weights if weights[u] and places[u] < caps.get(u, total)]
    heapq.heapify(queue)
    last: list[str] = []
    line = 0
    for _ in range(total - sum(places.values())):
        key, unit = queue[0]
        if key != line:
            line, last = key, []
        last.append(unit)
        places[unit] += 1
        if places[unit] < caps.get(unit, total):
            heapq.heapreplace(queue, (claim(unit), unit))
        else:
            heapq.heappop(queue)
    level = []
    while queue and queue[0][0] == line:
        level.append(heapq.heappop(queue)[1])
    if not level:
        return places, set(), 0
    for unit in last:
        places[unit] -= 1
    return places, {*last, *level}, len(last)


def measure(size: int, method: str, *, bounded: bool, per_unit: int = 5) -> dict[str, object]:
    """One row of the table; raises when two ways to the same numbers disagree."""
    draw = random.Random(size)
    weights = {f"示例{i}": draw.randrange(1, 10**6) for i in range(size)}
    total = per_unit * size
    floors = {unit: draw.randrange(3) for unit in weights} if bounded else {}
    caps = {unit: low + draw.randrange(12) for unit, low in floors.items()}
    total = min(total, sum(caps.values())) if bounded else total
    bounds = {"floors": floors, "caps": caps} if bounded else {}

    result = apportion(weights, total=total, method=method, **bounds)
    expected = heap(weights, total, method, floors, caps)
    tied = {unit for tie in result.ties for unit in tie.units}
    if (result.places, tied, sum(tie.seats for tie in result.ties)) != expected:
        raise AssertionError(f"{method} and the heap disagree at {size} units")

    columns = {"weight": list(weights.values())}
    if bounded:
        columns |= {"floor": list(floors.values()), "cap": [min(cap, total) for cap in caps.values()]}
    frame = pl.DataFrame({name: pl.Series(column, dtype=pl.Int128) for name, column in columns.items()})
    narrow = pl.DataFrame({"weight": columns["weight"]}, schema={"weight": pl.Int64})
    a_pass = best(lambda: narrow.select((pl.col("weight") // 12_345).sum()).item())
    arrays = best(lambda: divide(frame, total, method))
    call = best(lambda: apportion(weights, total=total, method=method, **bounds))
    stepwise = best(lambda: heap(weights, total, method, floors, caps))
    row: dict[str, object] = {
        "units": size,
        "seats": total,
        "method": method,
        "bounds": bounded,
        "call ms": call,
        "arrays ms": arrays,
        "passes": arrays / a_pass,
        "heap ms": stepwise,
        "heap / call": stepwise / call,
        "package / call": None,
        "goal": "",
    }
    verdicts = []
    if size == SIZES[-1]:
        verdicts.append(f"≤ {GOALS[bounded]} passes: {'held' if arrays <= GOALS[bounded] * a_pass else 'MISSED'}")
    # The package sorts a dense units × seats matrix and knows no bounds.
    if package is not None and not bounded and size <= 1_000:
        votes, names = list(weights.values()), list(weights)

        def theirs() -> list[int]:
            return package(PACKAGE_NAMES[method], votes, total, parties=names, verbose=False)

        if not tied and list(theirs()) != list(result.places.values()):
            raise AssertionError(f"{method} and the package disagree at {size} units")
        ratio = best(theirs) / call
        row["package / call"] = ratio
        if size == 1_000:
            verdicts.append(f"≥ 300 × package: {'held' if ratio >= 300 else 'MISSED'}")
    row["goal"] = ", ".join(verdicts)
    return row


def main() -> None:
    """Print the table."""
    rows = [
        measure(size, method, bounded=bounded) for bounded in (False, True) for method in DIVISORS for size in SIZES
    ]
    rows += [measure(1_000, method, bounded=False, per_unit=20) for method in DIVISORS]
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=200, float_precision=2, tbl_hide_dataframe_shape=True):
        print(pl.DataFrame(rows, infer_schema_length=None))
    if package is None:
        print("The package `apportionment` is not installed; its column is empty.")


if __name__ == "__main__":
    main()
