"""Import of 1,000, 20,000 and 100,000 rows with every check, against the bare calamine read in such a child process.

    .venv/bin/python -m benchmarks importing        (CASEWORK_BENCH_ROWS=1000,20000 for other sizes)

The rows stand in five sheets; one sheet may have 20,000 at most, its heading counted. *bare* is a child process that only reads the cells
with calamine; *read* is our child with its limits, printing them as JSON, and the parent building its sheets; *check*
maps and checks every cell; *plan* is read, check and everything held against an empty ledger; *import* is the command:
the plan once more inside its transaction, then everything written and sealed. *bulk* are the people alone by the
package's bulk road, *add_all* by the ORM, *floor* the driver with tuples that are ready.

Checked: every row is clean and in the ledger once, each unit has the people the sheet gives it, every phone opens.
"CPU" is processor time of this process and its children: the figure to look at on a busy machine.
"""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import polars as pl
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
from casework.ledger.keys import Keyring, person, unseal
from casework.models import Case, Cause, Person, Unit
from casework.models_people import Contact
from casework.people.contacts import place
from casework.people.importing import import_rows, plan_import
from casework.people.register import table

SIZES = tuple(int(part) for part in os.environ.get("CASEWORK_BENCH_ROWS", "1000,20000,100000").split(","))
SHEETS = 5
GOALS = {"check": 3.0, "plan": 10.0, "import": 30.0, "bulk": 25.0}
"""Read and check, the plan, the import against the bare read; `add_all` against the bulk road."""
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


