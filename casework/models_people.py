"""People under protection: keys, contacts, imports, unit packages, scans, merges, the yearly re-check, erasure.

No `from __future__ import annotations` here, for the reason given in `casework.models`.

Restricted: numbers, addresses and scans are sealed with the key of the person (or of the round) they belong to. They
are no facts, go into no list and are opened one case or one named task at a time, which `ContactOpening` keeps.
"""

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field

from casework.models import Table, Whole, _json, _moment, one_of, whole
from casework.vocabulary import Recheck, Relation

CONTACT_KINDS = ("card", "designated_card", "phone", "address", "id_number")
IMPORT_MODES = ("all_or_nothing", "clean_only")
IMPORT_STATES = ("in_force", "replaced", "withdrawn")
ROW_OUTCOMES = ("new", "changed", "unchanged", "gone")
PACKAGE_STATES = ("received", "returned")
SCAN_KINDS = ("pdf", "jpg", "png")
SCAN_PURPOSES = ("package", "evidence", "notice", "consent", "receipt", "meeting", "decision")
APPEND_ONLY = (
    "attachment",
    "attachment_opening",
    "attachment_withdrawal",
    "contact_opening",
    "erasure",
    "import_row",
    "retention_rule",
    "two_people",
    "verification",
)
"""Tables whose rows are never changed nor removed: triggers refuse it on both databases."""


class DataKey(Table, table=True):
    """The key of one subject, wrapped with the office's key; erasing destroys it and leaves the row.

    Attributes:
        subject: "person:…", "household:…" or "round:…" with its id.
        wrapped: Bound to `subject`; null once erased.
    """

    __table_args__ = (CheckConstraint("(wrapped IS NULL) = (erased_at IS NOT NULL)", name="erased_or_there"),)

    subject: str = Field(primary_key=True)
    wrapped: bytes | None = Field(default=None, sa_type=LargeBinary)
    erased_at: dt.datetime | None = _moment(nullable=True)


class Contact(Table, table=True):
    """A card, a phone, an address or an identity number of a person.

    Attributes:
        sealed: Canonical JSON of `value` and `holder`, bound to this row and its `key_version`.
        digest: Keyed index of the normalised value, for finding equal ones; null once erased.
        relation: Of the holder of a designated card to the person.
        consent_on: The day the person signed for a designated card.
        ended_on: The day another one took its place.
    """

    __table_args__ = (
        one_of("kind", CONTACT_KINDS),
        one_of("relation", Relation),
        whole("key_version", least=1),
        Index("ix_contact_kind_digest", "kind", "digest"),
        CheckConstraint(
            "kind <> 'designated_card' OR sealed IS NULL OR (relation IS NOT NULL AND consent_on IS NOT NULL)",
            name="designated_with_consent",
        ),
    )

    contact_id: str = Field(primary_key=True)
    person_id: str = Field(foreign_key="person.person_id", index=True)
    kind: str
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    key_version: int = Field(default=1, sa_type=Whole)
    digest: str | None = None
    relation: str | None = None
    consent_on: dt.date | None = None
    consent_scan: str | None = Field(default=None, foreign_key="attachment.attachment_id")
    revoked_on: dt.date | None = None
    ended_on: dt.date | None = None
    recorded_by: str
    recorded_at: dt.datetime = _moment()
    since: int | None = Field(default=None, sa_type=BigInteger)
    version: int = 1


class ContactOpening(Table, table=True):
    """Somebody saw numbers in clear: for one case, or for one task of a round, and to what purpose.

    No foreign keys: the line stays when an import with the person in it is withdrawn.
    """

    __table_args__ = (
        CheckConstraint("(person_id IS NULL) <> (round_id IS NULL)", name="person_or_task"),
        CheckConstraint("length(purpose) > 0", name="with_purpose"),
        whole("people"),
    )

    seq: int | None = Field(default=None, primary_key=True)
    at: dt.datetime = _moment()
    actor_id: str
    person_id: str | None = Field(default=None, index=True)
    case_id: str | None = None
    round_id: str | None = Field(default=None, foreign_key="round.round_id", index=True)
    kinds: Any = _json()
    purpose: str
    people: int = Field(sa_type=Whole)


