"""Commands and facts: once, whole, by somebody, from the state they saw; what goes in comes out."""

import gc
import threading
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import func, select

from casework import db
from casework.access import LOCAL_OFFICER, LOCAL_VIEWER, Actor
from casework.facts import Facts
from casework.frames import FACTS, cell_key
from casework.ledger import (
    add_facts,
    audit_check,
    audit_key,
    change_case,
    close_round,
    erased_in,
    execute,
    facts,
    facts_known,
    freeze,
    import_units,
    is_demo,
    load_draft,
    mark_demo,
    open_round,
    pack_of,
    policy_of,
    record_download,
    record_judgement,
    record_ruling,
    rounds,
    save_draft,
    thaw,
)
from casework.ledger.causes import _uncollected
from casework.models import (
    Answer,
    AuditEntry,
    Case,
    Completeness,
    Download,
    History,
    Honour,
    Household,
    Idempotency,
    Person,
    Round,
    Unit,
)
from casework.policy import digest_of, read_pack
from casework.problems import Conflict, LedgerError, NotAllowed, PolicyError, Refused
from casework.vocabulary import Mark, Role, Stage, Tag

NOW = datetime(2020, 12, 1, 9, 30, tzinfo=UTC)
DAY = NOW.date()
WHO = {"actor": LOCAL_OFFICER, "now": NOW}
ROUND = "jianshi-2020"
PACK = read_pack(ROUND)


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)


