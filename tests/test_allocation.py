"""Who gets a place and what it costs: the properties of DESIGN §6, an oracle, and worked numbers."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import polars as pl
import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from instances import TODAY, clause, funded, instances, pack, priority, ruling, simple
from oracle import OPEN, UNKNOWN, Purses, amount_of, cells_of, covers, expected

from casework.allocation import Extra, Parameters, allocate, apportion, parse_settings
from casework.allocation.amounts import instalments
from casework.comparison import Assessed, difference
from casework.facts import Facts
from casework.frames import FINDINGS, VERDICTS, conform, empty
from casework.policy import load_policy
from casework.problems import Infeasible
from casework.samples import samples
from casework.shapes.procedure import PriorityOrder
from casework.vocabulary import Reason

often = settings(max_examples=100, deadline=None)
some = settings(max_examples=50, deadline=None)


def solved(instance, parameters=None):
    """Allocate, and pass over scenarios that contradict their circular."""
    try:
        return instance.run(parameters)
    except Infeasible:
        assume(False)


def listed(result):
    return dict(result.awards.select("case_id", "funded").iter_rows())


def reasons(result):
    return dict(result.reserve.select("case_id", "reason").iter_rows())


def places(result):
    rows = result.plan.select("unit_id", "category", "places", "open").iter_rows()
    return {(unit, category): OPEN if is_open else UNKNOWN if n is None else n for unit, category, n, is_open in rows}


def across(instance):
    order = next((shape for _, shape in instance.policy.of_shape(PriorityOrder)), None)
    given = instance.parameters.across_units
    return bool(order and order.across_units) if given is None else given


# -- the oracle ------------------------------------------------------------------------------------------------------


@often
@given(st.one_of(instances(), instances(), funded()))
def test_it_agrees_with_an_allocation_done_by_hand(instance):
    result = solved(instance)
    by_hand = expected(instance.policy, instance.tables, instance.verdicts, instance.parameters)

    assert places(result) == by_hand.places
    assert listed(result) == by_hand.listed
    assert reasons(result) == by_hand.reserve
    ties = {
        (tie.cell, None if tie.cell.startswith("fund:") else tie.seats, frozenset(tie.case_ids)) for tie in result.ties
    }
    assert ties == by_hand.ties
    assert (result.totals["short_fen"] > 0) == by_hand.short
    for what in set(by_hand.reserve.values()) | ({"tie"} if ties else set()):
        event(what)


@some
@given(instances())
def test_the_steps_lead_to_the_plan(instance):
    result = solved(instance)

    for unit, category, number, is_open in result.plan.select("unit_id", "category", "places", "open").iter_rows():
        steps = result.steps.filter(pl.col("cell") == f"{unit}|{category}")
        assert steps.is_empty() == is_open
        befores, afters = steps["before"].to_list(), steps["after"].to_list()
        assert befores[:1] in ([], [None])
        assert befores[1:] == afters[:-1]
        assert is_open or afters[-1] == number


@some
@given(instances())
def test_everybody_is_named_once_with_one_reason(instance):
    result = solved(instance)
    ids = [row["case_id"] for row in instance.tables["cases"]]

    assert sorted([*result.awards["case_id"], *result.reserve["case_id"]]) == sorted(ids)
    assert result.awards["person_id"].is_unique().all()
    assert result.reserve["reason"].null_count() == 0


# -- money -----------------------------------------------------------------------------------------------------------


@often
@given(st.one_of(instances(), funded(), funded()))
def test_money_is_conserved_and_no_fund_pays_more_than_it_has(instance):
    result = solved(instance)
    short = {"fund_exhausted", "fund_short"} & {*result.reserve["reason"], *result.awards["reason"]}
    event(f"short of money: {bool(short)}")
    paid = result.awards.filter("funded")
    totals = result.totals

    assert totals["awarded_fen"] == sum(fen or 0 for fen in paid["amount_fen"]) == result.by_unit["awarded_fen"].sum()
    assert totals["people"] == result.by_unit["people"].sum() == result.awards.height
    assert totals["amount_fen"] == result.plan["amount_fen"].sum() == result.by_unit["amount_fen"].sum()
    assert totals["without_amount"] == result.awards["amount_fen"].null_count()
    purses = Purses(instance.policy, instance.parameters)
    spent = [
        (purses.needs(row["category"]), parts_of(purses, row["category"], row["amount_fen"]))
        for row in paid.iter_rows(named=True)
        if row["amount_fen"] is not None
    ]
    for size in range(1, len(purses.left) + 1):
        for funds in map(set, combinations(purses.left, size)):
            # What can come from these funds only, and the fixed parts they bear.
            borne = sum(
                sum(fen for fund, fen in parts.items() if fund in funds) if None not in parts
                else parts[None] if needs and needs <= funds else 0
                for needs, parts in spent
            )  # fmt: skip
            assert borne <= sum(purses.left[fund] for fund in funds)


@some
@given(st.lists(st.integers(1, 9), min_size=2, max_size=6), st.integers(0, 40))
def test_down_one_order_the_fund_is_spent_person_by_person_and_never_over(amounts, whole):
    people = [("甲局", "a", rank, [], fen) for rank, fen in enumerate(amounts, 1)]
    fund = clause("fund", {"fund": "dues", "yuan": f"0.{whole:02d}"}, kind="fund")
    result = simple({"甲局": {"a": 9}}, people, clauses=[fund], parameters=Parameters(across_units=True)).run()

    reached = sum(sum(amounts[:number]) <= whole for number in range(1, len(amounts) + 1))
    assert sorted(listed(result)) == [f"c{number}" for number in range(1, reached + 1)]
    assert result.totals["awarded_fen"] == sum(amounts[:reached])


def parts_of(purses, category, fen):
    """Fund → fen of a split amount; `{None: fen}` where any of the category's funds may pay it."""
    if category not in purses.splits:
        return {None: fen}
    endless = dict.fromkeys(purses.left, 10**9)
    purses.draw(category, fen, endless)
    return {fund: 10**9 - left for fund, left in endless.items()}


