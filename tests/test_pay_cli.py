"""The whole of review and payment on the command line: every command is reached, and the money comes home."""

from __future__ import annotations

import ast
import io
import json
from pathlib import Path

import payment_round
import pytest
from payment_round import HALL, TOWN
from python_calamine import CalamineWorkbook

from casework.cli import choosing, main
from casework.cli.common import Usage
from casework.cli.visits import callers

made, _keys, quick = payment_round.made, payment_round._keys, payment_round.quick

PACKAGE = Path(__file__).parents[1] / "casework"
ON = ["--on", "2020-01-30"]


# -- every command is reached ----------------------------------------------------------------------------------------


def commands(package):
    """Name every public command function: those that take actor, now and key."""
    for file in sorted((PACKAGE / package).glob("*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            given = {one.arg for one in node.args.kwonlyargs} if isinstance(node, ast.FunctionDef) else set()
            if {"actor", "now", "key"} <= given and not node.name.startswith("_"):
                yield f"casework.{package}.{file.stem}.{node.name}"


def reached():
    """Name every function of the package the command line imports; an import that is not used fails the lint."""
    for file in (PACKAGE / "cli").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("package", ["review", "payment"])
def test_every_command_can_be_typed(package):
    found, typed = list(commands(package)), set(reached())
    assert len(found) > 15
    assert [name for name in found if name not in typed] == []


# -- a round typed from the claims to the report ---------------------------------------------------------------------


@pytest.fixture
def run(capsys, monkeypatch, quick):
    monkeypatch.setenv("CASEWORK_DB", str(quick.engine.url.database))

    def run(*words):
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out.strip(), said.err.strip()

    return run


@pytest.fixture
def done(run):
    def done(*words):
        code, out, err = run(*words)
        assert code == 0, err
        assert not out.startswith("{") or "--json" in words  # a person is told in Chinese
        return json.loads(out) if "--json" in words else out

    return done


def ids(done, **wanted):
    rows = done("pay", "claims", "--json")
    return [row["claim_id"] for row in rows if all(row[name] == value for name, value in wanted.items())]


def test_from_the_claims_to_the_report(quick, run, done, tmp_path):
    done("pay", "income", "--yuan", "3000", "--fund", "留存党费", "--basis", "示例凭证", *ON)
    done("pay", "open")
    town, hall = ids(done, unit="业州镇"), ids(done, unit="长梁镇")
    assert (len(town), len(hall)) == (2, 4)
    code, _, err = run("pay", "hand", *town, "--place", "家中", "--by", "示例委员", *ON)
    assert (code, "资金还没有拨付到单位" in err) == (1, True)
    for unit, claims in (("业州镇", town), (HALL, hall)):
        done("pay", "transfer", *claims, "--unit", unit, "--fund", "留存党费", "--basis", "示例拨付单", *ON)
    code, _, err = run("pay", "hand", *town, "--place", "村委会", "--by", "示例", *ON)
    assert code in (1, 2)
    assert "村委会" in err

    # the town pays two by hand, on a visit; the hall pays four by the bank
    link = done(
        "pay",
        "visit",
        "link",
        "示例县领导",
        "--position",
        "县委副书记",
        "--level",
        "县级",
        "--unit",
        TOWN,
        "--office",
        "示例办",
        "--json",
    )["link_id"]
    assert "示例县领导" in run("pay", "visit", "links")[1]
    plan = done("pay", "visit", "plan", link, "--case", quick.cases[0], "--case", quick.cases[1], *ON, "--json")[
        "plan_id"
    ]
    by = ["--by", f"示例县领导=县委副书记={link}", "--by", "示例委员=乡镇党委委员"]
    for case, claim in zip(quick.cases[:2], town, strict=True):
        say = ["--place", "家中", "--opinions", "希望修路", "--plan", plan, "--claim", claim]
        done("pay", "visit", "add", case, *say, *by, *ON)
    code, out, _ = run("pay", "visit", "leaders", "--json")
    assert (code, json.loads(out)[0]["visited"], json.loads(out)[0]["planned"]) == (0, 2, 2)
    assert [row["name"] for row in done("pay", "visit", "roster", "--json")] == ["示例1号", "示例2号"]

    for number, case in enumerate(quick.cases[2:]):
        card = f"622202123456789012{number}"
        whose = ["--number", luhn(card)]
        if number == 3:
            whose += ["--holder", "示例家属", "--relation", "配偶", "--consent", "2020-01-20"]
        done("pay", "card", "set", case, *whose)
    assert run("pay", "card", "list")[0] == 0
    batch = done("pay", "bank", *hall, *ON, "--json")
    assert batch["people"] == 4
    assert luhn("6222021234567890120") not in run("pay", "banklist", batch["batch_id"])[1]
    file = tmp_path / "明细.xlsx"
    done("pay", "banklist", batch["batch_id"], "--out", file)
    rows = CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()
    assert [row[1:3] for row in rows[1:]][3] == ["示例家属", luhn("6222021234567890123")]
    assert run("pay", "banklist", batch["batch_id"], "--out", tmp_path / "明细.csv")[0] == 2
    answer = tmp_path / "回单.csv"
    lines = [
        f"{number},500,{'退票' if number == 4 else '成功'},{'户名不符' if number == 4 else ''}"
        for number in (1, 2, 3, 4)
    ]
    answer.write_text("序号,金额,结果,原因\n" + "\n".join(lines) + "\n", encoding="utf-8")
    result = done("pay", "results", batch["batch_id"], answer, *ON, "--json")
    assert (result["succeeded"], result["returned"]) == (3, 1)
    (back,) = ids(done, state="returned")
    assert run("pay", "card", "revoke", quick.cases[5])[0] == 0
    code, _, err = run("pay", "bank", back, *ON)
    assert (code, "已撤回" in err) == (1, True)
    done("pay", "card", "set", quick.cases[5], "--number", luhn("6222021234567890126"))
    again = done("pay", "bank", back, *ON, "--json")["batch_id"]
    answer.write_text("序号,金额,结果,原因\n1,500,成功,\n", encoding="utf-8")
    done("pay", "results", again, answer, *ON)
    assert len(done("pay", "batches", "--json")) == 2

    # a receipt of somebody else is no receipt, a taken-back payment is paid again
    code, _, err = run("pay", "book", *town, "--voucher", "示例", *ON)
    assert (code, "回执" in err) == (1, True)
    done("pay", "receipt", hall[0], "--proxy", "示例家属", "--relation", "配偶", *ON)
    assert run("pay", "book", hall[0], "--voucher", "示例", *ON)[0] == 1
    done("pay", "takeback", town[1], "--reason", "送错", *ON)
    done("pay", "hand", town[1], "--place", "家中", "--by", "示例委员", *ON)
    done("pay", "receipt", *town, *hall, "--with", "指印", *ON)
    done("pay", "book", *town, *hall, "--voucher", "示例凭证", *ON)
    assert run("pay", "claims", "--unreceipted")[1:] == ("", "没有应发款")
    code, _, err = run("pay", "stop", town[0], "--reason", "示例")
    assert code == 1

    account = next(row for row in done("pay", "accounts", "--json") if row["kind"] == "本级资金")
    assert account["balance"] == 0
    assert run("pay", "reconcile", account["account"], "--yuan", "1", *ON)[0] == 1
    done("pay", "reconcile", account["account"], "--yuan", "1", "--reason", "利息", *ON)

    # visits of the others, a difficulty, an inspection
    assert run("pay", "unvisited")[0] == 1
    who = ["--by", "示例委员=乡镇党委委员", "--by", "示例处长=派出单位有关负责同志"]
    seen = ["--place", "家中", "--opinions", "无", *who, *ON]
    for case in quick.cases[2:]:  # the sending body comes along: one of them is a first secretary
        made = done("pay", "visit", "add", case, *seen, "--by", "示例派员=派出单位有关负责同志", "--json")
    code, out, _ = run("pay", "visit", "list", "--json")
    assert len(json.loads(out)) == 6
    difficulty = ["--problem", "示例困难", "--owner", "示例", "--due", "2020-02-01"]
    raised = done("pay", "visit", "raise", made["visit_id"], *difficulty, "--json")
    assert run("pay", "visit", "difficulties")[0] == 1
    done("pay", "visit", "settle", raised["follow_up_id"], "--outcome", "已办", *ON)
    assert run("pay", "visit", "difficulties")[0] == 0
    assert run("pay", "unvisited")[:2] == (0, "")
    wrong = done("pay", "visit", "add", quick.cases[2], *seen, "--json")
    done("pay", "visit", "revoke", wrong["visit_id"], "--reason", "重复登记")
    done("pay", "visit", "cancel", plan, "--reason", "已走访")
    drawn = done("pay", "draw", "--seed", "20200210", "--size", "1", *ON, "--json")
    case = drawn["drawn"][0]
    assert "未登记" in run("pay", "drawn", drawn["inspection_id"])[1]
    code, _, err = run("pay", "finding", drawn["inspection_id"], case, "--body", "示例组", "--irregular", *ON)
    assert code == 1
    done("pay", "finding", drawn["inspection_id"], case, "--body", "示例组", "--in-order", *ON)
    assert "无问题" in run("pay", "drawn", drawn["inspection_id"])[1]
    assert "20200210" in run("pay", "drawn")[1]

    figures = json.loads(run("pay", "report", "--json")[1])["figures"]
    assert (figures["paid_people"], figures["booked_people"], figures["visited"], figures["not_visited"]) == (
        6,
        6,
        6,
        0,
    )
    assert run("pay", "funds")[0] == 0
    code, out, _ = run("round", "ends", "--round", "js", "--json")
    assert [row["label"] for row in json.loads(out)] == ["单位材料未报齐"]
    assert run("round", "ends", "js", "--round", "other")[0] == 2
    assert run("round", "close", "js")[0] == 1
    assert run("round", "close", "js", "--explain", "没有这项=示例")[0] == 2
    assert "1 项未了并已说明" in done("round", "close", "js", "--explain", "单位材料未报齐=示例轮次")
    assert "示例轮次" in run("round", "ends", "js")[1]
    assert run("pay", "open")[0] in (1, 2)


def luhn(number):
    """Return the number with its last digit made right."""
    body = number[:-1]
    total = sum(
        (digit * 2 - 9 if digit * 2 > 9 else digit * 2) if place % 2 == 0 else digit
        for place, digit in enumerate(int(sign) for sign in reversed(body))
    )
    return body + str(-total % 10)


# -- whom a command is about ---------------------------------------------------------------------------------------


@pytest.fixture
def answers(monkeypatch):
    """Let the next question be answered so; without it nobody is there to answer."""

    def answers(text):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{text}\n"))

    return answers


def test_units_and_names_are_found_shown_and_confirmed(run, done, answers):
    done("pay", "income", "--yuan", "3000", "--fund", "留存党费", "--basis", "示例凭证", *ON)
    assert done("pay", "open") == "已登记：新列 6 笔。"
    answers("")
    code, out, err = run("pay", "transfer", "--unit", "业州镇", "--basis", "示例拨付单", *ON)
    assert (code, out) == (2, "")
    assert "示例1号" in err
    assert "以上 2 笔，合计 1000 元，拨付" in err
    assert "什么都没有办" in err
    answers("是")
    code, out, _ = run("pay", "transfer", "--unit", TOWN, "--basis", "示例拨付单", *ON)
    assert (code, out.startswith("业州镇：已登记：2 笔，1000 元")) == (0, True)
    assert "长梁镇：已登记：4 笔" in done("pay", "transfer", "--all", "--yes", "--basis", "示例拨付单", *ON)

    by = ["--place", "家中", "--by", "示例委员", *ON, "--yes"]
    assert "已登记：1 笔" in done("pay", "hand", "示例1号", *by)
    assert "“示例1号”现在不能发放" in run("pay", "hand", "示例1号", *by)[2]
    assert "没有应发款" in run("pay", "hand", "示例无此人", *by)[2]
    assert "没有单位“不存在镇”" in run("pay", "hand", "--unit", "不存在镇", *by)[2]
    assert "请写明给谁发放" in run("pay", "hand", *by)[2]
    assert "“示例2号”现在不能发放" in run("pay", "hand", "示例2号", "--unit", HALL, *by)[2]  # not of that unit
    assert "已登记：5 笔" in done("pay", "hand", "--all", *by)
    assert "已登记：2 笔" in done("pay", "receipt", "--unit", TOWN, "--yes", *ON)
    assert "可以入账 4 份" in done("pay", "receipt", "--all", "--yes", *ON)
    assert "已登记：6 笔，3000 元。" in done("pay", "book", "--all", "--yes", "--voucher", "示例凭证", *ON)
    assert run("pay", "book", "--all", "--yes", "--voucher", "示例凭证", *ON)[2].endswith("到了哪一步")


def test_the_bank_gets_one_list_from_each_unit_that_pays(quick, done):
    done("pay", "income", "--yuan", "3000", "--fund", "留存党费", "--basis", "示例凭证", *ON)
    done("pay", "open")
    done("pay", "transfer", "--all", "--yes", "--basis", "示例拨付单", *ON)
    for number, case in enumerate(quick.cases):
        done("pay", "card", "set", case, "--number", luhn(f"622202123456789012{number}"))
    assert done("pay", "bank", "--all", "--yes", *ON).count("代发明细编号") == 2
    assert [row["people"] for row in done("pay", "batches", "--json")] in ([2, 4], [4, 2])


def test_two_of_one_name_are_told_apart_by_their_unit():
    rows = [
        {"claim_id": unit, "name": "示例某", "person_id": unit, "unit": unit, "state": "planned"}
        for unit in ("甲镇", "乙镇")
    ]
    with pytest.raises(Usage, match="有 2 个人叫“示例某”（甲镇、乙镇），请加 --unit"):
        choosing._named(["示例某"], rows, {row["claim_id"]: row for row in rows}, "发放")


def test_a_unit_s_own_money_is_named_by_its_unit(done):
    said = done("pay", "income", "--yuan", "200", "--fund", "单位配套", "--unit", "业州镇", "--basis", "示例", *ON)
    assert said == "已登记：账户余额 200 元。"
    spent = ["--purpose", "hardship", "--fund", "单位配套", "--unit", TOWN, "--basis", "示例", *ON]
    assert "账户余额 80 元" in done("pay", "expense", "--yuan", "120", *spent)


def test_money_that_was_not_paid_goes_back(quick, done):
    done("pay", "income", "--yuan", "1000", "--fund", "留存党费", "--basis", "示例", *ON)
    done("pay", "open")
    town = ids(done, unit="业州镇")
    done("pay", "transfer", *town, "--unit", TOWN, "--fund", "留存党费", "--basis", "示例", *ON)
    assert "要退回 500 元" in done("pay", "stop", town[0], "--reason", "放弃")
    assert "1 笔" in done("pay", "refund", "--unit", "业州镇", "--yes", "--basis", "示例", *ON)  # only what was stopped
    done("pay", "refund", town[1], "--fund", "留存党费", "--basis", "示例", *ON)
    assert {row["balance"] for row in done("pay", "accounts", "--json")} == {100_000, 0}


def test_a_ring_fenced_fund_is_not_spent_on_anything(run):
    code, _, err = run(
        "pay", "expense", "--yuan", "10", "--purpose", "办公", "--fund", "留存党费", "--basis", "示例", *ON
    )
    assert code == 1
    assert err


@pytest.mark.parametrize(
    "words",
    [
        ("pay", "visit", "add", "c", "--place", "家中", "--opinions", "无", "--by", "示例", *ON),
        ("pay", "receipt", "没有", *ON),
        ("pay", "open", "--goods", "米面"),
        ("pay", "income", "--yuan", "很多", "--basis", "示例"),
        ("pay", "visit", "link", "示例", "--position", "书记", "--level", "省", "--unit", TOWN),
    ],
)
def test_a_command_written_wrongly(quick, run, words):
    assert run(*[quick.cases[0] if word == "c" else word for word in words])[0] == 2


def test_who_came_along_is_written_with_the_role():
    (one,) = callers(["示例=县委副书记=l1"])
    assert (one.name, one.role, one.link_id) == ("示例", "县委副书记", "l1")
    with pytest.raises(Usage):
        callers(["示例"])
