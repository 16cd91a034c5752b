"""A list as it will be printed: columns, rows, totals and the words around them, frozen; and its 校验码."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TypeAlias

from casework.dates import year_month_dotted
from casework.forms import Align, ColumnKind, FormColumn
from casework.money import yuan
from casework.vocabulary import Term

Cell: TypeAlias = "str | int | date | None"
Row: TypeAlias = "tuple[Cell, ...]"

NUMBERS: frozenset[ColumnKind] = frozenset({"places", "money"})
CODE_LENGTH = 12
_OBEYED = frozenset({"Cc", "Cf", "Cs"})  # signs a printer obeys instead of printing, and lone surrogates
_JOINERS = frozenset({"\u200c", "\u200d", "\u00ad"})


class ListState(Term):
    """How far a list has come; everything but the official one carries its state across the page."""

    DRAFT = "draft", "草稿"
    SUBMITTED = "submitted", "送审稿"
    MEETING = "meeting", "上会稿"
    OFFICIAL = "official", "正式"


@dataclass(frozen=True)
class Column:
    """One column of a list.

    Attributes:
        key: Its name in code.
        label: Its head as printed.
        kind: `index` the row number, `text`, `name`, `month` a date shown as 1962.01, `day` one shown as 2020.1.30,
            `places` people, `money` fen.
        width_mm: Wanted width; a printer scales all widths to its page.
        public: May stand on a public list.
        align: "" for what the kind asks for.
        sums: Keys of the columns of the same row that this one adds up; empty for a column of its own.
        choices: What may be written in it; an empty workbook offers them.
    """

    key: str
    label: str
    kind: ColumnKind = "text"
    width_mm: float = 20
    public: bool = False
    align: Align | None = None
    sums: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()

    @classmethod
    def of(cls, given: FormColumn, *, label: str = "") -> Column:
        """Return a column of a form's folder, under the head the circular gives it."""
        own = (given.key, label or given.label, given.kind, given.width_mm, given.public, given.align)
        return cls(*own, choices=given.choices)

    @property
    def alignment(self) -> Align:
        """Return where its cells stand: numbers right, everything else in the middle unless said otherwise."""
        return self.align or ("right" if self.kind in NUMBERS else "center")


@dataclass(frozen=True)
class Head:
    """A head over several neighbouring columns; `note` stands under it, e.g. （标准2000元/人）."""

    label: str
    keys: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True)
class Table:
    """An official list, complete: whoever prints it adds nothing and leaves nothing out.

    Attributes:
        list_id: The form it is printed on (`casework/templates/<list_id>/`).
        title: As the circular names it.
        columns: In printed order.
        rows: In printed order, a cell per column.
        groups: Heads of the upper level, over neighbouring columns.
        totals: (column key, value) of the row 合计; empty: no such row. A text value is a count such as "42人".
        captions: Sentences under the table.
        above: Words between title and table, spread over the line.
        signatures: Words under the table, spread over the line.
        state: 草稿 / 送审稿 / 上会稿 / 正式.
        annex: "附件1", or "".
        blank_rows: Empty rows printed where there are no rows at all; 0 prints none.
        numbered: Those empty rows carry their numbers, as the circular prints them.
        wide: On A3: its columns are too many for A4.
        paper_only: What is filled in on it leaves on paper alone, never as a workbook.
        mark: Who may keep it, in the head of every page, e.g. 内部　会后收回; "" for none.
        lead: Paragraphs between title and list, as in a letter.
        fields: (label, value) pairs between title and list, as in a record; two pairs a line.
        closing: Lines at the right under everything: who issues it, and the day.
        merged: Keys of columns in which equal neighbours are printed as one cell; such rows stay on one page.
        page_totals: The paper adds up every page (本页小计).
        public: For the notice board: every column is on the allow-list, and no data travels inside the file.

    Raises:
        ValueError: Cells and columns do not fit, a group is torn apart, or a public list has a private column.
    """

    list_id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    groups: tuple[Head, ...] = ()
    totals: tuple[tuple[str, Cell], ...] = ()
    captions: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()
    state: ListState = ListState.DRAFT
    annex: str = ""
    blank_rows: int = 0
    public: bool = False
    mark: str = ""
    lead: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    closing: tuple[str, ...] = ()
    merged: tuple[str, ...] = ()
    page_totals: bool = False
    numbered: bool = False
    wide: bool = False
    paper_only: bool = False

    def __post_init__(self) -> None:
        keys = self.keys
        if len(set(keys)) != len(keys):
            raise ValueError("two columns with one key")
        if any(len(row) != len(keys) for row in self.rows):
            raise ValueError("a row that does not fit its columns")
        strangers = (
            {key for key, _ in self.totals} | set(self.merged) | {key for column in self.columns for key in column.sums}
        )
        if strangers - set(keys):
            raise ValueError("a total of a column that is not there")
        for group in self.groups:
            places = [keys.index(key) for key in group.keys]
            if any(after != before + 1 for before, after in pairwise(places)):
                raise ValueError(f"the columns under {group.label} are not neighbours")
        private = [column.key for column in self.columns if not column.public]
        if self.public and private:
            raise ValueError(f"not for the notice board: {', '.join(private)}")

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of the columns, in printed order."""
        return tuple(column.key for column in self.columns)

    def column(self, key: str) -> Column:
        """Return a column by key.

        Raises:
            KeyError: The list has no such column.
        """
        for column in self.columns:
            if column.key == key:
                return column
        raise KeyError(key)

    def printed_rows(self) -> tuple[Row, ...]:
        """Return the rows, or those to be filled in by hand where there are none."""
        if self.rows:
            return self.rows
        places = range(1, self.blank_rows + 1)
        numbers = [{"index": number} if self.numbered else {} for number in places]
        return tuple(tuple(row.get(key) for key in self.keys) for row in numbers)

    def total(self, key: str) -> Cell:
        """Return what the row 合计 says under a column; None where it says nothing."""
        return dict(self.totals).get(key)

    def blank(self, rows: int = 0) -> Table:
        """Return the same list without people or numbers, to be filled in by hand; an empty form is nobody's draft."""
        return dataclasses.replace(
            self,
            rows=(),
            totals=tuple((key, None) for key, _ in self.totals),
            captions=(),
            lead=(),
            fields=tuple((label, "") for label, _ in self.fields),
            state=ListState.OFFICIAL,
            blank_rows=rows or self.blank_rows or 10,
        )


