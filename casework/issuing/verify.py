"""Two questions to a file: is it the one that was issued, and does what it says match the list.

The first is answered by the SHA-256 of its bytes, so that any changed byte fails. The second compares the data inside
the file, what its pages or cells show, what was kept when it was issued, and what the ledger says today, and names the
first difference of each.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, Final

from sqlmodel import Session, col, select

from casework.access import Actor
from casework.dates import chinese
from casework.issuing.issue import ISSUABLE, OPENED
from casework.issuing.kept import reaches, unsealed
from casework.issuing.pages import differences, squeezed
from casework.lists import as_printed, check_code
from casework.models import IssuedList
from casework.paper_files import read_paper
from casework.papers import PAPERS, Asked
from casework.pictures import Read, read_pdf
from casework.problems import CaseworkError, Refused
from casework.review.records import today_of
from casework.sheets import Cell, UnreadableWorkbook, read_workbook

_CODE: Final = re.compile(r"校验码：([0-9A-F]{12})")
_SHA: Final = re.compile(r"\b[0-9a-f]{64}\b")
_YEAR: Final = re.compile(r"\d{4}(?=年)")
_MOST_PROPERTIES: Final = 100_000


@dataclass(frozen=True)
class Verdict:
    """What was found out about a file.

    Attributes:
        issued: It is byte for byte a file that was issued.
        title: Of the issued list it is, or says it is; "" where none is known.
        said_issued: One sentence on the first question.
        same: Its content matches the list; None: there is nothing to hold it against.
        differences: The first difference of each comparison, sentences.
        since: What the ledger says differently today; no fault of the file.
    """

    issued: bool
    title: str
    said_issued: str
    same: bool | None
    differences: tuple[str, ...]
    since: tuple[str, ...] = ()

    @property
    def said_content(self) -> str:
        """Return one sentence on the second question."""
        said = {True: "内容与名单一致", False: "内容与名单不一致", None: "没有可以对照的名单，内容无法核对"}
        return said[self.same]

    @property
    def sound(self) -> bool:
        """Tell whether both questions are answered with yes."""
        return self.issued and self.same is True


@dataclass(frozen=True)
class _File:
    """What a file says of itself: its data where it carries any, the fingerprint, the code on its pages."""

    words: dict[str, Any] | None
    fingerprint: str
    pages: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    wrong: tuple[str, ...] = ()


def verify(session: Session, content: bytes, *, name: str, actor: Actor, now: datetime) -> Verdict:
    """Answer both questions about a file.

    Args:
        session: A session on the ledger.
        content: The bytes.
        name: The file's name, for sentences.
        actor: Who asks; a list beyond his units, or for a viewer any, is held against nothing that was kept of it.
        now: When.

    Raises:
        Refused: `not_a_list`: neither a PDF nor a workbook.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    exact = session.exec(select(IssuedList).where(IssuedList.sha256 == sha256)).first()
    file = _read(content, name)
    row = exact or _by_fingerprint(session, file.fingerprint)
    found, kept = list(file.wrong), None
    if row is not None and actor.may_write() and reaches(actor, row):
        kept = _kept_words(session, row)
    words = file.words or kept
    if words is not None:
        found += _compared(file, words)
    if file.words is not None and kept is not None and (said := first_difference(file.words, kept)):
        found.append(f"文件内的数据与印发时的名单不同：{said}")
    if row is not None and row.paper in OPENED:
        found = [_without_numbers(said) for said in found]
    same = None if words is None else not found
    since = _since(session, row, kept, actor, now) if row is not None and kept is not None else ()
    return Verdict(
        exact is not None, row.title if row else "", _said(exact, row), same, tuple(dict.fromkeys(found)), since
    )


def _without_numbers(said: str) -> str:
    """Return where a list with whole numbers differs, without what stands there: nobody opened those of the ledger."""
    where, parted, _ = said.partition("：")
    return f"{where}：与名单不同（有完整号码的表不显示内容）" if parted else where


