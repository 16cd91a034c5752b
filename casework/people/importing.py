"""Take an office's sheet into the ledger: looked at first, then written whole, in one command.

`plan_import` shows what would happen; `import_rows` does it, if the ledger is still the one that was shown.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Engine, select
from sqlmodel import Session

from casework.access import Actor
from casework.db import reading
from casework.frames import IMPORTS, conform
from casework.intake import Intake
from casework.intake import Mapping as SheetMapping
from casework.ledger import Result, Work, execute, open_round_of, policy_of
from casework.ledger.bulk import insert_frame
from casework.models import Round, Unit
from casework.models_people import ColumnMapping, ImportBatch, ImportRow
from casework.people.importing_links import Links, Place, kept
from casework.people.importing_plan import TAKEN, ImportPlan, compare, mapping_json, read_file
from casework.people.importing_write import Outcome, Writing
from casework.people.register import table
from casework.people.sheet_steps import joined, steps_of
from casework.policy import Policy
from casework.problems import Conflict, Refused
from casework.vocabulary import RoundState

Mappings = Sequence[SheetMapping | Mapping[str, Any]]


def plan_import(  # noqa: PLR0913 - a file, a round, whoever looks
    session: Session,
    *,
    round_id: str,
    file_name: str,
    body: bytes,
    actor: Actor,
    now: datetime,
    unit_id: str | None = None,
    part: str = "",
    mappings: Mappings | None = None,
    sheets: Collection[str] | None = None,
    links: Links | None = None,
    supplement: bool | None = None,
) -> ImportPlan:
    """Return what taking a file over would do; nothing is written.

    Args:
        session: A session on the ledger.
        round_id: The round.
        file_name: The name of the file, for the messages.
        body: Its bytes; read in a child process with limits.
        actor: Who looks: rows of units outside his scope are held.
        now: The time; a date after it is in the future.
        unit_id: Whose sheet it is; None: the sheet says so, row by row or above the table.
        part: Which of the unit's sheets, where it hands in several that stand side by side.
        mappings: How the officer wants sheets read, in place of what is proposed.
        sheets: Names of the worksheets to read; None: all.
        links: Whom rows are about, where the officer says so (`importing_links.Links`).
        supplement: It adds to the unit's earlier sheet (补报); False: it stands in its place; None: it adds where it
            is our own marked workbook coming back, or was taken over so before.

    Raises:
        Refused: `not_found`: no such round, unit or person within the actor's reach; `no_row`, `which_sheet`, `twice`:
            links that cannot be.
    """
    policy, intake = _read(
        session,
        round_id,
        actor,
        as_of=now.date(),
        file_name=file_name,
        body=body,
        unit_id=unit_id,
        mappings=mappings,
        sheets=sheets,
    )
    return compare(
        session,
        intake,
        policy=policy,
        round_id=round_id,
        sha256=hashlib.sha256(body).hexdigest(),
        actor=actor,
        unit_id=unit_id,
        part=part,
        links=links,
        supplement=supplement,
    )


def _read(session: Session, round_id: str, actor: Actor, *, unit_id: str | None, **file: Any) -> tuple[Policy, Intake]:
    """Return the round's circular and the file as read by it, for somebody who may hand in for the unit."""
    if session.get(Round, round_id) is None:
        raise Refused("not_found", "没有这一轮")
    _refuse_unit(session, actor, unit_id)
    policy = policy_of(session, round_id)
    return policy, read_file(session, policy=policy, round_id=round_id, unit_id=unit_id, **file)


def _refuse_unit(session: Session, actor: Actor, unit_id: str | None) -> None:
    if unit_id is not None and (not actor.may_see(unit_id) or session.get(Unit, unit_id) is None):
        raise Refused("not_found", "没有这个单位，或不在您的单位范围内")


