"""The worked cases of every shipped pack hold, and they stand on both sides of everything a pack decides."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from casework.allocation import Parameters
from casework.allocation.quota import plan
from casework.frames import CASES, empty
from casework.money import yuan
from casework.policy import load_policy, parse_pack
from casework.policy.handbook_cases import MADE_UP
from casework.policy.load import pack_folders, read_pack
from casework.problems import PolicyError
from casework.rules import case_clauses
from casework.shapes import SHAPES, amounts, limits
from casework.vocabulary import Kind
from casework.worked import Difference, _units, run
from casework.worked.reading import read_cases

BASE = Path(__file__).parent / "packs" / "base"
PACKS = {name: content["cases.toml"] for name in pack_folders() if "cases.toml" in (content := read_pack(name)[name])}


def test_there_are_packs_to_try():
    assert len(PACKS) >= 3


@pytest.mark.parametrize("name", PACKS)
def test_the_worked_cases_of_a_shipped_pack_hold(name):
    assert [difference.sentence() for difference in run(load_policy(name), PACKS[name])] == []


def test_a_unions_circular_needs_no_code():
    """Written from the handbook alone: tiers by income and by expense, a top-up by the head, two funds."""
    folder = Path(__file__).parent / "packs" / "union"
    policy, cases = load_policy(folder), (folder / "cases.toml").read_bytes()

    assert [difference.sentence() for difference in run(policy, cases)] == []
    assert list(uncovered(policy, cases)) == []


def test_the_rest_of_the_shapes_at_work():
    """One circular with every shape about people, places and money that no other worked pack has."""
    folder = Path(__file__).parent / "packs" / "relief"
    policy, cases = load_policy(folder), (folder / "cases.toml").read_bytes()

    assert policy.warnings == ()
    assert [difference.sentence() for difference in run(policy, cases)] == []
    assert list(uncovered(policy, cases)) == []


WORKED_PACKS = [*pack_folders().values(), *(Path(__file__).parent / "packs" / name for name in MADE_UP)]


def tried(folder):
    """Name the shapes of a pack that a worked case puts to the test."""
    policy, cases = load_policy(folder), (folder / "cases.toml").read_bytes()
    examples, places = read_cases(policy, cases)
    judged = case_clauses(policy, policy.issued_on)
    quota = plan(policy, _units(policy, places), empty(CASES), Parameters()) if places else None
    for clause in policy.clauses:
        rule, category = clause.shape.rule if clause.shape else "", getattr(clause.shape, "category", None)
        mine = [example for example in examples if example.tables["cases"][0].get("category") == category]
        if clause in judged:
            if {"met", "not_met"} <= {example.expect.get(clause.id) for example in examples}:
                yield rule
        elif clause.kind is Kind.LIMIT and quota is not None:
            cells = {place.unit_id: place for place in places if place.category == category or category is None}
            gives = quota.steps.filter(pl.col("clause_id") == clause.id)["cell"].str.split("|").list.first()
            caps = {cap.unit_id for cap in quota.caps if cap.id == clause.id}
            is_open = rule == "quota_open" and any(place.expect == "据实" for place in cells.values())
            if is_open or set(cells) & ({*gives} | caps):
                yield rule
        elif rule.startswith("amount_"):
            if any(example.amount is not None for example in mine):
                yield rule
        elif rule == "fund_split":
            if any(example.funds for example in mine):
                yield rule
        elif rule == "instalments":
            if any(example.instalments for example in mine):
                yield rule
        else:
            yield rule


def test_every_shape_has_a_worked_case():
    assert set(SHAPES) - {rule for folder in WORKED_PACKS for rule in tried(folder)} == set()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            '{ dues = "500", fiscal = "17500" }',
            '{ dues = "501", fiscal = "17499" }',
            "资金分担应为“党费 501、财政资金 17499”",
        ),
        ('["9000", "9000"]', '["9000", "9000.01"]', "分期应为“9000、9000.01”，实为“9000、9000”"),
        (
            '全县不超过 10 名"\ncategory = "income"\nexpect = 10',
            'x"\ncategory = "income"\nexpect = 11',
            "名额应为“11”，实为“10”",
        ),
        (
            '没有合计上限"\ncategory = "veteran"\nexpect = "open"',
            'x"\ncategory = "veteran"\nexpect = 1',
            "应为“1”，实为“据实”",
        ),
    ],
    ids=["funds", "instalments", "cap", "no cap"],
)
def test_a_wrong_share_part_or_total_is_named(old, new, said):
    folder = Path(__file__).parent / "packs" / "relief"
    cases = (folder / "cases.toml").read_text(encoding="utf-8")
    assert cases.count(old) == 1
    (difference,) = run(load_policy(folder), cases.replace(old, new).encode())
    assert said in difference.sentence()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('{ dues = "500", fiscal = "17500" }', '{ purse = "1" }', "不能是“purse”"),
        ('["9000", "9000"]', '"9000"', "要写成列表"),
        ('["9000", "9000"]', "[9000]", "带引号的元"),
        ("expect = 10\n", 'unit_kinds = ["village"]\nexpect = 10\n', "不能是“village”"),
        ("expect = 3\n", 'unit_kinds = ["branch"]\nexpect = 3\n', "只写一种"),
    ],
    ids=["fund", "no list", "no text", "unit kind", "unit and kinds"],
)
def test_a_wrong_share_part_or_kind_is_refused(old, new, said):
    folder = Path(__file__).parent / "packs" / "relief"
    cases = (folder / "cases.toml").read_text(encoding="utf-8")
    with pytest.raises(PolicyError) as refused:
        run(load_policy(folder), cases.replace(old, new, 1).encode())
    assert any(said in str(problem) for problem in refused.value.problems)


# -- coverage ----------------------------------------------------------------------------------------------------


def uncovered(policy, cases):
    """Name every case clause without a case on both sides, and every number no example tries."""
    examples, places = read_cases(policy, cases)
    for clause in policy.clauses:
        seen = {example.expect.get(clause.id) for example in examples}
        if clause in case_clauses(policy, policy.issued_on):
            yield from (f"{clause.id}: {side}" for side in ("met", "not_met") if side not in seen)
        shape = clause.shape
        if isinstance(shape, limits.QuotaGrid):
            tried = {(one.unit["name"], one.category, one.expect) for one in places}
            for unit, row in shape.places.items():
                yield from (
                    f"{clause.id}: {unit} {category} {number}"
                    for category, number in row.items()
                    if (unit, category, str(number)) not in tried
                )
        elif isinstance(shape, limits.QuotaByHeadcount):
            tried = {(one.unit.get("members"), one.expect) for one in places}
            if not any(number == str(shape.places) for _, number in tried):
                yield f"{clause.id}: {shape.places}"
            if shape.first > 0:
                yield from (
                    f"{clause.id}: {members} members"
                    for members in (shape.first - 1, shape.first)
                    if members not in {members for members, _ in tried}
                )
        elif isinstance(shape, amounts.AmountFixed):
            tried = {example.amount for example in examples if example.tables["cases"][0]["category"] == shape.category}
            if yuan(shape.fen) not in tried:
                yield f"{clause.id}: {yuan(shape.fen)}"


@pytest.mark.parametrize("name", PACKS)
def test_worked_cases_stand_on_both_sides_of_everything(name):
    assert list(uncovered(load_policy(name), PACKS[name])) == []


def test_the_coverage_alarm_rings():
    policy, cases = load_policy("neimenggu-2022"), PACKS["neimenggu-2022"].decode()

    without = cases.replace("members = 999", "members = 998").replace("expect = 10\n", "expect = 11\n")
    without = without.replace('"IM-2.3.4" = "met"', '"IM-2.3.4" = "unknown"')

    found = list(uncovered(policy, without.encode()))
    assert "IM-2.3.4: met" in found
    assert any("999 members" in one for one in found)
    assert any(one.endswith(": 10") for one in found)


# -- every expectation can fail ------------------------------------------------------------------------------------

POLICY = load_policy(BASE)
WORKED = """
[[case]]
name = "低保党员：符合"
category = "aid"
path = "new"
person = { beneficiary = "member", tags = [] }
household = { dibao = true }
judgements = { "E-3" = "none" }
expect = { "E-1" = "met", "E-4" = "not_met", category = "met", verdict = "eligible" }
expect_amount = "2000"

