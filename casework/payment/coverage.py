"""What the visits come to: who was seen and who was not, what does not fit the circular, the leaders' roster."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.dates import chinese
from casework.frames import Schema
from casework.ledger import policy_of
from casework.models import Case, Person
from casework.models_payment import LeaderLink, Visit, Visitor, VisitPlan, VisitPlanCase
from casework.payment.common import category_labels, names_of, official_list, said, unit_names
from casework.policy import Clause, Policy
from casework.problems import Refused
from casework.shapes.procedure import VisitRule, Window
from casework.vocabulary import LeaderLevel, Tag, VisitMode, VisitPlace

ANY_COMMITTEE = "基层党（工）委委员"
"""In a circular's words: a member of whichever committee organizes the visits (乡镇党委委员, 工委委员 …)."""

VISITS: Schema = {
    "visit_id": pl.String,
    "case_id": pl.String,
    "name": pl.String,
    "unit_id": pl.String,
    "unit": pl.String,
    "on": pl.Date,
    "place": pl.String,  # VisitPlace
    "mode": pl.String,  # VisitMode
    "visitors": pl.String,
    "opinions": pl.String,
    "topic": pl.String,
    "note": pl.String,
    "scope": pl.String,
    "handed_over": pl.Boolean,
    "remarks": pl.List(pl.String),  # what does not fit the circular, each a sentence with its clause
}

COVERAGE: Schema = {
    "case_id": pl.String,
    "name": pl.String,
    "unit_id": pl.String,
    "unit": pl.String,
    "category": pl.String,
    "amount_fen": pl.Int64,
    "visited": pl.Boolean,  # as the circular wants it
    "visited_on": pl.Date,
    "why": pl.String,  # why a visit that was made does not count
}

LEADERS: Schema = {
    "leader": pl.String,
    "position": pl.String,
    "level": pl.String,  # LeaderLevel
    "units": pl.String,
    "office": pl.String,
    "liaison": pl.String,
    "planned": pl.Int64,
    "visited": pl.Int64,
    "required": pl.Int64,  # null: the circular asks for no number
    "remarks": pl.List(pl.String),
}

LEADER_ROSTER: Schema = {
    "order": pl.Int64,
    "leader": pl.String,
    "position": pl.String,
    "level": pl.String,  # as printed: 州级, 县级
    "township": pl.String,
    "case_id": pl.String,
    "name": pl.String,
    "category": pl.String,  # as printed
    "belongs_to": pl.String,
    "on": pl.Date,
    "place": pl.String,
    "amount_fen": pl.Int64,
    "company": pl.String,
    "opinions": pl.String,
    "note": pl.String,
}
"""州、县领导慰问对象花名册 (annex 3 of 建始): a row a person, grouped by leader."""

ROSTER_LEVELS = (LeaderLevel.PREFECTURE, LeaderLevel.COUNTY)


@dataclass(frozen=True)
class Call:
    """A visit that stands, with who made it and whom it was for."""

    visit: Visit
    visitors: tuple[Visitor, ...]
    unit_id: str
    category: str
    tags: frozenset[str]

    @property
    def roles(self) -> list[str]:
        """The capacities in which the visitors came."""
        return [visitor.role for visitor in self.visitors]


def role_is(role: str, wanted: str) -> bool:
    """Tell whether a visitor's role is one the circular means.

    >>> role_is("乡镇党委委员", "基层党（工）委委员"), role_is("干事", "单位党组织负责人")
    (True, False)
    """
    if wanted == ANY_COMMITTEE:
        return role.endswith("委委员") or role == wanted
    return role == wanted


