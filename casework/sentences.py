"""The Chinese sentence of a finding (认定依据) and of a reserve row: what was found, against what, with which result.

Labels only, never an id; amounts in yuan; every bound said exactly as it is meant.
"""

# ruff: noqa: ARG001 - one signature for every shape
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any, TypeAlias

from casework.dates import chinese
from casework.money import yuan
from casework.policy import Clause, Policy, known_fields
from casework.shapes import ParameterRef, Shape, Window, conditions
from casework.shapes.base import Bounded, Limit, parse_share, read_fen
from casework.vocabulary import (
    AidKind,
    Beneficiary,
    Degree,
    HardshipCause,
    Kind,
    Membership,
    Outcome,
    Reason,
    Sex,
    Tag,
    Term,
    UnitKind,
)

Values: TypeAlias = Mapping[str, Any]

_TERMS: dict[str, type[Term]] = {
    "degree": Degree,
    "sex": Sex,
    "beneficiary": Beneficiary,
    "membership": Membership,
    "unit_kind": UnitKind,
    "tags": Tag,
    "causes": HardshipCause,
    "main_cause": HardshipCause,
}
_NAMES = {"tags": "身份", "causes": "困难成因", "main_cause": "主要成因"}
_UNITS = {"age": "岁", "party_years": "年", "size": "人", "minors": "人", "unit_members": "名"}
_RESULT = {
    Kind.EXCLUSION: ("属于不纳入的情形", "不属于不纳入的情形"),
    Kind.REPEAT_AID: ("", ""),
    Kind.DOCUMENT: ("", ""),
}


def finding_sentence(clause: Clause | None, outcome: str, code: str, values: Values, policy: Policy) -> str:
    """Say one finding.

    Args:
        clause: The clause; None for the check of the category, which every case has.
        outcome: `vocabulary.Outcome`.
        code: The finding's code.
        values: The finding's values, read from JSON.
        policy: The circular, for labels of fields, parameters and categories.
    """
    if clause is None:
        return _category(outcome, code, values, policy)
    shape = clause.shape
    if shape is None:
        answer = {Outcome.MET: "已认定为“有”：", Outcome.NOT_MET: "已认定为“无”："}
        return next((words for one, words in answer.items() if one == outcome), "待认定：") + clause.ask
    if outcome == Outcome.NEEDS_JUDGEMENT:
        return "待认定：主要成因"
    if outcome == Outcome.UNKNOWN:
        if isinstance(shape, conditions.Evidence):
            return f"尚未登记：{_list(values.get('lacking') or shape.documents)}"
        return f"缺少：{'、'.join(_missing(shape, values, policy)) or clause.label or '有关情况'}"
    met = outcome == Outcome.MET
    told = _TELL[type(shape)](shape, values, policy, met)
    result = _RESULT.get(clause.kind, (Outcome.MET.label, Outcome.NOT_MET.label))[0 if met else 1]
    return f"{told}：{result}" if result and not isinstance(shape, conditions.RepeatAid) else told


def reason_sentence(reason: str, clauses: Iterable[str], policy: Policy) -> str:
    """Say why someone is not on the list: the reason, and where the circular says so."""
    label = next((one.label for one in Reason if one == reason), "")
    places = "；".join(dict.fromkeys(place for name in clauses if (place := _place(name, policy))))
    return f"{label}（{places}）" if places else label


def _place(name: str, policy: Policy) -> str:
    """Return the printed place of a clause, or the name of a group."""
    for clause in policy.clauses:
        if clause.id == name:
            return f"{clause.cite}“{clause.label}”" if clause.label else clause.cite
    for group in policy.groups:
        if group.id == name:
            return group.label or "、".join(dict.fromkeys(_place(member, policy) for member in group.members))
    return "慰问类别" if name == "category" else ""


