"""What a person finds out about a case and enters on its screen: causes, 困难程度, what was checked, honours, aid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from casework.ledger import Result, change_case
from casework.people.rows import mark_list, put_row
from casework.problems import Refused
from casework.views.cases import CaseDesk, CaseView
from casework.views.cases.checked import CHECKED, marks_of
from casework.views.review_forms import Field, Form, Given, chosen, labels, maybe_day, maybe_fen, text, writing
from casework.vocabulary import AidKind, AidStatus, Degree, HardshipCause, Mark, Relation

CAUSE, DEGREE, CHECK, HONOUR, AID = "cause", "degree", "check", "honour", "aid"
FORMS: Final = (CAUSE, DEGREE, CHECK, HONOUR, AID)
_DAY: Final = "如 2026-12-02，可不填"


def situation_forms(desk: CaseDesk, page: str, case: CaseView) -> dict[str, Form]:
    """Return the deeds by name; none for readers, and none for somebody who has left the round."""
    if not desk.may_write or not case.person:
        return {}
    return {
        CAUSE: _cause(desk, page, case),
        DEGREE: _degree(desk, page, case),
        CHECK: _check(desk, page, case),
        HONOUR: _honour(desk, page, case),
        AID: _aid(desk, page, case),
    }


def _cause(desk: CaseDesk, page: str, case: CaseView) -> Form:
    causes, whom = labels(HardshipCause), labels(Relation)

    def answers(given: Given) -> dict[str, Any]:
        return {
            "rows": "cause",
            "owner": case.case_id,
            "cause": chosen(given, "cause", causes, "成因"),
            "affected": chosen(given, "affected", whom, "发生在谁身上"),
            "occurred_on": maybe_day(given, "on", "发生日期"),
            "main": given.get("main") is True,
            "note": text(given, "note") or None,
        }

    fields = (
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
    counts = [case.facts.causes.height, case.facts.honours.height, case.facts.aid.height]
    return writing(desk, page, put_row, answers, lambda _: said, again=(case.case_id, counts))


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
