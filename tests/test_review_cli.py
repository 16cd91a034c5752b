"""The review on the command line: one 内蒙古 round from the survey to the list that may be issued."""

from __future__ import annotations

import json

import pytest
from review_round import neimenggu

from casework import db
from casework.cli import main
from casework.cli.common import Usage
from casework.cli.review import parsed_results
from casework.vocabulary import Decision


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)


@pytest.fixture
def world(tmp_path, monkeypatch):
    file = tmp_path / "ledger.db"
    monkeypatch.setenv("CASEWORK_DB", str(file))
    engine = db.open_ledger(file)
    yield neimenggu(engine)
    engine.dispose()


@pytest.fixture
def run(capsys):
    def run(*words):
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out.strip(), said.err.strip()

    return run


def test_from_the_survey_to_the_list_that_may_be_issued(world, run, monkeypatch):
    for place, (stage, body) in enumerate(
        (("摸底", "各单位"), ("筛选", "各单位"), ("单位审核", "各单位"), ("申报", "机关党委"))
    ):
        say = ["--on", f"2022-12-2{place}", "--body", body, "--basis", "示例"]
        assert run("review", "step", stage, *say, "--unit", "甲")[:2] == (0, "已登记 6 人")
        assert run("review", "step", stage, *say, "--unit", "乙")[:2] == (0, "已登记 2 人")
    world.adopt()
    code, said, _ = run("review", "convene", "--on", "2022-12-25", "--body", "工委委员会")
    assert code == 0
    meeting = said.split("，")[0].removeprefix("会议 ")
    say = ["--minutes", "示例纪要", "--signer", "示例书记", "--count", "9", "8", "8"]
    code, said, _ = run("review", "decide", meeting, *say, "--result", f"{world.cases[0]}=不同意:示例理由")
    assert (code, said.split("，")[0]) == (0, "第 1 次变更后的名单已研究确定")
    posted = ["--on", "2022-12-26", "--body", "工委", "--until", "2022-12-30", "--evidence", "示例截图"]
    code, said, _ = run("publish", "post", *posted)
    assert said.endswith("：5 人，到 2022-12-30 为止")
    notice = said.split("：")[0].removeprefix("公示 ")
    assert run("review", "ready")[0] == 1
    assert run("publish", "close", notice)[:2] == (0, "公示期满，5 人往下办，0 人等待异议办结")
    code, said, _ = run("review", "ready", "--json")
    assert (code, json.loads(said)["may_issue"], len(json.loads(said)["ready"])) == (0, True, 5)
    listed = json.loads(run("publish", "list", "--json")[1])
    assert listed[0] | {"id": ""} == {
        "id": "",
        "posted_on": "2022-12-26",
        "ends_on": "2022-12-30",
        "state": "公示期满",
        "people": 5,
        "objections": 0,
        "upheld": 0,
    }
    code, said, _ = run("review", "remove", world.cases[1], "放弃", "--on", "2022-12-31", "--basis", "示例")
    assert (code, said) == (0, "2022年12月31日示例甲2放弃，由示例甲5递补")


def test_a_skipped_step_is_refused_in_the_clauses_words(world, run):
    say = ["--on", "2022-12-21", "--body", "各单位", "--basis", "示例", "--unit", "甲"]
    code, _, err = run("review", "step", "筛选", *say)
    assert code == 1
    assert "还没有办“摸底”" in err
    assert "IM-2.1" in err


def test_where_everyone_stands(world, run):
    code, said, _ = run("review", "list", "--json", "--unit", "乙")
    assert code == 0
    assert [(row["name"], row["next"], row["verdict"]) for row in json.loads(said)] == [
        ("示例乙1", "摸底", "符合条件"),
        ("示例乙2", "摸底", "符合条件"),
    ]
    assert "下级办理、本级备查" in run("review", "chain")[1]
    assert run("review", "missing")[0] == 0
    assert run("review", "judge", "IM-3.1.4", "未核", "--case", world.cases[0])[:2] == (0, "已登记 1 人")


