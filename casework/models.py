"""The tables of the ledger.

No `from __future__ import annotations` here: SQLModel cannot resolve relations with it on Python 3.11.

Rules that hold for every table: ids are texts chosen by us, never a number that tells anything about a person;
money is whole fen; enumerations hold their stored value (`casework.vocabulary`) and a CHECK; a null is *unknown*;
nothing is deleted in cascade; a row that may change carries `version`. SQLModel does not validate table classes,
so every rule that matters is in the database too (`whole`, `one_of`).

Restricted: what a cause of hardship says is sealed with the person's own key (`Cause.sealed`); identity numbers, cards,
phones and addresses are in `casework.models_people` only, sealed the same way. `since` is the number of the audit
entry that brought a row in; with the history it tells what the ledger held on any day.
"""

import datetime as dt
import re
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel

from casework.vocabulary import (
    Act,
    AidKind,
    AidStatus,
    Beneficiary,
    Degree,
    Mark,
    Membership,
    Relation,
    RoundState,
    ScenarioState,
    Sex,
    Stage,
    Term,
    UnitKind,
)

LARGEST = 10**15
"""No count and no sum of fen is larger; the bound also keeps texts out of SQLite's number columns."""

RULING_KINDS = ("tie", "lot", "exception", "place_transfer", "order")
ADOPTION_STATES = ("proposed", "official", "withdrawn")
ISSUED_FORMATS = ("pdf", "xlsx")
LISTS = ("aid", "honours", "causes", "household", "evidence")
"""Lists that carry a completeness mark: without one, an absent row is unknown."""

APPEND_ONLY = (
    "audit_entry",
    "download",
    "history",
    "idempotency",
    "issued_list",
    "judgement",
    "pack_file",
    "place_transfer",
    "ruling",
    "snapshot",
)
"""Tables whose rows are never changed nor removed: triggers refuse it on both databases."""


class Whole(TypeDecorator[int]):
    """A whole number; a float or a text is a mistake of ours and is refused before it reaches the database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Return `value` if it is a whole number or nothing."""
        if value is not None and type(value) is not int:
            raise TypeError(f"not a whole number: {type(value).__name__}")
        return value


class Moment(TypeDecorator[dt.datetime]):
    """An instant, kept in UTC; a time without a zone is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002
        """Return `value` in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("a time without a zone")
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002
        """Return the instant with its zone (SQLite gives it back without)."""
        return value if value is None or value.tzinfo else value.replace(tzinfo=dt.UTC)


def whole(column: str, *, least: int = 0) -> CheckConstraint:
    """Return a CHECK that `column` is a whole number of at least `least`, or null."""
    quoted = f'"{column}"'
    rule = f"{quoted} BETWEEN {least} AND {LARGEST} AND {quoted} = CAST({quoted} AS BIGINT)"
    return CheckConstraint(rule, name=f"{column}_whole")


def one_of(column: str, terms: type[Term] | tuple[str, ...]) -> CheckConstraint:
    """Return a CHECK that `column` holds a stored value of `terms`, or null."""
    values = ", ".join(f"'{term}'" for term in terms)
    return CheckConstraint(f'"{column}" IN ({values})', name=f"{column}_known")


