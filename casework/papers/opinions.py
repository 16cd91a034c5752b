"""The boxes of 审批表: one for every body of the circular's chain, filled where its opinion is on record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from casework.dates import chinese
from casework.lists import Opinion
from casework.lists.quota import form_clause
from casework.policy import Policy
from casework.problems import Refused
from casework.review.chain import Chain, Done
from casework.review.records import CaseRow, chain_for, chains_of
from casework.vocabulary import Decision, Stage

OPINIONS: Final = (
    Stage.RECOMMENDATION,
    Stage.FIRST_REVIEW,
    Stage.BRANCH_MEETING,
    Stage.UNIT_REVIEW,
    Stage.NOMINATION,
    Stage.SECOND_REVIEW,
    Stage.PROPOSAL,
    Stage.DETERMINATION,
)
"""Stages in which a body says what it thinks of one person."""
_WORD: Final = {Stage.PROPOSAL: "", Stage.BRANCH_MEETING: "", Stage.UNIT_REVIEW: "审核", Stage.DETERMINATION: "审定"}
"""What a body does, where the name of the stage would say it twice: 支部大会意见, 组织部意见."""
_SAID: Final = {Decision.CHANGED_AMOUNT: "同意，金额另定", Decision.ADDED: "同意增补"}


def opinions_of(policy: Policy, case: Mapping[str, Any], done: Mapping[Stage, Done]) -> tuple[Opinion, ...]:
    """Return a box for every body of the person's chain that gives its opinion, filled where that is on record."""
    row = CaseRow(case["case_id"], case["unit_id"], case["path"] or "", "")
    try:
        links = chain_for(chains_of(policy), row)
    except Refused:  # the path is not filled in: the boxes of the first one, empty
        links = next(iter(chains_of(policy).values()))
    asked = [link for link in links if link.stage in OPINIONS]
    clause = form_clause(policy, "approval_form")
    signed = clause.signatures if clause and len(clause.signatures) == len(asked) else ()
    boxes = []
    for at, link in enumerate(asked):
        body = (link.bodies[0] if link.bodies else "").removeprefix("困难党员")
        label = signed[at] if signed else f"{body}{_WORD.get(link.stage, link.stage.label)}意见"
        record = done.get(link.stage)
        if record is None:
            boxes.append(Opinion(label))
            continue
        words = _words(record) + _posted(links, link.stage, done)
        boxes.append(Opinion(label, words, record.person, None if record.passed_over else record.on))
    return tuple(boxes)


def path_of_an_application(policy: Policy) -> str:
    """Return the path that begins with somebody applying, else the first: whose boxes stand on an empty form."""
    links = chains_of(policy)
    applied = [path for path, chain in links.items() if any(link.stage is Stage.APPLICATION for link in chain)]
    return next(iter([*applied, *links]))


def _words(record: Done) -> str:
    """Return what a body said; why it did not agree stays in the file."""
    if record.passed_over:
        return f"未经此环节：{record.reason.rstrip('。')}。"
    said = _SAID.get(record.result, record.result.label)
    return f"{record.body}：{said}。" if record.body else f"{said}。"


def _posted(links: Chain, stage: Stage, done: Mapping[Stage, Done]) -> str:
    """Return the days of the public notice that follows a stage, for its own box."""
    stages = [link.stage for link in links]
    notice = done.get(Stage.PUBLIC_NOTICE)
    if notice is None or notice.passed_over or Stage.PUBLIC_NOTICE not in stages:
        return ""
    before = [one for one in stages[: stages.index(Stage.PUBLIC_NOTICE)] if one in OPINIONS]
    if not before or before[-1] is not stage:
        return ""
    until = f"至{chinese(notice.until)}" if notice.until else ""
    return f"公示时间：{chinese(notice.on)}{until}。"
