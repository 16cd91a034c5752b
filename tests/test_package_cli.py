"""收表, scans, papers and a unit's steps on the command line."""

import json
import zipfile
from datetime import UTC, date, datetime

import pytest
from review_round import World, jiaozuo
from test_attachments import EXE, pdf, png
from test_package_steps import small
from test_packages import SHEET, SIGNED

from casework import db
from casework.access import LOCAL_OFFICER
from casework.cli import attaching, main, packages
from casework.ledger import open_round
from casework.models import Unit

AT = datetime(2020, 1, 14, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    file = tmp_path / "ledger.db"
    monkeypatch.setenv("CASEWORK_DB", str(file))
    for module in (packages, attaching):
        monkeypatch.setattr(module, "now", lambda: AT)
    monkeypatch.setattr("casework.cli.review.now", lambda: AT)
    engine = db.open_ledger(file)
    yield engine
    engine.dispose()


@pytest.fixture
def world(ledger):
    return small(ledger)


@pytest.fixture
def run(capsys):
    def run(*words):
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out.strip(), said.err.strip()

    return run


def test_templates(world, run, tmp_path):
    code, _, err = run("package", "templates", "--out", tmp_path / "a.zip", "--on", "2020-01-11")
    assert (code, "未定" in err) == (0, True)
    with zipfile.ZipFile(tmp_path / "a.zip") as found:
        assert len(found.namelist()) == 12


def test_received_returned_received_again_and_chased(world, run):
    assert run("package", "receive", "--unit", "js-02", "--at", "2020-01-13T09:00")[0] == 0
    assert run("package", "receive", "--unit", "js-02", "--unit", "zz", "--item", SHEET)[0] == 2  # nothing is ticked
    name = next(row["unit"] for row in json.loads(run("package", "grid", "--json")[1]) if row["unit_id"] == "js-02")
    code, said, _ = run("package", "receive", "--unit", name, "--item", SHEET, "--json")
    assert (code, [row["said"] for row in json.loads(said)]) == (0, ["已收到，第 2 版"])
    assert run("package", "return", "--unit", "js-02", "--item", SHEET, "--reason", "示例缺页")[0] == 0
    rows = {row["item"]: row for row in json.loads(run("package", "grid", "--unit", "js-02", "--json")[1])}
    assert (rows[SHEET]["state"], rows[SHEET]["number"], rows[SIGNED]["state"]) == ("returned", 2, "in")
    assert "示例缺页" in run("package", "grid", "--unit", "js-02")[1]
    text = run("package", "chase")[1]
    assert "：电子版已退回，待重报" in text
    assert "：全部未报" in text


def test_the_steps_of_a_unit(world, run):
    words = (
        "推荐=各村党员群众|2020-01-10",
        "支部大会=各党支部|2020-01-10|示例会议记录",
        "研究确定=示例镇党委|2020-01-11|示例纪要",
        "公示=示例镇党委|2020-01-11~2020-01-13|无异议|示例照片",
    )
    labels = [stage.label for stage in (link.stage for link in _chain(world))]
    steps = [
        part for label, text in zip(labels, words, strict=False) for part in ("--step", label + text[text.index("=") :])
    ]
    behind = f"{world.cases[0]}@{labels[2]}=暂缓:示例待核实"
    code, said, _ = run("package", "steps", "--unit", "js-02", *steps, "--behind", behind)
    assert code == 0
    assert said.split("\n")[-1].endswith("示例待核实")
    assert said.count("4 人") == 3
    assert run("package", "steps", "--unit", "js-02", "--step", "随便")[0] == 2
    assert run("package", "steps", "--unit", "js-02", "--step", "公示=a|2020-01-11", "--behind", "c1")[0] == 2


def _chain(world: World):
    from casework.review.chain import chain

    return chain(world.policy, "")


def test_scans(world, run, tmp_path):
    good, bad = tmp_path / "示例意见.pdf", tmp_path / "示例.pdf.exe"
    good.write_bytes(pdf())
    bad.write_bytes(EXE)
    code, said, _ = run("attach", good, "--for", "书面意见", "--unit", "js-02")
    assert (code, said[:9]) == (0, "已添加，引用时写：")
    scan = said.rpartition(":")[2]
    assert run("attach", good, "--for", "书面意见", "--unit", "js-02")[1].startswith("已有同一份")
    assert run("attach", bad, "--for", "书面意见", "--unit", "js-02")[0] == 1
    assert run("attach", good, "--for", "照片")[0] == 2
    assert json.loads(run("scan", "list", "--json")[1])[0]["name"] == "示例意见.pdf"
    assert run("scan", "open", scan, "--why", "核对", "--out", tmp_path / "b.pdf")[0] == 0
    assert (tmp_path / "b.pdf").read_bytes() == pdf()
    assert run("scan", "withdraw", scan, "--reason", "示例放错")[:2] == (0, "已撤下")


def test_papers(ledger, run, tmp_path, monkeypatch):
    at = datetime(2018, 12, 20, 1, tzinfo=UTC)
    monkeypatch.setattr(attaching, "now", lambda: at)
    monkeypatch.setattr("casework.cli.review.now", lambda: at)
    case = jiaozuo(ledger, today=date(2018, 12, 20)).cases[3]
    code, said, _ = run("evidence", "letter", "局")
    assert (code, "缺缴费凭证" in said) == (1, True)
    assert run("evidence", "list", case)[0] == 1
    picture = tmp_path / "示例凭证.png"
    picture.write_bytes(png())
    words = ("evidence", "add", case, "缴费凭证", "--issuer", "示例医院", "--seen", "--kept", "--scan", picture)
    assert run(*words)[1].startswith("已登记，扫描件:")
    code, said, _ = run("evidence", "list", case, "--json")
    assert (code, [row["scans"] for row in json.loads(said) if row["document"] == "缴费凭证"]) == (0, [1])
    assert run("evidence", "letter", "局")[0] == 0


@pytest.mark.parametrize("name", ["package", "scan", "evidence", "attach"])
def test_help_is_chinese(run, name):
    code, said, _ = run(name, "--help")
    assert (code, "用法" in said or "选项" in said) == (0, True)


def test_a_filled_template_comes_back_unchanged_and_an_earlier_rounds_people_are_asked_about(world, run, tmp_path):
    """Export filled, import, unchanged; next year's round starts from this year's people."""
    told = ("--out", tmp_path / "一个单位.xlsx", "--on", "2020-01-11", "--filled", "--round", world.round_id)
    code, said, _ = run("package", "templates", *told, "--unit", "js-02")
    assert (code, "一个单位.xlsx" in said) == (0, True)
    code, out, _ = run(
        "import", tmp_path / "一个单位.xlsx", "--round", world.round_id, "--unit", "js-02", "--dry-run", "--json"
    )
    counts = json.loads(out)["counts"]
    assert counts["unchanged"] > 0
    assert (code, counts["new"], counts["changed"], counts["held"]) == (0, 0, 0, 0)
    assert run("package", "templates", *told, "--unit", "zz")[0] == 2
    who = {"actor": LOCAL_OFFICER, "now": AT}
    open_round(world.engine, round_id="下一年", policy="jianshi-2020", opened_on=date(2021, 1, 4), key="y", **who)
    told = ("--out", tmp_path / "下一年.zip", "--on", "2021-01-11", "--filled", "--round", "下一年")
    assert run("package", "templates", *told)[0] == 0
    with zipfile.ZipFile(tmp_path / "下一年.zip") as found:
        with db.reading(world.engine) as session:
            unit = session.get_one(Unit, "js-02").name
        (name,) = [each for each in found.namelist() if each.startswith(f"{unit}_")]
        (tmp_path / "下一年.xlsx").write_bytes(found.read(name))
    told = ("import", tmp_path / "下一年.xlsx", "--round", "下一年", "--unit", "js-02", "--dry-run", "--json")
    plain = json.loads(run(*told)[1])
    assert plain["counts"]["new"] == counts["unchanged"]
    assert len(plain["near"]) == counts["unchanged"]
    linked = json.loads(run(*told, "--link-alike")[1])
    assert len(linked["links"]) == counts["unchanged"]
    assert len({row["person_id"] for row in linked["rows"]}) == counts["unchanged"]
