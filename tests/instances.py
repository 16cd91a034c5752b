"""Small made-up circulars, people and scenarios for the tests of the allocation, drawn by Hypothesis.

A circular is a pack of its own: TOML text that is parsed as any other, so what is drawn is what an author can write.
"""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from hypothesis import strategies as st

from casework.allocation import Parameters, allocate
from casework.facts import Facts
from casework.frames import VERDICTS, conform
from casework.policy import parse_pack
from casework.policy.writing import pack_text

SOURCE = "\n".join(f"示例第{number}句。" for number in range(1, 41)).encode()
TODAY = date(2020, 1, 10)
FUNDS = ("dues", "donations", "fiscal")
KINDS = ("town_committee", "organ_committee")


def clause(rule, params, *, kind, force="must", **more):
    """A clause without id, cite and text: `pack` numbers them."""
    return {"kind": kind, "force": force, "rule": rule, "params": params, **more}


def priority(name):
    """A priority a person answers."""
    return {"id": name, "kind": "priority", "ask": "是否优先？", "reading": "由人认定。"}


def pack(clauses, categories=("a",), **sections):
    """Parse a pack of these clauses; `sections` are `field=[…]` and `parameter=[…]`."""
    rows = [
        {"id": f"C{number}", "cite": f"第{number}条", "text": f"示例第{number}句。", **row}
        for number, row in enumerate(clauses, start=1)
    ]
    head = {"id": "made-up", "title": "示例通知", "issued_on": TODAY, "year": 2020}
    head["source_sha256"] = hashlib.sha256(SOURCE).hexdigest()
    named = [{"id": name, "label": f"类别{name}"} for name in categories]
    return parsed(pack_text({"policy": head, "category": named, "clause": rows, **sections}))


@lru_cache(maxsize=512)
def parsed(text):
    """Parse one text once."""
    return parse_pack({"made-up": {"policy.toml": text.encode(), "source.txt": SOURCE}})


@dataclass(frozen=True, repr=False)
class Instance:
    """A circular, the facts under it as rows, the verdicts, and a scenario."""

    policy: object
    tables: dict
    verdicts: list
    parameters: Parameters

    def __repr__(self):
        rules = [(c.id, c.force.value, c.shape) for c in self.policy.clauses if c.shape is not None]
        cases = [tuple(row.values()) for row in self.tables["cases"]]
        rest = {name: self.tables[name] for name in ("units", "people", "rulings")}
        said = [(row["case_id"], row["verdict"], row["met"], row["open"]) for row in self.verdicts]
        return f"\n{rules}\n{cases}\n{rest}\n{said}\n{self.parameters}"

    def facts(self):
        return Facts.build(as_of=TODAY, round_id="r", **self.tables)

    def run(self, parameters=None, **tables):
        facts = self.facts().replace(**tables) if tables else self.facts()
        given = self.parameters if parameters is None else parameters
        return allocate(facts, conform(self.verdicts, VERDICTS), policy=self.policy, parameters=given)

    def with_(self, **changes):
        return dataclasses.replace(self, **changes)

    def case(self, case_id):
        return next(row for row in self.tables["cases"] if row["case_id"] == case_id)

    def priorities(self):
        """case → its priorities, larger first, as the pack weighs them."""
        shapes = [c.shape for c in self.policy.clauses if type(c.shape).__name__ == "PriorityOrder"]
        met = {row["case_id"]: row["met"] for row in self.verdicts}
        if not shapes:
            return dict.fromkeys(met, ())
        has = {case: tuple(name in names for name in shapes[0].clauses) for case, names in met.items()}
        return {case: (sum(key),) for case, key in has.items()} if shapes[0].order == "count" else has


