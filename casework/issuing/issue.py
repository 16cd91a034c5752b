"""Issuing a list: it is formal, nothing stands in its way, and its files are kept sealed as they leave."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple

from sqlalchemy import Engine
from sqlmodel import Session

from casework.adoption import in_force
from casework.dates import chinese
from casework.db import reading
from casework.issuing.kept import of_list, place
from casework.ledger import ERASED, Result, Work, audit_head, execute, open_round_of, policy_of
from casework.ledger.keys import of_round
from casework.lists import ListState, Table, canonical_bytes, list_fingerprint
from casework.models import IssuedList
from casework.paper_files import read_paper
from casework.papers import CARE_PAPERS, COMPUTED, LABELS, PAPERS, Asked, opened_paper, paper
from casework.pictures import page_count
from casework.printing import render
from casework.problems import Conflict, NotAllowed, Refused
from casework.review.readiness import review_issue_ready
from casework.vocabulary import Act
from casework.workbook import write

NEVER: Final = CARE_PAPERS | {"meeting-list", "minutes", "bank-payment", "public-list", "visit-record"}
"""Papers that are not issued: 上会材料 is collected again, minutes are signed by hand, cards are opened each time,
a notice is issued as 公示, what was heard on a visit stays in the house; and those of 日常关怀."""
ISSUABLE: Final = {name: label for name, label in LABELS.items() if name not in NEVER}
"""Name → Chinese name of what may be issued."""
NAMED_ONLY_WHEN_READY: Final = frozenset(
    {"roster", "change-list", "pay-sheet", "receipts", "leader-roster", "visit-plan", "unit-list"}
)
"""Lists of people who were decided on: nobody stands on an issued one whose own procedure is not complete."""
OPENED: Final = frozenset(name for name, found in PAPERS.items() if found.opened is not None and name in ISSUABLE)
"""Papers that carry whole account numbers, and are issued with them alone: a masked copy is to be checked by eye."""
_HEAD_SIGNS: Final = 16


class _Made(NamedTuple):
    table: Table
    fingerprint: str
    head: str
    files: dict[str, bytes]


def issuable(session: Session, name: str, asked: Asked) -> Table:
    """Return the list as it would be issued now.

    Args:
        session: A session on the ledger.
        name: A key of `ISSUABLE`.
        asked: Of which round, unit, branch, notice.

    Raises:
        Refused: `not_issued` (this paper never is), `not_formal` (still a draft of some stage), `not_ready` (an oral
            instruction is not made up for, a change is not studied, somebody on it waits), `masked` (it is issued with
            whole numbers: `issue` with `opened`), and what the paper refuses.
        NotAllowed: A viewer; `scope`.
    """
    _refuse_never(name, asked)
    if name in OPENED:
        raise Refused("masked", f"{PAPERS[name].label}遮盖了号码的只供核对；印发要用完整号码的一份，并登记是谁打开的")
    table = read_paper(session, name, asked)
    if name == "quota-table":
        table = replace(table, state=ListState.OFFICIAL)  # a plan of places becomes formal by going out
    if table.state is not ListState.OFFICIAL:
        raise Refused("not_formal", f"“{table.title}”还是{table.state.label}，研究确定后才能印发")
    if name in NAMED_ONLY_WHEN_READY:
        _refuse_unready(session, asked)
    if not table.rows and name in {*COMPUTED, *NAMED_ONLY_WHEN_READY}:
        raise Refused("nobody", f"“{table.title}”上没有内容，不能印发")
    return table


def _refuse_never(name: str, asked: Asked) -> None:
    if name not in ISSUABLE:
        label = LABELS.get(name, name)
        raise Refused("not_issued", f"{label}不印发；需要时每次从台账打印")
    if not asked.actor.may_write():
        raise NotAllowed("read_only", "只读人员不能办理，请联系经办人员")


def _refuse_unready(session: Session, asked: Asked) -> None:
    state = review_issue_ready(session, round_id=asked.round_id, now=asked.now)
    if state.blocks:
        raise Refused("not_ready", f"现在不能印发：{'；'.join(state.blocks)}")
    adoption = in_force(session, asked.round_id, Act.LIST)
    own = (
        {row["case_id"] for row in adoption.numbers["awards"] if asked.unit_id in (None, row["unit_id"])}
        if adoption
        else set()
    )
    waiting = [why for case_id, why in state.waiting.items() if case_id in own]
    if waiting:
        raise Refused(
            "not_ready", f"还有 {len(waiting)} 人不能列入正式名单（{waiting[0]}），请先办完，或办理减员后印发"
        )


def issue(  # noqa: PLR0913 - which list, and how it is printed
    engine: Engine,
    *,
    name: str,
    asked: Asked,
    author: str = "",
    key: str,
    opened: bool = False,
    told: Callable[[int, int], object] | None = None,
) -> Result:
    """Issue a list: PDF and workbook are made, kept sealed, and from now on printed again from what was kept.

    Issuing the same list again changes nothing and gives the files of the first time.

    Args:
        engine: The ledger.
        name: A key of `ISSUABLE`.
        asked: Of which round, unit, branch, notice; by whom and when.
        author: The issuing body, for the file's properties; the circular's where it is "".
        key: Idempotency key.
        opened: With whole account numbers, which stands in the log before they are read.
        told: Of a form about one person: called with how many are laid out, and of how many.

    Returns:
        `{"files": {"pdf": issue_id, "xlsx": issue_id}, "title", "code", "pages", "people", "unchanged"}`.

    Raises:
        Refused: As `issuable`; `no_cards`: `opened` for a paper without numbers; `closed`; what printing refuses (a
            missing glyph …). Nothing is kept then.
        Conflict: `changed`: the list changed while it was printed.
    """
    with_numbers = _opened(engine, name, asked, key) if opened else None
    with reading(engine) as session:
        body = author or policy_of(session, asked.round_id).issuer
        made = _made(session, name, asked, body, with_numbers=with_numbers, told=told)
    fingerprint = list_fingerprint(made.table)
    sums = {form: hashlib.sha256(content).hexdigest() for form, content in made.files.items()}

    def deed(work: Work) -> Result:
        open_round_of(work, asked.round_id)
        if list_fingerprint(_looked_at(work.session, name, asked, opened=opened)) != made.fingerprint:
            raise Conflict("changed", "打印的时候名单有了变化，没有印发，请重新办理")
        ids, unchanged = _standing(work.session, name, asked, fingerprint), True
        if not ids:
            ids, unchanged = _kept(work, name, asked, made, sums), False
        return {
            "files": ids,
            "title": made.table.title,
            "code": fingerprint[:12].upper(),
            "pages": page_count(made.files["pdf"]),
            "people": len(made.table.rows),
            "unchanged": unchanged,
        }

    return execute(
        engine,
        action="issue_list",
        actor=asked.actor,
        now=asked.now,
        key=key,
        subject=f"round:{asked.round_id}",
        request={"paper": name, "unit": asked.unit_id, "of": asked.of, "fingerprint": fingerprint},
        body=deed,
    )


def _opened(engine: Engine, name: str, asked: Asked, key: str) -> Table:
    """Return a paper with whole numbers to be issued; whatever stands in the way is said before a number is read."""
    _refuse_never(name, asked)
    if name not in OPENED:
        raise Refused("no_cards", f"{ISSUABLE[name]}没有要打开的号码，请照常印发")
    with reading(engine) as session:
        if not paper(session, name, asked).rows:
            raise Refused("nobody", f"{ISSUABLE[name]}上没有人，不能印发")
    table = opened_paper(engine, name, asked, key=f"{key}-numbers")
    if table.state is not ListState.OFFICIAL:
        raise Refused("not_formal", f"“{table.title}”还是{table.state.label}，研究确定后才能印发")
    return table


def _looked_at(session: Session, name: str, asked: Asked, *, opened: bool) -> Table:
    """Return what is held against the list when it is entered: masked where numbers were opened, none is read twice."""
    return paper(session, name, asked) if opened else issuable(session, name, asked)


def _made(  # noqa: PLR0913 - which list, and how it is printed
    session: Session,
    name: str,
    asked: Asked,
    author: str,
    *,
    with_numbers: Table | None,
    told: Callable[[int, int], object] | None,
) -> _Made:
    seen, head = _looked_at(session, name, asked, opened=with_numbers is not None), audit_head(session)
    table = with_numbers or seen
    issued = f"{chinese(asked.today)}印发　审计校验码 {_grouped(head)}"
    pdf = render(table.list_id, table, issued=issued, author=author, told=told)
    return _Made(table, list_fingerprint(seen), head, {"pdf": pdf, "xlsx": write(table)})


def _grouped(head: str) -> str:
    """Return the beginning of a head as it is printed, in groups that can be read aloud."""
    short = head[:_HEAD_SIGNS].upper()
    return " ".join(short[at : at + 4] for at in range(0, len(short), 4))


def _standing(session: Session, name: str, asked: Asked, fingerprint: str) -> dict[str, str]:
    return {
        row.format: row.issue_id
        for row in of_list(session, asked.round_id, name, fingerprint)
        if (row.unit_id, row.branch, row.of) == (asked.unit_id, asked.branch, asked.of)
    }


def _kept(work: Work, name: str, asked: Asked, made: _Made, sums: dict[str, str]) -> dict[str, str]:
    """Keep the files of one issue; returns format → id."""
    key = work.keyring.get(of_round(asked.round_id), make=True)
    if key is None:
        raise Refused("erased", f"这一轮的材料{ERASED}，不能再印发")
    words, table = canonical_bytes(made.table), made.table
    fingerprint = hashlib.sha256(words).hexdigest()
    adoption = in_force(work.session, asked.round_id, Act.PLACES if name == "quota-table" else Act.LIST)
    ids = {}
    for form, content in made.files.items():
        issue_id = hashlib.sha256(f"{name}/{asked.unit_id}/{asked.branch}/{asked.of}/{sums[form]}/{made.head}".encode())
        row_id = issue_id.hexdigest()[:12]
        work.add(
            IssuedList(
                issue_id=row_id,
                round_id=asked.round_id,
                paper=name,
                list_id=table.list_id,
                unit_id=asked.unit_id,
                branch=asked.branch,
                of=asked.of,
                format=form,
                title=table.title,
                pages=page_count(content) if form == "pdf" else 0,
                people=len(table.rows),
                adoption_id=adoption.adoption_id if adoption else None,
                list_fingerprint=fingerprint,
                sha256=sums[form],
                audit_head=made.head,
                words=key.seal(words, bound_to=place("words", row_id)),
                content=key.seal(content, bound_to=place("content", row_id)),
                issued_by=asked.actor.id,
                issued_at=asked.now,
            )
        )
        work.note_digest(f"issued.{form}", sums[form])
        ids[form] = row_id
    return ids
