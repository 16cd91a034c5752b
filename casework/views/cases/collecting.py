"""收表: which unit has handed in what, chased, ticked and sent back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Any, Final
from urllib.parse import urlencode

import polars as pl
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.dates import SHANGHAI
from casework.db import reading
from casework.models_people import UnitPackage
from casework.people.chasing import chasing_text
from casework.people.deadlines import STATES
from casework.people.packages import Tick, package_grid, receive_package, return_package
from casework.problems import CaseworkError
from casework.views.cases.desk import CaseDesk
from casework.views.desk import clock
from casework.views.html import badge, card, esc, failure, folded, note, notes, rows_table, shown, tag
from casework.views.panels import toolbar
from casework.views.plans import Told, _key

_COLOURS: Final = {"in": "green", "late": "amber", "returned": "red", "missing": "", "overdue": "red"}


@dataclass(frozen=True, eq=False)
class Collected:
    """The grid of one round as it was read.

    Attributes:
        grid: `frames.PACKAGE_GRID`.
        chasing: The text that chases what is missing.
        handed: What came, as a choice: label → unit and the id of what it handed in ("": nothing ticked yet).
    """

    grid: pl.DataFrame
    chasing: str
    handed: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def choices(self) -> dict[str, str]:
        """Return unit and item as one choice: label → key; what is open comes first."""
        ranked = self.grid.with_columns(
            _open=pl.col("state").replace_strict({"overdue": 0, "missing": 0, "returned": 0}, default=1)
        ).sort("_open", maintain_order=True)
        return {f"{row['unit']}：{row['item']}（{STATES[row['state']]}）": _name(row) for row in ranked.to_dicts()}

    def ticks(self, names: Sequence[str]) -> list[Tick]:
        """Return the items chosen, with the versions that were seen."""
        rows = {_name(row): row for row in self.grid.iter_rows(named=True)}
        found = [rows[name] for name in names if name in rows]
        return [Tick(row["unit_id"], row["clause_id"], row["item"], row["number"]) for row in found]


def _name(row: Mapping[str, Any]) -> str:
    return "|".join(str(row[name]) for name in ("unit_id", "clause_id", "item"))


def open_packages(desk: CaseDesk) -> Collected:
    """Read which unit has handed in what."""
    now = clock()
    with reading(desk.engine) as session:
        grid = package_grid(session, round_id=desk.round_id, actor=desk.actor, now=now)
        chasing = chasing_text(session, round_id=desk.round_id, actor=desk.actor, now=now)
        return Collected(grid, chasing, _handed(session, desk))


def _handed(session: Session, desk: CaseDesk) -> dict[str, tuple[str, str]]:
    query = select(UnitPackage).where(UnitPackage.round_id == desk.round_id)
    came = session.exec(query.order_by(col(UnitPackage.received_at).desc(), col(UnitPackage.package_id))).all()
    found = {
        f"{desk.unit_names[one.unit_id]}：{one.deliverable}（第 {one.number} 版）": (one.unit_id, one.package_id)
        for one in came
        if one.unit_id in desk.unit_names
    }
    return found | {f"{name}：尚未登记收到的材料": (unit_id, "") for unit_id, name in desk.unit_names.items()}


@shown
def packages_panel(desk: CaseDesk, collected: Collected, forms: Mapping[str, str], told: str) -> str:
    """Return unit × item with version and time, what to chase, and the forms that tick and send back."""
    if collected.grid.is_empty():
        return told + card("收表进度", note("通知没有规定报送期限和份数，这里没有要打勾的。"), _templates(desk))
    counts = dict(collected.grid.group_by("state").len().iter_rows())
    said = "　".join(f"{label} {counts[state]}" for state, label in STATES.items() if state in counts)
    tables = "".join(_deadline(part) for part in collected.grid.partition_by("clause_id", maintain_order=True))
    chase = folded("催报名单（可选中复制）", tag("pre", esc(collected.chasing), "cw-copy"))
    do = tag("div", forms.get("receive", "") + forms.get("return", ""), "cw-cards cw-two") if forms else ""
    return told + card("收表进度", tables, chase, _templates(desk), do, muted=said)


def _templates(desk: CaseDesk) -> str:
    if not desk.guarded:
        return ""
    empty = _template(desk, "下载各单位填报模板（压缩包）")
    filled = _template(desk, "下载预填模板（压缩包）", filled=True)
    said = note("预填的模板带上台账里该单位的人（本轮没有的带上一轮的），改后报回；内有困难情况，只发给该单位。")
    rows = [
        (name, _template(desk, "空白模板", unit=unit), _template(desk, "预填模板", unit=unit, filled=True))
        for unit, name in desk.unit_names.items()
    ]
    table = rows_table(("单位", "空白", "预填"), rows, raw=(1, 2))
    return toolbar(empty, filled) + said + folded("只下载一个单位的模板", tag("div", table, "cw-scroll cw-short"))


def _template(desk: CaseDesk, words: str, *, unit: str = "", filled: bool = False) -> str:
    told = {"round": desk.round_id, **({"unit": unit} if unit else {}), **({"filled": "1"} if filled else {})}
    return tag("a", words, "" if unit else "cw-button", href=f"/download/templates?{urlencode(told)}", download="1")


def _deadline(part: pl.DataFrame) -> str:
    first = part.row(0, named=True)
    items = list(dict.fromkeys(part["item"]))
    rows = []
    for unit in part.partition_by("unit_id", maintain_order=True):
        cells = {row["item"]: row for row in unit.iter_rows(named=True)}
        rows.append([unit["unit"][0], *(_cell(cells[item]) if item in cells else "" for item in items)])
    due = first["due_at"].astimezone(SHANGHAI)
    to = f"，报{first['receiver']}" if first["receiver"] else ""
    hour = "" if due.time() >= time(23, 59) else f" {due:%H:%M}"
    table = rows_table(("单位", *items), rows, raw=range(1, len(items) + 1))
    return tag("h4", esc(f"{due:%Y-%m-%d}{hour} 前{to}")) + tag("div", table, "cw-scroll cw-short")


def _cell(row: Mapping[str, Any]) -> str:
    said = badge(STATES[row["state"]], _COLOURS[row["state"]])
    if row["received_at"] is not None:
        which = f"第 {row['number']} 版 " if row["number"] > 1 else ""
        said += tag("small", esc(f" {which}{row['received_at'].astimezone(SHANGHAI):%m-%d %H:%M}"), "cw-muted")
    if row["reason"]:
        said += tag("small", esc(f" {row['reason']}"), "cw-muted")
    return said + (tag("small", esc(f" 扫描件 {row['scans']}"), "cw-muted") if row["scans"] else "")


# -- deeds ---------------------------------------------------------------------------------------------------------


def receive(desk: CaseDesk, actor: Actor, page: str, collected: Collected, given: Mapping[str, Any]) -> Told:
    """Tick what came in; where it came earlier than it is entered, with that time."""
    ticks = collected.ticks([str(name) for name in given.get("items") or ()])
    day = given.get("at")
    came = day.replace(tzinfo=SHANGHAI).astimezone(UTC) if isinstance(day, datetime) else None
    content = {"ticks": [vars(tick) for tick in ticks], "at": came}
    return _carry(
        lambda: receive_package(
            desk.engine,
            round_id=desk.round_id,
            ticks=ticks,
            received_at=came,
            actor=actor,
            now=clock(),
            key=_key(page, "receive", content),
        ),
        "已登记收到",
    )


def send_back(desk: CaseDesk, actor: Actor, page: str, collected: Collected, given: Mapping[str, Any]) -> Told:
    """Send something back with the reason the unit reads."""
    ticks = collected.ticks([str(name) for name in given.get("items") or ()])
    reason = str(given.get("reason") or "").strip()
    content = {"ticks": [vars(tick) for tick in ticks], "reason": reason}
    return _carry(
        lambda: return_package(
            desk.engine,
            round_id=desk.round_id,
            ticks=ticks,
            reason=reason,
            actor=actor,
            now=clock(),
            key=_key(page, "return", content),
        ),
        "已退回",
    )


def _carry(deed: Any, said: str) -> Told:
    try:
        results = deed()["results"]
    except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
        return Told(done=False, html=note(failure(error), "warn" if isinstance(error, CaseworkError) else "error"))
    refused = [f"{one['unit'] or ''}{one['item']}：{one['refused']}" for one in results if one["refused"]]
    done = len(results) - len(refused)
    return Told(done=done > 0, html=note(f"{said} {done} 项。", "ok") + notes(refused, "warn"))
