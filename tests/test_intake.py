"""What happens to a file after it was read: mapping, facts, preview, the workbook that goes back, the template."""

from __future__ import annotations

import io
import itertools
import json
from datetime import date, datetime, time, timedelta

import openpyxl
import polars as pl
import pytest
import workbooks
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sheets_in import AS_OF, BASE, HEADS, POLICY, UNITS_KNOWN, file, first, one, rows, said, sheet_of, state, take

from casework.facts import Facts
from casework.frames import FACTS, conform
from casework.intake import (
    Mapping,
    marked_workbook,
    preview,
    propose_mapping,
    read_rows,
    summary,
    template,
    template_columns,
    to_facts,
)
from casework.intake.cells import read_cell
from casework.intake.columns import compact, known_columns
from casework.intake.draft import shown
from casework.lists.roster import roster
from casework.policy import load_policy
from casework.problems import Refused
from casework.workbook import write

NEIMENGGU, JIAOZUO = load_policy("neimenggu-2022"), load_policy("jiaozuo-2018")
KINDS = sorted({column.kind for policy in (POLICY, NEIMENGGU, JIAOZUO) for column in known_columns(policy)})


def id_maker():
    count = itertools.count(1)
    return lambda what, _row: f"{what}-{next(count)}"


def facts_of(intake, *, policy=POLICY, **more):
    return to_facts(intake, policy=policy, round_id="r1", id_maker=id_maker(), **more)


# -- mapping ---------------------------------------------------------------------------------------


def test_a_mapping_is_plain_data_that_can_be_corrected_and_remembered():
    heads = (*HEADS, "补助数", "内部编码")
    mapping = propose_mapping(sheet_of([heads, (*BASE, 500.0, "x")]), POLICY)
    assert mapping.unread() == ("补助数", "内部编码")

    corrected = mapping.correct({"补助数": "requested"})
    again = Mapping.from_json(json.loads(json.dumps(corrected.to_json())))
    moved = sheet_of([("补助数", *HEADS), (500.0, *BASE)])
    remembered = propose_mapping(moved, POLICY, remembered=again.remembered())

    assert again == corrected
    assert read_rows([moved], remembered, policy=POLICY, units=UNITS_KNOWN, as_of=AS_OF).rows[
        "requested_fen"
    ].to_list() == [50000]


@pytest.mark.parametrize(
    ("head", "field"),
    [
        ("党员姓名", "name"),
        ("出 生\n年月", "born_on"),
        ("出生日期", "born_on"),
        ("转正时间", "full_member_on"),
        ("工作时间", "started_work_on"),
        ("慰问对象类别", "category"),
        ("困难类型", "cause"),
        ("推荐顺序", "unit_rank"),
        ("序号", "index"),
        ("家庭困难情况及成因", "brief"),
        ("卡号及持卡人姓名", "card"),
        ("家庭详细地址及联系电话（手机）", "address_phone"),
        ("家庭年收入（万元）", "yearly_income"),
        ("人均年收入", "per_head"),
        ("本人月工资额", "monthly_pay"),
        ("公示起止", "notice"),
        ("党委研究日期", "committee_on"),
        ("支部研究日期", "branch_meeting_on"),
        ("单位（盖章）", "unit"),
    ],
)
def test_a_head_is_known_by_many_words(head, field):
    heads = ("姓名", "性别", head) if field != "name" else (head, "性别", "民族")

    assert field in propose_mapping(sheet_of([heads]), POLICY).fields()


def test_an_amount_under_wan_yuan_is_ten_thousand_times_as_much():
    intake = one("家庭年收入（万元）", 1.2, beside={"家庭人口": 4.0, "人均年收入": 2000.0})

    assert first(intake, "yearly_income_fen") == 1_200_000
    assert first(intake, "per_head_fen") == 300_000
    assert said(intake) == [
        (
            "工作表「名单」第 2 行「人均年收入」（格 F2）：读到「2000」。"
            "按家庭年收入 12000 元、4 人计算，人均为 3000 元，以计算为准。请核对收入和人口。"
        )
    ]


