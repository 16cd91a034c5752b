"""The 53 inputs of `spec/security.md` §5 on the whole way: a file, its child process, the intake, the plan, the ledger.

What a cell must give stands in `test_intake_inputs.INPUTS`. Here the cells stand in workbooks, many in one, and what
is clean is taken over into one ledger and read back from it; the inputs about files and about the ledger follow.
"""
# ruff: noqa: E501 - a sentence stands on one line here, as the officer reads it

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

import pytest
import workbooks
from sqlmodel import select
from test_import_links import asking_for_numbers
from test_intake_inputs import CARD, COLUMN, GOOD, ID, INPUTS, MONEY, OTHER, PHONE, WOMAN, hide

from casework import db
from casework.access import LOCAL_OFFICER, Actor
from casework.ledger import audit_check, audit_key, facts, import_units, open_round
from casework.ledger.keys import office_key
from casework.models import Person
from casework.people.importing import import_rows, plan_import
from casework.people.remembered import contact_digests, digest
from casework.vocabulary import Role

NOW = datetime(2020, 1, 10, 1, 30, tzinfo=UTC)
ROUND, EARLIER = "有证号轮", "本年前一轮"
HEADS = ("单位", "姓名", "类别")
BASE = ("示例镇", "示例甲", "生活困难群众")
TOWN = Actor("town", "示例镇经办", Role.OFFICER, frozenset({"u1"}))
SIGNS = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎"
BELL = "BELL"
"""Stands in the place of a control sign until the workbook is written: openpyxl refuses to write one."""
SUM, LONE = 0.1 + 0.2, "\ud800x"
_KEYS = count()


def by():
    return {"actor": LOCAL_OFFICER, "now": NOW, "key": f"inputs-{next(_KEYS)}"}


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """One ledger for all inputs: two rounds of one year, three units."""
    found = db.open_ledger(tmp_path_factory.mktemp("inputs") / "台账.db")
    for round_id, title in ((EARLIER, "示例前一轮"), (ROUND, "示例本轮")):
        told = {"policy": asking_for_numbers(), "opened_on": NOW.date(), "title": title}
        open_round(found, round_id=round_id, **told, **by())
    names = {"u1": "示例镇", "u2": "示例乡", "u3": "示例县直属机关工委"}
    import_units(found, [{"unit_id": unit, "name": name} for unit, name in names.items()], **by())
    yield found
    found.dispose()


def look(engine, body, *, name="示例.xlsx", round_id=ROUND, actor=LOCAL_OFFICER, **more):
    with db.reading(engine) as session:
        return plan_import(session, round_id=round_id, file_name=name, body=body, actor=actor, now=NOW, **more)


def take(engine, body, *, round_id=ROUND, **more):
    told = {"round_id": round_id, "file_name": "示例.xlsx", "body": body, "take_clean": True}
    seen = look(engine, body, round_id=round_id, **more).seen
    return import_rows(engine, seen=seen, **told, **more, **by())


def said(plan):
    return [issue.problem.sentence().removeprefix("文件 示例.xlsx，") for issue in plan.issues]


# -- one cell --------------------------------------------------------------------------------------------------------


def books():
    """Put the inputs into workbooks, so that no two people of one workbook have one number."""
    found: list[list] = []
    for each in INPUTS:
        _, head, cell, _, value, _ = each
        if cell == LONE:
            continue  # no file can bring it: see FILES
        if head in {ID, CARD} and value is not None:
            room = next((at for at, rows in enumerate(found) if value not in {row[4] for row in rows}), len(found))
        else:
            room = 0
        if room == len(found):
            found.append([])
        found[room].append(each)
    return found


