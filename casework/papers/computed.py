"""The lists computed from a scenario: 名额分配表, 花名册, 公示名单; one place for screen, paper and command line."""

from __future__ import annotations

import dataclasses
from typing import Final

import polars as pl
from sqlmodel import Session

from casework.adoption import effective_places, in_force
from casework.facts import Facts
from casework.frames import PLAN, UNITS, conform
from casework.ledger import facts as ledger_facts
from casework.ledger import policy_of, thaw
from casework.ledger.facts import read_frame, units_query
from casework.lists import ListState, Table, public_entries, public_list, quota_table, roster
from casework.papers.asked import Asked, award_frame
from casework.papers.single import single_handed_said
from casework.policy import Policy
from casework.problems import NotAllowed, Refused
from casework.review.instructions import refuse_while_pending
from casework.review.official import OFFICIAL
from casework.vocabulary import Act

COMPUTED: Final = {"quota-table": "名额分配表", "roster": "慰问对象花名册", "public-list": "公示名单"}
"""Name → what it is."""

RESTS_ON: Final = {"quota-table": Act.PLACES, "roster": Act.LIST, "public-list": Act.LIST}
"""Name → the act that makes it more than a draft."""


def computed(  # noqa: PLR0913 - a list, its numbers, and whose copy it is
    session: Session,
    name: str,
    *,
    policy: Policy,
    facts: Facts,
    plan: pl.DataFrame,
    awards: pl.DataFrame,
    state: ListState,
    unit_id: str | None = None,
    branch: str = "",
) -> Table:
    """Return a list as it leaves; one that is more than a draft says 单机登记 where one account entered every step.

    Args:
        session: A session on the ledger.
        name: One of `COMPUTED`.
        policy: The circular.
        facts: What the numbers were computed on.
        plan: `frames.PLAN`.
        awards: `frames.AWARDS`.
        state: How far it has come.
        unit_id: This unit's own copy.
        branch: This branch's own copy, of a list of people.

    Raises:
        Refused: `no_branch`: there is no copy for a branch; `nobody`: nobody is of that branch.
    """
    if name == "quota-table":
        if branch:
            raise Refused("no_branch", f"{COMPUTED[name]}不按党支部分，请只写单位")
        return quota_table(policy, units=facts.units, plan=plan, state=state, only_unit=unit_id)
    if branch:
        members = facts.people.filter(branch=branch)["person_id"].to_list()
        awards = awards.filter(pl.col("person_id").is_in(members))
        if not members:
            raise Refused("nobody", f"这一轮没有党支部“{branch}”的人，请核对党支部名称")
    if name == "public-list":
        units = dict(facts.units.select("unit_id", "name").iter_rows())
        where = f"{units.get(unit_id or '') or ''}{branch}"
        entries = public_entries(policy, facts, awards=awards, only_unit=unit_id)
        return public_list(policy, entries, state=state, where=where)
    table = roster(policy, facts, awards=awards, plan=plan, state=state, only_unit=unit_id)
    return table if state is ListState.DRAFT else single_handed_said(session, facts.round_id, table)


def in_force_copy(session: Session, name: str, asked: Asked) -> Table:
    """Return a list as it is in force, with what meetings and removals changed since.

    Args:
        session: A session on the ledger.
        name: One of `COMPUTED`.
        asked: Of which round, unit, branch.

    Raises:
        Refused: `no_list`: nothing has been adopted yet; `pending`: a formal list of people while an oral instruction
            is not made up for.
        NotAllowed: `scope`; `viewer`: a reader without any task gets no roster.
    """
    asked.within_scope()
    if not asked.actor.may_write() and name == "roster":
        raise NotAllowed("viewer", "只读账号只能取名额分配表和公示类名单；花名册请由经办人打印")
    act = RESTS_ON[name]
    adoption = in_force(session, asked.round_id, act)
    if adoption is None:
        raise Refused("no_list", f"还没有确定{act.label}；确定以前，草稿在“名额与资金”里打印")
    if act is Act.LIST and adoption.state == OFFICIAL:
        refuse_while_pending(session, asked.round_id, f"印发{COMPUTED[name]}")
    numbers, plan = adoption.numbers, conform(adoption.numbers["plan"], PLAN)
    if act is Act.PLACES:  # a plan of places rests on no person
        nobody = ledger_facts(session, round_id=asked.round_id, as_of=asked.today, units=frozenset())
        known = dataclasses.replace(nobody, units=read_frame(session, units_query(asked.round_id, None), UNITS))
        plan = _since_moved(session, asked.round_id, plan)
    else:
        known = thaw(session, adoption.snapshot_hash or "")
    return computed(
        session,
        name,
        policy=policy_of(session, asked.round_id),
        facts=known,
        plan=plan,
        awards=award_frame(numbers["awards"]),
        state=ListState.OFFICIAL if adoption.state == OFFICIAL else ListState.MEETING,
        unit_id=asked.unit_id,
        branch=asked.branch,
    )


def blank_copy(session: Session, name: str, asked: Asked) -> Table:
    """Return one of these lists to be filled in by hand; the quota table once its columns are known.

    Raises:
        Refused: `no_list`: the quota table of a round whose places are not adopted.
        NotAllowed: `scope`.
    """
    if name == "quota-table":
        return in_force_copy(session, name, asked).blank()
    asked.within_scope()
    return computed(
        session,
        name,
        policy=policy_of(session, asked.round_id),
        facts=ledger_facts(session, round_id=asked.round_id, as_of=asked.today, units=frozenset()),
        plan=conform([], PLAN),
        awards=award_frame([]),
        state=ListState.DRAFT,
        unit_id=asked.unit_id,
    ).blank()


def _since_moved(session: Session, round_id: str, plan: pl.DataFrame) -> pl.DataFrame:
    """Return a plan of places with what was moved between its cells since (名额调剂)."""
    moved = effective_places(session, round_id) or {}
    rows = []
    for row in plan.iter_rows(named=True):
        places = moved.get(f"{row['unit_id']}|{row['category']}", row["places"])
        if places != row["places"] and row["rate_fen"] is not None:
            row["amount_fen"] = places * row["rate_fen"]
        rows.append(row | {"places": places})
    return conform(rows, PLAN)
