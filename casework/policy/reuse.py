"""Next year's circular from this year's pack: what still stands, what does not, what an officer may change.

The pack goes under a new id as one whole (parents folded in), because the new circular stands alone. Every clause
whose words are not in the new text is named; a person points it to the new words or drops it. Nothing is re-read by
the program: a number that changed in the text is said, never taken over.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import SequenceMatcher
from itertools import product
from typing import Any

from casework.policy.circular import sentences
from casework.policy.load import PackBytes, parse_pack
from casework.policy.pack import Policy
from casework.policy.source import missing_fragment, sha256, squeeze
from casework.policy.writing import pack_text
from casework.problems import PolicyError, Problem

_SECTIONS = ("path", "category", "field", "parameter", "group", "clause")
_EDITABLE: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    # rule → (parameter, what it is, how it is written)
    "amount_fixed": (("yuan", "标准（元）", "yuan"),),
    "amount_range": (("at_least", "不低于（元）", "yuan"), ("at_most", "不高于（元）", "yuan")),
    "fund": (("yuan", "资金（元）", "yuan"),),
    "quota_by_headcount": (("places", "名额", "count"),),
    "quota_by_unit_kind": (("places", "名额", "count"),),
    "quota_range": (("at_least", "至少", "count"), ("at_most", "至多", "count")),
    "quota_apportion": (("total", "总名额", "count"),),
    "cap_total": (("places", "总名额", "count"),),
    "visit_window": (("first", "首日", "date"), ("last", "末日", "date")),
    "deadline": (("at", "期限", "date"),),
    "public_notice": (("days", "公示天数", "count"),),
}
_FEW = 3
"""Sentences tried for each piece of a quotation, because the most alike may stand in the wrong place."""
_CARRIED = "（沿用上一轮的说明，其中的数以原文为准）"
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")


@dataclass(frozen=True)
class Setting:
    """One number or day of a clause that changes from year to year."""

    clause_id: str
    parameter: str
    label: str
    kind: str  # "yuan" | "count" | "date"
    value: Any


@dataclass(frozen=True)
class Lost:
    """A clause whose words are not in the new circular; `nearest` are the words most like it, to choose or not."""

    clause_id: str
    cite: str
    words: str
    nearest: str


@dataclass(frozen=True)
class Changes:
    """What a person decided about the new pack.

    Attributes:
        repointed: Clause → its words in the new circular; pieces that stand apart are joined by "…".
        dropped: Clauses that no longer hold.
        settings: (clause, parameter) → the new value, as a pack writes it.
        grid: Unit → category → places, replacing the table of the circular; None keeps it.
    """

    repointed: Mapping[str, str] = field(default_factory=dict)
    dropped: frozenset[str] = frozenset()
    settings: Mapping[tuple[str, str], Any] = field(default_factory=dict)
    grid: Mapping[str, Mapping[str, int]] | None = None


@dataclass(frozen=True)
class Circular:
    """The head of the new circular."""

    pack_id: str
    title: str
    issuer: str
    number: str
    issued_on: date
    round_title: str
    year: int
    text: str


def flat(packs: PackBytes) -> dict[str, Any]:
    """Return a pack and its parents as one `policy.toml`'s data, the child's entries in place of its parents'."""
    merged: dict[str, Any] = {}
    for content in reversed(list(packs.values())):
        data = tomllib.loads(content["policy.toml"].decode())
        gone = set(data.get("policy", {}).get("drop", ()))
        for section in _SECTIONS:
            ours = {row["id"]: row for row in data.get(section, ())}
            kept = [ours.pop(row["id"], row) for row in merged.get(section, ()) if row["id"] not in gone]
            merged[section] = [*kept, *ours.values()]
        merged["policy"] = {k: v for k, v in data["policy"].items() if k not in ("parent", "drop")}
    return merged


def settings(packs: PackBytes) -> list[Setting]:
    """Return what changes from year to year: rates, funds, caps, days; in the order of the pack."""
    return [
        Setting(row["id"], name, f"{row.get('label') or row['cite']}：{label}", kind, row["params"].get(name))
        for row in flat(packs)["clause"]
        for name, label, kind in _EDITABLE.get(row.get("rule", ""), ())
    ]


def lost(packs: PackBytes, text: str) -> list[Lost]:
    """Return every clause whose words are not in `text`, with the words most like them."""
    candidates = [sentence.words for sentence in sentences(text)]
    # Of a table `sentences` gives the first row only.
    candidates += [" ".join(line.split()) for line in text.splitlines() if "\t" in line.strip()]
    return [
        Lost(row["id"], row["cite"], "…".join(_fragments(row)), _new_words(_fragments(row), text, candidates))
        for row in flat(packs)["clause"]
        if missing_fragment(_fragments(row), text) is not None
    ]


