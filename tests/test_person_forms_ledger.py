"""The forms about one person as they are read from a ledger: whose, masked or opened, and what never stands there."""

from __future__ import annotations

import copy
import io
import re
import shutil
from datetime import date

import pytest
import review_round
from openpyxl import load_workbook
from pypdf import PdfReader
from review_round import at, by, jiaozuo, neimenggu, unit_steps
from sqlalchemy.engine import make_url

from casework import db
from casework.access import LOCAL_OFFICER, LOCAL_VIEWER, Actor
from casework.cli import main
from casework.ledger import add_facts
from casework.lists import ListState, as_printed, copies
from casework.models import Case, Person
from casework.papers import PAPERS, Asked, blank_paper, opened_paper, paper
from casework.people.contacts import put_contact
from casework.people.seeing import openings
from casework.problems import NotAllowed, Refused
from casework.review.judgements import record_judgements
from casework.review.notices import post_notice
from casework.review.objections import record_objection
from casework.vocabulary import Decision, Mark, Relation, Role, Stage

OWN, OTHER, PHONE, HOME = "6217001234567890122", "6222021234567890128", "13912345678", "示例县示例镇九组七号"
FORMS = ("application", "registration", "approval", "collection-consent", "basis")
CONDUCT, OTHER_CAUSE = "JZ-M2.2.1", "JZ-M2.1.3"


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)


def renewals_and_applications(engine):
    return jiaozuo(engine)


def nominees(engine):
    """The round of 内蒙古; the first nominee has a phone, an address and somebody who takes the money for him."""
    made = neimenggu(engine)
    unit_steps(made)
    person = made.read(lambda session: session.get_one(Case, made.cases[0]).person_id)
    put_contact(engine, person_id=person, kind="phone", value=PHONE, **by(made.today))
    put_contact(engine, person_id=person, kind="address", value=HOME, **by(made.today))
    put_contact(
        engine,
        person_id=person,
        kind="designated_card",
        value=OTHER,
        holder="示例持卡人",
        relation=Relation.SPOUSE,
        consent_on=date(2022, 12, 20),
        **by(made.today),
    )
    return made


@pytest.fixture(scope="module")
def templates(tmp_path_factory):
    """Rounds that were made once, to be copied."""
    return {"folder": tmp_path_factory.mktemp("rounds")}


def world(make, templates, database_url):
    """A round of its own: on SQLite a copy of one that was made once."""
    if not database_url.startswith("sqlite"):
        return make(db.open_ledger(database_url))
    kept = templates["folder"] / f"{make.__name__}.db"
    if make not in templates:
        templates[make] = make(db.open_ledger(f"sqlite:///{kept}"))
        templates[make].engine.dispose()
    shutil.copy(kept, make_url(database_url).database)
    own = copy.copy(templates[make])
    own.engine = db.open_engine(database_url)
    return own


@pytest.fixture
def jz(templates, database_url):
    made = world(renewals_and_applications, templates, database_url)
    yield made
    made.engine.dispose()


@pytest.fixture
def im(templates, database_url):
    made = world(nominees, templates, database_url)
    yield made
    made.engine.dispose()


@pytest.fixture
def quick(templates, tmp_path):
    """The same on SQLite only, for what has nothing to do with the database."""
    made = world(nominees, templates, f"sqlite:///{tmp_path / 'l.db'}")
    yield made
    made.engine.dispose()


def asked(world, **more):
    return Asked(world.round_id, **{"actor": LOCAL_OFFICER, "now": at(world.today), **more})


def read(world, name, **more):
    return world.read(paper, name, asked(world, **more))


def opened(world, name, **more):
    return opened_paper(world.engine, name, asked(world, **more), key=review_round.key())


def words(table):
    return re.sub(r"\s+", "", str(as_printed(table)))


def names(table):
    return [one.person["name"] for one in copies(table)]


# -- whose -----------------------------------------------------------------------------------------------------


def test_a_unit_is_printed_one_after_another_in_its_own_order(im):
    for name in ("application", "registration", "approval", "basis"):
        assert names(read(im, name)) == [f"示例甲{n}" for n in range(1, 7)] + ["示例乙1", "示例乙2"]
        assert names(read(im, name, unit_id="乙")) == ["示例乙1", "示例乙2"]
        assert names(read(im, name, case_id=im.cases[1])) == ["示例甲2"]