@pytest.mark.parametrize(
    "words",
    [
        ("review", "step", "没有", "--on", "2022-12-21", "--body", "各单位"),
        ("review", "step", "摸底", "--on", "昨天", "--body", "各单位"),
        ("review", "step", "摸底", "--on", "2022-12-21", "--body", "各单位", "--result", "c1"),
        ("review", "remove", "c", "走了", "--on", "2022-12-21", "--basis", "示例"),
    ],
)
def test_a_command_written_wrongly(world, run, words):
    if words[1] == "remove":
        words = (*words[:2], world.cases[0], *words[3:])
    assert run(*words)[0] == 2


def test_results_as_they_are_written():
    assert parsed_results(["c1=不同意:没有材料", "c2=改为金额800：较重"]) == {
        "c1": (Decision.REFUSED, "没有材料", None),
        "c2": (Decision.CHANGED_AMOUNT, "较重", 80_000),
    }
    with pytest.raises(Usage):
        parsed_results(["不同意"])


# -- what is contested, corrected and made up for ------------------------------------------------------------------


@pytest.fixture
def decided(world, run):
    """The list is official and posted; the days of the notice are over."""
    for place, (stage, body) in enumerate(
        (("摸底", "各单位"), ("筛选", "各单位"), ("单位审核", "各单位"), ("申报", "机关党委"))
    ):
        for unit in ("甲", "乙"):
            say = ["--on", f"2022-12-2{place}", "--body", body, "--basis", "示例", "--unit", unit]
            assert run("review", "step", stage, *say)[0] == 0
    world.adopt()
    return world


def meeting(run, on="2022-12-25", *results):
    made = run("review", "convene", "--on", on, "--body", "工委委员会")[1]
    say = ["--minutes", "示例纪要", "--signer", "示例书记", "--count", "9", "8", "8"]
    number = made.split("，")[0].removeprefix("会议 ")
    return number, run("review", "decide", number, *say, *(word for one in results for word in ("--result", one)))


def test_an_objection_from_the_desk_to_the_successor(decided, run):
    meeting(run)
    posted = ["--on", "2022-12-26", "--body", "工委", "--until", "2022-12-30", "--evidence", "示例截图"]
    more = ["--audience", "全体党员", "--channel", "示例网站"]
    wrong = run("publish", "post", *posted, *more)[1].split("：")[0].removeprefix("公示 ")
    assert run("publish", "stop", wrong, "--reason", "名单贴错")[:2] == (0, "公示已中止")
    notice = run("publish", "post", *posted, *more)[1].split("：")[0].removeprefix("公示 ")
    case = decided.cases[0]
    told = ["--content", "示例反映", "--by", "示例群众", "--on", "2022-12-27", "--case", case, "--notice", notice]
    code, said, _ = run("review", "objection", "add", *told)
    objection = said.split(" ")[1]
    assert (code, "待负责人决定是否受理" in said) == (0, True)
    assert run("publish", "close", notice)[1] == "公示期满，5 人往下办，1 人等待异议办结"
    assert "示例反映" not in run("review", "objection", "list", "--json")[1]
    assert run("review", "objection", "settle", objection, "--finding", "示例", "--upheld")[0] == 1
    assert run("review", "objection", "decide", objection, "--by", "示例科长")[:2] == (0, "已受理")
    assert run("review", "objection", "read", objection)[1].splitlines()[:2] == ["提出人：示例群众", "内容：示例反映"]
    assert run("review", "objection", "assign", objection, "--handler", "local")[0] == 0
    code, said, _ = run("review", "objection", "settle", objection, "--finding", "示例查实", "--upheld")
    assert (code, said.splitlines()[0]) == (0, "查实")
    assert said.endswith("由示例甲5递补")
    assert run("review", "ready")[0] == 1


