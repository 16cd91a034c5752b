"""The controls of 表册: which paper, whose, of which meeting, how it is looked at, and the archive of a split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marimo as mo

from casework.views.cases import CaseDesk, Look
from casework.views.desk import clock
from casework.views.html import failure, note
from casework.views.panels import toolbar
from casework.views.papers import (
    COPIES,
    Choices,
    Order,
    Wanted,
    choices_for,
    copies_of,
    made_files,
    paper_choices,
    paper_file,
)
from casework.views.papers_shown import (
    Seen,
    case_line,
    is_whole,
    keep_made,
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
LATER = {"blank": "内容", "cards": "号码", "by": "分文件", "here": "在此预览"}


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


def scope(desk: CaseDesk) -> dict[str, mo.ui.dropdown]:
    """Return what is chosen whatever the paper is: the unit, filled in or empty, how it is looked at."""
    return {"unit": office_unit(desk), "blank": pick(COPIES), "here": pick(PREVIEWS, value="pdf")}


def narrow(desk: CaseDesk, look: Look, paper: Any, scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return what else is chosen for this paper; a choice that would be none is not drawn."""
    found: Choices = choices_for(desk, look, str(paper.value), unit_of(desk, paper, scope))
    kept = str(mo.query_params().get("case") or "")
    options = {"branch": found.branches, "of": found.of, "by": found.splits, "cards": found.cards}
    drawn = {name: pick(given, search=len(given) > 12) for name, given in options.items() if given}
    if found.people:
        drawn["case"] = pick(found.people, value=kept, search=True)
    return drawn


def unit_of(desk: CaseDesk, paper: Any, scope: Mapping[str, Any]) -> str:
    """Return the unit the paper is for: none where there is one for the round, one's own where one has but that."""
    if is_whole(str(paper.value)):
        return ""
    unit = str(scope["unit"].value or "")
    only = list(desk.unit_names)
    return only[0] if not unit and desk.actor.units is not None and len(only) == 1 else unit


def wanted(desk: CaseDesk, paper: Any, scope: Mapping[str, Any], narrow: Mapping[str, Any]) -> Wanted:
    """Return what the controls ask for."""
    chosen = {name: str(control.value or "") for name, control in narrow.items() if name != "by"}
    return Wanted(str(paper.value), unit_of(desk, paper, scope), blank=str(scope["blank"].value or ""), **chosen)


def read(desk: CaseDesk, look: Look, wanted: Wanted, scope: Mapping[str, Any], narrow: Mapping[str, Any]) -> Seen:
    """Read the paper, and say so while it is laid out."""
    by = str(narrow["by"].value or "") if "by" in narrow else ""
    with mo.status.spinner(title="正在排版…", remove_on_exit=True):
        return look_at(desk, look, wanted, by=by, preview="" if by else str(scope["here"].value or ""))


def make_buttons(desk: CaseDesk, seen: Seen) -> dict[str, mo.ui.run_button]:
    """Return a button per kind of file for what takes a while to make; none where a link does."""
    if not (seen.made_first and desk.guarded):
        return {}
    return {form: mo.ui.run_button(label=f"生成 {label}") for label, form in seen.forms.items()}


def made(desk: CaseDesk, seen: Seen, buttons: Mapping[str, Any]) -> str:
    """Make what was asked for, saying how far it is, and return its link; all of it, or the reason why not."""
    form = next((form for form, button in buttons.items() if button.value), "")
    if not form:
        return ""
    try:
        order = Order(desk.engine, desk.round_id, seen.wanted, desk.actor, clock())
        return keep_made(desk, seen, _made(order, seen, form))
    except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
        return note(failure(error), "warn")


def _made(order: Order, seen: Seen, form: str) -> list[tuple[str, bytes]]:
    copies = copies_of(order, seen.by) if seen.by else ()
    total = len(copies) or seen.people
    with mo.status.progress_bar(
        total=total, title="正在生成", show_rate=False, show_eta=False, remove_on_exit=True
    ) as bar:

        def told(number: int, of: int) -> None:
            bar.update(subtitle=f"第 {number} 份，共 {of} 份")

        if not seen.by:
            return [paper_file(order, form, told)]
        files = []
        for file in made_files(order, copies, form):
            files.append(file)
            told(len(files), total)
        return files


def making(buttons: Mapping[str, Any], made: str) -> str:
    """Return the buttons that make an archive, and what was made."""
    return toolbar(*(text(button) for button in buttons.values())) + made if buttons else ""


def panel(desk: CaseDesk, seen: Seen, controls: Mapping[str, Any], making: str, page: Any) -> str:
    """Return the section as it is shown."""
    row = {label: text(controls[name]) for name, label in {**LABELS, **LATER}.items() if name in controls}
    return papers_panel(desk, seen, row, making, proof_html(seen.proof, page))
