"""随机抽查核实: a draw anybody can repeat from the printed seed, and findings only a person makes.

Source: 建始 五 2: 慰问活动结束后，县委组织部将随机抽查核实 (JS-5.2.4).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime

import polars as pl
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.frames import Schema
from casework.ledger import Result, Work, execute, open_round_of
from casework.models import Case
from casework.models_payment import FINDING_RESULTS, Inspection, InspectionFinding
from casework.payment.common import names_of, new_id, official_list, refuse_future, unit_names, whole_round
from casework.problems import Refused

DRAWN: Schema = {
    "order": pl.Int64,
    "case_id": pl.String,
    "name": pl.String,
    "unit_id": pl.String,
    "unit": pl.String,
    "result": pl.String,  # one of FINDING_RESULTS; null: not yet looked into
    "body": pl.String,
    "checked_on": pl.Date,
}


def draw(population: Sequence[str], *, seed: str, size: int) -> list[str]:
    """Return `size` of the population, drawn by the seed.

    Each is given the SHA-256 of "seed|id", and those with the smallest are drawn, in that order. So the draw depends
    on the seed and on who is in the population alone, neither on their order nor on a version of this program, and
    can be done again with any tool; a larger draw of the same seed begins with the smaller one.

    Args:
        population: Ids, each once.
        seed: As printed, e.g. "20200210".
        size: At least 1, at most everybody.

    Raises:
        Refused: `no_seed`, `bad_size`, saying the bounds.

    >>> draw(["a", "b", "c", "d"], seed="20200210", size=2) == draw(["d", "c", "b", "a"], seed="20200210", size=2)
    True
    """
    if not seed.strip():
        raise Refused("no_seed", "抽查要写明随机种子，例如抽查日期 20200210，凭它可以重新抽出同样的人")
    everybody = sorted(set(population))
    if not 1 <= size <= len(everybody):
        raise Refused("bad_size", f"抽查人数要在 1 到 {len(everybody)} 之间，读到 {size}")
    return sorted(everybody, key=lambda one: hashlib.sha256(f"{seed.strip()}|{one}".encode()).hexdigest())[:size]


def draw_inspection(  # noqa: PLR0913 - as every command
    engine: Engine, *, round_id: str, seed: str, size: int, on: date, actor: Actor, now: datetime, key: str
) -> Result:
    """Draw a random inspection from everybody on the decided list, and keep seed, size and population.

    Returns:
        `{"inspection_id", "drawn", "population"}`.

    Raises:
        Refused: `no_official_list`, `no_seed`, `bad_size`, `future`, `drawn` (the same seed and size were drawn
            already), `closed`.
        NotAllowed: `scope`.
    """
    whole_round(actor)
    refuse_future(on, now, "抽查")

    def deed(work: Work) -> Result:
        open_round_of(work, round_id)
        current = official_list(work.session, round_id)
        population = sorted(row["case_id"] for row in current.numbers["awards"])
        drawn = draw(population, seed=seed, size=size)
        row = Inspection(
            inspection_id=new_id(round_id, "inspection", seed.strip(), size, current.fingerprint),
            round_id=round_id,
            seed=seed.strip(),
            size=size,
            population=population,
            drawn=drawn,
            on=on,
            drawn_by=actor.id,
            drawn_at=work.now,
        )
        if work.session.get(Inspection, row.inspection_id) is not None:
            raise Refused("drawn", "用这个种子和人数已经抽过，结果见已有的抽查")
        work.add(row)
        return {"inspection_id": row.inspection_id, "drawn": drawn, "population": len(population)}

    return execute(
        engine,
        action="draw_inspection",
        actor=actor,
        now=now,
        key=key,
        subject=f"round:{round_id}",
        request={"seed": seed, "size": size, "on": on},
        body=deed,
    )


def record_finding(  # noqa: PLR0913 - what a finding is
    engine: Engine,
    *,
    inspection_id: str,
    case_id: str,
    result: str,
    body: str,
    on: date,
    actor: Actor,
    now: datetime,
    key: str,
    basis: str = "",
    responsible: str = "",
    outcome: str = "",
) -> Result:
    """Record what a person found about one of those drawn; nothing is ever found by the program.

    Args:
        engine: The ledger.
        inspection_id: The inspection.
        case_id: One of those drawn.
        result: One of `FINDING_RESULTS`.
        body: Who looked into it.
        on: The day.
        actor: Who enters it.
        now: When.
        key: Idempotency key.
        basis: On what; needed where something is irregular.
        responsible: Who is held responsible.
        outcome: What was done about it.

    Returns:
        `{"finding_id"}`.

    Raises:
        Refused: `no_body`, `no_basis`, `bad_result`, `future`, `not_found`, `not_drawn`, `closed`.
        NotAllowed: `scope`.
    """
    whole_round(actor)
    if result not in FINDING_RESULTS:
        raise Refused("bad_result", "请选无问题或有问题")
    if not body.strip():
        raise Refused("no_body", "请写明由谁核查")
    if result != "in_order" and not basis.strip():
        raise Refused("no_basis", "有问题的要写明依据")
    refuse_future(on, now, "核查")

    def deed(work: Work) -> Result:
        inspection = work.get(Inspection, inspection_id, missing="没有这次抽查")
        open_round_of(work, inspection.round_id)
        if case_id not in inspection.drawn:
            raise Refused("not_drawn", "这个人不在这次抽查之列")
        row = InspectionFinding(
            finding_id=new_id(inspection_id, case_id, key),
            inspection_id=inspection_id,
            case_id=case_id,
            result=result,
            body=body.strip(),
            on=on,
            basis=basis.strip(),
            responsible=responsible.strip(),
            outcome=outcome.strip(),
            recorded_by=actor.id,
            recorded_at=work.now,
        )
        work.add(row)
        return {"finding_id": row.finding_id}

    request = {"case": case_id, "result": result, "body": body, "on": on, "basis": basis}
    return execute(
        engine,
        action="record_finding",
        actor=actor,
        now=now,
        key=key,
        subject=f"inspection:{inspection_id}",
        request={**request, "responsible": responsible, "outcome": outcome},
        body=deed,
    )


def inspections(session: Session, round_id: str) -> list[Inspection]:
    """Return the inspections of a round, the latest first."""
    query = select(Inspection).where(Inspection.round_id == round_id)
    return list(session.exec(query.order_by(col(Inspection.drawn_at).desc())))


def drawn_frame(session: Session, *, inspection_id: str, actor: Actor) -> pl.DataFrame:
    """Return those drawn, in the order of the draw, with the latest finding on each (`DRAWN`).

    Raises:
        Refused: `not_found`.
        NotAllowed: `scope`.
    """
    whole_round(actor)
    inspection = session.get(Inspection, inspection_id)
    if inspection is None:
        raise Refused("not_found", "没有这次抽查")
    names, units = names_of(session, inspection.drawn), unit_names(session)
    of = dict(session.exec(select(Case.case_id, Case.unit_id).where(Case.round_id == inspection.round_id)).all())
    query = select(InspectionFinding).where(InspectionFinding.inspection_id == inspection_id)
    latest = {row.case_id: row for row in session.exec(query.order_by(col(InspectionFinding.recorded_at)))}
    rows = []
    for order, case_id in enumerate(inspection.drawn, start=1):
        finding = latest.get(case_id)
        rows.append(
            {
                "order": order,
                "case_id": case_id,
                "name": names[case_id],
                "unit_id": of[case_id],
                "unit": units.get(of[case_id]),
                "result": finding.result if finding else None,
                "body": finding.body if finding else None,
                "checked_on": finding.on if finding else None,
            }
        )
    return pl.DataFrame(rows, schema=DRAWN, orient="row")
