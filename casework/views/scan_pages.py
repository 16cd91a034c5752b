"""A scan that was opened, page by page as pictures in the page: where a browser shows no PDF, nothing is downloaded.

Whoever calls this has already had the opening logged (`people.attachments.open_attachment`).
"""

from __future__ import annotations

import base64
from typing import Final

from casework.people.attachments import Opened
from casework.pictures import page_count, picture, smaller
from casework.views.html import esc, note, tag

MOST_PAGES: Final = 12
MOST_BYTES: Final = 4 * 1024 * 1024
"""Of all pictures together: marimo cuts off an output of more than 8 MB."""
WIDTH: Final = 1000
"""Pixels across: as wide as a card on an office screen."""


def scan_pages(opened: Opened) -> str:
    """Return the pages of a scan as pictures; what has no room is said, the file has it all."""
    count = page_count(opened.body) if opened.kind == "pdf" else 1
    shown: list[str] = []
    size = 0
    for number in range(1, min(count, MOST_PAGES) + 1):
        source = picture(opened.body, number) if opened.kind == "pdf" else opened.body
        drawn = smaller(source, WIDTH)
        size += len(drawn)
        if size > MOST_BYTES:
            break
        said = f"扫描件第 {number} 页，共 {count} 页"
        address = f"data:image/jpeg;base64,{base64.b64encode(drawn).decode()}"
        image = tag("img", "", "cw-page", src=address, alt=said).removesuffix("</img>")
        shown.append(tag("p", esc(said), "cw-muted") + image)
    left = count - len(shown)
    rest = note(f"还有 {left} 页没有显示，请用“查看扫描件”打开整份。") if left else ""
    return tag("div", "".join(shown), "cw-scroll cw-screen cw-opened") + rest
