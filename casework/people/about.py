"""Everything the ledger holds about one person, given out for a purpose and logged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, LargeBinary, or_, select
from sqlalchemy import Table as SqlTable
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from casework.access import Actor
from casework.db import reading
from casework.ledger import Keyring, Result, Work, execute, history
from casework.ledger.causes import causes_with_ids
from casework.ledger.keys import household, person, unseal
from casework.models import Case, Cause, Person, Table
from casework.models_payment import Claim
from casework.models_people import CONTACT_KINDS, Contact, ContactOpening
from casework.people.contacts import person_within_reach, place
from casework.people.register import records_of, table
from casework.problems import Refused

LEFT_OUT: Final = ("data_key", "history", "inspection_finding", "objection", "contact", "cause")
"""Keys are nobody's to see; what informants and inspectors said is for those who handle it; the rest is opened."""


def everything_about(  # noqa: PLR0913 - as every command
    engine: Engine, *, person_id: str, purpose: str, actor: Actor, now: datetime, key: str
) -> dict[str, list[dict[str, Any]]]:
    """Return every row about a person, merged records, household, cases and money included, numbers in clear.

    Args:
        engine: The ledger.
        person_id: Whom.
        purpose: Why, in the officer's words, e.g. 本人申请查阅; it stands in the log.
        actor: Who asks; never a viewer.
        now: When.
        key: Idempotency key; the same one reads again without another line in the log.

    Returns:
        Table → its rows as JSON values; `contact` and `cause` are opened, `history` holds what changed. Scans are
        named, not included. Objections and findings of inspections are left out: they are for those who handle them.

    Raises:
        Refused: `no_purpose`, `not_found`, `erased`, `scope` (a case in another unit).
        NotAllowed: A viewer.
    """
    if not purpose.strip():
        raise Refused("no_purpose", "请写明为什么要导出一个人的全部信息")

    def body(work: Work) -> Result:
        person_within_reach(work, person_id)
        records = records_of(work.session, person_id)
        case = table(Case)
        units = work.session.connection().execute(select(case.c.unit_id).where(case.c.person_id.in_(records)))
        if not all(work.actor.may_see(unit) for unit in units.scalars()):
            raise Refused("scope", "这个人在别的单位也有个案，请由能看全部单位的人员导出")
        work.add(
            ContactOpening(
                at=work.now,
                actor_id=work.actor.id,
                person_id=person_id,
                kinds=sorted(CONTACT_KINDS),
                purpose=purpose.strip(),
                people=1,
            )
        )
        return {"records": records}

    logged = execute(
        engine,
        action="everything_about",
        actor=actor,
        now=now,
        key=key,
        subject=f"person:{person_id}",
        request={"purpose": purpose},
        body=body,
    )
    with reading(engine) as session:
        return _held(session, logged["records"])


def _held(session: Session, records: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    whose, case = table(Person), table(Case)
    connection = session.connection()
    cases = list(connection.execute(select(case.c.case_id).where(case.c.person_id.in_(records))).scalars())
    homes = list(
        connection.execute(
            select(whose.c.household_id).where(whose.c.person_id.in_(records), whose.c.household_id.is_not(None))
        ).scalars()
    )
    claim = table(Claim)
    claims = list(connection.execute(select(claim.c.claim_id).where(claim.c.person_id.in_(records))).scalars())
    subjects = [*map(person, records), *map(household, homes)]
    by_column = {
        "person_id": records,
        "kept": records,
        "gone": records,
        "first": records,
        "second": records,
        "case_id": cases,
        "household_id": homes,
        "claim_id": claims,
        "subject": subjects,
    }
    held = {}
    for name, stored in sorted(Table.metadata.tables.items()):
        if name in LEFT_OUT:
            continue
        # Who lives in the same household is another person.
        by = {"person_id": records} if name == whose.name else by_column
        about = [stored.c[column].in_(values) for column, values in by.items() if column in stored.c]
        if about and (rows := list(_rows(session, stored, about))):
            held[name] = rows
    held["contact"] = _contacts(session, records)
    mine = table(Cause)
    held["cause"] = causes_with_ids(session, select(mine).where(mine.c.case_id.in_(cases)))
    held["history"] = _changes(session, subjects, cases)
    return {name: rows for name, rows in held.items() if rows}


def _rows(session: Session, stored: SqlTable, about: Sequence[ColumnElement[bool]]) -> Iterator[dict[str, Any]]:
    columns = [column for column in stored.c if not isinstance(column.type, LargeBinary)]
    names = [column.name for column in columns]
    for row in session.connection().execute(select(*columns).where(or_(*about)).order_by(*stored.primary_key)):
        yield _plain(dict(zip(names, row, strict=True)))


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}


def _contacts(session: Session, records: Sequence[str]) -> list[dict[str, Any]]:
    keys = Keyring(session).many(map(person, records))
    found = session.exec(
        select_rows(Contact).where(col(Contact.person_id).in_(records)).order_by(Contact.contact_id)
    ).all()
    opened = []
    for contact in found:
        key = keys.get(person(contact.person_id))
        if key is not None and contact.sealed is not None:
            told = unseal(key, contact.sealed, bound_to=place(contact.contact_id))
            opened.append({**_plain(contact.model_dump(exclude={"sealed", "digest"})), **told})
    return opened


def _changes(session: Session, subjects: Sequence[str], cases: Sequence[str]) -> list[dict[str, Any]]:
    """Return what was changed in rows sealed for these subjects, and in the cases themselves."""
    found = [*history(session, subjects=subjects)]
    for case_id in cases:
        found += history(session, table=table(Case).name, row=case_id)
    return [asdict(change) for change in sorted(found, key=lambda change: change.audit_seq)]
