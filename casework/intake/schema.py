"""What an intake gives: one row per person as written, typed; the people of the household; the pack's own answers.

A row is known by the sheet it stands in and its row number there, which is the sheet's own. Null is *not written* or
*not certain*; a value that was doubtful is never here, it is among the remarks.
"""

from __future__ import annotations

import polars as pl

from casework.frames import Schema

_TEXTS = pl.List(pl.String)

INTAKE: Schema = {
    "sheet": pl.String,
    "row": pl.Int64,  # the sheet's own number, 1 is the first
    "state": pl.String,  # "clean" or "held"
    "unit_id": pl.String,
    "unit": pl.String,  # as written
    "name": pl.String,  # as written; compare with identity.name_key
    "sex": pl.String,  # Sex
    "ethnicity": pl.String,
    "born_on": pl.Date,  # the first day it can mean; null where only the year is written
    "born_precision": pl.String,  # "day" or "month"
    "joined_party_on": pl.Date,
    "full_member_on": pl.Date,
    "started_work_on": pl.Date,
    "membership": pl.String,  # Membership
    "beneficiary": pl.String,  # Beneficiary; null: neither written nor given by the category
    "beneficiary_stated": pl.Boolean,  # it is written; else it follows from the category or the membership
    "branch": pl.String,
    "employer": pl.String,
    "position": pl.String,
    "tags": _TEXTS,  # Tag; null: not written
    "category": pl.String,  # a category id of the pack
    "path": pl.String,  # a path id of the pack
    "unit_rank": pl.Int64,  # 推荐顺序, never 序号
    "causes": _TEXTS,  # HardshipCause, from 困难类型 or the words before a colon
    "brief": pl.String,
    "size": pl.Int64,
    "minors": pl.Int64,
    "yearly_income_fen": pl.Int64,
    "per_head_fen": pl.Int64,  # computed, never typed
    "monthly_pay_fen": pl.Int64,
    "housing_area": pl.String,
    "dibao": pl.Boolean,
    "requested_fen": pl.Int64,
    "notice_from": pl.Date,
    "notice_to": pl.Date,
    "objections": pl.String,
    "recommended_on": pl.Date,
    "branch_meeting_on": pl.Date,
    "committee_on": pl.Date,
    "other_aid": pl.String,
    "remarks": pl.String,
    # Sensitive: never in a problem, a list or an export.
    "id_number": pl.String,
    "card": pl.String,
    "card_holder": pl.String,
    "phone": pl.String,
    "more_phones": _TEXTS,
    "address": pl.String,
}

RELATIVES: Schema = {
    "sheet": pl.String,
    "row": pl.Int64,  # the row of the person, as in INTAKE
    "name": pl.String,
    "relation": pl.String,  # Relation
    "born_on": pl.Date,
    "employment": pl.String,
    "yearly_income_fen": pl.Int64,
}

ASKED: Schema = {
    "sheet": pl.String,
    "row": pl.Int64,
    "field": pl.String,  # a field the pack declares
    "number": pl.Int64,
    "text": pl.String,
    "date": pl.Date,
}

SENSITIVE = ("id_number", "card", "card_holder", "phone", "more_phones", "address")
