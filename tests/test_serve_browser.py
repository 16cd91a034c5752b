"""A served worksheet as an officer meets it: Chinese, finished, alone with our server, honest when it is lost."""

from __future__ import annotations

import functools
import http.server
import threading

import pytest
from browser import chromium, english_words, enter, officer, serving, settle, visible_texts
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
expect.set_options(timeout=20_000)  # a busy machine loads marimo's chart and table code slowly

PROGRAM = """
from pathlib import Path
from casework.serve import Download, run

folder = Path("tests/data/serve").resolve()
run(
    {"tiny": folder / "tiny.py", "showcase": folder / "showcase.py"}, database_url="sqlite:///示例.db", port=0,
    demo=True, downloads={"roster": lambda actor, params: Download(b"%PDF-1.7", "名单.pdf", "application/pdf")},
)
"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def server():
    with serving(PROGRAM) as running:
        yield running


@pytest.fixture
def context(browser):
    fresh = officer(browser)
    yield fresh
    fresh.close()


def test_the_front_page_leads_to_the_worksheets_and_forgets_the_invitation(context, server):
    page = enter(context, server)
    assert english_words(page) == []
    page.go_back()
    assert "t=" not in page.url
    page.goto(server.origin)
    page.keyboard.press("Tab")
    page.get_by_role("link", name="样式一览").last.click()
    settle(page)
    assert page.title() == "样式一览 · 慰问帮扶工作台"
    page.get_by_role("navigation").get_by_role("link", name="试验工作表").click()
    settle(page)
    assert page.url == f"{server.origin}/tiny/"


def test_a_worksheet_works_in_chinese_and_asks_nobody_but_us(context, server):
    complaints, asked = [], set()
    context.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    context.on("request", lambda request: asked.add(request.url.split("/")[2]))
    page = enter(context, server, "tiny")

    assert english_words(page) == []
    assert {"试验工作表", "30 行，2 列", "搜索…", "未选择"} <= set(visible_texts(page))
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    assert page.locator("#who").inner_text() == "本机经办|"  # our actor, and no cookie for cells to read
    assert page.locator("#App").evaluate("app => app.scrollWidth <= app.clientWidth")
    expect(page.locator(".vega-embed canvas")).to_be_visible()

    slider = page.locator("marimo-slider [role=slider]")
    slider.focus()
    slider.press("ArrowRight")
    expect(page.locator("#total")).to_have_text("1800")
    field = page.get_by_role("textbox", name="示例2乡 名额")  # named by its row and column
    field.fill("17")
    field.press("Tab")
    expect(page.get_by_role("textbox", name="示例3乡 名额")).to_be_focused()
    expect(field).to_have_value("17")

    assert complaints == []
    assert asked - {""} == {server.origin.removeprefix("http://")}


def test_every_menu_and_message_of_a_table_is_chinese(context, server):
    page = enter(context, server, "tiny")
    for column in (0, 1):
        menu = page.locator('marimo-table [data-testid="data-table-column-menu-button"]').nth(column)
        menu.click(force=True)
        expect(page.get_by_role("menuitem", name="升序")).to_be_visible()
        assert english_words(page) == []
        page.get_by_role("menuitem", name="按值筛选").click()
        expect(page.get_by_text("只列出前")).to_be_visible()
        assert english_words(page) == []
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
    page.locator('[data-testid="page-select"]').click()
    assert english_words(page) == []
    page.keyboard.press("Escape")
    page.locator("[data-testid=select-row-checkbox]").first.click()
    expect(page.get_by_text("行已选")).to_be_visible()
    assert english_words(page) == []
    page.locator("marimo-table td[data-cell-id]").nth(3).click(button="right")
    expect(page.get_by_text("复制此格")).to_be_visible()
    assert english_words(page) == []
    page.keyboard.press("Escape")
    page.locator("marimo-table").get_by_placeholder("搜索…").fill("无此乡")
    expect(page.get_by_text("没有数据")).to_be_visible()
    assert english_words(page) == []


def test_no_chrome_of_the_framework_is_left(context, server):
    page = enter(context, server, "showcase")
    assert english_words(page) == []
    for hidden in ('[data-testid="notebook-actions-dropdown"]', '[data-testid="watermark"]', '[class*="top-[25vh]"]'):
        for element in page.locator(hidden).all():
            assert not element.is_visible(), hidden
    assert page.locator("#App").evaluate("app => app.scrollWidth <= app.clientWidth")


def test_a_failing_cell_says_so_in_chinese_and_shows_no_value(context, server):
    page = enter(context, server, "showcase")
    expect(page.get_by_text("这一步出了错").first).to_be_visible()
    assert english_words(page) == []
    assert "410102" not in "".join(visible_texts(page))
    assert "410102" not in page.content()


def test_printing_leaves_the_controls_out(context, server):
    page = enter(context, server, "showcase")
    page.emulate_media(media="print")
    expect(page.locator(".cw-table").first).to_be_visible()
    for gone in (".cw-header nav", ".cw-button", "marimo-switch", "marimo-radio", "marimo-text-area"):
        expect(page.locator(gone).first).to_be_hidden()


def test_a_lost_connection_covers_the_page(browser):
    with serving(PROGRAM) as lost:
        context = officer(browser)
        page = enter(context, lost, "tiny")
        expect(page.locator("#cw-cover")).to_have_count(0)
        lost.kill()
        expect(page.locator("#cw-cover")).to_contain_text("连接已断开", timeout=10_000)
        expect(page.get_by_role("button", name="刷新页面")).to_be_focused()
        assert english_words(page) == []
        context.close()


def test_another_port_of_this_machine_reads_nothing_with_the_officers_cookie(context, server, tmp_path):
    enter(context, server)
    (tmp_path / "index.html").write_text("<!DOCTYPE html><title>x</title>", encoding="utf-8")
    quiet = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), quiet) as neighbour:
        threading.Thread(target=neighbour.serve_forever, daemon=True).start()
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{neighbour.server_port}/")
        opened = page.evaluate(
            """url => new Promise(done => {
                const socket = new WebSocket(url);
                socket.onopen = () => done("open"); socket.onclose = () => done("closed"); })""",
            f"ws://127.0.0.1:{server.port}/tiny/ws?session_id=s_evil01",
        )
        read = page.evaluate(
            """url => fetch(url, {credentials: "include"}).then(answer => answer.text(), () => "nothing")""",
            f"{server.origin}/download/roster",
        )
        framed = page.evaluate(
            """url => new Promise(done => {
                const frame = document.createElement("iframe");
                frame.onload = () => done(frame.contentDocument ? "readable" : "closed");
                frame.src = url; document.body.append(frame); })""",
            f"{server.origin}/tiny/",
        )
        neighbour.shutdown()
    assert (opened, read, framed) == ("closed", "nothing", "closed")
