"""An oral instruction stands as 待补手续: until it is made up for, nothing formal leaves the house."""

from __future__ import annotations

from datetime import date

import payment_round
import pytest
from payment_round import TODAY, TOWN, seen
from review_round import at, by, jiaozuo
from test_review_notices import POSTED, decided, post

from casework import db
from casework.access import LOCAL_OFFICER
from casework.cli import main
from casework.lists import ListState
from casework.papers import COMPUTED, ISSUED, PAPERS, Asked, in_force_copy, paper
from casework.payment.bank import prepare_batch
from casework.payment.cards import bank_list
from casework.people.contacts import put_contact
from casework.problems import Refused
from casework.review.instructions import record_instruction, settle_instruction
from casework.views.papers import Order, Wanted, paper_file
from casework.vocabulary import Stage

made, _keys, quick = payment_round.made, payment_round._keys, payment_round.quick


@pytest.fixture
def both(database_url):
    yield from decided(database_url)


def say_so(world):
    told = {"said_by": "示例领导", "on": POSTED, "content": "示例：再加一人"}
    return record_instruction(world.engine, round_id=world.round_id, **told, **by(world.today))["instruction_id"]


def test_a_list_is_not_posted_before_it_is_made_up_for(both):
    number = say_so(both)
    with pytest.raises(
        Refused, match="2022年12月27日示例领导的口头意见待补手续，现在不能公示；请先到“集体研究”补办手续"
    ):
        post(both)
    settle = {"instruction_id": number, "dropped": "不予采纳", "expected_version": 1}
    settle_instruction(both.engine, **settle, **by(both.today))
    assert post(both)["people"] == 6


def test_no_formal_paper_is_printed_before_it_is_made_up_for(quick):
    quick.income()
    quick.open()
    quick.transfer(TOWN)
    quick.do(put_contact, person_id=quick.claims(unit=TOWN)[0].person_id, kind="card", value="6222021234567890128")
    claims = seen(quick.claims(unit=TOWN)[:1])
    batch = quick.do(prepare_batch, round_id="js", claims=claims, on=TODAY)["batch_id"]
    asked = Asked("js", LOCAL_OFFICER, at(TODAY))
    formal = [name for name in PAPERS if state_of(quick, name, asked) is ListState.OFFICIAL]
    assert {"pay-sheet", "receipts"} <= set(formal)
    told = {"said_by": "示例领导", "on": TODAY, "content": "示例：先发一人"}
    quick.do(record_instruction, round_id="js", **told)
    for name in formal:
        if name in ISSUED:
            with pytest.raises(Refused, match=f"口头意见待补手续，现在不能印发{PAPERS[name].label}"):
                quick.read(paper, name, asked)
        else:  # what is kept in the file, e.g. the minutes that make up for it
            assert state_of(quick, name, asked) is ListState.OFFICIAL
    with pytest.raises(Refused, match="口头意见待补手续，现在不能交付代发明细"):
        quick.do(bank_list, batch_id=batch)


def test_the_official_roster_is_not_handed_out_before_it_is_made_up_for(quick, monkeypatch, capsys, tmp_path):
    asked = Asked("js", LOCAL_OFFICER, at(TODAY))
    assert quick.read(in_force_copy, "roster", asked).state is ListState.OFFICIAL
    quick.do(record_instruction, round_id="js", said_by="示例领导", on=TODAY, content="示例：再加一人")

    for name in ("roster", "public-list"):
        with pytest.raises(Refused, match=f"口头意见待补手续，现在不能印发{COMPUTED[name]}"):
            quick.read(in_force_copy, name, asked)
    with pytest.raises(Refused, match="现在不能印发慰问对象花名册"):
        paper_file(Order(quick.engine, "js", Wanted("roster"), LOCAL_OFFICER, at(TODAY)), "pdf")
    monkeypatch.setenv("CASEWORK_DB", str(quick.engine.url.database))
    out = tmp_path / "x.pdf"
    assert main(["list", "roster", "--round", "js", "--scenario", "正式", "--out", str(out)]) == 1
    assert "口头意见待补手续" in capsys.readouterr().err
    assert not out.exists()
    assert quick.read(in_force_copy, "quota-table", asked).title, "a plan of places names nobody and goes out"


def state_of(world, name, asked):
    try:
        return world.read(paper, name, asked).state
    except Refused:
        return None  # there is nothing to print yet


def test_a_notice_a_unit_posted_before_is_recorded_all_the_same(sqlite_database_url):
    world = jiaozuo(db.open_ledger(sqlite_database_url))
    for stage, body in ((Stage.APPLICATION, "困难党员本人"), (Stage.SURVEY, "困难党员所在党支部")):
        world.step(stage, body, date(2018, 12, 1), unit_id="局")
    for stage, body in ((Stage.FIRST_REVIEW, "困难党员所在党支部"), (Stage.BRANCH_MEETING, "支部大会")):
        world.step(stage, body, date(2018, 12, 2), unit_id="局")
    told = {"said_by": "示例领导", "on": date(2018, 12, 3), "content": "示例"}
    record_instruction(world.engine, round_id=world.round_id, **told, **by(world.today))
    say = {"body": "示例局机关党委", "posted_on": date(2018, 12, 2), "unit_id": "局", "ends_on": None, "path": "new"}
    with pytest.raises(Refused, match="现在不能公示"):
        post(world, **say)
    assert post(world, **say, closed=True)["people"] == 2
