"""On any small round the worklist paged by the database is the worklist read whole, and so are place and rows."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from review_round import OFFICER, World, at, by

from casework import db
from casework.access import Actor
from casework.policy import load_policy
from casework.review import worklist_paged
from casework.review.objections import record_objection
from casework.review.removal import remove_person
from casework.review.worklist import work_page, worklist
from casework.review.worklist_paged import Worked, every_row, work_groups
from casework.sample_people import People, Sample
from casework.vocabulary import Decision, RemovalCause, Role, Stage

DAY = date(2022, 12, 21)
UNITS = ("甲", "乙", "丙", "丁")
CHAIN = ((Stage.SURVEY, "各单位"), (Stage.SCREENING, "各单位"), (Stage.UNIT_REVIEW, "各单位"))
WAYS = st.tuples(
    st.integers(0, 3),  # steps carried out
    st.sampled_from(["", "refused", "objected", "gone"]),
)
VIEWS = st.fixed_dictionaries(
    {},
    optional={
        "unit_id": st.sampled_from(UNITS),
        "stage": st.sampled_from([stage.value for stage, _ in CHAIN]),
        "next_stage": st.sampled_from(["survey", "screening", "unit_review", "nomination"]),
        "state": st.sampled_from(["open", "held", "refused", "done", "gone"]),
        "verdict": st.sampled_from(["eligible", "waiting", "refused"]),
        "late": st.booleans(),
        "due_by": st.sampled_from([at(DAY), at(DAY + timedelta(days=9))]),
    },
)
ACTORS = (
    OFFICER,
    Actor(id="n", name="示例乡镇经办", role=Role.OFFICER, units=frozenset({"乙", "丁"})),
    Actor(id="o", name="示例外单位", role=Role.OFFICER, units=frozenset({"戊"})),
)


@dataclass
class Copy:
    """What `World` needs of a ledger that was made once and copied."""

    engine: object
    round_id: str
    today: date
    read = World.read
    step = World.step
    version = World.version


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Four units, one of them empty, with people who are eligible and people of whom something is missing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)
        yield _made(tmp_path_factory.mktemp("made") / "ledger.db")


def _made(path):
    engine = db.open_ledger(path)
    sample = Sample(
        "im",
        load_policy("neimenggu-2022"),
        date(2022, 12, 20),
        [
            {"unit_id": name, "name": f"示例{name}机关", "kind": "organ_committee", "members": 320, "order": order}
            for name, order in zip(UNITS, (2, 1, None, 3), strict=True)
        ],
    )
    people = People(sample, 1)
    for unit, number in (("甲", 5), ("乙", 2), ("丁", 3)):
        for rank in range(1, number + 1):
            name = f"示例{'甲乙'[rank % 2]}{rank}"
            case_id = people.nominate(unit, "exceptional", rank, degree="exceptional_hardship", name=name)
            if rank % 3:
                people.struck(case_id, "own_illness")
    world = World(engine, sample, date(2022, 12, 27))
    engine.dispose()
    return path, world


def carry_out(world: Copy, ways: dict[str, tuple[int, str]]) -> None:
    """Take everybody his way, one step at a time for all who take it."""
    for place, (stage, body) in enumerate(CHAIN):
        told = {case: Decision.REFUSED for case, (steps, end) in ways.items() if steps == place and end == "refused"}
        going = [case for case, (steps, end) in ways.items() if steps > place or case in told]
        if going:
            results = {case: (result, "示例理由") for case, result in told.items()}
            world.step(stage, body, DAY + timedelta(days=place), case_ids=going, results=results)
    for case_id, (_, end) in ways.items():
        if end == "objected":
            said = {"content": "示例", "received_on": DAY}
            record_objection(world.engine, round_id=world.round_id, case_id=case_id, **said, **by(world.today))
        if end == "gone":
            left = {"cause": RemovalCause.MOVED, "on": DAY, "basis": "示例", "expected_version": 1}
            remove_person(world.engine, case_id=case_id, **left, **by(world.today))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ways=st.lists(WAYS, min_size=10, max_size=10),
    actor=st.sampled_from(ACTORS),
    text=st.sampled_from(["", "甲", "乙机关", "示例乙1", "没有"]),
    outcomes=st.booleans(),
    views=st.lists(VIEWS, min_size=1, max_size=3),
    cut=st.tuples(st.integers(0, 11), st.integers(0, 6)),
    lot=st.sampled_from([1, 6, 100]),
    later=st.booleans(),
)
def test_paged_by_the_database_is_read_whole(
    made, tmp_path_factory, ways, actor, text, outcomes, views, cut, lot, later
):
    source, whole_world = made
    path = tmp_path_factory.mktemp("copy") / "ledger.db"
    shutil.copyfile(source, path)
    engine = db.open_ledger(path)
    world = Copy(engine, whole_world.round_id, whole_world.today)
    carry_out(world, dict(zip(whole_world.cases, ways, strict=True)))
    now = at(world.today + timedelta(days=30 if later else 0))
    told = {"round_id": world.round_id, "actor": actor, "now": now}
    frame = world.read(worklist, **told)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worklist_paged, "AT_ONCE", lot)  # lots of a few cases, or all at once
        groups = world.read(work_groups, text=text, outcomes=outcomes, worked=Worked(lot), **told)
        parts = world.read(lambda session: list(every_row(session, **told)))
    assert [case for part in parts for case in part["case_id"]] == [
        case for case, state in frame.select("case_id", "state").iter_rows() if state != "gone"
    ]
    offset, limit = cut
    for view in views:
        if not outcomes:
            view.pop("verdict", None)
        whole = work_page(frame, text=text, offset=offset, limit=limit, **view)
        page = world.read(lambda session: groups.page(session, offset=offset, limit=limit, **view))  # noqa: B023
        assert_frame_equal(page.rows, whole.rows)
        assert page.total == whole.total
        assert page.counts == {name: each for name, each in whole.counts.items() if outcomes or name != "verdict"}
        order = work_page(frame, text=text, limit=100, **view).rows["case_id"].to_list()
        for case_id in whole_world.cases[cut[0] % 4 :: 4]:
            at_ = world.read(groups.place, case_id, **view)
            assert at_ == (order.index(case_id) if case_id in order else None)
    some = whole_world.cases[::2]
    assert_frame_equal(world.read(groups.rows_of, some), frame.filter(frame["case_id"].is_in(some)))
    engine.dispose()
