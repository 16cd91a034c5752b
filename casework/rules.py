"""What each clause says of each case, and the verdict that follows.

Findings are rows, one per case × clause; screen, form, letter and audit read the same ones. Missing is never false:
`outcome` is the one function that turns a test into an outcome, and it asks for null first.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import polars as pl

from casework.facts import Facts
from casework.frames import FINDINGS, VERDICTS, conform, empty
from casework.policy import Clause, Group, Policy
from casework.predicates import judged, test_of, tests_cases
from casework.shapes import conditions
from casework.subjects import Subjects, subjects
from casework.vocabulary import AidKind, Force, Kind, Mark, Outcome, Reason, Subject, Verdict

CATEGORY_CHECK = "category"
"""The finding every case has: is a category chosen, does this pack know it, is the person of its kind?

Where clauses differ by path, the case's path has to be known too: a clause that is silently left out would be an
answer nobody gave.
"""

_CATEGORY, _PATH = ":category", ":path"
"""The columns that say whom a group speaks of; no clause id has a colon in front."""

# All-of is the smallest of these numbers; any-of the largest once `_swap` has exchanged the two in the middle.
_ALL = {Outcome.NOT_MET: 0, Outcome.UNKNOWN: 1, Outcome.NEEDS_JUDGEMENT: 2, Outcome.MET: 3}


def outcome(test: pl.Expr) -> pl.Expr:
    """Turn a test (true, false, null) into an outcome; null is asked first, so missing is never false."""
    return (
        pl.when(test.is_null())
        .then(pl.lit(Outcome.UNKNOWN.value))
        .when(test)
        .then(pl.lit(Outcome.MET.value))
        .otherwise(pl.lit(Outcome.NOT_MET.value))
    )


def outcome_of_mark(mark: pl.Expr) -> pl.Expr:
    """Turn a person's recorded mark into an outcome: 有 met, 无 not met, 未核 or nothing needs judgement."""
    return (
        pl.when(mark == Mark.PRESENT.value)
        .then(pl.lit(Outcome.MET.value))
        .when(mark == Mark.NONE.value)
        .then(pl.lit(Outcome.NOT_MET.value))
        .otherwise(pl.lit(Outcome.NEEDS_JUDGEMENT.value))
    )


def case_clauses(policy: Policy, as_of: date) -> list[Clause]:
    """Return the clauses that give findings on `as_of`, in the order of the pack."""
    return [
        clause
        for clause in policy.clauses
        if clause.subject is Subject.CASE and clause.in_force(as_of) and (clause.ask or tests_cases(clause.shape))
    ]


def assess(facts: Facts, *, policy: Policy, as_of: date | None = None) -> pl.DataFrame:
    """Say of every case what every clause says of it.

    Args:
        facts: What is known.
        policy: The circular.
        as_of: The day ages, windows and dated parameters count from; the facts' own day by default.

    Returns:
        `frames.FINDINGS` (case_id, clause_id, outcome, code, values: JSON text, money in fen), at most cases × clauses
        rows, in the order of the cases and of the pack; a clause that does not speak of a case's category or path
        gives no row. No cases give no rows.

    Raises:
        Nothing for what is missing: a fact that is not there is *unknown*, a judgement *needs_judgement*.

    Source:
        DESIGN sections 6 (four outcomes, absent rows, findings are rows) and 8.
    """
    day = as_of or facts.as_of
    subject = subjects(facts, policy, day)
    parts: list[tuple[str, pl.Expr, pl.Expr, dict[str, pl.Expr], pl.Expr]] = [_category_check(policy)]
    for clause in case_clauses(policy, day):
        outcomes, code, shown = _finding(clause, subject)
        parts.append((clause.id, outcomes, pl.lit(code), shown, _applies(clause)))
    frames = [
        subject.frame.select(
            "case_id",
            clause_id=pl.lit(clause_id),
            outcome=outcomes,
            code=code,
            values=pl.struct([value.alias(name) for name, value in shown.items()]).struct.json_encode()
            if shown
            else pl.lit("{}"),
            _case=pl.int_range(pl.len()),
            _clause=pl.lit(number),
            _applies=applies,
        ).filter(pl.col("_applies").fill_null(False))
        for number, (clause_id, outcomes, code, shown, applies) in enumerate(parts)
    ]
    return pl.concat(frames).sort("_case", "_clause").select(*FINDINGS)


