"""Write docs/clauses.md: every clause of the shipped packs, where it is honoured, and which test holds it.

    .venv/bin/python -m scripts.clause_table

What is computed is named by its shape; what a person decides, what is stored and what needs nothing doing by their
kind. A part that is not built yet is said to be *later*. `tests/test_clauses.py` fails when
a place or a test named here does not exist.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from casework.policy import Clause, Policy, load_policy
from casework.vocabulary import Kind, Subject

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs" / "clauses.md"
PACKS = {"IM": "neimenggu-2022", "JZ": "jiaozuo-2018", "JS": "jianshi-2020"}

_WORKED = "tests/test_worked.py::test_the_worked_cases_of_a_shipped_pack_hold"
_READ = "tests/test_policies.py::test_every_clause_means_exactly_one_thing"
_QUOTED = "tests/test_policies.py::test_every_quotation_stands_in_the_circular"


class Honoured(NamedTuple):
    """Where a clause takes effect, which test would notice its loss, and what is still to come."""

    where: str
    test: str
    later: str = ""


_CASE = {
    rule: Honoured(f"casework/predicates.py::{name}", _WORKED)
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
    "amount_fixed": Honoured("casework/allocation/amounts.py::amount_of", _WORKED),
    "amount_open": Honoured("casework/allocation/amounts.py::amount_of", _WORKED),
    "fund": Honoured("casework/allocation/fund.py::sources", "tests/test_allocation.py"),
    "highest_only": Honoured("casework/allocation/claims.py::_once", "tests/test_allocation.py"),
    "priority_order": Honoured("casework/allocation/ranking.py::priority_key", "tests/test_allocation.py"),
    "quota_by_headcount": Honoured("casework/allocation/quota.py::_by_headcount", _WORKED),
    "quota_grid": Honoured(
        "casework/allocation/quota.py::plan", "tests/test_policies.py::test_the_quota_table_is_the_annex_cell_by_cell"
    ),
    "route_to_unit": Honoured("casework/allocation/allocate.py::_reserve", "tests/test_allocation.py"),
    "step": Honoured("casework/shapes/procedure.py::Step", _READ, "办理：审核"),
    "public_notice": Honoured("casework/shapes/procedure.py::PublicNotice", _READ, "办理：审核"),
    "deadline": Honoured("casework/shapes/procedure.py::Deadline", "tests/test_lint.py", "收表与催报"),
    "visit_rule": Honoured("casework/shapes/procedure.py::VisitRule", _READ, "走访登记"),
    "visit_window": Honoured("casework/shapes/procedure.py::Window", _READ, "走访登记"),
    "report": Honoured("casework/shapes/procedure.py::Report", _READ, "情况报告"),
    "form": Honoured("casework/shapes/procedure.py::FormDefinition", _READ, "表式"),
}
_FORMS = {
    "quota_table": Honoured(
        "casework/lists/quota.py::quota_table", "tests/test_lists.py::test_the_quota_table_is_annex_1_cell_by_cell"
    ),
    "roster": Honoured(
        "casework/lists/roster.py::roster",
        "tests/test_lists.py::test_the_roster_has_the_columns_and_signatures_of_the_circular",
    ),
}
_ASKED = {
    Subject.CASE: Honoured("casework/rules.py::outcome_of_mark", _WORKED),
    Subject.UNIT: Honoured("casework/allocation/quota.py::_move", "tests/test_allocation.py"),
    Subject.ROUND: Honoured("casework/policy/pack.py::Clause", _READ, "登记"),
}
_RECORDED: dict[Kind, str] = {
    Kind.AUDIT: "检查登记",
    Kind.DOCUMENT: "收表与材料",
    Kind.FORM: "表式",
    Kind.FUND: "资金台账",
    Kind.PRIVACY: "个人信息保护",
    Kind.PUBLIC_NOTICE: "公示登记",
    Kind.REPORT: "情况报告",
    Kind.STEP: "办理：审核",
    Kind.VISIT: "走访登记",
}
_HOW = {"ask": "由人认定", "record": "登记备查", "note": "无须办理"}


def honoured(clause: Clause) -> Honoured:
    """Return where a clause is honoured."""
    if clause.shape is not None:
        form = getattr(clause.shape, "form", "")
        return _FORMS.get(form) or _SHAPES[clause.shape.rule]
    if clause.ask:
        return _ASKED[clause.subject]
    if clause.note:
        return Honoured("casework/policy/pack.py::Clause", _QUOTED)
    return Honoured("casework/policy/pack.py::Clause", _READ, _RECORDED.get(clause.kind, "台账登记"))


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
        later = f"*later*：{found.later}" if found.later else ""
        lines.append(f"| {clause.id} | {words} | {how(clause)} | `{found.where}` | `{found.test}` | {later} |")
    return "\n".join(lines)


def page() -> str:
    """Return the whole page."""
    packs = [load_policy(name) for name in PACKS.values()]
    count = sum(len(policy.clauses) for policy in packs)
    later = sum(1 for policy in packs for clause in policy.clauses if honoured(clause).later)
    head = f"""# 条款落实表

Every operative sentence of the shipped circulars: {count} clauses, what is done with it, where, and which test would
notice its loss. *later* names what is stored and printed today but not yet worked with ({later} clauses). Written by
`python -m scripts.clause_table`; `tests/test_clauses.py` holds every row against the code.
"""
    return "\n\n".join([head.rstrip(), *(table(policy) for policy in packs)]) + "\n"


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
