"""发放与回执: the signed paper itself beside a receipt or a consent, sealed; readers are not told that there is one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlmodel import func, select

from casework.access import Actor
from casework.db import reading
from casework.ledger import Result
from casework.models_people import AttachmentWithdrawal
from casework.people.attachments import attach
from casework.problems import Refused
from casework.views.cases.desk import CaseDesk
from casework.views.desk import clock
from casework.views.html import note, notes
from casework.views.payment_desk import Payments, targets
from casework.views.plans import Told, _key
from casework.views.review_forms import Field, Form, Given, chosen, refused
from casework.vocabulary import ClaimState

SCAN: Final = "scan"
"""The field of a form the file is chosen in."""

ATTACHED: Final = "_attached"
"""Where the deed finds what `attach` returned."""


def put_scan(  # noqa: PLR0913 - beside what, by whom, the file
    desk: CaseDesk, page: str, actor: Actor, upload: object, *, purpose: str, case_id: str, about: str = ""
) -> Result:
    """Attach a chosen file to one person's paper.

    Raises:
        Refused: `no_file`, and what `people.attachments.attach` refuses.
    """
    if not (isinstance(upload, tuple) and len(upload) == 2 and upload[1]):
        raise Refused("no_file", "请先选择扫描件")
    name, body = str(upload[0]), bytes(upload[1])
    with reading(desk.engine) as session:
        query = select(func.count()).select_from(AttachmentWithdrawal)
        withdrawn = session.exec(query).one()  # a scan that was withdrawn may be attached again
    content = {"case": case_id, "purpose": purpose, "about": about, "sha256": hashlib.sha256(body).hexdigest()}
    return attach(
        desk.engine,
        purpose=purpose,
        name=name,
        body=body,
        case_id=case_id,
        about=about,
        actor=actor,
        now=clock(),
        key=_key(page, "attach", {**content, "withdrawn": withdrawn}),
    )


def with_scan(
    desk: CaseDesk,
    page: str,
    purpose: str,
    whose: Callable[[Given], str],
    deed: Callable[[Actor, Given], Told],
) -> Callable[[Actor, Given], Told]:
    """Return a deed before which the chosen scan is attached; without one it is the deed alone.

    The scan stays where it is when the deed itself is refused: handed in again it is known to be the same file.

    Args:
        desk: The round.
        page: The page's own secret.
        purpose: One of `SCAN_PURPOSES`.
        whose: What was handed in → the case; refuses what the deed would refuse before anything is kept.
        deed: The deed; finds what was attached under `ATTACHED`.
    """

    def both(actor: Actor, given: Given) -> Told:
        if not given.get(SCAN):
            return deed(actor, given)
        try:
            done = put_scan(desk, page, actor, given[SCAN], purpose=purpose, case_id=whose(given))
        except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
            return refused(error)
        told = deed(actor, {**given, ATTACHED: done})
        return Told(done=told.done, html=told.html + notes(done["warnings"], "warn"), chosen=told.chosen)

    return both


def attached(given: Given) -> Mapping[str, Any]:
    """Return what `attach` returned for the scan handed in; empty without one."""
    found = given.get(ATTACHED)
    return found if isinstance(found, Mapping) else {}


def one_person(rows: list[dict[str, Any]]) -> str:
    """Return the one case these claims are of: a scan is one person's paper.

    Raises:
        Refused: `one_only`.
    """
    cases: set[str] = {row["case_id"] for row in rows}
    if len(cases) != 1:
        said = "扫描件是一个人的材料：请在表里只勾选一人再附上。几个人签在一张表上的，不附扫描件，在“回执”栏写明存放处"
        raise Refused("one_only", said)
    return next(iter(cases))


_PAPERS: Final = {"签收回执": "receipt", "委托代领同意书": "consent"}


def scan_form(payments: Payments) -> Form:
    """Return the form that adds a scan to a receipt or a consent that stands on record already."""

    def about(given: Given) -> tuple[str, str, str]:
        """Return the purpose, the case and the record."""
        purpose = chosen(given, "paper", _PAPERS, "是什么材料")
        rows = targets(payments, given, (ClaimState.PAID, ClaimState.SIGNED, ClaimState.BOOKED), doing="附扫描件")
        case_id = one_person(rows)
        if purpose == "consent":
            consent = payments.consents.get(case_id)
            if consent is None:
                raise Refused("no_consent", "这个人没有登记指定人收款的同意，请先选“登记银行卡”")
            return purpose, case_id, consent.contact_id
        known = [payments.receipts[row["claim_id"]] for row in rows if row["claim_id"] in payments.receipts]
        if len(known) != 1:
            said = (
                "这个人还没有登记回执，请选“登记回执”，一起附上" if not known else "这个人有几份回执，请只勾选其中一笔"
            )
            raise Refused("no_receipt", said)
        return purpose, case_id, known[0]

    def deed(actor: Actor, given: Given) -> Told:
        try:
            purpose, case_id, record = about(given)
            paper = {"purpose": purpose, "case_id": case_id, "about": record}
            done = put_scan(payments.desk, payments.page, actor, given.get(SCAN), **paper)
        except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
            return refused(error)
        said = "同一份扫描件已经附过，没有改动。" if done["unchanged"] else "已附上，加密保存。"
        return Told(done=True, html=note(said, "ok") + notes(done["warnings"], "warn"))

    return Form(
        "附上扫描件",
        "附上",
        (
            Field("paper", "是什么材料", "choice", _PAPERS, "receipt"),
            Field(SCAN, "扫描件", "scan", hint="选择文件（PDF、JPG、PNG）"),
        ),
        deed,
        hint="<p class='cw-muted'>在表里勾选一人。加密保存；要打开或撤下，请到该个案的“扫描件”处。</p>",
    )
