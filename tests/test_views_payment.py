"""发放与回执 and 走访与期限 without a browser: what is owed and done, refusals where they are read, nobody twice."""

from __future__ import annotations

import io
from datetime import date, timedelta

import openpyxl
import payment_round
import polars as pl
import pytest
import test_payment_instalments
from payment_round import HALL, TODAY, TOWN
from sqlmodel import select
from test_attachments import png

from casework import downloads
from casework.access import LOCAL_OFFICER, LOCAL_VIEWER, Actor, to_user
from casework.models import AuditEntry
from casework.models_payment import Booking, Claim, Payment, Receipt, Visit
from casework.models_people import Attachment, ContactOpening
from casework.people.contacts import put_contact
from casework.problems import NotAllowed, Refused
from casework.views.cases import Look, open_case_desk
from casework.views.desk import Ledger
from casework.views.payment_answer import read_answer
from casework.views.payment_deeds import payment_forms
from casework.views.payment_desk import claims_table, open_payments, payments_panel, state_choices
from casework.views.payment_visit_deeds import visiting_forms
from casework.views.payment_visits import open_visiting, visiting_panel
from casework.views.review_forms import Bench, form_named
from casework.vocabulary import Role

made, _keys, quick = payment_round.made, payment_round._keys, payment_round.quick
CARDS = ("6222021234567890128", "6217001234567890122")
OF_TOWN = Actor(id="town", name="示例镇经办", role=Role.OFFICER, units=frozenset({TOWN}))


class Page:
    """One officer's page: the section is opened anew before every deed, as the notebook does."""

    def __init__(self, world, actor=LOCAL_OFFICER, *, unit="", state="", projected=False, key="page"):
        self.world, self.actor, self.unit, self.state, self.look = world, actor, unit, state, Look(projected)
        self.key = key

    @property
    def bench(self):
        desk = open_case_desk(Ledger(self.world.engine), self.world.round_id, to_user(self.actor))
        return Bench(desk, self.look, self.key, self.unit)

    def payments(self):
        return open_payments(self.bench, self.state)

    def visiting(self):
        return open_visiting(self.bench)

    def shown(self):
        found = self.payments()
        return payments_panel(found, {"state": "", "table": str(claims_table(found).to_dicts())})

    def form(self, name, forms=None):
        form = form_named(forms or payment_forms(self.payments()), name)
        assert form.name == name
        return form

    def fill(self, form, given):
        filled = {field.name: field.value for field in form.fields if field.kind != "file"}
        return form.deed(self.actor, {**filled, **given})

    def pay(self, name, *ticked, **given):
        rows = {"_rows": pl.DataFrame({"序号": ticked})} if ticked else {}
        return self.fill(self.form(name), {**rows, **given})

    def visit(self, name, **given):
        return self.fill(self.form(name, visiting_forms(self.visiting())), given)


def rows(world, table):
    return world.read(lambda session: session.exec(select(table)).all())


def states(world):
    return sorted(claim.state for claim in rows(world, Claim))


def transferred(world, unit=TOWN):
    world.income()
    world.open()
    world.transfer(unit)
    return Page(world, unit=unit)


# -- 发放与回执 --------------------------------------------------------------------------------------------------


def test_from_the_list_to_a_booked_receipt(quick):
    page = Page(quick)
    assert "还没有生成应发款" in page.shown()
    assert page.pay("生成应发款").done
    assert "不够支出" in Page(quick, unit=TOWN).pay("拨付到单位", document="示例拨付单").html
    assert "3000 元" in page.pay("资金到账", amount="3000", basis="示例凭证").html
    assert "按单位办理" in page.pay("拨付到单位", document="示例拨付单").html
    town = Page(quick, unit=TOWN)
    assert "请核对" in town.pay("拨付到单位", document="示例拨付单", stated="900").html
    assert "已拨付 2 人，1000 元" in town.pay("拨付到单位", document="示例拨付单", stated="1000").html
    assert "请选定发放地点" in town.pay("当面发放", by="示例委员").html
    assert "已登记发放 1 人" in town.pay("当面发放", 1, place="home", by="示例委员").html
    assert "已发未回执" in town.shown()

    # Another is ticked that is not yet paid: the command names him and does nothing.
    assert "不能登记回执" in town.pay("登记回执", 1, 2).html
    assert "代签的不能入账" in town.pay("登记回执", 1, signer="proxy", proxy="示例亲属").html
    assert "还没有本人签字" in town.pay("入账", 1, voucher="示例 9 号").html
    assert "可以入账" in town.pay("登记回执", 1).html
    assert "已入账 1 笔，500 元" in town.pay("入账", 1, voucher="示例 9 号").html
    assert len(rows(quick, Booking)) == 1
    assert states(quick) == ["booked", "planned", "planned", "planned", "planned", "transferred"]


