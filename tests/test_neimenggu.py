"""The Inner Mongolia circular of 2022: what its pack must say, checked against the printed words."""

from __future__ import annotations

import re
from datetime import date, datetime

import pytest

from casework.dates import on_time
from casework.facts import Facts
from casework.policy import load_policy
from casework.rules import assess, verdicts
from casework.shapes import amounts, conditions, limits, procedure
from casework.vocabulary import Force, Kind, Stage, Subject

ISSUED = date(2022, 12, 13)


@pytest.fixture(scope="module")
def policy():
    return load_policy("neimenggu-2022")


def outcomes(policy, *, as_of=ISSUED, degree="exceptional_hardship", unit_kind="organ_committee", **more):
    """Outcomes by clause, and the verdict, of one member with a recorded illness and nothing else."""
    person = {"person_id": "p", "beneficiary": "member", "membership": "full", "tags": more.pop("tags", [])}
    cause = more.pop("cause", "own_illness")
    facts = Facts.build(
        as_of=as_of,
        cases=[{"case_id": "c", "person_id": "p", "unit_id": "u", "category": "exceptional", "degree": degree}],
        people=[person],
        units=[{"unit_id": "u", "kind": unit_kind, "members": 300}],
        causes=[{"case_id": "c", "cause": cause, "affected": "self", "main": True}],
        aid=more.pop("aid", []),
        completeness=[{"list": name, "case_id": "c", "mark": "present"} for name in ("aid", "causes")],
    )
    findings = assess(facts, policy=policy)
    found = dict(zip(findings["clause_id"], findings["outcome"], strict=True))
    return found | {"verdict": verdicts(findings, policy=policy)["verdict"][0]}


def test_the_head_of_the_circular(policy):
    assert (policy.number, policy.issued_on) == ("内直党工发〔2022〕26号", ISSUED)
    assert policy.issuer == "中共内蒙古自治区直属机关工作委员会"
    assert len(policy.basis) >= 1
    assert all(clause.label and len(clause.label) <= 12 for clause in policy.clauses)


def test_five_conditions_of_ten_sentences_any_of_which_is_enough(policy):
    (group,) = policy.groups
    assert group.mode == "any_of"
    assert group.members == tuple(c.id for c in policy.clauses if re.match(r"IM-2\.3\.[1-5]", c.id))
    assert len(group.members) == 10


@pytest.mark.parametrize(
    ("clause", "degree"),
    [
        *((f"IM-2.3.{n}", "exceptional_hardship") for n in ("1a", "1b", "5")),
        *((f"IM-2.3.{n}", "hardship") for n in ("2a", "2b", "2c", "3c", "4")),
        *((f"IM-2.3.{n}", None) for n in ("3a", "3b")),  # the words ask for no degree
    ],
)
def test_the_degree_each_condition_asks_for(policy, clause, degree):
    assert policy.clause(clause).shape.degree == degree


@pytest.mark.parametrize("spending", ["schooling", "house_purchase", "car_purchase", "similar_spending"])
def test_no_spending_that_is_excluded_is_a_condition(policy, spending):
    excluded = {c for _, s in policy.of_shape(conditions.MainCause) for c in s.any_of}
    counted = {c for _, s in policy.of_shape(conditions.Cause) for c in s.any_of}
    assert spending in excluded
    assert spending not in counted


@pytest.mark.parametrize(("members", "places"), [(0, 4), (1, 4), (999, 4), (1000, 10), (1001, 10), (5000, 10)])
def test_the_bands_leave_no_gap_and_1000_belongs_to_the_upper_one(policy, members, places):
    fitting = [
        band.places
        for _, band in policy.of_shape(limits.QuotaByHeadcount)
        if band.first <= members and (band.last is None or members <= band.last)
    ]
    assert fitting == [places]


def test_the_caps_are_soft_and_hard_pressed_units_may_get_more(policy):
    bands = [clause for clause, _ in policy.of_shape(limits.QuotaByHeadcount)]
    assert [clause.force for clause in bands] == [Force.NORMALLY] * 2
    more = policy.clause("IM-3.3.6")
    assert (more.force, more.subject, more.excepts) == (Force.MAY, Subject.UNIT, tuple(c.id for c in bands))
    assert more.ask, "how many is for a body to say"


def test_no_amount_is_fixed_and_no_fund_is_named(policy):
    rates = [shape for clause in policy.of_kind(Kind.RATE) if (shape := clause.shape)]
    assert [type(shape) for shape in rates] == [amounts.AmountOpen]
    assert list(policy.of_shape(procedure.FundSource)) == []


def test_priorities_count_alike_by_our_choice(policy):
    ((clause, order),) = policy.of_shape(procedure.PriorityOrder)
    assert order.order == "count"
    assert clause.defaults == ("order",)
    assert order.clauses == ("IM-3.1.1", "IM-3.1.2", "IM-3.1.3", "IM-3.1.4")
    assert {policy.clause(name).kind for name in order.clauses} == {Kind.PRIORITY}


