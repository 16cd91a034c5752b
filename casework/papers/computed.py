"""The lists computed from a scenario: 名额分配表, 花名册, 公示名单; one place for screen, paper and command line."""

from __future__ import annotations

from typing import Final

import polars as pl
from sqlmodel import Session

from casework.allocation import Allocation
from casework.comparison import Assessed
from casework.lists import ListState, Table, public_entries, public_list, quota_table, roster
from casework.papers.single import single_handed_said
from casework.problems import Refused
from casework.vocabulary import Act

COMPUTED: Final = {"quota-table": "名额分配表", "roster": "慰问对象花名册", "public-list": "公示名单"}
"""Name → what it is."""

RESTS_ON: Final = {"quota-table": Act.PLACES, "roster": Act.LIST, "public-list": Act.LIST}
"""Name → the act that makes it more than a draft."""


def computed(  # noqa: PLR0913 - a list, its numbers, and whose copy it is
    session: Session,
    round_id: str,
    name: str,
    assessed: Assessed,
    result: Allocation,
    *,
    state: ListState,
    unit_id: str | None = None,
    branch: str = "",
) -> Table:
    """Return a list as it leaves; one that is more than a draft says 单机登记 where one account entered every step.

    Args:
        session: A session on the ledger.
        round_id: The round.
        name: One of `COMPUTED`.
        assessed: The facts with their verdicts.
        result: The allocation it shows.
        state: How far it has come.
        unit_id: This unit's own copy.
        branch: This branch's own copy, of a list of people.

    Raises:
        Refused: `no_branch`: there is no copy for a branch.
    """
    policy, facts, awards = assessed.policy, assessed.facts, result.awards
    if name == "quota-table":
        if branch:
            raise Refused("no_branch", f"{COMPUTED[name]}不按党支部分，请只写单位")
        return quota_table(policy, units=facts.units, plan=result.plan, state=state, only_unit=unit_id)
    if branch:
        members = facts.people.filter(branch=branch)["person_id"]
        awards = awards.filter(pl.col("person_id").is_in(members.implode()))
    if name == "public-list":
        units = dict(facts.units.select("unit_id", "name").iter_rows())
        where = "".join((str(units.get(unit_id or "") or ""), branch))
        return public_list(
            policy, public_entries(policy, facts, awards=awards, only_unit=unit_id), state=state, where=where
        )
    table = roster(policy, facts, awards=awards, plan=result.plan, state=state, only_unit=unit_id)
    return table if state is ListState.DRAFT else single_handed_said(session, round_id, table)