@often
@given(st.one_of(instances(), funded(), funded()), st.data())
def test_more_money_in_one_fund_drops_nobody(instance, data):
    before = solved(instance)
    funds = Purses(instance.policy, instance.parameters).left
    assume(funds)
    fund = data.draw(st.sampled_from(sorted(funds)))
    more = instance.parameters.with_fund(fund, funds[fund] + data.draw(st.sampled_from([1, 101, 303, 10**6])))
    after = listed(instance.run(more))

    event(f"across={across(instance)}")
    assert [case for case, funded in listed(before).items() if funded and not after.get(case)] == []


@often
@given(st.one_of(instances(across=True), funded(across=True), funded(across=True)))
def test_nobody_is_paid_from_a_fund_while_somebody_before_them_is_cut_from_it(instance):
    result = solved(instance)
    keys, purses = instance.priorities(), Purses(instance.policy, instance.parameters)
    cut = [case for case, reason in reasons(result).items() if reason == "fund_exhausted"]

    for first in map(instance.case, cut):
        for row in result.awards.filter(pl.col("amount_fen").is_not_null()).iter_rows(named=True):
            last = instance.case(row["case_id"])
            if purses.needs(first["category"]) & purses.needs(last["category"]):
                event("somebody is cut")
                order = keys[last["case_id"]], keys[first["case_id"]]
                ranked = None not in (last["unit_rank"], first["unit_rank"])
                assert order[0] >= order[1]
                if order[0] == order[1] and ranked and not instance.tables["rulings"]:
                    assert last["unit_rank"] <= first["unit_rank"]


def test_a_place_the_money_does_not_reach_is_not_given_to_somebody_cheaper():
    order = [
        priority("P1"),
        clause("priority_order", {"order": "count", "clauses": ["P1"], "across_units": True}, kind="priority"),
    ]
    money = [clause("fund", {"fund": "dues", "yuan": "100"}, kind="fund"), *order]
    people = [("示例局", "a", 1, [], 6000), ("示例局", "a", 2, [], 5000), ("示例局", "a", 3, [], 1000)]
    instance = simple({"示例局": {"a": 3}}, people, clauses=money)

    assert listed(instance.run()) == {"c1": True}
    assert reasons(instance.run()) == {"c2": "fund_exhausted", "c3": "fund_exhausted"}
    assert len(listed(instance.run(Parameters(funds={"dues": 11_000})))) == 2


def test_a_short_fund_stops_nobody_who_is_paid_from_another():
    order = [
        priority("P1"),
        clause("priority_order", {"order": "count", "clauses": ["P1"], "across_units": True}, kind="priority"),
    ]
    money = [
        clause("fund", {"fund": "dues", "yuan": "5", "purposes": ["a"]}, kind="fund"),
        clause("fund", {"fund": "fiscal", "yuan": "100", "purposes": ["b"]}, kind="fund"),
    ]
    people = [("示例局", "a", 1, [], 600), ("示例局", "b", 1, [], 600), ("示例局", "a", 1, [], 400)]
    result = simple({"示例局": {"a": 2, "b": 1}}, people, clauses=[*order, *money], categories=("a", "b")).run()

    assert listed(result) == {"c2": True}
    assert [(tie.cell, tie.case_ids) for tie in result.ties] == [("fund:dues", ("c1", "c3"))]


def test_a_fund_without_a_limit_leaves_the_limited_one_to_those_who_need_it():
    order = [
        priority("P1"),
        clause("priority_order", {"order": "count", "clauses": ["P1"], "across_units": True}, kind="priority"),
    ]
    money = [
        clause("fund", {"fund": "dues", "yuan": "6"}, kind="fund"),
        clause("fund", {"fund": "fiscal", "purposes": ["a"]}, kind="fund"),
    ]
    people = [("示例局", "a", 1, [], 600), ("示例局", "b", 2, [], 600)]
    result = simple({"示例局": {"a": 1, "b": 1}}, people, clauses=[*order, *money], categories=("a", "b")).run()

    assert listed(result) == {"c1": True, "c2": True}


@pytest.mark.parametrize("one_order", [True, False])
@pytest.mark.parametrize("categories", [("a", "b"), ("b", "a")])
def test_of_equal_people_whoever_has_one_source_is_paid_first(categories, one_order):
    either, only = categories
    money = [
        clause("fund", {"fund": "dues", "yuan": "6"}, kind="fund"),
        clause("fund", {"fund": "fiscal", "yuan": "6", "purposes": [either]}, kind="fund"),
    ]
    people = [("示例局", either, 1, [], 600), ("示例局", only, 1, [], 600)]
    instance = simple({"示例局": {"a": 1, "b": 1}}, people, clauses=money, categories=("a", "b"))

    result = instance.run(Parameters(across_units=one_order))

    assert (listed(result), result.ties) == ({"c1": True, "c2": True}, ())


