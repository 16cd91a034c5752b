"""pay draw, drawn, finding, deadlines, report: what follows once the money is out."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from casework.cli.chinese import ChineseTyper
from casework.cli.common import (
    Db,
    Json,
    OptionalRound,
    emit,
    ledger_url,
    looking,
    now,
    open_place,
    print_json,
    round_of,
)
from casework.cli.deeds import On, day_of, do, show, starting

app = ChineseTyper()


@app.command("draw", help="随机抽查：凭种子和人数可以重新抽出同样的人。")
def draw_command(
    seed: Annotated[str, typer.Option("--seed", help="随机种子，如 20200210")],
    size: Annotated[int, typer.Option("--size", help="抽查人数")],
    on: On = "",
    round_id: OptionalRound = "",
    db: Db = "",
    as_json: Json = False,
) -> int:
    """Draw a random inspection."""
    from casework.payment.inspection import draw_inspection

    engine, found = starting(db, round_id)
    return do(draw_inspection, engine, as_json=as_json, round_id=found, seed=seed, size=size, on=day_of(on))


@app.command("deadlines", help="报送情况：各单位各项材料按期、逾期、未报。")
def deadlines_command(round_id: OptionalRound = "", db: Db = "", as_json: Json = False) -> int:
    """Show the status grid."""
    import polars as pl

    from casework.access import LOCAL_OFFICER
    from casework.ledger import policy_of
    from casework.people.deadlines import STATES, status_grid

    with looking(db) as session:
        found = round_of(session, round_id).round_id
        grid = status_grid(session, round_id=found, now=now(), actor=LOCAL_OFFICER)
        cites = {clause.id: clause.cite for clause in policy_of(session, found).clauses}
    late = grid.filter(pl.col("state").is_in(["late", "overdue"])).height
    said = (pl.col("state").replace_strict(STATES, return_dtype=pl.String), pl.col("clause_id").replace(cites))
    shown = grid if as_json else grid.with_columns(*said)
    heads = {"unit": "单位", "clause_id": "条款", "item": "材料", "due_at": "期限", "state": "情况"}
    show(shown, heads, as_json=as_json, nothing="通知没有报送期限")
    return 1 if late else 0


@app.command("report", help="活动情况报告的数字。")
def report_command(round_id: OptionalRound = "", db: Db = "", as_json: Json = False) -> int:
    """Show the report's figures."""
    from casework.access import LOCAL_OFFICER
    from casework.cli.common import say
    from casework.payment.report import activity_report

    with looking(db) as session:
        which = round_of(session, round_id).round_id
        report = activity_report(session, round_id=which, actor=LOCAL_OFFICER, now=now())
    if as_json:
        print_json({"figures": report.figures, "rows": report.rows.to_dicts(), "open_ends": report.open_ends})
    else:
        for line in report.sentences:
            typer.echo(line)
        for line in report.open_ends:
            say(line)
    return 1 if report.open_ends else 0


@app.command("drawn", help="抽查的名单：种子、人数和各人的结果。")
def drawn(
    inspection: Annotated[str, typer.Argument(metavar="抽查", help="抽查的编号（不写：列出各次抽查）")] = "",
    round_id: OptionalRound = "",
    db: Db = "",
    as_json: Json = False,
) -> int:
    """List the inspections, or who was drawn in one."""
    from casework.access import LOCAL_OFFICER
    from casework.payment.inspection import drawn_frame, inspections

    with looking(db) as session:
        if inspection:
            frame = drawn_frame(session, inspection_id=inspection, actor=LOCAL_OFFICER)
            rows = frame.to_dicts()
            heads = {"case_id": "个案", "unit": "单位", "name": "姓名", "result": "结果", "checked_on": "日期"}
        else:
            found = inspections(session, round_of(session, round_id).round_id)
            rows = [
                {"inspection": row.inspection_id, "seed": row.seed, "size": row.size, "on": row.on.isoformat()}
                for row in found
            ]
            heads = {"inspection": "编号", "seed": "种子", "size": "人数", "on": "日期"}
    labels = {"in_order": "无问题", "irregular": "有问题", None: "未登记"}
    rows = [{**row, "result": labels.get(row["result"], "")} if "result" in row else row for row in rows]
    emit(rows, heads, as_json=as_json, nothing="还没有抽查")
    return 0


@app.command("finding", help="登记抽查某人的结果；有问题的写明依据。")
def finding(
    inspection: Annotated[str, typer.Argument(metavar="抽查", help="抽查的编号")],
    case: Annotated[str, typer.Argument(metavar="个案", help="抽到的个案")],
    body: Annotated[str, typer.Option("--body", metavar="组织", help="由谁查")],
    problem: Annotated[bool, typer.Option("--irregular/--in-order", help="有问题或无问题")],
    basis: Annotated[str, typer.Option("--basis", metavar="依据", help="依据什么")] = "",
    responsible: Annotated[str, typer.Option("--responsible", metavar="责任人", help="责任人")] = "",
    outcome: Annotated[str, typer.Option("--outcome", metavar="处理", help="处理结果")] = "",
    on: On = "",
    db: Db = "",
    as_json: Json = False,
) -> int:
    """Record what an inspection found."""
    from casework.payment.inspection import record_finding

    engine = open_place(ledger_url(db), write=True)
    found: dict[str, Any] = {"basis": basis, "responsible": responsible, "outcome": outcome, "body": body}
    result = "irregular" if problem else "in_order"
    return do(
        record_finding,
        engine,
        as_json=as_json,
        inspection_id=inspection,
        case_id=case,
        result=result,
        on=day_of(on),
        **found,
    )
