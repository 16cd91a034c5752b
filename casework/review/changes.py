"""How lists that followed one another are called, and what changed on them, said in few words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from casework.models import Adoption
from casework.money import yuan
from casework.vocabulary import Decision

FEW: Final = 3
"""Names said of each kind where a change is only mentioned."""


def list_name(number: int) -> str:
    """Return what the list with a number is called."""
    return f"第 {number} 次变更后的名单" if number else "初定名单"


def change_name(adoption: Adoption) -> str:
    """Return what a list is called with what changed on it, short enough to stand inside a sentence."""
    if not adoption.number:
        return list_name(0)
    said = "；".join(grouped(adoption.numbers.get("causes") or (), most=FEW)) or adoption.reason
    return f"第 {adoption.number} 次变更（{said}）" if said else list_name(adoption.number)


def grouped(causes: Iterable[Mapping[str, Any]], *, most: int | None = None) -> list[str]:
    """Return what changed: the meeting once, then each kind and amount with its names and their number.

    Args:
        causes: As a list keeps them; one that no meeting brought is a sentence already.
        most: Names of one kind; None: all of them.
    """
    said: list[str] = []
    meetings: dict[str, dict[tuple[str, int | None], list[str]]] = {}
    for cause in causes:
        if "meeting" not in cause:
            said.append(str(cause["said"]))
            continue
        parts = meetings.setdefault(cause["meeting"], {})
        parts.setdefault((cause["kind"], cause.get("amount_fen")), []).append(cause["name"])
    for meeting, parts in meetings.items():
        said.append(f"{meeting}：" + "；".join(_part(*part, names, most) for part, names in _in_order(parts)))
    return said


def _in_order(parts: Mapping[tuple[str, int | None], list[str]]) -> list[tuple[tuple[str, int | None], list[str]]]:
    order = [kind.value for kind in Decision]
    return sorted(parts.items(), key=lambda part: (order.index(part[0][0]), part[0][1] or 0))


def _part(kind: str, fen: int | None, names: list[str], most: int | None) -> str:
    amount = f" {yuan(fen)} 元" if fen is not None else ""
    shown = names if most is None or len(names) <= most else names[:most]
    more = "等" if len(shown) < len(names) else ""
    return f"{Decision(kind).label}{amount} {len(names)} 人（{'、'.join(shown)}{more}）"