def test_without_an_order_across_units_nobody_is_cut_and_the_shortfall_is_said():
    rate = clause("amount_fixed", {"category": "a", "yuan": "500"}, kind="rate")
    money = clause("fund", {"fund": "dues", "yuan": "800"}, kind="fund")
    result = simple(
        {"甲局": {"a": 1}, "乙局": {"a": 1}}, [("甲局", "a", 1), ("乙局", "a", 1)], clauses=[rate, money]
    ).run()

    assert listed(result) == {"c1": False, "c2": False}
    assert set(result.awards["reason"]) == {"fund_short"}
    assert (result.balance_fen, result.totals["short_fen"], result.totals["awarded_fen"]) == (-20_000, 20_000, 0)


# -- places ----------------------------------------------------------------------------------------------------------


def spending(yuan, people=(("甲局", "a", 1), ("甲局", "a", 2)), spend="exactly", rate="100", **fund):
    """One fund for two places of 100 yuan."""
    fund = clause("fund", {"fund": "dues", "yuan": yuan, "spend": spend, **fund}, kind="fund")
    amount = clause("amount_fixed", {"category": "a", "yuan": rate}, kind="rate")
    return simple({"甲局": {"a": 2}}, people, clauses=[fund, amount]).run()


@pytest.mark.parametrize(
    ("yuan", "left"), [("200", []), ("200.01", [1]), ("250", [5000]), ("199.99", [19_999])], ids=str
)
def test_money_that_must_be_spent_exactly_is_said_when_it_is_left(yuan, left):
    result = spending(yuan)

    assert [rest.left_fen for rest in result.unspent] == left
    assert all((rest.fund, rest.clause_id) == ("dues", "C2") for rest in result.unspent)
    assert not spending(yuan, spend="up_to").unspent


def test_before_anybody_is_nominated_the_plan_says_what_would_be_left():
    assert [rest.left_fen for rest in spending("250", people=()).unspent] == [5000]
    assert not spending("200", people=()).unspent


def test_amounts_nobody_has_decided_leave_it_open_whether_the_money_is_spent():
    fund = clause("fund", {"fund": "dues", "yuan": "200", "spend": "exactly"}, kind="fund")
    for people in ([("甲局", "a", 1)], []):
        assert not simple({"甲局": {"a": 2}}, people, clauses=[fund]).run().unspent
    assert simple({"甲局": {"a": 2}}, [("甲局", "a", 1, [], 15_000)], clauses=[fund]).run().unspent[0].left_fen == 5000


@often
@given(instances())
def test_no_cap_is_exceeded(instance):
    result = solved(instance)
    cells, caps = cells_of(instance.policy, instance.tables, instance.parameters)
    rows = result.awards.to_dicts()

    for (unit, category), seats in cells.items():
        if isinstance(seats, int):
            assert sum((row["unit_id"], row["category"]) == (unit, category) for row in rows) <= seats
    for cap in caps:
        if cap["places"] != UNKNOWN:
            assert sum(covers(cap, row, instance.tables) for row in rows) <= cap["places"]


@often
@given(instances(), st.data())
def test_more_places_for_a_cell_drop_nobody_in_it_and_name_whom_they_displace(instance, data):
    before = solved(instance)
    cells = [cell for cell, seats in places(before).items() if isinstance(seats, int)]
    assume(cells)
    unit, category = data.draw(st.sampled_from(sorted(cells)))
    cell = f"{unit}|{category}"
    more = instance.parameters.with_places(cell, places(before)[unit, category] + data.draw(st.integers(1, 3)))
    result = solved(instance, more)
    after, why = listed(result), reasons(result)

    gone = [case for case in listed(before) if case not in after]
    inside = [
        case for case in gone if (instance.case(case)["unit_id"], instance.case(case)["category"]) == (unit, category)
    ]
    # An open tie decides nothing: who is in one has not been dropped, a meeting is asked.
    assert {why[case] for case in inside} <= {"tie"}
    known = Assessed(instance.facts(), instance.policy, empty(FINDINGS), conform(instance.verdicts, VERDICTS))
    named = difference(known, known, instance.parameters, more).filter(pl.col("kind") == "out")
    assert set(named["case_id"]) == set(gone)
    name = next(row["name"] for row in instance.tables["units"] if row["unit_id"] == unit)
    assert all(cause.startswith(f"{name}类别{category}名额") for cause in named["cause"])
    event(f"displaced elsewhere: {bool(set(gone) - set(inside))}")


