"""Damaged workbooks, each made from a good one, each with exactly what is said of it; nothing else may be said."""

from __future__ import annotations

from datetime import time

import openpyxl
import pytest
import workbooks
from sheets_in import file

from casework.intake import marked_workbook

HEADS = (
    *("序号", "单位", "姓名", "性别", "民族", "出生年月", "政治面貌", "入党时间", "转正时间", "所在党支部", "类别"),
    *("推荐顺序", "家庭人口", "家庭年收入", "是否低保", "困难简况", "慰问金额", "身份证号", "银行卡号", "联系电话"),
)
MEMBER = "生活困难党员及老党员、老干部、老骨干"
GOOD = (
    (
        *(1, "示例镇", "示例甲", "男", "汉族", "1965.3", "中共党员", "1990.7", "1991.7", "示例支部", MEMBER),
        *(1, 3, 12000, "否", "示例情况", 500, "410102196503071233", "6217000010000000017", "13900000001"),
    ),
    (
        *(2, "示例乡", "示例乙", "女", "苗族", "1970年10月", "群众", None, None, "示例支部", "生活困难群众"),
        *(1, 2, 9000, "是", "示例情况", 500, None, "6217000010000000025", "13900000002"),
    ),
)
AT = {head: number for number, head in enumerate(HEADS)}


def made(cells=None, *, more=(), heads=HEADS, people=GOOD, **how):
    """Return the good workbook with some cells changed: (row of the sheet, head) → value."""
    rows = [list(person) for person in people]
    for (row, head), value in (cells or {}).items():
        rows[row - 2][AT[head]] = value
    return workbooks.xlsx([heads, *rows, *more], **how)


def second(**changed):
    """Return a third person: the first again, with another name, number and card."""
    person = dict(zip(HEADS, GOOD[0], strict=True)) | {"姓名": "示例丙", "身份证号": None, "序号": 3} | changed
    return tuple(person[head] for head in HEADS)


def xml(cell, text, **how):
    return workbooks.cell_xml(made(**how), cell, text)


def filtered(book):
    book.active.row_dimensions[3].hidden = True


def extra_sheet(book):
    book.create_sheet("说明").append(("请按表填写",))


def with_title(text):
    return workbooks.xlsx([(text,), HEADS, *GOOD], merge=("A1:T1",))


def moved_down():
    return workbooks.xlsx([(), (), ("示例县2020年慰问花名册",), (), HEADS, (), *GOOD], merge=("A3:T3",))


