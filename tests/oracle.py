"""A slow, plain allocation to hold the fast one against: no frames, orders tried one by one, one person at a time.

It reads the same policy and rows and says who is in, who is out and why. Nothing is shared with
`casework.allocation` except the apportionment of a total, which has an oracle of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import permutations

from casework.apportionment import apportion
from casework.shapes import amounts, limits
from casework.shapes.procedure import FundSource, PriorityOrder

UNKNOWN, OPEN = "unknown", "open"
MOST_TRIED = 6
"""So many people's orders are tried one by one; beyond it predecessors are counted."""


@dataclass
class Expected:
    """What must come out."""

    places: dict = field(default_factory=dict)  # cell → places, UNKNOWN or OPEN
    listed: dict = field(default_factory=dict)  # case → funded
    reserve: dict = field(default_factory=dict)  # case → reason
    ties: set = field(default_factory=set)  # (cell, seats, case ids)
    amounts: dict = field(default_factory=dict)  # case → fen or None
    spent: dict = field(default_factory=dict)  # fund → fen
    short: bool = False


def expected(policy, tables, verdicts, parameters):
    """Allocate by hand.

    Args:
        policy: The pack.
        tables: Rows of `cases`, `people`, `units`, `rulings`.
        verdicts: Rows of `frames.VERDICTS`.
        parameters: The scenario.
    """
    found = Expected()
    found.places, caps = cells_of(policy, tables, parameters)
    said = {row["case_id"]: row for row in verdicts}
    order = next((shape for _, shape in policy.of_shape(PriorityOrder)), None)
    across = bool(order and order.across_units) if parameters.across_units is None else parameters.across_units
    claims = []
    for case in tables["cases"]:
        verdict = said.get(case["case_id"], {"verdict": "waiting", "reason": "facts_missing"})
        cell = (case["unit_id"], case["category"])
        fen = amount_of(policy, case, parameters)
        found.amounts[case["case_id"]] = fen
        claim = {**case, "cell": cell, "fen": fen, "key": weight(order, verdict), "rank": case.get("unit_rank")}
        if verdict["verdict"] != "eligible":
            found.reserve[case["case_id"]] = verdict["reason"]
        elif cell not in found.places:
            found.reserve[case["case_id"]] = "not_offered"
        else:
            claims.append(claim)
    claims = once(policy, tables, claims, found, across=across)
    inside = []
    for cell in found.places:
        rivals = [claim for claim in claims if claim["cell"] == cell]
        name = "|".join(cell)
        inside += stand(rivals, found.places[cell], rulings_in(tables, {name}), name, found, "over_places", True)
    for cap in sorted(caps, key=narrow_first):
        rivals = [claim for claim in inside if covers(cap, claim, tables)]
        rest = [claim for claim in inside if not covers(cap, claim, tables)]
        ruled = rulings_in(tables, {cap["id"]})
        inside = rest + stand(rivals, cap["places"], ruled, cap["id"], found, "over_cap", across)
    pay(policy, tables, inside, parameters, across, found)
    return found


# -- places --------------------------------------------------------------------------------------------------------


def cells_of(policy, tables, parameters):
    """Return (cell → places, caps over several cells)."""
    units = tables["units"]
    single = policy.categories[0].id if len(policy.categories) == 1 else None
    grids = [shape.places for _, shape in policy.of_shape(limits.QuotaGrid)]
    listed = {category for grid in grids for row in grid.values() for category in row}
    said, caps = {}, []
    for unit in units:
        for category in policy.categories:
            shown = any(category.id in grid.get(unit["name"], {}) for grid in grids)
            if category.id not in listed or shown:
                said[unit["unit_id"], category.id] = []
    for clause in policy.clauses:
        for unit, category, places in numbers(clause.shape, units, tables["cases"]):
            if (category or single) is None:
                caps.append({"id": clause.id, "places": places, "unit": unit, "category": None, "kinds": ()})
            elif (unit, category or single) in said:
                said[unit, category or single].append(places)
    for clause, shape in policy.of_shape(limits.CapTotal):
        kinds = tuple(kind.value for kind in shape.unit_kinds)
        caps.append({"id": clause.id, "places": shape.places, "unit": None, "category": shape.category, "kinds": kinds})
    places = {}
    for cell, offered in said.items():
        name = "|".join(cell)
        if name in parameters.places:
            places[cell] = parameters.places[name]
        else:
            places[cell] = UNKNOWN if UNKNOWN in offered else min(offered) if offered else OPEN
    return places, caps


