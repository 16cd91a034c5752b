"""Every paper of a round's life by name: what is read from the ledger for it, and how far it has come.

A reader takes the session and what was asked, checks the scope, and hands frames to `casework.lists`, which makes the
`Table`. It writes nothing; whole card numbers come only through `bank_opened`, which logs who asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from sqlmodel import Session

from casework.lists import Table
from casework.papers import notices, paying, study, visiting
from casework.papers.asked import Asked
from casework.papers.paying import bank_opened
from casework.review.records import SINGLE_HANDED, single_handed

__all__ = ["PAPERS", "Asked", "Paper", "bank_opened", "paper", "single_handed_said"]


@dataclass(frozen=True)
class Paper:
    """A paper.

    Attributes:
        label: Its Chinese name.
        read: Makes it.
        needs_unit: It is a unit's own; without one it is not printed.
        decided: It rests on what was proposed, reviewed and signed; where one account entered all of it, it says so.
    """

    label: str
    read: Callable[[Session, Asked], Table]
    needs_unit: bool = False
    decided: bool = False


PAPERS: Final[Mapping[str, Paper]] = {
    "meeting-list": Paper("上会材料", study.meeting_material, decided=True),
    "minutes": Paper("集体研究记录", study.minutes, decided=True),
    "exceptions": Paper("特殊情况说明表", study.exceptions),
    "public-notice": Paper("公示", notices.notice),
    "notice-result": Paper("公示结果", notices.result),
    "completion-request": Paper("材料补正通知单", notices.completion, needs_unit=True),
    "feedback": Paper("审核结果反馈单", notices.answer, needs_unit=True),
    "change-list": Paper("慰问对象变更（递补）名单", notices.changes, decided=True),
    "pay-sheet": Paper("慰问金发放表", paying.sheet, decided=True),
    "receipts": Paper("签字（盖章）回执", paying.slips),
    "bank-payment": Paper("代发明细", paying.bank),
    "leader-roster": Paper("州、县领导慰问对象花名册", visiting.led),
    "visit-plan": Paper("走访安排表", visiting.plan),
    "inspection": Paper("发放情况抽查核实表", visiting.inspected),
    "activity-report": Paper("走访慰问活动情况报告", visiting.report),
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
        Refused: What it is made of is not there yet, or several are and none was named; `unit` where one is needed.
        NotAllowed: `scope`.
    """
    found = PAPERS[name]
    asked.within_scope()
    if found.needs_unit:
        asked.one_unit(found.label)
    table = found.read(session, asked)
    return single_handed_said(session, asked.round_id, table) if found.decided else table


def single_handed_said(session: Session, round_id: str, table: Table) -> Table:
    """Return a list that says 单机登记 where one account entered every step of its round."""
    return replace(table, captions=(*table.captions, SINGLE_HANDED)) if single_handed(session, round_id) else table
