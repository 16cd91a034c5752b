"""The yearly re-check, and who came, went and changed between two dates."""

from datetime import UTC, date, datetime, timedelta

import pytest
from people_ledger import DAY, NOW, ROUND, TOWN, by, filled, looked, version, whole
from sqlmodel import select

from casework.access import LOCAL_OFFICER, LOCAL_VIEWER
from casework.ledger import add_facts, change_case, execute
from casework.models import Completeness, Person
from casework.models_people import Verification
from casework.people.differences import ledger_difference
from casework.people.merging import merge_people, undo_merge
from casework.people.rechecks import Rechecked, recheck_list, record_recheck
from casework.problems import NotAllowed, Refused
from casework.review.removal import remove_person
from casework.vocabulary import Recheck, RemovalCause


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


def listed(engine, year, **more):
    frame = looked(engine, recheck_list, year=year, actor=LOCAL_OFFICER, **more)
    return {row["person_id"]: row for row in frame.iter_rows(named=True)}


def outcomes(engine, year):
    return {person_id: row["outcome"] for person_id, row in listed(engine, year).items()}


def record(engine, year, *results, on=DAY, body="支部大会", now=NOW, **more):
    return record_recheck(engine, results, year=year, on=on, body=body, **{**by(now), **more})


def refused(*arguments, **more):
    with pytest.raises(Refused) as caught:
        record(*arguments, **more)
    return caught.value.reason_code


def ended(person_id, basis="已脱困，走访记录 3 号"):
    return Rechecked(person_id, Recheck.ENDED, basis)


LATER = datetime(2021, 12, 5, 9, tzinfo=UTC)


# -- the re-check ------------------------------------------------------------------------------------------------------


def test_who_was_not_rechecked_stands_as_such(either):
    assert outcomes(either, 2019) == {"p2": None}
    assert outcomes(either, 2020) == dict.fromkeys(["p1", "p2", "p3", "p4", "p5", "p6"])
    done = record(
        either,
        2020,
        Rechecked("p1", Recheck.NEW),
        Rechecked("p2", Recheck.CARRIED),
        ended("p3"),
        Rechecked("p4", Recheck.CHANGED),
    )
    assert done == {"new": 1, "carried": 1, "ended": 1, "changed": 1}
    assert outcomes(either, 2020) == {
        "p1": "new",
        "p2": "carried",
        "p3": "ended",
        "p4": "changed",
        "p5": None,
        "p6": None,
    }
    row = listed(either, 2020)["p3"]
    assert (row["on"], row["body"], row["basis"]) == (DAY, "支部大会", "已脱困，走访记录 3 号")
    assert whole(either)


def test_nothing_is_carried_into_the_next_year(engine):
    record(engine, 2020, Rechecked("p1", Recheck.CARRIED), ended("p3"))
    following = listed(engine, 2021)
    assert "p3" not in following
    assert {row["outcome"] for row in following.values()} == {None}
    assert (following["p1"]["last_year"], following["p1"]["last_outcome"]) == (2020, "carried")
    assert following["p5"]["last_year"] is None


def test_who_left_comes_back_with_a_new_case(engine):
    record(engine, 2019, ended("p2"), on=date(2019, 12, 28))
    assert "p2" not in outcomes(engine, 2020)
    add_facts(engine, round_id=ROUND, cases=[{"case_id": "again", "person_id": "p2", "unit_id": "a"}], **by())
    assert outcomes(engine, 2020)["p2"] is None
    record(engine, 2020, Rechecked("p2", Recheck.NEW))
    assert outcomes(engine, 2020)["p2"] == "new"


def test_a_later_line_counts_and_the_earlier_stays(engine):
    record(engine, 2020, Rechecked("p1", Recheck.CARRIED))
    record(engine, 2020, ended("p1"))
    assert outcomes(engine, 2020)["p1"] == "ended"
    assert len(looked(engine, lambda s: s.exec(select(Verification)).all())) == 2


def test_lines_of_a_merged_record_are_the_kept_ones(engine):
    record(engine, 2019, Rechecked("p2", Recheck.NEW), on=date(2019, 12, 28))
    merge_people(engine, kept="p1", gone="p2", reason="同一人", kept_version=1, gone_version=1, **by())
    assert "p2" not in outcomes(engine, 2020)
    assert listed(engine, 2020)["p1"]["last_outcome"] == "new"


