"""A workbook is read with its types, in a child that cannot take the rest down with it."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
import workbooks
from hypothesis import given, settings
from hypothesis import strategies as st

from casework import sheet_parts, sheets
from casework.sheets import UnreadableWorkbook, read_workbook


def workbook(fill):
    book = openpyxl.Workbook()
    fill(book.active)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_cells_keep_their_types_and_addresses():
    def fill(sheet):
        sheet.title = "名额"
        sheet["A1"], sheet["B1"] = "单位", "人数"
        sheet["A3"], sheet["B3"], sheet["C3"] = "示例镇", 3, datetime(2020, 1, 7)  # noqa: DTZ001 - a cell has no zone
        sheet["D3"] = 410102196503071234

    (sheet,) = read_workbook(workbook(fill), name="示例.xlsx")

    assert sheet.name == "名额"
    assert sheet.rows[0][:2] == ("单位", "人数")
    assert sheet.rows[2][:3] == ("示例镇", 3.0, date(2020, 1, 7))
    assert isinstance(sheet.rows[2][3], float)
    assert sheet.address(2, 3) == "D3"
    assert sheet.address(0, 27) == "AB1"


def test_a_blank_is_filled_only_inside_its_merge():
    def fill(sheet):
        sheet["A1"] = "示例镇"
        sheet.merge_cells("A1:A2")
        sheet["B1"], sheet["B2"], sheet["B3"] = 1, 2, 3

    (sheet,) = read_workbook(workbook(fill), name="示例.xlsx")

    assert [row[0] for row in sheet.filled()] == ["示例镇", "示例镇", None]


def bomb():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 30_000_000)
    return out.getvalue()


def far_cell():
    """A tiny file with one cell in the last corner of the sheet: it ends the process that reads it."""
    source = zipfile.ZipFile(io.BytesIO(workbook(lambda sheet: sheet.__setitem__("A1", "x"))))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in source.namelist():
            data = source.read(entry)
            if entry == "xl/worksheets/sheet1.xml":
                data = data.replace(b'r="A1"', b'r="XFD1048576"').replace(b'<row r="1"', b'<row r="1048576"')
            archive.writestr(entry, data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "文件是空的"),
        (b"<html><table></table></html>", "这不是 xlsx，而是网页表格"),
        (b"\xd0\xcf\x11\xe0" + b"0" * 100, "这不是能读的 xls"),
        (b"%PDF-1.7", "PDF"),
        (b"MZ\x90", "程序文件"),
        (b"PK\x03\x04truncated", "不是 xlsx 文件，或文件不完整"),
        (bomb(), "压缩比异常"),
    ],
)
def test_what_is_no_workbook_gets_one_sentence(data, said):
    with pytest.raises(UnreadableWorkbook) as caught:
        read_workbook(data, name="示例.xlsx")

    sentence = caught.value.problem.sentence()
    assert said in sentence
    assert sentence.startswith("文件 示例.xlsx：")
    assert caught.value.problem.remedy


def test_a_file_that_ends_its_reader_does_not_end_us():
    with pytest.raises(UnreadableWorkbook):
        read_workbook(far_cell(), name="示例.xlsx")


def test_a_zip_that_is_no_workbook():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "x")

    with pytest.raises(UnreadableWorkbook, match="压缩包"):
        read_workbook(out.getvalue(), name="示例.zip")


def test_an_old_xls_is_read_with_its_types_and_merges():
    (sheet,) = read_workbook(
        workbooks.xls([["姓名", "金额"], ["示例甲", 2000.0], [None, 500.0]], merge=[(1, 0, 2, 0)]), name="示例.xls"
    )

    assert (sheet.name, sheet.rows[1]) == ("名单", ("示例甲", 2000.0))
    assert [row[0] for row in sheet.filled()] == ["姓名", "示例甲", "示例甲"]


def test_a_table_in_a_word_document_is_a_sheet():
    data = workbooks.docx(
        [[["姓名", "关系"], ["示例甲", "配偶"], [None, "子女"]]], before=["花名册", "上报单位：示例镇"]
    )

    (sheet,) = read_workbook(data, name="示例.docx")

    assert sheet.name == "表格1"
    assert sheet.above == ("花名册", "上报单位：示例镇")
    assert [tuple(row) for row in sheet.filled()] == [("姓名", "关系"), ("示例甲", "配偶"), ("示例甲", "子女")]


def test_what_is_hidden_is_told():
    def hide(book):
        sheet = book.active
        sheet.row_dimensions[2].hidden = True
        sheet.column_dimensions["B"].hidden = True
        sheet.auto_filter.ref = "A1:B3"
        sheet.auto_filter.add_filter_column(0, ["x"])
        book.create_sheet("旧表").sheet_state = "hidden"

    first, second = read_workbook(workbooks.xlsx([["a", "b"]] * 3, then=hide), name="示例.xlsx")

    assert (first.hidden_rows, first.hidden_columns, first.filtered) == ({1}, {1}, True)
    assert (first.visible, second.visible) == (True, False)


@pytest.mark.parametrize(
    ("xml", "fault"),
    [
        ('<c r="A2" t="e"><v>#N/A</v></c>', "#N/A"),
        ('<c r="A2" t="e"><f>1/0</f><v>#DIV/0!</v></c>', "#DIV/0!"),
        ('<c r="A2"><f>B2*2</f></c>', "公式"),
        ('<c r="A2"><f>B2*2</f><v></v></c>', "公式"),
        ('<c r="A2"><v>1</v></c><c r="A2"><v>2</v></c>', "重复"),
    ],
)
def test_a_cell_without_a_value_of_its_own_is_told(xml, fault):
    data = workbooks.cell_xml(workbooks.xlsx([["a", "b"], ["x", 2]]), "A2", xml)

    (sheet,) = read_workbook(data, name="示例.xlsx")

    assert sheet.faults == {(1, 0): fault}


def test_a_formula_with_its_value_is_a_value():
    data = workbooks.cell_xml(workbooks.xlsx([["a"], ["x"]]), "A2", '<c r="A2"><f>1+1</f><v>2</v></c>')

    (sheet,) = read_workbook(data, name="示例.xlsx")

    assert (sheet.faults, sheet.rows[1][0]) == ({}, 2.0)


def test_a_date_of_a_1904_workbook_is_the_same_day():
    def since_1904(book):
        book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
        book.active["A1"] = date(1965, 3, 7)

    (sheet,) = read_workbook(workbooks.xlsx([["x"]], then=since_1904), name="示例.xlsx")

    assert sheet.rows[0][0] == date(1965, 3, 7)


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (
            far_cell(),
            "示例.xlsx",
            (
                "文件 示例.xlsx：工作表「Sheet」有 1048576 行 16384 列，超出能读的范围（20000 行 200 列）。"
                "清除数据以外的空白格式后另存。"
            ),
        ),
        (
            b"a,b\n1,2\n",
            "示例.xlsx",
            "文件 示例.xlsx：这是文本文件（如 CSV），不是 xlsx。请在 Excel 或 WPS 中打开，核对后另存为 xlsx。",
        ),
        (
            "姓名,金额\n示例甲,1\n".encode("gbk"),
            "示例.xlsx",
            "文件 示例.xlsx：这是文本文件（如 CSV），不是 xlsx。请在 Excel 或 WPS 中打开，核对后另存为 xlsx。",
        ),
        (
            workbooks.compound("ETWorkbook", b""),
            "示例.et",
            (
                "文件 示例.et：这是 WPS 专用格式 et。"
                "请在 WPS 中打开，点“文件—另存为”，类型选“Microsoft Excel 文件（*.xlsx）”。"
            ),
        ),
        (
            workbooks.compound("EncryptedPackage", b""),
            "示例.xlsx",
            "文件 示例.xlsx：工作簿设了密码。请取消密码后另存为 xlsx。",
        ),
        (workbooks.xls([["x"]], locked=True), "示例.xls", "文件 示例.xls：工作簿设了密码。请取消密码后另存为 xlsx。"),
        (
            workbooks.compound("WordDocument", b""),
            "示例.doc",
            "文件 示例.doc：这是旧版 Word 文档 doc。请另存为 docx，或把表格另存为 xlsx。",
        ),
    ],
)
def test_each_wrong_file_says_how_to_save_it(data, name, sentence):
    with pytest.raises(UnreadableWorkbook) as caught:
        read_workbook(data, name=name)

    assert str(caught.value) == sentence


def test_a_larger_file_may_take_longer_but_not_for_ever():
    seconds, memory = sheets.limits(0)

    assert sheets.limits(50 * 1024 * 1024) == (seconds + 25, memory + 200 * 1024 * 1024)
    assert sheets.limits(10**12) == sheets.limits(sheets.MOST_UNPACKED)


_CELL = st.sampled_from(
    [
        '<c r="A1"><v>1</v></c>',
        '<c r="B1" t="e"><v>#N/A</v></c>',
        '<c r="B1"><f>A1</f></c>',
        '<x:c r="C1"><x:v>1</x:v></x:c>',
        "<c r='A1'><v>2</v></c>",
        "<c><v>3</v></c>",
        '<c r="A1"/>',
        '<c r="D1" t="inlineStr"><is><t>见: file</t></is></c>',
    ]
)
_ROW = st.sampled_from(['<row r="1">', '<row r="1" hidden="1">', "<row r='1' ht='0'>", '<row r="1" ht="0">'])
_AROUND = st.sampled_from(
    ["", '<cols><col min="2" max="3" hidden="1"/></cols>', "<cols><col min='1' width='0'/></cols>"]
)


@settings(max_examples=60, deadline=None)
@given(_AROUND, _ROW, st.lists(_CELL, max_size=5), st.booleans(), st.integers(-1, 5))
def test_what_is_hidden_or_broken_is_found_without_a_look_at_every_cell(around, row, cells, filtered, filled):
    """The short way says the same as a walk through the whole worksheet, whatever the file is like."""
    after = '<autoFilter><filterColumn colId="0"/></autoFilter>' if filtered else ""
    data = f'<worksheet xmlns:x="u">{around}<sheetData>{row}{"".join(cells)}</row></sheetData>{after}</worksheet>'
    places = [cell.split("r=")[1][1:3] for cell in cells if "r=" in cell]
    # What the reader counts: a place once, an empty cell not at all.
    told = filled if filled >= 0 and len(set(places)) == len(places) else -1
    full = sheet_parts.Marks()
    sheet_parts._Sheet(full).read(data.encode())

    found = sheet_parts.marks(data.encode(), filled=told)

    assert [fault for fault in found.faults if fault[2] != "重复"] == full.faults
    assert (found.hidden_rows, found.hidden_columns, found.filtered) == (
        full.hidden_rows,
        full.hidden_columns,
        full.filtered,
    )
    assert sum(fault[2] == "重复" for fault in found.faults) == len(places) - len(set(places))
