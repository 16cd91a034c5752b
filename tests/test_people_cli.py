"""casework people …: every deed on the standing ledger by its command, in Chinese."""

import json
import stat

import pytest
from people_ledger import CARD, close, filled

from casework.cli import main
from casework.frames import FACTS
from casework.ledger.past import DATED
from casework.people.labels import FIELDS, LISTS, said


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)


@pytest.fixture
def engine(sqlite_database_url):
    engine = filled(sqlite_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def run(engine, capsys):
    """Run `casework people …` and return exit code and everything said."""

    def go(*words):
        code = main(["people", *words, "--db", str(engine.url.database)])
        told = capsys.readouterr()
        return code, told.out + told.err

    return go


def test_duplicates_are_merged_and_taken_apart(run):
    code, told = run("duplicates")
    assert code == 0
    assert "姓名、出生年月、党支部相同" in told
    code, told = run("duplicates", "--limit", "1", "--offset", "1", "--json")
    assert [(row["first"], row["second"]) for row in json.loads(told)] == [("p1", "p2")]
    code, told = run("merge", "p1", "p2", "--reason", "核对证件")
    assert code == 0
    assert "补上：职务" in told
    assert "保留原来的：姓名、出生年月" in told
    assert "本人银行卡" in told
    merge_id = told.split("合并编号 ")[1].split("；")[0]
    assert run("unmerge", merge_id, "--reason", "认错") == (0, "已拆开：p1 与 p2 是两条记录\n")
    assert run("unmerge", "none", "--reason", "认错") == (1, "没有这次合并\n")
    assert run("merge", "p1", "none", "--reason", "x")[0] == 1
    assert run("distinct", "p1", "p2", "--reason", "证件不同") == (0, "已登记：这是两个人\n")
    assert ("p1", "p2") not in [(r["first"], r["second"]) for r in json.loads(run("duplicates", "--json")[1])]


def test_the_recheck_is_listed_and_recorded(run):
    code, told = run("recheck", "--year", "2020")
    assert code == 0
    assert told.count("未复核") == 7  # six people and the sum
    code, told = run(
        "recheck", "p1=继续在册", "p3=退出台账:已脱困", "--year", "2020", "--on", "2020-12-20", "--body", "支部大会"
    )
    assert (code, told) == (0, "已登记：继续在册 1 人，退出台账 1 人\n")
    assert "退出台账" in run("recheck", "--year", "2020")[1]
    assert run("recheck", "p1=继续在册", "--year", "2020")[0] == 2
    assert run("recheck", "p1", "--year", "2020", "--on", "2020-12-20")[0] == 2
    assert run("recheck", "p1=也许", "--year", "2020", "--on", "2020-12-20")[0] == 2
    assert "没有在册" in run("recheck", "--year", "1990")[1]


def test_the_difference_is_named_without_values(run, engine):
    run("merge", "p1", "p2", "--reason", "核对证件")
    code, told = run("difference", "2020-12-01", "2099-01-01")
    assert code == 0
    assert "并入另一条记录" in told
    assert "救助慰问记录" in told
    assert "500" not in told
    assert "示例先进" not in told
    assert "没有变动" in run("difference", "2099-01-01", "2099-01-02")[1]
    assert run("difference", "2020-12-01", "2020-12-01")[0] == 1
    del engine


def test_a_period_is_recorded_and_a_person_erased(run, engine):
    assert "尚未规定保存年限" in run("retention")[1]
    assert run("retention", "--years", "10")[0] == 1
    assert run("retention", "--years", "10", "--source", "示例规定") == (0, "已登记：保存 10 年\n")
    assert "有 0 人到期" in run("retention")[1]
    words = ("erase", "p2", "--reason", "期满", "--basis", "示例规定")
    assert run(*words)[0] == 2
    assert run(*words, "--sure")[0] == 1
    close(engine)
    assert run(*words, "--sure") == (0, "已按规定删除：1 条记录、0 户\n")


def test_everything_about_a_person_goes_to_a_private_file(run, tmp_path):
    place = tmp_path / "p1.json"
    assert run("everything", "p1", "--purpose", "本人申请", "--out", str(place))[0] == 0
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    held = json.loads(place.read_text(encoding="utf-8"))
    assert held["contact"][0]["value"] == CARD
    assert json.loads(run("everything", "p1", "--purpose", "本人申请")[1])["person"]
    assert run("everything", "p1", "--purpose", " ")[0] == 1


def test_what_is_held_of_a_person_is_entered_by_hand(run):
    assert run("correct", "p1", "出生年月=1966-01-02", "身份=老党员、老干部", "性别=男", "职务=") == (0, "已更正\n")
    assert "人均年收入 6000.00 元" in run("household", "p1")[1] or "人均年收入 6000 元" in run("household", "p1")[1]
    assert run("household", "p1", "家庭人口=3", "是否低保=是")[0] == 0
    assert json.loads(run("household", "p1", "--json")[1])["per_head_fen"] == 400_000
    assert run("household", "p3")[1] == "没有登记家庭\n"
    assert run("household", "p3", "--join", "h1")[0] == 0
    assert run("household", "p5", "家庭年收入=1.2万")[0] == 0
    code, told = run("row", "荣誉", "p1", "荣誉名称=示例标兵", "授予时间=2001-07-01")
    number = told.split("行号 ")[1].strip()
    assert code == 0
    code, told = run("row", "荣誉", "p1", "荣誉名称=示例模范", "--replace", number)
    assert code == 0
    assert run("row", "荣誉", "p1", "--drop", told.split("行号 ")[1].strip()) == (0, "已删去，内容留在历史中\n")
    assert run("row", "成因", "c1", "成因=重大自然灾害", "主要成因=是")[0] == 0
    assert run("mark", "c1", "成因", "有") == (0, "已标明：成因有\n")
    assert run("mark", "c1", "成因", "无")[0] == 1


@pytest.mark.parametrize(
    "words",
    [
        ("correct", "p1", "姓名"),
        ("correct", "p1", "不知=1"),
        ("correct", "p1", "性别=未知"),
        ("correct", "p1", "所属家庭=h1"),
        ("correct", "p1", "是否去世=也许"),
        ("household", "p1", "家庭人口=三"),
        ("row", "别的", "p1"),
        ("row", "荣誉", "p1", "--drop", "999"),
        ("mark", "c1", "别的", "无"),
    ],
)
def test_what_is_written_wrongly_is_said(run, words):
    assert run(*words)[0] == 2


def test_every_field_has_a_name_an_officer_knows():
    names = {f"{table}.{column}" for table in DATED for column in FACTS[table]}
    assert FIELDS.keys() == names
    assert LISTS.keys() == set(DATED)
    assert len(set(FIELDS.values())) == len(FIELDS)
    assert said(["name", "born_on"], table="people") == "姓名、出生年月"
    assert said(["aid", "cases.unit_id"]) == "救助慰问记录、单位"


def test_the_help_is_chinese(capsys):
    assert main(["people", "--help"]) == 0
    told = capsys.readouterr().out
    for word in ("duplicates", "merge", "unmerge", "recheck", "difference", "erase", "retention", "everything"):
        assert word in told
    assert "Show this message" not in told
