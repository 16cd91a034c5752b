"""casework check: one pass over the whole ledger, each finding a sentence that names its place.

Audit chain, copies of circulars, money, references, sealed content, histories, snapshots and adopted lists. Nothing is
corrected: what is found is held against a backup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlmodel import Session, col, select

from casework.adoption import fingerprint
from casework.checking.names import row_name
from casework.checking.past import broken_histories
from casework.checking.references import BACKUP, contradictions, orphans
from casework.checking.sealed import sealed
from casework.ledger import audit_check, pack_of, thaw
from casework.models import Adoption, Round, Scenario, Snapshot
from casework.payment.reconciliation import fund_check
from casework.policy import digest_of
from casework.problems import LedgerError, Problem

__all__ = ["check_ledger"]


def check_ledger(session: Session, *, key: bytes, anchors: Iterable[str] = ()) -> list[Problem]:
    """Return everything that is wrong with a ledger; nothing for a sound one.

    Args:
        session: A session on the ledger; all of it is read in one state.
        key: The audit key.
        anchors: Audit heads from issued papers.
    """
    return [
        *audit_check(session, key=key, anchors=anchors),
        *_packs(session),
        *_money(session),
        *orphans(session),
        *contradictions(session),
        *sealed(session),
        *broken_histories(session),
        *_snapshots(session),
        *_lists(session),
    ]


def _packs(session: Session) -> Iterator[Problem]:
    for found in session.exec(select(Round).order_by(Round.round_id)).all():
        if digest_of(pack_of(session, found.round_id)) != found.policy_digest:
            yield Problem(f"{row_name('round', found.round_id)}所依据的通知副本已被改动或损坏", BACKUP)


def _money(session: Session) -> Iterator[Problem]:
    for round_id in session.exec(select(Round.round_id).order_by(Round.round_id)).all():
        for said in fund_check(session, round_id):
            yield Problem(f"{row_name('round', round_id)}：{said}", BACKUP)


def _snapshots(session: Session) -> Iterator[Problem]:
    for snapshot_hash in session.exec(select(Snapshot.snapshot_hash).order_by(Snapshot.snapshot_hash)).all():
        try:
            thaw(session, snapshot_hash)
        except LedgerError as error:
            yield Problem(error.sentence, BACKUP)


def _lists(session: Session) -> Iterator[Problem]:
    """Give adopted plans and lists whose content is no longer the one their fingerprint was taken of."""
    for row in session.exec(select(Adoption).order_by(col(Adoption.adoption_id))).all():
        content = {"act": row.act, "numbers": row.numbers}
        if row.parent_fingerprint is not None:
            expected = fingerprint({**content, "parent": row.parent_fingerprint})
        elif row.state == "withdrawn":
            continue  # the scenario may have been worked on since
        else:
            parameters = session.get_one(Scenario, row.scenario_id).parameters
            expected = fingerprint({**content, "parameters": parameters})
        if expected != row.fingerprint:
            yield Problem(f"{row_name('adoption', row.adoption_id)}的内容与它的校验码不符", BACKUP)