def test_nobody_prints_a_person_of_another_unit(im):
    theirs = Actor(id="乙", name="示例经办", role=Role.OFFICER, units=frozenset({"乙"}))

    for name in FORMS:
        with pytest.raises(NotAllowed):
            read(im, name, actor=theirs, unit_id="甲")
        with pytest.raises(Refused, match="没有这份个案"):
            read(im, name, actor=theirs, unit_id="乙", case_id=im.cases[0])
        with pytest.raises(NotAllowed):
            read(im, name, actor=LOCAL_VIEWER)


def test_a_branch_without_people_has_no_forms(quick):
    with pytest.raises(Refused, match="没有人员"):
        read(quick, "registration", branch="示例无人支部")


def test_every_form_can_be_printed_empty(quick):
    for name in FORMS:
        table = quick.read(blank_paper, name, asked(quick))

        assert table.state is ListState.OFFICIAL
        assert names(table) == [""]


# -- numbers ---------------------------------------------------------------------------------------------------


def test_numbers_are_masked_until_they_are_opened(im):
    table = read(im, "registration")

    assert table.state is ListState.DRAFT
    for secret in (OTHER, PHONE, HOME, "示例持卡人"):
        assert secret not in words(table)
    assert "配偶" in copies(table)[0].person["card"]
    assert im.read(openings, round_id=im.round_id) == []


def test_opened_numbers_are_whole_and_stand_in_the_log(im):
    table = opened(im, "registration", case_id=im.cases[0])
    one = copies(table)[0].person

    assert table.state is ListState.OFFICIAL
    assert one["card"] == "6222 0212 3456 7890 128（指定人：示例持卡人　配偶）"
    assert one["address"] == f"{HOME}　{PHONE}"
    [line] = im.read(openings, round_id=im.round_id)
    assert (line.purpose, line.people, line.kinds) == (
        "打印登记表",
        1,
        ["address", "card", "designated_card", "phone"],
    )


def test_his_own_card_comes_before_anothers(quick):
    person = quick.read(lambda session: session.get_one(Case, quick.cases[1]).person_id)
    put_contact(quick.engine, person_id=person, kind="card", value=OWN, **by(quick.today))

    assert copies(opened(quick, "registration", case_id=quick.cases[1]))[0].person["card"] == "6217 0012 3456 7890 122"


def test_a_viewer_opens_nothing(quick):
    with pytest.raises(NotAllowed):
        opened(quick, "registration", actor=LOCAL_VIEWER)
    assert quick.read(openings, round_id=quick.round_id) == []


def test_only_who_named_somebody_has_a_consent(im):
    table = opened(im, "collection-consent")
    one = copies(table)[0].person

    assert names(table) == ["示例甲1"]
    assert (one["holder"], one["relation"], one["consent_on"]) == ("示例持卡人", "配偶", "2022年12月20日")
    assert one["card"].replace(" ", "") == OTHER
    assert "示例持卡人" not in words(read(im, "collection-consent"))
    with pytest.raises(Refused, match="没有人指定他人代收"):
        read(im, "collection-consent", unit_id="乙")
    assert names(read(im, "collection-consent", case_id=im.cases[1])) == ["示例甲2"], "to be signed first"


# -- facts -----------------------------------------------------------------------------------------------------


def test_the_household_and_what_the_circular_asks_stand_on_the_form(im):
    def home(session):
        person = session.get_one(Person, session.get_one(Case, im.cases[0]).person_id)
        return person.household_id

    household = im.read(home)
    new = {
        "members": [
            {
                "household_id": household,
                "name": "示例丙",
                "relation": "child",
                "employment": "示例中学 学生",
                "born_on": date(2010, 12, 28),
            },
            {
                "household_id": household,
                "name": "示例丁",
                "relation": "parent",
                "employment": "务农",
                "yearly_income_fen": 120_000,
            },
        ],
        "answers": [
            {"case_id": im.cases[0], "field": "monthly_pay", "number": 560_000},
            {"case_id": im.cases[0], "field": "housing_area", "text": "72"},
        ],
    }
    add_facts(im.engine, round_id=im.round_id, **new, **by(im.today))
    one = copies(read(im, "registration", case_id=im.cases[0]))[0]

    assert (one.person["monthly_pay"], one.person["housing"]) == ("5600元", "72㎡")
    told = {
        line["member"]: (line["member_work"], line["member_employment"], line["member_income"]) for line in one.lines
    }
    assert told["示例丙"] == ("示例中学", "学生", "")
    assert told["示例丁"] == ("", "务农", "100")
    ages = {line["member"]: line["member_age"] for line in copies(read(im, "approval", case_id=im.cases[0]))[0].lines}
    assert ages["示例丙"] == "11岁", "twelve only tomorrow"


