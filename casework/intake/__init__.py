"""Workbooks of the office → typed rows and problems that name the cell."""

from __future__ import annotations