def simple(places, people, *, clauses=(), categories=("a",), parameters=None, rulings=(), units=None, **kind):
    """An instance by hand.

    Args:
        places: Unit → {category: places}: the circular's table.
        people: Rows `(unit, category, rank[, met[, decided_fen]])`; the ids are c1, c2, …
        clauses: More clauses; without an amount a category is open.
        categories: The categories.
        parameters: The scenario.
        rulings: Rows.
        units: Rows of units; by default those of the table.
        kind: `unanswered={case: [...]}`.
    """
    fixed = {row["params"].get("category") for row in clauses if row.get("rule", "").startswith("amount")}
    rows = [clause("quota_grid", {"places": places}, kind="limit")] if places else []
    rows += list(clauses)
    rows += [clause("amount_open", {"category": name}, kind="rate") for name in categories if name not in fixed]
    listed = units or [
        {"unit_id": name, "name": name, "kind": KINDS[0], "order": number} for number, name in enumerate(places, 1)
    ]
    cases, verdicts = [], []
    for number, (unit, category, rank, *rest) in enumerate(people, start=1):
        met, decided = (*rest, *([], None)[len(rest) :])
        ids = {"case_id": f"c{number}", "person_id": f"p{number}"}
        cases.append(
            {**ids, "unit_id": unit, "category": category, "path": "", "unit_rank": rank, "decided_fen": decided}
        )
        verdicts.append(verdict(f"c{number}", met=met, unanswered=kind.get("unanswered", {}).get(f"c{number}", [])))
    tables = {"cases": cases, "units": listed, "rulings": list(rulings)}
    tables["people"] = [{"person_id": row["person_id"]} for row in cases]
    return Instance(pack(rows, categories), tables, verdicts, parameters or Parameters())


def verdict(case_id, value="eligible", reason=None, met=(), unanswered=()):
    """One row of `frames.VERDICTS`."""
    row = {"case_id": case_id, "verdict": value, "reason": reason, "clauses": ["C1"] if reason else []}
    return {**row, "met": list(met), "open": list(unanswered)}


def ruling(cell, order, kind="tie"):
    """The rows of one recorded order."""
    rows = [{"kind": kind, "cell": cell, "case_id": case, "rank": rank} for rank, case in enumerate(order, start=1)]
    return [{**row, "basis": "示例会议纪要"} for row in rows]


# -- drawn -----------------------------------------------------------------------------------------------------------


def yuan_text(fen):
    return f"{fen // 100}.{fen % 100:02d}"


AMOUNTS = st.integers(1, 6).map(lambda yuan: yuan * 101)  # fen that do not come out even


@st.composite
def limits(draw, categories, units):
    category = draw(st.sampled_from([*categories, None]))
    named = {"category": category} if category else {}
    one = {"category": category or categories[0]}
    few, force = st.integers(0, 3), draw(st.sampled_from(["must", "normally"]))
    match draw(st.integers(0, 8)):
        case 0 | 1:
            grid = {unit["name"]: {c: draw(few) for c in categories if draw(st.booleans())} for unit in units}
            rows = [clause("quota_grid", {"places": grid}, kind="limit", force=force)]
        case 2:
            bands = [{"members_from": 0, "members_below": 1000}, {"members_from": 1000}]
            rows = [
                clause("quota_by_headcount", {**named, **band, "places": draw(few)}, kind="limit", force=force)
                for band in bands
            ]
        case 3:
            rounding = draw(st.sampled_from(["half_up", "up", "down", "exact_total"]))
            params = {**named, "share": draw(st.sampled_from(["1‰", "1/1001", "0.0015"])), "rounding": rounding}
            if draw(st.booleans()):
                params |= {"at_least": 1, "at_most": 2}
            rows = [clause("quota_by_rate", params, kind="limit", force=force)]
        case 4:
            params = {**named, "unit_kinds": [draw(st.sampled_from(KINDS))], "places": draw(few)}
            rows = [clause("quota_by_unit_kind", params, kind="limit", force=force)]
        case 5:
            rows = [clause("quota_range", {**named, **draw(ranges())}, kind="limit", force=force)]
        case 6:
            params = {**one, "total": draw(st.integers(0, 6)), "basis": draw(st.sampled_from(["members", "cases"]))}
            params["method"] = draw(st.sampled_from(["sainte_lague", "dhondt", "largest_remainder", "equal"]))
            rows = [clause("quota_apportion", params, kind="limit", force=force)]
        case 7:
            rows = [clause("quota_open", named, kind="limit", force=force)]
        case _:
            rows = []
    if draw(st.integers(0, 2)) == 0:
        params = {**named, "places": draw(st.integers(0, 5))}
        if draw(st.booleans()):
            params["unit_kinds"] = [draw(st.sampled_from(KINDS))]
        rows.append(clause("cap_total", params, kind="limit"))
    return rows


@st.composite
def ranges(draw):
    at_least, at_most = sorted((draw(st.integers(0, 3)), draw(st.integers(0, 3))))
    return {"at_least": at_least, "at_most": at_most}


