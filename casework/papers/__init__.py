"""Every paper of a round's life by name: what is read from the ledger for it, and how far it has come.

A reader takes the session and what was asked, checks the scope, and hands frames to `casework.lists`, which makes the
`Table`. It writes nothing; whole card numbers come only through `opened_paper`, which logs who asked.

The 填报模板 is no list of ours: it is a workbook to be filled in, made for each unit by `people.dispatch`, and nobody
signs it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import Engine
from sqlmodel import Session

from casework.db import reading
from casework.ledger import policy_of
from casework.lists import Filed, ListState, Table, in_year, ledger_book, listing
from casework.lists import filing as filed_list
from casework.papers import accounts, care, filing, notices, paying, person, standing, study, visiting
from casework.papers.asked import Asked, unit_name
from casework.papers.basis import grounded
from casework.papers.choices import CARE_PAPERS, STAGES, branches, instances, may_be_seen, stage_of
from casework.papers.computed import COMPUTED, RESTS_ON, blank_copy, computed, in_force_copy
from casework.papers.paying import bank_opened
from casework.papers.single import single_handed_said
from casework.papers.standing import year_of
from casework.problems import NotAllowed, Refused
from casework.review.instructions import refuse_while_pending

__all__ = [
    "CARE_PAPERS",
    "COMPUTED",
    "LABELS",
    "PAPERS",
    "RESTS_ON",
    "STAGES",
    "Asked",
    "Paper",
    "bank_opened",
    "blank_copy",
    "blank_paper",
    "branches",
    "computed",
    "in_force_copy",
    "instances",
    "opened_paper",
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
        called: The form id of the circular's clause, where it is another one than `plain`.
        opened: Makes it with whole card numbers, once the log says who asked.
        empty: Makes it empty, where that takes more than its form.
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
    called: str = ""
    opened: Callable[..., Table] | None = None
    empty: Callable[[Session, Asked], Table] | None = None


def _catalogue(session: Session, asked: Asked) -> Table:
    return accounts.catalogue(session, asked, LABELS)


def _about_one(
    label: str, form: str, read: Callable[[Session, Asked], Table], opened: Callable[..., Table] | None = None
) -> Paper:
    """Return a form about one person, or about everybody of a unit, one after another."""
    return Paper(label, read, opened=opened, empty=partial(person.blank, form=form), by_branch=True)


PAPERS: Final[Mapping[str, Paper]] = {
    "application": _about_one("个人申请书", "application", person.applied),
    "registration": _about_one("特困党员登记表", "registration", person.registered, person.registered_opened),
    "approval": _about_one("生活困难党员救助审批表", "approval", person.approved),
    "collection-consent": _about_one("代收同意书", "collection_consent", person.consented, person.consented_opened),
    "basis": _about_one("认定依据说明", "basis_statement", grounded),
    "person-return": Paper(
        "困难党员统计表",
        filing.declared,
        plain="person_return",
        by_branch=True,
        opened=filing.declared_opened,
    ),
    "submission": Paper("材料报送情况表", filing.handed_in),
    "unit-list": Paper("本单位慰问名单", filing.nominations, needs_unit=True, plain="unit_list", by_branch=True),
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
    "goods-sheet": Paper("慰问品签领表", paying.goods, plain="goods_sheet", decided=True, by_branch=True),
    "bank-payment": Paper("代发明细", paying.bank, opened=bank_opened),
    "transfer-list": Paper("慰问资金拨付明细表", accounts.transfers, plain="transfer_list"),
    "fund-statement": Paper("慰问资金收支对账表", accounts.statement, plain="fund_statement"),
    "leader-roster": Paper("州、县领导慰问对象花名册", visiting.led, plain="leader_roster", by_branch=True),
    "visit-plan": Paper("走访安排表", visiting.plan, plain="visit_plan", by_branch=True),
    "inspection": Paper("发放情况抽查核实表", visiting.inspected, by_branch=True),
    "activity-report": Paper("走访慰问活动情况报告", visiting.report, whole=True),
    "ledger": Paper("困难党员管理台账", standing.ledger, plain="ledger", by_branch=True),
    "filing": Paper("困难党员备案统计表", filing.filed_all, plain="filing", called="filing_all", by_branch=True),
    "filing-new": Paper(
        "新增困难党员备案统计表", filing.filed_new, plain="filing", called="filing_new", by_branch=True
    ),
    "filing-existing": Paper(
        "困难党员备案统计汇总表", filing.filed_existing, plain="filing", called="filing_existing", by_branch=True
    ),
    "information-base": Paper("困难党员信息库", standing.information, plain="information_base", by_branch=True),
    "visit-record": Paper("走访记录", care.visited, plain="visit_record", by_branch=True),
    "pairing-register": Paper("党员结对帮扶登记表", care.not_yet, plain="pairing_register"),
    "appointment-register": Paper("党员约谈领导干部登记表", care.not_yet, plain="appointment_register"),
    "talk-record": Paper("谈心谈话记录表", care.not_yet, plain="talk_record"),
    "line-of-duty-family": Paper("因公殉职、牺牲党员家庭档案", care.not_yet, plain="line_of_duty_family"),
    "political-birthday": Paper("党员政治生日名单", care.born_politically, plain="political_birthday", by_branch=True),
    "fifty-years": Paper("党龄达到50年党员名单", care.fifty, plain="fifty_years", by_branch=True),
    "archive": Paper("归档目录", _catalogue, plain="archive_catalogue", whole=True),
}
"""Name → paper, in the order of a round's life."""