class Table(SQLModel):
    """Base of every table: its own metadata, named constraints, table name from the class name."""

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )

    @declared_attr  # type: ignore[arg-type]
    def __tablename__(cls) -> str:  # noqa: N805
        """Name the table: `HouseholdMember` → `household_member`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


def _json(*, nullable: bool = False) -> Any:
    return Field(sa_type=JSON(none_as_null=True), nullable=nullable, default=None if nullable else ...)


def _moment(*, nullable: bool = False) -> Any:
    return Field(sa_type=Moment, nullable=nullable, default=None if nullable else ...)


def _fen() -> Any:
    return Field(default=None, sa_type=Whole)


# -- the office's standing data ------------------------------------------------------------------------------------


class Unit(Table, table=True):
    """A unit of the register (单位名录): its place in the tree, its Party members as counted on a day."""

    __table_args__ = (one_of("kind", UnitKind), whole("members"), whole("order"))

    unit_id: str = Field(primary_key=True)
    name: str
    # Deferred: a sheet may name a unit before its parent.
    parent_id: str | None = Field(
        default=None, sa_column_args=[ForeignKey("unit.unit_id", deferrable=True, initially="DEFERRED")]
    )
    kind: str | None = None
    members: int | None = Field(default=None, sa_type=Whole)
    members_as_of: dt.date | None = None
    order: int | None = Field(default=None, sa_type=Whole)
    pay_difficulty: bool | None = None
    version: int = 1


class Household(Table, table=True):
    """A household, as far as anybody has recorded it."""

    __table_args__ = (whole("size"), whole("minors"), whole("yearly_income_fen"))

    household_id: str = Field(primary_key=True)
    size: int | None = Field(default=None, sa_type=Whole)
    minors: int | None = Field(default=None, sa_type=Whole)
    yearly_income_fen: int | None = _fen()
    dibao: bool | None = None
    since: int | None = Field(default=None, sa_type=BigInteger)
    version: int = 1


class HouseholdMember(Table, table=True):
    """One person of a household besides the applicant."""

    __table_args__ = (one_of("relation", Relation), whole("yearly_income_fen"))

    member_id: int | None = Field(default=None, primary_key=True)
    household_id: str = Field(foreign_key="household.household_id", index=True)
    name: str | None = None
    relation: str | None = None
    born_on: dt.date | None = None
    employment: str | None = None
    yearly_income_fen: int | None = _fen()
    since: int | None = Field(default=None, sa_type=BigInteger)


class Person(Table, table=True):
    """Somebody who may be helped: a member, a family member, a cadre or a resident."""

    __table_args__ = (
        one_of("sex", Sex),
        one_of("beneficiary", Beneficiary),
        one_of("membership", Membership),
    )

    person_id: str = Field(primary_key=True)
    name: str | None = None
    sex: str | None = None
    ethnicity: str | None = None
    born_on: dt.date | None = None
    beneficiary: str | None = None
    membership: str | None = None
    joined_party_on: dt.date | None = None
    full_member_on: dt.date | None = None
    started_work_on: dt.date | None = None
    branch: str | None = None
    position: str | None = None
    tags: Any = _json(nullable=True)
    deceased: bool | None = None
    household_id: str | None = Field(default=None, foreign_key="household.household_id", index=True)
    since: int | None = Field(default=None, sa_type=BigInteger)
    version: int = 1


class Honour(Table, table=True):
    """An honour somebody holds."""

    honour_id: int | None = Field(default=None, primary_key=True)
    person_id: str = Field(foreign_key="person.person_id", index=True)
    title: str | None = None
    level: str | None = None
    granted_on: dt.date | None = None
    since: int | None = Field(default=None, sa_type=BigInteger)


# -- a round and its circular --------------------------------------------------------------------------------------


class Round(Table, table=True):
    """One round of work under one circular; what the circular says is the copy in `PackFile`."""

    __table_args__ = (one_of("state", RoundState),)

    round_id: str = Field(primary_key=True)
    title: str
    policy_id: str
    policy_digest: str
    opened_on: dt.date
    as_of: dt.date
    closed_on: dt.date | None = None
    state: str
    from_round: str | None = Field(default=None, foreign_key="round.round_id")
    version: int = 1


class RoundUnit(Table, table=True):
    """A unit that takes part in a round; a round that lists none speaks to every unit of the register."""

    round_id: str = Field(primary_key=True, foreign_key="round.round_id")
    unit_id: str = Field(primary_key=True, foreign_key="unit.unit_id")


class PackFile(Table, table=True):
    """One file of the pack a round was opened with; `position` 0 is the pack itself, then its parents."""

    __table_args__ = (whole("position"),)

    round_id: str = Field(primary_key=True, foreign_key="round.round_id")
    pack_id: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    position: int = Field(sa_type=Whole)
    content: bytes = Field(sa_type=LargeBinary)


# -- cases ---------------------------------------------------------------------------------------------------------


class Case(Table, table=True):
    """One person's hardship file in one round."""

    __tablename__ = "hardship_case"  # type: ignore[assignment]  # CASE is a word of SQL
    __table_args__ = (
        one_of("degree", Degree),
        one_of("stage", Stage),
        whole("unit_rank", least=1),
        whole("requested_fen"),
        whole("decided_fen"),
    )

    case_id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.round_id", index=True)
    person_id: str = Field(foreign_key="person.person_id", index=True)
    unit_id: str = Field(foreign_key="unit.unit_id", index=True)
    category: str | None = None
    path: str | None = None
    degree: str | None = None
    unit_rank: int | None = Field(default=None, sa_type=Whole)
    requested_fen: int | None = _fen()
    decided_fen: int | None = _fen()
    stage: str | None = None
    since: int | None = Field(default=None, sa_type=BigInteger)
    version: int = 1