@pytest.fixture
def engine(database_url):
    engine = db.open_ledger(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def opened(engine):
    """A ledger with one round, two units, three cases in one cell."""
    open_round(engine, round_id=ROUND, policy=PACK, key="open", **WHO)
    import_units(engine, [{"unit_id": "a", "name": "示例镇"}, {"unit_id": "b", "name": "示例乡"}], key="units", **WHO)
    people = [{"person_id": f"p{i}", "name": f"示例{i}"} for i in range(3)]
    cases = [
        {"case_id": f"c{i}", "person_id": f"p{i}", "unit_id": "a", "category": "hardship", "requested_fen": 50_000}
        for i in range(3)
    ]
    add_facts(engine, round_id=ROUND, people=people, cases=cases, key="people", **WHO)
    return engine


def known(engine, *, as_of=DAY, round_id=ROUND):
    with db.reading(engine) as session:
        return facts(session, round_id=round_id, as_of=as_of)


def count(engine, model):
    with db.reading(engine) as session:
        return session.exec(select(func.count()).select_from(model)).one()


def whole(engine):
    with db.reading(engine) as session:
        return audit_check(session, key=audit_key(engine)) == []


def asked_clause(engine):
    with db.reading(engine) as session:
        return next(clause.id for clause in policy_of(session, ROUND).clauses if clause.ask)


# -- commands ----------------------------------------------------------------------------------------------------


def test_a_repeated_command_is_carried_out_once(engine):
    again = [import_units(engine, [{"unit_id": "a", "name": "示例镇"}], key="k", **WHO) for _ in range(3)]
    assert again == [{"added": 1, "changed": 0, "unchanged": 0}] * 3
    assert count(engine, AuditEntry) == count(engine, Idempotency) == 1


def test_a_key_carries_one_content(engine):
    import_units(engine, [{"unit_id": "a", "name": "示例镇"}], key="k", **WHO)
    with pytest.raises(Conflict) as caught:
        import_units(engine, [{"unit_id": "b", "name": "示例乡"}], key="k", **WHO)
    assert caught.value.reason_code == "key_reused"
    with pytest.raises(Conflict):
        import_units(
            engine, [{"unit_id": "a", "name": "示例镇"}], key="k", actor=Actor("other", "他人", Role.OFFICER), now=NOW
        )
    assert count(engine, Unit) == 1


def test_a_refused_command_leaves_nothing(engine):
    def body(work):
        work.session.add(Unit(unit_id="a", name="示例镇"))
        work.session.flush()
        raise Refused("no", "不行")

    with pytest.raises(Refused, match="不行"):
        execute(engine, action="x", key="k", body=body, **WHO)
    assert (count(engine, Unit), count(engine, AuditEntry), count(engine, Idempotency)) == (0, 0, 0)


def test_a_viewer_does_nothing(engine):
    with pytest.raises(NotAllowed) as caught:
        import_units(engine, [{"unit_id": "a", "name": "示例镇"}], key="k", actor=LOCAL_VIEWER, now=NOW)
    assert caught.value.reason_code == "read_only"
    save_draft(engine, notebook="n", round_id="r", content={"x": 1}, actor=LOCAL_VIEWER, now=NOW)
    with db.reading(engine) as session:
        assert load_draft(session, notebook="n", round_id="r", actor=LOCAL_VIEWER) == {}


def test_a_command_needs_a_zone(engine):
    with pytest.raises(TypeError, match="zone"):
        execute(engine, action="x", key="k", body=lambda _: None, actor=LOCAL_OFFICER, now=datetime(2020, 12, 1))  # noqa: DTZ001


def test_the_first_answer_and_a_repeated_one_are_the_same(engine):
    def answer():
        return execute(engine, action="x", key="k", body=lambda _: {"on": DAY, "who": ("a", "b")}, **WHO)

    assert answer() == answer() == {"on": "2020-12-01", "who": ["a", "b"]}


def test_a_row_is_left_from_the_version_that_was_seen(opened):
    first = change_case(opened, case_id="c0", expected_version=1, unit_rank=2, key="k1", **WHO)
    assert first == {"case_id": "c0", "version": 2}
    with pytest.raises(Conflict) as caught:
        change_case(opened, case_id="c0", expected_version=1, unit_rank=3, key="k2", **WHO)
    assert caught.value.reason_code == "stale"
    assert known(opened).cases.filter(pl.col("case_id") == "c0")["unit_rank"].to_list() == [2]


def test_execute_leaves_a_row_from_the_version_that_was_seen(opened):
    def go(key, version):
        return execute(
            opened, action="x", key=key, body=lambda _: {}, on=(Round, ROUND), expected_version=version, **WHO
        )

    go("k1", 1)
    with pytest.raises(Conflict):
        go("k2", 1)
    go("k3", 2)
    with pytest.raises(TypeError):
        go("k4", None)


def test_the_history_keeps_the_values(opened):
    change_case(opened, case_id="c0", expected_version=1, decided_fen=60_000, degree="hardship", key="k", **WHO)
    with db.reading(opened) as session:
        history = session.exec(select(History)).one()
        entry = session.get(AuditEntry, history.audit_seq)
    assert (history.table, history.row) == ("hardship_case", "c0")
    assert history.changes == {"decided_fen": [None, 60_000], "degree": [None, "hardship"]}
    assert (entry.action, entry.object, entry.actor_id) == ("change_case", "case:c0", "local")


def test_a_value_the_ledger_does_not_take_is_said_without_the_row(opened):
    with pytest.raises(Refused) as caught:
        change_case(opened, case_id="c0", expected_version=1, degree="很难", key="k", **WHO)
    assert caught.value.reason_code == "not_acceptable"
    assert caught.value.__notes__ == ["ck_hardship_case_degree_known"]
    assert "没有保存" in caught.value.sentence
    assert "很难" not in caught.value.sentence
    with pytest.raises(TypeError):
        change_case(opened, case_id="c0", expected_version=1, person_id="p1", key="k", **WHO)


def test_a_case_of_another_unit_is_not_there(opened):
    outsider = Actor("x", "他单位经办", Role.OFFICER, frozenset({"b"}))
    for case_id in ("c0", "none"):
        with pytest.raises(Refused, match="没有这份个案") as caught:
            change_case(opened, case_id=case_id, expected_version=1, unit_rank=1, actor=outsider, now=NOW, key="k")
        assert caught.value.reason_code == "not_found"


# -- races -------------------------------------------------------------------------------------------------------


def at_once(*deeds):
    """Run every deed in its own thread from one starting line; return results and refusals."""
    gate, outcome = threading.Barrier(len(deeds)), [None] * len(deeds)

    def go(i, deed):
        gate.wait()
        try:
            outcome[i] = deed()
        except Refused as refused:
            outcome[i] = refused.reason_code

    threads = [threading.Thread(target=go, args=pair) for pair in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcome


def test_of_two_writers_one_wins(opened):
    outcome = at_once(
        *(
            lambda i=i: change_case(opened, case_id="c0", expected_version=1, unit_rank=i + 1, key=f"k{i}", **WHO)
            for i in range(6)
        )
    )
    assert outcome.count("stale") == 5
    winner = next(i for i, result in enumerate(outcome) if result != "stale")
    assert outcome[winner] == {"case_id": "c0", "version": 2}
    assert known(opened).cases.filter(pl.col("case_id") == "c0")["unit_rank"].to_list() == [winner + 1]
    assert count(opened, History) == 1
    assert whole(opened)


def test_twenty_presses_of_one_button_are_one_deed(opened):
    outcome = at_once(
        *(
            lambda: change_case(opened, case_id="c0", expected_version=1, unit_rank=1, key="press", **WHO)
            for _ in range(20)
        )
    )
    assert outcome == [{"case_id": "c0", "version": 2}] * 20
    assert count(opened, History) == 1


def test_writers_of_different_rows_all_get_through(opened):
    before = count(opened, AuditEntry)
    outcome = at_once(
        *(
            lambda i=i: import_units(opened, [{"unit_id": f"u{i}", "name": f"示例{i}"}], key=f"u{i}", **WHO)
            for i in range(12)
        )
    )
    assert [result["added"] for result in outcome] == [1] * 12
    assert count(opened, AuditEntry) == before + 12
    assert whole(opened)


def test_two_rounds_of_one_name_are_one_round(engine):
    outcome = at_once(
        *(lambda i=i: open_round(engine, round_id=ROUND, policy=PACK, key=f"k{i}", **WHO) for i in range(3))
    )
    assert outcome.count("exists") == 2
    assert count(engine, Round) == 1


# -- rounds ------------------------------------------------------------------------------------------------------


def test_opening_a_round_keeps_the_pack(engine, tmp_path, monkeypatch):
    opened = open_round(engine, round_id=ROUND, policy=ROUND, key="k", **WHO)
    assert opened["policy_digest"] == digest_of(PACK)
    monkeypatch.setenv("CASEWORK_POLICIES", str(tmp_path))
    with db.reading(engine) as session:
        assert pack_of(session, ROUND) == {name: dict(content) for name, content in PACK.items()}
        assert list(pack_of(session, ROUND)) == list(PACK)
        policy = policy_of(session, ROUND)
        assert policy.digest == opened["policy_digest"]
        assert policy_of(session, ROUND) is policy
        found = rounds(session)
    assert [(r.round_id, r.state, r.as_of, r.version) for r in found] == [(ROUND, "open", DAY, 1)]
    assert found[0].title


def test_parents_are_kept_in_order(engine):
    parent = PACK[ROUND]["policy.toml"].decode()
    child = (
        "[policy]\n"
        + "\n".join(line for line in parent.split("[[", 1)[0].splitlines() if line.partition(" ")[0] in HEAD)
        + f'\nid = "example-child"\nparent = "{ROUND}"\n'
    )
    source = PACK[ROUND]["source.txt"]
    packs = {"example-child": {"policy.toml": child.encode(), "source.txt": source}, **PACK}
    open_round(engine, round_id="r", policy=packs, key="k", **WHO)
    with db.reading(engine) as session:
        assert list(pack_of(session, "r")) == ["example-child", ROUND]
        policy = policy_of(session, "r")
    assert (policy.id, policy.parent) == ("example-child", ROUND)


HEAD = {"title", "issuer", "number", "issued_on", "round_title", "year", "source_sha256", "basis"}


def test_a_damaged_copy_of_the_pack_is_not_used(tmp_path):
    engine = db.open_ledger(tmp_path / "ledger.db")
    open_round(engine, round_id=ROUND, policy=PACK, key="k", **WHO)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER pack_file_no_update")
        connection.execute(text("UPDATE pack_file SET content = x'00' WHERE name = 'source.txt'"))
        connection.execute(text("UPDATE round SET policy_digest = 'other'"))
    with db.reading(engine) as session, pytest.raises(LedgerError, match="通知副本已被改动"):
        policy_of(session, ROUND)


def test_a_round_may_continue_an_earlier_one(engine):
    open_round(engine, round_id="一月", policy=PACK, key="k1", **WHO)
    later = open_round(engine, round_id="二月", from_round="一月", title="二月慰问", key="k2", **WHO)
    assert later["policy_digest"] == digest_of(PACK)
    with db.reading(engine) as session:
        second = session.get(Round, "二月")
        assert (second.from_round, second.title) == ("一月", "二月慰问")
        assert policy_of(session, "二月").id == ROUND


def test_rounds_that_cannot_be_opened(engine):
    open_round(engine, round_id=ROUND, policy=PACK, key="k", **WHO)
    for code, arguments in {
        "exists": {"round_id": ROUND, "policy": PACK},
        "bad_id": {"round_id": "a/b", "policy": PACK},
        "not_found": {"round_id": "x", "from_round": "没有"},
        "no_policy": {"round_id": "x"},
    }.items():
        with pytest.raises(Refused) as caught:
            open_round(engine, key=f"k-{code}", **arguments, **WHO)
        assert caught.value.reason_code == code
    with pytest.raises(PolicyError):
        open_round(engine, round_id="x", policy="no-such-pack", key="k2", **WHO)
    with db.reading(engine) as session, pytest.raises(LedgerError):
        policy_of(session, "没有")


def test_a_closed_round_is_not_worked_on(opened):
    clause = asked_clause(opened)
    shut = {"round_id": ROUND, "still_open": lambda _: ()}
    closed = close_round(opened, **shut, expected_version=1, key="close", **WHO)
    assert closed == {"round_id": ROUND, "version": 2, "open_ends": 0}
    judged = {"case_id": "c0", "clause_id": clause, "value": Mark.PRESENT, "body": "支部", "basis": "会议记录"}
    ruled = {"round_id": ROUND, "kind": "tie", "cell": "a|hardship", "order": ["c0"], "basis": "x", "body": "x"}
    for i, deed in enumerate(
        (
            lambda key: change_case(opened, case_id="c0", expected_version=1, unit_rank=1, key=key, **WHO),
            lambda key: record_judgement(opened, **judged, key=key, **WHO),
            lambda key: record_ruling(opened, **ruled, key=key, **WHO),
            lambda key: add_facts(opened, round_id=ROUND, key=key, **WHO),
            lambda key: close_round(opened, **shut, expected_version=2, key=key, **WHO),
            lambda key: import_units(opened, [{"unit_id": "a"}], round_id=ROUND, key=key, **WHO),
        )
    ):
        with pytest.raises(Refused) as caught:
            deed(f"late{i}")
        assert caught.value.reason_code == "closed"
    assert known(opened).cases.height == 3


# -- units -------------------------------------------------------------------------------------------------------


def test_units_are_added_changed_and_left(engine):
    rows = [
        {"unit_id": "b", "name": "示例支部", "parent_id": "a", "kind": "branch"},
        {"unit_id": "a", "name": "示例镇", "members": 999, "members_as_of": date(2020, 6, 30), "order": 1},
    ]
    import_units(engine, rows, key="k1", **WHO)
    later = [{"unit_id": "a", "members": 1000}, {"unit_id": "b", "name": "示例支部"}]
    assert import_units(engine, later, key="k2", **WHO) == {"added": 0, "changed": 1, "unchanged": 1}
    units = {row["unit_id"]: row for row in known(engine).units.to_dicts()}
    assert (units["a"]["members"], units["a"]["members_as_of"], units["a"]["order"]) == (1000, date(2020, 6, 30), 1)
    assert (units["b"]["parent_id"], units["b"]["members"]) == ("a", None)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"unit_id": "", "name": "x"}], "不能用"),
        ([{"unit_id": "a|b", "name": "x"}], "不能用"),
        ([{"unit_id": "a"}], "没有名称"),
        ([{"unit_id": "a", "name": "x"}, {"unit_id": "a", "name": "y"}], "两次"),
        ([{"unit_id": "a", "name": "x", "kind": "镇"}], "不认识"),
        ([{"unit_id": "a", "name": "x", "members": -1}], "负数"),
        ([{"unit_id": "a", "name": "x", "parent_id": "没有"}], "不在名录中"),
        ([{"unit_id": "a", "name": "x", "parent_id": "b"}, {"unit_id": "b", "name": "y", "parent_id": "a"}], "圈"),
    ],
)
def test_units_that_are_wrong_are_named_and_none_is_imported(engine, rows, words):
    with pytest.raises(Refused, match=words) as caught:
        import_units(engine, [{"unit_id": "good", "name": "好"}, *rows], key="k", **WHO)
    assert caught.value.reason_code == "bad_units"
    assert count(engine, Unit) == 0


