"""Fixtures every test file may use: throw-away databases of both kinds."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from machine import postgres_programs

if TYPE_CHECKING:
    from collections.abc import Iterator

# Nothing of a test's cluster survives the test run, so nothing is worth waiting for the disk.
UNSAFE_BUT_QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
CLUSTER = ("--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C")
START_SECONDS = 60

# A key for what is sealed, so that no test leaves a key file in the user's data directory.
os.environ["CASEWORK_KEY"] = "cd" * 32


def unprivileged() -> dict[str, object]:
    """Arguments for `subprocess` that lay down root's rights: PostgreSQL refuses to run with them."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    entry = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def until_we_die() -> list[str]:
    """A prefix for the server's command, so that a killed test run leaves no server behind (Linux)."""
    return ["setpriv", "--pdeathsig", "QUIT", "--"] if shutil.which("setpriv") else []


def wait_until_ready(conninfo: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the server answers; fail with its own words when it ends or stays silent."""
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up and server.poll() is None:
        try:
            psycopg.connect(conninfo).close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
    pytest.fail(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}", pytrace=False)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A private PostgreSQL cluster on a Unix socket, one per test process, gone afterwards.

    Yields:
        `postgresql+psycopg://…` of its empty database `postgres`, superuser, no password.
    """
    programs, rights = postgres_programs(), unprivileged()
    # Not pytest's own folder: another user must reach it, and a socket's path has 107 bytes at most.
    home = Path(tempfile.mkdtemp(prefix="casework-pg-"))
    server = None
    try:
        if rights:
            os.chown(home, rights["user"], rights["group"])
        log = home / "log"
        subprocess.run(
            [programs / "initdb", "--pgdata", home / "data", *CLUSTER],
            check=True,
            cwd=home,
            capture_output=True,
            **rights,
        )
        settings = ["listen_addresses=", f"unix_socket_directories={home}", *UNSAFE_BUT_QUICK]
        with log.open("wb") as output:
            server = subprocess.Popen(
                [*until_we_die(), programs / "postgres", "-D", home / "data", *(f"--{s}" for s in settings)],
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                **rights,
            )
        wait_until_ready(f"host={home} user=postgres dbname=postgres", server, log)
        yield f"postgresql+psycopg://postgres@/postgres?host={home}"
    finally:
        if server is not None:
            # At once, but unlike a kill this gives its shared memory back to the machine.
            server.send_signal(signal.SIGQUIT)
            server.wait(timeout=START_SECONDS)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def postgres_database_url(postgres_url: str) -> Iterator[str]:
    """An empty PostgreSQL database for one test."""
    name = f"t{uuid.uuid4().hex}"
    admin = postgres_url.replace("+psycopg", "")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield postgres_url.replace("/postgres?", f"/{name}?")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_database_url(tmp_path: Path) -> str:
    """A SQLite file for one test, not yet made."""
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database of each kind in turn: a test that asks for this runs twice.

    Returns:
        `sqlite:///…` or `postgresql+psycopg://…`.
    """
    return request.getfixturevalue(f"{request.param}_database_url")
