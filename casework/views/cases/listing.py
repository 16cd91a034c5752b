"""The worklist of a page: counted once per state of the ledger, and only the units a page reaches into are worked out.

After a step, an answer or a paper only the units concerned are worked out again, so that fifty cases in a row stay
quick in a ledger of ten thousand. The outcome of a case is stored nowhere: to count the outcomes every case is
assessed. Beyond `AT_ONCE` cases, which no county has, that filter is therefore not offered.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlmodel import Session, col, func, select

from casework.dates import SHANGHAI
from casework.db import reading
from casework.models import AuditEntry, Case, Evidence, Judgement
from casework.models_review import ReviewStep, StepCase
from casework.review.records import steps_version
from casework.review.worklist import DONE, GONE, HELD, OPEN, REFUSED, WorkPage
from casework.review.worklist_paged import AT_ONCE, WorkGroups, work_groups
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
        groups: Where everyone within the actor's scope stands, counted.
        version: The steps' version that was seen.
    """

    desk: CaseDesk
    look: Look
    groups: WorkGroups
    version: int
    _named: dict[str, WorkGroups] = field(default_factory=dict)

    @property
    def outcomes(self) -> bool:
        """Tell whether the outcomes are counted, and so may be narrowed to."""
        return self.groups.outcomes

    def page(self, view: View) -> WorkPage:
        """Return one page with the counts of every filter."""
        return self._cut(view, offset=view.page * PAGE, limit=PAGE)

    def counted(self, view: View) -> WorkPage:
        """Return the counts of every filter, and no rows."""
        return self._cut(view, offset=0, limit=0)

    def ids(self, view: View) -> list[str]:
        """Return every case under the filters, in order."""
        return self._cut(view, offset=0, limit=max(1, self.counted(view).total)).rows["case_id"].to_list()

    def row(self, case_id: str | None) -> dict[str, Any] | None:
        """Return one row; None for a case that is not there or out of reach."""
        if not case_id:
            return None
        with reading(self.desk.engine) as session:
            found = self.groups.rows_of(session, [case_id])
        return found.row(0, named=True) if found.height else None

    def names(self, case_ids: Collection[str]) -> dict[str, str | None]:
        """Return case → name."""
        with reading(self.desk.engine) as session:
            return dict(self.groups.rows_of(session, case_ids).select("case_id", "name").iter_rows())

    def in_order(self, case_ids: Collection[str]) -> list[str]:
        """Return these cases in the order of the worklist, without those out of reach."""
        with reading(self.desk.engine) as session:
            return self.groups.rows_of(session, case_ids)["case_id"].to_list()

    def beside(self, view: View, case_id: str | None, step: int) -> str | None:
        """Return the case before or after another one under the filters; at the end, the same."""
        total = self.counted(view).total
        if not total:
            return None
        groups = self._groups(view)
        with reading(self.desk.engine) as session:
            at = groups.place(session, case_id, **self._filters(view)) if case_id else None
        at = (-1 if step > 0 else total) if at is None else at
        there = self._cut(view, offset=min(max(at + step, 0), total - 1), limit=1).rows["case_id"]
        return str(there[0]) if len(there) else None

    def _cut(self, view: View, *, offset: int, limit: int) -> WorkPage:
        groups = self._groups(view)
        with reading(self.desk.engine) as session:
            return groups.page(session, **self._filters(view), offset=offset, limit=limit)

    def _groups(self, view: View) -> WorkGroups:
        """Return the groups of those who have the words looked for; counted once."""
        words = view.text.strip()
        if not words:
            return self.groups
        if words not in self._named:
            with reading(self.desk.engine) as session:
                self._named[words] = self.groups.named(session, words)
        return self._named[words]

    def _filters(self, view: View) -> dict[str, Any]:
        soon = datetime.combine(self.desk.today + timedelta(days=7), datetime.max.time(), SHANGHAI)
        return {
            "next_stage": view.next_stage or None,
            "unit_id": view.unit or None,
            "verdict": view.verdict or None if self.outcomes else None,
            "state": view.state or None,
            "due_by": soon if view.due == "week" else None,
            "late": True if view.due == "late" else False if view.due == "week" else None,
        }


_counted: _Kept[tuple[_Mark, WorkGroups]] = _Kept()


def _place(desk: CaseDesk) -> tuple[Any, ...]:
    scope = None if desk.actor.units is None else tuple(sorted(desk.actor.units))
    return (str(desk.engine.url), desk.round_id, scope, desk.today, desk.policy.digest)


def read_before(desk: CaseDesk) -> bool:
    """Tell whether the worklist was read before, so that reading it again takes no time to speak of."""
    return _counted.get(_place(desk)) is not None


def open_cases(desk: CaseDesk, look: Look) -> Listed:
    """Count the worklist, or what of it has changed since it was counted last."""
    key = _place(desk)
    with reading(desk.engine) as session:
        mark, kept = _mark(session), _counted.get(key)
        changed = _changed(session, desk, kept[0]) if kept else None
        if kept is None or changed is None:
            told: dict[str, Any] = {"round_id": desk.round_id, "actor": desk.actor, "now": clock()}
            groups = work_groups(session, outcomes=desk.cases <= AT_ONCE, **told)
        else:
            groups = kept[1].renewed(session, changed, now=clock()) if changed else kept[1]
        _counted.put(key, (mark, groups))
        return Listed(desk, look, groups, steps_version(session, desk.round_id))


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
    counts = listed.counted(view).counts
    desk = listed.desk
    order = list(dict.fromkeys(str(stage) for stage in Stage))
    dimensions: dict[str, tuple[str, Mapping[str, str], Iterable[str]]] = {
        "state": ("state", STATES, STATES),
        "next_stage": ("next_stage", {str(stage): f"待{stage.label}" for stage in Stage}, order),
        "verdict": ("verdict", {str(one): one.label for one in Verdict}, [str(one) for one in Verdict]),
        "unit": ("unit_id", desk.unit_names, desk.unit_names),
    }
    found: dict[str, dict[str, str]] = {}
    if not listed.outcomes:
        del dimensions["verdict"]
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
    numbers = {value: listed.counted(replace(view, due=value)).total for value in ("", *DUE)}
    return {f"{DUE.get(value, '全部')} {number}": value for value, number in numbers.items()}


def days(at: date | None) -> str:
    """Return a day as it is read in a table; nothing for none."""
    return f"{at:%Y-%m-%d}" if at else ""
