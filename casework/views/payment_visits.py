"""走访与期限: leaders and townships, plans, visits, who was not seen; the random inspection; deadlines; the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl
from sqlmodel import Session, col, select

from casework.dates import SHANGHAI, chinese
from casework.db import reading
from casework.models_payment import Inspection, LeaderLink, VisitPlan, VisitPlanCase
from casework.money import yuan
from casework.payment.claims import claims_frame
from casework.payment.common import official_list
from casework.payment.coverage import coverage, leaders, links_of, visits_frame
from casework.payment.follow_ups import follow_ups
from casework.payment.inspection import drawn_frame, inspections
from casework.payment.report import ActivityReport, activity_report
from casework.people.deadlines import STATES, status_grid
from casework.problems import Refused
from casework.shapes.procedure import Deadline, VisitRule, Window
from casework.views.cases.desk import CaseDesk, Look
from casework.views.desk import clock
from casework.views.html import badge, card, esc, folded, note, rows_table, shown, tag
from casework.views.review_forms import Bench, Someone, everyone, plain
from casework.vocabulary import LeaderLevel, VisitMode, VisitPlace

SECTION: Final = "走访与期限"
RESULTS: Final = {"in_order": "无问题", "irregular": "有问题"}
_LATE: Final = frozenset({"late", "overdue"})


@dataclass(frozen=True, eq=False)
class Visiting:
    """What the section shows, read at one moment.

    Attributes:
        listed: A list was decided; visits are planned to its people.
        plans: (plan, its people) of the actor's units, the next one first.
        drawn: Inspection → `inspection.DRAWN`.
        grid: `deadlines.DEADLINES`.
        report: None for somebody who does not see the whole round, and before there is a list.
    """

    desk: CaseDesk
    look: Look
    page: str
    unit: str
    people: Mapping[str, Someone]
    listed: bool
    links: Mapping[str, LeaderLink]
    leaders: pl.DataFrame
    plans: tuple[tuple[VisitPlan, tuple[str, ...]], ...]
    visits: pl.DataFrame
    coverage: pl.DataFrame
    claims: pl.DataFrame
    troubles: pl.DataFrame
    inspections: tuple[Inspection, ...]
    drawn: Mapping[str, pl.DataFrame]
    grid: pl.DataFrame
    report: ActivityReport | None

    def name(self, case_id: str) -> str:
        """Return a name as it may be shown."""
        found = self.people.get(case_id)
        return found.name if found else "—"

    def mine(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of the unit chosen."""
        return frame.filter(pl.col("unit_id") == self.unit) if self.unit else frame


def open_visiting(bench: Bench) -> Visiting:
    """Read the section for whoever opened the page."""
    desk, round_id, actor = bench.desk, bench.desk.round_id, bench.desk.actor
    whole = actor.units is None
    with reading(desk.engine) as session:
        try:
            official_list(session, round_id)
            listed = True
        except Refused:
            listed = False
        drawn = inspections(session, round_id) if whole else []
        every = links_of(session, round_id)
        return Visiting(
            desk=desk,
            look=bench.look,
            page=bench.page,
            unit=bench.unit,
            people=everyone(session, desk, bench.look),
            listed=listed,
            links={name: link for name, link in every.items() if actor.may_see(link.unit_id)},
            leaders=leaders(session, round_id=round_id, actor=actor),
            plans=_plans(session, round_id, {name for name, link in every.items() if actor.may_see(link.unit_id)}),
            visits=visits_frame(session, round_id=round_id, actor=actor),
            coverage=coverage(session, round_id=round_id, actor=actor),
            claims=claims_frame(session, round_id=round_id, actor=actor),
            troubles=follow_ups(session, round_id=round_id, actor=actor, today=desk.today),
            inspections=tuple(drawn),
            drawn={
                one.inspection_id: drawn_frame(session, inspection_id=one.inspection_id, actor=actor) for one in drawn
            },
            grid=status_grid(session, round_id=round_id, now=clock(), actor=actor),
            report=activity_report(session, round_id=round_id, actor=actor, now=clock()) if whole and listed else None,
        )


