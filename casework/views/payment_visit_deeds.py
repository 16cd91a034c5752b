"""走访与期限: the deeds: link a leader, plan, record a visit with what was handed over, inspect, follow up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from casework.payment.attempts import PAYABLE
from casework.payment.follow_ups import close_follow_up, open_follow_up
from casework.payment.inspection import draw_inspection, record_finding
from casework.payment.receipts import places_allowed
from casework.payment.visits import Caller, cancel_plan, link_leader, plan_visit, record_visit, revoke_visit
from casework.problems import Refused
from casework.views.payment_visits import (
    RESULTS,
    Visiting,
    inspection_label,
    plan_label,
    visit_label,
)
from casework.views.review_forms import (
    Field,
    Form,
    Given,
    Someone,
    chosen,
    day,
    labels,
    maybe_day,
    maybe_whole,
    people_options,
    person_field,
    text,
    writing,
)
from casework.vocabulary import LeaderLevel, VisitMode, VisitPlace

SCOPES: Final = {"本单位": "own_unit", "所驻村（社区）": "stationed_village"}


def visiting_forms(found: Visiting) -> tuple[Form, ...]:
    """Return what may be done now, the next step first."""
    whole = found.desk.actor.units is None
    forms: list[Form] = []
    if found.listed:
        forms.append(_visit(found))
    forms.append(_link(found))
    if found.listed and found.links:
        forms.append(_plan(found))
    if any(plan.state == "planned" for plan, _ in found.plans):
        forms.append(_cancel(found))
    if not found.visits.is_empty():
        forms += [_revoke(found), _trouble(found)]
    if not found.troubles.filter(pl.col("closed_on").is_null()).is_empty():
        forms.append(_close_trouble(found))
    if whole and found.listed:
        forms.append(_draw(found))
    if found.inspections:
        forms.append(_finding(found))
    return tuple(forms)


def _listed(found: Visiting) -> list[Someone]:
    return [found.people[case] for case in found.mine(found.coverage)["case_id"] if case in found.people]


# -- visits --------------------------------------------------------------------------------------------------------


def callers(found: Visiting, given: Given) -> list[Caller]:
    """Return who came: the leader chosen, then the lines 姓名 身份 of the others.

    Raises:
        Refused: `no_visitor`: a line that does not say both.
    """
    came = []
    link = found.links.get(text(given, "leader"))
    if link is not None:
        came.append(Caller(link.leader, link.position, LeaderLevel(link.level), link.link_id))
    for line in text(given, "others").splitlines():
        if not line.strip():
            continue
        name, _, role = line.strip().replace("，", " ").replace("、", " ").partition(" ")
        if not role.strip():
            raise Refused("no_visitor", f"走访人“{name}”没有写身份：一行一人，先写姓名，空一格写身份")
        came.append(Caller(name.strip(), role.strip()))
    return came


def _visit(found: Visiting) -> Form:
    offered = _listed(found)
    modes, places = labels(VisitMode), labels(places_allowed(found.desk.policy))
    leaders = {
        f"{link.leader}（{link.position}）→{found.desk.unit_names.get(link.unit_id, '')}": name
        for name, link in found.links.items()
    }
    plans = {plan_label(found, plan): plan.plan_id for plan, _ in found.plans if plan.state == "planned"}

    def answers(given: Given) -> dict[str, Any]:
        case_id = chosen(given, "person", [one.case_id for one in offered], "走访对象")
        plan, scope = text(given, "plan"), text(given, "scope")
        owed = found.claims.filter(
            pl.col("case_id") == case_id, pl.col("state").is_in([state.value for state in PAYABLE])
        )
        hand = bool(given.get("hand"))
        if hand and owed.is_empty():
            raise Refused("nothing_owed", f"{found.name(case_id)}没有可以发放的款物，请到“发放与回执”查看")
        return {
            "case_id": case_id,
            "on": day(given, "on", "走访日期"),
            "place": VisitPlace(chosen(given, "place", labels(VisitPlace), "地点")),
            "mode": VisitMode(chosen(given, "mode", modes, "方式")),
            "callers": callers(found, given),
            "opinions": text(given, "opinions"),
            "claims": dict(owed.select("claim_id", "version").iter_rows()) if hand else None,
            "plan_id": plan if plan in plans.values() else None,
            "place_note": text(given, "place_note"),
            "topic": text(given, "topic"),
            "note": text(given, "note"),
            "scope": scope if scope in SCOPES.values() else None,
        }

    def said(done: Mapping[str, Any]) -> str:
        return "走访已登记" + ("，当面发放也已登记，接下来登记回执。" if done["payments"] else "。")

    return Form(
        "登记走访",
        "登记走访",
        (
            person_field(offered, found.desk.unit_names, label="走访对象"),
            Field("on", "日期", "date", value=found.desk.today),
            Field("leader", "带队领导", "choice", leaders),
            Field("others", "走访人", "area", hint="一行一人：姓名 身份，如 示例某 乡镇党委委员"),
            Field("place", "地点", "choice", places),
            Field("place_note", "具体地点", hint="可不填"),
            Field("mode", "方式", "choice", modes, VisitMode.FACE_TO_FACE.value),
            Field("opinions", "听取的意见", "area", hint="没有意见的写“无”"),
            Field("topic", "关于什么", hint="可不填"),
            Field("note", "生活、工作情况", hint="可不填"),
            Field("scope", "属于", "choice", SCOPES),
            *((Field("plan", "按哪项安排", "choice", plans),) if plans else ()),
            Field("hand", "当面发放", "tick", hint="这次一并送到本人手里"),
        ),
        writing(found.desk, found.page, record_visit, answers, said, again=found.visits.height),
    )


def _link(found: Visiting) -> Form:
    units, levels = {name: unit for unit, name in found.desk.unit_names.items()}, labels(LeaderLevel)

    def answers(given: Given) -> dict[str, Any]:
        return {
            "round_id": found.desk.round_id,
            "leader": text(given, "leader"),
            "position": text(given, "position"),
            "level": LeaderLevel(chosen(given, "level", levels, "级别")),
            "unit_id": chosen(given, "unit", units, "乡镇（单位）"),
            "office": text(given, "office"),
            "liaison": text(given, "liaison"),
        }

    return Form(
        "领导联系乡镇",
        "登记联系",
        (
            Field("leader", "领导", hint="姓名，必填"),
            Field("position", "职务", hint="必填"),
            Field("level", "级别", "choice", levels, LeaderLevel.COUNTY.value),
            Field("unit", "乡镇（单位）", "choice", units, found.unit or None),
            Field("office", "统筹办公室", hint="由哪个办公室安排"),
            Field("liaison", "联系情况", hint="与乡镇党委对接到哪一步"),
        ),
        writing(found.desk, found.page, link_leader, answers, lambda _: "已登记，可以安排走访。"),
    )


def _plan(found: Visiting) -> Form:
    links = {
        f"{link.leader}：{found.desk.unit_names.get(link.unit_id, '')}": name
        for name, link in found.links.items()
        if found.unit in ("", link.unit_id)
    }
    offered = people_options(_listed(found), found.desk.unit_names)

    def answers(given: Given) -> dict[str, Any]:
        picked = given.get("people")
        known = set(offered.values())
        return {
            "link_id": chosen(given, "link", links, "领导"),
            "on": day(given, "on"),
            "case_ids": [one for one in picked if one in known] if isinstance(picked, list | tuple) else [],
            "company": text(given, "company"),
        }

    return Form(
        "安排走访",
        "登记安排",
        (
            Field("link", "领导", "choice", links, next(iter(links.values()), None)),
            Field("on", "日期", "date", value=found.desk.today),
            Field("people", "走访对象", "many", offered),
            Field("company", "陪同", hint="可不填"),
        ),
        writing(found.desk, found.page, plan_visit, answers, lambda done: f"已安排走访 {done['people']} 人。"),
        hint="<p class='cw-muted'>只能选这位领导联系的乡镇、名单上的人；领导走访不另占名额。</p>",
    )


def _cancel(found: Visiting) -> Form:
    which = {plan_label(found, plan): plan.plan_id for plan, _ in found.plans if plan.state == "planned"}

    def answers(given: Given) -> dict[str, Any]:
        plan_id = chosen(given, "which", which, "安排")
        plan = next(plan for plan, _ in found.plans if plan.plan_id == plan_id)
        return {"plan_id": plan_id, "reason": text(given, "reason"), "expected_version": plan.version}

    first = next(iter(which.values()))
    return Form(
        "取消安排",
        "取消安排",
        (Field("which", "安排", "choice", which, first), Field("reason", "理由", hint="必填")),
        writing(found.desk, found.page, cancel_plan, answers, lambda _: "已取消这项安排。"),
    )


def _which_visit(found: Visiting) -> dict[str, str]:
    which: dict[str, str] = {}
    for row in reversed(found.mine(found.visits).to_dicts()[-300:]):
        which.setdefault(visit_label(found, row), row["visit_id"])
    return which


def _revoke(found: Visiting) -> Form:
    which = _which_visit(found)

    def answers(given: Given) -> dict[str, Any]:
        return {"visit_id": chosen(given, "which", which, "走访"), "reason": text(given, "reason")}

    return Form(
        "更正走访记录",
        "撤去这次走访",
        (
            Field("which", "走访", "choice", which, next(iter(which.values()), None)),
            Field("reason", "理由", hint="必填"),
        ),
        writing(found.desk, found.page, revoke_visit, answers, lambda _: "已撤去，请重新登记正确的走访。"),
        hint="<p class='cw-muted'>原来的记录仍留在台账里。当面发放过的，先到“发放与回执”收回。</p>",
    )


def _trouble(found: Visiting) -> Form:
    which = _which_visit(found)

    def answers(given: Given) -> dict[str, Any]:
        return {
            "visit_id": chosen(given, "which", which, "走访"),
            "problem": text(given, "problem"),
            "owner": text(given, "owner"),
            "due_on": maybe_day(given, "due", "办理期限"),
        }

    return Form(
        "反映的困难",
        "登记困难",
        (
            Field("which", "走访", "choice", which, next(iter(which.values()), None)),
            Field("problem", "实际困难", "area", hint="必填"),
            Field("owner", "承办人", hint="必填"),
            Field("due", "办理期限", hint="可不填，如 2026-12-02"),
        ),
        writing(found.desk, found.page, open_follow_up, answers, lambda _: "已登记，办结后再登记结果。"),
    )


def _close_trouble(found: Visiting) -> Form:
    open_ones = found.troubles.filter(pl.col("closed_on").is_null()).to_dicts()
    which = {f"第 {number} 项：{row['problem'][:20]}": row["follow_up_id"] for number, row in enumerate(open_ones, 1)}

    def answers(given: Given) -> dict[str, Any]:
        wanted = chosen(given, "which", which, "困难")
        row = next(row for row in open_ones if row["follow_up_id"] == wanted)
        return {
            "follow_up_id": wanted,
            "outcome": text(given, "outcome"),
            "on": day(given, "on"),
            "expected_version": row["version"],
        }

    return Form(
        "困难办结",
        "登记办结",
        (
            Field("which", "困难", "choice", which, next(iter(which.values()))),
            Field("outcome", "办理结果", "area", hint="必填"),
            Field("on", "办结日期", "date", value=found.desk.today),
        ),
        writing(found.desk, found.page, close_follow_up, answers, lambda _: "已登记办结。"),
    )


# -- inspection ----------------------------------------------------------------------------------------------------


def _draw(found: Visiting) -> Form:
    people = found.coverage.height

    def answers(given: Given) -> dict[str, Any]:
        size = maybe_whole(given, "size", "抽查人数")
        if size is None:
            raise Refused("bad_size", "请填写抽查人数")
        return {
            "round_id": found.desk.round_id,
            "seed": text(given, "seed"),
            "size": size,
            "on": day(given, "on"),
        }

    return Form(
        "随机抽查",
        "抽取",
        (
            Field("seed", "随机种子", value=f"{found.desk.today:%Y%m%d}", hint="例如抽查日期"),
            Field("size", "抽查人数", "number", value=max(1, people // 20)),
            Field("on", "抽取日期", "date", value=found.desk.today),
        ),
        writing(
            found.desk,
            found.page,
            draw_inspection,
            answers,
            lambda done: f"已从 {done['population']} 人中抽出 {len(done['drawn'])} 人，种子已登记。",
        ),
        hint="<p class='cw-muted'>种子写在抽查表上，凭它任何人都能重新抽出同样的人。</p>",
    )


def _finding(found: Visiting) -> Form:
    which = {
        f"{found.name(case_id)}（{inspection_label(one)}）": f"{one.inspection_id}|{case_id}"
        for one in found.inspections
        for case_id in one.drawn
    }

    def answers(given: Given) -> dict[str, Any]:
        inspection_id, _, case_id = chosen(given, "which", which, "抽查对象").partition("|")
        return {
            "inspection_id": inspection_id,
            "case_id": case_id,
            "result": chosen(given, "result", list(RESULTS), "结果"),
            "body": text(given, "body"),
            "on": day(given, "on"),
            "basis": text(given, "basis"),
            "responsible": text(given, "responsible"),
            "outcome": text(given, "outcome"),
        }

    return Form(
        "抽查结果",
        "登记结果",
        (
            Field("which", "抽查对象", "choice", which, next(iter(which.values()))),
            Field("result", "结果", "choice", {label: value for value, label in RESULTS.items()}),
            Field("body", "由谁核查", hint="必填"),
            Field("on", "核查日期", "date", value=found.desk.today),
            Field("basis", "依据", hint="有问题的必填"),
            Field("responsible", "责任人", hint="有问题的填"),
            Field("outcome", "处理", hint="有问题的填"),
        ),
        writing(found.desk, found.page, record_finding, answers, lambda _: "已登记核查结果。"),
    )
