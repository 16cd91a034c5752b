"""The tables an office files, keeps and settles by: their numbers are the ledger's, and what is hidden is not there."""

from __future__ import annotations

import dataclasses
import io
import re
import zipfile
from datetime import UTC, date, datetime

import payment_round
import people_ledger as ledger
import printed
import printed_tables as tables
import pytest
import review_round
from hypothesis import given, settings
from hypothesis import strategies as st
from payment_round import HALL, TODAY, TOWN, seen
from pypdf import PdfReader
from review_round import at
from sqlmodel import select

from casework import db
from casework.access import LOCAL_OFFICER, LOCAL_VIEWER, Actor
from casework.cli import main
from casework.forms import load_form
from casework.lists import Filed, ListState, as_printed, shown
from casework.lists.accounts import things
from casework.lists.listing import grouped, in_year
from casework.models import Case
from casework.models_payment import FundAccount, FundTransfer
from casework.money import half_up
from casework.papers import PAPERS, Asked, blank_paper, opened_paper, paper
from casework.papers.filing import _left_to_unit
from casework.payment.reconciliation import fund_flow, reconcile
from casework.payment.transfers import return_funds
from casework.people.contacts import put_contact
from casework.people.packages import Tick, receive_package
from casework.people.rechecks import Rechecked, recheck_list, record_recheck
from casework.people.seeing import openings
from casework.printing import render
from casework.problems import NotAllowed, Refused
from casework.vocabulary import Degree, Recheck, Role
from casework.workbook import write

made, _keys, quick, world = payment_round.made, payment_round._keys, payment_round.quick, payment_round.world
CARD, PHONE = "6222021234567890128", "13912345678"
NOW = datetime(2020, 12, 1, 9, 30, tzinfo=UTC)


def words(table):
    return re.sub(r"\s+", "", str(as_printed(table)))


def column(table, key):
    return [row[table.keys.index(key)] for row in table.rows]


def inside(table):
    """Every byte of a list as it leaves: the text of the pages, what is attached, the parts of the workbook."""
    reader = PdfReader(io.BytesIO(render(table.list_id, table)))
    pages = "".join(page.extract_text() for page in reader.pages)
    attached = b"".join(part for parts in reader.attachments.values() for part in parts).decode()
    book = zipfile.ZipFile(io.BytesIO(write(table)))
    return re.sub(r"\s+", "", pages), attached + "".join(book.read(name).decode("utf-8") for name in book.namelist())


def asked(world, **more):
    more = {"actor": LOCAL_OFFICER, "now": at(world.today), **more}
    return Asked(world.round_id, **more)


def read(world, name, **more):
    return world.read(paper, name, asked(world, **more))


@pytest.fixture
def region(sqlite_database_url):
    """Two units under 内蒙古 2022, eight nominees; the first one has a card, a phone and a designated card."""
    world = review_round.neimenggu(db.open_ledger(sqlite_database_url))
    who = world.read(lambda session: session.get_one(Case, world.cases[0]).person_id)
    for kind, value in (("card", CARD), ("phone", PHONE)):
        put_contact(world.engine, person_id=who, kind=kind, value=value, **review_round.by(world.today))
    yield world
    world.engine.dispose()


# -- 统计表 ----------------------------------------------------------------------------------------------


def test_the_return_has_the_eleven_columns_of_annex_2_and_its_ten_numbered_rows(region):
    table = read(region, "person-return", unit_id="甲")
    blank = region.read(blank_paper, "person-return", asked(region, unit_id="甲"))

    assert [one.label for one in table.columns] == [
        *("序号", "单位", "姓名", "性别", "民族", "出生年月", "工作时间", "入党时间", "职务", "困难简况"),
        "卡号及持卡人姓名",
    ]
    assert (table.annex, table.title, table.totals) == ("附件2", "2023年区直机关困难党员统计表", ())
    assert column(table, "name") == [f"示例甲{rank}" for rank in range(1, 7)], "the unit's own order"
    assert column(dataclasses.replace(blank, rows=blank.printed_rows()), "index") == list(range(1, 11))