def _said(exact: IssuedList | None, row: IssuedList | None) -> str:
    if exact is not None:
        code = check_code(exact.list_fingerprint)
        return f"是印发的原件：{exact.title}，{chinese(today_of(exact.issued_at))}印发，校验码 {code}"
    if row is not None:
        code = check_code(row.list_fingerprint)
        return f"不是印发的原件：文件自称是“{row.title}”（校验码 {code}），但至少有一个字节不同"
    return "不是印发的原件：本台账没有印发过这份文件（草稿、上会稿和自行另存的文件都不是原件）"


def _by_fingerprint(session: Session, fingerprint: str) -> IssuedList | None:
    if not fingerprint:
        return None
    query = select(IssuedList).where(col(IssuedList.list_fingerprint).startswith(fingerprint.lower()))
    return session.exec(query.order_by(col(IssuedList.issued_at).desc())).first()


def _kept_words(session: Session, row: IssuedList) -> dict[str, Any] | None:
    try:
        words: dict[str, Any] = json.loads(unsealed(session, row, "words", row.words))
    except Refused:  # destroyed at the end of its time: the hash still answers the first question
        return None
    return words


# -- reading the file ------------------------------------------------------------------------------------------------


def _read(content: bytes, name: str) -> _File:
    if content.startswith(b"%PDF"):
        return _pdf(content)
    if content.startswith(b"PK\x03\x04"):
        return _workbook(content, name)
    raise Refused("not_a_list", f"“{name}”既不是 PDF，也不是 xlsx 工作簿，无法核对")


def _pdf(content: bytes) -> _File:
    try:
        read: Read = read_pdf(content)
    except ValueError:
        raise Refused("not_a_list", "这份 PDF 打不开，可能已损坏，无法核对") from None
    wrong, words = [], None
    codes = [found for page in read.pages for found in _CODE.findall(squeezed(page))]
    fingerprint = next(iter(_SHA.findall(read.keywords)), "") or (codes[0] if codes else "")
    if "list.json" in read.attached:
        inside = read.attached["list.json"]
        own = hashlib.sha256(inside).hexdigest()
        try:
            words = json.loads(inside)
        except ValueError:
            wrong.append("文件内的数据已损坏")
        if read.keywords and own not in read.keywords:
            wrong.append(f"文件属性里的校验码与文件内数据的校验码（{check_code(own)}）不同")
        if bad := [code for code in codes if code != check_code(own)]:
            wrong.append(f"页脚的校验码 {bad[0]} 与文件内数据的校验码 {check_code(own)} 不同")
        fingerprint = own
    return _File(words, fingerprint, read.pages, wrong=tuple(wrong))


def _workbook(content: bytes, name: str) -> _File:
    try:
        sheets = read_workbook(content, name=name)
    except UnreadableWorkbook as error:
        raise Refused("not_a_list", error.problem.sentence()) from None
    fingerprint = ""
    with zipfile.ZipFile(BytesIO(content)) as parts:
        if (
            "docProps/custom.xml" in parts.namelist()
            and parts.getinfo("docProps/custom.xml").file_size < _MOST_PROPERTIES
        ):
            fingerprint = next(iter(_SHA.findall(parts.read("docProps/custom.xml").decode("utf-8", "replace"))), "")
    return _File(None, fingerprint, rows=sheets[0].rows if sheets else ())


# -- comparing -------------------------------------------------------------------------------------------------------


def _compared(file: _File, words: dict[str, Any]) -> Iterator[str]:
    if file.pages:
        yield from differences(file.pages, words)
    elif file.rows:
        yield from _cells(file.rows, words)