def test_turned_down_the_reason_is_written(decided, run):
    said = run("review", "objection", "add", "--content", "示例", "--on", "2022-12-27", "--case", decided.cases[0])[1]
    code, said, _ = run(
        "review", "objection", "decide", said.split(" ")[1], "--by", "示例科长", "--refuse", "与事实无关"
    )
    assert (code, said) == (0, "不予受理")
    assert run("review", "objection", "decide", "没有", "--by", "示例科长")[0] == 1


def test_an_oral_instruction_blocks_until_it_is_made_up_for(decided, run):
    meeting(run)
    code, said, _ = run("review", "instruction", "add", "--by", "示例领导", "--content", "示例", "--on", "2022-12-26")
    number = said.split("：")[0].split(" ")[1]
    assert (code, said.endswith("待补手续")) == (0, True)
    assert run("review", "instruction", "list")[0] == 1
    assert "口头意见待补手续" in run("review", "ready")[1]
    code, _, err = run("review", "instruction", "settle", number, "--document", "示例签批件")
    assert (code, "没有规定可以签批" in err) == (1, True)
    assert run("review", "instruction", "settle", number)[0] == 1
    again, (code, said, _) = meeting(run, "2022-12-27", f"{decided.cases[0]}=暂缓:示例理由")
    assert (code, "改动 1 人" in said) == (0, True)
    assert run("review", "instruction", "settle", number, "--meeting", again)[0] == 0
    assert run("review", "instruction", "list")[0] == 0


def test_a_place_a_refusal_left_free_is_filled(decided, run):
    meeting(run, "2022-12-25", f"{decided.cases[0]}=不同意:示例理由")
    assert run("review", "fill", "甲", "没有", "--reason", "示例")[0] == 2
    category = decided.list().numbers["awards"][0]["category"]
    code, said, _ = run("review", "fill", "甲", category, "--reason", "会议未同意一人")
    assert (code, said) == (0, "会议未同意一人，由示例甲5递补")
    assert run("review", "feedback", "甲", "--json")[0] == 0


def test_a_whole_package_and_a_mistake_taken_back(world, run):
    told = ["摸底=各单位|2022-12-20|示例会议记录", "筛选=各单位|2022-12-21|示例会议记录"]
    steps = [word for one in told for word in ("--step", one)]
    behind = ["--behind", f"{world.cases[1]}@筛选=退回补正:材料不全"]
    code, said, err = run("package", "steps", "--unit", "甲", *steps, *behind)
    assert (code, err) == (0, "")
    assert said.splitlines()[0] == "摸底：6 人"
    assert said.splitlines()[-1] == f"留下：示例甲2（{world.cases[1]}），筛选：材料不全"
    recorded = json.loads(run("review", "steps", "--json")[1])
    assert [row["stage"] for row in recorded] == ["摸底", "筛选"]
    assert run("review", "revoke", recorded[0]["seq"], "--reason", "示例")[0] == 1  # the later one first
    assert run("review", "revoke", recorded[1]["seq"], "--reason", "登记错了")[:2] == (0, "已更正，涉及 6 人")
    assert "更正第" in run("review", "steps")[1]


def test_papers_and_questions(world, run):
    code, out, _ = run("review", "questions", "--all", "--json")
    assert json.loads(out)
    assert "IM-" not in run("review", "chain")[1]  # clauses by their place, not by the pack's number
    code, _, err = run("evidence", "add", world.cases[0], "没有这种材料", "--issuer", "示例医院", "--seen", "--kept")
    assert (code, err != "") == (1, True)


def test_an_exception_is_typed_and_a_must_has_none(world, run):
    case = world.cases[0]
    code, out, _ = run("review", "except", case, "--clause", "IM-3.2.3", "--basis", "示例理由", "--body", "示例工委")
    assert (code, out) == (0, "已登记例外")
    code, _, err = run("review", "except", case, "--clause", "IM-3.1.5", "--basis", "示例理由", "--body", "示例工委")
    assert code == 1
    assert "这一条没有例外" in err
