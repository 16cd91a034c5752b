"""The official lists: their order, totals and words, ready to be printed or written as a workbook.

Pure: a policy and frames in, a frozen `Table` out. `list_fingerprint` binds a list to its words; the first twelve
signs of it, the 校验码, stand in the foot of the paper.
"""

from __future__ import annotations

from casework.lists.public import PublicEntry, public_entries, public_list
from casework.lists.quota import quota_table
from casework.lists.roster import roster
from casework.lists.table import (
    NUMBERS,
    Cell,
    Column,
    Head,
    ListState,
    Row,
    Table,
    as_printed,
    canonical_bytes,
    check_code,
    list_fingerprint,
    shown,
)

__all__ = [
    "NUMBERS",
    "Cell",
    "Column",
    "Head",
    "ListState",
    "PublicEntry",
    "Row",
    "Table",
    "as_printed",
    "canonical_bytes",
    "check_code",
    "list_fingerprint",
    "public_entries",
    "public_list",
    "quota_table",
    "roster",
    "shown",
]
