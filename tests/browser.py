"""A served worksheet in headless Chromium: helpers for every browser test.

`serving(...)` starts `casework.serve.run` in a process of its own on a free port, `chromium()` opens the browser,
`enter(...)` uses an invitation, `settle(page)` waits until marimo has nothing left to do.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from machine import chromium_program
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).parent.parent
# A killed test run leaves no server behind (Linux).
KILLED_WITH_US = ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []
VIEWPORT = {"width": 1366, "height": 768}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Server:
    """A running server: its address, its output so far, and the invitations it has printed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._invitations: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._first = self._next()
        self.origin = self._first.partition("/?t=")[0]
        self.port = int(self.origin.rpartition(":")[2])

    def _read(self) -> None:
        for line in self.process.stdout:
            self.lines.append(line)
            if match := re.search(r"http://\S+\?t=\S+", line):
                self._invitations.put(match[0])

    def _next(self) -> str:
        try:
            return self._invitations.get(timeout=180)  # a busy machine takes a minute to import
        except queue.Empty:
            raise AssertionError("no invitation was printed:\n" + "".join(self.lines)) from None

    def invitation(self) -> str:
        """Return an address that was not used yet; use it, for that is when the server prints the next one."""
        address, self._first = self._first, ""
        return address or self._next()

    def kill(self) -> None:
        """End the server at once, as a power cut would."""
        self.process.kill()
        self.ended()

    def ended(self, *, within_s: float = 10) -> str:
        """Wait for the server's end and return everything it said."""
        self.process.wait(within_s)
        self._reader.join(within_s)
        return "".join(self.lines)


@contextlib.contextmanager
def serving(program: str, *, env: dict[str, str] | None = None) -> Iterator[Server]:
    """Run `program`, Python source that ends in `casework.serve.run(…, port=0)`.

    The ledger and every other setting come from `env` and the program; the state directory is a temporary one.
    """
    with tempfile.TemporaryDirectory(prefix="casework-state-") as state:
        process = subprocess.Popen(
            [*KILLED_WITH_US, sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "CASEWORK_STATE": state, "PYTHONHASHSEED": "0", **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield Server(process)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(8)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait(10)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Open headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def officer(browser: Browser) -> BrowserContext:
    """Return a fresh browser profile of an officer: his own cookies, 1366×768, Chinese."""
    return browser.new_context(viewport=VIEWPORT, locale="zh-CN", timezone_id="Asia/Shanghai")


def enter(context: BrowserContext, server: Server, worksheet: str = "", *, drawn: str = "") -> Page:
    """Use an invitation and open a worksheet (or stay on the front page); `drawn` as for `settle`."""
    page = context.new_page()
    page.goto(server.invitation())
    page.wait_for_url(f"{server.origin}/")
    if worksheet:
        page.goto(f"{server.origin}/{worksheet}/")
        settle(page, drawn=drawn)
    return page


# A widget inside another one (a form's field, a tab's content) is drawn by the outer one.
HYDRATED = """() => {
  const widget = element => element.localName.startsWith('marimo-') && element.localName !== 'marimo-ui-element';
  const inner = element => {
    for (let up = element.parentElement; up; up = up.parentElement) if (widget(up)) return true;
    return false;
  };
  return [...document.querySelectorAll('.output-area *')].filter(element => widget(element) && !inner(element))
    .every(element => [...(element.shadowRoot?.children ?? [])].some(child => child.localName !== 'style'));
}"""


# The first cell has shown something: before that a page may be connected and idle, and not yet have been run.
DRAWN = (
    "() => [...document.querySelectorAll('.output-area')].some(area => area.textContent.trim() || area.children.length)"
)


def settle(page: Page, *, timeout_s: float = 60.0, quiet_s: float = 0.25, drawn: str = "") -> None:
    """Wait until the page is connected, its widgets are drawn, and no cell has run for `quiet_s`.

    Args:
        page: The page.
        timeout_s: How long at most, for each of these.
        quiet_s: How long nothing runs; looked at eight times at least, for a busy machine looks rarely.
        drawn: What must be there, a selector; empty: that any cell has shown something.
    """
    page.wait_for_selector('#App[data-connection-state="OPEN"]', timeout=timeout_s * 1000)
    if drawn:
        page.wait_for_selector(drawn, timeout=timeout_s * 1000)
    page.wait_for_function(DRAWN, timeout=timeout_s * 1000)
    page.wait_for_function(HYDRATED, timeout=timeout_s * 1000)
    busy = '[data-testid="loading-indicator"], .marimo-output-stale'
    deadline, quiet_since, looked = time.monotonic() + timeout_s, time.monotonic(), 0
    while time.monotonic() - quiet_since < quiet_s or looked < 8:
        looked += 1
        if page.locator(busy).count():
            quiet_since, looked = time.monotonic(), 0
        if time.monotonic() > deadline:
            raise AssertionError("marimo did not come to rest")
        page.wait_for_timeout(30)
    page.wait_for_function(HYDRATED, timeout=timeout_s * 1000)


VISIBLE_TEXT = """() => {
  const found = [];
  const visible = e => e && e.checkVisibility({checkOpacity: true, checkVisibilityCSS: true});
  const walk = root => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    for (let node = walker.currentNode; node; node = walker.nextNode()) {
      if (node.nodeType === 3) {
        const parent = node.parentElement || (node.getRootNode().host);
        const silent = /^(STYLE|SCRIPT|NOSCRIPT)$/.test(parent?.tagName);
        if (node.data.trim() && visible(parent) && !silent) found.push(node.data.trim());
        continue;
      }
      if (node.nodeType !== 1) continue;
      if (visible(node)) for (const name of ['placeholder', 'title', 'aria-label', 'alt']) {
        const value = node.getAttribute(name);
        if (value && value.trim()) found.push(value.trim());
      }
      if (node.shadowRoot) walk(node.shadowRoot);
    }
  };
  walk(document.body);
  return found;
}"""


def visible_texts(page: Page) -> list[str]:
    """Return every text a person can see or hear read out, shadow roots included."""
    return page.evaluate(VISIBLE_TEXT)


def english_words(page: Page, *, allowed: frozenset[str] = frozenset({"PDF", "Excel", "Word", "xlsx"})) -> list[str]:
    """Return the visible texts that hold a Latin word of two letters or more; empty on a finished page."""
    coded = re.compile(r"\b[0-9A-F]{12}\b")  # 校验码
    return [
        text
        for text in visible_texts(page)
        if any(word not in allowed for word in re.findall(r"[A-Za-z]{2,}", coded.sub("", text)))
    ]