def import_rows(  # noqa: PLR0913 - as `plan_import`, and as every command
    engine: Engine,
    *,
    round_id: str,
    file_name: str,
    body: bytes,
    seen: str,
    actor: Actor,
    now: datetime,
    key: str,
    take_clean: bool = False,
    unit_id: str | None = None,
    part: str = "",
    mappings: Mappings | None = None,
    sheets: Collection[str] | None = None,
    links: Links | None = None,
    supplement: bool | None = None,
) -> Result:
    """Take a file over as its preview showed it: whole, or with `take_clean` the rows that are in order.

    Per unit the sheet in force is replaced; who is not in the new one leaves the ledger, unless something was
    decided about him. The same bytes twice change nothing.

    Args:
        engine: The ledger.
        round_id: The round.
        file_name: The name of the file.
        body: Its bytes.
        seen: `ImportPlan.seen` of the preview that was shown.
        actor: Who takes it over.
        now: When.
        key: Idempotency key.
        take_clean: Take the rows that are in order, leave the rest (`ImportPlan.marked`).
        unit_id: As for the preview.
        part: As for the preview.
        mappings: As for the preview.
        sheets: As for the preview.
        links: As for the preview; kept with the import.
        supplement: As for the preview.

    Returns:
        `{"imports": {unit: import_id}, "already", "counts"}`: counts as `ImportPlan.counts`.

    Raises:
        Refused: `held` (rows wait, or the sheet as a whole), `nothing`, `not_found`, `closed`.
        Conflict: `stale`: the ledger moved since the preview.
    """
    with reading(engine) as session:
        # Before the transaction: reading a workbook takes seconds, and everybody else would wait.
        policy, intake = _read(
            session,
            round_id,
            actor,
            as_of=now.date(),
            file_name=file_name,
            body=body,
            unit_id=unit_id,
            mappings=mappings,
            sheets=sheets,
        )
    sha256 = hashlib.sha256(body).hexdigest()
    chosen = {"unit_id": unit_id, "part": part, "take_clean": take_clean, "seen": seen, "file": sha256}
    said = {"links": [[str(row), person_id] for row, person_id in links.items()]} if links else {}

    def deed(work: Work) -> Result:
        running = open_round_of(work, round_id)
        if running.state != RoundState.OPEN:
            raise Refused("closed", "这一轮已经结束，不能再导入")
        plan = compare(
            work.session,
            intake,
            policy=policy,
            round_id=round_id,
            sha256=sha256,
            actor=actor,
            unit_id=unit_id,
            part=part,
            links=links,
            supplement=supplement,
        )
        if plan.seen != seen:
            raise Conflict("stale", "预览以后台账有了变动，请重新预览，看过再导入")
        if plan.already:
            return {"imports": {}, "already": True, "counts": plan.counts()}
        _refuse(plan, take_clean=take_clean)
        return _write(work, plan, take_clean=take_clean, remember=mappings is not None)

    return execute(
        engine,
        action="import_rows",
        actor=actor,
        now=now,
        key=key,
        subject=f"round:{round_id}",
        request={**chosen, **said},
        body=deed,
    )


def _refuse(plan: ImportPlan, *, take_clean: bool) -> None:
    clean = plan.intake.rows.filter(pl.col("state") == "clean").height
    if not plan.complete and not take_clean:
        held = plan.intake.counts()["held"]
        said = f"还有 {held} 行待改" if held else "表格还有待改的问题"
        raise Refused("held", f"{said}，整表没有导入。请改好后重新导入，或只导入没有问题的行。")
    if not clean:
        raise Refused("nothing", "没有可以导入的行")


