"""Take an import back while nothing was decided on its rows: what was before stands again.

What an import changed and took out stands in the history under its number; what it brought in carries that number.
A file with several units was one deed and is taken back as one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Date, Engine
from sqlalchemy import select as select_columns
from sqlmodel import select

from casework.access import Actor
from casework.frames import FACTS, conform
from casework.ledger import Change, Result, Work, execute, history, open_round_of
from casework.ledger.causes import SEALED, causes_with_ids
from casework.ledger.history import REMOVED
from casework.ledger.keys import KEY_VERSION, person, unseal
from casework.ledger.records import insert_table
from casework.models import Aid, Answer, Case, Cause, Household, HouseholdMember, Person, Table
from casework.models_people import Contact, ImportBatch, ImportRow
from casework.people.contacts import family, place
from casework.people.decided import list_adopted
from casework.people.register import table
from casework.people.removing import refuse_decided, remove_case, remove_household
from casework.problems import Refused

_MODELS: Final[Mapping[str, type[Table]]] = {
    table(model).name: model for model in (Household, Person, HouseholdMember, Case, Cause, Answer, Aid, Contact)
}
"""In the order in which they may refer to each other."""


def withdraw_import(  # noqa: PLR0913 - as every command
    engine: Engine, *, import_id: str, reason: str, expected_version: int, actor: Actor, now: datetime, key: str
) -> Result:
    """Take a whole import back; the sheets it replaced are in force again.

    Args:
        engine: The ledger.
        import_id: One of its units' imports.
        reason: Why; kept with it.
        expected_version: Of that import, as its author saw it.
        actor: Who takes it back; he may see every unit of the file.
        now: When.
        key: Idempotency key.

    Returns:
        `{"imports": [ids withdrawn], "people": how many cases went}`.

    Raises:
        Refused: `no_reason`, `not_found`, `closed`, `replaced` (a later sheet of a unit came), `decided`, `adopted`,
            `moved` (something it brought was changed since).
        Conflict: `stale`.
    """
    if not reason.strip():
        raise Refused("no_reason", "撤回导入要写明理由")

    def body(work: Work) -> Result:
        batch = work.get(ImportBatch, import_id, missing="没有这次导入，或不在您的单位范围内")
        open_round_of(work, batch.round_id)
        batches = work.session.exec(
            select(ImportBatch).where(ImportBatch.audit_seq == batch.audit_seq, ImportBatch.round_id == batch.round_id)
        ).all()
        if not all(actor.may_see(each.unit_id) for each in batches):
            raise Refused("not_found", "没有这次导入，或不在您的单位范围内")
        if any(each.state != "in_force" for each in batches):
            raise Refused("replaced", "这次导入已经撤回，或其中单位后来又报了新表，不能再撤回")
        if list_adopted(work.session, batch.round_id):
            raise Refused("adopted", "本轮名单已经采纳，请先撤回名单，再撤回导入")
        rows = work.session.exec(
            select(ImportRow).where(table(ImportRow).c.import_id.in_([each.import_id for each in batches]))
        ).all()
        refuse_decided(work, [row.case_id for row in rows if row.outcome in ("new", "changed")])
        _Undoing(work, batch.audit_seq, [row.case_id for row in rows if row.outcome == "new"]).undo()
        ids = sorted(each.import_id for each in batches)
        versions = {each.import_id: each.version for each in batches} | {import_id: expected_version}
        before = [each.replaces for each in batches if each.replaces]
        for each in ids:
            work.change(ImportBatch, each, expected_version=versions[each], state="withdrawn", reason=reason.strip())
        for each in sorted(before):
            old = work.get(ImportBatch, each)
            work.change(ImportBatch, each, expected_version=old.version, state="in_force")
        return {"imports": ids, "people": sum(row.outcome == "new" for row in rows)}

    return execute(
        engine,
        action="withdraw_import",
        actor=actor,
        now=now,
        key=key,
        subject=f"import:{import_id}",
        request={"reason": reason.strip(), "expected_version": expected_version},
        body=body,
    )


class _Undoing:
    """The way back from one command."""

    def __init__(self, work: Work, seq: int, fresh: list[str]) -> None:
        self.work, self.session, self.seq, self.fresh = work, work.session, seq, fresh
        told: list[Change] = [each for each in history(self.session, only=seq) if each.table in _MODELS]
        if any(each.changes is None for each in told):
            raise Refused("moved", "表中有人的信息已按规定删除，不能再撤回")
        self.changed = [each for each in told if each.changes and REMOVED not in each.changes]
        self.removed = [each for each in told if each.changes and REMOVED in each.changes]

    def undo(self) -> None:
        """Undo changes, take out what came, put back what went."""
        for change in self.changed:
            self._unchange(change)
        for case_id in self.fresh:
            remove_case(self.work, case_id)
        self._remove_added()
        order = list(_MODELS)
        for change in sorted(self.removed, key=lambda each: (order.index(each.table), each.row)):
            self._put_back(change)

    def _unchange(self, change: Change) -> None:
        model = _MODELS[change.table]
        row: Any = self.session.get(model, change.row)
        values = {name: _value(model, name, old) for name, (old, _) in (change.changes or {}).items()}
        now = {name: _value(model, name, new) for name, (_, new) in (change.changes or {}).items()}
        if row is None or any(getattr(row, name) != value for name, value in now.items()):
            raise Refused("moved", "导入的内容后来又有改动，不能整表撤回；请逐人更正")
        self.work.change(model, change.row, expected_version=row.version, **values)

    def _remove_added(self) -> None:
        """Take out what the import brought to people who were there before."""
        causes = select_columns(table(Cause)).where(table(Cause).c.since == self.seq)
        told = {
            each["cause_id"]: {name: each[name] for name in SEALED} for each in causes_with_ids(self.session, causes)
        }
        for cause in self.session.exec(select(Cause).where(Cause.since == self.seq)).all():
            self.work.remove(cause, told=told.get(cause.cause_id))
        for contact in self.session.exec(select(Contact).where(Contact.since == self.seq)).all():
            self.work.remove(contact, told={"digest": None, "sealed": (contact.sealed or b"").hex()})
        for model in (Answer, HouseholdMember, Aid):
            for row in self.session.exec(select(model).where(model.since == self.seq)).all():
                self.work.remove(row)
        for home in self.session.exec(select(Household).where(Household.since == self.seq)).all():
            remove_household(self.work, home.household_id)

    def _put_back(self, change: Change) -> None:
        model = _MODELS[change.table]
        held = {name: _value(model, name, value) for name, value in (change.changes or {})[REMOVED].items()}
        if model is Cause:
            row = {name: held.get(name) for name in FACTS["causes"]}
            insert_table(self.work, "causes", conform([row], FACTS["causes"]))
            return
        if model is Contact:
            self._contact(held)
            return
        self.work.add(model(**held))

    def _contact(self, held: dict[str, Any]) -> None:
        key = self.work.keyring.get(person(held["person_id"]))
        sealed = bytes.fromhex(held.pop("sealed"))
        if key is None or not sealed:
            return
        told = unseal(key, sealed, bound_to=place(held["contact_id"]))
        office = self.work.keyring.office(make=True)
        held["digest"] = office.index(told["value"], purpose=f"contact.{family(held['kind'])}")
        held["key_version"] = KEY_VERSION
        held["recorded_at"] = _moment(held["recorded_at"])
        self.work.add(Contact(**held, sealed=sealed))


def _value(model: type[Table], name: str, value: Any) -> Any:
    """Return a value of the history as the row holds it: JSON has no dates."""
    columns = table(model).c
    if value is None or name not in columns or not isinstance(columns[name].type, Date):
        return value
    return dt.date.fromisoformat(value)


def _moment(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
