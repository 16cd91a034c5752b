"""Shapes that look at one case: conditions, exclusions, priorities, repeat aid."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from casework.shapes.base import Bounded, Count, Shape, Share, Window
from casework.vocabulary import AidKind, AidStatus, Degree, HardshipCause, Kind, Relation, Tag

CASE_KINDS = frozenset({Kind.CONDITION, Kind.EXCLUSION, Kind.PRIORITY})


class Flag(Shape):
    """A yes-or-no field says yes (or, with `is = false`, no)."""

    rule: ClassVar[str] = "flag"
    label: ClassVar[str] = "是否项"
    kinds: ClassVar[frozenset[Kind]] = CASE_KINDS
    example: ClassVar[str] = 'params = { field = "dibao" }'

    field: str = Field(title="字段")
    wanted: bool = Field(default=True, alias="is", title="应为是（true）或否（false）")


class OneOf(Shape):
    """A field has one of the listed values (membership, unit kind …); with `degree`, and life is at least that hard.

    生活困难群众 is both at once: no Party member, and a life at least this hard.
    """

    rule: ClassVar[str] = "one_of"
    label: ClassVar[str] = "属于其中之一"
    kinds: ClassVar[frozenset[Kind]] = CASE_KINDS
    example: ClassVar[str] = 'params = { field = "beneficiary", values = ["member"] }'

    field: str = Field(title="字段")
    values: tuple[str, ...] = Field(min_length=1, title="允许的值")
    degree: Degree | None = Field(default=None, title="困难程度不低于（不写：不论）")


class Tagged(Shape):
    """The person carries at least one of the recorded 身份; with `degree`, and life is at least that hard."""

    rule: ClassVar[str] = "tagged"
    label: ClassVar[str] = "具有身份"
    kinds: ClassVar[frozenset[Kind]] = CASE_KINDS
    example: ClassVar[str] = 'params = { any_of = ["first_secretary", "village_official"] }'

    any_of: tuple[Tag, ...] = Field(min_length=1, title="身份")
    degree: Degree | None = Field(default=None, title="困难程度不低于（不写：不论）")


class Number(Bounded):
    """A number lies within explicit bounds; a bound may be a dated named parameter."""

    rule: ClassVar[str] = "number"
    label: ClassVar[str] = "数值界限"
    kinds: ClassVar[frozenset[Kind]] = CASE_KINDS
    example: ClassVar[str] = 'params = { field = "party_years", at_least = 50 }'

    field: str = Field(title="字段")


class Household(Bounded):
    """A value derived from the household: size, minors, per-head income; members may count by fractions."""

    rule: ClassVar[str] = "household"
    label: ClassVar[str] = "家庭人口与收入"
    kinds: ClassVar[frozenset[Kind]] = CASE_KINDS
    example: ClassVar[str] = (
        'params = { measure = "per_head_income", at_most = { parameter = "dibao_line", times = "1.5" } }'
    )

    measure: Literal["size", "minors", "yearly_income", "per_head_income"] = Field(title="指标")
    weights: dict[Relation, Share] = Field(default_factory=dict, title="折算人数")


class DateBetween(Shape):
    """A date lies before or after a day."""

    rule: ClassVar[str] = "date"
    label: ClassVar[str] = "日期界限"
    kinds: ClassVar[frozenset[Kind]] = CASE_KINDS
    example: ClassVar[str] = 'params = { field = "joined_party_on", before = 1949-10-01 }'

    field: str = Field(title="字段")
    on_or_after: date | None = Field(default=None, title="当日或之后")
    after: date | None = Field(default=None, title="之后（不含当日）")
    on_or_before: date | None = Field(default=None, title="当日或之前")
    before: date | None = Field(default=None, title="之前（不含当日）")

    @model_validator(mode="after")
    def _has_a_bound(self) -> Self:
        if (self.on_or_after, self.after, self.on_or_before, self.before) == (None, None, None, None):
            raise ValueError("至少要写一个日期界限：on_or_after、after、on_or_before、before")
        return self


class DegreeAtLeast(Shape):
    """The degree of hardship a person found is at least this one."""

    rule: ClassVar[str] = "degree_at_least"
    label: ClassVar[str] = "困难程度不低于"
    kinds: ClassVar[frozenset[Kind]] = CASE_KINDS
    example: ClassVar[str] = 'params = { degree = "exceptional_hardship" }'

    degree: Degree = Field(title="程度")


class Cause(Shape):
    """One of these causes is recorded, for one of these people where it matters whom it struck.

    With `degree` the sentence also says how hard life has become (造成生活特别困难): both must hold.
    """

    rule: ClassVar[str] = "cause"
    label: ClassVar[str] = "困难成因"
    kinds: ClassVar[frozenset[Kind]] = CASE_KINDS
    example: ClassVar[str] = 'params = { any_of = ["own_illness"], affected = ["self"] }'

    any_of: tuple[HardshipCause, ...] = Field(min_length=1, title="成因")
    affected: tuple[Relation, ...] = Field(default=(), title="受影响的人（空：不限）")
    degree: Degree | None = Field(default=None, title="困难程度不低于（不写：不论）")


class MainCause(Shape):
    """The main cause a person named is one of these; never inferred from a list."""

    rule: ClassVar[str] = "main_cause"
    label: ClassVar[str] = "主要成因"
    kinds: ClassVar[frozenset[Kind]] = CASE_KINDS
    example: ClassVar[str] = 'params = { any_of = ["schooling", "house_purchase", "car_purchase"] }'

    any_of: tuple[HardshipCause, ...] = Field(min_length=1, title="成因")


class OtherAid(Shape):
    """Another body's aid exists: applied for or granted, inside a window, through a channel."""

    rule: ClassVar[str] = "aid"
    label: ClassVar[str] = "其他途径救助"
    kinds: ClassVar[frozenset[Kind]] = CASE_KINDS | {Kind.REPEAT_AID}
    example: ClassVar[str] = (
        'params = { kinds = ["union_relief"], source = "工会工委", status = ["granted"], '
        'window = { span = "calendar_year" } }'
    )

    kinds_of_aid: tuple[AidKind, ...] = Field(default=(), alias="kinds", title="救助类型（空：不限）")
    source: str = Field(default="", title="给予救助的单位（空：不限）")
    status: tuple[AidStatus, ...] = Field(default=(AidStatus.GRANTED,), min_length=1, title="状态")
    window: Window = Field(default=Window(), title="期间")