def _category(outcome: str, code: str, values: Values, policy: Policy) -> str:
    category = next((one for one in policy.categories if one.id == values.get("category")), None)
    if outcome == Outcome.UNKNOWN:
        if values.get("category") is None:
            return "缺少：慰问类别"
        needs_kind = category is not None and category.beneficiaries and values.get("beneficiary") is None
        return "缺少：对象类型" if needs_kind else "缺少：办理路径"
    if category is None or code == "category_unknown":
        return f"所填慰问类别不在本通知的类别（{_list(one.label for one in policy.categories)}）之内：不符合"
    who = f"，对象类型：{_label('beneficiary', values['beneficiary'])}" if values.get("beneficiary") else ""
    if outcome == Outcome.MET:
        return f"慰问类别：{category.label}{who}：符合"
    return f"慰问类别：{category.label}（{_list(one.label for one in category.beneficiaries)}）{who}：不符合"


# -- words -------------------------------------------------------------------------------------------------------


def _list(words: Iterable[str]) -> str:
    return "、".join(words)


def _either(terms: Iterable[Term]) -> str:
    return "或".join(term.label for term in terms)


def _label(field: str, value: str) -> str:
    return next((term.label for term in _TERMS.get(field, ()) if term == value), value)


def _name(field: str, policy: Policy) -> str:
    return _NAMES.get(field) or known_fields(policy)[field].label


def _amount(field: str, value: Any, policy: Policy) -> str:
    """Say a value with its unit."""
    if field in ("tags", "causes"):
        return _list(_label(field, one) for one in value) or "无"
    if field in _TERMS:
        return _label(field, value)
    kind = known_fields(policy)[field].kind
    if kind == "fen":
        return f" {yuan(value)} 元"
    if kind == "count":
        return f" {value} {_UNITS.get(field, '')}".rstrip()
    if kind == "flag":
        return "是" if value else "否"
    return chinese(date.fromisoformat(value)) if kind == "date" else str(value)


def _told(field: str, values: Values, policy: Policy) -> str:
    """Say "党龄 51 年", "政治面貌：中共党员", or that a value is not known."""
    if values.get(field) is None:
        return f"{_name(field, policy)}未填"
    said = _amount(field, values[field], policy)
    return f"{_name(field, policy)}{said}" if said.startswith(" ") else f"{_name(field, policy)}：{said}"


def _number(share: Fraction) -> str:
    """Say an exact number: 1.5, 4/3."""
    tenths = share * 100
    if tenths.denominator != 1:
        return f"{share.numerator}/{share.denominator}"
    whole, part = divmod(int(tenths), 100)
    return f"{whole}.{part:02d}".rstrip("0").rstrip(".")


def _limit(limit: Limit, kind: str, unit: str, policy: Policy) -> str:
    if isinstance(limit, ParameterRef):
        label = policy.parameter(limit.parameter).label
        return label if limit.times == 1 else f"{label}的 {_number(limit.times)} 倍"
    if kind == "share":
        share = parse_share(limit)
        percent = share * 100
        return f"{percent.numerator}%" if percent.denominator == 1 else _number(share)
    if kind == "fen":
        return f"{yuan(read_fen(limit))} 元"
    return f"{limit} {unit}".rstrip()


_COUNTED = {"at_least": "不少于", "above": "多于", "at_most": "不多于", "below": "少于"}
_MEASURED = {"at_least": "不低于", "above": "高于", "at_most": "不高于", "below": "低于"}
_DATED = {"on_or_after": "当日或之后", "after": "之后", "on_or_before": "当日或之前", "before": "之前"}
_OPPOSITE = {"at_least": "below", "above": "at_most", "at_most": "above", "below": "at_least"} | {
    "on_or_after": "before",
    "after": "on_or_before",
    "on_or_before": "after",
    "before": "on_or_after",
}


def _bounds(shape: Bounded, kind: str, unit: str, policy: Policy, *, met: bool) -> str:
    """Say the bounds a number keeps, or the one it breaks."""
    words = _COUNTED if kind == "count" and unit != "岁" else _MEASURED

    def say(name: str, limit: Limit) -> str:
        space = "" if isinstance(limit, ParameterRef) else " "
        return f"{words[name]}{space}{_limit(limit, kind, unit, policy)}"

    return _kept_or_broken({name: getattr(shape, name) for name in words}, say, met=met)