def numbers(shape, units, cases):
    """Yield (unit, category, places) one limit sets."""
    members = {unit["unit_id"]: unit.get("members") for unit in units}
    known = all(count is not None for count in members.values())
    for unit in units:
        count = unit.get("members")
        category = getattr(shape, "category", None)
        match shape:
            case limits.QuotaGrid():
                yield from ((unit["unit_id"], name, n) for name, n in shape.places.get(unit["name"], {}).items())
            case limits.QuotaByHeadcount():
                if count is None:
                    yield unit["unit_id"], category, UNKNOWN
                elif shape.first <= count and (shape.last is None or count <= shape.last):
                    yield unit["unit_id"], category, shape.places
            case limits.QuotaByRate(rounding="exact_total"):
                whole = apportion(members, method="half_up", rate=shape.share, rounding="total") if known else None
                seats = whole.places[unit["unit_id"]] if whole else None
                yield unit["unit_id"], category, bounded(seats, shape)
            case limits.QuotaByRate():
                share = None if count is None else count * shape.share
                seats = None if share is None else rounded(share, shape.rounding)
                yield unit["unit_id"], category, bounded(seats, shape)
            case limits.QuotaByUnitKind():
                if unit["kind"] in [kind.value for kind in shape.unit_kinds]:
                    yield unit["unit_id"], category, shape.places
            case limits.QuotaRange():
                yield unit["unit_id"], category, shape.at_most
            case limits.QuotaApportion():
                yield unit["unit_id"], category, share_of(shape, unit["unit_id"], units, cases, known)


def bounded(seats, shape):
    """Keep places between the least and the most of a rate."""
    if seats is None:
        return UNKNOWN
    seats = max(seats, shape.at_least)
    return seats if shape.at_most is None else min(seats, shape.at_most)


def rounded(share, how):
    """Round one row."""
    whole, part = divmod(share, 1)
    up = {"down": False, "up": part > 0, "half_up": part >= Fraction(1, 2)}[how]
    return int(whole) + up


def share_of(shape, unit_id, units, cases, known):
    """Return the places of one unit out of a total."""
    if shape.basis == "members" and not known:
        return UNKNOWN
    counted = {unit["unit_id"]: sum(case["unit_id"] == unit["unit_id"] and case["category"] == shape.category
                                    for case in cases) for unit in units}  # fmt: skip
    members = {unit["unit_id"]: unit.get("members") for unit in units}
    bounds = {"floors": shape.floor, "caps": shape.cap}
    result = apportion(
        counted if shape.basis == "cases" else members,
        total=shape.total,
        method=shape.method.value,
        base=shape.base or None,
        **{name: dict.fromkeys(members, value) for name, value in bounds.items() if value is not None},
    )
    open_units = {unit for tie in result.ties for unit in tie.units}
    return UNKNOWN if unit_id in open_units else result.places[unit_id]


def narrow_first(cap):
    """Order the caps: of one unit, of a kind, of a category, of all."""
    return cap["unit"] is None, not cap["kinds"], cap["category"] is None, cap["id"] + (cap["unit"] or "")


def covers(cap, claim, tables):
    """Tell whether a cap counts a claim."""
    kinds = {unit["unit_id"]: unit["kind"] for unit in tables["units"]}
    return (
        cap["unit"] in (None, claim["unit_id"])
        and cap["category"] in (None, claim["category"])
        and (not cap["kinds"] or kinds[claim["unit_id"]] in cap["kinds"])
    )


