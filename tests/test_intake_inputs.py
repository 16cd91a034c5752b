"""The 53 inputs offices send (`spec/security.md` §5): each is read, or said in one exact sentence, never changed silently."""
# ruff: noqa: E501 - a sentence stands on one line here, as the officer reads it

from __future__ import annotations

from datetime import date, datetime, time

import openpyxl
import pytest
import workbooks
from sheets_in import BASE, HEADS, file, first, one, rows, said, sheet_of, state, take

from casework.sheets import UnreadableWorkbook, read_workbook

ID, BORN, MONEY, CARD, PHONE = "身份证号", "出生年月", "慰问金额", "银行卡号", "联系电话"
COLUMN = {ID: "id_number", BORN: "born_on", MONEY: "requested_fen", CARD: "card", PHONE: "phone", "困难情况": "brief"}
GOOD, OTHER, WOMAN = "410102196503071233", "41010219650301006X", "410102196503071225"

# input of the catalogue, head, cell, state of the row, value, (severity, what is said after the place)
INPUTS = [
    (
        1,
        ID,
        4.101021965030712e17,
        "held",
        None,
        [("hold", "读到「****」。身份证号存成了数字，末几位已被 Excel 改掉，无法恢复。请把该列设为“文本”后重新录入。")],
    ),
    (
        2,
        ID,
        "4.10102E+17",
        "held",
        None,
        [
            (
                "hold",
                "读到「****E+17」。身份证号存成了数字，末几位已被 Excel 改掉，无法恢复。请把该列设为“文本”后重新录入。",
            )
        ],
    ),
    (
        3,
        CARD,
        6.21700123456789e18,
        "held",
        None,
        [("hold", "读到「****」。银行卡号存成了数字，末几位已被 Excel 改掉，无法恢复。请把该列设为“文本”后重新录入。")],
    ),
    (
        4,
        ID,
        "410102196503071000",
        "held",
        None,
        [("hold", "读到「****1000」。身份证号校验位不符，末三位为 000，疑似曾被存成数字，请按证件重新录入。")],
    ),
    (5, ID, "41010219650301006x", "clean", "41010219650301006X", [("note", "读到「****006x」。末位已改为大写 X。")]),
    (
        6,
        ID,
        "４１０１０２１９６５０３０７１２３３",
        "clean",
        "410102196503071233",
        [("note", "读到「****１２３３」。已去掉空格或看不见的符号、改为半角。")],
    ),
    (7, ID, "41010219650301006×", "clean", "41010219650301006X", [("note", "读到「****006×」。末位已改为大写 X。")]),
    (7, ID, "41010219650301006х", "clean", "41010219650301006X", [("note", "读到「****006х」。末位已改为大写 X。")]),
    (
        7,
        ID,
        "41010219650307123×",
        "held",
        None,
        [("hold", "读到「****123×」。身份证号校验位应为 3，读到 X，请核对证件。")],
    ),
    (
        8,
        ID,
        "'410102 19650307\u200b\xa01233",
        "clean",
        "410102196503071233",
        [("note", "读到「****1233」。已去掉空格或看不见的符号、改为半角。")],
    ),
    (
        9,
        ID,
        "41O102196503071233",
        "held",
        None,
        [("hold", "读到「****1233」。身份证号里有不是数字的符号（如字母 O、l），请核对证件。")],
    ),
    (
        9,
        ID,
        "4101O2196503071234",
        "held",
        None,
        [("hold", "读到「****1234」。身份证号里有不是数字的符号（如字母 O、l），请核对证件。")],
    ),
    (
        10,
        ID,
        "41010219650307123",
        "held",
        None,
        [("hold", "读到「****7123」。身份证号为 17 位，少 1 位，请核对证件。")],
    ),
    (
        10,
        ID,
        "4101021965030712331",
        "held",
        None,
        [("hold", "读到「****2331」。身份证号为 19 位，多 1 位，请核对证件。")],
    ),
    (
        11,
        ID,
        "410102196503071234",
        "held",
        None,
        [("hold", "读到「****1234」。身份证号校验位应为 3，读到 4，请核对证件。")],
    ),
    (
        12,
        ID,
        "410102650307123",
        "held",
        None,
        [("hold", "读到「****7123」。这是 15 位的旧身份证号，已推算出 18 位号码，请核对证件后确认。")],
    ),
    (
        13,
        ID,
        "410102199902301239",
        "held",
        None,
        [("hold", "读到「****1239」。身份证号中的出生日期在日历上不存在，请核对证件。")],
    ),
    (
        14,
        ID,
        "410102209903021235",
        "held",
        None,
        [("hold", "读到「****1235」。身份证号中的出生日期在今天之后，请核对证件。")],
    ),
    (
        14,
        ID,
        "410102185003021236",
        "held",
        None,
        [("hold", "读到「****1236」。按身份证号推算已超过 120 岁，请核对证件。")],
    ),
    (
        15,
        ID,
        "990102196503071236",
        "clean",
        "990102196503071236",
        [("warn", "读到「****1236」。身份证号前两位不是省级代码，请核对证件。")],
    ),
    (15, ID, "419999193003071234", "clean", "419999193003071234", []),
    (16, ID, "81000019650307123X", "clean", "81000019650307123X", [("note", "读到「****123X」。港澳台居民居住证。")]),
    (
        17,
        ID,
        "E12345678",
        "held",
        None,
        [("hold", "读到「****5678」。这不是居民身份证号；如是护照、军官证等，请选择证件种类，没有证件的请写明原因。")],
    ),
    (
        17,
        ID,
        "无",
        "held",
        None,
        [("hold", "读到「****」。这不是居民身份证号；如是护照、军官证等，请选择证件种类，没有证件的请写明原因。")],
    ),
    (24, BORN, "1965.3", "clean", date(1965, 3, 1), []),
    (24, BORN, 1965.3, "clean", date(1965, 3, 1), []),
    (
        25,
        BORN,
        1965.1,
        "held",
        None,
        [
            (
                "hold",
                "读到「1965.1」。读到数字 1965.1：是 1 月还是 10 月？数字格式会吞掉末尾的 0，请改填“1965年1月”或“1965年10月”。",
            )
        ],
    ),
    (26, BORN, "1965年3月", "clean", date(1965, 3, 1), []),
    (26, BORN, "1965-3", "clean", date(1965, 3, 1), []),
    (26, BORN, "1965/3/7", "clean", date(1965, 3, 7), []),
    (26, BORN, "1965、3", "clean", date(1965, 3, 1), []),
    (26, BORN, "１９６５．３", "clean", date(1965, 3, 1), []),
    (26, BORN, "1965 年 3 月", "clean", date(1965, 3, 1), []),
    (27, BORN, "196503", "clean", date(1965, 3, 1), []),
    (27, BORN, "19650307", "clean", date(1965, 3, 7), []),
    (27, BORN, 196503.0, "clean", date(1965, 3, 1), []),
    (27, BORN, 19650307.0, "clean", date(1965, 3, 7), []),
    (
        28,
        BORN,
        "65-3",
        "held",
        None,
        [("hold", "读到「65-3」。“65-3”的年份只有两位：是1965年3月吗？请核对后填写四位年份的公历日期。")],
    ),
    (
        28,
        BORN,
        "65.3.7",
        "held",
        None,
        [("hold", "读到「65.3.7」。“65.3.7”的年份只有两位：是1965年3月7日吗？请核对后填写四位年份的公历日期。")],
    ),
    (
        28,
        BORN,
        "65年3月",
        "held",
        None,
        [("hold", "读到「65年3月」。“65年3月”的年份只有两位：是1965年3月吗？请核对后填写四位年份的公历日期。")],
    ),
    (
        29,
        BORN,
        "3/7/1965",
        "held",
        None,
        [
            (
                "hold",
                "读到「3/7/1965」。“3/7/1965”分不清哪个是月、哪个是日：是1965年3月7日还是1965年7月3日吗？请核对后填写四位年份的公历日期。",
            )
        ],
    ),
    (30, BORN, "一九六五年三月", "clean", date(1965, 3, 1), []),
    (
        30,
        BORN,
        "民国54年",
        "held",
        None,
        [("hold", "读到「民国54年」。“民国54年”是民国纪年：是1965年吗？请核对后填写四位年份的公历日期。")],
    ),
    (
        31,
        BORN,
        "1965年腊月",
        "held",
        None,
        [("hold", "读到「1965年腊月」。“1965年腊月”是农历，请按证件改填公历日期。")],
    ),
    (
        31,
        BORN,
        "农历1965年3月",
        "held",
        None,
        [("hold", "读到「农历1965年3月」。“农历1965年3月”是农历，请按证件改填公历日期。")],
    ),
    (32, BORN, "1965.13", "held", None, [("hold", "读到「1965.13」。日历上没有“1965.13”这一天，请核对年月日。")]),
    (32, BORN, "1965.2.30", "held", None, [("hold", "读到「1965.2.30」。日历上没有“1965.2.30”这一天，请核对年月日。")]),
    (
        33,
        BORN,
        23808.0,
        "held",
        None,
        [
            (
                "hold",
                "读到「23808」。读到数字 23808，像是丢了日期格式的日期：是1965年3月7日吗？请核对后填写四位年份的公历日期。",
            )
        ],
    ),
    (34, BORN, date(1965, 3, 7), "clean", date(1965, 3, 7), []),
    (34, BORN, datetime(1965, 3, 7, 0, 0), "clean", date(1965, 3, 7), []),  # noqa: DTZ001 - a cell has no zone
    (35, BORN, time(8, 30), "held", None, [("hold", "读到「08:30」。单元格里只有时间，没有年月日，请填写日期。")]),
    (36, BORN, "不详", "clean", None, [("note", "读到「不详」。按不详记，需要这个日期的条款显示“情况不明”。")]),
    (36, BORN, "约1965", "clean", None, [("warn", "读到「约1965」。只是大概的日期，不作计算依据。请核对证件后填写。")]),
    (
        36,
        BORN,
        "1965左右",
        "clean",
        None,
        [("warn", "读到「1965左右」。只是大概的日期，不作计算依据。请核对证件后填写。")],
    ),
    (
        36,
        BORN,
        "约1965年3月",
        "clean",
        None,
        [("warn", "读到「约1965年3月」。只是大概的日期，不作计算依据。请核对证件后填写。")],
    ),
    (37, MONEY, "2,000", "clean", 200000, []),
    (37, MONEY, "2，000", "clean", 200000, []),
    (37, MONEY, "￥2000", "clean", 200000, []),
    (37, MONEY, "2000元", "clean", 200000, []),
    (37, MONEY, "２０００", "clean", 200000, []),
    (37, MONEY, " 2000.00 ", "clean", 200000, []),
    (37, MONEY, 2000.0, "clean", 200000, []),
    (38, MONEY, "0.2万", "clean", 200000, [("note", "读到「0.2万」。已按 2000 元读入。")]),
    (38, MONEY, "2千", "clean", 200000, [("note", "读到「2千」。已按 2000 元读入。")]),
    (38, MONEY, "贰仟元整", "clean", 200000, [("note", "读到「贰仟元整」。已按 2000 元读入。")]),
    (39, MONEY, "12.345", "held", None, [("hold", "读到「12.345」。金额有不足一分的零头，请写到分为止。")]),
    (39, MONEY, 12.345, "held", None, [("hold", "读到「12.345」。金额有不足一分的零头，请写到分为止。")]),
    (
        40,
        MONEY,
        "2000-3000",
        "held",
        None,
        [("hold", "读到「2000-3000」。看不懂金额，请只填一个确定的数字，如 2000 或 18.4万。")],
    ),
    (
        40,
        MONEY,
        "约2000",
        "held",
        None,
        [("hold", "读到「约2000」。看不懂金额，请只填一个确定的数字，如 2000 或 18.4万。")],
    ),
    (
        40,
        MONEY,
        "2000/年",
        "held",
        None,
        [("hold", "读到「2000/年」。看不懂金额，请只填一个确定的数字，如 2000 或 18.4万。")],
    ),
    (40, MONEY, "-100", "held", None, [("hold", "读到「-100」。金额是负数，请填写不小于零的数字。")]),
    (40, MONEY, "1e3", "held", None, [("hold", "读到「1e3」。看不懂金额，请只填一个确定的数字，如 2000 或 18.4万。")]),
    (40, MONEY, "NaN", "held", None, [("hold", "读到「NaN」。看不懂金额，请只填一个确定的数字，如 2000 或 18.4万。")]),
    (
        40,
        MONEY,
        "1_000",
        "held",
        None,
        [("hold", "读到「1_000」。看不懂金额，请只填一个确定的数字，如 2000 或 18.4万。")],
    ),
    (40, MONEY, -100.0, "held", None, [("hold", "读到「-100」。金额是负数，请填写不小于零的数字。")]),
    (40, MONEY, 1e20, "held", None, [("hold", "读到「1e+20」。看不懂金额，请只填一个确定的数字，如 2000 或 18.4万。")]),
    (
        41,
        MONEY,
        0.30000000000000004,
        "held",
        None,
        [("hold", "读到「0.30000000000000004」。金额有不足一分的零头，请写到分为止。")],
    ),
    (42, PHONE, 13900001234.0, "clean", "13900001234", []),
    (42, PHONE, "139 0000 1234", "clean", "13900001234", []),
    (
        42,
        PHONE,
        "13900001234/13900005678",
        "clean",
        "13900001234",
        [("note", "读到「****78」。有几个号码，第一个作为主要号码。")],
    ),
    (42, PHONE, "0371-12345678", "clean", "037112345678", []),
    (
        42,
        PHONE,
        "13900001234 家里0371-1234567",
        "held",
        None,
        [("hold", "读到「****67」。看不懂电话。手机号 11 位，座机写区号；两个号码用“/”隔开。")],
    ),
    (
        42,
        PHONE,
        "1390000123",
        "held",
        None,
        [("hold", "读到「****23」。看不懂电话。手机号 11 位，座机写区号；两个号码用“/”隔开。")],
    ),
    (
        43,
        CARD,
        "6217 0012 3456 7890 12",
        "clean",
        "621700123456789012",
        [("warn", "读到「****9012」。银行卡号未通过校验，请与卡面或存折核对。")],
    ),
    (
        43,
        CARD,
        "6217001234567890123（示例乙）",
        "clean",
        "6217001234567890123",
        [
            ("warn", "读到「****0123」。银行卡号未通过校验，请与卡面或存折核对。"),
            ("warn", "读到「****0123」。持卡人不是本人。须经本人同意并留存同意书。"),
        ],
    ),
    (
        43,
        CARD,
        "6217001234567890123 示例甲",
        "clean",
        "6217001234567890123",
        [("warn", "读到「****0123」。银行卡号未通过校验，请与卡面或存折核对。")],
    ),
    (
        43,
        CARD,
        "示例甲 6217001234567890123",
        "clean",
        "6217001234567890123",
        [("warn", "读到「****0123」。银行卡号未通过校验，请与卡面或存折核对。")],
    ),
    (47, "所在党支部", "\u5f20\u3000\u4e09\n\u652f\u90e8", "clean", "\u5f20\u3000\u4e09\n\u652f\u90e8", []),
    (
        48,
        "所在党支部",
        "\ue863\u6751\ue81e",
        "clean",
        "䶮村龴",
        [
            ("note", "读到「□村□」。旧系统的自造字 U+E863 已换成规范字“䶮”。"),
            ("note", "读到「□村□」。旧系统的自造字 U+E81E 已换成规范字“龴”。"),
            ("note", "读到「□村□」。含生僻字“䶮龴”，打印时会检查能否印出。"),
        ],
    ),
    (
        48,
        "所在党支部",
        "\ue000\u6751",
        "clean",
        "\ue000\u6751",
        [("warn", "读到「□村」。含自造字 U+E000，各机显示不同，打印前必须换成规范字。请核对证件。")],
    ),
    (48, "所在党支部", "𪚥村", "clean", "𪚥村", [("note", "读到「𪚥村」。含生僻字“𪚥”，打印时会检查能否印出。")]),
    (
        49,
        "所在党支部",
        "=1+1",
        "clean",
        "=1+1",
        [("warn", "读到「=1+1」。像公式或代码，已按普通文字保存。请核对是否填错。")],
    ),
    (49, "所在党支部", "@x", "clean", "@x", [("warn", "读到「@x」。像公式或代码，已按普通文字保存。请核对是否填错。")]),
    (
        49,
        "所在党支部",
        "<b>x</b>",
        "clean",
        "<b>x</b>",
        [("warn", "读到「<b>x</b>」。像公式或代码，已按普通文字保存。请核对是否填错。")],
    ),
    (
        49,
        "所在党支部",
        "{{x}}",
        "clean",
        "{{x}}",
        [("warn", "读到「{{x}}」。像公式或代码，已按普通文字保存。请核对是否填错。")],
    ),
    (50, "所在党支部", "a\u202eb", "held", None, [("hold", "读到「a□b」。含控制符 U+202E。请删去这一格后重新录入。")]),
    (50, "所在党支部", "a\x07b", "held", None, [("hold", "读到「a□b」。含控制符 U+0007。请删去这一格后重新录入。")]),
    (50, "所在党支部", "\ud800x", "held", None, [("hold", "读到「□x」。含控制符 U+D800。请删去这一格后重新录入。")]),
    (
        50,
        "所在党支部",
        "字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字",
        "held",
        None,
        [
            (
                "hold",
                "读到「字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字…」。有 51 字，超过 50 字。请压缩文字。",
            )
        ],
    ),
    (
        50,
        "困难情况",
        "字" * 501,
        "held",
        None,
        [
            (
                "hold",
                "读到「字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字…」。有 501 字，超过 500 字。请压缩文字。",
            )
        ],
    ),
    (
        50,
        "所在党支部",
        "a\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301",
        "held",
        None,
        [("hold", "读到「á́́́́́́́́」。叠加符号过多，印出来会盖住别的字。请删去多余的符号。")],
    ),
]


