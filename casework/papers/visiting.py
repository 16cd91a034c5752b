"""州、县领导慰问对象花名册, 走访安排表, 抽查核实表, 活动情况报告."""

from __future__ import annotations

from typing import Any

import polars as pl
from sqlmodel import Session, col, select

from casework.ledger import policy_of
from casework.lists import ListState, Table, activity_report, inspection, leader_roster, visit_plan
from casework.lists.roster import in_print_order, person_values
from casework.models_payment import LeaderLink, VisitPlan, VisitPlanCase
from casework.papers.asked import Asked, award_frame, in_branch, of_branch, people_of, pick, unit_name
from casework.payment.common import official_list, unit_names
from casework.payment.coverage import LEADER_ROSTER, ROSTER_LEVELS, leaders
from casework.payment.coverage import leader_roster as visited_people
from casework.payment.inspection import drawn_frame, inspections
from casework.payment.report import activity_report as reported
from casework.review.official import studied_facts
from casework.vocabulary import LeaderLevel


def led(session: Session, asked: Asked) -> Table:
    """Return 州、县领导慰问对象花名册: those visited, and those whose visit is planned.

    It is a draft while any leader has fewer than the circular asks for.
    """
    policy = policy_of(session, asked.round_id)
    official_list(session, asked.round_id)  # nobody stands on it who is not on the decided list
    found = visited_people(session, round_id=asked.round_id, actor=asked.actor)
    seen = set(found["case_id"])
    levels = {level.value: level.label for level in ROSTER_LEVELS}
    coming = [
        {
            **{name: row[name] for name in ("leader", "position", "township", "case_id", "name", "category", "on")},
            "level": levels[row["level"]],
            "belongs_to": row["belongs_to"],
            "place": "",
            "amount_fen": row["amount"],
            "company": row["company"],
            "opinions": "",
            "note": "",
        }
        for row in _planned(session, asked)
        if row["case_id"] not in seen and row["level"] in levels
    ]
    schema = {name: kind for name, kind in LEADER_ROSTER.items() if name != "order"}
    every = pl.concat([found.select(*schema), pl.DataFrame(coming, schema=schema, orient="row")])
    ranks = {level.label: rank for rank, level in enumerate(ROSTER_LEVELS)}
    rank = pl.col("level").replace_strict(ranks, default=len(ranks), return_dtype=pl.Int64)
    every = every.sort(rank, "leader", "township", "on", "case_id", nulls_last=True)
    if asked.unit_id is not None:
        every = every.filter(township=unit_name(session, asked.unit_id))
    every = of_branch(session, asked, every)
    short = []
    for row in leaders(session, round_id=asked.round_id, actor=asked.actor).iter_rows(named=True):
        people = every.filter(leader=row["leader"], position=row["position"]).height
        if asked.unit_id is None and not asked.branch and people < (row["required"] or 0):
            short.append(f"{row['leader']}已安排和走访 {people} 名，少于 {row['required']} 名")
    return leader_roster(
        policy,
        every,
        remarks=short,
        state=ListState.DRAFT if short else ListState.OFFICIAL,
        unit=unit_name(session, asked.unit_id) or policy.issuer,
    )


def _planned(session: Session, asked: Asked) -> list[dict[str, Any]]:
    """Return the planned visits, a row a person, with what is known of him."""
    official, policy = official_list(session, asked.round_id), policy_of(session, asked.round_id)
    studied, units = studied_facts(session, official), unit_names(session)
    awards = award_frame(official.numbers["awards"])
    known = {row["case_id"]: row for row in in_print_order(policy, studied.facts, awards, None)}
    query = (
        select(VisitPlan, LeaderLink, VisitPlanCase.case_id)
        .join(LeaderLink, col(LeaderLink.link_id) == col(VisitPlan.link_id))
        .join(VisitPlanCase, col(VisitPlanCase.plan_id) == col(VisitPlan.plan_id))
        .where(VisitPlan.round_id == asked.round_id, VisitPlan.state == "planned")
        .order_by(col(VisitPlan.on), col(LeaderLink.leader), col(VisitPlan.plan_id), col(VisitPlanCase.case_id))
    )
    rows, branch = [], in_branch(session, asked)
    for planned, link, case_id in session.exec(query):
        record = known.get(case_id)
        if record is None or not asked.actor.may_see(link.unit_id) or asked.unit_id not in (None, link.unit_id):
            continue
        if branch is not None and case_id not in branch:
            continue
        rows.append(
            person_values(record)
            | {
                "case_id": case_id,
                "leader": link.leader,
                "position": link.position,
                "level": link.level,
                "township": units.get(link.unit_id, ""),
                "on": planned.on,
                "company": planned.company,
                "belongs_to": record["branch"] or record["unit"],
            }
        )
    ranks = {level.value: rank for rank, level in enumerate(LeaderLevel)}
    return sorted(rows, key=lambda row: (row["on"], ranks[row["level"]], row["leader"]))


def plan(session: Session, asked: Asked) -> Table:
    """Return 走访安排表 with 情况简介 of each person."""
    unit = unit_name(session, asked.unit_id) or policy_of(session, asked.round_id).issuer
    rows = _planned(session, asked)
    return visit_plan(policy_of(session, asked.round_id), rows, state=ListState.OFFICIAL, unit=unit)


def inspected(session: Session, asked: Asked) -> Table:
    """Return 发放情况抽查核实表 of a draw, the latest unless one is named."""
    found = pick(inspections(session, asked.round_id), asked.of, key="inspection_id", missing="还没有抽取抽查对象")
    policy = policy_of(session, asked.round_id)
    amounts = {row["case_id"]: row["amount_fen"] for row in official_list(session, asked.round_id).numbers["awards"]}
    people = people_of(session, asked, policy)
    drawn = drawn_frame(session, inspection_id=found.inspection_id, actor=asked.actor)
    if asked.unit_id is not None:
        drawn = drawn.filter(unit_id=asked.unit_id)
    return inspection(
        policy,
        of_branch(session, asked, drawn),
        seed=found.seed,
        population=len(found.population),
        size=found.size,
        on=found.on,
        known={
            case_id: {"category": person["category"], "amount": amounts.get(case_id)}
            for case_id, person in people.items()
        },
        state=ListState.OFFICIAL,
    )


def report(session: Session, asked: Asked) -> Table:
    """Return 走访慰问活动情况报告; with anything unfinished a draft."""
    found = reported(session, round_id=asked.round_id, actor=asked.actor, now=asked.now)
    policy = policy_of(session, asked.round_id)
    return activity_report(
        policy,
        found.rows,
        sentences=found.sentences,
        sections=found.sections,
        receiver=found.receiver,
        open_ends=found.open_ends,
        on=asked.today,
        unit=policy.issuer,
    )
