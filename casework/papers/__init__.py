"""Every paper of a round's life by name: what is read from the ledger for it, and how far it has come.

A reader takes the session and what was asked, checks the scope, and hands frames to `casework.lists`, which makes the
`Table`. It writes nothing; whole card numbers come only through `bank_opened`, which logs who asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlmodel import Session

from casework.forms import load_form
from casework.ledger import policy_of
from casework.lists import ListState, Table, listing
from casework.papers import notices, paying, study, visiting
from casework.papers.asked import Asked, unit_name
from casework.papers.choices import STAGES, branches, instances, may_be_seen, stage_of
from casework.papers.computed import COMPUTED, computed, in_force_copy
from casework.papers.paying import bank_opened
from casework.papers.single import single_handed_said
from casework.problems import NotAllowed, Refused

__all__ = [
    "COMPUTED",
    "PAPERS",
    "STAGES",
    "Asked",
    "Paper",
    "bank_opened",
    "blank_paper",
    "branches",
    "computed",
    "in_force_copy",
    "instances",
    "paper",
    "single_handed_said",
    "stage_of",
]


@dataclass(frozen=True)
class Paper:
    """A paper.

    Attributes:
        label: Its Chinese name.
        read: Makes it.
        needs_unit: It is a unit's own; without one it is not printed.
        plain: Its form, where it can be printed empty before there is anything to read.
        whole: One for the round; no unit has its own.
        by_branch: A branch may have its own copy.
        decided: It rests on what was proposed, reviewed and signed; where one account entered all of it, it says so.
    """

    label: str
    read: Callable[[Session, Asked], Table]
    needs_unit: bool = False
    plain: str = ""
    decided: bool = False
    whole: bool = False
    by_branch: bool = False


PAPERS: Final[Mapping[str, Paper]] = {
    "meeting-list": Paper("上会材料", study.meeting_material, plain="meeting_list", decided=True, by_branch=True),
    "minutes": Paper("集体研究记录", study.minutes, decided=True, whole=True),
    "exceptions": Paper("特殊情况说明表", study.exceptions, plain="exceptions"),
    "public-notice": Paper("公示", notices.notice, by_branch=True),
    "notice-result": Paper("公示结果", notices.result, by_branch=True),
    "completion-request": Paper("材料补正通知单", notices.completion, needs_unit=True, by_branch=True),
    "feedback": Paper("审核结果反馈单", notices.answer, needs_unit=True, by_branch=True),
    "change-list": Paper(
        "慰问对象变更（递补）名单", notices.changes, plain="change_list", decided=True, by_branch=True
    ),
    "pay-sheet": Paper("慰问金发放表", paying.sheet, plain="pay_sheet", decided=True, by_branch=True),
    "receipts": Paper("签字（盖章）回执", paying.slips, plain="receipt", by_branch=True),
    "bank-payment": Paper("代发明细", paying.bank),
    "leader-roster": Paper("州、县领导慰问对象花名册", visiting.led, plain="leader_roster", by_branch=True),
    "visit-plan": Paper("走访安排表", visiting.plan, plain="visit_plan", by_branch=True),
    "inspection": Paper("发放情况抽查核实表", visiting.inspected, by_branch=True),
    "activity-report": Paper("走访慰问活动情况报告", visiting.report, whole=True),
}
"""Name → paper, in the order of a round's life."""


def paper(session: Session, name: str, asked: Asked) -> Table:
    """Return a paper.

    Args:
        session: A session on the ledger.
        name: One of `PAPERS`.
        asked: Of which round, unit, meeting …

    Raises:
        KeyError: There is no such paper.
        Refused: What it is made of is not there yet, or several are and none was named; `no_unit` where one is needed,
            `whole` and `no_branch` where there are none.
        NotAllowed: `scope`; `viewer`: a reader without any task gets public papers only.
    """
    found = PAPERS[name]
    table = _read(session, found, asked)
    if not asked.actor.may_write() and not may_be_seen(session, name, asked, table):
        raise NotAllowed("viewer", "只读账号只能取已经张贴的公示和公示结果；有姓名的表册请由经办人打印")
    return single_handed_said(session, asked.round_id, table) if found.decided else table


def _read(session: Session, found: Paper, asked: Asked) -> Table:
    asked.within_scope()
    if found.needs_unit:
        asked.one_unit(found.label)
    if found.whole and asked.unit_id is not None and asked.actor.units is None:
        raise Refused("whole", f"{found.label}全轮一份，不分单位")
    if asked.branch and not found.by_branch:
        raise Refused("no_branch", f"{found.label}不按党支部分，请只写单位")
    return found.read(session, asked)


def blank_paper(session: Session, name: str, asked: Asked) -> Table:
    """Return a paper without people or numbers, to be filled in by hand: with its labels, nobody's draft.

    Args:
        session: A session on the ledger.
        name: One of `PAPERS`.
        asked: Of which round and unit.

    Raises:
        KeyError: There is no such paper.
        Refused: As `paper`, for one that is made of a meeting, a notice, a draw.
        NotAllowed: `scope`.
    """
    found = PAPERS[name]
    if not found.plain:
        return _read(session, found, asked).blank()
    asked.within_scope()
    policy = policy_of(session, asked.round_id)
    unit = policy.round_title if found.plain == "receipt" else unit_name(session, asked.unit_id)
    empty = listing(policy, found.plain, [], state=ListState.OFFICIAL, unit=unit, nobody="")
    return empty.blank(load_form(found.plain).blank_rows)
