"""公示与异议: the deeds on objections; what they say is opened for who handles them, and every opening is logged."""

from __future__ import annotations

from typing import Any

from casework.access import Actor
from casework.problems import Refused
from casework.review.objections import (
    accept_objection,
    assign_objection,
    read_objection,
    record_objection,
    settle_objection,
)
from casework.views.desk import clock
from casework.views.html import card, esc, facts_list
from casework.views.plans import Told, _key
from casework.views.review_forms import (
    Field,
    Form,
    Given,
    Someone,
    chosen,
    day,
    person_field,
    refused,
    text,
    writing,
)
from casework.views.review_publication import Publication, objection_label
from casework.vocabulary import NoticeState, ObjectionState

YES, NO = "yes", "no"


def offered_people(found: Publication) -> list[Someone]:
    """Return who may be named, without those who left."""
    gone = {one.case_id for one in found.removals}
    return [one for one in found.people.values() if found.unit in ("", one.unit_id) and one.case_id not in gone]


def notice_label(found: Publication, one: Any) -> str:
    """Return what a notice is called in a choice."""
    where = found.desk.unit_names.get(one.unit_id or "", "全部名单")
    number = list(found.notices).index(one) + 1
    return f"第 {number} 次：{where}{one.branch or ''} {one.posted_on}（{NoticeState(one.state).label}）"


def object_form(found: Publication) -> Form:
    """Return the form that takes an objection down."""
    offered = offered_people(found)
    notices = {"（没有对应的公示）": "", **{notice_label(found, one): one.notice_id for one in found.notices}}

    def answers(given: Given) -> dict[str, Any]:
        person, notice = text(given, "person"), text(given, "notice")
        return {
            "round_id": found.desk.round_id,
            "content": text(given, "content"),
            "received_on": day(given, "on", "收到日期"),
            "informant": text(given, "informant"),
            "case_id": person if person in found.people else None,
            "notice_id": notice if notice in notices.values() and notice else None,
        }

    who = person_field(offered, found.desk.unit_names, label="涉及谁")
    first = next((one.notice_id for one in reversed(found.notices)), "")
    return Form(
        "收到异议",
        "登记异议",
        (
            Field("person", "涉及谁", "choice", {"没有列入的人": "", **(who.options or {})}, "", hint=who.hint),
            Field("notice", "针对哪次公示", "choice", notices, first),
            Field("on", "收到日期", "date", value=found.desk.today),
            Field("informant", "异议人", hint="匿名的不填"),
            Field("content", "内容", "area", hint="必填；加密保存"),
        ),
        writing(
            found.desk,
            found.page,
            record_objection,
            answers,
            lambda _: "异议已登记，由您办理；涉及的人暂停，等负责人决定是否受理。",
        ),
        hint="<p class='cw-muted'>内容和异议人加密保存，只有办理人员能打开，不进任何名单和文书。</p>",
    )


def _which(found: Publication, objections: list[Any]) -> dict[str, str]:
    return {objection_label(found, one): one.objection_id for one in objections}


def _picked(found: Publication, given: Given, which: dict[str, str]) -> Any:
    wanted = chosen(given, "which", which, "异议")
    return next(one for one in found.objections if one.objection_id == wanted)


def read_form(found: Publication, mine: list[Any]) -> Form:
    """Return the form that opens an objection for who handles it."""
    which = _which(found, mine)

    def deed(actor: Actor, given: Given) -> Told:
        try:
            one = _picked(found, given, which)
            key = _key(found.page, "read_objection", {"objection": one.objection_id, "version": one.version})
            told = read_objection(found.desk.engine, objection_id=one.objection_id, actor=actor, now=clock(), key=key)
        except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
            return refused(error)
        about = found.name(one.case_id) if one.case_id else "没有列入的人"
        facts = {
            "涉及": esc(about),
            "异议人": esc(told.informant or "匿名"),
            "内容": esc(told.content),
            "查核情况": esc(told.finding or "还没有登记"),
        }
        return Told(
            done=False,
            html=card(objection_label(found, one), facts_list(facts), muted="已登记是谁打开的", css="cw-opened"),
        )

    first = next(iter(which.values()))
    hint = "<p class='cw-muted'>打开一次登记一次；投屏时不要打开。</p>"
    return Form("查看异议内容", "打开", (Field("which", "异议", "choice", which, first),), deed, hint=hint)


