"""Scans: looked through, sealed, attached to what they prove, opened one at a time with a purpose that is logged.

A paper about one person is sealed with that person's key, one about many with the round's. No list, form, workbook
or bundle reads this table: a scan leaves the ledger only through `open_attachment`.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import polars as pl
from sqlalchemy import Engine
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.db import reading
from casework.frames import ATTACHMENTS, conform
from casework.ledger import ERASED, Keyring, Result, Work, case_within_reach, execute, open_round_of
from casework.ledger.keys import KEY_VERSION, of_round, person
from casework.ledger.rounds import units_of
from casework.ledger.scans import scan_reference
from casework.models import Unit
from casework.models_people import SCAN_PURPOSES, Attachment, AttachmentOpening, AttachmentWithdrawal
from casework.people.papers import PURPOSES, refuse_stranger, rests_on
from casework.people.register import table
from casework.people.scans import Scan, read_scan
from casework.problems import LedgerError, NotAllowed, Refused

OF_PERSON: Final = ("evidence", "consent", "receipt")
"""Purposes that are about one person: sealed with that person's key, and a case has to be named."""


@dataclass(frozen=True)
class Opened:
    """A scan in clear; it stands in the log who asked for it."""

    name: str
    kind: str
    body: bytes

    def __repr__(self) -> str:
        """Keep name and content out of tracebacks."""
        return f"Opened({self.kind!r}, {len(self.body)} bytes)"


# -- attaching -------------------------------------------------------------------------------------------------------


def attach(  # noqa: PLR0913 - what for, about what, the file
    engine: Engine,
    *,
    purpose: str,
    name: str,
    body: bytes,
    actor: Actor,
    now: datetime,
    key: str,
    round_id: str | None = None,
    unit_id: str | None = None,
    case_id: str | None = None,
    about: str = "",
) -> Result:
    """Check a scan, seal it and attach it.

    Args:
        engine: The ledger.
        purpose: One of `SCAN_PURPOSES`; `decision` is a paper opinion entered for its signer (代录).
        name: The file's name, at most 120 signs; its folders are dropped.
        body: Its bytes, at most 20 MiB.
        actor: Who adds it; within his units.
        now: When.
        key: Idempotency key.
        round_id: The round, for a paper that is not about one person.
        unit_id: The unit whose paper it is; none: a paper of the office.
        case_id: The person's case; for evidence, a consent or a receipt.
        about: The id of the record it belongs to (package, evidence, notice, consent, receipt, meeting, step), where
            there is one already. A record made later names the scan with the `reference` returned.

    Returns:
        `{"attachment_id", "reference", "kind", "warnings", "unchanged"}`: the same bytes for the same purpose again
        are the same attachment.

    Raises:
        Refused: `bad_purpose`, `no_case`, `no_unit`, `not_found`, `closed`, `erased`, and what `scans.read_scan`
            refuses.
        NotAllowed: A viewer; `scope`.
    """
    if purpose not in SCAN_PURPOSES:
        raise Refused("bad_purpose", f"请选这份扫描件是什么：{'、'.join(PURPOSES.values())}")
    if purpose in OF_PERSON and case_id is None:
        raise Refused("no_case", f"“{PURPOSES[purpose]}”是个人的材料，请先选定个案")
    if purpose == "package" and unit_id is None:
        raise Refused("no_unit", "报送材料要写明是哪个单位的")
    scan = read_scan(name, body)
    sha256 = hashlib.sha256(body).hexdigest()

    def deed(work: Work) -> Result:
        target = _target(work, purpose, round_id=round_id, unit_id=unit_id, case_id=case_id)
        if about:
            refuse_stranger(work, target, about)
        target.about, target.sha256 = about, sha256
        known = _standing(work.session, target)
        if known is None:
            _seal(work, target, scan, body)
        attachment_id = known or target.attachment_id
        return {
            "attachment_id": attachment_id,
            "reference": scan_reference(attachment_id),
            "kind": scan.kind,
            "warnings": list(scan.warnings),
            "unchanged": known is not None,
        }

    return execute(
        engine,
        action="attach",
        actor=actor,
        now=now,
        key=key,
        subject=f"case:{case_id}" if case_id else f"round:{round_id}",
        # The name of the file stays out: it often holds a person and an illness.
        request={"purpose": purpose, "unit": unit_id, "about": about, "sha256": sha256, "round": round_id},
        body=deed,
    )


