"""Erasing a person: the data key is destroyed, the personal fields are emptied, what was signed stays as it was.

With the key gone nobody can read the person's causes, contacts, scans, objections, earlier values and part of every
snapshot, wherever a copy lies. Snapshots and adopted lists keep their hashes and read 已按规定删除 for this person
(`ledger.snapshots`). What stays in clear is what signed lists and money consist of: unit, category, rank, amounts,
steps, payments, and what bodies wrote into append-only records of their decisions.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine, null, update
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.ledger import ERASED, Result, Work, execute
from casework.ledger.audit import canonical
from casework.ledger.keys import household, person
from casework.models import (
    Aid,
    Answer,
    Case,
    Cause,
    Draft,
    Evidence,
    Honour,
    Household,
    HouseholdMember,
    Person,
    Round,
    Table,
)
from casework.models_payment import Claim
from casework.models_people import Contact, Erasure
from casework.models_review import Removal
from casework.people.contacts import person_within_reach
from casework.people.merging import FIELDS
from casework.people.register import merged_into, records_of, table
from casework.people.retention import SETTLED
from casework.problems import NotAllowed, Refused
from casework.vocabulary import RoundState

_OF_CASES: Final[dict[type[Table], tuple[str, ...]]] = {
    Evidence: ("document", "issuer", "issuer_level", "original_seen", "copy_kept"),
    Answer: ("number", "text", "date"),
    Cause: ("main",),
}
_HOUSEHOLD: Final = ("size", "minors", "yearly_income_fen", "dibao")
_MEMBER: Final = ("name", "relation", "born_on", "employment", "yearly_income_fen")
_AID: Final = ("source", "kind", "status", "on", "amount_fen")


def erase_person(  # noqa: PLR0913 - as every command
    engine: Engine, *, person_id: str, reason: str, basis: str, actor: Actor, now: datetime, key: str
) -> Result:
    """Destroy what the ledger knows of a person, merged records included; it cannot be taken back.

    The household goes with its last person. Aid of other bodies is emptied, what this ledger paid stays as money.

    Args:
        engine: The ledger.
        person_id: Whom.
        reason: Why, e.g. 保存年限已满.
        basis: The rule or the request it rests on.
        actor: Who does it; sees every unit this person has a case in.
        now: When.
        key: Idempotency key.

    Returns:
        `{"records", "households"}`: how many.

    Raises:
        Refused: `no_reason`, `no_basis`, `not_found`, `erased`, `merged` (a record that was merged: name the one
            kept), `open_case` (a case in an open round), `open_claim` (money still to come or to be booked).
        NotAllowed: `scope`.
    """
    if not reason.strip():
        raise Refused("no_reason", "请写明为什么删除")
    if not basis.strip():
        raise Refused("no_basis", "请写明删除的依据（哪个规定、本人的申请）")

    def body(work: Work) -> Result:
        person_within_reach(work, person_id)
        if person_id in merged_into(work.session):
            raise Refused("merged", "这条记录已经并入别的记录，请删除保留的那一条")
        records = records_of(work.session, person_id)
        cases = work.session.exec(select(Case).where(col(Case.person_id).in_(records))).all()
        _refuse_open(work, records, cases)
        homes = _last_homes(work.session, records)
        _empty(work, records, [case.case_id for case in cases], homes)
        for subject in (*map(person, records), *map(household, homes)):
            work.keyring.destroy(subject, now=work.now)
        for record in records:
            work.add(
                Erasure(
                    person_id=record,
                    reason=reason.strip(),
                    basis=basis.strip(),
                    erased_by=actor.id,
                    erased_at=work.now,
                )
            )
        return {"records": len(records), "households": len(homes)}

    return execute(
        engine,
        action="erase_person",
        actor=actor,
        now=now,
        key=key,
        subject=f"person:{person_id}",
        request={"reason": reason, "basis": basis},
        body=body,
    )


def _refuse_open(work: Work, records: Sequence[str], cases: Sequence[Case]) -> None:
    if not all(work.actor.may_see(case.unit_id) for case in cases):
        raise NotAllowed("scope", "这个人在别的单位也有个案，请由能看全部单位的人员办理")
    removed = set(work.session.exec(select(Removal.case_id)).all())
    for case in cases:
        opened = work.session.get_one(Round, case.round_id)
        if opened.state == RoundState.OPEN.value and case.case_id not in removed:
            raise Refused("open_case", f"这个人在{opened.title}里还有个案，结束或减员之后才能删除")
    claims = select(Claim.claim_id).where(col(Claim.person_id).in_(records), col(Claim.state).not_in(SETTLED))
    if work.session.exec(claims).first() is not None:
        raise Refused("open_claim", "还有应发、代发或未入账的款项，办完之后才能删除")


def _last_homes(session: Session, records: Collection[str]) -> list[str]:
    """Return the households nobody else is left in."""
    own = select(Person.household_id).where(col(Person.person_id).in_(records), col(Person.household_id).is_not(None))
    homes = {home for home in session.exec(own).all() if home is not None}
    others = select(Person.household_id).where(
        col(Person.household_id).in_(homes), col(Person.person_id).not_in(records)
    )
    return sorted(homes - set(session.exec(others).all()))


def _empty(work: Work, records: Sequence[str], cases: Sequence[str], homes: Sequence[str]) -> None:
    """Empty the personal columns; past values are not noted, not even as digests."""
    stored = table(Person)
    blank: dict[str, Any] = {**_nothing(FIELDS), "tags": null(), "name": ERASED, "version": stored.c.version + 1}
    _set(work, Person, stored.c.person_id.in_(records), blank)
    contact = table(Contact)
    values = {**_nothing(("sealed", "digest", "relation", "consent_on")), "version": contact.c.version + 1}
    _set(work, Contact, contact.c.person_id.in_(records), values)
    _set(work, Honour, table(Honour).c.person_id.in_(records), _nothing(("title", "level", "granted_on")))
    aid = table(Aid)
    foreign = aid.c.person_id.in_(records) & aid.c.own.is_not(True)
    _set(work, Aid, foreign, _nothing(_AID))
    for model, columns in _OF_CASES.items():
        _set(work, model, table(model).c.case_id.in_(cases), _nothing(columns))
    home = table(Household)
    of_home = {**_nothing(_HOUSEHOLD), "version": home.c.version + 1}
    _set(work, Household, home.c.household_id.in_(homes), of_home)
    _set(work, HouseholdMember, table(HouseholdMember).c.household_id.in_(homes), _nothing(_MEMBER))
    for draft in work.session.exec(select(Draft)).all():
        written = canonical(draft.content)
        if any(f'"{mark}"' in written for mark in (*records, *cases)):
            work.session.delete(draft)
    work.session.flush()


def _nothing(columns: Sequence[str]) -> dict[str, None]:
    return dict.fromkeys(columns)


def _set(work: Work, model: type[Table], where: Any, values: dict[str, Any]) -> None:
    work.session.connection().execute(update(table(model)).where(where).values(**values))
    work.session.expire_all()