@some
@given(st.one_of(instances(), funded()), st.data())
def test_the_order_of_rows_and_the_ids_decide_nothing(instance, data):
    before = solved(instance)
    ids = [row["case_id"] for row in instance.tables["cases"]]
    new = dict(zip(ids, data.draw(st.permutations([f"x{number}" for number in range(len(ids))])), strict=True))
    tables = {name: data.draw(st.permutations(rows)) for name, rows in instance.tables.items()}
    for name in ("cases", "rulings"):
        tables[name] = [{**row, "case_id": new[row["case_id"]]} for row in tables[name]]
    said = [{**row, "case_id": new[row["case_id"]]} for row in data.draw(st.permutations(instance.verdicts))]
    after = instance.with_(tables=tables, verdicts=said).run()

    assert {new[case]: funded for case, funded in listed(before).items()} == listed(after)
    assert {new[case]: reason for case, reason in reasons(before).items()} == reasons(after)
    assert {(tie.cell, tie.seats, frozenset(new[case] for case in tie.case_ids)) for tie in before.ties} == {
        (tie.cell, tie.seats, frozenset(tie.case_ids)) for tie in after.ties
    }
    assert before.plan.equals(after.plan)
    one_rank = {(row["unit_id"], row["category"], row["unit_rank"]) for row in instance.tables["cases"]}
    if len(one_rank) == len(ids):  # otherwise equal people stand in some stable order
        assert [new[case] for case in before.reserve["case_id"]] == after.reserve["case_id"].to_list()
        assert [new[case] for case in before.awards["case_id"]] == after.awards["case_id"].to_list()


@often
@given(st.one_of(instances(), funded()))
def test_equal_cases_differ_only_by_a_recorded_ruling(instance):
    result = solved(instance)
    keys, said = instance.priorities(), {row["case_id"]: row["verdict"] for row in instance.verdicts}
    why = reasons(result)

    homes = {row["person_id"]: row.get("household_id") for row in instance.tables["people"]}
    living = Counter(homes[person] for person in {row["person_id"] for row in instance.tables["cases"]})

    def claim(case):
        row = instance.case(case)
        fen = amount_of(instance.policy, row, instance.parameters)
        home = homes[row["person_id"]]
        shared = home if living[home] > 1 else None
        return row["unit_id"], row["category"], row["unit_rank"], keys[case], fen, said[case], shared

    cases = [row["case_id"] for row in instance.tables["cases"] if why.get(row["case_id"]) != "already_listed"]
    for one, other in combinations(cases, 2):
        if (
            claim(one) == claim(other)
            and why.get(one) != why.get(other)
            and "facts_missing" not in (why.get(one), why.get(other))
        ):
            assert instance.tables["rulings"]


def household(people, rulings=(), **settings):
    """One family, one amount per household: `people` are rows of `simple`."""
    rate = clause("amount_fixed", {"category": "a", "yuan": "100", "per": "household"}, kind="rate")
    instance = simple({"甲局": {"a": 9}, "乙局": {"a": 9}}, people, clauses=[rate], rulings=rulings, **settings)
    family = [{**row, "household_id": "h1"} for row in instance.tables["people"]]
    return instance.with_(tables={**instance.tables, "people": family}).run()


def test_of_one_household_the_unit_names_who_stands_for_it():
    result = household([("甲局", "a", 2), ("甲局", "a", 1), ("甲局", "a", 3)])

    assert listed(result) == {"c2": True}
    assert reasons(result) == {"c1": "same_household", "c3": "same_household"}
    assert result.settled


@pytest.mark.parametrize(
    "people",
    [
        [("甲局", "a", 1), ("甲局", "a", 1)],
        [("甲局", "a", None), ("甲局", "a", 1)],
        [("甲局", "a", 2), ("乙局", "a", 1)],
    ],
    ids=["equal ranks", "no rank", "ranks of two units"],
)
def test_equal_people_of_one_household_are_a_tie_and_never_parted_by_id(people):
    for order in (people, people[::-1]):
        result = household(order)
        assert listed(result) == {}
        assert reasons(result) == {"c1": "tie", "c2": "tie"}
        assert [(tie.cell, tie.seats, tie.case_ids) for tie in result.ties] == [("household:h1:a", 1, ("c1", "c2"))]
        assert not result.settled

    settled = household(people, ruling("household:h1:a", ["c2", "c1"]))
    assert (listed(settled), reasons(settled), settled.ties) == ({"c2": True}, {"c1": "same_household"}, ())


def test_somebody_of_a_household_who_could_not_be_first_is_no_part_of_the_tie():
    result = household([("甲局", "a", 1), ("甲局", "a", 1), ("甲局", "a", 2)])

    assert reasons(result) == {"c1": "tie", "c2": "tie", "c3": "same_household"}


def test_a_claim_that_ends_in_the_reserve_does_not_fall_back_on_another_category():
    result = simple(
        {"甲局": {"a": 1, "b": 1}}, [("甲局", "a", 1), ("甲局", "a", 2), ("甲局", "b", 1)], categories=("a", "b")
    )
    twice = [dict(row) for row in result.tables["cases"]]
    twice[2]["person_id"] = "p2"
    result = result.with_(tables={**result.tables, "cases": twice}).run()

    assert listed(result) == {"c1": True}
    assert reasons(result) == {"c2": "over_places", "c3": "already_listed"}
    assert Reason("already_listed").label == "本轮已按其他类别参加评定", "true whether that claim wins or not"


@pytest.mark.parametrize("cases", [("甲局", "乙局"), ("乙局", "甲局")])
def test_of_one_persons_equal_claims_the_units_order_decides_and_not_the_id(cases):
    instance = simple({"甲局": {"a": 1}, "乙局": {"a": 1}}, [(unit, "a", 1) for unit in cases])
    one = [{**row, "person_id": "p1"} for row in instance.tables["cases"]]
    result = instance.with_(tables={**instance.tables, "cases": one}).run()

    assert result.awards["unit_id"].to_list() == ["甲局"]
    assert result.reserve.select("unit_id", "reason").rows() == [("乙局", "already_listed")]


