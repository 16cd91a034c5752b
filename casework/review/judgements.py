"""What only people may say of a case, for one or for many; the papers that prove it; and what is missing.

An answer is never inferred, carried forward or scored; while a question is 未核 nothing is decided.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import polars as pl
from sqlalchemy import Engine
from sqlmodel import Session

from casework.access import Actor
from casework.frames import Schema, conform
from casework.ledger import Result, Work, case_within_reach, execute, facts, open_round_of, policy_of
from casework.models import Completeness, Evidence, Judgement
from casework.policy import Clause, Policy
from casework.problems import Refused
from casework.review.records import today_of
from casework.rules import assess, case_clauses
from casework.sentences import finding_sentence
from casework.shapes import conditions
from casework.vocabulary import Kind, Mark, Outcome

LEVELS: Final = ("村（社区）级", "乡镇（街道）级", "县级", "市级", "省级", "国家级")
"""Levels of an issuer, the lowest first."""

QUESTIONS: Schema = {
    "case_id": pl.String,
    "unit_id": pl.String,
    "name": pl.String,
    "clause_id": pl.String,
    "cite": pl.String,
    "words": pl.String,
    "ask": pl.String,
    "value": pl.String,  # Mark: 未核 where nobody has answered
    "body": pl.String,
    "basis": pl.String,
    "on": pl.Date,
    "by": pl.String,
}

MISSING: Schema = {
    "unit_id": pl.String,
    "unit": pl.String,
    "case_id": pl.String,
    "name": pl.String,
    "clause_id": pl.String,
    "cite": pl.String,
    "words": pl.String,  # the clause's own
    "lacking": pl.String,  # the sentence: 尚未登记：缴费凭证
}
"""One 补正通知 per unit, a row per person and clause."""


# -- judgements --------------------------------------------------------------------------------------------------


def record_judgements(  # noqa: PLR0913 - what a judgement is
    engine: Engine,
    *,
    round_id: str,
    case_ids: Sequence[str],
    clause_id: str,
    value: Mark,
    body: str,
    basis: str,
    actor: Actor,
    now: datetime,
    key: str,
    source: str = "",
    on: date | None = None,
    by: str = "",
) -> Result:
    """Record one answer for each of several people on one clause; earlier answers stay readable.

    Args:
        engine: The ledger.
        round_id: The round.
        case_ids: Whom it is about.
        clause_id: A clause of the circular that asks a person.
        value: 未核, 无 or 有.
        body: Which body found so.
        basis: On what.
        actor: Who enters it.
        now: When.
        key: Idempotency key.
        source: Where that stands.
        on: The day it was found; today by default.
        by: Who judged; the actor's name by default.

    Returns:
        `{"people": number}`.

    Raises:
        Refused: `no_people`, `no_basis`, `future`, `not_asked`, `not_found`, `closed`.
    """
    people = list(dict.fromkeys(case_ids))
    if not people:
        raise Refused("no_people", "请先选定人")
    if value is not Mark.UNCHECKED and not (body.strip() and basis.strip()):
        raise Refused("no_basis", "请写明由谁认定、依据是什么")
    day = on or today_of(now)
    if day > today_of(now):
        raise Refused("future", "认定日期还没有到")

    def deed(work: Work) -> Result:
        open_round_of(work, round_id)
        clause = next((c for c in policy_of(work.session, round_id).clauses if c.id == clause_id and c.ask), None)
        if clause is None:
            raise Refused("not_asked", f"条款 {clause_id} 不是要人来认定的条款")
        for case_id in people:
            case = case_within_reach(work, case_id)
            if case.round_id != round_id or not clause.applies_to(case.category, case.path):
                raise Refused("not_asked", f"条款 {clause_id} 不适用于其中的个案 {case_id}，请分开办理")
            work.add(
                Judgement(
                    case_id=case_id,
                    clause_id=clause_id,
                    value=value.value,
                    body=body.strip() or None,
                    basis=basis.strip() or None,
                    source=source.strip() or None,
                    on=day,
                    by=by.strip() or actor.name,
                    recorded_at=work.now,
                )
            )
        return {"people": len(people)}

    request = {"cases": people, "clause": clause_id, "value": value.value, "body": body, "basis": basis}
    return execute(
        engine,
        action="record_judgements",
        actor=actor,
        now=now,
        key=key,
        subject=f"round:{round_id}",
        request={**request, "source": source, "on": day, "by": by},
        body=deed,
    )


def questions(session: Session, *, round_id: str, as_of: date, actor: Actor, unanswered: bool = False) -> pl.DataFrame:
    """Return every question the circular puts to a person, case by case, with the answer that counts.

    Args:
        session: A session on the ledger.
        round_id: The round.
        as_of: The day.
        actor: Only cases within this person's scope are read.
        unanswered: Only those that are 未核.

    Returns:
        `QUESTIONS`.
    """
    known = facts(session, round_id=round_id, as_of=as_of, units=actor.units)
    names = dict(known.people.select("person_id", "name").iter_rows())
    given = {(row["case_id"], row["clause_id"]): row for row in known.judgements.iter_rows(named=True)}
    asked = [clause for clause in case_clauses(policy_of(session, round_id), as_of) if clause.ask]
    rows: list[dict[str, Any]] = []
    for case in known.cases.sort("unit_id", "unit_rank", "case_id").iter_rows(named=True):
        for clause in asked:
            answer = given.get((case["case_id"], clause.id), {})
            value = answer.get("value") or Mark.UNCHECKED.value
            if clause.applies_to(case["category"], case["path"]) and not (unanswered and value != Mark.UNCHECKED):
                rows.append(
                    {
                        "case_id": case["case_id"],
                        "unit_id": case["unit_id"],
                        "name": names.get(case["person_id"]),
                        "clause_id": clause.id,
                        "cite": clause.cite,
                        "words": clause.words,
                        "ask": clause.ask,
                        "value": value,
                        **{name: answer.get(name) for name in ("body", "basis", "on", "by")},
                    }
                )
    return conform(rows, QUESTIONS)


# -- evidence ------------------------------------------------------------------------------------------------------


def documents_asked(policy: Policy) -> dict[str, Clause]:
    """Return the papers the circular asks for, each with its clause."""
    return {name: clause for clause, shape in policy.of_shape(conditions.Evidence) for name in shape.documents}


def level_asked(document: str) -> str | None:
    """Return the lowest level a paper's name asks of its issuer, e.g. 县级 of 县级或以上医院疾病证明; None: any."""
    return next((name for name in LEVELS if document.startswith((f"{name}或以上", f"{name}以上"))), None)


