"""Adopting a scenario in two acts, withdrawing, and moving places between cells.

Adopting freezes version 0 of an act, *proposed*: 名额方案 needs no cases and opens nomination; 名单 freezes the facts
it saw. Until something is issued, published or paid under it, an adoption can be withdrawn with a reason.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.allocation import Allocation, Parameters
from casework.comparison import Assessed, unreasoned
from casework.facts import Facts
from casework.ledger import Result, Work, execute, facts, freeze, open_round_of, policy_of
from casework.models import Adoption, IssuedList, PlaceTransfer, Scenario
from casework.models_review import Notice
from casework.money import yuan
from casework.problems import NotAllowed, Refused
from casework.scenarios import assessed_round, parameters_of
from casework.vocabulary import Act, ScenarioState

IN_FORCE = "proposed"
"""The state of an adoption until a meeting makes it official (`casework.review`) or it is withdrawn."""


def fingerprint(content: object) -> str:
    """Return the SHA-256 of canonical JSON."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def numbers(result: Allocation) -> dict[str, Any]:
    """Return what an adoption freezes: the plan, the totals, the fund, and for a list who gets what."""
    return {
        "plan": result.plan.to_dicts(),
        "totals": result.totals,
        "fund_fen": result.fund_fen,
        "balance_fen": result.balance_fen,
        "awards": result.awards.drop("to_verify").to_dicts(),
        "reserve": result.reserve.select("case_id", "unit_id", "category", "order", "reason", "route").to_dicts(),
        "exceptions": result.exceptions.to_dicts(),
    }


