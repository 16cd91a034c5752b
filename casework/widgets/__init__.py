"""Factories for the worksheets' controls: marimo elements and the event handlers that carry a value to the package.

They stand here and not beside the notebooks because `marimo check --strict notebooks/` takes every file there for a
notebook.
"""

from __future__ import annotations

from casework.widgets.choices import (
    amount_unit,
    chart,
    clause_choice,
    compare_choices,
    helper_fields,
    margin_fields,
    margin_mode,
    people_filters,
    people_table,
    pick,
    preview,
    print_choices,
    scenario_choice,
    sections,
)
from casework.widgets.deeds import (
    Counter,
    adopt_proposal,
    remedy_buttons,
    save_form,
    scenario_buttons,
    tie_form,
    transfer_form,
    withdraw_form,
)
from casework.widgets.fields import (
    Memory,
    amount_fields,
    asking,
    money_fields,
    money_sliders,
    now_officer,
    place_fields,
    reason_fields,
    reset_button,
    round_picker,
    sheet_now,
    text,
    texts,
)

__all__ = [
    "Counter",
    "Memory",
    "adopt_proposal",
    "amount_fields",
    "amount_unit",
    "asking",
    "chart",
    "clause_choice",
    "compare_choices",
    "helper_fields",
    "margin_fields",
    "margin_mode",
    "money_fields",
    "money_sliders",
    "now_officer",
    "people_filters",
    "people_table",
    "pick",
    "place_fields",
    "preview",
    "print_choices",
    "reason_fields",
    "remedy_buttons",
    "reset_button",
    "round_picker",
    "save_form",
    "scenario_buttons",
    "scenario_choice",
    "sections",
    "sheet_now",
    "text",
    "texts",
    "tie_form",
    "transfer_form",
    "withdraw_form",
]
