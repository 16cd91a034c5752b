"""A seeded demo ledger: three real circulars, invented people. Every name begins with 示例 and belongs to nobody."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime

from sqlalchemy import Engine

from casework.access import Actor
from casework.ledger import add_facts, import_units, mark_demo, open_round
from casework.policy import load_policy
from casework.sample_people import People, Sample
from casework.shapes.limits import QuotaGrid
from casework.vocabulary import Mark

SEED = 20200107
"""Everything invented here comes from this number; the same ledger comes out every time."""

_JS_ROLES: dict[str, tuple[str, list[list[str]]]] = {
    "family": ("family", [["line_of_duty_sacrifice"]]),
    "frontline": ("cadre", [["village_official"], ["first_secretary"], ["work_team_leader"], ["work_team_member"]]),
    "hardship": ("member", [["member_in_hardship"], ["veteran_member"], ["veteran_official"], ["veteran_activist"]]),
    "resident": ("resident", [[]]),
}


def jianshi() -> Sample:
    """Return the round of 建始 2020: its own table of 12 units, a roster with more nominees than places."""
    sample = _jianshi_units("jianshi-2020")
    people = People(sample, SEED)
    for unit, category, places in _jianshi_cells(sample):
        beneficiary, roles = _JS_ROLES[category]
        spare = 2 if places >= 10 else 1
        for rank in range(1, places + spare + 1):
            tags = people.draw.choice(roles)
            case = people.nominate(unit, category, rank, beneficiary=beneficiary, tags=tags)
            if category == "resident":
                people.struck(case, "own_illness")
        if places >= 20:
            _jianshi_doubtful(people, unit, category, places + spare)
    people.nominate("js-01", None, None, beneficiary="member", tags=["veteran_member"])
    return sample


def _jianshi_doubtful(people: People, unit: str, category: str, last: int) -> None:
    """Add the people an officer has to look at: helped this year, not checked, role not recorded."""
    beneficiary, (tags, *_) = _JS_ROLES[category]
    helped = people.nominate(unit, category, last + 1, beneficiary=beneficiary, tags=tags)
    people.aided(helped, source="示例单位工会", kind="visit", on=date(2020, 1, 3))
    unchecked = people.nominate(unit, category, last + 2, beneficiary=beneficiary, tags=tags)
    people.unmarked(unchecked, "aid")
    people.nominate(unit, category, last + 3, beneficiary=beneficiary, tags=None)


def jianshi_tie() -> Sample:
    """Return a small round under the same circular with one open tie: two people of one rank for the last place."""
    sample = _jianshi_units("jianshi-tie")
    people = People(sample, SEED + 1)
    for rank in (*range(1, 15), 15, 15, 17):
        people.nominate("js-02", "hardship", rank, beneficiary="member", tags=["veteran_member"])
    return sample


def _jianshi_units(round_id: str) -> Sample:
    policy = load_policy("jianshi-2020")
    names = list(next(shape for _, shape in policy.of_shape(QuotaGrid)).places)
    draw = random.Random(SEED)  # noqa: S311 - headcounts of a demo
    units = [
        {
            "unit_id": f"js-{number:02}",
            "name": name,
            "kind": "working_committee" if "工委" in name else "town_committee",
            "members": draw.randrange(600, 3200),
            "members_as_of": date(2019, 12, 31),
            "order": number,
            "pay_difficulty": False,
        }
        for number, name in enumerate(names, start=1)
    ]
    return Sample(round_id, policy, date(2020, 1, 10), units)


def _jianshi_cells(sample: Sample) -> Iterator[tuple[str, str, int]]:
    grid = next(shape for _, shape in sample.policy.of_shape(QuotaGrid)).places
    for unit in sample.units:
        for category, places in grid[unit["name"]].items():
            yield unit["unit_id"], category, places


_IM_UNITS = (
    ("示例厅机关党委", 999, 6),
    ("示例委机关党委", 1000, 13),
    ("示例局机关党委", 1001, 12),
    ("示例站直属党委", 320, 6),
)


def neimenggu() -> Sample:
    """Return the round of 内蒙古 2022: units at 999, 1000, 1001 members, one with pay difficulty, union aid overlap."""
    policy = load_policy("neimenggu-2022")
    units = [
        {
            "unit_id": f"im-{number:02}",
            "name": name,
            "kind": "direct_committee" if "直属" in name else "organ_committee",
            "members": members,
            "members_as_of": date(2022, 11, 30),
            "order": number,
            "pay_difficulty": name == "示例站直属党委",
        }
        for number, (name, members, _) in enumerate(_IM_UNITS, start=1)
    ]
    sample = Sample("neimenggu-2022", policy, date(2022, 12, 20), units)
    people = People(sample, SEED + 2)
    for number, (_, _, nominees) in enumerate(_IM_UNITS, start=1):
        for rank in range(1, nominees + 1):
            case = people.nominate(f"im-{number:02}", "exceptional", rank, degree="exceptional_hardship")
            people.struck(case, people.draw.choice(["own_illness", "own_accident", "disaster"]))
            if rank == nominees - 1:
                people.judge(case, "IM-3.1.2", Mark.PRESENT)
            if rank == nominees:
                people.unanswered(case, "IM-3.1.4")
    union = people.nominate("im-02", "exceptional", 14, degree="exceptional_hardship")
    people.struck(union, "own_illness")
    people.aided(union, source="自治区直属机关工会工委", kind="union_relief", on=date(2022, 11, 8))
    school = people.nominate("im-01", "exceptional", 7, degree="exceptional_hardship")
    people.struck(school, "schooling")
    family = people.nominate(
        "im-03", "exceptional", 13, beneficiary="family", tags=["line_of_duty_sacrifice"], degree=None
    )
    people.struck(family, "other")
    return sample


_JZ_UNITS = (("示例局机关党委", 186, 5, 3), ("示例委机关党总支", 92, 3, 2), ("示例中心党支部", 41, 2, 2))


def jiaozuo() -> Sample:
    """Return the round of 焦作 2018: renewals and new applications, several conditions at once."""
    policy = load_policy("jiaozuo-2018")
    kinds = ("organ_committee", "general_branch", "branch")
    units = [
        {
            "unit_id": f"jz-{number:02}",
            "name": name,
            "kind": kind,
            "members": members,
            "members_as_of": date(2018, 10, 31),
            "order": number,
            "pay_difficulty": False,
        }
        for number, ((name, members, _, _), kind) in enumerate(zip(_JZ_UNITS, kinds, strict=True), start=1)
    ]
    sample = Sample("jiaozuo-2018", policy, date(2018, 12, 5), units)
    people = People(sample, SEED + 3)
    for number, (_, _, renewals, fresh) in enumerate(_JZ_UNITS, start=1):
        unit = f"jz-{number:02}"
        for rank in range(1, renewals + 1):
            case = people.nominate(unit, "visit", rank, path="renew")
            people.struck(case, "own_illness")
            people.paper(case, "县级或以上医院疾病证明", "缴费凭证")
        for rank in range(1, fresh + 1):
            case = people.nominate(unit, "relief", rank, path="new")
            people.struck(case, "own_illness")
            people.struck(case, "sudden_event", main=False)
            papers = ["县级或以上医院疾病证明", "缴费凭证", "公安部门证明"]
            people.paper(case, *(papers if rank > 1 else papers[:1]))
    people.again(sample.tables["cases"][1]["case_id"], "relief")
    for row in sample.tables["cases"]:
        for asked in policy.fields:
            if asked.kind == "flag":
                sample.add("answers", case_id=row["case_id"], field=asked.id, number=1)
    return sample


def samples() -> list[Sample]:
    """Return the rounds of the demo ledger, the one to try first at the end (it was opened last)."""
    return [jiaozuo(), neimenggu(), jianshi_tie(), jianshi()]


def fill(engine: Engine, *, actor: Actor, now: datetime) -> None:
    """Put the demo rounds into an empty ledger.

    A second time nothing is added: every step has its own key.

    Raises:
        Refused: `not_empty`: a real ledger does not become a demonstration.
    """
    mark_demo(engine, actor=actor, now=now, key="demo-mark")
    for sample in samples():
        rows = [dict(unit) for unit in sample.units]
        import_units(engine, rows, actor=actor, now=now, key=f"demo-units-{sample.round_id}")
        open_round(
            engine,
            round_id=sample.round_id,
            policy=sample.policy.id,
            title=_title(sample),
            opened_on=sample.as_of,
            units=[unit["unit_id"] for unit in sample.units],
            actor=actor,
            now=now,
            key=f"demo-round-{sample.round_id}",
        )
        add_facts(
            engine,
            round_id=sample.round_id,
            actor=actor,
            now=now,
            key=f"demo-facts-{sample.round_id}",
            **dict(sample.tables),
        )


def _title(sample: Sample) -> str:
    return f"{sample.policy.round_title}（并列示例）" if sample.round_id == "jianshi-tie" else ""
