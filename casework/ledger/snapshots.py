"""Snapshots: the facts a decision saw, frozen so that they verify for ever and can still be forgotten.

What stands in clear (cases with their amounts and ranks, units) names nobody. What is known of a person or a
household is sealed under that subject's key and enters the hash as a keyed commitment. With the key destroyed the
hash still verifies, the person reads 已按规定删除, and nobody can guess from the commitment what it stood for.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import zlib
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from sqlmodel import Session

from casework.access import Actor
from casework.facts import Facts, frame_of, plain
from casework.frames import FACTS
from casework.ledger.audit import canonical
from casework.ledger.keys import ERASED, Keyring, household, person
from casework.models import Snapshot
from casework.problems import LedgerError

_CLEAR: Final = ("cases", "units")
_QUICK: Final = 1  # a snapshot is written once and read seldom
Bundle = dict[str, list[list[Any]]]


def freeze(session: Session, known: Facts, *, actor: Actor, now: datetime) -> str:
    """Keep facts in one immutable row and return their hash; the same facts are kept once.

    Call it inside a command, with `work.note_digest("snapshot", …)`.
    """
    keyring = Keyring(session)
    clear, bundles = _parted(known)
    keys = keyring.many(bundles, make=True)
    told = {subject: canonical(_in_order(bundle)).encode() for subject, bundle in bundles.items()}
    commitments = [
        [subject, keys[subject].commit(told[subject], purpose="snapshot") if subject in keys else ""]
        for subject in sorted(bundles)
    ]
    signed = canonical(
        {
            "head": {"as_of": known.as_of.isoformat(), "round_id": known.round_id},
            "columns": {name: frame.columns for name, frame in known.tables().items()},
            "clear": _in_order(clear),
            "subjects": commitments,
        }
    ).encode()
    digest = hashlib.sha256(signed).hexdigest()
    if session.get(Snapshot, digest) is None:
        sealed = {
            subject: base64.b64encode(
                key.seal(zlib.compress(told[subject], _QUICK), bound_to=f"snapshot|{digest}|{subject}")
            ).decode()
            for subject, key in keys.items()
        }
        session.add(
            Snapshot(
                snapshot_hash=digest,
                round_id=known.round_id,
                as_of=known.as_of,
                facts=signed + b"\n" + canonical(sealed).encode(),
                taken_by=actor.id,
                taken_at=now,
            )
        )
        session.flush()
    return digest


def _parted(known: Facts) -> tuple[Bundle, dict[str, Bundle]]:
    """Return what stands in clear, and what belongs to each subject."""
    owner = {case: person(who) for case, who in known.cases.select("case_id", "person_id").iter_rows()}
    clear: Bundle = {}
    bundles: dict[str, Bundle] = defaultdict(lambda: defaultdict(list))
    for name, frame in known.tables().items():
        rows = [list(row) for row in plain(frame).iter_rows()]
        if name in _CLEAR:
            clear[name] = rows
            continue
        at = {column: place for place, column in enumerate(frame.columns)}
        for row in rows:
            if name in {"households", "members"}:
                subject = household(row[at["household_id"]]) if row[at["household_id"]] else None
            elif "person_id" in at:
                subject = person(row[at["person_id"]]) if row[at["person_id"]] else None
            else:
                subject = owner.get(row[at["case_id"]])
            (bundles[subject] if subject else clear).setdefault(name, []).append(row)
    return clear, bundles


def _in_order(tables: Mapping[str, list[list[Any]]]) -> dict[str, list[list[Any]]]:
    """Return the tables with their rows sorted, so that the same facts give the same bytes."""
    return {name: sorted(rows, key=canonical) for name, rows in tables.items()}


def thaw(session: Session, snapshot_hash: str) -> Facts:
    """Return the facts of a snapshot; somebody erased since is there by id, named 已按规定删除, with nothing known.

    Raises:
        LedgerError: It is not there, or its bytes are no longer those that were frozen.
    """
    signed, sealed = _read(session, snapshot_hash)
    tables: dict[str, list[list[Any]]] = defaultdict(list)
    for name, rows in signed["clear"].items():
        tables[name] += rows
    keys = Keyring(session).many(subject for subject, _ in signed["subjects"])
    for subject, commitment in signed["subjects"]:
        key = keys.get(subject)
        if key is None or not commitment:
            kind, _, who = subject.partition(":")
            if kind == "person":
                names = signed["columns"]["people"]
                blank: dict[str, Any] = {"person_id": who, "name": ERASED}
                tables["people"].append([blank.get(column) for column in names])
            continue
        try:
            content = base64.b64decode(sealed[subject], validate=True)
            told = zlib.decompress(key.unseal(content, bound_to=f"snapshot|{snapshot_hash}|{subject}"))
        except (KeyError, ValueError, zlib.error):
            raise _damaged(snapshot_hash) from None
        if not hmac.compare_digest(key.commit(told, purpose="snapshot"), commitment):
            raise _damaged(snapshot_hash)
        for name, rows in json.loads(told).items():
            tables[name] += rows
    frames = {
        name: frame_of({"columns": columns, "rows": tables.get(name, [])}, FACTS[name])
        for name, columns in signed["columns"].items()
    }
    head = signed["head"]
    return Facts.build(as_of=date.fromisoformat(head["as_of"]), round_id=head["round_id"], **frames)


def erased_in(session: Session, snapshot_hash: str) -> list[str]:
    """Return the ids of the people a snapshot speaks of and whose facts were destroyed since.

    Raises:
        LedgerError: As `thaw`.
    """
    signed, _ = _read(session, snapshot_hash)
    people = [(s, c) for s, c in signed["subjects"] if s.startswith("person:")]
    keys = Keyring(session).many(subject for subject, _ in people)
    return [s.partition(":")[2] for s, commitment in people if s not in keys or not commitment]


def _read(session: Session, snapshot_hash: str) -> tuple[dict[str, Any], dict[str, str]]:
    snapshot = session.get(Snapshot, snapshot_hash)
    if snapshot is None:
        raise LedgerError(f"找不到数据版本 {snapshot_hash[:12]}")
    signed, _, sealed = snapshot.facts.partition(b"\n")
    if hashlib.sha256(signed).hexdigest() != snapshot_hash:
        raise _damaged(snapshot_hash)
    try:
        return json.loads(signed), json.loads(sealed)
    except ValueError:
        raise _damaged(snapshot_hash) from None


def _damaged(snapshot_hash: str) -> LedgerError:
    return LedgerError(f"数据版本 {snapshot_hash[:12]} 的内容已被改动或损坏，请用备份核对")
