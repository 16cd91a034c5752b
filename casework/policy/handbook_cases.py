"""The worked cases the handbook shows beside each rule shape, from packs whose cases the tests execute."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from casework.shapes import SHAPES
from casework.vocabulary import Fund, Outcome

MADE_UP: Final = ("relief", "union", "handbook")
"""Folders of `tests/packs` with worked cases, the plainest first."""

_SHOWN: Final = 4


@dataclass(frozen=True)
class Shown:
    """What a clause says, and what becomes of some cases or units under it: (name, result) in Chinese."""

    words: str
    rows: tuple[tuple[str, str], ...]


def shown_cases(tests: Path) -> dict[str, Shown]:
    """Return rule → the worked cases to show, for every shape that has some.

    Args:
        tests: The folder of tests, for the made-up packs; the shipped ones are those of this package.
    """
    shipped = sorted((Path(__file__).parents[1] / "policies").glob("*/cases.toml"))
    found: dict[str, Shown] = {}
    for path in (*(tests / "packs" / name / "cases.toml" for name in MADE_UP), *shipped):
        pack = tomllib.loads(path.with_name("policy.toml").read_text(encoding="utf-8"))
        cases = tomllib.loads(path.read_text(encoding="utf-8"))
        for clause in pack["clause"]:
            rule = clause.get("rule", "")
            if rule in SHAPES and rule not in found and (rows := tuple(_rows(clause, cases))):
                words = clause["text"]
                found[rule] = Shown(words if isinstance(words, str) else "……".join(words), rows[:_SHOWN])
    return found


def _rows(clause: Mapping[str, Any], cases: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    params = clause.get("params", {})
    if clause["kind"] == "limit":
        for row in cases.get("places", []):
            if _speaks_of(clause["rule"], params, row):
                expected = {"open": "据实", "unknown": "不明"}.get(str(row["expect"]), f"{row['expect']} 名")
                yield row["name"], expected
        return
    outcomes = {row["name"]: row.get("expect", {}).get(clause["id"]) for row in cases["case"]}
    for outcome in Outcome:
        names = [name for name, value in outcomes.items() if value == outcome]
        yield from ((name, outcome.label) for name in names[:2])
    for row in cases["case"]:
        if params.get("category") == row.get("category"):
            yield from _money(clause["rule"], row)


def _money(rule: str, row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if rule == "fund_split" and "expect_funds" in row:
        borne = "、".join(f"{Fund(fund).label} {yuan} 元" for fund, yuan in row["expect_funds"].items())
        yield row["name"], borne
    elif rule == "instalments" and "expect_instalments" in row:
        yield row["name"], "、".join(f"{yuan} 元" for yuan in row["expect_instalments"])
    elif rule.startswith("amount_") and "expect_amount" in row:
        amount = row["expect_amount"]
        yield row["name"], amount if amount == "未定" else f"{amount} 元"


def _speaks_of(rule: str, params: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Tell whether a `[[places]]` row tries this very clause."""
    unit = row.get("unit")
    if params.get("category") != row.get("category") and rule != "quota_grid":
        return False
    if (rule == "cap_total") != (unit is None):
        return False
    if rule == "quota_by_headcount":
        members = unit.get("members") if unit else None
        lowest = params.get("members_from", params.get("members_above", -1) + 1)
        highest = params.get("members_to", params.get("members_below", 10**9) - 1)
        return members is not None and lowest <= members <= highest
    if rule == "quota_by_unit_kind":
        return unit is not None and unit.get("kind") in params["unit_kinds"]
    return True
