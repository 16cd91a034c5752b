"""What an officer reads under 认定依据: values, exact bounds, labels only."""

from __future__ import annotations

import json
import re
from datetime import date

import pytest
from made_up import a_case, a_clause, a_policy, facts_of

from casework.policy import Category, Field, Group, Parameter, load_policy
from casework.policy.load import pack_folders, read_pack
from casework.predicates import tests_cases as looks_at_a_case
from casework.rules import assess, verdicts
from casework.sentences import finding_sentence, reason_sentence
from casework.shapes import SHAPES
from casework.vocabulary import Beneficiary, Kind, Outcome, Reason
from casework.worked import facts_of as facts_of_examples
from casework.worked.reading import read_cases

LATIN = re.compile("[A-Za-z]")
FIELDS = (
    Field("expense", "医疗费用", "fen"),
    Field("months", "月数", "count"),
    Field("promise", "已承诺", "flag"),
    Field("since", "患病日期", "date"),
    Field("place", "居住地", "text", ("城镇", "农村")),
)
PARAMETERS = (Parameter("line", "最低生活保障线", "fen", ((date(2020, 1, 1), 56_000),)),)
CATEGORIES = (Category("aid", "困难党员", beneficiaries=(Beneficiary.MEMBER,)),)
AID = {"source": "示例县民政局", "kind": "visit", "status": "granted", "on": date(2020, 1, 3), "own": True}
UNION = AID | {"source": "示例县总工会", "kind": "union_relief", "own": False}
PER_HEAD = {"measure": "per_head_income", "at_most": {"parameter": "line", "times": "1.5"}}
TWO_BOUNDS = {"field": "months", "at_least": 3, "below": 12}
ILLNESS = {"any_of": ["own_illness"], "affected": ["self"], "degree": "hardship"}