# -- the chain -------------------------------------------------------------------------------------------------


def boxes(world, case_id):
    lines = copies(read(world, "approval", case_id=case_id))[0].filled("opinion")
    return {line["opinion_of"]: (line["opinion"], line["opinion_on"]) for line in lines}


def test_the_boxes_are_those_of_the_persons_own_chain(jz):
    new, renewed = jz.cases[2], jz.cases[0]

    assert list(boxes(jz, new)) == ["党支部初审意见", "上级党组织复审意见", "工委组织部意见", "工委会议审批意见"]
    assert list(boxes(jz, renewed)) == [
        "支部大会意见",
        "市直机关工委组织部意见",
        "市直机关工委会议审定意见",
    ]


def test_a_form_the_circular_names_no_boxes_for_takes_them_from_its_steps(quick):
    assert boxes(quick, quick.cases[0]) == {
        "各单位审核意见": ("各单位：同意。", "2022年12月23日"),
        "机关党委申报意见": ("机关党委：同意。", "2022年12月24日"),
        "工委委员会审定意见": ("", ""),
    }


def test_an_empty_form_has_the_boxes_of_an_application(jz):
    lines = copies(jz.read(blank_paper, "approval", asked(jz)))[0].filled("opinion")

    assert [line["opinion_of"] for line in lines][:2] == ["党支部初审意见", "上级党组织复审意见"]
    assert {line["opinion"] for line in lines} == {""}


def test_an_opinion_is_filled_where_it_is_on_record_and_not_before(jz):
    new = jz.cases[2:]
    assert set(boxes(jz, new[0]).values()) == {("", "")}
    for stage, day in ((Stage.APPLICATION, 6), (Stage.SURVEY, 7), (Stage.FIRST_REVIEW, 8)):
        jz.step(
            stage,
            "困难党员本人" if stage is Stage.APPLICATION else "困难党员所在党支部",
            date(2018, 12, day),
            case_ids=new,
            signer="",
        )
    post_notice(
        jz.engine,
        round_id="jz",
        body="示例局党支部",
        posted_on=date(2018, 12, 9),
        ends_on=date(2018, 12, 16),
        evidence="示例照片",
        closed=True,
        case_ids=new,
        expected_version=jz.version,
        **by(jz.today),
    )
    jz.step(
        Stage.SECOND_REVIEW,
        "上级党组织",
        date(2018, 12, 18),
        case_ids=new,
        results={new[1]: (Decision.REFUSED, "示例不同意的理由")},
    )
    first, second = boxes(jz, new[0]), boxes(jz, new[1])

    assert first["党支部初审意见"] == (
        "困难党员所在党支部：同意。公示时间：2018年12月9日至2018年12月16日。",
        "2018年12月8日",
    )
    assert first["上级党组织复审意见"] == ("上级党组织：同意。", "2018年12月18日")
    assert first["工委组织部意见"] == ("", "")
    assert second["上级党组织复审意见"] == ("上级党组织：不同意。", "2018年12月18日")
    assert "示例不同意的理由" not in words(read(jz, "approval"))


# -- what never stands there -----------------------------------------------------------------------------------


