"""pay …: stopping and taking back, money that goes back or is spent, the bank's list, cards, reconciliation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casework.cli.chinese import ChineseTyper
from casework.cli.choosing import Every, OfUnit, Sure, Whom, Wish, choose, parties, versions
from casework.cli.common import (
    Db,
    Json,
    OptionalRound,
    Unit,
    Usage,
    emit,
    ledger_url,
    looking,
    open_place,
    round_of,
    unit_of,
    write_bytes,
)
from casework.cli.deeds import (
    Basis,
    FundName,
    On,
    Yuan,
    claim_versions,
    day_of,
    do,
    fen_of,
    fund_of,
    one_fund,
    starting,
    term_of,
)

if TYPE_CHECKING:
    import polars as pl
    from sqlalchemy import Engine

app = ChineseTyper()
cards = ChineseTyper(help="收款的银行卡：本人的，或本人签字同意的指定人的；卡号一律遮住。", no_args_is_help=True)

Reason = Annotated[str, typer.Option("--reason", metavar="理由", help="为什么")]
ClaimId = Annotated[str, typer.Argument(metavar="编号", help="应发款的编号")]


@app.command("stop", help="停发一笔应发款（已拨付的另行退回）。")
def stop(claim: ClaimId, reason: Reason, db: Db = "", as_json: Json = False) -> int:
    """Stop a claim."""
    from casework.payment.claims import stop_claim

    engine = open_place(ledger_url(db), write=True)
    version = claim_versions(engine, [claim])[claim]
    return do(stop_claim, engine, as_json=as_json, claim_id=claim, reason=reason, expected_version=version)


@app.command("takeback", help="收回一次发放：钱退回账户，原来的一次留存。")
def takeback(claim: ClaimId, reason: Reason, on: On = "", db: Db = "", as_json: Json = False) -> int:
    """Take back what was handed over."""
    from casework.payment.receipts import take_back

    engine = open_place(ledger_url(db), write=True)
    version = claim_versions(engine, [claim])[claim]
    return do(
        take_back, engine, as_json=as_json, claim_id=claim, reason=reason, on=day_of(on), expected_version=version
    )


@app.command("refund", help="单位把没有发放的拨付款退回本级。")
def refund(
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
    """Return money a unit did not pay out; of whole units only what was stopped."""
    from casework.payment.transfers import return_funds
    from casework.vocabulary import ClaimState

    engine, found = starting(db, round_id)
    source = one_fund(engine, found, fund)
    named = (ClaimState.TRANSFERRED, ClaimState.RETURNED) if claims else ()
    states = (ClaimState.STOPPED, *named)
    rows = choose(engine, found, Wish(tuple(claims), unit, every, yes), doing="退回", states=states, fund=source)
    back: dict[str, Any] = {"round_id": found, "fund": source, "on": day_of(on), "basis": basis, "as_json": as_json}
    for whose, mine in parties(rows).items():
        do(return_funds, engine, unit_id=whose, claims=versions(mine), **back)
    return 0


@app.command("expense", help="登记单位配套资金的支出；专款只发给人，不能这样支出。")
def expense(
    yuan: Yuan,
    purpose: Annotated[str, typer.Option("--purpose", metavar="类别", help="用于通知的哪一类")],
    basis: Basis,
    fund: FundName = "",
    unit: Unit = "",
    on: On = "",
    round_id: OptionalRound = "",
    db: Db = "",
    as_json: Json = False,
) -> int:
    """Spend a unit's matching money."""
    from casework.payment.funds import record_expense

    engine, found = starting(db, round_id)
    spent: dict[str, Any] = {"amount_fen": fen_of(yuan), "purpose": purpose, "fund": fund_of(fund), "basis": basis}
    whose = unit_of(engine, unit) if unit else None
    return do(record_expense, engine, as_json=as_json, round_id=found, unit_id=whose, on=day_of(on), **spent)


