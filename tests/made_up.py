"""Policies and facts made up for tests of the rules: no pack, no file, one line each."""

from __future__ import annotations

from datetime import date

from casework.facts import Facts
from casework.policy import Category, Clause, Policy
from casework.rules import assess
from casework.shapes import SHAPES
from casework.vocabulary import Force, Kind, Subject

CATEGORIES = (Category("aid", "困难党员"),)
TODAY = date(2020, 1, 15)
OWNERS = {
    "causes": "case_id",
    "evidence": "case_id",
    "honours": "person_id",
    "aid": "person_id",
    "members": "household_id",
}


def a_clause(name, rule="", params=None, *, kind=Kind.CONDITION, force=Force.MUST, **more):
    """A clause of a rule shape, or with `ask=` one that a person answers."""
    shape = SHAPES[rule].model_validate(params or {}) if rule else None
    words = {"cite": f"第{name}条", "text": ("示例",), "subject": Subject.CASE, "pack_id": "made-up"}
    return Clause(id=name, kind=kind, force=force, shape=shape, **{**words, **more})


def a_policy(*clauses, groups=(), fields=(), parameters=(), categories=CATEGORIES):
    return Policy(
        id="made-up",
        title="示例通知",
        issuer="示例县委组织部",
        number="",
        issued_on=TODAY,
        round_title="",
        year=2020,
        parent="",
        basis=(),
        paths=(("new", "新申报"),),
        categories=tuple(categories),
        fields=tuple(fields),
        parameters=tuple(parameters),
        clauses=tuple(clauses),
        groups=tuple(groups),
        source_text="",
        digest="",
        _by_id={clause.id: clause for clause in clauses},
    )


def a_case(number="1", **known):
    """Rows of `frames.FACTS` for one case: `person={…}`, `household={…}`, lists, `answers`, `marks`, `complete`."""
    unknown = known.keys() - {"case", "person", "household", "unit", "answers", "marks", "complete", *OWNERS}
    assert not unknown, unknown
    ids = {"case_id": number, "person_id": f"p{number}", "unit_id": f"u{number}", "household_id": f"h{number}"}
    case = {"category": "aid", "path": "new", **known.get("case", {})}
    rows = {
        "cases": [{**case, **{key: ids[key] for key in ("case_id", "person_id", "unit_id")}}],
        "people": [{**known.get("person", {}), "person_id": ids["person_id"], "household_id": ids["household_id"]}],
        "answers": [{"case_id": number, "field": name, **value} for name, value in known.get("answers", {}).items()],
        "judgements": [{"case_id": number, **mark} for mark in known.get("marks", [])],
        "completeness": [
            {"list": name, "case_id": number, "mark": mark} for name, mark in known.get("complete", {}).items()
        ],
    }
    if "household" in known:
        rows["households"] = [{**known["household"], "household_id": ids["household_id"]}]
    if "unit" in known:
        rows["units"] = [{**known["unit"], "unit_id": ids["unit_id"]}]
    for table, owner in OWNERS.items():
        rows[table] = [{**row, owner: ids[owner]} for row in known.get(table, [])]
    return rows


def facts_of(*cases, as_of=TODAY, round_id="now"):
    tables = {}
    for case in cases:
        for table, rows in case.items():
            tables.setdefault(table, []).extend(rows)
    return Facts.build(as_of=as_of, round_id=round_id, **tables)


def finding(rule, params, *, as_of=TODAY, fields=(), parameters=(), kind=None, **known):
    """The one finding of one clause about one case."""
    kinds = SHAPES[rule].kinds
    clause = a_clause(
        "C", rule, params, kind=kind or (Kind.CONDITION if Kind.CONDITION in kinds else next(iter(kinds)))
    )
    policy = a_policy(clause, fields=fields, parameters=parameters)
    found = assess(facts_of(a_case(**known), as_of=as_of), policy=policy)
    return found.row(1, named=True)


def outcome_of(rule, params, **known):
    return finding(rule, params, **known)["outcome"]
