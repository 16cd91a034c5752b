"""Is this file the scan it says it is? Read from its content alone; the file is never decoded, opened or run.

A scan has no business carrying a program: a PDF with scripts, embedded files or launch actions is refused, and one
that cannot be looked through whole (encrypted, packed in an unusual way) is refused too. What stands behind the end
of a picture is refused, because that is where another file hides.
"""

from __future__ import annotations

import re
import struct
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from casework.problems import Refused

MOST_BYTES: Final = 20 * 1024 * 1024
MOST_NAME: Final = 120
_MOST_PIXELS: Final = 200_000_000  # an A3 page at 600 dpi has 70 million
_MOST_UNPACKED: Final = 32 * 1024 * 1024
_ENDINGS: Final = {".pdf": "pdf", ".jpg": "jpg", ".jpeg": "jpg", ".png": "png"}
_KINDS: Final = {"pdf": "PDF", "jpg": "JPG", "png": "PNG"}
_OTHERS: Final = (
    (b"MZ", "程序"),
    (b"\x7fELF", "程序"),
    (b"PK\x03\x04", "压缩包或 Office 文档"),
    (b"\xd0\xcf\x11\xe0", "旧版 Office 文档"),
    (b"Rar!", "压缩包"),
    (b"7z\xbc\xaf", "压缩包"),
    (b"<", "网页"),
    (b"GIF8", "GIF 图片"),
    (b"BM", "BMP 图片"),
    (b"II*\x00", "TIFF 图片"),
    (b"MM\x00*", "TIFF 图片"),
)
AGAIN: Final = "请重新扫描，或在看图软件里另存为 PDF、JPG、PNG 后再添加"


@dataclass(frozen=True)
class Scan:
    """A file that may be kept.

    Attributes:
        name: Its bare name.
        kind: One of `SCAN_KINDS`.
        warnings: What an officer should know, Chinese sentences.
    """

    name: str
    kind: str
    warnings: tuple[str, ...] = ()


def read_scan(name: str, body: bytes) -> Scan:
    """Return what a file is, after looking through all of it.

    Raises:
        Refused: `bad_name`, `empty`, `too_large`, `no_scan` (another kind of file), `damaged`, `not_readable`
            (encrypted or packed so that it cannot be looked through), `active` (a program or a file inside).
    """
    bare = bare_name(name)
    said = _ENDINGS.get(PurePosixPath(bare).suffix.lower())
    if said is None:
        raise Refused("bad_name", "扫描件只收 PDF、JPG、PNG，文件名要以 .pdf、.jpg 或 .png 结尾")
    if not body:
        raise Refused("empty", "文件是空的，请重新选择")
    if len(body) > MOST_BYTES:
        most = MOST_BYTES // 1024 // 1024
        raise Refused("too_large", f"文件有 {len(body) / 1024 / 1024:.1f} MB，最大 {most} MB，请降低分辨率或分成几份")
    if body.startswith(b"%PDF-"):
        kind, warnings = "pdf", _pdf(body)
    elif body.startswith(b"\xff\xd8\xff"):
        kind, warnings = "jpg", _jpg(body)
    elif body.startswith(b"\x89PNG\r\n\x1a\n"):
        kind, warnings = "png", _png(body)
    else:
        found = next((label for start, label in _OTHERS if body.lstrip().startswith(start)), "别的文件")
        raise Refused("no_scan", f"内容是{found}，不是 PDF、JPG、PNG，没有收下；{AGAIN}")
    if kind != said:
        warnings = (*warnings, f"文件名写的是 {_KINDS[said]}，内容是 {_KINDS[kind]}，已按内容收下")
    return Scan(bare, kind, warnings)


def bare_name(name: str) -> str:
    """Return a file's name without its folders.

    Raises:
        Refused: `bad_name`: empty, too long, or with signs that turn the text around or cannot be seen.
    """
    bare = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1]).strip()
    if not bare or len(bare) > MOST_NAME:
        raise Refused("bad_name", f"文件名不能空，也不能超过 {MOST_NAME} 字")
    if any(unicodedata.category(sign) in {"Cc", "Cf", "Co", "Cs"} for sign in bare):
        raise Refused("bad_name", "文件名里有看不见的字符，请改名后再添加")
    return bare


