"""The lists the printing tests look at, all people clearly fictional; and the pictures they are held against.

The samples are printed in a process of their own that sees no other font than Noto CJK, so that the pictures do not
depend on what else is installed. To draw the pictures anew after a wanted change of layout, and then look at them:

    .venv/bin/python tests/printed.py
"""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import tempfile
from datetime import date
from functools import cache
from itertools import cycle, islice
from pathlib import Path

from PIL import Image

from casework.allocation import Parameters, allocate
from casework.facts import Facts
from casework.frames import AWARDS, VERDICTS, conform, empty
from casework.lists import ListState, Table, public_entries, public_list, quota_table, roster
from casework.policy import load_policy
from casework.printing import render
from casework.shapes.limits import QuotaGrid

GOLDEN = Path(__file__).parent / "golden"
DPI = 64
RARE = "𬭎㛃䶮䲟𫖯喆堃龑"
LONG_NAME = "示例买买提·阿卜杜热合曼·吐尔逊"
MOST_FEN = 9_999_999_999  # 99,999,999.99 yuan


@cache
def policy(pack="jianshi-2020"):
    return load_policy(pack)


def unit_names():
    return [name for _, shape in policy().of_shape(QuotaGrid) for name in shape.places]


@cache
def facts(count=0):
    """The twelve units of the circular and `count` people, in turn of the four categories and the first units."""
    units = [{"unit_id": f"u{n:02}", "name": name, "order": n} for n, name in enumerate(unit_names())]
    kinds = list(islice(cycle(["family", "frontline", "hardship", "resident"]), count))
    people = [
        {
            "person_id": f"p{n:03}",
            "name": f"示例{RARE[n % len(RARE)]}{'甲乙丙丁戊己庚'[n % 7]}",
            "sex": "female" if n % 3 else "male",
            "born_on": date(1950 + n % 40, 1 + n % 12, 1),
            "membership": "none" if kind == "resident" else "full",
            "branch": f"示例村第{n % 5 + 1}党支部",
            "position": "村委会主任" if kind == "frontline" else None,
            "tags": ["veteran_member"] if kind == "hardship" else [],
        }
        for n, kind in enumerate(kinds)
    ]
    causes = [
        {"case_id": f"c{n:03}", "cause": "own_illness", "main": True, "note": "示例情况，自付费用较高"}
        for n, kind in enumerate(kinds)
        if kind in {"hardship", "resident"}
    ]
    return Facts.build(as_of=policy().issued_on, round_id="r", units=units, people=people, causes=causes)


@cache
def awards(count):
    kinds = list(islice(cycle(["family", "frontline", "hardship", "resident"]), count))
    rows = [
        {
            "case_id": f"c{n:03}",
            "person_id": f"p{n:03}",
            "unit_id": f"u{n * 3 // max(count, 1):02}",
            "category": kind,
            "order": n,
            "amount_fen": 200_000 if kind == "family" else 50_000,
            "funded": True,
        }
        for n, kind in enumerate(kinds)
    ]
    return conform(rows, AWARDS)


@cache
def plan(pack="jianshi-2020"):
    return allocate(facts(), empty(VERDICTS), policy=policy(pack), parameters=Parameters()).plan


def quota():
    return quota_table(policy(), units=facts().units, plan=plan(), state=ListState.OFFICIAL)


def people(count, state=ListState.OFFICIAL, **more):
    return roster(policy(), facts(count), awards=awards(count), plan=plan(), state=state, **more)


def public(count):
    return public_list(policy(), public_entries(policy(), facts(count), awards=awards(count)), where=unit_names()[0])


def put(table, row, **cells):
    """The same list with some cells of one row exchanged."""
    changed = list(table.rows[row])
    for key, value in cells.items():
        changed[table.keys.index(key)] = value
    rows = (*table.rows[:row], tuple(changed), *table.rows[row + 1 :])
    return dataclasses.replace(table, rows=rows)


