"""A roster as PDF and as workbook at 100, 500 and 1,000 people, against a plain WeasyPrint table of the same cells.

    .venv/bin/python -m benchmarks printing        (CASEWORK_BENCH_ROWS=100,500 for other sizes)

Every measurement runs in a process of its own, so that its memory is its own. *plain* is the barest page that holds the
same cells: one `<table>`, no style but the borders, no tags, no bookmarks, no data inside. Checked: the PDF read back
says every cell of the list, the workbook has a row for everybody and the right sum. Times are wall clock of one run.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable
from html import escape
from pathlib import Path

import polars as pl
import weasyprint  # type: ignore[import-untyped]
from openpyxl import load_workbook

from casework.issuing.pages import differences
from casework.lists import Table, as_printed
from casework.pictures import read_pdf
from casework.printing import render
from casework.workbook import write

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
SIZES = tuple(int(part) for part in os.environ.get("CASEWORK_BENCH_ROWS", "100,500,1000").split(","))


def roster(count: int) -> Table:
    """Return a roster of clearly fictional people."""
    import printed  # noqa: PLC0415 - of the tests

    table: Table = printed.people(count)
    return table


def plain(table: Table) -> bytes:
    """Return the same cells as the barest table."""
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>"
        for row in as_printed(table)["rows"]  # type: ignore[attr-defined]
    )
    css = "@page{size:A4 landscape}table{border-collapse:collapse}td{border:1px solid}"
    written: bytes = weasyprint.HTML(string=f"<style>{css}</style><table>{rows}</table>").write_pdf()
    return written


WAYS: dict[str, Callable[[Table], bytes]] = {
    "pdf": lambda table: render("roster", table),
    "plain pdf": plain,
    "xlsx": write,
}


def _check(way: str, table: Table, made: bytes) -> None:
    if way == "pdf":
        found = list(differences(read_pdf(made).pages, as_printed(table)))
        assert not found, found
    elif way == "xlsx":
        rows = list(load_workbook(io.BytesIO(made), data_only=True).active.iter_rows(values_only=True))
        numbers = [row for row in rows if isinstance(row[0], int)]
        at = table.keys.index("amount")
        assert len(numbers) == len(table.rows)
        assert sum(row[at] for row in numbers) * 100 == sum(row[at] for row in table.rows)  # type: ignore[misc]


def _measure(way: str, count: int) -> dict[str, object]:
    table = roster(count)
    WAYS[way](roster(1))  # fonts and modules are loaded once
    started = time.perf_counter()
    made = WAYS[way](table)
    took = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    _check(way, table, made)
    return {"rows": count, "what": way, "s": took, "rows/s": count / took, "peak MiB": peak, "KiB": len(made) / 1024}


def main() -> pl.DataFrame:
    """Return the table; raises AssertionError where a file does not say what its list says."""
    found = []
    for count in SIZES:
        for way in WAYS:
            with multiprocessing.get_context("spawn").Pool(1) as apart:
                found.append(apart.apply(_measure, (way, count)))
    frame = pl.DataFrame(found)
    bare = frame.filter(what="plain pdf").select("rows", bare="s")
    ratio = pl.when(pl.col("what") == "pdf").then((pl.col("s") / pl.col("bare")).round(2))
    pl.Config.set_tbl_rows(len(found))
    return frame.join(bare, on="rows").with_columns(ratio.alias("× plain"), pl.col(pl.Float64).round(2)).drop("bare")


if __name__ == "__main__":
    print(main())
