"""Apportionment: exact, explained, monotone where the method is, and silent about nothing that people must decide."""

from __future__ import annotations

import ast
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import casework.apportionment as package
from casework.apportionment import METHODS, Infeasible, SettleError, Tie, apportion, step_sentence

PROPORTIONAL = ("sainte_lague", "dhondt", "largest_remainder")
DIVISOR = ("sainte_lague", "dhondt")


# --- the oracle: plain exact arithmetic, one seat at a time -------------------------------------------------------


def serve(claims, seats):
    """The `seats` largest of [(claim, unit)]; (certain units, tied units, open seats)."""
    line = sorted((claim for claim, _ in claims), reverse=True)[seats - 1] if seats else None
    certain = [unit for claim, unit in claims if line is not None and claim > line]
    level = [unit for claim, unit in claims if claim == line]
    if len(certain) + len(level) == seats:
        return certain + level, [], 0
    return certain, level, seats - len(certain)


def oracle(weights, total, method, base=None, floors=None, caps=None):
    """Places and tie, or None where no table exists; nothing shared with the product's arithmetic."""
    base, floors, caps = base or {}, floors or {}, caps or {}
    start = {unit: max(base.get(unit, 0), floors.get(unit, 0)) for unit in weights}
    room = {unit: caps.get(unit, total) for unit in weights}
    rest = total - sum(base.values())
    if rest < 0 or any(room[unit] < start[unit] for unit in caps):
        return None
    weights = dict.fromkeys(weights, 1) if method == "equal" else weights
    if sum(start.values()) > total or sum(room[u] if weights[u] else start[u] for u in weights) < total:
        return None
    if method in DIVISOR:
        claims = [
            (Fraction(weight, 2 * k - 1 if method == "sainte_lague" else k), unit)
            for unit, weight in weights.items()
            if weight
            for k in range(start[unit] - base.get(unit, 0) + 1, room[unit] - base.get(unit, 0) + 1)
        ]
        places = start
        got, level, still = serve(claims, total - sum(start.values()))
    else:
        lows = {unit: start[unit] - base.get(unit, 0) for unit in weights}
        highs = {unit: room[unit] - base.get(unit, 0) for unit in weights}
        shares = held_shares(weights, rest, lows, highs)
        places = {unit: base.get(unit, 0) + int(share) for unit, share in shares.items()}
        claims = [(share - int(share), unit) for unit, share in shares.items() if share > int(share)]
        got, level, still = serve(claims, total - sum(places.values()))
    for unit in got:
        places[unit] += 1
    return places, (set(level), still)


def held_shares(weights, rest, lows, highs):
    """Shares weight × x held within bounds that add up to `rest`, by trying the pieces between all corners."""

    def held(x):
        return {u: min(max(w * x, Fraction(lows[u])), Fraction(max(highs[u], lows[u]))) if w else Fraction(lows[u])
                for u, w in weights.items()}  # fmt: skip

    corners = sorted({Fraction(b[u], w) for u, w in weights.items() if w for b in (lows, highs)} | {Fraction(0)})
    for left, right in pairwise(corners):
        at_left, at_right = sum(held(left).values()), sum(held(right).values())
        if at_left <= rest <= at_right and at_left < at_right:
            return held(left + (right - left) * (rest - at_left) / (at_right - at_left))
    return held(corners[-1] if sum(held(corners[-1]).values()) == rest else Fraction(0))


NAMES = "甲乙丙丁戊己庚辛壬癸"


@st.composite
def questions(draw, bounded=True, weights=None):
    units = NAMES[: draw(st.integers(1, 7))]
    # Few small values make ties and zeros common; the large ones need more than 64 bits on the way.
    numbers = st.one_of(st.integers(0, 4), st.integers(0, 60), st.integers(10**11, 10**11 + 3))
    if weights is not None:
        numbers = weights
    table = {unit: draw(numbers) for unit in units}
    total = draw(st.integers(0, 30))
    bounds = {}
    if bounded:
        some = st.dictionaries(st.sampled_from(units), st.integers(0, 5), max_size=len(units))
        bounds = {"base": draw(some), "floors": draw(some)}
        bounds["caps"] = {
            unit: cap + max(bounds["floors"].get(unit, 0), bounds["base"].get(unit, 0))
            for unit, cap in draw(some).items()
        }
    return table, total, bounds


