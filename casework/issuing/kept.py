"""已发文件: what was issued, and 重打: the same bytes again, each time with a line in the log."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.archives import file_name
from casework.db import reading
from casework.frames import ISSUED, conform
from casework.ledger import ERASED, Keyring, record_download
from casework.ledger.keys import KEY_VERSION, of_round
from casework.lists import check_code
from casework.models import IssuedList
from casework.payment.common import unit_names
from casework.pictures import some_pages
from casework.problems import LedgerError, NotAllowed, Refused
from casework.review.records import today_of


@dataclass(frozen=True)
class Reprint:
    """An issued file as it left."""

    name: str
    format: str
    title: str
    body: bytes = field(repr=False)


def of_list(session: Session, round_id: str, paper: str, fingerprint: str) -> list[IssuedList]:
    """Return the files of one list that was issued, the first issue first."""
    query = select(IssuedList).where(
        IssuedList.round_id == round_id, IssuedList.paper == paper, IssuedList.list_fingerprint == fingerprint
    )
    return list(session.exec(query.order_by(col(IssuedList.issued_at))).all())


def issued_frame(session: Session, *, round_id: str, actor: Actor) -> pl.DataFrame:
    """Return the register of issued files as `frames.ISSUED`, the latest first, within the actor's units."""
    query = select(IssuedList).where(IssuedList.round_id == round_id)
    if actor.units is not None:
        query = query.where(col(IssuedList.unit_id).in_(actor.units))
    units = unit_names(session)
    order = (col(IssuedList.issued_at).desc(), col(IssuedList.title), col(IssuedList.format))
    rows = [
        {
            "issue_id": row.issue_id,
            "paper": row.paper,
            "title": row.title,
            "unit_id": row.unit_id,
            "unit": units.get(row.unit_id or "", ""),
            "branch": row.branch,
            "format": row.format,
            "pages": row.pages,
            "people": row.people,
            "code": check_code(row.list_fingerprint),
            "sha256": row.sha256,
            "audit_head": row.audit_head,
            "issued_by": row.issued_by,
            "issued_at": row.issued_at,
        }
        for row in session.exec(query.order_by(*order)).all()
    ]
    return conform(rows, ISSUED)


def reprint(  # noqa: PLR0913 - which file and pages, and as every command
    engine: Engine, *, issue_id: str, actor: Actor, now: datetime, key: str, pages: str = ""
) -> Reprint:
    """Return an issued file as it left, or some pages of it ("3", "2-4"), once the log says who took it.

    Raises:
        Refused: `not_found`; `bad_pages`: it has no such pages, or none at all; `erased`: the papers of the
            round were destroyed at the end of their time.
        NotAllowed: A viewer.
        LedgerError: What is kept is not what was issued.
    """
    with reading(engine) as session:
        found = taken_out(session, issue_id=issue_id, actor=actor, pages=pages)
    record_download(
        engine,
        kind=f"reprint.{found.format}",
        parameters={"issue": issue_id} | ({"pages": pages} if pages else {}),
        sha256=hashlib.sha256(found.body).hexdigest(),
        actor=actor,
        now=now,
        key=key,
    )
    return found


def taken_out(session: Session, *, issue_id: str, actor: Actor, pages: str = "") -> Reprint:
    """Return what `reprint` does, for whoever enters it in the log himself before it leaves.

    Raises:
        Refused: As `reprint`.
        NotAllowed: A viewer.
        LedgerError: As `reprint`.
    """
    if not actor.may_write():
        raise NotAllowed("read_only", "只读人员不能办理，请联系经办人员")
    row = _within_reach(session, issue_id, actor)
    body, told = kept_bytes(session, row), ""
    if pages:
        if row.format != "pdf":
            raise Refused("bad_pages", "只有 PDF 可以只重打几页，Excel 请重打整份")
        try:
            body, told = some_pages(body, pages), f"（第{pages}页）"
        except ValueError:
            raise Refused("bad_pages", f"没有“{pages}”这样的页，共 {row.pages} 页，请写 3 或 2-4") from None
    whose = f"{unit_names(session).get(row.unit_id or '', '')}{row.branch}"
    name = file_name(whose, f"{row.title}{told}", on=today_of(row.issued_at), suffix=row.format)
    return Reprint(name, row.format, row.title, body)


def reaches(actor: Actor, row: IssuedList) -> bool:
    """Tell whether an issued list lies within somebody's units."""
    return actor.units is None or (row.unit_id is not None and actor.may_see(row.unit_id))


def _within_reach(session: Session, issue_id: str, actor: Actor) -> IssuedList:
    row = session.get(IssuedList, issue_id)
    if row is None or not reaches(actor, row):
        raise Refused("not_found", "没有这份已发文件，或不在您的单位范围内")
    return row


def kept_bytes(session: Session, row: IssuedList) -> bytes:
    """Return the bytes of an issued file; raises as `reprint`."""
    content = unsealed(session, row, "content", row.content)
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise LedgerError(f"“{row.title}”存档的内容与印发时的校验码不符，请停止办理，用备份核对台账")
    return content


def unsealed(session: Session, row: IssuedList, column: str, sealed: bytes) -> bytes:
    """Return a sealed column of an issued file; raises as `reprint`."""
    key = Keyring(session).get(of_round(row.round_id))
    if key is None:
        raise Refused("erased", f"这一轮的存档文件{ERASED}，不能重打；校验码仍可核对")
    try:
        return key.unseal(sealed, bound_to=place(column, row.issue_id))
    except ValueError as error:
        raise LedgerError(str(error)) from None


def place(column: str, issue_id: str) -> str:
    """Return what a sealed column of an issued file is bound to."""
    return f"issued_list|{column}|{issue_id}|{KEY_VERSION}"
