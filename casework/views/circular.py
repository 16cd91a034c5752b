"""通知: who issued it, every sentence beside what is done with it, and what 通知核对 finds."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from casework.dates import chinese
from casework.policy import Clause, Policy
from casework.policy.lint import LintReport, lint_report
from casework.views.desk import Desk
from casework.views.html import badge, card, esc, facts_list, note, shown, tag
from casework.vocabulary import Kind

ALL: Final = "全部条款"
OPEN: Final = "由人认定的"


def clause_choices(desk: Desk) -> dict[str, str]:
    """Return what the clauses can be narrowed to: label → kind."""
    present = {clause.kind for clause in desk.policy.clauses}
    return {ALL: "", OPEN: "ask", **{kind.label: kind.value for kind in Kind if kind in present}}


@shown
def circular(desk: Desk, kind: str) -> str:
    """Return the card of the circular and its clauses, all or of one kind."""
    policy = desk.policy
    clauses = [clause for clause in policy.clauses if _wanted(clause, kind)]
    rows = "".join(_clause(policy, clause) for clause in clauses)
    head = "<tr><th>出处</th><th>原文</th><th>种类</th><th>怎么办</th></tr>"
    table = tag("table", f"<thead>{head}</thead><tbody>{rows}</tbody>", "cw-table cw-sentences")
    return tag("p", esc(f"共 {len(clauses)} 条，全文 {len(policy.clauses)} 条。"), "cw-muted") + tag(
        "div", table, "cw-scroll"
    )


@shown
def circular_head(desk: Desk) -> str:
    """Return title, issuer, number and day of the circular."""
    policy = desk.policy
    pairs = {
        "发文机关": esc(policy.issuer),
        "文号": esc(policy.number or "原文未编文号"),
        "印发日期": esc(chinese(policy.issued_on)),
        "本轮": esc(policy.round_title),
        "依据": esc("；".join(policy.basis)) if policy.basis else "",
    }
    shown_pairs = {name: value for name, value in pairs.items() if value}
    return card(policy.title, facts_list(shown_pairs), note_of_defaults(policy))


def note_of_defaults(policy: Policy) -> str:
    """Say how many values are not the circular's own."""
    counted = sum(bool(clause.defaults) for clause in policy.clauses)
    said = f"有 {counted} 条的数值原文没有写明，由本系统按惯例设定，在下表中用蓝色标出。" if counted else ""
    return note(said)


def _wanted(clause: Clause, kind: str) -> bool:
    return not kind or (bool(clause.ask) if kind == "ask" else clause.kind.value == kind)


def _clause(policy: Policy, clause: Clause) -> str:
    force = "" if clause.force.value == "must" else " " + badge(clause.force.label)
    cells = [
        tag("td", esc(clause.cite) + (f"<br><b>{esc(clause.label)}</b>" if clause.label else "")),
        tag("td", esc(clause.words), "cw-words-of"),
        tag("td", esc(clause.kind.label) + force),
        tag("td", _what_to_do(policy, clause)),
    ]
    return tag("tr", "".join(cells))


def _what_to_do(policy: Policy, clause: Clause) -> str:
    if clause.ask:
        said = [f"{badge('由人认定', 'amber')} {esc(clause.ask)}"]
    elif clause.shape is not None:
        said = [f"{badge('按规则办理', 'green')} {esc(clause.shape.label)}"]
    elif clause.record:
        said = [f"{badge('登记备查')} {esc(_worded(policy, clause.record))}"]
    else:
        said = [f"{badge('无须办理')} {esc(_worded(policy, clause.note))}"]
    reading = _worded(policy, clause.reading)
    if clause.defaults:
        said.append(tag("span", esc(reading or "此条数值原文没有写明"), "cw-default"))
    elif reading:
        said.append(tag("span", esc(reading), "cw-muted"))
    return "<br>".join(said)


def _worded(policy: Policy, text: str) -> str:
    """Return a pack's own remark with the printed place of a clause instead of its id."""
    cites = {clause.id: f"“{clause.label or clause.cite}”" for clause in policy.clauses}
    return re.sub(r"[A-Z]{2,}-[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)*", lambda found: cites.get(found[0], "有关条款"), text)


@lru_cache(maxsize=8)
def _checked(source: str) -> LintReport:
    return lint_report(source, name="通知")


@shown
def lint_findings(desk: Desk) -> str:
    """Return what the circular's text says against itself; it is named, never corrected."""
    report = _checked(desk.policy.source_text)
    checked = report.checked
    sums = f"附表核对了 {checked.cells} 格" if checked.cells else ""
    if not report.problems:
        return card("通知核对", note(f"没有发现前后不一致之处。{sums}", "ok"))
    rows = "".join(tag("li", esc(problem.message) + _remedy(problem.remedy)) for problem in report.problems)
    found = f"发现 {len(report.problems)} 处，请发文机关核定；本系统只指出，不改动原文。{sums}"
    return card("通知核对", tag("p", esc(found), "cw-muted"), tag("ul", rows, "cw-found"))


def _remedy(text: str) -> str:
    return tag("span", esc(f"　{text}"), "cw-muted") if text else ""