@pytest.mark.parametrize(("number", "head", "cell", "expected", "value", "sentences"), INPUTS)
def test_a_cell_is_read_or_said(number, head, cell, expected, value, sentences):
    intake = one(head, cell)
    place = f"工作表「名单」第 2 行「{head}」（格 D2）："

    assert [(issue.severity.value, issue.problem.sentence()) for issue in intake.issues if issue.row] == [
        (severity, place + words) for severity, words in sentences
    ]
    assert state(intake) == [expected]
    assert first(intake, COLUMN.get(head, "branch")) == value


@pytest.mark.parametrize(
    ("cell", "proposal"),
    [("41O102196503071233", GOOD), ("4101O2196503071234", ""), ("410102650307123", GOOD)],
)
def test_a_corrected_number_is_proposed_and_never_applied(cell, proposal):
    """Inputs 9 and 12."""
    intake = one(ID, cell)

    assert [issue.proposal for issue in intake.problems] == [proposal]
    assert first(intake, "id_number") is None
    assert GOOD not in repr(intake.issues)


@pytest.mark.parametrize(
    ("number", "head", "cell", "born", "sentences"),
    [
        (
            18,
            BORN,
            "1966.3",
            date(1966, 3, 1),
            [
                (
                    "工作表「名单」第 2 行「出生年月」（格 D2）：读到「1966.3」。"
                    "身份证号上是1965年3月7日，出生年月写的是1966年3月，两处不一致。请核对证件，改正错的一处。"
                ),
                (
                    "工作表「名单」第 2 行「身份证号」（格 E2）：读到「****1233」。"
                    "身份证号上是1965年3月7日，出生年月写的是1966年3月，两处不一致。请核对证件，改正错的一处。"
                ),
            ],
        ),
        (18, BORN, "1965.3", date(1965, 3, 1), []),
        (
            19,
            "性别",
            "女",
            None,
            ["工作表「名单」第 2 行「性别」（格 D2）：读到「女」。与身份证号不一致，号码上是男。请核对证件。"],
        ),
        (19, "性别", "男", None, []),
        (
            28,
            BORN,
            "65-3",
            None,
            [
                (
                    "工作表「名单」第 2 行「出生年月」（格 D2）：读到「65-3」。"
                    "“65-3”的年份只有两位：是1965年3月吗？请核对后填写四位年份的公历日期。"
                ),
                "工作表「名单」第 2 行「出生年月」（格 D2）：读到「65-3」。按身份证号应为1965年3月。核对后改填。",
            ],
        ),
        (28, BORN, "650307", None, None),
        (
            29,
            BORN,
            "3/7/1965",
            date(1965, 3, 7),
            ["工作表「名单」第 2 行「出生年月」（格 D2）：读到「3/7/1965」。日月顺序按身份证号定为1965年3月7日。"],
        ),
        (29, BORN, "3/8/1965", None, None),
    ],
)
def test_the_number_is_held_against_the_other_cells(number, head, cell, born, sentences):
    intake = one(head, cell, beside={ID: GOOD})

    if sentences is None:
        assert state(intake) == ["held"]
    else:
        assert said(intake) == sentences
    assert first(intake, "born_on") == born


