"""A small round of 建始 with an official list that may be paid: two units, invented people, real circular."""

from __future__ import annotations

from datetime import date
from itertools import count

from review_round import World, by
from sqlmodel import select

from casework.access import Actor
from casework.models_payment import Claim
from casework.payment.claims import open_claims
from casework.payment.funds import record_income
from casework.payment.receipts import hand_over
from casework.payment.transfers import transfer
from casework.review.confirmation import confirm_list
from casework.review.notices import post_notice
from casework.review.official import list_in_force
from casework.samples import _jianshi_units, _People
from casework.vocabulary import Role, Stage, VisitPlace

TOWN, HALL = "js-01", "js-02"
PEOPLE = ((TOWN, "hardship", 2), (HALL, "hardship", 2), (HALL, "frontline", 2))
TODAY = date(2020, 1, 30)
FUND = "retained_dues"
OF_TOWN = Actor(id="town", name="示例镇经办", role=Role.OFFICER, units=frozenset({TOWN}))
_KEYS = count()


class Round(World):
    """The round, and the shortest way to say things about its money."""

    def do(self, function, *, day=TODAY, **more):
        said = by(day)
        if "key" in more:
            said["key"] = more.pop("key")
        if "actor" in more:
            said["actor"] = more.pop("actor")
        return function(self.engine, **said, **more)

    def claims(self, *, unit=None, state=None):
        def find(session):
            rows = session.exec(select(Claim).where(Claim.round_id == self.round_id).order_by(Claim.case_id)).all()
            return [c for c in rows if (unit is None or c.unit_id == unit) and (state is None or c.state == state)]

        return self.read(find)

    def income(self, fen=300_000):
        return self.do(record_income, round_id=self.round_id, fund=FUND, amount_fen=fen, on=TODAY, basis="示例凭证")

    def open(self, **more):
        print_ = self.read(list_in_force, self.round_id).fingerprint
        return self.do(open_claims, round_id=self.round_id, fingerprint=print_, **more)

    def transfer(self, unit, claims=None, **more):
        chosen = self.claims(unit=unit, state="planned") if claims is None else claims
        more.setdefault("document", "示例拨付单")
        return self.do(transfer, round_id=self.round_id, unit_id=unit, fund=FUND, claims=seen(chosen), on=TODAY, **more)

    def hand(self, claims, *, place=VisitPlace.HOME, **more):
        return self.do(hand_over, claims=seen(claims), place=place, handed_by="示例委员", on=TODAY, **more)


def seen(claims):
    return {claim.claim_id: claim.version for claim in claims}


def jianshi(engine):
    """Six people in two units, 3000 yuan, through every step of the circular to an official list."""
    sample = _jianshi_units("js")
    sample.as_of = date(2020, 1, 8)
    people = _People(sample, 3)
    names = count(1)
    for unit, category, number in PEOPLE:
        for rank in range(1, number + 1):
            tag = "first_secretary" if rank == 1 else "village_official"
            beneficiary, tags = ("member", ["veteran_member"]) if category == "hardship" else ("cadre", [tag])
            people.nominate(unit, category, rank, beneficiary=beneficiary, tags=tags, name=f"示例{next(names)}号")
    world = Round(engine, sample, TODAY)
    for stage, body, day in (
        (Stage.RECOMMENDATION, "党员群众", 9),
        (Stage.BRANCH_MEETING, "党支部", 10),
        (Stage.DETERMINATION, "党委", 11),
    ):
        world.step(stage, body, date(2020, 1, day))
    adopted = world.adopt()
    world.do(
        post_notice,
        round_id="js",
        body="党委",
        posted_on=date(2020, 1, 12),
        ends_on=date(2020, 1, 20),
        evidence="示例照片",
        closed=True,
        expected_version=world.version,
        case_ids=world.cases,
    )
    world.do(
        confirm_list,
        round_id="js",
        fingerprint=adopted.fingerprint,
        basis="示例会议记录",
        expected_version=adopted.version,
    )
    return world
