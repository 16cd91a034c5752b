"""What a PDF shows, read back and held against the data of its list: the first difference, with page and row."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

LOOSE: Final = frozenset(
    {"receipt", "registration", "approval", "application", "collection_consent", "basis_statement", "talk_record"}
    | {"line_of_duty_family"}
)
"""Forms whose page has words of its own between the data: theirs is looked for in order, not compared sign by sign."""
_LEAST_TORN: Final = 10  # signs on a page; fewer are found by chance
_FOOT: Final = ("本页小计", "合计", "承前页", "累计")


@dataclass(frozen=True)
class _Text:
    """The signs of a page without white space, where each stood, and which were drawn by themselves."""

    signs: str
    at: tuple[int, ...]
    alone: frozenset[int] = frozenset()

    @classmethod
    def of(cls, raw: str) -> _Text:
        places = tuple(at for at, sign in enumerate(raw) if not sign.isspace() and sign not in "\u00ad\ufffe\x02")
        pieces = list(itertools.accumulate(sign == "\n" for sign in raw))
        signs = Counter(pieces[at] for at in places)
        alone = frozenset(n for n, at in enumerate(places) if signs[pieces[at]] == 1)
        return cls("".join(raw[at] for at in places), places, alone)

    def holds(self, words: str, position: int) -> bool:
        """Tell whether words stand at a place, and no digit of a longer number goes on before or after them."""
        until = position + len(words)
        if not self.signs.startswith(words, position):
            return False
        return not (self._runs_on(position - 1, words[:1]) or self._runs_on(until - 1, words[-1:]))

    def _runs_on(self, left: int, sign: str) -> bool:
        """Tell whether a digit and the sign after it were drawn as one number."""
        right = left + 1
        if not sign.isdigit() or left < 0 or right >= len(self.signs):
            return False
        pair = self.signs[left] + self.signs[right]
        return bool(re.fullmatch(r"[\d.]{2}", pair)) and self.at[right] == self.at[left] + 1


def squeezed(words: str) -> str:
    """Return words without white space, as two copies of them are compared."""
    return re.sub(r"[\s\u3000\u00ad]+", "", words)


def differences(pages: Sequence[str], words: dict[str, Any]) -> Iterator[str]:
    """Give how the pages differ from the list, the first difference first; at most one of the rows.

    Args:
        pages: The text of each page, in the order it was drawn.
        words: `lists.as_printed`.
    """
    texts = [_Text.of(page) for page in pages]
    whole = "".join(text.signs for text in texts)
    around = [words["title"], *words["above"], *words["captions"], *words.get("lead", ()), *words.get("closing", ())]
    around += [value for pair in words.get("fields", ()) for value in pair]
    for said in around:
        if squeezed(said) and squeezed(said) not in whole:
            yield f"页面上没有名单中的“{said[:24]}”"
    parts = "\n".join(pages).split(words["title"])[1:]
    if words["list"] == "receipt" and len(parts) == len(words["rows"]):
        for at, (part, row) in enumerate(zip(parts, words["rows"], strict=True), start=1):  # two share a page
            yield from _in_order([_Text.of(part)], {**words, "rows": [row]}, at)
    else:
        yield from _in_order(texts, words) if words["list"] in LOOSE else _rows(texts, words)
    yield from _totals(texts, words)


def _rows(texts: Sequence[_Text], words: dict[str, Any]) -> Iterator[str]:
    """Compare rows cell by cell, page by page; a page ends with words that belong to no row."""
    rows, labels = words["rows"], [column["label"] for column in words["columns"]]
    at = 0
    for number, text in enumerate(texts, start=1):
        if at == len(rows):
            return
        position = _begin(text, rows, at)
        if position is None:
            if number == len(texts):
                yield f"第 {at + 1} 行（{_called(rows[at])}）不在页面上"
                return
            continue
        while at < len(rows):
            place, column = _row(text, position, words, at)
            if column is None:
                position, at = place, at + 1
                continue
            if _ends(text, position, words):
                break
            found = text.signs[place : place + len(squeezed(rows[at][column])) + 4]
            said = f"页面上是“{found}”，名单上是“{rows[at][column]}”"
            yield f"第 {number} 页第 {at + 1} 行“{labels[column]}”：{said}"
            return
    if at < len(rows):
        yield f"第 {at + 1} 行（{_called(rows[at])}）不在页面上"


def _begin(text: _Text, rows: Sequence[Sequence[str]], at: int) -> int | None:
    """Return where a row begins on a page: whole, or its first cells where something in it was changed."""
    cells = [squeezed(cell) for cell in rows[at] if squeezed(cell)]
    for many in range(len(cells), 0, -1):
        wanted, position = "".join(cells[:many]), -1
        while (position := text.signs.find(wanted, position + 1)) >= 0:
            if text.holds(wanted, position):
                return position
    return None


def _row(text: _Text, position: int, words: dict[str, Any], at: int) -> tuple[int, int | None]:
    """Return where a row ends, or where and in which column it differs; a merged cell was drawn in the row before."""
    rows, place = words["rows"], position
    for column, cell in enumerate(rows[at]):
        wanted = squeezed(cell)
        if not wanted:
            continue
        if text.holds(wanted, place):
            place += len(wanted)
        elif not (at and rows[at - 1][column] == cell and _goes_on(text, place, words, at, column)):
            return place, column
    return place, None if place > position else 0


def _goes_on(text: _Text, place: int, words: dict[str, Any], at: int, column: int) -> bool:
    """Tell whether a row goes on without this cell: a later one that says something stands here, or the row ends."""
    rows = words["rows"]
    for other in range(column + 1, len(rows[at])):
        wanted = squeezed(rows[at][other])
        if wanted and text.holds(wanted, place):
            return True
        if wanted and rows[at - 1][other] != rows[at][other]:
            return False
    follows = list(_first_drawn(rows[at], rows[at + 1])) if at + 1 < len(rows) else []
    return any(text.holds(wanted, place) for wanted in follows) or _ends(text, place, words)


def _first_drawn(row: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """Yield what the row after may begin with: its first words, or where those are merged with the row's own, later."""
    for own, cell in zip(row, after, strict=True):
        if wanted := squeezed(cell):
            yield wanted
            if own != cell:
                return


