"""A difference names people, and the one change that moved each of them."""

from __future__ import annotations

from functools import cache

import polars as pl
import pytest
from instances import clause, simple

from casework.allocation import Parameters, parse_settings
from casework.comparison import Assessed, changes, difference, remedies
from casework.facts import Facts
from casework.frames import FINDINGS, VERDICTS, conform, empty
from casework.samples import jianshi, neimenggu


@cache
def assessed(make=jianshi):
    sample = make()
    facts = Facts.build(as_of=sample.as_of, round_id=sample.round_id, units=sample.units, **sample.tables)
    return Assessed.of(facts, sample.policy)


def settings(*given):
    known = assessed()
    return parse_settings(given, policy=known.policy, units=known.facts.units)


def compared(before, after):
    return difference(assessed(), assessed(), before, after)


def test_nothing_changed_moves_nobody():
    assert compared(Parameters(), Parameters()).is_empty()


def test_one_place_more_brings_the_next_of_that_cell():
    before = assessed().allocate(Parameters())
    waiting = before.reserve.filter(
        (pl.col("unit_id") == "js-01") & (pl.col("category") == "frontline") & (pl.col("reason") == "over_places")
    )

    # The fund is spent exactly, so the place needs its money as well.
    rows = compared(settings("fund=184500"), settings("fund=184500", "places.业州镇.frontline=42"))

    assert rows["case_id"].to_list() == [waiting.sort("order")["case_id"][0]]
    assert rows["kind"].to_list() == ["in"]
    assert rows["cause"].to_list() == ["业州镇脱贫攻坚一线干部名额由通知原定改为42名"]
    assert rows["after_fen"].to_list() == [50000]


def test_each_person_carries_the_one_change_that_moved_them():
    after = settings("rate.hardship=400", "places.业州镇.frontline=40", "places.长梁镇.frontline=35")

    rows = compared(Parameters(), after)

    causes = {(row["kind"], row["unit_id"], row["category"]): row["cause"] for row in rows.iter_rows(named=True)}
    assert causes["out", "js-01", "frontline"] == "业州镇脱贫攻坚一线干部名额由通知原定改为40名"
    assert causes["in", "js-02", "frontline"] == "长梁镇脱贫攻坚一线干部名额由通知原定改为35名"
    amounts = rows.filter(pl.col("kind") == "amount")
    assert amounts.height == 124
    assert set(amounts["cause"]) == {"生活困难党员及老党员、老干部、老骨干标准由通知原定改为400元"}
    assert rows.filter(pl.col("kind") == "out")["reason"].to_list() == ["over_places"]


def test_changes_come_in_the_printed_order_and_add_up():
    old, new = settings("rate.family=1000"), settings("fund=20万", "places.花坪镇.hardship=12", "rate.resident=300")
    known = assessed()

    steps = list(changes(known.policy, known.facts.units, old, new))

    assert [step.label for step in steps] == [
        "因公牺牲党员干部家属标准由1000元改为通知原定",
        "生活困难群众标准由通知原定改为300元",
        "花坪镇生活困难党员及老党员、老干部、老骨干名额由通知原定改为12名",
        "留存党费由通知原定改为200000元",
    ]
    assert steps[-1].parameters == new


def test_other_facts_are_a_change_of_their_own():
    old = assessed()
    gone = old.allocate(Parameters()).awards["case_id"][0]
    facts = old.facts.replace(cases=old.facts.cases.filter(pl.col("case_id") != gone))
    new = Assessed.of(facts, old.policy)

    rows = difference(old, new, Parameters(), Parameters())

    assert gone in rows.filter(pl.col("kind") == "out")["case_id"].to_list()
    assert set(rows["cause"]) == {"情况变化"}


def test_a_fund_that_reaches_needs_no_remedy():
    assert remedies(assessed(), Parameters()) == ()
    assert remedies(assessed(neimenggu), Parameters()) == ()


def test_the_three_ways_out_of_a_shortfall_each_close_it():
    short = settings("fund=179000")
    lower, fewer, more = remedies(assessed(), short)

    for remedy in (lower, fewer, more):
        result = assessed().allocate(remedy.parameters)
        assert result.balance_fen >= 0, remedy.name
        assert result.totals["short_fen"] == 0
    assert lower.said.startswith("各类标准同比例降低：因公牺牲党员干部家属 1945 元")
    assert fewer.said == "脱贫攻坚一线干部共减 10 名，按各单位现有名额分摊"
    assert fewer.affected.filter(pl.col("kind") == "out").height == 10
    assert more.said == "留存党费待追加 5000 元"
    assert assessed().allocate(more.parameters).totals["places"] == 359


def test_a_remedy_against_the_circular_says_so():
    """每单位1至3名, and money for less than one each: the places cannot be what gives way."""
    rows = [
        clause("quota_range", {"at_least": 1, "at_most": 3}, kind="limit"),
        clause("amount_fixed", {"category": "a", "yuan": "100"}, kind="rate"),
        clause("fund", {"fund": "dues", "yuan": "40"}, kind="fund"),
    ]
    units = [{"unit_id": "u1", "name": "甲局", "order": 1}]
    instance = simple({}, [("u1", "a", 1)], clauses=rows, units=units)
    assessed = Assessed(instance.facts(), instance.policy, empty(FINDINGS), conform(instance.verdicts, VERDICTS))

    lower, fewer, more = remedies(assessed, Parameters())

    assert (fewer.said, fewer.parameters, fewer.affected.height) == (
        "行不通：“甲局”的名额比第1条规定的至少 1 名少 1 名", None, 0,
    )  # fmt: skip
    assert None not in (lower.parameters, more.parameters)


def test_a_remedy_that_cannot_help_says_so():
    lower, fewer, more = remedies(assessed(), settings("fund=0"))

    assert (lower.parameters, lower.said) == (None, "降低标准不足以补上缺口")
    assert (fewer.parameters, fewer.said) == (None, "减少一类名额不足以补上缺口")
    assert more.parameters is not None


def test_parameters_read_back_as_written():
    given = settings("rate.family=1234.56", "places.业州镇.frontline=7", "fund=18.4万").with_decided("c1", 5)

    assert Parameters.from_json(given.to_json()) == given


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_equal_parameters_are_equal_text(order):
    parameters = Parameters()
    for cell in order:
        parameters = parameters.with_places(cell, 1)

    assert parameters.to_json() == Parameters(places={"a": 1, "b": 1}).to_json()
