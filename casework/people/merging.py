"""Two records found to be one person: merged by a person, and taken apart again if that was a mistake.

Nothing is copied and nothing is lost: rows change their owner, the record that goes stays empty beside the one that is
kept, and `PersonMerge.moved` names what was moved. What is sealed under the key of one record is sealed anew under
the key of the other; what can never be changed (scans, re-checks, the history) stays where it is and is read through
`register.records_of`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine, update
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from casework.access import Actor
from casework.identity import Key
from casework.ledger import Result, Work, execute
from casework.ledger.keys import person, seal, unseal
from casework.models import Aid, Case, Cause, Honour, Person, Round, Table
from casework.models_payment import Claim
from casework.models_people import Contact, PersonMerge
from casework.models_review import Objection, Removal
from casework.people.contacts import person_within_reach, place
from casework.people.register import table
from casework.problems import Refused
from casework.vocabulary import ClaimState, RoundState

FIELDS: Final = (
    "name",
    "sex",
    "ethnicity",
    "born_on",
    "beneficiary",
    "membership",
    "joined_party_on",
    "full_member_on",
    "started_work_on",
    "branch",
    "position",
    "tags",
    "deceased",
    "household_id",
)
_OBJECTION: Final = ("informant", "content", "finding")


def merge_people(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    kept: str,
    gone: str,
    reason: str,
    kept_version: int,
    gone_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> Result:
    """Record that two records are one person: everything of `gone` is from now on `kept`'s.

    Cases, claims, contacts, honours and aid change their owner. A field only `gone` has is filled in at `kept`,
    household included; where both have one `kept`'s stays and the result says so. Of two cards, phones … in use that
    of `kept` stays in use.

    Args:
        engine: The ledger.
        kept: The record that stays.
        gone: The one that goes.
        reason: How it is known.
        kept_version: The version of `kept` its author has seen.
        gone_version: The version of `gone`.
        actor: Who found it.
        now: When.
        key: Idempotency key.

    Returns:
        `{"merge_id", "version", "cases", "filled", "differing", "ended"}`: fields filled in, fields on which the two
        disagree, kinds of contacts of `gone` that were ended.

    Raises:
        Refused: `no_reason`, `same_record`, `not_found`, `erased`, `merged` (one of them is merged already),
            `both_in_round` (both have a case in an open round), `both_paid` (both have money in one round).
        Conflict: `stale`.
    """
    if not reason.strip():
        raise Refused("no_reason", "请写明怎么知道这是同一个人")
    if kept == gone:
        raise Refused("same_record", "这是同一条记录")
    merge_id = secrets.token_hex(8)

    def body(work: Work) -> Result:
        stays, goes = person_within_reach(work, kept), person_within_reach(work, gone)
        _refuse_merged(work.session, (kept, gone))
        _refuse_two_cases(work.session, kept, gone)
        filled = [f for f in FIELDS if getattr(stays, f) is None and getattr(goes, f) is not None]
        differing = [f for f in FIELDS if f not in filled and getattr(goes, f) not in (None, getattr(stays, f))]
        moved = _move(work, _owned(work.session, gone), gone, kept)
        ended = _end_second(work, kept, moved["contacts"])
        values = {field: getattr(goes, field) for field in filled}
        work.change(Person, kept, expected_version=kept_version, **values)
        moved |= {"filled": filled, "ended": ended}
        work.add(
            PersonMerge(
                merge_id=merge_id,
                kept=kept,
                gone=gone,
                moved=moved,
                reason=reason.strip(),
                merged_by=actor.id,
                merged_at=work.now,
            )
        )
        kinds = sorted({work.session.get_one(Contact, contact_id).kind for contact_id in ended})
        return {
            "merge_id": merge_id,
            "version": 1,
            "cases": len(moved["cases"]),
            "filled": filled,
            "differing": differing,
            "ended": kinds,
        }

    return execute(
        engine,
        action="merge_people",
        actor=actor,
        now=now,
        key=key,
        subject=f"person:{kept}",
        request={"gone": gone, "reason": reason, "kept_version": kept_version, "gone_version": gone_version},
        on=(Person, gone),
        expected_version=gone_version,
        body=body,
    )


def undo_merge(  # noqa: PLR0913 - as every command
    engine: Engine, *, merge_id: str, expected_version: int, reason: str, actor: Actor, now: datetime, key: str
) -> Result:
    """Take a merge back: what was moved goes back to where it was, what came since stays with the record kept.

    Raises:
        Refused: `no_reason`, `not_found`, `undone`, `erased`, `merged` (the record kept was itself merged since:
            that merge is taken back first).
        Conflict: `stale`.
    """
    if not reason.strip():
        raise Refused("no_reason", "请写明为什么要拆开")

    def body(work: Work) -> Result:
        merge = work.get(PersonMerge, merge_id, missing="没有这次合并")
        if merge.undone_at is not None:
            raise Refused("undone", "这次合并已经拆开")
        stays, goes = person_within_reach(work, merge.kept), work.session.get_one(Person, merge.gone)
        _refuse_merged(work.session, (merge.kept,))
        moved = merge.moved
        _move(work, moved, merge.kept, merge.gone)
        for contact_id in moved["ended"]:
            contact = work.session.get(Contact, contact_id)
            if contact is not None and contact.person_id == merge.gone:
                work.change(Contact, contact_id, expected_version=contact.version, ended_on=None)
        taken_back = {f: None for f in moved["filled"] if getattr(stays, f) == getattr(goes, f)}
        if taken_back:
            work.change(Person, stays.person_id, expected_version=stays.version, **taken_back)
        work.change(
            PersonMerge,
            merge_id,
            expected_version=expected_version,
            undone_by=actor.id,
            undone_at=work.now,
            undone_reason=reason.strip(),
        )
        return {"kept": merge.kept, "gone": merge.gone}

    return execute(
        engine,
        action="undo_merge",
        actor=actor,
        now=now,
        key=key,
        subject=f"merge:{merge_id}",
        request={"reason": reason, "expected_version": expected_version},
        body=body,
    )


def merges(session: Session, *, person_id: str | None = None) -> list[PersonMerge]:
    """Return every merge, undone ones included, the latest first; of one record where it is named."""
    query = select(PersonMerge).order_by(col(PersonMerge.merged_at).desc(), col(PersonMerge.merge_id))
    if person_id is not None:
        query = query.where((PersonMerge.kept == person_id) | (PersonMerge.gone == person_id))
    return list(session.exec(query))


def _refuse_merged(session: Session, people: Iterable[str]) -> None:
    standing = select(PersonMerge).where(col(PersonMerge.gone).in_(list(people)), col(PersonMerge.undone_at).is_(None))
    if session.exec(standing).first() is not None:
        raise Refused("merged", "其中一条记录已经并入别的记录，请先看那一条")


def _refuse_two_cases(session: Session, kept: str, gone: str) -> None:
    def shared(query: SelectOfScalar[str], owner: Any) -> set[str]:
        first, second = (set(session.exec(query.where(owner == who)).all()) for who in (kept, gone))
        return first & second

    removed = select(Removal.case_id)
    both = shared(select(Case.round_id).where(col(Case.case_id).not_in(removed)), Case.person_id)
    for opened in session.exec(select(Round).where(col(Round.round_id).in_(both)).order_by(Round.round_id)):
        if opened.state == RoundState.OPEN.value:
            said = f"两条记录在{opened.title}里都有个案，请先对其中一份办理减员（错报），再合并"
            raise Refused("both_in_round", said)
    paid = shared(select(Claim.round_id).where(Claim.state != ClaimState.STOPPED.value), Claim.person_id)
    if paid:
        titles = "、".join(sorted(session.get_one(Round, round_id).title for round_id in paid))
        raise Refused("both_paid", f"两条记录在{titles}里都有应发或已发的钱，请先停发或退回其中一份，再合并")


# -- what belongs to a record ---------------------------------------------------------------------------------------


def _owned(session: Session, person_id: str) -> dict[str, list[Any]]:
    def ids(column: Any, owner: Any) -> list[Any]:
        return list(session.exec(select(column).where(owner == person_id).order_by(column)))

    return {
        "cases": ids(Case.case_id, Case.person_id),
        "claims": ids(Claim.claim_id, Claim.person_id),
        "contacts": ids(Contact.contact_id, Contact.person_id),
        "aid": ids(Aid.aid_id, Aid.person_id),
        "honours": ids(Honour.honour_id, Honour.person_id),
    }


def _move(work: Work, owned: dict[str, list[Any]], source: str, target: str) -> dict[str, Any]:
    """Give the rows that still are `source`'s to `target`; return those that were."""
    _reseal(work, owned["cases"], owned["contacts"], source, target)
    moved: dict[str, Any] = {}
    for name, model in (("cases", Case), ("claims", Claim), ("contacts", Contact)):
        rows = _still(work.session, model, owned[name], source)
        for row_id, row in rows.items():
            work.change(model, row_id, expected_version=row.version, person_id=target)
        moved[name] = list(rows)
    for name, plain in (("aid", Aid), ("honours", Honour)):
        found = _still(work.session, plain, owned[name], source)
        for row in found.values():
            work.assign(row, person_id=target)
        moved[name] = list(found)
    return moved


