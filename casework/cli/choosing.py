"""Which claims a pay command is about: numbers, names, a unit, or all; what was found is shown and confirmed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casework.cli.common import Usage, print_table, say, unit_of

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from casework.vocabulary import ClaimState

Whom = Annotated[
    list[str],
    typer.Argument(metavar="编号或姓名…", help="编号在 pay claims 中列出；都不写：用 --unit 或 --all"),
]
OfUnit = Annotated[
    str, typer.Option("--unit", metavar="单位", help="一个单位的全部（名称或编号）；与姓名同写：只找这个单位的")
]
Every = Annotated[bool, typer.Option("--all", help="全部单位的全部")]
Sure = Annotated[bool, typer.Option("--yes", help="列出后不再询问")]


@dataclass(frozen=True)
class Wish:
    """What was typed: whom it is about.

    Attributes:
        words: Claim ids and names.
        unit: A unit's name or id; "" for none.
        every: All that stand fittingly.
        sure: Not to be asked again.
    """

    words: tuple[str, ...]
    unit: str = ""
    every: bool = False
    sure: bool = False


def choose(
    engine: Engine,
    round_id: str,
    wish: Wish,
    *,
    doing: str,
    states: Collection[ClaimState],
    fund: str | None = None,
    on: date | None = None,
) -> list[dict[str, Any]]:
    """Return the claims (rows of `claims.CLAIMS`) a command is about, once they were shown and confirmed.

    Ids alone are taken as they are: whoever typed them knows which. Names and whole units are looked up among the
    claims that stand fittingly, listed, and asked about.

    Args:
        engine: The ledger.
        round_id: The round.
        wish: What was typed.
        doing: What is done, e.g. 发放.
        states: From which states it may be done.
        fund: Only of this fund.
        on: Instalments due later are left out, unless their number was typed.

    Raises:
        Usage: Nobody was named, somebody is not found, a name is not one person's, or it was not confirmed.
    """
    from casework.access import LOCAL_OFFICER
    from casework.db import reading
    from casework.payment.claims import claims_frame

    unit_id = unit_of(engine, wish.unit) if wish.unit else ""
    with reading(engine) as session:
        rows = claims_frame(session, round_id=round_id, actor=LOCAL_OFFICER).to_dicts()
    by_id = {row["claim_id"]: row for row in rows}
    if wish.words and all(word in by_id for word in wish.words):
        return [by_id[word] for word in dict.fromkeys(wish.words)]
    if not (wish.words or unit_id or wish.every):
        raise Usage(f"请写明给谁{doing}：应发款的编号、姓名，或 --unit 单位，或 --all")
    wanted = {state.value for state in states}
    fitting = [
        row
        for row in rows
        if row["state"] in wanted
        and (not unit_id or row["unit_id"] == unit_id)
        and (fund is None or row["fund"] == fund)
        and (on is None or row["due_on"] is None or row["due_on"] <= on)
    ]
    found = _named(wish.words, fitting, by_id, doing) if wish.words else fitting
    if not found:
        raise Usage(f"没有可以{doing}的：请用 pay claims 看各人的应发款到了哪一步")
    _confirm(found, doing, sure=wish.sure)
    return found


def _named(words: Collection[str], fitting: list[dict[str, Any]], by_id: dict[str, Any], doing: str) -> list[Any]:
    found: dict[str, Any] = {}
    for word in words:
        if word in by_id:
            found[word] = by_id[word]
            continue
        mine = [row for row in fitting if row["name"] == word]
        if not mine:
            known = any(row["name"] == word for row in by_id.values())
            said = f"现在不能{doing}，请用 pay claims 看到了哪一步" if known else "没有应发款，请核对编号或姓名"
            raise Usage(f"“{word}”{said}")
        people = {row["person_id"]: row["unit"] for row in mine}
        if len(people) > 1:
            units = "、".join(str(unit) for unit in dict.fromkeys(people.values()))
            raise Usage(f"有 {len(people)} 个人叫“{word}”（{units}），请加 --unit，或写应发款的编号")
        found |= {row["claim_id"]: row for row in mine}
    return list(found.values())


def _confirm(rows: list[dict[str, Any]], doing: str, *, sure: bool) -> None:
    from casework.money import yuan
    from casework.payment.instalments import label
    from casework.vocabulary import ClaimState

    lines = [
        {
            "unit": row["unit"],
            "name": row["name"],
            "fund": row["fund_label"] + label(row["instalment"], row["instalments"]),
            "yuan": row["goods"] if row["kind"] == "goods" else yuan(row["amount_fen"]),
            "state": ClaimState(row["state"]).label,
        }
        for row in rows
    ]
    heads = {"unit": "单位", "name": "姓名", "fund": "资金", "yuan": "金额（元）", "state": "状态"}
    print_table(lines, heads, err=True)
    total = sum(row["amount_fen"] or 0 for row in rows)
    words = f"以上 {len(rows)} 笔，合计 {yuan(total)} 元，{doing}"
    if sure:
        say(words)
        return
    try:
        answer = typer.prompt(f"{words}。确认请输入 是", default="", show_default=False, err=True)
    except typer.Abort:
        answer = ""
    if str(answer).strip() not in {"是", "y", "Y"}:
        raise Usage("没有确认，什么都没有办；核对无误后再运行一次，或加 --yes")


def versions(rows: list[dict[str, Any]]) -> dict[str, int]:
    """Return claim → the version that was shown."""
    return {row["claim_id"]: row["version"] for row in rows}


def parties(rows: list[dict[str, Any]], *, paying: bool = False) -> dict[str | None, list[dict[str, Any]]]:
    """Return the claims by unit; when `paying`, those this body pays itself stand under None."""
    found: dict[str | None, list[dict[str, Any]]] = {}
    for row in rows:
        whose = None if paying and not row["pass_through"] else row["unit_id"]
        found.setdefault(whose, []).append(row)
    return found


def next_instalments(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the next instalment of each person."""
    first: dict[str, int] = {}
    for row in rows:
        first[row["case_id"]] = min(row["instalment"], first.get(row["case_id"], row["instalment"]))
    return [row for row in rows if row["instalment"] == first[row["case_id"]]]
