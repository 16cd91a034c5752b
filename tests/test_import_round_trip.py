"""What leaves as a list or a filled template comes back as what the ledger has, under all three circulars."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from itertools import count

import openpyxl
import pytest
import workbooks
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from review_round import World
from sqlmodel import select
from test_import_life import days, maybe, names, without_ids, words
from test_importing import LOCAL_OFFICER, by

from casework import db, samples
from casework.cli import main
from casework.intake import template, template_columns
from casework.ledger import facts, import_units, open_round
from casework.models_people import Contact
from casework.people.contacts import put_contact
from casework.people.filled import filled_rows
from casework.people.importing import import_rows, plan_import
from casework.policy import load_policy
from casework.sheets import read_workbook
from casework.vocabulary import HardshipCause, Membership, Sex, Tag

NOW = datetime(2024, 1, 5, 2, 0, tzinfo=UTC)
PACKS = ("neimenggu-2022", "jianshi-2020", "jiaozuo-2018")
ROUNDS = {"neimenggu-2022": samples.neimenggu, "jianshi-2020": samples.jianshi, "jiaozuo-2018": samples.jiaozuo}
UNIT = {"unit_id": "u1", "name": "示例单位"}
_ROUNDS = count()


def look(engine, round_id, body):
    with db.reading(engine) as session:
        return plan_import(session, round_id=round_id, file_name="表.xlsx", body=body, actor=LOCAL_OFFICER, now=NOW)


def known(engine, round_id):
    with db.reading(engine) as session:
        return facts(session, round_id=round_id, as_of=NOW.date())


def all_unchanged(plan, people):
    assert [row["differences"] for row in plan.preview.iter_rows(named=True) if row["change"] != "unchanged"] == []
    assert plan.counts()["unchanged"] == people
    assert plan.complete


@pytest.mark.parametrize("pack", PACKS)
def test_lists_and_templates_of_the_demo_come_back_unchanged(pack, tmp_path, capsys):
    place = tmp_path / "台账.db"
    engine = db.open_ledger(place)
    sample = ROUNDS[pack]()
    world = World(engine, sample, sample.as_of)
    out = tmp_path / "花名册.xlsx"
    assert main(["list", "roster", "--round", sample.round_id, "--out", str(out), "--db", str(place)]) == 0, (
        capsys.readouterr()
    )
    roster = look(engine, sample.round_id, out.read_bytes())
    all_unchanged(roster, roster.preview.height)
    assert roster.preview.height > 10
    found = known(engine, sample.round_id)
    names_of = dict(found.units.select("unit_id", "name").iter_rows())
    for unit_id in sorted(set(found.cases["unit_id"]))[:2]:
        rows = filled_rows(found, policy=world.policy, unit_id=unit_id)
        body = template(world.policy, {"unit_id": unit_id, "name": names_of[unit_id]}, {}, rows)
        all_unchanged(look(engine, sample.round_id, body), len(rows))
    engine.dispose()


# -- 困难党员统计表: with whole card numbers, and with masked ones -----------------------------------------------------

CARDS = ("6222021234567890128", "6217001234567890122")


def contacts(engine):
    """Person → what the ledger holds of numbers, addresses and cards; equal digests are equal contents."""
    with db.reading(engine) as session:
        return sorted((each.person_id, each.kind, each.digest, each.ended_on) for each in session.exec(select(Contact)))


def returned(place, round_id, *more):
    """Write 困难党员统计表 of a round as an office hands it on."""
    out = place.with_name("统计表.xlsx")
    told = ("--round", round_id, "--out", str(out), "--db", str(place))
    assert main(["list", "person-return", *told, *more]) == 0
    return out.read_bytes()


def listed(body):
    """Return the rows of a list from its heads on."""
    rows = read_workbook(body, name="统计表.xlsx")[0].rows
    start = next(at for at, row in enumerate(rows) if row[0] == "序号")
    return [row for row in rows[start:] if row[1]]


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    """A round with people whose cards are known."""
    place = tmp_path_factory.mktemp("统计") / "台账.db"
    engine = db.open_ledger(place)
    sample = samples.neimenggu()
    World(engine, sample, sample.as_of)
    for at, person_id in enumerate(known(engine, sample.round_id).cases["person_id"].head(4)):
        put_contact(engine, person_id=person_id, kind="card", value=CARDS[at % 2], **by(NOW))
    yield engine, place, sample
    engine.dispose()


@pytest.mark.parametrize("more", [(), ("--cards",)], ids=["masked", "whole"])
def test_the_return_comes_back_unchanged_and_every_card_stays(reported, more):
    engine, place, sample = reported
    body = returned(place, sample.round_id, *more)
    before, found = contacts(engine), known(engine, sample.round_id)
    assert len(before) == 4
    plan = look(engine, sample.round_id, body)
    all_unchanged(plan, found.cases.height)
    masked = [each.problem for each in plan.issues if "遮盖过的" in each.problem.message]
    assert len(masked) == (0 if more else 4)
    assert not any(card in str(plan.issues) for card in CARDS)
    told = {"round_id": sample.round_id, "file_name": "表.xlsx", "body": body, "seen": plan.seen}
    import_rows(engine, **told, **by(NOW))
    assert contacts(engine) == before
    assert known(engine, sample.round_id).digest() == found.digest()


def test_a_masked_card_beside_a_corrected_cell_overwrites_nothing(reported):
    engine, place, sample = reported
    before = contacts(engine)
    book = openpyxl.load_workbook(io.BytesIO(returned(place, sample.round_id)))
    first = next(row for row in book.active.iter_rows() if row[-1].value and str(row[-1].value).startswith("****"))
    first[8].value = "示例职务"
    plan = look(engine, sample.round_id, workbooks.save(book))
    assert [row["differences"] for row in plan.preview.to_dicts() if row["change"] == "changed"] == [
        ["职务/身份：（空） → 示例职务"]
    ]
    told = {"round_id": sample.round_id, "file_name": "表.xlsx", "body": workbooks.save(book)}
    plan = look(engine, sample.round_id, told["body"])
    import_rows(engine, **told, seen=plan.seen, **by(NOW))
    assert contacts(engine) == before


def test_the_return_of_a_ledger_makes_a_ledger_with_the_same_return(reported, tmp_path):
    """Cards included; from a masked one no card comes into being."""
    _, place, sample = reported
    for cards, stored in ((("--cards",), 4), ((), 0)):
        body = returned(place, sample.round_id, *cards)
        other = tmp_path / f"另一台账{stored}.db"
        engine = db.open_ledger(other)
        open_round(engine, round_id="R", policy=sample.policy.id, opened_on=NOW.date(), **by(NOW))
        import_units(engine, [dict(unit) for unit in sample.units], round_id="R", **by(NOW))
        plan = look(engine, "R", body)
        assert plan.complete
        told = {"round_id": "R", "file_name": "表.xlsx", "body": body, "seen": plan.seen}
        import_rows(engine, **told, **by(NOW))
        assert len(contacts(engine)) == stored
        again, first = listed(returned(other, "R", "--cards")), listed(body)
        if not cards:  # the last column is the card
            again, first = ([row[:-1] for row in rows] for rows in (again, first))
        assert sorted((row[1:] for row in again), key=str) == sorted((row[1:] for row in first), key=str)
        engine.dispose()


# -- any ledger ------------------------------------------------------------------------------------------------------


def filled(policy):
    """Any people, in words, in the columns of this circular's template."""
    category = st.sampled_from([each.label for each in policy.categories])
    brief = st.lists(
        st.one_of(
            st.sampled_from([cause.label for cause in HardshipCause]),
            st.builds("{}：{}".format, st.sampled_from([cause.label for cause in HardshipCause]), words),
            words.map(lambda text: f"另{text}"),
        ),
        min_size=1,
        max_size=3,
        unique=True,
    ).map("；".join)
    roles = st.lists(st.sampled_from([tag.label for tag in Tag]), min_size=1, max_size=2, unique=True).map("、".join)
    kinds = {
        "sex": st.sampled_from([sex.label for sex in Sex]),
        "membership": st.sampled_from([kind.label for kind in Membership]),
        "position": st.one_of(roles, words.map(lambda text: f"示{text}")),
        "brief": brief,
        "requested": st.integers(1, 10**6).map(str),
        "unit_rank": st.integers(1, 40).map(str),
        "ethnicity": st.just("汉族"),
        "branch": words,
        "party_work_years": st.integers(0, 40).map(str),
        "in_scope": st.sampled_from("是否"),
        "ledger_verified": st.sampled_from("是否"),
        "monthly_pay": st.integers(1, 10**5).map(str),
        "housing_area": st.integers(1, 300).map(str),
    }
    have = {column.id for column in template_columns(policy)}
    row = {key: maybe(kind) for key, kind in kinds.items() if key in have}
    row |= {"name": names, "born_on": days.map(str)}
    row |= {"category": category} if "category" in have else {}
    row |= {"path": st.sampled_from([label for _, label in policy.paths])} if policy.paths else {}
    return st.lists(st.fixed_dictionaries(row), min_size=1, max_size=5, unique_by=lambda told: told["name"])


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    engines = []
    for name in ("一", "二"):
        engine = db.open_ledger(tmp_path_factory.mktemp("往返") / f"{name}.db")
        import_units(engine, [UNIT], **by(NOW))
        engines.append(engine)
    yield engines
    for engine in engines:
        engine.dispose()


def bring(engine, pack, body):
    round_id = f"轮{next(_ROUNDS)}"
    open_round(engine, round_id=round_id, policy=pack, opened_on=NOW.date(), **by(NOW))
    plan = look(engine, round_id, body)
    assert plan.complete, [issue.problem.sentence() for issue in plan.issues]
    told = {"round_id": round_id, "file_name": "表.xlsx", "body": body, "seen": plan.seen}
    import_rows(engine, **told, **by(NOW))
    return round_id


@pytest.mark.parametrize("pack", PACKS)
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_ledger_filled_into_its_template_makes_the_same_ledger(two, pack, data):
    policy = load_policy(pack)
    people = [{key: text for key, text in row.items() if text} for row in data.draw(filled(policy))]
    first, second = two
    round_id = bring(first, pack, template(policy, UNIT, {}, people))
    found = known(first, round_id)
    assert found.people.height == len(people)
    out = template(policy, UNIT, {}, filled_rows(found, policy=policy, unit_id="u1"))
    assert without_ids(known(second, bring(second, pack, out))) == without_ids(found)
    all_unchanged(look(first, round_id, out), len(people))
