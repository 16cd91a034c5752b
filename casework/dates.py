"""Dates: 年月 as officers write them, full years, the public-notice clock, working days, deadlines.

Nothing here looks at a clock: every function takes the day it speaks about. What cannot be known (a year whose
放假调休 table was never imported) is None, never a guess.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Precision = Literal["day", "month", "year"]
DayKind = Literal["natural", "working"]

# A fixed offset: Windows ships no zone table, and China has kept no summer time since 1991.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
FIRST_YEAR, LAST_YEAR = 1900, 2100
_SERIAL_DAYS = range(3_000, 74_000)  # 1908 to 2102, so that a bare year is never taken for a serial number

# Source: checked against an independent new-moon computation; years beyond it are refused, not guessed.
_SPRING_FESTIVAL = {
    2018: (2, 16), 2019: (2, 5), 2020: (1, 25), 2021: (2, 12), 2022: (2, 1), 2023: (1, 22),
    2024: (2, 10), 2025: (1, 29), 2026: (2, 17), 2027: (2, 6), 2028: (1, 26), 2029: (2, 13),
    2030: (2, 3), 2031: (1, 23), 2032: (2, 11), 2033: (1, 31), 2034: (2, 19), 2035: (2, 8),
}  # fmt: skip


# -- what an officer writes ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date as exactly as it was written; `on` is the first day it can mean.

    Attributes:
        on: The day, or the first day of the month or year.
        precision: How much of it was written.
        approximate: It was written with 约 or 左右.
    """

    on: date
    precision: Precision
    approximate: bool = False

    def last(self) -> date:
        """Return the last day it can mean."""
        if self.precision == "day":
            return self.on
        if self.precision == "year":
            return date(self.on.year, 12, 31)
        return date(self.on.year + self.on.month // 12, self.on.month % 12 + 1, 1) - timedelta(days=1)

    def text(self) -> str:
        """Return it in Chinese, no finer than it was written: "1965年3月"."""
        words = {"day": chinese(self.on), "month": year_month(self.on), "year": f"{self.on.year}年"}[self.precision]
        return f"约{words}" if self.approximate else words


class DoubtfulDate(ValueError):  # noqa: N818 - it is the date that is doubtful, not an error of ours
    """A date that could mean several things, or nothing; `proposals` are the readings an officer may pick."""

    def __init__(self, sentence: str, proposals: tuple[PartialDate, ...] = ()) -> None:
        super().__init__(sentence)
        self.proposals = proposals


_SEPARATOR = r"[./、\-]"
_WRITTEN = re.compile(
    rf"(?P<year>[0-9]{{4}})\s*(?:年|{_SEPARATOR})\s*(?P<month>[0-9]{{1,2}})\s*"
    rf"(?:月|(?:月|{_SEPARATOR})\s*(?P<day>[0-9]{{1,2}})\s*[日号]?)?(?:\s+0?0:00(?::00)?)?"
)
_COMPACT = re.compile(r"(?P<year>(?:19|20)[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})?")
_YEAR_ONLY = re.compile(r"(?P<year>[0-9]{4})\s*年?")
_SHORT = re.compile(
    rf"(?P<year>[0-9]{{2}})\s*(?:年|{_SEPARATOR})\s*(?P<month>[0-9]{{1,2}})\s*"
    rf"(?:月|(?:月|{_SEPARATOR})\s*(?P<day>[0-9]{{1,2}})\s*[日号]?)?"
)
_SHORT_COMPACT = re.compile(r"(?P<year>[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})")
_YEAR_LAST = re.compile(rf"(?P<a>[0-9]{{1,2}}){_SEPARATOR}(?P<b>[0-9]{{1,2}}){_SEPARATOR}(?P<year>[0-9]{{4}})")
_SPELLED = re.compile(
    r"(?P<year>[〇零一二三四五六七八九]{4})年(?:(?P<month>[一二三四五六七八九十]{1,2})月(?:(?P<day>[一二三四五六七八九十]{1,3})[日号])?)?"
)
_REPUBLIC = re.compile(r"民国\s*(?P<year>[0-9]{1,3})\s*年.*")
_APPROXIMATE = re.compile(r"(?:大?约|大概)\s*(?P<a>.+)|(?P<b>.+?)\s*(?:左右|前后)")
_UNKNOWN = frozenset({"不详", "不明", "未知", "不清楚", "无", "/", "-", "—"})
_NUMERALS = "〇一二三四五六七八九"


def is_unknown(text: str) -> bool:
    """Tell whether an officer wrote that the date is not known (不详, 不明, /): unknown, not wrong."""
    return not text.strip() or text.strip() in _UNKNOWN


def parse_date(value: str | float | date | time) -> PartialDate:
    """Read a date from a cell: text, a number, or a date the workbook itself knows as one.

    Two-digit years, day-first dates, bare serial numbers and the number 1965.1 (January, or October with its
    zero eaten) are held with proposals: choosing is for the officer, who has the papers.

    Args:
        value: The cell's value with the type the workbook gave it.

    Raises:
        DoubtfulDate: A ValueError whose message is a Chinese sentence.

    >>> parse_date("1965年3月").text(), parse_date("１９６５．３").text(), parse_date("19650307").text()
    ('1965年3月', '1965年3月', '1965年3月7日')
    """
    if isinstance(value, bool):
        raise DoubtfulDate("读到的是“是/否”，不是日期")
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        if value.year < FIRST_YEAR:
            raise DoubtfulDate("单元格里只有时间，没有年月日，请填写日期")
        return PartialDate(value, "day")
    if isinstance(value, time):
        raise DoubtfulDate("单元格里只有时间，没有年月日，请填写日期")
    if isinstance(value, int | float):
        return _from_number(value)
    return _from_text(value)


def _from_number(value: float) -> PartialDate:
    text = repr(value).removesuffix(".0")
    year, _, fraction = text.partition(".")
    if fraction == "1" and len(year) == 4:
        january, october = date(int(year), 1, 1), date(int(year), 10, 1)
        raise DoubtfulDate(
            f"读到数字 {text}：是 1 月还是 10 月？数字格式会吞掉末尾的 0，请改填“{year}年1月”或“{year}年10月”",
            (PartialDate(january, "month"), PartialDate(october, "month")),
        )
    return _from_text(text)


def _from_text(text: str) -> PartialDate:
    plain = unicodedata.normalize("NFKC", text).strip("' \u200b\ufeff\t\r\n")
    plain = re.sub("[—–]", "-", plain)
    if len(plain) > 40:
        raise DoubtfulDate("单元格里文字太长，不是日期")
    about = _APPROXIMATE.fullmatch(plain)
    if about:
        read = _from_text(about["a"] or about["b"])
        return PartialDate(read.on, read.precision, approximate=True)
    for pattern in (_WRITTEN, _COMPACT, _YEAR_ONLY):
        found = pattern.fullmatch(plain)
        if found and FIRST_YEAR <= int(found["year"]) <= LAST_YEAR:
            return _exactly(text, **found.groupdict())
    spelled = _SPELLED.fullmatch(plain)
    if spelled:
        digits = "".join(str(_NUMERALS.index(sign)) for sign in spelled["year"].replace("零", "〇"))
        return _exactly(text, digits, *(_counted(spelled[part]) for part in ("month", "day")))
    raise _doubt(text, plain)


def _exactly(text: str, year: str, month: str | None = None, day: str | None = None) -> PartialDate:
    """Build the date from its parts.

    Raises:
        DoubtfulDate: The calendar has no such day.
    """
    try:
        on = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        raise DoubtfulDate(f"日历上没有“{text}”这一天，请核对年月日") from None
    return PartialDate(on, "day" if day else "month" if month else "year")


def _counted(spelled: str | None) -> str | None:
    """Turn 二十一 into "21"."""
    if spelled is None:
        return None
    tens, ten, ones = spelled.rpartition("十")
    count = (_NUMERALS.index(tens[-1]) if tens else 1) * 10 if ten else 0
    return str(count + (_NUMERALS.index(ones[-1]) if ones else 0))


def _readings(text: str, *parts: tuple[str, str | None, str | None]) -> tuple[PartialDate, ...]:
    """Return those of the (year, month, day) readings that the calendar has."""
    possible = []
    for year, month, day in parts:
        try:
            possible.append(_exactly(text, year, month, day))
        except DoubtfulDate:
            continue
    return tuple(possible)


def _doubt(text: str, plain: str) -> DoubtfulDate:
    """Return why `text` is held, with the readings worth offering."""
    if not plain:
        return DoubtfulDate("日期是空的，请填写，如 1965年3月；确实不知道的请写“不详”")
    if re.search("农历|阴历|腊月|正月|冬月|闰|初|廿", plain):
        return DoubtfulDate(f"“{text}”是农历，请按证件改填公历日期")
    short = _SHORT.fullmatch(plain) or _SHORT_COMPACT.fullmatch(plain)
    if short:
        centuries = ("19",) if short["year"] > "30" else ("19", "20")
        return _asked(
            f"“{text}”的年份只有两位",
            _readings(text, *((century + short["year"], short["month"], short["day"]) for century in centuries)),
        )
    last = _YEAR_LAST.fullmatch(plain)
    if last:
        orders = dict.fromkeys(((last["year"], last["a"], last["b"]), (last["year"], last["b"], last["a"])))
        return _asked(f"“{text}”分不清哪个是月、哪个是日", _readings(text, *orders))
    republic = _REPUBLIC.fullmatch(plain)
    if republic:
        return _asked(f"“{text}”是民国纪年", _readings(text, (str(int(republic["year"]) + 1911), None, None)))
    number = re.fullmatch(r"([0-9]{4,5})(?:\.[0-9]+)?", plain)
    if number and int(number[1]) in _SERIAL_DAYS:
        day = date(1899, 12, 30) + timedelta(days=int(number[1]))
        return _asked(f"读到数字 {plain}，像是丢了日期格式的日期", (PartialDate(day, "day"),))
    return DoubtfulDate(f"看不懂日期“{text}”，请按“1965年3月”或“1965-03-07”填写")


def _asked(reason: str, proposals: tuple[PartialDate, ...]) -> DoubtfulDate:
    """Return a doubt that asks which of the proposals is meant."""
    if not proposals:
        return DoubtfulDate(f"{reason}，请填写四位年份的公历日期，如 1965年3月")
    choices = "还是".join(proposal.text() for proposal in proposals)
    return DoubtfulDate(f"{reason}：是{choices}吗？请核对后填写四位年份的公历日期", proposals)


# -- what is shown ---------------------------------------------------------------------------------------------


def chinese(on: date) -> str:
    """Return "2020年1月8日": arabic digits, no leading zero (GB/T 9704)."""
    return f"{on.year}年{on.month}月{on.day}日"


def year_month(on: date) -> str:
    """Return "1965年3月"."""
    return f"{on.year}年{on.month}月"


def year_month_dotted(on: date) -> str:
    """Return "1965.03", as the forms' narrow columns have it."""
    return f"{on.year}.{on.month:02d}"


# -- full years ------------------------------------------------------------------------------------------------


def anniversary(on: date, year: int) -> date:
    """Return the day of `year` that answers to `on`; 29 February falls on the 28th in common years.

    The month's last day stands in where the day is missing, as 民法典 第二百零二条 counts periods.
    """
    if (on.month, on.day) == (2, 29) and (year % 4 or (year % 100 == 0 and year % 400)):
        return date(year, 2, 28)
    return on.replace(year=year)


def full_years(since: date, on: date) -> int:
    """Return the full years from `since` to `on`, the anniversary itself included.

    Raises:
        ValueError: `on` lies before `since`.
    """
    if on < since:
        raise ValueError(f"{chinese(since)}晚于{chinese(on)}，请核对日期")
    return on.year - since.year - (on < anniversary(since, on.year))


def age(born_on: date, on: date) -> int:
    """Return 周岁 on the day `on`.

    Raises:
        ValueError: Born after `on`.
    """
    return full_years(born_on, on)


def party_years(full_member_on: date, on: date) -> int:
    """Return 党龄 in full years; it counts from 转正, not from joining as a probationary member.

    Raises:
        ValueError: Full member only after `on`.
    """
    return full_years(full_member_on, on)


def years_range(since: PartialDate, on: date) -> tuple[int, int]:
    """Return the fewest and the most full years that a date of that precision allows.

    A rule that only holds for one of the two is unknown, not met.

    Raises:
        ValueError: Even the first possible day lies after `on`.
    """
    return full_years(min(since.last(), max(on, since.on)), on), full_years(since.on, on)


def spring_festival(year: int) -> date:
    """Return 春节 (正月初一) of a year.

    Raises:
        ValueError: The year is not in the table.
    """
    if year not in _SPRING_FESTIVAL:
        known = f"{min(_SPRING_FESTIVAL)}—{max(_SPRING_FESTIVAL)}"
        raise ValueError(f"没有 {year} 年春节的日期（已有 {known} 年），请手工填写")
    return date(year, *_SPRING_FESTIVAL[year])


# -- working days, public notice, deadlines --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """The 放假调休 table of one year, as the State Council's office announced it."""

    source: str
    holidays: frozenset[date]
    workdays: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Calendar:
    """The imported 放假调休 tables; a year that was not imported is unknown."""

    years: Mapping[int, CalendarYear] = field(default_factory=dict)

    def is_workday(self, day: date) -> bool | None:
        """Tell whether offices work that day, or None where its year was not imported."""
        table = self.years.get(day.year)
        if table is None:
            return None
        if day in table.workdays:
            return True
        return day.weekday() < 5 and day not in table.holidays


def public_notice_end(
    start: date, days: int, *, day_kind: DayKind, count_posting_day: bool, calendar: Calendar
) -> date | None:
    """Return the last day of a public notice; the next step may begin the day after.

    Args:
        start: The day it was posted.
        days: How many days the circular asks for, at least 1.
        day_kind: Every day counts, or working days only.
        count_posting_day: Whether the day of posting is the first of them.
        calendar: The imported working-day tables, used for `working` only.

    Returns:
        The last day, or None where it depends on a year whose table was not imported.

    Raises:
        ValueError: Fewer than one day.
    """
    if days < 1:
        raise ValueError("公示天数至少为 1 天")
    first = start if count_posting_day else start + timedelta(days=1)
    if day_kind == "natural":
        return first + timedelta(days=days - 1)
    day, counted = first, 0
    while True:
        works = calendar.is_workday(day)
        if works is None:
            return None
        counted += works
        if counted == days:
            return day
        day += timedelta(days=1)


def on_time(moment: datetime, *, due_on: date, due_at: time | None = None) -> bool:
    """Tell whether something at `moment` meets a deadline in Asia/Shanghai; the stated moment itself is on time.

    Args:
        moment: When it happened, with its offset.
        due_on: The last day.
        due_at: The time of that day, e.g. 17:00; without one the whole day counts.

    Raises:
        ValueError: `moment` has no offset, so nobody can say when it was.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment needs its offset from UTC")
    local = moment.astimezone(SHANGHAI)
    if due_at is None:
        return local.date() <= due_on
    return local <= datetime.combine(due_on, due_at, SHANGHAI)
