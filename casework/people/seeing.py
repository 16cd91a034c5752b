"""Seeing a number: masked by default, in clear for one case or one named task, and then it stands in the log."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.db import reading
from casework.identity import mask_card, mask_id, mask_phone
from casework.ledger import Keyring, Result, Work, case_within_reach, execute
from casework.ledger.keys import person, unseal
from casework.models import Case
from casework.models_people import CONTACT_KINDS, Contact, ContactOpening
from casework.people.contacts import LABELS, also, family, person_within_reach, place
from casework.problems import Refused

TASKS: Final = {
    "check_cards": "核对卡号",
    "bank_list": "制作代发明细",
    "person_return": "报送困难党员统计表",
    "registration": "打印登记表",
    "collection_consent": "打印代收同意书",
    "call": "电话通知",
    "borrowed_form": "填写上级来表",
}
"""Named tasks for which the numbers of a whole round may be opened, and which kinds each needs."""
TASK_KINDS: Final = {
    "check_cards": ("card", "designated_card"),
    "bank_list": ("card", "designated_card"),
    "person_return": ("card", "designated_card"),
    "registration": ("card", "designated_card", "phone", "address"),
    "collection_consent": ("card", "designated_card", "phone"),
    "call": ("phone",),
    "borrowed_form": ("card", "designated_card", "phone", "address", "id_number"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One contact as it may be shown; `value` is masked unless it was opened.

    Attributes:
        holder: Of a card; "" where nobody wrote one.
        usable: Whether a payment may go there: a card, not revoked, not replaced.
        also: Ids of other people with the same number: one card for two persons warns.
    """

    contact_id: str
    person_id: str
    kind: str
    label: str
    value: str
    holder: str
    relation: str | None
    consent_on: date | None
    consent_scan: str | None
    revoked_on: date | None
    usable: bool
    also: tuple[str, ...]
    version: int

    def __repr__(self) -> str:
        """Keep the value out of tracebacks."""
        return f"Shown({self.contact_id!r}, {self.kind!r})"


def masked(kind: str, value: str) -> str:
    """Return what a screen may show without being asked why."""
    if kind in {"card", "designated_card"}:
        return mask_card(value)
    if kind == "id_number":
        return mask_id(value)
    return mask_phone(value) if kind == "phone" else "****"


def masked_contacts(
    session: Session, *, people: Collection[str], kinds: Collection[str] = CONTACT_KINDS
) -> list[Shown]:
    """Return the present contacts of people with masked values; the caller has limited `people` to the actor's units.

    Those of erased people are gone.
    """
    return [replace(shown, value=masked(shown.kind, shown.value), holder="") for shown in _read(session, people, kinds)]


def _read(session: Session, people: Iterable[str], kinds: Collection[str]) -> list[Shown]:
    found: list[Contact] = []
    wanted = sorted(set(people))
    for start in range(0, len(wanted), 900):
        query = select(Contact).where(
            col(Contact.person_id).in_(wanted[start : start + 900]),
            col(Contact.kind).in_(list(kinds)),
            col(Contact.ended_on).is_(None),
        )
        found += session.exec(query.order_by(col(Contact.person_id), col(Contact.kind), col(Contact.contact_id))).all()
    keys = Keyring(session).many([person(contact.person_id) for contact in found])
    shown = []
    for contact in found:
        key = keys.get(person(contact.person_id))
        if key is None or contact.sealed is None:
            continue
        told: dict[str, Any] = unseal(key, contact.sealed, bound_to=place(contact.contact_id))
        shown.append(
            Shown(
                contact_id=contact.contact_id,
                person_id=contact.person_id,
                kind=contact.kind,
                label=LABELS[contact.kind],
                value=told["value"],
                holder=told["holder"],
                relation=contact.relation,
                consent_on=contact.consent_on,
                consent_scan=contact.consent_scan,
                revoked_on=contact.revoked_on,
                usable=family(contact.kind) == "card" and contact.revoked_on is None,
                also=tuple(also(session, contact)),
                version=contact.version,
            )
        )
    return shown


def open_contact(  # noqa: PLR0913 - for whom, what for, by whom
    engine: Engine,
    *,
    purpose: str,
    actor: Actor,
    now: datetime,
    key: str,
    case_id: str | None = None,
    person_id: str | None = None,
    round_id: str | None = None,
    kinds: Collection[str] = CONTACT_KINDS,
    people: Collection[str] | None = None,
) -> list[Shown]:
    """Read numbers in clear, once the log says who read whose and what for.

    Args:
        engine: The ledger.
        purpose: For a case or a person: in the officer's words. For a round: one of `TASKS`.
        actor: Who looks; viewers never do.
        now: When.
        key: Idempotency key; the same one reads again without another line in the log.
        case_id: One case, or
        person_id: one person, or
        round_id: every person of a round within the actor's units, for the named task.
        kinds: What is needed; a task opens what it needs and no more.
        people: Of a round: only these.

    Raises:
        Refused: `no_purpose`, `bad_task`, `not_found`, `erased`.
        NotAllowed: A viewer.
    """
    if [case_id, person_id, round_id].count(None) != 2:
        raise TypeError("one of case_id, person_id and round_id")
    if not purpose.strip():
        raise Refused("no_purpose", "请写明为什么要看完整号码")
    if round_id is not None:
        if purpose not in TASKS:
            raise Refused("bad_task", f"整轮打开号码只限于：{'、'.join(TASKS.values())}")
        kinds = TASK_KINDS[purpose]

    def body(work: Work) -> Result:
        seen = _whose(work, case_id, person_id, round_id, people)
        work.add(
            ContactOpening(
                at=work.now,
                actor_id=work.actor.id,
                person_id=None if round_id is not None else seen[0],
                case_id=case_id,
                round_id=round_id,
                kinds=sorted(kinds),
                purpose=TASKS.get(purpose, purpose.strip()),
                people=len(seen),
            )
        )
        return {"people": seen}

    logged = execute(
        engine,
        action="open_contact",
        actor=actor,
        now=now,
        key=key,
        subject=f"case:{case_id}" if case_id else f"person:{person_id}" if person_id else f"round:{round_id}",
        request={
            "purpose": purpose.strip(),
            "kinds": sorted(kinds),
            "people": None if people is None else sorted(people),
        },
        body=body,
    )
    with reading(engine) as session:
        return _read(session, logged["people"], kinds)


def _whose(
    work: Work,
    case_id: str | None,
    person_id: str | None,
    round_id: str | None,
    people: Collection[str] | None,
) -> list[str]:
    if case_id is not None:
        person_id = case_within_reach(work, case_id).person_id
    if person_id is not None:
        return [person_within_reach(work, person_id).person_id]
    cases = work.session.exec(select(Case).where(Case.round_id == round_id)).all()
    reach = sorted({case.person_id for case in cases if work.actor.may_see(case.unit_id)})
    return reach if people is None else [who for who in reach if who in people]


def openings(session: Session, *, person_id: str | None = None, round_id: str | None = None) -> list[ContactOpening]:
    """Return who saw numbers in clear, the latest first."""
    query = select(ContactOpening)
    if person_id is not None:
        query = query.where(ContactOpening.person_id == person_id)
    if round_id is not None:
        query = query.where(ContactOpening.round_id == round_id)
    return list(session.exec(query.order_by(col(ContactOpening.seq).desc())).all())
