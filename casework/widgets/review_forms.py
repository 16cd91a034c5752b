"""The controls of the office's sections: the choice of a unit and of a deed, and the form of the deed chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

import marimo as mo
from marimo._runtime.context import ContextNotInitializedError, get_context

from casework.views.cases import CaseDesk
from casework.views.review_forms import Field, Form, form_named
from casework.widgets.deeds import Counter

MOST_BYTES = 5 * 1024 * 1024
_MOST = {"file": MOST_BYTES, "scan": 20 * 1024 * 1024}

_WRAPPERS = 5
_DRAWINGS = count()


def office_unit(desk: CaseDesk) -> mo.ui.dropdown:
    """Return the choice of a unit, kept in the address; it narrows what is shown and whom a deed may name."""
    query = mo.query_params()
    options = {"全部单位": "", **{name: unit for unit, name in desk.unit_names.items()}}
    wanted = str(query.get("unit") or "")
    value = next((name for name, unit in options.items() if unit == wanted), "全部单位")
    return mo.ui.dropdown(
        options,
        value=value,
        label="单位",
        allow_select_none=False,
        searchable=len(options) > 15,
        on_change=lambda unit: query.set("unit", unit or ""),
    )


def deed_choice(section: str, forms: Sequence[Form]) -> mo.ui.dropdown | None:
    """Return the choice of a deed, kept in the address while the section is worked in; None where there is none."""
    if not forms:
        return None
    query = mo.query_params()
    kept = str(query.get("deed") or "")
    names = [form.name for form in forms]
    wanted = kept.partition(":")[2] if kept.startswith(f"{section}:") else names[0]
    return mo.ui.dropdown(
        names,
        value=wanted if wanted in names else names[0],
        allow_select_none=False,
        full_width=True,
        on_change=lambda name: query.set("deed", f"{section}:{name}"),
    )


def deed_form(
    counter: Counter[CaseDesk],
    section: str,
    forms: Sequence[Form],
    choice: mo.ui.dropdown | None,
    *,
    also: Callable[[], Mapping[str, Any]] | None = None,
) -> dict[int, mo.ui.form[Any, Any]]:
    """Return the chosen deed's form under the number of its drawing; empty where there is none, and for a viewer.

    Args:
        counter: Where the deed is done.
        section: Where its outcome is told.
        forms: The deeds that may be chosen.
        choice: The choice.
        also: What is read besides the fields when the form is handed in, e.g. the rows ticked in a table.
    """
    form = form_named(forms, choice.value if choice is not None else None)
    if form is None or not counter.desk.may_write:
        return {}
    return drawn_form(counter, section, form, also=also)


def drawn_form(
    counter: Counter[CaseDesk], section: str, form: Form, *, also: Callable[[], Mapping[str, Any]] | None = None
) -> dict[int, mo.ui.form[Any, Any]]:
    """Return a deed's form under the number of its drawing, with ids of its own; arguments as of `deed_form`."""
    number = next_drawing()
    layout = "".join(f"<label>{one.label}</label>{{{one.name}}}" for one in form.fields)
    with own_ids(number):
        fields = {one.name: _element(one) for one in form.fields}
        if not fields:  # a deed without a question is still one form, so that it looks and works like the others
            fields = {"sure": mo.ui.text(placeholder="可不填", full_width=True)}
            layout = "<label>备注</label>{sure}"
        drawn = counter.form(
            f"<div class='cw-lines cw-narrow'>{layout}</div>",
            fields,
            form.submit,
            section,
            lambda actor, given: form.deed(actor, {**given, **_files(form, given), **(also() if also else {})}),
        )
    return {number: drawn}


def next_drawing() -> int:
    """Return the number of another drawing."""
    return next(_DRAWINGS)


@contextmanager
def own_ids(number: int) -> Iterator[None]:
    """Give every control made inside an id of its own drawing.

    marimo numbers the controls of a cell from nought each time it runs, and a click is sent with that number alone: a
    click on the form of one person that arrives after the next one's form was made would count for the next one. With
    ids of their own it finds nothing, and is dropped.
    """
    try:
        context = get_context()
    except ContextNotInitializedError:
        yield
        return
    running = context.execution_context
    with context.provide_ui_ids(f"{running.cell_id if running else ''}-{number}"):
        yield


def drawn_anew(drawn: Mapping[int, mo.ui.form[Any, Any]]) -> str:
    """Return a form's HTML in wrappers that differ from drawing to drawing.

    A form drawn anew bears the id of the one before it, and the browser would go on showing what was typed into that
    one; another tag around it makes the browser build it from scratch. Drawn again with the same number it stays as
    it is, so that nothing typed is lost when a deed is refused.
    """
    text = ""
    for number, form in drawn.items():
        text = str(form.text)
        for bit in range(_WRAPPERS):
            tag = "div" if number >> bit & 1 else "section"
            text = f"<{tag}>{text}</{tag}>"
    return text


def _files(form: Form, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the chosen files as (name, bytes); the browser's own limits are advice, so they are cut here."""
    found = {}
    for one in form.fields:
        if one.kind in _MOST:
            chosen, most = given.get(one.name), _MOST[one.kind]
            found[one.name] = (str(chosen[0].name), bytes(chosen[0].contents)[: most + 1]) if chosen else None
    return found


def _element(one: Field) -> Any:
    options = dict(one.options or {})
    match one.kind:
        case "area":
            return mo.ui.text_area(value=one.value or "", placeholder=one.hint, rows=one.rows, full_width=True)
        case "date":
            return mo.ui.date(value=one.value, full_width=True)
        case "number":
            return mo.ui.number(step=1, value=one.value, full_width=True)
        case "many":
            return mo.ui.multiselect(options, full_width=True)
        case "tick":
            return mo.ui.checkbox(value=bool(one.value), label=one.hint)
        case "file":
            return mo.ui.file(filetypes=[".xlsx", ".csv"], max_size=MOST_BYTES, label=one.hint or "选择文件")
        case "scan":
            types, most = [".pdf", ".jpg", ".jpeg", ".png"], _MOST["scan"]
            return mo.ui.file(filetypes=types, max_size=most, label=one.hint or "选择扫描件")
        case "choice":
            first = next((label for label, value in options.items() if value == one.value), None)
            search = len(options) > 15
            return mo.ui.dropdown(options, value=first, full_width=True, searchable=search)
    return mo.ui.text(value=one.value or "", placeholder=one.hint, full_width=True)


def paged(frame: Any, *, choosing: str | None = None, size: int = 10, widths: Mapping[str, int] | None = None) -> Any:
    """Return a frame as a table that is paged on the server."""
    return mo.ui.table(
        frame,
        selection=choosing,  # type: ignore[arg-type]
        page_size=size,
        show_column_summaries=False,
        show_data_types=False,
        show_download=False,
        wrapped_columns=[name for name in ("类别", "现在", "说明") if name in frame.columns],
        column_widths=dict(widths or {}),
    )
