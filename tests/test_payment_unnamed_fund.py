"""内蒙古 names no fund: what the officer typed beside the list is what the list is paid from."""

from __future__ import annotations

import pytest
from review_round import by, neimenggu, unit_steps
from test_review_notices import meet

from casework import db
from casework.allocation import Parameters
from casework.allocation.fund import UNNAMED
from casework.payment.claims import shares_of
from casework.payment.common import official_list
from casework.payment.funds import own_terms, record_income
from casework.problems import Refused

EACH, FUND = 100_000, 600_000


@pytest.fixture
def world(sqlite_database_url, monkeypatch):
    """Six people on the decided list, 1000 yuan each, out of 6000 yuan the circular does not speak of."""
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)
    monkeypatch.setenv("CASEWORK_KEY", "cd" * 32)
    engine = db.open_ledger(sqlite_database_url)
    round_ = neimenggu(engine)
    unit_steps(round_)
    typed = Parameters().with_fund(UNNAMED, FUND)
    for case_id in round_.cases:
        typed = typed.with_decided(case_id, EACH)
    round_.adopt(typed)
    meet(round_)
    yield round_
    engine.dispose()


def test_the_list_is_paid_from_the_fund_the_officer_typed(world):
    terms = world.read(own_terms, world.round_id)
    assert {name: (one.fen, one.purposes) for name, one in terms.items()} == {"": (FUND, ("exceptional",))}

    shares = list(shares_of(world.read(official_list, world.round_id), world.policy, terms))
    assert [(share.fund, share.fen) for share in shares] == [("", EACH)] * 6


def test_no_more_comes_in_than_was_typed(world):
    say = {"round_id": world.round_id, "on": world.today, "basis": "示例凭证"}
    assert record_income(world.engine, amount_fen=FUND, **say, **by(world.today))["balance_fen"] == FUND
    with pytest.raises(Refused, match="超出定额 6000 元") as caught:
        record_income(world.engine, amount_fen=1, **say, **by(world.today))
    assert caught.value.reason_code == "over_fund"