def test_the_steps_run_from_the_survey_to_the_units_own_list(policy):
    steps = [(step.stage, step.after) for _, step in policy.of_shape(procedure.Step)]
    before = dict(steps)
    chain = [Stage.SURVEY, Stage.SCREENING, Stage.UNIT_REVIEW, Stage.NOMINATION, Stage.DETERMINATION]
    assert [before[stage] for stage in chain] == [(), *((stage,) for stage in chain[:-1])]
    decided = [step.bodies for _, step in policy.of_shape(procedure.Step) if step.decision]
    assert decided == [("各单位",), ("工委委员会",)]
    assert [clause.id for clause, _ in policy.of_shape(procedure.RouteToUnit)] == ["IM-3.4.3"]


def test_the_notice_follows_the_decision_and_its_days_are_not_ours_to_choose(policy):
    ((clause, notice),) = policy.of_shape(procedure.PublicNotice)
    assert notice.days is None
    assert notice.channel == "机关党建网"
    assert notice.after == (Stage.DETERMINATION,)
    assert "columns" in clause.defaults


def test_the_deadline_day_itself_is_on_time(policy):
    ((clause, deadline),) = policy.of_shape(procedure.Deadline)
    assert deadline.at == date(2022, 12, 28)
    assert deadline.inclusive
    assert "inclusive" in clause.defaults
    evening = "2022-12-{}T23:59:59+08:00"
    moments = {day: datetime.fromisoformat(evening.format(day)) for day in (28, 29)}
    assert [on_time(moment, due_on=deadline.at) for moment in moments.values()] == [True, False]


def test_exactly_two_forms_and_the_year_over_the_second(policy):
    (_, first), (_, second) = policy.of_shape(procedure.FormDefinition)
    assert (first.form, first.annex, second.form, second.annex) == (
        "registration_form",
        "附件1",
        "person_return",
        "附件2",
    )
    assert second.title == "2023年区直机关困难党员统计表"
    assert second.aliases == ("2022年区直机关困难党员统计表",)
    assert second.blank_rows == 10
    header = next(line for line in policy.source_text.splitlines() if line.startswith("序号\t"))
    assert list(second.columns) == header.split("\t")
    assert second.columns.index("工作时间") < second.columns.index("入党时间")
    assert first.columns.index("参加工作时间") > first.columns.index("入党时间")
    assert "2022" in policy.clause("IM-A2.3").note


def test_degree_sends_a_case_to_the_unit_or_to_the_committee(policy):
    assert outcomes(policy)["verdict"] == "eligible"
    assert outcomes(policy, degree="hardship")["verdict"] == "refused"
    veteran = {"cause": "other", "tags": ["veteran_member"]}
    assert outcomes(policy, degree="hardship", **veteran)["verdict"] == "needs_exception"
    assert outcomes(policy, degree="hardship", tags=["line_of_duty_disability"])["verdict"] == "eligible"
    unknown = outcomes(policy, degree=None)
    assert (unknown["IM-2.3.1a"], unknown["verdict"]) == ("unknown", "waiting")


@pytest.mark.parametrize(
    ("as_of", "on", "outcome"),
    [
        (ISSUED, date(2022, 11, 1), "met"),
        (date(2023, 1, 10), date(2022, 11, 1), "met"),  # the round runs over New Year
        (ISSUED, date(2021, 12, 13), "met"),
        (ISSUED, date(2021, 12, 12), "not_met"),
        (ISSUED, date(2019, 11, 1), "not_met"),
    ],
)
def test_union_relief_counts_for_a_year(policy, as_of, on, outcome):
    aid = {"person_id": "p", "source": "自治区直属机关工会工委", "kind": "union_relief", "own": False, "on": on}
    assert outcomes(policy, as_of=as_of, aid=[aid | {"status": "granted"}])["IM-3.1.5"] == outcome
    for status in ("applied", "refused"):
        assert outcomes(policy, as_of=as_of, aid=[aid | {"status": status}])["IM-3.1.5"] == "not_met"


def test_only_the_addressees_declare(policy):
    kinds = ("organ_committee", "direct_committee", "general_branch", "branch")
    assert [outcomes(policy, unit_kind=kind)["IM-0.2"] for kind in kinds] == ["met", "met", "not_met", "not_met"]


def test_what_units_do_for_themselves_gives_no_finding(policy):
    found = outcomes(policy)
    assert not {"IM-1.1", "IM-2.3.0", "IM-3.2.1", "IM-3.3.2", "IM-3.3.6", "IM-4.5"} & found.keys()


def test_what_is_not_in_the_source_is_marked(policy):
    marked = {clause.id: clause.defaults for clause in policy.clauses if clause.defaults}
    assert marked == {
        "IM-3.1.0": ("order",),
        "IM-3.1.5": ("window",),
        "IM-3.4.2": ("columns",),
        "IM-4.3": ("inclusive",),
    }
    assert all(policy.clause(name).reading for name in marked)
