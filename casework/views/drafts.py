"""What an officer is typing, kept field by field: it survives a reload, and two pages of one officer lose nothing.

Only what a page changed is written, beside what another page has written meanwhile; where the two differ, both are
told so and nothing is taken over unasked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from casework.access import Actor
from casework.allocation import Parameters
from casework.db import reading
from casework.ledger import change_draft, load_draft
from casework.problems import CaseworkError
from casework.views.desk import NOTEBOOK, Desk, clock
from casework.views.html import note, shown, tag
from casework.views.people import name_of
from casework.views.sheet import Raw, Sheet, Typed, read_sheet, sheet_of

_PARTS: Final = ("money", "places", "reasons", "decided")
MOST_NAMED: Final = 8


def first_sheet(desk: Desk, actor: Actor) -> Sheet:
    """Return what this officer was typing, else the circular as it stands."""
    original = sheet_of(desk, Parameters())
    try:
        with reading(desk.engine) as session:
            draft = load_draft(session, notebook=NOTEBOOK, round_id=desk.round_id, actor=actor)
    except CaseworkError:
        return original
    return Sheet(**{part: {**getattr(original, part), **_mapping(draft.get(part))} for part in _PARTS})


def _mapping(value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def merged(values: Raw, changed: Raw) -> dict[str, Any]:
    """Return `values` with `changed` in it; a field of several parts (a reason) keeps the parts that stood still."""
    found = dict(values)
    for key, value in changed.items():
        found[key] = {**_mapping(found.get(key)), **value} if isinstance(value, Mapping) else value
    return found


def keep(desk: Desk, actor: Actor, **parts: Raw) -> dict[str, Any]:
    """Keep the fields that were changed; every other field stays as it was kept, whoever wrote it.

    Args:
        desk: The round.
        actor: Whose draft; a viewer keeps none.
        parts: `money`, `places`, `reasons`, `decided`: the changed fields alone.

    Returns:
        The draft as it was kept before.
    """
    return _change(desk, actor, {}, parts)


def keep_whole(desk: Desk, actor: Actor, sheet: Sheet) -> dict[str, Any]:
    """Keep a whole worksheet instead of everything that was typed; return the draft as it was before."""
    return _change(desk, actor, {part: dict(getattr(sheet, part)) for part in _PARTS}, {})


def _change(desk: Desk, actor: Actor, whole: Mapping[str, Raw], changed: Mapping[str, Raw]) -> dict[str, Any]:
    if not actor.may_write():
        return {}

    def change(draft: dict[str, Any]) -> dict[str, Any]:
        content = {**draft, **whole}
        return {**content, **{part: merged(_mapping(content.get(part)), new) for part, new in changed.items()}}

    return change_draft(desk.engine, notebook=NOTEBOOK, round_id=desk.round_id, change=change, actor=actor, now=clock())


def draft_parameters(desk: Desk, actor: Actor) -> Typed:
    """Return the kept draft, checked: what a download of the current worksheet is made from."""
    return read_sheet(desk, first_sheet(desk, actor))


# -- two pages of one officer --------------------------------------------------------------------------------------


def replaced(desk: Desk, part: str, stood: Raw, changed: Raw, before: Mapping[str, Any]) -> list[str]:
    """Name what another page had put into the very fields this page has changed just now.

    Args:
        desk: The round.
        part: Which part was changed.
        stood: The fields as this page knew them before its change.
        changed: The fields it changed.
        before: The draft as it was kept before.
    """
    kept = {**getattr(sheet_of(desk, Parameters()), part), **_mapping(before.get(part))}
    found = []
    for key, value in changed.items():
        there = kept.get(key)
        if not _same(there, stood.get(key)) and not _same(merged({key: there}, {key: value})[key], there):
            found.append(f"{_label(desk, part, key)}：另一个页面刚才填了“{_said(there)}”，已由本页所填取代。")
    return found


def elsewhere(desk: Desk, actor: Actor, sheet: Sheet) -> list[str]:
    """Name the fields in which the kept draft differs from this page: another page of this officer changed them."""
    if not actor.may_write():
        return []
    there = first_sheet(desk, actor)
    found = []
    for part in _PARTS:
        here, kept = getattr(sheet, part), getattr(there, part)
        keys = [key for key in dict.fromkeys((*kept, *here)) if not _same(here.get(key), kept.get(key))]
        found += [_both(_label(desk, part, key), here.get(key), kept.get(key)) for key in keys]
    return found


@shown
def elsewhere_html(different: list[str], lost: list[str], buttons: str) -> str:
    """Return what another page of the same officer changed, and the ways to go on; nothing where there is none."""
    said = "".join(note(sentence, "warn") for sentence in lost[-MOST_NAMED:])
    if different:
        more = f"等 {len(different)} 处" if len(different) > MOST_NAMED else ""
        named = "、".join(different[:MOST_NAMED]) + more
        said += note(f"另一个页面也在改这张工作表，与本页不同的有：{named}。两边填的都还在，请选定以哪边为准。", "warn")
    return said + tag("div", buttons, "cw-toolbar") if said else ""


def _same(one: object, other: object) -> bool:
    if isinstance(one, Mapping) or isinstance(other, Mapping):
        return _filled(one) == _filled(other)
    return one == other


def _filled(value: object) -> dict[str, Any]:
    return {name: said for name, said in _mapping(value).items() if said}


def _said(value: object) -> str:
    if isinstance(value, Mapping):
        return "，".join(str(said) for said in _filled(value).values()) or "空"
    return "空" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _both(label: str, here: object, there: object) -> str:
    return f"{label}（本页“{_said(here)}”，另一页“{_said(there)}”）"


def _label(desk: Desk, part: str, key: str) -> str:
    if part == "money":
        return desk.label(key) if key in desk.money else "一处金额"
    if part == "decided":
        persons = dict(desk.assessed.facts.cases.select("case_id", "person_id").iter_rows())
        return f"{name_of(desk).get(persons.get(key, ''), '一人')}的拟定金额"
    return (desk.label(key) if key in desk.places else "一处") + ("的名额" if part == "places" else "超出名额的理由")
