from __future__ import annotations

import doctest

import pytest

import casework.problems
from casework.problems import (
    CaseworkError,
    Conflict,
    Infeasible,
    LedgerError,
    NotAllowed,
    PolicyError,
    Problem,
    Refused,
)


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        (
            Problem("校验位应为 3", "请核对证件", sheet="名单", cell="AC12", read="x4"),
            "工作表「名单」第 12 行（格 AC12）：读到「x4」。校验位应为 3。请核对证件。",
        ),
        (
            Problem("没有 text", "请写上原文", file="policy.toml", clause="JS-1.1"),
            "文件 policy.toml，条款 JS-1.1：没有 text。请写上原文。",
        ),
        (
            Problem("合计不符。", file="附件1.xlsx", sheet="分配表", cell="C5"),
            "文件 附件1.xlsx，工作表「分配表」第 5 行（格 C5）：合计不符。",
        ),
        (
            Problem("少 1 位", "请核对证件", sheet="名单", cell="C5", read="x4", column="身份证号"),
            "工作表「名单」第 5 行「身份证号」（格 C5）：读到「x4」。少 1 位。请核对证件。",
        ),
        (Problem("缺第三节"), "缺第三节。"),
        (Problem("空表", sheet="名单"), "工作表「名单」：空表。"),
    ],
)
def test_a_problem_says_where_what_why_and_how(problem, sentence):
    assert problem.sentence() == sentence


def test_a_policy_error_says_every_problem():
    error = PolicyError((Problem("一", file="a.toml"), Problem("二", file="a.toml")))

    assert str(error) == "文件 a.toml：一。\n文件 a.toml：二。"
    assert len(error.problems) == 2


@pytest.mark.parametrize("kind", [Refused, Conflict, NotAllowed])
def test_a_refusal_carries_a_code_and_a_sentence(kind):
    error = kind("stale_version", "名单已被他人更新，请刷新后再试。")

    assert (error.reason_code, str(error)) == ("stale_version", "名单已被他人更新，请刷新后再试。")
    assert isinstance(error, Refused)


def test_infeasible_numbers_say_by_how_much():
    error = Infeasible("floors_over_total", 3, "下限合计超过总名额，多 3 个。")

    assert (error.code, error.by, error.sentence) == ("floors_over_total", 3, "下限合计超过总名额，多 3 个。")


def test_one_root_catches_everything():
    for kind in (PolicyError, Refused, Conflict, NotAllowed, Infeasible, LedgerError):
        assert issubclass(kind, CaseworkError)


def test_the_tree_in_the_docstring_is_the_tree():
    kinds = [n for n, o in vars(casework.problems).items() if isinstance(o, type) and issubclass(o, Exception)]

    assert all(f" {name} " in f" {casework.problems.__doc__} " for name in kinds)
    assert doctest.testmod(casework.problems).failed == 0
