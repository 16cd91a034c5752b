"""公示与异议: the notices with their clocks, the objections, who left, and the lists that followed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlmodel import Session, col, select

from casework.access import Actor
from casework.adoption import in_force
from casework.dates import Calendar, chinese
from casework.db import reading
from casework.frames import cell_key
from casework.models import Adoption
from casework.models_review import Notice, Objection, Removal, RestYear, ReviewStep
from casework.problems import Refused
from casework.review import chain as chains
from casework.review.calendars import calendar_of, rest_years
from casework.review.chain import Link
from casework.review.changes import list_name
from casework.review.notice_days import notice_end
from casework.review.notices import notice_result
from casework.review.official import OFFICIAL
from casework.review.records import case_rows, chain_for, chains_of, histories, steps_version
from casework.review.removal import free_places
from casework.views.cases.desk import CaseDesk, Look
from casework.views.desk import version_code
from casework.views.html import badge, card, esc, facts_list, note, rows_table, shown, tag
from casework.views.review_forms import Bench, Someone, change_said, everyone
from casework.views.review_scans import review_scans
from casework.vocabulary import Act, NoticeState, ObjectionState, RemovalCause, Stage

SECTION: Final = "公示与异议"
NO_END: Final = "未知：没有这一年的放假调休表"


@dataclass(frozen=True, eq=False)
class Publication:
    """What the section shows, read at one moment.

    Attributes:
        terms: Path → the step 公示 of that path; empty: the circular asks for none.
        turn: Unit → people whose turn it is to be published.
        counts: Notice → numbers of its result.
        accounts: Name → account, of those known in this ledger, the actor's own left out.
        scans: Label → scan an officer may open here.
        version: Of the steps.
    """

    desk: CaseDesk
    look: Look
    page: str
    unit: str
    people: Mapping[str, Someone]
    terms: Mapping[str, Link]
    turn: Mapping[str, tuple[str, ...]]
    notices: tuple[Notice, ...]
    counts: Mapping[str, Mapping[str, int]]
    objections: tuple[Objection, ...]
    removals: tuple[Removal, ...]
    current: Adoption | None
    changes: tuple[Adoption, ...]
    calendar: Calendar
    rest_years: tuple[RestYear, ...]
    accounts: Mapping[str, str]
    scans: Mapping[str, str]
    version: int

    def name(self, case_id: str | None) -> str:
        """Return a name as it may be shown."""
        found = self.people.get(case_id or "")
        return found.name if found else "—"

    def due(self, posted: date, link: Link) -> date | None:
        """Return the last day of a notice posted on a day."""
        return notice_end(link.notice, posted, self.calendar) if link.notice else None


def open_publication(bench: Bench) -> Publication:
    """Read the section for whoever opened the page."""
    desk = bench.desk
    with reading(desk.engine) as session:
        people = everyone(session, desk, bench.look)
        notices = [one for one in _all(session, Notice, desk, Notice.posted_on) if _mine(desk, one.unit_id)]
        lists = select(Adoption).where(Adoption.round_id == desk.round_id, Adoption.act == Act.LIST.value)
        chain_terms = {
            path: link
            for path, links in chains_of(desk.policy).items()
            for link in links
            if link.stage is Stage.PUBLIC_NOTICE
        }
        current = in_force(session, desk.round_id, Act.LIST)
        return Publication(
            desk=desk,
            look=bench.look,
            page=bench.page,
            unit=bench.unit,
            people=people,
            terms=chain_terms,
            turn=_turn(session, desk, current) if chain_terms else {},
            notices=tuple(notices),
            counts={one.notice_id: notice_result(session, one.notice_id) for one in notices},
            objections=tuple(
                one
                for one in _all(session, Objection, desk, Objection.received_on)
                if desk.actor.id in one.handlers or one.case_id in people or desk.actor.units is None
            ),
            removals=tuple(one for one in _all(session, Removal, desk, Removal.on) if one.case_id in people),
            current=current,
            changes=tuple(session.exec(lists.order_by(col(Adoption.adopted_at)))),
            calendar=calendar_of(session),
            rest_years=tuple(rest_years(session)),
            accounts=known_accounts(session, desk.actor),
            scans=review_scans(session, bench),
            version=steps_version(session, desk.round_id),
        )


def _all(session: Session, table: Any, desk: CaseDesk, order: Any) -> list[Any]:
    return list(session.exec(select(table).where(table.round_id == desk.round_id).order_by(col(order))))


def known_accounts(session: Session, actor: Actor) -> dict[str, str]:
    """Return name → account of everybody who ever recorded a step here, under the latest name; the actor left out.

    Two accounts of one name are told apart by the account itself.
    """
    query = select(ReviewStep.recorded_by, ReviewStep.recorded_name).order_by(col(ReviewStep.seq))
    names = {account: name for account, name in session.exec(query) if account != actor.id}
    alike = Counter(names.values())
    return {name if alike[name] == 1 else f"{name}（{account}）": account for account, name in sorted(names.items())}


def _mine(desk: CaseDesk, unit_id: str | None) -> bool:
    return desk.actor.units is None or (unit_id is not None and desk.actor.may_see(unit_id))


def _turn(session: Session, desk: CaseDesk, current: Adoption | None) -> dict[str, tuple[str, ...]]:
    """Return unit → the people whose next step is the public notice."""
    rows = case_rows(session, desk.round_id, units=desk.actor.units)
    links, known = chains_of(desk.policy), histories(session, desk.round_id)
    listed = {row["case_id"] for row in current.numbers["awards"]} if current and current.state == OFFICIAL else set()
    found: dict[str, list[str]] = {}
    for row in rows:
        try:
            own = chain_for(links, row)
        except Refused:
            continue  # the path is not filled in: the worklist says so
        history = known.get(row.case_id, {})
        lacking = chains.missing(history, own)
        if not lacking or lacking[0].stage is not Stage.PUBLIC_NOTICE or chains.stopped(history) is not None:
            continue
        if not lacking[0].own or row.case_id in listed:
            found.setdefault(row.unit_id, []).append(row.case_id)
    return {unit: tuple(cases) for unit, cases in found.items()}


# -- what is seen ----------------------------------------------------------------------------------------------------


@shown
def publication_panel(shown_now: Publication) -> str:
    """Return what stands on record: the clause, the notices, the objections, who left."""
    if not shown_now.terms:
        first = card("公示", note("这份通知没有规定公示。异议和减员照样可以登记。"))
    else:
        first = _clause(shown_now) + _notices(shown_now)
    return first + _objections(shown_now) + _removals(shown_now)


def _clause(found: Publication) -> str:
    parts, names = [], dict(found.desk.policy.paths)
    for path, link in found.terms.items():
        terms = link.notice
        assert terms is not None
        kind = "个工作日" if terms.day_kind == "working" else "天"
        days = f"{terms.days} {kind}" if terms.days is not None else "通知没有规定天数，张贴时填止日"
        count = "，张贴当日计入" if terms.count_posting_day else "，张贴当日不计"
        end = found.due(found.desk.today, link)
        clock = chinese(end) if end else (NO_END if terms.days is not None else "由张贴时填写")
        facts = {
            "条款": esc(f"{link.cite}：{link.words}"),
            "谁公示": "本级公示研究确定的名单" if link.own else "各单位公示，本级备查",
            "范围、方式": esc("；".join(one for one in (terms.audience, terms.channel) if one) or "通知没有规定"),
            "期限": esc(days + (count if terms.days is not None else "")),
            "今天张贴": esc(f"到 {clock} 为止" if end else clock),
        }
        parts.append((tag("h4", esc(names.get(path, path))) if len(found.terms) > 1 else "") + facts_list(facts))
    waiting = sum(len(cases) for unit, cases in found.turn.items() if found.unit in ("", unit))
    said = f"现在轮到公示的有 {waiting} 人。" if waiting else _nobody(found)
    return card("公示的规定", *parts, note(said))


def _nobody(found: Publication) -> str:
    own = any(link.own for link in found.terms.values())
    if own and found.current is None:
        return "现在没有人轮到公示：还没有确定名单，请先到“集体研究”拟定名单、上会。"
    if own and found.current is not None and found.current.state != OFFICIAL:
        return "现在没有人轮到公示：名单还没有研究确定，请先到“集体研究”登记会议结果。"
    return "现在没有人轮到公示；前面的环节在“工作清单”里登记。"


def _notices(found: Publication) -> str:
    listed = [one for one in found.notices if found.unit in ("", one.unit_id or "")]
    if not listed:
        return card("公示", note("还没有张贴公示。右边选“张贴公示”登记。"))
    rows = []
    for one in reversed(listed):
        state = NoticeState(one.state)
        colour = {NoticeState.RUNNING: "amber", NoticeState.ENDED: "green"}.get(state, "")
        numbers = found.counts[one.notice_id]
        where = found.desk.unit_names.get(one.unit_id or "", "全部名单") + (f"　{one.branch}" if one.branch else "")
        rows.append(
            (
                where,
                numbers["people"],
                one.posted_on,
                one.ends_on or NO_END,
                left(one, found.desk.today),
                one.channel,
                one.evidence or "未登记",
                badge(state.label, colour),
                result_said(numbers, running=state is NoticeState.RUNNING),
            )
        )
    head = ("公示对象", "人数", "起", "止", "还剩", "方式", "张贴凭证", "状态", "公示结果")
    table = tag("div", rows_table(head, rows, numbers=(1,), raw=(7,)), "cw-scroll cw-short")
    return card("公示", table, muted="公示结果只写数字，不写姓名")


def left(notice: Notice, today: date) -> str:
    """Return how long a notice still runs."""
    if notice.state != NoticeState.RUNNING:
        return ""
    if notice.ends_on is None:
        return "未知"
    days = (notice.ends_on - today).days
    return "已期满，可登记结果" if days < 0 else "今天最后一天" if days == 0 else f"{days} 天"


def result_said(numbers: Mapping[str, int], *, running: bool = False) -> str:
    """Return 公示结果: numbers, no names; as long as it runs nobody knows yet that there is no objection."""
    if not numbers["objections"]:
        return "暂未收到异议" if running else "没有异议"
    parts = [f"{state.label} {numbers[state.value]}" for state in ObjectionState if numbers[state.value]]
    return f"异议 {numbers['objections']} 件（{'、'.join(parts)}）"


def objection_label(found: Publication, one: Objection) -> str:
    """Return what an objection is called in a choice: its day and number, never what it says."""
    number = list(found.objections).index(one) + 1
    return f"第 {number} 件（{one.received_on} 收到）"


def _objections(found: Publication) -> str:
    if not found.objections:
        return card("异议", note("没有收到异议。收到时右边选“收到异议”登记；只有被异议的人暂停，其他人照办。"))
    names = {account: name for name, account in found.accounts.items()} | {found.desk.actor.id: found.desk.actor.name}
    rows = []
    for number, one in enumerate(found.objections, start=1):
        state = ObjectionState(one.state)
        running = state in (ObjectionState.RECEIVED, ObjectionState.ACCEPTED)
        handled = found.desk.actor.id in one.handlers
        about = (
            found.name(one.case_id)
            if one.case_id and handled
            else ("（只对办理人员开放）" if one.case_id else "没有列入的人")
        )
        rows.append(
            (
                number,
                one.received_on,
                "匿名" if one.anonymous else "署名",
                about,
                "、".join(names.get(account, account) for account in one.handlers) if handled else "",
                badge(state.label, "amber" if running else ""),
                one.decided_by,
                one.closed_on,
                "这个人暂停办理" if running and one.case_id else "",
            )
        )
    head = ("号", "收到", "署名", "涉及", "办理人员", "状态", "负责人", "办结", "影响")
    muted = "内容、异议人和查核情况只对办理人员开放，每次打开都登记"
    return card("异议", tag("div", rows_table(head, rows, numbers=(0,), raw=(5,)), "cw-scroll cw-short"), muted=muted)


def _removals(found: Publication) -> str:
    rows = [
        (
            found.name(one.case_id),
            found.desk.unit_names.get(found.people[one.case_id].unit_id, ""),
            RemovalCause(one.cause).label,
            one.on,
            one.basis,
        )
        for one in found.removals
        if found.unit in ("", found.people[one.case_id].unit_id)
    ]
    gone = rows_table(("姓名", "单位", "原因", "日期", "依据"), rows) if rows else ""
    said = "" if rows else note("没有人减员。去世、放弃、转出、错报、查实不符时，右边选“减员”登记，系统提出候补人选。")
    return card("减员与递补", said, gone, _changed(found))


def _changed(found: Publication) -> str:
    if len(found.changes) < 2:
        return ""
    whole = found.desk.actor.units is None and not found.look.projected
    rows = [
        (
            list_name(one.number),
            change_said(one, named=whole) if one.number else "拟定",
            len(one.numbers["awards"]),
            {"official": "已研究确定", "proposed": "待研究确定"}.get(one.state, "已撤回"),
            version_code(one.fingerprint),
        )
        for one in found.changes
    ]
    return tag("h4", "变更名单") + rows_table(("名单", "起因", "人数", "状态", "校验码"), rows, numbers=(2,), raw=(1,))


def free_cells(found: Publication) -> dict[str, str]:
    """Return label → cell with a place nobody holds, within the actor's units, where somebody waits for it."""
    if found.current is None:
        return {}
    numbers = found.current.numbers
    labels = {one.id: one.label for one in found.desk.policy.categories}
    waiting = {cell_key(row["unit_id"], row["category"]) for row in numbers["reserve"]}
    cells = {}
    for row in numbers["plan"]:
        unit, category = row["unit_id"], row["category"]
        cell = cell_key(unit, category)
        if unit in found.desk.unit_names and cell in waiting and (free := free_places(numbers, cell)) > 0:
            cells[f"{found.desk.unit_names[unit]}“{labels[category]}”（空 {free} 名）"] = cell
    return cells
