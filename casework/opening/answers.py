"""What an officer typed about the new round, checked: raw values in, what a pack needs or calm sentences out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any, Final

from casework.dates import parse_date
from casework.money import parse_yuan
from casework.opening.incoming import Basis, Incoming
from casework.policy import Policy
from casework.policy.circular import Head
from casework.policy.reuse import Changes, Setting
from casework.policy.source import missing_fragment
from casework.problems import Problem

NEAREST: Final = "改引这句"
OWN: Final = "自己写"
DROP: Final = "不再适用（删去）"

_TIME = re.compile(
    r"(?P<day>.+?)\s*(?:(?P<half>上午|下午)\s*)?(?P<hour>[0-9]{1,2})\s*(?:[:时点]\s*(?P<minute>[0-9]{2})?\s*分?)前?"
)
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")


@dataclass(frozen=True)
class Answers:
    """A form as it came from a browser; nothing in it is trusted.

    Attributes:
        head: `round_id`, `round_title`, `as_of`; of a new circular `title`, `issuer`, `number`, `issued_on`, `year`.
        settings: (clause, parameter) → as typed.
        choices: Clause → `NEAREST`, `OWN` or `DROP`.
        words: Clause → the words an officer wrote.
    """

    head: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[tuple[str, str], str] = field(default_factory=dict)
    choices: Mapping[str, str | None] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)


def suggested(basis: Basis, head: Head, taken: Sequence[str], today: date) -> dict[str, str]:
    """Return what the head of the form starts with; a blank is for the officer."""
    named = _YEAR.search(head.title)
    year = int(named[0]) if named else head.issued_on.year if head.issued_on else None
    title = basis.policy.round_title or basis.policy.title
    if year is not None and basis.policy.year:
        title = title.replace(str(basis.policy.year), str(year))
    count = 1
    while f"{year or today.year}-{count:02}" in taken:
        count += 1
    return {
        "round_id": f"{year or today.year}-{count:02}",
        "round_title": title,
        "title": head.title,
        "issuer": head.issuer,
        "number": head.number,
        "issued_on": head.issued_on.isoformat() if head.issued_on else "",
        "year": str(year or ""),
    }


def typed(value: object) -> str:
    """Return a setting as a person types it.

    >>> typed(datetime(2020, 1, 15, 17)), typed(date(2020, 2, 14)), typed("18.4万"), typed(None)
    ('2020-01-15 17:00', '2020-02-14', '18.4万', '')
    """
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return "" if value is None else str(value)


def read_setting(setting: Setting, text: str) -> Any:
    """Return a setting as a pack writes it.

    Raises:
        ValueError: With a Chinese sentence.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if setting.kind == "yuan":
        parse_yuan(plain)
        return plain
    if setting.kind == "count":
        if not (plain.isascii() and plain.isdigit()):
            raise ValueError("要写不小于 0 的整数")
        return int(plain)
    at = _TIME.fullmatch(plain) if setting.parameter == "at" else None
    read = parse_date(at["day"] if at else plain)
    if read.precision != "day":
        raise ValueError("要写到日，如 2021-01-20")
    if at is None:
        return read.on
    hour = int(at["hour"]) + (12 if at["half"] == "下午" and int(at["hour"]) < 12 else 0)
    minute = int(at["minute"] or 0)
    if hour > 23 or minute > 59:
        raise ValueError("没有这个钟点，请写如 2021-01-20 17:00")
    return datetime.combine(read.on, time(hour, minute))


def said(problem: Problem, policy: Policy) -> str:
    """Return a problem of a pack as an officer reads it: the clause by where it is printed, no file of ours."""
    cites = {clause.id: f"“{clause.label or clause.cite}”（{clause.cite}）" for clause in policy.clauses}
    ours = problem.file.endswith((".toml", "source.txt"))
    text = replace(problem, clause="", file="" if ours else problem.file).sentence()
    for clause_id, cite in sorted(cites.items(), key=lambda item: -len(item[0])):
        text = re.sub(rf"(?:条款 ?)?(?<![\w.-]){re.escape(clause_id)}(?![\w.-])", cite, text)
    return f"{cites[problem.clause]}：{text}" if problem.clause in cites else text


