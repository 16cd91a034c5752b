"""自选导出: columns ticked, ordered, renamed, kept by name; masked, and the notice board never gets more."""

from __future__ import annotations

import dataclasses
import io

import payment_round
import pytest
from openpyxl import load_workbook
from payment_round import OF_TOWN, TODAY
from review_round import at
from sqlmodel import select

from casework import db
from casework.access import LOCAL_OFFICER, LOCAL_VIEWER
from casework.cli import main
from casework.layouts import (
    chosen_of,
    delete_layout,
    find_layout,
    lay_out,
    layouts,
    opened_list,
    pick,
    save_layout,
    whole_list,
)
from casework.lists import shown
from casework.models import AuditEntry, Case, Download
from casework.paper_files import paper_bytes, read_paper
from casework.papers import Asked
from casework.people.contacts import put_contact
from casework.people.seeing import openings
from casework.problems import Conflict, NotAllowed, Refused

made, _keys, quick, world = payment_round.made, payment_round._keys, payment_round.quick, payment_round.world
OWN = "6222021234567890128"
CHOSEN = (("name", "对象"), ("sex", "性别"), ("amount", "元"))


def asked(**more):
    return Asked("js", more.pop("actor", LOCAL_OFFICER), at(TODAY), **more)


def whole(world, name, **more):
    with db.reading(world.engine) as session:
        return whole_list(session, name, asked(**more))


def test_columns_are_picked_ordered_and_renamed(quick):
    table = whole(quick, "roster")
    cut = lay_out(table, pick(table, ["慰问金额=元", "姓名=对象", "民族"]))

    assert [column.label for column in cut.columns] == ["元", "对象", "民族"]
    assert len(cut.rows) == 6
    assert cut.total("amount") == 300_000
    assert cut.mark == "自选导出"
    with db.reading(quick.engine) as session:
        printed = read_paper(session, "roster", asked())
    assert "ethnicity" not in printed.keys
    assert "ethnicity" in table.keys
    assert [row[table.keys.index("name")] for row in table.rows] == [row[1] for row in cut.rows]


def test_the_export_leaves_as_a_workbook_and_on_paper(quick):
    cut = lay_out(whole(quick, "roster"), CHOSEN)
    sheet = load_workbook(io.BytesIO(paper_bytes(cut, "xlsx", author="示例"))).active
    heads = [[cell.value for cell in row] for row in sheet.iter_rows()]

    assert ["对象", "性别", "元"] in heads
    assert paper_bytes(cut, "pdf", author="示例").startswith(b"%PDF")


def test_a_layout_is_kept_changed_and_taken_away(world):
    world.do(save_layout, name="报市里", list_name="roster", chosen=CHOSEN)
    with pytest.raises(Refused, match="已有名为“报市里”"):
        world.do(save_layout, name="报市里", list_name="roster", chosen=CHOSEN)
    world.do(save_layout, name="报市里", list_name="roster", chosen=CHOSEN[:2], expected_version=1)
    with pytest.raises(Conflict):
        world.do(save_layout, name="报市里", list_name="roster", chosen=CHOSEN, expected_version=1)
    with db.reading(world.engine) as session:
        (kept,) = layouts(session, "roster")
        assert (chosen_of(kept), kept.version, kept.saved_by) == (CHOSEN[:2], 2, LOCAL_OFFICER.id)
        assert layouts(session, "ledger") == []
        told = [row.digests for row in session.exec(select(AuditEntry).where(AuditEntry.action == "save_layout"))]
        assert len(told) == 2
        assert "报市里" not in str(told)
        with pytest.raises(Refused, match="现有：报市里"):
            find_layout(session, "没有")
    with pytest.raises(Conflict):
        world.do(delete_layout, name="报市里", expected_version=1)
    world.do(delete_layout, name="报市里", expected_version=2)
    with db.reading(world.engine) as session:
        assert layouts(session) == []


@pytest.mark.parametrize(
    ("name", "list_name", "chosen", "reason"),
    [
        ("", "roster", CHOSEN, "bad_layout"),
        ("示例", "roster", (), "bad_layout"),
        ("示例", "roster", (("name", "甲"), ("name", "乙")), "bad_layout"),
        ("示例", "roster", (("name", "甲"), ("sex", "甲")), "bad_layout"),
        ("示例", "roster", (("name", " "),), "bad_layout"),
        ("示例", "quota-table", CHOSEN, "not_a_list"),
        ("示例", "registration", CHOSEN, "not_a_list"),
    ],
)
def test_a_layout_that_makes_no_sense_is_refused(quick, name, list_name, chosen, reason):
    with pytest.raises(Refused) as refused:
        quick.do(save_layout, name=name, list_name=list_name, chosen=chosen)

    assert refused.value.reason_code == reason


