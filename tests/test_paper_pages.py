"""表册 on screen and behind the guard: every paper has an entry, who gets it, what is logged, what a page makes."""

from __future__ import annotations

import html
import io
import re
import zipfile

import openpyxl
import payment_round
import pytest
from payment_round import HALL, OF_TOWN, TODAY, TOWN
from review_round import at
from sqlmodel import select
from test_payment_cards import LATER, OWN

from casework import db, downloads
from casework.access import LOCAL_OFFICER, LOCAL_VIEWER, Actor, to_user
from casework.cli.papers import LISTS
from casework.models import Download
from casework.models_people import ContactOpening
from casework.paper_files import people_on
from casework.papers import LABELS
from casework.people.contacts import put_contact
from casework.problems import NotAllowed, Refused
from casework.serve.downloads import produce
from casework.views import Ledger, open_desk, wanted_list
from casework.views.cases import Look, open_case_desk
from casework.views.papers import Order, Wanted, choices_for, copies_of, made_files, paper_choices
from casework.views.papers_shown import (
    OWN as SECTION_STAGE,
)
from casework.views.papers_shown import (
    case_line,
    keep_made,
    look_at,
    paper_line,
    papers_panel,
)
from casework.vocabulary import Role

made, _keys, quick, world = payment_round.made, payment_round._keys, payment_round.quick, payment_round.world
DAY = f"{TODAY:%Y%m%d}"
LOOK = Look()


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    for module in ("downloads", "views.papers", "views.papers_shown", "views.cases.desk"):
        monkeypatch.setattr(f"casework.{module}.clock", lambda: at(TODAY))


@pytest.fixture
def owed(quick):
    quick.income()
    quick.open()
    return quick


def a_desk(world, actor=LOCAL_OFFICER):
    return open_case_desk(Ledger(world.engine), "js", to_user(actor))


def fetched(world, monkeypatch, actor=LOCAL_OFFICER, **parameters):
    """Fetch a paper as the guard does: made, logged, and only then handed out."""
    monkeypatch.setattr(downloads, "open_place", lambda: Ledger(world.engine))
    handler, asked = downloads.handlers()["paper"], {"round": "js", **parameters}
    return produce("paper", asked, actor=actor, handler=handler, on_download=downloads.log())


def logged(world):
    with db.reading(world.engine) as session:
        return [row.parameters for row in session.exec(select(Download).order_by(Download.seq))]


def plain(text):
    return html.unescape(re.sub(r"<[^>]+>", " ", text))


# -- every paper ---------------------------------------------------------------------------------------------------


def test_every_paper_has_an_entry_on_screen_and_on_the_command_line(owed):
    assert set(paper_choices(a_desk(owed)).values()) == set(LABELS) == set(LISTS)
    assert all(LISTS[name] == label for name, label in LABELS.items())
    assert all(re.fullmatch(r"\S+｜\S+", label) for label in paper_choices(a_desk(owed)))


def test_every_paper_is_made_or_refused_in_a_calm_sentence(owed):
    desk = a_desk(owed)
    for name in LABELS:
        seen = look_at(desk, LOOK, Wanted(name))
        panel = plain(papers_panel(desk, seen, {}, "", ""))
        assert "错误编号" not in panel, name
        assert (seen.table is not None) != bool(seen.problem), name
        assert not re.search(r"js-|[0-9a-f]{12}", panel), f"{name}: a raw id"


# -- handed out ----------------------------------------------------------------------------------------------------


def test_a_paper_is_named_computed_and_logged(world, monkeypatch):
    world.income()
    world.open()
    file = fetched(world, monkeypatch, name="pay-sheet", unit=TOWN, format="xlsx")
    assert file.filename == f"业州镇_慰问金发放表_{DAY}.xlsx"
    cells = str(list(openpyxl.load_workbook(io.BytesIO(file.body)).active.values))
    assert ("示例1号" in cells, "示例3号" in cells) == (True, False)
    zipped = fetched(world, monkeypatch, name="pay-sheet", split="unit", format="xlsx")
    with zipfile.ZipFile(io.BytesIO(zipped.body)) as packed:
        assert packed.namelist() == [f"{unit}_慰问金发放表_{DAY}.xlsx" for unit in ("业州镇", "长梁镇")]
        assert packed.read(packed.namelist()[0]) == file.body
    assert logged(world) == [
        {"round": "js", "name": "pay-sheet", "unit": TOWN, "format": "xlsx"},
        {"round": "js", "name": "pay-sheet", "split": "unit", "format": "xlsx"},
    ]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"name": "nothing"}, "没有这张表"),
        ({"name": "pay-sheet", "unit": "nowhere"}, "没有这个单位"),
        ({"name": "pay-sheet", "format": "exe"}, "只能下载"),
        ({"name": "pay-sheet", "round": "nowhere"}, "没有这一轮"),
        ({"name": "pay-sheet", "cards": "1"}, "没有完整号码"),
        ({"name": "pay-sheet", "split": "town"}, "只能按"),
        ({"name": "nothing", "split": "unit"}, "没有这张表"),
        ({"name": "minutes", "of": "nothing"}, "还没有提请会议"),
    ],
)
def test_what_is_not_there_is_not_found(quick, monkeypatch, asked, said):
    with pytest.raises(Refused, match=said) as refused:
        fetched(quick, monkeypatch, **asked)
    assert refused.value.reason_code == "not_found"
    assert logged(quick) == []