def workbook(rows):
    heads = [*HEADS, *dict.fromkeys(row[1] for row in rows)]
    lines = []
    for at, (_, head, cell, *_) in enumerate(rows):
        own = head == CARD and "示例甲" in str(cell)
        name = "示例甲" if own else f"示例{SIGNS[at % len(SIGNS)]}{SIGNS[at // len(SIGNS)]}"
        written = cell.replace("\x07", BELL) if isinstance(cell, str) else cell
        lines.append([BASE[0], name, BASE[2], *(written if head == each else None for each in heads[3:])])
    data = workbooks.xlsx([heads, *lines])
    if any("\x07" in str(row[2]) for row in rows):
        data = workbooks.patched(data, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(BELL, "&#7;"))
    for number, row in enumerate(rows, start=2):
        if row[2] == SUM:  # openpyxl would round it to what people see
            place = workbooks.address(number, heads.index(row[1]) + 1)
            data = workbooks.cell_xml(data, place, f'<c r="{place}"><v>{SUM!r}</v></c>')
    return heads, lines, data


@pytest.mark.parametrize("rows", books(), ids=lambda rows: f"{len(rows)} inputs")
def test_a_cell_is_read_or_said_on_the_whole_way(engine, rows):
    heads, lines, body = workbook(rows)
    plan = look(engine, body)
    states = dict(plan.intake.rows.select("row", "state").iter_rows())
    told = {}
    for issue in plan.issues:
        told.setdefault(issue.row, []).append((issue.severity.value, issue.problem.sentence()))
    for number, (_, head, _, expected, _, sentences) in enumerate(rows, start=2):
        cell = workbooks.address(number, heads.index(head) + 1)
        place = f"文件 示例.xlsx，工作表「名单」第 {number} 行「{head}」（格 {cell}）："
        assert told.get(number, []) == [(severity, place + words) for severity, words in sentences], rows[number - 2]
        assert states[number] == expected, rows[number - 2]
    take(engine, body)
    known = stored(engine)
    for line, (_, head, _, expected, value, _) in zip(lines, rows, strict=True):
        if expected == "held":
            assert line[1] not in known
        else:
            assert known[line[1]](head, value), (head, value)
    assert look(engine, body).already
    with db.reading(engine) as session:
        assert audit_check(session, key=audit_key(engine)) == []


def stored(engine):
    """Return name → whether the ledger has a value for a head."""
    with db.reading(engine) as session:
        found, office = facts(session, round_id=ROUND, as_of=NOW.date()), office_key(session)
        digests = contact_digests(session)
    cases = found.cases.join(found.people, on="person_id")
    notes = dict(found.causes.select("case_id", "note").iter_rows())
    kinds = {ID: "id_number", CARD: "card", PHONE: "phone"}

    def of(row):
        def has(head, value):
            if head in kinds:
                kept = digests.get((row["person_id"], kinds[head]), [])
                other_holder = head == CARD and not kept  # waits for his consent
                return digest(office, kinds[head], value) in kept or other_holder
            if head == "困难情况":
                return notes[row["case_id"]] == value
            return row[COLUMN.get(head, "branch")] == value

        return has

    return {row["name"]: of(row) for row in cases.iter_rows(named=True)}


# -- two people, two units, two rounds -------------------------------------------------------------------------------

PEOPLE = (*HEADS, ID, "出生年月", "性别")


def pair(first, second):
    return workbooks.xlsx([PEOPLE, (*BASE, *first), second])


LEDGER = [
    (18, [PEOPLE, (*BASE, GOOD, "1966.3", None)], ["held"], ["身份证号上是1965年3月7日，出生年月写的是1966年3月，两处不一致。"] * 2),
    (19, [PEOPLE, (*BASE, GOOD, None, "女")], ["clean"], ["与身份证号不一致，号码上是男。请核对证件。"]),
    (20, [PEOPLE, (*BASE, GOOD), ("示例镇", "示例甲", BASE[2], GOOD)], ["clean", "held"], ["与第 2 行同一人"]),
    (21, [PEOPLE, (*BASE, GOOD), ("示例镇", "示例乙", BASE[2], GOOD)], ["held", "held"], ["与第 3 行号码相同、姓名不同。", "与第 2 行号码相同、姓名不同。"]),
    (22, [PEOPLE, (*BASE, GOOD), ("示例镇", "示例甲", BASE[2], OTHER)], ["clean", "clean"], ["与第 2 行同名，按两个人读入。"]),
]  # fmt: skip


