"""The keys a pack may contain, and our Chinese for every way of getting them wrong."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from casework.vocabulary import Beneficiary, Force, Kind, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic_core import ErrorDetails

Source = Literal["", "default"]


class _Raw(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RawHead(_Raw):
    """`[policy]`."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str = Field(min_length=1)
    issuer: str = ""
    number: str = ""
    issued_on: date
    round: str = ""
    year: int
    parent: str = ""
    drop: tuple[str, ...] = ()
    basis: tuple[str, ...] = ()
    source_sha256: str


class RawPath(_Raw):
    """`[[path]]`: a chain of steps of its own, e.g. renewals."""

    id: str
    label: str


class RawCategory(_Raw):
    """`[[category]]`."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str = Field(min_length=1)
    caption: str = ""
    beneficiaries: tuple[Beneficiary, ...] = ()
    aid: Literal["visit", "relief", "other"] = "visit"
    source: Source = ""


class RawField(_Raw):
    """`[[field]]`."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str = Field(min_length=1)
    kind: Literal["fen", "count", "flag", "date", "text"]
    choices: tuple[str, ...] = ()


class RawParameterValue(_Raw):
    """One dated value of a parameter."""

    on_or_after: date
    value: str | int


class RawParameter(_Raw):
    """`[[parameter]]`."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str = Field(min_length=1)
    unit: Literal["fen", "count"]
    values: tuple[RawParameterValue, ...] = Field(min_length=1)
    source: Source = ""


class RawGroup(_Raw):
    """`[[group]]`."""

    id: str
    label: str = ""
    any_of: tuple[str, ...] = ()
    all_of: tuple[str, ...] = ()
    at_least: int | None = Field(default=None, ge=1)
    clauses: tuple[str, ...] = ()
    for_categories: tuple[str, ...] = ()
    for_paths: tuple[str, ...] = ()


class RawClause(_Raw):
    """`[[clause]]`."""

    id: str = Field(min_length=1)
    cite: str = Field(min_length=1)
    text: str | tuple[str, ...]
    kind: Kind
    force: Force = Force.MUST
    subject: Subject | None = None
    label: str = ""
    rule: str = ""
    params: dict[str, Any] = Field(default_factory=dict)
    ask: str = ""
    reading: str = ""
    record: str = ""
    note: str = ""
    excepts: tuple[str, ...] = ()
    defaults: tuple[str, ...] = ()
    for_categories: tuple[str, ...] = ()
    for_paths: tuple[str, ...] = ()
    effective_from: date | None = None
    effective_to: date | None = None


TABLES = ("path", "category", "field", "parameter", "group", "clause")
"""The sections of a pack besides `[policy]`."""


def keys_of(model: type[BaseModel]) -> list[str]:
    """Return the keys a pack writes for `model`."""
    return [info.alias or name for name, info in model.model_fields.items()]


def complaints(error: ValidationError, model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """Yield (what is wrong, what is allowed) in Chinese for every error pydantic found in `model`."""
    for detail in error.errors(include_url=False):
        yield _complaint(detail, model)


def _complaint(detail: ErrorDetails, model: type[BaseModel]) -> tuple[str, str]:
    where = ".".join(str(part) for part in detail["loc"] if not str(part).startswith("function-"))
    context = detail.get("ctx", {})
    top = len(detail["loc"]) == 1
    match detail["type"]:
        case "missing":
            return f"缺少 {where}", f"补上 {where}"
        case "extra_forbidden":
            allowed = f"允许的写法：{'、'.join(keys_of(model))}" if top else "删去这一项，或对照手册改名"
            return f"不认识 {where}", allowed
        case "value_error":
            return f"{where}：{context['error']}" if where else str(context["error"]), ""
        case "enum" | "literal_error":
            allowed = str(context["expected"]).replace(" or ", "、").replace(", ", "、").replace("'", "")
            return f"{where} 不能是“{detail['input']}”", f"允许：{allowed}"
        case "string_pattern_mismatch":
            return f"{where} 写成“{detail['input']}”，不合格式", "只用小写字母、数字和连接符，以字母开头"
        case "too_short" | "string_too_short":
            return f"{where} 是空的", f"写上 {where}"
        case "greater_than_equal":
            return f"{where} 不能小于 {context['ge']}", ""
        case kind if kind.startswith(("int", "float")):
            return f"{where} 要写整数，读到“{detail['input']}”", "写不带引号的整数，如 4"
        case kind if kind.startswith("date"):
            return f"{where} 要写日期，读到“{detail['input']}”", "写成 2020-01-15"
        case kind if kind.startswith("string"):
            return f"{where} 要写带引号的文字，读到“{detail['input']}”", '如 "示例"'
        case kind if kind.startswith("bool"):
            return f"{where} 只能写 true 或 false", ""
        case _:
            return f"{where} 的写法不对，读到“{detail['input']}”", "对照手册改正"
