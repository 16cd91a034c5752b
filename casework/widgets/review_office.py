"""What the notebook calls of the office's sections: views and forms under one name, tables paged on the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from casework.views import review_forms
from casework.views.cases import CaseDesk
from casework.views.review_forms import Bench, Form, form_named, office_panel
from casework.views.review_publication import open_publication, publication_panel
from casework.views.review_publication_deeds import publication_forms
from casework.views.review_study import Study, list_frame, open_study, study_panel
from casework.views.review_study_deeds import study_forms
from casework.widgets.fields import text
from casework.widgets.review_forms import deed_choice, deed_form, office_unit, paged

__all__ = [
    "SECTIONS",
    "Bench",
    "deed_choice",
    "deed_form",
    "deeds_card",
    "office_panel",
    "office_unit",
    "open_publication",
    "open_study",
    "publication_forms",
    "publication_panel",
    "study_forms",
    "study_list",
    "study_panel",
]

SECTIONS = ("集体研究", "公示与异议", "发放与回执", "走访与期限")


def study_list(study: Study) -> Any:
    """Return the list in force as a table; None before there is one."""
    if study.current is None:
        return None
    return paged(list_frame(study), widths={"序号": 60, "现在": 260})


def deeds_card(desk: CaseDesk, forms: Sequence[Form], choice: Any, drawn: Any, told: str) -> str:
    """Return 办理 with the chosen form in it."""
    form = form_named(forms, choice.value if choice is not None else None)
    return review_forms.deeds_card(desk, form, text(choice), text(drawn), told)
