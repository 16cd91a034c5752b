"""What a superior's workbook may ask for about a person, under all the heads it may use, and what this office holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from casework.intake import SheetColumn, known_columns
from casework.intake.columns import bare_key, by_head, head_key
from casework.policy import Policy
from casework.problems import Refused
from casework.shapes.procedure import PublicNotice

NOT_FILLED: Final = "不填"
"""What an officer maps a column to that is to stay blank."""

_OWN: Final = (
    SheetColumn(
        "amount",
        "慰问金额",
        "fen",
        (
            "金额",
            "救助金额",
            "慰问金",
            "慰问资金",
            "救助金",
            "发放金额",
            "实发金额",
            "核定金额",
            "补助金额",
            "帮扶金额",
        ),
    ),
    SheetColumn("requested", "申请金额", "fen", ("拟救助金额", "建议金额", "申请救助金额")),
    SheetColumn("rate", "慰问标准", "fen", ("标准", "救助标准", "补助标准")),
)
"""Columns that mean something else in a list that goes up than in one that comes in: 慰问金额 is what was decided."""

NOT_HELD: Final = frozenset(
    ["employer", "visitor", "notice", "notice_from", "notice_to", "objections", "member.employer", "member.monthly"]
)
"""Known heads for which nothing is kept that could be printed as it stands."""

NUMBERS: Final = frozenset(["id_number", "card", "phone", "address", "address_phone"])
"""Columns that are masked unless they were opened."""

_PUBLIC: Final = ("name", "unit", "category")


def items(policy: Policy) -> tuple[SheetColumn, ...]:
    """Return every column a workbook of a superior may have; the pack's own fields are among them."""
    own = {column.id: column for column in _OWN}
    known = [own.pop(column.id, column) for column in known_columns(policy) if column.id != "path"]
    return (*own.values(), *known)


def public_items(policy: Policy) -> frozenset[str]:
    """Return what may stand on a list for the notice board: what the circular's public notice shows, and no more."""
    named = next((shape.columns for _, shape in policy.of_shape(PublicNotice)), _PUBLIC)
    return frozenset(["index", *named]) & frozenset(["index", "name", "unit", "branch", "category", "amount"])


def choices(policy: Policy) -> dict[str, str]:
    """Return label → id of what a column may be filled with, and 不填."""
    found = {
        column.label: column.id for column in items(policy) if column.id not in NOT_HELD and column.id != "members"
    }
    return {NOT_FILLED: "", **found, "家庭成员": "members"}


def corrections(policy: Policy, given: Mapping[str, str]) -> dict[str, str]:
    """Return head → item from head → item as an officer names it.

    Raises:
        Refused: `no_item`: there is no such item.
    """
    named = choices(policy)
    heads = by_head([replace(column, heads=()) for column in items(policy)])
    found = {}
    for head, words in given.items():
        known = heads.get(head_key(words)) or heads.get(bare_key(words))
        if words in named.values():
            found[head] = words
        elif words in named:
            found[head] = named[words]
        elif known is not None and known.id not in NOT_HELD:
            found[head] = known.id
        else:
            raise Refused("no_item", f"没有“{words}”这个项目，可以写：{'、'.join(named)}")
    return found
