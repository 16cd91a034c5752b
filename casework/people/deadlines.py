"""What each unit has to hand in by when, and what is in: on time to the minute, Beijing time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

import polars as pl
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.dates import SHANGHAI, on_time
from casework.frames import Schema
from casework.ledger import policy_of
from casework.models import RoundUnit, Unit
from casework.models_people import ImportBatch, UnitPackage
from casework.policy import Clause
from casework.shapes.procedure import Deadline

DEADLINES: Schema = {
    "unit_id": pl.String,
    "unit": pl.String,
    "clause_id": pl.String,
    "receiver": pl.String,
    "due_at": pl.Datetime("us", "Asia/Shanghai"),
    "item": pl.String,  # a deliverable, or what it needs (签字, 公章, 扫描件, 电子版)
    "state": pl.String,  # in | late | returned | missing | overdue
    "received_at": pl.Datetime("us", "Asia/Shanghai"),  # of the version that counts
    "versions": pl.Int64,
    "late_minutes": pl.Int64,  # 0 where it is on time; null where nothing is in
}

STATES = {"in": "按期报送", "late": "逾期报送", "returned": "已退回", "missing": "未报送", "overdue": "逾期未报"}


@dataclass(frozen=True)
class Handed:
    """One thing a unit handed in, each time it came.

    Attributes:
        by: The account that took it in.
        reason: Why it went back.
        package_id: Its row; "" for a sheet that was imported and not returned.
        import_id: Of a sheet that was imported.
        number: The number it got; 0 for an import, which counts by its place.
        version: Of its row, for the command that changes it.
    """

    unit_id: str
    clause_id: str
    item: str
    at: datetime
    returned: bool = False
    by: str = ""
    reason: str = ""
    package_id: str = ""
    import_id: str = ""
    number: int = 0
    version: int = 0


def is_electronic(item: str) -> bool:
    """Tell whether an item is the sheet itself, e.g. 电子版一份: whoever imports it has it."""
    return "电子" in item


def handed_in(session: Session, round_id: str) -> list[Handed]:
    """Return what the units of a round handed in, the first one first, imported sheets among it.

    A sheet that was imported answers the first deadline that asks for an electronic one. A unit whose import was
    withdrawn, or that has none in force, has not handed one in by it.
    """
    query = select(UnitPackage).where(UnitPackage.round_id == round_id)
    found = [
        Handed(
            row.unit_id,
            row.clause_id,
            row.deliverable,
            row.received_at,
            returned=row.state == "returned",
            by=row.received_by,
            reason=row.reason,
            package_id=row.package_id,
            number=row.number,
            version=row.version,
        )
        for row in session.exec(query)
    ]
    # A returned import has a row of its own, under the import's id: that one stands for it.
    found += _imports(session, round_id, {one.package_id for one in found})
    return sorted(found, key=lambda one: (one.at, one.number, one.import_id))


def _imports(session: Session, round_id: str, returned: set[str]) -> list[Handed]:
    asked = sorted(
        ((due_moment(shape), place, clause.id, item))
        for place, (clause, shape) in enumerate(policy_of(session, round_id).of_shape(Deadline))
        for item in items_of(shape)
        if is_electronic(item)
    )
    if not asked:
        return []
    *_, clause_id, item = asked[0]
    query = select(ImportBatch).where(ImportBatch.round_id == round_id, ImportBatch.state != "withdrawn")
    batches = session.exec(query).all()
    in_force = {batch.unit_id for batch in batches if batch.state == "in_force"}
    return [
        Handed(batch.unit_id, clause_id, item, batch.imported_at, by=batch.imported_by, import_id=batch.import_id)
        for batch in batches
        if batch.unit_id in in_force and batch.import_id not in returned
    ]


def items_of(shape: Deadline) -> list[str]:
    """Return what a deadline asks for: the deliverables and what they need, each once."""
    return list(dict.fromkeys((*shape.deliverables, *shape.needs)))


def due_moment(shape: Deadline) -> datetime:
    """Return the last moment that is on time; a day without an hour lasts until midnight."""
    if isinstance(shape.at, datetime):
        return shape.at if shape.at.tzinfo else shape.at.replace(tzinfo=SHANGHAI)
    return datetime.combine(shape.at, time(23, 59), SHANGHAI)


def is_on_time(at: datetime, shape: Deadline) -> bool:
    """Tell whether something that came at `at` is on time, to the minute as it is printed: 17:00 is, 17:01 is not."""
    local = at.astimezone(SHANGHAI).replace(second=0, microsecond=0)
    day = shape.at.date() if isinstance(shape.at, datetime) else shape.at
    hour = shape.at.time() if isinstance(shape.at, datetime) else None
    if not shape.inclusive:
        return local.date() < day if hour is None else local < due_moment(shape)
    return on_time(local, due_on=day, due_at=hour)


def status_grid(
    session: Session,
    *,
    round_id: str,
    now: datetime,
    actor: Actor,
    handed: Iterable[Handed] | None = None,
) -> pl.DataFrame:
    """Return unit × deadline × item with its state (`DEADLINES`).

    Of several versions the first one that was not returned says whether it was on time: a correction that is asked
    for later does not make a unit late, one that replaces a returned version does. Where the last one went back
    nothing stands.

    Args:
        session: A session on the ledger.
        round_id: The round.
        now: When it is asked.
        actor: Sees his units.
        handed: What was handed in; the packages on record by default.
    """
    told = handed_in(session, round_id) if handed is None else handed
    rows = [row for row, _ in grid_rows(session, round_id, now=now, actor=actor, handed=told)]
    return pl.DataFrame(rows, schema=DEADLINES, orient="row")


def grid_rows(
    session: Session, round_id: str, *, now: datetime, actor: Actor, handed: Iterable[Handed]
) -> Iterator[tuple[dict[str, object], list[Handed]]]:
    """Yield every row of the grid with the versions behind it, deadline by deadline, the units in their order."""
    came: dict[tuple[str, str, str], list[Handed]] = defaultdict(list)
    for one in handed:
        came[one.unit_id, one.clause_id, one.item].append(one)
    units = _units(session, round_id, actor)
    for clause, shape in policy_of(session, round_id).of_shape(Deadline):
        for unit_id, unit in units:
            for item in items_of(shape):
                versions = came[unit_id, clause.id, item]
                yield {"unit_id": unit_id, "unit": unit, **_row(clause, shape, item, versions, now)}, versions


def _row(clause: Clause, shape: Deadline, item: str, versions: list[Handed], now: datetime) -> dict[str, object]:
    due = due_moment(shape)
    went_back = bool(versions) and versions[-1].returned
    standing = [] if went_back else [one for one in versions if not one.returned]
    first = standing[0].at.astimezone(SHANGHAI) if standing else None
    if first is not None:
        state = "in" if is_on_time(first, shape) else "late"
    elif is_on_time(now, shape):
        state = "returned" if versions else "missing"
    else:
        state = "overdue"
    late = None if first is None else 0 if state == "in" else int((first - due).total_seconds() // 60)
    return {
        "clause_id": clause.id,
        "receiver": shape.receiver,
        "due_at": due,
        "item": item,
        "state": state,
        "received_at": first,
        "versions": len(versions),
        "late_minutes": late,
    }


def _units(session: Session, round_id: str, actor: Actor) -> list[tuple[str, str]]:
    taking_part = set(session.exec(select(RoundUnit.unit_id).where(RoundUnit.round_id == round_id)))
    query = select(Unit.unit_id, Unit.name).order_by(col(Unit.order), col(Unit.unit_id))
    return [
        (unit_id, name)
        for unit_id, name in session.exec(query)
        if (not taking_part or unit_id in taking_part) and actor.may_see(unit_id)
    ]


def outstanding(grid: pl.DataFrame) -> pl.DataFrame:
    """Return who still has to hand something in: unit, deadline, what is lacking (催报名单)."""
    open_rows = grid.filter(pl.col("state").is_in(["missing", "overdue", "returned"]))
    return open_rows.group_by("unit_id", "unit", "clause_id", "due_at", maintain_order=True).agg(pl.col("item"))


def next_due(session: Session, round_id: str, today: date) -> list[tuple[str, datetime, str]]:
    """Return the deadlines from today on: clause, moment, receiver."""
    found = [(c.id, due_moment(s), s.receiver) for c, s in policy_of(session, round_id).of_shape(Deadline)]
    return sorted((row for row in found if row[1].date() >= today), key=lambda row: row[1])