def test_a_misspelt_column_is_not_taken_for_unknown(engine):
    with pytest.raises(ValueError, match="member"):
        import_units(engine, [{"unit_id": "a", "name": "x", "member": 3}], key="k", **WHO)


def test_a_round_may_speak_to_some_units_only(opened):
    assert sorted(known(opened).units["unit_id"]) == ["a", "b"]
    import_units(opened, [{"unit_id": "c", "name": "示例局"}], round_id=ROUND, key="c", **WHO)
    assert known(opened).units["unit_id"].to_list() == ["c"]
    open_round(opened, round_id="另一轮", policy=PACK, units=["a"], key="other", **WHO)
    assert known(opened, round_id="另一轮").units["unit_id"].to_list() == ["a"]
    with pytest.raises(Refused, match="单位名录中没有"):
        open_round(opened, round_id="第三轮", policy=PACK, units=["没有"], key="third", **WHO)


# -- judgements and rulings ----------------------------------------------------------------------------------------


def test_the_latest_judgement_counts_and_the_earlier_stays(opened):
    clause = asked_clause(opened)
    judge = {"case_id": "c0", "clause_id": clause, "body": "示例支部", "basis": "支部大会记录", **WHO}
    record_judgement(opened, value=Mark.PRESENT, on=date(2020, 11, 1), key="k1", **judge)
    record_judgement(opened, value="none", on=date(2020, 11, 20), source="走访", by="示例人", key="k2", **judge)
    record_judgement(opened, value=Mark.PRESENT, on=date(2021, 1, 5), key="k3", **judge)
    found = known(opened).judgements.to_dicts()
    assert found == [
        {
            "case_id": "c0",
            "clause_id": clause,
            "value": "none",
            "body": "示例支部",
            "basis": "支部大会记录",
            "source": "走访",
            "on": date(2020, 11, 20),
            "by": "示例人",
        }
    ]
    assert known(opened, as_of=date(2020, 11, 10)).judgements["value"].to_list() == ["present"]
    assert known(opened, as_of=date(2020, 10, 1)).judgements.height == 0


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("no_basis", {"basis": " "}),
        ("no_basis", {"body": ""}),
        ("bad_value", {"value": "maybe"}),
        ("not_found", {"case_id": "none"}),
        ("not_asked", {"clause_id": "JS-none"}),
    ],
)
def test_a_judgement_without_ground_is_refused(opened, code, change):
    judged = {
        "case_id": "c0",
        "clause_id": asked_clause(opened),
        "value": "none",
        "body": "示例支部",
        "basis": "会议记录",
    }
    with pytest.raises(Refused) as caught:
        record_judgement(opened, **judged | change, key="k", **WHO)
    assert caught.value.reason_code == code