@pytest.mark.parametrize(("year", "title"), [(None, "2023年"), (2022, "2022年"), (2031, "2031年")])
def test_the_year_of_the_title_is_a_field(region, year, title):
    assert read(region, "person-return", year=year).title == f"{title}区直机关困难党员统计表"
    assert region.read(blank_paper, "person-return", asked(region, year=year)).title.startswith(title)


def test_a_gap_in_the_title_is_filled_too():
    table = dataclasses.replace(tables.returned([]), title="　　　年度市直机关困难党员备案统计表")
    assert in_year(table, 2018).title == "2018年度市直机关困难党员备案统计表"


def test_whole_cards_only_through_an_opening_that_is_logged(region):
    masked = read(region, "person-return")
    before = len(region.read(openings, round_id="im"))
    opened = opened_paper(region.engine, "person-return", asked(region), key="打开")
    (entry,) = region.read(openings, round_id="im")[: len(region.read(openings, round_id="im")) - before]

    assert (masked.state, opened.state) == (ListState.DRAFT, ListState.OFFICIAL)
    hidden, whole = inside(masked), inside(opened)
    assert not any(CARD in part for part in hidden)
    assert column(masked, "card")[0] == "****0128"
    assert column(opened, "card")[0] == f"{CARD} 示例甲1"
    assert all(CARD in part for part in whole)
    assert (entry.purpose, entry.kinds, entry.people) == ("报送困难党员统计表", ["card", "designated_card"], 8)
    assert opened.mark == "内部资料　含账户信息"
    assert not any(PHONE in part for part in (*hidden, *whole)), "no column asks for it"


def test_who_may_not_see_opens_nothing(region):
    town = Actor("乙经办", "示例", Role.OFFICER, frozenset({"乙"}))
    with pytest.raises(NotAllowed):
        opened_paper(region.engine, "person-return", asked(region, actor=LOCAL_VIEWER), key="看")
    with pytest.raises(NotAllowed):
        opened_paper(region.engine, "person-return", asked(region, actor=town, unit_id="甲"), key="越界")
    with pytest.raises(Refused, match="没有卡号"):
        opened_paper(region.engine, "ledger", asked(region), key="无")
    assert region.read(openings, round_id="im") == []
    assert set(column(read(region, "person-return", actor=town, unit_id="乙"), "unit")) == {"示例乙机关党委"}


# -- 台账, 信息库 --------------------------------------------------------------------------------------


@pytest.fixture
def standing(sqlite_database_url):
    engine = ledger.filled(sqlite_database_url)
    yield engine
    engine.dispose()


def look(engine, name, *, now=NOW, actor=LOCAL_OFFICER, **more):
    return ledger.looked(engine, paper, name, Asked(ledger.ROUND, actor, now, **more))


def test_everybody_in_the_ledger_stands_in_the_book_with_his_household(standing):
    table = look(standing, "ledger")
    listed = ledger.looked(standing, recheck_list, year=2020, actor=LOCAL_OFFICER)
    one = next(row for row in table.rows if row[table.keys.index("member_name")] == "示例兰")
    told = dict(zip(table.keys, one, strict=True))

    assert len(set(column(table, "index"))) == listed.height == 6
    assert [head.label for head in table.groups] == ["本人基本情况", "家庭成员情况", "年收入情况", "困难情况及原因"]
    assert (told["member_relation"], told["member_income"], told["income"]) == ("配偶", 400_000, 1_200_000)
    assert told["per_head"] == half_up(1_200_000, 2) == 600_000
    assert any("2019年慰问500元" in (aid or "") for aid in column(table, "aid"))
    assert "本台账共 6 人" in table.captions[0]


