"""The forms of 日常关怀: what they count, what the ledger fills, what stays blank, and what never leaves as a file."""

from __future__ import annotations

import io
import re
from datetime import date

import payment_round
import printed
import printed_care as care
import pytest
from openpyxl import load_workbook
from payment_round import HALL, OF_TOWN, TODAY, TOWN
from pypdf import PdfReader
from review_round import at
from sqlmodel import Session, select

from casework.access import LOCAL_OFFICER
from casework.cli import main
from casework.lists import ListState, copies
from casework.lists.care_forms import (
    appointment_register,
    birthdays,
    fifty_years_at,
    line_of_duty_family,
    pairing_register,
    political_birthday,
    talk_record,
)
from casework.models import Honour, Person
from casework.papers import PAPERS, Asked, blank_paper, instances, paper, stage_of
from casework.payment.follow_ups import close_follow_up, open_follow_up
from casework.payment.visits import Caller, record_visit, revoke_visit
from casework.printing import render
from casework.problems import NotAllowed, Refused
from casework.vocabulary import VisitMode, VisitPlace
from casework.workbook import write

made, _keys, quick, world = payment_round.made, payment_round._keys, payment_round.quick, payment_round.world

NAMES = {found.plain: name for name, found in PAPERS.items() if found.plain in care.PAPERS}
KEPT_LATER = ("pairing-register", "appointment-register", "talk-record", "line-of-duty-family")


def column(table, key):
    return [row[table.keys.index(key)] for row in table.rows]


def words(pdf):
    return re.sub(r"\s+", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages))


def asked(**more):
    return Asked("js", more.pop("actor", LOCAL_OFFICER), more.pop("now", at(TODAY)), **more)


# -- appointments and talks ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arranged", "within", "due", "late"),
    [
        (date(2026, 3, 9), 7, date(2026, 3, 9), False),
        (date(2026, 3, 10), 7, date(2026, 3, 9), True),
        (date(2026, 3, 8), 5, date(2026, 3, 7), True),
        (None, 7, date(2026, 3, 9), False),
    ],
)
def test_an_appointment_is_arranged_within_a_week_of_the_request(arranged, within, due, late):
    one = {"member": "示例甲", "received_on": date(2026, 3, 2), "arranged_on": arranged}
    table = appointment_register(printed.policy(), [one], within_days=within)

    assert column(table, "due_on") == [due]
    assert ("安排晚于应安排日期的 1 件" in "".join(table.captions)) == late


def test_requests_stand_in_the_order_they_came_and_one_without_a_day_last():
    told = [
        {"member": "丙"},
        *({"member": who, "received_on": date(2026, 3, day)} for who, day in (("乙", 9), ("甲", 2))),
    ]
    table = appointment_register(printed.policy(), told)

    assert column(table, "member") == ["甲", "乙", "丙"]
    assert column(table, "due_on")[-1] is None


def test_bare_words_for_a_warning_talk_are_never_printed_alone():
    for form in ("appointment_register", "talk_record"):
        said = words(render(form, care.empty(form)))
        assert len(re.findall("约谈", said)) == len(
            re.findall("党员约谈领导干部|申请约谈的党员|约谈的领导干部", said)
        ), form


def test_what_was_said_in_a_talk_leaves_on_paper_alone():
    table = care.talked()

    with pytest.raises(Refused, match="只打印在纸上") as refused:
        write(table)
    assert refused.value.reason_code == "paper_only"
    pdf = render("talk_record", table)
    assert "内部不得外传" in words(pdf)
    assert "示例：谈近一年的思想" in words(pdf)
    assert load_workbook(io.BytesIO(write(care.empty("talk_record")))).active.max_row > 2
    assert write(care.paired(1)), "what is not restricted may be a workbook"


def test_the_occasion_of_a_talk_is_ticked_among_the_others():
    said = words(render("talk_record", care.talked(care.talk(occasion="遇到困难", form="集体"))))

    assert re.findall("■([^■□]+?)(?=[■□]|谈话内容|谈话事由)", said) == ["集体", "遇到困难"]
    assert "■" not in words(render("talk_record", care.empty("talk_record")))
    for key in ("occasion", "form"):
        with pytest.raises(ValueError, match="none of"):
            talk_record(printed.policy(), [care.talk(**{key: "没有的"})])


def test_two_talks_are_two_copies():
    table = care.talked(care.talk(member="示例甲"), care.talk(member="示例乙"))

    assert [one.person["member"] for one in copies(table)] == ["示例甲", "示例乙"]


# -- pairs and households --------------------------------------------------------------------------------------


def test_pairs_are_counted_and_those_without_measures_too():
    captions = care.paired(8).captions

    assert captions[:2] == ("共 8 对，其中结对中 7 对。", "没有填写帮扶措施的 1 对。")
    assert pairing_register(printed.policy(), []).captions == ("本表无人员。",)