class Cause(Table, table=True):
    """A cause of hardship. Restricted: what it is, whom it struck, since when and the words about it are sealed.

    Attributes:
        sealed: Canonical JSON of `cause`, `affected`, `occurred_on` and `note` under the person's own key, bound to
            this row (`casework.ledger.causes`).
    """

    cause_id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="hardship_case.case_id", index=True)
    main: bool | None = None
    sealed: bytes = Field(sa_type=LargeBinary)
    since: int | None = Field(default=None, sa_type=BigInteger)


class Evidence(Table, table=True):
    """A document that was shown for a case."""

    evidence_id: int | None = Field(default=None, primary_key=True)
    case_id: str = Field(foreign_key="hardship_case.case_id", index=True)
    document: str | None = None
    issuer: str | None = None
    issuer_level: str | None = None
    original_seen: bool | None = None
    copy_kept: bool | None = None
    since: int | None = Field(default=None, sa_type=BigInteger)


class Judgement(Table, table=True):
    """What a person decided that only a person may decide; append-only, the latest of a clause counts."""

    __table_args__ = (one_of("value", Mark), Index("ix_judgement_case_id_clause_id", "case_id", "clause_id"))

    seq: int | None = Field(default=None, primary_key=True)
    case_id: str = Field(foreign_key="hardship_case.case_id")
    clause_id: str
    value: str
    body: str | None = None
    basis: str | None = None
    source: str | None = None
    on: dt.date | None = None
    by: str | None = None
    recorded_at: dt.datetime = _moment()


class Aid(Table, table=True):
    """Help somebody received or applied for; `own` rows were paid by this ledger and are known completely."""

    __table_args__ = (one_of("kind", AidKind), one_of("status", AidStatus), whole("amount_fen"))

    aid_id: int | None = Field(default=None, primary_key=True)
    person_id: str = Field(foreign_key="person.person_id", index=True)
    source: str | None = None
    kind: str | None = None
    status: str | None = None
    on: dt.date | None = None
    amount_fen: int | None = _fen()
    own: bool | None = None
    round_id: str | None = Field(default=None, foreign_key="round.round_id")
    since: int | None = Field(default=None, sa_type=BigInteger)


class Completeness(Table, table=True):
    """Whether somebody has checked a list of a case: 未核, 已核无, 已核有."""

    __table_args__ = (one_of("list", LISTS), one_of("mark", Mark))

    case_id: str = Field(primary_key=True, foreign_key="hardship_case.case_id")
    list: str = Field(primary_key=True)
    mark: str
    since: int | None = Field(default=None, sa_type=BigInteger)


class Answer(Table, table=True):
    """The value of a field that only the round's circular asks for."""

    __table_args__ = (whole("number", least=-LARGEST),)

    case_id: str = Field(primary_key=True, foreign_key="hardship_case.case_id")
    field: str = Field(primary_key=True)
    number: int | None = Field(default=None, sa_type=Whole)
    text: str | None = None
    date: dt.date | None = None
    since: int | None = Field(default=None, sa_type=BigInteger)


