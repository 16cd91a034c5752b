"""集体研究: the deeds, each one command: draw the list up, put it before a meeting, record the result, make up for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from casework.access import Actor
from casework.adoption import adopt
from casework.problems import Refused
from casework.review.changes import list_name
from casework.review.confirmation import confirm_list
from casework.review.instructions import record_instruction, settle_instruction
from casework.review.meetings import convene_meeting, decide_meeting
from casework.review.minutes import PersonResult
from casework.views.html import note
from casework.views.plans import Told
from casework.views.review_exceptions import exception_form
from casework.views.review_forms import (
    Bench,
    Field,
    Form,
    Given,
    chosen,
    clause_words,
    day,
    labels,
    maybe_fen,
    maybe_whole,
    pairs,
    person_field,
    refused,
    text,
    writing,
)
from casework.views.review_scans import look_form, scan_field, with_paper
from casework.views.review_study import Study, meeting_label
from casework.vocabulary import Act, Decision, InstructionState, MeetingState

RESULTS = (Decision.REFUSED, Decision.DEFERRED, Decision.CHANGED_AMOUNT, Decision.ADDED, Decision.AGREED)
WRITTEN_BODY = "（自己写）"
MEETING, SIGNED, DROPPED = "meeting", "signed", "dropped"


def study_forms(study: Study) -> tuple[Form, ...]:
    """Return what may be done now, the next step first."""
    if study.current is None:
        return (_draw_up(study),) if study.scenarios else ()
    forms: list[Form] = []
    if study.on_table:
        forms += [_result(study), _decide(study)]
    if study.link is None and not study.official:
        forms.append(_confirm(study))
    if study.link is not None:
        forms.append(_convene(study))
    pending = [one for one in study.instructions if one.state == InstructionState.PENDING]
    if pending:
        forms.append(_settle(study, {f"{one.on} {one.said_by}": one.instruction_id for one in pending}))
    forms.append(_instruct(study))
    if study.scans:
        forms.append(look_form(Bench(study.desk, study.look, study.page, study.unit), study.scans))
    if study.excusable:
        forms.append(exception_form(study, _decided(study)))
    return tuple(forms)


def _decided(study: Study) -> dict[str, str]:
    """Return label → meeting, of those whose result stands on record, the latest first."""
    done = [one for one in reversed(study.meetings) if one.state == MeetingState.DECIDED]
    return {meeting_label(one): one.meeting_id for one in done}


def _draw_up(study: Study) -> Form:
    options = {one.name: one.scenario_id for one in study.scenarios}
    acts = {"确定名额方案": Act.PLACES.value, "拟定名单": Act.LIST.value}
    adopted = study.places.scenario_id if study.places else None

    def answers(given: Given) -> dict[str, Any]:
        scenario = chosen(given, "scenario", options, "方案")
        found = next(one for one in study.scenarios if one.scenario_id == scenario)
        act = Act(chosen(given, "act", acts, "办哪一步"))
        return {"scenario_id": scenario, "act": act, "expected_version": found.version}

    return Form(
        "拟定名单",
        "确定",
        (
            Field("scenario", "方案", "choice", options, adopted or list(options.values())[-1]),
            Field("act", "办哪一步", "choice", acts, (Act.LIST if study.places else Act.PLACES).value),
        ),
        writing(
            study.desk,
            study.page,
            adopt,
            answers,
            lambda _: "已确定。接下来：名额方案定了就拟定名单，名单拟定了就上会。",
        ),
        hint="<p class='cw-muted'>名单由台账按方案重新计算，不用页面上的数；两步都确定后才能上会。</p>",
    )


def _convene(study: Study) -> Form:
    assert study.link is not None
    assert study.current is not None
    bodies = {name: name for name in study.link.bodies}
    fields = (Field("body", "会议", "choice", {**bodies, WRITTEN_BODY: ""}, next(iter(bodies), "")),) if bodies else ()
    fingerprint = study.current.fingerprint

    def answers(given: Given) -> dict[str, Any]:
        body = text(given, "body") if text(given, "body") in bodies else ""
        body = text(given, "written") or body
        if not body:
            raise Refused("no_body", "请写明是哪个会议")
        return {
            "round_id": study.desk.round_id,
            "fingerprint": fingerprint,
            "body": body,
            "held_on": day(given, "on", "会议日期"),
        }

    return Form(
        "补充研究：再次上会" if study.official else "上会",
        "登记上会",
        (
            *fields,
            Field("written", "会议名称", hint="通知没有列出的，写在这里"),
            Field("on", "会议日期", "date", value=study.desk.today),
        ),
        writing(study.desk, study.page, convene_meeting, answers, lambda _: "已登记上会，研究的就是这一份名单。"),
        hint=clause_words(study.link.cite, study.link.words),
    )


def _result(study: Study) -> Form:
    """Put one person's result down in this page; it is written with the meeting, not before."""
    meetings = {label: one.meeting_id for label, one in study.on_table.items()}
    offered = [one for one in study.people.values() if study.unit in ("", one.unit_id)]
    take_back = {**labels(RESULTS), "（撤去这一条）": "none"}

    def deed(_: Actor, given: Given) -> Told:
        try:
            meeting = chosen(given, "meeting", meetings, "会议")
            case_id = chosen(given, "person", [one.case_id for one in offered], "人员")
            choice = chosen(given, "result", take_back, "结果")
            one = None
            if choice != "none":
                amount = maybe_fen(given, "amount", "金额")
                one = PersonResult(Decision(choice), text(given, "reason"), amount)
        except Exception as error:  # noqa: BLE001 - said where it was typed, like every other refusal
            return refused(error)
        now = dict(study.pending.get(meeting, {}))
        now.pop(case_id, None)
        study.put({**study.pending, meeting: now if one is None else {**now, case_id: one}})
        said = f"已记下{study.name(case_id)}的结果，还没有写入台账；全部记好后选“登记会议结果”。"
        return Told(done=False, html=note(said, "note"))

    return Form(
        "逐人结果",
        "记下",
        (
            Field("meeting", "会议", "choice", meetings, next(iter(meetings.values()))),
            person_field(offered, study.desk.unit_names, label="人员"),
            Field("result", "结果", "choice", take_back),
            Field("amount", "改为金额", hint="只在“改为金额”时填，元"),
            Field("reason", "理由", hint="除“同意”外必填"),
        ),
        deed,
        hint="<p class='cw-muted'>只记与名单不同的人；没有记的，就是照名单同意。</p>",
    )


