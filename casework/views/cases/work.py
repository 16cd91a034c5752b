"""工作清单 as it stands on the page: filters with counts, one page of people, the case at hand, the batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from casework.money import yuan
from casework.views.cases.deeds import bodies, task_words
from casework.views.cases.desk import NOBODY, CaseDesk
from casework.views.cases.listing import PAGE, STATES, Listed, View, category_label, days, due, stage_label, where
from casework.views.html import badge, card, esc, facts_list, note, shown, tag
from casework.views.panels import labelled, toolbar
from casework.vocabulary import Verdict

COLOURS: Final = {
    Verdict.ELIGIBLE: "green",
    Verdict.REFUSED: "red",
    Verdict.WAITING: "amber",
    Verdict.NEEDS_EXCEPTION: "amber",
}
_STATE_COLOURS: Final = {"open": "", "held": "amber", "refused": "red", "done": "green", "gone": ""}
TOO_MANY: Final = tag("span", "个案太多，不按结论筛选；每个人的结论见下表", "cw-muted")
KEYS: Final = "键盘：↑ ↓ 换人，数字选结果，回车登记并转到下一人；不同意等要写理由，写完按回车登记"


def verdict_badge(verdict: str | None) -> str:
    """Return the label of a verdict; nothing for somebody who has left the round."""
    return "" if verdict is None else badge(Verdict(verdict).label, COLOURS[Verdict(verdict)])


def state_badge(state: str) -> str:
    """Return the label of a row's state."""
    return badge(STATES[state], _STATE_COLOURS[state])


@shown
def filters_panel(filters: Mapping[str, str], buttons: Mapping[str, str]) -> str:
    """Return the filters, each with its counts."""
    names = {"next_stage": "下一步", "verdict": "结论", "state": "状态", "due": "期限"}
    rows = "".join(
        tag("div", tag("span", esc(label), "cw-chips-of") + filters.get(name, TOO_MANY), "cw-chips")
        for name, label in names.items()
    )
    find = labelled({"单位": filters["unit"], "查找": filters["text"]})
    return tag("div", rows + tag("div", find + toolbar(*buttons.values()), "cw-find"), "cw-card cw-filters")


def empty_work(desk: CaseDesk) -> str:
    """Return what stands where there is nobody yet; "" where there is."""
    if not desk.with_cases:
        return note(NOBODY, "warn")
    if desk.cases:
        return ""
    said = "这一轮还没有个案。请到“收表导入”读入各单位报来的表，或逐件录入；名额可先在“名额与资金”里确定。"
    return card("还没有个案", tag("p", esc(said)))


