"""A unit's sheet comes in, its people are worked through by keyboard, and a reload keeps all of it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import workbooks
from browser import chromium, english_words, enter, officer, serving, settle
from playwright.sync_api import expect
from sqlmodel import select

from casework.access import LOCAL_OFFICER
from casework.db import open_ledger, reading
from casework.ledger import import_units, open_round
from casework.models import Case, Judgement
from casework.models_people import ImportBatch
from casework.models_review import ReviewStep, StepCase

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)

PROGRAM = """
import os
from pathlib import Path
from casework import downloads
from casework.serve import run

run(
    {name: Path("notebooks", f"{name}.py").resolve() for name in ("case_review", "allocation", "rounds")},
    database_url=os.environ["LEDGER"], port=0, downloads=downloads.handlers(), on_download=downloads.log(),
)
"""
NOW = datetime(2022, 12, 20, 9, tzinfo=UTC)
HEADS = ("单位", "姓名", "性别", "出生年月", "推荐顺序")
PEOPLE = [
    ("示例局", "示例甲", "女", "1966.03", 1),
    ("示例局", "示例乙", "男", "1965年13月", 2),
    ("示例局", "示例丙", "男", "1959.08", 3),
]


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture
def ledger(tmp_path):
    """One round without cases, and a register of one unit."""
    place = tmp_path / "ledger.db"
    engine = open_ledger(place)
    common = {"actor": LOCAL_OFFICER, "now": NOW}
    open_round(engine, round_id="im", policy="neimenggu-2022", opened_on=date(2022, 12, 20), **common, key="r")
    unit = {"unit_id": "u", "name": "示例局", "kind": "organ_committee", "members": 320, "order": 1}
    import_units(engine, [unit], round_id="im", **common, key="u")
    yield engine
    engine.dispose()


def cell(page, name):
    return page.locator(f'[data-cell-name="{name}"]')


def section(page, name):
    page.get_by_role("tab", name=name).click()
    settle(page)


def sheet(rows):
    body = workbooks.xlsx([HEADS, *rows])
    return {"name": "示例局名单.xlsx", "mimeType": "application/vnd.ms-excel", "buffer": body}


def every(engine, model):
    with reading(engine) as session:
        return list(session.exec(select(model)))


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)
        settle(page)


def test_from_the_units_sheet_to_decisions_by_keyboard(browser, ledger):
    with serving(PROGRAM, env={"LEDGER": str(ledger.url)}) as server:
        context = officer(browser)
        page = enter(context, server, "case_review")
        expect(page.get_by_role("heading", name="还没有个案")).to_be_visible()
        assert english_words(page) == []

        # the sheet: the bad cell is named and nothing is written; corrected, it is written once
        section(page, "收表导入")
        upload = cell(page, "sheet_upload").locator("input[type=file]")
        upload.set_input_files(sheet(PEOPLE))
        expect(cell(page, "sheet_shown")).to_contain_text("名单 D3")
        expect(page.get_by_role("button", name="全部写入")).to_have_count(0)
        with page.expect_download() as download:
            page.get_by_role("link", name="下载标出问题的表").click()
        assert download.value.suggested_filename == "待改_示例局名单.xlsx"
        assert english_words(page) == []
        assert every(ledger, Case) == []
        page.get_by_role("button", name="放弃这份表").click()
        expect(cell(page, "sheet_shown")).not_to_contain_text("名单 D3")
        settle(page)
        right = sheet([(*row[:3], row[3].replace("13月", "3月"), row[4]) for row in PEOPLE])
        upload.set_input_files(right)
        expect(page.get_by_role("button", name="全部写入")).to_be_visible()
        settle(page)
        page.get_by_role("button", name="全部写入").dblclick()
        expect(cell(page, "sheet_upload")).to_contain_text("已写入台账：新增 3")
        settle(page)
        upload.set_input_files(right)
        expect(cell(page, "sheet_shown")).to_contain_text("这份表已经导入过")
        assert [(one.state, one.counts["new"]) for one in every(ledger, ImportBatch)] == [("in_force", 3)]

        # the worklist: three people, decided by keyboard, the next one comes by itself
        section(page, "工作清单")
        expect(cell(page, "work_shown").locator("tr[data-case]")).to_have_count(3)
        cell(page, "work_shown").get_by_placeholder("会议记录").fill("示例记录 1 号")
        cell(page, "work_shown").get_by_placeholder("会议记录").press("Tab")
        settle(page)
        page.locator("h1").click()
        press(page, "ArrowDown")
        expect(page.locator(".cw-hand h3")).to_contain_text("示例甲")
        press(page, "1", "Enter")
        expect(page.locator(".cw-hand")).to_contain_text("示例甲：同意")
        expect(page.locator(".cw-hand h3")).to_contain_text("示例乙")
        page.keyboard.press("2")
        page.keyboard.type("材料不实")
        press(page, "Enter")
        expect(page.locator(".cw-hand")).to_contain_text("示例乙：不同意（材料不实）")
        assert english_words(page) == []
        names = {case.case_id: case.person_id for case in every(ledger, Case)}
        results = [one.result for one in every(ledger, StepCase)]
        assert results == ["agreed", "refused"]
        assert len(names) == 3

        # one case on one screen: a judgement
        press(page, "ArrowDown")
        page.get_by_role("button", name="一案一屏").click()
        settle(page)
        expect(cell(page, "case_shown").locator("h2")).to_contain_text("示例丙")
        asked = cell(page, "case_shown")
        asked.get_by_role("radio", name="有", exact=True).click()
        asked.get_by_placeholder("例如：村党支部").fill("示例党支部")
        asked.get_by_placeholder("根据什么认定").fill("示例核实记录")
        page.get_by_role("button", name="登记认定").click()
        expect(asked).to_contain_text("已登记。")
        settle(page)
        assert [(one.value, one.body) for one in every(ledger, Judgement)] == [("present", "示例党支部")]
        assert english_words(page) == []

        # a reload keeps the section and the case, and what was recorded
        page.reload()
        settle(page)
        expect(cell(page, "case_shown").locator("h2")).to_contain_text("示例丙")
        expect(cell(page, "case_shown")).to_contain_text("示例核实记录")
        section(page, "工作清单")
        expect(cell(page, "work_shown")).to_contain_text("未获同意 1")
        assert len(every(ledger, ReviewStep)) == 2
        context.close()


def test_fifty_people_in_a_row_by_keyboard_and_no_key_reaches_the_next_one(browser, ledger):
    people = [("示例局", f"示例{_chinese(at)}", "女", "1966.03", at) for at in range(1, 51)]
    with serving(PROGRAM, env={"LEDGER": str(ledger.url)}) as server:
        context = officer(browser)
        page = enter(context, server, "case_review")
        section(page, "收表导入")
        cell(page, "sheet_upload").locator("input[type=file]").set_input_files(sheet(people))
        page.get_by_role("button", name="全部写入").click()
        expect(cell(page, "sheet_upload")).to_contain_text("已写入台账：新增 50")
        section(page, "工作清单")
        cell(page, "work_shown").get_by_placeholder("会议记录").fill("示例记录 1 号")
        cell(page, "work_shown").get_by_placeholder("会议记录").press("Tab")
        settle(page)
        page.locator("h1").click()
        page.keyboard.press("ArrowDown")
        hand = page.locator(".cw-hand h3")

        # Forty-eight presses, each as soon as the next name is there, whether or not the form under it is.
        for _, name, *_ in people[:48]:
            expect(hand).to_contain_text(f"{name} ")
            page.keyboard.press("1")
            page.keyboard.press("Enter")
        expect(hand).to_contain_text(f"{people[48][1]} ")

        # The last but one by somebody who does not look: what he presses too early counts for nobody.
        page.keyboard.press("1")
        for key in ("Enter", "1", "Enter", "2", "Enter", "1", "Enter"):
            page.keyboard.press(key, delay=0)
        expect(page.locator("#cw-ignored")).to_contain_text("没有算")
        expect(hand).to_contain_text(f"{people[49][1]} ")
        settle(page)
        assert [one.result for one in every(ledger, StepCase)] == ["agreed"] * 49
        page.locator("h1").click()
        page.keyboard.press("1")
        page.keyboard.press("Enter")
        expect(page.locator(".cw-hand")).to_contain_text(f"{people[49][1]}：同意")
        reached = [one.case_id for one in every(ledger, StepCase)]
        assert len(reached) == len(set(reached)) == 50
        assert {(one.stage, one.basis) for one in every(ledger, ReviewStep)} == {("survey", "示例记录 1 号")}
        context.close()


def _chinese(number):
    """Return a number in two Chinese digits, so that no name begins another."""
    digits = "零一二三四五六七八九"
    return digits[number // 10] + digits[number % 10]
