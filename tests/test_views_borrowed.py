"""套用来表 and 自选导出 on the screen: a deed with an answer, a file of the page's own, refusals in words."""

from __future__ import annotations

import dataclasses
import io
import re

import payment_round
import pytest
from openpyxl import load_workbook
from review_round import at
from test_borrowed import as_bytes, form

from casework.access import LOCAL_OFFICER, LOCAL_VIEWER, to_user
from casework.views import Ledger, borrowed, cases
from casework.views.borrowed import EXPORT, PARTS, export_choices, export_forms, fill_form, own_panel
from casework.views.cases import desk as desks
from casework.views.cases.files import made_file
from casework.views.issuing import PARTS as EVERY
from casework.views.review_forms import Bench, form_named

made, _keys, quick = payment_round.made, payment_round._keys, payment_round.quick


@pytest.fixture
def bench(quick, monkeypatch):
    for where in (desks, borrowed):
        monkeypatch.setattr(where, "clock", lambda: at(payment_round.TODAY))
    desk = cases.open_case_desk(Ledger(quick.engine), "js", to_user(LOCAL_OFFICER))
    return Bench(dataclasses.replace(desk, guarded=True), cases.Look(False), "p")


def file_in(html):
    """The file an answer offers, as its owner fetches it."""
    return made_file(re.search(r"key=([\w-]+)", html)[1], LOCAL_OFFICER.id)


def fill(bench, book, **given):
    deed = fill_form(bench).deed
    return deed(LOCAL_OFFICER, {"file": ("来表.xlsx", as_bytes(book)) if book else None, "who": "", **given})


def export(bench, list_name, layout="", which=EXPORT, **given):
    forms = export_forms(bench, list_name, layout)
    return form_named(forms, which).deed(LOCAL_OFFICER, {"form": "xlsx", "name": "", **given})


def test_both_are_parts_of_the_section():
    assert set(PARTS) < set(EVERY)


def test_a_workbook_is_filled_and_the_answer_says_what_each_column_got(bench):
    told = fill(bench, form())
    file = file_in(told.html)

    assert not told.done
    assert file.name == "来表（已填）.xlsx"
    assert file.about == {"paper": "套用来表", "round": "js"}
    assert load_workbook(io.BytesIO(file.body)).active["B5"].value.startswith("示例")
    assert "已填 6 人" in told.html
    assert "没有填的列：银行卡号、星座。" in told.html
    rows = re.findall(r"<td[^>]*>([^<]*)</td><td[^>]*>([^<]*)</td>", told.html)
    assert [item for _, item in rows] == ["序号", "姓名", "单位", "出生年月", "慰问金额", "没有填", "没有填"]


def test_what_was_read_wrongly_is_said_and_corrected_in_lines(bench):
    book = form(("序号", "对象", "单位"))
    assert "认不出表头" in fill(bench, book).html
    assert "要写成 列=项目" in fill(bench, book, map="对象").html
    assert "已填 6 人" in fill(bench, book, map="对象＝姓名\n\n").html
    assert "照上次改过的对应填写" in fill(bench, book).html
    assert "请先选择来表" in fill(bench, None).html


def test_columns_are_written_in_lines_kept_as_a_layout_and_taken_away(bench):
    told = export(bench, "roster", columns="慰问金额=元\n姓名=对象", name="报市里")
    assert told.done
    heads = [[cell.value for cell in row] for row in load_workbook(io.BytesIO(file_in(told.html).body)).active.rows]
    assert ["元", "对象"] in heads
    assert export_choices(bench.desk)["慰问对象花名册：报市里"] == ("roster", "报市里")

    first, _ = export_forms(bench, "roster", "报市里")
    columns = next(one for one in first.fields if one.name == "columns")
    assert columns.value == "慰问金额（元）=元\n姓名=对象"
    assert export(bench, "roster", "报市里", columns="姓名", name="报市里").done
    assert "已有名为" in export(bench, "roster", columns="姓名", name="报市里").html
    assert export(bench, "roster", "报市里", which="删去版式").done
    assert "慰问对象花名册：报市里" not in export_choices(bench.desk)


def test_a_pdf_and_what_cannot_be_made(bench):
    assert file_in(export(bench, "roster", columns="姓名", form="pdf").html).body.startswith(b"%PDF")
    assert "没有“星座”这一列" in export(bench, "roster", columns="星座").html
    assert "请选 1 至" in export(bench, "roster", columns="").html


def test_a_viewer_is_refused_whatever_the_page_drew(bench):
    deed = fill_form(bench).deed
    assert "只读账号" in deed(LOCAL_VIEWER, {"file": ("来表.xlsx", as_bytes(form())), "who": ""}).html


def test_the_panel_escapes_what_it_is_given():
    assert "<b>" not in own_panel(EXPORT, {}, "", "", "<b>示例")
