"""Public notices by the circular's clock, objections that hold one person, removals and successors."""

from __future__ import annotations

from datetime import date

import pytest
from review_round import OFFICER, OTHER, REVIEWER, at, by, jiaozuo, neimenggu, unit_steps
from sqlalchemy import text
from sqlmodel import select

from casework import db
from casework.adoption import withdraw_adoption
from casework.dates import Calendar, CalendarYear
from casework.ledger import change_case, facts, record_ruling
from casework.models import Case, Idempotency, Person
from casework.models_review import Notice, Objection
from casework.policy import load_policy
from casework.problems import Conflict, NotAllowed, Refused
from casework.review.chain import Link, chain, link_of
from casework.review.meetings import convene_meeting, decide_meeting
from casework.review.minutes import PersonResult
from casework.review.notice_days import check_end, notice_end
from casework.review.notices import close_notice, notice_result, post_notice, stop_notice
from casework.review.objections import (
    accept_objection,
    assign_objection,
    read_objection,
    record_objection,
    settle_objection,
)
from casework.review.readiness import review_issue_ready
from casework.review.removal import fill_place, remove_person, removed_cases
from casework.review.worklist import worklist
from casework.shapes.procedure import PublicNotice
from casework.vocabulary import Decision, Force, ObjectionState, RemovalCause, Stage

MEETS = date(2022, 12, 26)
POSTED, ENDS, AFTER = date(2022, 12, 27), date(2022, 12, 31), date(2023, 1, 2)
CALENDAR = Calendar({2022: CalendarYear("示例", frozenset({date(2022, 12, 29)}))})


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)


@pytest.fixture
def world(sqlite_database_url):
    yield from decided(sqlite_database_url)


@pytest.fixture
def both(database_url):
    yield from decided(database_url)


def decided(url, **more):
    """A list the meeting has agreed to; the notice is next. 甲 has four places and six nominees, 乙 two of each."""
    engine = db.open_ledger(url)
    world = neimenggu(engine, today=POSTED, **more)
    unit_steps(world)
    world.adopt()
    meet(world)
    yield world
    engine.dispose()


def meet(world, results=None, held_on=MEETS):
    made = convene_meeting(
        world.engine,
        round_id=world.round_id,
        fingerprint=world.list().fingerprint,
        body="工委委员会",
        held_on=held_on,
        **by(world.today),
    )
    decide_meeting(
        world.engine,
        meeting_id=made["meeting_id"],
        minutes="示例会议记录",
        signer="示例书记",
        invited=9,
        present=9,
        agreed=9,
        results=results,
        expected_version=1,
        **by(world.today),
    )


def post(world, **more):
    say = {
        "body": "工委",
        "posted_on": POSTED,
        "ends_on": ENDS,
        "evidence": "网页截图",
        "expected_version": world.version,
        **more,
    }
    return post_notice(world.engine, round_id=world.round_id, **say, **by(world.today))


def close(world, notice, *, day=AFTER, version=1, **more):
    return close_notice(world.engine, notice_id=notice, expected_version=version, **more, **by(day))


def ready(world, day=AFTER):
    return world.read(review_issue_ready, round_id=world.round_id, now=at(day))


def listed(world):
    return [row["case_id"] for row in world.list().numbers["awards"]]


def case_version(world, case_id):
    return world.read(lambda session: session.get_one(Case, case_id).version)


def remove(world, case_id, cause=RemovalCause.DECLINED, **more):
    say = {"on": POSTED, "basis": "示例证明", "expected_version": case_version(world, case_id), **more}
    return remove_person(world.engine, case_id=case_id, cause=cause, **say, **by(world.today))


# -- the clock -----------------------------------------------------------------------------------------------------


def terms(**params):
    notice = PublicNotice(after=(), **params)
    return Link(
        Stage.PUBLIC_NOTICE, "C", "第1条", "公示", (), own=True, force=Force.MUST, decision=False, notice=notice
    )


def test_seven_days_of_jiaozuo_end_on_the_eighth():
    link = link_of(chain(load_policy("jiaozuo-2018"), "new"), Stage.PUBLIC_NOTICE)
    assert notice_end(link.notice, date(2018, 12, 1)) == date(2018, 12, 8)