def test_a_household_is_one_file_with_a_line_for_each_of_its_people():
    table = care.families(care.household(4, 2, 1), care.household(0, 0, 0))
    first, second = copies(table)

    assert len(first.filled("member")) == 4
    assert [line["grant_amount"] for line in first.filled("grant")] == ["1200元", "1200元"]
    assert len(first.filled("visit")) == 1
    assert second.lines[0]["name"] == "示例烈"
    assert second.filled("member") == []
    with pytest.raises(ValueError, match="none of"):
        line_of_duty_family(printed.policy(), [{"kind": "病故"}])


# -- days and years --------------------------------------------------------------------------------------------


def joined(on, **more):
    return {"name": "示例甲", "joined_on": on, **more}


@pytest.mark.parametrize(
    ("on", "year", "day", "years"),
    [
        (date(1990, 7, 1), 2026, date(2026, 7, 1), 36),
        (date(1988, 2, 29), 2026, date(2026, 2, 28), 38),
        (date(1988, 2, 29), 2028, date(2028, 2, 29), 40),
    ],
)
def test_a_political_birthday_is_the_day_of_joining(on, year, day, years):
    (row,) = birthdays([joined(on)], year=year).rows

    assert (row["birthday"], row["years"]) == (day, years)
    assert birthdays([joined(on)], year=year, month=day.month).rows == (row,)
    assert birthdays([joined(on)], year=year, month=12).rows == ()
    assert birthdays([joined(on)], year=on.year).rows == (), "not in the year itself"


def test_who_has_no_day_is_named_and_not_listed():
    found = birthdays([joined(None), joined(date(1990, 7, 1), name="示例乙")], year=2026, month=3)
    table = political_birthday(printed.policy(), found, year=2026, month=3)

    assert found.unknown == ("示例甲",)
    assert table.rows == ()
    assert "2026年3月没有政治生日" in table.captions[0]
    assert "没有列入的 1 人：示例甲" in table.captions[0]
    assert table.above[-1] == "2026年3月"


ON = date(2026, 7, 1)


@pytest.mark.parametrize(
    ("person", "listed", "unknown"),
    [
        ({"full_on": date(1976, 7, 1)}, True, False),
        ({"full_on": date(1976, 7, 2)}, False, False),
        ({"full_on": date(1976, 7, 2), "joined_on": date(1975, 7, 1)}, False, False),
        ({"joined_on": date(1975, 7, 1)}, False, True),
        ({"joined_on": date(1990, 7, 1)}, False, False),
        ({}, False, True),
        ({"full_on": date(1970, 7, 1), "awarded": True}, False, False),
        ({"full_on": date(2027, 7, 1)}, False, False),
    ],
)
def test_standing_counts_from_full_membership_and_is_never_guessed(person, listed, unknown):
    found = fifty_years_at([{"name": "示例甲", **person}], on=ON)

    assert (bool(found.rows), bool(found.unknown)) == (listed, unknown)


# -- from the ledger -------------------------------------------------------------------------------------------


def change(world, **by_number):
    with Session(world.engine) as session:
        people = session.exec(select(Person).order_by(Person.person_id)).all()
        for number, told in by_number.items():
            for key, value in told.items():
                setattr(people[int(number[1:])], key, value)
        session.commit()


def test_the_ledger_lists_political_birthdays_by_month_and_unit(world):
    change(
        world,
        p0={"joined_party_on": date(1988, 2, 29), "full_member_on": date(1989, 2, 28), "membership": "full"},
        p1={"joined_party_on": date(1990, 7, 1), "membership": "full", "deceased": True},
        p2={"joined_party_on": date(1990, 2, 3), "membership": "full"},
        p3={"joined_party_on": date(1990, 2, 4), "membership": "none"},
        p4={"joined_party_on": None, "membership": "full"},
        p5={"joined_party_on": None, "full_member_on": None, "membership": None, "beneficiary": "resident"},
    )

    table = world.read(paper, "political-birthday", asked(of="2"))
    assert [(row[0], row[1]) for row in zip(column(table, "name"), column(table, "years"), strict=True)] == [
        ("示例3号", 30),
        ("示例1号", 32),
    ]
    assert "没有列入的 1 人：示例5号" in "".join(table.captions)
    assert column(world.read(paper, "political-birthday", asked(of="2", unit_id=TOWN)), "name") == ["示例1号"]
    assert table.state is ListState.OFFICIAL
    own = asked(of="2", unit_id=TOWN, actor=OF_TOWN)
    assert column(world.read(paper, "political-birthday", own), "name") == ["示例1号"]
    for beyond in ({"unit_id": HALL}, {}):
        with pytest.raises(NotAllowed):
            world.read(paper, "political-birthday", asked(of="2", actor=OF_TOWN, **beyond))
    with pytest.raises(Refused, match="月份请写"):
        world.read(paper, "political-birthday", asked(of="13"))
    assert world.read(instances, "political-birthday", asked())["2月"] == "2"


