"""What the notebook calls of the office's sections: views and forms under one name, tables paged on the server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import marimo as mo

from casework.views import review_forms
from casework.views.cases import CaseDesk, Look
from casework.views.payment_deeds import payment_forms
from casework.views.payment_desk import Payments, claims_table, open_payments, payments_panel, state_choices
from casework.views.payment_visit_deeds import visiting_forms
from casework.views.payment_visits import open_visiting, visiting_panel
from casework.views.review_forms import Bench, Form, form_named, office_panel
from casework.views.review_publication import open_publication, publication_panel
from casework.views.review_publication_deeds import publication_forms
from casework.views.review_study import Study, list_frame, open_study, study_panel
from casework.views.review_study_deeds import study_forms
from casework.widgets.fields import text
from casework.widgets.review_forms import deed_choice, deed_form, drawn_anew, office_unit, paged

__all__ = [
    "SECTIONS",
    "Bench",
    "deed_choice",
    "deed_form",
    "deeds_card",
    "narrowed",
    "office_panel",
    "office_unit",
    "open_payments",
    "open_publication",
    "open_study",
    "open_visiting",
    "pay_state",
    "pay_table",
    "payment_forms",
    "payments_panel",
    "publication_forms",
    "publication_panel",
    "study_forms",
    "study_list",
    "study_panel",
    "ticked",
    "told",
    "visiting_forms",
    "visiting_panel",
]

SECTIONS = ("集体研究", "公示与异议", "发放与回执", "走访与期限")


def study_list(study: Study) -> Any:
    """Return the list in force as a table; None before there is one."""
    if study.current is None:
        return None
    return paged(list_frame(study), widths={"序号": 60, "现在": 260})


def deeds_card(desk: CaseDesk, forms: Sequence[Form], choice: Any, drawn: Mapping[int, Any], told: str) -> str:
    """Return 办理 with the chosen form in it."""
    form = form_named(forms, choice.value if choice is not None else None)
    return review_forms.deeds_card(desk, form, text(choice), drawn_anew(drawn), told)


def told(look: Look, said: str) -> str:
    """Return what was told of the last deed; what was opened is taken off the page while it is projected."""
    return "" if look.projected and "cw-opened" in said else said


def pay_state(payments: Payments) -> mo.ui.dropdown:
    """Return the choice of how far a claim has come, kept in the address."""
    query = mo.query_params()
    options = state_choices(payments)
    wanted = str(query.get("claims") or "")
    value = next((name for name, state in options.items() if state == wanted), next(iter(options)))
    return mo.ui.dropdown(
        options,
        value=value,
        label="状态",
        allow_select_none=False,
        on_change=lambda state: query.set("claims", state or ""),
    )


def narrowed(payments: Payments, state: object) -> Payments:
    """Return the section with only the claims that stand so."""
    return replace(payments, state=state if isinstance(state, str) else "")


def pay_table(payments: Payments) -> Any:
    """Return the claims as a table in which several may be ticked; None before there are any."""
    if payments.claims.is_empty() or payments.official is None:
        return None
    ticking = "multi" if payments.desk.may_write else None
    return paged(claims_table(payments), choosing=ticking, widths={"序号": 60})


def ticked(table: Any) -> Callable[[], Mapping[str, Any]]:
    """Return what reads the rows ticked at the moment a deed is done."""
    return lambda: {"_rows": table.value if table is not None else None}
