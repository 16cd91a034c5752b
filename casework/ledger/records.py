"""What is entered about people and cases: bulk rows, judgements, rulings, and drafts of a worksheet."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import polars as pl
from sqlalchemy import Engine
from sqlmodel import Session

from casework.access import Actor
from casework.db import run
from casework.facts import Rows
from casework.frames import FACTS, conform
from casework.ledger.bulk import insert_frame
from casework.ledger.causes import insert_causes
from casework.ledger.commands import Result, Work, case_within_reach, execute
from casework.ledger.exceptions import check_exception
from casework.ledger.rounds import open_round_of, policy_of
from casework.models import (
    RULING_KINDS,
    Aid,
    Answer,
    Case,
    Cause,
    Completeness,
    Download,
    Draft,
    Evidence,
    Honour,
    Household,
    HouseholdMember,
    Judgement,
    Person,
    Ruling,
    Table,
)
from casework.problems import Refused
from casework.vocabulary import Mark

# In the order in which they may refer to each other.
_BULK: Final[Mapping[str, type[Table]]] = {
    "households": Household,
    "people": Person,
    "members": HouseholdMember,
    "honours": Honour,
    "cases": Case,
    "causes": Cause,
    "evidence": Evidence,
    "aid": Aid,
    "completeness": Completeness,
    "answers": Answer,
    "judgements": Judgement,
}
_DATED: Final = frozenset(_BULK) - {"judgements"}  # those have `recorded_at`
_VERSIONED: Final = frozenset({"households", "people", "cases"})
_CASE_FIELDS: Final = frozenset({"category", "path", "degree", "unit_rank", "requested_fen", "decided_fen"})


def add_facts(engine: Engine, *, round_id: str, actor: Actor, now: datetime, key: str, **tables: Rows) -> Result:
    """Insert many rows at once, all or none.

    Args:
        engine: The ledger.
        round_id: The round the cases belong to.
        actor: Who does it.
        now: When.
        key: Idempotency key.
        tables: `people`, `households`, `members`, `honours`, `cases`, `causes`, `evidence`, `aid`, `completeness`,
            `answers`, `judgements`: frames or rows with the columns of `casework.frames`.

    Returns:
        Table → rows inserted.

    Raises:
        ValueError: A table or column is not known.
        Refused: `closed`, `not_found`, or `not_acceptable`: an id twice, a reference to nobody, an unknown value.
    """
    strangers = tables.keys() - _BULK.keys()
    if strangers:
        raise ValueError(f"tables that are not entered this way: {', '.join(sorted(strangers))}")
    frames = {name: conform(tables[name], FACTS[name]) for name in _BULK if name in tables}
    # polars' own JSON, because these may be a hundred thousand rows.
    digests = {name: hashlib.sha256(frame.write_ndjson().encode()).hexdigest() for name, frame in frames.items()}

    def body(work: Work) -> Result:
        open_round_of(work, round_id)
        for name, frame in frames.items():
            constants: dict[str, Any] = {"version": 1} if name in _VERSIONED else {}
            if name == "cases":
                constants["round_id"] = round_id
            insert_table(work, name, frame, **constants)
            work.note(name, None, digests[name])
        return {name: frame.height for name, frame in frames.items()}

    return execute(
        engine,
        action="add_facts",
        actor=actor,
        now=now,
        key=key,
        subject=f"round:{round_id}",
        request=digests,
        body=body,
    )


def insert_table(work: Work, name: str, frame: pl.DataFrame, **constants: Any) -> None:
    """Insert rows of one table of the facts, with the number of this command and, for causes, sealed."""
    if name == "causes":
        insert_causes(work.session, work.keyring, frame, since=work.seq)
        return
    if name == "judgements":
        constants["recorded_at"] = work.now
    if name in _DATED:
        constants["since"] = work.seq
    insert_frame(work.session, _BULK[name], frame, **constants)


def change_case(  # noqa: PLR0913
    engine: Engine,
    *,
    case_id: str,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
    **values: Any,
) -> Result:
    """Change fields of a case: category, path, degree, unit_rank, requested_fen, decided_fen.

    Raises:
        Conflict: `stale`.
        Refused: `not_found`, `closed`, `not_acceptable`.
        TypeError: A field that is not changed this way.
    """
    strangers = values.keys() - _CASE_FIELDS
    if strangers:
        raise TypeError(f"not changed this way: {', '.join(sorted(strangers))}")

    def body(work: Work) -> Result:
        open_round_of(work, case_within_reach(work, case_id).round_id)
        changed = work.change(Case, case_id, expected_version=expected_version, **values)
        return {"case_id": case_id, "version": changed.version}

    return execute(
        engine,
        action="change_case",
        actor=actor,
        now=now,
        key=key,
        subject=f"case:{case_id}",
        request={"expected_version": expected_version, **values},
        body=body,
    )


def record_judgement(  # noqa: PLR0913 - what a judgement is
    engine: Engine,
    *,
    case_id: str,
    clause_id: str,
    value: Mark | str,
    actor: Actor,
    now: datetime,
    key: str,
    body: str = "",
    basis: str = "",
    source: str = "",
    on: date | None = None,
    by: str = "",
) -> Result:
    """Record what a person decided on a clause that only a person may decide; the one before stays readable.

    Args:
        engine: The ledger.
        case_id: The case.
        clause_id: A clause of the round's circular that asks a person.
        value: 未核, 无 or 有.
        actor: Who enters it.
        now: When.
        key: Idempotency key.
        body: Which body or person found so; needed unless 未核.
        basis: On what; needed unless 未核.
        source: Where that stands (document, visit, minutes).
        on: The day it was found; the day of `now` by default.
        by: Who judged; the actor's name by default.

    Raises:
        Refused: `not_found`, `closed`, `bad_value`, `no_basis`, `not_asked` (the clause is not for a person).
    """
    if value not in list(Mark):
        raise Refused("bad_value", "认定只能是未核、无或有")
    if value != Mark.UNCHECKED and not (body.strip() and basis.strip()):
        raise Refused("no_basis", "请写明由谁认定、依据是什么")
    row: dict[str, Any] = {
        "case_id": case_id,
        "clause_id": clause_id,
        "value": str(value),
        "body": body or None,
        "basis": basis or None,
        "source": source or None,
        "on": on or now.date(),
        "by": by or actor.name,
    }

    def deed(work: Work) -> Result:
        case = case_within_reach(work, case_id)
        open_round_of(work, case.round_id)
        asked = {clause.id for clause in policy_of(work.session, case.round_id).clauses if clause.ask}
        if clause_id not in asked:
            raise Refused("not_asked", f"条款 {clause_id} 不是要人来认定的条款")
        work.add(Judgement(**row, recorded_at=work.now))
        return {"case_id": case_id, "clause_id": clause_id, "value": str(value)}

    return execute(
        engine,
        action="record_judgement",
        actor=actor,
        now=now,
        key=key,
        subject=f"case:{case_id}",
        request=row,
        body=deed,
    )


def record_ruling(  # noqa: PLR0913 - what a ruling is
    engine: Engine,
    *,
    round_id: str,
    kind: str,
    cell: str,
    order: Sequence[str],
    basis: str,
    body: str,
    actor: Actor,
    now: datetime,
    key: str,
    clause_id: str | None = None,
    decided_on: date | None = None,
    details: Mapping[str, object] | None = None,
    meeting_id: str | None = None,
) -> Result:
    """Record what a meeting or a lot settled, e.g. the order of people who tie at a cut line.

    Args:
        engine: The ledger.
        round_id: The round.
        kind: `tie`, `lot`, `order`, `exception` or `place_transfer`.
        cell: `frames.cell_key(unit_id, category)`, or `fund`.
        order: Case ids, the first comes first.
        basis: Why: the minutes, or how the lot was drawn.
        body: Who settled it.
        actor: Who enters it.
        now: When.
        key: Idempotency key; it also names the ruling.
        clause_id: The clause an exception sets aside; its lines have no rank.
        decided_on: The day it was settled; the day of `now` by default.
        details: For a lot: `seed`, `witnesses`, `minutes`.
        meeting_id: The meeting on record that made an exception; its body and day then count.

    Raises:
        Refused: `not_found`, `closed`, `bad_value`, `no_basis`; for an exception as `exceptions.check_exception`.
    """
    if kind not in RULING_KINDS:
        raise Refused("bad_value", "这种决定不认识")
    if not basis.strip() or not body.strip():
        raise Refused("no_basis", "请写明由谁决定、依据是什么")
    if not order or len(set(order)) != len(order):
        raise Refused("bad_value", "请把每个人列一次")
    if kind == "exception" and not clause_id:
        raise Refused("bad_value", "请写明是对哪一条的例外")
    if kind == "lot" and not all((details or {}).get(name) for name in ("seed", "witnesses")):
        raise Refused("no_basis", "抽签要写明签号（种子）和见证人")
    told = dict(details or {}) | ({"meeting_id": meeting_id} if meeting_id else {})

    def deed(work: Work) -> Result:
        open_round_of(work, round_id)
        met = None
        if kind == "exception":
            named = clause_id or ""
            met = check_exception(work, round_id=round_id, clause_id=named, case_ids=order, meeting_id=meeting_id)
        for rank, case_id in enumerate(order, start=1):
            if case_within_reach(work, case_id).round_id != round_id:
                raise Refused("not_found", f"个案 {case_id} 不在这一轮")
            work.add(
                Ruling(
                    ruling_id=key,
                    round_id=round_id,
                    kind=kind,
                    cell=cell,
                    case_id=case_id,
                    rank=None if kind == "exception" else rank,
                    clause_id=clause_id,
                    basis=basis,
                    body=met.body if met else body,
                    decided_on=met.held_on if met else decided_on or now.date(),
                    details=told or None,
                    recorded_by=actor.id,
                    recorded_at=work.now,
                )
            )
        return {"ruling_id": key, "people": len(order)}

    request = {
        "kind": kind,
        "cell": cell,
        "order": list(order),
        "clause_id": clause_id,
        "basis": basis,
        "body": body,
        "decided_on": decided_on or now.date(),
        "details": told,
    }
    return execute(
        engine,
        action="record_ruling",
        actor=actor,
        now=now,
        key=key,
        subject=f"round:{round_id}",
        request=request,
        body=deed,
    )


def record_download(  # noqa: PLR0913 - what leaves the house
    engine: Engine, *, kind: str, parameters: Mapping[str, str], sha256: str, actor: Actor, now: datetime, key: str
) -> Result:
    """Log a file before it leaves."""

    def deed(work: Work) -> Result:
        work.add(Download(at=work.now, actor_id=actor.id, kind=kind, parameters=dict(parameters), sha256=sha256))
        return {"sha256": sha256}

    request = {"parameters": dict(parameters), "sha256": sha256}
    return execute(
        engine, action="download", actor=actor, now=now, key=key, subject=f"file:{kind}", request=request, body=deed
    )


# -- drafts --------------------------------------------------------------------------------------------------------


def save_draft(  # noqa: PLR0913 - whose, where, what, when
    engine: Engine, *, notebook: str, round_id: str, content: Mapping[str, object], actor: Actor, now: datetime
) -> None:
    """Keep what somebody is typing; the last one counts, it decides nothing and is not audited."""
    change_draft(engine, notebook=notebook, round_id=round_id, change=lambda _: content, actor=actor, now=now)


def change_draft(  # noqa: PLR0913 - whose, where, what, when
    engine: Engine,
    *,
    notebook: str,
    round_id: str,
    change: Callable[[dict[str, Any]], Mapping[str, object]],
    actor: Actor,
    now: datetime,
) -> dict[str, Any]:
    """Change what somebody is typing, in one transaction: two pages of one person write one after the other.

    Args:
        engine: The ledger.
        notebook: The worksheet.
        round_id: The round.
        change: Called with what is kept, perhaps more than once; returns what is to be kept.
        actor: Whose draft; a viewer keeps none.
        now: The time.

    Returns:
        What was kept before.
    """
    if not actor.may_write():
        return {}

    def work(session: Session) -> dict[str, Any]:
        before = load_draft(session, notebook=notebook, round_id=round_id, actor=actor)
        content = dict(change(copy.deepcopy(before)))
        session.merge(Draft(actor_id=actor.id, notebook=notebook, round_id=round_id, content=content, saved_at=now))
        return before

    return run(engine, work)


def load_draft(session: Session, *, notebook: str, round_id: str, actor: Actor) -> dict[str, Any]:
    """Return what this person was typing, empty when nothing."""
    draft = session.get(Draft, (actor.id, notebook, round_id))
    return dict(draft.content) if draft else {}
