"""The forms of 日常关怀 the printing tests look at; all people clearly fictional."""

from __future__ import annotations

from datetime import date

import printed

from casework.lists import ListState
from casework.lists.care_forms import (
    appointment_register,
    birthdays,
    fifty_years,
    fifty_years_at,
    line_of_duty_family,
    pairing_register,
    political_birthday,
    talk_record,
    visit_record,
)
from casework.lists.listing import listing

UNIT = "示例镇"
RARE_NAME = f"示例{printed.RARE}"
LONG = "示例情况较长，" * 12
HOSTILE = "<b>示例</b> {{x}} =1+1 file:///etc/passwd \u202e"
ON = date(2026, 7, 1)


def names(count):
    """Fictional names, among them the longest and the one of rare characters."""
    return [(printed.LONG_NAME, RARE_NAME)[n - 1] if n in (1, 2) else f"示例{n}号" for n in range(count)]


def asked_for(count=6, **more):
    rows = [
        {
            "member": name,
            "branch": f"示例村第{n % 5 + 1}党支部",
            "leader": "示例书记",
            "position": "示例镇党委书记",
            "channel": ("当面", "电话", "书面")[n % 3],
            "received_on": date(2026, 3, 2 + n % 20),
            "arranged_on": date(2026, 3, 2 + n % 20 + (8 if n == 3 else 3)),
            "talked_on": date(2026, 3, 6 + n % 20) if n % 4 else None,
            "wishes": "示例：反映支部活动场所问题",
            "outcome": "示例：已答复" if n % 4 else None,
            "remarks": "外出学习" if n == 3 else None,
            **more,
        }
        for n, name in enumerate(names(count))
    ]
    return appointment_register(printed.policy(), rows, unit=UNIT)


def talk(**more):
    return {
        "talker": "示例书记",
        "talker_position": "示例村党支部书记",
        "member": "示例甲",
        "branch": "示例村党支部",
        "on": date(2026, 3, 6),
        "place": "示例村党员活动室",
        "form": "一对一",
        "occasion": "年度谈话",
        "content": "示例：谈近一年的思想、工作和生活情况。",
        "difficulties": "示例：家中老人无人照料。",
        "opinions": "示例：希望支部多组织学习。",
        "outcome": "示例：已联系村医定期上门。",
        **more,
    }


def talked(*records):
    return talk_record(printed.policy(), records or (talk(),))


def called_on(count=6, **more):
    rows = [
        {
            "unit": UNIT,
            "name": name,
            "category": "慰问生活困难党员",
            "on": date(2026, 1, 2 + n % 25),
            "place": "家中",
            "mode": "面对面",
            "visitors": "示例书记（乡镇党委书记）、示例委员（乡镇党委委员）",
            "note": "示例：生活正常",
            "opinions": "无",
            "handed": "已当面发放" if n % 2 else None,
            "follow_ups": "示例：屋顶漏雨（2026年1月20日办结：已维修）" if n % 3 == 0 else None,
            **more,
        }
        for n, name in enumerate(names(count))
    ]
    return visit_record(printed.policy(), rows, unit=UNIT)


def paired(count=8, **more):
    rows = [
        {
            "helper": name if n % 2 else "示例机关第一党支部",
            "helper_position": "示例局一级主任科员",
            "helped": f"示例{n}甲",
            "branch": f"示例村第{n % 5 + 1}党支部",
            "situation": "示例：缺少劳动力",
            "kind": "党员与困难党员" if n % 2 else "党组织与困难党员",
            "since": date(2026, 1, 10),
            "measures": "" if n == 4 else "示例：联系务工岗位，每季度走访一次",
            "visited": "示例：走访 1 次",
            "until": date(2026, 6, 30) if n == 5 else None,
            **more,
        }
        for n, name in enumerate(names(count))
    ]
    return pairing_register(printed.policy(), rows, unit=UNIT)


