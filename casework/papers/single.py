"""单机登记: a list that rests on decisions says so where one account entered every step of its round."""

from __future__ import annotations

from dataclasses import replace

from sqlmodel import Session

from casework.lists import Table
from casework.review.records import SINGLE_HANDED, single_handed


def single_handed_said(session: Session, round_id: str, table: Table) -> Table:
    """Return a list that says 单机登记 where one account entered every step of its round."""
    return replace(table, captions=(*table.captions, SINGLE_HANDED)) if single_handed(session, round_id) else table
