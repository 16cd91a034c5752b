"""Rounds and the register of units: opening, closing, and the copy of the circular a round lives by."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.frames import UNITS, conform
from casework.ledger.closing import OpenEnd, keep_open_ends, refuse_unexplained
from casework.ledger.commands import Result, Work, execute
from casework.models import Case, Judgement, PackFile, Round, RoundUnit, Ruling, Unit
from casework.policy import PackBytes, Policy, digest_of, parse_pack, read_pack
from casework.problems import LedgerError, NotAllowed, Refused
from casework.vocabulary import RoundState, UnitKind

_ROUND_ID = re.compile(r"[A-Za-z0-9\u4e00-\u9fff][A-Za-z0-9\u4e00-\u9fff._-]{0,63}")


def open_round(  # noqa: PLR0913 - what a round is
    engine: Engine,
    *,
    round_id: str,
    actor: Actor,
    now: datetime,
    key: str,
    policy: str | Path | PackBytes | None = None,
    from_round: str | None = None,
    title: str = "",
    opened_on: date | None = None,
    as_of: date | None = None,
    units: Sequence[str] = (),
) -> Result:
    """Open a round: the pack's bytes, parents included, are copied into the ledger and everything later reads those.

    Args:
        engine: The ledger.
        round_id: Chinese characters, letters, digits, `.`, `_`, `-`; at most 64.
        actor: Who opens it.
        now: When.
        key: Idempotency key.
        policy: A pack's id, its folder, or its bytes; None takes the copy of `from_round`.
        from_round: The round this one continues.
        title: As printed; the pack's own round title by default.
        opened_on: The day of `now` by default.
        as_of: The day its facts are read for; `opened_on` by default.
        units: The units that take part; none means every unit of the register.

    Returns:
        `{"round_id", "policy_id", "policy_digest", "version"}`.

    Raises:
        PolicyError: The pack cannot be used; with every problem.
        Refused: `exists`, `bad_id`, `not_found` (the earlier round, a unit), `no_policy`.
    """
    if not _ROUND_ID.fullmatch(round_id):
        raise Refused("bad_id", "轮次编号只能用汉字、字母、数字、点、横线和下划线，最多 64 个字")
    given = read_pack(policy) if isinstance(policy, (str, Path)) else policy
    if given is not None:
        parse_pack(given)
    day = opened_on or now.date()

    def body(work: Work) -> Result:
        session = work.session
        if session.get(Round, round_id) is not None:
            raise Refused("exists", f"已有编号为 {round_id} 的一轮，请换一个编号")
        if from_round is not None:
            work.get(Round, from_round, missing=f"没有编号为 {from_round} 的一轮")
        packs = given if given is not None else pack_of(session, from_round or "")
        if not packs:
            raise Refused("no_policy", "请选定这一轮依据的通知，或沿用上一轮的通知")
        circular = parse_pack(packs)
        opened = Round(
            round_id=round_id,
            title=title or circular.round_title or circular.title,
            policy_id=circular.id,
            policy_digest=circular.digest,
            opened_on=day,
            as_of=as_of or day,
            state=RoundState.OPEN,
            from_round=from_round,
        )
        work.add(opened)
        work.note_digest("policy", circular.digest)
        for position, (pack_id, content) in enumerate(packs.items()):
            for name, data in content.items():
                session.add(PackFile(round_id=round_id, pack_id=pack_id, name=name, position=position, content=data))
        _take_part(work, round_id, units)
        return {
            "round_id": round_id,
            "policy_id": circular.id,
            "policy_digest": circular.digest,
            "version": opened.version,
        }

    request = {
        "policy": digest_of(given) if given is not None else None,
        "from_round": from_round,
        "title": title,
        "opened_on": day,
        "as_of": as_of,
        "units": list(units),
    }
    return execute(
        engine,
        action="open_round",
        actor=actor,
        now=now,
        key=key,
        subject=f"round:{round_id}",
        request=request,
        body=body,
    )


def close_round(  # noqa: PLR0913 - as every command
    engine: Engine,
    *,
    round_id: str,
    still_open: Callable[[Session], Iterable[OpenEnd]],
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
    explained: Mapping[str, str] | None = None,
) -> Result:
    """Close a round; it can be read and printed for ever, and no longer changed.

    Whoever closes a round calls `payment.closing.end_round`, which knows what can stand open.

    Args:
        engine: The ledger.
        round_id: The round.
        still_open: Returns what is not finished.
        expected_version: The version of the round its author has seen.
        actor: Who closes it.
        now: When.
        key: Idempotency key.
        explained: Code of an open end → why the round is closed all the same; kept with the round.

    Returns:
        `{"round_id", "version", "open_ends"}`; the last one counts the kinds that stayed open.

    Raises:
        Conflict: `stale`.
        Refused: `not_found`, `closed`, `open_ends` (naming each that is not explained, with its count).
        NotAllowed: `scope`.
    """
    why = {code: reason.strip() for code, reason in (explained or {}).items() if reason.strip()}
    if actor.units is not None:
        raise NotAllowed("scope", "结束一轮涉及全部单位，您的单位范围不包括全部单位")

    def body(work: Work) -> Result:
        open_round_of(work, round_id)
        ends = list(still_open(work.session))
        refuse_unexplained(ends, why)
        closed = work.change(
            Round, round_id, expected_version=expected_version, state=RoundState.CLOSED.value, closed_on=now.date()
        )
        keep_open_ends(work, round_id, ends, why)
        return {"round_id": round_id, "version": closed.version, "open_ends": len(ends)}

    return execute(
        engine,
        action="close_round",
        actor=actor,
        now=now,
        key=key,
        subject=f"round:{round_id}",
        request={"expected_version": expected_version, "explained": why},
        body=body,
    )


def move_day(  # noqa: PLR0913 - as every command
    engine: Engine, *, round_id: str, as_of: date, expected_version: int, actor: Actor, now: datetime, key: str
) -> Result:
    """Move the day a round's facts are read for (情况截至): records dated later wait until it is moved on.

    An adopted list keeps the facts it was adopted on; they are in its snapshot.

    Raises:
        Conflict: `stale`.
        Refused: `not_found`, `closed`, `future` (later than the day of `now`).
    """
    if as_of > now.date():
        raise Refused("future", "情况截至日期不能晚于今天")

    def body(work: Work) -> Result:
        open_round_of(work, round_id)
        moved = work.change(Round, round_id, expected_version=expected_version, as_of=as_of)
        return {"round_id": round_id, "version": moved.version}

    return execute(
        engine,
        action="move_day",
        actor=actor,
        now=now,
        key=key,
        subject=f"round:{round_id}",
        request={"as_of": as_of, "expected_version": expected_version},
        body=body,
    )


def later_records(session: Session, round_id: str, as_of: date) -> int:
    """Return how many judgements and rulings of a round are dated after `as_of` and so are not counted yet."""
    cases = select(Case.case_id).where(Case.round_id == round_id)
    judged = select(func.count()).where(col(Judgement.case_id).in_(cases), col(Judgement.on) > as_of)
    ruled = select(func.count()).where(col(Ruling.round_id) == round_id, col(Ruling.decided_on) > as_of)
    return session.exec(judged).one() + session.exec(ruled).one()


def open_round_of(work: Work, round_id: str) -> Round:
    """Return a round that may still be worked on.

    Raises:
        Refused: `not_found` or `closed`.
    """
    found = work.get(Round, round_id, missing=f"没有编号为 {round_id} 的一轮")
    if found.state != RoundState.OPEN:
        raise Refused("closed", f"{found.title}已结束，不能再改")
    return found


def rounds(session: Session) -> list[Round]:
    """Return every round, the one opened last first."""
    return list(session.exec(select(Round).order_by(col(Round.opened_on).desc(), col(Round.round_id))))


def pack_of(session: Session, round_id: str) -> dict[str, dict[str, bytes]]:
    """Return the bytes of the pack a round was opened with, the pack itself first; empty for an unknown round."""
    stored = select(PackFile).where(PackFile.round_id == round_id).order_by(col(PackFile.position), col(PackFile.name))
    packs: dict[str, dict[str, bytes]] = {}
    for file in session.exec(stored):
        packs.setdefault(file.pack_id, {})[file.name] = file.content
    return packs


def policy_of(session: Session, round_id: str) -> Policy:
    """Return the circular of a round from the ledger's own copy.

    Raises:
        LedgerError: There is no such round, or its copy is no longer the one it was opened with.
    """
    found = session.get(Round, round_id)
    if found is None:
        raise LedgerError(f"没有编号为 {round_id} 的一轮")
    if found.policy_digest not in _parsed():
        packs = pack_of(session, round_id)
        if digest_of(packs) != found.policy_digest:
            raise LedgerError(f"{found.title}所依据的通知副本已被改动或损坏，请用备份核对")
        _parsed()[found.policy_digest] = parse_pack(packs)
    return _parsed()[found.policy_digest]


@lru_cache(maxsize=1)
def _parsed() -> dict[str, Policy]:
    """Return the frozen packs of this process by digest: content decides, so no ledger can see another's."""
    return {}


