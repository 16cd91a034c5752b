"""The controls of 台账与审核: what is shown, of whom, and the forms that record; one handler, one command.

Nothing a person typed is put into a label as it is: labels of marimo are markup.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import marimo as mo

from casework.access import Actor
from casework.views import Told, cases
from casework.views.cases import CaseDesk, Listed, Look, View
from casework.widgets.choices import pick
from casework.widgets.deeds import Counter
from casework.widgets.review_forms import drawn_anew, next_drawing, own_ids

Set: TypeAlias = Callable[[Any], None]


def label(text: str) -> str:
    """Return a text as a label: every sign that could be markup is written as a number."""
    return "".join(one if one.isalnum() or ord(one) > 0x2E7F else f"&#{ord(one)};" for one in text)


# -- the page ------------------------------------------------------------------------------------------------------


def first_section() -> tuple[str, int]:
    """Return the section the address asks for, else the worklist; the number tells two leadings there apart."""
    asked = str(mo.query_params().get("section") or "")
    return (asked if asked in cases.SECTIONS else cases.SECTIONS[1]), 0


def sections(wanted: tuple[str, int]) -> mo.ui.tabs:
    """Return the choice of a section, kept in the address; `wanted` is where a deed led to."""
    query = mo.query_params()
    return mo.ui.tabs(
        dict.fromkeys(cases.SECTIONS, ""), value=wanted[0], on_change=lambda name: query.set("section", name)
    )


def projection() -> mo.ui.switch:
    """Return the switch that masks names while others look at the screen; kept in the address."""
    query = mo.query_params()
    return mo.ui.switch(
        value=query.get("mask") == "1", label="投屏", on_change=lambda on: query.set("mask", "1" if on else "")
    )


@dataclass
class Hand:
    """What the page holds in hand: the case, who is ticked, and the setters of the states that draw them.

    Attributes:
        set_case: Setter of the case at hand.
        set_ticked: Setter of how many are ticked; `set_boxes` of the revision that draws the boxes anew.
        set_section: Setter of the section a deed leads to.
        ticked: Who is ticked, in no order; forged ids are refused by the commands.
        offered: Round and filters → the task that was offered there first.
        typed: Round and task → what was typed once for all its cases.
    """

    set_case: Set
    set_view: Set
    set_ticked: Set
    set_boxes: Set
    set_section: Set
    ticked: set[str] = field(default_factory=set)
    offered: dict[tuple[str, View], str] = field(default_factory=dict)
    typed: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def take(self, case_id: str | None) -> None:
        """Take a case in hand, and keep it in the address."""
        mo.query_params().set("case", case_id or "")
        self.set_case(case_id)

    def go(self, name: str) -> None:
        """Lead to a section."""
        mo.query_params().set("section", name)
        self.set_section(lambda now: (name, now[1] + 1))

    def tick(self, boxes: dict[str, object]) -> None:
        """Follow the boxes of the page shown."""
        self.ticked |= {case_id for case_id, on in boxes.items() if on}
        self.ticked -= {case_id for case_id, on in boxes.items() if not on}
        self.set_ticked(len(self.ticked))

    def tick_all(self, case_ids: list[str]) -> None:
        """Tick exactly these."""
        self.ticked.clear()
        self.ticked.update(case_ids)
        self.set_ticked(len(self.ticked))
        self.set_boxes(lambda now: now + 1)


def first_case() -> str | None:
    """Return the case the address asks for."""
    return str(mo.query_params().get("case") or "") or None


def read_cases(desk: CaseDesk, look: Look) -> Listed:
    """Read the worklist; the first time it is said how many are being read."""
    if cases.read_before(desk):
        return cases.open_cases(desk, look)
    with mo.status.spinner(title=f"正在读取 {desk.cases} 件个案…", remove_on_exit=True):
        return cases.open_cases(desk, look)


# -- 工作清单 ------------------------------------------------------------------------------------------------------


def filters(listed: Listed, view: View, hand: Hand) -> dict[str, Any]:
    """Return the filters of the worklist, each with its counts."""
    found: dict[str, Any] = {}
    for name, options in cases.choices(listed, view).items():
        chosen = next(text for text, value in options.items() if value == getattr(view, name))
        change = _narrow(hand, name)
        if name == "unit":
            found[name] = mo.ui.dropdown(options, value=chosen, allow_select_none=False, on_change=change)
        else:
            found[name] = mo.ui.radio(options, value=chosen, inline=True, on_change=change)
    found["text"] = mo.ui.text(value=view.text, placeholder="姓名或单位", on_change=_narrow(hand, "text"))
    return found


def _narrow(hand: Hand, name: str) -> Callable[[Any], None]:
    return lambda value: hand.set_view(lambda view: view.but(**{name: str(value or "").strip()}))


def clear_button(hand: Hand, view: View) -> dict[str, mo.ui.button]:
    """Return the button that takes all filters off; none where there are none."""
    if view.but() == View():
        return {}
    return {"clear": mo.ui.button(label="清除筛选", on_click=lambda _: hand.set_view(View()))}


def rows(listed: Listed, view: View, hand: Hand) -> dict[str, Any]:
    """Return what stands in a page's rows: a name that opens its case, and a box."""
    page = listed.page(view).rows
    names = {
        case_id: mo.ui.button(label=label(listed.look.name(name)), on_click=_taker(hand, case_id))
        for case_id, name in page.select("case_id", "name").iter_rows()
    }
    boxes = mo.ui.dictionary(
        {case_id: mo.ui.checkbox(case_id in hand.ticked) for case_id in names}, on_change=hand.tick
    )
    return {"names": names, "boxes": boxes, **_pager(listed, view, hand)}