def check_issuer(clause: Clause, document: str, *, issuer: str, level: str) -> None:
    """Check that a paper comes from where the circular wants it, e.g. 县级或以上医院.

    Raises:
        Refused: `no_issuer`, `no_level`, `issuer_level`: in the clause's words.
    """
    if not issuer.strip():
        raise Refused("no_issuer", f"“{document}”要写明由谁开具")
    needed = level_asked(document)
    if needed is None:
        return
    if level not in LEVELS:
        raise Refused("no_level", f"“{document}”要选定开具单位的级别（{'、'.join(LEVELS)}）")
    if LEVELS.index(level) < LEVELS.index(needed):
        raise Refused("issuer_level", f"{issuer}是{level}，不合要求：{clause.cite}规定“{clause.words}”（{clause.id}）")


def record_evidence(  # noqa: PLR0913 - what a paper is
    engine: Engine,
    *,
    case_id: str,
    document: str,
    issuer: str,
    original_seen: bool,
    copy_kept: bool,
    actor: Actor,
    now: datetime,
    key: str,
    issuer_level: str = "",
    complete: bool = False,
) -> Result:
    """Record that a paper was shown for a case.

    Args:
        engine: The ledger.
        case_id: The case.
        document: The paper, as the circular names it.
        issuer: Who issued it.
        original_seen: 原件已核.
        copy_kept: 复印件已留.
        actor: Who saw it.
        now: When.
        key: Idempotency key.
        issuer_level: One of `LEVELS`, where the circular names one.
        complete: The file has now been gone through: what is not in it was not handed in.

    Returns:
        `{"case_id", "document", "evidence_id"}`: a scan of it is attached about this id.

    Raises:
        Refused: `unknown_document`, `no_issuer`, `no_level`, `issuer_level`, `not_seen`, `not_found`, `closed`.
    """
    if not (original_seen or copy_kept):
        raise Refused("not_seen", "原件没有核对、复印件也没有留存的材料，不能登记")

    def deed(work: Work) -> Result:
        case = case_within_reach(work, case_id)
        open_round_of(work, case.round_id)
        asked = documents_asked(policy_of(work.session, case.round_id))
        if document not in asked:
            raise Refused("unknown_document", f"通知没有要求“{document}”，要求的是：{'、'.join(asked) or '（无）'}")
        check_issuer(asked[document], document, issuer=issuer, level=issuer_level)
        paper = Evidence(
            case_id=case_id,
            document=document,
            issuer=issuer.strip(),
            issuer_level=issuer_level or None,
            original_seen=original_seen,
            copy_kept=copy_kept,
        )
        work.add(paper)
        if complete:
            mark = Completeness(case_id=case_id, list="evidence", mark=Mark.PRESENT.value)
            work.note(f"completeness:{case_id}/evidence", None, mark.mark)
            work.session.merge(mark)
        return {"case_id": case_id, "document": document, "evidence_id": paper.evidence_id}

    request = {"document": document, "issuer": issuer, "level": issuer_level, "seen": original_seen, "kept": copy_kept}
    return execute(
        engine,
        action="record_evidence",
        actor=actor,
        now=now,
        key=key,
        subject=f"case:{case_id}",
        request={**request, "complete": complete},
        body=deed,
    )


