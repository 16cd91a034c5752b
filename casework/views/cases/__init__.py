"""What an officer sees of 台账与审核: the intake, the worklist, one case; no marimo, and nothing in clear too early."""

from __future__ import annotations

from casework.views.cases.desk import NOBODY, SECTIONS, CaseDesk, Look, NoCases, heading, open_case_desk

__all__ = ["NOBODY", "SECTIONS", "CaseDesk", "Look", "NoCases", "heading", "open_case_desk"]
