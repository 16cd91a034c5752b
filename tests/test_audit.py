"""The audit chain: every edit, removal and rewriting is seen; what is not a person's value stands in it."""

import stat
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from casework import db
from casework.access import LOCAL_OFFICER
from casework.ledger import audit, audit_check, audit_head, audit_key, execute, import_units
from casework.models import AuditEntry, IssuedList, Round
from casework.problems import LedgerError

NOW = datetime(2020, 12, 1, 9, 30, tzinfo=UTC)


@pytest.fixture
def engine(database_url, monkeypatch, tmp_path):
    monkeypatch.delenv("CASEWORK_AUDIT_KEY", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    engine = db.open_ledger(database_url)
    yield engine
    engine.dispose()


def act(engine, n):
    """Do `n` audited things."""
    for i in range(n):
        import_units(engine, [{"unit_id": f"u{i}", "name": f"示例单位{i}"}], actor=LOCAL_OFFICER, now=NOW, key=f"k{i}")


def check(engine, **more):
    with db.reading(engine) as session:
        return [problem.message for problem in audit_check(session, key=audit_key(engine), **more)]


def head(engine):
    with db.reading(engine) as session:
        return audit_head(session)


def behind_its_back(engine, *statements):
    """Change the log as somebody with the database in hands would: triggers and foreign keys taken away."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            raw = connection.connection.driver_connection
            raw.execute("PRAGMA foreign_keys=OFF")
            raw.execute("PRAGMA query_only=OFF")
            for table in ("audit_entry", "idempotency"):
                for name in ("update", "delete", "replace"):
                    raw.execute(f"DROP TRIGGER IF EXISTS {table}_no_{name}")
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL session_replication_role = replica"))
            for statement in statements:
                connection.execute(text(statement))


def test_an_untouched_log_is_whole(engine):
    assert check(engine) == []
    assert head(engine) == audit.GENESIS
    act(engine, 5)
    assert check(engine) == []
    assert check(engine, anchors=[head(engine), head(engine)[:12]]) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [("actor_id", "'somebody'"), ("at", "'2019-01-01T00:00:00.000000+00:00'"), ("digests", "'{}'"), ("mac", "'0'")],
)
def test_an_edited_entry_is_seen(engine, column, value):
    act(engine, 4)
    behind_its_back(engine, f'UPDATE audit_entry SET "{column}" = {value} WHERE seq = 2')
    assert any("第 2 条记录被改动过" in message for message in check(engine))


def test_a_removed_entry_is_seen(engine):
    act(engine, 4)
    behind_its_back(engine, "DELETE FROM audit_entry WHERE seq = 2")
    assert check(engine) == ["审计记录：第 2 条至第 2 条记录不见了"]


def test_a_removed_and_closed_up_entry_is_seen(engine):
    act(engine, 4)
    behind_its_back(
        engine,
        "DELETE FROM audit_entry WHERE seq = 2",
        "UPDATE audit_entry SET seq = 2 WHERE seq = 3",
        "UPDATE audit_entry SET seq = 3 WHERE seq = 4",
    )
    found = check(engine)
    assert any("接不上" in message for message in found)


def test_two_exchanged_entries_are_seen(engine):
    act(engine, 4)
    behind_its_back(
        engine,
        "UPDATE audit_entry SET seq = 99 WHERE seq = 2",
        "UPDATE audit_entry SET seq = 2 WHERE seq = 3",
        "UPDATE audit_entry SET seq = 3 WHERE seq = 99",
    )
    assert check(engine)


def test_a_cut_off_tail_is_seen_by_what_was_done_in_it(engine):
    act(engine, 4)
    behind_its_back(engine, "DELETE FROM audit_entry WHERE seq > 2")
    assert check(engine) == ["审计记录：第 3 条至第 4 条记录被截去"]


def test_a_cut_off_tail_without_traces_is_seen_by_the_paper(engine):
    act(engine, 4)
    printed = head(engine)[:12]
    behind_its_back(engine, "DELETE FROM idempotency WHERE audit_seq > 2", "DELETE FROM audit_entry WHERE seq > 2")
    assert check(engine) == []
    assert check(engine, anchors=[printed]) == [f"审计记录：纸面上的审计校验码 {printed} 在记录中找不到"]


def test_a_log_written_anew_with_the_key_is_seen_by_the_paper(engine):
    act(engine, 3)
    printed = head(engine)
    behind_its_back(engine, "DELETE FROM idempotency", "DELETE FROM audit_entry")
    key = audit_key(engine)
    with db.transaction(engine) as session:
        for i in range(3):
            audit.append(session, key=key, now=NOW, actor=LOCAL_OFFICER, action="other", subject=f"u{i}", digests={})
    assert check(engine) == []
    assert check(engine, anchors=[printed])


def test_a_log_written_anew_without_the_key_is_seen(engine):
    act(engine, 3)
    behind_its_back(engine, "DELETE FROM idempotency", "DELETE FROM audit_entry")
    with db.transaction(engine) as session:
        for _ in range(3):
            audit.append(
                session, key=b"x" * 32, now=NOW, actor=LOCAL_OFFICER, action="import_units", subject="", digests={}
            )
    assert len(check(engine)) == 3


def test_an_issued_list_remembers_the_head(engine):
    act(engine, 2)

    def issue(work):
        work.session.add(
            Round(
                round_id="r",
                title="示例",
                policy_id="p",
                policy_digest="d",
                opened_on=NOW.date(),
                as_of=NOW.date(),
                state="open",
            )
        )
        work.session.flush()
        work.add(
            IssuedList(
                issue_id="名单一",
                round_id="r",
                list_id="roster",
                paper="roster",
                format="pdf",
                title="示例",
                pages=1,
                people=1,
                words=b"w",
                content=b"c",
                list_fingerprint="f",
                sha256="s",
                audit_head=audit_head(work.session),
                issued_by="local",
                issued_at=NOW,
            )
        )

    execute(engine, action="issue", actor=LOCAL_OFFICER, now=NOW, key="issue", body=issue)
    assert check(engine) == []
    behind_its_back(engine, "DELETE FROM idempotency", "DELETE FROM audit_entry WHERE seq >= 2")
    assert "审计记录：印发的名单 名单一 上的审计校验码在记录中找不到" in check(engine)


def test_the_chain_cannot_fork(engine):
    act(engine, 2)
    with db.reading(engine) as session:
        second = session.get(AuditEntry, 2).model_dump()
    with pytest.raises(Exception, match=r"append-only|uq_audit_entry_prev"), db.transaction(engine) as session:
        session.add(AuditEntry(**second | {"seq": 3, "mac": "other"}))


def test_no_value_of_a_person_stands_in_the_log(engine):
    import_units(engine, [{"unit_id": "u", "name": "示例单位甲"}], actor=LOCAL_OFFICER, now=NOW, key="a")
    import_units(
        engine, [{"unit_id": "u", "name": "示例单位乙", "members": 4321}], actor=LOCAL_OFFICER, now=NOW, key="b"
    )
    with engine.connect() as connection:
        whole = str(connection.execute(text("SELECT * FROM audit_entry")).all())
    assert "unit:u.name" in whole
    assert "示例单位" not in whole
    assert "4321" not in whole


# -- the key -----------------------------------------------------------------------------------------------------


def test_the_key_lies_beside_the_ledger_for_this_user_only(tmp_path, monkeypatch):
    monkeypatch.delenv("CASEWORK_AUDIT_KEY", raising=False)
    engine = db.open_ledger(tmp_path / "ledger.db")
    act(engine, 1)
    key = tmp_path / "ledger.db.key"
    assert len(key.read_bytes()) == audit.KEY_BYTES
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_bytes() not in (tmp_path / "ledger.db").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir() if "key" in p.name) == ["ledger.db.key"]


def test_a_lost_key_is_not_replaced_silently(tmp_path, monkeypatch):
    monkeypatch.delenv("CASEWORK_AUDIT_KEY", raising=False)
    engine = db.open_ledger(tmp_path / "ledger.db")
    act(engine, 1)
    (tmp_path / "ledger.db.key").unlink()
    with pytest.raises(LedgerError, match="找不到审计密钥"):
        act(engine, 2)
    (tmp_path / "ledger.db.key").write_bytes(b"short")
    with pytest.raises(LedgerError, match="已损坏"):
        act(engine, 2)
    (tmp_path / "ledger.db.key").write_bytes(b"x" * 32)
    with pytest.raises(LedgerError, match="不符"):
        act(engine, 2)


def test_the_key_may_be_given(engine, monkeypatch, tmp_path):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)
    assert audit_key(engine) == b"\xab" * 32
    (tmp_path / "key").write_bytes(b"y" * 32)
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", str(tmp_path / "key"))
    assert audit_key(engine) == b"y" * 32
    act(engine, 1)
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "cd" * 32)
    with pytest.raises(LedgerError, match="不符"):
        act(engine, 2)