def _kept_or_broken(bounds: Mapping[str, Any], say: Callable[[str, Any], str], *, met: bool) -> str:
    given = {name: limit for name, limit in bounds.items() if limit is not None}
    if not met and len(given) == 1:
        return "".join(say(_OPPOSITE[name], limit) for name, limit in given.items())
    said = [say(name, limit) for name, limit in given.items()]
    together = "且".join(f"{one} " if one[-1].isdigit() and one != said[-1] else one for one in said)
    return together if met else f"不在“{together}”之内"


def _degree_needed(
    shape: conditions.OneOf | conditions.Tagged | conditions.Cause, values: Values, policy: Policy
) -> str:
    """Say the degree that was found and the least the sentence names, or nothing where it names none."""
    if shape.degree is None:
        return ""
    return f"，{_told('degree', values, policy)}（须不低于{shape.degree.label}）"


# -- what is found, shape by shape -----------------------------------------------------------------------------------


def _flag(shape: conditions.Flag, values: Values, policy: Policy, met: bool) -> str:
    return _told(shape.field, values, policy)


def _one_of(shape: conditions.OneOf, values: Values, policy: Policy, met: bool) -> str:
    told, degree = _told(shape.field, values, policy), _degree_needed(shape, values, policy)
    others = (
        ""
        if values.get(shape.field) in shape.values
        else f"，不是{_list(_label(shape.field, v) for v in shape.values)}"
    )
    return f"{told}{others}{degree}"


def _tagged(shape: conditions.Tagged, values: Values, policy: Policy, met: bool) -> str:
    degree = _degree_needed(shape, values, policy)
    named = [tag for tag in shape.any_of if tag in (values.get("tags") or ())]
    if named:
        return f"身份：{_list(tag.label for tag in named)}{degree}"
    return f"{_told('tags', values, policy)}，不是{_list(tag.label for tag in shape.any_of)}{degree}"


def _bounded(shape: conditions.Number, values: Values, policy: Policy, met: bool) -> str:
    kind, unit = known_fields(policy)[shape.field].kind, _UNITS.get(shape.field, "")
    return f"{_told(shape.field, values, policy)}，{_bounds(shape, kind, unit, policy, met=met)}"


def _household(shape: conditions.Household, values: Values, policy: Policy, met: bool) -> str:
    told = "，".join(_told(field, values, policy) for field in values)
    if shape.weights:
        told += f"（折算人数：{_list(f'{who.label}按 {_number(share)} 人' for who, share in shape.weights.items())}）"
    if shape.measure == "per_head_income":
        return f"{told}，人均年收入{_bounds(shape, 'fen', '', policy, met=met)}"
    kind = "fen" if shape.measure == "yearly_income" else "count"
    return f"{told}，{_bounds(shape, kind, '人', policy, met=met)}"


def _date(shape: conditions.DateBetween, values: Values, policy: Policy, met: bool) -> str:
    bounds = {name: getattr(shape, name) for name in _DATED}
    words = _kept_or_broken(bounds, lambda name, day: f"在{chinese(day)}{_DATED[name]}", met=met)
    return f"{_told(shape.field, values, policy)}，{words}"


def _degree(shape: conditions.DegreeAtLeast, values: Values, policy: Policy, met: bool) -> str:
    return f"{_told('degree', values, policy)}，{'不低于' if met else '低于'}{shape.degree.label}"


def _cause(shape: conditions.Cause, values: Values, policy: Policy, met: bool) -> str:
    degree, recorded = _degree_needed(shape, values, policy), values.get("causes") or ()
    whom = f"（受影响的人：{_list(one.label for one in shape.affected)}）" if shape.affected else ""
    named = [cause for cause in shape.any_of if cause in recorded]
    if met:
        return f"困难成因：{_list(cause.label for cause in named)}{degree}"
    told = _told("causes", values, policy) if recorded else "没有登记困难成因"
    wanted = f"{_list(cause.label for cause in shape.any_of)}{whom}"
    return f"{told}{f'（须为{wanted}）' if named else f'，没有{wanted}'}{degree}"


def _main_cause(shape: conditions.MainCause, values: Values, policy: Policy, met: bool) -> str:
    told = "没有困难成因" if values.get("main_cause") is None else _told("main_cause", values, policy)
    return told if met else f"{told}，不是{_list(cause.label for cause in shape.any_of)}"


