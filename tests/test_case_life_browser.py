"""Lives on screen: a 焦作 case from its unit's workbook to a booked receipt, a 内蒙古 nomination over the cap.

In the 焦作 life everything between the workbook and the booked receipt is entered by clicks; only the round and the
scenario of the places are there before. The 内蒙古 life enters causes, judgements and the unit's steps by commands.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
import workbooks
from browser import chromium, english_words, enter, officer, serving, settle
from playwright.sync_api import expect
from sqlmodel import select

from casework.access import LOCAL_OFFICER
from casework.allocation import Parameters
from casework.dates import SHANGHAI
from casework.db import open_ledger, reading
from casework.ledger import add_facts, change_case, import_units, open_round, policy_of
from casework.models import Case, Judgement
from casework.models_payment import Booking, Claim, Payment
from casework.models_review import Meeting, Notice, ReviewStep
from casework.policy import load_policy
from casework.review.judgements import record_judgements
from casework.review.records import chains_of, steps_version
from casework.review.steps import record_step
from casework.rules import case_clauses
from casework.scenarios import save_scenario
from casework.vocabulary import Mark, Stage

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)

PROGRAM = """
import os
from pathlib import Path
from casework import downloads
from casework.serve import run

run(
    {name: Path("notebooks", f"{name}.py").resolve() for name in ("case_review", "allocation", "rounds")},
    database_url=os.environ["LEDGER"], port=0, downloads=downloads.handlers(), on_download=downloads.log(),
)
"""
TODAY = datetime.now(UTC).astimezone(SHANGHAI).date()
OPENED = TODAY - timedelta(days=40)
PAPERS = ("县级或以上医院疾病证明", "缴费凭证")
WORDS = frozenset({"PDF", "Excel", "Word", "xlsx"})
_KEYS = count()


def by():
    return {"actor": LOCAL_OFFICER, "now": datetime.now(UTC), "key": f"life-{next(_KEYS)}"}


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture
def ledger(tmp_path):
    engine = open_ledger(tmp_path / "ledger.db")
    yield engine
    engine.dispose()


class Desk:
    """An officer's page, and what the ledger holds beside it."""

    def __init__(self, page, engine):
        self.page, self.engine = page, engine

    def section(self, name):
        self.page.get_by_role("tab", name=name, exact=True).click()
        settle(self.page)

    def cell(self, name):
        return self.page.locator(f'[data-cell-name="{name}"]')

    def deed(self, cell, name, submit, *, seen="", expects="", **fields):
        """Choose a deed, fill it in by its labels, hand it in, and wait for what is said."""
        form = self.cell(cell)
        choice = form.locator(".cw-doing > marimo-ui-element select").first
        if choice.evaluate("box => box.selectedOptions[0].textContent") != name:
            choice.select_option(label=name)
            settle(self.page)
        for label, value in fields.items():
            self.fill(form, label, value)
        self.page.get_by_role("button", name=submit, exact=True).click()
        expect(form.locator(".cw-doing")).to_contain_text(expects or seen)
        settle(self.page)

    def told(self, fold, submit, expects, *, ticks=(), choose="", **fields):
        """On the case screen: open a fold (or a card that is open), fill it in, hand it in, read what is said."""
        screen = self.cell("case_shown")
        place = screen.locator("details", has=self.page.locator("summary", has_text=re.compile(f"^{fold}$"))).last
        if place.count() == 0:
            place = screen.locator(".cw-card", has=self.page.get_by_role("heading", name=fold)).last
        elif place.get_attribute("open") is None:
            place.locator("summary").first.click()
            settle(self.page)
        for label, value in fields.items():
            self.fill(place, label, value)
        for name in ticks:
            place.get_by_role("checkbox", name=name).click()
        if choose:
            place.get_by_role("radio", name=choose, exact=True).click()
        place.get_by_role("button", name=submit, exact=True).click()
        expect(place).to_contain_text(expects)
        settle(self.page)

    def fill(self, form, label, value):
        beside = form.locator(".cw-lines > label", has_text=re.compile(f"^{re.escape(label)}"))
        field = beside.locator("xpath=following-sibling::*[1]")
        if isinstance(value, bool):
            field.get_by_role("checkbox").click()
        elif field.locator("select").count():
            field.locator("select").select_option(label=value)
        elif hasattr(value, "year"):
            for place, part in enumerate((value.year, value.month, value.day)):
                spun = field.locator("[role=spinbutton]").nth(place)
                for _ in range(8):  # a key that falls into a redrawing is typed again
                    settle(self.page)
                    spun.click()
                    self.page.keyboard.type(str(part) if place == 0 else f"{part:02}", delay=30)
                    if spun.get_attribute("aria-valuenow") == str(part):
                        break
                expect(spun).to_have_attribute("aria-valuenow", str(part))
        else:
            box = field.locator("input:visible, textarea:visible").first
            box.fill(value)
            box.press("Tab")

    def links(self):
        """Return the chain of the circular, link by link."""
        with reading(self.engine) as session:
            return [link for links in chains_of(policy_of(session, "r")).values() for link in links]

    def every(self, model):
        with reading(self.engine) as session:
            return list(session.exec(select(model)))

    def reload(self):
        self.page.reload()
        settle(self.page)


