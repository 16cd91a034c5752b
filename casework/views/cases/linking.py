"""Rows that may be about somebody the ledger knows: asked of the officer before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from casework.people.importing_links import NOT_HE, Links, all_alike
from casework.views.html import card, esc, note, shown, tag

if TYPE_CHECKING:
    from casework.people.importing_plan import ImportPlan

UNDECIDED: Final = "尚未认定"
ANOTHER: Final = "不是，是另一个人"
ALIKE: Final = "alike"
MOST: Final = 60
"""Rows asked about one by one; the rest after these are settled."""


def near_keys(plan: ImportPlan) -> dict[str, tuple[str, int]]:
    """Return a name for each row that is asked about → its place; those nobody has said anything of come first."""
    ranked = sorted(plan.near, key=lambda place: place in plan.told)
    return {f"n{at}": place for at, place in enumerate(ranked[:MOST])}


def near_options(plan: ImportPlan, place: tuple[str, int]) -> dict[str, str]:
    """Return what may be said of a row: label → person, `NOT_HE` or "" for nothing yet."""
    return {UNDECIDED: "", **{f"是：{one.words}": one.person_id for one in plan.near[place]}, ANOTHER: NOT_HE}


def near_said(plan: ImportPlan, place: tuple[str, int]) -> str:
    """Return what holds of a row now, as a label of `near_options`."""
    if place not in plan.told:
        return UNDECIDED
    said = plan.told[place] or NOT_HE
    return next((label for label, value in near_options(plan, place).items() if value == said), UNDECIDED)


def alike_label(plan: ImportPlan) -> str:
    """Return the words of the box that takes everybody alike for the same person; "" where there is nobody."""
    count = len(all_alike(plan.near))
    return f"与台账记录姓名、出生年月、党支部（或号码）都相同的 {count} 人，都认作同一人" if count else ""


def links_of(plan: ImportPlan, given: Mapping[str, Any]) -> Links:
    """Return what is said of rows with what the officer has just said in the form."""
    keys = near_keys(plan)
    said: dict[tuple[str, int], str] = {}
    for key, place in keys.items():
        who = given.get(key)
        if isinstance(who, str) and who and who in near_options(plan, place).values():
            said[place] = who
    named = set(said.values())
    alike = all_alike(plan.near) if given.get(ALIKE) else {}
    links: dict[Any, str | None] = {at: who for at, who in plan.told.items() if at not in keys.values()}
    links |= {at: who for at, who in alike.items() if at not in said and who not in named}
    return links | {at: None if who == NOT_HE else who for at, who in said.items()}


def near_template(plan: ImportPlan) -> str:
    """Return the form, `{n0}` where the choice for a row goes, `{alike}` for everybody alike."""
    names = {(row["sheet"], row["row"]): row["name"] for row in plan.preview.iter_rows(named=True)}
    rows = "".join(
        tag(
            "tr",
            tag("td", _plain(f"{sheet} 第 {row} 行"))
            + tag("td", _plain(names.get((sheet, row))))
            + tag("td", f"{{{key}}}"),
        )
        for key, (sheet, row) in near_keys(plan).items()
    )
    head = "<thead><tr><th>行</th><th>表里的姓名</th><th>与台账里的人</th></tr></thead>"
    table = tag("div", f"<table class='cw-grid'>{head}<tbody>{rows}</tbody></table>", "cw-scroll")
    return (f"{{{ALIKE}}}" if alike_label(plan) else "") + table


def _plain(text: str | None) -> str:
    return esc(text or "").replace("{", "{{").replace("}", "}}")


@shown
def near_card(plan: ImportPlan, form: str, problem: str) -> str:
    """Return the question who is meant, with why an answer cannot be; nothing where nobody is asked about."""
    if not form:
        return ""
    left = len(plan.near) - MOST
    more = note(f"只列出前 {MOST} 行，还有 {left} 行，认定这些以后接着列出。") if left > 0 else ""
    said = "姓名等与台账里的人相同或相近；认定随导入留存，不用再在“重复”处合并"
    return card("是不是台账里的人", note(problem, "warn") if problem else "", form, more, muted=said)
