"""docs/clauses.md says what is true now: every row points to code and a test that exist."""

from __future__ import annotations

import ast
from functools import cache

import pytest

from casework.policy import load_policy
from scripts.clause_places import LATER, PLACES
from scripts.clause_table import PACKS, ROOT, TARGET, honoured, named, page

ROWS = [pytest.param(clause, id=clause.id) for name in PACKS.values() for clause in load_policy(name).clauses]


@cache
def names_in(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def exists(place):
    """Tell whether `path::name` is there; a file alone is no place."""
    path, _, name = place.partition("::")
    return bool(name) and (ROOT / path).is_file() and name in names_in(path)


@pytest.mark.parametrize("clause", ROWS)
def test_a_row_points_to_code_and_tests_that_exist(clause):
    found = honoured(clause)

    assert exists(found.where), found.where
    assert found.tests
    for test in found.tests:
        assert exists(test), test
        assert test.partition("::")[2].startswith("test_")


@pytest.mark.parametrize("clause", ROWS)
def test_what_is_honoured_names_more_than_that_it_was_read(clause):
    """Reading a clause honours none: a row without *later* points to code that works with it."""
    found = honoured(clause)

    read_only = found.where.startswith("casework/policy/") or found.where.startswith("casework/shapes/")
    assert read_only == bool(found.later or clause.note)


def test_what_comes_later_says_so_clause_by_clause_and_why():
    waiting = {clause.values[0].id: honoured(clause.values[0]).later for clause in ROWS}

    assert {name: said for name, said in waiting.items() if said} == LATER
    assert all("：" in said for said in LATER.values())


def test_no_place_is_written_down_for_a_clause_that_is_not_there():
    assert set(PLACES) <= {clause.id for name in PACKS.values() for clause in load_policy(name).clauses}


def test_the_page_is_the_one_the_code_writes():
    assert TARGET.read_text(encoding="utf-8") == page(), "run: python -m scripts.clause_table"


def test_a_row_that_points_to_nothing_is_noticed():
    assert not exists("casework/rules.py::nobody")
    assert not exists("casework/nowhere.py::plan")
    assert not exists("casework/rules.py")
    assert not exists(named("review_steps.test_nobody_wrote_this"))
    assert not exists(named("review_steps.test_"))  # which one?


def test_every_clause_of_the_catalogue_has_a_row():
    text = TARGET.read_text(encoding="utf-8")
    catalogued = (ROOT / "tests" / "data" / "clause_ids.txt").read_text(encoding="utf-8").split()

    assert [name for name in catalogued if f"\n| {name} |" not in text] == []
