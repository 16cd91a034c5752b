"""What the tests of the intake share: a round, a register, and a way from rows of cells to what is said of them."""

from __future__ import annotations

from datetime import date

import workbooks
from polars.testing import assert_frame_equal

from casework.frames import UNITS, conform
from casework.intake import propose_mappings, read_rows
from casework.policy import load_policy
from casework.sheets import Sheet, read_workbook

AS_OF = date(2020, 1, 10)
UNITS_KNOWN = conform(
    [
        {"unit_id": "u1", "name": "示例镇"},
        {"unit_id": "u2", "name": "示例乡"},
        {"unit_id": "u3", "name": "示例县直属机关工委"},
    ],
    UNITS,
)
POLICY = load_policy("jianshi-2020")
HEADS = ("单位", "姓名", "类别")
BASE = ("示例镇", "示例甲", "生活困难群众")


def sheet_of(rows, *, name="名单", **more):
    """Return a sheet without a workbook around it: quick, and with any cell a workbook could give."""
    width = max((len(row) for row in rows), default=0)
    return Sheet(name, tuple((*row, *[None] * (width - len(row))) for row in rows), (), visible=True, **more)


def take(sheets, *, policy=POLICY, units=UNITS_KNOWN, as_of=AS_OF, name="", **more):
    """Read sheets with the mapping that is proposed for them, at a glance and cell by cell: both say the same."""
    told = {"policy": policy, "units": units, "as_of": as_of, "name": name, **more}
    mappings = propose_mappings(sheets, policy)
    quick, slow = (read_rows(sheets, mappings, quick=way, **told) for way in (True, False))
    for table in ("rows", "relatives", "asked"):
        assert_frame_equal(getattr(quick, table), getattr(slow, table))
    assert (quick.issues, quick.skipped) == (slow.issues, slow.skipped)
    return quick


def file(data, *, name="示例.xlsx", **more):
    return take(read_workbook(data, name=name), name="", **more)


def rows(*people, heads=HEADS, **more):
    """Read people under heads; a person is a row of cells."""
    return take([sheet_of([heads, *people])], **more)


def one(head, value, *, beside=None, policy=POLICY, **more):
    """Read one person with one more column (and others `beside` it); the three base columns are right."""
    beside = beside or {}
    heads = (*HEADS, head, *beside)
    return rows((*BASE, value, *beside.values()), heads=heads, policy=policy, **more)


def said(intake, severity=None):
    """Return the sentences, without those about a whole sheet."""
    return [
        issue.problem.sentence()
        for issue in intake.issues
        if issue.row and (severity is None or issue.severity == severity)
    ]


def state(intake):
    return intake.rows["state"].to_list()


def first(intake, column):
    return intake.rows[column][0]


def xlsx(*people, heads=HEADS, **more):
    return workbooks.xlsx([heads, *people], **more)
