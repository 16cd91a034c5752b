"""A unit's workbook on the screen: worksheets chosen, hidden ones named, several sheets of one unit, kept in hand."""

from __future__ import annotations

import pytest
import workbooks
from people_ledger import NOW, ROUND, filled
from sqlmodel import select

from casework.access import LOCAL_OFFICER, to_user
from casework.db import reading
from casework.models_people import ImportBatch
from casework.views import Ledger, cases
from casework.views.cases import desk as desks
from casework.views.cases import importing
from casework.widgets.cases_collect import Upload, planned_now

HEADS = ("单位", "姓名", "性别", "出生年月")


@pytest.fixture
def desk(sqlite_database_url, monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)
    engine = filled(sqlite_database_url)
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
