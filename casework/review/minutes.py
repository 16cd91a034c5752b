"""What minutes must say to decide anything, and what the list is after them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from casework.problems import Refused
from casework.review.succession import Numbers, taken_off, with_amounts
from casework.vocabulary import Decision, Reason

_FRACTIONS: Final = {
    "三分之二": (2, 3),
    "2/3": (2, 3),
    "四分之三": (3, 4),
    "3/4": (3, 4),
    "五分之四": (4, 5),
    "4/5": (4, 5),
}
_HALF: Final = ("半数", "二分之一", "1/2", "过半")


@dataclass(frozen=True)
class PersonResult:
    """What a meeting decided about one person; `amount_fen` only for 改为金额."""

    result: Decision
    reason: str = ""
    amount_fen: int | None = None


def quorum_met(quorum: str | None, *, invited: int, present: int) -> bool | None:
    """Tell whether enough came; None where the circular's words cannot be counted and a person has to say.

    Args:
        quorum: The circular's words, e.g. 三分之二以上; None: it says nothing.
        invited: 应到.
        present: 实到.
    """
    if quorum is None:
        return present > 0
    if "全体" in quorum:
        return present == invited
    share = next((share for word, share in _FRACTIONS.items() if word in quorum), None)
    if share is None and any(word in quorum for word in _HALF):
        share = (1, 2)
    if share is None:
        return None
    more = bool(re.search("超过|过半|多于", quorum))  # 以上 includes the number itself
    part, whole = present * share[1], invited * share[0]
    return part > whole if more else part >= whole


def decided(numbers: Numbers, results: Mapping[str, PersonResult]) -> Numbers:
    """Return the list after a meeting's decisions about people who stand on it."""
    off = {Decision.REFUSED: Reason.NOT_AGREED, Decision.DEFERRED: Reason.DEFERRED}
    after = taken_off(numbers, {case: off[one.result] for case, one in results.items() if one.result in off})
    return with_amounts(after, {case: one.amount_fen for case, one in results.items() if one.amount_fen is not None})


def refuse_count(  # noqa: PLR0913 - what minutes count
    quorum: str | None,
    *,
    invited: int | None,
    present: int | None,
    agreed: int | None,
    confirmed_by: str,
    recused: int = 0,
) -> None:
    """Refuse minutes by which nothing was decided.

    Whoever left the room (回避) was invited, but counts neither as present nor as agreeing.

    Raises:
        Refused: `no_count`, `no_quorum`, `not_carried`.
    """
    if invited is None or present is None or agreed is None:
        raise Refused("no_count", "请填写应到、实到和同意的人数")
    if not 0 <= agreed <= present <= invited:
        raise Refused("no_count", f"人数对不上：应到 {invited}、实到 {present}、同意 {agreed}")
    if present + recused > invited:
        said = f"应到 {invited} 人、实到 {present} 人，另有 {recused} 人回避"
        raise Refused("no_count", f"人数对不上：{said}；回避的人不计入实到和同意")
    enough = quorum_met(quorum, invited=invited, present=present)
    if enough is False:
        raise Refused("no_quorum", f"应到 {invited} 人、实到 {present} 人，不足{quorum or '法定人数'}，不能作出决定")
    if enough is None and not confirmed_by.strip():
        raise Refused("no_quorum", f"通知的到会要求“{quorum}”要由人核对，请写明由谁确认")
    if 2 * agreed <= present:
        raise Refused("not_carried", f"实到 {present} 人、同意 {agreed} 人，未过半数，名单没有通过")


def refuse_recused(recusals: Sequence[tuple[str, str]], *acting: str) -> None:
    """Refuse a signature or a confirmation of somebody who left the room.

    Raises:
        Refused: `no_reason`, `recused`.
    """
    for name, why in recusals:
        if not name.strip() or not why.strip():
            raise Refused("no_reason", "回避要写明姓名和事由")
        if name.strip() in {one.strip() for one in acting}:
            raise Refused("recused", f"{name}已回避，不能签署、登记这次会议的结果，也不能确认到会人数")


def refuse_results(numbers: Numbers, outcome: Mapping[str, PersonResult], names: Mapping[str, str]) -> None:
    """Refuse results that do not fit the list.

    Args:
        numbers: The list on the table.
        outcome: Person → result.
        names: Person → name.

    Raises:
        Refused: `no_reason`, `no_amount`, `listed`, `not_listed`.
    """
    listed = {row["case_id"] for row in numbers["awards"]}
    for case_id, one in outcome.items():
        name = names[case_id]
        if one.result is not Decision.AGREED and not one.reason.strip():
            raise Refused("no_reason", f"{name}：{one.result.label}要写明理由")
        if one.result is Decision.RETURNED:
            raise Refused("no_reason", f"{name}：会议结果只能是同意、不同意、暂缓、改为金额或增补")
        if (one.result is Decision.CHANGED_AMOUNT) != (one.amount_fen is not None):
            raise Refused("no_amount", f"{name}：改为金额的要填写金额，其他结果不填")
        if one.result is Decision.ADDED and case_id in listed:
            raise Refused("listed", f"{name}已在名单上，不必增补")
        if one.result is not Decision.ADDED and case_id not in listed:
            raise Refused("not_listed", f"{name}不在这份名单上，要列入的请选“增补”")
