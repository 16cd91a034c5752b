"""The guard against a real server on the loopback interface: what is refused, and what still works."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import io
import itertools
import json
import logging
import os
import re
import signal
import stat
import subprocess
import sys
import time
import traceback
from pathlib import Path
from urllib.parse import unquote

import pytest
from browser import ROOT, serving
from starlette.datastructures import Headers
from starlette.routing import Mount, Route, WebSocketRoute
from websockets.sync.client import connect

from casework.access import LOCAL_OFFICER, LOCAL_VIEWER, Actor, actor_of, is_guarded, to_user
from casework.problems import Conflict, NotAllowed, Refused
from casework.serve import checks, downloads, pages, process
from casework.serve.bindings import KEEP_AFTER_CLOSE_S, Bindings
from casework.serve.guard import Guard, Site
from casework.serve.logins import MAX_AGE_S, Logins
from casework.vocabulary import Role

PROGRAM = """
import os
from pathlib import Path
from casework.problems import Conflict, NotAllowed, Refused
from casework.serve import Download, run

tiny = Path("tests/data/serve/tiny.py").resolve()

def roster(actor, params):
    return Download(f"%PDF-1.7 {actor.id} {sorted(params.items())}".encode(), "慰问对象花名册.pdf", "application/pdf")

def page(actor, params):
    return Download(b"<script>alert(1)</script>", "页.html", "text/html")

def refused(actor, params):
    raise NotAllowed("role", "您不能下载这份名单。")

def late(actor, params):
    raise Conflict("version", "名单刚刚被改动。")

def gone(actor, params):
    raise Refused("not_found", "没有这份名单。")

def broken(actor, params):
    raise ValueError("示例甲 410102196503071234")

def log(actor, kind, params, sha256):
    if params.get("log") == "fails":
        raise OSError("disk full")
    with open(os.environ["LOGGED"], "a") as file:
        print(actor.id, kind, sorted(params.items()), sha256, file=file)