def _cells(rows: tuple[tuple[Cell, ...], ...], words: dict[str, Any]) -> Iterator[str]:
    """Compare the cells of a workbook with the rows of the list, under its head."""
    labels, width = [column["label"] for column in words["columns"]], len(words["columns"])
    heads = [at for at, row in enumerate(rows) if _headed(row, labels)]
    if not heads:
        yield "工作簿里没有这份名单的表头"
        return
    start = heads[0] + (2 if words["groups"] else 1)
    for number, wanted in enumerate(words["rows"], start=1):
        row = rows[start + number - 1] if start + number - 1 < len(rows) else ()
        cells = (*row, *(None,) * width)[:width]
        for label, cell, said in zip(labels, cells, wanted, strict=True):
            if not _equal(cell, said):
                yield f"第 {number} 行“{label}”：工作簿里是“{'' if cell is None else cell}”，名单上是“{said}”"
                return
    after = rows[start + len(words["rows"])] if start + len(words["rows"]) < len(rows) else ()
    for at, column in enumerate(words["columns"]):
        said = words["totals"].get(column["key"], "")
        if said and not (at < len(after) and _equal(after[at], said)):
            yield f"合计“{column['label']}”：工作簿里是“{after[at] if at < len(after) else ''}”，名单上是“{said}”"
            return


def _headed(row: tuple[Cell, ...], labels: list[str]) -> bool:
    found = {squeezed(str(cell)) for cell in row if cell is not None}
    return sum(squeezed(label) in found for label in set(labels)) * 2 >= len(set(labels)) or (
        len(labels) > 2 and squeezed(str(row[0] if row else "")) == squeezed(labels[0])
    )


def _equal(cell: Cell, said: str) -> bool:
    if cell is None or cell == "":
        return said == ""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return (said == "" and cell == 0) or _number(said) == round(cell * 100)
    return squeezed(str(cell)) == squeezed(said)


def _number(said: str) -> int | None:
    """Return hundredths of a number as printed, or None where it is none."""
    found = re.fullmatch(r"(-?)(\d+)(?:\.(\d{1,2}))?", said)
    if found is None:
        return None
    hundredths = int(found[2]) * 100 + int((found[3] or "0").ljust(2, "0"))
    return -hundredths if found[1] else hundredths


def first_difference(one: dict[str, Any], other: dict[str, Any]) -> str:
    """Return how two lists differ as printed, at the first place; "" where they do not."""
    for at, (left, right) in enumerate(zip(one["rows"], other["rows"], strict=False), start=1):
        for column, mine, theirs in zip(one["columns"], left, right, strict=False):
            if mine != theirs:
                return f"第 {at} 行“{column['label']}”：文件是“{mine}”，名单是“{theirs}”"
    if len(one["rows"]) != len(other["rows"]):
        return f"文件有 {len(one['rows'])} 行，名单有 {len(other['rows'])} 行"
    if one["totals"] != other["totals"]:
        return "合计不同"
    for name in sorted(one.keys() | other.keys()):
        if one.get(name) != other.get(name):
            return {"title": "标题不同", "captions": "表下的说明不同", "columns": "栏目不同"}.get(
                name, "表头或表尾的文字不同"
            )
    return ""


def _of_its_day(name: str) -> bool:
    """Tell whether a paper is not held against today: a form about one person, and what says how it is on its day."""
    return name == "information-base" or (name in PAPERS and PAPERS[name].empty is not None)


def _since(session: Session, row: IssuedList, kept: dict[str, Any], actor: Actor, now: datetime) -> tuple[str, ...]:
    """Return what the ledger says of this list today, where it says something else."""
    if row.paper not in ISSUABLE or row.paper in OPENED or _of_its_day(row.paper):
        return ()  # numbers are not opened to be compared
    year = next(iter(_YEAR.findall(kept["title"])), None)
    asked = Asked(
        row.round_id, actor, now, unit_id=row.unit_id, branch=row.branch, of=row.of, year=int(year) if year else None
    )
    try:
        today = read_paper(session, row.paper, asked)
    except CaseworkError as error:
        return (f"现在已不能从台账打印这份名单：{error.sentence}",)
    said = first_difference(kept, as_printed(today))
    return (f"印发以后台账有了变化：{said.replace('文件', '印发时').replace('名单', '现在')}",) if said else ()
