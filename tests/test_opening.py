"""A round in the making: everything that is open is said, nothing is taken over silently, one command writes."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime

import openpyxl
import pytest
from sqlmodel import select

from casework.access import LOCAL_OFFICER, LOCAL_VIEWER, actor_of
from casework.allocation import Parameters
from casework.comparison import Assessed
from casework.db import open_ledger, reading
from casework.ledger import facts, import_units, pack_of, policy_of
from casework.ledger.rounds import units_of
from casework.models import AuditEntry, Round
from casework.opening import (
    DROP,
    NEAREST,
    OWN,
    Answers,
    Upload,
    basis_names,
    basis_of,
    propose,
    propose_as_it_is,
    read_incoming,
    read_setting,
    said,
    start,
    suggested,
)
from casework.policy import load_policy, parse_pack, read_pack
from casework.policy.circular import Head
from casework.policy.reuse import Setting
from casework.problems import NotAllowed, Problem, Refused
from casework.shapes.limits import QuotaGrid

NOW = datetime(2021, 1, 8, 9, tzinfo=UTC)
TEXT = read_pack("jianshi-2020")["jianshi-2020"]["source.txt"].decode()
NEW_TEXT = (
    TEXT.replace("2000 元/人", "2200 元/人")
    .replace("2020年1月15日下午5点前", "2021年1月20日下午5点前")
    .replace("做好 2020 年", "做好 2021 年")
    .replace("2020年1月7日", "2021年1月7日")
)
BODY = NEW_TEXT[: NEW_TEXT.index("附件 1\n")]
UNITS = list(next(shape.places for _, shape in load_policy("jianshi-2020").of_shape(QuotaGrid)))


def table(*, change=None, title="2020 年度元旦春节期间慰问名额分配表"):
    """The annex as a workbook; `change` is (cell, value)."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append([title])
    for line in NEW_TEXT[NEW_TEXT.index("\n单位\t") + 1 :].splitlines():
        if "\t" in line:
            sheet.append([int(cell) if cell.isdigit() else cell or None for cell in line.split("\t")])
    if change:
        sheet[change[0]] = change[1]
    buffer = io.BytesIO()
    book.save(buffer)
    return Upload("名额分配表.xlsx", buffer.getvalue())


@pytest.fixture
def empty(tmp_path):
    engine = open_ledger(tmp_path / "ledger.db")
    yield engine
    engine.dispose()


def register(engine, names=UNITS, key="units"):
    rows = [{"unit_id": f"u{at}", "name": name, "order": at} for at, name in enumerate(names, start=1)]
    import_units(engine, rows, actor=LOCAL_OFFICER, now=NOW, key=key)


@pytest.fixture
def ledger(empty):
    register(empty, [*UNITS, "示例局机关党委"])
    return empty


@pytest.fixture(scope="module")
def basis(tmp_path_factory):
    engine = open_ledger(tmp_path_factory.mktemp("basis") / "ledger.db")
    with reading(engine) as session:
        chosen = basis_of(session, "pack:jianshi-2020")
    engine.dispose()
    return chosen


@pytest.fixture(scope="module")
def incoming(basis):
    return read_incoming(basis, text=NEW_TEXT)


def answers(incoming, **more):
    given = {
        "head": suggested(incoming.basis, incoming.head, [], NOW.date()),
        "settings": {("JS-2.1.4", "yuan"): "2200", ("JS-6.1", "at"): "2021年1月20日下午5点"},
        "choices": {entry.clause_id: NEAREST for entry in incoming.lost},
    }
    return Answers(**{**given, **more})


def proposed(engine, incoming, **more):
    with reading(engine) as session:
        return propose(incoming, answers(incoming, **more), session)


# -- reading -------------------------------------------------------------------------------------------------------


