"""What a meeting has before it and leaves behind: 上会材料, 集体研究记录, 特殊情况说明表."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from casework.dates import chinese
from casework.lists.listing import NOTHING, listing, or_nothing
from casework.lists.roster import in_print_order, person_values
from casework.lists.table import Cell, ListState, Table
from casework.money import yuan
from casework.vocabulary import Decision

if TYPE_CHECKING:
    import polars as pl

    from casework.facts import Facts
    from casework.policy import Policy

_STANDING = {"priority": "按倾斜次序", "unit_rank": "按单位排序", "ruling": "按研究决定"}


@dataclass(frozen=True)
class Minutes:
    """What the minutes of a meeting say; None where the meeting has not been held.

    Attributes:
        body: Which meeting.
        quorum: What the circular wants of the attendance; "" for nothing.
        confirmed_by: Who confirmed the attendance where the circular's words cannot be counted.
        recusals: (name, why) of those who left the room.
        basis: The record it stands in.
    """

    body: str
    held_on: date | None = None
    invited: int | None = None
    present: int | None = None
    agreed: int | None = None
    quorum: str = ""
    confirmed_by: str = ""
    recusals: tuple[tuple[str, str], ...] = ()
    basis: str = ""
    signer: str = ""


def meeting_list(
    policy: Policy, facts: Facts, *, awards: pl.DataFrame, notes: Sequence[str] = (), only_unit: str | None = None
) -> Table:
    """Return 上会材料: the proposed list with what the meeting has to know; inside the house, taken back afterwards.

    Args:
        policy: The circular.
        facts: The facts the list was made on.
        awards: `frames.AWARDS` of the list in force.
        notes: Sentences under the table: money, reserve, what is still to be verified.
        only_unit: The unit whose people alone are listed.
    """
    records = in_print_order(policy, facts, awards, only_unit)
    standing = {row["case_id"]: row["ranked_by"] for row in awards.iter_rows(named=True)}
    rows = [
        person_values(record) | {"standing": _STANDING.get(standing.get(record["case_id"]) or "", "名额以内")}
        for record in records
    ]
    open_amounts = sum(record["amount_fen"] is None for record in records)
    told = (f"其中 {open_amounts} 人金额未定，未计入合计。",) if open_amounts else ()
    return listing(
        policy,
        "meeting_list",
        rows,
        state=ListState.MEETING,
        unit=policy.issuer,
        counted="name",
        summed=("amount",),
        captions=(*told, *notes),
    )


def meeting_minutes(  # noqa: PLR0913 - a list, what was decided, what the minutes say
    policy: Policy,
    facts: Facts,
    minutes: Minutes,
    *,
    awards: pl.DataFrame,
    results: Mapping[str, Mapping[str, Any]],
    state: ListState,
) -> Table:
    """Return 集体研究记录: who came, how many agreed, and what was decided about everyone.

    Args:
        policy: The circular.
        facts: The facts the list was made on; those added later are named by `results`.
        minutes: What the minutes say.
        awards: `frames.AWARDS` of the list on the table, then those the meeting added.
        results: Case → `result`, `reason`, `amount_fen` where the meeting decided anything but 同意.
        state: 正式 once decided.
    """
    held = minutes.agreed is not None
    rows: list[dict[str, Cell]] = []
    for record in in_print_order(policy, facts, awards, None):
        found = results.get(record["case_id"], {})
        result = Decision(found.get("result", Decision.AGREED.value))
        stands = result in (Decision.AGREED, Decision.ADDED)
        decided = record["amount_fen"] if stands else found.get("amount_fen")
        row = person_values(record) | {"result": None, "decided": None, "reason": None}
        if held:
            row |= {"result": result.label, "decided": decided, "reason": found.get("reason") or None}
        if result is Decision.ADDED:
            row["amount"] = None
        rows.append(row)
    return listing(
        policy,
        "meeting_minutes",
        rows,
        state=state,
        counted="name",
        summed=("amount", "decided"),
        captions=_outcome(minutes),
        fields=_minutes(policy, minutes),
    )


def _minutes(policy: Policy, minutes: Minutes) -> tuple[tuple[str, str], ...]:
    def people(number: int | None) -> str:
        return "" if number is None else f"{number}人"

    recused = "；".join(f"{name}（{why}）" for name, why in minutes.recusals)
    said = [
        ("会　　议", minutes.body),
        ("时　　间", chinese(minutes.held_on) if minutes.held_on else ""),
        ("应　　到", people(minutes.invited)),
        ("实　　到", people(minutes.present)),
        ("同　　意", people(minutes.agreed)),
        ("到会要求", minutes.quorum or "通知未作规定"),
        ("回　　避", recused or (NOTHING if minutes.agreed is not None else "")),
        ("记录依据", minutes.basis),
    ]
    if minutes.confirmed_by:
        said.append(("到会核对", minutes.confirmed_by))
    if minutes.signer:
        said.append(("签　　署", minutes.signer))
    return tuple(said) if len(said) % 2 == 0 else (*said, ("议　　题", f"研究{policy.round_title}对象"))


def _outcome(minutes: Minutes) -> tuple[str, ...]:
    if minutes.agreed is None or minutes.present is None or minutes.invited is None:
        return ()
    counted = f"应到 {minutes.invited} 人，实到 {minutes.present} 人，同意 {minutes.agreed} 人"
    return (f"研究结果：{counted}，超过实到人数半数，按上表研究确定。",)


def exception_list(
    policy: Policy, *, exceptions: pl.DataFrame, units: Mapping[str, str], state: ListState, unit: str = ""
) -> Table:
    """Return 特殊情况说明表: what the list leaves the circular's words for, and why; none prints 无.

    Args:
        policy: The circular.
        exceptions: `frames.EXCEPTIONS`.
        units: Unit id → printed name.
        state: How far the list has come.
        unit: Who fills it in.
    """
    clauses = {clause.id: clause for clause in policy.clauses}
    categories = {category.id: category.label for category in policy.categories}
    rows: list[dict[str, Cell]] = []
    for row in exceptions.iter_rows(named=True):
        unit_id, _, category = (row["cell"] or "").partition("|")
        clause = clauses.get(row["clause_id"] or "")
        rows.append(
            {
                "unit": units.get(unit_id, ""),
                "category": categories.get(category, ""),
                "cite": clause.cite if clause else "",
                "words": clause.words if clause else "",
                "extra": row["extra"],
                "reason": row["reason"],
                "decider": row["decider"],
            }
        )
    table = listing(policy, "exceptions", rows, state=state, unit=unit or policy.issuer, nobody="")
    return or_nothing(table, "reason")


def money_note(numbers: Mapping[str, Any]) -> str:
    """Return what the list costs, in one sentence.

    Args:
        numbers: The `totals` of a list, as an adoption froze them.
    """
    priced = numbers["without_amount"] < numbers["people"]
    money = f"，金额 {yuan(numbers['awarded_fen'])} 元" if priced else ""
    return f"本名单 {numbers['people']} 人{money}；名额未用 {numbers['unused']} 个。"
