"""What each paper of a round says, and what it must not say."""

from __future__ import annotations

import dataclasses
import re
from datetime import date

import polars as pl
import printed
import printed_care as care
import printed_papers as papers
import printed_person as person
import printed_tables as tables
import pytest

from casework.frames import EXCEPTIONS, empty
from casework.lists import ListState, as_printed, exception_list, money_note, shown
from casework.lists.listing import listing
from casework.lists.notices import change_list
from casework.money import capital
from casework.papers import PAPERS
from casework.vocabulary import HardshipCause


def words(table):
    return re.sub(r"\s+", "", str(as_printed(table)))


def column(table, key):
    return [row[table.keys.index(key)] for row in table.rows]


def test_every_paper_has_a_sample_and_a_form():
    samples = papers.PAPERS | tables.PAPERS | person.PAPERS | care.PAPERS
    forms = {make().list_id for make in samples.values()}
    assert len(forms) == len(samples)
    assert {found.plain for found in PAPERS.values()} - {""} <= forms
    # One form serves the three ranges of 备案统计表.
    assert len(forms) == len({(found.called and found.plain) or name for name, found in PAPERS.items()})


# -- the meeting ---------------------------------------------------------------------------------------------------


def test_the_material_is_for_inside_the_house_and_never_formal():
    table = papers.material()

    assert table.mark == "内部资料　会后收回"
    assert table.state is ListState.MEETING
    assert set(column(table, "opinion")) == {None}
    assert {"card", "phone", "address"}.isdisjoint(table.keys)


def test_the_minutes_say_who_came_and_what_became_of_everyone():
    table = papers.minutes()
    said = dict(table.fields)
    results, decided = column(table, "result"), column(table, "decided")

    assert (said["应　　到"], said["实　　到"], said["同　　意"]) == ("9人", "8人", "8人")
    assert said["回　　避"] == "示例委员（与对象有亲属关系）"
    assert (results.count("同意"), results.count("不同意"), results.count("暂缓")) == (5, 1, 1)
    assert [fen for one, fen in zip(results, decided, strict=True) if one in ("不同意", "暂缓")] == [None, None]
    assert table.total("decided") == sum(fen or 0 for fen in decided)


def test_a_meeting_not_yet_held_leaves_the_results_open():
    policy, said = printed.policy(), papers.Minutes(body="示例党委会", held_on=date(2020, 1, 11))
    table = papers.meeting_minutes(
        policy, printed.facts(4), said, awards=printed.awards(4), results={}, state=ListState.MEETING
    )

    assert set(column(table, "result")) == {None}
    assert table.captions == ()
    assert dict(table.fields)["实　　到"] == ""


def test_no_exception_prints_none_as_a_word():
    table = exception_list(printed.policy(), exceptions=empty(EXCEPTIONS), units={}, state=ListState.OFFICIAL)

    assert [cell for row in as_printed(table)["rows"] for cell in row if cell] == ["无"]
    assert len(papers.exceptions().rows) == 2
    assert "超出人数" in words(papers.exceptions())


@pytest.mark.parametrize(("unpriced", "said"), [(0, "金额 500 元"), (1, "本名单 1 人；")])
def test_a_list_nobody_has_priced_does_not_cost_nothing(unpriced, said):
    assert said in money_note({"people": 1, "without_amount": unpriced, "awarded_fen": 50_000, "unused": 0})


# -- notices -------------------------------------------------------------------------------------------------------

HEALTH = ["病", "疾", "残", "困难类别", *(cause.label for cause in HardshipCause if cause is not HardshipCause.OTHER)]


def test_a_notice_names_people_and_steps_and_nothing_of_their_hardship():
    table = papers.notice()

    assert table.public
    assert table.keys == ("index", "branch", "name", "category")
    assert "经党员群众推荐、支部大会研究、党委研究审定，拟将" in table.lead[0]
    assert "2020年1月12日至2020年1月20日" in table.lead[1]
    assert table.closing == ("示例党委", "2020年1月12日")
    assert [word for word in HEALTH if word in words(table)] == []


def test_a_notice_cannot_show_a_column_that_is_not_public():
    table = papers.notice()
    private = dataclasses.replace(table.columns[0], public=False)
    with pytest.raises(ValueError, match="notice board"):
        dataclasses.replace(table, columns=(private, *table.columns[1:]))


def test_the_result_of_a_notice_is_numbers():
    table = papers.result()

    assert column(table, "number") == ["6人", "3件", "1件", "0件", "0件", "0件", "2件"]
    assert "示例" not in words(table).replace("示例党委", "").replace("示例村党支部", "")
    assert papers.result(0).captions == ("公示期间没有收到异议。",)
    assert len(papers.result(0).rows) == 2