def test_nobody_fetches_beyond_his_task_or_his_units(world, monkeypatch):
    world.income()
    world.open()
    hall = Actor("hall", "示例", Role.OFFICER, frozenset({HALL}))
    for actor, unit in ((hall, TOWN), (hall, ""), (OF_TOWN, HALL), (LOCAL_VIEWER, TOWN), (LOCAL_VIEWER, "")):
        for name in ("pay-sheet", "roster", "registration", "feedback"):
            more = {"name": name, **({"unit": unit} if unit else {})}
            with pytest.raises((NotAllowed, Refused)):
                fetched(world, monkeypatch, actor, **more)
    with pytest.raises(NotAllowed):
        fetched(world, monkeypatch, LOCAL_VIEWER, name="registration", unit=TOWN, cards="1")
    with pytest.raises((NotAllowed, Refused)):
        fetched(world, monkeypatch, LOCAL_VIEWER, name="pay-sheet", split="unit")
    assert logged(world) == []
    assert fetched(world, monkeypatch, LOCAL_VIEWER, name="quota-table").body[:4] == b"%PDF"
    assert fetched(world, monkeypatch, OF_TOWN, name="pay-sheet", unit=TOWN).body[:4] == b"%PDF"


def test_a_whole_account_number_stands_in_the_log_before_it_leaves(owed, monkeypatch):
    owed.transfer(TOWN)
    for claim, number in zip(owed.claims(unit=TOWN), (OWN, LATER), strict=True):
        owed.do(put_contact, person_id=claim.person_id, kind="card", value=number)

    def opened(**more):
        body = fetched(owed, monkeypatch, name="registration", unit=TOWN, format="xlsx", **more).body
        with db.reading(owed.engine) as session:
            openings = len(session.exec(select(ContactOpening)).all())
        cells = str(list(openpyxl.load_workbook(io.BytesIO(body)).active.values))
        return OWN in re.sub(r"\D", "", cells), openings

    assert opened() == (False, 0)
    found, openings = opened(cards="1")
    assert found
    assert openings > 0
    assert OWN not in str(logged(owed))
    order = Order(owed.engine, "js", Wanted("registration", TOWN, cards="1"), LOCAL_OFFICER, at(TODAY))
    bodies = [body for _, body in made_files(order, copies_of(order, "person"), "xlsx")]
    first = re.sub(r"\D", "", str(list(openpyxl.load_workbook(io.BytesIO(bodies[0])).active.values)))
    assert (len(bodies), OWN in first, LATER in first) == (2, True, False)


# -- chosen and looked at ------------------------------------------------------------------------------------------


def test_what_is_chosen_is_told_by_day_and_name(owed):
    desk = a_desk(owed)
    found = choices_for(desk, LOOK, "public-notice", "")
    assert list(found.branches) == ["全部党支部", "示例中心村党支部", "示例村党支部"]
    assert [label for label in found.of if label.startswith("2020年1月")]
    assert set(found.splits.values()) == {"", "unit", "branch"}
    assert choices_for(desk, LOOK, "activity-report", "").splits == {}
    people = choices_for(desk, LOOK, "registration", TOWN)
    assert list(people.people) == ["全部人员，一人一张", "示例1号（业州镇）", "示例2号（业州镇）"]
    assert "person" in people.splits.values()
    assert people.cards
    assert choices_for(a_desk(owed, LOCAL_VIEWER), LOOK, "quota-table", "").splits == {}
    assert set(paper_choices(a_desk(owed, LOCAL_VIEWER)).values()) == {
        *("quota-table", "public-list", "public-notice", "notice-result")
    }


def test_while_others_look_on_no_name_is_shown(owed):
    desk, shown = a_desk(owed), Look(projected=True)
    seen = look_at(desk, shown, Wanted("pay-sheet"), preview="xlsx")
    assert seen.proof is None
    assert "示例1号" not in papers_panel(desk, seen, {}, "", "")
    assert "示例1号" not in str(choices_for(desk, shown, "registration", TOWN).people)
    assert look_at(desk, LOOK, Wanted("pay-sheet"), preview="xlsx").proof.table.rows


def test_a_page_without_the_guard_hands_out_nothing(owed):
    desk = open_case_desk(Ledger(owed.engine, demo=True), "js", None)
    assert look_at(desk, LOOK, Wanted("pay-sheet")).table is None
    assert "/download/" not in papers_panel(desk, look_at(desk, LOOK, Wanted("pay-sheet")), {}, "", "")
    assert paper_line(desk, "发放与回执") == case_line(desk, "c", TOWN) == ""


