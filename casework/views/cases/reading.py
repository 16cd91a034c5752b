"""One case as the ledger knows it today: read alone, so that a case of ten thousand opens as fast as one of ten."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlmodel import Session, col, select

from casework.db import reading
from casework.facts import Facts
from casework.ledger import facts
from casework.ledger.causes import causes_with_ids
from casework.ledger.history import Change, history
from casework.models import Aid, Case, Cause, Evidence, Honour, Judgement
from casework.models_review import Objection, ReviewStep, StepCase
from casework.people.register import table
from casework.people.seeing import Shown, masked_contacts
from casework.policy import Clause
from casework.problems import Refused
from casework.review.chain import Chain, Done
from casework.review.judgements import LEVELS, documents_asked
from casework.review.records import CaseRow, chain_for, chains_of, histories, steps_version
from casework.rules import CATEGORY_CHECK, assess, case_clauses
from casework.sentences import finding_sentence
from casework.shapes import conditions
from casework.views.cases.listing import Listed
from casework.views.cases.scans import Scans, case_scans
from casework.vocabulary import HardshipCause, Outcome, Relation, Stage

__all__ = ["LEVELS", "CaseView", "Entered", "Finding", "Paper", "StepRecord", "open_case"]


@dataclass(frozen=True)
class Finding:
    """What one clause says of the case.

    Attributes:
        clause: None for the check of the category.
        sealed: The sentence names an illness or another cause: shown once the case is opened with a purpose.
    """

    clause: Clause | None
    outcome: Outcome
    said: str
    sealed: bool


@dataclass(frozen=True)
class Paper:
    """A paper the circular asks for, with what is in the file; `causes` are those it is asked for."""

    document: str
    clause: Clause
    causes: tuple[HardshipCause, ...]
    held: Mapping[str, Any] | None


@dataclass(frozen=True)
class Entered:
    """One row of a list as it was entered, for whoever has to correct it or take it out.

    Attributes:
        rows: The list, one of `people.rows.LISTED`.
        owner: The person or case it belongs to.
        row_id: Its id.
        since: The command that brought it in: the state its corrector has seen.
        label: What an officer calls it.
        sealed: Names a cause, or a paper only a cause asks for: shown once the case is opened with a purpose.
    """

    rows: str
    owner: str
    row_id: str | int
    since: int | None
    label: str
    sealed: bool


@dataclass(frozen=True)
class StepRecord:
    """A step as it was recorded, taken back or not."""

    seq: int
    step: ReviewStep
    result: str
    reason: str
    revoked: bool


@dataclass(frozen=True, eq=False)
class CaseView:
    """One case.

    Attributes:
        row: Its row of the worklist.
        version: Of the case's own row, for what changes it.
        steps_version: Of the round's steps.
        facts: Its facts alone; empty frames where the person left the round.
        findings: Clause by clause.
        papers: What the circular asks for.
        links: Its chain; empty where its path is not filled in.
        done: The record that counts of each step.
        steps: Every record, the latest first.
        asked: The questions put to a person: clause → the answer that counts, or None.
        answers: Every answer, the latest first.
        contacts: Masked.
        objections: Those this actor handles; nobody else learns of them here.
        changes: What was changed in the case's and the person's rows, the latest first.
        scans: The scans beside it.
        entered: Rows of causes, papers, honours and other aid, each with what corrects it.
    """

    row: Mapping[str, Any]
    version: int
    steps_version: int
    facts: Facts
    findings: Sequence[Finding]
    papers: Sequence[Paper]
    links: Chain
    done: Mapping[Stage, Done]
    steps: Sequence[StepRecord]
    asked: Mapping[str, tuple[Clause, Mapping[str, Any] | None]]
    answers: Sequence[Judgement]
    contacts: Sequence[Shown]
    objections: Sequence[Objection]
    changes: Sequence[Change]
    scans: Scans
    entered: Sequence[Entered] = ()

    @property
    def case_id(self) -> str:
        """Return the case's id; it never stands on the page."""
        return str(self.row["case_id"])

    @property
    def person(self) -> Mapping[str, Any]:
        """Return the person's facts; empty where the person left the round."""
        return self.facts.people.row(0, named=True) if self.facts.people.height else {}

    @property
    def case(self) -> Mapping[str, Any]:
        """Return the case's own facts."""
        return self.facts.cases.row(0, named=True) if self.facts.cases.height else {}


