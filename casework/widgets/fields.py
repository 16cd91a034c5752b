"""The fields of the worksheet: number fields, sliders, texts, each writing to the officer's own draft.

A value typed here is written to the draft in its event handler and kept in the page's state, so that a cell that
runs again draws the field as it stood.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import marimo as mo

from casework import views
from casework.access import Actor
from casework.views import Desk, Ledger, Sheet


def asking() -> object:
    """Return the user of the current request: the guard's, bare marimo's, or None."""
    request = mo.app_meta().request
    return request.user if request else None


def now_officer(ledger: Ledger) -> Actor:
    """Return who is doing what is being done now; marimo keeps the last request only."""
    return views.officer(ledger, asking())


def round_picker(names: dict[str, str], first: str | None) -> mo.ui.dropdown:
    """Return the choice of a round, kept in the address."""
    query = mo.query_params()
    labels = {round_id: label for label, round_id in names.items()}
    return mo.ui.dropdown(
        names,
        value=labels.get(str(query.get("round")), labels.get(first or "")),
        on_change=lambda round_id: query.set("round", round_id),
        searchable=False,
        full_width=True,
    )


Typed: TypeAlias = Callable[[], dict[str, Any]]
"""Getter of a part of what is typed. A cell that builds fields names it, so that it runs when another cell sets it."""


class Memory:
    """One part of what is typed, per round: the page's state, and the draft that outlives it.

    It does not hold the state's getter: the cell that makes the memories would then run at every key, and with it
    every cell that draws a field.

    Args:
        part: `money`, `places`, `reasons` or `decided`.
        setter: The state's setter.
    """

    def __init__(self, part: str, setter: Callable[[Any], None]) -> None:
        self.part, self._set, self._drawn = part, setter, 0

    def now(self, get: Typed, desk: Desk, first: Sheet) -> dict[str, Any]:
        """Return the values as they stand: typed in this page, else as the draft was found."""
        return dict(get().get(desk.round_id, getattr(first, self.part)))

    def put(self, ledger: Ledger, desk: Desk, values: Mapping[str, Any]) -> None:
        """Keep values: in the page, and as the officer's draft."""
        self._set(lambda typed: {**typed, desk.round_id: dict(values)})
        views.keep(desk, now_officer(ledger), **{self.part: values})

    def fields(
        self, ledger: Ledger, desk: Desk, get: Typed, first: Sheet, *, fields: Mapping[str, Any]
    ) -> mo.ui.dictionary:
        """Return fields that put what is typed into this part; the other values of the part stay."""
        self._drawn += 1
        return mo.ui.dictionary(
            dict(fields), on_change=lambda values: self.put(ledger, desk, {**self.now(get, desk, first), **values})
        )

    def texts(self, elements: Mapping[str, Any]) -> dict[str, str]:
        """Return the fields' own HTML, wrapped so that a field drawn anew replaces the one in the page.

        A number field that was left by Enter goes on showing its old text, whatever value it is given; another tag
        around it makes the browser build it from scratch.
        """
        wrap = "div" if self._drawn % 2 else "section"
        return {key: f"<{wrap}>{element.text}</{wrap}>" for key, element in elements.items()}


def _number(value: object, *, step: int) -> mo.ui.number:
    usable = value if isinstance(value, int | float) else None
    least = 0 if usable is not None and usable >= 0 else None  # with a least value, an empty field would show it
    # Never `debounce`: a value still waiting to be sent is lost when the table around it is drawn anew.
    return mo.ui.number(start=least, step=step, value=usable, full_width=True)


def place_fields(ledger: Ledger, desk: Desk, memory: Memory, get: Typed, first: Sheet) -> mo.ui.dictionary:
    """Return a number field per cell of the grid."""
    typed = memory.now(get, desk, first)
    fields = {cell: _number(typed.get(cell, places), step=1) for cell, places in desk.places.items()}
    return memory.fields(ledger, desk, get, first, fields=fields)


def money_fields(ledger: Ledger, desk: Desk, memory: Memory, get: Typed, first: Sheet) -> mo.ui.dictionary:
    """Return a number field per rate and fund, in yuan."""
    typed = memory.now(get, desk, first)
    fields = {key: _number(typed.get(key), step=10) for key in desk.money}
    return memory.fields(ledger, desk, get, first, fields=fields)


