"""The controls of 收表: ticking what came, sending it back, the upload of a unit's sheet and what is done with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any

import marimo as mo

from casework.access import Actor
from casework.views import Told, cases
from casework.views.cases import CaseDesk, Collected, Look, Planned, Sheet
from casework.widgets.cases import Set, text
from casework.widgets.deeds import Counter
from casework.widgets.review_forms import drawn_anew, next_drawing

GRID = "收表"


def package_forms(counter: Counter[CaseDesk], collected: Collected) -> dict[str, Any]:
    """Return the forms that tick what came and send it back; none for readers."""
    if not counter.desk.may_write or collected.grid.is_empty():
        return {}
    options = collected.choices()
    receive = {
        "items": mo.ui.multiselect(options, full_width=True),
        "at": mo.ui.datetime(),
    }
    back = {
        "items": mo.ui.multiselect(options, full_width=True),
        "reason": mo.ui.text(placeholder="写给单位看的理由，必填", full_width=True),
    }
    return {
        "receive": counter.form(
            "<div class='cw-lines cw-narrow'><label>收到什么</label>{items}<label>收到时间</label>{at}</div>",
            receive,
            "登记收到",
            GRID,
            lambda actor, given: cases.receive(counter.desk, actor, counter.page, collected, given),
        ),
        "return": counter.form(
            "<div class='cw-lines cw-narrow'><label>退回什么</label>{items}<label>理由</label>{reason}</div>",
            back,
            "退回",
            GRID,
            lambda actor, given: cases.send_back(counter.desk, actor, counter.page, collected, given),
        ),
    }


# -- the upload ----------------------------------------------------------------------------------------------------

SHEET, IMPORTED = "导入", "已导入"
MOST_BYTES = 20 * 1024 * 1024


@dataclass
class Upload:
    """The file that is chosen and not written yet: it outlives whatever else is done in the section.

    Attributes:
        changed: Setter of the state that reads the file again.
        emptied: Setter of the state that draws the choice of a file anew.
        round_id: The round it was chosen for; in another one it is forgotten.
        sheet: What was chosen.
        said: How the officer wants it read; None while he has said nothing.
        links: Whom he says rows are about; None while he has said nothing.
        supplement: Whether he says that it adds to the unit's earlier sheet; None while he has said nothing.
    """

    changed: Set
    emptied: Set
    round_id: str = ""
    sheet: Sheet = field(default_factory=lambda: Sheet("", b""))
    said: Mapping[str, Any] | None = None
    links: cases.Links | None = None
    supplement: bool | None = None

    def of(self, desk: CaseDesk) -> Sheet | None:
        """Return the file chosen for a round; None for none."""
        if self.round_id != desk.round_id:
            self.round_id, self.sheet = desk.round_id, Sheet("", b"")
            self.said, self.links, self.supplement = None, None, None
        return self.sheet if self.sheet.body or self.sheet.name else None

    def put(self, **changes: Any) -> None:
        """Take another file, unit or part; how the last one was to be read holds no more."""
        self.sheet = replace(self.sheet, **changes)
        self.said, self.links, self.supplement = None, None, None
        self.changed(lambda now: now + 1)

    def take(self, files: Any) -> None:
        """Take the file chosen. The browser's own limits are advice, so it is cut here."""
        if files:
            self.put(name=str(files[0].name), body=bytes(files[0].contents)[: MOST_BYTES + 1])

    def read_so(self, given: Mapping[str, Any] | None) -> None:
        """Keep how the officer wants it read."""
        self.said = given
        self.changed(lambda now: now + 1)

    def link(self, links: cases.Links) -> None:
        """Keep whom the officer says rows are about."""
        self.links = links
        self.changed(lambda now: now + 1)

    def take_as(self, supplement: bool | None) -> None:
        """Keep whether it adds to the unit's earlier sheet or stands in its place."""
        self.supplement = supplement
        self.changed(lambda now: now + 1)

    def clear(self) -> None:
        """Let the file go."""
        self.put(name="", body=b"", part="")
        self.emptied(lambda now: now + 1)


