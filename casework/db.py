"""Where the ledger lies and how it is opened, written to and brought up to date.

SQLite: a file, WAL with `synchronous=FULL` (an acknowledged commit survives a power cut), foreign keys on, every
writing transaction begins IMMEDIATE, so that two writers queue instead of both succeeding. PostgreSQL: SERIALIZABLE
with bounded retry, writers queue on a table lock. A read-only engine cannot write at the database, whatever the
program asks.
"""

from __future__ import annotations

import os
import random
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import QueuePool
from sqlmodel import Session

# One metadata for all tables, whichever of them a caller uses.
from casework import models_payment, models_people, models_review  # noqa: F401
from casework.models import Table
from casework.problems import LedgerError, OtherShape

T = TypeVar("T")

BUSY_SECONDS: Final = 10
ATTEMPTS: Final = 8
READING: Final = "casework_reading"

_PRAGMAS: Final = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "recursive_triggers=ON",  # else INSERT OR REPLACE gets past the append-only triggers
    "trusted_schema=OFF",
)
# serialization failure, deadlock; and a unique key of our own mechanics, taken by a writer who was just faster
_RETRY_STATES: Final = frozenset({"40001", "40P01"})
_RETRY_CONSTRAINTS: Final = frozenset({"pk_idempotency", "pk_audit_entry", "uq_audit_entry_prev"})


def data_directory() -> Path:
    """Return this user's data directory of the product, as the platform wants it (not made)."""
    if os.environ.get("XDG_DATA_HOME"):
        base = Path(os.environ["XDG_DATA_HOME"])
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path.home() / ".local" / "share"
    return base / "casework"


def default_url() -> str:
    """Return the ledger's URL: `CASEWORK_DB` (a path or a URL), else a file in the user's data directory."""
    return as_url(os.environ.get("CASEWORK_DB") or data_directory() / "ledger.db")


def demo_url() -> str:
    """Return the URL of the demo ledger, which is never the real one."""
    return as_url(data_directory() / "demo.db")


def as_url(place: str | Path) -> str:
    """Return a database URL for a path, or `place` itself where it is one; PostgreSQL is spoken through psycopg."""
    text = str(place)
    if "://" not in text:
        return str(URL.create("sqlite", database=str(Path(text).expanduser().absolute())))
    for scheme in ("postgres://", "postgresql://"):
        if text.startswith(scheme):
            return f"postgresql+psycopg://{text.removeprefix(scheme)}"
    return text


def ledger_file(engine: Engine) -> Path | None:
    """Return the SQLite file, or None for PostgreSQL."""
    return Path(engine.url.database or "") if engine.dialect.name == "sqlite" else None


def open_engine(url: str | Path | None = None, *, read_only: bool = False) -> Engine:
    """Return an engine for the ledger; nothing is created or migrated yet except an empty private file.

    Args:
        url: A path or URL; None takes `default_url()`.
        read_only: No statement of this engine can write: SQLite `mode=ro`, PostgreSQL read-only transactions (give
            the viewer's server a role that may only SELECT as well).

    Raises:
        LedgerError: The file is not there (read-only), or its folder cannot be made, or the URL is of another kind.
    """
    parsed = make_url(as_url(url) if url is not None else default_url())
    kind = parsed.get_backend_name()
    if kind == "sqlite":
        return _open_sqlite(parsed, read_only=read_only)
    if kind == "postgresql":
        return _open_postgres(parsed, read_only=read_only)
    raise LedgerError(f"不支持 {kind} 数据库，请用 SQLite 文件或 PostgreSQL 地址")


def _open_sqlite(url: URL, *, read_only: bool) -> Engine:
    if not url.database or url.database == ":memory:":
        raise LedgerError("台账要存成文件，不能放在内存里")
    path = Path(url.database)
    if read_only and not path.is_file():
        raise LedgerError(f"找不到台账文件 {path.name}，请先建立台账")
    if not read_only:
        _make_private(path)
    mode = "ro" if read_only else "rwc"
    address = f"file:{quote(str(path.absolute()))}?mode={mode}"

    def connect() -> sqlite3.Connection:
        # No isolation level: the driver begins nothing by itself, `_begin` below does.
        return sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)

    engine = create_engine(url, creator=connect, poolclass=QueuePool, hide_parameters=True)
    pragmas = _PRAGMAS[1:] if read_only else _PRAGMAS

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _: object) -> None:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reading = read_only or connection.get_execution_options().get(READING)
        connection.exec_driver_sql(f"PRAGMA query_only={'ON' if reading else 'OFF'}")
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _make_private(path: Path) -> None:
    """Make the file for this user only, and its folder where it is missing."""
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise LedgerError(f"不能在这里建立台账文件 {path.name}：{error.strerror}") from None


