"""The list of rounds and the opening of a new one, as an officer reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import func
from sqlmodel import Session, col, select

from casework.access import Actor, is_guarded
from casework.dates import chinese
from casework.db import reading
from casework.ledger import policy_of, rounds
from casework.ledger.rounds import move_day
from casework.models import Case, Round
from casework.opening import (
    Basis,
    Incoming,
    Proposal,
    Upload,
    basis_names,
    basis_of,
    propose,
    propose_as_it_is,
    read_incoming,
    said,
    start,
)
from casework.problems import CaseworkError
from casework.views.desk import Ledger
from casework.views.html import badge, card, esc, facts_list, failure, folded, note, notes, rows_table, shown, tag
from casework.views.opening import SHORT_HEAD, Form, Start
from casework.vocabulary import RoundState

DAY_HINT: Final = "<p class='cw-muted'>名额与名单按这一天以前的认定、救助和研究结果计算；晚于这一天的暂不计入。</p>"
NEW: Final = "新建一轮"
SECTIONS: Final = ("各轮工作", NEW, "单位名录")


def sections_style(section: str, cells: Mapping[str, Sequence[str]]) -> str:
    """Return the style that hides the cells of all other sections: hidden, not taken away, so nothing typed is lost."""
    hidden = [cell for name, named in cells.items() if name != section for cell in named]
    return "<style>" + ",".join(f'[data-cell-name="{cell}"]' for cell in hidden) + "{display:none}</style>"


# -- the list ------------------------------------------------------------------------------------------------------


def rounds_heading(ledger: Ledger, request_user: object = None) -> str:
    """Return the title of the page; behind our guard the header carries the mark 演示数据 already."""
    demo = badge("演示数据", "amber") if ledger.demo and not is_guarded(request_user) else ""
    return tag("div", f"<h1>轮次、通知与单位名录 {demo}</h1>", "cw-title")


@shown
def rounds_list(ledger: Ledger, request_user: object) -> str:
    """Return every round with its circular and how far it is; on an empty ledger the way to begin."""
    if ledger.engine is None:
        return note(ledger.problem, "error")
    guarded = is_guarded(request_user)
    with reading(ledger.engine) as session:
        listed = [_round_row(session, found, guarded=guarded) for found in rounds(session)]
    hint = "" if guarded or ledger.demo else note("要新建、修改和下载，请用 casework serve 打开本页。")
    if not listed:
        return hint + card(
            "还没有任何一轮工作",
            tag("p", "从下面开始：先在“单位名录”导入单位，再到“新建一轮”选定通知。"),
            "<ol class='cw-steps'><li>单位名录：导入现成的表格，或逐个填写。</li>"
            "<li>新建一轮：照现成的通知开始，或沿用它、换成今年的新通知。</li>"
            "<li>名额与资金：分配名额，定方案，印名额分配表。</li></ol>",
        )
    heads = ("轮次", "依据的通知", "发文日期", "开始日期", "情况截至", "状态", "个案")
    return hint + tag("div", rows_table(heads, listed, numbers=(6,), raw=(0, 5)), "cw-scroll")


def _round_row(session: Session, found: Round, *, guarded: bool) -> tuple[object, ...]:
    cases = session.exec(select(func.count(col(Case.case_id))).where(Case.round_id == found.round_id)).one()
    state = RoundState(found.state)
    try:
        policy = policy_of(session, found.round_id)
        circular, issued = f"{policy.issuer}《{policy.title}》", policy.issued_on.isoformat()
    except CaseworkError as error:
        circular, issued = error.sentence, ""
    title = worksheet_link(found.round_id, found.title) if guarded else esc(found.title)
    colour = "green" if state is RoundState.OPEN else ""
    days = issued, found.opened_on.isoformat(), found.as_of.isoformat()
    return title, circular, *days, badge(state.label, colour), cases


def open_rounds(ledger: Ledger) -> dict[str, str]:
    """Return the rounds that may still be worked on: title → id."""
    if ledger.engine is None:
        return {}
    with reading(ledger.engine) as session:
        running = [found for found in rounds(session) if found.state == RoundState.OPEN]
        return {f"{found.title}（{found.round_id}）": found.round_id for found in running}


def move_the_day(ledger: Ledger, values: Mapping[str, Any], *, actor: Actor, now: datetime, key: str) -> Outcome:
    """Move the day a round's facts are read for, and say what came of it."""
    round_id, day = values.get("round"), values.get("day")
    if not round_id or not isinstance(day, date):
        return Outcome(note("请选定一轮，并填写日期。", "warn"), done=False)
    try:
        with reading(ledger.open) as session:
            found = session.get(Round, round_id)
            version, title = (found.version, found.title) if found else (0, "")
        move_day(ledger.open, round_id=round_id, as_of=day, expected_version=version, actor=actor, now=now, key=key)
    except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
        return Outcome(note(failure(error), "error"), done=False)
    return Outcome(note(f"{title}的情况截至日期已改为 {chinese(day)}。", "ok"), done=True)