def test_an_unknown_unit_is_held_with_a_proposal():
    intake = rows(("示例镇委", "示例甲", BASE[2]))

    assert said(intake) == [
        (
            "工作表「名单」第 2 行「单位」（格 A2）：读到「示例镇委」。"
            "单位“示例镇委”不在名录中。是不是“示例镇”“示例乡”？请按名录填写。"
        )
    ]
    assert [issue.proposal for issue in intake.problems] == ["示例镇"]


def test_an_unknown_category_is_held_with_the_words_allowed():
    intake = rows(("示例镇", "示例甲", "贫困户"))

    assert said(intake) == [
        (
            "工作表「名单」第 2 行「类别」（格 C2）：读到「贫困户」。不在可选的词里。可填：因公牺牲党员干部家属；"
            "脱贫攻坚一线干部；生活困难党员及老党员、老干部、老骨干；生活困难群众。"
        )
    ]


@pytest.mark.parametrize(("as_of", "states"), [(date(2020, 12, 31), ["clean"]), (date(2021, 1, 1), ["held"])])
def test_nobody_is_older_than_120(as_of, states):
    assert state(one("出生年月", "1900.1", as_of=as_of)) == states


# -- the form of one person ------------------------------------------------------------------------

FORM = [
    ("自治区直属机关特困党员登记表",),
    ("姓名", "示例甲", "性别", "男", "出生年月", "1965.3"),
    ("民族", "蒙古族", "入党时间", "1990.7", "参加工作 时间", "1985年8月"),
    ("本人工作单位 及职务", "示例厅示例处 科员"),
    ("家庭详细地址及联 系电话（手机）", "示例路1号 13900001234"),
    ("本人建行储蓄卡卡号 或指定人建行储蓄 卡号和姓名", "6217001234567890123（示例乙）"),
    ("本人月 工资额", 3000.0, "家庭年 总收入", "4万", "家庭 人口", 3.0),
    ("家庭主要 成员情况", "姓名", "关系", "工作单位", "就业状况", "月收入"),
    (None, "示例乙", "妻子", "示例厂", "在职", 1000.0),
    (None, "示例丙", "儿子", None, "学生", None),
    ("家庭困 难情况 及成因", "本人重大疾病：示例病"),
    ("上报单位：示例镇　联系人：示例丁",),
]


def test_a_registration_form_is_one_person_with_a_household():
    intake = take([sheet_of(FORM)], policy=NEIMENGGU, as_of=date(2022, 12, 20))

    assert state(intake) == ["clean"]
    row = intake.rows.to_dicts()[0]
    assert (row["name"], row["unit_id"], row["ethnicity"], row["position"]) == (
        "示例甲",
        "u1",
        "蒙古族",
        "示例厅示例处 科员",
    )
    assert (row["size"], row["yearly_income_fen"], row["monthly_pay_fen"], row["causes"]) == (
        3,
        4_000_000,
        300_000,
        ["own_illness"],
    )
    assert (row["address"], row["phone"], row["card_holder"]) == ("示例路1号", "13900001234", "示例乙")
    assert intake.relatives.select("name", "relation", "employment", "yearly_income_fen").rows() == [
        ("示例乙", "spouse", "示例厂 在职", 1_200_000),
        ("示例丙", "child", "学生", None),
    ]
    assert intake.asked.select("field", "number").rows() == [("monthly_pay", 300_000)]


def test_a_table_in_a_word_document_reads_like_a_sheet():
    data = workbooks.docx([[HEADS, BASE]], before=["填报单位：示例镇"])

    assert file(data, name="示例.docx").rows["name"].to_list() == ["示例甲"]


def test_an_old_xls_reads_like_a_new_one():
    assert file(workbooks.xls([HEADS, BASE]), name="示例.xls").rows["unit_id"].to_list() == ["u1"]


# -- facts -----------------------------------------------------------------------------------------


def test_a_file_is_taken_whole_or_its_clean_rows():
    intake = rows(BASE, ("示例无此单位", "示例乙", BASE[2]))

    with pytest.raises(Refused, match="还有 1 行待改，整表没有导入"):
        facts_of(intake)

    taken = facts_of(intake, clean_only=True)
    assert [person["name"] for person in taken.tables["people"]] == ["示例甲"]
    assert intake.counts() == {"clean": 1, "held": 1, "skipped": 0}


