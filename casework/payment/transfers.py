"""拨付: this body's money goes to the units that pay it out, exactly what their people are owed, and comes back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Engine

from casework.access import Actor
from casework.ledger import Result, Work, execute
from casework.models_payment import Claim, FundTransfer
from casework.money import yuan
from casework.payment.common import (
    STALE,
    Seen,
    move,
    new_id,
    record_stage,
    refuse_future,
    refuse_unready,
    take_claims,
    unit_names,
    whole_round,
)
from casework.payment.funds import account, fund_label, post
from casework.problems import Conflict, Refused
from casework.vocabulary import AccountKind, ClaimState, EntryKind, Stage


def transfer(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    round_id: str,
    unit_id: str,
    fund: str,
    claims: Seen,
    on: date,
    document: str,
    actor: Actor,
    now: datetime,
    key: str,
    stated_fen: int | None = None,
) -> Result:
    """Transfer to one unit, from one fund, the sum of what its people are owed.

    Args:
        engine: The ledger.
        round_id: The round.
        unit_id: The unit.
        fund: A value of `Fund`.
        claims: Claim → version, all of this unit and fund.
        on: The day.
        document: The bank slip or the number of the document.
        actor: Who enters it.
        now: When.
        key: Idempotency key.
        stated_fen: What the slip says; another sum than the people's is refused.

    Returns:
        `{"transfer_id", "amount_fen", "people"}`.

    Raises:
        Refused: `no_basis`, `future`, `nobody`, `not_found`, `other_unit`, `not_pass_through`, `not_ready`, `state`,
            `mismatch`, `overdrawn`.
        NotAllowed: `scope`.
        Conflict: `stale`.
    """
    whole_round(actor)
    if not document.strip():
        raise Refused("no_basis", "请写明拨付凭证或文号")
    refuse_future(on, now, "拨付")

    def deed(work: Work) -> Result:
        owed = _of_unit(work, claims, round_id, unit_id, fund, doing="拨付", states=(ClaimState.PLANNED,))
        if not all(claim.pass_through for claim in owed):
            raise Refused("not_pass_through", f"{fund_label(fund)}由本级直接发给本人，不经单位")
        refuse_unready(work, owed, doing="拨付")
        total = sum(claim.amount_fen or 0 for claim in owed)
        if stated_fen is not None and stated_fen != total:
            words = f"凭证上是 {yuan(stated_fen)} 元，名单上 {len(owed)} 人合计 {yuan(total)} 元"
            raise Refused("mismatch", f"{unit_names(work.session).get(unit_id, '')}：{words}，请核对")
        sent = FundTransfer(
            transfer_id=new_id(round_id, "transfer", key),
            round_id=round_id,
            unit_id=unit_id,
            fund=fund,
            amount_fen=total,
            on=on,
            document=document.strip(),
            made_by=actor.id,
            made_at=work.now,
        )
        work.add(sent)
        own = account(work, round_id, AccountKind.OWN, fund)
        custody = account(work, round_id, AccountKind.CUSTODY, fund, unit_id)
        for category, fen in sorted(_by_category(owed).items()):
            post(
                work,
                kind=EntryKind.TRANSFER,
                amount_fen=fen,
                on=on,
                source=own,
                target=custody,
                purpose=category,
                basis=sent.document,
                transfer_id=sent.transfer_id,
            )
        for claim in owed:
            move(work, claim, ClaimState.TRANSFERRED, transfer_id=sent.transfer_id)
        record_stage(work, Stage.TRANSFER, owed, on=on)
        return {"transfer_id": sent.transfer_id, "amount_fen": total, "people": len(owed)}

    request = {"unit": unit_id, "fund": fund, "claims": dict(claims), "on": on, "document": document}
    return execute(
        engine,
        action="transfer",
        actor=actor,
        now=now,
        key=key,
        subject=f"round:{round_id}",
        request={**request, "stated": stated_fen},
        body=deed,
    )


def _of_unit(  # noqa: PLR0913 - whose, from which state
    work: Work,
    seen: Seen,
    round_id: str,
    unit_id: str,
    fund: str,
    *,
    doing: str,
    states: Sequence[ClaimState],
) -> list[Claim]:
    claims = take_claims(work, seen, doing=doing, states=states)
    if any((claim.round_id, claim.unit_id, claim.fund) != (round_id, unit_id, fund) for claim in claims):
        raise Refused("other_unit", f"选中的人里有别的单位或别的资金的，请按单位和资金分别{doing}")
    if any(claim.kind != "cash" for claim in claims):
        raise Refused("goods", f"选中的人里有发慰问品的，不用{doing}资金")
    return claims


def _by_category(claims: Sequence[Claim]) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for claim in claims:
        sums[claim.category] += claim.amount_fen or 0
    return sums


def return_funds(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    round_id: str,
    unit_id: str,
    fund: str,
    claims: Seen,
    on: date,
    basis: str,
    actor: Actor,
    now: datetime,
    key: str,
) -> Result:
    """Take back from a unit what it was sent for people who are not paid: those stopped, or a transfer gone wrong.

    A claim that was not stopped can be transferred again afterwards.

    Returns:
        `{"amount_fen", "people"}`.

    Raises:
        Refused: `no_basis`, `future`, `nobody`, `other_unit`, `state`, `not_transferred`, `overdrawn`.
        NotAllowed: `scope`.
        Conflict: `stale`.
    """
    whole_round(actor)
    if not basis.strip():
        raise Refused("no_basis", "请写明退回的凭证和事由")
    refuse_future(on, now, "退回")

    def deed(work: Work) -> Result:
        states = (ClaimState.STOPPED, ClaimState.TRANSFERRED, ClaimState.RETURNED)
        sent = _of_unit(work, claims, round_id, unit_id, fund, doing="退回", states=states)
        if any(claim.transfer_id is None for claim in sent):
            raise Refused("not_transferred", "选中的人里有还没有拨付的，没有钱可退回")
        custody = account(work, round_id, AccountKind.CUSTODY, fund, unit_id)
        own = account(work, round_id, AccountKind.OWN, fund)
        for claim in sent:
            post(
                work,
                kind=EntryKind.RETURN,
                amount_fen=claim.amount_fen or 0,
                on=on,
                source=custody,
                target=own,
                purpose=claim.category,
                basis=basis.strip(),
                claim_id=claim.claim_id,
                transfer_id=claim.transfer_id,
            )
            state = ClaimState(claim.state)
            if claim.version != claims[claim.claim_id]:
                raise Conflict("stale", STALE)
            move(work, claim, state if state is ClaimState.STOPPED else ClaimState.PLANNED, transfer_id=None)
        return {"amount_fen": sum(claim.amount_fen or 0 for claim in sent), "people": len(sent)}

    request = {"unit": unit_id, "fund": fund, "claims": dict(claims), "on": on, "basis": basis}
    return execute(
        engine,
        action="return_funds",
        actor=actor,
        now=now,
        key=key,
        subject=f"round:{round_id}",
        request=request,
        body=deed,
    )
