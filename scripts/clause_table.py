"""Write docs/clauses.md: every clause of the shipped packs, where it is honoured, and which test holds it.

    .venv/bin/python -m scripts.clause_table

What is computed is named by its shape; what a person decides, what is stored and what needs nothing doing by their
kind. The office's own acts stand in `scripts.clause_places`, clause by clause. A part that is not built yet is said
to be *later*, with the issue that brings it. `tests/test_clauses.py` fails when a place or a test does not exist.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from casework.policy import Clause, Policy, load_policy
from casework.vocabulary import Subject
from scripts.clause_places import LATER, PLACES

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs" / "clauses.md"
PACKS = {"IM": "neimenggu-2022", "JZ": "jiaozuo-2018", "JS": "jianshi-2020"}

UNPLACED = "还没有写明落实在哪里"
"""A clause of a pack nobody has placed yet; `tests/test_clauses.py` lets none of the shipped packs keep it."""

_WORKED = "tests/test_worked.py::test_the_worked_cases_of_a_shipped_pack_hold"
_READ = "tests/test_policies.py::test_every_clause_means_exactly_one_thing"
_QUOTED = "tests/test_policies.py::test_every_quotation_stands_in_the_circular"


_NEIMENGGU = "tests/test_neimenggu.py::"
_ALLOCATION = "tests/test_allocation.py::"


class Honoured(NamedTuple):
    """Where a clause takes effect, which tests would notice its loss, and what is still to come."""

    where: str
    tests: tuple[str, ...]
    later: str = ""


_CASE = {
    rule: Honoured(f"casework/predicates.py::{name}", (_WORKED,))
    for rule, name in {
        "aid": "_aid",
        "cause": "_cause",
        "evidence": "_evidence",
        "flag": "_flag",
        "honoured": "_honoured",
        "main_cause": "_main_cause",
        "one_of": "_one_of",
        "repeat_aid": "_repeat_aid",
        "tagged": "_tagged",
    }.items()
}
_SHAPES = _CASE | {
    "amount_fixed": Honoured("casework/allocation/amounts.py::amount_of", (_WORKED,)),
    "amount_open": Honoured("casework/allocation/amounts.py::amount_of", (_WORKED,)),
    "highest_only": Honoured(
        "casework/allocation/claims.py::_once",
        (_ALLOCATION + "test_only_the_highest_aid_is_given_where_the_circular_says_so",),
    ),
    "priority_order": Honoured(
        "casework/allocation/ranking.py::priority_key",
        (
            _NEIMENGGU + "test_priorities_count_alike_by_our_choice",
            _ALLOCATION
            + "test_priorities_come_before_ranks_and_an_unanswered_one_is_named_where_it_could_move_the_line",
        ),
    ),
    "quota_by_headcount": Honoured("casework/allocation/quota.py::_by_headcount", (_WORKED,)),
    "quota_grid": Honoured(
        "casework/allocation/quota.py::plan",
        ("tests/test_policies.py::test_the_quota_table_is_the_annex_cell_by_cell",),
    ),
    "route_to_unit": Honoured(
        "casework/allocation/allocate.py::_reserve",
        ("tests/test_samples.py::test_neimenggu_stands_on_both_sides_of_a_thousand_members",),
    ),
    "deadline": Honoured(
        "casework/people/packages.py::package_grid", ("tests/test_packages.py::test_to_the_minute_of_the_circular",)
    ),
    "report": Honoured(
        "casework/payment/report.py::activity_report",
        ("tests/test_payment_visits.py::test_the_report_has_its_figures_filled_in",),
    ),
    "form": Honoured("casework/shapes/procedure.py::FormDefinition", (_READ,), UNPLACED),
}
_FORMS = {
    "quota_table": Honoured(
        "casework/lists/quota.py::quota_table", ("tests/test_lists.py::test_the_quota_table_is_annex_1_cell_by_cell",)
    ),
    "roster": Honoured(
        "casework/lists/roster.py::roster",
        ("tests/test_lists.py::test_the_roster_has_the_columns_and_signatures_of_the_circular",),
    ),
}
_FORM_TESTS = {
    "IM": _NEIMENGGU + "test_exactly_two_forms_and_the_year_over_the_second",
    "JZ": "tests/test_jiaozuo.py::test_the_year_blank_of_the_filing_tables_is_filled",
    "JS": "tests/test_lint.py::test_jianshi_lacks_section_three_and_names_two_papers_twice",
}
_HOW = {"ask": "由人认定", "record": "登记备查", "note": "无须办理"}


@cache
def _tests_of(name: str) -> list[str]:
    text = (ROOT / "tests" / f"test_{name}.py").read_text(encoding="utf-8")
    return re.findall(r"^def (test_\w+)", text, re.MULTILINE)


def named(short: str) -> str:
    """Return the full name of a test: `review_steps.test_each_path` → the one that begins so."""
    name, _, start = short.partition(".")
    found = [test for test in _tests_of(name) if test.startswith(start)]
    return f"tests/test_{name}.py::{found[0] if len(found) == 1 else start}"


def honoured(clause: Clause) -> Honoured:
    """Return where a clause is honoured."""
    if clause.id in PLACES:
        place, *tests = PLACES[clause.id]
        module, _, name = place.rpartition(".")
        return Honoured(f"casework/{module}.py::{name}", tuple(named(test) for test in tests))
    if clause.shape is not None:
        form = getattr(clause.shape, "form", "")
        found = _FORMS.get(form) or _SHAPES[clause.shape.rule]
        return found._replace(tests=(_FORM_TESTS[clause.id[:2]],)) if form and found.later else found
    if clause.ask and clause.subject is Subject.CASE:
        return Honoured("casework/rules.py::outcome_of_mark", (_WORKED,))
    if clause.note:
        return Honoured("casework/policy/pack.py::Clause", (_QUOTED,))
    return Honoured("casework/policy/pack.py::Clause", (_READ,), LATER.get(clause.id, UNPLACED))


def how(clause: Clause) -> str:
    """Return in a word what is done with a clause."""
    if clause.shape is not None:
        return type(clause.shape).label
    return next(_HOW[name] for name in _HOW if getattr(clause, name))


def table(policy: Policy) -> str:
    """Return the rows of one pack."""
    lines = [f"## {policy.issuer or policy.id} · {policy.title}（{policy.id}）", ""]
    lines += ["| 条款 | 原文 | 怎么办 | 落实在 | 测试 | 以后 |", "| --- | --- | --- | --- | --- | --- |"]
    for clause in policy.clauses:
        found = honoured(clause)
        words = clause.words.replace("|", "｜").replace("\n", "")
        words = words if len(words) <= 40 else f"{words[:39]}…"
        later = f"*later*（{found.later}）" if found.later else ""
        tests = "<br>".join(f"`{test}`" for test in found.tests)
        lines.append(f"| {clause.id} | {words} | {how(clause)} | `{found.where}` | {tests} | {later} |")
    return "\n".join(lines)


def page() -> str:
    """Return the whole page."""
    packs = [load_policy(name) for name in PACKS.values()]
    count = sum(len(policy.clauses) for policy in packs)
    later = sum(1 for policy in packs for clause in policy.clauses if honoured(clause).later)
    head = f"""# 条款落实表

Every operative sentence of the shipped circulars: {count} clauses, what is done with it, where, and which test would
notice its loss. *later* names what is stored and shown today but not yet worked with, the issue that may bring it,
and why ({later} clauses).
Written by
`python -m scripts.clause_table`; `tests/test_clauses.py` holds every row against the code.
"""
    return "\n\n".join([head.rstrip(), *(table(policy) for policy in packs)]) + "\n"


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
