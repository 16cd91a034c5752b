"""The ASGI guard in front of marimo: everything not listed here is refused.

marimo's run mode has no login, accepts a socket from any Origin and any Host, and binds neither sessions nor
files to a person. So every request passes here first, HTTP and socket alike:

1. Host on the list, a plain path;
2. Origin equal to our own on every socket and POST;
3. a login cookie on everything but `/health`, the icon and marimo's static assets;
4. the route on the list, the session opened by this login, the file shown to this login.

What comes back loses marimo's own headers and the text of its errors, and gains a content policy.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import re
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from casework.access import Actor, to_user
from casework.problems import CaseworkError, NotAllowed, Refused
from casework.serve import checks, downloads, pages
from casework.serve.bindings import Bindings
from casework.serve.checks import RefusedError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from casework.serve.downloads import DownloadHandler, OnDownload
    from casework.serve.logins import Logins

logger = logging.getLogger(__name__)

BODY_LIMIT: Final = 30 * 1024 * 1024  # a 20 MiB workbook, base64 inside JSON, and a tenth
HOUSEKEEPING_S: Final = 30.0

_ASSET = re.compile(r"/assets/[A-Za-z0-9_.-]+")
_FILE = re.compile(r"@file/[0-9]+-([A-Za-z0-9_.-]+)")
_HEALTH = re.compile(r"(/[a-z0-9_]+)?/health")
_ICON = re.compile(r"(/[a-z0-9_]+)?/favicon\.ico")
_POST_ROUTES: Final = frozenset({"api/kernel/set_ui_element_value", "api/kernel/function_call"})
_MARIMO_HEADERS: Final = ("access-control-", "cache-control", "etag", "last-modified", "set-cookie", "vary")


@dataclass(frozen=True, slots=True)
class Site:
    """What is served, and to whom.

    Attributes:
        worksheets: By mount name, in the order of the navigation.
        actor: Who a logged-in browser acts as.
        allowed_hosts: Host names without port.
        demo: Whether pages carry the 演示数据 badge.
        downloads: Handlers by kind.
        on_download: Called with every file before it leaves.
        body_limit: Bytes of the largest request body.
    """

    worksheets: Mapping[str, pages.Worksheet]
    actor: Actor
    allowed_hosts: Collection[str]
    demo: bool
    downloads: Mapping[str, DownloadHandler]
    on_download: OnDownload | None
    body_limit: int = BODY_LIMIT


class Guard:
    """The ASGI application that is served."""

    def __init__(self, inner: ASGIApp, *, site: Site, logins: Logins) -> None:
        self._inner = inner
        self._site = site
        self._bindings = Bindings()
        self.logins = logins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http":
            await self._http(scope, receive, _hardened(scope, send))
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._lifespan(receive, send)

    def _login(self, headers: Headers) -> str:
        cookies = headers.getlist("cookie")
        login = self.logins.verify(cookies[0]) if len(cookies) == 1 else None
        if login is None:
            raise RefusedError(401)
        return login

    def _mount(self, path: str) -> tuple[str, str]:
        """Split `/<worksheet>/<rest>`."""
        name, _, rest = path[1:].partition("/")
        if name not in self._site.worksheets:
            raise RefusedError(404)
        return name, rest

    # -- http --------------------------------------------------------------------------------------------------

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def noting(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._route(scope, receive, noting)
        except RefusedError as refused:
            response = _problem(scope, refused.status)
        except CaseworkError as refused:
            response = _problem(scope, _status(refused), detail=refused.sentence)
        except Exception as error:  # noqa: BLE001 - whatever it is, its text may name a person
            number = secrets.token_hex(4).upper()
            logger.error("错误 %s：%s", number, type(error).__qualname__)  # noqa: TRY400 - no traceback, no values
            response = _problem(scope, 500, detail=f"这一步没有完成。错误编号 {number}，请把编号告诉管理员。")
        else:
            return
        if not started:
            await response(scope, receive, send)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        checks.check_place(scope, headers, allowed_hosts=self._site.allowed_hosts)
        path: str = scope["path"]
        if scope["method"] == "POST":
            await self._post(scope, receive, send, headers)
        elif scope["method"] not in {"GET", "HEAD"}:
            raise RefusedError(405)
        elif _HEALTH.fullmatch(path):
            await JSONResponse({"status": "healthy"})(scope, receive, send)
        elif _ICON.fullmatch(path):
            await Response(pages.ICON, media_type="image/svg+xml")(scope, receive, send)
        elif _ASSET.fullmatch(path):
            # marimo's own scripts and styles: public, and the same for all worksheets.
            name = next(iter(self._site.worksheets))
            await self._forward({**scope, "path": f"/{name}{path}"}, receive, send)
        elif path == "/":
            await self._front(scope, receive, send, headers)
        else:
            await self._private(scope, receive, send, headers)

    async def _front(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        invitation = dict(checks.query(scope)).get("t")
        try:
            self._login(headers)
        except RefusedError:
            value = self.logins.redeem(invitation or "")
            if value is None:
                raise
            cookie = self.logins.set_cookie(value, secure=scope["scheme"] == "https")
            # A page, not a redirect: after a click in another program's page a redirect still counts as
            # cross-site, and the browser would hold the strict cookie back.
            await HTMLResponse(pages.ENTRY, headers={"set-cookie": cookie})(scope, receive, send)
            return
        if invitation is not None:
            await RedirectResponse("/", status_code=303)(scope, receive, send)
            return
        page = pages.index(self._site.worksheets, demo=self._site.demo, actor=self._site.actor)
        await HTMLResponse(page)(scope, receive, send)

    async def _private(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        login = self._login(headers)
        checks.check_site(headers)
        path: str = scope["path"]
        if path.startswith("/download/"):
            await self._download(scope, receive, send)
            return
        name, rest = self._mount(path)
        file = _FILE.fullmatch(rest)
        if path == f"/{name}":
            await RedirectResponse(f"/{name}/", status_code=307)(scope, receive, send)
        elif rest == "":
            await self._page(scope, receive, send, name)
        elif file is not None and self._bindings.may_fetch(file[1], login):
            await self._forward(scope, receive, send)
        else:
            raise RefusedError(404)

    async def _page(self, scope: Scope, receive: Receive, send: Send, name: str) -> None:
        """Serve a worksheet's page: marimo's, with our header, our language and a policy for its inline scripts."""
        checks.query(scope)
        status, body = 0, bytearray()

        async def collect(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            body.extend(message.get("body", b""))

        await self._inner(self._inner_scope(scope), receive, collect)
        if status != 200:
            raise RefusedError(500)
        site = self._site
        html = pages.worksheet(body.decode(), site.worksheets, name=name, demo=site.demo, actor=site.actor)
        policy = pages.content_policy(html, host=Headers(scope=scope)["host"])
        await HTMLResponse(html, headers={"content-security-policy": policy})(scope, receive, send)

    async def _download(self, scope: Scope, receive: Receive, send: Send) -> None:
        handler = self._site.downloads.get(kind := scope["path"].removeprefix("/download/"))
        pairs = checks.query(scope)
        params = dict(pairs)
        if handler is None or len(params) != len(pairs):
            raise RefusedError(404)
        inline = params.pop("inline", "") == "1"
        file = await run_in_threadpool(
            downloads.produce,
            kind,
            params,
            actor=self._site.actor,
            handler=handler,
            on_download=self._site.on_download,
        )
        await downloads.response(file, inline=inline)(scope, receive, send)

    async def _post(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        checks.check_origin(headers)
        login = self._login(headers)
        name, rest = self._mount(scope["path"])
        if rest not in _POST_ROUTES:
            raise RefusedError(404)
        sessions = headers.getlist("marimo-session-id")
        if len(sessions) != 1 or not self._bindings.owns(name, sessions[0], login):
            raise RefusedError(403)
        body = await checks.read_body(receive, headers, limit=self._site.body_limit)
        if rest == "api/kernel/function_call":
            body = checks.checked_call(body)
        await self._forward(scope, checks.replay(body, receive), send)

    # -- passing on --------------------------------------------------------------------------------------------

    def _inner_scope(self, scope: Scope) -> dict[str, Any]:
        """Return the scope marimo sees: our actor as the user, no cookie and no Origin.

        A cell can read the request's cookies; the login is none of its business. The body's length is left out
        because the guard may have rewritten it, the conditional headers because the guard rewrites pages.
        """
        hidden = {b"cookie", b"origin", b"authorization", b"content-length", b"transfer-encoding", b"if-none-match"}
        headers = [(key, value) for key, value in scope["headers"] if key not in hidden]
        return {**scope, "headers": headers, "user": to_user(self._site.actor)}

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on to marimo; an error of its own comes back as ours, without its text."""
        failed = 0

        async def redact(message: Message) -> None:
            nonlocal failed
            if message["type"] == "http.response.start":
                failed = message["status"] if message["status"] >= 400 else 0
                headers = MutableHeaders(scope=message)
                for key in [key for key in headers if key.startswith(_MARIMO_HEADERS)]:
                    del headers[key]
            if not failed:
                await send(message)

        await self._inner(self._inner_scope(scope), receive, redact)
        if failed:
            raise RefusedError(failed if failed in pages.PROBLEMS else 500)

    # -- sockets -----------------------------------------------------------------------------------------------

    def _open_socket(self, scope: Scope) -> tuple[str, str]:
        headers = Headers(scope=scope)
        checks.check_place(scope, headers, allowed_hosts=self._site.allowed_hosts)
        checks.check_origin(headers)
        login = self._login(headers)
        name, rest = self._mount(scope["path"])
        if rest != "ws":
            raise RefusedError(404)
        session_id = checks.socket_session(scope)
        if not self._bindings.open(name, session_id, login):
            raise RefusedError(403)
        return name, session_id

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            name, session_id = self._open_socket(scope)
        except RefusedError:
            await send({"type": "websocket.close", "code": 4403})  # before the handshake: the server answers 403
            return

        async def noting(message: Message) -> None:
            if message["type"] == "websocket.send":
                text = message.get("text") or (message.get("bytes") or b"").decode("utf-8", "replace")
                self._bindings.note_files(name, session_id, text)
            await send(message)

        try:
            await self._inner(self._inner_scope(scope), receive, noting)
        except Exception as error:  # noqa: BLE001 - see _http
            logger.error("连接中断：%s", type(error).__qualname__)  # noqa: TRY400
        finally:
            self._bindings.close(name, session_id, now=time.monotonic())

    # -- lifespan ----------------------------------------------------------------------------------------------

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        task = asyncio.create_task(self._housekeep())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await send({"type": "lifespan.shutdown.complete"})

    async def _housekeep(self) -> None:
        """Forget closed sessions and collect their kernels, which hang in reference cycles."""
        while True:
            await asyncio.sleep(HOUSEKEEPING_S)
            self._bindings.purge(now=time.monotonic())
            gc.collect()


