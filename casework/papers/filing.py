"""困难党员统计表, 备案统计表 in its three ranges, 本单位慰问名单, 报送情况表."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, select

from casework.adoption import in_force
from casework.db import reading
from casework.facts import Facts
from casework.ledger import facts, policy_of
from casework.lists import Filed, ListState, Table
from casework.lists.filing import filing, person_return, submission, unit_list
from casework.lists.roster import person_values
from casework.models import Adoption, RoundUnit
from casework.papers.asked import Asked, unit_name
from casework.papers.standing import standing_people, year_of
from casework.payment.common import unit_names
from casework.people.deadlines import status_grid
from casework.people.seeing import Shown, masked_contacts, open_contact
from casework.policy import Policy
from casework.review.official import OFFICIAL
from casework.shapes.procedure import FormDefinition, RouteToUnit
from casework.vocabulary import Act, Degree, Reason, Recheck

CARDS = ("card", "designated_card")
TASK = "person_return"


# -- 统计表 ------------------------------------------------------------------------------------------------------


def declared(session: Session, asked: Asked) -> Table:
    """Return 困难党员统计表 with masked cards, to be checked by eye."""
    rows = _declared(session, asked)
    return _returned(session, asked, rows, _cards(masked_contacts(session, people=_ids(rows), kinds=CARDS), {}), False)


def declared_opened(engine: Engine, asked: Asked, *, key: str) -> Table:
    """Return 困难党员统计表 with whole card numbers, once the log says who opened whose.

    Raises:
        Refused: `not_found`, `erased`.
        NotAllowed: A viewer, or beyond his units.
    """
    asked.within_scope()
    with reading(engine) as session:
        people = _ids(_declared(session, asked))
    opened = open_contact(
        engine, purpose=TASK, round_id=asked.round_id, people=people, actor=asked.actor, now=asked.now, key=key
    )
    with reading(engine) as session:
        rows = _declared(session, asked)
        names = {row["person_id"]: row["name"] or "" for row in rows}
        return _returned(session, asked, rows, _cards(opened, names), True)


def _returned(
    session: Session, asked: Asked, rows: list[dict[str, Any]], cards: Mapping[str, str], opened: bool
) -> Table:
    told = [{**row, "card": cards.get(row["person_id"])} for row in rows]
    policy, unit = policy_of(session, asked.round_id), unit_name(session, asked.unit_id)
    return person_return(policy, told, opened=opened, unit=unit, year=asked.year)


def _declared(session: Session, asked: Asked) -> list[dict[str, Any]]:
    known = facts(session, round_id=asked.round_id, as_of=asked.today, units=asked.actor.units)
    return [
        one
        for one in _case_rows(known)
        if asked.unit_id in (None, one["unit_id"]) and asked.branch in ("", one["branch"])
    ]


def _case_rows(known: Facts) -> list[dict[str, Any]]:
    """Return the cases of a round as the lists print them, units in their order, each by its own ranking."""
    people = {row["person_id"]: row for row in known.people.iter_rows(named=True)}
    units = {row["unit_id"]: row for row in known.units.iter_rows(named=True)}
    causes: dict[str, list[Mapping[str, Any]]] = {}
    for cause in known.causes.iter_rows(named=True):
        causes.setdefault(cause["case_id"], []).append(cause)
    found = []
    for case in known.cases.iter_rows(named=True):
        unit, person = units.get(case["unit_id"], {}), people[case["person_id"]]
        order, rank = unit.get("order"), case["unit_rank"]
        told = {
            **person,
            "unit": unit.get("name"),
            "category": case["category"],
            "amount_fen": None,
            "funded": True,
            "causes": causes.get(case["case_id"], []),
        }
        place = (order is None, order or 0, case["unit_id"], case["category"] or "", rank is None, rank or 0)
        own = {name: case[name] for name in ("case_id", "person_id", "unit_id", "degree")}
        values = {**person_values(told), **own, "started": person["started_work_on"]}
        found.append(((*place, case["case_id"]), values))
    return [values for _, values in sorted(found, key=lambda pair: pair[0])]


def _ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["person_id"] for row in rows]


def _cards(contacts: list[Shown], names: Mapping[str, str]) -> dict[str, str]:
    """Return person → the card a payment goes to and whose it is; his own before that of somebody else.

    Args:
        contacts: His cards, opened or masked.
        names: Person → his name, for a card on which nobody wrote a holder; empty where no holder is shown.
    """
    found: dict[str, str] = {}
    for one in sorted(contacts, key=lambda one: (one.kind != "card", one.contact_id)):
        if one.usable:
            found.setdefault(one.person_id, f"{one.value} {one.holder or names.get(one.person_id, '')}".strip())
    return found


# -- 备案 --------------------------------------------------------------------------------------------------------


def filed_all(session: Session, asked: Asked) -> Table:
    """Return 备案统计表: everybody who stands in the ledger this year."""
    return _filed(session, asked, Filed.ALL)


def filed_new(session: Session, asked: Asked) -> Table:
    """Return 新增备案统计表: only who is new this year."""
    return _filed(session, asked, Filed.NEW)


def filed_existing(session: Session, asked: Asked) -> Table:
    """Return 备案统计汇总表: who stood in the ledger before this year, for the unit to re-check."""
    return _filed(session, asked, Filed.EXISTING)


def _filed(session: Session, asked: Asked, filed: Filed) -> Table:
    policy = policy_of(session, asked.round_id)
    people = []
    for one in standing_people(session, asked):
        ended, new = one["outcome"] == Recheck.ENDED.label, _is_new(policy, one)
        if {Filed.ALL: not ended, Filed.NEW: new, Filed.EXISTING: not new}[filed]:
            people.append(one)
    phones = {one.person_id: one.value for one in masked_contacts(session, people=_ids(people), kinds=("phone",))}
    rows = [{**one, "phone": phones.get(one["person_id"])} for one in people]
    return filing(
        policy,
        filed,
        rows,
        year=year_of(session, asked),
        unit=unit_name(session, asked.unit_id),
        units=_units(session, asked) if filed is Filed.EXISTING else (),
    )


def _is_new(policy: Policy, one: Mapping[str, Any]) -> bool:
    """Tell whether somebody is new this year: as the re-check found, else by his path, else by what was known before.

    A circular names the path whose people stand on each of its two lists.
    Source: JZ-N2.2, JZ-A4.
    """
    paths = {shape.form: clause.for_paths for clause, shape in policy.of_shape(FormDefinition)}
    if one["outcome"] is None and one["path"]:
        for filed, new in ((Filed.NEW, True), (Filed.EXISTING, False)):
            if one["path"] in paths.get(filed.value, ()):
                return new
    return bool(one["new"])


def _units(session: Session, asked: Asked) -> list[str]:
    """Return the names of the units of the round, in their order."""
    listed = set(session.exec(select(RoundUnit.unit_id).where(RoundUnit.round_id == asked.round_id)))
    return [
        name
        for unit_id, name in unit_names(session).items()
        if (not listed or unit_id in listed) and asked.actor.may_see(unit_id)
    ]


# -- of one unit, and what the units hand in --------------------------------------------------------------------------


def nominations(session: Session, asked: Asked) -> Table:
    """Return 本单位慰问名单: the people of one unit, those helped from above and those it helps itself."""
    unit_id = asked.one_unit("本单位慰问名单")
    policy, adoption = policy_of(session, asked.round_id), in_force(session, asked.round_id, Act.LIST)
    awards = {row["case_id"]: row for row in adoption.numbers["awards"]} if adoption else {}
    kept = {row["case_id"]: row for row in adoption.numbers["reserve"]} if adoption else {}
    known = facts(session, round_id=asked.round_id, as_of=asked.today, units=asked.actor.units)
    routed = any(True for _ in policy.of_shape(RouteToUnit))
    rows = []
    waiting = 0
    for row in _case_rows(known):
        if row["unit_id"] != unit_id or asked.branch not in ("", row["branch"]):
            continue
        case_id = row["case_id"]
        if case_id in awards:
            rows.append({**row, "by": "上级慰问", "amount": awards[case_id]["amount_fen"]})
        elif _left_to_unit(kept.get(case_id, {}), row["degree"], routed=routed):
            rows.append({**row, "by": "本单位慰问"})
        elif adoption is None:
            rows.append(row)
        else:
            waiting += 1  # who is excluded, or whose papers are not complete, is nobody's to help under this circular
    remarks = [f"另有 {waiting} 人不符合条件或材料未齐，未列入。"] if waiting else []
    if adoption is None:
        remarks.append("上级名单尚未确定，“由谁慰问”待定。")
    return unit_list(policy, rows, unit=unit_name(session, unit_id), state=_state(adoption), remarks=remarks)


def _left_to_unit(kept: Mapping[str, Any], degree: str | None, *, routed: bool) -> bool:
    """Tell whether the circular leaves somebody to his own unit.

    Who could have been helped from above but for the places, and whose hardship is not exceptional: an exclusion the
    circular makes with 一般, so that only an exception would bring him on the list above.
    Source: IM-3.2.2, IM-3.4.3.
    """
    lesser = degree == Degree.HARDSHIP.value and kept.get("reason") == Reason.NEEDS_EXCEPTION.value
    return kept.get("route") == "unit" or (routed and lesser)


def _state(adoption: Adoption | None) -> ListState:
    if adoption is None:
        return ListState.DRAFT
    return ListState.OFFICIAL if adoption.state == OFFICIAL else ListState.MEETING


def handed_in(session: Session, asked: Asked) -> Table:
    """Return 报送情况表 of this moment."""
    policy = policy_of(session, asked.round_id)
    grid = status_grid(session, round_id=asked.round_id, now=asked.now, actor=asked.actor)
    if asked.unit_id is not None:
        grid = grid.filter(unit_id=asked.unit_id)
    return submission(policy, grid, now=asked.now, unit=policy.issuer)
