"""Workbooks of the office → typed rows and problems that name the cell.

`propose_mappings` → (the officer corrects) → `read_rows` → `preview` → `to_facts`; what waits goes back with
`marked_workbook`, what a unit fills in comes from `template`.
"""

from __future__ import annotations

from casework.intake.columns import SheetColumn, known_columns
from casework.intake.draft import Issue
from casework.intake.facts import Contact, NewFacts, causes_of, contacts_of, other_aid_of, position_of, to_facts
from casework.intake.mapping import MappedColumn, Mapping, propose_mapping, propose_mappings
from casework.intake.marked import marked_workbook
from casework.intake.preview import Change, differences, preview, summary
from casework.intake.reading import Intake, read_rows
from casework.intake.records import SkipKind, Skipped
from casework.intake.schema import INTAKE
from casework.intake.template import template, template_columns
from casework.intake.texts import Severity

__all__ = [
    "INTAKE",
    "Change",
    "Contact",
    "Intake",
    "Issue",
    "MappedColumn",
    "Mapping",
    "NewFacts",
    "Severity",
    "SheetColumn",
    "SkipKind",
    "Skipped",
    "causes_of",
    "contacts_of",
    "differences",
    "known_columns",
    "marked_workbook",
    "other_aid_of",
    "position_of",
    "preview",
    "propose_mapping",
    "propose_mappings",
    "read_rows",
    "summary",
    "template",
    "template_columns",
    "to_facts",
]
