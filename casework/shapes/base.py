"""What every rule shape is: a named, typed, frozen set of parameters a pack may write beside a clause."""

from __future__ import annotations

from calendar import isleap
from datetime import date
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from casework.money import parse_yuan
from casework.vocabulary import Kind, Subject

SHAPES: dict[str, type[Shape]] = {}


def read_fen(value: object) -> int:
    """Read yuan as the pack writes them: text, never a number that could have been a float.

    Raises:
        ValueError: With a Chinese sentence.
    """
    if not isinstance(value, str):
        raise ValueError('金额要写成带引号的元，如 "2000" 或 "18.4万"')  # noqa: TRY004 - pydantic wants ValueError
    return parse_yuan(value)


def parse_share(value: object) -> Fraction:
    """Read an exact share: "30%", "5‰", "1/3", "0.5" or a whole number.

    Raises:
        ValueError: Anything else, a TOML float included.
    """
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError('比例要写成带引号的文字，如 "30%"、"5‰"、"1/3"')  # noqa: TRY004 - pydantic wants ValueError
    text = str(value).strip()
    scale = {"%": 100, "％": 100, "‰": 1000}.get(text[-1:], 1)
    digits = text[:-1] if scale != 1 else text
    if not digits.isascii() or "e" in digits.lower() or "_" in digits:
        raise ValueError(f'看不懂比例“{text}”，请写成 "30%"、"5‰" 或 "1/3"')
    try:
        return Fraction(digits) / scale
    except (ValueError, ZeroDivisionError):
        raise ValueError(f'看不懂比例“{text}”，请写成 "30%"、"5‰" 或 "1/3"') from None


Fen = Annotated[int, BeforeValidator(read_fen)]
"""Yuan as text in the pack, integer fen in Python."""

Share = Annotated[Fraction, BeforeValidator(parse_share)]
"""Exact share between 0 and whatever the clause says."""

Count = Annotated[int, Field(ge=0, strict=True)]
"""People, places, months, years."""


class ParameterRef(BaseModel):
    """A dated number the pack names, e.g. the minimum living allowance line of that day."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    parameter: str = Field(title="参数名")
    times: Share = Field(default=Fraction(1), title="倍数")


Limit = Annotated[int, Field(strict=True)] | str | ParameterRef
"""A bound of a number: a whole number, yuan as text, or a dated parameter."""


class Shape(BaseModel):
    """A rule shape: subclasses declare parameters, what kinds of clause may use them and what they speak of."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False, arbitrary_types_allowed=True)

    rule: ClassVar[str] = ""
    label: ClassVar[str] = ""
    kinds: ClassVar[frozenset[Kind]] = frozenset()
    subject: ClassVar[Subject] = Subject.CASE
    example: ClassVar[str] = ""
    """One line of TOML for the handbook: `params = {…}`."""

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Register every shape that names its rule."""
        if cls.rule:
            if cls.rule in SHAPES and SHAPES[cls.rule].__qualname__ != cls.__qualname__:
                raise TypeError(f"two shapes are called {cls.rule}")
            SHAPES[cls.rule] = cls


class Bounded(Shape):
    """A shape with explicit open or closed bounds: 以上 and 以下 never guessed."""

    at_least: Limit | None = Field(default=None, title="不低于（含）")
    above: Limit | None = Field(default=None, title="高于（不含）")
    at_most: Limit | None = Field(default=None, title="不高于（含）")
    below: Limit | None = Field(default=None, title="低于（不含）")

    @model_validator(mode="after")
    def _has_a_bound(self) -> Self:
        if (self.at_least, self.above, self.at_most, self.below) == (None, None, None, None):
            raise ValueError("至少要写一个界限：at_least、above、at_most、below")
        if None not in (self.at_least, self.above) or None not in (self.at_most, self.below):
            raise ValueError("同一端只能写一个界限：含（at_least / at_most）或不含（above / below）")
        return self


class Window(BaseModel):
    """How far back aid counts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    span: Literal["calendar_year", "years", "round", "ever"] = Field(default="calendar_year", title="期间")
    years: Count | None = Field(default=None, title="年数")

    @model_validator(mode="after")
    def _years_go_with_years(self) -> Self:
        if (self.span == "years") != (self.years is not None):
            raise ValueError('span = "years" 时要写 years，其他期间不写')
        return self

    def opens_on(self, as_of: date) -> date | None:
        """Return the first day that counts, or None where every day does.

        For `round` the caller compares round ids instead of days.
        """
        if self.span == "calendar_year":
            return date(as_of.year, 1, 1)
        if self.span == "years" and self.years is not None:
            year = as_of.year - self.years
            leap_day = (as_of.month, as_of.day) == (2, 29)
            return date(year, 3, 1) if leap_day and not isleap(year) else as_of.replace(year=year)
        return None
