"""A unit's steps recorded once for its whole package: twelve commands carry 建始's people through, exceptions stay."""

from dataclasses import replace
from datetime import date

import pytest
from review_round import APPROVER, World, by, jiaozuo, neimenggu, unit_steps
from sqlmodel import select
from test_attachments import png

from casework import db, samples
from casework.access import Actor
from casework.ledger import audit_check, audit_key
from casework.models_review import Notice, NoticeCase, ReviewStep
from casework.people.attachments import attach
from casework.problems import Conflict, NotAllowed, Refused
from casework.review.meetings import convene_meeting, decide_meeting
from casework.review.notices import notice_result, post_notice
from casework.review.packages import StaysBehind, UnitStep, record_unit_steps
from casework.vocabulary import Decision, Role, Stage

DAYS = {"recommend": date(2020, 1, 10), "branch": date(2020, 1, 10), "party": date(2020, 1, 11)}
STEPS = (
    UnitStep(Stage.RECOMMENDATION, "各村党员群众", DAYS["recommend"]),
    UnitStep(Stage.BRANCH_MEETING, "各党支部", DAYS["branch"], basis="示例支部会议记录"),
    UnitStep(Stage.DETERMINATION, "示例镇党委", DAYS["party"], basis="示例党委会议纪要 3 号"),
    UnitStep(
        Stage.PUBLIC_NOTICE,
        "示例镇党委",
        date(2020, 1, 11),
        until=date(2020, 1, 13),
        objections="无异议",
        document="示例公示栏照片",
    ),
)
TODAY = date(2020, 1, 14)
THROUGH = {Stage.RECOMMENDATION, Stage.BRANCH_MEETING, Stage.DETERMINATION, Stage.PUBLIC_NOTICE}


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)


