"""From an empty ledger to the worksheet of a new round, as an officer goes about it in the browser."""

from __future__ import annotations

import io

import openpyxl
import pytest
from browser import chromium, english_words, enter, officer, serving, settle
from playwright.sync_api import expect
from sqlmodel import select

from casework.allocation import Parameters
from casework.comparison import Assessed
from casework.db import open_ledger, reading
from casework.intake.units import read_units
from casework.ledger import facts, policy_of, rounds
from casework.ledger.rounds import register
from casework.models import AuditEntry
from casework.policy import load_policy, read_pack
from casework.shapes.limits import QuotaGrid

pytestmark = pytest.mark.browser

PROGRAM = """
import os
from pathlib import Path
from casework import downloads
from casework.serve import run

run(
    {name: Path("notebooks", f"{name}.py").resolve() for name in ("allocation", "rounds")},
    database_url=os.environ["LEDGER"], port=0, downloads=downloads.handlers(), on_download=downloads.log(),
)
"""
TEXT = read_pack("jianshi-2020")["jianshi-2020"]["source.txt"].decode()
BODY = (
    TEXT[: TEXT.index("附件 1\n")]
    .replace("2000 元/人", "2200 元/人")
    .replace("18.4 万元", "18.52 万元")
    .replace("2020年1月15日下午5点前", "2021年1月20日下午5点前")
    .replace("做好 2020 年", "做好 2021 年")
    .replace("2020年1月7日", "2021年1月7日")
)
UNITS = list(next(shape.places for _, shape in load_policy("jianshi-2020").of_shape(QuotaGrid)))


