"""The rule shapes a policy pack may name; there is no expression language.

`SHAPES` maps the name a pack writes (`rule = "…"`) to the class of its parameters.
"""

from __future__ import annotations

from casework.shapes import amounts, conditions, limits, procedure
from casework.shapes.base import SHAPES, Fen, Limit, ParameterRef, Shape, Share, Window

__all__ = [
    "SHAPES",
    "Fen",
    "Limit",
    "ParameterRef",
    "Shape",
    "Share",
    "Window",
    "amounts",
    "conditions",
    "limits",
    "procedure",
]
