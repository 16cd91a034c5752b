"""What every command on money shares: who may be paid today, whose claims these are, which step they make."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, TypeAlias

from sqlmodel import Session, col, select

from casework.access import Actor
from casework.dates import chinese
from casework.ledger import Work, open_round_of, policy_of
from casework.models import Adoption, Case, Person, Unit
from casework.models_payment import Claim
from casework.money import yuan
from casework.policy import Clause, Policy
from casework.problems import Conflict, NotAllowed, Refused
from casework.review.chain import link_of
from casework.review.official import OFFICIAL
from casework.review.readiness import review_issue_ready
from casework.review.records import case_rows, chain_for, chains_of, histories, today_of
from casework.review.removal import removed_cases
from casework.review.steps import StepRequest, carry_step
from casework.vocabulary import Act, ClaimState, Stage

Seen: TypeAlias = Mapping[str, int]
"""Claim → the version its author has seen."""

STALE = "这几笔应发款刚才已被别人办过，请先看新的情况，再决定是否照旧办理"


def new_id(*parts: object) -> str:
    """Return an id that is the same for the same parts, so that a repeated command writes the same row."""
    return uuid.uuid5(uuid.NAMESPACE_OID, "/".join(str(part) for part in parts)).hex[:12]


def said(clause: Clause) -> str:
    """Quote a clause as a refusal quotes it."""
    return f"{clause.cite}规定“{clause.words}”（{clause.id}）"


def whole_round(actor: Actor) -> None:
    """Refuse somebody who sees only some units what concerns all of them.

    Raises:
        NotAllowed: `scope`.
    """
    if actor.units is not None:
        raise NotAllowed("scope", "这一步涉及全部单位，您的单位范围不包括全部单位")


def refuse_future(on: date, now: datetime, what: str) -> None:
    """Refuse a day that has not come.

    Raises:
        Refused: `future`.
    """
    if on > today_of(now):
        raise Refused("future", f"{what}的日期{chinese(on)}还没有到，请办完再登记")


def official_list(session: Session, round_id: str) -> Adoption:
    """Return the last list that was decided: what is paid is paid under it.

    Raises:
        Refused: `no_official_list`.
    """
    query = select(Adoption).where(
        Adoption.round_id == round_id, Adoption.act == Act.LIST.value, Adoption.state == OFFICIAL
    )
    found = session.exec(query.order_by(col(Adoption.number).desc())).first()
    if found is None:
        raise Refused("no_official_list", "名单还没有研究确定，不能拨付和发放")
    return found


def names_of(session: Session, case_ids: Collection[str]) -> dict[str, str]:
    """Return case → name, also of those who have left the round."""
    wanted = set(case_ids)
    query = select(Case.case_id, Person.name).join(Person, col(Person.person_id) == col(Case.person_id))
    if len(wanted) <= 500:  # more ids than a statement takes are filtered below
        query = query.where(col(Case.case_id).in_(wanted))
    return {case_id: name or case_id for case_id, name in session.exec(query) if case_id in wanted}


def unit_names(session: Session) -> dict[str, str]:
    """Return unit → printed name, in the order of the register."""
    order = (col(Unit.order).is_(None), col(Unit.order), col(Unit.unit_id))
    return dict(session.exec(select(Unit.unit_id, Unit.name).order_by(*order)).all())


def live_claims(session: Session, round_id: str, *, actor: Actor | None = None) -> list[Claim]:
    """Return the claims of a round that were not stopped, within the actor's units, in the order they were opened."""
    query = select(Claim).where(Claim.round_id == round_id, Claim.state != ClaimState.STOPPED.value)
    if actor is not None and actor.units is not None:
        query = query.where(col(Claim.unit_id).in_(actor.units))
    return list(
        session.exec(query.order_by(col(Claim.unit_id), col(Claim.case_id), col(Claim.instalment), col(Claim.fund)))
    )


def take_claims(work: Work, seen: Seen, *, doing: str, states: Collection[ClaimState]) -> list[Claim]:
    """Return the claims a command is about, in a state from which it may be carried out, as their author saw them.

    Args:
        work: The command.
        seen: Claim → version.
        doing: What is done, e.g. 拨付.
        states: From which states.

    Raises:
        Refused: `nobody`, `not_found`, `two_rounds`, `state` (naming the person and how far the claim has come).
        Conflict: `stale`.
    """
    if not seen:
        raise Refused("nobody", f"没有选中要{doing}的人")
    found = {}
    for claim_id in sorted(seen):  # two commands take the rows in one order, so that neither waits for the other
        claim = work.get(Claim, claim_id, missing="没有这笔应发款，或不在您的单位范围内")
        if not work.actor.may_see(claim.unit_id):
            raise Refused("not_found", "没有这笔应发款，或不在您的单位范围内")
        work.session.refresh(claim)
        found[claim_id] = claim
    claims = [found[claim_id] for claim_id in seen]  # as the author's list has them, so that messages name its first
    if len({claim.round_id for claim in claims}) > 1:
        raise Refused("two_rounds", "选中的人不在同一轮")
    open_round_of(work, claims[0].round_id)
    if any(claim.version != seen[claim.claim_id] for claim in claims):
        raise Conflict("stale", STALE)
    wrong = [claim for claim in claims if ClaimState(claim.state) not in states]
    if wrong:
        name = names_of(work.session, [wrong[0].case_id])[wrong[0].case_id]
        more = f"等 {len(wrong)} 人" if len(wrong) > 1 else ""
        raise Refused("state", f"{name}{more}的应发款为“{ClaimState(wrong[0].state).label}”，不能{doing}")
    return claims


