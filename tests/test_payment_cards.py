"""Card numbers leave the ledger for one list only, logged first; a designated card needs its consent on record."""

from __future__ import annotations

import payment_round
import pytest
from payment_round import OF_TOWN, TODAY, TOWN, seen
from sqlmodel import select

from casework import db
from casework.access import LOCAL_VIEWER
from casework.models_payment import Payment
from casework.models_people import Contact
from casework.payment.bank import prepare_batch
from casework.payment.cards import bank_list
from casework.people.contacts import put_contact, revoke_consent
from casework.people.seeing import openings
from casework.problems import NotAllowed, Refused
from casework.vocabulary import Relation

made, _keys, world, quick = payment_round.made, payment_round._keys, payment_round.world, payment_round.quick
OWN, OTHERS, LATER = "6222021234567890128", "6217001234567890122", "6222021234567890136"


def ready(world):
    """Two claims of the town that may be paid: one on his own card, one on his wife's with his consent."""
    world.income()
    world.open()
    world.transfer(TOWN)
    own, other = world.claims(unit=TOWN)
    world.do(put_contact, person_id=own.person_id, kind="card", value=OWN)
    consent = {"holder": "示例配偶", "relation": Relation.SPOUSE, "consent_on": TODAY}
    world.do(put_contact, person_id=other.person_id, kind="designated_card", value=OTHERS, **consent)
    return own, other


def sent(world):
    return world.do(prepare_batch, round_id="js", claims=seen(world.claims(unit=TOWN)), on=TODAY)["batch_id"]


def test_numbers_stand_in_the_list_of_the_batch_and_who_opened_them_in_the_log(world):
    ready(world)
    batch = sent(world)
    frame = world.do(bank_list, batch_id=batch)
    assert frame.select("收款人姓名", "收款账号").rows() == [("示例1号", OWN), ("示例配偶", OTHERS)]
    (line,) = world.read(openings, round_id="js")
    assert (line.purpose, line.people, line.actor_id) == ("制作代发明细", 2, "local")
    with pytest.raises(Refused, match="没有这份代发明细"):
        world.do(bank_list, batch_id="没有")
    assert len(world.read(openings, round_id="js")) == 1


def test_a_list_keeps_the_card_it_was_sent_to(quick):
    own, _ = ready(quick)
    batch = sent(quick)
    quick.do(put_contact, person_id=own.person_id, kind="card", value=LATER)
    assert quick.do(bank_list, batch_id=batch)["收款账号"][0] == OWN


def test_without_the_consent_there_is_no_payment_to_another_s_card(quick):
    _, other = ready(quick)
    with db.reading(quick.engine) as session:
        found = session.exec(select(Contact).where(Contact.person_id == other.person_id)).one()
    quick.do(revoke_consent, contact_id=found.contact_id, expected_version=found.version)
    with pytest.raises(Refused, match="已撤回"):
        sent(quick)
    assert quick.read(lambda session: session.exec(select(Payment)).all()) == []


def test_a_viewer_and_another_unit_open_nothing(quick):
    ready(quick)
    batch = sent(quick)
    with pytest.raises(NotAllowed):
        quick.do(bank_list, batch_id=batch, actor=LOCAL_VIEWER)
    assert quick.do(bank_list, batch_id=batch, actor=OF_TOWN).height == 2
