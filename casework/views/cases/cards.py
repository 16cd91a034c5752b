"""核对卡号: the cards of a round in clear for this one task; who looked and why stands in the log before they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from sqlmodel import col, select

from casework.access import Actor
from casework.db import reading
from casework.models import Case, Person
from casework.people.seeing import TASKS, Shown, open_contact
from casework.problems import CaseworkError, Refused
from casework.views.cases.desk import CaseDesk, Look
from casework.views.desk import clock
from casework.views.html import badge, card, failure, folded, note, shown
from casework.views.plans import Told, new_key
from casework.vocabulary import Relation

TASK = "check_cards"


@dataclass(frozen=True)
class CardCheck:
    """The cards that were opened, for the account and the round they were opened for.

    Attributes:
        actor_id: Whose page opened them.
        round_id: The round.
        cards: In clear.
    """

    actor_id: str
    round_id: str
    cards: Sequence[Shown]

    def __repr__(self) -> str:
        """Keep the numbers out of tracebacks."""
        return f"CardCheck({len(self.cards)} cards)"


def open_cards(desk: CaseDesk, actor: Actor, unit_id: str = "") -> tuple[Told, CardCheck | None]:
    """Open the cards of a round, or of one of its units, for the task 核对卡号; the log has it first."""
    try:
        found = open_contact(
            desk.engine,
            purpose=TASK,
            round_id=desk.round_id,
            people=_of_unit(desk, unit_id) if unit_id else None,
            actor=actor,
            now=clock(),
            key=new_key(),  # every opening is another line of the log
        )
    except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
        return Told(
            done=False, html=note(failure(error), "warn" if isinstance(error, CaseworkError) else "error")
        ), None
    return Told(done=False, html=""), CardCheck(actor.id, desk.round_id, found)


def _of_unit(desk: CaseDesk, unit_id: str) -> list[str]:
    if unit_id not in desk.unit_names:
        raise Refused("not_found", "没有这个单位，或不在您的单位范围内")
    with reading(desk.engine) as session:
        query = select(Case.person_id).where(Case.round_id == desk.round_id, Case.unit_id == unit_id)
        return list(session.exec(query))


def cards_table(desk: CaseDesk, look: Look, check: CardCheck | None) -> pl.DataFrame | None:
    """Return the opened cards, unit by unit, those to be looked at first; None while nothing is opened.

    While others look at the screen, and for another round or account, nothing counts as opened.
    """
    if check is None or look.projected or (check.actor_id, check.round_id) != (desk.actor.id, desk.round_id):
        return None
    with reading(desk.engine) as session:
        query = (
            select(Case.person_id, Person.name, Case.unit_id)
            .join(Person, col(Person.person_id) == col(Case.person_id))
            .where(Case.round_id == desk.round_id)
        )
        people = {person_id: (name, unit_id) for person_id, name, unit_id in session.exec(query)}
    order = {unit_id: at for at, unit_id in enumerate(desk.unit_names)}
    cards = [one for one in check.cards if one.person_id in people and people[one.person_id][1] in order]
    cards.sort(key=lambda one: (not one.also, one.usable, order[people[one.person_id][1]], one.contact_id))
    rows = [
        {
            "单位": desk.unit_names[people[one.person_id][1]],
            "姓名": look.name(people[one.person_id][0]),
            "卡号": one.value,
            "持卡人": _holder(one, people[one.person_id][0]),
            "说明": _remark(one),
        }
        for one in cards
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(("单位", "姓名", "卡号", "持卡人", "说明"), pl.String))


def _holder(one: Shown, name: str | None) -> str:
    relation = next((term.label for term in Relation if term == one.relation), "")
    return (one.holder or ("未填" if relation else name or "本人")) + (f"（{relation}）" if relation else "")


def _remark(one: Shown) -> str:
    told = [one.label]
    told += ["已撤回委托，不能使用"] if one.revoked_on else []
    told += ["与他人登记的卡号相同，请核对"] if one.also else []
    return "；".join(told)


@shown
def cards_panel(desk: CaseDesk, look: Look, form: str, table: str, told: str) -> str:
    """Return the panel: how to open, then the cards; nothing for readers."""
    if not desk.with_cases or not desk.actor.may_write():
        return ""
    if look.projected:
        return card("核对卡号", note("投屏时不显示卡号。"))
    state = badge("已打开，用途已登记", "amber") if table else ""
    body = state + table + form if table else folded("打开完整卡号", form, opened=bool(told))
    return card("核对卡号", told, body, muted=f"用途固定为“{TASKS[TASK]}”，打开一次登记一次；发放前逐人与卡面核对")