class Attachment(Table, table=True):
    """A scan: checked, sealed, never shown to viewers, never exported by default.

    Attributes:
        subject: Whose key seals it: the person's, or the round's for papers about many.
        about: The id of the record it belongs to; "" where that record names the scan instead.
        name: The sealed name of the file: officers write a person and an illness into it.
        sha256: Of the plain bytes.
        content: The sealed bytes, bound to this row.
    """

    __table_args__ = (one_of("kind", SCAN_KINDS), one_of("purpose", SCAN_PURPOSES), whole("size", least=1))

    attachment_id: str = Field(primary_key=True)
    purpose: str
    subject: str = Field(index=True)
    round_id: str | None = Field(default=None, foreign_key="round.round_id", index=True)
    unit_id: str | None = Field(default=None, foreign_key="unit.unit_id")
    case_id: str | None = Field(default=None, foreign_key="hardship_case.case_id", index=True)
    about: str = ""
    name: bytes = Field(sa_type=LargeBinary)
    kind: str
    size: int = Field(sa_type=Whole)
    sha256: str
    content: bytes = Field(sa_type=LargeBinary)
    added_by: str
    added_at: dt.datetime = _moment()


class AttachmentOpening(Table, table=True):
    """Somebody opened a scan, and to what purpose."""

    __table_args__ = (CheckConstraint("length(purpose) > 0", name="with_purpose"),)

    seq: int | None = Field(default=None, primary_key=True)
    attachment_id: str = Field(foreign_key="attachment.attachment_id", index=True)
    at: dt.datetime = _moment()
    actor_id: str
    purpose: str


class AttachmentWithdrawal(Table, table=True):
    """A scan that was attached by mistake; it stays sealed where it is and counts no more."""

    __table_args__ = (CheckConstraint("length(reason) > 0", name="with_reason"),)

    attachment_id: str = Field(primary_key=True, foreign_key="attachment.attachment_id")
    reason: str
    withdrawn_by: str
    withdrawn_at: dt.datetime = _moment()


class ColumnMapping(Table, table=True):
    """How a unit's sheets name their columns, as the officer last corrected it: head → field."""

    unit_id: str = Field(primary_key=True, foreign_key="unit.unit_id")
    mapping: Any = _json()
    saved_by: str
    saved_at: dt.datetime = _moment()


class BorrowedForm(Table, table=True):
    """How the columns of a superior's workbook (来表) are filled, as the officer last corrected it: head → item.

    Attributes:
        heads_digest: SHA-256 of the workbook's heads; the same heads are the same form, whatever the file is called.
        title: What stood over the table, so that an officer knows it again.
    """

    heads_digest: str = Field(primary_key=True)
    title: str
    mapping: Any = _json()
    saved_by: str
    saved_at: dt.datetime = _moment()


class Layout(Table, table=True):
    """Which columns of a list the office exports, in which order and under which heads (自选导出).

    Attributes:
        list_name: The list, as `paper_files.LABELS` names it.
        columns: `[{"key", "label"}]` in the order of the export.
    """

    __table_args__ = (CheckConstraint("length(name) > 0", name="with_name"),)

    layout_id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    list_name: str
    columns: Any = _json()
    saved_by: str
    saved_at: dt.datetime = _moment()
    version: int = 1


class ImportBatch(Table, table=True):
    """A unit's sheet as it was taken in; the same bytes count once while they are in force.

    Attributes:
        part: Which of the unit's sheets, where it hands in several that stand side by side; "" for the only one.
        steps: What columns of the sheet say of the unit's own steps (推荐, 公示, 支部, 党委), as
            `people.sheet_steps` reads it.
        links: Whom the officer said rows are about, and whom he told apart, as `people.importing_links` reads it.
    """

    __table_args__ = (
        one_of("mode", IMPORT_MODES),
        one_of("state", IMPORT_STATES),
        CheckConstraint("state <> 'withdrawn' OR length(reason) > 0", name="withdrawn_with_reason"),
        Index(
            "uq_import_batch_in_force",
            "round_id",
            "unit_id",
            "part",
            unique=True,
            sqlite_where=text("state = 'in_force'"),
            postgresql_where=text("state = 'in_force'"),
        ),
    )

    import_id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.round_id", index=True)
    unit_id: str = Field(foreign_key="unit.unit_id")
    part: str = ""
    file_name: str
    sha256: str
    mapping: Any = _json(nullable=True)
    mode: str
    counts: Any = _json()
    steps: Any = _json(nullable=True)
    links: Any = _json(nullable=True)
    state: str
    reason: str = ""
    replaces: str | None = Field(default=None, foreign_key="import_batch.import_id")
    audit_seq: int = Field(sa_type=BigInteger)
    imported_by: str
    imported_at: dt.datetime = _moment()
    version: int = 1