@settings(max_examples=100, deadline=None)
@given(questions(), st.sampled_from([*PROPORTIONAL, "equal"]))
def test_equals_the_exact_oracle_and_explains_itself(question, method):
    weights, total, bounds = question
    expected = oracle(weights, total, method, **bounds)
    if expected is None:
        with pytest.raises(Infeasible) as caught:
            apportion(weights, total=total, method=method, **bounds)
        assert caught.value.by > 0
        return
    result = apportion(weights, total=total, method=method, **bounds)
    places, (level, still) = expected
    assert result.places == places
    assert [(set(tie.units), tie.seats) for tie in result.ties] == ([(level, still)] if still else [])
    assert sum(result.places.values()) + still == total
    for unit, number in result.places.items():
        least = max(bounds["floors"].get(unit, 0), bounds["base"].get(unit, 0))
        assert least <= number <= bounds["caps"].get(unit, total)
    check_steps(result)


def check_steps(result):
    """Every step starts where the one before ended, and the last ends at the unit's places."""
    for unit, number in result.places.items():
        steps = result.steps_of(unit)
        assert [step.unit for step in steps] == [unit] * len(steps)
        assert [step.before for step in steps] == [0, *(step.after for step in steps[:-1])]
        assert steps[-1].after == number
        for step in steps:
            assert step_sentence(step).startswith(f"{unit}：")
            assert step_sentence(step).endswith(f"（{step.before} → {step.after}）。")


