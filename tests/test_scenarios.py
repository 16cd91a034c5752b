"""Scenarios on the ledger: saved once, compared, adopted in two acts, withdrawn, places moved."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from sqlmodel import select

from casework.access import LOCAL_OFFICER, LOCAL_VIEWER, Actor
from casework.adoption import adopt, effective_places, in_force, move_places, transfers, withdraw_adoption
from casework.allocation import Extra, Parameters
from casework.db import open_ledger, reading, transaction
from casework.ledger import add_facts, audit_check, audit_key, import_units, open_round, record_ruling
from casework.models import Adoption, AuditEntry, IssuedList, Scenario
from casework.problems import Conflict, NotAllowed, Refused
from casework.samples import Sample, jianshi, jianshi_tie, neimenggu
from casework.scenarios import find_scenario, parameters_of, save_scenario, scenarios
from casework.vocabulary import Act, Role, ScenarioState

NOW = datetime(2020, 1, 10, 9, 0, tzinfo=UTC)
BY = {"actor": LOCAL_OFFICER, "now": NOW}


def put(engine, sample: Sample):
    import_units(engine, sample.units, key=f"units-{sample.round_id}", **BY)
    open_round(
        engine,
        round_id=sample.round_id,
        policy=sample.policy.id,
        opened_on=sample.as_of,
        units=[unit["unit_id"] for unit in sample.units],
        key=f"round-{sample.round_id}",
        **BY,
    )
    add_facts(engine, round_id=sample.round_id, key=f"facts-{sample.round_id}", **BY, **dict(sample.tables))


@pytest.fixture
def engine(database_url):
    engine = open_ledger(database_url)
    put(engine, jianshi())
    return engine


def save(engine, name, parameters=None, *, round_id="jianshi-2020", key="", **more):
    return save_scenario(
        engine,
        round_id=round_id,
        name=name,
        parameters=parameters or Parameters(),
        key=key or f"save-{name}",
        **{**BY, **more},
    )


def take(engine, scenario, act, *, key="", version=None, **more):
    return adopt(
        engine,
        scenario_id=scenario["scenario_id"],
        act=act,
        expected_version=version or scenario["version"],
        key=key or f"adopt-{act}-{scenario['scenario_id']}",
        **{**BY, **more},
    )


def both(engine, scenario):
    first = take(engine, scenario, Act.PLACES)
    with reading(engine) as session:
        version = session.get(Scenario, scenario["scenario_id"]).version
    return first, take(engine, scenario, Act.LIST, version=version)


def refused(code):
    return pytest.raises(Refused, check=lambda error: error.reason_code == code)


def test_a_scenario_reads_back_as_saved(engine):
    parameters = Parameters(rates={"hardship": 60000}, places={"js-01|frontline": 42})
    save(engine, "多一名", parameters)

    with reading(engine) as session:
        (found,) = scenarios(session, "jianshi-2020")
        assert (found.name, found.state) == ("多一名", ScenarioState.DRAFT)
        assert parameters_of(found) == parameters
        assert find_scenario(session, "jianshi-2020", found.scenario_id).name == "多一名"


def test_a_double_click_saves_once(engine):
    first, second = save(engine, "甲", key="same"), save(engine, "甲", key="same")

    assert first == second
    with reading(engine) as session:
        assert len(scenarios(session, "jianshi-2020")) == 1


def test_a_name_is_used_once_in_a_round(engine):
    save(engine, "甲")

    with refused("exists"):
        save(engine, "甲", key="another")
    with refused("no_name"):
        save(engine, "  ")


def test_a_stale_page_does_not_overwrite(engine):
    saved = save(engine, "甲")
    again = {"scenario_id": saved["scenario_id"], "expected_version": saved["version"]}
    save(engine, "甲", Parameters(rates={"family": 1}), key="second", **again)

    with pytest.raises(Conflict):
        save(engine, "甲", Parameters(rates={"family": 2}), key="third", **again)
    with reading(engine) as session:
        assert parameters_of(find_scenario(session, "jianshi-2020", "甲")).rates == {"family": 1}


def test_adopting_is_two_acts_with_the_same_numbers(engine):
    scenario = save(engine, "通知原定")

    both(engine, scenario)

    with reading(engine) as session:
        places, people = (in_force(session, "jianshi-2020", act) for act in (Act.PLACES, Act.LIST))
        assert places.numbers["totals"]["amount_fen"] == people.numbers["totals"]["amount_fen"] == 18_400_000
        assert places.numbers["plan"] == people.numbers["plan"]
        assert (places.number, people.number) == (0, 0)
        assert places.snapshot_hash is None
        assert people.snapshot_hash
        assert len(people.numbers["awards"]) == 359
        assert find_scenario(session, "jianshi-2020", "通知原定").state == ScenarioState.ADOPTED
        assert audit_check(session, key=audit_key(engine)) == []


def test_the_places_need_no_cases(database_url):
    engine = open_ledger(database_url)
    sample = jianshi()
    import_units(engine, sample.units, key="u", **BY)
    open_round(engine, round_id=sample.round_id, policy=sample.policy.id, key="r", **BY)

    take(engine, save(engine, "甲"), Act.PLACES)

    with reading(engine) as session:
        assert sum(effective_places(session, "jianshi-2020").values()) == 359


@pytest.mark.parametrize(
    ("parameters", "act", "code"),
    [
        (Parameters(places={"js-01|frontline": 42}), Act.PLACES, "over_budget"),
        (Parameters(), Act.LIST, "no_places_plan"),
    ],
)
def test_what_does_not_hold_is_not_adopted(engine, parameters, act, code):
    scenario = save(engine, "甲", parameters)

    with refused(code):
        take(engine, scenario, act)
    with reading(engine) as session:
        assert session.exec(select(Adoption)).all() == []


def test_a_list_with_other_places_is_not_adopted(engine):
    take(engine, save(engine, "原定"), Act.PLACES)
    moved = Parameters(places={"js-01|frontline": 40, "js-02|frontline": 35})

    with pytest.raises(Refused, match="业州镇、长梁镇"):
        take(engine, save(engine, "调过", moved), Act.LIST)


def test_an_open_tie_stops_the_list_and_a_recorded_choice_settles_it(database_url):
    engine = open_ledger(database_url)
    put(engine, jianshi_tie())
    scenario = save(engine, "甲", round_id="jianshi-tie")
    first = take(engine, scenario, Act.PLACES)
    assert first["version"] == 1

    with refused("tie"):
        take(engine, scenario, Act.LIST, version=2)
    record_ruling(
        engine,
        round_id="jianshi-tie",
        kind="tie",
        cell="js-02|hardship",
        order=["jianshi-tie-c0016", "jianshi-tie-c0015"],
        basis="示例会议纪要",
        body="示例镇党委",
        decided_on=NOW.date(),
        key="ruling",
        **BY,
    )
    take(engine, scenario, Act.LIST, version=2, key="after the meeting")

    with reading(engine) as session:
        awards = in_force(session, "jianshi-tie", Act.LIST).numbers["awards"]
        assert "jianshi-tie-c0016" in [row["case_id"] for row in awards]
        assert "jianshi-tie-c0015" not in [row["case_id"] for row in awards]


def test_an_excess_over_a_soft_cap_needs_its_reason_and_decider(database_url):
    engine = open_ledger(database_url)
    put(engine, neimenggu())
    cell = "im-04|exceptional"
    blank = Parameters(places={cell: 6})
    given = Parameters(places={cell: 6}, extras=(Extra(cell, "工资发放有困难", "示例工委会议", "可适当增加"),))

    with refused("no_reason"):
        take(engine, save(engine, "没写", blank, round_id="neimenggu-2022"), Act.PLACES)
    take(engine, save(engine, "写了", given, round_id="neimenggu-2022"), Act.PLACES)

    with reading(engine) as session:
        (row,) = in_force(session, "neimenggu-2022", Act.PLACES).numbers["exceptions"]
        assert (row["extra"], row["decider"]) == (2, "示例工委会议")


def test_an_adopted_scenario_is_no_longer_changed(engine):
    scenario = save(engine, "甲")
    take(engine, scenario, Act.PLACES)

    with refused("adopted"):
        save(engine, "甲", key="later", scenario_id=scenario["scenario_id"], expected_version=2)


def test_two_officers_adopt_at_once_and_one_of_them_wins(engine):
    made = [save(engine, name) for name in ("甲", "乙")]
    said = []

    def press(scenario):
        try:
            take(engine, scenario, Act.PLACES)
            said.append("adopted")
        except Refused as error:
            said.append(error.reason_code)

    threads = [threading.Thread(target=press, args=(scenario,)) for scenario in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(said) == ["adopted", "in_force"]


def test_only_somebody_for_all_units_adopts(engine):
    scenario = save(engine, "甲")
    local = Actor(id="town", name="示例镇经办", role=Role.OFFICER, units=frozenset({"js-01"}))

    with pytest.raises(NotAllowed):
        take(engine, scenario, Act.PLACES, actor=local)
    with pytest.raises(NotAllowed):
        take(engine, scenario, Act.PLACES, actor=LOCAL_VIEWER)


def withdraw(engine, adoption, reason="发现错报", version=1, key="withdraw"):
    return withdraw_adoption(
        engine, adoption_id=adoption["adoption_id"], reason=reason, expected_version=version, key=key, **BY
    )


def test_an_adoption_is_withdrawn_with_a_reason_list_first(engine):
    places, people = both(engine, save(engine, "甲"))

    with refused("no_reason"):
        withdraw(engine, people, reason=" ")
    with refused("list_in_force"):
        withdraw(engine, places)
    withdraw(engine, people)
    withdraw(engine, places, key="and the places")

    with reading(engine) as session:
        assert in_force(session, "jianshi-2020", Act.LIST) is None
        found = find_scenario(session, "jianshi-2020", "甲")
        assert found.state == ScenarioState.DRAFT
        kept = session.exec(select(Adoption)).all()
        assert {row.reason for row in kept} == {"发现错报"}
    with refused("withdrawn"):
        withdraw(engine, people, version=2, key="again")


def test_what_was_issued_is_not_withdrawn(engine):
    _, people = both(engine, save(engine, "甲"))
    with transaction(engine) as session:
        session.add(
            IssuedList(
                issue_id="i",
                round_id="jianshi-2020",
                list_id="roster",
                paper="roster",
                format="pdf",
                title="示例",
                pages=1,
                people=1,
                words=b"w",
                content=b"c",
                adoption_id=people["adoption_id"],
                list_fingerprint="0" * 64,
                sha256="0" * 64,
                audit_head="0" * 64,
                issued_by="local",
                issued_at=NOW,
            )
        )

    with refused("issued"):
        withdraw(engine, people)


def move(engine, source, target, places=1, *, reason="申报人放弃", basis="示例纪要", key="move"):
    return move_places(
        engine,
        round_id="jianshi-2020",
        from_cell=source,
        to_cell=target,
        places=places,
        reason=reason,
        basis=basis,
        key=key,
        **BY,
    )


def test_unused_places_move_with_the_table_before_and_after(database_url):
    engine = open_ledger(database_url)
    sample = jianshi()
    import_units(engine, sample.units, key="u", **BY)
    open_round(engine, round_id=sample.round_id, policy=sample.policy.id, key="r", **BY)
    with refused("no_places_plan"):
        move(engine, "js-01|hardship", "js-02|hardship", key="too early")
    take(engine, save(engine, "甲"), Act.PLACES)

    move(engine, "js-01|hardship", "js-02|hardship", 2)

    with reading(engine) as session:
        (done,) = transfers(session, "jianshi-2020")
        assert (done.before["js-01|hardship"], done.after["js-01|hardship"]) == (17, 15)
        assert (done.before["js-02|hardship"], done.after["js-02|hardship"]) == (15, 17)
        assert sum(effective_places(session, "jianshi-2020").values()) == 359
    for given, code in (
        ({"reason": ""}, "no_reason"),
        ({"target": "js-01|hardship"}, "same_cell"),
        ({"target": "js-01|family"}, "no_cell"),
        ({"places": 16}, "too_many"),
        ({"places": 0}, "too_many"),
    ):
        arguments = {"source": "js-01|hardship", "target": "js-02|hardship", "key": f"{code}{given}", **given}
        with refused(code):
            move(engine, **arguments)


def test_used_places_do_not_move(engine):
    take(engine, save(engine, "甲"), Act.PLACES)

    with pytest.raises(Refused, match="空余名额只有 0 名"):
        move(engine, "js-01|hardship", "js-02|hardship")


def test_the_list_after_a_move_needs_the_moved_places(database_url):
    engine = open_ledger(database_url)
    put(engine, jianshi_tie())
    take(engine, save(engine, "甲", round_id="jianshi-tie"), Act.PLACES)
    move_places(
        engine,
        round_id="jianshi-tie",
        from_cell="js-01|hardship",
        to_cell="js-02|hardship",
        places=2,
        reason="示例",
        basis="示例纪要",
        key="m",
        **BY,
    )
    moved = Parameters(places={"js-01|hardship": 15, "js-02|hardship": 17})

    take(engine, save(engine, "调剂后", moved, round_id="jianshi-tie"), Act.LIST)

    with reading(engine) as session:
        assert len(in_force(session, "jianshi-tie", Act.LIST).numbers["awards"]) == 17


def test_every_deed_leaves_one_audit_entry(engine):
    with reading(engine) as session:
        before = len(session.exec(select(AuditEntry)).all())
    both(engine, save(engine, "甲"))

    with reading(engine) as session:
        actions = [entry.action for entry in session.exec(select(AuditEntry)).all()][before:]
    assert actions == ["save_scenario", "adopt_places", "adopt_list"]
