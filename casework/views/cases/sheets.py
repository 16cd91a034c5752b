"""A unit's sheet before anything is written: how its columns are read, what is wrong by cell, who comes and goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from casework.intake import Severity, known_columns
from casework.intake.records import SkipKind
from casework.views.cases.desk import CaseDesk, Look
from casework.views.cases.linking import near_card
from casework.views.cases.resending import manner_card
from casework.views.html import badge, card, esc, folded, note, rows_table, shown, tag
from casework.views.panels import toolbar

if TYPE_CHECKING:
    from casework.intake import Issue
    from casework.intake.mapping import Mapping as SheetMapping
    from casework.people.importing_plan import ImportPlan
    from casework.views.cases.importing import Planned

CHANGES: Final = {
    "new": "新增",
    "changed": "有改动",
    "unchanged": "未变",
    "gone": "这次没有报",
    "doubtful": "分不清是谁",
}
NOT_READ: Final = "不读这一列"
MOST_SAID: Final = 300
"""Problems listed on the page; the marked workbook has all of them."""

_COLOURS: Final = {Severity.HOLD: "red", Severity.WARN: "amber", Severity.NOTE: ""}
_ROWS: Final = ("行", "姓名", "单位", "变化", "能否写入", "说明")


def field_choices(desk: CaseDesk) -> dict[str, str]:
    """Return what a column may be read as: label → field."""
    found = {NOT_READ: ""}
    for column in known_columns(desk.policy):
        found.setdefault(column.label, column.id)
    return found


def sheet_names(mappings: Sequence[SheetMapping]) -> list[str]:
    """Return the worksheets that may be read, in the file's order."""
    return list(dict.fromkeys(one.sheet for one in mappings))


def column_keys(mappings: Sequence[SheetMapping]) -> dict[str, tuple[int, int]]:
    """Return a name for each column of each sheet → (which mapping, which of its columns)."""
    return {f"m{at}c{number}": (at, number) for at, one in enumerate(mappings) for number in range(len(one.columns))}


def corrected(
    mappings: Sequence[SheetMapping], given: Mapping[str, Any], known: Mapping[str, str]
) -> list[SheetMapping]:
    """Return the mappings with every column read as the officer says; what he did not say stays."""
    places, fields = column_keys(mappings), set(known.values())
    choices: list[dict[str, str]] = [{} for _ in mappings]
    for key, (at, number) in places.items():
        field = given.get(key)
        if isinstance(field, str) and field in fields:
            choices[at][mappings[at].columns[number].head] = field
    return [one.correct(choice) for one, choice in zip(mappings, choices, strict=True)]


def mapping_template(mappings: Sequence[SheetMapping]) -> str:
    """Return the form of the columns, `{m0c0}` where a field goes; `{sheets}` where there are several worksheets."""
    parts = []
    several = len(sheet_names(mappings)) > 1
    which = tag("div", tag("label", "读哪些工作表") + "{sheets}", "cw-lines cw-narrow") if several else ""
    for at, one in enumerate(mappings):
        rows = "".join(
            tag("tr", tag("th", _plain(column.head)) + tag("td", f"{{m{at}c{number}}}"))
            for number, column in enumerate(one.columns)
        )
        head = "<thead><tr><th>表里的列</th><th>读作</th></tr></thead>"
        parts.append(
            tag(
                "div",
                tag("h4", _plain(f"工作表「{one.sheet}」"))
                + f"<table class='cw-grid'>{head}<tbody>{rows}</tbody></table>",
            )
        )
    return which + tag("div", "".join(parts), "cw-cards")


def _plain(text: str) -> str:
    return esc(text).replace("{", "{{").replace("}", "}}")


@shown
def upload_panel(fields: Mapping[str, str], told: str, *, may_write: bool) -> str:
    """Return where a file is chosen."""
    if not may_write:
        return told + card("导入单位报来的表", note("只读人员不能导入。"))
    lines = tag(
        "div",
        tag("label", "这是哪个单位的表")
        + fields["unit"]
        + tag("label", "第几份")
        + fields["part"]
        + tag("label", "文件")
        + fields["file"],
        "cw-lines cw-upload",
    )
    said = "Excel 电子表格，或文档里的表格；先看清再写入，写入前什么都不改"
    return told + card("导入单位报来的表", lines, muted=said)


