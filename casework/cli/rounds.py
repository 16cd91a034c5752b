"""round new, list, show, close; unit import, list: what a round lives by."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casework.cli.chinese import ChineseTyper
from casework.cli.common import (
    Db,
    Json,
    OptionalRound,
    Usage,
    emit,
    ledger_url,
    looking,
    new_key,
    now,
    open_place,
    print_json,
    read_bytes,
    round_of,
    say,
)

app = ChineseTyper(help="轮次：新建、查看、结束。", no_args_is_help=True)
units = ChineseTyper(help="单位名录。", no_args_is_help=True)

MaybeRoundId = Annotated[str, typer.Argument(metavar="编号", help="轮次编号（也可以写 --round；只有一轮时可以不写）")]
RoundId = Annotated[str, typer.Argument(metavar="编号", help="轮次编号")]


@app.command("new", help="新建一轮：选定通知，或沿用上一轮。")
def new(
    round_id: RoundId,
    policy: Annotated[str, typer.Option("--policy", metavar="通知", help="通知包的编号或文件夹")] = "",
    from_round: Annotated[str, typer.Option("--from", metavar="编号", help="沿用上一轮的通知和单位")] = "",
    title: Annotated[str, typer.Option("--title", metavar="名称", help="不写：照通知")] = "",
    db: Db = "",
) -> int:
    """Open a round; the pack's bytes are copied into the ledger."""
    from casework.access import LOCAL_OFFICER
    from casework.db import reading
    from casework.ledger import open_round
    from casework.ledger.rounds import units_of

    if not policy and not from_round:
        raise Usage("请写明依据的通知（--policy）或沿用的上一轮（--from）")
    engine = open_place(ledger_url(db), write=True)
    with reading(engine) as session:
        taking_part = units_of(session, from_round) if from_round else []
    opened = open_round(
        engine,
        round_id=round_id,
        policy=policy or None,
        from_round=from_round or None,
        title=title,
        units=taking_part,
        actor=LOCAL_OFFICER,
        now=now(),
        key=new_key(),
    )
    typer.echo(f"已新建 {round_id}，依据 {opened['policy_id']}")
    if not taking_part:
        say(f"这一轮还没有单位，不能分配名额；请用 casework unit import 文件 --round {round_id} 导入单位名录")
    return 0


@app.command("list", help="列出各轮。")
def list_rounds(db: Db = "", as_json: Json = False) -> int:
    """List the rounds, the one opened last first."""
    from casework.ledger import rounds
    from casework.vocabulary import RoundState

    with looking(db) as session:
        rows = [
            {
                "id": found.round_id,
                "opened_on": found.opened_on.isoformat(),
                "state": RoundState(found.state).label,
                "policy": found.policy_id,
                "title": found.title,
            }
            for found in rounds(session)
        ]
    heads = {"id": "编号", "opened_on": "开始日期", "state": "状态", "policy": "依据通知", "title": "名称"}
    emit(rows, heads, as_json=as_json, nothing="还没有一轮，用 casework round new 新建")
    return 0


@app.command("show", help="显示一轮：通知、单位、人数。")
def show(round_id: RoundId, db: Db = "", as_json: Json = False) -> int:
    """Show what a round consists of."""
    from casework.ledger import facts, policy_of
    from casework.scenarios import scenarios
    from casework.vocabulary import RoundState

    with looking(db) as session:
        found = round_of(session, round_id)
        circular, known = policy_of(session, round_id), facts(session, round_id=round_id, as_of=found.as_of)
        names = [scenario.name for scenario in scenarios(session, round_id)]
    content = {
        "id": found.round_id,
        "title": found.title,
        "state": RoundState(found.state).label,
        "policy": found.policy_id,
        "digest": found.policy_digest,
        "as_of": found.as_of.isoformat(),
        "from": found.from_round,
        "categories": [category.label for category in circular.categories],
        "units": known.units.height,
        "cases": known.cases.height,
        "scenarios": names,
    }
    if as_json:
        print_json(content)
        return 0
    typer.echo(f"{found.title}（{found.round_id}，{content['state']}）")
    typer.echo(f"依据：{circular.issuer}《{circular.title}》")
    typer.echo(f"情况截至：{found.as_of}")
    typer.echo(f"类别：{'、'.join(category.label for category in circular.categories)}")
    typer.echo(f"单位 {known.units.height} 个，个案 {known.cases.height} 份")
    typer.echo(f"方案：{'、'.join(names) or '（无）'}")
    return 0


@app.command("day", help="改一轮的情况截至日期：晚于这一天的记录暂不计入。")
def day(
    round_id: RoundId,
    as_of: Annotated[str, typer.Argument(metavar="日期", help="如 2020-01-15，不晚于今天")],
    db: Db = "",
) -> int:
    """Move the day a round's facts are read for."""
    from datetime import date

    from casework.access import LOCAL_OFFICER
    from casework.db import reading
    from casework.ledger.rounds import move_day

    try:
        wanted = date.fromisoformat(as_of)
    except ValueError:
        raise Usage(f"看不懂日期“{as_of}”，请写成 2020-01-15") from None
    engine = open_place(ledger_url(db), write=True)
    with reading(engine) as session:
        version = round_of(session, round_id).version
    move_day(
        engine,
        round_id=round_id,
        as_of=wanted,
        expected_version=version,
        actor=LOCAL_OFFICER,
        now=now(),
        key=new_key(),
    )
    typer.echo(f"{round_id} 的情况截至日期改为 {wanted}")
    return 0