def test_numbers_are_masked_until_they_are_opened_and_logged(quick):
    with db.reading(quick.engine) as session:
        person = session.exec(select(Case.person_id).where(Case.case_id == quick.cases[0])).one()
    quick.do(put_contact, person_id=person, kind="card", value=OWN)
    chosen = (("name", "姓名"), ("card", "卡号"))
    masked = lay_out(whole(quick, "person-return"), chosen)
    assert OWN not in str(masked.rows)
    assert any(row[1] for row in masked.rows)

    opened = lay_out(opened_list(quick.engine, "person-return", asked(), key="open-1"), chosen)

    assert OWN in str(opened.rows)
    with db.reading(quick.engine) as session:
        assert len(openings(session, round_id="js")) == 1


def test_the_notice_board_never_has_more_columns(quick):
    table = whole(quick, "public-list")

    assert table.public
    assert all(column.public for column in table.columns)
    with pytest.raises(Refused, match="没有“困难类别”"):
        pick(table, ["困难类别"])


def test_namesakes_are_told_apart_where_the_branch_is_not_ticked(quick):
    table = whole(quick, "roster")
    at_ = table.keys.index("name")
    doubled = dataclasses.replace(
        table, rows=tuple((*row[:at_], "示例同名", *row[at_ + 1 :]) for row in table.rows[:2])
    )
    branch = {shown(row[table.keys.index("branch")], table.column("branch")) for row in doubled.rows} - {""}

    told = [row[0] for row in lay_out(doubled, CHOSEN).rows]
    assert all(name.startswith("示例同名（") for name in told)
    assert all(any(words in name for name in told) for words in branch)
    plainly = lay_out(doubled, (("name", "姓名"), ("branch", "支部"), ("born", "出生")))
    assert [row[0] for row in plainly.rows] == ["示例同名", "示例同名"]


def test_a_household_is_one_row_where_its_members_are_not_ticked(quick):
    table = whole(quick, "ledger")
    doubled = dataclasses.replace(table, rows=tuple(row for row in table.rows for _ in range(2)))

    assert len(lay_out(doubled, (("name", "姓名"), ("unit", "单位"))).rows) == len(table.rows)
    assert len(lay_out(doubled, (("name", "姓名"), ("member_name", "成员"))).rows) == 2 * len(table.rows)


def test_every_list_of_people_can_be_laid_out_with_all_its_columns(quick):
    made_ = 0
    from casework.layouts import OF_PEOPLE

    for name in OF_PEOPLE:
        try:
            table = whole(quick, name)
        except Refused:
            continue
        made_ += 1
        assert len(lay_out(table, [(key, f"列{at_}") for at_, key in enumerate(table.keys)]).columns) == len(table.keys)
    assert made_ >= 9


def test_scope_and_viewers(quick):
    with pytest.raises(NotAllowed):
        whole(quick, "roster", actor=LOCAL_VIEWER)
    with pytest.raises(NotAllowed):
        whole(quick, "roster", actor=OF_TOWN)
    with pytest.raises(NotAllowed):
        quick.do(save_layout, name="示例", list_name="roster", chosen=CHOSEN, actor=LOCAL_VIEWER)


def test_the_command_line_saves_lists_exports_and_deletes(quick, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CASEWORK_DB", str(quick.engine.url.database))
    out = tmp_path / "名单.xlsx"
    told = ["layout", "save", "报市里", "--list", "roster", "--round", "js"]
    assert main([*told, "--column", "姓名=对象", "--column", "民族"]) == 0
    assert main([*told, "--column", "民族", "--column", "姓名=对象"]) == 0
    assert main(["layout", "list"]) == 0
    assert "民族、对象" in capsys.readouterr().out
    assert main(["layout", "columns", "roster", "--round", "js"]) == 0
    assert "入党时间" in capsys.readouterr().out
    asked_ = ["list", "roster", "--round", "js", "--scenario", "正式", "--layout", "报市里"]
    assert main([*asked_, "--out", str(out)]) == 0
    assert [
        [cell.value for cell in row] for row in load_workbook(out).active.iter_rows() if row[0].value == "民族"
    ] == [["民族", "对象"]]
    with db.reading(quick.engine) as session:
        assert [row.parameters["layout"] for row in session.exec(select(Download))] == ["报市里"]
    assert main(["list", "ledger", "--round", "js", "--layout", "报市里"]) == 2
    assert main(["layout", "delete", "报市里"]) == 0
    assert main(asked_) == 1
