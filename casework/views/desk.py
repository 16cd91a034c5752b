"""The desk of one officer: which ledger, which round, what its circular says and what is known of its cases.

Facts and verdicts are computed once per data version and shared by every open page (frozen frames, read only); a
moved slider only allocates anew.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote

import polars as pl
from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from sqlmodel import Session, col, select

from casework.access import LOCAL_OFFICER, Actor, actor_of, is_guarded
from casework.allocation import Allocation, Parameters
from casework.allocation.fund import UNNAMED, sources
from casework.comparison import Assessed
from casework.dates import SHANGHAI, chinese
from casework.db import default_url, demo_url, open_ledger, reading
from casework.facts import Facts
from casework.frames import UNITS, cell_key
from casework.ledger import audit_head, facts, is_demo, policy_of, rounds
from casework.ledger.rounds import later_records
from casework.models import AuditEntry, Round, RoundUnit, Unit
from casework.policy import Policy
from casework.problems import CaseworkError, LedgerError, Refused
from casework.samples import fill
from casework.views.html import badge, esc, failure, note, shown, tag
from casework.vocabulary import Fund, RoundState

V = TypeVar("V")

KEPT: Final = 8
"""Rounds whose facts and verdicts stay in memory, for all pages of this process together."""

NOTEBOOK: Final = "allocation"


class _Kept(Generic[V]):
    """A small shared store: the least recently used goes first."""

    def __init__(self) -> None:
        self._lock, self._held = threading.Lock(), OrderedDict[Hashable, V]()

    def get(self, key: Hashable) -> V | None:
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def put(self, key: Hashable, value: V) -> V:
        with self._lock:
            self._held[key] = value
            while len(self._held) > KEPT:
                self._held.popitem(last=False)
        return value


_digests: _Kept[str] = _Kept()  # (ledger, round, head of the audit chain) → data version
_assessed: _Kept[Assessed] = _Kept()  # (data version, circular) → facts with verdicts
_originals: _Kept[Allocation] = _Kept()  # the same key → the circular as it stands


@dataclass(frozen=True)
class Ledger:
    """An open ledger, or the sentence why there is none."""

    engine: Engine | None
    demo: bool = False
    read_only: bool = False
    problem: str = ""

    @property
    def open(self) -> Engine:
        """Return the engine.

        Raises:
            LedgerError: There is none; with the sentence.
        """
        if self.engine is None:
            raise LedgerError(self.problem)
        return self.engine


def open_place(url: str = "") -> Ledger:
    """Open the ledger a worksheet works on: `CASEWORK_DB`, else one's own where it is there, else the demo ledger.

    Bare marimo names no ledger; a demo ledger that is not there yet is made then. `CASEWORK_READ_ONLY` opens it so
    that the database itself refuses to write.
    """
    read_only = bool(os.environ.get("CASEWORK_READ_ONLY"))
    try:
        return _open(url or _place(), read_only)
    except CaseworkError as error:
        return Ledger(None, read_only=read_only, problem=error.sentence)


def _place() -> str:
    own = default_url()
    if os.environ.get("CASEWORK_DB"):
        return own
    return own if _there(own) else demo_url()


@lru_cache(maxsize=4)
def _open(url: str, read_only: bool) -> Ledger:
    """Open a ledger once per process; every page shares the engine and its pool."""
    missing = url == demo_url() and not _there(url)
    engine = open_ledger(url, read_only=read_only and not missing)
    if missing:
        fill(engine, actor=LOCAL_OFFICER, now=clock())
    with reading(engine) as session:
        return Ledger(engine, demo=is_demo(session), read_only=read_only)


def _there(url: str) -> bool:
    parsed = make_url(url)
    return parsed.get_backend_name() != "sqlite" or Path(parsed.database or "").is_file()


def clock() -> datetime:
    """Return the time of a deed, in China: between midnight and eight the day is already the next one there."""
    return datetime.now(SHANGHAI)


def officer(ledger: Ledger, request_user: object) -> Actor:
    """Return who is asking; bare marimo acts as the local officer on the demo ledger only."""
    return actor_of(request_user, demo=ledger.demo)


# -- one round -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Desk:
    """What a page of one round works with.

    Attributes:
        engine: The ledger.
        actor: Who opened the page; a deed asks again.
        round_id: The round.
        title: As printed.
        as_of: The day its facts are read for.
        closed: No longer worked on.
        demo: Demonstration data.
        with_cases: False under bare marimo on a real ledger: no case row was loaded.
        assessed: Facts with their verdicts.
        original: The circular as it stands.
        version: Digest of the facts (数据版本).
        guarded: The page runs behind our guard, whose header carries the mark 演示数据.
        later: Judgements and rulings dated after `as_of`, not counted yet.
        problem: Always empty; `NoDesk` says what is wrong.
    """

    engine: Engine
    actor: Actor
    round_id: str
    title: str
    as_of: date
    closed: bool
    demo: bool
    with_cases: bool
    assessed: Assessed
    original: Allocation
    version: str
    guarded: bool = False
    later: int = 0
    problem: str = ""

    @property
    def policy(self) -> Policy:
        """Return the circular, the round's own copy."""
        return self.assessed.policy

    @property
    def units(self) -> list[dict[str, Any]]:
        """Return the units that have a cell, in 机构顺序."""
        placed = set(self.original.plan["unit_id"])
        rows = self.assessed.facts.units.sort("order", "unit_id", nulls_last=True).to_dicts()
        return [row for row in rows if row["unit_id"] in placed]

    @property
    def unit_names(self) -> dict[str, str]:
        """Return unit id → printed name."""
        return dict(self.assessed.facts.units.select("unit_id", "name").iter_rows())

    @property
    def places(self) -> dict[str, int | None]:
        """Return cell → places as the circular sets them; None where it sets no number."""
        rows = self.original.plan.select("unit_id", "category", "places").iter_rows()
        return {cell_key(unit, category): places for unit, category, places in rows}

    @property
    def money(self) -> dict[str, int | None]:
        """Return `rate:…` and `fund:…` → fen as the circular sets them; None where it sets none."""
        rates = dict(self.original.plan.select("category", "rate_fen").unique().iter_rows())
        offered = [category.id for category in self.policy.categories if category.id in rates]
        funds = {f"fund:{source.fund}": source.fen for source in sources(self.policy, Parameters())}
        funds = funds or {f"fund:{UNNAMED}": None}  # the circular names none: the officer types what there is
        return {f"rate:{category}": rates[category] for category in offered} | funds

    def label(self, key: str) -> str:
        """Return what a rate, a fund or a cell is called on the screen."""
        kind, _, name = key.partition(":")
        if kind == "rate" and name:
            return f"{self.policy.category(name).label}标准"
        if kind == "fund" and name:
            return Fund(name).label
        unit, _, category = key.rpartition("|")
        return f"{self.unit_names.get(unit, '')}“{self.policy.category(category).label}”"


