"""The sheet 说明 of a pack's workbook: how to fill it, every rule with its parameters, every value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from casework.policy.fields import BUILT_IN
from casework.policy.handbook import ParameterRow, parameters_of, vocabularies
from casework.policy.meanings import LISTS, MEANINGS
from casework.shapes import SHAPES
from casework.vocabulary import Kind

_HOW = (
    "怎样填写：",
    "1. 工作表「条款」一行一条，通知里有几句话就有几行。“原文”照抄通知，断开的句子分行写。",
    "2. “规则”“由人认定的问题”“登记备查”“无须办理的原因”四列只填一列。填了问题，还要填“怎样理解”。",
    '3. “参数”一格里每行写一个“名 = 值”。文字、金额、比例加英文引号，整数和日期不加；若干个值写成 ["甲", "乙"]。',
    "4. 名额表在工作表「名额表」里改：空格就是没有这类名额，合计不用改。",
    "5. “强度”不是“必须”的，不符合时可以写明理由作为例外。",
    "6. 参数的数值通知里没有的，把参数名填入“非原文的参数”，并在“怎样理解”里写明怎么定的。",
    "7. 几个编号之间用“、”隔开。改完保存，读回时有错会指出工作表和单元格。",
)
_KINDS = {"fen": "金额", "count": "数量", "flag": "是否", "date": "日期", "text": "文字"}


def _parameter(row: ParameterRow) -> str:
    """Return one parameter as a line without the handbook's markup."""
    written = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", row.written).replace("`", "")
    return f"{row.name}：{row.title}（{written}；{'必须写' if row.needed else '可以不写'}）"


def explanation(data: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the sheet, up to four cells each.

    Args:
        data: The pack as `tomllib` reads it, for the fields it declares itself.
    """
    yield from ((line,) for line in _HOW)
    yield ("",)
    yield ("规则：",)
    yield ("规则", "用于种类", "含义与参数", "例")
    for rule, (meaning, sentence) in MEANINGS.items():
        if rule in SHAPES:
            shape = SHAPES[rule]
            kinds = "、".join(kind.label for kind in Kind if kind in shape.kinds)
            rows = [_parameter(row) for row in parameters_of(shape)]
            example = shape.example.removeprefix("params = ")
            yield f"{shape.label}（{rule}）", kinds, "\n".join((meaning, *rows)), f"“{sentence}”\n{example}"
    yield ("",)
    yield ("字段：",)
    for entry in BUILT_IN.values():
        yield entry.id, entry.label, _KINDS[entry.kind]
    for row in data.get("field", ()):
        yield str(row.get("id", "")), str(row.get("label", "")), _KINDS.get(str(row.get("kind", "")), "")
    for name, term in vocabularies().items():
        yield ("",)
        yield (f"{LISTS[name]}：",)
        for member in term:
            yield member.value, member.label
