"""The controls of 收表: ticking what came, sending it back, the upload of a unit's sheet and what is done with it."""

from __future__ import annotations

from typing import Any

import marimo as mo

from casework.views import cases
from casework.views.cases import CaseDesk, Collected
from casework.widgets.deeds import Counter

GRID = "收表"


def package_forms(counter: Counter[CaseDesk], collected: Collected) -> dict[str, Any]:
    """Return the forms that tick what came and send it back; none for readers."""
    if not counter.desk.may_write or collected.grid.is_empty():
        return {}
    options = collected.choices()
    receive = {
        "items": mo.ui.multiselect(options, full_width=True),
        "at": mo.ui.datetime(),
    }
    back = {
        "items": mo.ui.multiselect(options, full_width=True),
        "reason": mo.ui.text(placeholder="写给单位看的理由，必填", full_width=True),
    }
    return {
        "receive": counter.form(
            "<div class='cw-lines cw-narrow'><label>收到什么</label>{items}<label>收到时间</label>{at}</div>",
            receive,
            "登记收到",
            GRID,
            lambda actor, given: cases.receive(counter.desk, actor, counter.page, collected, given),
        ),
        "return": counter.form(
            "<div class='cw-lines cw-narrow'><label>退回什么</label>{items}<label>理由</label>{reason}</div>",
            back,
            "退回",
            GRID,
            lambda actor, given: cases.send_back(counter.desk, actor, counter.page, collected, given),
        ),
    }
