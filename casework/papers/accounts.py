"""拨付明细表, 资金收支对账表, 归档目录."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final

import polars as pl
from sqlalchemy import func
from sqlmodel import Session, col, select

from casework.dates import SHANGHAI
from casework.ledger import policy_of
from casework.lists import Table
from casework.lists.accounts import archive_catalogue, fund_statement, transfer_list
from casework.models import Adoption, Download, IssuedList, Round
from casework.models_payment import Claim, FundAccount, FundEntry, FundTransfer, Inspection, Reconciliation, Visit
from casework.models_people import Attachment, AttachmentWithdrawal, UnitPackage
from casework.models_review import Meeting, Notice, ReviewStep
from casework.money import yuan
from casework.papers.asked import Asked, unit_name
from casework.payment.common import category_labels, live_claims, unit_names, whole_round
from casework.payment.funds import fund_label
from casework.payment.reconciliation import fund_flow
from casework.people.papers import PURPOSES
from casework.vocabulary import AccountKind, Act, ClaimState, EntryKind, NoticeState, Stage

_MOVED: Final = (EntryKind.TRANSFER.value, EntryKind.RETURN.value)

# -- transfers ---------------------------------------------------------------------------------------------------


def transfers(session: Session, asked: Asked) -> Table:
    """Return 拨付明细表: every transfer by unit, fund and category, what came back as a minus."""
    policy, units = policy_of(session, asked.round_id), unit_names(session)
    labels, order = category_labels(policy), {unit_id: at for at, unit_id in enumerate(units)}
    sent = {row.transfer_id: row for row in session.exec(_of_round(FundTransfer, asked.round_id))}
    entries = [
        entry
        for entry in session.exec(_of_round(FundEntry, asked.round_id).order_by(col(FundEntry.seq)))
        if entry.kind in _MOVED and entry.transfer_id in sent
    ]
    people = _people_sent(session, asked.round_id, entries)
    lines: dict[tuple[Any, ...], dict[str, Any]] = {}
    for entry in entries:
        transfer, back = sent[entry.transfer_id], entry.kind == EntryKind.RETURN.value
        if asked.unit_id not in (None, transfer.unit_id) or not asked.actor.may_see(transfer.unit_id):
            continue
        place = (order.get(transfer.unit_id, len(order)), transfer.on, transfer.transfer_id, entry.purpose, back)
        document = entry.basis or transfer.document
        told = {
            "unit": units.get(transfer.unit_id, ""),
            "fund": fund_label(transfer.fund),
            "purpose": labels.get(entry.purpose, entry.purpose),
            "deed": "退回" if back else "拨付",
            "on": entry.on,
            "document": document,
            "people": 0 if back else people[transfer.transfer_id, entry.purpose],
            "amount": 0,
        }
        line = lines.setdefault((*place, entry.on, document), told)
        line["amount"] += -entry.amount_fen if back else entry.amount_fen
        line["people"] += back  # what comes back is entered person by person
    return transfer_list(
        policy,
        [lines[place] for place in sorted(lines)],
        unit=policy.issuer,
        remarks=_not_sent(session, asked, units),
    )


def _people_sent(session: Session, round_id: str, entries: Iterable[FundEntry]) -> Mapping[tuple[str, str], int]:
    """Return (transfer, category) → for how many people it was made: those it stands for, those it came back for."""
    query = (
        select(Claim.transfer_id, Claim.category, func.count(func.distinct(Claim.case_id)))
        .where(Claim.round_id == round_id, col(Claim.transfer_id).is_not(None))
        .group_by(col(Claim.transfer_id), col(Claim.category))
    )
    found: dict[tuple[str, str], int] = defaultdict(int)
    for transfer_id, category, number in session.exec(query):
        found[transfer_id or "", category] = number
    for entry in entries:
        found[entry.transfer_id or "", entry.purpose] += entry.kind == EntryKind.RETURN.value
    return found


def _not_sent(session: Session, asked: Asked, units: dict[str, str]) -> list[str]:
    waiting: dict[str, list[Claim]] = defaultdict(list)
    for claim in live_claims(session, asked.round_id, actor=asked.actor):
        own = asked.unit_id in (None, claim.unit_id)
        if own and claim.pass_through and claim.kind == "cash" and claim.state == ClaimState.PLANNED.value:
            waiting[claim.unit_id].append(claim)
    return [
        f"{name}还有 {len({claim.case_id for claim in waiting[unit_id]})} 人、"
        f"{yuan(sum(claim.amount_fen or 0 for claim in waiting[unit_id]))} 元没有拨付。"
        for unit_id, name in units.items()
        if unit_id in waiting
    ]


# -- the accounts against the bank ---------------------------------------------------------------------------------


def statement(session: Session, asked: Asked) -> Table:
    """Return 资金收支对账表: a draft while an account does not agree with the bank or was never held against it."""
    policy = policy_of(session, asked.round_id)
    flow = fund_flow(session, round_id=asked.round_id, actor=asked.actor)
    if asked.unit_id is not None:
        flow = flow.filter(unit_id=asked.unit_id)
    balances = {row.account_id: row.balance_fen for row in session.exec(_of_round(FundAccount, asked.round_id))}
    checked = _last_checks(session, list(balances))
    rows, remarks = [], []
    for (account_id,), part in flow.group_by("account_id", maintain_order=True):
        last, balance = checked.get(str(account_id)), balances[str(account_id)]
        name = _account(part.row(0, named=True))
        if last is None:
            remarks.append(f"{name}还没有与银行对账。")
        elif last.ledger_fen != balance:
            remarks.append(f"{name}对账后又有收支，账面余额已变，请重新对账。")
        elif last.statement_fen != last.ledger_fen:
            remarks.append(f"{name}与对账单相差 {yuan(last.statement_fen - last.ledger_fen)} 元。")
        flows = ("received_fen", "transferred_fen", "paid_fen", "returned_fen", "spent_fen", "left_fen")
        moved = part.filter(pl.any_horizontal(pl.col(*flows) != 0))
        for row in (moved if moved.height else part.head(1)).iter_rows(named=True):
            custody = row["kind"] == AccountKind.CUSTODY.value
            rows.append(
                {
                    "account_id": account_id,
                    "account": name,
                    "fund": row["fund_label"],
                    "purpose": row["purpose_label"] or "不分用途",
                    "received": 0 if custody else row["received_fen"],
                    "handed": row["received_fen"] if custody else 0,
                    "returned": row["returned_fen"],
                    "transferred": row["transferred_fen"],
                    "paid": row["paid_fen"],
                    "spent": row["spent_fen"],
                    "left": row["left_fen"],
                    "balance": balance,
                    "statement": last.statement_fen if last else None,
                    "difference": last.statement_fen - last.ledger_fen if last else None,
                    "on": last.on if last else None,
                    "remarks": (last.reason or None) if last else "未对账",
                }
            )
    return fund_statement(policy, rows, unit=unit_name(session, asked.unit_id) or policy.issuer, remarks=remarks)


def _account(row: dict[str, Any]) -> str:
    """Return how an account is called: this body's by its kind, a unit's by the unit and its kind."""
    return f"{row['unit'] or ''}{AccountKind(row['kind']).label.removeprefix('单位' if row['unit'] else '')}"


def _last_checks(session: Session, account_ids: list[str]) -> dict[str, Reconciliation]:
    query = select(Reconciliation).where(col(Reconciliation.account_id).in_(account_ids))
    return {row.account_id: row for row in session.exec(query.order_by(col(Reconciliation.seq)))}


# -- the archive ---------------------------------------------------------------------------------------------------

_FORMATS: Final = {"pdf": "PDF", "xlsx": "Excel 工作簿"}


def catalogue(session: Session, asked: Asked, labels: Mapping[str, str]) -> Table:
    """Return 归档目录 of a round: every list, notice, meeting, step and scan, by kind and day; nobody's name.

    Args:
        session: A session on the ledger.
        asked: Of which round.
        labels: Name of a list → its Chinese name.
    """
    whole_round(asked.actor)
    round_id, policy = asked.round_id, policy_of(session, asked.round_id)
    parts = [
        _circular(session, round_id),
        _adopted(session, round_id),
        _steps(session, round_id),
        _meetings(session, round_id),
        _notices(session, round_id),
        _issued(session, round_id, labels),
        _printed(session, round_id, labels),
        _handed(session, round_id),
        _money(session, round_id),
        _scans(session, round_id),
    ]
    return archive_catalogue(policy, [line for part in parts for line in part], unit=policy.issuer)


def _line(
    group: str, title: str, on: date | None, pieces: int = 1, pages: int | None = None, **more: Any
) -> dict[str, Any]:
    return {"group": group, "title": title, "on": on, "pieces": pieces, "pages": pages, **more}


def _circular(session: Session, round_id: str) -> Iterator[dict[str, Any]]:
    policy = policy_of(session, round_id)
    opened = session.get_one(Round, round_id)
    yield _line("通知", f"{policy.title}及政策参数", policy.issued_on or opened.opened_on)


def _adopted(session: Session, round_id: str) -> Iterator[dict[str, Any]]:
    query = _of_round(Adoption, round_id).where(Adoption.state != "withdrawn")
    for row in session.exec(query.order_by(col(Adoption.adopted_at))):
        named = f"{Act(row.act).label}（第 {row.number} 号）"
        state = None if row.act == Act.PLACES.value else "正式" if row.state == "official" else "待研究"
        yield _line("名单方案", named, row.adopted_at.astimezone(SHANGHAI).date(), remarks=state)


def _issued(session: Session, round_id: str, labels: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for row in session.exec(_of_round(IssuedList, round_id).order_by(col(IssuedList.issued_at))):
        title = f"{labels.get(row.paper, '表册')}（正式印发）"
        on = row.issued_at.astimezone(SHANGHAI).date()
        yield _line("印发名单", title, on, pages=row.pages, remarks=_FORMATS.get(row.format, row.format))


def _printed(session: Session, round_id: str, labels: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Yield the lists somebody took away as a file, day by day."""
    counts: dict[tuple[date, str], int] = defaultdict(int)
    for row in session.exec(select(Download).order_by(col(Download.seq))):
        if (row.parameters or {}).get("round") == round_id:
            counts[row.at.astimezone(SHANGHAI).date(), row.kind] += 1
    for (on, kind), pieces in counts.items():
        name, _, form = kind.rpartition(".")
        yield _line("打印表册", labels.get(name or kind, "表册"), on, pieces, remarks=_FORMATS.get(form, ""))