def hard():
    """The longest names, the rarest signs, the smallest and the largest amount, a long story, hostile texts."""
    table = people(8, ListState.MEETING)
    table = put(table, 0, name=LONG_NAME, amount=1, rate=MOST_FEN, brief="示例情况。" * 60)
    table = put(table, 1, name=f"示例{RARE}", amount=MOST_FEN, position="示例" * 12)
    table = put(table, 2, name="<b>示例</b>", brief="{{x}} {% y %} =1+1 file:///etc/passwd", remarks="示例\u202e注")
    amounts = [row[table.keys.index("amount")] for row in table.rows]
    return dataclasses.replace(table, totals=(("name", f"{len(table.rows)}人"), ("amount", sum(amounts))))


SAMPLES = {
    "quota_table": lambda: ("quota_table", quota(), {}),
    "quota_table_blank": lambda: ("quota_table", quota().blank(), {}),
    "roster": lambda: ("roster", people(30, ListState.SUBMITTED), {}),
    "roster_annex": lambda: ("roster", people(12), {"mode": "annex"}),
    "roster_blank": lambda: ("roster", people(1).blank(), {}),
    "roster_one": lambda: ("roster", people(1), {"issued": "2020年1月15日印发　台账校验 1A2B 3C4D"}),
    "roster_hard": lambda: ("roster", hard(), {}),
    "public_list": lambda: ("public_list", public(30), {}),
}


def samples():
    """Every sample by name, those of the papers included."""
    import printed_care
    import printed_papers
    import printed_person
    import printed_tables

    papers = printed_papers.PAPERS | printed_tables.PAPERS | printed_care.PAPERS
    others = printed_tables.MORE | printed_person.SAMPLES | printed_care.MORE
    made = {form: lambda form=form, make=make: (form, make(), {}) for form, make in papers.items()}
    more = {name: lambda make=make: (make().list_id, make(), {}) for name, make in others.items()}
    return SAMPLES | made | more


def sample(name) -> Table:
    return samples()[name]()[1]


def print_all(folder, wanted=()):
    for name, make in samples().items():
        if wanted and name not in wanted:
            continue
        form, table, options = make()
        (Path(folder) / f"{name}.pdf").write_bytes(render(form, table, **options))


def print_apart(folder, *wanted):
    """Print every sample, or those named, in a process that sees Noto CJK and no other font."""
    listed = subprocess.run(
        ["fc-list", "--format", "%{file}\n", ":family=Noto Serif CJK SC"], check=True, capture_output=True, text=True
    )
    fonts = Path(folder) / "fonts.conf"
    home = Path(listed.stdout.splitlines()[0]).parent
    fonts.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f"<dir>{home}</dir><cachedir>{folder}/cache</cachedir>"
        '<selectfont><rejectfont><pattern><patelt name="family"><string>DejaVu*</string></patelt></pattern>'
        "</rejectfont></selectfont></fontconfig>",
        encoding="utf-8",
    )
    path = os.pathsep.join(
        [str(Path(__file__).parents[1]), str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    )
    done = subprocess.run(
        [sys.executable, __file__, str(folder), *wanted],
        env=os.environ | {"FONTCONFIG_FILE": str(fonts), "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def draw(pdf, folder):
    """Draw the pages of a PDF as grey PNG files in `folder`, page 1 first."""
    start = Path(folder) / Path(pdf).stem
    subprocess.run(["pdftoppm", "-r", str(DPI), "-gray", "-png", str(pdf), str(start)], check=True)
    return sorted(Path(folder).glob(f"{start.name}-[0-9]*.png"))


if __name__ == "__main__":
    if sys.argv[1:]:
        print_all(sys.argv[1], sys.argv[2:])
    else:
        with tempfile.TemporaryDirectory() as made:
            print_apart(made)
            for old in GOLDEN.glob("*.png"):
                old.unlink()
            for pdf in sorted(Path(made).glob("*.pdf")):
                for page in draw(pdf, GOLDEN):
                    Image.open(page).quantize(16).save(page, optimize=True)  # a quarter of the size
