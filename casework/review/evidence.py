"""Which papers a case needs by its causes, what is there of each, and what a unit still has to bring.

A paper is complete when its original was seen and a copy is kept. What the rules ask is less (either of the two), so
that a person is not refused for a copy the office has not made yet; the checklist and the 补正通知 say what is open.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import polars as pl
from sqlmodel import Session, col, func, select

from casework.access import Actor
from casework.dates import chinese
from casework.facts import Facts
from casework.frames import EVIDENCE_CHECKLIST, conform
from casework.ledger import facts, policy_of
from casework.models import Case, Evidence
from casework.models_people import Attachment, AttachmentWithdrawal
from casework.policy import Policy
from casework.problems import NotAllowed, Refused
from casework.review.judgements import MISSING, level_asked
from casework.shapes import conditions
from casework.vocabulary import Mark

STATES: Final = {"complete": "齐全", "no_original": "原件未核", "no_copy": "复印件未留", "missing": "未交"}


@dataclass
class _Papers:
    """What is on record of one paper of one case; several entries of it count together."""

    ids: list[int] = field(default_factory=list)
    seen: bool = False
    kept: bool = False
    issuer: str | None = None
    level: str | None = None

    @property
    def state(self) -> str:
        if not self.ids or not (self.seen or self.kept):
            return "missing"
        return "complete" if self.seen and self.kept else "no_copy" if self.seen else "no_original"


def evidence_checklist(session: Session, *, case_id: str, actor: Actor, as_of: date) -> pl.DataFrame:
    """Return every paper the circular may ask for in this case, and what is there of it.

    Args:
        session: A session on the ledger.
        case_id: The case.
        actor: Who asks, within his units.
        as_of: The day.

    Returns:
        `frames.EVIDENCE_CHECKLIST`, in the order of the circular; a paper its causes do not call for has `asked` false.

    Raises:
        Refused: `not_found`.
        NotAllowed: A viewer: a list of papers tells the illness.
    """
    _refuse_viewer(actor)
    case = session.get(Case, case_id)
    if case is None or not actor.may_see(case.unit_id):
        raise Refused("not_found", "没有这份个案，或不在您的单位范围内")
    known = facts(session, round_id=case.round_id, as_of=as_of, units=[case.unit_id])
    known = known.replace(cases=known.cases.filter(pl.col("case_id") == case_id))
    scans = _scans(session, case.round_id)
    rows = _rows(known, policy_of(session, case.round_id), _papers(session, [case_id]), scans)
    return conform(list(rows), EVIDENCE_CHECKLIST)


def missing_papers(
    session: Session, *, round_id: str, actor: Actor, as_of: date, unit_id: str | None = None
) -> pl.DataFrame:
    """Return which papers each unit still has to bring, person by person, in the clauses' words.

    Returns:
        `judgements.MISSING`, by unit and the unit's own order.

    Raises:
        NotAllowed: A viewer.
    """
    _refuse_viewer(actor)
    units = actor.units if unit_id is None else [unit_id] if actor.may_see(unit_id) else []
    known = facts(session, round_id=round_id, as_of=as_of, units=units)
    policy = policy_of(session, round_id)
    rows = list(_rows(known, policy, _papers(session, known.cases["case_id"].to_list()), {}))
    of_clause: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        of_clause[row["case_id"], row["clause_id"]].append(row)
    people = dict(known.people.select("person_id", "name").iter_rows())
    names = dict(known.units.select("unit_id", "name").iter_rows())
    ordered = known.cases.join(known.units.select("unit_id", "order"), on="unit_id", how="left").sort(
        "order", "unit_id", "unit_rank", "case_id", nulls_last=True
    )
    place = {case_id: number for number, case_id in enumerate(ordered["case_id"])}
    whose = {row["case_id"]: row for row in ordered.iter_rows(named=True)}
    missing = []
    for (case_id, clause_id), asked in sorted(of_clause.items(), key=lambda item: place[item[0][0]]):
        lacking = _lacking(asked)
        if lacking:
            case = whose[case_id]
            told = {"unit_id": case["unit_id"], "unit": names.get(case["unit_id"]), "case_id": case_id}
            told |= {"name": people.get(case["person_id"]), "clause_id": clause_id, "lacking": lacking}
            missing.append({**told, "cite": asked[0]["cite"], "words": asked[0]["words"]})
    return conform(missing, MISSING)


def completion_letter(session: Session, *, round_id: str, unit_id: str, actor: Actor, as_of: date) -> str:
    """Return the 补正通知 of one unit as text: who lacks which paper, in the clauses' words; "" where nothing lacks.

    Raises:
        NotAllowed: A viewer.
    """
    frame = missing_papers(session, round_id=round_id, actor=actor, as_of=as_of, unit_id=unit_id)
    if frame.is_empty():
        return ""
    policy = policy_of(session, round_id)
    lines = [
        "补正通知",
        f"{frame['unit'][0]}：",
        f"你单位报送的{policy.round_title}材料中，下列人员的证明材料不全，请补正：",
    ]
    of_person: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in frame.iter_rows(named=True):
        of_person[row["case_id"]].append(row)
    for number, rows in enumerate(of_person.values(), start=1):
        said = "；".join(f"{row['lacking']}（{row['cite']}：“{row['words']}”）" for row in rows)
        lines.append(f"{number}. {rows[0]['name'] or '（姓名未填）'}：{said}")
    lines += [f"共 {len(of_person)} 人。", policy.issuer, chinese(as_of)]
    return "\n".join(lines)


def _refuse_viewer(actor: Actor) -> None:
    if not actor.may_write():
        raise NotAllowed("read_only", "只读人员不能查看个人的证明材料")


# -- reading ---------------------------------------------------------------------------------------------------------


def _papers(session: Session, case_ids: Sequence[str]) -> dict[tuple[str, str], _Papers]:
    found: dict[tuple[str, str], _Papers] = defaultdict(_Papers)
    for start in range(0, len(case_ids), 900):
        query = select(Evidence).where(col(Evidence.case_id).in_(case_ids[start : start + 900]))
        for row in session.exec(query.order_by(col(Evidence.evidence_id))):
            paper = found[row.case_id, row.document or ""]
            paper.ids.append(row.evidence_id or 0)
            paper.seen, paper.kept = paper.seen or bool(row.original_seen), paper.kept or bool(row.copy_kept)
            paper.issuer, paper.level = row.issuer or paper.issuer, row.issuer_level or paper.level
    return dict(found)


def _scans(session: Session, round_id: str) -> dict[str, int]:
    query = select(Attachment.about, func.count()).where(
        Attachment.round_id == round_id,
        Attachment.purpose == "evidence",
        col(Attachment.attachment_id).not_in(select(AttachmentWithdrawal.attachment_id)),
    )
    return dict(session.exec(query.group_by(col(Attachment.about))).all())


def _rows(
    known: Facts, policy: Policy, papers: dict[tuple[str, str], _Papers], scans: dict[str, int]
) -> Iterator[dict[str, Any]]:
    causes: dict[str, set[str]] = defaultdict(set)
    for row in known.causes.iter_rows(named=True):
        causes[row["case_id"]].add(row["cause"])
    marks = known.completeness.filter(pl.col("list") == "causes")
    whole = {row["case_id"] for row in marks.iter_rows(named=True) if row["mark"] not in (None, Mark.UNCHECKED.value)}
    clauses = list(policy.of_shape(conditions.Evidence))
    for case in known.cases.iter_rows(named=True):
        case_id = case["case_id"]
        for clause, shape in clauses:
            if not clause.applies_to(case["category"], case["path"]):
                continue
            asked = _asked(shape, causes[case_id], whole=case_id in whole)
            for document in shape.documents:
                paper = papers.get((case_id, document), _Papers())
                yield {
                    "case_id": case_id,
                    "clause_id": clause.id,
                    "cite": clause.cite,
                    "words": clause.words,
                    "document": document,
                    "asked": asked,
                    "any_of": shape.need == "any" and len(shape.documents) > 1,
                    "level": level_asked(document),
                    "state": paper.state,
                    "issuer": paper.issuer,
                    "issuer_level": paper.level,
                    "original_seen": paper.seen if paper.ids else None,
                    "copy_kept": paper.kept if paper.ids else None,
                    "scans": sum(scans.get(str(each), 0) for each in paper.ids),
                }


def _asked(shape: conditions.Evidence, causes: set[str], *, whole: bool) -> bool | None:
    if not shape.when_cause or causes & {cause.value for cause in shape.when_cause}:
        return True
    return False if whole else None


def _lacking(rows: Sequence[dict[str, Any]]) -> str:
    """Return what lacks of one clause for one person, "" for nothing."""
    asked, any_of = rows[0]["asked"], rows[0]["any_of"]
    if asked is False or (any_of and any(row["state"] == "complete" for row in rows)):
        return ""
    open_ = [row for row in rows if row["state"] != "complete"]
    if any_of and any(row["state"] != "missing" for row in open_):
        open_ = [row for row in open_ if row["state"] != "missing"][:1]
    if not open_:
        return ""
    absent = [row["document"] for row in open_ if row["state"] == "missing"]
    if asked is None:
        return f"困难成因未登记，不知道要不要提供{('或' if any_of else '、').join(absent)}" if absent else ""
    said = [f"缺{('或' if any_of else '、').join(absent)}"] if absent else []
    said += [f"{row['document']}{STATES[row['state']]}" for row in open_ if row["state"] != "missing"]
    return "，".join(said)
