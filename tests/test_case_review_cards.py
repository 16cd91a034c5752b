"""核对卡号 on the screen: opened for this one task, in the log first, never while others look on, never for readers."""

from __future__ import annotations

import pytest
from people_ledger import CARD, NOW, ROUND, TOWN, by, filled
from sqlmodel import select

from casework.access import LOCAL_OFFICER, LOCAL_VIEWER, to_user
from casework.db import reading
from casework.models_people import ContactOpening
from casework.people.contacts import put_contact
from casework.views import Ledger, cases
from casework.views.cases import cards as module
from casework.views.cases import desk as desks


@pytest.fixture
def engine(sqlite_database_url, monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)
    opened = filled(sqlite_database_url)
    for where in (module, desks):
        monkeypatch.setattr(where, "clock", lambda: NOW)
    for person_id in ("p3", "p4"):
        put_contact(opened, person_id=person_id, kind="card", value=CARD, **by())
    yield opened
    opened.dispose()


def desk_of(engine, actor=LOCAL_OFFICER):
    return cases.open_case_desk(Ledger(engine), ROUND, to_user(actor))


def openings(engine):
    with reading(engine) as session:
        return session.exec(select(ContactOpening)).all()


def test_cards_are_opened_for_one_task_and_the_log_has_it(engine):
    desk = desk_of(engine)
    told, check = cases.open_cards(desk, LOCAL_OFFICER)
    assert told.html == ""
    [line] = openings(engine)
    assert (line.purpose, line.round_id, sorted(line.kinds)) == ("核对卡号", ROUND, ["card", "designated_card"])
    shown = cases.cards_table(desk, cases.Look(), check)
    assert CARD in shown["卡号"].to_list()
    assert any("与他人登记的卡号相同" in one for one in shown["说明"])
    cases.open_cards(desk, LOCAL_OFFICER)
    assert len(openings(engine)) == 2  # every opening is a line


def test_nothing_counts_as_opened_while_others_look_on_or_for_another_account(engine):
    desk = desk_of(engine)
    _, check = cases.open_cards(desk, LOCAL_OFFICER)
    assert cases.cards_table(desk, cases.Look(projected=True), check) is None
    assert cases.cards_table(desk_of(engine, TOWN), cases.Look(), check) is None
    assert cases.cards_panel(desk_of(engine, LOCAL_VIEWER), cases.Look(), "表", "", "") == ""
    told, found = cases.open_cards(desk, LOCAL_VIEWER)
    assert found is None
    assert "cw-warn" in told.html
    assert len(openings(engine)) == 1


def test_a_unit_out_of_reach_opens_nothing(engine):
    told, found = cases.open_cards(desk_of(engine, TOWN), TOWN, "b")
    assert found is None
    assert "单位范围" in told.html
    assert openings(engine) == []