def open_case(listed: Listed, case_id: str | None) -> CaseView | None:
    """Read one case; None where there is none, or it is out of reach (`listed` holds only what is within it)."""
    row = listed.row(case_id)
    if row is None:
        return None
    desk = listed.desk
    with reading(desk.engine) as session:
        case = session.get(Case, row["case_id"])
        if case is None or not desk.actor.may_see(case.unit_id):
            return None
        known = _alone(facts(session, round_id=desk.round_id, as_of=desk.today, units={case.unit_id}), row["case_id"])
        return CaseView(
            row=row,
            version=case.version,
            steps_version=steps_version(session, desk.round_id),
            facts=known,
            findings=_findings(listed, known),
            papers=_papers(listed, known),
            links=_links(listed, row),
            done=histories(session, desk.round_id, [case.case_id]).get(case.case_id, {}),
            steps=_steps(session, case.case_id),
            asked=_asked(listed, known),
            answers=_answers(session, case.case_id),
            contacts=masked_contacts(session, people=[case.person_id]),
            objections=_objections(session, listed, case.case_id),
            changes=[
                change
                for table, key in (("hardship_case", case.case_id), ("person", case.person_id))
                for change in history(session, table=table, row=key)
            ],
            scans=case_scans(desk, session, case.case_id),
            entered=_entered(session, case.case_id, case.person_id),
        )


def _entered(session: Session, case_id: str, person_id: str) -> list[Entered]:
    causes = causes_with_ids(session, table(Cause).select().where(table(Cause).c.case_id == case_id))
    found = [Entered("cause", case_id, row["cause_id"], row["since"], cause_label(row), sealed=True) for row in causes]
    papers = session.exec(select(Evidence).where(Evidence.case_id == case_id).order_by(col(Evidence.evidence_id)))
    for paper in papers:
        label = f"{paper.document}　{paper.issuer or ''}".rstrip("　")
        found.append(Entered("evidence", case_id, _id(paper.evidence_id), paper.since, label, sealed=True))
    honours = session.exec(select(Honour).where(Honour.person_id == person_id).order_by(col(Honour.honour_id)))
    for one in honours:
        label = f"{one.title or ''}　{one.granted_on or ''}".rstrip("　")
        found.append(Entered("honour", person_id, _id(one.honour_id), one.since, label, sealed=False))
    aid = select(Aid).where(Aid.person_id == person_id, col(Aid.own).is_not(True)).order_by(col(Aid.aid_id))
    for given in session.exec(aid):
        label = f"{given.source or ''}　{given.on or ''}".strip("　")
        found.append(Entered("aid", person_id, _id(given.aid_id), given.since, label, sealed=False))
    return found


def _id(stored: int | None) -> int:
    assert stored is not None, "a row that was read has its number"
    return stored


def cause_label(row: Mapping[str, Any]) -> str:
    """Return a cause in words: which, at whom, whether it is the main one."""
    label = next((one.label for one in HardshipCause if one == row["cause"]), "其他")
    who = next((one.label for one in Relation if one == row["affected"]), "")
    main = "，主要成因" if row["main"] else ""
    return f"{label}（{who}{main}）" if who or main else label


def _alone(known: Facts, case_id: str) -> Facts:
    """Return the facts of one case."""
    cases = known.cases.filter(pl.col("case_id") == case_id)
    people = known.people.filter(pl.col("person_id").is_in(cases["person_id"].to_list()))
    homes = people["household_id"].to_list()
    by_case = {name: getattr(known, name).filter(pl.col("case_id") == case_id) for name in _BY_CASE}
    by_person = {
        name: getattr(known, name).filter(pl.col("person_id").is_in(people["person_id"].to_list()))
        for name in ("honours", "aid")
    }
    by_home = {
        name: getattr(known, name).filter(pl.col("household_id").is_in(homes)) for name in ("households", "members")
    }
    return known.replace(cases=cases, people=people, **by_case, **by_person, **by_home)