# -- people --------------------------------------------------------------------------------------------------------


def amount_of(policy, case, parameters):
    """Return how much a case gets: of the shapes with one number or a decision; the others have tests of their own."""
    shape = next(
        (c.shape for c in policy.clauses if str(c.shape.__class__.__name__).startswith("Amount")
         and c.shape.category == case["category"]), None
    )  # fmt: skip
    decided = parameters.decided.get(case["case_id"], case.get("decided_fen"))
    fixed = isinstance(shape, amounts.AmountFixed)
    if case["category"] in parameters.rates:
        rate = parameters.rates[case["category"]]
        return rate if fixed or decided is None else decided
    return shape.fen if fixed else decided


def weight(order, verdict):
    """Return the priorities a person has, larger first."""
    if order is None:
        return ()
    met = [clause in (verdict.get("met") or []) for clause in order.clauses]
    return (sum(met),) if order.order == "count" else tuple(met)


def once(policy, tables, claims, found, *, across):
    """Keep one claim per person, and one per household where the amount is per household."""
    numbered = {category.id: at for at, category in enumerate(policy.categories)}
    places = {unit["unit_id"]: unit["order"] for unit in tables["units"]}
    homes = {person["person_id"]: person.get("household_id") for person in tables["people"]}
    together = [set(shape.categories or numbered) for _, shape in policy.of_shape(amounts.HighestOnly)]
    per_home = {shape.category for _, shape in policy.of_shape(amounts.AmountFixed) if shape.per == "household"}

    def first(claim):
        fen = claim["fen"] if claim["fen"] is not None else -1
        rank = claim["rank"] if claim["rank"] is not None else 10**9
        down = tuple(-part for part in claim["key"])
        place = places.get(claim["unit_id"], 10**9)
        mine = [group for group in together if claim["category"] in group]
        stands = min([numbered[name] for group in mine for name in group] or [numbered[claim["category"]]])
        return (stands, -fen if mine else 0, numbered[claim["category"]], down, rank, place, claim["case_id"])

    kept, people, households = [], set(), {}
    for claim in sorted(claims, key=first):
        home = homes.get(claim["person_id"])
        if claim["category"] in per_home and home is None:
            found.reserve[claim["case_id"]] = "facts_missing"
        elif claim["person_id"] in people:
            found.reserve[claim["case_id"]] = "already_listed"
        else:
            people.add(claim["person_id"])
            kept.append(claim)
    for claim in kept:
        households.setdefault((homes.get(claim["person_id"]), claim["category"]), []).append(claim)
    final = []
    for (home, category), rivals in households.items():
        if category not in per_home or len(rivals) == 1:
            final += rivals
            continue
        most = min(first(claim)[:4] for claim in rivals)
        best = [claim for claim in rivals if first(claim)[:4] == most]
        cell = f"household:{home}:{category}"
        ruled = rulings_in(tables, {cell})
        could = [one for one, what in fate(best, 1, across=across).items() if what != "out"]
        if len(could) > 1 and (asked := [ruled[one] for one in could if one in ruled]):
            chosen = [one for one in could if ruled.get(one) == min(asked)]
            could = chosen if len(chosen) == 1 else could
        found.reserve |= {claim["case_id"]: "same_household" for claim in rivals}
        if len(could) == 1:
            del found.reserve[could[0]]
            final += [claim for claim in rivals if claim["case_id"] == could[0]]
        else:
            found.reserve |= dict.fromkeys(could, "tie")
            found.ties.add((cell, 1, frozenset(could)))
    return final


def rulings_in(tables, cells):
    """Return case → order by a recorded ruling in these cells."""
    return {row["case_id"]: row["rank"] for row in tables["rulings"] if row["cell"] in cells}


