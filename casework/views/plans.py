"""方案: what is saved, how two differ, and the deeds on them; every deed is one command, once."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import polars as pl

from casework.access import Actor
from casework.adoption import adopt, in_force, move_places, transfers, withdraw_adoption
from casework.allocation import Allocation, Parameters
from casework.comparison import changes, difference
from casework.dates import chinese
from casework.db import reading
from casework.ledger import Result, record_ruling
from casework.models import Adoption, PlaceTransfer, Scenario
from casework.money import yuan
from casework.problems import CaseworkError
from casework.scenarios import parameters_of, save_scenario, scenarios
from casework.views.desk import Desk, _Kept, clock, version_code
from casework.views.html import badge, esc, failure, note, rows_table, shown, tag
from casework.views.margins import difference_html
from casework.views.sheet import Sheet, Typed, sheet_of
from casework.vocabulary import Act, ScenarioState

CIRCULAR: Final = "通知原定"
WORKSHEET: Final = "当前工作表"

_results: _Kept[Allocation | str] = _Kept()


@dataclass(frozen=True)
class Told:
    """What came of a deed: whether the ledger changed, and the sentence about it."""

    done: bool
    html: str
    chosen: str = ""
    """The scenario to go on with, where the deed made one."""


@dataclass(frozen=True, eq=False)
class Book:
    """The scenarios of a round with what is in force, read at one moment."""

    scenarios: tuple[Scenario, ...] = ()
    adopted: Mapping[Act, Adoption] = field(default_factory=dict)
    moved: tuple[PlaceTransfer, ...] = ()

    def find(self, scenario_id: object) -> Scenario | None:
        """Return a scenario by id."""
        return next((one for one in self.scenarios if one.scenario_id == scenario_id), None)

    @property
    def choices(self) -> dict[str, str]:
        """Return name → id, in the order they were made."""
        return {one.name: one.scenario_id for one in self.scenarios}

    @property
    def in_force(self) -> dict[str, str]:
        """Return the adoptions that hold: label → id."""
        return {act.label: adoption.adoption_id for act, adoption in self.adopted.items()}


def new_key() -> str:
    """Return a page's own secret for its commands' keys."""
    return uuid.uuid4().hex


def open_book(desk: Desk) -> Book:
    """Read the scenarios of the round."""
    with reading(desk.engine) as session:
        found = {act: in_force(session, desk.round_id, act) for act in Act}
        return Book(
            tuple(scenarios(session, desk.round_id)),
            {act: adoption for act, adoption in found.items() if adoption is not None},
            tuple(transfers(session, desk.round_id)),
        )


def _result(desk: Desk, parameters: Parameters) -> Allocation | str:
    """Return what a parameter set comes to, or the sentence why it does not; kept per data version."""
    key = (desk.version, desk.policy.digest, desk.with_cases, parameters.to_json())
    kept = _results.get(key)
    if kept is not None:
        return kept
    try:
        return _results.put(key, desk.assessed.allocate(parameters))
    except CaseworkError as error:
        return _results.put(key, error.sentence)


# -- looking -------------------------------------------------------------------------------------------------------


@shown
def scenario_table(desk: Desk, book: Book) -> str:
    """Return the saved scenarios with what each comes to on today's facts."""
    if not book.scenarios:
        how = "在“名额与资金”里调好以后，在这里起个名字保存。" if desk.actor.may_write() else ""
        return note("还没有保存的方案。" + how)
    rows = []
    for one in book.scenarios:
        acts = [act.label for act, adoption in book.adopted.items() if adoption.scenario_id == one.scenario_id]
        state = badge(ScenarioState(one.state).label, "green" if one.state == ScenarioState.ADOPTED.value else "")
        state += "".join(" " + badge(f"{label}已确定", "green") for label in acts)
        made = one.created_at.astimezone()
        rows.append((one.name, state, *_sums(desk, parameters_of(one)), f"{made:%Y-%m-%d %H:%M}"))
    head = ("方案", "状态", "名额", "人数", "金额（元）", "余额（元）", "保存时间")
    return tag("div", rows_table(head, rows, numbers=(2, 3, 4, 5), raw=(1,)), "cw-scroll")


def _sums(desk: Desk, parameters: Parameters) -> tuple[object, ...]:
    result = _result(desk, parameters)
    if isinstance(result, str):
        return "", "", result, ""
    people = result.totals["people"] if desk.with_cases else "—"
    balance = "未定" if result.balance_fen is None else yuan(result.balance_fen)
    return result.totals["places"], people, yuan(result.totals["amount_fen"]), balance


def comparable(book: Book) -> dict[str, str]:
    """Return what can be compared: the circular, the worksheet, every saved scenario."""
    return {CIRCULAR: CIRCULAR, WORKSHEET: WORKSHEET, **book.choices}


