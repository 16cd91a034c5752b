"""A pack as a workbook: the same pack comes back, and a wrong cell is named."""

from __future__ import annotations

import io
import shutil
import tomllib
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from casework.policy import load_policy, pack_folders, raw
from casework.policy.cells import CLAUSES, GRID_CELL, HEAD, SHEETS, read, show
from casework.policy.handbook import example_params
from casework.policy.sheet import read_sheet, write_sheet
from casework.problems import PolicyError
from casework.shapes import SHAPES

PACK = "jianshi-2020"
BROKEN = Path(__file__).parent / "broken_policies"


@pytest.fixture(scope="module")
def folder():
    return pack_folders()[PACK]


@pytest.fixture(scope="module")
def written(folder):
    return write_sheet(folder)


@pytest.fixture
def book(written):
    return openpyxl.load_workbook(io.BytesIO(written))


def saved(book):
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def cell(book, sheet, head, row):
    """Return the cell of a column by its head."""
    heads = [entry.value for entry in book[sheet][1]]
    return book[sheet].cell(row, heads.index(head) + 1)


def row_of(book, clause):
    return next(row[0].row for row in book["条款"].iter_rows(min_row=2) if row[0].value == clause)


def complaints(book, folder):
    with pytest.raises(PolicyError) as caught:
        read_sheet(saved(book), folder)
    return [(problem.sheet, problem.cell, problem.sentence()) for problem in caught.value.problems]


def only(book, folder):
    (complaint,) = complaints(book, folder)
    return complaint


def reloaded(text, folder, tmp_path):
    copy = tmp_path / folder.name
    shutil.copytree(folder, copy)
    (copy / "policy.toml").write_text(text, encoding="utf-8")
    return load_policy(copy)


# -- there and back ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pack_id", sorted(pack_folders()))
def test_every_shipped_pack_comes_back_the_same(pack_id, tmp_path):
    folder = pack_folders()[pack_id]
    text = read_sheet(write_sheet(folder), folder)
    before, after = load_policy(folder), reloaded(text, folder, tmp_path)
    assert replace(after, digest="") == replace(before, digest="")


@pytest.mark.parametrize("pack_id", sorted(pack_folders()))
def test_the_second_time_changes_nothing_at_all(pack_id, tmp_path):
    folder = pack_folders()[pack_id]
    text = read_sheet(write_sheet(folder), folder)
    reloaded(text, folder, tmp_path)
    assert read_sheet(write_sheet(tmp_path / pack_id), tmp_path / pack_id) == text


@pytest.mark.parametrize("rule", sorted(SHAPES))
def test_the_parameters_of_every_shape_fit_into_a_cell(rule):
    column = next(column for column in CLAUSES if column.key == "params")
    params = example_params(rule)
    assert (read(column, show(column, params)) or {}) == params


def test_everything_a_pack_may_say_has_a_column():
    for section, columns, model in SHEETS.values():
        keys = {column.key for column in columns}
        keys |= {"parameter": {"values"}, "group": {"any_of", "all_of", "at_least", "clauses"}}.get(section, set())
        assert set(raw.keys_of(model)) <= keys, section
    assert [column.key for column in HEAD] == raw.keys_of(raw.RawHead)


def test_a_pack_with_every_section_comes_back(tmp_path):
    folder = Path(__file__).parent / "packs" / "base"
    text = read_sheet(write_sheet(folder), folder)
    assert replace(reloaded(text, folder, tmp_path), digest="") == replace(load_policy(folder), digest="")


def test_a_pack_is_never_written_with_something_left_out():
    """Whatever is wrong with a pack, its workbook holds all of it or is refused, and reading it says what is wrong."""
    for folder in sorted(path.parent for path in BROKEN.glob("*/policy.toml")):
        try:
            workbook = write_sheet(folder)
        except PolicyError:
            continue
        try:
            read_sheet(workbook, folder)
        except PolicyError:
            continue
        # A cell has no quotation marks to forget; nothing else may be put right in silence.
        assert folder.name == "parameter-value-number" or load_policy(folder), folder.name


