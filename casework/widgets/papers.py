"""The controls of 表册: which paper, whose, of which meeting, how it is looked at, and the archive of a split."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import marimo as mo

from casework.views.cases import CaseDesk, Look
from casework.views.panels import toolbar
from casework.views.papers import (
    COPIES,
    Choices,
    Wanted,
    choices_for,
    paper_choices,
)
from casework.views.papers_shown import (
    Seen,
    begin_file,
    case_line,
    is_whole,
    look_at,
    paper_line,
    papers_panel,
)
from casework.views.proofs import PREVIEWS
from casework.widgets.choices import page_choice, pick, proof_html
from casework.widgets.fields import text
from casework.widgets.review_forms import office_unit

__all__ = ["case_line", "page_choice", "paper_line"]

SECTION = "表册"
LABELS = {"paper": "表", "unit": "", "branch": "党支部", "of": "哪一次", "case": "人员"}
LATER = {"year": "年度", "blank": "内容", "cards": "号码", "by": "分文件", "here": "在此预览"}


def paper_choice(desk: CaseDesk) -> mo.ui.dropdown:
    """Return the choice of a paper, kept in the address."""
    query, options = mo.query_params(), paper_choices(desk)
    wanted = str(query.get("paper") or "")
    value = next((label for label, name in options.items() if name == wanted), next(iter(options)))
    return mo.ui.dropdown(
        options,
        value=value,
        allow_select_none=False,
        on_change=lambda name: query.set("paper", name or ""),
    )


def scope(desk: CaseDesk) -> tuple[mo.ui.dropdown, mo.ui.dropdown, mo.ui.dropdown]:
    """Return what is chosen whatever the paper is: the unit, filled in or empty, how it is looked at."""
    return office_unit(desk), pick(COPIES), pick(PREVIEWS, value="pdf")


def narrow(desk: CaseDesk, look: Look, paper: Any, unit: Any) -> tuple[mo.ui.dropdown | None, ...]:
    """Return the choices of this paper: branch, which one, person, split, numbers, year; None for one not asked.

    Each is a variable of its own in the notebook: nothing runs anew for a control inside a dictionary.
    """
    found: Choices = choices_for(desk, look, str(paper.value), unit_of(desk, paper, unit))
    kept = str(mo.query_params().get("case") or "")
    people = pick(found.people, value=kept, search=True) if found.people else None
    branch, of, by, cards, year = (
        pick(given, search=len(given) > 12) if given else None
        for given in (found.branches, found.of, found.splits, found.cards, found.years)
    )
    return branch, of, people, by, cards, year


def drawn(controls: Mapping[str, Any]) -> dict[str, Any]:
    """Return the controls that are drawn, by name."""
    return {name: control for name, control in controls.items() if control is not None}


def unit_of(desk: CaseDesk, paper: Any, unit: Any) -> str:
    """Return the unit the paper is for: none where there is one for the round, one's own where one has but that."""
    if is_whole(str(paper.value)):
        return ""
    chosen = str(unit.value or "")
    only = list(desk.unit_names)
    return only[0] if not chosen and desk.actor.units is not None and len(only) == 1 else chosen


def wanted(desk: CaseDesk, controls: Mapping[str, Any]) -> Wanted:
    """Return what the controls ask for."""
    asked = ("branch", "of", "case", "blank", "cards", "year")
    chosen = {name: str(controls[name].value or "") for name in asked if name in controls}
    return Wanted(str(controls["paper"].value), unit_of(desk, controls["paper"], controls["unit"]), **chosen)


def read(desk: CaseDesk, look: Look, controls: Mapping[str, Any]) -> Seen:
    """Read the paper, and say so while it is laid out."""
    by = str(controls["by"].value or "") if "by" in controls else ""
    preview = "" if by else str(controls["here"].value or "")
    with mo.status.spinner(title="正在排版…", remove_on_exit=True):
        return look_at(desk, look, wanted(desk, controls), by=by, preview=preview)


def make_buttons(desk: CaseDesk, seen: Seen) -> tuple[mo.ui.run_button | None, ...]:
    """Return a button each for PDF, Excel and Word, for what takes a while to make; None where a link does."""
    forms = {form: label for label, form in seen.forms.items()} if seen.made_first and desk.guarded else {}
    return tuple(
        mo.ui.run_button(label=f"生成 {forms[form]}") if form in forms else None for form in ("pdf", "xlsx", "docx")
    )


def begin_made(desk: CaseDesk, seen: Seen, buttons: Mapping[str, Any], bump: Callable[[Any], None]) -> str:
    """Begin what was asked for beside the page, where a button was pressed; returns the buttons and why not, HTML."""
    form = next((form for form, button in buttons.items() if button.value), "")
    why = ""
    if form:
        why = begin_file(desk, seen, form)
        bump(lambda number: number + 1)
    return toolbar(*(text(button) for button in buttons.values())) + why if buttons else ""


def panel(desk: CaseDesk, seen: Seen, controls: Mapping[str, Any], making: str, page: Any) -> str:
    """Return the section as it is shown."""
    row = {label: text(controls[name]) for name, label in {**LABELS, **LATER}.items() if name in controls}
    return papers_panel(desk, seen, row, making, proof_html(seen.proof, page))
