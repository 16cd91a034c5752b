"""What is on record of the steps: who stands where, under which chain."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlmodel import Session, col, func, select

from casework.dates import SHANGHAI
from casework.models import Case, Person, Unit
from casework.models_review import Objection, Removal, ReviewStep, StepCase
from casework.policy import Policy
from casework.problems import Conflict, Refused
from casework.review import chain as chains
from casework.review.chain import Chain, Done, History
from casework.vocabulary import Decision, Stage

SINGLE_HANDED: Final = "单机登记：本轮各环节由同一账号登记，提出、审核、签批以所列人员和书面材料为准。"
"""What a list says where one account entered everything: nobody pretends to be two logins."""
AFTER_ISSUE: Final = (Stage.ROSTER, Stage.TRANSFER, Stage.PAYMENT, Stage.RECEIPT)
"""Stages a person need not have reached for the list to be issued."""


@dataclass(frozen=True)
class CaseRow:
    """A case as the steps see it."""

    case_id: str
    unit_id: str
    path: str
    name: str


def today_of(now: datetime) -> date:
    """Return the day it is in the office."""
    return now.astimezone(SHANGHAI).date()


def steps_version(session: Session, round_id: str) -> int:
    """Return the number of the last step on record, 0 for none."""
    found = session.exec(select(func.max(ReviewStep.seq)).where(ReviewStep.round_id == round_id)).one()
    return int(found or 0)


def histories(session: Session, round_id: str, case_ids: Collection[str] | None = None) -> dict[str, dict[Stage, Done]]:
    """Return case → stage → the record that counts: the last one that was not taken back.

    What one step said of many people is one object. A refusal stops somebody no more once an objection that he was
    left out was upheld after it.

    Args:
        session: A session on the ledger.
        round_id: The round.
        case_ids: Only these; None: every case of the round that has a step.
    """
    step, reached = ReviewStep, StepCase
    undone = select(step.revokes).where(step.round_id == round_id, col(step.revokes).is_not(None))
    counts = select(step).where(step.round_id == round_id, col(step.seq).not_in(undone))
    records = {record.seq: record for record in session.exec(counts)}
    # Columns, not rows: a step of a round reaches everybody, and they are a million at times.
    query = (
        select(col(reached.seq), col(reached.case_id), col(reached.result), col(reached.reason))
        .where(col(reached.seq).in_(select(step.seq).where(step.round_id == round_id)))
        .order_by(col(reached.seq))
    )
    if case_ids is not None and len(case_ids) <= 500:  # more ids than a statement takes are filtered below
        query = query.where(col(reached.case_id).in_(case_ids))
    wanted = None if case_ids is None else set(case_ids)
    found: dict[str, dict[Stage, Done]] = {}
    said: dict[tuple[int, str, str], tuple[Mapping[Stage, Done], Done]] = {}
    for seq, case_id, result, reason in session.exec(query):
        record = records.get(seq)
        if record is None or (wanted is not None and case_id not in wanted):
            continue
        one = found.setdefault(case_id, {})
        known = said.get((seq, result, reason))
        if known is None:
            passed = {Stage(name): why for name, why in (record.skipped or {}).items()}
            over = {
                stage: _done(record, stage, Decision.AGREED, why, passed_over=True) for stage, why in passed.items()
            }
            known = over, _done(record, Stage(record.stage), Decision(result), reason)
            said[seq, result, reason] = known
        for stage, done in known[0].items():
            one.setdefault(stage, done)
        one[known[1].stage] = known[1]
    for case_id, last in _reopened(session, round_id).items():
        one = found.get(case_id, {})
        for stage in [done.stage for done in one.values() if done.result is Decision.REFUSED and done.seq <= last]:
            del one[stage]
    return found


def _reopened(session: Session, round_id: str) -> dict[str, int]:
    """Return case → the last step on record when an objection that the person was left out was upheld."""
    query = (
        select(Objection.case_id, func.max(Objection.reopens_after))
        .where(Objection.round_id == round_id, col(Objection.reopens_after).is_not(None))
        .group_by(col(Objection.case_id))
    )
    return {case_id: last for case_id, last in session.exec(query) if case_id and last is not None}


def _done(record: ReviewStep, stage: Stage, result: Decision, reason: str, *, passed_over: bool = False) -> Done:
    return Done(
        seq=record.seq or 0,
        stage=stage,
        result=result,
        on=record.on,
        until=None if passed_over else record.until,
        body=record.body,
        person="" if passed_over else record.signer,
        reason=reason,
        recorded_name=record.recorded_name,
        recorded_at=record.recorded_at,
        passed_over=passed_over,
    )


def case_rows(  # noqa: PLR0913 - how they are chosen
    session: Session,
    round_id: str,
    *,
    units: Collection[str] | None,
    unit_id: str | None = None,
    case_ids: Sequence[str] = (),
    branch: str | None = None,
) -> list[CaseRow]:
    """Return the cases of a round an actor may see, without those who left it.

    Args:
        session: A session on the ledger.
        round_id: The round.
        units: The actor's units; None: every unit.
        unit_id: Only this unit.
        case_ids: Only these.
        branch: Only people of this branch.

    Raises:
        Refused: `not_found`: one of `case_ids` is not there, out of reach, or has left the round.
    """
    gone = select(Removal.case_id).where(Removal.round_id == round_id)
    query = (
        select(Case.case_id, Case.unit_id, Case.path, Person.name)
        .join(Person, col(Person.person_id) == col(Case.person_id))
        .where(Case.round_id == round_id, col(Case.case_id).not_in(gone))
        .order_by(col(Case.unit_id), col(Case.unit_rank), col(Case.case_id))
    )
    if units is not None:
        query = query.where(col(Case.unit_id).in_(units))
    if unit_id is not None:
        query = query.where(Case.unit_id == unit_id)
    if branch is not None:
        query = query.where(Person.branch == branch)
    wanted = set(case_ids)
    rows = [
        CaseRow(case_id, unit, path or "", name or case_id)
        for case_id, unit, path, name in session.exec(query)
        if not wanted or case_id in wanted
    ]
    if len(rows) < len(wanted):
        raise Refused("not_found", "没有这份个案，或不在您的单位范围内，或已减员")
    return rows


def chains_of(policy: Policy) -> dict[str, Chain]:
    """Return path → chain; a circular without paths has the path ""."""
    return {path: chains.chain(policy, path) for path in [name for name, _ in policy.paths] or [""]}


def chain_for(links: Mapping[str, Chain], row: CaseRow) -> Chain:
    """Return the chain of one case.

    Raises:
        Refused: `no_path`: its path is not filled in.
    """
    if row.path in links:
        return links[row.path]
    if len(links) == 1:
        return next(iter(links.values()))
    raise Refused("no_path", f"{row.name}的办理路径未填，请先填写再办")


def single_handed(session: Session, round_id: str) -> bool:
    """Tell whether one account recorded every step of the round; its lists then say 单机登记."""
    accounts = session.exec(select(ReviewStep.recorded_by).where(ReviewStep.round_id == round_id).distinct()).all()
    return len(accounts) == 1


def refuse_stale(rows: Iterable[CaseRow], known: Mapping[str, History], seen: int | None) -> None:
    """Refuse where somebody recorded a step for one of these people that the author has not seen.

    Raises:
        Conflict: `stale`, saying what happened in between.
    """
    if seen is None:
        return
    for row in rows:
        newer = [done for done in known.get(row.case_id, {}).values() if done.seq > seen]
        if newer:
            last = max(newer, key=lambda done: done.seq)
            at = last.recorded_at.astimezone(SHANGHAI).strftime("%H:%M") if last.recorded_at else ""
            said = f"{row.name}刚由{last.recorded_name}登记“{last.stage.label}：{last.result.label}”（{at}）"
            raise Conflict("stale", f"{said}，您看到的是之前的情况，请看过再办")


def case_row(session: Session, case_id: str) -> CaseRow:
    """Return one case."""
    case = session.get_one(Case, case_id)
    person = session.get_one(Person, case.person_id)
    return CaseRow(case_id, case.unit_id, case.path or "", person.name or case_id)


def unit_name(session: Session, unit_id: str | None) -> str:
    """Return the printed name of a unit."""
    unit = session.get(Unit, unit_id) if unit_id else None
    return unit.name if unit else ""
