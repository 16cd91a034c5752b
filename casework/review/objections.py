"""Objections: who is affected waits, alone, until somebody in charge says 受理 or 不予受理, and then until the finding.

Informant, text and finding are sealed, under the key of the person it is about or else of the round, and open to those
who handle the objection only; every opening is logged. They are never facts, never in a list, never in a letter; a
public result is a number.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine
from sqlmodel import Session, select

from casework.access import Actor
from casework.db import reading
from casework.identity import Key
from casework.ledger import Result, Work, audit_key, case_within_reach, execute, open_round_of
from casework.ledger.audit import keyed_digest
from casework.ledger.keys import ERASED, Keyring, of_round, person, seal, unseal
from casework.models import Case
from casework.models_review import Notice, Objection, Removal
from casework.problems import Conflict, NotAllowed, Refused
from casework.review.records import steps_version, today_of
from casework.review.removal import leave, listed_or_published
from casework.vocabulary import ObjectionState, RemovalCause, Role


@dataclass(frozen=True)
class ObjectionText:
    """What an objection says; for the eyes of those who handle it."""

    informant: str
    content: str
    finding: str

    def __repr__(self) -> str:
        """Keep it out of tracebacks and logs."""
        return "ObjectionText(…)"


def _key_of(session: Session, row: Objection, *, make: bool = False) -> Key | None:
    """Return the key an objection is sealed under; None once the person it is about was erased."""
    case = session.get(Case, row.case_id) if row.case_id else None
    return Keyring(session).get(of_round(row.round_id) if case is None else person(case.person_id), make=make)


def _seal(session: Session, row: Objection, field: str, text: str) -> bytes | None:
    if not text.strip():
        return None
    key = _key_of(session, row, make=True)
    if key is None:
        raise Refused("erased", "这个人的资料已按规定删除，不能再登记异议")
    return seal(key, text.strip(), bound_to=f"objection|{field}|{row.objection_id}")


def _words(engine: Engine, *words: str) -> str | None:
    """Return a digest of what was said that nobody can guess at without the key."""
    return keyed_digest(audit_key(engine), "objection", list(words))


def record_objection(  # noqa: PLR0913 - what an objection is
    engine: Engine,
    *,
    round_id: str,
    content: str,
    received_on: date,
    actor: Actor,
    now: datetime,
    key: str,
    informant: str = "",
    case_id: str | None = None,
    notice_id: str | None = None,
    handlers: Sequence[str] = (),
) -> Result:
    """Record an objection, signed (署名) or anonymous (匿名), about somebody listed or left out.

    Args:
        engine: The ledger.
        round_id: The round.
        content: What it says; sealed.
        received_on: The day.
        actor: Who takes it down; handles it from now on.
        now: When.
        key: Idempotency key.
        informant: Who objects; sealed; "" for an anonymous one.
        case_id: Whom it is about; None where that person has no case here.
        notice_id: The public notice it answers.
        handlers: Account ids of others who handle it.

    Returns:
        `{"objection_id", "version"}`.

    Raises:
        Refused: `no_content`, `future`, `not_found`, `closed`.
    """
    if not content.strip():
        raise Refused("no_content", "请写明异议的内容")
    if received_on > today_of(now):
        raise Refused("future", "收到异议的日期还没有到")
    objection_id = uuid.uuid5(uuid.NAMESPACE_OID, f"{round_id}/objection/{key}").hex[:12]

    def deed(work: Work) -> Result:
        open_round_of(work, round_id)
        if case_id is not None and case_within_reach(work, case_id).round_id != round_id:
            raise Refused("not_found", "没有这份个案，或不在您的单位范围内")
        if notice_id is not None:
            work.get(Notice, notice_id, missing="没有这次公示")
        row = Objection(
            objection_id=objection_id,
            round_id=round_id,
            notice_id=notice_id,
            case_id=case_id,
            anonymous=not informant.strip(),
            received_on=received_on,
            state=ObjectionState.RECEIVED.value,
            content=b"",
            handlers=sorted({actor.id, *handlers}),
            recorded_by=actor.id,
            recorded_at=work.now,
        )
        row.informant = _seal(work.session, row, "informant", informant)
        row.content = _seal(work.session, row, "content", content) or b""
        work.session.add(row)
        work.session.flush()
        work.note(f"objection:{objection_id}", None, {"case": case_id, "notice": notice_id, "on": received_on})
        return {"objection_id": objection_id, "version": row.version}

    words = _words(engine, informant, content)
    request = {"case": case_id, "notice": notice_id, "on": received_on, "words": words, "handlers": sorted(handlers)}
    return execute(
        engine,
        action="record_objection",
        actor=actor,
        now=now,
        key=key,
        subject=f"round:{round_id}",
        request=request,
        body=deed,
    )


def accept_objection(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    objection_id: str,
    accepted: bool,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
    reason: str = "",
    decided_by: str = "",
) -> Result:
    """Record 受理 or 不予受理, by the person in charge; 受理 suspends whom it is about, 不予受理 sets him free.

    Args:
        engine: The ledger.
        objection_id: The objection.
        accepted: 受理, else 不予受理.
        expected_version: The version its author has seen.
        actor: Who enters it.
        now: When.
        key: Idempotency key.
        reason: Why it is not taken up; sealed.
        decided_by: The person in charge, where an officer enters what that person decided.

    Returns:
        `{"objection_id", "state", "version"}`.

    Raises:
        Refused: `no_reason`, `settled`, `not_found`.
        NotAllowed: `not_handler`, `not_in_charge`.
        Conflict: `stale`.
    """
    if not accepted and not reason.strip():
        raise Refused("no_reason", "不予受理要写明理由")
    in_charge = decided_by.strip() or (actor.name if actor.role in (Role.REVIEWER, Role.APPROVER) else "")
    if not in_charge:
        raise NotAllowed("not_in_charge", "是否受理由负责人决定；经办代录的，请写明负责人")

    def deed(work: Work) -> Result:
        _handled(work, objection_id, expected_version, ObjectionState.RECEIVED)
        state = ObjectionState.ACCEPTED if accepted else ObjectionState.NOT_ACCEPTED
        changed = work.change(
            Objection,
            objection_id,
            expected_version=expected_version,
            state=state.value,
            decided_by=in_charge,
            decided_on=today_of(work.now),
            closed_on=None if accepted else today_of(work.now),
        )
        _keep_finding(work, changed, reason)
        return {"objection_id": objection_id, "state": state.value, "version": changed.version}

    return execute(
        engine,
        action="accept_objection",
        actor=actor,
        now=now,
        key=key,
        subject=f"objection:{objection_id}",
        request={
            "accepted": accepted,
            "words": _words(engine, reason),
            "by": in_charge,
            "expected": expected_version,
        },
        body=deed,
    )


def settle_objection(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    objection_id: str,
    upheld: bool,
    finding: str,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> Result:
    """Record what was found. Upheld about somebody listed, it removes him and proposes the next of the reserve.

    Upheld about somebody left out, nobody is removed: he goes back to where a refusal stopped him. Who was published
    or stands on the list in force is listed; that is read here and not asked of anybody.

    Args:
        engine: The ledger.
        objection_id: The objection.
        upheld: 查实, else 查否.
        finding: What was found; sealed.
        expected_version: The version its author has seen.
        actor: Who enters it.
        now: When.
        key: Idempotency key.

    Returns:
        `{"objection_id", "state", "version", "removal", "reopened"}`; `removal` as `removal.remove_person`, or None;
        `reopened` is true where somebody left out goes back into review.

    Raises:
        Refused: `no_reason`, `not_accepted` (nobody has taken it up), `settled`, `not_found`.
        NotAllowed: `not_handler`.
        Conflict: `stale`.
    """
    if not finding.strip():
        raise Refused("no_reason", "请写明查核的情况")

    def deed(work: Work) -> Result:
        row = _handled(work, objection_id, expected_version, ObjectionState.ACCEPTED)
        state = ObjectionState.UPHELD if upheld else ObjectionState.NOT_UPHELD
        today = today_of(work.now)
        about = row.case_id if row.case_id is not None and not _is_gone(work.session, row.case_id) else None
        listed = about is not None and about in listed_or_published(work.session, row.round_id)
        reopened = upheld and about is not None and not listed
        values = {"reopens_after": steps_version(work.session, row.round_id)} if reopened else {}
        changed = work.change(
            Objection, objection_id, expected_version=expected_version, state=state.value, closed_on=today, **values
        )
        _keep_finding(work, changed, finding)
        removal = None
        if upheld and listed and about is not None:
            # The basis names the objection's number only: what was found stays sealed.
            basis = f"异议查实（编号 {objection_id}）"
            removal = leave(work, work.get(Case, about), cause=RemovalCause.UNFOUNDED, on=today, basis=basis)
        told = {"objection_id": objection_id, "state": state.value, "version": changed.version}
        return {**told, "removal": removal, "reopened": reopened}

    return execute(
        engine,
        action="settle_objection",
        actor=actor,
        now=now,
        key=key,
        subject=f"objection:{objection_id}",
        request={
            "upheld": upheld,
            "words": _words(engine, finding),
            "expected": expected_version,
        },
        body=deed,
    )


def _keep_finding(work: Work, row: Objection, text: str) -> None:
    """Seal a finding into the row; only its sealed bytes would be history, so none is kept of it."""
    if text.strip():
        row.finding = _seal(work.session, row, "finding", text)
        work.session.add(row)
        work.session.flush()


def _is_gone(session: Session, case_id: str) -> bool:
    return session.exec(select(Removal).where(Removal.case_id == case_id)).first() is not None


def _handled(work: Work, objection_id: str, expected_version: int, wanted: ObjectionState) -> Objection:
    row = _own(work, objection_id)
    open_round_of(work, row.round_id)
    if row.version != expected_version:
        state = ObjectionState(row.state).label
        raise Conflict("stale", f"这条异议刚被别人办理过（现为“{state}”），请看过再办")
    if row.state != wanted:
        if row.state == ObjectionState.RECEIVED:
            raise Refused("not_accepted", "须先由负责人决定是否受理，再登记查核结果")
        raise Refused("settled", f"这条异议已是“{ObjectionState(row.state).label}”，不能再改")
    return row


def _own(work: Work, objection_id: str) -> Objection:
    row = work.get(Objection, objection_id, missing="没有这条异议")
    if work.actor.id not in row.handlers:
        raise NotAllowed("not_handler", "这条异议只对办理它的人员开放")
    return row


def read_objection(engine: Engine, *, objection_id: str, actor: Actor, now: datetime, key: str) -> ObjectionText:
    """Open an objection for somebody who handles it; that it was opened is logged, what it says is not.

    Raises:
        Refused: `not_found`.
        NotAllowed: `not_handler`, `read_only`.
        LedgerError: The key is missing, or is another one.
    """

    def deed(work: Work) -> Result:
        _own(work, objection_id)
        return {"objection_id": objection_id}

    execute(
        engine, action="read_objection", actor=actor, now=now, key=key, subject=f"objection:{objection_id}", body=deed
    )
    with reading(engine) as session:
        row = session.get_one(Objection, objection_id)
        sealed_under = _key_of(session, row)

        def opened(field: str, sealed: bytes | None) -> str:
            if sealed is None:
                return ""
            if sealed_under is None:
                return ERASED
            return str(unseal(sealed_under, sealed, bound_to=f"objection|{field}|{objection_id}"))

        return ObjectionText(
            informant=opened("informant", row.informant),
            content=opened("content", row.content),
            finding=opened("finding", row.finding),
        )


def assign_objection(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    objection_id: str,
    handlers: Sequence[str],
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> Result:
    """Hand an objection to others, or let them see it too; whoever hands it on must handle it.

    Raises:
        Refused: `nobody`, `not_found`.
        NotAllowed: `not_handler`.
        Conflict: `stale`.
    """
    chosen = sorted(set(handlers))
    if not chosen:
        raise Refused("nobody", "至少要有一名办理人员")

    def deed(work: Work) -> Result:
        row = _own(work, objection_id)
        open_round_of(work, row.round_id)
        changed = work.change(Objection, objection_id, expected_version=expected_version, handlers=chosen)
        return {"objection_id": objection_id, "version": changed.version}

    return execute(
        engine,
        action="assign_objection",
        actor=actor,
        now=now,
        key=key,
        subject=f"objection:{objection_id}",
        request={"handlers": chosen, "expected": expected_version},
        body=deed,
    )
