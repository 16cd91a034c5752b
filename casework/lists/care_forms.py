"""Forms of 日常关怀: talks, appointments, visits, pairs, households of the fallen, political birthdays, fifty years.

Records in, a `Table` out: a record is a mapping column key → value; what it does not hold stays blank. What the
record of a talk says is restricted: it is printed, never written as a workbook (`Table.paper_only`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from casework.dates import anniversary, chinese, full_years, party_years, year_month
from casework.forms import load_form
from casework.lists.listing import listing
from casework.lists.table import Cell, ListState, Table, plain
from casework.money import yuan

if TYPE_CHECKING:
    from casework.policy import Policy

Record: TypeAlias = "Mapping[str, Any]"

ARRANGED_WITHIN_DAYS: Final = 7
"""收到党员约谈申请后，一般应在一周内安排. Source: HW-5.7."""
STANDING_YEARS: Final = 50
"""Source: HW-2.7."""


class OnTheDay(NamedTuple):
    """People for a list that is made for a day, and those of whom the needed day was never recorded."""

    rows: tuple[dict[str, Any], ...]
    unknown: tuple[str, ...]


# -- talks and appointments ------------------------------------------------------------------------------------


def appointment_register(
    policy: Policy, records: Iterable[Record], *, unit: str = "", within_days: int = ARRANGED_WITHIN_DAYS
) -> Table:
    """Return 党员约谈领导干部登记表, each request with the day by which a talk is to be arranged.

    Source: HW-5.6, HW-5.7. 一般 is a soft word: a late one is named under the table, nothing is refused.

    Args:
        policy: The circular of the round.
        records: `member`, `branch`, `leader`, `position`, `channel`, `wishes`, `outcome`, `remarks` as text;
            `received_on`, `arranged_on`, `talked_on` as dates. The first received comes first.
        unit: Whose register it is.
        within_days: Days from the day received; that day itself is not counted.
    """
    rows = [
        {**one, "due_on": one["received_on"] + timedelta(days=within_days) if one.get("received_on") else None}
        for one in sorted(records, key=lambda one: (one.get("received_on") or date.max, str(one.get("member") or "")))
    ]
    late = [row for row in rows if row["due_on"] and row.get("arranged_on") and row["arranged_on"] > row["due_on"]]
    said = (f"其中安排晚于应安排日期的 {len(late)} 件。",) if late else ()
    return listing(policy, "appointment_register", rows, state=ListState.OFFICIAL, unit=unit, captions=said)


def talk_record(policy: Policy, records: Iterable[Record]) -> Table:
    """Return 谈心谈话记录表, a copy for each talk, to be kept inside the house and on paper only.

    Source: CG-1.3.2 (谈心谈话活动要有记录), HW-6.

    Args:
        policy: The circular of the round.
        records: `talker`, `talker_position`, `member`, `branch`, `place`, `content`, `difficulties`, `opinions`,
            `outcome` as text; `on` as a date; `form` and `occasion` one of the form's own choices, or "".

    Raises:
        ValueError: A form or an occasion that is none of these.
    """
    rows = [
        {
            **one,
            "index": number,
            "on": _day(one.get("on")),
            "form": _chosen("talk_record", "form", one),
            "occasion": _chosen("talk_record", "occasion", one),
        }
        for number, one in enumerate(records, start=1)
    ]
    return listing(policy, "talk_record", rows, state=ListState.OFFICIAL, nobody="")


# -- visits and pairs ------------------------------------------------------------------------------------------


def visit_record(policy: Policy, records: Iterable[Record], *, unit: str = "") -> Table:
    """Return 走访记录, a row a visit.

    Source: CG-1.4.1, HW-6, HW-14.3.

    Args:
        policy: The circular of the round.
        records: `unit`, `name`, `category`, `place`, `mode`, `visitors`, `note`, `opinions`, `handed`, `follow_ups`
            as text, `on` as a date; in the order of the days.
        unit: Whose record it is.
    """
    rows = list(records)
    said = (f"共走访 {len(rows)} 次。",) if rows else ()
    return listing(
        policy, "visit_record", rows, state=ListState.OFFICIAL, unit=unit, captions=said, nobody="还没有走访记录。"
    )


def pairing_register(policy: Policy, records: Iterable[Record], *, unit: str = "") -> Table:
    """Return 党员结对帮扶登记表, a row a pair; one without measures is counted under the table.

    Source: CG-1.5.2, CG-3.4.1, HW-14.1, HW-14.4.

    Args:
        policy: The circular of the round.
        records: `helper`, `helper_position`, `helped`, `branch`, `situation`, `kind`, `measures`, `visited`, `remarks`
            as text, `since`, `until` as dates.
        unit: Whose register it is.
    """
    rows = list(records)
    open_pairs = sum(one.get("until") is None for one in rows)
    bare = sum(not (one.get("measures") or "").strip() for one in rows)
    said = [f"共 {len(rows)} 对，其中结对中 {open_pairs} 对。"] if rows else []
    said += [f"没有填写帮扶措施的 {bare} 对。"] if bare else []
    return listing(policy, "pairing_register", rows, state=ListState.OFFICIAL, unit=unit, captions=said)


# -- households of the fallen ----------------------------------------------------------------------------------


def line_of_duty_family(policy: Policy, records: Iterable[Record]) -> Table:
    """Return 因公殉职、牺牲党员家庭档案, a file for each household with a line for each of its people.

    Source: HW-11.3 (逐户逐人建档立卡), HW-11.4, HW-11.5, HW-11.6, HW-11.8.

    Args:
        policy: The circular of the round.
        records: `name`, `sex`, `unit`, `position`, `assessed`, `address`, `contact`, `contact_position`,
            `contact_phone` as text, `died_on`, `opened_on` as dates, `kind` one of the form's choices or "", and
            the lists `members` (`name`, `relation`, `income`, `pension`, `medical`, `school`, `work`;
            `born_on` a date), `grants` (`year`, `child`, `amount_fen`; `on` a date), `visits` (`by`, `said`; `on`).

    Raises:
        ValueError: Another `kind`.
    """
    rows: list[dict[str, Any]] = []
    for number, one in enumerate(records, start=1):
        own = {key: value for key, value in one.items() if key not in ("members", "grants", "visits")}
        own |= {"index": number, "kind": _chosen("line_of_duty_family", "kind", one)}
        own |= {key: _day(one.get(key)) for key in ("died_on", "opened_on")}
        lists = [
            [_member(member) for member in one.get("members") or ()],
            [_grant(grant) for grant in one.get("grants") or ()],
            [
                {"visit_on": _day(v.get("on")), "visit_by": v.get("by"), "visit_said": v.get("said")}
                for v in one.get("visits") or ()
            ],
        ]
        lines = list(zip_longest(*lists, fillvalue={})) or [({},)]
        rows += [{**own, **{key: value for part in line for key, value in part.items()}} for line in lines]
    return listing(policy, "line_of_duty_family", rows, state=ListState.OFFICIAL, nobody="")


def _member(one: Record) -> dict[str, Cell]:
    told = {f"member_{key}": one.get(key) for key in ("relation", "income", "pension", "medical", "school", "work")}
    born = one.get("born_on")
    return {"member": one.get("name"), **told, "member_born": year_month(born) if born else None}


def _grant(one: Record) -> dict[str, Cell]:
    fen = one.get("amount_fen")
    return {
        "grant_year": f"{one['year']}年" if one.get("year") else None,
        "grant_child": one.get("child"),
        "grant_amount": None if fen is None else f"{yuan(fen)}元",
        "grant_on": _day(one.get("on")),
    }


# -- days and years --------------------------------------------------------------------------------------------


def birthdays(people: Iterable[Record], *, year: int, month: int | None = None) -> OnTheDay:
    """Return whose political birthday falls in a year, or one month of it, the earliest day first.

    Source: CG-1.8.3. It is the day of joining, not of full membership; 29 February falls on the 28th in common years.

    Args:
        people: `name`, `joined_on` and what else the list shows, of members who live.
        year: The year.
        month: 1 to 12; None: all of them.

    Returns:
        Each with `birthday` and `years` since joining; who joins this year has none yet. Those of whom no day is known
        are named, never guessed.
    """
    rows, unknown = [], []
    for one in people:
        joined = one.get("joined_on")
        if joined is None:
            unknown.append(str(one.get("name") or "未登记姓名"))
        elif joined.year < year and month in (None, joined.month):
            day = anniversary(joined, year)
            rows.append({**one, "birthday": day, "years": full_years(joined, day)})
    return OnTheDay(tuple(sorted(rows, key=lambda row: row["birthday"])), tuple(unknown))


def political_birthday(
    policy: Policy, found: OnTheDay, *, year: int, month: int | None = None, unit: str = ""
) -> Table:
    """Return 党员政治生日名单, with room for how and when each was greeted.

    Source: CG-1.8.3, CG-1.8.4, HW-2.9.

    Args:
        policy: The circular of the round.
        found: What `birthdays` returns.
        year: Its year.
        month: Its month; None: the whole year.
        unit: Whose list it is.
    """
    when = f"{year}年" if month is None else f"{year}年{month}月"
    rows, unsaid = list(found.rows), _unknown(found, "入党日期")
    return listing(
        policy,
        "political_birthday",
        rows,
        state=ListState.OFFICIAL,
        unit=unit,
        nobody="".join((f"{when}没有政治生日。", *unsaid)),
        captions=(f"共 {len(rows)} 人。", *unsaid) if rows else (),
        above=(f"填报单位：{plain(unit)}", when),
    )


def fifty_years_at(people: Iterable[Record], *, on: date, years: int = STANDING_YEARS) -> OnTheDay:
    """Return who has been a full member for so many full years on a day, the longest first.

    Source: HW-2.7. 党龄 counts from the day of full membership; who joined only, with no such day recorded, is named as
    unknown where joining lies so far back, for full membership may be later. Whoever has the medal is left out.

    Args:
        people: `name`, `full_on`, `joined_on`, `awarded` (has the medal), and what else the list shows.
        on: The day, 1 July of the year unless a circular says otherwise.
        years: How many.
    """
    rows, unknown = [], []
    for one in people:
        full, joined = one.get("full_on"), one.get("joined_on")
        if one.get("awarded") or (full is not None and full > on):
            continue
        if full is not None and party_years(full, on) >= years:
            rows.append({**one, "years": party_years(full, on)})
        elif full is None and (joined is None or (joined <= on and full_years(joined, on) >= years)):
            unknown.append(str(one.get("name") or "未登记姓名"))
    return OnTheDay(tuple(sorted(rows, key=lambda row: row["full_on"])), tuple(unknown))


def fifty_years(policy: Policy, found: OnTheDay, *, on: date, unit: str = "", state: ListState) -> Table:
    """Return 党龄达到50年党员名单; 一贯表现良好 is for the branch to confirm, so an unconfirmed list is a draft.

    Source: HW-2.7.

    Args:
        policy: The circular of the round.
        found: What `fifty_years_at` returns.
        on: The day it is counted to.
        unit: Whose list it is.
        state: 正式 once every one is confirmed.
    """
    rows, unsaid = list(found.rows), _unknown(found, "转正日期")
    return listing(
        policy,
        "fifty_years",
        rows,
        state=state,
        unit=unit,
        nobody="".join((f"截至{chinese(on)}没有党龄达到50年、未颁发纪念章的党员。", *unsaid)),
        captions=(f"共 {len(rows)} 人。", *unsaid) if rows else (),
        above=(f"填报单位：{plain(unit)}", f"截至{chinese(on)}"),
    )


def _chosen(form: str, key: str, one: Record) -> str:
    """Return the choice of a record; the paper ticks it among the others.

    Raises:
        ValueError: It is not among them.
    """
    chosen, choices = one.get(key) or "", load_form(form).column(key).choices
    if chosen and chosen not in choices:
        raise ValueError(f"{chosen} is none of {', '.join(choices)}")
    return str(chosen)


def _unknown(found: OnTheDay, what: str) -> tuple[str, ...]:
    if not found.unknown:
        return ()
    return (f"{what}没有登记、没有列入的 {len(found.unknown)} 人：{'、'.join(found.unknown)}，请核实后补登。",)


def _day(on: date | None) -> str:
    return chinese(on) if on else ""
