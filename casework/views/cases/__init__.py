"""What an officer sees of 台账与审核: the intake, the worklist, one case; no marimo, and nothing in clear too early."""

from __future__ import annotations

from casework.views.cases.deeds import (
    Results,
    Sitting,
    bodies,
    decide,
    record_package,
    results_html,
    sitting_of,
    tasks,
)
from casework.views.cases.desk import NOBODY, SECTIONS, WITH_CASES, CaseDesk, Look, NoCases, heading, open_case_desk
from casework.views.cases.listing import PAGE, Listed, View, choices, open_cases
from casework.views.cases.work import (
    batch_panel,
    empty_work,
    filters_panel,
    hand_panel,
    sitting_panel,
    table_panel,
    work_panel,
)

__all__ = [
    "NOBODY",
    "PAGE",
    "SECTIONS",
    "WITH_CASES",
    "CaseDesk",
    "Listed",
    "Look",
    "NoCases",
    "Results",
    "Sitting",
    "View",
    "batch_panel",
    "bodies",
    "choices",
    "decide",
    "empty_work",
    "filters_panel",
    "hand_panel",
    "heading",
    "open_case_desk",
    "open_cases",
    "record_package",
    "results_html",
    "sitting_of",
    "sitting_panel",
    "table_panel",
    "tasks",
    "work_panel",
]