PEOPLE = (*HEADS, ID, BORN)


@pytest.mark.parametrize(
    ("number", "second", "states", "sentences"),
    [
        (
            20,
            ("示例乡", "示例甲", "生活困难群众", GOOD, None),
            ["clean", "held"],
            ["工作表「名单」第 3 行「姓名」（格 B3）：读到「示例甲」。与第 2 行同一人，不同的有：单位。只留一行。"],
        ),
        (
            21,
            ("示例镇", "示例乙", "生活困难群众", GOOD, None),
            ["held", "held"],
            [
                "工作表「名单」第 2 行「身份证号」（格 D2）：读到「****1233」。与第 3 行号码相同、姓名不同。请核对证件。",
                "工作表「名单」第 3 行「身份证号」（格 D3）：读到「****1233」。与第 2 行号码相同、姓名不同。请核对证件。",
            ],
        ),
        (
            22,
            ("示例镇", "示例甲", "生活困难群众", OTHER, None),
            ["clean", "clean"],
            ["工作表「名单」第 3 行「姓名」（格 B3）：读到「示例甲」。与第 2 行同名，按两个人读入。"],
        ),
        (
            22,
            ("示例镇", "示例　甲", "生活困难群众", None, "1970.1"),
            ["clean", "held"],
            [
                (
                    "工作表「名单」第 3 行「姓名」（格 B3）：读到「示例 甲」。与第 2 行姓名、单位相同，有一行没写出生年月，像是同一人，"
                    "不同的有：身份证号。是同一人的只留一行，不是的填上各自的出生年月或身份证号。"
                )
            ],
        ),
    ],
)
def test_two_rows_of_one_person(number, second, states, sentences):
    intake = rows((*BASE, GOOD, None), second, heads=PEOPLE)

    assert state(intake) == states
    assert said(intake) == sentences


