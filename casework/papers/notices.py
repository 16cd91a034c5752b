"""公示 and its result, 补正通知单, 反馈单, 变更名单."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any

import polars as pl
from sqlmodel import Session, col, select

from casework.adoption import in_force
from casework.ledger import facts, policy_of
from casework.lists import (
    ListState,
    Posting,
    Table,
    change_list,
    completion_request,
    notice_result,
    public_entries,
    public_notice,
    review_feedback,
)
from casework.models import Adoption
from casework.models_review import Notice, NoticeCase
from casework.papers.asked import Asked, award_frame, of_branch, people_of, unit_name
from casework.payment.common import whole_round
from casework.policy import Policy
from casework.problems import Refused
from casework.review.chain import next_steps
from casework.review.feedback import feedback
from casework.review.judgements import completion_requests
from casework.review.notices import notice_result as counted
from casework.review.official import OFFICIAL, list_in_force
from casework.review.records import case_rows, chain_for, chains_of, histories
from casework.shapes.procedure import PublicNotice
from casework.vocabulary import Act, NoticeState, Stage

_DONE = {
    Stage.APPLICATION: "本人申请",
    Stage.RECOMMENDATION: "{body}推荐",
    Stage.SURVEY: "摸底",
    Stage.SCREENING: "筛选",
    Stage.BRANCH_MEETING: "支部大会研究",
    Stage.FIRST_REVIEW: "{body}初审",
    Stage.UNIT_REVIEW: "单位审核",
    Stage.NOMINATION: "{body}申报",
    Stage.SECOND_REVIEW: "{body}复审",
    Stage.PROPOSAL: "{body}提出意见",
    Stage.DETERMINATION: "{body}研究审定",
}
"""How a step that was carried out is named in a notice, in the order of a chain."""


def notice(session: Session, asked: Asked) -> Table:
    """Return 公示: as it was posted, or before that a draft of the list in force."""
    policy = policy_of(session, asked.round_id)
    posted = _notices(session, asked)
    known = facts(session, round_id=asked.round_id, as_of=asked.today, units=asked.actor.units)
    if posted:
        found = _one(session, posted, asked)
        named = set(session.exec(select(NoticeCase.case_id).where(NoticeCase.notice_id == found.notice_id)))
        shape = _shape(policy, found.clause_id)
        own = session.get(Adoption, found.adoption_id) if found.adoption_id else None
        adoption = own or in_force(session, asked.round_id, Act.LIST)
        told = Posting(found.body, (), found.posted_on, found.ends_on, found.audience, found.channel)
        state = ListState.OFFICIAL
    else:
        adoption, turn = in_force(session, asked.round_id, Act.LIST), _their_turn(session, asked)
        named, shape = _to_post(policy, adoption, turn, asked)
        # The paper is formal once everybody on it has come to this step; its days are written in by hand.
        state = ListState.OFFICIAL if named <= turn.keys() else ListState.DRAFT
        decided = adoption is not None and adoption.state == OFFICIAL
        body = policy.issuer if decided else asked.branch or unit_name(session, asked.unit_id) or policy.issuer
        told = Posting(body, audience=shape.audience if shape else "", channel=shape.channel if shape else "")
    where = known.cases.filter(pl.col("case_id").is_in(list(named)))
    if asked.unit_id is not None:
        where = where.filter(unit_id=asked.unit_id)
    people = where.join(known.people.select("person_id", "branch"), on="person_id", how="left")
    if asked.branch:
        people = people.filter(branch=asked.branch)
    elif shape is not None and "branch" in shape.columns and "党支部" in shape.audience:
        _refuse_mixed(people)
    if people.is_empty():
        raise Refused("nobody", "这个公示范围里没有人，请核对单位和党支部")
    entries = public_entries(policy, known, awards=_awards(people, adoption))
    told = dataclasses.replace(told, steps=_steps(session, asked.round_id, people["case_id"].to_list()))
    if asked.branch and "党支部" in told.audience:
        told = dataclasses.replace(told, audience=f"{asked.branch}全体党员")
    return public_notice(policy, entries, told, columns=shape.columns if shape else None, state=state)


def _their_turn(session: Session, asked: Asked) -> dict[str, str]:
    """Return case → notice clause of those whose next step is their public notice."""
    links = chains_of(policy_of(session, asked.round_id))
    rows = case_rows(session, asked.round_id, units=asked.actor.units, unit_id=asked.unit_id)
    known = histories(session, asked.round_id, [row.case_id for row in rows])
    found = {}
    for row in rows:
        for link in next_steps(known.get(row.case_id, {}), chain_for(links, row)):
            if link.stage is Stage.PUBLIC_NOTICE:
                found[row.case_id] = link.clause_id
    return found


def _to_post(
    policy: Policy, adoption: Adoption | None, turn: Mapping[str, str], asked: Asked
) -> tuple[set[str], PublicNotice | None]:
    """Return whom a notice not posted yet would name, and the clause's terms.

    Raises:
        Refused: `no_list`; `which` where people are published under several clauses.
    """
    if adoption is not None:
        return {row["case_id"] for row in adoption.numbers["awards"]}, next(
            (shape for _, shape in policy.of_shape(PublicNotice)), None
        )
    clauses = sorted({clause for clause in turn.values() if asked.of in ("", clause)})
    if not clauses:
        raise Refused("no_list", "还没有确定名单，也没有人办到公示这一步")
    if len(clauses) > 1:
        cites = "；".join(f"{clause.id}（{clause.cite}）" for clause in policy.clauses if clause.id in clauses)
        raise Refused("which", f"有几种公示，请写明按哪一条：{cites}")
    return {case_id for case_id, clause in turn.items() if clause == clauses[0]}, _shape(policy, clauses[0])


def result(session: Session, asked: Asked) -> Table:
    """Return 公示结果 of a notice: numbers only."""
    posted = _notices(session, asked)
    if not posted:
        raise Refused("not_found", "还没有登记公示，没有公示结果")
    found = _one(session, posted, asked)
    told = Posting(found.body, (), found.posted_on, found.ends_on, found.audience, found.channel)
    ended = found.state == NoticeState.ENDED.value
    state = ListState.OFFICIAL if ended else ListState.DRAFT
    return notice_result(policy_of(session, asked.round_id), counted(session, found.notice_id), told, state=state)


def notices_of(session: Session, asked: Asked) -> list[Notice]:
    """Return the notices that hang or hung, of the unit and the branch asked for, the latest first."""
    standing = (NoticeState.RUNNING.value, NoticeState.ENDED.value)
    return [
        one
        for one in _every(session, asked)
        if one.state in standing
        and asked.unit_id in (None, one.unit_id or asked.unit_id)
        and asked.branch in ("", one.branch or asked.branch)
    ]


def clauses_to_post(session: Session, asked: Asked) -> list[str]:
    """Return the clauses by which a notice may be posted now; none once a list is in force, which has one."""
    if in_force(session, asked.round_id, Act.LIST) is not None:
        return []
    return sorted(set(_their_turn(session, asked).values()))


def _every(session: Session, asked: Asked) -> list[Notice]:
    query = select(Notice).where(Notice.round_id == asked.round_id)
    return list(session.exec(query.order_by(col(Notice.posted_on).desc(), col(Notice.notice_id))).all())


def _notices(session: Session, asked: Asked) -> list[Notice]:
    """Return the notices that hang or hung, the latest first; those stopped only by their id."""
    every = _every(session, asked) if asked.of else []
    chosen = [one for one in every if one.notice_id == asked.of]
    if every and not chosen:
        raise Refused("not_found", "没有这个编号的公示")
    return chosen or notices_of(session, asked)


def _one(session: Session, posted: list[Notice], asked: Asked) -> Notice:
    if len(posted) > 1:
        names = "；".join(
            f"{one.notice_id}（{unit_name(session, one.unit_id) or one.body}{one.branch or ''}）" for one in posted[:8]
        )
        raise Refused("which", f"有 {len(posted)} 次公示，请写明是哪一次：{names}")
    if posted[0].unit_id is None and asked.actor.units is not None and asked.unit_id is None:
        whole_round(asked.actor)
    return posted[0]


def _shape(policy: Policy, clause_id: str) -> PublicNotice | None:
    return next((shape for clause, shape in policy.of_shape(PublicNotice) if clause.id == clause_id), None)


def _refuse_mixed(people: pl.DataFrame) -> None:
    branches = people["branch"].drop_nulls().unique(maintain_order=True).to_list()
    if len(branches) > 1 or (people["branch"].null_count() and branches):
        named = "、".join(branches)
        raise Refused("which_branch", f"这份公示一个党支部一张，只列本支部的人，请写明党支部：{named}")


def _awards(people: pl.DataFrame, adoption: Adoption | None) -> pl.DataFrame:
    """Return the awards of those named; before there is a list their cases, without amounts."""
    listed = {row["case_id"]: row for row in adoption.numbers["awards"]} if adoption else {}
    rows: list[dict[str, Any]] = [
        listed.get(
            case["case_id"],
            {
                **{name: case[name] for name in ("case_id", "person_id", "unit_id", "category")},
                "order": case["unit_rank"],
                "amount_fen": None,
                "funded": True,
            },
        )
        for case in people.iter_rows(named=True)
    ]
    return award_frame(rows)


def _steps(session: Session, round_id: str, case_ids: Collection[str]) -> tuple[str, ...]:
    """Return the steps everybody named went through, by whom, in the order of the chain."""
    known = list(histories(session, round_id, case_ids).values())
    if len(known) < len(case_ids):
        return ()
    said = []
    for stage, words in _DONE.items():
        done = [history.get(stage) for history in known]
        if all(one is not None and one.holds and not one.passed_over for one in done):
            bodies = {one.body for one in done if one is not None}
            said.append(words.format(body=bodies.pop() if len(bodies) == 1 else ""))
    return tuple(said)


# -- to a unit -----------------------------------------------------------------------------------------------------


def completion(session: Session, asked: Asked) -> Table:
    """Return one unit's 材料补正通知单."""
    unit_id = asked.one_unit("材料补正通知单")
    missing = completion_requests(session, round_id=asked.round_id, as_of=asked.today, actor=asked.actor)
    return completion_request(
        policy_of(session, asked.round_id),
        of_branch(session, asked, missing.filter(unit_id=unit_id)),
        unit=unit_name(session, unit_id),
        on=asked.today,
    )


