"""Papers of the visits: the leaders' roster, the plan, the inspection and the report afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from casework.dates import chinese
from casework.lists.listing import listing
from casework.lists.table import Cell, ListState, Table, plain

if TYPE_CHECKING:
    import polars as pl

    from casework.policy import Policy

_NUMERALS = "一二三四五六七八九十"
_RESULTS = {"in_order": "无问题", "irregular": "有问题"}


def leader_roster(
    policy: Policy, visited: pl.DataFrame, *, remarks: Sequence[str] = (), state: ListState, unit: str = ""
) -> Table:
    """Return 州、县领导慰问对象花名册: a row a person, one leader's people together.

    Args:
        policy: The circular.
        visited: Rows of `leader`, `position`, `level`, `township`, `name`, `category`, `belongs_to`, `on`, `place`,
            `amount_fen`, `company`, `opinions`, `note`, grouped by leader.
        remarks: What does not fit the circular yet, each a sentence; printed under the table.
        state: How far the list has come.
        unit: Who hands it in.
    """
    rows = [{**row, "amount": row["amount_fen"], "remarks": row["note"]} for row in visited.iter_rows(named=True)]
    return listing(
        policy,
        "leader_roster",
        rows,
        state=state,
        unit=unit,
        counted="name",
        summed=("amount",),
        captions=tuple(f"注：{words}。" for words in remarks),
        merged=("leader", "position", "level", "township"),
    )


def visit_plan(policy: Policy, planned: Sequence[Mapping[str, Cell]], *, state: ListState, unit: str = "") -> Table:
    """Return 走访安排表 with what the visitors should know of each person.

    Args:
        policy: The circular.
        planned: Rows by the keys of the form's columns, one leader's day together.
        state: How far the list has come.
        unit: Who draws it up.
    """
    return listing(
        policy,
        "visit_plan",
        planned,
        state=state,
        unit=unit,
        counted="name",
        summed=("amount",),
        nobody="还没有安排走访。",
        merged=("leader", "position", "township", "on", "company"),
    )


def inspection(  # noqa: PLR0913 - what a draw is
    policy: Policy,
    drawn: pl.DataFrame,
    *,
    seed: str,
    population: int,
    size: int,
    on: date,
    known: Mapping[str, Mapping[str, Cell]],
    state: ListState,
) -> Table:
    """Return 发放情况抽查核实表 with the seed by which anybody can draw the same people again.

    Args:
        policy: The circular.
        drawn: Rows of `case_id`, `unit`, `name`, `result`, `body`, `checked_on`, in the order of the draw.
        seed: As it was given.
        population: How many were drawn from.
        size: How many were drawn, of whatever unit.
        on: The day of the draw.
        known: Case → `category`, `amount` (fen).
        state: 正式 once drawn.
    """
    rows = [
        {**row, **known.get(row["case_id"], {}), "result": _RESULTS.get(row["result"] or "")}
        for row in drawn.iter_rows(named=True)
    ]
    return listing(
        policy,
        "inspection",
        rows,
        state=state,
        fields=(
            ("抽查日期", chinese(on)),
            ("随机种子", seed),
            ("名单人数", f"{population}人"),
            ("抽查人数", f"{size}人"),
        ),
        captions=("注：每人按“种子|编号”计算 SHA-256，由小到大取前列；凭种子可以重新抽出同样的人。",),
    )


def activity_report(  # noqa: PLR0913 - what a report is
    policy: Policy,
    figures: pl.DataFrame,
    *,
    sentences: Sequence[str],
    sections: Sequence[str],
    receiver: str,
    open_ends: Sequence[str],
    on: date,
    unit: str,
) -> Table:
    """Return 走访慰问活动情况报告: the figures in words, under the headings the circular names, and as a table.

    Args:
        policy: The circular.
        figures: Rows of `unit`, `category_label`, `people`, `amount_fen`, `paid_people`, `paid_fen`, `booked_people`,
            `visited`.
        sentences: The figures in words.
        sections: Headings; the sentences stand under the first, room is left under the others.
        receiver: Whom it is sent to; "" where the circular asks for none.
        open_ends: What is not finished; with any it is a draft.
        on: The day of the report.
        unit: Who reports.
    """
    headings = list(sections) or ["活动情况"]
    lead = [f"{plain(receiver)}："] if receiver else []
    for number, heading in enumerate(headings):
        lead.append(f"{_NUMERALS[number]}、{heading}")
        lead += list(sentences) if not number else ["　"]
    names = {"category": "category_label", "amount": "amount_fen", "paid": "paid_fen"}
    rows = [{**row, **{key: row[name] for key, name in names.items()}} for row in figures.iter_rows(named=True)]
    return listing(
        policy,
        "activity_report",
        rows,
        state=ListState.DRAFT if open_ends else ListState.OFFICIAL,
        summed=("people", "amount", "paid_people", "paid", "booked_people", "visited"),
        captions=tuple(f"尚未办结：{words}" for words in open_ends),
        lead=tuple(lead),
        closing=(unit, chinese(on)),
        merged=("unit",),
    )