def test_the_statement_of_grounds_keeps_conduct_and_objections_out(jz):
    case = jz.cases[2]
    told = {"round_id": "jz", "case_ids": [case], "on": date(2018, 12, 19), **by(jz.today)}
    record_judgements(
        jz.engine, clause_id=OTHER_CAUSE, value=Mark.PRESENT, body="示例支部委员会", basis="示例依据", **told
    )
    told["key"] = review_round.key()
    record_judgements(jz.engine, clause_id=CONDUCT, value=Mark.PRESENT, body="示例纪检", basis="示例品行", **told)
    record_objection(
        jz.engine,
        round_id="jz",
        case_id=case,
        content="示例异议内容",
        received_on=date(2018, 12, 19),
        **by(jz.today),
    )
    table = read(jz, "basis", case_id=case)
    [one] = copies(table)

    asked_ = next(clause.ask for clause in jz.policy.clauses if clause.id == OTHER_CAUSE)
    judged = [line["said"] for line in one.filled("section") if line["section"] == "认定"]
    assert f"{asked_}（示例支部委员会，2018年12月19日）" in judged
    for secret in ("示例品行", "示例纪检", "党员义务", "示例异议内容", "异议", "违法违纪", "上访"):
        assert secret not in words(table).replace(table.captions[0], ""), secret
    assert one.person["outcome"] == "经审核不符合《市直机关困难党员救助慰问办法》规定"
    assert table.mark == "内部资料　不得外传"


def test_a_question_about_conduct_nobody_has_answered_is_not_printed_either(jz):
    new = {"people": [{"person_id": "p9", "name": "示例未核"}]}
    case = {"case_id": "c9", "person_id": "p9", "unit_id": "局", "category": "relief", "path": "new"}
    add_facts(jz.engine, round_id="jz", **new, cases=[case], **by(jz.today))
    said = words(read(jz, "basis", case_id="c9"))

    assert "待认定" in said, "other questions are open, and say so"
    for secret in ("党员义务", "违法违纪", "上访", "计划生育", "拒绝就业"):
        assert secret not in said, secret


def test_the_statement_of_grounds_says_what_was_read_and_seen(jz):
    one = copies(read(jz, "basis", case_id=jz.cases[2]))[0]
    said = {(line["section"], line["words"]): (line["said"], line["result"]) for line in one.filled("section")}

    assert ("材料", "县级或以上医院疾病证明") in said
    assert any("困难成因" in sentence and result == "符合" for sentence, result in said.values())
    assert all(line["cite"] for line in one.filled("section") if line["section"] == "条款")
    other = copies(read(jz, "basis", case_id=jz.cases[3]))[0]
    assert "示例新1" not in words(read(jz, "basis", case_id=jz.cases[3])), "nobody else's"
    assert other.person["name"] == "示例新2"


# -- on the command line ---------------------------------------------------------------------------------------


@pytest.fixture
def run(capsys, monkeypatch, tmp_path, quick):
    monkeypatch.setenv("CASEWORK_DB", str(tmp_path / "l.db"))

    def run(*given):
        code = main([str(word) for word in given])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


@pytest.mark.parametrize("name", ["registration", "application"])
def test_a_form_leaves_as_paper_as_workbook_and_as_word_document(name, run, tmp_path):
    for suffix in ("pdf", "xlsx", "docx"):
        out = tmp_path / f"{name}.{suffix}"
        code, said = run("list", name, "--round", "im", "--case", "示例甲1", "--out", out)
        assert code == 0, said
    text = "".join(page.extract_text() for page in PdfReader(tmp_path / f"{name}.pdf").pages)
    assert "示例甲1" in text
    assert "示例甲2" not in text
    assert load_workbook(tmp_path / f"{name}.xlsx").active.max_row > 2


def test_the_command_opens_the_numbers_and_the_log_has_it(run, quick, tmp_path):
    out = tmp_path / "a.pdf"

    assert run("list", "registration", "--case", "示例甲1", "--out", out)[0] == 0
    assert OTHER[:8] not in re.sub(r"\s", "", PdfReader(out).pages[0].extract_text())
    assert run("list", "registration", "--case", "示例甲1", "--cards", "--out", out)[0] == 0
    assert OTHER in re.sub(r"\s", "", PdfReader(io.BytesIO(out.read_bytes())).pages[0].extract_text())
    assert [line.purpose for line in quick.read(openings, round_id="im")] == ["打印登记表"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("registration", "--case", "示例无人"), "没有“示例无人”"),
        (("roster", "--case", "示例甲1"), "--case 只用于"),
        (("basis", "--out", "x.docx"), "没有 Word 表样"),
        (("approval", "--cards"), "--cards 只用于"),
    ],
)
def test_what_does_not_fit_is_said(given, said, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, heard = run("list", *given)

    assert code != 0
    assert said in heard


def test_the_papers_know_these_forms():
    assert set(FORMS) <= set(PAPERS)
    assert {name for name in FORMS if PAPERS[name].opened} == {"registration", "collection-consent"}