def test_facts_fit_the_ledger_and_leave_what_is_sensitive_apart():
    people = {"银行卡号": "6217001234567890123", "联系电话": "13900001234/13900005678", "家庭住址": "示例路1号"}
    more = {"身份证号": "410102196503071233", "家庭人口": 3.0, "困难类型": "本人重大疾病", "困难情况": "示例"}
    intake = one("推荐顺序", 2.0, beside={**people, **more})

    taken = facts_of(intake)

    for name, table in taken.tables.items():
        conform(table, FACTS[name])
    facts = Facts.build(as_of=AS_OF, round_id="r1", **taken.tables)
    assert facts.cases.select("unit_id", "category", "unit_rank", "stage", "path").rows() == [
        ("u1", "resident", 2, "nomination", "")
    ]
    assert facts.people["beneficiary"].to_list() == ["resident"]
    assert facts.causes.select("cause", "main", "note").rows() == [("own_illness", None, None), (None, None, "示例")]
    assert facts.completeness.is_empty()
    assert facts.judgements.is_empty()
    # The circular asks for no identity number: it served for checking only.
    assert [(contact.kind, contact.value) for contact in taken.contacts] == [
        ("card", "6217001234567890123"),
        ("phone", "13900001234"),
        ("phone", "13900005678"),
        ("address", "示例路1号"),
    ]
    assert "6217" not in repr(taken.contacts)
    told = json.dumps(taken.tables, default=str)
    assert not any(contact.value in told for contact in taken.contacts)


# -- preview ---------------------------------------------------------------------------------------


def test_a_preview_says_who_is_new_changed_unchanged_and_gone():
    heads = (*HEADS, "出生年月", "慰问金额")
    before = rows(
        (*BASE, "1965-03-07", 500.0),
        (*BASE[:1], "示例乙", BASE[2], "1966.1", 500.0),
        (*BASE[:1], "示例丙", BASE[2], "1967.1", 500.0),
        ("示例乡", "示例丁", BASE[2], "1968.1", 500.0),
        heads=heads,
    )
    existing = before.rows.with_columns(case_id=pl.Series(["c1", "c2", "c3", "c4"]))
    after = rows(
        (*BASE, "1965.3", 500.0),
        (*BASE[:1], "示例乙", BASE[2], None, 600.0),
        (*BASE[:1], "示例戊", BASE[2], None, 500.0),
        heads=heads,
    )

    changes = preview(after.rows, existing, policy=POLICY)

    assert [(change.kind, change.name, change.case_id) for change in changes] == [
        ("unchanged", "示例甲", "c1"),
        ("changed", "示例乙", "c2"),
        ("new", "示例戊", None),
        ("gone", "示例丙", "c3"),
    ]
    assert changes[1].differences == (("requested_fen", "慰问金额", "500 元", "600 元"),)
    assert summary(changes) == {"new": 1, "changed": 1, "unchanged": 1, "gone": 1, "doubtful": 0}


def test_the_same_file_again_changes_nothing():
    intake = rows(BASE, (*BASE[:1], "示例乙", BASE[2]))

    assert summary(preview(intake.rows, intake.rows))["unchanged"] == 2


def test_two_people_who_could_be_meant_are_a_question():
    existing = rows((*BASE, "1965.3"), (*BASE, "1966.3"), heads=(*HEADS, "出生年月"))

    assert [change.kind for change in preview(rows(BASE).rows, existing.rows)] == ["doubtful"]


def test_a_changed_card_is_told_without_its_digits():
    one_card, other = (one("银行卡号", number) for number in ("6217001234567890123", "6217001234567890999"))

    assert preview(other.rows, one_card.rows)[0].differences == (("card", "银行卡号", "有", "有改动"),)


# -- what goes back --------------------------------------------------------------------------------


def test_the_held_rows_go_back_with_their_problems_in_the_cells():
    intake = rows(BASE, (*BASE[:1], "示例乙", BASE[2], "65-3"), heads=(*HEADS, "出生年月"))

    data = marked_workbook(intake)

    sheet = openpyxl.load_workbook(io.BytesIO(data))["名单"]
    assert [cell.value for cell in sheet[1]] == [*HEADS, "出生年月", "问题", "原行号"]
    assert [cell.value for cell in sheet[2]] == [
        "示例镇",
        "示例乙",
        "生活困难群众",
        "65-3",
        "出生年月：“65-3”的年份只有两位：是1965年3月吗？请核对后填写四位年份的公历日期",
        "3",
    ]
    assert sheet["D2"].fill.start_color.rgb == "FFFFC7CE"
    assert "年份只有两位" in sheet["D2"].comment.text
    assert sheet.max_row == 2
    assert marked_workbook(intake) == data


