"""Rule shapes as polars tests: true, false, or null for *unknown*.

A test never says *met*: `rules.outcome` is the one place that turns a test into an outcome. Lists (causes, aid,
honours, evidence) are closed only where they carry a completeness mark, except for what this ledger itself paid.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any, TypeAlias

import polars as pl

from casework.policy import Clause, known_fields
from casework.shapes import Shape, Window, conditions
from casework.shapes.base import Bounded
from casework.subjects import Subjects
from casework.vocabulary import AidStatus, Degree, Relation

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
    latest = pl.col("value").filter(pl.col("on") == pl.col("on").max())
    # Several marks that differ: the latest counts, unless a date is missing or the latest day has two of them.
    one = (
        pl.when(pl.col("value").n_unique() == 1)
        .then(pl.col("value").first())
        .when((pl.col("on").null_count() == 0) & (latest.n_unique() == 1))
        .then(latest.first())
    )
    marks = subject.facts.judgements.filter(pl.col("clause_id") == clause.id).group_by("case_id").agg(value=one)
    return subject.join(marks, "case_id", "value")


# -- plain values ------------------------------------------------------------------------------------------------


def _flag(shape: conditions.Flag, subject: Subjects, _: Clause) -> Test:
    column = pl.col(shape.field)
    return Test(column if shape.wanted else ~column, {shape.field: column})


def _one_of(shape: conditions.OneOf, subject: Subjects, _: Clause) -> Test:
    column = pl.col(shape.field)
    return Test(_with_degree(column.is_in(shape.values), shape), {shape.field: column, **_degree_shown(shape)})


def _tagged(shape: conditions.Tagged, subject: Subjects, _: Clause) -> Test:
    column = pl.col("tags")
    wanted = [tag.value for tag in shape.any_of]
    test = column.list.eval(pl.element().is_in(wanted)).list.any()
    return Test(_with_degree(test, shape), {"tags": column, **_degree_shown(shape)})


_Graded: TypeAlias = conditions.OneOf | conditions.Tagged | conditions.Cause
"""Shapes whose sentence may also say how hard life is: both must hold."""


def _with_degree(test: pl.Expr, shape: _Graded) -> pl.Expr:
    return test if shape.degree is None else test & _at_least_degree(shape.degree)


def _degree_shown(shape: _Graded) -> dict[str, pl.Expr]:
    return {} if shape.degree is None else {"degree": pl.col("degree")}


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
    """Return (weighted number of people × scale, scale); the person counts whole, unlisted relations too.

    The people listed are all there are where the list is marked so, or where it agrees with the recorded size.
    """
    scale = lcm(*(weight.denominator for weight in weights.values()))
    table = {relation.value: int(weight * scale) for relation, weight in weights.items()}
    relation = pl.col("relation")
    weight = relation.replace_strict(table, default=scale, return_dtype=pl.Int64)
    itself = ~(relation == Relation.SELF.value).any()  # the form may list the person among the household
    heads = subject.facts.members.group_by("household_id").agg(
        counted=pl.len().cast(pl.Int64) + itself,
        weighted=pl.when(relation.null_count() == 0).then(weight.sum() + itself * scale),
    )
    counted, weighted = (subject.join(heads, "household_id", name) for name in ("counted", "weighted"))
    return pl.when(_complete(subject, "household") | (counted == pl.col("size"))).then(weighted), scale


# -- lists -------------------------------------------------------------------------------------------------------


def _listed(subject: Subjects, rows: pl.DataFrame, match: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """Return whether any row matches: true if one does, false only where the list is known to be whole."""
    key = "case_id" if "case_id" in rows.columns else "person_id"
    hits = rows.group_by(key).agg(hit=match.any(ignore_nulls=False).cast(pl.Int8).fill_null(2))
    hit = subject.join(hits, key, "hit")
    # No row at all (null) or none that matches (0): false where the list is whole. 2 is a row that cannot be read.
    return pl.when(hit == 1).then(pl.lit(True)).when((hit.is_null() | (hit == 0)) & whole).then(pl.lit(False))


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
    return Test(_with_degree(test, shape), {"causes": shown, **_degree_shown(shape)})


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
        return pl.col("round_id").fill_null("") == subject.facts.round_id
    first = window.opens_on(subject.as_of)
    until = pl.col("on") <= subject.as_of
    return until if first is None else until & (pl.col("on") >= first)


def _aid(shape: conditions.OtherAid, subject: Subjects, _: Clause) -> Test:
    match = ~pl.col("own") & _inside(shape.window, subject) & _has_status(shape.status)
    if shape.kinds_of_aid:
        match = match & pl.col("kind").is_in([kind.value for kind in shape.kinds_of_aid])
    if shape.source:
        match = match & (pl.col("source") == shape.source)
    test = _listed(subject, subject.facts.aid, match, _complete(subject, "aid"))
    return Test(test, {"aid": _aid_shown(subject, subject.facts.aid, match)})


def _has_status(wanted: tuple[AidStatus, ...]) -> pl.Expr:
    return pl.col("status").is_in([status.value for status in wanted])


def _repeat_aid(shape: conditions.RepeatAid, subject: Subjects, _: Clause) -> Test:
    rows, this_round = subject.facts.aid, subject.facts.round_id
    if this_round and shape.window.span != "round":
        # What this very round pays is not a repetition of itself.
        rows = rows.filter(pl.col("round_id").fill_null("") != this_round)
    match = _inside(shape.window, subject) & _has_status((AidStatus.GRANTED,))
    if shape.scope == "own":
        match = match & pl.col("own")
    if shape.kinds_of_aid:
        match = match & pl.col("kind").is_in([kind.value for kind in shape.kinds_of_aid])
    # What this ledger paid it knows completely; of other channels only a completeness mark can say so.
    whole = pl.lit(True) if shape.scope == "own" else _complete(subject, "aid")
    test = _listed(subject, rows, match, whole)
    return Test(test, {"aid": _aid_shown(subject, rows, match)})


def _aid_shown(subject: Subjects, rows: pl.DataFrame, match: pl.Expr) -> pl.Expr:
    """Return the latest matching aid as text: "2020-01-08 县民政局"."""
    text = pl.concat_str(pl.col("on").cast(pl.String), pl.col("source").fill_null(""), separator=" ")
    latest = (
        rows.filter(match.fill_null(False))
        .sort("on", "source", "kind")
        .group_by("person_id", maintain_order=True)
        .agg(aid=text.last())
    )
    return subject.join(latest, "person_id", "aid")


def _honoured(shape: conditions.Honoured, subject: Subjects, _: Clause) -> Test:
    fits = pl.col("level").is_in(shape.levels) if shape.levels else pl.lit(True)
    counted = subject.facts.honours.group_by("person_id").agg(
        sure=fits.fill_null(False).sum().cast(pl.Int64),
        # An honour whose level nobody recorded may be one of them.
        possible=fits.fill_null(True).sum().cast(pl.Int64),
    )
    sure = subject.join(counted, "person_id", "sure").fill_null(0)
    possible = subject.join(counted, "person_id", "possible").fill_null(0)
    fails = _complete(subject, "honours") & (possible < shape.at_least)
    test = pl.when(sure >= shape.at_least).then(pl.lit(True)).when(fails).then(pl.lit(False))
    return Test(test, {"honours": sure})


def _evidence(shape: conditions.Evidence, subject: Subjects, _: Clause) -> Test:
    held = pl.col("copy_kept") | pl.col("original_seen")
    whole = _complete(subject, "evidence")
    has = [
        _listed(subject, subject.facts.evidence, (pl.col("document") == name) & held, whole) for name in shape.documents
    ]
    test = pl.all_horizontal(has) if shape.need == "all" else pl.any_horizontal(has)
    lacks = [pl.when(~h.fill_null(False)).then(pl.lit(n)) for h, n in zip(has, shape.documents, strict=True)]
    if shape.when_cause:
        match = pl.col("cause").is_in([cause.value for cause in shape.when_cause])
        asked = _listed(subject, subject.facts.causes, match, _complete(subject, "causes"))
        test = pl.when(test | ~asked).then(pl.lit(True)).when(asked).then(test)
    return Test(test, {"lacking": pl.concat_list(lacks).list.drop_nulls()})


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
