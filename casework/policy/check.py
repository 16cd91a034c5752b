"""What no single clause can know: references, bands, groups, and one rate for each category."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from casework.money import parse_yuan
from casework.policy.fields import known_fields
from casework.problems import Problem
from casework.shapes import ParameterRef, amounts, conditions, limits, procedure
from casework.shapes.base import Bounded, Limit, parse_share
from casework.vocabulary import Fund, Kind, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from casework.policy.pack import Clause, Policy

# 以上、以下、以内 without a word on whether the number itself belongs to them.
_BARE_BOUND = re.compile(r"(?<!及)(以上|以下|以内)(?![（(]不?含|，不?含)")

_FIELD_KINDS: dict[type, tuple[str, frozenset[str]]] = {
    conditions.Flag: ("field", frozenset({"flag"})),
    conditions.OneOf: ("field", frozenset({"text"})),
    conditions.Number: ("field", frozenset({"fen", "count"})),
    conditions.DateBetween: ("field", frozenset({"date"})),
    amounts.AmountActual: ("field", frozenset({"fen"})),
    amounts.AmountSteps: ("field", frozenset({"fen", "count"})),
    amounts.AmountProgressive: ("field", frozenset({"fen"})),
    amounts.AmountByDate: ("field", frozenset({"date"})),
    amounts.AmountTopUp: ("field", frozenset({"fen"})),
}


def check_policy(policy: Policy) -> tuple[list[Problem], list[Problem]]:
    """Return (errors, warnings) of a parsed pack; errors make it unusable."""
    errors = [
        *_references(policy),
        *_shape_references(policy),
        *_groups(policy),
        *_bands(policy),
        *_rates(policy),
        *_funds(policy),
        *_circles(policy),
    ]
    return errors, list(_bare_bounds(policy))


def _problem(message: str, remedy: str = "", clause: str = "") -> Problem:
    return Problem(message, remedy, file="policy.toml", clause=clause)


def _allowed(names: object) -> str:
    return f"允许：{'、'.join(str(n) for n in names) or '（无）'}"  # type: ignore[attr-defined]


def _references(policy: Policy) -> Iterator[Problem]:
    clauses = {clause.id for clause in policy.clauses}
    categories = [category.id for category in policy.categories]
    paths = [path for path, _ in policy.paths]
    for clause in policy.clauses:
        for other in clause.excepts:
            if other not in clauses:
                yield _problem(f"excepts 指向的条款 {other} 不存在", "改正编号", clause.id)
        for category in clause.for_categories:
            if category not in categories:
                yield _problem(f"for_categories 中没有类别 {category}", _allowed(categories), clause.id)
        for path in clause.for_paths:
            if path not in paths:
                yield _problem(f"for_paths 中没有路径 {path}", _allowed(paths), clause.id)
        params = type(clause.shape).model_fields if clause.shape is not None else {}
        known = [info.alias or name for name, info in params.items()]
        for name in clause.defaults:
            if name not in known:
                yield _problem(f"defaults 中没有参数 {name}", _allowed(known), clause.id)


def _shape_references(policy: Policy) -> Iterator[Problem]:
    categories = [category.id for category in policy.categories]
    fields = known_fields(policy)
    for clause in policy.clauses:
        shape = clause.shape
        if shape is None:
            continue
        for category in _categories_named(shape):
            if category not in categories:
                yield _problem(f"没有类别 {category}", _allowed(categories), clause.id)
        for name, kinds in _fields_named(shape):
            if name not in fields:
                yield _problem(f"没有字段 {name}", _allowed(sorted(fields)), clause.id)
            elif fields[name].kind not in kinds:
                yield _problem(
                    f"字段 {name}（{fields[name].label}）不能这样用",
                    _allowed(sorted(n for n, f in fields.items() if f.kind in kinds)),
                    clause.id,
                )
        if isinstance(shape, conditions.OneOf) and shape.field in fields and fields[shape.field].choices:
            for value in shape.values:
                if value not in fields[shape.field].choices:
                    yield _problem(
                        f"字段 {shape.field} 没有值 {value}", _allowed(fields[shape.field].choices), clause.id
                    )
        yield from _bounds(policy, clause)
        if isinstance(shape, procedure.PriorityOrder):
            priorities = [c.id for c in policy.of_kind(Kind.PRIORITY) if c.subject is Subject.CASE]
            for other in shape.clauses:
                if other not in priorities:
                    yield _problem(f"{other} 不是倾斜条款", _allowed(priorities), clause.id)


def _categories_named(shape: object) -> tuple[str, ...]:
    if isinstance(shape, limits.QuotaGrid):
        return tuple(dict.fromkeys(category for row in shape.places.values() for category in row))
    if isinstance(shape, procedure.FundSource):
        return shape.purposes
    if isinstance(shape, amounts.HighestOnly):
        return shape.categories
    category = getattr(shape, "category", None)
    return (category,) if isinstance(category, str) else ()


def _fields_named(shape: object) -> Iterator[tuple[str, frozenset[str]]]:
    if type(shape) in _FIELD_KINDS:
        attribute, kinds = _FIELD_KINDS[type(shape)]
        yield getattr(shape, attribute), kinds
    if isinstance(shape, conditions.Compare):
        yield shape.field, frozenset({"fen", "count"})
        yield shape.of, frozenset({"fen", "count"})
    if isinstance(shape, amounts.AmountMonths | amounts.AmountTopUp):
        if shape.people is not None:
            yield shape.people, frozenset({"count"})
        if isinstance(shape.months, str):
            yield shape.months, frozenset({"count"})


def _bounds(policy: Policy, clause: Clause) -> Iterator[Problem]:
    """Check that a bound is written in the unit of the number it bounds, and that its parameter exists."""
    shape, fields = clause.shape, known_fields(policy)
    unit = ""
    if isinstance(shape, conditions.Number) and shape.field in fields:
        unit = fields[shape.field].kind
    elif isinstance(shape, conditions.Household):
        unit = "fen" if shape.measure in ("yearly_income", "per_head_income") else "count"
    elif isinstance(shape, conditions.Compare):
        unit = "share"
    if unit and isinstance(shape, Bounded):
        for name in ("at_least", "above", "at_most", "below"):
            limit = getattr(shape, name)
            if limit is not None:
                yield from _bound(policy, clause, name, limit, unit)
    for name in ("standard", "line"):
        ref = getattr(shape, name, None)
        if isinstance(ref, ParameterRef):
            yield from _bound(policy, clause, name, ref, "fen")
    if isinstance(shape, amounts.AmountSteps) and shape.field in fields:
        for tier in shape.tiers:
            yield from _bound(policy, clause, "tiers.at_least", tier.at_least, fields[shape.field].kind)


def _bound(policy: Policy, clause: Clause, name: str, limit: Limit, unit: str) -> Iterator[Problem]:
    if isinstance(limit, ParameterRef):
        known = {parameter.id: parameter for parameter in policy.parameters}
        if limit.parameter not in known:
            yield _problem(f"{name}：没有参数 {limit.parameter}", _allowed(known), clause.id)
        elif known[limit.parameter].unit != unit:
            yield _problem(f"{name}：参数 {limit.parameter} 的单位不对", "金额对金额，数量对数量", clause.id)
        return
    try:
        if unit == "fen":
            parse_yuan(limit) if isinstance(limit, str) else _refuse_number()
        elif unit == "share":
            parse_share(limit)
        elif isinstance(limit, str):
            raise ValueError("要写不带引号的整数")
    except ValueError as error:
        yield _problem(f"{name} 写成“{limit}”不对：{error}", "", clause.id)


def _refuse_number() -> None:
    raise ValueError('金额要写成带引号的元，如 "2000"')


def _groups(policy: Policy) -> Iterator[Problem]:
    cases = {clause.id for clause in policy.clauses if clause.subject is Subject.CASE}
    groups = {group.id: group for group in policy.groups}
    for group in policy.groups:
        if group.id in cases:
            yield _problem(f"[[group]] {group.id} 与条款同名", "换一个编号")
        for member in group.members:
            if member not in cases and member not in groups:
                yield _problem(f"[[group]] {group.id} 中的 {member} 不是个案条款，也不是条件组", "改正编号")
        if group.mode == "at_least" and group.count > len(group.members):
            yield _problem(f"[[group]] {group.id} 要求 {group.count} 项，只列了 {len(group.members)} 项", "改正数目")


def _circles(policy: Policy) -> Iterator[Problem]:
    edges = {clause.id: clause.excepts for clause in policy.clauses}
    edges |= {group.id: group.members for group in policy.groups}
    state: dict[str, int] = {}

    def visit(node: str, trail: tuple[str, ...]) -> Iterator[Problem]:
        if state.get(node) == 1:
            yield _problem(f"互相指向，绕成了圈：{' → '.join((*trail, node))}", "去掉其中一处")
            return
        if state.get(node) == 2:
            return
        state[node] = 1
        for other in edges.get(node, ()):
            yield from visit(other, (*trail, node))
        state[node] = 2

    for node in edges:
        yield from visit(node, ())


def _bands(policy: Policy) -> Iterator[Problem]:
    by_category: dict[str | None, list[tuple[int, int | None, str]]] = {}
    for clause, band in policy.of_shape(limits.QuotaByHeadcount):
        by_category.setdefault(band.category, []).append((band.first, band.last, clause.id))
    for bands in by_category.values():
        bands.sort(key=lambda band: band[0])
        if bands[0][0] > 0:
            yield _problem(f"党员人数少于 {bands[0][0]} 人的没有规定名额", "补一档从 0 开始", bands[0][2])
        for (_, last, one), (first, _, other) in pairwise(bands):
            if last is None or first <= last:
                yield _problem(f"与条款 {one} 的党员人数分档重叠（都含 {first} 人）", "改正界限", other)
            elif first > last + 1:
                gap = f"{last + 1} 至 {first - 1} 人" if first > last + 2 else f"{last + 1} 人"
                yield _problem(f"与条款 {one} 之间有空档：{gap}的没有规定名额", "补上或改正界限", other)
        if bands[-1][1] is not None:
            yield _problem(f"党员人数超过 {bands[-1][1]} 人的没有规定名额", "最后一档不写上端", bands[-1][2])


_RATES = (
    amounts.AmountFixed,
    amounts.AmountOpen,
    amounts.AmountChoice,
    amounts.AmountRange,
    amounts.AmountActual,
    amounts.AmountSteps,
    amounts.AmountProgressive,
    amounts.AmountMonths,
    amounts.AmountByDate,
    amounts.AmountTopUp,
    amounts.AmountInKind,
)


def _rates(policy: Policy) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for clause in policy.clauses:
        if not isinstance(clause.shape, _RATES):
            continue
        category = clause.shape.category
        if category in first and first[category] not in clause.excepts:
            yield _problem(
                f"类别 {category} 已由条款 {first[category]} 规定标准", "一个类别一个标准；例外写 excepts", clause.id
            )
        first.setdefault(category, clause.id)
    for offered in policy.categories:
        if offered.id not in first:
            yield _problem(f"类别 {offered.id}（{offered.label}）没有标准", "写一条 amount_…；未定写 amount_open")


def _funds(policy: Policy) -> Iterator[Problem]:
    """A fund is one purse: two clauses about it would be drawn from as if they were one, or one would be lost."""
    known = [fund.value for fund in Fund]
    for clause, split in policy.of_shape(amounts.FundSplit):
        for fund in dict.fromkeys((*split.shares, *split.fixed, *filter(None, [split.rest]))):
            if fund not in known:
                yield _problem(f"没有资金 {fund}", _allowed(known), clause.id)
    first: dict[tuple[str, str], str] = {}
    for clause, source in policy.of_shape(procedure.FundSource):
        named = (source.level, source.fund.value)
        if named in first:
            yield _problem(
                f"资金 {source.fund.value}（{source.fund.label}）已由条款 {first[named]} 规定",
                "一项资金只写一条，用途和金额合在一起",
                clause.id,
            )
        first.setdefault(named, clause.id)


def _bare_bounds(policy: Policy) -> Iterator[Problem]:
    bounded = (Bounded, limits.QuotaByHeadcount, amounts.AmountSteps, procedure.VisitRule)
    for clause in policy.clauses:
        if isinstance(clause.shape, bounded) and not clause.reading and (word := _BARE_BOUND.search(clause.words)):
            yield _problem(f"“{word[1]}”是否含本数，原文未说，也没有写 reading", "补一句怎样理解", clause.id)
