"""What leaves the house: a list is issued once, its files are kept as they left, printed again, and verified.

An issued file is never made a second time: 重打 gives the stored bytes. Whoever holds a file can ask two questions of
it: is it the one that was issued, and does what it says match the list (`verify`).
"""

from __future__ import annotations

from casework.issuing.bundle import Bundle, round_bundle, set_name, set_of, whole_set
from casework.issuing.issue import ISSUABLE, OPENED, issuable, issue
from casework.issuing.kept import Reprint, issued_frame, reprint, taken_out
from casework.issuing.verify import Verdict, verify

__all__ = [
    "ISSUABLE",
    "OPENED",
    "Bundle",
    "Reprint",
    "Verdict",
    "issuable",
    "issue",
    "issued_frame",
    "reprint",
    "round_bundle",
    "set_name",
    "set_of",
    "taken_out",
    "verify",
    "whole_set",
]