# what is wrong, the file, [(severity, cell, what is said)]
CORPUS = [
    ("nothing", made(), []),
    ("a title, blank rows, no row in its place", moved_down(), []),
    ("a sheet of notes", made(then=extra_sheet), []),
    ("heads with blanks and breaks", made(heads=tuple(f"{head[:1]} \n{head[1:]}" for head in HEADS)), []),
    ("a repeated head", made(more=(HEADS, second())), []),
    ("a right total", made(more=[("合计", None, "2人", *[None] * 13, 1000)]), []),
    ("numbered blank rows", made(more=[(3,), (4,)]), []),
    ("notes", made(more=[("注：本表一式两份",), ("填表人：示例", None, "审核人：示例")]), []),
    ("sex", made({(2, "性别"): "难"}), [("hold", "D2", "看不懂。可填：男、女。")]),
    (
        "sex against the number",
        made({(2, "性别"): "女"}),
        [("warn", "D2", "与身份证号不一致，号码上是男。请核对证件。")],
    ),
    ("people", made({(2, "民族"): "示例族"}), [("warn", "E2", "不是通用的民族名称。请核对。")]),
    (
        "a January that may be October",
        made({(2, "入党时间"): 1990.1}),
        [
            (
                "hold",
                "H2",
                "读到数字 1990.1：是 1 月还是 10 月？数字格式会吞掉末尾的 0，请改填“1990年1月”或“1990年10月”。",
            )
        ],
    ),
    (
        "no such month",
        made({(3, "出生年月"): "1970.13"}),
        [("hold", "F3", "日历上没有“1970.13”这一天，请核对年月日。")],
    ),
    (
        "no such day",
        made({(3, "出生年月"): "1970-02-31"}),
        [("hold", "F3", "日历上没有“1970-02-31”这一天，请核对年月日。")],
    ),
    (
        "two digits",
        made({(3, "出生年月"): "70-3"}),
        [("hold", "F3", "“70-3”的年份只有两位：是1970年3月吗？请核对后填写四位年份的公历日期。")],
    ),
    (
        "a serial number",
        made({(3, "出生年月"): 25842}),
        [("hold", "F3", "读到数字 25842，像是丢了日期格式的日期：是1970年10月1日吗？请核对后填写四位年份的公历日期。")],
    ),
    ("a time", made({(3, "出生年月"): time(8, 30)}), [("hold", "F3", "单元格里只有时间，没有年月日，请填写日期。")]),
    (
        "the lunar calendar",
        made({(3, "出生年月"): "1970年腊月"}),
        [("hold", "F3", "“1970年腊月”是农历，请按证件改填公历日期。")],
    ),
    ("the future", made({(3, "出生年月"): "2021.3"}), [("hold", "F3", "是2020年1月10日以后的日期。请核对年月。")]),
    ("very old", made({(3, "出生年月"): "1901.3"}), []),
    ("120 years old", made({(3, "出生年月"): "1900.1"}), []),
    ("the year only", made({(3, "出生年月"): "1970"}), [("warn", "F3", "只写到年，不作计算依据。请补上月份。")]),
    (
        "about",
        made({(3, "出生年月"): "约1970年"}),
        [("warn", "F3", "只是大概的日期，不作计算依据。请核对证件后填写。")],
    ),
    (
        "not known",
        made({(3, "出生年月"): "不详"}),
        [("note", "F3", "按不详记，需要这个日期的条款显示“情况不明”。")],
    ),
    (
        "joined as a child",
        made({(2, "入党时间"): "1980.7"}),
        [("warn", "H2", "按出生年月，入党时不满 18 岁。请核对两个日期。")],
    ),
    (
        "full before joining",
        made({(2, "转正时间"): "1989.7"}),
        [("hold", "I2", "转正时间早于入党时间。请核对两个日期。")],
    ),
    (
        "joined before birth",
        made({(2, "入党时间"): "1960.7"}),
        [("hold", "H2", "入党时间早于出生年月。请核对两个日期。")],
    ),
    (
        "no member with a date of joining",
        made({(3, "入党时间"): "1995.7"}),
        [("warn", "G3", "政治面貌不是党员，却写了入党时间。请核对两格。")],
    ),
    (
        "what nobody is",
        made({(2, "政治面貌"): "示例"}),
        [("hold", "G2", "看不懂。可填：中共党员、预备党员、群众。")],
    ),
    (
        "no such unit",
        made({(2, "单位"): "不存在的地方"}),
        [("hold", "B2", "单位“不存在的地方”不在名录中。请按名录填写，或先把它加入名录。")],
    ),
    ("no unit", made({(2, "单位"): None}), [("hold", "B2", "没有写单位。请填写名录中的单位名称。")]),
    ("no category", made({(2, "类别"): None}), [("warn", "K2", "没有写类别，审核前须补上。请填写慰问类别。")]),
    ("no name", made({(2, "姓名"): None}), [("hold", "C2", "没有写姓名。请补上姓名；不是人员的行请删去。")]),
    ("a name of digits", made({(2, "姓名"): "123"}), [("hold", "C2", "姓名里只有数字或符号。请填写姓名。")]),
    (
        "a name with brackets",
        made({(2, "姓名"): "示例甲（病）"}),
        [("warn", "C2", "姓名里有括号。姓名一格只写姓名，其他内容写在备注。")],
    ),
    ("a rank of nought", made({(2, "推荐顺序"): 0}), [("hold", "L2", "要写不小于 1 的整数。请只填数字。")]),
    ("half a person", made({(2, "家庭人口"): 2.5}), [("hold", "M2", "要写不小于 0 的整数。请只填数字。")]),
    ("a household of nobody", made({(2, "家庭人口"): 0}), [("hold", "M2", "家庭人口不能是 0。连本人在内填写。")]),
    (
        "a range of income",
        made({(2, "家庭年收入"): "1-2万"}),
        [("hold", "N2", "看不懂金额，请只填一个确定的数字，如 2000 或 18.4万。")],
    ),
    ("a negative amount", made({(2, "慰问金额"): -500}), [("hold", "Q2", "金额是负数，请填写不小于零的数字。")]),
    ("a flag", made({(2, "是否低保"): "也许"}), [("hold", "O2", "看不懂。可填：是、否。")]),
    (
        "a number that lost its digits",
        made({(2, "身份证号"): 410102196503071233}),
        [("hold", "R2", "身份证号存成了数字，末几位已被 Excel 改掉，无法恢复。请把该列设为“文本”后重新录入。")],
    ),
    (
        "a card that lost its digits",
        made({(2, "银行卡号"): 6217000010000000017}),
        [("hold", "S2", "银行卡号存成了数字，末几位已被 Excel 改掉，无法恢复。请把该列设为“文本”后重新录入。")],
    ),
    (
        "a check digit",
        made({(2, "身份证号"): "410102196503071234"}),
        [("hold", "R2", "身份证号校验位应为 3，读到 4，请核对证件。")],
    ),
    (
        "a phone too short",
        made({(2, "联系电话"): "1390000"}),
        [("hold", "T2", "看不懂电话。手机号 11 位，座机写区号；两个号码用“/”隔开。")],
    ),
    (
        "a wrong total",
        made(more=[("合计", None, None, *[None] * 13, 900)]),
        [("warn", "Q4", "以上各行相加是 1000 元，与合计不符。请核对各行金额和合计。")],
    ),
    (
        "the same person twice",
        made(more=[second(姓名="示例甲", 序号=3, 慰问金额=600)]),
        [
            (
                "hold",
                "C4",
                (
                    "与第 2 行姓名、单位相同，出生年月对得上，像是同一人，不同的有：慰问金额、身份证号。"
                    "是同一人的只留一行，不是的填上各自的出生年月或身份证号。"
                ),
            )
        ],
    ),
    (
        "the same person twice, once by the month and once by the day",
        made(more=[second(姓名="示例甲", 序号=3, 出生年月="1965-03-07")]),
        [
            (
                "hold",
                "C4",
                (
                    "与第 2 行姓名、单位相同，出生年月对得上，像是同一人，不同的有：身份证号。"
                    "是同一人的只留一行，不是的填上各自的出生年月或身份证号。"
                ),
            )
        ],
    ),
    (
        "an error value",
        xml("Q2", '<c r="Q2" t="e"><v>#REF!</v></c>'),
        [("hold", "Q2", "单元格是错误值。请改正公式或直接填写。")],
    ),
    (
        "a formula without value",
        xml("Q2", '<c r="Q2"><f>SUM(A1)</f></c>'),
        [("hold", "Q2", "单元格的公式没有计算结果。请在 Excel 或 WPS 中打开，另存一次。")],
    ),
    (
        "a hidden row",
        made(then=filtered),
        [("warn", "", "有 1 行被隐藏（第 3 行），没有读入。要读的请取消隐藏和筛选后重新导入。")],
    ),
    (
        "another year",
        with_title("示例县2018年慰问花名册"),
        [("warn", "", "标题写的是 2018 年，本轮是 2020 年。请核对是否拿错了表。")],
    ),
    (
        "a right-to-left sign in a name",
        made({(2, "姓名"): "示例\u202e甲"}),
        [("hold", "C2", "含控制符 U+202E。请删去这一格后重新录入。")],
    ),
    (
        "markup in a name",
        made({(2, "姓名"): "<b>示例</b>"}),
        [("warn", "C2", "像公式或代码，已按普通文字保存。请核对是否填错。")],
    ),
    (
        "a sign of an old system",
        made({(2, "姓名"): "示例\ue863"}),
        [
            ("note", "C2", "旧系统的自造字 U+E863 已换成规范字“䶮”。"),
            ("note", "C2", "含生僻字“䶮”，打印时会检查能否印出。"),
        ],
    ),
    (
        "a private sign nobody knows",
        made({(2, "姓名"): "示例\ue000"}),
        [("warn", "C2", "含自造字 U+E000，各机显示不同，打印前必须换成规范字。请核对证件。")],
    ),
    ("a text too long", made({(2, "所在党支部"): "字" * 51}), [("hold", "J2", "有 51 字，超过 50 字。请压缩文字。")]),
]
ABOUT_THE_FILE = "本通知不要求身份证号，号码只用于核对，不存入台账。"