def _plans(session: Session, round_id: str, links: set[str]) -> tuple[tuple[VisitPlan, tuple[str, ...]], ...]:
    query = select(VisitPlan).where(VisitPlan.round_id == round_id).order_by(col(VisitPlan.on), col(VisitPlan.plan_id))
    found = [plan for plan in session.exec(query) if plan.link_id in links]
    whom: dict[str, list[str]] = {}
    people = select(VisitPlanCase.plan_id, VisitPlanCase.case_id).where(
        col(VisitPlanCase.plan_id).in_([plan.plan_id for plan in found])
    )
    for plan_id, case_id in session.exec(people):
        whom.setdefault(plan_id, []).append(case_id)
    return tuple((plan, tuple(whom.get(plan.plan_id, ()))) for plan in found)


# -- what is seen ----------------------------------------------------------------------------------------------------


@shown
def visiting_panel(found: Visiting) -> str:
    """Return what stands on record."""
    deadlines = _deadlines(found)
    if not found.listed:
        wait = "名单还没有研究确定，还不能安排走访和抽查。请先到“集体研究”登记会议结果（或确认名单）。"
        return deadlines + card("走访", note(wait)) + _leader_card(found)
    return (
        _unseen(found)
        + _leader_card(found)
        + _plan_card(found)
        + _visit_card(found)
        + _trouble_card(found)
        + (_inspection_card(found) + deadlines + _report_card(found))
    )


def _unseen(found: Visiting) -> str:
    frame = found.mine(found.coverage)
    seen = frame.filter(pl.col("visited")).height
    rules = [clause.words for clause, _ in found.desk.policy.of_shape(VisitRule)]
    windows = [f"走访期间：{chinese(w.first)}至{chinese(w.last)}。" for _, w in found.desk.policy.of_shape(Window)]
    if not rules:
        head = note("这份通知没有规定走访；走访照样可以登记。")
    else:
        words = "".join(tag("li", esc(one)) for one in rules)
        head = tag("p", esc("".join(windows))) + folded("通知怎么规定", f"<ul class='cw-list'>{words}</ul>")
    missing = frame.filter(~pl.col("visited"))
    if missing.is_empty():
        return card("未走访", head, note(f"名单上 {frame.height} 人都已走访。", "ok"))
    rows = []
    for (unit,), group in missing.group_by(["unit"], maintain_order=True):
        names: dict[str, list[str]] = {}
        for row in group.iter_rows(named=True):
            names.setdefault(row["why"] or "", []).append(found.name(row["case_id"]))
        # A reason is said once, with everybody it holds for.
        parts = [
            tag("p", (badge(why, "amber") + " " if why else "") + esc("、".join(who))) for why, who in names.items()
        ]
        rows.append((unit or "", group.height, "".join(parts)))
    heads = ("单位", "人数", "未走访")
    table = tag("div", rows_table(heads, rows, numbers=(1,), raw=(2,), css="cw-states"), "cw-scroll cw-short")
    return card("未走访", head, table, muted=f"已走访 {seen} 人，未走访 {missing.height} 人")


def _leader_card(found: Visiting) -> str:
    if found.leaders.is_empty():
        return card("领导联系乡镇", note("还没有登记。右边选“领导联系乡镇”，逐人登记领导和所联系的乡镇（单位）。"))
    rows = []
    for row in found.leaders.iter_rows(named=True):
        least = "" if row["required"] is None else f"≥ {row['required']}"
        short = "；".join(row["remarks"])
        state = badge(short, "amber") if short else badge("已达到" if row["required"] else "", "green")
        level = LeaderLevel(row["level"]).label
        rows.append(
            (
                row["leader"],
                row["position"],
                level,
                row["units"],
                row["office"],
                row["planned"],
                row["visited"],
                least,
                state,
            )
        )
    head = ("领导", "职务", "级别", "联系乡镇", "统筹办公室", "已安排", "已走访", "要求", "情况")
    table = rows_table(head, rows, numbers=(5, 6, 7), raw=(8,))
    return card("领导联系乡镇", tag("div", table, "cw-scroll cw-short"), muted="走访对象在乡镇名额之内；名单以外的不计")