def test_unchecked_needs_no_basis(opened):
    record_judgement(opened, case_id="c0", clause_id=asked_clause(opened), value=Mark.UNCHECKED, key="k", **WHO)
    assert known(opened).judgements["value"].to_list() == ["unchecked"]


def test_a_later_ruling_replaces_the_whole_cell(opened):
    cell = cell_key("a", "hardship")
    ruled = {"round_id": ROUND, "cell": cell, "basis": "会议纪要〔2020〕1号", "body": "示例党委会", **WHO}
    record_ruling(opened, kind="tie", order=["c1", "c0", "c2"], key="k1", **ruled)
    drawn = {"seed": "20201201", "witnesses": ["示例甲", "示例乙"]}
    record_ruling(opened, kind="lot", order=["c2", "c1"], details=drawn, key="k2", **ruled)
    record_ruling(opened, kind="exception", order=["c0"], clause_id="JS-1.1", key="k3", **ruled)
    found = known(opened).rulings.sort("kind", "rank").select("kind", "cell", "case_id", "rank", "clause_id").rows()
    assert found == [
        ("exception", cell, "c0", None, "JS-1.1"),
        ("lot", cell, "c2", 1, None),
        ("lot", cell, "c1", 2, None),
    ]
    record_ruling(opened, kind="exception", order=["c0"], clause_id="JS-1.1", key="k4", **ruled | {"basis": "新"})
    record_ruling(opened, kind="exception", order=["c0"], clause_id="JS-5.1.8", key="k5", **ruled)
    exceptions = known(opened).rulings.filter(pl.col("kind") == "exception").sort("clause_id")
    assert exceptions.select("clause_id", "basis").rows() == [("JS-1.1", "新"), ("JS-5.1.8", "会议纪要〔2020〕1号")]


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("bad_value", {"kind": "guess"}),
        ("bad_value", {"order": []}),
        ("bad_value", {"order": ["c0", "c0"]}),
        ("bad_value", {"kind": "exception"}),
        ("no_basis", {"basis": ""}),
        ("no_basis", {"kind": "lot"}),
        ("not_found", {"order": ["none"]}),
        ("not_found", {"round_id": "另一轮"}),
    ],
)
def test_a_ruling_without_ground_is_refused(opened, code, change):
    open_round(opened, round_id="另一轮", policy=PACK, key="other", **WHO)
    ruled = {"round_id": ROUND, "kind": "tie", "cell": "a|hardship", "order": ["c0", "c1"], "basis": "x", "body": "x"}
    with pytest.raises(Refused) as caught:
        record_ruling(opened, **ruled | change, key="k", **WHO)
    assert caught.value.reason_code == code
    assert known(opened).rulings.height == 0