def test_one_name_and_two_birth_months_are_two_people():
    """Input 22 without numbers."""
    intake = rows((*BASE, "1965.3"), (*BASE, "1966.3"), heads=(*HEADS, BORN))

    assert state(intake) == ["clean", "clean"]
    assert said(intake) == ["工作表「名单」第 3 行「姓名」（格 B3）：读到「示例甲」。与第 2 行同名，按两个人读入。"]


def test_the_same_person_on_another_sheet_is_named_with_it():
    """Input 20 across sheets."""
    heads = (*HEADS, ID)
    intake = take([sheet_of([heads, (*BASE, GOOD)]), sheet_of([heads, (*BASE, GOOD)], name="续表")])

    assert state(intake) == ["clean", "held"]
    assert said(intake) == [
        "工作表「续表」第 2 行「姓名」（格 B2）：读到「示例甲」。与工作表「名单」第 2 行同一人。只留一行。"
    ]


def test_every_row_that_is_no_person_is_listed_with_its_words():
    """Input 44: title, merged two-level head, blank rows, gaps, a repeated head, 合计, notes."""
    heads = ("序号", "姓名", "类别", "慰问金额（元）", "家庭主要成员", None)
    data = workbooks.xlsx(
        [
            ("示例县2020年元旦春节慰问花名册",),
            ("填报单位（盖章）：示例镇", None, None, "单位：元"),
            heads,
            (None, None, None, None, "姓名", "关系"),
            (1, "示例甲", "生活困难群众", 500, "示例子", "儿子"),
            (None, None, None, None, "示例丑", "女儿"),
            (),
            heads,
            (5, "示例乙", "生活困难群众", 500),
            (6,),
            ("合计", "2人", None, 1000),
            ("注：本表一式两份。",),
            ("填表人：示例丙", None, "联系电话：0000"),
        ],
        merge=("A1:F1", "A3:A4", "B3:B4", "C3:C4", "D3:D4", "E3:F3", "A12:F12"),
    )

    intake = file(data)

    assert intake.rows.select("row", "name", "unit_id", "requested_fen").rows() == [
        (5, "示例甲", "u1", 50000),
        (9, "示例乙", "u1", 50000),
    ]
    assert intake.relatives.select("row", "name", "relation").rows() == [(5, "示例子", "child"), (5, "示例丑", "child")]
    assert [(row.row, row.kind.label, row.text) for row in intake.skipped] == [
        (1, "表外文字", "示例县2020年元旦春节慰问花名册"),
        (2, "表外文字", "填报单位（盖章）：示例镇　单位：元"),
        (8, "重复的表头", "序号　姓名　类别　慰问金额（元）　家庭主要成员"),
        (10, "没有填写的行", "6"),
        (11, "合计行", "合计　2人　1000"),
        (12, "表外文字", "注：本表一式两份。"),
        (13, "表外文字", "填表人：示例丙　联系电话：0000"),
    ]
    assert said(intake) == []


