"""A deed as an officer fills it in: its fields, and the one command its answers go to.

The forms of 集体研究, 公示与异议, 发放与回执 and 走访与期限 are made here without marimo; `widgets.review_forms` draws
them. Nothing a browser sends is trusted to be of its type: the readers below refuse what does not fit, in words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, TypeAlias

from sqlmodel import Session, col, select

from casework.access import Actor
from casework.dates import parse_date
from casework.ledger import Result
from casework.models import Adoption, Case, Person
from casework.money import parse_yuan
from casework.problems import CaseworkError, Refused
from casework.review.changes import grouped
from casework.views.cases.desk import CaseDesk, Look
from casework.views.desk import clock
from casework.views.html import card, esc, failure, folded, note, notes, tag
from casework.views.plans import Told, _key
from casework.vocabulary import Term

Kind: TypeAlias = Literal["text", "area", "date", "number", "choice", "many", "tick", "file", "scan"]
Given: TypeAlias = Mapping[str, Any]

_CLAUSE_ID: Final = re.compile(r"（[A-Z]+[0-9]*-[0-9A-Za-z.]+）")

MOST_SAID: Final = 6
"""Names said of each kind of change before the others are folded away."""

MOST_NAMES: Final = 500
"""People a choice offers; above that the officer first chooses a unit."""


@dataclass(frozen=True, eq=False)
class Bench:
    """Where a section is worked in.

    Attributes:
        desk: The round.
        look: How people are named.
        page: The page's own secret.
        unit: The unit chosen above, "" for all.
    """

    desk: CaseDesk
    look: Look
    page: str
    unit: str = ""


@dataclass(frozen=True)
class Field:
    """One field of a form.

    Attributes:
        name: Its key in what is handed in.
        label: What stands before it.
        kind: How it is filled in.
        options: Label → value, of a choice.
        value: What it holds at first.
        hint: What stands in it while it is empty.
        rows: Lines of an area.
    """

    name: str
    label: str
    kind: Kind = "text"
    options: Mapping[str, str] | None = None
    value: Any = None
    hint: str = ""
    rows: int = 3


@dataclass(frozen=True)
class Form:
    """One deed an officer may choose.

    Attributes:
        name: What it is called in the choice of deeds.
        submit: What its button says.
        fields: What is asked.
        deed: What is done with the answers.
        hint: HTML above the fields: the clause, or what the deed is about.
    """

    name: str
    submit: str
    fields: tuple[Field, ...]
    deed: Callable[[Actor, Given], Told]
    hint: str = ""


def form_named(forms: Sequence[Form], name: object) -> Form | None:
    """Return a form by its name, else the first one."""
    return next((form for form in forms if form.name == name), next(iter(forms), None))


def writing(  # noqa: PLR0913 - a deed and how it is said
    desk: CaseDesk,
    page: str,
    command: Callable[..., Result],
    answers: Callable[[Given], dict[str, Any]],
    said: Callable[[Result], str],
    *,
    again: object = None,
) -> Callable[[Actor, Given], Told]:
    """Return a deed: the answers are read, one command is carried out, the outcome is a sentence.

    Args:
        desk: The round.
        page: The page's own secret.
        command: The command.
        answers: What was handed in → the command's arguments; may refuse.
        said: The command's result → what the officer reads.
        again: What makes the same answers another deed: the state of things the page was drawn from.
    """

    def deed(actor: Actor, given: Given) -> Told:
        try:
            asked = answers(given)
            key = _key(page, command.__name__, {"asked": repr(asked), "again": again})
            done = command(desk.engine, **asked, actor=actor, now=clock(), key=key)
            return Told(done=True, html=note(said(done), "ok"))
        except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
            return refused(error)

    return deed


def refused(error: Exception) -> Told:
    """Return what is told of a deed that was not done: the command's own sentence."""
    return Told(done=False, html=note(plain(failure(error)), "warn" if isinstance(error, CaseworkError) else "error"))


def plain(sentence: str) -> str:
    """Return a sentence without the numbers clauses have in a pack: the officer knows them by their place and words."""
    return _CLAUSE_ID.sub("", sentence)


# -- what was typed ------------------------------------------------------------------------------------------------


def text(given: Given, name: str) -> str:
    """Return a text, "" for none."""
    value = given.get(name)
    return value.strip() if isinstance(value, str) else ""


def day(given: Given, name: str, label: str = "日期") -> date:
    """Return a day.

    Raises:
        Refused: `no_date`.
    """
    value = given.get(name)
    if not isinstance(value, date):
        raise Refused("no_date", f"请填写{label}")
    return value


def maybe_day(given: Given, name: str, label: str) -> date | None:
    """Return a day that may be left out, and is therefore typed: marimo's own date field is never empty.

    Raises:
        Refused: `no_date`, with what was read.
    """
    typed = text(given, name)
    if not typed:
        return None
    try:
        found = parse_date(typed)
    except ValueError as error:
        raise Refused("no_date", f"{label}读不懂：{error}") from None
    if found.precision != "day":
        raise Refused("no_date", f"{label}要写到日，如 2026-12-02")
    return found.on


def maybe_whole(given: Given, name: str, label: str) -> int | None:
    """Return a whole number; None for an empty field.

    Raises:
        Refused: `not_whole`.
    """
    value = given.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not float(value).is_integer():
        raise Refused("not_whole", f"{label}要填整数")
    return int(value)


