"""What an officer sees of the cases: the worklist and its batches, one case, what is masked, who may see what."""

from __future__ import annotations

from datetime import date

import pytest
from review_round import OFFICER, by, jiaozuo, neimenggu
from sqlmodel import select

from casework import db
from casework.access import LOCAL_VIEWER, Actor, to_user
from casework.models import AuditEntry
from casework.models_people import ContactOpening
from casework.models_review import ReviewStep
from casework.people.contacts import put_contact
from casework.review import worklist_paged
from casework.review.removal import remove_person
from casework.review.worklist import work_page, worklist
from casework.views import Ledger, cases
from casework.views.cases import desk as desks
from casework.views.cases import listing
from casework.vocabulary import RemovalCause, Role

ALL = {"previous": "", "next": "", "all": "", "none": "", "names": {}, "checks": {}}
NARROW = Actor(id="n", name="示例乡镇经办", role=Role.OFFICER, units=frozenset({"乙"}))
TODAY = date(2022, 12, 27)


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)


@pytest.fixture(params=[neimenggu])
def world(request, sqlite_database_url, monkeypatch):
    engine = db.open_ledger(sqlite_database_url)
    made = request.param(engine)
    for module in (desks, listing):
        monkeypatch.setattr(module, "clock", lambda: by(made.today)["now"])
    monkeypatch.setattr("casework.views.cases.deeds.clock", lambda: by(made.today)["now"])
    monkeypatch.setattr("casework.views.cases.case_deeds.clock", lambda: by(made.today)["now"])
    yield made
    engine.dispose()


def desk_of(world, actor=OFFICER):
    return cases.open_case_desk(Ledger(world.engine), world.round_id, to_user(actor))


def listed_of(world, actor=OFFICER, *, projected=False):
    return cases.open_cases(desk_of(world, actor), cases.Look(projected))


def sitting(task="step:survey", **more):
    told = {"body": "各单位", "on": TODAY, "basis": "示例会议记录 1 号", **more}
    return cases.sitting_of(task, told)


def decide(world, who, *, choice="agreed", reason="", page="p", task="step:survey", actor=OFFICER, **more):
    listed = listed_of(world, actor)
    return cases.decide(
        listed.desk, actor, page, sitting(task, **more), who, choice=choice, reason=reason, seen=listed.version
    )


def steps(world):
    return world.read(lambda session: session.exec(select(ReviewStep)).all())


# -- the page as a whole ---------------------------------------------------------------------------------------------


def test_an_empty_ledger_leads_to_a_new_round(sqlite_database_url):
    engine = db.open_ledger(sqlite_database_url)
    nothing = cases.open_case_desk(Ledger(engine), None, to_user(OFFICER))
    assert 'href="/rounds/"' in nothing.html
    assert "没有这一轮" in cases.open_case_desk(Ledger(engine), "x", to_user(OFFICER)).html
    engine.dispose()


def test_without_the_guard_nobody_is_read_and_nothing_is_offered(world):
    desk = cases.open_case_desk(Ledger(world.engine), world.round_id, None)
    assert (desk.with_cases, desk.may_write, desk.cases) == (False, False, 0)
    assert "casework serve" in cases.empty_work(desk)


def test_readers_get_no_deeds(world):
    assert not desk_of(world, LOCAL_VIEWER).may_write
    done = decide(world, world.cases[:1], actor=LOCAL_VIEWER)
    assert done.general == "只读人员不能办理，请联系经办人员"
    assert steps(world) == []


def test_the_scope_of_the_account_holds_in_every_query(world):
    listed = listed_of(world, NARROW)
    assert set(listed.page(cases.View()).rows["unit_id"]) == {"乙"}
    assert list(listed.desk.unit_names) == ["乙"]
    assert listed.desk.cases == 2
    assert cases.open_case(listed, world.cases[0]) is None
    done = decide(world, world.cases[:1], actor=NARROW)
    assert list(done.refused) == world.cases[:1]
    assert steps(world) == []


# -- the worklist ----------------------------------------------------------------------------------------------------


