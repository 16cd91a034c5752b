"""收表: a workbook for every unit, the grid of what came, sent back and came again, and whom to chase."""

import io
import zipfile
from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import col, select
from test_attachments import pdf

from casework import db
from casework.access import LOCAL_OFFICER, LOCAL_VIEWER, Actor
from casework.adoption import adopt
from casework.allocation import Parameters
from casework.checking import check_ledger
from casework.ledger import audit_check, audit_key, history, import_units, open_round
from casework.models import Round
from casework.models_people import ImportBatch, UnitPackage
from casework.people.attachments import attach
from casework.people.chasing import chasing_text
from casework.people.dispatch import templates_zip
from casework.people.packages import Tick, package_grid, receive_package, return_package
from casework.problems import Conflict, NotAllowed, Refused
from casework.samples import _jianshi_units
from casework.scenarios import save_scenario
from casework.vocabulary import Act, Role, RoundState

CHINA = timezone(timedelta(hours=8))
ROUND, CLAUSE = "js", "JS-6.1"
ROSTER, SIGNED, SEALED, SCAN, SHEET = (
    "建始县元旦春节期间部分慰问对象花名册",
    "单位主要负责同志签字",
    "党组织公章",
    "扫描件",
    "电子版",
)
TOWN = Actor("town", "示例镇经办", Role.OFFICER, frozenset({"js-02"}))
DUE = datetime(2020, 1, 15, 17, tzinfo=CHINA)


def beijing(day, hour=9, minute=0):
    return datetime(2020, 1, day, hour, minute, tzinfo=CHINA)


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)


def opened(url):
    engine = db.open_ledger(url)
    sample = _jianshi_units(ROUND)
    who = {"actor": LOCAL_OFFICER, "now": beijing(10)}
    open_round(engine, round_id=ROUND, policy=sample.policy.id, opened_on=sample.as_of, key="open", **who)
    import_units(engine, [dict(unit) for unit in sample.units], round_id=ROUND, key="units", **who)
    return engine


