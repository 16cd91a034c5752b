"""The demo ledger: the same every time, nobody's real data, and every situation an officer should meet."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from casework.access import LOCAL_OFFICER
from casework.allocation import Parameters
from casework.comparison import Assessed
from casework.db import open_ledger, reading
from casework.facts import Facts
from casework.ledger import rounds
from casework.problems import Refused
from casework.samples import fill, jianshi, jianshi_tie, jiaozuo, neimenggu, samples
from casework.scenarios import assessed_round

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def facts(sample):
    return Facts.build(as_of=sample.as_of, round_id=sample.round_id, units=sample.units, **sample.tables)


@pytest.mark.parametrize("make", [jianshi, jianshi_tie, neimenggu, jiaozuo])
def test_the_same_people_come_out_every_time(make):
    assert facts(make()).digest() == facts(make()).digest()


def test_everybody_is_invented():
    for sample in samples():
        assert all(row["name"].startswith("示例") for row in sample.tables["people"])


@pytest.mark.parametrize("make", [jianshi, jianshi_tie, neimenggu, jiaozuo])
def test_age_membership_role_and_household_fit_each_other(make):
    sample = make()
    homes = {row["household_id"]: row for row in sample.tables["households"]}
    working = {"first_secretary", "work_team_leader", "work_team_member", "village_official"}
    for row in sample.tables["people"]:
        age, roles = sample.as_of.year - row["born_on"].year, set(row["tags"] or ())
        home = homes[row["household_id"]]
        assert 24 <= age <= 89
        assert 0 <= home["minors"] < home["size"], "a child does not live alone"
        assert not home["minors"] or age <= 52
        assert (row["membership"] == "full") == (row["joined_party_on"] is not None)
        if row["membership"] == "full":
            assert row["joined_party_on"].year - row["born_on"].year >= 18
            assert row["full_member_on"] <= sample.as_of
        if roles & working:
            assert age < 60, "pensioners do not work in a village"
            assert row["position"]
        if roles & {"first_secretary", "work_team_leader", "member_in_hardship"} or row["beneficiary"] == "member":
            assert row["membership"] == "full"
        if row["beneficiary"] == "resident":
            assert row["membership"] == "none"
        if roles & {"veteran_member", "veteran_official", "veteran_activist"}:
            assert age >= 60


def test_jianshi_has_more_nominees_than_places_and_every_doubt():
    known = Assessed.of(facts(jianshi()), jianshi().policy)
    result = known.allocate(Parameters())

    assert (result.totals["places"], result.totals["people"], result.totals["amount_fen"]) == (359, 359, 18_400_000)
    assert result.balance_fen == 0
    assert result.settled
    reasons = Counter(result.reserve["reason"])
    assert reasons["over_places"] > 30
    assert reasons["helped_this_year"] == reasons["facts_missing"] // 2 == 6
    assert reasons["no_category"] == 1
    ranked = known.facts.cases.filter(known.facts.cases["category"].is_not_null())
    assert ranked["unit_rank"].null_count() == 0
    names = Counter(known.facts.people["name"])
    assert max(names.values()) >= 2, "namesakes occur"


def test_the_tie_round_has_one_open_tie():
    sample = jianshi_tie()
    result = Assessed.of(facts(sample), sample.policy).allocate(Parameters())

    assert [(tie.cell, tie.seats, len(tie.case_ids)) for tie in result.ties] == [("js-02|hardship", 1, 2)]


def test_neimenggu_stands_on_both_sides_of_a_thousand_members():
    sample = neimenggu()
    result = Assessed.of(facts(sample), sample.policy).allocate(Parameters())

    assert dict(result.by_unit.select("unit", "places").iter_rows()) == {
        "示例厅机关党委": 4,
        "示例委机关党委": 10,
        "示例局机关党委": 10,
        "示例站直属党委": 4,
    }
    reasons = Counter(result.reserve["reason"])
    assert reasons["union_aid"] == 1
    routes = set(result.reserve.filter(result.reserve["reason"] == "over_places")["route"])
    assert routes == {"unit"}
    assert result.totals["to_verify"] > 0
    assert result.totals["without_amount"] == result.totals["people"]


def test_jiaozuo_has_both_paths_several_causes_and_one_person_for_two_kinds_of_aid():
    sample = jiaozuo()
    known = facts(sample)
    result = Assessed.of(known, sample.policy).allocate(Parameters())

    assert set(known.cases["path"]) == {"new", "renew"}
    assert max(Counter(known.causes["case_id"]).values()) == 2
    assert Counter(result.reserve["reason"])["already_listed"] == 1
    assert Counter(result.reserve["reason"])["facts_missing"] == 3


def test_a_filled_ledger_gives_the_same_results(database_url):
    engine = open_ledger(database_url)
    fill(engine, actor=LOCAL_OFFICER, now=NOW)

    with reading(engine) as session:
        assert {found.round_id for found in rounds(session)} == {sample.round_id for sample in samples()}
        for sample in samples():
            stored = assessed_round(session, sample.round_id).allocate(Parameters())
            ours = Assessed.of(facts(sample), sample.policy).allocate(Parameters())
            assert stored.totals == ours.totals
            assert stored.awards.drop("to_verify").equals(ours.awards.drop("to_verify"))


def test_filling_twice_changes_nothing(tmp_path):
    engine = open_ledger(tmp_path / "demo.db")
    fill(engine, actor=LOCAL_OFFICER, now=NOW)

    fill(engine, actor=LOCAL_OFFICER, now=NOW)

    with reading(engine) as session:
        assert len(rounds(session)) == 4


def test_a_ledger_with_content_is_not_made_a_demo(tmp_path):
    from casework.ledger import open_round

    engine = open_ledger(tmp_path / "mine.db")
    open_round(engine, round_id="jiaozuo-2018", policy="jiaozuo-2018", actor=LOCAL_OFFICER, now=NOW, key="mine")

    with pytest.raises(Refused, match="台账里已有内容"):
        fill(engine, actor=LOCAL_OFFICER, now=NOW)