def test_filters_count_what_they_would_show(world):
    decide(world, world.cases[:3])
    listed = listed_of(world)
    choices = cases.choices(listed, cases.View())
    assert choices["next_stage"] == {"全部 8": "", "待摸底 5": "survey", "待筛选 3": "screening"}
    assert cases.choices(listed, cases.View(unit="乙"))["next_stage"] == {"全部 2": "", "待摸底 2": "survey"}
    assert listed.ids(cases.View(next_stage="screening")) == world.cases[:3]
    assert listed.ids(cases.View(text="乙1")) == [world.cases[6]]


def test_moving_stays_within_the_filters_and_at_the_ends(world):
    listed = listed_of(world)
    view = cases.View(unit="甲")
    assert listed.beside(view, None, 1) == world.cases[0]
    assert listed.beside(view, world.cases[0], 1) == world.cases[1]
    assert listed.beside(view, world.cases[5], 1) == world.cases[5]
    assert listed.beside(view, world.cases[0], -1) == world.cases[0]
    assert listed.beside(cases.View(text="没有这个人"), None, 1) is None


def test_beyond_what_is_assessed_the_outcomes_are_not_counted_and_the_rest_is_the_same(world, monkeypatch):
    small = listed_of(world)
    filters = dict.fromkeys(("state", "next_stage", "unit", "due", "text"), "-")
    monkeypatch.setattr(listing, "AT_ONCE", 3)
    monkeypatch.setattr(listing, "_counted", type(listing._counted)())
    large = listed_of(world)
    assert small.outcomes
    assert not large.outcomes
    for view in (cases.View(), cases.View(unit="乙"), cases.View(text="乙1"), cases.View(due="week")):
        assert large.page(view).rows.equals(small.page(view).rows)
        assert large.ids(view) == small.ids(view)
        assert cases.choices(large, view) == {
            name: each for name, each in cases.choices(small, view).items() if name != "verdict"
        }
    assert large.page(cases.View(verdict="refused")).total == 8  # an address kept from a smaller round
    assert large.in_order([world.cases[7], world.cases[0]]) == [world.cases[0], world.cases[7]]
    assert "个案太多，不按结论筛选" in cases.filters_panel(filters, {})
    assert "个案太多" not in cases.filters_panel({**filters, "verdict": "-"}, {})


def test_after_a_deed_only_the_units_concerned_are_read_again_and_nothing_is_lost(world, monkeypatch):
    listed_of(world)
    read = []

    def counting(session, *, round_id, actor, now):
        read.append(actor.units)
        return worklist(session, round_id=round_id, actor=actor, now=now)

    monkeypatch.setattr(worklist_paged, "worklist", counting)
    decide(world, world.cases[6:7])
    fresh = listed_of(world)
    assert read == [frozenset({"乙"})]
    whole = world.read(worklist, round_id=world.round_id, actor=OFFICER, now=by(world.today)["now"])
    assert fresh.page(cases.View()).rows.equals(whole.head(listing.PAGE))
    assert fresh.counted(cases.View()).counts == work_page(whole).counts
    assert read == [frozenset({"乙"})], "the other units' rows were kept"
    told = {"case_id": world.cases[0], "cause": RemovalCause.DECLINED, "on": TODAY, "basis": "示例声明"}
    remove_person(world.engine, **told, expected_version=1, **by(world.today))
    assert listed_of(world).row(world.cases[0])["state"] == "gone"
    assert read[-1] == frozenset({"甲", "乙"})


def test_a_batch_gives_each_case_its_result_and_its_reason(world):
    decide(world, world.cases[:1])
    done = decide(world, world.cases[:4], page="q")
    assert done.done == world.cases[1:4]
    assert list(done.refused) == world.cases[:1]
    assert "不能再登记" in done.refused[world.cases[0]]
    html = cases.results_html(listed_of(world), done, "同意")
    assert "已登记 3 人，1 人没有登记" in html
    assert "示例甲1" in html


def test_what_concerns_everybody_is_said_once(world):
    assert decide(world, world.cases, choice="refused").general == "不同意要写明理由。"
    assert decide(world, [], choice="agreed").general == "请先选定人。"
    assert decide(world, world.cases, choice="forged").general == "请先选定结果。"
    assert decide(world, world.cases, on=None).general == "请填写日期。"
    assert decide(world, world.cases, body="").general == "“摸底”要写明由谁办理"
    assert steps(world) == []