def calls(session: Session, round_id: str, *, units: Collection[str] | None = None) -> list[Call]:
    """Return the visits of a round that were not taken back, the first one first."""
    undone = select(Visit.revokes).where(Visit.round_id == round_id, col(Visit.revokes).is_not(None))
    query = (
        select(Visit, Case, Person)
        .join(Case, col(Case.case_id) == col(Visit.case_id))
        .join(Person, col(Person.person_id) == col(Case.person_id))
        .where(Visit.round_id == round_id, col(Visit.revokes).is_(None), col(Visit.visit_id).not_in(undone))
        .order_by(col(Visit.on), col(Visit.case_id), col(Visit.visit_id))
    )
    if units is not None:
        query = query.where(col(Case.unit_id).in_(units))
    came: dict[str, list[Visitor]] = defaultdict(list)
    every = select(Visitor).join(Visit, col(Visit.visit_id) == col(Visitor.visit_id))
    for visitor in session.exec(every.where(Visit.round_id == round_id).order_by(col(Visitor.number))):
        came[visitor.visit_id].append(visitor)
    return [
        Call(visit, tuple(came[visit.visit_id]), case.unit_id, case.category or "", frozenset(person.tags or ()))
        for visit, case, person in session.exec(query)
    ]


# -- what does not fit the circular --------------------------------------------------------------------------------


def remarks(call: Call, policy: Policy, *, links: Mapping[str, LeaderLink], listed: Collection[str]) -> list[str]:
    """Say what of one visit does not fit the circular, each with its clause."""
    return [
        *_outside_window(call, policy),
        *(line for clause, shape in policy.of_shape(VisitRule) for line in _against(call, clause, shape)),
        *_leaders(call, policy, links, listed),
    ]


def _outside_window(call: Call, policy: Policy) -> Iterator[str]:
    windows = [(c, w) for c, w in policy.of_shape(Window) if c.applies_to(call.category or None, None)]
    if windows and not any(w.first <= call.visit.on <= w.last for _, w in windows):
        clause, window = windows[0]
        days = f"{chinese(window.first)}至{chinese(window.last)}"
        yield f"{chinese(call.visit.on)}不在走访期间（{days}）内（{clause.id}）"


def _against(call: Call, clause: Clause, shape: VisitRule) -> Iterator[str]:
    targets = {Tag(tag).value for tag in shape.targets}
    if targets and not targets & call.tags:
        return
    lacking = [wanted for wanted in shape.visitors if not any(role_is(role, wanted) for role in call.roles)]
    if shape.together and lacking:
        yield f"走访人中没有{'、'.join(lacking)}：{said(clause)}"
    if shape.places:
        if lacking == list(shape.visitors) and lacking:
            yield f"走访人中没有{'、'.join(lacking)}：{said(clause)}"
        if VisitPlace(call.visit.place).label not in shape.places:
            yield f"地点是{VisitPlace(call.visit.place).label}，不是{'、'.join(shape.places)}：{said(clause)}"
    if shape.mode and VisitMode(call.visit.mode).label != shape.mode:
        yield f"方式是{VisitMode(call.visit.mode).label}，不算{shape.mode}走访：{said(clause)}"


def _leaders(call: Call, policy: Policy, links: Mapping[str, LeaderLink], listed: Collection[str]) -> Iterator[str]:
    if not any(shape.per_visitor_at_least for _, shape in policy.of_shape(VisitRule)):
        return
    for visitor in call.visitors:
        if visitor.level not in {level.value for level in ROSTER_LEVELS}:
            continue
        link = links.get(visitor.link_id or "")
        if link is None or link.unit_id != call.unit_id:
            yield f"{visitor.name}联系的不是这个乡镇"
        if call.visit.case_id not in listed:
            yield f"{visitor.name}走访的对象不在乡镇的名单上"


def visits_frame(session: Session, *, round_id: str, actor: Actor) -> pl.DataFrame:
    """Return the visits of a round within the actor's units, with what does not fit (`VISITS`)."""
    found = calls(session, round_id, units=actor.units)
    policy, links, listed = policy_of(session, round_id), links_of(session, round_id), _listed(session, round_id)
    names, units = names_of(session, {call.visit.case_id for call in found}), unit_names(session)
    rows = [
        {
            **{name: getattr(call.visit, name) for name in VISITS if hasattr(call.visit, name)},
            "name": names[call.visit.case_id],
            "unit_id": call.unit_id,
            "unit": units.get(call.unit_id),
            "visitors": "、".join(f"{visitor.name}（{visitor.role}）" for visitor in call.visitors),
            "handed_over": call.visit.payment_id is not None,
            "remarks": remarks(call, policy, links=links, listed=listed),
        }
        for call in found
    ]
    return pl.DataFrame(rows, schema=VISITS, orient="row")


