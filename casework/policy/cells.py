"""The columns of a pack's workbook: what stands in a cell, and how a cell is read back."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel

from casework.policy import raw
from casework.policy.writing import inline
from casework.shapes import SHAPES
from casework.vocabulary import Beneficiary, Force, Kind, Subject, Term

Style: TypeAlias = Literal["text", "lines", "list", "date", "count", "toml", "choice", "choices"]

HEAD_SHEET, GRID_SHEET, TOTAL = "基本信息", "名额表", "合计"

GRID_CELL = "见工作表「名额表」"
"""What the parameter cell of a quota grid says: its numbers have a sheet of their own."""

_SEPARATORS = re.compile(r"[、，,；;\n]")


@dataclass(frozen=True)
class Column:
    """One column: its key in the pack, its head, how its cells are written."""

    key: str
    head: str
    style: Style = "text"
    width: int = 14
    choices: Mapping[str, str] = field(default_factory=dict)  # stored value → what the cell shows


def _shown(terms: type[Term]) -> dict[str, str]:
    return {term.value: term.label for term in terms}


RULES = {rule: f"{shape.label}（{rule}）" for rule, shape in SHAPES.items()}
_ORIGIN = {"default": "非原文"}
_AID = {"visit": "慰问", "relief": "救助", "other": "其他"}
_UNITS = {"fen": "金额", "count": "数量"}
_KINDS = _UNITS | {"flag": "是否", "date": "日期", "text": "文字"}
_MODES = {"any_of": "任一", "all_of": "全部", "at_least": "至少几项"}

CLAUSES = (
    Column("id", "编号", width=14),
    Column("cite", "出处", width=22),
    Column("label", "简称"),
    Column("text", "原文", "lines", 48),
    Column("kind", "种类", "choice", 8, _shown(Kind)),
    Column("force", "强度", "choice", 8, _shown(Force)),
    Column("rule", "规则", "choice", 26, RULES),
    Column("params", "参数", "toml", 44),
    Column("ask", "由人认定的问题", width=30),
    Column("reading", "怎样理解", width=36),
    Column("record", "登记备查", width=30),
    Column("note", "无须办理的原因", width=24),
    Column("excepts", "排除的条款", "list"),
    Column("defaults", "非原文的参数", "list"),
    Column("for_categories", "只用于类别", "list"),
    Column("for_paths", "只用于路径", "list"),
    Column("subject", "针对", "choice", 8, _shown(Subject)),
    Column("effective_from", "自何日起", "date", 12),
    Column("effective_to", "至何日止", "date", 12),
)
CATEGORIES = (
    Column("id", "编号"),
    Column("label", "名称", width=30),
    Column("caption", "表头", width=30),
    Column("beneficiaries", "对象类型", "choices", 18, _shown(Beneficiary)),
    Column("aid", "方式", "choice", 10, _AID),
    Column("source", "来源", "choice", 10, _ORIGIN),
)
PATHS = (Column("id", "编号"), Column("label", "名称", width=30))
FIELDS = (
    Column("id", "编号", width=20),
    Column("label", "名称", width=36),
    Column("kind", "种类", "choice", 10, _KINDS),
    Column("choices", "可填的值", "list", 40),
)
PARAMETERS = (
    Column("id", "编号", width=20),
    Column("label", "名称", width=30),
    Column("unit", "单位", "choice", 10, _UNITS),
    Column("on_or_after", "自何日起", "date", 12),
    Column("value", "数值", width=14),
    Column("source", "来源", "choice", 10, _ORIGIN),
)
GROUPS = (
    Column("id", "编号", width=16),
    Column("label", "名称", width=30),
    Column("mode", "怎样合并", "choice", 12, _MODES),
    Column("count", "至少几项", "count", 10),
    Column("members", "条款或条件组", "list", 50),
    Column("for_categories", "只用于类别", "list"),
    Column("for_paths", "只用于路径", "list"),
)
HEAD = (
    Column("id", "编号"),
    Column("title", "标题"),
    Column("issuer", "发文机关"),
    Column("number", "文号"),
    Column("issued_on", "印发日期", "date"),
    Column("round", "本轮名称"),
    Column("year", "年度", "count"),
    Column("parent", "上级通知包"),
    Column("drop", "不沿用的上级条款", "list"),
    Column("basis", "依据", "lines"),
    Column("source_sha256", "原文校验值（不要改）"),
)

SHEETS: dict[str, tuple[str, tuple[Column, ...], type[BaseModel]]] = {
    "条款": ("clause", CLAUSES, raw.RawClause),
    "类别": ("category", CATEGORIES, raw.RawCategory),
    "路径": ("path", PATHS, raw.RawPath),
    "字段": ("field", FIELDS, raw.RawField),
    "参数": ("parameter", PARAMETERS, raw.RawParameter),
    "条件组": ("group", GROUPS, raw.RawGroup),
}
"""Sheet name → section of the pack, its columns, what may stand in a row."""


def show(column: Column, value: Any) -> str | int | date:
    """Return what the cell of a column shows for a value of the pack; "" for nothing."""
    if value is None:
        return ""
    match column.style:
        case "choice":
            return column.choices.get(value, str(value))
        case "choices":
            return "、".join(column.choices.get(entry, entry) for entry in value)
        case "list":
            return "、".join(str(entry) for entry in value)
        case "lines":
            return value if isinstance(value, str) else "\n".join(value)
        case "date" | "count":
            return value if isinstance(value, int | date) else str(value)
        case "toml":
            return value if isinstance(value, str) else toml_lines(value)
    return value if isinstance(value, int) else str(value)


def read(column: Column, cell: Any) -> Any:
    """Return the value of the pack a cell means; None for an empty one.

    Raises:
        ValueError: With a Chinese sentence.
    """
    text = _as_text(cell)
    if not text:
        return None
    match column.style:
        case "choice":
            return _choice(column, text)
        case "choices":
            return [_choice(column, part) for part in _parts(text)]
        case "list":
            return _parts(text)
        case "lines":
            lines = [line.strip() for line in text.splitlines() if line.strip()]
            return lines if len(lines) > 1 or column.key != "text" else lines[0]
        case "date":
            return _date(cell, text)
        case "count":
            return _count(text)
        case "toml":
            return _toml(text)
    return text


def _as_text(cell: Any) -> str:
    """Return a cell as text; a whole number that Excel holds as a float is a whole number."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if not (cell.hour or cell.minute) else cell.isoformat()
    return str(cell).strip()


def _parts(text: str) -> list[str]:
    return [part.strip() for part in _SEPARATORS.split(text) if part.strip()]


def _choice(column: Column, text: str) -> str:
    for value, shown in column.choices.items():
        if text in (value, shown, shown.split("（")[0]):
            return value
    raise ValueError(f"不能填“{text}”，从下拉清单中选：{'、'.join(column.choices.values())}")


def _date(cell: Any, text: str) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("要填日期，如 2020-01-15") from None


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ValueError("要填整数")
    return int(text)


def _toml(text: str) -> dict[str, Any]:
    """Read parameters: `{ a = 1, b = "2" }`, or one `a = 1` a line."""
    try:
        if text.startswith("{"):
            params: dict[str, Any] = tomllib.loads(f"params = {text}")["params"]
            return params
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        hint = "引号要用英文引号" if re.search("[“”‘’]", text) else '每行写“名 = 值”，文字加英文引号，如 yuan = "2000"'
        raise ValueError(f"参数的写法读不懂：{hint}") from None


def toml_lines(params: Mapping[str, Any]) -> str:
    """Return parameters as people edit them in a cell: one `name = value` a line."""
    return "\n".join(f"{key} = {inline(value)}" for key, value in params.items())
