"""list: every official list by name, on the screen or as a file."""

from __future__ import annotations

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
    write_bytes,
)

if TYPE_CHECKING:
    from sqlmodel import Session

    from casework.allocation import Parameters
    from casework.comparison import Assessed
    from casework.lists import ListState, Table
    from casework.papers import Asked

LISTS = {
    "quota-table": "名额分配表",
    "roster": "慰问对象花名册",
    "public-list": "公示名单",
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
    "bank-payment": "代发明细",
    "leader-roster": "州、县领导慰问对象花名册",
    "visit-plan": "走访安排表",
    "inspection": "发放情况抽查核实表",
    "activity-report": "走访慰问活动情况报告",
}
"""Name → what it is. The first three are computed from a scenario, the others read from the ledger."""

COMPUTED = ("quota-table", "roster", "public-list")

_NAMES = "、".join(f"{name}（{label}）" for name, label in LISTS.items())
_LINES = "\n".join(f"{name}  {label}" for name, label in LISTS.items())  # a line each: a name is never torn apart


def attach(app: typer.Typer) -> None:
    """Add the commands that stand at the top."""
    said = f"正式表册与办理用表；--out 写成文件。\n\n\b\n{_LINES}"
    app.command("list", help=said, short_help="正式表册与办理用表。")(show_list)


def show_list(
    name: Annotated[str, typer.Argument(metavar="表名", help="上面的一个名称")],
    round_id: OptionalRound = "",
    scenario: Annotated[str, typer.Option("--scenario", metavar="方案", help="按哪个方案（不写：通知原定）")] = "",
    settings: Settings = [],  # noqa: B006 - Typer reads it and changes nothing
    unit: Annotated[str, typer.Option("--unit", metavar="单位", help="只要一个单位的")] = "",
    branch: Annotated[str, typer.Option("--branch", metavar="党支部", help="公示：只要一个党支部的")] = "",
    of: Annotated[str, typer.Option("--of", metavar="编号", help="哪次会议、公示、代发或抽查（不写：最近一次）")] = "",
    cards: Annotated[bool, typer.Option("--cards", help="代发明细：印完整卡号，并登记是谁打开的")] = False,
    blank: Annotated[bool, typer.Option("--blank", help="空白表，供手填")] = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="文件", help="写成 .pdf 或 .xlsx")] = None,
    db: Db = "",
) -> int:
    """Show or write one list; a file is entered in the ledger before it is written."""
    if name not in LISTS:
        raise Usage(f"没有名为“{name}”的表，现有：{_NAMES}")
    if out is not None and out.suffix.lower() not in (".pdf", ".xlsx"):
        raise Usage("--out 只能写成 .pdf 或 .xlsx")
    if name in COMPUTED and (branch or of or cards):
        raise Usage("--branch、--of、--cards 不用于这张表")
    if name not in COMPUTED and (scenario or settings):
        raise Usage("这张表照台账打印，不写 --scenario 和 --set")
    if scenario and settings:
        raise Usage("--scenario 和 --set 只写一个")
    with looking(db) as session:
        found = round_of(session, round_id)
        if name in COMPUTED:
            table, issuer = _table(session, found.round_id, name, scenario, settings, unit)
        else:
            table, issuer = _paper(
                session, db, name, _asked(session, found.round_id, unit, branch, of), cards=cards, blank=blank
            )
    if blank and name in COMPUTED:
        table = table.blank()
    if out is None:
        _print(table)
        return 0
    content = _bytes(table, out, issuer)
    _log(db, f"{name}{out.suffix.lower()}", found.round_id, content)
    write_bytes(out, content)
    say(f"已写出 {out.name}：{table.title}（{table.state.label}）")
    return 0


def _asked(session: Session, round_id: str, unit: str, branch: str, of: str) -> Asked:
    from casework.access import LOCAL_OFFICER
    from casework.papers import Asked
    from casework.payment.common import unit_names

    units = {name: unit_id for unit_id, name in unit_names(session).items()}
    return Asked(round_id, LOCAL_OFFICER, now(), unit_id=_unit(units, unit), branch=branch, of=of)


def _paper(session: Session, db: str, name: str, asked: Asked, *, cards: bool, blank: bool) -> tuple[Table, str]:
    from casework.ledger import policy_of
    from casework.papers import bank_opened, blank_paper, paper

    issuer = policy_of(session, asked.round_id).issuer
    if not cards or blank:
        return (blank_paper if blank else paper)(session, name, asked), issuer
    if name != "bank-payment":
        raise Usage("--cards 只用于代发明细（bank-payment）")
    engine = open_place(ledger_url(db), write=True, quiet=True)
    return bank_opened(engine, asked, key=new_key()), issuer


def _table(
    session: Session, round_id: str, name: str, scenario: str, settings: list[str], unit: str
) -> tuple[Table, str]:
    from casework.lists import ListState, public_entries, public_list, quota_table, roster
    from casework.papers import single_handed_said
    from casework.scenarios import assessed_round

    assessed = assessed_round(session, round_id)
    parameters, state = _parameters(session, assessed, round_id, name, scenario, settings)
    result, policy, facts = assessed.allocate(parameters), assessed.policy, assessed.facts
    only = _unit(dict(assessed.facts.units.select("name", "unit_id").iter_rows()), unit)
    if name == "quota-table":
        table = quota_table(policy, units=facts.units, plan=result.plan, state=state, only_unit=only)
    elif name == "roster":
        table = roster(policy, facts, awards=result.awards, plan=result.plan, state=state, only_unit=only)
        if state is not ListState.DRAFT:
            table = single_handed_said(session, round_id, table)
    else:
        entries = public_entries(policy, facts, awards=result.awards, only_unit=only)
        table = public_list(policy, entries, state=state, where=unit)
    return table, policy.issuer


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


def _unit(names: dict[str, str], unit: str) -> str | None:
    if not unit:
        return None
    if unit in names.values():
        return unit
    if unit not in names:
        raise Usage(f"没有单位“{unit}”，现有：{'、'.join(names)}")
    return str(names[unit])


def _bytes(table: Table, out: Path, issuer: str) -> bytes:
    if out.suffix.lower() == ".xlsx":
        from casework.workbook import write

        return write(table)
    from casework.printing import render

    return render(table.list_id, table, author=issuer)


def _log(db: str, kind: str, round_id: str, content: bytes) -> None:
    import hashlib

    from casework.access import LOCAL_OFFICER
    from casework.ledger import record_download

    record_download(
        open_place(ledger_url(db), write=True, quiet=True),
        kind=kind,
        parameters={"round": round_id},
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