run(
    {"tiny": tiny, "second": tiny}, database_url="sqlite:///示例.db", port=0, demo=True, on_download=log,
    downloads={"roster": roster, "page": page, "refused": refused, "late": late, "gone": gone, "broken": broken},
)
"""


NUMBERS = itertools.count()


class Officer:
    """One browser's login, speaking plain HTTP."""

    def __init__(self, server):
        self.server = server
        self.cookie = ""

    @classmethod
    def entering(cls, server):
        officer = cls(server)
        address = server.invitation()
        _, headers, _ = officer.get(address.removeprefix(server.origin))
        officer.cookie = headers["set-cookie"].partition(";")[0]
        return officer

    def send(self, method, path, headers, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        with contextlib.closing(connection):
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
            if response.status == 101:
                return 101, {}, b""
            return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()

    def get(self, path, *, method="GET", host=None, **headers):
        host = host or self.server.origin.removeprefix("http://")
        extra = [(name.replace("_", "-"), value) for name, value in headers.items()]
        return self.send(method, path, [("host", host), *self._cookies(), *extra])

    def _cookies(self):
        return [("cookie", self.cookie)] if self.cookie else []

    def post(self, path, payload=None, *, session="s_aaaaaa", origin=None, body=None, extra=()):
        body = json.dumps(payload or {}).encode() if body is None else body
        own = self.server.origin
        headers = [
            ("host", own.removeprefix("http://")),
            *self._cookies(),
            ("content-type", "application/json"),
            ("content-length", str(len(body))),
            ("marimo-session-id", session),
            ("marimo-server-token", self.token()),
            *extra,
        ]
        if origin != "":
            headers.append(("origin", origin or own))
        return self.send("POST", path, headers, body)

    def token(self):
        if not hasattr(self.server, "token"):
            _, _, page = Officer.get(self, "/tiny/")
            found = re.search(rb'data-token="([^"]*)"', page)
            if found is None:
                return "0"
            self.server.token = found[1].decode()
        return self.server.token

    def handshake(self, path="/tiny/ws?session_id=s_zzzzzz", *, origin=None, host=None):
        """Ask for a socket; return the status, 101 where it was opened (and is closed again at once)."""
        own = self.server.origin
        headers = [
            ("host", host or own.removeprefix("http://")),
            *self._cookies(),
            ("connection", "Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA=="),
        ]
        if origin != "":
            headers.append(("origin", origin or own))
        return self.send("GET", path, headers)[0]

    @contextlib.contextmanager
    def session(self, mount="tiny"):
        """Open a session as a page does; yield its id, socket and every message up to the end of the first run."""
        session_id = f"s_t{next(NUMBERS):05d}"
        uri = f"ws://127.0.0.1:{self.server.port}/{mount}/ws?session_id={session_id}"
        with connect(
            uri, origin=self.server.origin, additional_headers={"Cookie": self.cookie}, max_size=None
        ) as socket:
            messages = []
            while not any('"op":"completed-run"' in text.replace(" ", "") for text in messages):
                messages.append(str(socket.recv(timeout=30)))
            yield session_id, socket, messages


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    return tmp_path_factory.mktemp("serve") / "downloads.log"


@pytest.fixture(scope="module")
def server(logged):
    with serving(PROGRAM, env={"LOGGED": str(logged)}) as running:
        yield running


@pytest.fixture(scope="module")
def anna(server):
    return Officer.entering(server)


@pytest.fixture(scope="module")
def ben(server, anna):
    return Officer.entering(server)


@pytest.fixture(scope="module")
def stranger(server):
    return Officer(server)


# -- what works ------------------------------------------------------------------------------------------------


def test_the_front_page_offers_each_worksheet_with_its_sentence(anna):
    status, headers, body = anna.get("/")
    page = body.decode()

    assert status == 200
    assert page.count('<a class="card"') == 2
    assert "试验工作表" in page
    assert "仅供测试：一个滑块、一张表、一组数字。" in page
    assert "演示数据" in page
    assert "script" not in headers["content-security-policy"]


def test_a_worksheet_page_is_ours_and_tells_nothing_about_the_machine(anna):
    status, headers, body = anna.get("/tiny/")
    page = body.decode()

    assert status == 200
    assert '<html lang="zh-CN">' in page
    assert '<header class="cw-header">' in page
    assert "<title>试验工作表 · 慰问帮扶工作台</title>" in page
    assert str(ROOT) not in unquote(page)
    assert "rate_yuan" not in page  # no source code
    assert "og:image" not in page
    policy = headers["content-security-policy"]
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "unsafe" not in scripts
    assert scripts.count("'sha256-") == len(re.findall(r"<script(?![^>]*\ssrc=)", page))


def test_a_worksheet_without_its_slash_is_found(anna):
    status, headers, _ = anna.get("/tiny")
    assert (status, headers["location"]) == (307, "/tiny/")
    assert anna.get("/no-such-worksheet")[0] == 404


def test_only_static_assets_may_be_kept_by_a_browser(anna, stranger):
    _, _, page = anna.get("/tiny/")
    script = re.search(rb'src="(/assets/[^"]+)"', page)[1].decode()

    status, headers, _ = stranger.get(script)
    assert status == 200
    assert "immutable" in headers["cache-control"]
    for path in ("/", "/tiny/", "/health", "/download/roster", "/nothing", "/assets/nothing.js"):
        assert anna.get(path)[1]["cache-control"] == "no-store", path


@pytest.mark.parametrize("path", ["/", "/tiny/", "/health", "/download/roster", "/nothing", "/favicon.ico"])
def test_every_response_carries_the_safety_headers_and_none_of_marimos(anna, path):
    _, headers, _ = anna.get(path, origin="http://evil.example")

    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "frame-ancestors 'self'" in headers["content-security-policy"]
    assert not [name for name in headers if name.startswith("access-control-")]


def test_a_page_works_over_its_own_session(anna):
    with anna.session() as (own, socket, messages):
        text = "".join(messages)
        assert "1500" in text
        slider = re.search(r"object-id='?\\?\"?([A-Za-z]+-0)", text)[1]
        payload = {"objectIds": [slider], "values": [700]}
        assert anna.post("/tiny/api/kernel/set_ui_element_value", payload, session=own)[0] == 200
        deadline = time.monotonic() + 20
        while "2100" not in str(socket.recv(timeout=20)):
            assert time.monotonic() < deadline


# -- who may not -----------------------------------------------------------------------------------------------

PRIVATE = ["/", "/tiny", "/tiny/", "/tiny/@file/3-1-aaaaaaaa.csv", "/download/roster"]


@pytest.mark.parametrize("path", PRIVATE)
def test_without_a_login_nothing_is_shown(stranger, path):
    status, _, body = stranger.get(path)
    assert status == 401
    assert "需要重新进入" in body.decode()


def test_without_a_login_nothing_is_done(stranger):
    assert stranger.post("/tiny/api/kernel/set_ui_element_value")[0] == 401
    assert stranger.handshake() == 403


def test_health_needs_no_login(stranger):
    assert stranger.get("/health")[::2] == (200, b'{"status":"healthy"}')
    assert stranger.get("/tiny/health")[0] == 200


def test_a_forged_or_doubled_cookie_is_no_login(server, anna):
    forged = Officer(server)
    name, _, value = anna.cookie.partition("=")
    login, issued, signature = value.split(".")
    for cookie in (
        f"{name}={login}.{issued}.{'0' * 64}",
        f"{name}={'0' * 32}.{issued}.{signature}",
        f"{anna.cookie}; {name}=x",
        f"other_{name}={value}",
    ):
        forged.cookie = cookie
        assert forged.get("/")[0] == 401, cookie


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "[::1]"])
def test_a_foreign_host_is_refused_everywhere(anna, host):
    for path in ("/", "/health", "/tiny/", "/assets/x.js"):
        assert anna.send("GET", path, [("host", host), ("cookie", anna.cookie)])[0] in {400, 403}, path
    assert anna.handshake(host=host or "evil.example") in {400, 403}


