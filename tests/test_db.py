"""The database: opened safely, migrated whole, guarded where only the database can guard."""

import os
import sqlite3
import stat
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, StatementError
from sqlmodel import select

from casework import db
from casework.frames import FACTS
from casework.ledger.causes import SEALED
from casework.ledger.records import _BULK
from casework.models import (
    APPEND_ONLY,
    Case,
    Household,
    Person,
    Round,
    Ruling,
    Scenario,
    Table,
    Unit,
)
from casework.problems import LedgerError, OtherShape

NOW = datetime(2020, 12, 1, 9, 30, tzinfo=UTC)


@pytest.fixture
def engine(database_url):
    engine = db.open_ledger(database_url)
    yield engine
    engine.dispose()


def tables_made_from_models(url):
    """A database whose tables come from the models, not from the migrations."""
    engine = db.open_engine(url)
    with engine.begin() as connection:
        Table.metadata.create_all(connection)
    return engine


# -- schema ------------------------------------------------------------------------------------------------------


def test_the_migrated_schema_is_the_schema_of_the_models(engine):
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Table.metadata) == []


def test_the_migrated_checks_are_the_checks_of_the_models(sqlite_database_url, tmp_path):
    """Alembic does not compare CHECK constraints; SQLite keeps the words of every table."""

    def words(engine):
        found = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'alembic%'"
        with engine.connect() as connection:
            rows = connection.execute(text(found)).all()
        return {name: sorted(part.strip().rstrip(",)") for part in sql.splitlines()) for name, sql in rows}

    migrated = words(db.open_ledger(sqlite_database_url))
    made = words(tables_made_from_models(f"sqlite:///{tmp_path / 'models.db'}"))
    assert migrated == made
    assert len(migrated) == len(Table.metadata.tables)


def test_every_column_of_the_facts_has_a_column_in_the_ledger():
    models = {**_BULK, "units": Unit, "rulings": Ruling}
    assert models.keys() == FACTS.keys()
    for name, schema in FACTS.items():
        sealed = SEALED if name == "causes" else ()
        missing = schema.keys() - models[name].__table__.columns.keys() - set(sealed)
        assert not missing, f"{name}: {missing}"


def test_no_table_deletes_in_cascade():
    keys = [key for table in Table.metadata.tables.values() for key in table.foreign_keys]
    assert keys
    assert all(key.ondelete is None for key in keys)


def test_money_is_a_whole_number_everywhere():
    money = [c for t in Table.metadata.tables.values() for c in t.columns if c.name.endswith("_fen")]
    assert len(money) >= 5
    assert {type(column.type).__name__ for column in money} == {"Whole"}


# -- bad rows ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "household",
    [
        {"yearly_income_fen": "很多"},
        {"yearly_income_fen": 12.5},
        {"yearly_income_fen": 2.0},
        {"yearly_income_fen": True},
        {"yearly_income_fen": -1},
        {"size": -1},
    ],
)
def test_money_that_is_not_whole_fen_does_not_get_in(engine, household):
    with pytest.raises((StatementError, TypeError)), db.transaction(engine) as session:
        session.add(Household(household_id="h", **household))


@pytest.mark.parametrize("value", ["'很多'", "12.5", "-1", "x'00'", "1e16"])
def test_not_even_past_the_program(sqlite_database_url, value):
    """SQLite takes any type in any column: the CHECK is what stops a wrong one."""
    engine = db.open_ledger(sqlite_database_url)
    statement = f"INSERT INTO household (household_id, yearly_income_fen, version) VALUES ('h', {value}, 1)"
    with engine.connect() as connection, pytest.raises(DBAPIError, match="yearly_income_fen_whole"):
        connection.execute(text(statement))


def test_an_unknown_word_does_not_get_in(engine):
    with pytest.raises(DBAPIError, match="ck_person_sex_known"), db.transaction(engine) as session:
        session.add(Person(person_id="p", sex="男"))


def test_a_row_that_belongs_to_nobody_does_not_get_in(engine):
    with pytest.raises(DBAPIError), db.transaction(engine) as session:
        session.add(Case(case_id="c", round_id="没有", person_id="没有", unit_id="没有"))


def test_a_child_may_be_written_before_its_parent(engine):
    with db.transaction(engine) as session:
        session.connection().execute(Unit.__table__.insert(), [{"unit_id": "b", "name": "乙", "parent_id": "a"}])
        session.connection().execute(Unit.__table__.insert(), [{"unit_id": "a", "name": "甲"}])


def test_a_time_without_a_zone_is_refused(engine):
    with db.transaction(engine) as session:
        session.add(open_round_row())
    with pytest.raises(StatementError, match="without a zone"), db.transaction(engine) as session:
        session.add(scenario_row(created_at=datetime(2020, 12, 1)))  # noqa: DTZ001


