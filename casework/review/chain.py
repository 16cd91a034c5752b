"""The chain of steps a circular prescribes, and what may be recorded next. Pure: a policy and dates in, links out.

The chain comes from the pack's `step` and `public_notice` clauses alone. A step may be recorded once every earlier
one was; a step of a clause weaker than *must*, or one that another clause sets aside, may be passed over with a
reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, TypeAlias

from casework.dates import chinese
from casework.policy import Clause, Policy
from casework.problems import Refused
from casework.shapes.procedure import PublicNotice, Step
from casework.vocabulary import Decision, Force, Stage

ROLES: Final[Mapping[Stage, str]] = {
    Stage.NOMINATION: "提出",
    Stage.RECOMMENDATION: "提出",
    Stage.PROPOSAL: "提出",
    Stage.FIRST_REVIEW: "审核",
    Stage.UNIT_REVIEW: "审核",
    Stage.SECOND_REVIEW: "审核",
    Stage.DETERMINATION: "签批",
}
"""Which of the three roles a stage is: nobody may hold two of them for one person."""


@dataclass(frozen=True)
class Link:
    """One step of the chain with the clause that asks for it.

    Attributes:
        own: Whether this office carries it out; else the unit does and this office keeps the record (备查).
        notice: The notice's own terms, where the step is a public notice.
        excepted_by: Clauses that set this step aside for some people.
    """

    stage: Stage
    clause_id: str
    cite: str
    words: str
    bodies: tuple[str, ...]
    own: bool
    force: Force
    decision: bool
    quorum: str | None = None
    notice: PublicNotice | None = None
    excepted_by: tuple[str, ...] = ()

    @property
    def soft(self) -> bool:
        """Tell whether it may be passed over with a reason."""
        return self.force is not Force.MUST or bool(self.excepted_by)

    def said(self) -> str:
        """Return the clause as an officer reads it: cite and words."""
        return f"{self.cite}规定“{self.words}”"


Chain: TypeAlias = tuple[Link, ...]


@dataclass(frozen=True)
class Done:
    """What is on record of one step for one person.

    Attributes:
        seq: The number of the record.
        until: The last day, of a public notice.
        person: Who decided it by name, where a person did.
        passed_over: The step was not carried out, with the reason.
    """

    seq: int
    stage: Stage
    result: Decision
    on: date
    until: date | None = None
    body: str = ""
    person: str = ""
    reason: str = ""
    recorded_name: str = ""
    recorded_at: datetime | None = None
    passed_over: bool = False

    @property
    def holds(self) -> bool:
        """Tell whether the person may go on."""
        return self.result in (Decision.AGREED, Decision.ADDED, Decision.CHANGED_AMOUNT)


History: TypeAlias = Mapping[Stage, Done]
"""The record that counts of each stage, for one person."""


# -- the chain -------------------------------------------------------------------------------------------------


def chain(policy: Policy, path: str | None) -> Chain:
    """Return the steps of one path in their order.

    Each step comes after those its clause names; where the circular leaves two of them side by side, the one it
    names first comes first. The cancelling of a qualification is no step of the chain but its end.

    Args:
        policy: The circular.
        path: A path of the circular; "" or None for the only one.
    """
    found: dict[Stage, tuple[Clause, Step | PublicNotice]] = {}
    for clause in policy.clauses:
        shape = clause.shape
        if isinstance(shape, (Step, PublicNotice)) and _on_path(clause, shape, path):
            stage = shape.stage if isinstance(shape, Step) else Stage.PUBLIC_NOTICE
            if stage is not Stage.WITHDRAWN:
                found.setdefault(stage, (clause, shape))
    own = {stage for stage, (_, shape) in found.items() if isinstance(shape, Step) and shape.level == "own"}
    order = _in_order({stage: shape for stage, (_, shape) in found.items()})
    return tuple(_link(policy, stage, *found[stage], own=own) for stage in order)


def _on_path(clause: Clause, shape: Step | PublicNotice, path: str | None) -> bool:
    return (not shape.paths or path in shape.paths) and (not clause.for_paths or path in clause.for_paths)


def _in_order(shapes: Mapping[Stage, Step | PublicNotice]) -> list[Stage]:
    waiting = {stage: [s for s in shape.after if s in shapes and s is not stage] for stage, shape in shapes.items()}
    ordered: list[Stage] = []
    while waiting:
        free = [stage for stage, after in waiting.items() if all(s in ordered for s in after)]
        # A circle cannot be carried out; the order of the circular is then as good as any.
        stage = free[0] if free else next(iter(waiting))
        ordered.append(stage)
        del waiting[stage]
    return ordered


def _link(policy: Policy, stage: Stage, clause: Clause, shape: Step | PublicNotice, *, own: set[Stage]) -> Link:
    notice = shape if isinstance(shape, PublicNotice) else None
    return Link(
        stage=stage,
        clause_id=clause.id,
        cite=clause.cite,
        words=clause.words,
        bodies=shape.bodies if isinstance(shape, Step) else (),
        # Who decided what is published publishes it.
        own=stage in own if notice is None else any(s in own for s in notice.after),
        force=clause.force,
        decision=isinstance(shape, Step) and shape.decision,
        quorum=shape.quorum if isinstance(shape, Step) else None,
        notice=notice,
        excepted_by=tuple(other.id for other in policy.clauses if clause.id in other.excepts),
    )


def link_of(links: Chain, stage: Stage, *, name: str = "") -> Link:
    """Return the link of a stage.

    Raises:
        Refused: `not_in_chain`.
    """
    for link in links:
        if link.stage is stage:
            return link
    whose = f"{name}这一路" if name else "这份通知"
    raise Refused("not_in_chain", f"{whose}没有“{stage.label}”这个环节")


# -- where somebody stands ---------------------------------------------------------------------------------------


def missing(history: History, links: Chain, *, before: Stage | None = None) -> Chain:
    """Return the steps that are not on record, in order: those before a stage, or all of them."""
    wanted = []
    for link in links:
        if link.stage is before:
            break
        done = history.get(link.stage)
        if done is None or not done.holds:
            wanted.append(link)
    return tuple(wanted)


def next_steps(history: History, links: Chain) -> Chain:
    """Return what may be recorded next: the first missing step, and what follows while it may be passed over.

    Nothing follows for somebody a body has refused.
    """
    if stopped(history) is not None:
        return ()
    following = []
    for link in missing(history, links):
        following.append(link)
        if not link.soft:
            break
    return tuple(following)


def stopped(history: History) -> Done | None:
    """Return the refusal that ended it for somebody, or None."""
    return next((done for done in history.values() if done.result is Decision.REFUSED), None)


def last_done(history: History) -> Done | None:
    """Return the step carried out last."""
    return max((done for done in history.values() if done.holds), key=lambda done: (done.on, done.seq), default=None)


# -- what is refused ---------------------------------------------------------------------------------------------


def check_order(
    history: History, links: Chain, *, stage: Stage, name: str, skip: Mapping[Stage, str] | None = None
) -> tuple[Stage, ...]:
    """Check that nothing is skipped before `stage`; return the weaker steps that are passed over with a reason.

    Raises:
        Refused: `not_in_chain`, `stopped`, `skipped` (naming the clause and its words), `no_reason`.
    """
    link_of(links, stage, name=name)
    end = stopped(history)
    if end is not None and end.stage is not stage:
        raise Refused("stopped", f"{name}在“{end.stage.label}”环节未获同意（{end.reason}），不能再往下办")
    passed = []
    for link in missing(history, links, before=stage):
        reason = (skip or {}).get(link.stage)
        if reason is None or not link.soft:
            hint = "" if not link.soft else "；确需越过的，请写明理由"
            words = f"{link.said()}（{link.clause_id}）{hint}"
            raise Refused("skipped", f"{name}还没有办“{link.stage.label}”，不能直接办“{stage.label}”：{words}")
        if not reason.strip():
            raise Refused("no_reason", f"越过“{link.stage.label}”要写明理由")
        passed.append(link.stage)
    return tuple(passed)


def check_days(  # noqa: PLR0913 - whose, which, when
    history: History, links: Chain, *, stage: Stage, on: date, today: date, name: str
) -> None:
    """Check that a step is neither in the future nor before an earlier one, nor after a later one.

    Raises:
        Refused: `future`, `too_early` (also while a public notice still runs), `too_late`.
    """
    if on > today:
        raise Refused("future", f"“{stage.label}”的日期{chinese(on)}还没有到，请办完再登记")
    behind = False
    for link in links:
        if link.stage is stage:
            behind = True
            continue
        done = history.get(link.stage)
        if done is None or not done.holds or done.passed_over:
            continue
        if not behind and link.notice is not None and done.until is not None and on <= done.until:
            since = chinese(done.until + timedelta(days=1))
            raise Refused("too_early", f"{name}的公示到{chinese(done.until)}为止，{since}起才能办“{stage.label}”")
        days = f"（{chinese(on)}）不能{{}}“{link.stage.label}”（{chinese(done.on)}）"
        if not behind and on < done.on:
            raise Refused("too_early", f"{name}的“{stage.label}”{days.format('早于')}")
        # Whom a meeting added makes up for the earlier steps afterwards.
        if behind and on > done.on and not _added(history):
            raise Refused("too_late", f"{name}的“{stage.label}”{days.format('晚于')}")


def _added(history: History) -> bool:
    return any(done.result is Decision.ADDED for done in history.values())


def check_body(link: Link, body: str, *, reason: str = "") -> None:
    """Check that the body is one the circular names, e.g. 业州镇党委 for 党委; a weaker clause asks for a reason.

    Raises:
        Refused: `no_body`, `other_body`.
    """
    if not body.strip():
        raise Refused("no_body", f"“{link.stage.label}”要写明由谁办理")
    if not link.bodies or any(body == one or body.endswith(one) for one in link.bodies):
        return
    if link.force is not Force.MUST and reason.strip():
        return
    named = "、".join(link.bodies)
    hint = "" if link.force is Force.MUST else "；确由其他组织办理的，请写明理由"
    raise Refused("other_body", f"“{link.stage.label}”应由{named}办理，读到“{body}”：{link.said()}{hint}")


def check_persons(history: History, *, stage: Stage, person: str, name: str) -> None:
    """Check that nobody proposes, reviews and signs for one person.

    Raises:
        Refused: `same_person`.
    """
    role = ROLES.get(stage)
    if not person or role is None:
        return
    for done in history.values():
        other = ROLES.get(done.stage)
        if other is not None and other != role and done.person == person:
            raise Refused("same_person", f"{name}已由{person}{other}，{role}须由另一人办理")


def refusals_with_reason(results: Mapping[str, tuple[Decision, str]], names: Mapping[str, str]) -> None:
    """Check that whoever is not agreed to carries a reason.

    Raises:
        Refused: `no_reason`, naming the first person.
    """
    for case_id, (result, reason) in results.items():
        if result is not Decision.AGREED and not reason.strip():
            raise Refused("no_reason", f"{names.get(case_id, case_id)}：{result.label}要写明理由")


def labels(links: Sequence[Link]) -> str:
    """Return the names of steps in one line."""
    return "、".join(link.stage.label for link in links)
