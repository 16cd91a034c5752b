"""The handbook's pictures of all forms: no form is missing, and the handbook shows them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from casework.forms import names
from scripts.contact_sheet import FORMS, IMAGES, SHEETS, forms_of, page_of

NO_LIST = {"circular"}  # a page of its own between the papers of a set, not a form


def on(name):
    with Image.open(IMAGES / name) as sheet:
        return sheet.info[FORMS].split()


def test_every_form_is_on_a_sheet():
    shown = [form for name in SHEETS for form in on(name)]

    assert len(shown) == len(set(shown))
    assert set(names()) - NO_LIST == set(shown), "draw anew: .venv/bin/python -m scripts.contact_sheet"


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_shows_the_forms_that_lie_so(name):
    landscape, _, _ = SHEETS[name]

    assert on(name) == forms_of(landscape=landscape)
    assert all(page_of(form).is_file() for form in on(name))


@pytest.mark.parametrize("name", SHEETS)
def test_the_handbook_shows_the_sheet(name):
    handbook = Path(__file__).parents[1] / "docs" / "handbook.md"

    assert f"(images/{name})" in handbook.read_text(encoding="utf-8")