@app.command("reconcile", help="对账：银行对账单余额与台账相比，有差额的写明原因。")
def reconcile_command(
    account: Annotated[str, typer.Argument(metavar="账户", help="资金账户（pay accounts 中列出）")],
    yuan: Yuan,
    reason: Reason = "",
    on: On = "",
    db: Db = "",
    as_json: Json = False,
) -> int:
    """Hold a bank statement against the ledger."""
    from casework.payment.reconciliation import reconcile

    engine = open_place(ledger_url(db), write=True)
    return do(
        reconcile, engine, as_json=as_json, account=account, statement_fen=fen_of(yuan), on=day_of(on), reason=reason
    )


@app.command("accounts", help="列出资金账户和余额。")
def accounts_command(round_id: OptionalRound = "", db: Db = "", as_json: Json = False) -> int:
    """List the accounts."""
    from casework.money import yuan
    from casework.payment.common import unit_names
    from casework.payment.funds import accounts, fund_label
    from casework.vocabulary import AccountKind

    with looking(db) as session:
        units = unit_names(session)
        rows = [
            {
                "account": row.account_id,
                "kind": AccountKind(row.kind).label,
                "fund": fund_label(row.fund),
                "unit": units.get(row.unit_id or "", ""),
                "balance": row.balance_fen if as_json else yuan(row.balance_fen),
            }
            for row in accounts(session, round_of(session, round_id).round_id)
        ]
    heads = {"account": "账户", "kind": "性质", "fund": "资金", "unit": "单位", "balance": "余额"}
    emit(rows, heads, as_json=as_json, nothing="还没有资金账户")
    return 0


# -- the bank ------------------------------------------------------------------------------------------------------


@app.command("batches", help="列出代发明细。")
def batches_command(round_id: OptionalRound = "", db: Db = "", as_json: Json = False) -> int:
    """List the batches."""
    from casework.access import LOCAL_OFFICER
    from casework.money import yuan
    from casework.payment.bank import batches
    from casework.payment.common import unit_names

    with looking(db) as session:
        units = unit_names(session)
        rows = [
            {
                "batch": row.batch_id,
                "unit": units.get(row.unit_id or "", "本级"),
                "people": row.people,
                "amount": row.amount_fen if as_json else yuan(row.amount_fen),
                "on": row.on.isoformat(),
            }
            for row in batches(session, round_of(session, round_id).round_id, LOCAL_OFFICER)
        ]
    heads = {"batch": "编号", "unit": "出款", "people": "人数", "amount": "金额", "on": "日期"}
    emit(rows, heads, as_json=as_json, nothing="还没有代发明细")
    return 0


@app.command("banklist", help="代发明细：--out 写成带完整卡号的工作簿（打开卡号留有记录），不写只显示遮住的。")
def banklist(
    batch: Annotated[str, typer.Argument(metavar="批次", help="代发明细的编号")],
    out: Annotated[Path | None, typer.Option("--out", metavar="文件", help="写成 .xlsx")] = None,
    db: Db = "",
) -> int:
    """Write the list for the bank, or show it masked."""
    from casework.access import LOCAL_OFFICER
    from casework.cli.common import new_key, now
    from casework.db import reading
    from casework.payment.bank import bank_frame
    from casework.payment.cards import bank_list

    engine = open_place(ledger_url(db), write=out is not None)
    if out is None:
        with reading(engine) as session:
            frame = bank_frame(session, batch_id=batch, actor=LOCAL_OFFICER)
        emit(frame.to_dicts(), dict(zip(frame.columns, frame.columns, strict=True)), as_json=False, nothing="没有人")
        return 0
    if out.suffix != ".xlsx":
        raise Usage("代发明细请写成 .xlsx：表格软件会改坏 CSV 里的卡号")
    frame = bank_list(engine, batch_id=batch, actor=LOCAL_OFFICER, now=now(), key=new_key())
    write_bytes(out, as_texts(frame))
    typer.echo(f"已写成 {out}，{frame.height} 人；卡号的打开已记录，用后请妥善保管")
    return 0


def as_texts(frame: pl.DataFrame) -> bytes:
    """Return a workbook whose cells are all texts, so that no program rounds a card number."""
    import io

    import xlsxwriter  # type: ignore[import-untyped, unused-ignore]

    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet("代发明细")
        text = book.add_format({"num_format": "@"})
        for number, line in enumerate([tuple(frame.columns), *frame.rows()]):
            for place, cell in enumerate(line):
                sheet.write_string(number, place, cell or "", text)
        sheet.set_column(0, frame.width, 22, text)
    return target.getvalue()


