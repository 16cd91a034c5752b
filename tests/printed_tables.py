"""The table forms the printing tests look at, made of records; all people clearly fictional."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import printed

from casework.dates import SHANGHAI
from casework.lists import (
    Due,
    Filed,
    ListState,
    archive_catalogue,
    filing,
    fund_statement,
    goods_sheet,
    information_base,
    ledger_book,
    person_return,
    submission,
    transfer_list,
    unit_list,
)
from casework.people.deadlines import DEADLINES

UNIT = "示例局机关党委"
RARE_NAME = f"示例{printed.RARE}"
CARD = "6222021234567890128"
MASKED_CARD = "**** **** 0128"
KINDS = ("本人重大疾病", "家人重大疾病", "重大自然灾害", "其他")
LONG = "示例情况较长，长期需要照料，自付费用较高，" * 3


def person(n, **more):
    """One person as the readers give him; every column any list asks for."""
    return {
        "person_id": f"p{n}",
        "unit": UNIT if n % 2 else "示例厅机关党委",
        "unit_name": UNIT if n % 2 else "示例厅机关党委",
        "name": f"示例{printed.RARE[n % len(printed.RARE)]}{'甲乙丙丁戊己庚'[n % 7]}",
        "sex": "女" if n % 3 else "男",
        "ethnicity": "汉族" if n % 2 else "蒙古族",
        "born": date(1950 + n % 40, 1 + n % 12, 1),
        "started": date(1970 + n % 40, 7, 1),
        "joined": date(1980 + n % 30, 7, 1),
        "branch": f"示例第{n % 5 + 1}党支部",
        "position": "一级主任科员" if n % 2 else "退休",
        "category": "困难党员",
        "brief": f"{KINDS[n % 4]}：示例情况，自付费用较高",
        "kind": KINDS[n % 4],
        "size": 3,
        "income": 3_600_000 + n * 100_000,
        "per_head": 1_200_000 + n * 33_333,
        "dibao": "是" if n % 4 == 0 else "否",
        "since": date(2017, 12, 1),
        "aid": "2017年慰问500元；2018年救助2000元" if n % 2 else None,
        "checked": date(2018, 12, 5),
        "meeting_on": date(2018, 12, 3),
        "reviewed_on": date(2018, 12, 3),
        "notice": "期满无异议",
        "phone": "139****0001",
        "card": MASKED_CARD,
        "outcome": "继续在册" if n % 3 else "情况有变",
        "standing": "继续在册",
        "members": members(n % 4),
        "new": False,
        **more,
    }


def members(count):
    told = (("配偶", "务农"), ("子女", "在读"), ("父母", None), ("子女", "待业"), ("父母", "退休"))
    return [
        {
            "member_name": f"示例亲{'一二三四五六七八九十'[n % 10]}",
            "member_relation": told[n % 5][0],
            "member_work": told[n % 5][1],
            "member_income": None if n % 3 == 2 else 1_200_000,
        }
        for n in range(count)
    ]


def people(count, **more):
    return [person(n, **more) for n in range(count)]


def hard(count=6):
    """The longest names, the rarest signs, the smallest and the largest amount, no household and ten relatives."""
    rows = people(count)
    rows[0] |= {"name": printed.LONG_NAME, "brief": LONG, "income": printed.MOST_FEN, "per_head": 1, "members": []}
    rows[1] |= {"name": RARE_NAME, "income": 1, "per_head": printed.MOST_FEN, "members": members(10)}
    rows[2] |= {"name": "<b>示例</b>", "brief": "=1+1 {{x}}", "position": "示例" * 8, "aid": LONG}
    rows[3] |= {"born": None, "joined": None, "income": None, "per_head": None, "outcome": None, "kind": None}
    return rows


def jiaozuo():
    return printed.policy("jiaozuo-2018")


def neimenggu():
    return printed.policy("neimenggu-2022")


def returned(rows=None, *, opened=False, **more):
    rows = people(26) if rows is None else rows
    card = f"{CARD} 示例持卡人" if opened else MASKED_CARD
    return person_return(neimenggu(), [{**row, "card": card} for row in rows], opened=opened, unit=UNIT, **more)


def book(rows=None, policy=None):
    """Under a circular that names no columns: A4, the form's own."""
    return ledger_book(policy or neimenggu(), people(9) if rows is None else rows, unit=UNIT, on=date(2018, 12, 5))


