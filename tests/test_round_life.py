"""The whole life of a round, any action at any time: nobody paid twice, nothing overspent, skipped or lost.

Two circulars live here: 内蒙古, where this office decides, publishes and pays, with a reserve to succeed from; and
建始, where the units decide and the money goes through them. The office's own next step is one of the buttons, so that
lives get as far as the booked receipt.
"""

from __future__ import annotations

import contextlib
import shutil
import uuid
from collections import Counter
from datetime import date, timedelta
from typing import ClassVar

import payment_round
import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from payment_round import postgres_world, sqlite_world
from review_round import OTHER, REVIEWER, at, by, neimenggu, unit_steps
from sqlmodel import func, select

from casework import db
from casework.adoption import withdraw_adoption
from casework.frames import cell_key
from casework.ledger import audit_check, audit_key
from casework.models import Aid, AuditEntry, Case, Person
from casework.models_payment import Booking, Claim, FundAccount, FundEntry, Payment, Receipt, Visit
from casework.models_review import Meeting, Notice, Objection, Removal, ReviewStep
from casework.payment.bank import prepare_batch, read_results
from casework.payment.claims import open_claims, stop_claim
from casework.payment.closing import round_ends
from casework.payment.funds import record_income
from casework.payment.receipts import book, hand_over, record_receipt, take_back
from casework.payment.reconciliation import fund_check
from casework.payment.transfers import return_funds, transfer
from casework.payment.visits import Caller, record_visit
from casework.people.contacts import put_contact
from casework.problems import Refused
from casework.review.chain import missing
from casework.review.confirmation import confirm_list
from casework.review.meetings import convene_meeting, decide_meeting
from casework.review.minutes import PersonResult
from casework.review.notices import close_notice, post_notice
from casework.review.objections import accept_objection, record_objection, settle_objection
from casework.review.records import AFTER_ISSUE, case_rows, chain_for, chains_of, histories
from casework.review.removal import fill_place, held_by_objection, remove_person
from casework.review.steps import record_step, revoke_step
from casework.vocabulary import Decision, RemovalCause, Signer, Stage, VisitMode, VisitPlace

made, _keys = payment_round.made, payment_round._keys
FEN = 50_000
WHICH = st.lists(st.integers(0, 7), min_size=1, max_size=4, unique=True)
ONE = st.integers(0, 7)
KEPT = (ReviewStep, Removal, Objection, Meeting, Notice, Payment, FundEntry, Receipt, Booking, Visit)
"""What happened stays: rows of these tables never become fewer."""


