"""The life of a round, whatever order people press things in: no step skipped, the chain whole, nothing lost."""

from __future__ import annotations

import contextlib
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from review_round import APPROVER, OFFICER, OTHER, at, by, neimenggu
from sqlmodel import select

from casework import db
from casework.adoption import in_force
from casework.ledger import audit_check, audit_key
from casework.models import Adoption, Case
from casework.models_review import Meeting, Notice, NoticeCase, Objection, Removal, ReviewStep, StepCase
from casework.problems import Conflict, Refused
from casework.review.chain import chain, next_steps
from casework.review.meetings import convene_meeting, decide_meeting
from casework.review.minutes import PersonResult
from casework.review.notices import close_notice, post_notice
from casework.review.objections import accept_objection, record_objection, settle_objection
from casework.review.readiness import review_issue_ready
from casework.review.records import histories
from casework.review.removal import remove_person
from casework.review.steps import revoke_step
from casework.review.worklist import worklist
from casework.vocabulary import Act, Decision, RemovalCause, Stage

FIRST = date(2022, 12, 21)
BODIES = {
    Stage.SURVEY: "各单位",
    Stage.SCREENING: "各单位",
    Stage.UNIT_REVIEW: "各单位",
    Stage.NOMINATION: "示例机关党委",
}
SMALL = st.integers(0, 7)


