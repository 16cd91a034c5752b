"""投屏 over the whole life of a round: whatever section is open, nobody's name stands in what travels to the wall."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
import test_case_review_notebook as notebook
from sqlmodel import select

from casework.cli import main
from casework.db import open_ledger, reading
from casework.models import Person
from casework.views import cases
from scripts.sample_round import jianshi


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """A ledger whose round was decided, paid, visited; some transfers came back."""
    path = tmp_path_factory.mktemp("lived") / "demo.db"
    assert main(["init", "--demo", "--db", str(path)]) == 0
    jianshi(path)
    return path


def people(path):
    with reading(open_ledger(path, read_only=True)) as session:
        return {name for name in session.exec(select(Person.name)) if name}


@pytest.mark.parametrize("section", cases.SECTIONS)
def test_no_section_shows_a_name_while_it_is_projected(lived, section, monkeypatch):
    notebook.found(lived, monkeypatch)
    names = people(lived)
    assert len(names) > 300

    shown, _ = notebook.run(**notebook.at(section, projection=SimpleNamespace(value=True, text="")))

    assert [name for name in names if name in shown] == []
    assert not re.search(r"62220212345678\d", shown), "a card number"


def test_the_same_sections_do_show_names_to_an_officer(lived, monkeypatch):
    notebook.found(lived, monkeypatch)
    names = people(lived)

    for section in ("工作清单", "发放与回执"):
        shown, _ = notebook.run(**notebook.at(section))
        assert any(name in shown for name in names), "the test above would notice a name"
