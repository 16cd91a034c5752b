"""A sheet from the file to the findings on the command line, under two circulars."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import workbooks

from casework import db
from casework.access import LOCAL_OFFICER
from casework.cli import main
from casework.intake import template, template_columns
from casework.ledger import import_units, open_round, policy_of
from casework.policy import load_policy
from casework.sheets import read_workbook

NOW = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
WORDS = {
    "index": "1",
    "name": "示例甲",
    "sex": "男",
    "born_on": "1965-03-07",
    "membership": "中共党员",
    "joined_party_on": "1990-05-01",
    "branch": "示例党支部",
    "brief": "本人重大疾病：示例病情",
    "cause": "本人重大疾病",
    "size": "3",
    "yearly_income": "9000",
    "unit_rank": "1",
    "unit": "示例单位",
    "phone": "13912345678",
    "address": "示例路1号",
}


def cells(policy, **more):
    """One filled row of the circular's own template, under its own heads."""
    told = WORDS | {"category": policy.categories[0].label} | more
    told |= {"path": policy.paths[0][1]} if policy.paths else {}
    return [told.get(column.id) for column in template_columns(policy)]


@pytest.fixture(params=["jiaozuo-2018", "neimenggu-2022"])
def ledger(request, tmp_path):
    place = tmp_path / "台账.db"
    engine = db.open_ledger(place)
    told = {"actor": LOCAL_OFFICER, "now": NOW}
    open_round(engine, round_id="R", policy=request.param, opened_on=NOW.date(), key="a", **told)
    import_units(engine, [{"unit_id": "u1", "name": "示例单位"}], key="b", **told)
    with db.reading(engine) as session:
        policy = policy_of(session, "R")
    engine.dispose()
    return place, policy


def run(capsys, *arguments):
    code = main([str(each) for each in arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def sheet(tmp_path, policy, *rows):
    place = tmp_path / "名册.xlsx"
    place.write_bytes(workbooks.xlsx([[column.label for column in template_columns(policy)], *rows]))
    return place


def test_a_sheet_is_looked_at_imported_assessed_allocated_and_taken_back(ledger, tmp_path, capsys):
    place, policy = ledger
    file = sheet(tmp_path, policy, cells(policy), cells(policy, name="示例乙", branch="另一支部", unit_rank="2"))
    told = ("--round", "R", "--unit", "u1", "--db", place)
    code, out, _ = run(capsys, "import", file, *told, "--dry-run", "--json")
    assert code == 0, out
    assert json.loads(out)["counts"]["new"] == 2
    code, out, err = run(capsys, "import", file, *told)
    assert code == 0
    assert "已导入：新增 2 人" in err
    assert "示例病情" not in out
    assert "已经导入过" in run(capsys, "import", file, *told)[2]
    code, out, _ = run(capsys, "assess", "--round", "R", "--db", place, "--json")
    found = json.loads(out)
    assert code == 1  # nothing was judged yet
    assert {row["name"] for row in found["verdicts"]} == {"示例甲", "示例乙"}
    assert all(row["sentence"] for row in found["findings"])
    one = found["verdicts"][0]["case_id"]
    code, out, _ = run(capsys, "assess", "--round", "R", "--db", place, "--case", one)
    assert found["verdicts"][1]["case_id"] not in out
    assert policy.categories[0].id not in out
    code, out, _ = run(capsys, "allocate", "--round", "R", "--db", place, "--json")
    assert "totals" in json.loads(out)
    code, out, _ = run(capsys, "import-list", "--round", "R", "--db", place, "--json")
    (batch,) = json.loads(out)
    assert (batch["state"], batch["new"]) == ("in_force", 2)
    code, out, _ = run(capsys, "import-withdraw", batch["import_id"], "--reason", "报错了", "--db", place)
    assert "去掉 2 人" in out
    assert json.loads(run(capsys, "assess", "--round", "R", "--db", place, "--json")[1])["verdicts"] == []


def test_what_waits_is_said_marked_and_gives_exit_1(ledger, tmp_path, capsys):
    place, policy = ledger
    file = sheet(tmp_path, policy, cells(policy), cells(policy, name="示例乙", born_on="1965-02-31"))
    told = ("--round", "R", "--unit", "u1", "--db", place)
    code, _, err = run(capsys, "import", file, *told, "--marked", tmp_path / "待改.xlsx")
    assert code == 1
    assert "没有导入：1 行待改" in err
    assert (tmp_path / "待改.xlsx").read_bytes().startswith(b"PK")
    assert read_workbook((tmp_path / "待改.xlsx").read_bytes(), name="待改.xlsx")
    code, _, err = run(capsys, "import", file, *told, "--take-clean")
    assert code == 1
    assert "新增 1 人" in err


def test_the_template_comes_back_without_a_question(ledger):
    _, policy = ledger
    unit = {"unit_id": "u1", "name": "示例单位"}
    (filled, *_) = read_workbook(template(policy, unit, {}), name="模板.xlsx")
    heads = [column.label for column in template_columns(load_policy(policy.id))]
    assert any(list(row)[: len(heads)] == heads for row in filled.rows)