def test_what_a_round_may_start_from_is_named_by_its_circular(empty):
    with reading(empty) as session:
        names = basis_names(session)
        assert basis_of(session, "") is None
        assert basis_of(session, None) is None
        with pytest.raises(Refused, match="没有这一轮"):
            basis_of(session, "round:x")

    assert "通知：中共建始县委组织部《关于做好2020年元旦春节期间走访慰问工作的通知》" in names
    assert not any("jianshi" in name for name in names)


def test_the_new_circular_is_held_against_the_old_one(incoming):
    assert [entry.clause_id for entry in incoming.lost] == ["JS-2.1.4", "JS-6.1", "JS-A1.5"]
    assert incoming.head.issued_on == date(2021, 1, 7)
    assert incoming.grid is not None
    assert len(incoming.grid) == 12
    assert any("三、" in problem.message for problem in incoming.remarks)
    carried = {setting.clause_id: incoming.carried(setting) for setting in incoming.settings}
    assert carried["JS-2.1.6"]
    assert not carried["JS-2.1.4"]


def test_an_annex_that_came_as_a_sheet_becomes_part_of_the_text(basis):
    without = read_incoming(basis, text=BODY)
    given = read_incoming(basis, text=BODY, table=table())

    assert without.grid is None
    assert {entry.clause_id for entry in without.lost} > {entry.clause_id for entry in given.lost}
    assert {entry.clause_id for entry in given.lost} == {"JS-2.1.4", "JS-6.1", "JS-A1.5"}
    assert given.grid == read_incoming(basis, text=NEW_TEXT).grid
    assert "业州镇\t\t\t41\t20500" in given.text


def test_a_sheet_that_differs_from_the_text_is_said(basis):
    given = read_incoming(basis, text=NEW_TEXT, table=table(change=("D4", 42)))

    assert given.grid["业州镇"]["frontline"] == 42
    assert "“业州镇”的名额" in given.remarks[0].message


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (table(change=("D4", 41.5)), "工作表「Sheet」第 4 行（格 D4）"),
        (Upload("x.xlsx", b"%PDF"), "PDF"),
        (Upload("x.xlsx", b""), "空的"),
    ],
)
def test_a_table_that_cannot_be_read_is_named_by_its_cell(basis, empty, file, words):
    given = read_incoming(basis, text=BODY, table=file)

    assert given.grid is None
    assert words in given.problems[0].sentence()
    assert any(words in sentence for sentence in proposed(empty, given).missing)


def test_a_text_file_of_any_office_is_read(basis):
    given = read_incoming(basis, text=" ", file=Upload("通知.txt", NEW_TEXT.replace("\n", "\r\n").encode("gb18030")))

    assert given.text.strip() == NEW_TEXT.strip()
    assert read_incoming(basis, text="").problems[0].message == "还没有新通知的文字"
    assert "不是能读的文字文件" in read_incoming(basis, text="", file=Upload("a", b"\xff\xff\xff")).problems[0].message


# -- what is typed -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "parameter", "text", "value"),
    [
        ("yuan", "yuan", " 2200 ", "2200"),
        ("yuan", "yuan", "１８．４６万", "18.46万"),
        ("count", "days", "７", 7),
        ("date", "first", "2021年1月18日", date(2021, 1, 18)),
        ("date", "at", "2021-02-14", date(2021, 2, 14)),
        ("date", "at", "2021-01-20 17:00", datetime(2021, 1, 20, 17)),  # noqa: DTZ001
        ("date", "at", "2021年1月20日下午5点", datetime(2021, 1, 20, 17)),  # noqa: DTZ001
        ("date", "at", "2021年1月20日 12时30分", datetime(2021, 1, 20, 12, 30)),  # noqa: DTZ001
    ],
)
def test_a_number_or_a_day_is_read_as_officers_write_it(kind, parameter, text, value):
    assert read_setting(Setting("x", parameter, "", kind, None), text) == value


