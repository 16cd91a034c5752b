"""通知核对: every finding stands in a text made for it, and the circulars we ship say what they say."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.dates import Calendar, CalendarYear
from casework.policy import load_policy
from casework.policy.annexes import counted
from casework.policy.lint import lint, lint_report
from casework.policy.tables import Checked, TextTable, check_sums, number, plain, read_tables

CLEAN = """示例县委组织部关于做好2031年春节期间慰问工作的通知

各乡镇党委：
为做好2031年春节慰问工作，现就有关事项通知如下。
一、慰问对象
（一）困难党员。慰问标准 500 元/人。
（二）老党员。慰问标准 1000 元/人。
二、资金安排
共安排资金 1.2 万元，慰问 19 人（详见附件 1）。
三、有关要求
1. 推荐对象在本单位公示（7天）。
2. 公示无异议后，填写《2031年示例县慰问对象花名册》（附件2），请于2031年1月17日（星期五）前报县委组织部。

附件：1. 2031年示例县慰问名额分配表
2. 2031年示例县慰问对象花名册

示例县委组织部
2031年1月6日

附件1

2031年示例县慰问名额分配表

单位\t困难党员（标准 500 元/人）\t\t老党员（标准 1000 元/人）\t\t合计\t
\t人数\t资金\t人数\t资金\t人数\t资金
甲镇\t10\t5000\t3\t3000\t13\t8000
乙镇\t4\t2000\t2\t2000\t6\t4000
合计\t14\t7000\t5\t5000\t19\t12000

附件2

2031年示例县慰问对象花名册