LABELS: Final[Mapping[str, str]] = {**COMPUTED, **{name: found.label for name, found in PAPERS.items()}}
"""Every paper and computed list: name → Chinese name."""

ISSUED: Final = frozenset(
    [
        *("exceptions", "public-notice", "feedback", "change-list", "leader-roster"),
        *("pay-sheet", "receipts", "goods-sheet", "bank-payment", "transfer-list"),
    ]
)
"""What leaves the house once it is formal: not while an oral instruction stands as 待补手续."""


def paper(session: Session, name: str, asked: Asked) -> Table:
    """Return a paper.

    Args:
        session: A session on the ledger.
        name: One of `PAPERS`.
        asked: Of which round, unit, meeting …

    Raises:
        KeyError: There is no such paper.
        Refused: What it is made of is not there yet, or several are and none was named; `no_unit` where one is needed,
            `whole` and `no_branch` where there are none; `pending` for a formal paper while an oral instruction is not
            made up for.
        NotAllowed: `scope`; `viewer`: a reader without any task gets public papers only.
    """
    found = PAPERS[name]
    table = _read(session, found, asked)
    if name in ISSUED and table.state is ListState.OFFICIAL:
        refuse_while_pending(session, asked.round_id, f"印发{found.label}")
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


def opened_paper(engine: Engine, name: str, asked: Asked, *, key: str) -> Table:
    """Return a paper with whole card numbers, once the log says who opened whose.

    Args:
        engine: The ledger.
        name: One of `PAPERS` that has such a copy.
        asked: Of which round and unit.
        key: Idempotency key; the same one reads again without another line in the log.

    Raises:
        KeyError: There is no such paper.
        Refused: `no_cards`: it has no card numbers; otherwise as `paper`.
        NotAllowed: A viewer, or beyond his units.
    """
    found = PAPERS[name]
    if found.opened is None:
        raise Refused("no_cards", f"{found.label}没有卡号，不用打开完整卡号")
    asked.within_scope()
    if name in ISSUED:
        with reading(engine) as session:
            refuse_while_pending(session, asked.round_id, f"印发{found.label}")
    return found.opened(engine, asked, key=key)


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
    if found.empty is not None:
        asked.within_scope()
        return found.empty(session, asked)
    if not found.plain:
        return _read(session, found, asked).blank()
    asked.within_scope()
    policy = policy_of(session, asked.round_id)
    unit = policy.round_title if found.plain == "receipt" else unit_name(session, asked.unit_id)
    if found.plain == "ledger":
        empty = ledger_book(policy, [], unit=unit)
    elif found.plain == "filing":
        empty = filed_list(policy, Filed(found.called), [], year=year_of(session, asked), unit=unit)
    else:
        empty = listing(policy, found.plain, [], state=ListState.OFFICIAL, unit=unit, nobody="")
    return in_year(empty, asked.year).blank()
