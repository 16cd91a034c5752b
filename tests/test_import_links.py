"""“This row is that person”: said at the import, checked, kept with it, and not asked again; on both databases."""

from __future__ import annotations

import json
from datetime import date

import pytest
import workbooks
from sqlmodel import select
from test_importing import (
    HEADS,
    LOCAL_OFFICER,
    NOW,
    ROUND,
    TOWN,
    back,
    book,
    by,
    known,
    look,
    opened,
    others,
    person,
    rows,
    take,
    whole,
)

from casework import db
from casework.cli import main
from casework.ledger import add_facts, open_round
from casework.models import AuditEntry, Case, Person
from casework.models_people import ImportBatch
from casework.people.contacts import put_contact
from casework.people.duplicates import duplicates
from casework.people.importing import plan_import
from casework.policy import read_pack
from casework.problems import Refused

EARLIER = "往年轮"
NUMBER, OTHER_NUMBER, THIRD = "410102196503071233", "410102196503011249", "41010219650301006X"


@pytest.fixture
def engine(database_url):
    yield from opened(database_url)


@pytest.fixture
def before(engine):
    """Last year's round: one person of u1 whom a row of this year's sheet resembles, and one of u2."""
    open_round(engine, round_id=EARLIER, policy="jianshi-2020", opened_on=date(2019, 10, 1), **by())
    people = [
        {"person_id": "p", "name": "示例曱", "born_on": date(1965, 3, 1), "branch": "示例村党支部"},
        {"person_id": "q", "name": "示例申", "born_on": date(1965, 3, 1), "branch": "示例村党支部"},
    ]
    cases = [{"case_id": f"c{p}", "person_id": p, "unit_id": u} for p, u in (("p", "u1"), ("q", "u2"))]
    add_facts(engine, round_id=EARLIER, people=people, cases=cases, **by())
    return engine


def sentences(plan):
    return [issue.problem.sentence() for issue in plan.issues]


def batch(engine):
    return next(each for each in rows(engine, ImportBatch) if each.state == "in_force")


def owners(engine):
    with db.reading(engine) as session:
        query = select(Person.name, Case.person_id).where(Case.round_id == ROUND, Case.person_id == Person.person_id)
        return dict(session.exec(query).all())


def test_a_row_said_to_be_somebody_known_is_his_and_the_same_file_means_him_again(before):
    body = book(person())
    plan = look(before, body)
    assert {at: [near.person_id for near in people] for at, people in plan.near.items()} == {("名单", 2): ["p", "q"]}, (
        plan.near
    )
    assert plan.near["名单", 2][0].words == "示例曱（示例镇），1965年3月生，示例村党支部，往年记录"
    assert any("请指明是同一人还是另一人" in each for each in sentences(plan))
    linked = look(before, body, links={2: "p"})
    assert not any("请指明" in each for each in sentences(linked))
    assert any("经指认，与台账里的示例曱（示例镇）是同一人" in each for each in sentences(linked))
    assert linked.preview["person_id"].to_list() == ["p"]
    assert linked.seen != plan.seen
    take(before, body, links={2: "p"})
    assert owners(before) == {"示例甲": "p"}
    assert batch(before).links == {"rows": {"名单!2": "p"}, "apart": []}
    entry = rows(before, AuditEntry)[-1]
    assert "import_batch" in str(entry.digests)
    assert "示例" not in str(entry.digests)
    digest = known(before).digest()
    for links in (None, {2: "p"}):
        again = look(before, body, links=links)
        assert again.already, links
        assert take(before, body, links=links)["already"]
    assert known(before).digest() == digest
    corrected = book(person(家庭年收入="9000"))
    assert look(before, corrected).counts()["changed"] == 1
    assert whole(before)
    back(before, batch(before).import_id)
    assert {each.name for each in rows(before, Person)} == {"示例曱", "示例申"}


