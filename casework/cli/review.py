"""review …: where everyone stands, steps, answers; what may be issued."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from casework.cli.chinese import ChineseTyper
from casework.cli.common import (
    Db,
    Json,
    OptionalRound,
    Unit,
    Usage,
    emit,
    ledger_url,
    looking,
    new_key,
    now,
    open_place,
    print_json,
    round_of,
    unit_of,
)
from casework.vocabulary import Term

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from casework.vocabulary import Decision

app = ChineseTyper(help="审核：环节、认定、会议、公示、减员，能不能印发。", no_args_is_help=True)
T = TypeVar("T", bound=Term)

On = Annotated[str, typer.Option("--on", metavar="日期", help="哪一天，如 2022-12-21")]
Body = Annotated[str, typer.Option("--body", metavar="组织", help="由哪个组织办理")]
CaseIds = Annotated[list[str], typer.Option("--case", metavar="个案", help="个案编号，可写多次")]
Signer = Annotated[str, typer.Option("--signer", metavar="签字人", help="代录书面意见：谁签的字")]
Results = Annotated[
    list[str],
    typer.Option("--result", metavar="个案=结果:理由", help="如 c1=不同意:理由；改为金额写 c1=改为金额800:理由"),
]


def day(text: str) -> date:
    """Return a day the person typed.

    Raises:
        Usage: It is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Usage(f"“{text}”不是日期，请写成 2022-12-21") from None


def term(kind: type[T], label: str) -> T:
    """Return the member a person means by its Chinese label or its stored value.

    Raises:
        Usage: There is none.
    """
    for member in kind:
        if label in (member.label, member.value):
            return member
    raise Usage(f"“{label}”不认识，可写：{'、'.join(member.label for member in kind)}")


def parsed_results(given: Sequence[str]) -> dict[str, tuple[Decision, str, int | None]]:
    """Return case → (result, reason, fen) from `c1=不同意:理由`.

    Raises:
        Usage: One is written otherwise.
    """
    from casework.money import parse_yuan
    from casework.vocabulary import Decision

    found: dict[str, tuple[Decision, str, int | None]] = {}
    for text in given:
        case_id, equals, rest = text.partition("=")
        word, _, reason = rest.replace("：", ":").partition(":")
        amount = re.fullmatch(rf"{Decision.CHANGED_AMOUNT.label}(.+)", word)
        if not equals or not case_id:
            raise Usage(f"“{text}”请写成 个案=结果:理由")
        try:
            fen = parse_yuan(amount[1]) if amount else None
        except ValueError as error:
            raise Usage(str(error)) from None
        found[case_id] = (term(Decision, Decision.CHANGED_AMOUNT.label if amount else word), reason, fen)
    return found


def writing(db: str, round_id: str) -> tuple[Engine, str]:
    """Return a ledger that may be written, and the round."""
    from casework.db import reading

    engine = open_place(ledger_url(db), write=True)
    with reading(engine) as session:
        return engine, round_of(session, round_id).round_id


def who() -> dict[str, Any]:
    """Return what every command says of itself."""
    from casework.access import LOCAL_OFFICER

    return {"actor": LOCAL_OFFICER, "now": now(), "key": new_key()}


# -- reading -------------------------------------------------------------------------------------------------------


@app.command("list", help="工作清单：每份个案办到哪一步、下一步、差什么。")
def list_work(
    round_id: OptionalRound = "",
    unit: Unit = "",
    stage: Annotated[str, typer.Option("--next", metavar="环节", help="只看下一步是这个环节的")] = "",
    late: Annotated[bool, typer.Option("--late", help="只看逾期的")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="最多列几行")] = 50,
    db: Db = "",
    as_json: Json = False,
) -> int:
    """List the cases of a round as they stand."""
    from casework.access import LOCAL_OFFICER
    from casework.review.worklist_paged import work_groups
    from casework.vocabulary import Stage, Verdict

    wanted = term(Stage, stage).value if stage else None
    with looking(db) as session:
        groups = work_groups(session, round_id=round_of(session, round_id).round_id, actor=LOCAL_OFFICER, now=now())
        whose = unit_of(session, unit) if unit else None
        page = groups.page(session, unit_id=whose, next_stage=wanted, late=True if late else None, limit=limit)
    rows = [
        {
            "case_id": row["case_id"],
            "unit": row["unit"],
            "name": row["name"],
            "stage": Stage(row["stage"]).label if row["stage"] else None,
            "next": Stage(row["next_stage"]).label if row["next_stage"] else None,
            "verdict": Verdict(row["verdict"]).label if row["verdict"] else None,
            "lacking": "、".join(row["lacking"] or ()),
            "why": row["why"],
        }
        for row in page.rows.iter_rows(named=True)
    ]
    heads = {"case_id": "个案", "unit": "单位", "name": "姓名", "stage": "已办", "next": "下一步"}
    more = {"verdict": "结论", "lacking": "差什么", "why": "说明"}
    emit(rows, {**heads, **more}, as_json=as_json, nothing="没有个案")
    return 0