def _finding(clause: Clause, subject: Subjects) -> tuple[pl.Expr, str, dict[str, pl.Expr]]:
    if clause.ask:
        return outcome_of_mark(judged(clause, subject)), "judgement", {}
    assert clause.shape is not None
    test = test_of(clause.shape, clause, subject)
    if isinstance(clause.shape, conditions.MainCause):
        # Only a person names the main cause: not named is a judgement that is missing.
        named = pl.when(test.expr.is_null()).then(pl.lit(Outcome.NEEDS_JUDGEMENT.value)).otherwise(outcome(test.expr))
        return named, clause.shape.rule, test.shown
    return outcome(test.expr), type(clause.shape).rule, test.shown


def _applies(clause: Clause) -> pl.Expr:
    applies = pl.lit(True)
    if clause.for_categories:
        applies = applies & pl.col("category").is_in(clause.for_categories)
    if clause.for_paths:
        applies = applies & pl.col("path").is_in(clause.for_paths)
    return applies


def _category_check(policy: Policy) -> tuple[str, pl.Expr, pl.Expr, dict[str, pl.Expr], pl.Expr]:
    category, beneficiary = pl.col("category"), pl.col("beneficiary")
    known = category.is_in([entry.id for entry in policy.categories])
    fits = pl.lit(True)
    for entry in policy.categories:
        if entry.beneficiaries:
            allowed = beneficiary.is_in([kind.value for kind in entry.beneficiaries])
            fits = pl.when(category == entry.id).then(allowed).otherwise(fits)
    if any(clause.for_paths for clause in policy.clauses):
        on_a_path = pl.col("path").is_in([path for path, _ in policy.paths])
        fits = fits & pl.when(on_a_path).then(pl.lit(True))
    code = pl.when(known.fill_null(True)).then(pl.lit("category")).otherwise(pl.lit("category_unknown"))
    shown = {"category": category, "beneficiary": beneficiary, "path": pl.col("path")}
    return CATEGORY_CHECK, outcome(known & fits), code, shown, pl.lit(True)


# -- the verdict -------------------------------------------------------------------------------------------------


def verdicts(findings: pl.DataFrame, *, policy: Policy) -> pl.DataFrame:
    """Fold the findings of each case into one verdict.

    A required group or condition that fails, or an exclusion that is met, refuses where its force is *must* and
    needs an exception where it is weaker; an answer that is missing waits. A missing paper waits, it never refuses.
    A clause that is met sets aside the clauses it `excepts`; while it is open, so is what it might set aside.

    Returns:
        `frames.VERDICTS` (case_id, verdict, reason, clauses, met, open), one row per case of `findings`, in its order.

    Source:
        DESIGN section 6 (the verdict is a fold).
    """
    if findings.is_empty():
        return empty(VERDICTS)
    order = findings.select("case_id").unique(maintain_order=True)
    wide = findings.select("case_id", "clause_id", pl.col("outcome").replace_strict(_ALL, return_dtype=pl.Int8)).pivot(
        on="clause_id", index="case_id", values="outcome", maintain_order=True
    )
    present = set(wide.columns) - {"case_id"}
    wide = wide.join(_context(findings), on="case_id", how="left", maintain_order="left")
    wide = wide.with_columns(
        _set_aside(clause, policy, present).alias(clause.id) for clause in policy.clauses if clause.id in present
    )
    chosen = _Check(CATEGORY_CHECK, pl.col(CATEGORY_CHECK), Force.MUST, Kind.CONDITION)
    checks = [chosen, *_checks(policy, present)]
    ids = [check.id for check in checks]
    frame = wide.select(
        "case_id",
        *(check.bad().alias(f"bad:{check.id}") for check in checks),
        *(check.waiting().alias(f"wait:{check.id}") for check in checks),
        met=_names(present - {CATEGORY_CHECK}, lambda name: pl.col(name) == _ALL[Outcome.MET], policy),
        open=_names(present, lambda name: pl.col(name).is_in([1, 2]), policy),
        judgement_missing=pl.any_horizontal(
            pl.col(CATEGORY_CHECK) == _ALL[Outcome.NEEDS_JUDGEMENT],
            *(check.waiting() & check.lacks_judgement() for check in checks),
        ),
        no_category=pl.col(_CATEGORY).is_null(),
    )

    def collect(prefix: str, wanted: list[str]) -> pl.Expr:
        named = [pl.when(pl.col(f"{prefix}:{name}")).then(pl.lit(name)) for name in wanted]
        return pl.concat_list(named).list.drop_nulls() if named else pl.lit([], dtype=pl.List(pl.String))

    hard = [check.id for check in checks if check.force is Force.MUST]
    soft = [check.id for check in checks if check.force is not Force.MUST]
    frame = frame.with_columns(refused=collect("bad", hard), excused=collect("bad", soft), waits=collect("wait", ids))
    folded = frame.with_columns(
        verdict=pl.when(pl.col("refused").list.len() > 0)
        .then(pl.lit(Verdict.REFUSED.value))
        .when(pl.col("waits").list.len() > 0)
        .then(pl.lit(Verdict.WAITING.value))
        .when(pl.col("excused").list.len() > 0)
        .then(pl.lit(Verdict.NEEDS_EXCEPTION.value))
        .otherwise(pl.lit(Verdict.ELIGIBLE.value))
    ).with_columns(reason=_reason(policy), clauses=_clauses())
    return conform(order.join(folded.select(*VERDICTS), on="case_id", how="left", maintain_order="left"), VERDICTS)