@pytest.mark.parametrize(
    ("params", "typed", "end"),
    [
        ({"days": 5}, None, date(2022, 12, 31)),
        ({"days": 5, "count_posting_day": True}, None, date(2022, 12, 30)),
        ({"days": 5}, date(2023, 1, 3), date(2023, 1, 3)),
        ({"days": 4, "day_kind": "working"}, None, date(2023, 1, 2)),
        ({}, date(2022, 12, 26), date(2022, 12, 26)),
    ],
)
def test_the_last_day(params, typed, end):
    calendar = Calendar({**CALENDAR.years, 2023: CalendarYear("示例", frozenset())})
    assert check_end(terms(**params), posted_on=MEETS, ends_on=typed, calendar=calendar) == end


@pytest.mark.parametrize(
    ("params", "typed", "said"),
    [
        ({}, None, "没有规定公示天数，请填写止日"),
        ({"days": 5}, date(2022, 12, 30), "2022年12月26日张贴、公示 5 天，应到2022年12月31日为止：第1条规定“公示”"),
        ({"days": 5, "bound": "exactly"}, date(2023, 1, 1), "公示止日2023年1月1日不对"),
        ({"days": 5}, date(2022, 12, 20), "早于起日"),
    ],
)
def test_a_wrong_last_day_is_refused(params, typed, said):
    with pytest.raises(Refused, match=said):
        check_end(terms(**params), posted_on=MEETS, ends_on=typed, calendar=CALENDAR)


def test_working_days_of_a_year_without_its_table_are_unknown():
    link = terms(days=5, day_kind="working")
    assert check_end(link, posted_on=MEETS, ends_on=None, calendar=CALENDAR) is None
    # What cannot be counted is not believed when somebody types it either.
    assert check_end(link, posted_on=MEETS, ends_on=date(2023, 1, 9), calendar=CALENDAR) is None


# -- posting and closing ---------------------------------------------------------------------------------------------


def test_a_notice_holds_everyone_listed_and_ends_after_its_last_day(both):
    world = both
    made = post(world)
    assert (made["people"], made["ends_on"]) == (6, "2022-12-31")
    assert set(ready(world).waiting.values()) == {"正在公示，到2022年12月31日为止"}
    with pytest.raises(Refused, match="公示到2022年12月31日为止，期满后才能登记结果"):
        close(world, made["notice_id"], day=ENDS)
    assert close(world, made["notice_id"])["people"] == 6
    found = ready(world)
    assert (found.may_issue, found.waiting, len(found.ready)) == (True, {}, 6)
    assert world.history(listed(world)[0])[Stage.PUBLIC_NOTICE].until == ENDS
    assert world.read(notice_result, made["notice_id"]) == {
        "people": 6,
        "objections": 0,
        **{state.value: 0 for state in ObjectionState},
    }


def test_what_is_not_decided_is_not_published(sqlite_database_url):
    world = neimenggu(db.open_ledger(sqlite_database_url), today=POSTED)
    unit_steps(world)
    world.adopt()
    with pytest.raises(Refused, match="还没有经会议研究确定，不能公示"):
        post(world)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"posted_on": date(2022, 12, 25)}, "too_early"),
        ({"posted_on": date(2023, 1, 5), "ends_on": date(2023, 1, 9)}, "future"),
        ({"ends_on": None}, "no_end"),
        ({"case_ids": ["nobody"]}, "not_found"),
    ],
)
def test_what_a_posting_is_refused_for(world, change, code):
    with pytest.raises(Refused) as caught:
        post(world, **change)
    assert caught.value.reason_code == code


def test_nobody_is_published_twice_and_a_notice_needs_its_proof(world):
    made = post(world, evidence="")
    with pytest.raises(Refused, match="不能重复公示"):
        post(world)
    with pytest.raises(Refused, match="凭证"):
        close(world, made["notice_id"])
    close(world, made["notice_id"], evidence="照片 3 张")
    with pytest.raises(Conflict, match="这次公示刚被别人办理过（现为“公示期满”）"):
        close(world, made["notice_id"])