@dataclass(frozen=True)
class NoDesk:
    """A round that cannot be opened, with the sentence for the officer.

    Attributes:
        problem: The sentence.
        kind: `note` where nothing is wrong, `error` otherwise.
        others: There are other rounds to choose.
        may_open: Whoever is asking may open a round on this page.
    """

    problem: str
    kind: str = "error"
    others: bool = False
    may_open: bool = False

    @property
    def html(self) -> str:
        """Return the sentence as it stands on the page."""
        return note(self.problem, self.kind)


def round_names(ledger: Ledger) -> dict[str, str]:
    """Return printed title → round id, the one opened last first; two of one title carry their day."""
    if ledger.engine is None:
        return {}
    with reading(ledger.engine) as session:
        found = rounds(session)
    titles = [opened.title for opened in found]
    return {
        opened.title
        if titles.count(opened.title) == 1
        else f"{opened.title}（{opened.opened_on}开始）": opened.round_id
        for opened in found
    }


def newest_round(ledger: Ledger) -> str | None:
    """Return the round that was opened last in this ledger, whatever day it is for; None in an empty one."""
    if ledger.engine is None:
        return None
    query = select(AuditEntry.object).where(AuditEntry.action == "open_round").order_by(col(AuditEntry.seq).desc())
    with reading(ledger.engine) as session:
        last = session.exec(query).first()
    return last.removeprefix("round:") if last else None


def open_desk(ledger: Ledger, round_id: str | None, request_user: object) -> Desk | NoDesk:
    """Open a round for whoever is asking."""
    try:
        if round_id is None:
            return _nothing_yet(ledger, request_user)
        with reading(ledger.open) as session:
            return _desk(session, ledger, round_id, request_user)
    except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
        return NoDesk(failure(error), others=True)


def _nothing_yet(ledger: Ledger, request_user: object) -> NoDesk:
    """Say why there is no round to show, and what to do."""
    if ledger.problem:
        return NoDesk(ledger.problem)
    said = "台账里还没有一轮工作。"
    if is_guarded(request_user) and officer(ledger, request_user).may_write():
        return NoDesk(said + "先新建一轮：选一份通知，导入单位，这里就显示名额与资金。", "note", may_open=True)
    if is_guarded(request_user):
        return NoDesk(said + "经办人新建一轮以后，这里显示名额与资金。", "note")
    return NoDesk(said + "请用 casework serve 打开本页，再新建一轮。", "note")


