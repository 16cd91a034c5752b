"""套用来表: fill a superior's own workbook. `match` → (the officer corrects, `remember`) → `fill`."""

from __future__ import annotations

from casework.borrowed.filling import Filled, Matched, fill, match, remember
from casework.borrowed.items import NOT_FILLED, choices
from casework.borrowed.people import WHO

__all__ = ["NOT_FILLED", "WHO", "Filled", "Matched", "choices", "fill", "match", "remember"]
