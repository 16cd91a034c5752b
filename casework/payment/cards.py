"""Card numbers in clear, for the 代发明细 of one batch and nothing else; who opened them stands in the log first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import polars as pl
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.db import reading
from casework.ledger.keys import Keyring, person, unseal
from casework.models import Person
from casework.models_payment import BankBatch, Payment
from casework.models_people import Contact
from casework.payment.bank import bank_frame
from casework.payment.payees import Card
from casework.people.contacts import place
from casework.people.seeing import open_contact
from casework.review.instructions import refuse_while_pending

TASK = "bank_list"


def bank_list(engine: Engine, *, batch_id: str, actor: Actor, now: datetime, key: str) -> pl.DataFrame:
    """Return a 代发明细 with account numbers and holders, once the log says who opened whose.

    A batch keeps the card it was sent to: one that was replaced since is printed as it was, one of a person who was
    erased is gone.

    Args:
        engine: The ledger.
        batch_id: The batch.
        actor: Who makes the list.
        now: When.
        key: Idempotency key; the same one reads again without another line in the log.

    Returns:
        The columns of the pack (`bank.bank_columns`), all texts.

    Raises:
        Refused: `not_found`, `erased`, `pending` (an oral instruction is not made up for).
        NotAllowed: A viewer.
    """
    with reading(engine) as session:
        bank_frame(session, batch_id=batch_id, actor=actor)  # refuses who may not see the batch before anything opens
        round_id = session.get_one(BankBatch, batch_id).round_id
        refuse_while_pending(session, round_id, "交付代发明细")
        sent = select(Contact.person_id).join(Payment, col(Payment.contact_id) == col(Contact.contact_id))
        people = sorted(set(session.exec(sent.where(Payment.batch_id == batch_id))))
    open_contact(engine, purpose=TASK, round_id=round_id, people=people, actor=actor, now=now, key=key)
    with reading(engine) as session:
        return bank_frame(session, batch_id=batch_id, actor=actor, cards=lambda ids: _cards(session, ids))


def _cards(session: Session, contact_ids: Sequence[str]) -> Mapping[str, Card]:
    """Unseal the cards of a batch, also those that ended since; erased ones are left out."""
    query = (
        select(Contact, Person.name)
        .join(Person, col(Person.person_id) == col(Contact.person_id))
        .where(col(Contact.contact_id).in_(contact_ids), col(Contact.sealed).is_not(None))
    )
    found = session.exec(query).all()
    keys = Keyring(session).many([person(contact.person_id) for contact, _ in found])
    cards = {}
    for contact, name in found:
        key = keys.get(person(contact.person_id))
        if key is not None:
            told = unseal(key, contact.sealed or b"", bound_to=place(contact.contact_id))
            cards[contact.contact_id] = Card(told["value"], told["holder"] or name or "")
    return cards
