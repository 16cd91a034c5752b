"""What a unit's sheet does to its earlier one: who is not in it any more, and whether he goes or stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import polars as pl
from sqlalchemy import select
from sqlmodel import Session

from casework.intake import Intake, Issue, Severity
from casework.models_people import ImportBatch, ImportRow
from casework.people.register import table
from casework.problems import Problem


def batches_in_force(session: Session, round_id: str, part: str, units: Iterable[str]) -> dict[str, ImportBatch]:
    """Return the sheet of each of these units that is in force, of those with this name of a part."""
    batch = ImportBatch
    query = select(batch).where(
        table(batch).c.round_id == round_id, table(batch).c.part == part, table(batch).c.state == "in_force"
    )
    wanted = set(units)
    return {each.unit_id: each for each in session.execute(query).scalars() if each.unit_id in wanted}


def missing(
    session: Session, batches: Mapping[str, ImportBatch], matched: set[str], existing: pl.DataFrame
) -> dict[str, tuple[str, ...]]:
    """Return the cases of the earlier sheets that no row of this file is about; who has left the round stays left."""
    there = {
        case_id: unit_id
        for case_id, unit_id, removed in existing.select("case_id", "unit_id", "removed").iter_rows()
        if not removed
    }
    row = table(ImportRow)
    gone: dict[str, tuple[str, ...]] = {}
    for unit_id, batch in batches.items():
        query = select(row.c.case_id).where(row.c.import_id == batch.import_id, row.c.outcome != "gone")
        before = session.connection().execute(query).scalars()
        gone[unit_id] = tuple(sorted(case for case in before if there.get(case) == unit_id and case not in matched))
    return gone


def say_stays(intake: Intake, stays: Sequence[str], existing: pl.DataFrame) -> Intake:
    """Hold the sheet: who is not in it cannot go."""
    names = "、".join(existing.filter(pl.col("case_id").is_in(list(stays)))["name"].fill_null("").to_list())
    said = Problem(
        f"新表里没有{names}，但已有审核、支付记录或已列入名单，不能随表去掉",
        "确已退出的请先办“减员”，再重新导入",
        file=intake.file,
    )
    return replace(intake, issues=(Issue(said, Severity.HOLD), *intake.issues))


def was_supplement(batches: Mapping[str, ImportBatch], gone: Mapping[str, tuple[str, ...]], sha256: str) -> bool:
    """Tell whether this very file was taken over as a 补报: its import left people where they stood."""
    return any(batch.sha256 == sha256 and gone.get(unit_id) for unit_id, batch in batches.items())


def say_keeps(intake: Intake, keeps: Mapping[str, tuple[str, ...]]) -> Intake:
    """Say that the sheet adds to the earlier one."""
    others = sum(map(len, keeps.values()))
    left = f"原来报的其余 {others} 人不动" if others else "原来没有报过别的人"
    said = Problem(f"按补报处理，只添上或改动表里的人；{left}", file=intake.file)
    return replace(intake, issues=(Issue(said, Severity.NOTE), *intake.issues))
