"""Three rounds carried from assessed cases to booked receipts and the report by commands alone, shortcuts refused."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date

import payment_round
import pytest
from review_round import at, by, jiaozuo, neimenggu, unit_steps
from sqlmodel import select

from casework import db
from casework.access import LOCAL_OFFICER
from casework.ledger import audit_check, audit_key
from casework.models import Aid, Round
from casework.models_payment import Claim
from casework.payment.claims import open_claims
from casework.payment.closing import end_round, round_ends
from casework.payment.funds import record_income
from casework.payment.inspection import draw_inspection, record_finding
from casework.payment.receipts import book, hand_over, record_receipt
from casework.payment.report import activity_report
from casework.payment.transfers import transfer
from casework.payment.visits import Caller, record_visit
from casework.problems import Refused
from casework.review.meetings import convene_meeting, decide_meeting
from casework.review.minutes import PersonResult
from casework.review.notices import close_notice, post_notice
from casework.review.readiness import review_issue_ready
from casework.vocabulary import Decision, Stage, VisitMode, VisitPlace

made, _keys, world = payment_round.made, payment_round._keys, payment_round.world


@contextmanager
def refused(code, words=""):
    with pytest.raises(Refused) as caught:
        yield
    assert (caught.value.reason_code, words in caught.value.sentence) == (code, True), caught.value.sentence


class Desk:
    """The shortest way to say what an office does with one round."""

    def __init__(self, world):
        self.world, self.engine, self.round_id = world, world.engine, world.round_id

    def do(self, function, **more):
        return function(self.engine, **by(self.world.today), **more)

    def claims(self, *, unit=None):
        def find(session):
            return [c for c in session.exec(select(Claim).order_by(Claim.case_id)) if unit in (None, c.unit_id)]

        return self.world.read(find)

    def seen(self, **wanted):
        return {claim.claim_id: claim.version for claim in self.claims(**wanted)}

    def meet(self, body, on, **more):
        made = self.do(
            convene_meeting, round_id=self.round_id, fingerprint=self.world.list().fingerprint, body=body, held_on=on
        )
        say = {"minutes": "示例纪要", "signer": "示例书记", "invited": 9, "present": 9, "agreed": 8, **more}
        return self.do(decide_meeting, meeting_id=made["meeting_id"], expected_version=1, **say)

    def post(self, body, on, until, **more):
        say = {"body": body, "posted_on": on, "ends_on": until, "evidence": "示例照片", **more}
        return self.do(post_notice, round_id=self.round_id, expected_version=self.world.version, **say)

    def ready(self):
        return self.world.read(review_issue_ready, round_id=self.round_id, now=at(self.world.today))

    def open(self, **more):
        return self.do(open_claims, round_id=self.round_id, fingerprint=self.world.list().fingerprint, **more)

    def pay_through_units(self, *, fund, fen, units, on):
        """Bring the money from the fund to every signed and booked receipt; each shortcut is refused on the way."""
        hand = {"place": VisitPlace.HOME, "handed_by": "示例委员", "on": on}
        sign = {"signed_on": on, "signed_with": "signature"}
        with refused("not_transferred"):
            self.do(hand_over, claims=self.seen(), **hand)
        said = {"round_id": self.round_id, "fund": fund, "on": on, "document": "示例拨付单"}
        with refused("overdrawn"):
            self.do(transfer, unit_id=units[0], claims=self.seen(unit=units[0]), **said)
        self.do(record_income, round_id=self.round_id, fund=fund, amount_fen=fen, on=on, basis="示例凭证")
        for unit in units:
            self.do(transfer, unit_id=unit, claims=self.seen(unit=unit), **said)
            with refused("state"):
                self.do(transfer, unit_id=unit, claims=self.seen(unit=unit), **said)
        with refused("state"):
            self.do(record_receipt, claims=self.seen(), **sign)
        self.do(hand_over, claims=self.seen(), **hand)
        with refused("state"):
            self.do(hand_over, claims=self.seen(), **hand)
        with refused("no_receipt"):
            self.do(book, claims=self.seen(), voucher="示例", on=on)
        self.do(record_receipt, claims=self.seen(), **sign)
        self.do(book, claims=self.seen(), voucher="示例", on=on)

    def end(self, *, left):
        """Close the round: what is left open is these codes and no other, and each needs its word."""
        ends = {one.code for one in self.world.read(round_ends, round_id=self.round_id, now=at(self.world.today))}
        assert ends == left
        version = self.world.read(lambda session: session.get(Round, self.round_id).version)
        if left:
            with refused("open_ends"):
                self.do(end_round, round_id=self.round_id, expected_version=version)
        explained = dict.fromkeys(left, "示例原因")
        self.do(end_round, round_id=self.round_id, expected_version=version, explained=explained)
        with refused("closed"):
            self.open()
        with db.reading(self.engine) as session:
            assert audit_check(session, key=audit_key(self.engine)) == []

    def report(self):
        told = {"round_id": self.round_id, "actor": LOCAL_OFFICER, "now": at(self.world.today)}
        return self.world.read(activity_report, **told)

    def own_aid(self):
        def find(session):
            return sorted(row.amount_fen for row in session.exec(select(Aid).where(Aid.own.is_(True))))

        return self.world.read(find)


@pytest.fixture
def engine(database_url):
    made = db.open_ledger(database_url)
    yield made
    made.dispose()


def test_a_life_of_jianshi(world):
    """Six people, decided by the towns, seen at home and paid on the visit."""
    desk = Desk(world)
    first, second = world.cases[:2]
    desk.open()
    who = [Caller("示例委员", "乡镇党委委员")]
    visit = {"on": world.today, "place": VisitPlace.HOME, "mode": VisitMode.FACE_TO_FACE, "callers": who}
    with refused("other_person"):
        desk.do(record_visit, case_id=first, opinions="无", claims=desk.seen(), **visit)
    desk.pay_through_units(fund="retained_dues", fen=300_000, units=["js-01", "js-02"], on=world.today)
    with refused("no_opinions"):
        desk.do(record_visit, case_id=second, opinions="", **visit)
    sent = [*who, Caller("示例派员", "派出单位有关负责同志")]  # the first secretary is seen with the body that sent him
    for case in world.cases[1:]:
        desk.do(record_visit, case_id=case, opinions="希望修路", **{**visit, "callers": sent})
    desk.do(record_visit, case_id=first, opinions="无", **{**visit, "mode": VisitMode.PHONE})
    assert desk.report().figures["not_visited"] == 1  # a call by telephone is no visit
    desk.do(record_visit, case_id=first, opinions="无", **visit)
    drawn = desk.do(draw_inspection, round_id="js", seed="20200210", size=2, on=world.today)
    found = {"result": "in_order", "body": "示例督查组", "on": world.today}
    for case in drawn["drawn"]:
        desk.do(record_finding, inspection_id=drawn["inspection_id"], case_id=case, **found)
    figures = desk.report().figures
    assert figures["amount_fen"] == figures["paid_fen"] == sum(desk.own_aid()) == 300_000
    names = ("people", "paid_people", "booked_people", "visited", "not_visited", "units", "opinions")
    assert [figures[name] for name in names] == [6, 6, 6, 6, 0, 2, 5]
    desk.end(left={"submissions"})


def test_a_life_of_neimenggu(engine):
    """Eight nominees for six places: nomination by the units, decision by the committee, the web, the units pay."""
    world = neimenggu(engine)
    desk = Desk(world)
    with refused("skipped", "IM-2.1"):
        world.step(Stage.SCREENING, "各单位", date(2022, 12, 21), unit_id="甲")
    with refused("no_list"):
        desk.meet("工委委员会", date(2022, 12, 25))
    unit_steps(world)
    world.adopt()
    with refused("by_meeting"):
        world.step(Stage.DETERMINATION, "工委委员会", date(2022, 12, 25))
    with refused("not_official"):
        desk.post("工委", date(2022, 12, 26), date(2022, 12, 31))
    with refused("other_body"):
        desk.meet("工委办公会", date(2022, 12, 25))
    given = {row["case_id"] for row in world.list().numbers["awards"]}
    amounts = {case: PersonResult(Decision.CHANGED_AMOUNT, "按困难程度", 200_000) for case in given}
    desk.meet("工委委员会", date(2022, 12, 25), results=amounts)
    assert not desk.ready().ready
    desk.open()
    assert desk.claims() == []  # nobody has been through the public notice
    notice = desk.post("工委", date(2022, 12, 26), date(2022, 12, 30))["notice_id"]
    with refused("still_running"):
        desk.do(close_notice, notice_id=notice, expected_version=1)
    world.today = date(2022, 12, 31)
    desk.do(close_notice, notice_id=notice, expected_version=1)
    assert len(desk.ready().ready) == 6
    desk.open()
    assert {claim.amount_fen for claim in desk.claims()} == {200_000}
    fund, through = desk.claims()[0].fund, desk.claims()[0].pass_through
    assert not through
    with refused("overdrawn"):
        desk.do(hand_over, claims=desk.seen(), place=VisitPlace.HOME, handed_by="示例", on=world.today)
    desk.do(record_income, round_id="im", fund=fund, amount_fen=1_200_000, on=world.today, basis="示例凭证")
    desk.do(hand_over, claims=desk.seen(), place=VisitPlace.HOME, handed_by="示例", on=world.today)
    with refused("no_receipt"):
        desk.do(book, claims=desk.seen(), voucher="示例", on=world.today)
    desk.do(record_receipt, claims=desk.seen(), signed_on=world.today, signed_with="seal")
    desk.do(book, claims=desk.seen(), voucher="示例", on=world.today)
    assert desk.own_aid() == [200_000] * 6
    figures = desk.report().figures
    assert (figures["people"], figures["booked_people"], figures["paid_fen"]) == (6, 6, 1_200_000)
    desk.end(left={"submissions", "unvisited"})


def test_a_life_of_jiaozuo(engine):
    """Renewals by their shorter path, a new application by the long one; seven days; the body sets the amounts."""
    world = jiaozuo(engine)
    desk = Desk(world)
    renew, new = world.cases[:2], world.cases[2:]
    branch = "困难党员所在党支部"
    with refused("skipped"):
        world.step(Stage.BRANCH_MEETING, "支部大会", date(2018, 11, 27), case_ids=renew)
    with refused("not_in_chain"):
        world.step(Stage.APPLICATION, "困难党员本人", date(2018, 11, 27), case_ids=renew)
    world.step(Stage.SURVEY, branch, date(2018, 11, 26), case_ids=renew)
    world.step(Stage.BRANCH_MEETING, "支部大会", date(2018, 11, 27), case_ids=renew)
    world.step(Stage.APPLICATION, "困难党员本人", date(2018, 11, 26), case_ids=new)
    world.step(Stage.SURVEY, branch, date(2018, 11, 27), case_ids=new)
    sent_back = {new[1]: (Decision.REFUSED, "缺缴费凭证")}
    world.step(Stage.FIRST_REVIEW, branch, date(2018, 11, 28), case_ids=new, results=sent_back)
    new = new[:1]
    with refused("no_end"):
        desk.post("示例支部", date(2018, 11, 29), None, case_ids=renew)
    desk.post("示例支部", date(2018, 11, 29), date(2018, 12, 3), case_ids=renew, closed=True)
    with refused("too_short"):
        desk.post("示例支部", date(2018, 11, 29), date(2018, 12, 3), case_ids=new)
    assert desk.post("示例支部", date(2018, 11, 29), None, case_ids=new, closed=True)["ends_on"] == "2018-12-06"
    with refused("skipped", "JZ-M4.3.1"):
        world.step(Stage.PROPOSAL, "市直机关工委组织部", date(2018, 12, 8), case_ids=new)
    world.step(Stage.SECOND_REVIEW, "上级党组织", date(2018, 12, 7), case_ids=new)
    office = {"signer": "示例部长", "document": "示例签字件"}
    world.step(Stage.PROPOSAL, "市直机关工委组织部", date(2018, 12, 8), case_ids=[*renew, *new], **office)
    world.adopt()
    with refused("no_quorum"):
        desk.meet("市直机关工委会议", date(2018, 12, 12), present=0, agreed=0)
    with refused("not_carried"):
        desk.meet("市直机关工委会议", date(2018, 12, 12), agreed=4)
    fen = dict(zip([*renew, *new], (200_000, 200_000, 500_000), strict=True))
    changed = {case: PersonResult(Decision.CHANGED_AMOUNT, "会议研究", amount) for case, amount in fen.items()}
    desk.meet("市直机关工委会议", date(2018, 12, 12), results=changed)
    assert sorted(desk.ready().ready) == sorted(fen)
    desk.open()
    desk.pay_through_units(fund="dues", fen=900_000, units=["局"], on=date(2018, 12, 18))
    assert {claim.case_id: claim.amount_fen for claim in desk.claims()} == fen
    assert desk.own_aid() == sorted(fen.values())
    for case in fen:
        assert {Stage.PAYMENT, Stage.RECEIPT} <= world.history(case).keys()
    assert desk.report().figures["booked_people"] == 3
    desk.end(left={"submissions"})
