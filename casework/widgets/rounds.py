"""The controls of the rounds page: forms that are read when they are handed in, and buttons that write once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import marimo as mo

from casework import views
from casework.access import Actor
from casework.opening import Incoming, Proposal
from casework.views import Ledger, rounds, units
from casework.views.opening import AS_IT_IS, RENEW, Form, Start
from casework.views.units import Register, UnitPreview
from casework.widgets.fields import now_officer

MOST_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True)
class Deeds:
    """Where the page's deeds are done: each asks who is acting when it is done, tells the outcome, and counts it.

    Attributes:
        ledger: The ledger.
        say: Setter of what was told, per section.
        bump: Setter, per section, of the revision that its data cells read: a form in one section outlives a deed in
            another.
    """

    ledger: Ledger
    say: Callable[[Any], None]
    bump: Mapping[str, Callable[[Any], None]]

    @property
    def may_act(self) -> bool:
        """Tell whether whoever is asking may change anything; the commands ask again."""
        return now_officer(self.ledger).may_write()

    def do(self, section: str, deed: Callable[[Actor], rounds.Outcome]) -> None:
        """Carry one deed out."""
        outcome = deed(now_officer(self.ledger))
        self.say(lambda told: {**told, section: outcome.html})
        if outcome.done:
            self.bump[section](lambda revision: revision + 1)


def section_choice(ledger: Ledger) -> mo.ui.tabs:
    """Return the choice of a section, kept in the address; a viewer opens no round."""
    query, may_act = mo.query_params(), now_officer(ledger).may_write()
    sections = [name for name in rounds.SECTIONS if may_act or name != rounds.NEW]
    asked = str(query.get("section") or "")
    return mo.ui.tabs(
        dict.fromkeys(sections, ""),
        value=asked if asked in sections else sections[0],
        on_change=lambda section: query.set("section", section),
    )


def day_form(deeds: Deeds) -> mo.ui.form[Any, Any] | None:
    """Return the form that moves the day of a round's facts; None for a viewer, and where no round is open."""
    running = rounds.open_rounds(deeds.ledger)
    if not running or not deeds.may_act:
        return None
    key = views.new_key()
    fields: dict[str, Any] = {
        "round": mo.ui.dropdown(running, full_width=True),
        "day": mo.ui.date(stop=views.clock().date()),
    }

    def handed_in(values: Mapping[str, Any] | None) -> None:
        deeds.do(
            "各轮工作",
            lambda actor: rounds.move_the_day(deeds.ledger, values or {}, actor=actor, now=views.clock(), key=key),
        )

    words = "<div class='cw-toolbar'><span>轮次</span>{round}<span>情况截至</span>{day}</div>"
    return mo.Html(words).batch(**fields).form(submit_button_label="改日期", bordered=False, on_change=handed_in)


# -- a new round ---------------------------------------------------------------------------------------------------


def basis_choice(ledger: Ledger) -> mo.ui.dropdown:
    """Return the choice of what a round starts from; nothing is chosen beforehand."""
    options = {"请选择…": "", **rounds.bases(ledger)}
    return mo.ui.dropdown(options, value="请选择…", allow_select_none=False, full_width=True)


def way_choice() -> mo.ui.radio:
    """Return whether the circular is taken as it is or a new one takes its place."""
    return mo.ui.radio([AS_IT_IS, RENEW], value=AS_IT_IS, inline=True)


def circular_form(start_from: Start, way: str) -> mo.ui.form[Any, Any] | None:
    """Return the form the new circular is handed in with; None where none is wanted."""
    if start_from.basis is None or way != RENEW:
        return None
    fields: dict[str, Any] = {
        "text": mo.ui.text_area(rows=9, full_width=True, placeholder="在这里粘贴通知全文"),
        "file": mo.ui.file(filetypes=[".txt"], max_size=MOST_BYTES),
        "table": mo.ui.file(filetypes=[".xlsx"], max_size=MOST_BYTES),
    }
    batch = mo.Html(rounds.circular_template(start_from.basis)).batch(**fields)
    return batch.form(submit_button_label="读取通知", bordered=False)


def read_circular(start_from: Start, form: mo.ui.form[Any, Any] | None) -> Incoming | None:
    """Return the circular that was handed in."""
    given = form.value if form is not None else None
    if given is None:
        return None
    return rounds.read_circular_form(
        start_from, {"text": given["text"], "file": upload(given["file"]), "table": upload(given["table"])}
    )


def upload(files: Any) -> tuple[str, bytes] | None:
    """Return name and bytes of a chosen file; None for none. The browser's own limits are advice, so it is cut here."""
    return (str(files[0].name), bytes(files[0].contents)[: MOST_BYTES + 1]) if files else None


def details_form(form: Form | None) -> mo.ui.form[Any, Any] | None:
    """Return the form of head, numbers and clauses."""
    if form is None:
        return None
    fields: dict[str, Any] = {
        key: mo.ui.text(value=value, placeholder=hint, full_width=True) for key, (value, hint) in form.texts.items()
    }
    fields |= {key: mo.ui.radio(list(options)) for key, options in form.choices.items()}
    fields |= {
        key: mo.ui.text_area(rows=2, full_width=True, placeholder="选“自己写”时，照新通知抄在这里")
        for key in form.words
    }
    return mo.Html(form.template).batch(**fields).form(submit_button_label="核对", bordered=False)