CASES = [
    # a rule, its parameters, what is known, and the sentence
    ("flag", {"field": "dibao"}, {"household": {"dibao": True}}, "享受最低生活保障：是：符合"),
    ("flag", {"field": "dibao", "is": False}, {"household": {"dibao": True}}, "享受最低生活保障：是：不符合"),
    ("flag", {"field": "promise"}, {}, "缺少：已承诺"),
    (
        "one_of",
        {"field": "membership", "values": ["full"]},
        {"person": {"membership": "full"}},
        "政治面貌：中共党员：符合",
    ),
    (
        "one_of",
        {"field": "membership", "values": ["full", "probationary"]},
        {"person": {"membership": "none"}},
        "政治面貌：非党员，不是中共党员、预备党员：不符合",
    ),
    ("one_of", {"field": "place", "values": ["农村"]}, {"answers": {"place": {"text": "农村"}}}, "居住地：农村：符合"),
    (
        "one_of",
        {"field": "membership", "values": ["none"], "degree": "hardship"},
        {"person": {"membership": "none"}, "case": {"degree": "not_hard"}},
        "政治面貌：非党员，困难程度：不困难（须不低于困难）：不符合",
    ),
    (
        "one_of",
        {"field": "membership", "values": ["none"], "degree": "hardship"},
        {"person": {"membership": "none"}},
        "缺少：困难程度",
    ),
    (
        "tagged",
        {"any_of": ["first_secretary", "veteran_member"]},
        {"person": {"tags": ["veteran_member", "veteran_official"]}},
        "身份：老党员：符合",
    ),
    ("tagged", {"any_of": ["first_secretary"]}, {"person": {"tags": []}}, "身份：无，不是驻村第一书记：不符合"),
    ("tagged", {"any_of": ["first_secretary"]}, {}, "缺少：身份"),
    (
        "number",
        {"field": "party_years", "at_least": 50},
        {"person": {"full_member_on": date(1969, 1, 1)}},
        "党龄 51 年，不少于 50 年：符合",
    ),
    (
        "number",
        {"field": "party_years", "at_least": 50},
        {"person": {"full_member_on": date(1970, 2, 1)}},
        "党龄 49 年，少于 50 年：不符合",
    ),
    ("number", {"field": "party_years", "at_least": 50}, {}, "缺少：党龄"),
    (
        "number",
        {"field": "age", "below": 60},
        {"person": {"born_on": date(1960, 1, 15)}},
        "年龄 60 岁，不低于 60 岁：不符合",
    ),
    ("number", {"field": "minors", "above": 1}, {"household": {"minors": 2}}, "未成年人数 2 人，多于 1 人：符合"),
    ("number", {"field": "minors", "above": 1}, {"household": {"minors": 1}}, "未成年人数 1 人，不多于 1 人：不符合"),
    ("number", {"field": "minors", "at_most": 1}, {"household": {"minors": 2}}, "未成年人数 2 人，多于 1 人：不符合"),
    (
        "number",
        {"field": "expense", "above": "1.5万"},
        {"answers": {"expense": {"number": 1_500_001}}},
        "医疗费用 15000.01 元，高于 15000 元：符合",
    ),
    (
        "number",
        {"field": "expense", "above": "1.5万"},
        {"answers": {"expense": {"number": 1_500_000}}},
        "医疗费用 15000 元，不高于 15000 元：不符合",
    ),
    ("number", TWO_BOUNDS, {"answers": {"months": {"number": 3}}}, "月数 3，不少于 3 且少于 12：符合"),
    ("number", TWO_BOUNDS, {"answers": {"months": {"number": 12}}}, "月数 12，不在“不少于 3 且少于 12”之内：不符合"),
    (
        "number",
        {"field": "expense", "at_most": {"parameter": "line"}},
        {"answers": {"expense": {"number": 1}}},
        "医疗费用 0.01 元，不高于最低生活保障线：符合",
    ),
    ("household", {"measure": "size", "at_least": 3}, {"household": {"size": 2}}, "家庭人口 2 人，少于 3 人：不符合"),
    (
        "household",
        {"measure": "yearly_income", "below": "6万"},
        {"household": {"yearly_income_fen": 5_000_000}},
        "家庭年收入 50000 元，低于 60000 元：符合",
    ),
    ("household", {"measure": "yearly_income", "below": "6万"}, {}, "缺少：家庭年收入"),
    (
        "household",
        PER_HEAD,
        {"household": {"yearly_income_fen": 300_000, "size": 3}},
        "家庭年收入 3000 元，家庭人口 3 人，人均年收入高于最低生活保障线的 1.5 倍：不符合",
    ),
    ("household", PER_HEAD, {"household": {"size": 3}}, "缺少：家庭年收入"),
    ("household", PER_HEAD, {"household": {"size": 0, "yearly_income_fen": 1}}, "缺少：家庭人口"),
    ("household", PER_HEAD | {"at_most": {"parameter": "line", "times": "4/3"}}, {}, "缺少：家庭年收入、家庭人口"),
    (
        "household",
        PER_HEAD | {"weights": {"child": "1/2"}},
        {"household": {"size": 2, "yearly_income_fen": 1}, "members": [{"relation": "child"}]},
        "家庭年收入 0.01 元，家庭人口 2 人（折算人数：子女按 0.5 人），人均年收入不高于最低生活保障线的 1.5 倍：符合",
    ),
    (
        "household",
        PER_HEAD | {"weights": {"child": "1/3"}},
        {"household": {"size": 2, "yearly_income_fen": 1}},
        "缺少：家庭成员名单",
    ),
    (
        "date",
        {"field": "joined_party_on", "before": date(1949, 10, 1)},
        {"person": {"joined_party_on": date(1949, 9, 30)}},
        "入党时间：1949年9月30日，在1949年10月1日之前：符合",
    ),
    (
        "date",
        {"field": "joined_party_on", "before": date(1949, 10, 1)},
        {"person": {"joined_party_on": date(1949, 10, 1)}},
        "入党时间：1949年10月1日，在1949年10月1日当日或之后：不符合",
    ),
    ("date", {"field": "since", "after": date(2019, 1, 1)}, {}, "缺少：患病日期"),
    ("degree_at_least", {"degree": "hardship"}, {"case": {"degree": "hardship"}}, "困难程度：困难，不低于困难：符合"),
    ("degree_at_least", {"degree": "hardship"}, {"case": {"degree": "not_hard"}}, "困难程度：不困难，低于困难：不符合"),
    (
        "cause",
        ILLNESS,
        {"causes": [{"cause": "own_illness", "affected": "self"}], "case": {"degree": "hardship"}},
        "困难成因：本人重大疾病，困难程度：困难（须不低于困难）：符合",
    ),
    (
        "cause",
        ILLNESS | {"degree": None},
        {"causes": [{"cause": "disaster", "affected": "self"}], "complete": {"causes": "present"}},
        "困难成因：重大自然灾害，没有本人重大疾病（受影响的人：本人）：不符合",
    ),
    (
        "cause",
        ILLNESS | {"degree": None},
        {"causes": [{"cause": "own_illness", "affected": "spouse"}], "complete": {"causes": "present"}},
        "困难成因：本人重大疾病（须为本人重大疾病（受影响的人：本人））：不符合",
    ),
    ("cause", {"any_of": ["disaster"]}, {"complete": {"causes": "none"}}, "没有登记困难成因，没有重大自然灾害：不符合"),
    ("cause", ILLNESS, {}, "缺少：困难成因的核实结果（是否有本人重大疾病，受影响的人：本人）、困难程度"),
    (
        "main_cause",
        {"any_of": ["schooling"]},
        {"causes": [{"cause": "schooling", "main": True}]},
        "主要成因：子女教育：符合",
    ),
    (
        "main_cause",
        {"any_of": ["schooling"]},
        {"causes": [{"cause": "disaster", "main": True}]},
        "主要成因：重大自然灾害，不是子女教育：不符合",
    ),
    ("main_cause", {"any_of": ["schooling"]}, {}, "待认定：主要成因"),
    (
        "aid",
        {"kinds": ["union_relief"], "source": "示例县总工会", "status": ["applied", "granted"]},
        {"aid": [UNION]},
        "本年度内已申请或已获得示例县总工会的工会困难职工救助（2020-01-03 示例县总工会）：符合",
    ),
    (
        "aid",
        {"window": {"span": "years", "years": 2}},
        {"complete": {"aid": "none"}},
        "近 2 年内没有已获得的其他途径救助：不符合",
    ),
    ("aid", {}, {}, "缺少：慰问救助情况的核实结果"),
    ("repeat_aid", {"kinds": ["visit"]}, {"aid": [AID]}, "本年度内已慰问：2020-01-03 示例县民政局"),
    ("repeat_aid", {"window": {"span": "ever"}}, {"aid": [AID]}, "此前已慰问或救助：2020-01-03 示例县民政局"),
    ("repeat_aid", {}, {}, "本台账本年度内没有慰问或救助记录"),
    ("repeat_aid", {"scope": "all"}, {"complete": {"aid": "none"}}, "本年度内没有慰问或救助记录"),
    ("repeat_aid", {"scope": "all"}, {}, "缺少：慰问救助情况的核实结果"),
    (
        "honoured",
        {"levels": ["县级", "市级"]},
        {"honours": [{"level": "市级"}]},
        "表彰荣誉（县级、市级）1 项，不少于 1 项：符合",
    ),
    ("honoured", {"at_least": 2}, {"complete": {"honours": "none"}}, "表彰荣誉 0 项，少于 2 项：不符合"),
    ("honoured", {}, {}, "缺少：表彰荣誉的核实结果"),
    ("compare", {"field": "expense", "of": "yearly_income", "at_least": "50%"}, {}, "缺少：医疗费用、家庭年收入"),
    (
        "compare",
        {"field": "expense", "of": "yearly_income", "at_least": "50%"},
        {"answers": {"expense": {"number": 100}}, "household": {"yearly_income_fen": 300}},
        "医疗费用 1 元，家庭年收入 3 元，前者与后者之比低于 50%：不符合",
    ),
    (
        "compare",
        {"field": "expense", "of": "yearly_income", "at_least": "1/3"},
        {"answers": {"expense": {"number": 100}}, "household": {"yearly_income_fen": 300}},
        "医疗费用 1 元，家庭年收入 3 元，前者与后者之比不低于 1/3：符合",
    ),
]
PAPERS = {"documents": ["低保证明", "收入证明"]}
PAPER = {"document": "低保证明", "original_seen": True}
DOCUMENTS = [
    (PAPERS, {"evidence": [PAPER], "complete": {"evidence": "present"}}, "未提供：收入证明"),
    (PAPERS, {"evidence": [PAPER]}, "尚未登记：收入证明"),
    (PAPERS, {"evidence": [PAPER, PAPER | {"document": "收入证明"}]}, "已提供：低保证明、收入证明"),
    (PAPERS | {"need": "any"}, {"evidence": [PAPER]}, "已提供：低保证明"),
    (PAPERS | {"need": "any"}, {"complete": {"evidence": "none"}}, "未提供：低保证明、收入证明（有其中一项即可）"),
    (
        PAPERS | {"when_cause": ["dibao"]},
        {"causes": [{"cause": "disaster"}], "complete": {"causes": "present"}},
        "按登记的困难成因不需提供：低保证明、收入证明",
    ),
]