def answer(session: Session, asked: Asked) -> Table:
    """Return one unit's 审核结果反馈单."""
    unit_id = asked.one_unit("审核结果反馈单")
    adoption = in_force(session, asked.round_id, Act.LIST)
    decided = adoption is not None and adoption.state == OFFICIAL
    said = feedback(session, round_id=asked.round_id, unit_id=unit_id, as_of=asked.today, actor=asked.actor)
    return review_feedback(
        policy_of(session, asked.round_id),
        of_branch(session, asked, said),
        unit=unit_name(session, unit_id),
        on=asked.today,
        state=ListState.OFFICIAL if decided else ListState.DRAFT,
    )


def changes(session: Session, asked: Asked) -> Table:
    """Return 慰问对象变更（递补）名单 over all changes of the round."""
    current, policy = list_in_force(session, asked.round_id), policy_of(session, asked.round_id)
    query = select(Adoption).where(
        Adoption.round_id == asked.round_id,
        Adoption.act == Act.LIST.value,
        Adoption.state != "withdrawn",
        Adoption.number > 0,
    )
    people = people_of(session, asked, policy)
    found: list[tuple[int, dict[str, Any]]] = []
    for adoption in session.exec(query.order_by(col(Adoption.number))):
        amounts = {row["case_id"]: row["amount_fen"] for row in adoption.numbers["awards"]}
        for cause in adoption.numbers["causes"]:
            about = {cause.get("in"), cause.get("out"), cause.get("case_id")} - {None}
            if about & people.keys():
                found.append((adoption.number, cause))
            for case_id in about & people.keys():
                people[case_id]["amount"] = amounts.get(case_id)
    return change_list(
        policy,
        found,
        people=people,
        state=ListState.OFFICIAL if current.state == OFFICIAL else ListState.MEETING,
        unit=unit_name(session, asked.unit_id) or policy.issuer,
    )
