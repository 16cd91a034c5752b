"""Take the handbook's pictures from the demo ledger at 1366×768: `python -m scripts.screenshots`."""

from __future__ import annotations

import io
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from casework.access import LOCAL_OFFICER
from casework.db import open_ledger
from casework.samples import fill

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
sys.path.insert(0, str(ROOT / "tests"))

PROGRAM = """
from pathlib import Path
from casework.downloads import handlers, log
from casework.serve import run
run({{name: Path("notebooks") / f"{{name}}.py" for name in ("allocation", "rounds")}},
    database_url={url!r}, demo=True, port=0, downloads=handlers(), on_download=log())
"""
SECTIONS = {
    "people": "名单",
    "trials": "试算",
    "scenarios": "方案",
    "circular": "通知",
    "papers": "打印与下载",
}


def picture(page: Page, name: str) -> None:
    """Keep what is on the screen, in few colours: the pictures travel with the repository."""
    shot = Image.open(io.BytesIO(page.screenshot()))
    shot.convert("RGB").quantize(96, dither=Image.Dither.NONE).save(IMAGES / f"{name}.png", optimize=True)


def main() -> None:
    """Serve the demo ledger and take every picture."""
    from browser import chromium, enter, officer, serving, settle  # noqa: PLC0415 - beside the tests

    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        ledger = Path(folder) / "demo.db"
        engine = open_ledger(ledger)
        fill(engine, actor=LOCAL_OFFICER, now=datetime.now(UTC))
        engine.dispose()
        with serving(PROGRAM.format(url=f"sqlite:///{ledger}")) as server, chromium() as browser:
            page = enter(officer(browser), server)
            picture(page, "front")
            page.goto(f"{server.origin}/rounds/")
            settle(page)
            picture(page, "rounds")
            page.goto(f"{server.origin}/allocation/?round=jianshi-2020")
            settle(page)
            picture(page, "allocation")
            field = page.get_by_role("textbox", name="业州镇 脱贫攻坚一线干部")
            field.fill("42")
            field.press("Enter")
            settle(page)
            picture(page, "over-budget")
            for name, label in SECTIONS.items():
                page.get_by_role("tab", name=label, exact=True).click()
                settle(page)
                page.wait_for_timeout(800)
                picture(page, name)


if __name__ == "__main__":
    main()