def test_two_hosts_are_refused(anna):
    own = anna.server.origin.removeprefix("http://")
    assert anna.send("GET", "/", [("host", own), ("host", own), ("cookie", anna.cookie)])[0] in {400, 403}


FOREIGN = ["http://evil.example", "null", "", "http://127.0.0.1:1", "http://localhost", "file://"]


def test_a_foreign_or_absent_origin_opens_no_socket_and_changes_nothing(anna):
    path, body = "/tiny/api/kernel/set_ui_element_value", {"objectIds": [], "values": []}
    with anna.session() as (own, _, _):
        for origin in FOREIGN:
            assert anna.handshake("/tiny/ws?session_id=s_orig01", origin=origin) == 403, origin
            assert anna.post(path, body, session=own, origin=origin)[0] == 403, origin
        assert anna.post(path, body, session=own)[0] == 200
    assert anna.handshake("/tiny/ws?session_id=s_orig01") == 101


def test_a_page_of_another_site_may_not_load_ours_into_itself(anna):
    for site in ("cross-site", "same-site"):
        assert anna.get("/download/roster", sec_fetch_site=site, sec_fetch_mode="no-cors")[0] == 403
        assert anna.get("/tiny/", sec_fetch_site=site, sec_fetch_mode="cors")[0] == 403
    assert anna.get("/tiny/", sec_fetch_site="same-site", sec_fetch_mode="navigate")[0] == 200


def test_another_officers_session_can_be_neither_driven_nor_taken_over(anna, ben):
    with anna.session() as (hers, socket, _):
        body = {"objectIds": [], "values": []}
        assert ben.post("/tiny/api/kernel/set_ui_element_value", body, session=hers)[0] == 403
        assert ben.post("/tiny/api/kernel/function_call", body, session=hers)[0] == 403
        assert ben.handshake(f"/tiny/ws?session_id={hers}") == 403
        assert ben.handshake(f"/tiny/ws?session_id={hers}&kiosk=true") == 403
        # Hers goes on.
        assert anna.post("/tiny/api/kernel/set_ui_element_value", body, session=hers)[0] == 200
        assert socket.recv(timeout=10)


def test_a_session_nobody_opened_cannot_be_driven(anna):
    body = {"objectIds": [], "values": []}
    assert anna.post("/tiny/api/kernel/set_ui_element_value", body, session="s_nobody")[0] == 403
    with anna.session() as (own, _, _):
        assert anna.post("/second/api/kernel/set_ui_element_value", body, session=own)[0] == 403


