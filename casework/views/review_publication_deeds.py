"""公示与异议: the deeds: post, close and stop a notice, 减员 and 递补."""

from __future__ import annotations

from datetime import date
from typing import Any

from casework.review.calendars import import_rest_days
from casework.review.notices import close_notice, post_notice, stop_notice
from casework.review.removal import fill_place, remove_person
from casework.views.review_forms import (
    Bench,
    Field,
    Form,
    Given,
    chosen,
    day,
    labels,
    maybe_day,
    maybe_whole,
    person_field,
    text,
    writing,
)
from casework.views.review_objection_deeds import (
    accept_form,
    assign_form,
    notice_label,
    object_form,
    offered_people,
    read_form,
    settle_form,
)
from casework.views.review_publication import Publication, free_cells, left
from casework.views.review_scans import look_form, scan_field, with_paper
from casework.vocabulary import NoticeState, ObjectionState, RemovalCause

WHOLE = "whole"


def publication_forms(found: Publication) -> tuple[Form, ...]:
    """Return what may be done now, the next step first."""
    running = [one for one in found.notices if one.state == NoticeState.RUNNING]
    again = [one for one in found.notices if one.state == NoticeState.ENDED]
    mine = [one for one in found.objections if found.desk.actor.id in one.handlers]
    received = [one for one in mine if one.state == ObjectionState.RECEIVED]
    accepted = [one for one in mine if one.state == ObjectionState.ACCEPTED]
    forms: list[Form] = []
    if running and any(left(one, found.desk.today).startswith("已期满") for one in running):
        forms.append(_close(found, [*running, *again]))
    if found.terms:
        forms.append(_post(found))
    if (running or again) and not any(form.name == "登记公示结果" for form in forms):
        forms.append(_close(found, [*running, *again]))
    if running:
        forms.append(_stop(found, running))
    forms.append(object_form(found))
    if mine:
        forms.append(read_form(found, mine))
    if received:
        forms.append(accept_form(found, received))
    if accepted:
        forms.append(settle_form(found, accepted))
    if mine:
        forms.append(assign_form(found, mine))
    forms.append(_remove(found))
    if found.scans:
        forms.append(look_form(Bench(found.desk, found.look, found.page, found.unit), found.scans))
    if free_cells(found):
        forms.append(_fill(found))
    if found.desk.actor.units is None and any(
        one.notice and one.notice.day_kind == "working" for one in found.terms.values()
    ):
        forms.append(_rest_days(found))
    return tuple(forms)


# -- notices -------------------------------------------------------------------------------------------------------


