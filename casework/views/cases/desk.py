"""The desk of 台账与审核: one round for whoever is asking, without a row about a person until a section needs one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl
from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from casework.access import Actor, is_guarded
from casework.adoption import in_force
from casework.dates import chinese
from casework.db import reading
from casework.identity import mask_name
from casework.ledger import policy_of
from casework.models import Case, Round, RoundUnit, Unit
from casework.policy import Policy
from casework.problems import Refused
from casework.review.records import today_of
from casework.views.desk import Ledger, NoDesk, clock, officer
from casework.views.html import badge, card, esc, failure, note, shown, tag
from casework.vocabulary import Act, RoundState

SECTIONS: Final = (
    "收表导入",
    "工作清单",
    "一案一屏",
    "集体研究",
    "公示与异议",
    "发放与回执",
    "走访与期限",
    "表册",
    "台账",
)
"""The tabs, in the order the work goes."""

WITH_CASES: Final = ("工作清单", "一案一屏")
"""Tabs for which the worklist is read."""

NOBODY: Final = "本页没有读取任何人员信息；请用 casework serve 打开后办理。"


@dataclass(frozen=True, eq=False)
class CaseDesk:
    """What a page of one round works with; no case is read yet.

    Attributes:
        ledger: The ledger.
        actor: Who opened the page; a deed asks again.
        round_id: The round.
        title: As printed.
        as_of: The day its list is computed for.
        today: The day it is in the office; the worklist and the case screen count from it.
        policy: The circular, the round's own copy.
        unit_names: Unit id → printed name, in 机构顺序, of the units within the actor's scope.
        cases: Cases within the scope.
        closed: No longer worked on.
        demo: Demonstration data.
        with_cases: False under bare marimo on a real ledger: no case row is ever read.
        guarded: The page runs behind our guard, whose header carries the mark 演示数据.
        listed: A list is in force.
        problem: Always empty; `NoDesk` says what is wrong.
        html: Always empty.
    """

    ledger: Ledger
    actor: Actor
    round_id: str
    title: str
    as_of: date
    today: date
    policy: Policy
    unit_names: dict[str, str]
    cases: int
    closed: bool
    demo: bool
    with_cases: bool
    guarded: bool
    listed: bool
    problem: str = ""
    html: str = ""

    @property
    def engine(self) -> Engine:
        """Return the ledger's engine."""
        return self.ledger.open

    @property
    def may_write(self) -> bool:
        """Tell whether deeds are offered at all; the commands check it again."""
        return self.with_cases and self.actor.may_write() and not self.closed and not self.ledger.read_only


@dataclass(frozen=True)
class Look:
    """How people are named on this page.

    Attributes:
        projected: 投屏: names are masked too, before anything reaches the page.
    """

    projected: bool = False

    def name(self, name: str | None) -> str:
        """Return a name as it may be shown now."""
        whole = name or "（姓名未填）"
        return mask_name(whole) if self.projected else whole

    def names(self, column: str = "name") -> pl.Expr:
        """Return a column of names as they may be shown now."""
        names = pl.col(column).fill_null("（姓名未填）")
        return names.map_elements(mask_name, return_dtype=pl.String) if self.projected else names


def open_case_desk(ledger: Ledger, round_id: str | None, request_user: object) -> CaseDesk | NoCases:
    """Open a round for whoever is asking."""
    try:
        if round_id is None:
            return NoCases(ledger.problem, empty=not ledger.problem)
        with reading(ledger.open) as session:
            return _open(session, ledger, round_id, request_user)
    except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
        return NoCases(failure(error))


@dataclass(frozen=True)
class NoCases(NoDesk):
    """Why there is nothing to work on, and the way on where there is one."""

    empty: bool = False

    @property
    def html(self) -> str:
        """Return what stands on the page."""
        if not self.empty:
            return tag("h1", "台账与审核") + note(self.problem, "error")
        link = tag("a", "新建一轮", "cw-button", href="/rounds/")
        said = tag("p", "台账里还没有一轮工作。先导入单位名录、选定通知，新建一轮，再回到这里收表、审核、公示、发放。")
        return tag("h1", "台账与审核") + card("还没有任何一轮工作", said, tag("p", link))


def _open(session: Session, ledger: Ledger, round_id: str, request_user: object) -> CaseDesk:
    opened = session.get(Round, round_id)
    if opened is None:
        raise Refused("not_found", "台账里没有这一轮")
    actor = officer(ledger, request_user)
    guarded = is_guarded(request_user)
    units = _units(session, round_id, actor)
    count = select(func.count(col(Case.case_id))).where(Case.round_id == round_id)
    if actor.units is not None:
        count = count.where(col(Case.unit_id).in_(actor.units))
    return CaseDesk(
        ledger=ledger,
        actor=actor,
        round_id=round_id,
        title=opened.title,
        as_of=opened.as_of,
        today=today_of(clock()),
        policy=policy_of(session, round_id),
        unit_names=units,
        cases=session.exec(count).one(),
        closed=opened.state == RoundState.CLOSED.value,
        demo=ledger.demo,
        with_cases=ledger.demo or guarded,
        guarded=guarded,
        listed=in_force(session, round_id, Act.LIST) is not None,
    )


def _units(session: Session, round_id: str, actor: Actor) -> dict[str, str]:
    chosen = session.exec(select(RoundUnit.unit_id).where(RoundUnit.round_id == round_id)).all()
    query = select(Unit.unit_id, Unit.name).order_by(col(Unit.order).is_(None), col(Unit.order), col(Unit.unit_id))
    if chosen:
        query = query.where(col(Unit.unit_id).in_(chosen))
    return {unit_id: name for unit_id, name in session.exec(query) if actor.may_see(unit_id)}


@shown
def heading(desk: CaseDesk, picker: str, switch: str) -> str:
    """Return the title line: the round (a control), the day, 投屏 (a control), and what kind of page this is."""
    said = f"今天 {chinese(desk.today)}　个案 {desk.cases} 件"
    marks = badge("演示数据", "amber") if desk.demo and not desk.guarded else ""
    marks += badge("本轮已结束") if desk.closed else ""
    marks += "" if desk.actor.may_write() or desk.guarded else badge("只读")
    line = (
        tag("h1", "台账与审核")
        + tag("div", picker, "cw-round")
        + tag("span", esc(said), "cw-muted")
        + marks
        + tag("div", switch, "cw-projection")
    )
    warned = "" if desk.with_cases else note(NOBODY, "warn")
    return tag("div", line, "cw-top") + warned
