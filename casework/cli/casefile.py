"""review …: open questions, the slip for a unit, corrections, filling a place, exceptions."""

from __future__ import annotations

from typing import Annotated

import typer

from casework.cli.chinese import ChineseTyper
from casework.cli.common import (
    Db,
    Json,
    OptionalRound,
    UnitWord,
    Usage,
    emit,
    ledger_url,
    looking,
    now,
    open_place,
    round_of,
    unit_of,
)
from casework.cli.review import who, writing

app = ChineseTyper()


@app.command("questions", help="要由人认定的条款：谁的哪一条还未核。")
def questions_command(
    round_id: OptionalRound = "",
    every: Annotated[bool, typer.Option("--all", help="已认定的也列出")] = False,
    db: Db = "",
    as_json: Json = False,
) -> int:
    """List the questions only people answer; exit 1 where one is unanswered."""
    from casework.access import LOCAL_OFFICER
    from casework.ledger import policy_of
    from casework.review.judgements import questions
    from casework.review.records import today_of
    from casework.vocabulary import Mark

    with looking(db) as session:
        found = round_of(session, round_id).round_id
        frame = questions(session, round_id=found, as_of=today_of(now()), actor=LOCAL_OFFICER, unanswered=not every)
        cites = {clause.id: clause.cite for clause in policy_of(session, found).clauses}
    rows = [
        {**row, "cite": cites.get(row["clause_id"], ""), "value": Mark(row["value"]).label}
        for row in frame.iter_rows(named=True)
    ]
    heads = {"case_id": "个案", "name": "姓名", "cite": "条款", "ask": "问题", "value": "认定", "body": "由谁"}
    heads |= {"clause_id": "条款编号"}  # what `review judge` is told the clause by
    emit(rows, heads, as_json=as_json, nothing="没有未核的条款")
    return 1 if any(row["value"] == Mark.UNCHECKED.label for row in rows) else 0


@app.command("feedback", help="一个单位的审核结果反馈单：只写能告诉单位的话。")
def feedback_command(
    unit: UnitWord,
    round_id: OptionalRound = "",
    db: Db = "",
    as_json: Json = False,
) -> int:
    """Print the slip of one unit."""
    from casework.access import LOCAL_OFFICER
    from casework.review.feedback import feedback
    from casework.review.records import today_of

    with looking(db) as session:
        found = round_of(session, round_id).round_id
        whose = unit_of(session, unit)
        frame = feedback(session, round_id=found, unit_id=whose, as_of=today_of(now()), actor=LOCAL_OFFICER)
    heads = {"name": "姓名", "result": "结果", "words": "说明"}
    emit(frame.to_dicts(), heads, as_json=as_json, nothing="这个单位没有个案")
    return 0


@app.command("steps", help="已登记的环节，编号供更正用。")
def steps(round_id: OptionalRound = "", db: Db = "", as_json: Json = False) -> int:
    """List what was recorded, mistakes that were taken back included."""
    from sqlmodel import col, select

    from casework.models_review import ReviewStep
    from casework.payment.common import unit_names
    from casework.vocabulary import Stage

    with looking(db) as session:
        found = round_of(session, round_id).round_id
        units = unit_names(session)
        rows = [
            {
                "seq": row.seq,
                "stage": Stage(row.stage).label,
                "unit": units.get(row.unit_id or "", ""),
                "body": row.body,
                "on": row.on.isoformat(),
                "by": row.recorded_name,
                "note": f"更正第 {row.revokes} 号" if row.revokes else "",
            }
            for row in session.exec(
                select(ReviewStep).where(ReviewStep.round_id == found).order_by(col(ReviewStep.seq))
            )
        ]
    heads = {"seq": "编号", "stage": "环节", "unit": "单位", "body": "由谁", "on": "日期", "by": "登记人"}
    emit(rows, {**heads, "note": "说明"}, as_json=as_json, nothing="还没有登记环节")
    return 0


@app.command("revoke", help="更正一条登记错的环节（review steps 中的编号）。")
def revoke(
    seq: Annotated[int, typer.Argument(metavar="编号", help="环节记录的编号")],
    reason: Annotated[str, typer.Option("--reason", metavar="理由", help="为什么更正")],
    db: Db = "",
) -> int:
    """Take back a step recorded by mistake."""
    from casework.db import reading
    from casework.models_review import ReviewStep
    from casework.problems import Refused
    from casework.review.records import steps_version
    from casework.review.steps import revoke_step

    engine = open_place(ledger_url(db), write=True)
    with reading(engine) as session:
        found = session.get(ReviewStep, seq)
        if found is None:
            raise Refused("not_found", "没有这条环节记录")
        version = steps_version(session, found.round_id)
    done = revoke_step(engine, seq=seq, reason=reason, expected_version=version, **who())
    typer.echo(f"已更正，涉及 {done['people']} 人")
    return 0


@app.command("fill", help="空出的名额递补：由候补名单的下一人补上，随后照样研究、公示。")
def fill(
    unit: UnitWord,
    category: Annotated[str, typer.Argument(metavar="类别", help="慰问类别（编号或名称）")],
    reason: Annotated[str, typer.Option("--reason", metavar="事由", help="为什么现在递补")],
    round_id: OptionalRound = "",
    db: Db = "",
) -> int:
    """Propose the next one for a place that stayed empty."""
    from casework.db import reading
    from casework.frames import cell_key
    from casework.ledger import policy_of
    from casework.review.official import list_in_force
    from casework.review.removal import fill_place

    engine, found = writing(db, round_id)
    with reading(engine) as session:
        current = list_in_force(session, found)
        known = {label: one.id for one in policy_of(session, found).categories for label in (one.id, one.label)}
    if category not in known:
        raise Usage(f"没有类别“{category}”，可写：{'、'.join(dict.fromkeys(known))}")
    cell = cell_key(unit_of(engine, unit), known[category])
    done = fill_place(engine, round_id=found, cell=cell, fingerprint=current.fingerprint, reason=reason, **who())
    typer.echo(done["said"])
    return 0


@app.command("except", help="登记一条例外：对弱于“必须”的条款；不重复救助一类的例外须写明哪一次会议研究过。")
def make_exception(
    case: Annotated[str, typer.Argument(metavar="个案", help="个案编号")],
    clause: Annotated[str, typer.Option("--clause", metavar="条款", help="对哪一条的例外（条款编号）")],
    basis: Annotated[str, typer.Option("--basis", metavar="理由", help="为什么")],
    body: Annotated[str, typer.Option("--body", metavar="组织", help="由谁决定（写了会议的，以会议为准）")] = "",
    meeting: Annotated[str, typer.Option("--meeting", metavar="会议", help="会议编号，已登记结果的")] = "",
    round_id: OptionalRound = "",
    db: Db = "",
) -> int:
    """Record that a clause is set aside for one person."""
    from casework.db import reading
    from casework.frames import cell_key
    from casework.ledger import record_ruling
    from casework.models import Case
    from casework.models_review import Meeting
    from casework.problems import Refused

    engine, found = writing(db, round_id)
    with reading(engine) as session:
        row, met = session.get(Case, case), session.get(Meeting, meeting)
    if row is None:
        raise Refused("not_found", "没有这份个案，或不在您的单位范围内")
    record_ruling(
        engine,
        round_id=found,
        kind="exception",
        cell=cell_key(row.unit_id, row.category or ""),
        order=[case],
        basis=basis,
        body=body or (met.body if met else ""),
        clause_id=clause,
        meeting_id=meeting or None,
        **who(),
    )
    typer.echo("已登记例外")
    return 0
