"""The controls of 台账: which part, what is asked of it, the table, and the choices of what is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import marimo as mo

from casework.views.cases import CaseDesk
from casework.views.panels import toolbar
from casework.views.review_forms import Bench
from casework.views.standing import (
    CHANGES,
    KEPT,
    NOT_YET,
    PARTS,
    RECHECK,
    TWINS,
    Standing,
    Wanted,
    open_standing,
    standing_panel,
)
from casework.views.standing_deeds import standing_forms
from casework.vocabulary import Recheck
from casework.widgets.deeds import Counter
from casework.widgets.review_forms import paged

__all__ = ["standing_forms", "standing_panel"]

SECTION = "台账"
_WIDTHS = {"序号": 60, "记录一": 90, "记录二": 90, "姓名": 90, "说明": 250}


def part_choice() -> mo.ui.radio:
    """Return the choice of a part, kept in the address."""
    query = mo.query_params()
    kept = str(query.get("part") or "")
    chosen = kept if kept in PARTS else PARTS[0]
    return mo.ui.radio(list(PARTS), value=chosen, inline=True, on_change=lambda part: query.set("part", part or ""))


def year_field(desk: CaseDesk) -> mo.ui.dropdown:
    """Return the year that is re-checked."""
    years = {f"{year} 年": year for year in range(desk.today.year, desk.today.year - 10, -1)}
    return mo.ui.dropdown(years, value=next(iter(years)), allow_select_none=False)


def only_field() -> mo.ui.dropdown:
    """Return whom of the re-check to show."""
    return mo.ui.dropdown(
        {"全部": "", NOT_YET: NOT_YET, **{one.label: one.label for one in Recheck}},
        value="全部",
        allow_select_none=False,
    )


def day_field(desk: CaseDesk, *, first: bool) -> mo.ui.date:
    """Return a day of the difference: a year ago, and today."""
    today = desk.today
    before = date(today.year - 1, today.month, min(today.day, 28))
    return mo.ui.date(value=before if first else today, stop=today)


def wanted(part: Any, year: Any, only: Any, earlier: Any, later: Any) -> Wanted:
    """Return what is asked."""
    given = year.value
    return Wanted(
        str(part.value or PARTS[0]),
        int(given) if isinstance(given, int | float) else 0,
        earlier.value,
        later.value,
        str(only.value or ""),
    )


def read_standing(bench: Bench, wanted: Wanted) -> Standing:
    """Read one part of the ledger, and say so while it takes."""
    with mo.status.spinner(title="正在读取台账…", remove_on_exit=True):
        return open_standing(bench, wanted)


def above(part: Any, unit: Any) -> str:
    """Return the two choices above the section."""
    return toolbar(str(part.text), str(unit.text))


def asked(part: str, controls: Mapping[str, Any]) -> dict[str, str]:
    """Return the questions of one part, label → HTML."""
    names = {
        TWINS: {},
        RECHECK: {"年度": "year", "看谁": "only"},
        CHANGES: {"前一个日期": "earlier", "后一个日期": "later"},
        KEPT: {},
    }[part]
    return {label: str(controls[name].text) for label, name in names.items()}


def standing_table(standing: Standing) -> Any:
    """Return the answer as a table paged on the server; None where it is empty."""
    if standing.table is None or standing.table.is_empty():
        return None
    choosing = {TWINS: "single", RECHECK: "multi", KEPT: "single"}.get(standing.wanted.part)
    if not standing.bench.desk.actor.may_write():
        choosing = None
    widths = {name: width for name, width in _WIDTHS.items() if name in standing.table.columns}
    return paged(standing.table, choosing=choosing, size=12, widths=widths)


def ticked(table: Any) -> Callable[[], Mapping[str, Any]]:
    """Return what reads the rows ticked at the moment a deed is done."""
    return lambda: {"_rows": table.value if table is not None else None}


def bench_of(desk: CaseDesk, look: Any, page: str, unit: Any) -> Bench:
    """Return where the section is worked in; the ledger goes on when a round has ended."""
    return Bench(replace(desk, closed=False), look, page, str(unit.value or ""))


def counter_of(counter: Counter[CaseDesk], standing: Standing) -> Counter[CaseDesk]:
    """Return where its deeds are done."""
    return replace(counter, desk=standing.bench.desk)
