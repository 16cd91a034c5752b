"""people …: duplicates, merging, the yearly re-check, differences, erasure, retention, everything about one person."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casework.cli.chinese import ChineseTyper
from casework.cli.common import (
    Db,
    Json,
    Usage,
    emit,
    ledger_url,
    looking,
    open_place,
    print_json,
    say,
    write_bytes,
)
from casework.cli.review import day, term, who

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from casework.people.rechecks import Rechecked

app = ChineseTyper(help="台账人员：疑似重复、合并、年度复核、变动、保存年限与删除。", no_args_is_help=True)

PersonId = Annotated[str, typer.Argument(metavar="人员编号")]
Reason = Annotated[str, typer.Option("--reason", metavar="理由", help="怎么知道的、为什么")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="最多列几行")]
Offset = Annotated[int, typer.Option("--offset", min=0, help="跳过几行")]


def version_of(engine: Engine, person_id: str) -> int:
    """Return the version of a person as this command sees it."""
    from casework.db import reading
    from casework.models import Person
    from casework.problems import Refused

    with reading(engine) as session:
        found = session.get(Person, person_id)
    if found is None:
        raise Refused("not_found", "没有这个人，或不在您的单位范围内")
    return found.version


# -- duplicates and merging --------------------------------------------------------------------------------------


@app.command("duplicates", help="列出可能是同一个人的记录和理由；只列出，不合并。")
def list_duplicates(
    round_id: Annotated[str, typer.Option("--round", metavar="编号", help="只看与这一轮有关的")] = "",
    offset: Offset = 0,
    limit: Limit = 50,
    db: Db = "",
    as_json: Json = False,
) -> int:
    """List pairs that may be one person."""
    from casework.access import LOCAL_OFFICER
    from casework.people.duplicates import duplicates
    from casework.vocabulary import Likeness

    with looking(db) as session:
        every = duplicates(session, round_id=round_id or None, actor=LOCAL_OFFICER)
    rows = [
        {**row, "reasons": "；".join(Likeness(reason).label for reason in row["reasons"])}
        for row in every.slice(offset, limit).iter_rows(named=True)
    ]
    heads = {
        "first": "编号一",
        "first_name": "姓名一",
        "second": "编号二",
        "second_name": "姓名二",
        "branch": "党支部",
        "born": "出生年月",
        "reasons": "理由",
    }
    emit(rows, heads, as_json=as_json, nothing="没有疑似重复的记录")
    if every.height > offset + len(rows) and not as_json:
        say(f"共 {every.height} 对，用 --offset {offset + len(rows)} 看后面的")
    return 0


@app.command("merge", help="把两条记录合并为一个人：保留的编号 并入的编号。")
def merge(kept: PersonId, gone: PersonId, reason: Reason, db: Db = "", as_json: Json = False) -> int:
    """Merge two records."""
    from casework.people.labels import said
    from casework.people.merging import merge_people

    engine = open_place(ledger_url(db), write=True)
    done = merge_people(
        engine,
        kept=kept,
        gone=gone,
        reason=reason,
        kept_version=version_of(engine, kept),
        gone_version=version_of(engine, gone),
        **who(),
    )
    if as_json:
        print_json(done)
        return 0
    typer.echo(f"已合并，合并编号 {done['merge_id']}；移过来 {done['cases']} 份个案")
    if done["filled"]:
        typer.echo(f"补上：{said(done['filled'], table='people')}")
    if done["differing"]:
        typer.echo(f"两处不一致、保留原来的：{said(done['differing'], table='people')}")
    if done["ended"]:
        from casework.people.contacts import LABELS

        typer.echo(f"以保留的为准、不再使用并入的：{'、'.join(LABELS[kind] for kind in done['ended'])}")
    return 0


@app.command("unmerge", help="拆开一次合并：移过来的回到原处。")
def unmerge(merge_id: Annotated[str, typer.Argument(metavar="合并编号")], reason: Reason, db: Db = "") -> int:
    """Take a merge back."""
    from casework.db import reading
    from casework.models_people import PersonMerge
    from casework.people.merging import undo_merge
    from casework.problems import Refused

    engine = open_place(ledger_url(db), write=True)
    with reading(engine) as session:
        found = session.get(PersonMerge, merge_id)
    if found is None:
        raise Refused("not_found", "没有这次合并")
    done = undo_merge(engine, merge_id=merge_id, expected_version=found.version, reason=reason, **who())
    typer.echo(f"已拆开：{done['kept']} 与 {done['gone']} 是两条记录")
    return 0


@app.command("distinct", help="登记两条记录是两个人，以后不再问。")
def distinct(first: PersonId, second: PersonId, reason: Reason, db: Db = "") -> int:
    """Remember that two records are two people."""
    from casework.people.duplicates import not_the_same

    engine = open_place(ledger_url(db), write=True)
    not_the_same(engine, first=first, second=second, reason=reason, **who())
    typer.echo("已登记：这是两个人")
    return 0


# -- the yearly re-check -----------------------------------------------------------------------------------------


def _results(given: Sequence[str]) -> list[Rechecked]:
    """Return the results from `p1=退出台账:依据`.

    Raises:
        Usage: One is written otherwise.
    """
    from casework.people.rechecks import Rechecked
    from casework.vocabulary import Recheck

    results = []
    for text in given:
        person_id, equals, rest = text.partition("=")
        word, _, basis = rest.replace("：", ":").partition(":")
        if not equals or not person_id:
            raise Usage(f"“{text}”请写成 人员编号=结果:依据")
        results.append(Rechecked(person_id, term(Recheck, word), basis))
    return results


@app.command("recheck", help="年度复核：不写结果时列出名单；写 人员编号=结果:依据 时登记，可写多人。")
def recheck(
    year: Annotated[int, typer.Option("--year", metavar="年", help="哪一年")],
    results: Annotated[list[str], typer.Argument(metavar="[人员编号=结果:依据]…")] = [],  # noqa: B006 - Typer reads it and changes nothing
    on: Annotated[str, typer.Option("--on", metavar="日期", help="复核、研究的日期")] = "",
    body: Annotated[str, typer.Option("--body", metavar="机构", help="由谁研究，如支部大会")] = "",
    limit: Limit = 200,
    offset: Offset = 0,
    db: Db = "",
    as_json: Json = False,
) -> int:
    """List or record the re-check of a year."""
    from casework.vocabulary import Recheck

    if results:
        from casework.people.rechecks import record_recheck

        if not on:
            raise Usage("请用 --on 写明复核的日期")
        engine = open_place(ledger_url(db), write=True)
        counts = record_recheck(engine, _results(results), year=year, on=day(on), body=body, **who())
        typer.echo("已登记：" + "，".join(f"{Recheck(name).label} {number} 人" for name, number in counts.items()))
        return 0
    from casework.access import LOCAL_OFFICER
    from casework.people.rechecks import recheck_list

    with looking(db) as session:
        listed = recheck_list(session, year=year, actor=LOCAL_OFFICER)
        units = _units(session)
    rows = [
        {
            **row,
            "unit": units.get(row["unit_id"], ""),
            "outcome": Recheck(row["outcome"]).label if row["outcome"] else "未复核",
            "last": f"{row['last_year']} 年{Recheck(row['last_outcome']).label}" if row["last_year"] else "",
        }
        for row in listed.slice(offset, limit).iter_rows(named=True)
    ]
    heads = {
        "person_id": "编号",
        "name": "姓名",
        "unit": "单位",
        "branch": "党支部",
        "last": "上一次",
        "outcome": "本年度",
        "on": "日期",
        "basis": "依据",
    }
    emit(rows, heads, as_json=as_json, nothing=f"{year} 年没有在册的人")
    if rows and not as_json:
        open_ = listed.filter(listed["outcome"].is_null()).height
        say(f"在册 {listed.height} 人，未复核 {open_} 人")
    return 0


def _units(session: Any) -> dict[str, str]:
    from casework.ledger.rounds import register

    return {unit.unit_id: unit.name for unit in register(session)}


@app.command("difference", help="两个日期之间台账的变动：谁新进、谁离开、谁的哪些内容变了（不显示内容）。")
def difference(
    earlier: Annotated[str, typer.Argument(metavar="前一个日期")],
    later: Annotated[str, typer.Argument(metavar="后一个日期")],
    db: Db = "",
    as_json: Json = False,
) -> int:
    """Name who came, went and changed."""
    from casework.access import LOCAL_OFFICER
    from casework.people.differences import ledger_difference
    from casework.people.labels import WHY, said
    from casework.vocabulary import Movement

    with looking(db) as session:
        frame = ledger_difference(session, earlier=day(earlier), later=day(later), actor=LOCAL_OFFICER)
        units = _units(session)
    rows = [
        {
            **row,
            "unit": units.get(row["unit_id"], ""),
            "movement": Movement(row["movement"]).label,
            "what": WHY[row["why"]] if row["why"] else said(row["fields"]),
        }
        for row in frame.iter_rows(named=True)
    ]
    heads = {"person_id": "编号", "name": "姓名", "unit": "单位", "movement": "变动", "what": "内容"}
    emit(rows, heads, as_json=as_json, nothing="这两个日期之间没有变动")
    return 0


# -- retention and erasure ---------------------------------------------------------------------------------------


@app.command("retention", help="保存年限：列出到期可以删除的人；用 --years 和 --source 登记年限。")
def retention(
    years: Annotated[int, typer.Option("--years", metavar="年数", min=0, help="登记保存几年")] = 0,
    source: Annotated[str, typer.Option("--source", metavar="依据", help="哪个规定")] = "",
    db: Db = "",
    as_json: Json = False,
) -> int:
    """List who is due, or record the period."""
    from casework.cli.common import now
    from casework.people.retention import retention_due, set_retention

    if years or source:
        done = set_retention(open_place(ledger_url(db), write=True), years=years, source=source, **who())
        typer.echo(f"已登记：保存 {done['years']} 年")
        return 0
    from casework.access import LOCAL_OFFICER

    with looking(db) as session:
        found = retention_due(session, now=now(), actor=LOCAL_OFFICER)
    heads = {"person_id": "编号", "name": "姓名", "last_on": "最后一次办理", "due_on": "期满"}
    emit(found.due.to_dicts(), heads, as_json=as_json, nothing=found.sentence)
    if found.due.height and not as_json:
        say(found.sentence)
    return 0


@app.command("erase", help="按规定删除一个人的个人信息，删除后不能恢复；印发过的名单和校验码不变。")
def erase(
    person_id: PersonId,
    reason: Reason,
    basis: Annotated[str, typer.Option("--basis", metavar="依据", help="哪个规定、本人的申请")],
    sure: Annotated[bool, typer.Option("--sure", help="确认删除，不能恢复")] = False,
    db: Db = "",
) -> int:
    """Erase a person."""
    from casework.people.erasure import erase_person

    if not sure:
        raise Usage("删除后不能恢复；确认要删除，请加 --sure")
    done = erase_person(
        open_place(ledger_url(db), write=True), person_id=person_id, reason=reason, basis=basis, **who()
    )
    typer.echo(f"已按规定删除：{done['records']} 条记录、{done['households']} 户")
    return 0


@app.command("everything", help="导出台账中关于一个人的全部内容（记入查看记录）。")
def everything(
    person_id: PersonId,
    purpose: Annotated[str, typer.Option("--purpose", metavar="用途", help="为什么导出，如本人申请查阅")],
    out: Annotated[Path | None, typer.Option("--out", metavar="文件", help="写进 JSON 文件（不写：显示）")] = None,
    db: Db = "",
) -> int:
    """Give out everything about a person."""
    import json

    from casework.people.about import everything_about

    held = everything_about(open_place(ledger_url(db), write=True), person_id=person_id, purpose=purpose, **who())
    if out is None:
        print_json(held)
        return 0
    write_bytes(out, json.dumps(held, ensure_ascii=False, indent=2, default=str).encode())
    out.chmod(0o600)
    typer.echo(f"已导出：{out}（{sum(len(rows) for rows in held.values())} 行）")
    return 0
