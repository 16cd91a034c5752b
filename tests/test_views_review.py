"""集体研究 and 公示与异议 without a browser: what stands on record, the deeds offered, and every refusal in words."""

from __future__ import annotations

import copy
import shutil
from datetime import date, timedelta

import pytest
import review_round
from review_round import unit_steps
from sqlmodel import select
from test_attachments import pdf, png
from test_review_calendar import working_days

from casework import db
from casework.access import LOCAL_OFFICER, LOCAL_VIEWER, Actor, to_user
from casework.allocation import Parameters
from casework.models import AuditEntry
from casework.models_people import Attachment, AttachmentOpening
from casework.models_review import Instruction, Meeting, MeetingResult, Notice, Objection, Removal
from casework.review.minutes import PersonResult
from casework.scenarios import save_scenario
from casework.views import clock
from casework.views.cases import Look, open_case_desk
from casework.views.desk import Ledger
from casework.views.review_forms import Bench, Someone, deeds_card, form_named, person_field
from casework.views.review_publication import open_publication, publication_panel
from casework.views.review_publication_deeds import publication_forms
from casework.views.review_study import list_frame, open_study, study_panel
from casework.views.review_study_deeds import study_forms
from casework.vocabulary import Decision, Role, Stage

BODY = "工委会议"


@pytest.fixture(autouse=True)
def _keys(monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)
    monkeypatch.setenv("CASEWORK_KEY", "cd" * 32)


