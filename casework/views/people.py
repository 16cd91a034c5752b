"""Who is in, who comes next, who is out and why; and the 认定依据 of one person.

Rows are labelled and masked before a frame exists: whatever frame a table is given reaches the browser whole. No
identity number, card, telephone, address or illness is ever selected here; a birthday is a month.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from casework.allocation import Allocation
from casework.frames import cell_key
from casework.money import yuan
from casework.policy import Clause
from casework.rules import CATEGORY_CHECK
from casework.sentences import finding_sentence, reason_sentence
from casework.views.desk import Desk
from casework.views.html import badge, card, esc, facts_list, note, shown, tag
from casework.views.sheet import Worked
from casework.vocabulary import Kind, Membership, Outcome, Reason

IN, NEXT, TIED, OPEN, OUT = "列入", "候补", "并列", "待核实", "不列入"
LINE = "列入·名额线"
STANDINGS: Final = (IN, NEXT, TIED, OPEN, OUT)

_STANDING: Final[Mapping[str, str]] = {
    Reason.OVER_PLACES: NEXT,
    Reason.OVER_CAP: NEXT,
    Reason.FUND_EXHAUSTED: NEXT,
    Reason.TIE: TIED,
    Reason.JUDGEMENT_MISSING: OPEN,
    Reason.FACTS_MISSING: OPEN,
    Reason.NO_CATEGORY: OPEN,
}
_RANKED: Final[Mapping[str, str]] = {
    "priority": "按倾斜条件排在名额之内",
    "unit_rank": "按本单位推荐顺序排在名额之内",
    "ruling": "按登记的研究或抽签结果列入",
    "": "名额够，全部列入",
}
_COLUMNS: Final = ("序号", "单位", "类别", "姓名", "推荐顺序", "结果", "金额（元）", "理由")


@dataclass(frozen=True, eq=False)
class Listing:
    """Rows for a table, and behind each row the case it is about; the ids stay on the server.

    Attributes:
        shown: The labelled frame that goes to the page.
        case_ids: One per row, in its order.
        said: What stands above the table.
    """

    shown: pl.DataFrame
    case_ids: tuple[str, ...]
    said: str

    def chosen(self, rows: object) -> str | None:
        """Return the case of the row selected in the page; None where none is, or a forged one."""
        if not isinstance(rows, pl.DataFrame) or rows.height != 1 or "序号" not in rows.columns:
            return None
        number = rows["序号"][0]
        return self.case_ids[number - 1] if isinstance(number, int) and 0 < number <= len(self.case_ids) else None


def unit_choices(desk: Desk) -> dict[str, str]:
    """Return 全部单位 and every unit within the officer's scope: label → id."""
    seen = {unit["name"]: unit["unit_id"] for unit in desk.units if desk.actor.may_see(unit["unit_id"])}
    return {"全部单位": "", **seen}


def category_choices(desk: Desk) -> dict[str, str]:
    """Return 全部类别 and every category: label → id."""
    return {"全部类别": "", **{category.label: category.id for category in desk.policy.categories}}


def standing_choices() -> dict[str, str]:
    """Return the results a list can be narrowed to."""
    return {"全部结果": "", **{name: name for name in STANDINGS}}


def listing(desk: Desk, worked: Worked, *, unit: str = "", category: str = "", standing: str = "") -> Listing:
    """Return people in print order: those in, the line, those next, the ties, the open and the refused.

    Args:
        desk: The round.
        worked: The current result.
        unit: A unit id, or "" for all within the officer's scope.
        category: A category id, or "".
        standing: One of `STANDINGS`, or "".
    """
    if worked.result is None or not desk.with_cases:
        return Listing(pl.DataFrame(schema=dict.fromkeys(_COLUMNS, pl.String)), (), "")
    rows = _everyone(desk, worked.result)
    if desk.actor.units is not None:
        rows = rows.filter(pl.col("unit_id").is_in(list(desk.actor.units)))
    for column, wanted in (("unit_id", unit), ("category", category)):
        rows = rows.filter(pl.col(column) == wanted) if wanted else rows
    if standing:
        rows = rows.filter(pl.col("standing").str.starts_with(standing))
    counted = dict(rows.group_by(pl.col("standing").str.split("·").list.first()).len().iter_rows())
    said = "　".join(f"{name} {counted[name]} 人" for name in STANDINGS if name in counted) or "没有符合筛选的人员"
    return Listing(_labelled(desk, rows), tuple(rows["case_id"]), said)


