"""A form about one person as HTML, copy by copy: each has its own pages and page numbers. No renderer."""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import TemplateError
from markupsafe import Markup

from casework import glyphs
from casework.forms import Form, Mode, bad_template
from casework.lists import ListState, Table, check_code, copies, list_fingerprint
from casework.printing.page import break_head, css_of, templates

_LONG, _WIDEST = 8, 11  # signs; what is longer in a narrow cell is set smaller, and no amount is broken in two


def copies_html(form: Form, table: Table, mode: Mode, issued: str, author: str) -> Iterator[str]:
    """Yield every person's copy as HTML; all of them carry the 校验码 of the whole list.

    Raises:
        Refused: `bad_template`.
    """
    fingerprint = list_fingerprint(table)
    page = f"{mode}-{'landscape' if form.landscape else 'portrait'}"
    css = Markup(css_of(form.name, "person.css"))  # noqa: S704 - our own files, no data
    for one in copies(table):
        try:
            yield templates.get_template(f"{form.name}/page.html").render(
                table=table,
                copy=one,
                least=table.blank_rows,
                css=css,
                page=page,
                watermark="" if table.state is ListState.OFFICIAL else table.state.label,
                fingerprint=f"sha256:{fingerprint}",
                code=check_code(fingerprint),
                issued=issued,
                author=author,
                fields=(),
                set_in=_set_in,
                broken=break_head,
                br=Markup("<br>"),
            )
        except TemplateError as error:
            raise bad_template(form.name, "page.html") from error


def _set_in(words: str) -> Markup:
    """Return the style of a narrow cell: the whole name in one font, and small where it is long."""
    family = glyphs.one_font(words)
    parts = [f"font-family:'{family}'"] if family else []
    if len(words) > _LONG:
        parts.append(f"font-size:{7.4 if words.endswith('元') and len(words) > _WIDEST else 8.5}pt;line-height:1.15")
    return Markup(f' style="{";".join(parts)}"' if parts else "")  # noqa: S704 - families of this machine, no data
