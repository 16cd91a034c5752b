"""What a scan proves: the records it may belong to, and the records that name it."""

from __future__ import annotations

from typing import Any, Final

from sqlmodel import Session, col, select

from casework.ledger import Work
from casework.ledger.keys import person
from casework.models import Evidence
from casework.models_payment import Claim, Payment, Receipt
from casework.models_people import Attachment, Contact, UnitPackage
from casework.models_review import Instruction, Meeting, Notice, Removal, ReviewStep
from casework.problems import Refused

PURPOSES: Final = {
    "package": "报送材料",
    "evidence": "证明材料",
    "notice": "公示凭证",
    "consent": "委托代领同意书",
    "receipt": "签收回执",
    "meeting": "会议记录",
    "decision": "书面意见",
}


def refuse_stranger(work: Work, target: Attachment, about: str) -> None:
    """Refuse a record that is not there, or is of another round, unit or person.

    Raises:
        Refused: `not_found`, the same for all of them.
    """
    session, purpose = work.session, target.purpose
    found: Any
    if purpose == "package":
        found = session.get(UnitPackage, about)
        fits = found is not None and (found.round_id, found.unit_id) == (target.round_id, target.unit_id)
    elif purpose == "notice":
        found = session.get(Notice, about)
        fits = found is not None and found.round_id == target.round_id and found.unit_id == target.unit_id
    elif purpose == "meeting":
        found = session.get(Meeting, about)
        fits = found is not None and found.round_id == target.round_id
    elif purpose == "decision":
        found = session.get(ReviewStep, int(about)) if about.isdigit() else None
        fits = found is not None and found.round_id == target.round_id and found.unit_id in (None, target.unit_id)
    elif purpose == "consent":
        found = session.get(Contact, about)
        fits = found is not None and person(found.person_id) == target.subject
    elif purpose == "receipt":
        fits = _case_of_receipt(session, about) == target.case_id
    else:
        found = session.get(Evidence, int(about)) if about.isdigit() else None
        fits = found is not None and found.case_id == target.case_id
    if not fits:
        raise Refused("not_found", f"没有这条“{PURPOSES[purpose]}”的登记，或它不属于这一轮、这个单位、这个人")


def _case_of_receipt(session: Session, receipt_id: str) -> str | None:
    receipt = session.get(Receipt, receipt_id)
    payment = session.get(Payment, receipt.payment_id) if receipt else None
    claim = session.get(Claim, payment.claim_id) if payment else None
    return claim.case_id if claim else None


def rests_on(session: Session, attachment_id: str) -> list[str]:
    """Return what names a scan as its paper, in Chinese; nothing: it may still be withdrawn."""
    named = {
        "办理环节": select(ReviewStep.seq).where(col(ReviewStep.document).contains(attachment_id)),
        "公示": select(Notice.notice_id).where(col(Notice.evidence).contains(attachment_id)),
        "会议": select(Meeting.meeting_id).where(col(Meeting.minutes).contains(attachment_id)),
        "减员": select(Removal.case_id).where(col(Removal.document).contains(attachment_id)),
        "口头意见": select(Instruction.instruction_id).where(col(Instruction.document).contains(attachment_id)),
        "回执": select(Receipt.receipt_id).where(col(Receipt.document).contains(attachment_id)),
        "委托代领": select(Contact.contact_id).where(
            Contact.consent_scan == attachment_id, col(Contact.ended_on).is_(None), col(Contact.revoked_on).is_(None)
        ),
    }
    return [what for what, query in named.items() if session.exec(query.limit(1)).first() is not None]
