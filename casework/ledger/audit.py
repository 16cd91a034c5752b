"""The audit log: a chain of keyed hashes over who did what to which object.

Only the holder of the key can write a link that fits. A removed tail or a chain written anew *with* the key is
caught by the heads that stand elsewhere: in `IssuedList`, in the idempotency table, and on paper (`anchors`).
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, func
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.db import data_directory, ledger_file, reading
from casework.models import AuditEntry, Idempotency, IssuedList, Meta
from casework.problems import LedgerError, Problem

GENESIS: Final = "0" * 64
KEY_BYTES: Final = 32
SHORTEST_ANCHOR: Final = 8
_KEY_ID: Final = "audit_key_id"


def _iso(value: object) -> str:
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    raise TypeError(f"not a stored value: {type(value).__name__}")


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=_iso)


def canonical(value: object) -> str:
    """Return `value` as JSON that is the same for the same content; dates are ISO texts."""
    return _ENCODER.encode(value)


def audit_key(engine: Engine) -> bytes:
    """Return the audit key: `CASEWORK_AUDIT_KEY` (64 hexadecimal digits, or a file), else a private file.

    The file lies beside a SQLite ledger, for PostgreSQL in the user's data directory; it is made with the ledger,
    and only then: a ledger that has entries and has lost its key cannot be continued silently under a new one.

    Raises:
        LedgerError: The key is missing, or it is not the key of this ledger.
    """
    given = os.environ.get("CASEWORK_AUDIT_KEY", "")
    with reading(engine) as session:
        known = session.get(Meta, _KEY_ID)
        expected = known.value if known else None
    key = _from_text(given) if given else _from_file(_key_file(engine), make=expected is None)
    if expected is not None and not hmac.compare_digest(expected, key_id(key)):
        raise LedgerError("审计密钥与这个台账不符，请从备份中取回建立台账时的密钥文件")
    return key


def key_id(key: bytes) -> str:
    """Return what the ledger remembers of its key; it tells nothing about the key."""
    return _mac(key, "casework audit key")[:16]


def _key_file(engine: Engine) -> Path:
    path = ledger_file(engine)
    if path is not None:
        return path.with_name(f"{path.name}.key")
    return data_directory() / f"{engine.url.database}.key"


def _from_text(given: str) -> bytes:
    if len(given) == 2 * KEY_BYTES:
        try:
            return bytes.fromhex(given)
        except ValueError:
            pass
    return _from_file(Path(given), make=False)


def _from_file(path: Path, *, make: bool) -> bytes:
    if make and not path.exists():
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, mode=0o700)
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
            handle.write(secrets.token_bytes(KEY_BYTES))
            handle.flush()
            os.fsync(handle.fileno())
        try:
            os.link(fresh, path)  # whoever is first: a key is whole or not there, and never replaced
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    try:
        key = path.read_bytes()
    except OSError:
        raise LedgerError(f"找不到审计密钥文件 {path.name}，请从备份中取回") from None
    if len(key) != KEY_BYTES:
        raise LedgerError(f"审计密钥文件 {path.name} 已损坏，请从备份中取回")
    return key


def _mac(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), "sha256").hex()


def keyed_digest(key: bytes, field: str, value: object) -> str | None:
    """Return a digest that does not give the value away to somebody who guesses it; None for nothing."""
    return None if value is None else _mac(key, f"{field}|{canonical(value)}")[:32]


def _link(key: bytes, entry: tuple[object, ...]) -> str:
    return _mac(key, canonical(entry))


def append(  # noqa: PLR0913 - the parts of one entry
    session: Session,
    *,
    key: bytes,
    now: datetime,
    actor: Actor,
    action: str,
    subject: str,
    digests: Mapping[str, object],
) -> AuditEntry:
    """Add the next link; the caller's transaction is the only writer (`db.transaction`)."""
    last = session.exec(select(AuditEntry).order_by(col(AuditEntry.seq).desc()).limit(1)).first()
    seq, prev = (last.seq + 1, last.mac) if last else (1, GENESIS)
    if last is None and session.get(Meta, _KEY_ID) is None:
        session.add(Meta(name=_KEY_ID, value=key_id(key)))
    at = now.astimezone(UTC).isoformat(timespec="microseconds")
    text = canonical(digests)
    mac = _link(key, (seq, at, actor.id, action, subject, text, prev))
    entry = AuditEntry(
        seq=seq, at=at, actor_id=actor.id, action=action, object=subject, digests=text, prev=prev, mac=mac
    )
    session.add(entry)
    session.flush()
    return entry


def next_seq(session: Session) -> int:
    """Return the number the next entry gets; the caller's transaction is the only writer."""
    return (session.exec(select(func.max(AuditEntry.seq))).one() or 0) + 1


def audit_head(session: Session) -> str:
    """Return the MAC of the last entry, what a list prints in its foot; zeros for an empty log."""
    last = session.exec(select(AuditEntry.mac).order_by(col(AuditEntry.seq).desc()).limit(1)).first()
    return last or GENESIS


def audit_check(session: Session, *, key: bytes, anchors: Iterable[str] = ()) -> list[Problem]:
    """Verify the whole chain, and that every head known from elsewhere still stands in it.

    Args:
        session: A session on the ledger.
        key: The audit key.
        anchors: Heads from issued papers: whole, or their first characters as printed.

    Returns:
        What is wrong, in the order of the log; empty when nothing is.
    """
    found: list[Problem] = []
    expected, before, macs = 1, GENESIS, set()
    columns = (
        AuditEntry.seq,
        AuditEntry.at,
        AuditEntry.actor_id,
        AuditEntry.action,
        AuditEntry.object,
        AuditEntry.digests,
        AuditEntry.prev,
        AuditEntry.mac,
    )
    table = AuditEntry.__table__  # type: ignore[attr-defined]
    rows = session.connection().execute(table.select().with_only_columns(*columns).order_by(table.c.seq))
    for *signed, mac in rows:
        seq, prev = signed[0], signed[-1]
        if seq != expected:
            found.append(_broken(f"第 {expected} 条至第 {seq - 1} 条记录不见了"))
        elif prev != before:
            found.append(_broken(f"第 {seq} 条记录与前一条接不上"))
        if _link(key, tuple(signed)) != mac:
            found.append(_broken(f"第 {seq} 条记录被改动过"))
        expected, before = seq + 1, mac
        macs.add(mac)
    return found + _cut_off(session, last=expected - 1, macs=macs, anchors=anchors)


def _cut_off(session: Session, *, last: int, macs: set[str], anchors: Iterable[str]) -> list[Problem]:
    found = []
    done = session.exec(select(func.max(Idempotency.audit_seq))).one() or 0
    if done > last:
        found.append(_broken(f"第 {last + 1} 条至第 {done} 条记录被截去"))
    for issue_id, head in session.exec(select(IssuedList.issue_id, IssuedList.audit_head)):
        if head != GENESIS and head not in macs:
            found.append(_broken(f"印发的名单 {issue_id} 上的审计校验码在记录中找不到"))
    for anchor in anchors:
        plain = anchor.replace(" ", "").replace("-", "").lower()
        if len(plain) < SHORTEST_ANCHOR or not any(mac.startswith(plain) for mac in macs):
            found.append(_broken(f"纸面上的审计校验码 {anchor} 在记录中找不到"))
    return found


def _broken(message: str) -> Problem:
    return Problem(f"审计记录：{message}", "请停止办理，用备份核对台账")
