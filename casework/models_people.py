"""People under protection: contacts, keys, imports, unit packages, merges.

No `from __future__ import annotations` here, for the reason given in `casework.models`.
"""
