"""A list as it will leave, looked at before it does: the pages of its PDF as pictures, its workbook as a table."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final

from casework.access import Actor
from casework.adoption import in_force
from casework.db import reading
from casework.lists import ListState, Table
from casework.papers import COMPUTED, RESTS_ON, computed
from casework.pictures import page_count, picture
from casework.printing import render
from casework.problems import NotAllowed, Refused
from casework.scenarios import find_scenario, parameters_of
from casework.views.desk import Desk
from casework.views.drafts import draft_parameters
from casework.views.figures import table_html
from casework.views.html import esc, failure, note, shown, tag
from casework.views.sheet import Typed, Worked, work

LISTS: Final = RESTS_ON
"""What is computed from a worksheet or a scenario → the act that makes it more than a draft."""
PREVIEWS: Final = {"不显示": "", "PDF 页面": "pdf", "Excel 表格": "xlsx"}
MOST_ROWS: Final = 200
"""Rows of a workbook shown in the page; the file has them all."""
MOST_DRAWN: Final = 2000
"""Rows of a list whose pages are drawn while an officer waits; a longer one is downloaded, or shown unit by unit."""


# -- which list ----------------------------------------------------------------------------------------------------


def printed_for(actor: Actor) -> dict[str, str]:
    """Return label → list somebody may print from his worksheet; without any task that is the one without names."""
    return {label: name for name, label in COMPUTED.items() if actor.may_write() or name == "quota-table"}


def wanted_list(desk: Desk, actor: Actor, *, kind: str, scenario: str = "", unit: str | None = None) -> Table:
    """Return a list as it leaves for this officer: on paper, as a workbook, and in the preview of both.

    Args:
        desk: The round.
        actor: Who asks.
        kind: A key of `LISTS`.
        scenario: An id; "" is the officer's own worksheet, which for a viewer is the circular as it stands.
        unit: This unit alone.

    Raises:
        Refused: `not_right` (the worksheet has fields to put right), `not_found`.
        NotAllowed: `scope`; `viewer`: a list of people for somebody who may only look.
    """
    if kind not in printed_for(actor).values():
        raise NotAllowed("viewer", "只读账号只能取名额分配表；有姓名的表请由经办人打印")
    typed, state = _parameters(desk, actor, kind, scenario)
    if typed.problems:
        raise Refused("not_right", f"工作表里有 {len(typed.problems)} 处没有填对，请先改正再打印")
    if unit is not None and not desk.actor.may_see(unit):
        raise NotAllowed("scope", "这个单位不在您的范围内")
    if unit is not None and unit not in desk.assessed.facts.units["unit_id"]:
        raise Refused("not_found", "这一轮没有这个单位")  # an empty list would look like one on which nobody stands
    if unit is None and desk.actor.units is not None:
        raise NotAllowed("scope", "请选择您范围内的一个单位")
    worked = work(desk, typed)
    if worked.result is None:
        raise Refused("not_right", worked.problem)
    with reading(desk.engine) as session:
        return computed(
            session,
            kind,
            policy=desk.policy,
            facts=desk.assessed.facts,
            plan=worked.result.plan,
            awards=worked.result.awards,
            state=state,
            unit_id=unit,
        )


def _parameters(desk: Desk, actor: Actor, kind: str, scenario: str) -> tuple[Typed, ListState]:
    """Return the parameters to compute with; a scenario in force for this kind of list is an adopted one."""
    if not scenario:
        return draft_parameters(desk, actor), ListState.DRAFT
    with reading(desk.engine) as session:
        found = find_scenario(session, desk.round_id, scenario)
        adoption = in_force(session, desk.round_id, LISTS[kind])
    adopted = adoption is not None and adoption.scenario_id == found.scenario_id
    return Typed(parameters_of(found)), ListState.MEETING if adopted else ListState.DRAFT


# -- the preview ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Proof:
    """A list to look at.

    Attributes:
        title: As printed.
        pdf: The file whose pages are shown; empty for a workbook.
        pages: How many it has.
        table: The list whose workbook is shown; None for a PDF.
        problem: Why there is nothing to show.
    """

    title: str = ""
    pdf: bytes = field(default=b"", repr=False)
    pages: int = 0
    table: Table | None = None
    problem: str = ""

    @property
    def page_choices(self) -> dict[str, str]:
        """Return label → page; nothing to choose where there is one page or none."""
        last = self.pages if self.pages > 1 else 0
        return {f"第 {page} 页，共 {last} 页": str(page) for page in range(1, last + 1)}


def proof(desk: Desk, worked: Worked, actor: Actor, wanted: Mapping[str, Any]) -> Proof | None:
    """Return what an officer asked to look at.

    Args:
        desk: The round.
        worked: What the page shows; a worksheet with fields to put right is not printed, and its panel says so.
        actor: Who looks.
        wanted: As the controls of the panel say it.

    Returns:
        None where nothing was asked for, or nothing can be handed out.
    """
    wrong = bool(worked.typed.problems) and not wanted["scenario"] and actor.may_write()
    if not wanted["preview"] or not desk.guarded or wrong:
        return None
    try:
        asked = {"kind": wanted["kind"], "scenario": wanted["scenario"] or "", "unit": wanted["unit"] or None}
        return proof_of(wanted_list(desk, actor, **asked), form=wanted["preview"], author=desk.policy.issuer)
    except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
        return Proof(problem=failure(error))


def proof_of(table: Table, *, form: str, author: str = "") -> Proof:
    """Return a list to look at, as `pdf` or `xlsx`.

    Raises:
        Refused: It cannot be printed; with the reason.
    """
    if form == "xlsx":
        return Proof(table.title, table=table)
    if len(table.rows) > MOST_DRAWN:
        raise Refused("too_long", f"这份表有 {len(table.rows)} 行，请选择一个单位预览，或直接下载")
    pdf = _printed(table, author)
    return Proof(table.title, pdf, page_count(pdf))


@lru_cache(maxsize=4)
def _printed(table: Table, author: str) -> bytes:
    """Print once what is turned page by page."""
    return render(table.list_id, table, author=author)


@shown
def proof_html(seen: Proof | None, chooser: str = "", page: str | None = None) -> str:
    """Return the preview: one page as a picture, with the choice of the others, or the workbook as a table.

    Args:
        seen: What to look at; None shows nothing.
        chooser: The HTML of the choice of a page.
        page: The page chosen; the first where there is no choice.
    """
    if seen is None:
        return ""
    if seen.problem:
        return note(seen.problem, "warn")
    if seen.table is not None:
        return _sheet(seen.table)
    number = int(page or 1)
    drawn = base64.b64encode(picture(seen.pdf, number)).decode()
    said = f"{seen.title}，第 {number} 页，共 {seen.pages} 页"
    image = tag("img", "", "cw-page", src=f"data:image/png;base64,{drawn}", alt=said).removesuffix("</img>")
    return tag("div", tag("div", chooser, "cw-toolbar") + image, "cw-proof")


def _sheet(table: Table) -> str:
    """Return a list as its workbook shows it, from the first line to the last."""
    before = [*table.lead, *(f"{label}：{value}" for label, value in table.fields)]
    head = tag("p", esc(table.annex)) + tag("p", esc(table.title), "cw-sheet-title") + _lines(before)
    more = len(table.rows) - MOST_ROWS
    cut = note(f"这里只显示前 {MOST_ROWS} 行，下载的文件里另有 {more} 行；合计是全部行的合计。") if more > 0 else ""
    grid = table_html(replace(table, rows=table.rows[:MOST_ROWS]), title=False)
    foot = cut + _spread(table.signatures) + _lines(table.closing)
    return tag("div", head + _spread(table.above) + grid + foot, "cw-proof cw-sheet")


def _lines(texts: Iterable[str]) -> str:
    return "".join(tag("p", esc(text)) for text in texts)


def _spread(words: tuple[str, ...]) -> str:
    return tag("p", "".join(tag("span", esc(part)) for part in words), "cw-spread") if any(words) else ""
