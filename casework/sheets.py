"""Read somebody's workbook without trusting it: in a child process with limits on memory and time.

It may be an .xlsx, an old .xls, or the tables of a .docx. A file of 1.8 KB can end the process that reads it, and all
officers share one. The child prints the cells with their types (a number stays a number: an identity number typed as
one has lost its last digits, and only the type shows it).
"""

from __future__ import annotations

import gc
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from casework.problems import Problem

Cell = str | int | float | bool | date | datetime | time | timedelta | None

MOST_BYTES: Final = 20 * 1024 * 1024
MOST_UNPACKED: Final = 150 * 1024 * 1024
MOST_RATIO: Final = 300
MOST_ROWS, MOST_COLUMNS = 20_000, 200
_MIB: Final = 1024 * 1024
MEMORY_BYTES, MEMORY_PER_BYTE = 768 * _MIB, 4
SECONDS, SECONDS_PER_MIB = 20, 0.5
"""What the child may use: for any file, and more for each unpacked byte of it, which `MOST_UNPACKED` bounds."""
_WORD: Final = "word/document.xml"

_SAVE_AS = "请在 Excel 或 WPS 中另存为 xlsx"
_KINDS = (
    (b"<", "这不是 xlsx，而是网页表格", _SAVE_AS),
    (b"%PDF", "这是 PDF 文件，不是工作簿", "请提供电子表格 xlsx"),
    (b"MZ", "这是程序文件，不是工作簿", "请提供电子表格 xlsx"),
)
_ET = "这是 WPS 专用格式 et", "请在 WPS 中打开，点“文件—另存为”，类型选“Microsoft Excel 文件（*.xlsx）”"
_LOCKED = "工作簿设了密码", "请取消密码后另存为 xlsx"
_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""The container of .xls, .doc and of encrypted workbooks; the names of its streams tell which."""

_FILEPASS = re.compile(rb"\x09\x08\x10\x00\x00[\x05\x06]\x05\x00.{12}(?:\x86\x00\x00\x00)?\x2f\x00", re.DOTALL)
"""The mark of a password, right behind the first record of an .xls; its reader calls such a file no workbook."""


def _stream(name: str) -> bytes:
    return name.encode("utf-16-le")


@dataclass(frozen=True)
class Sheet:
    """One worksheet: `rows[0]` is row 1 of the sheet; `merged` are (first row, first column, last row, last column).

    Attributes:
        hidden_rows: 0-based rows that are hidden, by hand or by a filter.
        hidden_columns: 0-based columns that are hidden.
        faults: (row, column) → what the cell holds instead of a value: "#N/A", "公式" (never calculated), "重复"
            (the cell stands twice in the file). Not known of an .xls.
        filtered: A filter is on.
        above: What stands over a table of a Word document.
    """

    name: str
    rows: tuple[tuple[Cell, ...], ...]
    merged: tuple[tuple[int, int, int, int], ...]
    visible: bool
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    faults: Mapping[tuple[int, int], str] = field(default_factory=dict)
    filtered: bool = False
    above: tuple[str, ...] = ()

    def address(self, row: int, column: int) -> str:
        """Return the address of a cell, e.g. "C5", from 0-based row and column."""
        letters, left = "", column + 1
        while left:
            left, digit = divmod(left - 1, 26)
            letters = chr(65 + digit) + letters
        return f"{letters}{row + 1}"

    def filled(self) -> list[list[Cell]]:
        """Return the rows with merged cells filled from their first one, down and across inside the merge only."""
        rows = [list(row) for row in self.rows]
        for top, left, bottom, right in self.merged:
            if top >= len(rows) or left >= len(rows[top]):
                continue
            value = rows[top][left]
            for row in rows[top : bottom + 1]:
                for column in range(left, min(right + 1, len(row))):
                    row[column] = value
        return rows


@contextmanager
def many_objects() -> Iterator[None]:
    """Make many objects that all stay: nothing is looked through for garbage meanwhile, which takes half the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