class TypedHead:
    """The head of the form, checked."""

    def __init__(self, head: Mapping[str, str], missing: list[str], *, renewed: bool) -> None:
        self._head, self._missing = head, missing
        self.as_of = self._day("as_of", "情况截至日期")
        self.issued_on, self.year = None, 0
        for key, label in (("round_id", "编号"), ("round_title", "轮次名称")):
            self._need(key, label)
        if renewed:
            needed = {"title": "通知标题", "issuer": "发文机关", "issued_on": "发文日期", "year": "年份"}
            for key, label in needed.items():
                self._need(key, label)
            self.issued_on = self._day("issued_on", "发文日期")
            year = unicodedata.normalize("NFKC", self.text("year")).removesuffix("年")
            self.year = int(year) if _YEAR.fullmatch(year) else 0
            if self.text("year") and not self.year:
                missing.append("年份要写四位数字，如 2021")

    def text(self, key: str) -> str:
        """Return what was typed, on one line."""
        return " ".join(str(self._head.get(key) or "").split())

    def _need(self, key: str, label: str) -> None:
        if not self.text(key):
            self._missing.append(f"还没有填写{label}")

    def _day(self, key: str, label: str) -> date | None:
        if not self.text(key):
            return None
        try:
            read = parse_date(self.text(key))
        except ValueError as error:
            self._missing.append(f"{label}：{error}")
            return None
        if read.precision != "day":
            self._missing.append(f"{label}要写到日，如 2021-01-05")
        return read.on


def changes_of(incoming: Incoming, answers: Answers, missing: list[str]) -> Changes:
    """Return what the officer decided; what is open or wrong goes into `missing`."""
    repointed: dict[str, str] = {}
    dropped: set[str] = set()
    policy = incoming.basis.policy
    open_clauses = []
    for entry in incoming.lost:
        words, label = answers.words.get(entry.clause_id, "").strip(), _label(policy, entry.clause_id)
        match answers.choices.get(entry.clause_id):
            case choice if choice == DROP:
                dropped.add(entry.clause_id)
            case choice if choice == NEAREST and entry.nearest:
                repointed[entry.clause_id] = entry.nearest
            case choice if choice == OWN and words:
                repointed[entry.clause_id] = words
                absent = missing_fragment(tuple(words.split("…")), incoming.text)
                if absent is not None:
                    missing.append(f"“{label}”所写的“{_short(absent)}”在新通知里找不到，请照原文抄录")
            case choice if choice == OWN:
                missing.append(f"“{label}”选了“{OWN}”，还没有写出原文")
            case _:
                open_clauses.append(label)
    if open_clauses:
        missing.append(f"还有 {len(open_clauses)} 条没有选定怎么办：{'、'.join(open_clauses)}")
    return Changes(repointed, frozenset(dropped), _settings(incoming, answers, dropped, missing), incoming.grid)


def _settings(
    incoming: Incoming, answers: Answers, dropped: set[str], missing: list[str]
) -> dict[tuple[str, str], Any]:
    found: dict[tuple[str, str], Any] = {}
    for setting in incoming.settings:
        key = (setting.clause_id, setting.parameter)
        text = answers.settings.get(key, typed(setting.value) if incoming.carried(setting) else "").strip()
        if setting.clause_id in dropped or (not text and setting.value is None):
            continue
        if not text:
            missing.append(f"还没有填写“{setting.label}”（上一轮是 {typed(setting.value)}）")
            continue
        try:
            value = read_setting(setting, text)
        except ValueError as error:
            missing.append(f"“{setting.label}”：{error}")
            continue
        if value != setting.value:
            found[key] = value
    return found


def _label(policy: Policy, clause_id: str) -> str:
    clause = next(clause for clause in policy.clauses if clause.id == clause_id)
    return clause.label or clause.cite


def _short(text: str, most: int = 24) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