# -- in the other sections -----------------------------------------------------------------------------------------


def test_a_section_links_what_can_be_made_now(quick):
    line = plain(paper_line(a_desk(quick), "发放与回执"))
    assert "慰问金发放表" not in line
    quick.income()
    quick.open()
    line = paper_line(a_desk(quick), "发放与回执", TOWN)
    assert "慰问金发放表" in plain(line)
    assert "代发明细" not in plain(line)
    assert f"/download/paper?round=js&amp;name=pay-sheet&amp;unit={TOWN}&amp;format=pdf" in line
    assert "公示 （选定后打印）" in plain(paper_line(a_desk(quick), "公示与异议")).replace("  ", " ")
    assert all(paper_line(a_desk(quick), section) for section in SECTION_STAGE)
    assert paper_line(a_desk(quick), "台账") == ""


def test_a_case_links_the_forms_of_its_person(owed):
    line = case_line(a_desk(owed), owed.cases[0], TOWN)
    assert "特困党员登记表" in plain(line)
    assert f"case={owed.cases[0]}" in line
    assert case_line(a_desk(owed, LOCAL_VIEWER), owed.cases[0], TOWN) == ""


# -- many ----------------------------------------------------------------------------------------------------------


def test_a_page_makes_a_file_for_each_person_and_fetches_them_together(owed, monkeypatch):
    desk, wanted = a_desk(owed), Wanted("registration")
    order = Order(owed.engine, "js", wanted, LOCAL_OFFICER, at(TODAY))
    files = list(made_files(order, copies_of(order, "person"), "xlsx"))
    assert len(files) == 6
    assert files[0][0] == f"业州镇_示例1号_特困党员登记表（草稿）_{DAY}.xlsx"
    seen = look_at(desk, LOOK, wanted, by="person")
    link = html.unescape(re.search(r'href="([^"]+)"', keep_made(desk, seen, files))[1])
    monkeypatch.setattr(downloads, "open_place", lambda: Ledger(owed.engine))
    key = link.partition("key=")[2]
    file = produce(
        "made",
        {"key": key},
        actor=LOCAL_OFFICER,
        handler=downloads.handlers()["made"],
        on_download=downloads.log(),
    )
    assert file.filename == f"分人_特困党员登记表_{DAY}.zip"
    assert len(zipfile.ZipFile(io.BytesIO(file.body)).namelist()) == 6
    assert logged(owed) == [{"key": key, "name": "registration", "round": "js", "split": "person"}]
    with pytest.raises(Refused):
        downloads.handlers()["made"](OF_TOWN, {"key": key})
    with pytest.raises(Refused, match="不是每人一张"):
        copies_of(Order(owed.engine, "js", Wanted("pay-sheet"), LOCAL_OFFICER, at(TODAY)), "person")


def test_many_forms_are_made_first_and_only_the_first_are_looked_at(owed, monkeypatch):
    monkeypatch.setattr("casework.views.papers_shown.MANY", 4)
    desk = a_desk(owed)
    seen = look_at(desk, LOOK, Wanted("registration"), preview="xlsx")
    assert (seen.people, seen.made_first, people_on(seen.proof.table)) == (6, True, 3)
    assert "共 6 人，这里只预览前 3 人" in plain(papers_panel(desk, seen, {}, "生成", ""))
    assert "/download/" not in papers_panel(desk, seen, {}, "生成", "")
    heard = []
    from casework.views.papers import paper_file

    order = Order(owed.engine, "js", Wanted("registration", TOWN), LOCAL_OFFICER, at(TODAY))
    name, body = paper_file(order, "pdf", lambda number, of: heard.append((number, of)))
    assert (name, body[:4], heard) == (f"业州镇_特困党员登记表（草稿）_{DAY}.pdf", b"%PDF", [(1, 2), (2, 2)])
    assert people_on(look_at(desk, LOOK, Wanted("pay-sheet")).table) == 0


# -- the worksheet -------------------------------------------------------------------------------------------------


def test_a_roster_of_the_worksheet_says_who_entered_it_alone(owed):
    desk = open_desk(Ledger(owed.engine), "js", to_user(LOCAL_OFFICER))
    scenario = owed.list().scenario_id
    table = wanted_list(desk, LOCAL_OFFICER, kind="roster", scenario=scenario, unit=TOWN)
    assert "单机登记" in "".join(table.captions)
    assert wanted_list(desk, LOCAL_OFFICER, kind="public-list", scenario=scenario, unit=TOWN).public
    viewer = open_desk(Ledger(owed.engine), "js", to_user(LOCAL_VIEWER))
    for kind in ("roster", "public-list"):
        with pytest.raises(NotAllowed, match="只读账号"):
            wanted_list(viewer, LOCAL_VIEWER, kind=kind, scenario=scenario)
