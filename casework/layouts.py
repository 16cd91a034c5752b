"""自选导出: any list of people with the columns somebody ticked, in his order and under his heads, kept by name."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.dates import year_month_dotted
from casework.ledger import Result, Work, execute
from casework.lists import Cell, Table
from casework.lists.listing import WIDE_FROM_MM
from casework.lists.roster import every_column, namesakes
from casework.lists.table import plain
from casework.models_people import Layout
from casework.paper_files import read_paper
from casework.papers import LABELS, Asked, opened_paper
from casework.problems import Conflict, NotAllowed, Refused

Chosen: TypeAlias = "Sequence[tuple[str, str]]"
"""(column key, head) in the order of the export."""

OF_PEOPLE: Final = (
    *("roster", "public-list", "person-return", "unit-list", "meeting-list", "exceptions", "change-list"),
    *("pay-sheet", "goods-sheet", "bank-payment", "leader-roster", "visit-plan", "inspection"),
    *("ledger", "filing", "filing-new", "filing-existing", "information-base"),
)
"""The lists that have a row for a person: what an export may be made of."""
MARK: Final = "自选导出"
_MOST_COLUMNS, _LONGEST = 60, 40


# -- reading -------------------------------------------------------------------------------------------------------


def whole_list(session: Session, name: str, asked: Asked) -> Table:
    """Return a list with every column of its form, numbers masked; one for the notice board never has more than it has.

    Raises:
        Refused: `not_a_list`: it has no row for a person; else as `read_paper`.
        NotAllowed: `viewer`, `scope`.
    """
    return widened(lambda one: read_paper(session, name, one), name)(asked)


def opened_list(engine: Engine, name: str, asked: Asked, *, key: str) -> Table:
    """Return the same with whole numbers, once the log says who opened whose (`papers.opened_paper`).

    Raises:
        Refused: `not_a_list`, `no_cards`; else as `opened_paper`.
        NotAllowed: `viewer`, `scope`.
    """
    return widened(lambda one: opened_paper(engine, name, one, key=key), name)(asked)


def widened(read: Callable[[Asked], Table], name: str) -> Callable[[Asked], Table]:
    """Return a reader that gives a list with every column of its form.

    The list for the notice board has its own allow-list and is none of a form's columns; a `Table` refuses any other.
    """

    def wide(asked: Asked) -> Table:
        _refuse_others(name, asked.actor)
        with every_column():
            return read(asked)

    return wide


def _refuse_others(name: str, actor: Actor) -> None:
    if not actor.may_write():
        raise NotAllowed("viewer", "只读账号不能自选导出，请由经办人办理")
    if name not in OF_PEOPLE:
        raise Refused("not_a_list", f"{LABELS.get(name, name)}不是一人一行的表，不能自选导出")


def layouts(session: Session, name: str = "") -> list[Layout]:
    """Return the layouts the office keeps, by name; `name`: of one list only."""
    query = select(Layout).order_by(col(Layout.name))
    return list(session.exec(query.where(Layout.list_name == name) if name else query))


def find_layout(session: Session, name: str) -> Layout:
    """Return a layout.

    Raises:
        Refused: `not_found`, naming those there are.
    """
    found = session.exec(select(Layout).where(Layout.name == name)).first()
    if found is None:
        there = "、".join(one.name for one in layouts(session))
        raise Refused("not_found", f"没有名为“{name}”的版式" + (f"，现有：{there}" if there else "，还没有保存过版式"))
    return found


def chosen_of(layout: Layout) -> tuple[tuple[str, str], ...]:
    """Return the columns of a layout."""
    return tuple((each["key"], each["label"]) for each in layout.columns)


# -- a list, laid out ----------------------------------------------------------------------------------------------


def lay_out(table: Table, chosen: Chosen) -> Table:
    """Return a list with the columns chosen; it says that it is no form of the circular.

    Where no column is left in which the rows of a household differ, a person is one row. Namesakes carry branch and
    birth month where no chosen column shows them, on a list for the notice board the branch alone.

    Args:
        table: `whole_list`.
        chosen: Column key and head.

    Raises:
        Refused: `bad_layout`; `no_column`: this round's list has no such column.
    """
    _refuse_bad(chosen)
    keys = [key for key, _ in chosen]
    missing = [label for key, label in chosen if key not in table.keys]
    if missing:
        raise Refused("no_column", f"{table.title}没有“{'”“'.join(missing)}”这一列，请改版式")
    columns = tuple(
        replace(
            table.column(key),
            label=label,
            sums=table.column(key).sums if set(table.column(key).sums) <= set(keys) else (),
        )
        for key, label in chosen
    )
    rows = _told_apart(table, _people(table, keys), keys)
    places = [table.keys.index(key) for key in keys]
    return replace(
        table,
        columns=columns,
        rows=tuple(tuple(row[at] for at in places) for row in rows),
        groups=(),
        totals=tuple((key, value) for key, value in table.totals if key in keys),
        merged=tuple(key for key in table.merged if key in keys) if len(rows) == len(table.rows) else (),
        annex="",
        mark="　".join(filter(None, (table.mark, MARK))),
        wide=sum(column.width_mm for column in columns) > WIDE_FROM_MM,
    )


def _people(table: Table, keys: Sequence[str]) -> list[tuple[Cell, ...]]:
    """Return the rows, one a person where all that is chosen is the same in the rows of his household."""
    if not table.merged or not set(keys) <= set(table.merged):
        return list(table.rows)
    places = [table.keys.index(key) for key in table.merged]
    found: list[tuple[Cell, ...]] = []
    for row in table.rows:
        if not found or any(row[at] != found[-1][at] for at in places):
            found.append(row)
    return found


def _told_apart(table: Table, rows: list[tuple[Cell, ...]], keys: Sequence[str]) -> list[tuple[Cell, ...]]:
    if "name" not in keys:
        return rows
    at = table.keys.index("name")
    once = _people(table, table.merged) if table.merged else rows
    shared = namesakes(row[at] if isinstance(row[at], str) else None for row in once)  # type: ignore[misc]
    unseen = [key for key in ("branch", "born") if key in table.keys and key not in keys]
    unseen = [key for key in unseen if key != "born" or not table.public]
    found = []
    for row in rows:
        name = row[at]
        if isinstance(name, str) and plain(name) in shared:
            told = [row[table.keys.index(key)] for key in unseen]
            words = "，".join(year_month_dotted(one) if isinstance(one, date) else str(one) for one in told if one)
            row = (*row[:at], f"{name}（{words}）" if words else name, *row[at + 1 :])  # noqa: PLW2901
        found.append(row)
    return found


def pick(table: Table, wanted: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the columns an officer wrote as 列 or 列=新名, a column by its head or key.

    Raises:
        Refused: `no_column`, naming those there are; `bad_layout`.
    """
    heads = {_bare(column.label): column.key for column in reversed(table.columns)}
    heads |= {plain(column.label): column.key for column in reversed(table.columns)}
    found = []
    for words in wanted:
        head, _, label = words.partition("=")
        key = head.strip() if head.strip() in table.keys else heads.get(plain(head), "")
        if not key:
            told = "、".join(column.label for column in table.columns)
            raise Refused("no_column", f"{table.title}没有“{head}”这一列，可以选：{told}")
        found.append((key, plain(label) or table.column(key).label))
    _refuse_bad(found)
    return tuple(found)