def _context(findings: pl.DataFrame) -> pl.DataFrame:
    """Return the category and the path of each case, as the category check found them."""
    told = pl.col("values").str.json_decode(pl.Struct({"category": pl.String, "path": pl.String}))
    return findings.filter(pl.col("clause_id") == CATEGORY_CHECK).select(
        "case_id", told.struct.field("category").alias(_CATEGORY), told.struct.field("path").alias(_PATH)
    )


class _Check:
    """One thing the verdict hangs on: a required group, a condition outside groups, an exclusion, a paper."""

    def __init__(self, name: str, value: pl.Expr, force: Force, kind: Kind) -> None:
        self.id, self.value, self.force = name, value, force
        self.wrong = _wrong(kind)

    def bad(self) -> pl.Expr:
        """The clause stands against the person."""
        return (self.value == _ALL[self.wrong]).fill_null(False)

    def waiting(self) -> pl.Expr:
        """An answer is missing."""
        return self.value.is_in([1, 2]).fill_null(False)

    def lacks_judgement(self) -> pl.Expr:
        """What is missing is a person's judgement."""
        return (self.value == _ALL[Outcome.NEEDS_JUDGEMENT]).fill_null(False)


def _wrong(kind: Kind) -> Outcome:
    """Return the outcome of such a clause that stands against a person."""
    return Outcome.MET if kind in (Kind.EXCLUSION, Kind.REPEAT_AID) else Outcome.NOT_MET


def _set_aside(clause: Clause, policy: Policy, present: set[str]) -> pl.Expr:
    """Return the clause's outcome as the verdict weighs it.

    *Nothing to say* (null) where a clause that excepts it is met; open where such a clause is open and this one
    stands against the person. A missing paper is open: it can still come.
    """
    value = pl.col(clause.id)
    if clause.kind is Kind.DOCUMENT:
        value = pl.when(value == _ALL[Outcome.NOT_MET]).then(pl.lit(_ALL[Outcome.UNKNOWN])).otherwise(value)
    for other in policy.clauses:
        if clause.id in other.excepts and other.id in present:
            exception = pl.col(other.id).fill_null(_ALL[Outcome.NOT_MET])
            against = value == _ALL[_wrong(clause.kind)]
            value = (
                pl.when(exception == _ALL[Outcome.MET])
                .then(None)
                .when(against & exception.is_in([1, 2]))
                .then(exception)
                .otherwise(value)
            )
    return value.cast(pl.Int8)


def _checks(policy: Policy, present: set[str]) -> list[_Check]:
    groups = {group.id: group for group in policy.groups}
    inside = {member for group in policy.groups for member in group.members}
    checks = []
    for group in policy.groups:
        value = _group(group, groups, present)
        if group.id not in inside and value is not None:
            forces = {policy.clause(name).force for name in _leaves(group, groups)}
            force = Force.MUST if Force.MUST in forces else Force.NORMALLY
            checks.append(_Check(group.id, value, force, Kind.CONDITION))
    judged_kinds = (Kind.CONDITION, Kind.EXCLUSION, Kind.REPEAT_AID, Kind.DOCUMENT)
    checks += [
        _Check(clause.id, pl.col(clause.id), clause.force, clause.kind)
        for clause in policy.clauses
        if clause.id in present and clause.id not in inside and clause.kind in judged_kinds
    ]
    return checks


def _leaves(group: Group, groups: dict[str, Group]) -> list[str]:
    return [
        leaf for member in group.members for leaf in (_leaves(groups[member], groups) if member in groups else [member])
    ]


