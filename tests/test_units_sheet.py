"""The register of units from and to a sheet: every bad cell is named, and what was written is read back unchanged."""

from __future__ import annotations

import io
from datetime import date

import openpyxl
import pytest

from casework.intake.units import read_units
from casework.units_sheet import COLUMNS, compare, write_units

HEADS = ["机构顺序", "单位名称", "单位性质", "上级单位", "党员人数", "统计日期", "工资发放有困难"]
KNOWN = {"示例县直属工委": "u-1"}


def workbook(*rows, merged=(), sheets=()):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "单位名录"
    for row in rows:
        sheet.append(row)
    for cells in merged:
        sheet.merge_cells(cells)
    for name, content in sheets:
        other = book.create_sheet(name, 0)
        for row in content:
            other.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def read(*rows, name="名录.xlsx", known=KNOWN, **more):
    return read_units(workbook(*rows, **more), name=name, known=known)


def said(sheet):
    return [(problem.cell, problem.message) for problem in sheet.problems]


def test_a_clean_sheet_is_read_with_its_types():
    sheet = read(
        HEADS,
        [1, "示例县直属工委", "工委", None, 1200, date(2021, 12, 31), "否"],
        [2, "示例镇党委", "乡镇党委", "示例县直属工委", "９９９人", "2021年12月31日", None],
    )

    assert sheet.problems == ()
    first, second = sheet.rows
    assert first == {
        "unit_id": "u-1",
        "name": "示例县直属工委",
        "order": 1,
        "kind": "working_committee",
        "members": 1200,
        "members_as_of": date(2021, 12, 31),
        "pay_difficulty": False,
    }
    assert second["unit_id"] == "示例镇党委"
    assert second["parent_id"] == "u-1"
    assert second["members"] == 999
    assert "pay_difficulty" not in second


def test_title_blank_rows_totals_and_foot_are_no_units():
    sheet = read(
        ["示例县单位名录", None, None],
        [None, None, None],
        ["序号", "单位", "党员人数"],
        [1, "示例 镇 党委", 10],
        [None, None, None],
        [2, "示例乡党委", 20],
        ["合计", "合 计", 30],
        ["填表人：示例甲", None, None],
        merged=("A1:C1",),
    )

    assert sheet.problems == ()
    assert [(row["order"], row["name"], row["members"]) for row in sheet.rows] == [
        (1, "示例镇党委", 10),
        (2, "示例乡党委", 20),
    ]


def test_a_merged_cell_speaks_for_all_its_rows():
    sheet = read(
        ["单位名称", "上级单位"],
        ["示例甲局党组", "示例县直属工委"],
        ["示例乙局党组", None],
        ["示例丙局党组", None],
        merged=("B2:B3",),
    )

    assert [row.get("parent_id") for row in sheet.rows] == ["u-1", "u-1", None]


@pytest.mark.parametrize(
    ("column", "value", "cell", "message"),
    [
        (0, 1.5, "A4", "要写不小于 0 的整数"),
        (0, -1, "A4", "要写不小于 0 的整数"),
        (1, None, "B4", "单位名称是空的"),
        (1, "示例|镇", "B4", "不能含竖线“|”"),
        (2, "大队", "C4", "单位性质不认识"),
        (3, "没有的单位", "D4", "上级单位不在名录中"),
        (4, "若干", "E4", "要写不小于 0 的整数"),
        (4, True, "E4", "要写不小于 0 的整数"),
        (5, "2021年12月", "F4", "要写到日"),
        (5, "去年底", "F4", "看不懂日期"),
        (6, "可能", "G4", "只能写“是”或“否”"),
    ],
)
def test_a_bad_cell_is_named_by_its_address(column, value, cell, message):
    rows = [["示例县单位名录"], HEADS, [1, "示例甲镇党委", "乡镇党委", None, 5, "2021-12-31", "是"]]
    bad = [2, "示例乙镇党委", "乡镇党委", "示例县直属工委", 5, "2021-12-31", "是"]
    bad[column] = value

    sheet = read(*rows, bad)

    assert len(sheet.problems) == 1
    (problem,) = sheet.problems
    assert problem.cell == cell
    assert problem.sheet == "单位名录"
    assert message in problem.sentence()


def test_a_unit_written_twice_is_named():
    sheet = read(["单位名称"], ["示例镇党委"], ["示例乡党委"], ["示例镇党委"])

    assert said(sheet) == [("A4", "单位名称与第 2 行相同")]


def test_the_sheet_with_the_heads_is_the_one_that_is_read():
    sheet = read(["单位名称"], ["示例镇党委"], sheets=[("说明", [["请按下表填写"]])])

    assert [row["name"] for row in sheet.rows] == ["示例镇党委"]


