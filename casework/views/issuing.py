"""印发, 已发文件, 核对文件, 全套材料: what leaves the house, on the screen of 表册."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

import polars as pl
from sqlalchemy import Engine

from casework import issuing
from casework.access import LOCAL_OFFICER, Actor
from casework.dates import SHANGHAI
from casework.db import reading
from casework.ledger import Result
from casework.lists import Table, check_code, list_fingerprint
from casework.papers import LABELS
from casework.problems import Refused
from casework.views.borrowed import PARTS as OWN_PARTS
from casework.views.cases.desk import CaseDesk
from casework.views.cases.files import keep_file
from casework.views.desk import clock
from casework.views.html import card, esc, facts_list, failure, folded, note, notes, rows_table, shown, tag
from casework.views.panels import labelled, toolbar
from casework.views.papers import Wanted
from casework.views.papers_jobs import Job, begin
from casework.views.papers_shown import NOT_HERE, Seen
from casework.views.plans import Told
from casework.views.review_forms import Bench, Form, Given, refused, writing

PRINT, REGISTER, VERIFY, WHOLE = "打印与印发", "已发文件", "核对文件", "全套材料"
PARTS: Final = (PRINT, REGISTER, VERIFY, WHOLE, *OWN_PARTS)
"""What the section 表册 is worked in."""
PURPOSES: Final = {"归档（全部表册）": "archive", "报送（只含可以外送的正式表）": "submit"}
MOST_BYTES: Final = 20 * 1024 * 1024
_WORDS: Final = {"pdf": "PDF", "xlsx": "Excel"}


# -- 印发 --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Issue:
    """Whether a paper may be issued.

    Attributes:
        forms: The deed, where nothing stands in its way.
        why: What does.
    """

    forms: tuple[Form, ...] = ()
    why: str = ""


def open_issue(bench: Bench, seen: Seen) -> Issue:
    """Return the deed 印发 with what would be issued, or why it cannot be."""
    desk, wanted = bench.desk, seen.wanted
    if not desk.may_write or not desk.guarded:
        return Issue()
    if wanted.blank:
        return Issue(why="空白表不印发。")
    if seen.by:
        return Issue(why="印发一次一份：请把“分文件”选成“不分”；按单位印发的，先选单位。")
    if seen.table is None:
        return Issue(why=f"现在不能印发：{seen.problem}")
    opened = bool(wanted.cards)
    try:
        with reading(desk.engine) as session:
            asked = wanted.asked(desk.round_id, desk.actor, clock())
            table = seen.table if opened else issuing.issuable(session, wanted.name, asked)
            before = issuing.issued_frame(session, round_id=desk.round_id, actor=desk.actor)
    except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
        return Issue(why=failure(error))
    form = Form(
        "印发",
        "印发",
        (),
        partial(_issue, bench, seen, list_fingerprint(table)),
        hint=_said(desk, seen, table, before, opened=opened),
    )
    return Issue((form,))


def _said(desk: CaseDesk, seen: Seen, table: Table, before: pl.DataFrame, *, opened: bool) -> str:
    """Return what would be issued, HTML."""
    wanted, code = seen.wanted, check_code(list_fingerprint(table))
    whole = seen.proof is not None and seen.proof.pages and not seen.made_first
    unit = desk.unit_names.get(wanted.unit, "") or "全轮一份"
    facts = {
        "标题": esc(table.title),
        "单位": esc(f"{unit}{wanted.branch}"),
        "行数": f"{len(table.rows)} 行" + (f"（{seen.people} 人）" if seen.people else ""),
        "页数": f"{seen.proof.pages} 页" if whole and seen.proof else "印发时排定",
        "校验码": "印发时算出（含完整号码）" if opened else esc(code),
    }
    said = "按下“印发”：PDF 和 Excel 各存一份原件（加密），页脚印上印发日期和审计校验码；以后重打的都是这一份。"
    if opened:
        said += "印的是完整号码，先登记是谁打开的。"
    same = before.filter(paper=wanted.name, code=code, branch=wanted.branch)
    same = same.filter(pl.col("unit_id").fill_null("") == wanted.unit)
    again = f"这份已经印发过，内容没有变化；再办也不会另发一份，请在“{REGISTER}”里重打。" if len(same) else ""
    return facts_list(facts) + note(said) + note(again, "warn")


def issue_paper(  # noqa: PLR0913 - which paper, and as every command
    engine: Engine, *, round_id: str, wanted: Wanted, actor: Actor, now: datetime, key: str, job: Job | None = None
) -> Result:
    """Issue a paper as the page asks for it; arguments and errors as of `issuing.issue`."""
    return issuing.issue(
        engine,
        name=wanted.name,
        asked=wanted.asked(round_id, actor, now),
        opened=bool(wanted.cards),
        key=key,
        told=job.reached if job else None,
    )


def _issue(bench: Bench, seen: Seen, fingerprint: str, actor: Actor, given: Given) -> Told:
    """Issue what is asked for; many copies of a form are made beside the page."""
    desk = bench.desk
    asked = {"round_id": desk.round_id, "wanted": seen.wanted}

    def done(job: Job | None) -> Told:
        def command(engine: Engine, **more: Any) -> Result:
            return issue_paper(engine, **more, job=job)

        command.__name__ = "issue_paper"
        return writing(desk, bench.page, command, lambda _: dict(asked), _told, again=fingerprint)(actor, given)

    if not seen.made_first:
        return done(None)
    try:
        begin(desk, f"印发{LABELS[seen.wanted.name]}", lambda job: done(job).html)
    except Refused as error:
        return refused(error)
    return Told(done=True, html=note(f"共 {seen.people} 人，正在印发，进度在上方；做完在“{REGISTER}”里。"))


def _told(done: Result) -> str:
    what = f"“{done['title']}”，{done['people']} 行，{done['pages']} 页，校验码 {done['code']}"
    if done["unchanged"]:
        return f"已经印发过，内容没有变化，没有另发：{what}"
    return f"已印发并存档：{what}。到“{REGISTER}”里重打。"


@shown
def issue_card(desk: CaseDesk, issue: Issue, drawn: str, told: str) -> str:
    """Return 印发 with its form, or why there is none."""
    if not desk.may_write:
        why = (
            "本轮已结束，不再印发；印过的可以查对。"
            if desk.closed
            else "您的账号只能查看；印发由经办、审核、审批人员办理。"
        )
        return told + card("印发", tag("p", esc(why), "cw-muted"))
    if not issue.forms:
        return told + card("印发", note(issue.why, "warn"))
    return card("印发", told, issue.forms[0].hint, drawn, css="cw-doing")


# -- 已发文件 ----------------------------------------------------------------------------------------------------------


def read_register(desk: CaseDesk) -> pl.DataFrame:
    """Return the register of issued files."""
    with reading(desk.engine) as session:
        return issuing.issued_frame(session, round_id=desk.round_id, actor=desk.actor)


@shown
def register_panel(desk: CaseDesk, field: str, pages: str) -> str:
    """Return 已发文件 with its reprints, latest first; `pages` are the pages of a PDF that are wanted, "" for all."""
    if not desk.guarded:
        return card(REGISTER, note(NOT_HERE))
    if not desk.actor.may_write():
        return card(REGISTER, note("只读账号不能查看已发文件；请由经办人重打。"))
    found = read_register(desk)
    if found.is_empty():
        return card(REGISTER, note(f"还没有印发过文件。在“{PRINT}”里选一张正式的表办“印发”。"))
    rows = []
    for (title, unit, branch, code, _, at), files in found.group_by(
        "title", "unit", "branch", "code", "issued_by", "issued_at", maintain_order=True
    ):
        own = files.sort("format")
        rows.append(
            (
                title,
                f"{unit}{branch}" or "全轮",
                f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
                own["pages"].max(),
                own["people"].max(),
                code,
                _by_whom(desk, str(own["issued_by"][0])),
                " · ".join(_again(one, pages) for one in own.iter_rows(named=True)),
            )
        )
    head = ("表名", "单位", "印发时间", "页数", "行数", "校验码", "经办", "重打")
    table = tag("div", rows_table(head, rows, numbers=(3, 4), raw=(7,)), "cw-scroll")
    said = "重打的是印发时存档的原件，一个字节也不变；每次都有登记。"
    return card(REGISTER, labelled({"只要其中几页（PDF）": field}), table, muted=said)


def _by_whom(desk: CaseDesk, account: str) -> str:
    known = {LOCAL_OFFICER.id: LOCAL_OFFICER.name, desk.actor.id: desk.actor.name}
    return known.get(account, account)


def _again(file: Mapping[str, Any], pages: str) -> str:
    query = {"issue": file["issue_id"], **({"pages": pages} if pages and file["format"] == "pdf" else {})}
    return tag("a", _WORDS[file["format"]], href=f"/download/issued?{urlencode(query)}", download="1")


# -- 核对文件 ----------------------------------------------------------------------------------------------------------


@shown
def verify_panel(desk: CaseDesk, chooser: str, file: tuple[str, bytes] | None) -> str:
    """Return 核对文件: the chooser (HTML), and both answers about the file chosen."""
    told = "选一份 PDF 或 Excel：是不是印发的原件，内容和名单是否一致，不一致的指出第一处。文件只在这里核对，不保存。"
    return card(VERIFY, toolbar(chooser), _verdict(desk, *file) if file else note(told))


def _verdict(desk: CaseDesk, name: str, content: bytes) -> str:
    if len(content) > MOST_BYTES:
        return note("文件超过 20 MB，无法核对。", "warn")
    try:
        with reading(desk.engine) as session:
            found = issuing.verify(session, content, name=name, actor=desk.actor, now=clock())
    except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
        return note(failure(error), "warn")
    held = {True: "ok", False: "warn", None: "note"}[found.same]
    return (
        tag("p", esc(f"已选择：{name}"), "cw-muted")
        + note(found.said_issued, "ok" if found.issued else "warn")
        + note(found.said_content, held)
        + notes(found.differences)
        + notes(found.since)
    )


# -- 全套材料 ----------------------------------------------------------------------------------------------------------


def begin_set(desk: CaseDesk, *, purpose: str, unit: str, form: str) -> str:
    """Make the whole set of a round beside the page, as one PDF or as an archive; returns why not, HTML."""
    label = next((label for label, value in PURPOSES.items() if value == purpose), "")
    if not label or form not in ("zip", "pdf"):
        return note("请选择用途。", "warn")
    try:
        begin(desk, f"全套材料·{label}", partial(_set, desk, purpose, unit, form))
    except Refused as error:
        return note(error.sentence, "warn")
    return ""


def _set(desk: CaseDesk, purpose: str, unit: str, form: str, job: Job) -> str:
    asked = Wanted("", unit).asked(desk.round_id, desk.actor, clock())
    with reading(desk.engine) as session:
        made = issuing.set_of(session, asked, purpose=purpose)
        if form == "pdf":
            body = issuing.whole_set(session, asked, made, told=job.told)
            name = issuing.set_name(session, asked, purpose=purpose, suffix="pdf")
        else:
            name, body = issuing.round_bundle(session, asked, purpose=purpose, told=job.told)
    media = "application/pdf" if form == "pdf" else "application/zip"
    about = {"name": "bundle", "round": desk.round_id, "unit": unit, "purpose": purpose}
    address = keep_file(desk, name, body, media, about={key: value for key, value in about.items() if value})
    link = tag("a", esc(f"下载 {name}"), "cw-button cw-primary", href=address, download="1")
    said = tag("span", esc(f"共 {len(made.members)} 份表册"), "cw-muted")
    left = rows_table(("未含的表册", "原因"), made.missing.items())
    return toolbar(link, said) + (folded(f"未含 {len(made.missing)} 份", left) if made.missing else "")


@shown
def set_panel(desk: CaseDesk, controls: Mapping[str, str], buttons: str, told: str) -> str:
    """Return 全套材料 with its controls and buttons, HTML."""
    if not desk.guarded:
        return card(WHOLE, note(NOT_HERE))
    if not desk.actor.may_write():
        return card(WHOLE, note("只读账号不能取全套材料；请由经办人生成。"))
    said = "一轮的通知和现在能出的全部表册，按办理先后编排，号码都遮盖；压缩包里每张表有 PDF 和 Excel，另有全套一册。"
    return card(WHOLE, labelled(controls), toolbar(buttons), told, note(said))
