"""Which clauses leave room for an exception, and by which road it may be granted."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import col, select

from casework.ledger.commands import Work
from casework.ledger.rounds import policy_of
from casework.models_review import Meeting, MeetingResult
from casework.policy import Clause
from casework.problems import Refused
from casework.vocabulary import Decision, Force, Kind, MeetingState


def by_meeting_only(clause: Clause) -> bool:
    """Tell whether only a meeting may set a clause aside: every one on repeat aid that does not name a reason."""
    return clause.kind is Kind.REPEAT_AID and getattr(clause.shape, "exception", "meeting") != "reason"


def check_exception(
    work: Work, *, round_id: str, clause_id: str, case_ids: Sequence[str], meeting_id: str | None
) -> Meeting | None:
    """Check that a clause can be set aside for these people, and that a meeting did so where one is needed.

    Args:
        work: The command.
        round_id: The round.
        clause_id: The clause an exception is made to.
        case_ids: The people.
        meeting_id: The meeting that decided it, of this round; None: none is named.

    Returns:
        The meeting, where one is named.

    Raises:
        Refused: `bad_value` (no such clause), `no_exception` (the clause is a *must*), `no_meeting` (it takes a
            meeting), `not_found` (there is no such meeting here), `not_decided`, `not_agreed` (it decided against
            one of them).
    """
    clause = next((clause for clause in policy_of(work.session, round_id).clauses if clause.id == clause_id), None)
    if clause is None:
        raise Refused("bad_value", f"通知里没有条款 {clause_id}")
    said = f"{clause.cite}规定“{clause.words}”（{clause.id}）"
    if clause.kind is Kind.REPEAT_AID and clause.force is Force.MUST:
        raise Refused("no_exception", f"这一条没有例外，会议也不能决定：{said}")
    if meeting_id is None:
        if by_meeting_only(clause):
            raise Refused("no_meeting", f"对这一条的例外须经会议研究，请写明是哪一次会议：{said}")
        return None
    meeting = work.session.get(Meeting, meeting_id)
    if meeting is None or meeting.round_id != round_id:
        raise Refused("not_found", "这一轮没有这次会议")
    if meeting.state != MeetingState.DECIDED:
        raise Refused("not_decided", "这次会议还没有登记结果，不能作为例外的依据")
    against = select(MeetingResult.case_id).where(
        MeetingResult.meeting_id == meeting_id,
        col(MeetingResult.result).in_([Decision.REFUSED.value, Decision.DEFERRED.value]),
        col(MeetingResult.case_id).in_(list(case_ids)),
    )
    if work.session.exec(against).first() is not None:
        raise Refused("not_agreed", "这次会议没有同意其中的人，不能作为例外的依据")
    return meeting
