"""分配助手: proposes places by a named method beside the decided numbers; it never changes them by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import polars as pl

from casework.apportionment import METHODS, Apportionment, apportion, step_sentence
from casework.frames import cell_key
from casework.problems import CaseworkError
from casework.views.desk import Desk
from casework.views.html import folded, note, notes, rows_table, shown, tag
from casework.views.sheet import Worked

BASES: Final = {"党员人数": "members", "申报人数": "cases", "通知原定名额": "places"}


@dataclass(frozen=True)
class Proposal:
    """What the helper proposes: cell → places, or the sentence why not."""

    places: Mapping[str, int]
    shared: Apportionment | None = None
    weights: Mapping[str, int] | None = None
    category: str = ""
    problem: str = ""

    @property
    def complete(self) -> bool:
        """Tell whether it can be taken over: no tie is open."""
        return self.shared is not None and not self.shared.ties


def method_choices() -> dict[str, str]:
    """Return the methods by their effect: name → id."""
    return {name: method for method, name in METHODS.items()}


def propose(desk: Desk, asked: Mapping[str, Any]) -> Proposal:
    """Divide a total among the units that have this category.

    Args:
        desk: The round.
        asked: `category`, `total`, `method`, `basis`, `floor`, as the fields give them.
    """
    category, total, floor = str(asked.get("category") or ""), asked.get("total"), asked.get("floor") or 0
    units = [unit for unit in desk.units if cell_key(unit["unit_id"], category) in desk.places]
    if not units:
        return Proposal({}, problem="请选择类别。")
    if not all(isinstance(n, int | float) and float(n).is_integer() and 0 <= n <= 99_999 for n in (total, floor)):
        return Proposal({}, problem="总名额和每单位至少要填不小于 0 的整数。")
    if not total:
        return Proposal({}, problem="请填总名额，这里就按所选方法分到各单位。")
    weights = _weights(desk, units, category, str(asked.get("basis")))
    unknown = [unit["name"] for unit in units if weights[unit["unit_id"]] is None]
    if unknown:
        return Proposal({}, problem=f"{'、'.join(unknown)}的依据数字未填，算不出来。")
    known = {unit: weight for unit, weight in weights.items() if weight is not None}
    try:
        shared = _shared(known, int(total or 0), str(asked.get("method")), int(floor))
    except CaseworkError as error:
        return Proposal({}, problem=error.sentence)
    except (ValueError, OverflowError):
        return Proposal({}, problem="这些数字不能这样分配，请换一种方法或改总名额。")
    places = {cell_key(unit, category): number for unit, number in shared.places.items()}
    return Proposal(places, shared, known, category)


def _shared(weights: Mapping[str, int], total: int, method: str, floor: int) -> Apportionment:
    if method == "half_up":
        whole = sum(weights.values())
        return apportion(weights, method=method, rate=Fraction(total, whole) if whole else 0, floors=floor or None)
    return apportion(weights, total=total, method=method, floors=floor or None)


def _weights(desk: Desk, units: list[dict[str, Any]], category: str, basis: str) -> dict[str, int | None]:
    if basis == "places":
        return {unit["unit_id"]: desk.places[cell_key(unit["unit_id"], category)] for unit in units}
    if basis == "cases":
        counted = dict(
            desk.assessed.facts.cases.filter(pl.col("category") == category).group_by("unit_id").len().iter_rows()
        )
        return {unit["unit_id"]: int(counted.get(unit["unit_id"], 0)) for unit in units}
    return {unit["unit_id"]: unit["members"] for unit in units}


@shown
def proposal_html(desk: Desk, worked: Worked, proposal: Proposal) -> str:
    """Return the proposal beside the decided numbers, how each came about, and what must be said with it."""
    if proposal.shared is None or proposal.weights is None:
        return note(proposal.problem, "warn")
    plan = (worked.result or desk.original).plan.filter(category=proposal.category)
    decided = dict(plan.select("unit_id", "places").iter_rows())
    rows: list[tuple[object, ...]] = []
    tied = {unit for tie in proposal.shared.ties for unit in tie.units}
    for unit, number in proposal.shared.places.items():
        before = decided.get(unit)
        moved = "" if before is None or before == number else f"{number - before:+d}"
        mark = "，并列" if unit in tied else ""
        rows.append(
            (
                desk.unit_names[unit],
                proposal.weights[unit],
                "据实" if before is None else before,
                f"{number}{mark}",
                moved,
            )
        )
    rows.append(
        (
            "合计",
            sum(proposal.weights.values()),
            "据实" if None in decided.values() else sum(n or 0 for n in decided.values()),
            sum(proposal.shared.places.values()),
            "",
        )
    )
    table = rows_table(("单位", "依据", "现方案", "建议", "相差"), rows, numbers=(1, 2, 3, 4), total=True)
    said = [caution.sentence for caution in proposal.shared.warnings]
    for tie in proposal.shared.ties:
        names = "、".join(desk.unit_names[unit] for unit in tie.units)
        said.append(f"{names}对最后 {tie.seats} 个名额并列，须研究确定后在名额表中填写。")
    steps = "".join(
        tag(
            "li",
            f"{desk.unit_names[unit]}：" + "；".join(step_sentence(step) for step in proposal.shared.steps_of(unit)),
        )
        for unit in proposal.shared.places
    )
    return notes(said, "warn") + tag("div", table, "cw-scroll") + folded("每个单位的名额怎么来的", tag("ul", steps))
