"""Retention and erasure: a person forgotten for good, the signed list and its hash as they were."""

from datetime import UTC, date, datetime, timedelta

import pytest
from payment_round import made, quick  # noqa: F401 - fixtures
from people_ledger import CARD, DAY, EARLIER, NOW, OTHER_CARD, ROUND, TOWN, by, close, filled, looked, whole
from review_round import jianshi
from sqlalchemy import text
from sqlmodel import select

from casework import db
from casework.access import LOCAL_OFFICER, LOCAL_VIEWER, Actor
from casework.ledger import (
    ERASED,
    add_facts,
    change_case,
    erased_in,
    execute,
    facts,
    history,
    load_draft,
    save_draft,
    thaw,
)
from casework.models import Adoption, Aid, Evidence, Household, HouseholdMember, Person
from casework.models_people import Contact, DataKey, Erasure
from casework.people.about import everything_about
from casework.people.erasure import erase_person
from casework.people.merging import merge_people, undo_merge
from casework.people.register import register
from casework.people.retention import retention_due, set_retention
from casework.people.seeing import openings
from casework.problems import NotAllowed, Refused
from casework.review.removal import remove_person
from casework.vocabulary import RemovalCause, Role

ELSEWHERE = Actor("x", "他乡经办", Role.OFFICER, frozenset({"b"}))
WHY = {"reason": "保存年限已满", "basis": "示例档案规定第 3 条"}


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)


