"""Read `cases.toml`: every key known, every value of its type, or a problem that names the example."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import polars as pl

from casework import frames
from casework.money import yuan
from casework.policy import Policy
from casework.problems import PolicyError, Problem
from casework.rules import case_clauses
from casework.shapes.base import read_fen
from casework.vocabulary import (
    AidKind,
    AidStatus,
    Beneficiary,
    Degree,
    Fund,
    HardshipCause,
    Mark,
    Membership,
    Outcome,
    Reason,
    Relation,
    Sex,
    Stage,
    Tag,
    Term,
    UnitKind,
    Verdict,
)

FILE = "cases.toml"
_CASE = frozenset(
    {"name", "as_of", "category", "path", "degree", "requested", "decided", "person", "household", "members", "unit"}
    | {"causes", "evidence", "honours", "aid", "answers", "judgements", "complete", "expect", "expect_amount"}
    | {"expect_funds", "expect_instalments"}
)
_CASE_COLUMNS = ("category", "path", "degree", "requested", "decided")
_PLACES = frozenset({"name", "unit", "unit_kinds", "category", "expect"})
_LISTS = {
    "members": "household_id",
    "causes": "case_id",
    "evidence": "case_id",
    "honours": "person_id",
    "aid": "person_id",
}
_COMPLETE = ("aid", "honours", "causes", "household", "evidence")
_TERMS: dict[str, type[Term]] = {
    "degree": Degree,
    "sex": Sex,
    "beneficiary": Beneficiary,
    "membership": Membership,
    "tags": Tag,
    "relation": Relation,
    "cause": HardshipCause,
    "affected": Relation,
    "status": AidStatus,
    "stage": Stage,
    "aid.kind": AidKind,
    "units.kind": UnitKind,
}
_TYPES: dict[Any, tuple[type, str]] = {
    pl.String: (str, "带引号的文字"),
    pl.Int64: (int, "整数"),
    pl.Boolean: (bool, "true 或 false"),
    pl.Date: (date, "日期，如 2020-01-15"),
}


@dataclass
class Example:
    """One `[[case]]`: its facts as rows of `frames.FACTS`, and what must come out."""

    number: int
    name: str
    as_of: date
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    expect: dict[str, str] = field(default_factory=dict)
    amount: str | None = None
    funds: dict[str, int] | None = None
    instalments: list[int] | None = None


@dataclass
class Places:
    """One `[[places]]`: a unit and the places it must have; without a unit, what all units together may have."""

    name: str
    unit_id: str | None
    unit: dict[str, Any]
    category: str | None
    expect: str
    unit_kinds: tuple[str, ...] = ()


def read_cases(policy: Policy, cases: bytes) -> tuple[list[Example], list[Places]]:
    """Read a `cases.toml` for a pack.

    Raises:
        PolicyError: With every problem found, each naming its example.
    """
    try:
        data = tomllib.loads(cases.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise PolicyError((Problem("不是 UTF-8 编码的文字", "另存为 UTF-8 编码", file=FILE),)) from None
    except tomllib.TOMLDecodeError:
        raise PolicyError(
            (Problem("写法不对，读不下去", "检查引号、括号、等号是否成对、是否重复", file=FILE),)
        ) from None
    reader = _Reader(policy)
    reader.keys(data, frozenset({"case", "places"}), "文件")
    examples = [reader.case(number, row) for number, row in reader.tables(data, "case")]
    places = [reader.places(number, row) for number, row in reader.tables(data, "places")]
    if reader.problems:
        raise PolicyError(tuple(reader.problems))
    return examples, places


class _Reader:
    """Reads values and keeps the problems."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.problems: list[Problem] = []
        self.categories = [category.id for category in policy.categories]
        self.units: list[dict[str, Any]] = []

    def wrong(self, where: str, message: str, remedy: str = "") -> None:
        self.problems.append(Problem(f"{where}：{message}", remedy, file=FILE))

    def keys(self, row: Mapping[str, Any], allowed: frozenset[str], where: str) -> None:
        for key in row:
            if key not in allowed:
                self.wrong(where, f"不认识 {key}", f"允许：{'、'.join(sorted(allowed))}")

    def tables(self, data: Mapping[str, Any], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
        rows = data.get(name, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self.wrong("文件", f"[{name}] 要写成 [[{name}]]", "用双方括号，每例一节")
            return
        yield from enumerate(rows, start=1)

    def name(self, number: int, row: Mapping[str, Any], what: str) -> str:
        name = row.get("name")
        if not isinstance(name, str) or not name.strip():
            self.wrong(f"第 {number} 个 [[{what}]]", "缺少 name", "写一句话说明这一例")
            return f"第 {number} 个 [[{what}]]"
        return name

    # -- cases ---------------------------------------------------------------------------------------------------

    def case(self, number: int, row: dict[str, Any]) -> Example:
        name = self.name(number, row, "case")
        where = f"工作实例“{name}”"
        self.keys(row, _CASE, where)
        as_of = self.value(row.get("as_of", self.policy.issued_on), pl.Date, f"{where}的 as_of")
        example = Example(number, name, as_of if isinstance(as_of, date) else self.policy.issued_on)
        key = str(number)
        top: dict[str, Any] = {name: row[name] for name in _CASE_COLUMNS if name in row}
        case = {"path": "", **self.columns(top, frames.CASES, where, money=("requested", "decided"))}
        self.one_of(case.get("category", self.categories[0]), self.categories, f"{where}的 category")
        self.one_of(case["path"] or "", ["", *(path for path, _ in self.policy.paths)], f"{where}的 path")
        ids = {"case_id": key, "person_id": key, "unit_id": key, "household_id": key}
        person = self.columns(self.table(row, "person", where), frames.PEOPLE, f"{where}的 person")
        example.tables = {
            "cases": [{**case, "case_id": key, "person_id": key, "unit_id": key}],
            "people": [{**person, "person_id": key, "household_id": key}],
        }
        if "household" in row:
            given = self.table(row, "household", where)
            household = self.columns(given, frames.HOUSEHOLDS, f"{where}的 household", money=("yearly_income",))
            example.tables["households"] = [{**household, "household_id": key}]
        if "unit" in row:
            unit = self.columns(self.table(row, "unit", where), frames.UNITS, f"{where}的 unit", table="units")
            example.tables["units"] = [{"name": f"单位{key}", **unit, "unit_id": key}]
        for table, owner in _LISTS.items():
            if table in row:
                example.tables[table] = [{**one, owner: ids[owner]} for one in self.rows(row, table, where)]
        example.tables["answers"] = [{**a, "case_id": key} for a in self.answers(row, where)]
        example.tables["judgements"] = [{**j, "case_id": key} for j in self.judgements(row, where)]
        example.tables["completeness"] = [{**c, "case_id": key} for c in self.complete(row, where)]
        example.expect, example.amount = self.expect(row, where, example.as_of)
        example.funds, example.instalments = self.parts(row, where)
        return example

    def rows(self, row: Mapping[str, Any], table: str, where: str) -> list[dict[str, Any]]:
        given = row[table]
        if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
            self.wrong(where, f"{table} 要写成列表", "如 [{ … }, { … }]")
            return []
        money = ("amount",) if table == "aid" else ("yearly_income",) if table == "members" else ()
        schema = frames.FACTS[table]
        return [self.columns(one, schema, f"{where}的 {table}", money=money, table=table) for one in given]

    def answers(self, row: Mapping[str, Any], where: str) -> Iterator[dict[str, Any]]:
        own = {one.id: one for one in self.policy.fields}
        for name, value in self.table(row, "answers", where).items():
            place = f"{where}的 answers.{name}"
            if not self.one_of(name, list(own), place):
                continue
            match own[name].kind:
                case "fen":
                    yield {"field": name, "number": self.fen(value, place)}
                case "count":
                    yield {"field": name, "number": self.value(value, pl.Int64, place)}
                case "flag":
                    flag = self.value(value, pl.Boolean, place)
                    yield {"field": name, "number": None if flag is None else int(flag)}
                case "date":
                    yield {"field": name, "date": self.value(value, pl.Date, place)}
                case _:
                    if own[name].choices:
                        self.one_of(value, list(own[name].choices), place)
                    yield {"field": name, "text": self.value(value, pl.String, place)}

    def judgements(self, row: Mapping[str, Any], where: str) -> Iterator[dict[str, Any]]:
        asked = [clause.id for clause in self.policy.clauses if clause.ask]
        for clause, mark in self.table(row, "judgements", where).items():
            self.one_of(clause, asked, f"{where}的 judgements")
            self.one_of(mark, list(Mark), f"{where}的 judgements.{clause}")
            yield {"clause_id": clause, "value": mark}

    def complete(self, row: Mapping[str, Any], where: str) -> Iterator[dict[str, Any]]:
        for name, mark in self.table(row, "complete", where).items():
            self.one_of(name, _COMPLETE, f"{where}的 complete")
            self.one_of(mark, list(Mark), f"{where}的 complete.{name}")
            yield {"list": name, "mark": mark}

    def expect(self, row: Mapping[str, Any], where: str, as_of: date) -> tuple[dict[str, str], str | None]:
        expected = self.table(row, "expect", where)
        known = ["category", *(clause.id for clause in case_clauses(self.policy, as_of)), "verdict", "reason"]
        for what, value in expected.items():
            if self.one_of(what, known, f"{where}的 expect"):
                terms: list[str] = list({"verdict": Verdict, "reason": Reason}.get(what, Outcome))
                self.one_of(value, terms, f"{where}的 expect.{what}")
        amount = row.get("expect_amount")
        if not expected and not {"expect_amount", "expect_funds", "expect_instalments"} & set(row):
            self.wrong(where, "没有写 expect", '写上应有的结果，如 expect = { verdict = "eligible" }')
        if amount is None or amount == "未定":
            return expected, amount
        fen = self.fen(amount, f"{where}的 expect_amount")
        return expected, None if fen is None else yuan(fen)

    def parts(self, row: Mapping[str, Any], where: str) -> tuple[dict[str, int] | None, list[int] | None]:
        """Return what each fund must bear and each instalment must be, in fen; None where the example does not say."""
        funds = {}
        for fund, value in self.table(row, "expect_funds", where).items():
            place = f"{where}的 expect_funds.{fund}"
            if self.one_of(fund, list(Fund), place) and (fen := self.fen(value, place)) is not None:
                funds[fund] = fen
        given = row.get("expect_instalments", [])
        if not isinstance(given, list):
            self.wrong(where, "expect_instalments 要写成列表", '如 ["1000", "1000"]')
            given = []
        read = [self.fen(value, f"{where}的 expect_instalments") for value in given]
        parts = [fen for fen in read if fen is not None]
        return funds if "expect_funds" in row else None, parts if "expect_instalments" in row else None

    # -- places --------------------------------------------------------------------------------------------------

    def places(self, number: int, row: dict[str, Any]) -> Places:
        name = self.name(number, row, "places")
        where = f"名额实例“{name}”"
        self.keys(row, _PLACES, where)
        unit = self.columns(self.table(row, "unit", where), frames.UNITS, f"{where}的 unit", table="units")
        if "unit" in row and "unit_kinds" in row:
            self.wrong(where, "unit 与 unit_kinds 只写一种", "合计的上限不写 unit")
        if unit not in self.units:
            self.units.append(unit)
        unit_id = f"u{self.units.index(unit)}" if "unit" in row else None
        kinds = row.get("unit_kinds", [])
        kinds = kinds if isinstance(kinds, list) else [kinds]
        kinds = [kind for kind in kinds if self.one_of(kind, list(UnitKind), f"{where}的 unit_kinds")]
        category = row.get("category")
        if category is not None:
            self.one_of(category, self.categories, f"{where}的 category")
        expect = row.get("expect")
        words = {"unknown": "不明", "open": "据实"}
        if isinstance(expect, int) and not isinstance(expect, bool) and expect >= 0:
            said = str(expect)
        else:
            said = words.get(str(expect), "")
            if not said:
                self.wrong(where, f"expect 不能是“{expect}”", '写名额数，或 "unknown"（不明）、"open"（据实）')
        rows = {"name": f"单位{unit_id}", **unit, "unit_id": unit_id}
        return Places(name, unit_id, rows, category, said, tuple(sorted(kinds)))

    # -- values --------------------------------------------------------------------------------------------------

    def table(self, row: Mapping[str, Any], name: str, where: str) -> dict[str, Any]:
        value = row.get(name, {})
        if not isinstance(value, dict):
            self.wrong(where, f"{name} 的写法不对", "写成 { 名 = 值 }")
            return {}
        return value

    def one_of(self, value: object, allowed: list[Any] | tuple[str, ...], where: str) -> bool:
        if isinstance(value, str) and value in allowed:
            return True
        self.wrong(where, f"不能是“{value}”", f"允许：{'、'.join(str(one) for one in allowed) or '（无）'}")
        return False

    def fen(self, value: object, where: str) -> int | None:
        try:
            return read_fen(value)
        except ValueError as error:
            self.wrong(where, str(error))
            return None

    def value(self, value: object, dtype: Any, where: str) -> Any:
        kind, words = _TYPES[dtype]
        number_for_flag = kind is int and isinstance(value, bool)
        if not isinstance(value, kind) or number_for_flag or isinstance(value, datetime):
            self.wrong(where, f"读到“{value}”", f"写{words}")
            return None
        return value

    def columns(
        self,
        given: Mapping[str, Any],
        schema: frames.Schema,
        where: str,
        *,
        money: tuple[str, ...] = (),
        table: str = "",
    ) -> dict[str, Any]:
        """Return `given` as columns of `schema`; money is yuan as text under the column's name without `_fen`."""
        ids = {"case_id", "person_id", "unit_id", "household_id"}
        allowed = {name for name in schema if name not in ids and not name.endswith("_fen")} | set(money)
        self.keys(given, frozenset(allowed), where)
        read: dict[str, Any] = {}
        for name, value in given.items():
            place = f"{where}.{name}"
            if name in money:
                read[f"{name}_fen"] = self.fen(value, place)
            elif name in allowed and schema[name] == pl.List(pl.String):
                listed = value if isinstance(value, list) else [value]
                read[name] = [one for one in listed if self.one_of(one, list(_TERMS[name]), place)]
            elif name in allowed:
                read[name] = self.value(value, schema[name], place)
                terms = _TERMS.get(f"{table}.{name}") or _TERMS.get(name)
                if terms is not None:
                    self.one_of(value, list(terms), place)
        return read
