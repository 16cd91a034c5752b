"""Papers as files: their names, one list split into a file per unit or branch, what a viewer gets, what is logged."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import payment_round
import pytest
from openpyxl import load_workbook
from payment_round import HALL, OF_TOWN, TODAY, TOWN
from review_round import at
from sqlmodel import select

from casework import db
from casework.access import LOCAL_OFFICER, LOCAL_VIEWER, Actor
from casework.archives import archive, file_name, told_apart
from casework.cli import main
from casework.lists import ListState
from casework.models import AuditEntry, Download
from casework.paper_files import paper_name, read_paper, split
from casework.papers import COMPUTED, LABELS, PAPERS, STAGES, Asked, branches, instances, stage_of
from casework.problems import NotAllowed, Refused
from casework.vocabulary import Role

made, _keys, quick, world = payment_round.made, payment_round._keys, payment_round.quick, payment_round.world
DAY = f"{TODAY:%Y%m%d}"


@pytest.fixture
def owed(quick):
    """The round with its list decided and its claims opened."""
    quick.income()
    quick.open()
    return quick


@pytest.fixture
def run(capsys, monkeypatch, quick):
    monkeypatch.setenv("CASEWORK_DB", str(quick.engine.url.database))
    monkeypatch.setattr("casework.cli.papers.now", lambda: at(TODAY))

    def run(*given):
        code = main([str(word) for word in given])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def asked(world, **more):
    return Asked(world.round_id, **{"actor": LOCAL_OFFICER, "now": at(TODAY), **more})


def parts(world, name, by, **more):
    def read(session):
        wanted = asked(world, **more)
        return split(session, wanted, by, read=lambda one: read_paper(session, name, one), label=LABELS[name])

    return world.read(read)


def names(table):
    return [row[table.keys.index("name")] for row in table.rows]


# -- split ---------------------------------------------------------------------------------------------------------


def test_a_list_splits_into_a_copy_for_each_unit_and_nobody_is_lost_or_told_twice(world):
    world.income()
    world.open()
    for name in ("pay-sheet", "receipts", "meeting-list", "roster", "public-list"):
        whole = names(world.read(read_paper, name, asked(world)))
        copies = parts(world, name, "unit")
        assert [copy.whose for copy in copies] == ["业州镇", "长梁镇"], name
        assert sorted(who for copy in copies for who in names(copy.table)) == sorted(whole)


def test_a_list_splits_into_a_copy_for_each_branch(owed):
    for name in ("pay-sheet", "public-notice", "roster"):
        copies = parts(owed, name, "branch", unit_id=TOWN)
        assert [copy.whose for copy in copies] == ["业州镇示例中心村党支部", "业州镇示例村党支部"], name
        assert all(len(copy.table.rows) == 1 for copy in copies)
        assert len({names(copy.table)[0] for copy in copies}) == 2


def test_what_is_one_for_the_round_is_not_split(owed):
    for name, said in (("activity-report", "不分单位"), ("exceptions", ".")):
        with pytest.raises(Refused, match=said):
            parts(owed, name, "unit")
    with pytest.raises(Refused, match="不按党支部分"):
        parts(owed, "quota-table", "branch")
    with pytest.raises(Refused, match="只能按单位、党支部或人"):
        parts(owed, "pay-sheet", "person?")


def test_a_copy_that_is_the_whole_list_again_is_refused(owed):
    def read(session):
        wanted = asked(owed)
        return split(session, wanted, "unit", read=lambda _: read_paper(session, "pay-sheet", wanted), label="示例表")

    with pytest.raises(Refused, match="示例表全轮一份，不能再分"):
        owed.read(read)


def test_an_officer_of_one_unit_gets_his_own_copy_alone(owed):
    (copy,) = parts(owed, "pay-sheet", "unit", actor=OF_TOWN)
    assert copy.whose == "业州镇"
    with pytest.raises(Refused, match="没有可以分"):
        parts(owed, "pay-sheet", "unit", actor=OF_TOWN, unit_id=HALL)


def test_the_command_writes_all_files_or_none(owed, run, tmp_path):
    out, zipped = tmp_path / "分", tmp_path / "分.zip"
    assert run("list", "pay-sheet", "--round", "js", "--split", "unit", "--as", "xlsx", "--out", out)[0] == 0
    wanted = [f"{unit}_慰问金发放表_{DAY}.xlsx" for unit in ("业州镇", "长梁镇")]
    assert sorted(path.name for path in out.iterdir()) == wanted
    assert "示例3号" not in str(list(load_workbook(out / wanted[0]).active.values))
    code, _, err = run("list", "pay-sheet", "--round", "js", "--split", "unit", "--as", "xlsx", "--out", out)
    assert (code, "同名文件" in err) == (2, True)
    assert run("list", "pay-sheet", "--round", "js", "--split", "unit", "--as", "xlsx", "--out", zipped)[0] == 0
    with zipfile.ZipFile(zipped) as packed:
        assert {name: packed.read(name) for name in wanted} == {name: (out / name).read_bytes() for name in wanted}
    code, _, err = run("list", "public-notice", "--round", "js", "--split", "unit", "--out", tmp_path / "无")
    assert (code, "业州镇：" in err, (tmp_path / "无").exists()) == (1, True, False)
    with db.reading(owed.engine) as session:
        actions = [entry.action for entry in session.exec(select(AuditEntry).order_by(AuditEntry.seq))]
        last = session.exec(select(Download).order_by(Download.at.desc())).first()
    assert (actions[-2:], actions.count("download")) == (["download"] * 2, 2), "what was refused is not in the log"
    assert (last.kind, last.parameters) == ("pay-sheet.xlsx", {"round": "js", "split": "unit"})


def test_the_forms_of_everybody_are_written_one_by_one(owed, run, tmp_path):
    out = tmp_path / "表"
    words = ["list", "registration", "--round", "js", "--split", "person", "--unit", TOWN, "--as", "docx"]
    assert run(*words, "--out", out)[0] == 0
    assert sorted(path.name for path in out.iterdir()) == [
        f"业州镇_示例{number}号_特困党员登记表（草稿）_{DAY}.docx" for number in (1, 2)
    ]
    code, _, err = run("list", "pay-sheet", "--round", "js", "--split", "person", "--out", tmp_path / "无")
    assert (code, "不是每人一张" in err) == (1, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--split", "town"], "单位、党支部 或 人"),
        (["--split", "unit"], "要写 --out"),
        (["--split", "unit", "--out", "x.pdf"], "文件夹或一个 .zip"),
        (["--split", "unit", "--out", "x", "--as", "doc"], "pdf、xlsx 或 docx"),
        (["--split", "unit", "--out", "x", "--blank"], "不与"),
    ],
)
def test_a_split_asked_for_wrongly_is_answered_in_a_sentence(run, words, said):
    code, _, err = run("list", "pay-sheet", "--round", "js", *words)
    assert (code, said in err) == (2, True), err


# -- in force ------------------------------------------------------------------------------------------------------


def test_the_lists_in_force_are_reached_by_their_names(owed, run):
    code, out, _ = run("list", "roster", "--round", "js", "--scenario", "正式", "--unit", TOWN)
    assert (code, "示例1号" in out, "示例3号" in out) == (0, True, False)
    table = owed.read(read_paper, "roster", asked(owed))
    assert table.state is ListState.OFFICIAL
    assert "单机登记" in "".join(table.captions)


# -- who may have what ---------------------------------------------------------------------------------------------


def test_a_viewer_gets_what_hangs_on_the_board_and_the_places(world):
    world.income()
    world.open()
    allowed = {"quota-table": {}, "public-list": {}, "public-notice": {"branch": "示例村党支部"}, "notice-result": {}}
    for name in LABELS:
        told = asked(world, actor=LOCAL_VIEWER, **allowed.get(name, {"unit_id": TOWN}))
        if name in allowed:
            world.read(read_paper, name, told)
        else:
            with pytest.raises((NotAllowed, Refused)):
                world.read(read_paper, name, told)
    with pytest.raises(NotAllowed, match="只读账号"):
        world.read(read_paper, "pay-sheet", asked(world, actor=LOCAL_VIEWER))
    with pytest.raises(NotAllowed, match="只读账号"):
        world.read(read_paper, "roster", asked(world, actor=LOCAL_VIEWER))


def test_nothing_reaches_beyond_the_units_of_whoever_asks(world):
    world.income()
    world.open()
    nobody = Actor("none", "示例", Role.OFFICER, frozenset())
    for name in LABELS:
        for actor, unit in ((OF_TOWN, None), (OF_TOWN, HALL), (nobody, TOWN)):
            with pytest.raises(NotAllowed):
                world.read(read_paper, name, asked(world, actor=actor, unit_id=unit))
    for choose in (branches, lambda session, one: instances(session, "public-notice", one)):
        with pytest.raises(NotAllowed):
            world.read(choose, asked(world, actor=OF_TOWN, unit_id=HALL))


# -- chosen by -----------------------------------------------------------------------------------------------------


def test_papers_are_chosen_by_stage_and_by_day_and_name(owed):
    assert {stage_of(name) for name in LABELS} <= set(STAGES)
    assert owed.read(branches, asked(owed, unit_id=TOWN)) == ["示例中心村党支部", "示例村党支部"]
    posted = owed.read(instances, "notice-result", asked(owed))
    assert len(posted) == 1
    (label,) = posted
    assert label.startswith("2020年1月")
    assert posted[label] not in label
    assert owed.read(instances, "pay-sheet", asked(owed)) == {}
    with pytest.raises(Refused, match="没有这张表"):
        owed.read(read_paper, "nothing", asked(owed))
    assert set(LABELS) == set(COMPUTED) | set(PAPERS)


# -- names ---------------------------------------------------------------------------------------------------------


def test_a_file_is_named_by_unit_list_and_day(owed):
    wanted = asked(owed, unit_id=TOWN)
    table = owed.read(read_paper, "pay-sheet", wanted)
    assert owed.read(paper_name, "pay-sheet", wanted, table, "pdf") == f"业州镇_慰问金发放表_{DAY}.pdf"
    report = owed.read(read_paper, "activity-report", asked(owed))
    named = owed.read(paper_name, "activity-report", asked(owed), report, "xlsx")
    assert named.endswith(f"_走访慰问活动情况报告（草稿）_{DAY}.xlsx")


@pytest.mark.parametrize(
    ("unit", "wanted"),
    [
        ('示例:"镇"<东>|?*', "示例镇东_表_20200130.pdf"),
        ("示例\u202e镇\x07", "示例镇_表_20200130.pdf"),
        (" . ", "表_20200130.pdf"),
        ("../示例", "示例_表_20200130.pdf"),
        ("长" * 300, f"{'长' * 60}_表_20200130.pdf"),
    ],
)
def test_a_file_name_may_stand_on_windows(unit, wanted):
    assert file_name(unit, "表", on=date(2020, 1, 30), suffix="pdf") == wanted


def test_two_of_one_name_are_both_in_the_archive():
    files = [("甲.pdf", b"1"), ("甲.PDF", b"2"), ("甲.pdf", b"3")]
    packed = archive(files, on=date(2020, 1, 30))
    assert packed == archive(files, on=date(2020, 1, 30))
    with zipfile.ZipFile(io.BytesIO(packed)) as opened:
        assert sorted(opened.read(name) for name in opened.namelist()) == [b"1", b"2", b"3"]
    assert told_apart(["甲.pdf", "甲（2）.pdf", "甲.pdf"]) == ["甲.pdf", "甲（2）.pdf", "甲（3）.pdf"]
