"""通知: the circular's own words as the first pages of a round's whole set, with what is attached."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from casework.dates import chinese
from casework.lists.table import ListState, Table

if TYPE_CHECKING:
    from casework.policy import Policy

FORM: Final = "circular"
_ANNEX: Final = re.compile(r"附件\s*\d*\s*[:：]?|附\s*\d\s*[:：]?.{0,40}")
_DAY: Final = re.compile(r"(\d{4}|[二〇零一三四五六七八九]{4})年.{1,3}月.{1,3}日")


def circular_page(policy: Policy, attached: Sequence[str]) -> Table:
    """Return the circular as it is kept with the round.

    Args:
        policy: The circular.
        attached: What follows it, in order.
    """
    issued = (policy.issuer, chinese(policy.issued_on))
    return Table(
        list_id=FORM,
        title=policy.title,
        columns=(),
        rows=(),
        lead=tuple(_paragraphs(policy)),
        captions=tuple(f"{'附件：' if at == 1 else '　　　'}{at}．{stem}" for at, stem in enumerate(attached, start=1)),
        closing=issued,
        state=ListState.OFFICIAL,
    )


def _paragraphs(policy: Policy) -> Iterator[str]:
    """Yield the paragraphs between the title and the signature; what the source file has after that are annexes."""
    title, seen = _squeezed(policy.title), ""
    for line in policy.source_text.splitlines():
        words = line.strip().strip("\u3000\ufeff")
        bare = _squeezed(words)
        if not bare:
            continue
        if len(seen) < len(title) and title.startswith(seen + bare):
            seen += bare
            continue
        if _ANNEX.fullmatch(words) or _DAY.fullmatch(bare):
            return
        if bare != _squeezed(policy.issuer):
            yield words


def _squeezed(words: str) -> str:
    return re.sub(r"\s+", "", words)
