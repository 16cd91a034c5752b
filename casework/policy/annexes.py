"""What a circular calls its annexes: in the list at its end, over the annex itself, and in the running text."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

from casework.policy.source import squeeze

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NUMERALS = "〇一二三四五六七八九"
_HEADING = re.compile(r"附\s*件\s*(?P<number>[0-9]{1,2}|[一二三四五六七八九十])?\s*[：:]?")
_LIST = re.compile(r"附\s*件?\s*[：:]\s*(?P<rest>\S.*)")
_LIST_OPEN = re.compile(r"附\s*件?\s*[：:]")
_TITLED = re.compile(r"附\s*件\s*(?P<number>[0-9]{1,2})\s*[：:.．、\s]\s*(?P<rest>[^\s0-9].*|[0-9]{4}\s*年.*)")
_ENTRY = re.compile(r"(?P<number>[0-9]{1,2})\s*[.．、]\s*(?P<rest>\S.*)")
_MENTION = re.compile(r"《(?P<name>[^《》]{2,60})》(?:\s*[（(]\s*(?:详?见)?\s*附件\s*(?P<number>[0-9]{1,2})?\s*[)）])?")
_YEAR = re.compile(r"((?:19|20)[0-9]{2})(?=年)")
_FORM = re.compile(r"(?:表|册|台账|台帐|名单|回执|清单|申请书|承诺书)$")
_MARKS = re.compile(r"^[#>*\-\s]+")
_ALIKE = 0.8
"""From here on two different names are taken for one document; below it they are two documents."""


class Remark(NamedTuple):
    """One thing a circular says against itself; the line counts from 1, `read` is what stood there."""

    line: int
    message: str
    remedy: str = "请发文机关核定哪一处对"
    read: str = ""


@dataclass(frozen=True)
class Named:
    """A name of an annex, a form or a measure as written: its line, and the annex number beside it if any."""

    name: str
    line: int
    number: int | None = None

    @property
    def key(self) -> str:
        """Return the name without what only dresses it: white space, quotation marks, width of signs."""
        return re.sub(r"[《》〈〉“”\"'‘’。;；]", "", unicodedata.normalize("NFKC", squeeze(self.name)))

    @property
    def shown(self) -> str:
        """Return the name as an officer reads it."""
        return re.sub(r"^《|》$", "", squeeze(self.name))

    @property
    def year(self) -> str:
        """Return the year in the name, or ""."""
        found = _YEAR.search(self.key)
        return found[1] if found else ""

    @property
    def yearless(self) -> str:
        """Return the name without its year."""
        return re.sub(r"(?:19|20)[0-9]{2}年度?|^年度", "", self.key)

    def is_form(self) -> bool:
        """Tell whether it names a form or a list somebody fills in."""
        return bool(_FORM.search(self.key))

    def same(self, other: Named) -> float:
        """Return how sure it is that both name one document: 1 for the same words, 0 for clearly another one."""
        if self.key == other.key:
            return 1.0
        if self.yearless == other.yearless:
            return 0.99
        alike = SequenceMatcher(None, self.yearless, other.yearless, autojunk=False).ratio()
        return alike if alike >= _ALIKE and self.key[-1:] == other.key[-1:] else 0.0


@dataclass
class Annexes:
    """Every name of an annex in a text: listed at its end, over the annex itself, mentioned as 《…》.

    `starts` are the lines of the headings 附件1, 附件2 …; `taken` are all lines that belong to the list or a heading.
    """

    listed: list[Named] = field(default_factory=list)
    headed: list[Named] = field(default_factory=list)
    mentioned: list[Named] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)

    def in_body(self, line: int) -> bool:
        """Tell whether a line stands before the first annex."""
        return not self.starts or line < min(self.starts)

    def number_at(self, line: int) -> int | None:
        """Return the number of the annex a line stands in."""
        above = [named for named in self.headed if named.line <= line]
        return max(above, key=lambda named: named.line).number if above else None


def bare(line: str) -> str:
    """Return a line without the marks a conversion puts before it (#, *, -)."""
    return _MARKS.sub("", line).strip()


def counted(text: str) -> int | None:
    """Return the number that 二十一 or 21 stands for, or None."""
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    if len(tens) > 1 or len(ones) > 1 or any(sign not in _NUMERALS for sign in tens + ones) or not text:
        return None
    return ((_NUMERALS.index(tens) if tens else 1) * 10 if ten else 0) + (_NUMERALS.index(ones) if ones else 0)


def find_annexes(text: str) -> Annexes:
    """Read the list of annexes, the headings over them, and every 《…》 of the running text."""
    lines = [bare(line) for line in text.splitlines()]
    found = Annexes()
    index = 0
    while index < len(lines):
        index = _list_at(lines, index, found) or _heading_at(lines, index, found) or index + 1
    found.mentioned = list(_mentions(text, found.taken))
    return found


def _next(lines: Sequence[str], index: int) -> int | None:
    """Return the index of the next line that is not empty."""
    return next((i for i in range(index, len(lines)) if lines[i]), None)


def _list_at(lines: Sequence[str], index: int, found: Annexes) -> int | None:
    """Read the list of annexes that starts at `index`; return the index after it, or None."""
    line = lines[index]
    opened = _LIST.fullmatch(line)
    after = _next(lines, index + 1)
    if opened is None and _LIST_OPEN.fullmatch(line) and after is not None:
        first = _ENTRY.fullmatch(lines[after])
        if first is None or first["number"] != "1":
            return None
        found.taken.add(index + 1)
        index, line = after, lines[after]
    elif opened is not None:
        line = opened["rest"]
    else:
        return _titled_list_at(lines, index, found)
    entry = _ENTRY.fullmatch(line)
    found.taken.add(index + 1)
    if entry is None:
        found.listed.append(Named(line, index + 1, None))
        return index + 1
    while entry is not None:
        found.listed.append(Named(entry["rest"], index + 1, int(entry["number"])))
        found.taken.add(index + 1)
        nearest = _next(lines, index + 1)
        if nearest is None:
            return len(lines)
        entry, index = _ENTRY.fullmatch(lines[nearest]), nearest
    return index


def _titled_list_at(lines: Sequence[str], index: int, found: Annexes) -> int | None:
    """Read "附件1：…" lines; the first of a number is the list, the second one the annex itself."""
    titled = _TITLED.fullmatch(lines[index])
    if titled is None:
        return None
    named = Named(titled["rest"], index + 1, int(titled["number"]))
    listed = any(other.number == named.number for other in found.listed)
    (found.headed if listed else found.listed).append(named)
    if listed:
        found.starts.append(index + 1)
    found.taken.add(index + 1)
    return index + 1


def _heading_at(lines: Sequence[str], index: int, found: Annexes) -> int | None:
    heading = _HEADING.fullmatch(lines[index])
    title = _next(lines, index + 1)
    if heading is None or title is None:
        return None
    number = counted(heading["number"]) if heading["number"] else None
    words, last = lines[title], title
    listed = next((named for named in found.listed if named.number == number), None)
    rest = _next(lines, title + 1)
    if listed is not None and rest is not None and "\t" not in lines[rest]:
        joined = Named(words + lines[rest], title + 1)
        # A title broken over two lines is one title.
        if joined.key == listed.key and Named(words, 0).key != listed.key:
            words, last = words + lines[rest], rest
    found.headed.append(Named(words.split("\t")[0], title + 1, number))
    found.starts.append(index + 1)
    found.taken |= {index + 1, *range(title + 1, last + 2)}
    return last + 1


def _mentions(text: str, taken: set[int]) -> Iterator[Named]:
    starts = [0]
    for words in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(words))
    for found in _MENTION.finditer(text):
        line = bisect_right(starts, found.start())
        if line not in taken:
            yield Named(found["name"], line, int(found["number"]) if found["number"] else None)