def sheet_fields(desk: CaseDesk, upload: Upload) -> dict[int, dict[str, Any]]:
    """Return whose sheet it is, which of several, and the choice of a file, under the number of their drawing."""
    chosen = upload.of(desk) or upload.sheet
    units = {"表里已写明": "", **{name: unit for unit, name in desk.unit_names.items()}}
    first = next((name for name, unit in units.items() if unit == chosen.unit_id), "表里已写明")
    unit = mo.ui.dropdown(
        units,
        value=first,
        allow_select_none=False,
        searchable=len(units) > 15,
        on_change=lambda unit: upload.put(unit_id=str(unit or "")),
    )
    part = mo.ui.text(
        value=chosen.part,
        placeholder="一个单位分几份报时填写，如：机关、村居",
        max_length=40,
        full_width=True,
        on_change=lambda text: upload.put(part=str(text or "").strip()),
    )
    file = mo.ui.file(
        filetypes=[".xlsx", ".xls", ".docx"], max_size=MOST_BYTES, label="选择单位报来的表", on_change=upload.take
    )
    return {next_drawing(): {"unit": unit, "part": part, "file": file}}


def sheet_texts(drawn: Mapping[int, Mapping[str, Any]], upload: Upload, clear: Any) -> dict[str, str]:
    """Return the fields as HTML, with the name of the file in hand and the button that lets it go."""
    texts = {name: drawn_anew({number: one}) for number, fields in drawn.items() for name, one in fields.items()}
    held = f"<span class='cw-held'>已选择：{escape(upload.sheet.name)}</span>{text(clear)}" if clear else ""
    return texts | {"file": f"<div class='cw-toolbar'>{texts['file']}{held}</div>"}


def clear_button(desk: CaseDesk, upload: Upload) -> mo.ui.button | None:
    """Return the button that lets the file go; None where none is in hand."""
    if upload.of(desk) is None:
        return None
    return mo.ui.button(label="放弃这份表", on_click=lambda _: upload.clear())


def proposed_now(desk: CaseDesk, upload: Upload) -> Planned:
    """Return the plan of the file in hand, its columns read as proposed."""
    sheet = upload.of(desk)
    if sheet is None:
        return Planned()
    with mo.status.spinner(title="正在读表…", remove_on_exit=True):
        return cases.plan_sheet(desk, sheet)


def mapping_form(desk: CaseDesk, upload: Upload, proposed: Planned) -> mo.ui.form[Any, Any] | None:
    """Return the form in which an officer says how each column is read; None where there is nothing to read."""
    if proposed.plan is None or not proposed.plan.intake.mappings:
        return None
    mappings, options, said = proposed.plan.intake.mappings, cases.field_choices(desk), upload.said or {}
    labels = {field: label for label, field in options.items()}
    fields: dict[str, Any] = {
        key: mo.ui.dropdown(
            options,
            value=labels.get(said.get(key, mappings[at].columns[number].field), next(iter(options))),
            allow_select_none=False,
            full_width=True,
        )
        for key, (at, number) in cases.column_keys(mappings).items()
    }
    names = cases.sheet_names(mappings)
    if len(names) > 1:
        wanted = [name for name in said.get("sheets", names) if name in names]
        fields["sheets"] = mo.ui.multiselect(names, value=wanted, full_width=True)
    layout = mo.Html(cases.mapping_template(mappings))
    return layout.batch(**fields).form(submit_button_label="按此重读", bordered=False, on_change=upload.read_so)


def planned_now(desk: CaseDesk, upload: Upload, proposed: Planned) -> Planned:
    """Return the plan with the file read as the officer says; as proposed while he has said nothing."""
    if proposed.plan is None or (upload.said is None and not upload.links and upload.supplement is None):
        return proposed
    mappings, sheets = None, None
    if upload.said is not None:
        mappings = cases.corrected(proposed.plan.intake.mappings, upload.said, cases.field_choices(desk))
        sheets = upload.said.get("sheets")
        if sheets is not None:
            mappings = [one for one in mappings if one.sheet in sheets]
    with mo.status.spinner(title="正在按您说的重读…", remove_on_exit=True):
        given = mappings, sheets, upload.links
        return cases.plan_sheet(desk, upload.of(desk), *given, supplement=upload.supplement)