def renew(packs: PackBytes, circular: Circular, changes: Changes) -> PackBytes:
    """Return the bytes of the new pack; it passes the same check as one written by hand.

    Raises:
        PolicyError: What the check finds, a clause that was neither pointed to new words nor dropped among it.
    """
    data = flat(packs)
    data["policy"] = {
        "id": circular.pack_id,
        "title": circular.title,
        "issuer": circular.issuer,
        "number": circular.number,
        "issued_on": circular.issued_on,
        "round": circular.round_title,
        "year": circular.year,
        "basis": data["policy"].get("basis", []),
        "source_sha256": sha256(circular.text.encode()),
    }
    data["clause"] = [_renewed(row, changes) for row in data["clause"] if row["id"] not in changes.dropped]
    _prune(data, changes.dropped)
    content = {"policy.toml": pack_text(data).encode(), "source.txt": circular.text.encode()}
    renewed: PackBytes = {circular.pack_id: content}
    parse_pack(renewed)
    return renewed


def unsupported(policy: Policy, packs: PackBytes) -> list[Problem]:
    """Return the settings whose number does not stand in the words beside it: to be looked at before a round opens."""
    clauses = {clause.id: clause for clause in policy.clauses}
    found = []
    for setting in settings(packs):
        if setting.value is None or setting.parameter in clauses[setting.clause_id].defaults:
            continue
        words = clauses[setting.clause_id].words
        wanted = _numbers_of(setting)
        if not any(number in _NUMBER.findall(squeeze(words)) for number in wanted):
            said = setting.value.isoformat() if isinstance(setting.value, date) else setting.value
            found.append(
                Problem(
                    f"{setting.label}是 {said}，所引原文里没有这个数", "核对原文，或改引文", clause=setting.clause_id
                )
            )
    return found


def _numbers_of(setting: Setting) -> list[str]:
    if isinstance(setting.value, datetime | date):
        return [str(setting.value.day)]
    return _NUMBER.findall(str(setting.value)) or [str(setting.value)]


def _fragments(row: Mapping[str, Any]) -> tuple[str, ...]:
    text = row["text"]
    return (text,) if isinstance(text, str) else tuple(text)


def _new_words(pieces: tuple[str, ...], text: str, candidates: list[str]) -> str:
    """Return the words most like a quotation, piece by piece in their order, else as one; "" where there are none."""
    likes = [_nearest(piece, candidates) if missing_fragment((piece,), text) else [piece] for piece in pieces]
    ways = (*product(*likes), *((whole,) for whole in _nearest("".join(pieces), candidates)))
    return next(("…".join(way) for way in ways if missing_fragment(way, text) is None), "")


def _nearest(words: str, candidates: list[str]) -> list[str]:
    """Return what is most like the words in the few sentences that hold most of them, and more than half."""
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(squeeze(words))
    held = []
    for candidate in dict.fromkeys(candidates):
        matcher.set_seq1(squeeze(candidate))
        common = sum(block.size for block in matcher.get_matching_blocks())
        if common > len(squeeze(words)) // 2:
            held.append((-common, len(candidate), candidate))
    return [_like(words, candidate) for _, _, candidate in sorted(held)[:_FEW]]


def _like(words: str, sentence: str) -> str:
    """Return a sentence without what stands before and after the part that is like `words`."""
    blocks = [b for b in SequenceMatcher(None, sentence, words, autojunk=False).get_matching_blocks() if b.size]
    if not blocks:
        return sentence
    first, last = blocks[0], blocks[-1]
    # Where the words begin or end differently, the whole of that side may have been rewritten.
    start = first.a if first.b == 0 else 0
    end = last.a + last.size if last.b + last.size == len(words) else len(sentence)
    return sentence[start:end].strip()


def _renewed(row: dict[str, Any], changes: Changes) -> dict[str, Any]:
    row = {**row, "params": dict(row["params"])} if "params" in row else dict(row)
    if row["id"] in changes.repointed:
        row |= _without_old_numbers(row, changes.repointed[row["id"]].split("…"))
    for (clause_id, parameter), value in changes.settings.items():
        if clause_id == row["id"]:
            row["params"][parameter] = value
    if changes.grid is not None and row.get("rule") == "quota_grid":
        row["params"]["places"] = {unit: dict(cells) for unit, cells in changes.grid.items()}
    return row