@shown
def table_panel(listed: Listed, view: View, controls: Mapping[str, Any]) -> str:
    """Return one page of people.

    Args:
        listed: The worklist.
        view: The filters and the page.
        controls: `names` and `checks` by case id, `previous`, `next`, `all`, `none`; each HTML, or "" for none.
    """
    page = listed.page(view)
    if not page.total:
        return card("人员", note("没有符合筛选的个案。"))
    rows = []
    for at, row in enumerate(page.rows.iter_rows(named=True)):
        rows.append(_row(listed, row, at + 1 + view.page * PAGE, controls))
    heads = ("", "序号", "姓名", "单位", "类别", "结论", "已办到", "下一步", "期限")
    head = "".join(tag("th", esc(one)) for one in heads)
    table = tag("table", f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>", "cw-table cw-work")
    last = (page.total - 1) // PAGE + 1
    pages = tag("span", esc(f"第 {view.page + 1}/{last} 页，共 {page.total} 人"), "cw-muted")
    pager = toolbar(controls["previous"], pages, controls["next"], controls["all"], controls["none"])
    return tag("div", tag("div", table, "cw-scroll") + pager, "cw-card cw-people")


def _row(listed: Listed, row: Mapping[str, Any], number: int, controls: Mapping[str, Any]) -> str:
    case_id = row["case_id"]
    next_step = stage_label(row["next_stage"]) if row["next_stage"] else STATES[row["state"]]
    late = due(row["due_at"], late=row["late"])
    why = where(row, listed.look)
    category = category_label(listed.desk, row["category"])
    cells = [
        tag("td", controls["checks"].get(case_id, ""), "cw-check"),
        tag("td", str(number), "n"),
        tag("td", controls["names"].get(case_id, esc(listed.look.name(row["name"]))), "cw-name"),
        tag("td", esc(row["unit"] or "")),
        tag("td", esc(category)),
        tag("td", verdict_badge(row["verdict"]) + (tag("small", esc(why), "cw-muted") if why else "")),
        tag("td", esc(stage_label(row["stage"]))),
        tag("td", esc(next_step)),
        tag("td", esc(late), "cw-late" if row["late"] else ""),
    ]
    return tag("tr", "".join(cells), **{"data-case": case_mark(case_id)})


def case_mark(case_id: str) -> str:
    """Return a name for a row that the page may know: no id of the ledger reaches the browser in the markup."""
    return f"c{abs(hash(case_id)) % 10**12}"


def current_style(case_id: str | None) -> str:
    """Return the style that marks the row of the case at hand, so that moving does not draw the table anew."""
    if case_id is None:
        return ""
    rule = f'.cw-work tr[data-case="{case_mark(case_id)}"] > *'
    return f"<style>{rule}{{background:#eaf1f8}}{rule}:first-child{{box-shadow:inset 3px 0 0 var(--cw-blue)}}</style>"


@shown
def sitting_panel(desk: CaseDesk, task: str, controls: Mapping[str, Any]) -> str:
    """Return what is worked through: the task, and what is typed once for all its cases.

    Args:
        desk: The round.
        task: The task chosen.
        controls: `task` and the fields, each HTML.
    """
    if not controls:
        return ""
    if task.startswith("ask:"):
        first = {"由谁认定": "body", "日期": "on", "依据": "basis", "出处": "source"}
        more: dict[str, str] = {}
    else:
        first = {"办理主体": "body", "日期": "on", "依据": "basis"}
        more = {
            "签字人（代录）": "signer",
            "签字件存放处": "document",
            "越过较弱环节的理由": "skip",
            "另行办理的理由": "other",
        }
    named = bodies(desk, task)
    hint = tag("p", esc(f"通知规定的主体：{'、'.join(named)}"), "cw-muted") if named else ""
    lines = _lines(first, controls)
    folded = (
        f"<details class='cw-fold'><summary>代录、越过环节、复议时填写</summary>{_lines(more, controls)}</details>"
        if more
        else ""
    )
    return tag(
        "div", tag("h3", "办什么") + controls["task"] + task_words(desk, task) + hint + lines + folded, "cw-card"
    )


def _lines(fields: Mapping[str, str], controls: Mapping[str, Any]) -> str:
    inner = "".join(tag("label", esc(label)) + str(controls[name]) for label, name in fields.items())
    return tag("div", inner, "cw-lines cw-narrow")


def keyed(key: str, control: str) -> str:
    """Return a control that a key presses (`notebooks/head.html`)."""
    return tag("span", control, **{"data-cw-key": key})


@shown
def hand_panel(listed: Listed, case_id: str | None, controls: Mapping[str, Any], told: str) -> str:
    """Return the case at hand with the form that decides it and the keys that drive it.

    Args:
        listed: The worklist.
        case_id: The case; None where none is chosen.
        controls: `form`, `previous`, `next`, `open`, each HTML, and `turn`: which drawing of the panel this is.
        told: What came of the last deed.
    """
    row = listed.row(case_id)
    drawn = {"data-cw-turn": controls.get("turn", ""), "data-cw-case": case_mark(str(case_id or ""))}
    if row is None:
        moves = tag("span", keyed("ArrowDown", controls["next"]), "cw-keys", **drawn)
        return told + card("当前个案", note("点姓名，或按 ↓ 键，从第一人开始。"), moves)
    name = listed.look.name(row["name"])
    pairs = {
        "单位": esc(row["unit"] or ""),
        "类别": esc(category_label(listed.desk, row["category"])),
        "结论": verdict_badge(row["verdict"]) + " " + esc(where(row, listed.look)),
        "已办到": esc(f"{stage_label(row['stage'])} {days(row['stage_on'])}".strip() or "尚未开始"),
        "下一步": esc(stage_label(row["next_stage"]) or STATES[row["state"]]),
    }
    if row["listed"]:
        money = f"{yuan(row['amount_fen'])} 元" if row["amount_fen"] is not None else "金额未定"
        pairs["名单"] = badge("已列入", "green") + " " + esc(money)
    moves = toolbar(keyed("ArrowUp", controls["previous"]), keyed("ArrowDown", controls["next"]), controls["open"])
    form = tag("div", str(controls["form"]), "cw-choices") if controls["form"] else ""
    keys = tag("p", esc(KEYS), "cw-muted cw-keys-said") if form else ""
    body = tag("h3", esc(name) + " " + state_badge(row["state"])) + facts_list(pairs) + form + moves + keys
    return current_style(case_id) + tag("div", told + body, "cw-card cw-hand cw-keys", **drawn)


@shown
def work_panel(filters: str, people: str, hand: str) -> str:
    """Return the whole section: filters above, people on the left, the case at hand on the right."""
    sides = tag("div", people, "cw-stack") + tag("div", hand, "cw-stack")
    return filters + tag("div", sides, "cw-desk cw-working")


@shown
def batch_panel(may_write: bool, chosen: int, form: str, package: str, results: str) -> str:
    """Return 一并办理: the same task for everybody chosen, and a unit's package in one."""
    if not may_write:
        return results
    said = f"已勾选 {chosen} 人" if chosen else "先在上面勾选人员"
    whole = tag("h4", "整包登记") + package if package else ""
    return results + card("一并办理", form, whole, muted=said)
