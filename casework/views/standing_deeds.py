"""What can be done with the ledger: merge, keep apart, take a merge back, re-check, set the period, erase."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from casework.ledger import Result
from casework.people.duplicates import not_the_same
from casework.people.erasure import erase_person
from casework.people.labels import said
from casework.people.merging import merge_people, undo_merge
from casework.people.rechecks import Rechecked, record_recheck
from casework.people.retention import set_retention
from casework.problems import Refused
from casework.views.review_forms import Field, Form, Given, chosen, day, labels, maybe_whole, text, writing
from casework.views.standing import CHANGES, KEPT, RECHECK, TWINS, Standing
from casework.vocabulary import Recheck

_STAYS: Final = {"保留记录一，记录二并入": "first", "保留记录二，记录一并入": "second"}


def standing_forms(standing: Standing) -> list[Form]:
    """Return the deeds of the part that is shown; none for readers, and none on a projected screen that erase."""
    desk = standing.bench.desk
    if not desk.with_cases or not desk.actor.may_write() or desk.ledger.read_only or standing.wanted.part == CHANGES:
        return []
    return {TWINS: _twins, RECHECK: _recheck, KEPT: _kept}[standing.wanted.part](standing)


def _picked(standing: Standing, given: Given, *, one: str = "") -> list[Mapping[str, Any]]:
    """Return the rows ticked in the table.

    Raises:
        Refused: `nobody`: none, or several where `one` says that it has to be one.
    """
    ticked = given.get("_rows")
    numbers = ticked["序号"].to_list() if isinstance(ticked, pl.DataFrame) and "序号" in ticked.columns else []
    rows = [standing.rows[at - 1] for at in numbers if isinstance(at, int) and 0 < at <= len(standing.rows)]
    if not rows:
        raise Refused("nobody", f"请先在表里勾选{one or '人员'}")
    if one and len(rows) > 1:
        raise Refused("nobody", f"一次只办{one}，现在勾选了 {len(rows)} 行")
    return rows


def _names(standing: Standing, row: Mapping[str, Any]) -> str:
    return f"{standing.name(row['first_name'])}、{standing.name(row['second_name'])}"


def _twins(standing: Standing) -> list[Form]:
    reason = Field("reason", "怎么知道的", hint="必填")

    def merging(given: Given) -> dict[str, Any]:
        [row] = _picked(standing, given, one="一对记录")
        kept = chosen(given, "stays", _STAYS, "保留哪一条")
        gone = "second" if kept == "first" else "first"
        return {
            "kept": row[kept],
            "gone": row[gone],
            "kept_version": row[f"{kept}_version"],
            "gone_version": row[f"{gone}_version"],
            "reason": text(given, "reason"),
        }

    def apart(given: Given) -> dict[str, Any]:
        [row] = _picked(standing, given, one="一对记录")
        return {"first": row["first"], "second": row["second"], "reason": text(given, "reason")}

    def back(given: Given) -> dict[str, Any]:
        merges = dict(standing.merges or {})
        label = chosen(given, "merge", list(merges), "拆开哪一次合并")
        merge_id, version = merges[label]
        return {"merge_id": merge_id, "expected_version": version, "reason": text(given, "reason")}

    forms = []
    if standing.rows:
        forms = [
            Form(
                "合并为一个人",
                "合并",
                (Field("stays", "保留哪一条", "choice", _STAYS), reason),
                _writing(standing, merge_people, merging, _merged),
            ),
            Form(
                "不是同一个人",
                "登记为两个人",
                (reason,),
                _writing(standing, not_the_same, apart, lambda _: "已登记这是两个人，以后不再问。"),
            ),
        ]
    if standing.merges:
        options = {label: label for label in standing.merges}
        forms.append(
            Form(
                "拆开一次合并",
                "拆开",
                (Field("merge", "哪一次", "choice", options), Field("reason", "理由", hint="必填")),
                _writing(standing, undo_merge, back, lambda _: "已拆开：移过来的都回到原处。"),
            )
        )
    return forms


def _writing(standing: Standing, command: Any, answers: Any, told: Any) -> Any:
    seen = [standing.wanted, len(standing.rows), len(standing.merged)]
    return writing(standing.bench.desk, standing.bench.page, command, answers, told, again=repr(seen))


def _merged(done: Result) -> str:
    parts = [f"已合并，移过来 {done['cases']} 份个案。"]
    if done["filled"]:
        parts.append(f"补上：{said(done['filled'], table='people')}。")
    if done["differing"]:
        parts.append(f"两处不一致、保留原来的：{said(done['differing'], table='people')}。")
    return "".join(parts)


def _recheck(standing: Standing) -> list[Form]:
    today = standing.bench.desk.today

    def answers(given: Given) -> dict[str, Any]:
        outcome = Recheck(chosen(given, "outcome", labels(Recheck), "复核结果"))
        basis = text(given, "basis")
        return {
            "results": [Rechecked(row["person_id"], outcome, basis) for row in _picked(standing, given)],
            "year": standing.wanted.year,
            "on": day(given, "on"),
            "body": text(given, "body"),
        }

    def told(done: Result) -> str:
        return "已登记：" + "，".join(f"{Recheck(name).label} {number} 人" for name, number in done.items()) + "。"

    if not standing.rows:
        return []
    fields = (
        Field("outcome", "结果", "choice", labels(Recheck)),
        Field("on", "日期", "date", value=today),
        Field("body", "由谁研究", hint="如支部大会，必填"),
        Field("basis", "依据", hint="退出台账必填"),
    )
    return [Form("登记复核结果", "为勾选的人登记", fields, _writing(standing, record_recheck, answers, told))]


def _kept(standing: Standing) -> list[Form]:
    def period(given: Given) -> dict[str, Any]:
        return {"years": maybe_whole(given, "years", "年限") or 0, "source": text(given, "source")}

    def erasing(given: Given) -> dict[str, Any]:
        [row] = _picked(standing, given, one="一个人")
        if given.get("sure") is not True:
            raise Refused("not_sure", "删除后不能恢复；确认要删除，请先勾选“确认删除”")
        return {"person_id": row["person_id"], "reason": text(given, "reason"), "basis": text(given, "basis")}

    forms = []
    if standing.rows:
        forms.append(
            Form(
                "按规定删除一个人",
                "删除，不能恢复",
                (
                    Field("reason", "理由", hint="如保存年限已满，必填"),
                    Field("basis", "依据", hint="哪个规定、本人的申请，必填"),
                    Field("sure", "", "tick", hint="确认删除，不能恢复"),
                ),
                _writing(standing, erase_person, erasing, lambda done: f"已按规定删除 {done['records']} 条记录。"),
            )
        )
    if standing.bench.desk.actor.units is None:
        fields = (Field("years", "保存几年", "number"), Field("source", "依据", hint="哪个规定，必填"))
        told = lambda done: f"已登记：保存 {done['years']} 年。"  # noqa: E731 - one sentence
        forms.append(Form("登记保存年限", "登记年限", fields, _writing(standing, set_retention, period, told)))
    return forms