def test_a_marked_workbook_that_was_put_right_reads_clean():
    intake = rows((*BASE, "65-3"), heads=(*HEADS, "出生年月"))
    book = openpyxl.load_workbook(io.BytesIO(marked_workbook(intake)))
    book["名单"]["D2"].value = "1965.3"

    again = file(workbooks.save(book))

    assert again.rows.select("name", "born_on", "state").rows() == [("示例甲", date(1965, 3, 1), "clean")]
    assert again.complete


# -- the template ----------------------------------------------------------------------------------

ROUNDS = {"jianshi": POLICY, "neimenggu": NEIMENGGU, "jiaozuo": JIAOZUO}
UNIT = {"unit_id": "u1", "name": "示例镇"}


@pytest.mark.parametrize("policy", ROUNDS.values(), ids=ROUNDS)
def test_an_empty_template_says_nothing_wrong_but_that_it_is_empty(policy):
    intake = file(template(policy, UNIT, {policy.categories[0].id: 3}), policy=policy)

    assert [issue.problem.sentence() for issue in intake.issues] == ["工作表「填报」：表头下面没有人员。每人填写一行。"]


def filled(policy, people):
    """Return the template with people written into it, each as column id → text."""
    book = openpyxl.load_workbook(io.BytesIO(template(policy, UNIT, {each.id: 9 for each in policy.categories})))
    for number, person in enumerate(people):
        for at, column in enumerate(template_columns(policy)):
            if column.id in person:
                book["填报"].cell(5 + number, at + 1).value = person[column.id]
    return workbooks.save(book)


@pytest.mark.parametrize("policy", ROUNDS.values(), ids=ROUNDS)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_what_a_unit_fills_in_is_what_is_read(policy, data):
    count = data.draw(st.integers(1, 4))
    people = []
    for number in range(count):
        born = date(data.draw(st.integers(1930, 1995)), data.draw(st.integers(1, 12)), 1)
        person = {
            "name": f"示例{'甲乙丙丁'[number]}",
            "sex": data.draw(st.sampled_from(["男", "女"])),
            "born_on": f"{born.year}.{born.month:02}",
            "membership": "中共党员",
            "category": data.draw(st.sampled_from([each.label for each in policy.categories])),
            "unit_rank": str(number + 1),
            "brief": data.draw(st.sampled_from(["示例情况", "本人重大疾病：示例"])),
        }
        people.append((person, born))

    intake = file(filled(policy, [person for person, _ in people]), policy=policy, as_of=date(2023, 1, 1))

    assert intake.issues == ()
    labels = {each.id: each.label for each in policy.categories}
    assert [
        (row["name"], row["sex"], row["born_on"], row["unit_rank"], row["brief"], row["unit_id"])
        for row in intake.rows.iter_rows(named=True)
    ] == [
        (
            person["name"],
            {"男": "male", "女": "female"}[person["sex"]],
            born,
            int(person["unit_rank"]),
            person["brief"],
            "u1",
        )
        for person, born in people
    ]
    assert [labels[each] for each in intake.rows["category"]] == [
        person["category"] if len(labels) > 1 else next(iter(labels.values())) for person, _ in people
    ]


def test_a_template_offers_what_the_unit_may_choose_and_the_same_bytes():
    places = {"hardship": 2, "resident": 1}
    data = template(POLICY, UNIT, places)
    book = openpyxl.load_workbook(io.BytesIO(data))

    assert book["填报"]["A2"].value == "填报单位：示例镇"
    assert book["填报"]["A3"].value == "名额：生活困难党员及老党员、老干部、老骨干 2 名；生活困难群众 1 名"
    at = [column.id for column in template_columns(POLICY)].index("category") + 3
    listed = [book["填表说明"].cell(row, at).value for row in (1, 2, 3)]
    assert listed == ["生活困难党员及老党员、老干部、老骨干", "生活困难群众", None]
    assert template(POLICY, UNIT, places) == data


# -- our own roster --------------------------------------------------------------------------------


