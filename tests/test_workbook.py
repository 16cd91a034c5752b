"""The workbook: the same words as on paper, totals as formulas, every text a text, the same bytes for the same list."""

from __future__ import annotations

import dataclasses
import io
import re
import zipfile

import openpyxl
import printed
import pytest
from python_calamine import CalamineWorkbook

from casework.forms import load_form
from casework.forms import names as load_forms
from casework.lists import ListState, check_code, list_fingerprint, shown
from casework.problems import Refused
from casework.workbook import write


def cells(data):
    """Every row as calamine reads it, cached values of formulas included."""
    return CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()


def sheet(data):
    """The sheet as openpyxl reads it, formulas as written."""
    return openpyxl.load_workbook(io.BytesIO(data)).active


def body(table, data):
    """The rows of the list, without what stands above and below."""
    read = cells(data)
    first = next(at for at, row in enumerate(read) if table.columns[-1].label in row) + 1
    if table.groups and table.columns[-1].key not in table.groups[-1].keys:
        first += 1  # a head as high as both levels
    return read[first : first + len(table.rows)]


def as_paper(value, column):
    """A cell read back, said as it is printed."""
    if not isinstance(value, float):
        return value
    return shown(round(value * 100) if column.kind == "money" else int(value), column)


@pytest.mark.parametrize("name", printed.samples())
def test_the_workbook_says_what_the_paper_says(name):
    table = printed.sample(name)
    if table.paper_only and table.rows:
        with pytest.raises(Refused):
            write(table)
        return
    data = write(table)
    read = cells(data)

    for row, values in zip(body(table, data), table.rows, strict=True):
        said = [as_paper(value, column) for value, column in zip(row, table.columns, strict=True)]
        assert said == [shown(value, column) for value, column in zip(values, table.columns, strict=True)]
    flat = [value for row in read for value in row]
    for label in (table.title, *(column.label for column in table.columns), *filter(None, table.above)):
        assert label in flat
    for words in (*table.captions, *table.signatures, *table.lead, *table.closing):
        assert words in flat
    for label, value in table.fields:
        assert label in flat
        assert value in flat
    assert (table.mark or "") in (sheet(data).oddHeader.right.text or "")


@pytest.mark.parametrize("name", ["quota_table", "roster", "roster_hard", "pay_sheet", "leader_roster", "bank_payment"])
def test_totals_are_formulas_that_carry_their_value(name):
    table = printed.sample(name)
    data = write(table)
    read, written = cells(data), sheet(data)
    at = next(n for n, row in enumerate(read) if row[0] == "合计")

    for key, value in table.totals:
        column = table.keys.index(key)
        formula = written.cell(at + 1, column + 1).value
        letter = openpyxl.utils.get_column_letter(column + 1)
        first, last = at - len(table.rows) + 1, at
        if isinstance(value, str) and not value.endswith("人"):
            assert formula == value, "大写 is a text"
        elif isinstance(value, str):
            assert formula == f'=ROWS({letter}{first}:{letter}{last})&"人"'
            assert read[at][column] == value
        else:
            assert formula == f"=SUM({letter}{first}:{letter}{last})"
            assert as_paper(read[at][column], table.columns[column]) == shown(value, table.columns[column])


def test_the_sum_of_a_row_is_a_formula_too():
    written = sheet(write(printed.quota()))

    assert written["J6"].value == "=SUM(B6,D6,F6,H6)"
    assert written["K6"].value == "=SUM(C6,E6,G6,I6)"


def test_no_text_becomes_a_formula_a_link_or_a_number():
    hostile = [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "http://example.invalid/",
        "mailto:x@example.invalid",
        "007",
        "<b>",
        "{{x}}",
    ]
    table = printed.people(len(hostile))
    for at, text in enumerate(hostile):
        table = printed.put(table, at, name=text, brief=f"{text}\u202e", remarks=text)
    data = write(table)

    assert [row[2] for row in body(table, data)] == hostile
    assert [row[9] for row in body(table, data)] == [f"{text}〔U+202E〕" for text in hostile]
    for row in sheet(data).iter_rows():
        for cell in row:
            assert cell.hyperlink is None
            assert cell.data_type != "f" or re.fullmatch(r"=(SUM|ROWS)\([A-Z0-9:,]+\)(&\"人\")?", cell.value)
    parts = zipfile.ZipFile(io.BytesIO(data)).namelist()
    assert not [part for part in parts if "rels" in part and "worksheets" in part]


def test_months_are_text_and_a_zero_is_blank():
    table = printed.people(2)
    written = sheet(write(table))
    born = written.cell(5, table.keys.index("born") + 1)
    amount = written.cell(5, table.keys.index("amount") + 1)

    assert (born.value, born.data_type, born.number_format) == ("1950.01", "s", "@")
    assert amount.number_format == "0;-0;;@"


