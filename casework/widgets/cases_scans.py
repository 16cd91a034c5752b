"""The controls of scans: one is added, opened with a purpose, or withdrawn; none of them for readers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marimo as mo

from casework.access import Actor
from casework.views import Told, cases
from casework.views.cases import CaseDesk, Collected, Scans
from casework.widgets.choices import pick
from casework.widgets.deeds import Counter

SCANS = "扫描件"
MOST_BYTES = 20 * 1024 * 1024


def scan_forms(
    counter: Counter[CaseDesk], scans: Scans, *, section: str = SCANS, collected: Collected | None = None
) -> dict[str, Any]:
    """Return the forms that add, open and withdraw a scan, beside a case or beside packages (`collected`)."""
    desk = counter.desk
    if not desk.may_write or not scans.offered:
        return {}
    standing = scans.standing(desk.unit_names)
    forms = {"scan": _add_form(counter, scans, section, collected)}
    if standing:
        which = mo.ui.dropdown(standing, value=next(iter(standing)), full_width=True)
        forms["open_scan"] = counter.form(
            _lines({"which": "哪一份", "purpose": "用途"}),
            {"which": which, "purpose": _line("为什么要看，必填")},
            "打开",
            section,
            lambda actor, given: cases.see_scan(desk, actor, scans, given),
        )
        forms["drop_scan"] = counter.form(
            _lines({"which": "哪一份", "reason": "理由"}),
            {"which": mo.ui.dropdown(standing, full_width=True), "reason": _line("必填；已被登记引用的不能撤下")},
            "撤下",
            section,
            lambda actor, given: cases.drop_scan(desk, actor, counter.page, scans, given),
        )
    return forms


def _lines(labels: Mapping[str, str]) -> str:
    inner = "".join(f"<label>{label}</label>{{{name}}}" for name, label in labels.items())
    return f"<div class='cw-lines cw-narrow'>{inner}</div>"


def _line(hint: str) -> mo.ui.text:
    return mo.ui.text(placeholder=hint, full_width=True)


def _add_form(
    counter: Counter[CaseDesk], scans: Scans, section: str, collected: Collected | None
) -> mo.ui.form[Any, Any]:
    file = mo.ui.file(filetypes=[".pdf", ".jpg", ".jpeg", ".png"], max_size=MOST_BYTES, label="选择扫描件")
    if collected is not None:
        packages = dict(collected.handed)
        fields: dict[str, Any] = {"of": mo.ui.dropdown(list(packages), full_width=True, searchable=True), "file": file}
        labels = {"of": "哪一项材料", "file": "文件"}
    else:
        packages = dict[str, tuple[str, str]]()
        records = {"不指定": "", **(scans.records or {})}
        fields = {"of": pick(cases.OF_CASE), "about": pick(records), "file": file}
        labels = {"of": "这是什么", "about": "属于哪一份", "file": "文件"}

    def deed(actor: Actor, given: Mapping[str, Any]) -> Told:
        chosen = given.get("file")
        cut = (str(chosen[0].name), bytes(chosen[0].contents)[: MOST_BYTES + 1]) if chosen else None
        told = {**given, "file": cut}
        if collected is not None:
            unit, package = packages.get(str(given.get("of")), (None, ""))
            return cases.add_scan(
                counter.desk, actor, counter.page, scans, told, purpose="package", about=package, unit_id=unit
            )
        purpose = str(given.get("of") or "")
        about = str(given.get("about") or "") if purpose == "evidence" else ""
        return cases.add_scan(counter.desk, actor, counter.page, scans, told, purpose=purpose, about=about)

    return counter.form(_lines(labels), fields, "添加扫描件", section, deed)
