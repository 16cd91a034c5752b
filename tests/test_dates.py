# ruff: noqa: DTZ001 - the cells of a workbook have no time zone
from __future__ import annotations

import doctest
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import casework.dates
from casework.dates import (
    SHANGHAI,
    Calendar,
    CalendarYear,
    DoubtfulDate,
    PartialDate,
    age,
    anniversary,
    chinese,
    full_years,
    is_unknown,
    on_time,
    parse_date,
    party_years,
    public_notice_end,
    spring_festival,
    year_month,
    year_month_dotted,
    years_range,
)

MARCH = PartialDate(date(1965, 3, 1), "month")
SEVENTH = PartialDate(date(1965, 3, 7), "day")


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(casework.dates).failed == 0


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("1965.3", MARCH),
        (1965.3, MARCH),
        ("1965.03", MARCH),
        ("1965年3月", MARCH),
        ("1965-3", MARCH),
        ("1965、3", MARCH),
        ("１９６５．３", MARCH),
        ("1965 年 3 月", MARCH),
        ("1965—3", MARCH),
        ("\u200b1965.3 ", MARCH),
        ("196503", MARCH),
        (196503, MARCH),
        ("一九六五年三月", MARCH),
        ("1965/3/7", SEVENTH),
        ("1965-03-07", SEVENTH),
        ("1965-03-07 00:00:00", SEVENTH),
        ("1965年3月7日", SEVENTH),
        ("1965.3.7", SEVENTH),
        ("19650307", SEVENTH),
        (19650307.0, SEVENTH),
        ("一九六五年三月七日", SEVENTH),
        ("二〇〇三年十月二十一日", PartialDate(date(2003, 10, 21), "day")),
        ("二零零三年十二月三十日", PartialDate(date(2003, 12, 30), "day")),
        (date(1965, 3, 7), SEVENTH),
        (datetime(1965, 3, 7), SEVENTH),
        ("1965.1", PartialDate(date(1965, 1, 1), "month")),
        ("1965.10", PartialDate(date(1965, 10, 1), "month")),
        (1965.11, PartialDate(date(1965, 11, 1), "month")),
        ("1965", PartialDate(date(1965, 1, 1), "year")),
        (1965, PartialDate(date(1965, 1, 1), "year")),
        ("约1965", PartialDate(date(1965, 1, 1), "year", approximate=True)),
        ("约 1965年", PartialDate(date(1965, 1, 1), "year", approximate=True)),
        ("1965.3左右", PartialDate(date(1965, 3, 1), "month", approximate=True)),
        ("1968-02-29", PartialDate(date(1968, 2, 29), "day")),
    ],
)
def test_a_date_is_read_as_exactly_as_it_was_written(value, read):
    assert parse_date(value) == read


@pytest.mark.parametrize(
    ("value", "why", "proposals"),
    [
        (1965.1, "1 月还是 10 月", ["1965年1月", "1965年10月"]),
        ("65-3", "两位", ["1965年3月"]),
        ("65.3.7", "两位", ["1965年3月7日"]),
        ("65年3月", "两位", ["1965年3月"]),
        ("650307", "两位", ["1965年3月7日"]),
        ("05年3月", "两位", ["1905年3月", "2005年3月"]),
        ("65.13", "两位", []),
        ("3/7/1965", "哪个是月", ["1965年3月7日", "1965年7月3日"]),
        ("13/7/1965", "哪个是月", ["1965年7月13日"]),
        ("3/3/1965", "哪个是月", ["1965年3月3日"]),
        ("民国54年", "民国", ["1965年"]),
        ("1965年腊月", "农历", []),
        ("农历1965年3月", "农历", []),
        ("1965.13", "没有", []),
        ("1965.2.30", "没有", []),
        ("1965-02-29", "没有", []),
        ("1965年十三月", "看不懂", []),
        ("一九六五年十三月", "没有", []),
        (23808, "丢了日期格式", ["1965年3月7日"]),
        ("23808", "丢了日期格式", ["1965年3月7日"]),
        (time(8, 30), "只有时间", []),
        (datetime(1899, 12, 31, 8, 30), "只有时间", []),
        (True, "是/否", []),
        ("三月", "看不懂", []),
        ("᠑᠙᠖᠕.3", "看不懂", []),
        (1e17, "看不懂", []),
        (float("nan"), "看不懂", []),
        ("", "空的", []),
        ("约" * 5000, "太长", []),
    ],
)
def test_a_date_in_doubt_is_held_with_the_readings_it_may_have(value, why, proposals):
    with pytest.raises(DoubtfulDate, match=why) as held:
        parse_date(value)

    assert [proposal.text() for proposal in held.value.proposals] == proposals