def _everyone(desk: Desk, result: Allocation) -> pl.DataFrame:
    """Return case_id, unit_id, category, standing, amount_fen, why: awards and reserve in one print order."""
    categories = {category.id: at for at, category in enumerate(desk.policy.categories)}
    lines = result.reserve.filter(pl.col("reason").is_in([Reason.OVER_PLACES.value, Reason.TIE.value]))
    contested = set(lines.select(pl.concat_str("unit_id", "category", separator="|")).to_series())
    awards = result.awards.with_columns(
        cell=pl.concat_str("unit_id", "category", separator="|"),
        why=pl.col("ranked_by").replace_strict(_RANKED, default="", return_dtype=pl.String),
    ).with_columns(
        standing=pl.when(
            pl.col("cell").is_in(list(contested)) & (pl.col("order") == pl.col("order").max().over("cell"))
        )
        .then(pl.lit(LINE))
        .otherwise(pl.lit(IN)),
        why=pl.when(~pl.col("funded")).then(pl.lit(Reason.FUND_SHORT.label)).otherwise(pl.col("why")),
        part=pl.lit(0),
    )
    reserve = _reasoned(desk, result.reserve).with_columns(
        standing=pl.col("reason").replace_strict(_STANDING, default=OUT, return_dtype=pl.String),
        amount_fen=pl.lit(None, pl.Int64),
    )
    reserve = reserve.with_columns(
        part=pl.col("standing").replace_strict({TIED: 1, NEXT: 2, OPEN: 3}, default=4, return_dtype=pl.Int32)
    )
    columns = ["case_id", "person_id", "unit_id", "category", "order", "standing", "amount_fen", "why", "part"]
    units = desk.assessed.facts.units.select("unit_id", _unit="order")
    return (
        pl.concat([awards.select(columns), reserve.select(columns)])
        .join(units, on="unit_id", how="left", maintain_order="left")
        .with_columns(_category=pl.col("category").replace_strict(categories, default=len(categories)))
        .sort("_unit", "unit_id", "_category", "part", "order", nulls_last=True, maintain_order=True)
    )


def _reasoned(desk: Desk, reserve: pl.DataFrame) -> pl.DataFrame:
    """Add the sentence of every reserve row; rows of one reason and clauses share one."""
    if reserve.is_empty():
        return reserve.with_columns(why=pl.lit("", pl.String))
    kinds = reserve.select("reason", "clauses", "route", "to_verify").unique()
    sentences = [
        reason_sentence(row["reason"], row["clauses"], desk.policy)
        + ("；由本单位自行慰问" if row["route"] == "unit" else "")
        + _doubt(desk, row["to_verify"])
        for row in kinds.iter_rows(named=True)
    ]
    told = kinds.with_columns(why=pl.Series(sentences, dtype=pl.String))
    return reserve.join(told, on=["reason", "clauses", "route", "to_verify"], how="left", maintain_order="left")


def _doubt(desk: Desk, clause_ids: Sequence[str]) -> str:
    if not clause_ids:
        return ""
    labels = [desk.policy.clause(name).label or desk.policy.clause(name).cite for name in clause_ids]
    return f"；待核实：{'、'.join(labels)}，核实后可能进入名额"


