"""The controls of 收表: ticking what came, sending it back, the upload of a unit's sheet and what is done with it."""

from __future__ import annotations

from typing import Any

import marimo as mo

from casework.access import Actor
from casework.views import Told, cases
from casework.views.cases import CaseDesk, Collected, Look, Planned, Sheet
from casework.widgets.choices import pick
from casework.widgets.deeds import Counter

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


def sheet_fields(desk: CaseDesk) -> dict[str, Any]:
    """Return whose sheet it is, and the file."""
    units = {"表里已写明": "", **{name: unit for unit, name in desk.unit_names.items()}}
    return {
        "unit": pick(units, search=len(units) > 15),
        "file": mo.ui.file(filetypes=[".xlsx", ".xls", ".docx"], max_size=MOST_BYTES, label="选择单位报来的表"),
    }


def chosen_sheet(unit: Any, file: Any) -> Sheet | None:
    """Return the file that was chosen; None for none. The browser's own limits are advice, so it is cut here."""
    found = file.value
    if not found:
        return None
    return Sheet(str(found[0].name), bytes(found[0].contents)[: MOST_BYTES + 1], str(unit.value or ""))


def mapping_form(desk: CaseDesk, proposed: Planned) -> mo.ui.form[Any, Any] | None:
    """Return the form in which an officer says how each column is read; None where there is nothing to read."""
    if proposed.plan is None or not proposed.plan.intake.mappings:
        return None
    mappings, options = proposed.plan.intake.mappings, cases.field_choices(desk)
    labels = {field: label for label, field in options.items()}
    fields = {
        key: mo.ui.dropdown(
            options,
            value=labels.get(mappings[at].columns[number].field, next(iter(options))),
            allow_select_none=False,
            full_width=True,
        )
        for key, (at, number) in cases.column_keys(mappings).items()
    }
    layout = mo.Html(cases.mapping_template(mappings))
    return layout.batch(**fields).form(submit_button_label="按此重读", bordered=False)


def planned_now(desk: CaseDesk, sheet: Sheet | None, proposed: Planned, form: mo.ui.form[Any, Any] | None) -> Planned:
    """Return the plan with the columns read as the officer says; as proposed while he has said nothing."""
    if form is None or form.value is None or proposed.plan is None:
        return proposed
    return cases.plan_sheet(
        desk, sheet, cases.corrected(proposed.plan.intake.mappings, form.value, cases.field_choices(desk))
    )


def sheet_controls(counter: Counter[CaseDesk], look: Look, sheet: Sheet | None, planned: Planned) -> dict[str, Any]:
    """Return the preview row by row and the buttons that write; none where there is nothing to write."""
    plan = planned.plan
    if plan is None or sheet is None:
        return {}
    rows = cases.preview_rows(counter.desk, look, plan)
    controls: dict[str, Any] = {}
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
        controls["whole"] = _take(counter, sheet, planned, label="全部写入", clean=False)
    elif counts["clean"]:
        controls["clean"] = _take(counter, sheet, planned, label=f"只取无误的 {counts['clean']} 行", clean=True)
    return controls


def _take(counter: Counter[CaseDesk], sheet: Sheet, planned: Planned, *, label: str, clean: bool) -> mo.ui.button:
    def deed(actor: Actor) -> Told:
        with mo.status.spinner(title="正在写入台账…", remove_on_exit=True):
            return cases.take_sheet(counter.desk, actor, counter.page, sheet, planned, clean=clean)

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
