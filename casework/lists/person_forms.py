"""Forms about one person: 登记表, 审批表, 申请书, 代收同意书, 认定依据说明; each person is a copy of its own.

A person takes as many rows as the longest list on the form has lines; what is said of the person once stands in every
one of them. `copies` gives the rows back person by person.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any

from casework.dates import chinese, year_month
from casework.forms import load_form
from casework.lists.applicant import Applicant, Basis
from casework.lists.listing import listing
from casework.lists.table import Cell, Column, ListState, Table, shown
from casework.money import FEN_PER_YUAN, capital, yuan

if TYPE_CHECKING:
    from casework.policy import Policy

GAP = "＿＿＿＿＿＿"
MASKED = "卡号、电话、住址已遮盖，仅供核对。"
_MONTHS = 12
_TICKED, _OPEN = "■", "□"  # signs that every Chinese font has; a tick in a box is not


@dataclass(frozen=True)
class Copy:
    """One person's copy of a form, every cell as it is printed."""

    person: Mapping[str, str]
    lines: Sequence[Mapping[str, str]] = field(default=())

    def filled(self, key: str) -> list[Mapping[str, str]]:
        """Return the lines that say something in one of the columns whose key begins so, e.g. `member`."""
        return [line for line in self.lines if any(words for name, words in line.items() if name.startswith(key))]


def copies(table: Table) -> list[Copy]:
    """Return the rows of a form person by person."""
    rows = [
        {column.key: shown(value, column) for value, column in zip(row, table.columns, strict=True)}
        for row in table.printed_rows()
    ]
    parts = [list(own) for _, own in groupby(rows, key=lambda row: row["index"])]
    return [Copy(own[0], own) for own in parts]


# -- the forms -------------------------------------------------------------------------------------------------


def registration(policy: Policy, people: Iterable[Applicant], *, state: ListState, masked: bool = False) -> Table:
    """Return 特困党员登记表.

    Args:
        policy: The circular.
        people: In the order of the unit.
        state: 正式 once the numbers on it were opened.
        masked: The numbers on it are not whole.

    Source: IM-4.1, IM-A1.1 to IM-A1.9.
    """
    rows = [
        _who(one)
        | {
            "address": _apart(one.address, one.phone),
            "card": _card(one),
            "monthly_pay": _yuan(one.monthly_pay_fen),
            "housing": f"{one.housing}㎡" if one.housing.replace(".", "").isdecimal() else one.housing,
            "causes": one.causes,
            "lines": [
                {
                    "member": relative.name,
                    "member_relation": relative.relation,
                    "member_work": relative.work,
                    "member_employment": relative.employment,
                    "member_income": _monthly(relative.income_fen),
                }
                for relative in one.relatives
            ],
        }
        for one in people
    ]
    captions = (MASKED,) if masked else ()
    return _form(policy, "registration", rows, called="registration_form", state=state, captions=captions)


def approval(policy: Policy, people: Iterable[Applicant], *, state: ListState) -> Table:
    """Return 生活困难党员救助审批表 with a box for every body that gives its opinion.

    Args:
        policy: The circular.
        people: In the order of the unit, each with the opinions of the own chain.
        state: How far the form has come.

    Source: JZ-M4.1.2, JZ-A2.
    """
    rows = []
    for one in people:
        relatives = [
            {
                "member": relative.name,
                "member_relation": relative.relation,
                "member_age": "" if relative.age is None else f"{relative.age}岁",
                "member_work": _apart(relative.work, relative.employment),
                "member_income": _yuan(relative.income_fen),
            }
            for relative in one.relatives
        ]
        opinions = [
            {
                "opinion_of": opinion.label,
                "opinion": opinion.words,
                "opinion_by": opinion.signer,
                "opinion_on": chinese(opinion.on) if opinion.on else "",
            }
            for opinion in one.opinions
        ]
        rows.append(
            _who(one)
            | {
                "phone": one.phone,
                "per_head": _per_head(one),
                "dibao": "" if one.dibao is None else "是" if one.dibao else "否",
                "wish": _wish(policy, one.category),
                "requested": _both(one.requested_fen),
                "decided": _both(one.decided_fen),
                "conditions": one.conditions,
                "causes": one.causes,
                "aid": one.aid,
                "papers": one.papers,
                "lines": _side_by_side(relatives, opinions),
            }
        )
    return _form(policy, "approval", rows, called="approval_form", state=state)


def application(policy: Policy, people: Iterable[Applicant], *, state: ListState) -> Table:
    """Return 个人申请书: a letter the person reads, completes and signs with his own hand.

    Args:
        policy: The circular.
        people: In the order of the unit.
        state: How far the form has come.

    Source: JZ-N3.1, JZ-M4.1.1.
    """
    rows = [
        _who(one) | {"to": f"{one.branch or GAP}：", "lines": [{"words": words} for words in _letter(policy, one)]}
        for one in people
    ]
    return _form(policy, "application", rows, state=state)


def collection_consent(policy: Policy, people: Iterable[Applicant], *, state: ListState, masked: bool = False) -> Table:
    """Return 代收同意书: who has no card of his own agrees in writing to the one named.

    Args:
        policy: The circular.
        people: Those with a designated holder.
        state: 正式 once the number on it was opened.
        masked: The number on it is not whole.

    Source: IM-4.5, IM-4.6.
    """
    rows = [
        _who(one)
        | {
            "phone": one.phone,
            "holder": one.holder,
            "relation": one.relation,
            "card": _fours(one.card),
            "consent_on": chinese(one.consent_on) if one.consent_on else "",
            "words": _consent(policy, one),
        }
        for one in people
    ]
    captions = (MASKED,) if masked else ()
    return _form(policy, "collection_consent", rows, state=state, captions=captions)


