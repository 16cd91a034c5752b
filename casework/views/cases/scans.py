"""Scans beside what they prove: added, opened one at a time with a purpose that is logged, withdrawn.

The name of a file often holds a person and an illness, so the list shows none; a scan leaves by our own route, after
`people.attachments` has put it into the log who opened it and what for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl
from sqlmodel import Session, col, select

from casework.access import Actor
from casework.dates import SHANGHAI
from casework.db import reading
from casework.frames import ATTACHMENTS, empty
from casework.ledger import Result
from casework.models import Evidence
from casework.people.attachments import attach, attachments, open_attachment, withdraw_attachment
from casework.people.papers import PURPOSES
from casework.problems import CaseworkError, Refused
from casework.views.cases.desk import CaseDesk
from casework.views.cases.files import keep_file
from casework.views.desk import clock
from casework.views.html import badge, card, esc, failure, folded, note, rows_table, shown, tag
from casework.views.plans import Told, _do, _key, new_key

KINDS: Final = {"pdf": "文档", "jpg": "图片", "png": "图片"}
MEDIA: Final = {"pdf": "application/pdf", "jpg": "image/jpeg", "png": "image/png"}
OF_CASE: Final = {PURPOSES[name]: name for name in ("evidence", "consent", "receipt", "decision")}
"""What a scan beside one case may be: label → purpose."""


@dataclass(frozen=True, eq=False)
class Scans:
    """The scans beside one case, or beside the packages of a round.

    Attributes:
        frame: `frames.ATTACHMENTS`, the latest first, withdrawn ones too.
        case_id: The case; None: the packages.
        records: Label → id of the record a scan may be about.
        offered: False for readers, and where no page of ours could hand a scan out.
    """

    frame: pl.DataFrame
    case_id: str | None = None
    records: Mapping[str, str] | None = None
    offered: bool = False

    def standing(self, units: Mapping[str, str]) -> dict[str, str]:
        """Return what may be opened or withdrawn: label → attachment."""
        rows = self.frame.filter(pl.col("withdrawn").is_null()).to_dicts()
        numbers = range(len(rows), 0, -1)
        return {f"{at}．{_said(row, units)}": row["attachment_id"] for at, row in zip(numbers, rows, strict=True)}


def _said(row: Mapping[str, Any], units: Mapping[str, str]) -> str:
    unit = f"{units.get(row['unit_id'], '')} " if row["case_id"] is None else ""
    added = f"{row['added_at'].astimezone(SHANGHAI):%m-%d %H:%M}"
    return f"{unit}{PURPOSES[row['purpose']]}　{KINDS[row['kind']]} {_size(row['size'])}　{added}"


def _size(count: int) -> str:
    return f"{count / 1024 / 1024:.1f} 兆" if count >= 1024 * 1024 else f"{max(1, count // 1024)} 千字节"


def case_scans(desk: CaseDesk, session: Session, case_id: str) -> Scans:
    """Return the scans beside one case; none for readers, who are not even told which there are."""
    if not desk.actor.may_write() or not desk.with_cases:
        return Scans(empty(ATTACHMENTS), case_id)
    frame = attachments(session, round_id=desk.round_id, actor=desk.actor, case_id=case_id)
    query = select(Evidence).where(Evidence.case_id == case_id).order_by(col(Evidence.evidence_id))
    held = session.exec(query).all()
    records = {
        f"第 {at} 份已登记的材料（{one.issuer or '未填单位'}）": str(one.evidence_id) for at, one in enumerate(held, 1)
    }
    return Scans(frame, case_id, records, desk.may_write)


def package_scans(desk: CaseDesk) -> Scans:
    """Return the scans beside the packages of the round."""
    if not desk.actor.may_write() or not desk.with_cases:
        return Scans(empty(ATTACHMENTS))
    with reading(desk.engine) as session:
        frame = attachments(session, round_id=desk.round_id, actor=desk.actor, purpose="package")
    return Scans(frame, offered=desk.may_write)


@shown
def scans_card(scans: Scans, forms: Mapping[str, str], units: Mapping[str, str], told: str = "") -> str:
    """Return which scans there are, and the forms that add, open and withdraw one; nothing for readers."""
    if not scans.offered and scans.frame.is_empty():
        return told
    rows = [
        (
            _said(row, units),
            badge("已撤下") + esc(f" {row['withdrawn']}") if row["withdrawn"] else badge("在用", "green"),
        )
        for row in scans.frame.iter_rows(named=True)
    ]
    table = rows_table(("扫描件", "状态"), rows, raw=(1,)) if rows else note("还没有添加扫描件。")
    names = {"scan": "添加一份扫描件", "open_scan": "打开一份扫描件", "drop_scan": "撤下一份扫描件"}
    opened = any(f"cw-{kind}" in told for kind in ("warn", "error"))
    tucked = "".join(
        folded(label, forms[name], opened=opened or not rows) for name, label in names.items() if forms.get(name)
    )
    said = "加密保存；打开要写明用途，逐次登记"
    return card("扫描件", told, tag("div", table, "cw-scroll cw-short"), tucked, muted=said)


# -- deeds ---------------------------------------------------------------------------------------------------------


def add_scan(  # noqa: PLR0913 - beside what, by whom, on which page, what, about what
    desk: CaseDesk,
    actor: Actor,
    page: str,
    scans: Scans,
    given: Mapping[str, Any],
    *,
    purpose: str,
    about: str = "",
    unit_id: str | None = None,
) -> Told:
    """Attach the chosen file; what is wrong with it is said in words."""
    chosen = given.get("file")
    if not (isinstance(chosen, tuple) and len(chosen) == 2):
        return Told(done=False, html=note("请先选择扫描件。", "warn"))
    name, body = str(chosen[0]), bytes(chosen[1])
    content = {
        "case": scans.case_id,
        "unit": unit_id,
        "purpose": purpose,
        "about": about,
        "sha256": hashlib.sha256(body).hexdigest(),
        "there": scans.frame.height,
        "standing": scans.frame["withdrawn"].null_count(),
    }

    def deed() -> Result:
        return attach(
            desk.engine,
            purpose=purpose,
            name=name,
            body=body,
            case_id=scans.case_id,
            round_id=desk.round_id,
            unit_id=unit_id,
            about=about,
            actor=actor,
            now=clock(),
            key=_key(page, "attach", content),
        )

    def said(done: Result) -> str:
        if done["unchanged"]:
            return "同一份扫描件已经添加过，没有改动。"
        return "已添加扫描件。" + "".join(done["warnings"])

    return _do(deed, said)


def see_scan(desk: CaseDesk, actor: Actor, scans: Scans, given: Mapping[str, Any]) -> Told:
    """Open one scan: the log says who and what for, then there is an address it can be fetched from once or twice."""
    which = str(given.get("which") or "")
    if which not in set(scans.frame["attachment_id"]):
        return Told(done=False, html=note("请先选定要打开的扫描件。", "warn"))
    try:
        if not desk.guarded:
            raise Refused("not_guarded", "扫描件只能在 casework serve 打开的页面上查看。")
        found = open_attachment(
            desk.engine,
            attachment_id=which,
            purpose=str(given.get("purpose") or "").strip(),
            actor=actor,
            now=clock(),
            key=new_key(),  # every opening is another line of the log
        )
    except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
        return Told(done=False, html=note(failure(error), "warn" if isinstance(error, CaseworkError) else "error"))
    address = keep_file(desk, found.name, found.body, MEDIA[found.kind])
    link = tag("a", "查看扫描件", "cw-button", href=f"{address}&inline=1", target="_blank", rel="noopener")
    return Told(done=True, html=note("用途已登记。", "ok") + tag("div", link, "cw-toolbar"))


def drop_scan(desk: CaseDesk, actor: Actor, page: str, scans: Scans, given: Mapping[str, Any]) -> Told:
    """Take a scan back that was added by mistake."""
    which, reason = str(given.get("which") or ""), str(given.get("reason") or "").strip()
    if which not in set(scans.frame["attachment_id"]):
        return Told(done=False, html=note("请先选定要撤下的扫描件。", "warn"))
    return _do(
        lambda: withdraw_attachment(
            desk.engine,
            attachment_id=which,
            reason=reason,
            actor=actor,
            now=clock(),
            key=_key(page, "drop_scan", {"which": which, "reason": reason}),
        ),
        lambda _: "已撤下：扫描件仍加密保存，不再计入。",
    )
