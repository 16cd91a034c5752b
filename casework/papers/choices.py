"""What an officer chooses a paper by: the stage of the round, which meeting, notice, batch or draw, whose branch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from sqlmodel import Session, col, select

from casework.dates import chinese
from casework.ledger import policy_of
from casework.lists import ListState, Table
from casework.models import Case, Person
from casework.models_review import Meeting
from casework.money import yuan
from casework.papers.asked import Asked
from casework.papers.care import MONTHS
from casework.papers.notices import clauses_to_post, notices_of
from casework.payment.bank import batches
from casework.payment.common import unit_names
from casework.payment.inspection import inspections

CARE: Final = "日常关怀"
STAGES: Final = ("申报与审核", "会议", "公示", "发放", "走访", CARE, "归档")
"""The stages of a round, in the order the work goes; 日常关怀 goes on the whole year."""

_STAGE: Final = {
    "application": "申报与审核",
    "registration": "申报与审核",
    "approval": "申报与审核",
    "collection-consent": "申报与审核",
    "basis": "申报与审核",
    "person-return": "申报与审核",
    "submission": "申报与审核",
    "unit-list": "会议",
    "completion-request": "申报与审核",
    "feedback": "申报与审核",
    "quota-table": "申报与审核",
    "roster": "会议",
    "meeting-list": "会议",
    "minutes": "会议",
    "exceptions": "会议",
    "change-list": "会议",
    "public-list": "公示",
    "public-notice": "公示",
    "notice-result": "公示",
    "pay-sheet": "发放",
    "receipts": "发放",
    "bank-payment": "发放",
    "goods-sheet": "发放",
    "transfer-list": "发放",
    "fund-statement": "发放",
    "inspection": "发放",
    "leader-roster": "走访",
    "visit-plan": "走访",
    "activity-report": "走访",
    "visit-record": "走访",
    **dict.fromkeys(("pairing-register", "appointment-register", "talk-record", "line-of-duty-family"), CARE),
    **dict.fromkeys(("political-birthday", "fifty-years"), CARE),
}


CARE_PAPERS: Final = frozenset(name for name, stage in _STAGE.items() if stage == CARE)
"""Papers of no round: they go on the whole year, so no round's set has them and none is issued with a round."""


def stage_of(name: str) -> str:
    """Return the stage a paper belongs to; what nobody has put elsewhere is kept with the file of the round."""
    return _STAGE.get(name, STAGES[-1])


def instances(session: Session, name: str, asked: Asked) -> dict[str, str]:
    """Return label → id of what a paper may be printed for, by day and name, the latest first; {} for one of a kind.

    The ids are what `Asked.of` takes. Only what the actor may see, of the unit and the branch asked for.
    """
    asked.within_scope()
    return _unlike(_OF[name](session, asked)) if name in _OF else {}


def branches(session: Session, asked: Asked) -> list[str]:
    """Return the branches of the people in the round, of the unit asked for, in alphabetical order."""
    asked.within_scope()
    query = (
        select(Person.branch)
        .join(Case, col(Case.person_id) == col(Person.person_id))
        .where(Case.round_id == asked.round_id, col(Person.branch).is_not(None))
        .distinct()
    )
    if asked.unit_id is not None:
        query = query.where(Case.unit_id == asked.unit_id)
    return sorted(branch for branch in session.exec(query) if branch)


def may_be_seen(session: Session, name: str, asked: Asked, table: Table) -> bool:
    """Tell whether somebody who may only look may have a paper: what hangs, or hung, on a notice board."""
    posted = _notices(session, asked)
    hangs = asked.of in ("", *(notice_id for _, notice_id in posted)) and bool(posted)
    return hangs and table.state is ListState.OFFICIAL and (table.public or name == "notice-result")


def _unlike(found: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return label → id; a label that comes again is numbered, so that none is lost."""
    labels: dict[str, str] = {}
    for label, one in found:
        free, number = label, 1
        while free in labels:
            number += 1
            free = f"{label}（第 {number} 项）"
        labels[free] = one
    return labels


def _meetings(session: Session, asked: Asked) -> list[tuple[str, str]]:
    if asked.actor.units is not None:
        return []
    query = select(Meeting).where(Meeting.round_id == asked.round_id).order_by(col(Meeting.recorded_at).desc())
    return [(f"{chinese(one.held_on)}{one.body}", one.meeting_id) for one in session.exec(query)]


def _notices(session: Session, asked: Asked) -> list[tuple[str, str]]:
    units = unit_names(session)
    return [
        (f"{chinese(one.posted_on)}{units.get(one.unit_id or '', '') or one.body}{one.branch or ''}", one.notice_id)
        for one in notices_of(session, asked)
    ]


def _to_post(session: Session, asked: Asked) -> list[tuple[str, str]]:
    """Return the notices there are; before the first the clauses by which one may be posted."""
    posted = _notices(session, asked)
    cites = {clause.id: clause.cite for clause in policy_of(session, asked.round_id).clauses}
    return posted or [(f"未张贴：{cites[clause]}", clause) for clause in clauses_to_post(session, asked)]


def _batches(session: Session, asked: Asked) -> list[tuple[str, str]]:
    units = unit_names(session)
    return [
        (
            f"{chinese(one.on)}{units.get(one.unit_id or '', '')}，{one.people} 笔 {yuan(one.amount_fen)} 元",
            one.batch_id,
        )
        for one in batches(session, asked.round_id, asked.actor)
        if asked.unit_id in (None, one.unit_id)
    ]


def _draws(session: Session, asked: Asked) -> list[tuple[str, str]]:
    return [(f"{chinese(one.on)}抽取 {one.size} 人", one.inspection_id) for one in inspections(session, asked.round_id)]


def _months(session: Session, asked: Asked) -> list[tuple[str, str]]:  # noqa: ARG001 - as the others
    return list(MONTHS.items())


_OF: Final[Mapping[str, Callable[[Session, Asked], list[tuple[str, str]]]]] = {
    "minutes": _meetings,
    "public-notice": _to_post,
    "notice-result": _notices,
    "bank-payment": _batches,
    "inspection": _draws,
    "political-birthday": _months,
}