@pytest.fixture
def engine(sqlite_database_url):
    engine = filled(sqlite_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def either(database_url):
    """The same on both databases, where the database matters."""
    engine = filled(database_url)
    yield engine
    engine.dispose()


def erase(engine, person_id="p2", **more):
    return erase_person(engine, person_id=person_id, **{**WHY, **by(), **more})


def code(deed, *arguments, **more):
    with pytest.raises(Refused) as caught:
        deed(*arguments, **more)
    return caught.value.reason_code


def everything(engine):
    """Every value of every row of every table, as one text."""
    names = looked(engine, lambda s: db.inspect(s.connection()).get_table_names())
    with engine.connect() as connection:
        return "\n".join(repr(connection.execute(text(f'SELECT * FROM "{name}"')).all()) for name in names)


# -- erasure -----------------------------------------------------------------------------------------------------------


def test_a_person_is_forgotten_in_every_table(either):
    engine = either
    execute(
        engine,
        action="x",
        body=lambda work: work.change(Person, "p2", expected_version=1, position="示例旧职务") and None,
        **by(),
    )
    save_draft(engine, notebook="n", round_id="r", content={"judged": {"c2": "示例"}}, actor=LOCAL_OFFICER, now=NOW)
    save_draft(engine, notebook="m", round_id="r", content={"judged": {"c22": 1}}, actor=LOCAL_OFFICER, now=NOW)
    close(engine)
    assert erase(engine) == {"records": 1, "households": 0}
    with db.reading(engine) as session:
        assert session.get_one(Person, "p2").name == ERASED
        assert {row.born_on for row in session.exec(select(Person).where(Person.person_id == "p2"))} == {None}
        assert session.get_one(DataKey, "person:p2").wrapped is None
        assert session.exec(select(Evidence)).one().document is None
        assert session.exec(select(Aid)).one().amount_fen is None
        assert session.get_one(Erasure, "p2").reason == WHY["reason"]
        assert [c.sealed for c in session.exec(select(Contact).where(Contact.person_id == "p2"))] == [None, None]
        known = facts(session, round_id=EARLIER, as_of=DAY)
        assert [change.changes for change in history(session, table="person", row="p2")] == [None]
        assert "p2" not in register(session, LOCAL_OFFICER)["person_id"]
        assert load_draft(session, notebook="n", round_id="r", actor=LOCAL_OFFICER) == {}
        assert load_draft(session, notebook="m", round_id="r", actor=LOCAL_OFFICER) != {}
    assert known.people["name"].to_list() == [ERASED]
    assert (known.causes.height, known.cases.height) == (0, 1)
    left = everything(engine)
    assert not any(word in left for word in ("示例 建国", "示例旧职务", "示例证明", "示例医院", "示例先进", OTHER_CARD))
    assert whole(engine)


def test_the_household_goes_with_its_last_person(engine):
    for case_id in ("c1", "c4"):
        remove_person(
            engine, case_id=case_id, cause=RemovalCause.DECLINED, on=DAY, basis="本人放弃", expected_version=1, **by()
        )
    assert erase(engine, "p1")["households"] == 0
    assert looked(engine, lambda s: s.get_one(Household, "h1").yearly_income_fen) == 1_200_000
    assert erase(engine, "p4")["households"] == 1
    with db.reading(engine) as session:
        assert session.get_one(Household, "h1").yearly_income_fen is None
        assert session.exec(select(HouseholdMember.name)).all() == [None]


def test_a_merged_record_is_erased_with_the_one_kept(engine):
    done = merge_people(engine, kept="p1", gone="p2", reason="同一人", kept_version=1, gone_version=1, **by())
    remove_person(engine, case_id="c1", cause=RemovalCause.DIED, on=DAY, basis="死亡证明", expected_version=1, **by())
    close(engine)
    assert code(erase, engine, "p2") == "merged"
    assert erase(engine, "p1")["records"] == 2
    assert OTHER_CARD not in everything(engine)
    assert code(undo_merge, engine, merge_id=done["merge_id"], expected_version=1, reason="x", **by()) == "erased"


def test_nobody_with_something_open_is_erased(engine):
    assert code(erase, engine) == "open_case"
    close(engine)
    for blank in ("reason", "basis"):
        assert code(erase, engine, **{blank: " "}) == f"no_{blank}"
    assert code(erase, engine, "none") == "not_found"
    assert code(erase, engine, actor=LOCAL_VIEWER) == "read_only"
    assert code(erase, engine, actor=ELSEWHERE) == "not_found"
    add_facts(engine, round_id=ROUND, cases=[{"case_id": "far", "person_id": "p2", "unit_id": "b"}], **by())
    assert code(erase, engine, actor=TOWN) == "scope"
    assert code(erase, engine) == "open_case"
    remove_person(engine, case_id="far", cause=RemovalCause.MOVED, on=DAY, basis="x", expected_version=1, **by())
    erase(engine)
    assert code(erase, engine) == "erased"


def test_money_still_to_come_keeps_a_person(quick):  # noqa: F811 - the fixture
    quick.income()
    quick.open()
    close(quick.engine, quick.round_id)
    claim = quick.claims()[0]
    assert code(erase, quick.engine, claim.person_id) == "open_claim"


def test_the_signed_list_and_its_hashes_stay(sqlite_database_url):
    world = jianshi(db.open_ledger(sqlite_database_url))
    listed = world.adopt()
    print_, numbers, hash_ = listed.fingerprint, listed.numbers, listed.snapshot_hash
    close(world.engine, world.round_id)
    victim = numbers["awards"][0]["person_id"]
    name = world.read(lambda s: s.get_one(Person, victim).name)
    assert name in str(world.read(thaw, hash_).people["name"].to_list())
    erase(world.engine, victim)
    after = world.list() or world.read(lambda s: s.exec(select(Adoption)).all()[-1])
    assert (after.fingerprint, after.numbers) == (print_, numbers)
    frozen = world.read(thaw, hash_)
    shown = dict(frozen.people.select("person_id", "name").iter_rows())
    assert shown[victim] == ERASED
    assert name not in shown.values()
    assert len(shown) == 3
    assert world.read(erased_in, hash_) == [victim]


# -- retention ---------------------------------------------------------------------------------------------------------


def due(engine, now, actor=LOCAL_OFFICER):
    found = looked(engine, retention_due, now=now, actor=actor)
    return found.sentence, {row["person_id"]: row["due_on"] for row in found.due.iter_rows(named=True)}


def test_without_a_recorded_period_nobody_is_due(engine):
    close(engine)
    assert due(engine, NOW + timedelta(days=36_500)) == ("尚未规定保存年限，没有人到期；请先登记年限和依据", {})


def test_the_period_counts_from_the_last_thing_done(either):
    engine = either
    close(engine, now=NOW - timedelta(days=300))
    set_retention(engine, years=10, source="示例档案规定", **by())
    entered = datetime(2030, 12, 1, tzinfo=UTC)
    assert due(engine, entered - timedelta(days=1))[1] == {}
    said, people = due(engine, entered)
    assert people == {"p2": date(2030, 12, 1)}  # the others have a case in an open round
    assert said == "按示例档案规定保存 10 年，到2030年12月1日有 1 人到期"
    assert due(engine, entered, actor=ELSEWHERE)[1] == {}
    set_retention(engine, years=15, source="新规定", **by())
    assert due(engine, entered)[1] == {}


def test_a_period_needs_its_source(engine):
    assert code(set_retention, engine, years=10, source=" ", **by()) == "no_source"
    assert code(set_retention, engine, years=0, source="x", **by()) == "bad_value"
    with pytest.raises(NotAllowed):
        set_retention(engine, years=10, source="x", **by(actor=TOWN))


# -- everything about one person ---------------------------------------------------------------------------------------


def test_everything_about_a_person_is_given_and_logged(either):
    engine = either
    change_case(engine, case_id="c1", expected_version=1, requested_fen=7, **by())
    merge_people(engine, kept="p1", gone="p2", reason="同一人", kept_version=1, gone_version=1, **by())
    held = everything_about(engine, person_id="p1", purpose="本人申请查阅", **by())
    assert {row["person_id"] for row in held["person"]} == {"p1", "p2"}
    assert {row["case_id"] for row in held["hardship_case"]} == {"c1", "c2"}
    assert held["household"][0]["yearly_income_fen"] == 1_200_000
    assert {row["value"] for row in held["contact"]} == {CARD, OTHER_CARD, "13912345678"}
    assert held["cause"][0]["note"] == "示例病情"
    assert {"aid", "honour", "evidence", "completeness", "answer", "household_member", "person_merge"} <= held.keys()
    assert any(row["changes"] == {"requested_fen": [None, 7]} for row in held["history"])
    assert not {"objection", "data_key", "inspection_finding"} & held.keys()
    log = looked(engine, openings, person_id="p1")
    assert [(row.purpose, row.actor_id) for row in log] == [("本人申请查阅", "local")]
    assert held["contact_opening"][0]["purpose"] == "本人申请查阅"
    assert not any(row.get("person_id") in {"p3", "p4", "p5", "p6"} for rows in held.values() for row in rows)


def test_everything_is_not_for_everybody(engine):
    said = {"person_id": "p1", "purpose": "本人申请查阅"}
    assert code(everything_about, engine, **said | {"purpose": " "}, **by()) == "no_purpose"
    assert code(everything_about, engine, **said, **by(actor=LOCAL_VIEWER)) == "read_only"
    assert code(everything_about, engine, **said, **by(actor=ELSEWHERE)) == "not_found"
    add_facts(engine, round_id=ROUND, cases=[{"case_id": "far", "person_id": "p1", "unit_id": "b"}], **by())
    assert code(everything_about, engine, **said, **by(actor=TOWN)) == "scope"
    assert looked(engine, openings, person_id="p1") == []
