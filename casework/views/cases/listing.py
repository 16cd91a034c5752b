"""The worklist of a page: read once per state of the ledger, filtered, counted and cut on the server.

After a step, an answer or a paper only the units concerned are read again, so that fifty cases in a row stay quick
in a ledger of ten thousand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

import polars as pl
from sqlmodel import Session, col, func, select

from casework.access import Actor
from casework.dates import SHANGHAI
from casework.db import reading
from casework.models import AuditEntry, Case, Evidence, Judgement
from casework.models_review import ReviewStep, StepCase
from casework.review.records import steps_version
from casework.review.worklist import DONE, GONE, HELD, OPEN, REFUSED, WorkPage, work_page, worklist
from casework.views.cases.desk import CaseDesk, Look
from casework.views.desk import _Kept, clock
from casework.vocabulary import RemovalCause, Stage, Verdict

PAGE: Final = 14
"""Rows of a page: what 1366 × 768 shows without scrolling."""

STATES: Final = {OPEN: "办理中", HELD: "有异议待处理", REFUSED: "未获同意", DONE: "已办完", GONE: "已减员"}
DUE: Final = {"late": "已逾期", "week": "七天内到期"}
_ONE_BY_ONE: Final = frozenset(
    {"record_step", "revoke_step", "record_judgements", "record_evidence", "open_contact", "read_objection"}
    | {"attach", "open_attachment", "withdraw_attachment"}
)
"""Deeds that change where single cases stand, and neither who is in the round nor in which order."""


@dataclass(frozen=True)
class View:
    """What the worklist is narrowed to, and which page is shown."""

    state: str = ""
    next_stage: str = ""
    verdict: str = ""
    unit: str = ""
    due: str = ""
    text: str = ""
    page: int = 0

    def but(self, **changes: Any) -> View:
        """Return this view with something changed; a new filter begins at the first page."""
        return replace(self, **{"page": 0, **changes})


@dataclass(frozen=True)
class _Mark:
    """Up to where a frame was read."""

    audit: int
    steps: int
    judgements: int
    evidence: int


@dataclass(frozen=True, eq=False)
class Listed:
    """The worklist of one page.

    Attributes:
        desk: The round.
        look: How people are named.
        frame: `worklist.WORKLIST`, everyone within the actor's scope.
        version: The steps' version that was seen.
    """

    desk: CaseDesk
    look: Look
    frame: pl.DataFrame
    version: int

    def page(self, view: View) -> WorkPage:
        """Return one page with the counts of every filter."""
        return self._cut(view, offset=view.page * PAGE, limit=PAGE)

    def ids(self, view: View) -> list[str]:
        """Return every case under the filters, in order."""
        return self._cut(view, offset=0, limit=max(1, self.frame.height)).rows["case_id"].to_list()

    def row(self, case_id: str | None) -> dict[str, Any] | None:
        """Return one row; None for a case that is not there or out of reach."""
        found = self.frame.filter(pl.col("case_id") == case_id) if case_id else self.frame.clear()
        return found.row(0, named=True) if found.height else None

    def beside(self, view: View, case_id: str | None, step: int) -> str | None:
        """Return the case before or after another one under the filters; at the end, the same."""
        ids = self.ids(view)
        if not ids:
            return None
        at = ids.index(case_id) if case_id in ids else (-1 if step > 0 else len(ids))
        return ids[min(max(at + step, 0), len(ids) - 1)]

    def _cut(self, view: View, *, offset: int, limit: int) -> WorkPage:
        soon = datetime.combine(self.desk.today + timedelta(days=7), datetime.max.time(), SHANGHAI)
        return work_page(
            self.frame,
            next_stage=view.next_stage or None,
            unit_id=view.unit or None,
            verdict=view.verdict or None,
            state=view.state or None,
            due_by=soon if view.due == "week" else None,
            late=True if view.due == "late" else False if view.due == "week" else None,
            text=view.text,
            offset=offset,
            limit=limit,
        )


_frames: _Kept[tuple[_Mark, pl.DataFrame]] = _Kept()


def _place(desk: CaseDesk) -> tuple[Any, ...]:
    scope = None if desk.actor.units is None else tuple(sorted(desk.actor.units))
    return (str(desk.engine.url), desk.round_id, scope, desk.today, desk.policy.digest)


def read_before(desk: CaseDesk) -> bool:
    """Tell whether the worklist was read before, so that reading it again takes no time to speak of."""
    return _frames.get(_place(desk)) is not None


def open_cases(desk: CaseDesk, look: Look) -> Listed:
    """Read the worklist, or what of it has changed since it was read last."""
    key = _place(desk)
    now = clock()
    with reading(desk.engine) as session:
        mark, kept = _mark(session), _frames.get(key)
        if kept is None or (changed := _changed(session, desk, kept[0])) is None:
            frame = worklist(session, round_id=desk.round_id, actor=desk.actor, now=now)
        elif changed:
            frame = _renewed(session, desk, kept[1], changed, now)
        else:
            frame = kept[1]
        _frames.put(key, (mark, frame))
        return Listed(desk, look, frame, steps_version(session, desk.round_id))


def _mark(session: Session) -> _Mark:
    numbers = (AuditEntry.seq, ReviewStep.seq, Judgement.seq, Evidence.evidence_id)
    return _Mark(*(int(session.exec(select(func.max(number))).one() or 0) for number in numbers))


def _changed(session: Session, desk: CaseDesk, seen: _Mark) -> set[str] | None:
    """Return the units whose cases moved since; None where more than that may have changed."""
    deeds = session.exec(select(AuditEntry.action).where(col(AuditEntry.seq) > seen.audit).distinct()).all()
    if not set(deeds) <= _ONE_BY_ONE:
        return None
    sources = (
        select(StepCase.case_id).where(col(StepCase.seq).in_(_undone(seen.steps))),
        select(StepCase.case_id).where(col(StepCase.seq) > seen.steps),
        select(Judgement.case_id).where(col(Judgement.seq) > seen.judgements),
        select(Evidence.case_id).where(col(Evidence.evidence_id) > seen.evidence),
    )
    units: set[str] = set()
    for source in sources:
        query = select(Case.unit_id).where(Case.round_id == desk.round_id, col(Case.case_id).in_(source)).distinct()
        units.update(session.exec(query))
    return {unit for unit in units if desk.actor.may_see(unit)}


def _undone(seen: int) -> Any:
    return select(ReviewStep.revokes).where(col(ReviewStep.seq) > seen, col(ReviewStep.revokes).is_not(None))


def _renewed(session: Session, desk: CaseDesk, frame: pl.DataFrame, units: set[str], now: datetime) -> pl.DataFrame:
    """Return a frame with the rows of some units read again; who is in it and in which order has not changed."""
    actor = Actor(desk.actor.id, desk.actor.name, desk.actor.role, frozenset(units))
    fresh = worklist(session, round_id=desk.round_id, actor=actor, now=now)
    order = frame.select("case_id").with_row_index("_at")
    rest = frame.filter(~pl.col("unit_id").is_in(list(units)))
    return pl.concat([rest, fresh]).join(order, on="case_id", how="left").sort("_at", nulls_last=True).drop("_at")


# -- words ---------------------------------------------------------------------------------------------------------


def stage_label(stage: str | None) -> str:
    """Return what a step is called; nothing for none."""
    return Stage(stage).label if stage else ""


def category_label(desk: CaseDesk, category: str | None) -> str:
    """Return what a category is called."""
    return next((one.label for one in desk.policy.categories if one.id == category), "未填")


def where(row: Mapping[str, Any], look: Look) -> str:
    """Return what is to be said of a row beside its verdict: what it waits for, or why it ended.

    What is missing hints at the cause of a hardship, so a projected page gives the number only.
    """
    if look.projected:
        return f"差 {len(row['lacking'])} 项" if row["lacking"] else ""
    if row["state"] == GONE:
        return f"已减员：{RemovalCause(row['why']).label}"
    if row["why"]:
        return str(row["why"])
    return f"差：{few(row['lacking'])}" if row["lacking"] else ""


def few(labels: Sequence[str]) -> str:
    """Return the first of many labels and how many there are; the case screen has all of them."""
    return "、".join(labels[:3]) + (f"等 {len(labels)} 项" if len(labels) > 3 else "")


def due(at: datetime | None, *, late: bool) -> str:
    """Return a deadline as it is read."""
    if at is None:
        return ""
    local = at.astimezone(SHANGHAI)
    clock_time = "" if (local.hour, local.minute) == (23, 59) else f" {local:%H:%M}"
    return f"{local:%m-%d}{clock_time}" + ("（已过）" if late else "")


def choices(listed: Listed, view: View) -> dict[str, dict[str, str]]:
    """Return filter → (label with its count → value), "" first; a value nobody has is left out unless it is chosen."""
    counts = listed.page(view).counts
    desk = listed.desk
    order = list(dict.fromkeys(str(stage) for stage in Stage))
    dimensions: dict[str, tuple[str, Mapping[str, str], Iterable[str]]] = {
        "state": ("state", STATES, STATES),
        "next_stage": ("next_stage", {str(stage): f"待{stage.label}" for stage in Stage}, order),
        "verdict": ("verdict", {str(one): one.label for one in Verdict}, [str(one) for one in Verdict]),
        "unit": ("unit_id", desk.unit_names, desk.unit_names),
    }
    found: dict[str, dict[str, str]] = {}
    for name, (dimension, labels, values) in dimensions.items():
        counted = counts[dimension]
        options = {f"全部 {sum(counted.values())}": ""}
        for value in values:
            if counted.get(value) or getattr(view, name) == value:
                options[f"{labels[value]} {counted.get(value, 0)}"] = value
        found[name] = options
    found["due"] = _due_choices(listed, view)
    return found


def _due_choices(listed: Listed, view: View) -> dict[str, str]:
    numbers = {value: listed.page(replace(view, due=value)).total for value in ("", *DUE)}
    return {f"{DUE.get(value, '全部')} {number}": value for value, number in numbers.items()}


def days(at: date | None) -> str:
    """Return a day as it is read in a table; nothing for none."""
    return f"{at:%Y-%m-%d}" if at else ""
