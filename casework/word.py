"""A form about one person becomes a .docx: our template filled, or the office's own of the same name.

Every text is text: it is escaped, a template runs in a sandbox and fetches nothing. The same form gives the same bytes.
"""

from __future__ import annotations

import io
import zipfile
from typing import Final

from casework import glyphs
from casework.forms import bad_template, form_file
from casework.lists import ListState, Table, check_code, copies, list_fingerprint
from casework.problems import Refused

TEMPLATE: Final = "form.docx"
_FIXED: Final = (2000, 1, 1, 0, 0, 0)  # a clock would change the bytes


def has_template(form: str) -> bool:
    """Tell whether a form can be written as .docx."""
    return form_file(form, TEMPLATE).is_file()


def write(table: Table) -> bytes:
    """Return a form as the bytes of a Word document, one person after another, each on a new page.

    What a template may name: `title`, `annex`, `state`, `captions`, `code` (校验码) and `people`; of each one the
    columns of the form, and `lines`, `relatives`, `opinions`: what is repeated.

    Raises:
        Refused: `no_template`: the form has none; `bad_template`: it names what is not there, or is no Word document;
            `glyph_missing`.
    """
    # Here, not above: it loads lxml, and whoever writes no document must not wait for it.
    from docx.opc.exceptions import PackageNotFoundError  # noqa: PLC0415
    from docxtpl import DocxTemplate  # type: ignore[import-untyped]  # noqa: PLC0415
    from jinja2 import StrictUndefined, TemplateError  # noqa: PLC0415
    from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415

    template = form_file(table.list_id, TEMPLATE)
    if not template.is_file():
        raise Refused("no_template", f"“{table.title}”没有 Word 表样，请写成 .pdf 或 .xlsx。")
    given = _context(table)
    glyphs.check(words for one in copies(table) for words in (*one.person.values(), *_texts(one.lines)))
    written = io.BytesIO()
    try:
        document = DocxTemplate(io.BytesIO(template.read_bytes()))
        document.render(given, SandboxedEnvironment(autoescape=True, undefined=StrictUndefined), autoescape=True)
        document.save(written)
    except (TemplateError, PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise bad_template(table.list_id, TEMPLATE) from error
    return _packed(written.getvalue())


def _texts(lines: object) -> list[str]:
    return [words for line in lines for words in line.values()] if isinstance(lines, list) else []


def _context(table: Table) -> dict[str, object]:
    """Return what a template may name."""
    people = []
    for one in copies(table):
        relatives = one.filled("member")
        empty = [dict.fromkeys(one.person, "")] * (table.blank_rows - len(relatives))
        people.append(
            {
                **one.person,
                "lines": list(one.lines),
                "relatives": [*relatives, *empty],
                "opinions": one.filled("opinion"),
            }
        )
    return {
        "title": table.title,
        "annex": table.annex,
        "state": "" if table.state is ListState.OFFICIAL else table.state.label,
        "captions": list(table.captions),
        "code": check_code(list_fingerprint(table)),
        "people": people,
    }


def _packed(written: bytes) -> bytes:
    """Return a document whose parts carry no clock."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(written)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as kept:
        for part in source.infolist():
            kept.writestr(zipfile.ZipInfo(part.filename, _FIXED), source.read(part), zipfile.ZIP_DEFLATED)
    return target.getvalue()
