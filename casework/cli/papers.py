"""list: every official list by name, on the screen or as a file."""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casework.cli.allocating import settings_of
from casework.cli.common import (
    Db,
    OptionalRound,
    Settings,
    Usage,
    ledger_url,
    looking,
    new_key,
    now,
    open_place,
    print_table,
    round_of,
    say,
    unit_of,
    write_bytes,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from sqlmodel import Session

    from casework.allocation import Parameters
    from casework.comparison import Assessed
    from casework.lists import ListState, Table
    from casework.papers import Asked

    Read: TypeAlias = Callable[[Asked], Table]

LISTS = {
    "quota-table": "名额分配表",
    "roster": "慰问对象花名册",
    "public-list": "公示名单",
    "application": "个人申请书",
    "registration": "特困党员登记表",
    "approval": "生活困难党员救助审批表",
    "collection-consent": "代收同意书",
    "basis": "认定依据说明",
    "person-return": "困难党员统计表",
    "submission": "材料报送情况表",
    "unit-list": "本单位慰问名单",
    "meeting-list": "上会材料",
    "minutes": "集体研究记录",
    "exceptions": "特殊情况说明表",
    "public-notice": "公示",
    "notice-result": "公示结果",
    "completion-request": "材料补正通知单",
    "feedback": "审核结果反馈单",
    "change-list": "慰问对象变更（递补）名单",
    "pay-sheet": "慰问金发放表",
    "receipts": "签字（盖章）回执",
    "goods-sheet": "慰问品签领表",
    "bank-payment": "代发明细",
    "transfer-list": "慰问资金拨付明细表",
    "fund-statement": "慰问资金收支对账表",
    "leader-roster": "州、县领导慰问对象花名册",
    "visit-plan": "走访安排表",
    "inspection": "发放情况抽查核实表",
    "activity-report": "走访慰问活动情况报告",
    "ledger": "困难党员管理台账",
    "filing": "困难党员备案统计表",
    "filing-new": "新增困难党员备案统计表",
    "filing-existing": "困难党员备案统计汇总表",
    "information-base": "困难党员信息库",
    "visit-record": "走访记录",
    "pairing-register": "党员结对帮扶登记表",
    "appointment-register": "党员约谈领导干部登记表",
    "talk-record": "谈心谈话记录表",
    "line-of-duty-family": "因公殉职、牺牲党员家庭档案",
    "political-birthday": "党员政治生日名单",
    "fifty-years": "党龄达到50年党员名单",
    "archive": "归档目录",
}
"""Name → what it is. The first three are computed from a scenario, the others read from the ledger."""

COMPUTED = ("quota-table", "roster", "public-list")
WITH_CARDS = ("person-return", "bank-payment", "registration", "collection-consent")
ABOUT_ONE = ("application", "registration", "approval", "collection-consent", "basis")
SUFFIXES = (".pdf", ".xlsx", ".docx")
YEARLY = (
    *("person-return", "ledger", "filing", "filing-new", "filing-existing", "information-base"),
    *("political-birthday", "fifty-years"),
)
MONTHLY = "political-birthday"
IN_FORCE = "正式"
"""Instead of a scenario: what was adopted, with what meetings and removals changed since."""

_NAMES = "、".join(f"{name}（{label}）" for name, label in LISTS.items())
_LINES = "\n".join(f"{name}  {label}" for name, label in LISTS.items())  # a line each: a name is never torn apart


def attach(app: typer.Typer) -> None:
    """Add the commands that stand at the top."""
    said = f"正式表册与办理用表；--out 写成文件。\n\n\b\n{_LINES}"
    app.command("list", help=said, short_help="正式表册与办理用表。")(show_list)


def show_list(
    name: Annotated[str, typer.Argument(metavar="表名", help="上面的一个名称")],
    round_id: OptionalRound = "",
    scenario: Annotated[
        str, typer.Option("--scenario", metavar="方案", help="按哪个方案（不写：通知原定；正式：已确定的）")
    ] = "",
    settings: Settings = [],  # noqa: B006 - Typer reads it and changes nothing
    unit: Annotated[str, typer.Option("--unit", metavar="单位", help="只要一个单位的（名称或编号）")] = "",
    branch: Annotated[str, typer.Option("--branch", metavar="党支部", help="只要一个党支部的")] = "",
    of: Annotated[str, typer.Option("--of", metavar="编号", help="哪次会议、公示、代发或抽查（不写：最近一次）")] = "",
    cards: Annotated[
        bool, typer.Option("--cards", help="统计表、代发明细、登记表、代收同意书：印完整号码，并登记是谁打开的")
    ] = False,
    case: Annotated[
        str, typer.Option("--case", metavar="人", help="登记表等一人一份的：只要这一人的（姓名或个案）")
    ] = "",
    year: Annotated[
        int, typer.Option("--year", metavar="年", min=0, help="统计表、台账、备案表、政治生日、50年党龄名单的年度")
    ] = 0,
    month: Annotated[
        int, typer.Option("--month", metavar="月", min=0, max=12, help="政治生日名单的月份（不写：全年）")
    ] = 0,
    blank: Annotated[bool, typer.Option("--blank", help="空白表，供手填")] = False,
    split: Annotated[
        str, typer.Option("--split", metavar="单位|党支部|人", help="每单位、每党支部或每人一个文件")
    ] = "",
    form: Annotated[str, typer.Option("--as", metavar="pdf|xlsx|docx", help="分文件时的格式（不写：pdf）")] = "pdf",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="文件",
            help="写成 .pdf、.xlsx（登记表、审批表、申请书也可 .docx）；分文件时写文件夹或 .zip",
        ),
    ] = None,
    layout: Annotated[
        str, typer.Option("--layout", metavar="版式", help="按存下的版式只要选定的列（casework layout）")
    ] = "",
    db: Db = "",
) -> int:
    """Show or write one list, or a file per unit; a file is entered in the ledger before it is written."""
    if name not in LISTS:
        raise Usage(f"没有名为“{name}”的表，现有：{_NAMES}")
    _refuse_unfit(name, scenario, settings, of, cards=cards, blank=blank, year=year)
    if month and (name != MONTHLY or blank):
        raise Usage(f"--month 只用于填好的{LISTS[MONTHLY]}")
    of = str(month) if month else of
    if case and name not in ABOUT_ONE:
        raise Usage(f"--case 只用于一人一份的表：{'、'.join(ABOUT_ONE)}")
    if split:
        from casework.paper_files import SPLITS

        split = SPLITS.get(split, split)
        _refuse_unfit_split(split, form, out, blank=blank)
    elif out is not None and out.suffix.lower() not in SUFFIXES:
        raise Usage(f"--out 只能写成 {'、'.join(SUFFIXES)}")
    with looking(db) as session:
        asked = _of_case(session, _asked(session, round_of(session, round_id).round_id, unit, branch, of, year), case)
        if name in COMPUTED and scenario != IN_FORCE:
            read = _computed(session, asked.round_id, name, scenario, settings)
        else:
            read = _paper(session, db, name, cards=cards, blank=blank)
        if layout:
            read = _laid_out(session, name, read, layout, blank=blank)
        if split and out is not None:
            return _write_split(session, db, name, asked, read, split=split, form=form, out=out)
        table = read(asked)
        issuer = _issuer(session, asked.round_id)
    if blank and name in COMPUTED:
        table = table.blank()
    if out is None:
        _print(table)
        return 0
    content = _bytes(table, out.suffix.lower()[1:], issuer)
    _log(
        db, f"{name}{out.suffix.lower()}", {"round": asked.round_id, **({"layout": layout} if layout else {})}, content
    )
    write_bytes(out, content)
    say(f"已写出 {out.name}：{table.title}（{table.state.label}）")
    return 0


