"""The official lists: the circular's own layout, the order of rows, namesakes, totals, and the fingerprint."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import date

import polars as pl
import printed
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.allocation import Parameters, allocate
from casework.facts import Facts
from casework.forms import load_form, names
from casework.frames import AWARDS, PLAN, VERDICTS, conform, empty
from casework.lists import (
    Column,
    ListState,
    PublicEntry,
    Table,
    as_printed,
    canonical_bytes,
    check_code,
    list_fingerprint,
    public_entries,
    public_list,
    quota_table,
    roster,
    shown,
)

# -- quota table -----------------------------------------------------------------------------------------------


def annex():
    """The table of annex 1 as the circular has it: unit, then ten cells; the last row is 合计."""
    text = printed.policy().source_text
    lines = [line.split("\t") for line in text[text.rindex("附件 1") :].splitlines()]
    return [[cell.strip() for cell in line] for line in lines if len(line) == 11 and line[0] != "单位" and line[0]]


def test_the_quota_table_is_annex_1_cell_by_cell():
    table = printed.quota()
    cells = [list(row) for row in as_printed(table)["rows"]]
    cells.append(["合计", *(as_printed(table)["totals"][key] for key in table.keys[1:])])

    assert len(annex()) * 11 == 143
    assert cells == annex()


def test_the_quota_table_carries_the_heads_of_annex_1():
    table = printed.quota()
    heads = [table.columns[0].label, *(group.label + group.note for group in table.groups)]

    assert heads == [
        "单位",
        "慰问因公牺牲党员干部家属（标准2000元/人）",
        "慰问脱贫攻坚一线干部（标准500元/人）",
        "慰问生活困难党员及老党员、老干部、老骨干（标准500元/人）",
        "慰问生活困难群众（标准500元/人）",
        "合计",
    ]
    assert [column.label for column in table.columns[1:]] == ["人数", "资金"] * 5
    assert (table.annex, table.title) == ("附件1", "2020年度元旦春节期间慰问名额分配表")


def test_the_rate_in_the_head_is_the_plans():
    policy, facts = printed.policy(), printed.facts()
    changed = allocate(facts, empty(VERDICTS), policy=policy, parameters=Parameters(rates={"hardship": 60_050})).plan
    table = quota_table(policy, units=facts.units, plan=changed)

    assert table.groups[2].note == "（标准600.50元/人）"
    assert table.total("money.hardship") == 124 * 60_050


def test_units_stand_in_their_order_whatever_the_order_of_rows():
    units = printed.facts().units.sort("name")
    shuffled = printed.plan().sample(fraction=1, shuffle=True, seed=7)

    assert quota_table(printed.policy(), units=units, plan=shuffled, state=ListState.OFFICIAL) == printed.quota()


def test_one_unit_gets_its_own_table():
    table = quota_table(printed.policy(), units=printed.facts().units, plan=printed.plan(), only_unit="u10")

    assert [row[0] for row in table.rows] == ["县委直属机关工委"]
    assert table.total("places.total") == 23


@pytest.mark.parametrize(
    ("pack", "members", "cells", "captions"),
    [
        ("neimenggu-2022", 1000, ("10", ""), 0),
        ("neimenggu-2022", None, ("待定", ""), 1),
        ("jiaozuo-2018", 50, ("据实", "", "据实", "", "", ""), 1),
    ],
)
def test_any_pack_has_a_quota_table(pack, members, cells, captions):
    policy = printed.policy(pack)
    unit = {"unit_id": "u", "name": "示例单位", "order": 1, "kind": "organ_committee", "members": members}
    facts = Facts.build(as_of=policy.issued_on, units=[unit])
    plan = allocate(facts, empty(VERDICTS), policy=policy, parameters=Parameters()).plan
    table = quota_table(policy, units=facts.units, plan=plan)

    assert as_printed(table)["rows"] == [["示例单位", *cells]]
    assert not any("标准" in group.note for group in table.groups), "no rate, no line about one"
    assert all(group.label for group in table.groups)
    assert len(table.captions) == captions


# -- roster ----------------------------------------------------------------------------------------------------


def test_the_roster_keeps_the_order_of_units_categories_and_the_unit():
    table = printed.people(12)
    by_unit = [(row[1], row[table.keys.index("category")]) for row in table.rows]

    assert [row[0] for row in table.rows] == list(range(1, 13))
    assert [unit for unit, _ in by_unit] == ["业州镇"] * 4 + ["长梁镇"] * 4 + ["茅田乡"] * 4
    order = [category.label for category in printed.policy().categories]
    for unit in {unit for unit, _ in by_unit}:
        places = [order.index(category) for where, category in by_unit if where == unit]
        assert places == sorted(places)


@given(st.randoms())
@settings(max_examples=20, deadline=None)
def test_the_order_of_input_rows_does_not_matter(random):
    seed = random.randrange(1000)
    facts, awards = printed.facts(12), printed.awards(12).sample(fraction=1, shuffle=True, seed=seed)
    shuffled = facts.replace(people=facts.people.sample(fraction=1, shuffle=True, seed=seed))
    table = roster(printed.policy(), shuffled, awards=awards, plan=printed.plan(), state=ListState.OFFICIAL)

    assert list_fingerprint(table) == list_fingerprint(printed.people(12))


def test_the_roster_has_the_columns_and_signatures_of_the_circular():
    table = printed.people(4)

    assert [column.label for column in table.columns] == [
        *("序号", "单位", "姓名", "性别", "出生年月", "政治面貌", "身份类别", "所在党支部", "职务/身份", "简要情况"),
        *("慰问标准（元）", "慰问金额（元）", "慰问人（职务）", "备注"),
    ]
    assert table.signatures[0] == "单位主要负责同志（签字）："
    assert any("公章" in words for words in table.signatures)
    assert (table.annex, table.title) == ("附件2", "建始县元旦春节期间部分慰问对象花名册")


def test_a_pack_without_a_form_gets_the_forms_own_columns():
    facts = Facts.build(as_of=date(2023, 1, 1), units=[{"unit_id": "u", "name": "示例单位", "order": 1}])
    table = roster(printed.policy("neimenggu-2022"), facts, awards=empty(AWARDS), plan=empty(PLAN))

    assert table.title == "2023年元旦春节特困党员慰问对象花名册"
    assert [column.key for column in table.columns] == [
        column.key for column in load_form("roster").columns if not column.optional
    ]
    assert table.signatures[0] == "单位主要负责同志（签字）（盖章）："
    assert table.captions == ("本表无人员。",)


def test_a_row_says_what_the_ledger_knows_and_leaves_blank_what_it_does_not():
    row = as_printed(printed.people(4))["rows"]

    assert row[2][3:9] == [
        "女",
        "1952.03",
        "中共党员",
        "生活困难党员及老党员、老干部、老骨干",
        "示例村第3党支部",
        "老党员",
    ]
    assert row[2][9:] == ["本人重大疾病：示例情况，自付费用较高", "500", "500", "", ""]


def test_totals_are_people_and_money():
    table = printed.people(12)

    assert dict(table.totals) == {"name": "12人", "amount": 3 * 200_000 + 9 * 50_000}


def test_an_amount_nobody_decided_is_blank_and_said_so():
    awards = printed.awards(4).with_columns(amount_fen=pl.lit(None, pl.Int64))
    table = roster(printed.policy(), printed.facts(4), awards=awards, plan=printed.plan())

    assert {row[table.keys.index("amount")] for row in table.rows} == {None}
    assert table.captions == ("注：有 4 人金额未定，未计入合计。",)


def test_a_unit_gets_its_own_file():
    table = printed.people(12, only_unit="u01")

    assert {row[1] for row in table.rows} == {"长梁镇"}
    assert [row[0] for row in table.rows] == [1, 2, 3, 4]
    assert "填报单位（盖章）：长梁镇" in table.above


def namesakes(*people):
    units = [{"unit_id": "u", "name": "业州镇", "order": 1}]
    given = [{"person_id": str(n), "name": "示例甲", **more} for n, more in enumerate(people)]
    awards = [
        {"case_id": str(n), "person_id": str(n), "unit_id": "u", "category": "hardship", "order": n, "funded": True}
        for n, _ in enumerate(people)
    ]
    facts = Facts.build(as_of=date(2020, 1, 7), units=units, people=given)
    return facts, conform(awards, AWARDS)


def test_namesakes_always_carry_branch_and_birth_month():
    facts, awards = namesakes(
        {"branch": "示例一支部", "born_on": date(1950, 1, 1)}, {"branch": "示例二支部", "born_on": date(1951, 2, 1)}
    )
    table = roster(printed.policy(), facts, awards=awards, plan=printed.plan())
    told = [(row[table.keys.index("branch")], row[table.keys.index("born")]) for row in table.rows]

    assert told == [("示例一支部", date(1950, 1, 1)), ("示例二支部", date(1951, 2, 1))]

    # A circular that asks for neither column gets both behind the name.
    policy = printed.policy()
    clauses = tuple(
        dataclasses.replace(clause, shape=clause.shape.model_copy(update={"columns": ("序号", "单位", "姓名")}))
        if clause.id == "JS-A2"
        else clause
        for clause in policy.clauses
    )
    short = roster(dataclasses.replace(policy, clauses=clauses), facts, awards=awards, plan=printed.plan())

    assert [row[2] for row in short.rows] == ["示例甲（示例一支部，1950.01）", "示例甲（示例二支部，1951.02）"]


def test_namesakes_without_a_branch_are_pointed_out():
    facts, awards = namesakes({"branch": "示例一支部", "born_on": date(1950, 1, 1)}, {"born_on": date(1951, 2, 1)})
    table = roster(printed.policy(), facts, awards=awards, plan=printed.plan())

    assert [row[-1] for row in table.rows] == [None, "同名，党支部未填"]


# -- public lists ----------------------------------------------------------------------------------------------


def test_a_public_entry_has_no_other_field():
    assert [field.name for field in dataclasses.fields(PublicEntry)] == [
        "name", "unit", "branch", "category", "amount_fen",
    ]  # fmt: skip


def test_a_public_list_shows_the_columns_of_the_circular_and_nothing_else():
    table = printed.public(12)

    assert table.public
    assert table.keys == ("index", "branch", "name", "category")
    assert not re.search(r"重大疾病|19[0-9]{2}\.", canonical_bytes(table).decode())


def test_a_public_list_tells_namesakes_apart_by_branch_only():
    facts, awards = namesakes(
        {"branch": "示例一支部", "born_on": date(1950, 1, 1)}, {"branch": "示例二支部", "born_on": date(1951, 2, 1)}
    )
    policy = printed.policy("neimenggu-2022")
    entries = public_entries(policy, facts, awards=awards.with_columns(category=pl.lit(policy.categories[0].id)))
    table = public_list(policy, entries)

    names = [row[table.keys.index("name")] for row in table.rows]
    assert "branch" not in table.keys
    assert names == ["示例甲（示例一支部）", "示例甲（示例二支部）"]


def test_one_branch_one_list():
    policy, facts = printed.policy(), printed.facts(12)
    entries = public_entries(policy, facts, awards=printed.awards(12), only_branch="示例村第1党支部")

    assert {entry.branch for entry in entries} == {"示例村第1党支部"}
    assert len(entries) == 3


def test_a_private_column_cannot_stand_on_a_public_list():
    with pytest.raises(ValueError, match="born"):
        Table("public_list", "示例", (Column("born", "出生年月", "month"),), (), public=True)


# -- the table itself ------------------------------------------------------------------------------------------


def test_the_fingerprint_changes_with_any_word():
    table = printed.people(4)
    seen = {list_fingerprint(table)}
    for at, row in enumerate(table.rows):
        for key in table.keys:
            other = "改" if isinstance(row[table.keys.index(key)], str | None) else 77
            seen.add(list_fingerprint(printed.put(table, at, **{key: other})))
    for change in (
        {"title": "改"},
        {"annex": "附件9"},
        {"above": ("改",)},
        {"captions": ("改",)},
        {"signatures": ("改",)},
        {"totals": (("name", "4人"), ("amount", 1))},
        {"columns": (dataclasses.replace(table.columns[0], label="改"), *table.columns[1:])},
        {"rows": table.rows[::-1]},
        {"rows": table.rows[:-1]},
    ):
        seen.add(list_fingerprint(dataclasses.replace(table, **change)))

    assert len(seen) == 1 + 4 * len(table.columns) + 9


def test_a_list_keeps_its_check_code_when_it_becomes_official():
    draft, official = printed.people(4, ListState.MEETING), printed.people(4, ListState.OFFICIAL)
    code = check_code(list_fingerprint(draft))

    assert code == check_code(list_fingerprint(official))
    assert re.fullmatch(r"[0-9A-F]{12}", code)


def test_the_canonical_json_reads_back_as_printed():
    table = printed.people(4)

    assert json.loads(canonical_bytes(table)) == as_printed(table)


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [
        (None, "money", ""),
        (0, "money", ""),
        (0, "places", ""),
        (1, "money", "0.01"),
        (9_999_999_999, "money", "99999999.99"),
        (200_000, "money", "2000"),
        (date(1962, 1, 31), "month", "1962.01"),
        (7, "index", "7"),
        ("据实", "places", "据实"),
        ("示\u202e例", "name", "示〔U+202E〕例"),
        ("两\n行\t话", "text", "两 行 话"),
        ("\ud800", "text", "〔U+D800〕"),
        ("<b>", "text", "<b>"),
    ],
)
def test_a_cell_as_printed(value, kind, words):
    assert shown(value, Column("x", "示例", kind)) == words


def test_a_blank_form_has_rows_to_fill_in_and_no_numbers():
    blank = printed.quota().blank(12)

    assert (blank.rows, blank.blank_rows) == ((), 12)
    assert not any(as_printed(blank)["totals"].values())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rows": ((1,),)}, "does not fit"),
        ({"columns": (Column("a", "甲"), Column("a", "乙"))}, "one key"),
        ({"totals": (("b", 1),)}, "not there"),
    ],
)
def test_a_table_that_does_not_hang_together_is_refused(change, said):
    whole = {"list_id": "roster", "title": "示例", "columns": (Column("a", "甲"), Column("c", "丙")), "rows": ()}

    with pytest.raises(ValueError, match=said):
        Table(**(whole | change))


def test_every_form_is_a_whole_folder():
    assert set(names()) >= {"quota_table", "roster", "public_list"}
    for name in names():
        form = load_form(name)
        assert form.name == name
        assert len({column.key for column in form.columns}) == len(form.columns)
    assert all(column.public for column in load_form("public_list").columns)
    with pytest.raises(KeyError):
        load_form("../roster")