def accept_form(found: Publication, received: list[Any]) -> Form:
    """Return the form of 受理 or 不予受理."""
    which = _which(found, received)

    def answers(given: Given) -> dict[str, Any]:
        one = _picked(found, given, which)
        return {
            "objection_id": one.objection_id,
            "accepted": chosen(given, "accepted", (YES, NO), "受理还是不予受理") == YES,
            "expected_version": one.version,
            "reason": text(given, "reason"),
            "decided_by": text(given, "by"),
        }

    return Form(
        "是否受理",
        "登记决定",
        (
            Field("which", "异议", "choice", which, next(iter(which.values()))),
            Field("accepted", "决定", "choice", {"受理": YES, "不予受理": NO}),
            Field("by", "负责人（代录）", hint="经办代录时写明负责人"),
            Field("reason", "理由", "area", hint="不予受理必填；加密保存"),
        ),
        writing(
            found.desk,
            found.page,
            accept_objection,
            answers,
            lambda done: (
                "已受理，涉及的人暂停到查清为止。"
                if done["state"] == ObjectionState.ACCEPTED
                else "已登记不予受理，涉及的人继续办理。"
            ),
        ),
    )


def settle_form(found: Publication, accepted: list[Any]) -> Form:
    """Return the form of the finding."""
    which = _which(found, accepted)

    def answers(given: Given) -> dict[str, Any]:
        one = _picked(found, given, which)
        return {
            "objection_id": one.objection_id,
            "upheld": chosen(given, "upheld", (YES, NO), "查实还是查否") == YES,
            "finding": text(given, "finding"),
            "expected_version": one.version,
        }

    def said(done: dict[str, Any]) -> str:
        removal = done.get("removal")
        if removal and removal.get("said"):
            return f"已登记。{removal['said']}。变更名单还要到“集体研究”再上会。"
        if done.get("reopened"):
            return "已登记。没有列入的人不减员、不递补，已回到审核：到“工作清单”从未获同意的环节重新办理。"
        return "已登记查核结果，涉及的人继续办理。"

    return Form(
        "查核结果",
        "登记结果",
        (
            Field("which", "异议", "choice", which, next(iter(which.values()))),
            Field("upheld", "结果", "choice", {"查实": YES, "查否": NO}),
            Field("finding", "查核情况", "area", hint="必填；加密保存"),
        ),
        writing(found.desk, found.page, settle_objection, answers, said),
        hint="<p class='cw-muted'>查实后由系统判断：已列入名单或已公示的人退出本轮，提出候补人选；"
        "没有列入的人回到审核，谁也不减员。</p>",
    )


def assign_form(found: Publication, mine: list[Any]) -> Form:
    """Return the form that hands objections to others."""
    which, offered = _which(found, mine), found.accounts

    def answers(given: Given) -> dict[str, Any]:
        one = _picked(found, given, which)
        picked = given.get("known")
        known = [one for one in picked if one in offered.values()] if isinstance(picked, list | tuple) else []
        typed = text(given, "handlers").replace("，", " ").replace("、", " ").split()
        names = [*known, *(offered.get(name, name) for name in typed)]
        if not names:
            raise Refused("nobody", "请选定交给谁办理，没有列出的写在下面")
        keep = [found.desk.actor.id] if given.get("keep") else []
        if not keep and not set(names) & set(offered.values()):
            raise Refused("nobody", "所写的办理人员在台账里还没有办过事，请保留本人，免得没有人能打开")
        return {
            "objection_id": one.objection_id,
            "handlers": [*names, *keep],
            "expected_version": one.version,
        }

    return Form(
        "交办异议",
        "交办",
        (
            Field("which", "异议", "choice", which, next(iter(which.values()))),
            *((Field("known", "办理人员", "many", offered),) if offered else ()),
            Field("handlers", "其他办理人员" if offered else "办理人员", hint="写账号，可写几个，用顿号隔开"),
            Field("keep", "本人", "tick", value=True, hint="继续参与办理"),
        ),
        writing(found.desk, found.page, assign_objection, answers, lambda _: "已交办；只有办理人员能打开。"),
    )
