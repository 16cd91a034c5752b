"""The circular's own text: a quotation counts only if the words stand there."""

from __future__ import annotations

import hashlib
import re

_SPACE = re.compile(r"\s+")


def sha256(data: bytes) -> str:
    """Return the hex SHA-256 of `data`."""
    return hashlib.sha256(data).hexdigest()


def squeeze(text: str) -> str:
    """Return `text` without white space, which a page break or an extraction may have put anywhere."""
    return _SPACE.sub("", text)


def missing_fragment(fragments: tuple[str, ...], source: str) -> str | None:
    """Return the first fragment that is not found in order in `source`, or None.

    Args:
        fragments: The quotation; several where the source is broken by a page or a table.
        source: The text of the circular.
    """
    haystack, position = squeeze(source), 0
    for fragment in fragments:
        needle = squeeze(fragment)
        found = haystack.find(needle, position) if needle else -1
        if found < 0:
            return fragment
        position = found + len(needle)
    return None
