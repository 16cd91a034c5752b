"""package …: workbooks to fill in, what came, what goes back, whom to chase, a unit's steps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    now,
    open_place,
    print_json,
    print_table,
    round_of,
    say,
    unit_of,
    write_bytes,
)
from casework.cli.review import day, term, who, writing

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from casework.people.packages import Tick
    from casework.review.packages import StaysBehind, UnitStep

app = ChineseTyper(help="收表：下发填报模板，登记收到、退回、重报，催报，单位环节。", no_args_is_help=True)

Units = Annotated[list[str], typer.Option("--unit", metavar="单位", help="单位名称或编号，可写多次")]
Items = Annotated[
    list[str], typer.Option("--item", metavar="材料", help="如 电子版、扫描件，可写多次；不写：还没收到的全部")
]
Clause = Annotated[str, typer.Option("--clause", metavar="条款", help="哪一条期限（不写：有这项材料的最早一条）")]


@app.command("templates", help="下发填报模板：每个单位一份，打成一个压缩包；写明单位的，只出这一份。")
def templates(
    out: Annotated[Path, typer.Option("--out", metavar="文件", help="存为哪个文件：压缩包，写明单位的是一份工作簿")],
    round_id: OptionalRound = "",
    unit: Annotated[str, typer.Option("--unit", metavar="单位", help="只出这个单位的一份（名称或编号）")] = "",
    filled: Annotated[
        bool, typer.Option("--filled", help="预填：带上台账里这个单位的人；本轮还没有的，带上一轮的")
    ] = False,
    on: Annotated[str, typer.Option("--on", metavar="日期", help="文件名里的日期（不写：今天）")] = "",
    db: Db = "",
) -> int:
    """Write the workbooks of every unit as one archive, or the one of a unit."""
    from casework.access import LOCAL_OFFICER
    from casework.people.dispatch import places_by_unit, templates_zip, unit_template

    when = day(on) if on else now().date()
    with looking(db) as session:
        found = round_of(session, round_id).round_id
        told: dict[str, Any] = {"round_id": found, "actor": LOCAL_OFFICER, "on": when, "filled": filled}
        body = (
            unit_template(session, unit_id=unit_of(session, unit), **told)[1]
            if unit
            else templates_zip(session, **told)
        )
        planned = bool(places_by_unit(session, found))
    write_bytes(out, body)
    if not planned:
        say("还没有确定名额方案，模板上的名额写“未定”")
    typer.echo(f"填报模板已存为 {out}")
    return 0


@app.command("grid", help="收表情况：单位、材料、第几版、什么时候、谁收的、是否逾期。")
def grid(round_id: OptionalRound = "", units: Units = [], db: Db = "", as_json: Json = False) -> int:  # noqa: B006 - Typer reads it and changes nothing
    """Show what each unit handed in; exit 1 where something is late or overdue."""
    from casework.access import LOCAL_OFFICER
    from casework.ledger import policy_of
    from casework.people.deadlines import STATES
    from casework.people.packages import package_grid

    with looking(db) as session:
        found = round_of(session, round_id).round_id
        rows = package_grid(session, round_id=found, actor=LOCAL_OFFICER, now=now()).to_dicts()
        wanted = [unit_of(session, word) for word in units]
        cites = {clause.id: clause.cite for clause in policy_of(session, found).clauses}
    rows = [row for row in rows if not wanted or row["unit_id"] in wanted]
    if as_json:
        print_json(rows)
    elif rows:
        heads = {"unit": "单位", "clause_id": "条款", "item": "材料", "state": "情况", "number": "版次"}
        heads |= {"received_at": "收到", "received_by": "收表人", "scans": "扫描件", "reason": "退回理由"}
        shown = [
            {
                **row,
                "clause_id": cites.get(row["clause_id"], ""),
                "state": STATES[row["state"]],
                "number": row["number"] if row["received_at"] else None,
                "received_at": f"{row['received_at']:%Y-%m-%d %H:%M}" if row["received_at"] else None,
                "received_by": LOCAL_OFFICER.name if row["received_by"] == LOCAL_OFFICER.id else row["received_by"],
            }
            for row in rows
        ]
        print_table(shown, heads)
    else:
        say("通知没有规定报送期限，或没有这个单位")
    return 1 if any(row["state"] in ("late", "overdue") for row in rows) else 0


@app.command("receive", help="登记收到：一个或几个单位，一项或几项材料；再次收到记为下一版。")
def receive(
    units: Units,
    items: Items = [],  # noqa: B006 - as above
    clause: Clause = "",
    at: Annotated[str, typer.Option("--at", metavar="时间", help="收到的时间，如 2020-01-15T16:40（不写：现在）")] = "",
    round_id: OptionalRound = "",
    db: Db = "",
    as_json: Json = False,
) -> int:
    """Tick what came in; exit 1 where a tick was refused."""
    from casework.people.packages import receive_package

    engine, found = writing(db, round_id)
    ticks = _ticks(engine, found, units, items, clause, open_only=not items)
    told: dict[str, Any] = {"received_at": _moment(at)} if at else {}
    return _results(receive_package(engine, round_id=found, ticks=ticks, **told, **who()), "已收到", as_json=as_json)


@app.command("return", help="退回：写明理由，等单位重报；这一版仍留存。")
def return_(
    units: Units,
    items: Items,
    reason: Annotated[str, typer.Option("--reason", metavar="理由", help="单位看得到的理由")],
    clause: Clause = "",
    round_id: OptionalRound = "",
    db: Db = "",
    as_json: Json = False,
) -> int:
    """Send back what came in; exit 1 where a tick was refused."""
    from casework.people.packages import return_package

    engine, found = writing(db, round_id)
    ticks = _ticks(engine, found, units, items, clause)
    return _results(
        return_package(engine, round_id=found, ticks=ticks, reason=reason, **who()), "已退回", as_json=as_json
    )


@app.command("chase", help="催报名单：谁还缺什么，照机构顺序，可直接复制。")
def chase(round_id: OptionalRound = "", db: Db = "") -> int:
    """Print who is missing what, as text to copy."""
    from casework.access import LOCAL_OFFICER
    from casework.people.chasing import chasing_text

    with looking(db) as session:
        found = round_of(session, round_id).round_id
        typer.echo(chasing_text(session, round_id=found, actor=LOCAL_OFFICER, now=now()))
    return 0


@app.command("steps", help="单位环节：下级办理的各环节随整份材料一次登记，例外的人留下；也可按导入的表登记。")
def steps(
    unit: Annotated[str, typer.Option("--unit", metavar="单位", help="单位名称或编号")] = "",
    from_import: Annotated[
        str, typer.Option("--from-import", metavar="编号", help="按这次导入的表中各栏日期登记（编号见 import-list）")
    ] = "",
    step: Annotated[
        list[str],
        typer.Option(
            "--step",
            metavar="环节=组织|日期[~止日]|依据|凭证",
            help="如 公示=示例镇党委|2020-01-11~2020-01-13|无异议|公示栏照片；公示的第三段写异议情况；可写多次；"
            "与 --from-import 同用时只写表中没有的环节",
        ),
    ] = [],  # noqa: B006 - Typer reads it and changes nothing
    behind: Annotated[
        list[str], typer.Option("--behind", metavar="个案@环节=结果:理由", help="例外的人，如 c1@党委审定=暂缓:待核实")
    ] = [],  # noqa: B006 - as above
    document: Annotated[
        str,
        typer.Option("--document", metavar="凭证", help="与 --from-import 同用：张贴公示的凭证（不写：以该表为凭）"),
    ] = "",
    round_id: OptionalRound = "",
    db: Db = "",
    as_json: Json = False,
) -> int:
    """Record the steps of a unit's package in one command; exit 1 where a sheet's people stay behind."""
    from casework.db import reading
    from casework.review.packages import record_unit_steps
    from casework.review.records import steps_version
    from casework.review.sheet_packages import record_sheet_steps

    if bool(unit) == bool(from_import):
        raise Usage("请写 --unit（逐项登记）或 --from-import（按导入的表登记）其中一个")
    told: dict[str, Any] = {
        "steps": [_step(text) for text in step],
        "exceptions": dict(_behind(text) for text in behind),
    }
    if from_import:
        engine, found = _of_import(db, from_import)
        told |= {"import_id": from_import, "document": document}
        command: Any = record_sheet_steps
    else:
        engine, found = writing(db, round_id)
        told |= {"round_id": found, "unit_id": unit_of(engine, unit)}
        command = record_unit_steps
    with reading(engine) as session:
        seen = steps_version(session, found)
    done = command(engine, expected_version=seen, **told, **who())
    if as_json:
        print_json(done)
    else:
        _say_steps(done)
    return 1 if from_import and done["behind"] else 0


def _of_import(db: str, import_id: str) -> tuple[Engine, str]:
    """Return a ledger that may be written, and the round of an import."""
    from casework.db import reading
    from casework.models_people import ImportBatch
    from casework.problems import Refused

    engine = open_place(ledger_url(db), write=True)
    with reading(engine) as session:
        batch = session.get(ImportBatch, import_id)
        if batch is None:
            raise Refused("not_found", f"没有编号为 {import_id} 的导入，请用 import-list 查看")
        return engine, batch.round_id


def _say_steps(done: dict[str, Any]) -> None:
    from casework.vocabulary import Stage

    for one in done["steps"]:
        on = f"（{one['on']}）" if "on" in one else ""
        typer.echo(f"{Stage(one['stage']).label}{on}：{one['people']} 人")
    for row in done["behind"]:
        typer.echo(f"留下：{row['name']}（{row['case_id']}），{Stage(row['stage']).label}：{row['reason']}")


# -- what was typed --------------------------------------------------------------------------------------------------


def _ticks(
    engine: Engine, round_id: str, units: Sequence[str], items: Sequence[str], clause: str, *, open_only: bool = False
) -> list[Tick]:
    """Return the ticks meant, with the versions that are there now."""
    from casework.access import LOCAL_OFFICER
    from casework.db import reading
    from casework.people.packages import Tick, package_grid

    with reading(engine) as session:
        rows = package_grid(session, round_id=round_id, actor=LOCAL_OFFICER, now=now()).sort("due_at").to_dicts()
    first = rows[0]["clause_id"] if rows else ""
    ticks = []
    for unit in [unit_of(engine, word) for word in units]:
        mine = [row for row in rows if row["unit_id"] == unit]
        if open_only:
            wanted = [
                row for row in mine if row["clause_id"] == (clause or first) and row["state"] not in ("in", "late")
            ]
            ticks += [Tick(unit, row["clause_id"], row["item"], row["number"]) for row in wanted]
        for item in items:
            of_item = [row for row in mine if row["item"] == item and clause in ("", row["clause_id"])]
            place, seen = (of_item[0]["clause_id"], of_item[0]["number"]) if of_item else (clause or first, 0)
            ticks.append(Tick(unit, place, item, seen))
    return ticks


def _results(done: dict[str, Any], verb: str, *, as_json: bool) -> int:
    results = done["results"]
    rows = [
        {
            **row,
            "unit": row["unit"] or row["unit_id"],
            "said": row["refused"] or f"{verb}，第 {row['number']} 版{'，逾期' if row['late'] else ''}",
        }
        for row in results
    ]
    emit(rows, {"unit": "单位", "item": "材料", "said": "结果"}, as_json=as_json, nothing="没有要办的")
    return 1 if any(row["refused"] for row in results) else 0


def _moment(text: str) -> datetime:
    from casework.dates import SHANGHAI

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Usage(f"“{text}”不是时间，请写成 2020-01-15T16:40") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


def _step(text: str) -> UnitStep:
    from casework.review.packages import UnitStep
    from casework.vocabulary import Stage

    name, equals, rest = text.partition("=")
    parts = [part.strip() for part in rest.split("|")]
    if not equals or len(parts) < 2:
        raise Usage(f"“{text}”请写成 环节=组织|日期|依据|凭证")
    stage = term(Stage, name.strip())
    body, when, third, fourth = [*parts, "", ""][:4]
    first, _, last = when.partition("~")
    notice = stage is Stage.PUBLIC_NOTICE
    return UnitStep(
        stage,
        body,
        day(first),
        until=day(last) if last else None,
        objections=third if notice else "",
        basis="" if notice else third,
        document=fourth,
    )


def _behind(text: str) -> tuple[str, StaysBehind]:
    from casework.review.packages import StaysBehind
    from casework.vocabulary import Decision, Stage

    found = re.fullmatch(r"([^@]+)@([^=]+)=([^:：]+)[:：](.+)", text)
    if found is None:
        raise Usage(f"“{text}”请写成 个案@环节=结果:理由")
    case_id, stage, result, reason = (part.strip() for part in found.groups())
    return case_id, StaysBehind(term(Stage, stage), term(Decision, result), reason)
