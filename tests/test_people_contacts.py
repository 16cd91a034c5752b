"""Numbers of people: sealed in the file, masked on the screen, opened for a purpose, gone when erased."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import select
from stdnum.cn import ric

from casework import db
from casework.access import LOCAL_OFFICER, LOCAL_VIEWER, Actor
from casework.ledger import (
    add_facts,
    audit_check,
    audit_key,
    execute,
    facts,
    history,
    import_units,
    key_file,
    open_round,
)
from casework.models import Idempotency, Person
from casework.models_people import Contact
from casework.people.contacts import put_contact, revoke_consent
from casework.people.seeing import masked_contacts, open_contact, openings
from casework.problems import Conflict, LedgerError, NotAllowed, Refused
from casework.vocabulary import Role

NOW = datetime(2020, 12, 1, 9, 30, tzinfo=UTC)
WHO = {"actor": LOCAL_OFFICER, "now": NOW}
ROUND = "jianshi-2020"
CARD, OTHER_CARD, PHONE, HOME = (
    "6222021234567890128",
    "6217001234567890122",
    "13912345678",
    "示例县示例镇示例村九组七号",
)
ID_NUMBER = "11010119650307123" + ric.calc_check_digit("110101196503071230")
ILLNESS = "示例恶性肿瘤"
TOWN = Actor("town", "示例镇经办", Role.OFFICER, frozenset({"a"}))
ELSEWHERE = Actor("else", "他乡经办", Role.OFFICER, frozenset({"b"}))


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)


@pytest.fixture
def engine(database_url):
    engine = db.open_ledger(database_url)
    open_round(engine, round_id=ROUND, policy=ROUND, key="open", **WHO)
    import_units(engine, [{"unit_id": "a", "name": "示例镇"}, {"unit_id": "b", "name": "示例乡"}], key="units", **WHO)
    add_facts(
        engine,
        round_id=ROUND,
        people=[{"person_id": f"p{i}", "name": f"示例{i}"} for i in range(3)],
        cases=[{"case_id": f"c{i}", "person_id": f"p{i}", "unit_id": "a"} for i in range(3)],
        causes=[{"case_id": "c0", "cause": "own_illness", "affected": "self", "main": True, "note": ILLNESS}],
        key="people",
        **WHO,
    )
    yield engine
    engine.dispose()


def put(engine, key, *, person_id="p0", kind="card", value=CARD, **more):
    return put_contact(engine, person_id=person_id, kind=kind, value=value, key=key, **{**WHO, **more})


def seen(engine, *people):
    with db.reading(engine) as session:
        return {shown.kind: shown.value for shown in masked_contacts(session, people=people or ["p0"])}


def refused(deed, *arguments, **named):
    with pytest.raises(Refused) as caught:
        deed(*arguments, **named)
    return caught.value.reason_code


def fill(engine):
    put(engine, "1")
    put(engine, "2", kind="phone", value="139 1234 5678")
    put(engine, "3", kind="address", value=HOME)
    put(engine, "4", kind="id_number", value=ID_NUMBER)


def test_numbers_are_masked_until_they_are_opened(engine):
    fill(engine)
    assert seen(engine) == {
        "card": f"****{CARD[-4:]}",
        "phone": "139****5678",
        "address": "****",
        "id_number": f"****{ID_NUMBER[-4:]}",
    }
    opened = open_contact(engine, case_id="c0", purpose="核对领款账户", key="see", kinds=("card", "phone"), **WHO)
    assert {shown.kind: shown.value for shown in opened} == {"card": CARD, "phone": PHONE}
    assert CARD not in repr(opened)
    with db.reading(engine) as session:
        line = openings(session, person_id="p0")[0]
        assert (line.actor_id, line.case_id, line.purpose, line.kinds, line.people) == (
            "local",
            "c0",
            "核对领款账户",
            ["card", "phone"],
            1,
        )
        assert audit_check(session, key=audit_key(engine)) == []


def test_a_whole_round_is_opened_for_a_named_task_only(engine):
    put(engine, "1")
    put(engine, "2", person_id="p1", value=OTHER_CARD)
    put(engine, "3", kind="phone", value=PHONE)
    assert refused(open_contact, engine, round_id=ROUND, purpose="看看", key="k0", **WHO) == "bad_task"
    opened = open_contact(engine, round_id=ROUND, purpose="check_cards", key="k1", **WHO)
    assert [(shown.person_id, shown.value) for shown in opened] == [("p0", CARD), ("p1", OTHER_CARD)]
    mine = open_contact(
        engine, round_id=ROUND, purpose="check_cards", key="k2", actor=ELSEWHERE, now=NOW, people=["p0"]
    )
    assert mine == []


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("no_purpose", {"case_id": "c0", "purpose": " "}),
        ("not_found", {"case_id": "none", "purpose": "x"}),
        ("not_found", {"person_id": "none", "purpose": "x"}),
        ("not_found", {"person_id": "p0", "purpose": "x", "actor": ELSEWHERE}),
        ("not_found", {"case_id": "c0", "purpose": "x", "actor": ELSEWHERE}),
        ("read_only", {"case_id": "c0", "purpose": "x", "actor": LOCAL_VIEWER}),
    ],
)
def test_nobody_else_opens_anything(engine, code, arguments):
    put(engine, "1")
    assert refused(open_contact, engine, key="k", **{**WHO, **arguments}) == code
    with db.reading(engine) as session:
        assert openings(session) == []
    assert open_contact(engine, person_id="p0", purpose="x", key="mine", actor=TOWN, now=NOW)[0].value == CARD


def test_another_holder_needs_consent_and_a_revoked_one_is_not_used(engine):
    assert refused(put, engine, "1", value=f"{CARD}（示例乙）") == "no_consent"
    consent = {"kind": "designated_card", "holder": "示例乙", "relation": "child"}
    assert refused(put, engine, "2", **consent) == "no_consent"
    late = NOW.date() + timedelta(days=1)
    assert refused(put, engine, "3", **consent, consent_on=late) == "bad_value"
    made = put(engine, "4", **consent, consent_on=date(2020, 11, 30))
    revoke_consent(engine, contact_id=made["contact_id"], expected_version=1, key="r", **WHO)
    with db.reading(engine) as session:
        shown = masked_contacts(session, people=["p0"])[0]
    assert (shown.usable, shown.revoked_on, shown.holder) == (False, NOW.date(), "")
    assert (
        refused(revoke_consent, engine, contact_id=made["contact_id"], expected_version=2, key="r3", **WHO) == "revoked"
    )


def test_one_card_for_two_people_is_said(engine):
    put(engine, "1")
    assert put(engine, "2", person_id="p1", value=" ".join(CARD))["also"] == ["p0"]
    assert put(engine, "3", person_id="p1", kind="phone", value=PHONE)["also"] == []


def test_a_new_number_ends_the_one_before(engine):
    first = put(engine, "1")
    assert put(engine, "2")["unchanged"]
    second = put(engine, "3", value=OTHER_CARD)
    assert seen(engine) == {"card": f"****{OTHER_CARD[-4:]}"}
    with db.reading(engine) as session:
        assert session.get(Contact, first["contact_id"]).ended_on == NOW.date()
        assert session.get(Contact, second["contact_id"]).ended_on is None


@pytest.mark.parametrize(
    ("kind", "value"),
    [("card", 6.222e18), ("card", "12"), ("phone", "无"), ("id_number", "1"), ("address", " "), ("x", "1")],
)
def test_a_number_that_is_none_is_refused_without_being_repeated(engine, kind, value):
    with pytest.raises(Refused) as caught:
        put(engine, "1", kind=kind, value=value)
    assert caught.value.reason_code == "bad_value"
    assert str(value).strip() not in caught.value.sentence or len(str(value)) < 3


def test_a_used_key_with_another_number_is_a_conflict(engine):
    put(engine, "1")
    with pytest.raises(Conflict):
        put(engine, "1", value=OTHER_CARD)


def canaries():
    return [text.encode() for text in (CARD, PHONE, HOME, ID_NUMBER, ILLNESS, "own_illness")]


def dump(engine):
    if engine.dialect.name == "sqlite":
        path = db.ledger_file(engine)
        return b"".join(part.read_bytes() for part in path.parent.glob(f"{path.name}*"))
    with engine.connect() as connection:
        names = (
            connection.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").scalars().all()
        )
        rows = [str(row) for name in names for row in connection.exec_driver_sql(f'SELECT t.*::text FROM "{name}" t')]
        raw = [
            bytes(value)
            for name, column in (
                ("cause", "sealed"),
                ("contact", "sealed"),
                ("history", "sealed"),
                ("snapshot", "facts"),
            )
            for (value,) in connection.exec_driver_sql(f"SELECT {column} FROM {name} WHERE {column} IS NOT NULL")
        ]
    return "\n".join(rows).encode() + b"\n".join(raw)


def test_no_number_and_no_illness_stands_in_the_database(engine):
    fill(engine)
    open_contact(engine, case_id="c0", purpose="核对", key="o", **WHO)
    with db.reading(engine) as session:
        assert facts(session, round_id=ROUND, as_of=NOW.date()).causes["note"].to_list() == [ILLNESS]
        assert session.exec(select(Idempotency)).all()
    stored = dump(engine)
    assert "示例0".encode() in stored  # the names are there, so the search would find something
    assert [found for found in canaries() if found in stored] == []


def test_a_sealed_number_cannot_be_moved_to_another_row(engine):
    one = put(engine, "1")["contact_id"]
    put(engine, "2", kind="phone", value=PHONE)
    with engine.begin() as connection:
        phone = connection.exec_driver_sql("SELECT contact_id FROM contact WHERE kind = 'phone'").scalar_one()
        connection.exec_driver_sql(
            f"UPDATE contact SET sealed = (SELECT sealed FROM contact WHERE contact_id = '{one}') "
            f"WHERE contact_id = '{phone}'"
        )
    with db.reading(engine) as session, pytest.raises(LedgerError, match="被移动"):
        masked_contacts(session, people=["p0"])


def test_without_its_key_nothing_is_read_and_nothing_is_sealed_under_another(engine, monkeypatch):
    put(engine, "1")
    monkeypatch.setenv("CASEWORK_KEY", "ee" * 32)
    with db.reading(engine) as session, pytest.raises(LedgerError, match="密钥与这个台账不符"):
        masked_contacts(session, people=["p0"])
    with pytest.raises(LedgerError, match="密钥与这个台账不符"):
        put(engine, "2", kind="phone", value=PHONE)
    monkeypatch.delenv("CASEWORK_KEY")
    monkeypatch.setenv("XDG_DATA_HOME", "/nonexistent")
    with db.reading(engine) as session, pytest.raises(LedgerError, match="找不到数据密钥文件"):
        masked_contacts(session, people=["p0"])


def test_the_key_is_made_once_for_its_owner_only(monkeypatch, tmp_path):
    monkeypatch.delenv("CASEWORK_KEY")
    engine = db.open_ledger(tmp_path / "own.db")
    open_round(engine, round_id=ROUND, policy=ROUND, key="open", **WHO)
    import_units(engine, [{"unit_id": "a", "name": "示例镇"}], key="u", **WHO)
    assert not key_file(engine).exists()
    people = [{"person_id": "p0", "name": "示例0"}]
    cases = [{"case_id": "c0", "person_id": "p0", "unit_id": "a"}]
    add_facts(engine, round_id=ROUND, people=people, cases=cases, key="p", **WHO)
    put(engine, "1")
    assert key_file(engine).stat().st_mode & 0o777 == 0o600
    before = key_file(engine).read_bytes()
    put(engine, "2", kind="phone", value=PHONE)
    assert key_file(engine).read_bytes() == before
    assert seen(engine)["phone"] == "139****5678"


def test_the_history_of_a_person_is_sealed_and_readable(engine):
    def body(work):
        work.change(Person, "p0", expected_version=1, name="示例新名", born_on=date(1950, 1, 2))

    execute(engine, action="correct", key="k", body=body, **WHO)
    with db.reading(engine) as session:
        changes = [change.changes for change in history(session, table="person", row="p0")]
    assert changes == [{"name": ["示例0", "示例新名"], "born_on": [None, "1950-01-02"]}]


def test_a_viewer_puts_nothing(engine):
    with pytest.raises(NotAllowed):
        put(engine, "1", actor=LOCAL_VIEWER)
    assert refused(put, engine, "2", actor=ELSEWHERE) == "not_found"
