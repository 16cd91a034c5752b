"""publish …: public notices, posted and closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from casework.cli.chinese import ChineseTyper
from casework.cli.common import Db, Json, OptionalRound, Unit, emit, ledger_url, looking, open_place, round_of, unit_of
from casework.cli.review import Body, CaseIds, On, day, who, writing

if TYPE_CHECKING:
    from sqlalchemy import Engine

app = ChineseTyper(help="公示：张贴、期满、结果。", no_args_is_help=True)

Evidence = Annotated[str, typer.Option("--evidence", metavar="凭证", help="张贴的照片、网页地址")]
Until = Annotated[str, typer.Option("--until", metavar="日期", help="公示止日（通知没有规定天数的须写）")]


def _notice(db: str, notice_id: str) -> tuple[Engine, int]:
    from casework.db import reading
    from casework.models_review import Notice
    from casework.problems import Refused

    engine = open_place(ledger_url(db), write=True)
    with reading(engine) as session:
        found = session.get(Notice, notice_id)
    if found is None:
        raise Refused("not_found", "没有这次公示")
    return engine, found.version


@app.command("post", help="登记一次公示：全部名单、一个单位（--unit）或指定的人（--case）。")
def post(
    on: On,
    body: Body,
    round_id: OptionalRound = "",
    unit: Unit = "",
    branch: Annotated[str, typer.Option("--branch", metavar="党支部", help="只公示这个党支部的人")] = "",
    path: Annotated[str, typer.Option("--path", metavar="路径", help="只公示这一路的人")] = "",
    cases: CaseIds = [],  # noqa: B006 - Typer reads it and changes nothing
    until: Until = "",
    evidence: Evidence = "",
    audience: Annotated[str, typer.Option("--audience", metavar="范围", help="向谁公示（不写：照通知）")] = "",
    channel: Annotated[str, typer.Option("--channel", metavar="方式", help="在哪里公示（不写：照通知）")] = "",
    closed: Annotated[bool, typer.Option("--closed", help="已期满、没有异议（事后补记）")] = False,
    db: Db = "",
) -> int:
    """Record the posting of a notice."""
    from casework.db import reading
    from casework.review.notices import post_notice
    from casework.review.records import steps_version

    engine, found = writing(db, round_id)
    with reading(engine) as session:
        seen = steps_version(session, found)
    made = post_notice(
        engine,
        round_id=found,
        body=body,
        posted_on=day(on),
        ends_on=day(until) if until else None,
        unit_id=unit_of(engine, unit) if unit else None,
        branch=branch or None,
        path=path or None,
        case_ids=cases,
        evidence=evidence,
        audience=audience,
        channel=channel,
        closed=closed,
        expected_version=seen,
        **who(),
    )
    typer.echo(f"公示 {made['notice_id']}：{made['people']} 人，到 {made['ends_on'] or '（止日待放假调休表）'} 为止")
    return 0


@app.command("close", help="登记公示期满：没有未办结异议的人往下办。")
def close(
    notice: Annotated[str, typer.Argument(metavar="公示", help="公示编号")],
    evidence: Evidence = "",
    until: Until = "",
    db: Db = "",
) -> int:
    """Record that a notice's days are over."""
    from casework.review.notices import close_notice

    engine, version = _notice(db, notice)
    last = day(until) if until else None
    done = close_notice(engine, notice_id=notice, evidence=evidence, ends_on=last, expected_version=version, **who())
    typer.echo(f"公示期满，{done['people']} 人往下办，{done['waiting']} 人等待异议办结")
    return 0


@app.command("stop", help="中止一次张贴错的公示：名单上的人回到公示之前。")
def stop(
    notice: Annotated[str, typer.Argument(metavar="公示", help="公示编号")],
    reason: Annotated[str, typer.Option("--reason", metavar="理由", help="为什么中止")],
    db: Db = "",
) -> int:
    """Stop a notice that was posted wrongly."""
    from casework.review.notices import stop_notice

    engine, version = _notice(db, notice)
    stop_notice(engine, notice_id=notice, reason=reason, expected_version=version, **who())
    typer.echo("公示已中止")
    return 0


@app.command("list", help="列出一轮的公示和结果（只有人数）。")
def list_notices(round_id: OptionalRound = "", db: Db = "", as_json: Json = False) -> int:
    """List the notices of a round with their results: numbers only."""
    from sqlmodel import col, select

    from casework.models_review import Notice
    from casework.review.notices import notice_result
    from casework.vocabulary import NoticeState

    with looking(db) as session:
        found = round_of(session, round_id).round_id
        notices = session.exec(select(Notice).where(Notice.round_id == found).order_by(col(Notice.posted_on))).all()
        rows = [
            {
                "id": notice.notice_id,
                "posted_on": notice.posted_on.isoformat(),
                "ends_on": notice.ends_on.isoformat() if notice.ends_on else None,
                "state": NoticeState(notice.state).label,
                **notice_result(session, notice.notice_id),
            }
            for notice in notices
        ]
    heads = {"id": "编号", "posted_on": "张贴", "ends_on": "止日", "state": "状态", "people": "人数"}
    emit(rows, {**heads, "objections": "异议", "upheld": "查实"}, as_json=as_json, nothing="还没有公示")
    return 0
