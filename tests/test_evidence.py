"""Papers by cause: what a case needs, what is there of it, and the letter that says what a unit has to bring."""

from datetime import date

import pytest
from review_round import by, jiaozuo
from test_attachments import png

from casework import db
from casework.access import LOCAL_OFFICER, LOCAL_VIEWER, Actor
from casework.people.attachments import attach
from casework.problems import NotAllowed, Refused
from casework.review.evidence import completion_letter, evidence_checklist, missing_papers
from casework.review.judgements import record_evidence
from casework.vocabulary import Role

TODAY = date(2018, 12, 20)
HOSPITAL, BILL = "县级或以上医院疾病证明", "缴费凭证"


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)


@pytest.fixture
def world(database_url):
    engine = db.open_ledger(database_url)
    yield jiaozuo(engine)
    engine.dispose()


def checklist(world, case_id, actor=LOCAL_OFFICER):
    rows = world.read(evidence_checklist, case_id=case_id, actor=actor, as_of=TODAY)
    return {row["document"]: row for row in rows.iter_rows(named=True)}


def test_the_checklist_follows_the_causes(world):
    rows = checklist(world, world.cases[3])  # ill, with the hospital's certificate only
    assert (rows[HOSPITAL]["asked"], rows[HOSPITAL]["state"], rows[HOSPITAL]["level"]) == (True, "complete", "县级")
    assert (rows[BILL]["asked"], rows[BILL]["state"], rows[BILL]["original_seen"]) == (True, "missing", None)
    assert rows["低保证明"]["asked"] is False
    assert rows["公安部门证明"]["any_of"] is True


def test_original_seen_and_copy_kept_each_count(world):
    case = world.cases[3]
    told = {"case_id": case, "document": BILL, "issuer": "示例医院"}
    record_evidence(world.engine, **told, original_seen=True, copy_kept=False, **by(TODAY))
    assert checklist(world, case)[BILL]["state"] == "no_copy"
    frame = world.read(missing_papers, round_id="jz", actor=LOCAL_OFFICER, as_of=TODAY)
    assert frame.select("case_id", "lacking", "clause_id").rows() == [(case, f"{BILL}复印件未留", "JZ-M4.1.5b")]
    paper = record_evidence(world.engine, **told, original_seen=False, copy_kept=True, **by(TODAY))
    about = {"about": str(paper["evidence_id"]), "case_id": case}
    attach(world.engine, purpose="evidence", name="凭证.png", body=png(), **about, **by(TODAY))
    row = checklist(world, case)[BILL]
    assert (row["state"], row["issuer"], row["scans"]) == ("complete", "示例医院", 1)
    assert world.read(missing_papers, round_id="jz", actor=LOCAL_OFFICER, as_of=TODAY).is_empty()
    assert world.read(completion_letter, round_id="jz", unit_id="局", actor=LOCAL_OFFICER, as_of=TODAY) == ""


def test_the_letter_of_a_unit_speaks_in_clause_words(world):
    letter = world.read(completion_letter, round_id="jz", unit_id="局", actor=LOCAL_OFFICER, as_of=TODAY)
    lines = letter.split("\n")
    assert lines[:2] == ["补正通知", "示例局机关党委："]
    assert lines[3] == "1. 示例新2：缺缴费凭证（办法 四、1：“和缴费凭证”）"
    assert lines[4] == "共 1 人。"
    assert lines[-1] == "2018年12月20日"


def test_causes_nobody_recorded_leave_the_question_open(world):
    case = world.cases[0]
    with db.transaction(world.engine) as session:
        session.connection().exec_driver_sql(f"DELETE FROM cause WHERE case_id = '{case}'")
        session.connection().exec_driver_sql(
            f"UPDATE completeness SET mark = 'unchecked' WHERE list = 'causes' AND case_id = '{case}'"
        )
    assert {row["asked"] for row in checklist(world, case).values()} == {None}
    frame = world.read(missing_papers, round_id="jz", actor=LOCAL_OFFICER, as_of=TODAY)
    said = frame.filter(frame["case_id"] == case)["lacking"].to_list()
    assert "困难成因未登记，不知道要不要提供低保证明或符合低保条件认定意见" in said


def test_who_may_see_it(world):
    with pytest.raises(NotAllowed):
        checklist(world, world.cases[0], LOCAL_VIEWER)
    with pytest.raises(NotAllowed):
        world.read(missing_papers, round_id="jz", actor=LOCAL_VIEWER, as_of=TODAY)
    other = Actor("o", "示例他局", Role.OFFICER, frozenset({"他局"}))
    with pytest.raises(Refused):
        checklist(world, world.cases[0], other)
    assert world.read(missing_papers, round_id="jz", actor=other, as_of=TODAY).is_empty()
    assert world.read(completion_letter, round_id="jz", unit_id="局", actor=other, as_of=TODAY) == ""
