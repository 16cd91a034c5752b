"""逐项核查 on the case screen: which lists of a case somebody has gone through, and what stands in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from casework.money import yuan
from casework.views.cases.listing import days
from casework.views.cases.reading import CaseView
from casework.views.html import badge, card, folded, rows_table
from casework.vocabulary import AidKind, AidStatus, Mark

CHECKED: Final = {
    "causes": "困难成因",
    "evidence": "证明材料",
    "aid": "其他救助慰问",
    "honours": "荣誉",
    "household": "家庭",
}
"""Lists with a mark: without one an absent row is unknown, never “none”."""

_COLOURS: Final = {Mark.UNCHECKED: "amber", Mark.NONE: "green", Mark.PRESENT: "green"}


def marks_of(case: CaseView) -> dict[str, str]:
    """Return list → mark as it stands; a list nobody has marked is left out."""
    return {row["list"]: row["mark"] for row in case.facts.completeness.iter_rows(named=True) if row["mark"]}


def checked_card(case: CaseView, forms: Mapping[str, str], *, projected: bool) -> str:
    """Return the lists with their marks, honours and other aid, and the forms that enter them.

    Args:
        case: The case.
        forms: `check`, `honour` and `aid`, HTML; absent for readers.
        projected: While others look on the numbers alone are shown.
    """
    if not case.person:
        return ""
    counts = {
        "causes": case.facts.causes.height,
        "evidence": case.facts.evidence.height,
        "aid": case.facts.aid.height,
        "honours": case.facts.honours.height,
        "household": case.facts.members.height,
    }
    marks = marks_of(case)
    rows = [
        (label, _mark(Mark(marks.get(name, Mark.UNCHECKED))), f"{counts[name]} 项" if counts[name] else "没有登记")
        for name, label in CHECKED.items()
    ]
    table = rows_table(("核查什么", "核查结果", "已登记"), rows, raw=(1,))
    listed = "" if projected else _honours(case) + _aid(case)
    tucked = "".join(
        folded(label, forms[name], opened=any(f"cw-{kind}" in forms[name] for kind in ("warn", "error", "ok")))
        for name, label in (("check", "登记核查结果"), ("honour", "登记一项荣誉"), ("aid", "登记一项其他救助慰问"))
        if forms.get(name)
    )
    return card("逐项核查", table, listed, tucked, muted="核过、没有的记“无”；未核的不当作没有")


def _mark(mark: Mark) -> str:
    return badge(mark.label, _COLOURS[mark])


def _honours(case: CaseView) -> str:
    rows = [
        (row["title"] or "", row["level"] or "", days(row["granted_on"]))
        for row in case.facts.honours.iter_rows(named=True)
    ]
    return rows_table(("荣誉", "级别", "授予日期"), rows) if rows else ""


def _aid(case: CaseView) -> str:
    rows = [
        (
            row["source"] or "",
            next((one.label for one in AidKind if one == row["kind"]), ""),
            next((one.label for one in AidStatus if one == row["status"]), ""),
            days(row["on"]),
            "" if row["amount_fen"] is None else yuan(row["amount_fen"]),
        )
        for row in case.facts.aid.iter_rows(named=True)
    ]
    return rows_table(("由谁给的", "种类", "办到哪一步", "日期", "金额（元）"), rows, numbers=(4,)) if rows else ""
