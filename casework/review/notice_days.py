"""The clock of a public notice: its last day by the circular's own count. Pure."""

from __future__ import annotations

from datetime import date
from typing import Final

from casework.dates import Calendar, chinese, public_notice_end
from casework.problems import Refused
from casework.review.chain import Link
from casework.shapes.procedure import PublicNotice

NO_CALENDAR: Final = Calendar()
"""No 放假调休 table at all: working days cannot be counted."""


def notice_end(terms: PublicNotice, posted_on: date, calendar: Calendar = NO_CALENDAR) -> date | None:
    """Return the last day by the circular's clock; None where it says no days, or where a year's table is missing."""
    if terms.days is None:
        return None
    return public_notice_end(
        posted_on,
        terms.days,
        day_kind=terms.day_kind,
        count_posting_day=terms.count_posting_day,
        calendar=calendar,
    )


def check_end(link: Link, *, posted_on: date, ends_on: date | None, calendar: Calendar) -> date | None:
    """Return the last day of a notice: the one typed where it satisfies the circular, else the computed one.

    Returns:
        None where the circular counts working days of a year whose 放假调休 table nobody has imported.

    Raises:
        Refused: `no_end` (the circular says no days: somebody must), `too_short`, `not_exactly`, `backwards`.
    """
    terms = link.notice
    assert terms is not None
    if ends_on is not None and ends_on < posted_on:
        raise Refused("backwards", f"公示止日{chinese(ends_on)}早于起日{chinese(posted_on)}")
    computed = notice_end(terms, posted_on, calendar)
    if terms.days is None:
        if ends_on is None:
            raise Refused("no_end", f"{link.cite}没有规定公示天数，请填写止日")
        return ends_on
    if computed is None:
        return None  # what cannot be counted is not believed either: it stays unknown until the table is there
    if ends_on is None:
        return computed
    kind = "个工作日" if terms.day_kind == "working" else "天"
    said = f"{chinese(posted_on)}张贴、公示 {terms.days} {kind}，应到{chinese(computed)}为止：{link.said()}"
    if terms.bound == "exactly" and ends_on != computed:
        raise Refused("not_exactly", f"公示止日{chinese(ends_on)}不对，{said}")
    if ends_on < computed:
        raise Refused("too_short", f"公示止日{chinese(ends_on)}不够天数，{said}")
    return ends_on


def end_now(terms: PublicNotice, posted_on: date, calendar: Calendar, ends_on: date | None) -> date:
    """Return the last day of a notice that was posted before its 放假调休 table was there.

    Raises:
        Refused: `unknown_end`, `too_short`.
    """
    computed = notice_end(terms, posted_on, calendar)
    if computed is None:
        raise Refused("unknown_end", "没有这一年的放假调休表，公示止日算不出来，请先导入放假调休安排")
    if ends_on is not None and ends_on < computed:
        raise Refused("too_short", f"公示止日{chinese(ends_on)}不够天数，应到{chinese(computed)}为止")
    return ends_on or computed