# -- what is missing -----------------------------------------------------------------------------------------------


def completion_requests(session: Session, *, round_id: str, as_of: date, actor: Actor) -> pl.DataFrame:
    """Return what each unit has to hand in, person by person, in the clauses' words (补正通知).

    Facts nobody has recorded and papers that are not there; never a question only a body may answer.

    Returns:
        `MISSING`, by unit and the unit's own order.
    """
    known = facts(session, round_id=round_id, as_of=as_of, units=actor.units)
    policy = policy_of(session, round_id)
    findings = assess(known, policy=policy, as_of=as_of)
    open_ = findings.filter(
        (pl.col("outcome") == Outcome.UNKNOWN.value)
        | (
            (pl.col("outcome") == Outcome.NOT_MET.value)
            & pl.col("clause_id").is_in([clause.id for clause in policy.of_kind(Kind.DOCUMENT)])
        )
    )
    cases = known.cases.join(known.people.select("person_id", "name"), on="person_id", how="left").join(
        known.units.select("unit_id", "order", unit="name"), on="unit_id", how="left"
    )
    joined = open_.join(cases, on="case_id", how="left", maintain_order="left").sort(
        "order", "unit_id", "unit_rank", "case_id", nulls_last=True, maintain_order=True
    )
    rows = [_missing(row, policy) for row in joined.iter_rows(named=True)]
    return conform(rows, MISSING)


def _missing(row: Mapping[str, Any], policy: Policy) -> dict[str, object]:
    clause = next((clause for clause in policy.clauses if clause.id == row["clause_id"]), None)
    values = json.loads(row["values"] or "{}")
    # A paper that is not there is asked for as one that was not handed in.
    outcome = Outcome.UNKNOWN.value if clause is not None and clause.kind is Kind.DOCUMENT else row["outcome"]
    return {
        **{name: row[name] for name in ("unit_id", "unit", "case_id", "name", "clause_id")},
        "cite": clause.cite if clause else "",
        "words": clause.words if clause else "",
        "lacking": finding_sentence(clause, outcome, row["code"], values, policy),
    }
