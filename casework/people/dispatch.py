"""下发: one 填报模板 per unit, all of them in one archive, the same bytes for the same places."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlmodel import Session, col, select

from casework.access import Actor
from casework.adoption import in_force
from casework.archives import archive, file_name
from casework.intake.template import form_title, template
from casework.ledger import policy_of
from casework.ledger.rounds import units_of
from casework.models import Unit
from casework.people.filled import unit_rows
from casework.problems import Refused
from casework.vocabulary import Act


def templates_zip(session: Session, *, round_id: str, actor: Actor, on: date, filled: bool = False) -> bytes:
    """Return the workbooks of the round's units as .zip; each is named 单位_表名_日期.xlsx.

    Places are those of the 名额方案 in force; before one is adopted the workbooks say 名额：未定 and offer every
    category.

    Args:
        session: A session on the ledger.
        round_id: The round.
        actor: Gets the units of his own.
        on: The day in the names and in the archive.
        filled: With the people each unit has in the ledger (`people.filled`); else empty.

    Raises:
        Refused: `no_units`.
    """
    units = _units(session, round_id, actor)
    if not units:
        raise Refused("no_units", "这一轮还没有您范围内的单位，请先导入单位名册")
    return archive(_workbooks(session, round_id, units, on=on, filled=filled), on=on)


def unit_template(  # noqa: PLR0913 - whose, of which round, when
    session: Session, *, round_id: str, unit_id: str, actor: Actor, on: date, filled: bool = False
) -> tuple[str, bytes]:
    """Return the name and the bytes of one unit's workbook, as `templates_zip` has it.

    Raises:
        Refused: `not_found`: no such unit in the round, or not within the actor's units.
    """
    units = [unit for unit in _units(session, round_id, actor) if unit.unit_id == unit_id]
    if not units:
        raise Refused("not_found", "这一轮没有这个单位，或不在您的单位范围内")
    return _workbooks(session, round_id, units, on=on, filled=filled)[0]


def _units(session: Session, round_id: str, actor: Actor) -> list[Unit]:
    listed = set(units_of(session, round_id))  # none: the round speaks to every unit
    known = session.exec(select(Unit).order_by(col(Unit.order), col(Unit.unit_id))).all()
    return [unit for unit in known if actor.may_see(unit.unit_id) and (not listed or unit.unit_id in listed)]


def _workbooks(
    session: Session, round_id: str, units: Sequence[Unit], *, on: date, filled: bool
) -> list[tuple[str, bytes]]:
    policy, places = policy_of(session, round_id), places_by_unit(session, round_id)
    title = form_title(policy)
    files = []
    for unit in units:
        told = {"unit_id": unit.unit_id, "name": unit.name}
        name = file_name(unit.name, title, on=on, suffix="xlsx")
        people = unit_rows(session, policy=policy, round_id=round_id, unit_id=unit.unit_id, on=on) if filled else ()
        files.append((name, template(policy, told, places.get(unit.unit_id, {}), people)))
    return files


def places_by_unit(session: Session, round_id: str) -> dict[str, dict[str, int | None]]:
    """Return unit → category → places of the adopted plan, None for 据实; empty before one is adopted."""
    adopted = in_force(session, round_id, Act.PLACES)
    found: dict[str, dict[str, int | None]] = {}
    for row in adopted.numbers["plan"] if adopted else ():
        count = None if row["open"] else row["places"]
        if count is None or count > 0:
            found.setdefault(row["unit_id"], {})[row["category"]] = count
    return found
