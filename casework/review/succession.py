"""Who comes next when a place falls free, and what a list is after a change. Pure: frozen numbers in, numbers out.

The place stays in its cell and goes to the next of the adopted reserve, assessed again on today's facts: whoever
waits or is refused by now is passed over with the reason, and equals are a tie that a body settles.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from casework.allocation import Parameters
from casework.allocation.amounts import amount_clauses, amount_of
from casework.allocation.fund import sources
from casework.allocation.ranking import priority_key
from casework.comparison import Assessed
from casework.money import yuan
from casework.policy import Policy
from casework.problems import Refused
from casework.sentences import reason_sentence
from casework.subjects import subjects
from casework.vocabulary import Reason, Verdict

IN_LINE: Final = frozenset({Reason.OVER_PLACES, Reason.OVER_CAP, Reason.FUND_EXHAUSTED})
"""Why somebody stands in the reserve who had a claim."""

Numbers = dict[str, Any]


@dataclass(frozen=True)
class Succession:
    """Who comes next in a cell.

    Attributes:
        case_id: The next one; None where nobody is left, or equals are.
        passed: (case, why) of those passed over, in order.
        tied: The equals a body has to choose from (需集体研究).
    """

    cell: str
    case_id: str | None = None
    passed: tuple[tuple[str, str], ...] = ()
    tied: tuple[str, ...] = ()

    def said(self, names: Mapping[str, str]) -> str:
        """Return it as one sentence."""
        passed = "".join(f"{names.get(case, case)}不能递补（{why}）；" for case, why in self.passed)
        if self.case_id:
            return f"{passed}由{names.get(self.case_id, self.case_id)}递补"
        if self.tied:
            return f"{passed}{'、'.join(names.get(case, case) for case in self.tied)}并列，需集体研究"
        return f"{passed}候补名单中没有可以递补的人"


def successor(  # noqa: PLR0913 - what decides it
    cell: str,
    *,
    numbers: Numbers,
    studied: Assessed,
    today: Assessed,
    held: Mapping[str, str],
    bereaved: Collection[str] = (),
) -> Succession:
    """Return who takes a free place.

    Args:
        cell: `frames.cell_key(unit_id, category)`.
        numbers: The list in force, as an adoption froze it.
        studied: The facts that list was made on: they give the order.
        today: The facts of today: they say who still qualifies; rulings recorded since settle equals.
        held: case → why somebody cannot move up now (an objection, 减员).
        bereaved: Household ids of those whose death freed the place: the family only by a new decision.
    """
    listed = {row["person_id"] for row in numbers["awards"]}
    waiting = [row for row in numbers["reserve"] if f"{row['unit_id']}|{row['category']}" == cell]
    queue = _queue([row["case_id"] for row in waiting if row["reason"] in IN_LINE], studied)
    verdict = {row["case_id"]: row for row in today.verdicts.iter_rows(named=True)}
    people = {row["case_id"]: row for row in today.facts.cases.iter_rows(named=True)}
    homes = dict(today.facts.people.select("person_id", "household_id").iter_rows())
    rulings = today.facts.rulings
    excused = {
        (row["case_id"], row["clause_id"]) for row in rulings.iter_rows(named=True) if row["kind"] == "exception"
    }
    chosen = {
        row["case_id"]: row["rank"]
        for row in rulings.iter_rows(named=True)
        if row["cell"] == cell and row["kind"] in ("tie", "lot", "order") and row["rank"] is not None
    }
    passed: list[tuple[str, str]] = []
    for equals in queue:
        fit = []
        for case_id in equals:
            why = held.get(case_id) or _against(case_id, people, verdict, excused, today.policy)
            person = people.get(case_id, {}).get("person_id")
            if not why and person in listed:
                why = Reason.ALREADY_LISTED.label
            if not why and homes.get(person) is not None and homes[person] in bereaved:
                why = "减员人员的家属，须另行作出决定"
            if why:
                passed.append((case_id, why))
            else:
                fit.append(case_id)
        ordered = sorted((case_id for case_id in fit if case_id in chosen), key=lambda case_id: chosen[case_id])
        if len(fit) == 1 or len(ordered) == len(fit) > 1:
            return Succession(cell, case_id=(ordered or fit)[0], passed=tuple(passed))
        if fit:
            return Succession(cell, passed=tuple(passed), tied=tuple(sorted(fit)))
    return Succession(cell, passed=tuple(passed))


def _queue(case_ids: list[str], studied: Assessed) -> list[list[str]]:
    """Return the reserve in levels of equals: by the priorities, then the unit's order; a missing rank equals all."""
    key, _, _ = priority_key(studied.policy)
    frame = (
        studied.facts.cases.filter(pl.col("case_id").is_in(case_ids))
        .join(studied.verdicts.rename({"open": "unanswered"}), on="case_id", how="left")
        .with_columns(key=key.fill_null(0))
        .sort("key", "unit_rank", "case_id", descending=[True, False, False], nulls_last=True)
    )
    levels: list[list[str]] = []
    for (_,), part in frame.group_by("key", maintain_order=True):
        if part["unit_rank"].null_count():
            levels.append(part["case_id"].to_list())
        else:
            levels += [group["case_id"].to_list() for _, group in part.group_by("unit_rank", maintain_order=True)]
    return levels


