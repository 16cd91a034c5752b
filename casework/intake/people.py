"""A person that was read becomes a row of `schema.INTAKE`, with the people of the household beside it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from casework.dates import PartialDate
from casework.identity import Card, IdNumber
from casework.intake.cells import Read, plain
from casework.intake.columns import MEMBER
from casework.intake.draft import Draft
from casework.intake.texts import note, warn
from casework.intake.words import CAUSES, RELATIONS
from casework.money import half_up
from casework.vocabulary import Membership

if TYPE_CHECKING:
    from collections.abc import Iterator

    from casework.policy import Policy
    from casework.policy.pack import Field

AS_READ: Final = {
    "name": "name",
    "sex": "sex",
    "ethnicity": "ethnicity",
    "membership": "membership",
    "branch": "branch",
    "employer": "employer",
    "path": "path",
    "unit_rank": "unit_rank",
    "brief": "brief",
    "size": "size",
    "minors": "minors",
    "yearly_income": "yearly_income_fen",
    "monthly_pay": "monthly_pay_fen",
    "housing_area": "housing_area",
    "dibao": "dibao",
    "requested": "requested_fen",
    "objections": "objections",
    "other_aid": "other_aid",
    "remarks": "remarks",
    "address": "address",
}
"""Column of the sheet → column of the row, where the value is taken as it is."""

DAYS: Final = (
    "born_on",
    "joined_party_on",
    "full_member_on",
    "started_work_on",
    "notice_from",
    "notice_to",
    "recommended_on",
    "branch_meeting_on",
    "committee_on",
)


def row_of(draft: Draft, policy: Policy) -> dict[str, Any]:
    """Return one row of `schema.INTAKE`."""
    row: dict[str, Any] = {"sheet": draft.sheet.name, "row": draft.row, "state": "held" if draft.held else "clean"}
    row |= draft.values
    reads = {column: draft.read(source) for source, column in AS_READ.items()}
    row |= {column: None if read.held else read.value for column, read in reads.items()}
    for column in DAYS:
        day = draft.day(column)
        row[column] = day.on if day else None
    born = draft.day("born_on")
    row["born_precision"] = born.precision if born else None
    row["position"], row["tags"] = draft.read("position").value or (None, None)
    row["causes"], row["brief"] = causes_and_brief(draft.read("cause").value, row["brief"])
    written = draft.read("beneficiary").value
    row["beneficiary"] = beneficiary_of(policy, written, row.get("category"), row["membership"])
    row["beneficiary_stated"] = draft.read("beneficiary").value is not None
    income, size = row["yearly_income_fen"], row["size"]
    row["per_head_fen"] = half_up(income, size) if income is not None and size else None
    return row | _contacts(draft)


def _contacts(draft: Draft) -> dict[str, Any]:
    number, card = draft.read("id_number").value, draft.read("card").value
    address, phones = draft.read("address_phone").value or (None, [])
    phones = [*(draft.read("phone").value or []), *phones]
    found: dict[str, Any] = {
        "id_number": number.number if isinstance(number, IdNumber) else None,
        "card": card.number if isinstance(card, Card) else None,
        "card_holder": (card.holder if isinstance(card, Card) else "") or draft.read("card_holder").value,
        "phone": phones[0] if phones else None,
        "more_phones": phones[1:] or None,
    }
    return found | ({"address": address} if address else {})


def causes_and_brief(read: tuple[list[str], str] | None, brief: str | None) -> tuple[list[str] | None, str | None]:
    """Return the causes from 困难类型 and 简况, and 简况 with the words of 困难类型 that are no cause before it."""
    causes, rest = read or ([], "")
    parts = split_causes(brief or "")
    found = list(dict.fromkeys([*causes, *(cause for cause, _ in parts if cause)])) or None
    return found, "；".join(words for words in (rest, brief) if words) or None


def beneficiary_of(policy: Policy, written: str | None, category: str | None, membership: str | None) -> str | None:
    """Return who the person is to the circular: as written, else the only kind of its category, else a member."""
    if written is not None:
        return str(written)
    allowed = policy.category(category).beneficiaries if category else ()
    if len(allowed) == 1:
        return allowed[0].value
    member = membership in {Membership.FULL.value, Membership.PROBATIONARY.value}
    return "member" if member else None


def split_causes(brief: str) -> list[tuple[str | None, str]]:
    """Return (cause, words) for every part of 简况; only a word of the list before a colon, or alone, is a cause.

    >>> split_causes("本人重大疾病：示例病；房屋受损")
    [('own_illness', '示例病'), (None, '房屋受损')]
    """
    found: list[tuple[str | None, str]] = []
    for part in filter(None, (words.strip() for words in re.split("[；;]", brief))):
        label, _, words = part.replace(":", "：").partition("：")
        cause = CAUSES.get(plain(label))
        found.append((cause.value, words.strip()) if cause else (None, part))
    return found


def relative_rows(draft: Draft) -> Iterator[dict[str, Any]]:
    """Yield the people of the household: from their own rows, and from one cell that lists them."""
    for relative in [*draft.relatives, *_listed(draft)]:
        values = {key.removeprefix(MEMBER): read.value for key, read in relative.items() if not read.held}
        if all(value is None for value in values.values()):
            continue
        monthly, yearly = values.get("monthly"), values.get("yearly")
        born = values.get("born_on")
        certain = isinstance(born, PartialDate) and born.precision != "year" and not born.approximate
        work = [words for words in (values.get("employer"), values.get("employment")) if words]
        yield {
            "sheet": draft.sheet.name,
            "row": draft.row,
            "name": values.get("name"),
            "relation": values.get("relation"),
            "born_on": born.on if isinstance(born, PartialDate) and certain else None,
            "employment": " ".join(work) or None,
            "yearly_income_fen": yearly if yearly is not None else monthly * 12 if monthly is not None else None,
        }
        if monthly is not None and yearly is None:
            spot = next(
                (cells[f"{MEMBER}monthly"] for cells in draft.record.relatives if f"{MEMBER}monthly" in cells), None
            )
            draft.say(note("家庭成员月收入按 12 个月折成年收入"), spot or "members")


def _listed(draft: Draft) -> Iterator[dict[str, Read]]:
    """Yield the relatives one cell lists, e.g. 示例甲/妻子/务农；示例乙/儿子/学生."""
    text = draft.read("members").value
    if not isinstance(text, str):
        return
    for part in filter(None, (words.strip() for words in re.split(r"[；;\n]", text))):
        words = [word for word in re.split(r"[/／，,、（）()\s:：]+", part) if word]
        relation = next((word for word in words if plain(word) in RELATIONS), None)
        others = [word for word in words if word is not relation]
        if relation is None or not others:
            draft.say(
                warn(f"“{part}”看不出姓名和关系，没有读入", "请写成“姓名/关系/就业状况”，几个人用分号隔开"), "members"
            )
            continue
        yield {
            f"{MEMBER}name": Read(others[0]),
            f"{MEMBER}relation": Read(RELATIONS[plain(relation)].value),
            f"{MEMBER}employment": Read(" ".join(others[1:]) or None),
        }


def asked_row(draft: Draft, field: Field) -> dict[str, Any] | None:
    """Return the answer to a field the pack declares, or None where nothing is written."""
    read = draft.read(field.id)
    value = read.value
    if value is None or read.held:
        return None
    answer: dict[str, Any] = {"sheet": draft.sheet.name, "row": draft.row, "field": field.id}
    if isinstance(value, PartialDate):
        return answer | {"date": value.on} if draft.day(field.id) else None
    if isinstance(value, int):
        return answer | {"number": int(value)}
    return answer | {"text": str(value)}
