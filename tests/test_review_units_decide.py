"""建始: the units decide, this office keeps the record, confirms the list, and each branch has a notice of its own."""

from __future__ import annotations

from datetime import date

import pytest
from review_round import at, by, jianshi

from casework import db
from casework.problems import Conflict, Refused
from casework.review.confirmation import confirm_list
from casework.review.meetings import convene_meeting
from casework.review.notices import post_notice
from casework.review.readiness import review_issue_ready
from casework.review.worklist import worklist
from casework.vocabulary import Decision, Stage

TOWN = "js-02"


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)


@pytest.fixture
def world(database_url):
    engine = db.open_ledger(database_url)
    world = jianshi(engine)
    world.step(Stage.RECOMMENDATION, "党员群众", date(2020, 1, 8), unit_id=TOWN)
    world.step(Stage.BRANCH_MEETING, "示例村支委会", date(2020, 1, 9), unit_id=TOWN)
    yield world
    engine.dispose()


def confirm(world, **more):
    current = world.list()
    say = {"fingerprint": current.fingerprint, "basis": "示例镇党委会议记录", "expected_version": current.version}
    return confirm_list(world.engine, round_id=world.round_id, **{**say, **more}, **by(world.today))


def test_the_office_confirms_what_the_towns_decided(world):
    world.adopt()
    with pytest.raises(Refused, match="由组织单位审定，本级不另上会"):
        convene_meeting(
            world.engine,
            round_id=world.round_id,
            fingerprint=world.list().fingerprint,
            body="县委组织部",
            held_on=world.today,
            **by(world.today),
        )
    with pytest.raises(Refused) as caught:
        confirm(world)
    assert str(caught.value).startswith("示例老1还没有办“研究审定”，名单不能确认：")
    assert str(caught.value).endswith("“党委审定后确定慰问对象”（JS-5.1.5）")
    world.step(Stage.DETERMINATION, "示例镇党委", date(2020, 1, 10), unit_id=TOWN)
    with pytest.raises(Refused, match="请写明依据什么材料核对"):
        confirm(world, basis=" ")
    with pytest.raises(Conflict):
        confirm(world, expected_version=7)
    confirm(world)
    assert world.list().state == "official"
    with pytest.raises(Refused, match="名单已经确认"):
        confirm(world)


def test_a_branch_sees_its_own_people_only_and_the_roster_follows(world):
    refused = world.cases[1]
    world.step(
        Stage.DETERMINATION,
        "示例镇党委",
        date(2020, 1, 10),
        unit_id=TOWN,
        results={refused: (Decision.REFUSED, "示例理由")},
    )
    say = {"body": "示例镇党委", "posted_on": date(2020, 1, 10), "ends_on": date(2020, 1, 13), "unit_id": TOWN}
    more = {"evidence": "照片", "closed": True, "round_id": world.round_id}

    def post(branch):
        return post_notice(
            world.engine, branch=branch, **say, **more, expected_version=world.version, **by(world.today)
        )

    assert post("示例村党支部")["people"] == 1  # the second one of this branch was refused
    with pytest.raises(Refused, match="还没有办“公示”"):
        world.step(Stage.ROSTER, "示例镇", date(2020, 1, 14), case_ids=world.cases[2:])
    assert post("示例社区党支部")["people"] == 1
    assert world.step(Stage.ROSTER, "示例镇", date(2020, 1, 14), unit_id=TOWN)["people"] == 2
    with db.reading(world.engine) as session:
        frame = worklist(session, round_id=world.round_id, actor=by(world.today)["actor"], now=at(world.today))
    assert frame["state"].to_list() == ["done", "refused", "done"]


def test_whom_the_town_refused_keeps_the_list_from_being_confirmed(world):
    world.adopt()
    refusal = {world.cases[0]: (Decision.REFUSED, "示例理由")}
    world.step(Stage.DETERMINATION, "示例镇党委", date(2020, 1, 10), unit_id=TOWN, results=refusal)
    with pytest.raises(Refused, match="示例老1还没有办“研究审定”"):
        confirm(world)
    found = world.read(review_issue_ready, round_id=world.round_id, now=at(world.today))
    assert found.blocks == ("初定名单还没有研究确定",)
