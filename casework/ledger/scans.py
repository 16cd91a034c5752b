"""Naming a scan: wherever a record says where its paper lies, it may name an attachment, and then that one is there."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from casework.ledger.commands import Work
from casework.models_people import Attachment, AttachmentWithdrawal
from casework.problems import Refused

_NAMED: Final = re.compile(r"(?:扫描件|scan)\s*[:：]\s*([0-9A-Za-z]+)")


def scan_reference(attachment_id: str) -> str:
    """Return the words that name an attachment in a record, e.g. in 存放处 of a step."""
    return f"扫描件:{attachment_id}"


def scans_named(words: str) -> tuple[str, ...]:
    """Return the attachments a text names; a text may as well say the shelf where the paper stands."""
    return tuple(_NAMED.findall(words))


def check_scans(work: Work, words: str, *, round_id: str, units: Collection[str] = ()) -> None:
    """Check that every scan a record names is there, of this round, and in force.

    Args:
        work: The command.
        words: What the record says of its paper.
        round_id: The round of the record.
        units: The units the record is about, where it is about some: a scan of another unit is not theirs.

    Raises:
        Refused: `not_found`: also for a scan the actor may not see.
    """
    for attachment_id in scans_named(words):
        found = work.session.get(Attachment, attachment_id)
        if (
            found is None
            or found.round_id != round_id
            or (found.unit_id is not None and not work.actor.may_see(found.unit_id))
            or (units and found.unit_id is not None and found.unit_id not in units)
            or work.session.get(AttachmentWithdrawal, attachment_id) is not None
        ):
            raise Refused("not_found", "没有这份扫描件，或它不属于这一轮这个单位，或已撤下；请先添加扫描件")