def _status(refused: CaseworkError) -> int:
    if isinstance(refused, NotAllowed):
        return 403
    return 404 if isinstance(refused, Refused) and refused.reason_code == "not_found" else 409


def _problem(scope: Scope, status: int, *, detail: str = "") -> Response:
    if scope["method"] == "POST":
        return JSONResponse({"error": detail or pages.PROBLEMS[status][0]}, status_code=status)
    return HTMLResponse(pages.problem(status, detail=detail), status_code=status)


def _hardened(scope: Scope, send: Send) -> Send:
    """Wrap `send` so that every response carries our headers."""
    asset = _ASSET.fullmatch(scope["path"]) is not None

    async def hardened(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            kept = asset and message["status"] == 200
            headers["cache-control"] = "public, max-age=31536000, immutable" if kept else "no-store"
            # The browser's own PDF viewer counts as a plug-in, which the general policy forbids.
            pdf = headers.get("content-type") == "application/pdf"
            headers.setdefault("content-security-policy", "frame-ancestors 'self'" if pdf else pages.PAGE_POLICY)
            headers["x-frame-options"] = "SAMEORIGIN"
            headers["x-content-type-options"] = "nosniff"
            headers["referrer-policy"] = "same-origin"
            headers["cross-origin-opener-policy"] = "same-origin"
            headers["cross-origin-resource-policy"] = "same-origin"
        await send(message)

    return hardened