def _bare(head: str) -> str:
    return re.sub(r"[（(][^（）()]*[）)]", "", plain(head))


def _refuse_bad(chosen: Chosen) -> None:
    keys, labels = [key for key, _ in chosen], [plain(label) for _, label in chosen]
    if not chosen or len(chosen) > _MOST_COLUMNS:
        raise Refused("bad_layout", f"请选 1 至 {_MOST_COLUMNS} 列")
    if len(set(keys)) < len(keys):
        raise Refused("bad_layout", "同一列选了两次")
    if not all(labels) or max(map(len, labels)) > _LONGEST or len(set(labels)) < len(labels):
        raise Refused("bad_layout", f"列名不能空，不能重复，不超过 {_LONGEST} 字")


# -- keeping -------------------------------------------------------------------------------------------------------


def save_layout(  # noqa: PLR0913 - what is kept, by whom
    engine: Engine,
    *,
    name: str,
    list_name: str,
    chosen: Chosen,
    actor: Actor,
    now: datetime,
    key: str,
    expected_version: int = 0,
) -> Result:
    """Keep a layout by name; another one of that name is changed if it has the version believed.

    Args:
        engine: The ledger.
        name: Its name, the office's own words.
        list_name: One of `OF_PEOPLE`.
        chosen: Column key and head, in order.
        actor: Who keeps it.
        now: When.
        key: Idempotency key.
        expected_version: Of the one that is changed; 0: there is none yet.

    Raises:
        Refused: `bad_layout`, `not_a_list`, `name_taken`, `not_found`.
        Conflict: `stale`.
        NotAllowed: A viewer.
    """
    name = plain(name)
    if not name or len(name) > _LONGEST:
        raise Refused("bad_layout", f"版式名称不能空，不超过 {_LONGEST} 字")
    _refuse_others(list_name, actor)
    _refuse_bad(chosen)
    columns = [{"key": column, "label": plain(label)} for column, label in chosen]

    def body(work: Work) -> Result:
        kept = work.session.exec(select(Layout).where(Layout.name == name)).first()
        if kept is None and not expected_version:
            layout_id = secrets.token_hex(8)  # the name is the office's own words, and those go into no audit entry
            row = Layout(layout_id=layout_id, name=name, list_name=list_name, columns=columns, **_saved(work))
            work.add(row)
        elif kept is None:
            raise Refused("not_found", f"没有名为“{name}”的版式")
        elif not expected_version:
            raise Refused("name_taken", f"已有名为“{name}”的版式，请换一个名称，或打开它再改")
        else:
            told = {"list_name": list_name, "columns": columns, **_saved(work)}
            work.change(Layout, kept.layout_id, expected_version=expected_version, **told)
        return {"name": name}

    return execute(
        engine,
        action="save_layout",
        actor=actor,
        now=now,
        key=key,
        subject="layout",
        request={"name": name, "list": list_name, "columns": columns, "version": expected_version},
        body=body,
    )


def _saved(work: Work) -> dict[str, Any]:
    return {"saved_by": work.actor.id, "saved_at": work.now}


def delete_layout(  # noqa: PLR0913 - which one, by whom
    engine: Engine, *, name: str, expected_version: int, actor: Actor, now: datetime, key: str
) -> Result:
    """Take a layout away; what was exported with it stays.

    Raises:
        Refused: `not_found`.
        Conflict: `stale`.
        NotAllowed: A viewer.
    """

    def body(work: Work) -> Result:
        kept = find_layout(work.session, name)
        if kept.version != expected_version:
            raise Conflict("stale", "这个版式刚才已被别人改过，请先看新的内容")
        work.remove(kept)
        return {"name": name}

    return execute(
        engine,
        action="delete_layout",
        actor=actor,
        now=now,
        key=key,
        subject="layout",
        request={"name": name, "version": expected_version},
        body=body,
    )
