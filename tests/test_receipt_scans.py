"""A receipt names a scan of its own person, or says where the paper stands."""

import payment_round
import pytest
from payment_round import TODAY, TOWN, seen
from sqlmodel import select
from test_attachments import png

from casework import db
from casework.models_payment import Receipt
from casework.payment.receipts import record_receipt
from casework.people.attachments import attach, withdraw_attachment
from casework.problems import Refused

made, quick, _keys = payment_round.made, payment_round.quick, payment_round._keys


def test_a_receipt_names_a_scan_that_exists(quick):
    quick.income()
    quick.open()
    quick.transfer(TOWN)
    quick.hand(quick.claims(unit=TOWN))
    one, two = quick.claims(unit=TOWN)[:2]
    told = {"signed_on": TODAY, "signed_with": "signature"}
    with pytest.raises(Refused) as caught:
        quick.do(record_receipt, claims=seen([one]), document="扫描件:abcdef", **told)
    assert caught.value.reason_code == "not_found"
    scan = {"purpose": "receipt", "name": "回执.png", "body": png(), "case_id": one.case_id}
    put = quick.do(attach, **scan)
    assert quick.do(record_receipt, claims=seen([one]), document=put["reference"], **told)["people"] == 1
    with pytest.raises(Refused) as caught:
        quick.do(withdraw_attachment, attachment_id=put["attachment_id"], reason="示例")
    assert caught.value.reason_code == "in_use"
    with db.reading(quick.engine) as session:
        receipt = session.exec(select(Receipt)).one().receipt_id
    assert quick.do(attach, **{**scan, "about": receipt})["attachment_id"]
    with pytest.raises(Refused) as caught:
        quick.do(attach, **{**scan, "about": receipt, "case_id": two.case_id})
    assert caught.value.reason_code == "not_found"