def validations(data):
    return {str(rule.sqref): rule for rule in sheet(data).data_validations.dataValidation}


def test_an_empty_sheet_says_what_may_be_written_and_adds_up_by_itself():
    table = printed.sample("ledger_blank")
    data = write(table)
    rules, written = validations(data), sheet(data)
    letter = {key: openpyxl.utils.get_column_letter(at) for at, key in enumerate(table.keys, start=1)}
    first = next(at for at, row in enumerate(cells(data), start=1) if "出生年月" in row) + 1
    last = first + table.blank_rows - 1

    assert rules[f"{letter['sex']}{first}:{letter['sex']}{last}"].formula1 == '"男,女"'
    money = rules[f"{letter['income']}{first}:{letter['income']}{last}"]
    assert (money.type, money.formula1, money.formula2) == ("decimal", "0", "99999999.99")
    assert "1965.03" in rules[f"{letter['born']}{first}:{letter['born']}{last}"].prompt
    assert written[f"{letter['income']}{first}"].number_format == "0.00;-0.00;;@", "a number typed here is a number"
    assert written[f"{letter['name']}{first}"].number_format == "@"
    sums = printed.sample("transfer_list_blank")
    row = [cell.value for cell in next(sheet(write(sums)).iter_rows(min_row=3 + sums.blank_rows + 1))]
    assert re.fullmatch(r"=SUM\(I4:I15\)", row[sums.keys.index("amount")])
    assert sheet(write(printed.quota().blank()))["J6"].value == "=SUM(B6,D6,F6,H6)"
    assert not validations(write(printed.sample("ledger"))), "a list that is filled in is not a form"


def test_every_choice_fits_into_a_cell_rule():
    for name in load_forms():
        for column in load_form(name).columns:
            assert len(",".join(column.choices)) <= 255, (name, column.key)


def test_cards_stay_texts_and_a_masked_sheet_holds_none():
    opened, masked = printed.sample("person_return_one"), printed.sample("person_return")
    at = opened.keys.index("card") + 1
    cell = next(row[at - 1] for row in sheet(write(opened)).iter_rows() if str(row[at - 1].value).startswith("6222"))

    assert (cell.value, cell.data_type, cell.number_format) == ("6222021234567890128 示例持卡人", "s", "@")
    parts = zipfile.ZipFile(io.BytesIO(write(masked)))
    assert not [part for part in parts.namelist() if b"622202" in parts.read(part)]


def test_a_list_of_too_many_columns_prints_on_a3():
    assert sheet(write(printed.sample("ledger_wide"))).page_setup.paperSize == 8
    assert sheet(write(printed.sample("ledger"))).page_setup.paperSize == 9


def test_fen_are_exact():
    table = printed.put(printed.put(printed.people(2), 0, amount=1), 1, amount=printed.MOST_FEN)
    at = table.keys.index("amount")

    assert [row[at] for row in body(table, write(table))] == [0.01, 99999999.99]


def test_the_sheet_is_set_up_to_print():
    table = printed.quota()
    written = sheet(write(table))

    assert (written.page_setup.orientation, written.page_setup.paperSize) == ("landscape", 9)
    assert (written.page_setup.fitToWidth, written.page_setup.fitToHeight) == (None, 0)
    assert written.sheet_properties.pageSetUpPr.fitToPage
    assert written.print_title_rows == "$4:$5"
    assert written.print_area.endswith("$A$1:$K$18")
    assert written.oddFooter.center.text == "第 &P 页　共 &N 页"
    assert check_code(list_fingerprint(table)) in written.oddFooter.right.text
    assert written.freeze_panes == "A6"
    assert sheet(write(printed.public(2))).page_setup.orientation == "portrait"


def test_the_check_code_stands_in_the_properties():
    table = printed.people(2, ListState.MEETING)
    book = openpyxl.load_workbook(io.BytesIO(write(table)))
    fingerprint = list_fingerprint(table)
    custom = {prop.name: prop.value for prop in book.custom_doc_props.props}

    assert custom == {"校验码": check_code(fingerprint), "sha256": fingerprint}
    assert book.properties.title == table.title
    assert book.active.oddHeader.right.text == "上会稿"


def test_the_same_list_gives_the_same_bytes():
    first = write(printed.people(3))
    entries = zipfile.ZipFile(io.BytesIO(first)).infolist()

    assert first == write(printed.people(3))
    assert {entry.date_time[0] for entry in entries} == {1980}, "no clock in the file"
    assert openpyxl.load_workbook(io.BytesIO(first)).properties.created.year == 2000


def test_a_list_of_nobody_can_be_written():
    nobody = dataclasses.replace(printed.people(1), rows=(), totals=(("name", "0人"), ("amount", 0)))

    assert cells(write(nobody))[-2][0] == "合计"
