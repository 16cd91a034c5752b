"""The page of a list as HTML: heads broken where they read well, widths, sums, rows that stay together. No renderer."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from jinja2 import StrictUndefined
from jinja2.loaders import FunctionLoader
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from casework import glyphs
from casework.forms import Form, Mode, form_file
from casework.lists import NUMBERS, Cell, Column, ListState, Table, check_code, list_fingerprint, shown
from casework.printing.titles import titled
from casework.problems import Refused

WIDTHS_MM = {("annex", True): 225, ("annex", False): 156, ("report", True): 261, ("report", False): 174}
"""Width of the type area by mode and by whether the sheet lies on its side, in mm."""
A3_WIDTH_MM = 384
"""The same of a list on A3, which is never part of a circular's annexes."""
TALLEST_CELL_MM = 120
"""A row is never torn apart, so a cell has to fit on a page with the title and the head."""
_HEAD_SIGN_MM, _HEAD_PADDING_MM = 3.53, 1.2  # 10 pt; padding and border
_TIGHT_BELOW, _TIGHT_SIGN_MM = 0.9, 3.18  # a list squeezed below this share of its wanted width is set in 9 pt
_SIGN_MM, _PADDING_MM, _LINE_MM = 3.9, 2.0, 4.8  # of the largest body text, 11 pt
_SMALL_SIGN_MM, _SMALL_LINE_MM, _SMALL_FROM_LINES = 2.82, 3.6, 10  # 8 pt, for a cell that would be very tall
_LEAST_ROW_MM = 9
_SPREAD_FROM_MM = 18  # a head of two signs is spread where there is room: 单　位


@dataclass(frozen=True)
class _Box:
    """One cell as the page sees it."""

    text: str
    align: str = "center"
    parts: tuple[str, ...] = ()
    columns: int = 1
    lines: int = 1
    note: str = ""
    font: str = ""
    wide: bool = False
    digits: bool = False
    small: bool = False
    rows: int = 1


@dataclass(frozen=True)
class _Line:
    """One row as the page sees it; `mark` is the bookmark it carries, or "", `id` what it is found by on a page."""

    boxes: list[_Box]
    mark: str
    id: str = ""


@dataclass(frozen=True)
class _Group:
    """Rows that belong together, with the sums under them; `kind`: `group` is never torn, `sheet` fills a page."""

    lines: list[_Line]
    sums: list[list[_Box]]
    kind: str = ""


def _source(name: str) -> tuple[str, None, Callable[[], bool]] | None:
    """Return a template by its path, e.g. "receipt/page.html": the office's own, else ours; None: there is none."""
    form, _, file = name.partition("/")
    try:
        found = form_file(form, file)
    except KeyError:
        return None
    return (found.read_text(encoding="utf-8"), None, lambda: False) if found.is_file() else None