def _open_postgres(url: URL, *, read_only: bool) -> Engine:
    engine = create_engine(
        url,
        isolation_level="REPEATABLE READ" if read_only else "SERIALIZABLE",
        hide_parameters=True,
        pool_pre_ping=True,
    )
    if read_only:
        # In every transaction: a session default would be lifted by the driver's own read-only switch.
        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")

    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """Give a session that sees one state of the ledger, waits for nobody and is never committed."""
    options: dict[str, Any] = {READING: True}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with _said_plainly(), Session(engine.execution_options(**options), expire_on_commit=False) as session:
        yield session  # closing rolls back; the rows that were read stay readable


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """Give a session inside one writing transaction: committed at the end, rolled back on any exception.

    Writers queue. On PostgreSQL the lock is taken before the first statement that reads, because from that
    statement on a serializable transaction no longer sees what others commit.
    """
    with Session(engine, expire_on_commit=False) as session, session.begin():
        connection = session.connection()  # begins now, not at the first statement
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("LOCK TABLE meta IN SHARE ROW EXCLUSIVE MODE")
        yield session


def run(engine: Engine, work: Callable[[Session], T], *, attempts: int = ATTEMPTS) -> T:
    """Carry `work` out in one writing transaction; repeat it where PostgreSQL asks for that.

    Args:
        engine: The ledger.
        work: Called with the session; it may be called more than once, so it changes nothing but the database.
        attempts: How often at most.

    Raises:
        LedgerError: The ledger stayed locked, or the last attempt failed too.
    """
    with _said_plainly():
        for attempt in range(attempts):
            try:
                with transaction(engine) as session:
                    return work(session)
            except DBAPIError as error:
                if attempt + 1 == attempts or not _worth_another_try(error):
                    raise
            # Jitter, or two writers meet again and again.
            time.sleep(random.uniform(0, 0.005 * 2**attempt))  # noqa: S311
    raise AssertionError("unreachable")


