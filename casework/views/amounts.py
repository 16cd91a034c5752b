"""What an officer decides and the circular leaves open: 拟定金额 per person, reasons of cells over a soft cap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from casework.allocation import Allocation, plan
from casework.money import yuan
from casework.problems import CaseworkError
from casework.views.desk import Desk
from casework.views.html import esc, note, shown, tag
from casework.views.people import name_of
from casework.views.sheet import Sheet, Typed, Worked, read_sheet, work


def open_categories(desk: Desk, typed: Typed) -> list[str]:
    """Return the categories whose amount neither the circular nor the scenario fixes."""
    fixed = typed.parameters.rates
    rates = {key[5:]: fen for key, fen in desk.money.items() if key.startswith("rate:")}
    return [category for category, fen in rates.items() if fen is None and category not in fixed]


def open_amounts(desk: Desk, sheet: Sheet, unit: object) -> list[str]:
    """Return the cases of a unit that have a place and need an amount, in print order.

    Proposed amounts are left aside: typing one must not draw the fields anew.
    """
    typed = read_sheet(desk, replace(sheet, decided={}))
    categories = open_categories(desk, typed)
    if not categories or not desk.with_cases or not desk.actor.may_see(str(unit)):
        return []
    result = work(desk, typed).result
    wanted = (pl.col("unit_id") == str(unit)) & pl.col("category").is_in(categories)
    return [] if result is None else result.awards.filter(wanted)["case_id"].to_list()


@shown
def amounts(desk: Desk, worked: Worked, fields: Mapping[str, str]) -> str:
    """Return 拟定金额 per person: what was asked for, the field, and the meeting's own column; with the running total.

    Args:
        desk: The round.
        worked: The current result.
        fields: Case → the field's HTML.
    """
    if worked.result is None:
        return note(worked.problem, "error")
    shown_names = name_of(desk)
    cases = {row["case_id"]: row for row in desk.assessed.facts.cases.iter_rows(named=True) if row["case_id"] in fields}
    labels = {category.id: category.label for category in desk.policy.categories}
    rows = []
    for case_id, field in fields.items():
        case = cases[case_id]
        css = "cw-wrong" if case_id in worked.typed.wrong else ""
        told = [tag("th", esc(shown_names[case["person_id"]])), tag("td", esc(labels[case["category"]]))]
        told.append(tag("td", esc(case["unit_rank"] or ""), "n"))
        told.append(tag("td", _fen_or(case["requested_fen"], ""), "n"))
        told.append(tag("td", field, css))
        told.append(tag("td", _fen_or(case["decided_fen"], "未定"), "n"))
        rows.append(tag("tr", "".join(told)))
    head = (
        "<tr><th>姓名</th><th>类别</th><th class=n>推荐顺序</th><th class=n>申报金额（元）</th>"
        "<th class=n>拟定金额（元）</th><th class=n>决定金额（元）</th></tr>"
    )
    table = tag("table", f"<thead>{head}</thead><tbody>{''.join(rows)}</tbody>", "cw-grid cw-amounts")
    return _running(worked.result, worked) + tag("div", table, "cw-scroll")


def _fen_or(fen: int | None, otherwise: str) -> str:
    return otherwise if fen is None else yuan(fen)


def _running(result: Allocation, worked: Worked) -> str:
    given = len(worked.typed.parameters.decided)
    said = f"已拟定 {given} 人，合计 {yuan(sum(worked.typed.parameters.decided.values()))} 元；"
    said += f"列入 {result.totals['people']} 人中 {result.totals['without_amount']} 人金额未定。"
    if result.fund_fen is None:
        return note(said + "可用资金未填，填在上面“标准与资金”里，这里随填随算还余多少。")
    left = result.fund_fen - result.totals["amount_fen"]
    ahead = f"可用资金 {yuan(result.fund_fen)} 元，" + (
        f"还余 {yuan(left)} 元。" if left >= 0 else f"超出 {yuan(-left)} 元。"
    )
    return note(said + ahead, "note" if left >= 0 else "error")


def over_cells(desk: Desk, sheet: Sheet) -> list[str]:
    """Return the cells over a soft cap: each asks for reason, decider and road. Reads places only, allocates nobody."""
    facts = desk.assessed.facts
    try:
        quota = plan(desk.policy, facts.units, facts.cases, read_sheet(desk, sheet).parameters)
    except CaseworkError:
        return []
    return [cell for cell in quota.exceptions.filter(pl.col("extra") > 0)["cell"] if cell in desk.places]


@shown
def reasons(desk: Desk, fields: Mapping[str, Mapping[str, str]]) -> str:
    """Return the cells over a soft cap, each with its three fields; nothing where there is none.

    Args:
        desk: The round.
        fields: Cell → `reason`, `decider`, `road` → the field's HTML.
    """
    if not fields:
        return ""
    rows = "".join(
        tag(
            "tr", tag("th", esc(desk.label(cell))) + "".join(tag("td", given[n]) for n in ("reason", "decider", "road"))
        )
        for cell, given in fields.items()
    )
    head = "<tr><th>超出通知规定的名额</th><th>理由</th><th>决定人</th><th>途径</th></tr>"
    return tag("table", f"<thead>{head}</thead><tbody>{rows}</tbody>", "cw-grid cw-reasons")