# -- the ledger as it was known ------------------------------------------------------------------------------------


def known_at(engine, moment):
    with db.reading(engine) as session:
        return facts_known(session, round_id=ROUND, known_at=moment, as_of=DAY)


def test_the_ledger_is_read_as_it_was_known(opened):
    """After each deed, what was known before it reads the same for ever."""
    told = {
        "households": [{"household_id": "h", "size": 3, "yearly_income_fen": 900_000}],
        "people": [{"person_id": "p9", "name": "示例九", "born_on": date(1960, 3, 1), "household_id": "h"}],
        "members": [{"household_id": "h", "name": "示例亲", "born_on": date(1990, 1, 2)}],
        "cases": [{"case_id": "c9", "person_id": "p9", "unit_id": "a", "category": "hardship"}],
        "causes": [{"case_id": "c9", "cause": "own_illness", "occurred_on": date(2020, 1, 5), "note": "示例"}],
        "honours": [{"person_id": "p9", "title": "示例先进", "granted_on": date(2001, 7, 1)}],
        "completeness": [{"case_id": "c9", "list": "aid", "mark": "none"}],
        "answers": [{"case_id": "c9", "field": "f", "number": 3}],
    }
    clause = asked_clause(opened)

    def at(hours):
        return {"actor": LOCAL_OFFICER, "now": NOW + timedelta(hours=hours)}

    def took_out(work):
        for model, row in ((Completeness, ("c9", "aid")), (Answer, ("c9", "f"))):
            work.remove(work.get(model, row))
        work.add(Completeness(case_id="c9", list="aid", mark="present"))
        honour = work.session.exec(select(Honour)).one()
        work.remove(honour)
        work.add(Honour(person_id="p9", title="另一个"))
        home = work.get(Household, "h")
        work.change(Household, "h", expected_version=home.version, size=4)
        work.change(Person, "p9", expected_version=1, born_on=date(1961, 4, 2), tags=["veteran_member"])

    deeds = [
        lambda now: add_facts(opened, round_id=ROUND, key="w", **told, **now),
        lambda now: change_case(opened, case_id="c9", expected_version=1, unit_rank=5, requested_fen=7, key="x", **now),
        lambda now: record_judgement(
            opened, case_id="c9", clause_id=clause, value="none", body="x", basis="y", on=DAY, key="j", **now
        ),
        lambda now: execute(opened, action="x", key="out", body=took_out, **now),
        lambda now: import_units(opened, [{"unit_id": "a", "name": "改名镇", "members": 3}], key="u2", **now),
    ]
    seen = [known(opened)]
    for hours, deed in enumerate(deeds, start=1):
        deed(at(hours))
        seen.append(known(opened))
    assert len({facts.digest() for facts in seen}) == len(seen)
    for hours, then in enumerate(seen):
        assert known_at(opened, NOW + timedelta(hours=hours, minutes=1)).digest() == then.digest(), hours
    assert known_at(opened, NOW - timedelta(hours=1)).cases.height == 0


