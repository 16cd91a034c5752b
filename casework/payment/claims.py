"""应发款: what each person on the decided list gets from each fund, fixed when it is drawn up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy import Engine
from sqlmodel import Session, select

from casework.access import Actor
from casework.allocation.fund import split_fen
from casework.frames import Schema
from casework.ledger import Result, Work, execute, open_round_of, policy_of
from casework.models import Adoption
from casework.models_payment import Claim
from casework.money import yuan
from casework.payment.common import (
    category_labels,
    live_claims,
    move,
    names_of,
    new_id,
    official_list,
    take_claims,
    unit_names,
    whole_round,
)
from casework.payment.funds import Terms, fund_label, own_terms
from casework.payment.instalments import Share, due_days, plans_of, spread
from casework.policy import Policy
from casework.problems import Refused
from casework.review.changes import list_name
from casework.review.readiness import review_issue_ready
from casework.review.removal import removed_cases
from casework.shapes.amounts import FundSplit
from casework.vocabulary import ClaimState, PaymentState

UNPAID = (ClaimState.PLANNED, ClaimState.TRANSFERRED, ClaimState.RETURNED)
"""States in which nothing is on its way to the person."""

CLAIMS: Schema = {
    "claim_id": pl.String,
    "version": pl.Int64,
    "case_id": pl.String,
    "person_id": pl.String,
    "name": pl.String,
    "unit_id": pl.String,
    "unit": pl.String,
    "category": pl.String,
    "category_label": pl.String,
    "fund": pl.String,
    "fund_label": pl.String,
    "kind": pl.String,  # cash | goods
    "amount_fen": pl.Int64,  # null: goods of unknown value
    "goods": pl.String,
    "instalment": pl.Int64,
    "instalments": pl.Int64,  # 1: paid at once
    "due_on": pl.Date,  # of an instalment
    "list_number": pl.Int64,
    "state": pl.String,  # ClaimState
    "reason": pl.String,
    "pass_through": pl.Boolean,
    "transfer_id": pl.String,
}


def open_claims(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    round_id: str,
    fingerprint: str,
    actor: Actor,
    now: datetime,
    key: str,
    goods: Mapping[str, tuple[str, int | None]] | None = None,
    due: Mapping[str, Sequence[date]] | None = None,
) -> Result:
    """Draw up what is to be paid under the decided list: one claim for each person, fund share and instalment.

    People who wait (objection, missing step, changed facts) are left out and named; they come in when the command
    is given again. Unpaid claims of those who left the list are stopped; a paid one never is.

    Args:
        engine: The ledger.
        round_id: The round.
        fingerprint: Of the decided list its author has seen.
        actor: Who does it.
        now: When.
        key: Idempotency key.
        goods: Case → (what is given, its value in fen or None), for those who get goods instead of money.
        due: Category → the day of each instalment, for categories the circular has paid in several; asked once.

    Returns:
        `{"opened", "stopped", "kept", "waiting": {case_id: why}, "to_return_fen", "list_number"}`.

    Raises:
        Refused: `no_official_list`, `superseded`, `over_fund`, `no_goods`, `no_due`, `due_order`, `closed`.
        NotAllowed: `scope`.
    """
    whole_round(actor)
    given, days = dict(goods or {}), {category: list(one) for category, one in (due or {}).items()}

    def deed(work: Work) -> Result:
        session = work.session
        open_round_of(work, round_id)
        current = official_list(session, round_id)
        if current.fingerprint != fingerprint:
            raise Refused("superseded", f"现在有效的是{list_name(current.number)}，请看过再生成应发款")
        policy, terms = policy_of(session, round_id), own_terms(session, round_id)
        state = review_issue_ready(session, round_id=round_id, now=now)
        ready = set(state.ready)
        whole = shares_of(current, policy, terms, goods=frozenset(given))
        shares, other = spread(whole, plans_of(policy), _paid(live_claims(session, round_id)))
        stopped, to_return = _stop_gone(work, current, shares)
        there = {(claim.case_id, claim.fund, claim.instalment) for claim in live_claims(session, round_id)}
        waiting = other | {
            share.case_id: state.waiting.get(share.case_id, "") for share in shares if share.case_id not in ready
        }
        waiting |= {
            share.case_id: "金额还没有确定" for share in shares if share.fen is None and share.case_id not in given
        }
        fresh = [s for s in shares if s.case_id not in waiting and (s.case_id, s.fund, s.instalment) not in there]
        several = sorted({share.category for share in fresh if share.instalments > 1})
        due_on = due_days(session, round_id, policy, several, days)
        for share in fresh:
            when = due_on[share.category][share.instalment - 1] if share.instalments > 1 else None
            work.add(_claim(work, share, current, terms[share.fund], goods=given.get(share.case_id), due_on=when))
        return {
            "opened": len(fresh),
            "stopped": stopped,
            "kept": len(there),
            "waiting": waiting,
            "to_return_fen": to_return,
            "list_number": current.number,
        }

    return execute(
        engine,
        action="open_claims",
        actor=actor,
        now=now,
        key=key,
        subject=f"round:{round_id}",
        request={
            "fingerprint": fingerprint,
            "goods": {case: list(what) for case, what in sorted(given.items())},
            "due": dict(sorted(days.items())),
        },
        body=deed,
    )


def shares_of(
    adoption: Adoption, policy: Policy, terms: Mapping[str, Terms], *, goods: frozenset[str] = frozenset()
) -> Iterator[Share]:
    """Give each award's share of each fund: by the circular's split, else the funds are emptied in their order.

    Raises:
        Refused: `over_fund`.
    """
    splits = {shape.category: shape for _, shape in policy.of_shape(FundSplit)}
    left = {name: one.fen for name, one in terms.items()}
    for row in adoption.numbers["awards"]:
        category, fen = row["category"], row["amount_fen"]
        payers = [name for name, one in terms.items() if category in one.purposes]
        who = (row["case_id"], row["person_id"], row["unit_id"], category)
        if not payers:
            label = category_labels(policy).get(category, category)
            raise Refused("ring_fenced", f"通知里没有一项资金可以用于“{label}”")
        if fen is None or row["case_id"] in goods:
            yield Share(*who, payers[0], None)
            continue
        wanted = split_fen(fen, splits[category]) if category in splits else _in_order(fen, payers, left)
        for fund, part in wanted.items():
            rest = left.get(fund)
            if fund not in terms or (rest is not None and part > rest):
                raise Refused("over_fund", f"{fund_label(fund)}不够：还需要 {yuan(part - (rest or 0))} 元")
            if rest is not None:
                left[fund] = rest - part
            if part:
                yield Share(*who, fund, part)


def _in_order(fen: int, payers: list[str], left: Mapping[str, int | None]) -> dict[str, int]:
    parts: dict[str, int] = {}
    for fund in payers:
        rest = left[fund]
        parts[fund] = fen if rest is None else min(fen, rest)
        fen -= parts[fund]
    parts[payers[-1]] += fen  # what no fund reaches is refused by the caller
    return parts


def _paid(claims: Iterable[Claim]) -> dict[str, dict[tuple[int, str], int]]:
    """Return case → (instalment, fund) → fen of what was paid, or is with the bank."""
    found: dict[str, dict[tuple[int, str], int]] = defaultdict(dict)
    for claim in claims:
        if ClaimState(claim.state) not in UNPAID:
            found[claim.case_id][claim.instalment, claim.fund] = claim.amount_fen or 0
    return found


def _claim(  # noqa: PLR0913 - what a claim is made of
    work: Work,
    share: Share,
    current: Adoption,
    terms: Terms,
    *,
    goods: tuple[str, int | None] | None,
    due_on: date | None,
) -> Claim:
    what, value = goods or ("", None)
    if goods is not None and not what.strip():
        raise Refused("no_goods", "发慰问品的要写明是什么")
    return Claim(
        claim_id=new_id(current.adoption_id, share.case_id, share.fund, share.instalment, "claim", work.seq),
        round_id=current.round_id,
        case_id=share.case_id,
        person_id=share.person_id,
        unit_id=share.unit_id,
        category=share.category,
        fund=share.fund,
        instalment=share.instalment,
        instalments=share.instalments,
        due_on=due_on,
        pass_through=terms.pass_through,
        adoption_id=current.adoption_id,
        list_number=current.number,
        fingerprint=current.fingerprint,
        kind="goods" if goods else "cash",
        amount_fen=value if goods else share.fen,
        goods=what.strip(),
        state=ClaimState.PLANNED.value,
        opened_by=work.actor.id,
        opened_at=work.now,
    )


def _stop_gone(work: Work, current: Adoption, shares: list[Share]) -> tuple[int, int]:
    """Stop the unpaid claims of those who are no longer on the list, or for another amount; return number and fen."""
    wanted = {(share.case_id, share.fund, share.instalment): share.fen for share in shares}
    gone = removed_cases(work.session, current.round_id)
    number = to_return = 0
    for claim in live_claims(work.session, current.round_id):
        if ClaimState(claim.state) not in UNPAID:
            continue
        name = (claim.case_id, claim.fund, claim.instalment)
        if claim.case_id in gone:
            reason = "已减员"
        elif name not in wanted:
            reason = f"{list_name(current.number)}上没有这一笔"
        elif claim.kind == "cash" and wanted[name] is not None and wanted[name] != claim.amount_fen:
            reason = f"{list_name(current.number)}改了金额"
        else:
            continue
        move(work, claim, ClaimState.STOPPED, reason=reason)
        number += 1
        to_return += (claim.amount_fen or 0) if claim.transfer_id else 0
    return number, to_return


def stop_claim(  # noqa: PLR0913 - as every command
    engine: Engine, *, claim_id: str, reason: str, expected_version: int, actor: Actor, now: datetime, key: str
) -> Result:
    """Stop a claim nothing has been paid on (停发), e.g. after a removal; what was transferred has to come back.

    Returns:
        `{"claim_id", "version", "to_return_fen"}`.

    Raises:
        Refused: `no_reason`, `not_found`, `state` (it is paid, or with the bank), `closed`.
        Conflict: `stale`.
    """
    if not reason.strip():
        raise Refused("no_reason", "停发要写明理由")

    def deed(work: Work) -> Result:
        (claim,) = take_claims(work, {claim_id: expected_version}, doing="停发", states=UNPAID)
        after = move(work, claim, ClaimState.STOPPED, reason=reason.strip())
        fen = (after.amount_fen or 0) if after.transfer_id else 0
        return {"claim_id": claim_id, "version": after.version, "to_return_fen": fen}

    return execute(
        engine,
        action="stop_claim",
        actor=actor,
        now=now,
        key=key,
        subject=f"claim:{claim_id}",
        request={"reason": reason, "expected": expected_version},
        body=deed,
    )


def claims_frame(
    session: Session, *, round_id: str, actor: Actor, states: tuple[ClaimState, ...] | None = None
) -> pl.DataFrame:
    """Return the claims of a round within the actor's units (`CLAIMS`), stopped ones included, by unit order and name.

    Args:
        session: A session on the ledger.
        round_id: The round.
        actor: Who asks.
        states: Only these.
    """
    found = [
        claim
        for claim in session.exec(select(Claim).where(Claim.round_id == round_id))
        if actor.may_see(claim.unit_id) and (states is None or ClaimState(claim.state) in states)
    ]
    names, units = names_of(session, {claim.case_id for claim in found}), unit_names(session)
    labels = category_labels(policy_of(session, round_id))
    rows: list[dict[str, Any]] = [
        {
            **{name: getattr(claim, name) for name in CLAIMS if hasattr(claim, name)},
            "name": names.get(claim.case_id, claim.case_id),
            "unit": units.get(claim.unit_id),
            "category_label": labels.get(claim.category, claim.category),
            "fund_label": fund_label(claim.fund),
        }
        for claim in found
    ]
    places = {unit_id: place for place, unit_id in enumerate(units)}
    rows.sort(
        key=lambda row: (
            places[row["unit_id"]],
            row["name"],
            row["case_id"],
            row["instalment"],
            row["fund"],
            row["claim_id"],
        )
    )
    return pl.DataFrame(rows, schema=CLAIMS, orient="row")


def unreceipted(session: Session, *, round_id: str, actor: Actor) -> pl.DataFrame:
    """Return 已发未回执: who was paid and has not signed himself (`CLAIMS`)."""
    return claims_frame(session, round_id=round_id, actor=actor, states=(ClaimState.PAID,))


def paid_states() -> tuple[ClaimState, ...]:
    """Return the states in which the person has what the claim says."""
    return (ClaimState.PAID, ClaimState.SIGNED, ClaimState.BOOKED)


def is_live(state: str) -> bool:
    """Tell whether a payment still stands: with the bank, or succeeded."""
    return PaymentState(state) is not PaymentState.RETURNED
