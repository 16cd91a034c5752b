"""What an officer sees, made without marimo: labelled, masked, formatted; the notebooks only place it."""

from __future__ import annotations

from casework.views.desk import (
    Desk,
    Ledger,
    NoDesk,
    clock,
    heading,
    newest_round,
    officer,
    open_desk,
    open_place,
    round_names,
)
from casework.views.figures import chart, figures, quota, result, slider_span, table_html, worksheet
from casework.views.html import card, esc, note, notes, shown, tag
from casework.views.sheet import Sheet, Typed, Worked, first_sheet, keep, original_sheet, read_sheet, sheet_of, work

__all__ = [
    "SECTIONS",
    "Desk",
    "Ledger",
    "NoDesk",
    "Sheet",
    "Typed",
    "Worked",
    "card",
    "chart",
    "clock",
    "esc",
    "figures",
    "first_sheet",
    "heading",
    "keep",
    "newest_round",
    "note",
    "notes",
    "officer",
    "open_desk",
    "open_place",
    "original_sheet",
    "quota",
    "read_sheet",
    "result",
    "round_names",
    "sheet_of",
    "shown",
    "slider_span",
    "table_html",
    "tag",
    "work",
    "worksheet",
]

SECTIONS = ("名额与资金", "名单", "试算", "方案", "通知", "打印与下载")
