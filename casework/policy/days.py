"""The days a circular names: deadlines against its own date, the public notice, weekdays and rest days."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from casework.dates import Calendar, DoubtfulDate, chinese, parse_date, public_notice_end, spring_festival
from casework.policy.annexes import Remark, bare

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_DAY = r"(?:(?P<year>(?:19|20)[0-9]{2})\s*年\s*)?(?<![0-9])(?P<month>[0-9]{1,2})\s*月\s*(?P<day>[0-9]{1,2})\s*日"
_LAST_DAY = re.sub(r"P<(\w+)>", r"P<last_\1>", _DAY)
_ANY_DAY = re.compile(_DAY)
_DEADLINE = re.compile(rf"{_DAY}[^，。；、\n]{{0,10}}?(?:之前|以前|前(?![往来去后期述])|截止|为止)(?P<then>[^。；\n]*)")
_HANDED_IN = re.compile(r"[报交送]")
_WEEKDAY = re.compile(rf"{_DAY}\s*[（(]\s*(?:星期|周)(?P<weekday>[一二三四五六日天])")
_PERIOD = re.compile(rf"{_DAY}\s*(?:至|到|—+|–|-|~)\s*{_LAST_DAY}")
_NOTICE = re.compile(r"公示[^，。；、0-9]{0,8}?(?P<days>[0-9]{1,2})\s*个?\s*(?P<working>工作)?(?:日|天)")
_WEEK = "一二三四五六日"
_HOLIDAYS = {(1, 1): "元旦", (5, 1): "劳动节", (10, 1): "国庆节", (10, 2): "国庆节", (10, 3): "国庆节"}


class _Notice(NamedTuple):
    days: int
    working: bool
    line: int


def issue_day(lines: Sequence[str]) -> date | None:
    """Return the day a circular is dated: the last line that is a date and nothing else."""
    for line in reversed(lines):
        words = bare(line)
        if not 6 <= len(words) <= 16 or not words.endswith("日"):
            continue
        try:
            read = parse_date(re.sub(r"\s", "", words))
        except DoubtfulDate:
            continue
        if read.precision == "day":
            return read.on
    return None


def day_remarks(
    lines: Sequence[tuple[int, str]], *, annexes_from: int, issued_on: date | None, calendar: Calendar
) -> Iterator[Remark]:
    """Yield what is wrong with the days named in numbered lines of running text.

    Args:
        lines: (line number, line).
        annexes_from: The line the annexes begin on.
        issued_on: The circular's own date; without it only what needs no other date is checked.
        calendar: The imported 放假调休 tables.
    """
    notices = _notices(lines)
    for line, words in lines:
        yield from _impossible(line, words)
        yield from _weekdays(line, words, issued_on)
        yield from _periods(line, words, issued_on)
        for found in _DEADLINE.finditer(words):
            due = _day(found.groupdict(), issued_on)
            if due is None:
                continue
            yield from _rest_day(line, due, calendar)
            if issued_on is None:
                continue
            if due < issued_on:
                yield Remark(line, f"期限{chinese(due)}早于印发日期{chinese(issued_on)}", read=found[0][:20])
            elif _HANDED_IN.search(found["then"]):
                # What is posted after the papers are in stands further down; measures in an annex apply throughout.
                before = [notice for notice in notices if notice.line <= line or notice.line >= annexes_from]
                if before:
                    yield from _too_early(line, due, issued_on, min(before), calendar)


def _day(parts: dict[str, str | None], issued_on: date | None, prefix: str = "") -> date | None:
    """Return the day; without a year it is the first such day on or after the circular's date."""
    year, month, day = (parts[f"{prefix}{name}"] for name in ("year", "month", "day"))
    if year is None and issued_on is None:
        return None
    try:
        found = date(int(year or issued_on.year), int(month or 0), int(day or 0))  # type: ignore[union-attr]
        return found.replace(year=found.year + 1) if year is None and issued_on and found < issued_on else found
    except ValueError:
        return None


def _impossible(line: int, words: str) -> Iterator[Remark]:
    for found in _ANY_DAY.finditer(words):
        try:
            date(int(found["year"] or 2000), int(found["month"]), int(found["day"]))
        except ValueError:
            yield Remark(line, "日历上没有这一天", read=found[0])


def _weekdays(line: int, words: str, issued_on: date | None) -> Iterator[Remark]:
    for found in _WEEKDAY.finditer(words):
        day = _day(found.groupdict(), issued_on)
        if day is not None and _WEEK[day.weekday()] != found["weekday"].replace("天", "日"):
            yield Remark(line, f"{chinese(day)}是星期{_WEEK[day.weekday()]}，写的是星期{found['weekday']}")


def _periods(line: int, words: str, issued_on: date | None) -> Iterator[Remark]:
    for found in _PERIOD.finditer(words):
        parts = found.groupdict()
        first = _day(parts, issued_on)
        last = _day(parts, issued_on, "last_")
        if parts["year"] and parts["last_year"] and first is not None and last is not None and last < first:
            yield Remark(line, f"{chinese(first)}至{chinese(last)}：末日早于首日", read=found[0])


def _rest_day(line: int, due: date, calendar: Calendar) -> Iterator[Remark]:
    works = calendar.is_workday(due)
    holiday = _holiday(due)
    if works is False:
        yield Remark(line, f"期限{chinese(due)}（星期{_WEEK[due.weekday()]}）按放假调休安排是休息日", "请核定期限")
    elif works is None and holiday:
        yield Remark(line, f"期限{chinese(due)}是{holiday}放假的日子", "请核定期限")
    elif works is None and due.weekday() >= 5:
        yield Remark(
            line,
            f"期限{chinese(due)}是星期{_WEEK[due.weekday()]}；没有 {due.year} 年放假调休安排，不能断定是否上班",
            "请核定期限，或导入该年放假调休安排后再核对",
        )


def _holiday(day: date) -> str:
    """Return the holiday that falls on `day` every year by law, or ""."""
    try:
        since = (day - spring_festival(day.year)).days
    except ValueError:
        since = -1
    return "春节" if since in (0, 1, 2) else _HOLIDAYS.get((day.month, day.day), "")


def _notices(lines: Sequence[tuple[int, str]]) -> list[_Notice]:
    """Return every public notice whose days the text names."""
    return [
        _Notice(int(found["days"]), bool(found["working"]), line)
        for line, words in lines
        for found in _NOTICE.finditer(re.sub(r"[（(]", "", words))
        if int(found["days"])
    ]


def _too_early(line: int, due: date, issued_on: date, notice: _Notice, calendar: Calendar) -> Iterator[Remark]:
    """Compare a deadline with the earliest end of a notice: posted on the day of the circular, that day counted."""
    kind = "个工作日" if notice.working else "天"
    end = public_notice_end(
        issued_on,
        notice.days,
        day_kind="working" if notice.working else "natural",
        count_posting_day=True,
        calendar=calendar,
    )
    # Without the year's table, that many natural days is the least it can be.
    end = end or issued_on + timedelta(days=notice.days - 1)
    if due < end:
        yield Remark(
            line,
            f"期限{chinese(due)}早于公示最早的结束日：第 {notice.line} 行要公示 {notice.days} {kind}，"
            f"印发当日就张贴也要到{chinese(end)}",
        )
