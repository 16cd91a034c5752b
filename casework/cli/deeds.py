"""What the pay commands share: what was typed is read, one command is carried out, the result is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from casework.cli.common import Usage, emit, ledger_url, new_key, now, open_place, print_json, round_of, say

if TYPE_CHECKING:
    import polars as pl
    from sqlalchemy import Engine

On = Annotated[str, typer.Option("--on", metavar="日期", help="办理日期，如 2020-01-30（不写：今天）")]
Yuan = Annotated[str, typer.Option("--yuan", metavar="元", help="金额，如 18.4万")]
FundName = Annotated[str, typer.Option("--fund", metavar="资金", help="资金来源，如 留存党费")]
Basis = Annotated[str, typer.Option("--basis", metavar="凭证", help="凭证或文号")]


def day_of(text: str) -> date:
    """Return a day the person typed, today for none.

    Raises:
        Usage: It is none.
    """
    try:
        return date.fromisoformat(text) if text else now().date()
    except ValueError:
        raise Usage(f"看不懂日期“{text}”，请写成 2020-01-30") from None


def fen_of(text: str) -> int:
    """Return an amount in fen from yuan as written.

    Raises:
        Usage: It is none.
    """
    from casework.money import parse_yuan

    try:
        return parse_yuan(text)
    except ValueError as error:
        raise Usage(str(error)) from None


def term_of(kind: Any, label: str, what: str) -> Any:
    """Return the member a person means by its Chinese label.

    Raises:
        Usage: There is none.
    """
    try:
        return kind.from_label(label)
    except KeyError:
        raise Usage(f"没有{what}“{label}”，可写：{'、'.join(one.label for one in kind)}") from None


def fund_of(label: str) -> str:
    """Return the stored value of a fund, "" for none."""
    from casework.vocabulary import Fund

    return term_of(Fund, label, "资金来源").value if label else ""


def one_fund(engine: Engine, round_id: str, label: str) -> str:
    """Return the body's own fund a person means; without a name the only one there is.

    Raises:
        Usage: There are several and none was named.
    """
    from casework.db import reading
    from casework.payment.funds import fund_label, own_terms

    if label:
        return fund_of(label)
    with reading(engine) as session:
        known = list(own_terms(session, round_id))
    if len(known) > 1:
        raise Usage(f"请用 --fund 写明哪项资金：{'、'.join(fund_label(one) for one in known)}")
    return known[0] if known else ""


def starting(db: str, round_id: str) -> tuple[Engine, str]:
    """Return a ledger that may be written, and the round."""
    from casework.db import reading

    engine = open_place(ledger_url(db), write=True)
    with reading(engine) as session:
        return engine, round_of(session, round_id).round_id


def claim_versions(engine: Engine, claim_ids: list[str]) -> dict[str, int]:
    """Return claim → version, as the ledger has them now.

    Raises:
        Usage: One is not there.
    """
    from casework.db import reading
    from casework.models_payment import Claim

    with reading(engine) as session:
        rows = {claim_id: session.get(Claim, claim_id) for claim_id in claim_ids}
    missing = [claim_id for claim_id, row in rows.items() if row is None]
    if missing:
        raise Usage(f"没有编号为 {missing[0]} 的应发款")
    return {claim_id: row.version for claim_id, row in rows.items() if row is not None}


def do(function: Callable[..., Mapping[str, Any]], engine: Engine, *, as_json: bool, **more: Any) -> int:
    """Carry one command out as the local officer and say what came of it."""
    from casework.access import LOCAL_OFFICER

    done = function(engine, actor=LOCAL_OFFICER, now=now(), key=new_key(), **more)
    if as_json:
        print_json(done)
    else:
        typer.echo(told(done))
        for line in beside(done):
            say(line)
    return 0


_SAID: Final = {
    "opened": "新列 {} 笔",
    "kept": "原有 {} 笔",
    "stopped": "停发 {} 笔",
    "people": "{} 笔",
    "succeeded": "发放成功 {} 笔",
    "returned": "退票 {} 笔",
    "open": "没有结果 {} 笔",
    "bookable": "可以入账 {} 份",
    "amount_fen": "{} 元",
    "balance_fen": "账户余额 {} 元",
    "ledger_fen": "台账 {} 元",
    "difference_fen": "相差 {} 元",
    "to_return_fen": "要退回 {} 元",
    "population": "从 {} 人中抽",
    "drawn": "抽到：{}",
    "batch_id": "代发明细编号 {}",
    "transfer_id": "拨付编号 {}",
    "link_id": "联系编号 {}",
    "plan_id": "安排编号 {}",
    "visit_id": "走访编号 {}",
    "inspection_id": "抽查编号 {}",
    "follow_up_id": "困难编号 {}",
}
"""What a command's result says to a person; numbers that only programs need are left out."""

_IF_ANY: Final = frozenset({"kept", "stopped", "open", "to_return_fen", "returned"})


def told(done: Mapping[str, Any]) -> str:
    """Return one line about what a command did."""
    from casework.money import yuan

    parts = []
    for name, words in _SAID.items():
        value = done.get(name)
        if value is None or (name in _IF_ANY and not value):
            continue
        shown = yuan(value) if name.endswith("_fen") else "、".join(value) if isinstance(value, list) else value
        parts.append(words.format(shown))
    return "已登记" + ("：" + "，".join(parts) if parts else "") + "。"


def beside(done: Mapping[str, Any]) -> list[str]:
    """Return what a person should know besides: warnings, and who was left out and why."""
    waiting = [f"没有列入 {case_id}：{why}" for case_id, why in (done.get("waiting") or {}).items()]
    also = [f"这个卡号另有 {len(done['also'])} 人在用，请核对"] if done.get("also") else []
    return [*done.get("warnings", ()), *also, *waiting]


def show(frame: pl.DataFrame, heads: Mapping[str, str], *, as_json: bool, nothing: str) -> int:
    """Print a frame, amounts in yuan unless a program reads it."""
    rows = frame.to_dicts()
    if not as_json:
        from casework.money import yuan

        rows = [{n: yuan(v) if n.endswith("_fen") and v is not None else v for n, v in row.items()} for row in rows]
    emit(rows, heads, as_json=as_json, nothing=nothing)
    return 0
