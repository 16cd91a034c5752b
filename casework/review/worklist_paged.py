"""The worklist of a ledger too large to be read whole: counted in the database, worked out for the page's units only.

Where somebody stands follows from the steps on record. The database groups the cases by unit, path and what was
recorded of them, and each group is worked out once. The outcome is different: it is computed from all the facts of a
case and stored nowhere, so it is counted only where it is asked for, some units after the others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Any, Final

import polars as pl
from sqlalchemy import ColumnElement, Text, case, cast, func, literal, or_, select
from sqlmodel import Session, col

from casework.access import Actor
from casework.frames import UNITS, Schema, conform
from casework.ledger import policy_of
from casework.ledger.facts import read_frame, units_query
from casework.models import Case, Person
from casework.models_review import Objection, Removal, ReviewStep, StepCase
from casework.review.records import histories
from casework.review.removal import held_by_objection
from casework.review.worklist import (
    DIMENSIONS,
    GONE,
    WORKLIST,
    Standing,
    WorkPage,
    due_test,
    equal_to,
    gone,
    text_test,
    work_page,
    worklist,
)

AT_ONCE: Final = 20_000
"""Cases whose facts are in memory at one time."""
_IDS_AT_ONCE: Final = 500
_COLUMNS: Final = ("unit_id", "stage", "next_stage", "verdict", "state", "due_at", "late")
_GROUPS: Schema = {**{name: WORKLIST[name] for name in _COLUMNS}, "rows": pl.Int64}


class Worked:
    """The rows of some units as they were worked out lately; those used longest ago go when there are too many.

    They are as old as their reading: whoever keeps them from one state of the ledger to the next forgets what changed.
    """

    def __init__(self, most: int = AT_ONCE) -> None:
        self.most = most
        self._frames: dict[str, pl.DataFrame] = {}
        self._lock = Lock()  # pages of several officers share it

    def without(self, units: Collection[str]) -> Worked:
        """Return the same with some units forgotten."""
        fresh = Worked(self.most)
        with self._lock:
            fresh._frames = {unit: frame for unit, frame in self._frames.items() if unit not in units}
        return fresh

    def rows(self, session: Session, round_id: str, actor: Actor, now: datetime, units: Sequence[str]) -> pl.DataFrame:
        """Return `WORKLIST` of these units, in their order, without those who left the round."""
        with self._lock:
            known = {unit: self._frames[unit] for unit in units if unit in self._frames}
        missing = [unit for unit in units if unit not in known]
        if missing:
            frame = worklist(session, round_id=round_id, actor=_only(actor, missing), now=now)
            still = frame.filter(pl.col("state") != GONE)
            parts = still.partition_by("unit_id", as_dict=True)
            known |= {unit: parts.get((unit,), still.clear()) for unit in missing}
            self._keep(known)
        return pl.concat([conform([], WORKLIST), *(known[unit] for unit in units)])

    def _keep(self, frames: Mapping[str, pl.DataFrame]) -> None:
        with self._lock:
            for unit, frame in frames.items():
                self._frames.pop(unit, None)
                self._frames[unit] = frame
            left = sum(frame.height for frame in self._frames.values())
            for unit in list(self._frames):
                if left <= self.most:
                    return
                left -= self._frames.pop(unit).height


@dataclass(frozen=True, eq=False)
class WorkGroups:
    """How many cases of a round stand where.

    Attributes:
        round_id: The round.
        actor: Only cases of this person's units are counted.
        now: When.
        text: Only where the name or the unit's name has these words.
        outcomes: The outcome is counted, too; else `verdict` is null in `frame`, and a page has no counts of it.
        frame: unit_id, stage, next_stage, verdict, state, due_at, late → rows.
        units: The units in 机构顺序.
        worked: The rows that were worked out lately.
    """

    round_id: str
    actor: Actor
    now: datetime
    text: str
    outcomes: bool
    frame: pl.DataFrame
    units: tuple[str, ...]
    worked: Worked

    def page(  # noqa: PLR0913 - the filters of the screen
        self,
        session: Session,
        *,
        stage: str | None = None,
        next_stage: str | None = None,
        unit_id: str | None = None,
        verdict: str | None = None,
        state: str | None = None,
        due_by: datetime | None = None,
        late: bool | None = None,
        offset: int = 0,
        limit: int = 50,
    ) -> WorkPage:
        """Return what `work_page` cuts from the whole worklist; the filters are the same.

        Raises:
            ValueError: Narrowed to an outcome that was not counted.
        """
        equal = {"stage": stage, "next_stage": next_stage, "unit_id": unit_id, "verdict": verdict, "state": state}
        cut = {**equal, "due_by": due_by, "late": late}
        base, tests = self._narrowed(cut)
        counts = {}
        for dimension in DIMENSIONS if self.outcomes else [name for name in DIMENSIONS if name != "verdict"]:
            part = base.filter(*(test for name, test in tests.items() if name != dimension))
            counted = part.group_by(dimension).agg(pl.col("rows").sum()).sort(dimension, nulls_last=True)
            counts[dimension] = dict(counted.iter_rows())
        found = base.filter(*tests.values())
        return WorkPage(self._rows(session, found, cut, offset, limit), int(found["rows"].sum()), counts)

    def place(self, session: Session, case_id: str, **cut: Any) -> int | None:
        """Return how many rows stand before a case under the filters of `page`; None where it is not among them."""
        base, tests = self._narrowed(cut)
        row = self.rows_of(session, [case_id])
        if row.is_empty():
            return None
        sizes = _sizes(base.filter(*tests.values()))
        if row["state"][0] == GONE:
            before, listed = sum(sizes.values()), gone(session, self.round_id, self.actor)
        else:
            at = self.units.index(row["unit_id"][0])
            before, listed = sum(sizes.get(unit, 0) for unit in self.units[:at]), self.still(session, row["unit_id"])
        mine = work_page(listed, **cut, text=self.text, limit=max(1, listed.height)).rows["case_id"].to_list()
        return before + mine.index(case_id) if case_id in mine else None

    def rows_of(self, session: Session, case_ids: Collection[str]) -> pl.DataFrame:
        """Return the rows of some cases in the order of the worklist, under no filter; none for who is out of reach."""
        units = set[str]()
        for some in _parts(list(case_ids), _IDS_AT_ONCE):
            query = select(col(Case.unit_id)).where(col(Case.round_id) == self.round_id, col(Case.case_id).in_(some))
            units.update(session.connection().execute(query.distinct()).scalars())
        reached = [unit for unit in self.units if unit in units and self.actor.may_see(unit)]
        wanted = pl.col("case_id").is_in(list(case_ids))
        there = self.still(session, reached).filter(wanted)
        if there.height == len(case_ids):
            return there
        return pl.concat([there, gone(session, self.round_id, self.actor).filter(wanted)])

    def named(self, session: Session, text: str) -> WorkGroups:
        """Return the same of those whose name or whose unit's name has these words."""
        return work_groups(
            session,
            round_id=self.round_id,
            actor=self.actor,
            now=self.now,
            text=text,
            outcomes=self.outcomes,
            worked=self.worked,
        )

    def renewed(self, session: Session, units: Collection[str], *, now: datetime) -> WorkGroups:
        """Return the same with some units counted again; who is in the round and in which order has not changed."""
        worked = self.worked.without(units)
        actor = _only(self.actor, sorted(units))
        told: dict[str, Any] = {"round_id": self.round_id, "text": self.text, "outcomes": self.outcomes}
        fresh = work_groups(session, actor=actor, now=now, worked=worked, **told)
        rest = self.frame.filter(~pl.col("unit_id").is_in(list(units)))
        return replace(self, now=now, frame=pl.concat([rest, fresh.frame]), worked=worked)

    def _narrowed(self, cut: Mapping[str, Any]) -> tuple[pl.DataFrame, dict[str, pl.Expr]]:
        """Return the groups under the deadline, and the tests of the other filters."""
        if cut.get("verdict") is not None and not self.outcomes:
            raise ValueError("outcomes were not counted")
        tests = equal_to({name: cut.get(name) for name in DIMENSIONS})
        return self.frame.filter(due_test(cut.get("due_by"), cut.get("late"))), tests

    def still(self, session: Session, units: Iterable[str]) -> pl.DataFrame:
        """Return the rows of these units, without those who left the round."""
        return self.worked.rows(session, self.round_id, self.actor, self.now, list(units))

    def _rows(
        self, session: Session, found: pl.DataFrame, cut: dict[str, Any], offset: int, limit: int
    ) -> pl.DataFrame:
        """Return the rows of a page: the units it reaches into are worked out as they always are."""
        sizes = _sizes(found)
        before, first = 0, 0
        reached: list[str] = []
        for unit_id in self.units:
            after = before + sizes.get(unit_id, 0)
            if after > offset and before < offset + limit and after > before:
                first = first if reached else before
                reached.append(unit_id)
            before = after
        parts = [conform([], WORKLIST)]
        if reached:
            still = self.still(session, reached)
            parts.append(work_page(still, **cut, text=self.text, offset=offset - first, limit=limit).rows)
        left = limit - parts[-1].height
        if left > 0 and before < offset + limit and (found["state"] == GONE).any():
            last = gone(session, self.round_id, self.actor)
            parts.append(work_page(last, **cut, text=self.text, offset=max(0, offset - before), limit=left).rows)
        return pl.concat(parts)