# -- what they say against each other --------------------------------------------------------------------------


def name_remarks(found: Annexes) -> Iterator[Remark]:
    """Yield where one document has two names, two years or two annex numbers, or is named and not attached."""
    yield from _headings_against_list(found)
    yield from _mentions_against_list(found)
    for entry in found.listed:
        if not any(_is_annex(heading, entry) for heading in found.headed):
            yield Remark(
                entry.line,
                f"附件清单列有{_annex(entry)}《{entry.shown}》，文中没有附上",
                "附在别处的请一并核对；没有的请发文机关补发",
            )


def _annex(named: Named) -> str:
    return f"附件 {named.number}" if named.number is not None else "附件"


def _is_annex(heading: Named, entry: Named) -> bool:
    if heading.number is None or entry.number is None:
        return heading.number in (None, 1) and entry.number in (None, 1)
    return heading.number == entry.number


def _headings_against_list(found: Annexes) -> Iterator[Remark]:
    for heading in found.headed:
        entry = next((named for named in found.listed if _is_annex(heading, named)), None)
        if entry is None:
            if found.listed:
                yield Remark(
                    heading.line, f"附有{_annex(heading)}《{heading.shown}》，附件清单里没有列", "请发文机关核定"
                )
        elif heading.key != entry.key:
            yield _two_names(heading, entry)


def _two_names(named: Named, entry: Named) -> Remark:
    if named.yearless == entry.yearless and named.year and entry.year:
        return Remark(
            named.line, f"《{named.shown}》写 {named.year} 年，第 {entry.line} 行《{entry.shown}》写 {entry.year} 年"
        )
    return Remark(named.line, f"《{named.shown}》与第 {entry.line} 行《{entry.shown}》像是同一份，名称不一致")


def _mentions_against_list(found: Annexes) -> Iterator[Remark]:
    known = found.listed or found.headed
    seen: set[tuple[str, int | None, str]] = set()

    def first(mention: Named, what: str) -> bool:
        fresh = (mention.key, mention.number, what) not in seen
        seen.add((mention.key, mention.number, what))
        return fresh

    for mention in found.mentioned:
        entry = max(known, key=mention.same, default=None)
        short = any(named.key.endswith(mention.key) for named in known)
        if entry is None or not mention.same(entry):
            numbered = next((named for named in known if named.number == mention.number and mention.number), None)
            if numbered is not None and not short and first(mention, "number"):
                yield Remark(
                    mention.line,
                    f"《{mention.shown}》在这里是附件 {mention.number}，第 {numbered.line} 行的附件 {mention.number} "
                    f"是《{numbered.shown}》",
                )
            elif mention.is_form() and not short and first(mention, "absent"):
                yield Remark(
                    mention.line,
                    f"文中提到《{mention.shown}》，没有列入附件，也没有附上",
                    "请发文机关补发或说明由谁另发",
                )
            continue
        if mention.key != entry.key and not short and first(Named(mention.name, 0), "name"):
            yield _two_names(mention, entry)
        if mention.number is not None and entry.number not in (None, mention.number) and first(mention, "number"):
            yield Remark(
                mention.line,
                f"《{mention.shown}》在这里是附件 {mention.number}，"
                f"第 {entry.line} 行列为附件 {entry.number}，附件号不一致",
            )
