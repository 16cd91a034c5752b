"""import, import-list, import-withdraw, assess: a unit's sheet into the ledger, and what the clauses say of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casework.cli.common import (
    Db,
    InRound,
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
    print_table,
    read_bytes,
    round_of,
    say,
    unit_of,
    write_bytes,
)

if TYPE_CHECKING:
    import polars as pl
    from sqlmodel import Session

    from casework.people.importing_plan import ImportPlan
    from casework.policy import Policy

CHANGES = {"new": "新增", "changed": "有变动", "unchanged": "不变", "gone": "不再有", "doubtful": "分不清"}
STATE = {"clean": "可以", "held": "待改", "": ""}
STATES = {"in_force": "有效", "replaced": "已被新表代替", "withdrawn": "已撤回"}


def attach(app: typer.Typer) -> None:
    """Add the commands that stand at the top."""
    app.command("import", help="导入一张名册：先核对每一格，再整表入账。")(import_command)
    app.command("import-list", help="已导入的各表。")(import_list)
    app.command("import-withdraw", help="撤回一次导入（其中的人还没有办理任何事项时）。")(import_withdraw)
    app.command("assess", help="逐人逐条对照通知。")(assess_command)


def import_command(
    file: Annotated[Path, typer.Argument(metavar="文件", help="xlsx、xls 或 docx")],
    round_id: InRound,
    unit: Annotated[
        str, typer.Option("--unit", metavar="单位", help="谁的表（单位名称或编号）；不写：按表中的单位")
    ] = "",
    part: Annotated[str, typer.Option("--part", metavar="名称", help="同一单位分几张表报时，这是哪一张")] = "",
    link: Annotated[
        list[str],
        typer.Option(
            "--link",
            metavar="行=人员",
            help="指明某一行是台账里的谁（姓名或编号），是另一人的写“不是”，如 5=示例甲、6=不是；"
            "几张工作表时写 工作表!行；可写多次",
        ),
    ] = [],  # noqa: B006 - Typer reads it and changes nothing
    link_alike: Annotated[
        bool,
        typer.Option(
            "--link-alike", help="与台账记录姓名、出生年月、党支部（或号码）都相同的，都认作同一人；--link 说的先算"
        ),
    ] = False,
    take_clean: Annotated[bool, typer.Option("--take-clean", help="只导入没有问题的行")] = False,
    supplement: Annotated[
        bool | None,
        typer.Option(
            "--supplement/--whole",
            help="补报：只添上或改动表里的人，原来报的其余的人不动／整表代替原来报的（不写：标出问题的表改好后报回按补报，其余按整表）",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只看，不导入")] = False,
    marked: Annotated[
        Path | None, typer.Option("--marked", metavar="文件", help="把待改的行写成工作簿，问题标在格里")
    ] = None,
    db: Db = "",
    as_json: Json = False,
) -> int:
    """Import a sheet; exit 1 when anything was not taken."""
    from casework.access import LOCAL_OFFICER
    from casework.db import reading
    from casework.people.importing import import_rows, plan_import
    from casework.people.importing_links import all_alike, told_links

    told: dict[str, Any] = {"file_name": file.name, "body": read_bytes(file), "part": part}
    told["supplement"] = supplement
    engine = open_place(ledger_url(db), write=not dry_run)
    told["unit_id"] = unit_of(engine, unit) if unit else None
    moment = now()
    with reading(engine) as session:
        told["round_id"] = round_of(session, round_id).round_id
        told["links"] = _links(session, link)
        plan = plan_import(session, actor=LOCAL_OFFICER, now=moment, **told)
        alike = all_alike(plan.near) if link_alike else {}
        if alike:
            said = told_links(session, plan.intake, told["links"] or {}, actor=LOCAL_OFFICER)
            told["links"] = {at: who for at, who in alike.items() if who not in said.values()} | said
            plan = plan_import(session, actor=LOCAL_OFFICER, now=moment, **told)
    held = not plan.complete
    written = not dry_run and bool(plan.intake.counts()["clean"]) and (take_clean or not held) and not plan.already
    if marked is not None and held:
        write_bytes(marked, plan.marked())
    if written:
        import_rows(
            engine, seen=plan.seen, take_clean=take_clean, actor=LOCAL_OFFICER, now=moment, key=new_key(), **told
        )
    if as_json:
        print_json(content(plan, written=written))
    else:
        _show(plan)
        _conclude(plan, written=written, dry_run=dry_run)
        if marked is not None and held:
            say(f"待改的行已写入 {marked}")
    return 1 if held else 0


def _links(session: Session, given: list[str]) -> dict[tuple[str, int] | int, str | None] | None:
    """Return what `--link` says: row → person, None for another one."""
    from casework.access import LOCAL_OFFICER
    from casework.people.importing_links import NOT_HE, person_meant

    found: dict[tuple[str, int] | int, str | None] = {}
    for text in given:
        place, equals, who = (part.strip() for part in text.partition("="))
        sheet, _, row = place.rpartition("!")
        if not (equals and who and row.isascii() and row.isdecimal()):
            raise Usage(f"--link “{text}”看不懂，请写成 行=人员，如 5=示例甲；是另一人的写 5=不是")
        at = (sheet, int(row)) if sheet else int(row)
        if at in found:
            raise Usage(f"第 {row} 行写了两次 --link，请只留一个")
        found[at] = None if who == NOT_HE else person_meant(session, who, actor=LOCAL_OFFICER)
    return found or None


def content(plan: ImportPlan, *, written: bool) -> dict[str, Any]:
    """Return a plan as JSON values."""
    issues = [
        {
            "severity": issue.severity.value,
            "sheet": issue.problem.sheet,
            "cell": issue.problem.cell,
            "row": issue.row,
            "message": issue.problem.message,
            "remedy": issue.problem.remedy,
            "sentence": issue.problem.sentence(),
        }
        for issue in plan.issues
    ]
    skipped = [
        {"sheet": each.sheet, "row": each.row, "rows": each.rows, "kind": each.kind.value, "text": each.text}
        for each in plan.intake.skipped
    ]
    return {
        "written": written,
        "already": plan.already,
        "supplement": plan.supplement,
        "counts": plan.counts(),
        "rows": plan.preview.drop("problems").to_dicts(),
        "issues": issues,
        "skipped": skipped,
        "near": [
            {"sheet": sheet, "row": row, "people": [{"person_id": one.person_id, "words": one.words} for one in people]}
            for (sheet, row), people in plan.near.items()
        ],
        "links": [{"sheet": sheet, "row": row, "person_id": who} for (sheet, row), who in plan.told.items()],
        "units": {unit: moved for unit in plan.units if (moved := plan.movements(unit))},
    }


def _show(plan: ImportPlan) -> None:
    for issue in plan.issues:
        typer.echo(f"{issue.severity.label}  {issue.problem.sentence()}")
    several = len(set(plan.preview["sheet"]) - {""}) > 1
    rows = [
        {
            "sheet": row["sheet"],
            "row": row["row"] or None,
            "name": row["name"],
            "change": CHANGES[row["change"]],
            "state": STATE[row["state"]],
            "differences": "；".join(row["differences"]),
        }
        for row in plan.preview.iter_rows(named=True)
    ]
    if rows:
        heads = {"row": "行", "name": "姓名", "change": "与台账相比", "state": "能否导入", "differences": "变动"}
        print_table(rows, {"sheet": "工作表", **heads} if several else heads)
    _show_near(plan)
    _show_skipped(plan)


def _show_skipped(plan: ImportPlan) -> None:
    """List what was not read, with its words, so that nobody need wonder."""
    from casework.intake.records import SkipKind

    skipped = [
        {"sheet": each.sheet, "row": each.row or None, "kind": each.kind.label, "text": each.text}
        for each in plan.intake.skipped
        if each.kind is not SkipKind.HEAD
    ]
    if skipped:
        typer.echo("\n没有读的行：")
        print_table(skipped, {"sheet": "工作表", "row": "行", "kind": "为什么没读", "text": "内容"})


def _show_near(plan: ImportPlan) -> None:
    """List whom rows may be about, with the numbers by which `--link` names them, while nobody has said."""
    asked = [
        {"row": row, "who": one.words, "person_id": one.person_id}
        for (sheet, row), people in plan.near.items()
        if (sheet, row) not in plan.told
        for one in people
    ]
    if asked:
        typer.echo("\n可能是台账里的人（用 --link 行=编号 指明是同一人，--link 行=不是 指明是另一人）：")
        print_table(asked, {"row": "行", "who": "可能是", "person_id": "编号"})


def _conclude(plan: ImportPlan, *, written: bool, dry_run: bool) -> None:
    from casework.intake.marked import is_marked

    counts = plan.counts()
    told = "，".join(f"{CHANGES[kind]} {counts[kind]} 人" for kind in ("new", "changed", "unchanged", "gone"))
    kept = sum(map(len, plan.keeps.values()))
    if plan.already and kept and not is_marked(plan.intake.mappings):
        say(f"这张表已经按补报导入过，没有变化；要用它代替原来报的整张表（去掉其余 {kept} 人），请加 --whole")
    elif plan.already:
        say("这张表已经导入过，没有变化")
    elif written:
        left = f"；还有 {counts['held']} 行待改" if counts["held"] else ""
        say(f"已导入：{told}{left}")
    elif not plan.intake.rows.height:
        say("没有导入：这份文件里没有可以读的人")
    elif dry_run:
        why = "有待改的行" if counts["held"] else "上面有整张表的问题"
        waits = f"；{why}，整表不会导入，除非加 --take-clean 只导入没有问题的行" if not plan.complete else ""
        say(f"只看，没有导入：{told}；{counts['held']} 行待改{waits}")
    else:
        say(f"没有导入：{counts['held']} 行待改；改好后重新导入，或加 --take-clean 只导入没有问题的行")


def import_list(round_id: OptionalRound = "", db: Db = "", as_json: Json = False) -> int:
    """List the imports of a round, the latest first."""
    from casework.access import LOCAL_OFFICER
    from casework.people.importing import imports

    with looking(db) as session:
        frame = imports(session, round_id=round_of(session, round_id).round_id, actor=LOCAL_OFFICER)
    rows = [{**row, "state": row["state"] if as_json else STATES[row["state"]]} for row in frame.iter_rows(named=True)]
    heads = {
        "import_id": "编号",
        "unit": "单位",
        "part": "哪一张",
        "file_name": "文件",
        "state": "状态",
        "new": "新增",
        "changed": "有变动",
        "unchanged": "不变",
        "gone": "不再有",
        "held": "待改",
        "version": "版本",
    }
    emit(rows, heads, as_json=as_json, nothing="还没有导入过")
    return 0


def import_withdraw(
    import_id: Annotated[str, typer.Argument(metavar="编号", help="import-list 里的编号")],
    reason: Annotated[str, typer.Option("--reason", metavar="理由", help="为什么撤回")],
    db: Db = "",
) -> int:
    """Take an import back."""
    from casework.access import LOCAL_OFFICER
    from casework.db import reading
    from casework.models_people import ImportBatch
    from casework.people.withdrawing import withdraw_import
    from casework.problems import Refused

    engine = open_place(ledger_url(db), write=True)
    with reading(engine) as session:
        batch = session.get(ImportBatch, import_id)
        if batch is None:
            raise Refused("not_found", f"没有编号为 {import_id} 的导入，请用 import-list 查看")
        version = batch.version
    result = withdraw_import(
        engine,
        import_id=import_id,
        reason=reason,
        expected_version=version,
        actor=LOCAL_OFFICER,
        now=now(),
        key=new_key(),
    )
    typer.echo(f"已撤回，去掉 {result['people']} 人，恢复到导入以前")
    return 0


def assess_command(
    round_id: InRound,
    case: Annotated[list[str] | None, typer.Option("--case", metavar="个案", help="只看这几个人；可写多次")] = None,
    db: Db = "",
    as_json: Json = False,
) -> int:
    """Say what each clause says of each case; exit 1 when somebody waits or is refused."""
    import polars as pl

    from casework.problems import LedgerError
    from casework.scenarios import assessed_round

    with looking(db) as session:
        assessed = assessed_round(session, round_of(session, round_id).round_id)
    findings, told = assessed.findings, assessed.verdicts
    if case:
        unknown = set(case) - set(assessed.facts.cases["case_id"])
        if unknown:
            raise LedgerError(f"这一轮没有这些个案：{'、'.join(sorted(unknown))}")
        findings, told = findings.filter(pl.col("case_id").is_in(case)), told.filter(pl.col("case_id").is_in(case))
    people = assessed.facts.cases.join(assessed.facts.people, on="person_id", how="left")
    names = dict(people.select("case_id", "name").iter_rows())
    rows = list(_findings(findings, names, assessed.policy, as_json=as_json))
    heads = {"case_id": "个案", "name": "姓名", "clause_id": "条款", "outcome": "结论", "sentence": "说明"}
    results = list(_verdicts(told, names, as_json=as_json))
    if as_json:
        print_json({"findings": [{name: row[name] for name in heads} for row in rows], "verdicts": results})
    elif rows:
        print_table(rows, heads)
        typer.echo("")
        print_table(results, {"case_id": "个案", "name": "姓名", "verdict": "结果", "reason": "原因"})
    else:
        say("这一轮还没有个案")
    return 1 if told.filter(pl.col("verdict") != "eligible").height else 0


def _findings(findings: pl.DataFrame, names: dict[str, str], policy: Policy, *, as_json: bool) -> Any:
    from casework.sentences import finding_sentence
    from casework.vocabulary import Outcome

    clauses = {clause.id: clause for clause in policy.clauses}
    for row in findings.iter_rows(named=True):
        values = json.loads(row["values"] or "{}")
        clause = clauses.get(row["clause_id"])
        yield {
            "case_id": row["case_id"],
            "name": names.get(row["case_id"]),
            "clause_id": row["clause_id"] if as_json or clause is None else clause.cite,
            "outcome": row["outcome"] if as_json else Outcome(row["outcome"]).label,
            "sentence": finding_sentence(clause, row["outcome"], row["code"], values, policy),
        }


def _verdicts(told: pl.DataFrame, names: dict[str, str], *, as_json: bool) -> Any:
    from casework.vocabulary import Reason, Verdict

    for row in told.iter_rows(named=True):
        reason = row["reason"]
        yield {
            "case_id": row["case_id"],
            "name": names.get(row["case_id"]),
            "verdict": row["verdict"] if as_json else Verdict(row["verdict"]).label,
            "reason": reason if as_json or not reason else Reason(reason).label,
        }