def _refuse_unfit(
    name: str, scenario: str, settings: list[str], of: str, *, cards: bool, blank: bool, year: int
) -> None:
    if name in COMPUTED and (of or cards):
        raise Usage("--of、--cards 不用于这张表")
    if name not in COMPUTED and (scenario or settings):
        raise Usage("这张表照台账打印，不写 --scenario 和 --set")
    if scenario and settings:
        raise Usage("--scenario 和 --set 只写一个")
    if cards and name not in WITH_CARDS and not blank:
        raise Usage(f"--cards 只用于有卡号的表：{'、'.join(WITH_CARDS)}")
    if year and name not in YEARLY:
        raise Usage("--year 只用于统计表、台账、备案统计表、信息库、政治生日名单和50年党龄名单")


def _refuse_unfit_split(split: str, form: str, out: Path | None, *, blank: bool) -> None:
    if split not in ("unit", "branch", "person"):
        raise Usage("--split 只能写 单位、党支部 或 人（只用于每人一张的表）")
    if f".{form}" not in SUFFIXES:
        raise Usage("--as 只能写 pdf、xlsx 或 docx")
    if out is None:
        raise Usage("--split 要写 --out，是一个文件夹或一个 .zip")
    if blank:
        raise Usage("--split 不与 --blank 同用")
    if out.suffix and out.suffix.lower() != ".zip" and not out.is_dir():
        raise Usage("--split 的 --out 是一个文件夹或一个 .zip")