def _group(group: Group, groups: dict[str, Group], present: set[str]) -> pl.Expr | None:
    """Fold a group; members that do not speak of the case do not count; None where none is present at all."""
    members = [
        value
        for member in group.members
        if (
            value := _group(groups[member], groups, present)
            if member in groups
            else (pl.col(member) if member in present else None)
        )
        is not None
    ]
    if not members:
        return None
    if group.mode == "all_of":
        folded = pl.min_horizontal(members)
    elif group.mode == "any_of":
        folded = _swap(pl.max_horizontal([_swap(member) for member in members]))
    else:
        folded = _count(members, group.count)
    speaks = pl.lit(True)
    if group.for_categories:
        speaks = speaks & pl.col(_CATEGORY).is_in(group.for_categories)
    if group.for_paths:
        speaks = speaks & pl.col(_PATH).is_in(group.for_paths)
    return pl.when(speaks).then(folded)


def _count(members: list[pl.Expr], wanted: int) -> pl.Expr:
    """Fold "at least so many": met, out of reach, or open; null where no member speaks of the case."""
    met = pl.sum_horizontal([(member == 3).cast(pl.Int8) for member in members])
    unknown = pl.sum_horizontal([(member == 1).cast(pl.Int8) for member in members])
    waiting = pl.sum_horizontal([member.is_in([1, 2]).cast(pl.Int8) for member in members])
    silent = pl.all_horizontal([member.is_null() for member in members])
    folded = (
        pl.when(met >= wanted)
        .then(pl.lit(3))
        .when(met + waiting < wanted)
        .then(pl.lit(0))
        .when(unknown > 0)
        .then(pl.lit(1))
        .otherwise(pl.lit(2))
    )
    return pl.when(~silent).then(folded).cast(pl.Int8)


def _swap(value: pl.Expr) -> pl.Expr:
    """Exchange the numbers of unknown and needs_judgement: all-of and any-of prefer them in different order."""
    return pl.when(value == 1).then(pl.lit(2)).when(value == 2).then(pl.lit(1)).otherwise(value).cast(pl.Int8)


def _names(names: set[str], test: Callable[[str], pl.Expr], policy: Policy) -> pl.Expr:
    ordered = [CATEGORY_CHECK, *(clause.id for clause in policy.clauses)]
    chosen = [pl.when(test(name)).then(pl.lit(name)) for name in ordered if name in names]
    return pl.concat_list(chosen).list.drop_nulls() if chosen else pl.lit([], dtype=pl.List(pl.String))


def _reason(policy: Policy) -> pl.Expr:
    against = _clauses()  # a soft clause is no reason where a hard one refuses
    waiting = pl.col("verdict") == Verdict.WAITING.value
    rungs = [
        (waiting & pl.col("no_category"), Reason.NO_CATEGORY),
        (waiting & pl.col("judgement_missing"), Reason.JUDGEMENT_MISSING),
        (waiting, Reason.FACTS_MISSING),
    ]
    for clause in policy.clauses:
        reason = _aid_reason(clause)
        if reason is not None:
            rungs.append((against.list.contains(clause.id), reason))
    rungs.append((pl.col("verdict") == Verdict.NEEDS_EXCEPTION.value, Reason.NEEDS_EXCEPTION))
    reason_of = pl.lit(Reason.NOT_ELIGIBLE.value)
    for test, reason in reversed(rungs):
        reason_of = pl.when(test).then(pl.lit(reason.value)).otherwise(reason_of)
    return pl.when(pl.col("verdict") != Verdict.ELIGIBLE.value).then(reason_of)


def _aid_reason(clause: Clause) -> Reason | None:
    if isinstance(clause.shape, conditions.RepeatAid):
        return Reason.HELPED_THIS_YEAR
    if isinstance(clause.shape, conditions.OtherAid) and clause.kind is not Kind.CONDITION:
        only_union = set(clause.shape.kinds_of_aid) == {AidKind.UNION_RELIEF}
        return Reason.UNION_AID if only_union else Reason.OTHER_AID
    return None


def _clauses() -> pl.Expr:
    """Return what refuses, else what waits, else what needs an exception."""
    return (
        pl.when(pl.col("verdict") == Verdict.REFUSED.value)
        .then(pl.col("refused"))
        .when(pl.col("verdict") == Verdict.WAITING.value)
        .then(pl.col("waits"))
        .otherwise(pl.col("excused"))
    )
