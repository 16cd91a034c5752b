"""The money of a whole round, in any order: nobody is paid twice, nothing is overspent, nothing lost."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

import payment_round
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from payment_round import FUND, HALL, TODAY, TOWN, postgres_world, seen, sqlite_world
from sqlmodel import select
from test_payment_bank import card

from casework import db
from casework.ledger import audit_check, audit_key
from casework.models import Aid, Case
from casework.models_payment import Booking, Claim, FundAccount, FundEntry, Payment, Receipt
from casework.models_people import Contact
from casework.payment.bank import prepare_batch, read_results
from casework.payment.claims import stop_claim
from casework.payment.receipts import book, record_receipt, take_back
from casework.payment.reconciliation import fund_check
from casework.payment.transfers import return_funds
from casework.problems import Refused
from casework.review.removal import remove_person
from casework.vocabulary import RemovalCause, Signer

made, _keys = payment_round.made, payment_round._keys
UNITS = st.sampled_from([TOWN, HALL])
WHICH = st.lists(st.integers(0, 5), min_size=1, max_size=4, unique=True)
EXPECTED = {
    "state", "overdrawn", "not_transferred", "not_ready", "no_receipt", "nobody", "no_payee", "other_unit", "twice",
    "removed", "settled", "by_bank", "stale", "over_fund", "skipped", "amount_changed", "superseded", "goods",
}  # fmt: skip
"""Refusals that may come of doing things in any order; anything else is a mistake of ours."""


class Money(RuleBasedStateMachine):
    """Officers who press whatever there is to press; a ledger that must hold."""

    def __init__(self, open_world):
        super().__init__()
        self.world = open_world()
        self.attempts = {}
        self.batches = []
        self.gone = set()

    def teardown(self):
        self.world.engine.dispose()

    def press(self, function, *args, **more):
        """Do something that may be refused for a known reason, and then has done nothing."""
        before = self.rows()
        try:
            return function(*args, **more)
        except Refused as refused:
            if refused.reason_code not in EXPECTED:
                raise
        assert self.rows() == before, "what is refused leaves nothing"
        return None

    def rows(self):
        models = (Claim, Payment, FundEntry, FundAccount, Receipt, Booking)
        with db.reading(self.world.engine) as session:
            return [[row.model_dump() for row in session.exec(select(model))] for model in models]

    def some(self, which, *, unit=None):
        """A choice of the claims there are, as they stand."""
        claims = self.world.claims(unit=unit)
        return [claims[number % len(claims)] for number in which] if claims else []

    @initialize()
    def begin(self):
        self.world.open()
        for claim in self.world.claims()[:5]:
            card(self.world, claim, f"card-{claim.case_id}")

    @rule(hundreds=st.integers(1, 20))
    def money_comes_in(self, hundreds):
        self.press(self.world.income, hundreds * 10_000)

    @rule()
    def draw_up(self):
        if self.press(self.world.open):
            with db.reading(self.world.engine) as session:
                known = set(session.exec(select(Contact.person_id)))
            for claim in self.world.claims()[:5]:
                if claim.person_id not in known:
                    card(self.world, claim, f"card-{claim.claim_id}")

    @rule(unit=UNITS, which=WHICH)
    def send_to_the_unit(self, unit, which):
        self.press(self.world.transfer, unit, self.some(which, unit=unit))

    @rule(which=WHICH)
    def hand_over(self, which):
        self.press(self.world.hand, self.some(which))

    @rule(unit=UNITS, which=WHICH)
    def by_the_bank(self, unit, which):
        claims = seen(self.some(which, unit=unit))
        done = self.press(self.world.do, prepare_batch, round_id="js", claims=claims, on=TODAY)
        if done:
            self.batches.append((done["batch_id"], done["people"]))

    @precondition(lambda self: self.batches)
    @rule(data=st.data())
    def the_bank_answers(self, data):
        batch_id, people = data.draw(st.sampled_from(self.batches))
        said = data.draw(st.lists(st.booleans(), min_size=people, max_size=people))
        results = [
            {"serial": number, "amount_fen": 50_000, "succeeded": yes, "reason": "" if yes else "户名不符"}
            for number, yes in enumerate(said, start=1)
        ]
        self.press(self.world.do, read_results, batch_id=batch_id, results=results, on=TODAY)

    @rule(which=WHICH, signer=st.sampled_from(Signer))
    def sign(self, which, signer):
        given = {"signed_on": TODAY, "signed_with": "seal", "signer": signer, "proxy_name": "示例家属"}
        self.press(self.world.do, record_receipt, claims=seen(self.some(which)), **given)

    @rule(which=WHICH)
    def enter(self, which):
        self.press(self.world.do, book, claims=seen(self.some(which)), voucher="示例", on=TODAY)

    @rule(number=st.integers(0, 5))
    def take_it_back(self, number):
        for claim in self.some([number]):
            given = {"reason": "送错", "on": TODAY, "expected_version": claim.version}
            self.press(self.world.do, take_back, claim_id=claim.claim_id, **given)

    @rule(number=st.integers(0, 5))
    def stop(self, number):
        for claim in self.some([number]):
            given = {"reason": "示例", "expected_version": claim.version}
            self.press(self.world.do, stop_claim, claim_id=claim.claim_id, **given)

    @rule(unit=UNITS, which=WHICH)
    def send_back(self, unit, which):
        claims = seen(self.some(which, unit=unit))
        given = {"round_id": "js", "unit_id": unit, "fund": FUND, "on": TODAY, "basis": "示例"}
        self.press(self.world.do, return_funds, claims=claims, **given)

    @precondition(lambda self: len(self.gone) < 2)
    @rule(number=st.integers(0, 5))
    def somebody_leaves(self, number):
        case_id = self.world.cases[number]
        with db.reading(self.world.engine) as session:
            version = session.get(Case, case_id).version
        given = {"cause": RemovalCause.DECLINED, "on": TODAY, "basis": "示例", "expected_version": version}
        if self.press(self.world.do, remove_person, case_id=case_id, **given):
            self.gone.add(case_id)

    @invariant()
    def nobody_is_paid_twice(self):
        with db.reading(self.world.engine) as session:
            paid = [p.case_id for p in session.exec(select(Payment)) if p.state == "succeeded"]
            claims = {claim.claim_id: claim for claim in session.exec(select(Claim))}
            aid = session.exec(select(Aid).where(Aid.own.is_(True))).all()
        assert len(set(paid)) == len(paid)
        assert sorted(claims_of(claims, paid)) == sorted(row.person_id for row in aid)

    @invariant()
    def nothing_is_overspent_and_every_yuan_is_somewhere(self):
        with db.reading(self.world.engine) as session:
            balances = [row.balance_fen for row in session.exec(select(FundAccount))]
            income = sum(e.amount_fen for e in session.exec(select(FundEntry)) if e.kind == "income")
            out = sum(p.amount_fen for p in session.exec(select(Payment)) if p.state != "returned")
        assert all(fen >= 0 for fen in balances)
        assert sum(balances) + out == income
        assert self.world.read(fund_check, "js") == []

    @invariant()
    def nothing_is_booked_without_the_person_s_own_receipt(self):
        with db.reading(self.world.engine) as session:
            signed = {r.payment_id for r in session.exec(select(Receipt)) if r.signer == "self"}
            standing = {p.payment_id for p in session.exec(select(Payment)) if p.state == "succeeded"}
            booked = {row.payment_id for row in session.exec(select(Booking))}
        assert booked <= signed & standing

    @invariant()
    def no_attempt_is_lost(self):
        with db.reading(self.world.engine) as session:
            now = {p.payment_id: (p.claim_id, p.number, p.amount_fen) for p in session.exec(select(Payment))}
        assert self.attempts.items() <= now.items()
        self.attempts = now

    @invariant()
    def the_chain_holds(self):
        with db.reading(self.world.engine) as session:
            assert audit_check(session, key=audit_key(self.world.engine)) == []


def claims_of(claims, case_ids):
    people = {claim.case_id: claim.person_id for claim in claims.values()}
    return [people[case_id] for case_id in case_ids]


def run(open_world, *, examples, steps):
    allowed = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much]
    limits = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=timedelta(seconds=60),
        suppress_health_check=allowed,
        derandomize=True,
        database=None,
    )
    run_state_machine_as_test(lambda: Money(open_world), settings=limits)


def test_the_money_of_a_round_on_sqlite(made, tmp_path_factory):
    def fresh():
        return sqlite_world(made, tmp_path_factory, Path(tempfile.mkdtemp(dir=tmp_path_factory.getbasetemp())))

    run(fresh, examples=12, steps=20)


@pytest.mark.postgres
def test_the_money_of_a_round_on_postgres(made, postgres_url):
    run(lambda: postgres_world(made, postgres_url), examples=4, steps=15)
