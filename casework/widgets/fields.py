"""The fields of the worksheet: number fields, sliders, texts, each writing to the officer's own draft.

A value typed here is written to the draft in its event handler and kept in the page's state, so that a cell that
runs again draws the field as it stood.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
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

    def now(self, get: Typed, pad: Pad) -> dict[str, Any]:
        """Return the values as they stand: typed in this page, else as the draft was found."""
        return dict(get().get(pad.desk.round_id, getattr(pad.first, self.part)))

    def take(self, pad: Pad, change: Callable[[dict[str, Any]], Mapping[str, Any]]) -> dict[str, Any]:
        """Change this part in the page alone, and return what stood there before."""
        stood: dict[str, Any] = {}

        def taken(typed: dict[str, Any]) -> dict[str, Any]:
            stood.update(typed.get(pad.desk.round_id, getattr(pad.first, self.part)))
            return {**typed, pad.desk.round_id: dict(change(stood))}

        self._set(taken)
        return stood

    def put(self, pad: Pad, changed: Mapping[str, Any]) -> None:
        """Keep the fields that were changed: in the page, and in the officer's draft beside all others."""
        stood = self.take(pad, lambda values: views.merged(values, changed))
        before = views.keep(pad.desk, now_officer(pad.ledger), **{self.part: changed})
        pad.tell(views.replaced(pad.desk, self.part, stood, changed, before))

    def taker(self, pad: Pad, *path: str) -> Callable[[Any], None]:
        """Return what carries a field's value here; a second name in `path` is the part of a field of several.

        Every field has a handler of its own. As children of one `mo.ui.dictionary` two fields that change while the
        kernel is busy would come as one message, of which marimo keeps the last child's value only.
        Source: marimo 0.25.2, `Kernel.set_ui_element_value`, `resolved_requests[resolved_id] = resolved_value`.
        """
        key, *inner = path
        return lambda value: self.put(pad, {key: {inner[0]: value} if inner else value})

    def drawn(self) -> None:
        """Note that the fields are made anew."""
        self._drawn += 1

    def texts(self, elements: Mapping[str, Any]) -> dict[str, str]:
        """Return the fields' own HTML, wrapped so that a field drawn anew replaces the one in the page.

        A number field that was left by Enter goes on showing its old text, whatever value it is given; another tag
        around it makes the browser build it from scratch.
        """
        wrap = "div" if self._drawn % 2 else "section"
        return {key: f"<{wrap}>{element.text}</{wrap}>" for key, element in elements.items()}


@dataclass(frozen=True, eq=False)
class Pad:
    """The worksheet of one page and one round: what its fields write to.

    Attributes:
        ledger: The ledger.
        desk: The round.
        first: The worksheet as it was found when the round was opened.
        parts: `money`, `places`, `reasons`, `decided`.
        lose: Setter of what another page of the same officer lost to this one: round → sentences.
    """

    ledger: Ledger
    desk: Desk
    first: Sheet
    parts: tuple[Memory, ...]
    lose: Callable[[Any], None]

    def tell(self, lost: Sequence[str]) -> None:
        """Say what another page lost."""
        if lost:
            self.lose(lambda told: {**told, self.desk.round_id: [*told.get(self.desk.round_id, []), *lost]})

    def seen(self) -> None:
        """Say no longer what another page lost."""
        self.lose(lambda told: {**told, self.desk.round_id: []})

    def show(self, sheet: Sheet) -> list[dict[str, Any]]:
        """Show a sheet in the page; return what stood in its parts. The draft is not touched."""
        return [memory.take(self, partial(_part, sheet, memory.part)) for memory in self.parts]

    def take_over(self, sheet: Sheet) -> None:
        """Put a whole sheet into the page, and into the draft instead of everything that was typed."""
        stood = self.show(sheet)
        before = views.keep_whole(self.desk, now_officer(self.ledger), sheet)
        for memory, values in zip(self.parts, stood, strict=True):
            new = getattr(sheet, memory.part)
            gone = dict.fromkeys(before.get(memory.part) or {})
            self.tell(views.replaced(self.desk, memory.part, values, {**gone, **new}, before))

    def button(self, label: str, sheet: Sheet) -> mo.ui.button:
        """Return a button that puts a sheet into the worksheet."""
        return mo.ui.button(label=label, on_click=lambda _: self.take_over(sheet))


def _part(sheet: Sheet, part: str, _: object) -> dict[str, Any]:
    return dict(getattr(sheet, part))