def _write(work: Work, plan: ImportPlan, *, take_clean: bool, remember: bool) -> Result:
    """Write people and cases, then what became of each row, one batch for each unit."""
    writing = Writing(work, plan)
    outcomes = writing.write()
    made: dict[str, str] = {}
    steps = steps_of(plan, {place: case_id for place, (case_id, *_) in outcomes.items()})
    links = kept(plan.told, _apart(plan, outcomes))
    held = Counter(plan.intake.rows.filter(pl.col("state") == "held")["unit_id"].to_list())
    of_unit: dict[str, list[tuple[Place, Outcome]]] = defaultdict(list)
    for place, told in outcomes.items():
        of_unit[told[3]].append((place, told))
    for unit_id in plan.units:
        before = plan.batches.get(unit_id)
        mine = of_unit[unit_id]
        gone = plan.gone.get(unit_id, ())
        if not mine and not gone:
            continue
        if before is not None:
            work.change(ImportBatch, before.import_id, expected_version=before.version, state="replaced")
        counted = Counter(outcome for _, (_, _, outcome, _) in mine)
        batch = ImportBatch(
            import_id=secrets.token_hex(8),
            round_id=plan.round_id,
            unit_id=unit_id,
            part=plan.part,
            file_name=plan.file_name,
            sha256=plan.sha256,
            mapping=mapping_json(plan.intake),
            mode="clean_only" if take_clean else "all_or_nothing",
            counts={**{kind: counted[kind] for kind in TAKEN}, "gone": len(gone), "held": held[unit_id]},
            steps=joined(before, steps.get(unit_id), plan.keeps.get(unit_id, ())),
            links=links,
            state="in_force",
            replaces=before.import_id if before else None,
            audit_seq=work.seq,
            imported_by=work.actor.id,
            imported_at=work.now,
        )
        work.add(batch)
        rows = [
            {"case_id": case, "person_id": person, "outcome": outcome, "row": f"{place[0]}!{place[1]}"}
            for place, (case, person, outcome, _) in mine
        ]
        rows += [
            {"case_id": case, "person_id": writing.person_of[case], "outcome": outcome, "row": ""}
            for outcome, cases in (("gone", gone), ("unchanged", plan.keeps.get(unit_id, ())))
            for case in cases
        ]
        insert_frame(work.session, ImportRow, pl.DataFrame(rows), import_id=batch.import_id)
        made[unit_id] = batch.import_id
    if remember and len(plan.units) == 1:
        _remember(work, plan.units[0], plan)
    return {"imports": made, "already": False, "counts": plan.counts()}


def _apart(plan: ImportPlan, outcomes: Mapping[Place, Outcome]) -> Iterator[tuple[str, str]]:
    """Yield the pairs of records the officer told apart: who is new by his word, and each he might have been."""
    for place, told in plan.told.items():
        if told is None and place in outcomes:
            yield from ((outcomes[place][1], each.person_id) for each in plan.near.get(place, ()))


def _remember(work: Work, unit_id: str, plan: ImportPlan) -> None:
    """Keep how the officer had this unit's columns read."""
    wanted = {head: column for each in plan.intake.mappings for head, column in each.remembered().items()}
    kept = work.session.get(ColumnMapping, unit_id)
    told = {**(dict(kept.mapping) if kept else {}), **wanted}
    work.session.merge(ColumnMapping(unit_id=unit_id, mapping=told, saved_by=work.actor.id, saved_at=work.now))
    work.note(f"column_mapping:{unit_id}", None, told)


def imports(session: Session, *, round_id: str, actor: Actor) -> pl.DataFrame:
    """Return the imports of a round that the actor may see (`frames.IMPORTS`), the latest first."""
    batch, unit = table(ImportBatch), table(Unit)
    query = (
        select(batch, unit.c.name.label("unit"))
        .join(unit, unit.c.unit_id == batch.c.unit_id)
        .where(batch.c.round_id == round_id)
        .order_by(batch.c.audit_seq.desc(), batch.c.unit_id)
    )
    rows = []
    for row in session.connection().execute(query).mappings():
        if actor.may_see(row["unit_id"]):
            told = {name: row[name] for name in IMPORTS if name in row}
            rows.append({**told, **row["counts"], "reason": row["reason"] or None})
    return conform(rows, IMPORTS)
