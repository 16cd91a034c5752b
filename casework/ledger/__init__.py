"""The ledger: facts out of the database, and the commands that write to it."""

from __future__ import annotations

from casework.ledger.about import is_demo, mark_demo
from casework.ledger.audit import audit_check, audit_head, audit_key
from casework.ledger.commands import Result, Work, case_within_reach, execute
from casework.ledger.facts import facts
from casework.ledger.history import Change, history
from casework.ledger.keys import ERASED, Keyring, key_file
from casework.ledger.past import facts_known
from casework.ledger.records import (
    add_facts,
    change_case,
    change_draft,
    load_draft,
    record_download,
    record_judgement,
    record_ruling,
    save_draft,
)
from casework.ledger.rounds import (
    close_round,
    import_units,
    open_round,
    open_round_of,
    pack_of,
    policy_of,
    rounds,
)
from casework.ledger.snapshots import erased_in, freeze, thaw

__all__ = [
    "ERASED",
    "Change",
    "Keyring",
    "Result",
    "Work",
    "add_facts",
    "audit_check",
    "audit_head",
    "audit_key",
    "case_within_reach",
    "change_case",
    "change_draft",
    "close_round",
    "erased_in",
    "execute",
    "facts",
    "facts_known",
    "freeze",
    "history",
    "import_units",
    "is_demo",
    "key_file",
    "load_draft",
    "mark_demo",
    "open_round",
    "open_round_of",
    "pack_of",
    "policy_of",
    "record_download",
    "record_judgement",
    "record_ruling",
    "rounds",
    "save_draft",
    "thaw",
]