@pytest.fixture
def quick(sqlite_database_url):
    engine = db.open_ledger(sqlite_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(database_url):
    engine = db.open_ledger(database_url)
    yield engine
    engine.dispose()


def small(engine):
    """Return the round of 建始 with four people in one town and one in another."""
    sample = samples._jianshi_units("js")
    people = samples.People(sample, 3)
    for unit, ranks in (("js-02", 4), ("js-03", 1)):
        for rank in range(1, ranks + 1):
            told = {"name": f"示例{unit}{rank}", "tags": ["veteran_member"], "beneficiary": "member"}
            people.nominate(unit, "hardship", rank, **told)
    return World(engine, sample, TODAY)


def record(world, *, unit="js-02", steps=STEPS, today=TODAY, actor=None, **more):
    told = by(today, actor) if actor else by(today)
    more.setdefault("expected_version", world.version)
    return record_unit_steps(world.engine, round_id=world.round_id, unit_id=unit, steps=steps, **told, **more)


def code(deed, *arguments, **named):
    with pytest.raises(Refused) as caught:
        deed(*arguments, **named)
    return caught.value.reason_code


def test_one_command_for_each_of_twelve_units(engine):
    world = World(engine, samples.jianshi(), TODAY)
    of_unit = {}
    for row in world.sample.tables["cases"]:
        of_unit.setdefault(row["unit_id"], []).append(row["case_id"])
    late = of_unit["js-02"][0]
    for unit, cases in sorted(of_unit.items()):
        told = {late: StaysBehind(Stage.DETERMINATION, Decision.DEFERRED, "示例待核实")} if unit == "js-02" else {}
        done = record(world, unit=unit, exceptions=told)
        stays = len(told)
        assert [one["people"] for one in done["steps"]] == [len(cases)] * 3 + [len(cases) - stays]
        assert [row["case_id"] for row in done["behind"]] == list(told)
    assert len(of_unit) == 12
    assert sum(map(len, of_unit.values())) > 359
    for cases in of_unit.values():
        for case_id in cases[:2]:
            held = {stage for stage, one in world.history(case_id).items() if one.holds}
            assert held == (THROUGH if case_id != late else {Stage.RECOMMENDATION, Stage.BRANCH_MEETING})
    with db.reading(engine) as session:
        assert len(session.exec(select(ReviewStep.seq)).all()) == 12 * 4
        assert audit_check(session, key=audit_key(engine)) == []


def test_who_stays_behind_and_why(quick):
    world = small(quick)
    a, b, c, d = world.cases[:4]
    told = {
        a: StaysBehind(Stage.BRANCH_MEETING, Decision.REFUSED, "示例支部未通过"),
        b: StaysBehind(Stage.DETERMINATION, Decision.DEFERRED, "示例待核实"),
        c: StaysBehind(Stage.PUBLIC_NOTICE, Decision.DEFERRED, "示例有异议待查"),
    }
    done = record(world, exceptions=told)
    assert [(one["people"], one["results"]) for one in done["steps"]] == [
        (4, {"agreed": 4}),
        (4, {"agreed": 3, "refused": 1}),
        (3, {"agreed": 2, "deferred": 1}),
        (2, {"agreed": 1, "deferred": 1}),
    ]
    assert [(row["case_id"], row["stage"], row["reason"]) for row in done["behind"]] == [
        (a, "branch_meeting", "示例支部未通过"),
        (b, "determination", "示例待核实"),
        (c, "public_notice", "示例有异议待查"),
    ]
    assert {stage for stage, one in world.history(d).items() if one.holds} == THROUGH
    with db.reading(quick) as session:
        notice = session.exec(select(Notice)).one()
        assert (notice.unit_id, notice.state, notice.ends_on) == ("js-02", "ended", date(2020, 1, 13))
        assert session.exec(select(NoticeCase.case_id)).all() == [d]
        assert notice_result(session, notice.notice_id)["people"] == 1
        step = session.exec(select(ReviewStep).where(ReviewStep.stage == "public_notice")).one()
        assert (step.basis, step.until, step.document) == ("异议情况：无异议", date(2020, 1, 13), "示例公示栏照片")
    # Later they come after, in the same way; who was refused does not.
    later = tuple(
        replace(step, on=date(2020, 1, 15), until=date(2020, 1, 17) if step.until else None) for step in STEPS[2:]
    )
    done = record(world, steps=later, today=date(2020, 1, 20))
    assert [one["people"] for one in done["steps"]] == [1, 2]
    assert [row["case_id"] for row in done["behind"]] == [a]


def test_a_deferred_person_may_be_published_alone(quick):
    world = small(quick)
    a = world.cases[0]
    record(world, exceptions={a: StaysBehind(Stage.PUBLIC_NOTICE, Decision.DEFERRED, "示例待查")})
    told = {"body": "示例镇党委", "posted_on": date(2020, 1, 15), "ends_on": date(2020, 1, 17), "evidence": "照片"}
    told |= {"case_ids": [a], "unit_id": "js-02", "closed": True, "expected_version": world.version}
    post_notice(quick, round_id="js", **told, **by(date(2020, 1, 20)))
    assert world.history(a)[Stage.PUBLIC_NOTICE].holds


def test_a_step_left_out_holds_everybody_and_writes_nothing(quick):
    world = small(quick)
    assert code(record, world, steps=STEPS[1:]) == "nobody"
    assert code(record, world, steps=(STEPS[0], *STEPS[2:])) == "nobody"
    assert world.version == 0
    record(world, steps=STEPS[:2])
    assert code(record, world, steps=STEPS[:2]) == "already_done"


@pytest.mark.parametrize(
    ("steps", "more", "why"),
    [
        ((), {}, "no_steps"),
        ((replace(STEPS[0], body="别的组织"),), {}, "other_body"),
        ((STEPS[0], replace(STEPS[1], basis="")), {}, "no_basis"),
        ((replace(STEPS[0], on=date(2020, 1, 30)),), {}, "future"),
        ((STEPS[0], replace(STEPS[1], on=date(2020, 1, 9))), {}, "too_early"),
        ((*STEPS[:3], replace(STEPS[3], objections="")), {}, "no_objections"),
        ((*STEPS[:3], replace(STEPS[3], document="")), {}, "no_evidence"),
        ((*STEPS[:3], replace(STEPS[3], document="扫描件:abcdef")), {}, "not_found"),
        ((*STEPS[:3], replace(STEPS[3], until=None)), {}, "no_end"),
        ((*STEPS[:3], replace(STEPS[3], until=date(2020, 1, 14))), {}, "still_running"),
        ((replace(STEPS[0], stage=Stage.SURVEY),), {}, "not_in_chain"),
        (STEPS, {"unit": "js-05"}, "nobody"),
        (STEPS, {"exceptions": {"zz": StaysBehind(Stage.DETERMINATION, Decision.DEFERRED, "示例")}}, "not_found"),
        (STEPS, {"exceptions": {"zz": StaysBehind(Stage.DETERMINATION, Decision.DEFERRED, " ")}}, "no_reason"),
        (STEPS, {"exceptions": {"zz": StaysBehind(Stage.DETERMINATION, Decision.AGREED, "示例")}}, "bad_result"),
        (STEPS, {"exceptions": {"zz": StaysBehind(Stage.SURVEY, Decision.DEFERRED, "示例")}}, "bad_result"),
    ],
)
def test_what_is_refused_leaves_nothing_behind(quick, steps, more, why):
    world = small(quick)
    assert code(record, world, steps=steps, **more) == why
    assert world.version == 0


def test_scope_and_the_second_session(quick):
    world = small(quick)
    with pytest.raises(NotAllowed):
        record(world, actor=Actor("b", "示例乡经办", Role.OFFICER, frozenset({"js-03"})))
    record(world, steps=STEPS[:1])
    with pytest.raises(Conflict) as caught:
        record(world, steps=STEPS[1:], expected_version=0)
    assert "登记" in caught.value.sentence
    record(world, unit="js-03", expected_version=0)  # other people: nothing to see


def test_what_this_office_does_is_not_in_a_package(quick):
    world = neimenggu(quick)
    chain = (
        (Stage.SURVEY, "各单位"),
        (Stage.SCREENING, "各单位"),
        (Stage.UNIT_REVIEW, "各单位"),
        (Stage.NOMINATION, "机关党委"),
    )
    steps = tuple(UnitStep(stage, body, date(2022, 12, 21), basis="示例") for stage, body in chain)
    assert record(world, unit="甲", steps=steps, today=world.today)["steps"][-1]["people"] == 6
    own = UnitStep(Stage.DETERMINATION, "工委", date(2022, 12, 22), basis="示例")
    assert code(record, world, unit="乙", steps=(own,), today=world.today, actor=APPROVER) == "own_step"


def test_two_paths_in_one_package(quick):
    world = jiaozuo(quick)
    done = record(
        world,
        unit="局",
        steps=(UnitStep(Stage.APPLICATION, "困难党员本人", date(2018, 12, 6)),),
        today=world.today,
    )
    assert done["steps"][0]["people"] == 2  # renewals go a shorter way


def test_notices_and_minutes_name_scans_that_exist(quick):
    world = neimenggu(quick)
    unit_steps(world)
    world.adopt()
    say = {"fingerprint": world.list().fingerprint, "body": "工委委员会", "held_on": date(2022, 12, 26)}
    meeting = convene_meeting(quick, round_id=world.round_id, **say, **by(world.today))["meeting_id"]
    told = {"invited": 9, "present": 8, "agreed": 8, "signer": "示例书记", "expected_version": 1}
    say = {"meeting_id": meeting, "minutes": "会议记录，扫描件:abcdef", **told}
    assert code(decide_meeting, quick, **say, **by(world.today)) == "not_found"
    scan = {"purpose": "meeting", "name": "记录.png", "body": png(), "about": meeting, "round_id": world.round_id}
    reference = attach(quick, **scan, **by(world.today))["reference"]
    assert decide_meeting(quick, **{**say, "minutes": f"会议记录，{reference}"}, **by(world.today))["adoption_id"]
    say = {"round_id": world.round_id, "body": "工委", "posted_on": date(2022, 12, 26), "ends_on": date(2022, 12, 30)}
    say |= {"expected_version": world.version, "evidence": "扫描件:abcdef"}
    assert code(post_notice, quick, **say, **by(world.today)) == "not_found"
