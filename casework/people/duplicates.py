"""Records that may be one person: found by four exact rules, decided by a person only.

Nothing is compared all against all. Numbers are compared by their keyed digest, everything else inside one household
or one birth month of one branch, and near names through the names that are left when one sign is taken out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import combinations
from typing import Final

import polars as pl
from sqlalchemy import Engine, select
from sqlmodel import Session

from casework.access import Actor
from casework.frames import DUPLICATES, conform
from casework.identity import name_key
from casework.ledger import Result, Work, execute
from casework.models import Case
from casework.models_people import Contact, TwoPeople
from casework.people.contacts import person_within_reach
from casework.people.importing_links import told_apart
from casework.people.register import register, table
from casework.problems import Refused
from casework.vocabulary import Likeness

Pair = tuple[str, str]
MOST_IN_A_HOUSEHOLD: Final = 30
"""A household of more people than this is a home or a barracks, not a family; no pairs are asked about in it."""


def duplicates(
    session: Session, *, round_id: str | None = None, actor: Actor, offset: int = 0, limit: int | None = None
) -> pl.DataFrame:
    """Return the pairs of records that may be one person (`DUPLICATES`), the strongest reasons first.

    Pairs a person already found to be two people (`not_the_same`, or when a sheet was taken over) are not asked about
    again; merged and erased records are no longer there.

    Args:
        session: A session on the ledger.
        round_id: Only pairs of which at least one has a case in this round.
        actor: Who asks; both records are within his units.
        offset: How many pairs to pass over.
        limit: How many at most; None: all.
    """
    people = register(session, actor)
    found: dict[Pair, set[Likeness]] = defaultdict(set)
    for reason, alike in _found(session, people):
        for pair in alike:
            found[pair].add(reason)
    for pair in told_apart(session):
        found.pop(pair, None)
    if round_id is not None:
        case = table(Case)
        in_round = set(
            session.connection().execute(select(case.c.person_id).where(case.c.round_id == round_id)).scalars()
        )
        found = {pair: reasons for pair, reasons in found.items() if not in_round.isdisjoint(pair)}
    strength = list(Likeness)
    ordered = {pair: sorted(reasons, key=strength.index) for pair, reasons in found.items()}
    pairs = sorted(ordered, key=lambda pair: (strength.index(ordered[pair][0]), pair))
    page = pairs[offset:] if limit is None else pairs[offset : offset + limit]
    return _frame(people, page, ordered)


def _found(session: Session, people: pl.DataFrame) -> Iterator[tuple[Likeness, Iterator[Pair]]]:
    yield Likeness.SAME_NUMBER, _same_number(session, set(people["person_id"]))
    yield Likeness.SAME_HOUSEHOLD, _same_household(people)
    exact, near = _same_and_near(people)
    yield Likeness.SAME_NAME, iter(exact)
    yield Likeness.NEAR_NAME, iter(near)


def _pairs(ids: Iterable[str]) -> Iterator[Pair]:
    return combinations(sorted(set(ids)), 2)


def _same_number(session: Session, seen: set[str]) -> Iterator[Pair]:
    contact = table(Contact)
    query = select(contact.c.digest, contact.c.person_id).where(
        contact.c.kind == "id_number", contact.c.digest.is_not(None), contact.c.ended_on.is_(None)
    )
    holders: dict[str, set[str]] = defaultdict(set)
    for digest, person_id in session.connection().execute(query):
        if person_id in seen:
            holders[digest].add(person_id)
    for ids in holders.values():
        yield from _pairs(ids)


def _same_household(people: pl.DataFrame) -> Iterator[Pair]:
    homes = people.drop_nulls("household_id").group_by("household_id").agg("person_id")
    size = pl.col("person_id").list.len()
    for ids in homes.filter((size > 1) & (size <= MOST_IN_A_HOUSEHOLD))["person_id"]:
        yield from _pairs(ids)


def _same_and_near(people: pl.DataFrame) -> tuple[set[Pair], set[Pair]]:
    """Return the pairs with equal and with near names, inside one birth month and branch."""
    blocks = (
        people.drop_nulls(["name", "born_on", "branch"])
        .with_columns(pl.col("born_on").dt.strftime("%Y-%m").alias("born"))
        .group_by("born", "branch")
        .agg("person_id", "name")
        .filter(pl.col("person_id").list.len() > 1)
    )
    exact, near = set[Pair](), set[Pair]()
    for ids, names in blocks.select("person_id", "name").iter_rows():
        keys = {person_id: name_key(name) for person_id, name in zip(ids, names, strict=True)}
        by_name: dict[str, list[str]] = defaultdict(list)
        by_rest: dict[str, set[str]] = defaultdict(set)
        for person_id, key in keys.items():
            by_name[key].append(person_id)
        for same in by_name.values():
            exact.update(_pairs(same))
        for key in by_name:
            for rest in without_a_sign(key):
                by_rest[rest].add(key)
        alike = {pair for keys_ in by_rest.values() for pair in _pairs(keys_) if near_names(*pair)}
        for one, other in alike:
            near.update(tuple(sorted((a, b))) for a in by_name[one] for b in by_name[other])  # type: ignore[misc]
    return exact, near


def without_a_sign(key: str) -> set[str]:
    """Return a name and what is left of it without one of its signs: two near names have one of these in common.

    >>> sorted(without_a_sign("张三"))
    ['三', '张', '张三']
    """
    return {key, *(key[:at] + key[at + 1 :] for at in range(len(key)))}


def near_names(one: str, other: str) -> bool:
    """Tell whether two different names become equal when one sign is put in, taken out, changed or exchanged.

    >>> near_names("李建国", "李建囯"), near_names("李国建", "李建国"), near_names("张三", "张三丰")
    (True, True, True)
    >>> near_names("李建国", "王建军"), near_names("李建国", "李建国")
    (False, False)
    """
    if one == other or min(len(one), len(other)) < 2 or abs(len(one) - len(other)) > 1:
        return False
    short, long = sorted((one, other), key=len)
    start = next((at for at, sign in enumerate(short) if sign != long[at]), len(short))
    if len(short) < len(long):
        return short[start:] == long[start + 1 :]
    changed = short[start + 1 :] == long[start + 1 :]
    exchanged = short[start : start + 2] == long[start : start + 2][::-1] and short[start + 2 :] == long[start + 2 :]
    return changed or exchanged


def _frame(people: pl.DataFrame, pairs: list[Pair], reasons: dict[Pair, list[Likeness]]) -> pl.DataFrame:
    wanted = {person_id for pair in pairs for person_id in pair}
    known = {
        row["person_id"]: row for row in people.filter(pl.col("person_id").is_in(list(wanted))).iter_rows(named=True)
    }
    rows = []
    for first, second in pairs:
        one, other = known[first], known[second]
        rows.append(
            {
                "first": first,
                "second": second,
                "first_name": one["name"],
                "second_name": other["name"],
                "first_unit": one["unit_id"],
                "second_unit": other["unit_id"],
                "first_version": one["version"],
                "second_version": other["version"],
                "branch": one["branch"],
                "born": one["born_on"].strftime("%Y-%m") if one["born_on"] else None,
                "reasons": [reason.value for reason in reasons[first, second]],
            }
        )
    return conform(rows, DUPLICATES)


def not_the_same(  # noqa: PLR0913 - as every command
    engine: Engine, *, first: str, second: str, reason: str, actor: Actor, now: datetime, key: str
) -> Result:
    """Remember that two records are two people: the pair is not asked about again.

    Raises:
        Refused: `no_reason`, `not_found`, `erased`, `same_record`, `settled` (it is remembered already).
    """
    if not reason.strip():
        raise Refused("no_reason", "请写明怎么知道这是两个人")
    if first == second:
        raise Refused("same_record", "这是同一条记录")
    low, high = sorted((first, second))

    def body(work: Work) -> Result:
        for person_id in (low, high):
            person_within_reach(work, person_id)
        if work.session.get(TwoPeople, (low, high)) is not None:
            raise Refused("settled", "已经登记过这是两个人")
        work.add(TwoPeople(first=low, second=high, reason=reason.strip(), recorded_by=actor.id, recorded_at=work.now))
        return {"first": low, "second": high}

    return execute(
        engine,
        action="not_the_same",
        actor=actor,
        now=now,
        key=key,
        subject=f"person:{low}",
        request={"second": high, "reason": reason},
        body=body,
    )
