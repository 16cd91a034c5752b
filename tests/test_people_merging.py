"""Records that may be one person: found by exact rules, merged and taken apart by a person, nothing lost."""

from datetime import date

import pytest
from people_ledger import (
    CARD,
    EARLIER,
    ID_NUMBER,
    NOW,
    OTHER_CARD,
    ROUND,
    TOWN,
    by,
    digests,
    filled,
    looked,
    owner,
    version,
    whole,
)
from sqlmodel import select

from casework import db
from casework.access import LOCAL_OFFICER, Actor
from casework.ledger import add_facts, facts, history
from casework.models import Aid, Honour, Person
from casework.models_people import Contact
from casework.people.contacts import put_contact
from casework.people.duplicates import duplicates, near_names, not_the_same
from casework.people.merging import merge_people, merges, undo_merge
from casework.people.register import merged_into, records_of, register
from casework.people.seeing import masked_contacts
from casework.problems import Conflict, Refused
from casework.review.objections import read_objection, record_objection
from casework.review.removal import remove_person
from casework.vocabulary import RemovalCause, Role


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


def pairs(engine, *, actor=LOCAL_OFFICER, **more):
    frame = looked(engine, duplicates, actor=actor, **more)
    return {(row["first"], row["second"]): row["reasons"] for row in frame.iter_rows(named=True)}


def merge(engine, kept="p1", gone="p2", **more):
    versions = {"kept_version": version(engine, kept), "gone_version": version(engine, gone)}
    return merge_people(engine, kept=kept, gone=gone, **{"reason": "核对证件，是同一人", **versions, **by(), **more})


def undo(engine, merge_id, **more):
    return undo_merge(engine, merge_id=merge_id, **{"expected_version": 1, "reason": "认错了人", **by(), **more})


def code(deed, *arguments, **more):
    with pytest.raises(Refused) as caught:
        deed(*arguments, **more)
    return caught.value.reason_code


# -- found -----------------------------------------------------------------------------------------------------------


def test_each_rule_finds_its_pairs_and_no_other(either):
    engine = either
    put_contact(engine, person_id="p5", kind="id_number", value=ID_NUMBER, **by())
    put_contact(engine, person_id="p6", kind="id_number", value=ID_NUMBER, **by())
    assert pairs(engine) == {
        ("p5", "p6"): ["same_number"],
        ("p1", "p4"): ["same_household"],
        ("p1", "p2"): ["same_name"],
        ("p1", "p3"): ["near_name"],
        ("p2", "p3"): ["near_name"],
    }


def test_pairs_come_page_by_page_the_strongest_first(engine):
    every = list(pairs(engine))
    assert every == [("p1", "p4"), ("p1", "p2"), ("p1", "p3"), ("p2", "p3")]
    assert list(pairs(engine, offset=1, limit=2)) == every[1:3]
    assert list(pairs(engine, round_id=EARLIER)) == [("p1", "p2"), ("p2", "p3")]
    frame = looked(engine, duplicates, actor=LOCAL_OFFICER, offset=1, limit=1)
    assert frame.row(0, named=True) | {"reasons": None} == {
        "first": "p1",
        "second": "p2",
        "first_name": "示例建国",
        "second_name": "示例 建国",
        "first_unit": "a",
        "second_unit": "a",
        "first_version": 1,
        "second_version": 1,
        "branch": "示例村党支部",
        "born": "1965-03",
        "reasons": None,
    }


def test_an_officer_of_a_unit_sees_pairs_of_his_unit(engine):
    assert ("p1", "p2") in pairs(engine, actor=TOWN)
    assert pairs(engine, actor=Actor("x", "他乡", Role.OFFICER, frozenset({"b"}))) == {}


def test_two_people_are_asked_about_once(engine):
    said = {"first": "p2", "second": "p1", "reason": "两人的证件都看过"}
    assert not_the_same(engine, **said, **by()) == {"first": "p1", "second": "p2"}
    assert ("p1", "p2") not in pairs(engine)
    assert code(not_the_same, engine, **said, **by()) == "settled"
    assert code(not_the_same, engine, first="p1", second="p1", reason="x", **by()) == "same_record"
    assert code(not_the_same, engine, first="p1", second="p3", reason=" ", **by()) == "no_reason"
    assert code(not_the_same, engine, first="p1", second="p6", reason="x", **by(actor=TOWN)) == "not_found"


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("示例建国", "示例建囯", True),
        ("示例建国", "示例国建", True),
        ("示例建国", "示例国", True),
        ("示例建国", "示例建国", False),
        ("示例建国", "示范建军", False),
        ("甲", "乙", False),
        ("示例", "示例建国", False),
    ],
)
def test_near_is_one_sign(one, other, near):
    assert near_names(one, other) is near_names(other, one) is near


def test_a_hundred_namesakes_of_one_branch_are_compared_without_all_pairs(engine):
    """Every one of them has another name: nothing is near, however many share month and branch."""
    people = [
        {
            "person_id": f"n{i:03}",
            "name": f"{chr(0x4E00 + i)}{chr(0x5E00 + i)}",
            "born_on": date(1950, 1, 1),
            "branch": "大",
        }
        for i in range(100)
    ]
    add_facts(engine, round_id=ROUND, people=people, **by())
    assert not any(pair[0].startswith("n") for pair in pairs(engine))


# -- merged ----------------------------------------------------------------------------------------------------------