# -- what an officer sees ----------------------------------------------------------------------------------------


def test_the_workbook_is_in_chinese_with_drop_downs(book):
    assert book.sheetnames[:4] == ["说明", "基本信息", "条款", "名额表"]
    assert cell(book, "条款", "种类", 2).value in {"程序", "条件", "走访"}
    lists = {str(rule.sqref): rule.formula1 for rule in book["条款"].data_validations.dataValidation}
    assert any("必须" in formula for formula in lists.values())
    assert any("选项" in formula for formula in lists.values())
    assert book["选项"].sheet_state == "hidden"
    assert {entry.value for entry in book["选项"]["A"]} == {f"{s.label}（{rule}）" for rule, s in SHAPES.items()}


def test_the_quota_grid_has_blanks_where_the_circular_has_them(book):
    rows = [[entry.value for entry in row] for row in book["名额表"].iter_rows()]
    assert rows[0][:3] == ["条款", "单位", "因公牺牲党员干部家属（family）"]
    assert rows[1][:2] == ["JS-A1.2", "业州镇"]
    assert rows[1][2] is None
    assert rows[1][3] == 41
    assert rows[-1][1] == "合计"
    assert rows[-1][2] == "=SUM(C2:C13)"


def test_the_explanation_names_every_shape_and_parameter(book):
    text = "\n".join(str(entry.value) for row in book["说明"].iter_rows() for entry in row if entry.value)
    for rule, shape in SHAPES.items():
        assert f"{shape.label}（{rule}）" in text
        for name, info in shape.model_fields.items():
            assert f"{info.alias or name}：{info.title}" in text


# -- what an officer changes -------------------------------------------------------------------------------------


def test_a_place_changed_in_the_grid(book, folder):
    book["名额表"]["D2"] = 42
    places = tomllib.loads(read_sheet(saved(book), folder))["clause"]
    grid = next(clause for clause in places if clause["id"] == "JS-A1.2")["params"]["places"]
    assert grid["业州镇"] == {"frontline": 42, "hardship": 17, "resident": 1}
    assert "合计" not in grid


def test_cells_as_excel_holds_them(book, folder):
    info = book["基本信息"]
    names = {row[0].value: row[1] for row in info.iter_rows()}
    names["印发日期"].value = datetime(2020, 1, 7)  # noqa: DTZ001 - Excel knows no zone
    names["年度"].value = 2020.0
    row = row_of(book, "JS-2.1.4")
    cell(book, "条款", "规则", row).value = "固定标准"
    cell(book, "条款", "参数", row).value = '{ category = "family", yuan = "2000" }'
    cell(book, "条款", "自何日起", row).value = "2020-01-06"
    read_back = tomllib.loads(read_sheet(saved(book), folder))
    assert (read_back["policy"]["issued_on"], read_back["policy"]["year"]) == (date(2020, 1, 7), 2020)
    clause = next(clause for clause in read_back["clause"] if clause["id"] == "JS-2.1.4")
    assert clause["params"] == {"category": "family", "yuan": "2000"}
    assert clause["effective_from"] == date(2020, 1, 6)


def test_blank_rows_and_another_order_of_columns(book, folder, written):
    sheet = book["类别"]
    sheet.insert_rows(3)
    sheet.move_range("A1:A20", cols=10)
    assert read_sheet(saved(book), folder) == read_sheet(written, folder)


def test_a_new_clause_is_a_new_row(book, folder):
    sheet = book["条款"]
    row = sheet.max_row + 1
    for head, value in {
        "编号": "JS-X",
        "出处": "五、有关要求",
        "原文": "精准确定对象\n严密组织实施",
        "种类": "记载",
        "登记备查": "=见台账、名册",
    }.items():
        cell(book, "条款", head, row).value = value
        cell(book, "条款", head, row).data_type = "s"
    last = tomllib.loads(read_sheet(saved(book), folder))["clause"][-1]
    assert last == {
        "id": "JS-X",
        "cite": "五、有关要求",
        "text": ["精准确定对象", "严密组织实施"],
        "kind": "record",
        "record": "=见台账、名册",
    }


