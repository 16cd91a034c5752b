"""Worked cases of a pack: what a circular's words mean, said as examples that are executed.

`cases.toml` stands beside `policy.toml`. Each `[[case]]` gives facts and what must come out of them, each
`[[places]]` a unit and its places. An author runs them while writing the pack, the tests run all shipped ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from casework.allocation.amounts import amount_clauses, amount_of, instalments
from casework.allocation.fund import split_fen
from casework.allocation.parameters import Parameters
from casework.allocation.quota import Quota, plan
from casework.facts import Facts
from casework.frames import CASES, UNITS, conform, empty
from casework.money import yuan
from casework.policy import Policy
from casework.problems import Infeasible, PolicyError, Problem
from casework.rules import assess, verdicts
from casework.shapes import amounts as amount_shapes
from casework.shapes import limits
from casework.subjects import subjects
from casework.vocabulary import Fund, Outcome, Reason, Term, Verdict
from casework.worked.reading import Example, Places, read_cases

OPEN, NOT_FIXED, UNKNOWN = "据实", "未定", "不明"
_SILENT = "不涉及本例"


@dataclass(frozen=True)
class Difference:
    """Where an example and the pack do not agree; all four are Chinese words."""

    name: str
    what: str
    expected: str
    actual: str

    def sentence(self) -> str:
        """Return the difference as one line of Chinese."""
        return f"工作实例“{self.name}”：{self.what}应为“{self.expected}”，实为“{self.actual}”。"


def run(policy: Policy, cases: bytes) -> list[Difference]:
    """Execute the worked cases of a pack.

    Args:
        policy: The pack.
        cases: The bytes of its `cases.toml`.

    Returns:
        Every expectation that does not hold, in the order of the file; empty when all do.

    Raises:
        PolicyError: The file cannot be read as worked cases; carries every problem found.
    """
    examples, places = read_cases(policy, cases)
    by_day: defaultdict[date, list[Example]] = defaultdict(list)
    for example in examples:
        by_day[example.as_of].append(example)
    found: dict[int, list[Difference]] = {}
    for day, together in by_day.items():
        found |= _run_day(policy, day, together)
    differences = [one for example in examples for one in found[example.number]]
    return [*differences, *_run_places(policy, places)]


def facts_of(examples: list[Example], day: date) -> Facts:
    """Return the facts of several examples as one bundle; their ids are the numbers of the examples."""
    tables: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for example in examples:
        for table, rows in example.tables.items():
            tables[table] += rows
    # A round of its own: what an example says was given before belongs to no round, and counts.
    return Facts.build(as_of=day, round_id="本轮", **tables)


def _run_day(policy: Policy, day: date, examples: list[Example]) -> dict[int, list[Difference]]:
    facts = facts_of(examples, day)
    findings = assess(facts, policy=policy, as_of=day)
    outcomes = {(case, clause): value for case, clause, value in findings.select(findings.columns[:3]).iter_rows()}
    folded = {row["case_id"]: row for row in verdicts(findings, policy=policy).iter_rows(named=True)}
    amounts = _amounts(policy, facts, day)
    found: dict[int, list[Difference]] = {}
    for example in examples:
        case = str(example.number)
        pairs: list[tuple[str, str, str]] = []
        for what, expected in example.expect.items():
            if what == "verdict":
                pairs.append(("结论", _label(Verdict, expected), _label(Verdict, folded[case]["verdict"])))
            elif what == "reason":
                pairs.append(("理由", _label(Reason, expected), _label(Reason, folded[case]["reason"])))
            else:
                pairs.append((f"条款 {what} ", _label(Outcome, expected), _label(Outcome, outcomes.get((case, what)))))
        if example.amount is not None:
            pairs.append(("金额", example.amount, _said(amounts.get(case))))
        pairs += _parts(policy, example, amounts.get(case))
        found[example.number] = [
            Difference(example.name, what, expected, actual) for what, expected, actual in pairs if expected != actual
        ]
    return found


def _label(terms: type[Term], value: str | None) -> str:
    return next((term.label for term in terms if term == value), _SILENT)


def _said(fen: int | None) -> str:
    return NOT_FIXED if fen is None else yuan(fen)


def _parts(policy: Policy, example: Example, fen: int | None) -> Iterator[tuple[str, str, str]]:
    """Yield what the example says of funds and instalments, beside what the pack makes of the amount."""
    category = example.tables["cases"][0].get("category")
    if example.funds is not None:
        splits = [s for _, s in policy.of_shape(amount_shapes.FundSplit) if s.category == category]
        shared = split_fen(fen, splits[0]) if splits and fen is not None else {}
        yield "资金分担", _funds_said(example.funds), _funds_said(shared)
    if example.instalments is not None:
        plans = [s for _, s in policy.of_shape(amount_shapes.Instalments) if s.category == category]
        parts = instalments(fen, plans[0].parts) if plans and fen is not None else []
        yield "分期", "、".join(map(yuan, example.instalments)), "、".join(map(yuan, parts)) or NOT_FIXED


def _funds_said(shared: Mapping[str, int]) -> str:
    order = {fund.value: number for number, fund in enumerate(Fund)}
    borne = sorted((fund for fund, fen in shared.items() if fen), key=lambda fund: order[fund])
    return "、".join(f"{Fund(fund).label} {yuan(shared[fund])}" for fund in borne) or NOT_FIXED


def _amounts(policy: Policy, facts: Facts, day: date) -> dict[str, int | None]:
    """Return case → fen; None where no body has decided."""
    subject = subjects(facts, policy, day)
    clauses = amount_clauses(policy)
    found: dict[str, int | None] = {}
    for category in policy.categories:
        amount = amount_of(category.id, clauses.get(category.id), subject, Parameters())
        rows = subject.frame.filter(pl.col("category") == category.id).select("case_id", fen=amount.fen)
        found |= dict(rows.iter_rows())
    return found


# -- places ------------------------------------------------------------------------------------------------------


def _run_places(policy: Policy, examples: list[Places]) -> list[Difference]:
    if not examples:
        return []
    units = _units(policy, examples)
    try:
        quota = plan(policy, units, empty(CASES), Parameters())
    except Infeasible as problem:
        raise PolicyError((Problem(problem.sentence, file="cases.toml"),)) from None
    found = []
    for example in examples:
        actual = (
            _places_of(quota, example.unit_id, example.category) if example.unit_id else _places_of_all(quota, example)
        )
        if actual != example.expect:
            found.append(Difference(example.name, "名额", example.expect, actual))
    return found


def _units(policy: Policy, examples: list[Places]) -> pl.DataFrame:
    """Return the units of the examples, and those of the circular's table that no example names."""
    rows = {example.unit_id: example.unit for example in examples if example.unit_id}
    named = {row["name"] for row in rows.values()}
    for _, grid in policy.of_shape(limits.QuotaGrid):
        for name in grid.places:
            if name not in named:
                rows[name] = {"unit_id": name, "name": name}
    return conform(list(rows.values()), UNITS)


def _places_of_all(quota: Quota, example: Places) -> str:
    """Return the cap over all units (of some kinds) for a category, or for all categories."""
    wanted = (None, example.category, list(example.unit_kinds))
    caps = [c.places for c in quota.caps if (c.unit_id, c.category, sorted(k.value for k in c.unit_kinds)) == wanted]
    known = [places for places in caps if places is not None]
    return str(min(known)) if known else OPEN


def _places_of(quota: Quota, unit_id: str, category: str | None) -> str:
    """Return the places of a cell, or of a unit over all categories, as an example writes them."""
    if category is None:
        caps = [cap.places for cap in quota.caps if cap.unit_id == unit_id and cap.category is None]
        known = [places for places in caps if places is not None]
        return OPEN if not caps else UNKNOWN if len(known) < len(caps) else str(min(known))
    cells = quota.plan.filter((pl.col("unit_id") == unit_id) & (pl.col("category") == category))
    if cells.is_empty():
        return "0"
    places, is_open = cells.row(0, named=True)["places"], cells.row(0, named=True)["open"]
    return OPEN if is_open else UNKNOWN if places is None else str(places)
