"""pay …: claims, transfers, handing over, receipts, booking, the bank, funds, visits, inspection, the report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from casework.cli.chinese import ChineseTyper
from casework.cli.choosing import Every, OfUnit, Sure, Whom, Wish, choose, next_instalments, parties, versions
from casework.cli.common import (
    Db,
    Json,
    OptionalRound,
    Usage,
    ledger_url,
    looking,
    open_place,
    read_bytes,
    round_of,
    unit_of,
)
from casework.cli.deeds import (
    Basis,
    FundName,
    On,
    Yuan,
    day_of,
    do,
    fen_of,
    fund_of,
    one_fund,
    show,
    starting,
    term_of,
)

app = ChineseTyper(help="资金与走访：应发款、拨付、发放、回执、入账、代发、抽查、报告。", no_args_is_help=True)

# -- money -----------------------------------------------------------------------------------------------------------


@app.command("open", help="按已确定的名单生成应发款，每人每项资金一笔；发慰问品的写 --goods。")
def open_command(
    goods: Annotated[
        list[str], typer.Option("--goods", metavar="个案=慰问品:元", help="给谁什么慰问品，值多少（不知道可不写）")
    ] = [],  # noqa: B006 - Typer reads it and changes nothing
    due: Annotated[
        list[str], typer.Option("--due", metavar="类别=日期,日期", help="分期发放的类别，各期的发放日期")
    ] = [],  # noqa: B006
    round_id: OptionalRound = "",
    db: Db = "",
    as_json: Json = False,
) -> int:
    """Draw up the claims."""
    from casework.db import reading
    from casework.ledger import policy_of
    from casework.payment.claims import open_claims
    from casework.payment.common import official_list

    engine, found = starting(db, round_id)
    with reading(engine) as session:
        print_ = official_list(session, found).fingerprint
        categories = policy_of(session, found).categories
    given = {}
    for text in goods:
        case_id, _, rest = text.partition("=")
        what, _, worth = rest.replace("：", ":").partition(":")
        if not case_id or not what:
            raise Usage(f"“{text}”请写成 个案=慰问品:元")
        given[case_id] = (what, fen_of(worth) if worth else None)
    days = {}
    for text in due:
        named, _, rest = text.partition("=")
        category = next((one.id for one in categories if named in (one.id, one.label)), None)
        if category is None or not rest:
            raise Usage(f"“{text}”请写成 类别=日期,日期，类别可写：{'、'.join(one.label for one in categories)}")
        days[category] = [day_of(day) for day in rest.replace("，", ",").split(",")]
    asked = {"goods": given or None, "due": days or None}
    return do(open_claims, engine, round_id=found, fingerprint=print_, as_json=as_json, **asked)


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
    yuan: Yuan,
    basis: Basis,
    fund: FundName = "",
    unit: Annotated[str, typer.Option("--unit", metavar="单位", help="单位配套资金：哪个单位的（名称或编号）")] = "",
    on: On = "",
    round_id: OptionalRound = "",
    db: Db = "",
    as_json: Json = False,
) -> int:
    """Record income."""
    from casework.payment.funds import record_income

    engine, found = starting(db, round_id)
    amount = fen_of(yuan)
    told = {"fund": fund_of(fund), "unit_id": unit_of(engine, unit) if unit else None, "basis": basis}
    return do(record_income, engine, round_id=found, amount_fen=amount, on=day_of(on), as_json=as_json, **told)


@app.command("transfer", help="把一个单位的应发款拨付到单位。")
def transfer_command(
    basis: Basis,
    claims: Whom = [],  # noqa: B006 - Typer reads it and changes nothing
    unit: OfUnit = "",
    every: Every = False,
    fund: FundName = "",
    on: On = "",
    yes: Sure = False,
    round_id: OptionalRound = "",
    db: Db = "",
    as_json: Json = False,
) -> int:
    """Transfer to a unit; to several, one transfer each."""
    from casework.payment.transfers import transfer
    from casework.vocabulary import ClaimState

    engine, found = starting(db, round_id)
    source = one_fund(engine, found, fund)
    wish = Wish(tuple(claims), unit, every, yes)
    rows = choose(engine, found, wish, doing="拨付", states=(ClaimState.PLANNED,), fund=source)
    to: dict[str, Any] = {"round_id": found, "fund": source, "on": day_of(on), "document": basis, "as_json": as_json}
    for whose, mine in parties(rows if claims else next_instalments(rows)).items():
        if not as_json:
            typer.echo(f"{mine[0]['unit']}：", nl=False)
        do(transfer, engine, unit_id=whose, claims=versions(mine), **to)
    return 0


@app.command("hand", help="登记当面发放。")
def hand_command(
    place: Annotated[str, typer.Option("--place", metavar="地点", help="家中、医院、工作现场、其他地点")],
    by: Annotated[str, typer.Option("--by", metavar="姓名", help="由谁送到")],
    claims: Whom = [],  # noqa: B006 - Typer reads it and changes nothing
    unit: OfUnit = "",
    every: Every = False,
    on: On = "",
    yes: Sure = False,
    round_id: OptionalRound = "",
    db: Db = "",
    as_json: Json = False,
) -> int:
    """Record a handing over."""
    from casework.payment.attempts import PAYABLE
    from casework.payment.receipts import hand_over
    from casework.vocabulary import VisitPlace

    where = term_of(VisitPlace, place, "地点")
    engine, found = starting(db, round_id)
    day = day_of(on)
    rows = choose(engine, found, Wish(tuple(claims), unit, every, yes), doing="发放", states=PAYABLE, on=day)
    return do(hand_over, engine, claims=versions(rows), place=where, handed_by=by, on=day, as_json=as_json)


@app.command("receipt", help="登记回执：本人签字、盖章或按指印；他人代签的不能入账。")
def receipt_command(
    claims: Whom = [],  # noqa: B006 - Typer reads it and changes nothing
    unit: OfUnit = "",
    every: Every = False,
    on: On = "",
    signed_with: Annotated[str, typer.Option("--with", metavar="方式", help="签字、盖章、指印")] = "签字",
    proxy: Annotated[str, typer.Option("--proxy", metavar="姓名", help="他人代签：代签人（不能入账）")] = "",
    relation: Annotated[str, typer.Option("--relation", metavar="关系", help="代签人与本人的关系")] = "",
    document: Annotated[str, typer.Option("--document", metavar="编号", help="回执扫描件的编号")] = "",
    yes: Sure = False,
    round_id: OptionalRound = "",
    db: Db = "",
    as_json: Json = False,
) -> int:
    """Record receipts."""
    from casework.payment.receipts import record_receipt
    from casework.vocabulary import ClaimState, Relation, Signer

    ways = {"签字": "signature", "盖章": "seal", "指印": "fingerprint"}
    if signed_with not in ways:
        raise Usage(f"没有方式“{signed_with}”，可写：{'、'.join(ways)}")
    engine, found = starting(db, round_id)
    given = {
        "signed_on": day_of(on),
        "signed_with": ways[signed_with],
        "signer": Signer.PROXY if proxy else Signer.SELF,
        "proxy_name": proxy,
        "relation": term_of(Relation, relation, "关系") if relation else None,
        "document": document,
    }
    wish = Wish(tuple(claims), unit, every, yes)
    rows = choose(engine, found, wish, doing="登记回执", states=(ClaimState.PAID,))
    return do(record_receipt, engine, claims=versions(rows), as_json=as_json, **given)


@app.command("book", help="凭本人回执入账。")
def book_command(
    voucher: Annotated[str, typer.Option("--voucher", help="凭证号")],
    claims: Whom = [],  # noqa: B006 - Typer reads it and changes nothing
    unit: OfUnit = "",
    every: Every = False,
    on: On = "",
    yes: Sure = False,
    round_id: OptionalRound = "",
    db: Db = "",
    as_json: Json = False,
) -> int:
    """Book on the person's own receipt."""
    from casework.payment.receipts import book
    from casework.vocabulary import ClaimState

    engine, found = starting(db, round_id)
    wish = Wish(tuple(claims), unit, every, yes)
    rows = choose(engine, found, wish, doing="入账", states=(ClaimState.SIGNED,))
    return do(book, engine, claims=versions(rows), voucher=voucher, on=day_of(on), as_json=as_json)


