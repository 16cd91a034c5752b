"""What a PDF shows, read back and held against the data of its list: the first difference, with page and row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

LOOSE: Final = frozenset(
    {"receipt", "registration", "approval", "application", "collection_consent", "basis_statement"}
)
"""Forms whose page has words of its own between the data: theirs is looked for in order, not compared sign by sign."""
_FOOT: Final = ("本页小计", "合计", "承前页", "累计")


@dataclass(frozen=True)
class _Text:
    """The signs of a page without white space, and where each stood."""

    signs: str
    at: tuple[int, ...]

    @classmethod
    def of(cls, raw: str) -> _Text:
        places = tuple(at for at, sign in enumerate(raw) if not sign.isspace() and sign not in "\u00ad\ufffe\x02")
        return cls("".join(raw[at] for at in places), places)

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
    follows = next((squeezed(cell) for row in rows[at + 1 : at + 2] for cell in row if squeezed(cell)), "")
    return text.holds(follows, place) if follows else _ends(text, place, words)


def _ends(text: _Text, position: int, words: dict[str, Any]) -> bool:
    """Tell whether what follows on a page belongs to no row."""
    known = [*_FOOT, squeezed(words["title"]), *(squeezed(said) for said in words["captions"])]
    known += [squeezed(said) for said in (*words["signatures"], words.get("mark", "")) if squeezed(said)]
    rest = text.signs[position:]
    return (
        not rest or rest.startswith(tuple(known)) or bool(re.match(r"第\d+页|—\d+—|校验码|\d+年\d+月\d+日印发", rest))
    )


def _in_order(texts: Sequence[_Text], words: dict[str, Any]) -> Iterator[str]:
    labels = [column["label"] for column in words["columns"]]
    page = 0
    for at, row in enumerate(words["rows"], start=1):
        for label, cell in zip(labels, row, strict=True):
            wanted = squeezed(cell)
            if wanted and not any(_somewhere(text, wanted) for text in texts[max(0, page - 1) : page + 4]):
                yield f"第 {at} 份“{label}”：页面上没有“{cell}”"
                return
        page = next((n for n in range(page, len(texts)) if _somewhere(texts[n], squeezed(_called(row)))), page)


def _somewhere(text: _Text, wanted: str) -> bool:
    position = -1
    while (position := text.signs.find(wanted, position + 1)) >= 0:
        if text.holds(wanted, position):
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
