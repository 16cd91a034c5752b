"""What an officer has typed into the worksheet, checked: raw values in, parameters and calm sentences out.

Every value can be forged in a browser, so nothing here trusts a field's own limits. What cannot be used is named,
and the circular's number stands in for it until it is put right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from casework.allocation import Allocation, Extra, Parameters
from casework.money import parse_yuan, yuan
from casework.views.desk import Desk
from casework.views.html import failure

Raw: TypeAlias = "Mapping[str, Any]"

MOST_PLACES: Final = 99_999
ROADS: Final = ("一般（集体研究）", "可适当增加")


@dataclass(frozen=True)
class Sheet:
    """The four parts of a worksheet as they were typed: field → value, None for an emptied field."""

    money: Raw = field(default_factory=dict)
    places: Raw = field(default_factory=dict)
    reasons: Raw = field(default_factory=dict)
    decided: Raw = field(default_factory=dict)


@dataclass(frozen=True)
class Typed:
    """A checked worksheet: what to compute with, and what an officer has to put right."""

    parameters: Parameters
    problems: tuple[str, ...] = ()
    wrong: frozenset[str] = frozenset()
    """The fields the sentences are about."""


@dataclass(frozen=True, eq=False)
class Worked:
    """A worksheet and its result; without a result, the sentence why."""

    typed: Typed
    result: Allocation | None
    problem: str = ""


def read_sheet(desk: Desk, sheet: Sheet) -> Typed:
    """Check what was typed; unknown fields are left out."""
    found, problems, wrong = Parameters(), [], set()
    for key, original in desk.money.items():
        fen, said = _fen(sheet.money.get(key, _as_yuan(original)), original)
        if said:
            problems.append(f"{desk.label(key)}{said}")
            wrong.add(key)
        elif fen is not None and fen != original:
            kind, _, name = key.partition(":")
            found = found.with_rate(name, fen) if kind == "rate" else found.with_fund(name, fen)
    for cell, places in desk.places.items():
        number, said = _whole(sheet.places.get(cell, places), places)
        if said:
            problems.append(f"{desk.label(cell)}的名额{said}")
            wrong.add(cell)
        elif number is not None and number != places:
            found = found.with_places(cell, number)
    for case_id in desk.assessed.facts.cases["case_id"] if sheet.decided else ():
        fen, said = _fen(sheet.decided.get(case_id), None)
        if said:
            problems.append(f"有一处拟定金额{said}")
            wrong.add(case_id)
        elif fen is not None:
            found = found.with_decided(case_id, fen)
    extras = tuple(
        Extra(cell, *(str(given.get(name) or "").strip() for name in ("reason", "decider", "road")))
        for cell, given in sheet.reasons.items()
        if cell in desk.places and cell in found.places and any(given.values())
    )
    return Typed(
        Parameters(found.rates, found.places, found.funds, found.decided, extras), tuple(problems), frozenset(wrong)
    )


def _as_yuan(fen: int | None) -> int | float | None:
    """Return fen as a number field shows them."""
    return None if fen is None else fen // 100 if fen % 100 == 0 else fen / 100


def _fen(value: object, original: int | None) -> tuple[int | None, str]:
    """Return (fen, "") or (None, the end of a sentence)."""
    stands = "" if original is None else f"，暂按通知原定 {yuan(original)} 元计算"
    if value is None:
        return None, f"是空的{stands}" if stands else ""
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    try:
        return parse_yuan(text), ""
    except ValueError:
        return None, f"填了“{text}”，金额要填不小于 0 的数，到分为止{stands}"


def _whole(value: object, original: int | None) -> tuple[int | None, str]:
    stands = "" if original is None else f"，暂按通知原定 {original} 名计算"
    if value is None:
        return None, f"是空的{stands}；不给名额请填 0" if stands else ""
    number = int(value) if isinstance(value, float) and value.is_integer() else value
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= MOST_PLACES:
        return None, f"填了“{value}”，名额要填不小于 0 的整数{stands}"
    return number, ""


def work(desk: Desk, typed: Typed) -> Worked:
    """Allocate under what was typed: one move, one allocation."""
    try:
        return Worked(typed, desk.assessed.allocate(typed.parameters))
    except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
        return Worked(typed, None, failure(error))


# -- the circular, a scenario, a draft → fields -----------------------------------------------------------------------


def sheet_of(desk: Desk, parameters: Parameters) -> Sheet:
    """Return the fields as they stand under `parameters`."""
    money = {
        key: _as_yuan((parameters.rates if key.startswith("rate:") else parameters.funds).get(key[5:], original))
        for key, original in desk.money.items()
    }
    places = {cell: parameters.places.get(cell, original) for cell, original in desk.places.items()}
    reasons = {
        extra.cell: {"reason": extra.reason, "decider": extra.decider, "road": extra.road}
        for extra in parameters.extras
    }
    return Sheet(money, places, reasons, {case: _as_yuan(fen) for case, fen in parameters.decided.items()})


def original_sheet(desk: Desk) -> Sheet:
    """Return the circular as it stands."""
    return sheet_of(desk, Parameters())