def test_many_are_recorded_all_or_none(engine):
    assert refused(engine, 2020, Rechecked("p1", Recheck.CARRIED), ended("p2", basis=" ")) == "no_basis"
    assert refused(engine, 2020, Rechecked("p1", Recheck.CARRIED), Rechecked("none", Recheck.CARRIED)) == "not_found"
    assert outcomes(engine, 2020)["p1"] is None


@pytest.mark.parametrize(
    ("code", "results", "more"),
    [
        ("nobody", [], {}),
        ("twice", [Rechecked("p1", Recheck.CARRIED), Rechecked("p1", Recheck.CHANGED)], {}),
        ("no_body", [Rechecked("p1", Recheck.CARRIED)], {"body": " "}),
        ("future", [Rechecked("p1", Recheck.CARRIED)], {"on": DAY + timedelta(days=1)}),
        ("bad_year", [Rechecked("p1", Recheck.CARRIED)], {"on": date(2019, 12, 31)}),
        ("not_found", [Rechecked("p6", Recheck.CARRIED)], {"actor": TOWN}),
        ("not_new", [Rechecked("p2", Recheck.NEW)], {}),
    ],
)
def test_a_recheck_that_cannot_be_is_refused(engine, code, results, more):
    record(engine, 2019, Rechecked("p2", Recheck.CARRIED), on=date(2019, 12, 28))
    assert refused(engine, 2020, *results, **more) == code


def test_a_person_without_a_case_has_no_recheck(engine):
    add_facts(engine, round_id=ROUND, people=[{"person_id": "lone", "name": "示例"}], **by())
    assert refused(engine, 2020, Rechecked("lone", Recheck.CARRIED)) == "not_in_ledger"
    with pytest.raises(NotAllowed):
        record(engine, 2020, Rechecked("p1", Recheck.CARRIED), actor=LOCAL_VIEWER)


# -- the difference ----------------------------------------------------------------------------------------------------


AFTER = LATER.date()


def moved(engine, earlier=DAY, later=AFTER, actor=LOCAL_OFFICER):
    frame = looked(engine, ledger_difference, earlier=earlier, later=later, actor=actor)
    return {row["person_id"]: (row["movement"], row["why"], row["fields"]) for row in frame.iter_rows(named=True)}


def test_who_came_who_went_and_what_changed_is_named(either):
    engine = either
    add_facts(
        engine,
        round_id=ROUND,
        people=[{"person_id": "new", "name": "示例新"}],
        cases=[{"case_id": "cn", "person_id": "new", "unit_id": "b"}],
        **by(LATER),
    )
    record(engine, 2020, ended("p3"), now=LATER)
    remove_person(
        engine, case_id="c4", cause=RemovalCause.MOVED, on=DAY, basis="组织关系转出", expected_version=1, **by(LATER)
    )
    change_case(engine, case_id="c5", expected_version=1, requested_fen=70_000, **by(LATER))

    def corrected(work):
        work.change(
            Person, "p6", expected_version=version(engine, "p6"), born_on=date(1970, 1, 1), tags=["veteran_member"]
        )
        work.add(Completeness(case_id="c6", list="aid", mark="none"))
        row = work.get(Completeness, ("c2", "aid"))
        work.remove(row)
        work.add(Completeness(case_id="c2", list="aid", mark="none"))

    execute(engine, action="x", body=corrected, **by(LATER))
    assert moved(engine) == {
        "new": ("came", None, []),
        "p3": ("went", "ended", []),
        "p4": ("went", "moved", []),
        "p5": ("changed", None, ["cases.requested_fen"]),
        "p6": ("changed", None, ["completeness", "people.born_on", "people.tags"]),
        "p2": ("changed", None, ["completeness.mark"]),
    }
    assert moved(engine, actor=TOWN).keys() == {"p2", "p3", "p4", "p5"}
    assert moved(engine, earlier=DAY - timedelta(days=9), later=DAY).keys() == {f"p{i}" for i in range(1, 7)}
    with pytest.raises(Refused, match="要晚于"):
        moved(engine, later=DAY)


def test_a_merge_is_one_who_went_and_coming_apart_is_nothing(engine):
    versions = {"kept_version": 1, "gone_version": 1}
    done = merge_people(engine, kept="p1", gone="p2", reason="同一人", **versions, **by(LATER))
    found = moved(engine)
    assert found["p2"] == ("went", "merged", [])
    assert found["p1"][0] == "changed"
    assert {"cases", "aid", "honours", "people.position"} <= set(found["p1"][2])
    undo_merge(engine, merge_id=done["merge_id"], expected_version=1, reason="认错", **by(LATER))
    assert moved(engine) == {}
