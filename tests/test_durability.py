"""What was acknowledged is there, what was not finished is not: after kill -9, a full disk, a failing step."""

import multiprocessing
import os
import random
import shutil
import sqlite3
import time
from datetime import UTC, date, datetime
from itertools import product

import pytest
import workbooks
from sqlalchemy import event
from sqlmodel import func, select

from casework import db
from casework.access import LOCAL_OFFICER
from casework.ledger import audit_check, audit_key, execute, import_units, open_round
from casework.models import AuditEntry, Case, Cause, Household, Idempotency, Person, Unit
from casework.models_people import Contact, ImportBatch, ImportRow
from casework.people.importing import import_rows, plan_import
from casework.problems import LedgerError

NOW = datetime(2020, 12, 1, 9, 30, tzinfo=UTC)
WHO = {"actor": LOCAL_OFFICER, "now": NOW}
KEY = "ab" * 32
KILLS = 24
UNITS_EACH = 3


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", KEY)


# Children come from a server without threads: polars has some here, and a fork would copy their locks only.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["casework.people.importing", "pytest", "workbooks"])


def write_for_ever(url, name, acknowledge):
    """The child: one command after the other, each acknowledged after it returned."""
    os.environ["CASEWORK_AUDIT_KEY"] = KEY
    engine = db.open_engine(url)
    n = 0
    while True:
        key = f"{name}-{n}"
        rows = [{"unit_id": f"{key}-{i}", "name": "示例单位"} for i in range(UNITS_EACH)]
        import_units(engine, rows, key=key, **WHO)
        acknowledge.send(key)
        n += 1


def one_life(url, name, seconds):
    """Let a child write for a moment, kill it without warning, return the keys it had acknowledged."""
    receive, acknowledge = CONTEXT.Pipe(duplex=False)
    child = CONTEXT.Process(target=write_for_ever, args=(url, name, acknowledge))
    child.start()
    acknowledge.close()
    keys = []
    try:
        assert receive.poll(60), "the child never wrote"
        keys.append(receive.recv())
        time.sleep(seconds)
    finally:
        child.kill()
        child.join()
    try:
        while True:
            keys.append(receive.recv())
    except (EOFError, OSError):  # the last word may be cut off
        return keys


def state(url):
    """Return the keys carried out, units per key, entries, and what the audit check says."""
    engine = db.open_engine(url)
    with db.reading(engine) as session:
        keys = set(session.exec(select(Idempotency.key)))
        units = {}
        for unit_id in session.exec(select(Unit.unit_id)):
            key = unit_id.rpartition("-")[0]
            units[key] = units.get(key, 0) + 1
        entries = session.exec(select(func.count()).select_from(AuditEntry)).one()
        problems = audit_check(session, key=audit_key(engine))
    engine.dispose()
    return keys, units, entries, problems


def lives(url, kills):
    """Kill `kills` writers one after the other; after each, nothing is torn and nothing acknowledged is lost."""
    chance = random.Random(20201201)
    acknowledged = set()
    for life in range(kills):
        acknowledged |= set(one_life(url, f"{life}", chance.uniform(0, 0.03)))
        keys, units, entries, problems = state(url)
        assert acknowledged <= keys, f"lost after kill {life} (seed 20201201): {sorted(acknowledged - keys)}"
        assert units == dict.fromkeys(keys, UNITS_EACH), f"torn after kill {life}"
        assert entries == len(keys)
        assert problems == []
    return acknowledged


def test_killed_writers_leave_nothing_torn_and_lose_nothing(tmp_path):
    url = db.as_url(tmp_path / "ledger.db")
    db.open_ledger(url).dispose()
    assert len(lives(url, KILLS)) >= KILLS
    raw = sqlite3.connect(tmp_path / "ledger.db")
    assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert raw.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.postgres
def test_killed_clients_of_a_server_leave_nothing_torn_and_lose_nothing(postgres_database_url):
    db.open_ledger(postgres_database_url).dispose()
    assert len(lives(postgres_database_url, 5)) >= 5


def test_a_killed_first_start_can_be_started_again(tmp_path):
    """The schema is there whole or not at all."""
    url = db.as_url(tmp_path / "ledger.db")
    for wait in (0.0, 0.02, 0.05, 0.1):
        child = CONTEXT.Process(target=db.open_ledger, args=(url,))
        child.start()
        time.sleep(wait)
        child.kill()
        child.join()
    engine = db.open_ledger(url)
    import_units(engine, [{"unit_id": "a", "name": "示例单位"}], key="k", **WHO)


# -- a sheet of two thousand people ------------------------------------------------------------------------------------

ROWS = 2_000
SHEET = {"round_id": "示例轮", "file_name": "示例.xlsx", "actor": LOCAL_OFFICER, "now": NOW}
# Where the killed child's writing stops: its people are in, what is sealed is not; everything is in but the commit.
MOMENTS = ("INSERT INTO meta", "INSERT INTO idempotency")


def big_sheet():
    """Two thousand people, each with what is sealed."""
    heads = ("单位", "姓名", "性别", "出生年月", "所在党支部", "类别", "困难类型", "家庭人口", "联系电话")
    signs = "甲乙丙丁戊申子丑寅卯辰巳午"
    rows = [
        ("示例镇", f"示{''.join(name)}", "女", "1966.03", f"支部{at}", "生活困难群众", "本人重大疾病", 3, f"139{at:08}")
        for at, name in enumerate([*product(signs, repeat=3)][:ROWS])
    ]
    return workbooks.xlsx([heads, *rows])