def before(one, other, *, across):
    """Tell whether `one` certainly comes before `other`."""
    if one["key"] != other["key"]:
        return one["key"] > other["key"]
    if None in (one["rank"], other["rank"]) or not (across or one["cell"] == other["cell"]):
        return False
    return one["rank"] < other["rank"]


def fate(rivals, seats, *, across):
    """Return case → in, out or tied, over every order nobody could object to."""
    ids = [claim["case_id"] for claim in rivals]
    ahead = {(a["case_id"], b["case_id"]) for a in rivals for b in rivals if before(a, b, across=across)}
    if len(rivals) <= MOST_TRIED:
        fair = [
            order
            for order in permutations(ids)
            if not any((order[j], order[i]) in ahead for j in range(len(order)) for i in range(j))
        ]
        won = [set(order[:seats]) for order in fair]
        always, ever = set.intersection(*won), set.union(*won)
    else:
        always = {one for one in ids if len(ids) - sum((one, two) in ahead for two in ids) <= seats}
        ever = {one for one in ids if sum((two, one) in ahead for two in ids) < seats}
    return {one: "in" if one in always else "tied" if one in ever else "out" for one in ids}


def stand(rivals, seats, ruled, name, found, reason, across):
    """Draw one line; return who is inside and note why the others are not."""
    if seats == OPEN or not rivals:
        return rivals
    if seats == UNKNOWN:
        found.reserve |= {claim["case_id"]: "facts_missing" for claim in rivals}
        return []
    fates = fate(rivals, seats, across=across)
    tied = {one for one, what in fates.items() if what == "tied"}
    left = seats - sum(what == "in" for what in fates.values())
    for rank in sorted({ruled[one] for one in tied if one in ruled}):
        chosen = {one for one in tied if one in ruled and ruled[one] <= rank}
        if len(chosen) == left:
            fates |= {one: "in" if one in chosen else "out" for one in tied}
            tied = set()
            break
    if tied:
        found.ties.add((name, left, frozenset(tied)))
    found.reserve |= {one: "tie" if what == "tied" else reason for one, what in fates.items() if what != "in"}
    return [claim for claim in rivals if fates[claim["case_id"]] == "in"]


# -- money ---------------------------------------------------------------------------------------------------------


class Purses:
    """The body's own limited funds and how a category is paid from them."""

    def __init__(self, policy, parameters):
        every = [category.id for category in policy.categories]
        own = [shape for _, shape in policy.of_shape(FundSource) if shape.level == "own"]
        self.left = {}
        self.payers = {category: [] for category in every}
        for shape in own:
            fen = parameters.funds.get(shape.fund.value, shape.fen)
            if fen is not None:
                self.left[shape.fund.value] = fen
            for category in shape.purposes or every:
                self.payers[category].append(shape.fund.value)
        self.splits = {shape.category: shape for _, shape in policy.of_shape(amounts.FundSplit)}
        self.shut = set()

    def needs(self, category):
        """Return the limited funds a category cannot do without."""
        if category in self.splits:
            split = self.splits[category]
            return {fund for fund in (split.shares or {**split.fixed, split.rest: 0}) if fund in self.left}
        payers = self.payers[category]
        return set(payers) if all(fund in self.left for fund in payers) else set()

    def draw(self, category, fen, left):
        """Take an amount; return whether it was there."""
        if category in self.splits:
            split, parts = self.splits[category], {}
            if split.shares:
                *front, last = split.shares
                parts = {fund: int(fen * split.shares[fund]) for fund in front}
                parts[last] = fen - sum(parts.values())
            else:
                rest = fen
                for fund, fixed in split.fixed.items():
                    parts[fund] = min(fixed, rest)
                    rest -= parts[fund]
                parts[split.rest] = parts.get(split.rest, 0) + rest
            if any(part > left[fund] for fund, part in parts.items() if fund in left):
                return False
            for fund, part in parts.items():
                if fund in left:
                    left[fund] -= part
            return True
        if not self.needs(category):
            return True
        if sum(left[fund] for fund in self.payers[category]) < fen:
            return False
        for fund in self.payers[category]:
            part = min(fen, left[fund])
            left[fund] -= part
            fen -= part
        return True


