"""The form of one case: which fields it has under a circular, and the texts it starts with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from casework.intake import known_columns
from casework.intake.columns import MEMBER, SheetColumn, asks_for_id
from casework.money import yuan
from casework.people.remembered import ANSWER
from casework.policy import Policy
from casework.vocabulary import Beneficiary, HardshipCause, Membership, Sex, Tag, Term

_ELSEWHERE: Final = frozenset(
    [
        "index",
        "unit",
        "rate",
        "visitor",
        "remarks",
        "per_head",
        "monthly_pay",
        "housing_area",
        "card_holder",
        "address_phone",
        "notice",
        "notice_from",
        "notice_to",
        "objections",
        "recommended_on",
        "branch_meeting_on",
        "committee_on",
    ]
)
"""What a sheet may carry and a case does not keep, or what has a form of its own."""
COLUMNS: Final = {"yearly_income": "yearly_income_fen", "requested": "requested_fen", "cause": "brief"}
_TERMS: Final[Mapping[str, type[Term]]] = {"sex": Sex, "membership": Membership, "beneficiary": Beneficiary}


@dataclass(frozen=True)
class EntryField:
    """One field of the form.

    Attributes:
        key: What `add_case` and `correct_case` call it.
        label: As the officer reads it.
        kind: As `intake.columns.SheetColumn.kind`.
        choices: The words to choose from; empty: free text.
        required: Without it nothing is saved.
        sensitive: It is sealed and never filled in beforehand.
    """

    key: str
    label: str
    kind: str
    choices: tuple[str, ...] = ()
    required: bool = False
    sensitive: bool = False


def entry_fields(policy: Policy) -> tuple[EntryField, ...]:
    """Return the fields of a case under this circular, in the order of a sheet."""
    return tuple(
        EntryField(
            column.id, column.label, column.kind, _choices(column, policy), column.id == "name", is_sealed(column)
        )
        for column in form_columns(policy)
    )


def form_columns(policy: Policy) -> list[SheetColumn]:
    """Return the columns of a sheet that a case keeps."""
    own = {field.id for field in policy.fields}
    return [
        column
        for column in known_columns(policy)
        if not column.id.startswith(MEMBER)
        and (column.id not in _ELSEWHERE or column.id in own)
        and (column.id != "id_number" or asks_for_id(policy))
        and (column.id != "path" or policy.paths)
    ]


def is_sealed(column: SheetColumn) -> bool:
    """Tell whether it is never filled in beforehand."""
    return column.sensitive or column.id in {"cause", "brief", "members", "other_aid"}


def _choices(column: SheetColumn, policy: Policy) -> tuple[str, ...]:
    match column.kind:
        case "sex":
            return tuple(each.label for each in Sex)
        case "membership":
            return (Membership.FULL.label, Membership.PROBATIONARY.label, "群众")
        case "beneficiary":
            return tuple(each.label for each in Beneficiary)
        case "category":
            return tuple(each.label for each in policy.categories)
        case "path":
            return tuple(label for _, label in policy.paths)
        case "flag":
            return ("是", "否")
        case "cause":
            return tuple(each.label for each in HardshipCause)
    return tuple(column.choices)


def texts_of(policy: Policy, known: Mapping[str, Any]) -> dict[str, str]:
    """Return field → text of a row of `people.remembered`; what is sealed stays blank."""
    words = {"category": {each.id: each.label for each in policy.categories}, "path": dict(policy.paths)}
    found: dict[str, str] = {}
    for column in form_columns(policy):
        name = COLUMNS.get(column.id, column.id)
        value = known.get(name, known.get(ANSWER + column.id))
        if value is None or is_sealed(column):
            continue
        if column.id in _TERMS:
            label = _TERMS[column.id](value).label
            value = "群众" if value == Membership.NONE.value and column.id == "membership" else label
        elif column.id in words:
            value = words[column.id].get(value, "")
        elif column.kind == "flag":
            value = "是" if value in (True, "1") else "否"
        elif column.kind == "fen":
            value = yuan(int(value))
        elif isinstance(value, date):
            value = value.isoformat()
        found[column.id] = str(value)
    tags = "、".join(Tag(each).label for each in known.get("tags") or ())
    if tags:
        found["position"] = "、".join(filter(None, (found.get("position"), tags)))
    return found