@st.composite
def amounts(draw, category):
    fixed = {"category": category, "yuan": yuan_text(draw(AMOUNTS))}
    rule, params = draw(
        st.sampled_from(
            [
                ("amount_fixed", fixed),
                ("amount_fixed", fixed),
                ("amount_fixed", {**fixed, "per": "household"}),
                ("amount_open", {"category": category}),
                ("amount_range", {"category": category, "at_least": "1", "at_most": "9"}),
            ]
        )
    )
    return clause(rule, params, kind="rate")


@st.composite
def moneys(draw, categories):
    rows = []
    for fund in draw(st.lists(st.sampled_from(FUNDS), unique=True, max_size=3)):
        params = {"fund": fund, "purposes": draw(st.lists(st.sampled_from(categories), unique=True))}
        if draw(st.integers(0, 4)):
            params["yuan"] = yuan_text(draw(st.integers(0, 2000)))
        rows.append(clause("fund", params, kind="fund"))
    if len(rows) > 1 and draw(st.booleans()):
        one, other = (row["params"]["fund"] for row in rows[:2])
        params = draw(st.sampled_from([{"shares": {one: "1/3", other: "2/3"}}, {"fixed": {one: "1"}, "rest": other}]))
        category = draw(st.sampled_from(categories))
        rows.append(clause("fund_split", {"category": category, **params}, kind="rate"))
    return rows


@st.composite
def instances(draw, across=None, most=6):
    """A circular with any limits, amounts and funds, and a few people under it.

    Args:
        across: Whether people stand in one order across units; None draws it.
        most: So many cases at most.
    """
    categories = ("a", "b", "c")[: draw(st.sampled_from([1, 2, 2, 3]))]
    count = draw(st.sampled_from([1, 1, 2, 3]))
    units = [
        {
            "unit_id": f"u{number}",
            "name": f"示例{number}局",
            "kind": draw(st.sampled_from(KINDS)),
            "members": draw(st.sampled_from([999, 1000, 1001, 2500, 1, 1200, 1800, 2000, None])),
            "order": order,
        }
        for number, order in enumerate(draw(st.permutations(range(1, count + 1))), start=1)
    ]
    rows = [row for _ in range(draw(st.integers(1, 2))) for row in draw(limits(categories, units))]
    bands = [number for number, row in enumerate(rows) if row["rule"] == "quota_by_headcount"]
    rows = [row for number, row in enumerate(rows) if number not in bands[2:]]  # one set of bands, no overlap
    rows += [draw(amounts(category)) for category in categories] + draw(moneys(categories))
    ordered = draw(st.integers(0, 3)) > 0
    if ordered:
        one_order = draw(st.booleans()) if across is None else across
        params = {"order": draw(st.sampled_from(["lexicographic", "count"])), "clauses": ["P1", "P2"]}
        rows += [
            priority("P1"),
            priority("P2"),
            clause("priority_order", {**params, "across_units": one_order}, kind="priority"),
        ]
    if draw(st.integers(0, 3)) == 0:
        among = draw(st.lists(st.sampled_from(categories), unique=True))
        rows.append(clause("highest_only", {"categories": among}, kind="repeat_aid"))
    cases = [
        draw(people(number, categories, units)) for number in range(1, draw(st.sampled_from([0, 2, 4, most, most])) + 1)
    ]
    # One person asks once in a unit × category: twice is a mistake the ledger's duplicates name.
    cases = list({(row["person_id"], row["unit_id"], row["category"]): row for row in cases}.values())
    verdicts = [draw(verdicts_of(row["case_id"], ordered=ordered)) for row in cases]
    owners = dict.fromkeys(row["person_id"] for row in cases)
    homes = st.sampled_from(["h1", "h2", "h3", None])
    tables = {
        "cases": cases,
        "units": units,
        "people": [{"person_id": owner, "household_id": draw(homes)} for owner in owners],
        "rulings": [],
    }
    found = Instance(pack(rows, categories), tables, verdicts, Parameters())
    return found.with_(parameters=draw(scenarios(found, across)), tables=tables | {"rulings": draw(rulings(cases))})