def test_a_total_that_is_wrong_is_said():
    """Input 44."""
    intake = rows(
        (*BASE, 500.0), (*BASE[:1], "示例乙", BASE[2], 500.0), ("合计", "3人", None, 900.0), heads=(*HEADS, MONEY)
    )

    assert said(intake) == [
        "工作表「名单」第 4 行「慰问金额」（格 D4）：读到「900」。以上各行相加是 1000 元，与合计不符。请核对各行金额和合计。",
        "工作表「名单」第 4 行「姓名」（格 B4）：读到「3人」。以上共有 2 人，与合计不符。请核对人数。",
    ]


def test_a_part_total_counts_since_the_last_one():
    intake = rows(
        (*BASE, 500.0),
        ("小计", None, None, 500.0),
        (*BASE[:1], "示例乙", BASE[2], 300.0),
        ("小计", None, None, 300.0),
        ("合计", None, None, 800.0),
        heads=(*HEADS, MONEY),
    )

    assert said(intake) == []


def test_a_unit_is_filled_down_only_inside_its_merge():
    """Input 45."""
    people = [("示例镇", "示例甲", BASE[2]), (None, "示例乙", BASE[2]), (None, "示例丙", BASE[2])]

    intake = file(workbooks.xlsx([HEADS, *people], merge=("A2:A3",)))

    assert intake.rows["unit_id"].to_list() == ["u1", "u1", None]
    assert said(intake) == ["工作表「名单」第 4 行「单位」（格 A4）：没有写单位。请填写名录中的单位名称。"]


