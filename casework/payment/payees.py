"""Who receives the money at the bank: the person's own card, or a designated one with signed consent.

No digit of a card is read here. `casework.people` opens numbers, for a named task, and logs it; what it gives back
fits `Cards`.

Source: 内蒙古 正文末段: 经本人同意并提供指定人的建行储蓄卡号和持卡人姓名 (IM-4.5, IM-4.6).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

import polars as pl
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.frames import Schema
from casework.models import Case, Person
from casework.models_people import Contact
from casework.payment.common import live_claims, names_of, unit_names
from casework.problems import Refused
from casework.vocabulary import ClaimState, Payee, Relation

OWN, DESIGNATED = "card", "designated_card"
_TO_BE_PAID = frozenset({ClaimState.PLANNED, ClaimState.TRANSFERRED, ClaimState.SENT, ClaimState.RETURNED})


@dataclass(frozen=True)
class Card:
    """A card number in clear, with its holder: in nobody's traceback."""

    number: str = field(repr=False)
    holder: str = field(repr=False)


class Cards(Protocol):
    """Opens card numbers for a named task and logs it; contacts that were erased are left out."""

    def __call__(self, contact_ids: Sequence[str], /) -> Mapping[str, Card]:
        """Return contact → card."""
        ...


@dataclass(frozen=True)
class PayeeCard:
    """Which card a person is paid on, or why on none.

    Attributes:
        payee: Own or designated; None: there is none.
        why: Why there is none, a sentence's end.
    """

    case_id: str
    person_id: str
    payee: Payee | None
    contact_id: str | None = None
    digest: str | None = None
    relation: str | None = None
    consent_on: date | None = None
    why: str = ""


PAYEES: Schema = {
    "case_id": pl.String,
    "name": pl.String,
    "unit_id": pl.String,
    "unit": pl.String,
    "payee": pl.String,  # Payee; null: nothing to pay to
    "relation": pl.String,  # of the holder of a designated card
    "consent_on": pl.Date,
    "why": pl.String,  # why there is nothing to pay to
    "shared_with": pl.List(pl.String),  # names of others paid on the same card: a warning
}


def payees(session: Session, case_ids: Collection[str], *, on: date) -> dict[str, PayeeCard]:
    """Return case → the card it is paid on, as things stand on a day.

    Args:
        session: A session on the ledger.
        case_ids: The cases.
        on: The day of payment: a consent signed later does not count, nor one that was revoked at all.
    """
    wanted = set(case_ids)
    pairs = session.exec(select(Case.case_id, Case.person_id).where(col(Case.case_id).in_(wanted))).all()
    query = select(Contact).where(
        col(Contact.person_id).in_({person for _, person in pairs}),
        col(Contact.kind).in_((OWN, DESIGNATED)),
        col(Contact.sealed).is_not(None),
    )
    known: dict[str, list[Contact]] = defaultdict(list)
    for contact in session.exec(query.order_by(col(Contact.recorded_at), col(Contact.contact_id))):
        if contact.ended_on is None or contact.ended_on > on:
            known[contact.person_id].append(contact)
    return {case: _choose(case, person, known.get(person, []), on) for case, person in pairs}


def _choose(case_id: str, person_id: str, contacts: list[Contact], on: date) -> PayeeCard:
    own = [contact for contact in contacts if contact.kind == OWN]
    if own:
        return PayeeCard(case_id, person_id, Payee.OWN, own[-1].contact_id, own[-1].digest)
    why = "没有登记收款的银行卡"
    for contact in reversed(contacts):
        if contact.revoked_on is not None:  # also for a payment that is dated back: the money has not left yet
            why = "本人已撤回对指定人收款的同意，须补收款方式"
        elif contact.consent_on is None or contact.consent_on > on:
            why = "指定人的银行卡还没有本人签字的同意"
        elif contact.relation is None:
            why = "指定人与本人的关系没有登记"
        else:
            return PayeeCard(
                case_id,
                person_id,
                Payee.DESIGNATED,
                contact.contact_id,
                contact.digest,
                contact.relation,
                contact.consent_on,
            )
    return PayeeCard(case_id, person_id, None, why=why)


def refuse_missing(session: Session, found: Mapping[str, PayeeCard]) -> None:
    """Refuse where somebody has no card to be paid on.

    Raises:
        Refused: `no_payee`, naming the first one and why.
    """
    without = [card for card in found.values() if card.payee is None]
    if without:
        name = names_of(session, [without[0].case_id])[without[0].case_id]
        more = f"（另有 {len(without) - 1} 人也缺收款方式）" if len(without) > 1 else ""
        raise Refused("no_payee", f"{name}{without[0].why}，不能代发{more}")


def shared_cards(session: Session, found: Mapping[str, PayeeCard]) -> dict[str, list[str]]:
    """Return case → names of other people whose card has the same number (一卡多人); it warns, it does not refuse.

    Compared are the keyed digests of every card in force in the ledger, not the numbers.
    """
    digests = {card.digest for card in found.values() if card.digest}
    query = select(Contact.digest, Contact.person_id, Person.name).join(
        Person, col(Person.person_id) == col(Contact.person_id)
    )
    query = query.where(col(Contact.digest).in_(digests), col(Contact.kind).in_((OWN, DESIGNATED)))
    holders: dict[str, dict[str, str]] = defaultdict(dict)
    for digest, person_id, name in session.exec(query.where(col(Contact.ended_on).is_(None))):
        holders[digest or ""][person_id] = name or person_id
    shared = {}
    for case_id, card in found.items():
        others = {p: name for p, name in holders.get(card.digest or "", {}).items() if p != card.person_id}
        if others:
            shared[case_id] = sorted(others.values())
    return shared


def payees_frame(session: Session, *, round_id: str, on: date, actor: Actor) -> pl.DataFrame:
    """Return who is to be paid how under the claims of a round, who lacks a card, and who shares one (`PAYEES`).

    Whoever has the money already, by hand or by the bank, needs no card any more and is left out.
    """
    unpaid = [claim for claim in live_claims(session, round_id, actor=actor) if claim.state in _TO_BE_PAID]
    claims = {claim.case_id: claim for claim in unpaid}
    found = payees(session, claims, on=on)
    shared, names, units = shared_cards(session, found), names_of(session, claims), unit_names(session)
    rows = [
        {
            "case_id": case_id,
            "name": names[case_id],
            "unit_id": claims[case_id].unit_id,
            "unit": units.get(claims[case_id].unit_id),
            "payee": card.payee.value if card.payee else None,
            "relation": Relation(card.relation).label if card.relation else None,
            "consent_on": card.consent_on,
            "why": card.why,
            "shared_with": shared.get(case_id, []),
        }
        for case_id, card in sorted(found.items())
    ]
    return pl.DataFrame(rows, schema=PAYEES, orient="row")