class ImportRow(Table, table=True):
    """What became of one person's row of a sheet."""

    __table_args__ = (one_of("outcome", ROW_OUTCOMES),)

    import_id: str = Field(primary_key=True, foreign_key="import_batch.import_id")
    case_id: str = Field(primary_key=True)
    person_id: str = Field(index=True)
    outcome: str
    row: str = ""


class UnitPackage(Table, table=True):
    """One thing a unit hands in (电子版, 签字, 盖章, 扫描件 …), each time it comes; `number` 1 is the first."""

    __table_args__ = (
        one_of("state", PACKAGE_STATES),
        whole("number", least=1),
        UniqueConstraint("round_id", "unit_id", "clause_id", "deliverable", "number"),
        CheckConstraint("state <> 'returned' OR length(reason) > 0", name="returned_with_reason"),
    )

    package_id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.round_id", index=True)
    unit_id: str = Field(foreign_key="unit.unit_id")
    clause_id: str
    deliverable: str
    number: int = Field(sa_type=Whole)
    received_at: dt.datetime = _moment()
    received_by: str
    state: str
    reason: str = ""
    returned_at: dt.datetime | None = _moment(nullable=True)
    returned_by: str = ""
    version: int = 1


class PersonMerge(Table, table=True):
    """Two records that a person found to be one: what moved, so that it can be taken back."""

    __table_args__ = (
        CheckConstraint("kept <> gone", name="two_records"),
        CheckConstraint("length(reason) > 0", name="with_reason"),
        Index(
            "uq_person_merge_in_force",
            "gone",
            unique=True,
            sqlite_where=text("undone_at IS NULL"),
            postgresql_where=text("undone_at IS NULL"),
        ),
    )

    merge_id: str = Field(primary_key=True)
    kept: str = Field(foreign_key="person.person_id", index=True)
    gone: str = Field(foreign_key="person.person_id")
    moved: Any = _json()
    reason: str
    merged_by: str
    merged_at: dt.datetime = _moment()
    undone_by: str = ""
    undone_at: dt.datetime | None = _moment(nullable=True)
    undone_reason: str = ""
    version: int = 1


class TwoPeople(Table, table=True):
    """A pair of records that a person found to be two people; it is not asked about again. `first` < `second`."""

    __table_args__ = (
        CheckConstraint("first < second", name="in_order"),
        CheckConstraint("length(reason) > 0", name="with_reason"),
    )

    first: str = Field(primary_key=True, foreign_key="person.person_id")
    second: str = Field(primary_key=True, foreign_key="person.person_id", index=True)
    reason: str
    recorded_by: str
    recorded_at: dt.datetime = _moment()


class Verification(Table, table=True):
    """The yearly re-check of one person in the ledger (在册 or 退出); append-only, the latest of a year counts."""

    __table_args__ = (
        one_of("outcome", Recheck),
        whole("year", least=1),
        CheckConstraint("outcome <> 'ended' OR length(basis) > 0", name="ended_with_basis"),
        Index("ix_verification_person_id_year", "person_id", "year"),
    )

    seq: int | None = Field(default=None, primary_key=True)
    person_id: str = Field(foreign_key="person.person_id")
    unit_id: str = Field(foreign_key="unit.unit_id", index=True)
    year: int = Field(sa_type=Whole)
    outcome: str
    on: dt.date
    body: str
    basis: str = ""
    recorded_by: str
    recorded_at: dt.datetime = _moment()


class Erasure(Table, table=True):
    """A person whose personal fields were destroyed, why, and by whom; signed lists and their hashes stay."""

    __table_args__ = (CheckConstraint("length(reason) > 0", name="with_reason"),)

    person_id: str = Field(primary_key=True, foreign_key="person.person_id")
    reason: str
    basis: str
    erased_by: str
    erased_at: dt.datetime = _moment()


class RetentionRule(Table, table=True):
    """How long the office keeps what it knows of a person, and where that is laid down; the latest row counts.

    No circular says it, so a ledger without a row has no period at all.
    """

    __table_args__ = (whole("years", least=1), CheckConstraint("length(source) > 0", name="with_source"))

    seq: int | None = Field(default=None, primary_key=True)
    years: int = Field(sa_type=Whole)
    source: str
    recorded_by: str
    recorded_at: dt.datetime = _moment()
