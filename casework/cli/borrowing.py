"""fill, layout: a superior's workbook filled in, and the office's own columns of a list kept by name."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casework.cli.chinese import ChineseTyper
from casework.cli.common import (
    Db,
    OptionalRound,
    Usage,
    ledger_url,
    looking,
    new_key,
    now,
    open_place,
    print_table,
    read_bytes,
    round_of,
    say,
    unit_of,
    write_bytes,
)

if TYPE_CHECKING:
    from casework.lists import Table

app = ChineseTyper(help="自选导出的版式：从一张表里选列、排序、改列名，存下来用。", no_args_is_help=True)
WHO = {"名单": "listed", "全部": "all"}


def attach(top: typer.Typer) -> None:
    """Add the command that stands at the top."""
    top.command("fill", help="套用来表：把上级的空白工作簿按表头填好，格式不变。")(fill_form)


def fill_form(
    file: Annotated[Path, typer.Argument(metavar="来表", help="上级下发的空白 .xlsx")],
    out: Annotated[Path, typer.Option("--out", metavar="文件", help="填好的 .xlsx")],
    round_id: OptionalRound = "",
    unit: Annotated[str, typer.Option("--unit", metavar="单位", help="只填一个单位的（名称或编号）")] = "",
    branch: Annotated[str, typer.Option("--branch", metavar="党支部", help="只填一个党支部的")] = "",
    given: Annotated[
        list[str],
        typer.Option("--map", metavar="列=项目", help="改对应：来表的列填什么，如 对象=姓名；“不填”留空；可写多次"),
    ] = [],  # noqa: B006 - Typer reads it and changes nothing
    who: Annotated[
        str, typer.Option("--people", metavar="名单|全部", help="填谁（不写：有名单填名单，没有名单填本轮全部）")
    ] = "",
    cards: Annotated[bool, typer.Option("--cards", help="填完整号码，并登记是谁打开的（不写：号码遮盖）")] = False,
    db: Db = "",
) -> int:
    """Fill a workbook; what was corrected is remembered, and the file is entered in the ledger before it is written."""
    from casework.access import LOCAL_OFFICER
    from casework.borrowed import fill, match, remember
    from casework.db import reading
    from casework.ledger import record_download
    from casework.papers import Asked

    if out.suffix.lower() != ".xlsx":
        raise Usage("--out 只能写成 .xlsx")
    if who and who not in WHO:
        raise Usage("--people 只能写 名单 或 全部")
    data, corrected = read_bytes(file), dict(_pair(words) for words in given)
    engine = open_place(ledger_url(db), write=True)
    at = now()
    with reading(engine) as session:
        chosen = round_of(session, round_id).round_id
        unit_id = unit_of(session, unit) if unit else None
        matched = match(session, data, name=file.name, round_id=chosen, given=corrected)
    asked = Asked(chosen, LOCAL_OFFICER, at, unit_id=unit_id, branch=branch)
    done = fill(engine, data, matched, asked, who=WHO.get(who, ""), opened_key=new_key() if cards else "")
    if corrected:
        remember(engine, matched, actor=LOCAL_OFFICER, now=at, key=new_key())
    record_download(
        engine,
        kind="borrowed_form",
        parameters={"round": chosen, "unit": unit_id or "", "cards": "1" if cards else ""},
        sha256=hashlib.sha256(done.body).hexdigest(),
        actor=LOCAL_OFFICER,
        now=at,
        key=new_key(),
    )
    write_bytes(out, done.body)
    if matched.remembered:
        say("照上次改过的对应填写。")
    for sentence in done.sentences():
        typer.echo(sentence)
    say(f"已写出 {out.name}")
    return 0


def _pair(words: str) -> tuple[str, str]:
    head, sign, item = words.partition("=")
    if not sign or not head.strip() or not item.strip():
        raise Usage("--map 要写成 列=项目，如 对象=姓名；留空写 列=不填")
    return head.strip(), item.strip()


# -- layouts -------------------------------------------------------------------------------------------------------

ListName = Annotated[str, typer.Argument(metavar="表名", help="casework list --help 里的名称")]
LayoutName = Annotated[str, typer.Argument(metavar="名称", help="版式名称")]


@app.command("columns", help="一张表可以选的列。")
def columns(name: ListName, round_id: OptionalRound = "", db: Db = "") -> int:
    """Show which columns a list has to choose from."""
    for column in _whole(db, name, round_id).columns:
        typer.echo(column.label)
    return 0


@app.command("save", help="存一个版式；同名的改成新的。")
def save(
    name: LayoutName,
    list_name: Annotated[str, typer.Option("--list", metavar="表名", help="哪张表的版式")],
    column: Annotated[
        list[str],
        typer.Option("--column", metavar="列", help="要哪一列，如 姓名，或 姓名=对象（改列名）；按顺序写多次"),
    ],
    round_id: OptionalRound = "",
    db: Db = "",
) -> int:
    """Keep a layout, or change the one of that name."""
    from casework.access import LOCAL_OFFICER
    from casework.layouts import layouts, pick, save_layout

    chosen = pick(_whole(db, list_name, round_id), column)
    with looking(db) as session:
        version = next((one.version for one in layouts(session) if one.name == name), 0)
    save_layout(
        open_place(ledger_url(db), write=True, quiet=True),
        name=name,
        list_name=list_name,
        chosen=chosen,
        expected_version=version,
        actor=LOCAL_OFFICER,
        now=now(),
        key=new_key(),
    )
    say(f"版式“{name}”已存，{len(chosen)} 列；用 casework list {list_name} --layout {name} 导出")
    return 0


@app.command("list", help="存下的版式。")
def show(db: Db = "") -> int:
    """Show the layouts."""
    from casework.layouts import layouts
    from casework.papers import LABELS

    with looking(db) as session:
        rows = [
            {
                "name": one.name,
                "list": LABELS.get(one.list_name, ""),
                "columns": "、".join(each["label"] for each in one.columns),
            }
            for one in layouts(session)
        ]
    print_table(rows, {"name": "版式", "list": "表", "columns": "列"})
    return 0


@app.command("delete", help="删去一个版式；已经导出的文件不受影响。")
def delete(name: LayoutName, db: Db = "") -> int:
    """Take a layout away."""
    from casework.access import LOCAL_OFFICER
    from casework.layouts import delete_layout, find_layout

    engine = open_place(ledger_url(db), write=True)
    with looking(db) as session:
        version = find_layout(session, name).version
    delete_layout(engine, name=name, expected_version=version, actor=LOCAL_OFFICER, now=now(), key=new_key())
    say(f"版式“{name}”已删去")
    return 0


def _whole(db: str, name: str, round_id: str) -> Table:
    """Return a list of a round with every column; the round's circular says which further ones there are."""
    from casework.access import LOCAL_OFFICER
    from casework.layouts import whole_list
    from casework.papers import Asked

    with looking(db) as session:
        return whole_list(session, name, Asked(round_of(session, round_id).round_id, LOCAL_OFFICER, now()))