# -- ties ------------------------------------------------------------------------------------------------------------

TIED = [("甲局", "a", 1), ("甲局", "a", 2), ("甲局", "a", 2), ("甲局", "a", 3), ("乙局", "a", 1), ("乙局", "a", 2)]


def test_a_tie_stops_only_its_cell():
    result = simple({"甲局": {"a": 2}, "乙局": {"a": 1}}, TIED).run()

    assert listed(result) == {"c1": True, "c5": True}
    assert reasons(result) == {"c2": "tie", "c3": "tie", "c4": "over_places", "c6": "over_places"}
    assert [(tie.cell, tie.seats, tie.case_ids) for tie in result.ties] == [("甲局|a", 1, ("c2", "c3"))]
    assert not result.settled


@pytest.mark.parametrize(("order", "won"), [(["c3", "c2"], "c3"), (["c2", "c3"], "c2")])
def test_a_ruling_settles_a_tie_and_is_named(order, won):
    result = simple({"甲局": {"a": 2}, "乙局": {"a": 1}}, TIED, rulings=ruling("甲局|a", order)).run()

    assert set(listed(result)) == {"c1", won, "c5"}
    assert result.settled
    ranked = dict(result.awards.select("case_id", "ranked_by").iter_rows())
    assert ranked == {"c1": "unit_rank", won: "ruling", "c5": "unit_rank"}


def test_half_a_ruling_settles_nothing():
    result = simple({"甲局": {"a": 2}, "乙局": {"a": 1}}, TIED, rulings=ruling("甲局|a", ["c1"])).run()

    assert len(result.ties) == 1


@pytest.mark.parametrize(
    ("ranks", "seats", "inside", "tied"),
    [
        ([1, 2, None], 2, [1], [2, 3]),
        ([1, None, None], 1, [], [1, 2, 3]),
        ([1, 2, 3, None], 3, [1, 2], [3, 4]),
        ([1, 2, None], 3, [1, 2, 3], []),
        ([None], 1, [1], []),
        ([2, 2, 2], 0, [], []),
    ],
)
def test_a_missing_rank_could_stand_anywhere(ranks, seats, inside, tied):
    result = simple({"甲局": {"a": seats}}, [("甲局", "a", rank) for rank in ranks]).run()

    assert list(listed(result)) == [f"c{number}" for number in inside]
    assert [case for tie in result.ties for case in tie.case_ids] == [f"c{number}" for number in tied]


def test_under_a_shared_cap_each_cell_keeps_its_own_order():
    cap = clause("cap_total", {"places": 4}, kind="limit")
    people = [("甲局", "a", 1), ("甲局", "a", 2), ("甲局", "a", 3), ("乙局", "a", 1), ("乙局", "a", 2)]
    result = simple({"甲局": {"a": 3}, "乙局": {"a": 2}}, people, clauses=[cap]).run()

    assert set(listed(result)) == {"c1", "c2", "c4"}
    assert [(tie.cell, tie.seats, tie.case_ids) for tie in result.ties] == [("C2", 1, ("c3", "c5"))]


def test_priorities_come_before_ranks_and_an_unanswered_one_is_named_where_it_could_move_the_line():
    order = [priority("P1"), clause("priority_order", {"order": "count", "clauses": ["P1"]}, kind="priority")]
    people = [("甲局", "a", 1), ("甲局", "a", 2), ("甲局", "a", 3, ["P1"])]
    result = simple({"甲局": {"a": 2}}, people, clauses=order, unanswered={"c2": ["P1"]}).run()

    assert set(listed(result)) == {"c3", "c1"}
    assert dict(result.reserve.select("case_id", "to_verify").iter_rows()) == {"c2": ["P1"]}
    assert result.totals["to_verify"] == 1


# -- what is not known -----------------------------------------------------------------------------------------------

BANDS = [
    clause(
        "quota_by_headcount", {"members_from": 0, "members_below": 1000, "places": 4}, kind="limit", force="normally"
    ),
    clause("quota_by_headcount", {"members_from": 1000, "places": 10}, kind="limit", force="normally"),
]


def units_of(*members):
    names = "甲乙丙丁"
    return [
        {"unit_id": f"{names[n]}局", "name": f"{names[n]}局", "members": count, "order": n, "kind": "organ_committee"}
        for n, count in enumerate(members)
    ]


def test_999_is_4_and_1000_is_10_and_an_unknown_headcount_is_unknown():
    rate = clause("amount_fixed", {"category": "a", "yuan": "500"}, kind="rate")
    money = clause("fund", {"fund": "dues", "yuan": "1万"}, kind="fund")
    instance = simple({}, [("丁局", "a", 1)], clauses=[*BANDS, rate, money], units=units_of(999, 1000, 1001, None))
    result = instance.run()

    assert result.plan["places"].to_list() == [4, 10, 10, None]
    assert result.plan["amount_fen"].to_list() == [200_000, 500_000, 500_000, None]
    assert result.balance_fen == -200_000  # already too much, whatever the fourth unit has
    assert reasons(result) == {"c1": "facts_missing"}
    plenty = instance.run(Parameters(funds={"dues": 10_000_000}))
    assert plenty.balance_fen is None
    assert listed(instance.run(Parameters(places={"丁局|a": 1}))) == {"c1": True}