def workbook(rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return {"name": "表.xlsx", "mimeType": "application/vnd.ms-excel", "buffer": buffer.getvalue()}


def directory(members="1001"):
    return workbook(
        [
            ["示例县单位名录"],
            ["机构顺序", "单位名称", "单位性质", "党员人数", "统计日期"],
            *([at, name, "乡镇党委", 1000 + at, "2020-12-31"] for at, name in enumerate(UNITS[:-1], start=1)),
            [len(UNITS), UNITS[-1], "工委", members, "2020-12-31"],
        ]
    )


def quota_table():
    """The annex of the new circular: one more for 业州镇, and the new rate in the head."""
    rows = [line.split("\t") for line in TEXT[TEXT.index("\n单位\t") + 1 :].splitlines() if "\t" in line]
    rows[0][1] = rows[0][1].replace("2000", "2200")
    rows[2][3:] = ["42", "21000", "17", "8500", "1", "500", "60", "30000"]
    return workbook([["2021 年度名额分配表"], *([int(c) if c.isdigit() else c or None for c in row] for row in rows)])


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


def cell(page, name):
    return page.locator(f'[data-cell-name="{name}"]')


def section(page, name):
    page.get_by_role("tab", name=name).click()
    settle(page)


def fill(page, label, value):
    cell(page, "details").locator("tr", has=page.locator("th", has_text=label)).locator("input").fill(value)


def test_from_an_empty_ledger_to_the_worksheet_of_a_new_round(browser, tmp_path):
    place = tmp_path / "ledger.db"
    open_ledger(place).dispose()
    with serving(PROGRAM, env={"LEDGER": f"sqlite:///{place}"}) as server:
        context = officer(browser)
        page = enter(context, server, "rounds")
        expect(page.get_by_role("heading", name="还没有任何一轮工作")).to_be_visible()
        assert english_words(page) == []

        # 单位名录: a sheet with a bad cell is named, the right one is imported once
        section(page, "单位名录")
        upload = cell(page, "unit_sheet").locator("input[type=file]")
        upload.set_input_files(directory(members="若干"))
        expect(cell(page, "unit_sheet")).to_contain_text("第 14 行（格 D14）")
        expect(page.get_by_role("button", name="导入", exact=True)).to_have_count(0)
        upload.set_input_files(directory())
        expect(cell(page, "unit_sheet")).to_contain_text("新增 12，改动 0，未变 0")
        page.get_by_role("button", name="导入", exact=True).dblclick()
        expect(cell(page, "unit_sheet")).to_contain_text("新增 12 个")
        settle(page)
        assert english_words(page) == []

        # what is downloaded is what was imported
        with page.expect_download() as download:
            page.get_by_role("link", name="下载名录").click()
        assert download.value.suggested_filename == "单位名录.xlsx"
        sheet = read_units(download.value.path().read_bytes(), name="单位名录.xlsx")
        assert [row["name"] for row in sheet.rows] == UNITS

        # 新建一轮: the earlier circular, the new one, and everything that differs
        section(page, "新建一轮")
        cell(page, "basis").locator("select").select_option(index=1)
        settle(page)
        page.get_by_text("沿用它，换成新通知").click()
        settle(page)
        cell(page, "new_circular").locator("textarea").fill(BODY)
        cell(page, "new_circular").locator("input[type=file]").nth(1).set_input_files(quota_table())
        expect(cell(page, "new_circular")).to_contain_text("已上传")
        page.get_by_role("button", name="读取通知").click()
        expect(cell(page, "read_in")).to_contain_text("12 个单位，共 360 个名额")
        expect(cell(page, "read_in")).to_contain_text("通知核对")
        settle(page)

        page.get_by_role("button", name="核对", exact=True).click()
        expect(cell(page, "last_look")).to_contain_text("还不能开始")
        expect(cell(page, "last_look")).to_contain_text("还没有填写“家属标准：标准（元）”（上一轮是 2000）")
        expect(page.get_by_role("button", name="开始这一轮")).to_have_count(0)
        assert english_words(page) == []

        # a deed in another section takes nothing away that was typed here
        fill(page, "家属标准：标准", "2200")
        section(page, "单位名录")
        section(page, "新建一轮")
        fill(page, "留存党费18.4万元：资金", "18.52万")
        fill(page, "报送花名册：期限", "2021年1月20日下午5点")
        for choice in page.get_by_role("radio", name="改引这句").all():
            choice.click()
        page.get_by_role("button", name="核对", exact=True).click()
        expect(cell(page, "last_look")).to_contain_text("可以开始了")
        expect(cell(page, "last_look")).to_contain_text("185100 元")
        settle(page)
        page.get_by_role("button", name="开始这一轮").dblclick()
        expect(cell(page, "last_look")).to_contain_text("已开始：2021年元旦春节期间走访慰问")
        settle(page)
        assert english_words(page) == []

        page.get_by_role("link", name="打开名额与资金").click()
        page.wait_for_url("**/allocation/?round=2021-01")
        settle(page)
        expect(page.get_by_text("业州镇").first).to_be_visible()
        context.close()

    engine = open_ledger(place)
    with reading(engine) as session:
        (opened,) = rounds(session)
        policy = policy_of(session, opened.round_id)
        known = facts(session, round_id=opened.round_id, as_of=opened.as_of)
        actions = [entry.action for entry in session.exec(select(AuditEntry))]
        names = [unit.name for unit in register(session)]
    engine.dispose()
    result = Assessed.of(known, policy).allocate(Parameters())
    assert (opened.round_id, policy.id, policy.title) == (
        "2021-01",
        "jianshi-2021",
        "关于做好2021年元旦春节期间走访慰问工作的通知",
    )
    assert (result.totals["places"], result.totals["amount_fen"], result.balance_fen) == (360, 18510000, 10000)
    assert names == UNITS
    assert sorted(actions) == ["download", "import_units", "open_round"]


def test_the_register_is_edited_in_its_table(browser, tmp_path):
    place = tmp_path / "ledger.db"
    open_ledger(place).dispose()
    with serving(PROGRAM, env={"LEDGER": f"sqlite:///{place}"}) as server:
        context = officer(browser)
        page = enter(context, server, "rounds")
        section(page, "单位名录")
        fields = cell(page, "unit_table").locator("table input")
        fields.nth(0).fill("1")
        fields.nth(1).fill("示例镇党委")
        fields.nth(2).fill("3.7")
        page.get_by_role("button", name="保存名录").click()
        expect(cell(page, "unit_table")).to_contain_text("“新增单位”的党员人数：要写不小于 0 的整数")
        expect(fields.nth(1)).to_have_value("示例镇党委")  # what was typed is still there
        fields.nth(2).fill("999")
        page.get_by_role("button", name="保存名录").click()
        expect(cell(page, "unit_table")).to_contain_text("新增 1 个")
        settle(page)
        expect(cell(page, "unit_table")).to_contain_text("现有 1 个单位")
        assert english_words(page) == []
        assert page.locator("#App").evaluate("app => app.scrollWidth <= app.clientWidth")
        context.close()

    engine = open_ledger(place)
    with reading(engine) as session:
        (unit,) = register(session)
    engine.dispose()
    assert (unit.name, unit.members, unit.order, unit.pay_difficulty) == ("示例镇党委", 999, 1, None)
