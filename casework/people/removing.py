"""Take a case a sheet brought out of the ledger again, with its person where nothing else stands on him.

Everything goes through `Work.remove`, so that the history keeps what was there.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select as select_columns
from sqlmodel import col, select

from casework.ledger import Work
from casework.ledger.causes import SEALED, causes_with_ids
from casework.models import Aid, Answer, Case, Cause, Household, HouseholdMember, Person
from casework.models_people import Contact
from casework.people.decided import decided, people_held
from casework.people.register import table
from casework.problems import Refused


def remove_case(work: Work, case_id: str) -> None:
    """Take one case out, its causes and answers, and the person and household nobody else needs.

    Raises:
        Refused: `decided`: something was recorded about the case that no sheet brought.
    """
    refuse_decided(work, [case_id])
    case = work.get(Case, case_id)
    remove_causes(work, case_id)
    for answer in work.session.exec(select(Answer).where(Answer.case_id == case_id)).all():
        work.remove(answer)
    person_id = case.person_id
    work.remove(case)
    remove_person(work, person_id)


def refuse_decided(work: Work, case_ids: Collection[str]) -> None:
    """Refuse where anything was decided.

    Raises:
        Refused: `decided`, with the number of people.
    """
    held = decided(work.session, case_ids)
    if held:
        raise Refused(
            "decided", f"其中 {len(held)} 人已有审核、证明、认定或支付记录，不能随表去掉；确已退出的请办“减员”"
        )


def remove_causes(work: Work, case_id: str) -> None:
    """Take a case's causes out; what they said is kept, sealed, in the history."""
    query = select_columns(table(Cause)).where(table(Cause).c.case_id == case_id)
    told = {each["cause_id"]: {name: each[name] for name in SEALED} for each in causes_with_ids(work.session, query)}
    for cause in work.session.exec(select(Cause).where(Cause.case_id == case_id)).all():
        work.remove(cause, told=told.get(cause.cause_id))


def remove_person(work: Work, person_id: str) -> None:
    """Take a person out with aid and contacts of sheets, unless anything else in the ledger stands on him."""
    session = work.session
    found = work.get(Person, person_id)
    if session.exec(select(Case.case_id).where(Case.person_id == person_id)).first() or people_held(
        session, [person_id]
    ):
        return
    aid = session.exec(select(Aid).where(Aid.person_id == person_id)).all()
    if any(each.kind is not None or each.own for each in aid):
        return
    for each in aid:
        work.remove(each)
    for contact in session.exec(select(Contact).where(Contact.person_id == person_id)).all():
        # Kept as it is, sealed with the person's key: who erases the person later has erased this too.
        work.remove(contact, told={"digest": None, "sealed": (contact.sealed or b"").hex()})
    household_id = found.household_id
    work.remove(found)
    if household_id is not None:
        remove_household(work, household_id)


def remove_household(work: Work, household_id: str) -> None:
    """Take a household out that nobody belongs to any more."""
    session = work.session
    if session.exec(select(Person.person_id).where(Person.household_id == household_id)).first():
        return
    for member in session.exec(select(HouseholdMember).where(col(HouseholdMember.household_id) == household_id)).all():
        work.remove(member)
    work.remove(work.get(Household, household_id))