def links_of(session: Session, round_id: str) -> dict[str, LeaderLink]:
    """Return link → leader and township."""
    query = select(LeaderLink).where(LeaderLink.round_id == round_id)
    return {link.link_id: link for link in session.exec(query.order_by(col(LeaderLink.leader)))}


def _listed(session: Session, round_id: str) -> dict[str, dict[str, Any]]:
    try:
        return {row["case_id"]: row for row in official_list(session, round_id).numbers["awards"]}
    except Refused:
        return {}


# -- who was seen --------------------------------------------------------------------------------------------------


def coverage(session: Session, *, round_id: str, actor: Actor) -> pl.DataFrame:
    """Return everybody on the decided list and whether he was visited as the circular wants it (`COVERAGE`).

    Source: 建始 四（一）: 基层党（工）委委员要全面走访慰问对象，面对面 (JS-4.1.7, JS-4.1.8): a call by telephone
    does not count, nor one without a member of the committee; a first secretary and a member of a work team are seen
    together with the body that sent them (JS-4.1.10).
    """
    policy, listed = policy_of(session, round_id), _listed(session, round_id)
    made: dict[str, list[Call]] = defaultdict(list)
    for call in calls(session, round_id, units=actor.units):
        made[call.visit.case_id].append(call)
    names, units = names_of(session, listed), unit_names(session)
    rows = []
    for case_id, award in listed.items():
        if not actor.may_see(award["unit_id"]):
            continue
        counted = [call for call in made[case_id] if not _short_of(call, policy)]
        rows.append(
            {
                "case_id": case_id,
                "name": names.get(case_id, case_id),
                "unit_id": award["unit_id"],
                "unit": units.get(award["unit_id"]),
                "category": award["category"],
                "amount_fen": award["amount_fen"],
                "visited": bool(counted),
                "visited_on": counted[0].visit.on if counted else None,
                "why": "" if counted or not made[case_id] else _short_of(made[case_id][-1], policy),
            }
        )
    return pl.DataFrame(rows, schema=COVERAGE, orient="row")


def _short_of(call: Call, policy: Policy) -> str:
    """Say why a visit does not count, or nothing."""
    if call.visit.mode != VisitMode.FACE_TO_FACE.value:
        return f"{VisitMode(call.visit.mode).label}不算面对面走访"
    for _, shape in policy.of_shape(VisitRule):
        if shape.everyone and not any(role_is(role, one) for role in call.roles for one in shape.visitors):
            return f"走访人中没有{'、'.join(shape.visitors)}"
        # Who must come together with the committee is missed as much as the committee itself.
        if shape.together and {Tag(tag).value for tag in shape.targets} & call.tags:
            lacking = [wanted for wanted in shape.visitors if not any(role_is(role, wanted) for role in call.roles)]
            if lacking:
                return f"走访人中没有{'、'.join(lacking)}"
    return ""