# -- the rest ----------------------------------------------------------------------------------------------------


def test_a_draft_survives(engine):
    for rate in (500, 600):
        content = {"rates": {"hardship": rate}}
        save_draft(engine, notebook="allocation", round_id="", content=content, actor=LOCAL_OFFICER, now=NOW)
    with db.reading(engine) as session:
        assert load_draft(session, notebook="allocation", round_id="", actor=LOCAL_OFFICER) == content
        assert load_draft(session, notebook="allocation", round_id="", actor=Actor("x", "x", Role.OFFICER)) == {}
    assert count(engine, AuditEntry) == 0


def test_a_download_is_logged(engine):
    record_download(engine, kind="roster", parameters={"round": ROUND}, sha256="f" * 64, key="k", **WHO)
    with db.reading(engine) as session:
        found = session.exec(select(Download)).one()
    assert (found.actor_id, found.kind, found.parameters, found.at) == ("local", "roster", {"round": ROUND}, NOW)


def test_a_snapshot_is_kept_once_and_comes_back(opened):
    first = known(opened)

    def keep(work):
        return {"hash": freeze(work.session, facts(work.session, round_id=ROUND, as_of=DAY), actor=work.actor, now=NOW)}

    kept = [execute(opened, action="snapshot", key=f"k{i}", body=keep, **WHO)["hash"] for i in range(2)]
    assert kept[0] == kept[1]
    change_case(opened, case_id="c0", expected_version=1, unit_rank=1, key="later", **WHO)
    assert known(opened).digest() != first.digest()
    with db.reading(opened) as session:
        back = thaw(session, kept[0])
        assert erased_in(session, kept[0]) == []
        with pytest.raises(LedgerError, match="找不到数据版本"):
            thaw(session, "0" * 64)
    assert back.canonical_bytes() == first.canonical_bytes()
    assert back.cases.schema == first.cases.schema


def test_a_snapshot_that_was_changed_is_not_used(tmp_path):
    engine = db.open_ledger(tmp_path / "ledger.db")
    open_round(engine, round_id=ROUND, policy=PACK, key="open", **WHO)
    empty = known(engine)

    def keep(work):
        return {"hash": freeze(work.session, empty, actor=work.actor, now=NOW)}

    kept = execute(engine, action="snapshot", key="k", body=keep, **WHO)["hash"]
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER snapshot_no_update")
        connection.exec_driver_sql("UPDATE snapshot SET facts = x'00'")
    with db.reading(engine) as session, pytest.raises(LedgerError, match="已被改动或损坏"):
        thaw(session, kept)


