"""What a scenario changes: rates, places, funds, decided amounts. Empty means the circular as it stands."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from casework.frames import cell_key
from casework.money import parse_yuan
from casework.shapes.procedure import FundSource

if TYPE_CHECKING:
    import polars as pl

    from casework.policy import Policy


@dataclass(frozen=True)
class Extra:
    """Why a cell exceeds a soft cap: saving allows blanks, adopting refuses them."""

    cell: str
    reason: str = ""
    decider: str = ""
    road: str = ""


@dataclass(frozen=True)
class Parameters:
    """A sparse set of changes over the circular.

    Attributes:
        rates: Category → fen.
        places: Cell (`frames.cell_key`) → places.
        funds: Fund → fen.
        decided: Case → fen, where the circular fixes no amount.
        extras: Reasons for cells over a soft cap.
        across_units: Put people in order across units at the fund line; None: as the pack says.
    """

    rates: Mapping[str, int] = field(default_factory=dict)
    places: Mapping[str, int] = field(default_factory=dict)
    funds: Mapping[str, int] = field(default_factory=dict)
    decided: Mapping[str, int] = field(default_factory=dict)
    extras: tuple[Extra, ...] = ()
    across_units: bool | None = None

    def with_rate(self, category: str, fen: int) -> Parameters:
        """Return a copy with another rate."""
        return replace(self, rates={**self.rates, category: fen})

    def with_places(self, cell: str, places: int) -> Parameters:
        """Return a copy with another number of places in a cell."""
        return replace(self, places={**self.places, cell: places})

    def with_fund(self, fund: str, fen: int) -> Parameters:
        """Return a copy with another amount in a fund."""
        return replace(self, funds={**self.funds, fund: fen})

    def with_decided(self, case_id: str, fen: int) -> Parameters:
        """Return a copy with an amount decided for a case."""
        return replace(self, decided={**self.decided, case_id: fen})

    def to_json(self) -> str:
        """Return canonical JSON: equal parameters give equal text."""
        content: dict[str, Any] = {
            "rates": dict(self.rates),
            "places": dict(self.places),
            "funds": dict(self.funds),
            "decided": dict(self.decided),
            "extras": sorted([extra.cell, extra.reason, extra.decider, extra.road] for extra in self.extras),
            "across_units": self.across_units,
        }
        return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Parameters:
        """Read what `to_json` wrote."""
        content = json.loads(text)
        content["extras"] = tuple(Extra(*row) for row in content["extras"])
        return cls(**content)


def parse_settings(settings: Iterable[str], *, policy: Policy, units: pl.DataFrame) -> Parameters:
    """Read `rate.hardship=600`, `places.业州镇.frontline=42`, `fund=184000`, `fund.retained_dues=184000`.

    Args:
        settings: One `name=value` each; amounts in yuan.
        policy: The circular.
        units: `frames.UNITS`; a unit is named by its printed name or its id.

    Raises:
        ValueError: With one Chinese sentence: what is wrong and what is allowed.
    """
    found = Parameters()
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise ValueError(f"“{setting}”缺少等号，写成 名称=数值，如 rate.hardship=600")
        head, _, rest = name.strip().partition(".")
        if head == "rate":
            found = found.with_rate(_category(rest, policy), _yuan(value, setting))
        elif head == "places":
            unit, _, category = rest.rpartition(".")
            cell = cell_key(_unit(unit, units), _category(category, policy))
            found = found.with_places(cell, _whole(value, setting))
        elif head == "fund":
            found = found.with_fund(_fund(rest, policy), _yuan(value, setting))
        else:
            raise ValueError(f"不认识“{name}”，可用：rate.类别、places.单位.类别、fund 或 fund.资金")
    return found


def _yuan(value: str, setting: str) -> int:
    try:
        return parse_yuan(value)
    except ValueError as error:
        raise ValueError(f"“{setting}”：{error}") from None


def _whole(value: str, setting: str) -> int:
    text = value.strip()
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"“{setting}”：名额要写不小于 0 的整数")
    return int(text)


def _category(name: str, policy: Policy) -> str:
    by_label = {category.label: category.id for category in policy.categories}
    known = [category.id for category in policy.categories]
    if name in known:
        return name
    if name in by_label:
        return by_label[name]
    raise ValueError(f"没有类别“{name}”，可用：{'、'.join(f'{i}（{n}）' for n, i in by_label.items())}")


def _unit(name: str, units: pl.DataFrame) -> str:
    names = dict(zip(units["name"], units["unit_id"], strict=True))
    if name in names:
        return str(names[name])
    if name in names.values():
        return name
    if not names:
        raise ValueError(f"没有单位“{name}”：这一轮还没有单位，请先导入单位名录")
    raise ValueError(f"没有单位“{name}”，可用：{'、'.join(names)}")


def _fund(name: str, policy: Policy) -> str:
    funds = {shape.fund.value: shape.fund.label for _, shape in policy.of_shape(FundSource) if shape.level == "own"}
    if not name and len(funds) == 1:
        return next(iter(funds))
    if name in funds:
        return name
    if not funds:
        raise ValueError("本通知没有列明资金，不能改动 fund")
    allowed = "、".join(f"fund.{fund}（{label}）" for fund, label in funds.items())
    raise ValueError(f"没有资金“{name}”，可用：{allowed}" if name else f"本通知有几项资金，请写明是哪一项：{allowed}")
