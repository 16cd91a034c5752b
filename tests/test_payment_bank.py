"""The bank: own and designated cards, 代发明细, 退票, paid again; one attempt succeeds, all are kept."""

from __future__ import annotations

from datetime import timedelta

import payment_round
import pytest
from payment_round import FUND, HALL, OF_TOWN, TODAY, TOWN, seen
from review_round import at

from casework import db
from casework.access import LOCAL_OFFICER
from casework.models_payment import FundAccount
from casework.models_people import Contact
from casework.payment.attempts import attempts
from casework.payment.bank import COLUMNS, bank_columns, bank_frame, prepare_batch, read_results
from casework.payment.funds import account_id
from casework.payment.payees import Card, payees, payees_frame
from casework.payment.receipts import record_receipt
from casework.policy import load_policy
from casework.problems import Refused
from casework.vocabulary import AccountKind

made, world, quick, _keys = payment_round.made, payment_round.world, payment_round.quick, payment_round._keys


def card(world, claim, name, *, kind="card", digest=None, **more):
    """A card on record, sealed as the ledger of people seals it (what is in it does not matter here)."""
    if kind == "designated_card":
        more = {"relation": "child", "consent_on": TODAY - timedelta(days=5), **more}
    with db.transaction(world.engine) as session:
        session.add(
            Contact(
                contact_id=name,
                person_id=claim.person_id,
                kind=kind,
                sealed=b"sealed",
                digest=digest or name,
                recorded_by="local",
                recorded_at=at(TODAY),
                **more,
            )
        )


def ready(world):
    """Both people of the town have a card of their own and the money is with the town."""
    world.income()
    world.open()
    world.transfer(TOWN)
    claims = world.claims(unit=TOWN)
    for number, claim in enumerate(claims):
        card(world, claim, f"card{number}")
    return claims


def batch(world, claims, **more):
    return world.do(prepare_batch, round_id="js", claims=seen(claims), on=TODAY, **more)


def answer(world, batch_id, *rows, **more):
    names = ("serial", "amount_fen", "succeeded", "reason")
    results = [dict(zip(names, row, strict=True)) for row in rows]
    return world.do(read_results, batch_id=batch_id, results=results, on=TODAY, **more)


def custody(world):
    with db.reading(world.engine) as session:
        return session.get(FundAccount, account_id("js", AccountKind.CUSTODY, FUND, TOWN)).balance_fen


OK, BACK = (1, 50_000, True, ""), (2, 50_000, False, "户名不符")


def test_what_came_back_is_corrected_and_paid_again(world):
    claims = ready(world)
    sent = batch(world, claims)
    assert (sent["people"], sent["amount_fen"], sent["warnings"], custody(world)) == (2, 100_000, [], 0)
    assert {c.state for c in world.claims(unit=TOWN)} == {"sent"}
    assert answer(world, sent["batch_id"], OK, BACK) == {"succeeded": 1, "returned": 1, "unchanged": 0, "open": 0}
    assert custody(world) == 50_000
    back = world.claims(unit=TOWN, state="returned")
    again = batch(world, back)
    assert again["warnings"] == ["示例2号上次退票（户名不符）用的也是这张卡，请核对"]
    answer(world, again["batch_id"], OK)
    tries = world.read(attempts, back[0].claim_id)
    assert [(p.number, p.state, p.reason) for p in tries] == [(1, "returned", "户名不符"), (2, "succeeded", "")]
    assert (custody(world), {c.state for c in world.claims(unit=TOWN)}) == (0, {"paid"})


def test_the_same_answer_twice_changes_nothing(world):
    sent = batch(world, ready(world))
    answer(world, sent["batch_id"], OK, BACK)
    assert answer(world, sent["batch_id"], OK, BACK)["unchanged"] == 2
    assert custody(world) == 50_000


def test_nothing_is_sent_while_it_is_with_the_bank_or_paid(world):
    claims = ready(world)
    sent = batch(world, claims)
    for _ in range(2):
        with pytest.raises(Refused) as caught:
            batch(world, world.claims(unit=TOWN))
        assert caught.value.reason_code == "state"
        with pytest.raises(Refused):
            world.hand(world.claims(unit=TOWN))
        answer(world, sent["batch_id"], OK, (2, 50_000, True, ""))


def test_a_late_return_after_success_and_what_cannot_turn_back(world):
    claims = ready(world)
    sent = batch(world, claims)
    answer(world, sent["batch_id"], OK, (2, 50_000, True, ""))
    assert answer(world, sent["batch_id"], BACK)["returned"] == 1
    assert custody(world) == 50_000
    with pytest.raises(Refused, match="已登记为退票"):
        answer(world, sent["batch_id"], (2, 50_000, True, ""))
    world.do(
        record_receipt, claims=seen(world.claims(unit=TOWN, state="paid")), signed_on=TODAY, signed_with="signature"
    )
    with pytest.raises(Refused, match="本人已签回执"):
        answer(world, sent["batch_id"], (1, 50_000, False, "示例"))


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ((3, 50_000, True, ""), "other_batch"),
        ((1, 49_999, True, ""), "other_amount"),
        ((1, None, True, ""), "other_amount"),
        ((1, 50_000, None, ""), "no_outcome"),
        ((1, 50_000, False, " "), "no_reason"),
    ],
)
def test_an_answer_that_does_not_fit_is_not_taken_over_at_all(quick, row, code):
    sent = batch(quick, ready(quick))
    with pytest.raises(Refused) as caught:
        answer(quick, sent["batch_id"], (2, 50_000, True, ""), row)
    assert caught.value.reason_code == code
    assert {c.state for c in quick.claims(unit=TOWN)} == {"sent"}


