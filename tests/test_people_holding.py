"""What is entered by hand about a person: corrected, kept in the history, computed, never seen from another unit."""

import hashlib
from datetime import date, timedelta

import pytest
from people_ledger import DAY, EARLIER, ROUND, TOWN, by, close, digests, filled, looked, whole
from sqlmodel import select

from casework.access import LOCAL_VIEWER, Actor
from casework.checking import check_ledger
from casework.ledger import add_facts, audit_key, facts, history
from casework.ledger.audit import canonical
from casework.models import Aid, Cause, HouseholdMember, Idempotency, Person
from casework.people.holding import change_household, change_person, household_view, open_household
from casework.people.merging import merge_people
from casework.people.rows import drop_row, mark_list, put_row
from casework.problems import Conflict, Refused
from casework.vocabulary import Role

ELSEWHERE = Actor("x", "他乡经办", Role.OFFICER, frozenset({"b"}))


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)


@pytest.fixture
def engine(sqlite_database_url):
    engine = filled(sqlite_database_url)
    yield engine
    engine.dispose()


def code(deed, *arguments, **more):
    with pytest.raises(Refused) as caught:
        deed(*arguments, **more)
    return caught.value.reason_code


def put(engine, rows, owner, **more):
    return put_row(engine, rows=rows, owner=owner, **{**by(), **more})


def known(engine, round_id=ROUND):
    return looked(engine, facts, round_id=round_id, as_of=DAY)


def sound(engine):
    return looked(engine, check_ledger, key=audit_key(engine)) == []


ROWS = {
    "member": ("h1", {"name": "示例子", "relation": "child", "born_on": date(2001, 2, 3)}, {"yearly_income_fen": 5}),
    "honour": ("p1", {"title": "示例标兵", "level": "县级"}, {"granted_on": date(2010, 7, 1)}),
    "aid": ("p1", {"source": "示例工会", "kind": "union_relief", "status": "applied"}, {"status": "granted"}),
    "evidence": ("c1", {"document": "示例证明", "original_seen": True}, {"copy_kept": True}),
    "cause": ("c1", {"cause": "own_illness", "affected": "self", "note": "示例病情甲"}, {"main": True}),
}


def lived(either, kind):
    """Enter, correct and take out one row."""
    owner, values, corrected = ROWS[kind]
    table = {"member": "members", "honour": "honours", "evidence": "evidence", "cause": "causes"}.get(kind, kind)
    before = digests(either)
    first = put(either, kind, owner, **values)
    row = getattr(known(either), table).filter(**{next(iter(values)): next(iter(values.values()))}).row(0, named=True)
    assert values.items() <= row.items()
    second = put(either, kind, owner, row_id=first["row_id"], expected_since=first["since"], **{**values, **corrected})
    assert second["since"] > first["since"]
    shown = getattr(known(either), table).filter(**{next(iter(values)): next(iter(values.values()))})
    assert [{**values, **corrected}.items() <= row.items() for row in shown.iter_rows(named=True)] == [True]
    with pytest.raises(Conflict):
        put(either, kind, owner, row_id=first["row_id"], expected_since=first["since"], **values)
    gone = {"rows": kind, "owner": owner, "row_id": second["row_id"]}
    with pytest.raises(Conflict):
        drop_row(either, **gone, expected_since=first["since"], **by())
    drop_row(either, **gone, expected_since=second["since"], **by())
    assert digests(either) == before
    assert len(looked(either, lambda s: list(history(s, after=first["since"])))) == 2
    assert whole(either)


@pytest.mark.parametrize("kind", ROWS)
def test_a_row_is_entered_corrected_and_taken_out(engine, kind):
    lived(engine, kind)


@pytest.mark.postgres
def test_rows_are_the_same_on_postgresql(postgres_database_url):
    engine = filled(postgres_database_url)
    for kind in ROWS:
        lived(engine, kind)
    assert sound(engine)
    engine.dispose()


def test_what_was_asked_is_kept_under_a_key_only(engine):
    """A plain digest of a cause could be found by trying all of them."""
    put(engine, "cause", "c1", cause="own_illness", key="cause")
    stored = looked(engine, lambda s: s.get_one(Idempotency, "cause").request_digest)
    request = {"rows": "cause", "row": None, "since": None, "values": {"cause": "own_illness"}}
    asked = {"action": "put_row", "actor": "local", "subject": "case_id:c1", "request": request}
    assert hashlib.sha256(canonical(asked).encode()).hexdigest() != stored


