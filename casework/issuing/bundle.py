"""The whole set of a round: every paper that can be made, as one PDF in the order of the work, and as one archive."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from sqlmodel import Session

from casework.archives import archive, file_name
from casework.forms import load_form
from casework.ledger import policy_of
from casework.ledger.rounds import units_of
from casework.lists import ListState, Table, check_code, list_fingerprint
from casework.lists.circular import circular_page
from casework.paper_files import read_paper
from casework.papers import CARE_PAPERS, COMPUTED, LABELS, PAPERS, STAGES, Asked, instances, stage_of
from casework.payment.common import unit_names
from casework.printing import render
from casework.printing.together import Part, render_together
from casework.problems import Refused
from casework.workbook import write

INTERNAL: Final = frozenset(
    [
        *("meeting-list", "minutes", "exceptions", "basis", "completion-request", "feedback"),
        *("registration", "approval", "visit-record"),
    ]
)
"""Papers that stay in the house: in the archive of a round, never in what is handed on."""
LEFT_OUT: Final = CARE_PAPERS | {"public-list"}
"""Drafts of a notice, forms that are only ever filled in by hand, and the papers of 日常关怀."""
PURPOSES: Final = {"submit": "报送", "archive": "归档"}


@dataclass(frozen=True)
class Bundle:
    """A set of papers.

    Attributes:
        members: (file stem, paper, table) in the order of the work.
        missing: Paper → why it is not in the set.
    """

    members: tuple[tuple[str, str, Table], ...]
    missing: dict[str, str]


def set_of(session: Session, asked: Asked, *, purpose: str = "archive") -> Bundle:
    """Return the papers of a round that can be made now; card numbers are masked in all of them.

    Args:
        session: A session on the ledger.
        asked: Of which round; a unit: only its own copies.
        purpose: `archive` everything, `submit` without what stays in the house.

    Raises:
        Refused: `bad_purpose`; `nothing`: there is none.
        NotAllowed: `scope`.
    """
    if purpose not in PURPOSES:
        raise Refused("bad_purpose", f"用途只有{'、'.join(PURPOSES.values())}")
    asked.within_scope()
    order = {stage: at for at, stage in enumerate(STAGES)}
    kept_in = INTERNAL if purpose == "submit" else frozenset()
    left_out = LEFT_OUT | kept_in | _one_by_one()
    wanted = sorted((name for name in LABELS if name not in left_out), key=lambda name: order[stage_of(name)])
    members: list[tuple[str, str, Table]] = []
    missing: dict[str, str] = {}
    for name in wanted:
        try:
            members += [
                (f"{LABELS[name]}{whose and f'（{whose}）'}", name, table)
                for whose, table in _copies(session, name, asked)
            ]
        except Refused as refused:
            missing[LABELS[name]] = refused.sentence
    if purpose == "submit":
        members, drafts = [one for one in members if one[2].state is ListState.OFFICIAL], members
        missing |= {
            stem: f"还是{table.state.label}" for stem, _, table in drafts if table.state is not ListState.OFFICIAL
        }
    if not members:
        raise Refused("nothing", "这一轮还没有可以成套的表册")
    return Bundle(tuple(members), missing)


def _one_by_one() -> frozenset[str]:
    """Return the papers of one person each: hundreds of sheets, printed and filed person by person."""
    return frozenset(name for name, found in PAPERS.items() if found.empty is not None or found.plain == "receipt")


def _copies(session: Session, name: str, asked: Asked) -> Iterator[tuple[str, Table]]:
    """Yield the copies of a paper: one for the round, or one per unit for what is a unit's own."""
    several = instances(session, name, asked)
    if len(several) > 1:
        for label, one in several.items():
            yield label, read_paper(session, name, replace(asked, of=one))
        return
    if name in COMPUTED or not PAPERS[name].needs_unit or asked.unit_id is not None:
        yield "", read_paper(session, name, asked)
        return
    names, found = unit_names(session), False
    listed = units_of(session, asked.round_id) or tuple(names)
    last: Refused | None = None
    for unit_id in (unit for unit in names if unit in set(listed)):
        try:
            yield names[unit_id], read_paper(session, name, replace(asked, unit_id=unit_id))
            found = True
        except Refused as refused:
            last = refused
    if not found and last is not None:
        raise last