def filed(rows=None, which=Filed.ALL, policy=None, **more):
    rows = people(22) if rows is None else rows
    return filing(policy or neimenggu(), which, rows, year=2018, unit=more.pop("unit", UNIT), **more)


def goods(count=3, unit=UNIT):
    given = ("大米一袋、食用油2桶", "棉被一床", "慰问品")
    due = [
        Due(row["name"], row["unit"], row["branch"], "生活困难党员", "", None, given[n % 3])
        for n, row in enumerate(people(count))
    ]
    if count > 2:
        due[0] = Due(printed.LONG_NAME, UNIT, "示例支部", "生活困难党员", "", None, given[0])
        due[1] = Due(RARE_NAME, UNIT, "示例支部", "生活困难党员", "", None, given[1])
    return goods_sheet(printed.policy(), due, state=ListState.OFFICIAL, unit=unit)


def moved(count=3):
    fens = (200_000, 1, printed.MOST_FEN)
    rows = [
        {
            "unit": printed.unit_names()[n % 12],
            "fund": "留存党费",
            "purpose": "慰问生活困难党员及老党员、老干部、老骨干",
            "deed": "拨付",
            "on": date(2020, 1, 20),
            "document": f"示例拨付单{n + 1}号",
            "people": 4,
            "amount": fens[n] if n < 3 else 50_000,
        }
        for n in range(count)
    ]
    if count > 1:
        back = {"deed": "退回", "document": "示例退回单", "people": None, "amount": -50_000}
        rows.append({**rows[0], **back})
    remarks = ["示例镇还有 2 人、1000 元没有拨付。"] if count > 1 else []
    return transfer_list(printed.policy(), rows, unit="示例县委组织部", remarks=remarks)


def flow(account, purpose, balance, **moved):
    zero = dict.fromkeys(("received", "handed", "returned", "transferred", "paid", "spent", "left"), 0)
    return {
        "account_id": account,
        "account": account,
        "fund": "留存党费",
        "purpose": purpose,
        **zero,
        "balance": balance,
        "statement": balance,
        "difference": 0,
        "on": date(2020, 2, 10),
        "remarks": None,
        **moved,
    }


def statement(count=3, remarks=()):
    most = printed.MOST_FEN
    rows = [
        flow("本级资金", "不分用途", most - 400_001, received=most, left=most),
        flow("本级资金", "慰问生活困难群众", most - 400_001, transferred=400_001, left=-400_001),
    ][:count]
    for n in range(max(0, count - 2)):
        name = f"{printed.unit_names()[n % 12]}待发资金"
        rows.append(flow(name, "慰问生活困难群众", 1, handed=400_001, paid=400_000, left=1))
    return fund_statement(printed.policy(), rows, unit="示例县委组织部", remarks=remarks)


