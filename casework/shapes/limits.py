"""Shapes that set places: given grids, bands, rates, ranges, caps, apportionment of a total."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from casework.shapes.base import Count, Shape, Share
from casework.vocabulary import Kind, Method, Subject, UnitKind

LIMIT = frozenset({Kind.LIMIT})


class _Places(Shape):
    """A limit for one category, or for all categories of a unit together."""

    kinds: ClassVar[frozenset[Kind]] = LIMIT
    subject: ClassVar[Subject] = Subject.UNIT

    category: str | None = Field(default=None, title="类别（不写：全部类别合计）")


class QuotaGrid(Shape):
    """The circular's own table unit × category; a blank cell is no place at all."""

    rule: ClassVar[str] = "quota_grid"
    label: ClassVar[str] = "名额分配表"
    kinds: ClassVar[frozenset[Kind]] = LIMIT
    subject: ClassVar[Subject] = Subject.UNIT
    example: ClassVar[str] = 'params.places."示例镇" = { hardship = 17, resident = 1 }'

    places: dict[str, dict[str, Count]] = Field(min_length=1, title="单位、类别与名额")


class QuotaByHeadcount(_Places):
    """One band of Party members; the bands of a pack may neither overlap nor leave a gap."""

    rule: ClassVar[str] = "quota_by_headcount"
    label: ClassVar[str] = "按党员人数分档"
    example: ClassVar[str] = "params = { members_from = 0, members_below = 1000, places = 4 }"

    members_from: Count | None = Field(default=None, title="党员人数不少于（含）")
    members_above: Count | None = Field(default=None, title="党员人数多于（不含）")
    members_below: Count | None = Field(default=None, title="党员人数少于（不含）")
    members_to: Count | None = Field(default=None, title="党员人数不多于（含）")
    places: Count = Field(title="名额")

    @model_validator(mode="after")
    def _one_bound_per_end(self) -> Self:
        if (self.members_from is None) == (self.members_above is None):
            raise ValueError("下端写 members_from（含）或 members_above（不含）其中之一")
        if None not in (self.members_below, self.members_to):
            raise ValueError("上端只能写 members_below（不含）或 members_to（含）其中之一，不写为没有上限")
        if self.last is not None and self.last < self.first:
            raise ValueError("上端小于下端")
        return self

    @property
    def first(self) -> int:
        """Return the smallest headcount of the band."""
        return self.members_from if self.members_from is not None else (self.members_above or 0) + 1

    @property
    def last(self) -> int | None:
        """Return the largest headcount of the band, or None where it is open."""
        return self.members_below - 1 if self.members_below is not None else self.members_to


class QuotaByRate(_Places):
    """A share of the headcount, with its rounding named."""

    rule: ClassVar[str] = "quota_by_rate"
    label: ClassVar[str] = "按党员人数比例"
    example: ClassVar[str] = 'params = { share = "5‰", rounding = "half_up", at_least = 1 }'

    share: Share = Field(title="比例")
    rounding: Literal["half_up", "up", "down", "exact_total"] = Field(
        title="取整：逐行四舍五入（half_up）、进一（up）、舍去（down）、合计精确（exact_total）"
    )
    at_least: Count = Field(default=0, title="至少")
    at_most: Count | None = Field(default=None, title="至多")


class QuotaByUnitKind(_Places):
    """A number for each unit of a kind."""

    rule: ClassVar[str] = "quota_by_unit_kind"
    label: ClassVar[str] = "按单位性质"
    example: ClassVar[str] = 'params = { unit_kinds = ["town_committee"], places = 1, category = "resident" }'

    unit_kinds: tuple[UnitKind, ...] = Field(min_length=1, title="单位性质")
    places: Count = Field(title="名额")


class QuotaRange(_Places):
    """So many to so many places; a person picks the number inside."""

    rule: ClassVar[str] = "quota_range"
    label: ClassVar[str] = "名额区间"
    example: ClassVar[str] = "params = { at_least = 1, at_most = 3 }"

    at_least: Count = Field(default=0, title="至少")
    at_most: Count = Field(title="至多")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.at_most < self.at_least:
            raise ValueError("at_most 小于 at_least")
        return self


class QuotaOpen(_Places):
    """据实: as many as qualify."""

    rule: ClassVar[str] = "quota_open"
    label: ClassVar[str] = "据实，不限名额"
    example: ClassVar[str] = 'params = { category = "family" }'


class CapTotal(Shape):
    """A cap under the sum of the unit caps: for all, for a category, for units of a kind."""

    rule: ClassVar[str] = "cap_total"
    label: ClassVar[str] = "总名额上限"
    kinds: ClassVar[frozenset[Kind]] = LIMIT
    subject: ClassVar[Subject] = Subject.ROUND
    example: ClassVar[str] = 'params = { places = 100, category = "hardship" }'

    places: Count = Field(title="名额")
    category: str | None = Field(default=None, title="类别（不写：全部）")
    unit_kinds: tuple[UnitKind, ...] = Field(default=(), title="单位性质（空：全部）")


class QuotaApportion(Shape):
    """A total is divided among the units by a named method on a basis column."""

    rule: ClassVar[str] = "quota_apportion"
    label: ClassVar[str] = "总名额按办法分配"
    kinds: ClassVar[frozenset[Kind]] = LIMIT
    subject: ClassVar[Subject] = Subject.UNIT
    example: ClassVar[str] = (
        'params = { category = "hardship", total = 124, method = "sainte_lague", basis = "members", floor = 1 }'
    )

    category: str = Field(title="类别")
    total: Count = Field(title="总名额")
    method: Method = Field(default=Method.SAINTE_LAGUE, title="方法")
    basis: Literal["members", "cases"] = Field(default="members", title="依据：党员人数（members）或申报人数（cases）")
    base: Count = Field(default=0, title="每单位基数")
    floor: Count | None = Field(default=None, title="每单位至少")
    cap: Count | None = Field(default=None, title="每单位至多")
