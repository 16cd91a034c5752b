"""An award paid in two instalments: two claims with a day each, transferred, paid, receipted, booked one by one."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import payment_round
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from payment_round import Round
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from casework import db
from casework.access import LOCAL_OFFICER
from casework.models import Case
from casework.models_payment import Claim
from casework.payment.claims import claims_frame, open_claims, stop_claim
from casework.payment.common import official_list
from casework.payment.funds import record_income
from casework.payment.instalments import Plan, Share, matrix, spread
from casework.payment.receipts import book, record_receipt, take_back
from casework.payment.reconciliation import fund_check
from casework.payment.transfers import transfer
from casework.policy import load_policy, read_pack
from casework.problems import Refused
from casework.review.confirmation import confirm_list
from casework.review.removal import remove_person
from casework.sample_people import People, Sample
from casework.vocabulary import ClaimState, RemovalCause

PACK = Path(__file__).parent / "packs" / "relief"
TOWN = "示例镇"
ADOPTED, FIRST, SECOND = date(2024, 7, 1), date(2024, 7, 10), date(2024, 12, 10)
DUE = {"medical": [FIRST, SECOND]}
AWARD = 300_001
CELLS = {(1, "dues"): 25_000, (2, "dues"): 25_000, (1, "fiscal"): 125_000, (2, "fiscal"): 125_001}

_keys = payment_round._keys


class World(Round):
    """Two people with medical costs of 10 000.01 yuan: 500 from the dues through the unit, the rest at once."""

    def open(self, **more):
        print_ = self.read(official_list, self.round_id).fingerprint
        more.setdefault("due", DUE)
        return self.do(open_claims, round_id=self.round_id, fingerprint=print_, day=ADOPTED, **more)

    def of(self, place, number=None, fund=None):
        wanted = [claim for claim in self.claims() if claim.case_id == self.cases[place]]
        return [c for c in wanted if number in (None, c.instalment) and fund in (None, c.fund)]

    def money(self):
        for fund, fen in (("dues", 500_000), ("fiscal", 5_000_000)):
            self.do(
                record_income,
                day=ADOPTED,
                round_id=self.round_id,
                fund=fund,
                amount_fen=fen,
                on=ADOPTED,
                basis="示例凭证",
            )

    def send(self, claims, on):
        return self.do(
            transfer,
            day=on,
            round_id=self.round_id,
            unit_id=TOWN,
            fund="dues",
            claims=payment_round.seen(claims),
            on=on,
            document="示例拨付单",
        )

    def pay(self, claims, on):
        return self.do(
            payment_round.hand_over,
            day=on,
            claims=payment_round.seen(claims),
            place=payment_round.VisitPlace.HOME,
            handed_by="示例委员",
            on=on,
        )

    def sign(self, claims, on):
        return self.do(record_receipt, day=on, claims=payment_round.seen(claims), signed_with="signature", signed_on=on)

    def book(self, claims, on):
        return self.do(book, day=on, claims=payment_round.seen(claims), voucher="示例凭证", on=on)


@pytest.fixture
def world(database_url):
    yield from carried(database_url)


@pytest.fixture
def quick(sqlite_database_url):
    yield from carried(sqlite_database_url)


def carried(url):
    """The round as far as the decided list."""
    engine = db.open_ledger(url)
    units = [
        {"unit_id": name, "name": f"{name}党委", "kind": "town_committee", "members": 99 - 10 * place, "order": place}
        for place, name in enumerate((TOWN, "示例乡", "示例区"), start=1)
    ]
    sample = Sample("r", load_policy(PACK), date(2024, 6, 10), units)
    people = People(sample, 3)
    for rank in (1, 2):
        case = people.nominate(TOWN, "medical", rank, beneficiary="member", name=f"示例{rank}号")
        sample.add("answers", case_id=case, field="medical_expense", number=1_000_001)
    for household in sample.tables["households"]:
        household["yearly_income_fen"] = 1_000_000
    found = World(engine, sample, ADOPTED, pack=read_pack(PACK))
    adopted = found.adopt(day=ADOPTED)
    found.do(
        confirm_list,
        day=ADOPTED,
        round_id="r",
        fingerprint=adopted.fingerprint,
        basis="示例会议记录",
        expected_version=adopted.version,
    )
    yield found
    engine.dispose()


def why(caught):
    return caught.value.reason_code


def test_a_life_in_two_instalments(world):
    with pytest.raises(Refused, match="分 2 期发放，请写明每一期的发放日期：二、帮扶标准，第3条规定“分两期各发一半”"):
        world.open(due=None)
    with pytest.raises(Refused, match="一期比一期晚"):
        world.open(due={"medical": [SECOND, FIRST]})
    done = world.open()
    assert (done["opened"], done["waiting"]) == (8, {})
    assert {(c.instalment, c.fund): c.amount_fen for c in world.of(0)} == CELLS
    assert sum(CELLS.values()) == AWARD
    assert {(c.instalment, c.instalments, c.due_on) for c in world.of(0)} == {(1, 2, FIRST), (2, 2, SECOND)}
    assert world.open(due=None)["kept"] == 8  # the days are asked once

    # the database knows one claim for one instalment
    columns = ", ".join(f'"{column.name}"' for column in Claim.__table__.columns if column.name != "claim_id")
    again = f"INSERT INTO claim (claim_id, {columns}) SELECT 'x', {columns} FROM claim WHERE instalment = 2 LIMIT 1"
    with pytest.raises(DBAPIError, match=r"(?i)unique|uq_claim"), world.engine.begin() as connection:
        connection.execute(text(again))

    # the first instalment by itself, from the transfer to the booking; the second not before its day
    world.money()
    assert world.send(world.of(0, 1, "dues"), FIRST)["amount_fen"] == 25_000
    with pytest.raises(Refused, match="第 1 期（共 2 期）应于2024年7月10日发放，还没有到"):
        world.pay(world.of(0, 1), date(2024, 7, 9))
    world.pay(world.of(0, 1), FIRST)
    with pytest.raises(Refused) as caught:
        world.pay(world.of(0, 2, "fiscal"), FIRST)
    assert why(caught) == "not_due"
    world.sign(world.of(0, 1), FIRST)
    assert world.book(world.of(0, 1), FIRST)["amount_fen"] == 150_000
    assert {c.state for c in world.of(0, 2)} == {"planned"}

    world.send(world.of(0, 2, "dues"), SECOND)
    world.pay(world.of(0, 2), SECOND)
    with pytest.raises(Refused):
        world.pay(world.of(0, 2), SECOND)  # never twice
    world.sign(world.of(0, 2), SECOND)
    assert world.book(world.of(0, 2), SECOND)["amount_fen"] == 150_001
    frame = world.read(claims_frame, round_id="r", actor=LOCAL_OFFICER)
    booked = frame.filter(state=ClaimState.BOOKED.value)
    assert (booked["amount_fen"].sum(), booked.height) == (AWARD, 4)
    assert world.read(fund_check, "r") == []


def test_a_removal_stops_only_what_is_not_paid(world):
    world.open()
    world.money()
    world.send(world.of(0, 1, "dues"), FIRST)
    world.pay(world.of(0, 1), FIRST)
    world.do(
        remove_person,
        day=FIRST,
        case_id=world.cases[0],
        cause=RemovalCause.DIED,
        on=FIRST,
        basis="示例证明",
        expected_version=world.read(lambda session: session.get_one(Case, world.cases[0]).version),
    )
    done = world.open()
    assert done["stopped"] == 2
    assert [(c.instalment, c.state, c.reason) for c in world.of(0)].count((2, "stopped", "已减员")) == 2
    assert {c.state for c in world.of(0, 1)} == {"paid"}
    assert {c.state for c in world.of(1)} == {"planned"}
    world.sign(world.of(0, 1), FIRST)
    world.book(world.of(0, 1), FIRST)


def test_what_comes_back_is_the_instalment_that_came_back(quick):
    quick.open()
    quick.money()
    quick.pay(quick.of(1, 1, "fiscal"), FIRST)
    (claim,) = quick.of(1, 1, "fiscal")
    back = {"claim_id": claim.claim_id, "reason": "送错", "on": FIRST, "expected_version": claim.version}
    quick.do(take_back, day=FIRST, **back)
    quick.pay(quick.of(1, 1, "fiscal"), FIRST)
    assert [c.state for c in quick.of(1, 2)] == ["planned", "planned"]


def test_a_stopped_instalment_is_drawn_up_again_alone(quick):
    quick.open()
    (claim,) = quick.of(0, 2, "fiscal")
    quick.do(stop_claim, day=FIRST, claim_id=claim.claim_id, reason="日期写错", expected_version=claim.version)
    later = {"medical": [FIRST, date(2024, 12, 20)]}
    assert quick.open(due=later)["opened"] == 1
    fresh = next(c for c in quick.of(0, 2, "fiscal") if c.state == "planned")
    assert fresh.due_on == date(2024, 12, 20)


# -- how much each time -----------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 10_000), min_size=1, max_size=4), st.lists(st.integers(0, 10_000), min_size=2, max_size=4)
)
def test_both_instalments_and_funds_add_up(funds, ends):
    total = sum(funds)
    amounts = [total * end // (sum(ends) or 1) for end in ends[:-1]]
    amounts.append(total - sum(amounts))
    owed = {f"f{place}": fen for place, fen in enumerate(funds)}
    cells = matrix(owed, amounts)
    assert all(fen >= 0 for fen in cells.values())
    assert [
        sum(fen for (k, _), fen in cells.items() if k == number) for number in range(1, len(amounts) + 1)
    ] == amounts
    assert {fund: sum(fen for (_, f), fen in cells.items() if f == fund) for fund in owed} == owed


def parts(paid, *fen):
    plan = Plan(next(iter(load_policy(PACK).clauses)), (Fraction(1, 2), Fraction(1, 2)))
    shares = [Share("c", "p", "u", "medical", fund, one) for fund, one in zip("ab", fen, strict=False)]
    found, waiting = spread(shares, {"medical": plan}, {"c": paid} if paid else {})
    return {(one.instalment, one.fund): one.fen for one in found}, waiting


def test_an_amount_that_changed_after_the_first_instalment_is_made_up_by_the_others():
    assert parts({}, 3000, 1000) == ({(1, "a"): 1500, (2, "a"): 1500, (1, "b"): 500, (2, "b"): 500}, {})
    paid = {(1, "a"): 1500, (1, "b"): 500}
    assert parts(paid, 2000, 1000)[0] == {**paid, (2, "a"): 500, (2, "b"): 500}
    less, waiting = parts(paid, 1400, 1000)
    assert (less, waiting["c"]) == (paid, "已发放的比名单现在的金额多 1 元，其余各期不再发放")
    every = {(1, "a"): 1500, (2, "a"): 1500}
    assert "各期都已发放" in parts(every, 4000)[1]["c"]
    assert parts(every, 3000) == (every, {})