def _damaged(kind: str, why: str) -> Refused:
    return Refused("damaged", f"这份 {kind} {why}，可能没有传完或已损坏；{AGAIN}")


# -- pictures --------------------------------------------------------------------------------------------------------


def _png(body: bytes) -> tuple[str, ...]:
    at = 8
    seen: list[bytes] = []
    while True:
        if at + 12 > len(body):
            raise _damaged("PNG", "不完整")
        length, kind = struct.unpack(">I4s", body[at : at + 8])
        end = at + 12 + length
        if end > len(body):
            raise _damaged("PNG", "不完整")
        if zlib.crc32(body[at + 4 : end - 4]) != struct.unpack(">I", body[end - 4 : end])[0]:
            raise _damaged("PNG", "内容校验不符")
        if not seen:
            if kind != b"IHDR" or length < 8:
                raise _damaged("PNG", "没有图像头")
            width, height = struct.unpack(">II", body[at + 8 : at + 16])
            _refuse_pixels(width, height, "PNG")
        seen.append(kind)
        at = end
        if kind == b"IEND":
            break
    if b"IDAT" not in seen:
        raise _damaged("PNG", "没有图像")
    if at != len(body):
        raise Refused("active", f"图片后面还带着别的内容，没有收下；{AGAIN}")
    return ()


def _jpg(body: bytes) -> tuple[str, ...]:
    end = _jpg_end(body, 0)
    rest, more = body[end:].lstrip(b"\x00"), 0
    while rest.startswith(b"\xff\xd8\xff"):  # phones add the same picture, smaller
        rest = rest[_jpg_end(rest, 0) :].lstrip(b"\x00")
        more += 1
    if rest:
        raise Refused("active", f"图片后面还带着别的内容，没有收下；{AGAIN}")
    return (f"文件里另有 {more} 张图，显示的是第一张",) if more else ()


def _jpg_end(body: bytes, start: int) -> int:
    """Return where the picture that begins at `start` ends; walks every segment."""
    at, sized, drawn = start + 2, False, False
    while True:
        at = body.find(b"\xff", at) if drawn else at
        if at < 0 or at + 2 > len(body) or body[at] != 0xFF:
            raise _damaged("JPG", "不完整")
        mark = body[at + 1]
        if mark == 0xFF:
            at += 1
        elif drawn and (mark == 0x00 or 0xD0 <= mark <= 0xD7):
            at += 2
        elif mark == 0xD9:
            if not (sized and drawn):
                raise _damaged("JPG", "没有图像")
            return at + 2
        else:
            length = int.from_bytes(body[at + 2 : at + 4], "big")
            if length < 2 or at + 2 + length > len(body):
                raise _damaged("JPG", "不完整")
            if 0xC0 <= mark <= 0xCF and mark not in (0xC4, 0xC8, 0xCC):
                height, width = struct.unpack(">HH", body[at + 5 : at + 9].ljust(4, b"\x00"))
                _refuse_pixels(width, height, "JPG")
                sized = True
            drawn = drawn or mark == 0xDA
            at += 2 + length


def _refuse_pixels(width: int, height: int, kind: str) -> None:
    if not width or not height:
        raise _damaged(kind, "没有尺寸")
    if width * height > _MOST_PIXELS:
        raise Refused("too_large", f"图片有 {width}×{height} 点，太大了，请降低分辨率后再添加")


# -- PDF -------------------------------------------------------------------------------------------------------------

