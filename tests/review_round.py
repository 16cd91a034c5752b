"""Small rounds for the tests of the review: real circulars, invented people, all eligible unless said otherwise."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import count

from casework import db
from casework.access import LOCAL_OFFICER, Actor
from casework.adoption import adopt
from casework.allocation import Parameters
from casework.ledger import add_facts, import_units, open_round
from casework.policy import load_policy
from casework.review.official import list_in_force
from casework.review.records import histories, steps_version
from casework.review.steps import record_step
from casework.sample_people import People, Sample
from casework.samples import _jianshi_units
from casework.scenarios import save_scenario
from casework.vocabulary import Act, Role, Stage

OFFICER = LOCAL_OFFICER
APPROVER = Actor(id="approver", name="示例审批", role=Role.APPROVER)
REVIEWER = Actor(id="reviewer", name="示例审核", role=Role.REVIEWER)
OTHER = Actor(id="other", name="示例另一经办", role=Role.OFFICER)
_KEYS = count()


def at(day, hour=9):
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def key():
    return f"k{next(_KEYS)}"


def by(day, actor=OFFICER):
    """What every command says of itself."""
    return {"actor": actor, "now": at(day), "key": key()}


class World:
    """One round in one ledger, with the shortest way to say things about it."""

    def __init__(self, engine, sample, today, *, pack=None):
        self.engine, self.sample, self.today = engine, sample, today
        self.round_id, self.policy = sample.round_id, sample.policy
        open_round(
            engine,
            round_id=sample.round_id,
            policy=pack or sample.policy.id,
            opened_on=sample.as_of,
            **by(sample.as_of),
        )
        import_units(engine, [dict(unit) for unit in sample.units], round_id=sample.round_id, **by(sample.as_of))
        add_facts(engine, round_id=sample.round_id, **by(sample.as_of), **dict(sample.tables))
        self.cases = [row["case_id"] for row in sample.tables["cases"]]

    @property
    def version(self):
        return self.read(steps_version, self.round_id)

    def read(self, function, *args, **more):
        with db.reading(self.engine) as session:
            return function(session, *args, **more)

    def history(self, case_id):
        return self.read(histories, self.round_id, [case_id]).get(case_id, {})

    def step(self, stage, body, on, *, actor=OFFICER, today=None, **more):
        more.setdefault("basis", "示例会议记录 1 号")
        more.setdefault("expected_version", self.version)
        return record_step(
            self.engine, round_id=self.round_id, stage=stage, body=body, on=on, **by(today or self.today, actor), **more
        )

    def adopt(self, parameters=None, *, day=None):
        """Adopt places and list, return the list."""
        saved = save_scenario(
            self.engine,
            round_id=self.round_id,
            name=f"方案{key()}",
            parameters=parameters or Parameters(),
            **by(day or self.today),
        )
        version = saved["version"]
        for act in (Act.PLACES, Act.LIST):
            done = adopt(
                self.engine,
                scenario_id=saved["scenario_id"],
                act=act,
                expected_version=version,
                **by(day or self.today),
            )
            assert done["fingerprint"]
            version += 1
        return self.list()

    def list(self):
        return self.read(list_in_force, self.round_id)


def neimenggu(engine, *, ranks=range(1, 7), today=date(2022, 12, 27), pack=None):
    """One unit of four places and six nominees, ranked 1 to 6; steps of the unit not yet recorded."""
    sample = Sample(
        "im",
        load_policy("neimenggu-2022"),
        date(2022, 12, 20),
        [
            {
                "unit_id": name,
                "name": f"示例{name}机关党委",
                "kind": "organ_committee",
                "members": 320,
                "members_as_of": date(2022, 11, 30),
                "order": place,
                "pay_difficulty": False,
            }
            for place, name in enumerate(("甲", "乙"), start=1)
        ],
    )
    people = People(sample, 1)
    for unit in ("甲", "乙"):
        for place, rank in enumerate(ranks if unit == "甲" else (1, 2), start=1):
            name = f"示例{unit}{place}"
            case = people.nominate(unit, "exceptional", rank, degree="exceptional_hardship", name=name)
            people.struck(case, "own_illness")
    return World(engine, sample, today, pack=pack)


def unit_steps(world, *, first=date(2022, 12, 21), through=Stage.NOMINATION):
    """Record the units' own steps for both packages."""
    chain = (
        (Stage.SURVEY, "各单位"),
        (Stage.SCREENING, "各单位"),
        (Stage.UNIT_REVIEW, "各单位"),
        (Stage.NOMINATION, "机关党委"),
    )
    for place, (stage, body) in enumerate(chain):
        for unit in ("甲", "乙"):
            world.step(stage, body, first.replace(day=first.day + place), unit_id=unit)
        if stage is through:
            return


def jiaozuo(engine, *, today=date(2018, 12, 20)):
    """One unit with two renewals and two new applications."""
    sample = Sample(
        "jz",
        load_policy("jiaozuo-2018"),
        date(2018, 12, 5),
        [{"unit_id": "局", "name": "示例局机关党委", "kind": "organ_committee", "members": 90, "order": 1}],
    )
    people = People(sample, 2)
    for rank in (1, 2):
        case = people.nominate("局", "visit", rank, path="renew", name=f"示例续{rank}")
        people.struck(case, "own_illness")
        people.paper(case, "县级或以上医院疾病证明", "缴费凭证")
    for rank in (1, 2):
        case = people.nominate("局", "relief", rank, path="new", name=f"示例新{rank}")
        people.struck(case, "own_illness")
        people.paper(case, *["县级或以上医院疾病证明", "缴费凭证"][: 3 - rank])
    for row in sample.tables["cases"]:
        for asked in sample.policy.fields:
            if asked.kind == "flag":
                sample.add("answers", case_id=row["case_id"], field=asked.id, number=1)
    return World(engine, sample, today)


def jianshi(engine, *, today=date(2020, 1, 14)):
    """Three veterans of one town in two branches; every step is the town's own, this office keeps the record."""
    sample = _jianshi_units("js")
    people = People(sample, 3)
    for rank in (1, 2, 3):
        branch = "示例村党支部" if rank < 3 else "示例社区党支部"
        told = {"name": f"示例老{rank}", "branch": branch, "tags": ["veteran_member"]}
        people.nominate("js-02", "hardship", rank, beneficiary="member", **told)
    return World(engine, sample, today)
