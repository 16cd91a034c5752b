"""公示 of one audience, 公示结果 in numbers, and 变更（递补）名单."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from casework.dates import chinese
from casework.forms import load_form
from casework.lists.listing import listing, or_nothing, titled
from casework.lists.public import PublicEntry, public_list
from casework.lists.table import Cell, Column, ListState, Table, plain
from casework.vocabulary import Decision, ObjectionState, RemovalCause

if TYPE_CHECKING:
    from casework.policy import Policy

_GAP = "　　　　年　　月　　日"
_HOW_TO_OBJECT = (
    "公示期间，对公示对象有异议的，请以书面、电话等方式向公示单位反映。反映情况应当客观真实，"
    "以个人名义反映的请签署真实姓名。"
)


@dataclass(frozen=True)
class Posting:
    """Where, by whom and how long a list is published; a day that is not fixed yet is printed as a gap.

    Attributes:
        body: Who publishes.
        steps: What was done before, in the circular's order, e.g. 党支部推荐.
        audience: Who is told, in the circular's words; "" where it says nothing.
        channel: Where it is posted; "" where the circular says nothing.
    """

    body: str
    steps: tuple[str, ...] = ()
    posted_on: date | None = None
    ends_on: date | None = None
    audience: str = ""
    channel: str = ""


def public_notice(
    policy: Policy,
    entries: Iterable[PublicEntry],
    posting: Posting,
    *,
    columns: Sequence[str] | None = None,
    state: ListState,
) -> Table:
    """Return the notice as it hangs on the board: what was done, who is named, how long, whom to tell.

    Args:
        policy: The circular.
        entries: Those named, and nobody else: one audience, one notice.
        posting: Body, days, audience.
        columns: Columns its public notice clause shows; None for the first clause's.
        state: 正式 once the posting is recorded.
    """
    listed = tuple(entries)
    inner = public_list(policy, listed, state=state, columns=columns)
    first = plain(listed[0].name) if listed else ""
    who = f"{first}等 {len(listed)} 名同志" if len(listed) > 1 else f"{first}同志"
    done = f"经{'、'.join(posting.steps)}，" if posting.steps else ""
    until = f"{_day(posting.posted_on)}至{_day(posting.ends_on)}"
    where = f"公示范围：{posting.audience}。" if posting.audience else ""
    lead = (
        f"根据《{policy.title.strip('《》')}》，{done}拟将{who}列为慰问对象，现予公示。",
        f"公示时间：{until}。{where}",
        _HOW_TO_OBJECT,
        "联系电话：　　　　　　　　　　联系地址：",
    )
    return Table(
        list_id="public_notice",
        title=titled(load_form("public_notice"), policy),
        columns=inner.columns,
        rows=inner.rows,
        blank_rows=load_form("public_notice").blank_rows,
        state=state,
        public=True,
        lead=lead,
        closing=(posting.body, _day(posting.posted_on)),
    )


def notice_result(policy: Policy, counts: Mapping[str, int], posting: Posting, *, state: ListState) -> Table:
    """Return 公示结果: how many were named and how many objections came to what; no names.

    Args:
        policy: The circular.
        counts: `people`, `objections`, and one number for each `ObjectionState`.
        posting: Body, days, audience.
        state: 正式 once the notice has ended.
    """
    form = load_form("notice_result")
    items = [("公示人数", counts["people"]), ("收到异议件数", counts["objections"])]
    items += (
        [(f"　其中：{one.label}", counts.get(one.value, 0)) for one in ObjectionState] if counts["objections"] else []
    )
    rows = [
        (number, item, f"{count}{'人' if number == 1 else '件'}") for number, (item, count) in enumerate(items, start=1)
    ]
    said = "公示期间没有收到异议。" if not counts["objections"] else ""
    return Table(
        list_id="notice_result",
        title=titled(form, policy),
        columns=tuple(Column.of(column) for column in form.columns),
        rows=tuple(rows),
        fields=(
            ("公示单位", posting.body),
            ("公示时间", f"{_day(posting.posted_on)}至{_day(posting.ends_on)}"),
            ("公示范围", posting.audience),
            ("公示方式", posting.channel),
        ),
        captions=(said,) if said else (),
        signatures=form.signatures,
        state=state,
        public=True,
    )


def change_list(
    policy: Policy,
    changes: Iterable[tuple[int, Mapping[str, Any]]],
    *,
    people: Mapping[str, Mapping[str, Any]],
    state: ListState,
    unit: str = "",
) -> Table:
    """Return 慰问对象变更（递补）名单: who left, in one word why, and who came in the place.

    The reasons of a meeting, and why somebody was passed over, stay in the file.

    Args:
        policy: The circular.
        changes: (number of the list, one of its causes) in order.
        people: Case → `name`, `unit`, `branch`, `category`, `amount` (fen; None: nobody has decided one).
        state: 正式 once the changed list is decided.
        unit: Who fills it in.
    """
    rows: list[dict[str, Cell]] = []
    for number, cause in changes:
        kind = cause["kind"]
        about = cause.get("case_id")
        gone = cause.get("out") or (about if kind in (Decision.REFUSED.value, Decision.DEFERRED.value) else None)
        come = cause.get("in") or (about if kind == Decision.ADDED.value else None)
        amount_of = come or (about if kind == Decision.CHANGED_AMOUNT.value else None)
        named = people.get(about or "", {}).get("name") if not (gone or come) else None
        person = people.get(come or gone or about or "", {})
        rows.append(
            {
                "number": f"第{number}次",
                "unit": person.get("unit"),
                "category": person.get("category"),
                "left": people.get(gone or "", {}).get("name"),
                "why": _why(kind),
                "joined": people.get(come or "", {}).get("name"),
                "branch": people.get(come or "", {}).get("branch"),
                "amount": people.get(amount_of or "", {}).get("amount"),
                "remarks": _remark(cause, gone, come, named),
            }
        )
    return or_nothing(listing(policy, "change_list", rows, state=state, unit=unit, nobody=""), "left")


def _why(kind: str) -> str:
    for term in (RemovalCause, Decision):
        if kind in {member.value for member in term}:
            return term(kind).label
    return "补缺" if kind == "succession" else "其他"


def _remark(cause: Mapping[str, Any], gone: str | None, come: str | None, about: str | None) -> str:
    if about:
        return f"{about}，调整金额"
    if gone and not come:
        return "并列，待集体研究" if cause.get("tied") else "不递补"
    return ""


def _day(day: date | None) -> str:
    return chinese(day) if day else _GAP