class Round(RuleBasedStateMachine):
    """Officers who press whatever there is; a ledger that must hold."""

    seen: ClassVar[Counter[str]] = Counter()

    def __init__(self, open_world):
        super().__init__()
        self.open_world = open_world

    @initialize(kind=st.sampled_from(("im", "js")), far=st.sampled_from((3, 8, 5, 0)))
    def begin(self, kind, far):
        self.world = self.open_world(kind)
        self.engine, self.round_id = self.world.engine, self.world.round_id
        self.batches, self.paid = [], set()
        self.counts = dict.fromkeys(KEPT, 0)
        with db.reading(self.engine) as session:
            self.people = dict(session.exec(select(Case.case_id, Case.person_id)).all())
            self.units = sorted(set(session.exec(select(Case.unit_id))))
        self.entries = self.number(AuditEntry)
        for number, case in enumerate(self.world.cases[:-1]):
            card = f"62220212345678901{number}"
            self.press("card", put_contact, person_id=self.people[case], kind="card", value=card)
        for _ in range(far):
            self.go_on()

    def teardown(self):
        if hasattr(self, "engine"):
            ends = self.world.read(round_ends, round_id=self.round_id, now=at(self.world.today))
            assert len({end.code for end in ends}) == len(ends)
            assert all(end.count > 0 and end.said for end in ends)
            self.engine.dispose()

    # -- how a button is pressed -----------------------------------------------------------------------------------

    def number(self, model):
        with db.reading(self.engine) as session:
            return session.exec(select(func.count()).select_from(model)).one()

    def press(self, name, function, *, actor=None, **more):
        """Press a button: it is one event in the log, or it is refused by a rule we wrote and nothing has happened."""
        said = by(self.world.today, actor) if actor else by(self.world.today)
        try:
            done = function(self.engine, **said, **more)
        except Refused as refused:
            code = refused.reason_code
        else:
            code = ""
        if code:
            # The database's own rules are the last line: a command that reaches them has forgotten something.
            assert code != "not_acceptable", name
            assert self.number(AuditEntry) == self.entries, f"{name} was refused and left something"
            return None
        self.entries += 1
        assert self.number(AuditEntry) == self.entries, f"{name} is not one event in the log"
        if self.seen[name] < 2:  # the same key once more: not one effect more
            assert function(self.engine, **said, **more) == done
            assert self.number(AuditEntry) == self.entries
        self.seen[name] += 1
        return done

    def current(self):
        try:
            return self.world.list()
        except Refused:
            return None

    def claims(self, which=None, *, unit=None):
        with db.reading(self.engine) as session:
            query = select(Claim).where(Claim.round_id == self.round_id).order_by(Claim.case_id, Claim.opened_at)
            found = [c for c in session.exec(query) if unit in (None, c.unit_id)]
        if which is not None and found:
            found = [found[number] for number in dict.fromkeys(number % len(found) for number in which)]
        return found

    def versions(self, claims):
        return {claim.claim_id: claim.version for claim in claims}

    def in_state(self, *states):
        return [claim for claim in self.claims() if claim.state in states]

    # -- the review ------------------------------------------------------------------------------------------------

    @rule(days=st.integers(1, 3))
    def a_day_passes(self, days):
        self.world.today += timedelta(days=days)

    @rule(stage=st.sampled_from(list(Stage)), number=ONE, result=st.sampled_from([*Decision][:3]))
    def record(self, stage, number, result):
        case = self.world.cases[number % len(self.world.cases)]
        bodies = {Stage.NOMINATION: "示例机关党委", Stage.DETERMINATION: "党委", Stage.BRANCH_MEETING: "党支部"}
        results = {} if result is Decision.AGREED else {case: (result, "示例理由")}
        say = {"case_ids": [case], "results": results, "basis": "示例", "reason": "示例"}
        body = bodies.get(stage, "各单位" if self.round_id == "im" else "党员群众")
        self.step(stage, body, **say)

    def step(self, stage, body, **say):
        more = {"round_id": self.round_id, "expected_version": self.world.version, "on": self.world.today}
        self.press("step", record_step, stage=stage, body=body, **more, **say)

    @rule(seq=st.integers(1, 14))
    def take_back_a_step(self, seq):
        self.press("revoke", revoke_step, seq=seq, reason="示例", expected_version=self.world.version)

    @rule()
    def adopt(self):
        before = self.entries
        with contextlib.suppress(Refused):
            self.world.adopt()
        self.entries = self.number(AuditEntry)
        assert self.entries - before in (0, 1, 2, 3)  # saved, places, list: as far as they came

    @rule()
    def withdraw(self):
        current = self.current()
        if current is not None:
            say = {"adoption_id": current.adoption_id, "expected_version": current.version, "reason": "示例"}
            self.press("withdraw", withdraw_adoption, **say)

    @rule(change=st.none() | st.tuples(ONE, st.sampled_from([Decision.REFUSED, Decision.DEFERRED, Decision.ADDED])))
    def meet(self, change):
        current = self.current()
        if current is None:
            return
        say = {"round_id": self.round_id, "fingerprint": current.fingerprint, "held_on": self.world.today}
        if self.round_id == "js":
            more = {"fingerprint": current.fingerprint, "expected_version": current.version, "basis": "示例"}
            self.press("confirm", confirm_list, round_id=self.round_id, **more)
            return
        meeting = self.press("convene", convene_meeting, body="工委委员会", **say)
        results = {
            row["case_id"]: PersonResult(Decision.CHANGED_AMOUNT, "示例", FEN)
            for row in current.numbers["awards"]
            if row["amount_fen"] is None
        }
        if change is not None:
            results[self.world.cases[change[0]]] = PersonResult(change[1], "示例理由")
        if meeting:
            told = {"minutes": "示例", "invited": 9, "present": 9, "agreed": 9, "signer": "示例书记"}
            told |= {"meeting_id": meeting["meeting_id"], "expected_version": 1, "results": results}
            self.press("decide", decide_meeting, **told)

    @rule(days=st.integers(0, 2))
    def post(self, days):
        day = self.world.today
        say = {"body": "工委", "posted_on": day, "ends_on": day + timedelta(days=days), "evidence": "示例"}
        more = {"round_id": self.round_id, "expected_version": self.world.version}
        if self.round_id == "js":
            more["unit_id"] = self.units[days % len(self.units)]
        self.press("post", post_notice, **say, **more)

    @rule()
    def close(self):
        with db.reading(self.engine) as session:
            notices = session.exec(select(Notice.notice_id, Notice.version)).all()
        for notice_id, version in notices:
            self.press("close", close_notice, notice_id=notice_id, expected_version=version)

    @rule(number=ONE)
    def object_to(self, number):
        case = self.world.cases[number % len(self.world.cases)]
        say = {"content": "示例", "received_on": self.world.today, "case_id": case, "handlers": [OTHER.id]}
        self.press("object", record_objection, round_id=self.round_id, **say)

    @rule(accepted=st.booleans(), upheld=st.booleans())
    def handle(self, accepted, upheld):
        with db.reading(self.engine) as session:
            rows = session.exec(select(Objection)).all()
        for row in rows:
            say = {"objection_id": row.objection_id, "expected_version": row.version}
            if row.state == "received":
                told = {"accepted": accepted, "reason": "示例", "decided_by": REVIEWER.name}
                self.press("accept", accept_objection, **say, **told)
            else:
                done = self.press("settle", settle_objection, upheld=upheld, finding="示例", **say)
                self.seen["succession"] += bool(done and done["removal"] and done["removal"]["successor"])

    @rule(number=ONE, cause=st.sampled_from(RemovalCause))
    def remove(self, number, cause):
        case = self.world.cases[number % len(self.world.cases)]
        with db.reading(self.engine) as session:
            version = session.get_one(Case, case).version
        say = {"cause": cause, "on": self.world.today, "basis": "示例", "expected_version": version}
        done = self.press("remove", remove_person, case_id=case, **say)
        self.seen["succession"] += bool(done and done["successor"])

    @rule(number=ONE)
    def fill(self, number):
        current = self.current()
        if current is not None:
            plan = current.numbers["plan"]
            row = plan[number % len(plan)]
            say = {"cell": cell_key(row["unit_id"], row["category"]), "fingerprint": current.fingerprint}
            self.press("fill", fill_place, round_id=self.round_id, reason="示例", **say)

    # -- the money -------------------------------------------------------------------------------------------------

    @property
    def fund(self):
        found = self.claims()
        return found[0].fund if found else "retained_dues" if self.round_id == "js" else ""

    @rule(units=st.integers(1, 4))
    def money_comes_in(self, units):
        say = {"amount_fen": units * FEN, "on": self.world.today, "basis": "示例"}
        self.press("income", record_income, round_id=self.round_id, fund=self.fund, **say)

    @rule()
    def draw_up(self):
        current = self.current()
        if current is not None:
            self.press("claims", open_claims, round_id=self.round_id, fingerprint=current.fingerprint)

    @rule(which=WHICH, number=ONE)
    def send_to_the_unit(self, which, number):
        unit = self.units[number % len(self.units)]
        self.send(unit, self.claims(which, unit=unit))

    def send(self, unit, claims):
        say = {"unit_id": unit, "fund": self.fund, "on": self.world.today, "document": "示例"}
        self.press("transfer", transfer, round_id=self.round_id, claims=self.versions(claims), **say)

    @rule(which=WHICH, number=ONE)
    def send_back(self, which, number):
        unit = self.units[number % len(self.units)]
        say = {"unit_id": unit, "fund": self.fund, "on": self.world.today, "basis": "示例"}
        claims = self.versions(self.claims(which, unit=unit))
        self.press("refund", return_funds, round_id=self.round_id, claims=claims, **say)

    @rule(which=WHICH)
    def hand(self, which):
        say = {"place": VisitPlace.HOME, "handed_by": "示例", "on": self.world.today}
        self.press("hand", hand_over, claims=self.versions(self.claims(which)), **say)

    @rule(number=ONE, paying=st.booleans())
    def visit(self, number, paying):
        case = self.world.cases[number % len(self.world.cases)]
        say = {"place": VisitPlace.HOME, "mode": VisitMode.FACE_TO_FACE, "opinions": "无", "on": self.world.today}
        claims = self.versions([c for c in self.claims() if c.case_id == case]) if paying else None
        callers = [Caller("示例", "乡镇党委委员")]
        self.press("visit", record_visit, case_id=case, callers=callers, claims=claims, **say)

    @rule(which=WHICH)
    def by_the_bank(self, which):
        claims = self.versions(self.claims(which))
        done = self.press("bank", prepare_batch, round_id=self.round_id, claims=claims, on=self.world.today)
        if done:
            self.batches.append((done["batch_id"], done["people"]))

    @rule(number=ONE, gone=st.booleans(), bank=st.booleans())
    def pay_somebody_all_the_same(self, number, gone, bank):
        """Somebody is objected to, or leaves, with his money on the way: the next button is the payment."""
        waiting = self.in_state("planned", "transferred")
        if waiting:
            claim = waiting[number % len(waiting)]
            self.money_comes_in(4)
            if claim.pass_through and claim.state == "planned":
                self.send(claim.unit_id, [claim])
            place = self.world.cases.index(claim.case_id)
            self.remove(place, RemovalCause.DIED) if gone else self.object_to(place)
            mine = [at for at, one in enumerate(self.claims()) if one.claim_id == claim.claim_id]
            self.by_the_bank(mine) if bank else self.hand(mine)

    @rule(number=ONE, yes=st.booleans(), mixed=st.booleans())
    def the_bank_answers(self, number, yes, mixed):
        if self.batches:
            batch_id, people = self.batches[number % len(self.batches)]
            said = [yes if not mixed or place % 2 else not yes for place in range(people)]
            rows = [
                {"serial": n, "amount_fen": FEN, "succeeded": ok, "reason": "" if ok else "户名不符"}
                for n, ok in enumerate(said, start=1)
            ]
            if self.press("results", read_results, batch_id=batch_id, results=rows, on=self.world.today):
                self.seen["returned"] += not all(said)

    @rule(which=WHICH, signer=st.sampled_from(Signer))
    def sign(self, which, signer):
        self.signed(self.claims(which), signer)

    def signed(self, claims, signer=Signer.SELF):
        say = {"signed_on": self.world.today, "signed_with": "seal", "signer": signer, "proxy_name": "示例家属"}
        self.press("receipt", record_receipt, claims=self.versions(claims), **say)

    @rule(which=WHICH)
    def enter(self, which):
        self.press("book", book, claims=self.versions(self.claims(which)), voucher="示例", on=self.world.today)

    @rule(number=ONE, stop=st.booleans())
    def take_back_or_stop(self, number, stop):
        for claim in self.claims([number]):
            say = {"claim_id": claim.claim_id, "reason": "示例", "expected_version": claim.version}
            if stop:
                self.press("stop", stop_claim, **say)
            else:
                self.press("takeback", take_back, on=self.world.today, **say)

    # -- the office's own next step --------------------------------------------------------------------------------

    @rule()
    def go_on(self):
        """Do what an office would do next, as far as it gets."""
        current = self.current()
        if current is None:
            self.adopt()
        elif current.state != "official":
            self.meet(None)
        elif not self.claims():
            self.close()
            self.post(1)
            self.draw_up()
        elif signed := self.in_state("signed"):
            self.press("book", book, claims=self.versions(signed), voucher="示例", on=self.world.today)
        elif paid := self.in_state("paid"):
            self.signed(paid)
        elif self.in_state("sent"):
            self.the_bank_answers(0, yes=True, mixed=len(self.batches) == 1)
        elif (planned := self.in_state("planned", "transferred")) and planned[0].state == "planned":
            self.money_comes_in(4)
            if planned[0].pass_through:
                self.send(planned[0].unit_id, [c for c in planned[:4] if c.unit_id == planned[0].unit_id])
            elif self.batches:
                self.hand([0, 1, 2])
            else:
                self.by_the_bank([0, 1, 2])
        elif planned:
            unit = planned[0].unit_id
            say = {"place": VisitPlace.HOME, "handed_by": "示例", "on": self.world.today}
            mine = [claim for claim in planned if claim.unit_id == unit and claim.state == "transferred"]
            self.press("hand", hand_over, claims=self.versions(mine), **say)
        self.a_day_passes(2)

    # -- what always holds -----------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_lost_and_the_chain_holds(self):
        with db.reading(self.engine) as session:
            assert audit_check(session, key=audit_key(self.engine)) == []
            for model in KEPT:
                now = session.exec(select(func.count()).select_from(model)).one()
                assert now >= self.counts[model], f"a row of {model.__name__} is gone"
                self.counts[model] = now

    @invariant()
    def nobody_is_paid_twice(self):
        with db.reading(self.engine) as session:
            standing = [p.case_id for p in session.exec(select(Payment)) if p.state != "returned"]
            got = [p.case_id for p in session.exec(select(Payment)) if p.state == "succeeded"]
            aid = [row.person_id for row in session.exec(select(Aid).where(Aid.own.is_(True)))]
        people = [self.people[case] for case in standing]
        assert len(set(people)) == len(people)
        assert sorted(aid) == sorted(self.people[case] for case in got)

    @invariant()
    def nothing_is_overspent_and_every_yuan_is_somewhere(self):
        with db.reading(self.engine) as session:
            balances = [row.balance_fen for row in session.exec(select(FundAccount))]
            income = sum(e.amount_fen for e in session.exec(select(FundEntry)) if e.kind == "income")
            out = sum(p.amount_fen for p in session.exec(select(Payment)) if p.state != "returned")
        assert all(fen >= 0 for fen in balances)
        assert sum(balances) + out == income
        assert self.world.read(fund_check, self.round_id) == []

    @invariant()
    def nothing_is_booked_without_the_person_s_own_receipt(self):
        with db.reading(self.engine) as session:
            signed = {r.payment_id for r in session.exec(select(Receipt)) if r.signer == "self"}
            standing = {p.payment_id for p in session.exec(select(Payment)) if p.state == "succeeded"}
            assert {row.payment_id for row in session.exec(select(Booking))} <= signed & standing

    @invariant()
    def nobody_is_paid_before_his_last_step(self):
        """Whoever was paid just now had come through every step, stood on the list, and nobody objected to him."""
        with db.reading(self.engine) as session:
            payments = {p.payment_id: p.case_id for p in session.exec(select(Payment))}
            fresh = {case for payment, case in payments.items() if payment not in self.paid}
            self.paid |= payments.keys()
            if not fresh:
                return
            known, links = histories(session, self.round_id, fresh), chains_of(self.world.policy)
            rows = {row.case_id: row for row in case_rows(session, self.round_id, units=None)}
            held = held_by_objection(session, self.round_id)
            dead = {row.person_id for row in session.exec(select(Person)) if row.deceased}
        listed = {row["case_id"] for row in self.current().numbers["awards"]}
        for case in fresh:
            lacking = missing(known[case], chain_for(links, rows[case]))
            assert [link.stage for link in lacking if link.stage not in AFTER_ISSUE] == []
            assert case in listed
            assert case not in held
            assert self.people[case] not in dead


