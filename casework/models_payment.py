"""Money and visits: transfers, payments, receipts, fund entries, visits, deadlines.

No `from __future__ import annotations` here, for the reason given in `casework.models`.
"""
