"""The people of a unit as its 填报模板 would have them, so that next time it corrects its list instead of typing it.

Nothing sealed is opened for it: numbers, cards, phones and addresses stay blank, and a blank cell changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from casework.facts import Facts
from casework.intake import template_columns
from casework.intake.preview import LABELS
from casework.money import yuan
from casework.policy import Policy
from casework.vocabulary import Beneficiary, HardshipCause, Membership, Sex, Tag, Term

_TERMS: Final[Mapping[str, type[Term]]] = {"sex": Sex, "membership": Membership, "beneficiary": Beneficiary}
_STORED: Final = {"yearly_income": "yearly_income_fen", "requested": "requested_fen"}


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