# -- the register of units ---------------------------------------------------------------------------------------


def register(session: Session) -> list[Unit]:
    """Return every unit in 机构顺序; those without a number come last."""
    return list(session.exec(select(Unit).order_by(col(Unit.order).is_(None), col(Unit.order), col(Unit.unit_id))))


def units_of(session: Session, round_id: str) -> list[str]:
    """Return the ids of the units a round lists; none means it speaks to every unit of the register."""
    listed = select(RoundUnit.unit_id).where(RoundUnit.round_id == round_id)
    return list(session.exec(listed.order_by(RoundUnit.unit_id)))


def import_units(  # noqa: PLR0913 - as every command
    engine: Engine,
    rows: Iterable[Mapping[str, object]],
    *,
    actor: Actor,
    now: datetime,
    key: str,
    round_id: str | None = None,
) -> Result:
    """Add units to the register or bring them up to date; a column that is not given stays as it is.

    Args:
        engine: The ledger.
        rows: Rows with columns of `frames.UNITS`; `unit_id` and, for a new unit, `name` are needed.
        actor: Who does it.
        now: When.
        key: Idempotency key.
        round_id: These units take part in this round, in addition to those it lists.

    Returns:
        `{"added", "changed", "unchanged"}`: units.

    Raises:
        Refused: `bad_units` naming the first unit that is wrong; nothing is imported.
    """
    listed = [dict(row) for row in rows]
    conform(listed, UNITS)  # the types, and no misspelt column
    _refuse_bad(listed)

    def body(work: Work) -> Result:
        known = {unit.unit_id: unit for unit in work.session.exec(select(Unit))}
        counts = {"added": 0, "changed": 0, "unchanged": 0}
        for row in listed:
            unit_id = str(row["unit_id"])
            unit = known.get(unit_id)
            if unit is None:
                work.session.add(Unit(**_new(row)))
                work.note(f"unit:{unit_id}", None, row)
                counts["added"] += 1
                continue
            changed = {name: value for name, value in row.items() if getattr(unit, name) != value}
            if changed:
                work.change(Unit, unit_id, expected_version=unit.version, **changed)
            counts["changed" if changed else "unchanged"] += 1
        work.session.flush()
        _refuse_bad_tree(work.session)
        if round_id is not None:
            open_round_of(work, round_id)
            _take_part(work, round_id, [str(row["unit_id"]) for row in listed])
        return counts

    return execute(
        engine,
        action="import_units",
        actor=actor,
        now=now,
        key=key,
        subject="units",
        request={"rows": listed, "round_id": round_id},
        body=body,
    )


