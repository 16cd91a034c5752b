"""What every command needs: the ledger, the hour, a key, tables with Chinese columns, JSON."""

from __future__ import annotations

import json
import sys
import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine
    from sqlmodel import Session

    from casework.models import Round

Db = Annotated[
    str, typer.Option("--db", metavar="台账", help="台账文件或数据库地址（不写：CASEWORK_DB，再是默认位置）")
]
Json = Annotated[bool, typer.Option("--json", help="输出 JSON，供程序读取")]
InRound = Annotated[str, typer.Option("--round", metavar="编号", help="哪一轮")]
OptionalRound = Annotated[str, typer.Option("--round", metavar="编号", help="哪一轮（只有一轮时可以不写）")]
Unit = Annotated[str, typer.Option("--unit", metavar="单位", help="单位名称或编号")]
UnitWord = Annotated[str, typer.Argument(metavar="单位", help="单位名称或编号")]
Settings = Annotated[
    list[str],
    typer.Option("--set", metavar="名=值", help="改动：rate.类别=元、places.单位.类别=名额、fund=元；可写多次"),
]


MOST_UNITS = 20
"""Units named where the one typed is not there."""


class Usage(Exception):  # noqa: N818 - it reads as what is wrong
    """The command was written wrongly: one Chinese sentence, exit 2."""


def say(sentence: str) -> None:
    """Tell the person something beside the result."""
    typer.echo(sentence, err=True)


def now() -> datetime:
    """Return this moment in China (no daylight saving since 1991, so no zone table is needed)."""
    return datetime.now(UTC).astimezone(timezone(timedelta(hours=8), "Asia/Shanghai"))


def new_key() -> str:
    """Return an idempotency key for one command typed once."""
    return f"cli-{uuid.uuid4().hex}"


def read_bytes(path: Path) -> bytes:
    """Return a file the person named.

    Raises:
        Usage: It is not there or cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        reason = "找不到" if isinstance(error, FileNotFoundError) else "读不了"
        raise Usage(f"{reason}文件 {path}") from None


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file the person named.

    Raises:
        Usage: It cannot be written there.
    """
    try:
        path.write_bytes(content)
    except OSError:
        raise Usage(f"写不了文件 {path}，请换一个位置") from None


# -- the ledger ----------------------------------------------------------------------------------------------------


def ledger_url(place: str) -> str:
    """Return which ledger to use: `--db`, else one's own, else the demo ledger where only that one is there."""
    from casework.db import as_url, default_url, demo_url

    if place:
        return as_url(place)
    own, demo = default_url(), demo_url()
    return demo if not _is_there(own) and _is_there(demo) else own


def _is_there(url: str) -> bool:
    from sqlalchemy.engine import make_url

    parsed = make_url(url)
    return parsed.get_backend_name() != "sqlite" or Path(parsed.database or "").is_file()


def open_place(url: str, *, write: bool = False, quiet: bool = False) -> Engine:
    """Open a ledger that is there; unless `quiet`, say so where it is the demo ledger.

    Raises:
        LedgerError: There is none; nothing is made.
    """
    from sqlalchemy.engine import make_url

    from casework.db import open_ledger
    from casework.problems import LedgerError

    if not _is_there(url):
        name = Path(make_url(url).database or "").name
        raise LedgerError(f"还没有台账（{name}），请先运行 casework init（或 casework init --demo 建立演示台账）")
    engine = open_ledger(url, read_only=not write)
    if not quiet and is_demo(engine):
        say("演示数据")
    return engine


def is_demo(engine: Engine) -> bool:
    """Tell whether a ledger holds invented people."""
    from casework.db import reading
    from casework.ledger import is_demo as marked

    with reading(engine) as session:
        return marked(session)


@contextmanager
def looking(place: str) -> Iterator[Session]:
    """Give a session on the ledger that cannot write."""
    from casework.db import reading

    with reading(open_place(ledger_url(place))) as session:
        yield session


def round_of(session: Session, round_id: str) -> Round:
    """Return a round; without an id the only open one.

    Raises:
        LedgerError: There is no such round.
        Usage: There are several and none was named.
    """
    from casework.ledger import rounds
    from casework.problems import LedgerError
    from casework.vocabulary import RoundState

    known = rounds(session)
    names = "、".join(found.round_id for found in known) or "（无）"
    if round_id:
        for found in known:
            if found.round_id == round_id:
                return found
        raise LedgerError(f"没有编号为 {round_id} 的一轮，现有：{names}")
    running = [found for found in known if found.state == RoundState.OPEN]
    if len(running) != 1:
        raise Usage(f"请用 --round 写明哪一轮，现有：{names}")
    return running[0]


def unit_of(place: Session | Engine, word: str) -> str:
    """Return the unit a person means by its name or code.

    Args:
        place: A session, or a ledger to look into.
        word: What was typed.

    Raises:
        Usage: There is none, or several have this name.
    """
    from sqlmodel import Session

    from casework.db import reading
    from casework.payment.common import unit_names

    if isinstance(place, Session):
        known = unit_names(place)
    else:
        with reading(place) as session:
            known = unit_names(session)
    word = word.strip()
    found = [unit_id for unit_id, name in known.items() if word in (unit_id, name)]
    if len(found) > 1:
        raise Usage(f"有几个单位叫“{word}”，请写编号：{'、'.join(found)}")
    if not found:
        there = list(known.values())
        listed = "、".join(there[:MOST_UNITS]) + (f" 等 {len(there)} 个" if len(there) > MOST_UNITS else "")
        raise Usage(f"没有单位“{word}”，现有：{listed or '（无）'}")
    return found[0]


# -- output --------------------------------------------------------------------------------------------------------


def print_json(content: object) -> None:
    """Print JSON; dates as ISO texts."""
    typer.echo(json.dumps(content, ensure_ascii=False, indent=2, default=str))


def width(text: str) -> int:
    """Return how many columns a terminal needs for a text: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def print_table(rows: Sequence[Mapping[str, Any]], heads: Mapping[str, str], *, err: bool = False) -> None:
    """Print rows under Chinese heads in aligned columns, numbers to the right; None is blank; `err`: beside it."""
    lines = [list(heads.values()), *([_shown(row.get(name)) for name in heads] for row in rows)]
    widths = [max(width(line[at]) for line in lines) for at in range(len(heads))]
    right = [bool(rows) and all(isinstance(row.get(name), int | None) for row in rows) for name in heads]
    for line in lines:
        cells = [
            " " * (room - width(cell)) + cell if to_right else cell + " " * (room - width(cell))
            for cell, room, to_right in zip(line, widths, right, strict=True)
        ]
        typer.echo("  ".join(cells).rstrip(), err=err)


def _shown(value: object) -> str:
    return "" if value is None else str(value)


def emit(rows: Sequence[Mapping[str, Any]], heads: Mapping[str, str], *, as_json: bool, nothing: str) -> None:
    """Print rows as JSON or as a table, or the sentence for no rows at all (beside the result)."""
    if as_json:
        print_json([{name: row.get(name) for name in heads} for row in rows])
    elif rows:
        print_table(rows, heads)
    else:
        say(nothing)


def flush() -> None:
    """Send out what was printed before another program takes over this process."""
    sys.stdout.flush()
    sys.stderr.flush()
