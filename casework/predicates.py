"""Rule shapes as polars tests: true, false, or null for *unknown*.

A test never says *met*: `rules.outcome` is the one place that turns a test into an outcome. Lists (causes, aid,
honours, evidence) are closed only where they carry a completeness mark, except for what this ledger itself paid.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

import polars as pl

from casework.policy import Clause, known_fields
from casework.shapes import Shape, Window, conditions
from casework.shapes.base import Bounded
from casework.subjects import Subjects
from casework.vocabulary import Degree, Relation

_DEGREES = {degree.value: number for number, degree in enumerate(Degree)}


@dataclass(frozen=True)
class Test:
    """A boolean expression (null: unknown) and the columns whose values explain it."""

    expr: pl.Expr
    shown: dict[str, pl.Expr]


def test_of(shape: Shape, clause: Clause, subject: Subjects) -> Test:
    """Return the test a clause's shape makes.

    Raises:
        KeyError: The shape does not look at a case.
    """
    return _TESTS[type(shape)](shape, subject, clause)


def tests_cases(shape: Shape | None) -> bool:
    """Tell whether a shape looks at one case."""
    return type(shape) in _TESTS


def judged(clause: Clause, subject: Subjects) -> pl.Expr:
    """Return the recorded mark of a clause that only a person may answer; null where nobody has."""
    latest = (
        subject.facts.judgements.filter(pl.col("clause_id") == clause.id)
        .sort("on", nulls_last=False)
        .unique("case_id", keep="last", maintain_order=True)
    )
    return subject.join(latest, "case_id", "value")


# -- plain values ------------------------------------------------------------------------------------------------


def _flag(shape: conditions.Flag, subject: Subjects, _: Clause) -> Test:
    column = pl.col(shape.field)
    return Test(column if shape.wanted else ~column, {shape.field: column})


def _one_of(shape: conditions.OneOf, subject: Subjects, _: Clause) -> Test:
    column = pl.col(shape.field)
    return Test(column.is_in(shape.values), {shape.field: column})


def _tagged(shape: conditions.Tagged, subject: Subjects, _: Clause) -> Test:
    column = pl.col("tags")
    wanted = [tag.value for tag in shape.any_of]
    test = column.list.eval(pl.element().is_in(wanted)).list.any()
    return Test(_with_degree(test, shape), {"tags": column})


def _with_degree(test: pl.Expr, shape: Any) -> pl.Expr:
    degree = getattr(shape, "degree", None)
    return test if degree is None else test & _at_least_degree(degree)


def _at_least_degree(degree: Degree) -> pl.Expr:
    order = pl.col("degree").replace_strict(_DEGREES, return_dtype=pl.Int64)
    return order >= _DEGREES[degree.value]


def _degree(shape: conditions.DegreeAtLeast, subject: Subjects, _: Clause) -> Test:
    return Test(_at_least_degree(shape.degree), {"degree": pl.col("degree")})


def _date(shape: conditions.DateBetween, subject: Subjects, _: Clause) -> Test:
    column = pl.col(shape.field)
    tests = [
        compare(column, bound)
        for bound, compare in (
            (shape.on_or_after, pl.Expr.ge),
            (shape.after, pl.Expr.gt),
            (shape.on_or_before, pl.Expr.le),
            (shape.before, pl.Expr.lt),
        )
        if bound is not None
    ]
    return Test(_all(tests), {shape.field: column})


def _all(tests: list[pl.Expr]) -> pl.Expr:
    first, *rest = tests
    for test in rest:
        first = first & test
    return first


def _within(shape: Bounded, number: pl.Expr, per: pl.Expr, kind: str, subject: Subjects) -> pl.Expr:
    """Compare number ÷ per with the bounds, without dividing."""
    tests = []
    for name, compare in (
        ("at_least", pl.Expr.ge),
        ("above", pl.Expr.gt),
        ("at_most", pl.Expr.le),
        ("below", pl.Expr.lt),
    ):
        bound = getattr(shape, name)
        if bound is None:
            continue
        exact = subject.limit(bound, kind)
        tests.append(pl.lit(None, pl.Boolean) if exact is None else compare(number * exact[1], per * exact[0]))
    return _all(tests)


def _number(shape: conditions.Number, subject: Subjects, _: Clause) -> Test:
    kind = known_fields(subject.policy)[shape.field].kind
    column = pl.col(shape.field)
    return Test(_within(shape, column, pl.lit(1), kind, subject), {shape.field: column})


def _compare(shape: conditions.Compare, subject: Subjects, _: Clause) -> Test:
    number, other = pl.col(shape.field), pl.col(shape.of)
    return Test(_within(shape, number, other, "share", subject), {shape.field: number, shape.of: other})


def _household(shape: conditions.Household, subject: Subjects, _: Clause) -> Test:
    size, income = pl.col("size"), pl.col("yearly_income")
    match shape.measure:
        case "yearly_income":
            return Test(_within(shape, income, pl.lit(1), "fen", subject), {"yearly_income": income})
        case "minors":
            return Test(_within(shape, pl.col("minors"), pl.lit(1), "count", subject), {"minors": pl.col("minors")})
    heads, scale = (size, 1) if not shape.weights else _weighted_heads(shape.weights, subject)
    # A household of nobody has no per-head income: unknown, not infinite.
    heads = pl.when(heads > 0).then(heads)
    if shape.measure == "size":
        return Test(_within(shape, heads, pl.lit(scale), "count", subject), {"size": size})
    test = _within(shape, income * scale, heads, "fen", subject)
    return Test(test, {"yearly_income": income, "size": size})


def _weighted_heads(weights: dict[Relation, Fraction], subject: Subjects) -> tuple[pl.Expr, int]:
    """Return (weighted number of people × scale, scale); the person counts whole, unlisted relations too."""
    scale = lcm(*(weight.denominator for weight in weights.values()))
    table = {relation.value: int(weight * scale) for relation, weight in weights.items()}
    members = subject.facts.members.with_columns(
        weight=pl.when(pl.col("relation").is_not_null()).then(
            pl.col("relation").replace_strict(table, default=scale, return_dtype=pl.Int64)
        )
    )
    heads = members.group_by("household_id").agg(
        weighted=pl.when(pl.col("weight").is_not_null().all()).then(pl.col("weight").sum() + scale)
    )
    return subject.join(heads, "household_id", "weighted"), scale


# -- lists -------------------------------------------------------------------------------------------------------


def _listed(subject: Subjects, rows: pl.DataFrame, match: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """Return whether any row matches: true if one does, false only where the list is known to be whole."""
    key = "case_id" if "case_id" in rows.columns else "person_id"
    hits = rows.group_by(key).agg(hit=match.any(ignore_nulls=False))
    hit = subject.join(hits, key, "hit")
    # No row: false where the list is whole. A row that cannot be read (null) leaves the answer open.
    nothing = pl.when(whole).then(pl.lit(False))
    has_rows = subject.join(rows.select(key).unique().with_columns(seen=pl.lit(True)), key, "seen").fill_null(False)
    return pl.when(~has_rows).then(nothing).when(hit).then(hit).when(~hit).then(nothing)


def _complete(subject: Subjects, name: str) -> pl.Expr:
    column = f"complete_{name}"
    return pl.col(column).fill_null(False) if column in subject.frame.columns else pl.lit(False)


def _cause(shape: conditions.Cause, subject: Subjects, _: Clause) -> Test:
    match = pl.col("cause").is_in([cause.value for cause in shape.any_of])
    if shape.affected:
        match = match & pl.col("affected").is_in([relation.value for relation in shape.affected])
    test = _listed(subject, subject.facts.causes, match, _complete(subject, "causes"))
    causes = subject.facts.causes.group_by("case_id").agg(causes=pl.col("cause").drop_nulls().unique().sort())
    shown = subject.join(causes, "case_id", "causes")
    return Test(_with_degree(test, shape), {"causes": shown, "degree": pl.col("degree")})


def _main_cause(shape: conditions.MainCause, subject: Subjects, _: Clause) -> Test:
    named = (
        subject.facts.causes.filter(pl.col("main")).unique("case_id", keep="none").select("case_id", main_cause="cause")
    )
    column = subject.join(named, "case_id", "main_cause")
    listed = subject.facts.causes.select("case_id").unique().with_columns(seen=pl.lit(True))
    none = _complete(subject, "causes") & subject.join(listed, "case_id", "seen").is_null()
    # Where it is on record that there is no cause at all, nobody has to name the main one.
    test = pl.when(none).then(pl.lit(False)).otherwise(column.is_in([cause.value for cause in shape.any_of]))
    return Test(test, {"main_cause": column})


def _inside(window: Window, subject: Subjects) -> pl.Expr:
    if window.span == "round":
        return pl.col("round_id") == subject.facts.round_id
    first = window.opens_on(subject.as_of)
    until = pl.col("on") <= subject.as_of
    return until if first is None else until & (pl.col("on") >= first)


def _aid(shape: conditions.OtherAid, subject: Subjects, _: Clause) -> Test:
    match = _inside(shape.window, subject) & pl.col("status").is_in([status.value for status in shape.status])
    if shape.kinds_of_aid:
        match = match & pl.col("kind").is_in([kind.value for kind in shape.kinds_of_aid])
    if shape.source:
        match = match & (pl.col("source") == shape.source)
    test = _listed(subject, subject.facts.aid.filter(~pl.col("own").fill_null(False)), match, _complete(subject, "aid"))
    return Test(test, {"aid": _aid_shown(subject, match)})


def _repeat_aid(shape: conditions.RepeatAid, subject: Subjects, _: Clause) -> Test:
    # What this very round pays is not a repetition of itself.
    before = subject.facts.aid.filter(pl.col("round_id").fill_null("") != subject.facts.round_id)
    rows = before.filter(pl.col("own")) if shape.scope == "own" else before
    match = _inside(shape.window, subject) & (pl.col("status") == "granted")
    if shape.kinds_of_aid:
        match = match & pl.col("kind").is_in([kind.value for kind in shape.kinds_of_aid])
    # What this ledger paid it knows completely; of other channels only a completeness mark can say so.
    whole = pl.lit(True) if shape.scope == "own" else _complete(subject, "aid")
    test = _listed(subject, rows, match, whole)
    return Test(test, {"aid": _aid_shown(subject, match)})


def _aid_shown(subject: Subjects, match: pl.Expr) -> pl.Expr:
    """Return the latest matching aid as text: "2020-01-08 县民政局"."""
    text = pl.concat_str(pl.col("on").cast(pl.String), pl.col("source").fill_null(""), separator=" ")
    latest = (
        subject.facts.aid.filter(match.fill_null(False))
        .sort("on", "source", "kind")
        .group_by("person_id", maintain_order=True)
        .agg(aid=text.last())
    )
    return subject.join(latest, "person_id", "aid")


def _honoured(shape: conditions.Honoured, subject: Subjects, _: Clause) -> Test:
    rows = subject.facts.honours
    if shape.levels:
        rows = rows.filter(pl.col("level").is_in(shape.levels))
    counted = rows.group_by("person_id").agg(honours=pl.len().cast(pl.Int64))
    count = subject.join(counted, "person_id", "honours")
    known = pl.when(count >= shape.at_least).then(count).when(_complete(subject, "honours")).then(count.fill_null(0))
    return Test(known >= shape.at_least, {"honours": count})


def _evidence(shape: conditions.Evidence, subject: Subjects, _: Clause) -> Test:
    seen = subject.facts.evidence.filter(
        pl.col("copy_kept").fill_null(False) | pl.col("original_seen").fill_null(False)
    )
    held = seen.group_by("case_id").agg(documents=pl.col("document").unique().sort())
    documents = subject.join(held, "case_id", "documents").fill_null(pl.lit([], dtype=pl.List(pl.String)))
    has = [documents.list.contains(name) for name in shape.documents]
    test = pl.all_horizontal(has) if shape.need == "all" else pl.any_horizontal(has)
    lacking = pl.concat_list([pl.when(~h).then(pl.lit(n)) for h, n in zip(has, shape.documents, strict=True)])
    if shape.when_cause:
        match = pl.col("cause").is_in([cause.value for cause in shape.when_cause])
        asked = _listed(subject, subject.facts.causes, match, _complete(subject, "causes"))
        test = pl.when(test | ~asked).then(pl.lit(True)).when(asked).then(test)
    return Test(test, {"lacking": lacking.list.drop_nulls()})


_TESTS: dict[type[Shape], Callable[[Any, Subjects, Clause], Test]] = {
    conditions.Flag: _flag,
    conditions.OneOf: _one_of,
    conditions.Tagged: _tagged,
    conditions.Number: _number,
    conditions.Household: _household,
    conditions.DateBetween: _date,
    conditions.DegreeAtLeast: _degree,
    conditions.Cause: _cause,
    conditions.MainCause: _main_cause,
    conditions.OtherAid: _aid,
    conditions.RepeatAid: _repeat_aid,
    conditions.Honoured: _honoured,
    conditions.Evidence: _evidence,
    conditions.Compare: _compare,
}
