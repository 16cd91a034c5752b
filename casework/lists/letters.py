"""What goes back to a unit: 材料补正通知单 and 审核结果反馈单."""

from __future__ import annotations

import dataclasses
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

from casework.dates import chinese
from casework.lists.listing import listing
from casework.lists.table import Cell, ListState, Table, plain

if TYPE_CHECKING:
    import polars as pl

    from casework.policy import Policy


def completion_request(policy: Policy, missing: pl.DataFrame, *, unit: str, on: date) -> Table:
    """Return one unit's 材料补正通知单: what each person lacks, with the clause that asks for it.

    Args:
        policy: The circular.
        missing: The unit's rows of `case_id`, `name`, `cite`, `words`, `lacking`, in the unit's own order.
        unit: Its printed name.
        on: The day of the letter.
    """
    numbers: dict[str, int] = {}
    rows: list[dict[str, Cell]] = []
    for row in missing.iter_rows(named=True):
        number = numbers.setdefault(row["case_id"], len(numbers) + 1)
        basis = f"{row['cite']}：“{row['words']}”" if row["words"] else row["cite"]
        rows.append({"index": number, "name": row["name"], "lacking": row["lacking"], "words": basis})
    lead = (
        f"{plain(unit)}：",
        f"经审核，你单位报送的 {len(numbers)} 名同志的材料需要补正，请于　　月　　日前补齐，报送{policy.issuer}。",
    )
    if not rows:
        lead = (f"{plain(unit)}：", "经审核，你单位报送的材料没有需要补正的。")
    table = listing(
        policy,
        "completion_request",
        rows,
        state=ListState.OFFICIAL,
        nobody="",
        lead=lead,
        closing=(policy.issuer, chinese(on)),
        merged=("index", "name"),
    )
    return table if rows else dataclasses.replace(table, blank_rows=0)


def review_feedback(policy: Policy, feedback: pl.DataFrame, *, unit: str, on: date, state: ListState) -> Table:
    """Return one unit's 审核结果反馈单.

    Args:
        policy: The circular.
        feedback: The unit's rows of `name`, `result`, `words`: what the unit may read, and nothing else.
        unit: Its printed name.
        on: The day of the letter.
        state: 正式 once the list is decided.
    """
    rows: list[dict[str, Cell]] = [
        {"name": row["name"], "result": row["result"], "words": row["words"]} for row in feedback.iter_rows(named=True)
    ]
    counts = Counter(str(row["result"]) for row in rows)
    said = "，".join(f"{result} {count} 人" for result, count in counts.items())
    lead = (
        f"{plain(unit)}：",
        f"你单位报送的 {len(rows)} 名慰问对象，经审核，{said}。现将结果反馈如下：" if rows else "你单位没有报送人员。",
    )
    return listing(
        policy,
        "review_feedback",
        rows,
        state=state,
        lead=lead,
        closing=(policy.issuer, chinese(on)),
        nobody="本单位无人员。",
    )