@shown
def comparison(desk: Desk, book: Book, typed: Typed, old: str, new: str) -> str:
    """Return what was changed from one scenario to another, and who enters or leaves through it."""
    before, after = _parameters(book, typed, old), _parameters(book, typed, new)
    if before is None or after is None:
        return note("请选两个方案。")
    steps = list(changes(desk.policy, desk.assessed.facts.units, before, after))
    if not steps:
        return note("两个方案相同。")
    listed = tag("ul", "".join(tag("li", esc(step.label)) for step in steps), "cw-found")
    sums = []
    for name, parameters in ((old, before), (new, after)):
        label = next((one.name for one in book.scenarios if one.scenario_id == name), name)
        sums.append((label, *_sums(desk, parameters)))
    head = ("方案", "名额", "人数", "金额（元）", "余额（元）")
    totals = rows_table(head, sums, numbers=(1, 2, 3, 4))
    if not desk.with_cases:
        return totals + listed
    moved = difference(desk.assessed, desk.assessed, before, after)
    return totals + tag("h4", "改动") + listed + tag("h4", "进、出、变额") + difference_html(desk, moved)


def _parameters(book: Book, typed: Typed, name: str) -> Parameters | None:
    if name == CIRCULAR:
        return Parameters()
    if name == WORKSHEET:
        return typed.parameters
    found = book.find(name)
    return None if found is None else parameters_of(found)


@shown
def in_force_html(book: Book) -> str:
    """Return the two acts and how far each has come."""
    parts = []
    for act, hint in ((Act.PLACES, "不需要名单，确定后开放申报"), (Act.LIST, "以确定的名额方案为准")):
        adoption = book.adopted.get(act)
        if adoption is None:
            parts.append(tag("p", f"{badge(act.label)} 尚未确定　{tag('span', esc(hint), 'cw-muted')}"))
            continue
        one = book.find(adoption.scenario_id)
        said = f"“{one.name if one else ''}”，{chinese(adoption.adopted_at.astimezone().date())}确定"
        code = tag("span", esc(f"　校验码 {version_code(adoption.fingerprint)}"), "cw-muted")
        parts.append(tag("p", badge(act.label, "green") + " " + esc(said) + code))
    return "".join(parts)


@shown
def transfers_html(desk: Desk, book: Book) -> str:
    """Return the movements of places with the numbers before and after."""
    if not book.moved:
        return ""
    rows = [
        (
            chinese(moved.made_at.astimezone().date()),
            f"{desk.label(moved.from_cell)}（{moved.before[moved.from_cell]} → {moved.after[moved.from_cell]}）",
            f"{desk.label(moved.to_cell)}（{moved.before[moved.to_cell]} → {moved.after[moved.to_cell]}）",
            moved.places,
            moved.reason,
            moved.basis,
        )
        for moved in book.moved
    ]
    return rows_table(("日期", "调出", "调入", "名额", "理由", "依据"), rows, numbers=(3,))


def sheet_of_scenario(desk: Desk, book: Book, scenario_id: object) -> Sheet | None:
    """Return a saved scenario as fields of the worksheet."""
    found = book.find(scenario_id)
    return None if found is None else sheet_of(desk, parameters_of(found))


# -- deeds ---------------------------------------------------------------------------------------------------------


def _key(page: str, action: str, content: Mapping[str, object]) -> str:
    """Return the key of one intended deed of one page: pressing twice is the same deed."""
    text = json.dumps([page, action, content], ensure_ascii=False, sort_keys=True, default=str)
    return uuid.uuid5(uuid.NAMESPACE_OID, text).hex


def _do(deed: Callable[[], Result], said: Callable[[Result], str]) -> Told:
    try:
        done = deed()
        return Told(done=True, html=note(said(done), "ok"), chosen=str(done.get("scenario_id", "")))
    except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
        return Told(done=False, html=note(failure(error), "error" if not isinstance(error, CaseworkError) else "warn"))


def _refuse(said: str) -> Told:
    return Told(done=False, html=note(said, "warn"))


def save(  # noqa: PLR0913 - whose, on which page, what, under which name
    desk: Desk, actor: Actor, page: str, typed: Typed, *, name: str = "", over: Scenario | None = None
) -> Told:
    """Save the worksheet as a scenario: under a new name, or over a draft (`over`)."""
    if typed.problems:
        return _refuse(f"工作表里有 {len(typed.problems)} 处没有填对，请先改正再保存。")
    title = over.name if over is not None else name.strip()
    content = {"name": title, "to": typed.parameters.to_json(), "version": over.version if over is not None else None}
    return _do(
        lambda: save_scenario(
            desk.engine,
            round_id=desk.round_id,
            name=title,
            parameters=typed.parameters,
            actor=actor,
            now=clock(),
            key=_key(page, "save", content),
            scenario_id=over.scenario_id if over is not None else "",
            expected_version=over.version if over is not None else None,
        ),
        lambda _: f"已更新方案“{title}”。" if over is not None else f"已保存方案“{title}”。",
    )