def _desk(session: Session, ledger: Ledger, round_id: str, request_user: object) -> Desk:
    opened = session.get(Round, round_id)
    if opened is None:
        raise Refused("not_found", "台账里没有这一轮")
    with_cases = ledger.demo or is_guarded(request_user)
    assessed, version = (_whole if with_cases else _bare)(session, ledger, opened)
    key = (version, assessed.policy.digest, with_cases)
    original = _originals.get(key) or _originals.put(key, assessed.allocate(Parameters()))
    return Desk(
        engine=ledger.open,
        actor=officer(ledger, request_user),
        round_id=round_id,
        title=opened.title,
        as_of=opened.as_of,
        closed=opened.state == RoundState.CLOSED.value,
        demo=ledger.demo,
        with_cases=with_cases,
        assessed=assessed,
        original=original,
        version=version,
        guarded=is_guarded(request_user),
        later=later_records(session, round_id, opened.as_of) if with_cases else 0,
    )


@shown
def no_desk(missing: Desk | NoDesk, picker: str) -> str:
    """Return the page where no round can be opened: the sentence, the way to another round or to a new one."""
    if isinstance(missing, Desk):
        return ""
    line = tag("h1", "名额与资金") + (tag("div", picker, "cw-round") if missing.others else "")
    more = tag("p", new_round_link(), "cw-toolbar") if missing.may_open else ""
    return tag("div", line, "cw-top") + tag("div", missing.html + more, "cw-card cw-nothing")


def new_round_link() -> str:
    """Return the way to the page where a round is opened."""
    return tag("a", "新建一轮", "cw-button cw-primary", href=f"/rounds/?section={quote('新建一轮')}")


def version_code(digest: str) -> str:
    """Return a digest as eight digits, to be read out and compared; the whole digest stands in the ledger."""
    digits = f"{int(digest[:12], 16) % 10**8:08}"
    return f"{digits[:4]} {digits[4:]}"


@shown
def heading(desk: Desk, picker: str) -> str:
    """Return the title line: the round (a control), its day, the data version, and what kind of page this is."""
    said = f"情况截至 {chinese(desk.as_of)}　数据版本 {version_code(desk.version)}"
    marks = badge("演示数据", "amber") if desk.demo and not desk.guarded else ""
    marks += badge("本轮已结束") if desk.closed else ""
    waiting = f"　另有 {desk.later} 条认定或研究结果晚于此日，尚未计入" if desk.later else ""
    said += waiting
    line = tag("h1", "名额与资金") + tag("div", picker, "cw-round") + tag("span", esc(said), "cw-muted") + marks
    warned = (
        ""
        if desk.with_cases
        else note(
            "本页未经登录打开，只显示各单位、各类别的名额和资金，没有读取任何人员信息；办理请用 casework serve 打开。",
            "warn",
        )
    )
    return tag("div", line, "cw-top") + warned


def _whole(session: Session, ledger: Ledger, opened: Round) -> tuple[Assessed, str]:
    """Return facts with verdicts; unchanged since the last entry of the audit log, they are not read again."""
    policy = policy_of(session, opened.round_id)
    mark = (str(ledger.open.url), opened.round_id, audit_head(session))
    version = _digests.get(mark)
    kept = _assessed.get((version, policy.digest)) if version else None
    if kept is not None and version is not None:
        return kept, version
    known = facts(session, round_id=opened.round_id, as_of=opened.as_of)
    version = _digests.put(mark, known.digest())
    kept = _assessed.get((version, policy.digest))
    return kept or _assessed.put((version, policy.digest), Assessed.of(known, policy)), version


def _bare(session: Session, _: Ledger, opened: Round) -> tuple[Assessed, str]:
    """Return the circular and the units alone: not one row about a person is read."""
    listed = select(RoundUnit.unit_id).where(RoundUnit.round_id == opened.round_id)
    chosen = session.exec(listed).all()
    query = select(Unit).where(col(Unit.unit_id).in_(chosen)) if chosen else select(Unit)
    rows = [{name: getattr(unit, name) for name in UNITS} for unit in session.exec(query)]
    known = Facts.build(as_of=opened.as_of, round_id=opened.round_id, units=pl.DataFrame(rows, schema=UNITS))
    return Assessed.of(known, policy_of(session, opened.round_id)), known.digest()