@dataclass(frozen=True, eq=False)
class Drawn:
    """A form or a choice that is built from scratch wherever it is drawn anew, with the number of the drawing."""

    form: Any
    number: int

    @property
    def text(self) -> str:
        """Return it as HTML."""
        return drawn_anew({self.number: self.form})


def near_form(upload: Upload, planned: Planned) -> Drawn | None:
    """Return the form in which an officer says who is somebody the ledger knows; None where nobody may be."""
    plan = planned.plan
    if plan is None or not plan.near or plan.already:
        return None
    fields: dict[str, Any] = {
        key: mo.ui.dropdown(
            cases.near_options(plan, place),
            value=cases.near_said(plan, place),
            allow_select_none=False,
            full_width=True,
        )
        for key, place in cases.near_keys(plan).items()
    }
    alike = cases.alike_label(plan)
    if alike:
        fields[cases.ALIKE] = mo.ui.checkbox(label=alike)

    def said(given: Mapping[str, Any] | None) -> None:
        if given is not None:
            upload.link(cases.links_of(plan, given))

    layout = mo.Html(cases.near_template(plan))
    form = layout.batch(**fields).form(submit_button_label="按此认定", bordered=False, on_change=said)
    return Drawn(form, next_drawing())


def manner_choice(upload: Upload, planned: Planned) -> Drawn | None:
    """Return the choice whether the sheet stands in place of the unit's earlier one or adds to it."""
    options = cases.manner_options(planned.plan) if planned.plan else {}
    if planned.plan is None or not options:
        return None
    choice = mo.ui.radio(options, value=cases.manner_said(planned.plan), on_change=upload.take_as)
    return Drawn(choice, next_drawing())


def sheet_controls(counter: Counter[CaseDesk], look: Look, upload: Upload, planned: Planned) -> dict[str, Any]:
    """Return the preview row by row and the buttons that write; none where there is nothing to write."""
    plan = planned.plan
    if plan is None or upload.of(counter.desk) is None:
        return {}
    rows = cases.preview_rows(counter.desk, look, plan)
    near = near_form(upload, planned)
    manner = manner_choice(upload, planned)
    controls: dict[str, Any] = {name: one for name, one in (("near", near), ("manner", manner)) if one}
    if rows.height:
        controls["rows"] = mo.ui.table(
            rows,
            selection=None,
            page_size=10,
            show_column_summaries=False,
            show_data_types=False,
            show_download=False,
            wrapped_columns=["说明"],
            column_widths={"行": 90, "姓名": 100, "单位": 130, "变化": 90, "能否写入": 80, "说明": 520},
        )
    counts = plan.counts()
    if plan.complete and counts["clean"]:
        controls["whole"] = _take(counter, upload, planned, label="全部写入", clean=False)
    elif counts["clean"]:
        controls["clean"] = _take(counter, upload, planned, label=f"只取无误的 {counts['clean']} 行", clean=True)
    return controls


def _take(counter: Counter[CaseDesk], upload: Upload, planned: Planned, *, label: str, clean: bool) -> mo.ui.button:
    sheet = upload.sheet

    def deed(actor: Actor) -> Told:
        with mo.status.spinner(title="正在写入台账…", remove_on_exit=True):
            told = cases.take_sheet(counter.desk, actor, counter.page, sheet, planned, clean=clean)
        if told.done and upload.sheet == sheet:
            upload.clear()
        return told

    return counter.button(label, SHEET, deed)


def withdraw_form(counter: Counter[CaseDesk], listed: Any) -> mo.ui.form[Any, Any] | None:
    """Return the form that withdraws an import; None where none is in force."""
    options = cases.withdrawable(listed)
    if not options or not counter.desk.may_write:
        return None
    fields = {
        "which": mo.ui.dropdown(options, full_width=True),
        "reason": mo.ui.text(placeholder="必填；已有审核或支付的不能撤回", full_width=True),
    }
    return counter.form(
        "<div class='cw-lines cw-narrow'><label>撤回哪一份</label>{which}<label>理由</label>{reason}</div>",
        fields,
        "撤回导入",
        IMPORTED,
        lambda actor, given: cases.withdraw_sheet(counter.desk, actor, counter.page, listed, given),
    )