def said(rule, params, known, kind=None):
    kind = kind or (Kind.REPEAT_AID if rule == "repeat_aid" else Kind.CONDITION)
    clause = a_clause("C", rule, params, kind=kind)
    policy = a_policy(clause, fields=FIELDS, parameters=PARAMETERS)
    row = assess(facts_of(a_case(**known)), policy=policy).row(1, named=True)
    return finding_sentence(clause, row["outcome"], row["code"], json.loads(row["values"]), policy)


@pytest.mark.parametrize(("rule", "params", "known", "sentence"), CASES)
def test_a_finding_in_words(rule, params, known, sentence):
    assert said(rule, params, known) == sentence


@pytest.mark.parametrize(("params", "known", "sentence"), DOCUMENTS)
def test_papers_in_words(params, known, sentence):
    assert said("evidence", params, known, Kind.DOCUMENT) == sentence


def test_an_exclusion_says_whether_it_applies():
    params, known = {"field": "expense", "above": "1万"}, {"answers": {"expense": {"number": 1_000_001}}}

    assert said("number", params, known, Kind.EXCLUSION) == "医疗费用 10000.01 元，高于 10000 元：属于不纳入的情形"
    fewer = {"answers": {"expense": {"number": 1_000_000}}}
    assert said("number", params, fewer, Kind.EXCLUSION) == "医疗费用 10000 元，不高于 10000 元：不属于不纳入的情形"