def test_an_instant_comes_back_as_the_same_instant(engine):
    with db.transaction(engine) as session:
        session.add(open_round_row())
        session.flush()
        session.add(scenario_row(created_at=NOW))
    with db.reading(engine) as session:
        assert session.exec(select(Scenario)).one().created_at == NOW


def open_round_row():
    return Round(
        round_id="r",
        title="示例",
        policy_id="p",
        policy_digest="d",
        opened_on=NOW.date(),
        as_of=NOW.date(),
        state="open",
    )


def scenario_row(created_at):
    return Scenario(
        scenario_id="s",
        round_id="r",
        name="方案一",
        state="draft",
        parameters={"rates": {"hardship": 60000}},
        created_by="local",
        created_at=created_at,
    )


def test_an_error_says_nothing_about_the_row(engine):
    with pytest.raises(DBAPIError) as caught, db.transaction(engine) as session:
        session.add(Person(person_id="p", name="示例人名", sex="?"))
    assert "parameters hidden" in str(caught.value)
    if engine.dialect.name == "sqlite":
        assert "示例人名" not in str(caught.value)


# -- append-only -------------------------------------------------------------------------------------------------


def fill(connection, table):
    """Put one row into `table`, whatever its columns want; foreign keys are off."""
    values = {}
    for column in Table.metadata.tables[table].columns:
        if column.name in {"value", "kind"}:
            values[column.name] = {"judgement": "none", "ruling": "tie"}.get(table, "x")
        elif column.name == "format":
            values[column.name] = "pdf"
        elif column.type._type_affinity.__name__ in {"Integer", "BigInteger"}:
            values[column.name] = 1
        elif column.type._type_affinity.__name__ in {"DateTime", "Date"}:
            values[column.name] = "2020-12-01"
        elif column.type._type_affinity.__name__ == "_Binary":
            values[column.name] = b"x"
        else:
            values[column.name] = '{"x":1}' if column.type._type_affinity.__name__ == "JSON" else f"x-{column.name}"
    names = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join(f":{name}" for name in values)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)
    return names, marks, values


@pytest.fixture
def loose(engine):
    """A connection on which rows need no parents, so that every table can be filled alone."""
    kind = engine.dialect.name
    with engine.connect() as connection:
        if kind == "sqlite":
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")
        yield connection


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_nothing_in_an_append_only_table_is_changed_or_removed(loose, table):
    if loose.dialect.name == "postgresql":
        with loose.begin():
            loose.execute(text("SET LOCAL session_replication_role = replica"))
            fill(loose, table)
        deeds = [f"TRUNCATE {table} CASCADE"]
    else:
        with loose.begin():
            names, marks, values = fill(loose, table)
        deeds = [f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({marks})"]
    column = Table.metadata.tables[table].columns.keys()[0]
    deeds += [f'UPDATE {table} SET "{column}" = "{column}"', f"DELETE FROM {table}"]
    for deed in deeds:
        with pytest.raises(DBAPIError, match=f"append-only: {table}"), loose.begin():
            loose.execute(text(deed), values if "REPLACE" in deed else {})
    with loose.begin():
        assert loose.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 1


def test_replace_is_refused_on_a_connection_of_somebody_else_too(tmp_path):
    """`recursive_triggers` belongs to a connection; another program does not set it."""
    file = tmp_path / "ledger.db"
    db.open_ledger(file).dispose()
    raw = sqlite3.connect(file)
    link = "INSERT {} INTO audit_entry (seq, at, actor_id, action, object, digests, prev, mac) VALUES "
    raw.execute(link.format("") + "(1, 'a', 'a', 'a', 'a', '{}', 'p', 'm')")
    for other in ("(1, 'x', 'x', 'x', 'x', '{}', 'q', 'n')", "(2, 'x', 'x', 'x', 'x', '{}', 'p', 'n')"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            raw.execute(link.format("OR REPLACE") + other)


# -- opening -----------------------------------------------------------------------------------------------------


def test_the_shipped_pragmas_hold(tmp_path):
    engine = db.open_ledger(tmp_path / "ledger.db")
    expected = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "trusted_schema": 0,
        "busy_timeout": db.BUSY_SECONDS * 1000,
    }
    with engine.connect() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in expected}
    assert found == expected


def test_files_are_for_this_user_only(tmp_path):
    file = tmp_path / "新文件夹" / "台账 100%?.db"
    engine = db.open_ledger(file)
    with db.transaction(engine) as session:
        session.add(Unit(unit_id="a", name="甲"))
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    assert len(modes) == 3  # the file, -wal, -shm
    assert set(modes.values()) == {0o600}


