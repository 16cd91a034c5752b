"""The controls of 印发, 已发文件, 核对文件, 全套材料, and of a file in the making."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import marimo as mo

from casework.views.cases import CaseDesk, Look
from casework.views.issuing import (
    MOST_BYTES,
    PARTS,
    PRINT,
    PURPOSES,
    REGISTER,
    VERIFY,
    WHOLE,
    Issue,
    begin_set,
    issue_card,
    open_issue,
    register_panel,
    set_panel,
    verify_panel,
)
from casework.views.papers_jobs import job_of, job_panel
from casework.views.papers_shown import SECTION, Seen
from casework.views.review_forms import Bench, office_panel
from casework.widgets.choices import pick
from casework.widgets.deeds import Counter
from casework.widgets.fields import text
from casework.widgets.review_forms import deed_form, drawn_anew

__all__ = ["KEPT", "PRINT", "WHOLE", "office_panel"]

KEPT = (REGISTER, VERIFY)
"""The parts about files that have left."""


def part_choice() -> mo.ui.radio:
    """Return the choice of a part of the section, kept in the address."""
    query = mo.query_params()
    kept = str(query.get("papers") or "")
    chosen = kept if kept in PARTS else PRINT
    return mo.ui.radio(list(PARTS), value=chosen, inline=True, on_change=lambda part: query.set("papers", part or ""))


# -- 印发 --------------------------------------------------------------------------------------------------------------


def opened(desk: CaseDesk, look: Look, page: str, seen: Seen) -> Issue:
    """Return whether the paper may be issued."""
    return open_issue(Bench(desk, look, page), seen)


def issue_form(counter: Counter[CaseDesk], issue: Issue, bump: Callable[[Any], None]) -> dict[int, Any]:
    """Return the form that issues; only this part is drawn anew by it, so that what was chosen above stays."""
    return deed_form(replace(counter, bump=bump), SECTION, issue.forms, None)


def issue_html(desk: CaseDesk, issue: Issue, form: Mapping[int, Any], told: str) -> str:
    """Return 印发."""
    return str(issue_card(desk, issue, drawn_anew(form), told))


# -- a file in the making ----------------------------------------------------------------------------------------------


def watch(desk: CaseDesk) -> tuple[mo.ui.refresh | None, mo.ui.button | None]:
    """Return what looks every second how far a file is, and the button that calls it off; None where none is made."""
    job = job_of(desk)
    if job is None or not job.running:
        return None, None
    clock = mo.ui.refresh(options=["1s"], default_interval="1s")
    return clock, mo.ui.button(label="取消", on_click=lambda _: job.cancel())


def job_html(desk: CaseDesk, clock: Any, cancel: Any) -> str:
    """Return how far the file is; the clock stands out of sight, and is gone when the file is made."""
    controls = f"{text(cancel)}<div style='display:none'>{text(clock)}</div>"
    return str(job_panel(job_of(desk), controls))


# -- 已发文件, 核对文件, 全套材料 -------------------------------------------------------------------------------------


def pages_field() -> mo.ui.text:
    """Return which pages of a PDF are printed again."""
    return mo.ui.text(placeholder="整份；或写 3、2-4", debounce=False)


def register_html(desk: CaseDesk, field: Any) -> str:
    """Return the register."""
    return str(register_panel(desk, text(field), str(field.value or "").strip()))


def file_choice() -> mo.ui.file:
    """Return the choice of the file that is verified."""
    return mo.ui.file(filetypes=[".pdf", ".xlsx"], max_size=MOST_BYTES, label="选择文件")


def verify_html(desk: CaseDesk, chosen: Any) -> str:
    """Return both answers about the file chosen."""
    given = chosen.value[0] if chosen.value else None
    file = (str(given.name), bytes(given.contents)) if given else None
    return str(verify_panel(desk, text(chosen), file))


def kept_html(desk: CaseDesk, part: str, pages: Any, file: Any) -> str:
    """Return the part about files that have left."""
    return register_html(desk, pages) if part == REGISTER else verify_html(desk, file)


def set_choices() -> tuple[mo.ui.dropdown, mo.ui.run_button, mo.ui.run_button]:
    """Return what the whole set is for, and the buttons that make it."""
    return pick(PURPOSES), mo.ui.run_button(label="生成压缩包"), mo.ui.run_button(label="生成一份 PDF")


def begin_whole(desk: CaseDesk, purpose: Any, unit: Any, buttons: tuple[Any, Any], bump: Callable[[Any], None]) -> str:
    """Begin the whole set where a button was pressed; returns why not, HTML."""
    form = next((form for form, button in zip(("zip", "pdf"), buttons, strict=True) if button.value), "")
    if not form:
        return ""
    why = begin_set(desk, purpose=str(purpose.value), unit=str(unit.value or ""), form=form)
    bump(lambda number: number + 1)
    return why


def set_html(desk: CaseDesk, purpose: Any, unit: Any, buttons: tuple[Any, Any], told: str) -> str:
    """Return 全套材料."""
    row = {"用途": text(purpose), "": text(unit)}
    return str(set_panel(desk, row, "".join(text(button) for button in buttons), told))
