"""Every paper on the command line, from a ledger that was carried through its steps; what it refuses, what it logs."""

from __future__ import annotations

import io
import re
from datetime import date

import payment_round
import pytest
import test_review_meetings as meetings
from openpyxl import load_workbook
from payment_round import HALL, OF_TOWN, TODAY, TOWN, seen
from pypdf import PdfReader
from review_round import at, jiaozuo
from sqlmodel import select
from test_payment_cards import LATER, OWN

from casework import db
from casework.access import LOCAL_OFFICER, LOCAL_VIEWER
from casework.cli import main
from casework.cli.papers import COMPUTED, LISTS
from casework.lists import ListState, as_printed
from casework.models import AuditEntry
from casework.papers import PAPERS, Asked, blank_paper, paper
from casework.payment.bank import prepare_batch
from casework.payment.inspection import draw_inspection
from casework.payment.visits import Caller, link_leader, plan_visit, record_visit
from casework.people.contacts import put_contact
from casework.people.seeing import openings
from casework.problems import NotAllowed, Refused
from casework.review.minutes import PersonResult
from casework.review.removal import remove_person
from casework.vocabulary import Decision, LeaderLevel, RemovalCause, Stage, VisitMode, VisitPlace

made, _keys, quick = payment_round.made, payment_round._keys, payment_round.quick
MADE = [name for name in LISTS if name not in COMPUTED]
CARE_KEPT_LATER = ("pairing-register", "appointment-register", "talk-record", "line-of-duty-family")


@pytest.fixture
def paid(quick):
    """The round with claims, a batch, a visit, a plan and a draw."""
    quick.income()
    quick.open()
    quick.transfer(TOWN)
    for claim, number in zip(quick.claims(unit=TOWN), (OWN, LATER), strict=True):
        quick.do(put_contact, person_id=claim.person_id, kind="card", value=number)
    quick.do(prepare_batch, round_id="js", claims=seen(quick.claims(unit=TOWN)), on=TODAY)
    told = {"round_id": "js", "position": "示例职务"}
    town = quick.do(link_leader, leader="示例县长", unit_id=TOWN, level=LeaderLevel.COUNTY, **told)["link_id"]
    hall = quick.do(link_leader, leader="示例书记", unit_id=HALL, level=LeaderLevel.PREFECTURE, **told)["link_id"]
    quick.do(plan_visit, link_id=hall, case_ids=quick.cases[2:4], on=date(2020, 2, 3), company="示例干事")
    quick.do(
        record_visit,
        case_id=quick.cases[0],
        on=TODAY,
        place=VisitPlace.HOME,
        mode=VisitMode.FACE_TO_FACE,
        opinions="无",
        callers=(
            Caller("示例县长", "县级领导干部", level=LeaderLevel.COUNTY, link_id=town),
            Caller("示例委员", "乡镇党委委员"),
        ),
    )
    quick.do(draw_inspection, round_id="js", seed="20200210", size=3, on=TODAY)
    return quick


@pytest.fixture
def run(capsys, monkeypatch, quick):
    monkeypatch.setenv("CASEWORK_DB", str(quick.engine.url.database))

    def run(*given):
        code = main([str(word) for word in given])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def asked(world, **more):
    more = {"actor": LOCAL_OFFICER, "now": at(TODAY), **more}
    return Asked(world.round_id, **more)


def read(world, name, **more):
    return world.read(paper, name, asked(world, **more))


def cells(table, key):
    return [row[table.keys.index(key)] for row in table.rows]


# -- reached ---------------------------------------------------------------------------------------------------


def test_the_command_line_knows_every_paper_by_its_name():
    assert {name: LISTS[name] for name in MADE} == {name: found.label for name, found in PAPERS.items()}


def test_every_paper_leaves_as_pdf_and_as_workbook(paid, run, tmp_path):
    refused = {
        "minutes": "还没有提请会议研究名单",
        "goods-sheet": "没有发慰问品的",
        "collection-consent": "没有人指定他人代收",
        **dict.fromkeys(CARE_KEPT_LATER, "日常关怀尚未启用，可先打印空白表"),
    }
    for name in MADE:
        words = ["list", name, "--round", "js", *(["--unit", "业州镇"] if PAPERS[name].needs_unit else [])]
        if name == "public-notice":
            words += ["--branch", "示例村党支部"]
        out = tmp_path / f"{name}.xlsx"
        code, _, err = run(*words, "--out", out)
        assert (code == 1 and refused[name] in err) if name in refused else (code == 0), (name, err)
        if code == 0:
            assert load_workbook(io.BytesIO(out.read_bytes())).active.max_row > 2
    for name in ("pay-sheet", "receipts"):
        out = tmp_path / f"{name}.pdf"
        assert run("list", name, "--unit", TOWN, "--out", out)[0] == 0
        text = re.sub(r"\s+", "", "".join(page.extract_text() for page in PdfReader(out).pages))
        assert "示例1号" in text
        assert "示例3号" not in text, "another unit's"


