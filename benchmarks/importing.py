"""Import of 100,000 rows with every check, against the bare calamine read in the same kind of child process.

    .venv/bin/python -m benchmarks.importing

The rows stand in five sheets of 20,000, the most one sheet may have. *bare* is a child process that only reads the cells
with calamine; *read* is our child with its limits, printing them as JSON, and the parent building its sheets; *rows*
maps and checks every cell; *plan* holds them against an empty ledger; *write* is the command's transaction; *orm* is
`add_all` of the people alone. The goals of DESIGN §10 are printed beside what came out.
"""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import xlsxwriter
from sqlalchemy import text
from sqlmodel import Session, select

from casework import db, sheets
from casework.access import LOCAL_OFFICER
from casework.intake import propose_mappings, read_rows
from casework.ledger import import_units, open_round, policy_of
from casework.ledger.bulk import insert_frame
from casework.ledger.causes import open_causes
from casework.ledger.facts import read_frame, units_query
from casework.frames import PEOPLE, UNITS
from casework.models import Cause, Person
from casework.people.importing import import_rows, plan_import
from casework.people.register import table

ROWS, SHEETS = int(os.environ.get("CASEWORK_BENCH_ROWS", "100000")), 5
NOW = datetime(2020, 12, 1, tzinfo=UTC)
HEADS = (
    "单位",
    "姓名",
    "性别",
    "出生年月",
    "所在党支部",
    "类别",
    "困难类型",
    "家庭人口",
    "家庭年收入",
    "联系电话",
    "家庭住址",
)
BARE = """
import io, sys
from python_calamine import CalamineWorkbook
book = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
print(sum(len(book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in book.sheet_names))
"""
SIGNS = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥"
T = TypeVar("T")


def workbook(rows: int) -> bytes:
    """Five sheets of invented people, the seed written down."""
    chance = random.Random(20201201)  # noqa: S311 - invented people
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"constant_memory": True})
    for number in range(SHEETS):
        sheet = book.add_worksheet(f"名单{number + 1}")
        sheet.write_row(0, 0, HEADS)
        for at in range(1, rows // SHEETS):
            name = "示" + "".join(chance.choices(SIGNS, k=4))
            born = f"{chance.randint(1930, 1999)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
            row = (f"示例镇{chance.randint(1, 50)}", name, chance.choice("男女"), born, f"示例支部{at % 2000}")
            more = ("生活困难群众", "本人重大疾病", chance.randint(1, 6), chance.randint(3000, 30000))
            phone = f"139{chance.randint(0, 10**8 - 1):08}"
            sheet.write_row(at, 0, (*row, *more, phone, f"示例路{number}-{at}号"))
    book.close()
    return target.getvalue()


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Seconds, and what came of it."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def main() -> str:
    """Run it, print a line for each stage."""
    sheets.SECONDS = 120  # the benchmark's file is five times what one sheet may hold
    body = workbook(ROWS)
    with tempfile.TemporaryDirectory() as folder:
        engine = db.open_ledger(Path(folder) / "ledger.db")
        told: dict[str, Any] = {"actor": LOCAL_OFFICER, "now": NOW}
        open_round(engine, round_id="R", policy="jianshi-2020", opened_on=date(2020, 10, 1), key="a", **told)
        units = [{"unit_id": f"u{n}", "name": f"示例镇{n}"} for n in range(1, 51)]
        import_units(engine, units, key="b", **told)
        lines = [f"{ROWS:,} rows, {len(body) / 1e6:.1f} MB"]
        command = [sys.executable, "-c", BARE]
        bare, _ = timed(lambda: subprocess.run(command, input=body, check=True, capture_output=True))  # noqa: S603
        read, listed = timed(lambda: sheets.read_workbook(body, name="x.xlsx"))
        with db.reading(engine) as session:
            policy = policy_of(session, "R")
            known = read_frame(session, units_query("R", None), UNITS)
            mappings = propose_mappings(listed, policy)
            rows, intake = timed(
                lambda: read_rows(listed, mappings, policy=policy, units=known, as_of=NOW.date(), name="x.xlsx")
            )
            lines.append(f"clean {intake.counts()['clean']:,}, held {intake.counts()['held']:,}")
            given: dict[str, Any] = {"round_id": "R", "file_name": "x.xlsx", "body": body, **told}
            whole, plan = timed(lambda: plan_import(session, **given))
        write, _ = timed(lambda: import_rows(engine, seen=plan.seen, take_clean=True, key="c", **given))
        lines += [
            f"bare calamine in a child   {bare:6.2f} s",
            f"read in our child          {read:6.2f} s   {read / bare:4.1f} x bare",
            f"map and check every cell   {rows:6.2f} s",
            f"read and check             {read + rows:6.2f} s   {(read + rows) / bare:4.1f} x bare (goal 3)",
            f"whole plan, with duplicates{whole:6.2f} s   {whole / bare:4.1f} x bare",
            f"whole import command       {write:6.2f} s",
            *_bulk(engine),
        ]
        with db.reading(engine) as session:
            opened, causes = timed(lambda: open_causes(session, select(table(Cause))))
        lines.append(f"open_causes                {opened:6.2f} s   {causes.height:,} causes")
        engine.dispose()
    return "\n".join(lines)


def _bulk(engine: Any) -> list[str]:
    """People written by our bulk road and by `add_all`, each in one transaction that is rolled back."""
    with db.reading(engine) as session:
        frame = read_frame(session, select(table(Person)), PEOPLE).drop("household_id").head(20_000)
    fresh = frame.with_columns(frame["person_id"] + "-x")
    with Session(engine) as session:
        session.connection().execute(text("SELECT 1"))
        bulk, _ = timed(lambda: insert_frame(session, Person, fresh, version=1))
        session.rollback()
    people = [Person(**row, version=1) for row in fresh.iter_rows(named=True)]

    with Session(engine) as session:

        def add() -> None:
            session.add_all(people)
            session.flush()

        orm, _ = timed(add)
        session.rollback()
    return [f"20,000 people: bulk {bulk:.2f} s, add_all {orm:.2f} s   {orm / bulk:4.1f} x (goal 25 on SQLite)"]


if __name__ == "__main__":
    print(main())
