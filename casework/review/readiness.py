"""Whether the official list may leave the house, for whom, and what stands in the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from casework.adoption import in_force
from casework.dates import chinese
from casework.ledger import policy_of
from casework.models import Adoption
from casework.models_review import Notice, NoticeCase
from casework.policy import Policy
from casework.review import chain as chains
from casework.review.chain import Chain, History
from casework.review.changes import change_name
from casework.review.instructions import pending_instructions, pending_said
from casework.review.official import OFFICIAL, unstudied
from casework.review.records import AFTER_ISSUE, case_rows, chain_for, chains_of, histories, single_handed, today_of
from casework.review.removal import held_by_objection
from casework.vocabulary import Act, NoticeState, Stage


@dataclass(frozen=True)
class IssueReady:
    """What may be issued.

    Attributes:
        number: Of the list in force; None without one.
        fingerprint: Of the list in force.
        blocks: What stops the whole list, each a sentence; empty: it may be issued for those who are ready.
        ready: The people it may be issued and paid for.
        waiting: Person → why he waits; the others do not wait for him.
        single_handed: One account recorded everything: the list says 单机登记.
    """

    number: int | None
    fingerprint: str
    blocks: tuple[str, ...]
    ready: tuple[str, ...]
    waiting: Mapping[str, str]
    single_handed: bool

    @property
    def may_issue(self) -> bool:
        """Tell whether the official list may be issued now."""
        return not self.blocks and bool(self.ready)


def review_issue_ready(session: Session, *, round_id: str, now: datetime) -> IssueReady:
    """Return which list may be issued, for whom, and what stands in the way.

    A change that is only proposed keeps back those it concerns: whoever stands on the last official list and on the
    proposed one with the same amount is ready all the same, though the changed list itself is not issued yet.

    Args:
        session: A session on the ledger.
        round_id: The round.
        now: When it is asked.
    """
    alone = single_handed(session, round_id)
    current = in_force(session, round_id, Act.LIST)
    if current is None:
        return IssueReady(None, "", ("还没有确定名单",), (), {}, alone)
    pending = pending_instructions(session, round_id)
    blocks = [pending_said(one) for one in pending]
    official = _last_official(session, current)
    if current.state != OFFICIAL:
        blocks.append(f"{change_name(current)}还没有研究确定")
    waiting = _waiting(session, current, official, policy_of(session, round_id), now)
    listed = [row["case_id"] for row in current.numbers["awards"]]
    ready = () if pending else tuple(case_id for case_id in listed if case_id not in waiting)
    return IssueReady(current.number, current.fingerprint, tuple(blocks), ready, waiting, alone)


def _last_official(session: Session, current: Adoption) -> Adoption | None:
    query = select(Adoption).where(
        Adoption.round_id == current.round_id, Adoption.act == Act.LIST.value, Adoption.state == OFFICIAL
    )
    return session.exec(query.order_by(col(Adoption.number).desc())).first()


def _waiting(
    session: Session, current: Adoption, official: Adoption | None, policy: Policy, now: datetime
) -> dict[str, str]:
    round_id, today = current.round_id, today_of(now)
    decided = {row["case_id"]: row["amount_fen"] for row in official.numbers["awards"]} if official else {}
    objections = held_by_objection(session, round_id)
    changed = unstudied(session, current, today=today)
    running = _running(session, round_id)
    links = chains_of(policy)
    listed = {row["case_id"]: row for row in current.numbers["awards"]}
    known = histories(session, round_id, list(listed))
    rows = {row.case_id: row for row in case_rows(session, round_id, units=None)}
    places = {clause.id: clause.label or clause.cite for clause in policy.clauses}
    waiting: dict[str, str] = {}
    for case_id, award in listed.items():
        row = rows.get(case_id)
        if row is None:
            waiting[case_id] = "已减员"
        elif case_id in objections:
            waiting[case_id] = objections[case_id]
        elif case_id in changed:
            clauses = "、".join(places.get(name, "慰问类别") for name in changed[case_id])
            waiting[case_id] = f"情况有变，名单研究时未见（{clauses}），须补充研究"
        elif case_id not in decided:
            waiting[case_id] = "还没有研究确定"
        elif decided[case_id] != award["amount_fen"]:
            waiting[case_id] = "金额的变更还没有研究确定"
        elif not award["funded"]:
            waiting[case_id] = "资金不足"
        elif lacking := before_issue(known.get(case_id, {}), chain_for(links, row)):
            waiting[case_id] = _lacks(lacking, running.get(case_id))
    return waiting


def before_issue(history: History, links: Chain) -> Chain:
    """Return the steps a person lacks before the list may name him as official."""
    return tuple(link for link in chains.missing(history, links) if link.stage not in AFTER_ISSUE)


def _lacks(lacking: Chain, running: Notice | None) -> str:
    first = lacking[0]
    if first.stage is Stage.PUBLIC_NOTICE and running is not None:
        until = f"到{chinese(running.ends_on)}为止" if running.ends_on else "的止日待放假调休表导入后确定"
        return f"正在公示，{until}"
    return f"还没有办“{first.stage.label}”：{first.said()}（{first.clause_id}）"


def _running(session: Session, round_id: str) -> dict[str, Notice]:
    query = (
        select(NoticeCase, Notice)
        .join(Notice, col(Notice.notice_id) == col(NoticeCase.notice_id))
        .where(Notice.round_id == round_id, Notice.state == NoticeState.RUNNING.value)
    )
    return {named.case_id: notice for named, notice in session.exec(query)}
