"""名额分配表: units down, categories across, each with people and money; blank where the circular has a blank."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from casework.forms import load_form
from casework.lists.table import Cell, Column, Head, ListState, Row, Table
from casework.money import yuan
from casework.shapes.amounts import AmountFixed
from casework.shapes.procedure import FormDefinition

if TYPE_CHECKING:
    import polars as pl

    from casework.policy import Policy

FORM = "quota_table"
OPEN, NOT_KNOWN = "据实", "待定"
_TOTAL = "total"


def form_clause(policy: Policy, form: str) -> FormDefinition | None:
    """Return what the circular says of a form: its title, annex, columns and signatures."""
    return next((shape for _, shape in policy.of_shape(FormDefinition) if shape.form == form), None)


def annex_label(clause: FormDefinition | None) -> str:
    """Return "附件1" as GB/T 9704 sets it, without the blank some circulars leave."""
    return re.sub(r"\s+", "", clause.annex) if clause else ""


def quota_table(
    policy: Policy,
    *,
    units: pl.DataFrame,
    plan: pl.DataFrame,
    state: ListState = ListState.DRAFT,
    only_unit: str | None = None,
) -> Table:
    """Return the quota table of a plan in the circular's own layout.

    A category without a rate has no line （标准…）; a circular with one category has no second 合计 beside it.

    Args:
        policy: The circular.
        units: `frames.UNITS`; their `order` is the order of the rows.
        plan: `frames.PLAN` of the scenario, its rates included.
        state: How far the list has come.
        only_unit: The unit to print alone; None prints all.
    """
    form, clause = load_form(FORM), form_clause(policy, FORM)
    cells = {(row["unit_id"], row["category"]): row for row in plan.iter_rows(named=True)}
    placed = {unit_id for unit_id, _ in cells}
    printed = [
        row
        for row in units.sort("order", "unit_id", nulls_last=True).iter_rows(named=True)
        if row["unit_id"] in placed and only_unit in (None, row["unit_id"])
    ]
    categories = [category for category in policy.categories if any(key[1] == category.id for key in cells)]
    pairs = [category.id for category in categories]
    columns, groups = [Column.of(form.column("unit"))], []
    for category in categories:
        columns += _pair(category.id)
        rate = _rate_note(policy, plan, category.id)
        groups.append(Head(category.caption or category.label, tuple(c.key for c in _pair(category.id)), rate))
    if len(pairs) > 1:
        columns += _pair(_TOTAL, over=pairs)
        groups.append(Head("合计", tuple(c.key for c in _pair(_TOTAL))))

    rows: list[Row] = []
    for unit in printed:
        row: list[Cell] = [unit["name"]]
        counted = [cells.get((unit["unit_id"], category)) for category in pairs]
        for cell in counted:
            row += [_places(cell), cell["amount_fen"] if cell else None]
        if len(pairs) > 1:
            row += [_sum(row[1::2]), _sum(row[2::2])]
        rows.append(tuple(row))
    totals = tuple((column.key, _sum([row[at] for row in rows])) for at, column in enumerate(columns) if at)
    return Table(
        list_id=FORM,
        title=clause.title if clause else f"{policy.round_title}名额分配表",
        columns=tuple(columns),
        rows=tuple(rows),
        groups=tuple(groups),
        totals=totals,
        captions=_captions([cell for row in rows for cell in row]),
        above=form.above,
        signatures=clause.signatures if clause else (),
        state=state,
        annex=annex_label(clause),
        blank_rows=form.blank_rows,
    )


def _pair(category: str, over: list[str] | None = None) -> list[Column]:
    """Return the two columns of a category, or of 合计 over several categories."""
    pattern = load_form(FORM)
    return [
        Column(
            f"{what}.{category}",
            pattern.column(what).label,
            pattern.column(what).kind,
            pattern.column(what).width_mm,
            sums=tuple(f"{what}.{other}" for other in over or ()),
        )
        for what in ("places", "money")
    ]


def _places(cell: dict[str, object] | None) -> Cell:
    """Return the places of a cell: 据实 where no number was set, 待定 where the number is not known."""
    if cell is None:
        return None
    places = cell["places"]
    if isinstance(places, int):
        return places
    return OPEN if cell["open"] else NOT_KNOWN


def _sum(values: list[Cell]) -> int:
    return sum(value for value in values if isinstance(value, int))


def _captions(values: list[Cell]) -> tuple[str, ...]:
    said = {OPEN: "“据实”为不设名额上限", NOT_KNOWN: "“待定”为名额所依据的数字未填"}
    notes = [words for word, words in said.items() if word in values]
    return (f"注：{'；'.join(notes)}；未计入合计。",) if notes else ()


def _rate_note(policy: Policy, plan: pl.DataFrame, category: str) -> str:
    """Return （标准2000元/人） from the plan's own rate, or "" where there is none."""
    rates = set(plan.filter(category=category)["rate_fen"])
    if len(rates) != 1 or None in rates:
        return ""
    per = {shape.per for _, shape in policy.of_shape(AmountFixed) if shape.category == category}
    return f"（标准{yuan(rates.pop())}元/{'户' if per == {'household'} else '人'}）"