def test_a_row_said_to_be_somebody_else_is_new_and_not_asked_about_again(before):
    body = book(person())
    assert not any("请指明" in each for each in sentences(look(before, body, links={2: None})))
    take(before, body, links={2: None})
    fresh = owners(before)["示例甲"]
    assert fresh not in {"p", "q"}
    assert {tuple(pair) for pair in batch(before).links["apart"]} == {tuple(sorted((fresh, x))) for x in "pq"}
    assert look(before, body).already
    corrected = look(before, book(person(家庭年收入="9000")))
    assert not any("相近" in each for each in sentences(corrected))
    assert corrected.near == {}
    with db.reading(before) as session:
        asked = duplicates(session, actor=LOCAL_OFFICER).select("first", "second").rows()
    assert asked == [("p", "q")]
    back(before, batch(before).import_id)
    assert whole(before)
    assert any("相近" in each for each in sentences(look(before, body)))


def test_one_of_two_namesakes_is_pointed_out(engine):
    bare = {"所在党支部": None, "出生年月": None}
    take(engine, book(*others("示例丙", "示例丁")))
    first, second = owners(engine).values()
    # Two cases of one name without a birth month: the sheet cannot tell which is meant.
    add_facts(
        engine,
        round_id=ROUND,
        people=[{"person_id": "twin", "name": "示例丙"}],
        cases=[{"case_id": "ctwin", "person_id": "twin", "unit_id": "u1"}],
        **by(),
    )
    body = book(*others("示例丙", 家庭年收入="9000", **bare))
    plan = look(engine, body, part="另一张")
    assert plan.preview["change"].to_list() == ["doubtful"]
    assert plan.intake.rows["state"].to_list() == ["held"]
    names = [near.person_id for near in plan.near["名单", 2]]
    assert sorted(names) == sorted(["twin", owners_of(engine, "示例丙", {first, second})])
    assert look(engine, body, part="另一张", links={2: "twin"}).preview["case_id"].to_list() == ["ctwin"]
    assert look(engine, body, part="另一张", links={("名单", 2): None}).preview["change"].to_list() == ["new"]
    take(engine, body, part="另一张", links={2: "twin"})
    assert look(engine, body, part="另一张").already


def owners_of(engine, name, among):
    return next(each.person_id for each in rows(engine, Person) if each.name == name and each.person_id in among)


@pytest.mark.parametrize(
    ("links", "said"),
    [
        ({9: "p"}, "第 9 行没有人"),
        ({2: "nobody"}, "第 2 行指认的人不在台账里"),
        ({2: "p", 3: "p"}, "第 2 行和第 3 行指认成同一个人"),
        ({2: "p", ("名单", 2): "q"}, "第 2 行指认了两个人"),
    ],
)
def test_what_cannot_be_said_of_a_row_is_refused(before, links, said):
    body = book(person(), *others("示例丙"))
    with pytest.raises(Refused, match=said):
        look(before, body, links=links)
    with pytest.raises(Refused, match=said):
        take(before, body, seen="", links=links)
    assert owners(before) == {}


def test_nobody_is_pointed_out_beyond_the_officers_units(before):
    plan = look(before, book(person()), actor=TOWN)
    assert [near.person_id for near in plan.near["名单", 2]] == ["p"]
    with pytest.raises(Refused, match="单位范围"):
        look(before, book(person()), actor=TOWN, links={2: "q"})


def test_a_row_that_stands_in_two_sheets_needs_the_name_of_its_sheet(before):
    def second(book):
        sheet = book.create_sheet("名单二")
        sheet.append(HEADS)
        sheet.append([others("示例丙")[0].get(head) for head in HEADS])

    body = workbooks.xlsx([HEADS, [person().get(head) for head in HEADS]], then=second)
    with pytest.raises(Refused, match="“名单”、“名单二”都有第 2 行，请连同工作表一起写明，如“名单!2”"):
        look(before, body, links={2: "p"})
    assert look(before, body, links={("名单", 2): "p"}).preview["person_id"].to_list() == ["p", None]


def asking_for_numbers():
    """The shipped pack with a roster that has a column for the identity number."""
    packs = read_pack("jianshi-2020")
    own = dict(packs["jianshi-2020"])
    changed = own["policy.toml"].replace(
        '"出生年月", "政治面貌"'.encode(), '"出生年月", "身份证号", "政治面貌"'.encode()
    )
    assert changed != own["policy.toml"]
    return {"jianshi-2020": own | {"policy.toml": changed}}


