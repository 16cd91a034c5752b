"""list: every official list by name, on the screen or as a file."""

from __future__ import annotations

import typer


def attach(app: typer.Typer) -> None:
    """Add the commands that stand at the top."""