def test_a_file_is_given_only_to_the_login_whose_page_shows_it(anna, ben, stranger):
    with anna.session() as (_, _, messages):
        address = re.search(r"@file/[0-9]+-[A-Za-z0-9-]+\.[a-z]+", "".join(messages))[0]
        status, headers, body = anna.get(f"/tiny/{address}")
        assert status == 200
        assert headers["cache-control"] == "no-store"
        assert body.startswith(b"GIF89a")
        assert ben.get(f"/tiny/{address}")[0] == 404
        assert stranger.get(f"/tiny/{address}")[0] == 401


# -- what is not there -----------------------------------------------------------------------------------------


def every_route(monkeypatch, tmp_path):
    """List marimo's routes as (method, path)."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # where marimo's log goes when imported
    from marimo._server.api.router import build_routes

    def walk(routes, prefix=""):
        for route in routes:
            path = re.sub(r"\{[^}]*\}", "x.txt", prefix + route.path)
            if isinstance(route, Mount):
                yield from walk(route.routes, path) if route.routes else [("GET", f"{path}/x.txt")]
            elif isinstance(route, WebSocketRoute):
                yield "SOCKET", path
            elif isinstance(route, Route):
                yield from ((method, path) for method in route.methods or {"GET"})

    return sorted(set(walk(build_routes())))


def test_of_all_of_marimos_routes_only_the_listed_ones_answer(anna, monkeypatch, tmp_path):
    routes = every_route(monkeypatch, tmp_path)
    assert len(routes) > 100

    answered = set()
    with anna.session() as (own, _, _):
        for method, path in routes:
            if method == "SOCKET":
                status = anna.handshake(f"/tiny{path}?session_id=s_rout02")
            elif method == "POST":
                status, _, _ = anna.post(f"/tiny{path}", session=own)
            else:
                status, _, _ = anna.get(f"/tiny{path}", method=method)
            if status not in {403, 404, 405}:
                answered.add((method, path))

    assert answered == {
        ("GET", "/"),
        ("HEAD", "/"),
        ("GET", "/health"),
        ("HEAD", "/health"),
        ("POST", "/api/kernel/set_ui_element_value"),  # answers 400: this body says nothing
        ("SOCKET", "/ws"),
    }


@pytest.mark.parametrize(
    "path",
    [
        "/tiny/..%2f..%2fetc%2fpasswd",
        "/tiny/%2e%2e/second/",
        "/tiny/../second/",
        "/tiny/./",
        "//evil.example/tiny/",
        "/tiny//api/status",
        "/tiny/%5c..%5cetc",
        "/tiny/assets/..%2f..%2findex.html",
        "/assets/..%2findex.html",
        "/assets/../index.html",
        "/tiny/@file/1-..%2f..%2fetc",
        "/tiny/%00",
        "/ti%6ey/",
        "/tiny/?file=/etc/passwd",
        "/tiny/?access_token=x",
        "/tiny/?file=x&file=",
        "/download/..%2froster",
    ],
)
def test_tricks_with_the_path_lead_nowhere(anna, path):
    assert anna.get(path)[0] == 404


@pytest.mark.parametrize(
    "path", ["/a/../b", "/a/./b", "//a", "/a//b", "/a\\b", "/a%2fb", "/甲", "/a\n", "/a;b", "a", ""]
)
def test_only_a_plainly_written_path_passes_the_first_check(path):
    scope = {"type": "http", "path": path, "headers": [(b"host", b"desk.example:80")]}
    with pytest.raises(checks.RefusedError) as refused:
        checks.check_place(scope, Headers(scope=scope), allowed_hosts={"desk.example"})
    assert refused.value.status == 404


def test_two_hosts_do_not_pass_the_first_check_even_where_the_server_lets_them_through():
    for second in (b"evil.example", b"desk.example"):
        scope = {"type": "http", "path": "/", "headers": [(b"host", b"desk.example"), (b"host", second)]}
        with pytest.raises(checks.RefusedError):
            checks.check_place(scope, Headers(scope=scope), allowed_hosts={"desk.example"})


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?session_id=",
        "?session_id=s_a",
        "?session_id=s_aaaaaa&session_id=s_bbbbbb",
        "?session_id=s_aaaaaa&file=x.py",
    ],
)
def test_tricks_with_the_sockets_query_lead_nowhere(anna, query):
    assert anna.handshake(f"/tiny/ws{query}") == 403
    assert anna.handshake(f"/ws{query}") == 403


def test_a_widget_function_that_is_not_listed_is_refused(anna):
    path = "/tiny/api/kernel/function_call"
    with anna.session() as (own, _, _):
        for function in ("download_as", "download_geojson", "get_data_url", "list_directory", "send_prompt", "", None):
            call = {"functionCallId": "1", "namespace": "bkHC-0", "functionName": function, "args": {"format": "csv"}}
            assert anna.post(path, call, session=own)[0] == 403, function
        assert anna.post(path, body=b"[]", session=own)[0] == 403
        assert anna.post(path, body=b"{", session=own)[0] == 400
        assert anna.post(path, call | {"functionName": "search"}, session=own)[0] == 200


def test_a_call_that_names_two_functions_is_passed_on_with_the_one_that_was_checked():
    assert (
        checks.checked_call(b'{"functionName": "get_data_url", "functionName": "search"}')
        == b'{"functionName": "search"}'
    )
    with pytest.raises(checks.RefusedError):
        checks.checked_call(b'{"functionName": "search", "functionName": "get_data_url"}')


def test_too_large_a_body_is_refused_before_it_is_read(anna):
    with anna.session() as (own, _, _):
        headers = [
            ("host", anna.server.origin.removeprefix("http://")),
            ("cookie", anna.cookie),
            ("origin", anna.server.origin),
            ("marimo-session-id", own),
            ("content-length", str(31 * 1024 * 1024)),
        ]
        status, _, body = anna.send("POST", "/tiny/api/kernel/set_ui_element_value", headers)
    assert status == 413
    assert "文件太大" in body.decode()


def test_too_large_a_body_is_refused_where_its_length_is_not_declared():
    chunks = [{"type": "http.request", "body": b"x" * 60, "more_body": True} for _ in range(3)]

    async def receive():
        return chunks.pop(0)

    with pytest.raises(checks.RefusedError) as refused:
        asyncio.run(checks.read_body(receive, Headers({}), limit=100))
    assert refused.value.status == 413
    assert len(chunks) == 1


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_other_methods_are_refused(anna, method):
    assert anna.get("/tiny/", method=method)[0] == 405


def test_an_error_of_marimos_comes_back_without_its_text(anna):
    path = "/tiny/api/kernel/set_ui_element_value"
    with anna.session() as (own, _, _):
        status, _, body = anna.post(path, body=b'{"objectIds": 3}', session=own)
    assert status == 500
    assert re.fullmatch("这一步没有完成。错误编号 [0-9A-F]{8}，请把编号告诉管理员。", json.loads(body)["error"])


# -- invitations -----------------------------------------------------------------------------------------------


def test_an_invitation_opens_one_browser_and_the_next_one_is_printed(server, stranger, anna):
    address = server.invitation().removeprefix(server.origin)
    status, headers, body = stranger.get(address)
    assert status == 200
    assert "HttpOnly" in headers["set-cookie"]
    assert "SameSite=Strict" in headers["set-cookie"]
    assert b'content="0;url=/"' in body  # the invitation leaves the address bar
    assert stranger.get(address)[0] == 401
    assert stranger.get("/?t=wrong")[0] == 401
    assert anna.get(address)[::2] == (303, b"")  # already in
    assert Officer.entering(server).get("/")[0] == 200  # the one printed meanwhile


def test_ctrl_c_ends_the_server_soon_and_quietly_though_pages_are_open(tmp_path):
    with serving(PROGRAM, env={"LOGGED": str(tmp_path / "log")}) as running:
        officer = Officer.entering(running)
        with officer.session():
            running.process.send_signal(signal.SIGINT)
            output = running.ended(within_s=8)
    assert running.process.returncode == 0
    assert "已结束。" in output
    assert "Traceback" not in output


# -- downloads -------------------------------------------------------------------------------------------------


def test_a_download_has_its_chinese_name_and_is_logged(anna, logged):
    status, headers, body = anna.get("/download/roster?round=%E5%BB%BA%E5%A7%8B-2020")

    assert (status, headers["content-type"]) == (200, "application/pdf")
    assert body == "%PDF-1.7 local [('round', '建始-2020')]".encode()
    disposition = headers["content-disposition"]
    assert disposition.startswith('attachment; filename="download.pdf"; ')
    assert unquote(disposition.partition("filename*=UTF-8''")[2]) == "慰问对象花名册.pdf"
    import hashlib

    assert f"local roster [('round', '建始-2020')] {hashlib.sha256(body).hexdigest()}\n" in logged.read_text()


def test_only_a_pdf_is_shown_inside_the_page(anna):
    assert anna.get("/download/roster?inline=1")[1]["content-disposition"].startswith("inline; ")
    assert anna.get("/download/page?inline=1")[1]["content-disposition"].startswith("attachment; ")


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("refused", 403, "您不能下载这份名单。"),
        ("late", 409, "名单刚刚被改动。"),
        ("gone", 404, "没有这份名单。"),
        ("unknown", 404, "没有这一页"),
        ("roster?a=1&a=2", 404, "没有这一页"),
    ],
)
def test_a_refused_download_says_so_in_chinese(anna, kind, status, words):
    answer, headers, body = anna.get(f"/download/{kind}")
    assert answer == status
    assert words in body.decode()
    assert "content-disposition" not in headers


def test_a_download_that_fails_shows_a_number_and_no_value(anna, server):
    status, _, body = anna.get("/download/broken")
    number = re.search(r"错误编号 ([0-9A-F]{8})", body.decode())[1]
    assert status == 500
    assert "410102" not in body.decode()
    Officer.entering(server)  # prints a line after the one we look for
    output = "".join(server.lines)
    assert f"错误 {number}：ValueError" in output
    assert "410102" not in output


def test_a_download_that_cannot_be_logged_does_not_leave(anna):
    status, _, body = anna.get("/download/roster?log=fails")
    assert status == 500
    assert b"%PDF" not in body


def test_on_a_real_ledger_a_failing_cell_leaves_its_place_but_no_value_in_any_log(tmp_path):
    state = tmp_path / "state"
    program = PROGRAM.replace("demo=True", "demo=False").replace("tiny.py", "showcase.py")
    with serving(program, env={"LOGGED": str(tmp_path / "log"), "CASEWORK_STATE": str(state)}) as running:
        with Officer.entering(running).session() as (_, _, messages):
            assert "410102" not in "".join(messages)
        running.process.send_signal(signal.SIGINT)
        output = running.ended(within_s=8)
    logs = [path.read_text(encoding="utf-8") for path in state.rglob("*.log")]

    assert "ValueError" in output
    assert 'showcase.py", line' in output
    assert logs
    assert "410102" not in output + "".join(logs)


# -- parts -----------------------------------------------------------------------------------------------------


def test_the_actor_survives_the_way_through_a_request():
    reviewer = Actor(id="7", name="示例审核", role=Role.REVIEWER, units=frozenset({"u2", "u1"}))
    assert actor_of(json.loads(json.dumps(to_user(reviewer)))) == reviewer
    assert actor_of(to_user(LOCAL_OFFICER)) == LOCAL_OFFICER
    assert is_guarded(to_user(reviewer))
    assert reviewer.may_see("u1")
    assert not reviewer.may_see("u3")
    assert LOCAL_OFFICER.may_see("u3")


@pytest.mark.parametrize("user", [None, {}, {"username": "user"}, "user", {"casework_guard": "true"}])
def test_without_the_guard_nobody_is_an_officer_except_on_the_demo_ledger(user):
    assert not is_guarded(user)
    nobody = actor_of(user)
    assert not nobody.may_write()
    assert not nobody.may_see("u1")
    assert actor_of(user, demo=True) == LOCAL_OFFICER


def test_a_login_ends_after_a_working_day_and_with_another_key(monkeypatch):
    logins = Logins(b"k" * 32, reusable=False)
    cookie = f"{logins.cookie_name}={logins.redeem(logins.invite())}"
    assert logins.verify(cookie)
    assert Logins(b"k" * 32, reusable=False).verify(cookie)  # a restart keeps it
    other = Logins(b"o" * 32, reusable=False)
    assert other.verify(cookie.replace(logins.cookie_name, other.cookie_name)) is None
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + MAX_AGE_S + 2)
    assert logins.verify(cookie) is None


def test_a_served_invitation_opens_many_browsers_each_with_its_own_login():
    logins = Logins(b"k" * 32, reusable=True)
    token = logins.invite()
    assert logins.redeem(token) != logins.redeem(token)
    assert "Secure" in logins.set_cookie("x", secure=True)
    with pytest.raises(ValueError, match="16 bytes"):
        Logins(b"short", reusable=True)


def test_sessions_and_their_files_are_forgotten_long_after_they_closed():
    bindings = Bindings()
    assert bindings.open("tiny", "s_aaaaaa", "anna")
    assert bindings.open("tiny", "s_aaaaaa", "anna")
    bindings.note_files("tiny", "s_aaaaaa", '{"url": "./@file/12-7-AbCd1234.csv"}')
    bindings.close("tiny", "s_aaaaaa", now=100.0)
    bindings.purge(now=100.0 + 10 * KEEP_AFTER_CLOSE_S)
    assert bindings.owns("tiny", "s_aaaaaa", "anna")  # one socket is still open
    bindings.close("tiny", "s_aaaaaa", now=200.0)
    bindings.purge(now=200.0 + KEEP_AFTER_CLOSE_S)
    assert bindings.may_fetch("7-AbCd1234.csv", "anna")
    bindings.purge(now=201.0 + KEEP_AFTER_CLOSE_S)
    assert not bindings.owns("tiny", "s_aaaaaa", "anna")
    assert not bindings.may_fetch("7-AbCd1234.csv", "anna")


def ask(inner, path, *, actor=LOCAL_OFFICER):
    """Send one GET of a logged-in browser through a guard around `inner`; return the messages that come back."""
    sheet = pages.read_worksheet(ROOT / "tests/data/serve/tiny.py")
    site = Site({"tiny": sheet}, actor, {"127.0.0.1"}, demo=False, downloads={}, on_download=None)
    logins = Logins(b"k" * 32, reusable=False)
    guard = Guard(inner, site=site, logins=logins)
    cookie = f"{logins.cookie_name}={logins.redeem(logins.invite())}".encode()
    headers = [(b"host", b"127.0.0.1"), (b"cookie", cookie), (b"origin", b"http://evil.example")]
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
    }
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(guard(scope, None, send))
    return sent


def test_a_read_only_site_has_a_viewer_and_what_marimo_raises_stays_inside(caplog):
    seen = {}

    async def inner(scope, receive, send):
        seen.update(scope)
        raise ValueError("示例甲 410102196503071234")

    with caplog.at_level(logging.ERROR):
        sent = ask(inner, "/tiny/", actor=LOCAL_VIEWER)

    assert actor_of(seen["user"]) == LOCAL_VIEWER
    assert {name for name, _ in seen["headers"]} == {b"host"}
    assert sent[0]["status"] == 500
    assert "错误编号" in sent[1]["body"].decode()
    assert "410102" not in caplog.text + sent[1]["body"].decode()


def test_marimos_own_headers_stay_inside():
    theirs = [b"access-control-allow-origin", b"set-cookie", b"etag", b"last-modified", b"vary", b"cache-control"]

    async def inner(scope, receive, send):
        headers = [(name, b"theirs") for name in theirs] + [(b"content-type", b"text/css")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    headers = Headers(raw=ask(inner, "/assets/x.css")[0]["headers"])
    assert "theirs" not in headers.values()
    assert headers["content-type"] == "text/css"


def test_of_a_traceback_only_names_and_places_are_kept():
    def fail():
        raise ValueError("示例甲\n410102196503071234")

    from casework.serve import discreet

    stream = io.StringIO()
    discreet_stream = discreet.DiscreetStream(stream)
    handler = logging.StreamHandler(stream)
    handler.addFilter(discreet.DiscreetFilter())
    try:
        fail()
    except ValueError as error:
        discreet_stream.write("ERROR: " + "".join(traceback.format_exception(error)))
        handler.handle(logging.LogRecord("marimo", 40, __file__, 7, "见 %s", ("示例甲",), sys.exc_info()))
    discreet_stream.write("启动\n")
    discreet_stream.flush()

    written = stream.getvalue()
    assert "in fail\nValueError\n" in written
    assert "test_serve:7 ValueError\n" in written
    assert written.endswith("启动\n")
    assert "示例甲" not in written
    assert "410102" not in written


def test_a_worksheets_title_is_escaped(tmp_path):
    notebook = tmp_path / "a.py"
    notebook.write_text(
        '# /// script\n# [tool.casework]\n# title = "<b>甲</b>"\n# ///\nimport marimo\n', encoding="utf-8"
    )
    sheets = {"a": pages.read_worksheet(notebook)}
    assert "<b>甲" not in pages.index(sheets, demo=False, actor=LOCAL_OFFICER)
    notebook.write_text("import marimo\n", encoding="utf-8")
    assert pages.read_worksheet(notebook).title == "a"
    assert "没有可以打开的工作表" in pages.index({}, demo=False, actor=LOCAL_OFFICER)


def test_the_header_leads_to_a_new_round_and_marks_a_viewer(tmp_path):
    notebook = tmp_path / "a.py"
    notebook.write_text("import marimo\n", encoding="utf-8")
    sheets = {"allocation": pages.read_worksheet(notebook), "rounds": pages.read_worksheet(notebook)}

    of_officer = pages.header(sheets, current="allocation", demo=False, actor=LOCAL_OFFICER)
    of_viewer = pages.header(sheets, current="allocation", demo=False, actor=LOCAL_VIEWER)

    assert ">新建一轮</a>" in of_officer
    assert "只读" not in of_officer
    assert ">新建一轮</a>" not in of_viewer
    assert ">只读</span>" in of_viewer
    only = {"allocation": sheets["allocation"]}
    assert ">新建一轮</a>" not in pages.header(only, current="allocation", demo=False, actor=LOCAL_OFFICER)


def test_files_of_the_server_belong_to_its_user_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("CASEWORK_STATE", str(tmp_path / "state"))
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, "")
    before = os.umask(0o022)
    try:
        directory = process.state_directory()
        process.make_private(directory)
        assert os.umask(0o077) == 0o077
    finally:
        os.umask(before)
    secret = process.cookie_secret(directory)

    assert len(secret) == 32
    assert process.cookie_secret(directory) == secret
    assert Path(os.environ["XDG_CACHE_HOME"]).parent == directory
    for path in (directory, *directory.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_the_program_starts_itself_again_with_a_fixed_hash_seed():
    code = (
        "from casework.serve.process import fix_hash_seed; fix_hash_seed(); "
        "import os, sys; print(os.environ['PYTHONHASHSEED'], hash('甲'), sys.argv)"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code, "参数"],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("random", "7", "0")
    }
    assert len(runs) == 1
    assert runs.pop().startswith("0 ")


def test_a_taken_port_is_passed_over():
    first = process.listen("127.0.0.1", 0)
    port = first.getsockname()[1]
    second = process.listen("127.0.0.1", port)
    try:
        assert port < second.getsockname()[1] <= port + 19
    finally:
        first.close()
        second.close()


def test_a_server_reachable_from_elsewhere_needs_to_know_its_names():
    from casework.serve import run

    with pytest.raises(ValueError, match="主机名"):
        run({}, database_url="", host="0.0.0.0")


def test_refusals_of_the_package_have_their_status():
    from casework.serve.guard import _status

    found = [_status(error) for error in (NotAllowed("r", "x"), Conflict("v", "x"), Refused("not_found", "x"))]
    assert found == [403, 409, 404]
    assert set(pages.PROBLEMS) >= {*found, 500, 401}


def test_a_download_without_a_usable_suffix_still_has_a_plain_name():
    response = downloads.response(downloads.Download(b"x", "名单", "application/octet-stream"), inline=True)
    assert response.headers["content-disposition"].startswith('attachment; filename="download"; ')