# -- the two databases ---------------------------------------------------------------------------------------------


def run(open_world, *, examples, steps):
    limits = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    Round.seen = Counter()
    run_state_machine_as_test(lambda: Round(open_world), settings=limits)


def nominated(engine):
    """内蒙古, nominated by the units and not yet decided."""
    world = neimenggu(engine)
    unit_steps(world)
    world.today = date(2022, 12, 27)
    return world


def test_a_whole_life_on_sqlite(made, tmp_path, tmp_path_factory):
    template = tmp_path / "im.db"
    engine = db.open_ledger(f"sqlite:///{template}")
    world = nominated(engine)
    engine.dispose()

    def fresh(kind):
        folder = tmp_path / uuid.uuid4().hex
        folder.mkdir()
        if kind == "js":
            return sqlite_world(made, tmp_path_factory, folder)
        shutil.copy(template, folder / "ledger.db")
        return payment_round.Round.on(world, db.open_engine(f"sqlite:///{folder / 'ledger.db'}"))

    run(fresh, examples=7, steps=8)
    for deed in ("decide", "close", "claims", "transfer", "hand", "bank", "receipt", "book", "remove", "object"):
        assert Round.seen[deed], f"no life has come as far as: {deed} ({Round.seen})"


@pytest.mark.postgres
def test_a_whole_life_on_postgres(made, postgres_url):
    admin = postgres_url.replace("+psycopg", "")
    opened = []

    def fresh(kind):
        if kind == "js":
            world = postgres_world(made, postgres_url)
            opened.append(world.engine.url.database)
            return world
        opened.append(f"w{uuid.uuid4().hex}")
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {opened[-1]}")
        return nominated(db.open_ledger(postgres_url.replace("/postgres?", f"/{opened[-1]}?")))

    try:
        run(fresh, examples=2, steps=4)
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            for name in opened:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
