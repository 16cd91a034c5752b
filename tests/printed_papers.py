"""The papers of a round's life the printing tests look at, made of frames; all people clearly fictional."""

from __future__ import annotations

from datetime import date

import polars as pl
import printed

from casework.frames import EXCEPTIONS, conform
from casework.lists import (
    Due,
    ListState,
    Minutes,
    Posting,
    activity_report,
    bank_payment,
    change_list,
    completion_request,
    exception_list,
    inspection,
    leader_roster,
    meeting_list,
    meeting_minutes,
    notice_result,
    pay_sheet,
    public_entries,
    public_notice,
    receipts,
    review_feedback,
    visit_plan,
)

DAY = date(2020, 1, 30)
TOWN = "业州镇"
RARE_NAME = f"示例{printed.RARE}"
LONG = "示例情况较长，" * 12
POSTED = Posting(
    "示例党委",
    ("党员群众推荐", "支部大会研究", "党委研究审定"),
    date(2020, 1, 12),
    date(2020, 1, 20),
    "示例村党支部全体党员",
    "公开栏张贴",
)
CARD = "6222020000000000000"


def material():
    notes = ("本名单 12 人，金额 7800 元；名额未用 347 个。", "候补 2 人。")
    return meeting_list(printed.policy(), printed.facts(12), awards=printed.awards(12), notes=notes)


def minutes():
    said = Minutes(
        body="示例党委会",
        held_on=date(2020, 1, 11),
        invited=9,
        present=8,
        agreed=8,
        quorum="三分之二以上",
        recusals=(("示例委员", "与对象有亲属关系"),),
        basis="示例会议记录 5 号",
    )
    results = {
        "c001": {"result": "refused", "reason": "示例理由"},
        "c002": {"result": "changed_amount", "reason": "示例理由", "amount_fen": 30_000},
        "c003": {"result": "deferred", "reason": "示例理由"},
    }
    state = ListState.OFFICIAL
    return meeting_minutes(
        printed.policy(), printed.facts(8), said, awards=printed.awards(8), results=results, state=state
    )


def exceptions(rows=2):
    told = [
        {"clause_id": "JS-2.1.4", "cell": "u00|frontline", "extra": 1, "reason": LONG, "decider": "示例党委会"},
        {"clause_id": None, "cell": "u01|hardship", "reason": "示例说明", "decider": "示例党委会"},
    ][:rows]
    units = {"u00": TOWN, "u01": "长梁镇"}
    return exception_list(printed.policy(), exceptions=conform(told, EXCEPTIONS), units=units, state=ListState.MEETING)


def notice():
    policy = printed.policy()
    entries = public_entries(policy, printed.facts(12), awards=printed.awards(12))[:6]
    return public_notice(policy, entries, POSTED, columns=("name", "branch", "category"), state=ListState.OFFICIAL)


def result(objections=3):
    counts = {"people": 6, "objections": objections, "received": 1, "not_upheld": 2}
    return notice_result(printed.policy(), counts, POSTED, state=ListState.OFFICIAL)


def missing():
    def lack(case, name, lacking, words):
        return {"case_id": case, "name": name, "cite": "三、2", "words": words, "lacking": lacking}

    rows = [
        lack("c1", "示例甲", "尚未登记：缴费凭证", "提供县级以上医院证明和缴费凭证"),
        lack("c1", "示例甲", "尚未登记：家庭年收入", "家庭年收入按上年度核定"),
        lack("c2", RARE_NAME, "尚未登记：低保证明", LONG),
    ]
    return completion_request(printed.policy("jiaozuo-2018"), pl.DataFrame(rows), unit="示例局机关党委", on=DAY)


def answered():
    rows = [
        {"name": "示例甲", "result": "已列入", "words": ""},
        {"name": "示例乙", "result": "未列入", "words": "经审核不符合《市直机关困难党员救助慰问办法》规定"},
        {"name": RARE_NAME, "result": "待补正", "words": "尚未登记：缴费凭证（三、2“提供缴费凭证”）"},
    ]
    return review_feedback(
        printed.policy("jiaozuo-2018"), pl.DataFrame(rows), unit="示例局机关党委", on=DAY, state=ListState.OFFICIAL
    )


def changed():
    def person(name, amount=None):
        return {"name": name, "unit": TOWN, "branch": "示例村党支部", "category": "生活困难群众", "amount": amount}

    people = {
        "a": person("示例甲"),
        "b": person("示例乙", 50_000),
        "c": person("示例丙"),
        "d": person(RARE_NAME, 30_000),
        "e": person("示例戊", 50_000),
    }
    causes = [
        (1, {"kind": "died", "out": "a", "in": "b", "tied": [], "said": "示例"}),
        (2, {"kind": "moved", "out": "c", "in": None, "tied": ["x", "y"], "said": "示例"}),
        (3, {"kind": "changed_amount", "case_id": "d", "said": "示例", "reason": "示例理由"}),
        (3, {"kind": "added", "case_id": "e", "said": "示例", "reason": "示例理由"}),
    ]
    return change_list(printed.policy(), causes, people=people, state=ListState.OFFICIAL, unit="示例县委组织部")


