"""Pages of a PDF as pictures, for browsers that show no PDF of their own, and as text; nobody else knows PDFium."""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pypdfium2  # type: ignore[import-untyped, unused-ignore]
from PIL import Image
from pypdfium2.raw import FPDF_PAGEOBJ_TEXT  # type: ignore[import-untyped, unused-ignore]

DPI: Final = 110
"""A page of A4 across is as wide as an office screen, and its smallest words can be read."""
_POINTS_PER_INCH: Final = 72
_drawing = threading.Lock()  # PDFium may be called by one thread at a time


def page_count(pdf: bytes) -> int:
    """Return how many pages a PDF has.

    Raises:
        pypdfium2.PdfiumError: It is no PDF.
    """
    with _drawing, pypdfium2.PdfDocument(pdf) as document:
        return len(document)


def picture(pdf: bytes, page: int, *, dpi: int = DPI) -> bytes:
    """Return one page as PNG, in shades of grey: official lists are black on white.

    Args:
        pdf: The file.
        page: Counted from 1.
        dpi: Dots an inch.

    Raises:
        IndexError: There is no such page.
        pypdfium2.PdfiumError: It is no PDF.
    """
    with _drawing, pypdfium2.PdfDocument(pdf) as document:
        if not 1 <= page <= len(document):
            raise IndexError(f"page {page} of {len(document)}")
        bitmap = document[page - 1].render(scale=dpi / _POINTS_PER_INCH, grayscale=True)
        drawn = io.BytesIO()
        bitmap.to_pil().save(drawn, "PNG")
        bitmap.close()
    return drawn.getvalue()


def smaller(drawn: bytes, across: int) -> bytes:
    """Return a picture as JPEG, at most so many pixels across.

    Raises:
        PIL.UnidentifiedImageError: It is no picture.
    """
    with Image.open(io.BytesIO(drawn)) as image:
        plain = image.convert("RGB")
    plain.thumbnail((across, across * 3))
    written = io.BytesIO()
    plain.save(written, "JPEG", quality=70)
    return written.getvalue()


@dataclass(frozen=True)
class Read:
    """What a PDF says: the text of each page in the order it was drawn, its keywords, the files inside it."""

    pages: tuple[str, ...] = field(repr=False)
    keywords: str
    attached: Mapping[str, bytes] = field(repr=False)


def read_pdf(pdf: bytes) -> Read:
    """Return what a PDF says.

    Raises:
        ValueError: It is no PDF, or a damaged one.
    """
    try:
        with _drawing, pypdfium2.PdfDocument(pdf) as document:
            pages = tuple(_drawn(page) for page in document)
            found = [document.get_attachment(at) for at in range(document.count_attachments())]
            attached = {one.get_name(): bytes(one.get_data()) for one in found}
            return Read(pages, document.get_metadata_dict().get("Keywords", ""), attached)
    except pypdfium2.PdfiumError as error:
        raise ValueError(str(error)) from None


def _drawn(page: Any) -> str:
    """Return the text of a page, piece by piece as drawn: PDFium's own order tears cells that span several rows."""
    said = page.get_textpage()
    pieces = page.get_objects(filter=[FPDF_PAGEOBJ_TEXT], textpage=said)
    return "\n".join(piece.extract() for piece in pieces)


def some_pages(pdf: bytes, pages: str) -> bytes:
    """Return some pages of a PDF as a file of their own, e.g. "3" or "2-4"; what is drawn on them stays the same.

    Raises:
        ValueError: There are no such pages.
    """
    first, _, last = pages.partition("-")
    with _drawing, pypdfium2.PdfDocument(pdf) as document, pypdfium2.PdfDocument.new() as taken:
        if not (first.isdecimal() and (last or first).isdecimal()) or not 1 <= int(first) <= int(last or first) <= len(
            document
        ):
            raise ValueError(pages)
        taken.import_pages(document, list(range(int(first) - 1, int(last or first))))
        written = io.BytesIO()
        taken.save(written)
    return written.getvalue()
