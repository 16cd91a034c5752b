"""Shapes that say how much: every one gives fen, or null until a body decides."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from casework.shapes.base import Count, Fen, ParameterRef, Shape, Share
from casework.vocabulary import Kind, Subject


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class _Amount(Shape):
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.RATE})
    subject: ClassVar[Subject] = Subject.ROUND

    category: str = Field(title="类别")


class AmountFixed(_Amount):
    """The same for everybody: per person, or once per household."""

    rule: ClassVar[str] = "amount_fixed"
    label: ClassVar[str] = "固定标准"
    example: ClassVar[str] = 'params = { category = "family", yuan = "2000", per = "person" }'

    fen: Fen = Field(alias="yuan", title="标准（元）")
    per: Literal["person", "household"] = Field(default="person", title="每人（person）或每户（household）")


class AmountOpen(_Amount):
    """The circular fixes no amount: null until a body decides, never 0."""

    rule: ClassVar[str] = "amount_open"
    label: ClassVar[str] = "金额由会议研究决定"
    example: ClassVar[str] = 'params = { category = "visit" }'


class AmountChoice(_Amount):
    """A body picks one of the listed amounts."""

    rule: ClassVar[str] = "amount_choice"
    label: ClassVar[str] = "几档标准中选定"
    example: ClassVar[str] = 'params = { category = "relief", yuan = ["1000", "2000", "3000"] }'

    fen: tuple[Fen, ...] = Field(alias="yuan", min_length=1, title="可选标准（元）")


class AmountRange(_Amount):
    """A body picks an amount inside the range, both ends included."""

    rule: ClassVar[str] = "amount_range"
    label: ClassVar[str] = "标准区间"
    example: ClassVar[str] = 'params = { category = "grant", at_least = "200", at_most = "300" }'

    at_least: Fen = Field(title="不低于（元）")
    at_most: Fen = Field(title="不高于（元）")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.at_most < self.at_least:
            raise ValueError("at_most 小于 at_least")
        return self


class AmountActual(_Amount):
    """A share of what was really spent, up to a cap."""

    rule: ClassVar[str] = "amount_actual"
    label: ClassVar[str] = "按实际支出，封顶"
    example: ClassVar[str] = 'params = { category = "medical", field = "medical_expense", share = "50%", cap = "1万" }'

    field: str = Field(title="实际支出字段")
    share: Share = Field(default=Fraction(1), title="比例")
    cap: Fen | None = Field(default=None, title="封顶（元）")


class Tier(_Row):
    """From a number upwards, this much."""

    at_least: int | str = Field(title="不低于（含）")
    fen: Fen = Field(alias="yuan", title="金额（元）")


class AmountSteps(_Amount):
    """The amount steps with a number; below the first tier there is none."""

    rule: ClassVar[str] = "amount_steps"
    label: ClassVar[str] = "分档定额"
    example: ClassVar[str] = (
        'params = { category = "relief", field = "medical_expense", '
        'tiers = [{ at_least = "1万", yuan = "1000" }, { at_least = "3万", yuan = "2000" }] }'
    )

    field: str = Field(title="字段")
    tiers: tuple[Tier, ...] = Field(min_length=1, title="档次")


class Band(_Row):
    """The part of a number above this line counts by this share."""

    above: Fen = Field(title="超过（元）")
    share: Share = Field(title="比例")


class AmountProgressive(_Amount):
    """Each part of the expense by its own share, up to a cap."""

    rule: ClassVar[str] = "amount_progressive"
    label: ClassVar[str] = "分段累进，封顶"
    example: ClassVar[str] = (
        'params = { category = "medical", field = "medical_expense", '
        'bands = [{ above = "0", share = "30%" }, { above = "5万", share = "50%" }], cap = "3万" }'
    )

    field: str = Field(title="支出字段")
    bands: tuple[Band, ...] = Field(min_length=1, title="分段")
    cap: Fen | None = Field(default=None, title="封顶（元）")


class AmountMonths(_Amount):
    """People × months × a dated standard."""

    rule: ClassVar[str] = "amount_months"
    label: ClassVar[str] = "人数×月数×标准"
    example: ClassVar[str] = (
        'params = { category = "temporary", standard = { parameter = "dibao_line", times = "1" }, '
        'people = "size", months = "months", most_months = 6 }'
    )

    standard: ParameterRef = Field(title="标准（带日期的参数）")
    people: str | None = Field(default=None, title="人数字段（不写：1 人）")
    months: str | int = Field(title="月数字段或月数")
    most_months: Count | None = Field(default=None, title="最多几个月")
    cap: Fen | None = Field(default=None, title="封顶（元）")


class DatedTier(_Row):
    """From a day on, this much."""

    on_or_after: date = Field(title="当日或之后")
    fen: Fen = Field(alias="yuan", title="金额（元）")


class AmountByDate(_Amount):
    """The amount depends on a date of the case; before the first tier there is none."""

    rule: ClassVar[str] = "amount_by_date"
    label: ClassVar[str] = "按日期分档"
    example: ClassVar[str] = (
        'params = { category = "veteran", field = "joined_party_on", '
        'tiers = [{ on_or_after = 1937-07-07, yuan = "1000" }, { on_or_after = 1949-10-01, yuan = "600" }] }'
    )

    field: str = Field(title="日期字段")
    tiers: tuple[DatedTier, ...] = Field(min_length=1, title="档次")


class AmountTopUp(_Amount):
    """What is missing to a line, never below zero; with `people`, a head's shortfall times the heads."""

    rule: ClassVar[str] = "amount_top_up"
    label: ClassVar[str] = "补差到线"
    example: ClassVar[str] = (
        'params = { category = "living", field = "monthly_income", line = { parameter = "dibao_line" }, months = 12 }'
    )

    field: str = Field(title="收入字段")
    line: ParameterRef = Field(title="补到哪条线（带日期的参数）")
    people: str | None = Field(default=None, title="人数字段（收入为人均时；不写：1 人）")
    months: str | Count = Field(default=1, title="月数字段或月数")
    most_months: Count | None = Field(default=None, title="最多几个月")
    cap: Fen | None = Field(default=None, title="封顶（元）")