def money_sliders(ledger: Ledger, desk: Desk, memory: Memory, get: Typed, first: Sheet) -> mo.ui.dictionary:
    """Return a slider beside every rate and fund the circular sets; only the one that moved is taken over."""
    typed = memory.now(get, desk, first)
    every = {key: views.slider_span(fen, typed.get(key)) for key, fen in desk.money.items()}
    spans = {key: span for key, span in every.items() if span is not None}
    sliders = {
        key: mo.ui.slider(0, stop, step=step, value=value, debounce=True, full_width=True)
        for key, (value, stop, step) in spans.items()
    }
    last: dict[str, Any] = {key: value for key, (value, _, _) in spans.items()}

    def moved(values: dict[str, Any]) -> None:
        changed = {key: value for key, value in values.items() if value != last[key]}
        last.update(values)
        memory.put(ledger, desk, {**memory.now(get, desk, first), **changed})

    return mo.ui.dictionary(sliders, on_change=moved)


def reason_fields(  # noqa: PLR0913 - as every set of fields
    ledger: Ledger, desk: Desk, memory: Memory, get: Typed, first: Sheet, *, cells: Sequence[str]
) -> mo.ui.dictionary:
    """Return reason, decider and road for every cell over a soft cap."""
    typed = memory.now(get, desk, first)
    fields = {cell: _reason(typed.get(cell) or {}) for cell in cells}
    return memory.fields(ledger, desk, get, first, fields=fields)


def _reason(given: Mapping[str, Any]) -> mo.ui.dictionary:
    road = given.get("road")
    return mo.ui.dictionary(
        {
            "reason": mo.ui.text(value=str(given.get("reason") or ""), placeholder="为什么要超出", full_width=True),
            "decider": mo.ui.text(
                value=str(given.get("decider") or ""), placeholder="哪次会议或谁决定", full_width=True
            ),
            "road": mo.ui.dropdown(list(views.ROADS), value=road if road in views.ROADS else None, full_width=True),
        }
    )


def amount_fields(  # noqa: PLR0913 - as every set of fields
    ledger: Ledger, desk: Desk, memory: Memory, get: Typed, first: Sheet, *, cases: Sequence[str]
) -> mo.ui.dictionary:
    """Return 拟定金额 per case, empty where nobody has typed one."""
    typed = memory.now(get, desk, first)
    fields = {case: _number(typed.get(case), step=100) for case in cases}
    return memory.fields(ledger, desk, get, first, fields=fields)


def texts(elements: Mapping[str, Any]) -> dict[str, Any]:
    """Return every element's own HTML, to be placed in a table; of a dictionary inside, the same."""
    return {
        key: texts(element.elements) if isinstance(element, mo.ui.dictionary) else element.text
        for key, element in elements.items()
    }


def take_over(ledger: Ledger, desk: Desk, memories: Sequence[Memory], sheet: Sheet) -> None:
    """Put a whole sheet into the worksheet's fields."""
    for memory in memories:
        memory.put(ledger, desk, dict(getattr(sheet, memory.part)))


def sheet_button(label: str, ledger: Ledger, desk: Desk, memories: Sequence[Memory], sheet: Sheet) -> mo.ui.button:
    """Return a button that puts a sheet into the worksheet."""
    return mo.ui.button(label=label, on_click=lambda _: take_over(ledger, desk, memories, sheet))


def reset_button(ledger: Ledger, desk: Desk, memories: Sequence[Memory]) -> mo.ui.button:
    """Return the button that puts every field back to the circular."""
    return sheet_button("恢复通知原定", ledger, desk, memories, views.original_sheet(desk))


def sheet_now(desk: Desk, memories: Sequence[Memory], getters: Sequence[Typed], first: Sheet) -> Sheet:
    """Return the worksheet as it is typed at this moment."""
    parts = {memory.part: memory.now(get, desk, first) for memory, get in zip(memories, getters, strict=True)}
    return Sheet(**parts)


def text(element: Any) -> str:
    """Return an element's own HTML; nothing for none."""
    return "" if element is None else str(element.text)