def pay(policy, tables, inside, parameters, across, found):
    """Draw the money line."""
    purses = Purses(policy, parameters)
    start = dict(purses.left)
    found.listed |= dict.fromkeys((claim["case_id"] for claim in inside), True)
    paying = [claim for claim in inside if claim["fen"] is not None and purses.needs(claim["category"])]
    if across:
        in_order(tables, paying, purses, found)
    else:
        together(paying, purses, found)
    found.spent = {fund: start[fund] - left for fund, left in purses.left.items()}


def groups_of(claims, purses):
    """Return the claims in groups that share a fund, directly or through others."""
    groups = []
    for claim in claims:
        funds, members = purses.needs(claim["category"]), [claim]
        for group in [g for g in groups if g[0] & funds]:
            groups.remove(group)
            funds, members = funds | group[0], group[1] + members
        groups.append((funds, members))
    return groups


def fewest_first(purses):
    """Order equal people by what they are paid from."""
    return lambda claim: (len(purses.needs(claim["category"])), claim["category"], claim["fen"])


def together(paying, purses, found):
    """Pay everyone of a group of funds, or nobody."""
    for _, members in groups_of(paying, purses):
        left = dict(purses.left)
        line = sorted(members, key=fewest_first(purses))
        if all(purses.draw(claim["category"], claim["fen"], left) for claim in line):
            purses.left = left
        else:
            found.short = True
            found.listed |= {claim["case_id"]: False for claim in members}


def in_order(tables, paying, purses, found):
    """Pay down one order; who does not fit shuts every fund they need."""
    ruled = {row["case_id"]: row["rank"] for row in tables["rulings"] if row["cell"].startswith("fund")}
    for key in sorted({claim["key"] for claim in paying}, reverse=True):
        for _, contenders in groups_of([claim for claim in paying if claim["key"] == key], purses):
            ranks = {claim["rank"] for claim in contenders}
            steps = [contenders]
            if None not in ranks:
                steps = [[claim for claim in contenders if claim["rank"] == rank] for rank in sorted(ranks)]
            for step in steps:
                for _, rivals in groups_of(step, purses):
                    settle(rivals, purses, ruled, found)


def settle(rivals, purses, ruled, found):
    """Pay people of one claim, or leave them to a decision."""
    order = [ruled.get(claim["case_id"]) for claim in rivals]
    clear = len(rivals) == 1 or (None not in order and len(set(order)) == len(order))
    rivals = sorted(rivals, key=(lambda claim: ruled.get(claim["case_id"], 0)) if clear else fewest_first(purses))
    left = dict(purses.left)
    whole = all(
        not purses.needs(claim["category"]) & purses.shut and purses.draw(claim["category"], claim["fen"], left)
        for claim in rivals
    )
    if not clear and not whole:
        alone = [
            claim
            for claim in rivals
            if not purses.needs(claim["category"]) & purses.shut
            and purses.draw(claim["category"], claim["fen"], dict(purses.left))
        ]
        for claim in rivals:
            del found.listed[claim["case_id"]]
            found.reserve[claim["case_id"]] = "tie" if claim in alone else "fund_exhausted"
        needed = set().union(*(purses.needs(claim["category"]) for claim in rivals))
        if alone:
            cell = "fund:" + "+".join(sorted(needed))
            found.ties.add((cell, None, frozenset(claim["case_id"] for claim in rivals)))
        purses.shut |= needed
        return
    for claim in rivals:
        needs = purses.needs(claim["category"])
        if needs & purses.shut or not purses.draw(claim["category"], claim["fen"], purses.left):
            purses.shut |= needs
            del found.listed[claim["case_id"]]
            found.reserve[claim["case_id"]] = "fund_exhausted"
