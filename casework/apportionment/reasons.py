"""What an apportionment answers: places, open ties, cautions, and the steps that explain each unit's places."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_HALF = Fraction(1, 2)
_HOW: dict[str, str] = {
    "sainte_lague": "基数 {weight}，按统一除数折算 {share}，四舍五入",
    "dhondt": "基数 {weight}，按统一除数折算 {share}，只取整数",
    "largest_remainder": "基数 {weight}，应得份额 {share}，先取整数部分",
    "equal": "平均份额 {share}，先取整数部分",
    "half_up": "基数 {weight}，按比率为 {share}，四舍五入",
    "exact_rate": "基数 {weight}，按比率为 {share}，先取整数部分",
    "on_line": "基数 {weight}，按统一除数折算 {share}，恰在进位线上，先不进位",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One rule that moved one unit from ``before`` places to ``after``; ``values`` are what the sentence shows.

    Codes: ``base``, ``share``, ``floor``, ``cap``, ``remainder``, ``settled`` (by a recorded choice, for or
    against the unit), ``tied`` (undecided).
    A share is decimal text cut (not rounded) after two digits, so it never shows a line the number has not reached;
    ``exact`` beside it is the fraction itself.
    """

    unit: str
    code: str
    before: int
    after: int
    values: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Tie:
    """``seats`` places that ``units`` (more of them than places) claim with exactly equal right."""

    units: tuple[str, ...]
    seats: int


@dataclass(frozen=True, slots=True)
class Caution:
    """Something an officer must know about this result; ``sentence`` is Chinese."""

    code: str
    sentence: str


ALABAMA = Caution(
    "alabama",
    "最大余数法下，总名额增加时个别单位的名额可能反而减少；需要避免时，请改用“按比例·最均衡（圣拉古法）”。",
)
SETTLE_UNUSED = Caution("settle_unused", "没有出现并列，已记录的研究或抽签结果未使用。")


@dataclass(frozen=True, slots=True)
class Trail:
    """What the steps are told from; nothing is worked out until somebody asks why.

    Attributes:
        method: A method id, or ``exact_rate`` for a rate rounded to the total.
        weights: Unit → weight as the method read it.
        base: Unit → places given first.
        floors: Unit → least places, base included.
        caps: Unit → most places, base included.
        per_weight: The exact share of a unit, beyond its base, is weight × per_weight.
        line: A remainder takes a place when it reaches this; None where no place goes by remainder.
        tied: The units equal at the line.
        seats: The places they share.
        settled: Those of them that a recorded choice gave a place.
    """

    method: str
    weights: Mapping[str, int]
    base: Mapping[str, int]
    floors: Mapping[str, int]
    caps: Mapping[str, int]
    per_weight: Fraction
    line: Fraction | None
    tied: frozenset[str]
    seats: int
    settled: frozenset[str]

    def tell(self, unit: str) -> tuple[Step, ...]:
        """The steps of one unit, in the order in which they acted; the last ``after`` is its places."""
        base, weight, tied = self.base.get(unit, 0), self.weights[unit], unit in self.tied
        share = weight * self.per_weight
        steps = [Step(unit, "base", 0, base, {})] if base else []

        def move(code: str, after: int, values: Mapping[str, str | int]) -> int:
            steps.append(Step(unit, code, places, after, values))
            return after

        # A divisor is set by the last place given; a tied unit reaches it exactly, and that place is the tie.
        on_line = tied and self.method in {"sainte_lague", "dhondt"}
        rounded = share + _HALF if self.method in {"sainte_lague", "half_up"} else share
        how = "on_line" if on_line else self.method
        shown: dict[str, str | int] = {"weight": weight, "share": _decimal(share), "exact": str(share), "how": how}
        places = base
        places = move("share", base + int(rounded) - on_line, shown)
        remainder = base + share - places
        floor, cap = self.floors.get(unit, 0), self.caps.get(unit)
        if places < floor and base + share < floor:
            places = move("floor", floor, {"floor": floor})
        elif cap is not None and base + share > cap and places >= cap:
            places = move("cap", cap, {"cap": cap})
        elif self.line is not None and not tied and remainder >= self.line:
            places = move("remainder", places + 1, {"remainder": _decimal(remainder)})
        if tied:
            won = unit in self.settled
            move("settled" if self.settled else "tied", places + won, {"units": len(self.tied), "seats": self.seats})
        return tuple(steps)


@dataclass(frozen=True)
class Apportionment:
    """Certain places per unit in the order given, open ties, cautions, and the steps on demand.

    Attributes:
        places: Unit → places; without the tied places while a tie is open.
        ties: Open ties (at most one); empty when the table is final.
        warnings: What must be said beside the result.
    """

    places: dict[str, int]
    ties: tuple[Tie, ...]
    warnings: tuple[Caution, ...]
    trail: Trail = field(repr=False, compare=False)

    def steps_of(self, unit: str) -> tuple[Step, ...]:
        """Why ``unit`` has its places."""
        return self.trail.tell(unit)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The steps of all units, unit after unit; made when first read."""
        return tuple(step for unit in self.places for step in self.trail.tell(unit))


def step_sentence(step: Step) -> str:
    """The step in Chinese, for the screen, the printed note and the archive."""
    values, moved = step.values, f"{step.before} → {step.after}"
    match step.code:
        case "base":
            said = "先给固定名额"
        case "share":
            said = ("固定名额之外，" if step.before else "") + _HOW[str(values["how"])].format_map(values)
        case "floor":
            said = f"份额不足下限 {values['floor']} 个，补到下限"
        case "cap":
            said = f"份额超过上限 {values['cap']} 个，按上限计"
        case "remainder":
            said = f"余数 {values['remainder']} 排在前列，加 1 个名额"
        case "settled":
            chosen = "加 1 个名额" if step.after > step.before else "未选中"
            said = f"{values['units']} 个单位并列争 {values['seats']} 个名额，按已记录的研究或抽签结果{chosen}"
        case _:
            said = f"{values['units']} 个单位并列争 {values['seats']} 个名额，待集体研究或抽签"
    return f"{step.unit}：{said}（{moved}）。"


def _decimal(number: Fraction) -> str:
    hundredths = number.numerator * 100 // number.denominator
    return f"{hundredths // 100}.{hundredths % 100:02d}"