def test_a_merge_moves_everything_and_names_what_it_did(either):
    engine = either
    done = merge(engine)
    assert (done["cases"], done["filled"], done["ended"]) == (1, ["position"], ["card"])
    assert done["differing"] == ["name", "born_on"]
    assert owner(engine, "c2") == "p1"
    with db.reading(engine) as session:
        assert {row.person_id for row in session.exec(select(Aid))} == {"p1"}
        assert {row.person_id for row in session.exec(select(Honour))} == {"p1"}
        assert {row.person_id for row in session.exec(select(Contact))} == {"p1"}
        kept = session.get_one(Person, "p1")
        assert (kept.name, kept.position, kept.household_id) == ("示例建国", "组长", "h1")
        assert session.get_one(Person, "p2").position == "组长"
        earlier = facts(session, round_id=EARLIER, as_of=NOW.date())
        assert merged_into(session) == {"p2": "p1"}
        assert records_of(session, "p1") == ["p1", "p2"]
        assert "p2" not in register(session, LOCAL_OFFICER)["person_id"]
    assert earlier.people["person_id"].to_list() == ["p1"]
    assert earlier.causes["note"].to_list() == ["示例病情"]  # sealed anew, still readable
    shown = {row.kind: row.value for row in looked(engine, masked_contacts, people=["p1"])}
    assert shown == {"card": f"****{CARD[-4:]}", "phone": "139****5678"}
    assert ("p1", "p2") not in pairs(engine)
    assert whole(engine)


def test_a_merged_record_takes_no_more_numbers_and_names_the_one_that_remained(engine):
    given = {"kind": "address", "value": "示例镇示例村七组"}
    done = merge(engine)
    with db.reading(engine) as session:
        name = session.get_one(Person, "p1").name
    with pytest.raises(Refused, match=f"已经并入“{name}”的记录") as caught:
        put_contact(engine, person_id="p2", **given, **by())
    assert caught.value.reason_code == "merged"
    stranger = Actor("else", "他乡经办", Role.OFFICER, frozenset({"elsewhere"}))
    with pytest.raises(Refused) as caught:
        put_contact(engine, person_id="p2", **given, **{**by(), "actor": stranger})
    assert caught.value.reason_code == "not_found"  # who may not see the other record is not told its name
    undo(engine, done["merge_id"])
    assert put_contact(engine, person_id="p2", **given, **by())["unchanged"] is False


def test_a_merge_taken_back_restores_the_same_facts(either):
    engine = either
    before = digests(engine)
    done = merge(engine)
    assert digests(engine) != before
    assert undo(engine, done["merge_id"]) == {"kept": "p1", "gone": "p2"}
    assert digests(engine) == before
    shown = {row.kind: row.value for row in looked(engine, masked_contacts, people=["p2"])}
    assert shown == {"card": f"****{OTHER_CARD[-4:]}", "phone": "139****5678"}
    assert ("p1", "p2") in pairs(engine)
    found = looked(engine, merges, person_id="p2")
    assert [(row.reason, row.undone_reason) for row in found] == [("核对证件，是同一人", "认错了人")]
    assert looked(engine, lambda s: len(list(history(s, table="hardship_case", row="c2")))) == 2
    assert whole(engine)
    merge(engine)  # and may be merged again


def test_what_came_after_the_merge_stays(engine):
    done = merge(engine)
    add_facts(engine, round_id=EARLIER, cases=[{"case_id": "new", "person_id": "p1", "unit_id": "a"}], **by())
    undo(engine, done["merge_id"])
    assert (owner(engine, "new"), owner(engine, "c2")) == ("p1", "p2")


def test_an_objection_is_still_read_after_the_merge(engine):
    made = record_objection(
        engine, round_id=EARLIER, content="示例异议", informant="示例人", case_id="c2", received_on=NOW.date(), **by()
    )
    done = merge(engine)
    read = read_objection(engine, objection_id=made["objection_id"], **by())
    assert (read.content, read.informant) == ("示例异议", "示例人")
    undo(engine, done["merge_id"])
    assert read_objection(engine, objection_id=made["objection_id"], **by()).content == "示例异议"


def test_a_merge_needs_a_reason_two_records_and_the_versions_seen(engine):
    assert code(merge, engine, reason=" ") == "no_reason"
    assert code(merge, engine, "p1", "p1") == "same_record"
    assert code(merge, engine, "p2", "p6", **by(actor=TOWN)) == "not_found"
    for stale in ({"kept_version": 7}, {"gone_version": 7}):
        with pytest.raises(Conflict):
            merge(engine, **stale)
    done = merge(engine)
    assert code(merge, engine, "p3", "p2") == code(merge, engine, "p2", "p3") == "merged"
    assert code(undo, engine, done["merge_id"], reason="") == "no_reason"
    assert code(undo, engine, "none") == "not_found"
    undo(engine, done["merge_id"])
    assert code(undo, engine, done["merge_id"], expected_version=2) == "undone"


def test_two_cases_in_one_open_round_are_settled_first(engine):
    assert code(merge, engine, "p1", "p3") == "both_in_round"
    remove_person(
        engine, case_id="c3", cause=RemovalCause.MISTAKEN, on=NOW.date(), basis="重复申报", expected_version=1, **by()
    )
    assert merge(engine, "p1", "p3")["cases"] == 1


def test_merges_are_taken_back_in_their_order(engine):
    first = merge(engine, "p2", "p1")
    assert looked(engine, records_of, "p2") == ["p2", "p1"]
    remove_person(
        engine, case_id="c3", cause=RemovalCause.MISTAKEN, on=NOW.date(), basis="重复申报", expected_version=1, **by()
    )
    second = merge(engine, "p3", "p2")
    assert looked(engine, merged_into) == {"p1": "p3", "p2": "p3"}
    assert owner(engine, "c1") == owner(engine, "c2") == "p3"
    assert code(undo, engine, first["merge_id"]) == "merged"
    undo(engine, second["merge_id"])
    undo(engine, first["merge_id"])
    assert (owner(engine, "c1"), owner(engine, "c2")) == ("p1", "p2")
