"""Money and visits: claims, transfers, payments, receipts, the ledger of funds, visits, inspections.

No `from __future__ import annotations` here, for the reason given in `casework.models`.

What may never happen is refused by the database too: two payments of one claim, two claims of one person on one
fund for one instalment, a booking without the person's own receipt, a balance below zero. No digit of a card stands
in these tables: a payment names the contact it was sent to (`casework.models_people.Contact`).
"""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from casework.models import Table, Whole, _json, _moment, one_of, whole
from casework.vocabulary import (
    AccountKind,
    ClaimState,
    EntryKind,
    Fund,
    LeaderLevel,
    Payee,
    PaymentRoad,
    PaymentState,
    Relation,
    Signer,
    VisitMode,
    VisitPlace,
)

FUNDS = (*Fund, "")
""""" stands for money whose source the circular does not name."""

CLAIM_KINDS = ("cash", "goods")
SIGNED_WITH = ("signature", "seal", "fingerprint")
VISIT_SCOPES = ("own_unit", "stationed_village")
PLAN_STATES = ("planned", "cancelled")
FINDING_RESULTS = ("in_order", "irregular")

APPEND_ONLY = (
    "bank_batch",
    "booking",
    "fund_entry",
    "fund_transfer",
    "inspection",
    "inspection_finding",
    "receipt",
    "reconciliation",
    "visit",
    "visit_plan_case",
    "visitor",
)
"""Tables whose rows are never changed nor removed: triggers refuse it on both databases."""

KEPT = ("claim", "fund_account", "payment")
"""Tables whose rows change state but are never removed: triggers refuse it on both databases."""


class FundTransfer(Table, table=True):
    """Money sent from this body's fund to a unit (拨付), for the claims that name it."""

    __table_args__ = (one_of("fund", FUNDS), whole("amount_fen", least=1))

    transfer_id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.round_id", index=True)
    unit_id: str = Field(foreign_key="unit.unit_id")
    fund: str
    amount_fen: int = Field(sa_type=Whole)
    on: dt.date
    document: str
    made_by: str
    made_at: dt.datetime = _moment()


class Claim(Table, table=True):
    """What one person gets from one fund under one version of the decided list; the amount is fixed here.

    Attributes:
        adoption_id: The version of the list.
        list_number: Its number.
        fingerprint: Its fingerprint.
        amount_fen: Null for goods of unknown value.
        goods: What is given, for goods.
        instalment: Which of them it is, 1 for the first.
        instalments: In how many the circular has the award paid; 1: at once.
        due_on: The day from which an instalment is paid; null for what is paid at once.
        pass_through: The unit pays it, from what was transferred to it.
        transfer_id: The transfer that covers it; it stays until the money is back.
        reason: Why it was stopped.
    """

    __table_args__ = (
        one_of("fund", FUNDS),
        one_of("kind", CLAIM_KINDS),
        one_of("state", ClaimState),
        whole("amount_fen"),
        whole("instalment", least=1),
        whole("instalments", least=1),
        CheckConstraint("instalment <= instalments", name="one_of_the_instalments"),
        CheckConstraint("(instalments > 1) = (due_on IS NOT NULL)", name="instalment_has_a_day"),
        CheckConstraint("kind <> 'cash' OR (amount_fen IS NOT NULL AND amount_fen > 0)", name="cash_has_an_amount"),
        CheckConstraint("kind <> 'goods' OR length(goods) > 0", name="goods_are_named"),
        CheckConstraint("state <> 'stopped' OR length(reason) > 0", name="stopped_with_reason"),
        UniqueConstraint("claim_id", "case_id", "fund", "instalment"),
        Index(
            "uq_claim_case",
            "case_id",
            "fund",
            "instalment",
            unique=True,
            sqlite_where=text("state <> 'stopped'"),
            postgresql_where=text("state <> 'stopped'"),
        ),
        Index(
            "uq_claim_person",
            "round_id",
            "person_id",
            "category",
            "fund",
            "instalment",
            unique=True,
            sqlite_where=text("state <> 'stopped'"),
            postgresql_where=text("state <> 'stopped'"),
        ),
    )

    claim_id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.round_id", index=True)
    case_id: str = Field(foreign_key="hardship_case.case_id", index=True)
    person_id: str = Field(foreign_key="person.person_id")
    unit_id: str = Field(foreign_key="unit.unit_id")
    category: str
    fund: str
    instalment: int = Field(default=1, sa_type=Whole)
    instalments: int = Field(default=1, sa_type=Whole)
    due_on: dt.date | None = None
    pass_through: bool
    adoption_id: str = Field(foreign_key="adoption.adoption_id")
    list_number: int = Field(sa_type=Whole)
    fingerprint: str
    kind: str
    amount_fen: int | None = Field(default=None, sa_type=Whole)
    goods: str = ""
    state: str
    reason: str = ""
    transfer_id: str | None = Field(default=None, foreign_key="fund_transfer.transfer_id", index=True)
    opened_by: str
    opened_at: dt.datetime = _moment()
    version: int = 1


