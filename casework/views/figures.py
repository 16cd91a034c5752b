"""The live result: key figures, what stands against it, the grid, the quota table as printed, the chart."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import polars as pl

from casework.allocation import Allocation
from casework.comparison import unreasoned
from casework.frames import cell_key
from casework.lists import Column, Table, quota_table
from casework.lists import shown as printed
from casework.money import yuan
from casework.views.desk import Desk
from casework.views.html import badge, card, esc, note, notes, shown, tag
from casework.views.sheet import Worked

FONT = "Noto Sans CJK SC, Source Han Sans SC, PingFang SC, Microsoft YaHei, sans-serif"
MOST_NAMED = 4
"""Sentences about single fields above the worksheet; more would hide it."""
PALETTE = ("#9b1c1c", "#24548a", "#b8862b", "#4f7a5b", "#6b5b8c", "#8c959f")


# -- key figures --------------------------------------------------------------------------------------------------


@shown
def figures(desk: Desk, worked: Worked) -> str:
    """Return the strip of key figures, and beneath it what stands against the scenario."""
    if worked.result is None:
        return tag("div", note(worked.problem, "error"), "cw-sticky")
    totals, balance = worked.result.totals, worked.result.balance_fen
    people = totals["people"] if desk.with_cases else None
    kpis = [
        _kpi("名额", *_counted(worked.result, totals["places"])),
        _kpi("人数", "—" if people is None else str(people)),
        _kpi("金额（元）", _amount(worked.result), _lacking(totals)),
        _kpi("余额（元）", "资金未定" if balance is None else yuan(balance), bad=balance is not None and balance < 0),
        _kpi("未用名额", "—" if people is None else str(totals["unused"])),
        _kpi("待核实", "—" if people is None else str(totals["waiting"] + totals["to_verify"])),
        _kpi("并列", "—" if people is None else str(len(worked.result.ties)), bad=bool(worked.result.ties)),
    ]
    strip = tag("div", "".join(kpis), "cw-kpis", role="group")
    return tag("div", strip + _against(desk, worked, worked.result), "cw-sticky")


def _kpi(label: str, value: str, beside: str = "", *, bad: bool = False) -> str:
    small = tag("i", esc(beside)) if beside else ""
    plain = "" if value[:1].isdigit() or value[:1] in "-—" else " cw-words"
    return tag(
        "div", f"<b>{esc(value)}</b><span>{esc(label)}</span>{small}", ("cw-kpi cw-bad" if bad else "cw-kpi") + plain
    )


def _all_numbers(result: Allocation) -> bool:
    return not result.plan["open"].any()


def _counted(result: Allocation, places: int) -> tuple[str, str]:
    """Return the number of places and what stands beside it: some or all cells may have no number (据实)."""
    counted = result.plan.filter(~pl.col("open"))
    if _all_numbers(result):
        return str(places), ""
    return (str(places), "另有据实") if counted.height or places else ("据实", "")


def _amount(result: Allocation) -> str:
    """Return the money of the plan; 未定 while no body has decided anything."""
    undecided = result.plan["amount_fen"].null_count() == result.plan.height > 0
    return "未定" if undecided else yuan(result.totals["amount_fen"])


def _lacking(totals: Mapping[str, int]) -> str:
    return f"{totals['without_amount']} 人金额未定" if totals["without_amount"] else ""


def _against(desk: Desk, worked: Worked, result: Allocation) -> str:
    balance, totals = result.balance_fen, result.totals
    problems = worked.typed.problems
    parts = [notes(problems[:MOST_NAMED], "warn")]
    if len(problems) > MOST_NAMED:
        parts.append(note(f"另有 {len(problems) - MOST_NAMED} 处没有填对，在表中标红。", "warn"))
    if balance is not None and balance < 0:
        parts.append(
            note(
                f"超出资金 {yuan(-balance)} 元，不能确定为正式方案。可在“试算”里比较降标准、减名额、待追加三种办法。",
                "error",
            )
        )
    lacking = unreasoned(result)
    if lacking:
        cells = "、".join(desk.label(cell) for cell in lacking)
        parts.append(note(f"{cells}超出通知规定的名额，请写明理由和决定人；可以先保存，写明之前不能确定。", "warn"))
    if result.plan.filter(pl.col("places").is_null() & ~pl.col("open")).height:
        parts.append(note("有单位的党员人数未填，名额算不出来，请先在单位名录中补上。", "warn"))
    if totals["short_fen"] and not (balance is not None and balance < 0):
        parts.append(note(f"资金不足，缺 {yuan(totals['short_fen'])} 元，未排出先后，名单暂不能确定。", "error"))
    parts += [
        note(f"{desk.label(f'fund:{rest.fund}')}要求用完，尚余 {yuan(rest.left_fen)} 元。", "warn")
        for rest in result.unspent
    ]
    if not desk.actor.may_write() and desk.guarded:
        parts.append(tag("p", esc("只读：可以试改数字看结果，改动只在本页，不会保存。"), "cw-muted"))
    if desk.closed:
        parts.append(note("本轮已结束，只能查看。"))
    return "".join(parts)


# -- the grid of places -----------------------------------------------------------------------------------------------


@shown
def grid(desk: Desk, fields: Mapping[str, str], worked: Worked) -> str:
    """Return unit × category as a table of number fields, with live sums; blank where the circular has a blank.

    Args:
        desk: The round.
        fields: Cell → the field's own HTML.
        worked: The current result.
    """
    plan = (worked.result or desk.original).plan
    known = {
        cell_key(u, c): (n, fen)
        for u, c, n, fen in plan.select("unit_id", "category", "places", "amount_fen").iter_rows()
    }
    offered = [
        category for category in desk.policy.categories if any(cell.endswith(f"|{category.id}") for cell in fields)
    ]
    several = len(offered) > 1
    heads = "".join(tag("th", esc(category.label), "n", scope="col") for category in offered)
    sums = (*(("名额合计",) if several else ()), "金额（元）")
    head = "<th>单位</th>" + heads + "".join(tag("th", name, "n cw-sum", scope="col") for name in sums)
    body = []
    for unit in desk.units:
        cells = [cell_key(unit["unit_id"], category.id) for category in offered]
        row = [tag("th", esc(unit["name"]), "", scope="row")]
        row += [_field(desk, cell, fields, worked) for cell in cells]
        row += [tag("td", _places(known, cells), "n")] if several else []
        body.append(tag("tr", "".join([*row, tag("td", _money(known, cells), "n")])))
    foot = ["<th>合计</th>"]
    columns = [[cell for cell in known if cell.endswith(f"|{category.id}")] for category in offered]
    foot += [tag("td", _places(known, column), "n") for column in columns]
    foot += [tag("td", _places(known, list(known)), "n")] if several else []
    foot.append(tag("td", _money(known, list(known)), "n"))
    inside = f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}<tr class='cw-total'>{''.join(foot)}</tr></tbody>"
    return tag("div", tag("table", inside, "cw-grid"), "cw-scroll")


_Known = Mapping[str, tuple[int | None, int | None]]


def _places(known: _Known, cells: list[str]) -> str:
    """Return the places of some cells together; 据实 where none of them has a number."""
    places = [known[cell][0] for cell in cells if cell in known]
    return "据实" if places and all(number is None for number in places) else str(sum(n or 0 for n in places))


def _money(known: _Known, cells: list[str]) -> str:
    """Return yuan of some cells; 未定 where no body has decided an amount yet."""
    amounts = [known[cell][1] for cell in cells if cell in known]
    return "未定" if None in amounts else yuan(sum(fen for fen in amounts if fen is not None))


def _field(desk: Desk, cell: str, fields: Mapping[str, str], worked: Worked) -> str:
    if cell not in fields:
        return tag("td", "")
    original = desk.places[cell]
    if cell in worked.typed.wrong:
        return tag("td", fields[cell], "cw-wrong")
    if cell in worked.typed.parameters.places:
        stood = "未设名额" if original is None else f"通知原定 {original} 名"
        return tag("td", fields[cell], "cw-changed", title=stood)
    return tag(
        "td", fields[cell], "cw-unset" if original is None else "", title="据实，不填不设限" if original is None else ""
    )


# -- rates and funds -----------------------------------------------------------------------------------------------


@shown
def money_table(desk: Desk, numbers: Mapping[str, str], sliders: Mapping[str, str], worked: Worked) -> str:
    """Return rates and funds, each with the circular's number beside it; what is changed is marked."""
    changed = {f"rate:{name}" for name in worked.typed.parameters.rates}
    changed |= {f"fund:{name}" for name in worked.typed.parameters.funds}
    rows = []
    for key, original in desk.money.items():
        css = "cw-wrong" if key in worked.typed.wrong else "cw-changed" if key in changed else ""
        stood = "未定" if original is None else yuan(original)
        mark = badge("改", "amber") if key in changed else ""
        unit = "标准，元/人" if key.startswith("rate:") else "可用资金，元" if original is None else "资金，元"
        said = esc(desk.label(key).removesuffix("标准")) + tag("small", unit, "cw-muted")
        rows.append(
            f"<tr><th scope='row'>{said}</th><td class='n cw-muted'>{stood}</td>"
            f"<td class='{css}'>{numbers[key]}</td><td class='cw-slide'>{sliders.get(key, '')}</td><td>{mark}</td></tr>"
        )
    head = "<tr><th>项目</th><th class=n>通知原定</th><th>本方案</th><th></th><th></th></tr>"
    return tag("table", f"<thead>{head}</thead><tbody>{''.join(rows)}</tbody>", "cw-grid cw-money")


