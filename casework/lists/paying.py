"""Papers of the money: 发放表 to be signed, 签字回执 two to a page, 代发明细 for the bank."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from casework.forms import load_form
from casework.lists.listing import listing, titled
from casework.lists.table import Cell, Column, ListState, Table, plain
from casework.money import capital, parse_yuan
from casework.shapes.procedure import Step
from casework.vocabulary import Stage

if TYPE_CHECKING:
    import polars as pl

    from casework.forms import Form
    from casework.policy import Policy


@dataclass(frozen=True)
class Due:
    """What one person is to have: money of one or several funds, goods, or both."""

    name: str
    unit: str
    branch: str
    category: str
    fund: str
    amount_fen: int | None
    goods: str = ""


def pay_sheet(policy: Policy, due: Iterable[Due], *, state: ListState, unit: str = "") -> Table:
    """Return 发放表: a row a person with room to sign, 本页小计 on every page, 合计 in figures and 大写.

    Args:
        policy: The circular.
        due: In the order of the list; only money.
        state: 正式 once the claims are opened.
        unit: The unit that hands it over; "" lists all units, each person with his own.
    """
    rows: list[dict[str, Cell]] = [
        {"unit": one.unit, "name": one.name, "category": one.category, "fund": one.fund, "amount": one.amount_fen}
        for one in due
    ]
    total = sum(fen for row in rows if isinstance(fen := row["amount"], int))
    table = listing(
        policy,
        "pay_sheet",
        rows,
        state=state,
        unit=unit,
        hidden=("unit", "fund") if unit and len({row["fund"] for row in rows}) < 2 else ("fund",),
        counted="category",
        summed=("amount",),
        captions=_own_hand(policy),
        page_totals=True,
    )
    if not rows:
        return table
    return _with(table, ("sign", capital(total)))


def receipts(policy: Policy, due: Iterable[Due], *, state: ListState) -> Table:
    """Return 签字（盖章）回执, one a person, two to a page.

    Args:
        policy: The circular.
        due: In the order of the list.
        state: 正式 once the claims are opened.
    """
    rows: list[dict[str, Cell]] = [
        {
            "unit": one.unit,
            "name": one.name,
            "branch": one.branch,
            "category": one.category,
            "fund": one.fund,
            "amount": one.amount_fen,
            "capital": capital(one.amount_fen) if one.amount_fen else None,
            "goods": one.goods,
        }
        for one in due
    ]
    return listing(policy, "receipt", rows, state=state, unit=policy.round_title, captions=_own_hand(policy))


def bank_payment(policy: Policy, lines: pl.DataFrame, *, unit: str, opened: bool) -> Table:
    """Return 代发明细 in the columns the circular or the bank wants.

    Args:
        policy: The circular.
        lines: All texts, one column for each head; account and holder are masked unless `opened`.
        unit: Who pays.
        opened: The whole numbers are in it, and the log says who asked; a masked copy is a draft.
    """
    form = load_form("bank_payment")
    columns = tuple(_bank_column(form, head, at) for at, head in enumerate(lines.columns))
    rows = tuple(
        tuple(_bank_cell(words, column) for words, column in zip(row, columns, strict=True))
        for row in lines.iter_rows()
    )
    sums = [
        (column.key, sum(cell for row in rows if isinstance(cell := row[at], int)))
        for at, column in enumerate(columns)
        if column.kind == "money"
    ]
    named = next((at for at, column in enumerate(columns) if column.kind == "name"), len(columns))
    after = next((column.key for column in columns[named + 1 :] if column.kind == "text"), None)
    count: list[tuple[str, Cell]] = [(after, f"{len(rows)}人")] if after else []
    return Table(
        list_id=form.name,
        title=titled(form, policy),
        columns=columns,
        rows=rows,
        totals=(*count, *sums) if rows else (),
        captions=(f"合计金额（大写）：{capital(sums[0][1])}", *(() if opened else ("卡号已遮盖，仅供核对。",)))
        if sums
        else (),
        above=tuple(words.format(unit=plain(unit)) for words in form.above),
        signatures=form.signatures,
        state=ListState.OFFICIAL if opened else ListState.DRAFT,
        mark=form.mark if opened else "",
    )


def _bank_column(form: Form, head: str, at: int) -> Column:
    for column in form.columns:
        if head in (column.label, *column.aliases):
            return Column(f"{column.key}{at}", head, column.kind, column.width_mm)
    return Column(f"extra{at}", head)


def _bank_cell(words: str | None, column: Column) -> Cell:
    if not words:
        return None
    if column.kind == "money":
        return parse_yuan(words)
    return int(words) if column.kind == "index" else words


def _own_hand(policy: Policy) -> tuple[str, ...]:
    """Return what the circular says of the signature, where it asks for one."""
    for clause, shape in policy.of_shape(Step):
        if shape.stage is Stage.RECEIPT:
            return (f"注：{clause.words}。".replace("。。", "。"),)
    return ()


def _with(table: Table, total: tuple[str, Cell]) -> Table:
    return dataclasses.replace(table, totals=(*table.totals, total))