@pytest.mark.parametrize(
    ("kind", "parameter", "text"),
    [
        ("yuan", "yuan", "两千左右"),
        ("yuan", "yuan", "-5"),
        ("count", "days", "3.7"),
        ("count", "days", "-1"),
        ("date", "first", "2021年1月"),
        ("date", "first", "2021-01-20 17:00"),
        ("date", "at", "2021-01-20 25:00"),
        ("date", "at", "腊月二十"),
    ],
)
def test_what_leaves_room_for_doubt_is_refused(kind, parameter, text):
    with pytest.raises(ValueError, match=r"[一-鿿]"):
        read_setting(Setting("x", parameter, "", kind, None), text)


def test_the_head_is_filled_from_the_text_and_the_number_of_the_round_is_free(incoming, basis):
    first = suggested(basis, incoming.head, ["2021-01", "2021-02"], NOW.date())

    assert first["round_id"] == "2021-03"
    assert first["round_title"] == "2021年元旦春节期间走访慰问"
    assert first["issued_on"] == "2021-01-07"
    assert first["issuer"] == "中共建始县委组织部"
    assert suggested(basis, Head(), [], NOW.date())["issued_on"] == ""


# -- the proposal --------------------------------------------------------------------------------------------------


def test_nothing_is_decided_beforehand(ledger, incoming):
    bare = proposed(ledger, incoming, settings={}, choices={}, head={})

    assert not bare.ready
    said_words = "\n".join(bare.missing)
    for words in ("编号", "轮次名称", "通知标题", "发文机关", "发文日期", "年份", "还有 3 条", "上一轮是 2000"):
        assert words in said_words, words
    assert "JS-" not in said_words


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"choices": {"JS-2.1.4": "别的", "JS-6.1": NEAREST, "JS-A1.5": DROP}}, "还有 1 条没有选定怎么办：家属标准"),
        ({"choices": {"JS-2.1.4": OWN, "JS-6.1": NEAREST, "JS-A1.5": DROP}}, "还没有写出原文"),
        (
            {
                "choices": {"JS-2.1.4": OWN, "JS-6.1": NEAREST, "JS-A1.5": DROP},
                "words": {"JS-2.1.4": "慰问标准 3000 元"},
            },
            "在新通知里找不到",
        ),
        ({"settings": {("JS-2.1.4", "yuan"): "二千多", ("JS-6.1", "at"): "2021-01-20"}}, "“家属标准：标准（元）”"),
        ({"settings": {("JS-2.1.4", "yuan"): "2200"}}, "还没有填写“报送花名册：期限”（上一轮是 2020-01-15 17:00）"),
    ],
)
def test_every_wrong_answer_is_named(ledger, incoming, more, words):
    proposal = proposed(ledger, incoming, **more)

    assert proposal.packs is None
    assert len(proposal.missing) == 1
    assert words in proposal.missing[0]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("issued_on", "2021年1月", "发文日期要写到日"),
        ("issued_on", "年初", "发文日期"),
        ("year", "二一", "年份要写四位数字"),
        ("as_of", "昨天", "情况截至日期"),
    ],
)
def test_a_wrong_head_is_named(ledger, incoming, name, value, words):
    proposal = proposed(ledger, incoming, head={**answers(incoming).head, name: value})

    assert any(words in sentence for sentence in proposal.missing)
    assert not proposal.ready


def test_an_empty_register_and_a_strange_unit_stop_it(empty, incoming):
    assert any("单位名录还是空的" in sentence for sentence in proposed(empty, incoming).missing)

    register(empty, UNITS[1:])
    (missing,) = proposed(empty, incoming).missing
    assert "业州镇" in missing
    assert "长梁镇" not in missing


def test_two_units_of_one_name_would_be_counted_twice(ledger, incoming):
    import_units(ledger, [{"unit_id": "other", "name": UNITS[0]}], actor=LOCAL_OFFICER, now=NOW, key="other")

    (missing,) = proposed(ledger, incoming).missing
    assert "同名" in missing
    assert UNITS[0] in missing


def test_a_number_that_is_not_in_the_words_is_a_warning(ledger, incoming):
    proposal = proposed(ledger, incoming, settings={("JS-2.1.4", "yuan"): "2100", ("JS-6.1", "at"): "2021-01-20"})

    assert proposal.ready
    (warning,) = proposal.warnings
    assert "2100" in warning
    assert "JS-" not in warning


