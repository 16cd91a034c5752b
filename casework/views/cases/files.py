"""Files a page has made for whoever made them: they leave by our own route, logged, and are gone after a while."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from casework.problems import Refused
from casework.views.cases.desk import CaseDesk
from casework.views.desk import _Kept


@dataclass(frozen=True)
class MadeFile:
    """One file, for one account alone.

    Attributes:
        actor_id: Whose page made it.
        name: As the officer sees it.
        body: The bytes.
        media: Their type.
        about: What stands in the log when it leaves: which paper, of which round.
    """

    actor_id: str
    name: str
    body: bytes
    media: str
    about: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Keep the content out of tracebacks."""
        return f"MadeFile({len(self.body)} bytes)"


_files: _Kept[MadeFile] = _Kept()


SHEET: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def keep_file(
    desk: CaseDesk, name: str, body: bytes, media: str = SHEET, *, about: Mapping[str, str] | None = None
) -> str:
    """Keep a file for a while and return the address it can be fetched from; "" where the page has no such route."""
    if not desk.guarded:
        return ""
    token = secrets.token_urlsafe(24)
    _files.put(token, MadeFile(desk.actor.id, name, body, media, dict(about or {})))
    return f"/download/made?key={token}"


def made_file(token: str, actor_id: str) -> MadeFile:
    """Return a file to whoever made it.

    Raises:
        Refused: `not_found`; also for another account's file.
    """
    found = _files.get(token)
    if found is None or found.actor_id != actor_id:
        raise Refused("not_found", "这个文件已经不在，请回到页面重新生成")
    return found