@pytest.mark.parametrize(
    ("xml", "words"),
    [
        ('<c r="D2" t="e"><v>#N/A</v></c>', "读到「#N/A」。单元格是错误值。请改正公式或直接填写。"),
        (
            '<c r="D2"><f>1+1</f></c>',
            "读到「公式」。单元格的公式没有计算结果。请在 Excel 或 WPS 中打开，另存一次。",
        ),
        (
            '<c r="D2"><v>1</v></c><c r="D2"><v>2</v></c>',
            "读到「重复」。这一格在文件里出现了两次。请在 Excel 或 WPS 中打开，核对后另存一次。",
        ),
    ],
)
def test_a_cell_without_a_value_holds_the_row(xml, words):
    """Input 46."""
    data = workbooks.cell_xml(workbooks.xlsx([(*HEADS, MONEY), (*BASE, 500)]), "D2", xml)

    intake = file(data)

    assert said(intake) == [f"工作表「名单」第 2 行「慰问金额」（格 D2）：{words}"]
    assert state(intake) == ["held"]
    assert first(intake, "requested_fen") is None


@pytest.mark.parametrize("name", ["示例　甲", "示例\n甲", "示例·甲", "示例•甲", "示例・甲"])
def test_a_name_is_kept_as_written_and_compared_by_its_key(name):
    """Input 47."""
    intake = rows(("示例镇", name, BASE[2]))

    assert first(intake, "name") == name
    assert state(intake) == ["clean"]


