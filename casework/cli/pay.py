"""pay …: claims, transfers, handing over, receipts, booking, the bank, funds, visits, inspection, the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
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
    new_key,
    now,
    open_place,
    print_json,
    read_bytes,
    round_of,
)

if TYPE_CHECKING:
    import polars as pl
    from sqlalchemy import Engine

app = ChineseTyper(help="资金与走访：应发款、拨付、发放、回执、入账、代发、抽查、报告。", no_args_is_help=True)

Claims = Annotated[list[str], typer.Argument(metavar="编号…", help="应发款的编号（pay claims 中列出）")]
On = Annotated[str, typer.Option("--on", metavar="日期", help="办理日期，如 2020-01-30（不写：今天）")]
Yuan = Annotated[str, typer.Option("--yuan", metavar="元", help="金额，如 18.4万")]
FundName = Annotated[str, typer.Option("--fund", metavar="资金", help="资金来源，如 留存党费")]
UnitName = Annotated[str, typer.Option("--unit", metavar="单位", help="单位名称或编号")]
Basis = Annotated[str, typer.Option("--basis", metavar="凭证", help="凭证或文号")]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text) if text else now().date()
    except ValueError:
        raise Usage(f"看不懂日期“{text}”，请写成 2020-01-30") from None


def _fen(text: str) -> int:
    from casework.money import parse_yuan

    try:
        return parse_yuan(text)
    except ValueError as error:
        raise Usage(str(error)) from None


def _term(kind: Any, label: str, what: str) -> Any:
    try:
        return kind.from_label(label)
    except KeyError:
        raise Usage(f"没有{what}“{label}”，可写：{'、'.join(one.label for one in kind)}") from None


def _fund(label: str) -> str:
    from casework.vocabulary import Fund

    return _term(Fund, label, "资金来源").value if label else ""


def _start(db: str, round_id: str) -> tuple[Engine, str]:
    from casework.db import reading

    engine = open_place(ledger_url(db), write=True)
    with reading(engine) as session:
        return engine, round_of(session, round_id).round_id


def _unit(engine: Engine, name: str) -> str:
    from casework.db import reading
    from casework.payment.common import unit_names

    with reading(engine) as session:
        known = unit_names(session)
    found = [unit_id for unit_id, label in known.items() if name in (unit_id, label)]
    if len(found) != 1:
        raise Usage(f"没有找到单位“{name}”" if not found else f"有几个单位叫“{name}”，请写编号")
    return found[0]


def _seen(engine: Engine, claim_ids: list[str]) -> dict[str, int]:
    from casework.db import reading
    from casework.models_payment import Claim

    with reading(engine) as session:
        rows = {claim_id: session.get(Claim, claim_id) for claim_id in claim_ids}
    missing = [claim_id for claim_id, row in rows.items() if row is None]
    if missing:
        raise Usage(f"没有编号为 {missing[0]} 的应发款")
    return {claim_id: row.version for claim_id, row in rows.items() if row is not None}


def _do(function: Callable[..., Mapping[str, Any]], engine: Engine, **more: Any) -> int:
    from casework.access import LOCAL_OFFICER

    print_json(function(engine, actor=LOCAL_OFFICER, now=now(), key=new_key(), **more))
    return 0


def _show(frame: pl.DataFrame, heads: Mapping[str, str], *, as_json: bool, nothing: str) -> int:
    rows = frame.to_dicts()
    if not as_json:
        from casework.money import yuan

        rows = [{n: yuan(v) if n.endswith("_fen") and v is not None else v for n, v in row.items()} for row in rows]
    emit(rows, heads, as_json=as_json, nothing=nothing)
    return 0


# -- money -----------------------------------------------------------------------------------------------------------


@app.command("open", help="按已确定的名单生成应发款，每人每项资金一笔。")
def open_command(round_id: OptionalRound = "", db: Db = "") -> int:
    """Draw up the claims."""
    from casework.db import reading
    from casework.payment.claims import open_claims
    from casework.payment.common import official_list

    engine, found = _start(db, round_id)
    with reading(engine) as session:
        print_ = official_list(session, found).fingerprint
    return _do(open_claims, engine, round_id=found, fingerprint=print_)


@app.command("claims", help="列出应发款；--unreceipted 只列已发未回执。")
def claims_command(
    round_id: OptionalRound = "",
    pending: Annotated[bool, typer.Option("--unreceipted", help="只列已发未回执")] = False,
    db: Db = "",
    as_json: Json = False,
) -> int:
    """List the claims."""
    import polars as pl

    from casework.access import LOCAL_OFFICER
    from casework.payment.claims import claims_frame, unreceipted
    from casework.vocabulary import ClaimState

    with looking(db) as session:
        frame = (unreceipted if pending else claims_frame)(
            session, round_id=round_of(session, round_id).round_id, actor=LOCAL_OFFICER
        )
    labels = {state.value: state.label for state in ClaimState}
    frame = frame.with_columns(state_label=pl.col("state").replace_strict(labels, return_dtype=pl.String))
    heads = {"claim_id": "编号", "unit": "单位", "name": "姓名", "fund_label": "资金"}
    heads |= (
        {"amount_fen": "金额", "state": "state"} if as_json else {"amount_fen": "金额（元）", "state_label": "状态"}
    )
    return _show(frame, heads, as_json=as_json, nothing="没有应发款")


@app.command("income", help="登记资金到账。")
def income(
    yuan: Yuan, basis: Basis, fund: FundName = "", on: On = "", round_id: OptionalRound = "", db: Db = ""
) -> int:
    """Record income."""
    from casework.payment.funds import record_income

    engine, found = _start(db, round_id)
    amount = _fen(yuan)
    return _do(record_income, engine, round_id=found, fund=_fund(fund), amount_fen=amount, on=_day(on), basis=basis)


@app.command("transfer", help="把一个单位的应发款拨付到单位。")
def transfer_command(
    claims: Claims,
    unit: UnitName,
    basis: Basis,
    fund: FundName = "",
    on: On = "",
    round_id: OptionalRound = "",
    db: Db = "",
) -> int:
    """Transfer to a unit."""
    from casework.payment.transfers import transfer

    engine, found = _start(db, round_id)
    to = {"round_id": found, "unit_id": _unit(engine, unit), "fund": _fund(fund)}
    return _do(transfer, engine, claims=_seen(engine, claims), on=_day(on), document=basis, **to)


@app.command("hand", help="登记当面发放。")
def hand_command(
    claims: Claims,
    place: Annotated[str, typer.Option("--place", metavar="地点", help="家中、医院、工作现场、其他地点")],
    by: Annotated[str, typer.Option("--by", metavar="姓名", help="由谁送到")],
    on: On = "",
    db: Db = "",
) -> int:
    """Record a handing over."""
    from casework.payment.receipts import hand_over
    from casework.vocabulary import VisitPlace

    where = _term(VisitPlace, place, "地点")
    engine = open_place(ledger_url(db), write=True)
    return _do(hand_over, engine, claims=_seen(engine, claims), place=where, handed_by=by, on=_day(on))


@app.command("receipt", help="登记本人签字（盖章）的回执。")
def receipt_command(
    claims: Claims,
    on: On = "",
    proxy: Annotated[str, typer.Option("--proxy", metavar="姓名", help="他人代签：代签人（不能入账）")] = "",
    db: Db = "",
) -> int:
    """Record receipts."""
    from casework.payment.receipts import record_receipt
    from casework.vocabulary import Signer

    engine = open_place(ledger_url(db), write=True)
    signer = Signer.PROXY if proxy else Signer.SELF
    given = {"signed_on": _day(on), "signed_with": "signature", "signer": signer, "proxy_name": proxy}
    return _do(record_receipt, engine, claims=_seen(engine, claims), **given)


@app.command("book", help="凭本人回执入账。")
def book_command(
    claims: Claims, voucher: Annotated[str, typer.Option("--voucher", help="凭证号")], on: On = "", db: Db = ""
) -> int:
    """Book on the person's own receipt."""
    from casework.payment.receipts import book

    engine = open_place(ledger_url(db), write=True)
    return _do(book, engine, claims=_seen(engine, claims), voucher=voucher, on=_day(on))


