"""表册 on screen: the choice, the paper as it will leave, the files; a line of links in the sections it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from casework.db import reading
from casework.ledger import audit_head, policy_of
from casework.lists import ListState, Table
from casework.paper_files import FORMATS, about_one, first_people, formats_of, packed, people_on
from casework.papers import LABELS, PAPERS, stage_of
from casework.problems import CaseworkError, Refused
from casework.views.cases.desk import CaseDesk, Look
from casework.views.cases.files import keep_file
from casework.views.desk import _Kept, clock
from casework.views.html import badge, card, esc, failure, note, shown, tag
from casework.views.panels import labelled, toolbar
from casework.views.papers import Order, Wanted, copies_of, made_files, paper_file, read_wanted
from casework.views.papers_jobs import Job, begin
from casework.views.proofs import Proof, proof_of

SECTION: Final = "表册"
NOT_HERE: Final = "打印和下载要逐份登记，请用 casework serve 打开本页后办理。"
MANY: Final = 20
"""Copies of a form from which making them takes a while: how far it is is shown, and only the first are looked at."""
FIRST: Final = 3
"""Copies of such a form that are looked at."""
OWN: Final = {
    "收表导入": "申报与审核",
    "集体研究": "会议",
    "公示与异议": "公示",
    "发放与回执": "发放",
    "走访与期限": "走访",
}
"""Section → the stage whose papers it hands out."""
_TO_CHOOSE: Final = frozenset({"no_unit", "which", "which_branch"})
"""Why a paper cannot be made by a link alone: something has to be chosen first."""


@dataclass(frozen=True, eq=False)
class Seen:
    """A paper as it was asked for.

    Attributes:
        wanted: What was asked.
        by: "" or by what it is split.
        table: The paper; None where it cannot be made.
        proof: What is looked at.
        problem: Why there is no paper.
        hint: Why it is not shown.
    """

    wanted: Wanted
    by: str = ""
    table: Table | None = None
    proof: Proof | None = None
    problem: str = ""
    hint: str = ""

    @property
    def people(self) -> int:
        """Return for how many people a form about one person is; 0 for any other list."""
        return people_on(self.table) if self.table is not None else 0

    @property
    def forms(self) -> dict[str, str]:
        """Return label → format it leaves in."""
        return formats_of(self.wanted.name)

    @property
    def made_first(self) -> bool:
        """Tell whether the file is made with progress before it can be fetched."""
        return bool(self.by) or self.people > MANY


def look_at(desk: CaseDesk, look: Look, wanted: Wanted, *, by: str = "", preview: str = "") -> Seen:
    """Read a paper, and lay it out where it is to be looked at."""
    if not desk.guarded:
        return Seen(wanted, problem=NOT_HERE)
    try:
        with reading(desk.engine) as session:
            table = read_wanted(session, wanted, wanted.asked(desk.round_id, desk.actor, clock()))
            author = policy_of(session, desk.round_id).issuer
    except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
        return Seen(wanted, by, problem=failure(error))
    if look.projected and table.rows and not table.public:
        return Seen(wanted, by, table, hint="正在投屏：有姓名的表不在屏幕上预览，关掉投屏后再看；下载不受影响。")
    if not preview:
        return Seen(wanted, by, table)
    hint, people = "", people_on(table)
    looked = first_people(table, FIRST) if people > MANY else table
    if people > MANY:
        hint = f"共 {people} 人，这里只预览前 {FIRST} 人；文件里是全部 {people} 人。"
    try:
        return Seen(wanted, by, table, proof_of(looked, form=preview, author=author), hint=hint)
    except Exception as error:  # noqa: BLE001 - as above
        return Seen(wanted, by, table, hint=failure(error))


@shown
def papers_panel(desk: CaseDesk, seen: Seen, controls: Mapping[str, str], made: str, preview: str) -> str:
    """Return the section.

    Args:
        desk: The round.
        seen: What was asked for.
        controls: Label → control, HTML.
        made: What makes the archive where the paper is split, and what was made, HTML.
        preview: The paper, HTML.
    """
    row = labelled(controls)
    if not desk.guarded:
        return card(SECTION, note(NOT_HERE))
    if seen.by:
        return card(SECTION, row, made, preview, muted=_SAID)
    if seen.table is None:
        return card(SECTION, row, note(seen.problem, "warn"), muted=_SAID)
    told = note(seen.hint)
    if seen.made_first:
        return card(SECTION, row, made, told, preview, muted=_SAID)
    links = [_link(f"下载 {label}", seen.wanted.address(desk, format=form)) for label, form in seen.forms.items()]
    own = tag("p", esc(_NOT_ISSUED), "cw-muted") if seen.table.state is ListState.OFFICIAL else ""
    return card(SECTION, row, toolbar(*links, _state(seen.table)), own, told, preview, muted=_SAID)


_NOT_ISSUED: Final = "下载件不是印发件：页脚没有印发日期和审计校验码。要盖章发出、留底、以后能核对的，办“印发”。"
_SAID: Final = "文件由台账当场生成，逐份登记；不是正式的，页上印明草稿、送审稿或上会稿"


def _link(label: str, address: str, css: str = "cw-button") -> str:
    return tag("a", esc(label), css, href=address, download="1")


def _links(desk: CaseDesk, wanted: Wanted) -> str:
    forms = formats_of(wanted.name).items()
    return " · ".join(_link(label, wanted.address(desk, format=form), "") for label, form in forms)


def _state(table: Table) -> str:
    colour = "green" if table.state is ListState.OFFICIAL else "amber"
    rows = tag("span", esc(f"{len(table.rows)} 行"), "cw-muted") if table.rows else ""
    return badge(table.state.label, colour) + rows


def begin_file(desk: CaseDesk, seen: Seen, form: str) -> str:
    """Make a split, or a form for many, beside the page; returns why not, HTML."""
    order = Order(desk.engine, desk.round_id, seen.wanted, desk.actor, clock())
    try:
        begin(desk, f"生成{LABELS[seen.wanted.name]}", lambda job: keep_made(desk, seen, _made(order, seen, form, job)))
    except Refused as error:
        return note(error.sentence, "warn")
    return ""


def _made(order: Order, seen: Seen, form: str, job: Job) -> list[tuple[str, bytes]]:
    if not seen.by:
        return [paper_file(order, form, job.reached)]
    copies, files = copies_of(order, seen.by), []
    for file in made_files(order, copies, form):
        files.append(file)
        job.reached(len(files), len(copies))
    return files


def keep_made(desk: CaseDesk, seen: Seen, files: list[tuple[str, bytes]]) -> str:
    """Keep what was made for whoever made it, all files of a split as one archive, and return its link."""
    wanted = seen.wanted
    about = {"name": wanted.name, "round": desk.round_id, "unit": wanted.unit, "split": seen.by}
    if seen.by:
        name, body = packed(files, wanted.name, wanted.asked(desk.round_id, desk.actor, clock()), seen.by)
        media, said = "application/zip", f"共 {len(files)} 个文件，打成一个压缩包"
    else:
        ((name, body),) = files
        media, said = FORMATS[name.rpartition(".")[2]], f"共 {seen.people} 人，一个文件"
    address = keep_file(desk, name, body, media, about={key: value for key, value in about.items() if value})
    link = tag("a", esc(f"下载 {name}"), "cw-button cw-primary", href=address, download="1")
    return toolbar(link, tag("span", esc(said), "cw-muted"))


# -- in the other sections -----------------------------------------------------------------------------------------


_ready: _Kept[tuple[tuple[str, str], ...]] = _Kept()  # what can be made, by the head of the audit chain


def _can_be_made(desk: CaseDesk, stage: str, unit: str) -> tuple[tuple[str, str], ...]:
    """Return (paper, "" or why something has to be chosen first) of a stage's papers that can be made now."""
    with reading(desk.engine) as session:
        key = (str(desk.engine.url), audit_head(session), desk.round_id, desk.actor.id, desk.today, stage, unit)
        kept = _ready.get(key)
        if kept is not None:
            return kept
        found = []
        for name in LABELS:
            if stage_of(name) != stage or about_one(name):
                continue
            wanted = Wanted(name, "" if is_whole(name) else unit)
            try:
                read_wanted(session, wanted, wanted.asked(desk.round_id, desk.actor, clock()))
            except CaseworkError as error:
                if isinstance(error, Refused) and error.reason_code in _TO_CHOOSE:
                    found.append((name, error.reason_code))
                continue
            found.append((name, ""))
        return _ready.put(key, tuple(found))


