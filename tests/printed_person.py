"""The forms about one person the printing tests look at; all people clearly fictional."""

from __future__ import annotations

import dataclasses
from datetime import date

import printed

from casework.lists import (
    Applicant,
    Basis,
    Ground,
    ListState,
    Opinion,
    Relative,
    application,
    approval,
    basis_statement,
    collection_consent,
    registration,
)

OFFICIAL = ListState.OFFICIAL
RARE_NAME = f"示例{printed.RARE}"
CARD = "6217000000000000000"
BOXES = ("党支部初审意见", "上级党组织复审意见", "工委组织部意见", "工委会议审批意见")
EMPTY = tuple(Opinion(label) for label in BOXES)
SAID = (
    Opinion(
        BOXES[0], "示例局机关党支部：同意。公示时间：2018年11月20日至2018年11月27日。", "示例书记", date(2018, 11, 19)
    ),
    Opinion(BOXES[1], "示例局机关党委：同意。", "", date(2018, 11, 29)),
    *EMPTY[2:],
)
ONE = Applicant(
    name="示例甲",
    sex="男",
    ethnicity="蒙古族",
    born_on=date(1979, 8, 9),
    joined_on=date(2006, 7, 1),
    started_on=date(2001, 9, 1),
    unit="示例区农牧技术推广中心",
    branch="示例局机关党支部",
    position="一级主任科员",
    address="示例区新安街和平路1号院2号楼301室",
    phone="13900000001",
    card=CARD,
    holder="示例乙",
    relation="配偶",
    consent_on=date(2022, 12, 20),
    monthly_pay_fen=560_000,
    housing="72",
    family_income_fen=11_760_000,
    size=5,
    dibao=False,
    category="一次性困难救助",
    causes="示例情况：本人2024年3月遭遇重大意外事故，自付费用较高；父母年迈，无退休金；长子就读高中。现有外债约12万元，维持基本生活存在困难。",
    conditions="办法 二、1（2）本人或家庭成员因遭遇重大意外事故等情况造成生活困难的党员",
    aid="示例市民政局　民政救助　已获得　2018年5月3日　1000元",
    papers="示例证明（原件已核，复印件已留）；缴费凭证（原件已核，复印件已留）",
    requested_fen=500_000,
    relatives=(
        Relative("示例丙", "父母", 71, "示例县示例镇", "务农", 0),
        Relative("示例乙", "配偶", 44, "示例县第二小学", "在职", 5_040_000),
        Relative("示例丁", "子女", 17, "示例县第一中学", "学生", None),
    ),
    opinions=SAID,
)
MANY = tuple(
    Relative(
        printed.LONG_NAME if n == 3 else RARE_NAME if n == 4 else f"示例家人{n}",
        "祖父母或外祖父母" if n == 0 else "子女",
        90 - n,
        "示例市示例区第三中学示例分校" if n % 3 else "",
        "学生",
        (1, printed.MOST_FEN)[n % 2] if n in (1, 2) else 1_200_000,
    )
    for n in range(10)
)
HARD = dataclasses.replace(
    ONE,
    name=printed.LONG_NAME,
    ethnicity="维吾尔族",
    position="示例职务" * 8,
    address="示例自治区示例市示例区示例街道示例社区" * 2,
    monthly_pay_fen=1,
    family_income_fen=printed.MOST_FEN,
    requested_fen=1,
    decided_fen=printed.MOST_FEN,
    causes="示例情况较长，" * 60,
    relatives=MANY,
    opinions=tuple(dataclasses.replace(one, words="示例意见较长，" * 18) for one in SAID),
)
RARE = dataclasses.replace(
    ONE, name=RARE_NAME, holder=RARE_NAME, relatives=(), causes="<b>示例</b> {{x}} =1+1 file:///etc/passwd \u202e"
)
BLANK = Applicant(opinions=EMPTY)


def jiaozuo():
    return printed.policy("jiaozuo-2018")


def inner_mongolia():
    return printed.policy("neimenggu-2022")


def registered(*people, **more):
    return registration(inner_mongolia(), people or (ONE,), state=more.pop("state", OFFICIAL), **more)


def approved(*people):
    return approval(jiaozuo(), people or (ONE,), state=OFFICIAL)


def applied(*people):
    return application(jiaozuo(), people or (ONE,), state=OFFICIAL)


def consented(*people, **more):
    return collection_consent(inner_mongolia(), people or (ONE,), state=more.pop("state", OFFICIAL), **more)


GROUNDS = (
    Ground(
        "条款",
        "二、1（2）",
        "本人或家庭成员（直系亲属）因遭遇重大自然灾害、重大意外事故、重大疾病等情况造成生活困难的党员",
        "困难成因：本人重大意外事故",
        "符合",
    ),
    Ground("条款", "二、1（1）", "符合享受城乡最低生活保障条件的党员", "是否低保：否", "不符合"),
    Ground("材料", "四、1", "示例证明", "示例县公安局（县级）：原件已核，复印件已留", "已收到"),
    Ground("认定", "二、1", "确实需要救助", "示例局机关党支部，2018年11月19日", "有"),
)
WHY = Basis("示例甲", "示例局", "示例局机关党支部", "一次性困难救助", "符合条件", GROUNDS)


def grounded(*people):
    return basis_statement(jiaozuo(), people or (WHY,), state=OFFICIAL)


SAMPLES = {
    "registration": registered,
    "registration_blank": lambda: registered(BLANK),
    "registration_masked": lambda: registered(
        dataclasses.replace(ONE, card="****0000", holder="", phone="139****0001", address="****"),
        state=ListState.DRAFT,
        masked=True,
    ),
    "registration_hard": lambda: registered(HARD, RARE),
    "approval": approved,
    "approval_blank": lambda: approved(BLANK),
    "approval_hard": lambda: approved(HARD, RARE),
    "application": applied,
    "application_blank": lambda: applied(BLANK),
    "application_hard": lambda: applied(HARD, RARE),
    "collection_consent": consented,
    "collection_consent_blank": lambda: consented(BLANK),
    "collection_consent_hard": lambda: consented(HARD, RARE),
    "basis_statement": grounded,
    "basis_statement_blank": lambda: grounded(Basis()),
    "basis_statement_hard": lambda: grounded(
        dataclasses.replace(WHY, name=RARE_NAME, grounds=GROUNDS * 8), dataclasses.replace(WHY, name=printed.LONG_NAME)
    ),
}
PAPERS = {
    name: SAMPLES[name] for name in ("registration", "approval", "application", "collection_consent", "basis_statement")
}
"""One sample of each form."""