def _taker(hand: Hand, case_id: str) -> Callable[[Any], None]:
    return lambda _: hand.take(case_id)


def _pager(listed: Listed, view: View, hand: Hand) -> dict[str, mo.ui.button]:
    total = listed.page(view).total
    last = max(0, (total - 1) // cases.PAGE)

    def turn(to: int) -> Callable[[Any], None]:
        return lambda _: hand.set_view(lambda now: now.but(page=min(max(to, 0), last)))

    def tick_all(_: Any) -> None:
        hand.tick_all(listed.ids(view))

    return {
        "previous": mo.ui.button(label="上一页", disabled=view.page <= 0, on_click=turn(view.page - 1)),
        "next": mo.ui.button(label="下一页", disabled=view.page >= last, on_click=turn(view.page + 1)),
        "all": mo.ui.button(label=f"全选筛选出的 {total} 人", on_click=tick_all),
        "none": mo.ui.button(label="取消勾选", on_click=lambda _: hand.tick_all([])),
    }


def row_texts(drawn: Mapping[str, Any], *, may_write: bool) -> dict[str, Any]:
    """Return the rows' controls as HTML; readers have no boxes."""
    texts: dict[str, Any] = {name: drawn[name].text for name in ("previous", "next")}
    texts |= {name: drawn[name].text if may_write else "" for name in ("all", "none")}
    texts["names"] = {case_id: button.text for case_id, button in drawn["names"].items()}
    texts["checks"] = {case_id: box.text for case_id, box in drawn["boxes"].elements.items()} if may_write else {}
    return texts


def task_choice(listed: Listed, view: View, chosen: str, set_task: Set, hand: Hand) -> mo.ui.dropdown | None:
    """Return what is worked through; None for readers.

    What was offered stays while the same people are worked through: half way through them most wait for the next step
    already, and the next key must not be counted there.
    """
    options = cases.tasks(listed, view)
    if not listed.desk.may_write or not options:
        return None
    offered = hand.offered.setdefault((listed.desk.round_id, view.but()), next(iter(options.values())))
    wanted = next((name for name, task in options.items() if task == (chosen or offered)), next(iter(options)))
    return mo.ui.dropdown(options, value=wanted, allow_select_none=False, full_width=True, on_change=set_task)


def sitting_fields(desk: CaseDesk, task: str, hand: Hand) -> mo.ui.dictionary:
    """Return what is typed once for all cases of a task; it is still there after each of them."""
    named = cases.bodies(desk, task)
    typed = hand.typed.setdefault(
        (desk.round_id, task), {"on": desk.today, "body": named[0] if len(named) == 1 else ""}
    )
    hints = {
        "body": "、".join(named) or "例如：村党支部",
        "basis": "会议记录、文号、核实记录",
        "source": "如走访、材料",
    }
    fields: dict[str, Any] = {"on": mo.ui.date(value=typed["on"], stop=desk.today)}
    for name in ("body", "basis", "source", "signer", "document", "skip", "other"):
        fields[name] = mo.ui.text(value=typed.get(name, ""), placeholder=hints.get(name, ""), full_width=True)
    return mo.ui.dictionary(fields, on_change=typed.update)


@dataclass(frozen=True)
class Place:
    """What a deed of the worklist works with.

    Attributes:
        counter: Where it is done.
        hand: What the page holds.
        listed: The worklist as it was read.
        view: Its filters.
        sitting: What is worked through.
    """

    counter: Counter[CaseDesk]
    hand: Hand
    listed: Listed
    view: View
    sitting: cases.Sitting

    @property
    def may_write(self) -> bool:
        """Tell whether deeds are offered."""
        return self.counter.desk.may_write

    def decide(self, actor: Actor, who: list[str], given: Mapping[str, Any]) -> Told:
        """Record one decision for these people and say what became of each."""
        choice = str(given.get("choice") or "")
        reason = str(given.get("reason") or "").strip()
        done = cases.decide(
            self.counter.desk,
            actor,
            self.counter.page,
            self.sitting,
            who,
            choice=choice,
            reason=reason,
            seen=self.listed.version,
        )
        said = next((text for text, value in self.sitting.choices.items() if value == choice), "")
        said += f"（{reason}）" if reason else ""
        return Told(done=done.any, html=cases.results_html(self.listed, done, said))


def _choice_fields(sitting: cases.Sitting, *, numbered: bool) -> dict[str, Any]:
    options = {
        (f"{at} {text}" if numbered else text): value for at, (text, value) in enumerate(sitting.choices.items(), 1)
    }
    radio = mo.ui.radio(options, inline=True)
    if sitting.clause_id:
        return {"choice": radio}
    return {"choice": radio, "reason": mo.ui.text(placeholder="不同意、暂缓、退回必须写明理由", full_width=True)}


def _layout(fields: Mapping[str, Any]) -> str:
    return "".join("{" + name + "}" for name in fields)


def hand_form(place: Place, case_id: str | None) -> mo.ui.form[Any, Any] | None:
    """Return the form that decides the case at hand; whoever is recorded makes place for the next."""
    if case_id is None or not place.listed.desk.may_write or not place.sitting.task:
        return None
    fields = _choice_fields(place.sitting, numbered=True)

    def deed(actor: Actor, given: Mapping[str, Any]) -> Told:
        following = place.listed.beside(place.view, case_id, 1)
        told = place.decide(actor, [case_id], given)
        if told.done and following:
            place.hand.take(following)
        return told

    return place.counter.form(_layout(fields), fields, "登记，下一人", "当前", deed)


def hand_controls(place: Place, case_id: str | None) -> dict[str, Any]:
    """Return the form for the case at hand, and the buttons to the case before, the case after, the whole case.

    The form comes under the number of its drawing, with ids of its own: a key or a click that is late reaches nobody.
    """
    hand, listed, view = place.hand, place.listed, place.view

    def move(step: int) -> Callable[[Any], None]:
        return lambda _: hand.take(listed.beside(view, case_id, step))

    number = next_drawing()
    with own_ids(number):
        form = hand_form(place, case_id)
    return {
        "form": {} if form is None else {number: form},
        "previous": mo.ui.button(label="↑ 上一人", on_click=move(-1)),
        "next": mo.ui.button(label="↓ 下一人", on_click=move(1)),
        "open": mo.ui.button(label="一案一屏", on_click=lambda _: hand.go("一案一屏")),
    }


def hand_texts(controls: Mapping[str, Any]) -> dict[str, str]:
    """Return the controls of the case at hand as HTML, with `turn`, by which the page knows that it was drawn again."""
    found = {name: drawn_anew(one) if name == "form" else text(one) for name, one in controls.items()}
    return found | {"turn": str(next_drawing())}


def batch_form(place: Place) -> mo.ui.form[Any, Any] | None:
    """Return the form that decides for everybody ticked; None where nobody is."""
    if not place.hand.ticked or not place.listed.desk.may_write:
        return None
    fields = _choice_fields(place.sitting, numbered=False)

    def deed(actor: Actor, given: Mapping[str, Any]) -> Told:
        wanted = place.listed.in_order(place.hand.ticked)
        with mo.status.spinner(title=f"正在登记 {len(wanted)} 人…", remove_on_exit=True):
            told = place.decide(actor, wanted, given)
        if told.done:
            place.hand.tick_all([])
        return told

    return place.counter.form(_layout(fields), fields, f"为 {len(place.hand.ticked)} 人一并登记", "一并", deed)


def package_form(place: Place) -> mo.ui.form[Any, Any] | None:
    """Return the form that records a step for a unit's whole package; None for questions and readers."""
    units = {name: unit for unit, name in place.listed.desk.unit_names.items()}
    if place.sitting.stage is None or not place.listed.desk.may_write or not units:
        return None
    fields = {"unit": pick({"请选单位": "", **units}, value=place.view.unit, search=len(units) > 15)}

    def deed(actor: Actor, given: Mapping[str, Any]) -> Told:
        unit = str(given.get("unit") or "")
        return cases.record_package(
            place.counter.desk, actor, place.counter.page, place.sitting, unit, seen=place.listed.version
        )

    return place.counter.form("<div class='cw-toolbar'>{unit}</div>", fields, "按单位整包登记", "一并", deed)


def text(control: Any) -> str:
    """Return a control as HTML; nothing for none."""
    return "" if control is None else str(control.text)


def value(choice: Any) -> str:
    """Return what is chosen; nothing for none."""
    return "" if choice is None else str(choice.value or "")


def texts(controls: Mapping[str, Any]) -> dict[str, str]:
    """Return controls as HTML; nothing for none."""
    return {name: text(control) for name, control in controls.items()}


def sitting_texts(task: mo.ui.dropdown | None, fields: mo.ui.dictionary) -> dict[str, str]:
    """Return the task and its fields as HTML; nothing for readers."""
    return {} if task is None else {"task": task.text, **{name: one.text for name, one in fields.elements.items()}}
