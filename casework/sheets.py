"""Read somebody's workbook without trusting it: in a child process with limits on memory and time.

A file of 1.8 KB can end the process that reads it, and all officers share one. The child prints the cells with their
types (a number stays a number: an identity number typed as one has lost its last digits, and only the type shows it).
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from casework.problems import Problem

Cell = str | int | float | bool | date | datetime | time | timedelta | None

MOST_BYTES: Final = 20 * 1024 * 1024
MOST_UNPACKED: Final = 150 * 1024 * 1024
MOST_RATIO: Final = 300
MOST_ROWS, MOST_COLUMNS = 20_000, 200
MEMORY_BYTES: Final = 768 * 1024 * 1024
SECONDS: Final = 20

_KINDS = (
    (b"\xd0\xcf\x11\xe0", "这是旧版 xls、加密的工作簿或 WPS 专用格式", "请在 Excel 或 WPS 中另存为 xlsx（不设密码）"),
    (b"<", "这不是 xlsx，而是网页表格", "请在 Excel 或 WPS 中另存为 xlsx"),
    (b"%PDF", "这是 PDF 文件，不是工作簿", "请提供电子表格 xlsx"),
    (b"MZ", "这是程序文件，不是工作簿", "请提供电子表格 xlsx"),
)


@dataclass(frozen=True)
class Sheet:
    """One worksheet: `rows[0]` is row 1 of the sheet; `merged` are (first row, first column, last row, last column)."""

    name: str
    rows: tuple[tuple[Cell, ...], ...]
    merged: tuple[tuple[int, int, int, int], ...]
    visible: bool

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


class UnreadableWorkbook(Exception):  # noqa: N818 - it says what the officer holds in hand
    """The file cannot be read as a workbook; `problem` says why and what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence())
        self.problem = problem


def read_workbook(data: bytes, *, name: str) -> tuple[Sheet, ...]:
    """Return the worksheets of an xlsx file.

    Args:
        data: The bytes of the file.
        name: Its name, for the message.

    Raises:
        UnreadableWorkbook: With one sentence: what it is, and how to save it.
    """
    _refuse_by_look(data, name)
    command = [sys.executable, "-m", "casework.sheets"]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=SECONDS + 10, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise _unreadable(name, "读取超时，文件可能已损坏", "请另存一份后再试") from None
    if done.returncode == 3:
        raise _unreadable(name, done.stdout.decode(errors="replace").strip(), "清除数据以外的空白格式后另存")
    if done.returncode != 0:
        raise _unreadable(name, "文件已损坏，或不是能读的 xlsx", "请在 Excel 或 WPS 中打开并另存为 xlsx")
    return tuple(_sheet(entry) for entry in json.loads(done.stdout))


def _unreadable(name: str, message: str, remedy: str) -> UnreadableWorkbook:
    return UnreadableWorkbook(Problem(message, remedy, file=name))


def _refuse_by_look(data: bytes, name: str) -> None:
    if not data:
        raise _unreadable(name, "文件是空的", "请重新选择文件")
    if len(data) > MOST_BYTES:
        raise _unreadable(name, f"文件有 {len(data) // 1024 // 1024} MB，超过 20 MB", "请删去图片等无关内容后另存")
    for start, message, remedy in _KINDS:
        if data.lstrip()[: len(start)] == start:
            raise _unreadable(name, message, remedy)
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
    if not any(entry.filename.startswith("xl/") for entry in entries):
        raise _unreadable(name, "这是压缩包，不是工作簿", "请选择其中的 xlsx 文件")


def _sheet(entry: dict[str, Any]) -> Sheet:
    rows = tuple(tuple(_cell(value) for value in row) for row in entry["rows"])
    merged = tuple((m[0], m[1], m[2], m[3]) for m in entry["merged"])
    return Sheet(entry["name"], rows, merged, bool(entry["visible"]))


def _cell(value: Any) -> Cell:
    if not isinstance(value, list):
        return value  # type: ignore[no-any-return]
    kind, text = value
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
    """Read a workbook from standard input, print its cells as JSON. 3: too large, said on standard output."""
    try:
        import resource  # noqa: PLC0415 - not on Windows, where the time limit of the parent has to do
    except ImportError:
        pass
    else:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from python_calamine import CalamineWorkbook, SheetVisibleEnum  # noqa: PLC0415 - only the child reads

    workbook = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
    sheets = []
    for metadata in workbook.sheets_metadata:
        sheet = workbook.get_sheet_by_name(metadata.name)
        if sheet.total_height > MOST_ROWS or sheet.total_width > MOST_COLUMNS:
            sys.stdout.write(
                f"工作表「{metadata.name}」有 {sheet.total_height} 行 {sheet.total_width} 列，超出能读的范围"
            )
            return 3
        merged = [[*first, *last] for first, last in sheet.merged_cell_ranges or ()]
        rows = [[_plain(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
        visible = metadata.visible is SheetVisibleEnum.Visible
        sheets.append({"name": metadata.name, "rows": rows, "merged": merged, "visible": visible})
    sys.stdout.write(json.dumps(sheets))
    return 0


def _plain(cell: Any) -> Any:
    if isinstance(cell, datetime):
        return ["datetime", cell.isoformat()]
    if isinstance(cell, date):
        return ["date", cell.isoformat()]
    if isinstance(cell, time):
        return ["time", cell.isoformat()]
    if isinstance(cell, timedelta):
        return ["timedelta", str(cell.total_seconds())]
    return None if cell == "" else cell


if __name__ == "__main__":
    sys.exit(_child())
