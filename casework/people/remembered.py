"""What the ledger has of a round's people, in the columns of a sheet, so that a file can be held against it.

Sensitive values are never opened for it: numbers and addresses are compared by their keyed digests.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import polars as pl
from sqlalchemy import Select, select
from sqlmodel import Session

from casework.frames import AID, ANSWERS, MEMBERS, Schema
from casework.identity import Key
from casework.intake import Intake, causes_of, contacts_of, other_aid_of, position_of
from casework.ledger.causes import open_causes
from casework.ledger.facts import read_frame
from casework.models import Aid, Answer, Case, Cause, Household, HouseholdMember, Person
from casework.models_people import Contact
from casework.models_review import Removal
from casework.people.contacts import family
from casework.people.register import table

MANY: Final = {"card": "银行卡号", "phone": "联系电话", "address": "家庭住址"}
"""Contacts of which a person may have several, with their words."""
CLOSED: Final = {"brief": "困难情况", "members": "家庭成员", "other_aid": "已接受其他救助", **MANY}
"""Columns that are compared without repeating what stands in them."""
ANSWER: Final = "answer."

_PERSON: Final[Schema] = {
    "person_id": pl.String,
    "name": pl.String,
    "sex": pl.String,
    "ethnicity": pl.String,
    "born_on": pl.Date,
    "joined_party_on": pl.Date,
    "full_member_on": pl.Date,
    "started_work_on": pl.Date,
    "membership": pl.String,
    "beneficiary": pl.String,
    "branch": pl.String,
    "position": pl.String,
    "tags": pl.List(pl.String),
    "household_id": pl.String,
    "version": pl.Int64,
}
_CASE: Final[Schema] = {
    "case_id": pl.String,
    "person_id": pl.String,
    "unit_id": pl.String,
    "category": pl.String,
    "path": pl.String,
    "unit_rank": pl.Int64,
    "requested_fen": pl.Int64,
    "version": pl.Int64,
}
_HOUSEHOLD: Final[Schema] = {
    "household_id": pl.String,
    "size": pl.Int64,
    "minors": pl.Int64,
    "yearly_income_fen": pl.Int64,
    "dibao": pl.Boolean,
    "version": pl.Int64,
}


def remembered(session: Session, round_id: str) -> pl.DataFrame:
    """Return the cases of a round: the columns a sheet has, ids, versions, and digests of what is sensitive."""
    case, person, home, removal = table(Case), table(Person), table(Household), table(Removal)
    mine = select(case).where(case.c.round_id == round_id)
    people = select(case.c.person_id).where(case.c.round_id == round_id)
    homes = select(person.c.household_id).where(person.c.person_id.in_(people))
    of_cases = select(case.c.case_id).where(case.c.round_id == round_id)
    removed = set(
        session.connection().execute(select(removal.c.case_id).where(removal.c.round_id == round_id)).scalars()
    )
    frame = (
        read_frame(session, mine, _CASE)
        .rename({"version": "case_version"})
        .join(
            read_frame(session, select(person).where(person.c.person_id.in_(people)), _PERSON).rename(
                {"version": "person_version"}
            ),
            on="person_id",
            how="left",
        )
        .join(
            read_frame(session, select(home).where(home.c.household_id.in_(homes)), _HOUSEHOLD).rename(
                {"version": "household_version"}
            ),
            on="household_id",
            how="left",
        )
        .sort("case_id")
    )
    briefs = _briefs(session, select(table(Cause)).where(table(Cause).c.case_id.in_(of_cases)))
    members = _members(session, select(table(HouseholdMember)).where(table(HouseholdMember).c.household_id.in_(homes)))
    aid = _aid(session, select(table(Aid)).where(table(Aid).c.person_id.in_(people)))
    contacts = contact_digests(session, people)
    answers = _answers(session, select(table(Answer)).where(table(Answer).c.case_id.in_(of_cases)))
    ids, persons, households = frame["case_id"].to_list(), frame["person_id"].to_list(), frame["household_id"].to_list()
    return frame.with_columns(
        _texts("brief", [briefs.get(each) for each in ids]),
        _texts("members", [members.get(each) for each in households]),
        _texts("other_aid", [aid.get(each) for each in persons]),
        pl.Series("removed", [each in removed for each in ids], dtype=pl.Boolean),
        pl.Series(
            "id_number", [next(iter(contacts.get((each, "id_number"), ())), None) for each in persons], dtype=pl.String
        ),
        *(_texts(kind, [contacts.get((each, kind)) for each in persons]) for kind in MANY),
        *(pl.Series(name, [told.get(each) for each in ids], dtype=pl.String) for name, told in answers.items()),
    )


def as_remembered(intake: Intake, office: Key | None) -> pl.DataFrame:
    """Return the rows of a file in the same columns, digests in place of what is sensitive."""
    rows = list(intake.rows.iter_rows(named=True))
    members: dict[tuple[str, int], list[str]] = defaultdict(list)
    for each in intake.relatives.iter_rows(named=True):
        members[each["sheet"], each["row"]].append(_member(each))
    places = [(row["sheet"], row["row"]) for row in rows]
    contacts: dict[tuple[int, str], list[str]] = defaultdict(list)
    for at, row in enumerate(rows):
        # A number the circular does not ask for is not kept, and still says who somebody is.
        for contact in contacts_of("", row, keeps_id=True):
            if contact.kind != "designated_card":  # without recorded consent it is not taken over
                contacts[at, contact.kind].append(digest(office, contact.kind, contact.value))
    answers: dict[str, dict[tuple[str, int], str]] = defaultdict(dict)
    for each in intake.asked.iter_rows(named=True):
        answers[ANSWER + each["field"]][each["sheet"], each["row"]] = _answer(each)
    aid, every = [other_aid_of(row) for row in rows], range(len(rows))
    return intake.rows.drop("employer", "causes", "more_phones", "card_holder").with_columns(
        pl.Series("position", [position_of(row) for row in rows], dtype=pl.String),
        _texts("brief", [[_cause(each) for each in causes_of(row)] for row in rows]),
        _texts("members", [members.get(place) for place in places]),
        _texts("other_aid", [None if each is None else [each] for each in aid]),
        pl.Series(
            "id_number", [next(iter(contacts.get((at, "id_number"), ())), None) for at in every], dtype=pl.String
        ),
        *(_texts(kind, [contacts.get((at, kind)) for at in every]) for kind in MANY),
        *(pl.Series(name, [told.get(place) for place in places], dtype=pl.String) for name, told in answers.items()),
    )


def _texts(name: str, lists: Sequence[list[str] | None]) -> pl.Series:
    """Return a column of lists, null for none and for an empty one; polars reads all texts at once."""
    at = [place for place, texts in enumerate(lists) for _ in texts or ()]
    flat = pl.DataFrame({"at": at, "text": [text for texts in lists for text in texts or ()]}, schema=_FLAT)
    listed = flat.group_by("at", maintain_order=True).agg("text")
    every = pl.DataFrame({"at": range(len(lists))}, schema={"at": pl.Int64})
    return every.join(listed, on="at", how="left", maintain_order="left")["text"].alias(name)


_FLAT: Final[Schema] = {"at": pl.Int64, "text": pl.String}


def digest(office: Key | None, kind: str, value: str) -> str:
    """Return how a contact is compared; a ledger that has never had a key compares the rows of the file."""
    if office is None:
        return hashlib.sha256(f"{family(kind)}|{value}".encode()).hexdigest()  # within the file only, and never kept
    return office.index(value, purpose=f"contact.{family(kind)}")


def contact_digests(session: Session, people: Select[Any] | None = None) -> dict[tuple[str, str], list[str]]:
    """Return (person, kind) → the digests of what is current."""
    contact = table(Contact)
    query = select(contact.c.person_id, contact.c.kind, contact.c.digest).where(
        contact.c.ended_on.is_(None), contact.c.digest.is_not(None)
    )
    if people is not None:
        query = query.where(contact.c.person_id.in_(people))
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for person_id, kind, value in session.connection().execute(query):
        found[person_id, kind].append(value)
    return found


def _briefs(session: Session, query: Select[Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for each in open_causes(session, query).iter_rows(named=True):
        found[each["case_id"]].append(_cause(each))
    return found


def _cause(cause: Mapping[str, Any]) -> str:
    return f"{cause['cause'] or ''}|{cause['note'] or ''}"


def _members(session: Session, query: Select[Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for each in read_frame(session, query, MEMBERS).iter_rows(named=True):
        found[each["household_id"]].append(_member(each))
    return found


def _member(member: Mapping[str, Any]) -> str:
    columns = ("name", "relation", "born_on", "employment", "yearly_income_fen")
    return "|".join("" if member[column] is None else str(member[column]) for column in columns)


def _aid(session: Session, query: Select[Any]) -> dict[str, list[str]]:
    """Return the words sheets gave about other aid: rows whose kind nobody has entered."""
    found: dict[str, list[str]] = defaultdict(list)
    for each in read_frame(session, query, AID).iter_rows(named=True):
        if each["kind"] is None and not each["own"] and each["source"]:
            found[each["person_id"]].append(each["source"])
    return found


def _answers(session: Session, query: Select[Any]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for each in read_frame(session, query, ANSWERS).iter_rows(named=True):
        found[ANSWER + each["field"]][each["case_id"]] = _answer(each)
    return dict(sorted(found.items()))


def _answer(answer: Mapping[str, Any]) -> str:
    return next((str(answer[name]) for name in ("number", "text", "date") if answer[name] is not None), "")


def answer_labels(fields: Iterable[Any]) -> dict[str, str]:
    """Return the columns of the pack's own fields with their words."""
    return {ANSWER + each.id: each.label for each in fields}