def _still(session: Session, model: type[Table], ids: Sequence[Any], owner: str) -> dict[Any, Any]:
    found = {row_id: session.get(model, row_id) for row_id in ids}
    return {row_id: row for row_id, row in found.items() if row is not None and row.person_id == owner}  # type: ignore[attr-defined]


def _end_second(work: Work, kept: str, contacts: Sequence[str]) -> list[str]:
    """End the contacts that came where the record kept has one of the kind in use."""
    current = select(Contact).where(Contact.person_id == kept, col(Contact.ended_on).is_(None))
    rows = work.session.exec(current.order_by(Contact.contact_id)).all()
    own = {row.kind for row in rows if row.contact_id not in contacts}
    ended = []
    for row in rows:
        if row.contact_id in contacts and row.kind in own:
            work.change(Contact, row.contact_id, expected_version=row.version, ended_on=work.now.date())
            ended.append(row.contact_id)
    return ended


def _reseal(work: Work, cases: Sequence[str], contacts: Sequence[str], source: str, target: str) -> None:
    """Seal under the key of `target` what the key of `source` sealed: causes, objections, contacts.

    Before the rows change their owner: afterwards the old key would no longer be found from them.
    """
    old = work.keyring.get(person(source))
    if old is None:
        return
    new = work.keyring.get(person(target), make=True)
    if new is None:
        raise Refused("erased", "这个人的信息已按规定删除，不能再合并")
    session = work.session
    mine = _still(session, Case, cases, source)
    for cause in session.exec(select(Cause).where(col(Cause.case_id).in_(mine))).all():
        _put(work, cause, {"sealed": _anew(old, new, cause.sealed, f"cause|sealed|{cause.cause_id}")})
    for row in session.exec(select(Objection).where(col(Objection.case_id).in_(mine))).all():
        values = {f: _anew(old, new, getattr(row, f), f"objection|{f}|{row.objection_id}") for f in _OBJECTION}
        _put(work, row, values)
    for contact in _still(session, Contact, contacts, source).values():
        _put(work, contact, {"sealed": _anew(old, new, contact.sealed, place(contact.contact_id))})


def _anew(old: Key, new: Key, sealed: bytes | None, bound_to: str) -> bytes | None:
    return seal(new, unseal(old, sealed, bound_to=bound_to), bound_to=bound_to) if sealed else sealed


def _put(work: Work, row: Table, values: dict[str, bytes | None]) -> None:
    """Put sealed bytes into a row; what they say is the same, so no version and no history."""
    stored = table(type(row))
    (column,) = stored.primary_key
    statement = update(stored).where(column == getattr(row, column.name))
    work.session.connection().execute(statement.values(**values))
    work.session.refresh(row)