def basis_statement(policy: Policy, people: Iterable[Basis], *, state: ListState) -> Table:
    """Return 认定依据说明: what was read, against which clause, on which papers, by whose judgement; internal.

    Args:
        policy: The circular.
        people: In the order of the unit; no ground against a person's conduct, no objection is among the grounds.
        state: How far the form has come.
    """
    rows = [
        {name: getattr(one, name) for name in ("name", "unit", "branch", "category", "outcome")}
        | {"round": policy.round_title, "lines": [dataclasses.asdict(ground) for ground in one.grounds]}
        for one in people
    ]
    return _form(policy, "basis_statement", rows, state=state)


def _form(  # noqa: PLR0913 - what a form is made of
    policy: Policy,
    form_id: str,
    people: Sequence[Mapping[str, Any]],
    *,
    state: ListState,
    called: str = "",
    captions: Sequence[str] = (),
) -> Table:
    """Return the table of a form: the person's values in every row, a line of the lists in each."""
    records: list[dict[str, Cell]] = []
    for number, one in enumerate(people, start=1):
        records.extend({**one, **line, "index": number} for line in one.get("lines") or [{}])
    columns = tuple(Column.of(column) for column in load_form(form_id).columns)
    return listing(
        policy, form_id, records, state=state, called=called, columns=columns, captions=captions, signatures=()
    )


# -- words -----------------------------------------------------------------------------------------------------


def _who(one: Applicant) -> dict[str, Any]:
    return {
        "unit": one.unit,
        "name": one.name,
        "sex": one.sex,
        "ethnicity": one.ethnicity,
        "born": _month(one.born_on),
        "joined": _month(one.joined_on),
        "started": _month(one.started_on),
        "branch": one.branch,
        "work": _apart(one.unit, one.position),
        "family_income": _yuan(one.family_income_fen),
        "size": "" if one.size is None else f"{one.size}人",
    }


def _month(on: date | None) -> str:
    return year_month(on) if on else ""


def _yuan(fen: int | None) -> str:
    return "" if fen is None else f"{yuan(fen)}元"


def _both(fen: int | None) -> str:
    """Return an amount in figures and 大写; "" for none, never a zero that nobody decided."""
    return "" if fen is None else f"{yuan(fen)}元（{capital(fen)}）"


def _monthly(fen: int | None) -> str:
    """Return a year's income as of a month where it divides into whole fen, else as what it is."""
    if fen is None:
        return ""
    month, rest = divmod(fen, _MONTHS)
    return f"全年{yuan(fen)}" if rest or month % FEN_PER_YUAN else yuan(month)


def _per_head(one: Applicant) -> str:
    """Return the yearly income per head, rounded down to the fen as every rule reads it."""
    if one.family_income_fen is None or not one.size:
        return ""
    return _yuan(one.family_income_fen // one.size)


def _apart(*parts: str) -> str:
    return "　".join(part for part in parts if part)


def _fours(number: str) -> str:
    """Return a card number in groups of four, as it stands on the card."""
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4)) if number.isdecimal() else number


def _card(one: Applicant) -> str:
    if not one.relation and not one.holder:
        return _fours(one.card)
    return f"{_fours(one.card)}（指定人：{_apart(one.holder, one.relation)}）"


def _wish(policy: Policy, category: str) -> str:
    """Return the circular's categories as boxes, the person's own one ticked."""
    labels = [one.label for one in policy.categories]
    return "　".join(f"{_TICKED if label == category else _OPEN}{label}" for label in labels)


def _side_by_side(left: Sequence[Mapping[str, Cell]], right: Sequence[Mapping[str, Cell]]) -> list[Mapping[str, Cell]]:
    most = max(len(left), len(right))
    return [{**(left[at] if at < len(left) else {}), **(right[at] if at < len(right) else {})} for at in range(most)]


def _letter(policy: Policy, one: Applicant) -> list[str]:
    """Return the paragraphs of 申请书; what is not recorded is a line to write on."""

    def told(value: str) -> str:
        return value or GAP

    family = "、".join(
        f"{relative.relation}{relative.name}" + (f"（{relative.employment}）" if relative.employment else "")
        for relative in one.relatives
    )
    who = (
        f"本人{told(one.name)}，{told(one.sex)}，{told(one.ethnicity)}，{told(_month(one.born_on))}出生，"
        f"{told(_month(one.joined_on))}加入中国共产党，{told(_month(one.started_on))}参加工作，"
        f"现为{told(_apart(one.unit, one.position))}，组织关系在{told(one.branch)}。"
    )
    home = (
        f"本人家庭{told('' if one.size is None else f'{one.size}人')}，家庭年总收入{told(_yuan(one.family_income_fen))}"
        f"{f'，主要成员：{family}' if family else ''}。"
    )
    why = f"困难情况及原因：{one.causes.rstrip('。；，') if one.causes else GAP * 9}。"
    wish = (
        f"根据《{_inner(policy.title)}》，本人申请{policy.round_title}，"
        f"申请金额：{_both(one.requested_fen) or f'{GAP}元'}。"
    )
    return [who, home, why, wish, "以上所述情况和所附材料真实，如有不实，愿承担相应责任。特此申请。"]


def _inner(title: str) -> str:
    """Return a title for inside 《》: marks within marks are single."""
    return title.strip("《》").replace("《", "〈").replace("》", "〉")


def _consent(policy: Policy, one: Applicant) -> str:
    who = f"本人{one.name or GAP}，系{one.unit or GAP}{one.branch}党员"
    return (
        f"{who}，没有可供发放使用的本人储蓄卡，同意由下列指定人用其储蓄卡代收"
        f"{policy.round_title}资金，并如数转交本人。资金发放以前，本人可以书面撤回这份同意。"
    )