def leaders(session: Session, *, round_id: str, actor: Actor) -> pl.DataFrame:
    """Return the leaders, their townships, how many they are to see and have seen (`LEADERS`).

    Source: 建始 四（一）: 每名县级领导干部安排走访慰问 2 名以上 (JS-4.1.2); people outside the leader's townships or
    off the list do not count.
    """
    policy, listed, units = policy_of(session, round_id), _listed(session, round_id), unit_names(session)
    required = max((s.per_visitor_at_least or 0 for _, s in policy.of_shape(VisitRule)), default=0)
    links = links_of(session, round_id)
    seen: dict[str, set[str]] = defaultdict(set)
    for call in calls(session, round_id):
        for visitor in call.visitors:
            link = links.get(visitor.link_id or "")
            inside = link is not None and link.unit_id == call.unit_id and call.visit.case_id in listed
            if link is not None and inside and call.visit.mode == VisitMode.FACE_TO_FACE.value:
                seen[link.link_id].add(call.visit.case_id)
    planned: dict[str, set[str]] = defaultdict(set)
    query = select(VisitPlan.link_id, VisitPlanCase.case_id).join(
        VisitPlanCase, col(VisitPlanCase.plan_id) == col(VisitPlan.plan_id)
    )
    for link_id, case_id in session.exec(query.where(VisitPlan.round_id == round_id, VisitPlan.state == "planned")):
        planned[link_id].add(case_id)
    grouped: dict[tuple[str, str, str], list[LeaderLink]] = defaultdict(list)
    for link in links.values():
        if actor.may_see(link.unit_id):
            grouped[link.leader, link.position, link.level].append(link)
    rows = []
    for (leader, position, level), own in sorted(grouped.items()):
        visited = len(set().union(*(seen[link.link_id] for link in own)))
        least = required if required and level == LeaderLevel.COUNTY.value else None
        lines = [f"走访 {visited} 名，少于 {least} 名"] if least is not None and visited < least else []
        lines += ["没有写明统筹办公室"] if least is not None and not any(link.office for link in own) else []
        rows.append(
            {
                "leader": leader,
                "position": position,
                "level": level,
                "units": "、".join(units.get(link.unit_id, "") for link in own),
                "office": "、".join(dict.fromkeys(link.office for link in own if link.office)),
                "liaison": "；".join(link.liaison for link in own if link.liaison),
                "planned": len(set().union(*(planned[link.link_id] for link in own))),
                "visited": visited,
                "required": least,
                "remarks": lines,
            }
        )
    return pl.DataFrame(rows, schema=LEADERS, orient="row")


def leader_roster(session: Session, *, round_id: str, actor: Actor) -> pl.DataFrame:
    """Return 州、县领导慰问对象花名册 as the visits fill it in (`LEADER_ROSTER`).

    One row a person: where several such leaders came, the first one named leads and the others are company.
    """
    listed, links, units = _listed(session, round_id), links_of(session, round_id), unit_names(session)
    labels = category_labels(policy_of(session, round_id))
    ranks = {level.value: rank for rank, level in enumerate(ROSTER_LEVELS)}
    rows: dict[str, tuple[tuple[int, str], dict[str, Any]]] = {}
    found = [call for call in calls(session, round_id, units=actor.units) if call.visit.case_id in listed]
    names, belongs = names_of(session, listed), _belongs(session, listed, units)
    for call in found:
        leading = [visitor for visitor in call.visitors if visitor.level in ranks]
        if not leading:
            continue
        first = min(leading, key=lambda visitor: (ranks[visitor.level or ""], visitor.number))
        link, award = links.get(first.link_id or ""), listed[call.visit.case_id]
        rows[call.visit.case_id] = (
            (ranks[first.level or ""], first.name),
            {
                "leader": first.name,
                "position": link.position if link else first.role,
                "level": LeaderLevel(first.level or "").label,
                "township": units.get(link.unit_id if link else "", ""),
                "case_id": call.visit.case_id,
                "name": names[call.visit.case_id],
                "category": labels.get(award["category"], award["category"]),
                "belongs_to": belongs[call.visit.case_id],
                "on": call.visit.on,
                "place": call.visit.place_note or VisitPlace(call.visit.place).label,
                "amount_fen": award["amount_fen"],
                "company": "、".join(f"{v.name}（{v.role}）" for v in call.visitors if v is not first),
                "opinions": call.visit.opinions,
                "note": call.visit.note,
            },
        )
    ordered = [row for _, row in sorted(rows.values(), key=lambda pair: (pair[0], pair[1]["on"], pair[1]["case_id"]))]
    return pl.DataFrame(
        [{"order": number, **row} for number, row in enumerate(ordered, start=1)], schema=LEADER_ROSTER, orient="row"
    )


def _belongs(session: Session, case_ids: Collection[str], units: Mapping[str, str]) -> dict[str, str]:
    query = select(Case.case_id, Case.unit_id, Person.branch).join(Person, col(Person.person_id) == col(Case.person_id))
    wanted = set(case_ids)
    return {
        case_id: branch or units.get(unit_id, "")
        for case_id, unit_id, branch in session.exec(query)
        if case_id in wanted
    }


def visit_days(session: Session, round_id: str) -> tuple[date, date] | None:
    """Return the first and the last day anybody was visited, or None."""
    days = [call.visit.on for call in calls(session, round_id)]
    return (min(days), max(days)) if days else None