def _without_old_numbers(row: dict[str, Any], pieces: list[str]) -> dict[str, Any]:
    """Return a clause's new words; a name with last year's number goes, an explanation with one says so."""
    old = {*_NUMBER.findall(squeeze("".join(_fragments(row))))} - {*_NUMBER.findall(squeeze("".join(pieces)))}
    renewed: dict[str, Any] = {"text": pieces[0] if len(pieces) == 1 else pieces}
    if old & {*_NUMBER.findall(row.get("label", ""))}:
        renewed["label"] = ""
    for key in ("reading", "record", "note"):
        words = row.get(key, "")
        if old & {*_NUMBER.findall(squeeze(words))} and not words.startswith(_CARRIED):
            renewed[key] = _CARRIED + words
    return renewed


def _prune(data: dict[str, Any], dropped: frozenset[str]) -> None:
    """Take dropped clauses out of what names them; a group that is left empty goes too."""
    for row in data["clause"]:
        if "excepts" in row:
            row["excepts"] = [name for name in row["excepts"] if name not in dropped]
        if row.get("rule") == "priority_order":
            row["params"]["clauses"] = [name for name in row["params"]["clauses"] if name not in dropped]
    groups = [dict(group) for group in data.get("group", ())]
    empty = set(dropped)
    while True:
        for group in groups:
            for key in ("any_of", "all_of", "clauses"):
                if key in group:
                    group[key] = [name for name in group[key] if name not in empty]
        gone = {group["id"] for group in groups if not any(group.get(key) for key in ("any_of", "all_of", "clauses"))}
        groups = [group for group in groups if group["id"] not in gone]
        if not gone - empty:
            break
        empty |= gone
    data["group"] = groups


def read_grid(rows: list[list[Any]], policy: Policy) -> tuple[dict[str, dict[str, int]], list[Problem]]:
    """Read the annex's table unit × category from a sheet: heads by their words, 合计 left out, blanks no place.

    Args:
        rows: The sheet, merged cells filled.
        policy: Gives the categories and their printed heads.

    Returns:
        The grid, and what is wrong with the sheet (then the grid is empty): cell by cell, nothing half-read.
    """
    heads = list(_heads(rows, policy))
    if not heads:
        names = "、".join(category.caption or category.label for category in policy.categories)
        return {}, [Problem("找不到名额分配表的表头", f"表头要有“单位”和各类别：{names}")]
    head_row, unit_column, columns = heads[0]
    missing = [c.label for c in policy.categories if c.id not in columns.values()]
    problems = [Problem(f"表头里没有类别“{label}”", "补上这一列；确无名额的留空") for label in missing]
    grid: dict[str, dict[str, int]] = {}
    for number in range(head_row + 1, len(rows)):
        name = squeeze(str(rows[number][unit_column] or ""))
        if not name or name in ("合计", "总计", "单位"):
            if name in ("合计", "总计"):
                break
            continue
        if name in grid:
            problems.append(Problem(f"单位“{name}”出现了两次", "合并为一行", cell=_address(number, unit_column)))
        cells: dict[str, int] = {}
        for column, category in columns.items():
            value = rows[number][column] if column < len(rows[number]) else None
            places = _places(value)
            if places is None and value not in (None, ""):
                cell = _address(number, column)
                problems.append(Problem("名额要写不小于 0 的整数", "改正这一格", cell=cell, read=str(value)))
            elif places:
                cells[category] = places
        grid[name] = cells
    return (grid, []) if not problems else ({}, problems)


def _heads(rows: list[list[Any]], policy: Policy) -> Iterator[tuple[int, int, dict[int, str]]]:
    """Yield (last row of the head, unit column, column → category) for every row that reads like the head."""
    for number, row in enumerate(rows):
        named = [squeeze(str(cell or "")) for cell in row]
        if "单位" not in named:
            continue
        below = [squeeze(str(cell or "")) for cell in rows[number + 1]] if number + 1 < len(rows) else []
        two = "人数" in below or "名额" in below
        columns: dict[int, str] = {}
        for category in policy.categories:
            wanted = [squeeze(text) for text in (category.caption, category.label) if text]
            for column, text in enumerate(named):
                counted = not two or (column < len(below) and below[column] in ("人数", "名额"))
                if counted and any(head in text for head in wanted) and category.id not in columns.values():
                    columns[column] = category.id
        if columns:
            yield number + (1 if two else 0), named.index("单位"), columns


def _places(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return int(value) if value == int(value) and value >= 0 else None
    text = str(value or "").strip()
    return int(text) if text.isascii() and text.isdigit() else None


def _address(row: int, column: int) -> str:
    return f"{chr(65 + column)}{row + 1}"


def refuse(problems: list[Problem]) -> None:
    """Raise what a sheet or a form got wrong.

    Raises:
        PolicyError: If there is anything.
    """
    if problems:
        raise PolicyError(tuple(problems))