def test_a_folder_that_was_there_keeps_its_rights(tmp_path):
    tmp_path.chmod(0o755)
    db.open_ledger(tmp_path / "ledger.db")
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_read_only_is_read_only_at_the_database(engine, database_url):
    with db.transaction(engine) as session:
        session.add(Unit(unit_id="a", name="甲"))
    viewer = db.open_ledger(database_url, read_only=True)
    with db.reading(viewer) as session:
        assert session.get(Unit, "a").name == "甲"
    with pytest.raises((DBAPIError, LedgerError)), db.transaction(viewer) as session:
        session.add(Unit(unit_id="b", name="乙"))
    with pytest.raises(DBAPIError), viewer.connect() as connection:
        connection.exec_driver_sql("DELETE FROM unit")
    viewer.dispose()


def test_a_reader_waits_for_nobody(engine):
    with db.transaction(engine) as session:
        session.add(Unit(unit_id="a", name="甲"))
        session.flush()
        with db.reading(engine) as other:
            assert other.exec(select(Unit)).all() == []


def test_reading_cannot_write(engine):
    with db.reading(engine) as session, pytest.raises(DBAPIError):
        session.connection().exec_driver_sql("DROP TABLE draft")
    with db.reading(engine) as session:
        session.add(Unit(unit_id="a", name="甲"))
        with pytest.raises(DBAPIError):
            session.flush()
    with db.transaction(engine) as session:
        session.add(Unit(unit_id="a", name="甲"))


def test_a_missing_ledger_is_said_plainly(tmp_path):
    with pytest.raises(LedgerError, match="找不到台账文件"):
        db.open_ledger(tmp_path / "none.db", read_only=True)
    with pytest.raises(LedgerError, match="不能在这里建立"):
        db.open_ledger("/proc/none/ledger.db")
    (tmp_path / "empty.db").touch()
    with pytest.raises(LedgerError, match="尚未建立"):
        db.open_ledger(tmp_path / "empty.db", read_only=True)
    with pytest.raises(LedgerError, match="mysql"):
        db.open_engine("mysql://x/y")
    with pytest.raises(LedgerError, match="内存"):
        db.open_engine("sqlite://")


def test_a_ledger_without_tables_is_said_plainly(database_url):
    engine = db.open_engine(database_url)
    with pytest.raises(LedgerError, match="尚未建立"), db.reading(engine) as session:
        session.get(Unit, "a")
    engine.dispose()


def test_a_ledger_of_another_shape_is_said_plainly(database_url):
    engine = db.open_ledger(database_url)
    with db.transaction(engine) as session:
        session.exec(text("ALTER TABLE unit RENAME COLUMN name TO other"))
    with pytest.raises(LedgerError, match="结构与本程序不一致"), db.reading(engine) as session:
        session.get(Unit, "a")
    engine.dispose()


def test_a_ledger_that_stays_locked_is_said_plainly(tmp_path, monkeypatch):
    monkeypatch.setattr(db, "BUSY_SECONDS", 0.05)
    engine = db.open_ledger(tmp_path / "ledger.db")
    with db.transaction(engine), pytest.raises(LedgerError, match="正被其他程序占用"):
        db.run(engine, lambda session: session.add(Unit(unit_id="a", name="甲")))


