"""A case entered or corrected by hand, under the checks a sheet is read with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from casework.access import Actor
from casework.db import reading
from casework.people.entry import Entered, add_case, correct_case, entry_values
from casework.people.entry_form import EntryField, entry_fields
from casework.problems import CaseworkError
from casework.views.cases.desk import CaseDesk
from casework.views.cases.reading import CaseView
from casework.views.cases.sheets import problems_html
from casework.views.desk import clock
from casework.views.html import card, esc, failure, folded, note, shown, tag
from casework.views.plans import Told, _key


def fields_of(desk: CaseDesk) -> Sequence[EntryField]:
    """Return the fields of a case under the round's circular."""
    return entry_fields(desk.policy)


def entry_template(fields: Sequence[EntryField]) -> str:
    """Return the form, `{key}` where a field goes; what is sealed says that it is never shown."""
    lines = "".join(
        tag("label", esc(field.label) + ("（填了才改）" if field.sensitive else "")) + f"{{{field.key}}}"
        for field in fields
    )
    return tag("div", lines, "cw-lines cw-entry")


def first_values(desk: CaseDesk, case: CaseView) -> dict[str, str]:
    """Return what the form of a case starts with; nothing for somebody who has left the round."""
    if not case.person:
        return {}
    with reading(desk.engine) as session:
        return entry_values(session, case_id=case.case_id, actor=desk.actor)


def _typed(fields: Sequence[EntryField], given: Mapping[str, Any]) -> dict[str, str]:
    return {field.key: str(given.get(field.key) or "").strip() for field in fields}


def correct(  # noqa: PLR0913 - of whom, what, by whom
    desk: CaseDesk, actor: Actor, page: str, case: CaseView, *, first: Mapping[str, str], given: Mapping[str, Any]
) -> Told:
    """Correct a case: what differs from what the form started with, and no more."""
    values = {key: text for key, text in _typed(fields_of(desk), given).items() if text != first.get(key, "").strip()}
    if not values:
        return Told(done=False, html=note("没有改动。", "warn"))
    content = {"case": case.case_id, "values": values, "seen": case.version}

    def deed() -> Entered:
        return correct_case(
            desk.engine,
            case_id=case.case_id,
            values=values,
            expected_version=case.version,
            actor=actor,
            now=clock(),
            key=_key(page, "correct", content),
        )

    return _entered(deed, f"已更正 {len(values)} 处，原来的内容留在变动记录里。")


def enter(desk: CaseDesk, actor: Actor, page: str, given: Mapping[str, Any]) -> Told:
    """Enter a case of a unit."""
    unit = str(given.get("unit_of") or "")
    values = {key: text for key, text in _typed(fields_of(desk), given).items() if text}
    if not unit or not values.get("name"):
        return Told(done=False, html=note("请选定单位，并填写姓名。", "warn"))
    key = _key(page, "enter", {"unit": unit, "values": values})

    def deed() -> Entered:
        return add_case(
            desk.engine, round_id=desk.round_id, unit_id=unit, values=values, actor=actor, now=clock(), key=key
        )

    return _entered(deed, "已录入一件。")


def _entered(deed: Callable[[], Entered], said: str) -> Told:
    try:
        entered = deed()
    except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
        return Told(done=False, html=note(failure(error), "warn" if isinstance(error, CaseworkError) else "error"))
    problems = problems_html(entered.issues) if entered.issues else ""
    if not entered.saved:
        return Told(done=False, html=note("没有保存，请按下面的提示改正。", "warn") + problems)
    return Told(done=True, html=note(said, "ok") + problems)


@shown
def entry_panel(form: str, told: str) -> str:
    """Return the form that enters a case by hand; nothing for readers."""
    if not form:
        return told
    return told + card("逐件录入", folded("录入一件（没有电子表时）", form, opened=bool(told)))
