"""A plain list on a form's folder: records in, a `Table` out; only the columns the form or the circular names."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeAlias

from casework.forms import Form, load_form
from casework.lists.quota import annex_label, form_clause
from casework.lists.roster import form_columns, signature_line
from casework.lists.table import Cell, Column, Head, ListState, Table, plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from casework.policy import Policy

Record: TypeAlias = Mapping[str, Cell]
WIDE_FROM_MM = 300
"""Columns that want more than this together do not stand on A4, even tightly."""
NOBODY, NOTHING = "本表无人员。", "无"


def listing(  # noqa: PLR0913 - what stands around a list
    policy: Policy,
    form_id: str,
    records: Iterable[Record],
    *,
    state: ListState,
    unit: str = "",
    hidden: Sequence[str] = (),
    counted: str = "",
    summed: Sequence[str] = (),
    captions: Sequence[str] = (),
    nobody: str = NOBODY,
    called: str = "",
    columns: Sequence[Column] = (),
    **around: Any,
) -> Table:
    """Return a list of records: a row each, numbered, in the order given.

    Args:
        policy: The circular; its form clause for `form_id`, where it has one, gives title, annex, columns, signatures.
        form_id: The form's folder.
        records: Column key → value; what no column asks for is left out of the list altogether;
            `index` only where a row is not numbered by its place.
        state: How far the list has come.
        unit: The unit whose list it is, printed over the table.
        hidden: Columns of the form this copy does not have.
        counted: The column in which the row 合计 counts the rows in words; "" for no count.
        summed: Columns of numbers the row 合计 adds up.
        captions: Sentences under the table, before those of the form.
        nobody: What is said under a list without rows; "" says nothing.
        called: The form id of the circular's clause, where one form serves several of them.
        columns: Other columns than the form's or the circular's.
        **around: What else a `Table` has: `lead`, `fields`, `closing`, `merged`, `page_totals`, `title`.
    """
    form, clause = load_form(form_id), form_clause(policy, called or form_id)
    columns = tuple(column for column in columns or form_columns(form, clause) if column.key not in hidden)
    rows = tuple(
        tuple(record.get("index", number) if column.key == "index" else record.get(column.key) for column in columns)
        for number, record in enumerate(records, start=1)
    )
    signed = tuple(signature_line(words) for words in clause.signatures) if clause else ()
    said = (*captions, *form.notes) if rows or not nobody else (nobody,)
    title = clause.title if clause else titled(form, policy)
    return Table(
        **{
            "list_id": form_id,
            "title": title,
            "columns": columns,
            "groups": grouped(form, columns),
            "rows": rows,
            "totals": _totals(columns, rows, counted, summed),
            "captions": said,
            "above": tuple(words.format(unit=plain(unit)) for words in form.above),
            "signatures": signed or form.signatures,
            "state": state,
            "annex": annex_label(clause),
            "blank_rows": (clause.blank_rows if clause else None) or form.blank_rows,
            "numbered": form.numbered,
            "wide": form.wide and sum(column.width_mm for column in columns) > WIDE_FROM_MM,
            "mark": form.mark,
            "paper_only": form.paper_only,
            **around,
        }
    )


def or_nothing(table: Table, key: str) -> Table:
    """Return a list without rows with one that says 无 under a column, as an officer fills in such a form."""
    if table.rows:
        return table
    nothing: tuple[Cell, ...] = tuple(NOTHING if name == key else None for name in table.keys)
    return dataclasses.replace(table, rows=(nothing,))


def grouped(form: Form, columns: Sequence[Column]) -> tuple[Head, ...]:
    """Return the heads of the upper level: neighbours of one group; a column alone keeps its own head only."""
    groups = {column.key: column.group for column in form.columns}
    heads = []
    for label, run in groupby(columns, key=lambda column: groups.get(column.key, "")):
        keys = tuple(column.key for column in run)
        if label and len(keys) > 1:
            heads.append(Head(label, keys))
    return tuple(heads)


def in_year(table: Table, year: int | None) -> Table:
    """Return a list whose title speaks of another year; None keeps the circular's.

    A title and the sheet under it do not always agree on the year, so it is a field of the list.
    Source: IM-A2.3, JZ-N3.4.
    """
    if year is None:
        return table
    return dataclasses.replace(table, title=re.sub(r"(?:\d{4}|[　 _]{2,})(?=年)", str(year), table.title, count=1))


def titled(form: Form, policy: Policy) -> str:
    """Return the title of a form for this round.

    A title that speaks of 慰问 itself does not repeat the word of the round's title.
    """
    called = policy.round_title
    if form.title.startswith("{round}慰问"):
        called = called.removesuffix("慰问")
    return form.title.format(round=called)


def _totals(
    columns: tuple[Column, ...], rows: tuple[tuple[Cell, ...], ...], counted: str, summed: Sequence[str]
) -> tuple[tuple[str, Cell], ...]:
    if not rows:
        return ()
    totals: list[tuple[str, Cell]] = []
    for at, column in enumerate(columns):
        if column.key == counted:
            totals.append((counted, f"{len(rows)}人"))
        elif column.key in summed:
            totals.append((column.key, sum(row[at] for row in rows if isinstance(row[at], int))))  # type: ignore[misc]
    return tuple(totals)
