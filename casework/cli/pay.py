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


def day_of(text: str) -> date:
    """Return a day the person typed, today for none.

    Raises:
        Usage: It is none.
    """
    try:
        return date.fromisoformat(text) if text else now().date()
    except ValueError:
        raise Usage(f"看不懂日期“{text}”，请写成 2020-01-30") from None


def fen_of(text: str) -> int:
    """Return an amount in fen from yuan as written.

    Raises:
        Usage: It is none.
    """
    from casework.money import parse_yuan

    try:
        return parse_yuan(text)
    except ValueError as error:
        raise Usage(str(error)) from None


def term_of(kind: Any, label: str, what: str) -> Any:
    """Return the member a person means by its Chinese label.

    Raises:
        Usage: There is none.
    """
    try:
        return kind.from_label(label)
    except KeyError:
        raise Usage(f"没有{what}“{label}”，可写：{'、'.join(one.label for one in kind)}") from None


def fund_of(label: str) -> str:
    """Return the stored value of a fund, "" for none."""
    from casework.vocabulary import Fund

    return term_of(Fund, label, "资金来源").value if label else ""


def starting(db: str, round_id: str) -> tuple[Engine, str]:
    """Return a ledger that may be written, and the round."""
    from casework.db import reading

    engine = open_place(ledger_url(db), write=True)
    with reading(engine) as session:
        return engine, round_of(session, round_id).round_id


def unit_of(engine: Engine, name: str) -> str:
    """Return the unit a person means by its name or id.

    Raises:
        Usage: There is none, or several.
    """
    from casework.db import reading
    from casework.payment.common import unit_names

    with reading(engine) as session:
        known = unit_names(session)
    found = [unit_id for unit_id, label in known.items() if name in (unit_id, label)]
    if len(found) != 1:
        raise Usage(f"没有找到单位“{name}”" if not found else f"有几个单位叫“{name}”，请写编号")
    return found[0]


def claim_versions(engine: Engine, claim_ids: list[str]) -> dict[str, int]:
    """Return claim → version, as the ledger has them now.

    Raises:
        Usage: One is not there.
    """
    from casework.db import reading
    from casework.models_payment import Claim

    with reading(engine) as session:
        rows = {claim_id: session.get(Claim, claim_id) for claim_id in claim_ids}
    missing = [claim_id for claim_id, row in rows.items() if row is None]
    if missing:
        raise Usage(f"没有编号为 {missing[0]} 的应发款")
    return {claim_id: row.version for claim_id, row in rows.items() if row is not None}


def do(function: Callable[..., Mapping[str, Any]], engine: Engine, **more: Any) -> int:
    """Carry one command out as the local officer and print its result."""
    from casework.access import LOCAL_OFFICER

    print_json(function(engine, actor=LOCAL_OFFICER, now=now(), key=new_key(), **more))
    return 0


def show(frame: pl.DataFrame, heads: Mapping[str, str], *, as_json: bool, nothing: str) -> int:
    """Print a frame, amounts in yuan unless a program reads it."""
    rows = frame.to_dicts()
    if not as_json:
        from casework.money import yuan

        rows = [{n: yuan(v) if n.endswith("_fen") and v is not None else v for n, v in row.items()} for row in rows]
    emit(rows, heads, as_json=as_json, nothing=nothing)
    return 0


# -- money -----------------------------------------------------------------------------------------------------------


@app.command("open", help="按已确定的名单生成应发款，每人每项资金一笔；发慰问品的写 --goods。")
def open_command(
    goods: Annotated[
        list[str], typer.Option("--goods", metavar="个案=慰问品:元", help="给谁什么慰问品，值多少（不知道可不写）")
    ] = [],  # noqa: B006 - Typer reads it and changes nothing
    round_id: OptionalRound = "",
    db: Db = "",
) -> int:
    """Draw up the claims."""
    from casework.db import reading
    from casework.payment.claims import open_claims
    from casework.payment.common import official_list

    engine, found = starting(db, round_id)
    with reading(engine) as session:
        print_ = official_list(session, found).fingerprint
    given = {}
    for text in goods:
        case_id, _, rest = text.partition("=")
        what, _, worth = rest.replace("：", ":").partition(":")
        if not case_id or not what:
            raise Usage(f"“{text}”请写成 个案=慰问品:元")
        given[case_id] = (what, fen_of(worth) if worth else None)
    return do(open_claims, engine, round_id=found, fingerprint=print_, goods=given or None)


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
    heads = {"claim_id": "编号", "case_id": "个案", "unit": "单位", "name": "姓名", "fund_label": "资金"}
    heads |= (
        {"amount_fen": "金额", "state": "state"} if as_json else {"amount_fen": "金额（元）", "state_label": "状态"}
    )
    return show(frame, heads, as_json=as_json, nothing="没有应发款")


