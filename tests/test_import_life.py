"""Properties of the import: there and back again is the same ledger, twice is once, killed is all or nothing."""

from __future__ import annotations

import os
import random
import time
from datetime import date
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import func, select
from test_durability import CONTEXT, KEY
from test_importing import LOCAL_OFFICER, NOW, book, by, engine, others, whole  # noqa: F401

from casework import db
from casework.ledger import audit_check, audit_key, facts, import_units, open_round
from casework.models import Case, Person
from casework.models_people import ImportBatch, ImportRow
from casework.money import yuan
from casework.people.importing import import_rows, plan_import
from casework.policy import load_policy
from casework.vocabulary import HardshipCause, Relation, Sex

POLICY = load_policy("jianshi-2020")
UNITS = {"u1": "示例镇", "u2": "示例乡"}
TABLES = ("people", "cases", "households", "members", "causes", "aid", "answers")
SIGNS = "甲乙丙丁戊申子丑寅卯示例"
_ROUNDS = count()

names = st.text(SIGNS, min_size=2, max_size=4).map(lambda text: f"示{text}")
days = st.dates(date(1930, 1, 1), date(2000, 12, 31))
words = st.text(SIGNS, min_size=1, max_size=6)
maybe = lambda strategy: st.one_of(st.none(), strategy)  # noqa: E731
people = st.lists(
    st.fixed_dictionaries(
        {
            "单位": st.sampled_from(sorted(UNITS.values())),
            "姓名": names,
            "性别": maybe(st.sampled_from(["男", "女"])),
            "出生年月": days.map(str),
            "所在党支部": words,
            "类别": st.sampled_from([category.label for category in POLICY.categories]),
            "困难类型": maybe(st.sampled_from([cause.label for cause in HardshipCause])),
            "困难简况": maybe(words.map(lambda text: f"另{text}")),
            "家庭人口": maybe(st.integers(3, 9).map(str)),
            "家庭年收入": maybe(st.integers(0, 10**7).map(yuan)),
            "家庭成员": maybe(words.map(lambda text: f"亲{text}/妻子/务农")),
            "已接受其他救助": maybe(words),
        }
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda row: (row["姓名"], row["单位"]),
)
small = settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def new_round(engine):  # noqa: F811
    round_id = f"轮{next(_ROUNDS)}"
    open_round(engine, round_id=round_id, policy="jianshi-2020", opened_on=date(2020, 10, 1), **by())
    return round_id


def bring(engine, round_id, body):  # noqa: F811
    told = {"round_id": round_id, "file_name": "示例.xlsx", "body": body, "actor": LOCAL_OFFICER, "now": NOW}
    with db.reading(engine) as session:
        plan = plan_import(session, **told)
    assert [issue.problem.sentence() for issue in plan.intake.problems] == []
    import_rows(engine, seen=plan.seen, **told, key=by()["key"])
    return plan


def known(engine, round_id):  # noqa: F811
    with db.reading(engine) as session:
        return facts(session, round_id=round_id, as_of=NOW.date())


def exported(found):
    """Write the facts of a round as a sheet again: the columns an office's ledger has."""
    causes, homes, members, aid = {}, {}, {}, {}
    for row in found.causes.iter_rows(named=True):
        causes.setdefault(row["case_id"], []).append(row)
    for row in found.members.iter_rows(named=True):
        members.setdefault(row["household_id"], []).append(row)
    homes = {row["household_id"]: row for row in found.households.iter_rows(named=True)}
    aid = {row["person_id"]: row["source"] for row in found.aid.iter_rows(named=True)}
    categories = {category.id: category.label for category in POLICY.categories}
    rows = []
    for row in found.cases.join(found.people, on="person_id").sort("unit_id", "name").iter_rows(named=True):
        home = homes.get(row["household_id"], {})
        own = causes.get(row["case_id"], [])
        income = home.get("yearly_income_fen")
        relatives = members.get(row["household_id"], [])
        rows.append(
            {
                "单位": UNITS[row["unit_id"]],
                "姓名": row["name"],
                "性别": Sex(row["sex"]).label if row["sex"] else None,
                "出生年月": str(row["born_on"]),
                "所在党支部": row["branch"],
                "类别": categories[row["category"]],
                "困难类型": "、".join(HardshipCause(one["cause"]).label for one in own if one["cause"]) or None,
                "困难简况": "；".join(one["note"] for one in own if one["note"]) or None,
                "家庭人口": str(home["size"]) if home.get("size") else None,
                "家庭年收入": yuan(income) if income is not None else None,
                "家庭成员": "；".join(
                    f"{each['name']}/{Relation(each['relation']).label}/{each['employment']}" for each in relatives
                )
                or None,
                "已接受其他救助": aid.get(row["person_id"]),
            }
        )
    return book(*rows)


def without_ids(found):
    """The facts as rows that name people and not ids."""
    name = dict(found.people.select("person_id", "name").iter_rows())
    whose = {case: name[person] for case, person in found.cases.select("case_id", "person_id").iter_rows()}
    home = {place: who for who, place in found.people.select("name", "household_id").iter_rows() if place}
    ids = {"person_id": name, "case_id": whose, "household_id": home}
    return {
        table: sorted(
            repr({key: ids[key].get(value) if key in ids else value for key, value in row.items()})
            for row in getattr(found, table).iter_rows(named=True)
        )
        for table in TABLES
    }


@small
@given(rows=people)
def test_exporting_a_ledger_and_importing_it_gives_the_same_ledger(engine, rows):  # noqa: F811
    first, second = new_round(engine), new_round(engine)
    bring(engine, first, book(*rows))
    found = known(engine, first)
    out = exported(found)
    bring(engine, second, out)
    assert without_ids(known(engine, second)) == without_ids(found)
    again = bring(engine, first, out)
    assert again.counts()["unchanged"] == len(rows)
    assert (again.counts()["new"], again.counts()["changed"], again.counts()["gone"]) == (0, 0, 0)
    assert known(engine, first).digest() == found.digest()


@small
@given(rows=people, others_=people)
def test_a_sheet_taken_twice_is_taken_once_whatever_stood_before(engine, rows, others_):  # noqa: F811
    round_id = new_round(engine)
    bring(engine, round_id, book(*others_))
    body = book(*rows)
    bring(engine, round_id, body)
    found = known(engine, round_id)
    assert bring(engine, round_id, body).already
    assert known(engine, round_id).digest() == found.digest()
    assert whole(engine)


# -- kill -9 -----------------------------------------------------------------------------------------------------------

EACH = 60


def import_for_ever(url, name, body, acknowledge):
    """The child: the same people again and again, each time as another part, acknowledged when it returned."""
    os.environ["CASEWORK_AUDIT_KEY"] = KEY
    engine = db.open_engine(url)  # noqa: F811
    n = 0
    while True:
        round_id = f"{name}-{n}"
        told = {"actor": LOCAL_OFFICER, "now": NOW}
        open_round(engine, round_id=round_id, policy="jianshi-2020", opened_on=date(2020, 10, 1), key=round_id, **told)
        told |= {"round_id": round_id, "file_name": "示例.xlsx", "body": body}
        with db.reading(engine) as session:
            seen = plan_import(session, **told).seen
        acknowledge.send("ready")
        import_rows(engine, seen=seen, key=f"i{round_id}", **told)
        acknowledge.send(round_id)
        n += 1


def test_an_import_killed_in_the_middle_leaves_all_or_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", KEY)
    url = db.as_url(tmp_path / "ledger.db")
    engine = db.open_ledger(url)  # noqa: F811
    import_units(engine, [{"unit_id": "u1", "name": "示例镇"}], actor=LOCAL_OFFICER, now=NOW, key="units")
    body = book(*others(*[f"示例{a}{b}" for a in SIGNS[:8] for b in SIGNS[:8]][:EACH], 公示起止=None))
    chance, done = random.Random(20201201), set()
    for life in range(3):
        receive, acknowledge = CONTEXT.Pipe(duplex=False)
        child = CONTEXT.Process(target=import_for_ever, args=(url, f"{life}", body, acknowledge))
        child.start()
        acknowledge.close()
        try:
            assert receive.poll(60), "the child never came so far"
            assert receive.recv() == "ready"
            # The file is read again first (about 0.3 s), then written: most kills strike in the writing.
            time.sleep(chance.uniform(0.2, 0.6))
        finally:
            child.kill()
            child.join()
        try:
            while True:
                done |= {receive.recv()} - {"ready"}
        except (EOFError, OSError):
            pass
        with db.reading(engine) as session:
            batches = {b.round_id: b.import_id for b in session.exec(select(ImportBatch))}
            assert done <= batches.keys(), "an acknowledged import is lost"
            for round_id, import_id in batches.items():
                rows = select(func.count()).select_from(ImportRow).where(ImportRow.import_id == import_id)
                cases = select(func.count()).select_from(Case).where(Case.round_id == round_id)
                assert session.exec(rows).one() == session.exec(cases).one() == EACH
            assert session.exec(select(func.count()).select_from(Person)).one() == EACH * len(batches)
            assert audit_check(session, key=audit_key(engine)) == []
    engine.dispose()