def one_round(typed: str, named: str) -> str:
    """Return the round that was typed behind the command or behind --round.

    Raises:
        Usage: Both, and they differ.
    """
    if typed and named and typed != named:
        raise Usage(f"写了两个轮次：{typed} 和 {named}，请只写一个")
    return typed or named


@app.command("ends", help="未了事项：还有什么没有办完；已结束的一轮列出结束时的说明。")
def ends(round_id: MaybeRoundId = "", named: OptionalRound = "", db: Db = "", as_json: Json = False) -> int:
    """List what stands open; exit 1 where something does."""
    from casework.payment.closing import closed_with, round_ends
    from casework.vocabulary import RoundState

    with looking(db) as session:
        found = round_of(session, one_round(round_id, named))
        round_id = found.round_id
        if found.state == RoundState.CLOSED:
            rows = [
                {"said": end.said, "count": end.count, "reason": end.reason} for end in closed_with(session, round_id)
            ]
            heads = {"said": "结束时未了", "count": "数量", "reason": "说明"}
            emit(rows, heads, as_json=as_json, nothing="结束时没有未了事项")
            return 0
        rows = [
            {"label": end.label, "count": end.count, "said": end.said}
            for end in round_ends(session, round_id=round_id, now=now())
        ]
    heads = {"label": "事项", "count": "数量", "said": "情况"}
    emit(rows, heads, as_json=as_json, nothing="没有未了事项")
    return 1 if rows else 0


@app.command("close", help="结束一轮：以后只能查看和打印；有未了事项的须逐项说明（--explain）。")
def close(
    round_id: MaybeRoundId = "",
    explain: Annotated[
        list[str], typer.Option("--explain", metavar="事项=原因", help="未了事项为何仍结束，可写多次")
    ] = [],  # noqa: B006 - Typer reads it and changes nothing
    named: OptionalRound = "",
    db: Db = "",
) -> int:
    """Close a round."""
    from casework.access import LOCAL_OFFICER
    from casework.db import reading
    from casework.payment.closing import end_round, round_ends

    engine = open_place(ledger_url(db), write=True)
    at = now()
    with reading(engine) as session:
        found = round_of(session, one_round(round_id, named))
        round_id, version = found.round_id, found.version
        codes = {end.label: end.code for end in round_ends(session, round_id=round_id, now=at)} if explain else {}
    explained = {}
    for label, equals, reason in (text.partition("=") for text in explain):
        if not equals or label not in codes:
            raise Usage(f"没有未了事项“{label}”，现有：{'、'.join(codes) or '（无）'}")
        explained[codes[label]] = reason
    done = end_round(
        engine,
        round_id=round_id,
        explained=explained,
        expected_version=version,
        actor=LOCAL_OFFICER,
        now=at,
        key=new_key(),
    )
    typer.echo(f"已结束 {round_id}" + (f"，{done['open_ends']} 项未了并已说明" if done["open_ends"] else ""))
    return 0


@units.command("import", help="导入单位名录（.xlsx 或 .csv）。")
def import_file(
    file: Annotated[
        Path, typer.Argument(metavar="文件", help="表头：单位名称、机构顺序、单位性质、上级单位、党员人数、统计日期……")
    ],
    round_id: Annotated[str, typer.Option("--round", metavar="编号", help="同时让这些单位参加这一轮")] = "",
    db: Db = "",
) -> int:
    """Import the register of units; nothing is imported while a cell is wrong."""
    from casework.access import LOCAL_OFFICER
    from casework.db import reading
    from casework.intake.units import read_units
    from casework.ledger import import_units
    from casework.ledger.rounds import register

    engine = open_place(ledger_url(db), write=True)
    with reading(engine) as session:
        known = {unit.name: unit.unit_id for unit in register(session)}
    sheet = read_units(read_bytes(file), name=file.name, known=known)
    if sheet.unread:
        say(f"没有读的列：{'、'.join(sheet.unread)}")
    for problem in sheet.problems:
        say(problem.sentence())
    if sheet.problems:
        say(f"有 {len(sheet.problems)} 处要改，没有导入")
        return 1
    done = import_units(engine, sheet.rows, actor=LOCAL_OFFICER, now=now(), key=new_key(), round_id=round_id or None)
    typer.echo(f"新增 {done['added']} 个单位，更新 {done['changed']} 个，未变 {done['unchanged']} 个")
    return 0


@units.command("list", help="显示单位名录。")
def list_units(db: Db = "", as_json: Json = False) -> int:
    """List the register of units in its order."""
    from casework.ledger.rounds import register
    from casework.vocabulary import UnitKind

    with looking(db) as session:
        rows = [
            {
                "id": unit.unit_id,
                "order": unit.order,
                "name": unit.name,
                "kind": UnitKind(unit.kind).label if unit.kind else None,
                "parent": unit.parent_id,
                "members": unit.members,
                "members_as_of": unit.members_as_of.isoformat() if unit.members_as_of else None,
                "pay_difficulty": {True: "是", False: "否", None: None}[unit.pay_difficulty],
            }
            for unit in register(session)
        ]
    heads = {
        "id": "单位编号",
        "order": "机构顺序",
        "name": "单位名称",
        "kind": "单位性质",
        "parent": "上级单位",
        "members": "党员人数",
        "members_as_of": "统计日期",
        "pay_difficulty": "工资发放有困难",
    }
    emit(rows, heads, as_json=as_json, nothing="单位名录是空的，用 casework unit import 导入")
    return 0