def slider_span(original: int | None, typed: object) -> tuple[int, int, int] | None:
    """Return (value, stop, step) in yuan of the slider beside a number; None where the circular sets no number.

    The slider reaches twice the circular's number, further where more was typed.
    """
    if not original:
        return None
    stands = original // 100
    step = max(1, 10 ** (len(str(stands)) - 2))
    value = int(typed) if isinstance(typed, int | float) and 0 <= typed < 1e12 else stands
    value = value // step * step
    return value, max(2 * stands // step * step, value), step


# -- tables as printed ---------------------------------------------------------------------------------------------


@shown
def quota(desk: Desk, worked: Worked) -> str:
    """Return the quota table of the current scenario in the circular's own layout."""
    if worked.result is None:
        return note("名额还没有算出来，请先改正上面的数字。", "warn")
    changed = {
        (desk.unit_names[unit], f"{what}.{category}")
        for unit, _, category in (cell.rpartition("|") for cell in worked.typed.parameters.places)
        for what in ("places", "money")
    }
    if not desk.units:
        return note("还没有单位，名额分配表是空的。")
    table = quota_table(desk.policy, units=desk.assessed.facts.units, plan=worked.result.plan)
    return table_html(table, marked=changed)


def table_html(table: Table, *, marked: set[tuple[str, str]] | None = None, title: bool = True) -> str:
    """Return a list as it will be printed, on the screen.

    Args:
        table: The list.
        marked: (first cell of the row, column key) of values that differ from the circular.
        title: Put its title above.
    """
    rows = "".join(_row(table, row, marked or set()) for row in table.rows)
    totals = ""
    if table.totals:
        cells = [tag("th", "合计")] + [
            tag("td", esc(printed(table.total(column.key), column)), _align(column)) for column in table.columns[1:]
        ]
        totals = tag("tr", "".join(cells), "cw-total")
    captions = "".join(tag("p", esc(caption), "cw-muted") for caption in table.captions)
    heading = tag("caption", esc(table.title)) if title else ""
    inside = f"{heading}<thead>{_heads(table)}</thead><tbody>{rows}{totals}</tbody>"
    return tag("div", tag("table", inside, "cw-table cw-annex"), "cw-scroll") + captions


def _heads(table: Table) -> str:
    if not table.groups:
        return tag("tr", "".join(tag("th", esc(column.label)) for column in table.columns))
    grouped = {key: group for group in table.groups for key in group.keys}
    upper, lower, done = [], [], set()
    for column in table.columns:
        group = grouped.get(column.key)
        if group is None:
            upper.append(tag("th", esc(column.label), "", rowspan="2"))
        elif group.label not in done:
            done.add(group.label)
            upper.append(tag("th", esc(group.label) + tag("small", esc(group.note)), "", colspan=str(len(group.keys))))
        if group is not None:
            lower.append(tag("th", esc(column.label)))
    return tag("tr", "".join(upper)) + tag("tr", "".join(lower))


def _row(table: Table, row: tuple[object, ...], marked: set[tuple[str, str]]) -> str:
    cells = []
    for at, (value, column) in enumerate(zip(row, table.columns, strict=True)):
        text = esc(printed(value, column))  # type: ignore[arg-type]
        css = _align(column) + (" cw-moved" if (str(row[0]), column.key) in marked else "")
        cells.append(tag("th", text) if at == 0 else tag("td", text, css.strip()))
    return tag("tr", "".join(cells))


def _align(column: Column) -> str:
    return "n" if column.alignment == "right" else ""


# -- the chart -----------------------------------------------------------------------------------------------------


def chart(desk: Desk, worked: Worked) -> alt.Chart | None:
    """Return places per unit, stacked by category; None where there is nothing to draw."""
    result = worked.result
    labels = {category.id: category.label for category in desk.policy.categories}
    number = "places" if result is not None and _all_numbers(result) else "people"
    if result is None or not result.by_unit[number].sum():
        return None
    rows = result.by_unit.select(
        pl.col("unit").alias("单位"),
        pl.col("category").replace_strict(labels, return_dtype=pl.String).alias("类别"),
        pl.col(number).alias("数量"),
    ).to_dicts()
    word = "名额" if number == "places" else "人数"
    order = list(dict.fromkeys(row["单位"] for row in rows))
    drawn = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar()
        .encode(
            y=alt.Y("单位:N", sort=order, title=None, axis=alt.Axis(labelLimit=180)),
            x=alt.X("数量:Q", title=f"{word}（名）", axis=alt.Axis(tickMinStep=1)),
            color=alt.Color(
                "类别:N",
                sort=list(labels.values()),
                title=None,
                scale=alt.Scale(domain=list(labels.values()), range=list(PALETTE[: len(labels)])),
                legend=alt.Legend(orient="bottom", columns=1, labelLimit=300),
            ),
            tooltip=["单位:N", "类别:N", alt.Tooltip("数量:Q", title=word)],
        )
        .properties(
            width="container",
            height=max(120, 24 * len(order)),
            usermeta={"embedOptions": {"actions": False, "ast": True}},
        )
        .configure(font=FONT)
        .configure_view(strokeWidth=0)
    )
    assert isinstance(drawn, alt.Chart)
    return drawn