def workbook(rows: int) -> tuple[bytes, list[tuple[str, str, str]]]:
    """Five sheets of invented people, the seed written down; and unit, name and phone of each."""
    chance = random.Random(20201201)  # noqa: S311 - invented people
    target, told = io.BytesIO(), []
    book = xlsxwriter.Workbook(target, {"constant_memory": True})
    for number in range(SHEETS):
        sheet = book.add_worksheet(f"名单{number + 1}")
        sheet.write_row(0, 0, HEADS)
        for at in range(1, min(rows // SHEETS, 19_999) + 1):
            # The signs of the number itself: nobody stands twice, and twins would wait for an officer.
            name = "示" + "".join(SIGNS[(number * rows + at) // len(SIGNS) ** place % len(SIGNS)] for place in range(5))
            born = f"{chance.randint(1930, 1999)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
            unit, phone = f"示例镇{chance.randint(1, 50)}", f"139{chance.randint(0, 10**8 - 1):08}"
            row = (unit, name, chance.choice("男女"), born, f"示例支部{at % 2000}")
            more = ("生活困难群众", "本人重大疾病", chance.randint(1, 6), chance.randint(3000, 30000))
            sheet.write_row(at, 0, (*row, *more, phone, f"示例路{number}-{at}号"))
            told.append((unit, name, phone))
    book.close()
    return target.getvalue(), told


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Seconds of the processor, this one's and its children's, and what came of it."""
    start = _spent()
    result = work()
    return _spent() - start, result


def _spent() -> float:
    told = os.times()
    return told.user + told.system + told.children_user + told.children_system


def main() -> str:
    """Measure every size and return the lines."""
    os.environ.setdefault("CASEWORK_AUDIT_KEY", "ab" * 32)
    sheets.SECONDS = 600  # the benchmark's file is five times what one sheet may hold, the machine perhaps busy
    return "\n".join(line for rows in SIZES for line in measured(rows))


def measured(rows: int) -> list[str]:
    """Take so many rows over, checked, and return the lines."""
    body, people = workbook(rows)
    with tempfile.TemporaryDirectory() as folder:
        engine = db.open_ledger(Path(folder) / "ledger.db")
        told: dict[str, Any] = {"actor": LOCAL_OFFICER, "now": NOW}
        open_round(engine, round_id="R", policy="jianshi-2020", opened_on=date(2020, 10, 1), key="a", **told)
        units = [{"unit_id": f"u{n}", "name": f"示例镇{n}"} for n in range(1, 51)]
        import_units(engine, units, key="b", **told)
        command = [sys.executable, "-c", BARE]
        bare, _ = timed(lambda: subprocess.run(command, input=body, check=True, capture_output=True))  # noqa: S603
        read, listed = timed(lambda: sheets.read_workbook(body, name="x.xlsx"))
        with db.reading(engine) as session:
            policy = policy_of(session, "R")
            known = read_frame(session, units_query("R", None), UNITS)
            mappings = propose_mappings(listed, policy)
            check, intake = timed(
                lambda: read_rows(listed, mappings, policy=policy, units=known, as_of=NOW.date(), name="x.xlsx")
            )
            given: dict[str, Any] = {"round_id": "R", "file_name": "x.xlsx", "body": body, **told}
            whole, plan = timed(lambda: plan_import(session, **given))
        began = time.perf_counter()
        write, _ = timed(lambda: import_rows(engine, seen=plan.seen, take_clean=True, key="c", **given))
        clock = time.perf_counter() - began
        assert intake.counts()["clean"] == len(people)
        verify(engine, people)
        lines = [
            f"{len(people):,} rows, {len(body) / 1e6:.1f} MB; CPU seconds",
            f"    bare read in a child {bare:8.2f}",
            f"    read in our child    {read:8.2f}   {read / bare:5.1f} x bare",
            f"    read and check       {read + check:8.2f}   " + _mark((read + check) / bare, "check"),
            f"    plan                 {whole:8.2f}   " + _mark(whole / bare, "plan"),
            f"    import               {write:8.2f}   "
            + _mark(write / bare, "import")
            + f"   {clock:.1f} s on the clock",
            *(_bulk(engine) if len(people) >= 20_000 else []),
        ]
        engine.dispose()
    return lines


def verify(engine: Any, people: list[tuple[str, str, str]]) -> None:
    """Hold the ledger against a plain loop over what was written into the sheets."""
    with db.reading(engine) as session:
        query = select(Unit.name, Person.person_id, Person.name).where(
            Case.unit_id == Unit.unit_id, Case.person_id == Person.person_id
        )
        listed = session.exec(query).all()
        keys = Keyring(session).many(person(person_id) for _, person_id, _ in listed)
        sealed = select(table(Contact).c["person_id", "contact_id", "sealed"]).where(table(Contact).c.kind == "phone")
        phones = {
            row.person_id: unseal(keys[person(row.person_id)], row.sealed, bound_to=place(row.contact_id))["value"]
            for row in session.connection().execute(sealed)
        }
        causes = open_causes(session, select(table(Cause)))
    assert Counter((unit, name, phones[person_id]) for unit, person_id, name in listed) == Counter(people)
    assert Counter(causes["cause"]) == {"own_illness": len(people)}, Counter(causes["cause"])


def _mark(value: float, goal: str) -> str:
    return f"{value:5.1f} x (goal {GOALS[goal]:.0f}) {'✓' if value <= GOALS[goal] else '✗'}"


def _bulk(engine: Any) -> list[str]:
    """People written by our bulk road and by `add_all`, each in one transaction that is rolled back."""
    with db.reading(engine) as session:
        frame = read_frame(session, select(table(Person)), PEOPLE).drop("household_id").head(20_000)
    fresh = frame.with_columns(frame["person_id"] + "-x")
    with Session(engine) as session:
        session.connection().execute(text("SELECT 1"))
        bulk, _ = timed(lambda: insert_frame(session, Person, fresh, version=1))
        session.rollback()
    with engine.connect() as connection:
        names, rows = ", ".join((*fresh.columns, "version")), fresh.with_columns(version=pl.lit(1)).rows()
        ready = [tuple(str(each) if isinstance(each, date) else each for each in row) for row in rows]
        marks = ", ".join("?" * len(ready[0]))
        statement = f"INSERT INTO person ({names}) VALUES ({marks})"  # noqa: S608
        floor, _ = timed(lambda: connection.exec_driver_sql(statement, ready))
        connection.rollback()
    people = [Person(**row, version=1) for row in fresh.iter_rows(named=True)]

    with Session(engine) as session:

        def add() -> None:
            session.add_all(people)
            session.flush()

        orm, _ = timed(add)
        session.rollback()
    ratio = orm / bulk
    sign = "✓" if ratio >= GOALS["bulk"] else "✗"
    return [
        f"    20,000 people: driver alone {floor:.2f}, bulk {bulk:.2f}, add_all {orm:.2f}: add_all is {ratio:.1f} x bulk "
        f"(goal {GOALS['bulk']:.0f}) {sign}, and {orm / floor:.1f} x the driver alone"
    ]


if __name__ == "__main__":
    print(main())
