"""The chain of each circular, and steps on record: none skipped, none out of order, none twice, none lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from review_round import OTHER, by, jiaozuo, neimenggu, unit_steps
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from casework import db
from casework.access import Actor
from casework.models import Table
from casework.models_review import APPEND_ONLY
from casework.policy import load_policy
from casework.problems import Conflict, NotAllowed, Refused
from casework.review.chain import Done, chain, check_body, check_days, check_order, missing, next_steps
from casework.review.records import single_handed
from casework.review.steps import record_step, revoke_step
from casework.vocabulary import Decision, Role, Stage

IM, JZ, JS = (load_policy(name) for name in ("neimenggu-2022", "jiaozuo-2018", "jianshi-2020"))
DAY = date(2022, 12, 21)


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)


@pytest.fixture
def engine(database_url):
    engine = db.open_ledger(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite(sqlite_database_url):
    engine = db.open_ledger(sqlite_database_url)
    yield engine
    engine.dispose()


def stages(policy, path=""):
    return " ".join(link.stage.value for link in chain(policy, path))


def done(stage, on=DAY, result=Decision.AGREED, seq=1, **more):
    return Done(seq, stage, result, on, **more)


def history(*stages, on=DAY):
    return {stage: done(stage, on, seq=number) for number, stage in enumerate(stages, start=1)}


# -- the chain, from the pack alone --------------------------------------------------------------------------------


def test_each_circular_has_its_own_chain():
    assert stages(JS) == "recommendation branch_meeting determination public_notice roster"
    assert stages(JZ, "new") == (
        "application survey first_review public_notice second_review proposal determination payment receipt"
    )
    assert stages(JZ, "renew") == "survey branch_meeting public_notice proposal determination payment receipt"
    assert stages(IM) == "survey screening unit_review nomination determination public_notice"


def test_who_carries_a_step_out_comes_from_the_pack():
    own = {
        name: [link.stage.value for link in chain(p, path) if link.own]
        for name, p, path in (("js", JS, ""), ("jz", JZ, "new"), ("im", IM, ""))
    }
    assert own == {"js": [], "jz": ["proposal", "determination"], "im": ["determination", "public_notice"]}


def test_a_chain_follows_after_and_not_the_order_of_the_file():
    turned = replace(JS, clauses=tuple(reversed(JS.clauses)))
    assert stages(turned) == stages(JS)


def test_a_weaker_step_and_one_that_is_excepted_may_be_passed_over():
    soft = [link.stage.value for p, path in ((JS, ""), (JZ, "new"), (IM, "")) for link in chain(p, path) if link.soft]
    assert soft == ["second_review", "nomination"]


def test_next_is_the_first_missing_step_and_what_follows_a_weaker_one():
    links = chain(IM, "")
    assert [link.stage for link in next_steps({}, links)] == [Stage.SURVEY]
    reviewed = history(Stage.SURVEY, Stage.SCREENING, Stage.UNIT_REVIEW)
    assert [link.stage for link in next_steps(reviewed, links)] == [Stage.NOMINATION, Stage.DETERMINATION]
    refused = {Stage.SURVEY: done(Stage.SURVEY, result=Decision.REFUSED, reason="示例")}
    assert next_steps(refused, links) == ()
    put_off = {Stage.SURVEY: done(Stage.SURVEY, result=Decision.DEFERRED, reason="示例")}
    assert [link.stage for link in next_steps(put_off, links)] == [Stage.SURVEY]
    assert missing(reviewed, links, before=Stage.DETERMINATION)[0].stage is Stage.NOMINATION


def test_a_skipped_step_is_refused_with_the_clause_and_its_words():
    with pytest.raises(Refused) as caught:
        check_order({}, chain(JS, ""), stage=Stage.DETERMINATION, name="示例甲")
    assert caught.value.reason_code == "skipped"
    assert str(caught.value) == (
        "示例甲还没有办“推荐”，不能直接办“研究审定”：五、有关要求 1规定"
        "“要按照“党员群众推荐，党支部研究，党委集中审定”的步骤确定慰问对象”（JS-5.1.1）"
    )


def test_passing_over_a_weaker_step_needs_a_reason():
    links, known = chain(IM, ""), history(Stage.SURVEY, Stage.SCREENING, Stage.UNIT_REVIEW)
    with pytest.raises(Refused, match="确需越过的，请写明理由"):
        check_order(known, links, stage=Stage.DETERMINATION, name="示例甲")
    with pytest.raises(Refused, match="越过“申报”要写明理由"):
        check_order(known, links, stage=Stage.DETERMINATION, name="示例甲", skip={Stage.NOMINATION: " "})
    assert check_order(known, links, stage=Stage.DETERMINATION, name="示例甲", skip={Stage.NOMINATION: "示例理由"}) == (
        Stage.NOMINATION,
    )


def test_a_hard_step_is_not_passed_over_whatever_the_reason():
    with pytest.raises(Refused, match="还没有办“摸底”"):
        check_order({}, chain(IM, ""), stage=Stage.SCREENING, name="示例甲", skip={Stage.SURVEY: "示例理由"})


def test_a_refused_person_goes_no_further():
    known = {Stage.SURVEY: done(Stage.SURVEY, result=Decision.REFUSED, reason="示例理由")}
    with pytest.raises(Refused, match="示例甲在“摸底”环节未获同意（示例理由），不能再往下办"):
        check_order(known, chain(IM, ""), stage=Stage.SCREENING, name="示例甲")


@pytest.mark.parametrize(
    ("on", "said"),
    [
        (date(2022, 12, 20), "“筛选”（2022年12月20日）不能早于“摸底”（2022年12月21日）"),
        (date(2022, 12, 24), "“筛选”（2022年12月24日）不能晚于“单位审核”（2022年12月23日）"),
        (date(2023, 1, 2), "日期2023年1月2日还没有到"),
    ],
)
def test_steps_keep_the_order_of_their_days(on, said):
    known = {Stage.SURVEY: done(Stage.SURVEY), Stage.UNIT_REVIEW: done(Stage.UNIT_REVIEW, date(2022, 12, 23))}
    with pytest.raises(Refused) as caught:
        check_days(known, chain(IM, ""), stage=Stage.SCREENING, on=on, today=date(2022, 12, 31), name="示例甲")
    assert said in str(caught.value)


def test_a_step_on_the_same_day_is_fine():
    known = {Stage.SURVEY: done(Stage.SURVEY)}
    check_days(known, chain(IM, ""), stage=Stage.SCREENING, on=DAY, today=DAY, name="示例甲")


def test_what_follows_a_notice_begins_the_day_after_its_last():
    links = chain(JZ, "new")
    known = history(Stage.APPLICATION, Stage.SURVEY, Stage.FIRST_REVIEW, on=date(2018, 12, 1))
    known[Stage.PUBLIC_NOTICE] = done(Stage.PUBLIC_NOTICE, date(2018, 12, 1), until=date(2018, 12, 8))
    say = {"stage": Stage.SECOND_REVIEW, "today": date(2018, 12, 31), "name": "示例甲"}
    with pytest.raises(Refused, match="公示到2018年12月8日为止，2018年12月9日起才能办“复审”"):
        check_days(known, links, on=date(2018, 12, 8), **say)
    check_days(known, links, on=date(2018, 12, 9), **say)


def test_the_body_must_be_one_the_circular_names():
    determination = chain(JS, "")[2]
    check_body(determination, "业州镇党委")
    with pytest.raises(Refused, match="“研究审定”应由党委、工委办理，读到“示例镇政府”"):
        check_body(determination, "示例镇政府", reason="示例理由")
    with pytest.raises(Refused, match="要写明由谁办理"):
        check_body(determination, " ")
    weaker = chain(IM, "")[3]
    with pytest.raises(Refused, match="确由其他组织办理的，请写明理由"):
        check_body(weaker, "示例党组")
    check_body(weaker, "示例党组", reason="示例理由")


# -- on record -----------------------------------------------------------------------------------------------------


def test_a_package_is_recorded_once_and_holds_for_all_its_rows(engine):
    world = neimenggu(engine)
    first = world.step(Stage.SURVEY, "各单位", DAY, unit_id="甲")
    assert (first["people"], first["results"]) == (6, {"agreed": 6})
    later = world.step(
        Stage.SCREENING, "各单位", DAY, unit_id="甲", results={world.cases[5]: (Decision.REFUSED, "示例理由")}
    )
    assert later["results"] == {"agreed": 5, "refused": 1}
    assert world.history(world.cases[0])[Stage.SCREENING].holds
    assert world.history(world.cases[5])[Stage.SCREENING].reason == "示例理由"
    assert world.history(world.cases[6]) == {}
    # Who was refused does not stop the package, and is no longer part of it.
    assert world.step(Stage.UNIT_REVIEW, "各单位", DAY, unit_id="甲")["people"] == 5


def test_a_repeat_changes_nothing_and_a_second_entry_is_refused(engine):
    world = neimenggu(engine)
    say = {"round_id": world.round_id, "stage": Stage.SURVEY, "body": "各单位", "on": DAY, "unit_id": "甲"}
    command = {**say, **by(world.today), "expected_version": 0}
    assert record_step(engine, **command) == record_step(engine, **command)
    with pytest.raises(Refused, match="都已办过"):
        record_step(engine, **say, **by(world.today), expected_version=world.version)


def test_nobody_skips_a_step_through_the_command_either(engine):
    world = neimenggu(engine)
    with pytest.raises(Refused) as caught:
        world.step(Stage.SCREENING, "各单位", DAY, unit_id="甲")
    assert caught.value.reason_code == "skipped"
    assert "IM-2.1" in str(caught.value)
    assert world.version == 0


def test_two_sessions_the_second_hears_what_happened(engine):
    world = neimenggu(engine)
    seen = world.version
    world.step(Stage.SURVEY, "各单位", DAY, case_ids=world.cases[:1], actor=OTHER)
    with pytest.raises(Conflict) as caught:
        world.step(
            Stage.SCREENING,
            "各单位",
            DAY,
            case_ids=world.cases[:1],
            results={world.cases[0]: (Decision.REFUSED, "示例理由")},
            expected_version=seen,
        )
    assert caught.value.reason_code == "stale"
    assert "示例甲1刚由示例另一经办登记“摸底：同意”（17:00）" in str(caught.value)
    # Another person's file was not touched meanwhile.
    world.step(Stage.SURVEY, "各单位", DAY, case_ids=world.cases[1:2], expected_version=seen)


def test_a_refusal_needs_a_reason_and_an_appeal_too(sqlite):
    world = neimenggu(sqlite)
    case = world.cases[0]
    with pytest.raises(Refused, match="示例甲1：不同意要写明理由"):
        world.step(Stage.SURVEY, "各单位", DAY, case_ids=[case], results={case: (Decision.REFUSED, "")})
    world.step(Stage.SURVEY, "各单位", DAY, case_ids=[case], results={case: (Decision.REFUSED, "示例理由")})
    with pytest.raises(Refused, match="重新办理（复议）要写明理由"):
        world.step(Stage.SURVEY, "各单位", DAY, case_ids=[case])
    world.step(Stage.SURVEY, "各单位", DAY, case_ids=[case], reason="补充材料后复议")
    assert world.history(case)[Stage.SURVEY].holds


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"basis": ""}, "no_basis"),
        ({"signer": "示例书记"}, "no_document"),
        ({"on": date(2023, 3, 1)}, "future"),
        ({"body": "示例党组"}, "other_body"),
        ({"results": {"nobody": (Decision.REFUSED, "示例")}}, "not_found"),
        ({"stage": Stage.PUBLIC_NOTICE}, "elsewhere"),
        ({"stage": Stage.PAYMENT}, "elsewhere"),
        ({"stage": Stage.ROSTER}, "nobody"),
        ({"case_ids": ["nobody"], "unit_id": None}, "not_found"),
    ],
)
def test_what_a_step_is_refused_for(sqlite, change, code):
    world = neimenggu(sqlite)
    world.step(Stage.SURVEY, "各单位", DAY, unit_id="甲")
    say = {"stage": Stage.SCREENING, "body": "各单位", "on": DAY, "unit_id": "甲", **change}
    with pytest.raises(Refused) as caught:
        world.step(say.pop("stage"), say.pop("body"), say.pop("on"), **say)
    assert caught.value.reason_code == code
    assert world.version == 1


def test_each_path_has_its_own_clause(engine):
    world = jiaozuo(engine)
    world.step(Stage.APPLICATION, "困难党员本人", date(2018, 12, 1), unit_id="局")
    world.step(Stage.SURVEY, "困难党员所在党支部", date(2018, 12, 2), unit_id="局")
    with db.reading(engine) as session:
        found = session.connection().execute(text("SELECT stage, clause_id FROM review_step ORDER BY seq")).all()
    assert found[0] == ("application", "JZ-N3.1")
    assert sorted(found[1:]) == [("survey", "JZ-N2.4"), ("survey", "JZ-N3.2")]
    renewal, fresh = world.cases[0], world.cases[2]
    assert Stage.APPLICATION not in world.history(renewal)
    assert Stage.APPLICATION in world.history(fresh)


def test_an_own_decision_needs_an_approver_or_a_signed_paper(sqlite):
    world = neimenggu(sqlite)
    unit_steps(world)
    with pytest.raises(Refused, match="“研究审定”须由会议研究"):
        world.step(Stage.DETERMINATION, "工委委员会", date(2022, 12, 26))


def test_nobody_reviews_what_he_proposed(sqlite):
    world = neimenggu(sqlite)
    world.step(Stage.SURVEY, "各单位", DAY, unit_id="甲")
    world.step(Stage.SCREENING, "各单位", DAY, unit_id="甲")
    paper = {"signer": "示例书记", "document": "扫描件 3"}
    world.step(Stage.UNIT_REVIEW, "各单位", DAY, unit_id="甲", **paper)
    with pytest.raises(Refused, match="示例甲1已由示例书记审核，提出须由另一人办理"):
        world.step(Stage.NOMINATION, "机关党委", DAY, unit_id="甲", **paper)
    world.step(Stage.NOMINATION, "机关党委", DAY, unit_id="甲", **{**paper, "signer": "示例副书记"})


def test_one_account_alone_is_said(sqlite):
    world = neimenggu(sqlite)
    assert not world.read(single_handed, world.round_id)
    world.step(Stage.SURVEY, "各单位", DAY, unit_id="甲")
    assert world.read(single_handed, world.round_id)
    world.step(Stage.SURVEY, "各单位", DAY, unit_id="乙", actor=OTHER)
    assert not world.read(single_handed, world.round_id)


def test_scope_is_the_units_of_the_account(sqlite):
    world = neimenggu(sqlite)
    narrow = Actor(id="n", name="示例乡镇经办", role=Role.OFFICER, units=frozenset({"乙"}))
    with pytest.raises(NotAllowed, match="涉及全部单位"):
        world.step(Stage.SURVEY, "各单位", DAY, actor=narrow)
    with pytest.raises(Refused):
        world.step(Stage.SURVEY, "各单位", DAY, actor=narrow, unit_id="甲")
    with pytest.raises(Refused, match="没有这份个案，或不在您的单位范围内"):
        world.step(Stage.SURVEY, "各单位", DAY, actor=narrow, case_ids=world.cases[:1])
    assert world.step(Stage.SURVEY, "各单位", DAY, actor=narrow, unit_id="乙")["people"] == 2


def test_a_mistake_is_taken_back_by_a_record_of_its_own(engine):
    world = neimenggu(engine)
    wrong = world.step(Stage.SURVEY, "各单位", DAY, unit_id="甲")["version"]
    say = {"seq": wrong, "reason": "日期登记有误", "expected_version": world.version}
    with pytest.raises(Refused, match="更正要写明理由"):
        revoke_step(engine, **{**say, "reason": " "}, **by(world.today))
    revoke_step(engine, **say, **by(world.today))
    assert world.history(world.cases[0]) == {}
    with pytest.raises(Refused, match="已经更正过"):
        revoke_step(engine, **{**say, "expected_version": world.version}, **by(world.today))
    world.step(Stage.SURVEY, "各单位", date(2022, 12, 22), unit_id="甲")
    assert world.history(world.cases[0])[Stage.SURVEY].on == date(2022, 12, 22)
    with db.reading(engine) as session:
        assert session.connection().execute(text("SELECT count(*) FROM review_step")).scalar_one() == 3


def test_later_steps_are_taken_back_first(sqlite):
    world = neimenggu(sqlite)
    first = world.step(Stage.SURVEY, "各单位", DAY, unit_id="甲")["version"]
    world.step(Stage.SCREENING, "各单位", DAY, unit_id="甲")
    with pytest.raises(Refused, match="之后已办“筛选”，请先更正后面的环节"):
        revoke_step(sqlite, seq=first, reason="示例", expected_version=world.version, **by(world.today))


# -- the tables ----------------------------------------------------------------------------------------------------


def test_the_tables_of_the_review_are_append_only(engine):
    world = neimenggu(engine)
    world.step(Stage.SURVEY, "各单位", DAY, unit_id="甲")
    for table in ("review_step", "step_case"):
        for deed in (f"UPDATE {table} SET seq = seq", f"DELETE FROM {table}"):
            with engine.connect() as connection, pytest.raises(DBAPIError, match=f"append-only: {table}"):
                connection.execute(text(deed))


def test_every_table_named_append_only_is_guarded(engine):
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            query = "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'"
        else:
            query = "SELECT event_object_table FROM information_schema.triggers"
        guarded = set(connection.execute(text(query)).scalars())
    assert set(APPEND_ONLY) <= guarded
    assert set(APPEND_ONLY) <= set(Table.metadata.tables)