def household(members=4, grants=2, visits=2, **more):
    relations = ("父", "母", "配偶", "子女")
    return {
        "name": "示例烈",
        "sex": "男",
        "unit": "示例县公安局示例派出所",
        "position": "副所长",
        "died_on": date(2019, 5, 6),
        "kind": "因公牺牲",
        "assessed": "烈士（示例：2019年11月评定）",
        "address": "示例县示例镇示例村1组",
        "contact": "示例委员",
        "contact_position": "示例局机关党委委员",
        "contact_phone": "13900000001",
        "opened_on": date(2019, 6, 1),
        "members": [
            {
                "name": (printed.LONG_NAME, RARE_NAME)[n - 1] if n in (1, 2) else f"示例家人{n}",
                "relation": relations[min(n, 3)],
                "born_on": date(1950 + 8 * min(n, 6), 3, 1),
                "income": "退休金" if n < 2 else "工资",
                "pension": "城乡居民养老保险",
                "medical": "职工医保",
                "school": "小学三年级" if n > 2 else None,
                "work": "示例县第二小学" if n == 2 else None,
            }
            for n in range(members)
        ],
        "grants": [
            {"year": 2024 + n, "child": "示例家人3", "amount_fen": 120_000, "on": date(2024 + n, 6, 25)}
            for n in range(grants)
        ],
        "visits": [
            {"on": date(2026, 1 + n % 12, 20), "by": "示例委员", "said": "示例：联系入学，已办结"}
            for n in range(visits)
        ],
        **more,
    }


def families(*records):
    return line_of_duty_family(printed.policy(), records or (household(),))


def members(count=14):
    return [
        {
            "unit": printed.unit_names()[n // 4 % 12],
            "branch": f"示例村第{n % 5 + 1}党支部",
            "name": name,
            "sex": "女" if n % 3 else "男",
            "born_on": date(1940 + n % 12, 1 + n % 12, 1),
            "joined_on": None if n == 5 else date(1965 + n % 11, 7, 1 + n % 28),
            "full_on": None if n in (5, 6) else date(1966 + n % 11, 7, 1 + n % 28),
        }
        for n, name in enumerate(names(count))
    ]


def celebrated(count=14, month=7):
    found = birthdays(members(count), year=2026, month=month)
    return political_birthday(printed.policy(), found, year=2026, month=month, unit=UNIT)


def fifty(count=14, state=ListState.OFFICIAL):
    found = fifty_years_at(members(count), on=ON)
    return fifty_years(printed.policy(), found, on=ON, unit=UNIT, state=state)


def empty(form):
    """As `--blank` makes it."""
    return listing(printed.policy(), form, [], state=ListState.OFFICIAL, unit=UNIT, nobody="").blank()


PAPERS = {
    "appointment_register": asked_for,
    "talk_record": talked,
    "visit_record": called_on,
    "pairing_register": paired,
    "line_of_duty_family": families,
    "political_birthday": celebrated,
    "fifty_years": fifty,
}
"""Form → a sample of it."""

MORE = {
    **{f"{form}_blank": lambda form=form: empty(form) for form in PAPERS},
    "appointment_register_one": lambda: asked_for(1),
    "appointment_register_long": lambda: asked_for(24),
    "appointment_register_hard": lambda: asked_for(3, wishes=LONG, outcome=HOSTILE),
    "talk_record_hard": lambda: talked(
        talk(member=printed.LONG_NAME, form="集体", occasion="无故不参加组织生活", content=LONG * 6, outcome=LONG * 3),
        talk(member=RARE_NAME, talker=printed.LONG_NAME, content=HOSTILE),
    ),
    "visit_record_one": lambda: called_on(1),
    "visit_record_long": lambda: called_on(24),
    "visit_record_hard": lambda: called_on(3, note=LONG, opinions=HOSTILE),
    "pairing_register_one": lambda: paired(1),
    "pairing_register_long": lambda: paired(24),
    "pairing_register_hard": lambda: paired(3, measures=LONG, situation=HOSTILE),
    "line_of_duty_family_hard": lambda: families(
        household(14, 9, 12, assessed=LONG, address="示例自治区示例市示例区示例街道" * 2),
        household(0, 0, 0, name=RARE_NAME, contact=printed.LONG_NAME),
    ),
    "political_birthday_one": lambda: celebrated(1),
    "political_birthday_long": lambda: celebrated(40, None),
    "fifty_years_one": lambda: fifty(1, ListState.DRAFT),
    "fifty_years_long": lambda: fifty(60),
}
"""Other samples of the same forms: empty, one row, more than a page, the hardest contents."""
