"""The controls of 核对卡号: the button that opens the cards for that task, the one that hides them, and their table."""

from __future__ import annotations

from typing import Any

import marimo as mo

from casework.access import Actor
from casework.views import Told, cases
from casework.views.cases import CardCheck, CaseDesk, Look
from casework.widgets.cases import Set, text
from casework.widgets.deeds import Counter
from casework.widgets.review_forms import paged

SECTION = "核对卡号"


def cards_controls(
    counter: Counter[CaseDesk], look: Look, unit_id: str, check: CardCheck | None, set_check: Set
) -> dict[str, Any]:
    """Return the button that opens the cards (of the unit chosen above), or their table and the one that hides them."""
    desk = counter.desk
    if not desk.may_write or look.projected:
        return {}

    def deed(actor: Actor) -> Told:
        with mo.status.spinner(title="正在打开卡号…", remove_on_exit=True):
            told, found = cases.open_cards(desk, actor, unit_id)
        if found is not None:
            set_check(found)
        return told

    table = cases.cards_table(desk, look, check)
    whose = desk.unit_names.get(unit_id, "全部单位")
    controls: dict[str, Any] = {"open": counter.button(f"为核对卡号打开：{whose}", SECTION, deed)}
    if table is not None:
        controls["hide"] = mo.ui.button(label="核对完毕，收起", on_click=lambda _: set_check(None))
        if table.height:
            controls["table"] = paged(table, size=12, widths={"卡号": 190, "说明": 260})
        else:
            controls["table"] = mo.Html("<p class='cw-note'>没有登记过卡号。</p>")
    return controls


def cards_html(desk: CaseDesk, look: Look, controls: dict[str, Any], told: str) -> str:
    """Return the panel."""
    buttons = "".join(text(controls.get(name)) for name in ("open", "hide"))
    return cases.cards_panel(desk, look, f"<div class='cw-toolbar'>{buttons}</div>", text(controls.get("table")), told)