def test_a_notice_posted_wrongly_is_stopped_and_posted_again(world):
    made = post(world)
    with pytest.raises(Refused, match="中止公示要写明理由"):
        stop_notice(world.engine, notice_id=made["notice_id"], reason="", expected_version=1, **by(world.today))
    stop_notice(world.engine, notice_id=made["notice_id"], reason="栏目有误", expected_version=1, **by(world.today))
    with pytest.raises(Refused, match="已中止，请重新公示"):
        close(world, made["notice_id"], version=2)
    assert post(world)["people"] == 6


def test_a_published_list_is_not_withdrawn(sqlite_database_url):
    """Also where it is not official: a unit's own notice may come before the list."""
    world = neimenggu(db.open_ledger(sqlite_database_url), today=POSTED)
    unit_steps(world)
    adoption = world.adopt()
    with db.transaction(world.engine) as session:
        say = {"round_id": world.round_id, "adoption_id": adoption.adoption_id, "clause_id": "IM-3.4.2"}
        when = {"posted_on": POSTED, "state": "running", "recorded_by": "local", "recorded_at": at(POSTED)}
        session.add(Notice(notice_id="n", body="工委", audience="", channel="", **say, **when))
    say = {"adoption_id": adoption.adoption_id, "reason": "示例", "expected_version": adoption.version}
    with pytest.raises(Refused, match="已按这份名单公示，不能撤回"):
        withdraw_adoption(world.engine, **say, **by(POSTED))


def test_a_units_own_notice_is_recorded_once_afterwards(sqlite_database_url):
    world = jiaozuo(db.open_ledger(sqlite_database_url))
    world.step(Stage.APPLICATION, "困难党员本人", date(2018, 12, 1), unit_id="局")
    world.step(Stage.SURVEY, "困难党员所在党支部", date(2018, 12, 1), unit_id="局")
    world.step(Stage.FIRST_REVIEW, "困难党员所在党支部", date(2018, 12, 2), unit_id="局")
    world.step(Stage.BRANCH_MEETING, "支部大会", date(2018, 12, 2), unit_id="局")
    say = {"body": "示例局机关党委", "posted_on": date(2018, 12, 2), "unit_id": "局", "ends_on": None, "closed": True}
    with pytest.raises(Refused, match="请按路径分开公示"):
        post(world, **say)
    made = post(world, **say, path="new")
    assert (made["people"], made["ends_on"]) == (2, "2018-12-09")
    with pytest.raises(Refused, match="没有规定公示天数"):
        post(world, **say, path="renew")
    assert post(world, **{**say, "ends_on": date(2018, 12, 6)}, path="renew")["people"] == 2
    fresh = world.history(world.cases[2])
    assert fresh[Stage.PUBLIC_NOTICE].until == date(2018, 12, 9)
    with pytest.raises(Refused, match="2018年12月10日起才能办“复审”"):
        world.step(Stage.SECOND_REVIEW, "上级党组织", date(2018, 12, 9), case_ids=world.cases[2:])


# -- objections ------------------------------------------------------------------------------------------------------


def object_to(world, case_id=None, *, actor=OFFICER, **more):
    say = {"content": "他家有两套房", "received_on": POSTED, "informant": "示例举报人", **more}
    return record_objection(world.engine, round_id=world.round_id, case_id=case_id, **say, **by(world.today, actor))[
        "objection_id"
    ]


def accept(world, objection, *, accepted=True, version=1, actor=OFFICER, **more):
    more.setdefault("decided_by", "示例科长")
    say = {"accepted": accepted, "expected_version": version, **more}
    return accept_objection(world.engine, objection_id=objection, **say, **by(world.today, actor))


def settle(world, objection, *, upheld, version=2, actor=OFFICER, **more):
    say = {"upheld": upheld, "finding": "经查，一套已出售", "expected_version": version, **more}
    return settle_objection(world.engine, objection_id=objection, **say, **by(world.today, actor))


