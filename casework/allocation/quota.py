"""The plan: places of every unit × category, which clause gave them, and what a scenario changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import polars as pl

from casework.allocation.parameters import Parameters
from casework.apportionment import apportion
from casework.frames import EXCEPTIONS, PLAN, STEPS, cell_key, conform
from casework.policy import Clause, Policy
from casework.problems import Infeasible
from casework.shapes import limits
from casework.vocabulary import Force, UnitKind


@dataclass(frozen=True)
class Cap:
    """A limit over several cells: `cells` of the plan together hold at most `places` people."""

    id: str
    places: int | None  # None: the headcount it hangs on is not known
    unit_id: str | None
    category: str | None
    unit_kinds: tuple[UnitKind, ...] = ()


@dataclass(frozen=True)
class Quota:
    """The places as data: `plan` (`frames.PLAN`), the caps over several cells, steps and exceptions."""

    plan: pl.DataFrame
    caps: tuple[Cap, ...]
    steps: pl.DataFrame
    exceptions: pl.DataFrame


@dataclass
class _Cell:
    """One cell while its limits are being read; `places` None with `open` false is not known."""

    places: int | None = None
    open: bool = True
    clause: Clause | None = None
    steps: list[dict[str, object]] = field(default_factory=list)

    def limit(self, places: int | None, clause: Clause, **values: object) -> None:
        """Take the smaller of two limits; one that is not known makes the cell not known."""
        tighter = self.open or (self.places is not None and (places is None or places < self.places))
        if not tighter:
            return
        self.steps.append(
            {
                "code": clause.shape.rule if clause.shape else "",
                "clause_id": clause.id,
                "before": self.places,
                "after": places,
                "values": json.dumps(values, ensure_ascii=False, sort_keys=True),
            }
        )
        self.places, self.open, self.clause = places, False, clause


def plan(policy: Policy, units: pl.DataFrame, cases: pl.DataFrame, parameters: Parameters) -> Quota:
    """Set the places of every cell the circular offers.

    Args:
        policy: The circular.
        units: `frames.UNITS`.
        cases: `frames.CASES`, for limits on the number nominated.
        parameters: The scenario.

    Raises:
        Infeasible: A unit of the circular's table is not in the directory, the scenario gives places where the circular
            offers none, a hard cap is exceeded, or floors and caps of an apportionment contradict its total.
    """
    rows = units.sort("order", "unit_id", nulls_last=True).to_dicts()
    single = policy.categories[0].id if len(policy.categories) == 1 else None
    cells = _offered(policy, rows)
    _refuse_blanks(cells, rows, policy, parameters)
    caps: list[Cap] = []
    for clause in policy.clauses:
        for unit_id, named, places, values in _limits(clause, rows, cases):
            category = named or single
            if category is None:
                caps.append(Cap(clause.id, places, unit_id, None))
            elif (unit_id, category) in cells:
                cells[unit_id, category].limit(places, clause, **values)
    caps += [
        Cap(clause.id, shape.places, None, shape.category, shape.unit_kinds)
        for clause, shape in policy.of_shape(limits.CapTotal)
    ]
    exceptions = [row for key, cell in cells.items() for row in _move(key, cell, parameters)]
    _refuse_too_few(cells, rows, policy, parameters)
    plan_rows = [
        {
            "unit_id": unit_id,
            "category": category,
            "places": cell.places,
            "open": cell.open,
            "clause_id": cell.clause.id if cell.clause else None,
        }
        for (unit_id, category), cell in cells.items()
    ]
    steps = [{"cell": cell_key(*key), **step} for key, cell in cells.items() for step in cell.steps]
    return Quota(conform(plan_rows, PLAN), tuple(caps), conform(steps, STEPS), conform(exceptions, EXCEPTIONS))


def _offered(policy: Policy, rows: list[dict[str, object]]) -> dict[tuple[str, str], _Cell]:
    """Return an open cell for every unit × category the circular offers; a blank of its table is none."""
    grid: dict[str, dict[str, int]] = {}
    for _, shape in policy.of_shape(limits.QuotaGrid):
        for name, places in shape.places.items():
            grid[name] = {**grid.get(name, {}), **places}
    strangers = [name for name in grid if name not in {row["name"] for row in rows}]
    if strangers:
        raise Infeasible(
            "unit_missing",
            len(strangers),
            f"名额分配表中的单位不在单位名录里：{'、'.join(strangers)}。请先在单位名录中补上",
        )
    in_grid = {category for row in grid.values() for category in row}
    return {
        (str(row["unit_id"]), category.id): _Cell()
        for row in rows
        for category in policy.categories
        if category.id not in in_grid or category.id in grid.get(str(row["name"]), {})
    }


def _refuse_blanks(
    cells: dict[tuple[str, str], _Cell], rows: list[dict[str, object]], policy: Policy, parameters: Parameters
) -> None:
    """Refuse places in a cell the circular leaves blank; they would vanish without a word."""
    known = {cell_key(*key) for key in cells}
    for cell, places in parameters.places.items():
        if places and cell not in known:
            unit_id, _, category = cell.rpartition("|")
            unit = next((row["name"] for row in rows if row["unit_id"] == unit_id), unit_id)
            label = next((entry.label for entry in policy.categories if entry.id == category), category)
            raise Infeasible("not_offered", places, f"通知没有给“{unit}”安排“{label}”名额，不能写 {places} 名")


def _refuse_too_few(
    cells: dict[tuple[str, str], _Cell], rows: list[dict[str, object]], policy: Policy, parameters: Parameters
) -> None:
    """Refuse fewer places than a range that *must* be kept begins with, in a unit whose places the scenario sets."""
    moved = {cell.rpartition("|")[0] for cell in parameters.places}
    for clause, shape in policy.of_shape(limits.QuotaRange):
        for row in (row for row in rows if row["unit_id"] in moved and clause.force is Force.MUST):
            mine = [
                cell
                for (unit, name), cell in cells.items()
                if unit == row["unit_id"] and shape.category in (None, name)
            ]
            given = [cell.places for cell in mine if cell.places is not None]
            missing = shape.at_least - sum(given)
            if mine and len(given) == len(mine) and missing > 0:
                sentence = f"“{row['name']}”的名额比{clause.cite}规定的至少 {shape.at_least} 名少 {missing} 名"
                raise Infeasible("under_range", missing, sentence)


_Limited = tuple[str, str | None, int | None, dict[str, object]]


def _limits(clause: Clause, rows: list[dict[str, object]], cases: pl.DataFrame) -> Iterator[_Limited]:
    """Yield (unit, category or None for all together, places or None for not known, values) of one clause."""
    shape = clause.shape
    match shape:
        case limits.QuotaGrid():
            for row in rows:
                for category, places in shape.places.get(str(row["name"]), {}).items():
                    yield str(row["unit_id"]), category, places, {}
        case limits.QuotaByHeadcount():
            yield from _by_headcount(shape, rows)
        case limits.QuotaByRate():
            yield from _by_rate(shape, rows)
        case limits.QuotaByUnitKind():
            for row in rows:
                if row["kind"] in [kind.value for kind in shape.unit_kinds]:
                    yield str(row["unit_id"]), shape.category, shape.places, {"unit_kind": row["kind"]}
        case limits.QuotaRange():
            for row in rows:
                yield str(row["unit_id"]), shape.category, shape.at_most, {"at_least": shape.at_least}
        case limits.QuotaApportion():
            yield from _apportioned(shape, rows, cases)
        case _:
            return


def _by_headcount(shape: limits.QuotaByHeadcount, rows: list[dict[str, object]]) -> Iterator[_Limited]:
    for row in rows:
        members = row["members"]
        if not isinstance(members, int):
            yield str(row["unit_id"]), shape.category, None, {"members": None}
        elif shape.first <= members and (shape.last is None or members <= shape.last):
            yield str(row["unit_id"]), shape.category, shape.places, {"members": members}


def _by_rate(shape: limits.QuotaByRate, rows: list[dict[str, object]]) -> Iterator[_Limited]:
    known = {str(row["unit_id"]): row["members"] for row in rows if isinstance(row["members"], int)}
    weights = {unit: members for unit, members in known.items() if isinstance(members, int)}
    if shape.rounding == "exact_total":
        # One unknown headcount leaves the total, and so every unit's share, unknown.
        whole = len(weights) == len(rows)
        result = apportion(weights, method="half_up", rate=shape.share, rounding="total") if whole else None
        places: dict[str, int | None] = {
            str(row["unit_id"]): result.places[str(row["unit_id"])] if result else None for row in rows
        }
    else:
        places = {str(row["unit_id"]): None for row in rows}
        places |= {unit: _round(members * shape.share, shape.rounding) for unit, members in weights.items()}
    for unit, number in places.items():
        bounded = None if number is None else max(number, shape.at_least)
        if bounded is not None and shape.at_most is not None:
            bounded = min(bounded, shape.at_most)
        yield unit, shape.category, bounded, {"members": weights.get(unit)}


def _round(share: Fraction, rounding: str) -> int:
    if rounding == "down":
        return share.numerator // share.denominator
    if rounding == "up":
        return -(-share.numerator // share.denominator)
    return (2 * share.numerator + share.denominator) // (2 * share.denominator)


def _apportioned(
    shape: limits.QuotaApportion, rows: list[dict[str, object]], cases: pl.DataFrame
) -> Iterator[_Limited]:
    units = [str(row["unit_id"]) for row in rows]
    if shape.basis == "cases":
        counted = dict(cases.filter(pl.col("category") == shape.category).group_by("unit_id").len().iter_rows())
        weights: dict[str, int | None] = {unit: counted.get(unit, 0) for unit in units}
    else:
        weights = {str(row["unit_id"]): row["members"] if isinstance(row["members"], int) else None for row in rows}
    if any(weight is None for weight in weights.values()):
        for unit in units:
            yield unit, shape.category, None, {"basis": shape.basis}
        return
    result = apportion(
        {unit: weight or 0 for unit, weight in weights.items()},
        total=shape.total,
        method=shape.method.value,
        base=shape.base or None,
        floors=dict.fromkeys(units, shape.floor) if shape.floor is not None else None,
        caps=dict.fromkeys(units, shape.cap) if shape.cap is not None else None,
    )
    tied = {unit for tie in result.ties for unit in tie.units}
    for unit in units:
        # The last places are not certain while a tie is open: not known, not the smaller number.
        yield (
            unit,
            shape.category,
            None if unit in tied else result.places[unit],
            {"method": shape.method.value},
        )


def _move(key: tuple[str, str], cell: _Cell, parameters: Parameters) -> Iterator[dict[str, object]]:
    """Apply the scenario to a cell; yield the exception row where it exceeds a soft cap.

    The circular's own table is what a scenario of the body that issued it redraws; every other limit with the force
    of *must* is hard.
    """
    name = cell_key(*key)
    if name not in parameters.places:
        return
    wanted, limit, clause = parameters.places[name], cell.places, cell.clause
    if wanted == limit:
        return
    step = {"code": "scenario", "clause_id": clause.id if clause else None, "before": limit, "after": wanted}
    cell.steps.append({**step, "values": "{}"})
    cell.places, cell.open = wanted, False
    redrawn = clause is None or isinstance(clause.shape, limits.QuotaGrid | limits.QuotaApportion)
    if clause is None or redrawn or limit is None or wanted <= limit:
        return
    if clause.force is Force.MUST:
        raise Infeasible("hard_cap", wanted - limit, f"名额超出{clause.cite}的上限 {wanted - limit} 名，此条不得突破")
    reason = next((extra for extra in parameters.extras if extra.cell == name), None)
    yield {
        "clause_id": clause.id,
        "cell": name,
        "extra": wanted - limit,
        "reason": reason.reason if reason else "",
        "decider": reason.decider if reason else "",
        "road": reason.road if reason else "",
    }