def worksheet_link(round_id: str, words: str, css: str = "") -> str:
    """Return the way to a round's worksheet."""
    return tag("a", esc(words), css, href=f"/allocation/?round={quote(round_id, safe='')}")


# -- what it starts from -------------------------------------------------------------------------------------------


def bases(ledger: Ledger) -> dict[str, str]:
    """Return what a round may start from, for the choice on the page."""
    if ledger.engine is None:
        return {}
    with reading(ledger.engine) as session:
        return basis_names(session)


def read_basis(ledger: Ledger, key: str | None) -> Start:
    """Return the chosen basis."""
    try:
        with reading(ledger.open) as session:
            return Start(basis_of(session, key), taken=[found.round_id for found in rounds(session)])
    except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
        return Start(problem=failure(error))


def basis_html(start_from: Start) -> str:
    """Return what the basis is."""
    if start_from.problem:
        return note(start_from.problem, "error")
    if start_from.basis is None:
        return note("先选一份通知：上一轮的，或随程序提供的。")
    policy = start_from.basis.policy
    number = f"（{policy.number}）" if policy.number else ""
    return facts_list(
        {
            "通知": esc(f"{policy.issuer}《{policy.title}》{number}"),
            "发文日期": esc(policy.issued_on.isoformat()),
            "类别": esc("、".join(category.label for category in policy.categories)),
            "条款": esc(f"{len(policy.clauses)} 条"),
        }
    )


# -- the new circular ----------------------------------------------------------------------------------------------


def circular_template(basis: Basis) -> str:
    """Return the form for the new circular; `{text}`, `{file}`, `{table}` are its fields."""
    table = (
        "<div><b>附件的名额分配表</b><p class='cw-muted'>xlsx；表头要有“单位”和各类别</p>{table}</div>"
        if basis.has_grid
        else "<div hidden>{table}</div>"
    )
    return (
        "<div class='cw-circular'><div><b>新通知的全文</b>"
        "<p class='cw-muted'>从头到落款日期全部粘贴，表格可以一起粘贴</p>{text}</div>"
        "<div class='cw-side'><div><b>或选择纯文本文件</b><p class='cw-muted'>左边留空时读它</p>{file}</div>"
        f"{table}</div></div>"
    )


def read_circular_form(start_from: Start, values: Mapping[str, Any] | None) -> Incoming | None:
    """Return the new circular as it was handed in; None for nothing yet.

    Args:
        start_from: The basis.
        values: `text`, and `file` and `table` as (name, bytes) or None.
    """
    if start_from.basis is None or values is None:
        return None
    file, table = (Upload(*values[key]) if values.get(key) else None for key in ("file", "table"))
    return read_incoming(start_from.basis, text=str(values.get("text") or ""), file=file, table=table)