def test_an_objection_makes_only_that_person_wait(both):
    world = both
    notice = post(world)["notice_id"]
    case = listed(world)[0]
    objection = object_to(world, case, notice_id=notice)
    assert close(world, notice) | {"notice_id": ""} == {"notice_id": "", "version": 2, "people": 5, "waiting": 1}
    assert ready(world).waiting == {case: "有异议待定是否受理"}
    assert ready(world).may_issue
    accept(world, objection)
    assert ready(world).waiting == {case: "异议已受理，尚未查清"}
    settle(world, objection, upheld=False)
    assert ready(world).waiting[case].startswith("还没有办“公示”")
    assert close(world, notice, version=2)["people"] == 1
    assert ready(world).waiting == {}


def test_turned_down_with_a_reason_the_person_goes_on(world):
    notice = post(world)["notice_id"]
    objection = object_to(world, listed(world)[0], informant="")
    with pytest.raises(Refused, match="不予受理要写明理由"):
        accept(world, objection, accepted=False)
    with pytest.raises(NotAllowed, match="是否受理由负责人决定"):
        accept(world, objection, decided_by="")
    with pytest.raises(Refused, match="须先由负责人决定是否受理"):
        settle(world, objection, upheld=True, version=1)
    accept(world, objection, accepted=False, reason="匿名且没有具体事实")
    assert close(world, notice)["people"] == 6
    with pytest.raises(Refused, match="这条异议已是“不予受理”"):
        settle(world, objection, upheld=True)
    assert world.read(notice_result, notice)["objections"] == 1, (
        "it named no notice, and was about somebody on this one"
    )


def test_what_was_said_is_open_to_those_who_handle_it_only(both):
    world = both
    objection = object_to(world, listed(world)[0])
    with pytest.raises(NotAllowed, match="只对办理它的人员开放"):
        read_objection(world.engine, objection_id=objection, **by(world.today, OTHER))
    with pytest.raises(NotAllowed):
        accept(world, objection, actor=OTHER)
    found = read_objection(world.engine, objection_id=objection, **by(world.today))
    assert (found.informant, found.content, found.finding) == ("示例举报人", "他家有两套房", "")
    assert "两套房" not in repr(found)
    say = {"handlers": [OFFICER.id, REVIEWER.id], "expected_version": 1}
    assign_objection(world.engine, objection_id=objection, **say, **by(world.today))
    accept(world, objection, actor=REVIEWER, decided_by="", version=2)
    settle(world, objection, upheld=False, actor=REVIEWER, version=3)
    found = read_objection(world.engine, objection_id=objection, **by(world.today, REVIEWER))
    assert found.finding == "经查，一套已出售"


def test_the_words_of_an_objection_stand_nowhere_in_the_clear(world, tmp_path):
    objection = object_to(world, listed(world)[0])
    accept(world, objection)
    settle(world, objection, upheld=True)
    read_objection(world.engine, objection_id=objection, **by(world.today))
    with db.reading(world.engine) as session:
        tables = session.connection().execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars()
        rows = [session.connection().execute(text(f'SELECT * FROM "{name}"')).all() for name in tables]
        known = facts(session, round_id=world.round_id, as_of=world.today)
    everything = str(rows) + str(known.tables())
    for words in ("示例举报人", "两套房", "一套已出售"):
        assert words not in everything
        assert words.encode() not in db.ledger_file(world.engine).read_bytes()
    assert "示例甲" in everything  # the search finds what is there


def test_an_upheld_objection_proposes_the_next_one_and_the_changed_list(both):
    world = both
    before = world.list()
    case = listed(world)[0]
    objection = object_to(world, case)
    accept(world, objection)
    removal = settle(world, objection, upheld=True)["removal"]
    after = world.list()
    assert removal["successor"] == world.cases[4]
    assert (after.number, after.state, after.parent_fingerprint) == (1, "proposed", before.fingerprint)
    assert case not in listed(world)
    assert world.cases[4] in listed(world)
    assert removal["said"] == "2022年12月27日示例甲1查实不符，由示例甲5递补"
    assert "房" not in after.reason
    assert ready(world).blocks == ("第 1 次变更（2022年12月27日示例甲1查实不符，由示例甲5递补）还没有研究确定",)


