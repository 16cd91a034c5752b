"""What taking a file over would do to the ledger, before anything is written. Reads only."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

import polars as pl
from sqlmodel import Session

from casework.access import Actor
from casework.frames import IMPORT_PREVIEW, UNITS, conform, empty
from casework.identity import Key, name_key
from casework.intake import (
    INTAKE,
    Change,
    Intake,
    Issue,
    Severity,
    marked_workbook,
    propose_mappings,
    read_rows,
)
from casework.intake import Mapping as SheetMapping
from casework.intake.marked import is_marked
from casework.intake.schema import ASKED, RELATIVES
from casework.ledger.facts import read_frame, units_query
from casework.ledger.keys import office_key
from casework.models_people import ColumnMapping, ImportBatch
from casework.people.decided import decided, list_adopted
from casework.people.importing_before import batches_in_force, missing, say_keeps, say_stays, was_supplement
from casework.people.importing_issues import Known, against_ledger
from casework.people.importing_links import Links, Near, Place, change_in, kept_links, match, of_this_year, told_links
from casework.people.remembered import CLOSED, answer_labels, as_remembered, remembered
from casework.policy import Policy
from casework.problems import LedgerError, Problem
from casework.sheets import UnreadableWorkbook, read_workbook

TAKEN: Final = ("new", "changed", "unchanged")


@dataclass(frozen=True, eq=False)
class ImportPlan:
    """A file held against the ledger.

    Attributes:
        sha256: Of the file's bytes.
        unit_id: Whose sheet the officer said it is; None: the sheet names the units.
        part: Which of the unit's sheets, where several stand side by side.
        intake: What was read, with what the ledger has to say about it; `intake.mappings` is how.
        preview: `frames.IMPORT_PREVIEW`, rows in their order, then who is gone.
        changes: The same, as the command reads it: place in the file → change.
        links: Place → a person of an earlier round: by the same identity number, or as the officer says.
        told: Place → whom the officer says the row is about; None: somebody new.
        near: Place → the people of the ledger it may be about; asked of the officer, whatever he has said.
        supplement: It adds to the unit's earlier sheet (补报): who is not in it stays.
        keeps: Unit → the cases of its earlier sheet that stay because of that.
        gone: Unit → the cases of its earlier sheet that are not in this one.
        stays: Cases that are not in this one, but something was decided about them.
        batches: Unit → its sheet in force, where there is one.
        existing: What the ledger has of the round (`people.remembered`).
        already: The same bytes, read the same way, are in force, and nobody would go.
        seen: Digest of what this preview shows; `import_rows` refuses when it is another one by then.
    """

    round_id: str
    file_name: str
    sha256: str
    unit_id: str | None
    part: str
    policy: Policy
    intake: Intake
    preview: pl.DataFrame = field(default_factory=lambda: empty(IMPORT_PREVIEW))
    changes: Mapping[Place, Change] = field(default_factory=dict)
    links: Mapping[Place, str] = field(default_factory=dict)
    told: Mapping[Place, str | None] = field(default_factory=dict)
    near: Mapping[Place, tuple[Near, ...]] = field(default_factory=dict)
    supplement: bool = False
    keeps: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    gone: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stays: tuple[str, ...] = ()
    batches: Mapping[str, ImportBatch] = field(default_factory=dict)
    existing: pl.DataFrame = field(default_factory=pl.DataFrame)
    already: bool = False
    seen: str = ""

    @property
    def issues(self) -> tuple[Issue, ...]:
        """Return everything there is to say about the file."""
        return self.intake.issues

    @property
    def complete(self) -> bool:
        """Tell whether the sheet can be taken over whole."""
        return self.intake.complete

    @property
    def units(self) -> tuple[str, ...]:
        """Return the units whose sheets this file is."""
        named = set(self.intake.rows["unit_id"].drop_nulls()) | ({self.unit_id} if self.unit_id else set())
        return tuple(sorted(named))

    def counts(self) -> dict[str, int]:
        """Return new, changed, unchanged, gone (people), clean, held, skipped (rows) and issues by severity."""
        clean = Counter(
            change
            for change, state in self.preview.select("change", "state").iter_rows()
            if state == "clean" and change in TAKEN
        )
        said = Counter(issue.severity.value for issue in self.intake.issues)
        return {
            **{kind: clean[kind] for kind in TAKEN},
            "gone": sum(map(len, self.gone.values())),
            **self.intake.counts(),
            **{severity.value: said[severity.value] for severity in Severity},
        }

    def movements(self, unit_id: str) -> dict[str, list[str]]:
        """Return who came, went and changed against the unit's earlier sheet, by name; empty for a first sheet."""
        if unit_id not in self.batches:
            return {}
        mine = self.preview.filter(pl.col("unit_id") == unit_id)
        kinds = {"came": "new", "went": "gone", "changed": "changed"}
        return {word: mine.filter(pl.col("change") == kind)["name"].to_list() for word, kind in kinds.items()}

    def marked(self) -> bytes:
        """Return the rows that wait as a workbook with every problem marked in its cell."""
        return marked_workbook(self.intake)


