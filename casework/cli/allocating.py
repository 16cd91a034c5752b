"""allocate and apportion: who gets a place, and how many places each unit gets."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casework.cli.common import (
    Db,
    InRound,
    Json,
    Settings,
    Usage,
    looking,
    print_json,
    print_table,
    read_bytes,
    round_of,
    say,
)

if TYPE_CHECKING:
    from casework.allocation import Allocation, Parameters
    from casework.comparison import Assessed


def attach(app: typer.Typer) -> None:
    """Add the commands that stand at the top."""
    app.command("allocate", help="按通知（或改动后）分配名额与资金。")(allocate)
    app.command("apportion", help="把总名额按办法分给各单位。")(apportion)


def settings_of(assessed: Assessed, settings: list[str]) -> Parameters:
    """Read `--set`.

    Raises:
        Usage: A setting is not understood.
    """
    from casework.allocation import parse_settings

    try:
        return parse_settings(settings, policy=assessed.policy, units=assessed.facts.units)
    except ValueError as error:
        raise Usage(str(error)) from None


def allocate(round_id: InRound, settings: Settings = [], db: Db = "", as_json: Json = False) -> int:  # noqa: B006 - Typer reads it and changes nothing
    """Allocate; exit 1 if and only if the balance is negative, a tie is open or the parameters are infeasible."""
    from casework.problems import Infeasible
    from casework.scenarios import assessed_round

    with looking(db) as session:
        round_of(session, round_id)
        assessed = assessed_round(session, round_id)
    parameters = settings_of(assessed, settings)
    try:
        result = assessed.allocate(parameters)
    except Infeasible as error:
        if as_json:
            print_json({"infeasible": {"code": error.code, "by": error.by, "sentence": error.sentence}})
        raise
    if as_json:
        print_json(content(result, assessed))
    else:
        _show(result, assessed)
    against = list(_against(result, assessed))
    for sentence in against:
        say(sentence)
    return 1 if against else 0


def _against(result: Allocation, assessed: Assessed) -> list[str]:
    """Return what stands against a result: the negative balance by how much, and every open tie."""
    from casework.money import yuan

    found = []
    if result.balance_fen is not None and result.balance_fen < 0:
        found.append(f"计划超出资金 {yuan(-result.balance_fen)} 元")
    found += [
        f"并列：{cell_words(tie.cell, assessed)}，{len(tie.case_ids)} 人争 {tie.seats} 名，须集体研究或抽签"
        for tie in result.ties
    ]
    return found


def cell_words(cell: str, assessed: Assessed) -> str:
    """Return what a cell, a cap or a fund is called."""
    unit, parted, category = cell.rpartition("|")
    names = dict(assessed.facts.units.select("unit_id", "name").iter_rows())
    labels = {entry.id: entry.label for entry in assessed.policy.categories}
    if parted and category in labels:
        return f"{names.get(unit, unit)}{labels[category]}"
    if cell.startswith("fund:"):
        return "资金线"
    if cell.startswith("household:"):
        return "同一户只列一人"
    return f"总名额（{cell}）"


def content(result: Allocation, assessed: Assessed) -> dict[str, Any]:
    """Return a result as DESIGN §8 shapes it: names where people read, codes beside them."""
    from casework.vocabulary import Reason

    names = dict(assessed.facts.units.select("unit_id", "name").iter_rows())
    shown = ("unit", "category", "places", "people", "amount_fen", "awarded_fen")
    return {
        "totals": result.totals,
        "balance_fen": result.balance_fen,
        "fund_fen": result.fund_fen,
        "unspent": [{"fund": u.fund, "clause_id": u.clause_id, "left_fen": u.left_fen} for u in result.unspent],
        "by_unit": result.by_unit.select(shown).to_dicts(),
        "awards": [{**row, "unit": names.get(row["unit_id"])} for row in result.awards.to_dicts()],
        "reserve": [
            {**row, "unit": names.get(row["unit_id"]), "reason_text": Reason(row["reason"]).label}
            for row in result.reserve.to_dicts()
        ],
        "ties": [{"cell": tie.cell, "seats": tie.seats, "case_ids": list(tie.case_ids)} for tie in result.ties],
        "exceptions": result.exceptions.to_dicts(),
        "steps": [{**row, "values": json.loads(row["values"] or "{}")} for row in result.steps.to_dicts()],
    }


def _show(result: Allocation, assessed: Assessed) -> None:
    from casework.money import yuan
    from casework.vocabulary import Fund, Reason

    categories = [category for category in assessed.policy.categories if category.id in set(result.plan["category"])]
    rows: dict[str, dict[str, Any]] = {}
    for cell in result.by_unit.to_dicts():
        row = rows.setdefault(cell["unit_id"], {"unit": cell["unit"], "people": 0, "fen": 0})
        row[cell["category"]] = cell["places"]
        row["people"] += cell["people"]
        # One amount nobody decided leaves the unit's sum open: it is not 0.
        row["fen"] = None if None in (row["fen"], cell["amount_fen"]) else row["fen"] + cell["amount_fen"]
    open_sum = any(row["fen"] is None for row in rows.values())
    total = {
        "unit": "合计",
        "people": result.totals["people"],
        "fen": None if open_sum else result.totals["amount_fen"],
    }
    for category in categories:
        total[category.id] = sum(row.get(category.id) or 0 for row in rows.values())
    listed = [{**row, "fen": "未定" if row["fen"] is None else yuan(row["fen"])} for row in [*rows.values(), total]]
    heads = {
        "unit": "单位",
        **{category.id: category.label for category in categories},
        "people": "列入",
        "fen": "计划（元）",
    }
    print_table(listed, heads)
    totals = result.totals
    planned = "未定" if open_sum else f"{yuan(totals['amount_fen'])} 元"
    balance = "未定" if result.balance_fen is None else f"{yuan(result.balance_fen)} 元"
    typer.echo(
        f"\n名额 {totals['places']} 名，列入 {totals['people']} 人，空余 {totals['unused']} 名；"
        f"计划 {planned}，已落实 {yuan(totals['awarded_fen'])} 元，结余 {balance}"
    )
    if totals["without_amount"]:
        typer.echo(f"尚未决定金额：{totals['without_amount']} 人")
    if totals["short_fen"]:
        typer.echo(f"资金不足：缺 {yuan(totals['short_fen'])} 元")
    for rest in result.unspent:
        typer.echo(f"须用完的{Fund(rest.fund).label}尚余 {yuan(rest.left_fen)} 元")
    for reason, people in Counter(result.reserve["reason"]).items():
        typer.echo(f"未列入：{Reason(reason).label} {people} 人")
    for row in result.exceptions.to_dicts():
        extra = f"超出 {row['extra']} 名" if row["extra"] else "例外"
        typer.echo(f"特殊情况：{cell_words(row['cell'], assessed)}{extra}，理由：{row['reason'] or '（未填）'}")


# -- apportion -----------------------------------------------------------------------------------------------------

_UNIT_HEADS = ("unit", "name", "单位", "单位名称", "名称")


def apportion(
    file: Annotated[Path, typer.Option("--csv", metavar="文件.csv", help="一个单位一行，第一行是列名")],
    method: Annotated[
        str, typer.Option("--method", metavar="办法", help="sainte_lague、dhondt、largest_remainder、equal、half_up")
    ] = "sainte_lague",
    total: Annotated[int | None, typer.Option("--total", metavar="总名额", help="half_up 不写")] = None,
    weight: Annotated[str, typer.Option("--weight", metavar="列", help="按哪一列分；equal 可以不写")] = "",
    unit: Annotated[str, typer.Option("--unit", metavar="列", help="单位名称在哪一列（不写：单位列或第一列）")] = "",
    base: Annotated[str, typer.Option("--base", metavar="列", help="先给的基数")] = "",
    floor: Annotated[str, typer.Option("--floor", metavar="列", help="至少")] = "",
    cap: Annotated[str, typer.Option("--cap", metavar="列", help="至多")] = "",
    rate: Annotated[str, typer.Option("--rate", metavar="比例", help="half_up 的比例，如 5‰")] = "",
    as_json: Json = False,
) -> int:
    """Divide places among the units of a CSV file; exit 1 where a tie is open or the bounds contradict each other."""
    from casework.apportionment import METHODS, Infeasible, step_sentence
    from casework.apportionment import apportion as divide
    from casework.shapes.base import parse_share

    if method not in METHODS:
        raise Usage(f"没有办法 {method}，可用：{'、'.join(f'{name}（{said}）' for name, said in METHODS.items())}")
    if (method == "half_up") == (total is not None):
        raise Usage("half_up 要写 --rate 而不写 --total，其他办法要写 --total")
    sheet = _Sheet(read_bytes(file), file.name, unit)
    if not weight and method != "equal":
        raise Usage(f"请用 --weight 写明按哪一列分，现有：{'、'.join(sheet.heads)}")
    weights = sheet.column(weight, blank=False) if weight else dict.fromkeys(sheet.units, 1)
    bounds = {name: sheet.column(head) for name, head in (("base", base), ("floors", floor), ("caps", cap)) if head}
    try:
        share = parse_share(rate) if rate else None
        result = divide(weights, total=total, method=method, rate=share, **bounds)  # type: ignore[arg-type]
    except Infeasible as error:
        if as_json:
            print_json({"infeasible": {"code": error.code, "by": error.by, "sentence": error.sentence}})
        raise
    except OverflowError:
        raise Usage("数字太大，算不了") from None
    except (TypeError, ValueError) as error:
        raise Usage(str(error)) from None
    if as_json:
        print_json(
            {
                "places": result.places,
                "ties": [{"units": list(tie.units), "seats": tie.seats} for tie in result.ties],
                "steps": [
                    {
                        "unit": step.unit,
                        "code": step.code,
                        "before": step.before,
                        "after": step.after,
                        "values": dict(step.values),
                        "sentence": step_sentence(step),
                    }
                    for step in result.steps
                ],
                "cautions": [caution.sentence for caution in result.warnings],
            }
        )
    else:
        rows = [{"unit": name, "weight": weights[name], "places": places} for name, places in result.places.items()]
        rows.append({"unit": "合计", "weight": sum(weights.values()), "places": sum(result.places.values())})
        print_table(rows, {"unit": "单位", "weight": weight or "（均分）", "places": "名额"})
    for caution in result.warnings:
        say(caution.sentence)
    for tie in result.ties:
        say(f"并列：{'、'.join(tie.units)} 争 {tie.seats} 名，须集体研究或抽签")
    return 1 if result.ties else 0


class _Sheet:
    """A CSV file with a unit on every row."""

    def __init__(self, data: bytes, name: str, unit: str) -> None:
        self.name = name
        rows = [row for row in csv.reader(io.StringIO(_decoded(data, name))) if any(cell.strip() for cell in row)]
        if len(rows) < 2:
            raise Usage(f"{name} 里没有单位：第一行写列名，下面一个单位一行")
        self.heads = [head.strip() for head in rows[0]]
        self.rows = rows[1:]
        named = unit or next((head for head in self.heads if head in _UNIT_HEADS), self.heads[0])
        self.units = [cell.strip() for cell in self.cells(named)]
        for number, one in enumerate(self.units, start=2):
            if not one or self.units.index(one) != number - 2:
                raise Usage(f"{name} 第 {number} 行：单位“{one}”{'出现了两次' if one else '是空的'}")

    def cells(self, head: str) -> list[str]:
        """Return the cells of a column."""
        if head not in self.heads:
            raise Usage(f"{self.name} 里没有“{head}”这一列，现有：{'、'.join(self.heads)}")
        at = self.heads.index(head)
        return [row[at] if at < len(row) else "" for row in self.rows]

    def column(self, head: str, *, blank: bool = True) -> dict[str, int]:
        """Return unit → whole number; a blank bound is none, a blank weight is a mistake."""
        found: dict[str, int] = {}
        for number, (one, cell) in enumerate(zip(self.units, self.cells(head), strict=True), start=2):
            text = cell.strip().replace(",", "")
            if not text and blank:
                continue
            if not (text.isascii() and text.isdigit()):
                raise Usage(f"{self.name} 第 {number} 行“{head}”要写不小于 0 的整数，读到“{cell.strip()}”")
            found[one] = int(text)
        return found


def _decoded(data: bytes, name: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Usage(f"{name} 不是能读的文字文件，请另存为 CSV（UTF-8）")