WRONG = [
    (["feedback"], 1, "每单位一张"),
    (["pay-sheet", "--scenario", "x"], 2, "照台账打印"),
    (["roster", "--of", "x"], 2, "不用于这张表"),
    (["roster", "--branch", "没有"], 1, "没有党支部"),
    (["quota-table", "--branch", "示例村党支部"], 1, "不按党支部分"),
    (["minutes", "--unit", "业州镇"], 1, "全轮一份"),
    (["exceptions", "--branch", "示例村党支部"], 1, "不按党支部分"),
    (["minutes", "--cards"], 2, "只用于有卡号的表"),
    (["public-notice"], 1, "一个党支部一张"),
    (["public-notice", "--branch", "没有"], 1, "没有人"),
    (["inspection", "--of", "没有"], 1, "没有这个编号"),
    (["pay-sheet", "--unit", "没有"], 2, "没有单位"),
]


def test_what_is_asked_wrongly_is_answered_in_a_sentence(paid, run):
    for words, code, said in WRONG:
        found, _, err = run("list", *words, "--round", "js")
        assert (found, said in err) == (code, True), err


def test_a_blank_form_names_nobody_and_needs_nothing_to_be_there(quick, run, tmp_path):
    for name in [name for name, found in PAPERS.items() if found.plain]:
        code, out, _ = run("list", name, "--round", "js", "--blank")
        assert code == 0
        assert LISTS[name][-3:] in out
        assert "示例" not in out
    out = tmp_path / "blank.pdf"
    assert run("list", "receipts", "--round", "js", "--blank", "--out", out)[0] == 0
    (page,) = PdfReader(out).pages
    assert re.sub(r"\s+", "", page.extract_text()).count("本人已足额收到") == 2


def test_the_minutes_of_a_planned_meeting_can_be_printed_empty(sqlite_database_url):
    for world in meetings.made(sqlite_database_url):
        meetings.convene(world)
        table = world.read(blank_paper, "minutes", asked(world, now=at(world.today)))
        assert (table.rows, dict(table.fields)["应　　到"]) == ((), "")


# -- state and scope -------------------------------------------------------------------------------------------


def test_a_paper_is_formal_once_its_step_was_reached(paid):
    state = {name: read(paid, name).state for name in ("pay-sheet", "receipts", "visit-plan", "inspection")}
    assert set(state.values()) == {ListState.OFFICIAL}
    assert read(paid, "public-notice", branch="示例村党支部").state is ListState.OFFICIAL
    assert read(paid, "notice-result").state is ListState.OFFICIAL
    assert read(paid, "activity-report").state is ListState.DRAFT, "something is still open"
    assert read(paid, "meeting-list").state is ListState.MEETING


def test_nothing_is_paid_on_a_sheet_before_there_are_claims(quick):
    for name in ("pay-sheet", "receipts"):
        with pytest.raises(Refused, match="还没有生成应发款"):
            read(quick, name)
    with pytest.raises(Refused, match="还没有生成代发明细"):
        read(quick, "bank-payment")


def test_a_unit_sees_its_own_people_only(quick):
    for name in MADE:
        for unit in (None, HALL):
            with pytest.raises(NotAllowed):
                read(quick, name, actor=OF_TOWN, unit_id=unit)


def test_a_unit_s_own_copy_has_nobody_else(paid):
    for name in ("pay-sheet", "receipts", "meeting-list", "feedback"):
        table = read(paid, name, actor=OF_TOWN, unit_id=TOWN)
        assert set(cells(table, "name")) == {"示例1号", "示例2号"}, name


# -- what they say ---------------------------------------------------------------------------------------------


def test_the_notice_of_a_branch_names_its_own_people(paid):
    for branch in ("示例村党支部", "示例中心村党支部"):
        table = read(paid, "public-notice", branch=branch)
        assert set(cells(table, "branch")) == {branch}
        assert f"公示范围：{branch}全体党员" in table.lead[1]
        assert "经党员群众推荐、支部大会研究、党委研究审定" in table.lead[0]