@st.composite
def funded(draw, across=None):
    """People with an amount who contend for few places, and funds that reach some: ties and the money line decide."""
    categories = ("a", "b")[: draw(st.sampled_from([1, 2, 2]))]
    units = [
        {"unit_id": f"u{number}", "name": f"示例{number}局", "kind": KINDS[0], "members": 100, "order": number}
        for number in (1, 2)
    ]
    grid = {unit["name"]: dict.fromkeys(categories, draw(st.sampled_from([1, 2, 9]))) for unit in units}
    funds = draw(st.lists(st.sampled_from(FUNDS), unique=True, min_size=1, max_size=3))
    rows = [clause("quota_grid", {"places": grid}, kind="limit")]
    rows += [clause("amount_open", {"category": category}, kind="rate") for category in categories]
    for number, fund in enumerate(funds):
        purposes = draw(st.lists(st.sampled_from(categories), unique=True)) if number else []
        params = {"fund": fund, "purposes": purposes, "yuan": yuan_text(draw(st.integers(1, 1200)))}
        rows.append(clause("fund", params, kind="fund"))
    if len(funds) > 1 and draw(st.integers(0, 2)) == 0:
        split = draw(st.sampled_from([{"shares": {funds[0]: "1/3", funds[1]: "2/3"}}, {"fixed": {funds[0]: "1"}}]))
        split |= {"rest": funds[1]} if "fixed" in split else {}
        rows.append(clause("fund_split", {"category": draw(st.sampled_from(categories)), **split}, kind="rate"))
    one_order = draw(st.sampled_from([True, True, False])) if across is None else across
    cases = [
        {
            "case_id": f"c{number}",
            "person_id": f"p{number}",
            "unit_id": draw(st.sampled_from(units))["unit_id"],
            "category": draw(st.sampled_from(categories)),
            "path": "",
            "unit_rank": draw(st.sampled_from([1, 2, 2, 3])),
            "decided_fen": draw(AMOUNTS),
        }
        for number in range(1, draw(st.integers(2, 6)) + 1)
    ]
    tables = {"cases": cases, "units": units, "rulings": []}
    tables["people"] = [{"person_id": row["person_id"], "household_id": None} for row in cases]
    said = [verdict(row["case_id"]) for row in cases]
    return Instance(pack(rows, categories), tables, said, Parameters(across_units=one_order))


@st.composite
def people(draw, number, categories, units):
    return {
        "case_id": f"c{number}",
        "person_id": f"p{draw(st.sampled_from([number] * 4 + [1]))}",
        "unit_id": draw(st.sampled_from(units))["unit_id"],
        "category": draw(st.sampled_from(categories)),
        "path": "",
        "unit_rank": draw(st.sampled_from([1, 2, 2, 2, 3, None])),
        "decided_fen": draw(st.one_of(st.none(), AMOUNTS)),
    }


@st.composite
def verdicts_of(draw, case_id, *, ordered):
    met = draw(st.lists(st.sampled_from(["P1", "P2"]), unique=True)) if ordered else []
    rest = [name for name in ("P1", "P2") if ordered and name not in met]
    unanswered = draw(st.lists(st.sampled_from(rest), unique=True)) if rest else []
    value, reason = draw(
        st.sampled_from(
            [("eligible", None)] * 12
            + [("refused", "not_eligible"), ("waiting", "facts_missing"), ("needs_exception", "needs_exception")]
        )
    )
    return verdict(case_id, value, reason, met, unanswered)


@st.composite
def rulings(draw, cases):
    cells = sorted({f"{row['unit_id']}|{row['category']}" for row in cases})
    rows = []
    for cell in draw(st.lists(st.sampled_from([*cells, "fund:dues", "C1"]), unique=True, max_size=2)):
        inside = [row["case_id"] for row in cases if cell in (f"{row['unit_id']}|{row['category']}", "fund:dues", "C1")]
        rows += ruling(cell, draw(st.permutations(inside)))
    return rows


@st.composite
def scenarios(draw, instance, across=None):
    found = Parameters(across_units=draw(st.sampled_from([None, True, False])) if across is None else across)
    grid = any(clause.shape is not None and clause.shape.rule == "quota_grid" for clause in instance.policy.clauses)
    for category in instance.policy.categories:
        if draw(st.integers(0, 3)) == 0:
            found = found.with_rate(category.id, draw(AMOUNTS))
        if not grid and draw(st.integers(0, 3)) == 0:
            unit = draw(st.sampled_from(instance.tables["units"]))
            found = found.with_places(f"{unit['unit_id']}|{category.id}", draw(st.integers(0, 3)))
    for fund in FUNDS:
        if draw(st.integers(0, 3)) == 0:
            found = found.with_fund(fund, draw(st.integers(0, 2000)))
    return found