# -- what is wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "value", "said"),
    [
        ("种类", "标淮", "不能填“标淮”，从下拉清单中选：条件、不纳入"),
        ("强度", "应当", "不能填“应当”"),
        ("规则", "固定金额", "不能填“固定金额”"),
        ("参数", "category = “family”", "引号要用英文引号"),
        ("参数", "category", "每行写“名 = 值”"),
        ("至何日止", "下月底", "要填日期"),
    ],
)
def test_a_cell_that_cannot_be_read(book, folder, head, value, said):
    row = row_of(book, "JS-2.1.4")
    wrong = cell(book, "条款", head, row)
    wrong.value = value
    sheet, place, sentence = only(book, folder)
    assert (sheet, place) == ("条款", wrong.coordinate)
    assert f"第 {row} 行" in sentence
    assert said in sentence


@pytest.mark.parametrize(
    ("head", "value", "at", "said"),
    [
        ("原文", "慰问标准 3000 元/人", "原文", "通知原文中找不到"),
        ("参数", 'category = "family"', "参数", "yuan"),
        ("参数", 'category = "nobody"\nyuan = "2000"', "参数", "没有类别 nobody"),
        ("规则", "公示（public_notice）", "规则", "不能用于 kind = rate"),
        ("排除的条款", "JS-9", "排除的条款", "excepts 指向的条款 JS-9 不存在"),
        ("登记备查", "另行登记", "规则", "要写且只写一个"),
        ("只用于类别", "nobody", "只用于类别", "没有类别 nobody"),
    ],
)
def test_what_only_the_whole_pack_can_tell_has_its_cell_too(book, folder, head, value, at, said):
    row = row_of(book, "JS-2.1.4")
    cell(book, "条款", head, row).value = value
    found = complaints(book, folder)
    assert any(
        place == cell(book, "条款", at, row).coordinate and said in sentence and "policy.toml" not in sentence
        for _, place, sentence in found
    ), found


@pytest.mark.parametrize(
    ("address", "value", "said"),
    [
        ("D2", 3.7, "要填整数"),
        ("D2", "四", "要填整数"),
        ("D2", -1, "要填整数"),
        ("A2", "JS-2.1.4", "不是用“名额分配表”规则的条款"),
        ("B3", "业州镇", "同一条款里写了两次"),
        ("B2", None, "单位没有填"),
    ],
)
def test_a_wrong_cell_of_the_grid(book, folder, address, value, said):
    book["名额表"][address] = value
    sheet, place, sentence = only(book, folder)
    assert (sheet, place) == ("名额表", address)
    assert said in sentence


def test_other_wrong_places(book, folder):
    book["基本信息"]["A2"] = "编码"
    book["类别"]["B1"] = "姓名"
    book["条件组"]["A2"] = None
    del book["路径"]
    found = complaints(book, folder)
    assert ("基本信息", "A2") in {place[:2] for place in found}
    assert ("类别", "B1") in {place[:2] for place in found}
    assert any("缺少工作表「路径」" in sentence for *_, sentence in found)


def test_a_row_without_an_id(book, folder):
    row = row_of(book, "JS-2.1.4")
    cell(book, "条款", "编号", row).value = None
    assert ("条款", f"A{row}") in {place[:2] for place in complaints(book, folder)}


def test_a_group_without_a_way_of_combining(folder, tmp_path):
    base = Path(__file__).parent / "packs" / "base"
    book = openpyxl.load_workbook(io.BytesIO(write_sheet(base)))
    assert book["条件组"]["C2"].value in {"任一", "全部", "至少几项"}
    book["条件组"]["C2"] = None
    assert only(book, base)[:2] == ("条件组", "C2")


def test_a_file_that_is_no_workbook(folder):
    with pytest.raises(PolicyError, match="不是能读的"):
        read_sheet(b"PK but not really", folder)


def test_the_grid_cell_of_the_clause_sheet_points_to_the_grid(book):
    assert cell(book, "条款", "参数", row_of(book, "JS-A1.2")).value == GRID_CELL
