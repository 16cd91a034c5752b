"""The arithmetic of apportionment on columns: a frame with ``weight`` and, where bounded, ``floor`` and ``cap``.

All columns are 128-bit integers. Products are bounded by ``LIMIT`` before they are formed, so nothing wraps.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 2**120
# The k-th place of a unit claims it with weight / (a·k − b); the largest claims are served first.
DIVISORS: dict[str, tuple[int, int]] = {"sainte_lague": (2, 1), "dhondt": (1, 0)}
_WEIGHT, _FLOOR, _CAP = pl.col("weight"), pl.col("floor"), pl.col("cap")


@dataclass(frozen=True, slots=True)
class Division:
    """Seats in row order, and the rows that claim the ``open`` seats left with exactly equal right.

    Attributes:
        seats: The certain seats of each row.
        tied: Mask of the tied rows, None when nothing is open.
        open: Seats the tied rows share; fewer than there are tied rows.
        per_weight: The exact share of a row is weight × per_weight.
        line: The least remainder that took or claims a seat, None where none did.
    """

    seats: pl.Series
    tied: pl.Series | None
    open: int
    per_weight: Fraction
    line: Fraction | None = None


def divide(frame: pl.DataFrame, seats: int, method: str) -> Division:
    """Divide ``seats`` by a divisor method, or by largest remainder; the bounds must be feasible."""
    if method in DIVISORS:
        return _by_divisor(frame, seats, *DIVISORS[method])
    per_weight = _per_weight(frame, seats)
    return _by_remainder(frame, per_weight, seats)


def by_rate(frame: pl.DataFrame, rate: Fraction, *, to_total: bool) -> Division:
    """Weight × rate within the bounds, rounded half up per row or, by largest remainder, to the rounded sum."""
    per = rate.denominator
    largest = max((int(column.max() or 0) for column in frame), default=0)  # type: ignore[arg-type]
    if 4 * max(frame.height, 1) * (largest + 1) * max(rate.numerator, per) >= LIMIT:
        raise OverflowError("weight × numerator of the rate reaches 2**118")
    shares = _shares(frame, rate)
    if to_total:
        total = int(frame.select(shares.sum()).item())
        return _by_remainder(frame, rate, (2 * total + per) // (2 * per))
    rounded = (shares * 2 + per) // (2 * per)
    return Division(frame.select(rounded).to_series(), None, 0, rate)


def _by_divisor(frame: pl.DataFrame, seats: int, a: int, b: int) -> Division:
    """Serve the ``seats`` largest claims beyond the floors.

    With every weight scaled by at least (2·seats)², two different claims differ by a whole number, so a claim is the
    integer weight·scale // (a·k − b), equal exactly when the fractions are. A row has as many claims of at least
    ``t`` as (weight·scale + b·t) // (a·t); the search is for the least claim served.
    """
    bounded, rows = "floor" in frame.columns, frame.height
    weights = frame["weight"]
    floors = int(frame["floor"].sum()) if bounded else 0
    top = int(weights.max() or 0)  # type: ignore[arg-type]
    if seats == floors or not top:
        return Division(
            frame["floor"] if bounded else pl.zeros(rows, dtype=pl.Int128, eager=True), None, 0, Fraction(0)
        )
    scale = LIMIT // top
    if scale < (2 * seats) ** 2:
        raise OverflowError("weight × (2 × total)² reaches 2**120")
    scaled = frame.with_columns(_WEIGHT * scale)

    def claims(least: int) -> pl.Expr:
        count = (_WEIGHT + b * least) // (a * least) if b else _WEIGHT // least
        return count.clip(_FLOOR, _CAP) if bounded else count

    def count(least: int) -> int:
        return int(scaled.select(claims(least).sum()).item())

    # What the sum would be at the divisor if every rounding cost its average: 1/2 − b/a of a seat per row.
    sum_scaled = scale * int(weights.sum())  # in Python: the column would not hold it
    guess = 2 * sum_scaled // (2 * a * seats + (a - 2 * b) * rows)
    if bounded:
        ends = (1, int(frame["cap"].sum())), (top * scale + 1, floors)
    else:  # even if every row lost a whole seat to rounding
        ends = (sum_scaled // (a * seats + (a - b) * rows), seats + rows), (top * scale + 1, floors)
    low, high, above = _bracket(count, seats, guess=guess, ends=ends, slack=rows // 2 + 64)
    number = pl.int_ranges(pl.col("above").cast(pl.Int64) + 1, pl.col("within").cast(pl.Int64) + 1)
    between = (
        scaled.select(_WEIGHT, claims(high).alias("above"), claims(low).alias("within"))
        .filter(pl.col("within") > pl.col("above"))
        .select(_WEIGHT, number.alias("k"))
        .explode("k")
        .select(_WEIGHT, divisor=pl.col("k").cast(pl.Int128) * a - b)
        .with_columns(claim=_WEIGHT // pl.col("divisor"))
    )
    line = int(between["claim"].top_k(seats - above).min())  # type: ignore[arg-type]
    weight, divisor, _ = between.row(int(between["claim"].index_of(line) or 0))
    per_weight = Fraction(divisor * scale, a * weight)
    given, certain = scaled.select(claims(line).alias("given"), claims(line + 1).alias("certain")).get_columns()
    if given.sum() == seats:
        return Division(given, None, 0, per_weight)
    return Division(certain, given > certain, seats - int(certain.sum()), per_weight)


def _bracket(
    count: Callable[[int], int],
    target: int,
    *,
    guess: int,
    ends: tuple[tuple[int, int], tuple[int, int]],
    slack: int,
) -> tuple[int, int, int]:
    """Find low < high with count(low) ≥ target > count(high) and few claims between them.

    ``count`` falls. One claim may be shared by all rows, so after some tries a wider gap is accepted.

    Returns:
        low, high and count(high).
    """
    (low, at_low), (high, at_high) = ends
    probe, tries, met_low, met_high = guess, 0, False, False
    while high - low > 1 and at_low - at_high > (slack if tries < 8 else 4 * slack):
        probe = min(max(probe, low + 1), high - 1)
        found = count(probe)
        if found >= target:
            low, at_low, met_low = probe, found, True
        else:
            high, at_high, met_high = probe, found, True
        tries += 1
        if not (met_low and met_high):  # widen, ever faster, until the target is between
            probe = probe * 9 // 8 if met_low else probe * 8 // 9
            probe = probe << (tries // 2) if met_low else probe >> (tries // 2)
        elif tries % 4 == 3:  # whatever the shape of the count, every fourth try halves the ratio
            probe = isqrt(low * high)
        else:  # the count goes about as 1/t between them; aim a little to either side of the target
            gap = at_low - at_high
            aim = target + (slack // 4 if tries % 2 else -slack // 4)
            aim = min(max(aim, at_high + gap // 8), at_low - gap // 8)
            probe = low * high * gap // (low * gap + (aim - at_high) * (high - low))
    return low, high, at_high


def _per_weight(frame: pl.DataFrame, seats: int) -> Fraction:
    """The number for which weight × number, held within floor and cap, adds up to exactly ``seats``.

    With a trial number, either the floors add more than the caps take away, and then every row under its floor stays
    there for good, or the other way round; each pass fixes such rows until both effects are equal.
    """
    free = frame.filter(_WEIGHT > 0)
    if free.is_empty():
        return Fraction(0)
    if "floor" not in frame.columns:
        return Fraction(seats, int(free.select(_WEIGHT.sum()).item()))
    left = seats - int(frame.filter(_WEIGHT == 0).select(_FLOOR.sum()).item())
    while True:
        per = int(free.select(_WEIGHT.sum()).item())
        share = _WEIGHT * left
        missing, excess = _FLOOR * per - share, share - _CAP * per
        added, taken = free.select(missing.clip(0).sum().alias("added"), excess.clip(0).sum().alias("taken")).row(0)
        if added == taken:
            return Fraction(left, per)
        bound, fixed = (missing, _FLOOR) if added > taken else (excess, _CAP)
        left -= int(free.select(fixed.filter(bound > 0).sum()).item())
        free = free.filter(bound <= 0)


def _by_remainder(frame: pl.DataFrame, per_weight: Fraction, seats: int) -> Division:
    """Whole parts of the exact shares first, then one seat each to the largest remainders."""
    per = per_weight.denominator
    parts = frame.select(shares=_shares(frame, per_weight)).select(
        whole=pl.col("shares") // per, rest=pl.col("shares") % per
    )
    whole, rest = parts["whole"], parts["rest"]
    left = seats - int(whole.sum())
    if not left:
        return Division(whole, None, 0, per_weight)
    # `left` rows at least have a remainder: the remainders add up to `left` (or, with a rate, to within a half).
    line = int(rest.top_k(left).min())  # type: ignore[arg-type]
    over, level = parts.select(over=pl.col("rest") > line, level=pl.col("rest") == line).get_columns()
    still = left - int(over.sum())
    tied = still < int(level.sum())
    served = parts.select(pl.col("whole") + (over if tied else over | level).cast(pl.Int128)).to_series()
    share = Fraction(line, per_weight.denominator)
    return Division(served, level if tied else None, still if tied else 0, per_weight, share)


def _shares(frame: pl.DataFrame, per_weight: Fraction) -> pl.Expr:
    """The exact shares within the bounds, times the denominator of ``per_weight``."""
    shares = _WEIGHT * per_weight.numerator
    per = per_weight.denominator
    return shares.clip(_FLOOR * per, _CAP * per) if "floor" in frame.columns else shares
