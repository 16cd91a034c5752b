"""What a request must be before it goes any further. Each check raises `RefusedError` with the status to answer."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.datastructures import Headers
    from starlette.types import Message, Receive, Scope

_SESSION = re.compile(r"s_[0-9a-z]{6}")
_PLAIN_PATH = re.compile(r"/[A-Za-z0-9@_./-]*")
_PORT = re.compile(r":[0-9]{1,5}$")
# Functions a page may call on its widgets: table paging and filters, forms, lazy content. None that makes a file
# (download_as, get_data_url, …): files leave by our own route, logged.
_FUNCTIONS: Final = frozenset(
    {"search", "get_row_ids", "get_column_summaries", "calculate_top_k_rows", "validate", "load"}
)
# Parameters marimo reads and no page of ours needs: another notebook, its own password, a second viewer.
_FORBIDDEN_QUERY: Final = frozenset({"file", "access_token", "kiosk"})


class RefusedError(Exception):
    """This request goes no further.

    Attributes:
        status: The HTTP status to answer with.
    """

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


def check_place(scope: Scope, headers: Headers, *, allowed_hosts: Collection[str]) -> None:
    """Refuse a foreign Host (DNS rebinding) and every path that is not written plainly.

    Plainly: no percent sign, no backslash, no empty or `..` part, so that what is compared here is what marimo
    and the file system will read.
    """
    hosts = headers.getlist("host")
    if len(hosts) != 1 or _PORT.sub("", hosts[0]).lower() not in allowed_hosts:
        raise RefusedError(403)
    path: str = scope["path"]
    parts = path.split("/")
    if not _PLAIN_PATH.fullmatch(path) or ".." in parts or "." in parts or "" in parts[1:-1]:
        raise RefusedError(404)
    if scope.get("raw_path") not in {None, path.encode()}:
        raise RefusedError(404)


def check_origin(headers: Headers) -> None:
    """Refuse a request that does not come from a page of ours; one without Origin is foreign too."""
    host = headers["host"]
    origins = headers.getlist("origin")
    if len(origins) != 1 or origins[0] not in {f"http://{host}", f"https://{host}"}:
        raise RefusedError(403)


def check_site(headers: Headers) -> None:
    """Refuse what another site, or another port of this machine, loads into its own page."""
    site, mode = headers.get("sec-fetch-site", "none"), headers.get("sec-fetch-mode")
    if site not in {"same-origin", "none"} and mode != "navigate":
        raise RefusedError(403)


def query(scope: Scope) -> list[tuple[str, str]]:
    """Return the query's pairs, and refuse parameters that would change what marimo opens."""
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    if any(key in _FORBIDDEN_QUERY and value not in {"", "false"} for key, value in pairs):
        raise RefusedError(404)
    return pairs


def socket_session(scope: Scope) -> str:
    """Return the session id a socket asks for."""
    sessions = [value for key, value in query(scope) if key == "session_id"]
    if len(sessions) != 1 or not _SESSION.fullmatch(sessions[0]):
        raise RefusedError(404)
    return sessions[0]


async def read_body(receive: Receive, headers: Headers, *, limit: int) -> bytes:
    """Return a request's body of at most `limit` bytes, declared or not."""
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()) or int(length) > limit:
        raise RefusedError(413)
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RefusedError(400)
        body.extend(message.get("body", b""))
        if len(body) > limit:
            raise RefusedError(413)
        if not message.get("more_body", False):
            return bytes(body)


def checked_call(body: bytes) -> bytes:
    """Refuse a widget function that is not on the list.

    Returns:
        The call written anew: what was checked is what is passed on, also where a key occurs twice.
    """
    try:
        call = json.loads(body)
    except ValueError:
        raise RefusedError(400) from None
    if not isinstance(call, dict) or call.get("functionName") not in _FUNCTIONS:
        raise RefusedError(403)
    return json.dumps(call).encode()


def replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives `body` first."""
    sent = False

    async def replaying() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replaying