[[case]]
name = "医疗费用差一元：不符合"
category = "aid"
path = "new"
person = { tags = ["veteran_member"] }
household = { dibao = false }
answers = { medical_expense = "9999" }
judgements = { "E-3" = "none" }
expect = { "E-2" = "not_met", verdict = "refused", reason = "not_eligible" }

[[case]]
name = "家属：金额未定"
category = "bereaved"
as_of = 2020-02-01
judgements = { "E-3" = "unchecked" }
expect = { "E-3" = "needs_judgement", "E-4" = "unknown", verdict = "waiting", reason = "judgement_missing" }
expect_amount = "未定"

[[places]]
name = "999 名党员：4 名"
unit = { kind = "organ_committee", members = 999 }
expect = 4

[[places]]
name = "党员人数不明"
unit = { kind = "organ_committee" }
expect = "unknown"

[[places]]
name = "一个类别没有另外的限额"
unit = { kind = "organ_committee", members = 999 }
category = "aid"
expect = "open"
"""


def test_worked_cases_that_hold_give_no_difference():
    assert run(POLICY, WORKED.encode()) == []


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        ('"E-1" = "met"', '"E-1" = "not_met"', Difference("低保党员：符合", "条款 E-1 ", "不符合", "符合")),
        ('verdict = "eligible"', 'verdict = "refused"', Difference("低保党员：符合", "结论", "不符合条件", "符合条件")),
        (
            'category = "met"',
            'category = "unknown"',
            Difference("低保党员：符合", "条款 category ", "情况不明", "符合"),
        ),
        ('expect_amount = "2000"', 'expect_amount = "2001"', Difference("低保党员：符合", "金额", "2001", "2000")),
        ('expect_amount = "未定"', 'expect_amount = "0"', Difference("家属：金额未定", "金额", "0", "未定")),
        ('"9999"', '"1万"', Difference("医疗费用差一元：不符合", "条款 E-2 ", "不符合", "符合")),
        ('"not_eligible"', '"tie"', Difference("医疗费用差一元：不符合", "理由", "名额线上并列，待研究", "不符合条件")),
        (
            'path = "new"\nperson = { tags',
            "person = { tags",
            Difference("医疗费用差一元：不符合", "条款 E-2 ", "不符合", "不涉及本例"),
        ),
        ("members = 999 }\nexpect", "members = 1000 }\nexpect", Difference("999 名党员：4 名", "名额", "4", "10")),
        ('expect = "unknown"', "expect = 0", Difference("党员人数不明", "名额", "0", "不明")),
        ('expect = "open"', "expect = 4", Difference("一个类别没有另外的限额", "名额", "4", "据实")),
    ],
)
def test_a_wrong_expectation_is_named(old, new, difference):
    assert WORKED.count(old) == 1
    assert difference in run(POLICY, WORKED.replace(old, new).encode())


def test_a_difference_is_one_sentence():
    said = Difference("甲", "结论", "符合条件", "待核实").sentence()

    assert said == "工作实例“甲”：结论应为“符合条件”，实为“待核实”。"


def test_differences_come_in_the_order_of_the_file():
    wrong = WORKED.replace('verdict = "eligible"', 'verdict = "waiting"').replace(
        '"waiting", reason', '"refused", reason'
    )

    assert [difference.name for difference in run(POLICY, wrong.encode())] == ["低保党员：符合", "家属：金额未定"]


# -- a file that cannot be read --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[[case]]", "[[cases]]", "不认识 cases"),
        ("[[places]]", "[[place]]", "不认识 place"),
        ('name = "低保党员：符合"', "", "第 1 个 [[case]]：缺少 name"),
        ("household =", "houshold =", "不认识 houshold"),
        ("dibao = true", "dibau = true", "不认识 dibau"),
        ("dibao = true", 'dibao = "是"', "写true 或 false"),
        ("dibao = true", "size = true", "写整数"),
        ("dibao = true", "yearly_income = 60000", "金额要写成带引号的元"),
        ("dibao = true", "person_id = 'x'", "不认识 person_id"),
        ("tags = []", 'tags = ["veteran"]', "不能是“veteran”"),
        ('"member"', '"membre"', "不能是“membre”"),
        ('"E-3" = "none" }\nexpect = { "E-1"', '"E-1" = "none" }\nexpect = { "E-1"', "不能是“E-1”"),
        ('"unchecked"', '"maybe"', "不能是“maybe”"),
        ("medical_expense = ", "medical = ", "不能是“medical”"),
        ('"9999"', "9999", "金额要写成带引号的元"),
        ("as_of = 2020-02-01", 'as_of = "2020-02-01"', "写日期"),
        ("as_of = 2020-02-01", "as_of = 2020-02-01T10:00:00", "写日期"),
        ('path = "new"', 'path = "old"', "不能是“old”"),
        ('category = "bereaved"', 'category = "widow"', "不能是“widow”"),
        ('"E-4" = "unknown"', '"E-9" = "unknown"', "不能是“E-9”"),
        ('"E-4" = "unknown"', '"E-4" = "waiting"', "不能是“waiting”"),
        ('reason = "judgement_missing"', 'reason = "because"', "不能是“because”"),
        ("expect = 4", "expect = -1", "expect 不能是“-1”"),
        ('expect = "open"', 'expect = "lots"', "expect 不能是“lots”"),
        ("members = 999 }\nexpect", "member = 999 }\nexpect", "不认识 member"),
        ("[[case]]", "[[case", "写法不对"),
    ],
)
def test_a_key_or_value_nobody_knows_is_refused_in_chinese(old, new, said):
    assert old in WORKED
    with pytest.raises(PolicyError) as refused:
        run(POLICY, WORKED.replace(old, new).encode())

    assert said in str(refused.value)
    assert all(problem.file == "cases.toml" for problem in refused.value.problems)


def test_a_file_that_is_not_utf8_is_refused():
    with pytest.raises(PolicyError, match="UTF-8"):
        run(POLICY, "名".encode("gbk"))


def test_every_problem_is_named_at_once():
    wrong = WORKED.replace("dibao = true", "dibau = true").replace('"9999"', "9999").replace('"lots"', '"x"')

    with pytest.raises(PolicyError) as refused:
        run(POLICY, wrong.encode())

    assert len(refused.value.problems) == 2


def test_a_unit_that_is_missing_from_the_circulars_table_is_taken_from_it():
    policy = load_policy("jianshi-2020")
    example = '[[places]]\nname = "甲镇"\nunit = { name = "甲镇" }\ncategory = "hardship"\nexpect = 0\n'

    assert run(policy, example.encode()) == []


def test_lists_of_an_example_reach_the_rules():
    pack = {name: (BASE / name).read_bytes() for name in ("policy.toml", "source.txt")}
    more = """