class Life(RuleBasedStateMachine):
    """One round, three accounts, days that only go forward; `model` counts what was acknowledged."""

    url = ""
    seen: ClassVar[Counter[str]] = Counter()
    """What has happened in any of the lives: a life in which nothing happens proves nothing."""

    @initialize(far=st.sampled_from((7, 6, 5, 0, 3)))
    def begin(self, far):
        self.engine = db.open_ledger(self.url)
        self.world = neimenggu(self.engine, today=FIRST)
        self.acknowledged = {"review_step": 0, "removal": 0, "objection": 0, "meeting": 0, "notice": 0}
        for _ in range(far):
            self.go_on()

    def teardown(self):
        if hasattr(self, "engine"):
            self.engine.dispose()

    # -- what people do ------------------------------------------------------------------------------------------

    def attempt(self, table, deed):
        """Press a button; only what was acknowledged counts."""
        with contextlib.suppress(Refused):
            result = deed()
            self.acknowledged[table] += 1
            self.seen[table] += 1
            if table == "removal":
                self.seen["succession"] += result["successor"] is not None
            return result
        return None

    @rule(days=st.integers(1, 3))
    def a_day_passes(self, days):
        self.world.today += timedelta(days=days)

    @rule()
    def go_on(self):
        """Do what comes next, as an office would."""
        waiting = {link.stage for case in self.world.cases for link in self.next_of(case)}
        stage = next((stage for stage in BODIES if stage in waiting), None)
        if stage is not None:
            for unit in "甲乙":
                self.record(stage, unit, 0)
        elif Stage.PUBLIC_NOTICE in waiting:
            self.close()
            self.post(1)
        elif Stage.DETERMINATION in waiting:
            self.adopt()
            self.meet(None)
        self.a_day_passes(2)

    def next_of(self, case):
        return next_steps(self.world.history(case), chain(self.world.policy, ""))

    @rule(stage=st.sampled_from(list(Stage)), unit=st.sampled_from("甲乙"), back=st.integers(0, 4))
    def record(self, stage, unit, back):
        on = self.world.today - timedelta(days=back)
        body = BODIES.get(stage, "工委")
        self.attempt("review_step", lambda: self.world.step(stage, body, on, unit_id=unit))

    @rule(stage=st.sampled_from(list(BODIES)), number=SMALL, result=st.sampled_from(list(Decision)[:4]))
    def record_one(self, stage, number, result):
        case = self.world.cases[number]
        results = {} if result is Decision.AGREED else {case: (result, "示例理由")}
        say = {"case_ids": [case], "results": results, "actor": OTHER, "reason": "示例复议"}
        self.attempt("review_step", lambda: self.world.step(stage, BODIES[stage], self.world.today, **say))

    @rule(number=st.integers(1, 12))
    def take_back(self, number):
        say = {"seq": number, "reason": "示例更正", "expected_version": self.world.version}
        self.attempt("review_step", lambda: revoke_step(self.engine, **say, **by(self.world.today)))

    @rule()
    def adopt(self):
        with contextlib.suppress(Refused):
            self.world.adopt()

    @rule(change=st.none() | st.tuples(SMALL, st.sampled_from([Decision.REFUSED, Decision.DEFERRED, Decision.ADDED])))
    def meet(self, change):
        def deed():
            made = convene_meeting(
                self.engine,
                round_id=self.world.round_id,
                fingerprint=self.world.list().fingerprint,
                body="工委委员会",
                held_on=self.world.today,
                **by(self.world.today),
            )
            self.acknowledged["meeting"] += 1
            results = {self.world.cases[change[0]]: PersonResult(change[1], "示例理由")} if change else {}
            say = {"minutes": "示例", "invited": 9, "present": 9, "agreed": 9, "expected_version": 1}
            told = {**say, "results": results, "meeting_id": made["meeting_id"]}
            decide_meeting(self.engine, **told, **by(self.world.today, APPROVER))
            self.seen["decided"] += 1
            with pytest.raises(Refused):  # a second session with the same minutes in hand
                decide_meeting(self.engine, **told, **by(self.world.today, OTHER), signer="示例书记")

        with contextlib.suppress(Refused):
            deed()

    @rule(days=st.integers(0, 3))
    def post(self, days):
        say = {"body": "工委", "posted_on": self.world.today, "ends_on": self.world.today + timedelta(days=days)}
        more = {"evidence": "截图", "round_id": self.world.round_id, "expected_version": self.world.version}
        self.attempt("notice", lambda: post_notice(self.engine, **say, **more, **by(self.world.today)))

    @rule()
    def close(self):
        with db.reading(self.engine) as session:
            notices = session.exec(select(Notice.notice_id, Notice.version)).all()
        for notice, version in notices:
            with contextlib.suppress(Refused):
                close_notice(self.engine, notice_id=notice, expected_version=version, **by(self.world.today))
                self.seen["closed"] += 1

    @rule(number=SMALL)
    def object_to(self, number):
        say = {"content": "示例", "received_on": self.world.today, "case_id": self.world.cases[number]}
        told = {"round_id": self.world.round_id, **say, **by(self.world.today)}
        self.attempt("objection", lambda: record_objection(self.engine, **told))

    @rule(accepted=st.booleans(), upheld=st.booleans())
    def handle(self, accepted, upheld):
        with db.reading(self.engine) as session:
            rows = session.exec(select(Objection)).all()
        for row in rows:
            say = {"objection_id": row.objection_id, "expected_version": row.version, **by(self.world.today)}
            with contextlib.suppress(Refused):
                if row.state == "received":
                    accept_objection(self.engine, accepted=accepted, reason="示例", decided_by="示例科长", **say)
                elif row.case_id is not None:
                    done = settle_objection(self.engine, upheld=upheld, finding="示例", **say)
                    self.acknowledged["removal"] += done["removal"] is not None

    @rule(number=SMALL, cause=st.sampled_from(RemovalCause))
    def remove(self, number, cause):
        case = self.world.cases[number]
        with db.reading(self.engine) as session:
            version = session.get_one(Case, case).version
        say = {"cause": cause, "on": self.world.today, "basis": "示例", "expected_version": version}
        self.attempt("removal", lambda: remove_person(self.engine, case_id=case, **say, **by(self.world.today)))

    @rule(number=SMALL)
    def two_at_once(self, number):
        """Two people look at one file; whoever comes second is told, and nothing of it is kept."""
        case, seen = self.world.cases[number], self.world.version
        before = self.world.history(case)
        first = self.attempt(
            "review_step",
            lambda: self.world.step(Stage.SURVEY, "各单位", self.world.today, case_ids=[case], expected_version=seen),
        )
        if first is None:
            return
        refusal = {case: (Decision.REFUSED, "示例理由")}
        say = {"case_ids": [case], "results": refusal, "expected_version": seen, "actor": OTHER}
        with pytest.raises(Refused) as caught:
            self.world.step(Stage.SURVEY, "各单位", self.world.today, **say)
        assert isinstance(caught.value, Conflict) or caught.value.reason_code == "already_done"
        assert Stage.SURVEY not in before or not before[Stage.SURVEY].holds
        assert self.world.history(case)[Stage.SURVEY].holds

    # -- what always holds -----------------------------------------------------------------------------------------

    @invariant()
    def no_step_is_skipped(self):
        links = chain(self.world.policy, "")
        place = {link.stage: number for number, link in enumerate(links)}
        known = self.world.read(histories, self.world.round_id)
        for history in known.values():
            done = [one for one in history.values() if one.holds]
            if any(one.result is Decision.ADDED for one in done):
                continue  # whom a meeting added makes up for what he lacks
            for one in done:
                for link in links[: place[one.stage]]:
                    assert link.stage in history, f"{link.stage} before {one.stage}"
                    assert history[link.stage].holds
            for earlier, later in pairwise(links):
                if earlier.stage in history and later.stage in history and history[later.stage].holds:
                    assert history[earlier.stage].on <= history[later.stage].on

    @invariant()
    def nothing_is_lost(self):
        with db.reading(self.engine) as session:
            assert audit_check(session, key=audit_key(self.engine)) == []
            assert len(session.exec(select(Removal)).all()) == self.acknowledged["removal"]
            assert len(session.exec(select(Objection)).all()) == self.acknowledged["objection"]
            assert len(session.exec(select(Notice)).all()) == self.acknowledged["notice"]
            assert len(session.exec(select(Meeting)).all()) == self.acknowledged["meeting"]
            by_hand = session.exec(
                select(ReviewStep).where(ReviewStep.meeting_id.is_(None), ReviewStep.notice_id.is_(None))
            ).all()
            assert len(by_hand) == self.acknowledged["review_step"]
            reached = {row.seq for row in session.exec(select(StepCase))}
            assert reached == {row.seq for row in session.exec(select(ReviewStep)) if row.revokes is None}

    @invariant()
    def lists_follow_each_other(self):
        with db.reading(self.engine) as session:
            lists = session.exec(select(Adoption).where(Adoption.act == "list").order_by(Adoption.number)).all()
        for number, (before, after) in enumerate(pairwise(lists)):
            assert (before.number, after.number) == (number, number + 1)
            assert after.parent_fingerprint == before.fingerprint
        for one in lists:
            people = [row["person_id"] for row in one.numbers["awards"]]
            assert len(people) == len(set(people))
            assert one.numbers["totals"]["people"] == len(people)

    @invariant()
    def whoever_is_ready_has_come_all_the_way(self):
        with db.reading(self.engine) as session:
            found = review_issue_ready(session, round_id=self.world.round_id, now=at(self.world.today))
            current = in_force(session, self.world.round_id, Act.LIST)
            gone = {row.case_id for row in session.exec(select(Removal))}
            held = {row.case_id for row in session.exec(select(Objection)) if row.state in ("received", "accepted")}
            named = {row.case_id for row in session.exec(select(NoticeCase))}
            known = histories(session, self.world.round_id)
        self.seen["ready"] += bool(found.ready)
        for case in found.ready:
            history = known[case]
            assert all(link.stage in history and history[link.stage].holds for link in chain(self.world.policy, ""))
            assert case not in gone | held
            assert case in named
        if current is not None:
            listed = {row["case_id"] for row in current.numbers["awards"]}
            assert listed == set(found.ready) | set(found.waiting)
            assert not listed & gone

    @invariant()
    def everybody_is_on_the_worklist(self):
        with db.reading(self.engine) as session:
            frame = worklist(session, round_id=self.world.round_id, actor=OFFICER, now=at(self.world.today))
        assert sorted(frame["case_id"]) == sorted(self.world.cases)