class BankBatch(Table, table=True):
    """A 代发明细 that went to the bank."""

    __table_args__ = (whole("people", least=1), whole("amount_fen", least=1))

    batch_id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.round_id", index=True)
    unit_id: str | None = Field(default=None, foreign_key="unit.unit_id")
    people: int = Field(sa_type=Whole)
    amount_fen: int = Field(sa_type=Whole)
    on: dt.date
    prepared_by: str
    prepared_at: dt.datetime = _moment()


class Payment(Table, table=True):
    """One attempt to pay one claim; while one is with the bank or has succeeded there is no other.

    Attributes:
        case_id: Of the claim; with `fund` and `instalment` it keeps a second claim of the same case from being paid
            as well.
        number: 1 for the first attempt.
        contact_id: The card it was sent to; no foreign key, contacts are erased on their own terms.
        serial: Its line in the 代发明细.
        place: Where it was handed over.
        handed_by: Who handed it over.
        reason: Why it came back.
        settled_on: The day it succeeded or came back.
    """

    __table_args__ = (
        one_of("fund", FUNDS),
        one_of("road", PaymentRoad),
        one_of("payee", Payee),
        one_of("state", PaymentState),
        one_of("place", VisitPlace),
        whole("number", least=1),
        whole("serial", least=1),
        whole("instalment", least=1),
        whole("amount_fen"),
        CheckConstraint("state <> 'returned' OR length(reason) > 0", name="returned_with_reason"),
        CheckConstraint("road <> 'hand' OR (place IS NOT NULL AND length(handed_by) > 0)", name="hand_has_a_place"),
        CheckConstraint(
            "road <> 'bank' OR (batch_id IS NOT NULL AND serial IS NOT NULL AND contact_id IS NOT NULL)",
            name="bank_has_a_card",
        ),
        CheckConstraint("payee <> 'designated' OR consent_on IS NOT NULL", name="designated_with_consent"),
        UniqueConstraint("claim_id", "number"),
        UniqueConstraint("batch_id", "serial"),
        ForeignKeyConstraint(
            ["claim_id", "case_id", "fund", "instalment"],
            ["claim.claim_id", "claim.case_id", "claim.fund", "claim.instalment"],
        ),
        Index(
            "uq_payment_claim",
            "claim_id",
            unique=True,
            sqlite_where=text("state <> 'returned'"),
            postgresql_where=text("state <> 'returned'"),
        ),
        Index(
            "uq_payment_case",
            "case_id",
            "fund",
            "instalment",
            unique=True,
            sqlite_where=text("state <> 'returned'"),
            postgresql_where=text("state <> 'returned'"),
        ),
    )

    payment_id: str = Field(primary_key=True)
    claim_id: str
    case_id: str
    fund: str
    instalment: int = Field(default=1, sa_type=Whole)
    number: int = Field(sa_type=Whole)
    road: str
    payee: str
    state: str
    amount_fen: int | None = Field(default=None, sa_type=Whole)
    contact_id: str | None = None
    consent_on: dt.date | None = None
    batch_id: str | None = Field(default=None, foreign_key="bank_batch.batch_id")
    serial: int | None = Field(default=None, sa_type=Whole)
    place: str | None = None
    handed_by: str = ""
    on: dt.date
    reason: str = ""
    settled_on: dt.date | None = None
    recorded_by: str
    recorded_at: dt.datetime = _moment()
    version: int = 1