def test_a_person_of_an_earlier_round_keeps_cause_and_first_day(standing):
    table = look(standing, "information-base")
    row = dict(zip(table.keys, next(r for r in table.rows if "本人重大疾病" in r), strict=True))

    assert row["since"] == date(2019, 12, 1)
    assert "数据截止：2020年12月1日" in table.above
    assert set(column(table, "alone")) == set(column(table, "frail")) == {None}, "not recorded is not 无"


def test_who_left_the_ledger_is_not_in_the_register_any_more_and_a_unit_sees_its_own(standing):
    ended = [Rechecked("p6", Recheck.ENDED, basis="示例材料")]
    record_recheck(standing, ended, year=2020, on=NOW.date(), body="示例支部大会", **ledger.by())

    assert len(look(standing, "information-base").rows) == 5
    assert len(look(standing, "information-base", actor=ledger.TOWN, unit_id="a").rows) == 5
    with pytest.raises(NotAllowed):
        look(standing, "ledger", actor=ledger.TOWN, unit_id="b")
    every, new, old = (look(standing, name) for name in ("filing", "filing-new", "filing-existing"))
    assert "退出台账" not in column(every, "outcome")
    assert len(every.rows) == 5
    # Found to be no case any more, he is nobody's addition: he stands where the unit re-checked him.
    assert column(old, "outcome").count("退出台账") == 1
    assert len(new.rows) + len(old.rows) == 6


def test_the_circular_s_own_book_takes_a3_and_four_columns_for_a_member():
    wide, plain = tables.book(policy=tables.jiaozuo()), tables.book()
    labels = [one.label for one in wide.columns]

    assert (wide.wide, plain.wide) == (True, False)
    assert labels[labels.index("家庭人口") + 1 :][:4] == ["姓名", "关系", "就业状况", "年收入"]
    assert "家庭成员" not in labels
    assert wide.title == "市直机关困难党员管理台账"
    size = PdfReader(io.BytesIO(render("ledger", wide))).pages[0].mediabox
    assert (round(float(size.width)), round(float(size.height))) == (1191, 842)


def test_a_household_is_never_torn_apart():
    table = tables.book(tables.hard(8))
    reader = PdfReader(io.BytesIO(render("ledger", table)))
    pages = [re.sub(r"\s+", "", page.extract_text()) for page in reader.pages]

    assert len(pages) > 1
    of_ten = [sum(f"示例亲{number}" in page for number in "一二三四五六七八九十") for page in pages]
    assert 10 in of_ten
    for row in {row[0]: row for row in table.rows}.values():
        born = shown(row[table.keys.index("born")], table.column("born"))
        assert not born or "".join(pages).count(born) == len({r[0] for r in table.rows if row[4] == r[4]})


def test_a_column_of_a_group_that_stands_alone_keeps_one_head():
    form = load_form("ledger")
    table = tables.book()
    kept = [one for one in table.columns if one.key != "per_head"]
    assert [head.label for head in grouped(form, kept)] == ["本人基本情况", "家庭成员情况", "困难情况及原因"]


# -- 备案 ------------------------------------------------------------------------------------------------


@pytest.fixture
def city(sqlite_database_url):
    """Two renewals and two new applications of one unit under 焦作 2018."""
    world = review_round.jiaozuo(db.open_ledger(sqlite_database_url))
    yield world
    world.engine.dispose()


def test_one_form_three_ranges(city):
    every, new, old = (read(city, name) for name in ("filing", "filing-new", "filing-existing"))

    assert [len(table.rows) for table in (every, new, old)] == [4, 2, 2]
    assert {table.list_id for table in (every, new, old)} == {"filing"}
    assert column(new, "name") == ["示例新1", "示例新2"]
    assert new.title == "2018年度市直机关新增困难党员备案统计表"
    assert "本年核查结论" not in [one.label for one in new.columns], "the circular's own columns"
    assert read(city, "filing-new", year=2019).title.startswith("2019年度")
    assert (every.state, old.state) == (ListState.DRAFT, ListState.OFFICIAL)
    assert "各单位在册人数：示例局机关党委2。" in words(old)


