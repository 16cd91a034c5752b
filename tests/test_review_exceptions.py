"""Repeat aid, aid of the union, only the highest: a *must* blocks, a weaker clause yields to a meeting on record."""

from __future__ import annotations

from datetime import date

import pytest
from review_round import at, by, jiaozuo, neimenggu, unit_steps
from sqlmodel import select
from test_views_review import Page, names

from casework import db
from casework.access import LOCAL_OFFICER
from casework.ledger import add_facts, record_ruling
from casework.models import Ruling
from casework.problems import Refused
from casework.review.meetings import convene_meeting, decide_meeting
from casework.review.minutes import PersonResult
from casework.review.notices import post_notice
from casework.review.official import facts_of_today
from casework.review.removal import remove_person
from casework.review.worklist import worklist
from casework.views.review_forms import form_named
from casework.views.review_study import study_panel
from casework.views.review_study_deeds import study_forms
from casework.vocabulary import Decision, RemovalCause, Stage

HELD = date(2018, 12, 12)


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)


@pytest.fixture
def world(sqlite_database_url):
    """Two renewals up to the list; this ledger helped the second in spring already."""
    engine = db.open_ledger(sqlite_database_url)
    world = jiaozuo(engine)
    helped(world, world.cases[1], on=date(2018, 3, 1), kind="visit", source="示例工委", own=True)
    renew = world.cases[:2]
    for case in world.cases[2:]:
        left = {
            "cause": RemovalCause.DECLINED,
            "on": date(2018, 11, 20),
            "basis": "示例本人放弃",
            "expected_version": 1,
        }
        remove_person(engine, case_id=case, **left, **by(world.today))
    world.step(Stage.SURVEY, "困难党员所在党支部", date(2018, 11, 26), case_ids=renew)
    world.step(Stage.BRANCH_MEETING, "支部大会", date(2018, 11, 27), case_ids=renew)
    days = {"posted_on": date(2018, 11, 29), "ends_on": date(2018, 12, 3), "closed": True}
    said = {"body": "示例支部", "evidence": "示例照片", "case_ids": renew, "expected_version": world.version, **days}
    post_notice(engine, round_id="jz", **said, **by(world.today))
    office = {"signer": "示例部长", "document": "示例签字件"}
    world.step(Stage.PROPOSAL, "市直机关工委组织部", date(2018, 12, 8), case_ids=renew, **office)
    world.adopt()
    yield world
    engine.dispose()


def helped(world, case, **aid):
    person = world.read(lambda s: facts_of_today(s, world.round_id, world.today)).facts.cases
    (whose,) = person.filter(person["case_id"] == case)["person_id"]
    row = {"person_id": whose, "status": "granted", "own": False, **aid}
    add_facts(world.engine, round_id=world.round_id, aid=[row], **by(world.today))


def convene(world, body, on):
    say = {"fingerprint": world.list().fingerprint, "body": body, "held_on": on}
    return convene_meeting(world.engine, round_id=world.round_id, **say, **by(world.today))["meeting_id"]


def decide(world, meeting, results):
    say = {"invited": 9, "present": 8, "agreed": 8, "minutes": "示例纪要 5 号", "signer": "示例书记"}
    return decide_meeting(
        world.engine, meeting_id=meeting, results=results, expected_version=1, **say, **by(world.today)
    )


def rule(world, clause, case, **more):
    say = {"kind": "exception", "cell": "局|visit", "order": [case], "basis": "示例特殊情况", "body": "示例组织部"}
    return record_ruling(world.engine, round_id=world.round_id, clause_id=clause, **say, **more, **by(world.today))


def verdict(world, case):
    frame = world.read(worklist, round_id=world.round_id, actor=LOCAL_OFFICER, now=at(world.today))
    return frame.filter(frame["case_id"] == case)["verdict"].item()


def listed(world):
    return [row["case_id"] for row in world.list().numbers["awards"]]