def test_a_double_click_writes_once(world):
    listed = listed_of(world)
    for _ in range(2):
        done = cases.decide(
            listed.desk, OFFICER, "page", sitting(), world.cases[:2], choice="agreed", reason="", seen=listed.version
        )
        assert done.done == world.cases[:2]
    assert len(steps(world)) == 1


def test_a_shortcut_is_refused_in_the_words_of_the_clause(world):
    done = decide(world, world.cases[:1], task="step:unit_review")
    assert "还没有办“摸底”" in done.refused[world.cases[0]]
    assert "规定“" in done.refused[world.cases[0]]


def test_a_package_is_recorded_once_for_its_unit(world):
    listed = listed_of(world)
    told = cases.record_package(listed.desk, OFFICER, "p", sitting(), "乙", seen=listed.version)
    assert "共 2 人" in told.html
    assert [step.unit_id for step in steps(world)] == ["乙"]


def test_an_answer_is_a_task_like_a_step(world):
    listed = listed_of(world)
    assert "认定：长期党务工作（三、（一））" in cases.tasks(listed, cases.View()) or any(
        task == "ask:IM-3.1.4" for task in cases.tasks(listed, cases.View()).values()
    )
    done = decide(world, world.cases[:2], task="ask:IM-3.1.4", choice="present")
    assert done.done == world.cases[:2]
    case = cases.open_case(listed_of(world), world.cases[0])
    assert case.asked["IM-3.1.4"][1]["value"] == "present"


# -- one case --------------------------------------------------------------------------------------------------------


def panel(world, case_id, *, opened=None, projected=False, forms=None):
    listed = listed_of(world, projected=projected)
    case = cases.open_case(listed, case_id)
    moves = {"previous": "", "next": ""}
    return cases.case_panel(listed.desk, listed.look, case, {**moves, **(forms or {})}, opened)


def test_illness_and_numbers_are_masked_until_opened_with_a_purpose(world):
    who = world.cases[0]
    person = world.sample.tables["cases"][0]["person_id"]
    put_contact(world.engine, person_id=person, kind="phone", value="13900001234", **by(world.today))
    shown = panel(world, who)
    assert "139****1234" in shown
    for hidden in ("13900001234", "本人重大疾病"):
        assert hidden not in shown
    listed = listed_of(world)
    case = cases.open_case(listed, who)
    told, found = cases.open_numbers(listed.desk, OFFICER, case, " ")
    assert (told.done, found) == (False, None)
    told, found = cases.open_numbers(listed.desk, OFFICER, case, "核对电话")
    assert told.done
    assert "13900001234" in panel(world, who, opened=found)
    assert "本人重大疾病" in panel(world, who, opened=found)
    assert "13900001234" not in panel(world, who, opened=found, projected=True)
    log = world.read(lambda session: session.exec(select(ContactOpening)).all())
    assert [(one.purpose, one.case_id) for one in log] == [("核对电话", who)]
    assert {"phone", "card", "causes", "papers"} <= set(log[0].kinds)  # the log says that causes were shown too
    actions = world.read(lambda session: session.exec(select(AuditEntry.action)).all())
    assert actions.count("open_contact") == 1


def test_projected_names_are_masked_before_anything_is_built(world):
    listed = listed_of(world, projected=True)
    page = cases.table_panel(listed, cases.View(), ALL)
    assert "示例甲1" not in page
    assert "示例甲1" not in panel(world, world.cases[0], projected=True)
    assert "示例甲1" in cases.table_panel(listed_of(world), cases.View(), ALL)


def test_the_next_step_stands_with_its_clause(world):
    shown = panel(world, world.cases[0])
    assert "下一步" in shown
    assert "下级办理、本级备查" in shown
    decide(world, world.cases[:1])
    assert "示例会议记录 1 号" in panel(world, world.cases[0])