def test_a_filing_is_formal_once_everybody_was_re_checked(city):
    standing = city.read(recheck_list, year=2018, actor=LOCAL_OFFICER)
    new = {row["name"] for row in standing.iter_rows(named=True) if "新" in row["name"]}
    results = [
        Rechecked(row["person_id"], Recheck.NEW if row["name"] in new else Recheck.CARRIED)
        for row in standing.iter_rows(named=True)
    ]
    record_recheck(city.engine, results, year=2018, on=city.today, body="示例支部大会", **review_round.by(city.today))
    every = read(city, "filing")

    assert every.state is ListState.OFFICIAL
    assert sorted(column(every, "outcome")) == ["新增", "新增", "继续在册", "继续在册"]
    assert every.total("name") == "4人"
    assert every.total("kind") == "其中：本人重大疾病 4 人"
    text, _ = inside(every)
    assert "合计4人其中：本人重大疾病4人" in text


def test_the_classes_of_the_total_row_are_all_the_rows():
    table = tables.filed(tables.hard(9))
    counts = [int(number) for number in re.findall(r" (\d+) 人", str(table.total("kind")))]

    assert sum(counts) == len(table.rows) == 9
    assert "类型未定 1 人" in str(table.total("kind"))
    assert table.captions == ("有 1 人本年度尚未核查，本表为草稿。",)


def test_a_unit_with_nobody_is_named_in_the_summary():
    table = tables.filed([], Filed.EXISTING, tables.jiaozuo(), unit="", units=("示例局", "示例院"))
    assert table.captions == ("本表无人员。各单位在册人数：示例局 无，示例院 无。",)


def test_phones_are_masked_wherever_they_stand(region):
    table = read(region, "filing")

    assert "phone" in table.keys
    assert [one for one in column(table, "phone") if one] == ["139****5678"]
    assert PHONE not in words(table)


# -- 本单位慰问名单 --------------------------------------------------------------------------------------


def test_a_unit_s_list_says_who_is_helped_from_above_and_whom_it_helps_itself(region):
    with pytest.raises(Refused, match="每单位一张"):
        read(region, "unit-list")
    assert set(column(read(region, "unit-list", unit_id="甲"), "by")) == {None}, "nobody knows before the list"
    review_round.unit_steps(region)
    numbers = region.adopt().numbers
    table = read(region, "unit-list", unit_id="甲")
    routed = [row["case_id"] for row in numbers["reserve"] if row["route"] == "unit"]

    assert column(table, "by") == ["上级慰问"] * 4 + ["本单位慰问"] * 2
    assert len(routed) == 2
    assert table.total("sex") == "6人"
    assert table.state is ListState.MEETING
    assert "上级慰问 4 人，本单位慰问 2 人" in table.captions[0]
    assert "示例乙" not in words(table)


def test_lesser_hardship_is_the_unit_s_own_and_an_exclusion_nobody_s():
    assert _left_to_unit({"reason": "needs_exception"}, Degree.HARDSHIP.value, routed=True)
    assert not _left_to_unit({"reason": "needs_exception"}, Degree.HARDSHIP.value, routed=False)
    assert not _left_to_unit({"reason": "needs_exception"}, Degree.EXCEPTIONAL_HARDSHIP.value, routed=True)
    assert not _left_to_unit({"reason": "not_eligible"}, Degree.HARDSHIP.value, routed=True)


# -- 报送情况 --------------------------------------------------------------------------------------------