def _target(work: Work, purpose: str, *, round_id: str | None, unit_id: str | None, case_id: str | None) -> Attachment:
    """Return the row without its content, once the actor may write there."""
    subject = ""
    if case_id is not None:
        case = case_within_reach(work, case_id)
        if round_id not in (None, case.round_id):
            raise Refused("not_found", "这份个案不在这一轮")
        round_id, unit_id, subject = case.round_id, case.unit_id, person(case.person_id)
    elif round_id is None:
        raise Refused("not_found", "请写明是哪一轮的材料")
    open_round_of(work, round_id)
    if unit_id is None and work.actor.units is not None:
        raise NotAllowed("scope", "全局的材料超出您的单位范围，请写明单位")
    if unit_id is not None and case_id is None:
        within(work.session, work.actor, round_id, unit_id)
    return Attachment(
        attachment_id=secrets.token_hex(8),
        purpose=purpose,
        # A paper about one person goes with that person's key, whatever it is for.
        subject=subject or of_round(round_id),
        round_id=round_id,
        unit_id=unit_id,
        case_id=case_id,
        added_by=work.actor.id,
        added_at=work.now,
        name=b"",
        content=b"",
        kind="",
        size=0,
        sha256="",
    )


def within(session: Session, actor: Actor, round_id: str, unit_id: str) -> None:
    """Refuse a unit that takes no part in the round, or is not the actor's.

    Raises:
        Refused: `not_found`, the same for both.
    """
    listed = units_of(session, round_id)  # none: the round speaks to every unit of the register
    takes_part = unit_id in listed if listed else session.get(Unit, unit_id) is not None
    if not (actor.may_see(unit_id) and takes_part):
        raise Refused("not_found", "这一轮没有这个单位，或不在您的单位范围内")


def _standing(session: Session, target: Attachment) -> str | None:
    """Return the same file attached for the same thing before, unless it was withdrawn."""
    same = select(Attachment.attachment_id).where(
        Attachment.sha256 == target.sha256,
        Attachment.purpose == target.purpose,
        Attachment.subject == target.subject,
        Attachment.about == target.about,
        Attachment.unit_id == target.unit_id,
        col(Attachment.attachment_id).not_in(select(AttachmentWithdrawal.attachment_id)),
    )
    return session.exec(same.order_by(col(Attachment.added_at))).first()


def _seal(work: Work, row: Attachment, scan: Scan, body: bytes) -> None:
    key = work.keyring.get(row.subject, make=True)
    if key is None:
        raise Refused("erased", f"这个人的信息{ERASED}，不能再添加扫描件")
    row.kind, row.size = scan.kind, len(body)
    row.name = key.seal(scan.name.encode(), bound_to=_place("name", row.attachment_id))
    row.content = key.seal(body, bound_to=_place("content", row.attachment_id))
    work.add(row)


def _place(column: str, attachment_id: str) -> str:
    return f"attachment|{column}|{attachment_id}|{KEY_VERSION}"


# -- seeing ----------------------------------------------------------------------------------------------------------


def attachments(  # noqa: PLR0913 - how they are chosen
    session: Session,
    *,
    round_id: str,
    actor: Actor,
    unit_id: str | None = None,
    case_id: str | None = None,
    purpose: str | None = None,
    about: str | None = None,
) -> pl.DataFrame:
    """Return the scans of a round within the actor's units, without their content, the latest first.

    Returns:
        `frames.ATTACHMENTS`; the name of an erased person's scan is null.

    Raises:
        NotAllowed: A viewer, who is not even told which papers there are.
    """
    _refuse_viewer(actor)
    row, gone = table(Attachment), table(AttachmentWithdrawal)
    query = (
        sql_select(*(row.c[name] for name in _COLUMNS), gone.c.reason.label("withdrawn"))
        .join_from(row, gone, gone.c.attachment_id == row.c.attachment_id, isouter=True)
        .where(row.c.round_id == round_id)
        .order_by(row.c.added_at.desc(), row.c.attachment_id)
    )
    if actor.units is not None:
        query = query.where(row.c.unit_id.in_(actor.units))
    for name, value in (("unit_id", unit_id), ("case_id", case_id), ("purpose", purpose), ("about", about)):
        if value is not None:
            query = query.where(row.c[name] == value)
    found = [dict(each) for each in session.connection().execute(query).mappings()]
    keys = Keyring(session).many(each["subject"] for each in found)
    for each in found:
        key = keys.get(each.pop("subject"))
        sealed = each.pop("name")
        place = _place("name", each["attachment_id"])
        each["name"] = key.decrypt(sealed, bound_to=place) if key else None
    return conform(found, ATTACHMENTS)


