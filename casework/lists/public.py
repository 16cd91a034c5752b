"""What may hang on a notice board: a model that has no other field than the allowed ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from casework.forms import load_form
from casework.lists.quota import form_clause
from casework.lists.roster import in_print_order, namesakes
from casework.lists.table import Cell, Column, ListState, Table, plain
from casework.shapes.procedure import PublicNotice

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import polars as pl

    from casework.facts import Facts
    from casework.policy import Policy

FORM = "public_list"
_DEFAULT = ("name", "unit", "category")


@dataclass(frozen=True, slots=True)
class PublicEntry:
    """One person as the public sees them. No number, card, phone, address, illness, income or birth date fits in."""

    name: str
    unit: str
    branch: str
    category: str
    amount_fen: int | None


def public_entries(
    policy: Policy,
    facts: Facts,
    *,
    awards: pl.DataFrame,
    only_unit: str | None = None,
    only_branch: str | None = None,
) -> tuple[PublicEntry, ...]:
    """Return the public view of those who have a place, in printed order.

    Args:
        policy: The circular.
        facts: The facts the awards were decided on.
        awards: `frames.AWARDS`.
        only_unit: The unit it is posted in; None for all.
        only_branch: The branch it is posted in; None for all.
    """
    return tuple(
        PublicEntry(
            name=record["name"] or "",
            unit=record["unit"] or "",
            branch=record["branch"] or "",
            category=record["category"] or "",
            amount_fen=record["amount_fen"],
        )
        for record in in_print_order(policy, facts, awards, only_unit)
        if only_branch in (None, record["branch"])
    )


def public_list(
    policy: Policy,
    entries: Iterable[PublicEntry],
    *,
    state: ListState = ListState.DRAFT,
    where: str = "",
    columns: Sequence[str] | None = None,
) -> Table:
    """Return the list of a public notice: the columns the circular shows, the amount only where it says so.

    Namesakes carry their branch, never a birth date.

    Args:
        policy: The circular.
        entries: `public_entries`.
        state: How far the list has come.
        where: The unit or branch it is posted in, printed over the table.
        columns: Columns of the notice clause in question; None for the first one's.
    """
    form, clause = load_form(FORM), form_clause(policy, FORM)
    wanted = columns or next((shape.columns for _, shape in policy.of_shape(PublicNotice)), _DEFAULT)
    shown_columns = tuple(Column.of(column) for column in form.columns if column.key in ("index", *wanted))
    listed = tuple(entries)
    shared = namesakes(entry.name for entry in listed)
    rows = []
    for number, entry in enumerate(listed, start=1):
        doubled = plain(entry.name) in shared and entry.branch and "branch" not in wanted
        values: dict[str, Cell] = {
            "index": number,
            "name": f"{entry.name}（{entry.branch}）" if doubled else entry.name,
            "unit": entry.unit,
            "branch": entry.branch,
            "category": entry.category,
            "amount": entry.amount_fen,
        }
        rows.append(tuple(values[column.key] for column in shown_columns))
    return Table(
        list_id=FORM,
        title=clause.title if clause else form.title,
        columns=shown_columns,
        rows=tuple(rows),
        above=tuple(words.format(unit=plain(where)) for words in form.above),
        state=state,
        public=True,
    )
