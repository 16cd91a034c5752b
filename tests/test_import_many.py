"""What many rows of one file, or of one name, are held against: the same words as row against row, and no more."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_importing import book, look, opened, others

from casework.dates import PartialDate
from casework.intake import checks
from casework.people.duplicates import near_names, without_a_sign
from casework.people.remembered import _texts


@pytest.fixture
def engine(database_url):
    yield from opened(database_url)


def test_before_the_first_key_only_equal_addresses_are_equal(engine):
    apart = look(engine, book(*others("示例甲", "示例乙", 家庭住址=None)))
    one, other, third = others("示例甲", "示例乙", "示例丙")
    two = look(engine, book(one | {"家庭住址": "示例路1号"}, other | {"家庭住址": "示例路2号"}))
    same = look(
        engine,
        book(one | {"家庭住址": "示例路1号"}, other | {"家庭住址": "示例路2号"}, third | {"家庭住址": "示例路1号"}),
    )

    assert [issue.problem.sentence() for issue in (*apart.issues, *two.issues)] == []
    assert [(issue.row, issue.problem.message) for issue in same.issues] == [(4, "住址与本轮的示例甲相同")]


@given(st.text("甲乙丙", min_size=0, max_size=4), st.text("甲乙丙", min_size=0, max_size=4))
@settings(max_examples=60, deadline=None)
def test_near_names_have_a_rest_in_common(one, other):
    if near_names(one, other) or one == other:
        assert without_a_sign(one) & without_a_sign(other)


class Row:
    """As much of a draft as the comparison of names looks at."""

    def __init__(self, row, unit, number, born):
        self.row, self.values, self.born, self.said = row, {"unit_id": unit}, born, []
        self.number = None if number is None else type("Number", (), {"number": number})()
        self.sheet, self.record = type("Sheet", (), {"name": "名单"})(), type("Record", (), {"cells": {}})()

    def day(self, _column):
        return self.born

    def say(self, remark, column):
        self.said.append((remark.message, column))


def every_earlier_row(rows):
    """Hold each row against every earlier one, as the rule is said."""
    found = []
    for at, row in enumerate(rows):
        twin, numbered = None, False
        for other in rows[:at]:
            numbers = row.number is not None and other.number is not None
            numbered = numbered or (numbers and row.number.number == other.number.number)
            met = (
                row.born is None
                or other.born is None
                or (other.born.on <= row.born.last() and row.born.on <= other.born.last())
            )
            if twin is None and not numbers and row.values == other.values and met:
                twin = other
        if twin is not None:
            born = [each.born is not None for each in (twin, row)]
            how = "出生年月对得上" if all(born) else "有一行没写出生年月" if any(born) else "都没写出生年月"
            found.append([(f"与第 {twin.row} 行姓名、单位相同，{how}，像是同一人", "name")])
        else:
            found.append([(f"与第 {rows[0].row} 行同名，按两个人读入", "name")] if at and not numbered else [])
    return found


BORN = (
    None,
    PartialDate(date(1960, 1, 1), "year"),
    PartialDate(date(1960, 3, 1), "month"),
    PartialDate(date(1960, 3, 9), "day"),
    PartialDate(date(1960, 4, 2), "day"),
)
ROWS = st.tuples(st.sampled_from(["甲", "乙", None]), st.sampled_from([None, None, "1", "2"]), st.sampled_from(BORN))


@given(st.lists(ROWS, min_size=2, max_size=9))
@settings(max_examples=60, deadline=None)
def test_namesakes_are_told_what_every_earlier_row_would_have_told_them(drawn):
    rows = [Row(number, *each) for number, each in enumerate(drawn, start=2)]
    checks._same_name(rows)

    assert [row.said for row in rows] == every_earlier_row(rows)


def test_twenty_thousand_namesakes_are_not_held_against_each_other():
    units = [f"u{at % 400}" for at in range(20_000)]
    rows = [Row(at, unit, None, BORN[at % 2 + 3]) for at, unit in enumerate(units)]
    asked = []
    for row in rows:
        row.day = lambda column, row=row: asked.append(column) or row.born
    checks._same_name(rows)

    assert len(asked) < 10 * len(rows)


def test_a_column_of_lists_is_what_polars_makes_of_them():
    lists = [["一", "二"], None, ["三"], [], None]

    assert _texts("x", lists).to_list() == [["一", "二"], None, ["三"], None, None]
    assert _texts("x", []).to_list() == []
    assert _texts("x", [None]).to_list() == [None]
