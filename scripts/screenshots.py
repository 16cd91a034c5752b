"""Take the handbook's pictures at 1366×768, of the demo ledger and of two rounds in the middle of their work.

    .venv/bin/python -m scripts.screenshots [NAME…]

Needs Chromium and some minutes. With names (`worklist`, `case`, …) only those pictures are kept.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from casework.access import LOCAL_OFFICER
from casework.db import open_ledger
from casework.intake import template_columns
from casework.policy import load_policy
from casework.samples import fill
from scripts.sample_round import jianshi, neimenggu

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
sys.path.insert(0, str(ROOT / "tests"))

PROGRAM = """
from pathlib import Path
from casework.downloads import handlers, log
from casework.serve import run
run({{name: Path("notebooks") / f"{{name}}.py" for name in ("allocation", "case_review", "rounds")}},
    database_url={url!r}, demo=True, port=0, downloads=handlers(), on_download=log())
"""
SECTIONS = {
    "people": "名单",
    "trials": "试算",
    "scenarios": "方案",
    "circular": "通知",
    "papers": "打印与下载",
}
# Picture → round and section of 台账与审核, on the ledger in the middle of its work.
OFFICE = {
    "packages": ("jianshi-2020", "收表导入"),
    "worklist": ("jiaozuo-2018", "工作清单"),
    "study": ("neimenggu-2022", "集体研究"),
    "notice": ("neimenggu-2022", "公示与异议"),
    "payment": ("jianshi-2020", "发放与回执"),
    "visits": ("jianshi-2020", "走访与期限"),
    "lists": ("jianshi-2020", "表册"),
    "ledger": ("jianshi-2020", "台账"),
}
SHEET = (
    {"index": 1, "name": "示例新甲", "sex": "男", "born_on": "1965.3", "branch": "示例一支部", "unit_rank": 1},
    {"index": 2, "name": "示例新乙", "sex": "女", "born_on": "1971年2月31日", "branch": "示例二支部", "unit_rank": 2},
    {"index": 3, "name": "示例新丙", "sex": "女", "born_on": "1958-11", "branch": "示例二支部", "unit_rank": 3},
)


def sheet() -> bytes:
    """Return a unit's sheet as it comes in: two rows that can be taken, one with a day that is none."""
    from workbooks import xlsx  # noqa: PLC0415 - beside the tests

    policy = load_policy("jiaozuo-2018")
    told = {
        "membership": "中共党员",
        "brief": "本人患病，家庭收入低",
        "category": policy.categories[0].label,
        "path": policy.paths[0][1],
        "in_scope": "是",
        "ledger_verified": "是",
    }
    columns = template_columns(policy)
    rows = [[str((told | row).get(column.id, "")) for column in columns] for row in SHEET]
    return bytes(xlsx([[column.label for column in columns], *rows]))


class Camera:
    """Keeps what is on the screen, in few colours: the pictures travel with the repository."""

    def __init__(self, page: Page, origin: str, settle: Callable[[Page], None], wanted: frozenset[str]) -> None:
        self.page, self.origin, self.settle, self.wanted = page, origin, settle, wanted

    def go(self, address: str) -> None:
        """Open an address and wait until the page has nothing left to do."""
        self.page.goto(f"{self.origin}/{address}")
        self.settle(self.page)

    def take(self, name: str) -> None:
        """Keep one picture."""
        if self.page.url.rstrip("/") != self.origin:  # the front page is no worksheet
            self.settle(self.page)
        self.page.wait_for_timeout(800)
        if not self.wanted or name in self.wanted:
            shot = Image.open(io.BytesIO(self.page.screenshot()))
            shot.convert("RGB").quantize(96, dither=Image.Dither.NONE).save(IMAGES / f"{name}.png", optimize=True)


def of_allocation(camera: Camera) -> None:
    """Take the pictures of the front page, the rounds and the allocation."""
    page = camera.page
    camera.take("front")
    camera.go("rounds/")
    camera.take("rounds")
    camera.go("allocation/?round=jianshi-2020")
    camera.take("allocation")
    field = page.get_by_role("textbox", name="业州镇 脱贫攻坚一线干部")
    field.fill("42")
    field.press("Enter")
    camera.take("over-budget")
    for name, label in SECTIONS.items():
        page.get_by_role("tab", name=label, exact=True).click()
        camera.take(name)


def of_office(camera: Camera) -> None:
    """Take the pictures of 台账与审核."""
    page = camera.page
    for name, (round_id, section) in OFFICE.items():
        camera.go(f"case_review/?round={round_id}&section={section}")
        if name == "packages":
            page.get_by_role("heading", name="收表进度").evaluate("heading => heading.scrollIntoView()")
            page.mouse.wheel(0, -90)
        if name == "ledger":
            page.get_by_role("radio", name="年度复核").click()
        if name == "worklist":
            page.keyboard.press("ArrowDown")
        camera.take(name)
    camera.go("case_review/?round=jiaozuo-2018&section=一案一屏")
    page.get_by_role("button", name="下一人").first.click()
    camera.take("case")
    camera.go("case_review/?round=jiaozuo-2018&section=收表导入")
    page.get_by_role("combobox").nth(1).select_option(index=1)
    camera.settle(page)
    upload = page.locator('[data-cell-name="sheet_upload"]').locator("input[type=file]")
    upload.set_input_files({"name": "示例单位报表.xlsx", "mimeType": "application/octet-stream", "buffer": sheet()})
    page.wait_for_timeout(4000)
    camera.settle(page)
    page.locator('[data-cell-name="sheet_shown"]').evaluate("shown => shown.scrollIntoView()")
    page.mouse.wheel(0, -70)
    camera.take("import")


def main(names: frozenset[str] = frozenset()) -> None:
    """Serve the demo ledger as it begins and in the middle of its work, and take every picture (or those named)."""
    from browser import chromium, enter, officer, serving, settle  # noqa: PLC0415 - beside the tests

    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        begun, worked = Path(folder) / "demo.db", Path(folder) / "worked.db"
        engine = open_ledger(begun)
        fill(engine, actor=LOCAL_OFFICER, now=datetime.now(UTC))
        engine.dispose()
        for file in begun.parent.glob("demo.db*"):
            shutil.copy(file, file.with_name(file.name.replace("demo", "worked", 1)))
        for carry in (jianshi, neimenggu):
            carry(worked)
        for ledger, album in ((begun, of_allocation), (worked, of_office)):
            with serving(PROGRAM.format(url=f"sqlite:///{ledger}")) as server:
                page = enter(officer(browser), server)
                album(Camera(page, server.origin, settle, names))


if __name__ == "__main__":
    main(frozenset(sys.argv[1:]))