def _within(window: Window) -> str:
    return {"calendar_year": "本年度内", "round": "本轮内", "ever": "此前"}.get(window.span, f"近 {window.years} 年内")


def _aid(shape: conditions.OtherAid, values: Values, policy: Policy, met: bool) -> str:
    kinds = _either(shape.kinds_of_aid) or "其他途径救助"
    source = f"{shape.source}的" if shape.source else ""
    if met:
        seen = f"（{values['aid']}）" if values.get("aid") else ""
        return f"{_within(shape.window)}{_either(shape.status)}{source}{kinds}{seen}"
    return f"{_within(shape.window)}没有{_either(shape.status)}的{source}{kinds}"


def _repeat_aid(shape: conditions.RepeatAid, values: Values, policy: Policy, met: bool) -> str:
    kinds = _either(shape.kinds_of_aid or (AidKind.VISIT, AidKind.RELIEF))
    if met:
        return f"{_within(shape.window)}已{kinds}" + (f"：{values['aid']}" if values.get("aid") else "")
    whose = "本台账" if shape.scope == "own" else ""
    return f"{whose}{_within(shape.window)}没有{kinds}记录"


def _honoured(shape: conditions.Honoured, values: Values, policy: Policy, met: bool) -> str:
    levels = f"（{_list(shape.levels)}）" if shape.levels else ""
    word = _COUNTED["at_least" if met else "below"]
    return f"表彰荣誉{levels or ' '}{values.get('honours') or 0} 项，{word} {shape.at_least} 项"


def _evidence(shape: conditions.Evidence, values: Values, policy: Policy, met: bool) -> str:
    lacking = values.get("lacking") or []
    given = [document for document in shape.documents if document not in lacking]
    if not met:
        return f"未提供：{_list(lacking)}" + ("（有其中一项即可）" if shape.need == "any" and len(lacking) > 1 else "")
    if lacking and (shape.need == "all" or not given):
        return f"按登记的困难成因不需提供：{_list(lacking)}"
    return f"已提供：{_list(given)}"


def _compare(shape: conditions.Compare, values: Values, policy: Policy, met: bool) -> str:
    told = f"{_told(shape.field, values, policy)}，{_told(shape.of, values, policy)}"
    return f"{told}，前者与后者之比{_bounds(shape, 'share', '', policy, met=met)}"


_TELL: dict[type[Shape], Callable[[Any, Values, Policy, bool], str]] = {
    conditions.Flag: _flag,
    conditions.OneOf: _one_of,
    conditions.Tagged: _tagged,
    conditions.Number: _bounded,
    conditions.Household: _household,
    conditions.DateBetween: _date,
    conditions.DegreeAtLeast: _degree,
    conditions.Cause: _cause,
    conditions.MainCause: _main_cause,
    conditions.OtherAid: _aid,
    conditions.RepeatAid: _repeat_aid,
    conditions.Honoured: _honoured,
    conditions.Evidence: _evidence,
    conditions.Compare: _compare,
}


# -- what is missing ---------------------------------------------------------------------------------------------


def _missing(shape: Shape, values: Values, policy: Policy) -> list[str]:
    """Name what has to be found out before the clause can say anything."""
    match shape:
        case conditions.OtherAid() | conditions.RepeatAid():
            return ["慰问救助情况的核实结果"]
        case conditions.Honoured():
            return ["表彰荣誉的核实结果"]
        case conditions.Cause():
            degree = ["困难程度"] if shape.degree is not None and values.get("degree") is None else []
            whom = f"，受影响的人：{_list(one.label for one in shape.affected)}" if shape.affected else ""
            return [f"困难成因的核实结果（是否有{_list(cause.label for cause in shape.any_of)}{whom}）", *degree]
    missing = [_name(field, policy) for field, value in values.items() if value is None]
    if isinstance(shape, conditions.Household) and not missing:
        missing = ["家庭人口"] if values.get("size") == 0 else ["家庭成员名单"] if shape.weights else []
    if isinstance(shape, Bounded) and not missing:
        limits = (shape.at_least, shape.above, shape.at_most, shape.below)
        named = [policy.parameter(limit.parameter).label for limit in limits if isinstance(limit, ParameterRef)]
        missing = [f"{label}当日的标准" for label in named]
    return missing