def test_a_parameter_without_a_value_yet_is_what_is_missing():
    clause = a_clause("C", "number", {"field": "expense", "at_most": {"parameter": "line"}})
    policy = a_policy(clause, fields=FIELDS, parameters=PARAMETERS)
    facts = facts_of(a_case(answers={"expense": {"number": 1}}), as_of=date(2019, 12, 31))

    row = assess(facts, policy=policy).row(1, named=True)
    assert (
        finding_sentence(clause, row["outcome"], "", json.loads(row["values"]), policy)
        == "缺少：最低生活保障线当日的标准"
    )


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        ("met", "已认定为“有”：是否拒不提供材料？"),
        ("not_met", "已认定为“无”：是否拒不提供材料？"),
        ("needs_judgement", "待认定：是否拒不提供材料？"),
    ],
)
def test_a_persons_answer_in_words(outcome, sentence):
    clause = a_clause("C", ask="是否拒不提供材料？", reading="由单位认定。")

    assert finding_sentence(clause, outcome, "judgement", {}, a_policy(clause)) == sentence


@pytest.mark.parametrize(
    ("case", "beneficiary", "sentence"),
    [
        ({}, "member", "慰问类别：困难党员，对象类型：党员：符合"),
        ({}, "resident", "慰问类别：困难党员（党员），对象类型：群众：不符合"),
        ({}, None, "缺少：对象类型"),
        ({"category": None}, "member", "缺少：慰问类别"),
        ({"category": "gone"}, "member", "所填慰问类别不在本通知的类别（困难党员）之内：不符合"),
        ({"path": None}, "member", "缺少：办理路径"),
    ],
)
def test_the_category_check_in_words(case, beneficiary, sentence):
    policy = a_policy(a_clause("C", "flag", {"field": "dibao"}, for_paths=("new",)), categories=CATEGORIES)
    facts = facts_of(a_case(case=case, person={"beneficiary": beneficiary}))
    row = assess(facts, policy=policy).row(0, named=True)

    assert finding_sentence(None, row["outcome"], row["code"], json.loads(row["values"]), policy) == sentence