@given(st.text(max_size=12) | st.floats() | st.integers())
def test_any_cell_is_a_date_or_a_sentence(value):
    try:
        shown = parse_date(value).text()
    except DoubtfulDate as held:
        shown = str(held)

    assert shown


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)))
def test_what_we_write_we_read(on):
    assert parse_date(chinese(on)) == parse_date(on.isoformat()) == PartialDate(on, "day")
    assert parse_date(year_month(on)) == parse_date(year_month_dotted(on)) == PartialDate(on.replace(day=1), "month")


def test_not_knowing_a_date_is_not_a_mistake():
    assert all(is_unknown(text) for text in ("不详", " 不明 ", "", "/"))
    assert not is_unknown("1965")


def test_the_words_keep_the_precision():
    assert [chinese(date(2020, 1, 8)), year_month(date(1965, 3, 7)), year_month_dotted(date(1965, 3, 7))] == [
        "2020年1月8日",
        "1965年3月",
        "1965.03",
    ]
    assert parse_date("约1965.3").text() == "约1965年3月"


@pytest.mark.parametrize(
    ("since", "on", "years"),
    [
        (date(1965, 3, 7), date(2025, 3, 6), 59),
        (date(1965, 3, 7), date(2025, 3, 7), 60),
        (date(1968, 2, 29), date(2025, 2, 27), 56),
        (date(1968, 2, 29), date(2025, 2, 28), 57),
        (date(1968, 2, 29), date(2024, 2, 28), 55),
        (date(1968, 2, 29), date(2024, 2, 29), 56),
        (date(1971, 7, 1), date(2021, 7, 1), 50),
        (date(1971, 7, 2), date(2021, 7, 1), 49),
        (date(2020, 1, 1), date(2020, 1, 1), 0),
    ],
)
def test_years_are_full_on_the_anniversary(since, on, years):
    assert age(since, on) == party_years(since, on) == years


def test_nobody_is_younger_than_nothing():
    with pytest.raises(ValueError, match="晚于"):
        full_years(date(2020, 1, 2), date(2020, 1, 1))


def test_a_leap_day_is_kept_on_the_last_of_february():
    assert anniversary(date(1968, 2, 29), 2100) == date(2100, 2, 28)
    assert anniversary(date(1968, 2, 29), 2000) == date(2000, 2, 29)
    assert anniversary(date(1968, 2, 28), 2024) == date(2024, 2, 28)


@pytest.mark.parametrize(
    ("text", "on", "years"),
    [
        ("1965.3", date(2025, 2, 28), (59, 59)),
        ("1965.3", date(2025, 3, 15), (59, 60)),
        ("1965.3", date(2025, 3, 31), (60, 60)),
        ("1965", date(2025, 6, 1), (59, 60)),
        ("1965.12", date(2025, 12, 31), (60, 60)),
        ("2025", date(2025, 6, 1), (0, 0)),
        ("19650307", date(2025, 3, 7), (60, 60)),
    ],
)
def test_a_month_leaves_the_age_open_until_it_is_over(text, on, years):
    assert years_range(parse_date(text), on) == years


