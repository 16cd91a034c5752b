"""One row per case with everything a clause or an amount may ask about."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import polars as pl

from casework.facts import Facts
from casework.money import parse_yuan
from casework.policy import Policy
from casework.shapes import ParameterRef
from casework.shapes.base import Limit, parse_share
from casework.vocabulary import Mark


@dataclass
class Subjects:
    """One row per case with everything a clause may ask about; tests add the columns they need."""

    frame: pl.DataFrame
    facts: Facts
    policy: Policy
    as_of: date
    _extra: int = field(default=0)

    def join(self, hits: pl.DataFrame, key: str, column: str) -> pl.Expr:
        """Attach `column` of `hits` (one row per `key`) and return it as an expression."""
        self._extra += 1
        name = f"_{self._extra}_{column}"
        self.frame = self.frame.join(
            hits.select(key, pl.col(column).alias(name)), on=key, how="left", maintain_order="left"
        )
        return pl.col(name)

    def limit(self, limit: Limit, kind: str) -> tuple[int, int] | None:
        """Return a bound as an exact fraction (numerator, denominator); None where its parameter has no value yet."""
        if isinstance(limit, ParameterRef):
            value = self.policy.parameter(limit.parameter).on(self.as_of)
            if value is None:
                return None
            exact = value * limit.times
            return exact.numerator, exact.denominator
        if kind == "share":
            share = parse_share(limit)
            return share.numerator, share.denominator
        return (parse_yuan(limit), 1) if isinstance(limit, str) else (limit, 1)


def subjects(facts: Facts, policy: Policy, as_of: date) -> Subjects:
    """Return one row per case with the person's, household's and unit's values beside it."""
    people = facts.people.drop("name", "ethnicity", "branch", "position")
    units = facts.units.select(
        "unit_id", pl.col("kind").alias("unit_kind"), pl.col("members").alias("unit_members"), "pay_difficulty"
    )
    frame = (
        facts.cases.join(people, on="person_id", how="left", maintain_order="left")
        .join(facts.households, on="household_id", how="left", maintain_order="left")
        .join(units, on="unit_id", how="left", maintain_order="left")
        .rename({"yearly_income_fen": "yearly_income", "requested_fen": "requested"})
        .with_columns(
            age=_years(pl.col("born_on"), as_of),
            party_years=_years(pl.col("full_member_on"), as_of),
        )
    )
    for own in policy.fields:
        answers = facts.answers.filter(pl.col("field") == own.id)
        column = {"date": pl.col("date"), "text": pl.col("text"), "flag": pl.col("number") != 0}.get(
            own.kind, pl.col("number")
        )
        one = answers.select("case_id", column.alias(own.id)).unique("case_id", keep="none")
        frame = frame.join(one, on="case_id", how="left", maintain_order="left")
    for name in dict.fromkeys(facts.completeness["list"]):
        marks = facts.completeness.filter(pl.col("list") == name).select(
            "case_id", pl.col("mark").is_in([Mark.NONE.value, Mark.PRESENT.value]).alias(f"complete_{name}")
        )
        frame = frame.join(marks.unique("case_id", keep="none"), on="case_id", how="left", maintain_order="left")
    return Subjects(frame, facts, policy, as_of)


def _years(day: pl.Expr, as_of: date) -> pl.Expr:
    """Return full years from `day` to `as_of`; a 29 February counts from 1 March in a short year.

    A day that is still to come is a mistake in the ledger: unknown, not a negative age.
    """
    month_day = day.dt.month().cast(pl.Int64) * 100 + day.dt.day()
    not_yet = (month_day > as_of.month * 100 + as_of.day).cast(pl.Int64)
    return pl.when(day <= as_of).then(as_of.year - day.dt.year().cast(pl.Int64) - not_yet)
