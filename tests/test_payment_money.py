"""Money: claims from the decided list, transfers, handing over, receipts, booking, the ledger of funds."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import payment_round
import pytest
from payment_round import FUND, HALL, OF_TOWN, TODAY, TOWN, seen
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, func, select

from casework import db
from casework.access import LOCAL_OFFICER
from casework.ledger import audit_check, audit_key, facts
from casework.models import Aid, Case, Table, Unit
from casework.models_payment import APPEND_ONLY, KEPT, Booking, FundAccount, FundEntry, Payment, Receipt
from casework.payment.attempts import attempts
from casework.payment.claims import claims_frame, open_claims, stop_claim, unreceipted
from casework.payment.funds import account_id, record_expense, record_income
from casework.payment.receipts import book, hand_over, places_allowed, record_receipt, take_back
from casework.payment.reconciliation import fund_check, fund_flow, open_ends, reconcile
from casework.payment.transfers import return_funds
from casework.problems import Conflict, NotAllowed, Refused
from casework.review.instructions import record_instruction, settle_instruction
from casework.review.objections import record_objection
from casework.review.removal import remove_person
from casework.vocabulary import AccountKind, RemovalCause, Signer, VisitPlace

made, world, quick, _keys = payment_round.made, payment_round.world, payment_round.quick, payment_round._keys


def why(caught):
    return caught.value.reason_code


def balance(world, kind=AccountKind.OWN, unit=None):
    with db.reading(world.engine) as session:
        found = session.get(FundAccount, account_id("js", kind, FUND, unit))
        return found.balance_fen if found else 0


def receipt(world, claims, **more):
    more.setdefault("signed_on", TODAY)
    return world.do(record_receipt, claims=seen(claims), signed_with="signature", **more)


def paid(world, unit=TOWN):
    world.income()
    world.open()
    world.transfer(unit)
    world.hand(world.claims(unit=unit))
    return world.claims(unit=unit)


# -- claims --------------------------------------------------------------------------------------------------------


def test_one_claim_for_each_person_and_its_amount_is_the_list_s(world):
    first = world.open()
    assert (first["opened"], first["waiting"]) == (6, {})
    assert {(c.amount_fen, c.state, c.fund, c.list_number, c.pass_through) for c in world.claims()} == {
        (50_000, "planned", FUND, 0, True)
    }
    again = world.open()
    assert (again["opened"], again["kept"]) == (0, 6)


def test_claims_belong_to_the_list_that_was_seen(quick):
    with pytest.raises(Refused) as caught:
        quick.do(open_claims, round_id="js", fingerprint="0" * 64)
    assert why(caught) == "superseded"
    with pytest.raises(NotAllowed):
        quick.open(actor=OF_TOWN)


def test_who_is_objected_to_waits_alone_and_comes_in_later(quick):
    case = quick.cases[0]
    quick.do(record_objection, round_id="js", content="示例异议", received_on=TODAY, case_id=case)
    done = quick.open()
    assert done["opened"] == 5
    assert done["waiting"] == {case: "有异议待定是否受理"}


def test_an_objection_stops_a_transfer_that_was_not_made(quick):
    quick.income()
    quick.open()
    quick.do(record_objection, round_id="js", content="示例异议", received_on=TODAY, case_id=quick.cases[0])
    with pytest.raises(Refused, match="示例1号现在不能拨付：有异议待定是否受理") as caught:
        quick.transfer(TOWN)
    assert why(caught) == "not_ready"
    assert quick.transfer(TOWN, [c for c in quick.claims(unit=TOWN) if c.case_id != quick.cases[0]])["people"] == 1


def test_an_oral_instruction_stops_every_payment_until_it_is_made_up_for(quick):
    quick.income()
    quick.open()
    told = {"said_by": "示例领导", "on": TODAY, "content": "示例：先发一人"}
    made = quick.do(record_instruction, round_id="js", **told)
    with pytest.raises(Refused, match="示例领导的口头意见待补手续") as caught:
        quick.transfer(TOWN)
    assert why(caught) == "not_ready"
    quick.do(settle_instruction, instruction_id=made["instruction_id"], dropped="不予采纳", expected_version=1)
    assert quick.transfer(TOWN)["people"] == 2
    quick.do(record_instruction, round_id="js", **told)
    (one, _) = quick.claims(unit=TOWN)
    with pytest.raises(Refused, match=r"不能发放：.*口头意见待补手续"):
        quick.hand([one])


def test_a_death_stops_the_money_and_it_comes_back(world):
    world.income()
    world.open()
    world.transfer(TOWN)
    gone = world.claims(unit=TOWN)[0]
    with db.reading(world.engine) as session:
        version = session.get(Case, gone.case_id).version
    world.do(
        remove_person,
        case_id=gone.case_id,
        cause=RemovalCause.DIED,
        on=TODAY,
        basis="示例证明",
        expected_version=version,
    )
    with pytest.raises(Refused, match="示例1号已减员，不能发放"):
        world.hand([gone])
    stopped = world.do(stop_claim, claim_id=gone.claim_id, reason="去世", expected_version=gone.version)
    assert stopped["to_return_fen"] == 50_000
    again = world.claims(unit=TOWN, state="stopped")
    world.do(return_funds, round_id="js", unit_id=TOWN, fund=FUND, claims=seen(again), on=TODAY, basis="示例")
    assert balance(world) == 250_000
    assert balance(world, AccountKind.CUSTODY, TOWN) == 50_000
    left = world.claims(unit=TOWN, state="stopped")
    with pytest.raises(Refused) as caught:
        world.do(return_funds, round_id="js", unit_id=TOWN, fund=FUND, claims=seen(left), on=TODAY, basis="示例")
    assert why(caught) == "not_transferred"


def test_goods_need_a_name_and_may_have_no_value(quick):
    case = quick.cases[0]
    with pytest.raises(Refused) as caught:
        quick.open(goods={case: (" ", None)})
    assert why(caught) == "no_goods"
    quick.open(goods={case: ("米、油", None)})
    (claim,) = [c for c in quick.claims() if c.case_id == case]
    assert (claim.kind, claim.goods, claim.amount_fen) == ("goods", "米、油", None)
    assert quick.hand([claim])["people"] == 1, "goods need no transfer"


# -- transfers -----------------------------------------------------------------------------------------------------


def test_a_transfer_is_the_sum_of_its_people(world):
    world.income()
    world.open()
    with pytest.raises(Refused, match="凭证上是 1500 元，名单上 2 人合计 1000 元") as caught:
        world.transfer(TOWN, stated_fen=150_000)
    assert why(caught) == "mismatch"
    assert world.transfer(TOWN, stated_fen=100_000)["amount_fen"] == 100_000
    assert (balance(world), balance(world, AccountKind.CUSTODY, TOWN)) == (200_000, 100_000)
    with pytest.raises(Refused) as caught:
        world.transfer(TOWN, world.claims(unit=TOWN))
    assert why(caught) == "state"
    with pytest.raises(Refused) as caught:
        world.transfer(TOWN, world.claims(unit=HALL))
    assert why(caught) == "other_unit"


def test_a_fund_is_never_overdrawn(world):
    world.income(50_000)
    world.open()
    with pytest.raises(Refused, match="余额 500 元，不够支出 1000 元") as caught:
        world.transfer(TOWN)
    assert why(caught) == "overdrawn"
    assert balance(world) == 50_000
    assert {c.state for c in world.claims()} == {"planned"}


def test_no_more_comes_in_than_the_circular_allots(quick):
    assert quick.income(18_400_000)["balance_fen"] == 18_400_000
    with pytest.raises(Refused, match="超出定额 184000 元") as caught:
        quick.income(1)
    assert why(caught) == "over_fund"
    with pytest.raises(Refused) as caught:
        quick.do(record_income, round_id="js", fund="donations", amount_fen=1, on=TODAY, basis="示例")
    assert why(caught) == "no_fund"


def test_money_is_ring_fenced(quick):
    quick.income()
    spend = {"round_id": "js", "amount_fen": 20_000, "on": TODAY, "basis": "示例"}
    with pytest.raises(Refused, match=r"不能列支“宣传费”：.*JS-2\.1\.2") as caught:
        quick.do(record_expense, fund=FUND, purpose="宣传费", **spend)
    assert why(caught) == "ring_fenced"
    with pytest.raises(Refused) as caught:
        quick.do(record_expense, fund=FUND, purpose="hardship", **spend)
    assert why(caught) == "by_claim"
    assert balance(quick) == 300_000


def test_a_unit_s_matching_money_is_apart(quick):
    quick.income()
    given = {"round_id": "js", "fund": "unit_matching", "unit_id": TOWN, "on": TODAY, "basis": "示例"}
    quick.do(record_income, amount_fen=80_000, actor=OF_TOWN, **given)
    spent = quick.do(record_expense, amount_fen=30_000, purpose="hardship", actor=OF_TOWN, **given)
    assert spent["balance_fen"] == 50_000
    with pytest.raises(Refused) as caught:
        quick.do(record_expense, amount_fen=50_001, purpose="hardship", actor=OF_TOWN, **given)
    assert why(caught) == "overdrawn"
    with pytest.raises(NotAllowed):
        quick.do(record_income, amount_fen=1, actor=OF_TOWN, **{**given, "unit_id": HALL})
    assert balance(quick) == 300_000


# -- handing over, receipts, booking -------------------------------------------------------------------------------


def test_nothing_is_handed_over_before_the_transfer(quick):
    quick.income()
    quick.open()
    with pytest.raises(Refused, match="示例1号等 2 人的资金还没有拨付到单位") as caught:
        quick.hand(quick.claims(unit=TOWN))
    assert why(caught) == "not_transferred"


@pytest.mark.parametrize("place", [VisitPlace.OFFICE, VisitPlace.VILLAGE_COMMITTEE])
def test_nobody_is_called_to_the_office(quick, place):
    quick.income()
    quick.open()
    quick.transfer(TOWN)
    with pytest.raises(Refused, match=f"不得在{place.label}发放：.*严禁要求慰问对象到办公室、村委会领取") as caught:
        quick.hand(quick.claims(unit=TOWN), place=place)
    assert why(caught) == "forbidden_place"
    assert place not in places_allowed(quick.policy)
    assert quick.hand(quick.claims(unit=TOWN), place=VisitPlace.HOSPITAL)["people"] == 2


def test_booking_waits_for_the_person_s_own_hand(world):
    one, two = paid(world)
    assert world.read(unreceipted, round_id="js", actor=LOCAL_OFFICER)["name"].to_list() == ["示例1号", "示例2号"]
    with pytest.raises(Refused, match="示例1号还没有本人签字（盖章）的回执") as caught:
        world.do(book, claims=seen([one]), voucher="示例1", on=TODAY)
    assert why(caught) == "no_receipt"
    with pytest.raises(Refused) as caught:
        receipt(world, [one], signer=Signer.PROXY)
    assert why(caught) == "no_proxy"
    receipt(world, [one], signer=Signer.PROXY, proxy_name="示例家属")
    one, two = world.claims(unit=TOWN)
    with pytest.raises(Refused, match="他人代签的不算"):
        world.do(book, claims=seen([one]), voucher="示例1", on=TODAY)
    with pytest.raises(Refused) as caught:
        receipt(world, [one], signer=Signer.PROXY, proxy_name="示例家属")
    assert why(caught) == "twice"
    assert receipt(world, [one, two]) == {"people": 2, "bookable": 2}
    booked = world.do(book, claims=seen(world.claims(unit=TOWN)), voucher="示例1", on=TODAY)
    assert booked == {"people": 2, "amount_fen": 100_000}
    assert {c.state for c in world.claims(unit=TOWN)} == {"booked"}


def test_a_receipt_is_not_older_than_the_payment_and_a_day_must_have_come(quick):
    one, _ = paid(quick)
    with pytest.raises(Refused) as caught:
        receipt(quick, [one], signed_on=TODAY - timedelta(days=1))
    assert why(caught) == "too_early"
    with pytest.raises(Refused) as caught:
        receipt(quick, [one], signed_on=TODAY + timedelta(days=1))
    assert why(caught) == "future"


def test_what_comes_back_can_be_handed_over_again_and_both_attempts_stay(world):
    one, _ = paid(world)
    world.do(take_back, claim_id=one.claim_id, reason="送错人", on=TODAY, expected_version=one.version)
    assert balance(world, AccountKind.CUSTODY, TOWN) == 50_000
    with db.reading(world.engine) as session:
        assert session.exec(select(func.count()).select_from(Aid).where(Aid.own.is_(True))).one() == 1
    world.hand(world.claims(unit=TOWN, state="returned"))
    tries = world.read(attempts, one.claim_id)
    assert [(p.number, p.state, p.reason) for p in tries] == [(1, "returned", "送错人"), (2, "succeeded", "")]
    with pytest.raises(Refused):
        world.hand(world.claims(unit=TOWN))
    with db.reading(world.engine) as session:
        assert session.exec(select(func.count()).select_from(Aid).where(Aid.own.is_(True))).one() == 2


def test_what_is_paid_is_our_own_aid(quick):
    paid(quick)
    with db.reading(quick.engine) as session:
        aid = facts(session, round_id="js", as_of=TODAY).aid
    assert (
        aid.select("kind", "status", "amount_fen", "own", "round_id").rows()
        == [("visit", "granted", 50_000, True, "js")] * 2
    )


def test_a_unit_sees_and_moves_only_its_own(quick):
    quick.income()
    quick.open()
    quick.transfer(HALL)
    with pytest.raises(Refused) as caught:
        quick.do(
            hand_over,
            claims=seen(quick.claims(unit=HALL)),
            place=VisitPlace.HOME,
            handed_by="示例",
            on=TODAY,
            actor=OF_TOWN,
        )
    assert why(caught) == "not_found"
    assert set(quick.read(claims_frame, round_id="js", actor=OF_TOWN)["unit_id"]) == {TOWN}


# -- reconciliation ------------------------------------------------------------------------------------------------


def test_what_a_unit_received_and_did_not_pay_is_named(world):
    world.income()
    world.open()
    world.transfer(TOWN)
    one, two = world.claims(unit=TOWN)
    world.hand([one])
    said = world.read(open_ends, "js")
    assert "业州镇收到的留存党费还有 500 元未发放，不得截留" in said
    assert {"4 笔未拨付（未发放）", "1 笔已拨付未发放", "1 笔已发未回执"} <= set(said)
    world.hand([two])
    assert not [line for line in world.read(open_ends, "js") if "截留" in line]


def test_the_flow_adds_up(world):
    paid(world)
    flow = world.read(fund_flow, round_id="js", actor=LOCAL_OFFICER)
    rows = {(r["kind"], r["purpose"]): r for r in flow.to_dicts()}
    assert rows["own", ""]["received_fen"] == 300_000
    assert rows["own", "hardship"]["transferred_fen"] == 100_000
    town = rows["custody", "hardship"]
    assert (town["unit"], town["received_fen"], town["paid_fen"], town["left_fen"]) == ("业州镇", 100_000, 100_000, 0)
    assert flow["left_fen"].sum() == 200_000
    assert world.read(fund_check, "js") == []
    assert set(world.read(fund_flow, round_id="js", actor=OF_TOWN)["unit_id"]) == {TOWN}


def test_a_difference_to_the_bank_needs_a_word(quick):
    quick.income()
    own = account_id("js", AccountKind.OWN, FUND)
    assert quick.do(reconcile, account=own, statement_fen=300_000, on=TODAY)["difference_fen"] == 0
    with pytest.raises(Refused, match=r"相差 -0\.50 元"):
        quick.do(reconcile, account=own, statement_fen=299_950, on=TODAY)
    done = quick.do(reconcile, account=own, statement_fen=299_950, on=TODAY, reason="手续费待查")
    assert done == {"ledger_fen": 300_000, "difference_fen": -50}
    assert balance(quick) == 300_000


# -- what the database itself refuses ------------------------------------------------------------------------------


def test_the_guarded_tables_exist():
    assert set(APPEND_ONLY) | set(KEPT) <= set(Table.metadata.tables)


AGAIN = """INSERT INTO payment SELECT 'x', claim_id, case_id, fund, instalment, 9, road, payee, 'sent', amount_fen,
contact_id, consent_on, batch_id, serial, place, handed_by, "on", reason, settled_on, recorded_by, recorded_at, 1
FROM payment
LIMIT 1"""
BOOKED = """INSERT INTO booking SELECT p.claim_id, p.payment_id, r.receipt_id, '{}', p.amount_fen, 'v', p."on", 'x',
p.recorded_at FROM payment p JOIN receipt r ON r.payment_id = p.payment_id"""


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        (AGAIN, "unique"),
        ("UPDATE fund_account SET balance_fen = balance_fen - 10000000", "balance_fen_whole"),
        ("DELETE FROM payment", "append-only"),
        ("DELETE FROM claim", "append-only"),
        ("UPDATE fund_entry SET amount_fen = 1", "append-only"),
        ("UPDATE receipt SET signer = 'self'", "append-only"),
        (BOOKED.format("self"), "foreign key"),
        (BOOKED.format("proxy"), "signed_by_the_person"),
    ],
)
def test_not_even_past_the_program(world, statement, rule):
    one, _ = paid(world)
    receipt(world, [one], signer=Signer.PROXY, proxy_name="示例家属")
    with pytest.raises(DBAPIError) as caught, world.engine.begin() as connection:
        connection.execute(text(statement))
    assert rule in str(caught.value.orig).lower()


# -- races ---------------------------------------------------------------------------------------------------------


def at_once(tasks):
    """Carry tasks out at the same moment; return results and exceptions."""
    gate, answers = threading.Barrier(len(tasks)), []

    def run(task):
        gate.wait()
        try:
            answers.append(task())
        except Exception as error:  # noqa: BLE001 - it is the answer
            answers.append(error)

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def count(world, model):
    with db.reading(world.engine) as session:
        return session.exec(select(func.count()).select_from(model)).one()


def test_twenty_presses_of_one_button_are_one_effect(world):
    world.income()
    world.open()
    world.transfer(TOWN)
    claims = world.claims(unit=TOWN)
    answers = at_once([lambda: world.hand(claims, key="one")] * 20)
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    assert len({str(answer) for answer in answers}) == 1
    assert (count(world, Payment), balance(world, AccountKind.CUSTODY, TOWN)) == (2, 0)


def test_two_officers_on_one_person_pay_once(world):
    world.income()
    world.open()
    world.transfer(TOWN)
    claims = world.claims(unit=TOWN)
    answers = at_once([lambda: world.hand(claims[:1])] * 4)
    lost = [answer for answer in answers if isinstance(answer, Exception)]
    assert len(lost) == 3
    assert all(isinstance(answer, Conflict) for answer in lost)
    assert count(world, Payment) == 1


def test_two_officers_on_the_last_500_yuan_one_wins(world):
    world.income(50_000)
    world.open()
    one, two = world.claims(unit=TOWN)
    answers = at_once([lambda: world.transfer(TOWN, [one]), lambda: world.transfer(TOWN, [two])])
    lost = [answer for answer in answers if isinstance(answer, Exception)]
    assert [why_lost.reason_code for why_lost in lost] == ["overdrawn"]
    assert (balance(world), balance(world, AccountKind.CUSTODY, TOWN)) == (0, 50_000)
    assert world.read(fund_check, "js") == []
    with db.reading(world.engine) as session:
        assert audit_check(session, key=audit_key(world.engine)) == []
    assert (count(world, FundEntry), count(world, Receipt), count(world, Booking)) == (2, 0, 0)


def test_the_day_of_a_step_is_kept_in_order(quick):
    quick.income()
    quick.open()
    quick.transfer(TOWN)
    with pytest.raises(Refused) as caught:
        quick.do(
            hand_over,
            claims=seen(quick.claims(unit=TOWN)),
            place=VisitPlace.HOME,
            handed_by="示例",
            on=date(2020, 1, 31),
        )
    assert why(caught) == "future"


def test_claims_stand_in_the_order_of_the_units(quick):
    quick.open()
    with Session(quick.engine) as session, session.begin():
        session.get(Unit, TOWN).order, session.get(Unit, HALL).order = 2, 1

    frame = quick.read(claims_frame, round_id="js", actor=LOCAL_OFFICER)

    assert frame["unit"].unique(maintain_order=True).to_list() == ["长梁镇", "业州镇"]
