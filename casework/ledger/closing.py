"""What still stands open when a round is closed: named, counted, explained and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from casework.ledger.commands import Work
from casework.models_review import RoundOpenEnd
from casework.problems import Refused


@dataclass(frozen=True)
class OpenEnd:
    """Something of a round that is not finished.

    Attributes:
        code: What kind of thing; one of a kind in a round.
        label: Its name on a screen.
        count: How many.
        said: The sentence.
    """

    code: str
    label: str
    count: int
    said: str


def refuse_unexplained(ends: Sequence[OpenEnd], why: Mapping[str, str]) -> None:
    """Refuse to close over what nobody has explained.

    Raises:
        Refused: `open_ends`, naming each with its count.
    """
    bare = [end for end in ends if end.code not in why]
    if bare:
        words = "；".join(end.said for end in bare)
        raise Refused("open_ends", f"还有 {len(bare)} 项没有办完：{words}。请先办完，确须结束的逐项写明原因")


def keep_open_ends(work: Work, round_id: str, ends: Sequence[OpenEnd], why: Mapping[str, str]) -> None:
    """Keep what stood open with the round, and why it was closed all the same."""
    for end in ends:
        work.add(
            RoundOpenEnd(
                round_id=round_id,
                code=end.code,
                said=end.said,
                count=end.count,
                reason=why[end.code],
                recorded_by=work.actor.id,
                recorded_at=work.now,
            )
        )
