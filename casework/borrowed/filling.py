"""套用来表: a superior's empty workbook, matched by its heads and filled for any round, in its own formatting."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.borrowed.items import NOT_HELD, NUMBERS, corrections, items, public_items
from casework.borrowed.people import WHO, Money, Told, told_people, whom
from casework.borrowed.safe import refuse_unsafe, unkept
from casework.db import reading
from casework.intake import MappedColumn, propose_mapping
from casework.intake import Mapping as SheetMapping
from casework.intake.columns import head_key
from casework.ledger import Result, Work, execute, policy_of
from casework.lists.table import plain
from casework.models_people import BorrowedForm
from casework.money import FEN_PER_YUAN
from casework.papers.asked import Asked
from casework.people.seeing import masked_contacts, open_contact
from casework.policy import Policy
from casework.problems import NotAllowed, Refused
from casework.sheets import Sheet, UnreadableWorkbook, limits, read_workbook, unpacked

TASK: Final = "borrowed_form"
_MOST_REMEMBERED: Final = 200
_CODES: Final = NUMBERS - {"address", "address_phone"}


@dataclass(frozen=True)
class Matched:
    """A workbook with what its columns are filled with.

    Attributes:
        sheet: The worksheet that is filled.
        mapping: Its columns; a column of field "" stays blank.
        remembered: An officer corrected these heads before.
        public: It is for the notice board: only what may hang there is filled.
        others: Other worksheets with a table; they stay as they are.
        unkept: What the file holds that cannot be kept: shapes, text boxes.
    """

    sheet: Sheet
    mapping: SheetMapping
    remembered: bool
    public: bool
    others: tuple[str, ...]
    unkept: tuple[str, ...]

    @property
    def title(self) -> str:
        """Return what stands over the table."""
        rows = self.sheet.rows[: self.mapping.first]
        return next((plain(str(cell)) for row in rows for cell in row if isinstance(cell, str) and cell.strip()), "")

    @property
    def heads_digest(self) -> str:
        """Return what the heads are remembered by."""
        return _digest(self.mapping)


@dataclass(frozen=True)
class Filled:
    """A filled workbook and what an officer must know of it.

    Attributes:
        body: The file.
        people: How many people stand in it.
        who: Whom it was filled with, in words.
        blank: Heads that stayed blank: nothing of the kind is held, or it may not stand on such a list.
        lacking: Head → how many people have nothing recorded under it.
        notes: Sentences about what was done.
        filled: The 0-based columns that were filled.
    """

    body: bytes
    people: int
    who: str
    blank: tuple[str, ...]
    lacking: Mapping[str, int]
    notes: tuple[str, ...]
    filled: frozenset[int] = frozenset()

    def sentences(self) -> list[str]:
        """Return what is said to the officer, the count first."""
        said = [f"已填 {self.people} 人（{self.who}）。"]
        if self.blank:
            said.append(f"没有填的列：{'、'.join(self.blank)}。")
        if self.lacking:
            said.append(
                "台账没有登记、留空的：" + "、".join(f"{head} {n} 人" for head, n in self.lacking.items()) + "。"
            )
        return [*said, *self.notes]


def match(
    session: Session, data: bytes, *, name: str, round_id: str, given: Mapping[str, str] | None = None
) -> Matched:
    """Return how a workbook would be filled: its heads as an import finds them, as remembered, as corrected.

    Args:
        session: A session on the ledger.
        data: The file, which nobody trusts.
        name: What it is called.
        round_id: Whose pack says which further columns there are.
        given: Head → item, as the officer names it; 不填 leaves a column blank.

    Raises:
        Refused: `unreadable`, `macros`, `links`, `not_xlsx`, `no_table`, `no_item`, `no_head`.
        LedgerError: There is no such round.
    """
    refuse_unsafe(data, name)
    try:
        sheets = [sheet for sheet in read_workbook(data, name=name) if sheet.visible]
    except UnreadableWorkbook as error:
        raise Refused("unreadable", str(error)) from None
    policy = policy_of(session, round_id)
    wanted = corrections(policy, given or {})
    found = [(sheet, *_proposed(session, sheet, policy, wanted)) for sheet in sheets]
    tables = [(sheet, mapping, kept) for sheet, mapping, kept in found if mapping.layout == "table"]
    if not tables:
        raise Refused("no_table", f"{name}：没有找到“姓名”一列和别的项目，认不出表头；请写明哪一列填姓名")
    sheet, mapping, kept = tables[0]
    heads = {head_key(column.head) for column in mapping.columns}
    unknown = [head for head in wanted if head_key(head) not in heads]
    if unknown:
        told = "、".join(column.head for column in mapping.columns)
        raise Refused("no_head", f"来表没有“{'”“'.join(unknown)}”这一列，表头是：{told}")
    mapping = mapping.correct(wanted)
    above = [str(cell) for row in sheet.rows[: mapping.first] for cell in row if isinstance(cell, str)]
    public = any("公示" in words for words in (name, sheet.name, *above))
    return Matched(sheet, mapping, kept, public, tuple(other.name for other, *_ in tables[1:]), unkept(data))


def _proposed(session: Session, sheet: Sheet, policy: Policy, wanted: Mapping[str, str]) -> tuple[SheetMapping, bool]:
    """Return the mapping of a sheet, and whether its heads were corrected before."""
    fields = items(policy)
    query = select(BorrowedForm).order_by(col(BorrowedForm.saved_at).desc()).limit(_MOST_REMEMBERED)
    for form in session.exec(query):
        mapping = propose_mapping(sheet, policy, fields, remembered=form.mapping)
        if mapping.layout == "table" and _digest(mapping) == form.heads_digest:
            return mapping, True
    return propose_mapping(sheet, policy, fields, remembered=wanted), False


def _digest(mapping: SheetMapping) -> str:
    heads = json.dumps([head_key(column.head) for column in mapping.columns], ensure_ascii=False)
    return hashlib.sha256(heads.encode()).hexdigest()


def remember(engine: Engine, matched: Matched, *, actor: Actor, now: datetime, key: str) -> Result:
    """Keep how a workbook's columns are filled, for the next file with the same heads.

    Raises:
        NotAllowed: A viewer.
    """
    told, digest, title = matched.mapping.remembered(), matched.heads_digest, matched.title

    def body(work: Work) -> Result:
        work.session.merge(
            BorrowedForm(heads_digest=digest, title=title, mapping=told, saved_by=work.actor.id, saved_at=work.now)
        )
        work.note(f"borrowed_form:{digest}", None, told)
        return {"heads_digest": digest}

    return execute(
        engine,
        action="remember_borrowed_form",
        actor=actor,
        now=now,
        key=key,
        subject=f"borrowed_form:{digest[:12]}",
        request={"mapping": told, "title": title},
        body=body,
    )


def fill(  # noqa: PLR0913 - a file, its columns, its people
    engine: Engine, data: bytes, matched: Matched, asked: Asked, *, who: str = "", opened_key: str = ""
) -> Filled:
    """Return the workbook filled with the people of a round.

    Args:
        engine: The ledger.
        data: The file `matched` was made of.
        matched: What its columns are filled with.
        asked: Which round, past ones too, which unit or branch.
        who: One of `people.WHO`; "": those on the list once there is one, else everybody.
        opened_key: Idempotency key; with it the numbers are whole, once the log says who opened whose. "" masks them.

    Raises:
        Refused: `no_list`, `nobody`, `unreadable`; `public`: whole numbers on a list for the notice board.
        NotAllowed: `viewer`, `scope`.
    """
    if not asked.actor.may_write():
        raise NotAllowed("viewer", "只读账号不能填写来表，请由经办人办理")
    if opened_key and matched.public:
        raise Refused("public", "公示用的表不填号码，不用打开完整号码")
    with reading(engine) as session:
        policy, _, cases = whom(session, asked, who)
        listed = "amount_fen" in cases[0]
    people = [case["person_id"] for case in cases]
    asks = bool(NUMBERS & {column.field for column in _used(policy, matched)})
    contacts = []
    if opened_key and asks:
        contacts = open_contact(
            engine,
            purpose=TASK,
            round_id=asked.round_id,
            people=people,
            actor=asked.actor,
            now=asked.now,
            key=opened_key,
        )
    with reading(engine) as session:
        policy, known, cases = whom(session, asked, "listed" if listed else "all")
        if asks and not opened_key:
            contacts = masked_contacts(session, people=people)
        told = told_people(session, asked, known, policy, cases, contacts)
    return _written(data, matched, policy, told, WHO["listed" if listed else "all"], masked=asks and not opened_key)


def _used(policy: Policy, matched: Matched) -> list[MappedColumn]:
    """Return the columns that are filled."""
    allowed = public_items(policy) if matched.public else None
    return [
        column
        for column in matched.mapping.columns
        if column.field and column.field not in NOT_HELD and (allowed is None or column.field in allowed)
    ]


def _written(  # noqa: PLR0913 - a file, its columns, its people, what is said of them
    data: bytes, matched: Matched, policy: Policy, told: Sequence[Told], who: str, *, masked: bool
) -> Filled:
    columns = _used(policy, matched)
    filled = [column for column in columns if column.field == "index" or any(_knows(one, column) for one in told)]
    index = next((column.column for column in columns if column.field == "index"), None)
    order = {
        "sheet": matched.sheet.name,
        "last": matched.mapping.last,
        "columns": [column.column for column in matched.mapping.columns],
        "index": index,
        "rows": [row for one in told for row in _rows(one, filled)],
    }
    body, done = _fill_apart(data, order)
    blank = [_head(column) for column in matched.mapping.columns if column not in filled]
    lacking = {_head(column): sum(not _knows(one, column) for one in told) for column in filled}
    relatives = {_head(column) for column in filled if column.field.startswith("member.")}
    return Filled(
        body=body,
        people=len(told),
        who=who,
        blank=tuple(blank),
        lacking={head: number for head, number in lacking.items() if number and head not in relatives},
        notes=tuple(_notes(matched, done, masked=masked)),
        filled=frozenset(column.column for column in filled),
    )


def _head(column: MappedColumn) -> str:
    return column.head.rpartition("/")[2] if column.field and not column.field.startswith("member.") else column.head


def _knows(one: Told, column: MappedColumn) -> bool:
    if column.field.startswith("member."):
        return any(row.get(column.field) is not None for row in one.relatives)
    return one.values.get(column.field) is not None


def _rows(one: Told, columns: Sequence[MappedColumn]) -> list[list[list[Any]]]:
    """Return the rows of a person: a further one for every further relative where the workbook asks for them."""
    own = [column for column in columns if not column.field.startswith("member.")]
    theirs = [column for column in columns if column.field.startswith("member.")]
    rows = [[_cell(column, one.values.get(column.field)) for column in own]]
    for at, relative in enumerate(one.relatives if theirs else ()):
        if at:
            rows.append([])
        rows[at] += [_cell(column, relative.get(column.field)) for column in theirs]
    return [[cell for cell in row if cell] for row in rows]


def _cell(column: MappedColumn, value: object) -> list[Any]:
    """Return [column, kind, value, text] of a cell; nothing known writes nothing over a formula."""
    if value is None:
        return []
    if isinstance(value, Money):
        amount = Decimal(value.fen) / FEN_PER_YUAN / column.scale
        return [column.column, "number", str(amount), ""]
    if isinstance(value, int):
        return [column.column, "number", str(value), ""]
    if isinstance(value, date):
        exact = any(words in head_key(column.head) for words in ("日期", "年月日", "生日"))
        return [column.column, "day", value.isoformat(), f"{value:%Y.%m.%d}" if exact else f"{value:%Y.%m}"]
    return [column.column, "code" if column.field in _CODES else "text", "", plain(str(value))]


def _notes(matched: Matched, done: Mapping[str, Any], *, masked: bool) -> list[str]:
    said = []
    if done["added"]:
        said.append(f"来表的空行不够，照第一行的样式加了 {done['added']} 行，下面的合计和说明顺次下移。")
    if done["skipped"]:
        rows = "、".join(map(str, done["skipped"]))
        said.append(f"第 {rows} 行是栏次或示例，没有动，请核对是否要删。")
    if done["loosened"]:
        said.append("来表空行里有上下合并的单元格，已拆开，一人一行。")
    if done["total_open"]:
        said.append("来表的合计行没有公式，没有填，请核对后填写。")
    if masked:
        said.append("号码已遮盖，仅供核对。")
    if matched.public:
        said.append("这是公示用的表，只填可以公示的项目。")
    if matched.others:
        said.append(f"只填了工作表“{matched.sheet.name}”，{'、'.join(matched.others)}没有动。")
    if matched.unkept:
        said.append(f"来表里的{'、'.join(matched.unkept)}不能保留，请对照原表补上。")
    return said


def _fill_apart(data: bytes, order: Mapping[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """Fill the workbook in a child process, as it is read in one."""
    line = json.dumps(order, ensure_ascii=False).encode("utf-8", "surrogatepass")
    command = [sys.executable, "-m", "casework.filler.rows"]
    patience = limits(unpacked(data))[0] + 10
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, input=line + b"\n" + data, capture_output=True, timeout=patience, check=True
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        raise Refused("unreadable", "来表打不开或太复杂，没有填；请在 Excel 或 WPS 中另存为 xlsx 再试") from None
    told, _, body = done.stdout.partition(b"\n")
    return body, json.loads(told)