def ours(issue):
    message, remedy = issue.problem.message.rstrip("。"), issue.problem.remedy.rstrip("。")
    return issue.severity.value, issue.problem.cell, f"{message}。" + (f"{remedy}。" if remedy else "")


@pytest.mark.parametrize(("data", "expected"), [pytest.param(data, said, id=name) for name, data, said in CORPUS])
def test_a_damaged_workbook_is_told_exactly(data, expected):
    intake = file(data)
    luhn = "银行卡号未通过校验，请与卡面或存折核对。"

    told = [ours(issue) for issue in intake.issues]
    assert sorted(words for words in told if words[2] not in {ABOUT_THE_FILE, luhn}) == sorted(expected)
    held = {words[1][1:] for words in expected if words[0] == "hold" and words[1]}
    assert {str(row) for row in intake.rows.filter(intake.rows["state"] == "held")["row"]} == held
    assert intake.complete is not any(words[0] == "hold" for words in expected)


@pytest.mark.parametrize("data", [pytest.param(data, id=name) for name, data, _ in CORPUS])
def test_every_cell_is_accounted_for(data):
    """Every row with words is a person, a listed row, or the head."""
    intake = file(data)
    (mapping,), sheet = intake.mappings, intake.sheets[0]

    told = set(intake.rows["row"]) | {row.row for row in intake.skipped if row.sheet == sheet.name}
    told |= {row + 1 for row in range(mapping.first, mapping.last + 1)}
    assert told == {at for at, row in enumerate(sheet.rows, start=1) if any(cell is not None for cell in row)}


