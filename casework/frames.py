"""The schema of every frame that crosses a module border.

A missing value is null, and null is *unknown*: never 0, never false, never "".
Money is integer fen, dates are dates, places are whole numbers. Text columns that hold an enumeration
hold its stored value (`casework.vocabulary`), never its label.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Schema: TypeAlias = "dict[str, pl.DataType | type[pl.DataType]]"

_TEXTS = pl.List(pl.String)

# -- Facts: what the ledger knows on one day -------------------------------------------------------------------

CASES: Schema = {
    "case_id": pl.String,
    "person_id": pl.String,
    "unit_id": pl.String,
    "category": pl.String,  # a category id of the pack; null: not chosen yet
    "path": pl.String,  # "" for the only path of a pack, else e.g. "new", "renew"
    "degree": pl.String,  # Degree, as found by a person
    "unit_rank": pl.Int64,  # the nominating body's recorded order inside unit × category, 1 is first
    "requested_fen": pl.Int64,
    "decided_fen": pl.Int64,  # what a body decided where the circular fixes no amount
    "stage": pl.String,  # Stage
}

PEOPLE: Schema = {
    "person_id": pl.String,
    "name": pl.String,
    "sex": pl.String,  # Sex
    "ethnicity": pl.String,
    "born_on": pl.Date,
    "beneficiary": pl.String,  # Beneficiary
    "membership": pl.String,  # Membership
    "joined_party_on": pl.Date,
    "full_member_on": pl.Date,
    "started_work_on": pl.Date,
    "branch": pl.String,
    "position": pl.String,
    "tags": _TEXTS,  # Tag; null: not recorded, []: recorded as none
    "deceased": pl.Boolean,
    "household_id": pl.String,
}

HOUSEHOLDS: Schema = {
    "household_id": pl.String,
    "size": pl.Int64,  # people
    "minors": pl.Int64,  # people
    "yearly_income_fen": pl.Int64,
    "dibao": pl.Boolean,
}

MEMBERS: Schema = {
    "household_id": pl.String,
    "name": pl.String,
    "relation": pl.String,  # Relation
    "born_on": pl.Date,
    "employment": pl.String,
    "yearly_income_fen": pl.Int64,
}

CAUSES: Schema = {
    "case_id": pl.String,
    "cause": pl.String,  # HardshipCause
    "affected": pl.String,  # Relation
    "main": pl.Boolean,  # named by a person; null: nobody has said
    "occurred_on": pl.Date,
    "note": pl.String,
}

EVIDENCE: Schema = {
    "case_id": pl.String,
    "document": pl.String,  # a document id of the pack
    "issuer": pl.String,
    "issuer_level": pl.String,
    "original_seen": pl.Boolean,
    "copy_kept": pl.Boolean,
}

HONOURS: Schema = {"person_id": pl.String, "title": pl.String, "level": pl.String, "granted_on": pl.Date}

JUDGEMENTS: Schema = {
    "case_id": pl.String,
    "clause_id": pl.String,
    "value": pl.String,  # Mark
    "body": pl.String,
    "basis": pl.String,
    "source": pl.String,
    "on": pl.Date,
    "by": pl.String,
}

AID: Schema = {
    "person_id": pl.String,
    "source": pl.String,  # the body that gives it
    "kind": pl.String,  # AidKind
    "status": pl.String,  # AidStatus
    "on": pl.Date,
    "amount_fen": pl.Int64,
    "own": pl.Boolean,  # paid by this ledger: only these are known completely
    "round_id": pl.String,
}

COMPLETENESS: Schema = {
    "list": pl.String,  # "aid", "honours", "causes", "household", "evidence"
    "case_id": pl.String,
    "mark": pl.String,  # Mark
}

ANSWERS: Schema = {
    "case_id": pl.String,
    "field": pl.String,  # a field the pack declares ([[field]])
    "number": pl.Int64,  # fen, people, months, days; a flag is 0 or 1
    "text": pl.String,
    "date": pl.Date,
}

UNITS: Schema = {
    "unit_id": pl.String,
    "name": pl.String,
    "parent_id": pl.String,
    "kind": pl.String,  # UnitKind
    "members": pl.Int64,  # Party members, as counted on members_as_of
    "members_as_of": pl.Date,
    "order": pl.Int64,  # 机构顺序
    "pay_difficulty": pl.Boolean,  # 工资发放有困难
}

RULINGS: Schema = {
    "kind": pl.String,  # "tie", "lot", "exception", "place_transfer", "order"
    "cell": pl.String,  # cell_key(unit_id, category), or "fund"
    "case_id": pl.String,
    "rank": pl.Int64,  # the order a ruling gives inside its cell; an exception has none
    "clause_id": pl.String,  # the clause an exception sets aside
    "basis": pl.String,
}

FACTS: Mapping[str, Schema] = {
    "cases": CASES,
    "people": PEOPLE,
    "households": HOUSEHOLDS,
    "members": MEMBERS,
    "causes": CAUSES,
    "evidence": EVIDENCE,
    "honours": HONOURS,
    "judgements": JUDGEMENTS,
    "aid": AID,
    "completeness": COMPLETENESS,
    "answers": ANSWERS,
    "units": UNITS,
    "rulings": RULINGS,
}

# -- rules -----------------------------------------------------------------------------------------------------

FINDINGS: Schema = {
    "case_id": pl.String,
    "clause_id": pl.String,
    "outcome": pl.String,  # Outcome
    "code": pl.String,  # which sentence to say
    "values": pl.String,  # a JSON object: what the sentence needs
}

VERDICTS: Schema = {
    "case_id": pl.String,
    "verdict": pl.String,  # Verdict
    "reason": pl.String,  # Reason; null when eligible
    "clauses": _TEXTS,  # the clauses that refuse, block or need an exception
    "met": _TEXTS,  # the conditions and priorities that hold
    "open": _TEXTS,  # the clauses whose answer is missing, priorities included
}

# -- allocation ------------------------------------------------------------------------------------------------

PLAN: Schema = {
    "unit_id": pl.String,
    "category": pl.String,
    "places": pl.Int64,
    "open": pl.Boolean,  # 据实: no number was set
    "rate_fen": pl.Int64,  # null: no amount is fixed
    "amount_fen": pl.Int64,
    "clause_id": pl.String,  # the clause that gave the places
}

AWARDS: Schema = {
    "case_id": pl.String,
    "person_id": pl.String,
    "unit_id": pl.String,
    "category": pl.String,
    "order": pl.Int64,  # position inside unit × category
    "amount_fen": pl.Int64,  # null: no body has decided one
    "fund": pl.String,
    "funded": pl.Boolean,  # false: the fund does not reach and nobody has put people in order
    "reason": pl.String,  # Reason
    "ranked_by": pl.String,  # what placed the person: "priority", "unit_rank", "ruling", or "" where all fit
    "to_verify": _TEXTS,  # unanswered priorities that could move the line
}

RESERVE: Schema = {
    "case_id": pl.String,
    "person_id": pl.String,
    "unit_id": pl.String,
    "category": pl.String,
    "order": pl.Int64,
    "reason": pl.String,  # Reason
    "clauses": _TEXTS,
    "route": pl.String,  # "" or "unit": the pack sends the person to the unit's own list
    "to_verify": _TEXTS,  # unanswered priorities that could move the line
}

BY_UNIT: Schema = {
    "unit_id": pl.String,
    "unit": pl.String,  # the printed name
    "category": pl.String,
    "places": pl.Int64,
    "people": pl.Int64,
    "amount_fen": pl.Int64,
    "awarded_fen": pl.Int64,
}

EXCEPTIONS: Schema = {
    "clause_id": pl.String,
    "cell": pl.String,
    "extra": pl.Int64,
    "reason": pl.String,
    "decider": pl.String,
    "road": pl.String,
}

STEPS: Schema = {
    "cell": pl.String,
    "case_id": pl.String,
    "code": pl.String,
    "clause_id": pl.String,
    "before": pl.Int64,
    "after": pl.Int64,
    "values": pl.String,
}


# -- the standing ledger of people ------------------------------------------------------------------------------

DUPLICATES: Schema = {
    "first": pl.String,  # person ids, first < second
    "second": pl.String,
    "first_name": pl.String,
    "second_name": pl.String,
    "first_unit": pl.String,  # unit of the latest case; null: no case
    "second_unit": pl.String,
    "first_version": pl.Int64,  # for `people.merging`
    "second_version": pl.Int64,
    "branch": pl.String,  # of the first
    "born": pl.String,  # birth month of the first, "1965-03"
    "reasons": _TEXTS,  # Likeness, the strongest first
}

RECHECK: Schema = {
    "person_id": pl.String,
    "name": pl.String,
    "unit_id": pl.String,
    "branch": pl.String,
    "last_year": pl.Int64,  # of the latest re-check before; null: never
    "last_outcome": pl.String,  # Recheck
    "outcome": pl.String,  # Recheck of this year; null: 未复核
    "on": pl.Date,
    "body": pl.String,
    "basis": pl.String,
}

DIFFERENCE: Schema = {
    "person_id": pl.String,
    "name": pl.String,
    "unit_id": pl.String,
    "movement": pl.String,  # Movement
    "why": pl.String,  # of who went: Recheck "ended", a RemovalCause, "merged", "erased" or "withdrawn"
    "fields": _TEXTS,  # "table.column" of what changed, never a value
}

RETENTION_DUE: Schema = {
    "person_id": pl.String,
    "name": pl.String,
    "unit_id": pl.String,
    "last_on": pl.Date,  # the last thing that was done about this person
    "due_on": pl.Date,
}


ISSUED: Schema = {
    "issue_id": pl.String,
    "paper": pl.String,  # name in papers.PAPERS or papers.COMPUTED
    "title": pl.String,
    "unit_id": pl.String,  # null: the whole round's
    "unit": pl.String,
    "branch": pl.String,
    "format": pl.String,  # pdf or xlsx
    "pages": pl.Int64,  # 0 for a workbook
    "people": pl.Int64,  # rows
    "code": pl.String,  # 校验码
    "sha256": pl.String,
    "audit_head": pl.String,
    "issued_by": pl.String,
    "issued_at": pl.Datetime("us", "UTC"),
}

ATTACHMENTS: Schema = {
    "attachment_id": pl.String,
    "purpose": pl.String,  # one of models_people.SCAN_PURPOSES
    "unit_id": pl.String,  # null: a paper of the office
    "case_id": pl.String,  # null: not about one person
    "about": pl.String,  # id of the record it belongs to, or ""
    "name": pl.String,  # of the file; null: the person was erased
    "kind": pl.String,  # one of models_people.SCAN_KINDS
    "size": pl.Int64,  # bytes
    "added_by": pl.String,
    "added_at": pl.Datetime("us", "UTC"),
    "withdrawn": pl.String,  # why it was taken back; null: it counts
}

EVIDENCE_CHECKLIST: Schema = {
    "case_id": pl.String,
    "clause_id": pl.String,
    "cite": pl.String,
    "words": pl.String,  # the clause's own
    "document": pl.String,  # as the circular names it
    "asked": pl.Boolean,  # null: the causes are not recorded, so nobody knows
    "any_of": pl.Boolean,  # one of the clause's papers will do
    "level": pl.String,  # the lowest level of its issuer, of judgements.LEVELS; null: any
    "state": pl.String,  # complete | no_original | no_copy | missing
    "issuer": pl.String,
    "issuer_level": pl.String,
    "original_seen": pl.Boolean,  # null: no such paper
    "copy_kept": pl.Boolean,
    "scans": pl.Int64,
}

PACKAGE_GRID: Schema = {
    "unit_id": pl.String,
    "unit": pl.String,
    "clause_id": pl.String,
    "due_at": pl.Datetime("us", "Asia/Shanghai"),
    "receiver": pl.String,
    "item": pl.String,  # a deliverable, or what it needs (签字, 公章, 扫描件, 电子版)
    "state": pl.String,  # in | late | returned | missing | overdue, as in people.deadlines
    "number": pl.Int64,  # of the latest version; 0: nothing has come
    "received_at": pl.Datetime("us", "Asia/Shanghai"),  # of the latest version
    "received_by": pl.String,  # account
    "late_minutes": pl.Int64,  # of the version that counts; 0: on time; null: nothing stands
    "electronic": pl.Boolean,  # the latest version is a sheet that was imported
    "reason": pl.String,  # why the latest version went back; null: it did not
    "scans": pl.Int64,  # attached to any version
}


IMPORT_PREVIEW: Schema = {
    "sheet": pl.String,
    "row": pl.Int64,  # the sheet's own number; 0: who is not in the file any more
    "state": pl.String,  # clean | held; "" of who is gone
    "change": pl.String,  # new | changed | unchanged | gone | doubtful
    "name": pl.String,
    "unit_id": pl.String,
    "case_id": pl.String,  # of the ledger; null: not there yet
    "person_id": pl.String,
    "differences": _TEXTS,  # in words, what is sensitive not repeated
    "problems": _TEXTS,  # what holds the row, in words
}

IMPORTS: Schema = {
    "import_id": pl.String,
    "unit_id": pl.String,
    "unit": pl.String,
    "part": pl.String,  # which of the unit's sheets; "" for the only one
    "file_name": pl.String,
    "state": pl.String,  # in_force | replaced | withdrawn
    "mode": pl.String,  # all_or_nothing | clean_only
    "new": pl.Int64,  # people
    "changed": pl.Int64,
    "unchanged": pl.Int64,
    "gone": pl.Int64,
    "held": pl.Int64,  # rows that were given back
    "imported_by": pl.String,
    "imported_at": pl.Datetime("us", "UTC"),
    "replaces": pl.String,  # the unit's earlier import
    "reason": pl.String,  # why it was withdrawn; null: it was not
    "version": pl.Int64,
}


def empty(schema: Schema) -> pl.DataFrame:
    """Return a frame of `schema` without rows."""
    return pl.DataFrame(schema=schema)


def conform(rows: pl.DataFrame | Iterable[Mapping[str, object]], schema: Schema) -> pl.DataFrame:
    """Return `rows` in the columns, order and types of `schema`; absent columns become null.

    Raises:
        ValueError: A column is not in the schema (a misspelt column would otherwise be unknown for everybody).
    """
    if isinstance(rows, pl.DataFrame):
        frame, names = rows, rows.columns
    else:
        listed = list(rows)
        names = list(dict.fromkeys(name for row in listed for name in row))
        frame = pl.DataFrame(listed, schema={n: schema[n] for n in names if n in schema}, orient="row")
    strangers = [name for name in names if name not in schema]
    if strangers:
        raise ValueError(f"columns not in the schema: {', '.join(strangers)}")
    if not names:
        return empty(schema)  # a select of nothing but nulls would be one row
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in schema.items()
    )


def cell_key(unit_id: str, category: str) -> str:
    """Name a cell of the grid: unit × category."""
    return f"{unit_id}|{category}"