def _decide(study: Study) -> Form:
    meetings = {label: one.meeting_id for label, one in study.on_table.items()}

    def answers(given: Given) -> dict[str, Any]:
        meeting_id = chosen(given, "meeting", meetings, "会议")
        meeting = next(one for one in study.meetings if one.meeting_id == meeting_id)
        return {
            "meeting_id": meeting_id,
            "minutes": text(given, "minutes"),
            "expected_version": meeting.version,
            "results": dict(study.pending.get(meeting_id, {})),
            "invited": maybe_whole(given, "invited", "应到"),
            "present": maybe_whole(given, "present", "实到"),
            "agreed": maybe_whole(given, "agreed", "同意"),
            "recusals": pairs(given, "recusals", "回避"),
            "signer": text(given, "signer"),
            "quorum_confirmed_by": text(given, "confirmed"),
        }

    put = sum(len(found) for found in study.pending.values())
    quorum = study.link.quorum if study.link else None
    said = f"到会要求：{quorum}。" if quorum else "通知没有写到会要求，同意须过实到的半数。"
    many = f"已记下 {put} 人的不同结果，一并登记。" if put else "没有记下不同结果：全部照名单同意。"
    return Form(
        "登记会议结果",
        "登记结果",
        (
            Field("meeting", "会议", "choice", meetings, next(iter(meetings.values()))),
            Field("invited", "应到", "number"),
            Field("present", "实到", "number"),
            Field("agreed", "同意", "number"),
            Field("minutes", "会议记录", hint="纪要编号，没有编号的附扫描件"),
            scan_field("记录扫描件"),
            Field("signer", "签字人（代录）", hint="经办代录时写在记录上签字的人"),
            Field("recusals", "回避", "area", hint="一行一人，如 示例某：与对象是亲属"),
            Field("confirmed", "到会由谁核对", hint="通知的到会要求不能由系统计算时填"),
        ),
        with_paper(
            study.desk,
            study.page,
            writing(
                study.desk,
                study.page,
                decide_meeting,
                answers,
                lambda done: (
                    f"会议结果已登记，{list_name(done['number'])}已研究确定，与上会的名单不同 {done['changed']} 人。"
                ),
            ),
            purpose="meeting",
            whose=lambda given: _held(given, meetings),
            into="minutes",
        ),
        hint=f"<p class='cw-muted'>{said}{many}</p>",
    )


