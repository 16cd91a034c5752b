"""The people of a unit as its 填报模板 would have them, so that next time it corrects its list instead of typing it.

Nothing sealed is opened for it: numbers, cards, phones and addresses stay blank, and a blank cell changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

import polars as pl
from sqlmodel import Session

from casework.facts import Facts
from casework.intake import template_columns
from casework.intake.preview import LABELS
from casework.ledger import facts, rounds
from casework.money import yuan
from casework.policy import Policy
from casework.vocabulary import Beneficiary, HardshipCause, Membership, Sex, Tag, Term

_TERMS: Final[Mapping[str, type[Term]]] = {"sex": Sex, "membership": Membership, "beneficiary": Beneficiary}
_STORED: Final = {"yearly_income": "yearly_income_fen", "requested": "requested_fen"}


def unit_rows(session: Session, *, policy: Policy, round_id: str, unit_id: str, on: date) -> list[dict[str, str]]:
    """Return the people of a unit for its template: those it has in the round, else those of its latest earlier round.

    Of an earlier round comes who the people are and how they live; what is decided anew each time (推荐顺序, 金额, the
    circular's own questions, a category this circular has not) stays blank, and the dead are left out.

    Args:
        session: A session on the ledger.
        policy: The circular of the round.
        round_id: The round.
        unit_id: The unit; the caller may see it.
        on: The day.
    """
    mine = facts(session, round_id=round_id, as_of=on, units=[unit_id])
    if mine.cases.height:
        return filled_rows(mine, policy=policy, unit_id=unit_id)
    listed = rounds(session)
    opened = next((each.opened_on for each in listed if each.round_id == round_id), on)
    for each in listed:
        if each.round_id == round_id or each.opened_on > opened:
            continue
        before = facts(session, round_id=each.round_id, as_of=on, units=[unit_id])
        alive = before.people.filter(pl.col("deceased").fill_null(value=False).not_())["person_id"]
        cases = before.cases.filter(pl.col("person_id").is_in(alive.implode()))
        if cases.height:
            return _anew(filled_rows(replace(before, cases=cases), policy=policy, unit_id=unit_id), policy)
    return []


def _anew(rows: list[dict[str, str]], policy: Policy) -> list[dict[str, str]]:
    asked = {"unit_rank", "requested", *(field.id for field in policy.fields)}
    words = {"category": {each.label for each in policy.categories}, "path": {label for _, label in policy.paths}}
    return [
        {column: text for column, text in row.items() if column not in asked and text in words.get(column, {text})}
        for row in rows
    ]


def filled_rows(facts: Facts, *, policy: Policy, unit_id: str) -> list[dict[str, str]]:
    """Return the cases of a unit in the columns of the template: column id → words; what is unknown has no words.

    Args:
        facts: Those of the round, within what the caller may see.
        policy: The circular of the round.
        unit_id: The unit.
    """
    causes, aid = _group(facts.causes, "case_id"), _group(facts.aid, "person_id")
    answers = _group(facts.answers, "case_id")
    homes = {row["household_id"]: row for row in facts.households.iter_rows(named=True)}
    words = {"category": {each.id: each.label for each in policy.categories}, "path": dict(policy.paths)}
    kinds = {each.id: each.kind for each in policy.fields}
    columns = {column.id for column in template_columns(policy)}
    cases = facts.cases.filter(facts.cases["unit_id"] == unit_id).join(facts.people, on="person_id", how="left")
    found = []
    for number, row in enumerate(cases.sort("category", "unit_rank", "case_id", nulls_last=True).to_dicts(), start=1):
        told: dict[str, Any] = row | homes.get(row["household_id"] or "", {})
        filled = {"index": str(number), "brief": _brief(causes[row["case_id"]])}
        filled["other_aid"] = "；".join(
            each["source"] for each in aid[row["person_id"]] if each["kind"] is None and not each["own"]
        )
        roles = (row["position"], *(Tag(tag).label for tag in row["tags"] or ()))
        filled["position"] = "、".join(dict.fromkeys(filter(None, roles)))
        for column in LABELS.keys() & told.keys() | _STORED.keys():
            if column not in filled:
                filled[column] = _words(column, told.get(_STORED.get(column, column)), words)
        for answer in answers[row["case_id"]]:
            filled[answer["field"]] = _answer(answer, kinds.get(answer["field"], "text"))
        found.append({column: text for column, text in filled.items() if text and column in columns})
    return found


def _group(frame: Any, column: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in frame.iter_rows(named=True):
        found[row[column]].append(row)
    return found


def _brief(causes: Iterable[Mapping[str, Any]]) -> str:
    parts = ((HardshipCause(each["cause"]).label if each["cause"] else "", each["note"] or "") for each in causes)
    return "；".join("：".join(filter(None, part)) for part in parts if any(part))


def _words(column: str, value: Any, words: Mapping[str, Mapping[str, str]]) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, date):
        return value.isoformat()
    if column in _STORED:
        return yuan(value)
    if column in _TERMS:
        return _TERMS[column](value).label
    return words.get(column, {}).get(str(value), str(value))


def _answer(answer: Mapping[str, Any], kind: str) -> str:
    if answer["number"] is not None:
        number = int(answer["number"])
        return ("是" if number else "否") if kind == "flag" else yuan(number) if kind == "fen" else str(number)
    return _words("", answer["date"] if answer["date"] is not None else answer["text"], {})