def import_until(url, body, seen, moment, acknowledge):
    """The child: import, and stand still where `moment` has been carried out."""
    os.environ["CASEWORK_AUDIT_KEY"] = KEY
    engine = db.open_engine(url)

    @event.listens_for(engine, "after_cursor_execute")
    def _stand(_connection, _cursor, statement, *_more):
        if statement.startswith(moment):
            acknowledge.send("in the middle")
            time.sleep(600)

    import_rows(engine, body=body, seen=seen, key="sheet", **SHEET)


def held(url):
    """Count what an import writes, and check the audit."""
    engine = db.open_engine(url)
    with db.reading(engine) as session:
        tables = (Person, Case, Household, Cause, Contact, ImportBatch, ImportRow, Idempotency, AuditEntry)
        counts = [session.exec(select(func.count()).select_from(each)).one() for each in tables]
        problems = audit_check(session, key=audit_key(engine))
    engine.dispose()
    return counts, problems


def kill_imports(url, moments):
    """Kill an import of two thousand rows at each moment of its writing, then let it through."""
    engine = db.open_ledger(url)
    open_round(engine, round_id="示例轮", policy="jianshi-2020", opened_on=date(2020, 10, 1), key="r", **WHO)
    import_units(engine, [{"unit_id": "u1", "name": "示例镇"}], key="u", **WHO)
    body = big_sheet()
    with db.reading(engine) as session:
        plan = plan_import(session, body=body, **SHEET)
    assert plan.counts()["new"] == ROWS
    for moment in moments:
        receive, acknowledge = CONTEXT.Pipe(duplex=False)
        child = CONTEXT.Process(target=import_until, args=(url, body, plan.seen, moment, acknowledge))
        child.start()
        acknowledge.close()
        try:
            assert receive.poll(60), f"the child never came to {moment!r}"
            assert receive.recv() == "in the middle"
        finally:
            child.kill()
            child.join()
        assert held(url) == ([0] * 7 + [2, 2], []), f"killed at {moment!r}"
    import_rows(engine, body=body, seen=plan.seen, key="sheet", **SHEET)
    engine.dispose()
    assert held(url) == ([ROWS] * 5 + [1, ROWS, 3, 3], [])


def test_a_killed_import_of_two_thousand_rows_leaves_all_or_nothing(tmp_path):
    url = db.as_url(tmp_path / "ledger.db")
    kill_imports(url, MOMENTS)
    raw = sqlite3.connect(tmp_path / "ledger.db")
    assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert raw.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.postgres
def test_a_killed_client_that_imports_two_thousand_rows_leaves_all_or_nothing(postgres_database_url):
    kill_imports(postgres_database_url, MOMENTS[1:])


def test_a_body_that_breaks_off_leaves_nothing(database_url):
    engine = db.open_ledger(database_url)

    def body(work):
        work.session.add(Unit(unit_id="a", name="示例单位"))
        work.session.flush()
        raise RuntimeError("broken off")

    with pytest.raises(RuntimeError):
        execute(engine, action="x", key="k", body=body, **WHO)
    assert state(database_url) == (set(), {}, 0, [])
    import_units(engine, [{"unit_id": "a-0", "name": "示例单位"}], key="a", **WHO)
    assert state(database_url)[0] == {"a"}
    engine.dispose()


def test_a_full_disk_is_said_plainly_and_leaves_nothing_half_done(tmp_path):
    engine = db.open_ledger(tmp_path / "ledger.db")
    import_units(engine, [{"unit_id": "first-0", "name": "示例单位"}], key="first", **WHO)

    @event.listens_for(engine, "begin")
    def _shrink(connection):
        # SQLite's own way to have no page left.
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    many = [{"unit_id": f"many-{i}", "name": "示例单位" * 50} for i in range(2000)]
    with pytest.raises(LedgerError, match="磁盘已满"):
        import_units(engine, many, key="many", **WHO)
    event.remove(engine, "begin", _shrink)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1000000")
    assert state(db.as_url(tmp_path / "ledger.db"))[:3] == ({"first"}, {"first": 1}, 1)
    assert import_units(engine, many, key="many", **WHO)["added"] == 2000


@pytest.mark.postgres
def test_a_serialization_failure_is_tried_again_and_not_for_ever(postgres_database_url):
    engine = db.open_ledger(postgres_database_url)
    tries = []

    def work(session):
        tries.append(1)
        if len(tries) < 3:
            session.connection().exec_driver_sql("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$")
        return "done"

    assert db.run(engine, work) == "done"
    assert len(tries) == 3
    tries.clear()
    with pytest.raises(LedgerError, match="再试一次"):
        db.run(engine, lambda session: work_always_fails(session, tries), attempts=3)
    assert len(tries) == 3
    engine.dispose()


def work_always_fails(session, tries):
    tries.append(1)
    session.connection().exec_driver_sql("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$")


def test_a_hot_copy_is_a_whole_ledger(tmp_path):
    """`migrate` copies through the backup API while others write; a plain copy would miss the WAL."""
    url = db.as_url(tmp_path / "ledger.db")
    engine = db.open_ledger(url)
    for i in range(20):
        import_units(engine, [{"unit_id": f"{i}-0", "name": "示例单位"}], key=f"{i}", **WHO)
    copy = db._copy_file(engine, "0001")
    shutil.move(copy, tmp_path / "copy.db")
    assert state(db.as_url(tmp_path / "copy.db")) == state(url)
