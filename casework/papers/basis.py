"""认定依据说明: why one person was found to meet the circular, or not; for inside the house."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlmodel import Session

from casework.dates import chinese
from casework.facts import Facts
from casework.lists import Basis, Ground, ListState, Table, basis_statement
from casework.papers.asked import Asked
from casework.papers.chosen import by, chosen, label_of, lists_by, seen
from casework.policy import Clause, Policy
from casework.review.feedback import refusal_words
from casework.rules import CATEGORY_CHECK, assess, verdicts
from casework.sentences import finding_sentence, reason_sentence
from casework.vocabulary import Kind, Mark, Outcome, Verdict


def grounded(session: Session, asked: Asked) -> Table:
    """Return 认定依据说明: clauses with what was read, papers that were seen, judgements with body and day.

    Grounds against a person's conduct are questions a person answers about an exclusion; they never stand here, nor
    does any objection. A refusal that rests on one gives the only sentence a refusal is given with.
    """
    policy, known, cases = chosen(session, asked)
    findings = assess(known, policy=policy, as_of=asked.today)
    folded = {row["case_id"]: row for row in verdicts(findings, policy=policy).iter_rows(named=True)}
    by_case: dict[str, list[Mapping[str, Any]]] = {}
    for row in findings.iter_rows(named=True):
        by_case.setdefault(row["case_id"], []).append(row)
    names = by(known.people, "person_id")
    told = [
        Basis(
            name=names[case["person_id"]]["name"] or "",
            unit=case["unit"] or "",
            branch=names[case["person_id"]]["branch"] or "",
            category=case["category_label"],
            outcome=_outcome(folded.get(case["case_id"]), policy),
            grounds=tuple(_grounds(policy, known, case["case_id"], by_case.get(case["case_id"], []))),
        )
        for case in cases
    ]
    return basis_statement(policy, told, state=ListState.OFFICIAL)


def _conduct(clause: Clause | None) -> bool:
    return clause is not None and clause.kind is Kind.EXCLUSION and bool(clause.ask)


def _outcome(verdict: Mapping[str, Any] | None, policy: Policy) -> str:
    if verdict is None:
        return ""
    against = set(verdict["clauses"] or ())
    if any(_conduct(clause) for clause in policy.clauses if clause.id in against):
        return refusal_words(policy)
    why = reason_sentence(verdict["reason"] or "", verdict["clauses"] or (), policy)
    return "：".join(filter(None, (label_of(Verdict, verdict["verdict"]), why)))


def _grounds(policy: Policy, known: Facts, case_id: str, findings: Iterable[Mapping[str, Any]]) -> Iterable[Ground]:
    clauses = {clause.id: clause for clause in policy.clauses}
    judged = {row["clause_id"]: row for row in lists_by(known.judgements, "case_id").get(case_id, [])}
    for row in findings:
        clause = None if row["clause_id"] == CATEGORY_CHECK else clauses[row["clause_id"]]
        if _conduct(clause) or row["clause_id"] in judged:
            continue
        said = finding_sentence(clause, row["outcome"], row["code"], json.loads(row["values"] or "{}"), policy)
        result = label_of(Outcome, row["outcome"])
        if clause is None:
            yield Ground("类别", "", "慰问类别", said, result)
        else:
            section = "材料" if clause.kind is Kind.DOCUMENT else "条款"
            yield Ground(section, clause.cite, clause.words, said, result)
    for paper in lists_by(known.evidence, "case_id").get(case_id, []):
        issuer = paper["issuer"] or "开具单位未填"
        level = f"（{paper['issuer_level']}）" if paper["issuer_level"] else ""
        yield Ground("材料", "", paper["document"] or "", f"{issuer}{level}：{seen(paper)}", "已收到")
    for clause_id, judgement in judged.items():
        clause = clauses.get(clause_id)
        if clause is None or _conduct(clause):
            continue
        who = judgement["body"] or "认定组织未填"
        day = f"，{chinese(judgement['on'])}" if judgement["on"] else ""
        yield Ground(
            "认定", clause.cite, clause.words, f"{clause.ask}（{who}{day}）", label_of(Mark, judgement["value"])
        )