@pytest.mark.parametrize(
    ("year", "day"), [(2018, "2018-02-16"), (2020, "2020-01-25"), (2023, "2023-01-22"), (2035, "2035-02-08")]
)
def test_spring_festival_comes_from_the_table(year, day):
    assert spring_festival(year) == date.fromisoformat(day)


@pytest.mark.parametrize("year", [2017, 2036])
def test_a_year_without_a_table_is_not_guessed(year):
    with pytest.raises(ValueError, match=f"没有 {year} 年春节"):
        spring_festival(year)


# A made-up table: 1 to 3 January off, Saturday the 4th worked.
YEAR = CalendarYear(
    "示例放假安排", frozenset(date(2025, 1, day) for day in (1, 2, 3)), workdays=frozenset({date(2025, 1, 4)})
)
CALENDAR = Calendar({2025: YEAR})


@pytest.mark.parametrize(
    ("start", "days", "kind", "posting", "end"),
    [
        (date(2018, 12, 1), 7, "natural", False, date(2018, 12, 8)),
        (date(2018, 12, 1), 5, "natural", False, date(2018, 12, 6)),
        (date(2018, 12, 1), 7, "natural", True, date(2018, 12, 7)),
        (date(2018, 12, 2), 7, "natural", False, date(2018, 12, 9)),
        (date(2025, 1, 3), 1, "working", False, date(2025, 1, 4)),
        (date(2025, 1, 4), 1, "working", True, date(2025, 1, 4)),
        (date(2025, 1, 1), 5, "working", False, date(2025, 1, 9)),
        (date(2025, 1, 1), 5, "working", True, date(2025, 1, 9)),
        (date(2025, 12, 29), 3, "working", True, date(2025, 12, 31)),
        (date(2025, 12, 29), 3, "working", False, None),
        (date(2024, 12, 31), 1, "working", False, None),
    ],
)
def test_a_public_notice_ends_on_its_last_full_day(start, days, kind, posting, end):
    calendar = CALENDAR if start.year == 2025 else Calendar()

    assert public_notice_end(start, days, day_kind=kind, count_posting_day=posting, calendar=calendar) == end


def test_a_public_notice_lasts_a_day_at_least():
    with pytest.raises(ValueError, match="至少"):
        public_notice_end(date(2025, 1, 1), 0, day_kind="natural", count_posting_day=True, calendar=Calendar())


def test_workdays_are_known_only_where_the_table_was_imported():
    days = (date(2025, 1, 1), date(2025, 1, 4), date(2025, 1, 5), date(2025, 1, 6), date(2026, 1, 5))

    assert [CALENDAR.is_workday(day) for day in days] == [False, True, False, True, None]


DUE = {"due_on": date(2020, 1, 15), "due_at": time(17)}


@pytest.mark.parametrize(
    ("moment", "due", "met"),
    [
        (datetime(2020, 1, 15, 17, tzinfo=SHANGHAI), DUE, True),
        (datetime(2020, 1, 15, 17, tzinfo=SHANGHAI) + timedelta(seconds=1), DUE, False),
        (datetime(2020, 1, 15, 9, tzinfo=UTC), DUE, True),
        (datetime(2020, 1, 15, 9, 0, 1, tzinfo=UTC), DUE, False),
        (datetime(2022, 12, 28, 23, 59, 59, tzinfo=SHANGHAI), {"due_on": date(2022, 12, 28)}, True),
        (datetime(2022, 12, 28, 16, tzinfo=UTC), {"due_on": date(2022, 12, 28)}, False),
    ],
)
def test_the_stated_moment_is_still_on_time(moment, due, met):
    assert on_time(moment, **due) is met


def test_a_moment_without_an_offset_is_nobody_s_moment():
    with pytest.raises(ValueError, match="offset"):
        on_time(datetime(2020, 1, 15, 17), **DUE)
