"""The buttons and forms that write: one handler, one command, one revision."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import marimo as mo

from casework import views
from casework.access import Actor
from casework.views import Book, Desk, Ledger, Told, Worked
from casework.views.apportioning import Proposal
from casework.vocabulary import Act
from casework.widgets.fields import Memory, Pad, now_officer

D = TypeVar("D")
"""The desk of a page: `views.Desk`, or `views.cases.CaseDesk`."""


@dataclass(frozen=True)
class Counter(Generic[D]):
    """Where a page's deeds are done: it asks who is acting when they act, tells the outcome, and counts it.

    Attributes:
        ledger: The ledger.
        desk: The round.
        page: The page's own secret; with what is asked it makes the command's key, so that twice is once.
        say: Setter of what was told, per section.
        bump: Setter of the revision that data cells read.
    """

    ledger: Ledger
    desk: D
    page: str
    say: Callable[[Any], None]
    bump: Callable[[Any], None]

    @property
    def may_act(self) -> bool:
        """Tell whether whoever is asking may change anything; the commands ask again."""
        return now_officer(self.ledger).may_write()

    def do(self, section: str, deed: Callable[[Actor], Told]) -> None:
        """Carry one deed out for whoever is asking now."""
        told = deed(now_officer(self.ledger))
        self.say(lambda said: {**said, section: told.html})
        if told.chosen:
            mo.query_params().set("scenario", told.chosen)
        if told.done:
            self.bump(lambda revision: revision + 1)

    def button(self, label: str, section: str, deed: Callable[[Actor], Told]) -> mo.ui.button:
        """Return a button for a deed."""
        return mo.ui.button(label=label, on_click=lambda _: self.do(section, deed))

    def form(
        self, layout: str, fields: Mapping[str, Any], submit: str, section: str, deed: Callable[[Actor, Any], Told]
    ) -> mo.ui.form[Any, Any]:
        """Return a form for a deed; `layout` is HTML with a `{name}` per field."""
        batch = mo.Html(layout).batch(**fields)
        return batch.form(
            submit_button_label=submit,
            bordered=False,
            on_change=lambda given: self.do(section, lambda actor: deed(actor, given or {})),
        )


def _lines(fields: Mapping[str, str]) -> str:
    """Return a layout: a label and a field per line."""
    return (
        "<div class='cw-lines'>"
        + "".join(f"<label>{label}</label>{{{name}}}" for name, label in fields.items())
        + "</div>"
    )


def save_form(counter: Counter[Desk], worked: Worked) -> mo.ui.form[Any, Any] | None:
    """Return the form that saves the worksheet under a new name; None for a viewer."""
    if not counter.may_act:
        return None
    return counter.form(
        "<div class='cw-toolbar'>{name}</div>",
        {"name": mo.ui.text(placeholder="例如：常委会稿", label="方案名称", max_length=60)},
        "保存当前工作表",
        "方案",
        lambda actor, given: views.save(
            counter.desk, actor, counter.page, worked.typed, name=str(given.get("name") or "")
        ),
    )


def scenario_buttons(
    counter: Counter[Desk], book: Book, worked: Worked, scenario_id: object, pad: Pad
) -> dict[str, mo.ui.button]:
    """Return what can be done with the chosen scenario; a viewer can only look at it in the worksheet."""
    chosen, desk, page = book.find(scenario_id), counter.desk, counter.page
    if chosen is None:
        return {}
    sheet = views.sheet_of_scenario(desk, book, scenario_id)
    assert sheet is not None
    load = {"load": pad.button("调入工作表", sheet)}
    if not counter.may_act:
        return load
    return load | {
        "update": counter.button(
            "用当前工作表更新", "方案", lambda actor: views.save(desk, actor, page, worked.typed, over=chosen)
        ),
        "places": counter.button(
            "① 确定为名额方案", "方案", lambda actor: views.adopt_scenario(desk, actor, page, chosen, Act.PLACES)
        ),
        "list": counter.button(
            "② 确定为名单", "方案", lambda actor: views.adopt_scenario(desk, actor, page, chosen, Act.LIST)
        ),
    }


def withdraw_form(counter: Counter[Desk], book: Book) -> mo.ui.form[Any, Any] | None:
    """Return the form that withdraws an adoption; None where nothing is adopted, and for a viewer."""
    held = book.in_force
    if not held or not counter.may_act:
        return None
    adoptions = {adoption.adoption_id: adoption for adoption in book.adopted.values()}
    fields = {
        "which": mo.ui.dropdown(dict(held), value=list(held)[-1]),
        "reason": mo.ui.text(placeholder="必填", full_width=True),
    }
    return counter.form(
        _lines({"which": "撤回", "reason": "理由"}),
        fields,
        "撤回",
        "方案",
        lambda actor, given: views.withdraw(
            counter.desk, actor, counter.page, adoptions.get(str(given.get("which"))), str(given.get("reason") or "")
        ),
    )


def transfer_form(counter: Counter[Desk], book: Book) -> mo.ui.form[Any, Any] | None:
    """Return the form of 名额调剂; None while no plan of places is in force, and for a viewer."""
    if Act.PLACES not in book.adopted or not counter.may_act:
        return None
    cells = views.cells_of(counter.desk)
    fields = {
        "out": mo.ui.dropdown(dict(cells), searchable=True, full_width=True),
        "into": mo.ui.dropdown(dict(cells), searchable=True, full_width=True),
        "places": mo.ui.number(step=1, value=1),
        "reason": mo.ui.text(placeholder="必填", full_width=True),
        "basis": mo.ui.text(placeholder="哪次会议或哪份请示，必填", full_width=True),
    }
    labels = {"out": "调出", "into": "调入", "places": "名额", "reason": "理由", "basis": "依据"}
    return counter.form(
        _lines(labels),
        fields,
        "登记调剂",
        "方案",
        lambda actor, given: views.transfer(counter.desk, actor, counter.page, given),
    )


def tie_form(counter: Counter[Desk], ties: Sequence[Mapping[str, Any]]) -> mo.ui.form[Any, Any] | None:
    """Return the form that records what a meeting or a lot settled at the first tie; None where nothing is tied.

    A viewer gets none either.
    """
    if not ties or not counter.may_act:
        return None
    tie = ties[0]
    fields = {
        "chosen": mo.ui.multiselect(dict(tie["people"]), full_width=True),
        "kind": mo.ui.dropdown({"集体研究": "tie", "抽签": "lot"}, value="集体研究"),
        "body": mo.ui.text(placeholder="例如：某次部务会", full_width=True),
        "basis": mo.ui.text(placeholder="会议纪要或抽签记录", full_width=True),
        "on": mo.ui.date(value=counter.desk.as_of, stop=counter.desk.as_of),
        "seed": mo.ui.text(placeholder="抽签时填写", full_width=True),
        "witnesses": mo.ui.text(placeholder="抽签时填写", full_width=True),
    }
    labels = {
        "chosen": f"选出 {tie['seats']} 人",
        "kind": "方式",
        "body": "由谁决定",
        "basis": "依据",
        "on": "日期",
        "seed": "签号",
        "witnesses": "见证人",
    }
    return counter.form(
        _lines(labels),
        fields,
        "登记结果",
        "名单",
        lambda actor, given: views.settle(counter.desk, actor, counter.page, tie, given),
    )


# -- into the worksheet: nothing but the officer's own draft -----------------------------------------------------------


def remedy_buttons(pad: Pad, offers: Sequence[Any]) -> dict[str, mo.ui.button]:
    """Return a button per plan that takes it into the worksheet."""
    return {
        offer.name: pad.button("采用到工作表", views.sheet_of(pad.desk, offer.parameters))
        for offer in offers
        if offer.parameters is not None
    }


def adopt_proposal(pad: Pad, places: Memory, proposal: Proposal) -> mo.ui.button | None:
    """Return the button that copies the helper's proposal into the grid; None while it is not complete."""
    if not proposal.complete:
        return None
    return mo.ui.button(label="采用到本方案", on_click=lambda _: places.put(pad, proposal.places))