def test_bulk_rows_are_all_or_none(opened):
    for tables in (
        {"people": [{"person_id": "new"}], "cases": [{"case_id": "x", "person_id": "nobody", "unit_id": "a"}]},
        {"people": [{"person_id": "new"}, {"person_id": "p0"}]},
        {"people": [{"person_id": "new"}, {"person_id": "q", "sex": "男"}]},
    ):
        with pytest.raises(Refused) as caught:
            add_facts(opened, round_id=ROUND, key="k", **tables, **WHO)
        assert caught.value.reason_code == "not_acceptable"
    assert (count(opened, Person), count(opened, Case)) == (3, 3)
    with pytest.raises(ValueError, match="rulings"):
        add_facts(opened, round_id=ROUND, key="k", rulings=[], **WHO)


def test_aid_after_the_day_is_not_known_yet(opened):
    aid = [
        {"person_id": "p0", "kind": "visit", "status": "granted", "on": on, "own": True, "round_id": ROUND}
        for on in (DAY - timedelta(days=1), DAY, DAY + timedelta(days=1), None)
    ]
    add_facts(opened, round_id=ROUND, aid=aid, key="aid", **WHO)
    assert sorted(known(opened).aid["on"].to_list(), key=str) == [DAY - timedelta(days=1), DAY, None]


def test_only_an_empty_ledger_becomes_a_demonstration(engine):
    def demo():
        with db.reading(engine) as session:
            return is_demo(session)

    assert not demo()
    mark_demo(engine, key="k1", **WHO)
    assert demo()
    open_round(engine, round_id=ROUND, policy=PACK, key="k2", **WHO)
    with pytest.raises(Refused) as caught:
        mark_demo(engine, key="k3", **WHO)
    assert caught.value.reason_code == "not_empty"


# -- facts round trip ----------------------------------------------------------------------------------------------

FEN = st.none() | st.integers(0, 10**12)
WORDS = st.none() | st.text("示例甲乙 丙\n\t\"'\\,，𪚥x0", max_size=6)
DAYS = st.none() | st.dates(date(1900, 1, 1), DAY)
FLAGS = st.none() | st.booleans()
TAGS = st.none() | st.lists(st.sampled_from([str(tag) for tag in Tag]), unique=True, max_size=3)


@st.composite
def registers(draw):
    """Rows of every table that is entered in bulk; some unknown, some odd."""
    n = draw(st.integers(0, 4))
    ids = [str(i) for i in range(n)]

    def rows(**columns):
        return [{**{k: draw(v) for k, v in columns.items()}} for _ in range(draw(st.integers(0, 3)) if ids else 0)]

    whose, which = st.sampled_from([f"p{i}" for i in ids] or [""]), st.sampled_from([f"c{i}" for i in ids] or [""])
    stages, marks = st.sampled_from([None, *map(str, Stage)]), st.sampled_from([*map(str, Mark)])
    return {
        "households": [{"household_id": f"h{i}", "yearly_income_fen": draw(FEN), "dibao": draw(FLAGS)} for i in ids],
        "people": [
            {
                "person_id": f"p{i}",
                "name": draw(WORDS),
                "born_on": draw(DAYS),
                "tags": draw(TAGS),
                "deceased": draw(FLAGS),
                "household_id": draw(st.sampled_from([None, f"h{i}"])),
            }
            for i in ids
        ],
        "cases": [
            {
                "case_id": f"c{i}",
                "person_id": draw(whose),
                "unit_id": "a",
                "category": draw(WORDS),
                "unit_rank": draw(st.none() | st.integers(1, 99)),
                "requested_fen": draw(FEN),
                "stage": draw(stages),
            }
            for i in ids
        ],
        "members": [{"household_id": f"h{i}", "name": draw(WORDS), "born_on": draw(DAYS)} for i in ids],
        "causes": rows(case_id=which, main=FLAGS, occurred_on=DAYS, note=WORDS),
        "evidence": rows(case_id=which, document=WORDS, original_seen=FLAGS),
        "honours": rows(person_id=whose, title=WORDS, granted_on=DAYS),
        "aid": rows(person_id=whose, on=DAYS, amount_fen=FEN, own=FLAGS),
        "answers": [
            {"case_id": f"c{i}", "field": "f", "number": draw(FEN), "text": draw(WORDS), "date": draw(DAYS)}
            for i in ids
        ],
        "completeness": [{"case_id": f"c{i}", "list": "aid", "mark": draw(marks)} for i in ids],
        "judgements": [
            {"case_id": f"c{i}", "clause_id": "x", "value": "none", "basis": draw(WORDS), "on": draw(DAYS)} for i in ids
        ],
    }