def test_nobody_is_paid_twice_from_the_screen(quick):
    page = transferred(quick)
    other = Page(quick, unit=TOWN, key="other")
    given = {"place": "home", "by": "示例委员", "on": page.bench.desk.today}
    first, second = page.form("当面发放"), other.form("当面发放")
    assert first.deed(page.actor, given).done
    assert first.deed(page.actor, given).done  # the double click: the same deed
    late = second.deed(other.actor, given)  # another page that had not seen it
    assert not late.done
    assert "别人办过" in late.html
    assert "当面发放" not in names(page)  # nothing is left to be handed over
    assert len(rows(quick, Payment)) == 2


def names(page):
    return [form.name for form in payment_forms(page.payments())]


def test_forbidden_places_are_neither_offered_nor_taken(quick):
    page = transferred(quick)
    place = page.form("当面发放").fields[0]
    assert "家中" in place.options
    assert "办公室" not in place.options
    told = page.pay("当面发放", place="office", by="示例委员")
    assert "不得在办公室发放" in told.html
    assert rows(quick, Payment) == []


def test_the_bank_s_answer_comes_back_as_a_sheet_and_a_corrected_card_is_paid_again(quick):
    page = transferred(quick)
    assert "没有登记收款的银行卡" in page.pay("银行代发").html
    people = {claim.case_id: claim.person_id for claim in quick.claims(unit=TOWN)}
    for card, person in zip(CARDS, people.values(), strict=True):
        quick.do(put_contact, person_id=person, kind="card", value=card)
    assert "代发明细已列好，2 笔" in page.pay("银行代发").html
    assert CARDS[0] not in page.shown()
    assert CARDS[0][-4:] not in page.shown()

    answer = sheet((1, 500, "成功", ""), (2, 500, "退票", "户名不符"))
    assert "请选择银行回单文件" in page.pay("读入银行回单").html
    wrong = page.pay("读入银行回单", file=sheet((1, 400, "成功", "")))
    assert "金额是400 元" in wrong.html
    told = page.pay("读入银行回单", file=answer)
    assert "发放成功 1 笔，退票 1 笔" in told.html
    assert states(quick)[-2:] == ["planned", "returned"]
    returned = next(claim for claim in rows(quick, Claim) if claim.state == "returned")
    assert "卡号" in page.pay("登记银行卡", person=returned.case_id, card="6222 0212").html
    told = page.pay("登记银行卡", person=returned.case_id, card=CARDS[0])
    assert "另有 1 人在用" in told.html
    assert "同一张卡" in page.pay("银行代发").html
    assert [payment.number for payment in rows(quick, Payment)] == [1, 1, 2]
    assert not any(card in str([vars(entry) for entry in rows(quick, AuditEntry)]) for card in CARDS)


def test_whole_cards_leave_by_our_own_route_and_stand_in_the_log(quick, monkeypatch):
    page = transferred(quick)
    for card, claim in zip(CARDS, quick.claims(unit=TOWN), strict=True):
        quick.do(put_contact, person_id=claim.person_id, kind="card", value=card)
    page.pay("银行代发")
    (batch,) = page.payments().batches
    assert f"/download/bank-list?batch={batch.batch_id}" in page.shown()
    monkeypatch.setattr(downloads, "open_place", lambda: Ledger(quick.engine))
    handler = downloads.handlers()["bank-list"]
    file = handler(LOCAL_OFFICER, {"batch": batch.batch_id})
    cells = [cell for row in openpyxl.load_workbook(io.BytesIO(file.body)).active.values for cell in row]
    assert set(CARDS) <= set(cells)
    assert {opening.purpose for opening in rows(quick, ContactOpening)} == {"制作代发明细"}
    with pytest.raises(NotAllowed):
        handler(LOCAL_VIEWER, {"batch": batch.batch_id})
    with pytest.raises(Refused):
        handler(Actor("hall", "示例", Role.OFFICER, frozenset({HALL})), {"batch": batch.batch_id})
    viewer = Page(quick, LOCAL_VIEWER)
    assert "/download/bank-list" not in viewer.shown()


