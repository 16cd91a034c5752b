"""A unit's sheet on its way into the ledger: looked at, taken over, sent again, taken back; on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import count

import pytest
import workbooks
from sqlmodel import select

from casework import db
from casework.access import LOCAL_OFFICER, Actor
from casework.ledger import add_facts, audit_check, audit_key, facts, import_units, open_round, record_judgement
from casework.models import Case, Cause, Household, HouseholdMember, Person
from casework.models_people import Contact, ImportRow
from casework.people.importing import import_rows, imports, plan_import
from casework.people.sheet_steps import unit_steps
from casework.people.withdrawing import withdraw_import
from casework.problems import Conflict, Refused
from casework.vocabulary import Role

NOW = datetime(2020, 12, 1, 9, 30, tzinfo=UTC)
ROUND = "示例轮"
TOWN = Actor("town", "示例镇经办", Role.OFFICER, frozenset({"u1"}))
HEADS = (
    "单位",
    "姓名",
    "性别",
    "出生年月",
    "所在党支部",
    "类别",
    "推荐顺序",
    "困难类型",
    "困难简况",
    "家庭人口",
    "家庭年收入",
    "联系电话",
    "银行卡号",
    "家庭住址",
    "家庭成员",
    "已接受其他救助",
    "公示起止",
    "公示结果",
    "支部研究日期",
    "党委研究日期",
)
CARD, OTHER_CARD = "6222021234567890128", "6217001234567890122"
_KEYS = count()


def by(now=NOW, actor=LOCAL_OFFICER):
    return {"actor": actor, "now": now, "key": f"import-{next(_KEYS)}"}


def person(name="示例甲", unit="示例镇", **more):
    told = {
        "单位": unit, "姓名": name, "性别": "男", "出生年月": "1965-03-07", "所在党支部": "示例村党支部",
        "类别": "生活困难群众", "推荐顺序": "1", "困难类型": "本人重大疾病", "困难简况": "示例简况", "家庭人口": "3",
        "家庭年收入": "12000", "联系电话": "13912345678/13912345679", "银行卡号": CARD, "家庭住址": "示例路1号",
        "家庭成员": "示例乙/妻子/务农", "已接受其他救助": "示例救助", "公示起止": "2020年11月1日至2020年11月7日",
        "公示结果": "无异议", "支部研究日期": "2020-10-20", "党委研究日期": "2020-11-10",
    }  # fmt: skip
    assert more.keys() <= told.keys()
    return told | more


def book(*people):
    return workbooks.xlsx([HEADS, *([each.get(head) for head in HEADS] for each in people)])


def others(*names, **more):
    """People without anything another could share."""
    bare = {"联系电话": None, "银行卡号": None, "家庭住址": None, "家庭成员": None}
    return [
        person(name, **{"所在党支部": f"示例支部{at}", "推荐顺序": f"{at + 1}", **bare, **more})
        for at, name in enumerate(names)
    ]


@pytest.fixture
def engine(database_url):
    yield from opened(database_url)


def opened(database_url):
    """A round and two units."""
    found = db.open_ledger(database_url)
    open_round(found, round_id=ROUND, policy="jianshi-2020", opened_on=date(2020, 10, 1), **by())
    import_units(found, [{"unit_id": "u1", "name": "示例镇"}, {"unit_id": "u2", "name": "示例乡"}], **by())
    yield found
    found.dispose()


def look(engine, body, *, actor=LOCAL_OFFICER, now=NOW, name="示例.xlsx", **more):
    with db.reading(engine) as session:
        return plan_import(session, round_id=ROUND, file_name=name, body=body, actor=actor, now=now, **more)


def take(engine, body, *, take_clean=False, actor=LOCAL_OFFICER, seen=None, name="示例.xlsx", **more):
    plan = look(engine, body, actor=actor, name=name, **more)
    told = {"round_id": ROUND, "file_name": name, "body": body, "seen": seen or plan.seen, "take_clean": take_clean}
    return import_rows(engine, **told, **more, **by(actor=actor))


def counts(plan, *names):
    return {name: plan.counts()[name] for name in names or ("new", "changed", "unchanged", "gone")}


def known(engine):
    with db.reading(engine) as session:
        return facts(session, round_id=ROUND, as_of=NOW.date())


def rows(engine, model):
    with db.reading(engine) as session:
        return session.exec(select(model)).all()


def listed(engine, actor=LOCAL_OFFICER):
    with db.reading(engine) as session:
        return imports(session, round_id=ROUND, actor=actor)


def back(engine, import_id, **more):
    version = {row["import_id"]: row["version"] for row in listed(engine).iter_rows(named=True)}[import_id]
    told = {"import_id": import_id, "reason": "报错了表", "expected_version": version, **by(), **more}
    return withdraw_import(engine, **told)


def whole(engine):
    with db.reading(engine) as session:
        return audit_check(session, key=audit_key(engine)) == []


def test_a_sheet_becomes_people_cases_households_and_what_is_sealed(engine):
    body = book(person())
    plan = look(engine, body)
    assert [issue.problem.sentence() for issue in plan.intake.problems] == []
    assert counts(plan) == {"new": 1, "changed": 0, "unchanged": 0, "gone": 0}
    assert rows(engine, Person) == []
    told = take(engine, body)
    assert list(told["imports"]) == ["u1"]
    found = known(engine)
    assert found.people.select("name", "born_on", "branch").rows() == [("示例甲", date(1965, 3, 7), "示例村党支部")]
    assert found.cases.select("unit_id", "category", "unit_rank", "stage").rows() == [
        ("u1", "resident", 1, "nomination")
    ]
    assert found.households.select("size", "yearly_income_fen").rows() == [(3, 1_200_000)]
    assert found.members["name"].to_list() == ["示例乙"]
    assert set(found.causes["cause"]) == {"own_illness", None}
    assert found.aid["source"].to_list() == ["示例救助"]
    assert sorted(contact.kind for contact in rows(engine, Contact)) == ["address", "card", "phone", "phone"]
    with db.reading(engine) as session:
        steps = unit_steps(session, import_id=told["imports"]["u1"], actor=LOCAL_OFFICER)
    assert {(step.stages[0].value, step.on, step.until, step.objections) for step in steps} == {
        ("branch_meeting", date(2020, 10, 20), None, ""),
        ("public_notice", date(2020, 11, 1), date(2020, 11, 7), "无异议"),
        ("unit_review", date(2020, 11, 10), None, ""),
    }
    assert whole(engine)


def test_the_same_file_twice_changes_nothing(engine):
    body = book(person(), *others("示例丙"))
    take(engine, body)
    before = known(engine).digest(), rows(engine, ImportRow), [c.contact_id for c in rows(engine, Contact)]
    plan = look(engine, body)
    assert plan.already
    assert counts(plan) == {"new": 0, "changed": 0, "unchanged": 2, "gone": 0}
    assert take(engine, body)["already"]
    assert (known(engine).digest(), rows(engine, ImportRow), [c.contact_id for c in rows(engine, Contact)]) == before
    assert listed(engine).height == 1


def test_one_doubtful_row_stops_the_sheet_and_the_clean_ones_can_be_taken(engine):
    body = book(person(), *others("示例丙", 出生年月="1965-02-31"))
    with pytest.raises(Refused, match="1 行待改"):
        take(engine, body)
    assert rows(engine, Person) == []
    take(engine, body, take_clean=True)
    assert [each.name for each in rows(engine, Person)] == ["示例甲"]
    assert listed(engine).select("mode", "new", "held").rows() == [("clean_only", 1, 1)]
    assert look(engine, body).marked().startswith(b"PK")


def test_a_sheet_sent_again_replaces_the_earlier_one(engine):
    take(engine, book(person(), *others("示例丙", "示例丁")))
    body = book(
        person(家庭年收入="9000", 困难简况="另一简况", 银行卡号=OTHER_CARD, 家庭成员="示例乙/妻子/无业"),
        *others("示例丙", "示例戊"),
    )
    plan = look(engine, body)
    assert counts(plan) == {"new": 1, "changed": 1, "unchanged": 1, "gone": 1}
    assert plan.movements("u1") == {"came": ["示例戊"], "went": ["示例丁"], "changed": ["示例甲"]}
    said = plan.preview.row(0, named=True)["differences"]
    assert "家庭年收入：12000 元 → 9000 元" in said
    assert {"困难情况有改动", "银行卡号有改动", "家庭成员有改动"} <= set(said)
    assert not any(CARD in words or "简况" in words for words in said)
    take(engine, body)
    found = known(engine)
    assert sorted(found.people["name"]) == ["示例丙", "示例戊", "示例甲"]
    assert 900_000 in found.households["yearly_income_fen"].to_list()
    assert "另一简况" in found.causes["note"].to_list()
    assert found.members["employment"].to_list() == ["无业"]
    assert listed(engine)["state"].to_list() == ["in_force", "replaced"]
    assert whole(engine)


def test_a_blank_cell_changes_nothing(engine):
    take(engine, book(person()))
    before = known(engine).digest()
    body = book(person(家庭年收入=None, 困难简况=None, 困难类型=None, 家庭成员=None, 联系电话=None))
    assert counts(look(engine, body))["unchanged"] == 1
    take(engine, body)
    assert known(engine).digest() == before


def test_an_import_taken_back_restores_what_was_before(engine):
    first = take(engine, book(person(), *others("示例丙", "示例丁")))["imports"]["u1"]
    before = known(engine)
    numbers = sorted((c.kind, c.digest) for c in rows(engine, Contact) if c.ended_on is None)
    changed = person(
        家庭年收入="9000", 困难简况="另一简况", 银行卡号=OTHER_CARD, 家庭成员="示例乙/妻子/无业", 推荐顺序="4"
    )
    second = take(engine, book(changed, *others("示例丙", "示例戊")))["imports"]["u1"]
    back(engine, second)
    after = known(engine)
    for name in ("people", "cases", "households", "members", "causes", "aid", "answers"):
        one, two = getattr(before, name), getattr(after, name)
        assert one.sort(one.columns).equals(two.sort(two.columns)), name
    assert sorted((c.kind, c.digest) for c in rows(engine, Contact) if c.ended_on is None) == numbers
    assert {row["import_id"]: row["state"] for row in listed(engine).iter_rows(named=True)} == {
        first: "in_force",
        second: "withdrawn",
    }
    back(engine, first)
    assert [rows(engine, model) for model in (Case, Person, Cause, Household, HouseholdMember, Contact)] == [[]] * 6
    assert whole(engine)


def test_what_was_decided_on_is_neither_taken_back_nor_taken_out(engine):
    told = take(engine, book(person(), *others("示例丙")))
    case_id = known(engine).cases.filter(known(engine).cases["unit_rank"] == 1)["case_id"][0]
    clause = next(c.id for c in look(engine, book(person())).policy.clauses if c.ask)
    record_judgement(engine, case_id=case_id, clause_id=clause, value="present", body="示例支部", basis="示例", **by())
    with pytest.raises(Refused, match="已有审核、证明、认定"):
        back(engine, told["imports"]["u1"])
    names = dict(zip(known(engine).cases["case_id"], known(engine).cases["person_id"], strict=True))
    gone_name = next(p.name for p in rows(engine, Person) if p.person_id == names[case_id])
    rest = [each for each in (person(), *others("示例丙")) if each["姓名"] != gone_name]
    plan = look(engine, book(*rest))
    assert plan.stays == (case_id,)
    with pytest.raises(Refused):
        take(engine, book(*rest))
    take(engine, book(*rest), take_clean=True)
    assert case_id in known(engine).cases["case_id"].to_list()


def test_a_ledger_that_moved_since_the_preview_refuses(engine):
    body = book(person())
    seen = look(engine, body).seen
    take(engine, book(*others("示例丙", unit="示例乡")))
    with pytest.raises(Conflict, match="重新预览"):
        take(engine, body, seen=seen)


def test_rows_of_other_units_wait_and_nobody_else_is_named(engine):
    add_facts(
        engine, round_id=ROUND,
        people=[{"person_id": "x", "name": "示例甲", "born_on": date(1965, 3, 1), "branch": "示例村党支部"}],
        cases=[{"case_id": "cx", "person_id": "x", "unit_id": "u2"}], **by(),
    )  # fmt: skip
    plan = look(engine, book(person(), *others("示例丙", unit="示例乡")), actor=TOWN)
    sentences = [issue.problem.sentence() for issue in plan.issues]
    assert any("不在您的单位范围内" in said for said in sentences)
    assert any("另一人姓名、出生年月、党支部相同" in said for said in sentences)
    assert not any("示例乡）" in said for said in sentences)
    with pytest.raises(Refused, match="单位范围"):
        look(engine, book(person()), actor=TOWN, unit_id="u2")


def test_one_household_twice_and_near_names_are_remarked(engine):
    take(engine, book(person()))
    wife = person("示例乙", 性别="女", 家庭成员="示例甲/丈夫/务农", 银行卡号=OTHER_CARD, 推荐顺序="2")
    near = person("示例申", 家庭成员=None, 家庭住址=None, 推荐顺序="3", 银行卡号=None)
    said = [issue.problem.sentence() for issue in look(engine, book(person(), wife, near)).issues]
    assert any("家庭成员示例甲也在本轮名单中" in each for each in said)
    assert any("住址与本轮的示例甲" in each for each in said)
    assert any("姓名相近" in each for each in said)


def test_what_the_officer_corrected_is_remembered_for_the_unit(engine):
    body = workbooks.xlsx([("单位", "姓名", "类别", "代号"), ("示例镇", "示例甲", "生活困难群众", "1")])
    (mapping,) = look(engine, body).intake.mappings
    fixed = mapping.correct({"代号": "unit_rank"})
    take(engine, body, mappings=[fixed.to_json()])
    assert known(engine).cases["unit_rank"].to_list() == [1]
    again = workbooks.xlsx([("姓名", "代号", "类别"), ("示例丙", "2", "生活困难群众")])
    plan = look(engine, again, unit_id="u1")
    assert plan.intake.rows["unit_rank"].to_list() == [2]


def test_no_workbook_is_one_issue_and_is_refused(engine):
    plan = look(engine, b"%PDF-1.4")
    assert [issue.problem.message for issue in plan.issues] == ["这是 PDF 文件，不是工作簿"]
    with pytest.raises(Refused):
        take(engine, b"%PDF-1.4")


@pytest.mark.parametrize("body", [b"", b"MZ\x90", b"PK\x03\x04broken", b"\0" * 40, b"a,b\n1,2\n"])
def test_hostile_bytes_are_one_sentence_and_write_nothing(engine, body):
    plan = look(engine, body)
    assert len(plan.issues) == 1
    assert not plan.complete
    for take_clean in (False, True):
        with pytest.raises(Refused):
            take(engine, body, take_clean=take_clean)
    assert rows(engine, Person) == []


def test_formulas_and_markup_stay_words_and_a_damaged_number_waits(engine):
    bad = person("=1+1", 困难简况="<b>{{ 示例 }}</b>", 银行卡号=6.222021234567891e18, 家庭成员=None)
    plan = look(engine, book(bad))
    assert plan.intake.rows["state"].to_list() == ["held"]
    assert plan.preview["name"].to_list() == ["=1+1"]
    assert not any("6222021" in issue.problem.sentence() for issue in plan.issues)
    fine = bad | {"银行卡号": None}
    take(engine, book(fine))
    assert known(engine).causes["note"].drop_nulls().to_list() == ["<b>{{ 示例 }}</b>"]
