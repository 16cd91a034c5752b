"""What a ledger says of itself."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Engine
from sqlmodel import Session, select

from casework.access import Actor
from casework.ledger.commands import Result, Work, execute
from casework.models import Meta, Round
from casework.problems import Refused

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
