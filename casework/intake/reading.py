"""Sheets and their mappings → rows, remarks with their cells, and every row that was not read.

Nothing is half-read: a row with one doubtful cell waits as a whole, and a cell is a value or a remark, never both a
guess and silence.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from casework.dates import PartialDate
from casework.frames import conform
from casework.identity import name_key
from casework.intake.cells import Read, read_cell
from casework.intake.checks import check_row, check_rows, check_totals
from casework.intake.columns import asks_for_id, known_columns
from casework.intake.draft import Draft, Issue, issue_at
from casework.intake.mapping import Mapping
from casework.intake.ordinary import Block, OrdinaryDraft, read_column
from casework.intake.people import asked_row, relative_rows, row_of
from casework.intake.records import OrdinaryRecord, Records, SkipKind, Skipped, Spot, collect
from casework.intake.schema import ASKED, INTAKE, RELATIVES
from casework.intake.texts import Remark, Severity, hold, note, warn
from casework.problems import Problem
from casework.sheet_parts import TWICE, UNCACHED
from casework.sheets import many_objects

if TYPE_CHECKING:
    from datetime import date

    from casework.intake.columns import SheetColumn
    from casework.policy import Policy
    from casework.sheets import Cell, Sheet


@dataclass(frozen=True, eq=False)
class Intake:
    """What was read of a file.

    Attributes:
        rows: `schema.INTAKE`, a row per person, `state` clean or held.
        relatives: `schema.RELATIVES`.
        asked: `schema.ASKED`, the answers to the pack's own fields.
        issues: Everything that is to be said, in the order of the sheets.
        skipped: Every row and sheet that was not read, with its words.
        sheets, mappings: What was read, and how; for the workbook that goes back.
        file: The name of the file.
        keeps_id: Whether the circular asks for identity numbers; else they served for checking only.
    """

    rows: pl.DataFrame
    relatives: pl.DataFrame
    asked: pl.DataFrame
    issues: tuple[Issue, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    sheets: tuple[Sheet, ...] = ()
    mappings: tuple[Mapping, ...] = ()
    file: str = ""
    keeps_id: bool = False

    @property
    def problems(self) -> tuple[Issue, ...]:
        """Return what stops a row, or the file."""
        return tuple(issue for issue in self.issues if issue.severity is Severity.HOLD)

    @property
    def complete(self) -> bool:
        """Tell whether everything may be taken over as it is: by default a file is taken whole or not at all."""
        return not self.problems

    def counts(self) -> dict[str, int]:
        """Return how many rows are `clean`, `held` and `skipped`: together they are all there were."""
        states = Counter(self.rows["state"].to_list())
        return {"clean": states["clean"], "held": states["held"], "skipped": sum(row.rows for row in self.skipped)}


def read_rows(  # noqa: PLR0913 - what a sheet is read against
    sheets: Iterable[Sheet],
    mapping: Mapping | Sequence[Mapping],
    *,
    policy: Policy,
    units: pl.DataFrame,
    as_of: date,
    name: str = "",
    include_hidden: bool = False,
    quick: bool = True,
) -> Intake:
    """Read the people of a file.

    Args:
        sheets: The sheets, as `casework.sheets.read_workbook` gives them.
        mapping: How each sheet is read; a sheet without one is listed as not read.
        policy: The circular of the round.
        units: `frames.UNITS`, the register.
        as_of: The day against which dates are in the future and ages are counted.
        name: The name of the file, for the messages.
        include_hidden: Read hidden sheets, rows and columns as well; by default they are counted, not read.
        quick: Read ordinary rows a column at a time; what is read and said is the same either way.
    """
    listed = tuple(sheets)
    mappings = (mapping,) if isinstance(mapping, Mapping) else tuple(mapping)
    reading = _Reading(policy, units, as_of, name, include_hidden=include_hidden, quick=quick)
    by_sheet = {each.sheet: each for each in mappings if each.layout != "none"}
    with many_objects():
        for sheet in listed:
            reading.sheet(sheet, by_sheet.get(sheet.name))
        return reading.done(listed, mappings)


_MOST_KEPT: Final = 200_000
_ASKED_AT: Final = {"at": pl.Int64, "order": pl.Int64, **ASKED}
_NO_UNIT: Final = hold("没有写单位", "请填写名录中的单位名称")
_FAULTS: Final = {
    UNCACHED: ("单元格的公式没有计算结果", "请在 Excel 或 WPS 中打开，另存一次"),
    TWICE: ("这一格在文件里出现了两次", "请在 Excel 或 WPS 中打开，核对后另存一次"),
}


def _fault(fault: str) -> Remark:
    return hold(*_FAULTS.get(fault, ("单元格是错误值", "请改正公式或直接填写")))


class _Reading:
    """One pass over a file."""

    def __init__(  # noqa: PLR0913 - what a sheet is read against
        self, policy: Policy, units: pl.DataFrame, as_of: date, name: str, *, include_hidden: bool, quick: bool
    ) -> None:
        self.policy, self.as_of, self.file, self.include_hidden = policy, as_of, name, include_hidden
        self.quick = quick
        self.columns = {column.id: column for column in known_columns(policy)}
        self.units: dict[str, list[str]] = defaultdict(list)
        self.unit_names: dict[str, str] = {}
        for unit in units.iter_rows(named=True):
            key = name_key(unit["name"])
            self.units[key].append(unit["unit_id"])
            self.unit_names[key] = unit["name"]
        self.choices = {
            "category": {word: each.id for each in policy.categories for word in (each.label, each.caption) if word},
            "path": {label: path for path, label in policy.paths},
        }
        self.drafts: list[Draft] = []
        self.issues: list[Issue] = []
        self.skipped: list[Skipped] = []
        self._unit_cache: dict[str, Read] = {}
        self._cells: dict[tuple[str, int, type, object], Read] = {}

    # -- a sheet -----------------------------------------------------------------------------------------------

    def sheet(self, sheet: Sheet, mapping: Mapping | None) -> None:
        """Read one sheet."""
        filled = sum(row.count(None) < len(row) for row in sheet.rows)
        if not sheet.visible and not self.include_hidden:
            if filled:
                self.skipped.append(Skipped(sheet.name, 0, SkipKind.HIDDEN_SHEET, rows=filled))
                self._of_sheet(
                    sheet, warn(f"这个工作表是隐藏的，有 {filled} 行，没有读入", "要读的请取消隐藏后重新导入")
                )
            return
        if mapping is None:
            if filled:
                self.skipped.append(Skipped(sheet.name, 0, SkipKind.SHEET, rows=filled))
            return
        records = collect(sheet, mapping, self.columns, include_hidden=self.include_hidden, quick=self.quick)
        self.skipped.extend(records.skipped)
        self._about(sheet, mapping, records)
        drafts = self._drafts(sheet, mapping, records)
        self.drafts.extend(drafts)
        self.issues.extend(check_totals(self.file, drafts, records.totals))

    def _about(self, sheet: Sheet, mapping: Mapping, records: Records) -> None:
        """Say what is to be said of a sheet as a whole."""
        if not records.people:
            self._of_sheet(sheet, hold("表头下面没有人员", "每人填写一行"))
        hidden = [row.row for row in records.skipped if row.kind is SkipKind.HIDDEN]
        if hidden:
            why = "有筛选，" if sheet.filtered else ""
            rows = f"{'、'.join(map(str, hidden[:10]))}{'…' if len(hidden) > 10 else ''}"
            said = f"{why}有 {len(hidden)} 行被隐藏（第 {rows} 行），没有读入"
            self._of_sheet(sheet, warn(said, "要读的请取消隐藏和筛选后重新导入"))
        closed = [column.head for column in mapping.columns if column.hidden and column.field]
        if closed and not self.include_hidden:
            said = f"有 {len(closed)} 列被隐藏（{'、'.join(closed)}），没有读入"
            self._of_sheet(sheet, warn(said, "要读的请取消隐藏后重新导入"))
        if mapping.year is not None and mapping.year not in {self.policy.year, self.policy.issued_on.year}:
            said = f"标题写的是 {mapping.year} 年，本轮是 {self.policy.year} 年"
            self._of_sheet(sheet, warn(said, "请核对是否拿错了表"))
        if records.people and "category" not in mapping.fields() and not (mapping.category or self._only_category()):
            self._of_sheet(sheet, warn("没有类别一栏，新增的人审核前须补上", "请加上慰问类别一栏，或在台账里补"))
        twice = [head for head, times in Counter(column.head for column in mapping.columns).items() if times > 1]
        if twice:
            self._of_sheet(sheet, warn(f"表头“{'”“'.join(twice)}”出现了几次，只读第一列", "请核对各列的含义"))
        if "id_number" in mapping.fields() and not asks_for_id(self.policy):
            self._of_sheet(sheet, note("本通知不要求身份证号，号码只用于核对，不存入台账"))

    def _of_sheet(self, sheet: Sheet, remark: Remark) -> None:
        self.issues.append(issue_at(self.file, sheet, None, remark))

    def _drafts(self, sheet: Sheet, mapping: Mapping, records: Records) -> list[Draft]:
        block = self._block(sheet, mapping, records)
        ordinary = iter(zip(range(len(block.rows)), block.plain, strict=True))
        drafts: list[Draft] = []
        for record in records.people:
            if isinstance(record, OrdinaryRecord):
                at, plain = next(ordinary)
                if plain:
                    drafts.append(OrdinaryDraft(block, at, record, self.file))
                    continue
            drafts.append(self._draft(sheet, mapping, record))
        return drafts

    def _block(self, sheet: Sheet, mapping: Mapping, records: Records) -> Block:
        """Return the ordinary rows of a sheet, read a column at a time, with those marked that need a closer look."""
        rows = [record.row for record in records.people if isinstance(record, OrdinaryRecord)]
        block = Block(sheet, rows, {}, {}, [True] * len(rows))
        if not rows:
            return block
        columns = list(zip(*(sheet.rows[row] for row in rows), strict=True))
        none = (None,) * len(rows)
        for column, known in records.columns:
            cells = columns[column.column] if column.column < len(columns) else none
            read = partial(self._value, known, column.scale)
            block.read[known.id], said = read_column(known.kind, column.scale, cells, read)
            if said:
                block.plain = [plain and not odd for plain, odd in zip(block.plain, said, strict=True)]
        self._place_all(block, mapping)
        for name, end in (("notice_from", 0), ("notice_to", 1)):
            if "notice" in block.read:
                days = zip(block.column(name), block.read["notice"], strict=True)
                block.read[name] = [span[end] if day is None and span else day for day, span in days]
        block.check(self.as_of)
        return block

    def _place_all(self, block: Block, mapping: Mapping) -> None:
        """Do for every row of a block what `_place` does for one."""
        texts = [str(text or mapping.unit) or None for text in block.column("unit")]
        found = {text: self._unit(text) if text else Read(None, (_NO_UNIT,)) for text in set(texts)}
        category = mapping.category or self._only_category()
        categories = [value or category or None for value in block.column("category")]
        block.placed = {"unit": texts, "unit_id": [found[text].value for text in texts], "category": categories}
        odd = {text for text, read in found.items() if read.remarks}
        if odd or None in categories:
            places = zip(block.plain, texts, categories, strict=True)
            block.plain = [plain and text not in odd and category is not None for plain, text, category in places]

    # -- a row -------------------------------------------------------------------------------------------------

    def _draft(self, sheet: Sheet, mapping: Mapping, record: Any) -> Draft:
        draft = Draft(record, sheet, file=self.file)
        for column, spot in record.cells.items():
            draft.reads[column] = self._read(draft, spot)
        for relative in record.relatives:
            draft.relatives.append({column: self._read(draft, spot) for column, spot in relative.items()})
        if not draft.name and not draft.read("name").held:
            draft.say(hold("没有写姓名", "请补上姓名；不是人员的行请删去"), self._first_filled(draft))
        self._place(draft, mapping)
        self._span(draft)
        check_row(draft, self.as_of)
        return draft

    def _read(self, draft: Draft, spot: Spot) -> Read:
        if spot.fault:
            draft.say(_fault(spot.fault), spot)
            return Read(None, (hold(spot.fault),))
        read = self._value(spot.read_as, spot.scale, spot.value)
        for remark in read.remarks:
            draft.say(remark, spot)
        return read

    def _value(self, known: SheetColumn, scale: int, value: Cell) -> Read:
        # The same words stand in thousands of cells; what they mean depends on the column and the cell's type only.
        told = (known.id, scale, type(value), value)
        read = self._cells.get(told)
        if read is None:
            choices = self.choices.get(known.kind) or {word: word for word in known.choices} or None
            read = read_cell(known.kind, value, as_of=self.as_of, scale=scale, choices=choices)
            if len(self._cells) < _MOST_KEPT:
                self._cells[told] = read
        return read

    def _only_category(self) -> str:
        return self.policy.categories[0].id if len(self.policy.categories) == 1 else ""

    @staticmethod
    def _first_filled(draft: Draft) -> Spot | str:
        return draft.spot("name") or next((spot for spot in draft.record.cells.values() if spot.filled), "name")

    def _place(self, draft: Draft, mapping: Mapping) -> None:
        """Find the unit and the category of a row, from its cells or from above the table."""
        written = draft.read("unit")
        text = str(written.value or mapping.unit)
        draft.values["unit"] = text or None
        if not text and not written.held:
            draft.say(_NO_UNIT, "unit")
        elif text:
            found = self._unit(text)
            draft.values["unit_id"] = found.value
            for remark in found.remarks:
                draft.say(remark, "unit")
        category = draft.read("category")
        otherwise = mapping.category or self._only_category() or None
        draft.values["category"] = category.value or (None if category.held else otherwise)
        if draft.values["category"] is None and not category.held and "category" in mapping.fields():
            draft.say(warn("没有写类别，审核前须补上", "请填写慰问类别"), "category")

    def _unit(self, text: str) -> Read:
        found = self._unit_cache.get(text)
        if found is None:
            found = self._unit_cache[text] = self._look_up(text)
        return found

    def _look_up(self, text: str) -> Read:
        ids = self.units.get(name_key(text), [])
        if len(ids) == 1:
            return Read(ids[0])
        if ids:
            return Read(None, (hold("名录中有几个同名单位", "请管理员在名录中区分后再导入"),))
        near = [self.unit_names[key] for key in get_close_matches(name_key(text), self.unit_names, n=3, cutoff=0.5)]
        remedy = f"是不是“{'”“'.join(near)}”？请按名录填写" if near else "请按名录填写，或先把它加入名录"
        return Read(None, (Remark(Severity.HOLD, f"单位“{text}”不在名录中", remedy, near[0] if near else ""),))

    @staticmethod
    def _span(draft: Draft) -> None:
        """Let 公示起止 stand for both of its days."""
        span = draft.read("notice").value
        if isinstance(span, tuple) and len(span) == 2 and all(isinstance(day, PartialDate) for day in span):
            for column, day in zip(("notice_from", "notice_to"), span, strict=True):
                if draft.read(column).value is None:
                    draft.reads[column] = Read(day)

    # -- the end -----------------------------------------------------------------------------------------------

    def done(self, sheets: tuple[Sheet, ...], mappings: tuple[Mapping, ...]) -> Intake:
        """Hold the rows against each other and put everything together."""
        check_rows(self.drafts)
        rows: list[dict[str, Any]] = []
        places: list[int] = []
        relatives: list[dict[str, Any]] = []
        asked: list[dict[str, Any]] = []
        blocks: dict[Block, list[tuple[int, OrdinaryDraft]]] = defaultdict(list)
        for at, draft in enumerate(self.drafts):
            if isinstance(draft, OrdinaryDraft):
                blocks[draft.block].append((at, draft))
                if draft.said:
                    self.issues.extend(draft.issues)
                continue
            relatives.extend(relative_rows(draft))
            rows.append(row_of(draft, self.policy))
            places.append(at)
            answers = ((order, asked_row(draft, each)) for order, each in enumerate(self.policy.fields))
            asked.extend({"at": at, "order": order, **found} for order, found in answers if found is not None)
            self.issues.extend(draft.issues)
        frames = [conform(rows, INTAKE).with_columns(at=pl.Series(places, dtype=pl.Int64))]
        answered = [conform(asked, _ASKED_AT)]
        for block, drafts in blocks.items():
            of = [at for at, _ in drafts]
            chosen = [draft.at for _, draft in drafts]
            states = ["held" if draft.said and draft.held else "clean" for _, draft in drafts]
            frame = block.frame(chosen, states, self.policy)
            frames.append(frame.with_columns(at=pl.Series(of, dtype=pl.Int64)))
            answered.append(block.asked(chosen, of, self.policy))
        if not self.drafts and not any(issue.severity is Severity.HOLD for issue in self.issues):
            self.issues.append(
                Issue(Problem("没有找到名单", "表头里要有“姓名”一列，每人填写一行", file=self.file), Severity.HOLD)
            )
        order = {sheet.name: at for at, sheet in enumerate(sheets)}
        self.issues.sort(key=lambda issue: (order.get(issue.problem.sheet, -1), issue.row))
        return Intake(
            pl.concat(frames).sort("at").drop("at"),
            conform(relatives, RELATIVES),
            pl.concat(answered).sort("at", "order").drop("at", "order"),
            tuple(self.issues),
            tuple(self.skipped),
            sheets,
            mappings,
            self.file,
            asks_for_id(self.policy),
        )