@pytest.fixture
def engine(database_url):
    engine = opened(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def quick(sqlite_database_url):
    engine = opened(sqlite_database_url)
    yield engine
    engine.dispose()


def read(engine, function, **more):
    with db.reading(engine) as session:
        return function(session, **{"round_id": ROUND, "actor": LOCAL_OFFICER, **more})


def grid(engine, unit="js-02", *, now=None, actor=LOCAL_OFFICER):
    rows = read(engine, package_grid, now=now or beijing(14), actor=actor).to_dicts()
    return {row["item"]: row for row in rows if row["unit_id"] == unit and row["clause_id"] == CLAUSE}


def receive(engine, *ticks, at=None, actor=LOCAL_OFFICER, key=None, now=None):
    now = now or at or beijing(14)
    more = {"received_at": at} if at else {}
    told = {"ticks": ticks, "actor": actor, "now": now, "key": key or f"{ticks}{now}", **more}
    return receive_package(engine, round_id=ROUND, **told)["results"]


def back(engine, *ticks, reason="示例缺第二页", now=None, key=None):
    told = {"ticks": ticks, "reason": reason, "actor": LOCAL_OFFICER, "now": now or beijing(14, 12)}
    return return_package(engine, round_id=ROUND, key=key or f"back {ticks}{reason}", **told)["results"]


def tick(item=SHEET, seen=0, unit="js-02", clause=CLAUSE):
    return Tick(unit, clause, item, seen)


def code(deed, *arguments, **named):
    with pytest.raises(Refused) as caught:
        deed(*arguments, **named)
    return caught.value.reason_code


def imported(engine, number, *, unit="js-02", state="in_force", at=None, replaces=None):
    with db.transaction(engine) as session:
        for old in session.exec(
            select(ImportBatch).where(ImportBatch.unit_id == unit, ImportBatch.state == "in_force")
        ):
            old.state = "replaced"
            session.add(old)
        session.flush()
        session.add(
            ImportBatch(
                import_id=f"imp{number}",
                round_id=ROUND,
                unit_id=unit,
                file_name="示例.xlsx",
                sha256=f"{number}",
                mode="all_or_nothing",
                counts={},
                state=state,
                reason="示例" if state == "withdrawn" else "",
                replaces=replaces,
                audit_seq=1,
                imported_by="local",
                imported_at=at or beijing(13),
            )
        )


# -- the grid --------------------------------------------------------------------------------------------------------


def test_it_comes_goes_back_and_comes_again(engine):
    assert {row["state"] for row in grid(engine).values()} == {"missing"}
    first = receive(engine, *(tick(item) for item in (ROSTER, SIGNED, SEALED, SHEET)))
    assert [(row["number"], row["late"], row["refused"]) for row in first] == [(1, False, None)] * 4
    assert (grid(engine)[SHEET]["state"], grid(engine)[SCAN]["state"]) == ("in", "missing")
    assert [row["number"] for row in back(engine, tick(seen=1))] == [1]
    row = grid(engine)[SHEET]
    assert (row["state"], row["number"], row["reason"], row["received_by"]) == ("returned", 1, "示例缺第二页", "local")
    assert code(back, engine, tick(seen=1), key="again") == "returned"
    again = receive(engine, tick(seen=1), at=beijing(15, 17, 1))
    assert [(row["number"], row["late"]) for row in again] == [(2, True)]
    row = grid(engine, now=beijing(16))[SHEET]
    assert (row["state"], row["number"], row["late_minutes"], row["reason"]) == ("late", 2, 1, None)
    with db.reading(engine) as session:
        kept = session.exec(
            select(UnitPackage).where(UnitPackage.deliverable == SHEET).order_by(col(UnitPackage.number))
        )
        assert [(row.number, row.state, row.reason) for row in kept] == [
            (1, "returned", "示例缺第二页"),
            (2, "received", ""),
        ]
        assert audit_check(session, key=audit_key(engine)) == []
        package = first[3]["package_id"]
        assert any("state" in str(change) for change in history(session, table="unit_package", row=package))
        assert check_ledger(session, key=audit_key(engine)) == []  # an hour of Beijing is kept as it is stored


def test_to_the_minute_of_the_circular(quick):
    assert [r["late"] for r in receive(quick, tick(SIGNED), at=DUE)] == [False]
    assert [r["late"] for r in receive(quick, tick(SEALED), at=DUE + timedelta(minutes=1))] == [True]
    assert {grid(quick, now=DUE)[item]["state"] for item in (SCAN, SHEET)} == {"missing"}
    assert {grid(quick, now=DUE + timedelta(minutes=1))[item]["state"] for item in (SCAN, SHEET)} == {"overdue"}


def test_a_correction_keeps_the_hour_of_the_first_until_it_goes_back(quick):
    receive(quick, tick(SCAN), at=beijing(14))
    receive(quick, tick(SCAN, 1), at=beijing(16))
    assert (grid(quick, now=beijing(17))[SCAN]["state"], grid(quick)[SCAN]["number"]) == ("in", 2)
    back(quick, tick(SCAN, 2), now=beijing(17))
    assert grid(quick, now=beijing(17))[SCAN]["state"] == "overdue"


def test_one_tick_for_several_units_with_a_result_for_each(engine):
    receive(engine, tick(unit="js-03"))
    done = receive(engine, tick(unit="js-01"), tick(unit="js-03"), tick(unit="zz"), tick(unit="js-04"))
    assert [(row["unit_id"], row["number"], row["refused"] is None) for row in done] == [
        ("js-01", 1, True),
        ("js-03", None, False),
        ("zz", None, False),
        ("js-04", 1, True),
    ]
    assert "第 1 版已于2020年1月14日09:00登记" in done[1]["refused"]


def test_the_second_session_is_refused(engine):
    receive(engine, tick(), key="one")
    assert receive(engine, tick(), key="one")[0]["number"] == 1  # a double click
    with pytest.raises(Conflict) as caught:
        receive(engine, tick(), key="two")
    assert caught.value.reason_code == "stale"
    with pytest.raises(Conflict):
        back(engine, tick(seen=0))


@pytest.mark.parametrize(
    ("ticks", "more", "why"),
    [
        ([], {}, "nothing"),
        ([tick("照片")], {}, "not_asked"),
        ([tick(clause="JS-9.9")], {}, "not_asked"),
        ([tick(unit="js-01")], {"actor": TOWN}, "not_found"),
        ([tick()], {"at": beijing(20), "now": beijing(14)}, "future"),
    ],
)
def test_what_is_refused(quick, ticks, more, why):
    assert code(receive, quick, *ticks, **more) == why


def test_refusals_that_need_a_version(quick):
    assert code(back, quick, tick()) == "not_in"
    receive(quick, tick(), at=beijing(14))
    assert code(back, quick, tick(seen=1), reason=" ") == "no_reason"
    assert code(receive, quick, tick(seen=1), at=beijing(13), now=beijing(15)) == "before"
    with pytest.raises(NotAllowed):
        receive(quick, tick(SCAN), actor=LOCAL_VIEWER)
    with db.transaction(quick) as session:
        session.get_one(Round, ROUND).state = RoundState.CLOSED.value
    assert code(receive, quick, tick(SCAN)) == "closed"


def test_units_see_their_own(quick):
    receive(quick, tick(), actor=TOWN)
    assert set(read(quick, package_grid, now=beijing(14), actor=TOWN)["unit_id"]) == {"js-02"}


def test_an_imported_sheet_is_the_electronic_one(engine):
    imported(engine, 1, at=beijing(13))
    row = grid(engine)[SHEET]
    assert (row["state"], row["number"], row["electronic"]) == ("in", 1, True)
    assert grid(engine, unit="js-03")[SHEET]["state"] == "missing"
    back(engine, tick(seen=1))
    row = grid(engine)[SHEET]
    assert (row["state"], row["number"], row["reason"]) == ("returned", 1, "示例缺第二页")
    imported(engine, 2, at=beijing(15, 18))
    row = grid(engine, now=beijing(16))[SHEET]
    assert (row["state"], row["number"], row["late_minutes"]) == ("late", 2, 60)
    assert [each["number"] for each in receive(engine, tick(seen=2), at=beijing(16))] == [3]


def test_a_withdrawn_import_does_not_count(quick):
    imported(quick, 1, state="withdrawn")
    assert grid(quick)[SHEET]["state"] == "missing"


def test_scans_of_a_package_are_counted(quick):
    (done,) = receive(quick, tick(SCAN))
    who = {"actor": LOCAL_OFFICER, "now": beijing(14)}
    about = {"round_id": ROUND, "unit_id": "js-02", "about": done["package_id"]}
    attach(quick, purpose="package", name="示例.pdf", body=pdf(), key="scan", **about, **who)
    assert grid(quick)[SCAN]["scans"] == 1


# -- no version is ever lost -----------------------------------------------------------------------------------------


class Packages(RuleBasedStateMachine):
    """Ticks in any order: every version that was taken stays, with its number, its time and its reason."""

    engine = None

    @initialize()
    def begin(self):
        with db.transaction(self.engine) as session:
            for package in session.exec(select(UnitPackage)):
                session.delete(package)
        self.kept = {}
        self.clock = beijing(14)
        self.steps = 0

    def go(self, deed, *ticks, **more):
        self.steps += 1
        self.clock += timedelta(minutes=1)
        return deed(self.engine, *ticks, now=self.clock, key=f"{id(self)}-{self.steps}-{self.clock}", **more)

    units = st.lists(st.sampled_from(["js-01", "js-02"]), min_size=1, max_size=2, unique=True)
    items = st.sampled_from([SHEET, SCAN])

    def ticks(self, units, item, stale):
        return [tick(item, len(self.kept.get((unit, item), [])) + (1 if stale else 0), unit) for unit in units]

    @rule(units=units, item=items, stale=st.booleans())
    def come(self, units, item, stale):
        ticks = self.ticks(units, item, stale)
        if stale:
            assert code(self.go, receive, *ticks) == "stale"
            return
        for row in self.go(receive, *ticks):
            mine = self.kept.setdefault((row["unit_id"], item), [])
            assert row["number"] == len(mine) + 1
            mine.append(["received", ""])

    @precondition(lambda self: self.kept)
    @rule(units=units, item=items)
    def go_back(self, units, item):
        ready = [u for u in units if self.kept.get((u, item)) and self.kept[u, item][-1][0] == "received"]
        if not ready:
            assert code(self.go, back, *self.ticks(units, item, stale=False)) in {"not_in", "returned"}
            return
        for row in self.go(back, *self.ticks(units, item, stale=False), reason=f"示例{self.steps}"):
            assert (row["refused"] is None) == (row["unit_id"] in ready)
            if row["refused"] is None:
                self.kept[row["unit_id"], item][-1] = ["returned", f"示例{self.steps - 1}"]

    @invariant()
    def every_version_is_there(self):
        with db.reading(self.engine) as session:
            rows = session.exec(select(UnitPackage).order_by(col(UnitPackage.number))).all()
        found = {}
        for row in rows:
            found.setdefault((row.unit_id, row.deliverable), []).append([row.state, row.reason])
        assert found == {where: versions for where, versions in self.kept.items() if versions}


def test_packages_never_lose_a_version(quick):
    machine = type("Here", (Packages,), {"engine": quick})
    few = settings(max_examples=10, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine, settings=few)


# -- chasing ---------------------------------------------------------------------------------------------------------


def test_whom_to_chase(quick):
    for unit in range(1, 13):
        if unit not in (2, 5):
            name = f"js-{unit:02}"
            receive(quick, *(tick(item, unit=name) for item in (ROSTER, SIGNED, SEALED, SCAN, SHEET)))
    receive(quick, *(tick(item) for item in (ROSTER, SIGNED, SEALED, SHEET)))
    back(quick, tick(seen=1))
    text = read(quick, chasing_text, now=beijing(14, 16, 30))
    lines = text.split("\n")
    assert lines[0].endswith("催报名单（截至2020年1月14日16:30）")
    assert lines[1] == "2020年1月15日17:00前报县委组织部（还有 1 天）"
    names = {unit["unit_id"]: unit["name"] for unit in _jianshi_units(ROUND).units}
    assert lines[2:5] == [
        f"  {names['js-02']}：缺扫描件；电子版已退回，待重报",
        f"  {names['js-05']}：全部未报",
        "  共 2 个单位。",
    ]
    assert lines[5] == "2020年2月14日前报县委组织部组织一股（还有 31 天）"
    assert "第二页" not in text
    assert "已逾期 1 天" in read(quick, chasing_text, now=beijing(16))
    assert "今天到期" in read(quick, chasing_text, now=beijing(15, 17))
    assert "今天已逾期" in read(quick, chasing_text, now=beijing(15, 17, 1))
    only = read(quick, chasing_text, now=beijing(14), actor=TOWN)
    assert names["js-05"] not in only
    nobody = Actor("x", "示例", Role.OFFICER, frozenset())
    assert read(quick, chasing_text, now=beijing(14), actor=nobody) == "这一轮还没有您范围内的单位。"


def test_nobody_to_chase(quick):
    for unit in range(1, 13):
        name = f"js-{unit:02}"
        receive(quick, *(tick(item, unit=name) for item in (ROSTER, SIGNED, SEALED, SCAN, SHEET)))
        receive(quick, tick("州、县领导慰问对象花名册", unit=name, clause="JS-6.5"))
    assert read(quick, chasing_text, now=beijing(14)) == "各单位材料已报齐，没有要催报的。"


# -- templates -------------------------------------------------------------------------------------------------------


def archive(engine, **more):
    return read(engine, templates_zip, **{"on": date(2020, 1, 11), **more})


def test_one_workbook_for_each_unit_with_its_places(quick):
    who = {"actor": LOCAL_OFFICER, "now": beijing(11)}
    assert "未定" in first_words(archive(quick))
    saved = save_scenario(quick, round_id=ROUND, name="示例", parameters=Parameters(), key="s", **who)
    told = {"scenario_id": saved["scenario_id"], "expected_version": saved["version"]}
    adopt(quick, act=Act.PLACES, key="adopt", **told, **who)
    body = archive(quick)
    assert archive(quick) == body
    with zipfile.ZipFile(io.BytesIO(body)) as found:
        names = found.namelist()
        units = [unit["name"] for unit in _jianshi_units(ROUND).units]
        assert names == [f"{unit}_{ROSTER}_20200111.xlsx" for unit in units]
    words = first_words(body)
    assert f"填报单位：{units[0]}" in words
    assert "未定" not in words
    assert " 名" in words
    with zipfile.ZipFile(io.BytesIO(archive(quick, actor=TOWN))) as mine:
        assert mine.namelist() == [f"{units[1]}_{ROSTER}_20200111.xlsx"]
    assert code(archive, quick, actor=Actor("x", "示例", Role.OFFICER, frozenset())) == "no_units"


def first_words(body):
    with (
        zipfile.ZipFile(io.BytesIO(body)) as found,
        zipfile.ZipFile(io.BytesIO(found.read(found.namelist()[0]))) as book,
    ):
        return book.read("xl/sharedStrings.xml").decode()
