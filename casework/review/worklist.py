"""The worklist of a round: one row per case, where it stands, what comes next, what is missing, by when.

Only cases within the actor's units are read from the database at all. The frame is computed once per state of the
ledger; a page, its filters and its counts are cut from it. Where a ledger is too large for that, `worklist_paged` has
the database count, and only the units of the page are worked out here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

import polars as pl
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.adoption import in_force
from casework.dates import SHANGHAI
from casework.frames import Schema, conform
from casework.ledger import facts, policy_of
from casework.models import Case, Person, Unit
from casework.models_review import Removal
from casework.policy import Policy
from casework.review import chain as chains
from casework.review.chain import Chain, History
from casework.review.records import chains_of, histories, today_of
from casework.review.removal import held_by_objection
from casework.rules import assess, verdicts
from casework.shapes.procedure import Deadline
from casework.vocabulary import Act, Verdict

OPEN, HELD, REFUSED, DONE, GONE = "open", "held", "refused", "done", "gone"
"""States of a row: goes on, waits for an objection, refused by a body, nothing more to do, left the round."""

WORKLIST: Schema = {
    "case_id": pl.String,
    "person_id": pl.String,
    "name": pl.String,
    "unit_id": pl.String,
    "unit": pl.String,
    "path": pl.String,
    "category": pl.String,
    "unit_rank": pl.Int64,
    "state": pl.String,
    "why": pl.String,  # why it is held, refused or gone; never what an objection says
    "stage": pl.String,  # Stage carried out last; null: none yet
    "stage_on": pl.Date,
    "next_stage": pl.String,  # Stage
    "next_clause": pl.String,
    "next_own": pl.Boolean,  # 本级办理, else 下级办理、本级备查
    "verdict": pl.String,  # Verdict
    "reason": pl.String,  # Reason
    "lacking": pl.List(pl.String),  # labels of the clauses whose answer is missing
    "due_at": pl.Datetime("us", "Asia/Shanghai"),  # the next deadline, or the last one where all have passed
    "late": pl.Boolean,
    "listed": pl.Boolean,
    "amount_fen": pl.Int64,
}

DIMENSIONS: Final = ("stage", "next_stage", "unit_id", "verdict", "state")


def worklist(session: Session, *, round_id: str, actor: Actor, now: datetime) -> pl.DataFrame:
    """Return the round's cases as they stand, in 机构顺序 and each unit's own order.

    Args:
        session: A session on the ledger.
        round_id: The round.
        actor: Only cases of this person's units are read.
        now: When.

    Returns:
        `WORKLIST`.
    """
    today = today_of(now)
    policy = policy_of(session, round_id)
    known = facts(session, round_id=round_id, as_of=today, units=actor.units)
    folded = verdicts(assess(known, policy=policy), policy=policy)
    cases = (
        known.cases.select("case_id", "person_id", "unit_id", "path", "category", "unit_rank")
        .join(known.people.select("person_id", "name"), on="person_id", how="left", maintain_order="left")
        .join(known.units.select("unit_id", "order", unit="name"), on="unit_id", how="left", maintain_order="left")
        .join(folded, on="case_id", how="left", maintain_order="left")
    )
    progress = _progress(session, round_id, cases, policy, now)
    awards = _awards(session, round_id)
    labels = {clause.id: clause.label or clause.cite for clause in policy.clauses}
    frame = (
        cases.join(progress, on="case_id", how="left", maintain_order="left")
        .join(awards, on="case_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("verdict").fill_null(Verdict.WAITING.value),
            pl.col("listed").fill_null(False),
            lacking=pl.col("open").list.eval(pl.element().replace_strict(labels, default="慰问类别")),
        )
        .sort("order", "unit_id", "unit_rank", "case_id", nulls_last=True)
    )
    return pl.concat([conform(frame.select(*WORKLIST), WORKLIST), gone(session, round_id, actor)])


def _progress(session: Session, round_id: str, cases: pl.DataFrame, policy: Policy, now: datetime) -> pl.DataFrame:
    done = histories(session, round_id, cases["case_id"])
    held = held_by_objection(session, round_id)
    standing = Standing(policy, now)
    # Many people stand at the same place: each place is worked out once, and looked up for the others.
    places: dict[tuple[object, ...], int] = {}
    rows: list[dict[str, Any]] = []
    at = []
    for case_id, path in cases.select("case_id", "path").iter_rows():
        key = standing.key(path)
        history, why = done.get(case_id, {}), held.get(case_id)
        place = (key, why, *map(id, history.values()))
        if place not in places:
            places[place] = len(rows)
            rows.append(standing.row(key, history, why))
        at.append(places[place])
    names = ("state", "why", "stage", "stage_on", "next_stage", "next_clause", "next_own", "due_at", "late")
    kinds = pl.DataFrame(rows, schema={name: WORKLIST[name] for name in names}, orient="row")
    return kinds[at].with_columns(cases["case_id"]) if at else kinds.with_columns(case_id=pl.lit("")).clear()


class Standing:
    """Where somebody stands who has come so far on a path."""

    def __init__(self, policy: Policy, now: datetime) -> None:
        self.links = chains_of(policy)
        self.due = {path: _due(policy, path, now) for path in self.links}
        self.only = next(iter(self.links)) if len(self.links) == 1 else None

    def key(self, path: str | None) -> str:
        """Return the path a case is on; a circular with one path has nobody on another."""
        return self.only if self.only is not None else path or ""

    def row(self, key: str, history: History, held: str | None) -> dict[str, Any]:
        """Return the columns of `WORKLIST` that follow from the steps."""
        moment, late = self.due.get(key, (None, False))
        row = _where(history, self.links.get(key, ()), held)
        return row | {"due_at": moment, "late": late and row["state"] in (OPEN, HELD)}


def _where(history: History, links: Chain, held: str | None) -> dict[str, Any]:
    last = chains.last_done(history)
    end = chains.stopped(history)
    following = chains.next_steps(history, links)
    first = following[0] if following else None
    state = REFUSED if end else HELD if held else OPEN if first or not links else DONE
    return {
        "state": state,
        "why": f"{end.stage.label}：{end.reason}" if end else held,
        "stage": last.stage.value if last else None,
        "stage_on": last.on if last else None,
        "next_stage": first.stage.value if first else None,
        "next_clause": first.clause_id if first else None,
        "next_own": first.own if first else None,
    }


def _due(policy: Policy, path: str, now: datetime) -> tuple[datetime | None, bool]:
    """Return the next deadline of a path, or the last one and that it has passed."""
    moments = sorted(
        _moment(shape.at)
        for clause, shape in policy.of_shape(Deadline)
        if not clause.for_paths or path in clause.for_paths
    )
    ahead = [at for at in moments if at >= now]
    if ahead:
        return ahead[0], False
    return (moments[-1], True) if moments else (None, False)


def _moment(at: date | datetime) -> datetime:
    if isinstance(at, datetime):
        return at if at.tzinfo else at.replace(tzinfo=SHANGHAI)
    return datetime.combine(at, time.max, SHANGHAI)


def _awards(session: Session, round_id: str) -> pl.DataFrame:
    adoption = in_force(session, round_id, Act.LIST)
    rows = adoption.numbers["awards"] if adoption else []
    schema = {"case_id": pl.String, "listed": pl.Boolean, "amount_fen": pl.Int64}
    listed = [{"case_id": row["case_id"], "listed": True, "amount_fen": row["amount_fen"]} for row in rows]
    return pl.DataFrame(listed, schema=schema, orient="row")


def gone(session: Session, round_id: str, actor: Actor) -> pl.DataFrame:
    """Return those who left the round: they stay readable, at the end."""
    query = (
        select(Removal, Case, Person, Unit)
        .join(Case, col(Case.case_id) == col(Removal.case_id))
        .join(Person, col(Person.person_id) == col(Case.person_id))
        .join(Unit, col(Unit.unit_id) == col(Case.unit_id))
        .where(Removal.round_id == round_id)
        .order_by(col(Removal.recorded_at), col(Removal.case_id))
    )
    if actor.units is not None:
        query = query.where(col(Case.unit_id).in_(actor.units))
    rows: Sequence[Mapping[str, object]] = [
        {
            "case_id": case.case_id,
            "person_id": case.person_id,
            "name": person.name,
            "unit_id": case.unit_id,
            "unit": unit.name,
            "path": case.path,
            "category": case.category,
            "unit_rank": case.unit_rank,
            "state": GONE,
            "why": removal.cause,
            "lacking": [],
            "late": False,
            "listed": False,
        }
        for removal, case, person, unit in session.exec(query)
    ]
    return conform(rows, WORKLIST)


# -- a page --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class WorkPage:
    """One page of the worklist.

    Attributes:
        rows: `WORKLIST`, this page only.
        total: Rows under the filters.
        counts: Dimension → value → rows, under all filters but its own (`None` for no value).
    """

    rows: pl.DataFrame
    total: int
    counts: Mapping[str, Mapping[str | None, int]]


def work_page(  # noqa: PLR0913 - the filters of the screen
    frame: pl.DataFrame,
    *,
    stage: str | None = None,
    next_stage: str | None = None,
    unit_id: str | None = None,
    verdict: str | None = None,
    state: str | None = None,
    due_by: datetime | None = None,
    late: bool | None = None,
    text: str = "",
    offset: int = 0,
    limit: int = 50,
) -> WorkPage:
    """Cut a page out of a worklist.

    Args:
        frame: `WORKLIST`.
        stage: The step carried out last.
        next_stage: The step that comes next.
        unit_id: The unit.
        verdict: The outcome.
        state: The state of the row.
        due_by: Only what is due by then.
        late: Only what is late, or only what is not.
        text: Part of the name or of the unit's name.
        offset: Rows before the page.
        limit: Rows of the page.
    """
    chosen = {"stage": stage, "next_stage": next_stage, "unit_id": unit_id, "verdict": verdict, "state": state}
    tests = equal_to(chosen)
    base = frame.filter(due_test(due_by, late) & text_test(text))
    counts = {}
    for dimension in DIMENSIONS:
        others = [test for name, test in tests.items() if name != dimension]
        part = base.filter(*others) if others else base
        counts[dimension] = dict(part.group_by(dimension).len().sort(dimension, nulls_last=True).iter_rows())
    found = base.filter(*tests.values()) if tests else base
    return WorkPage(found.slice(offset, limit), found.height, counts)


def equal_to(chosen: Mapping[str, str | None]) -> dict[str, pl.Expr]:
    """Return dimension → test, for those that are narrowed to a value."""
    return {name: pl.col(name) == value for name, value in chosen.items() if value is not None}


def due_test(due_by: datetime | None, late: bool | None) -> pl.Expr:
    """Return the test of the deadline."""
    test = pl.lit(True)
    if due_by is not None:
        test = test & (pl.col("due_at") <= pl.lit(due_by).dt.convert_time_zone("Asia/Shanghai"))
    if late is not None:
        test = test & (pl.col("late") == late)
    return test


def text_test(text: str) -> pl.Expr:
    """Return the test of the names."""
    words = text.strip()
    if not words:
        return pl.lit(True)
    named = [pl.col(column).fill_null("").str.contains(words, literal=True) for column in ("name", "unit")]
    return named[0] | named[1]
