"""A small ledger of invented people for the tests of duplicates, merging, the re-check and erasure."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlmodel import select
from stdnum.cn import ric

from casework import db
from casework.access import LOCAL_OFFICER, Actor
from casework.ledger import add_facts, audit_check, audit_key, execute, facts, import_units, open_round
from casework.models import Case, Person, Round
from casework.people.contacts import put_contact
from casework.vocabulary import Role

NOW = datetime(2020, 12, 1, 9, 30, tzinfo=UTC)
DAY = NOW.date()
ROUND, EARLIER = "jianshi-2020", "上一年"
TOWN = Actor("town", "示例镇经办", Role.OFFICER, frozenset({"a"}))
CARD, OTHER_CARD = "6222021234567890128", "6217001234567890122"
ID_NUMBER = "11010119650307123" + ric.calc_check_digit("110101196503071230")
_KEYS = count()
_FOLDER = tempfile.TemporaryDirectory(prefix="casework-people-")


def by(now=NOW, actor=LOCAL_OFFICER):
    """What every command says of itself."""
    return {"actor": actor, "now": now, "key": f"people-{next(_KEYS)}"}


def filled(database_url):
    """The ledger of `_made`, on SQLite a copy of one that was made once."""
    if not database_url.startswith("sqlite"):
        return _made(database_url)
    made = Path(_FOLDER.name) / "made.db"
    if not made.exists():
        _made(f"sqlite:///{made}").dispose()
    shutil.copy(made, make_url(database_url).database)
    return db.open_engine(database_url)


def _made(database_url):
    """Two rounds, two units, six people: p1 and p2 are one, p3 is near, p4 shares a household with p1."""
    engine = db.open_ledger(database_url)
    for round_id, opened in ((EARLIER, date(2019, 12, 1)), (ROUND, date(2020, 12, 1))):
        open_round(engine, round_id=round_id, policy=ROUND, opened_on=opened, **by())
    import_units(engine, [{"unit_id": "a", "name": "示例镇"}, {"unit_id": "b", "name": "示例乡"}], **by())
    born, branch = date(1965, 3, 7), "示例村党支部"
    people = [
        {"person_id": "p1", "name": "示例建国", "born_on": born, "branch": branch, "household_id": "h1", "sex": "male"},
        {"person_id": "p2", "name": "示例 建国", "born_on": date(1965, 3, 1), "branch": branch, "position": "组长"},
        {"person_id": "p3", "name": "示例建囯", "born_on": born, "branch": branch},
        {"person_id": "p4", "name": "示例兰", "born_on": date(1967, 1, 1), "branch": branch, "household_id": "h1"},
        {"person_id": "p5", "name": "示例建国", "born_on": born, "branch": "另一支部"},
        {"person_id": "p6", "name": "示例建国", "branch": branch},
    ]
    add_facts(
        engine,
        round_id=ROUND,
        households=[{"household_id": "h1", "size": 2, "yearly_income_fen": 1_200_000}],
        people=people,
        members=[{"household_id": "h1", "name": "示例兰", "relation": "spouse", "yearly_income_fen": 400_000}],
        cases=[{"case_id": f"c{i}", "person_id": f"p{i}", "unit_id": "a" if i < 6 else "b"} for i in (1, 3, 4, 5, 6)],
        honours=[{"person_id": "p2", "title": "示例先进"}],
        **by(),
    )
    add_facts(
        engine,
        round_id=EARLIER,
        cases=[{"case_id": "c2", "person_id": "p2", "unit_id": "a", "category": "hardship"}],
        causes=[{"case_id": "c2", "cause": "own_illness", "affected": "self", "main": True, "note": "示例病情"}],
        evidence=[{"case_id": "c2", "document": "示例证明", "issuer": "示例医院"}],
        aid=[{"person_id": "p2", "kind": "visit", "status": "granted", "on": date(2019, 12, 20), "amount_fen": 50_000}],
        completeness=[{"case_id": "c2", "list": "aid", "mark": "present"}],
        answers=[{"case_id": "c2", "field": "f", "text": "示例"}],
        **by(),
    )
    put_contact(engine, person_id="p1", kind="card", value=CARD, **by())
    put_contact(engine, person_id="p2", kind="card", value=OTHER_CARD, **by())
    put_contact(engine, person_id="p2", kind="phone", value="13912345678", **by())
    return engine


def close(engine, round_id=EARLIER, now=NOW):
    """Close a round, whatever is still open in it."""

    def body(work):
        version = work.get(Round, round_id).version
        work.change(Round, round_id, expected_version=version, state="closed", closed_on=now.date())

    execute(engine, action="close", body=body, **by(now))


def looked(engine, function, *arguments, **more):
    with db.reading(engine) as session:
        return function(session, *arguments, **more)


def version(engine, person_id):
    return looked(engine, lambda session: session.get_one(Person, person_id).version)


def owner(engine, case_id):
    return looked(engine, lambda session: session.exec(select(Case.person_id).where(Case.case_id == case_id)).one())


def digests(engine):
    """The facts of both rounds; equal digests are equal facts."""
    return [looked(engine, facts, round_id=r, as_of=DAY).digest() for r in (EARLIER, ROUND)]


def whole(engine):
    return looked(engine, audit_check, key=audit_key(engine)) == []