def adopt_scenario(desk: Desk, actor: Actor, page: str, scenario: Scenario | None, act: Act) -> Told:
    """Adopt a scenario in one of the two acts; the ledger computes it anew and may refuse."""
    if scenario is None:
        return _refuse("请先选一个已保存的方案。")
    content = {"scenario": scenario.scenario_id, "version": scenario.version}
    return _do(
        lambda: adopt(
            desk.engine,
            scenario_id=scenario.scenario_id,
            act=act,
            expected_version=scenario.version,
            actor=actor,
            now=clock(),
            key=_key(page, f"adopt {act.value}", content),
        ),
        lambda _: f"已将“{scenario.name}”确定为正式的{act.label}。",
    )


def withdraw(desk: Desk, actor: Actor, page: str, adoption: Adoption | None, reason: str) -> Told:
    """Withdraw an adoption with a reason."""
    if adoption is None:
        return _refuse("请选择要撤回的正式方案。")
    content = {"adoption": adoption.adoption_id, "version": adoption.version, "reason": reason}
    return _do(
        lambda: withdraw_adoption(
            desk.engine,
            adoption_id=adoption.adoption_id,
            reason=reason,
            expected_version=adoption.version,
            actor=actor,
            now=clock(),
            key=_key(page, "withdraw", content),
        ),
        lambda _: f"已撤回正式的{Act(adoption.act).label}，理由已记入台账。",
    )


def transfer(desk: Desk, actor: Actor, page: str, asked: Mapping[str, Any]) -> Told:
    """Move unused places of the adopted plan; the same movement twice needs another reason or basis."""
    places = asked.get("places")
    if not isinstance(places, int | float) or not float(places).is_integer():
        return _refuse("调剂的名额要填整数。")
    content = {name: asked.get(name) for name in ("out", "into", "places", "reason", "basis")}
    return _do(
        lambda: move_places(
            desk.engine,
            round_id=desk.round_id,
            from_cell=str(asked.get("out") or ""),
            to_cell=str(asked.get("into") or ""),
            places=int(places),
            reason=str(asked.get("reason") or ""),
            basis=str(asked.get("basis") or ""),
            actor=actor,
            now=clock(),
            key=_key(page, "transfer", content),
        ),
        lambda done: f"已调剂 {int(places)} 名：调出后 {done['places_from']} 名，调入后 {done['places_to']} 名。",
    )


def settle(desk: Desk, actor: Actor, page: str, tie: Mapping[str, Any] | None, asked: Mapping[str, Any]) -> Told:
    """Record what a meeting or a lot settled at a line: the chosen first, then the others."""
    if tie is None:
        return _refuse("没有待研究的并列。")
    people: dict[str, str] = tie["people"]
    chosen = [case for case in asked.get("chosen") or () if case in people.values()]
    if len(set(chosen)) != tie["seats"]:
        return _refuse(f"请正好选出 {tie['seats']} 人，现选了 {len(set(chosen))} 人。")
    day = asked.get("on")
    if not isinstance(day, date) or day > desk.as_of:
        return _refuse(f"研究日期要填，且不晚于本轮情况截止日 {chinese(desk.as_of)}，否则不会计入本轮。")
    lot = asked.get("kind") == "lot"
    details = {"seed": asked.get("seed"), "witnesses": asked.get("witnesses")} if lot else None
    order = [*chosen, *(case for case in people.values() if case not in chosen)]
    content = {
        "cell": tie["cell"],
        "order": order,
        **{name: asked.get(name) for name in ("basis", "body", "on", "kind")},
    }
    return _do(
        lambda: record_ruling(
            desk.engine,
            round_id=desk.round_id,
            kind="lot" if lot else "tie",
            cell=str(tie["cell"]),
            order=order,
            basis=str(asked.get("basis") or ""),
            body=str(asked.get("body") or ""),
            actor=actor,
            now=clock(),
            key=_key(page, "settle", content),
            decided_on=day,
            details=details,
        ),
        lambda _: f"已登记{tie['label']}的{'抽签' if lot else '研究'}结果，名单随之更新。",
    )


def unused(result: Allocation) -> pl.DataFrame:
    """Return unit_id, category, unused of the cells that have places nobody takes."""
    left = (pl.col("places") - pl.col("people")).alias("unused")
    return result.by_unit.filter(left > 0).select("unit_id", "category", left)
