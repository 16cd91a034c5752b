"""A unit's steps as columns of its sheet tell them, recorded in one command: each person on the days of his own row.

What the sheet does not say is not guessed: who lacks a date, or whose notice met objections, stays behind and is named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.ledger import Result, Work, execute, open_round_of, policy_of
from casework.models import Unit
from casework.models_people import ImportBatch, ImportRow
from casework.people.sheet_steps import SheetStep, unit_steps
from casework.problems import NotAllowed, Refused
from casework.review.chain import Chain, Link
from casework.review.packages import (
    Package,
    StaysBehind,
    UnitStep,
    behind,
    carry_ready,
    ready_for,
    refuse_exceptions,
    until_of,
)
from casework.review.records import CaseRow, case_rows, chain_for, chains_of, histories, refuse_stale
from casework.vocabulary import Stage

UNOPPOSED: Final = frozenset({"无", "无异议", "没有异议", "公示无异议", "均无异议", "无不同意见", "没有不同意见"})
"""What a sheet says of a notice that met no objection; anything else is looked at by a person first."""


@dataclass(frozen=True, order=True)
class _At:
    """One step of some people: where it stands in their chain, and what their rows say of it."""

    place: int
    stage: str
    on: date
    until: date
    objections: str
    body: str
    basis: str
    document: str

    def step(self) -> UnitStep:
        return UnitStep(
            Stage(self.stage),
            self.body,
            self.on,
            until=self.until if self.until > date.min else None,
            objections=self.objections,
            basis=self.basis,
            document=self.document,
        )


def record_sheet_steps(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    import_id: str,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
    exceptions: Mapping[str, StaysBehind] | None = None,
    steps: Sequence[UnitStep] = (),
    document: str = "",
) -> Result:
    """Record what the columns of an imported sheet say of the unit's own steps, for everybody on it at once.

    The body is the first the circular names for the step (of a notice the unit), the basis is the sheet. Steps the
    circular leaves to this office are not taken from a unit's sheet.

    Args:
        engine: The ledger.
        import_id: The import, in force.
        expected_version: The version of the steps its author has seen (`review.records.steps_version`).
        actor: Who enters it, for units of his own.
        now: When.
        key: Idempotency key.
        exceptions: Case → where he stays behind, and why.
        steps: Steps the sheet has no column for, for all its people; the others are read from the sheet.
        document: The proof of posting of the notice; by default the sheet itself, which says when it hung.

    Returns:
        As `record_unit_steps`; each entry of `steps` also has `on` (ISO date). `behind` names everybody of the import
        who has not come through every step the sheet, or `steps`, speaks of.

    Raises:
        Refused: `not_found`, `not_in_force` (a later sheet replaced it, or it was taken back), `no_steps` (no column
            says anything), and as `record_unit_steps`. Nothing is recorded.
        NotAllowed: `scope`.
        Conflict: `stale`.
    """
    told = dict(exceptions or {})

    def body(work: Work) -> Result:
        session = work.session
        batch, read = _sheet(session, import_id, actor)
        open_round_of(work, batch.round_id)
        rows = _rows(session, batch, actor)
        if told.keys() - {row.case_id for row in rows}:
            raise Refused("not_found", "例外中有人不在这张表里，请刷新后再办")
        refuse_stale(rows, histories(session, batch.round_id, [row.case_id for row in rows]), expected_version)
        links = chains_of(policy_of(session, batch.round_id))
        package = Package(work, key, batch.round_id, batch.unit_id, rows, links, told)
        wanted, why = _wanted(package, batch, read, steps, document.strip())
        if not wanted:
            raise Refused("no_steps", next(iter(why.values()), "表中没有推荐、支部、党委、公示的日期，请逐项登记"))
        refuse_exceptions(told, [at.step() for at in wanted])
        done = _record(package, wanted, why)
        return {
            "version": done[-1]["version"],
            "steps": [{name: one[name] for name in ("stage", "on", "people", "results")} for one in done],
            "behind": behind(package, {Stage(at.stage) for at in wanted}, why),
        }

    return execute(
        engine,
        action="record_sheet_steps",
        actor=actor,
        now=now,
        key=key,
        subject=f"import:{import_id}",
        request={
            "exceptions": {case: [one.stage, one.result, one.reason] for case, one in sorted(told.items())},
            "steps": [{name: getattr(step, name) for name in step.__dataclass_fields__} for step in steps],
            "document": document,
            "expected": expected_version,
        },
        body=body,
    )


def _sheet(session: Session, import_id: str, actor: Actor) -> tuple[ImportBatch, tuple[SheetStep, ...]]:
    batch = session.get(ImportBatch, import_id)
    if batch is not None and not actor.may_see(batch.unit_id):
        raise NotAllowed("scope", "这个单位不在您的范围内")
    read = unit_steps(session, import_id=import_id, actor=actor)
    assert batch is not None
    if batch.state != "in_force":
        said = "已撤回" if batch.state == "withdrawn" else "已被新表代替"
        raise Refused("not_in_force", f"这次导入{said}，请用现在有效的那一张")
    return batch, read


def _rows(session: Session, batch: ImportBatch, actor: Actor) -> list[CaseRow]:
    """Return the people of the sheet who are still in the round."""
    query = select(ImportRow.case_id).where(ImportRow.import_id == batch.import_id, col(ImportRow.outcome) != "gone")
    mine = set(session.exec(query))
    rows = case_rows(session, batch.round_id, units=actor.units, unit_id=batch.unit_id)
    found = [row for row in rows if row.case_id in mine]
    if not found:
        raise Refused("nobody", "这张表里的人都已不在本轮")
    return found


def _wanted(
    package: Package, batch: ImportBatch, read: Sequence[SheetStep], more: Sequence[UnitStep], document: str
) -> tuple[dict[_At, list[str]], dict[str, str]]:
    """Return the steps in the order of the chain → whose they are, and case → why one of his was not taken."""
    rows, links = package.rows, package.links
    unit = package.work.session.get_one(Unit, batch.unit_id).name
    sheet = f"单位报送的名册“{batch.file_name}”"
    known = {row.case_id: row for row in rows}
    wanted: dict[_At, list[str]] = defaultdict(list)
    why: dict[str, str] = {}
    typed = {step.stage for step in more}
    for step in read:
        for row in (known[case_id] for case_id in step.case_ids if case_id in known):
            own = chain_for(links, row)
            found = _meant(own, step)
            if found is None or found[1].stage in typed:
                continue
            place, link = found
            if link.notice is not None and step.objections.strip("。 ") not in UNOPPOSED:
                why[row.case_id] = "公示有异议或情况不明，请先登记核实结果" if step.objections else "表中没有写异议情况"
                continue
            body = unit if link.notice is not None or not link.bodies else link.bodies[0]
            until = step.until or date.min
            paper = (document or sheet) if link.notice is not None else ""
            at = _At(place, link.stage.value, step.on, until, step.objections, body, sheet, paper)
            wanted[at].append(row.case_id)
    for given in more:
        for row in rows:
            stages = [link.stage for link in chain_for(links, row)]
            if given.stage in stages:
                until = given.until or date.min
                place = stages.index(given.stage)
                basis = given.basis or sheet
                at = _At(place, given.stage.value, given.on, until, given.objections, given.body, basis, given.document)
                wanted[at].append(row.case_id)
    return dict(sorted(wanted.items())), why


def _meant(own: Chain, step: SheetStep) -> tuple[int, Link] | None:
    """Return the step of a person's own chain that a column means, where it is the unit's."""
    for stage in step.stages:
        for place, link in enumerate(own):
            if link.stage is stage and not link.own:
                return place, link
    return None


def _record(package: Package, wanted: Mapping[_At, Sequence[str]], why: dict[str, str]) -> list[Result]:
    """Record step by step for whoever has come that far; `why` grows by those for whom one cannot be."""
    rows = {row.case_id: row for row in package.rows}
    lacking = _lacking(package, wanted)
    done: list[Result] = []
    first: Refused | None = None
    for number, (at, case_ids) in enumerate(wanted.items()):
        # Each group of days is a notice of its own: the key tells them apart.
        part = replace(package, key=f"{package.key}/{number}", rows=[rows[case_id] for case_id in case_ids])
        step = at.step()
        try:
            ready, link = ready_for(part, step)
            until = until_of(package.work, link, step)
        except Refused as refused:
            first = first or refused
            if refused.reason_code not in {"nobody", "already_done"}:
                why.update(dict.fromkeys(case_ids, refused.sentence))
            continue
        done.append({**carry_ready(part, step, ready, link, until), "on": at.on.isoformat()})
    for case_id, stage in lacking.items():
        why.setdefault(case_id, f"表中没有“{stage.label}”的日期")
    if not done:
        raise first or Refused("no_steps", "这张表里没有可以登记的环节")
    return done


def _lacking(package: Package, wanted: Mapping[_At, Sequence[str]]) -> dict[str, Stage]:
    """Return case → the first step of his chain that others of the sheet have a day for and he has not."""
    have: dict[str, set[str]] = defaultdict(set)
    for at, case_ids in wanted.items():
        for case_id in case_ids:
            have[case_id].add(at.stage)
    spoken = {at.stage for at in wanted}
    found = {}
    known = package.known()
    for row in package.rows:
        history = known.get(row.case_id, {})
        for link in chain_for(package.links, row):
            before = history.get(link.stage)
            if link.stage.value in spoken - have[row.case_id] and not (before is not None and before.holds):
                found[row.case_id] = link.stage
                break
    return found
