"""What the ledger knows of the people of a round, by the items a superior's workbook may ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlmodel import Session

from casework.adoption import in_force
from casework.facts import Facts
from casework.ledger import policy_of, thaw
from casework.lists.roster import cause_labels, in_print_order, person_values
from casework.money import half_up, yuan
from casework.papers.asked import Asked, award_frame
from casework.papers.chosen import by, chosen, label_of, lists_by
from casework.people.seeing import Shown
from casework.policy import Policy
from casework.problems import Refused
from casework.review.records import histories
from casework.vocabulary import Act, AidKind, AidStatus, Beneficiary, Relation, Stage

WHO: Final = {"listed": "名单上的人员", "all": "本轮全部人员"}
"""Whom a workbook is filled with: those on the adopted list as it was adopted, or everybody of the round today."""

_STEPS: Final = {
    "recommended_on": Stage.RECOMMENDATION,
    "branch_meeting_on": Stage.BRANCH_MEETING,
    "committee_on": Stage.DETERMINATION,
}
Record = dict[str, Any]


@dataclass(frozen=True)
class Money:
    """An amount in fen."""

    fen: int


@dataclass(frozen=True)
class Told:
    """One person: item → value; None is not known.

    Attributes:
        case_id: The case.
        person_id: Who it is.
        values: `str`, `int`, `date`, `Money` or None by item.
        relatives: The same for each member of the household, `member.` items.
    """

    case_id: str
    person_id: str
    values: Mapping[str, object]
    relatives: tuple[Mapping[str, object], ...] = field(default=())


def whom(session: Session, asked: Asked, who: str) -> tuple[Policy, Facts, list[Record]]:
    """Return the circular, the facts and the cases in printed order, as the list or the round has them.

    Args:
        session: A session on the ledger.
        asked: Of which round, unit, branch.
        who: One of `WHO`; "": those on the list once there is one, else everybody.

    Raises:
        Refused: `no_list`, `nobody`, `bad_value`.
        NotAllowed: `scope`.
    """
    asked.within_scope()
    if who not in ("", *WHO):
        raise Refused("bad_value", f"填谁只能写：{'、'.join(WHO.values())}")
    adoption = in_force(session, asked.round_id, Act.LIST) if who != "all" else None
    if adoption is None:
        if who == "listed":
            raise Refused("no_list", "这一轮还没有确定名单，可以改填“本轮全部人员”")
        return chosen(session, asked)
    policy, known = policy_of(session, asked.round_id), thaw(session, adoption.snapshot_hash or "")
    rates = {row["category"]: row["rate_fen"] for row in adoption.numbers["plan"]}
    cases = by(known.cases, "case_id")
    found = [
        {
            **cases.get(record["case_id"], {}),
            "person_id": record.get("person_id") or cases[record["case_id"]]["person_id"],
            "unit": record["unit"] or "",
            "category_label": record["category"] or "",
            "amount_fen": record["amount_fen"],
            "rate_fen": rates.get(record["category_id"]),
            "funded": record["funded"],
        }
        for record in in_print_order(policy, known, award_frame(adoption.numbers["awards"]), asked.unit_id)
        if asked.branch in ("", record["branch"])
    ]
    if not found:
        raise Refused("nobody", "所选范围内没有人员，没有可以填的")
    return policy, known, found


def told_people(  # noqa: PLR0913, PLR0917 - where it is read, and of whom
    session: Session, asked: Asked, known: Facts, policy: Policy, cases: Sequence[Record], contacts: Iterable[Shown]
) -> list[Told]:
    """Return everything an item may ask for of each case, in the order given; nothing is guessed or made up.

    Args:
        session: A session on the ledger.
        asked: Of which round.
        known: What is known of them.
        policy: The circular.
        cases: As `whom` returns them.
        contacts: Their numbers, masked or opened.
    """
    people, homes = by(known.people, "person_id"), by(known.households, "household_id")
    members, causes = lists_by(known.members, "household_id"), lists_by(known.causes, "case_id")
    aid, answers = lists_by(known.aid, "person_id"), lists_by(known.answers, "case_id")
    done = histories(session, asked.round_id, [case["case_id"] for case in cases])
    reached: dict[str, list[Shown]] = {}
    for one in contacts:
        reached.setdefault(one.person_id, []).append(one)
    kinds = {each.id: each.kind for each in policy.fields}
    found = []
    for number, case in enumerate(cases, start=1):
        person = people[case["person_id"]]
        home = homes.get(person["household_id"] or "", {})
        steps = done.get(case["case_id"], {})
        relatives = tuple(_relative(row) for row in members.get(person["household_id"] or "", []))
        values = {
            "index": number,
            **_own(person, case, causes.get(case["case_id"], [])),
            **_home(home),
            **{item: steps[stage].on if stage in steps else None for item, stage in _STEPS.items()},
            **_reached(reached.get(case["person_id"], []), person["name"] or ""),
            "other_aid": "；".join(map(_aid, aid.get(case["person_id"], []))) or None,
            "members": "；".join(_member(row) for row in relatives) or None,
            **{
                row["field"]: _answer(row, kinds[row["field"]])
                for row in answers.get(case["case_id"], [])
                if row["field"] in kinds
            },
        }
        found.append(Told(case["case_id"], case["person_id"], values, relatives))
    return found


def _own(person: Record, case: Record, causes: list[Record]) -> dict[str, object]:
    record = {
        **person,
        "unit": case["unit"],
        "category": case["category_label"],
        "amount_fen": case.get("amount_fen"),
        "funded": case.get("funded", True),
        "causes": causes,
    }
    own = person_values(record)
    return {
        **{name: own[name] for name in ("unit", "name", "sex", "ethnicity", "membership", "category", "branch")},
        **{name: own[name] for name in ("position", "brief", "remarks")},
        "born_on": person["born_on"],
        "joined_party_on": person["joined_party_on"],
        "full_member_on": person["full_member_on"],
        "started_work_on": person["started_work_on"],
        "beneficiary": label_of(Beneficiary, person["beneficiary"]) or None,
        "unit_rank": case.get("unit_rank"),
        "cause": "、".join(cause_labels(causes)) or None,
        "amount": _money(case.get("amount_fen")),
        "rate": _money(case.get("rate_fen")),
        "requested": _money(case.get("requested_fen")),
    }


def _home(home: Record) -> dict[str, object]:
    income, size, dibao = home.get("yearly_income_fen"), home.get("size"), home.get("dibao")
    return {
        "size": size,
        "minors": home.get("minors"),
        "yearly_income": _money(income),
        "per_head": _money(half_up(income, size)) if income is not None and size else None,
        "dibao": None if dibao is None else "是" if dibao else "否",
    }


def _reached(contacts: Sequence[Shown], name: str) -> dict[str, object]:
    """Return the numbers: the own card before one of somebody else, whose holder is named where he may be seen."""
    said: dict[str, Any] = {one.kind: one.value for one in contacts if one.kind in ("phone", "address", "id_number")}
    usable = sorted((one for one in contacts if one.usable), key=lambda one: (one.kind != "card", one.contact_id))
    if usable:
        said["card"] = usable[0].value
        said["card_holder"] = usable[0].holder or (name if usable[0].kind == "card" else None)
    said["address_phone"] = "　".join(filter(None, (said.get("address"), said.get("phone")))) or None
    return said


def _relative(row: Mapping[str, Any]) -> dict[str, object]:
    return {
        "member.name": row["name"],
        "member.relation": label_of(Relation, row["relation"]) or None,
        "member.born_on": row["born_on"],
        "member.employment": row["employment"],
        "member.yearly": _money(row["yearly_income_fen"]),
    }


def _member(row: Mapping[str, object]) -> str:
    relation = row["member.relation"]
    return f"{row['member.name'] or ''}{f'（{relation}）' if relation else ''}"


def _aid(row: Mapping[str, Any]) -> str:
    amount = "" if row["amount_fen"] is None else f"{yuan(row['amount_fen'])}元"
    year = f"{row['on'].year}年" if row["on"] else ""
    words = label_of(AidKind, row["kind"]) or row["source"] or "帮扶"
    status = label_of(AidStatus, row["status"])
    return f"{year}{words}{amount}" + (f"（{status}）" if row["status"] not in (None, AidStatus.GRANTED) else "")


def _answer(row: Mapping[str, Any], kind: str) -> object:
    number = row["number"]
    if kind == "flag":
        return None if number is None else "是" if number else "否"
    if kind == "fen":
        return _money(number)
    value: date | str | int | None = number if number is not None else row["date"] or row["text"]
    return value


def _money(fen: int | None) -> Money | None:
    return None if fen is None else Money(fen)