def test_what_was_stopped_goes_back(quick):
    page = transferred(quick)
    assert "正好勾选一人" in page.pay("停发", reason="示例").html
    assert "停发要写明理由" in page.pay("停发", 1).html
    assert "500 元要退回" in page.pay("停发", 1, reason="示例").html
    assert "已退回 1 笔，500 元" in page.pay("单位退回资金", basis="示例凭证").html


def test_a_unit_s_officer_sees_and_pays_his_own_people(quick):
    transferred(quick)
    page = Page(quick, OF_TOWN)
    assert set(page.payments().claims["unit_id"]) == {TOWN}
    assert "长梁镇" not in page.shown()
    assert "生成应发款" not in names(page)
    assert page.pay("当面发放", place="home", by="示例委员").done


def test_states_are_counted_and_names_masked_while_projected(quick):
    page = transferred(quick)
    assert list(state_choices(page.payments())) == ["全部 2", "已拨付单位 2"]
    hidden = Page(quick, projected=True)
    assert "示例1号" not in hidden.shown()
    assert "示例1号" in Page(quick).shown()


def test_a_viewer_changes_nothing(quick):
    page = transferred(quick)
    viewer = Page(quick, LOCAL_VIEWER, unit=TOWN)
    assert not viewer.pay("当面发放", place="home", by="示例委员").done
    assert rows(quick, Payment) == []
    assert page.payments().claims.height == 6


def sheet(*lines, heads=("序号", "金额（元）", "结果", "原因")):
    book = openpyxl.Workbook()
    book.active.append(["示例银行代发回单"])
    book.active.append(heads)
    for line in lines:
        book.active.append(line)
    target = io.BytesIO()
    book.save(target)
    return "示例回单.xlsx", target.getvalue()


@pytest.mark.parametrize(
    ("upload", "said"),
    [
        (None, "请选择银行回单文件"),
        (("回单.csv", "序号,金额,结果\n1,500,好\n".encode()), "结果读到“好”"),
        (("回单.csv", "序号,金额,结果\n甲,500,成功\n".encode()), "序号读到“甲”"),
        (("回单.csv", "序号,金额,结果\n1,五百多,成功\n".encode("gb18030")), "金额读到“五百多”"),
        (("回单.csv", "姓名,金额\n示例,5\n".encode()), "没有找到银行回单的表头"),
        (("回单.csv", "序号,金额,结果\n".encode()), "没有一笔结果"),
        (("回单.xlsx", b"not a workbook"), "回单.xlsx"),
    ],
)
def test_an_answer_that_cannot_be_read_says_where(upload, said):
    with pytest.raises(Refused, match=said):
        read_answer(upload)


def test_an_answer_in_words_of_the_bank_is_read():
    body = "编号,交易金额,处理结果,失败原因\n1,500.00,交易成功,\n2,500,失败,户名不符\n合计,1000,,\n".encode("gb18030")
    assert read_answer(("回单.csv", body)) == [
        {"serial": 1, "amount_fen": 50_000, "succeeded": True, "reason": ""},
        {"serial": 2, "amount_fen": 50_000, "succeeded": False, "reason": "户名不符"},
    ]


# -- 走访与期限 --------------------------------------------------------------------------------------------------


def test_visits_from_the_leader_to_the_report(quick):
    page = transferred(quick)
    assert "还没有登记。右边选“领导联系乡镇”" in visiting_panel(page.visiting())
    assert page.visit("领导联系乡镇", leader="示例县长", position="副县长", unit=TOWN).done
    assert "少于 2 名" in visiting_panel(page.visiting())
    case, other = (claim.case_id for claim in quick.claims(unit=TOWN))
    stranger = quick.claims(unit=HALL)[0].case_id
    assert "没有选走访对象" in page.visit("安排走访", people=[stranger]).html
    assert "已安排走访 2 人" in page.visit("安排走访", people=[case, other]).html

    (link,) = page.visiting().links
    told = {"person": case, "place": "home", "leader": link, "others": "示例某 乡镇党委委员"}
    assert "没有意见的写“无”" in page.visit("登记走访", **told).html
    assert "没有写身份" in page.visit("登记走访", **{**told, "others": "示例某"}, opinions="无").html
    assert "不是面对面" in page.visit("登记走访", **told, opinions="无", mode="phone", hand=True).html
    assert rows(quick, Visit) == []
    assert "当面发放也已登记" in page.visit("登记走访", **told, opinions="希望修路", hand=True).html
    assert [payment.state for payment in rows(quick, Payment)] == ["succeeded"]
    panel = visiting_panel(page.visiting())
    assert "希望修路" in panel
    assert "已走访 1 人，未走访 1 人" in panel
    assert "走访期间" in panel  # the visit of today lies outside the days of 2020, and says so

    assert page.visit("反映的困难", problem="道路", owner="示例所", due="2020-02-01").done
    assert "逾期未办" in visiting_panel(page.visiting())
    assert page.visit("困难办结", outcome="已修").done
    assert "先在“发放”处收回" in page.visit("更正走访记录", reason="示例").html
    assert page.visit("取消安排", reason="改期").done


