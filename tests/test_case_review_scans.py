"""Scans on the screen: added beside a case or a package, opened by our own route with a purpose, never for readers."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from review_round import OFFICER, by, neimenggu
from sqlmodel import select
from test_attachments import png

from casework import db
from casework.access import LOCAL_VIEWER, Actor, to_user
from casework.models_people import Attachment, AttachmentOpening, AttachmentWithdrawal
from casework.problems import Refused
from casework.views import Ledger, cases
from casework.views.cases import desk as desks
from casework.views.cases import listing
from casework.views.cases.files import made_file
from casework.vocabulary import Role

NAME = "示例甲的病情.png"
STRANGER = Actor(id="other", name="示例另一经办", role=Role.OFFICER, units=None)


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)


@pytest.fixture
def world(sqlite_database_url, monkeypatch):
    engine = db.open_ledger(sqlite_database_url)
    made = neimenggu(engine)
    for module in (desks, listing):
        monkeypatch.setattr(module, "clock", lambda: by(made.today)["now"])
    monkeypatch.setattr("casework.views.cases.scans.clock", lambda: by(made.today)["now"])
    yield made
    engine.dispose()


def desk_of(world, actor=OFFICER):
    desk = cases.open_case_desk(Ledger(world.engine), world.round_id, to_user(actor))
    return replace(desk, guarded=True)


def case_of(world, actor=OFFICER):
    listed = replace(cases.open_cases(desk_of(world, actor), cases.Look()))
    return cases.open_case(listed, world.cases[0])


def add(world, body=None, *, actor=OFFICER, name=NAME):
    given = {"file": (name, body or png())}
    return cases.add_scan(desk_of(world, actor), actor, "p", case_of(world).scans, given, purpose="evidence")


def see(world, purpose, actor=OFFICER):
    scans = case_of(world).scans
    which = next(iter(scans.frame["attachment_id"]), "")
    return cases.see_scan(desk_of(world, actor), actor, scans, {"which": which, "purpose": purpose})


def every(world, model):
    return world.read(lambda session: list(session.exec(select(model))))


def test_a_scan_is_added_once_and_its_name_stands_on_no_screen(world):
    assert add(world).done
    assert add(world).done  # the same bytes again are the same scan
    [kept] = every(world, Attachment)
    assert (kept.purpose, kept.case_id) == ("evidence", world.cases[0])
    shown = cases.case_panel(desk_of(world), cases.Look(), case_of(world), {"previous": "", "next": ""}, None)
    assert "证明材料　图片" in shown
    assert "病情" not in shown
    assert kept.attachment_id not in shown


def test_another_kind_of_file_is_refused_in_words(world):
    told = add(world, b"MZ\x90\x00" + b"\x00" * 60)
    assert not told.done
    assert "程序" in told.html
    assert every(world, Attachment) == []


def test_opening_asks_for_a_purpose_logs_it_and_hands_the_file_to_that_account_alone(world):
    add(world)
    assert not see(world, " ").done
    assert every(world, AttachmentOpening) == []
    told = see(world, "核对材料")
    token = re.search(r"key=([\w-]+)", told.html)[1]
    assert [(one.purpose, one.actor_id) for one in every(world, AttachmentOpening)] == [("核对材料", OFFICER.id)]
    found = made_file(token, OFFICER.id)
    assert (found.body, found.media, found.name) == (png(), "image/png", NAME)
    with pytest.raises(Refused):
        made_file(token, STRANGER.id)


def test_a_withdrawn_scan_counts_no_more_and_may_be_added_again(world):
    add(world)
    scans = case_of(world).scans
    which = scans.frame["attachment_id"][0]
    told = cases.drop_scan(desk_of(world), OFFICER, "p", scans, {"which": which, "reason": "放错人"})
    assert told.done
    assert [one.reason for one in every(world, AttachmentWithdrawal)] == ["放错人"]
    assert case_of(world).scans.standing({}) == {}
    assert add(world).done
    assert len(case_of(world).scans.standing({})) == 1


def test_readers_are_not_even_told_which_papers_there_are(world):
    add(world)
    scans = case_of(world, LOCAL_VIEWER).scans
    assert scans.frame.is_empty()
    assert cases.scans_card(scans, {}, {}) == ""
    assert not see(world, "看看", LOCAL_VIEWER).done
    assert every(world, AttachmentOpening) == []


def test_a_package_takes_scans_beside_the_unit_that_handed_it_in(world):
    desk = desk_of(world)
    handed = cases.open_packages(desk).handed
    unit, package = handed[f"{desk.unit_names['乙']}：尚未登记收到的材料"]
    scans = cases.package_scans(desk)
    given = {"file": (NAME, png())}
    assert cases.add_scan(desk, OFFICER, "p", scans, given, purpose="package", unit_id=unit, about=package).done
    assert cases.add_scan(desk, OFFICER, "p", scans, given, purpose="package").done is False
    assert [(one.unit_id, one.purpose) for one in every(world, Attachment)] == [("乙", "package")]
    assert f"{desk.unit_names['乙']} 报送材料" in cases.scans_card(cases.package_scans(desk), {}, desk.unit_names)
