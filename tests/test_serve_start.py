"""`casework serve` as an officer's shell starts it: no hash seed set, one program, one word on the data."""

from __future__ import annotations

import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from browser import serving
from test_serve import Officer

from casework.access import LOCAL_OFFICER
from casework.db import open_ledger
from casework.ledger.about import mark_demo

PROGRAM = """
import os, sys
if "SEED_UNSET" in os.environ:  # once: the shell of an officer sets no seed
    del os.environ["SEED_UNSET"], os.environ["PYTHONHASHSEED"]
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
from casework.cli import main
raise SystemExit(main(["serve", "--port", "18765", "--db", os.environ["SHOWN"]]))
"""


def test_without_a_hash_seed_the_page_is_served_and_the_data_named_once(tmp_path):
    url = f"sqlite:///{tmp_path / '示例.db'}"
    engine = open_ledger(url)
    mark_demo(engine, actor=LOCAL_OFFICER, now=datetime.now(UTC), key="demo")
    engine.dispose()

    with serving(PROGRAM, env={"SEED_UNSET": "1", "SHOWN": url}) as server:
        status, _, body = Officer.entering(server).get("/")
        running = server.process
        if sys.platform == "linux":
            seen = Path(f"/proc/{running.pid}/environ").read_text(encoding="utf-8")
            assert "PYTHONHASHSEED=0" in seen.split("\0")
        assert status == 200
        assert body.decode().count(">演示数据</span>") == 1
        running.send_signal(signal.SIGINT)
        output = server.ended(within_s=20)
    assert output.splitlines()[0] == "演示数据"
    assert output.count("演示数据") == 1