def _meetings(session: Session, round_id: str) -> Iterator[dict[str, Any]]:
    for row in session.exec(_of_round(Meeting, round_id).order_by(col(Meeting.held_on), col(Meeting.meeting_id))):
        state = "已研究" if row.decided_at else "待研究"
        yield _line("会议", f"{row.body}集体研究记录", row.held_on, remarks=state)


def _notices(session: Session, round_id: str) -> Iterator[dict[str, Any]]:
    units = unit_names(session)
    for row in session.exec(_of_round(Notice, round_id).order_by(col(Notice.posted_on), col(Notice.notice_id))):
        where = row.branch or units.get(row.unit_id or "", "")
        title = f"公示（{where}）" if where else "公示"
        yield _line("公示", title, row.posted_on, remarks=NoticeState(row.state).label)


def _steps(session: Session, round_id: str) -> Iterator[dict[str, Any]]:
    """Yield the steps on record, those of a stage and day together."""
    undone = select(ReviewStep.revokes).where(ReviewStep.round_id == round_id, col(ReviewStep.revokes).is_not(None))
    query = _of_round(ReviewStep, round_id).where(
        col(ReviewStep.seq).not_in(undone), col(ReviewStep.meeting_id).is_(None), col(ReviewStep.notice_id).is_(None)
    )
    counts: dict[tuple[date, str, str], int] = defaultdict(int)
    for row in session.exec(query.order_by(col(ReviewStep.on), col(ReviewStep.seq))):
        counts[row.on, row.stage, row.body] += 1
    for (on, stage, body), pieces in counts.items():
        yield _line("办理记录", f"{Stage(stage).label}（{body}）", on, pieces)


