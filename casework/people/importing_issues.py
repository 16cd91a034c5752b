"""What the ledger has to say about the rows of a file: who stands there already, perhaps under another unit or name.

What is certain holds the row; what may be chance is a remark. Nobody is told who a person of another unit is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import polars as pl
from sqlmodel import Session, select

from casework.access import Actor
from casework.dates import year_month
from casework.identity import name_key
from casework.intake import Change, Intake, Issue, Severity
from casework.intake.checks import TWIN
from casework.intake.draft import shown
from casework.models import Unit
from casework.people.duplicates import near_names, without_a_sign
from casework.people.importing_links import Near, Place, told_apart
from casework.people.register import merged_into, register
from casework.people.remembered import contact_digests
from casework.problems import Problem
from casework.sheets import Sheet
from casework.vocabulary import Role

_EVERYBODY: Final = Actor(id="", name="", role=Role.VIEWER)


@dataclass(frozen=True, eq=False)
class Known:
    """A file beside the ledger.

    Attributes:
        rows: What was read, in the columns of `existing`.
        existing: The cases of the round (`people.remembered`).
        changes: What each row changes.
        told: Whom the officer says rows are about.
        this_year: Person → unit and title of another round of this year he stands in.
    """

    rows: pl.DataFrame
    existing: pl.DataFrame
    changes: Mapping[Place, Change]
    told: Mapping[Place, str | None]
    this_year: Mapping[str, tuple[str, str]]


def against_ledger(session: Session, intake: Intake, known: Known, *, actor: Actor, unit_id: str | None) -> Found:
    """Return the intake with every issue the ledger adds, and whom its rows are and may be about.

    Args:
        session: A session on the ledger.
        intake: What was read.
        known: The same beside the ledger.
        actor: Who looks.
        unit_id: Whose sheet it is.
    """
    looking = _Looking(session, intake, known, actor, unit_id)
    looking.twice(known.changes)
    for row in known.rows.iter_rows(named=True):
        looking.row(row, known.changes[row["sheet"], row["row"]])
    return Found(looking.done(), looking.links, {at: tuple(people) for at, people in looking.near.items()})


@dataclass(frozen=True, eq=False)
class Found:
    """What the ledger has to say.

    Attributes:
        intake: With every issue the ledger adds.
        links: Place → a person of an earlier round, by the same number or as the officer says.
        near: Place → the people the row may be about, of those within the officer's reach.
    """

    intake: Intake
    links: dict[Place, str]
    near: dict[Place, tuple[Near, ...]]


class _Looking:
    """One pass over the rows of a file."""

    def __init__(self, session: Session, intake: Intake, known: Known, actor: Actor, unit_id: str | None) -> None:
        self.intake, self.actor, self.unit_id = intake, actor, unit_id
        self.told, self.this_year, existing = known.told, known.this_year, known.existing
        self.units: dict[str, str] = dict(session.exec(select(Unit.unit_id, Unit.name)).all())
        self.cases = {row["case_id"]: row for row in existing.select(_OF_CASE).iter_rows(named=True)}
        self.case_of = {row["person_id"]: row for row in self.cases.values()}
        self.people = {row["person_id"]: row for row in register(session, _EVERYBODY).iter_rows(named=True)}
        into = merged_into(session)
        self.numbers: dict[str, set[str]] = defaultdict(set)
        self.addresses: dict[str, set[str]] = defaultdict(set)
        self.numbered: dict[str, set[str]] = defaultdict(set)
        for (person_id, kind), digests in contact_digests(session).items():
            if kind == "id_number":
                self.numbered[into.get(person_id, person_id)].update(digests)
            held = self.numbers if kind == "id_number" else self.addresses if kind == "address" else None
            for digest in digests if held is not None else ():
                held[digest].add(into.get(person_id, person_id))  # type: ignore[index]
        # Two near names are equal, or become so, when a sign is taken out: nobody is held against a whole branch.
        self.alike: dict[tuple[str, str, str], list[tuple[int, str, str]]] = defaultdict(list)
        for order, (person_id, row) in enumerate(self.people.items()):
            if row["name"] and row["born_on"] and row["branch"]:
                key = name_key(row["name"])
                for rest in without_a_sign(key):
                    self.alike[(*_block(row), rest)].append((order, key, person_id))
        self.relatives: dict[Place, list[str]] = defaultdict(list)
        for sheet, number, name in intake.relatives.select("sheet", "row", "name").iter_rows():
            if name:
                self.relatives[sheet, number].append(name_key(name))
        self.in_round: dict[tuple[str, str], str] = {}
        self.named: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
        for case in self.cases.values():
            self.named[case["unit_id"], name_key(case["name"] or "")].append(case)
            self.in_round[case["unit_id"], name_key(case["name"] or "")] = case["name"] or ""
        for unit, name in intake.rows.select("unit_id", "name").iter_rows():
            if unit and name:
                self.in_round[unit, name_key(name)] = name
        self.at_home: dict[str, str] = {}
        self.sheets: dict[str, Sheet] = {sheet.name: sheet for sheet in intake.sheets}
        self.columns = {each.sheet: each.fields() for each in intake.mappings}
        self.issues: list[Issue] = []
        self.held: set[Place] = set()
        self.links: dict[Place, str] = {}
        self.also: dict[str, Place] = {}
        for at, change in known.changes.items():
            if change.case_id in self.cases:
                self.also[self.cases[change.case_id]["person_id"]] = at
        self.near: dict[Place, list[Near]] = defaultdict(list)
        self.apart = told_apart(session)

    def twice(self, changes: Mapping[Place, Change]) -> None:
        """Let rows of one person pass where the ledger has him in each of these categories, as they stand there."""
        cases: dict[str, set[str]] = defaultdict(set)
        for change in changes.values():
            if change.case_id is not None and change.case_id in self.cases:
                cases[self.cases[change.case_id]["person_id"]].add(change.case_id)
        known = {
            place
            for place, change in changes.items()
            if change.kind == "unchanged" and len(cases[self.cases[change.case_id or ""]["person_id"]]) > 1
        }
        issues = tuple(
            issue
            for issue in self.intake.issues
            if issue.problem.remedy != TWIN or (issue.problem.sheet, issue.row) not in known
        )
        if len(issues) == len(self.intake.issues):
            return
        held = {(issue.problem.sheet, issue.row) for issue in issues if issue.severity is Severity.HOLD}
        states = [
            "clean" if place in known and place not in held else state
            for place, state in zip(_places(self.intake.rows), self.intake.rows["state"], strict=True)
        ]
        rows = self.intake.rows.with_columns(pl.Series("state", states, dtype=pl.String))
        self.intake = replace(self.intake, rows=rows, issues=issues)

    # -- a row -------------------------------------------------------------------------------------------------

    def row(self, row: Mapping[str, Any], change: Change) -> None:
        """Say what is to be said of one row."""
        self._scope(row)
        self._doubt(row, change)
        case = self.cases.get(change.case_id or "")
        if case is not None:
            if case["unit_id"] != row["unit_id"]:
                self._hold(
                    row,
                    "id_number",
                    f"已由{self._unit(case['unit_id'])}报在本轮，一人只能报一处",
                    "请与该单位核对，只留一处",
                )
            elif case["removed"]:
                self._hold(row, "name", "本轮已办减员，不能随表恢复", "确需恢复的请由经办人员按增补办理")
        mine = case["person_id"] if case else None
        self._told(row, mine)
        self._number(row, mine)
        self._same(row, mine or self.links.get(_place(row)))
        self._household(row, mine)

    def _doubt(self, row: Mapping[str, Any], change: Change) -> None:
        """Ask who is meant where several people of the round's cases bear the name."""
        if change.kind != "doubtful" and _place(row) not in self.told:
            return
        for case in self.named.get((row["unit_id"], name_key(row["name"] or "")), ()):
            if _born_alike(row["born_on"], case["born_on"]):
                self._may_be(row, case["person_id"])
        if change.kind == "doubtful":
            remedy = "请指明是哪一个；也可填上出生年月或身份证号后重新导入"
            self._hold(row, "name", "台账里有几个人都可能是他，分不清是哪一个", remedy)

    def _told(self, row: Mapping[str, Any], mine: str | None) -> None:
        """Follow what the officer says of the row, unless an identity number says otherwise."""
        at = _place(row)
        if at not in self.told:
            return
        person_id = self.told[at]
        holders = self.numbers.get(row["id_number"] or "", set())
        if person_id is None:
            for other in sorted(holders & self.people.keys()):
                said = f"号码与台账里的{self._who(other)}相同，不能当作新的人"
                self._hold(row, "id_number", said, "请核对证件；是同一人的请改选“是同一人”")
            return
        who, words = self._who(person_id), "请核对证件，改选相符的人或更正号码"
        if row["id_number"] and holders - {person_id}:
            other = min(holders - {person_id})
            self._hold(row, "id_number", f"号码是台账里{self._who(other)}的，不能认作{who}", words)
        elif row["id_number"] and self.numbered.get(person_id, set()) - {row["id_number"]}:
            self._hold(row, "id_number", f"号码与台账里{who}的不同，不能认作同一人", words)
        elif mine is None:
            self.links[at] = person_id
        name = self.people[person_id]["name"] or ""
        renamed = f"，姓名由“{name}”改为“{row['name']}”" if row["name"] and name != row["name"] else ""
        self._say(row, "name", Severity.NOTE, f"经指认，与台账里的{who}是同一人，接在原记录上{renamed}")

    def _scope(self, row: Mapping[str, Any]) -> None:
        unit = row["unit_id"]
        if unit is None:
            return
        if self.unit_id is not None and unit != self.unit_id:
            self._hold(
                row, "unit", f"这是{self._unit(self.unit_id)}的表，这一行写的是别的单位", "请改正单位，或分开导入"
            )
        elif not self.actor.may_see(unit):
            self._hold(row, "unit", "这个单位不在您的单位范围内", "请由管这个单位的人员导入")

    def _number(self, row: Mapping[str, Any], mine: str | None) -> None:
        """Look for the identity number among everybody the ledger knows."""
        if _place(row) in self.told:
            return  # `_told` has looked at it
        for other in sorted(self.numbers.get(row["id_number"] or "", set()) - {mine}):
            person = self.people.get(other)
            if person is None or self.also.get(other, _place(row)) != _place(row):
                continue  # another row of this file is he: the two rows have been held against each other
            if name_key(person["name"] or "") != name_key(row["name"] or ""):
                self._hold(row, "id_number", f"号码与台账里的{self._who(other)}相同、姓名不同", "请核对证件")
            elif other in self.case_of:
                unit = self._unit(self.case_of[other]["unit_id"])
                self._hold(row, "id_number", f"号码相同的人已由{unit}报在本轮", "请核对，只留一处")
            elif mine is None and other in self.this_year:
                unit, title = self.this_year[other]
                self._may_be(row, other, alike=True)
                said = f"号码相同的人本年已由{self._unit(unit)}报在{title}"
                self._hold(row, "id_number", said, "请核对；确是再次申报的，请指明是同一人")
            elif mine is None:
                self.links[_place(row)] = other
                self._say(row, "name", Severity.NOTE, "与台账里往年的记录身份证号相同，接在原记录上")

    def _same(self, row: Mapping[str, Any], mine: str | None) -> None:
        """Look for equal and near names in the same birth month and branch."""
        if not (self.alike and row["name"] and row["born_on"] and row["branch"]):
            return
        key, told = name_key(row["name"]), _place(row) in self.told
        block = _block(row)
        found = {one for rest in without_a_sign(key) for one in self.alike.get((*block, rest), ())}
        for _, other_key, other in sorted(found):
            same = other_key == key
            if (other == mine and not told) or not (same or near_names(other_key, key)):
                continue
            if mine is not None and (min(mine, other), max(mine, other)) in self.apart:
                continue
            elsewhere = self.also.get(other, _place(row)) != _place(row)
            if elsewhere and mine is not None:
                continue  # two rows of this file, and the ledger has both
            open_to_him = not elsewhere and self._may_be(row, other, alike=same)
            if told:
                continue
            how = "姓名、出生年月、党支部相同，像是同一人" if same else "姓名相近，出生年月、党支部相同"
            remedy = "" if same else "请核对姓名是否有误"
            ask = "请指明是同一人还是另一人" if open_to_him else "" if remedy else "请核对是不是同一人"
            words = "；".join(filter(None, (remedy, ask)))
            self._say(row, "name", Severity.WARN, f"与台账里的{self._who(other)}{how}", words)

    def _may_be(self, row: Mapping[str, Any], person_id: str, *, alike: bool = False) -> bool:
        """Keep whom a row may be about; tell whether the officer may say that it is he."""
        person = self.people.get(person_id)
        if person is None or not (person["unit_id"] is None or self.actor.may_see(person["unit_id"])):
            return False
        if person["unit_id"] is None and self.actor.units is not None:
            return False
        born = person["born_on"]
        case, helped = self.case_of.get(person_id), person_id in self.this_year
        parts = (
            f"{year_month(born)}生" if born else "出生年月不详",
            person["branch"] or "",
            "本轮已报" if case else "本年另一轮已报" if helped else "往年记录",
        )
        near = Near(person_id, f"{self._who(person_id)}，" + "，".join(filter(None, parts)), alike and case is None)
        if all(each.person_id != person_id for each in self.near[_place(row)]):
            self.near[_place(row)].append(near)
        return True

    def _household(self, row: Mapping[str, Any], mine: str | None) -> None:
        """Look for another person of the same household in the round: by the names of relatives, by the address."""
        unit, key = row["unit_id"], name_key(row["name"] or "")
        for relative in self.relatives.get(_place(row), ()):
            name = self.in_round.get((unit, relative)) if unit else None
            if name is not None and relative != key:
                said = f"家庭成员{name}也在本轮名单中，像是一户报了两人"
                self._say(row, "name", Severity.WARN, said, "请核对是否同属一户")
        for address in row["address"] or ():
            before = self.at_home.setdefault(address, row["name"] or "")
            others = [other for other in self.addresses.get(address, ()) if other != mine and other in self.case_of]
            if others or before != (row["name"] or ""):
                who = self._who(others[0]) if others else before
                self._say(row, "address", Severity.WARN, f"住址与本轮的{who}相同", "请核对是否同属一户")

    # -- words -------------------------------------------------------------------------------------------------

    def _unit(self, unit_id: str) -> str:
        return self.units.get(unit_id, "另一单位") if self.actor.may_see(unit_id) else "另一单位"

    def _who(self, person_id: str) -> str:
        person = self.people.get(person_id)
        unit = person["unit_id"] if person else None
        if person is None or unit is None or not self.actor.may_see(unit):
            return "另一人" if self.actor.units is not None or person is None else str(person["name"] or "另一人")
        return f"{person['name']}（{self._unit(unit)}）"

    def _hold(self, row: Mapping[str, Any], column: str, message: str, remedy: str) -> None:
        self._say(row, column, Severity.HOLD, message, remedy)
        self.held.add(_place(row))

    def _say(self, row: Mapping[str, Any], column: str, severity: Severity, message: str, remedy: str = "") -> None:
        columns, sheet = self.columns.get(row["sheet"], {}), self.sheets.get(row["sheet"])
        found = column if column in columns else "name"
        at = columns.get(found)
        read = shown(sheet.rows[row["row"] - 1][at.column], _MASKS.get(found, "text")) if sheet and at else row["name"]
        problem = Problem(
            message,
            remedy,
            file=self.intake.file,
            sheet=row["sheet"],
            cell=sheet.address(row["row"] - 1, at.column) if sheet and at else "",
            read=read or "",
            column=at.head if at else "",
        )
        self.issues.append(Issue(problem, severity, row["row"], column))

    def done(self) -> Intake:
        """Return the intake with the issues in their order and the rows that wait marked."""
        if not self.issues:
            return self.intake
        order = {sheet.name: at for at, sheet in enumerate(self.intake.sheets)}
        issues = sorted(
            (*self.intake.issues, *self.issues), key=lambda issue: (order.get(issue.problem.sheet, -1), issue.row)
        )
        places = zip(_places(self.intake.rows), self.intake.rows["state"], strict=True)
        states = ["held" if place in self.held else state for place, state in places]
        rows = self.intake.rows.with_columns(pl.Series("state", states, dtype=pl.String))
        return replace(self.intake, rows=rows, issues=tuple(issues))


_MASKS: Final = {"id_number": "id", "card": "card", "phone": "phone", "address": "address"}
"""How what was read is repeated in a message."""
_OF_CASE: Final = ["case_id", "person_id", "unit_id", "name", "born_on", "removed"]


def _place(row: Mapping[str, Any]) -> Place:
    return row["sheet"], row["row"]


def _places(rows: pl.DataFrame) -> list[Place]:
    return list(zip(rows["sheet"].to_list(), rows["row"].to_list(), strict=True))


def _born_alike(one: date | None, other: date | None) -> bool:
    return one is None or other is None or (one.year, one.month) == (other.year, other.month)


def _block(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["born_on"].strftime("%Y-%m"), row["branch"]