def test_a_sheet_without_heads_or_rows_says_so():
    assert said(read(["姓名", "电话"])) == [("", "没有找到表头“单位名称”")]
    assert said(read(HEADS)) == [("A1", "表头下面没有单位")]
    assert read(["单位名称", "地址"], ["示例镇党委", "x"]).unread == ("地址",)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_a_text_file_of_any_office_is_read(encoding, mark):
    lines = [["单位名称", "党员人数", "工资发放有困难"], ["示例镇党委", "1200", "是"]]
    content = "\r\n".join(mark.join(line) for line in lines).encode(encoding)

    sheet = read_units(content, name="名录.CSV")

    assert sheet.problems == ()
    assert sheet.rows[0]["members"] == 1200
    assert sheet.rows[0]["pay_difficulty"] is True


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"\xff\xfe\x00\x80", "a.csv"),
        (b"a\x00b,c", "a.csv"),
        (b"x" * 140_000 + b",\n", "a.csv"),
        (b"", "a.xlsx"),
        (b"<html>", "a.xlsx"),
        (b"PK\x03\x04", "a.xlsx"),
    ],
)
def test_what_is_no_table_is_refused_in_one_sentence(content, name):
    sheet = read_units(content, name=name)

    assert sheet.rows == ()
    assert len(sheet.problems) == 1


REGISTER = [
    {
        "unit_id": "u-1",
        "name": "=示例县直属工委",
        "parent_id": None,
        "kind": "working_committee",
        "members": 0,
        "members_as_of": date(2021, 12, 31),
        "order": 1,
        "pay_difficulty": None,
    },
    {
        "unit_id": "u-2",
        "name": "示例镇党委",
        "parent_id": "u-1",
        "kind": "town_committee",
        "members": None,
        "members_as_of": None,
        "order": None,
        "pay_difficulty": False,
    },
    {
        "unit_id": "u-3",
        "name": "007",
        "parent_id": "u-2",
        "kind": None,
        "members": 35,
        "members_as_of": None,
        "order": 3,
        "pay_difficulty": True,
    },
]


def test_what_was_downloaded_is_imported_again_without_a_change():
    sheet = read_units(write_units(REGISTER), name="单位名录.xlsx", known={u["name"]: u["unit_id"] for u in REGISTER})

    assert sheet.problems == ()
    assert sheet.unread == ()
    assert [row["unit_id"] for row in sheet.rows] == ["u-1", "u-2", "u-3"]
    assert {entry.kind for entry in compare(sheet.rows, REGISTER)} == {"unchanged"}


def test_the_same_register_gives_the_same_bytes_and_no_number_of_the_ledger():
    assert write_units(REGISTER) == write_units([dict(unit) for unit in REGISTER])
    assert openpyxl.load_workbook(io.BytesIO(write_units(REGISTER))).properties.created.year == 2000
    heads = [cell.value for cell in openpyxl.load_workbook(io.BytesIO(write_units([]))).active[1]]
    assert heads == HEADS == list(COLUMNS.values())


def test_the_preview_names_what_is_new_and_what_changes():
    rows = [
        {"unit_id": "u-1", "name": "=示例县直属工委", "members": 12},
        {"unit_id": "u-2", "name": "示例镇党委", "pay_difficulty": False},
        {"unit_id": "示例乡党委", "name": "示例乡党委", "parent_id": "u-1"},
    ]

    changed, unchanged, new = compare(rows, REGISTER)

    assert (changed.kind, changed.changes) == ("changed", (("党员人数", "0", "12"),))
    assert (unchanged.kind, unchanged.changes) == ("unchanged", ())
    assert (new.kind, new.name) == ("new", "示例乡党委")
    assert ("上级单位", "", "=示例县直属工委") in new.changes


TWINS = [
    {**REGISTER[1], "unit_id": "u-2", "parent_id": None},
    {**REGISTER[1], "unit_id": "u-4", "parent_id": None, "members": 7},
    {**REGISTER[2], "parent_id": "u-4"},
]


def test_two_units_of_one_name_come_back_by_their_numbers():
    sheet = read_units(write_units(TWINS), name="单位名录.xlsx", known={"007": "u-3"})

    assert sheet.problems == ()
    assert [row["unit_id"] for row in sheet.rows] == ["u-2", "u-4", "u-3"]
    assert {entry.kind for entry in compare(sheet.rows, TWINS)} == {"unchanged"}


def test_a_parent_whose_name_two_units_bear_has_to_be_named_by_its_number():
    heads = ["单位编号", "单位名称", "上级单位"]
    sheet = read(heads, ["u-2", "示例镇党委", None], ["u-4", "示例镇党委", None], ["u-5", "示例支部", "示例镇党委"])

    assert said(sheet) == [("C4", "有两个单位叫这个名称")]