def shown(value: Cell, column: Column) -> str:
    """Return a cell as it is printed: money in yuan, months as 1962.01, a zero and nothing as blank.

    White space becomes single spaces. A control sign (such as U+202E, which turns the writing around) is printed as
    〔U+202E〕: it is neither obeyed nor dropped, so whoever signs sees that the name is not clean.

    >>> shown(200000, Column("amount", "金额", "money")), shown(0, Column("places", "人数", "places"))
    ('2000', '')
    """
    if value is None or (value == 0 and column.kind in NUMBERS):
        return ""
    if isinstance(value, date):
        return f"{value.year}.{value.month}.{value.day}" if column.kind == "day" else year_month_dotted(value)
    if isinstance(value, int):
        return yuan(value) if column.kind == "money" else str(value)
    return plain(value)


def plain(text: str) -> str:
    r"""Return text on one line, with every control sign made visible.

    >>> plain("示例\u202e某"), plain(" 两行\n的话 ")
    ('示例〔U+202E〕某', '两行 的话')
    """
    line = re.sub(r"[ \t\r\n\f\v\u2028\u2029]+", " ", text).strip()
    return "".join(
        f"〔U+{ord(sign):04X}〕" if unicodedata.category(sign) in _OBEYED and sign not in _JOINERS else sign
        for sign in line
    )


def as_printed(table: Table) -> dict[str, object]:
    """Return every word of a list as it stands on paper, the state aside: a list keeps its 校验码 when it is signed."""
    around = {
        "mark": table.mark,
        "lead": list(table.lead),
        "fields": [list(pair) for pair in table.fields],
        "closing": list(table.closing),
    }
    return {
        "list": table.list_id,
        "annex": table.annex,
        "title": table.title,
        "above": list(table.above),
        "groups": [{"label": group.label, "note": group.note, "columns": list(group.keys)} for group in table.groups],
        "columns": [{"key": column.key, "label": column.label} for column in table.columns],
        "rows": [
            [shown(value, column) for value, column in zip(row, table.columns, strict=True)] for row in table.rows
        ],
        "totals": {key: shown(value, table.column(key)) for key, value in table.totals},
        "captions": list(table.captions),
        "signatures": list(table.signatures),
        # Only where there are any: a list without them keeps the 校验码 it was signed with.
        **{name: words for name, words in around.items() if words},
    }


def canonical_bytes(table: Table) -> bytes:
    """Return the list as printed as canonical JSON: sorted keys, no spaces, UTF-8."""
    return json.dumps(as_printed(table), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def list_fingerprint(table: Table) -> str:
    """Return the SHA-256 of `canonical_bytes`, in hexadecimal: the same words give the same fingerprint."""
    return hashlib.sha256(canonical_bytes(table)).hexdigest()


def check_code(fingerprint: str) -> str:
    """Return the 校验码 printed in the foot: the first twelve signs of a fingerprint, in capitals."""
    return fingerprint[:CODE_LENGTH].upper()