EXAMPLES = settings(
    max_examples=8,
    stateful_step_count=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)


def test_a_life_on_sqlite(tmp_path):
    class OnFile(Life):
        made = 0

        @property
        def url(self):
            if not hasattr(self, "mine"):
                type(self).made += 1
                self.mine = tmp_path / f"{type(self).made}.db"
            return self.mine

    OnFile.seen = Counter()
    run_state_machine_as_test(OnFile, settings=EXAMPLES)
    for deed in ("review_step", "decided", "notice", "closed", "ready", "objection", "removal", "succession"):
        assert OnFile.seen[deed], f"no life has come as far as: {deed}"


@pytest.mark.postgres
def test_a_life_on_postgres(postgres_url):
    import psycopg

    admin = postgres_url.replace("+psycopg", "")
    made = []

    class OnServer(Life):
        @property
        def url(self):
            if not hasattr(self, "mine"):
                name = f"life{len(made)}"
                with psycopg.connect(admin, autocommit=True) as connection:
                    connection.execute(f"CREATE DATABASE {name}")
                made.append(name)
                self.mine = postgres_url.replace("/postgres?", f"/{name}?")
            return self.mine

    try:
        run_state_machine_as_test(OnServer, settings=settings(EXAMPLES, max_examples=2))
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            for name in made:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
