"""Lists of the standing ledger: 困难党员管理台账 with every household under its person, 困难党员信息库."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from casework.dates import chinese
from casework.forms import load_form
from casework.lists.listing import in_year, listing
from casework.lists.quota import form_clause
from casework.lists.roster import DATE_GAP, form_columns
from casework.lists.table import Column, ListState, Table, plain

if TYPE_CHECKING:
    from datetime import date

    from casework.forms import Form
    from casework.policy import Policy

LEDGER, INFORMATION = "ledger", "information_base"
NOT_HELD = "“鳏寡孤独”“老弱病残”两栏台账没有登记，由单位核填。"
_MEMBERS = ("member_name", "member_relation", "member_work", "member_income")
_MEMBERS_HEAD = ("家庭成员", "家庭成员情况")


def ledger_book(
    policy: Policy,
    people: Iterable[Mapping[str, Any]],
    *,
    unit: str = "",
    on: date | None = None,
    year: int | None = None,
) -> Table:
    """Return 困难党员管理台账: a group of rows a person, one for each member of the household.

    Source: JZ-M5.2.2 (the four blocks), JZ-A3.

    Args:
        policy: The circular; where it names columns, its one head 家庭成员 becomes the four columns of a member.
        people: Column key → value, and `members`: the same for each member; none: one row without a member.
        unit: Whose ledger it is, printed over the table; "" leaves the room open.
        on: The day it was brought up to date.
        year: The year of the title, where it is another one than the circular's.
    """
    form = load_form(LEDGER)
    columns = _with_members(form, form_columns(form, form_clause(policy, LEDGER)))
    rows: list[dict[str, Any]] = []
    number = 0
    for number, person in enumerate(people, start=1):
        own = {key: value for key, value in person.items() if key != "members"}
        rows += [{"index": number, **own, **member} for member in person["members"] or [{}]]
    table = listing(
        policy,
        LEDGER,
        rows,
        state=ListState.OFFICIAL,
        unit=unit,
        columns=columns,
        merged=tuple(column.key for column in columns if column.key not in _MEMBERS),
        captions=(f"本台账共 {number} 人；人均年收入按家庭年收入和家庭人口计算，两项没有填全的不计算。",),
        above=_above(form, unit, on),
    )
    return in_year(table, year)


def information_base(
    policy: Policy, people: Iterable[Mapping[str, Any]], *, unit: str = "", on: date | None = None
) -> Table:
    """Return 困难党员信息库: everybody in the standing ledger on a day, a row each.

    Source: HW-13.2. Two of its three groups of people the ledger does not record: they stay blank and are named.

    Args:
        policy: The circular.
        people: Column key → value.
        unit: One unit's part; "" for all.
        on: The day it is true for.
    """
    form = load_form(INFORMATION)
    rows = list(people)
    as_of = (f"数据截止：{chinese(on)}",) if on else ()
    return listing(
        policy,
        INFORMATION,
        rows,
        state=ListState.OFFICIAL,
        unit=unit,
        captions=(f"共 {len(rows)} 人。", NOT_HELD),
        above=(form.above[0].format(unit=plain(unit)), *as_of, *form.above[1:]),
    )


def _with_members(form: Form, columns: Iterable[Column]) -> tuple[Column, ...]:
    """Return the columns with the four of a member where a circular has the one head 家庭成员."""
    found: list[Column] = []
    for column in columns:
        if column.label in _MEMBERS_HEAD:
            found += [Column.of(form.column(key)) for key in _MEMBERS]
        else:
            found.append(column)
    return tuple({column.key: column for column in found}.values())


def _above(form: Form, unit: str, on: date | None) -> tuple[str, ...]:
    """Return the line over the table, with the day where it is known."""
    said: list[str] = []
    for words in form.above:
        told = words.format(unit=plain(unit))
        said.append(told.replace(DATE_GAP, chinese(on)) if on else told)
    return tuple(said)