def proposed(
    ledger: Ledger,
    start_from: Start,
    incoming: Incoming | None,
    form: Form | None,
    handed_in: mo.ui.form[Any, Any] | None,
) -> Proposal | None:
    """Return what one click would write; None while the form was not handed in."""
    values = handed_in.value if handed_in is not None else None
    return rounds.make_proposal(ledger, start_from, incoming, form, values)


def looked_at(proposal: Proposal | None) -> mo.ui.checkbox | None:
    """Return the mark that the warnings were read; None where there are none."""
    return mo.ui.checkbox(label="以上提示已看过") if proposal and proposal.ready and proposal.warnings else None


def start_button(deeds: Deeds, proposal: Proposal | None, looked: mo.ui.checkbox | None) -> mo.ui.button | None:
    """Return the button that opens the round; its key is made with it, so that a double click opens one."""
    if proposal is None or not proposal.ready:
        return None
    key = views.new_key()

    def deed(actor: Actor) -> rounds.Outcome:
        seen = bool(looked.value) if looked is not None else True
        return rounds.open_the_round(deeds.ledger, proposal, looked=seen, actor=actor, now=views.clock(), key=key)

    return mo.ui.button(label="开始这一轮", on_click=lambda _: deeds.do("新建一轮", deed))


# -- units ---------------------------------------------------------------------------------------------------------


def unit_page(known: Register) -> mo.ui.dropdown:
    """Return which part of the register is shown."""
    return mo.ui.dropdown(known.pages, value=next(iter(known.pages)), allow_select_none=False, label="显示")


def needed(choice: mo.ui.dropdown) -> mo.ui.dropdown | None:
    """Return a choice if there is anything to choose."""
    return choice if len(choice.options) > 1 else None


def unit_form(deeds: Deeds, known: Register, first: int) -> mo.ui.form[Any, Any] | mo.Html:
    """Return the register's table as a form; to a viewer as it stands."""
    if not deeds.may_act:
        return mo.Html(units.units_table(known, first))
    key, parents = views.new_key(), list(known.labels.values())
    fields = {name: _unit_field(name, value, parents) for name, value in units.field_values(known, first).items()}

    def deed(values: Mapping[str, Any], actor: Actor) -> rounds.Outcome:
        return units.save_units(deeds.ledger, known, first, values, actor=actor, now=views.clock(), key=key)

    return (
        mo.Html(units.units_template(known, first))
        .batch(**fields)
        .form(
            submit_button_label="保存名录",
            bordered=False,
            on_change=lambda values: deeds.do("单位名录", partial(deed, values or {})),
        )
    )


def _unit_field(name: str, value: str, parents: list[str]) -> Any:
    column = name.partition("_")[2]
    options = {"kind": list(units.KINDS), "pay_difficulty": list(units.ANSWERS), "parent_id": parents}.get(column)
    if options is None:
        return mo.ui.text(value=value, full_width=True)
    return mo.ui.dropdown(
        options,
        value=value if value in options else None,
        allow_select_none=True,
        full_width=True,
        searchable=len(options) > 15,
    )


def unit_file(deeds: Deeds) -> mo.ui.file | None:
    """Return the choice of a sheet to import; None for a viewer."""
    if not deeds.may_act:
        return None
    return mo.ui.file(filetypes=[".xlsx", ".csv"], max_size=MOST_BYTES, label="选择名录文件（xlsx 或文本表格）")


def read_unit_file(known: Register, file: mo.ui.file) -> UnitPreview:
    """Return what the chosen sheet would change."""
    name, content = upload(file.value) or ("", None)
    return units.preview_units(known, name, content)


def import_button(deeds: Deeds, preview: UnitPreview) -> mo.ui.button | None:
    """Return the button that imports what was looked at; None where there is nothing to import."""
    if not preview.ready:
        return None
    key = views.new_key()

    def deed(actor: Actor) -> rounds.Outcome:
        return units.import_preview(deeds.ledger, preview, actor=actor, now=views.clock(), key=key)

    return mo.ui.button(label="导入", on_click=lambda _: deeds.do("从表格导入", deed))


def card(title: str, *parts: object) -> mo.Html | None:
    """Return a white panel around parts; None where there are none, so that an empty step is not shown."""
    return mo.Html(views.card(title, html(*parts).text)) if any(part is not None for part in parts) else None


def html(*parts: object) -> mo.Html:
    """Return parts one below the other: HTML, elements, or None for nothing."""
    return mo.Html(f"<div class='cw-stack'>{''.join(map(_placed, parts))}</div>")


def _placed(part: object) -> str:
    if isinstance(part, mo.ui.button):  # the one thing to press after all that was read
        return f"<div class='cw-go'>{part.text}</div>"
    return part if isinstance(part, str) else str(getattr(part, "text", ""))