def test_a_record_is_taken_back_and_both_stay_readable(world):
    decide(world, world.cases[:1])
    listed = listed_of(world)
    case = cases.open_case(listed, world.cases[0])
    number = next(iter(cases.revocable(case).values()))
    assert not cases.take_back(listed.desk, OFFICER, "p", case, {"which": 999, "reason": "x"}).done
    assert cases.take_back(listed.desk, OFFICER, "p", case, {"which": number, "reason": "登记错了"}).done
    again = cases.open_case(listed_of(world), world.cases[0])
    assert cases.revocable(again) == {}
    assert "已更正" in panel(world, world.cases[0])
    assert listed_of(world).row(world.cases[0])["stage"] is None


def test_who_has_left_stays_readable(world):
    listed = listed_of(world)
    case = cases.open_case(listed, world.cases[0])
    given = {"cause": "declined", "on": TODAY, "basis": "本人声明"}
    assert not cases.leave_round(listed.desk, OFFICER, "p", case, {**given, "cause": "forged"}).done
    assert cases.leave_round(listed.desk, OFFICER, "p", case, given).done
    assert "已减员：放弃" in cases.table_panel(listed_of(world), cases.View(state="gone"), ALL)
    shown = panel(world, world.cases[0])
    assert "已减员" in shown
    assert "没有算出来" not in shown


@pytest.mark.parametrize("world", [jiaozuo], indirect=True)
def test_papers_are_asked_for_by_cause_and_recorded(world):
    who = world.cases[3]
    case = cases.open_case(listed_of(world), who)
    assert [(paper.document, paper.held is not None) for paper in case.papers] == [
        ("县级或以上医院疾病证明", True),
        ("缴费凭证", False),
    ]
    assert "县级或以上医院疾病证明" not in panel(world, who)
    given = {"document": "缴费凭证", "issuer": "示例医院", "seen": True, "kept": True}
    desk = desk_of(world)
    assert not cases.keep_paper(desk, OFFICER, "p", case, {**given, "issuer": ""}).done
    assert cases.keep_paper(desk, OFFICER, "p", case, given).done
    assert all(paper.held for paper in cases.open_case(listed_of(world), who).papers)


@pytest.mark.parametrize("world", [jiaozuo], indirect=True)
def test_per_head_income_is_computed(world):
    case = cases.open_case(listed_of(world), world.cases[0])
    home = case.facts.households.row(0, named=True)
    assert home["size"] > 0
    shown = panel(world, world.cases[0])
    assert "人均年收入" in shown
    assert "算不出" not in shown


def test_nothing_typed_is_taken_as_markup(world):
    told = {"choice": "deferred", "reason": "<img src=x onerror=alert(1)>"}
    done = decide(world, world.cases[:1], **told)
    html = cases.results_html(listed_of(world), done, told["reason"]) + panel(world, world.cases[0])
    assert "<img" not in html
    assert "&lt;img" in html


# -- by hand ---------------------------------------------------------------------------------------------------------


def test_a_case_is_entered_and_corrected_by_hand_under_the_same_checks(world, monkeypatch):
    monkeypatch.setattr("casework.views.cases.entering.clock", lambda: by(world.today)["now"])
    desk = desk_of(world)
    given = {"unit_of": "乙", "name": "示例手工", "sex": "女", "born_on": "1966年13月"}
    refused = cases.enter(desk, OFFICER, "p", given)
    assert not refused.done
    assert "1966年13月" in refused.html
    told = cases.enter(desk, OFFICER, "p", {**given, "born_on": "1966年3月"})
    assert told.done, told.html
    listed = listed_of(world)
    who = listed.ids(cases.View(text="示例手工"))
    assert len(who) == 1
    case = cases.open_case(listed, who[0])
    first = cases.first_values(desk, case)
    assert first["name"] == "示例手工"
    assert not cases.correct(desk, OFFICER, "p", case, first=first, given=first).done
    assert cases.correct(desk, OFFICER, "p", case, first=first, given={**first, "branch": "示例二支部"}).done
    again = cases.open_case(listed_of(world), who[0])
    assert again.person["branch"] == "示例二支部"
    assert again.person["born_on"] == date(1966, 3, 1)
