"""The controls of the case screen: a form for each deed, none of them for readers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import marimo as mo

from casework.access import Actor
from casework.views import Told, cases
from casework.views.cases import CaseDesk, CaseView, Listed, Look, View
from casework.views.situation_deeds import FORMS, situation_forms
from casework.widgets.cases import Hand, Set, text
from casework.widgets.cases_scans import SCANS, scan_forms
from casework.widgets.choices import pick
from casework.widgets.deeds import Counter
from casework.widgets.review_forms import drawn_anew, drawn_form, next_drawing, own_ids

STEP, ANSWER, PAPER, NUMBERS, LEAVE, CORRECT = "环节", "认定", "材料", "打开", "减员", "更正"
ENTERED = "录入"
"""Where on the screen what came of a deed is said."""


def moves(listed: Listed, view: View, hand: Hand, case_id: str | None) -> dict[str, mo.ui.button]:
    """Return the buttons to the case before and the case after in the worklist."""

    def move(step: int) -> Callable[[Any], None]:
        return lambda _: hand.take(listed.beside(view, case_id, step))

    return {
        "previous": mo.ui.button(label="↑ 上一人", on_click=move(-1)),
        "next": mo.ui.button(label="↓ 下一人", on_click=move(1)),
    }


def case_forms(
    counter: Counter[CaseDesk], look: Look, case: CaseView, set_opened: Set, opened: Mapping[str, Any]
) -> dict[int, dict[str, Any]]:
    """Return the forms of one case: step, answer, paper, numbers, correction, leaving; `opened`: what was opened.

    While others look on there is none that would show what the case holds.

    Returns:
        The forms by name, under the number of their drawing: what was typed for one person must never be seen, and
        handed in, at the next (`widgets.review_forms.drawn_anew`).
    """
    if not counter.desk.may_write:
        return {}
    number = next_drawing()
    with own_ids(number):
        forms = {
            "step": _step_form(counter, case),
            "judgement": _judgement_form(counter, case),
            "evidence": _evidence_form(counter, case),
            "revoke": _revoke_form(counter, case),
            "open": _open_form(counter, case, set_opened),
            "remove": _leave_form(counter, case),
            "correct": None if look.projected else _correct_form(counter, case),
            **scan_forms(counter, case.scans, section=_of(case, SCANS)),
        }
    clear = case.case_id in opened and not look.projected
    drawn: dict[int, dict[str, Any]] = {number: {name: form for name, form in forms.items() if form is not None}}
    for name, form in situation_forms(counter.desk, counter.page, case, opened=clear).items():
        for own, element in drawn_form(counter, _of(case, SECTION[name]), form).items():
            drawn[own] = {name: element}
    return drawn


SECTION = {
    "step": STEP,
    "judgement": ANSWER,
    "evidence": PAPER,
    "revoke": STEP,
    "open": NUMBERS,
    "remove": LEAVE,
    "correct": CORRECT,
    **{name: name for name in FORMS},
}


def _of(case: CaseView, section: str) -> str:
    """Return where something is told about this case: what came of a deed is not said of the next one."""
    return f"{section}|{case.case_id}"


def form_texts(
    case: CaseView, drawn: Mapping[int, Mapping[str, Any]], moving: Mapping[str, Any], said: Mapping[str, str]
) -> dict[str, str]:
    """Return the forms as HTML, each under what came of the last deed there; `scans` is what came of one there."""
    found = {
        name: _told(case, name, said) + drawn_anew({number: form})
        for number, forms in drawn.items()
        for name, form in forms.items()
    }
    found["scans"] = said.get(_of(case, SCANS), "")
    return found | {name: text(button) for name, button in moving.items()}


def _told(case: CaseView, name: str, said: Mapping[str, str]) -> str:
    return said.get(_of(case, SECTION[name]), "") if name in SECTION else ""


def _lines(labels: Mapping[str, str]) -> str:
    inner = "".join(f"<label>{label}</label>{{{name}}}" for name, label in labels.items())
    return f"<div class='cw-lines cw-narrow'>{inner}</div>"


def _line(hint: str = "", value: str = "") -> mo.ui.text:
    return mo.ui.text(value=value, placeholder=hint, full_width=True)


def _day(counter: Counter[CaseDesk]) -> mo.ui.date:
    return mo.ui.date(value=counter.desk.today, stop=counter.desk.today)


def _form(  # noqa: PLR0913 - what a form is
    counter: Counter[CaseDesk],
    labels: Mapping[str, str],
    fields: Mapping[str, Any],
    *,
    submit: str,
    section: str,
    deed: Callable[[Actor, Mapping[str, Any]], Told],
) -> mo.ui.form[Any, Any]:
    return counter.form(_lines(labels), fields, submit, section, deed)


def _step_form(counter: Counter[CaseDesk], case: CaseView) -> mo.ui.form[Any, Any] | None:
    stages = cases.stages(case)
    if not stages:
        return None
    named = cases.bodies(counter.desk, next(iter(stages.values())))
    fields = {
        "task": mo.ui.dropdown(stages, value=next(iter(stages)), allow_select_none=False, full_width=True),
        "choice": mo.ui.radio(cases.DECISIONS, inline=True),
        "reason": _line("不同意、暂缓、退回必须写明"),
        "body": _line("、".join(named), named[0] if len(named) == 1 else ""),
        "on": _day(counter),
        "basis": _line("会议记录、文号"),
        "signer": _line("代录书面意见时填写"),
        "document": _line("代录时填写：签字件的扫描件或存放处"),
        "skip": _line("确需越过较弱环节时填写"),
        "other": _line("主体与通知不同，或复议时填写"),
    }
    labels = {
        "task": "环节",
        "choice": "结果",
        "reason": "理由",
        "body": "办理主体",
        "on": "日期",
        "basis": "依据",
        "signer": "签字人",
        "document": "签字件",
        "skip": "越过的理由",
        "other": "另行办理的理由",
    }
    return _form(
        counter,
        labels,
        fields,
        submit="登记环节",
        section=_of(case, STEP),
        deed=lambda actor, given: cases.decide_one(counter.desk, actor, counter.page, case, given),
    )


def _judgement_form(counter: Counter[CaseDesk], case: CaseView) -> mo.ui.form[Any, Any] | None:
    if not case.asked:
        return None
    open_first = sorted(case.asked.values(), key=lambda one: one[1] is not None and one[1]["value"] != "unchecked")
    options = {f"{clause.label or clause.ask}（{clause.cite}）": f"ask:{clause.id}" for clause, _ in open_first}
    fields = {
        "task": mo.ui.dropdown(options, value=next(iter(options)), allow_select_none=False, full_width=True),
        "choice": mo.ui.radio(cases.ANSWERS, inline=True),
        "body": _line("例如：村党支部"),
        "basis": _line("根据什么认定"),
        "source": _line("如走访、证明材料"),
        "on": _day(counter),
    }
    labels = {
        "task": "认定什么",
        "choice": "答复",
        "body": "由谁认定",
        "basis": "依据",
        "source": "出处",
        "on": "日期",
    }
    return _form(
        counter,
        labels,
        fields,
        submit="登记认定",
        section=_of(case, ANSWER),
        deed=lambda actor, given: cases.decide_one(counter.desk, actor, counter.page, case, given),
    )


def _evidence_form(counter: Counter[CaseDesk], case: CaseView) -> mo.ui.form[Any, Any] | None:
    documents = cases.documents(counter.desk)
    if not documents:
        return None
    fields = {
        "document": mo.ui.dropdown(documents, full_width=True),
        "issuer": _line("单位全称"),
        "level": mo.ui.dropdown([level for level in cases.ISSUER_LEVELS if level], full_width=True),
        "seen": mo.ui.checkbox(label="原件已核"),
        "kept": mo.ui.checkbox(label="复印件已留"),
        "complete": mo.ui.checkbox(label="材料已逐份查看，没有的就是没交"),
    }
    labels = {"document": "材料", "issuer": "开具单位", "level": "级别", "seen": "", "kept": "", "complete": ""}
    return _form(
        counter,
        labels,
        fields,
        submit="登记材料",
        section=_of(case, PAPER),
        deed=lambda actor, given: cases.keep_paper(counter.desk, actor, counter.page, case, given),
    )


def _revoke_form(counter: Counter[CaseDesk], case: CaseView) -> mo.ui.form[Any, Any] | None:
    records = cases.revocable(case)
    if not records:
        return None
    fields = {"which": mo.ui.dropdown(records, full_width=True), "reason": _line("必填；原记录保留")}
    return _form(
        counter,
        {"which": "记录", "reason": "理由"},
        fields,
        submit="更正",
        section=_of(case, STEP),
        deed=lambda actor, given: cases.take_back(counter.desk, actor, counter.page, case, given),
    )


def _open_form(counter: Counter[CaseDesk], case: CaseView, set_opened: Set) -> mo.ui.form[Any, Any]:
    def deed(actor: Actor, given: Mapping[str, Any]) -> Told:
        purpose = str(given.get("purpose") or "").strip()
        told, found = cases.open_numbers(counter.desk, actor, case, purpose)
        if found is not None:
            set_opened({case.case_id: found})
        return told

    fields = {"purpose": _line("为什么要看完整号码和困难成因，必填")}
    return _form(counter, {"purpose": "用途"}, fields, submit="打开本案", section=_of(case, NUMBERS), deed=deed)


def _leave_form(counter: Counter[CaseDesk], case: CaseView) -> mo.ui.form[Any, Any] | None:
    if not case.person:
        return None
    fields = {
        "cause": pick({"请选原因": "", **cases.CAUSES}),
        "on": _day(counter),
        "basis": _line("必填"),
        "document": _line("证明材料存放处"),
    }
    return _form(
        counter,
        {"cause": "原因", "on": "日期", "basis": "依据", "document": "材料"},
        fields,
        submit="登记减员",
        section=_of(case, LEAVE),
        deed=lambda actor, given: cases.leave_round(counter.desk, actor, counter.page, case, given),
    )


def entry_elements(desk: CaseDesk, first: Mapping[str, str]) -> dict[str, Any]:
    """Return an element for every field of a case, with what it starts with."""
    elements: dict[str, Any] = {}
    for field in cases.fields_of(desk):
        value = first.get(field.key, "")
        if field.choices:
            chosen = value if value in field.choices else None
            elements[field.key] = mo.ui.dropdown(list(field.choices), value=chosen, full_width=True)
        else:
            elements[field.key] = _line(value=value)
    return elements


def _correct_form(counter: Counter[CaseDesk], case: CaseView) -> mo.ui.form[Any, Any] | None:
    first = cases.first_values(counter.desk, case)
    if not first:
        return None
    return counter.form(
        cases.entry_template(cases.fields_of(counter.desk)),
        entry_elements(counter.desk, first),
        "保存更正",
        _of(case, CORRECT),
        lambda actor, given: cases.correct(counter.desk, actor, counter.page, case, first=first, given=given),
    )


def entry_form(counter: Counter[CaseDesk]) -> mo.ui.form[Any, Any] | None:
    """Return the form that enters a case by hand; None for readers and where there is no unit."""
    desk = counter.desk
    units = {name: unit for unit, name in desk.unit_names.items()}
    if not desk.may_write or not units:
        return None
    fields = {"unit_of": mo.ui.dropdown(units, searchable=len(units) > 15, full_width=True), **entry_elements(desk, {})}
    layout = "<div class='cw-lines cw-entry'><label>单位</label>{unit_of}</div>"
    layout += cases.entry_template(cases.fields_of(desk))
    return counter.form(
        layout, fields, "录入", ENTERED, lambda actor, given: cases.enter(desk, actor, counter.page, given)
    )
