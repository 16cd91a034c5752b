"""pay visit …: leaders' links, plans, visits, who is not seen, difficulties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from casework.cli.chinese import ChineseTyper
from casework.cli.common import (
    Db,
    Json,
    OptionalRound,
    Unit,
    Usage,
    emit,
    ledger_url,
    looking,
    now,
    open_place,
    round_of,
    unit_of,
)
from casework.cli.deeds import On, claim_versions, day_of, do, starting, term_of

if TYPE_CHECKING:
    from casework.payment.visits import Caller

visits = ChineseTyper(help="走访：领导联系乡镇、走访安排、走访记录、花名册、反映的困难。", no_args_is_help=True)

CaseIds = Annotated[list[str], typer.Option("--case", metavar="个案", help="走访对象，可写多次")]
Reason = Annotated[str, typer.Option("--reason", metavar="理由", help="为什么")]
VisitId = Annotated[str, typer.Argument(metavar="走访", help="走访记录的编号")]


@visits.command("link", help="登记领导与乡镇的联系。")
def link(
    leader: Annotated[str, typer.Argument(metavar="姓名", help="领导姓名")],
    position: Annotated[str, typer.Option("--position", metavar="职务", help="职务")],
    level: Annotated[str, typer.Option("--level", metavar="级别", help="州级、县级、乡镇级、单位级")],
    unit: Unit,
    office: Annotated[str, typer.Option("--office", metavar="办公室", help="统筹走访的办公室")] = "",
    liaison: Annotated[str, typer.Option("--liaison", metavar="情况", help="与乡镇的联系情况")] = "",
    round_id: OptionalRound = "",
    db: Db = "",
    as_json: Json = False,
) -> int:
    """Link a leader with a township."""
    from casework.payment.visits import link_leader
    from casework.vocabulary import LeaderLevel

    engine, found = starting(db, round_id)
    said: dict[str, Any] = {"leader": leader, "position": position, "office": office, "liaison": liaison}
    rank = term_of(LeaderLevel, level, "级别")
    return do(link_leader, engine, as_json=as_json, round_id=found, level=rank, unit_id=unit_of(engine, unit), **said)


@visits.command("links", help="列出领导与乡镇的联系。")
def links(round_id: OptionalRound = "", db: Db = "", as_json: Json = False) -> int:
    """List the links with their ids."""
    from casework.payment.common import unit_names
    from casework.payment.coverage import links_of

    with looking(db) as session:
        units = unit_names(session)
        found = links_of(session, round_of(session, round_id).round_id)
    rows = [
        {"link": link_id, "leader": row.leader, "position": row.position, "unit": units.get(row.unit_id, "")}
        for link_id, row in found.items()
    ]
    heads = {"link": "编号", "leader": "领导", "position": "职务", "unit": "乡镇"}
    emit(rows, heads, as_json=as_json, nothing="还没有登记联系")
    return 0


@visits.command("plan", help="走访安排：领导、日期、对象、陪同；对象在乡镇已确定的名单之内。")
def plan(
    link_id: Annotated[str, typer.Argument(metavar="联系", help="领导与乡镇联系的编号")],
    cases: CaseIds,
    on: On = "",
    company: Annotated[str, typer.Option("--company", metavar="陪同", help="陪同人员")] = "",
    db: Db = "",
    as_json: Json = False,
) -> int:
    """Plan a leader's visit."""
    from casework.payment.visits import plan_visit

    engine = open_place(ledger_url(db), write=True)
    return do(plan_visit, engine, as_json=as_json, link_id=link_id, on=day_of(on), case_ids=cases, company=company)


@visits.command("cancel", help="取消一项走访安排。")
def cancel(
    plan_id: Annotated[str, typer.Argument(metavar="安排", help="走访安排的编号")],
    reason: Reason,
    db: Db = "",
    as_json: Json = False,
) -> int:
    """Cancel a planned visit."""
    from casework.db import reading
    from casework.models_payment import VisitPlan
    from casework.payment.visits import cancel_plan
    from casework.problems import Refused

    engine = open_place(ledger_url(db), write=True)
    with reading(engine) as session:
        found = session.get(VisitPlan, plan_id)
    if found is None:
        raise Refused("not_found", "没有这项走访安排")
    return do(cancel_plan, engine, as_json=as_json, plan_id=plan_id, reason=reason, expected_version=found.version)


def callers(given: list[str]) -> list[Caller]:
    """Return who came along, from `姓名=身份`, or `姓名=身份=联系编号` for a linked leader.

    Raises:
        Usage: One is written otherwise.
    """
    from casework.payment.visits import Caller

    found = []
    for text in given:
        name, _, rest = text.partition("=")
        role, _, link_id = rest.partition("=")
        if not name.strip() or not role.strip():
            raise Usage(f"“{text}”请写成 姓名=身份（领导写 姓名=职务=联系编号）")
        found.append(Caller(name=name, role=role, link_id=link_id or None))
    return found