def due(count):
    entries = public_entries(printed.policy(), printed.facts(count), awards=printed.awards(count))
    return [Due(e.name, e.unit, e.branch, e.category, "留存党费", e.amount_fen) for e in entries]


def paid():
    people = due(45)
    people[3] = Due(printed.LONG_NAME, TOWN, "示例村党支部", people[3].category, "留存党费", printed.MOST_FEN)
    people[4] = Due(RARE_NAME, TOWN, "示例村党支部", people[4].category, "留存党费", 1)
    return pay_sheet(printed.policy(), people, state=ListState.OFFICIAL, unit=TOWN)


def slips():
    goods = Due(RARE_NAME, TOWN, "示例村党支部", "生活困难群众", "", None, goods="大米一袋")
    return receipts(printed.policy("jiaozuo-2018"), [*due(2), goods], state=ListState.OFFICIAL)


def bank(opened=False):
    heads = ("序号", "收款人姓名", "收款账号", "金额（元）", "附言")
    holders = [RARE_NAME, "示例乙", "示例丙"]
    lines = [
        (str(n), holder if opened else "****", CARD if opened else "****", amount, "生活困难群众")
        for n, (holder, amount) in enumerate(zip(holders, ("500", "0.01", "99999999.99"), strict=True), start=1)
    ]
    frame = pl.DataFrame(lines, schema=dict.fromkeys(heads, pl.String), orient="row")
    return bank_payment(printed.policy(), frame, unit=TOWN, opened=opened)


def led():
    def seen(leader, level, name, number, **more):
        return {
            "leader": leader,
            "position": "示例县委副书记",
            "level": level,
            "township": TOWN,
            "name": name,
            "category": "生活困难群众",
            "belongs_to": f"示例村第{number}党支部",
            "on": date(2020, 1, 15),
            "place": "家中",
            "amount_fen": 50_000,
            "company": "示例委员（乡镇党委委员）",
            "opinions": "无",
            "note": "",
            **more,
        }

    rows = [seen("示例书记", "州级", f"示例{n}", n) for n in range(3)]
    rows += [seen("示例县长", "县级", RARE_NAME if n == 1 else f"示例{n}号", n, opinions=LONG[:30]) for n in range(4)]
    return leader_roster(printed.policy(), pl.DataFrame(rows), state=ListState.OFFICIAL, unit="示例县委组织部")


def plan():
    rows = [
        {
            "leader": "示例书记" if n < 2 else "示例县长",
            "position": "示例职务",
            "township": TOWN,
            "on": date(2020, 1, 15),
            "company": "示例委员",
            "name": f"示例{n}号",
            "category": "生活困难群众",
            "belongs_to": "示例村党支部",
            "brief": LONG,
            "amount": 50_000,
        }
        for n in range(3)
    ]
    return visit_plan(printed.policy(), rows, state=ListState.OFFICIAL, unit="示例县委组织部")


def drawn():
    rows = [
        {
            "case_id": f"c{n}",
            "unit": TOWN,
            "name": f"示例{n}号",
            "result": (None, "in_order", "irregular")[n % 3],
            "body": None if n % 3 == 0 else "示例核查组",
            "checked_on": None if n % 3 == 0 else date(2020, 2, 10),
        }
        for n in range(6)
    ]
    known = {f"c{n}": {"category": "生活困难群众", "amount": 50_000} for n in range(6)}
    told = {"seed": "20200210", "population": 359, "size": 6, "on": date(2020, 2, 10), "known": known}
    return inspection(printed.policy(), pl.DataFrame(rows), state=ListState.OFFICIAL, **told)


def report(open_ends=()):
    rows = [
        {
            "unit": TOWN if n < 2 else "长梁镇",
            "category_label": ("生活困难群众", "脱贫攻坚一线干部")[n % 2],
            "people": 3,
            "amount_fen": 150_000,
            "paid_people": 3,
            "paid_fen": 150_000,
            "booked_people": 3,
            "visited": 3,
        }
        for n in range(4)
    ]
    sentences = ("2 个单位慰问 12 人，金额 6000 元。", "走访到 12 人，未走访 0 人。", LONG)
    return activity_report(
        printed.policy(),
        pl.DataFrame(rows),
        sentences=sentences,
        sections=("活动情况", "意见和建议"),
        receiver="示例工委组织部",
        open_ends=open_ends,
        on=date(2020, 2, 12),
        unit="示例县委组织部",
    )


PAPERS = {
    "meeting_list": material,
    "meeting_minutes": minutes,
    "exceptions": exceptions,
    "public_notice": notice,
    "notice_result": result,
    "completion_request": missing,
    "review_feedback": answered,
    "change_list": changed,
    "pay_sheet": paid,
    "receipt": slips,
    "bank_payment": bank,
    "leader_roster": led,
    "visit_plan": plan,
    "inspection": drawn,
    "activity_report": report,
}
"""Form → a sample of it."""
