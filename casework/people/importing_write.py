"""The rows of a file become rows of the ledger: new ones in bulk, changed ones one by one with their history."""

from __future__ import annotations

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

import polars as pl
from sqlmodel import col, select

from casework.frames import FACTS, conform
from casework.identity import Key
from casework.intake import Contact as NewContact
from casework.intake import Intake, NewFacts, to_facts
from casework.ledger import Work
from casework.ledger.bulk import insert_frame
from casework.ledger.keys import KEY_VERSION, person, seal
from casework.ledger.records import insert_table
from casework.models import Aid, Answer, Case, Household, HouseholdMember, Person
from casework.models_people import Contact
from casework.people.contacts import family, place
from casework.people.importing_links import Place
from casework.people.importing_plan import ImportPlan
from casework.people.remembered import ANSWER, MANY
from casework.people.removing import remove_case, remove_causes
from casework.problems import Refused

Outcome = tuple[str, str, str, str]
"""(case, person, new | changed | unchanged, unit) of one row."""

_CASE: Final = frozenset({"category", "path", "unit_rank", "requested_fen"})
_HOME: Final = frozenset({"size", "minors", "yearly_income_fen", "dibao"})
_KINDS: Final = frozenset({"id_number", *MANY})


class Writing:
    """One import, inside its command."""

    def __init__(self, work: Work, plan: ImportPlan) -> None:
        self.work, self.plan = work, plan
        self.known = {row["case_id"]: row for row in plan.existing.iter_rows(named=True)}
        self.person_of: dict[str, str] = {case_id: row["person_id"] for case_id, row in self.known.items()}
        self.home_of: dict[str, str | None] = {row["person_id"]: row["household_id"] for row in self.known.values()}

    def write(self) -> dict[Place, Outcome]:
        """Write everything that is clean, take out who is gone; return what became of each row."""
        plan, outcomes = self.plan, dict[Place, Outcome]()
        rows = plan.intake.rows
        kinds = [plan.changes[sheet, row] for sheet, row in rows.select("sheet", "row").iter_rows()]
        clean = rows["state"] == "clean"
        fresh = rows.filter(clean & pl.Series([change.kind == "new" for change in kinds], dtype=pl.Boolean))
        other = rows.filter(clean & pl.Series([change.kind == "changed" for change in kinds], dtype=pl.Boolean))
        outcomes |= self._new(fresh)
        outcomes |= self._changed(other)
        for (sheet, number), change in plan.changes.items():
            at = (sheet, number)
            if change.case_id is not None and at not in outcomes:  # unchanged, or held and so left as it was
                unit = self.known[change.case_id]["unit_id"]
                outcomes[at] = (change.case_id, self.person_of[change.case_id], "unchanged", unit)
        for case_ids in plan.gone.values():
            for case_id in case_ids:
                remove_case(self.work, case_id)
        return outcomes

    # -- new people ----------------------------------------------------------------------------------------------

    def _new(self, rows: pl.DataFrame) -> dict[Place, Outcome]:
        if rows.is_empty():
            return {}
        links = self.plan.links
        for person_id in links.values():
            self.home_of.setdefault(person_id, self.work.get(Person, person_id).household_id)
        made = self._facts(rows, {at: self._case_for(at) for at in _places(rows)})
        linked = {person_id for at, person_id in links.items() if at in made.cases}
        tables = {name: list(listed) for name, listed in made.tables.items()}
        told = [row for row in tables["people"] if row["person_id"] in linked]
        tables["people"] = [row for row in tables["people"] if row["person_id"] not in linked]
        for row in told:
            self._known_home(row, tables)
        frames = {name: conform(tables[name], FACTS[name]) for name in _ORDER if tables.get(name)}
        for name, frame in frames.items():
            versioned = {"version": 1} if name in {"households", "people", "cases"} else {}
            if name == "cases":
                versioned |= {"round_id": self.plan.round_id}  # type: ignore[dict-item]
            insert_table(self.work, name, frame, **versioned)
            self.work.note(name, None, hashlib.sha256(frame.write_ndjson().encode()).hexdigest())
        for row in told:  # after the households: somebody who had none gets one
            self._update_person(row["person_id"], {name: value for name, value in row.items() if value is not None})
        fresh = [contact for contact in made.contacts if contact.person_id not in linked]
        self._contacts(fresh)
        for person_id in linked:
            self._replace_contacts(person_id, [c for c in made.contacts if c.person_id == person_id], _KINDS)
        units = {row["case_id"]: (row["person_id"], row["unit_id"]) for row in tables["cases"]}
        self.person_of |= {case_id: person_id for case_id, (person_id, _) in units.items()}
        return {at: (case_id, units[case_id][0], "new", units[case_id][1]) for at, case_id in made.cases.items()}

    def _known_home(self, row: Mapping[str, Any], tables: dict[str, list[dict[str, Any]]]) -> None:
        """Set what the sheet says of a household the ledger knew before, instead of adding it again."""
        home = self.home_of.get(row["person_id"])
        if home is None or row["household_id"] != home:
            return
        told = next(each for each in tables["households"] if each["household_id"] == home)
        members = [each for each in tables.get("members", ()) if each["household_id"] == home]
        columns = {name for name in _HOME if told[name] is not None} | ({"members"} if members else set())
        self._home(row["person_id"], told, columns, members)
        for name in ("households", "members"):
            tables[name] = [each for each in tables.get(name, ()) if each["household_id"] != home]

    def _case_for(self, at: Place) -> tuple[str, str]:
        return secrets.token_hex(8), self.plan.links.get(at) or secrets.token_hex(8)

    def _facts(self, rows: pl.DataFrame, ids: Mapping[Place, tuple[str, str]]) -> NewFacts:
        """Return the facts of some rows of the file, under the ids given."""

        def make(what: str, row: Mapping[str, Any]) -> str:
            case_id, person_id = ids[row["sheet"], row["row"]]
            if what == "household":
                return self.home_of.get(person_id) or secrets.token_hex(8)
            return case_id if what == "case" else person_id

        intake: Intake = replace(self.plan.intake, rows=rows)
        return to_facts(intake, policy=self.plan.policy, round_id=self.plan.round_id, id_maker=make, clean_only=True)

    def _update_person(self, person_id: str, values: Mapping[str, Any]) -> None:
        """Set what a sheet says of a person the ledger knew before; blanks change nothing."""
        found = self.work.get(Person, person_id)
        changed = {
            name: value for name, value in values.items() if name != "person_id" and getattr(found, name) != value
        }
        if changed:
            self.work.change(Person, person_id, expected_version=found.version, **changed)

    # -- people who are there already ------------------------------------------------------------------------------

    def _changed(self, rows: pl.DataFrame) -> dict[Place, Outcome]:
        if rows.is_empty():
            return {}
        changes = self.plan.changes
        ids = {at: (str(changes[at].case_id), self.person_of[str(changes[at].case_id)]) for at in _places(rows)}
        made = self._facts(rows, ids)
        by_case = {name: _group(made.tables.get(name, ()), "case_id") for name in ("causes", "answers")}
        people = {row["person_id"]: row for row in made.tables["people"]}
        cases = {row["case_id"]: row for row in made.tables["cases"]}
        homes = {row["household_id"]: row for row in made.tables.get("households", ())}
        members = _group(made.tables.get("members", ()), "household_id")
        aid = _group(made.tables.get("aid", ()), "person_id")
        contacts: dict[str, list[NewContact]] = defaultdict(list)
        for contact in made.contacts:
            contacts[contact.person_id].append(contact)
        outcomes: dict[Place, Outcome] = {}
        for at, (case_id, person_id) in ids.items():
            columns = {column for column, *_ in changes[at].differences}
            new = people[person_id]
            self._case(case_id, {name: cases[case_id][name] for name in columns & _CASE})
            home = homes.get(new["household_id"] or "")
            self._home(person_id, home, columns, members.get(new["household_id"] or "", []))
            self._update_person(person_id, {name: new[name] for name in columns if name in new and name in _PERSON})
            if "brief" in columns:
                self._causes(case_id, by_case["causes"].get(case_id, []))
            if "other_aid" in columns:
                self._aid(person_id, aid.get(person_id, []))
            asked = {column.removeprefix(ANSWER) for column in columns if column.startswith(ANSWER)}
            self._answers(case_id, asked, by_case["answers"].get(case_id, []))
            self._replace_contacts(person_id, contacts[person_id], columns & _KINDS)
            outcomes[at] = (case_id, person_id, "changed", self.known[case_id]["unit_id"])
        return outcomes

    def _case(self, case_id: str, values: Mapping[str, Any]) -> None:
        if values:
            version = self.known[case_id]["case_version"]
            self.work.change(Case, case_id, expected_version=version, **values)

    def _home(
        self, person_id: str, home: Mapping[str, Any] | None, columns: set[str], members: list[dict[str, Any]]
    ) -> None:
        known = self.home_of.get(person_id)
        if home is None and known is not None:  # everything about it was blanked
            home = {"household_id": known, **dict.fromkeys(_HOME)}
        if home is None or not columns & (_HOME | {"members"}):
            return
        if known is None:
            household_id = home["household_id"]
            self.work.add(Household(**{name: home[name] for name in ("household_id", *sorted(_HOME))}))
            self._update_person(person_id, {"household_id": household_id})
            self.home_of[person_id] = household_id
        else:
            values = {name: home[name] for name in columns & _HOME}
            if values:
                found = self.work.get(Household, known)
                self.work.change(Household, known, expected_version=found.version, **values)
        if "members" in columns:
            for old in self.work.session.exec(
                select(HouseholdMember).where(HouseholdMember.household_id == home["household_id"])
            ).all():
                self.work.remove(old)
            for each in members:
                self.work.add(HouseholdMember(**each))

    def _causes(self, case_id: str, causes: list[dict[str, Any]]) -> None:
        remove_causes(self.work, case_id)
        insert_table(self.work, "causes", conform(causes, FACTS["causes"]))
        self.work.note(f"cause of:{case_id}", None, causes)

    def _aid(self, person_id: str, rows: list[dict[str, Any]]) -> None:
        query = select(Aid).where(Aid.person_id == person_id, col(Aid.kind).is_(None))
        for old in self.work.session.exec(query).all():
            if not old.own:
                self.work.remove(old)
        for row in rows:
            self.work.add(Aid(**row))

    def _answers(self, case_id: str, asked: set[str], rows: list[dict[str, Any]]) -> None:
        for name in sorted(asked):
            old = self.work.session.get(Answer, (case_id, name))
            if old is not None:
                self.work.remove(old)
        for row in rows:
            if row["field"] in asked:
                self.work.add(Answer(**row))

    # -- what is sealed ----------------------------------------------------------------------------------------------

    def _contacts(self, contacts: Iterable[NewContact]) -> None:
        """Seal and insert what is new; a card in another's name waits for his consent and is not taken over."""
        taken = [contact for contact in contacts if contact.kind != "designated_card"]
        if not taken:
            return
        keyring = self.work.keyring
        office = keyring.office(make=True)
        keys = keyring.many((person(contact.person_id) for contact in taken), make=True)
        rows = []
        for contact in taken:
            key = keys.get(person(contact.person_id))
            if key is None:
                raise Refused("erased", "表中有人的信息已按规定删除，不能再登记")
            rows.append(_sealed(contact, key, office))
        frame = pl.DataFrame(rows)
        insert_frame(
            self.work.session,
            Contact,
            frame,
            key_version=KEY_VERSION,
            recorded_by=self.work.actor.id,
            recorded_at=self.work.now,
            since=self.work.seq,
            version=1,
        )
        self.work.note("contact", None, frame["contact_id"].to_list())

    def _replace_contacts(self, person_id: str, contacts: list[NewContact], kinds: Iterable[str]) -> None:
        """End what is not in the sheet any more, add what is new; a kind the sheet leaves blank stays."""
        office = self.work.keyring.office(make=True)
        fresh: list[NewContact] = []
        for kind in sorted(kinds):
            told = {
                office.index(each.value, purpose=f"contact.{family(kind)}"): each
                for each in contacts
                if each.kind == kind
            }
            if not told:
                continue
            current = select(Contact).where(
                Contact.person_id == person_id, Contact.kind == kind, col(Contact.ended_on).is_(None)
            )
            for old in self.work.session.exec(current).all():
                if old.digest in told:
                    told.pop(old.digest)
                else:
                    self.work.change(
                        Contact, old.contact_id, expected_version=old.version, ended_on=self.work.now.date()
                    )
            fresh.extend(told.values())
        self._contacts(fresh)


_ORDER: Final = ("households", "people", "members", "cases", "causes", "aid", "answers")
_PERSON: Final = frozenset(FACTS["people"]) - {"person_id", "household_id", "deceased"}


def _sealed(contact: NewContact, key: Key, office: Key) -> dict[str, Any]:
    contact_id = secrets.token_hex(8)
    told = {"value": contact.value, "holder": contact.holder}
    return {
        "contact_id": contact_id,
        "person_id": contact.person_id,
        "kind": contact.kind,
        "sealed": seal(key, told, bound_to=place(contact_id)),
        "digest": office.index(contact.value, purpose=f"contact.{family(contact.kind)}"),
    }


def _group(rows: Iterable[Mapping[str, Any]], column: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row[column]].append(dict(row))
    return found


def _places(rows: pl.DataFrame) -> list[Place]:
    return list(zip(rows["sheet"].to_list(), rows["row"].to_list(), strict=True))