def _ends(text: _Text, position: int, words: dict[str, Any]) -> bool:
    """Tell whether what follows on a page belongs to no row."""
    known = [*_FOOT, squeezed(words["title"]), *(squeezed(said) for said in words["captions"])]
    known += [squeezed(said) for said in (*words["signatures"], words.get("mark", "")) if squeezed(said)]
    rest = text.signs[position:]
    return (
        not rest or rest.startswith(tuple(known)) or bool(re.match(r"第\d+页|—\d+—|校验码|\d+年\d+月\d+日印发", rest))
    )


def _in_order(texts: Sequence[_Text], words: dict[str, Any], first: int = 1) -> Iterator[str]:
    """Compare forms about one person, whose own rows follow one another: every cell is there, and as often as it is."""
    columns, page = words["columns"], 0
    keys = [column["key"] for column in columns]
    number = keys.index("index") if "index" in keys else None
    printed = [at for at, key in enumerate(keys) if key != "index" or words["list"] == "receipt"]
    for copy, own in enumerate(_copies(words["rows"], number), start=first):
        near = texts[max(0, page - 1) : page + 4]
        needed = _needed(own, printed)
        for at, cell in ((at, row[at]) for row in own for at in printed):
            wanted = squeezed(cell)
            found = sum(_often(text, wanted) for text in near) if wanted else 0
            if wanted and found < needed[wanted] and not _torn(near, wanted):
                yield f"第 {copy} 份“{columns[at]['label']}”：页面上没有“{cell[:24]}”"
                return
        page = next((n for n in range(page, len(texts)) if _often(texts[n], squeezed(_called(own[0])))), page)


def _copies(rows: Sequence[Sequence[str]], number: int | None) -> Iterator[list[Sequence[str]]]:
    """Yield the rows of each person: those with the same number, or where rows have none, each by itself."""
    if number is None:
        yield from ([row] for row in rows)
        return
    for _, own in itertools.groupby(rows, key=lambda row: row[number]):
        yield list(own)


def _needed(own: Sequence[Sequence[str]], printed: Sequence[int]) -> Counter[str]:
    """Return how often each text stands on a copy: what all rows say is said once, of the person."""
    needed: Counter[str] = Counter()
    for at in printed:
        cells = [squeezed(row[at]) for row in own]
        needed.update(set(cells) if len(set(cells)) == 1 else cells)
    return needed


def _often(text: _Text, wanted: str) -> int:
    """Return how often a text stands on a page; a single sign only where it was drawn by itself or after a colon."""
    found, position = 0, -1
    while (position := text.signs.find(wanted, position + 1)) >= 0:
        apart = len(wanted) > 1 or position in text.alone or text.signs[max(position - 1, 0)] == "："
        found += apart and text.holds(wanted, position)
    return found


def _somewhere(text: _Text, wanted: str) -> bool:
    position = -1
    while (position := text.signs.find(wanted, position + 1)) >= 0:
        if text.holds(wanted, position):
            return True
    return False


def _torn(texts: Sequence[_Text], wanted: str) -> bool:
    """Tell whether a long text begins on one page and goes on, to its end, at the top of the next."""
    for at, text in enumerate(texts[:-1]):
        many = next((n for n in range(len(wanted) - 1, _LEAST_TORN - 1, -1) if wanted[:n] in text.signs), 0)
        if many and (_somewhere(texts[at + 1], wanted[many:]) or _torn(texts[at + 1 :], wanted[many:])):
            return True
    return False


def _totals(texts: Sequence[_Text], words: dict[str, Any]) -> Iterator[str]:
    for value in words["totals"].values():
        wanted = squeezed(value)
        if wanted and not any(_somewhere(text, wanted) for text in texts):
            yield f"页面上的合计与名单不符：名单上是“{value}”"


def _called(row: Sequence[str]) -> str:
    """Return what a row is called: its first words that are no number."""
    return next((cell for cell in row if cell and not cell.isdigit()), row[0] if row else "")
