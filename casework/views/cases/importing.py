"""Taking a sheet over: planned without a trace, written whole or in part, withdrawn while nothing rests on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import polars as pl

from casework.access import Actor
from casework.dates import SHANGHAI
from casework.db import reading
from casework.intake import Mapping as SheetMapping
from casework.ledger import Result
from casework.people.importing import import_rows, imports, plan_import
from casework.people.importing_links import Links
from casework.people.importing_plan import ImportPlan
from casework.people.withdrawing import withdraw_import
from casework.problems import Refused
from casework.views.cases.desk import CaseDesk
from casework.views.cases.files import keep_file
from casework.views.cases.sheets import CHANGES
from casework.views.desk import clock
from casework.views.html import badge, card, failure, note, rows_table, shown, tag
from casework.views.plans import Told, _do, _key

STATES: Final = {"in_force": ("在用", "green"), "replaced": ("已被新表替换", ""), "withdrawn": ("已撤回", "red")}


@dataclass(frozen=True)
class Sheet:
    """A file an officer has chosen.

    Attributes:
        name: Its name.
        body: Its bytes.
        unit_id: Whose it is; "" where the sheet says so itself.
        part: Which of the unit's sheets, where it hands in several; "" for its only one.
    """

    name: str
    body: bytes
    unit_id: str = ""
    part: str = ""

    def __repr__(self) -> str:
        """Keep the content out of tracebacks."""
        return f"Sheet({len(self.body)} bytes)"

    def told(self) -> dict[str, Any]:
        """Return what plan and command both need."""
        return {"file_name": self.name, "body": self.body, "unit_id": self.unit_id or None, "part": self.part}


@dataclass(frozen=True, eq=False)
class Planned:
    """What came of reading a file: a plan, or the sentence why there is none.

    Attributes:
        sheets: The worksheets the officer wants read; None: all.
        marked: Address of the workbook that goes back, where rows wait.
        links: Whom the officer says rows are about.
        unlinked: Why what he says cannot be; then the plan is the one without it.
        supplement: Whether it adds to the unit's earlier sheet; None: as the file itself tells.
    """

    plan: ImportPlan | None = None
    problem: str = ""
    mappings: Sequence[SheetMapping] | None = None
    sheets: Sequence[str] | None = None
    marked: str = ""
    links: Links | None = None
    unlinked: str = ""
    supplement: bool | None = None


def plan_sheet(  # noqa: PLR0913 - a file and what the officer says of it
    desk: CaseDesk,
    sheet: Sheet | None,
    mappings: Sequence[SheetMapping] | None = None,
    sheets: Sequence[str] | None = None,
    links: Links | None = None,
    *,
    supplement: bool | None = None,
) -> Planned:
    """Hold a file against the ledger; nothing is written."""
    if sheet is None or not desk.may_write:
        return Planned()
    try:
        with reading(desk.engine) as session:
            plan = plan_import(
                session,
                round_id=desk.round_id,
                actor=desk.actor,
                now=clock(),
                mappings=mappings,
                sheets=sheets,
                links=links,
                supplement=supplement,
                **sheet.told(),
            )
        waits = plan.intake.counts()["held"] > 0
        marked = keep_file(desk, f"待改_{sheet.name.rpartition('.')[0]}.xlsx", plan.marked()) if waits else ""
        return Planned(plan, mappings=mappings, sheets=sheets, marked=marked, links=links, supplement=supplement)
    except Refused as error:
        if not links:
            return Planned(problem=failure(error))
        return replace(plan_sheet(desk, sheet, mappings, sheets, supplement=supplement), unlinked=str(error))
    except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
        return Planned(problem=failure(error))


def take_sheet(desk: CaseDesk, actor: Actor, page: str, sheet: Sheet, planned: Planned, *, clean: bool) -> Told:  # noqa: PLR0913 - of whom, what, by whom
    """Write a file as its preview showed it: whole, or the rows that are in order."""
    plan = planned.plan
    if plan is None:
        return Told(done=False, html=note("请先选择文件。", "warn"))

    def deed() -> Result:
        return import_rows(
            desk.engine,
            round_id=desk.round_id,
            seen=plan.seen,
            take_clean=clean,
            mappings=planned.mappings,
            sheets=planned.sheets,
            links=planned.links,
            supplement=planned.supplement,
            actor=actor,
            now=clock(),
            key=_key(page, "import", {"seen": plan.seen, "clean": clean}),
            **sheet.told(),
        )

    def said(done: Result) -> str:
        if done["already"]:
            return "同一个文件已经在台账里，没有改动。"
        counts = done["counts"]
        told = "，".join(f"{CHANGES[kind]} {counts[kind]}" for kind in ("new", "changed", "unchanged", "gone"))
        left = f"；{counts['held']} 行待改，没有写入" if counts["held"] else ""
        return f"已写入台账：{told}{left}。"

    return _do(deed, said)


# -- what was imported ---------------------------------------------------------------------------------------------


def open_imports(desk: CaseDesk) -> pl.DataFrame:
    """Return the imports of the round within the actor's scope, the latest first."""
    with reading(desk.engine) as session:
        return imports(session, round_id=desk.round_id, actor=desk.actor)


def withdrawable(listed: pl.DataFrame) -> dict[str, str]:
    """Return the imports in force: label → id."""
    rows = listed.filter(pl.col("state") == "in_force").iter_rows(named=True)
    return {f"{row['unit']}　{_moment(row)}　{row['file_name']}": row["import_id"] for row in rows}


def _moment(row: Mapping[str, Any]) -> str:
    return f"{row['imported_at'].astimezone(SHANGHAI):%m-%d %H:%M}"


@shown
def imports_panel(listed: pl.DataFrame, form: str, told: str) -> str:
    """Return every sheet that was taken in, and the form that withdraws one."""
    if listed.is_empty():
        return told + card("已导入的表", note("还没有导入过。"))
    rows = [
        (
            _moment(row),
            row["unit"],
            row["file_name"],
            "，".join(f"{CHANGES[kind]} {row[kind]}" for kind in ("new", "changed", "unchanged", "gone")),
            f"{row['held']} 行" if row["held"] else "",
            badge(*STATES[row["state"]]),
            row["reason"] or "",
        )
        for row in listed.iter_rows(named=True)
    ]
    heads = ("时间", "单位", "文件", "写入", "待改", "状态", "理由")
    table = tag("div", rows_table(heads, rows, raw=(5,)), "cw-scroll cw-short")
    return told + card("已导入的表", table, form)


def withdraw_sheet(desk: CaseDesk, actor: Actor, page: str, listed: pl.DataFrame, given: Mapping[str, Any]) -> Told:
    """Withdraw an import: the ledger is as it was before; refused once something was decided on it."""
    which, reason = given.get("which"), str(given.get("reason") or "").strip()
    found = listed.filter(pl.col("import_id") == str(which)) if which else listed.clear()
    if not found.height:
        return Told(done=False, html=note("请先选定要撤回的表。", "warn"))
    row = found.row(0, named=True)
    content = {"import": which, "version": row["version"], "reason": reason}
    return _do(
        lambda: withdraw_import(
            desk.engine,
            import_id=str(which),
            reason=reason,
            expected_version=row["version"],
            actor=actor,
            now=clock(),
            key=_key(page, "withdraw", content),
        ),
        lambda _: f"已撤回{row['unit']}的表，台账恢复到导入以前。",
    )