@visits.command("add", help="登记一次走访；同时发放的写 --claim。")
def add(
    case: Annotated[str, typer.Argument(metavar="个案", help="走访对象")],
    place: Annotated[str, typer.Option("--place", metavar="地点", help="家中、医院、工作现场、其他地点")],
    by: Annotated[list[str], typer.Option("--by", metavar="姓名=身份", help="走访人，可写多次")],
    opinions: Annotated[str, typer.Option("--opinions", metavar="意见", help="听取的意见，没有写 无")],
    mode: Annotated[str, typer.Option("--mode", metavar="方式", help="面对面、电话、其他方式")] = "面对面",
    claims: Annotated[list[str], typer.Option("--claim", metavar="应发款", help="当面发放的应发款")] = [],  # noqa: B006
    plan_id: Annotated[str, typer.Option("--plan", metavar="安排", help="按哪项走访安排")] = "",
    note: Annotated[str, typer.Option("--note", metavar="情况", help="生活和工作情况")] = "",
    topic: Annotated[str, typer.Option("--topic", metavar="主题", help="意见关于什么")] = "",
    where: Annotated[str, typer.Option("--where", metavar="地址", help="地点的文字说明")] = "",
    scope: Annotated[str, typer.Option("--scope", metavar="范围", help="本单位 或 所驻村")] = "",
    on: On = "",
    db: Db = "",
    as_json: Json = False,
) -> int:
    """Record a visit, and what was handed over on it."""
    from casework.db import reading
    from casework.models import Case
    from casework.payment.coverage import links_of
    from casework.payment.visits import Caller, record_visit
    from casework.problems import Refused
    from casework.vocabulary import LeaderLevel, VisitMode, VisitPlace

    scopes = {"": None, "本单位": "own_unit", "所驻村": "stationed_village"}
    if scope not in scopes:
        raise Usage(f"没有范围“{scope}”，可写：本单位、所驻村")
    engine = open_place(ledger_url(db), write=True)
    with reading(engine) as session:
        found = session.get(Case, case)
        if found is None:
            raise Refused("not_found", f"没有编号为 {case} 的个案")
        known = links_of(session, found.round_id)
    came = [
        Caller(one.name, one.role, LeaderLevel(known[one.link_id].level), one.link_id) if one.link_id in known else one
        for one in callers(by)
    ]
    told: dict[str, Any] = {"opinions": opinions, "topic": topic, "note": note, "place_note": where}
    return do(
        record_visit,
        engine,
        as_json=as_json,
        case_id=case,
        on=day_of(on),
        place=term_of(VisitPlace, place, "地点"),
        mode=term_of(VisitMode, mode, "方式"),
        callers=came,
        claims=claim_versions(engine, claims) if claims else None,
        plan_id=plan_id or None,
        scope=scopes[scope],
        **told,
    )


@visits.command("revoke", help="更正一条登记错的走访（两条都留存，都不算走访）。")
def revoke(visit: VisitId, reason: Reason, db: Db = "", as_json: Json = False) -> int:
    """Take back a visit recorded wrongly."""
    from casework.payment.visits import revoke_visit

    return do(revoke_visit, open_place(ledger_url(db), write=True), as_json=as_json, visit_id=visit, reason=reason)


# -- reading -------------------------------------------------------------------------------------------------------


@visits.command("list", help="列出走访记录，每条附有与通知要求不一致之处。")
def list_visits(round_id: OptionalRound = "", db: Db = "", as_json: Json = False) -> int:
    """List the visits."""
    from casework.access import LOCAL_OFFICER
    from casework.payment.coverage import visits_frame
    from casework.vocabulary import VisitMode

    with looking(db) as session:
        frame = visits_frame(session, round_id=round_of(session, round_id).round_id, actor=LOCAL_OFFICER)
    rows = [
        {**row, "mode": VisitMode(row["mode"]).label, "remarks": "；".join(row["remarks"] or ())}
        for row in frame.iter_rows(named=True)
    ]
    heads = {"visit_id": "编号", "name": "姓名", "unit": "单位", "on": "日期", "mode": "方式", "visitors": "走访人"}
    emit(rows, {**heads, "opinions": "意见", "remarks": "提示"}, as_json=as_json, nothing="还没有走访")
    return 0