def test_a_name_that_is_a_number_is_held():
    intake = rows(("示例镇", 12.0, BASE[2]))

    assert said(intake) == ["工作表「名单」第 2 行「姓名」（格 B2）：读到「12」。姓名不是文字。请填写姓名。"]


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"<html><table/></html>", "示例.xls", "这不是 xlsx，而是网页表格。请在 Excel 或 WPS 中另存为 xlsx。"),
        (b"", "示例.xlsx", "文件是空的。请重新选择文件。"),
        (b"a,b\n", "示例.xlsx", "这是文本文件（如 CSV），不是 xlsx。请在 Excel 或 WPS 中打开，核对后另存为 xlsx。"),
        (b"PK\x03\x04", "示例.xlsx", "这不是 xlsx 文件，或文件不完整。请在 Excel 或 WPS 中另存为 xlsx。"),
    ],
)
def test_what_is_no_workbook_is_one_sentence(data, name, words):
    """Input 51; more kinds in test_sheets.py."""
    with pytest.raises(UnreadableWorkbook) as caught:
        read_workbook(data, name=name)

    assert str(caught.value) == f"文件 {name}：{words}"


@pytest.mark.parametrize(
    ("people", "sentence"),
    [
        ([("说明",)], "没有找到名单。表头里要有“姓名”一列，每人填写一行。"),
        ([HEADS], "工作表「名单」：表头下面没有人员。每人填写一行。"),
    ],
)
def test_a_file_without_people_stops(people, sentence):
    """Input 51: empty, no rows."""
    intake = take([sheet_of(people)])

    assert [issue.problem.sentence() for issue in intake.problems] == [sentence]
    assert not intake.complete


