"""增减试算 and the three ways out of a shortfall: who enters, who leaves, and which change did it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from casework.allocation import Parameters
from casework.comparison import Remedy, difference, remedies
from casework.money import parse_yuan, yuan
from casework.problems import CaseworkError
from casework.sentences import reason_sentence
from casework.views.desk import Desk
from casework.views.html import badge, card, esc, note, rows_table, shown, tag
from casework.views.people import name_of
from casework.views.sheet import Worked

KINDS = {"in": ("进", "green"), "out": ("出", "red"), "amount": ("变额", "amber")}
MOST_ROWS = 60
MOST_NAMES = 12


@shown
def margin(desk: Desk, worked: Worked, asked: Mapping[str, object]) -> str:
    """Return who would enter or leave under one change to the current worksheet.

    Args:
        desk: The round.
        worked: The current result.
        asked: `what` (`place`, `rate` or `fund`), `on` (cell, category or fund) and `by` (places or yuan).
    """
    if worked.result is None:
        return note(worked.problem, "error")
    if not desk.with_cases:
        return note("本页没有读取人员信息，不能试算到人。")
    changed, said = _changed(desk, worked.typed.parameters, asked, worked)
    if changed is None:
        return note(said, "warn")
    after = desk.assessed.allocate(changed)
    moved = difference(desk.assessed, desk.assessed, worked.typed.parameters, changed)
    before = worked.result
    sums = [
        f"名额 {before.totals['places']} → {after.totals['places']}",
        f"人数 {before.totals['people']} → {after.totals['people']}",
        f"金额 {yuan(before.totals['amount_fen'])} → {yuan(after.totals['amount_fen'])} 元",
    ]
    if before.balance_fen is not None and after.balance_fen is not None:
        sums.append(f"余额 {yuan(before.balance_fen)} → {yuan(after.balance_fen)} 元")
    return tag("p", esc(said + "　" + "，".join(sums)), "cw-muted") + difference_html(desk, moved)


def _changed(desk: Desk, now: Parameters, asked: Mapping[str, object], worked: Worked) -> tuple[Parameters | None, str]:
    what, target, by = asked.get("what"), str(asked.get("on") or ""), asked.get("by")
    if what == "place" and target in desk.places:
        assert worked.result is not None
        unit, _, category = target.rpartition("|")
        plan = worked.result.plan.filter(unit_id=unit, category=category)
        places = plan["places"][0]
        if places is None:
            return None, f"{desk.label(target)}据实，不设名额，没有名额线。"
        if not isinstance(by, int | float) or not float(by).is_integer() or places + int(by) < 0:
            return None, "增减的名额要填整数，减少不能超过现有名额。"
        return now.with_places(target, places + int(by)), f"{desk.label(target)}{places} → {places + int(by)} 名。"
    try:
        fen = parse_yuan(str(int(by)) if isinstance(by, int | float) and float(by).is_integer() else str(by))
    except ValueError as error:
        return None, str(error)
    if what == "rate" and f"rate:{target}" in desk.money:
        return now.with_rate(target, fen), f"{desk.label(f'rate:{target}')}改为 {yuan(fen)} 元。"
    if what == "fund" and f"fund:{target}" in desk.money:
        held = now.funds.get(target, desk.money[f"fund:{target}"])
        if held is None:
            return None, f"{desk.label(f'fund:{target}')}总额未定，请先在“名额与资金”里填写。"
        return now.with_fund(target, held + fen), f"{desk.label(f'fund:{target}')}增加 {yuan(fen)} 元。"
    return None, "请选择要试算的内容。"


_only_funding = (pl.col("kind") == "amount") & pl.col("before_fen").eq_missing(pl.col("after_fen"))
"""Where the money does not reach, everybody hangs on it: no amount changes, only whether it can be paid."""


def difference_html(desk: Desk, moved: pl.DataFrame) -> str:
    """Return 进 / 出 / 变额 by name with the one cause of each; long lists are counted by cause first."""
    if moved.is_empty():
        return note("没有人进出，也没有人变额。")
    same = moved.filter(_only_funding)
    moved = moved.filter(~_only_funding)
    funded = note(f"另有 {same.height} 人名额和金额都不变，改动前后只差在资金够不够发。") if same.height else ""
    if moved.is_empty():
        return note("没有人进出，也没有人变额。") + funded
    counted = moved.group_by("kind", "cause", maintain_order=True).len()
    summary = "；".join(
        f"{row['cause']}：{KINDS[row['kind']][0]} {row['len']} 人" for row in counted.iter_rows(named=True)
    )
    shown_names, units = name_of(desk), desk.unit_names
    labels = {category.id: category.label for category in desk.policy.categories}
    seen = moved if desk.actor.units is None else moved.filter(pl.col("unit_id").is_in(list(desk.actor.units)))
    rows: list[tuple[object, ...]] = [
        (
            badge(*KINDS[row["kind"]]),
            shown_names.get(row["person_id"], ""),
            units.get(row["unit_id"], ""),
            labels.get(row["category"], "未填"),
            "" if row["before_fen"] is None else yuan(row["before_fen"]),
            "" if row["after_fen"] is None else yuan(row["after_fen"]),
            row["cause"],
            reason_sentence(row["reason"], (), desk.policy) if row["reason"] else "",
        )
        for row in seen.head(MOST_ROWS).iter_rows(named=True)
    ]
    head = ["变动", "姓名", "单位", "类别", "原金额", "新金额", "起因", "现在的理由"]
    if not any(row[-1] for row in rows):
        head, rows = head[:-1], [row[:-1] for row in rows]
    rest = f"只列出前 {MOST_ROWS} 人，共 {seen.height} 人。" if seen.height > MOST_ROWS else ""
    table = rows_table(head, rows, numbers=(4, 5), raw=(0,))
    return tag("p", esc(summary + "。")) + funded + tag("div", table, "cw-scroll") + note(rest)


# -- when the money is short ---------------------------------------------------------------------------------------


def ways_out(desk: Desk, worked: Worked) -> tuple[Remedy, ...]:
    """Return the three plans for a shortfall; nothing where there is none."""
    balance = worked.result.balance_fen if worked.result is not None else None
    if balance is None or balance >= 0:
        return ()
    try:
        return remedies(desk.assessed, worked.typed.parameters)
    except CaseworkError:
        return ()


@shown
def remedies_html(desk: Desk, worked: Worked, offers: Sequence[Remedy], buttons: Mapping[str, str]) -> str:
    """Return the three plans side by side with who is affected; none is chosen beforehand.

    Args:
        desk: The round.
        worked: The current result.
        offers: The plans.
        buttons: Name of a plan → the HTML of the button that takes it into the worksheet.
    """
    if not offers or worked.result is None or worked.result.balance_fen is None:
        result = worked.result
        if result is not None and result.balance_fen is None:
            return note("资金或金额还没有定，算不出有没有缺口；在“名额与资金”里填写后，这里随之更新。")
        return note("现在的方案没有超出资金，不需要补缺口。")
    cards = [card(offer.name, _offer(desk, offer), buttons.get(offer.name, "")) for offer in offers]
    short = f"资金缺 {yuan(-worked.result.balance_fen)} 元。三种办法供比较，都不会自动采用；采用后可继续调整。"
    return note(short, "warn") + tag("div", "".join(cards), "cw-cards")


def _offer(desk: Desk, offer: Remedy) -> str:
    said = tag("p", esc(offer.said + "。"))
    if offer.parameters is None:
        return said
    touched = offer.affected.filter(~_only_funding)
    if touched.is_empty():
        return said + tag("p", "没有人进出，也没有人变额。", "cw-muted")
    people = name_of(desk)
    parts = []
    for kind, (label, colour) in KINDS.items():
        moved = touched.filter(kind=kind)
        if moved.height:
            named = "、".join(people.get(person, "") for person in moved["person_id"].head(MOST_NAMES))
            more = f"等 {moved.height} 人" if moved.height > MOST_NAMES else f"（{moved.height} 人）"
            parts.append(tag("p", badge(label, colour) + " " + esc(named + more)))
    return said + "".join(parts)
