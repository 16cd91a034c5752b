"""Invents the people of the demo ledger: age, membership, role and household fit each other; the names are nobody's."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple

from casework.policy import Policy
from casework.rules import case_clauses
from casework.vocabulary import Kind, Mark

_FIRST = "安宁和顺嘉禾春山清远明德云岭石泉松柏青原向阳长乐南江北川"
_SECOND = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥"
_VILLAGES = ("示例村党支部", "示例社区党支部", "示例中心村党支部")
_OFFICES = ("示例机关党支部", "示例园区党支部", "示例中心党支部")
_ETHNICITIES = {
    "jianshi-2020": ("汉族", "汉族", "汉族", "土家族", "苗族"),
    "neimenggu-2022": ("汉族", "汉族", "汉族", "蒙古族", "满族"),
    "jiaozuo-2018": ("汉族", "汉族", "汉族", "汉族", "回族"),
}


class _Life(NamedTuple):
    """What fits together in one invented person: years of birth, chance of not being a Party member, position."""

    first: int
    last: int
    outside: float = 0.0
    position: str | None = None


_LIVES = {
    "first_secretary": _Life(1972, 1988, position="驻村第一书记"),
    "work_team_leader": _Life(1970, 1988, position="驻村工作队长"),
    "work_team_member": _Life(1978, 1994, 0.2, "驻村工作队员"),
    "village_official": _Life(1963, 1990, 0.1, "村“两委”干部"),
    "veteran_member": _Life(1932, 1949),
    "veteran_official": _Life(1934, 1954),
    "veteran_activist": _Life(1938, 1956),
    "member": _Life(1948, 1984),
    "cadre": _Life(1968, 1990, 0.1),
    "family": _Life(1950, 1988, 0.8),
    "resident": _Life(1942, 1988, 1.0),
}


@dataclass
class Sample:
    """One demo round: what is imported and opened, as rows of `casework.frames`."""

    round_id: str
    policy: Policy
    as_of: date
    units: list[dict[str, Any]]
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, table: str, **row: Any) -> None:
        """Put one row into a table."""
        self.tables[table].append(row)


class People:
    """Invents people; the same seed invents the same ones."""

    def __init__(self, sample: Sample, seed: int) -> None:
        self.sample, self.draw, self.count = sample, random.Random(seed), 0  # noqa: S311 - people of a demo

    def name(self) -> str:
        """Return a name no living person has; about one in forty occurs twice, as in life."""
        return f"示例{self.draw.choice(_FIRST)}{self.draw.choice(_SECOND)}"

    def day(self, first: int, last: int) -> date:
        """Return a day between two years."""
        return date(first, 1, 1) + timedelta(days=self.draw.randrange((last - first + 1) * 365))

    def nominate(self, unit_id: str, category: str | None, rank: int | None, **person: Any) -> str:
        """Add a person with one case in which every question is answered in the person's favour; return the case id."""
        self.count += 1
        sample = self.sample
        ids = {"person_id": f"{sample.round_id}-p{self.count:04}", "case_id": f"{sample.round_id}-c{self.count:04}"}
        life = _life(person)
        member = self.draw.random() >= life.outside
        born = self.day(life.first, life.last)
        joined = date(born.year + self.draw.randrange(20, 24), 7, 1) if member else None
        row: dict[str, Any] = {
            "name": self.name(),
            "sex": self.draw.choice(["male", "female"]),
            "ethnicity": self.draw.choice(_ETHNICITIES.get(sample.policy.id, ("汉族",))),
            "born_on": born,
            "beneficiary": "member",
            "membership": "full" if member else "none",
            "joined_party_on": joined,
            "full_member_on": joined.replace(year=joined.year + 1) if joined else None,
            "branch": self.draw.choice(self.branches(unit_id)),
            "position": life.position,
            "tags": [],
            "deceased": False,
            "household_id": f"{ids['person_id']}-h",
        }
        case = {
            "unit_id": unit_id,
            "category": category,
            "path": person.pop("path", ""),
            "degree": person.pop("degree", "hardship"),
            "unit_rank": rank,
            "stage": "nomination",
        }
        age = sample.as_of.year - born.year
        grown = 1 if age >= 75 else 2  # at home, besides children
        minors = self.draw.randrange(3) if 28 <= age <= 52 else 0
        size = minors + self.draw.randrange(1, grown + 2)
        sample.add(
            "households",
            household_id=row["household_id"],
            size=size,
            minors=minors,
            yearly_income_fen=size * self.draw.randrange(4, 16) * 100_000,
            dibao=False,
        )
        sample.add("people", person_id=ids["person_id"], **{**row, **person})
        sample.add("cases", **ids, **case)
        self.answer(ids["case_id"], category, case["path"])
        for name in ("aid", "honours", "causes"):
            sample.add("completeness", list=name, case_id=ids["case_id"], mark=Mark.NONE.value)
        return ids["case_id"]

    def branches(self, unit_id: str) -> tuple[str, ...]:
        """Return the branches a unit of that kind has: villages in a town, offices elsewhere."""
        kind = next(unit["kind"] for unit in self.sample.units if unit["unit_id"] == unit_id)
        return _VILLAGES if kind == "town_committee" else _OFFICES

    def answer(self, case_id: str, category: str | None, path: str) -> None:
        """Record every judgement the circular asks for: conditions hold, exclusions do not, priorities do not."""
        for clause in case_clauses(self.sample.policy, self.sample.as_of):
            if clause.ask and clause.applies_to(category, path):
                holds = clause.kind is Kind.CONDITION
                self.judge(case_id, clause.id, Mark.PRESENT if holds else Mark.NONE)

    def judge(self, case_id: str, clause_id: str, mark: Mark) -> None:
        """Record one judgement, replacing an earlier one."""
        rows = self.sample.tables["judgements"]
        rows[:] = [row for row in rows if (row["case_id"], row["clause_id"]) != (case_id, clause_id)]
        self.sample.add(
            "judgements",
            case_id=case_id,
            clause_id=clause_id,
            value=mark.value,
            body="示例党支部",
            basis="示例走访核实记录",
            source="走访",
            on=self.sample.as_of - timedelta(days=2),
            by="示例经办",
        )

    def unanswered(self, case_id: str, clause_id: str) -> None:
        """Take a judgement back: nobody has said."""
        rows = self.sample.tables["judgements"]
        rows[:] = [row for row in rows if (row["case_id"], row["clause_id"]) != (case_id, clause_id)]

    def unmarked(self, case_id: str, name: str) -> None:
        """Take a completeness mark back: nobody has checked that list."""
        rows = self.sample.tables["completeness"]
        rows[:] = [row for row in rows if (row["case_id"], row["list"]) != (case_id, name)]

    def aided(self, case_id: str, *, source: str, kind: str, on: date) -> None:
        """Record aid the person of a case was given by somebody else."""
        person = next(row["person_id"] for row in self.sample.tables["cases"] if row["case_id"] == case_id)
        self.sample.add("aid", person_id=person, source=source, kind=kind, status="granted", on=on, own=False)
        for row in self.sample.tables["completeness"]:
            if (row["case_id"], row["list"]) == (case_id, "aid"):
                row["mark"] = Mark.PRESENT.value

    def struck(self, case_id: str, cause: str, affected: str = "self", *, main: bool = True) -> None:
        """Record a cause of hardship."""
        self.sample.add("causes", case_id=case_id, cause=cause, affected=affected, main=main)
        for row in self.sample.tables["completeness"]:
            if (row["case_id"], row["list"]) == (case_id, "causes"):
                row["mark"] = Mark.PRESENT.value

    def again(self, case_id: str, category: str) -> None:
        """Let the same person stand for another kind of aid as well, on the same facts."""
        case = next(row for row in self.sample.tables["cases"] if row["case_id"] == case_id)
        other = f"{case_id}-2"
        for name in ("causes", "evidence", "completeness"):
            rows = [row for row in self.sample.tables[name] if row["case_id"] == case_id]
            self.sample.tables[name].extend({**row, "case_id": other} for row in rows)
        self.sample.add("cases", **{**case, "case_id": other, "category": category, "unit_rank": 9})
        self.answer(other, category, case["path"])

    def paper(self, case_id: str, *documents: str) -> None:
        """Put papers into the file."""
        for document in documents:
            self.sample.add("evidence", case_id=case_id, document=document, original_seen=True, copy_kept=True)


def _life(person: dict[str, Any]) -> _Life:
    """Return the life that fits a role, else a kind of beneficiary."""
    roles = [role for role in person.get("tags") or () if role in _LIVES]
    return _LIVES[roles[0] if roles else person.get("beneficiary", "member")]