@app.command("chain", help="这一轮的通知规定了哪些环节。")
def show_chain(round_id: OptionalRound = "", db: Db = "", as_json: Json = False) -> int:
    """Print the chain of every path."""
    from casework.ledger import policy_of
    from casework.review.chain import chain

    with looking(db) as session:
        policy = policy_of(session, round_of(session, round_id).round_id)
    rows = [
        {
            "path": label,
            "stage": link.stage.label,
            "own": "本级办理" if link.own else "下级办理、本级备查",
            "bodies": "、".join(link.bodies),
            "clause": link.cite,
            "words": link.words,
        }
        for path, label in policy.paths or (("", ""),)
        for link in chain(policy, path)
    ]
    heads = {"path": "路径", "stage": "环节", "own": "由谁", "bodies": "组织", "clause": "条款", "words": "原文"}
    emit(rows, heads, as_json=as_json, nothing="这份通知没有规定环节")
    return 0


@app.command("missing", help="补正通知：每个单位还差什么，照条款原文。")
def missing(round_id: OptionalRound = "", db: Db = "", as_json: Json = False) -> int:
    """Print what each unit has to hand in; exit 1 where something is missing."""
    from casework.access import LOCAL_OFFICER
    from casework.review.judgements import completion_requests
    from casework.review.records import today_of

    with looking(db) as session:
        found = round_of(session, round_id).round_id
        frame = completion_requests(session, round_id=found, as_of=today_of(now()), actor=LOCAL_OFFICER)
    heads = {"unit": "单位", "name": "姓名", "lacking": "差什么", "cite": "条款", "words": "原文"}
    emit(frame.to_dicts(), heads, as_json=as_json, nothing="材料都齐了")
    return 1 if frame.height else 0


@app.command("ready", help="正式名单能不能印发，谁还要等、为什么。")
def ready(round_id: OptionalRound = "", db: Db = "", as_json: Json = False) -> int:
    """Say whether the official list may be issued; exit 1 where it may not."""
    from casework.review.readiness import review_issue_ready

    with looking(db) as session:
        found = review_issue_ready(session, round_id=round_of(session, round_id).round_id, now=now())
    if as_json:
        print_json(
            {
                "may_issue": found.may_issue,
                "number": found.number,
                "fingerprint": found.fingerprint,
                "blocks": found.blocks,
                "ready": found.ready,
                "waiting": dict(found.waiting),
                "single_handed": found.single_handed,
            }
        )
    else:
        for sentence in found.blocks:
            typer.echo(sentence)
        for case_id, why in found.waiting.items():
            typer.echo(f"{case_id}：{why}")
        typer.echo(f"可以印发 {len(found.ready)} 人，等待 {len(found.waiting)} 人")
    return 0 if found.may_issue else 1


# -- doing ---------------------------------------------------------------------------------------------------------


@app.command("step", help="登记一个环节：整个单位的材料（--unit）或指定的人（--case）。")
def step(
    stage: Annotated[str, typer.Argument(metavar="环节", help="如 摸底、初审")],
    on: On,
    body: Body,
    round_id: OptionalRound = "",
    unit: Annotated[str, typer.Option("--unit", metavar="单位", help="单位名称或编号：整份材料一次登记")] = "",
    cases: CaseIds = [],  # noqa: B006 - Typer reads it and changes nothing
    results: Results = [],  # noqa: B006
    basis: Annotated[str, typer.Option("--basis", metavar="依据", help="会议记录、文号")] = "",
    document: Annotated[str, typer.Option("--document", metavar="存放处", help="签字件、扫描件在哪里")] = "",
    signer: Signer = "",
    skip: Annotated[list[str], typer.Option("--skip", metavar="环节=理由", help="越过较弱的环节")] = [],  # noqa: B006
    reason: Annotated[str, typer.Option("--reason", metavar="理由", help="由其他组织办理、复议的理由")] = "",
    db: Db = "",
) -> int:
    """Record a step."""
    from casework.db import reading
    from casework.review.records import steps_version
    from casework.review.steps import record_step
    from casework.vocabulary import Stage

    engine, found = writing(db, round_id)
    with reading(engine) as session:
        seen = steps_version(session, found)
    passed = {term(Stage, name): why for name, _, why in (text.partition("=") for text in skip)}
    done = record_step(
        engine,
        round_id=found,
        stage=term(Stage, stage),
        body=body,
        on=day(on),
        case_ids=cases,
        unit_id=unit_of(engine, unit) if unit else None,
        results={case: (result, why) for case, (result, why, _) in parsed_results(results).items()},
        basis=basis,
        document=document,
        signer=signer,
        skip=passed,
        reason=reason,
        expected_version=seen,
        **who(),
    )
    typer.echo(f"已登记 {done['people']} 人")
    return 0


@app.command("judge", help="登记人的认定：条款、未核/无/有、由谁认定、依据。")
def judge(
    clause: Annotated[str, typer.Argument(metavar="条款", help="条款编号，见 review questions")],
    value: Annotated[str, typer.Argument(metavar="结果", help="未核、无 或 有")],
    cases: CaseIds,
    round_id: OptionalRound = "",
    body: Body = "",
    basis: Annotated[str, typer.Option("--basis", metavar="依据", help="依据什么")] = "",
    db: Db = "",
) -> int:
    """Record one answer for the people named."""
    from casework.review.judgements import record_judgements
    from casework.vocabulary import Mark

    engine, found = writing(db, round_id)
    mark = term(Mark, value)
    say: dict[str, Any] = {"clause_id": clause, "value": mark, "body": body, "basis": basis}
    done = record_judgements(engine, round_id=found, case_ids=cases, **say, **who())
    typer.echo(f"已登记 {done['people']} 人")
    return 0