@pytest.mark.parametrize(
    ("number", "told", "said"),
    [
        (OTHER_NUMBER, "p", "号码是台账里示例申（示例乡）的，不能认作示例曱（示例镇）"),
        (THIRD, "p", "号码与台账里示例曱（示例镇）的不同，不能认作同一人"),
        (NUMBER, None, "号码与台账里的示例曱（示例镇）相同，不能当作新的人"),
    ],
)
def test_a_word_against_an_identity_number_waits(before, number, told, said):
    for person_id, value in (("p", NUMBER), ("q", OTHER_NUMBER)):
        put_contact(before, person_id=person_id, kind="id_number", value=value, **by())
    open_round(before, round_id="有证号轮", policy=asking_for_numbers(), opened_on=date(2020, 11, 1), **by())
    body = workbooks.xlsx([[*HEADS, "身份证号"], [*(person().get(head) for head in HEADS), number]])

    def planned(links):
        told = {"round_id": "有证号轮", "file_name": "示例.xlsx", "body": body, "actor": LOCAL_OFFICER, "now": NOW}
        with db.reading(before) as session:
            return plan_import(session, links=links, **told)

    plan = planned({2: told})
    assert any(said in each for each in sentences(plan)), sentences(plan)
    assert plan.intake.rows["state"].to_list() == ["held"]
    assert not any(number in each for each in sentences(plan))
    assert planned({2: "p"}).complete == (number == NUMBER)


def test_the_command_line_points_a_person_out_by_name_or_number(before, tmp_path, capsys):
    url = before.url.render_as_string(hide_password=False)
    place = tmp_path / "名册.xlsx"
    place.write_bytes(book(person()))

    def run(*more):
        code = main(["import", str(place), "--round", ROUND, "--db", url, *more])
        said = capsys.readouterr()
        return code, said.out, said.err

    code, out, _ = run("--dry-run")
    assert code == 0
    assert "2  示例曱（示例镇），1965年3月生，示例村党支部，往年记录  p" in out
    for links, words in (
        (["2"], "看不懂"),
        (["2=示例无"], "台账里没有“示例无”"),
        (["2=不是", "2=p"], "写了两次"),
        (["x=p"], "看不懂"),
    ):
        code, _, err = run("--dry-run", *(each for link in links for each in ("--link", link)))
        assert (code, words in err) == (2 if words in {"看不懂", "写了两次"} else 1, True), err
    code, out, err = run("--link", "2=示例曱", "--dry-run", "--json")
    told = json.loads(out)
    assert [told["rows"][0]["person_id"], told["links"][0]["person_id"], told["near"][0]["row"]] == ["p", "p", 2]
    code, out, err = run("--link", "名单!2=示例曱")
    assert (code, "已导入：新增 1 人" in err) == (0, True)
    assert "可能是" not in out
    assert owners(before) == {"示例甲": "p"}
    assert "已经导入过" in run()[2]
    add_facts(before, round_id=EARLIER, people=[{"person_id": "p2", "name": "示例申"}], **by())
    assert "台账里有 2 个“示例申”，请改写编号：p2（出生年月不详，党支部不详）；q（" in run("--link", "2=示例申")[2]


def test_everybody_alike_is_taken_for_the_same_person_at_once(before, tmp_path, capsys):
    add_facts(
        before,
        round_id=EARLIER,
        people=[{"person_id": "old", "name": "示例丙", "born_on": date(1965, 3, 1), "branch": "示例支部0"}],
        cases=[{"case_id": "cold", "person_id": "old", "unit_id": "u1"}],
        **by(),
    )
    place = tmp_path / "名册.xlsx"
    place.write_bytes(book(person(), *others("示例丙")))
    url = before.url.render_as_string(hide_password=False)
    assert main(["import", str(place), "--round", ROUND, "--db", url, "--link-alike"]) == 0
    assert "可能是" in capsys.readouterr().out  # 示例甲 is like two people, in part
    assert owners(before)["示例丙"] == "old"
    assert owners(before)["示例甲"] not in {"p", "q"}