def _asked(session: Session, round_id: str, unit: str, branch: str, of: str, year: int) -> Asked:
    from casework.access import LOCAL_OFFICER
    from casework.papers import Asked

    chosen = unit_of(session, unit) if unit else None
    return Asked(round_id, LOCAL_OFFICER, now(), unit_id=chosen, branch=branch, of=of, year=year or None)


def _of_case(session: Session, asked: Asked, case: str) -> Asked:
    """Return the same question about one person, named or by the case's id."""
    from dataclasses import replace

    from sqlmodel import col, select

    from casework.models import Case, Person

    if not case:
        return asked
    query = (
        select(Case.case_id, Case.unit_id, Person.name)
        .join(Person, col(Person.person_id) == col(Case.person_id))
        .where(Case.round_id == asked.round_id)
    )
    found = [
        case_id
        for case_id, unit_id, name in session.exec(query)
        if case in (case_id, name) and asked.unit_id in (None, unit_id)
    ]
    if not found:
        raise Usage(f"没有“{case}”，请写姓名或个案编号")
    if len(found) > 1:
        raise Usage(f"名叫“{case}”的有 {len(found)} 人，请用 --unit 写明单位，或写个案编号：{'、'.join(found)}")
    return replace(asked, case_id=found[0])


def _issuer(session: Session, round_id: str) -> str:
    from casework.ledger import policy_of

    return policy_of(session, round_id).issuer


def _paper(session: Session, db: str, name: str, *, cards: bool, blank: bool) -> Read:
    """Return what reads a list from the ledger."""
    from casework.paper_files import read_paper
    from casework.papers import blank_paper, opened_paper

    if cards and not blank:
        engine = open_place(ledger_url(db), write=True, quiet=True)
        return lambda asked: opened_paper(engine, name, asked, key=new_key())
    if blank and name not in COMPUTED:
        return lambda asked: blank_paper(session, name, asked)
    return lambda asked: read_paper(session, name, asked)


def _computed(session: Session, round_id: str, name: str, scenario: str, settings: list[str]) -> Read:
    """Return what computes a list from a scenario or from settings, once for all units."""
    from casework.papers import computed
    from casework.scenarios import assessed_round

    assessed = assessed_round(session, round_id)
    parameters, state = _parameters(session, assessed, round_id, name, scenario, settings)
    result = assessed.allocate(parameters)
    return lambda asked: computed(
        session,
        name,
        policy=assessed.policy,
        facts=assessed.facts,
        plan=result.plan,
        awards=result.awards,
        state=state,
        unit_id=asked.unit_id,
        branch=asked.branch,
    )