class Receipt(Table, table=True):
    """A signed or sealed receipt (回执) for one payment; a proxy's is kept, but cannot be booked."""

    __table_args__ = (
        one_of("signer", Signer),
        one_of("relation", Relation),
        one_of("signed_with", SIGNED_WITH),
        CheckConstraint("signer <> 'proxy' OR length(proxy_name) > 0", name="proxy_is_named"),
        UniqueConstraint("payment_id", "signer"),
        UniqueConstraint("receipt_id", "payment_id", "signer"),
    )

    receipt_id: str = Field(primary_key=True)
    payment_id: str = Field(foreign_key="payment.payment_id")
    signer: str
    proxy_name: str = ""
    relation: str | None = None
    signed_with: str
    signed_on: dt.date
    document: str = ""
    recorded_by: str
    recorded_at: dt.datetime = _moment()


class Booking(Table, table=True):
    """A claim booked (入账): only on the person's own receipt for the payment that succeeded."""

    __table_args__ = (
        whole("amount_fen"),
        CheckConstraint("signer = 'self'", name="signed_by_the_person"),
        ForeignKeyConstraint(
            ["receipt_id", "payment_id", "signer"], ["receipt.receipt_id", "receipt.payment_id", "receipt.signer"]
        ),
    )

    claim_id: str = Field(primary_key=True, foreign_key="claim.claim_id")
    payment_id: str = Field(unique=True)
    receipt_id: str
    signer: str
    amount_fen: int | None = Field(default=None, sa_type=Whole)
    voucher: str
    on: dt.date
    booked_by: str
    booked_at: dt.datetime = _moment()


# -- the ledger of funds -------------------------------------------------------------------------------------------


class FundAccount(Table, table=True):
    """What is left of one fund, in this body's hands or in a unit's: the sum of its entries, never below zero."""

    __table_args__ = (
        one_of("kind", AccountKind),
        one_of("fund", FUNDS),
        whole("balance_fen"),
        CheckConstraint("(kind = 'own') = (unit_id IS NULL)", name="own_or_of_a_unit"),
    )

    account_id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.round_id", index=True)
    kind: str
    fund: str
    unit_id: str | None = Field(default=None, foreign_key="unit.unit_id")
    balance_fen: int = Field(default=0, sa_type=Whole)
    version: int = 1


class FundEntry(Table, table=True):
    """One movement of money; `purpose` is the category it is for, "" where it is for the whole fund."""

    __table_args__ = (
        one_of("kind", EntryKind),
        whole("amount_fen", least=1),
        CheckConstraint("from_account IS NOT NULL OR to_account IS NOT NULL", name="moves_something"),
        CheckConstraint("from_account <> to_account", name="two_accounts"),
        UniqueConstraint("payment_id", "kind"),
    )

    seq: int | None = Field(default=None, primary_key=True)
    round_id: str = Field(foreign_key="round.round_id", index=True)
    kind: str
    from_account: str | None = Field(default=None, foreign_key="fund_account.account_id", index=True)
    to_account: str | None = Field(default=None, foreign_key="fund_account.account_id", index=True)
    amount_fen: int = Field(sa_type=Whole)
    purpose: str = ""
    claim_id: str | None = Field(default=None, foreign_key="claim.claim_id")
    payment_id: str | None = Field(default=None, foreign_key="payment.payment_id")
    transfer_id: str | None = Field(default=None, foreign_key="fund_transfer.transfer_id")
    on: dt.date
    basis: str = ""
    recorded_by: str
    recorded_at: dt.datetime = _moment()


class Reconciliation(Table, table=True):
    """A bank statement held against the ledger of one fund (对账)."""

    __table_args__ = (
        whole("statement_fen"),
        whole("ledger_fen"),
        CheckConstraint("statement_fen = ledger_fen OR length(reason) > 0", name="difference_explained"),
    )

    seq: int | None = Field(default=None, primary_key=True)
    account_id: str = Field(foreign_key="fund_account.account_id", index=True)
    on: dt.date
    statement_fen: int = Field(sa_type=Whole)
    ledger_fen: int = Field(sa_type=Whole)
    reason: str = ""
    recorded_by: str
    recorded_at: dt.datetime = _moment()


# -- visits --------------------------------------------------------------------------------------------------------


class LeaderLink(Table, table=True):
    """A leader and the township he is linked with (联系乡镇)."""

    __table_args__ = (one_of("level", LeaderLevel), UniqueConstraint("round_id", "leader", "position", "unit_id"))

    link_id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.round_id", index=True)
    leader: str
    position: str
    level: str
    unit_id: str = Field(foreign_key="unit.unit_id")
    office: str = ""
    liaison: str = ""
    recorded_by: str
    recorded_at: dt.datetime = _moment()
    version: int = 1


