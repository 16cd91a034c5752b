"""Forms about one person: 登记表, 审批表, 申请书, 代收同意书, 认定依据说明; one after another for a whole unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from sqlalchemy import Engine
from sqlmodel import Session

from casework.adoption import in_force
from casework.dates import chinese
from casework.db import reading
from casework.facts import Facts
from casework.ledger import policy_of
from casework.lists import (
    Applicant,
    Basis,
    ListState,
    Relative,
    Table,
    application,
    approval,
    basis_statement,
    collection_consent,
    registration,
)
from casework.lists.roster import person_values
from casework.money import yuan
from casework.papers.asked import Asked
from casework.papers.chosen import by, chosen, label_of, lists_by, seen
from casework.papers.opinions import opinions_of, path_of_an_application
from casework.people.seeing import TASK_KINDS, Shown, masked_contacts, open_contact
from casework.policy import Policy
from casework.problems import Refused
from casework.review.official import OFFICIAL
from casework.review.records import histories
from casework.rules import assess
from casework.vocabulary import Act, AidKind, AidStatus, Kind, Mark, Outcome, Relation

# -- the papers ------------------------------------------------------------------------------------------------


def registered(session: Session, asked: Asked) -> Table:
    """Return 登记表 with masked numbers, to be checked by eye."""
    return _masked(session, asked, "registration", _registration)


def registered_opened(engine: Engine, asked: Asked, *, key: str) -> Table:
    """Return 登记表 with whole numbers, once the log says who opened whose.

    Raises:
        Refused: `not_found`, `nobody`, `erased`.
        NotAllowed: A viewer, or beyond his units.
    """
    return _opened(engine, asked, "registration", _registration, key)


def approved(session: Session, asked: Asked) -> Table:
    """Return 审批表 with the opinions that are on record; the phone stays masked."""
    policy, known, cases = chosen(session, asked)
    people = _applicants(policy, known, cases, asked.today, masked_contacts(session, people=_people(cases)))
    amounts = _decided(session, asked)
    done = histories(session, asked.round_id, [case["case_id"] for case in cases])
    told = [
        replace(
            one,
            opinions=opinions_of(policy, case, done.get(case["case_id"], {})),
            decided_fen=amounts.get(case["case_id"]),
        )
        for case, one in zip(cases, people, strict=True)
    ]
    return approval(policy, told, state=ListState.OFFICIAL)


def applied(session: Session, asked: Asked) -> Table:
    """Return 申请书, for the person to read, complete and sign."""
    policy, known, cases = chosen(session, asked)
    return application(policy, _applicants(policy, known, cases, asked.today, []), state=ListState.OFFICIAL)


def consented(session: Session, asked: Asked) -> Table:
    """Return 代收同意书 of those who named somebody, with masked numbers; of one person also before he did."""
    return _masked(session, asked, "collection_consent", _consent)


def consented_opened(engine: Engine, asked: Asked, *, key: str) -> Table:
    """Return 代收同意书 with whole numbers, once the log says who opened whose.

    Raises:
        Refused: `not_found`, `nobody`, `erased`.
        NotAllowed: A viewer, or beyond his units.
    """
    return _opened(engine, asked, "collection_consent", _consent, key)


def blank(session: Session, asked: Asked, *, form: str) -> Table:
    """Return one of these forms to be filled in by hand, with the boxes of the circular's chain."""
    policy = policy_of(session, asked.round_id)
    if form == "basis_statement":
        return basis_statement(policy, [Basis()], state=ListState.OFFICIAL)
    path = path_of_an_application(policy)
    nobody = Applicant(opinions=opinions_of(policy, {"case_id": "", "unit_id": "", "path": path}, {}))
    return _BLANK[form](policy, [nobody], state=ListState.OFFICIAL)


_BLANK: Final[Mapping[str, Callable[..., Table]]] = {
    "registration": registration,
    "approval": approval,
    "application": application,
    "collection_consent": collection_consent,
}


def _registration(policy: Policy, people: list[Applicant], asked: Asked, *, opened: bool) -> Table:  # noqa: ARG001
    return registration(policy, people, state=_state(opened), masked=not opened)


def _consent(policy: Policy, people: list[Applicant], asked: Asked, *, opened: bool) -> Table:
    named = [one for one in people if one.relation or asked.case_id]
    if not named:
        raise Refused("nobody", "没有人指定他人代收，不用打印代收同意书")
    return collection_consent(policy, named, state=_state(opened), masked=not opened)


def _state(opened: bool) -> ListState:
    return ListState.OFFICIAL if opened else ListState.DRAFT


_Make = Callable[..., Table]


def _masked(session: Session, asked: Asked, task: str, make: _Make) -> Table:
    policy, known, cases = chosen(session, asked)
    contacts = masked_contacts(session, people=_people(cases), kinds=TASK_KINDS[task])
    return make(policy, _applicants(policy, known, cases, asked.today, contacts), asked, opened=False)


def _opened(engine: Engine, asked: Asked, task: str, make: _Make, key: str) -> Table:
    asked.within_scope()
    with reading(engine) as session:
        policy, known, cases = chosen(session, asked)
    contacts = open_contact(
        engine,
        purpose=task,
        round_id=asked.round_id,
        people=_people(cases),
        actor=asked.actor,
        now=asked.now,
        key=key,
    )
    return make(policy, _applicants(policy, known, cases, asked.today, contacts), asked, opened=True)