def test_a_soft_cap_is_exceeded_with_an_exception_and_a_hard_one_never():
    instance = simple({}, [("甲局", "a", n) for n in range(1, 7)], clauses=BANDS, units=units_of(999))
    wanted = Parameters(places={"甲局|a": 6}, extras=(Extra("甲局|a", "工资发放有困难", "示例工委会议", "increase"),))
    result = instance.run(wanted)

    assert len(listed(result)) == 6
    (row,) = result.exceptions.rows()
    assert row == ("C1", "甲局|a", 2, "工资发放有困难", "示例工委会议", "increase")
    hard = simple({}, [], clauses=[{**band, "force": "must"} for band in BANDS], units=units_of(999))
    with pytest.raises(Infeasible) as refused:
        hard.run(wanted)
    assert (refused.value.code, refused.value.by) == ("hard_cap", 2)
    assert hard.run(Parameters(places={"甲局|a": 4})).exceptions.is_empty()


def test_a_blank_cell_of_the_table_takes_no_places():
    instance = simple({"甲局": {"a": 1}, "乙局": {"b": 1}}, [("甲局", "b", 1)], categories=("a", "b"))

    assert reasons(instance.run()) == {"c1": "not_offered"}
    with pytest.raises(Infeasible, match="没有给“甲局”安排“类别b”名额"):
        instance.run(Parameters(places={"甲局|b": 1}))
    assert instance.run(Parameters(places={"甲局|b": 0})).totals["places"] == 2


def test_with_largest_remainder_a_larger_total_may_take_a_place_away_and_with_sainte_lague_never():
    members = {"甲局": 1500, "乙局": 1500, "丙局": 900, "丁局": 500, "戊局": 500, "己局": 200}

    def shared(method, total):
        rule = clause("quota_apportion", {"category": "a", "total": total, "method": method}, kind="limit")
        units = [{"unit_id": u, "name": u, "members": m, "order": n} for n, (u, m) in enumerate(members.items())]
        plan = simple({}, [], clauses=[rule], units=units).run().plan
        return dict(plan.select("unit_id", "places").iter_rows())

    assert (shared("largest_remainder", 25)["丁局"], shared("largest_remainder", 26)["丁局"]) == (3, 2)
    assert apportion(members, total=26, method="largest_remainder").warnings[0].code == "alabama"
    for total in range(40):
        fewer, more = (apportion(members, total=number).places for number in (total, total + 1))
        assert all(more[unit] >= fewer[unit] for unit in members)


# -- amounts ---------------------------------------------------------------------------------------------------------

FIELDS = [
    {"id": "spent", "label": "支出", "kind": "fen"},
    {"id": "months", "label": "月数", "kind": "count"},
    {"id": "income", "label": "收入", "kind": "fen"},
    {"id": "happened", "label": "日期", "kind": "date"},
]
LINE = [{"id": "line", "label": "标准", "unit": "fen", "values": [{"on_or_after": TODAY, "value": "600.01"}]}]
ACTUAL = ("amount_actual", {"field": "spent", "share": "50%", "cap": "1"})
STEPS = (
    "amount_steps",
    {"field": "spent", "tiers": [{"at_least": "1万", "yuan": "1000"}, {"at_least": "3万", "yuan": "2000"}]},
)
BANDED = (
    "amount_progressive",
    {"field": "spent", "bands": [{"above": "0", "share": "1/3"}, {"above": "10", "share": "50%"}], "cap": "8"},
)
MONTHS = (
    "amount_months",
    {"standard": {"parameter": "line", "times": "0.5"}, "people": "size", "months": "months", "most_months": 6},
)
DATED = (
    "amount_by_date",
    {
        "field": "happened",
        "tiers": [{"on_or_after": TODAY.replace(day=5), "yuan": "600"}, {"on_or_after": TODAY, "yuan": "400"}],
    },
)
TOP_UP = ("amount_top_up", {"field": "income", "line": {"parameter": "line"}, "months": 3})
PER_HEAD = ("amount_top_up", {**TOP_UP[1], "people": "size", "months": "months", "most_months": 6})