def test_where_the_ledger_lies(monkeypatch, tmp_path):
    monkeypatch.delenv("CASEWORK_DB", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert db.default_url() == f"sqlite:///{tmp_path}/casework/ledger.db"
    assert db.demo_url() == f"sqlite:///{tmp_path}/casework/demo.db"
    monkeypatch.setenv("CASEWORK_DB", "postgresql://office/ledger")
    assert db.default_url() == "postgresql+psycopg://office/ledger"
    monkeypatch.setenv("CASEWORK_DB", "some/place.db")
    assert db.default_url() == f"sqlite:///{Path.cwd()}/some/place.db"
    assert db.demo_url() != db.default_url()


@pytest.mark.parametrize(
    ("platform", "variable", "place"),
    [
        ("win32", "LOCALAPPDATA", "casework"),
        ("darwin", "HOME", "Library/Application Support/casework"),
        ("linux", "HOME", ".local/share/casework"),
    ],
)
def test_the_data_directory_of_each_platform(monkeypatch, tmp_path, platform, variable, place):
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr(db.sys, "platform", platform)
    monkeypatch.setenv(variable, str(tmp_path))
    assert db.data_directory() == tmp_path / place


# -- migrations --------------------------------------------------------------------------------------------------

SECOND = '''"""A second step, for the test."""
from alembic import op
revision = "test2"
down_revision = "{head}"
branch_labels = None
depends_on = None
def upgrade():
    {body}
'''


@pytest.fixture
def second_step(tmp_path, monkeypatch):
    """Return a function that adds a migration after the shipped one."""
    folder = tmp_path / "package"
    shipped = Path(db.__file__).parent / "migrations"
    (folder / "migrations" / "versions").mkdir(parents=True)
    for file in (*shipped.glob("*.py"), *shipped.glob("*.mako"), *shipped.glob("versions/*.py")):
        (folder / "migrations" / file.relative_to(shipped)).write_bytes(file.read_bytes())

    head = db._head()

    def add(body):
        (folder / "migrations" / "versions" / "test2.py").write_text(SECOND.format(body=body, head=head))
        monkeypatch.setattr(db, "files", lambda _: folder)

    return add


def test_migrating_twice_does_nothing(engine):
    assert db.migrate(engine) is None


def test_a_ledger_is_copied_before_it_is_migrated(tmp_path, second_step):
    engine = db.open_ledger(tmp_path / "ledger.db")
    with db.transaction(engine) as session:
        session.add(Unit(unit_id="a", name="甲"))
    second_step('op.execute("ALTER TABLE unit ADD COLUMN note VARCHAR")')
    copy = db.migrate(engine)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert sqlite3.connect(copy).execute("SELECT unit_id FROM unit").fetchall() == [("a",)]
    assert "note" not in {row[1] for row in sqlite3.connect(copy).execute("PRAGMA table_info(unit)")}
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT note FROM unit").all() == [(None,)]
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1


def test_a_step_that_loses_rows_is_undone(engine, second_step):
    with db.transaction(engine) as session:
        session.add(Unit(unit_id="a", name="甲"))
    second_step('op.execute("ALTER TABLE unit ADD COLUMN note VARCHAR"); op.execute("DELETE FROM unit")')
    with pytest.raises(LedgerError, match="unit 的记录数改变"):
        db.migrate(engine)
    with db.reading(engine) as session:
        assert session.get(Unit, "a").name == "甲"


def test_a_step_that_breaks_off_can_be_run_again(engine, second_step):
    second_step('op.execute("ALTER TABLE unit ADD COLUMN note VARCHAR"); 1 / 0')
    with pytest.raises(ZeroDivisionError):
        db.migrate(engine)
    second_step('op.execute("ALTER TABLE unit ADD COLUMN note VARCHAR")')
    db.migrate(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT note FROM unit").all() == []


def test_recreating_a_parent_table_loses_no_children(tmp_path, second_step):
    engine = db.open_ledger(tmp_path / "ledger.db")
    with db.transaction(engine) as session:
        session.add(Household(household_id="h"))
        session.flush()
        session.add(Person(person_id="p", household_id="h"))
    second_step(
        'import sqlalchemy as sa\n    with op.batch_alter_table("household", recreate="always") as batch:\n'
        '        batch.add_column(sa.Column("note", sa.String()))'
    )
    db.migrate(engine)
    with db.reading(engine) as session:
        assert session.get(Person, "p").household_id == "h"


def test_rows_left_without_their_parent_undo_the_step(tmp_path, second_step):
    engine = db.open_ledger(tmp_path / "ledger.db")
    with db.transaction(engine) as session:
        session.add(Household(household_id="h"))
        session.flush()
        session.add(Person(person_id="p", household_id="h"))
    second_step("op.execute(\"UPDATE household SET household_id = 'other'\")")
    with pytest.raises(LedgerError, match="找不到它所属"):
        db.migrate(engine)
    with db.reading(engine) as session:
        assert session.get(Household, "h") is not None


def test_a_ledger_of_a_newer_program_is_left_alone(engine):
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'later'"))
    with pytest.raises(LedgerError, match="更新版本的程序"):
        db.migrate(engine)


def test_a_viewer_does_not_open_an_old_ledger(engine, database_url, second_step):
    second_step("pass")
    with pytest.raises(LedgerError, match="旧版本"):
        db.open_ledger(database_url, read_only=True)


def test_two_programs_may_make_the_ledger_at_once(database_url):
    errors = []

    def make():
        try:
            db.open_ledger(database_url).dispose()
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_the_migrations_travel_with_the_package():
    assert os.path.isfile(Path(db.__file__).parent / "migrations" / "env.py")  # noqa: PTH113


def test_a_ledger_whose_columns_are_not_the_models_is_refused_when_it_is_opened(database_url):
    engine = db.open_ledger(database_url)
    with db.transaction(engine) as session:
        session.exec(text("ALTER TABLE unit RENAME COLUMN name TO other"))
    engine.dispose()
    for read_only in (False, True):
        with pytest.raises(OtherShape, match=r"结构与本程序不一致.*init --demo"):
            db.open_ledger(database_url, read_only=read_only)


def test_a_ledger_that_lacks_a_table_of_its_version_is_refused_too(database_url):
    engine = db.open_ledger(database_url)
    with db.transaction(engine) as session:
        session.exec(text("DROP TABLE download"))
    engine.dispose()
    with pytest.raises(OtherShape):
        db.open_ledger(database_url)
