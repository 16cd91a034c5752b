"""发放与回执: which consents to a designated card may still be taken back, and which receipts there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from casework.models import Case
from casework.models_payment import Payment, Receipt
from casework.models_people import Contact
from casework.vocabulary import PaymentState, Signer


@dataclass(frozen=True)
class Consent:
    """A consent to a designated card that stands; no digit of the card."""

    contact_id: str
    version: int
    relation: str
    consent_on: date | None
    scanned: bool


def consents_of(session: Session, case_ids: Iterable[str]) -> dict[str, Consent]:
    """Return case → the consent that may still be taken back."""
    query = (
        select(Case.case_id, Contact)
        .join(Contact, col(Contact.person_id) == col(Case.person_id))
        .where(
            col(Case.case_id).in_(set(case_ids)),
            Contact.kind == "designated_card",
            col(Contact.sealed).is_not(None),
            col(Contact.ended_on).is_(None),
            col(Contact.revoked_on).is_(None),
        )
    )
    return {
        case_id: Consent(one.contact_id, one.version, one.relation or "", one.consent_on, one.consent_scan is not None)
        for case_id, one in session.exec(query)
    }


def receipts_of(session: Session, claim_ids: Iterable[str]) -> dict[str, str]:
    """Return claim → the receipt of its standing payment, the person's own before a proxy's."""
    query = (
        select(Payment.claim_id, Receipt.receipt_id, Receipt.signer)
        .join(Receipt, col(Receipt.payment_id) == col(Payment.payment_id))
        .where(col(Payment.claim_id).in_(set(claim_ids)), Payment.state == PaymentState.SUCCEEDED.value)
    )
    found: dict[str, str] = {}
    for claim_id, receipt_id, signer in session.exec(query):
        if signer == Signer.SELF.value or claim_id not in found:
            found[claim_id] = receipt_id
    return found