@pytest.mark.parametrize(
    ("amount", "answers", "fen"),
    [
        (ACTUAL, {"spent": 99}, 50),  # 49.5
        (ACTUAL, {"spent": 100}, 50),
        (ACTUAL, {"spent": 101}, 51),  # 50.5
        (ACTUAL, {"spent": 199}, 100),  # 99.5, at the cap
        (ACTUAL, {"spent": 201}, 100),
        (ACTUAL, {"spent": 0}, 0),
        (ACTUAL, {}, None),
        (STEPS, {"spent": 999_999}, 0),
        (STEPS, {"spent": 1_000_000}, 100_000),
        (STEPS, {"spent": 2_999_999}, 100_000),
        (STEPS, {"spent": 3_000_000}, 200_000),
        (STEPS, {}, None),
        (BANDED, {"spent": 1000}, 333),
        (BANDED, {"spent": 1001}, 334),  # 333⅓ + ½, rounded once
        (BANDED, {"spent": 1002}, 334),
        (BANDED, {"spent": 100_000}, 800),
        (BANDED, {}, None),
        (MONTHS, {"months": 5}, 300_005),  # 2 × 5 × 300.005 元
        (MONTHS, {"months": 6}, 360_006),
        (MONTHS, {"months": 7}, 360_006),
        (MONTHS, {"months": 0}, 0),
        (MONTHS, {}, None),
        (DATED, {"happened": TODAY.replace(day=4)}, 0),
        (DATED, {"happened": TODAY.replace(day=5)}, 60_000),
        (DATED, {"happened": TODAY.replace(day=9)}, 60_000),
        (DATED, {"happened": TODAY}, 40_000),
        (DATED, {}, None),
        (TOP_UP, {"income": 60_000}, 3),
        (TOP_UP, {"income": 60_001}, 0),
        (TOP_UP, {"income": 60_002}, 0),
        (TOP_UP, {}, None),
        (PER_HEAD, {"income": 59_991, "months": 1}, 20),  # 10 fen a head, two heads
        (PER_HEAD, {"income": 59_991, "months": 6}, 120),
        (PER_HEAD, {"income": 59_991, "months": 7}, 120),
        (PER_HEAD, {"income": 60_001, "months": 6}, 0),
        (PER_HEAD, {"income": 59_991}, None),
        (PER_HEAD, {"months": 6}, None),
        (("amount_in_kind", {"item": "大米", "quantity": 2, "yuan": "50.5"}), {}, 10_100),
        (("amount_in_kind", {"item": "大米"}), {}, None),
        (("amount_open", {}), {}, None),
    ],
)
def test_an_amount_is_exact_at_its_bounds_and_unknown_where_its_number_is(amount, answers, fen):
    rule, params = amount
    policy = pack(
        [clause(rule, {"category": "a", **params}, kind="rate"), clause("quota_open", {"category": "a"}, kind="limit")],
        field=FIELDS,
        parameter=LINE,
    )
    rows = [
        {"case_id": "c1", "field": name, "date" if name == "happened" else "number": value}
        for name, value in answers.items()
    ]
    facts = Facts.build(
        as_of=TODAY,
        cases=[{"case_id": "c1", "person_id": "p1", "unit_id": "u1", "category": "a", "path": ""}],
        people=[{"person_id": "p1", "household_id": "h1"}],
        households=[{"household_id": "h1", "size": 2}],
        units=[{"unit_id": "u1", "name": "甲局", "order": 1}],
        answers=rows,
    )
    said = conform([{"case_id": "c1", "verdict": "eligible", "clauses": [], "met": [], "open": []}], VERDICTS)
    result = allocate(facts, said, policy=policy, parameters=Parameters())

    assert result.awards["amount_fen"].to_list() == [fen]
    assert result.totals["without_amount"] == (fen is None)
    assert result.by_unit["amount_fen"].to_list() == [fen]


@pytest.mark.parametrize(
    ("rule", "allowed", "refused"),
    [
        (("amount_range", {"at_least": "200", "at_most": "300"}), (20_000, 30_000), (19_999, 30_001)),
        (("amount_choice", {"yuan": ["100", "200"]}), (10_000, 20_000), (15_000,)),
    ],
)
def test_a_decided_amount_stays_within_what_must_be_and_is_noted_outside_what_should_be(rule, allowed, refused):
    def decided(fen, force):
        amount = clause(rule[0], {"category": "a", **rule[1]}, kind="rate", force=force)
        return simple({"甲局": {"a": 1}}, [("甲局", "a", 1)], clauses=[amount]).run(Parameters(decided={"c1": fen}))

    for fen in allowed:
        assert decided(fen, "must").awards["amount_fen"].to_list() == [fen]
        assert decided(fen, "normally").exceptions.is_empty()
    for fen in refused:
        with pytest.raises(Infeasible, match="不允许"):
            decided(fen, "must")
        assert decided(fen, "normally").exceptions["clause_id"].to_list() == ["C2"]


@given(st.integers(0, 10**12), st.lists(st.integers(1, 100), min_size=2, max_size=6))
def test_instalments_add_up(fen, weights):
    from fractions import Fraction

    parts = instalments(fen, tuple(Fraction(weight, sum(weights)) for weight in weights))

    assert sum(parts) == fen
    assert min(parts) >= 0


def test_only_the_highest_aid_is_given_where_the_circular_says_so():
    people = [("甲局", "a", 1, [], 100), ("甲局", "b", 1, [], 200)]
    table = {"甲局": {"a": 1, "b": 1}}
    rule = clause("highest_only", {}, kind="repeat_aid")
    both = simple(table, people, clauses=[rule], categories=("a", "b"))
    one = {**both.tables, "cases": [{**row, "person_id": "p1"} for row in both.tables["cases"]]}

    assert listed(both.with_(tables=one).run()) == {"c2": True}
    plain = simple(table, people, categories=("a", "b"))
    assert listed(plain.with_(tables=one).run()) == {"c1": True}
    assert reasons(plain.with_(tables=one).run()) == {"c2": "already_listed"}


@pytest.mark.parametrize(
    ("among", "won"), [((), "c3"), (("a", "b"), "c2"), (("b", "c"), "c1"), (("a", "c"), "c3"), (("a",), "c1")]
)
def test_only_the_highest_is_given_among_the_categories_the_circular_names(among, won):
    rule = clause("highest_only", {"categories": list(among)}, kind="repeat_aid")
    people = [("甲局", "a", 1, [], 100), ("甲局", "b", 1, [], 200), ("甲局", "c", 1, [], 300)]
    instance = simple({"甲局": {"a": 1, "b": 1, "c": 1}}, people, clauses=[rule], categories=("a", "b", "c"))
    one = [{**row, "person_id": "p1"} for row in instance.tables["cases"]]
    result = instance.with_(tables={**instance.tables, "cases": one}).run()

    assert listed(result) == {won: True}
    assert set(reasons(result).values()) == {"already_listed"}