def test_somebody_left_out_goes_back_to_where_a_refusal_stopped_him(sqlite_database_url):
    engine = db.open_ledger(sqlite_database_url)
    world = neimenggu(engine, today=POSTED)
    left_out = world.cases[5]
    unit_steps(world, through=Stage.UNIT_REVIEW)
    refused = {left_out: (Decision.REFUSED, "收入超过标准")}
    world.step(Stage.NOMINATION, "机关党委", date(2022, 12, 24), unit_id="甲", results=refused)
    world.step(Stage.NOMINATION, "机关党委", date(2022, 12, 24), unit_id="乙")
    world.adopt()
    meet(world)
    before = world.list()
    assert next(row for row in frame_of(world) if row["case_id"] == left_out)["state"] == "refused"
    objection = object_to(world, left_out, content="我比他困难", notice_id=post(world)["notice_id"])
    accept(world, objection)
    result = settle(world, objection, upheld=True)
    assert (result["removal"], result["reopened"]) == (None, True)
    assert world.read(removed_cases, world.round_id) == {}
    assert world.list().fingerprint == before.fingerprint  # nobody left, so nobody moved up
    row = next(row for row in frame_of(world) if row["case_id"] == left_out)
    assert (row["state"], row["next_stage"]) == ("open", "nomination")
    world.step(Stage.NOMINATION, "机关党委", POSTED, case_ids=[left_out], results=refused)
    row = next(row for row in frame_of(world) if row["case_id"] == left_out)
    assert row["state"] == "refused"  # a refusal after the finding counts again
    engine.dispose()


def test_an_objection_about_the_reserve_removes_nobody(both):
    world = both
    left_out, before = world.cases[5], world.list().fingerprint
    assert left_out not in listed(world)
    objection = object_to(world, left_out, content="应当列入")
    accept(world, objection)
    assert settle(world, objection, upheld=True)["removal"] is None
    assert left_out not in world.read(removed_cases, world.round_id)
    assert world.list().fingerprint == before
    about_a_stranger = object_to(world, None)
    assert world.read(lambda session: session.get_one(Objection, about_a_stranger).case_id) is None


def frame_of(world):
    return world.read(worklist, round_id=world.round_id, actor=OFFICER, now=at(world.today)).to_dicts()


def test_two_handlers_at_once(world):
    objection = object_to(world, listed(world)[0])
    accept(world, objection)
    with pytest.raises(Conflict, match="这条异议刚被别人办理过（现为“已受理”）"):
        accept(world, objection, accepted=False, reason="示例")


# -- 减员 --------------------------------------------------------------------------------------------------------------


def test_a_place_that_falls_free_goes_to_the_next_of_its_cell(both):
    world = both
    first, fifth, sixth = listed(world)[0], world.cases[4], world.cases[5]
    result = remove(world, first)
    assert (result["successor"], result["said"]) == (fifth, "2022年12月27日示例甲1放弃，由示例甲5递补")
    assert first in world.read(removed_cases, world.round_id)
    again = remove(world, fifth)
    assert (again["successor"], again["number"]) == (sixth, 2)
    assert remove(world, sixth)["said"] == "2022年12月27日示例甲6放弃，候补名单中没有可以递补的人"
    assert world.list().numbers["totals"]["people"] == 5
    assert world.list().numbers["totals"]["unused"] == 3
    with pytest.raises(Refused, match="已于2022年12月27日减员（放弃）"):
        remove(world, first)


def test_the_successor_goes_before_the_meeting_and_the_public_himself(world):
    notice = post(world)["notice_id"]
    close(world, notice)
    gone, successor = listed(world)[0], world.cases[4]
    world.today = AFTER
    remove(world, gone, on=AFTER)
    found = ready(world)
    assert found.waiting == {successor: "还没有研究确定"}
    assert set(found.ready) == set(listed(world)) - {successor}
    assert not found.may_issue
    meet(world, held_on=AFTER)
    assert world.list().state == "official"
    assert ready(world).waiting[successor].startswith("还没有办“公示”")
    again = post(world, posted_on=AFTER, ends_on=date(2023, 1, 6))
    assert again["people"] == 1
    close(world, again["notice_id"], day=date(2023, 1, 7))
    assert ready(world, date(2023, 1, 7)).waiting == {}


