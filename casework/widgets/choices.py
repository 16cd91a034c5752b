"""The choices of the worksheet: what is shown, of whom, and what is tried; none of them writes anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marimo as mo

from casework import views
from casework.views import Book, Desk, Proof
from casework.views.people import Listing


def pick(
    options: Mapping[str, str], *, label: str = "", value: str | None = None, search: bool = False
) -> mo.ui.dropdown:
    """Return a dropdown of label → value that always has one chosen; `value` is the wanted value, else the first."""
    chosen = next((name for name, one in options.items() if one == value), next(iter(options), None))
    return mo.ui.dropdown(dict(options), value=chosen, label=label, searchable=search, allow_select_none=not options)


def sections() -> mo.ui.tabs:
    """Return the choice of what is shown beneath the key figures."""
    return mo.ui.tabs(dict.fromkeys(views.SECTIONS, ""))


def chart(drawn: object) -> str:
    """Return a chart's HTML; nothing for none."""
    return str(mo.as_html(drawn).text) if drawn is not None else ""


# -- 名单 ----------------------------------------------------------------------------------------------------------


def people_filters(desk: Desk) -> tuple[mo.ui.dropdown, mo.ui.dropdown, mo.ui.dropdown]:
    """Return unit, category and result to narrow the list to."""
    return pick(views.unit_choices(desk)), pick(views.category_choices(desk)), pick(views.standing_choices())


def people_table(listing: Listing) -> mo.ui.table:
    """Return the list as a table that is paged on the server; one person can be chosen."""
    return mo.ui.table(
        listing.shown,
        selection="single",
        page_size=12,
        show_column_summaries=False,
        show_data_types=False,
        show_download=False,
        wrapped_columns=["单位", "类别", "姓名", "理由"],
        column_widths={
            "序号": 60,
            "单位": 130,
            "类别": 210,
            "姓名": 200,
            "推荐顺序": 80,
            "结果": 110,
            "金额（元）": 90,
        },
    )


def amount_unit(desk: Desk) -> mo.ui.dropdown:
    """Return the unit whose amounts are typed."""
    units = {label: unit for label, unit in views.unit_choices(desk).items() if unit}
    return pick(units, label="单位")


# -- 试算 ----------------------------------------------------------------------------------------------------------

PLACE, FUND, RATE = "增减名额", "增加资金", "改变标准"


def margin_mode() -> mo.ui.radio:
    """Return what is tried."""
    return mo.ui.radio([PLACE, FUND, RATE], value=PLACE, inline=True)


def margin_fields(desk: Desk, mode: str) -> tuple[mo.ui.dropdown, mo.ui.number]:
    """Return the cell, fund or category to change, and by how much."""
    if mode == PLACE:
        options, number = views.cells_of(desk), mo.ui.number(step=1, value=1)
    else:
        what = "fund" if mode == FUND else "rate"
        keys = [key for key in desk.money if key.startswith(f"{what}:")]
        options = {desk.label(key): key[5:] for key in keys}
        first = (desk.money[keys[0]] or 0) // 100 if keys and what == "rate" else 1000
        number = mo.ui.number(step=100, value=first)
    return pick(options), number


def margin_asked(mode: str, on: mo.ui.dropdown, by: mo.ui.number) -> dict[str, Any]:
    """Return what is tried, as `views.margin` reads it."""
    return {"what": {PLACE: "place", FUND: "fund", RATE: "rate"}.get(mode), "on": on.value, "by": by.value}


def helper_fields(desk: Desk) -> tuple[Any, ...]:
    """Return what the apportionment helper asks: category, total, method, basis, floor."""
    categories = {c.label: c.id for c in desk.policy.categories if f"rate:{c.id}" in desk.money}
    cells = [cell.rpartition("|")[2] for cell in desk.places]
    first = max(categories.values(), key=cells.count, default="")  # the category with the most units to share among
    total = sum(places or 0 for cell, places in desk.places.items() if cell.endswith(f"|{first}"))
    return (
        pick(categories, value=first),
        mo.ui.number(step=1, value=total),
        pick(views.method_choices()),
        pick(views.BASES),
        mo.ui.number(step=1, value=0),
    )


# -- 方案, 通知, 打印 -------------------------------------------------------------------------------------------------


def scenario_choice(book: Book) -> mo.ui.dropdown:
    """Return the saved scenario that is worked with, kept in the address; the newest where none is named."""
    query = mo.query_params()
    wanted, newest = query.get("scenario"), list(book.choices.values())[-1:]
    known = wanted if wanted in book.choices.values() else "".join(newest)
    chosen = next((name for name, one in book.choices.items() if one == known), None)
    return mo.ui.dropdown(
        dict(book.choices), value=chosen, label="方案", on_change=lambda one: query.set("scenario", one or "")
    )


def compare_choices(book: Book) -> tuple[mo.ui.dropdown, mo.ui.dropdown]:
    """Return the two scenarios to hold against each other."""
    options = views.comparable(book)
    return pick(options), pick(options, value=views.WORKSHEET)


def clause_choice(desk: Desk) -> mo.ui.dropdown:
    """Return the kind of clauses to show."""
    return pick(views.clause_choices(desk), label="只看")


def print_choices(desk: Desk, book: Book) -> tuple[mo.ui.dropdown, mo.ui.dropdown, mo.ui.dropdown, mo.ui.dropdown]:
    """Return which list, of which scenario, of which unit, and how it is shown here."""
    first = views.WORKSHEET if desk.actor.may_write() else views.CIRCULAR  # a viewer keeps no worksheet
    return (
        pick(views.printed_for(desk.actor)),
        pick({first: "", **book.choices}),
        pick(views.unit_choices(desk)),
        pick(views.PREVIEWS),
    )


def page_choice(seen: Proof | None) -> mo.ui.dropdown | None:
    """Return the choice of the page that is shown; None where there is nothing to choose."""
    choices = seen.page_choices if seen else {}
    return pick(choices) if choices else None


def proof_html(seen: Proof | None, chosen: mo.ui.dropdown | None) -> str:
    """Return the preview with its choice of a page."""
    return views.proof_html(seen, str(chosen.text), chosen.value) if chosen else views.proof_html(seen)
