"""The register of units as a workbook to take away and bring back, and what a sheet would change in it.

`intake.units.read_units` reads; this writes the same columns, so that what was downloaded is imported again without
a change, and compares rows with the register before anything is imported.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

import xlsxwriter  # type: ignore[import-untyped, unused-ignore]

from casework.intake.units import HEADS
from casework.vocabulary import UnitKind

FILE_NAME: Final = "单位名录.xlsx"
MIMETYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_COLUMNS: Final = tuple(head for head in ("机构顺序", *HEADS) if head != "单位编号")
COLUMNS: Final[Mapping[str, str]] = {HEADS[head]: head for head in dict.fromkeys(_COLUMNS)}
"""Column of `frames.UNITS` → its head, in the order of the sheet; a unit's number stays in the ledger, unless two units
bear one name."""

_WIDTHS: Final = {"name": 28, "parent_id": 28, "members_as_of": 14, "pay_difficulty": 18}
# A workbook carries the time it was made; the same register gives the same bytes.
_MADE: Final = datetime(2000, 1, 1, tzinfo=UTC)
_BLANK_ROWS: Final = 200


def shown(column: str, value: object, names: Mapping[str, str]) -> str:
    """Return a value of the register as an officer reads it; blank where it is not known.

    Args:
        column: A column of `frames.UNITS`.
        value: The value.
        names: Unit id → name, for the parent.

    >>> shown("pay_difficulty", False, {}), shown("kind", "branch", {}), shown("members", None, {})
    ('否', '党支部', '')
    """
    if value is None:
        return ""
    match column:
        case "kind":
            known = {str(kind.value): kind.label for kind in UnitKind}
            return known.get(str(value), str(value))
        case "parent_id":
            return names.get(str(value), str(value))
        case "pay_difficulty":
            return "是" if value else "否"
        case "members_as_of":
            return value.isoformat() if isinstance(value, date) else str(value)
        case _:
            return str(value)


def write_units(units: Iterable[Mapping[str, Any]]) -> bytes:
    """Return the register as an .xlsx, to be edited and imported again.

    Args:
        units: Rows with columns of `frames.UNITS`, in their order; none gives an empty form.
    """
    listed = list(units)
    count = Counter(str(unit["name"]) for unit in listed)
    # Where a name does not tell, the number does.
    names = {str(unit["unit_id"]): str(unit["name" if count[unit["name"]] == 1 else "unit_id"]) for unit in listed}
    columns = COLUMNS if len(count) == len(listed) else {**COLUMNS, "unit_id": "单位编号"}
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    book.set_properties({"title": "单位名录", "created": _MADE})
    sheet = book.add_worksheet("单位名录")
    bold = book.add_format({"bold": True, "bg_color": "#F0EEE9", "bottom": 1})
    plain, day = book.add_format({}), book.add_format({"num_format": "yyyy-mm-dd"})
    for place, (column, head) in enumerate(columns.items()):
        sheet.set_column(place, place, _WIDTHS.get(column, 12))
        sheet.write_string(0, place, head, bold)
        for number, unit in enumerate(listed, start=1):
            value = unit.get(column)
            if value is None:
                continue
            if column == "members_as_of":
                sheet.write_datetime(number, place, datetime(value.year, value.month, value.day), day)  # noqa: DTZ001
            elif isinstance(value, int) and not isinstance(value, bool):
                sheet.write_number(number, place, value, plain)
            else:  # as a text, so that a name that begins with "=" stays a name
                sheet.write_string(number, place, shown(column, value, names), plain)
    last = len(listed) + _BLANK_ROWS
    for column, allowed in (("kind", [kind.label for kind in UnitKind]), ("pay_difficulty", ["是", "否"])):
        place = list(COLUMNS).index(column)
        sheet.data_validation(1, place, last, place, {"validate": "list", "source": allowed})
    sheet.freeze_panes(1, 0)
    book.close()
    return target.getvalue()


@dataclass(frozen=True)
class Difference:
    """What a row would do to the register: `changes` are (head, before, after) as an officer reads them."""

    name: str
    kind: Literal["new", "changed", "unchanged"]
    changes: tuple[tuple[str, str, str], ...] = ()


def compare(rows: Sequence[Mapping[str, Any]], register: Iterable[Mapping[str, Any]]) -> list[Difference]:
    """Say for every row whether the unit is new, changed or as it was; in the order of the rows.

    Args:
        rows: As `read_units` gives them: a column that is not there says nothing.
        register: The register as it is.
    """
    known = {str(unit["unit_id"]): unit for unit in register}
    names = {unit_id: str(unit["name"]) for unit_id, unit in known.items()}
    names |= {str(row["unit_id"]): str(row["name"]) for row in rows if "name" in row}
    found = []
    for row in rows:
        unit_id = str(row["unit_id"])
        before = known.get(unit_id, {})
        changes = tuple(
            (COLUMNS[column], shown(column, before.get(column), names), shown(column, value, names))
            for column, value in row.items()
            if column in COLUMNS and before.get(column) != value
        )
        kind: Literal["new", "changed", "unchanged"] = (
            "new" if unit_id not in known else "changed" if changes else "unchanged"
        )
        found.append(Difference(names.get(unit_id, unit_id), kind, changes))
    return found