class VisitPlan(Table, table=True):
    """A planned visit (走访安排): who, when, whom, in whose company."""

    __table_args__ = (
        one_of("state", PLAN_STATES),
        CheckConstraint("state <> 'cancelled' OR length(reason) > 0", name="cancelled_with_reason"),
    )

    plan_id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.round_id", index=True)
    link_id: str = Field(foreign_key="leader_link.link_id")
    on: dt.date
    company: str = ""
    state: str
    reason: str = ""
    recorded_by: str
    recorded_at: dt.datetime = _moment()
    version: int = 1


class VisitPlanCase(Table, table=True):
    """A person a planned visit is for."""

    plan_id: str = Field(primary_key=True, foreign_key="visit_plan.plan_id")
    case_id: str = Field(primary_key=True, foreign_key="hardship_case.case_id")


class Visit(Table, table=True):
    """A visit that took place; `opinions` says what was heard, 无 for nothing, never nothing at all.

    Attributes:
        scope: Whether the person belongs to the unit or to the village it is stationed in.
        payment_id: What was handed over on this visit.
        revokes: The visit this row takes back; such a row is no visit.
    """

    __table_args__ = (
        one_of("place", VisitPlace),
        one_of("mode", VisitMode),
        one_of("scope", VISIT_SCOPES),
        CheckConstraint("length(opinions) > 0", name="opinions_are_said"),
        UniqueConstraint("revokes"),
    )

    visit_id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.round_id", index=True)
    case_id: str = Field(foreign_key="hardship_case.case_id", index=True)
    plan_id: str | None = Field(default=None, foreign_key="visit_plan.plan_id")
    on: dt.date
    place: str
    place_note: str = ""
    mode: str
    opinions: str
    topic: str = ""
    note: str = ""
    scope: str | None = None
    payment_id: str | None = Field(default=None, foreign_key="payment.payment_id")
    revokes: str | None = Field(default=None, foreign_key="visit.visit_id")
    recorded_by: str
    recorded_at: dt.datetime = _moment()


class Visitor(Table, table=True):
    """Somebody who came along on a visit, in which capacity."""

    __table_args__ = (one_of("level", LeaderLevel), whole("number", least=1))

    visit_id: str = Field(primary_key=True, foreign_key="visit.visit_id")
    number: int = Field(primary_key=True, sa_type=Whole)
    name: str
    role: str
    level: str | None = None
    link_id: str | None = Field(default=None, foreign_key="leader_link.link_id")


class FollowUp(Table, table=True):
    """A difficulty raised on a visit, who sees to it, until when, and what came of it."""

    __table_args__ = (CheckConstraint("closed_on IS NULL OR length(outcome) > 0", name="closed_with_outcome"),)

    follow_up_id: str = Field(primary_key=True)
    visit_id: str = Field(foreign_key="visit.visit_id", index=True)
    problem: str
    owner: str
    due_on: dt.date | None = None
    closed_on: dt.date | None = None
    outcome: str = ""
    recorded_by: str
    recorded_at: dt.datetime = _moment()
    version: int = 1


# -- inspection ----------------------------------------------------------------------------------------------------


class Inspection(Table, table=True):
    """A random inspection (随机抽查): seed, size and population, so that anybody can draw it again.

    Attributes:
        population: The cases drawn from, in their order.
        drawn: The cases drawn.
    """

    __table_args__ = (whole("size", least=1),)

    inspection_id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.round_id", index=True)
    seed: str
    size: int = Field(sa_type=Whole)
    population: Any = _json()
    drawn: Any = _json()
    on: dt.date
    drawn_by: str
    drawn_at: dt.datetime = _moment()


class InspectionFinding(Table, table=True):
    """What a person found about one case of an inspection; never computed. Restricted."""

    __table_args__ = (
        one_of("result", FINDING_RESULTS),
        CheckConstraint("result = 'in_order' OR length(basis) > 0", name="irregular_with_basis"),
        CheckConstraint("length(body) > 0", name="with_body"),
    )

    finding_id: str = Field(primary_key=True)
    inspection_id: str = Field(foreign_key="inspection.inspection_id", index=True)
    case_id: str = Field(foreign_key="hardship_case.case_id")
    result: str
    body: str
    on: dt.date
    basis: str = ""
    responsible: str = ""
    outcome: str = ""
    recorded_by: str
    recorded_at: dt.datetime = _moment()