@settings(max_examples=60, deadline=None)
@given(questions(), st.sampled_from([*PROPORTIONAL, "equal"]), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_decides_nothing(question, method, shuffle):
    weights, total, bounds = question
    rows = list(weights.items())
    shuffle.shuffle(rows)

    def told(table):
        try:
            result = apportion(table, total=total, method=method, **bounds)
        except Infeasible as error:
            return error.code, error.by
        return (
            result.places,
            [(set(tie.units), tie.seats) for tie in result.ties],
            {step_sentence(step) for step in result.steps},
        )

    assert told(dict(rows)) == told(weights)


@settings(max_examples=60, deadline=None)
@given(questions(), st.sampled_from(DIVISOR))
def test_a_larger_total_lowers_no_unit_under_a_divisor_method(question, method):
    weights, total, bounds = question
    tables = []
    for more in range(6):
        try:
            tables.append(apportion(weights, total=total + more, method=method, **bounds).places)
        except Infeasible:
            continue
    for smaller, larger in pairwise(tables):
        assert all(larger[unit] >= smaller[unit] for unit in weights)


@settings(max_examples=60, deadline=None)
@given(questions(bounded=False))
def test_largest_remainder_stays_within_the_quota(question):
    weights, total, _ = question
    if not sum(weights.values()):
        return
    result = apportion(weights, total=total, method="largest_remainder")
    for unit, weight in weights.items():
        quota = Fraction(weight * total, sum(weights.values()))
        assert int(quota) <= result.places[unit] <= -int(-quota // 1)


@settings(max_examples=60, deadline=None)
@given(questions(bounded=False, weights=st.integers(1, 3)), st.sampled_from([*PROPORTIONAL, "equal"]), st.data())
def test_equal_units_differ_by_a_recorded_choice_only(question, method, data):
    weights, total, _ = question
    result = apportion(weights, total=total, method=method)

    def spread(table):
        groups = {}
        for unit, number in table.items():
            groups.setdefault(weights[unit], []).append(number)
        return max(max(group) - min(group) for group in groups.values())

    assert spread(result.places) == 0
    for tie in result.ties:
        chosen = data.draw(st.permutations(tie.units))[: tie.seats]
        settled = apportion(weights, total=total, method=method, settle=chosen)
        assert spread(settled.places) <= 1
        assert sum(settled.places.values()) == total
        assert not settled.ties
        assert {step.unit for step in settled.steps if step.code == "settled" and step.after > step.before} == set(
            chosen
        )
        check_steps(settled)


# --- worked examples ----------------------------------------------------------------------------------------------


def test_votes_37_3_9_for_14_seats_are_a_tie_that_floats_hide():
    votes = {"a": 37, "b": 3, "c": 9}  # 37·14/49 and 9·14/49 leave the same 4/7
    result = apportion(votes, total=14, method="largest_remainder")
    assert result.places == {"a": 10, "b": 1, "c": 2}
    assert result.ties == (Tie(("a", "c"), 1),)
    settled = apportion(votes, total=14, method="largest_remainder", settle=["a"])
    assert settled.places == {"a": 11, "b": 1, "c": 2}
    assert [step_sentence(step) for step in settled.steps_of("a")] == [
        "a：基数 37，应得份额 10.57，先取整数部分（0 → 10）。",
        "a：2 个单位并列争 1 个名额，按已记录的研究或抽签结果加 1 个名额（10 → 11）。",
    ]
    assert step_sentence(settled.steps_of("c")[-1]).startswith(
        "c：2 个单位并列争 1 个名额，按已记录的研究或抽签结果未选中"
    )


def test_the_german_bundestag_of_2013_by_sainte_lague():
    """The second distribution of the 631 seats of the 18th Bundestag over the second votes.

    Source: Bundeswahlleiter, final result of the election of 22 September 2013.
    """
    votes = {"CDU": 14_921_877, "SPD": 11_252_215, "LINKE": 3_755_699, "GRÜNE": 3_694_057, "CSU": 3_243_569}
    assert apportion(votes, total=631).places == {"CDU": 255, "SPD": 193, "LINKE": 64, "GRÜNE": 63, "CSU": 56}


def test_the_german_bundestag_of_1983_by_dhondt():
    """The 496 seats of the 10th Bundestag (without its two overhang seats), the last divided by D'Hondt.

    Source: Bundeswahlleiter, final result of the election of 6 March 1983.
    """
    votes = {"SPD": 14_865_807, "CDU": 14_857_680, "CSU": 4_140_865, "FDP": 2_706_942, "GRÜNE": 2_167_431}
    result = apportion(votes, total=496, method="dhondt")
    assert result.places == {"SPD": 191, "CDU": 191, "CSU": 53, "FDP": 34, "GRÜNE": 27}


def test_dhondt_favours_large_units_where_sainte_lague_is_even():
    """The common textbook votes, 8 seats."""
    votes = {"A": 100_000, "B": 80_000, "C": 30_000, "D": 20_000}
    assert apportion(votes, total=8, method="dhondt").places == {"A": 4, "B": 3, "C": 1, "D": 0}
    assert apportion(votes, total=8, method="sainte_lague").places == {"A": 3, "B": 3, "C": 1, "D": 1}


def test_jianshi_column_h_is_no_formula_of_column_l():
    """Source: jianshi-2020 annex 1; the catalogue works out what largest remainder would give."""
    frontline = dict(zip(NAMES, (41, 34, 14, 14, 28, 15, 11, 27, 15, 23), strict=True))
    computed = apportion(frontline, total=94, method="largest_remainder")
    assert sum(frontline.values()) == 222
    assert list(computed.places.values()) == [17, 14, 6, 6, 12, 6, 5, 12, 6, 10]
    decided = [17, 15, 6, 6, 12, 6, 4, 11, 7, 10]
    assert sum(a != b for a, b in zip(computed.places.values(), decided, strict=True)) == 4


def test_the_alabama_paradox_and_its_warning():
    """One more place takes one from the smallest unit: 6, 6, 2 members, 10 and 11 places."""
    weights = {"甲": 6, "乙": 6, "丙": 2}
    ten = apportion(weights, total=10, method="largest_remainder")
    eleven = apportion(weights, total=11, method="largest_remainder")
    assert (ten.places, eleven.places) == ({"甲": 4, "乙": 4, "丙": 2}, {"甲": 5, "乙": 5, "丙": 1})
    assert [(note.code, "可能反而减少" in note.sentence) for note in ten.warnings] == [("alabama", True)]
    assert apportion(weights, total=10).warnings == ()
    assert apportion(weights, total=11).places["丙"] >= apportion(weights, total=10).places["丙"]


def test_equal_shares_do_not_read_weights_and_leave_the_rest_open():
    result = apportion({"甲": 90, "乙": 1, "丙": 0}, total=8, method="equal", base={"甲": 1}, caps={"甲": 2})
    assert result.places == {"甲": 2, "乙": 3, "丙": 3}
    open_ended = apportion({"甲": 90, "乙": 1, "丙": 0}, total=8, method="equal")
    assert (open_ended.places, open_ended.ties) == ({"甲": 2, "乙": 2, "丙": 2}, (Tie(("甲", "乙", "丙"), 2),))
    assert step_sentence(open_ended.steps[0]) == "甲：平均份额 2.66，先取整数部分（0 → 2）。"


def test_half_up_rounds_each_row_and_can_be_exact_to_the_total():
    weights = {"甲": 250, "乙": 249, "丙": 350, "丁": 0}
    row = apportion(weights, method="half_up", rate=Fraction(1, 100))
    assert row.places == {"甲": 3, "乙": 2, "丙": 4, "丁": 0}  # 2.50 → 3, 2.49 → 2, 3.50 → 4
    total = apportion(weights, method="half_up", rate=Fraction(1, 100), rounding="total")
    assert (total.places, total.ties) == ({"甲": 2, "乙": 2, "丙": 3, "丁": 0}, (Tie(("甲", "丙"), 1),))
    bounded = apportion(weights, method="half_up", rate=Fraction(1, 100), base=1, floors={"丁": 2}, caps={"丙": 3})
    assert bounded.places == {"甲": 4, "乙": 3, "丙": 3, "丁": 2}
    for result in (row, total, bounded):
        check_steps(result)


@settings(max_examples=60, deadline=None)
@given(questions(), st.fractions(0, 3, max_denominator=40), st.sampled_from(["row", "total"]))
def test_half_up_is_the_arithmetic_of_the_row(question, rate, rounding):
    weights, _, bounds = question
    result = apportion(weights, method="half_up", rate=rate, rounding=rounding, **bounds)
    base, floors, caps = (bounds[name] for name in ("base", "floors", "caps"))
    shares = {
        unit: min(
            max(weight * rate, floors.get(unit, 0) - base.get(unit, 0)),
            *([Fraction(caps[unit] - base.get(unit, 0))] if unit in caps else [weight * rate + 10]),
        )
        for unit, weight in weights.items()
    }
    half_up = {unit: base.get(unit, 0) + int(share + Fraction(1, 2)) for unit, share in shares.items()}
    if rounding == "row":
        assert (result.places, result.ties) == (half_up, ())
    else:
        still = sum(tie.seats for tie in result.ties)
        assert sum(result.places.values()) + still == sum(base.values()) + int(sum(shares.values()) + Fraction(1, 2))
        assert all(abs(result.places[unit] - base.get(unit, 0) - share) < 1 for unit, share in shares.items())
    check_steps(result)


# --- large tables -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", PROPORTIONAL)
@pytest.mark.parametrize("kind", ["spread", "few values", "all equal", "huge"])
def test_large_tables_equal_the_oracle(method, kind):
    count = 150
    number = {
        "spread": lambda i: (i * 7919 + 13) % 100_003,
        "few values": lambda i: (i * i) % 7,
        "all equal": lambda _: 5,
        "huge": lambda i: 10**14 + i % 3,
    }[kind]
    weights = {f"示例{i}": number(i) for i in range(count)}
    floors = {unit: i % 3 for i, unit in enumerate(weights)}
    caps = {unit: i % 3 + i % 11 for i, unit in enumerate(weights)}
    for bounds in ({}, {"floors": floors, "caps": caps}):
        result = apportion(weights, total=451, method=method, **bounds)
        places, (level, still) = oracle(weights, 451, method, **bounds)
        assert result.places == places
        assert [(set(tie.units), tie.seats) for tie in result.ties] == ([(level, still)] if still else [])


def test_numbers_too_large_are_refused_not_wrapped():
    assert apportion({"甲": 10**30, "乙": 10**30 - 1}, total=3, settle=[]).places == {"甲": 2, "乙": 1}
    for total, weight, words in ((10**9, 10**30, "weights × places"), (2**45, 2**70, "2 × total")):
        with pytest.raises(OverflowError, match=words):
            apportion({"甲": weight, "乙": 1}, total=total)
    with pytest.raises(OverflowError, match="numerator of the rate"):
        apportion({"甲": 10**10}, method="half_up", rate=Fraction(10**30 + 1, 10**30))


# --- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weights", "total", "bounds", "code", "by", "words"),
    [
        ({"甲": 1, "乙": 1}, 3, {"floors": 2}, "floors_over_total", 1, "多 1 个"),
        ({"甲": 1, "乙": 1}, 9, {"caps": {"甲": 2, "乙": 3}}, "caps_under_total", 4, "还有 4 个"),
        ({"甲": 1, "乙": 1}, 3, {"base": 2}, "base_over_total", 1, "多 1 个"),
        ({"甲": 1}, 3, {"base": 3, "caps": 1}, "cap_under_base", 2, "甲：固定名额 3 个超过上限 1 个"),
        ({"甲": 1}, 9, {"floors": 3, "caps": 1}, "floor_over_cap", 2, "甲：下限 3 个超过上限 1 个"),
        ({"甲": 0, "乙": 0}, 3, {}, "no_weight", 3, "基数都是 0"),
        ({"甲": 0, "乙": 0}, 3, {"floors": 1}, "no_weight", 1, "1 个名额"),
        ({"甲": 0, "乙": 4}, 3, {"caps": {"乙": 2}}, "caps_under_total", 1, "还有 1 个"),
        ({}, 3, {}, "no_units", 3, "没有单位"),
    ],
)
def test_impossible_bounds_say_by_how_much(weights, total, bounds, code, by, words):
    for method in PROPORTIONAL:
        with pytest.raises(Infeasible, match=words) as caught:
            apportion(weights, total=total, method=method, **bounds)
        assert (caught.value.code, caught.value.by) == (code, by)


@pytest.mark.parametrize("method", [*PROPORTIONAL, "equal"])
def test_nothing_to_divide_is_a_result(method):
    assert apportion({}, total=0, method=method).places == {}
    assert apportion({"甲": 0, "乙": 0}, total=0, method=method).places == {"甲": 0, "乙": 0}
    assert apportion({"甲": 0, "乙": 0}, total=2, base=1, method=method).places == {"甲": 1, "乙": 1}
    assert apportion({}, method="half_up", rate=1).places == {}


@pytest.mark.parametrize(
    "call",
    [
        {"weights": {"甲": True}, "total": 1},
        {"weights": {"甲": 1.0}, "total": 1},
        {"weights": {"甲": Fraction(1)}, "total": 1},
        {"weights": {"甲": 1}, "total": 1.0},
        {"weights": {"甲": 1}, "total": True},
        {"weights": {"甲": 1}},
        {"weights": {"甲": 1}, "total": 1, "rate": 1},
        {"weights": {"甲": 1}, "total": 1, "rounding": "row"},
        {"weights": {"甲": 1}, "total": 1, "floors": {"甲": 0.5}},
        {"weights": {"甲": 1}, "total": 1, "caps": True},
        {"weights": {"甲": 1}, "method": "half_up"},
        {"weights": {"甲": 1}, "method": "half_up", "rate": 0.1},
        {"weights": {"甲": 1}, "method": "half_up", "rate": True},
        {"weights": {"甲": 1}, "method": "half_up", "rate": 1, "total": 1},
        {"weights": {"甲": 1, "乙": 1}, "total": 1, "settle": "甲"},
        {"weights": {"甲": 1, "乙": 1}, "total": 1, "settle": {"甲": True}},
    ],
)
def test_inexact_or_misplaced_arguments_are_type_errors(call):
    with pytest.raises(TypeError):
        apportion(**call)


@pytest.mark.parametrize(
    "call",
    [
        {"weights": {"甲": -1}, "total": 1},
        {"weights": {"甲": 1}, "total": -1},
        {"weights": {"甲": 1}, "total": 1, "method": "hare"},
        {"weights": {"甲": 1}, "total": 1, "floors": {"乙": 1}},
        {"weights": {"甲": 1}, "total": 1, "caps": {"甲": -1}},
        {"weights": {"甲": 1}, "method": "half_up", "rate": -1},
        {"weights": {"甲": 1}, "method": "half_up", "rate": 1, "rounding": "up"},
    ],
)
def test_values_out_of_range_are_value_errors(call):
    with pytest.raises(ValueError, match=r"unknown|negative|without a weight"):
        apportion(**call)


def test_a_choice_must_settle_exactly_the_tie():
    four = dict.fromkeys("甲乙丙丁", 1)
    assert apportion(four, total=2).ties == (Tie(("甲", "乙", "丙", "丁"), 2),)
    by_lot = apportion(four, total=2, settle={"丁": 1, "乙": 1, "甲": 0})
    assert by_lot.places == {"甲": 0, "乙": 1, "丙": 0, "丁": 1}
    for choice, words in (
        (["甲"], "正好选定 2 个"),
        ([], "正好选定 2 个"),
        (["甲", "乙", "丙"], "正好选定 2 个"),
        (["甲", "甲"], "最多得 1 个"),
        ({"甲": 2}, "最多得 1 个"),
        (["甲", "戊"], "戊 不在并列单位之内"),
    ):
        with pytest.raises(SettleError, match=words):
            apportion(four, total=2, settle=choice)


def test_a_choice_is_not_consulted_without_a_tie():
    class Refuses(list):
        def __iter__(self):
            raise AssertionError("consulted although nothing is tied")

    result = apportion({"甲": 2, "乙": 1}, total=3, settle=Refuses(["甲"]))
    assert result.places == {"甲": 2, "乙": 1}
    assert [note.code for note in result.warnings] == ["settle_unused"]


# --- words and source ---------------------------------------------------------------------------------------------


def test_the_steps_of_a_bounded_table_read_as_sentences():
    result = apportion(
        {"甲": 37, "乙": 3, "丙": 9, "丁": 9}, total=20, base={"甲": 1}, floors={"乙": 3}, caps={"甲": 6}, settle=["丁"]
    )
    assert result.places == {"甲": 6, "乙": 3, "丙": 5, "丁": 6}
    assert [step_sentence(step) for step in result.steps] == [
        "甲：先给固定名额（0 → 1）。",
        "甲：固定名额之外，基数 37，按统一除数折算 22.61，四舍五入（1 → 24）。",
        "甲：份额超过上限 6 个，按上限计（24 → 6）。",
        "乙：基数 3，按统一除数折算 1.83，四舍五入（0 → 2）。",
        "乙：份额不足下限 3 个，补到下限（2 → 3）。",
        "丙：基数 9，按统一除数折算 5.50，恰在进位线上，先不进位（0 → 5）。",
        "丙：2 个单位并列争 1 个名额，按已记录的研究或抽签结果未选中（5 → 5）。",
        "丁：基数 9，按统一除数折算 5.50，恰在进位线上，先不进位（0 → 5）。",
        "丁：2 个单位并列争 1 个名额，按已记录的研究或抽签结果加 1 个名额（5 → 6）。",
    ]
    assert result.steps_of("乙")[0].values["exact"] == "11/6"
    open_tie = apportion({"甲": 1, "乙": 1}, total=1).steps_of("乙")
    assert step_sentence(open_tie[-1]) == "乙：2 个单位并列争 1 个名额，待集体研究或抽签（0 → 0）。"


def test_a_cap_that_only_takes_the_remainder_is_told():
    result = apportion({"甲": 7, "乙": 10, "丙": 0}, total=15, method="largest_remainder", caps={"甲": 6})
    assert [step_sentence(step) for step in result.steps] == [
        "甲：基数 7，应得份额 6.30，先取整数部分（0 → 6）。",
        "甲：份额超过上限 6 个，按上限计（6 → 6）。",
        "乙：基数 10，应得份额 9.00，先取整数部分（0 → 9）。",
        "丙：基数 0，应得份额 0.00，先取整数部分（0 → 0）。",
    ]
    small = apportion({"甲": 1, "乙": 99}, total=5, method="largest_remainder")
    assert step_sentence(small.steps_of("甲")[0]) == "甲：基数 1，应得份额 0.05，先取整数部分（0 → 0）。"
    assert step_sentence(small.steps_of("乙")[1]) == "乙：余数 0.95 排在前列，加 1 个名额（4 → 5）。"


def test_methods_are_named_by_their_effect():
    assert METHODS == {
        "sainte_lague": "按比例·最均衡（圣拉古法）",
        "dhondt": "按比例·偏向大单位（洪德法）",
        "largest_remainder": "按比例·最大余数法（总数增加时个别单位可能反而减少）",
        "equal": "平均分配",
        "half_up": "逐行四舍五入",
    }


def test_no_float_can_arise_in_the_package():
    for path in Path(package.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not isinstance(node, ast.Div), f"{path.name}: true division"
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), f"{path.name}: float"
            name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
            assert name not in {"float", "round", "mean", "truediv", "Float32", "Float64", "sqrt"}, name