class Page:
    """One officer's page: sections opened anew before every deed, as the notebook does."""

    def __init__(self, world, actor=LOCAL_OFFICER, *, unit="", projected=False):
        self.world, self.actor, self.unit, self.look = world, actor, unit, Look(projected)
        self.pending, self.key = {}, "page"

    @property
    def bench(self):
        desk = open_case_desk(Ledger(self.world.engine), self.world.round_id, to_user(self.actor))
        return Bench(desk, self.look, self.key, self.unit)

    def study(self):
        return open_study(self.bench, self.pending, self._put)

    def _put(self, pending):
        self.pending = pending

    def notices(self):
        return open_publication(self.bench)

    def do(self, forms, name, **given):
        form = form_named(forms, name)
        assert form.name == name, [one.name for one in forms]
        filled = {field.name: field.value for field in form.fields if field.kind not in ("file", "scan")}
        return form.deed(self.actor, {**filled, **given})

    def meet(self, name, **given):
        return self.do(study_forms(self.study()), name, **given)

    def publish(self, name, **given):
        return self.do(publication_forms(self.notices()), name, **given)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The round of 内蒙古 twice: before anything was decided, and with its proposed list; copied for each test."""
    patch = pytest.MonkeyPatch()
    patch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)
    patch.setenv("CASEWORK_KEY", "cd" * 32)
    folder, found = tmp_path_factory.mktemp("review"), {}
    for name in ("im", "listed"):
        world = review_round.neimenggu(db.open_ledger(f"sqlite:///{folder}/{name}.db"))
        unit_steps(world)
        if name == "listed":
            world.adopt()
        world.engine.dispose()
        found[name] = (folder / f"{name}.db", world)
    patch.undo()
    return found


def copied(made, name, folder):
    path, world = made[name]
    for suffix in ("", "-wal"):
        if path.with_name(path.name + suffix).exists():
            shutil.copy(path.with_name(path.name + suffix), folder / f"ledger.db{suffix}")
    other = copy.copy(world)
    other.engine = db.open_engine(f"sqlite:///{folder}/ledger.db")
    return other


@pytest.fixture
def im(made, tmp_path):
    world = copied(made, "im", tmp_path)
    yield world
    world.engine.dispose()


@pytest.fixture
def listed(made, tmp_path):
    world = copied(made, "listed", tmp_path)
    yield world
    world.engine.dispose()


@pytest.fixture
def js(tmp_path):
    world = review_round.jianshi(db.open_ledger(f"sqlite:///{tmp_path}/js.db"))
    yield world
    world.engine.dispose()


def rows(world, table):
    return world.read(lambda session: session.exec(select(table)).all())


def body_of(page):
    return page.study().link.bodies[0]


def held(page, **given):
    page.meet("上会", on=date(2022, 12, 27))
    answers = {"invited": 9, "present": 7, "agreed": 7, "minutes": "示例纪要", "signer": "示例书记", **given}
    return page.meet("登记会议结果", **answers)


def names(forms):
    return [form.name for form in forms]


# -- 集体研究 ----------------------------------------------------------------------------------------------------


def test_without_a_list_the_next_step_is_named(im):
    page = Page(im)
    assert "先在“名额与资金”里调好" in study_panel(page.study(), "")
    assert study_forms(page.study()) == ()
    assert "还没有确定名单" in publication_panel(page.notices())


def test_the_list_is_drawn_up_in_two_steps_on_the_section(im):
    save_scenario(im.engine, round_id="im", name="方案", parameters=Parameters(), **review_round.by(im.today))
    page = Page(im)
    assert "拟定名单" in page.meet("拟定名单").html
    assert page.study().places is not None
    done = page.meet("拟定名单")
    assert done.done
    assert page.study().current is not None
    assert list_frame(page.study()).height == 6


def test_a_meeting_from_the_table_to_the_decided_list(listed):
    page = Page(listed)
    before = page.study().current.fingerprint
    assert "待研究确定" in study_panel(page.study(), "")
    assert page.meet("上会", on=date(2022, 12, 27)).done
    assert "待上会" in study_panel(page.study(), "")

    # Nothing is decided without a count, with a quorum that is not met, or without a signature.
    filled = {"minutes": "示例纪要", "signer": "示例书记"}
    assert "应到、实到和同意" in page.meet("登记会议结果", **filled).html
    assert "实到" in page.meet("登记会议结果", invited=9, present=7, agreed=3, **filled).html
    assert "签字的人" in page.meet("登记会议结果", invited=9, present=7, agreed=7, minutes="示例纪要").html
    assert not page.study().official

    somebody = page.study().awards[0]["case_id"]
    assert "请选定人员" in page.meet("逐人结果", person="nobody", result="deferred", reason="再核").html
    assert "还没有写入台账" in page.meet("逐人结果", person=somebody, result="deferred", reason="材料再核").html
    assert rows(listed, MeetingResult) == []
    assert "暂缓（未登记）" in study_panel(page.study(), "")
    done = page.meet("登记会议结果", invited=9, present=7, agreed=7, recusals="示例某：亲属", **filled)
    assert "与上会的名单不同 1 人" in done.html
    now = page.study()
    assert now.official
    assert now.current.fingerprint != before
    assert now.current.parent_fingerprint == before
    panel = study_panel(now, "")
    assert "回避：示例某（亲属）" in panel
    assert "材料再核" in panel
    assert "上会" not in names(study_forms(now))[:1]
    assert "补充研究：再次上会" in names(study_forms(now))


def test_a_second_click_is_the_same_deed_and_a_second_page_is_told_what_happened(listed):
    page, other = Page(listed), Page(listed)
    other.key = "other"
    form = form_named(study_forms(page.study()), "上会")
    given = {"body": body_of(page), "written": "", "on": date(2022, 12, 27)}
    assert form.deed(page.actor, given).done
    assert form.deed(page.actor, given).done
    assert len(rows(listed, Meeting)) == 1
    stale = form_named(study_forms(other.study()), "登记会议结果")
    answers = {"invited": 9, "present": 9, "agreed": 9, "minutes": "示例纪要", "signer": "示例书记"}
    meeting = rows(listed, Meeting)[0].meeting_id
    assert page.meet("登记会议结果", **answers).done
    told = stale.deed(other.actor, {"meeting": meeting, **answers})
    assert not told.done
    assert "请看过再办" in told.html


def test_somebody_who_left_the_room_does_not_sign(listed):
    told = held(Page(listed), recusals="示例书记：与对象是亲属")
    assert "已回避" in told.html
    assert "一行写一人" in held(Page(listed), recusals="只有姓名").html


def test_an_oral_instruction_is_seen_and_blocks_until_it_is_made_up_for(listed):
    page = Page(listed)
    held(page)
    assert page.meet("口头意见", said_by="示例领导", content="把示例乙3加上").done
    panel = study_panel(page.study(), "")
    assert "待补手续" in panel
    assert "印发和发放都停住" in panel
    assert page.study().ready.ready == ()
    assert "理由" in page.meet("补办手续", road="dropped", words="").html
    assert page.meet("补办手续", road="dropped", words="不合规定").done
    assert "待补手续" not in study_panel(page.study(), "")
    assert rows(listed, Instruction)[0].reason == "不合规定"


def test_where_the_units_decide_the_list_is_confirmed_and_no_meeting_is_offered(js):
    js.step(Stage.RECOMMENDATION, "党员群众", date(2020, 1, 9))
    js.step(Stage.BRANCH_MEETING, "党支部", date(2020, 1, 10))
    js.step(Stage.DETERMINATION, "党委", date(2020, 1, 11))
    js.adopt()
    page = Page(js)
    assert names(study_forms(page.study())) == ["确认名单", "口头意见"]
    assert "依据" in page.meet("确认名单", basis="").html
    assert page.meet("确认名单", basis="各乡镇会议记录").done
    assert page.study().official


def test_a_viewer_reads_and_is_offered_nothing(listed):
    page = Page(listed, LOCAL_VIEWER)
    study = page.study()
    assert "只能查看" in deeds_card(study.desk, study_forms(study)[0], "<choice>", "<form>", "")
    assert "<form>" not in deeds_card(study.desk, study_forms(study)[0], "<choice>", "<form>", "")
    told = page.meet("口头意见", said_by="示例领导", content="加人")
    assert not told.done
    assert rows(listed, Instruction) == []


def test_an_officer_of_one_unit_sees_its_people_only(listed):
    unit = Actor(id="unit", name="示例乙经办", role=Role.OFFICER, units=frozenset({"乙"}))
    page = Page(listed, unit)
    assert set(list_frame(page.study())["单位"]) == {"示例乙机关党委"}
    assert not any("示例甲" in one.name for one in page.study().people.values())
    assert "单位范围" in page.meet("上会", on=date(2022, 12, 27)).html
    assert "示例甲" not in study_panel(page.study(), "") + publication_panel(page.notices())


def test_names_are_masked_while_projected(listed):
    page = Page(listed, projected=True)
    held(page)
    shown = study_panel(page.study(), "") + str(list_frame(page.study()).to_dicts()) + publication_panel(page.notices())
    assert "示例甲1" not in shown
    assert "示" in shown


# -- 公示与异议 --------------------------------------------------------------------------------------------------


def published(page):
    """Have the list decided, then post the notice of the whole list long enough ago to be over."""
    held(page)
    posted = clock().date() - timedelta(days=60)
    return page.publish("张贴公示", body="工委", posted=posted, unit="whole", ends=str(posted + timedelta(days=5)))


def test_what_is_published_waits_for_the_meeting(listed):
    page = Page(listed)
    assert "请先到“集体研究”登记会议结果" in publication_panel(page.notices())
    told = page.publish("张贴公示", body="工委", unit="whole")
    assert "还没有经会议研究确定" in told.html
    assert rows(listed, Notice) == []


def test_a_notice_that_is_over_is_closed_once_with_its_proof(listed):
    page = Page(listed)
    assert published(page).done
    assert "已期满，可登记结果" in publication_panel(page.notices())
    assert names(publication_forms(page.notices()))[0] == "登记公示结果"
    assert "凭证" in page.publish("登记公示结果", evidence="").html
    told = page.publish("登记公示结果", evidence="示例照片")
    assert "6 人往下办" in told.html
    assert "没有异议" in publication_panel(page.notices())
    assert "没有人到公示这一步" in published_again(page).html


def published_again(page):
    return page.publish("张贴公示", body="工委", unit="whole", ends=str(clock().date() + timedelta(days=9)))


def test_working_days_without_their_table_are_unknown_and_never_guessed(tmp_path):
    world = working_days(db.open_ledger(f"sqlite:///{tmp_path}/days.db"))
    page = Page(world)
    posted = date(2022, 12, 28)
    told = page.publish("张贴公示", body="工委", posted=posted, unit="whole", ends="")
    assert "止日未知，待放假调休表" in told.html
    assert rows(world, Notice)[0].ends_on is None
    assert "未知：没有这一年的放假调休表" in publication_panel(page.notices())
    assert "放假调休" in page.publish("登记公示结果", evidence="示例照片").html
    for year, off in ((2022, "2022-12-30"), (2023, "2023-01-02、2023-01-03")):
        assert "文号" in page.publish("导入放假调休", year=year, off=off, source="").html
        assert page.publish("导入放假调休", year=year, off=off, source="示例发电 1 号").done
    told = page.publish("登记公示结果", evidence="示例照片")
    assert told.done, told.html
    assert rows(world, Notice)[0].ends_on == date(2023, 1, 5)
    world.engine.dispose()


def test_an_objection_stops_one_person_and_its_words_open_to_who_handles_it(listed):
    page = Page(listed)
    published(page)
    somebody = page.study().awards[0]["case_id"]
    told = page.publish("收到异议", person=somebody, content="收入不实", informant="示例举报人")
    assert told.done
    panel = publication_panel(page.notices())
    assert "署名" in panel
    assert "收入不实" not in panel
    assert "示例举报人" not in panel
    assert "异议 1 件（待定是否受理 1）" in panel
    opened = page.publish("查看异议内容")
    assert "收入不实" in opened.html
    assert "示例举报人" in opened.html
    assert "read_objection" in [entry.action for entry in rows(listed, AuditEntry)]
    assert "收入不实" not in str([vars(entry) for entry in rows(listed, AuditEntry)])

    # Somebody else sees that there is one, neither about whom nor what.
    other = Page(listed, review_round.OTHER)
    assert "（只对办理人员开放）" in publication_panel(other.notices())
    assert "查看异议内容" not in names(publication_forms(other.notices()))

    assert "不予受理要写明理由" in page.publish("是否受理", accepted="no", by="示例负责人").html
    assert "负责人" in page.publish("是否受理", accepted="yes").html
    assert page.publish("是否受理", accepted="yes", by="示例负责人").done
    before = page.study().current.number
    told = page.publish("查核结果", upheld="yes", finding="收入超过标准")
    assert "递补" in told.html
    assert page.study().current.number == before + 1
    panel = publication_panel(page.notices())
    assert "查实不符" in panel
    assert "变更名单" in panel
    assert rows(listed, Objection)[0].state == "upheld"


def test_an_objection_is_handed_to_a_colleague_by_name(listed):
    """Colleagues are those who recorded a step here; an account nobody has seen never leaves it with nobody."""
    colleague = Actor("second", "示例同事", Role.OFFICER)
    assert held(Page(listed, actor=colleague)).done
    page = Page(listed)
    assert page.publish("收到异议", content="示例反映").done
    form = form_named(publication_forms(page.notices()), "交办异议")
    assert form.fields[1].options == {"示例同事": "second"}
    assert "请选定交给谁" in page.publish("交办异议").html
    assert "没有人能打开" in page.publish("交办异议", handlers="nobody", keep=False).html
    assert page.publish("交办异议", known=["second", "forged"], keep=False).done
    assert rows(listed, Objection)[0].handlers == ["second"]
    other = Page(listed, actor=colleague)
    assert "示例反映" in other.publish("查看异议内容").html
    assert other.publish("交办异议", handlers="本机经办").done  # a name typed is the account of that name
    assert rows(listed, Objection)[0].handlers == ["local", "second"]
    assert "示例同事" in publication_panel(other.notices())


def test_a_removal_names_its_cause_and_proposes_the_next(listed):
    page = Page(listed)
    somebody = next(row["case_id"] for row in page.study().awards if row["unit_id"] == "甲")
    assert "依据" in page.publish("减员", person=somebody, cause="died", basis="").html
    assert "请选定原因" in page.publish("减员", person=somebody, cause="ill", basis="示例").html
    told = page.publish("减员", person=somebody, cause="declined", basis="本人书面放弃")
    assert told.done
    assert "递补" in told.html
    assert "放弃" in publication_panel(page.notices())
    left = form_named(publication_forms(page.notices()), "减员").fields[0].options
    assert somebody not in left.values()
    assert left


def test_a_scan_goes_with_the_deed_and_opens_page_by_page_for_officers_alone(listed):
    page = Page(listed)
    somebody = page.notices().current.numbers["awards"][0]["case_id"]
    left = {"person": somebody, "cause": "died", "basis": "示例证明", "on": date(2022, 12, 20)}
    assert "查看扫描件" not in names(publication_forms(page.notices()))
    assert "请选定人员" in page.publish("减员", **{**left, "person": "", "scan": ("示例证明.pdf", pdf())}).html
    assert rows(listed, Attachment) == []  # nothing is kept for a deed that names nobody
    done = page.publish("减员", **left, document="示例柜 3", scan=("示例证明.pdf", pdf()))
    assert done.done, done.html
    (kept,) = rows(listed, Attachment)
    assert (kept.purpose, kept.case_id) == ("decision", somebody)
    assert rows(listed, Removal)[0].document == f"示例柜 3 扫描件:{kept.attachment_id}"

    assert "请写明" in page.publish("查看扫描件").html  # no purpose, no page, no line
    assert rows(listed, AttachmentOpening) == []
    seen = page.publish("查看扫描件", purpose="核对减员依据")
    assert 'src="data:image/jpeg;base64,' in seen.html
    assert "第 1 页" in seen.html
    assert [one.purpose for one in rows(listed, AttachmentOpening)] == ["核对减员依据"]
    assert "示例证明" not in seen.html  # the name of a file often says too much
    for other in (Page(listed, projected=True), Page(listed, actor=LOCAL_VIEWER)):
        assert other.notices().scans == {}
        assert other.study().scans == {}


def test_the_scan_of_the_minutes_is_named_by_the_meeting(listed):
    page = Page(listed)
    assert held(page, minutes="", scan=("示例纪要.png", png())).done
    (kept,) = rows(listed, Attachment)
    assert (kept.purpose, kept.unit_id) == ("meeting", None)
    assert rows(listed, Meeting)[0].minutes == f"扫描件:{kept.attachment_id}"
    assert "查看扫描件" in names(study_forms(page.study()))


def test_a_day_is_read_and_not_guessed(listed):
    page = Page(listed)
    held(page)
    assert "要写到日" in page.publish("张贴公示", body="工委", unit="whole", ends="2022-12").html
    assert "读不懂" in page.publish("张贴公示", body="工委", unit="whole", ends="月底").html
    assert "请填写张贴日期" in page.publish("张贴公示", body="工委", unit="whole", posted="2022-12-28").html
    assert rows(listed, Notice) == []


def test_too_many_people_to_choose_from_are_narrowed_by_the_unit_first():
    crowd = [Someone(f"c{i}", f"p{i}", "示例某", "u", 1) for i in range(501)]
    assert person_field(crowd, {"u": "示例镇"}, label="人员").options == {}
    few = person_field(crowd[:3], {"u": "示例镇"}, label="人员")
    assert list(few.options) == ["示例某（示例镇）", "示例某（示例镇，第 2 人）", "示例某（示例镇，第 3 人）"]


def test_an_amount_is_changed_in_yuan_and_kept_in_fen(listed):
    page = Page(listed)
    page.meet("上会", on=date(2022, 12, 27))
    somebody = page.study().awards[0]["case_id"]
    assert (
        "金额读不懂"
        in page.meet("逐人结果", person=somebody, result="changed_amount", amount="很多", reason="研究").html
    )
    page.meet("逐人结果", person=somebody, result="changed_amount", amount="500", reason="研究")
    (put,) = page.pending.values()
    assert put == {somebody: PersonResult(Decision.CHANGED_AMOUNT, "研究", 50_000)}
    page.meet("逐人结果", person=somebody, result="none")
    assert list(page.pending.values()) == [{}]
