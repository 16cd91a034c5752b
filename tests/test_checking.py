"""casework check: a sound ledger has nothing to say; each thing that is broken is named, with its place."""

import json
import shutil

import pytest
from payment_round import jianshi as paid_round
from people_ledger import EARLIER, NOW, by, close, filled, looked
from test_audit import behind_its_back

from casework import db
from casework.checking import check_ledger
from casework.checking.names import TABLES
from casework.cli import main
from casework.ledger import audit_key, change_case
from casework.models import Table
from casework.people.erasure import erase_person
from casework.people.merging import merge_people, undo_merge
from casework.review.objections import record_objection


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """A ledger in which much has happened: a paid round, a changed case, an objection, a merge, an erased person."""
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)
    path = tmp_path_factory.mktemp("lived") / "ledger.db"
    engine = filled(f"sqlite:///{path}")
    world = paid_round(engine)
    world.income()
    world.open()
    world.transfer("js-01")
    change_case(engine, case_id="c1", expected_version=1, requested_fen=100, **by())
    change_case(engine, case_id="c1", expected_version=2, requested_fen=200, **by())
    record_objection(engine, round_id=EARLIER, content="示例异议", case_id="c2", received_on=NOW.date(), **by())
    merge_people(engine, kept="p1", gone="p2", reason="同一人", kept_version=1, gone_version=1, **by())
    engine.dispose()
    yield path
    monkeypatch.undo()


@pytest.fixture
def ledger(lived, tmp_path):
    for file in lived.parent.iterdir():
        shutil.copy(file, tmp_path / file.name)
    engine = db.open_engine(tmp_path / "ledger.db")  # made and migrated once
    yield engine
    engine.dispose()


def found(engine):
    return [problem.sentence() for problem in looked(engine, check_ledger, key=audit_key(engine))]


def broken(engine, statement):
    """Change the database as somebody with the file in hands would."""
    with engine.connect() as connection:
        raw = connection.connection.driver_connection
        raw.execute("PRAGMA foreign_keys=OFF")
        raw.execute("PRAGMA query_only=OFF")
        raw.execute("PRAGMA ignore_check_constraints=ON")
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {name}")
        assert raw.execute(statement).rowcount
        raw.execute("PRAGMA ignore_check_constraints=OFF")
        raw.execute("PRAGMA foreign_keys=ON")
    return found(engine)


def test_a_sound_ledger_has_nothing_to_say(ledger):
    assert found(ledger) == []


def test_an_erased_person_is_nothing_wrong(ledger):
    close(ledger)
    close(ledger, "jianshi-2020")
    erase_person(ledger, person_id="p1", reason="期满", basis="示例规定", **by())
    assert found(ledger) == []


