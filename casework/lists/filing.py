"""What a unit hands in and what is handed to it: 统计表, 备案统计表 in its three ranges, 本单位慰问名单, 报送情况表."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from casework.dates import SHANGHAI, chinese
from casework.forms import load_form
from casework.lists.listing import NOBODY, WIDE_FROM_MM, in_year, listing
from casework.lists.quota import form_clause
from casework.lists.roster import form_columns
from casework.lists.table import Cell, Column, Head, ListState, Table, plain
from casework.vocabulary import Term

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl

    from casework.policy import Policy

RETURN, FILING, UNIT_LIST, SUBMISSION = "person_return", "filing", "unit_list", "submission"
MASKED: Final = "卡号已遮盖，仅供核对。"
UNKNOWN_KIND: Final = "类型未定"


class Filed(Term):
    """The three ranges of the one 备案统计表; the value is the form id of a circular's clause."""

    ALL = "filing_all", "困难党员备案统计表"
    NEW = "filing_new", "新增困难党员备案统计表"
    EXISTING = "filing_existing", "困难党员备案统计汇总表"


def person_return(
    policy: Policy, people: Iterable[Mapping[str, Any]], *, opened: bool, unit: str = "", year: int | None = None
) -> Table:
    """Return 困难党员统计表: the circular's eleven columns, a row a person declared.

    Source: IM-A2.1, IM-A2.3 (the year of the title is the circular's, or the one asked for), IM-A2.4.

    Args:
        policy: The circular.
        people: Column key → value, in the order of units and of each unit's own ranking.
        opened: Whole card numbers are in it, and the log says who asked; a masked copy is a draft.
        unit: The unit that hands it in.
        year: The year of the title, where it is another one than the circular's.
    """
    form = load_form(RETURN)
    table = listing(
        policy,
        RETURN,
        people,
        state=ListState.OFFICIAL if opened else ListState.DRAFT,
        unit=unit,
        captions=() if opened else (MASKED,),
        mark=form.mark if opened else "",
    )
    return in_year(table, year)


def filing(  # noqa: PLR0913 - the range, the year, whose it is
    policy: Policy,
    filed: Filed,
    people: Iterable[Mapping[str, Any]],
    *,
    year: int,
    unit: str = "",
    units: Sequence[str] = (),
) -> Table:
    """Return 备案统计表 in one of its ranges, with how many stand in it and of which class.

    Source: JZ-N2.1, JZ-N2.2, JZ-N3.4, JZ-A4. The list a unit gets to re-check is formal as it is; the other two are
    drafts as long as somebody in them was not re-checked this year.

    Args:
        policy: The circular.
        filed: Which range.
        people: Column key → value; `kind` is the class that is counted, `outcome` this year's re-check.
        year: The year of the title.
        unit: The unit whose list it is; "" for all units.
        units: The units that are counted under 汇总, those without anybody too; empty: no count of units.
    """
    rows = [dict(person) for person in people]
    columns = form_columns(load_form(FILING), form_clause(policy, filed.value))
    if unit and any(column.key == "unit" and "党支部" in column.label for column in columns):
        rows = [{**row, "unit": row.get("branch") or row.get("unit")} for row in rows]
    waiting = sum(not row.get("outcome") for row in rows)
    captions = []
    if filed is not Filed.EXISTING and waiting:
        captions.append(f"有 {waiting} 人本年度尚未核查，本表为草稿。")
    if units and not unit:
        counted = Counter(row.get("unit_name") or row.get("unit") for row in rows)
        captions.append("各单位在册人数：" + "，".join(f"{name} {counted[name] or '无'}" for name in units) + "。")
    table = listing(
        policy,
        FILING,
        rows,
        called=filed.value,
        state=ListState.OFFICIAL if filed is Filed.EXISTING or not waiting else ListState.DRAFT,
        unit=unit,
        counted="name",
        captions=captions,
        nobody="".join([NOBODY, *captions]),
    )
    if table.title == load_form(FILING).title:  # the circular has no name of its own for this range
        table = dataclasses.replace(table, title=f"{year}年度{filed.label}")
    if rows and "kind" in table.keys:
        told = Counter(row.get("kind") or UNKNOWN_KIND for row in rows)
        classes = "，".join(f"{name} {number} 人" for name, number in told.most_common())
        table = dataclasses.replace(table, totals=(*table.totals, ("kind", f"其中：{classes}")))
    return in_year(table, year)