def started(ledger, policy, members):
    # What is found out today counts: the facts are read for today.
    open_round(ledger, round_id="r", policy=policy, opened_on=OPENED, as_of=TODAY, **by())
    unit = {"unit_id": "u", "name": "示例局", "kind": "organ_committee", "members": members, "order": 1}
    import_units(ledger, [{**unit, "members_as_of": OPENED}], round_id="r", **by())


def looked_into(ledger, *, papers=()):
    """Say of everybody what the circular asks: ill themselves, papers in the file, nothing against them."""
    with reading(ledger) as session:
        cases, policy = list(session.exec(select(Case))), policy_of(session, "r")
    ids = [case.case_id for case in cases]
    marks = {"aid": "none", "honours": "none", "causes": "present"}
    add_facts(
        ledger,
        round_id="r",
        causes=[{"case_id": case, "cause": "own_illness", "affected": "self", "main": True} for case in ids],
        evidence=[
            {"case_id": case, "document": paper, "original_seen": True, "copy_kept": True}
            for case in ids
            for paper in papers
        ],
        completeness=[{"case_id": case, "list": name, "mark": mark} for case in ids for name, mark in marks.items()],
        **by(),
    )
    for case in cases:
        change_case(ledger, case_id=case.case_id, expected_version=case.version, degree="exceptional_hardship", **by())
    for clause in case_clauses(policy, TODAY):
        if clause.ask and clause.applies_to(cases[0].category, cases[0].path):
            said = {"clause_id": clause.id, "value": Mark.NONE, "body": "示例支部", "basis": "示例核实", "on": OPENED}
            record_judgements(ledger, round_id="r", case_ids=ids, **said, **by())


def step(ledger, stage, body, days_ago):
    with reading(ledger) as session:
        seen = steps_version(session, "r")
    on = TODAY - timedelta(days=days_ago)
    said = {"round_id": "r", "stage": stage, "body": body, "on": on, "unit_id": "u", "basis": "示例会议记录"}
    record_step(ledger, expected_version=seen, **said, **by())


def taken_in(desk, heads, people):
    """Import the unit's workbook on screen."""
    desk.section("收表导入")
    file = {
        "name": "示例局名单.xlsx",
        "mimeType": "application/vnd.ms-excel",
        "buffer": workbooks.xlsx([heads, *people]),
    }
    desk.cell("sheet_upload").locator("input[type=file]").set_input_files(file)
    desk.page.get_by_role("button", name="全部写入", exact=True).click()
    expect(desk.cell("sheet_upload")).to_contain_text(f"已写入台账：新增 {len(people)}")


def draw_up(desk):
    """Adopt places and list on screen, out of the saved scenario."""
    save_scenario(desk.engine, round_id="r", name="示例方案", parameters=Parameters(), **by())
    desk.reload()
    desk.section("集体研究")
    desk.deed("study_shown", "拟定名单", "确定", expects="已确定")
    expect(desk.cell("study_shown")).to_contain_text("名额方案已确定，名单还没有拟定")
    desk.page.get_by_role("button", name="确定", exact=True).click()
    expect(desk.cell("study_shown")).to_contain_text("待研究确定")
    settle(desk.page)


