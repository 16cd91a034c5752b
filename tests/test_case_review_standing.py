"""台账 on the screen: pairs merged or kept apart, the re-check of many at once, the difference, what is due."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from people_ledger import DAY, NOW, ROUND, TOWN, filled
from sqlmodel import select

from casework.access import LOCAL_OFFICER, LOCAL_VIEWER, to_user
from casework.db import reading
from casework.models_people import PersonMerge, RetentionRule, TwoPeople, Verification
from casework.views import Ledger, cases, review_forms, standing
from casework.views.cases import desk as desks
from casework.views.review_forms import Bench, form_named
from casework.views.standing import CHANGES, KEPT, PARTS, RECHECK, TWINS, Wanted, open_standing, standing_panel
from casework.views.standing_deeds import standing_forms


@pytest.fixture
def engine(sqlite_database_url, monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)
    opened = filled(sqlite_database_url)
    for where in (desks, review_forms, standing):
        monkeypatch.setattr(where, "clock", lambda: NOW)
    yield opened
    opened.dispose()


def bench(engine, actor=LOCAL_OFFICER, *, projected=False):
    desk = cases.open_case_desk(Ledger(engine), ROUND, to_user(actor))
    return Bench(desk, cases.Look(projected), "p")


def opened(engine, part, actor=LOCAL_OFFICER, *, projected=False, **more):
    return open_standing(bench(engine, actor, projected=projected), Wanted(part, **more))


def do(found, name, given, *, rows=(), actor=LOCAL_OFFICER):
    form = form_named(standing_forms(found), name)
    assert form.name == name
    return form.deed(actor, {**given, "_rows": pl.DataFrame({"序号": list(rows)}, schema={"序号": pl.Int64})})


def every(engine, model):
    with reading(engine) as session:
        return list(session.exec(select(model)))


def pair(found, *names):
    """Return the number of a pair in the table."""
    for number, row in enumerate(found.rows, 1):
        if {row["first"], row["second"]} == set(names):
            return number
    raise AssertionError(names)


def test_a_pair_is_merged_once_and_taken_apart_again(engine):
    found = opened(engine, TWINS)
    number, given = pair(found, "p1", "p2"), {"stays": "first", "reason": "示例核对户口"}
    assert "勾选" in do(found, "合并为一个人", given).html
    for _ in range(2):  # pressing twice is once
        assert do(found, "合并为一个人", given, rows=[number]).done
    [merge] = every(engine, PersonMerge)
    assert (merge.kept, merge.gone) == ("p1", "p2")
    again = opened(engine, TWINS)
    assert all("p2" not in (row["first"], row["second"]) for row in again.rows)
    [label] = again.merges
    assert do(again, "拆开一次合并", {"merge": label, "reason": "示例弄错"}).done
    assert opened(engine, TWINS).merges == {}


def test_two_people_are_not_asked_about_again(engine):
    found = opened(engine, TWINS)
    number = pair(found, "p1", "p4")
    assert not do(found, "不是同一个人", {"reason": ""}, rows=[number]).done
    assert do(found, "不是同一个人", {"reason": "示例夫妻"}, rows=[number]).done
    assert [(one.first, one.second) for one in every(engine, TwoPeople)] == [("p1", "p4")]
    assert len(opened(engine, TWINS).rows) == len(found.rows) - 1


def test_many_are_rechecked_at_once_and_leaving_needs_a_basis(engine):
    found = opened(engine, RECHECK, year=DAY.year)
    told = {"outcome": "ended", "on": DAY, "body": "示例支部大会", "basis": ""}
    assert "依据" in do(found, "登记复核结果", told, rows=[1]).html
    assert do(found, "登记复核结果", told | {"outcome": "carried"}, rows=[1, 2]).done
    assert [one.outcome for one in every(engine, Verification)] == ["carried", "carried"]
    left = opened(engine, RECHECK, year=DAY.year, only=standing.NOT_YET)
    assert len(left.rows) == len(found.rows) - 2
    assert "已复核 2 人" in left.said


def test_a_difference_names_people_and_fields_and_shows_no_value(engine):
    found = opened(engine, CHANGES, earlier=date(2019, 1, 1), later=date(2021, 1, 1))
    assert {row["movement"] for row in found.rows} == {"came"}
    assert "前一个日期" in standing_panel(opened(engine, CHANGES), {}, "")
    assert standing_forms(found) == []


def test_nobody_is_due_before_a_period_is_recorded(engine):
    found = opened(engine, KEPT)
    assert "尚未规定保存年限" in found.said
    assert not do(found, "登记保存年限", {"years": None, "source": "示例规定"}).done
    assert do(found, "登记保存年限", {"years": 3, "source": "示例规定"}).done
    assert [one.years for one in every(engine, RetentionRule)] == [3]


@pytest.mark.parametrize("part", PARTS)
def test_projected_names_are_masked_and_readers_get_no_deeds(engine, part):
    asked = {"year": DAY.year, "earlier": date(2019, 1, 1), "later": date(2021, 1, 1)}
    found = opened(engine, part, projected=True, **asked)
    assert "示例建国" not in str(found.table.to_dicts())
    assert standing_forms(opened(engine, part, LOCAL_VIEWER, **asked)) == []


def test_the_scope_of_the_account_holds(engine):
    everyone = opened(engine, RECHECK, year=DAY.year)
    mine = opened(engine, RECHECK, TOWN, year=DAY.year)
    assert {row["unit_id"] for row in mine.rows} == {"a"}
    assert len(mine.rows) < len(everyone.rows)
    assert all(form.name != "登记保存年限" for form in standing_forms(opened(engine, KEPT, TOWN)))
