"""People under protection: contacts, imports, packages of units, the yearly re-check, erasure."""

from __future__ import annotations
