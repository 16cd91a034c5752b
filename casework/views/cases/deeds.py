"""Decisions, for one case and for many: the same command, a result per case, a reason for every refusal."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from casework.access import Actor
from casework.problems import CaseworkError, Conflict, Refused
from casework.review.chain import Chain
from casework.review.judgements import record_judgements
from casework.review.records import chains_of
from casework.review.steps import ELSEWHERE, record_step
from casework.rules import case_clauses
from casework.views.cases.desk import CaseDesk
from casework.views.cases.listing import Listed, View
from casework.views.desk import clock
from casework.views.html import badge, card, esc, failure, note, rows_table, tag
from casework.views.plans import Told, _key
from casework.vocabulary import Decision, Mark, Stage

STEP, ASK = "step:", "ask:"
_CLAUSE_ID: Final = re.compile(r"（[A-Z]+[0-9]*-[0-9A-Za-z.]+）")

DECISIONS: Final = {
    one.label: one.value for one in (Decision.AGREED, Decision.REFUSED, Decision.DEFERRED, Decision.RETURNED)
}
ANSWERS: Final = {one.label: one.value for one in (Mark.PRESENT, Mark.NONE, Mark.UNCHECKED)}

ONE_PERSON: Final = frozenset(
    {"skipped", "stopped", "already_done", "too_early", "too_late", "same_person", "no_path", "not_in_chain", "stale"}
    | {"nobody", "not_asked", "not_found", "no_reason"}
)
"""Refusals that are about one person; any other is said of everybody at once."""

MOST: Final = 2000
"""People of one batch: more than a round of any circular known has, and short enough for one transaction."""


@dataclass(frozen=True)
class Sitting:
    """What is being worked through, typed once for all its cases.

    Attributes:
        task: `step:<stage>` or `ask:<clause>`.
        body: Who decides or found so.
        on: The day.
        basis: Minutes, number of a document; of an answer: on what it rests.
        source: Of an answer: where that stands.
        signer: Who decided it on paper (代录).
        document: Where the signed paper lies.
        skip: Why weaker steps before it are passed over; "" passes over none.
        other: Why another body than the circular's carried it out, or why it is looked at again.
    """

    task: str = ""
    body: str = ""
    on: date | None = None
    basis: str = ""
    source: str = ""
    signer: str = ""
    document: str = ""
    skip: str = ""
    other: str = ""

    @property
    def stage(self) -> Stage | None:
        """Return the step; None where it is a question."""
        return Stage(self.task.removeprefix(STEP)) if self.task.startswith(STEP) else None

    @property
    def clause_id(self) -> str:
        """Return the question's clause; "" where it is a step."""
        return self.task.removeprefix(ASK) if self.task.startswith(ASK) else ""

    @property
    def choices(self) -> dict[str, str]:
        """Return what may be said of a case: label → value."""
        return ANSWERS if self.clause_id else DECISIONS


def sitting_of(task: str, given: Mapping[str, Any]) -> Sitting:
    """Return a sitting from what was typed; nothing of it is trusted to be of its type."""
    texts = ("body", "basis", "source", "signer", "document", "skip", "other")
    day = given.get("on")
    return Sitting(
        task,
        on=day if isinstance(day, date) else None,
        **{name: str(given.get(name) or "").strip() for name in texts},
    )


def tasks(listed: Listed, view: View) -> dict[str, str]:
    """Return what can be worked through, label → task: the steps of the chain, then the questions put to a person.

    What most people under the filters wait for comes first.
    """
    desk = listed.desk
    counts = listed.counted(view).counts["next_stage"]
    found: dict[str, str] = {}
    for stage, link in _links(chains_of(desk.policy)).items():
        if stage not in ELSEWHERE:
            who = "本级办理" if link.own else "下级办理、本级备查"
            found[f"{stage.label}（{who}）"] = f"{STEP}{stage.value}"
    steps = sorted(found.items(), key=lambda one: -counts.get(one[1].removeprefix(STEP), 0))
    asked = [clause for clause in case_clauses(desk.policy, desk.today) if clause.ask]
    for clause in asked:
        label = f"认定：{clause.label or clause.ask}（{clause.cite}）"
        found[label] = f"{ASK}{clause.id}"
    return dict([*steps, *(one for one in found.items() if one[1].startswith(ASK))])


def _links(chains: Mapping[str, Chain]) -> dict[Stage, Any]:
    return {link.stage: link for links in chains.values() for link in links}


def bodies(desk: CaseDesk, task: str) -> tuple[str, ...]:
    """Return the bodies the circular names for a step; none for a question."""
    if not task.startswith(STEP):
        return ()
    link = _links(chains_of(desk.policy)).get(Stage(task.removeprefix(STEP)))
    return link.bodies if link else ()


def task_words(desk: CaseDesk, task: str) -> str:
    """Return the clause's own words for a task, as HTML."""
    if task.startswith(STEP):
        link = _links(chains_of(desk.policy)).get(Stage(task.removeprefix(STEP)))
        return tag("p", esc(f"{link.cite}：{link.words}"), "cw-quote") if link else ""
    clause = next((one for one in desk.policy.clauses if one.id == task.removeprefix(ASK)), None)
    if clause is None:
        return ""
    return tag("p", esc(clause.ask), "cw-ask") + tag("p", esc(f"{clause.cite}：{clause.words}"), "cw-quote")


# -- recording -------------------------------------------------------------------------------------------------


@dataclass
class Results:
    """What became of each case of a batch."""

    done: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    general: str = ""
    """Why nothing could be recorded for anybody."""

    @property
    def any(self) -> bool:
        """Tell whether the ledger changed."""
        return bool(self.done)


