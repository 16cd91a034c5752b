"""The controls of 套用来表 and 自选导出: which list in which layout, whose; the form, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import marimo as mo

from casework.views.borrowed import (
    EXPORT,
    PARTS,
    export_choices,
    export_forms,
    fill_form,
    own_panel,
)
from casework.views.cases import CaseDesk, Look
from casework.views.html import failure
from casework.views.review_forms import Bench, Form
from casework.widgets.deeds import Counter
from casework.widgets.fields import text
from casework.widgets.review_forms import drawn_anew, drawn_form, office_unit

__all__ = ["PARTS"]


def choices(desk: CaseDesk, part: object) -> tuple[mo.ui.dropdown, mo.ui.dropdown | None]:
    """Return the unit, and the list an export is made of, with its layout."""
    options = export_choices(desk) if part == EXPORT else {}
    if not options:
        return office_unit(desk), None
    first = next(iter(options))
    return office_unit(desk), mo.ui.dropdown(options, value=first, allow_select_none=False, searchable=True)


@dataclass(frozen=True)
class Own:
    """The forms of a part as they are drawn.

    Attributes:
        part: `FILL` or `EXPORT`.
        drawn: The forms, by the number of their drawing.
        problem: Why there is none.
    """

    part: str
    drawn: Mapping[int, Any] = field(default_factory=dict)
    problem: str = ""


def own(counter: Counter[CaseDesk], look: Look, part: object, unit: Any, which: Any) -> Own:
    """Return the form that fills or exports, for whoever may; the answer is told under the name of the part."""
    desk = counter.desk
    bench = Bench(desk, look, counter.page, str(unit.value or ""))
    name = str(part)
    if not desk.may_write:
        return Own(name, problem="只读账号不能办理，请联系经办人员")
    try:
        forms: tuple[Form, ...] = (fill_form(bench),)
        if name == EXPORT:
            forms = export_forms(bench, *which.value)
    except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
        return Own(name, problem=failure(error))
    drawn: dict[int, Any] = {}
    for form in forms:
        drawn |= drawn_form(counter, name, form)
    return Own(name, drawn)


def shown(own: Own, unit: Any, which: Any, told: Mapping[str, str]) -> str:
    """Return the part."""
    controls = {"": text(unit), "表": text(which)}
    drawn = {label: control for label, control in controls.items() if control}
    return own_panel(own.part, drawn, drawn_anew(own.drawn), told.get(own.part, ""), own.problem)
