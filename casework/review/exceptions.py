"""People a meeting adds against a clause weaker than *must*: the exception goes on record with the meeting itself."""

from __future__ import annotations

import copy
from collections.abc import Mapping

from casework.comparison import Assessed
from casework.frames import cell_key
from casework.ledger import Work
from casework.models import Ruling
from casework.models_review import Meeting
from casework.problems import Refused
from casework.review.succession import Numbers
from casework.sentences import reason_sentence
from casework.vocabulary import Reason, Verdict


def set_aside(today: Assessed, added: Mapping[str, str], names: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return case → clauses a meeting sets aside by adding it; a clause that is a *must* and an open one stay.

    Args:
        today: The facts of today, assessed.
        added: case → reason, of those the meeting adds.
        names: case → name.

    Raises:
        Refused: `not_eligible`, saying what stands against it or is not known.
    """
    verdicts = {row["case_id"]: row for row in today.verdicts.iter_rows(named=True)}
    found: dict[str, tuple[str, ...]] = {}
    for case_id in added:
        row = verdicts.get(case_id)
        if row is None or row["verdict"] not in (Verdict.ELIGIBLE, Verdict.NEEDS_EXCEPTION):
            reason, clauses = (row["reason"], row["clauses"]) if row else (None, ())
            why = reason_sentence(reason or Reason.FACTS_MISSING.value, clauses or (), today.policy)
            raise Refused("not_eligible", f"{names.get(case_id, case_id)}不能增补，会议也不能决定：{why}")
        if row["verdict"] == Verdict.NEEDS_EXCEPTION:
            found[case_id] = tuple(row["clauses"])
    return found


def noted(numbers: Numbers, aside: Mapping[str, tuple[str, ...]], added: Mapping[str, str], body: str) -> Numbers:
    """Return the list with these exceptions in its register."""
    after = copy.deepcopy(numbers)
    for case_id, clauses in aside.items():
        award = next(row for row in after["awards"] if row["case_id"] == case_id)
        row = {"cell": cell_key(award["unit_id"], award["category"]), "extra": None, "reason": added[case_id]}
        after["exceptions"] += [{"clause_id": name, **row, "decider": body, "road": "exception"} for name in clauses]
    return after


def keep_exceptions(  # noqa: PLR0913 - what was set aside, by whom, on what
    work: Work,
    meeting: Meeting,
    aside: Mapping[str, tuple[str, ...]],
    *,
    added: Mapping[str, str],
    cells: Mapping[str, str],
    minutes: str,
) -> None:
    """Write one ruling for each person and clause: from then on the allocation knows the exception, too."""
    for case_id, clauses in aside.items():
        for clause_id in clauses:
            work.add(
                Ruling(
                    ruling_id=f"{meeting.meeting_id}/{case_id}/{clause_id}",
                    round_id=meeting.round_id,
                    kind="exception",
                    cell=cells[case_id],
                    case_id=case_id,
                    clause_id=clause_id,
                    basis=f"{minutes}：{added[case_id]}",
                    body=meeting.body,
                    decided_on=meeting.held_on,
                    details={"meeting_id": meeting.meeting_id, "minutes": minutes},
                    recorded_by=work.actor.id,
                    recorded_at=work.now,
                )
            )