# -- what is read ----------------------------------------------------------------------------------------------


def _people(cases: Iterable[Mapping[str, Any]]) -> list[str]:
    return [case["person_id"] for case in cases]


def _decided(session: Session, asked: Asked) -> dict[str, int | None]:
    """Return what the list gives each person, once a body has decided it."""
    adoption = in_force(session, asked.round_id, Act.LIST)
    if adoption is None or adoption.state != OFFICIAL:
        return {}
    return {row["case_id"]: row["amount_fen"] for row in adoption.numbers["awards"]}


def _applicants(
    policy: Policy, known: Facts, cases: Sequence[Mapping[str, Any]], today: date, contacts: Iterable[Shown]
) -> list[Applicant]:
    """Return the people as the forms see them, in the order of the cases."""
    people, homes = by(known.people, "person_id"), by(known.households, "household_id")
    members, causes = lists_by(known.members, "household_id"), lists_by(known.causes, "case_id")
    aid, evidence = lists_by(known.aid, "person_id"), lists_by(known.evidence, "case_id")
    answers = {(row["case_id"], row["field"]): row for row in known.answers.iter_rows(named=True)}
    marks = {(row["case_id"], row["list"]): row["mark"] for row in known.completeness.iter_rows(named=True)}
    met = _conditions(policy, known, today)
    reached: dict[str, list[Shown]] = {}
    for one in contacts:
        reached.setdefault(one.person_id, []).append(one)
    found = []
    for case in cases:
        case_id, person = case["case_id"], people[case["person_id"]]
        home = homes.get(person["household_id"] or "", {})
        record = {
            **person,
            "unit": case["unit"],
            "category": case["category_label"],
            "amount_fen": None,
            "funded": True,
        }
        told = person_values({**record, "causes": causes.get(case_id, [])})
        mark = marks.get((case_id, "aid"))
        found.append(
            Applicant(
                name=person["name"] or "",
                sex=str(told["sex"] or ""),
                ethnicity=person["ethnicity"] or "",
                born_on=person["born_on"],
                joined_on=person["joined_party_on"],
                started_on=person["started_work_on"],
                unit=case["unit"],
                branch=person["branch"] or "",
                position=person["position"] or "",
                monthly_pay_fen=answers.get((case_id, "monthly_pay"), {}).get("number"),
                housing=answers.get((case_id, "housing_area"), {}).get("text") or "",
                family_income_fen=home.get("yearly_income_fen"),
                size=home.get("size"),
                dibao=home.get("dibao"),
                category=case["category_label"],
                causes=str(told["brief"] or ""),
                conditions="；".join(met.get(case_id, [])),
                aid=_aid(aid.get(case["person_id"], []), none=mark == Mark.NONE.value),
                papers="；".join(f"{row['document']}（{seen(row)}）" for row in evidence.get(case_id, [])),
                requested_fen=case["requested_fen"],
                relatives=tuple(_relative(row, today) for row in members.get(person["household_id"] or "", [])),
                **_reached(reached.get(case["person_id"], [])),
            )
        )
    return found


def _reached(contacts: Sequence[Shown]) -> dict[str, Any]:
    """Return how a person is reached and where money goes: the own card before one of somebody else."""
    said: dict[str, Any] = {one.kind: one.value for one in contacts if one.kind in ("phone", "address")}
    usable = sorted((one for one in contacts if one.usable), key=lambda one: (one.kind != "card", one.contact_id))
    if not usable:
        return said
    card = usable[0]
    said["card"] = card.value
    if card.kind != "card":
        said |= {"holder": card.holder, "relation": label_of(Relation, card.relation), "consent_on": card.consent_on}
    return said


def _relative(row: Mapping[str, Any], today: date) -> Relative:
    """Return one person of the household; 工作单位 and 就业状况 are kept as one text, in this order."""
    work, _, employment = (row["employment"] or "").rpartition(" ")
    born = row["born_on"]
    return Relative(
        name=row["name"] or "",
        relation=label_of(Relation, row["relation"]),
        age=None if born is None else today.year - born.year - ((today.month, today.day) < (born.month, born.day)),
        work=work,
        employment=employment,
        income_fen=row["yearly_income_fen"],
    )


def _aid(rows: Iterable[Mapping[str, Any]], *, none: bool) -> str:
    said = []
    for row in rows:
        amount = "" if row["amount_fen"] is None else f"{yuan(row['amount_fen'])}元"
        parts = (row["source"] or "", label_of(AidKind, row["kind"]), label_of(AidStatus, row["status"]))
        said.append("　".join(filter(None, (*parts, chinese(row["on"]) if row["on"] else "", amount))))
    return "；".join(said) or ("无" if none else "")


def _conditions(policy: Policy, known: Facts, today: date) -> dict[str, list[str]]:
    """Return case → the conditions that hold, in the circular's places and words."""
    clauses = {clause.id: clause for clause in policy.of_kind(Kind.CONDITION)}
    found: dict[str, list[str]] = {}
    for row in assess(known, policy=policy, as_of=today).iter_rows(named=True):
        clause = clauses.get(row["clause_id"])
        if clause is not None and row["outcome"] == Outcome.MET.value:
            found.setdefault(row["case_id"], []).append(f"{clause.cite}“{clause.words}”")
    return found