def _laid_out(session: Session, name: str, read: Read, layout: str, *, blank: bool) -> Read:
    from casework.layouts import chosen_of, find_layout, lay_out, widened

    found = find_layout(session, layout)
    if found.list_name != name or blank:
        raise Usage(f"版式“{layout}”是{LISTS[found.list_name]}的，不能用于{'空白表' if blank else LISTS[name]}")
    wide = widened(read, name)
    return lambda asked: lay_out(wide(asked), chosen_of(found))


def _write_split(
    session: Session, db: str, name: str, asked: Asked, read: Read, *, split: str, form: str, out: Path
) -> int:
    """Write a file per unit or branch: all of them are made before the first is written."""
    from casework.paper_files import copy_files, packed
    from casework.paper_files import split as parts

    copies = parts(session, asked, split, read=read, label=LISTS[name])
    made = copy_files(copies, asked, form, label=LISTS[name], author=_issuer(session, asked.round_id))
    with typer.progressbar(made, length=len(copies), label="正在生成", file=sys.stderr) as told:
        files = list(told)
    _, archive = packed(files, name, asked, split)
    if out.suffix.lower() != ".zip":
        _refuse_taken(out, [told for told, _ in files])
    _log(db, f"{name}.{form}", {"round": asked.round_id, "split": split}, archive)
    if out.suffix.lower() == ".zip":
        write_bytes(out, archive)
    else:
        _write_folder(out, archive)
    say(f"已写出 {len(files)} 个文件：{out.name}")
    return 0


def _refuse_taken(out: Path, names: list[str]) -> None:
    there = [name for name in names if (out / name).exists()]
    if there:
        raise Usage(f"{out.name} 里已有 {there[0]} 等 {len(there)} 个同名文件，没有写；请换一个文件夹")


def _write_folder(out: Path, archive: bytes) -> None:
    """Unpack an archive into a folder; a folder that cannot take all of it gets none."""
    before = set(out.iterdir()) if out.is_dir() else set()
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            packed.extractall(out)
    except OSError:
        for made in set(out.iterdir()) - before if out.is_dir() else ():
            made.unlink()
        raise Usage(f"写不了 {out}，请换一个位置") from None


def _parameters(
    session: Session, assessed: Assessed, round_id: str, name: str, scenario: str, settings: list[str]
) -> tuple[Parameters, ListState]:
    """Return what to compute with; a list under an adopted scenario goes to the meeting, any other is a draft."""
    from casework.adoption import in_force
    from casework.lists import ListState
    from casework.scenarios import find_scenario, parameters_of
    from casework.vocabulary import Act

    if not scenario:
        return settings_of(assessed, settings), ListState.DRAFT
    found = find_scenario(session, round_id, scenario)
    adoption = in_force(session, round_id, Act.PLACES if name == "quota-table" else Act.LIST)
    adopted = adoption is not None and adoption.scenario_id == found.scenario_id
    return parameters_of(found), ListState.MEETING if adopted else ListState.DRAFT


def _bytes(table: Table, form: str, issuer: str) -> bytes:
    from casework.paper_files import paper_bytes

    return paper_bytes(table, form, author=issuer)


def _log(db: str, kind: str, parameters: dict[str, str], content: bytes) -> None:
    import hashlib

    from casework.access import LOCAL_OFFICER
    from casework.ledger import record_download

    record_download(
        open_place(ledger_url(db), write=True, quiet=True),
        kind=kind,
        parameters=parameters,
        sha256=hashlib.sha256(content).hexdigest(),
        actor=LOCAL_OFFICER,
        now=now(),
        key=new_key(),
    )


def _print(table: Table) -> None:
    from casework.lists import shown

    typer.echo(table.title)
    heads = {column.key: column.label for column in table.columns}
    rows = [
        {column.key: shown(cell, column) for column, cell in zip(table.columns, row, strict=True)} for row in table.rows
    ]
    print_table(rows, heads)
