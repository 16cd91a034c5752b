"""How lists are called that followed one another, and a meeting said once with its kinds and amounts."""

from __future__ import annotations

import pytest
from test_review_notices import decided, listed, meet

from casework.review.changes import change_name, grouped, list_name
from casework.review.minutes import PersonResult
from casework.vocabulary import Decision


@pytest.fixture
def world(sqlite_database_url):
    yield from decided(sqlite_database_url)


def test_no_list_has_the_number_nought():
    assert [list_name(number) for number in (0, 1, 2)] == ["初定名单", "第 1 次变更后的名单", "第 2 次变更后的名单"]


def test_a_meeting_is_said_once_with_kinds_amounts_names_and_numbers(world):
    first = listed(world)
    changed = {
        case: PersonResult(Decision.CHANGED_AMOUNT, "示例", fen)
        for case, fen in zip(first, (300000,) * 5, strict=False)
    }
    meet(world, {**changed, first[5]: PersonResult(Decision.REFUSED, "示例理由")})
    said = world.list().reason
    names = "示例甲1、示例甲2、示例甲3、示例甲4、示例乙1"
    assert said == f"2022年12月26日工委委员会：不同意 1 人（示例乙2）；改为金额 3000 元 5 人（{names}）"
    assert change_name(world.list()) == f"第 1 次变更（{said.replace('、示例甲4、示例乙1', '等')}）"
    assert "示例理由" not in said


def test_two_amounts_and_two_meetings_stay_apart_and_a_removal_is_its_own_sentence():
    def cause(name, fen, meeting="一会"):
        return {"kind": "changed_amount", "meeting": meeting, "name": name, "amount_fen": fen, "said": "—"}

    causes = [cause("乙", 200000), cause("甲", 100000), cause("丙", 200000), cause("丁", 100000, "二会")]
    assert grouped([*causes, {"kind": "died", "said": "某日戊去世，由己递补"}]) == [
        "某日戊去世，由己递补",
        "一会：改为金额 1000 元 1 人（甲）；改为金额 2000 元 2 人（乙、丙）",
        "二会：改为金额 1000 元 1 人（丁）",
    ]