def test_an_inspection_is_drawn_by_a_printed_seed(quick):
    page = Page(quick)
    assert "之间" in page.visit("随机抽查", seed="20200210", size=9).html
    assert "请填写抽查人数" in page.visit("随机抽查", seed="20200210", size=None).html
    assert "从 6 人中抽出 2 人" in page.visit("随机抽查", seed="20200210", size=2).html
    panel = visiting_panel(page.visiting())
    assert "种子 20200210" in panel
    assert "待核查" in panel
    assert "有问题的要写明依据" in page.visit("抽查结果", result="irregular", body="示例组").html
    assert page.visit("抽查结果", result="in_order", body="示例组").done
    assert "无问题" in visiting_panel(page.visiting())


def test_deadlines_carry_their_hour_and_the_report_its_figures(quick):
    transferred(quick)
    panel = visiting_panel(Page(quick).visiting())
    assert "报送期限" in panel
    assert "逾期未报" in panel
    assert "cw-copy" in panel
    assert "慰问 6 人" in panel
    assert "草稿" in panel
    town = visiting_panel(Page(quick, OF_TOWN).visiting())
    assert "长梁镇" not in town
    assert "情况报告" not in town
    assert date(2020, 1, 30) == TODAY


# -- accounts, consents, scans, instalments ----------------------------------------------------------------------------


def test_an_account_is_held_against_the_bank_and_a_gap_needs_a_reason(quick):
    page = Page(quick)
    page.pay("生成应发款")
    assert "对账" not in names(page)  # before any money there is no account
    page.pay("资金到账", amount="3000", basis="示例凭证")
    form = page.form("对账")
    assert list(form.fields[0].options) == ["本级：留存党费，台账 3000 元"]  # what stands before
    assert "相符，已登记" in page.pay("对账", amount="3000").html
    assert "相差 0.50 元，请写明原因" in page.pay("对账", amount="3000.50").html
    told = page.pay("对账", amount="3000.50", reason="利息")
    assert "相差 0.50 元，已连同原因登记" in told.html
    assert "对账记录 2 次" in page.shown()
    assert "利息" in page.shown()
    assert "请填写对账单余额" in page.pay("对账").html
    viewer = Page(quick, LOCAL_VIEWER)
    assert not viewer.pay("对账", amount="3000").done


def test_a_unit_s_own_money_is_spent_on_what_the_circular_is_for(quick):
    page = transferred(quick)
    own = {"fund": "unit_matching", "unit": TOWN}
    assert "还没有单位配套资金到账" in page.form("单位配套支出").hint
    spend = {**own, "purpose": "hardship", "amount": "120", "basis": "示例凭证"}
    assert "不够支出" in page.pay("单位配套支出", **spend).html
    assert page.pay("资金到账", **own, amount="200", basis="示例凭证").done
    assert "200" in page.form("单位配套支出").hint
    assert "请写明凭证" in page.pay("单位配套支出", **{**spend, "basis": ""}).html
    assert "账户余额 80 元" in page.pay("单位配套支出", **spend).html
    assert "支出" in page.shown()
    # a unit's officer spends his own unit's and sees no other
    of_town = Page(quick, OF_TOWN)
    assert "账户余额 60 元" in of_town.pay("单位配套支出", **{**spend, "amount": "20"}).html
    assert "请选定单位" in of_town.pay("单位配套支出", **{**spend, "unit": HALL}).html


def designated(page, person, **more):
    given = {"kind": "designated_card", "card": CARDS[0], "holder": "示例家属", "relation": "spouse"}
    return page.pay("登记银行卡", person=person, **{**given, "consent": "2020-01-20", **more})