@shown
def incoming_html(incoming: Incoming | None) -> str:
    """Return what was read of the new circular: its head, what is wrong, what it says against itself, its table."""
    if incoming is None:
        return ""
    policy = incoming.basis.policy
    wrong = notes((said(problem, policy) for problem in incoming.problems), "error")
    if not incoming.text:
        return wrong
    head = incoming.head
    found = {
        "标题": esc(head.title or "没有找到"),
        "文号": esc(head.number or "没有找到"),
        "发文机关": esc(head.issuer or "没有找到"),
        "发文日期": esc(head.issued_on.isoformat() if head.issued_on else "没有找到"),
        "与上一轮相比": esc(f"{len(policy.clauses)} 条里有 {len(incoming.lost)} 条的原文在新通知里找不到"),
    }
    remarks = "".join(tag("li", esc(said(problem, policy))) for problem in incoming.remarks)
    lint = (
        folded(
            f"通知核对：有 {len(incoming.remarks)} 处请看一看（只指出，不改动）",
            f"<ul class='cw-list'>{remarks}</ul>",
            opened=True,
        )
        if remarks
        else note("通知核对：没有发现前后不一致的地方。", "ok")
    )
    return wrong + card("读到的通知", facts_list(found), lint) + _grid_html(incoming)


def _grid_html(incoming: Incoming) -> str:
    if incoming.grid is None:
        return ""
    categories = incoming.basis.policy.categories
    rows = [
        [unit, *(cells.get(category.id) for category in categories), sum(cells.values())]
        for unit, cells in incoming.grid.items()
    ]
    total = ["合计", *(sum(cells.get(c.id, 0) for cells in incoming.grid.values()) for c in categories)]
    total.append(sum(sum(cells.values()) for cells in incoming.grid.values()))
    heads = ("单位", *(category.label for category in categories), "合计")
    table = rows_table(heads, [*rows, total], numbers=range(1, len(heads)), total=True)
    count = f"{len(rows)} 个单位，共 {total[-1]} 个名额"
    return card("读到的名额分配表", tag("div", table, "cw-scroll cw-short"), muted=count)


# -- the last look -------------------------------------------------------------------------------------------------


def make_proposal(
    ledger: Ledger, start_from: Start, incoming: Incoming | None, form: Form | None, values: Mapping[str, Any] | None
) -> Proposal | None:
    """Return what one click would write; None while the form was not handed in."""
    if form is None or values is None or start_from.basis is None:
        return None
    answers = form.answers(values)
    with reading(ledger.open) as session:
        if incoming is None or (not form.settings and not form.clauses and len(form.head) == len(SHORT_HEAD)):
            return propose_as_it_is(start_from.basis, answers, session)
        return propose(incoming, answers, session)


@shown
def proposal_html(proposal: Proposal | None, *, begun: bool) -> str:
    """Return the check list before a round is opened; nothing while there is no form to fill in."""
    if proposal is None:
        return note("填好后按“核对”，这里会列出还差什么。") if begun else ""
    if proposal.missing:
        items = "".join(tag("li", esc(words)) for words in proposal.missing)
        return card(
            "还不能开始", f"<ul class='cw-list'>{items}</ul>", muted=f"还差 {len(proposal.missing)} 处", css="cw-open"
        )
    facts = facts_list(
        {"编号": esc(proposal.round_id), "名称": esc(proposal.title)} | {k: esc(v) for k, v in proposal.facts.items()}
    )
    looks = notes(proposal.warnings, "warn")
    return card("可以开始了", facts, looks)


@dataclass(frozen=True)
class Outcome:
    """What is said after a deed, HTML, and whether anything was written."""

    html: str
    done: bool = False

    @classmethod
    def failed(cls, error: Exception) -> Outcome:
        """Return the sentence for an error; it is said, never raised into the page."""
        return cls(note(failure(error), "error"))


def open_the_round(  # noqa: PLR0913 - as every command
    ledger: Ledger, proposal: Proposal, *, looked: bool, actor: Actor, now: datetime, key: str
) -> Outcome:
    """Open the round and say so."""
    if proposal.warnings and not looked:
        return Outcome(note("请先逐条看过提示，并勾选“以上提示已看过”。", "error"))
    try:
        done = start(ledger.open, proposal, actor=actor, now=now, key=key)
    except Exception as error:  # noqa: BLE001 - the officer sees a sentence, the log the type
        return Outcome.failed(error)
    link = worksheet_link(str(done["round_id"]), "打开名额与资金", "cw-button")
    words = tag("p", f"已开始：{esc(proposal.title)}（编号 {esc(done['round_id'])}）。")
    return Outcome(tag("div", words + link, "cw-ok cw-started"), done=True)
