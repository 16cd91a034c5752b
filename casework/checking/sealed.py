"""Everything sealed is opened once: a key that does not fit, bytes that were changed or moved, a key that is gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy import select
from sqlmodel import Session

from casework.checking.names import row_name
from casework.checking.references import BACKUP
from casework.identity import Key
from casework.ledger.keys import KEY_VERSION, of_round, office_key, person
from casework.models import Case, Cause, History, IssuedList
from casework.models_people import Attachment, Contact, DataKey
from casework.models_review import Objection
from casework.people.register import table
from casework.problems import LedgerError, Problem

_OBJECTION: Final = ("informant", "content", "finding")


def sealed(session: Session) -> Iterator[Problem]:
    """Give every sealed value that does not open under the key of whom it is about; erased people are passed over."""
    keys = table(DataKey)
    rows = session.connection().execute(select(keys.c.subject, keys.c.wrapped))
    stored: dict[str, bytes | None] = {row.subject: row.wrapped for row in rows}
    if not any(stored.values()):
        return
    try:
        office = office_key(session)
    except LedgerError as error:
        yield Problem(error.sentence, "没有这把密钥，加密的内容无法核对")
        return
    opened: dict[str, Key | None] = {}
    for subject, wrapped in sorted(stored.items()):
        try:
            opened[subject] = None if wrapped is None else office.unwrap(wrapped, bound_to=subject)
        except ValueError:
            yield Problem(f"{row_name('data_key', subject)}用本台账的密钥打不开", BACKUP)
            opened[subject] = None
    for where, subject, content, bound_to in _everything(session):
        if subject not in opened:
            yield Problem(f"{where}的数据密钥不见了", BACKUP)
        elif (key := opened[subject]) is not None and not _opens(key, content, bound_to):
            yield Problem(f"{where}的加密内容读不出来：被改动过，或不是这个人的", BACKUP)


def _opens(key: Key, content: bytes, bound_to: str) -> bool:
    try:
        key.unseal(content, bound_to=bound_to)
    except ValueError:
        return False
    return True


Sealed = tuple[str, str, bytes, str]


def _everything(session: Session) -> Iterator[Sealed]:
    """Give every sealed value: its place in words, whose key, the bytes, and what they are bound to."""
    connection = session.connection()
    case, cause, contact, past = table(Case), table(Cause), table(Contact), table(History)
    owner = {row.case_id: row.person_id for row in connection.execute(select(case.c.case_id, case.c.person_id))}
    for row in connection.execute(select(cause).order_by(cause.c.cause_id)):
        place = f"cause|sealed|{row.cause_id}|{KEY_VERSION}"
        yield row_name("cause", row.cause_id), person(owner.get(row.case_id, "")), row.sealed, place
    for row in connection.execute(select(contact).where(contact.c.sealed.is_not(None)).order_by(contact.c.contact_id)):
        place = f"contact|sealed|{row.contact_id}|{row.key_version}"
        yield row_name("contact", row.contact_id), person(row.person_id), row.sealed, place
    for row in connection.execute(select(past).where(past.c.sealed.is_not(None)).order_by(past.c.seq)):
        place = f"history|{row.table}|{row.row}|{row.audit_seq}|{KEY_VERSION}"
        yield row_name("history", f"第 {row.audit_seq} 条"), row.subject, row.sealed, place
    yield from _objections(session, owner)
    yield from _scans(session)
    yield from _issued(session)


def _objections(session: Session, owner: Mapping[str, str]) -> Iterator[Sealed]:
    stored = table(Objection)
    for row in session.connection().execute(select(stored).order_by(stored.c.objection_id)):
        subject = of_round(row.round_id) if row.case_id is None else person(owner.get(row.case_id, ""))
        for field in _OBJECTION:
            if content := getattr(row, field):
                place = f"objection|{field}|{row.objection_id}|{KEY_VERSION}"
                yield row_name("objection", row.objection_id), subject, content, place


def _scans(session: Session) -> Iterator[Sealed]:
    stored = table(Attachment)
    names = select(stored.c.attachment_id).order_by(stored.c.attachment_id)
    for attachment_id in session.connection().execute(names).scalars().all():
        # One at a time: a scan is a few megabytes.
        row: Any = session.connection().execute(select(stored).where(stored.c.attachment_id == attachment_id)).one()
        place = f"attachment|content|{row.attachment_id}|{KEY_VERSION}"
        yield row_name("attachment", row.attachment_id), row.subject, row.content, place


def _issued(session: Session) -> Iterator[Sealed]:
    stored = table(IssuedList)
    for issue_id in session.connection().execute(select(stored.c.issue_id).order_by(stored.c.issue_id)).scalars().all():
        row: Any = session.connection().execute(select(stored).where(stored.c.issue_id == issue_id)).one()
        for column in ("words", "content"):
            place = f"issued_list|{column}|{issue_id}|{KEY_VERSION}"
            yield row_name("issued_list", issue_id), of_round(row.round_id), getattr(row, column), place