def is_whole(name: str) -> bool:
    """Tell whether there is one for the round alone."""
    return name in PAPERS and PAPERS[name].whole


def to_section(desk: CaseDesk, name: str, *, unit: str = "", case: str = "") -> str:
    """Return the address of a paper in the section 表册."""
    query = {"round": desk.round_id, "section": SECTION, "paper": name, "unit": unit, "case": case}
    return f"/case_review/?{urlencode({key: value for key, value in query.items() if value})}"


@shown
def paper_line(desk: CaseDesk, section: str, unit: str = "") -> str:
    """Return the papers of a section that can be made now, each with its files; "" where there is none."""
    if not (desk.guarded and desk.with_cases) or section not in OWN:
        return ""
    parts = []
    for name, missing in _can_be_made(desk, OWN[section], unit):
        own = Wanted(name, "" if is_whole(name) else unit)
        label = tag("a", esc(LABELS[name]), "", href=to_section(desk, name, unit=unit))
        if missing:
            parts.append(label + tag("span", "（选定后打印）", "cw-muted"))
        else:
            links = " · ".join(
                _link(word, own.address(desk, format=form), "") for word, form in formats_of(name).items()
            )
            parts.append(f"{label} {links}")
    if not parts:
        return ""
    return tag("p", tag("b", "本环节表册") + "".join(tag("span", part) for part in parts), "cw-papers")


@shown
def case_line(desk: CaseDesk, case_id: str, unit: str) -> str:
    """Return the forms of one person, each with its files and the way to look at it, or to print whole numbers."""
    if not (desk.guarded and desk.actor.may_write()):
        return ""
    parts = []
    for name in LABELS:
        if about_one(name):
            seen = tag("a", esc(LABELS[name]), "", href=to_section(desk, name, unit=unit, case=case_id))
            parts.append(f"{seen} {_links(desk, Wanted(name, unit, case=case_id))}")
    return tag("p", tag("b", "本人的表") + "".join(tag("span", part) for part in parts), "cw-papers") if parts else ""