def maybe_fen(given: Given, name: str, label: str) -> int | None:
    """Return an amount typed in yuan, in fen; None for an empty field.

    Raises:
        Refused: `no_amount`, with what was read.
    """
    typed = text(given, name)
    if not typed:
        return None
    try:
        return parse_yuan(typed)
    except ValueError as error:
        raise Refused("no_amount", f"{label}读不懂：{error}") from None


def fen(given: Given, name: str, label: str = "金额") -> int:
    """Return an amount.

    Raises:
        Refused: `no_amount`.
    """
    found = maybe_fen(given, name, label)
    if found is None:
        raise Refused("no_amount", f"请填写{label}")
    return found


def chosen(given: Given, name: str, options: Mapping[str, str] | Iterable[str], label: str) -> str:
    """Return one of the values that were offered.

    Raises:
        Refused: `not_chosen`.
    """
    allowed = set(options.values() if isinstance(options, Mapping) else options)
    value = given.get(name)
    if not isinstance(value, str) or value not in allowed:
        raise Refused("not_chosen", f"请选定{label}")
    return value


def pairs(given: Given, name: str, label: str) -> list[tuple[str, str]]:
    """Return the lines 姓名：事由 of a text.

    Raises:
        Refused: `no_reason`: a line that does not say both.
    """
    found = []
    for line in text(given, name).splitlines():
        who, colon, why = line.replace(":", "：").partition("：")
        if line.strip() and not (colon and who.strip() and why.strip()):
            raise Refused("no_reason", f"{label}请一行写一人，如“示例某：与对象是亲属”")
        if line.strip():
            found.append((who.strip(), why.strip()))
    return found


def labels(term: Iterable[Term]) -> dict[str, str]:
    """Return label → value of some terms."""
    return {one.label: one.value for one in term}


# -- whom it is about ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Someone:
    """A case as a choice offers it."""

    case_id: str
    person_id: str
    name: str
    unit_id: str
    version: int


def everyone(session: Session, desk: CaseDesk, look: Look, unit_id: str = "") -> dict[str, Someone]:
    """Return case → person of the round, within the actor's units, in the units' order; names as they may be shown."""
    query = (
        select(Case, Person.name)
        .join(Person, col(Person.person_id) == col(Case.person_id))
        .where(Case.round_id == desk.round_id)
        .order_by(col(Case.unit_id), col(Case.unit_rank), col(Case.case_id))
    )
    if desk.actor.units is not None:
        query = query.where(col(Case.unit_id).in_(desk.actor.units))
    if unit_id:
        query = query.where(Case.unit_id == unit_id)
    return {
        case.case_id: Someone(case.case_id, case.person_id, look.name(name), case.unit_id, case.version)
        for case, name in session.exec(query)
    }


def people_options(people: Iterable[Someone], units: Mapping[str, str]) -> dict[str, str]:
    """Return label → case id, told apart by unit and, where that is not enough, by a number."""
    offered: dict[str, str] = {}
    for one in list(people)[:MOST_NAMES]:
        label = f"{one.name}（{units.get(one.unit_id, '')}）"
        number = 2
        while label in offered:
            label, number = f"{one.name}（{units.get(one.unit_id, '')}，第 {number} 人）", number + 1
        offered[label] = one.case_id
    return offered


def person_field(people: Sequence[Someone], units: Mapping[str, str], *, name: str = "person", label: str) -> Field:
    """Return the choice of one person; too many to list are narrowed by the unit first."""
    hint = "请先在上面选定单位" if len(people) > MOST_NAMES else ""
    return Field(name, label, "choice", {} if hint else people_options(people, units), hint=hint)


def change_said(adoption: Adoption, *, named: bool) -> str:
    """Return why a list changed as HTML, a line for each meeting and removal; without `named` no names are read."""
    if not named:
        return esc("名单有变更，具体见会议材料")
    causes = adoption.numbers.get("causes") or ()
    lines, short = grouped(causes), grouped(causes, most=MOST_SAID)
    if lines == short:
        return "<br>".join(esc(line) for line in lines)
    return "<br>".join(esc(line) for line in short) + folded("全部姓名", notes(lines, "note"))


# -- how a section lies --------------------------------------------------------------------------------------------


def deeds_card(desk: CaseDesk, form: Form | None, choice: str, drawn: str, told: str) -> str:
    """Return 办理: the choice of a deed, what was told of the last one, the fields of the one chosen."""
    if not desk.may_write:
        why = "本轮已结束，只能查看。" if desk.closed else "您的账号只能查看；办理由经办、审核、审批人员登记。"
        return told + card("办理", tag("p", esc(why), "cw-muted"))
    if form is None:
        return told + card("办理", tag("p", "现在没有要办的事。", "cw-muted"))
    return card("办理", choice, told, form.hint, drawn, css="cw-doing")


def office_panel(left: str, right: str, above: str = "") -> str:
    """Return a section: what stands on record on the left, the deed on the right."""
    return above + tag(
        "div", tag("div", left, "cw-stack") + tag("div", right, "cw-stack"), "cw-desk cw-working cw-office"
    )


def clause_words(cite: str, words: str) -> str:
    """Return a clause as it is quoted above a form."""
    return tag("p", esc(f"{cite}：{words}"), "cw-quote")