def _labelled(desk: Desk, rows: pl.DataFrame) -> pl.DataFrame:
    facts = desk.assessed.facts
    labels = {category.id: category.label for category in desk.policy.categories}
    known = names(desk)
    ranks = facts.cases.select("case_id", pl.col("unit_rank").alias("推荐顺序"))
    units = facts.units.select("unit_id", pl.col("name").alias("单位"))
    return (
        rows.join(known, on="person_id", how="left", maintain_order="left")
        .join(ranks, on="case_id", how="left", maintain_order="left")
        .join(units, on="unit_id", how="left", maintain_order="left")
        .with_columns(
            pl.int_range(1, pl.len() + 1).alias("序号"),
            pl.col("category").replace_strict(labels, default="未填", return_dtype=pl.String).alias("类别"),
            pl.col("standing").alias("结果"),
            pl.col("why").alias("理由"),
        )
        .with_columns(_money_text("金额（元）", "amount_fen"))
        .select(*_COLUMNS)
    )


def _money_text(name: str, fen: str) -> pl.Expr:
    """Return fen as yuan text, exact: whole yuan without decimals, like `money.yuan`."""
    whole, part = pl.col(fen) // 100, pl.col(fen) % 100
    fractional = pl.format("{}.{}", whole, part.cast(pl.String).str.zfill(2))
    text = pl.when(part == 0).then(whole.cast(pl.String)).otherwise(fractional)
    return pl.when(pl.col(fen).is_not_null()).then(text).otherwise(pl.lit("")).alias(name)


def names(desk: Desk) -> pl.DataFrame:
    """Return person_id and 姓名: namesakes in the round carry branch and birth month with their name."""
    born = pl.col("born_on").dt.strftime("%Y.%m").fill_null("出生年月未填")
    branch = pl.col("branch").fill_null("党支部未填")
    twice = pl.len().over("name") > 1
    return desk.assessed.facts.people.select(
        "person_id",
        pl.when(twice).then(pl.format("{}（{}，{}）", "name", branch, born)).otherwise(pl.col("name")).alias("姓名"),
    )


def name_of(desk: Desk) -> dict[str, str]:
    """Return person id → the name as it is shown."""
    return dict(names(desk).iter_rows())


# -- 认定依据 --------------------------------------------------------------------------------------------------------


@shown
def basis(desk: Desk, worked: Worked, case_id: str | None) -> str:
    """Return the card of one case: where it stands and why, and what every clause says of it."""
    if worked.result is None or not desk.with_cases or desk.assessed.facts.cases.is_empty():
        return ""  # there is no table to choose from, and what is the matter stands in its place
    if case_id is None:
        return note("在上表勾选一人，这里显示他的认定依据：逐条对照通知原文。")
    case = desk.assessed.facts.cases.row(by_predicate=pl.col("case_id") == case_id, named=True)
    if not desk.actor.may_see(case["unit_id"]) or worked.result is None:
        return note("这个人不在您的单位范围内。", "warn")
    person = desk.assessed.facts.people.row(by_predicate=pl.col("person_id") == case["person_id"], named=True)
    standing = _everyone(desk, worked.result).row(by_predicate=pl.col("case_id") == case_id, named=True)
    labels = {category.id: category.label for category in desk.policy.categories}
    pairs = {
        "单位": esc(desk.unit_names.get(case["unit_id"], "")),
        "类别": esc(labels.get(case["category"] or "", "未填")),
        "党支部": esc(person["branch"] or "未填"),
        "出生年月": esc(f"{person['born_on']:%Y.%m}" if person["born_on"] else "未填"),
        "政治面貌": esc(Membership(person["membership"]).label if person["membership"] else "未填"),
        "结果": badge(standing["standing"], _COLOUR[standing["part"]]) + " " + esc(standing["why"]),
    }
    if standing["amount_fen"] is not None:
        pairs["金额"] = esc(f"{yuan(standing['amount_fen'])} 元")
    name = name_of(desk)[case["person_id"]]
    return card(f"认定依据　{name}", facts_list(pairs), _findings(desk, case_id), css="cw-basis")


