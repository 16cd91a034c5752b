"""“This row is that person”: what an officer says of rows that may be somebody the ledger knows.

A row of which he says nothing is matched by the rules of `intake.preview`. What he says is kept with the import: the
same file means the same people again, and two records he told apart are not asked about any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import polars as pl
from sqlalchemy import select
from sqlmodel import Session

from casework.access import Actor
from casework.dates import year_month
from casework.identity import name_key
from casework.intake import Change, Intake, differences, preview
from casework.ledger import policy_of
from casework.models import Case, Round
from casework.models_people import ImportBatch, TwoPeople
from casework.models_review import Removal
from casework.people.register import register, table
from casework.policy import Policy
from casework.problems import Refused

Place = tuple[str, int]
"""(worksheet, row) as the workbook counts them."""
Links = Mapping[Place | int, str | None]
"""Row → the person it is about; None: he is new, whoever looks like him. A bare number will do in a single list."""
NOT_HE: Final = "不是"
"""What an officer says of a row that is about nobody the ledger knows."""


@dataclass(frozen=True)
class Near:
    """Somebody the ledger knows whom a row may be about.

    Attributes:
        person_id: Who.
        words: His name, unit, birth month and branch, for whoever has to decide.
        alike: Name, birth month and branch are equal, and nobody has put him into this round yet.
    """

    person_id: str
    words: str
    alike: bool = False


def told_links(session: Session, intake: Intake, links: Links, *, actor: Actor) -> dict[Place, str | None]:
    """Return what the officer says of rows, checked against the file and the ledger.

    Raises:
        Refused: `no_row`, `which_sheet` (several worksheets have this row), `twice` (two rows for one person),
            `not_found` (no such person, or one of other units).
    """
    if not links:
        return {}
    places: list[Place] = list(intake.rows.select("sheet", "row").iter_rows())
    seen = set(register(session, actor)["person_id"])
    told: dict[Place, str | None] = {}
    row_of: dict[str, int] = {}
    for given, person_id in links.items():
        at = _place(given, places)
        if person_id is not None and person_id not in seen:
            raise Refused("not_found", f"第 {at[1]} 行指认的人不在台账里，或不在您的单位范围内")
        if told.setdefault(at, person_id) != person_id:
            raise Refused("twice", f"第 {at[1]} 行指认了两个人，请只留一个")
        if person_id is not None and row_of.setdefault(person_id, at[1]) != at[1]:
            raise Refused("twice", f"第 {row_of[person_id]} 行和第 {at[1]} 行指认成同一个人，一人只能认一行")
    return dict(sorted(told.items()))


def _place(given: Place | int, places: Sequence[Place]) -> Place:
    found = [at for at in places if given in {at, at[1]}]
    row = given if isinstance(given, int) else given[1]
    if not found:
        raise Refused("no_row", f"表里第 {row} 行没有人，请核对行号")
    if len(found) > 1:
        sheets = "、".join(f"“{sheet}”" for sheet, _ in found)
        raise Refused("which_sheet", f"工作表{sheets}都有第 {row} 行，请连同工作表一起写明，如“{found[0][0]}!{row}”")
    return found[0]


def all_alike(near: Mapping[Place, Sequence[Near]]) -> dict[Place, str]:
    """Return row → person where there is one candidate, alike in everything, and no other row is like him."""
    found = {at: people[0].person_id for at, people in near.items() if len(people) == 1 and people[0].alike}
    rows = Counter(person_id for people in near.values() for person_id in {one.person_id for one in people})
    return {at: person_id for at, person_id in found.items() if rows[person_id] == 1}


def person_meant(session: Session, words: str, *, actor: Actor) -> str:
    """Return the person an officer names by number or by name.

    Raises:
        Refused: `not_found`; `namesakes`: several bear the name, said with their numbers.
    """
    known = register(session, actor)
    if words in set(known["person_id"]):
        return words
    key = name_key(words)
    found = [row for row in known.iter_rows(named=True) if name_key(row["name"] or "") == key]
    if not found:
        raise Refused("not_found", f"台账里没有“{words}”，或不在您的单位范围内")
    if len(found) > 1:
        born = ((row["person_id"], row["born_on"], row["branch"] or "党支部不详") for row in found)
        told = "；".join(f"{who}（{year_month(on) + '生' if on else '出生年月不详'}，{at}）" for who, on, at in born)
        raise Refused("namesakes", f"台账里有 {len(found)} 个“{words}”，请改写编号：{told}")
    return str(found[0]["person_id"])


def match(  # noqa: PLR0913 - two tables and how they are compared
    rows: pl.DataFrame,
    existing: pl.DataFrame,
    told: Mapping[Place, str | None],
    *,
    policy: Policy,
    labels: Mapping[str, str],
    keeps_id: bool = True,
) -> dict[Place, Change]:
    """Return what each row changes: of rows the officer spoke about as he says, of the others by the rules.

    An identity number that is not kept says who somebody is, and changes nothing.
    """
    places = list(rows.select("sheet", "row").iter_rows())
    named = {person_id for person_id in told.values() if person_id is not None}
    by_rule = pl.Series([at not in told for at in places], dtype=pl.Boolean)
    free = existing.filter(~pl.col("person_id").is_in(list(named))) if named else existing
    found = preview(rows.filter(by_rule), free, policy=policy, whole_units=(), labels=labels)
    changes = {(change.sheet, change.row): change for change in found if change.row}
    for row in rows.filter(~by_rule).iter_rows(named=True):
        at = row["sheet"], row["row"]
        mine = existing.filter(pl.col("person_id") == told[at]) if told[at] else existing.clear()
        same = mine.filter(pl.col("category") == row["category"]) if mine.height > 1 else mine
        changes[at] = (
            change_in(row, same.row(0, named=True), policy=policy, labels=labels)
            if same.height
            else Change("new", row["name"] or "", row["unit_id"], *at)
        )
    return {at: changes[at] if keeps_id else _without_number(changes[at]) for at in places}


def _without_number(change: Change) -> Change:
    left = tuple(each for each in change.differences if each[0] != "id_number")
    if len(left) == len(change.differences):
        return change
    kind: Any = "unchanged" if change.kind == "changed" and not left else change.kind
    return replace(change, kind=kind, differences=left)


def change_in(after: dict[str, Any], before: dict[str, Any], *, policy: Policy, labels: Mapping[str, str]) -> Change:
    """Return what one row changes in one case."""
    found = differences(before, after, policy=policy, labels=labels)
    kind: Any = "changed" if found else "unchanged"
    return Change(kind, after["name"] or "", after["unit_id"], after["sheet"], after["row"], before["case_id"], found)


def of_this_year(session: Session, round_id: str, policy: Policy) -> dict[str, tuple[str, str]]:
    """Return who stands in another round of the circular's year: person → unit and title of the round, the latest."""
    case, other, removal = table(Case), table(Round), table(Removal)
    connection = session.connection()
    listed = connection.execute(select(other.c.round_id, other.c.title).where(other.c.round_id != round_id))
    titles = {each: title for each, title in listed if policy_of(session, each).year == policy.year}
    query = (
        select(case.c.person_id, case.c.unit_id, case.c.round_id)
        .join(other, other.c.round_id == case.c.round_id)
        .outerjoin(removal, removal.c.case_id == case.c.case_id)
        .where(case.c.round_id.in_(list(titles)), removal.c.case_id.is_(None))
        .order_by(other.c.opened_on, case.c.case_id)
    )
    return {person_id: (unit_id, titles[each]) for person_id, unit_id, each in connection.execute(query)}