# In the sandbox: a template the office wrote may say how a paper looks, and reach nothing else.
templates = SandboxedEnvironment(
    loader=FunctionLoader(_source), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


templates.filters["titled"] = lambda text, page, css: titled(text, _room(page), css)


def page_html(  # noqa: PLR0913 - what is on a page
    form: Form, table: Table, mode: Mode, issued: str, author: str, *, sheets: Sequence[int] = ()
) -> str:
    """Return a list as HTML.

    Args:
        form: The folder of the form.
        table: The list.
        mode: How it is printed.
        issued: What stands in the foot.
        author: The issuing body.
        sheets: Rows on each page of a list that adds up every page; empty while they are not known yet.
    """
    fingerprint = list_fingerprint(table)
    available = A3_WIDTH_MM if table.wide else WIDTHS_MM[mode, form.landscape]
    widths = _widths(table, available)
    tight = available < _TIGHT_BELOW * sum(column.width_mm for column in table.columns)
    groups, foot = _groups(table, widths, sheets, form.together_mm)
    return templates.select_template(
        [f"{form.name}/page.html", "base/list.html"]
    ).render(
        table=table,
        br=Markup("<br>"),
        css=Markup(css_of(form.name)),  # noqa: S704 - our own files, no data
        page="report-wide" if table.wide else f"{mode}-{'landscape' if form.landscape else 'portrait'}",
        widths=widths,
        tight=tight,
        head=_head(table, widths, _TIGHT_SIGN_MM if tight else _HEAD_SIGN_MM),
        body=any(group.lines or group.sums for group in groups),
        groups=groups,
        foot=foot,
        records=[
            {column.key: shown(value, column) for value, column in zip(row, table.columns, strict=True)}
            for row in table.printed_rows()
        ],
        fields=[table.fields[at : at + 2] for at in range(0, len(table.fields), 2)],
        watermark="" if table.state is ListState.OFFICIAL else table.state.label,
        fingerprint=f"sha256:{fingerprint}",
        code=check_code(fingerprint),
        issued=issued,
        author=author,
    )


def css_of(form: str, *shared: str) -> str:
    """Return the style of a form: the fonts this machine has, the common pages, what it shares, and its own rules."""
    chains = {"body": glyphs.BODY, "title": glyphs.TITLE, "head": glyphs.HEAD}
    families = {name: ",".join(f'"{family}"' for family in chain) + ",serif" for name, chain in chains.items()}
    # 小标宋 and 黑体 are heavy by themselves; their stand-ins are the bold of another face.
    title = 400 if glyphs.first_installed(glyphs.TITLE) in glyphs.HEAVY else 700
    head = 400 if glyphs.first_installed(glyphs.HEAD) in glyphs.HEAVY else 700
    fonts = "".join(f"--{name}:{family};" for name, family in families.items())
    own = (*(form_file("base", name) for name in ("base.css", *shared)), form_file(form, "page.css"))
    rules = "\n".join(file.read_text(encoding="utf-8") for file in own if file.is_file())
    return f":root{{{fonts}--title-weight:{title};--head-weight:{head}}}\n{rules}"


def break_head(text: str, most: int) -> tuple[str, ...]:
    """Break a head into lines of at most `most` signs: after a mark or before 及, else into equal parts.

    >>> break_head("慰问生活困难党员及老党员、老干部、老骨干", 10)
    ('慰问生活困难党员', '及老党员、', '老干部、老骨干')
    >>> break_head("慰问因公牺牲党员干部家属", 10)
    ('慰问因公牺牲', '党员干部家属')
    """
    most = max(most, 2)
    best: list[tuple[int, tuple[str, ...]]] = [(0, ())]  # (cost, lines) of every beginning of the text
    even = len(text) / -(-len(text) // most) if text else 0
    for end in range(1, len(text) + 1):
        found = []
        for start in range(max(0, end - most), end):
            smooth = end == len(text) or text[end - 1] in "、，；：）" or text[end] in "及和与或（"
            if end < len(text) and text[end] in "、，；：）":
                continue  # a line must not begin with a mark
            cost, lines = best[start]
            uneven = int(2 * abs(end - start - even))
            found.append((cost + 20 + uneven + (0 if smooth else 60), (*lines, text[start:end])))
        best.append(min(found, default=(10**6, (text[:end],))))
    return best[-1][1]


def _room(page: str) -> int:
    """Return the width of the type area of a kind of page, e.g. "annex-portrait", in mm."""
    mode, _, side = page.partition("-")
    return next((mm for (how, flat), mm in WIDTHS_MM.items() if how == mode and flat == (side == "landscape")), 156)


def _head(table: Table, widths: list[float], sign: float) -> list[list[_Box]]:
    """Return the head in one or two lines; a column under no group is as high as both."""
    grouped = {key: group for group in table.groups for key in group.keys}
    if not grouped:
        return [[_single(column, width, sign) for column, width in zip(table.columns, widths, strict=True)]]
    upper, lower = [], []
    for column, own in zip(table.columns, widths, strict=True):
        group = grouped.get(column.key)
        if group is None:
            upper.append(_single(column, own, sign, lines=2))
            continue
        if column.key == group.keys[0]:
            room = sum(width for width, under in zip(widths, table.columns, strict=True) if under.key in group.keys)
            parts = _parts(group.label, room, sign)
            upper.append(_Box(group.label, columns=len(group.keys), note=group.note, parts=parts, wide=True))
        lower.append(_Box(column.label))
    return [upper, lower]


def _parts(label: str, width: float, sign: float) -> tuple[str, ...]:
    return break_head(label, int((width - _HEAD_PADDING_MM) / sign))


def _single(column: Column, width: float, sign: float, *, lines: int = 1) -> _Box:
    return _Box(column.label, lines=lines, parts=_parts(column.label, width, sign), wide=width > _SPREAD_FROM_MM)


def _widths(table: Table, available: float) -> list[float]:
    """Return the width of every column in mm, together `available`; no number and no month is ever broken in two."""
    shares, needs = [], []
    for at, column in enumerate(table.columns):
        unbroken = [table.total(column.key), *(row[at] for row in table.rows)]
        signs = max((len(shown(value, column)) for value in unbroken if not isinstance(value, str)), default=0)
        shares.append(column.width_mm)
        needs.append(signs * _SIGN_MM / 2 + _PADDING_MM if signs else 0.0)
    held: set[int] = set()
    while True:
        room = available - sum(needs[at] for at in held)
        whole = sum(share for at, share in enumerate(shares) if at not in held)
        scaled = {at: share * room / whole for at, share in enumerate(shares) if at not in held}
        narrow = {at for at, width in scaled.items() if width < needs[at]}
        if not narrow or len(held | narrow) == len(shares):
            return [round(scaled.get(at, needs[at]), 2) for at in range(len(shares))]
        held |= narrow


def _body(table: Table, widths: list[float]) -> list[_Line]:
    """Return the rows; in a list of several units the first row of each is a bookmark."""
    unit = table.keys.index("unit") if "unit" in table.keys else None
    lines, before = [], None
    for row in table.printed_rows():
        boxes = [_cell(value, column, width) for value, column, width in zip(row, table.columns, widths, strict=True)]
        mark = boxes[unit].text if unit is not None and "index" in table.keys else ""
        lines.append(_Line(boxes, mark if mark != before else ""))
        before = mark
    return lines


def _cell(value: Cell, column: Column, width: float) -> _Box:
    words = shown(value, column)
    if not isinstance(value, str):
        return _Box(words, column.alignment, digits=words.isdecimal())
    small = _lines(words, width, _SIGN_MM) > _SMALL_FROM_LINES
    if small and (lines := _lines(words, width, _SMALL_SIGN_MM)) * _SMALL_LINE_MM > TALLEST_CELL_MM:
        most = int(len(words) * TALLEST_CELL_MM / (lines * _SMALL_LINE_MM))
        raise Refused(
            "cell_too_long",
            f"“{column.label}”一格有 {len(words)} 个字（“{words[:10]}…”），最多约 {most} 字，"
            "没有打印。请压缩后重新打印。",
        )
    align = "center" if column.kind in NUMBERS else column.alignment
    return _Box(words, align, font=glyphs.one_font(words) if column.kind == "name" else "", small=small)


def _lines(words: str, width: float, sign: float) -> int:
    """Return how many lines a text takes at most; a Latin letter is taken for a whole sign."""
    return -(-len(words) // max(1, int((width - _PADDING_MM) / sign)))


def _groups(
    table: Table, widths: list[float], sheets: Sequence[int], together: float
) -> tuple[list[_Group], list[_Box]]:
    """Return the rows with the sums under them, and what stands at the foot of a page not yet counted."""
    lines, sums = _body(table, widths), [_total(table)] if table.totals else []
    if table.page_totals and table.rows:
        if not sheets:
            marked = [dataclasses.replace(line, id=f"row{at}") for at, line in enumerate(lines)]
            return [_Group(marked, sums)], _page_total(table, table.rows)
        groups, at = [], 0
        for number in sheets:
            own = [_page_total(table, table.rows[at : at + number])]
            groups.append(_Group(lines[at : at + number], own, "sheet"))
            at += number
        groups[-1].sums.extend(sums)
        return groups, []
    if not table.merged or not table.rows:
        return [_Group(lines, sums)], []
    groups = [_merged(table, lines, first, until) for first, until in _alike(table, widths, together)]
    groups[-1].sums.extend(sums)
    return groups, []


def _alike(table: Table, widths: list[float], together: float) -> Iterator[tuple[int, int]]:
    """Yield first and last (excluded) of neighbours equal in the merged columns, no higher than `together`, in mm."""
    places = [table.keys.index(key) for key in table.merged]
    same = [tuple(row[place] for place in places) for row in table.rows]
    first, high = 0, 0.0
    for at, row in enumerate(table.rows):
        own = _height(row, table, widths)
        if at > first and (same[at] != same[first] or high + own > together):
            yield first, at
            first, high = at, 0.0
        high += own
    yield first, len(same)


def _height(row: tuple[Cell, ...], table: Table, widths: list[float]) -> float:
    """Return about how high a row becomes, in mm; what is merged takes no room of its own."""
    cells = zip(row, table.columns, widths, strict=True)
    lines = [_lines(shown(value, one), width, _SIGN_MM) for value, one, width in cells if one.key not in table.merged]
    return max(_LEAST_ROW_MM, max(lines, default=1) * _LINE_MM)


def _merged(table: Table, lines: list[_Line], first: int, until: int) -> _Group:
    """Return rows whose equal cells are one cell over all of them."""
    joined = [key in table.merged for key in table.keys]
    spans = [
        dataclasses.replace(box, rows=until - first) if one else box
        for box, one in zip(lines[first].boxes, joined, strict=True)
    ]
    rest = [
        dataclasses.replace(line, boxes=[box for box, one in zip(line.boxes, joined, strict=True) if not one])
        for line in lines[first + 1 : until]
    ]
    return _Group([dataclasses.replace(lines[first], boxes=spans), *rest], [], "group")


def _page_total(table: Table, rows: Sequence[tuple[Cell, ...]]) -> list[_Box]:
    """Return the row 本页小计 of some rows: a count in words, and sums."""
    part: list[tuple[str, Cell]] = []
    for key, value in table.totals:
        at = table.keys.index(key)
        cells = [row[at] for row in rows]
        if isinstance(value, int):
            part.append((key, sum(cell for cell in cells if isinstance(cell, int))))
        elif value == f"{len(table.rows)}人":
            part.append((key, f"{len(rows)}人"))
    return _total(dataclasses.replace(table, totals=tuple(part)), "本页小计")


def _total(table: Table, word: str = "合计") -> list[_Box]:
    """Return the row 合计: its word over the first columns, then the totals; a count in words fills the room after."""
    totals, boxes = dict(table.totals), []
    first = min(table.keys.index(key) for key in totals)
    if first:
        boxes.append(_Box(word, columns=first, wide=len(word) == 2))
    at = first
    while at < len(table.columns):
        column, until = table.columns[at], at + 1
        value = totals.get(column.key)
        if column.key not in totals or isinstance(value, str):
            while until < len(table.columns) and table.columns[until].key not in totals:
                until += 1
        align = "center" if isinstance(value, str) else column.alignment
        words = shown(value, column)
        boxes.append(_Box(words, align, columns=until - at, digits=words.isdecimal()))
        at = until
    return boxes