[[clause]]
id = "E-20"
cite = "二"
text = "拒不提供有关材料的"
kind = "exclusion"
rule = "aid"
params = { kinds = ["union_relief"] }

[[clause]]
id = "E-21"
cite = "二"
text = "拒不提供有关材料的"
kind = "priority"
rule = "honoured"
params = { levels = ["县级"] }

[[clause]]
id = "E-22"
cite = "二"
text = "拒不提供有关材料的"
kind = "document"
rule = "evidence"
params = { documents = ["低保证"] }

[[clause]]
id = "E-23"
cite = "二"
text = "拒不提供有关材料的"
kind = "condition"
rule = "household"
params = { measure = "per_head_income", at_most = "1万", weights = { child = "1/2" } }

[[clause]]
id = "E-24"
cite = "二"
text = "拒不提供有关材料的"
kind = "condition"
rule = "cause"
params = { any_of = ["own_illness"], affected = ["self"] }
"""
    policy = parse_pack({"base": {**pack, "policy.toml": pack["policy.toml"] + more.encode()}})
    example = """
[[case]]
name = "各种列表"
aid = [{ source = "工会", kind = "union_relief", status = "granted", on = 2020-01-05, amount = "500", own = false }]
honours = [{ title = "优秀共产党员", level = "县级", granted_on = 2019-07-01 }]
evidence = [{ document = "低保证", original_seen = true }]
household = { size = 2, yearly_income = "1.5万" }
members = [{ relation = "child", yearly_income = "0" }]
causes = [{ cause = "own_illness", affected = "self" }]
expect = { "E-20" = "met", "E-21" = "met", "E-22" = "met", "E-23" = "met", "E-24" = "met" }
"""
    assert run(policy, example.encode()) == []
    for dropped in ("aid =", "honours =", "evidence =", "members =", "causes ="):
        lines = [line for line in example.splitlines() if not line.startswith(dropped)]
        assert len(run(policy, "\n".join(lines).encode())) == 1