@app.command("bank", help="生成代发明细；卡号在这里一律不显示。")
def bank_command(claims: Claims, on: On = "", round_id: OptionalRound = "", db: Db = "") -> int:
    """Draw up a batch for the bank."""
    from casework.payment.bank import prepare_batch

    engine, found = _start(db, round_id)
    return _do(prepare_batch, engine, round_id=found, claims=_seen(engine, claims), on=_day(on))


@app.command("results", help="读入银行回单（CSV：序号,金额,结果,原因；结果写 成功 或 退票）。")
def results_command(
    batch: Annotated[str, typer.Argument(metavar="批次", help="代发明细的编号")],
    file: Annotated[Path, typer.Argument(metavar="文件", help="银行回单 CSV")],
    on: On = "",
    db: Db = "",
) -> int:
    """Read the bank's answer."""
    import csv
    import io

    from casework.payment.bank import read_results

    try:
        lines = list(csv.DictReader(io.StringIO(read_bytes(file).decode("utf-8-sig"))))
        rows = [
            {
                "serial": int(line["序号"]),
                "amount_fen": _fen(line["金额"]),
                "succeeded": {"成功": True, "退票": False}.get(line["结果"].strip()),
                "reason": line.get("原因") or "",
            }
            for line in lines
        ]
    except (KeyError, ValueError, AttributeError):
        raise Usage("银行回单看不懂，表头应为：序号,金额,结果,原因") from None
    engine = open_place(ledger_url(db), write=True)
    return _do(read_results, engine, batch_id=batch, results=rows, on=_day(on))


