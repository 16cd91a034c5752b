"""The keys of what is sealed: the office's key outside the ledger, and one key for each person, household or round.

Erasing somebody destroys that one key; what it sealed (causes, contacts, history, the person's part of every
snapshot) is then unreadable for good, wherever a copy of it lies.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, update
from sqlmodel import Session, col, select

from casework.db import data_directory, ledger_file
from casework.identity import Key
from casework.ledger.audit import canonical
from casework.models import Meta
from casework.models_people import DataKey
from casework.problems import LedgerError

ERASED: Final = "已按规定删除"
KEY_VERSION: Final = 1
_KEY_ID: Final = "field_key_id"
_MANY: Final = 20_000
_MOST_AT_ONCE: Final = 900  # parameters of one statement, SQLite's oldest limit


def person(person_id: str) -> str:
    """Name the subject whose key seals what is known of a person."""
    return f"person:{person_id}"


def household(household_id: str) -> str:
    """Name the subject whose key seals what is known of a household."""
    return f"household:{household_id}"


def of_round(round_id: str) -> str:
    """Name the subject whose key seals papers about many people of a round."""
    return f"round:{round_id}"


def key_file(engine: Engine) -> Path:
    """Return where the office's key lies: beside a SQLite file, for PostgreSQL in the user's data directory."""
    path = ledger_file(engine)
    if path is not None:
        return path.with_name(f"{path.name}.fields.key")
    return data_directory() / f"{engine.url.database}.fields.key"


def office_key(session: Session, *, make: bool = False) -> Key:
    """Return the office's key: `CASEWORK_KEY` (64 hexadecimal digits), else a private file.

    Args:
        session: A session on the ledger; with `make`, the transaction of a command.
        make: Make the file where the ledger has never had a key.

    Raises:
        LedgerError: The key is missing or is not the key of this ledger: nothing is ever sealed under another one.
    """
    bind: Any = session.get_bind()
    path = key_file(bind.engine)
    known = session.get(Meta, _KEY_ID)
    if make and known is None and not path.exists():
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, mode=0o700)
        _make(path)
    try:
        key = Key.load(path)
    except FileNotFoundError:
        raise LedgerError(f"找不到数据密钥文件 {path.name}，加密的内容读不出来，请从备份中取回") from None
    except ValueError as error:
        raise LedgerError(str(error)) from None
    mark = key.index("casework field key", purpose="key id")[:16]
    if known is None and make:
        session.add(Meta(name=_KEY_ID, value=mark))
        session.flush()
    elif known is not None and not hmac.compare_digest(known.value, mark):
        raise LedgerError("数据密钥与这个台账不符，请从备份中取回建立台账时的密钥文件")
    return key


def _make(path: Path) -> None:
    try:
        Key.load(path)  # the variable may be set: then no file is needed
    except FileNotFoundError:
        try:
            Key.generate().save(path)
        except FileExistsError:
            return  # another process was first


class Keyring:
    """The keys of one session, unwrapped when they are needed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._office: Key | None = None
        self._known: dict[str, Key | None] = {}

    def office(self, *, make: bool = False) -> Key:
        """Return the office's key."""
        if self._office is None:
            self._office = office_key(self._session, make=make)
        return self._office

    def many(self, subjects: Iterable[str], *, make: bool = False) -> dict[str, Key]:
        """Return the keys of these subjects; those that are erased or have none are left out.

        Args:
            subjects: Their names.
            make: Make a key for a subject that has never had one.
        """
        wanted = list(dict.fromkeys(subjects))
        fresh = [subject for subject in wanted if subject not in self._known]
        for subject, wrapped in self._stored(fresh):
            self._known[subject] = None if wrapped is None else self.office().unwrap(wrapped, bound_to=subject)
        if make:
            self._add([subject for subject in fresh if subject not in self._known])
        return {subject: key for subject in wanted if (key := self._known.get(subject)) is not None}

    def _stored(self, subjects: list[str]) -> Iterator[tuple[str, bytes | None]]:
        columns = select(DataKey.subject, DataKey.wrapped)
        if len(subjects) > _MANY:
            asked = set(subjects)
            # One scan; a question per thousand would parse as long as it reads.
            for subject, wrapped in self._session.connection().execute(columns).all():
                if subject in asked:
                    yield subject, wrapped
            return
        for start in range(0, len(subjects), _MOST_AT_ONCE):
            part = subjects[start : start + _MOST_AT_ONCE]
            for subject, wrapped in self._session.connection().execute(columns.where(col(DataKey.subject).in_(part))):
                yield subject, wrapped

    def _add(self, subjects: list[str]) -> None:
        if not subjects:
            return
        office = self.office(make=True)
        made = {subject: Key.generate() for subject in subjects}
        rows = [{"subject": s, "wrapped": office.wrap(key, bound_to=s), "erased_at": None} for s, key in made.items()]
        self._session.connection().execute(DataKey.__table__.insert(), rows)  # type: ignore[attr-defined]
        self._known |= made

    def get(self, subject: str, *, make: bool = False) -> Key | None:
        """Return one key, or None where it was destroyed (or, without `make`, never was)."""
        return self.many([subject], make=make).get(subject)

    def erased(self, subject: str) -> bool:
        """Tell whether the key of a subject was destroyed."""
        found = self._session.get(DataKey, subject)
        return found is not None and found.wrapped is None

    def destroy(self, subject: str, *, now: datetime) -> bool:
        """Destroy a key; tell whether it was there. A subject without one gets an erased row, so that none is made."""
        table = DataKey.__table__  # type: ignore[attr-defined]
        connection = self._session.connection()
        self._known[subject] = None
        there = connection.execute(
            update(table)
            .where(table.c.subject == subject, table.c.wrapped.is_not(None))
            .values(wrapped=None, erased_at=now)
        ).rowcount
        if not there and connection.execute(select(DataKey.subject).where(DataKey.subject == subject)).first() is None:
            connection.execute(table.insert().values(subject=subject, wrapped=None, erased_at=now))
        self._session.expire_all()
        return bool(there)


def seal(key: Key, content: object, *, bound_to: str) -> bytes:
    """Seal JSON values; `bound_to` is table|column|row, to which the version of the key is added."""
    return key.seal(canonical(content).encode(), bound_to=f"{bound_to}|{KEY_VERSION}")


def unseal(key: Key, sealed: bytes, *, bound_to: str) -> Any:
    """Return what `seal` sealed.

    Raises:
        LedgerError: Another key, another row, or changed bytes.
    """
    return json.loads(unseal_text(key, sealed, bound_to))


def unseal_text(key: Key, sealed: bytes, bound_to: str) -> str:
    """Return what `seal` sealed as JSON text; raises as `unseal`."""
    try:
        return key.decrypt(sealed, bound_to=f"{bound_to}|{KEY_VERSION}")
    except ValueError as error:
        raise LedgerError(str(error)) from None
