"""The standing ledger lived through at random: nothing is lost, the chain holds, the past reads as it was known.

Whatever officers do in whatever order (enter, correct, merge, take apart, re-check, close, erase), every deed that
went through stands in the log, every state that was seen can be read again, and a merge taken back is as if it had
never been.
"""

import shutil
import uuid
from datetime import timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from people_ledger import DAY, EARLIER, NOW, ROUND, by, close, filled, looked
from sqlalchemy.engine import make_url
from sqlmodel import func, select

from casework import db
from casework.checking import check_ledger
from casework.ledger import audit_check, audit_key, change_case, facts, facts_known
from casework.models import AuditEntry, Case, History, Household, Idempotency, Person, Round
from casework.models_people import PersonMerge
from casework.people.duplicates import not_the_same
from casework.people.erasure import erase_person
from casework.people.holding import change_household, change_person
from casework.people.merging import merge_people, undo_merge
from casework.people.rechecks import Rechecked, record_recheck
from casework.people.rows import LISTED, drop_row, mark_list, put_row
from casework.problems import Refused
from casework.vocabulary import Recheck

PEOPLE = [f"p{i}" for i in range(1, 7)]
WHOSE = st.sampled_from(PEOPLE)
CASES = st.sampled_from([f"c{i}" for i in range(1, 7)])
ROWS = {
    "member": {"name": "示例亲", "yearly_income_fen": 7},
    "honour": {"title": "示例标兵"},
    "aid": {"source": "示例工会", "status": "granted", "amount_fen": 9},
    "evidence": {"document": "示例证明"},
    "cause": {"cause": "disaster", "note": "示例灾害"},
}


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)


