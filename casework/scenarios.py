"""Scenarios on the ledger: named parameter sets over a round, saved, found and read back."""

from __future__ import annotations

import json
import uuid
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.allocation import Parameters
from casework.comparison import Assessed
from casework.ledger import Result, Work, execute, facts, open_round_of, policy_of
from casework.models import Round, Scenario
from casework.problems import Refused
from casework.vocabulary import ScenarioState


def save_scenario(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    round_id: str,
    name: str,
    parameters: Parameters,
    actor: Actor,
    now: datetime,
    key: str,
    scenario_id: str = "",
    expected_version: int | None = None,
) -> Result:
    """Save a scenario under a name, new or over one's own draft.

    Returns:
        `{"scenario_id", "version"}`.

    Raises:
        Refused: `no_name`, `exists`, `closed`, `adopted` (an adopted scenario is no longer changed).
        Conflict: `stale`.
    """
    title = name.strip()
    if not title:
        raise Refused("no_name", "请先给方案起个名字")
    content = json.loads(parameters.to_json())

    def body(work: Work) -> Result:
        open_round_of(work, round_id)
        same = work.session.exec(select(Scenario).where(Scenario.round_id == round_id, Scenario.name == title)).first()
        if same is not None and same.scenario_id != scenario_id:
            raise Refused("exists", f"已有名为“{title}”的方案，请换一个名字")
        if scenario_id:
            _draft(work, scenario_id)
            assert expected_version is not None
            saved = work.change(
                Scenario, scenario_id, expected_version=expected_version, name=title, parameters=content
            )
        else:
            saved = Scenario(
                scenario_id=uuid.uuid5(uuid.NAMESPACE_OID, f"{round_id}/{key}").hex[:12],
                round_id=round_id,
                name=title,
                state=ScenarioState.DRAFT.value,
                parameters=content,
                created_by=actor.id,
                created_at=now,
            )
            work.add(saved)
        return {"scenario_id": saved.scenario_id, "version": saved.version}

    return execute(
        engine,
        action="save_scenario",
        actor=actor,
        now=now,
        key=key,
        subject=f"round:{round_id}",
        request={"name": title, "parameters": content, "scenario_id": scenario_id, "expected": expected_version},
        body=body,
    )


def scenarios(session: Session, round_id: str) -> list[Scenario]:
    """Return the scenarios of a round in the order they were made."""
    rows = select(Scenario).where(Scenario.round_id == round_id)
    return list(session.exec(rows.order_by(col(Scenario.created_at), col(Scenario.scenario_id))))


def find_scenario(session: Session, round_id: str, name_or_id: str) -> Scenario:
    """Return a scenario by its name or id.

    Raises:
        Refused: `not_found`.
    """
    for scenario in scenarios(session, round_id):
        if name_or_id in (scenario.scenario_id, scenario.name):
            return scenario
    names = "、".join(scenario.name for scenario in scenarios(session, round_id)) or "（无）"
    raise Refused("not_found", f"没有名为“{name_or_id}”的方案，现有：{names}")


def parameters_of(scenario: Scenario) -> Parameters:
    """Return the parameters a scenario holds."""
    return Parameters.from_json(json.dumps(scenario.parameters))


def assessed_round(session: Session, round_id: str) -> Assessed:
    """Return the facts of a round as of its own day, assessed under its own copy of the circular."""
    opened = session.get(Round, round_id)
    if opened is None:
        raise Refused("not_found", f"没有编号为 {round_id} 的一轮")
    known = facts(session, round_id=round_id, as_of=opened.as_of)
    return Assessed.of(known, policy_of(session, round_id))


def _draft(work: Work, scenario_id: str) -> Scenario:
    scenario = work.get(Scenario, scenario_id, missing="没有这个方案")
    if scenario.state == ScenarioState.ADOPTED.value:
        raise Refused("adopted", f"“{scenario.name}”已是正式方案，不能再改；可另存为新方案")
    return scenario
