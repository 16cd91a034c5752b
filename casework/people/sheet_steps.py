"""What columns of a unit's sheet say of its own steps: 群众推荐, 支部研究, 公示起止 with 异议情况, 党委研究.

They are kept with the import (`ImportBatch.steps`) as facts of the sheet; recording them as steps is another deed,
because a step is checked against the circular's chain and its days (`review.sheet_packages`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlmodel import Session

from casework.access import Actor
from casework.models_people import ImportBatch
from casework.problems import Refused
from casework.vocabulary import Stage

if TYPE_CHECKING:
    from casework.people.importing_links import Place
    from casework.people.importing_plan import ImportPlan


@dataclass(frozen=True)
class SheetStep:
    """One step of a unit as its sheet tells it, for the people whose rows say the same.

    Attributes:
        stages: What the circular may call it; the first that is in its chain is meant.
        on: The day, of a public notice the first.
        until: The last day of a public notice.
        objections: As written, of a public notice.
        case_ids: The people.
    """

    stages: tuple[Stage, ...]
    on: date
    until: date | None
    objections: str
    case_ids: tuple[str, ...]


_STAGES = {
    "recommended_on": (Stage.RECOMMENDATION,),
    "branch_meeting_on": (Stage.BRANCH_MEETING, Stage.FIRST_REVIEW),
    "notice_from": (Stage.PUBLIC_NOTICE,),
    "committee_on": (Stage.UNIT_REVIEW, Stage.SECOND_REVIEW, Stage.DETERMINATION),
}


def steps_of(plan: ImportPlan, cases: Mapping[Place, str]) -> dict[str, list[dict[str, Any]]]:
    """Return unit → the steps of its rows, as `ImportBatch.steps` keeps them."""
    found: dict[str, dict[tuple[str, str, str, str], list[str]]] = defaultdict(lambda: defaultdict(list))
    columns = ("sheet", "row", "state", "unit_id", "notice_to", "objections", *_STAGES)
    for row in plan.intake.rows.select(*columns).iter_rows(named=True):
        case_id = cases.get((row["sheet"], row["row"]))
        if case_id is None or row["state"] != "clean":
            continue
        for column in _STAGES:
            if row[column] is not None:
                notice = column == "notice_from"
                until = row["notice_to"].isoformat() if notice and row["notice_to"] else ""
                said = (row["objections"] or "") if notice else ""
                found[row["unit_id"]][column, row[column].isoformat(), until, said].append(case_id)
    return {
        unit: [
            {"column": column, "on": on, "until": until, "objections": said, "case_ids": sorted(ids)}
            for (column, on, until, said), ids in sorted(told.items())
        ]
        for unit, told in found.items()
    }


def joined(
    before: ImportBatch | None, steps: list[dict[str, Any]] | None, keeps: Collection[str]
) -> list[dict[str, Any]] | None:
    """Return the steps of a sheet with those its predecessor told of the cases that stay as they were (补报)."""
    left = [{**step, "case_ids": [case for case in step["case_ids"] if case in keeps]} for step in _told(before)]
    return [step for step in left if step["case_ids"]] + (steps or []) or None


def _told(batch: ImportBatch | None) -> list[dict[str, Any]]:
    return list(batch.steps or ()) if batch else []


def unit_steps(session: Session, *, import_id: str, actor: Actor) -> tuple[SheetStep, ...]:
    """Return what the sheet of an import says of the unit's own steps.

    Raises:
        Refused: `not_found`.
    """
    batch = session.get(ImportBatch, import_id)
    if batch is None or not actor.may_see(batch.unit_id):
        raise Refused("not_found", "没有这次导入，或不在您的单位范围内")
    return tuple(
        SheetStep(
            _STAGES[step["column"]],
            date.fromisoformat(step["on"]),
            date.fromisoformat(step["until"]) if step["until"] else None,
            step["objections"],
            tuple(step["case_ids"]),
        )
        for step in batch.steps or ()
    )