_FORBIDDEN: Final = {
    b"JavaScript": "脚本",
    b"JS": "脚本",
    b"Launch": "启动程序的动作",
    b"EmbeddedFile": "嵌入的文件",
    b"EmbeddedFiles": "嵌入的文件",
    b"Filespec": "指向别的文件的内容",
    b"RichMedia": "多媒体",
    b"Rendition": "多媒体",
    b"Movie": "多媒体",
    b"XFA": "动态表单",
    b"SubmitForm": "提交数据的动作",
    b"ImportData": "读取数据的动作",
    b"GoToE": "打开嵌入文件的动作",
    b"GoToR": "打开别的文件的动作",
}
_DOUBTFUL: Final = {b"URI": "网址链接", b"AcroForm": "可填写的表单", b"AA": "自动动作", b"OpenAction": "打开时的动作"}
_NAME: Final = re.compile(rb"/((?:[^\x00\t\n\f\r ()<>\[\]{}/%])+)")
_STREAM: Final = re.compile(rb">>\s*stream\r?\n")
_OBJECT: Final = re.compile(rb"(?<![0-9])[0-9]{1,10}\s+[0-9]{1,5}\s+obj\b")


def _pdf(body: bytes) -> tuple[str, ...]:
    tail = body[-2048:]
    end = tail.rfind(b"%%EOF")
    start = re.search(rb"startxref\s+([0-9]{1,12})\s*$", tail[: max(end, 0)])
    if start is None:
        raise _damaged("PDF", "没有结尾")
    if tail[end + 5 :].strip(b"\x00\r\n\t "):
        raise Refused("active", f"PDF 结尾之后还带着别的内容，没有收下；{AGAIN}")
    table = body[int(start[1]) : int(start[1]) + 40].lstrip()
    if not (table.startswith(b"xref") or _OBJECT.match(table)):
        raise _damaged("PDF", "目录对不上")
    names: set[bytes] = set()
    for part in _readable(body):
        names |= {_unescaped(found) for found in _NAME.findall(part)}
    if b"Encrypt" in names:
        raise Refused("not_readable", f"PDF 加了密，看不到里面有什么，没有收下；请解除密码，或{AGAIN[1:]}")
    for name, what in _FORBIDDEN.items():
        if name in names:
            raise Refused("active", f"PDF 里有{what}，扫描件不该有，没有收下；{AGAIN}")
    if not {b"Root", b"Pages", b"Page"} <= names:
        raise _damaged("PDF", "里面没有一页")
    return tuple(f"PDF 里有{what}，请确认来源" for name, what in _DOUBTFUL.items() if name in names)


def _unescaped(name: bytes) -> bytes:
    return re.sub(rb"#([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), name)


def _readable(body: bytes) -> Iterator[bytes]:
    """Yield everything of a PDF but its pictures and page contents: outside streams, and inside object streams.

    Raises:
        Refused: `not_readable`: objects that this reading would pass over.
    """
    at, left = 0, _MOST_UNPACKED
    while True:
        found = _STREAM.search(body, at)
        if found is None:
            yield body[at:]
            return
        head = body[at : found.start() + 2]
        yield head
        end = body.find(b"endstream", found.end())
        if end < 0:
            raise _damaged("PDF", "不完整")
        inside, at = body[found.end() : end], end
        # Somebody who hides an object in what looks like a stream hides it from us and not from a reader.
        if _OBJECT.search(inside):
            raise Refused("not_readable", f"PDF 的结构不寻常，看不清里面有什么，没有收下；{AGAIN}")
        own = head[head.rfind(b"obj") :]
        if b"ObjStm" in {_unescaped(name) for name in _NAME.findall(own)}:
            part = _unpacked(own, inside, left)
            left -= len(part)
            yield part


def _unpacked(head: bytes, inside: bytes, most: int) -> bytes:
    filters = re.search(rb"/Filter\s*(\[[^\]]*\]|/[^\s/<>\[\]]+)", head)
    if filters is None:
        return inside
    if [_unescaped(name) for name in _NAME.findall(filters[1])] != [b"FlateDecode"] or b"/Predictor" in head:
        raise Refused("not_readable", f"PDF 的压缩方式不寻常，看不清里面有什么，没有收下；{AGAIN}")
    reader = zlib.decompressobj()
    try:
        part = reader.decompress(inside, most)
    except zlib.error:
        raise _damaged("PDF", "内容解不开") from None
    if reader.unconsumed_tail:
        raise Refused("too_large", f"PDF 展开后太大，没有收下；{AGAIN}")
    if not reader.eof:
        raise _damaged("PDF", "内容解不开")
    return part