class Ruling(Table, table=True):
    """One line of what a meeting or a recorded lot settled; append-only, a later ruling replaces an earlier one.

    An exception has no rank but names the clause it sets aside. `details` holds what makes a lot checkable: seed,
    witnesses, minutes.
    """

    __table_args__ = (one_of("kind", RULING_KINDS), whole("rank", least=1), UniqueConstraint("ruling_id", "case_id"))

    seq: int | None = Field(default=None, primary_key=True)
    ruling_id: str
    round_id: str = Field(foreign_key="round.round_id", index=True)
    kind: str
    cell: str
    case_id: str | None = Field(default=None, foreign_key="hardship_case.case_id")
    rank: int | None = Field(default=None, sa_type=Whole)
    clause_id: str | None = None
    basis: str
    body: str
    decided_on: dt.date
    details: Any = _json(nullable=True)
    recorded_by: str
    recorded_at: dt.datetime = _moment()


# -- decisions -----------------------------------------------------------------------------------------------------


class Snapshot(Table, table=True):
    """The facts a decision saw, frozen: what stands in clear, what is sealed for each person, and one hash over all.

    The hash covers the sealed facts through keyed commitments: with a person's key destroyed it still verifies, and
    nobody can guess from it what was erased (`casework.ledger.snapshots`).
    """

    snapshot_hash: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.round_id", index=True)
    as_of: dt.date
    facts: bytes = Field(sa_type=LargeBinary)
    taken_by: str
    taken_at: dt.datetime = _moment()


class Scenario(Table, table=True):
    """A named parameter set over a snapshot (方案); quota edits live in `parameters`."""

    __table_args__ = (one_of("state", ScenarioState), UniqueConstraint("round_id", "name"))

    scenario_id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.round_id")
    name: str
    state: str
    parameters: Any = _json()
    snapshot_hash: str | None = Field(default=None, foreign_key="snapshot.snapshot_hash")
    result_fingerprint: str | None = None
    created_by: str
    created_at: dt.datetime = _moment()
    version: int = 1


class Adoption(Table, table=True):
    """One of the two acts of adopting a scenario: 名额方案 or 名单; `number` 0 is the first, then supplements.

    At most one adoption of an act and number is in force: a partial unique index lets a withdrawn one be followed.
    """

    __table_args__ = (
        one_of("act", Act),
        one_of("state", ADOPTION_STATES),
        whole("number"),
        CheckConstraint("state <> 'withdrawn' OR length(reason) > 0", name="withdrawn_with_reason"),
        Index(
            "uq_adoption_in_force",
            "round_id",
            "act",
            "number",
            unique=True,
            sqlite_where=text("state <> 'withdrawn'"),
            postgresql_where=text("state <> 'withdrawn'"),
        ),
    )

    adoption_id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.round_id")
    act: str
    number: int = Field(sa_type=Whole)
    scenario_id: str = Field(foreign_key="scenario.scenario_id", index=True)
    snapshot_hash: str | None = Field(default=None, foreign_key="snapshot.snapshot_hash")
    state: str
    fingerprint: str
    parent_fingerprint: str | None = None
    numbers: Any = _json()
    reason: str = ""
    adopted_by: str
    adopted_at: dt.datetime = _moment()
    version: int = 1


class PlaceTransfer(Table, table=True):
    """Unused places moved from one cell to another (名额调剂), with the table before and after."""

    __table_args__ = (
        whole("places", least=1),
        CheckConstraint("from_cell <> to_cell", name="two_cells"),
        CheckConstraint("length(reason) > 0", name="with_reason"),
    )

    transfer_id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.round_id", index=True)
    adoption_id: str | None = Field(default=None, foreign_key="adoption.adoption_id")
    from_cell: str
    to_cell: str
    places: int = Field(sa_type=Whole)
    reason: str
    basis: str
    before: Any = _json()
    after: Any = _json()
    made_by: str
    made_at: dt.datetime = _moment()


