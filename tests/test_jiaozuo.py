"""The Jiaozuo circular of 2018: what its pack must say, checked against the printed words."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from casework.allocation.ranking import priority_key
from casework.dates import Calendar, public_notice_end, spring_festival
from casework.facts import Facts
from casework.policy import load_policy, parse_pack, read_pack
from casework.rules import assess, verdicts
from casework.shapes import amounts, conditions, procedure
from casework.vocabulary import Force, Kind, Stage


@pytest.fixture(scope="module")
def policy():
    return load_policy("jiaozuo-2018")


def deadline(policy, clause_id):
    return policy.clause(clause_id).shape.at


def test_every_catalogued_sentence_is_a_clause_without_warnings(policy):
    assert len(policy.clauses) == 83
    assert policy.warnings == ()
    assert all(clause.label and len(clause.label) <= 12 for clause in policy.clauses)


def test_numbers_of_the_circular(policy):
    assert policy.clause("JZ-M4.2.2").shape.days == 7
    assert policy.clause("JZ-N2.7").shape.days is None  # the renewal path states no days
    assert deadline(policy, "JZ-N2.1") == date(2018, 11, 30)
    assert deadline(policy, "JZ-N2.9") == date(2018, 12, 10)
    assert deadline(policy, "JZ-N3.5") == date(2018, 12, 10)


def test_before_the_spring_festival_is_the_day_before_it(policy):
    eve = spring_festival(2019) - timedelta(days=1)
    assert deadline(policy, "JZ-M5.1.1") == eve == date(2019, 2, 4)
    assert policy.clause("JZ-M3.2").shape.last == eve
    assert policy.clause("JZ-M5.1.1").force is Force.IN_PRINCIPLE


@pytest.mark.parametrize(
    ("posted", "last"),
    [
        (date(2018, 12, 1), date(2018, 12, 8)),
        (date(2018, 12, 2), date(2018, 12, 9)),  # the latest posting that meets 10 December
        (date(2018, 12, 3), date(2018, 12, 10)),  # ends on the deadline itself: handing in is possible on the 11th
    ],
)
def test_seven_days_of_public_notice(policy, posted, last):
    notice = policy.clause("JZ-M4.2.2").shape
    ends = public_notice_end(
        posted,
        notice.days,
        day_kind=notice.day_kind,
        count_posting_day=notice.count_posting_day,
        calendar=Calendar(),
    )
    assert ends == last
    assert (ends < deadline(policy, "JZ-N3.5")) == (posted <= date(2018, 12, 2))


def test_two_paths_have_their_own_steps(policy):
    chains = {
        path: [shape.stage for _, shape in policy.of_shape(procedure.Step) if not shape.paths or path in shape.paths]
        for path, _ in policy.paths
    }
    common = [Stage.PROPOSAL, Stage.DETERMINATION, Stage.PAYMENT, Stage.RECEIPT]
    assert chains["renew"] == [Stage.SURVEY, Stage.BRANCH_MEETING, *common]
    assert chains["new"] == [
        Stage.APPLICATION,
        Stage.SURVEY,
        Stage.FIRST_REVIEW,
        Stage.WITHDRAWN,
        Stage.SECOND_REVIEW,
        *common,
    ]
    assert policy.clause("JZ-M4.3.1").shape.after == (Stage.PUBLIC_NOTICE,)


def test_no_amount_is_fixed_and_the_money_is_dues(policy):
    opened = [shape.category for _, shape in policy.of_shape(amounts.AmountOpen)]
    assert sorted(opened) == ["relief", "visit"]
    ((_, fund),) = policy.of_shape(procedure.FundSource)
    assert (fund.fund, fund.fen, fund.pass_through) == ("dues", None, True)


def test_the_eight_grounds_are_only_ever_asked(policy):
    grounds = [clause for clause in policy.of_kind(Kind.EXCLUSION) if clause.id != "JZ-M2.2.0"]
    assert len(grounds) == 8
    assert all(clause.ask and clause.shape is None for clause in grounds)


def test_urgent_need_puts_people_first_and_nothing_else(policy):
    key, best, across_units = priority_key(policy)
    cases = pl.DataFrame(
        {"met": [["JZ-N4.2"], [], []], "unanswered": [[], [], ["JZ-N4.2"]]},
        schema_overrides={"met": pl.List(pl.String), "unanswered": pl.List(pl.String)},
    )
    weighed = cases.select(key=key, best=best)
    assert weighed["key"].to_list() == [1, 0, 0]
    assert weighed["best"].to_list() == [1, 0, 1]
    assert not across_units


def test_what_is_not_in_the_source_is_marked(policy):
    relatives = [clause for clause, _ in policy.of_shape(conditions.Cause) if clause.shape.affected]
    assert len(relatives) == 3
    assert all(clause.defaults == ("affected",) for clause in relatives)
    assert all("columns" in clause.defaults for clause, _ in policy.of_shape(procedure.FormDefinition))
    assert not any(shape.attached for _, shape in policy.of_shape(procedure.FormDefinition))


def test_the_year_blank_of_the_filing_tables_is_filled(policy):
    titles = {shape.form: shape.title for _, shape in policy.of_shape(procedure.FormDefinition)}
    assert titles == {
        "filing_existing": "困难党员备案统计汇总表",
        "filing_all": "2018年度市直机关困难党员备案统计表",
        "filing_new": "2018年度市直机关新增困难党员备案统计表",
        "approval_form": "生活困难党员救助审批表",
        "ledger": "市直机关困难党员管理台账",
    }


def test_a_ground_can_be_retired_without_touching_older_cases():
    packs = {pack: dict(content) for pack, content in read_pack("jiaozuo-2018").items()}
    toml = packs["jiaozuo-2018"]["policy.toml"].decode()
    retired = toml.replace('id = "JZ-M2.2.3"\n', 'id = "JZ-M2.2.3"\neffective_to = 2020-12-31\n')
    packs["jiaozuo-2018"]["policy.toml"] = retired.encode()
    changed = parse_pack(packs)
    for day, asked in ((date(2020, 12, 31), True), (date(2021, 1, 1), False)):
        facts = Facts.build(as_of=day, cases=[{"case_id": "c", "category": "visit", "path": "new"}])
        findings = assess(facts, policy=changed)
        assert ("JZ-M2.2.3" in findings["clause_id"].to_list()) is asked


def test_nothing_is_decided_about_a_case_of_which_nothing_is_known(policy):
    facts = Facts.build(as_of=policy.issued_on, cases=[{"case_id": "c", "category": "visit", "path": "new"}])
    verdict = verdicts(assess(facts, policy=policy), policy=policy)
    assert verdict["verdict"].to_list() == ["waiting"]
