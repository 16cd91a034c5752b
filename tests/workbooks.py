"""Workbooks as offices send them, made by the tests: .xlsx with any damage, a small .xls, tables in a .docx."""

from __future__ import annotations

import io
import re
import struct
import zipfile

import openpyxl
from openpyxl.utils import get_column_letter

HEADS = ("姓名", "性别", "出生年月", "身份证号")


def save(book):
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xlsx(rows, *, title="名单", merge=(), then=None):
    """Return a workbook with `rows` from A1 on; a text is written as text, a number as a number."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row, start=1):
            if value is None:
                continue
            cell = sheet.cell(number, column)
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"
    for area in merge:
        sheet.merge_cells(area)
    if then is not None:
        then(book)
    return save(book)


def patched(data, part, change):
    """Return the workbook with one part of its XML changed; `change` is a function of the text."""
    source = zipfile.ZipFile(io.BytesIO(data))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in source.namelist():
            content = source.read(entry)
            if entry == part:
                changed = change(content.decode())
                assert changed != content.decode(), "the change changed nothing"
                content = changed.encode()
            archive.writestr(entry, content)
    return out.getvalue()


def cell_xml(data, address, xml):
    """Return the workbook with the XML of one cell exchanged, e.g. for an error value."""
    pattern = rf'<c r="{address}"[^>]*?(?:/>|>.*?</c>)'
    return patched(data, "xl/worksheets/sheet1.xml", lambda text: re.sub(pattern, xml, text))


def address(row, column):
    return f"{get_column_letter(column)}{row}"


def docx(tables, *, before=()):
    """Return a Word document: paragraphs, then tables of rows of texts; None continues the cell above."""
    body = "".join(f"<w:p><w:r><w:t>{words}</w:t></w:r></w:p>" for words in before)
    for rows in tables:
        lines = ""
        for number, row in enumerate(rows):
            cells = ""
            for column, text in enumerate(row):
                merge = ""
                if text is None:
                    merge = "<w:tcPr><w:vMerge/></w:tcPr>"
                elif number + 1 < len(rows) and rows[number + 1][column] is None:
                    merge = '<w:tcPr><w:vMerge w:val="restart"/></w:tcPr>'
                cells += f"<w:tc>{merge}<w:p><w:r><w:t>{text or ''}</w:t></w:r></w:p></w:tc>"
            lines += f"<w:tr>{cells}</w:tr>"
        body += f"<w:tbl>{lines}</w:tbl>"
    namespace = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "word/document.xml",
            f'<w:document xmlns:w="{namespace}"><w:body>{body}</w:body></w:document>',
        )
    return out.getvalue()


# -- .xls: a BIFF8 stream in a compound file, the smallest that holds cells ----------------------------------------


def xls(rows, *, title="名单", locked=False, merge=()):
    """Return an old .xls with texts and numbers; `locked` sets the password mark; `merge` is 0-based areas."""

    def record(kind, content):
        return struct.pack("<HH", kind, len(content)) + content

    def wide(text):
        return struct.pack("<HB", len(text), 1) + text.encode("utf-16-le")

    begin = struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6)
    name = struct.pack("<BB", len(title), 1) + title.encode("utf-16-le")
    lock = record(0x002F, b"\1\0" + b"\0" * 52) if locked else b""
    head = record(0x0809, begin) + lock + record(0x0042, struct.pack("<H", 1200))
    position = len(head) + 4 + 6 + len(name) + 4
    globals_ = head + record(0x0085, struct.pack("<IBB", position, 0, 0) + name) + record(0x000A, b"")
    begin = struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6)
    width = max(len(row) for row in rows)
    sheet = record(0x0809, begin) + record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            where = struct.pack("<HHH", number, column, 0)
            if isinstance(value, str):
                sheet += record(0x0204, where + wide(value))
            elif value is not None:
                sheet += record(0x0203, where + struct.pack("<d", value))
    if merge:
        areas = b"".join(struct.pack("<HHHH", top, bottom, left, right) for top, left, bottom, right in merge)
        sheet += record(0x00E5, struct.pack("<H", len(merge)) + areas)
    return compound("Workbook", globals_ + sheet + record(0x000A, b""))


def compound(name, stream):
    """Return a compound file with one stream of at least 4096 bytes."""
    stream = stream.ljust(4096, b"\0")
    stream += b"\0" * (-len(stream) % 512)
    count = len(stream) // 512
    end, free = 0xFFFFFFFE, 0xFFFFFFFF
    # Sector 0: allocation table, sector 1: directory, from sector 2: the stream.
    table = [0xFFFFFFFD, end, *range(3, count + 2), end]
    assert len(table) <= 128, "more than one sector of the allocation table"
    table += [free] * (128 - len(table))

    def entry(words, kind, child, first, size):
        encoded = (words + "\0").encode("utf-16-le")
        return (
            encoded.ljust(64, b"\0")
            + struct.pack("<HBBIII", len(encoded), kind, 1, free, free, child)
            + b"\0" * 36
            + struct.pack("<IQ", first, size)
        )

    directory = entry("Root Entry", 5, 1, end, 0) + entry(name, 2, free, 2, len(stream))
    directory += (b"\0" * 66 + struct.pack("<BBIII", 0, 0, free, free, free)).ljust(128, b"\0") * 2
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    header += b"\0" * 6 + struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0)
    header += struct.pack("<I", 0) + struct.pack("<I", free) * 108
    return header + struct.pack("<128I", *table) + directory + stream