@pytest.mark.parametrize(("number", "lines", "states", "sentences"), LEDGER, ids=lambda value: str(value)[:2])
def test_two_cells_or_two_rows_contradict_each_other(engine, number, lines, states, sentences):
    body = workbooks.xlsx(lines)
    plan = look(engine, body)
    assert plan.intake.rows["state"].to_list() == states
    words = [each for each in said(plan) if "（格" in each]
    assert len(words) == len(sentences), words
    assert all(part in each for part, each in zip(sentences, words, strict=True)), words
    assert not any(GOOD in each for each in words)
    if "clean" in states:
        take(engine, body)
        with db.reading(engine) as session:
            found = facts(session, round_id=ROUND, as_of=NOW.date())
        names = [name for name in found.cases.join(found.people, on="person_id")["name"] if name == "示例甲"]
        assert len(names) == states.count("clean")


def test_the_same_person_in_another_unit_or_in_an_earlier_round_of_the_year(engine):
    """Input 23: the unit and the round are named, to whom they concern; no amount is."""
    heads = (*HEADS, ID, MONEY)
    earlier = workbooks.xlsx([heads, ("示例乡", "示例戊", BASE[2], WOMAN, 4321)])
    take(engine, earlier, round_id=EARLIER)
    body = workbooks.xlsx([heads, ("示例镇", "示例戊", BASE[2], WOMAN, 500)])
    plan = look(engine, body)
    [sentence] = [each for each in said(plan) if "号码相同" in each]
    assert sentence == (
        "工作表「名单」第 2 行「身份证号」（格 D2）：读到「****1225」。号码相同的人本年已由示例乡报在示例前一轮。请核对；确是再次申报的，请指明是同一人。"
    )
    assert plan.intake.rows["state"].to_list() == ["held"]
    assert "4321" not in str(said(plan))
    [near] = plan.near["名单", 2]
    assert near.words == "示例戊（示例乡），出生年月不详，本年另一轮已报"
    narrow = look(engine, body, actor=TOWN)
    assert any("本年已由另一单位报在示例前一轮" in each for each in said(narrow))
    assert narrow.near == {}
    with db.reading(engine) as session:
        before = {person.person_id for person in session.exec(select(Person)) if person.name == "示例戊"}
    take(engine, body, links={2: near.person_id})
    with db.reading(engine) as session:
        assert {person.person_id for person in session.exec(select(Person)) if person.name == "示例戊"} == before
    again = workbooks.xlsx([heads, ("示例乡", "示例戊", BASE[2], WOMAN, 500)])
    assert any("已由示例镇报在本轮，一人只能报一处" in each for each in said(look(engine, again)))
    assert any(
        "另一单位" in each
        for each in said(look(engine, again, actor=Actor("x", "乡", Role.OFFICER, frozenset({"u2"}))))
    )


# -- tables and files ------------------------------------------------------------------------------------------------


def test_titles_heads_blanks_totals_and_notes_are_passed_over_and_named(engine):
    """Inputs 44 and 45."""
    data = workbooks.xlsx(
        [
            ("示例县2020年元旦春节慰问花名册",),
            ("单位", "姓名", "类别", MONEY, "家庭主要成员", None),
            (None, None, None, None, "姓名", "关系"),
            ("示例镇", "示例己", BASE[2], 500, "示例子", "儿子"),
            (None, "示例庚", BASE[2], 500),
            (),
            ("单位", "姓名", "类别", MONEY, "家庭主要成员", None),
            ("示例镇", "示例辛", BASE[2], 500),
            ("合计", None, None, 1600),
            ("填表人：示例丙",),
        ],
        merge=("A1:F1", "A2:A3", "B2:B3", "C2:C3", "D2:D3", "E2:F2", "A4:A5"),
    )
    plan = look(engine, data)
    assert plan.intake.rows.select("row", "name", "unit_id").rows() == [
        (4, "示例己", "u1"),
        (5, "示例庚", "u1"),
        (8, "示例辛", "u1"),
    ]
    assert [each.text for each in plan.intake.skipped if each.kind.label == "表外文字"] == [
        "示例县2020年元旦春节慰问花名册",
        "填表人：示例丙",
    ]
    assert [each for each in said(plan) if "合计" in each] == [
        "工作表「名单」第 9 行「慰问金额」（格 D9）：读到「1600」。以上各行相加是 1500 元，与合计不符。请核对各行金额和合计。"
    ]
    take(engine, data)
    with db.reading(engine) as session:
        assert {"示例己", "示例庚", "示例辛"} <= set(facts(session, round_id=ROUND, as_of=NOW.date()).people["name"])


