"""A small round of 建始 with an official list that may be paid: two units, invented people, real circular."""

from __future__ import annotations

import copy
import shutil
import uuid
from datetime import date
from itertools import count

import psycopg
import pytest
from review_round import World, by
from sqlmodel import select

from casework import db
from casework.access import Actor
from casework.models_payment import Claim
from casework.payment.claims import open_claims
from casework.payment.funds import record_income
from casework.payment.receipts import hand_over
from casework.payment.transfers import transfer
from casework.review.confirmation import confirm_list
from casework.review.notices import post_notice
from casework.review.official import list_in_force
from casework.sample_people import People as _People
from casework.samples import _jianshi_units
from casework.vocabulary import Role, Stage, VisitPlace

TOWN, HALL = "js-01", "js-02"
PEOPLE = ((TOWN, "hardship", 2), (HALL, "hardship", 2), (HALL, "frontline", 2))
TODAY = date(2020, 1, 30)
FUND = "retained_dues"
OF_TOWN = Actor(id="town", name="示例镇经办", role=Role.OFFICER, units=frozenset({TOWN}))
_KEYS = count()


class Round(World):
    """The round, and the shortest way to say things about its money."""

    def do(self, function, *, day=TODAY, **more):
        said = by(day)
        if "key" in more:
            said["key"] = more.pop("key")
        if "actor" in more:
            said["actor"] = more.pop("actor")
        return function(self.engine, **said, **more)

    def on(self, engine):
        """The same round in another ledger."""
        other = copy.copy(self)
        other.engine = engine
        return other

    def claims(self, *, unit=None, state=None):
        def find(session):
            rows = session.exec(select(Claim).where(Claim.round_id == self.round_id).order_by(Claim.case_id)).all()
            return [c for c in rows if (unit is None or c.unit_id == unit) and (state is None or c.state == state)]

        return self.read(find)

    def income(self, fen=300_000):
        return self.do(record_income, round_id=self.round_id, fund=FUND, amount_fen=fen, on=TODAY, basis="示例凭证")

    def open(self, **more):
        print_ = self.read(list_in_force, self.round_id).fingerprint
        return self.do(open_claims, round_id=self.round_id, fingerprint=print_, **more)

    def transfer(self, unit, claims=None, **more):
        chosen = self.claims(unit=unit, state="planned") if claims is None else claims
        more.setdefault("document", "示例拨付单")
        return self.do(transfer, round_id=self.round_id, unit_id=unit, fund=FUND, claims=seen(chosen), on=TODAY, **more)

    def hand(self, claims, *, place=VisitPlace.HOME, **more):
        return self.do(hand_over, claims=seen(claims), place=place, handed_by="示例委员", on=TODAY, **more)


def seen(claims):
    return {claim.claim_id: claim.version for claim in claims}


def jianshi(engine):
    """Six people in two units, 3000 yuan, through every step of the circular to an official list."""
    sample = _jianshi_units("js")
    sample.as_of = date(2020, 1, 8)
    people = _People(sample, 3)
    names = count(1)
    for unit, category, number in PEOPLE:
        for rank in range(1, number + 1):
            tag = "first_secretary" if rank == 1 else "village_official"
            beneficiary, tags = ("member", ["veteran_member"]) if category == "hardship" else ("cadre", [tag])
            people.nominate(unit, category, rank, beneficiary=beneficiary, tags=tags, name=f"示例{next(names)}号")
    world = Round(engine, sample, TODAY)
    for stage, body, day in (
        (Stage.RECOMMENDATION, "党员群众", 9),
        (Stage.BRANCH_MEETING, "党支部", 10),
        (Stage.DETERMINATION, "党委", 11),
    ):
        world.step(stage, body, date(2020, 1, day))
    adopted = world.adopt()
    world.do(
        post_notice,
        round_id="js",
        body="党委",
        posted_on=date(2020, 1, 12),
        ends_on=date(2020, 1, 20),
        evidence="示例照片",
        closed=True,
        expected_version=world.version,
        case_ids=world.cases,
    )
    world.do(
        confirm_list,
        round_id="js",
        fingerprint=adopted.fingerprint,
        basis="示例会议记录",
        expected_version=adopted.version,
    )
    return world


# -- fixtures: the round is carried through its steps once for each kind of database, and copied for each test ---------


@pytest.fixture(autouse=True)
def _keys(monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)
    monkeypatch.setenv("CASEWORK_KEY", "cd" * 32)


@pytest.fixture(scope="session")
def made():
    return {}


def sqlite_world(made, tmp_path_factory, folder):
    if "sqlite" not in made:
        path = tmp_path_factory.mktemp("payment") / "ledger.db"
        engine = db.open_ledger(f"sqlite:///{path}")
        made["sqlite"] = (path, jianshi(engine))
        engine.dispose()
    path, world = made["sqlite"]
    for suffix in ("", "-wal"):
        if path.with_name(path.name + suffix).exists():
            shutil.copy(path.with_name(path.name + suffix), folder / f"ledger.db{suffix}")
    return world.on(db.open_engine(f"sqlite:///{folder / 'ledger.db'}"))


def postgres_world(made, postgres_url):
    admin = postgres_url.replace("+psycopg", "")
    if "postgres" not in made:
        # Every test file has a `made` of its own, all of them one cluster.
        template = made["template"] = f"r{uuid.uuid4().hex}"
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {template}")
        engine = db.open_ledger(postgres_url.replace("/postgres?", f"/{template}?"))
        made["postgres"] = jianshi(engine)
        engine.dispose()
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {made['template']}")
    return made["postgres"].on(db.open_engine(postgres_url.replace("/postgres?", f"/{name}?")))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def world(request, made, tmp_path, tmp_path_factory):
    """The round on each kind of database in turn."""
    if request.param == "sqlite":
        found = sqlite_world(made, tmp_path_factory, tmp_path)
    else:
        found = postgres_world(made, request.getfixturevalue("postgres_url"))
    yield found
    found.engine.dispose()
    if request.param == "postgres":
        admin = request.getfixturevalue("postgres_url").replace("+psycopg", "")
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {found.engine.url.database} WITH (FORCE)")


@pytest.fixture
def quick(made, tmp_path, tmp_path_factory):
    """The round on SQLite only, for what has nothing to do with the database."""
    found = sqlite_world(made, tmp_path_factory, tmp_path)
    yield found
    found.engine.dispose()