def test_the_round_that_was_opened_is_the_new_circular(ledger, incoming):
    proposal = proposed(ledger, incoming)
    assert proposal.ready
    assert proposal.warnings == ()
    assert proposal.facts["名额"] == "359 个"

    first = start(ledger, proposal, actor=LOCAL_OFFICER, now=NOW, key="k")
    again = start(ledger, proposal, actor=LOCAL_OFFICER, now=NOW, key="k")

    assert first == again
    with reading(ledger) as session:
        policy = policy_of(session, "2021-01")
        assert parse_pack(pack_of(session, "2021-01")).id == policy.id == "jianshi-2021"
        assert policy.issued_on == date(2021, 1, 7)
        known = facts(session, round_id="2021-01", as_of=NOW.date())
        assert known.units.height == 12
        assert session.get(Round, "2021-01").title == "2021年元旦春节期间走访慰问"
        opened = [entry for entry in session.exec(select(AuditEntry)) if entry.action == "open_round"]
    result = Assessed.of(known, policy).allocate(Parameters())
    assert (result.totals["places"], result.totals["amount_fen"], result.balance_fen) == (359, 18460000, -60000)
    assert len(opened) == 1
    assert any("已经用过" in sentence for sentence in proposed(ledger, incoming).missing)


def test_next_years_round_continues_the_one_before(ledger, incoming):
    start(ledger, proposed(ledger, incoming), actor=LOCAL_OFFICER, now=NOW, key="k")
    with reading(ledger) as session:
        (key,) = (key for key in basis_names(session).values() if key.startswith("round:"))
        earlier = basis_of(session, key)
        same = read_incoming(earlier, text=NEW_TEXT)
        proposal = propose(same, Answers(head=suggested(earlier, same.head, ["2021-01"], NOW.date())), session)

    assert same.lost == ()
    assert proposal.missing == ()
    assert parse_pack(proposal.packs).id == "jianshi-2021-2"
    start(ledger, proposal, actor=LOCAL_OFFICER, now=NOW, key="k2")
    with reading(ledger) as session:
        assert session.get(Round, "2021-02").from_round == "2021-01"
        assert units_of(session, "2021-02") == units_of(session, "2021-01")
        assert len(units_of(session, "2021-02")) == 12


def test_a_round_on_the_circular_as_it_is(ledger, basis):
    with reading(ledger) as session:
        bare = propose_as_it_is(basis, Answers(), session)
        proposal = propose_as_it_is(basis, Answers(head={"round_id": "甲", "round_title": "示例"}), session)

    assert bare.missing == ("还没有填写编号", "还没有填写轮次名称")
    start(ledger, proposal, actor=LOCAL_OFFICER, now=NOW, key="k")
    with reading(ledger) as session:
        assert policy_of(session, "甲").digest == load_policy("jianshi-2020").digest


@pytest.mark.parametrize("actor", [LOCAL_VIEWER, actor_of(None), actor_of({"username": "user"})])
def test_who_may_only_look_opens_nothing(ledger, incoming, actor):
    with pytest.raises(NotAllowed):
        start(ledger, proposed(ledger, incoming), actor=actor, now=NOW, key="k")


def test_what_is_not_ready_is_not_opened(ledger, incoming):
    with pytest.raises(Refused, match="还不能开始"):
        start(ledger, proposed(ledger, incoming, choices={}), actor=LOCAL_OFFICER, now=NOW, key="k")


def test_a_problem_is_said_with_the_clause_as_it_is_printed(basis):
    problem = Problem("条款 JS-2.1.4 与 JS-2.1.6 冲突", file="policy.toml", clause="JS-2.1.4")

    words = said(problem, basis.policy)

    assert "JS-" not in words
    assert "policy.toml" not in words
    assert "家属标准" in words
    assert "一线干部标准" in words
