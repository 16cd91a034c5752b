"""Rows that speak of a row that is not there, and rows that contradict each other about whose they are."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Table, and_, select
from sqlmodel import Session

from casework.checking.names import TABLES, row_name
from casework.models import Case
from casework.models import Table as Model
from casework.models_payment import Claim
from casework.models_people import Erasure, PersonMerge
from casework.people.register import table
from casework.problems import Problem

BACKUP = "请停止办理，用备份核对台账"


def orphans(session: Session) -> Iterator[Problem]:
    """Give every row that refers to a row that is not there, table by table."""
    for name, stored in sorted(Model.metadata.tables.items()):
        for constraint in sorted(stored.foreign_key_constraints, key=lambda found: str(found.column_keys)):
            parent = constraint.referred_table.alias()
            pairs = [(element.parent, parent.c[element.column.name]) for element in constraint.elements]
            keys = list(stored.primary_key)
            query = (
                select(*keys)
                .select_from(stored.outerjoin(parent, and_(*(own == other for own, other in pairs))))
                .where(*(own.is_not(None) for own, _ in pairs), pairs[0][1].is_(None))
            )
            said = TABLES.get(constraint.referred_table.name, "其他记录")
            for row in session.connection().execute(query.order_by(*keys)):
                yield Problem(f"{row_name(name, '/'.join(map(str, row)))}所属的{said}不在台账中", BACKUP)


def contradictions(session: Session) -> Iterator[Problem]:
    """Give claims of somebody else than their case, merged records that still own something, half-erased people."""
    connection = session.connection()
    case, claim, merge, erasure = table(Case), table(Claim), table(PersonMerge), table(Erasure)
    joined = claim.join(case, case.c.case_id == claim.c.case_id)
    other = select(claim.c.claim_id).select_from(joined).where(claim.c.person_id != case.c.person_id)
    for claim_id in connection.execute(other.order_by(claim.c.claim_id)).scalars():
        yield Problem(f"{row_name('claim', claim_id)}与它的个案不是同一个人", BACKUP)
    gone = select(merge.c.gone).where(merge.c.undone_at.is_(None))
    left = select(case.c.case_id).where(case.c.person_id.in_(gone))
    for case_id in connection.execute(left.order_by(case.c.case_id)).scalars():
        yield Problem(f"{row_name('hardship_case', case_id)}还记在已经并入别人的记录名下", "请核对这次合并，必要时拆开")
    keys = _table("data_key")
    subject = "person:" + erasure.c.person_id
    alive = select(erasure.c.person_id).join(keys, keys.c.subject == subject).where(keys.c.wrapped.is_not(None))
    for person_id in connection.execute(alive.order_by(erasure.c.person_id)).scalars():
        yield Problem(f"{row_name('person', person_id)}登记为已删除，但数据密钥还在", "请重新办理删除")


def _table(name: str) -> Table:
    return Model.metadata.tables[name]