def test_a_jiaozuo_case_from_its_workbook_to_a_booked_receipt(browser, ledger):
    started(ledger, "jiaozuo-2018", 90)
    heads = ("单位", "姓名", "性别", "出生年月", "政治面貌", "所在党支部", "慰问类别", "办理方式", "推荐顺序")
    heads += ("组织关系在市直机关工委管理范围内", "本年度在台账中并已核实")
    person = (
        "示例局",
        "示例续",
        "女",
        "1966.03",
        "正式党员",
        "示例支部",
        "一般性慰问",
        "核查（已纳入台账）",
        "1",
        "是",
        "是",
    )
    with serving(PROGRAM, env={"LEDGER": str(ledger.url)}) as server:
        context = officer(browser)
        context.set_default_timeout(15_000)
        desk = Desk(enter(context, server, "case_review"), ledger)

        # Before anything: each section names the next step.
        desk.section("发放与回执")
        expect(desk.cell("pay_shown")).to_contain_text("请先到“集体研究”拟定名单")
        taken_in(desk, heads, [person])

        # What the branch found out, typed in by the officer; a step before its turn is refused with the clause.
        desk.section("工作清单")
        desk.cell("work_shown").get_by_role("button", name="示例续").click()
        settle(desk.page)
        desk.page.get_by_role("button", name="一案一屏", exact=True).click()
        settle(desk.page)
        screen = desk.cell("case_shown")
        expect(screen.locator("h2")).to_contain_text("示例续")
        meeting = {"环节": "支部大会", "办理主体": "支部大会", "日期": TODAY - timedelta(days=28), "依据": "示例记录"}
        desk.told("登记环节", "登记环节", "还没有办“摸底”", choose="同意", **meeting)
        desk.told("登记一项困难成因", "登记成因", "已登记一项", 成因="本人重大疾病", 发生在谁身上="本人", 主要成因=True)
        for paper in PAPERS:
            by_whom = {"材料": paper, "开具单位": "示例县人民医院", "级别": "县级"}
            marks = ("原件已核", "复印件已留", "材料已逐份查看，没有的就是没交")
            desk.told("登记一份材料", "登记材料", f"已登记：{paper}", ticks=marks, **by_whom)
        desk.told("认定困难程度", "登记困难程度", "已登记困难程度", 困难程度="特别困难")
        for name, mark in {"其他救助慰问": "无", "荣誉": "无", "困难成因": "有"}.items():
            desk.told("登记核查结果", "登记核查", f"{name}：{mark}", 核查哪一项=name, 核查结果=mark)
        asked = len([one for one in case_clauses(load_policy("jiaozuo-2018"), TODAY) if one.ask])
        questions = screen.locator(".cw-card", has=desk.page.get_by_role("heading", name="需要人来认定"))
        for _ in range(asked):
            if not questions.get_by_text("未核", exact=True).count():
                break
            said = {"由谁认定": "示例支部", "依据": "示例核实"}
            desk.told("需要人来认定", "登记认定", "已登记。", choose="无", **said)
        assert {(one.value, one.body) for one in desk.every(Judgement)} == {("none", "示例支部")}
        assert english_words(desk.page, allowed=WORDS) == []
        survey = {"环节": "摸底", "日期": TODAY - timedelta(days=30), "依据": "示例会议记录"}
        desk.told("登记环节", "登记环节", "已登记。", choose="同意", **survey)

        # Shortcuts: the notice before the branch meeting, the meeting before that, the money before the decision.
        draw_up(desk)
        desk.deed("study_shown", "上会", "登记上会", expects="已登记上会")
        minutes = {"应到": "9", "实到": "7", "同意": "7", "会议记录": "示例纪要 3 号", "签字人": "示例书记"}
        desk.deed("study_shown", "登记会议结果", "登记结果", expects="还没有办“支部大会”", **minutes)
        assert [one.state for one in desk.every(Meeting)] == ["planned"]
        desk.section("发放与回执")
        expect(desk.cell("pay_shown")).to_contain_text("名单还没有研究确定，不能拨付和发放")
        decided_by = next(one for one in desk.links() if one.stage is Stage.DETERMINATION)
        expect(desk.cell("pay_shown").locator(".cw-quote")).to_contain_text(decided_by.words)
        desk.section("公示与异议")
        posted, ends = TODAY - timedelta(days=20), TODAY - timedelta(days=10)
        notice = {"路径": "核查（已纳入台账）", "由谁公示": "示例党支部", "张贴日期": posted, "张贴凭证": "示例照片"}
        desk.deed("notice_shown", "张贴公示", "登记张贴", expects="支部大会", 公示止日=str(ends), **notice)
        assert desk.every(Notice) == []
        desk.section("一案一屏")
        desk.told("登记环节", "登记环节", "已登记。", choose="同意", **meeting)

        # The notice, and a meeting before it has ended.
        desk.section("公示与异议")
        desk.deed("notice_shown", "张贴公示", "登记张贴", expects="没有规定公示天数", 公示止日="", **notice)
        desk.deed("notice_shown", "张贴公示", "登记张贴", expects="已登记公示 1 人", 公示止日=str(ends), **notice)
        desk.section("集体研究")
        desk.deed("study_shown", "登记会议结果", "登记结果", expects="还没有办“公示”", **minutes)
        desk.section("公示与异议")
        desk.deed("notice_shown", "登记公示结果", "登记期满", expects="1 人往下办")
        assert [(one.posted_on, one.ends_on, one.state) for one in desk.every(Notice)] == [(posted, ends, "ended")]
        assert english_words(desk.page, allowed=WORDS) == []

        # The meeting decides the amount the circular leaves open.
        desk.section("一案一屏")
        proposal = {"环节": "提出意见", "日期": TODAY - timedelta(days=5), "依据": "示例请示"}
        desk.told("登记环节", "登记环节", "已登记。", choose="同意", **proposal)
        desk.section("集体研究")
        amount = {"人员": "示例续（示例局）", "结果": "改为金额", "改为金额": "1000", "理由": "按标准"}
        desk.deed("study_shown", "逐人结果", "记下", expects="还没有写入台账", **amount)
        desk.deed("study_shown", "登记会议结果", "登记结果", expects="已研究确定", **minutes)
        expect(desk.cell("study_shown")).to_contain_text("1 人，1000 元")
        assert english_words(desk.page, allowed=WORDS) == []

        # The money: nothing out of an empty fund, nothing booked without the person's own hand, nobody paid twice.
        desk.section("发放与回执")
        desk.deed("pay_shown", "生成应发款", "生成", expects="新列 1 笔")
        hand = {"发放地点": "家中", "由谁送到": "示例支书"}
        offered = desk.cell("pay_shown").locator(".cw-doing > marimo-ui-element select").first
        assert not {"当面发放", "生成代发明细"} & set(offered.locator("option").all_inner_texts())
        desk.deed("pay_shown", "拨付到单位", "登记拨付", expects="余额 0 元，不够支出", 凭证或文号="示例拨付单")
        expect(desk.cell("pay_shown")).to_contain_text("先拨付到单位，再由单位发放")
        income = {"金额（元）": "1000", "凭证或文号": "示例凭证"}
        desk.deed("pay_shown", "资金到账", "登记到账", expects="账户余额 1000 元", **income)
        desk.deed("pay_shown", "拨付到单位", "登记拨付", expects="已拨付 1 人，1000 元", 凭证或文号="示例拨付单")
        desk.deed("pay_shown", "当面发放", "登记发放", expects="已登记发放 1 人", **hand)
        desk.deed("pay_shown", "入账", "登记入账", expects="没有可以入账的", 凭证号="示例凭证 9 号")
        proxy = {"谁签的": "他人代签", "代签人": "示例亲属"}
        desk.deed("pay_shown", "登记回执", "登记回执", expects="代签的不能入账", **proxy)
        desk.deed("pay_shown", "登记回执", "登记回执", expects="可以入账", 谁签的="本人签收", 回执="示例回执 1 号")
        desk.deed("pay_shown", "入账", "登记入账", expects="已入账 1 笔，1000 元", 凭证号="示例凭证 9 号")
        expect(desk.cell("pay_shown")).to_contain_text("已入账")
        assert english_words(desk.page, allowed=WORDS) == []
        assert [(one.amount_fen, one.voucher) for one in desk.every(Booking)] == [(100_000, "示例凭证 9 号")]
        assert [one.state for one in desk.every(Claim)] == ["booked"]
        assert [one.state for one in desk.every(Payment)] == ["succeeded"]
        context.close()


