"""A list becomes a PDF. The only module that knows WeasyPrint; nothing is fetched, nothing is left out in silence.

Every text is checked against the installed fonts before, every warning of the renderer refuses the print after. The
same list gives the same bytes on the same machine.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from casework import glyphs
from casework.forms import Mode, load_form
from casework.lists import ListState, Table, as_printed, canonical_bytes
from casework.printing.copies import copies_html
from casework.printing.page import TALLEST_CELL_MM, WIDTHS_MM, break_head, page_html
from casework.problems import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["TALLEST_CELL_MM", "WIDTHS_MM", "break_head", "copies_html", "page_html", "render"]

ATTACHED = "list.json"
_FIXED = datetime(2000, 1, 1, tzinfo=UTC)  # an attachment must carry a date; the list's own dates are in its words
_WAY_S = 0.02
_printing = threading.Lock()  # the renderer's logger is one for the whole process


def render(  # noqa: PLR0913 - how a list is printed
    form: str,
    table: Table,
    *,
    mode: Mode | None = None,
    issued: str = "",
    author: str = "",
    told: Callable[[int, int], object] | None = None,
) -> bytes:
    """Return a list as PDF.

    Args:
        form: The folder of the form in `casework/templates/`.
        table: The list.
        mode: `annex` 随文附件 or `report` 单独报送; None is what the form's folder says.
        issued: What an issued list carries in its foot (day, head of the audit log); "" for a list not issued.
        author: The issuing body, for the file's properties.
        told: Of a form about one person: called with how many are laid out, and of how many.

    Raises:
        KeyError: There is no such form.
        Refused: `glyph_missing`, `cell_too_long`, `draft_issued`, `fetch_denied`, `render_warning`; nothing is printed.
    """
    if issued and table.state is not ListState.OFFICIAL:
        raise Refused("draft_issued", f"“{table.title}”还是{table.state.label}，不能作为正式名单印发。")
    glyphs.check((*texts_of(as_printed(table)), issued, author))
    definition = load_form(form)
    if definition.apart:
        return _write_pdf(list(copies_html(definition, table, mode or definition.mode, issued, author)), table, told)

    def page(sheets: Sequence[int] = ()) -> str:
        return page_html(definition, table, mode or definition.mode, issued, author, sheets=sheets)

    return _write_pdf(page, table)


def texts_of(value: object) -> Iterator[str]:
    """Yield every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts_of(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts_of(part)


# -- the file --------------------------------------------------------------------------------------------------


class _Heard(logging.Handler):
    """Keep what the renderer complains of in this thread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one complaint."""
        if record.thread == self._thread:
            self.said.append(record.getMessage())


def _write_pdf(
    page: Callable[..., str] | list[str], table: Table, told: Callable[[int, int], object] | None = None
) -> bytes:
    """Return the PDF of a list, or of the copies of a form one after another."""

    def laid(html: Any, fetcher: Any) -> list[Any]:
        if not isinstance(page, list):
            return [lay_out(html, page, table, fetcher)]
        documents = []
        for number, copy in enumerate(page, start=1):
            documents.append(html(string=copy, url_fetcher=fetcher).render())
            if told is not None:
                told(number, len(page))
                give_way()
        return documents

    return write_together(laid, table)


def give_way() -> None:
    """Let another print go between two papers of a long one, so that no page waits for three hundred forms.

    Only within `laid` of `write_together`, which holds the renderer.
    """
    _printing.release()
    time.sleep(_WAY_S)  # without it the same thread has the renderer again before another wakes up
    _printing.acquire()


def write_together(laid: Callable[[Any, Any], list[Any]], table: Table) -> bytes:
    """Return documents one after another as one PDF.

    Args:
        laid: Makes the documents, given the renderer and the fetcher that refuses everything.
        table: The list whose data travels inside, unless it is public.

    Raises:
        Refused: `fetch_denied`, `glyph_missing`, `render_warning`, and what `laid` refuses.
    """
    # Here, not above: it loads Pango, and whoever prints nothing must not wait for it.
    import weasyprint  # type: ignore[import-untyped]  # noqa: PLC0415
    from weasyprint.text.fonts import FontConfiguration  # type: ignore[import-untyped]  # noqa: PLC0415
    from weasyprint.urls import URLFetcher  # type: ignore[import-untyped]  # noqa: PLC0415

    fonts = FontConfiguration()

    class Laid(weasyprint.HTML):  # type: ignore[misc]
        """A page laid out with the fonts of the whole file: loaded for every copy anew they take 17 MiB each."""

        def render(self) -> Any:
            return super().render(font_config=fonts)

    denied: list[str] = []

    class Deny(URLFetcher):  # type: ignore[misc]
        """Fetch nothing, and remember that somebody asked: inside an SVG the renderer would swallow the refusal."""

        def fetch(self, url: str, headers: Any = None) -> Any:  # noqa: ARG002
            denied.append(url)
            raise ValueError("nothing is fetched while printing")

    fetcher = Deny(allowed_protocols=())
    attachments = []
    if not table.public:
        # A public list carries nothing but its words: what travels inside a file is easily overlooked.
        attachments.append(
            weasyprint.Attachment(
                string=canonical_bytes(table),
                name=ATTACHED,
                description="表中数据，供校验",
                created=_FIXED,
                modified=_FIXED,
                relationship="Data",
                url_fetcher=fetcher,
            )
        )
    heard = _Heard()
    logger = logging.getLogger("weasyprint")
    with _printing:
        logger.addHandler(heard)
        try:
            documents = laid(Laid, fetcher)
            every = [page for document in documents for page in document.pages]
            # Tagged: whoever has the page read to him hears tables with their heads. Costs about a tenth of the time.
            written: bytes = documents[0].copy(every).write_pdf(attachments=attachments, pdf_tags=True)
        finally:
            logger.removeHandler(heard)
    _refuse(denied, heard.said)
    return written


def lay_out(html: Any, page: Callable[..., str], table: Table, fetcher: Any) -> Any:
    """Return the pages; a list that adds up every page is laid out once to see which rows come on which page."""
    sheets: list[int] = []
    if table.page_totals and table.rows:
        tried = html(string=page(), url_fetcher=fetcher).render()
        sheets = [sum(name.startswith("row") for name in one.anchors) for one in tried.pages]
    document = html(string=page([rows for rows in sheets if rows]), url_fetcher=fetcher).render()
    if sheets and len(document.pages) != len(sheets):
        raise Refused("layout", f"“{table.title}”的本页小计没有排好，没有打印。请把行数减少后再打印，并告诉管理员。")
    return document


def _refuse(denied: list[str], said: list[str]) -> None:
    """Raise for anything that makes the paper differ from the list."""
    if denied:
        raise Refused("fetch_denied", "表样要读取外部文件或网址，已拒绝，没有打印。请联系管理员检查表样。")
    for complaint in said:
        if ".notdef" in complaint:
            signs = "、".join(re.findall(r"U\+[0-9A-F]+", complaint)) or complaint
            raise Refused("glyph_missing", f"有字没有字体能印（{signs}），没有打印。{glyphs.REMEDY}。")
    if said:
        raise Refused("render_warning", f"排版时有 {len(said)} 处警告，没有打印。请把这句话告诉管理员：{said[0]}")
