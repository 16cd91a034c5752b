"""Confirming a list whose people the units decided about themselves (本级备查)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from casework.access import Actor
from casework.ledger import Result, Work, execute, open_round_of, policy_of
from casework.models import Adoption
from casework.problems import NotAllowed, Refused
from casework.review import chain as chains
from casework.review.chain import Chain
from casework.review.changes import change_name
from casework.review.official import OFFICIAL, PROPOSED, determination, list_in_force
from casework.review.records import case_rows, chain_for, chains_of, histories
from casework.vocabulary import Stage


def confirm_list(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    round_id: str,
    fingerprint: str,
    basis: str,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> Result:
    """Make a list official whose people the units decided about (本级备查), e.g. by their own Party committees.

    Args:
        engine: The ledger.
        round_id: The round.
        fingerprint: Of the list its author has seen.
        basis: On what papers it was checked.
        expected_version: The list's version.
        actor: Who confirms it.
        now: When.
        key: Idempotency key.

    Returns:
        `{"adoption_id", "fingerprint", "version"}`.

    Raises:
        Refused: `no_list`, `superseded`, `by_meeting` (this office decides itself), `official`, `skipped`, `no_basis`.
        NotAllowed: `scope`.
        Conflict: `stale`.
    """
    if actor.units is not None:
        raise NotAllowed("scope", "确认名单涉及全部单位，您的单位范围不包括全部单位")
    if not basis.strip():
        raise Refused("no_basis", "请写明依据什么材料核对（如各单位报来的会议记录）")

    def deed(work: Work) -> Result:
        session = work.session
        open_round_of(work, round_id)
        current = list_in_force(session, round_id)
        if current.fingerprint != fingerprint:
            raise Refused("superseded", f"名单已有{change_name(current)}，请看过再确认")
        policy = policy_of(session, round_id)
        link = determination(policy)
        if link is not None:
            raise Refused("by_meeting", f"名单须由本级会议研究：{link.said()}")
        if current.state != PROPOSED:
            raise Refused("official", "名单已经确认")
        links = chains_of(policy)
        listed = [row["case_id"] for row in current.numbers["awards"]]
        known = histories(session, round_id, listed)
        for row in case_rows(session, round_id, units=None, case_ids=listed):
            own = chain_for(links, row)
            until = [link.stage for link in own[: _through_determination(own)]]
            lacking = [one for one in chains.missing(known.get(row.case_id, {}), own) if one.stage in until]
            if lacking:
                words = f"{lacking[0].said()}（{lacking[0].clause_id}）"
                raise Refused("skipped", f"{row.name}还没有办“{lacking[0].stage.label}”，名单不能确认：{words}")
        official = work.change(Adoption, current.adoption_id, expected_version=expected_version, state=OFFICIAL)
        return {"adoption_id": official.adoption_id, "fingerprint": fingerprint, "version": official.version}

    return execute(
        engine,
        action="confirm_list",
        actor=actor,
        now=now,
        key=key,
        subject=f"round:{round_id}",
        request={"fingerprint": fingerprint, "basis": basis, "expected": expected_version},
        body=deed,
    )


def _through_determination(links: Chain) -> int:
    """Return how many steps come before the list is sure: up to the units' own determination."""
    stages = [link.stage for link in links]
    return stages.index(Stage.DETERMINATION) + 1 if Stage.DETERMINATION in stages else 0
