"""Rows that were read become the tables of `ledger.add_facts`; what is sensitive is kept apart, to be sealed."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import polars as pl

from casework.identity import name_key
from casework.intake.people import split_causes
from casework.problems import Refused
from casework.vocabulary import Stage

if TYPE_CHECKING:
    from casework.intake.reading import Intake
    from casework.policy import Policy

IdMaker: TypeAlias = Callable[[str, Mapping[str, Any]], str]
"""(what, row) → a new id; `what` is "person", "case" or "household"."""

_PEOPLE = (
    "name",
    "sex",
    "ethnicity",
    "born_on",
    "beneficiary",
    "membership",
    "joined_party_on",
    "full_member_on",
    "started_work_on",
    "branch",
    "tags",
)


@dataclass(frozen=True, slots=True)
class Contact:
    """A sensitive value of a person: `kind` is one of `models_people.CONTACT_KINDS`.

    A card in another's name is a `designated_card` with its holder; it is paid to only with recorded consent.
    """

    person_id: str
    kind: str
    value: str
    holder: str = ""

    def __repr__(self) -> str:
        """Keep the value out of tracebacks."""
        return f"Contact({self.person_id!r}, {self.kind!r}, …)"


@dataclass(frozen=True)
class NewFacts:
    """What `ledger.add_facts` takes, and what is sealed beside it; `cases` maps (sheet, row) to the case."""

    round_id: str
    tables: Mapping[str, list[dict[str, Any]]]
    contacts: tuple[Contact, ...] = ()
    cases: Mapping[tuple[str, int], str] = field(default_factory=dict)


def to_facts(intake: Intake, *, policy: Policy, round_id: str, id_maker: IdMaker, clean_only: bool = False) -> NewFacts:
    """Return the people and cases of a file as rows of `casework.frames`.

    Nothing is judged and no list is marked complete here: 未核 stays 未核.

    Args:
        intake: What was read.
        policy: The circular of the round.
        round_id: The round.
        id_maker: Makes the ids.
        clean_only: Take the clean rows and leave the held ones; by default it is all or nothing.

    Raises:
        Refused: `held`, some rows are held, or the sheet as a whole is.
    """
    if not intake.complete and not clean_only:
        held = intake.counts()["held"]
        said = f"还有 {held} 行待改" if held else "表格还有待改的问题"
        raise Refused("held", f"{said}，整表没有导入。请改好后重新导入，或只导入没有问题的行。")
    tables: dict[str, list[dict[str, Any]]] = defaultdict(list)
    contacts: list[Contact] = []
    cases: dict[tuple[str, int], str] = {}
    relatives = _by_place(intake.relatives)
    asked = _by_place(intake.asked)
    declared = {each.id for each in policy.fields}
    for row in intake.rows.filter(pl.col("state") == "clean").iter_rows(named=True):
        place = row["sheet"], row["row"]
        person_id, case_id = id_maker("person", row), id_maker("case", row)
        cases[place] = case_id
        household_id = _household(tables, row, relatives[place], id_maker)
        person = {column: row[column] for column in _PEOPLE}
        tables["people"].append(
            {"person_id": person_id, **person, "position": position_of(row), "household_id": household_id}
        )
        tables["cases"].append(
            {
                "case_id": case_id,
                "person_id": person_id,
                "unit_id": row["unit_id"],
                "category": row["category"],
                "path": row["path"] if policy.paths else "",
                "unit_rank": row["unit_rank"],
                "requested_fen": row["requested_fen"],
                "stage": Stage.NOMINATION.value,
            }
        )
        tables["causes"].extend({"case_id": case_id, **cause} for cause in causes_of(row))
        tables["answers"].extend(
            {"case_id": case_id, **{key: answer[key] for key in ("field", "number", "text", "date")}}
            for answer in asked[place]
            if answer["field"] in declared
        )
        given = other_aid_of(row)
        if given is not None:
            tables["aid"].append({"person_id": person_id, "source": given})
        contacts.extend(contacts_of(person_id, row, keeps_id=intake.keeps_id))
    return NewFacts(round_id, dict(tables), tuple(contacts), cases)


def position_of(row: Mapping[str, Any]) -> str | None:
    """Return 工作单位 and 职务 as the ledger keeps them: in one field, each word once."""
    return " ".join(words for words in (row["employer"], row["position"]) if words) or None


def other_aid_of(row: Mapping[str, Any]) -> str | None:
    """Return the words about other aid. 无 gives none: only a check by a person says that there is none."""
    words = (row["other_aid"] or "").strip()
    return words if words not in {"", "无", "没有", "否", "/", "-"} else None


def _by_place(frame: pl.DataFrame) -> dict[tuple[str, int], list[dict[str, Any]]]:
    found: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    for row in frame.iter_rows(named=True):
        found[row["sheet"], row["row"]].append(row)
    return found


def _household(
    tables: dict[str, list[dict[str, Any]]],
    row: Mapping[str, Any],
    relatives: list[dict[str, Any]],
    id_maker: IdMaker,
) -> str | None:
    """Add the household where anything is written about it."""
    known = {column: row[column] for column in ("size", "minors", "yearly_income_fen", "dibao")}
    if not relatives and all(value is None for value in known.values()):
        return None
    household_id = id_maker("household", row)
    tables["households"].append({"household_id": household_id, **known})
    tables["members"].extend(
        {"household_id": household_id, **{key: value for key, value in each.items() if key not in {"sheet", "row"}}}
        for each in relatives
    )
    return household_id


def causes_of(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the causes as written; words that name none are kept as a note, and nobody has said which is the main."""
    left = list(row["causes"] or ())
    found = []
    for cause, words in split_causes(row["brief"] or ""):
        if cause in left:
            left.remove(cause)
        found.append({"cause": cause, "note": words or None})
    return [*({"cause": cause, "note": None} for cause in left), *found]


def contacts_of(person_id: str, row: Mapping[str, Any], *, keeps_id: bool) -> list[Contact]:
    """Return what is sealed of a row of `schema.INTAKE`; several phones are several contacts, the first comes first."""
    found = []
    if keeps_id and row["id_number"]:
        found.append(Contact(person_id, "id_number", row["id_number"]))
    if row["card"]:
        holder = row["card_holder"] or ""
        own = not holder or name_key(holder) in {name_key(row["name"] or ""), "本人"}
        kind = "card" if own else "designated_card"
        found.append(Contact(person_id, kind, row["card"], holder=row["name"] or "" if holder == "本人" else holder))
    phones = dict.fromkeys(phone for phone in (row["phone"], *(row["more_phones"] or ())) if phone)
    found.extend(Contact(person_id, "phone", phone) for phone in phones)
    if row["address"]:
        found.append(Contact(person_id, "address", unicodedata.normalize("NFKC", row["address"]).strip()))
    return found
