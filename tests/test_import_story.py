"""An officer's way with one unit's sheet on the command line: messy, in part, corrected, sent again, taken back."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import openpyxl
import pytest
import workbooks

from casework import db
from casework.access import LOCAL_OFFICER
from casework.cli import main
from casework.ledger import facts, import_units, open_round
from casework.people.importing import import_rows, plan_import
from casework.people.sheet_steps import unit_steps
from casework.sheets import read_workbook

NOW = datetime(2020, 1, 10, 1, 30, tzinfo=UTC)
HEADS = (
    *("序号", "姓名", "性别", "出生年月", "慰问类别", "基本情况", "家庭情况"),
    *(None, "联系电话", "身份证号", "党委研究日期"),
)
UNDER = (None, None, None, None, None, None, "家庭人口", "家庭年收入", None, None, None)


def row(number, name, born, *, size=3, phone="139 0000 1234", identity=None, income="1.2万"):
    brief = "本人重大疾病：示例病情"
    return (number, name, "男", born, "生活困难群众", brief, size, income, phone, identity, "2020-01-05")


def sheet(*rows):
    """A list as a town sends it: a title, two levels of heads, a blank row, a total, notes."""
    lines = [
        ("示例县2020年元旦春节慰问花名册",),
        ("填报单位：示例镇", *[None] * 9, "单位：元"),
        HEADS,
        UNDER,
        *rows[:1],
        (),
        *rows[1:],
        ("合计", f"{len(rows)}人"),
        ("注：本表一式三份。",),
        ("填表人：示例经办", None, "审核人：示例书记"),
    ]
    one = [f"{column}3:{column}4" for column in "ABCDEFIJK"]
    return workbooks.xlsx(lines, title="花名册", merge=("A1:K1", "G3:H3", *one))


@pytest.fixture
def place(tmp_path, monkeypatch):
    file = tmp_path / "台账.db"
    monkeypatch.setenv("CASEWORK_DB", str(file))
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)
    engine = db.open_ledger(file)
    who = {"actor": LOCAL_OFFICER, "now": NOW}
    open_round(engine, round_id="R", policy="jianshi-2020", opened_on=NOW.date(), key="a", **who)
    import_units(engine, [{"unit_id": "u1", "name": "示例镇"}, {"unit_id": "u2", "name": "示例乡"}], key="b", **who)
    yield engine
    engine.dispose()


@pytest.fixture
def run(tmp_path, capsys):
    def run(body, *more, name="名册.xlsx"):
        (tmp_path / name).write_bytes(body)
        code = main(["import", str(tmp_path / name), "--round", "R", *map(str, more)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def names(engine):
    with db.reading(engine) as session:
        found = facts(session, round_id="R", as_of=NOW.date())
    return sorted(found.cases.join(found.people, on="person_id")["name"])


def corrected(body, **cells):
    """Return a marked workbook with its cells corrected."""
    book = openpyxl.load_workbook(io.BytesIO(body))
    for cell, value in cells.items():
        book.active[cell] = value
    return workbooks.save(book)


def test_the_clean_rows_then_the_marked_ones_then_a_second_version(place, run, tmp_path, capsys):
    messy = sheet(
        row(1, "示例甲", "1965年3月", income="１２０００"),
        row(2, "示例乙", "65-3"),
        row(3, "示例丙", "1970.2", identity=4.10102197002011e17),
        row(4, "示例丁", "1971/2/3"),
    )
    code, out, err = run(messy, "--dry-run")
    assert (code, names(place)) == (1, [])
    assert "只看，没有导入：新增 2 人，有变动 0 人，不变 0 人，不再有 0 人；2 行待改" in err
    assert "第 7 行「出生年月」（格 D7）：读到「65-3」" in out
    assert "第 8 行「身份证号」（格 J8）：读到「****」。身份证号存成了数字" in out
    assert "花名册  12  表外文字    填表人：示例经办　审核人：示例书记" in out
    assert not any(word in out for word in ("held", "clean", "None", "new"))
    code, out, err = run(messy, "--take-clean", "--marked", tmp_path / "待改.xlsx")
    assert (code, names(place)) == (1, ["示例丁", "示例甲"])
    assert "已导入：新增 2 人，有变动 0 人，不变 0 人，不再有 0 人；还有 2 行待改" in err
    back = (tmp_path / "待改.xlsx").read_bytes()
    assert [each[1] for each in read_workbook(back, name="待改.xlsx")[0].rows[4:]] == ["示例乙", "示例丙"]
    # The marked workbook comes back: it adds to the sheet, it does not stand in its place.
    fixed = corrected(back, D5="1965年3月", J6=None)
    code, out, err = run(fixed, name="改好.xlsx")
    assert (code, names(place)) == (0, ["示例丁", "示例丙", "示例乙", "示例甲"]), out
    assert "按补报处理，只添上或改动表里的人；原来报的其余 2 人不动" in out
    assert "已导入：新增 2 人，有变动 0 人，不变 0 人，不再有 0 人" in err
    assert "已经导入过" in run(fixed, name="改好.xlsx")[2]
    with db.reading(place) as session:
        batches = json.loads(listed(capsys))
        steps = unit_steps(session, import_id=batches[0]["import_id"], actor=LOCAL_OFFICER)
    assert sorted(len(step.case_ids) for step in steps) == [2, 2]
    # 重报: the second version names everybody, and who is not in it goes.
    second = sheet(row(1, "示例甲", "1965年3月", size=4), row(2, "示例丙", "1970.2"), row(3, "示例戊", "1975.6"))
    code, out, err = run(second)
    assert (code, names(place)) == (0, ["示例丙", "示例戊", "示例甲"])
    assert "家庭人口：3 → 4" in out
    assert "已导入：新增 1 人，有变动 1 人，不变 1 人，不再有 2 人" in err
    latest = json.loads(listed(capsys))[0]["import_id"]
    assert main(["import-withdraw", latest, "--reason", "报错了"]) == 0
    assert names(place) == ["示例丁", "示例丙", "示例乙", "示例甲"]
    capsys.readouterr()
    code, _, err = run(sheet(row(9, "示例己", "1980.1")), "--supplement", name="补报.xlsx")
    assert (code, len(names(place))) == (0, 5)


def listed(capsys):
    capsys.readouterr()
    assert main(["import-list", "--round", "R", "--json"]) == 0
    return capsys.readouterr().out


def test_other_kinds_of_files_are_read_or_answered_in_one_sentence(place, run):
    people = [("姓名", "性别", "出生年月", "类别"), ("示例子", "女", "1960年1月", "生活困难群众")]
    for at, (body, name) in enumerate(((workbooks.docx([people]), "表.docx"), (workbooks.xls(people), "表.xls"))):
        code, _, err = run(body, "--unit", f"u{at + 1}", name=name)
        assert (code, "新增 1 人" in err) == (0, True), name
    code, out, err = run(workbooks.xls(people), "--unit", "u1", name="表.et")
    assert code == 1
    assert "点“文件—另存为”，类型选“Microsoft Excel 文件（*.xlsx）”" in out
    assert err.strip() == "没有导入：这份文件里没有可以读的人"


def test_a_supplement_that_waits_in_part_keeps_everybody_else(place):
    def take(body, **more):
        told = {"round_id": "R", "file_name": "表.xlsx", "body": body, "actor": LOCAL_OFFICER, "now": NOW, **more}
        with db.reading(place) as session:
            plan = plan_import(session, **told)
        import_rows(place, seen=plan.seen, take_clean=True, key=plan.seen[:20], **told)
        return plan

    take(sheet(row(1, "示例甲", "1965年3月"), row(2, "示例乙", "1966年3月")))
    plan = take(sheet(row(1, "示例丙", "1967年3月"), row(2, "示例丁", "65-3")), supplement=True)
    assert (plan.gone, [len(ids) for ids in plan.keeps.values()]) == ({}, [2])
    assert names(place) == ["示例丙", "示例乙", "示例甲"]
    plan = take(sheet(row(1, "示例甲", "1965年3月")))
    assert sum(map(len, plan.gone.values())) == 2  # the supplement had kept them in the sheet in force
    assert names(place) == ["示例甲"]


def test_the_same_file_as_a_supplement_and_then_as_the_whole_sheet(place, run):
    run(sheet(row(1, "示例甲", "1965年3月"), row(2, "示例乙", "1966年3月")))
    body = sheet(row(1, "示例丙", "1967年3月"))
    code, out, err = run(body, "--supplement", name="补报.xlsx")
    assert (code, names(place)) == (0, ["示例丙", "示例乙", "示例甲"])
    assert "按补报处理，只添上或改动表里的人；原来报的其余 2 人不动" in out
    for more in ((), ("--supplement",)):  # the same bytes are what they were
        code, out, err = run(body, *more, name="补报.xlsx")
        assert (code, len(names(place))) == (0, 3)
        said = "这张表已经按补报导入过，没有变化；要用它代替原来报的整张表（去掉其余 2 人），请加 --whole"
        assert said in err
    code, out, err = run(body, "--whole", "--dry-run", name="补报.xlsx")
    assert "只看，没有导入：新增 0 人，有变动 0 人，不变 1 人，不再有 2 人" in err
    assert len(names(place)) == 3
    code, out, err = run(body, "--whole", name="补报.xlsx")
    assert (code, names(place)) == (0, ["示例丙"]), out
    for more in ((), ("--whole",), ("--supplement",)):
        assert "这张表已经导入过，没有变化" in run(body, *more, name="补报.xlsx")[2]
    assert "原来没有报过别的人" in run(sheet(row(1, "示例丁", "1967年3月")), "--supplement", "--part", "另一张")[1]