def unit_list(
    policy: Policy, people: Iterable[Mapping[str, Any]], *, unit: str, state: ListState, remarks: Sequence[str] = ()
) -> Table:
    """Return 本单位慰问名单: who of a unit is helped from above and whom the unit helps itself.

    Source: IM-3.2.1, IM-3.4.3.

    Args:
        policy: The circular.
        people: Column key → value; `by` says who helps.
        unit: The unit.
        state: 正式 once the list above it is decided.
        remarks: Sentences under the table.
    """
    rows = list(people)
    told = Counter(str(row["by"]) for row in rows if row.get("by"))
    counted = [f"其中：{'，'.join(f'{by} {number} 人' for by, number in told.most_common())}。"] if told else []
    return listing(
        policy,
        UNIT_LIST,
        rows,
        state=state,
        unit=unit,
        counted="sex",
        summed=("amount",),
        captions=(*counted, *remarks),
    )


@dataclass(frozen=True)
class Due:
    """A deadline: when, for whom, and which things."""

    clause_id: str
    due_at: datetime
    receiver: str
    items: tuple[str, ...]

    @property
    def label(self) -> str:
        """Return the head over its things."""
        moment = self.due_at.astimezone(SHANGHAI)
        hour = "" if (moment.hour, moment.minute) == (23, 59) else f"{moment:%H:%M}"
        return f"{chinese(moment.date())}{hour}前报{plain(self.receiver)}"


def submission(policy: Policy, grid: pl.DataFrame, *, now: datetime, unit: str = "") -> Table:
    """Return 报送情况表: unit × what it hands in, with day and minute; what is late or lacking is said in words.

    Source: IM-4.3, JS-6.1, JS-6.3, JZ-M5.2.4.

    Args:
        policy: The circular.
        grid: `people.deadlines.DEADLINES`, deadline by deadline, units in their order.
        now: When it was asked.
        unit: Who keeps it.
    """
    form = load_form(SUBMISSION)
    dues = _dues(grid)
    columns, groups = [Column.of(form.column("index")), Column.of(form.column("unit"))], []
    for due in dues:
        keys = tuple(f"{due.clause_id}/{item}" for item in due.items)
        pattern = form.column("item")
        columns += [Column(key, item, width_mm=pattern.width_mm) for key, item in zip(keys, due.items, strict=True)]
        groups.append(Head(due.label, keys))
    columns.append(Column.of(form.column("open")))
    by_unit: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in grid.iter_rows(named=True):
        by_unit.setdefault(row["unit"], {})[f"{row['clause_id']}/{row['item']}"] = row
    rows: list[tuple[Cell, ...]] = []
    for number, (name, came) in enumerate(by_unit.items(), start=1):
        open_ = sum(row["state"] != "in" for row in came.values())
        told = [_came(came.get(column.key)) for column in columns[2:-1]]
        rows.append((number, name, *told, f"{open_} 项" if open_ else None))
    totals: list[tuple[str, Cell]] = []
    for column in columns[2:-1]:
        done = sum(came[column.key]["state"] in ("in", "late") for came in by_unit.values() if column.key in came)
        totals.append((column.key, f"已报 {done} 家"))
    totals.append(("open", f"{sum(row[-1] is not None for row in rows)} 家"))
    base = listing(policy, SUBMISSION, [], state=ListState.OFFICIAL, unit=unit, nobody="")
    moment = now.astimezone(SHANGHAI)
    said = (f"共 {len(rows)} 家单位。",) if dues else ("通知没有规定报送期限。",)
    return dataclasses.replace(
        base,
        columns=tuple(columns),
        rows=tuple(rows) if dues else (),
        groups=tuple(groups),
        totals=tuple(totals) if rows and dues else (),
        captions=said,
        wide=sum(column.width_mm for column in columns) > WIDE_FROM_MM,
        above=(base.above[0], f"截至：{chinese(moment.date())}{moment:%H:%M}"),
    )


def _dues(grid: pl.DataFrame) -> list[Due]:
    seen: dict[str, tuple[datetime, str, dict[str, None]]] = {}
    for row in grid.iter_rows(named=True):
        seen.setdefault(row["clause_id"], (row["due_at"], row["receiver"], {}))[2][row["item"]] = None
    return [Due(clause, at, receiver, tuple(items)) for clause, (at, receiver, items) in seen.items()]


def _came(row: Mapping[str, Any] | None) -> str | None:
    """Return what a cell says: the moment it came, and how late, or that it is not there."""
    if row is None:
        return None
    if row["received_at"] is None:
        return {"missing": "未报", "returned": "已退回", "overdue": "逾期未报"}[row["state"]]
    at = row["received_at"].astimezone(SHANGHAI)
    words = f"{at.month}月{at.day}日{at:%H:%M}"
    return words if row["state"] == "in" else f"{words}（逾期{_late(row['late_minutes'])}）"


def _late(minutes: int) -> str:
    """Return how late, in the largest unit that is full.

    >>> _late(1), _late(61), _late(3000)
    ('1分钟', '1小时', '2天')
    """
    if minutes < 60:
        return f"{max(minutes, 1)}分钟"
    return f"{minutes // 60}小时" if minutes < 24 * 60 else f"{minutes // (24 * 60)}天"