def test_the_table_of_another_year_is_asked_about():
    """Input 51: wrong template year."""
    intake = take([sheet_of([("示例县2019年慰问花名册",), HEADS, BASE])])

    assert [issue.problem.sentence() for issue in intake.issues] == [
        "工作表「名单」：标题写的是 2019 年，本轮是 2020 年。请核对是否拿错了表。"
    ]


def hide(book):
    sheet = book.active
    sheet.row_dimensions[3].hidden = True
    sheet.column_dimensions["D"].hidden = True
    sheet.auto_filter.ref = "A1:D3"
    sheet.auto_filter.add_filter_column(0, ["示例镇"])
    old = book.create_sheet("旧表")
    old.append(HEADS)
    old.append(BASE)
    old.sheet_state = "hidden"


def test_what_is_hidden_is_counted_and_asked_about_not_read():
    """Input 52."""
    heads = (*HEADS, MONEY)
    data = workbooks.xlsx([heads, (*BASE, 500), ("示例镇", "示例乙", BASE[2], 500)], then=hide)

    intake = file(data)

    assert intake.rows.select("name", "requested_fen").rows() == [("示例甲", None)]
    assert [issue.problem.sentence() for issue in intake.issues] == [
        "工作表「名单」：有筛选，有 1 行被隐藏（第 3 行），没有读入。要读的请取消隐藏和筛选后重新导入。",
        "工作表「名单」：有 1 列被隐藏（慰问金额），没有读入。要读的请取消隐藏后重新导入。",
        "工作表「旧表」：这个工作表是隐藏的，有 2 行，没有读入。要读的请取消隐藏后重新导入。",
    ]
    assert [(row.sheet, row.row, row.kind.value, row.rows) for row in intake.skipped] == [
        ("名单", 3, "hidden", 1),
        ("旧表", 0, "hidden_sheet", 2),
    ]
    assert file(data, include_hidden=True).rows["requested_fen"].to_list() == [50000, 50000]


def test_a_sheet_that_reaches_too_far_is_refused_with_its_numbers():
    """Input 53."""

    def far(book):
        book.active.cell(20_001, 3).value = "x"

    with pytest.raises(UnreadableWorkbook) as caught:
        read_workbook(workbooks.xlsx([HEADS, BASE], then=far), name="示例.xlsx")

    assert str(caught.value) == (
        "文件 示例.xlsx：工作表「名单」有 20001 行 3 列，超出能读的范围（20000 行 200 列）。清除数据以外的空白格式后另存。"
    )


def test_styled_but_empty_cells_do_not_count():
    def styled(book):
        for row in (30_000, 40_000):
            book.active.cell(row, 2).font = openpyxl.styles.Font(bold=True)

    assert state(file(workbooks.xlsx([HEADS, BASE], then=styled))) == ["clean"]


def test_every_input_of_the_catalogue_has_a_test():
    numbered = {row[0] for row in INPUTS}
    elsewhere = {18, 19, 20, 21, 22, 44, 45, 46, 51, 52, 53}
    of_the_ledger = {23}  # another unit, an earlier round: the caller compares with the ledger

    assert numbered | elsewhere | of_the_ledger == set(range(1, 54))