# -- cards ---------------------------------------------------------------------------------------------------------


def _person(engine: Engine, case_id: str) -> str:
    from casework.db import reading
    from casework.models import Case
    from casework.problems import Refused

    with reading(engine) as session:
        case = session.get(Case, case_id)
    if case is None:
        raise Refused("not_found", f"没有编号为 {case_id} 的个案")
    return case.person_id


CaseId = Annotated[str, typer.Argument(metavar="个案", help="个案编号")]


@cards.command("set", help="登记银行卡：本人的；指定他人的须写持卡人、关系和本人签字同意的日期。")
def set_card(
    case: CaseId,
    number: Annotated[
        str, typer.Option("--number", metavar="卡号", prompt="卡号", hide_input=True, help="不写则逐字输入")
    ],
    holder: Annotated[str, typer.Option("--holder", metavar="姓名", help="指定的持卡人（不写：本人的卡）")] = "",
    relation: Annotated[str, typer.Option("--relation", metavar="关系", help="持卡人与本人的关系")] = "",
    consent: Annotated[str, typer.Option("--consent", metavar="日期", help="本人签字同意的日期")] = "",
    scan: Annotated[str, typer.Option("--scan", metavar="编号", help="同意书扫描件的编号")] = "",
    db: Db = "",
    as_json: Json = False,
) -> int:
    """Record a card; the one before ends and stays."""
    from casework.people.contacts import put_contact
    from casework.vocabulary import Relation

    engine = open_place(ledger_url(db), write=True)
    given: dict[str, Any] = {
        "kind": "designated_card" if holder else "card",
        "holder": holder,
        "relation": term_of(Relation, relation, "关系") if relation else None,
        "consent_on": day_of(consent) if consent else None,
        "consent_scan": scan or None,
    }
    return do(put_contact, engine, as_json=as_json, person_id=_person(engine, case), value=number, **given)


@cards.command("revoke", help="本人撤回对指定人收款的同意；已发的不变。")
def revoke_card(case: CaseId, db: Db = "", as_json: Json = False) -> int:
    """Take back the consent to a designated card."""
    from sqlmodel import col, select

    from casework.db import reading
    from casework.models_people import Contact
    from casework.people.contacts import revoke_consent
    from casework.problems import Refused

    engine = open_place(ledger_url(db), write=True)
    whose = _person(engine, case)
    query = select(Contact).where(
        Contact.person_id == whose,
        Contact.kind == "designated_card",
        col(Contact.ended_on).is_(None),
        col(Contact.revoked_on).is_(None),
    )
    with reading(engine) as session:
        found = session.exec(query).first()
    if found is None:
        raise Refused("not_found", "没有指定人的银行卡")
    return do(revoke_consent, engine, as_json=as_json, contact_id=found.contact_id, expected_version=found.version)


@cards.command("list", help="应发款按谁的卡发、谁还缺、谁与别人同卡；卡号不显示。")
def list_cards(on: On = "", round_id: OptionalRound = "", db: Db = "", as_json: Json = False) -> int:
    """List how everybody is paid; exit 1 where somebody has no card."""
    from casework.access import LOCAL_OFFICER
    from casework.payment.payees import payees_frame
    from casework.vocabulary import Payee

    with looking(db) as session:
        found = round_of(session, round_id).round_id
        frame = payees_frame(session, round_id=found, on=day_of(on), actor=LOCAL_OFFICER)
    rows = [
        {
            **row,
            "payee": Payee(row["payee"]).label if row["payee"] else None,
            "shared_with": "、".join(row["shared_with"]),
        }
        for row in frame.iter_rows(named=True)
    ]
    heads = {"unit": "单位", "name": "姓名", "payee": "收款", "relation": "关系", "consent_on": "同意日期"}
    emit(rows, {**heads, "why": "缺什么", "shared_with": "同卡"}, as_json=as_json, nothing="没有应发款")
    return 1 if any(row["payee"] is None for row in rows) else 0