def handed(units=3):
    due = datetime(2020, 1, 15, 17, 0, tzinfo=SHANGHAI)
    later = datetime(2020, 2, 14, 23, 59, tzinfo=SHANGHAI)
    rows = []
    for n in range(units):
        for clause, at, items in (
            ("JS-6.1", due, ("花名册", "签字", "公章", "扫描件", "电子版")),
            ("JS-6.5", later, ("州、县领导慰问对象花名册",)),
        ):
            for place, item in enumerate(items):
                came = [at - timedelta(hours=2), at + timedelta(minutes=1), at + timedelta(days=3), None][
                    (n + place) % 4
                ]
                state = "missing" if came is None else "in" if came <= at else "late"
                rows.append(
                    {
                        "unit_id": f"u{n}",
                        "unit": printed.unit_names()[n % 12] + ("" if n < 12 else str(n)),
                        "clause_id": clause,
                        "receiver": "县委组织部",
                        "due_at": at,
                        "item": item,
                        "state": "overdue" if state == "missing" and clause == "JS-6.1" else state,
                        "received_at": came,
                        "versions": 1,
                        "late_minutes": None if came is None else max(0, int((came - at).total_seconds() // 60)),
                    }
                )
    grid = pl.DataFrame(rows, schema=DEADLINES, orient="row")
    return submission(printed.policy(), grid, now=datetime(2020, 1, 20, 1, 0, tzinfo=UTC), unit="示例县委组织部")


def own_list(rows=None, state=ListState.OFFICIAL):
    rows = people(6) if rows is None else rows
    told = [
        {**row, "by": "上级慰问" if n < 2 else "本单位慰问", "amount": 200_000 if n < 2 else None}
        for n, row in enumerate(rows)
    ]
    return unit_list(neimenggu(), told, unit=UNIT, state=state, remarks=["另有 1 人不符合条件或材料未齐，未列入。"])


def register(rows=None):
    return information_base(jiaozuo(), people(14) if rows is None else rows, unit=UNIT, on=date(2018, 12, 31))


def kept(count=26):
    kinds = (
        ("印发名单", "慰问对象花名册（正式印发）", 4),
        ("会议", "示例党委集体研究记录", None),
        ("扫描件", "签收回执扫描件", 12),
    )
    rows = [
        {
            "group": kinds[n % 3][0],
            "title": kinds[n % 3][1],
            "on": date(2020, 1, 1 + n % 28),
            "pieces": 1 + n % 3,
            "pages": kinds[n % 3][2],
            "remarks": "PDF" if n % 3 == 0 else None,
        }
        for n in range(count)
    ]
    return archive_catalogue(printed.policy(), rows, unit="示例县委组织部")


PAPERS = {
    "person_return": returned,
    "ledger": book,
    "filing": filed,
    "goods_sheet": goods,
    "transfer_list": moved,
    "fund_statement": statement,
    "submission": handed,
    "unit_list": own_list,
    "information_base": register,
    "archive_catalogue": kept,
}
"""Form → a sample of it."""

MORE = {
    "person_return_blank": lambda: returned([]).blank(),
    "person_return_one": lambda: returned([person(1)], opened=True),
    "person_return_hard": lambda: returned(hard()),
    "ledger_blank": lambda: book([]).blank(),
    "ledger_one": lambda: book([person(3)]),
    "ledger_hard": lambda: book(hard(8)),
    "ledger_wide": lambda: book(hard(7), jiaozuo()),
    "filing_blank": lambda: filed([]).blank(),
    "filing_one": lambda: filed([person(1)], Filed.NEW),
    "filing_hard": lambda: filed(hard()),
    "filing_existing": lambda: filed(
        people(5), Filed.EXISTING, jiaozuo(), unit="", units=(UNIT, "示例厅机关党委", "示例院机关党委")
    ),
    "goods_sheet_blank": lambda: goods().blank(),
    "goods_sheet_one": lambda: goods(1),
    "goods_sheet_long": lambda: goods(30, ""),
    "transfer_list_blank": lambda: moved().blank(),
    "transfer_list_one": lambda: moved(1),
    "transfer_list_long": lambda: moved(24),
    "fund_statement_blank": lambda: statement().blank(),
    "fund_statement_one": lambda: statement(1, ["本级资金还没有与银行对账。"]),
    "fund_statement_long": lambda: statement(16),
    "submission_blank": lambda: handed().blank(),
    "submission_one": lambda: handed(1),
    "submission_long": lambda: handed(20),
    "unit_list_blank": lambda: own_list().blank(),
    "unit_list_one": lambda: own_list([person(1)], ListState.DRAFT),
    "unit_list_hard": lambda: own_list(hard()),
    "unit_list_long": lambda: own_list(people(24)),
    "information_base_blank": lambda: register([]).blank(),
    "information_base_one": lambda: register([person(1)]),
    "information_base_hard": lambda: register(hard()),
    "information_base_long": lambda: register(people(40)),
    "archive_catalogue_blank": lambda: kept().blank(),
    "archive_catalogue_one": lambda: kept(1),
    "archive_catalogue_long": lambda: kept(60),
}
"""Other samples of the same forms: empty, one row, more than a page, the hardest contents."""
