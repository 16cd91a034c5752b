"""What a ledger says of itself."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Engine
from sqlmodel import Session, select

from casework.access import Actor
from casework.db import ledger_file, open_engine, reading
from casework.ledger.commands import Result, Work, execute
from casework.models import Meta, Round
from casework.problems import LedgerError, Refused

_DEMO: Final = "demo"


def mark_demo(engine: Engine, *, actor: Actor, now: datetime, key: str) -> Result:
    """Mark an empty ledger as 演示数据, for good: pages and papers show it, and it is never taken for a real one.

    Raises:
        Refused: `not_empty`: a real ledger does not become a demonstration.
    """

    def body(work: Work) -> Result:
        if work.session.exec(select(Round)).first() is not None:
            raise Refused("not_empty", "台账里已有内容，不能改作演示台账")
        work.session.merge(Meta(name=_DEMO, value="1"))
        return {"demo": True}

    return execute(engine, action="mark_demo", actor=actor, now=now, key=key, subject="ledger", body=body)


def is_demo(session: Session) -> bool:
    """Tell whether this ledger holds demonstration data."""
    return session.get(Meta, _DEMO) is not None


def set_demo_aside(url: str | Path, *, now: datetime) -> Path | None:
    """Give the file of a demo ledger another name, so that a new one can be made in its place.

    Returns:
        Where it lies now; None where nothing was done: it is not marked 演示数据, or it is no file.
    """
    engine = open_engine(url)
    path = ledger_file(engine)
    try:
        with reading(engine) as session:
            demo = is_demo(session)
        if path is None or not demo:
            return None
        with engine.connect() as connection:  # everything into the one file that is renamed
            connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except LedgerError:
        return None
    finally:
        engine.dispose()
    aside = path.with_name(f"{path.stem}.before-{now:%Y%m%dT%H%M%S}{path.suffix}")
    path.rename(aside)
    for tail in ("-wal", "-shm"):
        path.with_name(path.name + tail).unlink(missing_ok=True)
    return aside
