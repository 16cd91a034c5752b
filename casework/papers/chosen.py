"""Whom a form about one person is for: the cases asked for with what the ledger knows of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl
from sqlmodel import Session

from casework.facts import Facts
from casework.ledger import facts, policy_of
from casework.papers.asked import Asked
from casework.policy import Policy
from casework.problems import Refused
from casework.vocabulary import Term

_NOBODY: Final = ("nobody", "所选范围内没有人员，没有可以打印的表")


def chosen(session: Session, asked: Asked) -> tuple[Policy, Facts, list[dict[str, Any]]]:
    """Return the circular, the facts, and the cases asked for in the order of units and their own ranking.

    Raises:
        Refused: `not_found`, `nobody`.
    """
    policy = policy_of(session, asked.round_id)
    known = facts(session, round_id=asked.round_id, as_of=asked.today, units=asked.actor.units)
    units, people = by(known.units, "unit_id"), by(known.people, "person_id")
    labels = {category.id: category.label for category in policy.categories}
    found = []
    for case in known.cases.iter_rows(named=True):
        unit = units.get(case["unit_id"], {})
        branch = people[case["person_id"]]["branch"]
        if asked.unit_id not in (None, case["unit_id"]) or asked.branch not in ("", branch):
            continue
        if asked.case_id in ("", case["case_id"]):
            order, rank = unit.get("order"), case["unit_rank"]
            place = (order is None, order or 0, case["unit_id"], rank is None, rank or 0, case["case_id"])
            label = labels.get(case["category"] or "", "")
            found.append((place, {**case, "unit": unit.get("name") or "", "category_label": label}))
    if not found:
        code, said = ("not_found", "没有这份个案，或不在您的单位范围内，或已减员") if asked.case_id else _NOBODY
        raise Refused(code, said)
    return policy, known, [case for _, case in sorted(found, key=lambda pair: pair[0])]


def by(frame: pl.DataFrame, key: str) -> dict[str, dict[str, Any]]:
    """Return the rows of a frame by a key of which each has one row."""
    return {row[key]: row for row in frame.iter_rows(named=True)}


def lists_by(frame: pl.DataFrame, key: str) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a frame by a key of which each may have several."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in frame.iter_rows(named=True):
        found.setdefault(row[key], []).append(row)
    return found


def label_of(term: type[Term], value: str | None) -> str:
    """Return the Chinese word of a stored value, "" for none."""
    return next((one.label for one in term if one.value == value), "")


def seen(row: Mapping[str, Any]) -> str:
    """Return what was done with a paper: 原件已核, 复印件已留."""
    kept = [words for words, yes in (("原件已核", row["original_seen"]), ("复印件已留", row["copy_kept"])) if yes]
    return "，".join(kept) or "未核"