def adopt(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    scenario_id: str,
    act: Act,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> Result:
    """Adopt a scenario as the plan of places, or as the list of people.

    The result is computed here from the ledger, never taken from a page.

    Returns:
        `{"adoption_id", "fingerprint", "version"}`.

    Raises:
        Refused: `over_budget`, `tie`, `short`, `no_reason`, `no_places_plan` (a list needs the adopted places),
            `other_places` (its places are not the adopted ones), `no_people`, `in_force` (withdraw that first).
        Infeasible: The scenario contradicts the circular.
        NotAllowed: The actor sees only some units.
        Conflict: `stale`.
    """
    if actor.units is not None:
        raise NotAllowed("scope", "确定方案涉及全部单位，您的单位范围不包括全部单位")

    def body(work: Work) -> Result:
        session = work.session
        scenario = work.get(Scenario, scenario_id, missing="没有这个方案")
        opened = open_round_of(work, scenario.round_id)
        earlier = in_force(session, scenario.round_id, act)
        if earlier is not None:
            raise Refused("in_force", f"已有正式的{act.label}，须先撤回并说明理由")
        known = facts(session, round_id=scenario.round_id, as_of=opened.as_of)
        parameters = parameters_of(scenario)
        if act is Act.PLACES:
            known = known.replace(cases=[], rulings=[])
        result = Assessed.of(known, policy_of(session, scenario.round_id)).allocate(parameters)
        _refuse_unsettled(result, act)
        snapshot = None
        if act is Act.LIST:
            _refuse_other_places(session, scenario, result, known)
            snapshot = freeze(session, known, actor=actor, now=now)
            work.note_digest("snapshot", snapshot)
        frozen = numbers(result)
        print_ = fingerprint({"act": act.value, "numbers": frozen, "parameters": scenario.parameters})
        adoption = Adoption(
            adoption_id=uuid.uuid5(uuid.NAMESPACE_OID, f"{scenario.round_id}/{key}").hex[:12],
            round_id=scenario.round_id,
            act=act.value,
            number=0,
            scenario_id=scenario_id,
            snapshot_hash=snapshot,
            state=IN_FORCE,
            fingerprint=print_,
            numbers=frozen,
            adopted_by=actor.id,
            adopted_at=now,
        )
        work.change(
            Scenario,
            scenario_id,
            expected_version=expected_version,
            state=ScenarioState.ADOPTED.value,
            snapshot_hash=snapshot,
            result_fingerprint=print_,
        )
        work.add(adoption)
        return {"adoption_id": adoption.adoption_id, "fingerprint": print_, "version": adoption.version}

    return execute(
        engine,
        action=f"adopt_{act.value}",
        actor=actor,
        now=now,
        key=key,
        subject=f"scenario:{scenario_id}",
        request={"act": act.value, "expected": expected_version},
        body=body,
    )


def in_force(session: Session, round_id: str, act: Act) -> Adoption | None:
    """Return the adoption of an act that holds, or None."""
    rows = select(Adoption).where(
        Adoption.round_id == round_id, Adoption.act == act.value, Adoption.state != ScenarioState.WITHDRAWN.value
    )
    return session.exec(rows.order_by(col(Adoption.number).desc())).first()


def withdraw_adoption(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    adoption_id: str,
    reason: str,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> Result:
    """Withdraw an adoption nothing has come of yet.

    Raises:
        Refused: `no_reason`, `withdrawn`, `official` (a meeting decided it), `published`, `issued` (something left
            the office: from then on only a change), `list_in_force` (places under an adopted list).
        Conflict: `stale`.
    """
    if not reason.strip():
        raise Refused("no_reason", "请写明撤回的理由")

    def body(work: Work) -> Result:
        session = work.session
        adoption = work.get(Adoption, adoption_id, missing="没有这个正式方案")
        open_round_of(work, adoption.round_id)
        if adoption.state == ScenarioState.WITHDRAWN.value:
            raise Refused("withdrawn", "这个方案已经撤回")
        if adoption.state == "official":
            raise Refused("official", "名单已经会议研究确定，不能撤回，只能补充研究后办理变更")
        if session.exec(select(Notice).where(Notice.adoption_id == adoption_id)).first() is not None:
            raise Refused("published", "已按这份名单公示，不能撤回，只能办理变更")
        if session.exec(select(IssuedList).where(IssuedList.adoption_id == adoption_id)).first() is not None:
            raise Refused("issued", "已按这个方案印发名单，不能撤回，只能办理变更")
        if adoption.act == Act.PLACES.value and in_force(session, adoption.round_id, Act.LIST) is not None:
            raise Refused("list_in_force", "名单已按这个名额方案确定，须先撤回名单")
        gone = work.change(
            Adoption,
            adoption_id,
            expected_version=expected_version,
            state=ScenarioState.WITHDRAWN.value,
            reason=reason.strip(),
        )
        scenario = work.get(Scenario, adoption.scenario_id)
        others = select(Adoption).where(
            Adoption.scenario_id == adoption.scenario_id,
            Adoption.adoption_id != adoption_id,
            Adoption.state != ScenarioState.WITHDRAWN.value,
        )
        if session.exec(others).first() is None:
            work.change(
                Scenario,
                scenario.scenario_id,
                expected_version=scenario.version,
                state=ScenarioState.DRAFT.value,
                result_fingerprint=None,
                snapshot_hash=None,
            )
        return {"adoption_id": adoption_id, "version": gone.version}

    return execute(
        engine,
        action="withdraw_adoption",
        actor=actor,
        now=now,
        key=key,
        subject=f"adoption:{adoption_id}",
        request={"reason": reason.strip(), "expected": expected_version},
        body=body,
    )


def transfers(session: Session, round_id: str) -> list[PlaceTransfer]:
    """Return the movements of places of a round, oldest first."""
    rows = select(PlaceTransfer).where(PlaceTransfer.round_id == round_id)
    return list(session.exec(rows.order_by(col(PlaceTransfer.made_at), col(PlaceTransfer.transfer_id))))


def effective_places(session: Session, round_id: str) -> dict[str, int] | None:
    """Return cell → places as adopted and since moved; None while no plan of places is in force."""
    adoption = in_force(session, round_id, Act.PLACES)
    if adoption is None:
        return None
    moved = [t for t in transfers(session, round_id) if t.adoption_id == adoption.adoption_id]
    if moved:
        return dict(moved[-1].after)
    rows = adoption.numbers["plan"]
    return {f"{row['unit_id']}|{row['category']}": row["places"] for row in rows if row["places"] is not None}


def move_places(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    round_id: str,
    from_cell: str,
    to_cell: str,
    places: int,
    reason: str,
    basis: str,
    actor: Actor,
    now: datetime,
    key: str,
) -> Result:
    """Move unused places between cells of the adopted plan (名额调剂), keeping the table before and after.

    Returns:
        `{"transfer_id", "places_from", "places_to"}`: the places left and reached.

    Raises:
        Refused: `no_places_plan`, `no_cell`, `same_cell`, `too_many` (more than the cell has unused), `no_reason`,
            `list_in_force`.
    """
    if not reason.strip() or not basis.strip():
        raise Refused("no_reason", "名额调剂要写明理由和依据")
    if places < 1:
        raise Refused("too_many", "调剂的名额要不少于 1 名")
    if from_cell == to_cell:
        raise Refused("same_cell", "调出和调入是同一处")

    def body(work: Work) -> Result:
        session = work.session
        open_round_of(work, round_id)
        adoption = in_force(session, round_id, Act.PLACES)
        if adoption is None:
            raise Refused("no_places_plan", "还没有正式的名额方案，直接改方案即可")
        if in_force(session, round_id, Act.LIST) is not None:
            raise Refused("list_in_force", "名单已确定，名额不再调剂")
        before = effective_places(session, round_id) or {}
        if from_cell not in before or to_cell not in before:
            raise Refused("no_cell", "通知没有给这个单位这一类名额")
        used = _used(assessed_round(session, round_id), before, from_cell)
        if places > before[from_cell] - used:
            raise Refused("too_many", f"调出方空余名额只有 {max(0, before[from_cell] - used)} 名")
        after = {**before, from_cell: before[from_cell] - places, to_cell: before[to_cell] + places}
        transfer = PlaceTransfer(
            transfer_id=uuid.uuid5(uuid.NAMESPACE_OID, f"{round_id}/{key}").hex[:12],
            round_id=round_id,
            adoption_id=adoption.adoption_id,
            from_cell=from_cell,
            to_cell=to_cell,
            places=places,
            reason=reason.strip(),
            basis=basis.strip(),
            before=before,
            after=after,
            made_by=actor.id,
            made_at=now,
        )
        work.add(transfer)
        return {"transfer_id": transfer.transfer_id, "places_from": after[from_cell], "places_to": after[to_cell]}

    return execute(
        engine,
        action="move_places",
        actor=actor,
        now=now,
        key=key,
        subject=f"round:{round_id}",
        request={"from": from_cell, "to": to_cell, "places": places, "reason": reason, "basis": basis},
        body=body,
    )


def _used(assessed: Assessed, places: dict[str, int], cell: str) -> int:
    result = assessed.allocate(Parameters(places=places))
    unit_id, _, category = cell.rpartition("|")
    return result.awards.filter((pl.col("unit_id") == unit_id) & (pl.col("category") == category)).height


def _refuse_unsettled(result: Allocation, act: Act) -> None:
    if result.balance_fen is not None and result.balance_fen < 0:
        raise Refused("over_budget", f"方案超出资金 {yuan(-result.balance_fen)} 元，不能确定为正式方案")
    if result.plan.filter(pl.col("places").is_null() & ~pl.col("open")).height:
        raise Refused("unknown_places", "有单位的党员人数未填，名额算不出来，请先在单位名录中补上")
    cells = unreasoned(result)
    if cells:
        raise Refused("no_reason", f"有 {len(cells)} 处名额超出通知规定而没有写明理由和决定人")
    if act is Act.PLACES:
        return
    if result.ties:
        raise Refused("tie", f"名额线上还有 {len(result.ties)} 处并列，须集体研究或抽签后登记结果")
    if result.totals["short_fen"]:
        raise Refused("short", f"资金不足，缺 {yuan(result.totals['short_fen'])} 元，名单不能确定")
    if result.awards.is_empty():
        raise Refused("no_people", "名单上还没有人")


def _refuse_other_places(session: Session, scenario: Scenario, result: Allocation, known: Facts) -> None:
    adopted = effective_places(session, scenario.round_id)
    if adopted is None:
        raise Refused("no_places_plan", "须先确定名额方案，再确定名单")
    rows = result.plan.filter(pl.col("places").is_not_null())
    mine = dict(rows.select(pl.concat_str("unit_id", "category", separator="|"), "places").iter_rows())
    if mine != adopted:
        names = dict(known.units.select("unit_id", "name").iter_rows())
        cells = [cell for cell in {**mine, **adopted} if mine.get(cell) != adopted.get(cell)]
        units = "、".join(dict.fromkeys(names.get(cell.rpartition("|")[0], "") for cell in cells))
        raise Refused("other_places", f"这个方案的名额与正式名额方案不一致（{units}），请按正式名额另存一个方案")
