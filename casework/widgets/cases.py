"""The controls of 台账与审核: what is shown, of whom, and the forms that record; one handler, one command."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import marimo as mo

from casework.views import cases


def first_section() -> tuple[str, int]:
    """Return the section the address asks for, else the worklist's neighbour on the left."""
    asked = str(mo.query_params().get("section") or "")
    return (asked if asked in cases.SECTIONS else cases.SECTIONS[1]), 0


def sections(wanted: tuple[str, int]) -> mo.ui.tabs:
    """Return the choice of a section, kept in the address; `wanted` is where a deed led to."""
    query = mo.query_params()
    return mo.ui.tabs(
        dict.fromkeys(cases.SECTIONS, ""), value=wanted[0], on_change=lambda name: query.set("section", name)
    )


def go(set_section: Callable[[Any], None], name: str) -> None:
    """Lead to another section."""
    mo.query_params().set("section", name)
    set_section(lambda now: (name, now[1] + 1))


def projection() -> mo.ui.switch:
    """Return the switch that masks names while others look at the screen; kept in the address."""
    query = mo.query_params()
    return mo.ui.switch(
        value=query.get("mask") == "1", label="投屏", on_change=lambda on: query.set("mask", "1" if on else "")
    )
