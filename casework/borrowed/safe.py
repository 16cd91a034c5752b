"""What a workbook must not bring along, and what it loses when it is written anew."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Final

from casework.problems import Refused

_OTHER: Final = "只能套用 xlsx 工作簿，请在 Excel 或 WPS 中另存为 xlsx"
_MACROS: Final = "工作簿带宏，不能套用；请另存为不带宏的 xlsx"
_LINKS: Final = "工作簿引用了别的文件，不能套用；请在“数据—编辑链接”中断开链接后另存"
_LOST: Final = {
    r"xl/drawings/vmlDrawing": "批注框样式或控件",
    r"xl/drawings/drawing": "图形、文本框",
    r"xl/(?:embeddings|activeX|ctrlProps)/": "嵌入的对象",
}


def refuse_unsafe(data: bytes, name: str) -> None:
    """Refuse what is no plain .xlsx: other formats, macros, links to other files.

    A file that is no archive at all is left to `sheets.read_workbook`, which says what it is.

    Raises:
        Refused: `not_xlsx`, `macros`, `links`.
    """
    if name.lower().endswith((".xlsm", ".xltm", ".xlsb", ".xlam")):
        raise Refused("macros", f"{name}：{_MACROS}")
    if name.lower().endswith((".docx", ".doc", ".xls", ".et")):
        raise Refused("not_xlsx", f"{name}：{_OTHER}")
    parts, types = _parts(data)
    if (
        any("vbaproject" in part.lower() or "/macrosheets/" in part.lower() for part in parts)
        or b"macroEnabled" in types
    ):
        raise Refused("macros", f"{name}：{_MACROS}")
    if any(part.startswith("xl/externalLinks/") for part in parts):
        raise Refused("links", f"{name}：{_LINKS}")
    if parts and not any(part.startswith("xl/worksheets/") for part in parts):
        raise Refused("not_xlsx", f"{name}：{_OTHER}")


def unkept(data: bytes) -> tuple[str, ...]:
    """Return what the file holds that does not survive, in words."""
    parts, _ = _parts(data)
    return tuple(words for pattern, words in _LOST.items() if any(re.match(pattern, part) for part in parts))


def _parts(data: bytes) -> tuple[list[str], bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            entry = "[Content_Types].xml"
            small = entry in names and archive.getinfo(entry).file_size < 1_000_000
            return names, archive.read(entry) if small else b""
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, RuntimeError):
        return [], b""