# -- the two panels of the first section -----------------------------------------------------------------------------


@shown
def worksheet(  # noqa: PLR0913 - the parts of one panel
    desk: Desk,
    worked: Worked,
    *,
    money: tuple[Mapping[str, str], Mapping[str, str]],
    places: Mapping[str, str],
    reasons: str,
    reset: str,
) -> str:
    """Return rates and funds beside the grid of places; fields and the button are HTML already."""
    if not desk.units:
        return note("这一轮还没有参加的单位。请先在单位名录中导入单位；其余部分照常可用。", "warn")
    left = card("标准与资金", money_table(desk, *money, worked), tag("div", reset, "cw-toolbar"))
    opened = any(number is None for number in desk.places.values())
    hint = "空着的格子为据实，不设名额" if opened else "空白处为通知没有这类名额"
    right = card("名额", grid(desk, places, worked), reasons, muted=hint)
    return tag("div", left + right, "cw-desk")


@shown
def result(desk: Desk, worked: Worked, drawn: str) -> str:
    """Return the quota table beside the chart; `drawn` is the chart's HTML."""
    left = card("名额分配表", quota(desk, worked), muted="与通知附表同一格式；改动处为蓝色")
    return tag("div", left + (card("各单位名额", drawn) if drawn else ""), "cw-desk cw-result")
