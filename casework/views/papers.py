"""表册: every paper of a round by name, looked at as it will leave, handed out by our own route, split into files."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self
from urllib.parse import urlencode

from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from casework.access import Actor
from casework.db import reading
from casework.ledger import policy_of
from casework.lists import Table
from casework.models import Round
from casework.paper_files import (
    FORMATS,
    YEARLY,
    Copy,
    about_one,
    blank,
    copy_files,
    may_be_opened,
    paper_bytes,
    paper_name,
    read_paper,
    split,
)
from casework.papers import LABELS, PAPERS, STAGES, Asked, branches, instances, opened_paper, stage_of
from casework.payment.common import unit_names
from casework.problems import Refused
from casework.views.cases.desk import CaseDesk, Look
from casework.views.desk import clock
from casework.views.html import failure
from casework.views.review_forms import everyone, people_options

COPIES: Final = {"已填的": "", "空白表": "1"}
_NOT_WHOLE: Final = "这张表没有完整号码的一份"
CARDS: Final = {"遮盖（核对用）": "", "完整（登记后下载）": "1"}


@dataclass(frozen=True)
class Wanted:
    """Which paper is asked for; what a page's controls say, and what an address says.

    Attributes:
        name: A key of `paper_files.LABELS`.
        unit: "" for the whole round.
        branch: "" for all.
        of: Which meeting, notice, batch or draw.
        case: One person's form; "" for everybody's.
        blank: "1": to be filled in by hand.
        cards: "1": with whole account numbers.
        year: Of a list that is kept by the year; "": the circular's, or that of the round.
    """

    name: str
    unit: str = ""
    branch: str = ""
    of: str = ""
    case: str = ""
    blank: str = ""
    cards: str = ""
    year: str = ""

    @classmethod
    def of_address(cls, parameters: Mapping[str, str]) -> Self:
        """Return what an address asks for."""
        return cls(**{name: parameters.get(name, "") for name in cls.__dataclass_fields__})

    def asked(self, round_id: str, actor: Actor, now: datetime) -> Asked:
        """Return it as the readers take it.

        Raises:
            Refused: `not_found`: what the address says is no year.
        """
        if self.year and not re.fullmatch(r"(19|20)\d\d", self.year):
            raise Refused("not_found", "年度要写成四位数")
        return Asked(
            round_id,
            actor,
            now,
            unit_id=self.unit or None,
            branch=self.branch,
            of=self.of,
            case_id=self.case,
            year=int(self.year) if self.year else None,
        )

    def address(self, desk: CaseDesk, **more: str) -> str:
        """Return where the file is fetched from."""
        query = {"round": desk.round_id, **{name: getattr(self, name) for name in self.__dataclass_fields__}, **more}
        return f"/download/paper?{urlencode({name: value for name, value in query.items() if value})}"


def read_wanted(session: Session, wanted: Wanted, asked: Asked) -> Table:
    """Return a paper as it leaves for whoever asks; account numbers in it are masked.

    Raises:
        Refused: `not_found`: there is no such paper or unit; else as `paper`.
        NotAllowed: `scope`, `viewer`.
    """
    if wanted.unit and wanted.unit not in unit_names(session):
        raise Refused("not_found", "没有这个单位")
    return (blank if wanted.blank else read_paper)(session, wanted.name, asked)


# -- a file ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Order:
    """A paper of a round of a ledger for somebody, at a moment; everything is computed from the ledger."""

    engine: Engine
    round_id: str
    wanted: Wanted
    actor: Actor
    now: datetime

    @property
    def asked(self) -> Asked:
        """Return what the readers are asked."""
        return self.wanted.asked(self.round_id, self.actor, self.now)

    def author(self, session: Session) -> str:
        """Return the issuing body.

        Raises:
            Refused: `not_found`: no such round or paper.
        """
        if session.get(Round, self.round_id) is None:
            raise Refused("not_found", "台账里没有这一轮")
        if self.wanted.name not in LABELS:
            raise Refused("not_found", "没有这张表，请从“表册”里选")
        return policy_of(session, self.round_id).issuer


def paper_file(order: Order, form: str, told: Callable[[int, int], object] | None = None) -> tuple[str, bytes]:
    """Return (name, content) of a paper; `told` hears how many copies of a form are laid out, and of how many.

    Raises:
        Refused: `not_found`: no such round, paper, unit or format; else as `paper` and `render`.
        NotAllowed: `scope`, `viewer`.
    """
    if form not in FORMATS:
        raise Refused("not_found", "只能下载 PDF、Excel 或 Word")
    wanted, asked = order.wanted, order.asked
    opened = bool(wanted.cards) and not wanted.blank
    with reading(order.engine) as session:
        author = order.author(session)
        table = None if opened else read_wanted(session, wanted, asked)
    if table is None:
        if not may_be_opened(wanted.name):
            raise Refused("not_found", _NOT_WHOLE)
        table = opened_paper(order.engine, wanted.name, asked, key=uuid.uuid4().hex)
    body = paper_bytes(table, form, author=author, told=told)
    with reading(order.engine) as session:
        return paper_name(session, wanted.name, asked, table, form), body


def copies_of(order: Order, by: str) -> tuple[Copy, ...]:
    """Return a paper split by unit, branch or person.

    Raises:
        Refused: `not_found`: no such round or paper; else as `paper_files.split`.
        NotAllowed: `scope`, `viewer`.
    """
    name, opened = order.wanted.name, bool(order.wanted.cards)
    with reading(order.engine) as session:
        order.author(session)
        if opened and not may_be_opened(name):
            raise Refused("not_found", _NOT_WHOLE)

        def read(one: Asked) -> Table:
            if opened:
                return opened_paper(order.engine, name, one, key=uuid.uuid4().hex)
            return read_paper(session, name, one)

        return split(session, order.asked, by, read=read, label=LABELS[name])


def made_files(order: Order, copies: tuple[Copy, ...], form: str) -> Iterator[tuple[str, bytes]]:
    """Yield (name, content) of each copy, so that it can be said how far it is."""
    with reading(order.engine) as session:
        author = order.author(session)
    yield from copy_files(copies, order.asked, form, label=LABELS[order.wanted.name], author=author)


# -- on screen ---------------------------------------------------------------------------------------------------------


def paper_choices(desk: CaseDesk) -> dict[str, str]:
    """Return label → paper, in the order of the stages, each label with its stage."""
    names = sorted(LABELS, key=lambda name: STAGES.index(stage_of(name)))
    if not desk.actor.may_write():
        names = [name for name in names if name in _FOR_VIEWERS]
    return {f"{stage_of(name)}｜{LABELS[name]}": name for name in names}


_FOR_VIEWERS: Final = ("quota-table", "public-list", "public-notice", "notice-result")


@dataclass(frozen=True)
class Choices:
    """What else is chosen for a paper, label → value; an empty one is not asked.

    Attributes:
        branches: Of the unit chosen.
        of: Meetings, notices, batches, draws.
        people: Of a form about one person.
        splits: By what it may be split.
        cards: Whether account numbers may be whole.
        years: Of a list that is kept by the year.
        problem: Why nothing can be chosen.
    """

    branches: Mapping[str, str]
    of: Mapping[str, str]
    people: Mapping[str, str]
    splits: Mapping[str, str]
    cards: Mapping[str, str]
    years: Mapping[str, str]
    problem: str = ""


def choices_for(desk: CaseDesk, look: Look, name: str, unit: str) -> Choices:
    """Return what is chosen beside the paper and the unit."""
    none: dict[str, str] = {}
    try:
        with reading(desk.engine) as session:
            return _choices(session, desk, look, name, unit)
    except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
        return Choices(none, none, none, none, none, none, failure(error))


def _choices(session: Session, desk: CaseDesk, look: Look, name: str, unit: str) -> Choices:
    asked = Wanted(name, unit).asked(desk.round_id, desk.actor, clock())
    found = PAPERS.get(name)
    writes = desk.actor.may_write()
    reachable = bool(unit) or desk.actor.units is None
    by_branch = name in ("roster", "public-list") or (found is not None and found.by_branch)
    named = branches(session, asked) if reachable and ((writes and by_branch) or name == "public-notice") else []
    splits = {"不分": ""}
    if writes and not (found is not None and found.whole):
        splits["每单位一个文件"] = "unit"
        splits |= {"每党支部一个文件": "branch"} if by_branch else {}
    splits |= {"每人一个文件": "person"} if about_one(name) else {}
    people: dict[str, str] = {}
    if about_one(name) and reachable:
        people = {
            "全部人员，一人一张": "",
            **people_options(list(everyone(session, desk, look, unit).values()), desk.unit_names),
        }
    return Choices(
        branches={"全部党支部": "", **{branch: branch for branch in named}} if named else {},
        of=instances(session, name, asked) if reachable else {},
        people=people,
        splits=splits if len(splits) > 1 else {},
        cards=CARDS if may_be_opened(name) and writes else {},
        years=_years(session, desk) if name in YEARLY else {},
    )


def _years(session: Session, desk: CaseDesk) -> dict[str, str]:
    """Return label → year: the round's own, and every one since the first round, three at least."""
    first = session.exec(select(func.min(col(Round.opened_on)))).one()
    earliest = min(first.year if first else desk.today.year, desk.today.year - 2)
    return {"本轮年度": "", **{f"{year} 年": str(year) for year in range(desk.today.year, earliest - 1, -1)}}