def test_a_consent_is_shown_taken_back_and_no_more_used(quick):
    page = transferred(quick)
    one, two = quick.claims(unit=TOWN)
    assert "撤回指定人收款" not in names(page)
    assert designated(page, one.case_id).done
    quick.do(put_contact, person_id=two.person_id, kind="card", value=CARDS[1])
    form = page.form("撤回指定人收款")
    other = Page(quick, unit=TOWN, key="other").form("撤回指定人收款")
    assert "配偶" in form.hint
    assert "没有附" in form.hint
    assert CARDS[0][-4:] not in form.hint
    assert "代发明细已列好" in page.pay("银行代发", 1).html
    told = page.pay("撤回指定人收款", person=one.case_id)
    assert "已送银行，请通知银行停付" in told.html
    assert "撤回指定人收款" not in names(page)
    late = other.deed(page.actor, {"person": one.case_id})  # another page that had not seen it
    assert not late.done
    assert "已经撤回" in late.html
    page.pay("读入银行回单", file=sheet((1, 500, "退票", "户名不符")))
    assert "本人已撤回对指定人收款的同意" in page.pay("银行代发", 1).html


def test_the_signed_papers_are_attached_where_they_are_recorded(quick):
    page = transferred(quick)
    one, _ = quick.claims(unit=TOWN)
    scan = ("同意书.png", png())
    assert "本人的卡不附" in page.pay("登记银行卡", person=one.case_id, card=CARDS[1], scan=scan).html
    assert "内容是程序" in designated(page, one.case_id, scan=("同意书.png", b"MZ9000")).html
    assert rows(quick, Attachment) == []
    assert designated(page, one.case_id, scan=scan).done
    assert "有扫描件" in page.form("撤回指定人收款").hint
    page.pay("当面发放", place="home", by="示例委员")

    paper = ("回执.png", png())
    assert "只勾选一人" in page.pay("登记回执", scan=paper).html
    assert page.pay("登记回执", 1, scan=paper, signer="proxy", proxy="示例亲属").done
    assert page.pay("登记回执", 1, scan=paper).done  # the same file once more: the person's own receipt
    assert page.pay("登记回执", 2).done
    assert sorted(one.purpose for one in rows(quick, Attachment)) == ["consent", "receipt"]
    receipt = next(one for one in rows(quick, Receipt) if one.document)
    assert receipt.document.startswith("扫描件:")

    # later, beside a receipt that stands
    assert "请先选择扫描件" in page.pay("附上扫描件", 2).html
    assert "已附上，加密保存" in page.pay("附上扫描件", 2, scan=paper).html
    assert "没有改动" in Page(quick, unit=TOWN, key="other").pay("附上扫描件", 2, scan=paper).html
    assert "没有登记指定人收款的同意" in page.pay("附上扫描件", 2, paper="consent", scan=paper).html
    assert "回执.png" not in page.shown()
    assert not Page(quick, LOCAL_VIEWER).pay("附上扫描件", 1, scan=paper).done


def test_instalments_are_drawn_up_with_their_days_and_come_due_one_by_one(sqlite_database_url):
    for world in test_payment_instalments.carried(sqlite_database_url):
        page = Page(world)
        form = page.form("生成应发款")
        assert [field.label for field in form.fields] == [
            "大额医疗第 1 期（共 2 期）发放日期",
            "大额医疗第 2 期（共 2 期）发放日期",
        ]
        assert "分两期各发一半" in form.hint
        assert "请写明每一期的发放日期" in page.pay("生成应发款").html
        first, second = date(2024, 7, 1), page.bench.desk.today + timedelta(days=30)
        days = {"due_medical_1": str(first), "due_medical_2": str(second)}
        assert "新列 8 笔" in page.pay("生成应发款", **days).html
        assert "已过" in page.shown()
        assert [field.value for field in page.form("生成应发款").fields] == [str(first), str(second)]
        world.money()
        # without ticks only the next instalment is transferred, and only what is due is paid
        assert "已拨付 2 人，500 元" in page.pay("拨付到单位", fund="dues", document="示例拨付单").html
        assert "已登记发放 4 人" in page.pay("当面发放", place="home", by="示例委员").html
        assert "要到日期才能发放" in page.pay("当面发放", place="home", by="示例委员").html