@shown
def plan_panel(planned: Planned, parts: Mapping[str, str], look: Look) -> str:
    """Return what was read and what it would change, with the ways to take it over; nothing while no file is chosen.

    Args:
        planned: The file held against the ledger.
        parts: `mapping`, `near`, `manner`, `rows`, `whole`, `clean`: HTML of the controls, "" for none.
        look: How people are named; while others look on, nothing that stands in the sheet is repeated.
    """
    plan, marked = planned.plan, planned.marked
    if plan is None:
        return note(planned.problem, "warn")
    counts = plan.counts()
    manner = manner_card(plan, parts.get("manner", ""), projected=look.projected)
    if plan.already:
        return card("这份表已经导入过", note("同一个文件已经在台账里，内容没有变化，不用再导入。", "ok")) + manner
    said = "　".join(f"{CHANGES[name]} {counts[name]}" for name in ("new", "changed", "unchanged", "gone"))
    held = f"　待改 {counts['held']} 行" if counts["held"] else ""
    link = tag("a", "下载标出问题的表", "cw-button", href=marked, download="1") if marked else ""
    acts = toolbar(parts.get("whole", ""), parts.get("clean", ""), link)
    summary = note(f"{said}{held}", "warn" if counts["held"] or plan.intake.problems else "ok")
    several = len(sheet_names(plan.intake.mappings)) > 1 or planned.sheets is not None
    summary_of = "读哪些工作表、各列读作什么（可改）" if several else "各列读作什么（可改）"
    columns = folded(summary_of, parts["mapping"]) if parts.get("mapping") else ""
    columns += _hidden(plan)
    people = card("逐行预览", summary, parts.get("rows", ""), acts, muted=plan.file_name)
    if look.projected:
        return manner + people
    near = near_card(plan, parts.get("near", ""), planned.unlinked)
    people = near + manner + people
    return problems_html(plan.issues) + people + (card("列的对应", columns) if columns else "") + _skipped(plan)


@shown
def problems_html(issues: Sequence[Issue]) -> str:
    """Return every problem with its sheet and cell, what was read, and what to do; the worst first."""
    order = {Severity.HOLD: 0, Severity.WARN: 1, Severity.NOTE: 2}
    listed = sorted(issues, key=lambda issue: order[issue.severity])
    if not listed:
        return note("没有发现问题。", "ok")
    rows = [
        (
            badge(issue.severity.label, _COLOURS[issue.severity]),
            _where(issue),
            issue.problem.read,
            issue.problem.message,
            issue.problem.remedy,
        )
        for issue in listed[:MOST_SAID]
    ]
    more = (
        ""
        if len(listed) <= MOST_SAID
        else note(f"只列出前 {MOST_SAID} 条，其余 {len(listed) - MOST_SAID} 条在标出问题的表里。")
    )
    table = rows_table(("", "位置", "读到", "问题", "怎么改"), rows, raw=(0,))
    return card("表里的问题", tag("div", table, "cw-scroll cw-short"), more, muted=f"共 {len(listed)} 条")


def _where(issue: Issue) -> str:
    problem = issue.problem
    column = f" {problem.column}" if problem.column else ""
    place = f"{problem.sheet} {problem.cell}" if problem.cell else problem.sheet or "整个文件"
    return f"{place}{column}"


def preview_rows(desk: CaseDesk, look: Look, plan: ImportPlan) -> pl.DataFrame:
    """Return every row of the file, labelled, and who is not in it any more; what a table shows page by page."""
    rows = [
        (
            f"{row['sheet']} {row['row']}" if row["row"] else "",
            look.name(row["name"]),
            desk.unit_names.get(row["unit_id"] or "", ""),
            CHANGES[row["change"]],
            {"clean": "可以", "held": "待改"}.get(row["state"], ""),
            "" if look.projected else "；".join([*row["differences"], *row["problems"]]),
        )
        for row in plan.preview.iter_rows(named=True)
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(_ROWS, pl.String), orient="row")


def _hidden(plan: ImportPlan) -> str:
    """Name the worksheets that are hidden in the file: they are not read, and nobody need wonder why."""
    hidden = [one for one in plan.intake.skipped if one.kind is SkipKind.HIDDEN_SHEET]
    said = "、".join(f"“{one.sheet}”（{one.rows} 行）" for one in hidden)
    return note(f"隐藏的工作表没有读入：{said}。要读的请在表里取消隐藏后重新选择文件。") if hidden else ""


def _skipped(plan: ImportPlan) -> str:
    told = [one for one in plan.intake.skipped if one.kind is not SkipKind.HEAD]
    if not told:
        return ""
    rows = [(one.sheet, one.row or "", one.kind.label, one.text) for one in told[:MOST_SAID]]
    table = tag("div", rows_table(("工作表", "行", "为什么没读", "内容"), rows), "cw-scroll cw-short")
    return card("没有读的行", folded(f"共 {len(told)} 处", table))
