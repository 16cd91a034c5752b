"""Small pieces of HTML, every text in them escaped: nothing a person typed is ever taken as markup."""

from __future__ import annotations

import functools
import html
import logging
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import ParamSpec

from casework.problems import CaseworkError

P = ParamSpec("P")
logger = logging.getLogger(__name__)


def esc(text: object) -> str:
    """Return text as it may stand in HTML, attributes included."""
    return html.escape(str(text))


def tag(name: str, content: str, css: str = "", **attributes: str) -> str:
    """Return an element around `content`, which is HTML already."""
    given = {"class": css, **attributes}
    written = "".join(f' {key.rstrip("_")}="{esc(value)}"' for key, value in given.items() if value)
    return f"<{name}{written}>{content}</{name}>"


def note(text: str, kind: str = "note") -> str:
    """Return one calm paragraph: `note`, `warn`, `error` or `ok`."""
    return tag("p", esc(text), f"cw-{kind}") if text else ""


def notes(texts: Iterable[str], kind: str = "note") -> str:
    """Return a paragraph per text."""
    return "".join(note(text, kind) for text in texts)


def badge(text: str, colour: str = "") -> str:
    """Return a small label; `colour` is "", `red`, `green` or `amber`."""
    return tag("span", esc(text), f"cw-badge cw-badge-{colour}" if colour else "cw-badge")


def card(title: str, *parts: str, css: str = "", muted: str = "") -> str:
    """Return a white panel with a heading."""
    beside = tag("span", esc(muted), "cw-muted cw-beside") if muted else ""
    return tag("div", tag("h3", esc(title) + beside) + "".join(parts), f"cw-card {css}".strip())


def rows_table(  # noqa: PLR0913 - what a table is
    head: Iterable[str],
    rows: Iterable[Iterable[object]],
    *,
    numbers: Iterable[int] = (),
    raw: Iterable[int] = (),
    total: bool = False,
    css: str = "",
) -> str:
    """Return a table of texts.

    Args:
        head: The column heads.
        rows: A row's cells; None is blank.
        numbers: Columns set right.
        raw: Columns that hold HTML already.
        total: The last row is a total.
        css: More classes.
    """
    right, as_is, listed = set(numbers), set(raw), [list(row) for row in rows]
    heads = "".join(tag("th", esc(text), "n" if at in right else "") for at, text in enumerate(head))
    body = []
    for number, row in enumerate(listed, start=1):
        cells = "".join(
            tag("td", ("" if cell is None else str(cell) if at in as_is else esc(cell)), "n" if at in right else "")
            for at, cell in enumerate(row)
        )
        body.append(tag("tr", cells, "cw-total" if total and number == len(listed) else ""))
    return tag("table", f"<thead><tr>{heads}</tr></thead><tbody>{''.join(body)}</tbody>", f"cw-table {css}".strip())


def facts_list(pairs: Mapping[str, str]) -> str:
    """Return label–value pairs; values are HTML already."""
    return tag("dl", "".join(f"<dt>{esc(name)}</dt><dd>{value}</dd>" for name, value in pairs.items()), "cw-facts")


def folded(summary: str, content: str, *, opened: bool = False) -> str:
    """Return content that opens on a click; `summary` is a text, `content` HTML."""
    state = " open" if opened else ""
    return f'<details class="cw-fold"{state}><summary>{esc(summary)}</summary>{content}</details>'


def failure(error: Exception) -> str:
    """Return the sentence for an error: our own words where we raised it, else a number to quote.

    The text of any other exception may name a person, so only its type goes to the log.
    """
    if isinstance(error, CaseworkError):
        return error.sentence
    number = secrets.token_hex(4).upper()
    logger.error("错误 %s：%s", number, type(error).__qualname__)
    return f"这一部分没有算出来，其余部分照常可用。错误编号 {number}，请把编号告诉管理员。"


def shown(make: Callable[P, str]) -> Callable[P, str]:
    """Let a panel that fails say so where it stands, in red, instead of disappearing."""

    @functools.wraps(make)
    def made(*args: P.args, **kwargs: P.kwargs) -> str:
        try:
            return make(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - the officer sees a sentence, the log the type
            return note(failure(error), "error")

    return made
