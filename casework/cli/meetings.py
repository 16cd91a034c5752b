"""review convene, decide, confirm, remove: what a body decided about the list, and who leaves it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from casework.cli.chinese import ChineseTyper
from casework.cli.common import Db, OptionalRound, ledger_url, open_place
from casework.cli.review import Body, On, Results, Signer, day, parsed_results, term, who, writing

app = ChineseTyper()


@app.command("convene", help="把现有名单提交会议（上会材料印同一校验码）。")
def convene(on: On, body: Body, round_id: OptionalRound = "", db: Db = "") -> int:
    """Put the list in force on a body's table."""
    from casework.db import reading
    from casework.review.changes import list_name
    from casework.review.meetings import convene_meeting
    from casework.review.official import list_in_force

    engine, found = writing(db, round_id)
    with reading(engine) as session:
        current = list_in_force(session, found)
    say: dict[str, Any] = {"fingerprint": current.fingerprint, "body": body, "held_on": day(on)}
    made = convene_meeting(engine, round_id=found, **say, **who())
    typer.echo(f"会议 {made['meeting_id']}，{list_name(current.number)}，校验码 {current.fingerprint[:12]}")
    return 0


@app.command("decide", help="登记会议结果：应到、实到、同意；没有写到的人照名单同意。")
def decide(
    meeting: Annotated[str, typer.Argument(metavar="会议", help="会议编号")],
    minutes: Annotated[str, typer.Option("--minutes", metavar="纪要", help="会议记录的编号或存放处")],
    signer: Signer,
    count: Annotated[tuple[int, int, int], typer.Option("--count", metavar="应到 实到 同意", help="三个人数")],
    results: Results = [],  # noqa: B006 - Typer reads it and changes nothing
    recused: Annotated[list[str], typer.Option("--recused", metavar="姓名=事由", help="回避")] = [],  # noqa: B006
    confirmed_by: Annotated[str, typer.Option("--quorum-by", metavar="姓名", help="到会人数由谁核对")] = "",
    db: Db = "",
) -> int:
    """Record the result of a meeting."""
    from casework.db import reading
    from casework.models_review import Meeting
    from casework.problems import Refused
    from casework.review.changes import list_name
    from casework.review.meetings import decide_meeting
    from casework.review.minutes import PersonResult

    engine = open_place(ledger_url(db), write=True)
    with reading(engine) as session:
        found = session.get(Meeting, meeting)
    if found is None:
        raise Refused("not_found", "没有这次会议")
    outcome = {case: PersonResult(result, why, fen) for case, (result, why, fen) in parsed_results(results).items()}
    invited, present, agreed = count
    done = decide_meeting(
        engine,
        meeting_id=meeting,
        minutes=minutes,
        signer=signer,
        invited=invited,
        present=present,
        agreed=agreed,
        results=outcome,
        recusals=[(name, why) for name, _, why in (text.partition("=") for text in recused)],
        quorum_confirmed_by=confirmed_by,
        expected_version=found.version,
        **who(),
    )
    which = list_name(done["number"])
    typer.echo(f"{which}已研究确定，校验码 {done['fingerprint'][:12]}，改动 {done['changed']} 人")
    return 0


@app.command("confirm", help="确认名单（由各单位审定、本级备查的通知）。")
def confirm(
    basis: Annotated[str, typer.Option("--basis", metavar="依据", help="依据什么材料核对")],
    round_id: OptionalRound = "",
    db: Db = "",
) -> int:
    """Make a list official whose people the units decided about."""
    from casework.db import reading
    from casework.review.changes import list_name
    from casework.review.confirmation import confirm_list
    from casework.review.official import list_in_force

    engine, found = writing(db, round_id)
    with reading(engine) as session:
        current = list_in_force(session, found)
    say: dict[str, Any] = {"fingerprint": current.fingerprint, "expected_version": current.version}
    confirm_list(engine, round_id=found, basis=basis, **say, **who())
    typer.echo(f"{list_name(current.number)}已确认，校验码 {current.fingerprint[:12]}")
    return 0


@app.command("remove", help="减员：去世、放弃、转出、错报、查实不符；名单和递补随之提出。")
def remove(
    case: Annotated[str, typer.Argument(metavar="个案", help="个案编号")],
    cause: Annotated[str, typer.Argument(metavar="原因", help="去世、放弃、转出、错报、查实不符")],
    on: On,
    basis: Annotated[str, typer.Option("--basis", metavar="依据", help="依据什么")],
    document: Annotated[
        str, typer.Option("--document", metavar="存放处", help="材料在哪里；扫描件写 attach 给出的“扫描件:编号”")
    ] = "",
    db: Db = "",
) -> int:
    """Record that somebody leaves the round."""
    from casework.db import reading
    from casework.models import Case
    from casework.problems import Refused
    from casework.review.removal import remove_person
    from casework.vocabulary import RemovalCause

    engine = open_place(ledger_url(db), write=True)
    with reading(engine) as session:
        found = session.get(Case, case)
    if found is None:
        raise Refused("not_found", f"没有编号为 {case} 的个案")
    say: dict[str, Any] = {
        "cause": term(RemovalCause, cause),
        "on": day(on),
        "basis": basis,
        "document": document,
        "expected_version": found.version,
    }
    done = remove_person(engine, case_id=case, **say, **who())
    typer.echo(done["said"] if done["adoption_id"] else f"{done['said']}（不在名单上）")
    return 0