@given(register=registers())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_goes_in_comes_out(empty_round, register):
    """Every fact of a round comes back as it was entered: people no case speaks of are not facts of the round."""
    engine = empty_round()
    add_facts(engine, round_id=ROUND, key="in", **register, **WHO)
    used = {case["person_id"] for case in register["cases"]}
    at_home = {person["household_id"] for person in register["people"] if person["person_id"] in used}
    reachable = {
        name: [
            row
            for row in rows
            if row.get("person_id", next(iter(used), None)) in used
            and (name not in {"households", "members"} or row["household_id"] in at_home)
        ]
        for name, rows in register.items()
    }
    expected = Facts.build(as_of=DAY, round_id=ROUND, **reachable, units=[{"unit_id": "a", "name": "示例镇"}])
    got = known(engine)
    for name in FACTS:
        assert sorted(map(repr, getattr(got, name).rows())) == sorted(map(repr, getattr(expected, name).rows())), name
    assert got.digest() == expected.digest()
    assert Facts.from_bytes(got.canonical_bytes()).digest() == got.digest()


@pytest.fixture
def empty_round(engine):
    """Return a function that empties the ledger but for one round and one unit."""
    open_round(engine, round_id=ROUND, policy=PACK, key="open", **WHO)
    import_units(engine, [{"unit_id": "a", "name": "示例镇"}], key="unit", **WHO)
    order = (
        *("answer", "completeness", "judgement", "evidence", "cause", "aid", "honour"),
        *("hardship_case", "person", "household_member", "household"),
    )

    def empty():
        with engine.begin() as connection:
            for table in order:
                if engine.dialect.name == "sqlite":
                    connection.exec_driver_sql("DROP TRIGGER IF EXISTS judgement_no_delete")
                else:
                    connection.exec_driver_sql("ALTER TABLE judgement DISABLE TRIGGER USER")
                connection.exec_driver_sql(f"DELETE FROM {table}")
            for trigger in ("idempotency_no_delete", "audit_entry_no_delete"):
                if engine.dialect.name == "sqlite":
                    connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {trigger}")
                else:
                    connection.exec_driver_sql("ALTER TABLE idempotency DISABLE TRIGGER USER")
            connection.exec_driver_sql("DELETE FROM idempotency WHERE key = 'in'")
        return engine

    return empty


@given(data=st.data(), register=registers())
@settings(max_examples=40, deadline=None)
def test_the_order_of_rows_does_not_move_the_digest(data, register):
    shuffled = {name: data.draw(st.permutations(rows)) for name, rows in register.items()}
    first, second = Facts.build(as_of=DAY, **register), Facts.build(as_of=DAY, **shuffled)
    assert first.canonical_bytes() == second.canonical_bytes()


def test_another_fact_is_another_digest():
    one = Facts.build(as_of=DAY, cases=[{"case_id": "a", "unit_rank": 1}])
    others = [
        one.replace(cases=[{"case_id": "a", "unit_rank": 2}]),
        one.replace(cases=[{"case_id": "a"}]),
        one.replace(cases=[{"case_id": "a", "unit_rank": 1}] * 2),
        one.replace(as_of=DAY + timedelta(days=1)),
        one.replace(people=[{"person_id": "p", "tags": []}]),
        one.replace(people=[{"person_id": "p", "tags": None}]),
        Facts.build(as_of=DAY, round_id="r", cases=one.cases),
    ]
    assert len({one.digest(), *(other.digest() for other in others)}) == len(others) + 1


def test_facts_take_no_table_and_no_column_they_do_not_know():
    with pytest.raises(ValueError, match="person"):
        Facts.build(as_of=DAY, person=[])
    with pytest.raises(ValueError, match="nmae"):
        Facts.build(as_of=DAY, people=[{"nmae": "x"}])
    with pytest.raises(KeyError):
        Facts.build(as_of=DAY).replace(person=[])


def test_an_old_snapshot_without_a_new_column_reads_as_unknown():
    stored = Facts.build(as_of=DAY, units=[{"unit_id": "a", "name": "示例镇"}]).canonical_bytes().decode()
    older = stored.replace(',"pay_difficulty"]', "]").replace(
        "null,null,null,null,null,null]", "null,null,null,null,null]"
    )
    assert older != stored
    assert Facts.from_bytes(older.encode()).units["pay_difficulty"].to_list() == [None]


def test_the_collector_runs_again_after_a_bulk_read(opened):
    assert gc.isenabled()
    assert known(opened).causes.height == 0
    assert gc.isenabled()
    with _uncollected(), _uncollected():
        assert not gc.isenabled()
    assert gc.isenabled()
