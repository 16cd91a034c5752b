"""集体研究: exceptions to a clause weaker than *must*: what may still be excused, what was, and the deed itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlmodel import Session, col, select

from casework.frames import cell_key
from casework.ledger import record_ruling
from casework.models import Ruling
from casework.problems import Refused
from casework.review.official import facts_of_today
from casework.views.cases.desk import CaseDesk
from casework.views.html import card, rows_table, tag
from casework.views.review_forms import MOST_NAMES, Field, Form, Given, Someone, chosen, text, writing
from casework.vocabulary import MeetingState, Verdict

if TYPE_CHECKING:
    from casework.models_review import Meeting
    from casework.policy import Clause
    from casework.views.review_study import Study

MOST_WORDS = 24
"""Signs of a clause's words said in a choice."""


@dataclass(frozen=True)
class Excusable:
    """One clause that keeps one person out today and that a meeting may set aside."""

    case_id: str
    category: str
    clause: Clause


def made_exceptions(session: Session, desk: CaseDesk, people: Mapping[str, Someone]) -> tuple[Ruling, ...]:
    """Return the exceptions on record of the people within reach, the latest first."""
    query = select(Ruling).where(Ruling.round_id == desk.round_id, Ruling.kind == "exception")
    rows = session.exec(query.order_by(col(Ruling.seq).desc())).all()
    return tuple(row for row in rows if row.case_id in people)


def excusable(
    session: Session, desk: CaseDesk, people: Mapping[str, Someone], made: Iterable[Ruling], today: date
) -> tuple[Excusable, ...]:
    """Return what needs an exception and has none, assessed anew: only what really stands in the way is offered."""
    known = facts_of_today(session, desk.round_id, today)
    clauses = {clause.id: clause for clause in desk.policy.clauses}
    done = {(row.case_id, row.clause_id) for row in made}
    categories = dict(known.facts.cases.select("case_id", "category").iter_rows())
    return tuple(
        Excusable(row["case_id"], categories.get(row["case_id"]) or "", clauses[clause_id])
        for row in known.verdicts.iter_rows(named=True)
        if row["verdict"] == Verdict.NEEDS_EXCEPTION and row["case_id"] in people
        for clause_id in row["clauses"]
        if clause_id in clauses and (row["case_id"], clause_id) not in done
    )


def exception_form(study: Study, meetings: Mapping[str, str]) -> Form:
    """Return the form that sets a clause aside for one person, as a decided meeting (label → id) said."""
    offered = [one for one in study.excusable if study.unit in ("", study.people[one.case_id].unit_id)]
    hint = "请先在上面选定单位" if len(offered) > MOST_NAMES else ""
    keys: dict[str, str] = {}
    for one in [] if hint else offered:
        label, number = _label(study, one), 2
        while label in keys:
            label, number = f"{_label(study, one)}（第 {number} 人）", number + 1
        keys[label] = f"{one.case_id}|{one.clause.id}"
    by_key = {f"{one.case_id}|{one.clause.id}": one for one in offered}

    def answers(given: Given) -> dict[str, Any]:
        one = by_key[chosen(given, "which", keys, "对谁、哪一条")]
        meeting_id = chosen(given, "meeting", meetings, "会议")
        basis = text(given, "basis")
        if not basis:
            raise Refused("no_basis", "请写明理由")
        return {
            "round_id": study.desk.round_id,
            "kind": "exception",
            "cell": cell_key(study.people[one.case_id].unit_id, one.category),
            "order": [one.case_id],
            "basis": basis,
            "body": _body(study, meeting_id),
            "clause_id": one.clause.id,
            "meeting_id": meeting_id,
        }

    return Form(
        "登记例外",
        "登记例外",
        (
            Field("which", "对谁、哪一条", "choice", keys, next(iter(keys.values()), None), hint=hint),
            Field("meeting", "哪次会议", "choice", meetings, next(iter(meetings.values()))),
            Field("basis", "理由", "area", hint="会议记录上的理由，必填"),
        ),
        writing(
            study.desk,
            study.page,
            record_ruling,
            answers,
            lambda _: "例外已登记：这一条不再挡住这个人；要列入名单，请在下次会议上增补，或重新测算后再上会。",
        ),
        hint=tag("p", "只列出现在确实需要例外的人和条款；“必须”的条款没有例外。依据是已登记结果的会议。", "cw-muted"),
    )


def _body(study: Study, meeting_id: str) -> str:
    return next((one.body for one in study.meetings if one.meeting_id == meeting_id), "")


def _label(study: Study, one: Excusable) -> str:
    someone = study.people[one.case_id]
    words = one.clause.words if len(one.clause.words) <= MOST_WORDS else one.clause.words[:MOST_WORDS] + "…"
    return f"{someone.name}（{study.desk.unit_names.get(someone.unit_id, '')}）{one.clause.cite}“{words}”"


def exceptions_card(study: Study) -> str:
    """Return the exceptions on record; nothing where there are none."""
    held: dict[str, Meeting] = {one.meeting_id: one for one in study.meetings if one.state == MeetingState.DECIDED}
    clauses = {clause.id: clause for clause in study.desk.policy.clauses}
    rows = []
    for row in study.exceptions:
        if study.unit not in ("", study.people[row.case_id or ""].unit_id):
            continue
        clause = clauses.get(row.clause_id or "")
        said = f"{clause.cite}：{clause.words}" if clause else ""
        meeting = held.get((row.details or {}).get("meeting_id", ""))
        by = f"{row.body}（{meeting.minutes}）" if meeting and meeting.minutes not in row.basis else row.body
        rows.append((study.name(row.case_id), said, row.basis, by, row.decided_on))
    if not rows:
        return ""
    head = ("姓名", "条款", "理由", "由谁决定", "日期")
    table = tag("div", rows_table(head, rows[:MOST_NAMES]), "cw-scroll cw-short")
    return card("例外", table, muted="只对写明的人、写明的条款")