def work_groups(  # noqa: PLR0913 - whose cases, and what is counted
    session: Session,
    *,
    round_id: str,
    actor: Actor,
    now: datetime,
    text: str = "",
    outcomes: bool = False,
    worked: Worked | None = None,
) -> WorkGroups:
    """Count where the cases of a round stand.

    Args:
        session: A session on the ledger.
        round_id: The round.
        actor: Only cases of this person's units are counted.
        now: When.
        text: Part of the name or of the unit's name.
        outcomes: Count the outcomes as well; then every case is assessed, some units after the others.
        worked: Rows of this very actor and round that are as the ledger is now.
    """
    units, sizes = _units(session, round_id, actor)
    empty = conform([], _GROUPS)
    groups = WorkGroups(round_id, actor, now, text, outcomes, empty, units, worked or Worked())
    left = gone(session, round_id, actor).filter(text_test(text)).with_columns(rows=pl.lit(1))
    counted = _assessed(session, groups, sizes) if outcomes else _placed(session, groups)
    frame = pl.concat([counted, conform(left.select(*_GROUPS), _GROUPS)])
    return replace(groups, frame=frame.group_by(*_COLUMNS).agg(pl.col("rows").sum()))


def every_row(session: Session, *, round_id: str, actor: Actor, now: datetime) -> Iterator[pl.DataFrame]:
    """Give the whole worklist some units after the others, without those who left the round: never all in memory."""
    units, sizes = _units(session, round_id, actor)
    for some in _together(units, sizes):
        yield Worked(0).rows(session, round_id, actor, now, some)


