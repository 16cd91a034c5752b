"""Review: steps, meetings, public notices, objections, removals.

No `from __future__ import annotations` here, for the reason given in `casework.models`.
"""
