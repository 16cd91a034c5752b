"""Review: steps, meetings, public notices, objections, removals.

No `from __future__ import annotations` here, for the reason given in `casework.models`.

Restricted: the informant, the text and the finding of an `Objection` are sealed (`casework.identity.Key`) and are
read by those who handle it only; they are no facts and go into no list.
"""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, LargeBinary, UniqueConstraint
from sqlmodel import Field

from casework.models import Table, Whole, _json, _moment, one_of, whole
from casework.vocabulary import (
    Decision,
    InstructionState,
    MeetingState,
    NoticeState,
    ObjectionState,
    RemovalCause,
    Stage,
)

APPEND_ONLY = ("meeting_result", "notice_case", "recusal", "removal", "review_step", "round_open_end", "step_case")
"""Tables whose rows are never changed nor removed: triggers refuse it on both databases."""

INSTRUCTION_ROADS = ("meeting", "signed")
"""How an oral instruction is made up for: 补充研究, or 签批 where the pack allows it."""


class ReviewStep(Table, table=True):
    """One step of the chain as it was carried out, once for all the people it reached (`StepCase`).

    Attributes:
        unit_id: The unit whose package it was recorded for; None: the whole round, or single people.
        until: The last day, of a public notice.
        signer: Who decided it on paper, where the account only enters it (代录).
        skipped: Stage → reason, for the weaker steps this one passed over.
        revokes: The step this row takes back; such a row reaches nobody.
    """

    __table_args__ = (one_of("stage", Stage), UniqueConstraint("revokes"))

    seq: int | None = Field(default=None, primary_key=True)
    round_id: str = Field(foreign_key="round.round_id", index=True)
    stage: str
    clause_id: str
    unit_id: str | None = Field(default=None, foreign_key="unit.unit_id")
    body: str
    on: dt.date
    until: dt.date | None = None
    basis: str = ""
    document: str = ""
    signer: str = ""
    skipped: Any = _json(nullable=True)
    meeting_id: str | None = Field(default=None, foreign_key="meeting.meeting_id")
    notice_id: str | None = Field(default=None, foreign_key="notice.notice_id")
    revokes: int | None = Field(default=None, foreign_key="review_step.seq")
    recorded_by: str
    recorded_name: str
    recorded_at: dt.datetime = _moment()


class StepCase(Table, table=True):
    """What one step said of one person."""

    __table_args__ = (
        one_of("result", Decision),
        CheckConstraint("result IN ('agreed', 'added') OR length(reason) > 0", name="against_with_reason"),
    )

    seq: int = Field(primary_key=True, foreign_key="review_step.seq")
    case_id: str = Field(primary_key=True, foreign_key="hardship_case.case_id", index=True)
    result: str
    reason: str = ""


class Meeting(Table, table=True):
    """A list before a body: bound to the list's fingerprint, then decided once.

    Attributes:
        adoption_id: The list on the table.
        quorum_confirmed_by: Who confirmed the attendance where the pack's words cannot be counted.
        decided_adoption_id: The list as decided; the same one where nothing was changed.
        signer: Who signed the minutes, where the account only enters them (代录).
    """

    __table_args__ = (
        one_of("state", MeetingState),
        whole("invited"),
        whole("present"),
        whole("agreed"),
        CheckConstraint("present <= invited AND agreed <= present", name="no_more_than_came"),
    )

    meeting_id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.round_id", index=True)
    adoption_id: str = Field(foreign_key="adoption.adoption_id")
    fingerprint: str
    clause_id: str
    body: str
    held_on: dt.date
    state: str
    invited: int | None = Field(default=None, sa_type=Whole)
    present: int | None = Field(default=None, sa_type=Whole)
    agreed: int | None = Field(default=None, sa_type=Whole)
    quorum_confirmed_by: str = ""
    minutes: str = ""
    signer: str = ""
    decided_adoption_id: str | None = Field(default=None, foreign_key="adoption.adoption_id")
    recorded_by: str
    recorded_at: dt.datetime = _moment()
    decided_by: str = ""
    decided_at: dt.datetime | None = _moment(nullable=True)
    version: int = 1


class MeetingResult(Table, table=True):
    """What a meeting decided about one person."""

    __table_args__ = (
        one_of("result", Decision),
        whole("amount_fen"),
        CheckConstraint("(result = 'changed_amount') = (amount_fen IS NOT NULL)", name="amount_where_changed"),
        CheckConstraint("result = 'agreed' OR length(reason) > 0", name="change_with_reason"),
    )

    meeting_id: str = Field(primary_key=True, foreign_key="meeting.meeting_id")
    case_id: str = Field(primary_key=True, foreign_key="hardship_case.case_id", index=True)
    result: str
    amount_fen: int | None = Field(default=None, sa_type=Whole)
    reason: str = ""


class Recusal(Table, table=True):
    """Somebody who left the room (回避), and why."""

    __table_args__ = (CheckConstraint("length(reason) > 0", name="with_reason"),)

    meeting_id: str = Field(primary_key=True, foreign_key="meeting.meeting_id")
    name: str = Field(primary_key=True)
    reason: str


