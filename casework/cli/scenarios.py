"""scenario list, save, diff, adopt, withdraw: named changes over a round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from casework.cli.allocating import settings_of
from casework.cli.chinese import ChineseTyper
from casework.cli.common import (
    Db,
    Json,
    OptionalRound,
    Settings,
    Usage,
    emit,
    ledger_url,
    looking,
    new_key,
    now,
    open_place,
    round_of,
)

if TYPE_CHECKING:
    from sqlmodel import Session

    from casework.allocation import Parameters
    from casework.vocabulary import Act

app = ChineseTyper(help="方案：保存、比较、确定、撤回。", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="方案", help="方案的名称或编号")]
ActOption = Annotated[str, typer.Option("--act", metavar="places|list", help="places 名额方案，list 名单")]

AS_WRITTEN = "通知原定"
"""The name under which the circular itself, without changes, is compared."""


@app.command("list", help="列出一轮的方案。")
def list_scenarios(round_id: OptionalRound = "", db: Db = "", as_json: Json = False) -> int:
    """List the scenarios of a round."""
    from casework.scenarios import scenarios
    from casework.vocabulary import ScenarioState

    with looking(db) as session:
        found = scenarios(session, round_of(session, round_id).round_id)
    rows = [
        {
            "id": scenario.scenario_id,
            "name": scenario.name,
            "state": ScenarioState(scenario.state).label,
            "created_at": scenario.created_at.isoformat(sep=" ", timespec="minutes")[:16],
            "version": scenario.version,
        }
        for scenario in found
    ]
    heads = {"id": "编号", "name": "名称", "state": "状态", "created_at": "保存时间", "version": "第几稿"}
    emit(rows, heads, as_json=as_json, nothing="还没有方案，用 casework scenario save 保存")
    return 0


@app.command("save", help="把改动保存为方案。")
def save(
    name: Name,
    settings: Settings = [],  # noqa: B006 - Typer reads it and changes nothing
    round_id: OptionalRound = "",
    replace: Annotated[bool, typer.Option("--replace", help="覆盖同名草稿")] = False,
    db: Db = "",
) -> int:
    """Save changes under a name."""
    from casework.access import LOCAL_OFFICER
    from casework.db import reading
    from casework.scenarios import assessed_round, save_scenario, scenarios

    engine = open_place(ledger_url(db), write=True)
    with reading(engine) as session:
        found = round_of(session, round_id)
        assessed = assessed_round(session, found.round_id)
        earlier = [one for one in scenarios(session, found.round_id) if replace and one.name == name.strip()]
    parameters = settings_of(assessed, settings)
    assessed.allocate(parameters)  # what contradicts the circular is refused before it has a name
    saved = save_scenario(
        engine,
        round_id=found.round_id,
        name=name,
        parameters=parameters,
        scenario_id=earlier[0].scenario_id if earlier else "",
        expected_version=earlier[0].version if earlier else None,
        actor=LOCAL_OFFICER,
        now=now(),
        key=new_key(),
    )
    typer.echo(f"已保存方案“{name.strip()}”（{saved['scenario_id']}）")
    return 0


@app.command("diff", help=f"比较两个方案：谁进、谁出、谁变额，各因哪一处改动；{AS_WRITTEN} 指通知本身。")
def diff(
    before: Annotated[str, typer.Argument(metavar="方案甲", help=f"名称、编号或“{AS_WRITTEN}”")],
    after: Annotated[str, typer.Argument(metavar="方案乙", help=f"名称、编号或“{AS_WRITTEN}”")],
    round_id: OptionalRound = "",
    db: Db = "",
    as_json: Json = False,
) -> int:
    """Compare two scenarios by name."""
    from casework.comparison import difference
    from casework.money import yuan
    from casework.scenarios import assessed_round
    from casework.vocabulary import Reason

    with looking(db) as session:
        found = round_of(session, round_id).round_id
        old, new = (_parameters(session, found, one) for one in (before, after))
        assessed = assessed_round(session, found)
    facts = assessed.facts
    names = dict(facts.people.select("person_id", "name").iter_rows())
    units = dict(facts.units.select("unit_id", "name").iter_rows())
    labels = {category.id: category.label for category in assessed.policy.categories}
    rows: list[dict[str, Any]] = []
    for row in difference(assessed, assessed, old, new).iter_rows(named=True):
        shown: dict[str, Any] = {
            **row,
            "unit": units.get(row["unit_id"]),
            "name": names.get(row["person_id"]),
        }
        if not as_json:
            shown |= {
                "kind": {"in": "进", "out": "出", "amount": "变额"}[row["kind"]],
                "category": labels.get(row["category"]),
                "reason": Reason(row["reason"]).label if row["reason"] else None,
                **{f: None if row[f] is None else yuan(row[f]) for f in ("before_fen", "after_fen")},
            }
        rows.append(shown)
    heads = {
        "kind": "变化",
        "unit": "单位",
        "category": "类别",
        "name": "姓名",
        "before_fen": "原金额（元）",
        "after_fen": "现金额（元）",
        "reason": "未列入的原因",
        "cause": "因哪一处改动",
    }
    listed = {"case_id": "个案", **heads} if as_json else heads
    emit(rows, listed, as_json=as_json, nothing="两个方案对每个人的结果相同")
    return 0


def _parameters(session: Session, round_id: str, name: str) -> Parameters:
    from casework.allocation import Parameters
    from casework.scenarios import find_scenario, parameters_of

    return Parameters() if name == AS_WRITTEN else parameters_of(find_scenario(session, round_id, name))


def _act(word: str) -> Act:
    from casework.vocabulary import Act

    if word not in list(Act):
        raise Usage(f"--act 写 places（名额方案）或 list（名单），读到“{word}”")
    return Act(word)


@app.command("adopt", help="把方案确定为正式的名额方案或名单。")
def adopt(name: Name, act: ActOption = "places", round_id: OptionalRound = "", db: Db = "") -> int:
    """Adopt a scenario."""
    from casework.access import LOCAL_OFFICER
    from casework.adoption import adopt as adopt_scenario
    from casework.db import reading
    from casework.scenarios import find_scenario

    wanted = _act(act)
    engine = open_place(ledger_url(db), write=True)
    with reading(engine) as session:
        scenario = find_scenario(session, round_of(session, round_id).round_id, name)
    done = adopt_scenario(
        engine,
        scenario_id=scenario.scenario_id,
        act=wanted,
        expected_version=scenario.version,
        actor=LOCAL_OFFICER,
        now=now(),
        key=new_key(),
    )
    typer.echo(f"已将“{scenario.name}”确定为正式的{wanted.label}，校验码 {done['fingerprint'][:12]}")
    return 0


@app.command("withdraw", help="撤回正式的名额方案或名单（尚未印发时）。")
def withdraw(
    reason: Annotated[str, typer.Option("--reason", metavar="理由", help="撤回的理由")],
    act: ActOption = "places",
    round_id: OptionalRound = "",
    db: Db = "",
) -> int:
    """Withdraw what was adopted."""
    from casework.access import LOCAL_OFFICER
    from casework.adoption import in_force, withdraw_adoption
    from casework.db import reading
    from casework.problems import Refused

    wanted = _act(act)
    engine = open_place(ledger_url(db), write=True)
    with reading(engine) as session:
        adoption = in_force(session, round_of(session, round_id).round_id, wanted)
    if adoption is None:
        raise Refused("not_found", f"没有正式的{wanted.label}可以撤回")
    withdraw_adoption(
        engine,
        adoption_id=adoption.adoption_id,
        reason=reason,
        expected_version=adoption.version,
        actor=LOCAL_OFFICER,
        now=now(),
        key=new_key(),
    )
    typer.echo(f"已撤回正式的{wanted.label}")
    return 0
