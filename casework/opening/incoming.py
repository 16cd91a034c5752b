"""What a round starts from, and the new circular held against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from sqlmodel import Session

from casework.ledger import rounds
from casework.ledger.rounds import pack_of, units_of
from casework.models import Round
from casework.policy import PackBytes, Policy, pack_folders, parse_pack, read_pack
from casework.policy.circular import Head, head_of, read_circular
from casework.policy.lint import lint
from casework.policy.reuse import Lost, Setting, flat, lost, read_grid, settings
from casework.problems import CaseworkError, Problem, Refused
from casework.shapes.limits import QuotaGrid
from casework.sheets import Sheet, UnreadableWorkbook, read_workbook

Grid = Mapping[str, Mapping[str, int]]

_ROUND: Final = "round:"
_PACK: Final = "pack:"


@dataclass(frozen=True, eq=False)
class Basis:
    """An earlier round's own copy of its circular, or a pack as it comes.

    Attributes:
        packs: Its bytes.
        policy: The same, checked and frozen.
        title: How the officer knows it.
        from_round: The earlier round.
        units: The units that took part in it; none means all.
    """

    packs: PackBytes
    policy: Policy
    title: str
    from_round: str | None = None
    units: tuple[str, ...] = ()

    @property
    def has_grid(self) -> bool:
        """Tell whether its places stand in a table unit × category."""
        return bool(self.policy.of_shape(QuotaGrid))


def basis_names(session: Session) -> dict[str, str]:
    """Return what a round may start from: as an officer reads it → key for `basis_of`; earlier rounds first."""
    earlier = {found.round_id: f"上一轮：{found.title}（{found.opened_on}开始）" for found in rounds(session)}
    names = {title: f"{_ROUND}{round_id}" for round_id, title in earlier.items()}
    for pack_id in pack_folders():
        try:
            said = flat(read_pack(pack_id))["policy"]
        except (CaseworkError, KeyError, ValueError):
            continue  # `casework policy check` says what is wrong with it
        names[f"通知：{said['issuer']}《{said['title']}》"] = f"{_PACK}{pack_id}"
    return names


def basis_of(session: Session, key: str | None) -> Basis | None:
    """Return what the officer chose; None for nothing.

    Raises:
        CaseworkError: The pack cannot be used, or the round is not there.
    """
    kind, _, name = (key or "").partition(":")
    if not name:
        return None
    if f"{kind}:" == _PACK:
        packs = read_pack(name)
        policy = parse_pack(packs)
        return Basis(packs, policy, policy.title)
    found = session.get(Round, name)
    if found is None:
        raise Refused("not_found", "台账里没有这一轮")
    stored = pack_of(session, name)
    return Basis(stored, parse_pack(stored), found.title, name, tuple(units_of(session, name)))


# -- the new circular --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Upload:
    """A file as a browser sends it: a name nobody vouches for, and bytes."""

    name: str
    content: bytes


@dataclass(frozen=True, eq=False)
class Incoming:
    """The new circular as it was read, held against the basis.

    Attributes:
        basis: What it continues.
        text: The circular, with the annex's table where that came as a sheet of its own.
        head: What it says of itself.
        lost: Clauses whose words it does not have.
        settings: What changes from year to year.
        grid: The table unit × category; None where none was read.
        problems: To be put right before going on.
        remarks: What the circular says against itself (通知核对), and what differs between text and sheet.
    """

    basis: Basis
    text: str = ""
    head: Head = field(default_factory=Head)
    lost: tuple[Lost, ...] = ()
    settings: tuple[Setting, ...] = ()
    grid: Grid | None = None
    problems: tuple[Problem, ...] = ()
    remarks: tuple[Problem, ...] = ()

    def carried(self, setting: Setting) -> bool:
        """Tell whether a number may stay as it is: the words it was read from stand in the new text."""
        return setting.clause_id not in {entry.clause_id for entry in self.lost}


def read_incoming(basis: Basis, *, text: str, file: Upload | None = None, table: Upload | None = None) -> Incoming:
    """Read a new circular: pasted, or from a text file; its quota table from the annex's .xlsx or the text itself."""
    try:
        whole = text if text.strip() else read_circular(file.content) if file else ""
    except ValueError as error:
        return Incoming(basis, problems=(Problem(str(error), file=file.name if file else ""),))
    whole = whole.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip("\n")
    if not whole.strip():
        return Incoming(basis, problems=(Problem("还没有新通知的文字", "粘贴全文，或选择纯文本文件"),))
    grid: Grid | None = None
    problems, remarks = list[Problem](), list[Problem]()
    if basis.has_grid:
        printed, _ = read_grid([line.split("\t") for line in whole.splitlines() if "\t" in line], basis.policy)
        grid = printed or None
        if table is not None:
            grid, sheet, problems = _read_table(table, basis.policy)
            if grid and printed:
                remarks = list(_differences(printed, grid))
            elif grid and sheet:
                whole = f"{whole}\n\n附件\n\n{_as_text(sheet)}"
    whole += "\n"
    return Incoming(
        basis,
        whole,
        head_of(whole),
        tuple(lost(basis.packs, whole)),
        tuple(settings(basis.packs)),
        grid,
        tuple(problems),
        (*remarks, *lint(whole)),
    )


def _read_table(table: Upload, policy: Policy) -> tuple[Grid | None, Sheet | None, list[Problem]]:
    """Return the grid of the first worksheet that holds one, else what is wrong with the likeliest."""
    try:
        sheets = [sheet for sheet in read_workbook(table.content, name=table.name) if sheet.visible and sheet.rows]
    except UnreadableWorkbook as error:
        return None, None, [error.problem]
    said: list[Problem] = []
    for sheet in sheets:
        # A head over two columns is read from its first one.
        grid, problems = read_grid([list(row) for row in sheet.rows], policy)
        if grid:
            return grid, sheet, []
        named = [replace(problem, file=table.name, sheet=sheet.name) for problem in problems]
        said = named if not said or any(problem.cell for problem in named) else said
    return None, None, said or [Problem("工作簿里没有名额分配表", "核对是不是选错了文件", file=table.name)]


def _as_text(sheet: Sheet) -> str:
    """Return a sheet as a circular's text carries a table: cells parted by tabs, a lone cell as a line."""
    lines = []
    for row in sheet.rows:
        cells = [_cell(value) for value in row]
        written = [cell for cell in cells if cell]
        if written:
            lines.append(written[0] + "\n" if len(written) == 1 and cells[0] else "\t".join(cells))
    return "\n".join(lines)


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else " ".join(str(value).split())


def _differences(printed: Grid, given: Grid) -> Iterator[Problem]:
    for unit in dict.fromkeys((*printed, *given)):
        if dict(printed.get(unit, {})) != dict(given.get(unit, {})):
            yield Problem(f"“{unit}”的名额，正文里的表与上传的表不一致", "以上传的表为准；请核对哪一份对")
