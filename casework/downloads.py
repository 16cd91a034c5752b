"""The handlers behind `/download/…`: every file is computed here from the ledger, never from a page's numbers."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from casework.access import Actor, to_user
from casework.db import reading
from casework.issuing import taken_out
from casework.ledger import record_download
from casework.lists import ListState
from casework.paper_files import FORMATS, packed, paper_bytes
from casework.people.dispatch import templates_zip, unit_template
from casework.problems import Refused
from casework.review.records import today_of
from casework.serve.downloads import Download, DownloadHandler, OnDownload
from casework.units_sheet import FILE_NAME, MIMETYPE
from casework.views import Desk, NoDesk, clock, open_desk, open_place, wanted_list
from casework.views.cases.files import made_file
from casework.views.papers import Order, Wanted, copies_of, made_files, paper_file
from casework.views.payment_desk import bank_file
from casework.views.proofs import LISTS
from casework.views.units import register_bytes


def handlers() -> dict[str, DownloadHandler]:
    """Return the handlers by kind, for `serve.run(downloads=…)`.

    Parameters of the address: `round`; `scenario` (an id) or, without it, the officer's own draft; `format` `pdf`
    or `xlsx`; `unit` to print one unit alone. `units` is the register of units and takes none. `templates` are the
    workbooks the units fill in, of `round` (`unit`: of one alone; `filled` 1: with its people); `made` is the file
    with a `key` that a page of the same account has just made; `bank-list` the 代发明细 of a `batch`; `issued` the
    file of an `issue` as it left, or some `pages` of it.
    """
    more = {
        "units": _register,
        "templates": _templates,
        "made": _made,
        "bank-list": _bank_list,
        "paper": _paper,
        "issued": _issued,
    }
    return {kind: _handler(kind) for kind in LISTS} | more


def log() -> OnDownload:
    """Return what writes every file into the ledger before it leaves, for `serve.run(on_download=…)`.

    A read-only ledger cannot take the entry; what such a page takes away is what it may see anyway.
    """

    def logged(actor: Actor, kind: str, parameters: Mapping[str, str], sha256: str) -> None:
        ledger = open_place()
        if ledger.read_only or not actor.may_write():
            return
        record_download(
            ledger.open,
            kind=kind,
            parameters=parameters,
            sha256=sha256,
            actor=actor,
            now=clock(),
            key=uuid.uuid4().hex,
        )

    return logged


def _register(_: Actor, __: Mapping[str, str]) -> Download:
    """Return the register of units; nothing in it is personal, and what comes back is imported without a change."""
    return Download(register_bytes(open_place()), FILE_NAME, MIMETYPE)


def _templates(actor: Actor, parameters: Mapping[str, str]) -> Download:
    """Return the workbooks of the actor's units as one archive, or the one of a `unit`; `filled`: with their people."""
    on, unit = today_of(clock()), parameters.get("unit", "")
    with reading(open_place().open) as session:
        told: dict[str, Any] = {"round_id": parameters.get("round", ""), "actor": actor, "on": on}
        filled = parameters.get("filled") == "1"
        if unit:
            name, body = unit_template(session, unit_id=unit, filled=filled, **told)
            return Download(body, name, MIMETYPE)
        body = templates_zip(session, filled=filled, **told)
    return Download(body, f"{'预填' if filled else '填报'}模板_{on:%Y%m%d}.zip", "application/zip")


def _made(actor: Actor, parameters: Mapping[str, str]) -> Download:
    """Return a file the actor's own page has just made; a marked workbook holds what its sheet held."""
    found = made_file(parameters.get("key", ""), actor.id)
    return Download(found.body, found.name, found.media, found.about)


def _bank_list(actor: Actor, parameters: Mapping[str, str]) -> Download:
    """Return one 代发明细 for the bank; whose cards were opened by whom stands in the log before the file is made."""
    batch, key = parameters.get("batch", ""), uuid.uuid4().hex
    body = bank_file(open_place().open, batch_id=batch, actor=actor, now=clock(), key=key)
    return Download(body, "代发明细.xlsx", FORMATS["xlsx"])


def _paper(actor: Actor, parameters: Mapping[str, str]) -> Download:
    """Return a paper by name, of a round, a unit, a branch, a meeting or notice; `split` by unit, branch or person."""
    form, by = parameters.get("format") or "pdf", parameters.get("split", "")
    order = Order(
        open_place().open, parameters.get("round", ""), Wanted.of_address(parameters), actor=actor, now=clock()
    )
    if form not in FORMATS:
        raise Refused("not_found", "只能下载 PDF、Excel 或 Word")
    if not by:
        name, body = paper_file(order, form)
        return Download(body, name, FORMATS[form])
    files = list(made_files(order, copies_of(order, by), form))
    name, body = packed(files, order.wanted.name, order.asked, by)
    return Download(body, name, "application/zip")


def _issued(actor: Actor, parameters: Mapping[str, str]) -> Download:
    """Return an issued file as it left, or some `pages` of its PDF; taken by whom stands in the log."""
    ledger = open_place()
    if ledger.read_only:
        raise Refused("read_only", "现在只能查看：重打要登记是谁取走的，请在办理用的电脑上重打")
    with reading(ledger.open) as session:
        found = taken_out(session, issue_id=parameters.get("issue", ""), actor=actor, pages=parameters.get("pages", ""))
    return Download(found.body, found.name, FORMATS[found.format])


def _handler(kind: str) -> DownloadHandler:
    def made(actor: Actor, parameters: Mapping[str, str]) -> Download:
        form = parameters.get("format") or "pdf"
        if form not in FORMATS:
            raise Refused("not_found", "只能下载 PDF 或 Excel")
        desk = _desk(actor, parameters.get("round", ""))
        scenario, unit = parameters.get("scenario", ""), parameters.get("unit") or None
        table = wanted_list(desk, actor, kind=kind, scenario=scenario, unit=unit)
        body = paper_bytes(table, form, author=desk.policy.issuer)
        name = f"{table.title}{'' if table.state is ListState.OFFICIAL else '（草稿）'}.{form}"
        return Download(body, name, FORMATS[form])

    return made


def _desk(actor: Actor, round_id: str) -> Desk:
    desk = open_desk(open_place(), round_id, to_user(actor))
    if isinstance(desk, NoDesk):
        raise Refused("not_found", desk.problem)
    return desk