@app.command("income", help="登记资金到账。")
def income(
    yuan: Yuan, basis: Basis, fund: FundName = "", on: On = "", round_id: OptionalRound = "", db: Db = ""
) -> int:
    """Record income."""
    from casework.payment.funds import record_income

    engine, found = starting(db, round_id)
    amount = fen_of(yuan)
    return do(record_income, engine, round_id=found, fund=fund_of(fund), amount_fen=amount, on=day_of(on), basis=basis)


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

    engine, found = starting(db, round_id)
    to = {"round_id": found, "unit_id": unit_of(engine, unit), "fund": fund_of(fund)}
    return do(transfer, engine, claims=claim_versions(engine, claims), on=day_of(on), document=basis, **to)


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

    where = term_of(VisitPlace, place, "地点")
    engine = open_place(ledger_url(db), write=True)
    return do(hand_over, engine, claims=claim_versions(engine, claims), place=where, handed_by=by, on=day_of(on))


@app.command("receipt", help="登记回执：本人签字、盖章或按指印；他人代签的不能入账。")
def receipt_command(
    claims: Claims,
    on: On = "",
    signed_with: Annotated[str, typer.Option("--with", metavar="方式", help="签字、盖章、指印")] = "签字",
    proxy: Annotated[str, typer.Option("--proxy", metavar="姓名", help="他人代签：代签人（不能入账）")] = "",
    relation: Annotated[str, typer.Option("--relation", metavar="关系", help="代签人与本人的关系")] = "",
    document: Annotated[str, typer.Option("--document", metavar="编号", help="回执扫描件的编号")] = "",
    db: Db = "",
) -> int:
    """Record receipts."""
    from casework.payment.receipts import record_receipt
    from casework.vocabulary import Relation, Signer

    ways = {"签字": "signature", "盖章": "seal", "指印": "fingerprint"}
    if signed_with not in ways:
        raise Usage(f"没有方式“{signed_with}”，可写：{'、'.join(ways)}")
    engine = open_place(ledger_url(db), write=True)
    given = {
        "signed_on": day_of(on),
        "signed_with": ways[signed_with],
        "signer": Signer.PROXY if proxy else Signer.SELF,
        "proxy_name": proxy,
        "relation": term_of(Relation, relation, "关系") if relation else None,
        "document": document,
    }
    return do(record_receipt, engine, claims=claim_versions(engine, claims), **given)


@app.command("book", help="凭本人回执入账。")
def book_command(
    claims: Claims, voucher: Annotated[str, typer.Option("--voucher", help="凭证号")], on: On = "", db: Db = ""
) -> int:
    """Book on the person's own receipt."""
    from casework.payment.receipts import book

    engine = open_place(ledger_url(db), write=True)
    return do(book, engine, claims=claim_versions(engine, claims), voucher=voucher, on=day_of(on))


@app.command("bank", help="生成代发明细；卡号在这里一律不显示。")
def bank_command(claims: Claims, on: On = "", round_id: OptionalRound = "", db: Db = "") -> int:
    """Draw up a batch for the bank."""
    from casework.payment.bank import prepare_batch

    engine, found = starting(db, round_id)
    return do(prepare_batch, engine, round_id=found, claims=claim_versions(engine, claims), on=day_of(on))


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
                "amount_fen": fen_of(line["金额"]),
                "succeeded": {"成功": True, "退票": False}.get(line["结果"].strip()),
                "reason": line.get("原因") or "",
            }
            for line in lines
        ]
    except (KeyError, ValueError, AttributeError):
        raise Usage("银行回单看不懂，表头应为：序号,金额,结果,原因") from None
    engine = open_place(ledger_url(db), write=True)
    return do(read_results, engine, batch_id=batch, results=rows, on=day_of(on))


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
    show(frame, heads, as_json=as_json, nothing="还没有资金往来")
    for line in ends:
        say(line)
    return 1 if ends else 0


# -- who was not seen ------------------------------------------------------------------------------------------------


@app.command("unvisited", help="未走访名单；有人未走访时退出码为 1。")
def unvisited(round_id: OptionalRound = "", db: Db = "", as_json: Json = False) -> int:
    """List who was not visited."""
    import polars as pl

    from casework.access import LOCAL_OFFICER
    from casework.payment.coverage import coverage

    with looking(db) as session:
        frame = coverage(session, round_id=round_of(session, round_id).round_id, actor=LOCAL_OFFICER)
    left = frame.filter(~pl.col("visited"))
    show(left, {"unit": "单位", "name": "姓名", "why": "说明"}, as_json=as_json, nothing="都已走访")
    return 1 if left.height else 0