_COLOUR: Final = {0: "green", 1: "red", 2: "", 3: "amber", 4: "red"}
_OUTCOMES: Final = {
    Outcome.MET: "green",
    Outcome.NOT_MET: "",
    Outcome.UNKNOWN: "amber",
    Outcome.NEEDS_JUDGEMENT: "amber",
}


def _findings(desk: Desk, case_id: str) -> str:
    found = desk.assessed.findings.filter(pl.col("case_id") == case_id).to_dicts()
    rows = []
    for row in sorted(found, key=lambda row: row["clause_id"] != CATEGORY_CHECK):
        clause = None if row["clause_id"] == CATEGORY_CHECK else desk.policy.clause(row["clause_id"])
        said = finding_sentence(clause, row["outcome"], row["code"], json.loads(row["values"]), desk.policy)
        rows.append(_finding(clause, Outcome(row["outcome"]), said))
    head = "<tr><th>条款</th><th>原文</th><th>认定</th><th>依据</th></tr>"
    body = f"<thead>{head}</thead><tbody>{''.join(rows)}</tbody>"
    return tag("div", tag("table", body, "cw-table cw-sentences"), "cw-scroll")


def _finding(clause: Clause | None, outcome: Outcome, said: str) -> str:
    excludes = clause is not None and clause.kind in (Kind.EXCLUSION, Kind.REPEAT_AID)
    colour = _OUTCOMES[outcome]
    if excludes and outcome in (Outcome.MET, Outcome.NOT_MET):
        colour = "red" if outcome is Outcome.MET else "green"
        label = "属于" if outcome is Outcome.MET else "不属于"
    else:
        label = outcome.label
    cite, words = ("慰问类别", "") if clause is None else (clause.cite, clause.words)
    kind = "" if clause is None else tag("small", esc(clause.kind.label), "cw-muted")
    cells = [tag("td", esc(cite) + "<br>" + kind if kind else esc(cite)), tag("td", esc(words), "cw-words-of")]
    return tag("tr", "".join([*cells, tag("td", badge(label, colour)), tag("td", esc(said))]))


# -- ties ----------------------------------------------------------------------------------------------------------


def ties(desk: Desk, worked: Worked) -> list[dict[str, object]]:
    """Return the open ties: `cell`, `label`, `seats`, and `people` as label → case id."""
    if worked.result is None or not desk.with_cases:
        return []
    shown_names, cases = name_of(desk), desk.assessed.facts.cases
    persons = dict(cases.select("case_id", "person_id").iter_rows())
    return [
        {
            "cell": tie.cell,
            "label": tie_label(desk, tie.cell),
            "seats": tie.seats,
            "people": _distinct({case: shown_names[persons[case]] for case in tie.case_ids}),
        }
        for tie in worked.result.ties
    ]


def tie_label(desk: Desk, cell: str) -> str:
    """Return where a tie stands, in words: a cell of the table, a shared cap, or a fund."""
    if cell in desk.places:
        return desk.label(cell)
    if cell.startswith("household:"):
        return "同一户只列一人"
    known = {clause.id: clause.cite for clause in desk.policy.clauses}
    return f"{known[cell]}的总名额" if cell in known else "资金线"


def _distinct(labels: Mapping[str, str]) -> dict[str, str]:
    """Return label → case id; two of one label are numbered."""
    found: dict[str, str] = {}
    for case_id, label in labels.items():
        name, number = label, 2
        while name in found:
            name, number = f"{label}（{number}）", number + 1
        found[name] = case_id
    return found


def cells_of(desk: Desk) -> dict[str, str]:
    """Return every cell that has places to move: label → cell."""
    labels = {category.id: category.label for category in desk.policy.categories}
    return {
        f"{unit['name']}·{labels[category]}": cell_key(unit["unit_id"], category)
        for unit in desk.units
        for category in labels
        if cell_key(unit["unit_id"], category) in desk.places
    }