def test_a_person_is_corrected_by_hand(engine):
    change_person(engine, person_id="p1", expected_version=1, born_on=date(1966, 1, 1), tags=["veteran_member"], **by())
    person = looked(engine, lambda s: s.get_one(Person, "p1"))
    assert (person.born_on, person.tags, person.version) == (date(1966, 1, 1), ["veteran_member"], 2)
    change_person(engine, person_id="p1", expected_version=2, born_on=None, **by())
    with pytest.raises(Conflict):
        change_person(engine, person_id="p1", expected_version=1, sex="male", **by())
    tomorrow = DAY + timedelta(days=1)
    assert code(change_person, engine, person_id="p1", expected_version=3, born_on=tomorrow, **by()) == "future"
    assert code(change_person, engine, person_id="p1", expected_version=3, sex="男", **by()) == "not_acceptable"
    assert (
        code(change_person, engine, person_id="p1", expected_version=3, sex="male", **by(actor=ELSEWHERE))
        == "not_found"
    )
    with pytest.raises(TypeError):
        change_person(engine, person_id="p1", expected_version=3, household_id="h1", **by())


def test_income_per_head_is_computed(engine):
    view = looked(engine, household_view, "h1")
    assert (view.per_head_fen, view.said, len(view.members)) == (600_000, "", 1)
    change_household(engine, household_id="h1", expected_version=1, size=3, **by())
    assert looked(engine, household_view, "h1").per_head_fen == 400_000
    change_household(engine, household_id="h1", expected_version=2, size=None, **by())
    assert looked(engine, household_view, "h1").per_head_fen is None
    change_household(engine, household_id="h1", expected_version=3, size=1, yearly_income_fen=100_000, **by())
    assert looked(engine, household_view, "h1").said == "各成员收入之和超过家庭年收入，请核对"
    assert looked(engine, household_view, "none") is None
    assert (
        code(change_household, engine, household_id="h1", expected_version=4, size=2, **by(actor=ELSEWHERE))
        == "not_found"
    )
    with pytest.raises(Conflict):
        change_household(engine, household_id="h1", expected_version=1, size=2, **by())


def test_a_household_is_opened_or_joined(engine):
    made = open_household(engine, person_id="p3", expected_version=1, size=1, dibao=True, **by())
    assert looked(engine, household_view, made["household_id"]).household.dibao is True
    joined = open_household(engine, person_id="p5", expected_version=1, household_id="h1", **by())
    assert joined == {"household_id": "h1", "version": 2}
    assert code(open_household, engine, person_id="p6", expected_version=1, household_id="none", **by()) == "not_found"


def test_a_list_is_marked_as_checked(engine):
    said = {"case_id": "c1", "name": "aid"}
    assert mark_list(engine, **said, mark="none", expected=None, **by())["mark"] == "none"
    assert mark_list(engine, **said, mark="unchecked", expected="none", **by())["mark"] == "unchecked"
    with pytest.raises(Conflict):
        mark_list(engine, **said, mark="present", expected="none", **by())
    assert known(engine).completeness.filter(case_id="c1")["mark"].to_list() == ["unchecked"]
    put(engine, "aid", "p1", source="示例民政", status="granted")
    assert code(mark_list, engine, **said, mark="none", expected="unchecked", **by()) == "rows_there"
    assert code(mark_list, engine, **said | {"name": "x"}, mark="none", expected=None, **by()) == "bad_value"
    assert code(mark_list, engine, **said, mark="x", expected=None, **by()) == "bad_value"
    assert sound(engine)


@pytest.mark.parametrize(
    ("expected", "more"),
    [
        ("bad_value", {"rows": "x"}),
        ("empty", {"title": None}),
        ("future", {"granted_on": DAY + timedelta(days=1)}),
        ("not_found", {"owner": "none"}),
        ("not_found", {"actor": ELSEWHERE}),
        ("read_only", {"actor": LOCAL_VIEWER}),
    ],
)
def test_a_row_that_cannot_be_is_refused(engine, expected, more):
    assert code(put_row, engine, **{"rows": "honour", "owner": "p1", "title": "示例", **by(), **more}) == expected


def test_what_is_paid_closed_or_merged_is_not_touched(engine):
    add_facts(engine, round_id=ROUND, aid=[{"person_id": "p1", "kind": "visit", "own": True}], **by())
    own = looked(engine, lambda s: s.exec(select(Aid).where(Aid.person_id == "p1")).one())
    row = {"rows": "aid", "owner": "p1", "row_id": own.aid_id, "expected_since": own.since}
    assert code(drop_row, engine, **row, **by()) == code(put_row, engine, **row, status="granted", **by()) == "own"
    close(engine)
    assert code(put, engine, "evidence", "c2", document="示例") == "closed"
    assert code(mark_list, engine, case_id="c2", name="aid", mark="unchecked", expected="present", **by()) == "closed"
    merge_people(engine, kept="p1", gone="p2", reason="同一人", kept_version=1, gone_version=1, **by())
    assert code(put, engine, "honour", "p2", title="示例") == "merged"
    with pytest.raises(TypeError):
        put(engine, "honour", "p1", words="示例")
    assert looked(engine, lambda s: len(s.exec(select(Cause)).all())) == 1
    assert looked(engine, lambda s: len(s.exec(select(HouseholdMember)).all())) == 1
    assert known(engine, EARLIER).people.height == 1
    assert code(put, engine, "evidence", "c6", document="示例", actor=TOWN) == "not_found"