class Instruction(Table, table=True):
    """An oral instruction: visible as 待补手续, it blocks issue and payment until it is made up for or dropped."""

    __table_args__ = (one_of("state", InstructionState), one_of("road", INSTRUCTION_ROADS))

    instruction_id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.round_id", index=True)
    case_id: str | None = Field(default=None, foreign_key="hardship_case.case_id")
    said_by: str
    on: dt.date
    content: str
    state: str
    road: str | None = None
    meeting_id: str | None = Field(default=None, foreign_key="meeting.meeting_id")
    document: str = ""
    reason: str = ""
    recorded_by: str
    recorded_at: dt.datetime = _moment()
    settled_by: str = ""
    version: int = 1


class Notice(Table, table=True):
    """A public notice of the people in `NoticeCase`.

    Attributes:
        ends_on: The last day; None where it depends on a 放假调休 table nobody has imported.
        evidence: Where the proof of posting lies (photo, address of the page).
    """

    __table_args__ = (
        one_of("state", NoticeState),
        CheckConstraint("ends_on >= posted_on", name="ends_after_it_begins"),
        CheckConstraint("state <> 'ended' OR (ends_on IS NOT NULL AND length(evidence) > 0)", name="ended_with_proof"),
    )

    notice_id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.round_id", index=True)
    clause_id: str
    adoption_id: str | None = Field(default=None, foreign_key="adoption.adoption_id")
    unit_id: str | None = Field(default=None, foreign_key="unit.unit_id")
    branch: str | None = None
    body: str
    audience: str
    channel: str
    posted_on: dt.date
    ends_on: dt.date | None = None
    evidence: str = ""
    state: str
    reason: str = ""
    closed_on: dt.date | None = None
    recorded_by: str
    recorded_at: dt.datetime = _moment()
    version: int = 1


class NoticeCase(Table, table=True):
    """A person a public notice names."""

    notice_id: str = Field(primary_key=True, foreign_key="notice.notice_id")
    case_id: str = Field(primary_key=True, foreign_key="hardship_case.case_id", index=True)


class Objection(Table, table=True):
    """An objection, signed or anonymous, about somebody listed or left out.

    Attributes:
        case_id: Whom it is about; None where the ledger has no case of that person.
        informant: Sealed; None for an anonymous one.
        content: Sealed.
        finding: Sealed: the reason of 不予受理, or what was found.
        handlers: Account ids that may read it.
        decided_by: The person in charge who said 受理 or 不予受理.
        reopens_after: Upheld for somebody left out: the last step on record that day. A refusal up to it no longer
            stops the person, who goes back to where it stopped him.
    """

    __table_args__ = (one_of("state", ObjectionState),)

    objection_id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.round_id", index=True)
    notice_id: str | None = Field(default=None, foreign_key="notice.notice_id")
    case_id: str | None = Field(default=None, foreign_key="hardship_case.case_id", index=True)
    anonymous: bool
    received_on: dt.date
    state: str
    informant: bytes | None = Field(default=None, sa_type=LargeBinary)
    content: bytes = Field(sa_type=LargeBinary)
    finding: bytes | None = Field(default=None, sa_type=LargeBinary)
    handlers: Any = _json()
    decided_by: str = ""
    decided_on: dt.date | None = None
    closed_on: dt.date | None = None
    reopens_after: int | None = None
    recorded_by: str
    recorded_at: dt.datetime = _moment()
    version: int = 1


class RestYear(Table, table=True):
    """The 放假调休 table of one year as it was announced: a year without a row is unknown.

    Attributes:
        source: The announcement: issuer and number.
        holidays: ISO days offices are closed, weekends not repeated.
        workdays: ISO days of a weekend on which offices work.
    """

    __table_args__ = (CheckConstraint("length(source) > 0", name="with_source"), whole("year", least=1900))

    year: int = Field(primary_key=True, sa_type=Whole, sa_column_kwargs={"autoincrement": False})
    source: str
    holidays: Any = _json()
    workdays: Any = _json()
    recorded_by: str
    recorded_at: dt.datetime = _moment()
    version: int = 1


class Removal(Table, table=True):
    """Somebody who leaves the round (减员), with the date and the basis; the file stays."""

    __table_args__ = (one_of("cause", RemovalCause), CheckConstraint("length(basis) > 0", name="with_basis"))

    removal_id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.round_id", index=True)
    case_id: str = Field(foreign_key="hardship_case.case_id", unique=True)
    cause: str
    on: dt.date
    basis: str
    document: str = ""
    recorded_by: str
    recorded_at: dt.datetime = _moment()


class RoundOpenEnd(Table, table=True):
    """What still stood open when a round was closed, how often, and why it was closed all the same.

    Attributes:
        code: Of `casework.payment.closing.OpenEnd`.
        said: The sentence as it was read that day.
    """

    __table_args__ = (whole("count", least=1), CheckConstraint("length(reason) > 0", name="explained"))

    round_id: str = Field(primary_key=True, foreign_key="round.round_id")
    code: str = Field(primary_key=True)
    said: str
    count: int = Field(sa_type=Whole)
    reason: str
    recorded_by: str
    recorded_at: dt.datetime = _moment()