class RepeatAid(Shape):
    """The person was already helped inside the window; `scope = "own"` looks at this ledger only."""

    rule: ClassVar[str] = "repeat_aid"
    label: ClassVar[str] = "不重复慰问救助"
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.REPEAT_AID})
    example: ClassVar[str] = 'params = { window = { span = "calendar_year" }, scope = "own" }'

    window: Window = Field(default=Window(), title="期间")
    scope: Literal["own", "all"] = Field(default="own", title="范围：本台账发放（own）或全部途径（all）")
    kinds_of_aid: tuple[AidKind, ...] = Field(default=(), alias="kinds", title="救助类型（空：不限）")
    exception: Literal["", "reason", "meeting"] = Field(default="", title="例外须有：理由（reason）或会议（meeting）")


class Honoured(Shape):
    """At least so many honours are on record."""

    rule: ClassVar[str] = "honoured"
    label: ClassVar[str] = "获得表彰荣誉"
    kinds: ClassVar[frozenset[Kind]] = CASE_KINDS
    example: ClassVar[str] = "params = { at_least = 1 }"

    at_least: Count = Field(default=1, title="至少几项")
    levels: tuple[str, ...] = Field(default=(), title="级别（空：不限）")


class Evidence(Shape):
    """The named proofs are in the file: all of them, or any one."""

    rule: ClassVar[str] = "evidence"
    label: ClassVar[str] = "证明材料"
    kinds: ClassVar[frozenset[Kind]] = CASE_KINDS | {Kind.DOCUMENT}
    example: ClassVar[str] = (
        'params = { documents = ["疾病证明", "缴费凭证"], need = "all", when_cause = ["own_illness"] }'
    )

    documents: tuple[str, ...] = Field(min_length=1, title="材料")
    need: Literal["all", "any"] = Field(default="all", title="全部（all）或任一（any）")
    when_cause: tuple[HardshipCause, ...] = Field(default=(), title="只在这些成因时要求（空：总是）")


class Compare(Bounded):
    """One number against another of the same case, e.g. medical expense against yearly income."""

    rule: ClassVar[str] = "compare"
    label: ClassVar[str] = "两数之比"
    kinds: ClassVar[frozenset[Kind]] = CASE_KINDS
    example: ClassVar[str] = 'params = { field = "medical_expense", of = "yearly_income", at_least = "50%" }'

    field: str = Field(title="字段")
    of: str = Field(title="相对于哪个字段")
