"""The keys a pack may contain, and our Chinese for every way of getting them wrong."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from casework.vocabulary import Beneficiary, Force, Kind, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic_core import ErrorDetails

Source = Literal["", "default"]

_PACK_ID = r"^[a-z0-9][a-z0-9-]*$"
_NAME = r"^[a-z][a-z0-9_]*$"
_PATTERNS = {
    _PACK_ID: "只用小写字母、数字和连字符，如 jianshi-2020",
    _NAME: "只用小写字母、数字和下划线，以字母开头，如 medical_expense",
}


class _Raw(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RawHead(_Raw):
    """`[policy]`."""

    id: str = Field(pattern=_PACK_ID)
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

    id: str = Field(pattern=_NAME)
    label: str = Field(min_length=1)
    caption: str = ""
    beneficiaries: tuple[Beneficiary, ...] = ()
    aid: Literal["visit", "relief", "other"] = "visit"
    source: Source = ""


class RawField(_Raw):
    """`[[field]]`."""

    id: str = Field(pattern=_NAME)
    label: str = Field(min_length=1)
    kind: Literal["fen", "count", "flag", "date", "text"]
    choices: tuple[str, ...] = ()


class RawParameterValue(_Raw):
    """One dated value of a parameter."""

    on_or_after: date
    value: str | int


class RawParameter(_Raw):
    """`[[parameter]]`."""

    id: str = Field(pattern=_NAME)
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


def complaints(error: ValidationError, model: type[BaseModel], within: str = "") -> Iterator[tuple[str, str]]:
    """Yield (what is wrong, what is allowed) in Chinese for everything pydantic found in `model`.

    Args:
        error: What pydantic raised.
        model: The model it was raised for.
        within: The key the value stands under, e.g. "params".
    """
    unions: dict[str, list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        place, tag = _place(detail, within)
        if detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]:
            continue  # long enough, but for entries that are named as wrong themselves
        if tag:
            unions.setdefault(place, []).append(detail)
        else:
            yield _complaint(detail, place, model)
    for place, details in unions.items():
        yield _union_complaint(details, place, model)


# pydantic reports a value that fits none of several types once for each type, under these names.
_TYPES = {
    "int": "不带引号的整数",
    "constrained-int": "不带引号的整数",
    "str": "带引号的文字",
    "tuple[str, ...]": '几段文字 ["…", "…"]',
    "datetime": "日期和时刻 2020-01-15T17:00:00",
    "date": "日期 2020-01-15",
    "ParameterRef": '带日期的参数 { parameter = "…" }',
}


def _place(detail: ErrorDetails, within: str) -> tuple[str, str]:
    """Return where a value stands, and the name of the type it was tried as, if several were."""
    parts, tag = [within] if within else [], ""
    for part in detail["loc"]:
        if part in _TYPES:
            tag = str(part)
            break
        if part != "[key]":
            parts.append(str(part) if isinstance(part, str) else f"第 {part + 1} 项")
    return ".".join(parts), tag


def _union_complaint(details: list[ErrorDetails], place: str, model: type[BaseModel]) -> tuple[str, str]:
    """Say one sentence for a value that fits none of the types allowed there."""
    for detail in details:
        if "ParameterRef" in detail["loc"] and detail["type"] != "model_type":
            return _complaint(detail, f"{place}.{detail['loc'][-1]}", model)
    allowed = "、".join(dict.fromkeys(_TYPES[tag] for d in details if (tag := _place(d, "")[1])))
    # The whole value, not the item of a list that one of the tries stumbled over.
    shallow = min(details, key=lambda detail: len(detail["loc"]))
    return f"{place} 的写法不对，读到“{shallow['input']}”", f"允许：{allowed}"


def _complaint(detail: ErrorDetails, where: str, model: type[BaseModel]) -> tuple[str, str]:
    context = detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            return f"缺少 {where}", f"补上 {where}"
        case "extra_forbidden":
            return f"不认识 {where}", f"允许的写法：{'、'.join(keys_of(_model_at(model, detail['loc'])))}"
        case "value_error":
            return f"{where}：{context['error']}" if where else str(context["error"]), ""
        case "enum" | "literal_error":
            allowed = str(context["expected"]).replace(" or ", "、").replace(", ", "、").replace("'", "")
            return f"{where} 不能是“{detail['input']}”", f"允许：{allowed}"
        case "string_pattern_mismatch":
            return f"{where} 写成“{detail['input']}”，不合格式", _PATTERNS[context["pattern"]]
        case "too_short" if detail["input"]:
            return f"{where} 只有 {len(detail['input'])} 项", f"至少写 {context['min_length']} 项"
        case "too_short" | "string_too_short":
            return f"{where} 是空的", f"写上 {where}"
        case "greater_than_equal":
            return f"{where} 不能小于 {context['ge']}，读到“{detail['input']}”", f"写 {context['ge']} 或更大的数"
        case kind if kind.startswith("int"):
            return f"{where} 要写整数，读到“{detail['input']}”", "写不带引号的整数，如 4"
        case kind if kind.startswith("date"):
            return f"{where} 要写日期，读到“{detail['input']}”", "写成 2020-01-15"
        case kind if kind.startswith("string"):
            return f"{where} 要写带引号的文字，读到“{detail['input']}”", '如 "示例"'
        case kind if kind.startswith("bool"):
            return f"{where} 只能写 true 或 false，读到“{detail['input']}”", "不带引号"
        case "tuple_type":
            return f"{where} 要写成列表，读到“{detail['input']}”", '如 ["…", "…"]'
        case _:
            return f"{where} 的写法不对，读到“{detail['input']}”", "写成 { 名 = 值 }，对照手册改正"


def _model_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> type[BaseModel]:
    """Return the model whose keys are allowed where the last part of `loc` stands."""
    for part in loc[:-1]:
        by_key = {info.alias or name: info.annotation for name, info in model.model_fields.items()}
        if part in by_key:
            model = next(_models_in(by_key[str(part)]), model)
    return model


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)