# -- no id, no English ---------------------------------------------------------------------------------------------


def test_every_shape_is_said():
    speak = {rule for rule, shape in SHAPES.items() if looks_at_a_case(shape.model_construct())}

    assert {rule for rule, *_ in CASES} | {"evidence"} == speak


EVERY_SHAPE = [(rule, params, known) for rule, params, known, _ in CASES] + [
    ("evidence", params, known) for params, known, _ in DOCUMENTS
]


@pytest.mark.parametrize(("rule", "params", "known"), EVERY_SHAPE)
def test_no_shape_and_no_outcome_says_an_id_or_an_english_word(rule, params, known):
    kinds = [kind for kind in SHAPES[rule].kinds if kind is not Kind.PRIORITY]
    for kind in kinds:
        clause = a_clause("C", rule, params, kind=kind)
        policy = a_policy(clause, fields=FIELDS, parameters=PARAMETERS)
        values = json.loads(assess(facts_of(a_case(**known)), policy=policy)["values"][1])
        for outcome in Outcome:
            for told in (values, dict.fromkeys(values)):
                sentence = finding_sentence(clause, outcome, rule, told, policy)
                assert sentence
                assert not LATIN.search(sentence), sentence
                assert "None" not in sentence


@pytest.mark.parametrize("name", [name for name in pack_folders() if "cases.toml" in read_pack(name)[name]])
def test_the_findings_of_the_shipped_packs_are_said_in_chinese(name):
    policy = load_policy(name)
    examples, _ = read_cases(policy, read_pack(name)[name]["cases.toml"])
    findings = assess(facts_of_examples(examples, policy.issued_on), policy=policy)
    clauses = {clause.id: clause for clause in policy.clauses}

    for row in findings.unique(["clause_id", "outcome", "values"]).iter_rows(named=True):
        values = json.loads(row["values"])
        sentence = finding_sentence(clauses.get(row["clause_id"]), row["outcome"], row["code"], values, policy)
        assert sentence
        assert not LATIN.search(sentence), sentence
    for row in verdicts(findings, policy=policy).drop_nulls("reason").iter_rows(named=True):
        sentence = reason_sentence(row["reason"], row["clauses"], policy)
        assert sentence.endswith("）")
        assert not LATIN.search(sentence), sentence


# -- reasons -------------------------------------------------------------------------------------------------------


def test_a_reason_names_the_places_of_the_circular():
    policy = a_policy(
        a_clause("A", "flag", {"field": "dibao"}, cite="二、1", label="低保党员"),
        a_clause("B", "flag", {"field": "dibao"}, cite="三、2"),
        a_clause("C", "flag", {"field": "dibao"}, cite="三、2"),
        groups=[Group("G", "any_of", ("A", "B")), Group("H", "any_of", ("A", "B"), label="救助条件")],
    )

    assert reason_sentence("not_eligible", ["A"], policy) == "不符合条件（二、1“低保党员”）"
    assert reason_sentence("facts_missing", ["B", "C"], policy) == "情况不全（三、2）"
    assert reason_sentence("not_eligible", ["G"], policy) == "不符合条件（二、1“低保党员”、三、2）"
    assert reason_sentence("not_eligible", ["H", "category"], policy) == "不符合条件（救助条件；慰问类别）"
    assert reason_sentence("over_places", [], policy) == "超出本单位本类别名额"
    assert reason_sentence("over_places", ["gone"], policy) == "超出本单位本类别名额"


def test_every_reason_has_its_words():
    for reason in Reason:
        assert reason_sentence(reason, [], a_policy()) == reason.label