class AmountInKind(_Amount):
    """Goods instead of money; their value may be unknown."""

    rule: ClassVar[str] = "amount_in_kind"
    label: ClassVar[str] = "慰问品"
    example: ClassVar[str] = 'params = { category = "visit", item = "大米", quantity = 1, yuan = "100" }'

    item: str = Field(min_length=1, title="物品")
    quantity: Count = Field(default=1, title="数量")
    fen: Fen | None = Field(default=None, alias="yuan", title="单价（元）")


class Instalments(_Amount):
    """The amount is paid in parts that add up to it exactly."""

    rule: ClassVar[str] = "instalments"
    label: ClassVar[str] = "分期发放"
    example: ClassVar[str] = 'params = { category = "relief", parts = ["50%", "50%"] }'

    parts: tuple[Share, ...] = Field(min_length=2, title="各期比例")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if sum(self.parts) != 1:
            raise ValueError("各期比例相加不是 100%")
        return self


class FundSplit(_Amount):
    """The amount is shared between funds, by percentage or by fixed sums with one fund taking the rest."""

    rule: ClassVar[str] = "fund_split"
    label: ClassVar[str] = "资金分担"
    example: ClassVar[str] = 'params = { category = "relief", shares = { dues = "60%", fiscal = "40%" } }'

    shares: dict[str, Share] = Field(default_factory=dict, title="各资金比例")
    fixed: dict[str, Fen] = Field(default_factory=dict, title="各资金定额（元）")
    rest: str | None = Field(default=None, title="其余由哪项资金承担")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.shares) == bool(self.fixed):
            raise ValueError("shares（比例）与 fixed（定额）只写一种")
        if self.shares and sum(self.shares.values()) != 1:
            raise ValueError("各资金比例相加不是 100%")
        if self.fixed and not self.rest:
            raise ValueError("写定额时要写 rest：其余由哪项资金承担")
        return self


class HighestOnly(Shape):
    """Someone who qualifies for several kinds of aid gets only the highest."""

    rule: ClassVar[str] = "highest_only"
    label: ClassVar[str] = "只取最高一项"
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.REPEAT_AID})
    subject: ClassVar[Subject] = Subject.ROUND
    example: ClassVar[str] = 'params = { categories = ["relief", "visit"] }'

    categories: tuple[str, ...] = Field(default=(), title="类别（空：全部）")