def test_the_ledger_lists_fifty_years_as_a_draft_to_be_confirmed(world):
    change(
        world,
        p0={"membership": "full", "full_member_on": date(1970, 7, 1)},
        p1={"membership": "full", "full_member_on": date(1970, 7, 2)},
        p2={"membership": "full", "full_member_on": date(1965, 7, 1)},
        p3={"membership": "full", "full_member_on": None, "joined_party_on": date(1960, 1, 1)},
        p4={"membership": "full", "full_member_on": date(1960, 7, 1)},
        p5={"membership": "full", "full_member_on": date(1960, 7, 1), "deceased": True},
    )
    with Session(world.engine) as session:
        session.add(
            Honour(
                person_id=session.exec(select(Person.person_id).order_by(Person.person_id)).all()[4],
                title="“光荣在党50年”纪念章",
            )
        )
        session.commit()

    table = world.read(paper, "fifty-years", asked())
    assert column(table, "name") == ["示例3号", "示例1号"]
    assert column(table, "years") == [54 + 1, 50]
    assert table.state is ListState.DRAFT
    assert "1 人：示例4号" in "".join(table.captions)
    assert "示例2号" in column(world.read(paper, "fifty-years", asked(year=2021)), "name")


def test_the_visits_of_the_round_are_a_record(world):
    told = {"on": TODAY, "place": VisitPlace.HOME, "mode": VisitMode.FACE_TO_FACE, "opinions": "示例：修路"}
    callers = (Caller("示例委员", "乡镇党委委员"),)
    visits = [world.do(record_visit, case_id=case, callers=callers, **told)["visit_id"] for case in world.cases[:3]]
    world.do(revoke_visit, visit_id=visits[1], reason="示例：登记错了")
    raised = world.do(open_follow_up, visit_id=visits[0], problem="示例：屋顶漏雨", owner="示例干事")

    table = world.read(paper, "visit-record", asked())
    assert column(table, "name") == ["示例1号", "示例3号"]
    assert column(table, "visitors") == ["示例委员（乡镇党委委员）"] * 2
    assert column(table, "place") == ["家中"] * 2
    assert column(table, "follow_ups")[0] == "示例：屋顶漏雨（办理中，责任人示例干事）"
    assert table.mark == "内部资料　不得外传"
    world.do(close_follow_up, follow_up_id=raised["follow_up_id"], outcome="已维修", on=TODAY, expected_version=1)
    own = world.read(paper, "visit-record", asked(actor=OF_TOWN, unit_id=TOWN))
    assert column(own, "follow_ups") == ["示例：屋顶漏雨（2020年1月30日办结：已维修）"]


# -- printed empty ---------------------------------------------------------------------------------------------


def test_all_seven_can_be_printed_empty_and_four_are_not_filled_yet(quick):
    assert set(NAMES) == set(care.PAPERS)
    assert {stage_of(name) for name in NAMES.values()} == {"走访", "日常关怀"}
    for form, name in NAMES.items():
        table = quick.read(blank_paper, name, asked())
        assert table.rows == ()
        assert table.state is ListState.OFFICIAL
        assert load_workbook(io.BytesIO(write(table))).active.max_row > 2, form
    for name in KEPT_LATER:
        with pytest.raises(Refused, match=r"^日常关怀尚未启用，可先打印空白表$"):
            quick.read(paper, name, asked())


def test_the_command_line_prints_them_empty_and_takes_a_month(quick, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("CASEWORK_DB", str(quick.engine.url.database))

    def run(*given):
        code = main([str(word) for word in given])
        said = capsys.readouterr()
        return code, said.out + said.err

    for name in NAMES.values():
        out = tmp_path / f"{name}.{'pdf' if name == 'talk-record' else 'xlsx'}"
        assert run("list", name, "--blank", "--out", out)[0] == 0
        assert out.stat().st_size > 2000
    assert "草稿" not in words((tmp_path / "talk-record.pdf").read_bytes())
    change(quick, p0={"joined_party_on": date(1990, 3, 5), "membership": "full"})
    code, said = run("list", "political-birthday", "--month", "3", "--year", "2020")
    assert code == 0
    assert "示例1号" in said
    assert "示例1号" not in run("list", "political-birthday", "--month", "4", "--year", "2020")[1].split("没有登记")[0]
    for wrong in (["fifty-years", "--month", "3"], ["political-birthday", "--month", "3", "--blank"]):
        code, said = run("list", *wrong)
        assert (code, "--month 只用于" in said) == (2, True)
    code, said = run("list", "talk-record")
    assert (code, "日常关怀尚未启用" in said) == (1, True)