def decide(  # noqa: PLR0913 - of whom, what, by whom
    desk: CaseDesk,
    actor: Actor,
    page: str,
    sitting: Sitting,
    case_ids: Sequence[str],
    *,
    choice: str,
    reason: str,
    seen: int,
) -> Results:
    """Record one decision or answer for people: in one command where it holds for all of them.

    Whoever is refused is found by halving, so that the others are recorded all the same and each refusal carries
    its own sentence.
    """
    results = Results()
    if not case_ids:
        results.general = "请先选定人。"
    elif len(case_ids) > MOST:
        results.general = f"一次最多办 {MOST} 人，请先按单位筛选。"
    elif choice not in sitting.choices.values():
        results.general = "请先选定结果。"
    elif sitting.on is None:
        results.general = "请填写日期。"
    elif sitting.stage is not None and choice != Decision.AGREED.value and not reason:
        results.general = f"{Decision(choice).label}要写明理由。"
    else:
        _halve(
            lambda part: _record(desk, actor, page, sitting, part, choice=choice, reason=reason, seen=seen),
            case_ids,
            results,
        )
    return results


def _halve(deed: Callable[[Sequence[str]], object], case_ids: Sequence[str], results: Results) -> None:
    if results.general:
        return
    try:
        deed(case_ids)
        results.done.extend(case_ids)
    except Exception as error:  # noqa: BLE001 - each is said where it belongs, the log has the type
        personal = isinstance(error, (Refused, Conflict)) and error.reason_code in ONE_PERSON
        if not personal:
            results.general = failure(error)
        elif len(case_ids) == 1:
            results.refused[case_ids[0]] = failure(error)
        else:
            middle = len(case_ids) // 2
            _halve(deed, case_ids[:middle], results)
            _halve(deed, case_ids[middle:], results)


def _record(  # noqa: PLR0913 - one command's worth
    desk: CaseDesk,
    actor: Actor,
    page: str,
    sitting: Sitting,
    case_ids: Sequence[str],
    *,
    choice: str,
    reason: str,
    seen: int,
) -> object:
    content = {"cases": list(case_ids), "choice": choice, "reason": reason, "seen": seen, "sitting": vars(sitting)}
    common: dict[str, Any] = {
        "round_id": desk.round_id,
        "case_ids": case_ids,
        "body": sitting.body,
        "basis": sitting.basis,
        "on": sitting.on,
        "actor": actor,
        "now": clock(),
        "key": _key(page, "decide", content),
    }
    if sitting.clause_id:
        return record_judgements(
            desk.engine, clause_id=sitting.clause_id, value=Mark(choice), source=sitting.source, **common
        )
    stage = sitting.stage
    if stage is None:
        raise Refused("no_task", "请先选定办什么。")
    links = _links(chains_of(desk.policy))
    skip = {before: sitting.skip for before, link in links.items() if sitting.skip and link.soft}
    return record_step(
        desk.engine,
        stage=stage,
        expected_version=seen,
        results={case_id: (Decision(choice), reason) for case_id in case_ids},
        signer=sitting.signer,
        document=sitting.document,
        skip=skip,
        reason=sitting.other,
        **common,
    )


def record_package(  # noqa: PLR0913 - of whom, what, by whom
    desk: CaseDesk, actor: Actor, page: str, sitting: Sitting, unit_id: str, *, seen: int
) -> Told:
    """Record a step once for a unit's whole package: it holds for everyone of the unit whose turn it is."""
    stage = sitting.stage
    if stage is None or not unit_id or sitting.on is None:
        said = "整包登记只用于环节，并要先选定单位和日期。"
        return Told(done=False, html=note(said, "warn"))
    content = {"unit": unit_id, "seen": seen, "sitting": vars(sitting)}
    try:
        done = record_step(
            desk.engine,
            round_id=desk.round_id,
            stage=stage,
            body=sitting.body,
            on=sitting.on,
            expected_version=seen,
            actor=actor,
            now=clock(),
            key=_key(page, "package", content),
            unit_id=unit_id,
            basis=sitting.basis,
            document=sitting.document,
            signer=sitting.signer,
            reason=sitting.other,
        )
    except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
        return Told(done=False, html=note(failure(error), "warn" if isinstance(error, CaseworkError) else "error"))
    unit = desk.unit_names.get(unit_id, "")
    return Told(done=True, html=note(f"已为{unit}整包登记“{stage.label}”，共 {done['people']} 人。", "ok"))


def without_ids(sentence: str) -> str:
    """Return a sentence without the numbers clauses have in a pack: an officer knows them by their place and words."""
    return _CLAUSE_ID.sub("", sentence)


def results_html(listed: Listed, results: Results, said: str) -> str:
    """Return what became of each case; a single recorded one in a line."""
    if results.general:
        return note(without_ids(results.general), "warn")
    known = listed.names((*results.done, *results.refused))
    names = {row: listed.look.name(known.get(row)) for row in (*results.done, *results.refused)}
    if len(names) == 1:
        [(case_id, name)] = names.items()
        why = results.refused.get(case_id)
        return note(without_ids(why), "warn") if why else note(f"{name}：{said}", "ok")
    summary = f"已登记 {len(results.done)} 人" + (f"，{len(results.refused)} 人没有登记" if results.refused else "")
    rows = [(names[case], badge("没有登记", "red"), without_ids(why)) for case, why in results.refused.items()]
    rows += [(names[case], badge("已登记", "green"), said) for case in results.done]
    table = tag("div", rows_table(("姓名", "结果", "说明"), rows, raw=(1,)), "cw-scroll cw-short")
    return note(summary, "warn" if results.refused else "ok") + card("逐人结果", table)
