"""The official lists: their order, totals and words, ready to be printed or written as a workbook.

Pure: a policy and frames in, a frozen `Table` out. `list_fingerprint` binds a list to its words; the first twelve
signs of it, the 校验码, stand in the foot of the paper.
"""

from __future__ import annotations

from casework.lists.accounts import archive_catalogue, fund_statement, goods_sheet, transfer_list
from casework.lists.applicant import Applicant, Basis, Ground, Opinion, Relative
from casework.lists.filing import Filed, filing, person_return, submission, unit_list
from casework.lists.letters import completion_request, review_feedback
from casework.lists.listing import in_year, listing
from casework.lists.notices import Posting, change_list, notice_result, public_notice
from casework.lists.paying import Due, bank_payment, pay_sheet, receipts
from casework.lists.person_forms import (
    Copy,
    application,
    approval,
    basis_statement,
    collection_consent,
    copies,
    registration,
)
from casework.lists.public import PublicEntry, public_entries, public_list
from casework.lists.quota import quota_table
from casework.lists.roster import roster
from casework.lists.standing_lists import information_base, ledger_book
from casework.lists.study import Minutes, exception_list, meeting_list, meeting_minutes, money_note
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
from casework.lists.visiting import activity_report, inspection, leader_roster, visit_plan

__all__ = [
    "NUMBERS",
    "Applicant",
    "Basis",
    "Cell",
    "Column",
    "Copy",
    "Due",
    "Filed",
    "Ground",
    "Head",
    "ListState",
    "Minutes",
    "Opinion",
    "Posting",
    "PublicEntry",
    "Relative",
    "Row",
    "Table",
    "activity_report",
    "application",
    "approval",
    "archive_catalogue",
    "as_printed",
    "bank_payment",
    "basis_statement",
    "canonical_bytes",
    "change_list",
    "check_code",
    "collection_consent",
    "completion_request",
    "copies",
    "exception_list",
    "filing",
    "fund_statement",
    "goods_sheet",
    "in_year",
    "information_base",
    "inspection",
    "leader_roster",
    "ledger_book",
    "list_fingerprint",
    "listing",
    "meeting_list",
    "meeting_minutes",
    "money_note",
    "notice_result",
    "pay_sheet",
    "person_return",
    "public_entries",
    "public_list",
    "public_notice",
    "quota_table",
    "receipts",
    "registration",
    "review_feedback",
    "roster",
    "shown",
    "submission",
    "transfer_list",
    "unit_list",
    "visit_plan",
]
