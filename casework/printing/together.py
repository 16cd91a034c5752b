"""Many papers as one PDF: each laid out on its own sheets, upright or across, the page numbers running through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from casework import glyphs, printing
from casework.forms import Form, Mode, load_form
from casework.lists import Table, as_printed
from casework.printing.copies import copies_html
from casework.printing.page import page_html


@dataclass(frozen=True)
class Part:
    """One paper of a set; `mode` None is what the form's folder says."""

    form: str
    table: Table
    mode: Mode | None = None


def render_together(
    parts: Sequence[Part], *, title: str, author: str = "", told: Callable[[int, int], object] | None = None
) -> bytes:
    """Return papers one after the other as one PDF; the file carries no data beside its pages.

    Every paper is laid out twice: the first time to learn how many pages there are.

    Args:
        parts: In order; each begins on a sheet of its own.
        title: Of the whole, for the file's properties.
        author: The issuing body.
        told: Called before each paper is laid out with how many were, and of how many; each is laid out twice.

    Raises:
        ValueError: No parts.
        Refused: As `render`.
    """
    if not parts:
        raise ValueError("nothing to print")
    for part in parts:
        glyphs.check((*printing.texts_of(as_printed(part.table)), title, author))
    cover = Table(parts[0].form, title, (), (), public=True)  # public: the whole set carries no data inside

    def laid(html: Any, fetcher: Any) -> list[Any]:
        def at(done: int) -> None:
            if told is not None:
                told(done, 2 * len(parts))
                printing.give_way()

        whole = sum(len(one.pages) for one in _documents(html, fetcher, parts, author, whole=0, told=at))
        return _documents(html, fetcher, parts, author, whole=whole, told=lambda done: at(len(parts) + done))

    return printing.write_together(laid, cover)


def _documents(  # noqa: PLR0913 - what is laid out, and how
    html: Any, fetcher: Any, parts: Sequence[Part], author: str, *, whole: int, told: Callable[[int], None]
) -> list[Any]:
    """Lay every paper out, each going on where the one before ended; `whole` is how many pages there are in all."""
    found: list[Any] = []
    for number, part in enumerate(parts):
        told(number)
        definition = load_form(part.form)
        mode = part.mode or definition.mode
        if definition.apart:
            for copy in copies_html(definition, part.table, mode, "", author):
                found.append(html(string=_going_on(copy, found, whole), url_fetcher=fetcher).render())
            continue

        def page(
            sheets: Sequence[int] = (), *, form: Form = definition, table: Table = part.table, how: Mode = mode
        ) -> str:
            return _going_on(page_html(form, table, how, "", author, sheets=sheets), found, whole)

        found.append(printing.lay_out(html, page, part.table, fetcher))
    return found


def _going_on(page: str, before: Sequence[Any], whole: int) -> str:
    return page.replace("</style>", f"{_start(sum(len(one.pages) for one in before), whole)}</style>", 1)


def _start(before: int, whole: int) -> str:
    """Return the rules that let the pages of a paper go on after `before` others, of `whole` in all."""
    side = "left" if before % 2 else "right"
    said = f'"第 " counter(page) " 页　共 {whole} 页"'
    feet = "".join(
        f"@page report-{name}{{@bottom-center{{content:{said}}}}}" for name in ("portrait", "landscape", "wide")
    )
    return f"html{{break-before:{side}}}@page :first{{counter-reset:page {before + 1}}}{feet}"