def _post(found: Publication) -> Form:
    units = {name: unit for unit, name in found.desk.unit_names.items()}
    own = any(link.own for link in found.terms.values())
    whose = {**({"全部名单": WHOLE} if found.desk.actor.units is None else {}), **units}
    names = dict(found.desk.policy.paths)
    paths = {names.get(path, path): path for path in found.terms if path}
    end = next((found.due(found.desk.today, link) for link in found.terms.values()), None)
    until = f"到 {end} 为止" if end else "止日未知"

    def answers(given: Given) -> dict[str, Any]:
        unit = chosen(given, "unit", whose, "公示哪里的名单")
        return {
            "round_id": found.desk.round_id,
            "body": text(given, "body"),
            "posted_on": day(given, "posted", "张贴日期"),
            "expected_version": found.version,
            "unit_id": None if unit == WHOLE else unit,
            "branch": text(given, "branch") or None,
            "path": chosen(given, "path", paths, "路径") if len(paths) > 1 else None,
            "audience": text(given, "audience"),
            "channel": text(given, "channel"),
            "ends_on": maybe_day(given, "ends", "公示止日"),
            "evidence": text(given, "evidence"),
            "closed": bool(given.get("closed")),
        }

    def posted(given: Given) -> dict[str, Any]:
        unit = chosen(given, "unit", whose, "公示哪里的名单")
        return {} if unit == WHOLE else {"unit_id": unit}

    path = (Field("path", "路径", "choice", paths, next(iter(paths.values()))),) if len(paths) > 1 else ()
    first = (
        found.unit
        if found.unit in units.values()
        else (WHOLE if own else next(iter(found.turn), next(iter(units.values()), WHOLE)))
    )
    open_ended = all(link.notice is None or link.notice.days is None for link in found.terms.values())
    counted = f"止日按通知的天数计算：今天张贴，{until}；要更长才填。"
    said = "通知没有规定公示天数，请填公示止日。" if open_ended else counted
    return Form(
        "张贴公示",
        "登记张贴",
        (
            Field("unit", "公示哪里的名单", "choice", whose, first),
            *path,
            Field("branch", "党支部", hint="只公示一个党支部时填"),
            Field("body", "由谁公示", hint="例如：机关党委"),
            Field("posted", "张贴日期", "date", value=found.desk.today),
            Field("ends", "公示止日", hint="必填，如 2026-12-02" if open_ended else "可不填，如 2026-12-02"),
            Field("channel", "公示方式", hint="不填按通知的规定"),
            Field("audience", "公示范围", hint="不填按通知的规定"),
            Field("evidence", "张贴凭证", hint="照片编号、网页地址，可期满时补"),
            scan_field("凭证扫描件"),
            Field("closed", "事后补记", "tick", hint="已期满、没有异议"),
        ),
        with_paper(
            found.desk,
            found.page,
            writing(
                found.desk,
                found.page,
                post_notice,
                answers,
                lambda done: (
                    f"已登记公示 {done['people']} 人，到 {done['ends_on'] or '（止日未知，待放假调休表）'} 为止。"
                ),
            ),
            purpose="notice",
            whose=posted,
            into="evidence",
        ),
        hint=f"<p class='cw-muted'>{said}</p>",
    )


def _close(found: Publication, notices: list[Any]) -> Form:
    which = {notice_label(found, one): one.notice_id for one in notices}

    def answers(given: Given) -> dict[str, Any]:
        notice_id = chosen(given, "which", which, "公示")
        notice = next(one for one in found.notices if one.notice_id == notice_id)
        return {
            "notice_id": notice_id,
            "expected_version": notice.version,
            "evidence": text(given, "evidence"),
            "ends_on": maybe_day(given, "ends", "公示止日"),
        }

    def closed(given: Given) -> dict[str, Any]:
        wanted = chosen(given, "which", which, "公示")
        unit_id = next(one.unit_id for one in found.notices if one.notice_id == wanted)
        return {"about": wanted, **({"unit_id": unit_id} if unit_id else {})}

    return Form(
        "登记公示结果",
        "登记期满",
        (
            Field("which", "公示", "choice", which, next(iter(which.values()))),
            Field("evidence", "张贴凭证", hint="已登记的不必再填"),
            scan_field("凭证扫描件"),
            Field("ends", "公示止日", hint="可不填，如 2026-12-02"),
        ),
        with_paper(
            found.desk,
            found.page,
            writing(
                found.desk,
                found.page,
                close_notice,
                answers,
                lambda done: f"已登记期满：{done['people']} 人往下办，{done['waiting']} 人有未办结的异议，暂停。",
            ),
            purpose="notice",
            whose=closed,
            into="evidence",
        ),
        hint="<p class='cw-muted'>只有异议未办结的人等，其余照办；异议办结后再登记一次。止日只在原来未知时填。</p>",
    )


def _stop(found: Publication, running: list[Any]) -> Form:
    which = {notice_label(found, one): one.notice_id for one in running}

    def answers(given: Given) -> dict[str, Any]:
        notice_id = chosen(given, "which", which, "公示")
        notice = next(one for one in found.notices if one.notice_id == notice_id)
        return {"notice_id": notice_id, "reason": text(given, "reason"), "expected_version": notice.version}

    return Form(
        "中止公示",
        "中止",
        (Field("which", "公示", "choice", which, next(iter(which.values()))), Field("reason", "理由", hint="必填")),
        writing(found.desk, found.page, stop_notice, answers, lambda _: "公示已中止，请更正后重新公示。"),
    )


