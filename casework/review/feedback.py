"""审核结果反馈单: what a unit may be told about its people.

Never what stands against a person's conduct, never an objection, never a fact about somebody else: there it says only
that the case does not meet the circular.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date

import polars as pl
from sqlmodel import Session

from casework.access import Actor
from casework.adoption import in_force
from casework.frames import Schema, conform
from casework.ledger import facts, policy_of
from casework.policy import Policy
from casework.review.judgements import completion_requests
from casework.rules import assess, verdicts
from casework.vocabulary import Act, Kind, Reason, Verdict

FEEDBACK: Schema = {
    "unit_id": pl.String,
    "unit": pl.String,
    "case_id": pl.String,
    "name": pl.String,
    "result": pl.String,  # 已列入, 未列入, 待补正, 审核中
    "words": pl.String,  # what the unit reads
}

LISTED, NOT_LISTED, TO_COMPLETE, UNDER_REVIEW = "已列入", "未列入", "待补正", "审核中"

_LIMITED = {
    Reason.OVER_PLACES: "名额所限，未列入",
    Reason.OVER_CAP: "名额所限，未列入",
    Reason.FUND_EXHAUSTED: "资金所限，未列入",
}


def rulebook(policy: Policy) -> str:
    """Return the title a refusal names: the 办法 the circular rests on, else the circular itself."""
    for title in (*policy.basis, policy.title):
        found = re.search(r"[《]?([^《》（）]*办法)[》]?", title)
        if found:
            return f"《{found[1]}》"
    return f"《{policy.title}》"


def refusal_words(policy: Policy) -> str:
    """Return the only sentence a refusal is given with."""
    return f"经审核不符合{rulebook(policy)}规定"


def say(
    verdict: Mapping[str, object] | None, *, listed: bool, reserve: str | None, lacking: Collection[str], policy: Policy
) -> tuple[str, str]:
    """Return (result, words) for one person.

    Args:
        verdict: His row of `frames.VERDICTS`; None: nobody has assessed him.
        listed: He stands on the list in force.
        reserve: His reason in the reserve of the list in force; None: he is not in it.
        lacking: Sentences of the papers that are missing, in the clauses' words.
        policy: The circular.
    """
    if listed:
        return LISTED, ""
    limited = next((words for reason, words in _LIMITED.items() if reason == reserve), None)
    if reserve in (Reason.NOT_AGREED, Reason.REMOVED):
        return NOT_LISTED, refusal_words(policy)
    if verdict is None or reserve == Reason.DEFERRED:
        return UNDER_REVIEW, ""
    names = verdict["clauses"]
    against = [clause for clause in policy.clauses if isinstance(names, list) and clause.id in names]
    if verdict["verdict"] == Verdict.REFUSED:
        only_papers = bool(against) and all(clause.kind is Kind.DOCUMENT for clause in against)
        return (TO_COMPLETE, "；".join(lacking)) if only_papers and lacking else (NOT_LISTED, refusal_words(policy))
    if lacking:
        return TO_COMPLETE, "；".join(lacking)
    if verdict["verdict"] == Verdict.ELIGIBLE and limited:
        return NOT_LISTED, limited
    return UNDER_REVIEW, ""


def feedback(session: Session, *, round_id: str, unit_id: str, as_of: date, actor: Actor) -> pl.DataFrame:
    """Return one unit's 审核结果反馈单.

    Args:
        session: A session on the ledger.
        round_id: The round.
        unit_id: The unit; one outside the actor's scope has no rows.
        as_of: The day.
        actor: Who asks.

    Returns:
        `FEEDBACK`, in the unit's own order.
    """
    mine = [unit_id] if actor.may_see(unit_id) else []
    policy = policy_of(session, round_id)
    known = facts(session, round_id=round_id, as_of=as_of, units=mine)
    folded = verdicts(assess(known, policy=policy), policy=policy)
    found = {row["case_id"]: row for row in folded.iter_rows(named=True)}
    asked = completion_requests(session, round_id=round_id, as_of=as_of, actor=actor)
    papers: dict[str, list[str]] = {}
    for row in asked.filter(pl.col("unit_id") == unit_id).iter_rows(named=True):
        clause = next((clause for clause in policy.clauses if clause.id == row["clause_id"]), None)
        # Only papers are asked for by name: what is not known of a ground against somebody is nobody's business.
        if clause is not None and clause.kind is Kind.DOCUMENT:
            papers.setdefault(row["case_id"], []).append(f"{row['lacking']}（{row['cite']}“{row['words']}”）")
    adoption = in_force(session, round_id, Act.LIST)
    listed = {row["case_id"] for row in adoption.numbers["awards"]} if adoption else set()
    reserve = {row["case_id"]: row["reason"] for row in adoption.numbers["reserve"]} if adoption else {}
    names = dict(known.people.select("person_id", "name").iter_rows())
    unit = dict(known.units.select("unit_id", "name").iter_rows()).get(unit_id, "")
    rows = []
    for case in known.cases.sort("unit_rank", "case_id", nulls_last=True).iter_rows(named=True):
        case_id = case["case_id"]
        result, words = say(
            found.get(case_id),
            listed=case_id in listed,
            reserve=reserve.get(case_id),
            lacking=papers.get(case_id, ()),
            policy=policy,
        )
        person = {"case_id": case_id, "name": names.get(case["person_id"])}
        rows.append({"unit_id": unit_id, "unit": unit, **person, "result": result, "words": words})
    return conform(rows, FEEDBACK)
