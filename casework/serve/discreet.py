"""Keep values out of the server's own output: an exception's text may name a person, its place never does.

marimo writes a failing cell's traceback to the terminal and its message to a log file. On a real ledger both are
cut down to what a developer needs: which exception, raised where.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Any, Final, TextIO

if TYPE_CHECKING:
    from types import TracebackType

_START: Final = "Traceback (most recent call last)"
_PLACE: Final = re.compile(r'\s*File ".*", line [0-9]+, in .+')
_RAISED: Final = re.compile(
    r"([A-Za-z_][\w.]*(?:Error|Exception|Warning|Interrupt|Refused|Conflict|NotAllowed|Exit))\b"
)
_NUMBER: Final = re.compile(r"error_id=([0-9a-f-]{36})")


def cut(text: str) -> str:
    """Return the traceback in `text` with its places and exception names only."""
    kept = [_START]
    for line in text.partition(_START)[2].splitlines():
        raised = _RAISED.match(line)
        if _PLACE.fullmatch(line):
            kept.append(line)
        elif raised is not None:
            kept.append(raised[1])
    return "\n".join(kept) + "\n"


class DiscreetStream:
    """A text stream that cuts tracebacks down before they are written."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write `text`, a traceback without its values."""
        self._stream.write(cut(text) if _START in text else text)
        return len(text)

    def __getattr__(self, name: str) -> Any:
        """Everything else is the stream's own."""
        return getattr(self._stream, name)


class DiscreetFilter(logging.Filter):
    """Replaces a log record's text by its place and, where it has one, marimo's error number."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; let it pass."""
        number = _NUMBER.search(record.getMessage())
        raised: type[BaseException] | TracebackType | None = record.exc_info[0] if record.exc_info else None
        parts = [f"{record.module}:{record.lineno}", number[1] if number else "", getattr(raised, "__qualname__", "")]
        record.msg, record.args = " ".join(part for part in parts if part), ()
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def be_discreet() -> None:
    """Cut down what this process writes to its standard error and what marimo logs."""
    sys.stderr = DiscreetStream(sys.stderr)
    logging.getLogger("marimo").addFilter(DiscreetFilter())