def _held(given: Given, meetings: Mapping[str, str]) -> dict[str, Any]:
    """Refuse what the deed would refuse before a scan of its minutes is kept; they are a paper of the office."""
    chosen(given, "meeting", meetings, "会议")
    return {}


def _confirm(study: Study) -> Form:
    current = study.current
    assert current is not None

    def answers(given: Given) -> dict[str, Any]:
        return {
            "round_id": study.desk.round_id,
            "fingerprint": current.fingerprint,
            "basis": text(given, "basis"),
            "expected_version": current.version,
        }

    return Form(
        "确认名单",
        "确认名单",
        (Field("basis", "依据", hint="各单位报来的会议记录等，必填"),),
        writing(study.desk, study.page, confirm_list, answers, lambda _: "名单已确认，可以公示、拨付。"),
        hint="<p class='cw-muted'>这份通知由各单位自行审定：本级核对各单位的会议记录后确认。</p>",
    )


def _instruct(study: Study) -> Form:
    offered = [one for one in study.people.values() if study.unit in ("", one.unit_id)]
    whole = person_field(offered, study.desk.unit_names, label="涉及谁")
    whole = replace(whole, options={"整份名单": "", **(whole.options or {})}, value="")

    def answers(given: Given) -> dict[str, Any]:
        person = text(given, "person")
        return {
            "round_id": study.desk.round_id,
            "said_by": text(given, "said_by"),
            "on": day(given, "on"),
            "content": text(given, "content"),
            "case_id": person if person in study.people else None,
        }

    return Form(
        "口头意见",
        "登记口头意见",
        (
            Field("said_by", "谁说的", hint="必填"),
            Field("on", "日期", "date", value=study.desk.today),
            Field("content", "内容", "area", hint="必填"),
            whole,
        ),
        writing(
            study.desk,
            study.page,
            record_instruction,
            answers,
            lambda _: "口头意见已登记为待补手续；补办以前，印发和发放都停住。",
        ),
        hint="<p class='cw-muted'>口头意见不能改名单，登记后停住印发和发放，直到补充研究、签批或不予采纳。</p>",
    )


def _settle(study: Study, pending: dict[str, str]) -> Form:
    roads = {"补充研究的会议": MEETING, "不予采纳": DROPPED}
    if study.signed_here:
        roads = {"补充研究的会议": MEETING, "签批件": SIGNED, "不予采纳": DROPPED}
    decided = _decided(study)

    def answers(given: Given) -> dict[str, Any]:
        which = chosen(given, "which", pending, "口头意见")
        road = chosen(given, "road", roads, "办法")
        row = next(one for one in study.instructions if one.instruction_id == which)
        told = text(given, "words")
        return {
            "instruction_id": which,
            "expected_version": row.version,
            "meeting_id": chosen(given, "meeting", decided, "会议") if road == MEETING else None,
            "document": told if road == SIGNED else "",
            "dropped": told if road == DROPPED else "",
        }

    def signed(given: Given) -> dict[str, Any]:
        if chosen(given, "road", roads, "办法") != SIGNED:
            raise Refused("no_road", "扫描件只附在签批件上；办法请选“签批件”，或不附")
        which = chosen(given, "which", pending, "口头意见")
        case_id = next(one.case_id for one in study.instructions if one.instruction_id == which)
        return {"case_id": case_id} if case_id else {}

    return Form(
        "补办手续",
        "补办",
        (
            Field("which", "口头意见", "choice", pending, next(iter(pending.values()))),
            Field("road", "办法", "choice", roads, MEETING),
            Field("meeting", "会议", "choice", decided, next(iter(decided.values()), None)),
            Field("words", "签批件或理由", hint="签批件编号，或不予采纳的理由"),
            *((scan_field("签批件扫描件"),) if study.signed_here else ()),
        ),
        with_paper(
            study.desk,
            study.page,
            writing(
                study.desk, study.page, settle_instruction, answers, lambda _: "已办理，这条口头意见不再停住名单。"
            ),
            purpose="decision",
            whose=signed,
            into="words",
        ),
    )
