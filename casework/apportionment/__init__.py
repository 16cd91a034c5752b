"""Apportionment: whole places for units, in proportion to exact weights, with the reason of every place.

The methods and where they are described (M. L. Balinski and H. P. Young, *Fair Representation*, 2nd ed. 2001):

* ``sainte_lague`` (Webster): round half up of weight / divisor, the divisor chosen so that the sum is the total;
* ``dhondt`` (Jefferson): the same with rounding down, which favours large units;
* ``largest_remainder`` (Hamilton): exact shares rounded down, the rest to the largest remainders;
* ``equal``: the same share for every unit, whatever its weight;
* ``half_up``: weight × rate rounded per row, or to the rounded sum (``rounding="total"``), without a given total.

Integers and ``Fraction`` only. Equal claims to the last places are a *state* (``Tie``): they are never settled by
name or by row order, only by a recorded choice or lot.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

import polars as pl

from casework.apportionment.columns import LIMIT, by_rate, divide
from casework.apportionment.reasons import (
    ALABAMA,
    SETTLE_UNUSED,
    Apportionment,
    Caution,
    Step,
    Tie,
    Trail,
    step_sentence,
)
from casework.problems import Infeasible
from casework.vocabulary import Method

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = [
    "METHODS",
    "Apportionment",
    "Caution",
    "Infeasible",
    "SettleError",
    "Step",
    "Tie",
    "apportion",
    "step_sentence",
]

METHODS: Mapping[str, str] = {method.value: method.label for method in Method}
"""Method id → its name on the screen, which says the effect."""


class SettleError(ValueError):
    """A recorded choice that does not settle the tie at hand; the text is a Chinese sentence."""


def apportion(  # noqa: PLR0913 - the parts of one question, all by name
    weights: Mapping[str, int],
    *,
    total: int | None = None,
    method: str = "sainte_lague",
    base: Mapping[str, int] | int | None = None,
    floors: Mapping[str, int] | int | None = None,
    caps: Mapping[str, int] | int | None = None,
    rate: Fraction | int | None = None,
    rounding: Literal["row", "total"] | None = None,
    settle: Mapping[str, int] | Sequence[str] | None = None,
) -> Apportionment:
    """Divide places among units in proportion to their weights, exactly.

    Args:
        weights: Unit → weight (members, nominees, fen …), a non-negative ``int``; the order is 机构顺序 and decides
            nothing. A unit of weight 0 has no claim beyond its base and floor; ``equal`` does not read weights.
        total: Places to divide, base included. Required, except for ``half_up``, which takes ``rate`` instead.
        method: A key of ``METHODS``.
        base: Places given before the method divides the rest; one number for all, or per unit.
        floors: Least places (base included); one number for all, or per unit.
        caps: Most places (base included); one number for all, or per unit. A unit not named has none.
        rate: Places per unit of weight, exact (``half_up`` only).
        rounding: ``half_up`` only. ``"row"`` (default): each row by itself; ``"total"``: the rows by largest
            remainder, so that they add up to the rounded sum.
        settle: A recorded choice or lot: the units that get the tied places, or unit → tied places (0 or 1). Read
            only when there is a tie.

    Returns:
        The places, with a tie left open unless ``settle`` settles it.

    Raises:
        Infeasible: Base, floors, caps and total contradict each other; says by how much.
        SettleError: ``settle`` is not a choice among the tied units of exactly the tied places.
        TypeError: A number is not an exact integer, or an argument does not belong to the method.
        ValueError: An unknown method or unit, or a negative number.
        OverflowError: weight × (2 × total)², or a product of like size, reaches 2**120.

    Source:
        DESIGN sections 5 (apportionment of a total; a rate with a named rounding), 6 (ties, monotone) and 8.
    """
    ratio = _check_method(method, total, rate, rounding)
    _check_numbers("weights", weights.values())
    units = list(weights)
    read = dict.fromkeys(units, 1) if method == "equal" else weights
    fixed, least, most = (
        _per_unit(name, given, units) for name, given in (("base", base), ("floors", floors), ("caps", caps))
    )
    rest = None if total is None else total - sum(fixed.values())
    if rest is None:
        frame = _frame(read, fixed, least, most, endless=int(max(read.values(), default=0) * ratio) + 1)
        division = by_rate(frame, ratio, to_total=rounding == "total")
    else:
        if rest < 0:
            raise Infeasible("base_over_total", -rest, f"固定名额合计超过总名额 {total} 个，多 {-rest} 个。")
        frame = _frame(read, fixed, least, most, endless=rest)
        _check_feasible(frame, rest)
        division = divide(frame, rest, method)
    places = dict(zip(units, division.seats.to_list(), strict=True))
    for unit, number in fixed.items():
        places[unit] += number

    tie, settled = None, frozenset[str]()
    if division.tied is not None:
        tie = Tie(tuple(units[row] for row in division.tied.arg_true()), division.open)
        settled = _settled(settle, tie)
        for unit in settled:
            places[unit] += 1
    cautions = []
    if method == "largest_remainder" or rounding == "total":
        cautions.append(ALABAMA)
    if settle is not None and tie is None:
        cautions.append(SETTLE_UNUSED)
    trail = Trail(
        method="exact_rate" if rounding == "total" else method,
        weights=read,
        base=fixed,
        floors=least,
        caps=most,
        per_weight=division.per_weight,
        line=division.line,
        tied=frozenset(tie.units if tie else ()),
        seats=division.open,
        settled=settled,
    )
    return Apportionment(places, (tie,) if tie and not settled else (), tuple(cautions), trail)


def _check_method(method: str, total: object, rate: object, rounding: str | None) -> Fraction:
    """Refuse arguments that do not belong to the method; the rate as a fraction (0 where there is none)."""
    if method not in METHODS:
        raise ValueError(f"unknown method {method!r}; one of {', '.join(METHODS)}")
    if rounding not in {None, "row", "total"}:
        raise ValueError(f"unknown rounding {rounding!r}; 'row' or 'total'")
    if method != "half_up":
        if total is None or rate is not None or rounding is not None:
            raise TypeError(f"{method} takes total, and neither rate nor rounding")
        _check_numbers("total", [total])
        return Fraction(0)
    if total is not None or rate is None:
        raise TypeError("half_up takes rate, and no total")
    if type(rate) is not int and not isinstance(rate, Fraction):
        raise TypeError(f"rate must be an exact int or Fraction, not {type(rate).__name__}")
    if rate < 0:
        raise ValueError("rate must not be negative")
    return Fraction(rate)


def _check_numbers(name: str, numbers: Collection[object]) -> None:
    # `type is int`, not isinstance: a bool or a float in a weight column is a mistake upstream, never a number.
    if wrong := set(map(type, numbers)) - {int}:
        raise TypeError(f"{name} must be exact integers, not {', '.join(sorted(kind.__name__ for kind in wrong))}")
    if numbers and min(numbers) < 0:  # type: ignore[type-var, operator]
        raise ValueError(f"{name} must not be negative")


def _per_unit(name: str, given: Mapping[str, int] | int | None, units: list[str]) -> dict[str, int]:
    if given is None:
        return {}
    table = dict(given) if isinstance(given, Mapping) else dict.fromkeys(units, given)
    _check_numbers(name, table.values())
    if unknown := table.keys() - set(units):
        raise ValueError(f"{name} names units without a weight: {', '.join(sorted(unknown))}")
    return table


def _frame(
    weights: Mapping[str, int], base: dict[str, int], floors: dict[str, int], caps: dict[str, int], *, endless: int
) -> pl.DataFrame:
    """Column weight and, where there are bounds, floor and cap, both counted beyond the base."""
    for unit, cap in caps.items():
        if cap < (fixed := base.get(unit, 0)):
            raise Infeasible("cap_under_base", fixed - cap, f"{unit}：固定名额 {fixed} 个超过上限 {cap} 个。")
        if cap < (floor := floors.get(unit, 0)):
            raise Infeasible("floor_over_cap", floor - cap, f"{unit}：下限 {floor} 个超过上限 {cap} 个。")
    columns = {"weight": list(weights.values())}
    if floors or caps:
        columns["floor"] = [max(floors.get(unit, 0) - base.get(unit, 0), 0) for unit in weights]
        # No row can use more than `endless`; cutting the caps there keeps their sums meaningful and small.
        columns["cap"] = [
            max(floor, min(caps[unit] - base.get(unit, 0), endless) if unit in caps else endless)
            for unit, floor in zip(weights, columns["floor"], strict=True)
        ]
    sizes = [max(column, default=0) for column in columns.values()]
    if max(sizes) * max(endless, 1) * max(len(weights), 1) >= LIMIT:
        raise OverflowError("weights × places reach 2**120")
    return pl.DataFrame({name: pl.Series(column, dtype=pl.Int128) for name, column in columns.items()})


def _check_feasible(frame: pl.DataFrame, seats: int) -> None:
    """Every seat must find a unit that may take it: its floor first, then by weight up to its cap."""
    if frame.is_empty() and seats:
        raise Infeasible("no_units", seats, f"没有单位可以分配，{seats} 个名额无处可分。")
    weighty = pl.col("weight") > 0
    if "floor" in frame.columns:
        need, room = frame.select(
            pl.col("floor").sum(), pl.when(weighty).then("cap").otherwise("floor").sum().alias("room")
        ).row(0)
    else:
        need, room = 0, seats if frame.select(weighty.any()).item() else 0
    if need > seats:
        raise Infeasible("floors_over_total", need - seats, f"下限合计超过可分名额 {seats} 个，多 {need - seats} 个。")
    if room < seats:
        short = seats - room
        if frame.select(weighty.any()).item():
            raise Infeasible("caps_under_total", short, f"各单位都到上限后，还有 {short} 个名额无处可分。")
        raise Infeasible("no_weight", short, f"各单位的基数都是 0，{short} 个名额无法按比例分配。")


def _settled(settle: Mapping[str, int] | Sequence[str] | None, tie: Tie) -> frozenset[str]:
    """The units a recorded choice gives the tied places; empty without one."""
    if settle is None:
        return frozenset()
    if isinstance(settle, str):
        raise TypeError("settle is a list of units or a mapping, not one string")
    if isinstance(settle, Mapping):
        _check_numbers("settle", settle.values())
        named = [unit for unit, seats in settle.items() for _ in range(seats)]
    else:
        named = list(settle)
    chosen = frozenset(named)
    if strangers := sorted(chosen - set(tie.units)):
        raise SettleError(f"{'、'.join(strangers)} 不在并列单位之内，不能据此分配并列名额。")
    if len(chosen) != len(named):
        raise SettleError("同一单位在并列名额中最多得 1 个。")
    if len(chosen) != tie.seats:
        raise SettleError(f"并列名额应正好选定 {tie.seats} 个单位，现选定 {len(chosen)} 个。")
    return chosen