def test_whoever_does_not_qualify_today_is_passed_over_with_the_reason(world):
    fifth = world.cases[4]
    say = {"expected_version": 1, "degree": "hardship", **by(world.today)}
    change_case(world.engine, case_id=fifth, **say)
    result = remove(world, listed(world)[0])
    assert result["successor"] == world.cases[5]
    assert "示例甲5不能递补（不符合条件" in result["said"]


def test_equals_are_a_tie_for_a_body_to_settle(database_url):
    (world,) = decided(database_url, ranks=(1, 2, 3, 4, 5, 5))
    fifth, sixth = world.cases[4], world.cases[5]
    result = remove(world, listed(world)[0])
    assert (result["successor"], sorted(result["tied"])) == (None, [fifth, sixth])
    assert "示例甲5、示例甲6并列，需集体研究" in result["said"]
    cell = "甲|exceptional"
    say = {"round_id": world.round_id, "cell": cell, "reason": "集体研究后递补"}
    with pytest.raises(Refused, match="请先登记集体研究或抽签的结果"):
        fill_place(world.engine, **say, fingerprint=world.list().fingerprint, **by(world.today))
    record_ruling(
        world.engine,
        round_id=world.round_id,
        kind="tie",
        cell=cell,
        order=[sixth, fifth],
        basis="示例会议记录",
        body="工委委员会",
        **by(world.today),
    )
    done = fill_place(world.engine, **say, fingerprint=world.list().fingerprint, **by(world.today))
    assert done["successor"] == sixth
    with pytest.raises(Refused, match="没有空出的名额"):
        fill_place(world.engine, **say, fingerprint=world.list().fingerprint, **by(world.today))


def test_the_family_gets_nothing_by_a_death(world):
    dead, fifth = listed(world)[0], world.cases[4]
    with db.transaction(world.engine) as session:
        homes = {case: session.get_one(Person, session.get_one(Case, case).person_id) for case in (dead, fifth)}
        session.connection().execute(
            text("UPDATE person SET household_id = :h WHERE person_id = :p"),
            {"h": homes[dead].household_id, "p": homes[fifth].person_id},
        )
    result = remove(world, dead, RemovalCause.DIED)
    assert result["successor"] == world.cases[5]
    assert "示例甲5不能递补（减员人员的家属，须另行作出决定）" in result["said"]
    assert world.read(lambda session: session.get_one(Person, homes[dead].person_id).deceased) is True


def test_a_removal_before_any_list_frees_no_place_but_counts(both):
    """The list that follows simply does not know him."""
    world = both
    case = world.cases[5]  # in the reserve
    assert remove(world, case, RemovalCause.MOVED)["adoption_id"] is None
    with db.reading(world.engine) as session:
        assert case not in facts(session, round_id=world.round_id, as_of=world.today).cases["case_id"]
    assert remove(world, listed(world)[0])["successor"] == world.cases[4]


def test_a_removal_needs_a_basis_and_a_day(world):
    with pytest.raises(Refused, match="减员要写明依据"):
        remove(world, world.cases[0], basis=" ")
    with pytest.raises(Refused, match="减员日期还没有到"):
        remove(world, world.cases[0], on=date(2024, 1, 1))
    with pytest.raises(Conflict):
        remove(world, world.cases[0], expected_version=9)


def test_a_refused_person_leaves_a_place_somebody_fills(world):
    again = listed(world)[0]
    meet(world, {again: PersonResult(Decision.REFUSED, "示例理由")})
    say = {"cell": "甲|exceptional", "reason": "会议未同意，空出名额", "fingerprint": world.list().fingerprint}
    done = fill_place(world.engine, round_id=world.round_id, **say, **by(world.today))
    assert done["successor"] == world.cases[4]
    with pytest.raises(Refused) as caught:
        fill_place(world.engine, round_id=world.round_id, **say, **by(world.today))
    assert caught.value.reason_code == "superseded"


def test_no_command_keeps_the_words_in_its_result(world):
    objection = object_to(world, listed(world)[0])
    read_objection(world.engine, objection_id=objection, **by(world.today))
    with db.reading(world.engine) as session:
        results = [row.result for row in session.exec(select(Idempotency))]
    assert "两套房" not in str(results)
