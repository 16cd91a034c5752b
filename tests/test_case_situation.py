"""What is entered on the case screen: causes, 困难程度, checks, honours and aid, corrected and taken out again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from review_round import OFFICER, by, neimenggu
from test_views_cases import desk_of, listed_of, panel

from casework import db
from casework.access import LOCAL_VIEWER
from casework.review.judgements import record_judgements
from casework.rules import case_clauses
from casework.views import cases, review_forms
from casework.views.cases import desk as desks
from casework.views.cases import listing
from casework.views.cases.checked import marks_of
from casework.views.situation_deeds import AID, CAUSE, CHECK, DEGREE, DROP, HONOUR, NEW, situation_forms
from casework.vocabulary import Mark

CAUSED = {"cause": "schooling", "affected": "spouse", "on": "", "note": "", "main": False}


@pytest.fixture
def world(sqlite_database_url, monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)
    engine = db.open_ledger(sqlite_database_url)
    made = neimenggu(engine)
    for module in (desks, listing, review_forms):
        monkeypatch.setattr(module, "clock", lambda: by(made.today)["now"])
    yield made
    engine.dispose()


def read(world, at=0):
    return cases.open_case(listed_of(world), world.cases[at])


def do(world, name, given, *, opened=True):
    case = read(world)
    form = situation_forms(desk_of(world), "p", case, opened=opened)[name]
    return form.deed(OFFICER, given)


def causes(world):
    return [(row["cause"], row["affected"]) for row in read(world).facts.causes.to_dicts()]


def test_a_wrong_cause_is_corrected_and_taken_out_and_the_history_keeps_it(world):
    before = causes(world)
    assert do(world, CAUSE, {**CAUSED, "which": NEW}).done
    assert sorted(causes(world)) == sorted([*before, ("schooling", "spouse")])

    [label] = [one for one in choices(world, CAUSE, "which") if "配偶" in one]
    assert do(world, CAUSE, {**CAUSED, "which": label, "affected": "child"}).done
    assert sorted(causes(world)) == sorted([*before, ("schooling", "child")])

    [wrong] = [one for one in choices(world, DROP, "row") if "子女" in one]
    assert do(world, DROP, {"row": wrong}).done
    assert causes(world) == before
    assert not do(world, DROP, {"row": wrong}).done  # it is there no more


def choices(world, name, field):
    form = situation_forms(desk_of(world), "p", read(world), opened=True)[name]
    return dict(next(one.options for one in form.fields if one.name == field))


def test_before_the_case_is_opened_no_form_names_a_cause_or_its_papers(world):
    assert do(world, CAUSE, CAUSED, opened=False).done
    shut = situation_forms(desk_of(world), "p", read(world))
    assert all(one.name != "which" for one in shut[CAUSE].fields)
    assert DROP not in shut
    assert any("成因：子女教育（配偶）" in one for one in choices(world, DROP, "row"))


def test_somebody_else_s_correction_meanwhile_is_not_overwritten(world):
    case = read(world)
    label = next(one for one in choices(world, CAUSE, "which") if one != NEW)
    mine = situation_forms(desk_of(world), "p", case, opened=True)[CAUSE]
    other = situation_forms(desk_of(world), "q", case, opened=True)[CAUSE]
    assert other.deed(OFFICER, {**CAUSED, "which": label}).done
    told = mine.deed(OFFICER, {**CAUSED, "which": label, "affected": "child"})
    assert not told.done
    assert "已被别人改过" in told.html


def test_degree_checks_honours_and_aid_are_entered_once(world):
    assert do(world, DEGREE, {"degree": "hardship"}).done
    assert read(world).case["degree"] == "hardship"
    case = read(world)
    honour = situation_forms(desk_of(world), "p", case)[HONOUR]
    for _ in range(2):  # pressing twice is once
        assert honour.deed(OFFICER, {"title": "示例优秀党员", "level": "县级", "on": ""}).done
    assert "请填写荣誉名称" in do(world, HONOUR, {"title": "", "level": "", "on": ""}).html
    given = {name: next(iter(choices(world, AID, name).values())) for name in ("kind", "status")}
    assert do(world, AID, {**given, "source": "示例工会", "on": "", "amount": "300"}).done
    case = read(world)
    assert [row["title"] for row in case.facts.honours.to_dicts()].count("示例优秀党员") == 1
    assert 30_000 in [row["amount_fen"] for row in case.facts.aid.to_dicts()]
    assert "不能标为无" in do(world, CHECK, {"list": "honours", "mark": "none"}).html
    assert do(world, CHECK, {"list": "honours", "mark": "present"}).done
    assert marks_of(read(world))["honours"] == "present"


def test_readers_and_those_who_left_get_no_form(world):
    assert situation_forms(desk_of(world, LOCAL_VIEWER), "p", read(world), opened=True) == {}
    gone = replace(read(world), facts=read(world).facts.replace(people=[]))
    assert situation_forms(desk_of(world), "p", gone, opened=True) == {}


def test_an_answer_later_than_the_day_of_the_list_is_warned_of(world):
    listed = listed_of(world)
    clause = next(one for one in case_clauses(listed.desk.policy, listed.desk.today) if one.ask)
    said = {"clause_id": clause.id, "value": Mark.NONE, "body": "示例支部", "basis": "示例核实"}
    assert "晚于情况截至日期" not in panel(world, world.cases[0])
    later = listed.desk.as_of + timedelta(days=3)
    record_judgements(world.engine, round_id=world.round_id, case_ids=world.cases[:1], on=later, **said, **by(later))
    assert "有 1 条认定晚于情况截至日期" in panel(world, world.cases[0])
