"""docs/clauses.md says what is true now: every row points to code and a test that exist."""

from __future__ import annotations

import ast
from functools import cache

import pytest

from casework.policy import load_policy
from scripts.clause_table import PACKS, ROOT, TARGET, honoured, page

ROWS = [pytest.param(clause, id=clause.id) for name in PACKS.values() for clause in load_policy(name).clauses]


@cache
def names_in(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def exists(place):
    path, _, name = place.partition("::")
    return (ROOT / path).is_file() and (not name or name in names_in(path))


@pytest.mark.parametrize("clause", ROWS)
def test_a_row_points_to_code_and_a_test_that_exist(clause):
    found = honoured(clause)

    assert exists(found.where), found.where
    assert exists(found.test), found.test


def test_the_page_is_the_one_the_code_writes():
    assert TARGET.read_text(encoding="utf-8") == page(), "run: python -m scripts.clause_table"


def test_a_row_that_points_to_nothing_is_noticed():
    assert not exists("casework/rules.py::nobody")
    assert not exists("casework/nowhere.py")


def test_every_clause_of_the_catalogue_has_a_row():
    text = TARGET.read_text(encoding="utf-8")
    catalogued = (ROOT / "tests" / "data" / "clause_ids.txt").read_text(encoding="utf-8").split()

    assert [name for name in catalogued if f"\n| {name} |" not in text] == []
