"""Cards, phones, addresses and identity numbers: checked, sealed, replaced, and consent taken back.

A number is checked before it is sealed (`casework.identity`), compared by its keyed digest only, and never stands in
an audit entry, a request digest or a log.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Engine
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from casework.access import Actor
from casework.identity import DoubtfulNumber, name_key, parse_card, parse_id
from casework.ledger import ERASED, Result, Work, audit_key, execute
from casework.ledger.audit import keyed_digest
from casework.ledger.keys import KEY_VERSION, person, seal, unseal
from casework.models import Case, Person
from casework.models_people import CONTACT_KINDS, Attachment, Contact
from casework.people.register import merged_into
from casework.problems import Refused
from casework.vocabulary import Relation

LABELS: Final = {
    "card": "本人银行卡",
    "designated_card": "委托代领银行卡",
    "phone": "联系电话",
    "address": "住址",
    "id_number": "身份证号",
}


def normalised(kind: str, value: str | float, *, as_of: date) -> tuple[str, str, tuple[str, ...]]:
    """Return the value to keep, the holder written beside a card, and warnings.

    Raises:
        Refused: `bad_value` with the sentence of the check.
    """
    try:
        if kind in {"card", "designated_card"}:
            card = parse_card(value)
            return card.number, card.holder, card.warnings
        if kind == "id_number":
            number = parse_id(value, as_of=as_of)
            return number.number, "", number.warnings
    except DoubtfulNumber as error:
        raise Refused("bad_value", str(error)) from None
    text = unicodedata.normalize("NFKC", str(value)).strip()
    if kind == "phone":
        text = re.sub(r"[\s-]", "", text)
        if not re.fullmatch(r"\+?[0-9]{5,15}", text):
            raise Refused("bad_value", "电话号码只能是 5 至 15 位数字，请核对")
    if not text or len(text) > 200:
        raise Refused("bad_value", "内容不能空，也不能超过 200 字")
    return text, "", ()


def put_contact(  # noqa: PLR0913 - what a contact is
    engine: Engine,
    *,
    person_id: str,
    kind: str,
    value: str | float,
    actor: Actor,
    now: datetime,
    key: str,
    holder: str = "",
    relation: Relation | str | None = None,
    consent_on: date | None = None,
    consent_scan: str | None = None,
) -> Result:
    """Record a number or an address; the one of the same kind before ends and stays.

    Args:
        engine: The ledger.
        person_id: Whose it is.
        kind: One of `CONTACT_KINDS`.
        value: As written; a number typed as a number has lost its last digits and is refused.
        actor: Who enters it.
        now: When.
        key: Idempotency key.
        holder: The name on the card, where it is not the person's own.
        relation: Of the holder to the person.
        consent_on: The day the person signed that the holder may receive the money.
        consent_scan: The attachment that shows the signature.

    Returns:
        `{"contact_id", "unchanged", "warnings", "also"}`: `also` are the ids of other people with the same number.

    Raises:
        Refused: `bad_value`, `not_found`, `erased`, `merged` (naming the record that remained), `no_consent` (another
            holder without relation or signed day).
    """
    if kind not in CONTACT_KINDS:
        raise Refused("bad_value", "没有这一类联系信息")
    text, written, warnings = normalised(kind, value, as_of=now.date())
    holder = holder.strip() or written
    if relation is not None and relation not in list(Relation):
        raise Refused("bad_value", "与本人关系不认识")
    told = {"value": text, "holder": holder}
    consent: dict[str, Any] = {
        "relation": str(relation) if relation else None,
        "consent_on": consent_on,
        "consent_scan": consent_scan,
    }

    def body(work: Work) -> Result:
        _refuse_merged(work, person_id)
        whose = person_within_reach(work, person_id)
        _refuse_without_consent(work, whose, kind, holder, consent)
        return {
            **put(
                work,
                person_id,
                kind,
                text,
                holder=holder,
                **consent,
            ),
            "warnings": list(warnings),
        }

    request = {
        "kind": kind,
        # Keyed: a plain digest of a card could be found by trying.
        "value": keyed_digest(audit_key(engine), "contact", told),
        **consent,
    }
    return execute(
        engine,
        action="put_contact",
        actor=actor,
        now=now,
        key=key,
        subject=f"person:{person_id}",
        request=request,
        body=body,
    )


def person_within_reach(work: Work, person_id: str) -> Person:
    """Return a person of whom the actor may see a case, and who was not erased.

    Raises:
        Refused: `not_found` (also for a person of other units), `erased`.
    """
    found = work.get(Person, person_id, missing="没有这个人，或不在您的单位范围内")
    if work.actor.units is not None:
        units = work.session.exec(select(Case.unit_id).where(Case.person_id == person_id)).all()
        if not any(work.actor.may_see(unit) for unit in units):
            raise Refused("not_found", "没有这个人，或不在您的单位范围内")
    if work.keyring.erased(person(person_id)):
        raise Refused("erased", f"这个人的信息{ERASED}，不能再登记")
    return found


def _refuse_merged(work: Work, person_id: str) -> None:
    """Refuse a record that was merged into another one, naming the one that remained to those who may see it."""
    kept = merged_into(work.session).get(person_id)
    if kept is not None:
        name = person_within_reach(work, kept).name or "保留的"
        raise Refused("merged", f"这条记录已经并入“{name}”的记录，请登记到保留的那一条")


def _refuse_without_consent(work: Work, whose: Person, kind: str, holder: str, consent: Mapping[str, Any]) -> None:
    if kind == "card" and holder and whose.name and name_key(holder) != name_key(whose.name):
        raise Refused("no_consent", "持卡人不是本人，请按委托代领银行卡登记，并写明关系和本人签字同意的日期")
    if kind == "designated_card":
        if not holder or consent["relation"] is None or consent["consent_on"] is None:
            raise Refused("no_consent", "委托他人代领，须写明持卡人、与本人关系和本人签字同意的日期")
        if consent["consent_on"] > work.now.date():
            raise Refused("bad_value", "签字同意的日期在今天之后")
    if consent["consent_scan"] is not None:
        scan = work.session.get(Attachment, consent["consent_scan"])
        if scan is None or scan.subject != person(whose.person_id):
            raise Refused("not_found", "没有这份同意书的扫描件")


def put(  # noqa: PLR0913 - what a contact is
    work: Work,
    whose: str,
    kind: str,
    value: str,
    *,
    holder: str = "",
    relation: str | None = None,
    consent_on: date | None = None,
    consent_scan: str | None = None,
) -> Result:
    """Record a checked value inside a command; see `put_contact`."""
    office = work.keyring.office(make=True)
    digest = office.index(value, purpose=f"contact.{family(kind)}")
    key = work.keyring.get(person(whose), make=True)
    if key is None:
        raise Refused("erased", f"这个人的信息{ERASED}，不能再登记")
    told = {"value": value, "holder": holder}
    for old in work.session.exec(_current(whose, kind)).all():
        same = unseal(key, old.sealed or b"", bound_to=place(old.contact_id)) == told
        if same and (old.relation, old.consent_on, old.consent_scan) == (relation, consent_on, consent_scan):
            return {"contact_id": old.contact_id, "unchanged": True, "also": also(work.session, old)}
        work.change(Contact, old.contact_id, expected_version=old.version, ended_on=work.now.date())
    contact_id = secrets.token_hex(8)
    fresh = Contact(
        contact_id=contact_id,
        person_id=whose,
        kind=kind,
        sealed=seal(key, told, bound_to=place(contact_id)),
        key_version=KEY_VERSION,
        digest=digest,
        relation=relation,
        consent_on=consent_on,
        consent_scan=consent_scan,
        recorded_by=work.actor.id,
        recorded_at=work.now,
    )
    work.add(fresh)
    return {"contact_id": contact_id, "unchanged": False, "also": also(work.session, fresh)}


def place(contact_id: str) -> str:
    """Say what the sealed value of a contact is bound to."""
    return f"contact|sealed|{contact_id}"


def family(kind: str) -> str:
    """Return under which kind equal numbers are looked for: a card is one card, whoever holds it."""
    return "card" if kind == "designated_card" else kind


def _current(person_id: str, kind: str) -> SelectOfScalar[Contact]:
    return select(Contact).where(
        Contact.person_id == person_id,
        Contact.kind == kind,
        col(Contact.ended_on).is_(None),
        col(Contact.sealed).is_not(None),
    )


def also(session: Session, contact: Contact) -> list[str]:
    """Return the other people with the same number; a household shares its phone and address."""
    if family(contact.kind) not in {"card", "id_number"} or contact.digest is None:
        return []
    others = select(Contact.person_id).where(
        Contact.digest == contact.digest,
        Contact.person_id != contact.person_id,
        col(Contact.ended_on).is_(None),
        col(Contact.revoked_on).is_(None),
    )
    return sorted(set(session.exec(others).all()))


def revoke_consent(  # noqa: PLR0913 - as every command
    engine: Engine, *, contact_id: str, expected_version: int, actor: Actor, now: datetime, key: str
) -> Result:
    """Take back the consent to a designated card: no payment goes there any more. What is paid stays paid.

    Raises:
        Conflict: `stale`.
        Refused: `not_found`, `not_designated`, `revoked`.
    """

    def body(work: Work) -> Result:
        found = work.get(Contact, contact_id, missing="没有这张卡")
        person_within_reach(work, found.person_id)
        if found.kind != "designated_card":
            raise Refused("not_designated", "这不是委托代领的卡，没有同意可撤回")
        if found.revoked_on is not None:
            raise Refused("revoked", "同意已经撤回")
        changed = work.change(Contact, contact_id, expected_version=expected_version, revoked_on=now.date())
        return {"contact_id": contact_id, "version": changed.version}

    return execute(
        engine,
        action="revoke_consent",
        actor=actor,
        now=now,
        key=key,
        subject=f"contact:{contact_id}",
        request={"expected_version": expected_version},
        body=body,
    )
