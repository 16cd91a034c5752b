"""减员: somebody leaves the round, his place falls free, the next of the reserve is proposed, the list changes.

The file stays. The family of somebody who died gets nothing by this: that takes a decision of its own. What was not
yet paid is stopped (`removed_cases`).
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.adoption import in_force
from casework.dates import chinese
from casework.frames import cell_key
from casework.ledger import Result, Work, case_within_reach, execute, open_round_of, policy_of
from casework.ledger.scans import check_scans
from casework.models import Adoption, Case, Person
from casework.models_review import Notice, NoticeCase, Objection, Removal
from casework.problems import NotAllowed, Refused
from casework.review.changes import change_name
from casework.review.official import PROPOSED, facts_of_today, list_in_force, parameters_for, put_list, studied_facts
from casework.review.records import today_of
from casework.review.succession import Numbers, Succession, amount_for, check_money, put_on, successor, taken_off
from casework.vocabulary import Act, NoticeState, ObjectionState, Reason, RemovalCause


def removed_cases(session: Session, round_id: str) -> dict[str, Removal]:
    """Return case → removal, for everyone who left the round."""
    return {row.case_id: row for row in session.exec(select(Removal).where(Removal.round_id == round_id))}


def remove_person(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    case_id: str,
    cause: RemovalCause,
    on: date,
    basis: str,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
    document: str = "",
) -> Result:
    """Record that somebody leaves the round, at whatever stage; where he is on the list, the changed list is proposed.

    Args:
        engine: The ledger.
        case_id: The case.
        cause: 去世, 放弃, 转出, 错报 or 查实不符.
        on: The day.
        basis: On what that is known.
        expected_version: The version of the case its author has seen.
        actor: Who enters it.
        now: When.
        key: Idempotency key.
        document: Where the paper lies.

    Returns:
        `{"removal_id", "adoption_id", "fingerprint", "number", "successor", "tied", "said"}`; the list's parts are
        None where he was on no list.

    Raises:
        Refused: `no_basis`, `future`, `removed`, `not_found` (a scan `document` names, too), `closed`.
        Conflict: `stale`.
    """
    if not basis.strip():
        raise Refused("no_basis", "减员要写明依据")
    if on > today_of(now):
        raise Refused("future", "减员日期还没有到")

    def deed(work: Work) -> Result:
        case = case_within_reach(work, case_id)
        open_round_of(work, case.round_id)
        check_scans(work, document, round_id=case.round_id, units={case.unit_id})
        return leave(work, case, cause=cause, on=on, basis=basis.strip(), document=document.strip())

    request = {"cause": cause.value, "on": on, "basis": basis, "document": document, "expected": expected_version}
    return execute(
        engine,
        action="remove_person",
        actor=actor,
        now=now,
        key=key,
        subject=f"case:{case_id}",
        request=request,
        on=(Case, case_id),
        expected_version=expected_version,
        body=deed,
    )


def leave(  # noqa: PLR0913 - who, why, since when
    work: Work, case: Case, *, cause: RemovalCause, on: date, basis: str, document: str = ""
) -> Result:
    """Carry a removal out inside a command.

    Raises:
        Refused: `removed`.
    """
    session = work.session
    gone = session.exec(select(Removal).where(Removal.case_id == case.case_id)).first()
    if gone is not None:
        raise Refused("removed", f"这份个案已于{chinese(gone.on)}减员（{RemovalCause(gone.cause).label}）")
    person = session.get_one(Person, case.person_id)
    removal = Removal(
        removal_id=uuid.uuid5(uuid.NAMESPACE_OID, f"{case.case_id}/removal").hex[:12],
        round_id=case.round_id,
        case_id=case.case_id,
        cause=cause.value,
        on=on,
        basis=basis,
        document=document,
        recorded_by=work.actor.id,
        recorded_at=work.now,
    )
    bereaved: set[str] = set()
    if cause is RemovalCause.DIED:
        bereaved = {person.household_id} if person.household_id else set()
        if not person.deceased:
            work.change(Person, person.person_id, expected_version=person.version, deceased=True)
    work.add(removal)
    said = f"{chinese(on)}{person.name or case.case_id}{cause.label}"
    changed = _free_place(work, case, said=said, kind=cause.value, bereaved=bereaved)
    return {"removal_id": removal.removal_id, **changed}


def _free_place(work: Work, case: Case, *, said: str, kind: str, bereaved: Collection[str]) -> Result:
    """Take somebody off the list in force and propose the next one."""
    session = work.session
    nothing: Result = {
        "adoption_id": None,
        "fingerprint": None,
        "number": None,
        "successor": None,
        "tied": [],
        "said": said,
    }
    current = in_force(session, case.round_id, Act.LIST)
    if current is None or all(row["case_id"] != case.case_id for row in current.numbers["awards"]):
        return nothing
    numbers = taken_off(current.numbers, {case.case_id: Reason.REMOVED})
    row = next(row for row in current.numbers["awards"] if row["case_id"] == case.case_id)
    cell = cell_key(row["unit_id"], row["category"])
    return _succeed(work, current, numbers, cell, said=said, kind=kind, out=case.case_id, bereaved=bereaved)


def _succeed(  # noqa: PLR0913 - whose place, and why
    work: Work,
    current: Adoption,
    numbers: Numbers,
    cell: str,
    *,
    said: str,
    kind: str,
    out: str | None,
    bereaved: Collection[str] = (),
) -> Result:
    session, today = work.session, today_of(work.now)
    now = facts_of_today(session, current.round_id, today)
    found, free = Succession(cell), free_places(numbers, cell) > 0
    if free:
        found = successor(
            cell,
            numbers=numbers,
            studied=studied_facts(session, first_of(session, current)),
            today=now,
            held=held_by_objection(session, current.round_id),
            bereaved=bereaved,
        )
    names = _names(session, [found.case_id, *found.tied, *(case for case, _ in found.passed)])
    parameters = parameters_for(session, current)
    if found.case_id is not None:
        case = next(row for row in now.facts.cases.iter_rows(named=True) if row["case_id"] == found.case_id)
        fen = amount_for(found.case_id, case["category"], today=now, parameters=parameters)
        numbers = put_on(numbers, case, amount_fen=fen, ranked_by="ruling" if found.passed else "unit_rank")
        check_money(numbers, policy_of(session, current.round_id), parameters)
    sentence = f"{said}，{found.said(names) if free else '人数仍不少于名额，不递补'}"
    cause: dict[str, Any] = {
        "kind": kind,
        "out": out,
        "in": found.case_id,
        "cell": cell,
        "passed": [list(pair) for pair in found.passed],
        "tied": list(found.tied),
        "said": sentence,
    }
    after = put_list(work, current, numbers, state=PROPOSED, today=today, causes=[cause])
    return {
        "adoption_id": after.adoption_id,
        "fingerprint": after.fingerprint,
        "number": after.number,
        "successor": found.case_id,
        "tied": list(found.tied),
        "said": sentence,
    }


def fill_place(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    round_id: str,
    cell: str,
    fingerprint: str,
    reason: str,
    actor: Actor,
    now: datetime,
    key: str,
) -> Result:
    """Propose the next one for a place that stayed empty: a tie was settled since, or a refusal left it free.

    Args:
        engine: The ledger.
        round_id: The round.
        cell: `frames.cell_key(unit_id, category)`.
        fingerprint: Of the list its author has seen.
        reason: Why now.
        actor: Who does it.
        now: When.
        key: Idempotency key.

    Returns:
        As `remove_person`, without the removal.

    Raises:
        Refused: `no_reason`, `no_list`, `superseded`, `no_place`, `tie`, `nobody`.
        NotAllowed: `scope`.
    """
    if not reason.strip():
        raise Refused("no_reason", "递补要写明事由")
    if not actor.may_see(cell.rpartition("|")[0]):
        raise NotAllowed("scope", "这个单位不在您的范围内")

    def deed(work: Work) -> Result:
        session = work.session
        open_round_of(work, round_id)
        current = list_in_force(session, round_id)
        if current.fingerprint != fingerprint:
            raise Refused("superseded", f"名单已有{change_name(current)}，请看过再办")
        if free_places(current.numbers, cell) <= 0:
            raise Refused("no_place", "这个单位这一类没有空出的名额")
        result = _succeed(work, current, current.numbers, cell, said=reason.strip(), kind="succession", out=None)
        if result["tied"]:
            raise Refused("tie", f"{result['said']}，请先登记集体研究或抽签的结果")
        if result["successor"] is None:
            raise Refused("nobody", result["said"])
        return result

    return execute(
        engine,
        action="fill_place",
        actor=actor,
        now=now,
        key=key,
        subject=f"round:{round_id}",
        request={"cell": cell, "fingerprint": fingerprint, "reason": reason},
        body=deed,
    )


def free_places(numbers: Numbers, cell: str) -> int:
    """Return how many places of a cell nobody holds; less than none where more people stand on the list."""
    places = sum(row["places"] or 0 for row in numbers["plan"] if cell_key(row["unit_id"], row["category"]) == cell)
    return places - sum(cell_key(row["unit_id"], row["category"]) == cell for row in numbers["awards"])


def first_of(session: Session, adoption: Adoption) -> Adoption:
    """Return the list that drew up the reserve: number 0 of the same line."""
    current = adoption
    while current.parent_fingerprint is not None:
        query = select(Adoption).where(
            Adoption.round_id == current.round_id, Adoption.fingerprint == current.parent_fingerprint
        )
        current = session.exec(query).one()
    return current


def listed_or_published(session: Session, round_id: str) -> set[str]:
    """Return whoever stands on the list in force or is named in a public notice that was not stopped."""
    named = select(NoticeCase.case_id).join(Notice, col(Notice.notice_id) == col(NoticeCase.notice_id))
    standing = named.where(Notice.round_id == round_id, Notice.state != NoticeState.STOPPED.value)
    current = in_force(session, round_id, Act.LIST)
    listed = {row["case_id"] for row in current.numbers["awards"]} if current else set()
    return listed | set(session.exec(standing))


def held_by_objection(session: Session, round_id: str) -> dict[str, str]:
    """Return case → why the person waits: an objection that is neither turned down nor settled."""
    query = select(Objection.case_id, Objection.state).where(
        Objection.round_id == round_id,
        col(Objection.state).in_((ObjectionState.RECEIVED.value, ObjectionState.ACCEPTED.value)),
    )
    why = {ObjectionState.RECEIVED: "有异议待定是否受理", ObjectionState.ACCEPTED: "异议已受理，尚未查清"}
    return {case_id: why[ObjectionState(state)] for case_id, state in session.exec(query) if case_id is not None}


def _names(session: Session, case_ids: Collection[str | None]) -> dict[str, str]:
    query = (
        select(Case.case_id, Person.name)
        .join(Person, col(Person.person_id) == col(Case.person_id))
        .where(col(Case.case_id).in_([case_id for case_id in case_ids if case_id]))
    )
    return {case_id: name or case_id for case_id, name in session.exec(query)}