def formula(data):
    return workbooks.cell_xml(data, "D2", '<c r="D2"><f>1+1</f></c>')


def error(data):
    return workbooks.cell_xml(data, "D2", '<c r="D2" t="e"><v>#N/A</v></c>')


def far(book):
    book.active.cell(20_001, 3).value = "x"


ONE = [(*HEADS, MONEY), (*BASE, 500)]
FILES = [
    (46, formula(workbooks.xlsx(ONE)), "示例.xlsx", "单元格的公式没有计算结果。请在 Excel 或 WPS 中打开，另存一次。"),
    (46, error(workbooks.xlsx(ONE)), "示例.xlsx", "单元格是错误值。请改正公式或直接填写。"),
    (51, b"<html><table/></html>", "示例.xls", "这不是 xlsx，而是网页表格。请在 Excel 或 WPS 中另存为 xlsx。"),
    (51, "单位,姓名\n".encode("gbk"), "示例.csv", "这是文本文件（如 CSV），不是 xlsx。请在 Excel 或 WPS 中打开，核对后另存为 xlsx。"),
    (51, b"a,b\n1,2\n", "示例.xlsx", "这是文本文件（如 CSV），不是 xlsx。"),
    (51, workbooks.xls([("姓名",), ("示例甲",)], locked=True), "示例.xls", "工作簿设了密码。请取消密码后另存为 xlsx。"),
    (51, workbooks.xls([("姓名",), ("示例甲",)]), "示例.et", "WPS"),
    (51, workbooks.xlsx(ONE)[:2000], "示例.xlsx", "这不是 xlsx 文件，或文件不完整。"),
    (
        50,
        workbooks.cell_xml(workbooks.xlsx(ONE), "B2", '<c r="B2" t="inlineStr"><is><t>&#xD800;</t></is></c>'),
        "示例.xlsx",
        "文件已损坏，或不是能读的 xlsx。请在 Excel 或 WPS 中打开并另存为 xlsx。",
    ),
    (51, b"", "示例.xlsx", "文件是空的。请重新选择文件。"),
    (51, workbooks.xlsx([HEADS]), "示例.xlsx", "表头下面没有人员。每人填写一行。"),
    (51, workbooks.xlsx([("示例县2019年慰问花名册",), HEADS, BASE]), "示例.xlsx", "标题写的是 2019 年，本轮是 2020 年。请核对是否拿错了表。"),
    (52, workbooks.xlsx([*ONE, ("示例镇", "示例壬", BASE[2], 500)], then=hide), "示例.xlsx", "有 1 行被隐藏（第 3 行），没有读入。"),
    (53, workbooks.xlsx(ONE, then=far), "示例.xlsx", "有 20001 行 4 列，超出能读的范围（20000 行 200 列）。清除数据以外的空白格式后另存。"),
]  # fmt: skip


@pytest.mark.parametrize(("number", "body", "name", "words"), FILES)
def test_a_file_is_one_sentence_of_the_plan(engine, number, body, name, words):
    plan = look(engine, body, name=name)
    sentences = [issue.problem.sentence() for issue in plan.issues]
    assert any(words in each for each in sentences), sentences
    assert plan.intake.file == name
    if number != 52 and "2019" not in words:
        assert not plan.complete


def test_every_input_of_the_catalogue_goes_the_whole_way():
    numbers = {row[0] for row in INPUTS} | {row[0] for row in LEDGER} | {row[0] for row in FILES} | {23, 44, 45}
    assert numbers == set(range(1, 54))