def plan_label(found: Visiting, plan: VisitPlan) -> str:
    """Return what a plan is called in a choice."""
    link = found.links[plan.link_id]
    return f"{plan.on} {link.leader}：{found.desk.unit_names.get(link.unit_id, '')}"


def _plan_card(found: Visiting) -> str:
    rows = []
    for plan, whom in found.plans:
        link = found.links[plan.link_id]
        if found.unit not in ("", link.unit_id):
            continue
        state = badge("已取消") + esc(f" {plan.reason}") if plan.state == "cancelled" else badge("已安排", "green")
        names = "、".join(found.name(case_id) for case_id in whom)
        rows.append((plan.on, link.leader, found.desk.unit_names.get(link.unit_id, ""), names, plan.company, state))
    if not rows:
        return ""
    head = ("日期", "领导", "乡镇（单位）", "走访对象", "陪同", "状态")
    return card("走访安排", tag("div", rows_table(head, rows, raw=(5,)), "cw-scroll cw-short"))


def visit_label(found: Visiting, row: Mapping[str, Any]) -> str:
    """Return what a visit is called in a choice."""
    return f"{row['on']} {found.name(row['case_id'])}（{row['unit'] or ''}）"


def _visit_card(found: Visiting) -> str:
    frame = found.mine(found.visits)
    if frame.is_empty():
        return card("走访记录", note("还没有走访记录。右边选“登记走访”：走访和当面发放可以一次登记。"))
    rows = []
    for row in reversed(frame.to_dicts()):
        where = VisitPlace(row["place"]).label
        mode = VisitMode(row["mode"]).label
        wrong = plain("；".join(row["remarks"]))
        state = tag("span", esc(wrong), "cw-late") if wrong else badge("符合通知", "green")
        rows.append(
            (
                row["on"],
                found.name(row["case_id"]),
                row["unit"] or "",
                f"{where}，{mode}",
                row["visitors"],
                row["opinions"],
                "已当面发放" if row["handed_over"] else "",
                state,
            )
        )
    head = ("日期", "对象", "单位", "地点、方式", "走访人", "听取的意见", "发放", "与通知")
    return card("走访记录", tag("div", rows_table(head, rows, raw=(7,)), "cw-scroll cw-short"))


def _trouble_card(found: Visiting) -> str:
    rows = [
        (row["name"] if not found.look.projected else "—", row["problem"], row["owner"], row["due_on"], _trouble(row))
        for row in found.mine(found.troubles).iter_rows(named=True)
    ]
    if not rows:
        return ""
    head = ("对象", "实际困难", "承办人", "期限", "办理")
    return card("走访反映的困难", rows_table(head, rows, raw=(4,)))


def _trouble(row: Mapping[str, Any]) -> str:
    if row["closed_on"]:
        return badge("已办结", "green") + esc(f" {row['closed_on']} {row['outcome']}")
    return badge("逾期未办", "red") if row["overdue"] else badge("在办", "amber")


def inspection_label(one: Inspection) -> str:
    """Return what an inspection is called: its day, seed and size."""
    return f"{one.on}（种子 {one.seed}，抽 {one.size} 人）"


def _inspection_card(found: Visiting) -> str:
    if not found.inspections:
        return ""
    parts = []
    for one in found.inspections:
        rows = [
            (
                row["order"],
                found.name(row["case_id"]),
                row["unit"],
                badge(RESULTS[row["result"]], "green" if row["result"] == "in_order" else "red")
                if row["result"]
                else badge("待核查", "amber"),
                row["body"],
                row["checked_on"],
            )
            for row in found.drawn[one.inspection_id].iter_rows(named=True)
        ]
        head = ("序", "姓名", "单位", "结果", "由谁核查", "日期")
        said = tag(
            "p",
            esc(f"从名单 {len(one.population)} 人中抽 {one.size} 人，种子 {one.seed}；凭种子可以重新抽出同样的人。"),
        )
        parts.append(tag("h4", esc(inspection_label(one))) + said + rows_table(head, rows, numbers=(0,), raw=(3,)))
    return card("随机抽查", *parts)


