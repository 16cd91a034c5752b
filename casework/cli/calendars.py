"""calendar import, show: the 放假调休 tables that working days are counted by."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from casework.cli.chinese import ChineseTyper
from casework.cli.common import Db, Json, Usage, emit, ledger_url, looking, new_key, now, open_place, read_bytes

app = ChineseTyper(help="放假调休表：工作日按它计算。", no_args_is_help=True)

WORKS = {"放假": False, "休息": False, "上班": True, "调休上班": True}


@app.command("import", help="导入放假调休表（CSV：日期,安排；安排写 放假 或 上班），每年一份。")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="文件", help="表头：日期,安排")],
    source: Annotated[str, typer.Option("--source", metavar="出处", help="放假安排的文件名称或文号")],
    db: Db = "",
) -> int:
    """Import the days of a file, a table for each year in it."""
    from casework.access import LOCAL_OFFICER
    from casework.db import reading
    from casework.models_review import RestYear
    from casework.review.calendars import import_rest_days

    days = read_days(read_bytes(file))
    engine = open_place(ledger_url(db), write=True)
    for year in sorted({day.year for day in days}):
        with reading(engine) as session:
            known = session.get(RestYear, year)
        done = import_rest_days(
            engine,
            year=year,
            days={day: works for day, works in days.items() if day.year == year},
            source=source,
            expected_version=known.version if known else None,
            actor=LOCAL_OFFICER,
            now=now(),
            key=new_key(),
        )
        typer.echo(f"{year} 年：放假 {done['holidays']} 天，上班 {done['workdays']} 天")
    return 0


def read_days(data: bytes) -> dict[date, bool]:
    """Return day → whether offices work, from a CSV file.

    Raises:
        Usage: It cannot be read; with the line.
    """
    from casework.dates import parse_date

    try:
        lines = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error):
        raise Usage("放假调休表看不懂，请存为 UTF-8 编码的 CSV，表头为：日期,安排") from None
    if not lines or not {"日期", "安排"} <= lines[0].keys():
        raise Usage("放假调休表看不懂，表头应为：日期,安排")
    found: dict[date, bool] = {}
    for number, line in enumerate(lines, start=2):
        works = WORKS.get((line["安排"] or "").strip())
        try:
            read = parse_date(line["日期"] or "")
            day = read.on if read.precision == "day" else None
        except ValueError:
            day = None
        if day is None or works is None:
            raise Usage(f"放假调休表第 {number} 行看不懂：日期写到日，安排写 放假 或 上班")
        found[day] = works
    return found


@app.command("show", help="列出已导入的放假调休表。")
def show(db: Db = "", as_json: Json = False) -> int:
    """List the imported tables."""
    from casework.review.calendars import rest_years

    with looking(db) as session:
        rows = [
            {
                "year": row.year,
                "source": row.source,
                "holidays": "、".join(row.holidays),
                "workdays": "、".join(row.workdays),
            }
            for row in rest_years(session)
        ]
    heads = {"year": "年度", "source": "出处", "holidays": "放假", "workdays": "上班"}
    emit(rows, heads, as_json=as_json, nothing="还没有放假调休表，用 casework calendar import 导入")
    return 0