def test_a_line_twice_in_one_answer_is_refused(quick):
    sent = batch(quick, ready(quick))
    with pytest.raises(Refused) as caught:
        answer(quick, sent["batch_id"], OK, (1, 50_000, False, "示例"))
    assert caught.value.reason_code == "twice"


# -- who receives it -----------------------------------------------------------------------------------------------


def test_four_ways_to_be_paid(quick):
    quick.income()
    quick.open()
    quick.transfer(HALL)
    one, two, three, four = quick.claims(unit=HALL)
    card(quick, one, "own")
    card(quick, two, "child", kind="designated_card")
    card(quick, three, "late", kind="designated_card", consent_on=TODAY + timedelta(days=1))
    found = quick.read(payees, [c.case_id for c in (one, two, three, four)], on=TODAY)
    assert [found[c.case_id].payee for c in (one, two, three, four)] == ["own", "designated", None, None]
    with pytest.raises(Refused, match="示例5号指定人的银行卡还没有本人签字的同意，不能代发（另有 1 人也缺收款方式）"):
        batch(quick, [one, two, three, four])
    assert batch(quick, [one, two])["people"] == 2


def test_a_consent_is_revocable_until_it_is_paid(quick):
    quick.income()
    quick.open()
    quick.transfer(TOWN)
    one, _ = quick.claims(unit=TOWN)
    card(quick, one, "child", kind="designated_card", revoked_on=TODAY)
    with pytest.raises(Refused, match="本人已撤回对指定人收款的同意，须补收款方式"):
        batch(quick, [one])
    # A payment that is dated back has not left yet either.
    frame = quick.read(payees_frame, round_id="js", on=TODAY - timedelta(days=1), actor=LOCAL_OFFICER)
    row = frame.filter(frame["case_id"] == one.case_id).to_dicts()[0]
    assert (row["payee"], row["why"]) == (None, "本人已撤回对指定人收款的同意，须补收款方式")


def test_one_card_for_two_persons_warns(quick):
    quick.income()
    quick.open()
    quick.transfer(TOWN)
    claims = quick.claims(unit=TOWN)
    for number, claim in enumerate(claims):
        card(quick, claim, f"c{number}", digest="same")
    assert batch(quick, claims)["warnings"] == [
        "示例1号与示例2号用同一张卡，请核对",
        "示例2号与示例1号用同一张卡，请核对",
    ]


# -- the 代发明细 ----------------------------------------------------------------------------------------------------


def test_numbers_are_opened_only_by_who_logs_it(quick):
    sent = batch(quick, ready(quick))
    asked = []

    def cards(contact_ids):
        asked.append(list(contact_ids))
        return {one: Card("6217000000000000000", "示例") for one in contact_ids}

    masked = quick.read(bank_frame, batch_id=sent["batch_id"], actor=LOCAL_OFFICER)
    assert masked.columns == list(COLUMNS)
    assert masked.rows()[0] == ("1", "****", "****", "500", "生活困难党员及老党员、老干部、老骨干")
    shown = quick.read(bank_frame, batch_id=sent["batch_id"], actor=LOCAL_OFFICER, cards=cards)
    assert (shown["收款账号"][0], asked) == ("6217000000000000000", [["card0", "card1"]])
    assert "6217" not in repr(Card("6217000000000000000", "示例"))
    with pytest.raises(Refused, match="银行卡已删除"):
        quick.read(bank_frame, batch_id=sent["batch_id"], actor=LOCAL_OFFICER, cards=lambda _: {})


def test_a_batch_is_one_payer_s_and_stays_with_its_unit(quick):
    quick.income()
    quick.open()
    quick.transfer(TOWN)
    quick.transfer(HALL)
    every = quick.claims()
    for claim in every:
        card(quick, claim, f"card-{claim.case_id}")
    with pytest.raises(Refused) as caught:
        batch(quick, every)
    assert caught.value.reason_code == "other_unit"
    sent = batch(quick, quick.claims(unit=HALL))
    with pytest.raises(Refused) as caught:
        quick.read(bank_frame, batch_id=sent["batch_id"], actor=OF_TOWN)
    assert caught.value.reason_code == "not_found"


def test_without_columns_in_the_pack_the_usual_ones_are_printed():
    assert bank_columns(load_policy("neimenggu-2022")) == COLUMNS
