"""套用来表 and 自选导出 in the browser: a workbook is filled and logged, columns are chosen."""

from __future__ import annotations

import io
import os

import payment_round
import pytest
from browser import chromium, english_words, enter, officer, serving, settle
from openpyxl import load_workbook
from playwright.sync_api import expect
from sqlmodel import select
from test_borrowed import as_bytes, form
from test_case_life_browser import PROGRAM

from casework.db import open_ledger, reading
from casework.models import Download

pytestmark = pytest.mark.browser
_keys = payment_round._keys


def test_a_workbook_is_filled_and_columns_are_exported(tmp_path):
    engine = open_ledger(tmp_path / "ledger.db")
    payment_round.jianshi(engine)
    given = tmp_path / "来表.xlsx"
    given.write_bytes(as_bytes(form()))
    url = engine.url.render_as_string(hide_password=False)
    env = {"LEDGER": url, "CASEWORK_DB": url, "CASEWORK_AUDIT_KEY": os.environ["CASEWORK_AUDIT_KEY"]}
    with chromium() as browser, serving(PROGRAM, env=env) as server:
        page = enter(officer(browser), server, "case_review")
        page.get_by_role("tab", name="表册", exact=True).click()
        settle(page)
        parts = page.locator('[data-cell-name="paper_part_choice"]')
        panel = page.locator('[data-cell-name="own_shown"]')
        parts.get_by_text("套用来表").click()
        settle(page)
        panel.locator("input[type=file]").set_input_files(str(given))
        expect(panel).to_contain_text("1 个文件")
        panel.get_by_role("button", name="填表").click()
        expect(panel).to_contain_text("没有填的列：银行卡号、星座。")
        filled = load_workbook(_fetched(page, panel)).active
        assert filled["B10"].value.startswith("示例")
        assert english_words(page) == []

        parts.get_by_text("自选导出").click()
        settle(page)
        panel.locator("textarea").fill("慰问金额=元\n姓名=对象")
        panel.locator("textarea").blur()
        panel.get_by_role("button", name="生成文件").click()
        expect(panel).to_contain_text("共 6 行 2 列。")
        rows = [[cell.value for cell in row] for row in load_workbook(_fetched(page, panel)).active.rows]
        assert ["元", "对象"] in rows
        assert english_words(page) == []
    with reading(engine) as session:
        logged = [(row.kind, row.parameters.get("paper")) for row in session.exec(select(Download))]
    engine.dispose()
    assert [paper for _, paper in logged] == ["套用来表", "roster"]


def _fetched(page, panel):
    with page.expect_download() as started:
        panel.get_by_role("link", name="下载").click()
    return io.BytesIO(started.value.path().read_bytes())
