"""通知核对: what a circular's plain text says against itself.

It names the line or the cell; it never corrects, because only the issuing body knows which of two words it meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from casework.dates import Calendar
from casework.money import parse_yuan, yuan
from casework.policy.annexes import Annexes, Remark, bare, counted, find_annexes, name_remarks
from casework.policy.days import day_remarks, issue_day
from casework.policy.tables import Checked, Doubt, Sums, TextTable, check_sums, read_tables
from casework.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMERAL = "[一二三四五六七八九十]{1,3}"
_MARKERS = (
    ("第{}章", f"第({_NUMERAL})章"),
    ("第{}条", f"第({_NUMERAL})条"),
    ("{}、", f"({_NUMERAL})、"),
    ("（{}）", f"[（(]({_NUMERAL})[）)]"),
    ("{}.", r"([0-9]{1,2})[.．、](?![0-9])"),
    ("（{}）", r"[（(]([0-9]{1,2})[）)]"),
)
_PART = re.compile(f"第{_NUMERAL}[篇部]")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_SENTENCE = re.compile(r"[^。；;]+")
_MONEY = re.compile(
    r"(?:(?<!中)共|合计|总计|总额|划拨|下拨|拨付|拨款|安排|筹集|下达)[^，。；0-9]{0,12}?(?P<sum>[0-9][0-9,.]*\s*[万亿]?)\s*元"
    r"(?!\s*[/／])"
)
_PEOPLE = re.compile(r"(?:(?<!中)共|合计|总计)[^，。；0-9]{0,12}?(?P<sum>[0-9]{1,6})\s*[名人](?!\s*[/／])")
_EACH = re.compile(r"每[人户名]|人均")


@dataclass(frozen=True)
class LintReport:
    """What was found, in the order of the text, and how many table cells and sums were held against each other."""

    problems: tuple[Problem, ...]
    checked: Checked


@dataclass(frozen=True)
class _Text:
    lines: tuple[str, ...]
    annexes: Annexes

    def running(self) -> list[tuple[int, str]]:
        """Return (line number, line) of everything outside tables."""
        return [(line, words) for line, words in enumerate(self.lines, start=1) if "\t" not in words]

    def body(self) -> list[tuple[int, str]]:
        """Return the running lines before the first annex, without the list of annexes."""
        return [
            (line, words)
            for line, words in self.running()
            if self.annexes.in_body(line) and line not in self.annexes.taken
        ]


def lint(text: str, *, name: str = "source.txt", calendar: Calendar | None = None) -> tuple[Problem, ...]:
    """Return what a circular says against itself, in the order of its lines.

    Args:
        text: The circular as plain text; table cells are parted by tabs.
        name: Name of the file, for the problems' place.
        calendar: The imported 放假调休 tables; for a year without one only weekends and the fixed holidays are known.
    """
    return lint_report(text, name=name, calendar=calendar).problems


def lint_report(text: str, *, name: str = "source.txt", calendar: Calendar | None = None) -> LintReport:
    """Return what `lint` returns, with the count of what was checked in tables."""
    read = _Text(tuple(text.splitlines()), find_annexes(text))
    body = read.body()
    issued_on = issue_day([words for _, words in body])
    remarks = [
        *_numbering(read),
        *name_remarks(read.annexes),
        *_title_years(read, body),
        *day_remarks(
            read.running(),
            annexes_from=min(read.annexes.starts, default=len(read.lines) + 1),
            issued_on=issued_on,
            calendar=calendar or Calendar(),
        ),
    ]
    checked = Checked()
    for table in read_tables(read.lines):
        sums = check_sums(table)
        checked += sums.checked
        remarks += [_cell(table, doubt) for doubt in sums.doubts]
        remarks += _headline(table, sums, body, read.annexes)
    ordered = sorted(dict.fromkeys(remarks), key=lambda remark: remark.line)
    problems = [Problem(f"第 {r.line} 行：{r.message}", r.remedy, file=name, read=r.read) for r in ordered]
    return LintReport(tuple(problems), checked)


# -- section numbers -------------------------------------------------------------------------------------------


def _numbering(read: _Text) -> Iterator[Remark]:
    """Yield skipped, repeated and backward section numbers; an annex or a 篇 starts counting anew."""
    last: dict[int, tuple[int, int]] = {}  # level → (number, line)
    for line, words in read.running():
        plain = bare(words)
        if line in read.annexes.starts or _PART.match(plain):
            last = {}
        marked = _marker(plain) if line not in read.annexes.taken else None
        if marked is not None:
            level, number = marked
            yield from _step(read.lines, line, marked, last.get(level, (0, line)))
            last[level] = (number, line)


def _marker(plain: str) -> tuple[int, int] | None:
    """Return (level, number) of a line that begins with a section number."""
    for level, (_, pattern) in enumerate(_MARKERS):
        found = re.match(pattern, plain)
        number = counted(found[1]) if found else None
        if number is not None:
            return level, number
    return None


def _step(lines: tuple[str, ...], line: int, marked: tuple[int, int], before: tuple[int, int]) -> Iterator[Remark]:
    """Compare a number with the one before it on its level; 1 may always start anew."""
    (level, number), (last, since) = marked, before
    pattern = _MARKERS[level][1]
    here = f"“{_short(lines[line - 1])}”"
    if number == 1:
        return
    if number == last:
        yield Remark(line, f"{here}与第 {since} 行编号重复")
    elif number < last:
        yield Remark(line, f"{here}排在“{_spelled(level, last)}”（第 {since} 行）之后，次序不对")
    else:
        # A conversion may have run two paragraphs together: a number inside a line is there all the same.
        between = "\n".join(lines[since - 1 : line - 1])
        inside = {counted(found[1]) for found in re.finditer(rf"(?<=[。；;！，、\s]){pattern}", between)}
        absent = [_spelled(level, n) for n in range(last + 1, number) if n not in inside]
        if absent:
            yield Remark(line, f"{here}之前缺“{'”“'.join(absent)}”", "请发文机关核定是漏了内容还是编号有误")


def _spelled(level: int, number: int) -> str:
    shape, pattern = _MARKERS[level]
    if "0-9" in pattern:
        return shape.format(number)
    tens, ones = divmod(number, 10)
    digits = "〇一二三四五六七八九"
    return shape.format(
        ("" if not tens else "十" if tens == 1 else f"{digits[tens]}十") + (digits[ones] if ones else "")
    )


def _short(line: str) -> str:
    words = bare(line).replace("*", "")
    return words if len(words) <= 16 else f"{words[:15]}…"


# -- titles and tables against the text ------------------------------------------------------------------------


def _title_years(read: _Text, body: list[tuple[int, str]]) -> Iterator[Remark]:
    """Yield titles of annexes whose year the text and the list of annexes never name."""
    known = {year for _, words in body for year in _YEAR.findall(words)}
    known |= {named.year for named in read.annexes.listed}
    told = {named.yearless for named in read.annexes.listed if named.year}  # the clash of names says it already
    for title in read.annexes.headed:
        if title.year and known and title.year not in known and title.yearless not in told:
            years = "、".join(sorted(filter(None, known)))
            yield Remark(title.line, f"《{title.shown}》写 {title.year} 年，正文里没有这一年（正文有 {years} 年）")


def _cell(table: TextTable, doubt: Doubt) -> Remark:
    reasons = "；".join(doubt.reasons[:3]) + (f"；等 {len(doubt.reasons)} 处" if len(doubt.reasons) > 3 else "")
    where = f"表“{table.title}”的“{doubt.row}”行“{doubt.column}”格"
    return Remark(
        doubt.line, f"{where}对不上：{reasons}", "请发文机关核定这一格或与它相加的各格", doubt.read or "（空）"
    )


def _headline(table: TextTable, sums: Sums, body: list[tuple[int, str]], annexes: Annexes) -> Iterator[Remark]:
    """Compare the corner of a table with the sums the text announces for it."""
    annex = annexes.number_at(table.first_line)
    for pattern, total in ((_MONEY, sums.total_fen), (_PEOPLE, sums.total_people)):
        stated = _stated(pattern, body, annex)
        values = [value for _, _, value in stated]
        # Several sums may each speak of another table, or together make up this one.
        if total is None or not values or total in values or total == sum(values):
            continue
        shown = f"{yuan(total)} 元" if pattern is _MONEY else f"{total} 人"
        for line, words, _ in stated:
            yield Remark(line, f"与表“{table.title}”的合计 {shown}不符", read=words)


def _stated(pattern: re.Pattern[str], body: list[tuple[int, str]], annex: int | None) -> list[tuple[int, str, int]]:
    """Return (line, words, fen or people) of the announced sums that point to this annex, else of those to none."""
    pointing, free = [], []
    for line, words in body:
        for sentence in _SENTENCE.findall(words):
            found = [
                (line, match[0], _amount(match["sum"]) if pattern is _MONEY else int(match["sum"]))
                for match in pattern.finditer(sentence)
                if not _EACH.search(match[0])
            ]
            pointed = {int(number) for number in re.findall(r"附件\s*([0-9]{1,2})", sentence)}
            if annex in pointed:
                pointing += found
            elif not pointed:
                free += found
    return [(line, words, value) for line, words, value in pointing or free if value is not None]


def _amount(words: str) -> int | None:
    try:
        return parse_yuan(f"{words}元")
    except ValueError:
        return None