def _number(value: object, take: Callable[[Any], None], *, step: int) -> mo.ui.number:
    # No least value: it would turn an empty field into one, and a number below it into the last one without a word.
    # Never `debounce`: a value still waiting to be sent is lost when the table around it is drawn anew.
    usable = value if isinstance(value, int | float) else None
    return mo.ui.number(step=step, value=usable, full_width=True, on_change=take)


def place_fields(pad: Pad, memory: Memory, get: Typed) -> dict[str, mo.ui.number]:
    """Return a number field per cell of the grid."""
    typed = memory.now(get, pad)
    memory.drawn()
    return {
        cell: _number(typed.get(cell, places), memory.taker(pad, cell), step=1)
        for cell, places in pad.desk.places.items()
    }


def money_fields(pad: Pad, memory: Memory, get: Typed) -> dict[str, mo.ui.number]:
    """Return a number field per rate and fund, in yuan."""
    typed = memory.now(get, pad)
    memory.drawn()
    return {key: _number(typed.get(key), memory.taker(pad, key), step=10) for key in pad.desk.money}


def money_sliders(pad: Pad, memory: Memory, get: Typed) -> dict[str, mo.ui.slider]:
    """Return a slider beside every rate and fund the circular sets."""
    typed = memory.now(get, pad)
    every = {key: views.slider_span(fen, typed.get(key)) for key, fen in pad.desk.money.items()}
    spans = {key: span for key, span in every.items() if span is not None}
    return {
        key: mo.ui.slider(
            0, stop, step=step, value=value, debounce=True, full_width=True, on_change=memory.taker(pad, key)
        )
        for key, (value, stop, step) in spans.items()
    }


def reason_fields(pad: Pad, memory: Memory, get: Typed, *, cells: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return reason, decider and road for every cell over a soft cap."""
    typed = memory.now(get, pad)
    return {cell: _reason(pad, memory, cell, typed.get(cell) or {}) for cell in cells}


def _reason(pad: Pad, memory: Memory, cell: str, given: Mapping[str, Any]) -> dict[str, Any]:
    hints, road = {"reason": "为什么要超出", "decider": "哪次会议或谁决定"}, given.get("road")
    fields: dict[str, Any] = {
        name: mo.ui.text(
            value=str(given.get(name) or ""),
            placeholder=hint,
            full_width=True,
            on_change=memory.taker(pad, cell, name),
        )
        for name, hint in hints.items()
    }
    fields["road"] = mo.ui.dropdown(
        list(views.ROADS),
        value=road if road in views.ROADS else None,
        full_width=True,
        on_change=memory.taker(pad, cell, "road"),
    )
    return fields


def amount_fields(pad: Pad, memory: Memory, get: Typed, *, cases: Sequence[str]) -> dict[str, mo.ui.number]:
    """Return 拟定金额 per case, empty where nobody has typed one."""
    typed = memory.now(get, pad)
    memory.drawn()
    return {case: _number(typed.get(case), memory.taker(pad, case), step=100) for case in cases}


def texts(elements: Mapping[str, Any]) -> dict[str, Any]:
    """Return every element's own HTML, to be placed in a table; of a mapping inside, the same."""
    return {key: texts(element) if isinstance(element, Mapping) else text(element) for key, element in elements.items()}


def text(element: Any) -> str:
    """Return an element's own HTML; nothing for none."""
    return "" if element is None else str(element.text)


def sheet_now(pad: Pad, getters: Sequence[Typed]) -> Sheet:
    """Return the worksheet as it is typed at this moment."""
    return Sheet(**{memory.part: memory.now(get, pad) for memory, get in zip(pad.parts, getters, strict=True)})


def reset_button(pad: Pad) -> mo.ui.button:
    """Return the button that puts every field back to the circular."""
    return pad.button("恢复通知原定", views.original_sheet(pad.desk))


def elsewhere_buttons(pad: Pad, sheet: Sheet, *, differ: bool) -> dict[str, mo.ui.button]:
    """Return the ways to go on where another page of the same officer is changing the same worksheet."""

    def theirs(_: object) -> None:
        pad.show(views.first_sheet(pad.desk, now_officer(pad.ledger)))
        pad.seen()

    def ours(_: object) -> None:
        pad.take_over(sheet)
        pad.seen()

    if not differ:
        return {"seen": mo.ui.button(label="知道了", on_click=lambda _: pad.seen())}
    return {
        "theirs": mo.ui.button(label="改用另一页所填", on_click=theirs),
        "ours": mo.ui.button(label="以本页为准", on_click=ours),
    }
