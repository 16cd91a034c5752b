"""A paper as a file: its name 单位_表名_日期, its bytes, and one list split into a file per unit, branch or person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from sqlmodel import Session, col, select

from casework import word
from casework.archives import archive, file_name
from casework.forms import load_form
from casework.ledger import policy_of
from casework.ledger.rounds import units_of
from casework.lists import ListState, Table
from casework.models import Unit
from casework.papers import COMPUTED, LABELS, PAPERS, Asked, blank_copy, blank_paper, branches, in_force_copy, paper
from casework.payment.common import unit_names
from casework.printing import render
from casework.problems import Refused
from casework.workbook import write

FORMATS: Final = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
"""How a paper leaves → the type of the file."""
SPLITS: Final = {"单位": "unit", "党支部": "branch", "人": "person"}
"""What a list may be split by; by person only a form about one person."""

YEARLY: Final = frozenset(
    [
        *("person-return", "ledger", "filing", "filing-new", "filing-existing", "information-base"),
        *("political-birthday", "fifty-years"),
    ]
)
"""Lists that are kept by the year."""

_UNKNOWN: Final = "没有这张表，请从“表册”里选"
_NOBODY: Final = frozenset({"nobody", "no_claims", "not_found"})
"""Why a unit or a branch has no copy of its own: there is nobody of it on the list."""


@dataclass(frozen=True)
class Copy:
    """One copy of a list.

    Attributes:
        whose: The unit, with its branch where it is a branch's; "" for the whole round.
        table: The list.
    """

    whose: str
    table: Table


def about_one(name: str) -> bool:
    """Tell whether a paper is a form about one person, which stands by itself for each."""
    return name in PAPERS and PAPERS[name].empty is not None


def formats_of(name: str) -> dict[str, str]:
    """Return label → format a paper leaves in; .docx where its form, which is named like it, has a template."""
    as_word = about_one(name) and word.has_template(name.replace("-", "_"))
    return {"PDF": "pdf", "Excel": "xlsx", **({"Word": "docx"} if as_word else {})}


def people_on(table: Table) -> int:
    """Return how many people a form about one person is for; 0 for any other list."""
    if not load_form(table.list_id).apart or "index" not in table.keys:
        return 0
    return len({row[table.keys.index("index")] for row in table.rows})


def first_people(table: Table, number: int) -> Table:
    """Return a form about one person for the first few alone."""
    at = table.keys.index("index")
    kept = list(dict.fromkeys(row[at] for row in table.rows))[:number]
    return replace(table, rows=tuple(row for row in table.rows if row[at] in kept))


def may_be_opened(name: str) -> bool:
    """Tell whether there is a copy with whole account numbers, which stands in the log before it is made."""
    return name in PAPERS and PAPERS[name].opened is not None


def blank(session: Session, name: str, asked: Asked) -> Table:
    """Return a paper to be filled in by hand.

    Raises:
        Refused: `not_found`: there is no such paper; else as `blank_paper`.
        NotAllowed: As `blank_paper`.
    """
    if name in COMPUTED:
        return blank_copy(session, name, asked)
    if name not in PAPERS:
        raise Refused("not_found", _UNKNOWN)
    return blank_paper(session, name, asked)


def read_paper(session: Session, name: str, asked: Asked) -> Table:
    """Return a paper by name, those computed from a scenario as they are in force.

    Raises:
        Refused: `not_found`: there is no such paper; else as `paper`.
        NotAllowed: As `paper`.
    """
    if name not in LABELS:
        raise Refused("not_found", _UNKNOWN)
    return in_force_copy(session, name, asked) if name in COMPUTED else paper(session, name, asked)


def paper_bytes(table: Table, form: str, *, author: str, told: Callable[[int, int], object] | None = None) -> bytes:
    """Return a list as a file; `told` hears how many copies of a form are laid out, and of how many.

    Raises:
        Refused: `not_found`: no such format; else as `printing.render`; `no_template`: the list has no Word template.
    """
    if form not in FORMATS:
        raise Refused("not_found", "只能下载 PDF、Excel 或 Word")
    if form == "docx":
        return word.write(table)
    return write(table) if form == "xlsx" else render(table.list_id, table, author=author, told=told)


def paper_name(session: Session, name: str, asked: Asked, table: Table, form: str) -> str:
    """Return the name of a file, 单位_表名_日期; what is not formal yet says so."""
    unit = unit_names(session).get(asked.unit_id or "", "") or policy_of(session, asked.round_id).issuer
    return _named(f"{unit}{asked.branch}", LABELS[name], asked, table, form)


def _named(whose: str, label: str, asked: Asked, table: Table, suffix: str) -> str:
    state = "" if table.state is ListState.OFFICIAL else f"（{table.state.label}）"
    return file_name(whose, f"{label}{state}", on=asked.today, suffix=suffix)


def split(session: Session, asked: Asked, by: str, *, read: Callable[[Asked], Table], label: str) -> tuple[Copy, ...]:
    """Return the copies of a list, one per unit or branch that has anybody on it.

    Args:
        session: A session on the ledger.
        asked: Of which round; a unit or a branch in it narrows.
        by: One of the values of `SPLITS`.
        read: Makes the copy that is asked for.
        label: The list's Chinese name, for what is refused.

    Raises:
        Refused: `not_found` (`by`); `not_split`: every copy would be the whole list; what a copy is refused with,
            under the name of its unit, and then there is none.
    """
    if by == "person":
        return _by_person(read(asked), label)
    if by not in SPLITS.values():
        raise Refused("not_found", "只能按单位、党支部或人分")
    found: list[Copy] = []
    missing: Refused | None = None
    for whose, one in _each(session, asked, by):
        try:
            table = read(one)
        except Refused as refused:
            if refused.reason_code not in _NOBODY:
                raise _of(whose, refused) from None
            missing = missing or refused
            continue
        if table.rows:
            found.append(Copy(whose, table))
    if not found:
        raise missing or Refused("nobody", f"{label}上没有人，没有可以分的")
    if len(found) > 1 and all(copy.table.rows == found[0].table.rows for copy in found):
        raise Refused("not_split", f"{label}全轮一份，不能再分")
    return tuple(found)


def _by_person(table: Table, label: str) -> tuple[Copy, ...]:
    """Return a form about one person for each: what is read once is cut, so that nobody is read twice."""
    if not load_form(table.list_id).apart:
        raise Refused("not_split", f"{label}不是每人一张，不能按人分")
    places = [table.keys.index(key) for key in ("index", "unit", "name") if key in table.keys]
    found = []
    for (_, *whose), rows in groupby(table.rows, key=lambda row: tuple(row[at] for at in places)):
        found.append(Copy("_".join(str(part or "") for part in whose), replace(table, rows=tuple(rows))))
    return tuple(found)


def _of(whose: str, refused: Refused) -> Refused:
    """Return a refusal with whose copy it is about; what concerns every copy stays as it is."""
    everybody = refused.reason_code in ("whole", "no_branch", "no_list")
    return refused if everybody else Refused(refused.reason_code, f"{whose}：{refused.sentence}")


def _each(session: Session, asked: Asked, by: str) -> Iterator[tuple[str, Asked]]:
    listed = set(units_of(session, asked.round_id))  # none: the round speaks to every unit
    known = session.exec(select(Unit).order_by(col(Unit.order).is_(None), col(Unit.order), col(Unit.unit_id))).all()
    for unit in known:
        wanted = asked.unit_id in (None, unit.unit_id) and (not listed or unit.unit_id in listed)
        if not wanted or not asked.actor.may_see(unit.unit_id):
            continue
        own = replace(asked, unit_id=unit.unit_id)
        if by == "unit":
            yield unit.name, own
        else:
            for branch in branches(session, own):
                if asked.branch in ("", branch):
                    yield f"{unit.name}{branch}", replace(own, branch=branch)


def copy_files(
    copies: Iterable[Copy], asked: Asked, form: str, *, label: str, author: str
) -> Iterator[tuple[str, bytes]]:
    """Return (name, content) of each copy, one after the other, so that it can be said how far it is."""
    for copy in copies:
        yield _named(copy.whose, label, asked, copy.table, form), paper_bytes(copy.table, form, author=author)


def packed(files: Iterable[tuple[str, bytes]], name: str, asked: Asked, by: str) -> tuple[str, bytes]:
    """Return the archive of all copies of a list, and what it is called."""
    told = next(label for label, value in SPLITS.items() if value == by)
    return file_name(f"分{told}", LABELS[name], on=asked.today, suffix="zip"), archive(files, on=asked.today)
