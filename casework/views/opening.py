"""The form of a new round: head, numbers with last year's beside them, and every clause whose words are gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import SequenceMatcher
from typing import Any, Final

from casework.opening import DROP, NEAREST, OWN, Answers, Basis, Incoming, suggested, typed
from casework.policy import Policy
from casework.policy.circular import Head
from casework.policy.reuse import Lost
from casework.views.html import badge, card, esc, note, tag

AS_IT_IS: Final = "照这份通知开始"
RENEW: Final = "沿用它，换成新通知"
CHOICES: Final = (NEAREST, OWN, DROP)

HEAD_FIELDS: Final[Mapping[str, str]] = {
    "round_id": "编号",
    "round_title": "轮次名称",
    "as_of": "情况截至日期",
    "title": "通知标题",
    "number": "文号",
    "issuer": "发文机关",
    "issued_on": "发文日期",
    "year": "年份",
}
SHORT_HEAD: Final = ("round_id", "round_title", "as_of")
HINTS: Final[Mapping[str, str]] = {
    "as_of": "不填为今天",
    "issued_on": "如 2021-01-05",
    "year": "如 2021",
    "number": "没有可不填",
    "yuan": "元，如 2000 或 18.4万",
    "count": "整数",
    "date": "如 2021-01-20",
    "at": "如 2021-01-20 17:00",
}


@dataclass(frozen=True, eq=False)
class Start:
    """What the officer chose to start from; without a basis, the sentence why or what to do."""

    basis: Basis | None = None
    problem: str = ""
    taken: Sequence[str] = ()


@dataclass(frozen=True, eq=False)
class Form:
    """The form of step three: its table with `{key}` where a field goes, and the fields by kind.

    Attributes:
        template: HTML.
        texts: Key → (what stands in it, hint).
        choices: Key → the ways to settle a clause.
        words: Keys of the fields for an officer's own quotation.
        head: Key → part of the head.
        settings: Key → (clause, parameter).
        clauses: Key of a choice → clause; its words are under the same key with "w" in front.
    """

    template: str = ""
    texts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    words: Sequence[str] = ()
    head: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    clauses: Mapping[str, str] = field(default_factory=dict)

    def answers(self, values: Mapping[str, Any]) -> Answers:
        """Return what was typed, by what it is about."""
        return Answers(
            head={name: _text(values.get(key)) for key, name in self.head.items()},
            settings={name: _text(values.get(key)) for key, name in self.settings.items()},
            choices={clause: _text(values.get(key)) or None for key, clause in self.clauses.items()},
            words={clause: _text(values.get(f"w{key}")) for key, clause in self.clauses.items()},
        )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def opening_form(start_from: Start, way: str, incoming: Incoming | None, today: date) -> Form | None:
    """Return the form that fits: the head only, or head, numbers and clauses of a new circular; None is not yet."""
    basis = start_from.basis
    if basis is None:
        return None
    if way != RENEW:
        first = suggested(basis, Head(basis.policy.title), start_from.taken, today)
        return _head_form(first, {}, SHORT_HEAD)
    if incoming is None or not incoming.text:
        return None
    first = suggested(basis, incoming.head, start_from.taken, today)
    head = _head_form(first, _old_head(basis.policy), tuple(HEAD_FIELDS))
    numbers, clauses = _settings_form(incoming), _clauses_form(incoming)
    return Form(
        head.template + numbers.template + clauses.template,
        {**head.texts, **numbers.texts},
        clauses.choices,
        clauses.words,
        head.head,
        numbers.settings,
        clauses.clauses,
    )


def _old_head(policy: Policy) -> dict[str, str]:
    return {
        "round_title": policy.round_title,
        "title": policy.title,
        "number": policy.number,
        "issuer": policy.issuer,
        "issued_on": policy.issued_on.isoformat(),
        "year": str(policy.year or ""),
    }


def _head_form(first: Mapping[str, str], old: Mapping[str, str], names: Sequence[str]) -> Form:
    keys = {f"h{at}": name for at, name in enumerate(names)}
    rows = "".join(
        _row(HEAD_FIELDS[name], key, tag("td", _plain(old.get(name, "")), "cw-muted")) for key, name in keys.items()
    )
    heads = "<thead><tr><th></th><th>这一轮</th><th>上一轮</th></tr></thead>" if old else ""
    return Form(
        card("轮次与通知", f"<table class='cw-grid cw-form'>{heads}<tbody>{rows}</tbody></table>"),
        texts={key: (first.get(name, ""), HINTS.get(name, "")) for key, name in keys.items()},
        head=keys,
    )


def _settings_form(incoming: Incoming) -> Form:
    if not incoming.settings:
        return Form()
    keys = {f"s{at}": setting for at, setting in enumerate(incoming.settings)}
    rows = []
    for key, setting in keys.items():
        gone = not incoming.carried(setting)
        state = badge("原文已变，请填写", "red") if gone else badge("原文仍在", "green")
        old = typed(setting.value) or "未定"
        rows.append(_row(setting.label, key, tag("td", _plain(old), "cw-muted cw-num") + tag("td", state)))
    heads = "<thead><tr><th>日期、标准、资金与名额</th><th>这一轮</th><th>上一轮</th><th></th></tr></thead>"
    return Form(
        card(
            "数字与日期",
            f"<table class='cw-grid cw-form'>{heads}<tbody>{''.join(rows)}</tbody></table>",
            muted="原文仍在的照旧填好；原文已变的空着，照新通知填",
        ),
        texts={
            key: (
                typed(setting.value) if incoming.carried(setting) else "",
                HINTS["at" if setting.parameter == "at" else setting.kind],
            )
            for key, setting in keys.items()
        },
        settings={key: (setting.clause_id, setting.parameter) for key, setting in keys.items()},
    )


def _row(label: str, key: str, beside: str) -> str:
    return tag("tr", tag("th", _plain(label)) + tag("td", "{" + key + "}") + beside)


def _clauses_form(incoming: Incoming) -> Form:
    if not incoming.lost:
        return Form(card("原文已变的条款", note("每一条的原文都在新通知里，不用改引。", "ok")))
    keys = {f"c{at}": entry for at, entry in enumerate(incoming.lost)}
    labels = {clause.id: clause.label for clause in incoming.basis.policy.clauses}
    rows = "".join(_clause_row(key, entry, labels.get(entry.clause_id, "")) for key, entry in keys.items())
    heads = "".join(tag("th", words) for words in ("条款", "上一轮引的原文", "新通知里最相近的话", "怎么办"))
    table = f"<table class='cw-table cw-clauses'><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    return Form(
        card("原文已变的条款", table, muted=f"{len(keys)} 条，逐条选定；自己写的要照新通知抄录，分在几处的用“…”连接"),
        choices={key: CHOICES if entry.nearest else (OWN, DROP) for key, entry in keys.items()},
        words=[f"w{key}" for key in keys],
        clauses={key: entry.clause_id for key, entry in keys.items()},
    )


def _clause_row(key: str, entry: Lost, label: str) -> str:
    named = tag("b", _plain(label)) + "<br>" if label else ""
    nearest = _marked(entry.words, entry.nearest) if entry.nearest else tag("span", "没有相近的话", "cw-muted")
    return tag(
        "tr",
        tag("td", named + tag("span", _plain(entry.cite), "cw-muted"))
        + tag("td", _plain(entry.words))
        + tag("td", nearest)
        + tag("td", "{" + key + "}{w" + key + "}"),
    )


def _plain(text: str) -> str:
    """Return text for a template: escaped for HTML, its braces not taken for fields."""
    return esc(text).replace("{", "{{").replace("}", "}}")


def _marked(old: str, new: str) -> str:
    """Return the new words with what differs from the old ones marked."""
    parts = []
    for kind, _, _, start_at, end_at in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        words = _plain(new[start_at:end_at])
        parts.append(words if kind == "equal" or not words.strip() else tag("mark", words))
    return "".join(parts)