def test_a_change_says_who_left_and_who_came_but_no_reason_of_a_meeting():
    table = papers.changed()

    assert column(table, "left") == ["示例甲", "示例丙", None, None]
    assert column(table, "joined") == ["示例乙", None, None, "示例戊"]
    assert column(table, "why") == ["去世", "转出", "改为金额", "增补"]
    assert column(table, "remarks")[1] == "并列，待集体研究"
    assert "示例理由" not in words(table)
    none = change_list(printed.policy(), [], people={}, state=ListState.OFFICIAL)
    assert [cell for row in as_printed(none)["rows"] for cell in row if cell] == ["无"]


# -- to a unit -----------------------------------------------------------------------------------------------------


def test_what_is_missing_stands_under_each_person_in_the_clauses_words():
    table = papers.missing()

    assert column(table, "index") == [1, 1, 2]
    assert table.merged == ("index", "name")
    assert "2 名同志" in table.lead[1]
    assert "“提供县级以上医院证明和缴费凭证”" in column(table, "words")[0]


def test_nothing_missing_is_a_letter_without_a_table():
    nothing = pl.DataFrame(schema=dict.fromkeys(("case_id", "name", "cite", "words", "lacking"), pl.String))
    table = papers.completion_request(printed.policy(), nothing, unit="示例镇", on=papers.DAY)

    assert (table.rows, table.blank_rows) == ((), 0)
    assert "没有需要补正的" in table.lead[1]


def test_feedback_counts_and_goes_to_nobody_else():
    table = papers.answered()

    assert "已列入 1 人，未列入 1 人，待补正 1 人" in table.lead[1]
    assert "不发给个人" in table.captions[0]


# -- money ---------------------------------------------------------------------------------------------------------


def test_the_sheet_adds_up_in_figures_and_in_words():
    table = papers.paid()
    fen = sum(column(table, "amount"))

    assert table.total("amount") == fen
    assert table.total("sign") == capital(fen)
    assert capital(fen).startswith("人民币")
    assert not str(table.total("sign")).startswith("人民币人民币")


def test_a_receipt_for_goods_names_them_and_no_money():
    money, _, goods = (dict(zip(papers.slips().keys, row, strict=True)) for row in papers.slips().rows)

    assert money["capital"] == capital(money["amount"])
    assert (goods["amount"], goods["capital"], goods["goods"]) == (None, None, "大米一袋")


def test_whole_cards_only_in_the_opened_copy_and_the_masked_one_is_a_draft():
    masked, opened = papers.bank(), papers.bank(opened=True)

    assert papers.CARD not in words(masked)
    assert papers.CARD in words(opened)
    assert (masked.state, opened.state) == (ListState.DRAFT, ListState.OFFICIAL)
    assert masked.total("amount3") == opened.total("amount3") == 50_000 + 1 + printed.MOST_FEN


# -- visits --------------------------------------------------------------------------------------------------------


def test_the_leaders_roster_has_the_annex_s_own_columns():
    table = papers.led()

    assert (table.annex, table.title) == ("附件3", "州、县领导慰问对象花名册")
    assert [one.label for one in table.columns] == [
        *(
            "序号",
            "慰问领导姓名",
            "职务",
            "级别（州/县）",
            "联系乡镇",
            "慰问对象姓名",
            "身份类别",
            "所在村（社区）/单位",
        ),
        *("慰问时间", "慰问地点", "慰问金额（元）", "陪同人员", "意见建议", "备注"),
    ]
    assert all(any(cell is not None for cell in column(table, key)) for key in table.keys)
    assert shown(column(table, "on")[0], table.column("on")) == "2020.1.15"


def test_the_draw_prints_its_seed():
    table = papers.drawn()

    assert dict(table.fields)["随机种子"] == "20200210"
    assert column(table, "result") == [None, "无问题", "有问题"] * 2


def test_a_report_with_anything_open_is_a_draft():
    assert papers.report().state is ListState.OFFICIAL
    open_ = papers.report(open_ends=("2 人没有回执",))
    assert (open_.state, open_.captions) == (ListState.DRAFT, ("尚未办结：2 人没有回执",))
    assert [line for line in papers.report().lead if line[1:2] == "、"] == ["一、活动情况", "二、意见和建议"]


# -- any list ------------------------------------------------------------------------------------------------------


def test_what_no_column_asks_for_is_not_in_the_list():
    secret = {"name": "示例甲", "phone": "00000000000", "illness": "示例病情"}
    table = listing(printed.policy(), "inspection", [secret], state=ListState.OFFICIAL)

    assert "示例甲" in words(table)
    assert "00000000000" not in words(table)
    assert "示例病情" not in words(table)


def test_a_blank_form_keeps_its_labels_and_no_letter():
    blank = papers.minutes().blank()

    assert dict(blank.fields)["应　　到"] == ""
    assert (blank.rows, blank.lead, blank.state) == ((), (), ListState.OFFICIAL)
