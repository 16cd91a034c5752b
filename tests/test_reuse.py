"""A new round from last year's pack: nothing lost silently, nothing taken over silently."""

from __future__ import annotations

from datetime import date

import pytest

from casework.policy import load_policy, parse_pack, read_pack
from casework.policy.reuse import Changes, Circular, lost, read_grid, renew, settings, unsupported
from casework.problems import PolicyError
from casework.shapes.amounts import AmountFixed
from casework.shapes.limits import QuotaGrid

OLD = read_pack("jianshi-2020")
TEXT = OLD["jianshi-2020"]["source.txt"].decode()
NEW_TEXT = TEXT.replace("慰问标准 2000 元/人", "慰问标准 2200 元/人").replace(
    "2020年1月15日下午5点前", "2021年1月20日下午5点前"
)


def circular(text):
    return Circular(
        "example-2021", "示例通知", "示例组织部", "示组发〔2021〕1号", date(2021, 1, 5), "2021年慰问", 2021, text
    )


def test_the_same_words_lose_nothing():
    assert lost(OLD, TEXT) == []


def test_a_changed_sentence_is_named_with_the_one_most_like_it():
    named = {entry.clause_id: entry for entry in lost(OLD, NEW_TEXT)}

    assert set(named) == {"JS-2.1.4", "JS-6.1"}
    assert "2200" in named["JS-2.1.4"].nearest
    assert "2021年1月20日" in named["JS-6.1"].nearest


def test_words_that_stand_apart_and_rows_of_a_table_find_their_like():
    text = TEXT.replace("2020年度元旦春节慰问名额", "2021年度元旦春节慰问名额").replace("41\t20500", "42\t21000")

    named = {entry.clause_id: entry.nearest for entry in lost(OLD, text)}

    assert named["JS-6.7"].split("…")[0].endswith("2021年度元旦春节慰问名额分配表")
    assert named["JS-6.7"].count("…") == 2
    assert named["JS-A1.2"] == "业州镇 42 21000 17 8500 1 500 59 29500"
    parse_pack(renew(OLD, circular(text), Changes(repointed=named)))


def test_the_words_most_like_leave_out_the_rest_of_the_sentence():
    (entry,) = lost(OLD, TEXT.replace("划拨 18.4 万元", "划拨 18.46 万元"))

    assert entry.nearest == "从留存党费中划拨 18.46 万元用于慰问以下对象（详见附件 1）"


def test_what_is_neither_pointed_to_new_words_nor_dropped_stops_it():
    with pytest.raises(PolicyError, match="通知原文中找不到"):
        renew(OLD, circular(NEW_TEXT), Changes())


def test_a_renewed_pack_passes_the_check_and_carries_the_changes():
    grid = {"业州镇": {"family": 1, "frontline": 40}, "示例乡": {"hardship": 5}}
    changes = Changes(
        repointed={entry.clause_id: entry.nearest for entry in lost(OLD, NEW_TEXT)},
        dropped=frozenset({"JS-5.3.1"}),
        settings={("JS-2.1.4", "yuan"): "2200", ("JS-2.1.2", "yuan"): "20万"},
        grid=grid,
    )

    policy = parse_pack(renew(OLD, circular(NEW_TEXT), changes))

    assert policy.id == "example-2021"
    assert policy.issued_on == date(2021, 1, 5)
    amounts = {shape.category: shape.fen for _, shape in policy.of_shape(AmountFixed)}
    assert amounts["family"] == 220000
    assert next(shape.places for _, shape in policy.of_shape(QuotaGrid)) == grid
    assert "JS-5.3.1" not in {clause.id for clause in policy.clauses}
    assert len(policy.clauses) == len(load_policy("jianshi-2020").clauses) - 1


