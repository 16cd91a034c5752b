"""issue, issued, reprint, verify, bundle: what leaves the house, kept as it left, and verified when it comes back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
    say,
    unit_of,
    write_bytes,
)

if TYPE_CHECKING:
    from sqlmodel import Session

    from casework.papers import Asked

Unit = Annotated[str, typer.Option("--unit", metavar="单位", help="只要一个单位的（名称或编号）")]
Out = Annotated[Path | None, typer.Option("--out", metavar="文件", help="写成文件")]
PURPOSES = {"报送": "submit", "归档": "archive"}


def attach(app: typer.Typer) -> None:
    """Add the commands that stand at the top."""
    app.command("issue", help="印发：正式名单打印一次，原件加密存档，以后重打都用原件。")(issue)
    app.command("issued", help="已发文件登记：印发过什么，编号、页数、校验码、经办人和时间。")(issued)
    app.command("reprint", help="重打：印发时存档的原件，一个字节也不变；每次都有登记。")(reprint)
    app.command("verify", help="核对文件：是不是印发的原件；内容和名单是否一致，不一致的指出第一处。")(verify)
    app.command("bundle", help="全套材料：一轮的通知和全部表册，装订成一份 PDF，或打成 zip（PDF、xlsx 和清单）。")(
        bundle
    )


def issue(
    name: Annotated[str, typer.Argument(metavar="表名", help="要印发的表（casework list --help 列出的名称）")],
    round_id: OptionalRound = "",
    unit: Unit = "",
    branch: Annotated[str, typer.Option("--branch", metavar="党支部", help="只要一个党支部的")] = "",
    of: Annotated[str, typer.Option("--of", metavar="编号", help="哪次公示、抽查（不写：最近一次）")] = "",
    cards: Annotated[
        bool, typer.Option("--cards", help="登记表、统计表、代收同意书：印完整号码，并登记是谁打开的")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="文件夹", help="同时写出 PDF 和 xlsx")] = None,
    as_json: Json = False,
    db: Db = "",
) -> int:
    """Issue a list and keep its files."""
    from casework import issuing
    from casework.access import LOCAL_OFFICER

    with looking(db) as session:
        asked = _asked(session, round_of(session, round_id).round_id, unit, branch=branch, of=of)
    engine = open_place(ledger_url(db), write=True, quiet=True)
    told = issuing.issue(engine, name=name, asked=asked, key=new_key(), opened=cards)
    if out is not None:
        if not out.is_dir():
            raise Usage(f"{out} 不是文件夹")
        for issue_id in told["files"].values():
            found = issuing.reprint(engine, issue_id=issue_id, actor=LOCAL_OFFICER, now=now(), key=new_key())
            write_bytes(out / found.name, found.body)
    if as_json:
        print_json(told)
        return 0
    again = "已经印发过，内容没有变化" if told["unchanged"] else "已印发并存档"
    typer.echo(f"{told['title']}：{again}，{told['people']} 行，{told['pages']} 页，校验码 {told['code']}")
    return 0


def issued(round_id: OptionalRound = "", as_json: Json = False, db: Db = "") -> int:
    """Show the register of issued files."""
    from casework import issuing
    from casework.access import LOCAL_OFFICER

    heads = {
        "issue_id": "编号",
        "title": "表名",
        "unit": "单位",
        "branch": "党支部",
        "format": "格式",
        "pages": "页数",
        "people": "行数",
        "code": "校验码",
        "issued_by": "经办",
        "issued_at": "印发时间",
    }
    with looking(db) as session:
        found = issuing.issued_frame(session, round_id=round_of(session, round_id).round_id, actor=LOCAL_OFFICER)
    zone = now().tzinfo
    rows = [
        row | {"issued_at": f"{row['issued_at'].astimezone(zone):%Y-%m-%d %H:%M}"}
        for row in found.iter_rows(named=True)
    ]
    emit(rows, heads, as_json=as_json, nothing="还没有印发过文件")
    return 0


def reprint(
    issue_id: Annotated[str, typer.Argument(metavar="编号", help="casework issued 列出的编号")],
    out: Annotated[Path, typer.Option("--out", metavar="文件或文件夹", help="写到哪里")],
    pages: Annotated[str, typer.Option("--pages", metavar="页码", help="只要其中几页，如 3 或 2-4（PDF）")] = "",
    db: Db = "",
) -> int:
    """Write an issued file as it left."""
    from casework import issuing
    from casework.access import LOCAL_OFFICER
    from casework.problems import Refused

    engine = open_place(ledger_url(db), write=True, quiet=True)
    try:
        found = issuing.reprint(
            engine, issue_id=issue_id, actor=LOCAL_OFFICER, now=now(), key=new_key(), pages=pages.strip()
        )
    except Refused as refused:
        if refused.reason_code == "bad_pages":
            raise Usage(refused.sentence) from None
        raise
    target = out / found.name if out.is_dir() else out
    write_bytes(target, found.body)
    say(f"已写出 {target.name}：{found.title}（原件{'第 ' + pages + ' 页' if pages else ''}）")
    return 0


def verify(
    file: Annotated[Path, typer.Argument(metavar="文件", help="PDF 或 xlsx")], as_json: Json = False, db: Db = ""
) -> int:
    """Answer both questions about a file."""
    from casework import issuing
    from casework.access import LOCAL_OFFICER

    content = read_bytes(file)
    with looking(db) as session:
        found = issuing.verify(session, content, name=file.name, actor=LOCAL_OFFICER, now=now())
    if as_json:
        print_json(
            {
                "issued": found.issued,
                "content": {True: "same", False: "differs", None: "unknown"}[found.same],
                "title": found.title,
                "differences": list(found.differences),
                "since": list(found.since),
            }
        )
    else:
        typer.echo(found.said_issued)
        typer.echo(found.said_content)
        for sentence in (*found.differences, *found.since):
            typer.echo(f"  {sentence}")
    return 0 if found.sound else 1


def bundle(
    out: Annotated[Path, typer.Option("--out", metavar="文件", help="写成 .zip，或全套一份 .pdf")],
    round_id: OptionalRound = "",
    unit: Unit = "",
    purpose: Annotated[
        str, typer.Option("--purpose", metavar="用途", help="报送（只含可以外送的正式表）或归档（全部）")
    ] = "归档",
    db: Db = "",
) -> int:
    """Write the whole set of a round."""
    import hashlib

    from casework import issuing
    from casework.access import LOCAL_OFFICER
    from casework.ledger import record_download

    if purpose not in PURPOSES:
        raise Usage("--purpose 只能写 报送 或 归档")
    if out.suffix.lower() not in (".zip", ".pdf"):
        raise Usage("--out 只能写成 .zip 或 .pdf")
    with looking(db) as session:
        round_id = round_of(session, round_id).round_id
        asked = _asked(session, round_id, unit)
        made = issuing.set_of(session, asked, purpose=PURPOSES[purpose])
        if out.suffix.lower() == ".pdf":
            body = issuing.whole_set(session, asked, made, told=_progress)
        else:
            _, body = issuing.round_bundle(session, asked, purpose=PURPOSES[purpose], told=_progress)
    record_download(
        open_place(ledger_url(db), write=True, quiet=True),
        kind=f"bundle{out.suffix.lower()}",
        parameters={"round": round_id, "purpose": PURPOSES[purpose]},
        sha256=hashlib.sha256(body).hexdigest(),
        actor=LOCAL_OFFICER,
        now=now(),
        key=new_key(),
    )
    write_bytes(out, body)
    say(f"已写出 {out.name}：{len(made.members)} 份表册")
    for label, why in made.missing.items():
        say(f"  未含{label}：{why}")
    return 0


def _progress(done: int, many: int, what: str) -> bool:
    say(f"  {done + 1}/{many} {what}")
    return True


def _asked(session: Session, round_id: str, unit: str, *, branch: str = "", of: str = "") -> Asked:
    from casework.access import LOCAL_OFFICER
    from casework.papers import Asked

    unit_id = unit_of(session, unit) if unit else None
    return Asked(round_id, LOCAL_OFFICER, now(), unit_id=unit_id, branch=branch, of=of)