def test_a_notice_is_formal_once_everybody_has_come_to_it_and_its_days_are_open(sqlite_database_url):
    for world in meetings.made(sqlite_database_url):
        now = {"now": at(world.today)}
        assert read(world, "public-notice", **now).state is ListState.DRAFT, "the list has still to be studied"
        meetings.decide(world, meetings.convene(world))
        table = read(world, "public-notice", **now)
        assert table.state is ListState.OFFICIAL
        assert table.closing[0] == world.policy.issuer
        assert "公示时间：　　　　年　　月　　日至" in table.lead[1]
        with pytest.raises(Refused, match="还没有登记公示"):
            read(world, "notice-result", **now)


def test_a_unit_s_own_notice_before_there_is_a_list(sqlite_database_url):
    engine = db.open_ledger(sqlite_database_url)
    world = jiaozuo(engine)
    renewed = world.cases[:2]
    with pytest.raises(Refused, match="没有人办到公示这一步"):
        read(world, "public-notice", now=at(world.today))
    for stage, body, day in ((Stage.SURVEY, "困难党员所在党支部", 6), (Stage.BRANCH_MEETING, "支部大会", 7)):
        world.step(stage, body, date(2018, 12, day), case_ids=renewed)
    table = read(world, "public-notice", now=at(world.today), unit_id="局")
    assert cells(table, "name") == ["示例续1", "示例续2"]
    assert "经摸底、支部大会研究，拟将示例续1等 2 名同志" in table.lead[0]
    assert (table.state, table.closing[0]) == (ListState.OFFICIAL, "示例局机关党委")
    engine.dispose()


def test_the_roster_of_leaders_has_visits_and_plans(paid):
    table = read(paid, "leader-roster")
    assert cells(table, "leader") == ["示例书记", "示例书记", "示例县长"]
    assert cells(table, "on") == [date(2020, 2, 3), date(2020, 2, 3), TODAY]
    assert table.state is ListState.DRAFT
    assert table.captions == ("注：示例县长已安排和走访 1 名，少于 2 名。",)


def test_someone_who_left_stands_on_the_list_of_changes(quick):
    told = {"cause": RemovalCause.DECLINED, "on": TODAY, "basis": "示例书面说明", "expected_version": 1}
    quick.do(remove_person, case_id=quick.cases[0], **told)
    table = read(quick, "change-list")
    assert (cells(table, "left"), cells(table, "why")) == (["示例1号"], ["放弃"])
    assert table.state is ListState.MEETING, "the changed list has still to be studied"
    assert "示例书面说明" not in str(as_printed(table))


def test_the_minutes_follow_the_meeting(sqlite_database_url):
    for world in meetings.made(sqlite_database_url):
        meeting = meetings.convene(world)
        now = {"now": at(world.today)}
        assert read(world, "minutes", **now).state is ListState.MEETING
        first = world.list().numbers["awards"][0]["case_id"]
        result = {first: PersonResult(Decision.REFUSED, "示例理由")}
        meetings.decide(world, meeting, result, recusals=[("示例委员", "有亲属关系")])
        table = read(world, "minutes", **now)
        assert table.state is ListState.OFFICIAL
        assert cells(table, "result") == ["不同意", *["同意"] * 5]
        assert dict(table.fields)["同　　意"] == "8人"
        change = read(world, "change-list", **now)
        assert (cells(change, "left"), cells(change, "why")) == (["示例甲1"], ["不同意"])
        feedback = read(world, "feedback", unit_id="甲", **now)
        assert cells(feedback, "result")[0] == "未列入"
        assert "示例理由" not in str(as_printed(feedback))


# -- cards -----------------------------------------------------------------------------------------------------


def test_whole_cards_leave_only_when_asked_for_and_are_logged_first(paid, run, tmp_path):
    masked, opened = tmp_path / "masked.xlsx", tmp_path / "opened.xlsx"
    assert run("list", "bank-payment", "--round", "js", "--out", masked)[0] == 0
    assert paid.read(openings, round_id="js") == []
    assert run("list", "bank-payment", "--round", "js", "--cards", "--out", opened)[0] == 0
    (line,) = paid.read(openings, round_id="js")
    assert (line.purpose, line.people) == ("制作代发明细", 2)

    def flat(path):
        return [cell for row in load_workbook(path).active.values for cell in row if cell is not None]

    assert {OWN, LATER} <= set(flat(opened))
    assert {OWN, LATER}.isdisjoint(flat(masked))
    with db.reading(paid.engine) as session:
        actions = [entry.action for entry in session.exec(select(AuditEntry).order_by(AuditEntry.seq))]
    assert actions[-3:] == ["download", "open_contact", "download"]


def test_a_viewer_opens_no_cards(paid):
    from casework.papers import bank_opened

    with pytest.raises(NotAllowed):
        bank_opened(paid.engine, asked(paid, actor=LOCAL_VIEWER), key="viewer")