def _worth_another_try(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    return state in _RETRY_STATES or constraint in _RETRY_CONSTRAINTS


def open_ledger(url: str | Path | None = None, *, read_only: bool = False) -> Engine:
    """Return an engine for a ledger that is there and up to date; a writing one is made or migrated first.

    Raises:
        LedgerError: It cannot be opened, or it is of another version than this program (`OtherShape`: its version is
            the right one, but its tables are not; a page would fail later).
    """
    engine = open_engine(url, read_only=read_only)
    if not read_only:
        migrate(engine)
    with _said_plainly(), engine.connect().execution_options(**{READING: True}) as connection:
        _refuse_other_version(_version(connection), exactly=True)
        _refuse_other_columns(connection)
    return engine


def _refuse_other_columns(connection: Connection) -> None:
    found = inspect(connection).get_multi_columns()
    there = {name: {column["name"] for column in columns} for (_, name), columns in found.items()}
    if any(there.get(table.name) != set(table.columns.keys()) for table in Table.metadata.sorted_tables):
        raise OtherShape(_OTHER_SHAPE)


def migrate(engine: Engine) -> Path | None:
    """Bring the schema up to date: all of it in one transaction, or nothing.

    A SQLite file that holds tables is copied first, through the backup API. Foreign keys are off *outside* the
    transaction (inside it the pragma does nothing, and re-creating a parent table would empty its children) and
    checked before the commit; every table must still hold as many rows as before.

    Returns:
        The copy, or None where none was needed.

    Raises:
        LedgerError: The ledger was written by a newer program, or rows would be lost; it is as it was before.
    """
    with _said_plainly(), engine.connect().execution_options(**{READING: True}) as connection:
        before = _version(connection)
    _refuse_other_version(before)
    if before == _head():
        return None
    copy = _copy_file(engine, before) if before is not None else None
    with _said_plainly():
        if engine.dialect.name == "sqlite":
            _migrate_sqlite(engine)
        else:
            with engine.execution_options(isolation_level="READ COMMITTED").begin() as connection:
                # Two servers may start at once: the second one waits and then finds nothing to do.
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(20220101)")
                _upgrade(connection)
    return copy


def _migrate_sqlite(engine: Engine) -> None:
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                _upgrade(connection)
                if connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise LedgerError("升级后有的记录找不到它所属的记录，已退回升级前的状态")
        finally:
            driver.execute("PRAGMA foreign_keys=ON")


def _upgrade(connection: Connection) -> None:
    before = _counts(connection)
    command.upgrade(_alembic(connection), "head")
    after = _counts(connection)
    changed = sorted(name for name, rows in before.items() if after.get(name) != rows)
    if changed:
        raise LedgerError(f"升级会使 {'、'.join(changed)} 的记录数改变，已退回升级前的状态")


def _counts(connection: Connection) -> dict[str, int]:
    names = [name for name in inspect(connection).get_table_names() if name != "alembic_version"]
    quote, count = connection.dialect.identifier_preparer.quote, "SELECT count(*) FROM {}"
    return {name: connection.exec_driver_sql(count.format(quote(name))).scalar_one() for name in names}


def _alembic(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", _scripts().replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _scripts() -> str:
    return str(files("casework") / "migrations")


@cache
def _revisions(folder: str) -> tuple[str | None, frozenset[str]]:
    """Return the newest revision of a folder and all there are; the files are read once in a process."""
    scripts = ScriptDirectory(folder)
    return scripts.get_current_head(), frozenset(script.revision for script in scripts.walk_revisions())


def _head() -> str | None:
    return _revisions(_scripts())[0]


def _version(connection: Connection) -> str | None:
    """Return the schema's revision; None for an empty database."""
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_other_version(version: str | None, *, exactly: bool = False) -> None:
    if version is not None and version not in _revisions(_scripts())[1]:
        raise LedgerError("这个台账是用更新版本的程序建立的，请先升级程序")
    if exactly and version is None:
        raise LedgerError("台账尚未建立，请先运行 casework init")
    if exactly and version != _head():
        raise LedgerError("这个台账是旧版本的，请先以可写方式打开一次，程序会自动升级")


def _copy_file(engine: Engine, version: str) -> Path | None:
    """Copy a SQLite ledger beside itself before it is migrated; a plain copy of the file would miss the WAL."""
    path = ledger_file(engine)
    if path is None:
        return None
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    target = path.with_name(f"{path.stem}.before-upgrade-{version}-{stamp}.db")
    _make_private(target)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as sink:
        source.backup(sink)
    return target


@contextmanager
def _said_plainly() -> Iterator[None]:
    """Turn a database that is locked, full, damaged or away into one Chinese sentence without parameters."""
    try:
        yield
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) in _RETRY_STATES:
            raise LedgerError("同时办理的人太多，这一步没有办成，请再试一次") from None
        if isinstance(error, OperationalError) or _known_state(error):
            sentence = _sentence(error)
            raise (OtherShape if sentence == _OTHER_SHAPE else LedgerError)(sentence) from None
        raise


# What PostgreSQL says by a number, in SQLite's words.
_STATES: Final = {"42P01": "no such table", "42703": "no such column", "42P07": "already exists"}
_OTHER_SHAPE: Final = (
    "台账的结构与本程序不一致；演示台账请运行 casework init --demo 重建（旧的另存），"
    "正式台账请用建立它的那一版程序打开，或联系管理员"
)


def _known_state(error: DBAPIError) -> str | None:
    return _STATES.get(getattr(error.orig, "sqlstate", None) or "")


def _sentence(error: DBAPIError) -> str:
    words = _known_state(error) or str(error.orig).lower()
    known = {
        "locked": "台账正被其他程序占用，这一步没有办成，请稍后再试",
        "full": "磁盘已满，这一步没有办成；清出空间后再试，原有内容没有损坏",
        "readonly": "台账是只读的，这一步没有办成",
        "no such table": "台账尚未建立，请先运行 casework init",
        "no such column": _OTHER_SHAPE,
        "already exists": _OTHER_SHAPE,
        "unable to open": "打不开台账文件，请检查文件是否还在、是否有权读写",
    }
    return next(
        (sentence for sign, sentence in known.items() if sign in words), "台账暂时不能用，请检查数据库是否在运行"
    )