def test_what_came_when_and_how_late_is_to_be_seen(quick):
    for hour, minute, unit in ((9, 0, TOWN), (9, 1, HALL)):  # 17:00 and 17:01 in China
        ticks = [Tick(unit, "JS-6.1", item, 0) for item in ("电子版",)]
        receive_package(
            quick.engine,
            round_id="js",
            ticks=ticks,
            received_at=datetime(2020, 1, 15, hour, minute, tzinfo=UTC),
            **review_round.by(TODAY),
        )
    table = read(quick, "submission")
    key = next(one.key for one in table.columns if one.label == "电子版")
    came = dict(zip(column(table, "unit"), column(table, key), strict=True))
    names = {unit: name for name, unit in zip(column(table, "unit"), (TOWN, HALL), strict=False)}

    assert came[names[TOWN]] == "1月15日17:00"
    assert came[names[HALL]] == "1月15日17:01（逾期1分钟）"
    assert table.total(key) == "已报 2 家"
    assert any(head.label.startswith("2020年1月15日17:00前报") for head in table.groups)
    other = [one.key for one in table.columns if one.key.startswith("JS-6.1/") and one.key != key]
    assert {cell for one in other for cell in column(table, one)} == {"逾期未报"}
    assert len(read(quick, "submission", unit_id=TOWN).rows) == 1


# -- 资金 ------------------------------------------------------------------------------------------------


def test_transfers_add_up_to_what_left_the_body(world):
    world.income()
    world.open()
    world.transfer(TOWN)
    table = read(world, "transfer-list")
    sent = world.read(lambda session: session.exec(select(FundTransfer)).all())

    assert table.total("amount") == sum(one.amount_fen for one in sent) == 100_000
    assert column(table, "people") == [2]
    assert "还有 4 人、2000 元没有拨付" in table.captions[-1]
    text, _ = inside(table)
    assert f"合计{shown(100_000, table.column('amount'))}" in text
    claims = world.claims(unit=TOWN)
    world.do(
        return_funds, round_id="js", unit_id=TOWN, fund="retained_dues", claims=seen(claims), on=TODAY, basis="示例退回"
    )
    back = read(world, "transfer-list")
    assert column(back, "deed") == ["拨付", "退回"]
    assert column(back, "people") == [2, 2], "as many as it was sent for, and as many as it came back for"
    assert (column(back, "amount"), back.total("amount")) == ([100_000, -100_000], 0)
    assert read(world, "transfer-list", unit_id=HALL).rows == ()


def test_the_statement_is_the_flow_and_a_draft_until_the_bank_agrees(quick):
    quick.income()
    quick.open()
    quick.transfer(TOWN)
    quick.hand(quick.claims(unit=TOWN)[:1])
    table = read(quick, "fund-statement")
    flow = quick.read(fund_flow, round_id="js", actor=LOCAL_OFFICER)
    kept = quick.read(lambda session: session.exec(select(FundAccount)).all())
    totals = dict(table.totals)

    assert table.state is ListState.DRAFT
    assert totals["received"] + totals["handed"] == flow["received_fen"].sum()
    for key in ("transferred", "paid", "returned", "spent", "left"):
        assert totals[key] == flow[f"{key}_fen"].sum(), key
    came, went = ("received", "handed", "returned"), ("transferred", "paid", "spent")
    assert sum(totals[key] for key in came) - sum(totals[key] for key in went) == totals["left"]
    assert totals["left"] == totals["balance"] == sum(one.balance_fen for one in kept)
    assert f"{shown(totals['left'], table.column('left'))}" in inside(table)[0]
    for one in kept:
        quick.do(reconcile, account=one.account_id, statement_fen=one.balance_fen, on=TODAY)
    agreed = read(quick, "fund-statement")
    assert agreed.state is ListState.OFFICIAL
    assert set(column(agreed, "difference")) == {0}
    own = next(one for one in kept if one.kind == "own")
    quick.do(reconcile, account=own.account_id, statement_fen=own.balance_fen - 1, on=TODAY, reason="示例在途")
    other = read(quick, "fund-statement")
    assert other.state is ListState.DRAFT
    assert "相差 -0.01 元" in "".join(other.captions)


