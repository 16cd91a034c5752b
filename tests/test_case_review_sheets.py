"""A unit's workbook on the screen: worksheets chosen, hidden ones named, several sheets of one unit, kept in hand."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import pytest
import workbooks
from people_ledger import NOW, ROUND, by, filled
from sqlmodel import select

from casework import downloads
from casework.access import LOCAL_OFFICER, to_user
from casework.db import reading
from casework.ledger import add_facts
from casework.models_people import ImportBatch
from casework.sheets import read_workbook
from casework.views import Ledger, cases
from casework.views.cases import desk as desks
from casework.views.cases import importing
from casework.widgets.cases_collect import Upload, manner_choice, near_form, planned_now

HEADS = ("单位", "姓名", "性别", "出生年月")


# What is written of the links and of who comes and goes is held on both databases.
EVERYWHERE = pytest.mark.parametrize(
    "desk", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


@pytest.fixture
def desk(request, monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)
    kind = getattr(request, "param", "sqlite")
    engine = filled(request.getfixturevalue(f"{kind}_database_url"))
    for where in (desks, importing):
        monkeypatch.setattr(where, "clock", lambda: NOW)
    yield cases.open_case_desk(Ledger(engine), ROUND, to_user(LOCAL_OFFICER))
    engine.dispose()


def book():
    """Two lists in view and one that is hidden."""

    def more(opened):
        for title, name, state in (("村居", "示例乙", "visible"), ("旧名单", "示例丙", "hidden")):
            sheet = opened.create_sheet(title)
            sheet.append(HEADS)
            sheet.append(("示例乡", name, "男", "1966.05"))
            sheet.sheet_state = state

    return workbooks.xlsx([HEADS, ("示例乡", "示例甲", "女", "1966.03")], title="机关", then=more)


def chosen(desk, body=None):
    upload = Upload(lambda _: None, lambda _: None)
    assert upload.of(desk) is None
    upload.put(name="示例乡.xlsx", body=body or book())
    return upload


def names(planned):
    rows = planned.plan.preview.filter(planned.plan.preview["change"] == "new")
    return rows["name"].to_list()


def test_worksheets_are_chosen_and_hidden_ones_are_named(desk):
    upload = chosen(desk)
    proposed = cases.plan_sheet(desk, upload.of(desk))
    assert names(proposed) == ["示例甲", "示例乙"]
    assert cases.sheet_names(proposed.plan.intake.mappings) == ["机关", "村居"]
    shown = cases.plan_panel(proposed, {"mapping": "各列"}, cases.Look())
    assert "隐藏的工作表没有读入：“旧名单”" in shown
    assert "读哪些工作表" in shown
    assert "{sheets}" in cases.mapping_template(proposed.plan.intake.mappings)
    upload.read_so({"sheets": ["村居"]})
    assert names(planned_now(desk, upload, proposed)) == ["示例乙"]


def test_what_is_written_is_what_was_chosen_and_which_of_the_units_sheets_it_is(desk):
    upload = chosen(desk)
    upload.put(unit_id="b", part="村居")
    upload.read_so({"sheets": ["村居"]})
    planned = planned_now(desk, upload, cases.plan_sheet(desk, upload.of(desk)))
    assert cases.take_sheet(desk, LOCAL_OFFICER, "p", upload.of(desk), planned, clean=False).done
    with reading(desk.engine) as session:
        [batch] = session.exec(select(ImportBatch)).all()
    assert (batch.unit_id, batch.part, batch.counts["new"]) == ("b", "村居", 1)


def test_a_chosen_file_stays_in_hand_until_it_is_let_go_or_the_round_is_another(desk):
    upload = chosen(desk)
    upload.read_so({"sheets": ["村居"]})
    again = cases.open_case_desk(desk.ledger, ROUND, to_user(LOCAL_OFFICER))  # the page was read anew
    assert upload.of(again).name == "示例乡.xlsx"
    assert upload.said == {"sheets": ["村居"]}
    other = cases.open_case_desk(desk.ledger, "上一年", to_user(LOCAL_OFFICER))
    assert upload.of(other) is None
    upload.put(name="a.xlsx", body=b"x")
    upload.clear()
    assert upload.of(other) is None


@EVERYWHERE
def test_the_officer_chooses_whether_the_sheet_replaces_the_earlier_one_or_adds_to_it(desk):
    first = chosen(desk)
    planned = planned_now(desk, first, cases.plan_sheet(desk, first.of(desk)))
    assert manner_choice(first, planned) is None  # nothing was handed in before
    assert cases.take_sheet(desk, LOCAL_OFFICER, "p", first.of(desk), planned, clean=False).done
    one_more = workbooks.xlsx([HEADS, ("示例乡", "示例丁", "女", "1971.03")])
    upload = chosen(desk, one_more)
    planned = planned_now(desk, upload, cases.plan_sheet(desk, upload.of(desk)))
    assert list(cases.manner_options(planned.plan)) == [
        "整表重报：代替原来报的表，其余 2 人去掉",
        "补报：只添上或改动表里的人，其余 2 人不动",
    ]
    assert cases.manner_said(planned.plan).startswith("整表重报")
    parts = {"manner": manner_choice(upload, planned).text}
    card = cases.plan_panel(planned, parts, cases.Look())
    assert "<dt>新增</dt><dd>1 人：示例丁</dd><dt>不在表里，去掉</dt><dd>2 人：示例" in card
    assert "示例甲" not in cases.plan_panel(planned, parts, cases.Look(projected=True))
    upload.take_as(True)
    planned = planned_now(desk, upload, cases.plan_sheet(desk, upload.of(desk)))
    assert cases.manner_said(planned.plan).startswith("补报")
    card = cases.plan_panel(planned, {"manner": manner_choice(upload, planned).text}, cases.Look())
    assert "<dd>1 人：示例丁</dd><dt>不在表里，不动</dt><dd>2 人：示例" in card
    assert planned.plan.counts()["gone"] == 0
    assert cases.take_sheet(desk, LOCAL_OFFICER, "q", upload.of(desk), planned, clean=False).done
    # The same file again was a 补报, and may still be made the whole sheet.
    again = chosen(desk, one_more)
    planned = planned_now(desk, again, cases.plan_sheet(desk, again.of(desk)))
    card = cases.plan_panel(planned, {"manner": manner_choice(again, planned).text}, cases.Look())
    assert planned.plan.already
    assert "这份表已经导入过" in card
    assert "其余 2 人去掉" in card
    again.take_as(False)
    planned = planned_now(desk, again, cases.plan_sheet(desk, again.of(desk)))
    assert planned.plan.counts()["gone"] == 2
    again.put(name="另一份.xlsx", body=book())
    assert again.supplement is None


def near_book():
    """One whom the ledger has twice already, one it has under a near name, one it does not know."""
    heads = (*HEADS, "所在党支部")
    listed = (("示例建国", "1965.03"), ("示例建园", "1965.03"), ("示例新", "1970.02"))
    return workbooks.xlsx([heads, *(("示例乡", name, "男", born, "示例村党支部") for name, born in listed)])


@EVERYWHERE
def test_the_officer_says_who_is_somebody_the_ledger_knows(desk):
    upload = chosen(desk, near_book())
    proposed = cases.plan_sheet(desk, upload.of(desk))
    places = list(cases.near_keys(proposed.plan).values())
    assert [row for _, row in places] == [2, 3]
    form = near_form(upload, proposed)
    card = cases.plan_panel(proposed, {"near": form.text}, cases.Look())
    assert "是不是台账里的人" in card
    assert "示例建国（示例镇），1965年3月生，示例村党支部，本轮已报" in card
    assert "p1" not in re.sub("<[^>]*>", "", card)
    assert "示例建国" not in cases.plan_panel(proposed, {"near": form.text}, cases.Look(projected=True))
    assert form.text != near_form(upload, proposed).text
    upload.link(cases.links_of(proposed.plan, {"n0": "不是", "n1": "p2"}))
    planned = planned_now(desk, upload, proposed)
    assert dict(planned.plan.told) == {places[0]: None, places[1]: "p2"}
    assert cases.near_said(planned.plan, places[0]) == "不是，是另一个人"
    assert cases.near_said(planned.plan, places[1]).startswith("是：示例 建国")
    assert cases.take_sheet(desk, LOCAL_OFFICER, "p", upload.of(desk), planned, clean=False).done
    with reading(desk.engine) as session:
        [batch] = session.exec(select(ImportBatch)).all()
    assert batch.links["rows"] == {"名单!2": None, "名单!3": "p2"}
    assert near_form(upload, cases.plan_sheet(desk, upload.of(desk))) is None


def test_an_answer_that_cannot_be_is_said_and_the_question_stays(desk):
    upload = chosen(desk, near_book())
    proposed = cases.plan_sheet(desk, upload.of(desk))
    upload.link(cases.links_of(proposed.plan, {"n0": "p2", "n1": "p2"}))
    planned = planned_now(desk, upload, proposed)
    assert "指认成同一个人" in cases.plan_panel(planned, {"near": near_form(upload, planned).text}, cases.Look())
    assert planned.plan.told == {}
    assert planned.links is None
    upload.put(name="另一份.xlsx", body=book())
    assert upload.links is None


@EVERYWHERE
def test_everybody_alike_is_taken_at_once_where_nothing_else_was_said(desk):
    heads = (*HEADS, "所在党支部")
    listed = [
        ("示例乡", "示例兰", "女", "1967.01", "示例村党支部"),
        ("示例乡", "示例外", "男", "1960.02", "示例村党支部"),
    ]
    add_facts(
        desk.engine,
        round_id="上一年",
        people=[{"person_id": "old", "name": "示例外", "born_on": date(1960, 2, 1), "branch": "示例村党支部"}],
        cases=[{"case_id": "cold", "person_id": "old", "unit_id": "b"}],
        **by(),
    )
    upload = chosen(desk, workbooks.xlsx([heads, *listed]))
    plan = cases.plan_sheet(desk, upload.of(desk)).plan
    assert cases.alike_label(plan).startswith("与台账记录姓名、出生年月、党支部（或号码）都相同的 1 人")
    assert cases.links_of(plan, {"alike": True}) == {("名单", 3): "old"}  # 示例兰 has been handed in this round
    assert cases.links_of(plan, {"alike": True, "n1": "不是"}) == {("名单", 3): None}


def test_templates_empty_or_filled_of_all_units_or_one_are_behind_links(desk, monkeypatch):
    panel = cases.packages_panel(replace(desk, guarded=True), cases.open_packages(desk), {}, "")
    addresses = [unescape(each) for each in re.findall(r'href="(/download/templates[^"]*)"', panel)]
    assert len(addresses) == 2 + 2 * len(desk.unit_names)
    monkeypatch.setattr(downloads, "open_place", lambda: desk.ledger)
    monkeypatch.setattr(downloads, "clock", lambda: NOW)
    given = {}
    for address in addresses:
        told = dict(parse_qsl(urlsplit(address).query))
        given[told.get("unit", ""), told.get("filled", "")] = downloads.handlers()["templates"](LOCAL_OFFICER, told)
    assert [given["", ""].filename, given["", "1"].filename] == ["填报模板_20201201.zip", "预填模板_20201201.zip"]
    empty, filled = (read_workbook(given["a", kind].body, name="a.xlsx")[0].rows for kind in ("", "1"))
    assert "示例建国" not in {row[1] for row in empty}
    assert "示例建国" in {row[1] for row in filled}
    assert given["b", "1"].filename.startswith("示例乡_")