class UnreadableWorkbook(Exception):  # noqa: N818 - it says what the officer holds in hand
    """The file cannot be read as a workbook; `problem` says why and what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence())
        self.problem = problem


def read_workbook(data: bytes, *, name: str) -> tuple[Sheet, ...]:
    """Return the worksheets of an .xlsx or .xls file, or the tables of a .docx.

    Args:
        data: The bytes of the file.
        name: Its name, for the message.

    Raises:
        UnreadableWorkbook: With one sentence: what it is, and how to save it.
    """
    _refuse_by_look(data, name)
    command = [sys.executable, "-m", "casework.sheets"]
    patience = limits(unpacked(data))[0] + 10
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=patience, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise _unreadable(name, "读取超时，文件可能已损坏", "请另存一份后再试") from None
    if done.returncode == 3:
        raise _unreadable(name, done.stdout.decode(errors="replace").strip(), "清除数据以外的空白格式后另存")
    if done.returncode == 4:
        raise _unreadable(name, *_LOCKED)
    if done.returncode != 0:
        raise _unreadable(name, "文件已损坏，或不是能读的 xlsx", "请在 Excel 或 WPS 中打开并另存为 xlsx")
    with many_objects():
        return tuple(_sheet(json.loads(line)) for line in done.stdout.splitlines())


def limits(unpacked: int) -> tuple[int, int]:
    """Return the seconds and the bytes the child may use for a file of so many bytes; both are bounded.

    >>> limits(0), limits(10**12) == limits(MOST_UNPACKED)
    ((20, 805306368), True)
    """
    size = min(unpacked, MOST_UNPACKED)
    return SECONDS + int(size / _MIB * SECONDS_PER_MIB), MEMORY_BYTES + size * MEMORY_PER_BYTE


def unpacked(data: bytes) -> int:
    """Return how many bytes a file has once it is unpacked."""
    if data.startswith(_OLD[:4]):
        return len(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def _unreadable(name: str, message: str, remedy: str) -> UnreadableWorkbook:
    return UnreadableWorkbook(Problem(message, remedy, file=name))


def _refuse_by_look(data: bytes, name: str) -> None:
    if not data:
        raise _unreadable(name, "文件是空的", "请重新选择文件")
    if len(data) > MOST_BYTES:
        raise _unreadable(name, f"文件有 {len(data) // 1024 // 1024} MB，超过 20 MB", "请删去图片等无关内容后另存")
    for start, message, remedy in _KINDS:
        if data.lstrip(b"\xef\xbb\xbf \t\r\n")[: len(start)] == start:
            raise _unreadable(name, message, remedy)
    if name.lower().endswith(".et"):
        raise _unreadable(name, *_ET)
    if data.startswith(_OLD[:4]):
        _refuse_old(data, name)
        return
    if _is_text(data):
        raise _unreadable(name, "这是文本文件（如 CSV），不是 xlsx", "请在 Excel 或 WPS 中打开，核对后另存为 xlsx")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise _unreadable(name, "这不是 xlsx 文件，或文件不完整", "请在 Excel 或 WPS 中另存为 xlsx") from None
    unpacked = sum(entry.file_size for entry in entries)
    ratio = max((entry.file_size // max(1, entry.compress_size) for entry in entries), default=0)
    if unpacked > MOST_UNPACKED or ratio > MOST_RATIO:
        size = unpacked // 1024 // 1024
        raise _unreadable(name, f"文件展开后有 {size} MB，压缩比异常（{ratio} 倍）", "清除空白格式后另存，再导入")
    if not any(entry.filename.startswith("xl/") or entry.filename == _WORD for entry in entries):
        raise _unreadable(name, "这是压缩包，不是工作簿", "请选择其中的 xlsx 文件")


def _refuse_old(data: bytes, name: str) -> None:
    """Let an .xls pass; everything else in its container gets its sentence."""
    if _stream("EncryptedPackage") in data or _FILEPASS.search(data):
        raise _unreadable(name, *_LOCKED)
    if _stream("WordDocument") in data:
        raise _unreadable(name, "这是旧版 Word 文档 doc", "请另存为 docx，或把表格另存为 xlsx")
    if _stream("Workbook") not in data and _stream("Book") not in data:
        raise _unreadable(name, "这不是能读的 xls，文件已损坏或是 WPS 专用格式", f"{_SAVE_AS}（不设密码）")


def _is_text(data: bytes) -> bool:
    if data.startswith(b"PK") or b"\0" in data:
        return False
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return any(sign in text for sign in ",\t;\n")
    return False


def _sheet(entry: dict[str, Any]) -> Sheet:
    for row, column, kind, text in entry.get("typed", ()):
        entry["rows"][row][column] = _cell(kind, text)
    rows = tuple(map(tuple, entry["rows"]))
    merged = tuple((m[0], m[1], m[2], m[3]) for m in entry["merged"])
    return Sheet(
        entry["name"],
        rows,
        merged,
        bool(entry["visible"]),
        frozenset(entry.get("hidden_rows", ())),
        frozenset(entry.get("hidden_columns", ())),
        {(row, column): what for row, column, what in entry.get("faults", ())},
        bool(entry.get("filtered", False)),
        tuple(entry.get("above", ())),
    )


def _cell(kind: str, text: str) -> Cell:
    match kind:
        case "datetime":
            return datetime.fromisoformat(text)
        case "date":
            return date.fromisoformat(text)
        case "time":
            return time.fromisoformat(text)
        case _:
            return timedelta(seconds=float(text))


# -- the child -----------------------------------------------------------------------------------------------------


def _child() -> int:
    """Read a workbook from standard input, print a line of JSON per sheet. 3: too large, said on standard output."""
    data = sys.stdin.buffer.read(MOST_BYTES + 1)
    try:
        import resource  # noqa: PLC0415 - not on Windows, where the time limit of the parent has to do
    except ImportError:
        pass
    else:
        seconds, memory = limits(unpacked(data))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.disable()  # everything it makes is printed, and then it ends
    try:
        sheets = _word(data) if _is_word(data) else _book(data)
        # A sheet becomes a line of text before the next one is read: only its bytes are kept.
        written = [json.dumps(sheet, ensure_ascii=False).encode("utf-8", "surrogatepass") for sheet in sheets]
    except ValueError as error:
        sys.stdout.write(str(error))
        return 3
    except _Locked:
        return 4
    sys.stdout.buffer.write(b"\n".join(written))
    return 0


class _Locked(Exception):  # noqa: N818 - what the workbook is
    """The workbook asks for a password."""


def _is_word(data: bytes) -> bool:
    if data.startswith(_OLD[:4]):
        return False
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return _WORD in archive.namelist()


def _word(data: bytes) -> list[dict[str, Any]]:
    from casework.sheet_parts import docx_tables  # noqa: PLC0415 - only the child reads

    return docx_tables(data, most_rows=MOST_ROWS, most_columns=MOST_COLUMNS)


def _book(data: bytes) -> Iterator[dict[str, Any]]:
    """Yield the worksheets of a workbook as JSON; `typed` are the cells that JSON has no type for.

    Raises:
        ValueError: A sheet reaches too far; the message is Chinese, with the numbers.
        _Locked: It asks for a password.
    """
    from python_calamine import CalamineWorkbook, PasswordError, SheetVisibleEnum  # noqa: PLC0415 - as above

    from casework.sheet_parts import extent, marks, reaches_far, xlsx_sheets  # noqa: PLC0415 - as above

    parts = {} if data.startswith(_OLD[:4]) else xlsx_sheets(data)
    for name, xml in parts.items():
        # Before the reader sees it: a cell in the last corner ends the reader.
        if reaches_far(xml, rows=MOST_ROWS):
            _within(name, *extent(xml))
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
    except PasswordError:
        raise _Locked from None
    for metadata in workbook.sheets_metadata:
        sheet = workbook.get_sheet_by_name(metadata.name)
        _within(metadata.name, sheet.total_height, sheet.total_width)
        merged = [[*first, *last] for first, last in sheet.merged_cell_ranges or ()]
        rows = sheet.to_python(skip_empty_area=False)
        cells = sum(len(row) - row.count("") for row in rows)
        visible = metadata.visible is SheetVisibleEnum.Visible
        found = marks(parts.pop(metadata.name), filled=cells).plain() if metadata.name in parts else {}
        typed = _typed(rows)
        yield {"name": metadata.name, "rows": rows, "typed": typed, "merged": merged, "visible": visible, **found}


def _within(name: str, rows: int, columns: int) -> None:
    if rows > MOST_ROWS or columns > MOST_COLUMNS:
        raise ValueError(
            f"工作表「{name}」有 {rows} 行 {columns} 列，超出能读的范围（{MOST_ROWS} 行 {MOST_COLUMNS} 列）"
        )


_JSON: Final = (str, float, int, bool)


def _typed(rows: list[list[Any]]) -> list[tuple[int, int, str, str]]:
    """Make blanks null and take out dates and times as (row, column, kind, text); changes `rows`."""
    found = []
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            if cell == "":
                row[column] = None
            elif type(cell) not in _JSON:
                found.append((at, column, *_spelled(cell)))
                row[column] = None
    return found


def _spelled(cell: Any) -> tuple[str, str]:
    if isinstance(cell, datetime):
        return "datetime", cell.isoformat()
    if isinstance(cell, date):
        return "date", cell.isoformat()
    if isinstance(cell, time):
        return "time", cell.isoformat()
    return "timedelta", str(cell.total_seconds())


if __name__ == "__main__":
    sys.exit(_child())
