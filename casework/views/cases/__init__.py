"""What an officer sees of 台账与审核: the intake, the worklist, one case; no marimo, and nothing in clear too early."""

from __future__ import annotations

from casework.views.cases.case_deeds import (
    CAUSES,
    ISSUER_LEVELS,
    decide_one,
    documents,
    keep_paper,
    leave_round,
    open_numbers,
    revocable,
    stages,
    take_back,
)
from casework.views.cases.collecting import Collected, open_packages, packages_panel, receive, send_back
from casework.views.cases.deeds import (
    ANSWERS,
    DECISIONS,
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
from casework.views.cases.reading import CaseView, open_case
from casework.views.cases.screen import case_panel, nobody_panel
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
    "ANSWERS",
    "CAUSES",
    "DECISIONS",
    "ISSUER_LEVELS",
    "NOBODY",
    "PAGE",
    "SECTIONS",
    "WITH_CASES",
    "CaseDesk",
    "CaseView",
    "Collected",
    "Listed",
    "Look",
    "NoCases",
    "Results",
    "Sitting",
    "View",
    "batch_panel",
    "bodies",
    "case_panel",
    "choices",
    "decide",
    "decide_one",
    "documents",
    "empty_work",
    "filters_panel",
    "hand_panel",
    "heading",
    "keep_paper",
    "leave_round",
    "nobody_panel",
    "open_case",
    "open_case_desk",
    "open_cases",
    "open_numbers",
    "open_packages",
    "packages_panel",
    "receive",
    "record_package",
    "results_html",
    "revocable",
    "send_back",
    "sitting_of",
    "sitting_panel",
    "stages",
    "table_panel",
    "take_back",
    "tasks",
    "work_panel",
]