# -- who leaves ----------------------------------------------------------------------------------------------------


def _remove(found: Publication) -> Form:
    offered = offered_people(found)
    causes = labels(RemovalCause)

    def answers(given: Given) -> dict[str, Any]:
        case_id = chosen(given, "person", [one.case_id for one in offered], "人员")
        return {
            "case_id": case_id,
            "cause": RemovalCause(chosen(given, "cause", causes, "原因")),
            "on": day(given, "on"),
            "basis": text(given, "basis"),
            "expected_version": found.people[case_id].version,
            "document": text(given, "document"),
        }

    def leaving(given: Given) -> dict[str, Any]:
        chosen(given, "cause", causes, "原因")
        return {"case_id": chosen(given, "person", [one.case_id for one in offered], "人员")}

    return Form(
        "减员",
        "登记减员",
        (
            person_field(offered, found.desk.unit_names, label="人员"),
            Field("cause", "原因", "choice", causes),
            Field("on", "日期", "date", value=found.desk.today),
            Field("basis", "依据", hint="必填"),
            Field("document", "材料", hint="材料编号或存放处"),
            scan_field(),
        ),
        with_paper(
            found.desk,
            found.page,
            writing(
                found.desk,
                found.page,
                remove_person,
                answers,
                lambda done: (
                    f"已登记：{done['said']}。" + ("变更名单还要到“集体研究”再上会。" if done["adoption_id"] else "")
                ),
            ),
            purpose="decision",
            whose=leaving,
            into="document",
        ),
        hint="<p class='cw-muted'>空出的名额仍在本单位本类别，由候补名单的下一位递补；还没有付的款停住。</p>",
    )


def _fill(found: Publication) -> Form:
    cells = free_cells(found)
    current = found.current
    assert current is not None

    def answers(given: Given) -> dict[str, Any]:
        return {
            "round_id": found.desk.round_id,
            "cell": chosen(given, "cell", cells, "名额"),
            "fingerprint": current.fingerprint,
            "reason": text(given, "reason"),
        }

    return Form(
        "递补空出的名额",
        "提出递补",
        (
            Field("cell", "名额", "choice", cells, next(iter(cells.values()))),
            Field("reason", "事由", hint="必填，如 并列已抽签"),
        ),
        writing(found.desk, found.page, fill_place, answers, lambda done: f"{done['said']}，变更名单还要再上会。"),
    )


# -- the calendar a notice of working days is counted by -------------------------------------------------------------


def _rest_days(found: Publication) -> Form:
    def days(given: Given, name: str, label: str, *, worked: bool) -> dict[date, bool]:
        listed = text(given, name).replace("，", " ").replace("、", " ").split()
        return {one: worked for typed in listed if (one := maybe_day({name: typed}, name, label))}

    def answers(given: Given) -> dict[str, Any]:
        year = maybe_whole(given, "year", "年份")
        off, on = days(given, "off", "放假", worked=False), days(given, "on", "调休上班", worked=True)
        version = next((one.version for one in found.rest_years if one.year == year), None)
        return {
            "year": year or 0,
            "days": off | on,
            "source": text(given, "source"),
            "expected_version": version,
        }

    known = "、".join(str(one.year) for one in found.rest_years)
    return Form(
        "导入放假调休",
        "导入",
        (
            Field("year", "年份", "number", value=found.desk.today.year),
            Field("source", "出处", hint="例如 国办发明电的文号，必填"),
            Field("off", "放假", "area", hint="逐日写，空格隔开，如 2026-10-01；周末不必写"),
            Field("on", "调休上班", "area", hint="要上班的周末，逐日写"),
        ),
        writing(
            found.desk,
            found.page,
            import_rest_days,
            answers,
            lambda done: f"已导入 {done['year']} 年：放假 {done['holidays']} 天，调休上班 {done['workdays']} 天。",
        ),
        hint=f"<p class='cw-muted'>没有放假调休表的年份，工作日算不出来。已导入：{known or '没有'}。</p>",
    )