# -- what is kept with the import ------------------------------------------------------------------------------------


def kept(told: Mapping[Place, str | None], apart: Iterable[tuple[str, str]]) -> dict[str, Any] | None:
    """Return what an import keeps: row → person or None, and the pairs of records found to be two people."""
    if not told:
        return None
    pairs = sorted({(min(pair), max(pair)) for pair in apart if pair[0] != pair[1]})
    return {
        "rows": {f"{sheet}!{row}": person_id for (sheet, row), person_id in told.items()},
        "apart": [list(pair) for pair in pairs],
    }


def kept_links(batches: Iterable[ImportBatch], sha256: str) -> Links:
    """Return what was said of the rows of this very file when it was taken over; {} where it was not."""
    found: dict[Place | int, str | None] = {}
    for batch in batches:
        if batch.sha256 == sha256 and batch.links:
            for row, person_id in batch.links["rows"].items():
                sheet, _, number = row.rpartition("!")
                found[sheet, int(number)] = person_id
    return found


def told_apart(session: Session) -> set[tuple[str, str]]:
    """Return the pairs of records a person found to be two people: at an import that stands, or one by one."""
    two, batch = table(TwoPeople), table(ImportBatch)
    connection = session.connection()
    found = {(row.first, row.second) for row in connection.execute(select(two.c.first, two.c.second))}
    query = select(batch.c.links).where(batch.c.links.is_not(None), batch.c.state != "withdrawn")
    for links in connection.execute(query).scalars():
        found.update((first, second) for first, second in (links or {}).get("apart", ()))
    return found