def read_file(  # noqa: PLR0913 - what a file is read against
    session: Session,
    *,
    policy: Policy,
    round_id: str,
    file_name: str,
    body: bytes,
    as_of: date,
    unit_id: str | None = None,
    mappings: Sequence[SheetMapping | Mapping[str, Any]] | None = None,
    sheets: Collection[str] | None = None,
) -> Intake:
    """Read a file with the mapping proposed for it, as the unit's officer left it last time, or as he corrected it.

    An unreadable file is an intake with one problem.

    Args:
        session: A session on the ledger.
        policy: The circular of the round.
        round_id: The round.
        file_name: For the messages.
        body: The bytes.
        as_of: The day against which dates are in the future.
        unit_id: Whose sheet it is.
        mappings: The officer's own, in place of those proposed for the same sheets.
        sheets: The names of the worksheets to read; None: all that have a list.
    """
    units = read_frame(session, units_query(round_id, None), UNITS)
    try:
        listed = read_workbook(body, name=file_name)
    except UnreadableWorkbook as error:
        return unreadable(error.problem, file_name)
    if sheets is not None:
        listed = tuple(sheet for sheet in listed if sheet.name in sheets)
    names = dict(units.select("unit_id", "name").iter_rows())
    proposed = propose_mappings(listed, policy, remembered=_memory(session, unit_id))
    if unit_id is None:
        by_name = {name_key(name): known for known, name in names.items()}
        above = {by_name[key] for each in proposed if (key := name_key(each.unit)) in by_name}
        if len(above) == 1:
            proposed = propose_mappings(listed, policy, remembered=_memory(session, above.pop()))
    own = {each.sheet: each for each in map(_as_mapping, mappings or ())}
    used = tuple(own.get(each.sheet, each) for each in proposed)
    used += tuple(each for each in own.values() if each.sheet not in {one.sheet for one in used})
    if unit_id is not None:
        used = tuple(replace(each, unit=names.get(unit_id, "")) for each in used)
    return read_rows(listed, used, policy=policy, units=units, as_of=as_of, name=file_name)


def unreadable(problem: Problem, file_name: str) -> Intake:
    """Return the intake of a file that is no workbook."""
    return Intake(empty(INTAKE), empty(RELATIVES), empty(ASKED), (Issue(problem, Severity.HOLD),), file=file_name)


def _as_mapping(given: SheetMapping | Mapping[str, Any]) -> SheetMapping:
    return given if isinstance(given, SheetMapping) else SheetMapping.from_json(given)


def _memory(session: Session, unit_id: str | None) -> dict[str, str]:
    kept = session.get(ColumnMapping, unit_id) if unit_id else None
    return dict(kept.mapping) if kept else {}


def compare(  # noqa: PLR0913 - a file, a ledger, whoever looks
    session: Session,
    intake: Intake,
    *,
    policy: Policy,
    round_id: str,
    sha256: str,
    actor: Actor,
    unit_id: str | None = None,
    part: str = "",
    links: Links | None = None,
    supplement: bool | None = None,
    whole: bool = True,
    of_case: str | None = None,
) -> ImportPlan:
    """Hold what was read against the ledger: duplicates, who is new, changed, unchanged, gone.

    Args:
        session: A session on the ledger.
        intake: What was read.
        policy: The circular of the round.
        round_id: The round.
        sha256: Of the file.
        actor: Who looks.
        unit_id: Whose sheet it is.
        part: Which of the unit's sheets.
        links: Whom the officer says rows are about; None: what was said when this very file was taken over.
        supplement: It adds to the earlier sheet; None: it does where it is a workbook of marked rows coming back, or
            a file that was taken over so before.
        whole: It is a unit's whole sheet: who is not in it is gone.
        of_case: The one row is about this case, whatever name it gives.
    """
    plan = ImportPlan(round_id, intake.file, sha256, unit_id, part, policy, intake)
    existing, office = remembered(session, round_id), office_or_none(session)
    if intake.rows.is_empty():
        return replace(plan, existing=existing, seen=_seen(plan, existing, {}))
    rows = as_remembered(intake, office)
    labels = CLOSED | answer_labels(policy.fields)
    batches = batches_in_force(session, round_id, part, plan.units) if whole else {}
    told = told_links(session, intake, links or kept_links(batches.values(), sha256), actor=actor)
    if of_case is None:
        changes = match(rows, existing, told, policy=policy, labels=labels, keeps_id=intake.keeps_id)
    else:
        before = existing.row(by_predicate=pl.col("case_id") == of_case, named=True)
        only = change_in(rows.row(0, named=True), before, policy=policy, labels=labels)
        changes = {(only.sheet, only.row): only}
    helped = of_this_year(session, round_id, policy) if rows["id_number"].count() else {}
    known = Known(rows, existing, changes, told, helped)
    found = against_ledger(session, intake, known, actor=actor, unit_id=unit_id)
    intake = found.intake
    plan = replace(plan, intake=intake, links=found.links, told=told, near=found.near)
    matched = {change.case_id for change in changes.values() if change.case_id}
    gone = missing(session, batches, matched, existing)
    if supplement is None:
        supplement = is_marked(intake.mappings) or was_supplement(batches, gone, sha256)
    if supplement:
        intake = say_keeps(intake, gone)
        plan, gone = replace(plan, supplement=True, keeps=gone), {}
    left = [case_id for ids in gone.values() for case_id in ids]
    held = set(left) if list_adopted(session, round_id) else decided(session, left)
    stays = tuple(case_id for ids in gone.values() for case_id in ids if case_id in held)
    if stays:
        intake = say_stays(intake, stays, existing)
    gone = {unit: tuple(each for each in ids if each not in held) for unit, ids in gone.items()}
    plan = replace(plan, intake=intake, changes=changes, gone=gone, stays=stays, batches=batches, existing=existing)
    return replace(
        plan,
        preview=_preview(plan),
        already=_already(plan) and not any(gone.values()) and not stays,
        seen=_seen(plan, existing, batches),
    )


