"""A case typed in by hand goes through the checks of the import, and a correction keeps what was before."""

from __future__ import annotations

import pytest
from sqlmodel import select
from test_importing import LOCAL_OFFICER, NOW, ROUND, TOWN, book, by, engine, known, look, person, take, whole  # noqa: F401

from casework import db
from casework.ledger import history, policy_of
from casework.models import Case, Person
from casework.models_people import Contact
from casework.people.entry import add_case, check_entry, correct_case, entry_fields, entry_values
from casework.problems import Conflict, Refused

TYPED = {
    "name": "示例甲",
    "sex": "男",
    "born_on": "1965年3月7日",
    "branch": "示例村党支部",
    "category": "生活困难群众",
    "unit_rank": "1",
    "cause": "本人重大疾病",
    "brief": "示例简况",
    "size": "3",
    "yearly_income": "12000",
    "phone": "13912345678",
}


def add(engine, values=TYPED, *, unit="u1", **more):  # noqa: F811
    return add_case(engine, round_id=ROUND, unit_id=unit, values=values, **by(**more))


def correct(engine, entered, version=None, **values):  # noqa: F811
    told = {"case_id": entered.case_id, "values": values, "expected_version": version or entered.version}
    return correct_case(engine, **told, **by())


def sentences(entered):
    return [(issue.problem.column, issue.problem.message) for issue in entered.issues]


def test_a_typed_case_is_what_the_same_row_of_a_sheet_is(engine):  # noqa: F811
    entered = add(engine)
    assert entered.saved
    typed = known(engine)
    blank = "家庭成员 已接受其他救助 公示起止 公示结果 支部研究日期 党委研究日期 银行卡号 家庭住址"
    other = dict.fromkeys(blank.split())
    row = person("示例甲", 联系电话="13912345678", **other)
    plan = look(engine, book(row))
    assert plan.counts()["unchanged"] == 1
    assert typed.cases["stage"].to_list() == ["nomination"]
    with db.reading(engine) as session:
        assert [contact.kind for contact in session.exec(select(Contact))] == ["phone"]
    assert whole(engine)


def test_what_is_wrong_comes_back_with_the_name_of_the_field_and_nothing_is_saved(engine):  # noqa: F811
    entered = add(engine, TYPED | {"born_on": "1965年2月31日", "yearly_income": "一些", "category": "别的"})
    assert not entered.saved
    assert {column for column, _ in sentences(entered)} >= {"出生年月", "家庭年收入", "慰问类别"}
    with db.reading(engine) as session:
        assert session.exec(select(Person)).all() == []
        issues = check_entry(session, round_id=ROUND, unit_id="u1", values={"name": ""}, actor=LOCAL_OFFICER, now=NOW)
        assert "没有写姓名" in [issue.problem.message for issue in issues]


def test_somebody_who_is_there_already_is_corrected_not_added(engine):  # noqa: F811
    add(engine)
    assert sentences(add(engine))[0] == ("姓名", "本轮台账里已有这个人")


def test_a_correction_changes_what_is_given_and_keeps_what_was(engine):  # noqa: F811
    entered = add(engine)
    fixed = correct(
        engine, entered, name="示例申", born_on="1966-04", yearly_income="", unit_rank="2", phone="13912345679"
    )
    assert fixed.saved and fixed.version > entered.version  # noqa: PT018
    with db.reading(engine) as session:
        who = session.exec(select(Person)).one()
        assert (who.name, str(who.born_on), who.branch) == ("示例申", "1966-04-01", "示例村党支部")
        assert session.exec(select(Case.unit_rank)).one() == 2
        told = [change.changes for change in history(session, table="person") if change.changes]
        assert told[0]["name"] == ["示例甲", "示例申"]
        form = entry_values(session, case_id=entered.case_id, actor=LOCAL_OFFICER)
    assert "yearly_income" not in form
    assert form["size"] == "3"
    assert known(engine).causes.height > 0
    assert whole(engine)


def test_a_correction_is_checked_against_what_stays(engine):  # noqa: F811
    entered = add(engine, TYPED | {"joined_party_on": "1990年1月"})
    assert ("入党时间", "入党时间早于出生年月") in sentences(correct(engine, entered, born_on="1995-01-01"))


def test_an_old_version_and_another_unit_are_refused(engine):  # noqa: F811
    entered = add(engine, unit="u2")
    correct(engine, entered, unit_rank="3")
    with pytest.raises(Conflict):
        correct(engine, entered, version=entered.version, unit_rank="4")
    with pytest.raises(Refused, match="单位范围"), db.reading(engine) as session:
        entry_values(session, case_id=entered.case_id, actor=TOWN)
    with pytest.raises(Refused, match="单位"):
        add(engine, unit="u2", actor=TOWN)


def test_a_second_click_gives_the_first_answer(engine):  # noqa: F811
    once = by()
    first = add_case(engine, round_id=ROUND, unit_id="u1", values=TYPED, **once)
    assert add_case(engine, round_id=ROUND, unit_id="u1", values=TYPED, **once) == first
    with db.reading(engine) as session:
        assert len(session.exec(select(Case)).all()) == 1


def test_a_sheet_sent_later_does_not_take_out_what_was_entered_by_hand(engine):  # noqa: F811
    entered = add(engine)
    take(engine, book(person("示例丙", 所在党支部="另一支部", 家庭成员=None)))
    take(engine, book(person("示例丁", 所在党支部="另一支部", 家庭成员=None)))
    names = sorted(known(engine).people["name"])
    assert names == ["示例丁", "示例甲"]
    assert entered.case_id in known(engine).cases["case_id"].to_list()


def test_the_form_knows_its_fields_and_choices(engine):  # noqa: F811
    with db.reading(engine) as session:
        policy = policy_of(session, ROUND)
    fields = {field.key: field for field in entry_fields(policy)}
    assert fields["name"].required
    assert fields["category"].choices == tuple(category.label for category in policy.categories)
    assert fields["phone"].sensitive
    assert "id_number" not in fields
    assert "notice_from" not in fields