_BY_CASE = ("causes", "evidence", "judgements", "completeness", "answers")


def _findings(listed: Listed, known: Facts) -> list[Finding]:
    policy = listed.desk.policy
    if known.cases.is_empty():
        return []
    clauses = {clause.id: clause for clause in policy.clauses}
    found = []
    for row in assess(known, policy=policy, as_of=listed.desk.today).iter_rows(named=True):
        clause = None if row["clause_id"] == CATEGORY_CHECK else clauses[row["clause_id"]]
        values = json.loads(row["values"] or "{}")
        said = finding_sentence(clause, row["outcome"], row["code"], values, policy)
        found.append(Finding(clause, Outcome(row["outcome"]), said, _names_cause(clause, values)))
    return sorted(found, key=lambda one: one.clause is not None)


def _names_cause(clause: Clause | None, values: Mapping[str, Any]) -> bool:
    shape = clause.shape if clause is not None else None
    return isinstance(shape, conditions.Evidence | conditions.Cause | conditions.MainCause) or bool(
        {"causes", "main_cause", "cause"} & values.keys()
    )


def _papers(listed: Listed, known: Facts) -> list[Paper]:
    """Return the papers asked for: always, or for a cause that is recorded; unasked ones only where one is held."""
    held = {row["document"]: row for row in known.evidence.iter_rows(named=True)}
    struck = {cause for cause in known.causes["cause"] if cause}
    papers = []
    for document, clause in documents_asked(listed.desk.policy).items():
        shape = clause.shape
        causes = shape.when_cause if isinstance(shape, conditions.Evidence) else ()
        due = tuple(cause for cause in causes if cause in struck)
        if not causes or due or document in held:
            papers.append(Paper(document, clause, due, held.get(document)))
    return papers


def _links(listed: Listed, row: Mapping[str, Any]) -> Chain:
    try:
        case = CaseRow(row["case_id"], row["unit_id"], row["path"] or "", row["name"] or "")
        return chain_for(chains_of(listed.desk.policy), case)
    except Refused:
        return ()


def _steps(session: Session, case_id: str) -> list[StepRecord]:
    query = select(ReviewStep, StepCase).join(StepCase, col(StepCase.seq) == col(ReviewStep.seq))
    rows = session.exec(query.where(StepCase.case_id == case_id).order_by(col(ReviewStep.seq).desc())).all()
    numbers = [step.seq for step, _ in rows]
    taken_back = set(session.exec(select(ReviewStep.revokes).where(col(ReviewStep.revokes).in_(numbers))))
    return [
        StepRecord(step.seq or 0, step, reached.result, reached.reason, step.seq in taken_back)
        for step, reached in rows
    ]


def _asked(listed: Listed, known: Facts) -> dict[str, tuple[Clause, Mapping[str, Any] | None]]:
    if known.cases.is_empty():
        return {}
    case = known.cases.row(0, named=True)
    given = {row["clause_id"]: row for row in known.judgements.iter_rows(named=True)}
    return {
        clause.id: (clause, given.get(clause.id))
        for clause in case_clauses(listed.desk.policy, listed.desk.today)
        if clause.ask and clause.applies_to(case["category"], case["path"])
    }


def _answers(session: Session, case_id: str) -> list[Judgement]:
    query = select(Judgement).where(Judgement.case_id == case_id).order_by(col(Judgement.seq).desc())
    return list(session.exec(query).all())


def _objections(session: Session, listed: Listed, case_id: str) -> list[Objection]:
    found = session.exec(select(Objection).where(Objection.case_id == case_id)).all()
    return [one for one in found if listed.desk.actor.id in one.handlers]
