"""What taking a file over would do: who is new, changed, unchanged or gone, before anything is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Literal

from casework.dates import year_month
from casework.identity import name_key
from casework.intake.draft import shown
from casework.intake.schema import SENSITIVE
from casework.money import yuan
from casework.shapes.amounts import AmountFixed
from casework.vocabulary import Beneficiary, HardshipCause, Membership, Sex, Tag, Term

if TYPE_CHECKING:
    import polars as pl

    from casework.policy import Policy

ChangeKind = Literal["new", "changed", "unchanged", "gone", "doubtful"]

LABELS: Final = {
    "sex": "性别",
    "ethnicity": "民族",
    "born_on": "出生年月",
    "joined_party_on": "入党时间",
    "full_member_on": "转正时间",
    "started_work_on": "参加工作时间",
    "membership": "政治面貌",
    "beneficiary": "对象类型",
    "branch": "所在党支部",
    "employer": "工作单位",
    "position": "职务/身份",
    "tags": "身份",
    "category": "类别",
    "path": "办理方式",
    "unit_rank": "推荐顺序",
    "causes": "困难类型",
    "brief": "困难简况",
    "size": "家庭人口",
    "minors": "未成年人数",
    "yearly_income_fen": "家庭年收入",
    "dibao": "是否低保",
    "requested_fen": "慰问金额",
    "name": "姓名",
    "id_number": "身份证号",
    "card": "银行卡号",
    "card_holder": "持卡人",
    "phone": "联系电话",
    "more_phones": "其他电话",
    "address": "家庭住址",
    "remarks": "备注",
}
"""The columns that are compared, in the order of the sheet."""


@dataclass(frozen=True, slots=True)
class Change:
    """One person: `differences` are (column, label, before, after) in words; sensitive values are not repeated.

    `doubtful`: several people of the ledger could be meant, and a person has to say which.
    """

    kind: ChangeKind
    name: str
    unit_id: str | None
    sheet: str = ""
    row: int = 0
    case_id: str | None = None
    differences: tuple[tuple[str, str, str, str], ...] = ()


def preview(
    rows: pl.DataFrame,
    existing: pl.DataFrame,
    *,
    policy: Policy | None = None,
    whole_units: Iterable[str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> list[Change]:
    """Compare the rows of a file with what the ledger has.

    Two rows are one person by equal identity numbers, else by unit, name and an equal or missing birth month; a blank
    cell says nothing and changes nothing.

    Args:
        rows: `schema.INTAKE`.
        existing: Columns of `schema.INTAKE` and `case_id`: the cases of the round, as the caller reads them.
        policy: The circular, for the words of categories and paths.
        whole_units: The units whose list this file replaces: of theirs, who is not in the file is gone. By default the
            units that occur in the file.
        labels: Further columns of both that are compared, with their words; what stands in them is not repeated.

    Returns:
        The rows in their order, then who is gone.
    """
    known = [*existing.iter_rows(named=True)]
    by_number: dict[str, list[int]] = defaultdict(list)
    by_name: dict[tuple[str | None, str], list[int]] = defaultdict(list)
    for at, row in enumerate(known):
        if row.get("id_number"):
            by_number[row["id_number"]].append(at)
        by_name[row.get("unit_id"), name_key(row.get("name") or "")].append(at)
    named = LABELS | dict(labels or {})
    compared = {c: label for c, label in named.items() if c in existing.columns and c in rows.columns}
    closed = {*SENSITIVE, *(labels or {})}
    words, rates = _vocabulary(policy), _rates(policy)
    met: set[int] = set()
    found: list[Change] = []
    for row in rows.iter_rows(named=True):
        place = {"name": row["name"] or "", "unit_id": row["unit_id"], "sheet": row["sheet"], "row": row["row"]}
        same = [at for at in by_number.get(row["id_number"] or "", ()) if at not in met]
        same = same or [
            at
            for at in by_name.get((row["unit_id"], name_key(row["name"] or "")), ())
            if at not in met and _born_alike(row, known[at]) and _numbers_allow(row, known[at])
        ]
        if len(same) > 1:
            # One person may stand in two categories: the case this row says nothing new about is his.
            alike = [at for at in same if not _differences(compared, closed, known[at], row, words, rates)]
            same = alike if len(alike) == 1 else same
        if len(same) == 1:
            at = same[0]
            met.add(at)
            differences = _differences(compared, closed, known[at], row, words, rates)
            kind: ChangeKind = "changed" if differences else "unchanged"
            found.append(Change(kind, case_id=known[at].get("case_id"), differences=differences, **place))
        else:
            met.update(same)
            found.append(Change("doubtful" if same else "new", **place))
    units = set(rows["unit_id"].drop_nulls()) if whole_units is None else set(whole_units)
    return found + [
        Change("gone", row.get("name") or "", row.get("unit_id"), case_id=row.get("case_id"))
        for at, row in enumerate(known)
        if at not in met and row.get("unit_id") in units
    ]


def differences(
    before: dict[str, Any],
    after: dict[str, Any],
    *,
    policy: Policy | None = None,
    labels: Mapping[str, str] | None = None,
) -> tuple[tuple[str, str, str, str], ...]:
    """Return in words how one row differs from one case, as `Change.differences`; both have the columns compared."""
    named = LABELS | dict(labels or {})
    compared = {column: label for column, label in named.items() if column in before and column in after}
    return _differences(compared, {*SENSITIVE, *(labels or {})}, before, after, _vocabulary(policy), _rates(policy))


def _born_alike(row: dict[str, Any], other: dict[str, Any]) -> bool:
    one, two = row["born_on"], other.get("born_on")
    return one is None or two is None or (one.year, one.month) == (two.year, two.month)


def _numbers_allow(row: dict[str, Any], other: dict[str, Any]) -> bool:
    return not row["id_number"] or not other.get("id_number")


def _differences(  # noqa: PLR0913, PLR0917 - two rows and how they are compared
    columns: Mapping[str, str],
    closed: Collection[str],
    before: dict[str, Any],
    after: dict[str, Any],
    words: dict[str, dict[str, str]],
    rates: Mapping[str, int],
) -> tuple[tuple[str, str, str, str], ...]:
    found = []
    for column, label in columns.items():
        new, old = after[column], before[column]
        if new is None or new == [] or _equal(column, old, new, before, after):
            continue
        if column == "requested_fen" and old is None and new == rates.get(after["category"] or before["category"]):
            continue  # the circular's own rate asks for nothing: lists print it for everybody
        if column in closed:
            found.append((column, label, "有" if old else "无", "有改动"))
        else:
            found.append((column, label, _words(column, old, words), _words(column, new, words)))
    return tuple(found)


def _equal(column: str, old: Any, new: Any, before: dict[str, Any], after: dict[str, Any]) -> bool:
    if column == "beneficiary" and old is not None and not after.get("beneficiary_stated", True):
        # Concluded from the category: it says nothing against what the ledger has while the category is the same.
        return bool(after["category"] in {None, before.get("category")})
    if column == "born_on" and old is not None and after["born_precision"] == "month":
        # 1965年3月 does not contradict 1965-03-07.
        return (old.year, old.month) == (new.year, new.month)
    return bool(sorted(old) == sorted(new)) if isinstance(old, list) and isinstance(new, list) else bool(old == new)


def _rates(policy: Policy | None) -> dict[str, int]:
    """Return category → what the circular gives everybody in it."""
    return {shape.category: shape.fen for _, shape in policy.of_shape(AmountFixed)} if policy else {}


def _vocabulary(policy: Policy | None) -> dict[str, dict[str, str]]:
    """Return the words of the stored values, by column."""
    terms: dict[str, type[Term]] = {
        "sex": Sex,
        "membership": Membership,
        "beneficiary": Beneficiary,
        "tags": Tag,
        "causes": HardshipCause,
    }
    words = {column: {term.value: term.label for term in each} for column, each in terms.items()}
    if policy is not None:
        words["category"] = {each.id: each.label for each in policy.categories}
        words["path"] = dict(policy.paths)
    return words


def _words(column: str, value: Any, words: dict[str, dict[str, str]]) -> str:
    """Return a value as an officer reads it, "" where there is none."""
    if isinstance(value, list):
        return "、".join(words.get(column, {}).get(each, str(each)) for each in value)
    if isinstance(value, date):
        return year_month(value) if value.day == 1 else value.isoformat()
    if isinstance(value, int) and column.endswith("_fen"):
        return f"{yuan(value)} 元"
    return words.get(column, {}).get(str(value), shown(value))


def summary(changes: Iterable[Change]) -> dict[str, int]:
    """Return how many people are new, changed, unchanged, gone and doubtful."""
    counted = dict.fromkeys(("new", "changed", "unchanged", "gone", "doubtful"), 0)
    for change in changes:
        counted[change.kind] += 1
    return counted
