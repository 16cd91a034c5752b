from __future__ import annotations

import ast
import doctest
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import casework.money
from casework.money import MOST_FEN, capital, half_up, parse_yuan, split, yuan, yuan_wan

PACKAGE = Path(casework.money.__file__).parent
EXACT = tuple(
    f"{name}{tail}"
    for name in ("money", "apportionment", "allocation*", "amounts*", "rules/amounts*")
    for tail in (".py", "/**/*.py")
)


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(casework.money).failed == 0


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("2000", 200000),
        ("18.4万", 18400000),
        ("18.4万元", 18400000),
        ("18.4 万元", 18400000),
        ("2,000", 200000),
        ("2，000", 200000),
        ("1,234,567.89", 123456789),
        ("￥2000", 200000),
        ("¥2000", 200000),
        ("人民币2000元", 200000),
        ("2000元", 200000),
        ("2000元整", 200000),
        ("２０００", 200000),
        (" 2000.00 ", 200000),
        ("2000.0", 200000),
        ("0.2万", 200000),
        ("2千", 200000),
        ("1.5亿元", 15000000000),
        ("0", 0),
        ("0.01", 1),
        ("贰仟元整", 200000),
        ("人民币贰仟圆整", 200000),
        ("壹万陆仟肆佰零玖元零贰分", 1640902),
        ("伍分", 5),
    ],
)
def test_an_amount_an_officer_writes_is_read_exactly(text, fen):
    assert parse_yuan(text) == fen


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("12.345", "不足一分"),
        ("0.30000000000000004", "不足一分"),
        ("-100", "负数"),
        ("－100", "负数"),
        ("1e3", "看不懂"),
        ("NaN", "看不懂"),
        ("inf", "看不懂"),
        ("1_000", "看不懂"),
        ("约2000", "看不懂"),
        ("2000左右", "看不懂"),
        ("2000-3000", "看不懂"),
        ("2000～3000", "看不懂"),
        ("2000/年", "看不懂"),
        ("2,00", "看不懂"),
        ("2 000", "看不懂"),
        ("2000.", "看不懂"),
        (".5", "看不懂"),
        ("᠒᠐᠐᠐", "看不懂"),
        ("=1+1", "看不懂"),
        ("元", "看不懂"),
        ("整", "看不懂"),
        ("贰贰元", "看不懂"),
        ("仟贰元", "看不懂"),
        ("", "空的"),
        ("  ", "空的"),
        ("99999999999999万", "过大"),
    ],
)
def test_an_amount_in_doubt_is_refused_with_a_sentence(text, why):
    with pytest.raises(ValueError, match=why):
        parse_yuan(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0", "零元整"),
        ("0.05", "伍分"),
        ("0.50", "伍角"),
        ("0.55", "伍角伍分"),
        ("1", "壹元整"),
        ("10", "壹拾元整"),
        ("10.05", "壹拾元零伍分"),
        ("500", "伍佰元整"),
        ("2000", "贰仟元整"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("1409.50", "壹仟肆佰零玖元伍角"),
        ("1680.32", "壹仟陆佰捌拾元叁角贰分"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("10050", "壹万零伍拾元整"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("107000.53", "壹拾万柒仟元伍角叁分"),
        ("184000", "壹拾捌万肆仟元整"),
        ("1000001", "壹佰万零壹元整"),
        ("100001000", "壹亿零壹仟元整"),
        ("100010001", "壹亿零壹万零壹元整"),
        ("1000000000000", "壹万亿元整"),
        ("1005000000000", "壹万零伍拾亿元整"),
    ],
)
def test_capital_amounts_follow_the_rules_for_receipts(text, words):
    assert capital(parse_yuan(text)) == f"人民币{words}"


def test_there_is_no_capital_form_of_a_debt():
    with pytest.raises(ValueError, match="大写金额"):
        capital(-1)


@pytest.mark.parametrize(("fen", "words"), [(0, "0"), (1, "0.01"), (10, "0.10"), (-5, "-0.05"), (18400000, "184000")])
def test_yuan_has_two_decimals_or_none(fen, words):
    assert yuan(fen) == words


def test_wan_is_exact():
    assert [yuan_wan(fen) for fen in (18400000, 1, 1_000_000, 0)] == ["18.4万元", "0.000001万元", "1万元", "0万元"]


@given(st.integers(0, MOST_FEN))
def test_every_way_of_writing_an_amount_reads_back(fen):
    assert parse_yuan(yuan(fen)) == fen
    assert parse_yuan(yuan_wan(fen)) == fen
    assert parse_yuan(capital(fen)) == fen


@given(st.text(max_size=12))
def test_any_text_is_an_amount_or_a_sentence(text):
    try:
        answer = yuan(parse_yuan(text))
    except ValueError as error:
        answer = str(error)

    assert "金额" in answer or parse_yuan(answer) <= MOST_FEN


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"), [(1, 2, 1), (3, 2, 2), (5, 2, 3), (49, 100, 0), (-1, 2, -1), (0, 7, 0)]
)
def test_half_up_is_not_the_banker_s_rounding(numerator, denominator, rounded):
    assert half_up(numerator, denominator) == rounded


def test_half_up_needs_a_positive_denominator():
    with pytest.raises(ValueError, match="positive"):
        half_up(1, 0)


SHARES = st.lists(st.integers(0, 50) | st.fractions(0, 3, max_denominator=40), min_size=1, max_size=8).filter(any)


@given(st.integers(0, 10**7), SHARES)
def test_a_split_conserves_the_fen_and_gives_nothing_to_no_share(total, shares):
    parts = split(total, shares)

    assert sum(parts) == total
    assert all(part >= 0 and (part == 0 or share > 0) for part, share in zip(parts, shares, strict=True))


@given(st.integers(0, 300), SHARES)
def test_more_money_lowers_no_part(total, shares):
    assert all(more >= less for more, less in zip(split(total + 1, shares), split(total, shares), strict=True))


@given(st.integers(0, 200), SHARES)
def test_a_split_is_what_giving_one_fen_after_the_other_makes(total, shares):
    parts = [0] * len(shares)
    for _ in range(total):
        claims = [Fraction(share) / (2 * part + 1) for share, part in zip(shares, parts, strict=True)]
        parts[claims.index(max(claims))] += 1

    assert split(total, shares) == parts


@pytest.mark.parametrize(("total", "shares"), [(-1, [1]), (1, [-1, 2]), (1, [0, 0]), (1, [])])
def test_a_split_that_makes_no_sense_is_refused(total, shares):
    with pytest.raises(ValueError, match="share"):
        split(total, shares)


def test_nothing_splits_into_nothing():
    assert split(0, []) == []
    assert split(0, [0, 0]) == [0, 0]


def inexact(source):
    """Name everything in `source` that could let a float in."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            found.append(f"{node.lineno}: float literal")
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            found.append(f"{node.lineno}: true division")
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"float", "round"}:
            found.append(f"{node.lineno}: {node.func.id}()")
        if isinstance(node, ast.Attribute) and node.attr in {"Float32", "Float64", "truediv"}:
            found.append(f"{node.lineno}: {node.attr}")
    return found


@pytest.mark.parametrize("source", ["x = 0.5", "x = a / b", "x /= 2", "round(x)", "float(x)", "e.cast(pl.Float64)"])
def test_the_float_alarm_rings(source):
    assert inexact(source)


@pytest.mark.parametrize("path", sorted({p for glob in EXACT for p in PACKAGE.glob(glob)}), ids=lambda p: p.name)
def test_no_float_touches_money(path):
    assert inexact(path.read_text(encoding="utf-8")) == []
