"""What the process needs before marimo is imported: a fixed hash seed, private directories, a bound socket."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

_SEED: Final = "0"


def fix_hash_seed() -> None:
    """Start this program anew with a fixed hash seed, unless it already has one.

    marimo recognises an open page after a restart by `hash(code)`; with a random seed every page still open
    would be refused until it is reloaded. Nothing here relies on that value being secret.
    """
    if os.environ.get("PYTHONHASHSEED") == _SEED:
        return
    os.environ["PYTHONHASHSEED"] = _SEED
    command = [sys.executable, *sys.orig_argv[1:]]
    if sys.platform == "win32":  # there `exec` gives the terminal back before the server has started
        raise SystemExit(subprocess.call(command))  # noqa: S603 - our own command line
    os.execv(sys.executable, command)  # noqa: S606 - our own command line


def state_directory() -> Path:
    """Return the private directory for keys and logs, made if missing: `CASEWORK_STATE`, else under the user's home."""
    home = os.environ.get("CASEWORK_STATE")
    base = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    directory = Path(home) if home else base / "casework"
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    directory.chmod(0o700)
    return directory


def make_private(directory: Path) -> None:
    """Let this process write files for its own user only, and marimo keep its log and settings in `directory`.

    marimo's log holds exception texts and is world-readable where it lies by default. `XDG_DATA_HOME` stays: the
    ledger's default place is derived from it.
    """
    os.umask(0o077)
    for variable, name in (("XDG_CACHE_HOME", "cache"), ("XDG_CONFIG_HOME", "config"), ("XDG_STATE_HOME", "marimo")):
        place = directory / name
        place.mkdir(exist_ok=True, mode=0o700)
        os.environ[variable] = str(place)


def cookie_secret(directory: Path) -> bytes:
    """Return this installation's cookie key, so that a page stays logged in when the server is started anew."""
    file = directory / "cookie.key"
    if not file.exists():
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
            handle.write(secrets.token_bytes(32))
    return file.read_bytes()


def listen(host: str, port: int) -> socket.socket:
    """Bind `host`:`port`; where the port is taken, the next free one of twenty; 0 lets the system choose.

    Raises:
        OSError: None of them is free.
    """
    for candidate in range(port, port + 20 if port else 1):
        listener = socket.socket()
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, candidate))
            listener.listen(128)  # at once: whoever follows the printed address early waits instead of failing
        except OSError:
            listener.close()
        else:
            return listener
    raise OSError(f"端口 {port}–{port + 19} 都已被占用，请用 --port 另选一个。")
