"""台账 on screen: records that may be one person, the yearly re-check, what changed between two days, what is due."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl
from sqlmodel import Session, col, select

from casework.dates import SHANGHAI, chinese
from casework.db import reading
from casework.models import Unit
from casework.models_people import PersonMerge
from casework.people.differences import ledger_difference
from casework.people.duplicates import duplicates
from casework.people.labels import WHY, said
from casework.people.rechecks import recheck_list
from casework.people.register import register
from casework.people.retention import retention_due
from casework.views.cases.desk import NOBODY
from casework.views.desk import clock
from casework.views.html import card, failure, note, rows_table, shown, tag
from casework.views.panels import labelled
from casework.views.review_forms import Bench
from casework.vocabulary import Likeness, Movement, Recheck

TWINS, RECHECK, CHANGES, KEPT = "查重与合并", "年度复核", "台账变动", "保存期限"
PARTS: Final = (TWINS, RECHECK, CHANGES, KEPT)
NOT_YET: Final = "未复核"


@dataclass(frozen=True)
class Wanted:
    """What is asked of the ledger.

    Attributes:
        part: One of `PARTS`.
        year: Of the re-check.
        earlier: The first day of a difference.
        later: The second day.
        only: Of the re-check: `NOT_YET`, the label of an outcome, or "" for all.
    """

    part: str
    year: int = 0
    earlier: date | None = None
    later: date | None = None
    only: str = ""


@dataclass(frozen=True, eq=False)
class Standing:
    """One part of the ledger as it was read.

    Attributes:
        bench: Where it is worked on.
        wanted: What was asked.
        rows: What the table shows, with the ids a deed needs, in the table's order.
        table: The same without an id, names as they may be shown.
        said: How many there are, and what it means.
        problem: Why there is nothing, in words.
        merges: Of 查重与合并: merges that stand: label → id and version.
        merged: The same as a table's rows: the day, whom, why.
    """

    bench: Bench
    wanted: Wanted
    rows: Sequence[Mapping[str, Any]] = ()
    table: pl.DataFrame | None = None
    said: str = ""
    problem: str = ""
    merges: Mapping[str, tuple[str, int]] | None = None
    merged: Sequence[tuple[str, str, str]] = ()

    def name(self, name: str | None) -> str:
        """Return a name as it may be shown now."""
        return self.bench.look.name(name)


def open_standing(bench: Bench, wanted: Wanted) -> Standing:
    """Read one part of the ledger, and nothing of the others."""
    if not bench.desk.with_cases:
        return Standing(bench, wanted, problem=NOBODY)
    read = {TWINS: _twins, RECHECK: _recheck, CHANGES: _changes, KEPT: _kept}[wanted.part]
    try:
        with reading(bench.desk.engine) as session:
            return read(session, bench, wanted)
    except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
        return Standing(bench, wanted, problem=failure(error))


def _units(session: Session) -> Callable[[str | None], str]:
    """Return what names a unit: the ledger is older than the round, and so are some of its units."""
    names = dict(session.exec(select(Unit.unit_id, Unit.name)).all())
    return lambda unit_id: names.get(unit_id or "", "没有个案")


def _table(
    rows: Sequence[Mapping[str, Any]], columns: Mapping[str, Callable[[Mapping[str, Any]], str]]
) -> pl.DataFrame:
    numbered = [{"序号": at, **{head: tell(row) for head, tell in columns.items()}} for at, row in enumerate(rows, 1)]
    schema = {"序号": pl.Int64, **dict.fromkeys(columns, pl.String)}
    return pl.DataFrame(numbered, schema=schema, orient="row")


def _twins(session: Session, bench: Bench, wanted: Wanted) -> Standing:
    unit = _units(session)
    actor = bench.desk.actor
    found = duplicates(session, actor=actor)
    if bench.unit:
        found = found.filter((pl.col("first_unit") == bench.unit) | (pl.col("second_unit") == bench.unit))
    rows = found.to_dicts()
    columns = {
        "记录一": lambda row: bench.look.name(row["first_name"]),
        "单位一": lambda row: unit(row["first_unit"]),
        "记录二": lambda row: bench.look.name(row["second_name"]),
        "单位二": lambda row: unit(row["second_unit"]),
        "党支部": lambda row: row["branch"] or "",
        "出生年月": lambda row: row["born"] or "",
        "说明": lambda row: "；".join(Likeness(one).label for one in row["reasons"]),
    }
    names = dict(register(session, actor).select("person_id", "name").iter_rows())
    query = select(PersonMerge).where(col(PersonMerge.undone_at).is_(None)).order_by(col(PersonMerge.merged_at).desc())
    stand = [one for one in session.exec(query) if one.kept in names]
    told = {one.merge_id: f"{one.merged_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" for one in stand}
    return Standing(
        bench,
        wanted,
        rows,
        _table(rows, columns),
        f"共 {len(rows)} 对；像不像由系统找，是不是由人定",
        merges={
            f"{at}．{bench.look.name(names[one.kept])}　{told[one.merge_id]}": (one.merge_id, one.version)
            for at, one in enumerate(stand, 1)
        },
        merged=[
            (told[one.merge_id], bench.look.name(names[one.kept]), "" if bench.look.projected else one.reason)
            for one in stand
        ],
    )


def _recheck(session: Session, bench: Bench, wanted: Wanted) -> Standing:
    unit = _units(session)
    listed = recheck_list(session, year=wanted.year, actor=bench.desk.actor)
    if bench.unit:
        listed = listed.filter(pl.col("unit_id") == bench.unit)
    total, waiting = listed.height, listed["outcome"].null_count()
    outcome = next((one.value for one in Recheck if one.label == wanted.only), None)
    if wanted.only:
        listed = listed.filter(pl.col("outcome").is_null() if outcome is None else pl.col("outcome") == outcome)
    rows = listed.to_dicts()
    columns = {
        "姓名": lambda row: bench.look.name(row["name"]),
        "单位": lambda row: unit(row["unit_id"]),
        "党支部": lambda row: row["branch"] or "",
        "上一次": lambda row: f"{row['last_year']} 年{Recheck(row['last_outcome']).label}" if row["last_year"] else "",
        "本年度": lambda row: Recheck(row["outcome"]).label if row["outcome"] else NOT_YET,
        "日期": lambda row: f"{row['on']:%Y-%m-%d}" if row["on"] else "",
        "由谁研究": lambda row: row["body"] or "",
        "依据": lambda row: "" if bench.look.projected else row["basis"] or "",
    }
    counts = f"{wanted.year} 年在册 {total} 人，已复核 {total - waiting} 人，未复核 {waiting} 人"
    return Standing(bench, wanted, rows, _table(rows, columns), counts)


def _changes(session: Session, bench: Bench, wanted: Wanted) -> Standing:
    if wanted.earlier is None or wanted.later is None:
        return Standing(bench, wanted, problem="请填写前一个日期和后一个日期。")
    unit = _units(session)
    frame = ledger_difference(session, earlier=wanted.earlier, later=wanted.later, actor=bench.desk.actor)
    if bench.unit:
        frame = frame.filter(pl.col("unit_id") == bench.unit)
    rows = frame.to_dicts()
    columns = {
        "变动": lambda row: Movement(row["movement"]).label,
        "姓名": lambda row: bench.look.name(row["name"]),
        "单位": lambda row: unit(row["unit_id"]),
        "说明": lambda row: WHY[row["why"]] if row["why"] else said(row["fields"]),
    }
    counts = "　".join(f"{one.label} {sum(row['movement'] == one.value for row in rows)} 人" for one in Movement)
    days = f"{chinese(wanted.earlier)}至{chinese(wanted.later)}"
    return Standing(bench, wanted, rows, _table(rows, columns), f"{days}：{counts}；只说哪些内容变了，不显示内容")


def _kept(session: Session, bench: Bench, wanted: Wanted) -> Standing:
    unit = _units(session)
    found = retention_due(session, now=clock(), actor=bench.desk.actor)
    due = found.due.filter(pl.col("unit_id") == bench.unit) if bench.unit else found.due
    rows = due.to_dicts()
    columns = {
        "姓名": lambda row: bench.look.name(row["name"]),
        "单位": lambda row: unit(row["unit_id"]),
        "最后一次办理": lambda row: f"{row['last_on']:%Y-%m-%d}",
        "期满": lambda row: f"{row['due_on']:%Y-%m-%d}",
    }
    return Standing(bench, wanted, rows, _table(rows, columns), found.sentence)


_NOBODY: Final = {
    TWINS: "没有疑似重复的记录。",
    RECHECK: "没有符合的人。",
    CHANGES: "这两个日期之间没有变动。",
    KEPT: "没有到期的人。",
}
_HINTS: Final = {
    TWINS: "合并后个案、荣誉、救助都归到保留的记录，可以拆开",
    RECHECK: "没有复核的不会自动转到下一年",
    CHANGES: "按登记的日期算",
    KEPT: "删除个人信息不能恢复，印发过的名单不变",
}


@shown
def standing_panel(standing: Standing, controls: Mapping[str, str], table: str) -> str:
    """Return the questions and what the ledger answers.

    Args:
        standing: What was read.
        controls: Label → control of what is asked, HTML.
        table: The table, HTML; "" where it is empty.
    """
    part = standing.wanted.part
    asked = labelled(controls)
    if standing.problem:
        return card(part, asked, note(standing.problem, "warn"))
    body = table if standing.rows else note(_NOBODY[part])
    found = card(part, asked, tag("p", tag("span", standing.said), "cw-muted"), body, muted=_HINTS[part])
    if not standing.merged:
        return found
    listed = rows_table(("时间", "保留的记录", "怎么知道的"), standing.merged)
    return found + card("已合并的", tag("div", listed, "cw-scroll cw-short"))