def test_our_roster_reads_back():
    taken = facts_of(
        rows(
            (*BASE, "男", "1965.3", "示例村支部", "示例身份", 500.0),
            ("示例乡", "示例乙", BASE[2], "女", "1970.10", "示例村支部", None, 500.0),
            heads=(*HEADS, "性别", "出生年月", "所在党支部", "职务/身份", "慰问金额"),
        )
    )
    facts = Facts.build(as_of=AS_OF, round_id="r1", **taken.tables, units=UNITS_KNOWN)
    awards = facts.cases.select(
        "case_id", "person_id", "unit_id", "category", pl.lit(1).alias("order"), amount_fen="requested_fen", funded=True
    )
    plan = pl.DataFrame({"category": ["resident"], "rate_fen": [50000]})

    intake = file(write(roster(POLICY, facts, awards=awards, plan=plan)))

    assert intake.rows.select(
        "unit_id", "name", "sex", "born_on", "branch", "position", "requested_fen", "state"
    ).rows() == [
        ("u1", "示例甲", "male", date(1965, 3, 1), "示例村支部", "示例身份", 50000, "clean"),
        ("u2", "示例乙", "female", date(1970, 10, 1), "示例村支部", None, 50000, "clean"),
    ]
    assert intake.complete
    assert said(intake) == []


# -- anything at all -------------------------------------------------------------------------------

NOTHING_TO_THE_EYE = "\u00ad\u200b\u2060\ufeff\u3000\u00a0 \t\r\n/\\-—、"
CELL = (
    st.none()
    | st.text(max_size=60)
    | st.text(alphabet="0123456789.-/年月日元万约xX０１, ", max_size=24)
    | st.booleans()
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.integers(-(10**25), 10**25)
    | st.dates()
    | st.datetimes()
    | st.times()
    | st.timedeltas()
)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(cell=CELL)
@example(cell="\x1f")
@example(cell="人")
def test_any_cell_is_a_value_or_a_remark(kind, cell):
    read = read_cell(kind, cell, as_of=AS_OF, choices={"甲": "a"})

    shown(cell, kind)
    said_something = isinstance(read.value, bool | int) or read.value or read.remarks
    if kind not in {"ignored", "index"} and not said_something:
        # Only what is nothing to the eye says nothing.
        assert cell is None or (isinstance(cell, str) and not cell.strip(NOTHING_TO_THE_EYE))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[CELL] * 5), max_size=6))
def test_no_row_is_lost_whatever_stands_in_it(people):
    sheet = sheet_of([(*HEADS, "出生年月", "慰问金额"), *people])

    intake = take([sheet])

    seen = {at for at, row in enumerate(people, start=2) if any(compact(cell) for cell in row)}
    told = set(intake.rows["row"]) | {row.row for row in intake.skipped}
    assert told == seen
    assert intake.counts()["clean"] + intake.counts()["held"] == intake.rows.height
    held = set(intake.rows.filter(pl.col("state") == "held")["row"])
    assert held == {issue.row for issue in intake.problems if issue.row}
    marked_workbook(intake)


def test_amounts_and_dates_never_change_silently():
    for cell, fen in ((2000.0, 200_000), ("2000.5", 200_050), ("1,234.56", 123_456)):
        assert read_cell("fen", cell, as_of=AS_OF).value == fen
    assert read_cell("date", datetime(1965, 3, 7, 8, 30), as_of=AS_OF).value.text() == "1965年3月7日"  # noqa: DTZ001
    assert read_cell("date", time(8), as_of=AS_OF).held
    assert read_cell("date", timedelta(hours=8), as_of=AS_OF).held


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("id", "****1233"),
        ("card", "****0128"),
        ("card", "****0128 示例甲"),
        ("card", "＊＊＊＊0128"),
        ("phone", "139****5678"),
        ("address", "示例路****"),
        ("address_phone", "示例路****"),
    ],
)
def test_what_our_lists_print_masked_is_not_read_over_what_is_stored(kind, text):
    read = read_cell(kind, text, as_of=date(2020, 12, 31))
    assert read.value is None
    assert [each.message for each in read.remarks] == ["是遮盖过的，没有读入；台账里有的不变，没有的请补报完整的"]
    assert read_cell("text", "**", as_of=date(2020, 12, 31)).value == "**"
