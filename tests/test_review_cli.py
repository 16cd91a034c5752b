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
        code = main(list(words))
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
    assert (code, said.split("，")[0]) == (0, "名单第 1 号已研究确定")
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
