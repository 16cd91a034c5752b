"""The worksheets as one application: marimo behind our guard.

`build_app` gives the ASGI application, `run` serves it: one process, one worker, because a marimo session lives
in the process that opened it.
"""

from __future__ import annotations

import contextlib
import os
import threading
import webbrowser
from typing import TYPE_CHECKING, Final, Literal, NoReturn

import uvicorn

from casework.access import LOCAL_OFFICER, LOCAL_VIEWER
from casework.serve.discreet import be_discreet
from casework.serve.downloads import Download, DownloadHandler, OnDownload
from casework.serve.guard import BODY_LIMIT, Guard, Site
from casework.serve.logins import Logins
from casework.serve.pages import PRODUCT, read_worksheet
from casework.serve.process import cookie_secret, fix_hash_seed, listen, make_private, state_directory

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

__all__ = ["Download", "DownloadHandler", "Guard", "OnDownload", "build_app", "run"]

SESSION_TTL_S: Final = 120
LOCAL_HOSTS: Final = ("127.0.0.1", "localhost")

Mode = Literal["local", "served"]


def build_app(  # noqa: PLR0913 - one place where everything a deployment may set is named
    notebooks: Mapping[str, Path],
    *,
    database_url: str,
    mode: Mode,
    read_only: bool,
    allowed_hosts: Collection[str],
    secret: bytes,
    demo: bool = False,
    downloads: Mapping[str, DownloadHandler] | None = None,
    on_download: OnDownload | None = None,
    body_limit: int = BODY_LIMIT,
) -> Guard:
    """Return the application that serves `notebooks`.

    The kernels run in this process and read their ledger from the environment, so this sets `CASEWORK_DB` and
    `CASEWORK_READ_ONLY`.

    Args:
        notebooks: Mount name → file; `{"allocation": …}` is served at `/allocation/`.
        database_url: The ledger, as in `CASEWORK_DB`.
        mode: `local`: an invitation opens one browser. `served`: one invitation opens many, each its own login.
        read_only: The actor is a viewer and the notebooks open the ledger read-only.
        allowed_hosts: Host names (without port) this server answers to.
        secret: Key of the login cookie, at least 16 bytes.
        demo: Mark every page 演示数据.
        downloads: Handlers of `/download/{kind}`.
        on_download: Called with actor, kind, parameters and SHA-256 before a file leaves; if it fails, none does.
        body_limit: Bytes of the largest request body.

    Returns:
        The application; `app.logins.invite()` makes the `t` of the address to open.
    """
    import marimo  # noqa: PLC0415 - it opens its log file when imported, in a directory `run` has just made private

    os.environ["CASEWORK_DB"] = database_url
    os.environ["CASEWORK_READ_ONLY"] = "1" if read_only else ""
    builder = marimo.create_asgi_app(
        quiet=True, include_code=False, skew_protection=True, session_ttl=SESSION_TTL_S, show_tracebacks=False
    )
    for name, path in notebooks.items():
        builder = builder.with_app(path=f"/{name}", root=str(path))
    site = Site(
        worksheets={name: read_worksheet(path) for name, path in notebooks.items()},
        actor=LOCAL_VIEWER if read_only else LOCAL_OFFICER,
        allowed_hosts=frozenset(host.lower() for host in allowed_hosts),
        demo=demo,
        downloads=downloads or {},
        on_download=on_download,
        body_limit=body_limit,
    )
    return Guard(builder.build(), site=site, logins=Logins(secret, reusable=mode == "served"))


def run(  # noqa: PLR0913 - see build_app
    notebooks: Mapping[str, Path],
    *,
    database_url: str,
    mode: Mode = "local",
    read_only: bool = False,
    demo: bool = False,
    host: str = "127.0.0.1",
    port: int = 8765,
    allowed_hosts: Collection[str] = (),
    downloads: Mapping[str, DownloadHandler] | None = None,
    on_download: OnDownload | None = None,
    open_browser: bool = False,
) -> NoReturn:
    """Serve `notebooks` until the process is stopped, print the address to open, and end the process.

    Starts the program anew once to fix the hash seed, so call it before anything is under way.

    Args:
        notebooks: As in `build_app`.
        database_url: As in `build_app`.
        mode: As in `build_app`.
        read_only: As in `build_app`.
        demo: As in `build_app`.
        downloads: As in `build_app`.
        on_download: As in `build_app`.
        host: Address to bind; anything but loopback needs `allowed_hosts`.
        port: First port to try; 0 lets the system choose.
        allowed_hosts: Host names this server answers to, besides this machine's own.
        open_browser: Open the address in the default browser.

    Raises:
        ValueError: `host` is reachable from elsewhere, but no host name is allowed.
        OSError: No port is free.
    """
    if host not in LOCAL_HOSTS and not allowed_hosts:
        raise ValueError("对外提供服务时，请用 --allowed-host 写明访问所用的主机名。")
    fix_hash_seed()
    directory = state_directory()
    make_private(directory)
    if not demo:  # there everybody is fictional, and a developer wants to see what went wrong
        be_discreet()
    listener = listen(host, port)
    app = build_app(
        notebooks,
        database_url=database_url,
        mode=mode,
        read_only=read_only,
        allowed_hosts={*LOCAL_HOSTS, *allowed_hosts},
        secret=cookie_secret(directory),
        demo=demo,
        downloads=downloads,
        on_download=on_download,
    )
    origin = f"http://{host}:{listener.getsockname()[1]}"
    app.logins.on_used = lambda: print(f"再次打开请用：{origin}/?t={app.logins.invite()}", flush=True)  # noqa: T201
    address = f"{origin}/?t={app.logins.invite()}"
    print(f"{PRODUCT}已启动，请在浏览器打开：{address}\n按 Ctrl+C 结束。", flush=True)  # noqa: T201
    if open_browser:
        threading.Timer(0.5, webbrowser.open, [address]).start()
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,  # its lines would hold session ids and invitations
        server_header=False,
        ws_max_size=1024 * 1024,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=3,
        lifespan="on",
    )
    server = uvicorn.Server(config)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    print("已结束。", flush=True)  # noqa: T201
    # Kernels of pages still open wait in threads that never end. Nothing is lost with them: a command has
    # committed before it returns.
    os._exit(0 if server.started else 1)