@visits.command("leaders", help="各领导安排和走访的人数；少于通知要求的退出码为 1。")
def leaders_command(round_id: OptionalRound = "", db: Db = "", as_json: Json = False) -> int:
    """Show how many each leader is to see and has seen."""
    from casework.access import LOCAL_OFFICER
    from casework.payment.coverage import leaders
    from casework.vocabulary import LeaderLevel

    with looking(db) as session:
        frame = leaders(session, round_id=round_of(session, round_id).round_id, actor=LOCAL_OFFICER)
    rows = [
        {**row, "level": LeaderLevel(row["level"]).label, "remarks": "；".join(row["remarks"])}
        for row in frame.iter_rows(named=True)
    ]
    heads = {"leader": "领导", "position": "职务", "level": "级别", "units": "联系乡镇", "planned": "安排"}
    more = {"visited": "已走访", "required": "应走访", "remarks": "提示"}
    emit(rows, {**heads, **more}, as_json=as_json, nothing="还没有登记联系")
    return 1 if any(row["remarks"] for row in rows) else 0


@visits.command("roster", help="州、县领导慰问对象花名册（附件3），由走访记录生成。")
def roster(round_id: OptionalRound = "", db: Db = "", as_json: Json = False) -> int:
    """Show the leaders' roster as the visits fill it in."""
    from casework.access import LOCAL_OFFICER
    from casework.money import yuan
    from casework.payment.coverage import leader_roster

    with looking(db) as session:
        frame = leader_roster(session, round_id=round_of(session, round_id).round_id, actor=LOCAL_OFFICER)
    rows = [
        {**row, "amount_fen": row["amount_fen"] if as_json or row["amount_fen"] is None else yuan(row["amount_fen"])}
        for row in frame.iter_rows(named=True)
    ]
    heads = {"order": "序号", "leader": "领导", "position": "职务", "township": "乡镇", "name": "慰问对象"}
    more = {"category": "类别", "on": "时间", "place": "地点", "amount_fen": "金额（元）", "opinions": "意见"}
    emit(rows, {**heads, **more}, as_json=as_json, nothing="州、县领导还没有走访")
    return 0


# -- difficulties ----------------------------------------------------------------------------------------


@visits.command("raise", help="登记走访中反映的困难：谁承办、何时办结。")
def raise_difficulty(
    visit: VisitId,
    problem: Annotated[str, typer.Option("--problem", metavar="困难", help="实际困难")],
    owner: Annotated[str, typer.Option("--owner", metavar="承办", help="承办人")],
    due: Annotated[str, typer.Option("--due", metavar="日期", help="何时办结")] = "",
    db: Db = "",
    as_json: Json = False,
) -> int:
    """Write down a difficulty raised on a visit."""
    from casework.payment.follow_ups import open_follow_up

    engine = open_place(ledger_url(db), write=True)
    until = day_of(due) if due else None
    return do(open_follow_up, engine, as_json=as_json, visit_id=visit, problem=problem, owner=owner, due_on=until)


@visits.command("settle", help="办结一项困难，写明结果。")
def settle_difficulty(
    follow_up: Annotated[str, typer.Argument(metavar="困难", help="困难的编号")],
    outcome: Annotated[str, typer.Option("--outcome", metavar="结果", help="办理结果")],
    on: On = "",
    db: Db = "",
    as_json: Json = False,
) -> int:
    """Say what came of a difficulty."""
    from casework.db import reading
    from casework.models_payment import FollowUp
    from casework.payment.follow_ups import close_follow_up
    from casework.problems import Refused

    engine = open_place(ledger_url(db), write=True)
    with reading(engine) as session:
        found = session.get(FollowUp, follow_up)
    if found is None:
        raise Refused("not_found", "没有这项困难")
    told = {"outcome": outcome, "on": day_of(on), "expected_version": found.version}
    return do(close_follow_up, engine, as_json=as_json, follow_up_id=follow_up, **told)


@visits.command("difficulties", help="列出反映的困难；有逾期未办结的退出码为 1。")
def difficulties(round_id: OptionalRound = "", db: Db = "", as_json: Json = False) -> int:
    """List the difficulties."""
    from casework.access import LOCAL_OFFICER
    from casework.payment.follow_ups import follow_ups

    with looking(db) as session:
        found = round_of(session, round_id).round_id
        frame = follow_ups(session, round_id=found, actor=LOCAL_OFFICER, today=now().date())
    heads = {"follow_up_id": "编号", "name": "姓名", "problem": "困难", "owner": "承办", "due_on": "期限"}
    more = {"closed_on": "办结", "outcome": "结果"}
    emit(frame.to_dicts(), {**heads, **more}, as_json=as_json, nothing="没有反映的困难")
    return 1 if frame["overdue"].any() else 0
