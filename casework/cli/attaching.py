"""attach, scan …, evidence …: scans and papers of cases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from casework.cli.chinese import ChineseTyper
from casework.cli.common import (
    Db,
    Json,
    OptionalRound,
    Unit,
    UnitWord,
    Usage,
    emit,
    ledger_url,
    looking,
    now,
    open_place,
    read_bytes,
    round_of,
    say,
    unit_of,
    write_bytes,
)
from casework.cli.review import who

scans = ChineseTyper(help="扫描件：列出、打开（写明用途，记入日志）、撤下。", no_args_is_help=True)
evidence = ChineseTyper(help="证明材料：清单、登记、补正通知。", no_args_is_help=True)

File = Annotated[Path, typer.Argument(metavar="文件", help="PDF、JPG 或 PNG，最大 20 兆")]
Case = Annotated[str, typer.Option("--case", metavar="个案", help="个案编号")]
ScanId = Annotated[str, typer.Argument(metavar="扫描件", help="扫描件编号")]


def attach(app: typer.Typer) -> None:
    """Add the commands that stand at the top."""
    app.command("attach", help="添加扫描件：核对内容后加密存入，登记时写“扫描件:编号”即可引用。")(attach_command)
    app.add_typer(scans, name="scan")
    app.add_typer(evidence, name="evidence")


def attach_command(
    file: File,
    purpose: Annotated[
        str,
        typer.Option(
            "--for", metavar="用途", help="报送材料、证明材料、公示凭证、委托代领同意书、签收回执、会议记录、书面意见"
        ),
    ],
    round_id: OptionalRound = "",
    unit: Unit = "",
    case: Case = "",
    about: Annotated[
        str, typer.Option("--about", metavar="编号", help="属于哪条登记（材料、公示、会议、回执 … 的编号）")
    ] = "",
    db: Db = "",
) -> int:
    """Check a scan and seal it."""
    from casework.db import reading
    from casework.people.attachments import attach as put
    from casework.people.papers import PURPOSES

    wanted = next((name for name, label in PURPOSES.items() if purpose in (name, label)), None)
    if wanted is None:
        raise Usage(f"“{purpose}”不认识，可写：{'、'.join(PURPOSES.values())}")
    body = read_bytes(file)
    engine = open_place(ledger_url(db), write=True)
    whose = unit_of(engine, unit) if unit else None
    found = None
    if not case:
        with reading(engine) as session:
            found = round_of(session, round_id).round_id
    told: dict[str, Any] = {"round_id": found, "unit_id": whose, "case_id": case or None, "about": about}
    done = put(engine, purpose=wanted, name=file.name, body=body, **told, **who())
    for warning in done["warnings"]:
        say(warning)
    typer.echo(f"{'已有同一份' if done['unchanged'] else '已添加'}，引用时写：{done['reference']}")
    return 0


@scans.command("list", help="列出一轮的扫描件（不含内容）。")
def list_scans(
    round_id: OptionalRound = "", unit: Unit = "", case: Case = "", db: Db = "", as_json: Json = False
) -> int:
    """List the scans of a round."""
    from casework.access import LOCAL_OFFICER
    from casework.payment.common import unit_names
    from casework.people.attachments import attachments
    from casework.people.papers import PURPOSES

    with looking(db) as session:
        told: dict[str, Any] = {"unit_id": unit_of(session, unit) if unit else None, "case_id": case or None}
        frame = attachments(session, round_id=round_of(session, round_id).round_id, actor=LOCAL_OFFICER, **told)
        units = unit_names(session)
    rows = [
        {
            **row,
            "purpose": PURPOSES[row["purpose"]],
            "unit": units.get(row["unit_id"] or "", ""),
            "added_at": row["added_at"].date(),
        }
        for row in frame.to_dicts()
    ]
    heads = {"attachment_id": "编号", "purpose": "用途", "unit": "单位", "case_id": "个案", "name": "文件"}
    heads |= {"size": "字节", "added_at": "添加", "withdrawn": "撤下理由"}
    emit(rows, heads, as_json=as_json, nothing="还没有扫描件")
    return 0


@scans.command("open", help="打开一份扫描件，写明用途；记入日志。")
def open_scan(
    scan: ScanId,
    purpose: Annotated[str, typer.Option("--why", metavar="用途", help="为什么要看")],
    out: Annotated[Path, typer.Option("--out", metavar="文件", help="存为哪个文件")],
    db: Db = "",
) -> int:
    """Write a scan in clear to a file the person names."""
    from casework.people.attachments import open_attachment

    opened = open_attachment(open_place(ledger_url(db), write=True), attachment_id=scan, purpose=purpose, **who())
    write_bytes(out, opened.body)
    typer.echo(f"已存为 {out}，用完请删除")
    return 0


@scans.command("withdraw", help="撤下放错的扫描件，写明理由。")
def withdraw(scan: ScanId, reason: Annotated[str, typer.Option("--reason", metavar="理由")], db: Db = "") -> int:
    """Take a scan back."""
    from casework.people.attachments import withdraw_attachment

    withdraw_attachment(open_place(ledger_url(db), write=True), attachment_id=scan, reason=reason, **who())
    typer.echo("已撤下")
    return 0


# -- evidence --------------------------------------------------------------------------------------------------------


@evidence.command("list", help="一份个案的证明材料清单：照困难成因要哪些，各到了哪一步。")
def checklist(
    case: Annotated[str, typer.Argument(metavar="个案", help="个案编号")], db: Db = "", as_json: Json = False
) -> int:
    """List the papers of a case; exit 1 where one it needs is not complete."""
    from casework.access import LOCAL_OFFICER
    from casework.review.evidence import STATES, evidence_checklist

    with looking(db) as session:
        told: dict[str, Any] = {"case_id": case, "actor": LOCAL_OFFICER, "as_of": now().date()}
        rows = evidence_checklist(session, **told).to_dicts()
    asked = {True: "要", False: "不要", None: "成因未登记"}
    shown = rows if as_json else [{**r, "asked": asked[r["asked"]], "state": STATES[r["state"]]} for r in rows]
    heads = {"document": "材料", "asked": "要不要", "state": "情况", "issuer": "出具单位", "issuer_level": "级别"}
    emit(
        shown,
        {**heads, "scans": "扫描件", "cite": "条款", "words": "原文"},
        as_json=as_json,
        nothing="通知没有要求证明材料",
    )
    return 1 if _open(rows) else 0


def _open(rows: list[dict[str, Any]]) -> bool:
    """Tell whether a clause that asks for papers has them not complete; one will do where any of several may come."""
    clauses: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if row["asked"] is not False:
            clauses.setdefault(row["clause_id"], []).append(row)
    complete = [[row["state"] == "complete" for row in papers] for papers in clauses.values()]
    any_of = [papers[0]["any_of"] for papers in clauses.values()]
    return not all(any(done) if one else all(done) for done, one in zip(complete, any_of, strict=True))


@evidence.command("add", help="登记一份证明材料，可同时添加扫描件（--scan）。")
def add(
    case: Annotated[str, typer.Argument(metavar="个案", help="个案编号")],
    document: Annotated[str, typer.Argument(metavar="材料", help="照通知的叫法")],
    issuer: Annotated[str, typer.Option("--issuer", metavar="单位", help="由谁开具")],
    level: Annotated[str, typer.Option("--level", metavar="级别", help="开具单位的级别，如 县级")] = "",
    seen: Annotated[bool, typer.Option("--seen", help="原件已核")] = False,
    kept: Annotated[bool, typer.Option("--kept", help="复印件已留")] = False,
    complete: Annotated[bool, typer.Option("--complete", help="材料已全部看过，没登记的就是没交")] = False,
    scan: Annotated[Path | None, typer.Option("--scan", metavar="文件", help="同时添加扫描件")] = None,
    db: Db = "",
) -> int:
    """Record a paper, and its scan."""
    from casework.people.attachments import attach as put
    from casework.people.scans import read_scan
    from casework.review.judgements import record_evidence

    body = read_bytes(scan) if scan else b""
    if scan:
        read_scan(scan.name, body)  # refused before anything is written
    engine = open_place(ledger_url(db), write=True)
    told: dict[str, Any] = {
        "issuer": issuer,
        "issuer_level": level,
        "original_seen": seen,
        "copy_kept": kept,
        "complete": complete,
    }
    paper = record_evidence(engine, case_id=case, document=document, **told, **who())
    said = "已登记"
    if scan:
        about: dict[str, Any] = {"case_id": case, "about": str(paper["evidence_id"])}
        done = put(engine, purpose="evidence", name=scan.name, body=body, **about, **who())
        said += f"，{done['reference']}"
    typer.echo(said)
    return 0


@evidence.command("letter", help="补正通知：一个单位的人还缺哪些证明材料，照条款原文。")
def letter(unit: UnitWord, round_id: OptionalRound = "", db: Db = "") -> int:
    """Print the letter of a unit; exit 1 where something is missing."""
    from casework.access import LOCAL_OFFICER
    from casework.review.evidence import completion_letter

    with looking(db) as session:
        told: dict[str, Any] = {"unit_id": unit_of(session, unit), "actor": LOCAL_OFFICER, "as_of": now().date()}
        text = completion_letter(session, round_id=round_of(session, round_id).round_id, **told)
    if not text:
        say("这个单位的证明材料都齐了")
        return 0
    typer.echo(text)
    return 1