@app.command("funds", help="资金收支；有未了事项时退出码为 1。")
def funds_command(round_id: OptionalRound = "", db: Db = "", as_json: Json = False) -> int:
    """Show the flow of money and what is still open."""
    from casework.access import LOCAL_OFFICER
    from casework.cli.common import say
    from casework.payment.reconciliation import fund_flow, open_ends

    with looking(db) as session:
        found = round_of(session, round_id).round_id
        frame, ends = fund_flow(session, round_id=found, actor=LOCAL_OFFICER), open_ends(session, found)
    heads = {
        "fund_label": "资金",
        "unit": "单位",
        "purpose_label": "用途",
        "received_fen": "收入",
        "transferred_fen": "拨出",
        "paid_fen": "发放",
        "returned_fen": "退回",
        "left_fen": "结余",
    }
    _show(frame, heads, as_json=as_json, nothing="还没有资金往来")
    for line in ends:
        say(line)
    return 1 if ends else 0


# -- visits, inspection, report --------------------------------------------------------------------------------------


@app.command("unvisited", help="未走访名单；有人未走访时退出码为 1。")
def unvisited(round_id: OptionalRound = "", db: Db = "", as_json: Json = False) -> int:
    """List who was not visited."""
    import polars as pl

    from casework.access import LOCAL_OFFICER
    from casework.payment.coverage import coverage

    with looking(db) as session:
        frame = coverage(session, round_id=round_of(session, round_id).round_id, actor=LOCAL_OFFICER)
    left = frame.filter(~pl.col("visited"))
    _show(left, {"unit": "单位", "name": "姓名", "why": "说明"}, as_json=as_json, nothing="都已走访")
    return 1 if left.height else 0


@app.command("draw", help="随机抽查：凭种子和人数可以重新抽出同样的人。")
def draw_command(
    seed: Annotated[str, typer.Option("--seed", help="随机种子，如 20200210")],
    size: Annotated[int, typer.Option("--size", help="抽查人数")],
    on: On = "",
    round_id: OptionalRound = "",
    db: Db = "",
) -> int:
    """Draw a random inspection."""
    from casework.payment.inspection import draw_inspection

    engine, found = _start(db, round_id)
    return _do(draw_inspection, engine, round_id=found, seed=seed, size=size, on=_day(on))


@app.command("deadlines", help="报送情况：各单位各项材料按期、逾期、未报。")
def deadlines_command(round_id: OptionalRound = "", db: Db = "", as_json: Json = False) -> int:
    """Show the status grid."""
    import polars as pl

    from casework.access import LOCAL_OFFICER
    from casework.people.deadlines import STATES, status_grid

    with looking(db) as session:
        found = round_of(session, round_id).round_id
        grid = status_grid(session, round_id=found, now=now(), actor=LOCAL_OFFICER)
    late = grid.filter(pl.col("state").is_in(["late", "overdue"])).height
    shown = grid if as_json else grid.with_columns(pl.col("state").replace_strict(STATES, return_dtype=pl.String))
    heads = {"unit": "单位", "clause_id": "条款", "item": "材料", "due_at": "期限", "state": "情况"}
    _show(shown, heads, as_json=as_json, nothing="通知没有报送期限")
    return 1 if late else 0


@app.command("report", help="活动情况报告的数字。")
def report_command(round_id: OptionalRound = "", db: Db = "", as_json: Json = False) -> int:
    """Show the report's figures."""
    from casework.access import LOCAL_OFFICER
    from casework.cli.common import say
    from casework.payment.report import activity_report

    with looking(db) as session:
        report = activity_report(session, round_id=round_of(session, round_id).round_id, actor=LOCAL_OFFICER)
    if as_json:
        print_json({"figures": report.figures, "rows": report.rows.to_dicts(), "open_ends": report.open_ends})
    else:
        for line in report.sentences:
            typer.echo(line)
        for line in report.open_ends:
            say(line)
    return 1 if report.open_ends else 0