class Standing(RuleBasedStateMachine):
    """Officers who press whatever there is to press; a ledger that must hold."""

    def __init__(self, fresh):
        super().__init__()
        self.engine = fresh()
        self.key = audit_key(self.engine)
        self.minutes = 0
        self.carried = self.count(AuditEntry)
        self.history = 0
        self.macs = []
        self.seen = {}

    # -- how things are done -----------------------------------------------------------------------------------------

    def count(self, model):
        return looked(self.engine, lambda s: s.exec(select(func.count()).select_from(model)).one())

    def get(self, model, row_id):
        return looked(self.engine, lambda s: s.get(model, row_id))

    def digests(self, known_at=None):
        def read(session):
            if known_at is None:
                return [facts(session, round_id=r, as_of=DAY).digest() for r in (EARLIER, ROUND)]
            rounds = (EARLIER, ROUND)
            return [facts_known(session, round_id=r, as_of=DAY, known_at=known_at).digest() for r in rounds]

        return looked(self.engine, read)

    def do(self, deed, *arguments, **more):
        """Carry a deed out at the next minute; tell whether it went through. A refusal leaves no trace."""
        self.minutes += 1
        now = NOW + timedelta(minutes=self.minutes)
        try:
            done = deed(self.engine, *arguments, **more, **by(now))
        except Refused:
            return None
        self.carried += 1
        return done

    # -- what officers do --------------------------------------------------------------------------------------------

    @rule(case_id=CASES, fen=st.integers(0, 3))
    def correct_a_case(self, case_id, fen):
        version = self.get(Case, case_id).version
        self.do(change_case, case_id=case_id, expected_version=version, requested_fen=fen)

    @rule(whose=WHOSE, position=st.sampled_from(["组长", "委员", None]))
    def correct_a_person(self, whose, position):
        version = self.get(Person, whose).version
        self.do(change_person, person_id=whose, expected_version=version, position=position)

    @rule(size=st.integers(1, 4))
    def correct_the_household(self, size):
        version = looked(self.engine, lambda s: s.get_one(Household, "h1").version)
        self.do(change_household, household_id="h1", expected_version=version, size=size)

    @rule(rows=st.sampled_from(sorted(ROWS)), whose=WHOSE, case_id=CASES)
    def enter_a_row(self, rows, whose, case_id):
        owner = {"member": "h1", "honour": whose, "aid": whose}.get(rows, case_id)
        self.do(put_row, rows=rows, owner=owner, **ROWS[rows])

    @rule(rows=st.sampled_from(sorted(ROWS)), out=st.booleans())
    def correct_a_row(self, rows, out):
        listed = LISTED[rows]
        found = looked(self.engine, lambda s: s.exec(select(listed.model)).first())
        if found is None:
            return
        (row_id,) = (getattr(found, column.name) for column in listed.model.__table__.primary_key)
        where = {"rows": rows, "owner": getattr(found, listed.owner), "row_id": row_id, "expected_since": found.since}
        self.do(drop_row, **where) if out else self.do(put_row, **where, **ROWS[rows])

    @rule(
        case_id=CASES, mark=st.sampled_from(["unchecked", "none", "present"]), seen=st.sampled_from([None, "present"])
    )
    def mark(self, case_id, mark, seen):
        self.do(mark_list, case_id=case_id, name="aid", mark=mark, expected=seen)

    @rule(kept=WHOSE, gone=WHOSE)
    def merge(self, kept, gone):
        versions = {"kept_version": self.get(Person, kept).version, "gone_version": self.get(Person, gone).version}
        self.do(merge_people, kept=kept, gone=gone, reason="示例", **versions)

    @rule(kept=WHOSE, gone=WHOSE)
    def merge_and_take_back(self, kept, gone):
        before = self.digests()
        versions = {"kept_version": self.get(Person, kept).version, "gone_version": self.get(Person, gone).version}
        done = self.do(merge_people, kept=kept, gone=gone, reason="示例", **versions)
        if done is not None:
            assert self.do(undo_merge, merge_id=done["merge_id"], expected_version=1, reason="认错") is not None
            assert self.digests() == before

    @rule(data=st.data())
    def take_apart(self, data):
        merges = looked(self.engine, lambda s: s.exec(select(PersonMerge).order_by(PersonMerge.merged_at)).all())
        if merges:
            merge = data.draw(st.sampled_from(range(len(merges))))
            found = merges[merge]
            self.do(undo_merge, merge_id=found.merge_id, expected_version=found.version, reason="认错")

    @rule(whose=WHOSE, outcome=st.sampled_from(list(Recheck)))
    def recheck(self, whose, outcome):
        self.do(record_recheck, [Rechecked(whose, outcome, "示例依据")], year=2020, on=DAY, body="支部大会")

    @rule(first=WHOSE, second=WHOSE)
    def two_people(self, first, second):
        self.do(not_the_same, first=first, second=second, reason="示例")

    @precondition(lambda self: self.minutes > 6)
    @rule(whose=WHOSE, round_id=st.sampled_from([EARLIER, ROUND]))
    def close_and_erase(self, whose, round_id):
        if looked(self.engine, lambda s: s.get_one(Round, round_id).state) == "open":
            self.minutes += 1
            close(self.engine, round_id, NOW + timedelta(minutes=self.minutes))
            self.carried += 1
        if self.do(erase_person, person_id=whose, reason="示例", basis="示例规定") is not None:
            self.seen = {}  # what was known of the erased is not known any more

    # -- what holds --------------------------------------------------------------------------------------------------

    @rule()
    def look(self):
        self.seen[self.minutes] = self.digests()

    @invariant()
    def no_event_is_lost(self):
        with db.reading(self.engine) as session:
            macs = list(session.exec(select(AuditEntry.mac).order_by(AuditEntry.seq)))
            assert audit_check(session, key=self.key) == []
        assert len(macs) == self.count(Idempotency) == self.carried
        assert macs[: len(self.macs)] == self.macs
        history = self.count(History)
        assert history >= self.history
        self.macs, self.history = macs, history

    def teardown(self):
        try:
            for minutes, digests in self.seen.items():
                assert self.digests(NOW + timedelta(minutes=minutes, seconds=30)) == digests
            found = looked(self.engine, check_ledger, key=self.key)
            assert [problem.sentence() for problem in found] == []
        finally:
            self.engine.dispose()


def lived(fresh, *, examples, steps):
    limits = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    run_state_machine_as_test(lambda: Standing(fresh), settings=limits)


def test_the_standing_ledger_on_sqlite(tmp_path):
    made = filled(f"sqlite:///{tmp_path / 'made.db'}")
    made.dispose()

    def fresh():
        place = tmp_path / f"{uuid.uuid4().hex}.db"
        shutil.copy(tmp_path / "made.db", place)
        return db.open_engine(f"sqlite:///{place}")

    lived(fresh, examples=8, steps=18)


@pytest.mark.postgres
def test_the_standing_ledger_on_postgresql(postgres_url, postgres_database_url):
    filled(postgres_database_url).dispose()
    template = make_url(postgres_database_url).database
    names = []

    def fresh():
        names.append(f"s{uuid.uuid4().hex}")
        with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {names[-1]} TEMPLATE {template}")
        return db.open_engine(postgres_url.replace("/postgres?", f"/{names[-1]}?"))

    lived(fresh, examples=2, steps=10)
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
        for name in names:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
