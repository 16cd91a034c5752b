"""Whatever somebody typed is text on every form: no markup, no formula, no address that is opened, no turned line."""

from __future__ import annotations

import dataclasses
import io
import itertools
import zipfile

import printed
import pytest
from openpyxl import load_workbook

from casework.forms import names
from casework.issuing.pages import LOOSE, differences, squeezed
from casework.lists import as_printed
from casework.pictures import read_pdf
from casework.printing import render
from casework.workbook import write

HOSTILE = ("<img src=x>", '=HYPERLINK("http://x")', "示\u202e例", "+1-1", "@x", "{{ x }}", "&amp;<b>")
CARDS = ("6222021234567890128", "6217000000000000000", "6222020000000000000")


def of_form(form):
    """The first sample of a form with somebody on it, and how it is printed."""
    for make in printed.samples().values():
        name, table, options = make()
        if name == form and table.rows:
            return table, options
    raise AssertionError(form)


def hostile(table):
    """The list with every text of its first row exchanged, and of the rows that share it."""
    turn = itertools.cycle(HOSTILE)
    exchanged = {}
    for at, column in enumerate(table.columns):
        cell = table.rows[0][at]
        if isinstance(cell, str) and cell and column.kind in ("text", "name"):
            exchanged[at, cell] = next(turn)
    rows = tuple(tuple(exchanged.get((at, cell), cell) for at, cell in enumerate(row)) for row in table.rows)
    return dataclasses.replace(table, rows=rows), set(exchanged.values())


# The circular's page holds no table; its words come from the pack.
@pytest.mark.parametrize("form", sorted(set(names()) - {"circular"}))
def test_what_was_typed_is_text_on_paper_and_in_the_sheet(form):
    table, options = of_form(form)
    table, typed = hostile(table)

    pdf = render(form, table, **options)

    pages = read_pdf(pdf).pages
    if form in LOOSE:  # some of its cells are ticks or stand inside another
        whole = squeezed("".join(pages))
        assert any(squeezed(one.replace("\u202e", "〔U+202E〕")) in whole for one in typed)
    else:
        assert list(differences(pages, as_printed(table))) == []
    if table.paper_only:  # no workbook is made of it
        return
    book = load_workbook(io.BytesIO(write(table)))
    cells = [cell for row in book.active.iter_rows() for cell in row if cell.value is not None]
    said = {squeezed(str(cell.value)) for cell in cells}
    for one in typed:
        assert squeezed(one.replace("\u202e", "〔U+202E〕")) in said, one
    assert all(str(cell.value).startswith(("=SUM(", "=ROWS(")) for cell in cells if cell.data_type == "f")
    assert not any(cell.hyperlink for cell in cells)


@pytest.mark.parametrize("name", ["registration_masked", "person_return", "public_list", "meeting_list", "unit_list"])
def test_what_is_not_shown_is_nowhere_in_the_file(name):
    form, table, options = printed.samples()[name]()
    read = read_pdf(render(form, table, **options))
    with zipfile.ZipFile(io.BytesIO(write(table))) as parts:
        sheet = [parts.read(part).decode("utf-8", "replace") for part in parts.namelist()]
    inside = [body.decode("utf-8") for body in read.attached.values()]

    for text in (*read.pages, *inside, *sheet):
        assert not any(card in squeezed(text) for card in CARDS)
        if table.public:
            assert "重大疾病" not in text
