"""集体研究 and 公示与异议: the signed paper itself beside a deed, and its pages shown to officers.

A scan chosen in a form is sealed first; the record then names it. Readers are offered neither, and nothing is shown
while names are masked for a projector.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final

import polars as pl
from sqlmodel import Session, func, select

from casework.access import Actor
from casework.dates import SHANGHAI
from casework.db import reading
from casework.models_people import AttachmentWithdrawal
from casework.people.attachments import attach, attachments, open_attachment
from casework.people.papers import PURPOSES
from casework.views.cases.desk import CaseDesk
from casework.views.desk import clock
from casework.views.html import card, notes
from casework.views.plans import Told, _key, new_key
from casework.views.review_forms import Bench, Field, Form, Given, chosen, refused, text
from casework.views.scan_pages import scan_pages

SCAN: Final = "scan"
OF_REVIEW: Final = ("meeting", "notice", "decision", "package")
"""Purposes of the scans these sections work with."""


def scan_field(label: str = "扫描件") -> Field:
    """Return the field a scan is chosen in."""
    return Field(SCAN, label, "scan", hint="选择文件（可不附）")


def with_paper(  # noqa: PLR0913 - beside what, whose, named where
    desk: CaseDesk,
    page: str,
    deed: Callable[[Actor, Given], Told],
    *,
    purpose: str,
    whose: Callable[[Given], Mapping[str, Any]],
    into: str,
) -> Callable[[Actor, Given], Told]:
    """Return a deed before which the chosen scan is sealed and named in a field; without one it is the deed alone.

    Handed in again after a refusal the same file is known to be the same: nothing is kept twice.

    Args:
        desk: The round.
        page: The page's own secret.
        deed: What is done with the answers.
        purpose: One of `PURPOSES`.
        whose: What was handed in → `case_id` or `unit_id`, both absent for a paper of the office; may refuse.
        into: The field that says where the paper lies; the scan is named behind what was typed there.
    """

    def both(actor: Actor, given: Given) -> Told:
        upload = given.get(SCAN)
        if not (isinstance(upload, tuple) and len(upload) == 2 and upload[1]):
            return deed(actor, given)
        try:
            name, body, of = str(upload[0]), bytes(upload[1]), dict(whose(given))
            with reading(desk.engine) as session:
                withdrawn = session.exec(select(func.count()).select_from(AttachmentWithdrawal)).one()
            content = {**of, "purpose": purpose, "sha256": hashlib.sha256(body).hexdigest(), "withdrawn": withdrawn}
            done = attach(
                desk.engine,
                purpose=purpose,
                name=name,
                body=body,
                round_id=desk.round_id,
                **of,
                actor=actor,
                now=clock(),
                key=_key(page, "attach", content),
            )
        except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
            return refused(error)
        told = deed(actor, {**given, into: f"{text(given, into)} {done['reference']}".strip()})
        return Told(done=told.done, html=told.html + notes(done["warnings"], "warn"), chosen=told.chosen)

    return both


def review_scans(session: Session, bench: Bench) -> dict[str, str]:
    """Return label → scan an officer may open here; none for readers and while projected, none without our guard."""
    desk = bench.desk
    if not desk.may_write or not desk.guarded or bench.look.projected:
        return {}
    frame = attachments(session, round_id=desk.round_id, actor=desk.actor, unit_id=bench.unit or None)
    rows = frame.filter(pl.col("withdrawn").is_null() & pl.col("purpose").is_in(OF_REVIEW)).to_dicts()
    found = {}
    for number, row in zip(range(len(rows), 0, -1), rows, strict=True):
        unit = desk.unit_names.get(row["unit_id"] or "", "")
        when = f"{row['added_at'].astimezone(SHANGHAI):%m-%d %H:%M}"
        found[f"{number}．{PURPOSES[row['purpose']]}　{unit}　{when}"] = row["attachment_id"]
    return found


def look_form(bench: Bench, scans: Mapping[str, str]) -> Form:
    """Return the form that shows one scan, page by page; who looked and what for stands in the log first."""

    def deed(actor: Actor, given: Given) -> Told:
        try:
            which = chosen(given, "which", scans, "扫描件")
            opened = open_attachment(
                bench.desk.engine,
                attachment_id=which,
                purpose=text(given, "purpose"),
                actor=actor,
                now=clock(),
                key=new_key(),  # every opening is another line of the log
            )
            label = next(label for label, one in scans.items() if one == which)
            return Told(done=False, html=card(label, scan_pages(opened), muted="用途已登记"))
        except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
            return refused(error)

    return Form(
        "查看扫描件",
        "打开",
        (
            Field("which", "哪一份", "choice", scans, next(iter(scans.values()), None)),
            Field("purpose", "用途", hint="为什么要看，必填"),
        ),
        deed,
        hint="<p class='cw-muted'>打开一次登记一次；投屏时不显示。</p>",
    )
