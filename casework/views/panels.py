"""How the parts of a section lie beside each other: HTML in, HTML out, and what stands where there is nothing yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from casework.allocation import Parameters
from casework.views.circular import circular, circular_head, lint_findings
from casework.views.desk import Desk
from casework.views.html import card, esc, note, shown, tag
from casework.views.plans import Book, in_force_html, scenario_table
from casework.views.sheet import Worked

NOBODY: Final = "本页没有读取任何人员信息；请用 casework serve 打开后查看名单。"


def toolbar(*parts: str) -> str:
    """Return controls in a row that wraps."""
    return tag("div", "".join(part for part in parts if part), "cw-toolbar")


def labelled(pairs: Mapping[str, str]) -> str:
    """Return controls in a row, each under its label."""
    return tag("div", "".join(tag("label", tag("span", esc(name)) + field) for name, field in pairs.items()), "cw-row")


@shown
def people_panel(desk: Desk, worked: Worked, filters: Mapping[str, str], said: str, table: str) -> str:
    """Return the list of people under its filters."""
    if not desk.with_cases:
        return note(NOBODY)
    if worked.result is None:
        return note(worked.problem, "error")
    if desk.assessed.facts.cases.is_empty():
        return note("这一轮还没有申报，名额方案照样可以调整、保存和确定；申报导入后这里显示名单。")
    row = labelled({"单位": filters["unit"], "类别": filters["category"], "结果": filters["standing"]})
    return card("名单", row, tag("p", esc(said), "cw-muted"), table)


@shown
def ties_panel(ties: list[dict[str, Any]], form: str, told: str) -> str:
    """Return what waits for a meeting at a line, with the form that records what it settled."""
    if not ties:
        return told
    tie = ties[0]
    what = "系统不替您选；请集体研究或抽签后登记。" if form else "须集体研究或抽签后，由经办人登记。"
    names = "、".join(tie["people"])
    said = f"{tie['label']}：{names}并列，只余 {tie['seats']} 个名额。{what}"
    more = note(f"共有 {len(ties)} 处并列，登记一处后显示下一处。") if len(ties) > 1 else ""
    return told + card("名额线上的并列", note(said, "warn"), more, form)


@shown
def amounts_panel(desk: Desk, unit: str, table: str) -> str:
    """Return 拟定金额 of one unit; nothing where the circular fixes every amount."""
    if not desk.with_cases:
        return card("拟定金额", note(NOBODY))
    said = "通知没有规定金额：逐人填写拟定金额，不预填；决定金额由会议决定后登记。"
    return card("拟定金额", toolbar(unit), table, muted=said)


@shown
def margin_panel(mode: str, fields: Mapping[str, str], outcome: str) -> str:
    """Return 增减试算: one change to the current worksheet, and who it moves."""
    labels = {"on": "对象", "by": "数量"}
    row = labelled({"试算": mode, **{labels[name]: fields[name] for name in ("on", "by")}})
    return card("增减试算", row, outcome, muted="在当前工作表上只改这一处，看谁进谁出；不会保存")


@shown
def helper_panel(fields: Mapping[str, str], outcome: str, button: str) -> str:
    """Return 分配助手, labelled as what it is."""
    labels = {"category": "类别", "total": "总名额", "method": "方法", "basis": "依据", "floor": "每单位至少"}
    row = labelled({labels[name]: field for name, field in fields.items()})
    return card("分配助手", row, outcome, toolbar(button), muted="仅供参考，不改动已定名额；按下“采用”才填入名额表")


@shown
def plans_panel(desk: Desk, book: Book, controls: Mapping[str, str], told: str) -> str:
    """Return 方案: save, list, work with one, adopt in two acts."""
    hint = "保存后可比较、可确定；不影响台账中的名单"
    saving = card("保存", controls["save"], muted=hint) if controls["save"] else ""
    if not book.scenarios:
        return (
            told + (tag("div", saving, "cw-cards") if saving else "") + card("已保存的方案", scenario_table(desk, book))
        )
    if not desk.actor.may_write():
        work = toolbar(controls["pick"], controls.get("load", ""))
        shown_acts = card("正式方案", work, in_force_html(book), muted="调入工作表只在本页查看，不会保存")
        return shown_acts + card("已保存的方案", scenario_table(desk, book))
    beside = "先确定名额方案（没有名单也可以），再确定名单；条件不齐时会说明原因"
    work = toolbar(controls["pick"], controls.get("load", ""), controls.get("update", ""))
    acts = toolbar(controls.get("places", ""), controls.get("list", ""))
    adopting = card("确定为正式方案", work, acts, in_force_html(book), muted=beside)
    return told + tag("div", saving + adopting, "cw-cards cw-two") + card("已保存的方案", scenario_table(desk, book))


@shown
def undo_panel(withdraw: str, transfer: str, moved: str) -> str:
    """Return what can still be changed after adopting; nothing before."""
    cards = (card("撤回", withdraw) if withdraw else "") + (card("名额调剂", transfer, moved) if transfer else "")
    return tag("div", cards, "cw-cards cw-two") if cards else ""


@shown
def compare_panel(choices: Mapping[str, str], outcome: str) -> str:
    """Return the comparison of two scenarios."""
    return card("比较两个方案", labelled({"从": choices["old"], "到": choices["new"]}), outcome)


@shown
def circular_panel(desk: Desk, picker: str, kind: str) -> str:
    """Return the circular: head and findings side by side, its clauses beneath."""
    head = tag("div", circular_head(desk) + lint_findings(desk), "cw-cards cw-two")
    return head + card("逐句办理", toolbar(picker), circular(desk, kind), muted="左边是原文，右边是怎么办")


def address(desk: Desk, wanted: Mapping[str, Any], **more: str) -> str:
    """Return the address of a list on our own download route."""
    query = {"round": desk.round_id, "scenario": wanted["scenario"], "unit": wanted["unit"], **more}
    return f"/download/{wanted['kind']}?{urlencode({name: value for name, value in query.items() if value})}"


@shown
def print_panel(  # noqa: PLR0913 - the parts of one panel
    desk: Desk,
    worked: Worked,
    choices: Mapping[str, str],
    wanted: Mapping[str, Any],
    preview: str,
    *,
    differ: bool = False,
) -> str:
    """Return which list to print, the links that hand it out, and the preview.

    Args:
        desk: The round.
        worked: The current result.
        choices: The controls' HTML.
        wanted: The controls' values.
        preview: The HTML of the preview.
        differ: The kept draft, which would be printed, is not what this page shows.
    """
    if not desk.guarded:
        return card("打印与下载", note("打印和下载要逐份登记，请用 casework serve 打开本页后办理。"))
    names = {"表": "kind", "方案": "scenario", "单位": "unit", "在此预览": "preview"}
    row = labelled({label: choices[name] for label, name in names.items()})
    if worked.typed.problems and not wanted["scenario"] and desk.actor.may_write():
        return card("打印与下载", row, note("工作表里还有没填对的地方，请先改正，再打印当前工作表。", "warn"))
    if differ and not wanted["scenario"]:
        said = "另一个页面改过这张工作表，打印出来会与本页所见不同；请先在页面上方选定以哪边为准。"
        return card("打印与下载", row, note(said, "warn"))
    links = "".join(
        tag("a", f"下载 {label}", "cw-button", href=address(desk, wanted, format=form), download="1")
        for label, form in (("PDF", "pdf"), ("Excel", "xlsx"))
    )
    said = "文件由台账当场计算生成并逐份登记；未确定的方案带“草稿”字样。"
    return card("打印与下载", row, toolbar(links), _only_looking(desk, worked, wanted), preview, muted=said)


def _only_looking(desk: Desk, worked: Worked, wanted: Mapping[str, Any]) -> str:
    """Return what a viewer has to know: what he tried in the page is kept nowhere, so nothing of it is printed."""
    if desk.actor.may_write() or worked.typed.parameters == Parameters():
        return ""
    what = "所选方案" if wanted["scenario"] else "通知原定"
    said = f"您是只读查看，本页试改的数字没有保存：打印和预览的是{what}，不是上面看到的数字。"
    return note(said + "要打印改动后的结果，请由经办人保存为方案，再在“方案”一栏选它。", "warn")