# -- what left the house, and who did what -------------------------------------------------------------------------


class IssuedList(Table, table=True):
    """One file of a list that was issued: kept sealed as it left, with the audit head printed in its foot.

    Attributes:
        paper: Name of the paper (`papers.PAPERS`); `list_id` is the form it is printed on.
        of: The meeting, notice or batch it is about; "".
        format: pdf or xlsx.
        list_fingerprint: SHA-256 of the list as printed; the files of one issue share it.
        sha256: Of the bytes.
        words: The list as printed (`lists.canonical_bytes`), sealed: public files carry no data of their own.
        content: The sealed bytes of the file.
    """

    __table_args__ = (
        one_of("format", ISSUED_FORMATS),
        whole("pages"),
        whole("people"),
        Index("ix_issued_list_sha256", "sha256"),
    )

    issue_id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.round_id", index=True)
    paper: str
    list_id: str
    unit_id: str | None = Field(default=None, foreign_key="unit.unit_id")
    branch: str = ""
    of: str = ""
    format: str
    title: str
    pages: int = Field(sa_type=Whole)
    people: int = Field(sa_type=Whole)
    adoption_id: str | None = Field(default=None, foreign_key="adoption.adoption_id")
    list_fingerprint: str
    sha256: str
    audit_head: str
    words: bytes = Field(sa_type=LargeBinary)
    content: bytes = Field(sa_type=LargeBinary)
    issued_by: str
    issued_at: dt.datetime = _moment()


class Download(Table, table=True):
    """A file somebody took away."""

    seq: int | None = Field(default=None, primary_key=True)
    at: dt.datetime = _moment()
    actor_id: str
    kind: str
    parameters: Any = _json()
    sha256: str


class AuditEntry(Table, table=True):
    """One link of the keyed hash chain: who did what to which object. No value of a person stands here.

    Attributes:
        at: ISO 8601 in UTC with microseconds, as text, because the MAC covers it.
        digests: Canonical JSON: field → keyed digest before and after.
        prev: `mac` of the entry before; unique, so that the chain cannot fork.
        mac: HMAC-SHA256 over everything above, under a key outside the database.
    """

    seq: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    at: str
    actor_id: str
    action: str
    object: str
    digests: str = Field(sa_type=Text)
    prev: str = Field(sa_type=String(64), unique=True)
    mac: str = Field(sa_type=String(64), unique=True)


class History(Table, table=True):
    """The values a command changed in one row: field → [before, after]; a removed row: `"-"` → the row.

    What is known of a person or a household is sealed under that subject's own key, so that erasing destroys it here
    too (`casework.ledger.history`).

    Attributes:
        subject: Whose values these are, e.g. "person:p1"; null for what is about nobody.
        changes: The values; null where they are sealed.
        sealed: The same as canonical JSON under the key of `subject`, bound to this row.
    """

    seq: int | None = Field(default=None, primary_key=True)
    audit_seq: int = Field(foreign_key="audit_entry.seq", sa_type=BigInteger, index=True)
    table: str
    row: str
    subject: str | None = None
    changes: Any = _json(nullable=True)
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)


class Idempotency(Table, table=True):
    """A command that was carried out: the same key gives the same result, once."""

    key: str = Field(primary_key=True)
    action: str
    request_digest: str
    result: Any = _json(nullable=True)
    audit_seq: int = Field(foreign_key="audit_entry.seq", sa_type=BigInteger, unique=True)


class Draft(Table, table=True):
    """What somebody was typing in a worksheet; it survives a reload and decides nothing."""

    actor_id: str = Field(primary_key=True)
    notebook: str = Field(primary_key=True)
    round_id: str = Field(primary_key=True)
    content: Any = _json()
    saved_at: dt.datetime = _moment()


class Meta(Table, table=True):
    """What the ledger says of itself: `demo`, `audit_key_id`."""

    name: str = Field(primary_key=True)
    value: str