Progress = Callable[[int, int, str], bool]
"""Called before each step with how many are done, of how many, and which this is; False cancels."""


def _never_mind(_at: int, _of: int, _what: str) -> bool:
    return True


def whole_set(session: Session, asked: Asked, bundle: Bundle, *, told: Progress = _never_mind) -> bytes:
    """Return the set as one PDF: the circular, then every paper on its own sheet, pages numbered through.

    Args:
        session: A session on the ledger.
        asked: Of which round.
        bundle: The papers.
        told: Called for every paper twice, for each is laid out twice; False cancels.

    Raises:
        Refused: `cancelled`; as `printing.render`.
    """
    policy = policy_of(session, asked.round_id)
    cover = circular_page(policy, [stem for stem, _, _ in bundle.members])
    parts = [Part(cover.list_id, cover), *(Part(table.list_id, table) for _, _, table in bundle.members)]
    stems = ["通知", *(stem for stem, _, _ in bundle.members)]

    def laid(done: int, many: int) -> None:
        _go_on(told, done, many, f"装订：{stems[done % len(stems)]}")

    return render_together(parts, title=f"{policy.round_title}全套材料", author=policy.issuer, told=laid)


def _go_on(told: Progress, done: int, many: int, what: str) -> None:
    if not told(done, many, what):
        raise Refused("cancelled", "已取消，没有生成")


def round_bundle(
    session: Session,
    asked: Asked,
    *,
    purpose: str = "archive",
    told: Progress = _never_mind,
) -> tuple[str, bytes]:
    """Return the name and the bytes of the archive: each paper as PDF and workbook, the whole set, and a manifest.

    Args:
        session: A session on the ledger.
        asked: Of which round and unit.
        purpose: As `set_of`.
        told: Called before each paper, and then for the whole set paper by paper; False cancels.

    Raises:
        Refused: `cancelled`; as `set_of` and `printing.render`, under the name of the paper.
    """
    policy, bundle = policy_of(session, asked.round_id), set_of(session, asked, purpose=purpose)
    files: list[tuple[str, bytes]] = []
    listed = []
    papers = len(bundle.members)
    many = papers + 2 * (papers + 1)
    for at, (stem, name, table) in enumerate(bundle.members, start=1):
        _go_on(told, at - 1, many, stem)
        made = {"pdf": _printed(stem, table, policy.issuer), "xlsx": write(table)}
        for form, content in made.items():
            files.append((f"{at:02d}_{stem}.{form}", content))
        listed.append(
            {
                "paper": name,
                "title": table.title,
                "state": table.state.label,
                "rows": len(table.rows),
                "code": check_code(list_fingerprint(table)),
                "fingerprint": list_fingerprint(table),
                "files": {
                    f"{at:02d}_{stem}.{form}": hashlib.sha256(content).hexdigest() for form, content in made.items()
                },
            }
        )
    whole = whole_set(session, asked, bundle, told=lambda at, _, what: told(papers + at, many, what))
    files.insert(0, ("00_全套材料.pdf", whole))
    manifest = {
        "round": asked.round_id,
        "title": policy.round_title,
        "purpose": PURPOSES[purpose],
        "made_on": asked.today.isoformat(),
        "whole": hashlib.sha256(whole).hexdigest(),
        "papers": listed,
        "missing": bundle.missing,
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2, sort_keys=True)
    files.append(("manifest.json", text.encode()))
    return set_name(session, asked, purpose=purpose, suffix="zip"), archive(files, on=asked.today)


def set_name(session: Session, asked: Asked, *, purpose: str, suffix: str) -> str:
    """Return what the file of a set is called."""
    unit = unit_names(session).get(asked.unit_id or "", "") or policy_of(session, asked.round_id).issuer
    return file_name(unit, f"全套材料（{PURPOSES[purpose]}）", on=asked.today, suffix=suffix)


def _printed(stem: str, table: Table, author: str) -> bytes:
    try:
        return render(table.list_id, table, mode=load_form(table.list_id).mode, author=author)
    except Refused as refused:
        raise Refused(refused.reason_code, f"{stem}：{refused.sentence}") from None
