"""Papers of the accounts: 慰问品签领表, 拨付明细表, 资金收支对账表, 归档目录."""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from casework.lists.listing import listing
from casework.lists.table import Cell, ListState, Table
from casework.money import capital

if TYPE_CHECKING:
    from casework.lists.paying import Due
    from casework.policy import Policy

GOODS, TRANSFERS, STATEMENT, CATALOGUE = "goods_sheet", "transfer_list", "fund_statement", "archive_catalogue"
_AND = re.compile(r"[、，,；;]|和(?=\S)")
_NUMBERS = "零一二两三四五六七八九十百"
_QUANTITY = re.compile(
    rf"^(.*?)[×xX*]?\s*(\d+|[{_NUMBERS}]+)\s*(公斤|千克|[袋桶瓶箱盒件条床套份斤克个只包罐提双张壶])$"
)
_DIGITS: Final = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"两": 2}
_FLOWS: Final = ("received", "handed", "returned", "transferred", "paid", "spent", "left")


def goods_sheet(policy: Policy, due: Iterable[Due], *, state: ListState, unit: str = "") -> Table:
    """Return 慰问品签领表: a row a thing, signed once a person, with how much of each thing there is.

    Args:
        policy: The circular.
        due: In the order of the list; only those who get goods.
        state: 正式 once the claims are opened.
        unit: The unit that hands it over; "" lists all units, each person with his own.
    """
    rows: list[dict[str, Cell]] = []
    sums: dict[tuple[str, str], int] = defaultdict(int)
    people = 0
    for people, one in enumerate(due, start=1):
        for item, number, measure in things(one.goods):
            who: dict[str, Cell] = {"index": people, "unit": one.unit, "name": one.name, "category": one.category}
            rows.append({**who, "item": item, "quantity": f"{number}{measure}" if number else None})
            if number:
                sums[item, measure] += number
    told = "、".join(f"{item}{number}{measure}" for (item, measure), number in sums.items())
    table = listing(
        policy,
        GOODS,
        rows,
        state=state,
        unit=unit,
        hidden=("unit",) if unit else (),
        merged=("index", *(() if unit else ("unit",)), "name", "category", "sign", "day", "remarks"),
        captions=(f"慰问品合计：{told}。",) if told else (),
    )
    return dataclasses.replace(table, totals=(("category", f"{people}人"),) if rows else ())


def things(words: str) -> list[tuple[str, int | None, str]]:
    """Return what stands in a sentence of goods: name, how many, measure; what has no number is taken as it is.

    >>> things("大米一袋、食用油2桶"), things("棉被")
    ([('大米', 1, '袋'), ('食用油', 2, '桶')], [('棉被', None, '')])
    """
    found: list[tuple[str, int | None, str]] = []
    for part in _AND.split(words):
        said = part.strip()
        if not said:
            continue
        match = _QUANTITY.match(said)
        number = _counted(match[2]) if match and match[1].strip() else None
        found.append((match[1].strip(), number, match[3]) if match and number else (said, None, ""))
    return found or [("", None, "")]


def _counted(words: str) -> int | None:
    """Return a number below a hundred written in digits or in Chinese; None where it is none."""
    if words.isdecimal():
        return int(words)
    tens, ten, ones = words.rpartition("十")
    if {*tens, *ones} - _DIGITS.keys() or len(ones) > 1 or len(tens) > 1:
        return None
    high = (_DIGITS[tens] if tens else 1) * 10 if ten else 0
    return high + (_DIGITS[ones] if ones else 0)


def transfer_list(policy: Policy, moved: Iterable[Mapping[str, Any]], *, unit: str, remarks: Sequence[str]) -> Table:
    """Return 拨付明细表: what went to each unit, from which fund, for what; what came back stands as a minus.

    Source: JZ-M4.5.1.

    Args:
        policy: The circular.
        moved: Column key → value, unit by unit.
        unit: Who transfers.
        remarks: What is still to be transferred, in sentences.
    """
    rows = list(moved)
    fen = sum(row["amount"] for row in rows)
    said = (f"合计金额（大写）：{capital(fen)}",) if fen > 0 else ()
    return listing(
        policy,
        TRANSFERS,
        rows,
        state=ListState.OFFICIAL,
        unit=unit,
        summed=("amount",),
        captions=(*said, *remarks),
        nobody="" if remarks else "还没有拨付。",
    )


def fund_statement(policy: Policy, flows: Iterable[Mapping[str, Any]], *, unit: str, remarks: Sequence[str]) -> Table:
    """Return 资金收支对账表: each account and purpose, what came, went and is left, and what the bank says.

    Args:
        policy: The circular.
        flows: Column key → value; the cells of an account (`balance`, `statement` …) stand in each of its rows.
        unit: Who keeps the accounts.
        remarks: What does not agree or was never held against the bank; with any the paper is a draft.
    """
    rows = list(flows)
    table = listing(
        policy,
        STATEMENT,
        rows,
        state=ListState.DRAFT if remarks else ListState.OFFICIAL,
        unit=unit,
        summed=_FLOWS,
        merged=("account", "fund", "balance", "statement", "difference", "on", "remarks"),
        captions=("收入减支出等于结余；上级拨入和拨出是本级与单位之间的往来。", *remarks),
        nobody="还没有资金往来。",
    )
    held = {row["account_id"]: row["balance"] for row in rows}
    return dataclasses.replace(table, totals=(*table.totals, ("balance", sum(held.values())))) if rows else table


def archive_catalogue(policy: Policy, kept: Iterable[Mapping[str, Any]], *, unit: str) -> Table:
    """Return 归档目录: what of a round is kept, by kind and day; no names.

    Args:
        policy: The circular.
        kept: Column key → value: `group`, `title`, `on`, `pieces`, `pages`, `remarks`.
        unit: Who files it.
    """
    rows = list(kept)
    counted = all(row["pages"] is not None for row in rows)  # a sum of some of the pages would be read as all of them
    return listing(
        policy,
        CATALOGUE,
        rows,
        state=ListState.OFFICIAL,
        unit=unit,
        summed=("pieces", "pages") if counted else ("pieces",),
        captions=("页数空着的由立卷人数清后填写；扫描件为 PDF 的，页数以原件为准。",),
        nobody="本轮还没有可归档的材料。",
    )
