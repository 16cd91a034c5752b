"""套用来表: a superior's workbook is matched, filled and keeps its looks; what is unsafe is refused."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime

import payment_round
import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Border, Font, PatternFill, Side
from openpyxl.worksheet.datavalidation import DataValidation
from payment_round import HALL, OF_TOWN, TOWN
from review_round import at
from sqlmodel import select

from casework import db
from casework.access import LOCAL_OFFICER, LOCAL_VIEWER
from casework.borrowed import fill, match, remember
from casework.cli import main
from casework.ledger import execute
from casework.models import Case, Download, Person, Round
from casework.models_people import BorrowedForm
from casework.papers import Asked
from casework.people.contacts import put_contact
from casework.people.seeing import openings
from casework.problems import NotAllowed, Refused
from casework.sheets import read_workbook

made, _keys, quick, world = payment_round.made, payment_round._keys, payment_round.quick, payment_round.world
OWN, ID_NUMBER = "6222021234567890128", "110101196503071233"
_THIN = Side(style="thin")
BOX = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
HEADS = ("序号", "姓 名", "单位名称", "出生年月", "慰问金额（元）", "银行卡号", "星座")


def form(heads=HEADS, *, rows=2, title="示例市慰问对象汇总表", total=True, name="汇总表"):
    """A workbook as a superior hands it down: title, unit, two-level merged heads, empty rows, total, note."""
    book = Workbook()
    sheet = book.active
    sheet.title = name
    sheet["A1"], sheet["A1"].font = title, Font(name="方正小标宋简体", size=20)
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(heads))
    sheet["A2"] = "填报单位（盖章）："
    for at_, head in enumerate(heads, start=1):
        sheet.cell(3, at_, head)
        if head in ("银行卡号", "慰问金额（元）"):
            sheet.cell(3, at_, "慰问金发放")
            sheet.cell(4, at_, head)
        else:
            sheet.merge_cells(start_row=3, end_row=4, start_column=at_, end_column=at_)
        sheet.column_dimensions["ABCDEFG"[at_ - 1]].width = 10 + at_
    if "银行卡号" in heads and "慰问金额（元）" in heads:
        first = heads.index("慰问金额（元）") + 1
        sheet.merge_cells(start_row=3, end_row=3, start_column=first, end_column=first + 1)
    for row in range(3, 5 + rows + total):
        for column in range(1, len(heads) + 1):
            sheet.cell(row, column).border = BOX
    for row in range(5, 5 + rows):
        sheet.row_dimensions[row].height = 33
        for column in range(1, len(heads) + 1):
            sheet.cell(row, column).font = Font(name="仿宋_GB2312", size=13)
            sheet.cell(row, column).fill = PatternFill("solid", start_color="FFFFEECC")
    last = 5 + rows
    if total:
        sheet.cell(last, 1, "合计")
        sheet.cell(last, 5, f"=SUM(E5:E{last - 1})")
        sheet.merge_cells(start_row=last, end_row=last, start_column=1, end_column=3)
        sheet.row_dimensions[last].height = 41
    sheet.cell(last + total, 1, "注：本表由示例市填写。")
    sheet.merge_cells(start_row=last + total, end_row=last + total, start_column=1, end_column=len(heads))
    sheet.print_area = f"A1:G{last + total}"
    sheet.print_title_rows = "3:4"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    rule = DataValidation(type="list", formula1='"甲,乙"')
    rule.add(f"G5:G{max(5, last - 1)}")
    sheet.add_data_validation(rule)
    return book


def as_bytes(book):
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def asked(**more):
    return Asked("js", more.pop("actor", LOCAL_OFFICER), at(payment_round.TODAY), **more)


def filled(world, book, *, given=None, name="来表.xlsx", who="", opened_key="", **more):
    data = book if isinstance(book, bytes) else as_bytes(book)
    with db.reading(world.engine) as session:
        found = match(session, data, name=name, round_id="js", given=given)
    done = fill(world.engine, data, found, asked(**more), who=who, opened_key=opened_key)
    return done, load_workbook(io.BytesIO(done.body)).active


def column(sheet, letter, first=5, last=10):
    return [sheet[f"{letter}{row}"].value for row in range(first, last + 1)]


def test_the_rows_are_added_in_the_looks_of_the_first_and_the_total_moves_down(quick):
    done, sheet = filled(quick, form())

    assert done.people == 6
    assert column(sheet, "A") == [1, 2, 3, 4, 5, 6]
    assert all(str(name).startswith("示例") for name in column(sheet, "B"))
    assert column(sheet, "E") == [500] * 6
    assert (sheet["A11"].value, sheet["E11"].value) == ("合计", "=SUM(E5:E10)")
    assert sheet["A12"].value == "注：本表由示例市填写。"
    for row in range(5, 11):
        assert (sheet[f"C{row}"].font.name, sheet[f"C{row}"].font.size) == ("仿宋_GB2312", 13)
        assert sheet[f"C{row}"].fill.start_color.rgb == "FFFFEECC"
        assert sheet[f"C{row}"].border.left.style == "thin"
        assert sheet.row_dimensions[row].height == 33
    assert sheet.row_dimensions[11].height == 41
    assert {"A1:G1", "A3:A4", "E3:F3", "A11:C11", "A12:G12"} <= {str(each) for each in sheet.merged_cells.ranges}
    assert "A7:C7" not in {str(each) for each in sheet.merged_cells.ranges}
    assert (sheet["A1"].font.name, sheet["A1"].font.size) == ("方正小标宋简体", 20)
    assert sheet.column_dimensions["C"].width == 13
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert (sheet.print_area, sheet.print_title_rows) == ("'汇总表'!$A$1:$G$12", "$3:$4")
    assert [str(rule.sqref) for rule in sheet.data_validations.dataValidation] == ["G5:G10"]
    assert any("加了 4 行" in words for words in done.notes)


def test_a_column_nobody_holds_stays_blank_and_is_named(quick):
    done, sheet = filled(quick, form())

    assert column(sheet, "G") == [None] * 6
    assert done.blank == ("银行卡号", "星座")
    assert "没有填的列：银行卡号、星座。" in done.sentences()


def test_enough_rows_are_left_as_they_are(quick):
    done, sheet = filled(quick, form(rows=8))

    assert (sheet["A13"].value, sheet["E13"].value) == ("合计", "=SUM(E5:E12)")
    assert column(sheet, "B", 11, 12) == [None, None]
    assert not any("加了" in words for words in done.notes)


def test_heads_right_over_the_total_get_rows_without_the_weight_of_a_head(quick):
    book = form(rows=0)
    for row in (3, 4):
        for cell in book.active[row]:
            cell.font = Font(bold=True)
    _, sheet = filled(quick, book)

    assert sheet["A11"].value == "合计"
    assert not sheet["C5"].font.bold
    assert sheet["C5"].border.left.style == "thin"


def test_numbers_are_masked_until_they_are_opened_and_the_log_says_so(quick):
    quick.do(put_contact, person_id=first_person(quick), kind="card", value=OWN)
    _, sheet = filled(quick, form())
    masked = [value for value in column(sheet, "F") if value]
    done, opened = filled(quick, form(), opened_key="opened-1")
    whole = [row for row in range(5, 11) if opened[f"F{row}"].value]

    assert len(masked) == 1
    assert OWN not in masked
    assert [opened[f"F{row}"].value for row in whole] == [OWN]
    assert (opened[f"F{whole[0]}"].data_type, opened[f"F{whole[0]}"].number_format) == ("s", "@")
    assert not any("遮盖" in words for words in done.notes)
    with db.reading(quick.engine) as session:
        assert [one.purpose for one in openings(session, round_id="js")] == ["填写上级来表"]


def test_a_name_that_looks_like_a_formula_stays_text(quick):
    _rename(quick, '=HYPERLINK("http://示例")')
    done, sheet = filled(quick, form(), who="all")
    cells = [sheet[f"B{row}"] for row in range(5, 11) if str(sheet[f"B{row}"].value).startswith("=")]

    assert [(cell.data_type, cell.quotePrefix) for cell in cells] == [("s", True)]
    with zipfile.ZipFile(io.BytesIO(done.body)) as archive:
        assert b"<f>HYPERLINK" not in archive.read("xl/worksheets/sheet1.xml").replace(b"<f>=", b"<f>")


def first_person(world):
    with db.reading(world.engine) as session:
        return session.exec(select(Case.person_id).where(Case.case_id == world.cases[0])).one()


def _rename(world, name):
    person_id = first_person(world)

    def body(work):
        work.change(Person, person_id, expected_version=work.get(Person, person_id).version, name=name)

    execute(world.engine, action="rename", actor=LOCAL_OFFICER, now=at(payment_round.TODAY), key="rename", body=body)


def test_a_mapping_is_corrected_remembered_and_used_for_the_next_file(world):
    heads = ("序号", "对象", "属于", "出生日期")
    data = as_bytes(form(heads))
    with db.reading(world.engine) as session:
        with pytest.raises(Refused, match="认不出表头"):
            match(session, data, name="来表.xlsx", round_id="js")
        found = match(session, data, name="来表.xlsx", round_id="js", given={"对象": "姓名", "属于": "单位"})
    world.do(remember, matched=found)
    next_year = as_bytes(form(heads, title="示例市明年的表", rows=9))
    with db.reading(world.engine) as session:
        again = match(session, next_year, name="又一张.xlsx", round_id="js")
        kept = session.exec(select(BorrowedForm)).one()
    done = fill(world.engine, next_year, again, asked())
    sheet = load_workbook(io.BytesIO(done.body)).active

    assert again.remembered
    assert not found.remembered
    assert (kept.title, kept.heads_digest) == ("示例市慰问对象汇总表", found.heads_digest)
    assert [str(name)[:2] for name in column(sheet, "B")] == ["示例"] * 6
    assert all(column(sheet, "C"))
    assert sheet["B4"].value is None


def test_a_past_round_is_filled_as_its_list_was(quick):
    before, sheet = filled(quick, form())
    names = column(sheet, "B")
    _rename(quick, "示例改名")

    def close(work):
        version = work.get(Round, "js").version
        work.change(Round, "js", expected_version=version, state="closed", closed_on=date(2021, 1, 1))

    execute(quick.engine, action="close", actor=LOCAL_OFFICER, now=at(payment_round.TODAY), key="close", body=close)
    after, sheet = filled(quick, form())

    assert (after.people, column(sheet, "B")) == (before.people, names)
    assert "示例改名" in column(filled(quick, form(), who="all")[1], "B")


def test_formulas_of_the_rows_stay_where_nothing_is_filled_and_go_where_something_is(quick):
    book = form((*HEADS[:6], "两倍"))
    for row in (5, 6):
        book.active[f"G{row}"], book.active[f"A{row}"] = f"=E{row}*2", "=ROW()-4"
    _, sheet = filled(quick, book)

    assert column(sheet, "G") == [f"=E{row}*2" for row in range(5, 11)]
    assert column(sheet, "A") == [1, 2, 3, 4, 5, 6]


def test_a_date_is_a_date_where_the_sheet_wants_one_and_words_elsewhere(quick):
    book = form(rows=6)
    for row in range(5, 11):
        book.active[f"D{row}"].number_format = "yyyy-mm-dd" if row == 5 else "General"
    _, sheet = filled(quick, book)

    assert isinstance(sheet["D5"].value, datetime)
    assert [len(value) for value in column(sheet, "D", 6)] == [7] * 5


def test_column_numbers_and_an_example_are_no_rows_to_be_filled(quick):
    book = form(rows=4)
    for at_ in range(1, 8):
        book.active.cell(5, at_, at_)
    book.active["A6"], book.active["B6"] = "例：", "示例"
    done, sheet = filled(quick, book)

    assert [sheet[f"A{row}"].value for row in (5, 6, 7, 12, 13)] == [1, "例：", 1, 6, "合计"]
    assert sheet["E13"].value == "=SUM(E5:E12)"
    assert any("第 5、6 行" in words for words in done.notes)


def test_a_list_for_the_notice_board_gets_what_may_hang_there(quick):
    book = form((*HEADS[:6], "困难类型"), title="示例市慰问对象公示表")
    done, sheet = filled(quick, book)

    assert done.blank == ("单位名称", "出生年月", "慰问金额(元)", "银行卡号", "困难类型")
    assert column(sheet, "G") == [None] * 6
    with pytest.raises(Refused, match="公示用的表"):
        filled(quick, book, opened_key="no")


def test_only_ones_own_unit_and_never_for_a_viewer(quick):
    done, sheet = filled(quick, form(), actor=OF_TOWN, unit_id=TOWN)

    assert done.people == 2
    assert set(column(sheet, "C", 5, 6)) == {filled(quick, form(), unit_id=TOWN)[1]["C5"].value}
    for wrong in ({"actor": OF_TOWN}, {"actor": OF_TOWN, "unit_id": HALL}, {"actor": LOCAL_VIEWER}):
        with pytest.raises(NotAllowed):
            filled(quick, form(), **wrong)


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("来表.xlsm", as_bytes(form()), "macros"),
        ("来表.xlsx", b"PK\x03\x04broken", "unreadable"),
        ("来表.xlsx", as_bytes(form())[:-200], "unreadable"),
        ("来表.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "not_xlsx"),
        ("来表.xlsx", as_bytes(Workbook()), "no_table"),
    ],
)
def test_what_is_no_plain_workbook_is_refused(quick, name, data, reason):
    with db.reading(quick.engine) as session, pytest.raises(Refused) as refused:
        match(session, data, name=name, round_id="js")

    assert refused.value.reason_code == reason


@pytest.mark.parametrize(("part", "reason"), [("xl/vbaProject.bin", "macros"), ("xl/externalLinks/l1.xml", "links")])
def test_macros_and_links_are_refused_whatever_the_file_is_called(quick, part, reason):
    target = io.BytesIO(as_bytes(form()))
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr(part, b"x")

    with db.reading(quick.engine) as session, pytest.raises(Refused) as refused:
        match(session, target.getvalue(), name="来表.xlsx", round_id="js")

    assert refused.value.reason_code == reason


def test_what_is_named_wrongly_is_said(quick):
    with db.reading(quick.engine) as session:
        with pytest.raises(Refused, match="没有“生肖”这个项目"):
            match(session, as_bytes(form()), name="来表.xlsx", round_id="js", given={"星座": "生肖"})
        with pytest.raises(Refused, match="来表没有“没有的”这一列"):
            match(session, as_bytes(form()), name="来表.xlsx", round_id="js", given={"没有的": "性别"})


def test_what_was_filled_reads_back_as_it_stands(quick):
    done, _ = filled(quick, form())
    (sheet,) = read_workbook(done.body, name="填好.xlsx")

    assert sheet.rows[4][0] == 1
    assert sheet.rows[11][0] == "注：本表由示例市填写。"


def test_the_command_fills_says_what_stayed_blank_and_logs_the_file(quick, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CASEWORK_DB", str(quick.engine.url.database))
    given, out = tmp_path / "来表.xlsx", tmp_path / "填好.xlsx"
    given.write_bytes(as_bytes(form(("序号", "对象", "单位", "星座"))))
    assert main(["fill", str(given), "--round", "js", "--out", str(out)]) == 1
    told = ["fill", str(given), "--round", "js", "--unit", TOWN, "--out", str(out)]
    assert main([*told, "--map", "对象=姓名"]) == 0
    assert "没有填的列：星座。" in capsys.readouterr().out
    assert main(told) == 0
    assert "照上次改过的对应填写" in capsys.readouterr().err

    assert load_workbook(out).active["B5"].value.startswith("示例")
    with db.reading(quick.engine) as session:
        assert [row.kind for row in session.exec(select(Download))] == ["borrowed_form"] * 2
    assert main([*told[:-1], str(tmp_path / "填好.pdf")]) == 2
    assert main([*told, "--map", "对象"]) == 2
