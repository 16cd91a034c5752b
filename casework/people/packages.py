"""收表: what each unit hands in, ticked when it comes, sent back with a reason, and ticked again; nothing is forgotten.

A tick is one item of one unit (电子版, 签字, 公章, 扫描件 …). Several are carried out by one command, each with its own
result: one unit whose row has changed meanwhile holds nobody else up.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Engine, func
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.dates import SHANGHAI, chinese
from casework.frames import PACKAGE_GRID
from casework.ledger import Result, Work, execute, open_round_of, policy_of
from casework.models import Unit
from casework.models_people import Attachment, AttachmentWithdrawal, UnitPackage
from casework.people.attachments import within
from casework.people.deadlines import Handed, grid_rows, handed_in, is_on_time, items_of
from casework.problems import Conflict, Refused
from casework.shapes.procedure import Deadline


@dataclass(frozen=True, order=True)
class Tick:
    """One item of one unit.

    Attributes:
        clause_id: The deadline it belongs to.
        item: As the deadline names it.
        seen: The number of the latest version its author has seen; 0: nothing had come.
    """

    unit_id: str
    clause_id: str
    item: str
    seen: int


def package_grid(session: Session, *, round_id: str, actor: Actor, now: datetime) -> pl.DataFrame:
    """Return unit × item: which version, when, by whom, late or not.

    Args:
        session: A session on the ledger.
        round_id: The round.
        actor: Sees his units.
        now: When it is asked: what is not in by then is missing, or overdue.

    Returns:
        `frames.PACKAGE_GRID`, deadline by deadline, the units in 机构顺序.
    """
    scans = _scans(session, round_id)
    rows = []
    for row, versions in grid_rows(session, round_id, now=now, actor=actor, handed=handed_in(session, round_id)):
        last = versions[-1] if versions else None
        rows.append(
            {name: row.get(name) for name in PACKAGE_GRID}
            | {
                "number": latest_number(versions),
                "received_at": last.at.astimezone(SHANGHAI) if last else None,
                "received_by": last.by if last else None,
                "electronic": bool(last and last.import_id),
                "reason": last.reason if last and last.returned else None,
                "scans": sum(scans.get(one.package_id, 0) for one in versions),
            }
        )
    return pl.DataFrame(rows, schema=PACKAGE_GRID, orient="row")


def latest_number(versions: Sequence[Handed]) -> int:
    """Return the number of the latest version, 0 for none; it never goes down while packages come and go."""
    return max(len(versions), *(one.number for one in versions), 0)


def _scans(session: Session, round_id: str) -> dict[str, int]:
    query = (
        select(Attachment.about, func.count())
        .where(
            Attachment.round_id == round_id,
            Attachment.purpose == "package",
            col(Attachment.attachment_id).not_in(select(AttachmentWithdrawal.attachment_id)),
        )
        .group_by(col(Attachment.about))
    )
    return {about: count for about, count in session.exec(query) if about}


# -- commands --------------------------------------------------------------------------------------------------------


def receive_package(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    round_id: str,
    ticks: Iterable[Tick],
    actor: Actor,
    now: datetime,
    key: str,
    received_at: datetime | None = None,
) -> Result:
    """Tick what came in: of one unit or several, one item or all.

    Args:
        engine: The ledger.
        round_id: The round.
        ticks: What came; coming again makes the next version.
        actor: Who takes it in, for units of his own.
        now: When it is entered.
        key: Idempotency key.
        received_at: When it came, where it is entered later; with its zone.

    Returns:
        `{"results": [{"unit_id", "unit", "clause_id", "item", "number", "package_id", "late", "refused"}]}`, one for
        each tick: `refused` is the sentence where it was not taken, and nothing else is set.

    Raises:
        Refused: `nothing`, `future`, `closed`; and where no tick at all could be taken, what the first one met:
            `not_found`, `not_asked`, `before`.
        Conflict: `stale`, likewise.
    """
    came = received_at or now
    if came.tzinfo is None:
        raise TypeError("a time without a zone")
    if came > now:
        raise Refused("future", "收到的时间还没有到，请核对")
    wanted = _wanted(ticks)
    terms: dict[str, Deadline] = {}

    def take(work: Work, tick: Tick, versions: list[Handed]) -> Result:
        if versions and came < versions[-1].at:
            raise Refused("before", f"收到时间早于上一版（{_moment(versions[-1].at)}），请核对")
        number = latest_number(versions) + 1
        package = UnitPackage(
            package_id=uuid.uuid5(
                uuid.NAMESPACE_OID, f"{round_id}/{key}/{tick.unit_id}/{tick.clause_id}/{tick.item}"
            ).hex,
            round_id=round_id,
            unit_id=tick.unit_id,
            clause_id=tick.clause_id,
            deliverable=tick.item,
            number=number,
            received_at=came,
            received_by=work.actor.id,
            state="received",
        )
        work.add(package)
        late = not is_on_time(came, terms[tick.clause_id])
        return {"number": number, "package_id": package.package_id, "late": late}

    return _carry(
        engine,
        "receive_package",
        round_id=round_id,
        wanted=wanted,
        deed=take,
        terms=terms,
        request={"at": came.isoformat()} if received_at else {},
        command={"actor": actor, "now": now, "key": key},
    )


def return_package(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    round_id: str,
    ticks: Iterable[Tick],
    reason: str,
    actor: Actor,
    now: datetime,
    key: str,
) -> Result:
    """Send back what came in, with the reason the unit reads; the version stays on record.

    An imported sheet can be sent back as well: its rows stay until the unit's next sheet replaces them.

    Args:
        engine: The ledger.
        round_id: The round.
        ticks: What goes back: the version seen.
        reason: Why.
        actor: Who sends it back, for units of his own.
        now: When.
        key: Idempotency key.

    Returns:
        As `receive_package`; `number` is the version that went back.

    Raises:
        Refused: `nothing`, `no_reason`, `closed`; and where no tick at all could be taken: `not_found`, `not_asked`,
            `not_in` (nothing has come), `returned` (it went back already).
        Conflict: `stale`, likewise.
    """
    if not reason.strip():
        raise Refused("no_reason", "退回要写明理由，单位才知道改什么")
    told = reason.strip()

    def send_back(work: Work, tick: Tick, versions: list[Handed]) -> Result:
        if not versions:
            raise Refused("not_in", f"还没有收到“{tick.item}”，不能退回")
        last, number = versions[-1], latest_number(versions)
        if last.returned:
            raise Refused("returned", f"“{tick.item}”第 {number} 版已经退回，等重报")
        told_of = {"state": "returned", "reason": told, "returned_at": work.now, "returned_by": work.actor.id}
        if not last.package_id:
            work.add(_row_of_import(round_id, tick, last, number, told_of))
            return {"number": number, "package_id": last.import_id, "late": None}
        work.change(UnitPackage, last.package_id, expected_version=last.version, **told_of)
        return {"number": number, "package_id": last.package_id, "late": None}

    return _carry(
        engine,
        "return_package",
        round_id=round_id,
        wanted=_wanted(ticks),
        deed=send_back,
        terms={},
        request={"reason": told},
        command={"actor": actor, "now": now, "key": key},
    )


def _row_of_import(round_id: str, tick: Tick, sheet: Handed, number: int, told: Mapping[str, Any]) -> UnitPackage:
    return UnitPackage(
        package_id=sheet.import_id,
        round_id=round_id,
        unit_id=tick.unit_id,
        clause_id=tick.clause_id,
        deliverable=tick.item,
        number=number,
        received_at=sheet.at,
        received_by=sheet.by,
        **told,
    )


def _wanted(ticks: Iterable[Tick]) -> list[Tick]:
    wanted = list(dict.fromkeys(ticks))
    if not wanted:
        raise Refused("nothing", "请先勾选单位和材料")
    return wanted


def _carry(  # noqa: PLR0913 - what both commands share
    engine: Engine,
    action: str,
    *,
    round_id: str,
    wanted: list[Tick],
    deed: Callable[[Work, Tick, list[Handed]], Result],
    terms: dict[str, Deadline],
    request: Mapping[str, object],
    command: Mapping[str, Any],
) -> Result:
    """Carry every tick out that can be; where none can, refuse with the first one's reason."""

    def body(work: Work) -> Result:
        session = work.session
        open_round_of(work, round_id)
        terms.update({clause.id: shape for clause, shape in policy_of(session, round_id).of_shape(Deadline)})
        came: dict[tuple[str, str, str], list[Handed]] = {}
        for one in handed_in(session, round_id):
            came.setdefault((one.unit_id, one.clause_id, one.item), []).append(one)
        results, refusals = [], []
        for tick in wanted:
            told = {"unit_id": tick.unit_id, "unit": None, "clause_id": tick.clause_id, "item": tick.item}
            told |= {"number": None, "package_id": None, "late": None, "refused": None}
            versions = came.setdefault((tick.unit_id, tick.clause_id, tick.item), [])
            try:
                within(session, work.actor, round_id, tick.unit_id)
                told["unit"] = session.get_one(Unit, tick.unit_id).name
                _refuse_unasked(terms, tick)
                _refuse_stale(tick, versions)
                told |= deed(work, tick, versions)
            except Refused as refused:
                refusals.append(refused)
                told["refused"] = refused.sentence
            results.append(told)
        if len(refusals) == len(wanted):
            raise refusals[0]
        return {"results": results}

    asked = {"ticks": [[tick.unit_id, tick.clause_id, tick.item, tick.seen] for tick in wanted]}
    subject = f"round:{round_id}"
    return execute(engine, action=action, subject=subject, request={**asked, **request}, body=body, **command)


def _refuse_unasked(terms: Mapping[str, Deadline], tick: Tick) -> None:
    items = items_of(terms[tick.clause_id]) if tick.clause_id in terms else []
    if tick.item not in items:
        raise Refused("not_asked", f"通知没有要求报送“{tick.item}”，要求的是：{'、'.join(items) or '（无）'}")


def _refuse_stale(tick: Tick, versions: list[Handed]) -> None:
    number = latest_number(versions)
    if number != tick.seen:
        last = versions[-1] if versions else None
        said = f"第 {number} 版已于{_moment(last.at)}登记" if last else "之前的登记已经撤销"
        raise Conflict("stale", f"“{tick.item}”{said}，您看到的是之前的情况，请刷新后再办")


def _moment(at: datetime) -> str:
    local = at.astimezone(SHANGHAI)
    return f"{chinese(local.date())}{local:%H:%M}"