def move(work: Work, claim: Claim, state: ClaimState, **values: Any) -> Claim:
    """Bring a claim into another state, from the version that was read."""
    return work.change(Claim, claim.claim_id, expected_version=claim.version, state=state.value, **values)


def refuse_unready(work: Work, claims: Sequence[Claim], *, doing: str) -> None:
    """Refuse where one of these people may not be paid today: objection, removal, death, changed facts or amount.

    Raises:
        Refused: `not_ready`, naming the person and why; `amount_changed`.
    """
    session, round_id = work.session, claims[0].round_id
    state = review_issue_ready(session, round_id=round_id, now=work.now)
    names = names_of(session, [claim.case_id for claim in claims])
    ready, gone = set(state.ready), removed_cases(session, round_id)
    for claim in claims:
        name = names[claim.case_id]
        if claim.case_id in gone:
            raise Refused("not_ready", f"{name}已减员，不能{doing}，请停发这笔应发款")
        if session.get_one(Person, claim.person_id).deceased:
            raise Refused("not_ready", f"{name}已去世，不能{doing}，请办理减员；慰问家属须另行研究决定")
        if claim.case_id not in ready:
            why = state.waiting.get(claim.case_id) or "；".join(state.blocks) or "已不在名单上"
            raise Refused("not_ready", f"{name}现在不能{doing}：{why}")
    _refuse_other_amount(session, claims, names, doing)


def _refuse_other_amount(session: Session, claims: Sequence[Claim], names: Mapping[str, str], doing: str) -> None:
    current = official_list(session, claims[0].round_id)
    decided = {row["case_id"]: row["amount_fen"] for row in current.numbers["awards"]}
    claimed: dict[str, int] = {}
    for claim in live_claims(session, claims[0].round_id):
        claimed[claim.case_id] = claimed.get(claim.case_id, 0) + (claim.amount_fen or 0)
    for claim in claims:
        fen = decided.get(claim.case_id)
        if claim.kind == "cash" and fen is not None and fen != claimed[claim.case_id]:
            words = f"名单已改为 {yuan(fen)} 元，应发款还是 {yuan(claimed[claim.case_id])} 元"
            raise Refused(
                "amount_changed", f"{names[claim.case_id]}不能{doing}：{words}，请先停发原来的一笔，再按名单生成"
            )


def record_stage(work: Work, stage: Stage, claims: Iterable[Claim], *, on: date) -> None:
    """Record a step of the circular's chain for those who have come that far, where its chain has this step.

    Of several instalments the last one makes the step: until then the person has not received what was decided.

    Raises:
        Refused: As `review.steps.carry_step`: `skipped`, `too_early`, `too_late`, `future`.
    """
    claims = list(claims)
    session, round_id = work.session, claims[0].round_id
    links = chains_of(policy_of(session, round_id))
    if all(link.stage is not stage for chain in links.values() for link in chain):
        return
    wanted = {claim.case_id for claim in claims} - _unfinished(session, stage, claims)
    known = histories(session, round_id, wanted)
    by_body: dict[str, list[str]] = {}
    for row in case_rows(session, round_id, units=work.actor.units):
        chain = chain_for(links, row) if row.case_id in wanted else ()
        done = known.get(row.case_id, {}).get(stage)
        if (done is None or not done.holds) and any(link.stage is stage for link in chain):
            bodies = link_of(chain, stage).bodies
            by_body.setdefault(bodies[0] if bodies else "本单位", []).append(row.case_id)
    for body, case_ids in sorted(by_body.items()):
        carry_step(work, StepRequest(round_id=round_id, stage=stage, body=body, on=on, case_ids=tuple(case_ids)))


_COME: Final[Mapping[Stage, frozenset[ClaimState]]] = {
    Stage.TRANSFER: frozenset(ClaimState) - {ClaimState.PLANNED},
    Stage.PAYMENT: frozenset({ClaimState.PAID, ClaimState.SIGNED, ClaimState.BOOKED, ClaimState.STOPPED}),
    Stage.RECEIPT: frozenset({ClaimState.SIGNED, ClaimState.BOOKED, ClaimState.STOPPED}),
}
"""Step → the states in which an instalment has come as far, or will not come any more."""


def _unfinished(session: Session, stage: Stage, claims: Sequence[Claim]) -> set[str]:
    several = {claim.case_id for claim in claims if claim.instalments > 1}
    if not several:
        return set()
    query = select(Claim.case_id).where(col(Claim.case_id).in_(several), col(Claim.state).not_in(_COME[stage]))
    if stage is Stage.TRANSFER:
        query = query.where(col(Claim.pass_through).is_(True))
    return set(session.exec(query).all())


def category_labels(policy: Policy) -> dict[str, str]:
    """Return category → label."""
    return {category.id: category.label for category in policy.categories}
