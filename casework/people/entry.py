"""One case entered or corrected by hand: typed texts, read and checked exactly as the cells of a sheet.

What is wrong comes back as issues with the field's own name, and nothing is written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import polars as pl
from sqlalchemy import Engine
from sqlmodel import Session

from casework.access import Actor
from casework.db import reading
from casework.frames import UNITS
from casework.intake import Intake, Issue, MappedColumn, Severity, read_rows
from casework.intake import Mapping as SheetMapping
from casework.intake.columns import SheetColumn
from casework.ledger import Work, case_within_reach, execute, open_round_of, policy_of
from casework.ledger.audit import audit_key, keyed_digest
from casework.ledger.facts import read_frame, units_query
from casework.models import Case, Idempotency, Round, Unit
from casework.people.entry_form import COLUMNS, EntryField, entry_fields, form_columns, is_sealed, texts_of
from casework.people.importing_plan import ImportPlan, compare, unreadable
from casework.people.importing_write import Writing
from casework.people.remembered import ANSWER, remembered
from casework.policy import Policy
from casework.problems import Problem, Refused
from casework.sheets import Sheet

__all__ = ["Entered", "EntryField", "add_case", "check_entry", "correct_case", "entry_fields", "entry_values"]

SHEET: Final = "登记"


@dataclass(frozen=True)
class Entered:
    """What came of an entry: the case, or why not.

    Attributes:
        case_id: None where nothing was saved.
        version: Of the case now.
        issues: Everything there is to say; `problem.column` is the field's own name.
    """

    case_id: str | None
    version: int = 0
    issues: tuple[Issue, ...] = ()

    @property
    def saved(self) -> bool:
        """Tell whether it was saved."""
        return self.case_id is not None


def entry_values(session: Session, *, case_id: str, actor: Actor) -> dict[str, str]:
    """Return what the form of a case starts with: field → text; what is sealed stays blank.

    Raises:
        Refused: `not_found`.
    """
    case = session.get(Case, case_id)
    if case is None or not actor.may_see(case.unit_id):
        raise Refused("not_found", "没有这份个案，或不在您的单位范围内")
    known = remembered(session, case.round_id).row(by_predicate=pl.col("case_id") == case_id, named=True)
    return texts_of(policy_of(session, case.round_id), known)


def add_case(  # noqa: PLR0913 - as every command
    engine: Engine, *, round_id: str, unit_id: str, values: Mapping[str, str], actor: Actor, now: datetime, key: str
) -> Entered:
    """Enter one case of a unit, under the checks of the import.

    Args:
        engine: The ledger.
        round_id: The round.
        unit_id: The unit that puts the person forward.
        values: Field → text as typed (`entry_fields`).
        actor: Who enters it.
        now: When.
        key: Idempotency key.

    Raises:
        Refused: `not_found`, `closed`, and `not_acceptable` where the ledger moved meanwhile.
        ValueError: A field that is not in the form.
    """
    with reading(engine) as session:
        # A second click finds what the first one saved, not a person who is there already.
        if not _done(session, key):
            held = _problems(_plan(session, round_id, unit_id, values, actor, now))
            if held:
                return Entered(None, 0, held)

    def body(work: Work) -> dict[str, Any]:
        open_round_of(work, round_id)
        plan = _plan(work.session, round_id, unit_id, values, actor, work.now)
        if _problems(plan):
            raise Refused("not_acceptable", "刚才台账有了变动，没有保存；请核对后再办")
        ((case_id, *_),) = Writing(work, plan).write().values()
        return {"case_id": case_id, "version": 1}

    return _entered(engine, "add_case", f"round:{round_id}", {"unit_id": unit_id}, values, actor, now, key, body)


def correct_case(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    case_id: str,
    values: Mapping[str, str],
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> Entered:
    """Correct a case: only the fields given change.

    "" blanks a field, but not a sealed one: the form shows those blank.

    Args:
        engine: The ledger.
        case_id: The case.
        values: Field → text as typed.
        expected_version: Of the case, as its author saw it.
        actor: Who corrects it.
        now: When.
        key: Idempotency key.

    Raises:
        Conflict: `stale`.
        Refused: As `add_case`.
        ValueError: A field that is not in the form.
    """
    with reading(engine) as session:
        case = session.get(Case, case_id)
        if case is None or not actor.may_see(case.unit_id):
            raise Refused("not_found", "没有这份个案，或不在您的单位范围内")
        round_id, unit_id = case.round_id, case.unit_id
        if not _done(session, key):
            held = _problems(_plan(session, round_id, unit_id, values, actor, now, of_case=case_id))
            if held:
                return Entered(None, case.version, held)

    def body(work: Work) -> dict[str, Any]:
        open_round_of(work, case_within_reach(work, case_id).round_id)
        plan = _plan(work.session, round_id, unit_id, values, actor, work.now, of_case=case_id)
        if _problems(plan):
            raise Refused("not_acceptable", "刚才台账有了变动，没有保存；请核对后再办")
        Writing(work, plan).write()
        work.session.expire_all()
        return {"case_id": case_id, "version": work.get(Case, case_id).version}

    on = (Case, case_id)
    request = {"expected_version": expected_version}
    return _entered(
        engine, "correct_case", f"case:{case_id}", request, values, actor, now, key, body, on, expected_version
    )


def _done(session: Session, key: str) -> bool:
    return session.get(Idempotency, key) is not None


def _entered(  # noqa: PLR0913, PLR0917 - what `execute` is told
    engine: Engine,
    action: str,
    subject: str,
    request: Mapping[str, object],
    values: Mapping[str, str],
    actor: Actor,
    now: datetime,
    key: str,
    body: Any,
    on: Any = None,
    expected_version: int | None = None,
) -> Entered:
    # Keyed: among the texts are numbers that could be found by trying.
    told = {**request, "values": keyed_digest(audit_key(engine), "entry", dict(values))}
    result = execute(
        engine,
        action=action,
        actor=actor,
        now=now,
        key=key,
        subject=subject,
        request=told,
        on=on,
        expected_version=expected_version,
        body=body,
    )
    return Entered(result["case_id"], result["version"])


def _problems(plan: ImportPlan) -> tuple[Issue, ...]:
    """Return the issues when any of them holds the entry; remarks alone do not."""
    return plan.issues if plan.intake.problems else ()


def check_entry(  # noqa: PLR0913 - what is checked against what
    session: Session,
    *,
    round_id: str,
    unit_id: str,
    values: Mapping[str, str],
    actor: Actor,
    now: datetime,
    case_id: str | None = None,
) -> tuple[Issue, ...]:
    """Return everything there is to say about an entry, remarks too; nothing is written."""
    return _plan(session, round_id, unit_id, values, actor, now, of_case=case_id).issues


def _plan(  # noqa: PLR0913, PLR0917
    session: Session,
    round_id: str,
    unit_id: str,
    values: Mapping[str, str],
    actor: Actor,
    now: datetime,
    *,
    of_case: str | None = None,
) -> ImportPlan:
    """Hold an entry against the circular and the ledger as a sheet of one row."""
    unit = session.get(Unit, unit_id)
    if session.get(Round, round_id) is None or unit is None or not actor.may_see(unit_id):
        raise Refused("not_found", "没有这一轮或这个单位，或不在您的单位范围内")
    policy = policy_of(session, round_id)
    columns = {column.id: column for column in form_columns(policy)}
    strangers = values.keys() - columns.keys()
    if strangers:
        raise ValueError(f"not in the form: {', '.join(sorted(strangers))}")
    known = _known(session, round_id, of_case)
    texts = {**(texts_of(policy, known) if known else {}), **values}
    intake = _read(session, policy, round_id, unit, texts, columns, now)
    plan = compare(
        session,
        intake,
        policy=policy,
        round_id=round_id,
        sha256=hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest(),
        actor=actor,
        unit_id=unit_id,
        whole=False,
        of_case=of_case,
    )
    if of_case is None:
        return _refuse_known(plan)
    return _blanked(plan, values, columns, known or {})


def _known(session: Session, round_id: str, case_id: str | None) -> dict[str, Any] | None:
    if case_id is None:
        return None
    return remembered(session, round_id).row(by_predicate=pl.col("case_id") == case_id, named=True)


def _read(  # noqa: PLR0913, PLR0917
    session: Session,
    policy: Policy,
    round_id: str,
    unit: Unit,
    texts: Mapping[str, str],
    columns: Mapping[str, SheetColumn],
    now: datetime,
) -> Intake:
    if not (texts.get("name") or "").strip():
        return unreadable(Problem("没有写姓名", "请填写姓名", column=columns["name"].label), "")
    keys = ["name", *(key for key in texts if key != "name")]
    labels = tuple(columns[key].label for key in keys)
    cells = tuple(texts.get(key) or None for key in keys)
    sheet = Sheet(SHEET, (labels, cells), (), visible=True)
    mapped = tuple(MappedColumn(at, columns[key].label, key) for at, key in enumerate(keys))
    mapping = SheetMapping(SHEET, "table", 0, 0, mapped, unit=unit.name)
    units = read_frame(session, units_query(round_id, [unit.unit_id]), UNITS)
    return read_rows([sheet], mapping, policy=policy, units=units, as_of=now.date())


def _refuse_known(plan: ImportPlan) -> ImportPlan:
    """Hold an entry of somebody who has a case in the round already."""
    if all(change.case_id is None for change in plan.changes.values()):
        return plan
    said = Issue(Problem("本轮台账里已有这个人", "请在他的个案上更正", column="姓名"), Severity.HOLD, 2, "name")
    return replace(plan, intake=replace(plan.intake, issues=(said, *plan.issues)))


def _blanked(
    plan: ImportPlan, values: Mapping[str, str], columns: Mapping[str, SheetColumn], known: Mapping[str, Any]
) -> ImportPlan:
    """Add the fields that are to be blanked: a sheet never does that, a form may."""
    told = []
    for key, text in values.items():
        name = COLUMNS.get(key, key)
        name = name if name in known else ANSWER + key
        if not (text or "").strip() and known.get(name) is not None and not is_sealed(columns[key]) and key != "name":
            told.append((name, columns[key].label, "有", ""))
    if not told:
        return plan
    changes = {
        at: replace(change, kind="changed", differences=(*change.differences, *told))
        for at, change in plan.changes.items()
    }
    return replace(plan, changes=changes)
