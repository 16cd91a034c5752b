"""Which login opened which marimo session, and which files that session was shown.

marimo binds neither: whoever knows a six-character session id can read, drive and evict another officer's page,
and a file's address works for everybody (`spec: session and virtual-file binding`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

_FILE = re.compile(r"@file/[0-9]+-([A-Za-z0-9_.-]+)")
# marimo forgets a session `session_ttl` seconds after its socket closed; we remember its owner for longer.
KEEP_AFTER_CLOSE_S: Final = 900.0


@dataclass(slots=True)
class _Session:
    login: str
    sockets: int = 0
    closed_at: float = 0.0
    files: set[str] = field(default_factory=set)


class Bindings:
    """Owners of sessions and files. Used from the event loop only, hence without a lock."""

    def __init__(self) -> None:
        self._sessions: dict[tuple[str, str], _Session] = {}
        self._files: dict[str, str] = {}

    def open(self, mount: str, session_id: str, login: str) -> bool:
        """Claim a session for `login` as its socket opens; False where somebody else owns it."""
        session = self._sessions.setdefault((mount, session_id), _Session(login))
        if session.login != login:
            return False
        session.sockets += 1
        return True

    def close(self, mount: str, session_id: str, *, now: float) -> None:
        """Note that one socket of a session has closed at `now` (monotonic seconds)."""
        session = self._sessions[mount, session_id]
        session.sockets -= 1
        session.closed_at = now

    def owns(self, mount: str, session_id: str, login: str) -> bool:
        """Say whether `login` opened this session."""
        session = self._sessions.get((mount, session_id))
        return session is not None and session.login == login

    def note_files(self, mount: str, session_id: str, text: str) -> None:
        """Remember every file address in `text`, a message on its way to this session's page."""
        if "@file/" not in text:
            return
        session = self._sessions[mount, session_id]
        for name in _FILE.findall(text):
            session.files.add(name)
            self._files[name] = session.login

    def may_fetch(self, name: str, login: str) -> bool:
        """Say whether a page of `login` was shown the file `name`."""
        return self._files.get(name) == login

    def purge(self, *, now: float) -> None:
        """Forget sessions whose last socket closed more than `KEEP_AFTER_CLOSE_S` before `now`."""
        stale = [
            key
            for key, session in self._sessions.items()
            if session.sockets <= 0 and now - session.closed_at > KEEP_AFTER_CLOSE_S
        ]
        for key in stale:
            for name in self._sessions.pop(key).files:
                self._files.pop(name, None)
