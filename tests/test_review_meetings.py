"""Meetings bound to a fingerprint, the decided list, later changes, and when the list may be issued."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from review_round import APPROVER, OFFICER, OTHER, at, by, neimenggu, unit_steps
from sqlmodel import select

from casework import db
from casework.access import Actor
from casework.adoption import withdraw_adoption
from casework.ledger import audit_check, audit_key, record_judgement
from casework.models import Adoption
from casework.models_review import Meeting, MeetingResult, Recusal
from casework.papers import Asked, paper
from casework.problems import Conflict, NotAllowed, Refused
from casework.review import chain as chains
from casework.review.instructions import pending_instructions, record_instruction, settle_instruction
from casework.review.meetings import convene_meeting, decide_meeting
from casework.review.minutes import PersonResult, quorum_met
from casework.review.official import unstudied
from casework.review.readiness import review_issue_ready
from casework.review.records import SINGLE_HANDED
from casework.vocabulary import Decision, Mark, Role, Stage

MEETS = date(2022, 12, 26)
COUNT = {"invited": 9, "present": 8, "agreed": 8, "minutes": "示例会议记录 5 号", "signer": "示例书记"}


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)


@pytest.fixture
def world(sqlite_database_url):
    yield from made(sqlite_database_url)


@pytest.fixture
def both(database_url):
    yield from made(database_url)


def made(url):
    engine = db.open_ledger(url)
    world = neimenggu(engine)
    unit_steps(world)
    world.adopt()
    yield world
    engine.dispose()


def convene(world, **more):
    say = {"fingerprint": world.list().fingerprint, "body": "工委委员会", "held_on": MEETS, **more}
    return convene_meeting(world.engine, round_id=world.round_id, **by(world.today), **say)["meeting_id"]


def decide(world, meeting, results=None, *, actor=OFFICER, **more):
    say = {**COUNT, "expected_version": 1, "results": results, **more}
    return decide_meeting(world.engine, meeting_id=meeting, **say, **by(world.today, actor))


def listed(world):
    return [row["case_id"] for row in world.list().numbers["awards"]]


def ready(world):
    return world.read(review_issue_ready, round_id=world.round_id, now=at(world.today))


# -- attendance ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "invited", "present", "enough"),
    [
        (None, 9, 1, True),
        (None, 9, 0, False),
        ("应到会人数的半数以上", 8, 4, True),
        ("过半数", 8, 4, False),
        ("过半数", 8, 5, True),
        ("三分之二以上", 9, 6, True),
        ("三分之二以上", 9, 5, False),
        ("超过三分之二", 9, 6, False),
        ("超过三分之二", 9, 7, True),
        ("全体到会", 9, 8, False),
        ("全体到会", 9, 9, True),
        ("多数党员", 9, 9, None),
    ],
)
def test_attendance_is_counted_as_the_words_say(words, invited, present, enough):
    assert quorum_met(words, invited=invited, present=present) is enough


# -- the meeting ---------------------------------------------------------------------------------------------------


def test_a_list_agreed_to_as_it_stands_becomes_official(both):
    world = both
    proposed = world.list()
    assert (proposed.state, len(listed(world))) == ("proposed", 6)
    result = decide(world, convene(world))
    assert result["fingerprint"] == proposed.fingerprint
    official = world.list()
    assert (official.state, official.number) == ("official", 0)
    assert all(world.history(case)[Stage.DETERMINATION].holds for case in listed(world))
    assert world.history(world.cases[4]).get(Stage.DETERMINATION) is None  # in the reserve


def test_what_the_meeting_changes_is_a_list_of_its_own(both):
    world = both
    before = world.list()
    first, second, third, *_ = listed(world)
    added = world.cases[4]
    assert added not in listed(world)
    result = decide(
        world,
        convene(world),
        {
            first: PersonResult(Decision.REFUSED, "示例理由"),
            second: PersonResult(Decision.DEFERRED, "待核实"),
            third: PersonResult(Decision.CHANGED_AMOUNT, "困难较重", amount_fen=80_000),
            added: PersonResult(Decision.ADDED, "确有困难"),
        },
    )
    after = world.list()
    assert (after.number, after.state, after.parent_fingerprint) == (1, "official", before.fingerprint)
    assert after.fingerprint != before.fingerprint
    assert after.fingerprint == result["fingerprint"]
    assert after.snapshot_hash == before.snapshot_hash  # the studied version
    amounts = {row["case_id"]: row["amount_fen"] for row in after.numbers["awards"]}
    assert set(amounts) == {third, added, *listed(world)} - {first, second}
    assert amounts[third] == 80_000
    assert {row["case_id"]: row["reason"] for row in after.numbers["reserve"]}.items() >= {
        first: "not_agreed",
        second: "deferred",
    }.items()
    assert after.numbers["totals"]["people"] == 5
    assert "不同意 1 人（示例甲1）" in after.reason
    assert "改为金额 800 元 1 人（示例甲3）" in after.reason
    assert world.history(first)[Stage.DETERMINATION].result is Decision.REFUSED
    assert world.history(added)[Stage.DETERMINATION].result is Decision.ADDED
    with db.reading(world.engine) as session:
        assert len(session.exec(select(MeetingResult)).all()) == 4
        assert audit_check(session, key=audit_key(world.engine)) == []


def test_the_meeting_is_bound_to_the_list_it_saw(world):
    with pytest.raises(Refused) as caught:
        convene(world, fingerprint="0" * 64)
    assert caught.value.reason_code == "superseded"


def test_of_two_sessions_the_second_is_told_the_result(both):
    world = both
    meeting = convene(world)
    decide(world, meeting, {listed(world)[0]: PersonResult(Decision.REFUSED, "示例理由")}, actor=OTHER)
    with pytest.raises(Conflict) as caught:
        decide(world, meeting)
    assert "结果刚由示例另一经办登记（17:00）：不同意 1 人；请看过再办" in str(caught.value)
    # Nor through another meeting on the same list.
    with db.reading(world.engine) as session:
        assert session.exec(select(Meeting)).one().state == "decided"


def test_two_meetings_on_one_list_the_second_is_refused(world):
    early, late = convene(world), convene(world)
    decide(world, early, {listed(world)[0]: PersonResult(Decision.REFUSED, "示例理由")})
    with pytest.raises(Refused) as caught:
        decide(world, late)
    assert caught.value.reason_code == "superseded"
    assert "已被第 1 次变更" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"minutes": " "}, "no_minutes", "会议记录"),
        ({"signer": ""}, "not_approver", "经办代录的，请写明在会议记录上签字的人"),
        ({"present": None}, "no_count", "应到、实到和同意"),
        ({"present": 10}, "no_count", "人数对不上：应到 9、实到 10、同意 8"),
        ({"present": 0, "agreed": 0}, "no_quorum", "实到 0 人"),
        ({"agreed": 4}, "not_carried", "未过半数"),
        ({"recusals": [("示例委员", "")]}, "no_reason", "回避要写明姓名和事由"),
        ({"recusals": [("示例书记", "亲属在名单上")]}, "recused", "示例书记已回避"),
    ],
)
def test_minutes_that_decide_nothing(world, change, code, said):
    meeting = convene(world)
    with pytest.raises(Refused, match=said) as caught:
        decide(world, meeting, **change)
    assert caught.value.reason_code == code
    assert world.list().state == "proposed"


def test_the_words_of_a_person_result(world):
    meeting, case = convene(world), listed(world)[0]
    for results, said in (
        ({case: PersonResult(Decision.REFUSED)}, "示例甲1：不同意要写明理由"),
        ({case: PersonResult(Decision.CHANGED_AMOUNT, "示例")}, "示例甲1：改为金额的要填写金额"),
        ({case: PersonResult(Decision.ADDED, "示例")}, "示例甲1已在名单上，不必增补"),
        ({world.cases[4]: PersonResult(Decision.REFUSED, "示例")}, "示例甲5不在这份名单上，要列入的请选“增补”"),
        ({case: PersonResult(Decision.RETURNED, "示例")}, "会议结果只能是"),
    ):
        with pytest.raises(Refused, match=said):
            decide(world, meeting, results)


def test_who_left_the_room_is_on_record(world):
    decide(world, convene(world), recusals=[("示例委员", "亲属在名单上")])
    with db.reading(world.engine) as session:
        assert session.exec(select(Recusal)).one().reason == "亲属在名单上"


def test_who_left_the_room_does_not_count(world):
    """Nine invited, eight present, one out of the room: eight is right, a ninth present and his own word are not."""
    meeting = convene(world)
    away = [("示例委员", "亲属在名单上")]
    with pytest.raises(Refused, match="回避的人不计入实到和同意"):
        decide(world, meeting, recusals=away, present=9, agreed=8)
    for more in ({"signer": "示例委员"}, {"quorum_confirmed_by": "示例委员"}):
        with pytest.raises(Refused, match="示例委员已回避"):
            decide(world, meeting, recusals=away, **more)
    with pytest.raises(Refused, match=r"本机经办已回避"):
        decide(world, meeting, recusals=[(OFFICER.name, "亲属在名单上")])
    decide(world, meeting, recusals=away)


def test_an_approver_needs_no_signature_of_another(world):
    decide(world, convene(world), actor=APPROVER, signer="")
    assert world.list().state == "official"


def test_one_more_than_the_places_is_an_exception_with_its_reason(world):
    result = decide(world, convene(world), {world.cases[4]: PersonResult(Decision.ADDED, "工委会议同意增加")})
    after = world.list()
    assert result["number"] == 1
    (row,) = [row for row in after.numbers["exceptions"] if row["road"] == "meeting"]
    assert (row["cell"], row["extra"], row["reason"], row["decider"]) == (
        "甲|exceptional",
        1,
        "工委会议同意增加",
        "工委委员会",
    )


def test_only_one_who_sees_every_unit_records_a_meeting(world):
    narrow = Actor(id="n", name="示例乡镇", role=Role.APPROVER, units=frozenset({"甲"}))
    with pytest.raises(NotAllowed, match="会议研究涉及全部单位"):
        decide(world, convene(world), actor=narrow)


def test_a_person_who_lacks_a_step_is_not_decided_about(sqlite_database_url):
    world = neimenggu(db.open_ledger(sqlite_database_url))
    unit_steps(world, through=Stage.SCREENING)
    world.adopt()
    with pytest.raises(Refused) as caught:
        decide(world, convene(world))
    assert caught.value.reason_code == "skipped"
    assert "IM-3.3.1" in str(caught.value)
    assert world.list().state == "proposed"


def test_the_meeting_does_not_come_before_the_nomination(world):
    with pytest.raises(Refused, match="“研究审定”（2022年12月23日）不能早于“申报”（2022年12月24日）"):
        decide(world, convene(world, held_on=date(2022, 12, 23)))


# -- later changes -------------------------------------------------------------------------------------------------


def test_a_decided_list_changes_by_another_meeting_only(world):
    decide(world, convene(world))
    first = world.list()
    say = {"reason": "示例", "expected_version": first.version, **by(world.today)}
    with pytest.raises(Refused, match="只能补充研究后办理变更"):
        withdraw_adoption(world.engine, adoption_id=first.adoption_id, **say)
    again = convene(world)
    with pytest.raises(Refused, match="没有改动的，不必登记"):
        decide(world, again)
    case = listed(world)[0]
    decide(world, again, {case: PersonResult(Decision.REFUSED, "示例理由")})
    assert (world.list().number, world.list().parent_fingerprint) == (1, first.fingerprint)
    assert world.history(case)[Stage.DETERMINATION].result is Decision.REFUSED


def test_an_oral_instruction_blocks_until_it_is_made_up_for(both):
    world = both
    decide(world, convene(world))
    said = {"said_by": "示例领导", "on": date(2022, 12, 27), "content": "再加一人"}
    with pytest.raises(Refused, match="要写明是谁、说了什么"):
        record_instruction(world.engine, round_id=world.round_id, **{**said, "content": ""}, **by(world.today))
    made = record_instruction(world.engine, round_id=world.round_id, **said, **by(world.today))
    assert [one.said_by for one in world.read(pending_instructions, world.round_id)] == ["示例领导"]
    assert "2022年12月27日示例领导的口头意见待补手续" in ready(world).blocks
    assert ready(world).ready == ()
    settle = {"instruction_id": made["instruction_id"], "expected_version": 1}
    with pytest.raises(Refused, match="这份通知没有规定可以签批，请补充研究"):
        settle_instruction(world.engine, **settle, document="签批件", **by(world.today))
    with pytest.raises(Refused, match="请选一种办法"):
        settle_instruction(world.engine, **settle, **by(world.today))
    with db.reading(world.engine) as session:
        earlier = session.exec(select(Meeting)).one().meeting_id
    with pytest.raises(Refused, match="开在口头意见之前，不能算补充研究"):
        settle_instruction(world.engine, **settle, meeting_id=earlier, **by(world.today))
    later = convene(world, held_on=date(2022, 12, 27))
    decide(world, later, {world.cases[4]: PersonResult(Decision.ADDED, "补充研究同意")})
    settle_instruction(world.engine, **settle, meeting_id=later, **by(world.today))
    with pytest.raises(Conflict, match="刚由本机经办办理为“已补手续”"):
        settle_instruction(world.engine, **settle, dropped="示例", **by(world.today))
    assert not any("口头" in sentence for sentence in ready(world).blocks)


def test_where_the_circular_names_a_signature_a_signed_paper_makes_up_for_it(world, monkeypatch):
    """No shipped circular allows a 签批; one that names it among the bodies does."""
    decide(world, convene(world))
    said = {"said_by": "示例领导", "on": date(2022, 12, 27), "content": "示例"}
    made = record_instruction(world.engine, round_id=world.round_id, **said, **by(world.today))
    plain = chains.chain

    def with_signature(policy, path):
        return tuple(
            replace(link, bodies=(*link.bodies, "示例部长签批")) if link.stage is Stage.DETERMINATION else link
            for link in plain(policy, path)
        )

    monkeypatch.setattr(chains, "chain", with_signature)
    settle = {"instruction_id": made["instruction_id"], "document": "示例签批件", "expected_version": 1}
    done = settle_instruction(world.engine, **settle, **by(world.today))
    assert done["state"] == "settled"
    assert not any("口头" in sentence for sentence in ready(world).blocks)


# -- when it may be issued -----------------------------------------------------------------------------------------


def test_readiness_says_what_stands_in_the_way(world):
    assert ready(world).blocks == ("初定名单还没有研究确定",)
    decide(world, convene(world))
    found = ready(world)
    assert (found.blocks, found.ready, found.may_issue, found.single_handed) == ((), (), False, True)
    assert set(found.waiting.values()) == {"还没有办“公示”：三、有关要求 4.规定“并在机关党建网予以公示”（IM-3.4.2）"}


@pytest.mark.parametrize("alone", [True, False])
def test_a_one_person_office_finishes_and_its_papers_say_so(sqlite_database_url, alone):
    """Another account among the steps, and nothing is said."""
    engine = db.open_ledger(sqlite_database_url)
    world = neimenggu(engine)
    unit_steps(world, through=Stage.UNIT_REVIEW)
    for unit in ("甲", "乙"):
        world.step(Stage.NOMINATION, "机关党委", date(2022, 12, 24), unit_id=unit, actor=OFFICER if alone else OTHER)
    world.adopt()
    decide(world, convene(world))
    asked = Asked(world.round_id, OFFICER, at(world.today))
    for name in ("meeting-list", "minutes"):
        assert (SINGLE_HANDED in world.read(paper, name, asked).captions) is alone
    assert SINGLE_HANDED.startswith("单机登记")
    engine.dispose()


def test_changed_facts_a_finding_used_make_it_an_unstudied_version(world):
    decide(world, convene(world))
    case = listed(world)[0]
    assert world.read(unstudied, world.list(), today=world.today) == {}
    asked = next(c for c in world.policy.clauses if c.ask and c.kind.value == "priority")
    record_judgement(
        world.engine,
        case_id=case,
        clause_id=asked.id,
        value=Mark.PRESENT,
        body="示例党支部",
        basis="示例",
        **by(world.today),
    )
    assert world.read(unstudied, world.list(), today=world.today) == {case: [asked.id]}
    assert ready(world).waiting[case].startswith("情况有变，名单研究时未见")


def test_growing_older_changes_no_facts(world):
    assert world.read(unstudied, world.list(), today=date(2024, 1, 1)) == {}


def test_adoptions_stay_on_record(world):
    decide(world, convene(world), {listed(world)[0]: PersonResult(Decision.REFUSED, "示例理由")})
    with db.reading(world.engine) as session:
        rows = session.exec(select(Adoption).where(Adoption.act == "list").order_by(Adoption.number)).all()
    assert [(row.number, row.state) for row in rows] == [(0, "proposed"), (1, "official")]
