"""A unit's second sheet on the screen: a person the ledger knows, replaced or added to, and the unit's own template."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import workbooks
from browser import chromium, english_words, enter, officer, serving, settle
from people_ledger import ROUND, filled
from playwright.sync_api import expect
from sqlmodel import select
from test_case_review_browser import PROGRAM, cell, every, section

from casework.db import reading
from casework.models import Case, Person
from casework.models_people import ImportBatch
from casework.sheets import read_workbook

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)
HEADS = ("单位", "姓名", "性别", "出生年月", "所在党支部")
BRANCH = "示例村党支部"


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)
    place = tmp_path / "ledger.db"
    engine = filled(f"sqlite:///{place}")
    yield engine
    engine.dispose()


def sheet(*people):
    body = workbooks.xlsx([HEADS, *(("示例乡", name, "男", born, BRANCH) for name, born in people)])
    return {"name": "示例乡名单.xlsx", "mimeType": "application/vnd.ms-excel", "buffer": body}


def picture(page, name):
    """Keep what the page looks like, where somebody wants to see it."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def people_of(engine, unit_id):
    with reading(engine) as session:
        query = select(Person.name, Person.person_id).where(
            Case.round_id == ROUND, Case.unit_id == unit_id, Case.person_id == Person.person_id
        )
        return dict(session.exec(query).all())


def choose(page, row, words):
    """Answer who a row is about, in the form of those the ledger may know."""
    lines = cell(page, "sheet_shown").locator("tr", has_text=f"名单 第 {row} 行")
    lines.filter(has=page.locator("select")).locator("select").select_option(label=words)


def test_who_a_row_is_what_the_sheet_replaces_and_the_units_own_template(browser, ledger):
    before = people_of(ledger, "b")
    with serving(PROGRAM, env={"LEDGER": str(ledger.url)}) as server:
        context = officer(browser)
        page = enter(context, server, "case_review")
        section(page, "收表导入")
        shown, upload = cell(page, "sheet_shown"), cell(page, "sheet_upload").locator("input[type=file]")

        # Two rows may be people the ledger knows: one is, one is not.
        upload.set_input_files(sheet(("示例建国", "1965.03"), ("示例建园", "1965.03"), ("示例新", "1970.02")))
        expect(shown).to_contain_text("是不是台账里的人")
        settle(page)
        assert english_words(page) == []
        page.get_by_role("heading", name="是不是台账里的人").scroll_into_view_if_needed()
        picture(page, "near")
        choose(page, 2, "不是，是另一个人")
        choose(page, 3, "是：示例 建国（示例镇），1965年3月生，示例村党支部，往年记录")
        page.get_by_role("button", name="按此认定").click()
        expect(shown).to_contain_text("经指认，与台账里的示例 建国（示例镇）是同一人")
        settle(page)
        picture(page, "near_said")
        page.get_by_role("button", name="全部写入").click()
        expect(cell(page, "sheet_upload")).to_contain_text("已写入台账：新增 3")
        settle(page)
        now = people_of(ledger, "b")
        assert now["示例建园"] == "p2"
        assert now["示例新"] not in before.values()
        (first,) = every(ledger, ImportBatch)
        assert first.links["rows"] == {"名单!2": None, "名单!3": "p2"}

        # A second sheet names one more only: it would send three away, as a 补报 it sends nobody.
        upload.set_input_files(sheet(("示例后来", "1971.05")))
        manner = page.get_by_role("radio", name="整表重报：代替原来报的表，其余 3 人去掉")
        expect(manner).to_be_checked()
        expect(shown).to_contain_text("不在表里，去掉")
        settle(page)
        page.get_by_role("radio", name="补报：只添上或改动表里的人，其余 3 人不动").click()
        expect(shown).to_contain_text("不在表里，不动")
        settle(page)
        expect(page.get_by_role("radio", name="补报：只添上或改动表里的人，其余 3 人不动")).to_be_checked()
        assert english_words(page) == []
        page.get_by_role("heading", name="与原来报的表相比").scroll_into_view_if_needed()
        picture(page, "manner")
        page.get_by_role("button", name="全部写入").click()
        expect(cell(page, "sheet_upload")).to_contain_text("已写入台账：新增 1，有改动 0，未变 0，这次没有报 0")
        settle(page)
        assert people_of(ledger, "b").keys() == now.keys() | {"示例后来"}

        # The unit's own template carries the people who stand in the ledger by now.
        page.get_by_text("只下载一个单位的模板").click()
        line = page.locator("tr", has_text="示例乡").filter(has_text="预填模板")
        line.scroll_into_view_if_needed()
        picture(page, "templates")
        with page.expect_download() as download:
            line.get_by_role("link", name="预填模板").click()
        assert download.value.suggested_filename.startswith("示例乡_")
        rows = read_workbook(Path(download.value.path()).read_bytes(), name="模板.xlsx")[0].rows
        assert people_of(ledger, "b").keys() <= {name for row in rows for name in row if isinstance(name, str)}
        context.close()
