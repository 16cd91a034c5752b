"""review objection …, review instruction …: what was objected to, what was only said, and how each was settled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from casework.cli.chinese import ChineseTyper
from casework.cli.common import Db, Json, OptionalRound, emit, ledger_url, looking, open_place, round_of, say
from casework.cli.review import On, day, who, writing

if TYPE_CHECKING:
    from sqlalchemy import Engine

objections = ChineseTyper(help="异议：登记、受理、查核结果；内容只对办理的人开放。", no_args_is_help=True)
instructions = ChineseTyper(help="口头意见：登记为待补手续，补充研究、签批或不予采纳。", no_args_is_help=True)

ObjectionId = Annotated[str, typer.Argument(metavar="异议", help="异议编号")]
InstructionId = Annotated[str, typer.Argument(metavar="编号", help="口头意见编号")]
REOPENED = "没有列入的人，不减员、不递补；已回到审核，从未获同意的环节重新办理"

About = Annotated[str, typer.Option("--case", metavar="个案", help="涉及谁（不在台账里的不写）")]
Handlers = Annotated[list[str], typer.Option("--handler", metavar="账号", help="办理人员的账号，可写多次")]


def _objection(db: str, objection_id: str) -> tuple[Engine, int]:
    from casework.db import reading
    from casework.models_review import Objection
    from casework.problems import Refused

    engine = open_place(ledger_url(db), write=True)
    with reading(engine) as session:
        found = session.get(Objection, objection_id)
    if found is None:
        raise Refused("not_found", "没有这条异议")
    return engine, found.version


@objections.command("add", help="登记一条异议：署名（--by）或匿名，针对名单内外的人；只有这一人等待。")
def add(
    content: Annotated[str, typer.Option("--content", metavar="内容", help="异议的内容，加密保存")],
    on: On,
    by: Annotated[str, typer.Option("--by", metavar="姓名", help="谁提出的（不写：匿名）")] = "",
    case: About = "",
    notice: Annotated[str, typer.Option("--notice", metavar="公示", help="对哪次公示提出")] = "",
    handlers: Handlers = [],  # noqa: B006 - Typer reads it and changes nothing
    round_id: OptionalRound = "",
    db: Db = "",
) -> int:
    """Record an objection."""
    from casework.review.objections import record_objection

    engine, found = writing(db, round_id)
    about: dict[str, Any] = {"case_id": case or None, "notice_id": notice or None, "handlers": handlers}
    made = record_objection(
        engine, round_id=found, content=content, informant=by, received_on=day(on), **about, **who()
    )
    typer.echo(f"异议 {made['objection_id']} 已登记，待负责人决定是否受理")
    return 0


@objections.command("decide", help="登记负责人的决定：受理，或不予受理（写明理由）。")
def decide(
    objection: ObjectionId,
    in_charge: Annotated[str, typer.Option("--by", metavar="姓名", help="负责人")],
    refuse: Annotated[str, typer.Option("--refuse", metavar="理由", help="不予受理的理由（不写：受理）")] = "",
    db: Db = "",
) -> int:
    """Take an objection up or turn it down."""
    from casework.review.objections import accept_objection
    from casework.vocabulary import ObjectionState

    engine, version = _objection(db, objection)
    answer: dict[str, Any] = {"accepted": not refuse, "reason": refuse, "decided_by": in_charge}
    done = accept_objection(engine, objection_id=objection, expected_version=version, **answer, **who())
    typer.echo(ObjectionState(done["state"]).label)
    return 0


@objections.command(
    "settle", help="登记查核结果：查否；查实的，已列入的人减员并提出递补，没有列入的人回到审核，不减员。"
)
def settle(
    objection: ObjectionId,
    finding: Annotated[str, typer.Option("--finding", metavar="情况", help="查核的情况，加密保存")],
    upheld: Annotated[bool, typer.Option("--upheld/--unfounded", help="查实或查否")],
    db: Db = "",
) -> int:
    """Record what was found."""
    from casework.review.objections import settle_objection
    from casework.vocabulary import ObjectionState

    engine, version = _objection(db, objection)
    found: dict[str, Any] = {"upheld": upheld, "finding": finding}
    done = settle_objection(engine, objection_id=objection, expected_version=version, **found, **who())
    typer.echo(ObjectionState(done["state"]).label)
    if done["removal"]:
        typer.echo(done["removal"]["said"])
    if done["reopened"]:
        typer.echo(REOPENED)
    return 0


@objections.command("read", help="查看一条异议的内容（只对办理的人，并留有记录）。")
def read(objection: ObjectionId, db: Db = "") -> int:
    """Open an objection; that it was opened is logged."""
    from casework.review.objections import read_objection

    engine = open_place(ledger_url(db), write=True)
    text = read_objection(engine, objection_id=objection, **who())
    for label, words in (("提出人", text.informant or "（匿名）"), ("内容", text.content), ("查核", text.finding)):
        typer.echo(f"{label}：{words}")
    return 0


@objections.command("assign", help="指定办理人员（写全部账号）。")
def assign(objection: ObjectionId, handlers: Handlers, db: Db = "") -> int:
    """Say who handles an objection."""
    from casework.review.objections import assign_objection

    engine, version = _objection(db, objection)
    assign_objection(engine, objection_id=objection, handlers=handlers, expected_version=version, **who())
    typer.echo(f"办理人员：{'、'.join(sorted(set(handlers)))}")
    return 0


@objections.command("list", help="列出一轮的异议：状态和日期，不含内容。")
def list_objections(round_id: OptionalRound = "", db: Db = "", as_json: Json = False) -> int:
    """List the objections of a round without what they say."""
    from sqlmodel import col, select

    from casework.models_review import Objection
    from casework.vocabulary import ObjectionState

    with looking(db) as session:
        found = round_of(session, round_id).round_id
        query = select(Objection).where(Objection.round_id == found)
        rows = [
            {
                "id": row.objection_id,
                "received_on": row.received_on.isoformat(),
                "signed": "匿名" if row.anonymous else "署名",
                "state": ObjectionState(row.state).label,
                "closed_on": row.closed_on.isoformat() if row.closed_on else None,
            }
            for row in session.exec(query.order_by(col(Objection.received_on), col(Objection.objection_id)))
        ]
    heads = {"id": "编号", "received_on": "收到", "signed": "方式", "state": "状态", "closed_on": "办结"}
    emit(rows, heads, as_json=as_json, nothing="没有异议")
    return 0


# -- instructions --------------------------------------------------------------------------------------------------


@instructions.command("add", help="登记一条口头意见：不改变名单，补办手续前不能印发和发放。")
def add_instruction(
    said_by: Annotated[str, typer.Option("--by", metavar="姓名", help="谁说的")],
    content: Annotated[str, typer.Option("--content", metavar="内容", help="说了什么")],
    on: On,
    case: About = "",
    round_id: OptionalRound = "",
    db: Db = "",
) -> int:
    """Record an oral instruction."""
    from casework.review.instructions import record_instruction

    engine, found = writing(db, round_id)
    told: dict[str, Any] = {"said_by": said_by, "content": content, "on": day(on), "case_id": case or None}
    made = record_instruction(engine, round_id=found, **told, **who())
    typer.echo(f"口头意见 {made['instruction_id']}：待补手续")
    return 0


@instructions.command("settle", help="补办手续：补充研究（--meeting）、签批件（--document）或不予采纳（--dropped）。")
def settle_instruction_command(
    instruction: InstructionId,
    meeting: Annotated[str, typer.Option("--meeting", metavar="会议", help="补充研究的会议编号")] = "",
    document: Annotated[str, typer.Option("--document", metavar="存放处", help="签批件（通知规定可以签批的）")] = "",
    dropped: Annotated[str, typer.Option("--dropped", metavar="理由", help="不予采纳的理由")] = "",
    db: Db = "",
) -> int:
    """Make up for an oral instruction, or drop it."""
    from casework.db import reading
    from casework.models_review import Instruction
    from casework.problems import Refused
    from casework.review.instructions import settle_instruction
    from casework.vocabulary import InstructionState

    engine = open_place(ledger_url(db), write=True)
    with reading(engine) as session:
        found = session.get(Instruction, instruction)
    if found is None:
        raise Refused("not_found", "没有这条口头意见")
    road: dict[str, Any] = {"meeting_id": meeting or None, "document": document, "dropped": dropped}
    done = settle_instruction(engine, instruction_id=instruction, expected_version=found.version, **road, **who())
    typer.echo(InstructionState(done["state"]).label)
    return 0


@instructions.command("list", help="列出待补手续的口头意见；有的话退出码为 1。")
def list_instructions(round_id: OptionalRound = "", db: Db = "", as_json: Json = False) -> int:
    """List what stands as 待补手续."""
    from casework.review.instructions import pending_instructions

    with looking(db) as session:
        rows = [
            {"id": row.instruction_id, "by": row.said_by, "on": row.on.isoformat(), "content": row.content}
            for row in pending_instructions(session, round_of(session, round_id).round_id)
        ]
    emit(rows, {"id": "编号", "by": "谁说的", "on": "日期", "content": "内容"}, as_json=as_json, nothing="没有")
    if rows:
        say("补办手续之前，名单不能印发，款项不能发放")
    return 1 if rows else 0