def test_a_neimenggu_nomination_over_the_cap_goes_to_its_unit_s_own_list(browser, ledger):
    started(ledger, "neimenggu-2022", 320)
    people = [
        ("示例局", f"示例{name}", "女", "1966.03", "正式党员", str(rank)) for rank, name in enumerate("甲乙丙丁戊", 1)
    ]
    with serving(PROGRAM, env={"LEDGER": str(ledger.url)}) as server:
        context = officer(browser)
        context.set_default_timeout(15_000)
        desk = Desk(enter(context, server, "case_review"), ledger)
        taken_in(desk, ("单位", "姓名", "性别", "出生年月", "政治面貌", "推荐顺序"), people)
        looked_into(ledger)
        draw_up(desk)

        # Four places for 320 members: the fifth is not refused as a person, he goes to the unit's own list.
        study = desk.cell("study_shown")
        left = study.locator(".cw-card", has=desk.page.get_by_role("heading", name="没有列入名单的"))
        expect(left).to_contain_text("示例戊")
        expect(left).to_contain_text("转入单位自己的慰问名单")
        expect(left).not_to_contain_text("示例丁")

        # A shortcut to the public notice is refused, and so is one into the list past the cap without a reason.
        for days, (stage, body) in enumerate(
            (
                (Stage.SURVEY, "各单位"),
                (Stage.SCREENING, "各单位"),
                (Stage.UNIT_REVIEW, "各单位"),
                (Stage.NOMINATION, "机关党委"),
            )
        ):
            step(ledger, stage, body, 20 - days)
        desk.reload()
        desk.section("公示与异议")
        notice = {"公示哪里的名单": "全部名单", "由谁公示": "示例工委"}
        desk.deed("notice_shown", "张贴公示", "登记张贴", expects="还没有经会议研究确定", **notice)
        desk.section("集体研究")
        desk.deed("study_shown", "上会", "登记上会", expects="已登记上会")
        added = {"人员": "示例戊（示例局）", "结果": "增补"}
        desk.deed("study_shown", "逐人结果", "记下", expects="还没有写入台账", **added)
        minutes = {"应到": "9", "实到": "9", "同意": "9", "会议记录": "示例纪要", "签字人": "示例书记"}
        desk.deed("study_shown", "登记会议结果", "登记结果", expects="增补要写明理由", **minutes)
        assert [one.state for one in desk.every(Meeting)] == ["planned"]
        taken_back = {"人员": "示例戊（示例局）", "结果": "（撤去这一条）"}
        desk.deed("study_shown", "逐人结果", "记下", expects="还没有写入台账", **taken_back)
        desk.deed("study_shown", "登记会议结果", "登记结果", expects="已研究确定", **minutes)
        expect(left).to_contain_text("示例戊")
        assert english_words(desk.page, allowed=WORDS) == []

        # What the list publishes and pays does not know him.
        desk.section("公示与异议")
        expect(desk.cell("notice_shown")).to_contain_text("轮到公示的有 4 人")
        assert {one.stage for one in desk.every(ReviewStep)} >= {"nomination", "determination"}

        # His unit's own list does.
        desk.section("表册")
        for label, option in (("表", "会议｜本单位慰问名单"), ("单位", "示例局"), ("在此预览", "Excel 表格")):
            labels = desk.page.locator("label, .flex.items-center")
            chosen = labels.filter(has=desk.page.locator(f'span:text-is("{label}")')).locator("select").first
            chosen.select_option(label=option)
            settle(desk.page)
        own = desk.cell("paper_shown")
        expect(own).to_contain_text("示例戊")
        expect(own).to_contain_text("上级慰问 4 人，本单位慰问 1 人")
        context.close()
