"""Ordinary rows are read a column at a time; what is read and said is what a cell at a time would give."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sheets_in import AS_OF, BASE, HEADS, POLICY, UNITS_KNOWN, sheet_of, take

from casework.intake import cells as one_cell
from casework.intake import propose_mappings, read_rows
from casework.intake.columns import known_columns
from casework.intake.ordinary import OrdinaryDraft, read_column
from casework.intake.records import OrdinaryRecord, collect
from casework.policy import load_policy

POLICIES = (POLICY, load_policy("neimenggu-2022"), load_policy("jiaozuo-2018"))
CELLS = st.sampled_from(
    [
        *(
            None,
            "",
            " ",
            "　",
            "示例镇",
            "示例乡",
            "没有的镇",
            "示例甲",
            "示例乙",
            "示 例 甲",
            "示例甲（小）",
            "123",
            "A-1",
        ),
        *(
            "生活困难群众",
            "老党员",
            "男",
            "女",
            "是",
            "否",
            "汉",
            "汉族",
            "中共党员",
            "群众",
            "配偶",
            "本人重大疾病；其他",
        ),
        *(
            "1965年3月",
            "1965-03-07",
            "1965.13.1",
            "1900-01-01",
            "2030-1-1",
            "2019/02/28",
            "2019-02-31",
            "19650307",
            "65-3",
        ),
        *(
            "2020.1.3-2020.1.9",
            "2020.1.9-2020.1.3",
            "不详",
            "约1965年",
            "1965",
            "合计",
            "小计",
            "注：以上",
            "姓名",
            "单位",
        ),
        *("2000", "0", "007", "-5", "2千", "1.5", "999999999", "1234567890", "３", "2,000", "/", "—"),
        *("13912345678", "13912345678/13812345678", "0391-1234567", "410102196503071231", "6217000010001234567"),
        *(
            "本人重大疾病：示例病",
            "低保",
            "=1+1",
            "示例\u200b字",
            "𪚥",
            "书记、示例职务",
            "示例甲/妻子/务农",
            "示例路1号",
        ),
        *(0.0, -0.0, 1.0, 3.0, 2000.0, 2.5, -1.0, 1e9, 1e15, 410102196503071234.0, 1965.1, 13912345678.0, True, False),
        *(
            date(1965, 3, 7),
            datetime(1965, 3, 7),  # noqa: DTZ001 - a cell has no zone
            datetime(1899, 12, 31),  # noqa: DTZ001 - a cell has no zone
            date(2030, 1, 1),
            time(9),
            timedelta(hours=1),
        ),
    ]
)
HEAD_SETS = [sorted({column.label for column in known_columns(policy)} - {"姓名", "单位"}) for policy in POLICIES]


@st.composite
def tables(draw):
    """Return a policy and a sheet: usually right rows, with cells of every kind among them."""
    number = draw(st.integers(0, 2))
    heads = ("单位", "姓名", *draw(st.lists(st.sampled_from(HEAD_SETS[number]), min_size=1, max_size=6, unique=True)))
    names = st.sampled_from(["示例甲", "示例乙", "示例丙丁", "示例戊"])
    row = st.tuples(st.just("示例镇"), st.one_of(names, names, CELLS), *[CELLS] * (len(heads) - 2))
    people = draw(st.lists(row, max_size=7))
    faults = {(draw(st.integers(1, 7)), draw(st.integers(0, len(heads) - 1))): "#N/A"} if draw(st.booleans()) else {}
    hidden = frozenset(draw(st.lists(st.integers(1, 7), max_size=1)))
    return POLICIES[number], sheet_of([heads, *people], faults=faults, hidden_rows=hidden)


@settings(max_examples=60, deadline=None)
@given(tables())
def test_both_ways_say_the_same(table):
    policy, sheet = table

    take([sheet], policy=policy)  # holds one way against the other


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted({column.kind for policy in POLICIES for column in known_columns(policy)})),
    st.sampled_from([1, 10_000]),
    st.lists(CELLS, max_size=8),
)
def test_a_column_is_its_cells(kind, scale, cells):
    def read(cell):
        return one_cell.read_cell(kind, cell, as_of=AS_OF, scale=scale)

    values, said = read_column(kind, scale, cells, read)

    assert list(map(repr, values)) == [repr(read(cell).value) for cell in cells]
    assert (said or [False] * len(cells)) == [bool(read(cell).remarks) for cell in cells]


def test_ordinary_rows_do_take_the_short_way():
    sheet = sheet_of(
        [HEADS, BASE, ("示例乡", "示例乙", BASE[2]), ("合计", None, None), ("示例乡", "示例　丙", BASE[2])]
    )
    (mapping,) = propose_mappings([sheet], POLICY)
    columns = {column.id: column for column in known_columns(POLICY)}

    people = collect(sheet, mapping, columns).people

    assert [type(record) is OrdinaryRecord for record in people] == [True, True, True]
    assert [record.cells["name"].value for record in people] == ["示例甲", "示例乙", "示例　丙"]


def test_a_namesake_does_not_make_a_row_less_ordinary(monkeypatch):
    """What the rows say against each other is put on the row that was read the short way."""
    made = []
    monkeypatch.setattr(OrdinaryDraft, "say", lambda self, remark, _at: made.append((self.row, remark.message)))
    sheet = sheet_of([(*HEADS, "出生年月"), (*BASE, "1965-03-07"), (*BASE, "1975-03-07")])

    read_rows([sheet], propose_mappings([sheet], POLICY), policy=POLICY, units=UNITS_KNOWN, as_of=AS_OF)

    assert made == [(3, "与第 2 行同名，按两个人读入")]


@pytest.mark.parametrize("quick", [True, False])
def test_the_order_of_the_sheet_stays(quick):
    names = ("示例甲", "示例乙（小）", "示例丙", "示例丁（小）", "示例戊")
    sheet = sheet_of([HEADS, *(("示例镇", name, BASE[2]) for name in names)])

    intake = read_rows(
        [sheet], propose_mappings([sheet], POLICY), policy=POLICY, units=UNITS_KNOWN, as_of=AS_OF, quick=quick
    )

    assert tuple(intake.rows["name"]) == names
    assert [issue.row for issue in intake.issues] == [3, 5]
