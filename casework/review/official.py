"""The named list in force and its successors: each with its own fingerprint and that of the one before."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
from sqlmodel import Session

from casework.access import Actor
from casework.adoption import fingerprint, in_force
from casework.allocation import Parameters
from casework.comparison import Assessed
from casework.ledger import Work, facts, freeze, policy_of, thaw
from casework.models import Adoption, Scenario
from casework.policy import Policy
from casework.problems import Refused
from casework.review import chain as chains
from casework.review.chain import Link
from casework.review.changes import change_name, grouped
from casework.review.succession import Numbers, counted
from casework.rules import assess
from casework.scenarios import parameters_of
from casework.vocabulary import Act, Stage

OFFICIAL = "official"
PROPOSED = "proposed"


def list_in_force(session: Session, round_id: str) -> Adoption:
    """Return the named list in force.

    Raises:
        Refused: `no_list`.
    """
    found = in_force(session, round_id, Act.LIST)
    if found is None:
        raise Refused("no_list", "还没有确定名单，请先在“名额与资金”中确定")
    return found


def parameters_for(session: Session, adoption: Adoption) -> Parameters:
    """Return the parameters the list was computed with."""
    return parameters_of(session.get_one(Scenario, adoption.scenario_id))


def studied_facts(session: Session, adoption: Adoption) -> Assessed:
    """Return the facts a list was made on, assessed as then."""
    return Assessed.of(thaw(session, adoption.snapshot_hash or ""), policy_of(session, adoption.round_id))


def facts_of_today(session: Session, round_id: str, today: date) -> Assessed:
    """Return what is known today, assessed on today's date."""
    return Assessed.of(facts(session, round_id=round_id, as_of=today), policy_of(session, round_id))


def put_list(  # noqa: PLR0913 - a list and what it follows
    work: Work,
    parent: Adoption,
    numbers: Numbers,
    *,
    state: str,
    today: date,
    causes: list[dict[str, Any]],
    snapshot: bool = True,
) -> Adoption:
    """Put the list that follows `parent` in force: number n + 1, bound to the fingerprint of n.

    Args:
        work: The command.
        parent: The list in force, with the version the command saw.
        numbers: The new list.
        state: `proposed` (its meeting is still to come) or `official`.
        today: The day whose facts are frozen.
        causes: What changed and why, one entry per change; they stand in the list and in its fingerprint.
        snapshot: Freeze today's facts; else those of `parent` are the ones that were studied.
    """
    session = work.session
    content = {**counted(numbers), "causes": causes}
    kept = parent.snapshot_hash
    if snapshot:
        known = facts(session, round_id=parent.round_id, as_of=today)
        kept = freeze(session, known, actor=work.actor, now=work.now)
        work.note_digest("snapshot", kept)
    # The one before leaves its version, so that two changes of one list cannot both be made.
    work.change(Adoption, parent.adoption_id, expected_version=parent.version)
    print_ = fingerprint({"act": Act.LIST.value, "numbers": content, "parent": parent.fingerprint})
    after = Adoption(
        adoption_id=uuid.uuid5(uuid.NAMESPACE_OID, f"{parent.adoption_id}/{print_}/{parent.number + 1}").hex[:12],
        round_id=parent.round_id,
        act=Act.LIST.value,
        number=parent.number + 1,
        scenario_id=parent.scenario_id,
        snapshot_hash=kept,
        state=state,
        fingerprint=print_,
        parent_fingerprint=parent.fingerprint,
        numbers=content,
        reason="；".join(grouped(causes)),
        adopted_by=work.actor.id,
        adopted_at=work.now,
    )
    work.add(after)
    return after


def refuse_other_list(adoption: Adoption, current: Adoption) -> None:
    """Refuse to act on a list that is no longer the one in force.

    Raises:
        Refused: `superseded`.
    """
    if adoption.adoption_id != current.adoption_id:
        raise Refused("superseded", f"这份名单已被{change_name(current)}取代，请按新的名单办理")


def determination(policy: Policy) -> Link | None:
    """Return the step by which this office itself decides the list, or None where the units decide."""
    for path in [name for name, _ in policy.paths] or [""]:
        for link in chains.chain(policy, path):
            if link.stage is Stage.DETERMINATION and link.own:
                return link
    return None


def unstudied(session: Session, adoption: Adoption, *, today: date) -> dict[str, list[str]]:
    """Return case → clauses whose finding is another one than when the list was made (未经研究版本).

    Both sets of facts are read on the same day: that somebody has grown older meanwhile is no change of facts.
    """
    policy = policy_of(session, adoption.round_id)
    listed = [row["case_id"] for row in adoption.numbers["awards"]]
    before = _outcomes(assess(thaw(session, adoption.snapshot_hash or ""), policy=policy, as_of=today), listed)
    now = facts(session, round_id=adoption.round_id, as_of=today)
    after = _outcomes(assess(now, policy=policy, as_of=today), listed)
    changed: dict[str, list[str]] = {}
    for case_id, clause_id in sorted(before.keys() | after.keys()):
        if before.get((case_id, clause_id)) != after.get((case_id, clause_id)):
            changed.setdefault(case_id, []).append(clause_id)
    return changed


def _outcomes(findings: pl.DataFrame, listed: list[str]) -> Mapping[tuple[str, str], str]:
    rows = findings.filter(pl.col("case_id").is_in(listed)).select("case_id", "clause_id", "outcome").iter_rows()
    return {(case_id, clause_id): outcome for case_id, clause_id, outcome in rows}


def names_of(session: Session, actor: Actor, round_id: str, today: date) -> dict[str, str]:
    """Return case → name, within the actor's scope."""
    known = facts(session, round_id=round_id, as_of=today, units=actor.units)
    joined = known.cases.join(known.people.select("person_id", "name"), on="person_id", how="left")
    return {case_id: name or case_id for case_id, name in joined.select("case_id", "name").iter_rows()}
