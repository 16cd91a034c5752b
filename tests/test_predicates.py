"""Every shape that looks at one case: both sides of every bound, and null in, *unknown* out."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up import TODAY, a_case, a_clause, a_policy, facts_of, finding, outcome_of

from casework.policy import Field, Parameter
from casework.predicates import tests_cases as looks_at_a_case
from casework.rules import assess
from casework.shapes import SHAPES, Window
from casework.vocabulary import Subject

EXPENSE = Field("expense", "医疗费用", "fen")
MONTHS = Field("months", "月数", "count")
PROMISE = Field("promise", "已承诺", "flag")
SINCE = Field("since", "患病日期", "date")
PLACE = Field("place", "居住地", "text", ("城镇", "农村"))
OWN_FIELDS = (EXPENSE, MONTHS, PROMISE, SINCE, PLACE)
LINE = Parameter("line", "最低生活保障线", "fen", ((date(2019, 7, 1), 50_000), (date(2020, 1, 1), 56_000)))


def test_every_shape_that_speaks_of_a_case_has_a_test():
    speak = {rule for rule, shape in SHAPES.items() if shape.subject is Subject.CASE}
    can_test = {rule for rule, shape in SHAPES.items() if looks_at_a_case(shape.model_construct())}

    assert can_test == speak
    assert not looks_at_a_case(None)


# -- plain values ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "wanted", "outcome"),
    [
        (True, True, "met"),
        (False, True, "not_met"),
        (None, True, "unknown"),
        (True, False, "not_met"),
        (False, False, "met"),
        (None, False, "unknown"),
    ],
)
def test_flag(value, wanted, outcome):
    assert outcome_of("flag", {"field": "dibao", "is": wanted}, household={"dibao": value}) == outcome


@pytest.mark.parametrize(("number", "outcome"), [(1, "met"), (0, "not_met"), (None, "unknown")])
def test_flag_of_the_packs_own(number, outcome):
    known = {"fields": OWN_FIELDS, "answers": {"promise": {"number": number}}}
    assert outcome_of("flag", {"field": "promise"}, **known) == outcome


def test_a_flag_nobody_asked_is_unknown():
    assert outcome_of("flag", {"field": "promise"}, fields=OWN_FIELDS) == "unknown"
    assert outcome_of("flag", {"field": "dibao"}) == "unknown"


def test_two_answers_that_differ_are_no_answer():
    policy = a_policy(a_clause("C", "flag", {"field": "promise"}), fields=OWN_FIELDS)
    case = a_case()
    case["answers"] = [{"case_id": "1", "field": "promise", "number": number} for number in (0, 1)]

    assert assess(facts_of(case), policy=policy)["outcome"][1] == "unknown"


@pytest.mark.parametrize(("value", "outcome"), [("full", "met"), ("none", "not_met"), (None, "unknown")])
def test_one_of(value, outcome):
    params = {"field": "membership", "values": ["full", "probationary"]}
    assert outcome_of("one_of", params, person={"membership": value}) == outcome


@pytest.mark.parametrize(
    ("value", "degree", "outcome"),
    [
        ("none", "hardship", "met"),
        ("none", "exceptional_hardship", "met"),
        ("none", "not_hard", "not_met"),
        ("none", None, "unknown"),
        (None, "hardship", "unknown"),
        ("full", None, "not_met"),
        (None, "not_hard", "not_met"),
    ],
)
def test_one_of_with_a_degree(value, degree, outcome):
    params = {"field": "membership", "values": ["none"], "degree": "hardship"}
    assert outcome_of("one_of", params, person={"membership": value}, case={"degree": degree}) == outcome


@pytest.mark.parametrize(("value", "outcome"), [("农村", "met"), ("城镇", "not_met"), (None, "unknown")])
def test_one_of_the_packs_own(value, outcome):
    known = {"fields": OWN_FIELDS, "answers": {"place": {"text": value}}}
    assert outcome_of("one_of", {"field": "place", "values": ["农村"]}, **known) == outcome


@pytest.mark.parametrize(
    ("tags", "outcome"),
    [
        (["first_secretary"], "met"),
        (["veteran_member", "village_official"], "met"),
        (["veteran_member"], "not_met"),
        ([], "not_met"),
        (None, "unknown"),
    ],
)
def test_tagged(tags, outcome):
    assert outcome_of("tagged", {"any_of": ["first_secretary", "village_official"]}, person={"tags": tags}) == outcome


@pytest.mark.parametrize(
    ("tags", "degree", "outcome"),
    [
        (["veteran_member"], "hardship", "met"),
        (["veteran_member"], "not_hard", "not_met"),
        (["veteran_member"], None, "unknown"),
        ([], None, "not_met"),
        (None, "hardship", "unknown"),
        (None, "not_hard", "not_met"),
    ],
)
def test_tagged_with_a_degree(tags, degree, outcome):
    params = {"any_of": ["veteran_member"], "degree": "hardship"}
    assert outcome_of("tagged", params, person={"tags": tags}, case={"degree": degree}) == outcome


@pytest.mark.parametrize(
    ("found", "least", "outcome"),
    [
        ("not_hard", "hardship", "not_met"),
        ("hardship", "hardship", "met"),
        ("exceptional_hardship", "hardship", "met"),
        ("hardship", "exceptional_hardship", "not_met"),
        (None, "hardship", "unknown"),
    ],
)
def test_degree_at_least(found, least, outcome):
    assert outcome_of("degree_at_least", {"degree": least}, case={"degree": found}) == outcome


# -- numbers -----------------------------------------------------------------------------------------------------

TRIPLETS = [
    ("at_least", ("not_met", "met", "met")),
    ("above", ("not_met", "not_met", "met")),
    ("at_most", ("met", "met", "not_met")),
    ("below", ("met", "not_met", "not_met")),
]


@pytest.mark.parametrize(("bound", "outcomes"), TRIPLETS)
def test_a_number_against_each_kind_of_bound(bound, outcomes):
    for minors, outcome in zip((2, 3, 4), outcomes, strict=True):
        assert outcome_of("number", {"field": "minors", bound: 3}, household={"minors": minors}) == outcome
    assert outcome_of("number", {"field": "minors", bound: 3}, household={"minors": None}) == "unknown"


@pytest.mark.parametrize(("bound", "outcomes"), TRIPLETS)
def test_money_against_each_kind_of_bound_to_the_fen(bound, outcomes):
    for fen, outcome in zip((999_999, 1_000_000, 1_000_001), outcomes, strict=True):
        known = {"fields": OWN_FIELDS, "answers": {"expense": {"number": fen}}}
        assert outcome_of("number", {"field": "expense", bound: "1万"}, **known) == outcome


@pytest.mark.parametrize(
    ("months", "outcome"), [(2, "not_met"), (3, "met"), (11, "met"), (12, "not_met"), (None, "unknown")]
)
def test_a_number_between_two_bounds(months, outcome):
    known = {"fields": OWN_FIELDS, "answers": {"months": {"number": months}}}
    assert outcome_of("number", {"field": "months", "at_least": 3, "below": 12}, **known) == outcome


@pytest.mark.parametrize(
    ("joined", "as_of", "outcome"),
    [
        (date(1970, 1, 15), TODAY, "met"),
        (date(1970, 1, 16), TODAY, "not_met"),
        (date(1970, 1, 14), TODAY, "met"),
        (date(1972, 2, 29), date(2022, 2, 28), "not_met"),
        (date(1972, 2, 29), date(2022, 3, 1), "met"),
        (date(1972, 2, 28), date(2022, 2, 28), "met"),
        (date(1972, 3, 1), date(2022, 2, 28), "not_met"),
        (None, TODAY, "unknown"),
    ],
)
def test_party_years_count_full_years_to_the_day(joined, as_of, outcome):
    params = {"field": "party_years", "at_least": 50}
    assert outcome_of("number", params, as_of=as_of, person={"full_member_on": joined}) == outcome


def test_an_age_that_has_not_begun_is_unknown():
    params = {"field": "age", "at_most": 18}
    assert outcome_of("number", params, person={"born_on": date(2020, 1, 15)}) == "met"
    assert outcome_of("number", params, person={"born_on": date(2020, 1, 16)}) == "unknown"


@pytest.mark.parametrize(
    ("as_of", "fen", "outcome"),
    [
        (date(2019, 6, 30), 1, "unknown"),  # before the first value nobody knows the line
        (date(2019, 7, 1), 50_000, "met"),
        (date(2019, 7, 1), 50_001, "not_met"),
        (date(2019, 12, 31), 50_001, "not_met"),
        (date(2020, 1, 1), 56_000, "met"),
        (date(2020, 1, 1), 56_001, "not_met"),
    ],
)
def test_a_bound_may_be_a_dated_parameter(as_of, fen, outcome):
    known = {"fields": OWN_FIELDS, "answers": {"expense": {"number": fen}}, "parameters": (LINE,)}
    assert outcome_of("number", {"field": "expense", "at_most": {"parameter": "line"}}, as_of=as_of, **known) == outcome


@pytest.mark.parametrize(("fen", "outcome"), [(74_666, "met"), (74_667, "not_met")])
def test_a_multiple_of_a_parameter_is_exact(fen, outcome):
    known = {"fields": OWN_FIELDS, "answers": {"expense": {"number": fen}}, "parameters": (LINE,)}
    # 560 yuan × 4/3 = 746.666… yuan: no rounding on the way.
    limit = {"parameter": "line", "times": "4/3"}
    assert outcome_of("number", {"field": "expense", "at_most": limit}, **known) == outcome


@pytest.mark.parametrize(
    ("expense", "income", "outcome"),
    [
        (500, 1000, "met"),
        (499, 1000, "not_met"),
        (501, 1000, "met"),
        (500, 1001, "not_met"),
        (0, 0, "met"),
        (None, 1000, "unknown"),
        (500, None, "unknown"),
    ],
)
def test_compare_shares_exactly(expense, income, outcome):
    params = {"field": "expense", "of": "yearly_income", "at_least": "50%"}
    known = {"fields": OWN_FIELDS, "answers": {"expense": {"number": expense}}}
    assert outcome_of("compare", params, household={"yearly_income_fen": income}, **known) == outcome


@pytest.mark.parametrize(("expense", "outcome"), [(333, "not_met"), (334, "met")])
def test_compare_with_a_third(expense, outcome):
    params = {"field": "expense", "of": "yearly_income", "above": "1/3"}
    known = {"fields": OWN_FIELDS, "answers": {"expense": {"number": expense}}}
    assert outcome_of("compare", params, household={"yearly_income_fen": 1000}, **known) == outcome


# -- households ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("measure", "column"), [("size", "size"), ("minors", "minors")])
def test_household_counts(measure, column):
    for number, outcome in ((2, "not_met"), (3, "met"), (4, "met"), (None, "unknown")):
        assert outcome_of("household", {"measure": measure, "at_least": 3}, household={column: number}) == outcome


@pytest.mark.parametrize(("fen", "outcome"), [(5_999_999, "met"), (6_000_000, "not_met"), (None, "unknown")])
def test_household_income(fen, outcome):
    params = {"measure": "yearly_income", "below": "6万"}
    assert outcome_of("household", params, household={"yearly_income_fen": fen}) == outcome


@pytest.mark.parametrize(
    ("income", "size", "outcome"),
    [
        (300_000, 3, "met"),
        (300_001, 3, "not_met"),  # a third of a fen too much
        (299_999, 3, "met"),
        (100, 0, "unknown"),
        (None, 3, "unknown"),
        (300_000, None, "unknown"),
    ],
)
def test_per_head_income_is_not_rounded(income, size, outcome):
    params = {"measure": "per_head_income", "at_most": "1000"}
    assert outcome_of("household", params, household={"yearly_income_fen": income, "size": size}) == outcome


WEIGHTS = {"measure": "per_head_income", "at_most": "1000", "weights": {"child": "1/2", "parent": "2/3"}}


@pytest.mark.parametrize(
    ("relations", "income", "outcome"),
    [
        (["spouse", "child"], 250_000, "met"),  # 1 + 1 + ½
        (["spouse", "child"], 250_001, "not_met"),
        (["child", "parent"], 216_666, "met"),  # 1 + ½ + ⅔ = 13/6
        (["child", "parent"], 216_667, "not_met"),
        (["self", "child"], 150_000, "met"),  # the person is listed: counted once
        (["self", "child"], 150_001, "not_met"),
        (["spouse", None], 1, "unknown"),
    ],
)
def test_per_head_income_with_fractional_weights(relations, income, outcome):
    size = len(relations) + ("self" not in relations)
    known = {"household": {"yearly_income_fen": income, "size": size}, "members": [{"relation": r} for r in relations]}
    assert outcome_of("household", WEIGHTS, **known) == outcome


def test_weighted_heads_need_the_whole_household():
    known = {"members": [{"relation": "child"}]}

    assert outcome_of("household", WEIGHTS, household={"yearly_income_fen": 1, "size": 5}, **known) == "unknown"
    assert outcome_of("household", WEIGHTS, household={"yearly_income_fen": 1}, **known) == "unknown"
    whole = {"complete": {"household": "present"}, **known}
    assert outcome_of("household", WEIGHTS, household={"yearly_income_fen": 1}, **whole) == "met"
    assert outcome_of("household", WEIGHTS, household={"yearly_income_fen": 1, "size": 1}) == "unknown"


@given(
    income=st.integers(0, 10_000_000),
    children=st.integers(0, 4),
    parents=st.integers(0, 3),
    child=st.fractions(0, 1, max_denominator=7),
    parent=st.fractions(0, 1, max_denominator=5),
    limit=st.integers(1, 5_000_000),
)
@settings(max_examples=60, deadline=None)
def test_weighted_per_head_income_agrees_with_fractions(income, children, parents, child, parent, limit):
    relations = ["child"] * children + ["parent"] * parents
    params = {
        "measure": "per_head_income",
        "at_most": f"{limit // 100}.{limit % 100:02d}",
        "weights": {"child": str(child), "parent": str(parent)},
    }
    known = {
        "household": {"yearly_income_fen": income, "size": len(relations) + 1},
        "members": [{"relation": relation} for relation in relations],
    }
    expected = "unknown" if not relations else None
    expected = expected or (
        "met" if Fraction(income) / (1 + children * child + parents * parent) <= limit else "not_met"
    )

    assert outcome_of("household", params, **known) == expected


# -- dates -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bound", "outcomes"),
    [
        ("on_or_after", ("not_met", "met", "met")),
        ("after", ("not_met", "not_met", "met")),
        ("on_or_before", ("met", "met", "not_met")),
        ("before", ("met", "not_met", "not_met")),
    ],
)
def test_dates_against_each_kind_of_bound(bound, outcomes):
    params = {"field": "joined_party_on", bound: date(1949, 10, 1)}
    for day, outcome in zip((date(1949, 9, 30), date(1949, 10, 1), date(1949, 10, 2)), outcomes, strict=True):
        assert outcome_of("date", params, person={"joined_party_on": day}) == outcome
    assert outcome_of("date", params, person={"joined_party_on": None}) == "unknown"


def test_a_date_between_two_bounds_of_the_packs_own():
    params = {"field": "since", "after": date(2019, 1, 1), "before": date(2020, 1, 1)}
    for day, outcome in [(date(2019, 1, 1), "not_met"), (date(2019, 6, 1), "met"), (date(2020, 1, 1), "not_met")]:
        assert outcome_of("date", params, fields=OWN_FIELDS, answers={"since": {"date": day}}) == outcome


# -- causes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("causes", "mark", "outcome"),
    [
        ([{"cause": "own_illness", "affected": "self"}], None, "met"),
        ([{"cause": "disaster"}, {"cause": "own_illness", "affected": "self"}], "present", "met"),
        ([{"cause": "disaster", "affected": "self"}], "present", "not_met"),
        ([{"cause": "disaster", "affected": "self"}], None, "unknown"),
        ([{"cause": "disaster", "affected": "self"}], "unchecked", "unknown"),
        ([{"cause": "own_illness", "affected": "spouse"}], "present", "not_met"),
        ([{"cause": "own_illness", "affected": None}], "present", "unknown"),
        ([{"cause": None, "affected": "self"}], "present", "unknown"),
        ([{"cause": None, "affected": "spouse"}], "present", "not_met"),
        ([], "none", "not_met"),
        ([], "unchecked", "unknown"),
        ([], None, "unknown"),
    ],
)
def test_cause(causes, mark, outcome):
    params = {"any_of": ["own_illness", "own_accident"], "affected": ["self"]}
    assert outcome_of("cause", params, causes=causes, complete={"causes": mark}) == outcome


@pytest.mark.parametrize(
    ("degree", "outcome"),
    [("exceptional_hardship", "met"), ("hardship", "not_met"), ("not_hard", "not_met"), (None, "unknown")],
)
def test_cause_with_a_degree(degree, outcome):
    params = {"any_of": ["own_illness"], "degree": "exceptional_hardship"}
    known = {"causes": [{"cause": "own_illness"}], "case": {"degree": degree}}
    assert outcome_of("cause", params, **known) == outcome


@pytest.mark.parametrize(
    ("causes", "mark", "outcome"),
    [
        ([{"cause": "schooling", "main": True}, {"cause": "own_illness", "main": False}], None, "met"),
        ([{"cause": "own_illness", "main": True}, {"cause": "schooling", "main": False}], None, "not_met"),
        ([{"cause": "schooling"}], "present", "needs_judgement"),  # a single cause is not thereby the main one
        ([{"cause": "schooling", "main": True}, {"cause": "disaster", "main": True}], None, "needs_judgement"),
        ([{"cause": None, "main": True}], None, "needs_judgement"),
        ([], None, "needs_judgement"),
        ([], "none", "not_met"),
    ],
)
def test_only_a_person_names_the_main_cause(causes, mark, outcome):
    known = {"causes": causes, "complete": {"causes": mark}}
    assert outcome_of("main_cause", {"any_of": ["schooling", "house_purchase"]}, **known) == outcome


# -- aid -----------------------------------------------------------------------------------------------------------


def aid(**more):
    return [
        {"source": "示例县总工会", "kind": "union_relief", "status": "granted", "on": date(2020, 1, 8), "own": False}
        | more
    ]


@pytest.mark.parametrize(
    ("rows", "mark", "outcome"),
    [
        (aid(), None, "met"),
        (aid(status="applied"), "present", "not_met"),
        (aid(status=None), "present", "unknown"),
        (aid(kind="civil_relief"), "present", "not_met"),
        (aid(kind=None), "present", "unknown"),
        (aid(source="示例县民政局"), "present", "not_met"),
        (aid(source=None), "present", "unknown"),
        (aid(on=None), "present", "unknown"),
        (aid(own=True), "present", "not_met"),
        (aid(own=None), "present", "unknown"),
        (aid(kind="civil_relief"), None, "unknown"),
        (aid(kind="civil_relief") + aid(), None, "met"),
        ([], "none", "not_met"),
        ([], "unchecked", "unknown"),
        ([], None, "unknown"),
    ],
)
def test_other_aid(rows, mark, outcome):
    params = {"kinds": ["union_relief"], "source": "示例县总工会"}
    assert outcome_of("aid", params, aid=rows, complete={"aid": mark}) == outcome


def test_other_aid_may_count_from_the_application():
    params = {"status": ["applied", "granted"]}
    for status, outcome in [("applied", "met"), ("granted", "met"), ("refused", "not_met")]:
        assert outcome_of("aid", params, aid=aid(status=status), complete={"aid": "present"}) == outcome


WINDOWS = [
    ({"span": "calendar_year"}, TODAY, date(2020, 1, 1), True),
    ({"span": "calendar_year"}, TODAY, date(2019, 12, 31), False),
    ({"span": "calendar_year"}, TODAY, TODAY, True),
    ({"span": "calendar_year"}, TODAY, date(2020, 1, 16), False),  # not yet given
    ({"span": "years", "years": 1}, TODAY, date(2019, 1, 15), True),
    ({"span": "years", "years": 1}, TODAY, date(2019, 1, 14), False),
    ({"span": "years", "years": 3}, TODAY, date(2017, 1, 15), True),
    ({"span": "years", "years": 3}, TODAY, date(2017, 1, 14), False),
    ({"span": "years", "years": 1}, date(2020, 2, 29), date(2019, 3, 1), True),
    ({"span": "years", "years": 1}, date(2020, 2, 29), date(2019, 2, 28), False),
    ({"span": "years", "years": 4}, date(2020, 2, 29), date(2016, 2, 29), True),
    ({"span": "years", "years": 4}, date(2020, 2, 29), date(2016, 2, 28), False),
    ({"span": "ever"}, TODAY, date(1980, 1, 1), True),
    ({"span": "ever"}, TODAY, date(2020, 1, 16), False),
]


@pytest.mark.parametrize(("window", "as_of", "on", "inside"), WINDOWS)
def test_windows(window, as_of, on, inside):
    outcome = "met" if inside else "not_met"
    known = {"as_of": as_of, "complete": {"aid": "present"}}

    assert outcome_of("aid", {"window": window}, aid=aid(on=on), **known) == outcome
    assert outcome_of("repeat_aid", {"window": window}, aid=aid(on=on, own=True), **known) == outcome


def test_a_window_that_ends_in_a_century_without_a_leap_day():
    assert Window(span="years", years=4).opens_on(date(2104, 2, 29)) == date(2100, 3, 1)


@pytest.mark.parametrize(("round_id", "outcome"), [("now", "met"), ("before", "not_met"), (None, "not_met")])
def test_a_window_of_this_round(round_id, outcome):
    params = {"window": {"span": "round"}}
    known = {"complete": {"aid": "present"}}

    assert outcome_of("aid", params, aid=aid(round_id=round_id), **known) == outcome
    assert outcome_of("repeat_aid", params, aid=aid(round_id=round_id, own=True), **known) == outcome


@pytest.mark.parametrize(
    ("rows", "mark", "outcome"),
    [
        (aid(own=True), None, "met"),
        (aid(own=True, status="applied"), None, "not_met"),
        (aid(own=True, on=None), None, "unknown"),
        (aid(own=True, round_id="now"), None, "not_met"),  # what this round pays does not repeat itself
        (aid(own=True, round_id="before"), None, "met"),
        (aid(own=False), None, "not_met"),  # another channel: not asked
        (aid(own=None), None, "unknown"),
        ([], None, "not_met"),  # what this ledger paid it knows completely
        ([], "unchecked", "not_met"),
    ],
)
def test_repeat_aid_of_this_ledger(rows, mark, outcome):
    assert outcome_of("repeat_aid", {}, aid=rows, complete={"aid": mark}) == outcome


@pytest.mark.parametrize(
    ("rows", "mark", "outcome"),
    [
        (aid(own=False), None, "met"),
        (aid(own=None), None, "met"),
        (aid(own=True), None, "met"),
        (aid(kind="visit"), "present", "not_met"),
        (aid(kind="visit"), None, "unknown"),
        ([], None, "unknown"),
        ([], "none", "not_met"),
    ],
)
def test_repeat_aid_over_all_channels(rows, mark, outcome):
    params = {"scope": "all", "kinds": ["union_relief"]}
    assert outcome_of("repeat_aid", params, aid=rows, complete={"aid": mark}) == outcome


def test_repeat_aid_outside_any_round_counts_everything():
    policy = a_policy(a_clause("C", "repeat_aid", {}, kind="repeat_aid"))

    found = assess(facts_of(a_case(aid=aid(own=True)), round_id=""), policy=policy)

    assert found["outcome"][1] == "met"


def test_the_aid_that_is_named_is_the_latest_that_counts():
    rows = [
        *aid(source="甲"),
        *aid(source="乙", on=date(2020, 1, 9)),
        *aid(source="丙", own=True, on=date(2020, 1, 10)),
    ]

    assert json.loads(finding("aid", {}, aid=rows)["values"])["aid"] == "2020-01-09 乙"
    assert json.loads(finding("repeat_aid", {}, aid=rows)["values"])["aid"] == "2020-01-10 丙"


# -- honours and papers ----------------------------------------------------------------------------------------------


def honours(*levels):
    return [{"title": "优秀共产党员", "level": level} for level in levels]


@pytest.mark.parametrize(
    ("levels", "mark", "outcome"),
    [
        (["县级", "市级"], None, "met"),
        (["县级", "市级", "乡级"], "present", "met"),
        (["县级", "乡级"], "present", "not_met"),
        (["县级", None], "present", "unknown"),
        (["县级"], "present", "not_met"),
        (["县级"], None, "unknown"),
        (["县级"], "unchecked", "unknown"),
        ([], "none", "not_met"),
        ([], None, "unknown"),
    ],
)
def test_honoured_at_least_twice_at_some_level(levels, mark, outcome):
    params = {"at_least": 2, "levels": ["县级", "市级"]}
    assert outcome_of("honoured", params, honours=honours(*levels), complete={"honours": mark}) == outcome


def test_honoured_at_any_level():
    assert outcome_of("honoured", {}, honours=honours(None)) == "met"
    assert outcome_of("honoured", {}, complete={"honours": "none"}) == "not_met"


def papers(*documents, **more):
    return [{"document": document, "original_seen": True, "copy_kept": False} | more for document in documents]


@pytest.mark.parametrize(
    ("rows", "mark", "every", "some"),
    [
        (papers("甲", "乙"), None, "met", "met"),
        (papers("甲"), "present", "not_met", "met"),
        (papers("甲"), None, "unknown", "met"),
        (papers("丙"), "present", "not_met", "not_met"),
        (papers(None), "present", "unknown", "unknown"),
        (papers("甲", "乙", original_seen=False, copy_kept=True), None, "met", "met"),
        (papers("甲", "乙", original_seen=False), "present", "not_met", "not_met"),
        (papers("甲", "乙", original_seen=None), "present", "unknown", "unknown"),
        ([], "none", "not_met", "not_met"),
        ([], None, "unknown", "unknown"),
    ],
)
def test_evidence(rows, mark, every, some):
    known = {"evidence": rows, "complete": {"evidence": mark}}
    assert outcome_of("evidence", {"documents": ["甲", "乙"], "need": "all"}, **known) == every
    assert outcome_of("evidence", {"documents": ["甲", "乙"], "need": "any"}, **known) == some


@pytest.mark.parametrize(
    ("causes", "causes_mark", "rows", "outcome"),
    [
        ([{"cause": "own_illness"}], None, [], "not_met"),
        ([{"cause": "own_illness"}], None, papers("甲"), "met"),
        ([{"cause": "disaster"}], "present", [], "met"),  # not asked for
        ([{"cause": "disaster"}], None, [], "unknown"),
        ([], None, papers("甲"), "met"),
    ],
)
def test_evidence_for_a_cause(causes, causes_mark, rows, outcome):
    params = {"documents": ["甲"], "when_cause": ["own_illness"]}
    known = {"causes": causes, "evidence": rows, "complete": {"causes": causes_mark, "evidence": "present"}}
    assert outcome_of("evidence", params, **known) == outcome


def test_papers_that_are_lacking_are_named():
    found = finding("evidence", {"documents": ["甲", "乙", "丙"]}, evidence=papers("乙"))

    assert json.loads(found["values"]) == {"lacking": ["甲", "丙"]}


# -- a person's mark ---------------------------------------------------------------------------------------------------


def marked(*marks):
    policy = a_policy(a_clause("C", ask="是否属实？", reading="由单位认定。"))
    rows = [{"clause_id": "C", "value": value, "on": on} for value, on in marks]
    return assess(facts_of(a_case(marks=rows)), policy=policy)["outcome"][1]


@pytest.mark.parametrize(
    ("value", "outcome"),
    [("present", "met"), ("none", "not_met"), ("unchecked", "needs_judgement"), (None, "needs_judgement")],
)
def test_a_persons_mark(value, outcome):
    assert marked((value, TODAY)) == outcome


def test_the_latest_mark_counts_whatever_the_order_of_rows():
    early, late = ("present", date(2020, 1, 2)), ("none", date(2020, 1, 3))

    assert marked(early, late) == marked(late, early) == "not_met"
    assert marked() == "needs_judgement"


def test_marks_that_contradict_each_other_need_a_person():
    assert marked(("present", TODAY), ("none", TODAY)) == "needs_judgement"
    assert marked(("present", TODAY), ("none", None)) == "needs_judgement"
    assert marked(("present", TODAY), ("present", None)) == "met"
    assert marked(("unchecked", TODAY), ("none", date(2020, 1, 2))) == "needs_judgement"


def test_a_mark_for_another_clause_says_nothing():
    policy = a_policy(a_clause("C", ask="是否属实？", reading="由单位认定。"))
    facts = facts_of(a_case(marks=[{"clause_id": "D", "value": "present", "on": TODAY}]))

    assert assess(facts, policy=policy)["outcome"][1] == "needs_judgement"


def test_the_values_a_sentence_needs_stand_beside_the_outcome():
    found = finding("number", {"field": "party_years", "at_least": 50}, person={"full_member_on": date(1969, 1, 2)})

    assert (found["code"], json.loads(found["values"])) == ("number", {"party_years": 51})