def _against(
    case_id: str,
    people: Mapping[str, Any],
    verdict: Mapping[str, Any],
    excused: Collection[tuple[str, str]],
    policy: Policy,
) -> str:
    found = verdict.get(case_id)
    if case_id not in people or found is None:
        return Reason.REMOVED.label
    if found["verdict"] == Verdict.ELIGIBLE:
        return ""
    if found["verdict"] == Verdict.NEEDS_EXCEPTION and all((case_id, name) in excused for name in found["clauses"]):
        return ""
    return reason_sentence(found["reason"] or Reason.FACTS_MISSING.value, found["clauses"] or (), policy)


# -- a list after a change ---------------------------------------------------------------------------------------


def taken_off(numbers: Numbers, reasons: Mapping[str, Reason]) -> Numbers:
    """Return the list without these people; they stand in the reserve with their reason, out of line."""
    after = copy.deepcopy(numbers)
    gone = [row for row in after["awards"] if row["case_id"] in reasons]
    after["awards"] = [row for row in after["awards"] if row["case_id"] not in reasons]
    after["reserve"] = [row for row in after["reserve"] if row["case_id"] not in reasons]
    for case_id, reason in reasons.items():
        row = next((row for row in gone if row["case_id"] == case_id), None) or next(
            (row for row in numbers["reserve"] if row["case_id"] == case_id), None
        )
        if row is not None:
            kept = {name: row[name] for name in ("case_id", "unit_id", "category")}
            after["reserve"].append({**kept, "order": None, "reason": reason.value, "route": ""})
    return after


def put_on(numbers: Numbers, case: Mapping[str, Any], *, amount_fen: int | None, ranked_by: str) -> Numbers:
    """Return the list with one more person, at the end of his cell."""
    after = copy.deepcopy(numbers)
    cell = [row for row in after["awards"] if (row["unit_id"], row["category"]) == (case["unit_id"], case["category"])]
    alike = [row["fund"] for row in after["awards"] if row["category"] == case["category"]]
    award = {
        **{name: case[name] for name in ("case_id", "person_id", "unit_id", "category")},
        "order": max((row["order"] for row in cell), default=0) + 1,
        "amount_fen": amount_fen,
        "fund": alike[0] if alike else "",
        "funded": True,
        "reason": Reason.WITHIN_PLACES.value,
        "ranked_by": ranked_by,
    }
    at = after["awards"].index(cell[-1]) + 1 if cell else len(after["awards"])
    after["awards"].insert(at, award)
    after["reserve"] = [row for row in after["reserve"] if row["case_id"] != case["case_id"]]
    return after


