"""The officer's main job in a real browser, served by `casework serve`: move, look, save, compare, adopt, print."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime

import pypdf
import pytest
from browser import chromium, english_words, enter, officer, serving, settle
from playwright.sync_api import expect
from sqlmodel import select

from casework import views
from casework.access import LOCAL_OFFICER
from casework.db import open_ledger, reading
from casework.models import Adoption, AuditEntry, Download, Ruling, Scenario
from casework.samples import fill

pytestmark = pytest.mark.browser
expect.set_options(timeout=20_000)

PROGRAM = """
import sys
from casework.cli import main
sys.argv[1:] = ["serve", "allocation", "--port", "0"]
sys.exit(main())
"""
EVERYTHING = PROGRAM.replace('"allocation"', '"allocation", "rounds"')
FIRST_PLACES = "[data-cell-name=worksheet] .cw-scroll .cw-grid marimo-number input"  # 业州镇, 一线干部
INK = """picture => {
  const [width, height] = [picture.naturalWidth, picture.naturalHeight];
  const drawn = Object.assign(document.createElement("canvas"), {width, height}).getContext("2d");
  drawn.drawImage(picture, 0, 0);
  return drawn.getImageData(0, 0, width, height).data.filter((dot, at) => at % 4 === 0 && dot < 100).length;
}"""  # dark dots of a picture the browser has really drawn
KEY_FIGURES = ".cw-kpi"
RATES = "[data-cell-name=worksheet] .cw-money marimo-number input"


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    path = tmp_path_factory.mktemp("served") / "demo.db"
    engine = open_ledger(path)
    fill(engine, actor=LOCAL_OFFICER, now=datetime(2026, 1, 5, 9, tzinfo=UTC))
    engine.dispose()
    return path


@pytest.fixture(scope="module")
def server(ledger):
    with serving(PROGRAM, env={"CASEWORK_DB": str(ledger)}) as running:
        yield running
    said = "".join(running.lines)
    assert "Traceback" not in said, said  # no cell has raised
    assert "错误" not in said, said  # and no panel has failed


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser, server):
    context = officer(browser)
    opened = enter(context, server, "allocation", drawn=KEY_FIGURES)
    yield opened
    context.close()


def rows(ledger, model):
    engine = open_ledger(ledger)
    with reading(engine) as session:
        found = session.exec(select(model)).all()
    engine.dispose()
    return found


def figure(page, label):
    return page.locator(".cw-kpi", has=page.get_by_text(label, exact=True)).locator("b")


def type_into(page, field, value):
    field.fill(value)
    field.press("Enter")
    settle(page)


def go(page, section):
    page.get_by_role("tab", name=section, exact=True).click()
    settle(page)


def choose_round(page, title):
    page.locator("[data-cell-name=heading] select").select_option(label=title)
    settle(page)


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()
    settle(page)


def save_as(page, name):
    page.locator("[data-cell-name=plans] marimo-form marimo-text input").fill(name)
    press(page, "保存当前工作表")
    expect(page.locator(".cw-ok")).to_have_text(f"已保存方案“{name}”。")


def test_from_the_circular_to_an_adopted_scenario(page, ledger):
    expect(figure(page, "名额")).to_have_text("359")
    expect(figure(page, "金额（元）")).to_have_text("184000")
    assert english_words(page) == []

    # One place more: over the fund, said where the officer looks, and everything follows.
    type_into(page, page.locator(FIRST_PLACES).first, "42")
    expect(figure(page, "名额")).to_have_text("360")
    expect(figure(page, "人数")).to_have_text("360")
    expect(figure(page, "金额（元）")).to_have_text("184500")
    expect(page.get_by_text("超出资金 500 元")).to_be_visible()
    expect(page.locator("[data-cell-name=result_tables] .cw-moved").first).to_have_text("42")

    # The draft survives a reload.
    page.reload()
    settle(page)
    expect(figure(page, "名额")).to_have_text("360")
    expect(page.locator(FIRST_PLACES).first).to_have_value("42")

    # An over-budget scenario may be saved, and is refused with its reason.
    go(page, "方案")
    save_as(page, "超一名")
    assert english_words(page) == []
    press(page, "① 确定为名额方案")
    expect(page.get_by_text("方案超出资金 500 元，不能确定为正式方案")).to_be_visible()
    assert rows(ledger, Adoption) == []

    # Another rate by key and by slider; the number beside the slider follows.
    go(page, "名额与资金")
    type_into(page, page.locator(RATES).first, "1,000")
    expect(figure(page, "余额（元）")).to_have_text("2500")
    slider = page.locator(".cw-money marimo-slider [role=slider]").first
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(RATES).first).to_have_value("900")
    expect(figure(page, "余额（元）")).to_have_text("2800")

    # The second scenario is valid: compared by name, adopted, pressed twice, written once.
    go(page, "方案")
    save_as(page, "家属九百")
    expect(page.locator("[data-cell-name=compared]")).to_contain_text("因公牺牲党员干部家属标准由通知原定改为900元")
    page.locator("[data-cell-name=compared] select").first.select_option(label="超一名")
    settle(page)
    expect(page.locator("[data-cell-name=compared]")).to_contain_text("变额 3 人")
    page.get_by_role("button", name="① 确定为名额方案", exact=True).dblclick()
    expect(page.locator("[data-cell-name=plans]")).to_contain_text("名额方案已确定")
    settle(page)
    press(page, "② 确定为名单")
    expect(page.get_by_text("已将“家属九百”确定为正式的名单。")).to_be_visible()
    assert english_words(page) == []
    assert sorted(row.act for row in rows(ledger, Adoption)) == ["list", "places"]
    actions = [row.action for row in rows(ledger, AuditEntry)]
    assert [actions.count(name) for name in ("save_scenario", "adopt_places", "adopt_list")] == [2, 1, 1]
    assert {row.name for row in rows(ledger, Scenario)} == {"超一名", "家属九百"}

    # Files leave by our own route, logged; the preview is drawn in the page.
    go(page, "打印与下载")
    with page.expect_download() as begun:
        page.get_by_role("link", name="下载 PDF").click()
    text = pypdf.PdfReader(io.BytesIO(begun.value.path().read_bytes())).pages[0].extract_text()
    assert begun.value.suggested_filename.startswith("2020年度元旦春节期间慰问名额分配表")
    assert "181200" in text
    with page.expect_download() as begun:
        page.get_by_role("link", name="下载 Excel").click()
    assert begun.value.suggested_filename.endswith(".xlsx")
    assert [row.kind for row in rows(ledger, Download)] == ["quota-table", "quota-table"]
    look = page.locator("[data-cell-name=printing] select").nth(3)
    look.select_option(label="PDF 页面")
    settle(page, drawn=".cw-page")
    picture = page.locator(".cw-page")
    expect(picture).to_have_attribute("alt", "2020年度元旦春节期间慰问名额分配表，第 1 页，共 1 页")
    assert picture.evaluate(INK) > 10_000
    look.select_option(label="Excel 表格")
    settle(page, drawn=".cw-sheet")
    expect(page.locator(".cw-sheet .cw-total")).to_contain_text("181200")
    assert english_words(page) == []

    # Back to the circular with one press.
    go(page, "名额与资金")
    press(page, "恢复通知原定")
    expect(figure(page, "金额（元）")).to_have_text("184000")
    expect(page.locator(FIRST_PLACES).first).to_have_value("41")


def test_a_double_click_saves_and_withdraws_once(page, ledger):
    before = [row.action for row in rows(ledger, AuditEntry)]
    go(page, "方案")
    page.locator("[data-cell-name=plans] marimo-form marimo-text input").fill("按两下")
    page.get_by_role("button", name="保存当前工作表", exact=True).dblclick()
    settle(page)
    expect(page.locator(".cw-ok")).to_have_text("已保存方案“按两下”。")
    page.locator("[data-cell-name=after_adopting] marimo-form marimo-text input").first.fill("示例理由")
    page.get_by_role("button", name="撤回", exact=True).dblclick()
    settle(page)
    expect(page.locator(".cw-ok")).to_contain_text("已撤回正式的名单")
    after = [row.action for row in rows(ledger, AuditEntry)]
    assert after[len(before) :] == ["save_scenario", "withdraw_adoption"]


@pytest.mark.parametrize("round_id", ["jianshi-2020", "neimenggu-2022", "jiaozuo-2018"])
def test_both_lists_of_every_round_leave_as_pdf_and_workbook(page, server, round_id):
    page.goto(f"{server.origin}/allocation/?round={round_id}")
    settle(page, drawn=KEY_FIGURES)
    go(page, "打印与下载")
    for name in ("名额分配表", "慰问对象花名册"):
        page.locator("[data-cell-name=printing] select").first.select_option(label=name)
        settle(page)
        for label, start in (("下载 PDF", b"%PDF"), ("下载 Excel", b"PK")):
            address = page.get_by_role("link", name=label).get_attribute("href")
            answer = page.request.get(server.origin + address)
            assert answer.status == 200, answer.text()
            assert answer.body().startswith(start)


def test_an_emptied_field_and_a_fraction_get_a_sentence_and_the_rest_works(page):
    field = page.locator(FIRST_PLACES).nth(3)
    type_into(page, field, "")
    expect(page.get_by_text("长梁镇“脱贫攻坚一线干部”的名额是空的，暂按通知原定 34 名计算")).to_be_visible()
    type_into(page, field, "3.7")
    expect(page.get_by_text("名额要填不小于 0 的整数")).to_be_visible()
    expect(figure(page, "名额")).to_have_text("359")
    assert english_words(page) == []
    go(page, "方案")
    page.locator("[data-cell-name=plans] marimo-form marimo-text input").fill("不齐")
    press(page, "保存当前工作表")
    expect(page.get_by_text("工作表里有 1 处没有填对")).to_be_visible()
    go(page, "名额与资金")
    type_into(page, page.locator(FIRST_PLACES).nth(3), "34")
    expect(page.locator("[data-cell-name=key_figures] .cw-warn")).to_have_count(0)


def test_fast_typing_from_field_to_field_loses_no_key(page):
    page.locator(FIRST_PLACES).first.click()
    for number in ("41", "18", "2", "33"):
        page.keyboard.press("Control+A")
        page.keyboard.type(number, delay=20)
        page.keyboard.press("Tab")
    settle(page)
    expect(figure(page, "名额")).to_have_text("360")
    values = [page.locator(FIRST_PLACES).nth(at).input_value() for at in range(4)]
    assert values == ["41", "18", "2", "33"]
    press(page, "恢复通知原定")
    expect(figure(page, "名额")).to_have_text("359")


def test_a_number_below_zero_is_named_and_the_rest_works(page):
    type_into(page, page.locator(FIRST_PLACES).nth(1), "-1")
    expect(page.get_by_text("的名额填了“-1”，名额要填不小于 0 的整数，暂按通知原定 17 名计算")).to_be_visible()
    expect(figure(page, "名额")).to_have_text("359")
    press(page, "恢复通知原定")
    expect(page.locator(FIRST_PLACES).nth(1)).to_have_value("17")


def test_two_pages_of_one_officer_lose_nothing_without_a_word(page, server):
    other = page.context.new_page()
    other.goto(f"{server.origin}/allocation/")
    settle(other, drawn=KEY_FIGURES)
    type_into(other, other.locator(FIRST_PLACES).nth(1), "20")  # 业州镇, 生活困难党员
    type_into(page, page.locator(FIRST_PLACES).first, "43")
    said = page.locator("[data-cell-name=elsewhere]")
    expect(said).to_contain_text("另一个页面也在改这张工作表")
    expect(said).to_contain_text("（本页“17”，另一页“20”）")
    assert english_words(page) == []
    go(page, "打印与下载")
    expect(page.get_by_text("打印出来会与本页所见不同")).to_be_visible()

    # Both were kept, field by field; what the other page typed is taken over on demand.
    press(page, "改用另一页所填")
    go(page, "名额与资金")
    assert [page.locator(FIRST_PLACES).nth(at).input_value() for at in range(2)] == ["43", "20"]
    expect(figure(page, "名额")).to_have_text("364")
    expect(said).not_to_contain_text("另一个页面")

    # The same field in both pages: the later one counts, and says what it replaced.
    type_into(other, other.locator(FIRST_PLACES).first, "50")
    expect(other.locator("[data-cell-name=elsewhere]")).to_contain_text("另一个页面刚才填了“43”，已由本页所填取代")
    press(other, "知道了")
    expect(other.locator("[data-cell-name=elsewhere]")).not_to_contain_text("另一个页面")
    press(page, "恢复通知原定")
    expect(said).to_contain_text("另一个页面刚才填了“50”，已由本页所填取代")
    press(page, "知道了")
    expect(figure(page, "名额")).to_have_text("359")


def test_people_trials_and_the_circular_speak_chinese_and_name_no_id(page):
    go(page, "名单")
    page.locator("[data-cell-name=people] select").nth(2).select_option(label="不列入")
    settle(page)
    page.locator("[data-testid=select-row-checkbox]").first.click()
    expect(page.locator(".cw-basis")).to_contain_text("原则上本年度内已开展慰问的对象不再重复慰问")
    assert english_words(page) == []

    go(page, "试算")
    expect(page.locator("[data-cell-name=margin]")).to_contain_text("41 → 42 名")
    type_into(page, page.locator("[data-cell-name=helper] marimo-number input").first, "130")
    expect(page.locator("[data-cell-name=helper]")).to_contain_text("合计")
    expect(figure(page, "名额")).to_have_text("359")  # proposing changes nothing
    press(page, "采用到本方案")
    expect(figure(page, "名额")).to_have_text("365")
    expect(page.get_by_text("资金缺 3000 元")).to_be_visible()
    page.locator("[data-cell-name=ways_out] .cw-card .cw-card", has_text="待追加资金").get_by_role("button").click()
    expect(figure(page, "余额（元）")).to_have_text("0")
    assert english_words(page) == []

    go(page, "通知")
    expect(page.locator("[data-cell-name=circular]")).to_contain_text("缺“三、”")
    assert english_words(page) == []
    go(page, "名额与资金")
    press(page, "恢复通知原定")


def test_a_tie_waits_for_a_meeting(page, ledger):
    choose_round(page, "2020年元旦春节期间走访慰问（并列示例）")
    expect(figure(page, "并列")).to_have_text("1")
    go(page, "名单")
    form = page.locator("[data-cell-name=tie] marimo-form")
    form.locator("marimo-multiselect button").first.click()
    page.get_by_role("option").first.click()
    page.keyboard.press("Escape")
    form.locator("marimo-text input").nth(0).fill("示例部务会")
    form.locator("marimo-text input").nth(1).fill("示例会议纪要")
    press(page, "登记结果")
    expect(figure(page, "并列")).to_have_text("0")
    expect(figure(page, "人数")).to_have_text("15")
    assert len({row.ruling_id for row in rows(ledger, Ruling)}) == 1
    assert english_words(page) == []


def test_where_the_circular_fixes_no_amount_it_is_typed_per_person(page):
    choose_round(page, "2018年度市直机关困难党员台账更新与救助慰问")
    fields = page.locator("[data-cell-name=amounts] marimo-number input")
    assert {fields.nth(at).input_value() for at in range(fields.count())} == {""}
    type_into(page, fields.first, "1500")
    expect(page.locator("[data-cell-name=amounts]")).to_contain_text("已拟定 1 人，合计 1500 元")
    type_into(page, page.locator(RATES).last, "1000")
    expect(page.locator("[data-cell-name=amounts]")).to_contain_text("超出 500 元")
    assert english_words(page) == []
    page.reload()
    settle(page)
    expect(page.locator("[data-cell-name=heading] select")).to_contain_text("2018年度")
    expect(fields.first).to_have_value("1,500")


def test_a_cell_over_a_soft_cap_takes_its_reason(page):
    choose_round(page, "2023年元旦春节特困党员慰问")
    type_into(page, page.locator(FIRST_PLACES).first, "5")
    expect(page.get_by_text("请写明理由和决定人")).to_be_visible()
    texts = page.locator(".cw-reasons marimo-text input")
    texts.nth(0).fill("工资发放有困难")
    texts.nth(0).press("Tab")
    settle(page)
    texts.nth(1).fill("示例会议")
    texts.nth(1).press("Tab")
    expect(page.get_by_text("请写明理由和决定人")).to_have_count(0)
    expect(texts.nth(0)).to_have_value("工资发放有困难")
    assert english_words(page) == []


def test_the_worksheet_fits_a_small_screen(page):
    for section in views.SECTIONS:
        go(page, section)
        assert page.evaluate("document.querySelector('#App').scrollWidth <= document.querySelector('#App').clientWidth")
    go(page, "名额与资金")
    page.mouse.move(700, 600)
    page.mouse.wheel(0, 900)
    expect(figure(page, "名额")).to_be_in_viewport()


def test_a_viewer_moves_figures_in_memory_and_finds_no_deed(browser, ledger):
    program = EVERYTHING.replace('"--port"', '"--read-only", "--port"')
    before = ledger.read_bytes()
    with serving(program, env={"CASEWORK_DB": str(ledger)}) as running:
        context = officer(browser)
        page = enter(context, running, "allocation", drawn=KEY_FIGURES)
        expect(page.locator(".cw-header .cw-badge", has_text="只读")).to_be_visible()
        expect(page.locator(".cw-header .cw-new")).to_have_count(0)

        places, money = figure(page, "名额").inner_text(), figure(page, "金额（元）").inner_text()
        type_into(page, page.locator(FIRST_PLACES).first, "45")
        expect(figure(page, "名额")).not_to_have_text(places)
        page.locator(".cw-money marimo-slider [role=slider]").first.focus()
        page.keyboard.press("ArrowLeft")
        expect(page.locator(RATES).first).to_have_value("1,900")
        expect(figure(page, "金额（元）")).not_to_have_text(money)
        press(page, "恢复通知原定")
        expect(page.locator(FIRST_PLACES).first).to_have_value("41")

        for section in views.SECTIONS:
            go(page, section)
            names = " ".join(page.get_by_role("button").all_inner_texts())
            assert not re.search("保存|更新|确定为|撤回|登记", names), (section, names)
        assert english_words(page) == []

        page.goto(f"{running.origin}/rounds/")
        settle(page)
        for section in ("各轮工作", "单位名录"):
            go(page, section)
            names = " ".join(page.get_by_role("button").all_inner_texts())
            assert not re.search("改日期|保存|导入|选择文件", names), (section, names)
        expect(page.get_by_role("tab", name="新建一轮")).to_have_count(0)
        context.close()
    assert ledger.read_bytes() == before


def test_an_empty_ledger_leads_to_a_new_round(browser, tmp_path):
    open_ledger(tmp_path / "empty.db").dispose()
    with serving(EVERYTHING, env={"CASEWORK_DB": str(tmp_path / "empty.db")}) as running:
        context = officer(browser)
        page = enter(context, running, "allocation", drawn=".cw-nothing")
        expect(page.locator("#App")).to_contain_text("台账里还没有一轮工作。先新建一轮")
        expect(page.get_by_role("tab")).to_have_count(0)
        expect(page.locator(".cw-card")).to_have_count(1)
        expect(page.locator(".cw-header").get_by_role("link", name="新建一轮")).to_be_visible()
        assert english_words(page) == []
        page.locator("#App").get_by_role("link", name="新建一轮").click()
        page.wait_for_url("**/rounds/**")
        settle(page)
        expect(page.get_by_role("tab", name="新建一轮")).to_have_attribute("aria-selected", "true")
        context.close()
    said = "".join(running.lines)
    assert "Error" not in said, said
    assert "错误" not in said, said