def _deadlines(found: Visiting) -> str:
    clauses = [(clause, shape) for clause, shape in found.desk.policy.of_shape(Deadline)]
    if not clauses:
        return card("报送期限", note("这份通知没有规定报送期限。"))
    rows, details = [], []
    for clause, shape in clauses:
        mine = found.mine(found.grid).filter(pl.col("clause_id") == clause.id)
        if mine.is_empty():
            continue
        due = mine["due_at"][0].astimezone(SHANGHAI)
        hour = "" if (due.hour, due.minute) == (23, 59) else f"{due:%H:%M}"
        counts = dict(mine["state"].value_counts().iter_rows())
        told = "、".join(f"{label} {counts[state]}" for state, label in STATES.items() if counts.get(state))
        late = any(counts.get(state) for state in _LATE)
        passed = due < clock()
        rows.append(
            (
                f"{due:%Y-%m-%d} {hour}".strip(),
                shape.receiver,
                "、".join((*shape.deliverables, *shape.needs)),
                tag("span", esc(told), "cw-late") if late else esc(told),
                badge("已过", "red" if counts.get("overdue") else "") if passed else badge("未到", "green"),
            )
        )
        details += [
            (row["unit"], row["item"], f"{due:%m-%d} {hour}".strip(), STATES[row["state"]], _received(row))
            for row in mine.iter_rows(named=True)
        ]
    head = ("期限", "报给谁", "报什么", "各单位", "")
    detail = rows_table(("单位", "材料", "期限", "状态", "收到"), details)
    each = folded("逐单位", tag("div", detail, "cw-scroll cw-short"))
    return card("报送期限", rows_table(head, rows, raw=(3, 4)), each, muted="北京时间，到分；收表在“收表导入”登记")


def _received(row: Mapping[str, Any]) -> str:
    if row["received_at"] is None:
        return ""
    late = row["late_minutes"] or 0
    return f"{row['received_at'].astimezone(SHANGHAI):%m-%d %H:%M}" + (f"（晚 {late} 分钟）" if late else "")


def _report_card(found: Visiting) -> str:
    report = found.report
    if report is None:
        return ""
    rows = [
        (
            row["unit"],
            row["category_label"],
            row["people"],
            yuan(row["amount_fen"]),
            row["paid_people"],
            row["booked_people"],
            row["visited"],
        )
        for row in report.rows.iter_rows(named=True)
    ]
    head = ("单位", "类别", "人数", "金额（元）", "已发放", "已入账", "已走访")
    table = folded("逐单位、类别", rows_table(head, rows, numbers=(2, 3, 4, 5, 6))) if rows else ""
    to = note(f"报给：{report.receiver}") if report.receiver else ""
    draft = note(f"还有 {len(report.open_ends)} 件没有了结，这一份是草稿。", "warn") if report.open_ends else ""
    copied = tag("pre", esc(report_text(report)), "cw-copy", tabindex="0")
    return card("情况报告", to, draft, copied, table, muted="数字由台账填好，可选中复制后修改")


def report_text(report: ActivityReport) -> str:
    """Return the report to be copied: the circular's headings, the figures in words."""
    lines = [f"{report.title}情况报告", ""]
    if report.sections:
        for number, heading in enumerate(report.sections, start=1):
            lines += [f"{'一二三四五六七八九十'[number - 1]}、{heading}"]
            lines += [*report.sentences, ""] if number == 1 else ["（请补写）", ""]
    else:
        lines += list(report.sentences)
    return "\n".join(lines).strip()