def test_only_a_meeting_makes_an_exception_and_it_keeps_it_itself(world):
    """Helped in spring: the weaker clause keeps him off the list until the meeting adds him with its reason."""
    first, second = world.cases[:2]
    assert verdict(world, second) == "needs_exception"
    assert first in listed(world)
    assert second not in listed(world)
    with pytest.raises(Refused, match=r"须经会议研究.*除特殊情况外"):
        rule(world, "JZ-M3.5", second)
    meeting = convene(world, "市直机关工委会议", HELD)
    with pytest.raises(Refused, match="还没有登记结果"):
        rule(world, "JZ-M3.5", second, meeting_id=meeting)
    decide(world, meeting, {second: PersonResult(Decision.ADDED, "示例：年内又遭火灾")})
    assert second in listed(world)
    (row,) = [one for one in world.list().numbers["exceptions"] if one["clause_id"] == "JZ-M3.5"]
    assert (row["reason"], row["decider"], row["road"]) == ("示例：年内又遭火灾", "市直机关工委会议", "exception")
    (ruling,) = world.read(lambda s: s.exec(select(Ruling).where(Ruling.clause_id == "JZ-M3.5")).all())
    assert (ruling.case_id, ruling.body, ruling.decided_on) == (second, "市直机关工委会议", HELD)
    assert ruling.details["meeting_id"] == meeting


def test_a_decided_meeting_is_named_and_its_body_and_day_count(world):
    first, second = world.cases[:2]
    meeting = convene(world, "市直机关工委会议", HELD)
    decide(world, meeting, {first: PersonResult(Decision.DEFERRED, "示例")})
    with pytest.raises(Refused, match="没有同意其中的人"):
        rule(world, "JZ-M3.5", first, meeting_id=meeting)
    with pytest.raises(Refused, match="没有这次会议"):
        rule(world, "JZ-M3.5", second, meeting_id="none")
    done = rule(world, "JZ-M3.5", second, meeting_id=meeting)
    ruling = world.read(lambda s: s.exec(select(Ruling).where(Ruling.ruling_id == done["ruling_id"])).one())
    assert (ruling.body, ruling.decided_on) == ("市直机关工委会议", HELD)


def test_the_page_offers_who_which_clause_and_a_decided_meeting(world, monkeypatch):
    monkeypatch.setenv("CASEWORK_KEY", "cd" * 32)
    monkeypatch.setattr("casework.views.cases.desk.clock", lambda: at(world.today))
    second = world.cases[1]
    page = Page(world)
    assert "登记例外" not in names(study_forms(page.study()))  # nothing before a meeting decided
    meeting = convene(world, "市直机关工委会议", HELD)
    decide(world, meeting, {})
    form = form_named(study_forms(page.study()), "登记例外")
    which, held, _ = form.fields
    assert list(which.options.values()) == [f"{second}|JZ-M3.5"]
    assert "JZ-" not in "".join(which.options)
    assert list(held.options.values()) == [meeting]
    assert "请写明理由" in page.meet("登记例外").html
    assert "请选定对谁" in page.meet("登记例外", which=f"{second}|JZ-M3.3", basis="示例").html
    assert "请选定会议" in page.meet("登记例外", meeting="", basis="示例").html
    assert page.meet("登记例外", basis="示例：又遭火灾").done
    (ruling,) = world.read(lambda s: s.exec(select(Ruling).where(Ruling.clause_id == "JZ-M3.5")).all())
    assert (ruling.case_id, ruling.basis, ruling.body) == (second, "示例：又遭火灾", "市直机关工委会议")
    assert ruling.details["meeting_id"] == meeting
    after = page.study()
    assert after.excusable == ()
    panel = study_panel(after, "")
    assert "示例：又遭火灾" in panel
    assert "JZ-M3.5" not in panel


@pytest.mark.parametrize("clause", ["JZ-M3.3", "JZ-M3.4"])
def test_a_must_has_no_exception(world, clause):
    with pytest.raises(Refused, match=rf"这一条没有例外，会议也不能决定.*{clause}"):
        rule(world, clause, world.cases[1])


def test_the_union_s_aid_blocks_whatever_the_meeting_says(sqlite_database_url):
    engine = db.open_ledger(sqlite_database_url)
    world = neimenggu(engine)
    unit_steps(world)
    case = world.cases[4]
    helped(world, case, on=date(2022, 9, 1), kind="union_relief", source="自治区直属机关工会工委")
    assert verdict(world, case) == "refused"
    world.adopt()
    meeting = convene(world, "工委委员会", date(2022, 12, 26))
    with pytest.raises(Refused, match="不能增补，会议也不能决定"):
        decide(world, meeting, {case: PersonResult(Decision.ADDED, "示例")})
    assert case not in listed(world)
    engine.dispose()