def _units(session: Session, round_id: str, actor: Actor) -> tuple[tuple[str, ...], dict[str, int]]:
    """Return the units in 机构顺序, and how many cases each has."""
    known = read_frame(session, units_query(round_id, actor.units), UNITS).select("unit_id", "order")
    mine = _cases(session, round_id, actor, "")
    counted_by_unit = select(col(Case.unit_id), func.count()).where(*mine).group_by(col(Case.unit_id))
    sizes = {row[0]: row[1] for row in session.connection().execute(counted_by_unit)}
    strangers = pl.DataFrame({"unit_id": sorted(sizes.keys() - set(known["unit_id"]))}, schema={"unit_id": pl.String})
    units = pl.concat([known, strangers], how="diagonal").sort("order", "unit_id", nulls_last=True)
    return tuple(units["unit_id"]), sizes


def _together(units: Iterable[str], sizes: Mapping[str, int]) -> Iterator[list[str]]:
    """Give the units that have cases in lots of at most `AT_ONCE` cases, or one unit alone."""
    some, cases = list[str](), 0
    for unit_id in units:
        size = sizes.get(unit_id, 0)
        if some and cases + size > AT_ONCE:
            yield some
            some, cases = [], 0
        if size:
            some.append(unit_id)
            cases += size
    if some:
        yield some


def _sizes(found: pl.DataFrame) -> dict[str, int]:
    """Return unit → rows of those still in the round."""
    there = found.filter(pl.col("state") != GONE).group_by("unit_id").agg(pl.col("rows").sum())
    return dict(there.iter_rows())


def _only(actor: Actor, units: Sequence[str]) -> Actor:
    return Actor(actor.id, actor.name, actor.role, frozenset(units))


