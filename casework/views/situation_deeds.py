"""What a person finds out about a case and enters on its screen: causes, 困难程度, what was checked, honours, aid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from casework.ledger import Result, change_case
from casework.people.rows import drop_row, mark_list, put_row
from casework.problems import Refused
from casework.views.cases import CaseDesk, CaseView
from casework.views.cases.checked import CHECKED, marks_of
from casework.views.cases.reading import Entered
from casework.views.review_forms import Field, Form, Given, chosen, labels, maybe_day, maybe_fen, text, writing
from casework.vocabulary import AidKind, AidStatus, Degree, HardshipCause, Mark, Relation

CAUSE, DEGREE, CHECK, HONOUR, AID, DROP = "cause", "degree", "check", "honour", "aid", "drop"
FORMS: Final = (CAUSE, DEGREE, CHECK, HONOUR, AID, DROP)
NEW: Final = "新登记一项"
_KINDS: Final = {"cause": "成因", "evidence": "材料", "honour": "荣誉", "aid": "其他救助慰问"}
_DAY: Final = "如 2026-12-02，可不填"


def situation_forms(desk: CaseDesk, page: str, case: CaseView, *, opened: bool = False) -> dict[str, Form]:
    """Return the deeds by name; none for readers, and none for somebody who has left the round.

    Args:
        desk: The round.
        page: The page's own secret.
        case: The case.
        opened: It was opened with a purpose: what is corrected or taken out may name a cause.
    """
    if not desk.may_write or not case.person:
        return {}
    wrong = _wrong(case, opened=opened)
    return ({DROP: _drop(desk, page, wrong)} if wrong else {}) | {
        CAUSE: _cause(desk, page, case, wrong),
        DEGREE: _degree(desk, page, case),
        CHECK: _check(desk, page, case),
        HONOUR: _honour(desk, page, case),
        AID: _aid(desk, page, case),
    }


def _wrong(case: CaseView, *, opened: bool) -> dict[str, Entered]:
    """Return the rows that may be corrected or taken out, label → row; a cause is named once the case is opened."""
    rows = [row for row in case.entered if opened or not row.sealed]
    return {f"{at}．{_KINDS[row.rows]}：{row.label}": row for at, row in enumerate(rows, 1)}


def _drop(desk: CaseDesk, page: str, wrong: Mapping[str, Entered]) -> Form:
    options = {label: label for label in wrong}

    def answers(given: Given) -> dict[str, Any]:
        row = wrong[chosen(given, "row", options, "哪一行")]
        return {"rows": row.rows, "owner": row.owner, "row_id": row.row_id, "expected_since": row.since}

    hint = "<p class='cw-muted'>只删登错的；删去的一行留在变动记录里。删后请重新登记核查结果。</p>"
    fields = (Field("row", "哪一行", "choice", options),)
    told = writing(desk, page, drop_row, answers, lambda _: "已删去这一行，变动记录保留。")
    return Form("删去登错的一行", "删去", fields, told, hint)


def _cause(desk: CaseDesk, page: str, case: CaseView, wrong: Mapping[str, Entered]) -> Form:
    causes, whom = labels(HardshipCause), labels(Relation)
    before = {label: row for label, row in wrong.items() if row.rows == "cause"}
    which = {NEW: NEW, **{label: label for label in before}}

    def answers(given: Given) -> dict[str, Any]:
        row = before.get(chosen(given, "which", which, "新登记还是更正")) if before else None
        correcting = {} if row is None else {"row_id": row.row_id, "expected_since": row.since}
        return correcting | {
            "rows": "cause",
            "owner": case.case_id,
            "cause": chosen(given, "cause", causes, "成因"),
            "affected": chosen(given, "affected", whom, "发生在谁身上"),
            "occurred_on": maybe_day(given, "on", "发生日期"),
            "main": given.get("main") is True,
            "note": text(given, "note") or None,
        }

    first = (Field("which", "登记还是更正", "choice", which, NEW),) if before else ()
    fields = (
        *first,
        Field("cause", "成因", "choice", causes),
        Field("affected", "发生在谁身上", "choice", whom),
        Field("main", "主要成因", "tick", hint="是"),
        Field("on", "发生日期", hint=_DAY),
        Field("note", "情况说明", hint="加密保存，打开本案才看得到"),
    )
    return Form("登记一项困难成因", "登记成因", fields, _row(desk, page, case, answers, "已登记一项困难成因。"))


def _honour(desk: CaseDesk, page: str, case: CaseView) -> Form:
    def answers(given: Given) -> dict[str, Any]:
        title = text(given, "title")
        if not title:
            raise Refused("no_title", "请填写荣誉名称")
        return {
            "rows": "honour",
            "owner": case.row["person_id"],
            "title": title,
            "level": text(given, "level") or None,
            "granted_on": maybe_day(given, "on", "授予日期"),
        }

    fields = (
        Field("title", "荣誉名称"),
        Field("level", "级别", hint="如省级、市级"),
        Field("on", "授予日期", hint=_DAY),
    )
    return Form("登记一项荣誉", "登记荣誉", fields, _row(desk, page, case, answers, "已登记一项荣誉。"))


def _aid(desk: CaseDesk, page: str, case: CaseView) -> Form:
    kinds, states = labels(AidKind), labels(AidStatus)

    def answers(given: Given) -> dict[str, Any]:
        return {
            "rows": "aid",
            "owner": case.row["person_id"],
            "source": text(given, "source") or None,
            "kind": chosen(given, "kind", kinds, "种类"),
            "status": chosen(given, "status", states, "办到哪一步"),
            "on": maybe_day(given, "on", "日期"),
            "amount_fen": maybe_fen(given, "amount", "金额"),
        }

    fields = (
        Field("source", "由谁给的", hint="如县总工会"),
        Field("kind", "种类", "choice", kinds),
        Field("status", "办到哪一步", "choice", states),
        Field("on", "日期", hint=_DAY),
        Field("amount", "金额（元）", hint="可不填"),
    )
    return Form("登记一项其他救助慰问", "登记救助", fields, _row(desk, page, case, answers, "已登记一项救助慰问。"))


def _row(desk: CaseDesk, page: str, case: CaseView, answers: Any, said: str) -> Any:
    stand = [(row.rows, row.row_id) for row in case.entered]
    return writing(desk, page, put_row, answers, lambda _: said, again=(case.case_id, stand))


def _degree(desk: CaseDesk, page: str, case: CaseView) -> Form:
    degrees = labels(Degree)

    def answers(given: Given) -> dict[str, Any]:
        degree = chosen(given, "degree", degrees, "困难程度")
        return {"case_id": case.case_id, "expected_version": case.version, "degree": degree}

    def said(done: Result) -> str:
        return "已登记困难程度。" if done else ""

    fields = (Field("degree", "困难程度", "choice", degrees, value=case.case.get("degree")),)
    return Form("认定困难程度", "登记困难程度", fields, writing(desk, page, change_case, answers, said))


def _check(desk: CaseDesk, page: str, case: CaseView) -> Form:
    marks, seen = labels(Mark), marks_of(case)
    names: Mapping[str, str] = {label: name for name, label in CHECKED.items()}

    def answers(given: Given) -> dict[str, Any]:
        name = chosen(given, "list", names, "核查哪一项")
        mark = chosen(given, "mark", marks, "核查结果")
        return {"case_id": case.case_id, "name": name, "mark": mark, "expected": seen.get(name)}

    def said(done: Result) -> str:
        return f"{CHECKED[str(done['list'])]}：{Mark(str(done['mark'])).label}。"

    fields = (
        Field("list", "核查哪一项", "choice", names),
        Field("mark", "核查结果", "choice", marks),
    )
    return Form("登记核查结果", "登记核查", fields, writing(desk, page, mark_list, answers, said))
