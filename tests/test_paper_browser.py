"""表册 in the browser: one paper looked at and fetched, another refused, a third split; every file is logged."""

from __future__ import annotations

import os
import re
import zipfile
from urllib.parse import quote

import payment_round
import pytest
from browser import chromium, english_words, enter, officer, serving, settle
from payment_round import TOWN
from playwright.sync_api import expect
from sqlmodel import select
from test_case_life_browser import PROGRAM

from casework.db import open_ledger, reading
from casework.models import Download

pytestmark = pytest.mark.browser
_keys = payment_round._keys


@pytest.fixture
def ledger(tmp_path):
    engine = open_ledger(tmp_path / "ledger.db")
    world = payment_round.jianshi(engine)
    world.income()
    world.open()
    yield engine
    engine.dispose()


def chosen(page, label):
    """Return the choice under a label of the section."""
    labels = page.locator('[data-cell-name="paper_shown"] .cw-row > label')
    if label == "单位":  # the choice of a unit brings its own label
        return labels.nth(1).locator("select")
    return labels.filter(has=page.locator(f'span:text-is("{label}")')).locator("select").first


def choose(page, label, option):
    chosen(page, label).select_option(label=option)
    settle(page)


def fetched(page, name):
    with page.expect_download() as started:
        page.get_by_role("link", name=name).first.click()
    return started.value


def test_an_officer_reaches_looks_at_and_fetches_a_paper(ledger, tmp_path):
    url = ledger.url.render_as_string(hide_password=False)
    env = {"LEDGER": url, "CASEWORK_DB": url, "CASEWORK_AUDIT_KEY": os.environ["CASEWORK_AUDIT_KEY"]}
    with chromium() as browser, serving(PROGRAM, env=env) as server:
        page = enter(officer(browser), server, "case_review")
        page.get_by_role("tab", name="表册", exact=True).click()
        settle(page)

        choose(page, "表", "会议｜集体研究记录")
        panel = page.locator('[data-cell-name="paper_shown"]')
        expect(panel).to_contain_text("还没有提请会议研究名单")
        expect(panel.get_by_role("link")).to_have_count(0)

        choose(page, "表", "发放｜慰问金发放表")
        choose(page, "单位", "业州镇")
        expect(panel.get_by_role("link", name="下载 PDF")).to_have_attribute("href", re.compile(f"unit={TOWN}"))
        picture = panel.locator("img.cw-page")
        expect(picture).to_have_attribute("alt", "2020年元旦春节期间走访慰问金发放表，第 1 页，共 1 页")
        assert picture.evaluate("image => image.complete && image.naturalWidth") > 800
        file = fetched(page, "下载 PDF")
        assert file.suggested_filename.startswith("业州镇_慰问金发放表_20")
        assert file.path().read_bytes()[:4] == b"%PDF"
        choose(page, "在此预览", "Excel 表格")
        expect(panel.locator(".cw-sheet")).to_contain_text("示例1号")
        expect(panel.locator(".cw-sheet")).not_to_contain_text("示例3号")
        assert [word for word in english_words(page) if not re.fullmatch("[0-9A-F]{12}", word)] == []

        choose(page, "单位", "全部单位")
        choose(page, "分文件", "每单位一个文件")
        page.get_by_role("button", name="生成 Excel").click()
        link = page.get_by_role("link", name="分单位_慰问金发放表")
        expect(link).to_be_visible()
        settle(page)
        with page.expect_download() as started:
            link.click()
        started.value.save_as(tmp_path / "分.zip")
        with zipfile.ZipFile(tmp_path / "分.zip") as packed:
            assert [name.partition("_")[0] for name in packed.namelist()] == ["业州镇", "长梁镇"]

        page.get_by_role("switch").click()
        settle(page)
        choose(page, "分文件", "不分")
        expect(panel).to_contain_text("正在投屏")
        expect(panel).not_to_contain_text("示例1号")

        page.goto(f"{server.origin}/case_review/?section={quote('发放与回执')}&unit={TOWN}")
        settle(page)
        line = page.locator('[data-cell-name="pay_shown"] .cw-papers')
        expect(line).to_contain_text("慰问金发放表")
        assert fetched(page, "Excel").suggested_filename.endswith(".xlsx")
    with reading(ledger) as session:
        log = [(row.kind, row.parameters.get("name")) for row in session.exec(select(Download).order_by(Download.seq))]
    assert log[:2] == [("paper", "pay-sheet"), ("made", "pay-sheet")]
    assert len(log) == 3


def part(page, name):
    page.get_by_role("radio", name=name).click()
    settle(page)


def test_an_officer_issues_reprints_verifies_and_cancels(ledger, tmp_path):
    url = ledger.url.render_as_string(hide_password=False)
    env = {"LEDGER": url, "CASEWORK_DB": url, "CASEWORK_AUDIT_KEY": os.environ["CASEWORK_AUDIT_KEY"]}
    with chromium() as browser, serving(PROGRAM, env=env) as server:
        page = enter(officer(browser), server)
        page.goto(f"{server.origin}/case_review/?section={quote('表册')}&paper=meeting-list")
        settle(page)
        card = page.locator(".cw-card", has=page.get_by_role("heading", name="印发", exact=True))
        expect(card).to_contain_text("上会材料不印发")
        expect(card.get_by_role("button")).to_have_count(0)

        choose(page, "表", "会议｜慰问对象花名册")
        expect(card).to_contain_text("6 行")
        expect(page.get_by_text("下载件不是印发件")).to_be_visible()
        card.get_by_role("button", name="印发", exact=True).click()
        expect(card).to_contain_text("已印发并存档")
        expect(card).to_contain_text("再办也不会另发一份")
        settle(page)

        part(page, "已发文件")
        register = page.locator(".cw-card", has=page.get_by_role("heading", name="已发文件"))
        expect(register).to_contain_text("慰问对象花名册")
        expect(register).to_contain_text("本机经办")
        file = fetched(page, "PDF")
        original = tmp_path / "原件.pdf"
        file.save_as(original)
        register.get_by_role("textbox").fill("9")
        expect(register.get_by_role("link", name="PDF")).to_have_attribute("href", re.compile("pages=9"))

        part(page, "核对文件")
        panel = page.locator(".cw-card", has=page.get_by_role("heading", name="核对文件"))
        chooser = panel.locator("input[type=file]")
        chooser.set_input_files(original)
        expect(panel).to_contain_text("是印发的原件：")
        expect(panel).to_contain_text("内容与名单一致")
        spoiled = tmp_path / "改过.pdf"
        spoiled.write_bytes(original.read_bytes() + b" ")
        chooser.set_input_files(spoiled)
        expect(panel).to_contain_text("不是印发的原件")

        part(page, "全套材料")
        page.get_by_role("button", name="生成压缩包").click()
        page.get_by_role("button", name="取消", exact=True).click()
        expect(page.get_by_text("已取消，没有生成")).to_be_visible(timeout=60_000)
    with reading(ledger) as session:
        log = session.exec(select(Download).order_by(Download.seq)).all()
    assert [row.kind for row in log] == ["issued"]