def _cases(session: Session, round_id: str, actor: Actor, text: str) -> list[ColumnElement[bool]]:
    """Return what holds of the cases that are counted."""
    left = select(col(Removal.case_id)).where(col(Removal.round_id) == round_id)
    tests = [col(Case.round_id) == round_id, col(Case.case_id).not_in(left)]
    if actor.units is not None:
        tests.append(col(Case.unit_id).in_(actor.units))
    words = text.strip()
    if words:
        place = func.strpos if session.connection().dialect.name == "postgresql" else func.instr
        units = units_query(round_id, actor.units).subquery()
        found = place(func.coalesce(col(Person.name), ""), words) > 0
        # Asked of each case of the round: a list of everybody with such a name would read every year's people.
        named = select(col(Person.person_id)).where(col(Person.person_id) == col(Case.person_id), found).exists()
        of_units = select(units.c.unit_id).where(place(units.c.name, words) > 0)
        tests.append(or_(named, col(Case.unit_id).in_(of_units)))
    return tests


def _placed(session: Session, groups: WorkGroups) -> pl.DataFrame:
    """Group the cases by what is recorded of them; work each group out once."""
    round_id = groups.round_id
    undone = select(col(ReviewStep.revokes)).where(
        col(ReviewStep.round_id) == round_id, col(ReviewStep.revokes).is_not(None)
    )
    steps = select(col(ReviewStep.seq)).where(col(ReviewStep.round_id) == round_id, col(ReviewStep.seq).not_in(undone))
    said = (
        cast(col(StepCase.seq), Text) + literal("\x1f") + col(StepCase.result) + literal("\x1f") + col(StepCase.reason)
    )
    told = (
        select(col(StepCase.case_id).label("case_id"), func.aggregate_strings(said, "\x1e").label("said"))
        .where(col(StepCase.seq).in_(steps))
        .group_by(col(StepCase.case_id))
        .subquery()
    )
    # Whoever an objection is about stands for himself: what it does to him is not among the steps.
    objected = select(col(Objection.case_id)).where(
        col(Objection.round_id) == round_id, col(Objection.case_id).is_not(None)
    )
    alone = case((col(Case.case_id).in_(objected), col(Case.case_id)), else_=literal(""))
    each = (
        select(
            col(Case.unit_id).label("unit_id"),
            func.coalesce(col(Case.path), "").label("path"),
            alone.label("alone"),
            func.coalesce(told.c.said, "").label("said"),
            col(Case.case_id).label("case_id"),
        )
        .outerjoin(told, told.c.case_id == col(Case.case_id))
        .where(*_cases(session, round_id, groups.actor, groups.text))
        .subquery()
    )
    key = (each.c.unit_id, each.c.path, each.c.alone, each.c.said)
    counted = session.connection().execute(select(*key, func.min(each.c.case_id), func.count()).group_by(*key)).all()
    standing, held = Standing(policy_of(session, round_id), groups.now), held_by_objection(session, round_id)
    examples: dict[tuple[str, str, str], str] = {}
    for _, path, who, what, example, _ in counted:
        examples.setdefault((standing.key(path), who, what), example)
    places = {}
    for some in _parts(list(examples.items()), _IDS_AT_ONCE):
        done = histories(session, round_id, [example for _, example in some])
        for (path, who, what), example in some:
            places[path, who, what] = standing.row(path, done.get(example, {}), held.get(example))
    rows = [
        {**{name: place.get(name) for name in _COLUMNS}, "unit_id": unit_id, "rows": number}
        for unit_id, path, who, what, _, number in counted
        if (place := places[standing.key(path), who, what]) is not None
    ]
    return conform(rows, _GROUPS)


def _assessed(session: Session, groups: WorkGroups, sizes: Mapping[str, int]) -> pl.DataFrame:
    """Work out every case, some units after the others, and keep how many stand where."""
    found = [conform([], _GROUPS)]
    for some in _together(groups.units, sizes):
        still = groups.still(session, some).filter(text_test(groups.text))
        found.append(conform(still.group_by(*_COLUMNS).agg(rows=pl.len()), _GROUPS))
    return pl.concat(found)


def _parts(listed: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (listed[at : at + size] for at in range(0, len(listed), size))
