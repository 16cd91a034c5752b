"""What the reader of workbooks does not tell: hidden rows, error cells, formulas without a value; tables in Word.

Runs in the child of `casework.sheets` only, under its limits. The parts are read as a stream: no tree is built, no
entity is fetched, and a sheet without any mark costs one search through its bytes.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Callable
from functools import cache
from typing import Any, Final
from xml.parsers import expat

UNCACHED: Final = "公式"
TWICE: Final = "重复"
"""Faults that are no error value: a formula nobody has calculated, a cell that stands twice in the file."""

_REFERENCE: Final = re.compile(rb"""<(?:[A-Za-z0-9]+:)?c\b[^>]*?\br=["']([A-Z]{1,7})([0-9]{1,12})["']""")
_FILLED: Final = re.compile(
    rb"""<(?:[A-Za-z0-9]+:)?c\b[^>]*?\br=["']([A-Z]{1,7})([0-9]{1,12})["'](?:[^>]*[^/>])?>(?!</)"""
)
_OF_CELLS: Final = (b"<f", b"hidden=", b't="e"', b'ht="0"')
_OF_SHEET: Final = (b"hidden=", b'width="0"', b"filterColumn")
"""One of these stands in a worksheet that has a mark, among its cells or around them, where no name has a prefix and no
value stands in single quotes: plain bytes are found a hundred times as fast as a pattern."""
_TRUE: Final = frozenset({"1", "true"})


class Marks:
    """What one worksheet hides or breaks; rows and columns count from 0."""

    def __init__(self) -> None:
        self.hidden_rows: list[int] = []
        self.hidden_columns: list[int] = []
        self.faults: list[tuple[int, int, str]] = []
        self.filtered = False

    def plain(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "hidden_rows": self.hidden_rows,
            "hidden_columns": self.hidden_columns,
            "faults": self.faults,
            "filtered": self.filtered,
        }


def column_number(letters: str) -> int:
    """Return the 0-based column of "C"."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def xlsx_sheets(data: bytes) -> dict[str, bytes]:
    """Return the XML of every worksheet by its name."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = set(archive.namelist())
        targets: dict[str, str] = {}
        sheets: list[tuple[str, str]] = []

        def relation(tag: str, given: dict[str, str]) -> None:
            if tag == "Relationship":
                path = given.get("Target", "")
                targets[given.get("Id", "")] = path.lstrip("/") if path.startswith("/") else posixpath.join("xl", path)

        def sheet(tag: str, given: dict[str, str]) -> None:
            if tag == "sheet":
                sheets.append((given.get("name", ""), given.get("id", "")))

        for part, taken in (("xl/_rels/workbook.xml.rels", relation), ("xl/workbook.xml", sheet)):
            if part in names:
                _walk(archive.read(part), taken)
        return {
            name: archive.read(target)
            for name, key in sheets
            if (target := posixpath.normpath(targets.get(key, ""))) in names
        }


def extent(xml: bytes) -> tuple[int, int]:
    """Return how many rows and columns the filled cells of a worksheet reach, whatever it says of itself."""
    filled = _FILLED.findall(xml)
    rows = max((int(row) for _, row in filled), default=0)
    return rows, max((column_number(letters.decode()) + 1 for letters in {letters for letters, _ in filled}), default=0)


@cache
def _far(rows: int) -> re.Pattern[bytes]:
    """Return a pattern that meets every cell below so many rows or beyond column ZZ, and some that are not there."""
    digits = str(rows)
    many = f"[{digits[0]}-9][0-9]{{{len(digits) - 1}}}|0[0-9]*|[0-9]{{{len(digits) + 1},}}"
    return re.compile(rf"""r=["'](?:[A-Z]{{3,7}}[0-9]|[A-Z]{{1,2}}(?:{many})["'])""".encode())


def reaches_far(xml: bytes, *, rows: int) -> bool:
    """Tell whether any cell may stand so far out that `extent` has to be asked."""
    return _far(rows).search(xml) is not None


def marks(xml: bytes, *, filled: int = -1) -> Marks:
    """Return what a worksheet hides or breaks.

    Args:
        xml: The worksheet.
        filled: How many cells its reader found something in. Where that is the number of cells in the file, none
            of them stands there twice, and nobody has to look.
    """
    found = Marks()
    start, end = xml.find(b"<sheetData"), xml.rfind(b"</sheetData>")
    cells, around = xml[start:end], xml[:start] + xml[end + len(b"</sheetData>") :]
    prefixed = b":" in cells and any(name in cells for name in (b":c", b":f", b":r"))
    plain = 0 <= start < end and not prefixed and b"'" not in cells and b"'" not in around
    if not (plain and cells.count(b"<c ") == cells.count(b"<c") == filled):
        references = _REFERENCE.findall(xml)
        if len(set(references)) != len(references):
            seen: set[tuple[bytes, bytes]] = set()
            for letters, row in references:
                if (letters, row) in seen:
                    found.faults.append((int(row) - 1, column_number(letters.decode()), TWICE))
                seen.add((letters, row))
    if not plain or any(sign in cells for sign in _OF_CELLS):
        _Sheet(found).read(xml)
    elif any(sign in around for sign in _OF_SHEET):
        _Sheet(found).read(around)
    return found


class _Sheet:
    """One pass over the cells of a worksheet."""

    def __init__(self, found: Marks) -> None:
        self.found = found
        self.cell: tuple[int, int] | None = None
        self.error = self.formula = False
        self.value, self.inside = "", False

    def read(self, xml: bytes) -> None:
        _walk(xml, self.start, self.end, self.text)

    def start(self, tag: str, given: dict[str, str]) -> None:
        match tag:
            case "row" if given.get("hidden") in _TRUE or given.get("ht") == "0":
                self.found.hidden_rows.append(int(given.get("r", "0")) - 1)
            case "col" if given.get("hidden") in _TRUE or given.get("width") == "0":
                # A style may reach to the last column of the sheet; nobody hides more than a sheet's own.
                first, last = int(given.get("min", "1")), min(int(given.get("max", "1")), 1000)
                self.found.hidden_columns.extend(range(first - 1, last))
            case "filterColumn":
                self.found.filtered = True
            case "c":
                place = re.fullmatch(r"([A-Z]{1,7})([0-9]{1,12})", given.get("r", ""))
                self.cell = (int(place[2]) - 1, column_number(place[1])) if place else None
                self.error, self.formula, self.value = given.get("t") == "e", False, ""
            case "f":
                self.formula = True
            case "v" | "t":
                self.inside = True

    def end(self, tag: str) -> None:
        if tag in {"v", "t"}:
            self.inside = False
        if tag == "c" and self.cell is not None:
            if self.error:
                self.found.faults.append((*self.cell, self.value.strip() or "#N/A"))
            elif self.formula and not self.value:
                self.found.faults.append((*self.cell, UNCACHED))

    def text(self, words: str) -> None:
        if self.inside:
            self.value += words


def docx_tables(data: bytes, *, most_rows: int, most_columns: int) -> list[dict[str, Any]]:
    """Return every table of a Word document as a worksheet named 表格1, 表格2 …; what stands before it is `above`.

    Raises:
        ValueError: A table is larger than that; the message is Chinese.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        document = _Document(most_rows, most_columns)
        _walk(archive.read("word/document.xml"), document.start, document.end, document.text)
    return document.tables


class _Document:
    """One pass over a Word document; a table inside a cell is text of that cell."""

    def __init__(self, most_rows: int, most_columns: int) -> None:
        self.tables: list[dict[str, Any]] = []
        self.most = most_rows, most_columns
        self.depth = 0
        self.inside = False
        self.words, self.above = "", []  # type: tuple[str, list[str]]
        self.rows: list[list[str | None]] = []
        self.merged: list[list[int]] = []
        self.open: dict[int, list[int]] = {}
        self.column = self.span = 0
        self.merge = ""

    def start(self, tag: str, given: dict[str, str]) -> None:
        match tag:
            case "tbl":
                self.depth += 1
                if self.depth == 1:
                    self._paragraph()
                    self.rows, self.merged, self.open = [], [], {}
            case "tr" if self.depth == 1:
                self.rows.append([])
                self.column = 0
            case "tc" if self.depth == 1:
                self.words, self.span, self.merge = "", 1, ""
            case "gridSpan" if self.depth == 1:
                self.span = max(1, min(int(given.get("val", "1")), 1000))
            case "vMerge" if self.depth == 1:
                self.merge = given.get("val", "continue")
            case "t":
                self.inside = True
            case "tab" | "br":
                self.words += " "

    def text(self, words: str) -> None:
        if self.inside:
            self.words += words

    def end(self, tag: str) -> None:
        match tag:
            case "t":
                self.inside = False
            case "p" if self.depth:
                self.words += "\n"
            case "p":
                self._paragraph()
            case "tc" if self.depth == 1:
                self._cell()
            case "tbl":
                self.depth -= 1
                if not self.depth:
                    self._table()

    def _paragraph(self) -> None:
        if self.words.strip():
            self.above.append(self.words.strip())
        self.words = ""

    def _cell(self) -> None:
        row, first = len(self.rows) - 1, self.column
        last = first + self.span - 1
        if row >= self.most[0] or last >= self.most[1]:
            raise ValueError(f"表格有 {row + 1} 行 {last + 1} 列，超出能读的范围")
        words = self.words.strip() or None
        if self.merge == "continue" and first in self.open:
            self.open[first][2], words = row, None
        else:
            area = [row, first, row, last]
            if self.merge == "restart":
                self.open[first] = area
            else:
                self.open.pop(first, None)
            if self.span > 1 or self.merge:
                self.merged.append(area)
        self.rows[-1].extend([words, *[None] * (self.span - 1)])
        self.column, self.words = last + 1, ""

    def _table(self) -> None:
        width = max((len(row) for row in self.rows), default=0)
        self.tables.append(
            {
                "name": f"表格{len(self.tables) + 1}",
                "rows": [[*row, *[None] * (width - len(row))] for row in self.rows],
                "merged": self.merged,
                "visible": True,
                "above": self.above,
            }
        )
        self.above = []


def _walk(
    xml: bytes,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Read XML as a stream, names without their prefixes."""
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda tag, given: start(
        tag.rpartition(":")[2], {name.rpartition(":")[2]: value for name, value in given.items()}
    )
    if end is not None:
        parser.EndElementHandler = lambda tag: end(tag.rpartition(":")[2])
    if text is not None:
        parser.CharacterDataHandler = text
    parser.Parse(xml, True)
