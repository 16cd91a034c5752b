"""How every action on the ledger is carried out: once, whole, by somebody, from the state they saw.

A command is a plain function of this package that calls `execute`. It takes `actor`, `now`, an idempotency `key`
(made when the form is drawn, so that a double click carries the same one) and, where it changes a row, the version
of the row it believes it leaves. The audit entry, the history of values and the result are written in the same
transaction as the deed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Engine, inspect, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from casework.access import Actor
from casework.db import run
from casework.ledger import audit
from casework.ledger.history import REMOVED, store, subject_of
from casework.ledger.keys import Keyring
from casework.models import Case, Idempotency, Table
from casework.problems import Conflict, NotAllowed, Refused

Result: TypeAlias = dict[str, Any]
R = TypeVar("R", bound=Table)


@dataclass
class Work:
    """What the body of a command works with; everything it does is in one transaction.

    Attributes:
        session: The open transaction.
        actor: Who does it.
        now: When, with its zone.
        audit_key: For `note`.
        seq: The number the audit entry of this command gets; new rows carry it as `since`.
    """

    session: Session
    actor: Actor
    now: datetime
    audit_key: bytes
    seq: int = 0
    _digests: dict[str, object] = field(default_factory=dict)
    _history: list[tuple[str, str, dict[str, Any], str | None]] = field(default_factory=list)

    @cached_property
    def keyring(self) -> Keyring:
        """The keys of this transaction."""
        return Keyring(self.session)

    def get(self, model: type[R], row_id: object, *, missing: str = "这条记录已经不在") -> R:
        """Return a row by its key.

        Raises:
            Refused: `not_found`, with `missing` as the sentence.
        """
        row = self.session.get(model, row_id)
        if row is None:
            raise Refused("not_found", missing)
        return row

    def add(self, row: Table) -> None:
        """Insert one row, and note its content in the audit entry."""
        if "since" in type(row).model_fields:
            row.since = self.seq
        self.session.add(row)
        self.session.flush()
        self.note(_name(type(row), _key_of(row)), None, _plain(row))

    def remove(self, row: Table, *, told: Mapping[str, Any] | None = None) -> None:
        """Take a row out that nothing has been decided on; what it held stays in the history.

        Args:
            row: The row.
            told: What the history keeps, where the row itself is sealed (`Cause`).
        """
        held = {**_plain(row), **(told or {})}
        row_id = canonical_id(_key_of(row))
        subject = subject_of(self.session, row)
        self._history.append((row.__table__.name, row_id, {REMOVED: held}, subject))  # type: ignore[attr-defined]
        self.note(_name(type(row), _key_of(row)), held, None)
        self.session.delete(row)
        self.session.flush()

    def assign(self, row: Table, **values: Any) -> None:
        """Set `values`, ids only, in a row that carries no version; the body has checked from what state.

        Ids are about nobody, so the history keeps them in clear.
        """
        name = _name(type(row), _key_of(row))
        changes = {column: [getattr(row, column), value] for column, value in values.items()}
        self._history.append((row.__table__.name, canonical_id(_key_of(row)), changes, None))  # type: ignore[attr-defined]
        for column, (old, new) in changes.items():
            setattr(row, column, new)
            self.note(f"{name}.{column}", old, new)
        self.session.flush()

    def change(self, model: type[R], row_id: object, *, expected_version: int, **values: Any) -> R:
        """Set `values` in one row if it still has the version believed; its version goes up by one.

        The values before and after go into the history, their keyed digests into the audit entry.

        Raises:
            Conflict: `stale`: somebody else changed the row meanwhile.
            Refused: `not_found`.
        """
        before = self.get(model, row_id)
        self.session.refresh(before)
        was = {name: getattr(before, name) for name in values}
        table = model.__table__  # type: ignore[attr-defined]
        key = list(table.primary_key)
        where = [c == v for c, v in zip(key, _as_tuple(row_id), strict=True)]
        statement = (
            update(table)
            .where(*where, table.c.version == expected_version)
            .values(**values, version=expected_version + 1)
        )
        if self.session.connection().execute(statement).rowcount != 1:
            raise Conflict("stale", "这条记录刚才已被别人改过，请先看新的内容，再决定是否照旧办理")
        self.session.refresh(before)
        # What was stored, not what was handed in: an hour of another zone is the same instant and another text.
        changes = {name: [old, getattr(before, name)] for name, old in was.items()}
        name = _name(model, row_id)
        self._history.append((table.name, canonical_id(row_id), changes, subject_of(self.session, before)))
        for column, (old, new) in changes.items():
            self.note(f"{name}.{column}", old, new)
        return before

    def note(self, what: str, before: object, after: object) -> None:
        """Put keyed digests of a value before and after into the audit entry; the value itself never goes there."""
        digest = audit.keyed_digest
        self._digests[what] = [digest(self.audit_key, what, before), digest(self.audit_key, what, after)]

    def note_digest(self, what: str, sha256: str) -> None:
        """Put a digest that is public anyway (a pack, a file, a snapshot) into the audit entry as it is."""
        self._digests[what] = sha256


def execute(  # noqa: PLR0913 - what every command must say of itself
    engine: Engine,
    *,
    action: str,
    actor: Actor,
    now: datetime,
    key: str,
    body: Callable[[Work], Result | None],
    subject: str = "",
    request: Mapping[str, object] | None = None,
    on: tuple[type[Table], object] | None = None,
    expected_version: int | None = None,
) -> Result:
    """Carry one command out: one transaction, once per key, with its audit entry.

    Roles and states beyond "may write at all" are checked by the command's own body.

    Args:
        engine: The ledger.
        action: What is done, e.g. `open_round`.
        actor: Who does it.
        now: When; with its zone.
        key: Idempotency key, made by the caller once per intended action.
        body: Does the deed and returns what the caller wants to know, as JSON values; it may run more than once.
        subject: The object it is done to, e.g. `round:jianshi-2020`.
        request: The command's arguments as JSON values: another content under a used key is a `Conflict`.
        on: The row this command leaves; its version goes up by one.
        expected_version: The version of that row the caller has seen.

    Returns:
        The body's result; for a repeated key the result of the first time.

    Raises:
        NotAllowed: The actor is a viewer.
        Conflict: `key_reused`, or `stale` (somebody else was first).
        Refused: What the body refuses, and `not_acceptable` where a rule of the database does.
    """
    if now.tzinfo is None:
        raise TypeError("a time without a zone")
    if not actor.may_write():
        raise NotAllowed("read_only", "只读人员不能办理，请联系经办人员")
    audit_key = audit.audit_key(engine)
    asked = audit.canonical({"action": action, "actor": actor.id, "subject": subject, "request": request or {}})
    request_digest = hashlib.sha256(asked.encode()).hexdigest()

    def once(session: Session) -> Result:
        done = session.get(Idempotency, key)
        if done is not None:
            if done.request_digest != request_digest:
                raise Conflict("key_reused", "这一步已经按另外的内容办过，请刷新页面后再办")
            return dict(done.result or {})
        work = Work(session=session, actor=actor, now=now, audit_key=audit_key, seq=audit.next_seq(session))
        if on is not None:
            if expected_version is None:
                raise TypeError("`on` needs `expected_version`")
            work.change(on[0], on[1], expected_version=expected_version)
        # Through JSON, so that the first answer and a repeated one are the same.
        result: Result = json.loads(audit.canonical(body(work) or {}))
        entry = audit.append(
            session,
            key=audit_key,
            now=now,
            actor=actor,
            action=action,
            subject=subject,
            digests={"request": audit.keyed_digest(audit_key, "request", asked), **work._digests},  # noqa: SLF001
        )
        for table, row, changes, whose in work._history:  # noqa: SLF001
            if changes:
                store(session, work.keyring, audit_seq=entry.seq, table=table, row=row, changes=changes, subject=whose)
        session.add(
            Idempotency(key=key, action=action, request_digest=request_digest, result=result, audit_seq=entry.seq)
        )
        return result

    try:
        return run(engine, once)
    except IntegrityError as error:
        # For the log only the name of the rule: PostgreSQL's own message quotes the row.
        refused = Refused(
            "not_acceptable", "内容与台账的规则不符，没有保存；请核对编号是否重复、所属的人和单位是否已录入"
        )
        refused.add_note(_rule(error))
        raise refused from None


def _rule(error: IntegrityError) -> str:
    named = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    return str(named or str(error.orig).rpartition(": ")[2])


def case_within_reach(work: Work, case_id: str) -> Case:
    """Return a case the actor may see.

    Raises:
        Refused: `not_found`; also for a case of another unit, so that nobody learns that it exists.
    """
    case = work.get(Case, case_id, missing="没有这份个案，或不在您的单位范围内")
    if not work.actor.may_see(case.unit_id):
        raise Refused("not_found", "没有这份个案，或不在您的单位范围内")
    return case


def canonical_id(row_id: object) -> str:
    """Return a row's key as one text."""
    return "/".join(str(part) for part in _as_tuple(row_id))


def _as_tuple(row_id: object) -> tuple[object, ...]:
    return row_id if isinstance(row_id, tuple) else (row_id,)


def _plain(row: Table) -> dict[str, Any]:
    """Return what a row says, without the bytes of files and sealed fields."""
    values = row.model_dump(exclude={"content", "facts", "sealed"})
    return {name: value for name, value in values.items() if not isinstance(value, bytes)}


def _key_of(row: Table) -> object:
    return inspect(row).identity


def _name(model: type[Table], row_id: object) -> str:
    return f"{model.__table__.name}:{canonical_id(row_id)}"  # type: ignore[attr-defined]
