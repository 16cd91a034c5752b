"""Where this machine keeps the programs the tests drive; a missing one fails the test that needs it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def postgres_programs() -> Path:
    """The folder with `initdb` and `postgres`; Debian keeps them off the PATH, one folder per version."""
    found = [p.parent for p in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).resolve().parent)
    if not found:
        pytest.fail("PostgreSQL's server programs are missing; `make test` installs them", pytrace=False)
    return max(found, key=lambda p: (p.parent.name.isdigit() and int(p.parent.name), str(p)))


def chromium_program() -> str:
    """Path of the browser for Playwright's `executable_path`: the machine's own, or the one `make test` fetched."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    fetched = sorted((ROOT / ".setup/browsers").glob("chromium-*/chrome-linux*/chrome"))
    applications = sorted(Path("/Applications").glob("*Chrom*.app/Contents/MacOS/*Chrom*"))
    for path in (*fetched, *applications):
        return str(path)
    pytest.fail("no Chromium; `make test` installs it", pytrace=False)