def office_or_none(session: Session) -> Key | None:
    """Return the office's key; None where this ledger has never sealed anything."""
    try:
        return office_key(session)
    except LedgerError:
        return None


def _preview(plan: ImportPlan) -> pl.DataFrame:
    problems: dict[Place, list[str]] = defaultdict(list)
    for issue in plan.intake.problems:
        problems[issue.problem.sheet, issue.row].append(issue.problem.sentence())
    persons = dict(plan.existing.select("case_id", "person_id").iter_rows())
    rows: list[dict[str, Any]] = []
    for sheet, number, state in plan.intake.rows.select("sheet", "row", "state").iter_rows():
        change = plan.changes[sheet, number]
        rows.append(
            {
                "sheet": sheet,
                "row": number,
                "state": state,
                "change": change.kind,
                "name": change.name,
                "unit_id": change.unit_id,
                "case_id": change.case_id,
                "person_id": persons.get(change.case_id or "") or plan.links.get((sheet, number)),
                "differences": [difference_words(each) for each in change.differences],
                "problems": problems[sheet, number],
            }
        )
    gone = {case_id: unit for unit, ids in plan.gone.items() for case_id in ids}
    names = dict(plan.existing.select("case_id", "name").iter_rows()) if gone else {}
    rows.extend(
        {
            "sheet": "",
            "row": 0,
            "state": "",
            "change": "gone",
            "name": names[case_id],
            "unit_id": unit,
            "case_id": case_id,
            "person_id": persons[case_id],
            "differences": [],
            "problems": [],
        }
        for case_id, unit in gone.items()
    )
    return conform(pl.DataFrame(rows, schema=IMPORT_PREVIEW, orient="row"), IMPORT_PREVIEW)


def difference_words(difference: tuple[str, str, str, str]) -> str:
    """Say one difference; what is sensitive is only said to have changed."""
    column, label, before, after = difference
    if column in CLOSED or after == "有改动":
        return f"{label}有改动"
    return f"{label}：{before or '（空）'} → {after or '（空）'}"


def mapping_json(intake: Intake) -> list[dict[str, Any]]:
    """Return how the sheets were read, as it is kept."""
    plain: list[dict[str, Any]] = json.loads(json.dumps([each.to_json() for each in intake.mappings]))
    return plain


def _already(plan: ImportPlan) -> bool:
    """Tell whether the very same file, read the same way, is what is in force for all its units."""
    mapping = mapping_json(plan.intake)
    return (
        bool(plan.units)
        and all(
            (batch := plan.batches.get(unit)) is not None and batch.sha256 == plan.sha256 and batch.mapping == mapping
            for unit in plan.units
        )
        and dict(plan.told) == kept_links(plan.batches.values(), plan.sha256)
    )


def _seen(plan: ImportPlan, existing: pl.DataFrame, batches: Mapping[str, ImportBatch]) -> str:
    """Return one digest over the file, how it is read, and everything of the ledger it was held against."""
    told = hashlib.sha256()
    told.update(f"{plan.round_id}|{plan.sha256}|{plan.unit_id}|{plan.part}|".encode())
    told.update(json.dumps(mapping_json(plan.intake), sort_keys=True).encode())
    told.update(existing.write_ndjson().encode())
    for unit in sorted(batches):
        told.update(f"|{unit}:{batches[unit].import_id}:{batches[unit].version}".encode())
    told.update("|".join(plan.stays).encode())
    told.update(repr((sorted(plan.told.items()), plan.supplement)).encode())
    told.update("".join(plan.intake.rows["state"].to_list()).encode())
    return told.hexdigest()
