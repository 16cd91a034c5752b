"""Files an officer takes away: our own route, so that every one of them is logged before it leaves.

`mo.download` and `mo.ui.table`'s export cannot be audited and are refused by the guard.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from casework.access import Actor

INLINE_TYPES: Final = frozenset({"application/pdf"})  # nothing a browser would run in our origin


@dataclass(frozen=True, slots=True)
class Download:
    """One finished file.

    Attributes:
        body: The bytes as they leave.
        filename: As the officer sees it, usually Chinese.
        mimetype: e.g. `application/pdf`.
        about: What the log says of it besides the address.
    """

    body: bytes
    filename: str
    mimetype: str
    about: Mapping[str, str] = field(default_factory=dict)


Params = Mapping[str, str]
DownloadHandler = Callable[[Actor, Params], Download]
OnDownload = Callable[[Actor, str, Params, str], None]  # actor, kind, params, SHA-256 of the bytes


def produce(
    kind: str, params: Mapping[str, str], *, actor: Actor, handler: DownloadHandler, on_download: OnDownload | None
) -> Download:
    """Make a file and log it; blocking, so the guard calls it in a worker thread.

    Raises:
        CaseworkError: From the handler; its sentence is shown. `NotAllowed` is answered with 403, `Refused` with the
            code `not_found` with 404, all others with 409.
    """
    download = handler(actor, params)
    if on_download is not None:  # logged before it leaves: a log that fails keeps the file back
        on_download(actor, kind, {**params, **download.about}, hashlib.sha256(download.body).hexdigest())
    return download


def response(download: Download, *, inline: bool) -> Response:
    """Return `download` as a response, shown in the page where that is asked for and safe."""
    shown = inline and download.mimetype in INLINE_TYPES
    suffix = download.filename.rpartition(".")[2]
    ascii_name = f"download.{suffix}" if suffix.isascii() and suffix.isalnum() else "download"
    # RFC 6266: the plain name for very old programs, the RFC 5987 one with the Chinese characters for all others.
    disposition = (
        f'{"inline" if shown else "attachment"}; filename="{ascii_name}"; '
        f"filename*=UTF-8''{quote(download.filename, safe='')}"
    )
    return Response(download.body, media_type=download.mimetype, headers={"content-disposition": disposition})
