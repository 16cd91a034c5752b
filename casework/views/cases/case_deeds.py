"""What can be done on the case screen; each is one command of the package, once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from casework.access import Actor
from casework.ledger import Result
from casework.models_people import CONTACT_KINDS
from casework.people.seeing import Shown, open_contact
from casework.review.judgements import LEVELS, documents_asked, record_evidence
from casework.review.removal import remove_person
from casework.review.steps import ELSEWHERE, revoke_step
from casework.views.cases.deeds import STEP, decide, sitting_of, without_ids
from casework.views.cases.desk import CaseDesk
from casework.views.cases.reading import CaseView
from casework.views.desk import clock
from casework.views.html import note
from casework.views.plans import Told, _do, _key, new_key
from casework.vocabulary import Decision, RemovalCause

CAUSES: Final = {cause.label: cause.value for cause in RemovalCause}
ISSUER_LEVELS: Final = ("", *LEVELS)
OPENED: Final = (*CONTACT_KINDS, "causes", "papers")
"""What an opened case shows, as the log says it: numbers and address, causes, and the papers a cause asks for."""


def _text(given: Mapping[str, Any], name: str) -> str:
    return str(given.get(name) or "").strip()


def _common(actor: Actor, page: str, action: str, content: Mapping[str, object]) -> dict[str, Any]:
    return {"actor": actor, "now": clock(), "key": _key(page, action, content)}


def stages(case: CaseView) -> dict[str, str]:
    """Return the steps of the case's chain, label → task, the next one first; a step too early is refused in words."""
    following = [link for link in case.links if link.stage not in case.done]
    rest = [link for link in case.links if link.stage in case.done]
    chosen = [link for link in (*following, *rest) if link.stage not in ELSEWHERE]
    return {link.stage.label: f"{STEP}{link.stage.value}" for link in chosen}


def revocable(case: CaseView) -> dict[str, int]:
    """Return the records that may be taken back: label → number."""
    return {
        f"{record.step.on}　{Decision(record.result).label}　第 {record.seq} 号": record.seq
        for record in case.steps
        if not record.revoked
    }


def documents(desk: CaseDesk) -> dict[str, str]:
    """Return the papers the circular asks for; all of them, for those of one case would tell its cause."""
    return {document: document for document in documents_asked(desk.policy)}


def decide_one(desk: CaseDesk, actor: Actor, page: str, case: CaseView, given: Mapping[str, Any]) -> Told:
    """Record a step or an answer for this case; whoever takes a shortcut reads the clause."""
    sitting = sitting_of(_text(given, "task"), given)
    done = decide(
        desk,
        actor,
        page,
        sitting,
        [case.case_id],
        choice=_text(given, "choice"),
        reason=_text(given, "reason"),
        seen=case.steps_version,
    )
    refused = without_ids(done.general or done.refused.get(case.case_id, ""))
    return Told(done=done.any, html=note(refused, "warn") if refused else note("已登记。", "ok"))


def take_back(desk: CaseDesk, actor: Actor, page: str, case: CaseView, given: Mapping[str, Any]) -> Told:
    """Take a step back that was recorded by mistake."""
    number = given.get("which")
    if not isinstance(number, int) or number not in revocable(case).values():
        return Told(done=False, html=note("请先选定要更正的记录。", "warn"))
    content = {"seq": number, "reason": _text(given, "reason"), "seen": case.steps_version}
    return _do(
        lambda: revoke_step(
            desk.engine,
            seq=number,
            reason=_text(given, "reason"),
            expected_version=case.steps_version,
            **_common(actor, page, "revoke", content),
        ),
        lambda _: "已更正：原记录保留，不再计入。",
    )


def keep_paper(desk: CaseDesk, actor: Actor, page: str, case: CaseView, given: Mapping[str, Any]) -> Told:
    """Record a paper that was shown."""
    content = {name: _text(given, name) for name in ("document", "issuer", "level")}
    marks = {name: given.get(name) is True for name in ("seen", "kept", "complete")}
    held = sum(1 for paper in case.papers if paper.held is not None)
    return _do(
        lambda: record_evidence(
            desk.engine,
            case_id=case.case_id,
            document=content["document"],
            issuer=content["issuer"],
            issuer_level=content["level"],
            original_seen=marks["seen"],
            copy_kept=marks["kept"],
            complete=marks["complete"],
            **_common(actor, page, "evidence", {"case": case.case_id, "held": held, **content, **marks}),
        ),
        lambda done: f"已登记：{done['document']}。",
    )


def leave_round(desk: CaseDesk, actor: Actor, page: str, case: CaseView, given: Mapping[str, Any]) -> Told:
    """Record that the person leaves the round (减员)."""
    cause, day = given.get("cause"), given.get("on")
    if cause not in CAUSES.values() or not isinstance(day, date):
        return Told(done=False, html=note("请选定减员原因，并填写日期。", "warn"))
    content = {"case": case.case_id, "cause": cause, "on": day, "basis": _text(given, "basis"), "seen": case.version}

    def deed() -> Result:
        return remove_person(
            desk.engine,
            case_id=case.case_id,
            cause=RemovalCause(str(cause)),
            on=day,
            basis=_text(given, "basis"),
            document=_text(given, "document"),
            expected_version=case.version,
            **_common(actor, page, "remove", content),
        )

    return _do(deed, lambda done: str(done.get("said") or "已登记减员。"))


def open_numbers(desk: CaseDesk, actor: Actor, case: CaseView, purpose: str) -> tuple[Told, list[Shown] | None]:
    """Open contacts and causes of one case, once the log says who looks at them and what for."""
    found: list[Shown] = []

    def deed() -> Result:
        found.extend(
            open_contact(
                desk.engine,
                purpose=purpose,
                case_id=case.case_id,
                kinds=OPENED,
                actor=actor,
                now=clock(),
                key=new_key(),  # opened again is another line of the log
            )
        )
        return {}

    told = _do(deed, lambda _: "已打开，用途已登记。")
    return told, found if told.done else None
