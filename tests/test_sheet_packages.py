"""The columns of an imported sheet become steps on record: each person on his own days, who lacks one stays behind."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
import workbooks
from sqlmodel import select
from test_importing import HEADS, by, listed, others, rows, take, whole
from test_importing import ROUND as THE_ROUND
from test_importing import engine as engine  # noqa: PLC0414 - a fixture

from casework import db
from casework.access import Actor
from casework.cli import main
from casework.models import Case, Person
from casework.models_review import Notice, NoticeCase
from casework.problems import Conflict, NotAllowed, Refused
from casework.review.packages import StaysBehind, UnitStep
from casework.review.records import histories, steps_version
from casework.review.sheet_packages import record_sheet_steps
from casework.vocabulary import Decision, Role, Stage

THROUGH = {Stage.RECOMMENDATION, Stage.BRANCH_MEETING, Stage.DETERMINATION, Stage.PUBLIC_NOTICE}
NOW = datetime(2020, 12, 1, 9, 30, tzinfo=UTC)
FINE = {"推荐日期": "2020-10-10", "支部研究日期": "2020-10-20", "党委研究日期": "2020-10-25"}
FOLLOWING = {"公示起止": "2020年11月1日至2020年11月7日", "公示结果": "无异议"}


def sheet(engine, *people, **more):
    heads = (*HEADS, "推荐日期")
    body = workbooks.xlsx([heads, *([each.get(head) for head in heads] for each in people)])
    return take(engine, body, name="名册.xlsx", **more)["imports"]["u1"]


def people(*names, **more):
    return [{**each, **FINE, **FOLLOWING, **more} for each in others(*names)]


def record(engine, import_id, **more):
    told = {"expected_version": version(engine), **by(), **more}
    return record_sheet_steps(engine, import_id=import_id, **told)


def version(engine):
    with db.reading(engine) as session:
        return steps_version(session, THE_ROUND)


def stands(engine):
    """Name → the stages that hold."""
    names = {each.person_id: each.name for each in rows(engine, Person)}
    cases = {each.case_id: names[each.person_id] for each in rows(engine, Case)}
    with db.reading(engine) as session:
        known = histories(session, THE_ROUND, list(cases))
    return {name: {stage for stage, one in known.get(case, {}).items() if one.holds} for case, name in cases.items()}


def case_of(engine, name):
    (person,) = [each.person_id for each in rows(engine, Person) if each.name == name]
    return next(each.case_id for each in rows(engine, Case) if each.person_id == person)


def test_one_command_stands_through_the_notice_and_who_lacks_a_date_is_named(engine):
    given = people("示例甲", "示例丙", "示例丁", "示例戊", "示例己", "示例庚")
    given[1] |= {"公示起止": None, "公示结果": None}
    given[2] |= {"支部研究日期": None}
    given[3] |= {"公示结果": "有异议，待核实"}
    given[4] |= {"公示起止": "2020年11月2日至2020年11月8日"}
    given[5] |= {"公示起止": "2020年11月28日至2020年12月4日"}
    import_id = sheet(engine, *given)
    done = record(engine, import_id)
    assert [(one["stage"], one["on"], one["people"]) for one in done["steps"]] == [
        ("recommendation", "2020-10-10", 6),
        ("branch_meeting", "2020-10-20", 5),
        ("determination", "2020-10-25", 5),
        ("public_notice", "2020-11-01", 1),
        ("public_notice", "2020-11-02", 1),
    ]
    assert {row["name"]: (row["stage"], row["reason"]) for row in done["behind"]} == {
        "示例丙": ("public_notice", "表中没有“公示”的日期"),
        "示例丁": ("branch_meeting", "表中没有“支部大会”的日期"),
        "示例戊": ("public_notice", "公示有异议或情况不明，请先登记核实结果"),
        "示例庚": ("public_notice", "公示到2020年12月4日为止，期满后才能登记结果"),
    }
    known = stands(engine)
    assert known["示例甲"] == known["示例己"] == THROUGH
    assert known["示例丙"] == THROUGH - {Stage.PUBLIC_NOTICE}
    assert known["示例丁"] == {Stage.RECOMMENDATION}
    with db.reading(engine) as session:
        notices = session.exec(select(Notice).order_by(Notice.posted_on)).all()
        assert [(one.posted_on, one.ends_on, one.body) for one in notices] == [
            (date(2020, 11, 1), date(2020, 11, 7), "示例镇"),
            (date(2020, 11, 2), date(2020, 11, 8), "示例镇"),
        ]
        assert "名册.xlsx" in notices[0].evidence
        assert len(session.exec(select(NoticeCase)).all()) == 2
    assert whole(engine)
    with pytest.raises(Refused, match="都已办过"):
        record(engine, import_id)


def test_a_step_without_a_column_is_told_once_and_an_exception_stays(engine):
    given = [{**each, "推荐日期": None} for each in people("示例甲", "示例丙")]
    import_id = sheet(engine, *given)
    with pytest.raises(Refused, match="前面的环节还没有办"):
        record(engine, import_id)
    told = {case_of(engine, "示例丙"): StaysBehind(Stage.DETERMINATION, Decision.DEFERRED, "示例待核实")}
    steps = [UnitStep(Stage.RECOMMENDATION, "示例村党员群众", date(2020, 10, 10))]
    done = record(engine, import_id, steps=steps, exceptions=told, document="示例公示栏照片")
    assert [(row["name"], row["stage"], row["reason"]) for row in done["behind"]] == [
        ("示例丙", "determination", "示例待核实")
    ]
    assert stands(engine)["示例甲"] == THROUGH
    with db.reading(engine) as session:
        assert session.exec(select(Notice.evidence)).one() == "示例公示栏照片"


def test_what_is_refused_leaves_nothing(engine):
    import_id = sheet(engine, *people("示例甲", 推荐日期="2020-10-30"))
    with pytest.raises(Refused, match="示例甲"):  # recommended after the branch met: the rows contradict the chain
        record(engine, import_id)
    assert version(engine) == 0
    assert rows(engine, Notice) == []
    with pytest.raises(NotAllowed):
        record(engine, import_id, actor=Actor("b", "示例乡经办", Role.OFFICER, frozenset({"u2"})))
    second = sheet(engine, *people("示例甲"))
    with pytest.raises(Refused, match="已被新表代替"):
        record(engine, import_id)
    with pytest.raises(Refused, match="没有这次导入"):
        record(engine, "zz")
    stranger = {"zz": StaysBehind(Stage.DETERMINATION, Decision.DEFERRED, "示例")}
    with pytest.raises(Refused, match="不在这张表里"):
        record(engine, second, exceptions=stranger)
    record(engine, second)
    with pytest.raises(Conflict):
        record(engine, second, expected_version=0)
    empty = dict.fromkeys((*FINE, *FOLLOWING))
    third = sheet(engine, *[{**each, **empty} for each in people("示例辛")], part="另一张")
    with pytest.raises(Refused, match="没有推荐、支部、党委、公示的日期"):
        record(engine, third)


def test_on_the_command_line(engine, capsys):
    place = ("--db", engine.url.render_as_string(hide_password=False))
    given = people("示例甲", "示例丙")
    given[1] |= {"党委研究日期": None}
    import_id = sheet(engine, *given)
    assert listed(engine)["import_id"].to_list() == [import_id]
    assert main(["package", "steps", *place]) == 2
    assert main(["package", "steps", "--from-import", "zz", *place]) == 1
    capsys.readouterr()
    assert main(["package", "steps", "--from-import", import_id, *place]) == 1
    out = capsys.readouterr().out
    assert "公示（2020-11-01）：1 人" in out
    assert "留下：示例丙" in out
    assert "表中没有“研究审定”的日期" in out
    assert stands(engine)["示例甲"] == THROUGH
    assert main(["package", "steps", "--from-import", import_id, "--json", *place]) == 1
    assert not json.loads(capsys.readouterr().out or "{}").get("steps")