def test_goods_are_signed_for_thing_by_thing(quick):
    quick.income()
    first, second, *_ = quick.cases
    quick.open(goods={first: ("大米一袋、食用油2桶", None), second: ("大米1袋", None)})
    table = read(quick, "goods-sheet")

    assert column(table, "item") == ["大米", "食用油", "大米"]
    assert column(table, "quantity") == ["1袋", "2桶", "1袋"]
    assert column(table, "index") == [1, 1, 2]
    assert table.total("category") == "2人"
    assert table.captions[0] == "慰问品合计：大米2袋、食用油2桶。"
    assert "amount" not in table.keys


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("大米一袋", [("大米", 1, "袋")]),
        ("棉被十二床；棉衣", [("棉被", 12, "床"), ("棉衣", None, "")]),
        ("食用油×3桶", [("食用油", 3, "桶")]),
        ("二十斤大米", [("二十斤大米", None, "")]),
        ("一百袋", [("一百袋", None, "")]),
        ("3十十袋", [("3十十袋", None, "")]),
    ],
)
def test_how_much_of_what(said, told):
    assert things(said) == told


@given(st.text("大米油一二十百3、，袋桶 ", max_size=20))
@settings(max_examples=60)
def test_nothing_of_the_goods_is_lost(said):
    found = things(said)
    squeezed = re.sub(r"[\s、，,；;]", "", said)
    assert sum(len(re.sub(r"\s", "", name)) for name, _, _ in found) <= len(squeezed)
    assert all(name or not squeezed for name, _, _ in found)


# -- 归档 ------------------------------------------------------------------------------------------------


def test_the_catalogue_counts_what_there_is_and_names_nobody(quick):
    table = read(quick, "archive")
    said = words(table)

    assert {"通知", "名单方案", "办理记录", "公示"} <= set(column(table, "group"))
    assert not re.search(r"示例\d号", said)
    assert table.total("pieces") == sum(column(table, "pieces"))
    assert table.total("pages") is None, "some pages are still to be counted"
    with pytest.raises(Refused, match="全轮一份"):
        read(quick, "archive", unit_id=TOWN)


def test_a_list_somebody_printed_is_in_the_catalogue(quick, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("CASEWORK_DB", str(quick.engine.url.database))
    assert main(["list", "archive", "--round", "js", "--out", str(tmp_path / "目录.xlsx")]) == 0, capsys.readouterr()
    lines = {(row[1], row[2]) for row in read(quick, "archive").rows}
    assert ("打印表册", "归档目录") in lines


# -- every one of them ------------------------------------------------------------------

MINE = [
    *("person-return", "submission", "unit-list", "goods-sheet", "transfer-list", "fund-statement"),
    *("ledger", "filing", "filing-new", "filing-existing", "information-base", "archive"),
]


@pytest.mark.parametrize("name", MINE)
def test_every_table_can_be_printed_empty(name, city):
    table = city.read(blank_paper, name, asked(city, unit_id="局"))

    assert PAPERS[name].label
    assert table.rows == ()
    assert table.state is ListState.OFFICIAL
    assert not re.search("示例[新续]", words(table))


HARD = [*(name for name in tables.MORE if "hard" in name), "transfer_list", "fund_statement", "submission"]


@pytest.mark.parametrize("name", HARD)
def test_every_cell_stands_on_the_paper(name):
    table = printed.sample(name)
    text, _ = inside(table)
    rows = {row[0]: row for row in table.rows}.values() if table.merged and "index" in table.keys else table.rows
    for row in rows:
        for value, one in zip(row, table.columns, strict=True):
            if one.key not in table.merged or one.key in ("name", "per_head"):
                assert re.sub(r"\s+", "", shown(value, one)) in text, (one.label, value)
    for key, value in table.totals:
        assert re.sub(r"\s+", "", shown(value, table.column(key))) in text