def _new(row: Mapping[str, Any]) -> dict[str, Any]:
    if not row.get("name"):
        raise Refused("bad_units", f"单位 {row['unit_id']} 没有名称")
    return dict(row)


def _refuse_bad(rows: Sequence[Mapping[str, Any]]) -> None:
    seen = set()
    for row in rows:
        unit_id = row.get("unit_id")
        if not unit_id or not isinstance(unit_id, str) or "|" in unit_id or unit_id != unit_id.strip():
            raise Refused("bad_units", f"单位编号“{unit_id}”不能用：不能空，不能含竖线，首尾不能有空格")
        if unit_id in seen:
            raise Refused("bad_units", f"单位编号 {unit_id} 出现了两次")
        seen.add(unit_id)
        if row.get("kind") is not None and row["kind"] not in list(UnitKind):
            raise Refused("bad_units", f"单位 {unit_id} 的性质“{row['kind']}”不认识")
        for name, word in (("members", "党员人数"), ("order", "机构顺序")):
            if (row.get(name) or 0) < 0:
                raise Refused("bad_units", f"单位 {unit_id} 的{word}是负数")


def _refuse_bad_tree(session: Session) -> None:
    parents = dict(session.exec(select(Unit.unit_id, Unit.parent_id)).all())
    for unit_id, parent in parents.items():
        seen, above = {unit_id}, parent
        while above is not None:
            if above not in parents:
                raise Refused("bad_units", f"单位 {unit_id} 的上级 {above} 不在名录中")
            if above in seen:
                raise Refused("bad_units", f"单位 {unit_id} 的上级绕成了圈")
            seen.add(above)
            above = parents[above]


def _take_part(work: Work, round_id: str, units: Sequence[str]) -> None:
    for unit_id in dict.fromkeys(units):
        if work.session.get(RoundUnit, (round_id, unit_id)) is None:
            work.get(Unit, unit_id, missing=f"单位名录中没有 {unit_id}")
            work.session.add(RoundUnit(round_id=round_id, unit_id=unit_id))
    work.session.flush()