def test_no_name_and_no_explanation_speaks_of_last_years_number():
    text = TEXT.replace("划拨 18.4 万元", "划拨 18.46 万元")
    changes = Changes(
        {entry.clause_id: entry.nearest for entry in lost(OLD, text)}, settings={("JS-2.1.2", "yuan"): "18.46万"}
    )

    clauses = {clause.id: clause for clause in parse_pack(renew(OLD, circular(text), changes)).clauses}

    assert clauses["JS-2.1.2"].label == ""
    assert clauses["JS-2.1.2"].reading.startswith("（沿用上一轮的说明")
    assert clauses["JS-2.1.4"].label == "家属标准"
    assert not clauses["JS-2.1.4"].reading.startswith("（沿用")


def test_a_number_that_is_not_in_the_words_is_said_and_not_changed():
    pointed = {entry.clause_id: entry.nearest for entry in lost(OLD, NEW_TEXT)}
    packs = renew(OLD, circular(NEW_TEXT), Changes(repointed=pointed))

    (problem,) = [p for p in unsupported(parse_pack(packs), packs) if p.clause == "JS-2.1.4"]

    assert "2000" in problem.message
    assert next(s.value for s in settings(packs) if s.clause_id == "JS-2.1.4") == "2000"


def test_the_pack_of_the_circular_itself_has_nothing_to_say():
    assert unsupported(load_policy("jianshi-2020"), OLD) == []


def test_dropping_a_clause_takes_it_out_of_what_names_it():
    packs = read_pack("neimenggu-2022")
    text = packs["neimenggu-2022"]["source.txt"].decode()
    gone = frozenset({"IM-2.3.2a", "IM-2.3.2b", "IM-2.3.2c", "IM-3.1.4"})

    policy = parse_pack(renew(packs, circular(text), Changes(dropped=gone)))

    named = {member for group in policy.groups for member in group.members}
    assert not gone & named
    assert all(not gone & set(clause.excepts) for clause in policy.clauses)


def test_a_child_is_folded_into_its_parents():
    packs = read_pack("tests/packs/jianshi-child")
    text = "\n".join(content["source.txt"].decode() for content in packs.values())

    policy = parse_pack(renew(packs, circular(text), Changes()))

    assert policy.parent == ""
    assert {shape.category: shape.fen for _, shape in policy.of_shape(AmountFixed)}["frontline"] == 60000


SHEET = [
    ["2021年度名额分配表", None, None, None, None],
    ["单位", "慰问因公牺牲党员干部家属（标准 2000 元/人）", None, "慰问脱贫攻坚一线干部（标准 500 元/人）", None],
    [None, "人数", "资金", "人数", "资金"],
    ["业州镇", None, None, 41.0, 20500.0],
    ["示例乡", 2.0, 4000.0, "3", 1500.0],
    ["合 计", 2.0, 4000.0, 44.0, 22000.0],
    ["填表人：", None, None, None, None],
]


def of(categories):
    class Policy:
        pass

    policy = Policy()
    policy.categories = [c for c in load_policy("jianshi-2020").categories if c.id in categories]
    return policy


def test_the_grid_is_read_from_the_annex_as_it_is_printed():
    grid, problems = read_grid(SHEET, of({"family", "frontline"}))

    assert problems == []
    assert grid == {"业州镇": {"frontline": 41}, "示例乡": {"family": 2, "frontline": 3}}


@pytest.mark.parametrize(
    ("row", "column", "value", "cell"),
    [(3, 3, 41.5, "D4"), (4, 1, "二", "B5"), (4, 3, -1, "D5"), (4, 0, "业州镇", "A5")],
)
def test_a_bad_cell_is_named_and_nothing_is_read(row, column, value, cell):
    sheet = [list(line) for line in SHEET]
    sheet[row][column] = value

    grid, problems = read_grid(sheet, of({"family", "frontline"}))

    assert grid == {}
    assert [problem.cell for problem in problems] == [cell]


def test_a_category_without_a_column_is_named():
    _, problems = read_grid(SHEET, load_policy("jianshi-2020"))

    assert [problem.message for problem in problems] == [
        "表头里没有类别“生活困难党员及老党员、老干部、老骨干”",
        "表头里没有类别“生活困难群众”",
    ]
