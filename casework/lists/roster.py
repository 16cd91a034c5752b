"""慰问对象花名册: one row per person, in 机构顺序, the order of categories, then the unit's own order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from casework.dates import year_month_dotted
from casework.forms import Form, FormColumn, load_form
from casework.lists.quota import annex_label, form_clause
from casework.lists.table import Cell, Column, ListState, Table, plain
from casework.shapes.procedure import FormDefinition
from casework.vocabulary import HardshipCause, Membership, Sex, Tag, Term

if TYPE_CHECKING:
    import polars as pl

    from casework.facts import Facts
    from casework.policy import Policy

FORM = "roster"
DATE_GAP = "　　　　年　　月　　日"
_EXTRA_WIDTH_MM = 18
Record: TypeAlias = "dict[str, Any]"
_WHOLE: Final[ContextVar[bool]] = ContextVar("every_column", default=False)


def roster(  # noqa: PLR0913 - all but two by keyword
    policy: Policy,
    facts: Facts,
    *,
    awards: pl.DataFrame,
    plan: pl.DataFrame,
    state: ListState = ListState.DRAFT,
    only_unit: str | None = None,
) -> Table:
    """Return the roster of those who have a place.

    The columns are the circular's where its form clause names any, else the form's own. A column nobody here knows
    is printed empty. Namesakes always carry branch and birth month.

    Args:
        policy: The circular.
        facts: The facts the awards were decided on.
        awards: `frames.AWARDS`.
        plan: `frames.PLAN` of the same result, for the rates.
        state: How far the list has come.
        only_unit: The unit whose own file this is; None lists all units.
    """
    form, clause = load_form(FORM), form_clause(policy, FORM)
    columns = form_columns(form, clause)
    keys = {column.key for column in columns}
    rates = {row["category"]: row["rate_fen"] for row in plan.iter_rows(named=True)}
    records = in_print_order(policy, facts, awards, only_unit)
    shared = namesakes(record["name"] for record in records)
    rows = []
    for number, record in enumerate(records, start=1):
        told = record["name"] and plain(record["name"]) in shared
        values = person_values(record) | {"index": number, "rate": rates.get(record["category_id"])}
        if told:
            values |= _told_apart(record, keys)
        rows.append(tuple(values.get(column.key) for column in columns))
    unit = records[0]["unit"] if only_unit and records else _unit_name(facts, only_unit)
    signed = tuple(signature_line(words) for words in clause.signatures) if clause else ()
    return Table(
        list_id=FORM,
        title=clause.title if clause else f"{policy.round_title.removesuffix('慰问')}{form.title}",
        columns=columns,
        rows=tuple(rows),
        totals=_totals(records, keys),
        captions=_captions(records),
        above=_above(form, unit, signed),
        signatures=signed or form.signatures,
        state=state,
        annex=annex_label(clause),
    )


# -- shared with other lists of people -------------------------------------------------------------------------


@contextmanager
def every_column() -> Iterator[None]:
    """Let lists that are made meanwhile have every column of their form, the optional ones last, to choose from.

    A list is made by many hands between a reader and its form; what leaves the house as the list itself is never made
    in here, only what `layouts` cuts down to the columns somebody ticked.
    """
    token = _WHOLE.set(True)
    try:
        yield
    finally:
        _WHOLE.reset(token)


def form_columns(form: Form, clause: FormDefinition | None) -> tuple[Column, ...]:
    """Return the columns of a form: the circular's, found by head or alias, else the form's own."""
    found = _asked_for(form, clause)
    if _WHOLE.get():
        for column in form.columns:
            found.setdefault(column.key, Column.of(column))
    return tuple(found.values())


def _asked_for(form: Form, clause: FormDefinition | None) -> dict[str, Column]:
    if clause is None or not clause.columns:
        return {column.key: Column.of(column) for column in form.columns if not column.optional}
    named: dict[str, FormColumn] = {}
    for column in form.columns:
        for head in (column.label, *column.aliases):
            named.setdefault(_squeeze(head), column)  # of two heads that are alike the first is the person's own
    found: dict[str, Column] = {}
    for number, head in enumerate(clause.columns):
        known = named.get(_squeeze(head))
        if known is None or known.key in found:
            found[f"extra{number}"] = Column(f"extra{number}", head, width_mm=_EXTRA_WIDTH_MM)
        else:
            found[known.key] = Column.of(known, label=head)
    return found


def in_print_order(policy: Policy, facts: Facts, awards: pl.DataFrame, only_unit: str | None) -> list[Record]:
    """Return what is known of everyone with a place, never sorted by name or id."""
    people = _by(facts.people, "person_id")
    units = _by(facts.units, "unit_id")
    causes: dict[str, list[Record]] = {}
    for cause in facts.causes.iter_rows(named=True):
        causes.setdefault(cause["case_id"], []).append(cause)
    order = {category.id: at for at, category in enumerate(policy.categories)}
    records = []
    for award in awards.iter_rows(named=True):
        if only_unit not in (None, award["unit_id"]):
            continue
        unit, category = units.get(award["unit_id"], {}), award["category"]
        place = (unit.get("order"), award["unit_id"], order.get(category, len(order)), award["order"], award["case_id"])
        records.append(
            people.get(award["person_id"], dict.fromkeys(facts.people.columns))
            | {
                "case_id": award["case_id"],
                "place": tuple((part is None, part) for part in place),
                "unit": unit.get("name"),
                "category_id": category,
                "category": policy.category(category).label if category in order else None,
                "amount_fen": award["amount_fen"],
                "funded": award["funded"],
                "causes": causes.get(award["case_id"], []),
            }
        )
    return sorted(records, key=lambda record: record["place"])


def namesakes(names: Iterable[str | None]) -> set[str]:
    """Return the names that more than one person on the list bears."""
    counted = Counter(plain(name) for name in names if name)
    return {name for name, times in counted.items() if times > 1}


def signature_line(words: str) -> str:
    """Return a signature of the circular with the room to sign it."""
    if "日期" in words:
        return f"{words}：{DATE_GAP}"
    return f"{words}：" if re.search(r"签字|签名|负责人|[审填]", words) and words[-1] not in "：:" else words


def _by(frame: pl.DataFrame, key: str) -> dict[str, Record]:
    return {row[key]: row for row in frame.iter_rows(named=True)}


def _squeeze(head: str) -> str:
    return re.sub(r"\s+", "", head).replace("(", "（").replace(")", "）")


# -- the roster's own ------------------------------------------------------------------------------------------


def person_values(record: Mapping[str, Any]) -> dict[str, Cell]:
    """Return what the lists of a round may say of a person, by column; a list prints the columns it has."""
    tags = [_label(Tag, tag) or tag for tag in record["tags"] or ()]
    roles = [record["position"], *(tag for tag in tags if tag != record["position"])]
    return {
        "unit": record["unit"],
        "name": record["name"],
        "sex": _label(Sex, record["sex"]),
        "ethnicity": record["ethnicity"],
        "born": record["born_on"],
        "membership": _label(Membership, record["membership"]),
        "joined": record["joined_party_on"],
        "category": record["category"],
        "branch": record["branch"],
        "position": "、".join(role for role in roles if role) or None,
        "brief": _brief(record["causes"]),
        "amount": record["amount_fen"],
        "remarks": None if record["funded"] else "资金未落实",
    }


def _label(term: type[Term], value: str | None) -> str | None:
    return term(value).label if value in {member.value for member in term} else None


def _brief(causes: list[Record]) -> str | None:
    """Return the causes, the main one first, each with what was noted."""
    said = []
    for cause in sorted(causes, key=lambda row: (not row["main"], row["cause"] or "", row["note"] or "")):
        label = None if cause["cause"] == HardshipCause.OTHER.value else _label(HardshipCause, cause["cause"])
        said.append("：".join(words for words in (label, cause["note"]) if words))
    return "；".join(dict.fromkeys(words for words in said if words)) or None


def cause_labels(causes: list[Record]) -> list[str]:
    """Return what a hardship comes from, the main cause first, without what was noted."""
    ordered = sorted(causes, key=lambda row: (not row["main"], row["cause"] or ""))
    return list(dict.fromkeys(label for row in ordered if (label := _label(HardshipCause, row["cause"]))))


def _told_apart(record: Record, keys: set[str]) -> dict[str, Cell]:
    """Return name and remark of somebody who shares the name: what no column shows stands behind the name."""
    branch, born = record["branch"], record["born_on"]
    unseen = [branch] if branch and "branch" not in keys else []
    unseen += [year_month_dotted(born)] if born and "born" not in keys else []
    missing = "、".join(words for words, value in (("党支部", branch), ("出生年月", born)) if value is None)
    told: dict[str, Cell] = {"name": f"{record['name']}（{'，'.join(unseen)}）"} if unseen else {}
    if missing:
        told["remarks"] = f"同名，{missing}未填"
    return told


def _totals(records: list[Record], keys: set[str]) -> tuple[tuple[str, Cell], ...]:
    amount = sum(record["amount_fen"] or 0 for record in records)
    totals: list[tuple[str, Cell]] = [("name", f"{len(records)}人")]
    return tuple([*totals, ("amount", amount)] if "amount" in keys else totals)


def _captions(records: list[Record]) -> tuple[str, ...]:
    if not records:
        return ("本表无人员。",)
    open_amounts = sum(record["amount_fen"] is None for record in records)
    return (f"注：有 {open_amounts} 人金额未定，未计入合计。",) if open_amounts else ()


def _above(form: Form, unit: str | None, signed: tuple[str, ...]) -> tuple[str, ...]:
    """Return the line over the table; a date asked for under the table is not asked for twice."""
    dated = any("日期" in words for words in signed)
    return tuple(words.format(unit=plain(unit or "")) for words in form.above if not (dated and "日期" in words))


def _unit_name(facts: Facts, unit_id: str | None) -> str | None:
    return next((row["name"] for row in facts.units.iter_rows(named=True) if row["unit_id"] == unit_id), None)