@app.command("bank", help="生成代发明细；卡号在这里一律不显示。")
def bank_command(
    claims: Whom = [],  # noqa: B006 - Typer reads it and changes nothing
    unit: OfUnit = "",
    every: Every = False,
    on: On = "",
    yes: Sure = False,
    round_id: OptionalRound = "",
    db: Db = "",
    as_json: Json = False,
) -> int:
    """Draw up a batch for the bank; one for each unit that pays, and one for this body."""
    from casework.payment.attempts import PAYABLE
    from casework.payment.bank import prepare_batch

    engine, found = starting(db, round_id)
    day = day_of(on)
    rows = choose(engine, found, Wish(tuple(claims), unit, every, yes), doing="代发", states=PAYABLE, on=day)
    for mine in [rows] if claims else parties(rows, paying=True).values():
        do(prepare_batch, engine, round_id=found, claims=versions(mine), on=day, as_json=as_json)
    return 0


@app.command("results", help="读入银行回单（CSV：序号,金额,结果,原因；结果写 成功 或 退票）。")
def results_command(
    batch: Annotated[str, typer.Argument(metavar="批次", help="代发明细的编号")],
    file: Annotated[Path, typer.Argument(metavar="文件", help="银行回单 CSV")],
    on: On = "",
    db: Db = "",
    as_json: Json = False,
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
    return do(read_results, engine, batch_id=batch, results=rows, on=day_of(on), as_json=as_json)


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
