"""A workbook is read with its types, in a child that cannot take the rest down with it."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime

import openpyxl
import pytest

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
        (b"\xd0\xcf\x11\xe0" + b"0" * 100, "旧版 xls、加密"),
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