序号\t单位\t姓名
1\t\t
2\t\t
"""

SINGLE_HEADER = """示例市总工会关于下达困难职工帮扶名额的通知
现下达帮扶资金 3.5万元，见附件。
附件：困难职工帮扶名额表
2030年3月1日
附件：
困难职工帮扶名额表
序号\t单位\t人数\t标准（元）\t资金（万元）
1\t示例一厂\t10\t1000\t1.0
2\t示例二厂\t20\t1000\t2.0
\t小计\t30\t\t3.0
3\t示例三厂\t5\t1000\t0.5
合计\t\t35\t\t3.5
"""

PLAIN = """示例学院党委关于走访慰问的通知
各党支部：
第一条 走访困难党员，认真听取意见。
第二条 请于2030年6月25日前将走访情况报组织部。
示例学院党委
二〇三〇年六月三日
"""


def said(text, **more):
    return [problem.message for problem in lint(text, **more)]


def changed(old, new, text=CLEAN):
    assert text.count(old) >= 1, old
    return text.replace(old, new, 1)


def only(text, **more):
    (message,) = said(text, **more)
    return message


@pytest.mark.parametrize("text", [CLEAN, SINGLE_HEADER, PLAIN, ""], ids=["clean", "single", "plain", "empty"])
def test_a_circular_without_defects_gives_no_problem(text):
    assert said(text) == []


def test_what_was_checked_is_counted():
    assert lint_report(CLEAN).checked == Checked(cells=21, products=6, row_checks=6, column_checks=6)
    single = lint_report(SINGLE_HEADER).checked
    assert single == Checked(cells=25, products=3, row_checks=0, column_checks=4)
    assert lint_report(PLAIN).checked == Checked()


# -- the shipped circulars -------------------------------------------------------------------------------------


def findings(pack):
    return said(load_policy(pack).source_text)


def test_jianshi_lacks_section_three_and_names_two_papers_twice():
    messages = findings("jianshi-2020")
    assert [m for m in messages if "缺“三、”" in m and m.startswith("第 29 行")]
    assert [m for m in messages if m.startswith("第 43 行") and "“春节”期间" in m and "花名册》像是同一份" in m]
    assert [m for m in messages if m.startswith("第 59 行") and "名额分配表》像是同一份" in m]
    assert [m for m in messages if "没有附上" in m] == [
        "第 50 行：附件清单列有附件 2《建始县元旦春节期间部分慰问对象花名册》，文中没有附上",
        "第 51 行：附件清单列有附件 3《州、县领导慰问对象花名册》，文中没有附上",
    ]
    assert len(messages) == 5, "nothing else is wrong with it, its sums least of all"


def test_jianshis_sums_are_checked_and_right():
    report = lint_report(load_policy("jianshi-2020").source_text)
    assert report.checked == Checked(cells=143, products=37, row_checks=26, column_checks=10)
    assert [p for p in report.problems if "对不上" in p.message or "不符" in p.message] == []


def test_neimenggus_second_annex_carries_another_year():
    assert findings("neimenggu-2022") == [
        "第 83 行：《2022年区直机关困难党员统计表》写 2022 年，第 53 行《2023年区直机关困难党员统计表》写 2023 年"
    ]


def test_jiaozuo_calls_the_measures_by_two_names_and_numbers_annexes_twice():
    messages = findings("jiaozuo-2018")
    assert [m for m in messages if "救助办法》与" in m and "救助慰问办法》像是同一份" in m]
    assert [m for m in messages if "《生活困难党员救助审批表》在这里是附件 1，第 27 行列为附件 2" in m]
    assert [m for m in messages if "《市直机关困难党员管理台账》在这里是附件 2，第 28 行列为附件 3" in m]
    assert [m for m in messages if "《困难党员备案统计汇总表》，没有列入附件" in m]
    assert len([m for m in messages if "文中没有附上" in m]) == 3


def test_every_wrong_digit_of_jianshis_table_is_traced_to_its_cell():
    source = load_policy("jianshi-2020").source_text
    (table,) = read_tables(source.splitlines())
    tried = 0
    for row in range(2, 15):
        for column in range(1, 11):
            cell = table.rows[row][column]
            for place, digit in enumerate(cell):
                other = str((int(digit) + 1) % 10)
                cells = [list(r) for r in table.rows]
                cells[row][column] = cell[:place] + other + cell[place + 1 :]
                (doubt,) = check_sums(TextTable(table.title, 61, tuple(map(tuple, cells)))).doubts
                assert (doubt.line, doubt.read) == (61 + row, cells[row][column])
                tried += 1
    assert tried == 297


def test_a_wrong_digit_is_named_by_row_and_column():
    source = load_policy("jianshi-2020").source_text
    broken = source.replace("龙坪乡\t\t\t14\t7000", "龙坪乡\t\t\t14\t7001")
    new = set(said(broken)) - set(said(source))
    (message,) = new
    assert message.startswith("第 66 行：表“2020 年度元旦春节期间慰问名额分配表”的“龙坪乡”行")
    assert "“慰问脱贫攻坚一线干部·资金”格对不上" in message
    (problem,) = [p for p in lint(broken) if p.message == message]
    assert problem.read == "7001"


def test_the_announced_sum_is_held_against_the_tables_corner():
    source = load_policy("jianshi-2020").source_text
    new = set(said(source.replace("18.4 万元", "18.5 万元"))) - set(said(source))
    assert new == {"第 17 行：与表“2020 年度元旦春节期间慰问名额分配表”的合计 184000 元不符"}


# -- section numbers -------------------------------------------------------------------------------------------


def test_skipped_repeated_and_backward_numbers():
    assert only(changed("三、有关要求", "四、有关要求")) == "第 10 行：“四、有关要求”之前缺“三、”"
    assert only(changed("三、有关要求", "五、有关要求")) == "第 10 行：“五、有关要求”之前缺“三、”“四、”"
    assert only(changed("三、有关要求", "二、有关要求")) == "第 10 行：“二、有关要求”与第 8 行编号重复"
    assert "缺“2.”" in only(changed("2. 公示无异议", "3. 公示无异议"))
    assert "缺“（一）”" in only(changed("（一）困难党员", "困难党员"))
    assert only("一、甲\n二、乙\n三、丙\n二、丁\n") == "第 4 行：“二、丁”排在“三、”（第 3 行）之后，次序不对"


def test_chapters_and_articles_are_counted_too():
    assert "缺“第二条”" in only(PLAIN.replace("第二条", "第三条"))
    assert only("第一章 总则\n第三章 附则\n") == "第 2 行：“第三章 附则”之前缺“第二章”"


def test_numbers_may_start_anew_or_go_on():
    assert said("一、甲\n1. 子\n2. 丑\n二、乙\n1. 寅\n") == []
    assert said("一、甲\n1. 子\n2. 丑\n二、乙\n3. 寅\n") == []
    assert said("第一篇：甲\n一、子\n二、丑\n第二篇：乙\n一、寅\n") == []
    assert said("1. 子。2. 丑。\n3. 寅\n") == [], "a number run into the paragraph before is there"


@pytest.mark.parametrize(
    ("text", "value"), [("一", 1), ("十", 10), ("十二", 12), ("二十", 20), ("二十一", 21), ("7", 7), ("12", 12)]
)
def test_chinese_numerals(text, value):
    assert counted(text) == value


def test_words_are_not_numerals():
    assert [counted(text) for text in ("", "甲", "一一", "百")] == [None] * 4


# -- names, years and annexes ----------------------------------------------------------------------------------


def test_another_year_over_an_annex():
    message = only(changed("附件2\n\n2031年", "附件2\n\n2030年"))
    assert (
        message
        == "第 32 行：《2030年示例县慰问对象花名册》写 2030 年，第 15 行《2031年示例县慰问对象花名册》写 2031 年"
    )


def test_a_year_the_text_never_names():
    text = "一、甲\n2031年春节慰问。\n附件\n2030年名额分配表\n单位\t人数\n甲镇\t1\n"
    assert only(text) == "第 4 行：《2030年名额分配表》写 2030 年，正文里没有这一年（正文有 2031 年）"


def test_two_names_of_one_form():
    message = only(changed("填写《2031年示例县慰问对象花名册》", "填写《2031年示例县“春节”慰问对象花名册》"))
    assert message.startswith("第 12 行：《2031年示例县“春节”慰问对象花名册》与第 15 行《2031年示例县慰问对象花名册》")
    assert message.endswith("像是同一份，名称不一致")
    assert said(changed("填写《2031年示例县慰问对象花名册》", "填写《花名册》")) == [], "a short name is no second name"


def test_a_number_that_clashes_with_the_list():
    assert "在这里是附件 1，第 15 行列为附件 2" in only(changed("（附件2）", "（附件1）"))
    message = only(changed("填写《2031年示例县慰问对象花名册》", "填写《申请审批表》"))
    assert message == "第 12 行：《申请审批表》在这里是附件 2，第 15 行的附件 2 是《2031年示例县慰问对象花名册》"


def test_forms_named_but_not_attached():
    without = CLEAN[: CLEAN.index("附件2\n")]
    assert only(without) == "第 15 行：附件清单列有附件 2《2031年示例县慰问对象花名册》，文中没有附上"
    assert only(changed("填写《2031年示例县慰问对象花名册》（附件2）", "填写《资金回执》")).startswith(
        "第 12 行：文中提到《资金回执》，没有列入附件"
    )
    assert said(changed("资金安排", "资金安排（依据《中国共产党党内关怀帮扶办法》）")) == [], "a law is no form"


def test_two_forms_with_like_names_are_two_forms():
    text = "填写《困难党员统计表》。\n附件：1. 困难党员登记表\n附件1\n困难党员登记表\n姓名\t\n"
    assert only(text) == "第 1 行：文中提到《困难党员统计表》，没有列入附件，也没有附上"


def test_an_annex_the_list_does_not_name():
    text = CLEAN + "\n附件3\n\n示例县领导走访安排\n"
    assert only(text) == "第 40 行：附有附件 3《示例县领导走访安排》，附件清单里没有列"


def test_a_list_may_stand_under_its_heading_or_carry_the_number_in_front():
    below = changed("附件：1. 2031年", "附件：\n1. 2031年")
    assert said(below) == []
    assert "第 16 行" in only(below[: below.index("附件2\n")])
    in_front = changed("附件：1. 2031年", "附件1：2031年").replace("\n2. 2031年", "\n附件2：2031年")
    assert said(in_front) == []
    joined = in_front.replace("附件2\n\n2031年", "附件2 2030年")
    assert "写 2030 年，第 15 行" in only(joined)


def test_a_title_broken_over_two_lines_is_one_title():
    assert said(changed("附件2\n\n2031年示例县慰问", "附件2\n\n2031年示例县\n慰问")) == []


# -- days ------------------------------------------------------------------------------------------------------

NEW_YEAR = Calendar({2031: CalendarYear("示例", frozenset({date(2031, 1, 17)}), frozenset({date(2031, 1, 18)}))})


def deadline(day, weekday=""):
    return changed("2031年1月17日（星期五）前", f"2031年1月{day}日{weekday}前")


def test_a_deadline_before_the_circulars_own_date():
    assert only(changed("2031年1月17日（星期五）", "2030年1月17日")) == (
        "第 12 行：期限2030年1月17日早于印发日期2031年1月6日"
    )


def test_a_deadline_on_the_day_of_the_circular_is_not_before_it():
    assert said(PLAIN.replace("6月25日", "6月3日")) == []


def test_a_deadline_before_the_public_notice_can_end():
    assert only(deadline(10)) == (
        "第 12 行：期限2031年1月10日早于公示最早的结束日：第 11 行要公示 7 天，印发当日就张贴也要到2031年1月12日"
    )
    assert said(deadline(13)) == [], "the day after the last one"
    asked = deadline(10).replace("前报县委组织部", "前与县委组织部联系")
    assert said(asked) == [], "what is not handed in does not wait for the notice"


def test_without_a_date_of_its_own_a_circular_is_not_late():
    undated = changed("\n2031年1月6日\n", "\n某年某月某日\n")
    assert said(undated) == []
    assert said(undated.replace("2031年1月17日（星期五）", "1月17日")) == []


def test_working_days_need_the_years_table():
    text = deadline(14).replace("公示（7天）", "公示 7 个工作日")
    assert said(text) == [], "without the table seven days is the least it can be"
    table = Calendar({2031: CalendarYear("示例", frozenset())})
    assert "印发当日就张贴也要到2031年1月14日" not in "".join(said(text, calendar=table))
    assert "要公示 7 个工作日，印发当日就张贴也要到2031年1月14日" in only(
        deadline(13).replace("公示（7天）", "公示 7 个工作日"), calendar=table
    )


def test_rest_days():
    assert "是星期六；没有 2031 年放假调休安排，不能断定" in only(deadline(18))
    assert said(deadline(18), calendar=NEW_YEAR) == [], "a Saturday that is worked"
    assert "2031年1月17日（星期五）按放假调休安排是休息日" in only(CLEAN, calendar=NEW_YEAR)
    assert "2031年1月23日是春节放假的日子" in only(deadline(23))
    assert said(deadline(22)) == []
    assert "是星期六" in only("请于2099年1月3日前报送。\n"), "years without a known 春节 keep their weekends"
    assert said(PLAIN.replace("6月25日前", "6月22日前往各支部，25日前")) == [], "前往 is no deadline"


def test_a_weekday_that_is_not_that_days():
    assert only(changed("（星期五）", "（星期四）")) == "第 12 行：2031年1月17日是星期五，写的是星期四"


def test_days_the_calendar_does_not_have_and_periods_that_end_before_they_begin():
    assert only("请于2031年2月30日前报送。\n") == "第 1 行：日历上没有这一天"
    assert only("2031年2月8日至2031年1月6日走访。\n") == "第 1 行：2031年2月8日至2031年1月6日：末日早于首日"
    assert said("2030年12月25日至1月6日走访。\n") == [], "the new year lies between"


def test_a_day_without_a_year_is_the_next_one_after_the_circular():
    text = changed("2031年1月17日（星期五）前", "1月5日前")
    assert "期限2032年1月5日" not in "".join(said(text)), "a Monday a year on breaks nothing"
    assert "期限2031年1月11日早于公示" in "".join(said(changed("2031年1月17日（星期五）前", "1月11日前")))


# -- tables ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "row", "column", "read"),
    [
        ("甲镇\t10\t5000", "甲镇\t11\t5000", "甲镇", "困难党员·人数", "11"),
        ("3\t3000\t13\t8000", "3\t3100\t13\t8000", "甲镇", "老党员·资金", "3100"),
        ("6\t4000", "6\t5000", "乙镇", "合计·资金", "5000"),
        ("合计\t14\t", "合计\t15\t", "合计", "困难党员·人数", "15"),
        ("乙镇\t4\t2000", "乙镇\t4\t", "乙镇", "困难党员·资金", "（空）"),
        ("老党员（标准 1000", "老党员（标准 1100", "表头", "老党员·人数", "老党员（标准 1100 元/人）"),
    ],
)
def test_the_cell_that_spoils_the_sums(old, new, row, column, read):
    (problem,) = lint(changed(old, new))
    assert f"的“{row}”行“{column}”格对不上" in problem.message
    assert problem.read == read


def test_two_slips_in_one_column_are_two_cells_and_not_the_rate():
    rows = "".join(f"示例{n}部\t{n}\t{n * 500}\n" for n in range(1, 6))
    table = "单位\t党员（标准 500 元/人）\t\n\t人数\t资金\n" + rows.replace("1000", "1500").replace("2000", "2500")
    (one, other) = lint("名单\n" + table)
    assert "“示例2部”行“党员·资金”格" in one.message
    assert "“示例4部”行“党员·资金”格" in other.message


def test_the_corner_is_one_cell_too():
    (problem,) = [p for p in lint(changed("19\t12000", "19\t12500")) if "对不上" in p.message]
    assert "“合计”行“合计·资金”格" in problem.message


def test_rates_in_a_column_sums_in_wan_and_subtotals():
    changes = {"20\t1000\t2.0": "20\t1000\t2.1", "小计\t30": "小计\t31", "合计\t\t35": "合计\t\t36"}
    names = [
        ("“示例二厂”行“资金”格", "2.1"),
        ("“小计”行“人数”格", "31"),
        ("“合计”行“人数”格", "36"),
    ]
    for (old, new), (where, read) in zip(changes.items(), names, strict=True):
        (problem,) = lint(changed(old, new, SINGLE_HEADER))
        assert where in problem.message
        assert problem.read == read
    assert only(changed("3.5万元", "3.6万元", SINGLE_HEADER)).endswith("的合计 35000 元不符")


def test_the_announced_people_are_held_against_the_table():
    assert only(changed("慰问 19 人", "共慰问 18 人")) == "第 9 行：与表“2031年示例县慰问名额分配表”的合计 19 人不符"
    assert said(changed("慰问 19 人", "每人一份")) == []


def test_two_funds_may_make_up_one_table():
    assert said(changed("共安排资金 1.2 万元", "安排党费 1 万元，安排财政资金 2000 元")) == []
    assert len(said(changed("共安排资金 1.2 万元", "安排党费 1 万元，安排财政资金 3000 元"))) == 2


def test_an_amount_nobody_can_read_announces_nothing():
    assert said(changed("1.2 万元", "1,2,3 万元")) == []


def test_a_table_of_another_make_is_left_alone():
    text = "单位\t党员数\t男\t女\t合计\n" + "".join(f"示例{n}部\t{2 * n}\t{n}\t{n}\t{2 * n}\n" for n in range(1, 7))
    assert lint_report(text).checked.row_checks == 0


def test_a_form_is_no_table_of_sums():
    text = "附件1\n登记表\n姓名\t\t性别\t\n人口\t3\t面积\t80\n注\t\t\t\n"
    assert lint_report(text).checked == Checked()


@pytest.mark.parametrize(("cell", "value"), [("1,200", 1200), ("２０", 20), ("17人", 17), ("", None), ("—", None)])
def test_numbers_in_cells(cell, value):
    assert number(cell) == value


def test_exact_numbers_are_shown_as_written():
    assert [plain(number(cell)) for cell in ("3", "0.05", "12.50")] == ["3", "0.05", "12.5"]


WORDS = (
    "附件 附： 附件2 1. 三、 （二） 第五条 《登记表》 （附件9） 2031年 2月 30日 前报 公示 7天 合计 小计 人数 资金 共"
)
PIECES = st.sampled_from([*WORDS.split(), "标准 5 元/人", "12", "0", "\t", "\n", "\t\n", " ", "。", "〇", "²", "．"])


@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_text_is_read_without_complaint_about_itself(text):
    report = lint_report(text)
    lines = len(text.splitlines())
    assert all(1 <= int(problem.message.split(" ")[1]) <= lines for problem in report.problems)


# -- the file --------------------------------------------------------------------------------------------------


def test_problems_name_the_file_and_stand_in_the_order_of_the_text():
    text = changed("三、有关要求", "四、有关要求").replace("甲镇\t10", "甲镇\t11")
    problems = lint(text, name="示例.txt")
    assert [problem.file for problem in problems] == ["示例.txt", "示例.txt"]
    assert [problem.message.split(" ")[1] for problem in problems] == ["10", "26"]
    assert problems[0].sentence().startswith("文件 示例.txt：第 10 行：")
