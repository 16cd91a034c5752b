"""Pages of a PDF as pictures, for browsers that show no PDF of their own. The only module that knows PDFium."""

from __future__ import annotations

import io
import threading
from typing import Final

import pypdfium2  # type: ignore[import-untyped, unused-ignore]

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