CLAIM = "(SELECT min(claim_id) FROM claim)"
OF_C1 = "FROM history WHERE \"table\" = 'hardship_case' AND row = 'c1'"
DAMAGE = {
    "the chain": ("UPDATE audit_entry SET actor_id = 'x' WHERE seq = 3", "审计记录：第 3 条记录被改动过"),
    "money": ("UPDATE fund_account SET balance_fen = balance_fen + 1 WHERE kind = 'own'", "与明细合计"),
    "an entry of money": ("DELETE FROM fund_entry WHERE kind = 'transfer'", "与明细合计"),
    "an orphan": ("DELETE FROM unit WHERE unit_id = 'b'", "个案「c6」所属的单位不在台账中"),
    "an orphaned case": ("DELETE FROM person WHERE person_id = 'p5'", "个案「c5」所属的人员不在台账中"),
    "whose money": (f"UPDATE claim SET person_id = 'p3' WHERE claim_id = {CLAIM}", "与它的个案不是同一个人"),
    "a case left behind": (
        "UPDATE hardship_case SET person_id = 'p2' WHERE case_id = 'c3'",
        "个案「c3」还记在已经并入别人的记录名下",
    ),
    "half erased": (
        "INSERT INTO erasure VALUES ('p1', 'x', 'x', 'x', '2020-01-01')",
        "人员「p1」登记为已删除，但数据密钥还在",
    ),
    "a cause": ("UPDATE cause SET sealed = x'01020304'", "的加密内容读不出来"),
    "a moved cause": ("UPDATE cause SET cause_id = 'other'", "困难成因「other」的加密内容读不出来"),
    "a contact": ("UPDATE contact SET sealed = x'01' WHERE kind = 'phone'", "联系信息「"),
    "an objection": ("UPDATE objection SET content = x'01'", "异议「"),
    "a key": (
        "UPDATE data_key SET wrapped = x'01' WHERE subject = 'person:p1'",
        "数据密钥「person:p1」用本台账的密钥打不开",
    ),
    "a lost key": ("DELETE FROM data_key WHERE subject = 'person:p1'", "的数据密钥不见了"),
    "a value": (
        "UPDATE hardship_case SET requested_fen = 999 WHERE case_id = 'c1'",
        "个案「c1」现在的内容与变更历史的最后一次不符",
    ),
    "the past": (f"DELETE FROM history WHERE seq = (SELECT max(seq) {OF_C1})", "个案「c1」现在的内容"),
    "the past rewritten": (
        f"UPDATE history SET changes = '{{\"requested_fen\": [null, 150]}}' WHERE seq = (SELECT min(seq) {OF_C1})",
        "个案「c1」的变更历史在审计第",
    ),
    "a row taken away": ("DELETE FROM hardship_case WHERE case_id = 'c1'", "个案「c1」有变更历史，却不在台账中"),
    "a version": ("UPDATE hardship_case SET version = 1 WHERE case_id = 'c1'", "个案「c1」的版本号比变更次数少"),
    "a snapshot": ("UPDATE snapshot SET facts = x'00'", "的内容已被改动或损坏"),
    "a list": (
        "UPDATE adoption SET numbers = json_set(numbers, '$.totals.places', 99) WHERE act = 'list'",
        "的内容与它的校验码不符",
    ),
    "a circular": (
        "UPDATE pack_file SET content = x'00' WHERE name = 'source.txt'",
        "所依据的通知副本已被改动或损坏",
    ),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_whatever_is_broken_is_named(ledger, what):
    statement, said = DAMAGE[what]
    sentences = broken(ledger, statement)
    assert any(said in sentence for sentence in sentences), sentences
    assert all(sentence.endswith("。") for sentence in sentences)


def test_another_key_of_the_office_is_named(ledger, monkeypatch):
    monkeypatch.setenv("CASEWORK_KEY", "ee" * 32)
    assert any("数据密钥与这个台账不符" in sentence for sentence in found(ledger))


def test_every_table_has_a_name_an_officer_knows():
    assert TABLES.keys() == Table.metadata.tables.keys()
    assert len(set(TABLES.values())) == len(TABLES)


def test_the_command_says_so_and_exits_one(ledger, capsys):
    place = str(ledger.url.database)
    assert main(["check", "--db", place]) == 0
    assert "台账核对无误" in capsys.readouterr().out
    broken(ledger, "UPDATE hardship_case SET requested_fen = 999 WHERE case_id = 'c1'")
    assert main(["check", "--db", place]) == 1
    assert "个案「c1」现在的内容" in capsys.readouterr().out
    assert main(["check", "--db", place, "--json"]) == 1
    assert any("个案「c1」" in said for said in json.loads(capsys.readouterr().out)["problems"])


@pytest.mark.postgres
def test_postgresql_is_checked_as_well(postgres_database_url):
    engine = filled(postgres_database_url)
    done = merge_people(engine, kept="p1", gone="p2", reason="同一人", kept_version=1, gone_version=1, **by())
    undo_merge(engine, merge_id=done["merge_id"], expected_version=1, reason="认错", **by())
    assert found(engine) == []
    changed = "UPDATE person SET position = '改过' WHERE person_id = 'p1'"
    behind_its_back(engine, changed, "DELETE FROM unit WHERE unit_id = 'b'")
    sentences = found(engine)
    assert any("人员「p1」现在的内容与变更历史的最后一次不符" in sentence for sentence in sentences)
    assert any("个案「c6」所属的单位不在台账中" in sentence for sentence in sentences)
    engine.dispose()