def _handed(session: Session, round_id: str) -> Iterator[dict[str, Any]]:
    counts: dict[tuple[str, date], int] = defaultdict(int)
    query = _of_round(UnitPackage, round_id).order_by(col(UnitPackage.received_at), col(UnitPackage.package_id))
    for row in session.exec(query):
        counts[row.deliverable, row.received_at.astimezone(SHANGHAI).date()] += 1
    for (deliverable, on), pieces in counts.items():
        yield _line("报送材料", deliverable, on, pieces)


def _money(session: Session, round_id: str) -> Iterator[dict[str, Any]]:
    told: tuple[tuple[Any, str, Iterable[Any]], ...] = (
        (FundTransfer, "资金拨付凭证", ()),
        (Inspection, "发放情况抽查核实表", ()),
        (Visit, "走访记录", (col(Visit.revokes).is_(None),)),
    )
    for model, title, only in told:
        days: dict[date, int] = defaultdict(int)
        for row in session.exec(_of_round(model, round_id).where(*only).order_by(model.on)):
            days[row.on] += 1
        for on, pieces in days.items():
            yield _line("资金和走访", title, on, pieces)


def _scans(session: Session, round_id: str) -> Iterator[dict[str, Any]]:
    """Yield the scans by purpose; a picture is a page, how many a PDF has only its reader sees."""
    gone = select(AttachmentWithdrawal.attachment_id)
    # Never the content: a round's scans are gigabytes.
    query = (
        select(Attachment.purpose, Attachment.kind, Attachment.added_at)
        .where(Attachment.round_id == round_id, col(Attachment.attachment_id).not_in(gone))
        .order_by(col(Attachment.added_at))
    )
    found: dict[str, list[tuple[str, date]]] = defaultdict(list)
    for purpose, kind, at in session.exec(query):
        found[purpose].append((kind, at.astimezone(SHANGHAI).date()))
    for purpose, scans in found.items():
        pages = None if any(kind == "pdf" for kind, _ in scans) else len(scans)
        yield _line("扫描件", f"{PURPOSES.get(purpose, purpose)}扫描件", scans[-1][1], len(scans), pages)


def _of_round(model: Any, round_id: str) -> Any:
    return select(model).where(model.round_id == round_id)
