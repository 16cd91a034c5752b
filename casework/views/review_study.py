"""集体研究: the list on the table with its fingerprint, the meeting and its result, what stands as 待补手续."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import polars as pl
from sqlmodel import Session, col, select

from casework.adoption import in_force
from casework.dates import SHANGHAI, chinese
from casework.db import reading
from casework.models import Adoption, Ruling, Scenario
from casework.models_review import Instruction, Meeting, MeetingResult, Recusal
from casework.money import yuan
from casework.review.chain import Link
from casework.review.changes import list_name
from casework.review.instructions import may_be_signed
from casework.review.minutes import PersonResult
from casework.review.official import OFFICIAL, determination
from casework.review.readiness import IssueReady, review_issue_ready
from casework.scenarios import scenarios
from casework.views.cases.desk import CaseDesk, Look
from casework.views.desk import clock, version_code
from casework.views.html import badge, card, esc, facts_list, folded, note, notes, rows_table, shown, tag
from casework.views.review_exceptions import Excusable, exceptions_card, excusable, made_exceptions
from casework.views.review_forms import MOST_NAMES, Bench, Someone, change_said, everyone, plain
from casework.views.review_scans import review_scans
from casework.vocabulary import Act, Decision, InstructionState, MeetingState, Reason

SECTION: Final = "集体研究"

Pending = Mapping[str, PersonResult]
"""Person → what was put down for the meeting and is not yet handed in."""


@dataclass(frozen=True, eq=False)
class Study:
    """What the section shows, read at one moment.

    Attributes:
        current: The list in force; None before one was drawn up.
        places: Places are adopted.
        link: The step by which this office decides; None where the units decide.
        people: Case → person within the actor's units.
        scans: Label → scan an officer may open here.
        exceptions: On record, of people within reach, the latest first.
        excusable: What needs an exception and has none; empty before a meeting decided, which alone may make one.
        pending: Meeting → results put down in this page.
        put: Changes them.
    """

    desk: CaseDesk
    look: Look
    page: str
    unit: str
    current: Adoption | None
    places: Adoption | None
    scenarios: tuple[Scenario, ...]
    link: Link | None
    signed_here: bool
    people: Mapping[str, Someone]
    meetings: tuple[Meeting, ...]
    results: Mapping[str, tuple[MeetingResult, ...]]
    recusals: Mapping[str, tuple[Recusal, ...]]
    instructions: tuple[Instruction, ...]
    changes: tuple[Adoption, ...]
    ready: IssueReady
    scans: Mapping[str, str]
    exceptions: tuple[Ruling, ...]
    excusable: tuple[Excusable, ...]
    pending: Mapping[str, Pending]
    put: Callable[[Any], None]

    @property
    def awards(self) -> list[dict[str, Any]]:
        """Return the list in force, as far as the actor may see it, of the unit chosen."""
        rows = self.current.numbers["awards"] if self.current else []
        return [row for row in rows if row["case_id"] in self.people and self.unit in ("", row["unit_id"])]

    @property
    def on_table(self) -> dict[str, Meeting]:
        """Return label → meeting: those that have not decided yet, on the list in force."""
        adoption = self.current.adoption_id if self.current else ""
        open_ones = [m for m in self.meetings if m.state == MeetingState.PLANNED and m.adoption_id == adoption]
        return {meeting_label(one): one for one in open_ones}

    @property
    def official(self) -> bool:
        """Tell whether the list in force was decided."""
        return self.current is not None and self.current.state == OFFICIAL

    def name(self, case_id: str | None) -> str:
        """Return a name as it may be shown; nothing of somebody out of reach."""
        found = self.people.get(case_id or "")
        return found.name if found else "（不在您的单位范围内）"


def meeting_label(meeting: Meeting) -> str:
    """Return what a meeting is called in a choice."""
    return f"{chinese(meeting.held_on)}{meeting.body}"


def open_study(bench: Bench, pending: Mapping[str, Pending], put: Callable[[Any], None]) -> Study:
    """Read the section for whoever opened the page."""
    desk, look = bench.desk, bench.look
    with reading(desk.engine) as session:
        meetings = _all(session, Meeting, desk.round_id, Meeting.held_on)
        ids = [one.meeting_id for one in meetings]
        lists = select(Adoption).where(Adoption.round_id == desk.round_id, Adoption.act == Act.LIST.value)
        people = everyone(session, desk, look)
        made = made_exceptions(session, desk, people)
        decided = desk.may_write and any(one.state == MeetingState.DECIDED for one in meetings)
        return Study(
            desk=desk,
            look=look,
            page=bench.page,
            unit=bench.unit,
            current=in_force(session, desk.round_id, Act.LIST),
            places=in_force(session, desk.round_id, Act.PLACES),
            scenarios=tuple(scenarios(session, desk.round_id)),
            link=determination(desk.policy),
            signed_here=may_be_signed(desk.policy),
            people=people,
            meetings=tuple(meetings),
            results=_by_meeting(session, MeetingResult, ids),
            recusals=_by_meeting(session, Recusal, ids),
            instructions=tuple(_all(session, Instruction, desk.round_id, Instruction.on)),
            changes=tuple(session.exec(lists.order_by(col(Adoption.adopted_at)))),
            ready=review_issue_ready(session, round_id=desk.round_id, now=clock()),
            scans=review_scans(session, bench),
            exceptions=made,
            excusable=excusable(session, desk, people, made, desk.today) if decided else (),
            pending=pending,
            put=put,
        )


def _all(session: Session, table: Any, round_id: str, order: Any) -> list[Any]:
    return list(session.exec(select(table).where(table.round_id == round_id).order_by(col(order))))


def _by_meeting(session: Session, table: Any, ids: list[str]) -> dict[str, tuple[Any, ...]]:
    rows = session.exec(select(table).where(col(table.meeting_id).in_(ids))).all() if ids else []
    return {name: tuple(row for row in rows if row.meeting_id == name) for name in ids}


# -- what is seen ----------------------------------------------------------------------------------------------------


def list_frame(study: Study) -> pl.DataFrame:
    """Return the list in force, for a table that is paged on the server."""
    labels = {one.id: one.label for one in study.desk.policy.categories}
    rows = [
        {
            "序号": number,
            "单位": study.desk.unit_names.get(row["unit_id"], ""),
            "姓名": study.name(row["case_id"]),
            "类别": labels.get(row["category"], ""),
            "金额（元）": "待定" if row["amount_fen"] is None else yuan(row["amount_fen"]),
            "现在": plain(study.ready.waiting.get(row["case_id"], "")) or "手续齐全",
        }
        for number, row in enumerate(study.awards, start=1)
    ]
    columns = ("序号", "单位", "姓名", "类别", "金额（元）", "现在")
    return pl.DataFrame(rows, schema={name: pl.Int64 if name == "序号" else pl.String for name in columns})


@shown
def study_panel(study: Study, table: str) -> str:
    """Return what stands on record: the list, its meetings, the changes, what is still to be made up for."""
    if study.current is None:
        return no_list(study)
    return (
        _list_card(study, table)
        + _reserve(study)
        + _meetings(study)
        + exceptions_card(study)
        + _instructions(study)
        + _changes(study)
    )


def no_list(study: Study) -> str:
    """Return what to do where no list was drawn up yet."""
    link = tag("a", "去“名额与资金”", "cw-button", href=f"/allocation/?round={quote(study.desk.round_id, safe='')}")
    if not study.scenarios:
        said = "还没有确定名单，也没有保存的方案。先在“名额与资金”里调好名额和标准，保存成方案，再回到这里拟定名单。"
    elif study.places is None:
        said = "还没有确定名单。右边先选一个方案确定名额方案，再确定名单；要改数请到“名额与资金”。"
    else:
        said = "名额方案已确定，名单还没有拟定。右边选方案，按“拟定名单”。"
    return card("还没有确定名单", tag("p", esc(said)), tag("p", link))


def _list_card(study: Study, table: str) -> str:
    current = study.current
    assert current is not None
    state = badge("已研究确定", "green") if study.official else badge("待研究确定", "amber")
    whole = current.numbers["awards"]
    money = sum(row["amount_fen"] or 0 for row in whole)
    open_ones = sum(row["amount_fen"] is None for row in whole)
    undecided = f"，{open_ones} 人金额待定" if open_ones else ""
    facts = {
        "名单": state + " " + esc(list_name(current.number)),
        "校验码": esc(version_code(current.fingerprint)) + tag("span", "　会议研究的就是这一份", "cw-muted"),
        "人数、金额": esc(f"{len(whole)} 人，{yuan(money)} 元{undecided}"),
    }
    if current.reason:
        facts["变更"] = _said(study, current)
    if study.link is not None:
        facts["由谁研究"] = esc("、".join(study.link.bodies) or "本级")
        facts["到会要求"] = esc(study.link.quorum or "通知没有规定，按过半数同意")
    else:
        facts["由谁研究"] = esc("各单位自行审定，本级备查后确认名单")
    papers = ""
    if study.desk.guarded and current.number == 0:
        address = f"/download/roster?round={quote(study.desk.round_id, safe='')}&scenario={current.scenario_id}"
        what = "名单" if study.official or study.link is None else "上会材料"
        links = [
            tag("a", f"{what} {name}", "cw-button", href=f"{address}&format={form}", download="1")
            for name, form in (("PDF", "pdf"), ("Excel", "xlsx"))
        ]
        papers = tag("div", "".join(links), "cw-toolbar")
    blocks = notes(study.ready.blocks, "warn")
    ready = note(f"可以印发、拨付 {len(study.ready.ready)} 人，另有 {len(study.ready.waiting)} 人还要等。")
    return card("名单", facts_list(facts), blocks, ready, papers, table)


def _reserve(study: Study) -> str:
    """Return who is not on the list, why, and whose own list takes him where the circular says so."""
    assert study.current is not None
    labels = {one.id: one.label for one in study.desk.policy.categories}
    rows = [
        (
            study.desk.unit_names.get(row["unit_id"], ""),
            study.name(row["case_id"]),
            labels.get(row["category"], ""),
            Reason(row["reason"]).label,
            badge("转入单位自己的慰问名单", "amber") if row["route"] == "unit" else "",
        )
        for row in study.current.numbers["reserve"]
        if row["case_id"] in study.people and study.unit in ("", row["unit_id"])
    ]
    if not rows:
        return ""
    routed = sum(bool(row[-1]) for row in rows)
    said = f"{len(rows)} 人" + (f"，其中 {routed} 人按通知由所在单位自行慰问" if routed else "，按顺序候补")
    table = rows_table(("单位", "姓名", "类别", "原因", "去向"), rows[:MOST_NAMES], raw=(4,))
    return card("没有列入名单的", tag("div", table, "cw-scroll cw-short"), muted=said)


def _said(study: Study, adoption: Adoption) -> str:
    """Return why a list changed; whoever does not see every unit, or projects, reads no names."""
    return change_said(adoption, named=study.desk.actor.units is None and not study.look.projected)


def _meetings(study: Study) -> str:
    if study.link is None:
        return ""
    if not study.meetings:
        return card("会议", note("还没有上会。右边选“上会”，填会议和日期；会议与名单的校验码绑定。"))
    rows = []
    for one in reversed(study.meetings):
        decided = one.state == MeetingState.DECIDED
        state = badge(MeetingState(one.state).label, "green" if decided else "amber")
        count = f"{one.invited}/{one.present}/{one.agreed}" if one.invited is not None else ""
        rows.append((one.held_on, one.body, state, version_code(one.fingerprint), count, one.minutes, one.signer))
    head = ("日期", "会议", "状态", "研究的名单", "应到/实到/同意", "会议记录", "签字人")
    details = "".join(_details(study, one) for one in reversed(study.meetings))
    return card("会议", tag("div", rows_table(head, rows, raw=(2,)), "cw-scroll"), details)


def _details(study: Study, meeting: Meeting) -> str:
    found = study.results.get(meeting.meeting_id, ())
    left = study.recusals.get(meeting.meeting_id, ())
    put = study.pending.get(meeting.meeting_id, {}) if meeting.state == MeetingState.PLANNED else {}
    rows = [
        (study.name(one.case_id), Decision(one.result).label, _money(one.amount_fen), one.reason)
        for one in found
        if one.case_id in study.people
    ]
    rows += [
        (study.name(case), f"{one.result.label}（未登记）", _money(one.amount_fen), one.reason)
        for case, one in put.items()
    ]
    table = rows_table(("姓名", "结果", "金额（元）", "理由"), rows, numbers=(2,)) if rows else ""
    away = "；".join(f"{one.name}（{one.reason}）" for one in left)
    recused = tag("p", esc(f"回避：{away}")) if away else ""
    if not table and not recused:
        return ""
    return folded(f"{meeting_label(meeting)}：逐人结果与回避", table + recused, opened=bool(put))


def _money(fen: int | None) -> str:
    return "" if fen is None else yuan(fen)


def _instructions(study: Study) -> str:
    if not study.instructions:
        return ""
    rows = []
    for one in study.instructions:
        if one.case_id is not None and one.case_id not in study.people:
            continue
        pending = one.state == InstructionState.PENDING
        state = badge(InstructionState(one.state).label, "amber" if pending else "")
        how = {"meeting": "补充研究", "signed": "签批"}.get(one.road or "", "") or one.reason
        blocks = "印发和发放都停住" if pending else ""
        who = study.name(one.case_id) if one.case_id else "整份名单"
        rows.append((one.on, one.said_by, one.content, who, state, how or blocks))
    head = ("日期", "谁说的", "内容", "涉及", "状态", "办法")
    warning = "口头意见不改名单；补办手续或不予采纳以前，名单不能印发，资金不能拨付和发放。"
    return card("口头意见", rows_table(head, rows, raw=(4,)), muted=warning)


def _changes(study: Study) -> str:
    if len(study.changes) < 2:
        return ""
    rows = []
    for one in study.changes:
        made = one.adopted_at.astimezone(SHANGHAI)
        state = {"official": "已研究确定", "proposed": "待研究确定"}.get(one.state, "已撤回")
        rows.append(
            (
                list_name(one.number),
                f"{made:%Y-%m-%d %H:%M}",
                version_code(one.fingerprint),
                state,
                len(one.numbers["awards"]),
                _said(study, one) if one.number else "拟定",
            )
        )
    head = ("名单", "时间", "校验码", "状态", "人数", "起因")
    return card("名单的变更", tag("div", rows_table(head, rows, numbers=(4,), raw=(5,)), "cw-scroll cw-short"))
