"""How much each case gets: fen, or null until a body decides. Exact; half a fen goes up, once, at the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

import polars as pl

from casework.allocation.parameters import Parameters
from casework.money import parse_yuan
from casework.policy import Clause, Policy
from casework.shapes import ParameterRef, Shape, amounts
from casework.subjects import Subjects
from casework.vocabulary import Force


@dataclass(frozen=True)
class Amount:
    """The amount of one category: `fen` per case, and per plan place where it is one number."""

    clause: Clause | None
    fen: pl.Expr
    rate_fen: int | None
    per_household: bool = False


def amount_clauses(policy: Policy) -> dict[str, Clause]:
    """Return category → the clause that says how much; an excepting clause wins over the one it excepts."""
    found: dict[str, Clause] = {}
    for clause in policy.clauses:
        if type(clause.shape) in _AMOUNTS:
            category = str(getattr(clause.shape, "category", ""))
            if category not in found or found[category].id in clause.excepts:
                found[category] = clause
    return found


def amount_of(category: str, clause: Clause | None, subject: Subjects, parameters: Parameters) -> Amount:
    """Return the amount of a category: the scenario's rate, else the circular's rule, else what a body decided."""
    shape = clause.shape if clause else None
    decided = pl.coalesce(_decided(parameters), pl.col("decided_fen"))
    per_household = isinstance(shape, amounts.AmountFixed) and shape.per == "household"
    if category in parameters.rates:
        rate = parameters.rates[category]
        open_amount = not isinstance(shape, amounts.AmountFixed)
        fen = pl.coalesce(decided, pl.lit(rate, pl.Int64)) if open_amount else pl.lit(rate, pl.Int64)
        return Amount(clause, fen, rate, per_household)
    if shape is None:
        return Amount(None, decided, None)
    if isinstance(shape, amounts.AmountFixed):
        return Amount(clause, pl.lit(shape.fen, pl.Int64), shape.fen, per_household)
    if isinstance(shape, amounts.AmountOpen | amounts.AmountChoice | amounts.AmountRange):
        return Amount(clause, decided, None)
    return Amount(clause, _AMOUNTS[type(shape)](shape, subject), None)


def outside(clause: Clause, fen: pl.Expr) -> pl.Expr:
    """Tell where a decided amount is not one the clause allows; false where nothing is decided."""
    shape = clause.shape
    test = pl.lit(False)
    if isinstance(shape, amounts.AmountChoice):
        test = ~fen.is_in(list(shape.fen))
    elif isinstance(shape, amounts.AmountRange):
        test = (fen < shape.at_least) | (fen > shape.at_most)
    return test.fill_null(False)


def is_hard(clause: Clause) -> bool:
    """Tell whether an amount outside the clause is refused rather than noted as an exception."""
    return clause.force is Force.MUST


def _decided(parameters: Parameters) -> pl.Expr:
    if not parameters.decided:
        return pl.lit(None, pl.Int64)
    return pl.col("case_id").replace_strict(dict(parameters.decided), default=None, return_dtype=pl.Int64)


# -- the rules ---------------------------------------------------------------------------------------------------


def _half_up(numerator: pl.Expr, denominator: int) -> pl.Expr:
    """Divide non-negative whole numbers, halves up."""
    return (numerator * 2 + denominator) // (2 * denominator)


def _capped(fen: pl.Expr, cap: int | None) -> pl.Expr:
    # min_horizontal would skip a null: an unknown amount stays unknown under a cap.
    return fen if cap is None else pl.when(fen > cap).then(pl.lit(cap, pl.Int64)).otherwise(fen)


def _not_negative(fen: pl.Expr) -> pl.Expr:
    return pl.when(fen < 0).then(pl.lit(0, pl.Int64)).otherwise(fen)


def _actual(shape: amounts.AmountActual, _: Subjects) -> pl.Expr:
    spent = pl.col(shape.field)
    return _capped(_half_up(spent * shape.share.numerator, shape.share.denominator), shape.cap)


def _steps(shape: amounts.AmountSteps, _: Subjects) -> pl.Expr:
    number = pl.col(shape.field)
    fen = pl.when(number.is_not_null()).then(pl.lit(0, pl.Int64))
    tiers = sorted(
        (parse_yuan(tier.at_least) if isinstance(tier.at_least, str) else tier.at_least, tier.fen)
        for tier in shape.tiers
    )
    result: pl.Expr = fen
    for at_least, amount in tiers:
        result = pl.when(number >= at_least).then(pl.lit(amount, pl.Int64)).otherwise(result)
    return result


def _progressive(shape: amounts.AmountProgressive, _: Subjects) -> pl.Expr:
    spent = pl.col(shape.field)
    bands = sorted(shape.bands, key=lambda band: band.above)
    scale = lcm(*(band.share.denominator for band in bands))
    total = pl.lit(0, pl.Int64)
    for number, band in enumerate(bands):
        upper = bands[number + 1].above if number + 1 < len(bands) else None
        part = spent if upper is None else pl.when(spent > upper).then(pl.lit(upper, pl.Int64)).otherwise(spent)
        total = total + _not_negative(part - band.above) * int(band.share * scale)
    return _capped(_half_up(total, scale), shape.cap)


def _standard(ref: ParameterRef, subject: Subjects) -> Fraction | None:
    value = subject.policy.parameter(ref.parameter).on(subject.as_of)
    return None if value is None else value * ref.times


def _months(shape: amounts.AmountMonths, subject: Subjects) -> pl.Expr:
    standard = _standard(shape.standard, subject)
    if standard is None:
        return pl.lit(None, pl.Int64)
    return _capped(_half_up(_times(shape) * standard.numerator, standard.denominator), shape.cap)


def _times(shape: amounts.AmountMonths | amounts.AmountTopUp) -> pl.Expr:
    """Return people × months."""
    months = pl.col(shape.months) if isinstance(shape.months, str) else pl.lit(shape.months, pl.Int64)
    people = pl.col(shape.people) if shape.people else pl.lit(1, pl.Int64)
    return people * _capped(months, shape.most_months)


def _by_date(shape: amounts.AmountByDate, _: Subjects) -> pl.Expr:
    day = pl.col(shape.field)
    result: pl.Expr = pl.when(day.is_not_null()).then(pl.lit(0, pl.Int64))
    for tier in sorted(shape.tiers, key=lambda tier: tier.on_or_after):
        result = pl.when(day >= tier.on_or_after).then(pl.lit(tier.fen, pl.Int64)).otherwise(result)
    return result


def _top_up(shape: amounts.AmountTopUp, subject: Subjects) -> pl.Expr:
    line = _standard(shape.line, subject)
    if line is None:
        return pl.lit(None, pl.Int64)
    missing = _not_negative(line.numerator - pl.col(shape.field) * line.denominator)
    return _capped(_half_up(missing * _times(shape), line.denominator), shape.cap)


def _in_kind(shape: amounts.AmountInKind, _: Subjects) -> pl.Expr:
    return pl.lit(None if shape.fen is None else shape.fen * shape.quantity, pl.Int64)


def _person_decides(_: Shape, __: Subjects) -> pl.Expr:
    return pl.col("decided_fen")


def _fixed(shape: amounts.AmountFixed, _: Subjects) -> pl.Expr:
    return pl.lit(shape.fen, pl.Int64)


_AMOUNTS: dict[type[Shape], Callable[[Any, Subjects], pl.Expr]] = {
    amounts.AmountFixed: _fixed,
    amounts.AmountOpen: _person_decides,
    amounts.AmountChoice: _person_decides,
    amounts.AmountRange: _person_decides,
    amounts.AmountActual: _actual,
    amounts.AmountSteps: _steps,
    amounts.AmountProgressive: _progressive,
    amounts.AmountMonths: _months,
    amounts.AmountByDate: _by_date,
    amounts.AmountTopUp: _top_up,
    amounts.AmountInKind: _in_kind,
}


def instalments(fen: int, parts: tuple[Fraction, ...]) -> list[int]:
    """Split an amount into instalments that add up to it exactly; the last one takes the rest.

    Args:
        fen: The amount.
        parts: Shares that add up to 1.
    """
    paid = [int(Fraction(fen) * part) for part in parts[:-1]]
    return [*paid, fen - sum(paid)]