@pytest.mark.parametrize(("number", "by"), [(0, 1), (1, None), (3, None), (4, 1)])
def test_a_range_of_one_to_three_is_kept_at_both_ends(number, by):
    """每单位1至3名: fewer or more is refused where it must be, and allowed with a reason where it should be."""

    def planned(force):
        limit = clause("quota_range", {"at_least": 1, "at_most": 3}, kind="limit", force=force)
        instance = simple({}, [("甲局", "a", 1)], clauses=[limit], units=units_of(100))
        assert instance.run().plan["places"].to_list() == [3]
        return instance.run(Parameters(places={"甲局|a": number}))

    assert planned("normally").plan["places"].to_list() == [number]
    assert planned("normally").exceptions["extra"].to_list() == ([1] if number == 4 else [])
    if by is None:
        assert planned("must").plan["places"].to_list() == [number]
    else:
        with pytest.raises(Infeasible) as refused:
            planned("must")
        assert refused.value.by == by
        assert "第1条" in str(refused.value.sentence)


def test_a_range_over_all_categories_counts_them_together():
    limit = clause("quota_range", {"at_least": 2, "at_most": 3}, kind="limit")
    people = [("甲局", "a", 1), ("甲局", "a", 2), ("甲局", "b", 1), ("甲局", "b", 2)]
    both = [clause("quota_range", {"category": name, "at_most": 2}, kind="limit") for name in "ab"]
    instance = simple({}, people, clauses=[limit, *both], categories=("a", "b"), units=units_of(100))

    assert len(listed(instance.run())) + len(instance.run().ties[0].case_ids) == 4  # three of four, the third is a tie
    assert instance.run(Parameters(places={"甲局|a": 0})).plan["places"].to_list() == [0, 2]
    with pytest.raises(Infeasible, match="至少 2 名少 1 名"):
        instance.run(Parameters(places={"甲局|a": 0, "甲局|b": 1}))


# -- the printed circulars -------------------------------------------------------------------------------------------


def of_sample(round_id):
    sample = next(sample for sample in samples() if sample.round_id == round_id)
    facts = Facts.build(as_of=sample.as_of, round_id=sample.round_id, units=sample.units, **sample.tables)
    return Assessed.of(facts, sample.policy)


def test_jianshi_is_359_places_and_184000_yuan_and_one_more_is_500_too_much():
    assessed = of_sample("jianshi-2020")
    result = assessed.allocate(Parameters())
    units = assessed.facts.units

    assert (result.totals["places"], result.totals["people"], result.totals["unused"]) == (359, 359, 0)
    assert (result.totals["amount_fen"], result.totals["awarded_fen"], result.balance_fen) == (
        18_400_000,
        18_400_000,
        0,
    )
    by_category = result.plan.group_by("category", maintain_order=True).agg(pl.col("places", "amount_fen").sum())
    assert sorted(by_category.rows()) == [
        ("family", 3, 600_000), ("frontline", 222, 11_100_000), ("hardship", 124, 6_200_000), ("resident", 10, 500_000),
    ]  # fmt: skip
    wanted = parse_settings(["places.业州镇.frontline=42"], policy=assessed.policy, units=units)
    more = assessed.allocate(wanted)
    assert (more.totals["places"], more.totals["amount_fen"], more.balance_fen) == (360, 18_450_000, -50_000)
    assert not more.settled
    lower = parse_settings(["rate.hardship=600", "fund=200000"], policy=assessed.policy, units=units)
    assert assessed.allocate(lower).totals["amount_fen"] == 18_400_000 + 124 * 10_000


def test_neimenggu_is_4_below_a_thousand_members_and_10_from_there_on():
    result = of_sample("neimenggu-2022").allocate(Parameters())

    assert result.plan["places"].to_list()[:3] == [4, 10, 10]
    over = result.reserve.filter(pl.col("reason") == "over_places")
    assert over.height > 0
    assert set(over["route"]) == {"unit"}
    assert (result.balance_fen, result.totals["without_amount"]) == (None, result.totals["people"])


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("places.业州镇.frontline=3.7", "整数"),
        ("places.业州镇.frontline=", "整数"),
        ("places.无此镇.frontline=3", "没有单位“无此镇”"),
        ("places.业州镇.none=3", "没有类别“none”"),
        ("rate.hardship=-5", "负数"),
        ("fund.dues=1", "没有资金“dues”"),
        ("hello=1", "不认识“hello”"),
        ("hello", "缺少等号"),
    ],
)
def test_a_setting_that_is_not_understood_is_said_in_one_sentence(setting, said):
    policy = load_policy("jianshi-2020")
    with pytest.raises(ValueError, match=said):
        parse_settings([setting], policy=policy, units=of_sample("jianshi-tie").facts.units)


def test_a_setting_for_what_the_round_does_not_have_says_so():
    units = of_sample("jianshi-tie").facts.units
    with pytest.raises(ValueError, match="请先导入单位名录"):
        parse_settings(["places.业州镇.frontline=3"], policy=load_policy("jianshi-2020"), units=units.clear())
    with pytest.raises(ValueError, match="没有列明资金"):
        parse_settings(["fund=1"], policy=load_policy("neimenggu-2022"), units=units)