@pytest.mark.parametrize("data", [pytest.param(data, id=name) for name, data, said in CORPUS if said])
def test_what_goes_back_opens_and_carries_the_held_rows(data, tmp_path):
    intake = file(data)
    path = tmp_path / "back.xlsx"
    path.write_bytes(marked_workbook(intake))

    book = openpyxl.load_workbook(path)
    held = intake.rows.filter(intake.rows["state"] == "held").height
    if held:
        assert book["名单"].max_row == held + 1 + intake.mappings[0].last


def test_the_corpus_is_large_enough():
    assert len(CORPUS) >= 40
    assert len({name for name, *_ in CORPUS}) == len(CORPUS)


def test_of_a_hidden_row_and_of_words_beside_the_list_no_number_is_repeated():
    """What was not read is listed with its words: who a hidden row is, and no number of anybody."""
    told = [each.text for each in file(made(then=filtered)).skipped if each.row == 3]
    assert told == ["2　示例乡　示例乙"]
    notes = file(made(more=[("填表人：示例 13900000003 410102196503071233 139 0000 0003",)])).skipped
    assert [each.text for each in notes] == ["填表人：示例 **** **** ****"]


def test_a_sheet_without_a_column_for_the_category_is_told_so_once():
    """Two people, one sentence: a word for each of four hundred would hide every other."""
    without = [tuple(cell for head, cell in zip(HEADS, row, strict=True) if head != "类别") for row in (HEADS, *GOOD)]
    told = [ours(issue) for issue in file(workbooks.xlsx(without)).issues]
    said = "没有类别一栏，新增的人审核前须补上。请加上慰问类别一栏，或在台账里补。"
    assert [each for each in told if "类别" in each[2]] == [("warn", "", said)]
