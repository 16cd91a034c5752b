"""Closing a round: what stands open is named and counted, and closes only with a word to each."""

from __future__ import annotations

from datetime import date

import payment_round
import pytest
from payment_round import OF_TOWN, TODAY, TOWN
from review_round import at, by, neimenggu

from casework import db
from casework.ledger import audit_check, audit_key
from casework.models import Round
from casework.payment.closing import closed_with, end_round, round_ends
from casework.problems import Conflict, NotAllowed, Refused
from casework.review.instructions import record_instruction
from casework.review.notices import post_notice
from casework.review.objections import record_objection

made, _keys, world, quick = payment_round.made, payment_round._keys, payment_round.world, payment_round.quick


def ends(world, day=TODAY):
    return {end.code: end for end in world.read(round_ends, round_id=world.round_id, now=at(day))}


def end(world, *, version=None, day=TODAY, **more):
    if version is None:
        version = world.read(lambda session: session.get_one(Round, world.round_id).version)
    say = {"expected_version": version, **by(day), **more}
    return end_round(world.engine, round_id=world.round_id, **say)


def test_a_round_with_open_ends_is_closed_only_with_a_word_to_each(world):
    world.income()
    world.open()
    world.transfer(TOWN)
    world.hand(world.claims(unit=TOWN)[:1])
    found = ends(world)
    assert {code: one.count for code, one in found.items()} == {
        "in_custody": 1,
        "untransferred": 4,
        "undelivered": 1,
        "unreceipted": 1,
        "unvisited": 6,
        "submissions": 12,
    }
    assert found["unvisited"].said == "未走访 6 人（示例1号、示例2号、示例5号、示例6号、示例3号等）"
    with pytest.raises(Refused) as caught:
        end(world)
    assert caught.value.reason_code == "open_ends"
    for one in found.values():
        assert one.said in caught.value.sentence
    explained = dict.fromkeys(found, "示例原因")
    with pytest.raises(Refused, match=r"还有 1 项没有办完：未走访 6 人"):
        end(world, explained={**explained, "unvisited": " "})
    assert end(world, explained=explained)["open_ends"] == 6
    kept = {row.code: (row.count, row.reason) for row in world.read(closed_with, world.round_id)}
    assert kept == {code: (one.count, "示例原因") for code, one in found.items()}
    with pytest.raises(Refused) as caught:
        world.open()
    assert caught.value.reason_code == "closed"
    with db.reading(world.engine) as session:
        assert audit_check(session, key=audit_key(world.engine)) == []


def test_who_closes_sees_every_unit_and_the_round_as_it_stands(quick):
    with pytest.raises(NotAllowed):
        end(quick, **by(TODAY, OF_TOWN))
    with pytest.raises(Conflict):
        end(quick, version=9, explained=dict.fromkeys(ends(quick), "示例"))


def test_what_the_review_left_open_is_named_too(sqlite_database_url):
    world = neimenggu(db.open_ledger(sqlite_database_url))
    found = ends(world)
    assert (found["not_official"].count, found["undecided"].count) == (1, 8)
    assert found["undecided"].said == "未作决定 8 人（示例甲1、示例甲2、示例甲3、示例甲4、示例甲5等）"
    say = {"round_id": world.round_id, "content": "示例", **by(world.today)}
    record_objection(world.engine, received_on=world.today, case_id=world.cases[0], **say)
    record_instruction(world.engine, said_by="示例领导", on=world.today, **{**say, **by(world.today)})
    found = ends(world)
    assert (found["objections"].said, found["instructions"].said) == ("异议未办结 1 件", "口头意见待补手续 1 条")


def test_those_left_without_a_place_are_decided_and_a_running_notice_is_not(sqlite_database_url):
    from test_review_notices import decided

    (world,) = [*_first(decided(sqlite_database_url))]
    assert "undecided" not in ends(world)  # two of 甲 have no place: that is decided
    assert ends(world)["not_ready"].count == 6
    say = {"body": "工委", "posted_on": date(2022, 12, 27), "ends_on": date(2022, 12, 31), "evidence": "截图"}
    post_notice(world.engine, round_id=world.round_id, expected_version=world.version, **say, **by(world.today))
    assert ends(world)["notices"].said == "公示未登记结果 1 次"


def _first(worlds):
    yield next(worlds)