_COLUMNS: Final = tuple(
    "attachment_id purpose subject unit_id case_id about name kind size added_by added_at".split()  # noqa: SIM905
)


def _refuse_viewer(actor: Actor) -> None:
    if not actor.may_write():
        raise NotAllowed("read_only", "只读人员不能查看扫描件")


def open_attachment(  # noqa: PLR0913 - which, what for, by whom
    engine: Engine, *, attachment_id: str, purpose: str, actor: Actor, now: datetime, key: str
) -> Opened:
    """Return a scan in clear, once the log says who opened it and what for.

    Raises:
        Refused: `no_purpose`, `not_found`, `erased`.
        NotAllowed: A viewer.
    """
    if not purpose.strip():
        raise Refused("no_purpose", "请写明为什么要打开扫描件")

    def deed(work: Work) -> Result:
        found = _within_reach(work, attachment_id)
        if work.keyring.get(found.subject) is None:
            raise Refused("erased", f"这个人的信息{ERASED}，扫描件已不能打开")
        work.add(
            AttachmentOpening(attachment_id=attachment_id, at=work.now, actor_id=work.actor.id, purpose=purpose.strip())
        )
        return {}

    execute(
        engine,
        action="open_attachment",
        actor=actor,
        now=now,
        key=key,
        subject=f"attachment:{attachment_id}",
        request={"purpose": purpose.strip()},
        body=deed,
    )
    with reading(engine) as session:
        found = session.get_one(Attachment, attachment_id)
        secret = Keyring(session).get(found.subject)
        if secret is None:
            raise Refused("erased", f"这个人的信息{ERASED}，扫描件已不能打开")
        try:
            name = secret.decrypt(found.name, bound_to=_place("name", attachment_id))
            body = secret.unseal(found.content, bound_to=_place("content", attachment_id))
        except ValueError as error:
            raise LedgerError(str(error)) from None
        return Opened(name, found.kind, body)


def _within_reach(work: Work, attachment_id: str) -> Attachment:
    found = work.session.get(Attachment, attachment_id)
    seen = found is not None and (
        work.actor.units is None or (found.unit_id is not None and work.actor.may_see(found.unit_id))
    )
    if found is None or not seen:
        raise Refused("not_found", "没有这份扫描件，或不在您的单位范围内")
    return found


def attachment_openings(session: Session, *, attachment_id: str) -> list[AttachmentOpening]:
    """Return who opened a scan, the latest first."""
    query = select(AttachmentOpening).where(AttachmentOpening.attachment_id == attachment_id)
    return list(session.exec(query.order_by(col(AttachmentOpening.seq).desc())).all())


def withdraw_attachment(  # noqa: PLR0913 - as every command
    engine: Engine, *, attachment_id: str, reason: str, actor: Actor, now: datetime, key: str
) -> Result:
    """Take a scan back that was attached by mistake; it stays sealed where it is and counts no more.

    Raises:
        Refused: `no_reason`, `not_found`, `withdrawn`, `in_use` (a record names it as its paper), `closed`.
    """
    if not reason.strip():
        raise Refused("no_reason", "撤下扫描件要写明理由")

    def deed(work: Work) -> Result:
        found = _within_reach(work, attachment_id)
        if found.round_id is not None:
            open_round_of(work, found.round_id)
        if work.session.get(AttachmentWithdrawal, attachment_id) is not None:
            raise Refused("withdrawn", "这份扫描件已经撤下")
        users = rests_on(work.session, attachment_id)
        if users:
            raise Refused("in_use", f"{'、'.join(users)}以这份扫描件为凭，不能撤下；请先更正那里的登记")
        work.add(
            AttachmentWithdrawal(
                attachment_id=attachment_id,
                reason=reason.strip(),
                withdrawn_by=work.actor.id,
                withdrawn_at=work.now,
            )
        )
        return {"attachment_id": attachment_id}

    return execute(
        engine,
        action="withdraw_attachment",
        actor=actor,
        now=now,
        key=key,
        subject=f"attachment:{attachment_id}",
        request={"reason": reason.strip()},
        body=deed,
    )