def with_amounts(numbers: Numbers, amounts: Mapping[str, int]) -> Numbers:
    """Return the list with other amounts for some people."""
    after = copy.deepcopy(numbers)
    for row in after["awards"]:
        row["amount_fen"] = amounts.get(row["case_id"], row["amount_fen"])
    return after


def counted(numbers: Numbers) -> Numbers:
    """Return the list with its totals counted again."""
    after = copy.deepcopy(numbers)
    people: dict[tuple[str, str], int] = {}
    for row in after["awards"]:
        people[row["unit_id"], row["category"]] = people.get((row["unit_id"], row["category"]), 0) + 1
    spare = [(row["places"] or 0) - people.get((row["unit_id"], row["category"]), 0) for row in after["plan"]]
    amounts = [row["amount_fen"] for row in after["awards"] if row["funded"]]
    after["totals"] |= {
        "people": len(after["awards"]),
        "unused": sum(max(0, places) for places in spare),
        "awarded_fen": sum(fen or 0 for fen in amounts),
        "without_amount": sum(row["amount_fen"] is None for row in after["awards"]),
    }
    return after


def amount_for(case_id: str, category: str, *, today: Assessed, parameters: Parameters) -> int | None:
    """Return what the circular, the scenario or a body gives this person; None where nobody has decided."""
    subject = subjects(today.facts, today.policy, today.facts.as_of)
    amount = amount_of(category, amount_clauses(today.policy).get(category), subject, parameters)
    found = subject.frame.filter(pl.col("case_id") == case_id).select(fen=amount.fen)
    return None if found.is_empty() else found["fen"][0]


def check_money(numbers: Numbers, policy: Policy, parameters: Parameters) -> None:
    """Check that the awards fit their funds.

    Raises:
        Refused: `over_budget`.
    """
    funds = {source.fund: source.fen for source in sources(policy, parameters)}
    wanted = {frozenset(row["fund"].split("+")) for row in numbers["awards"] if row["fund"]}
    for names in wanted:
        limits = [funds.get(name) for name in names]
        if any(fen is None for fen in limits):
            continue
        drawn = sum(row["amount_fen"] or 0 for row in numbers["awards"] if set(row["fund"].split("+")) <= names)
        over = drawn - sum(fen or 0 for fen in limits)
        if over > 0:
            raise Refused("over_budget", f"改后的名单超出资金 {yuan(over)} 元，请先减少金额或追加资金")


def check_places(numbers: Numbers, added: Iterable[tuple[str, str]], policy: Policy, body: str) -> Numbers:
    """Check that those added have a place; a place above a weaker clause becomes an exception with its reason.

    Args:
        numbers: The list after the change.
        added: (case, reason) of those a meeting added.
        policy: The circular.
        body: Who decided it.

    Raises:
        Refused: `no_place`.
    """
    after = copy.deepcopy(numbers)
    why = dict(added)
    for case_id, reason in why.items():
        award = next(row for row in after["awards"] if row["case_id"] == case_id)
        cell = (award["unit_id"], award["category"])
        row = next((row for row in after["plan"] if (row["unit_id"], row["category"]) == cell), None)
        if row is None:
            raise Refused("no_place", "通知没有给这个单位这一类名额，不能增补")
        people = sum((other["unit_id"], other["category"]) == cell for other in after["awards"])
        if row["places"] is None or people <= row["places"]:
            continue
        clause = next((clause for clause in policy.clauses if clause.id == row["clause_id"]), None)
        if clause is None or clause.force.value == "must":
            said = f"：{clause.cite}规定“{clause.words}”" if clause else ""
            raise Refused("no_place", f"这个单位这一类名额只有 {row['places']} 名，增补后有 {people} 人{said}")
        after["exceptions"].append(
            {
                "clause_id": clause.id,
                "cell": "|".join(cell),
                "extra": people - row["places"],
                "reason": reason,
                "decider": body,
                "road": "meeting",
            }
        )
    return after
