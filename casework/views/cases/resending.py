"""A unit's sheet beside the one before it: in its place (整表重报) or added to it (补报); who comes, who goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from casework.views.html import card, esc, facts_list, note, shown
from casework.views.panels import toolbar

if TYPE_CHECKING:
    from casework.people.importing_plan import ImportPlan

MOST: Final = 40
"""Names listed of each kind; the rows have all of them."""


def manner_options(plan: ImportPlan) -> dict[str, bool]:
    """Return how the sheet may be taken: label → whether it adds to the earlier one; {} where there is none."""
    if not plan.batches:
        return {}
    others = len(plan.stays) + sum(len(ids) for kind in (plan.gone, plan.keeps) for ids in kind.values())
    whole = f"其余 {others} 人去掉" if others else "原来报的人都在这份表里"
    added = f"其余 {others} 人不动" if others else "原来报的人都在这份表里"
    return {f"整表重报：代替原来报的表，{whole}": False, f"补报：只添上或改动表里的人，{added}": True}


def manner_said(plan: ImportPlan) -> str:
    """Return how the sheet is taken now, as a label of `manner_options`."""
    return next(label for label, added in manner_options(plan).items() if added == plan.supplement)


@shown
def manner_card(plan: ImportPlan, choice: str, *, projected: bool = False) -> str:
    """Return the choice with who would come, change, go or stay; nothing for a unit's first sheet.

    Args:
        plan: The file held against the ledger.
        choice: HTML of the choice between the two.
        projected: Others look on: numbers only.
    """
    if not choice or not plan.batches:
        return ""
    ready = plan.preview.filter(plan.preview["state"] != "held")
    kinds = {kind: ready.filter(ready["change"] == kind)["name"].to_list() for kind in _KINDS}
    names = dict(plan.existing.select("case_id", "name").iter_rows())
    stay = [names[case_id] or "" for ids in plan.keeps.values() for case_id in ids]
    told = {label: _names(kinds[kind], projected=projected) for kind, label in _KINDS.items() if kinds[kind]}
    told |= {"不在表里，不动": _names(stay, projected=projected)} if stay else {}
    said = "原来报过表；写入前请看清谁来谁走"
    nobody = note("与原来报的没有不同。") if not told else ""
    return card("与原来报的表相比", toolbar(choice), facts_list(told) if told else nobody, muted=said)


_KINDS: Final = {"new": "新增", "changed": "有改动", "gone": "不在表里，去掉"}


def _names(names: Sequence[str], *, projected: bool) -> str:
    if projected:
        return f"{len(names)} 人"
    more = f"等 {len(names)} 人" if len(names) > MOST else ""
    return esc(f"{len(names)} 人：" + "、".join(names[:MOST]) + more)
