"""Visits, the leaders' roster, random inspection, deadlines and the report after the activity."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import payment_round
import polars as pl
import pytest
from payment_round import HALL, OF_TOWN, TODAY, TOWN, seen
from sqlmodel import select

from casework import db
from casework.access import LOCAL_OFFICER
from casework.dates import SHANGHAI
from casework.models import Case
from casework.models_payment import Payment, Visit, Visitor
from casework.models_people import UnitPackage
from casework.payment.closing import round_ends
from casework.payment.coverage import Call, coverage, leader_roster, leaders, role_is, visits_frame
from casework.payment.coverage import remarks as remarks_of
from casework.payment.follow_ups import close_follow_up, follow_ups, open_follow_up
from casework.payment.inspection import draw, draw_inspection, drawn_frame, inspections, record_finding
from casework.payment.receipts import take_back
from casework.payment.report import activity_report
from casework.payment.visits import Caller, cancel_plan, link_leader, plan_visit, record_visit, revoke_visit
from casework.people.deadlines import Handed, is_on_time, next_due, outstanding, status_grid
from casework.policy import load_policy
from casework.problems import Conflict, NotAllowed, Refused
from casework.review.records import case_rows
from casework.shapes.procedure import Deadline, VisitRule
from casework.vocabulary import LeaderLevel, Tag, VisitMode, VisitPlace

made, world, quick, _keys = payment_round.made, payment_round.world, payment_round.quick, payment_round._keys

MEMBER = Caller("示例委员", "乡镇党委委员")
SENDER = Caller("示例派出", "派出单位有关负责同志")
ALL = {"actor": LOCAL_OFFICER}


def link(world, *, leader="示例领导", unit=TOWN, level=LeaderLevel.COUNTY, **more):
    given = {"leader": leader, "position": "示例县领导", "level": level, "unit_id": unit, "round_id": "js"}
    return world.do(link_leader, **given, **more)["link_id"]


def call(world, case_id, *callers, **more):
    more = {
        "on": TODAY,
        "place": VisitPlace.HOME,
        "mode": VisitMode.FACE_TO_FACE,
        "opinions": "无",
        "callers": callers or (MEMBER,),
        **more,
    }
    return world.do(record_visit, case_id=case_id, **more)


def remarks(world, case_id):
    frame = world.read(visits_frame, round_id="js", **ALL)
    return frame.filter(frame["case_id"] == case_id)["remarks"].to_list()


# -- one entry for visit and hand-over -----------------------------------------------------------------------------


@pytest.mark.parametrize("opinions", [None, "", "  "])
def test_a_visit_without_a_word_on_what_was_heard_is_refused(quick, opinions):
    with pytest.raises(Refused, match="没有意见的写“无”") as caught:
        call(quick, quick.cases[0], opinions=opinions)
    assert caught.value.reason_code == "no_opinions"
    assert call(quick, quick.cases[0], opinions="无")["payments"] == []


def test_one_entry_is_the_visit_and_the_handing_over(world):
    world.income()
    world.open()
    world.transfer(TOWN)
    one, two = world.claims(unit=TOWN)
    done = call(world, one.case_id, claims=seen([one]))
    with db.reading(world.engine) as session:
        visit, payment = session.get(Visit, done["visit_id"]), session.exec(select(Payment)).one()
    assert (visit.payment_id, payment.place, payment.handed_by) == (payment.payment_id, "home", "示例委员")
    assert {c.state for c in world.claims(unit=TOWN)} == {"paid", "transferred"}
    with pytest.raises(Refused) as caught:
        call(world, one.case_id, claims=seen([two]))
    assert caught.value.reason_code == "other_person"


def test_nothing_is_handed_over_where_it_is_forbidden_nor_by_telephone(quick):
    quick.income()
    quick.open()
    quick.transfer(TOWN)
    one, _ = quick.claims(unit=TOWN)
    with pytest.raises(Refused) as caught:
        call(quick, one.case_id, place=VisitPlace.VILLAGE_COMMITTEE, claims=seen([one]))
    assert caught.value.reason_code == "forbidden_place"
    with pytest.raises(Refused) as caught:
        call(quick, one.case_id, mode=VisitMode.PHONE, claims=seen([one]))
    assert caught.value.reason_code == "not_in_person"
    assert quick.read(visits_frame, round_id="js", **ALL).is_empty()
    call(quick, one.case_id, place=VisitPlace.VILLAGE_COMMITTEE)  # a visit without money may be anywhere


def test_a_visit_of_another_unit_or_day_is_refused(quick):
    with pytest.raises(Refused) as caught:
        call(quick, quick.cases[2], actor=OF_TOWN)
    assert caught.value.reason_code == "not_found"
    with pytest.raises(Refused) as caught:
        call(quick, quick.cases[0], on=TODAY + timedelta(days=1))
    assert caught.value.reason_code == "future"
    with pytest.raises(Refused) as caught:
        call(quick, quick.cases[0], Caller("示例", " "))
    assert caught.value.reason_code == "no_visitor"


def test_a_wrong_record_is_taken_back_and_both_rows_stay(world):
    world.income()
    world.open()
    world.transfer(TOWN)
    one, _ = world.claims(unit=TOWN)
    visit = call(world, one.case_id, claims=seen([one]))["visit_id"]
    with pytest.raises(Refused) as caught:
        world.do(revoke_visit, visit_id=visit, reason="记错了人")
    assert caught.value.reason_code == "handed_over"
    paid = world.claims(unit=TOWN, state="paid")[0]
    world.do(take_back, claim_id=paid.claim_id, reason="记错了人", on=TODAY, expected_version=paid.version)
    world.do(revoke_visit, visit_id=visit, reason="记错了人")
    assert world.read(visits_frame, round_id="js", **ALL).is_empty()
    with pytest.raises(Refused) as caught:
        world.do(revoke_visit, visit_id=visit, reason="再一次")
    assert caught.value.reason_code == "revoked"
    with db.reading(world.engine) as session:
        assert len(session.exec(select(Visit)).all()) == 2


# -- what the circular wants ---------------------------------------------------------------------------------------


def test_a_first_secretary_is_seen_by_committee_and_sending_body_together(quick):
    secretary, official = quick.cases[4], quick.cases[5]
    call(quick, secretary, MEMBER)
    (line,) = remarks(quick, secretary)[0]
    assert line.startswith("走访人中没有派出单位有关负责同志")
    assert "JS-4.1.10" in line
    call(quick, official, MEMBER)
    assert remarks(quick, official) == [[]]
    seen_so_far = quick.read(coverage, round_id="js", **ALL).filter(pl.col("case_id").is_in([secretary, official]))
    told = {row["case_id"]: (row["visited"], row["why"]) for row in seen_so_far.iter_rows(named=True)}
    assert told == {secretary: (False, "走访人中没有派出单位有关负责同志"), official: (True, "")}
    call(quick, secretary, MEMBER, SENDER)
    after = quick.read(coverage, round_id="js", **ALL).filter(case_id=secretary)
    assert after["visited"].to_list() == [True]
    assert sorted(remarks(quick, secretary)) == [[], [line]]


@pytest.mark.parametrize("tag", [Tag.FIRST_SECRETARY, Tag.WORK_TEAM_LEADER, Tag.WORK_TEAM_MEMBER])
def test_whoever_was_sent_to_the_village_is_seen_with_the_body_that_sent_him(tag):
    visit = Visit(on=date(2020, 1, 10), place=VisitPlace.HOME.value, mode=VisitMode.FACE_TO_FACE.value)
    came = (Visitor(name="示例委员", role="乡镇党委委员"),)
    made = Call(visit, came, TOWN, "frontline", frozenset({tag.value}))
    policy = load_policy("jianshi-2020")
    (line,) = remarks_of(made, policy, links={}, listed=())
    assert line.startswith("走访人中没有派出单位有关负责同志")
    both = replace(made, visitors=(*came, Visitor(name="示例派员", role="派出单位有关负责同志")))
    assert remarks_of(both, policy, links={}, listed=()) == []


def test_days_outside_the_window_are_named(quick):
    call(quick, quick.cases[0], on=date(2020, 1, 6))
    call(quick, quick.cases[0], on=date(2020, 1, 5))
    found = remarks(quick, quick.cases[0])
    assert found[1] == []
    assert (
        found[0] == ["2020年1月5日不在走访期间（2020年1月6日至2020年2月8日）内（JS-1.3）"]
        or "不在走访期间" in found[0][0]
    )


def test_everybody_is_seen_face_to_face_by_the_committee(quick):
    for case in quick.cases[:4]:
        call(quick, case)
    call(quick, quick.cases[4], mode=VisitMode.PHONE)
    call(quick, quick.cases[5], Caller("示例干事", "干事"))
    frame = quick.read(coverage, round_id="js", **ALL)
    assert frame["visited"].sum() == 4
    assert frame.filter(~frame["visited"])["why"].to_list() == ["电话不算面对面走访", "走访人中没有基层党（工）委委员"]
    assert quick.read(coverage, round_id="js", actor=OF_TOWN).height == 2


def test_at_home_and_by_the_one_in_charge():
    policy = load_policy("neimenggu-2022")
    rule = next(shape for clause, shape in policy.of_shape(VisitRule) if clause.id == "IM-1.2")
    assert (rule.places, rule.visitors) == (("家中",), ("单位党组织负责人",))
    assert VisitPlace.from_label(rule.places[0]) is VisitPlace.HOME
    assert role_is("单位党组织负责人", rule.visitors[0])
    assert not role_is("干事", rule.visitors[0])


# -- leaders -------------------------------------------------------------------------------------------------------


def test_a_leader_sees_at_least_two_inside_his_townships(quick):
    own = link(quick, office="示例办公室")
    lead = Caller("示例领导", "县级领导干部", LeaderLevel.COUNTY, own)
    call(quick, quick.cases[0], lead, MEMBER)
    call(quick, quick.cases[2], lead, MEMBER)  # of another township
    row = quick.read(leaders, round_id="js", **ALL).to_dicts()[0]
    assert (row["visited"], row["required"], row["remarks"]) == (1, 2, ["走访 1 名，少于 2 名"])
    assert remarks(quick, quick.cases[2]) == [["示例领导联系的不是这个乡镇"]]
    assert open_leaders(quick) == ["走访人数不足的领导 1 人（示例领导）"]
    call(quick, quick.cases[1], lead, MEMBER)
    assert quick.read(leaders, round_id="js", **ALL)["remarks"].to_list() == [[]]
    assert open_leaders(quick) == []


def open_leaders(world):
    ends = world.read(round_ends, round_id="js", now=datetime(2020, 1, 30, 9, tzinfo=UTC))
    return [end.said for end in ends if end.code == "leaders"]


def test_a_leader_without_a_coordinating_office_is_named(quick):
    link(quick)
    assert "没有写明统筹办公室" in quick.read(leaders, round_id="js", **ALL)["remarks"][0].to_list()
    with pytest.raises(Refused) as caught:
        link(quick)
    assert caught.value.reason_code == "linked"
    with pytest.raises(NotAllowed):
        link(quick, unit=HALL, actor=OF_TOWN)


def test_a_plan_stays_inside_the_township_s_own_list(quick):
    own = link(quick)
    plan = {"link_id": own, "on": date(2020, 2, 3), "company": "示例委员"}
    with pytest.raises(Refused) as caught:
        quick.do(plan_visit, case_ids=quick.cases[2:3], **plan)
    assert caught.value.reason_code == "not_linked"
    done = quick.do(plan_visit, case_ids=quick.cases[:2], **plan)
    assert quick.read(leaders, round_id="js", **ALL)["planned"].to_list() == [2]
    with pytest.raises(Refused) as caught:
        call(quick, quick.cases[2], plan_id=done["plan_id"])
    assert caught.value.reason_code == "not_found"
    quick.do(cancel_plan, plan_id=done["plan_id"], reason="改期", expected_version=1)
    assert quick.read(leaders, round_id="js", **ALL)["planned"].to_list() == [0]
    with pytest.raises(Refused):
        quick.do(cancel_plan, plan_id=done["plan_id"], reason="改期", expected_version=2)


def test_the_roster_of_leaders_fills_itself(quick):
    own = link(quick)
    high = link(quick, leader="示例州领导", level=LeaderLevel.PREFECTURE)
    lead = Caller("示例领导", "县级领导干部", LeaderLevel.COUNTY, own)
    call(quick, quick.cases[0], lead, MEMBER, opinions="示例意见")
    call(quick, quick.cases[1], lead, Caller("示例州领导", "州级领导干部", LeaderLevel.PREFECTURE, high))
    call(quick, quick.cases[2], MEMBER)
    roster = quick.read(leader_roster, round_id="js", **ALL)
    assert roster.select("order", "leader", "level", "name", "amount_fen", "company", "opinions").rows() == [
        (1, "示例州领导", "州级", "示例2号", 50_000, "示例领导（县级领导干部）", "无"),
        (2, "示例领导", "县级", "示例1号", 50_000, "示例委员（乡镇党委委员）", "示例意见"),
    ]


def test_difficulties_raised_are_followed(quick):
    visit = call(quick, quick.cases[0])["visit_id"]
    due = TODAY - timedelta(days=1)
    one = quick.do(open_follow_up, visit_id=visit, problem="房屋漏雨", owner="示例村", due_on=due)
    quick.do(open_follow_up, visit_id=visit, problem="就医", owner="示例镇")
    frame = quick.read(follow_ups, round_id="js", today=TODAY, **ALL)
    assert frame.select("problem", "overdue").rows() == [("房屋漏雨", True), ("就医", False)]
    close = {"follow_up_id": one["follow_up_id"], "on": TODAY, "expected_version": one["version"]}
    with pytest.raises(Refused):
        quick.do(close_follow_up, outcome=" ", **close)
    quick.do(close_follow_up, outcome="已修缮", **close)
    with pytest.raises((Refused, Conflict)):
        quick.do(close_follow_up, outcome="已修缮", **close)
    frame = quick.read(follow_ups, round_id="js", today=TODAY, **ALL)
    assert frame["problem"].to_list() == ["就医", "房屋漏雨"]


# -- random inspection ---------------------------------------------------------------------------------------------


def test_a_draw_can_be_done_again_from_the_printed_seed():
    everybody = [f"case-{number:03}" for number in range(359)]
    drawn = draw(everybody, seed="20200210", size=36)
    assert draw(reversed(everybody), seed="20200210", size=36) == drawn
    assert drawn[:3] == draw(everybody, seed="20200210", size=3)
    assert len(set(drawn)) == 36
    assert draw(everybody, seed="20200211", size=36) != drawn
    assert drawn[:2] == ["case-290", "case-258"], "the draw is a promise: it may never change"


@pytest.mark.parametrize("size", [0, -1, 360])
def test_a_draw_of_nobody_or_of_more_than_there_are_is_refused(size):
    with pytest.raises(Refused) as caught:
        draw([f"case-{number:03}" for number in range(359)], seed="20200210", size=size)
    assert caught.value.reason_code == "bad_size"


def test_an_inspection_keeps_its_seed_and_its_findings_are_a_person_s(world):
    drawn = world.do(draw_inspection, round_id="js", seed="20200130", size=3, on=TODAY)
    assert (len(drawn["drawn"]), drawn["population"]) == (3, 6)
    (kept,) = world.read(inspections, "js")
    assert (kept.seed, kept.size, draw(kept.population, seed=kept.seed, size=kept.size)) == ("20200130", 3, kept.drawn)
    with pytest.raises(Refused) as caught:
        world.do(draw_inspection, round_id="js", seed="20200130", size=3, on=TODAY)
    assert caught.value.reason_code == "drawn"
    frame = world.read(drawn_frame, inspection_id=kept.inspection_id, **ALL)
    assert frame["result"].to_list() == [None] * 3
    find = {"inspection_id": kept.inspection_id, "on": TODAY}
    other = next(case for case in world.cases if case not in kept.drawn)
    for more, code in (
        ({"case_id": kept.drawn[0], "result": "in_order", "body": " "}, "no_body"),
        ({"case_id": kept.drawn[0], "result": "irregular", "body": "示例部"}, "no_basis"),
        ({"case_id": other, "result": "in_order", "body": "示例部"}, "not_drawn"),
        ({"case_id": kept.drawn[0], "result": "fine", "body": "示例部"}, "bad_result"),
    ):
        with pytest.raises(Refused) as caught:
            world.do(record_finding, **find, **more)
        assert caught.value.reason_code == code
    world.do(record_finding, case_id=kept.drawn[0], result="in_order", body="示例部", **find)
    assert world.read(drawn_frame, inspection_id=kept.inspection_id, **ALL)["result"].to_list() == [
        "in_order",
        None,
        None,
    ]
    with pytest.raises(NotAllowed):
        world.read(drawn_frame, inspection_id=kept.inspection_id, actor=OF_TOWN)


# -- deadlines -----------------------------------------------------------------------------------------------------

ROSTER = Deadline(at=datetime(2020, 1, 15, 17), deliverables=("花名册",))  # noqa: DTZ001 - as a pack says it
DAY = Deadline(at=date(2020, 2, 14))
STRICT = Deadline(at=datetime(2020, 1, 15, 17), inclusive=False)  # noqa: DTZ001


def beijing(day, hour, minute=0, second=0, month=1):
    return datetime(2020, month, day, hour, minute, second, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("at", "shape", "expected"),
    [
        (beijing(15, 16, 59), ROSTER, True),
        (beijing(15, 17), ROSTER, True),
        (beijing(15, 17, 0, 59), ROSTER, True),
        (beijing(15, 17, 1), ROSTER, False),
        (datetime(2020, 1, 15, 9, 0, tzinfo=UTC), ROSTER, True),
        (beijing(14, 23, 59, month=2), DAY, True),
        (beijing(15, 0, 0, month=2), DAY, False),
        (beijing(15, 16, 59), STRICT, True),
        (beijing(15, 17), STRICT, False),
    ],
)
def test_on_time_to_the_minute(at, shape, expected):
    assert is_on_time(at, shape) is expected


def test_the_grid_names_who_is_missing_what_and_who_was_late(quick):
    clause, item = "JS-6.1", "建始县元旦春节期间部分慰问对象花名册"
    handed = [
        Handed(TOWN, clause, item, beijing(15, 17)),
        Handed(TOWN, clause, item, beijing(16, 9)),
        Handed(TOWN, clause, "电子版", beijing(15, 17, 2)),
        Handed(HALL, clause, item, beijing(14, 9), returned=True),
    ]
    asked = {"round_id": "js", "handed": handed}
    grid = quick.read(status_grid, now=beijing(15, 12), **asked, **ALL)
    grid = grid.filter(grid["clause_id"] == clause)
    rows = {(r["unit_id"], r["item"]): r for r in grid.to_dicts()}
    assert grid["unit_id"].n_unique() == 12
    assert [rows[TOWN, item][name] for name in ("state", "versions", "late_minutes")] == ["in", 2, 0]
    assert [rows[TOWN, "电子版"][name] for name in ("state", "late_minutes")] == ["late", 2]
    assert rows[HALL, item]["state"] == "returned"
    assert rows["js-03", item]["state"] == "missing"
    later = quick.read(status_grid, now=beijing(15, 17, 1), **asked, **ALL)
    assert set(later.filter(later["unit_id"] == "js-03", later["clause_id"] == clause)["state"]) == {"overdue"}
    assert outstanding(grid).filter(outstanding(grid)["unit_id"] == TOWN)["item"].to_list()[0] == [
        "单位主要负责同志签字",
        "党组织公章",
        "扫描件",
    ]
    assert quick.read(status_grid, now=beijing(15, 12), round_id="js", actor=OF_TOWN)["unit_id"].unique().to_list() == [
        TOWN
    ]


def test_the_packages_on_record_fill_the_grid(world):
    with db.transaction(world.engine) as session:
        session.add(
            UnitPackage(
                package_id="p",
                round_id="js",
                unit_id=TOWN,
                clause_id="JS-6.5",
                deliverable="州、县领导慰问对象花名册",
                number=1,
                received_at=beijing(15, 8, month=2),
                received_by="local",
                state="received",
            )
        )
    grid = world.read(status_grid, now=beijing(16, 8, month=2), round_id="js", **ALL)
    row = grid.filter(grid["clause_id"] == "JS-6.5", grid["unit_id"] == TOWN).to_dicts()[0]
    assert (row["state"], row["late_minutes"], row["receiver"]) == ("late", 481, "县委组织部组织一股")
    assert [clause for clause, _, _ in world.read(next_due, "js", date(2020, 1, 16))] == ["JS-6.5"]


# -- the report ----------------------------------------------------------------------------------------------------


def test_the_days_of_the_visits_are_said_from_the_first_to_the_last(quick, monkeypatch):
    monkeypatch.setattr("casework.payment.report.visit_days", lambda *_: (date(2020, 1, 6), date(2020, 1, 30)))
    report = quick.read(activity_report, round_id="js", now=datetime(2020, 1, 30, 9, tzinfo=UTC), **ALL)
    assert report.sentences[0].startswith("2020年1月6日至2020年1月30日，")


def test_the_report_has_its_figures_filled_in(quick):
    quick.income()
    quick.open()
    quick.transfer(TOWN)
    one, _ = quick.claims(unit=TOWN)
    call(quick, one.case_id, claims=seen([one]), opinions="示例意见")
    report = quick.read(activity_report, round_id="js", now=datetime(2020, 1, 30, 9, tzinfo=UTC), **ALL)
    figures = report.figures
    assert {name: figures[name] for name in ("people", "amount_fen", "paid_people", "paid_fen", "booked_people")} == {
        "people": 6,
        "amount_fen": 300_000,
        "paid_people": 1,
        "paid_fen": 50_000,
        "booked_people": 0,
    }
    assert (figures["units"], figures["visited"], figures["not_visited"], figures["opinions"]) == (2, 1, 5, 1)
    assert report.sentences[0] == "2020年1月30日，2 个单位慰问 6 人，金额 3000 元。"
    assert report.sentences[1].count("1000 元") == 1
    assert report.sentences[1].count("2000 元") == 1
    assert report.rows.select("unit", "category", "people", "paid_fen", "visited").rows()[0] == (
        "业州镇",
        "hardship",
        2,
        50_000,
        1,
    )
    assert "业州镇收到的留存党费还有 500 元未发放，不得截留" in report.open_ends
    # Not the money alone: whom nobody has visited, and what no unit has handed in, make it a draft, too.
    assert [line for line in report.open_ends if line.startswith("未走访 5 人（")]
    assert [line for line in report.open_ends if line.startswith("单位材料未报齐")]
    with pytest.raises(NotAllowed):
        quick.read(activity_report, round_id="js", actor=OF_TOWN, now=datetime(2020, 1, 30, 9, tzinfo=UTC))


def test_the_made_up_round_is_what_the_tests_take_it_for(quick):
    rows = quick.read(case_rows, "js", units=None)
    assert [row.unit_id for row in rows] == [TOWN] * 2 + [HALL] * 4
    with db.reading(quick.engine) as session:
        assert session.get(Case, quick.cases[4]).category == "frontline"
