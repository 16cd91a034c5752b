"""Answers only people give, papers, what is missing, what a unit is told, and the worklist of a round."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest
from made_up import a_clause, a_policy
from review_round import OFFICER, at, by, jiaozuo, neimenggu, unit_steps

from casework import db
from casework.access import Actor
from casework.policy import load_policy
from casework.problems import Refused
from casework.review.feedback import NOT_LISTED, TO_COMPLETE, UNDER_REVIEW, feedback, refusal_words, say
from casework.review.judgements import (
    completion_requests,
    documents_asked,
    questions,
    record_evidence,
    record_judgements,
)
from casework.review.objections import record_objection
from casework.review.removal import remove_person
from casework.review.worklist import WORKLIST, work_page, worklist
from casework.vocabulary import Decision, Kind, Mark, Reason, RemovalCause, Role, Stage, Verdict

DAY = date(2022, 12, 21)
NARROW = Actor(id="n", name="示例乡镇经办", role=Role.OFFICER, units=frozenset({"乙"}))


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)


@pytest.fixture
def engine(sqlite_database_url):
    engine = db.open_ledger(sqlite_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def both(database_url):
    engine = db.open_ledger(database_url)
    yield neimenggu(engine)
    engine.dispose()


def judge(world, cases, clause="IM-3.1.4", value=Mark.PRESENT, **more):
    told = {"body": "示例党支部", "basis": "示例记录", **more}
    return record_judgements(
        world.engine, round_id=world.round_id, case_ids=cases, clause_id=clause, value=value, **told, **by(world.today)
    )


# -- judgements ------------------------------------------------------------------------------------------------------


def test_one_answer_for_several_people(both):
    assert judge(both, both.cases[:3]) == {"people": 3}
    told = both.read(questions, round_id=both.round_id, as_of=both.today, actor=OFFICER)
    answered = told.filter((pl.col("clause_id") == "IM-3.1.4") & (pl.col("value") == "present"))
    assert answered["case_id"].to_list() == both.cases[:3]
    assert answered["body"].unique().to_list() == ["示例党支部"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"cases": []}, "no_people"),
        ({"body": " "}, "no_basis"),
        ({"basis": ""}, "no_basis"),
        ({"clause": "IM-2.1"}, "not_asked"),
        ({"on": date(2023, 5, 1)}, "future"),
        ({"cases": ["nobody"]}, "not_found"),
    ],
)
def test_what_a_judgement_is_refused_for(engine, change, code):
    world = neimenggu(engine)
    told = {"cases": world.cases[:1], **change}
    with pytest.raises(Refused) as caught:
        judge(world, told.pop("cases"), **told)
    assert caught.value.reason_code == code


def test_unanswered_questions_are_listed(engine):
    world = neimenggu(engine)
    judge(world, world.cases[:1], value=Mark.UNCHECKED, body="", basis="")
    told = world.read(questions, round_id=world.round_id, as_of=world.today, actor=OFFICER, unanswered=True)
    assert told.select("case_id", "clause_id").rows() == [(world.cases[0], "IM-3.1.4")]


# -- papers ----------------------------------------------------------------------------------------------------------


def test_a_paper_has_an_issuer_of_the_level_the_circular_asks_for(engine):
    world = jiaozuo(engine)
    case = world.cases[3]
    told = {"case_id": case, "original_seen": True, "copy_kept": True, "issuer": "示例卫生院"}
    hospital = {**told, "document": "县级或以上医院疾病证明"}
    with pytest.raises(Refused) as caught:
        record_evidence(engine, **hospital, issuer_level="乡镇（街道）级", **by(world.today))
    assert str(caught.value) == (
        "示例卫生院是乡镇（街道）级，不合要求：办法 四、1规定“因重大疾病而提出救助的，"
        "需提供县级或以上医院的疾病证明”（JZ-M4.1.5a）"
    )
    for change, code in (
        ({"issuer_level": ""}, "no_level"),
        ({"issuer": " ", "issuer_level": "县级"}, "no_issuer"),
        ({"document": "示例证明"}, "unknown_document"),
        ({"original_seen": False, "copy_kept": False}, "not_seen"),
    ):
        with pytest.raises(Refused) as caught:
            record_evidence(engine, **{**hospital, **change}, **by(world.today))
        assert caught.value.reason_code == code
    record_evidence(engine, **hospital, issuer_level="县级", **by(world.today))
    record_evidence(engine, **{**told, "document": "缴费凭证"}, complete=True, **by(world.today))
    assert "缴费凭证" in documents_asked(world.policy)


def test_what_is_missing_is_said_in_the_clauses_words(engine):
    world = jiaozuo(engine)
    lacking = world.read(completion_requests, round_id=world.round_id, as_of=world.today, actor=OFFICER)
    papers = lacking.filter(pl.col("clause_id") == "JZ-M4.1.5b")
    assert papers.select("name", "unit", "words", "lacking").rows() == [
        ("示例新2", "示例局机关党委", "和缴费凭证", "尚未登记：缴费凭证")
    ]
    other = Actor(id="n", name="示例", role=Role.OFFICER, units=frozenset({"别处"}))
    assert world.read(completion_requests, round_id=world.round_id, as_of=world.today, actor=other).is_empty()
    told = {"case_id": world.cases[3], "original_seen": True, "copy_kept": True}
    record_evidence(engine, **told, document="缴费凭证", issuer="示例医院", **by(world.today))
    later = world.read(completion_requests, round_id=world.round_id, as_of=world.today, actor=OFFICER)
    assert later.filter(pl.col("clause_id") == "JZ-M4.1.5b").is_empty()


# -- what a unit is told -----------------------------------------------------------------------------------------------


REFUSAL = (NOT_LISTED, "经审核不符合《示例通知》规定")
CONDUCT = a_clause("X", kind=Kind.EXCLUSION, ask="是否不履行党员义务？", text=("不履行党员义务的",))
PAPER = a_clause("P", "evidence", {"documents": ["缴费凭证"]}, kind=Kind.DOCUMENT)
MADE_UP = a_policy(CONDUCT, PAPER)


def verdict(outcome, *clauses, reason=None):
    return {"verdict": outcome.value, "clauses": list(clauses), "reason": reason}


@pytest.mark.parametrize(
    ("found", "reserve", "lacking", "told"),
    [
        (verdict(Verdict.REFUSED, "X"), None, (), REFUSAL),
        (
            verdict(Verdict.REFUSED, "X", "P"),
            None,
            ("尚未登记：缴费凭证",),
            (NOT_LISTED, "经审核不符合《示例通知》规定"),
        ),
        (verdict(Verdict.REFUSED, "P"), None, ("尚未登记：缴费凭证",), (TO_COMPLETE, "尚未登记：缴费凭证")),
        (verdict(Verdict.WAITING, "X"), None, (), (UNDER_REVIEW, "")),
        (verdict(Verdict.ELIGIBLE), Reason.OVER_PLACES, (), (NOT_LISTED, "名额所限，未列入")),
        (verdict(Verdict.ELIGIBLE), Reason.NOT_AGREED, (), REFUSAL),
        (verdict(Verdict.ELIGIBLE), Reason.DEFERRED, (), (UNDER_REVIEW, "")),
        (None, None, (), (UNDER_REVIEW, "")),
    ],
)
def test_only_missing_papers_are_named(found, reserve, lacking, told):
    assert say(found, listed=False, reserve=reserve, lacking=lacking, policy=MADE_UP) == told


def test_a_refusal_names_the_rulebook():
    assert refusal_words(load_policy("jiaozuo-2018")) == "经审核不符合《市直机关困难党员救助慰问办法》规定"
    assert refusal_words(load_policy("neimenggu-2022")) == "经审核不符合《关于做好特困党员慰问工作的通知》规定"


def test_conduct_is_printed_nowhere(engine):
    world = jiaozuo(engine)
    conduct = [c for c in world.policy.clauses if c.id.startswith("JZ-M2.2") and c.ask]
    case = world.cases[0]
    judge(world, [case], conduct[0].id)
    told = world.read(feedback, round_id=world.round_id, unit_id="局", as_of=world.today, actor=OFFICER)
    row = told.filter(pl.col("case_id") == case).row(0, named=True)
    assert (row["result"], row["words"]) == (NOT_LISTED, "经审核不符合《市直机关困难党员救助慰问办法》规定")
    for clause in conduct:
        assert clause.words not in str(told.rows())
        assert clause.id not in str(told.rows())
    fresh = told.filter(pl.col("case_id") == world.cases[3]).row(0, named=True)
    assert fresh["result"] == TO_COMPLETE
    assert "尚未登记：缴费凭证（办法 四、1“和缴费凭证”）" in fresh["words"]
    elsewhere = world.read(feedback, round_id=world.round_id, unit_id="局", as_of=world.today, actor=NARROW)
    assert elsewhere.is_empty()


# -- the worklist ------------------------------------------------------------------------------------------------------


def rows(world, *, day=None, actor=OFFICER):
    return world.read(worklist, round_id=world.round_id, actor=actor, now=at(day or world.today))


def test_the_worklist_says_where_everyone_stands(both):
    world = both
    world.step(Stage.SURVEY, "各单位", DAY, unit_id="甲")
    world.step(Stage.SCREENING, "各单位", DAY, case_ids=world.cases[:2])
    world.step(
        Stage.SCREENING,
        "各单位",
        DAY,
        case_ids=world.cases[2:3],
        results={world.cases[2]: (Decision.REFUSED, "示例理由")},
    )
    frame = rows(world)
    assert dict(frame.schema) == WORKLIST
    assert frame["case_id"].to_list() == world.cases
    shown = frame.select("stage", "next_stage", "state").rows()
    assert shown[0] == ("screening", "unit_review", "open")
    assert shown[2] == ("survey", None, "refused")
    assert frame["why"][2] == "筛选：示例理由"
    assert shown[3] == ("survey", "screening", "open")
    assert shown[6] == (None, "survey", "open")
    assert set(frame["verdict"]) == {Verdict.ELIGIBLE.value}
    assert not frame["late"].any()
    assert frame["due_at"][0].date() == date(2022, 12, 28)


def test_the_worklist_shows_only_the_units_of_the_account(both):
    world = both
    assert rows(world, actor=NARROW)["unit_id"].unique().to_list() == ["乙"]
    nothing = Actor(id="z", name="示例", role=Role.VIEWER, units=frozenset())
    assert rows(world, actor=nothing).is_empty()


def test_late_is_visible_and_ends_with_the_work(engine):
    world = neimenggu(engine)
    assert rows(world, day=date(2022, 12, 28))["late"].to_list() == [False] * 8
    assert rows(world, day=date(2022, 12, 29))["late"].to_list() == [True] * 8


def test_who_is_held_or_gone_stays_in_sight(engine):
    world = neimenggu(engine)
    told = {"content": "示例", "received_on": DAY}
    record_objection(engine, round_id=world.round_id, case_id=world.cases[1], **told, **by(world.today))
    left = {"cause": RemovalCause.MOVED, "on": DAY, "basis": "示例", "expected_version": 1}
    remove_person(engine, case_id=world.cases[0], **left, **by(world.today))
    frame = rows(world)
    assert frame["case_id"].to_list() == [*world.cases[1:], world.cases[0]]
    assert frame.select("state", "why").rows()[0] == ("held", "有异议待定是否受理")
    assert frame.select("state", "why", "name").rows()[-1] == ("gone", "moved", "示例甲1")
    assert rows(world, actor=NARROW).filter(pl.col("state") == "gone").is_empty()


def test_what_is_missing_is_named_by_label(engine):
    world = neimenggu(engine)
    judge(world, world.cases[:1], value=Mark.UNCHECKED, body="", basis="")
    clause = world.policy.clause("IM-3.1.4")
    assert rows(world)["lacking"][0].to_list() == [clause.label]


def test_a_page_filters_and_counts(both):
    world = both
    world.step(Stage.SURVEY, "各单位", DAY, unit_id="甲")
    frame = rows(world)
    page = work_page(frame, unit_id="甲", limit=4)
    assert (page.total, page.rows.height) == (6, 4)
    assert page.rows["case_id"].to_list() == world.cases[:4]
    assert work_page(frame, unit_id="甲", offset=4).rows["case_id"].to_list() == world.cases[4:6]
    # A dimension's own filter does not hide its other values.
    assert page.counts["unit_id"] == {"乙": 2, "甲": 6}
    assert page.counts["next_stage"] == {"screening": 6}
    assert work_page(frame, next_stage="survey").total == 2
    assert work_page(frame, stage="survey", verdict="eligible", state="open").total == 6
    assert work_page(frame, text="甲3").rows["name"].to_list() == ["示例甲3"]
    assert work_page(frame, text="乙机关").total == 2
    assert work_page(frame, late=True).total == 0
    assert work_page(frame, due_by=datetime(2022, 12, 27, tzinfo=UTC)).total == 0
    assert work_page(frame, due_by=datetime(2022, 12, 29, tzinfo=UTC)).total == 8


def test_a_page_is_cut_out_of_ten_thousand(engine):
    world = neimenggu(engine)
    unit_steps(world)
    frame = pl.concat([rows(world)] * 1250)
    page = work_page(frame, unit_id="甲", text="示例", offset=5000, limit=50)
    assert page.total == 7500
