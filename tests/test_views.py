"""What an officer sees, without a browser: figures, lists, sentences, and the deeds behind the buttons."""

from __future__ import annotations

import base64
import dataclasses
import html
import io
import re
import shutil
from datetime import UTC, date, datetime, timedelta

import openpyxl
import polars as pl
import pypdf
import pytest
from sqlalchemy import event
from sqlmodel import select

from casework import downloads, views
from casework.access import LOCAL_OFFICER, LOCAL_VIEWER, Actor, to_user
from casework.allocation import Parameters
from casework.comparison import Assessed
from casework.db import open_ledger, reading
from casework.ledger import import_units, open_round
from casework.lists import quota_table
from casework.models import Adoption, Download, PlaceTransfer, Ruling, Scenario
from casework.problems import NotAllowed, Refused
from casework.samples import fill
from casework.views import desk as desks
from casework.views import plans, proofs
from casework.views.figures import grid
from casework.vocabulary import Act, Role

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
FIRST = "js-01|frontline"


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A demo ledger, made once."""
    path = tmp_path_factory.mktemp("demo") / "demo.db"
    engine = open_ledger(path)
    fill(engine, actor=LOCAL_OFFICER, now=NOW)
    engine.dispose()
    return path


@pytest.fixture
def ledger(filled, tmp_path, monkeypatch):
    """A copy of the demo ledger, as a served worksheet opens it."""
    for suffix in ("", ".key"):
        shutil.copy(f"{filled}{suffix}", tmp_path / f"demo.db{suffix}")
    monkeypatch.setenv("CASEWORK_DB", str(tmp_path / "demo.db"))
    monkeypatch.delenv("CASEWORK_READ_ONLY", raising=False)
    opened = views.open_place()
    yield opened
    opened.open.dispose()


def a_desk(ledger, round_id="jianshi-2020", actor=LOCAL_OFFICER):
    desk = views.open_desk(ledger, round_id, to_user(actor))
    assert desk.problem == ""
    return desk


@pytest.fixture
def desk(ledger):
    return a_desk(ledger)


def worked(desk, **parts):
    return views.work(desk, views.read_sheet(desk, views.Sheet(**parts)))


def plain(markup):
    """Return the words of HTML, an element a space apart."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", markup))).strip()


def kpis(desk, work):
    found = re.findall(r"<b>(.*?)</b><span>(.*?)</span>", views.figures(desk, work))
    return {name: value for value, name in found}


# -- what was typed ------------------------------------------------------------------------------------------------


def test_an_untouched_sheet_is_the_circular_as_it_stands(desk):
    typed = views.read_sheet(desk, views.original_sheet(desk))

    assert typed == views.Typed(Parameters())
    assert views.read_sheet(desk, views.Sheet()) == typed


def test_what_is_typed_becomes_exact_parameters(desk):
    sheet = views.Sheet(money={"rate:hardship": 600.5, "fund:retained_dues": 200000}, places={FIRST: 42.0})

    found = views.read_sheet(desk, sheet).parameters

    assert (found.rates, found.funds, found.places) == (
        {"hardship": 60050},
        {"retained_dues": 20_000_000},
        {FIRST: 42},
    )


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"places": {FIRST: None}}, "业州镇“脱贫攻坚一线干部”的名额是空的，暂按通知原定 41 名计算；不给名额请填 0"),
        ({"places": {FIRST: 3.7}}, "填了“3.7”，名额要填不小于 0 的整数，暂按通知原定 41 名计算"),
        ({"places": {FIRST: -1}}, "填了“-1”"),
        ({"places": {FIRST: True}}, "填了“True”"),
        ({"places": {FIRST: 10**9}}, "名额要填不小于 0 的整数"),
        ({"places": {FIRST: float("nan")}}, "名额要填不小于 0 的整数"),
        ({"money": {"rate:family": None}}, "因公牺牲党员干部家属标准是空的，暂按通知原定 2000 元计算"),
        ({"money": {"rate:family": -5}}, "金额要填不小于 0 的数"),
        ({"money": {"rate:family": 0.001}}, "到分为止，暂按通知原定 2000 元计算"),
        ({"money": {"fund:retained_dues": "许多"}}, "留存党费填了“许多”"),
    ],
)
def test_a_field_that_will_not_do_gets_a_calm_sentence_and_the_rest_keeps_working(desk, parts, said):
    work = worked(desk, **parts)

    assert len(work.typed.problems) == 1
    assert said in work.typed.problems[0]
    assert kpis(desk, work)["名额"] == "359"
    assert said in plain(views.figures(desk, work))


def test_fields_nobody_offers_are_left_out(desk):
    sheet = views.Sheet(
        money={"rate:gold": 5, "fund:dues": 5},
        places={"js-01|family": 5, "nobody|frontline": 5},
        reasons={"js-01|family": {"reason": "x"}},
        decided={"nobody": 5},
    )

    assert views.read_sheet(desk, sheet) == views.Typed(Parameters())


def test_a_sheet_and_its_parameters_say_the_same(desk):
    parameters = Parameters(rates={"family": 150050}, places={FIRST: 40}, funds={"retained_dues": 1})

    assert views.read_sheet(desk, views.sheet_of(desk, parameters)).parameters == parameters


# -- figures -------------------------------------------------------------------------------------------------------


def test_the_figures_of_the_circular_and_of_one_place_more(desk):
    before, after = worked(desk), worked(desk, places={FIRST: 42})

    assert kpis(desk, before) == {
        "名额": "359",
        "人数": "359",
        "金额（元）": "184000",
        "余额（元）": "0",
        "未用名额": "0",
        "待核实": "13",
        "并列": "0",
    }
    assert {**kpis(desk, before), "名额": "360", "人数": "360", "金额（元）": "184500", "余额（元）": "-500"} == kpis(
        desk, after
    )
    assert "超出资金" not in views.figures(desk, before)
    assert "超出资金 500 元" in views.figures(desk, after)


def test_the_grid_has_the_circulars_blanks_and_live_sums(desk):
    work = worked(desk, places={FIRST: 42})
    fields = {cell: f"[{cell}]" for cell in desk.places}
    table = grid(desk, fields, work)
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr.*?</tr>", table)]

    assert rows[1] == ["业州镇", "", "[js-01|frontline]", "[js-01|hardship]", "[js-01|resident]", "60", "30000"]
    assert rows[11][:3] == ["县委直属机关工委", "[js-11|family]", ""]
    assert rows[-1] == ["合计", "3", "223", "124", "10", "360", "184500"]
    assert "通知原定 41 名" in table


def test_the_quota_table_on_the_screen_is_the_one_that_is_printed(desk):
    work = worked(desk, places={FIRST: 42})
    printed = quota_table(desk.policy, units=desk.assessed.facts.units, plan=work.result.plan)
    shown = views.quota(desk, work)

    assert plain(shown).startswith(plain(printed.title))
    assert shown.count("<tr") == len(printed.rows) + 3
    assert plain(shown).endswith("合计 3 6000 223 111500 124 62000 10 5000 360 184500")
    assert re.findall(r'cw-moved">(\d+)', shown) == ["42", "21000"]


def test_the_chart_shows_places_in_the_circulars_order_and_offers_no_menu(desk):
    drawn = views.chart(desk, worked(desk)).to_dict()

    assert drawn["usermeta"]["embedOptions"]["actions"] is False
    assert drawn["encoding"]["y"]["sort"][0] == "业州镇"
    (rows,) = drawn["datasets"].values()
    assert sum(row["数量"] for row in rows) == 359


@pytest.mark.parametrize(
    ("fen", "typed", "span"),
    [
        (50_000, 500, (500, 1000, 10)),
        (50_000, 1505, (1500, 1500, 10)),
        (50_000, None, (500, 1000, 10)),
        (None, 5, None),
    ],
)
def test_a_slider_reaches_twice_the_circulars_number_or_what_was_typed(fen, typed, span):
    assert views.slider_span(fen, typed) == span


def test_a_panel_that_fails_says_so_in_its_place_and_names_nobody(desk, caplog):
    broken = dataclasses.replace(worked(desk), result="示例某")

    said = views.figures(desk, broken)

    assert "这一部分没有算出来" in said
    assert "示例某" not in said + caplog.text


def test_where_the_circular_names_no_fund_the_officer_types_what_there_is(ledger):
    desk = a_desk(ledger, "neimenggu-2022")
    assert desk.money["fund:visit_fund"] is None
    cases = views.open_amounts(desk, views.original_sheet(desk), desk.units[0]["unit_id"])
    typed = worked(desk, decided={cases[0]: 1500}, money={"fund:visit_fund": 2000})
    short = worked(desk, decided={cases[0]: 1500}, money={"fund:visit_fund": 1000})

    assert typed.typed.parameters.funds == {"visit_fund": 200_000}  # kept in the scenario like any other fund
    assert typed.result.balance_fen == 50_000
    assert "已拟定 1 人，合计 1500 元" in plain(views.amounts(desk, typed, {cases[0]: ""}))
    assert "可用资金 2000 元，还余 500 元" in plain(views.amounts(desk, typed, {cases[0]: ""}))
    assert "超出资金 500 元" in plain(views.figures(desk, short))
    assert "可用资金未填" in plain(views.amounts(desk, worked(desk), {cases[0]: ""}))


def test_a_round_without_numbers_says_so_instead_of_nought(ledger):
    desk = a_desk(ledger, "jiaozuo-2018")

    assert kpis(desk, worked(desk))["名额"] == "据实"
    assert kpis(desk, worked(desk))["金额（元）"] == "未定"
    assert "合计 据实 据实 据实 未定" in plain(
        views.worksheet(
            desk,
            worked(desk),
            money=(dict.fromkeys(desk.money, ""), {}),
            places=dict.fromkeys(desk.places, ""),
            reasons="",
            reset="",
        )
    )


def test_a_round_that_cannot_be_opened_has_a_sentence(ledger):
    assert "没有这一轮" in views.open_desk(ledger, "nowhere", None).html
    assert "还没有一轮" in views.open_desk(ledger, None, None).html


def test_the_round_opened_last_comes_first(ledger):
    assert views.newest_round(ledger) == "jianshi-2020"
    assert set(views.round_names(ledger).values()) == {"jianshi-2020", "jianshi-tie", "neimenggu-2022", "jiaozuo-2018"}


def test_facts_are_assessed_once_per_data_version(ledger, monkeypatch):
    first = a_desk(ledger)
    monkeypatch.setattr(Assessed, "of", None)

    assert a_desk(ledger).assessed is first.assessed


def test_without_units_and_cases_everything_still_has_a_sentence(tmp_path, monkeypatch):
    engine = open_ledger(tmp_path / "empty.db")
    monkeypatch.setenv("CASEWORK_DB", str(tmp_path / "empty.db"))
    ledger = views.open_place()
    assert views.newest_round(ledger) is None
    open_round(engine, round_id="甲", policy="neimenggu-2022", actor=LOCAL_OFFICER, now=NOW, key="r")
    desk = a_desk(ledger, "甲")
    work = worked(desk)

    assert kpis(desk, work)["名额"] == "0"
    assert "还没有参加的单位" in views.worksheet(desk, work, money=({}, {}), places={}, reasons="", reset="")
    assert "还没有单位" in views.quota(desk, work)
    assert views.chart(desk, work) is None
    assert "还没有申报" in views.people_panel(desk, work, {}, "", "")
    assert views.listing(desk, work).case_ids == ()
    assert "请选择" in views.margin(desk, work, {"what": "rate", "on": "gold", "by": 1})

    import_units(engine, [{"unit_id": "u", "name": "示例局"}], actor=LOCAL_OFFICER, now=NOW, key="u")
    desk = a_desk(ledger, "甲")
    assert "党员人数未填" in views.figures(desk, worked(desk))


# -- people --------------------------------------------------------------------------------------------------------


def test_the_list_holds_everybody_once_and_nothing_but_what_may_be_seen(desk):
    listing = views.listing(desk, worked(desk))

    assert listing.shown.columns == ["序号", "单位", "类别", "姓名", "推荐顺序", "结果", "金额（元）", "理由"]
    assert sorted(listing.case_ids) == sorted(desk.assessed.facts.cases["case_id"])
    assert listing.said == "列入 359 人　候补 50 人　待核实 13 人　不列入 6 人"
    text = listing.shown.write_csv()
    assert not re.search(r"jianshi|-p\d|-c\d|[A-Za-z]{2,}", text)


def test_the_list_can_be_narrowed_and_shows_the_line(desk):
    listing = views.listing(desk, worked(desk), unit="js-01", category="frontline")
    results = listing.shown["结果"].to_list()

    assert results[:43] == ["列入"] * 40 + ["列入·名额线"] + ["候补"] * 2
    assert listing.shown["推荐顺序"].to_list()[:43] == list(range(1, 44))
    assert listing.shown["理由"][41].startswith("超出本单位本类别名额")
    assert views.listing(desk, worked(desk), standing="候补").shown.height == 50


def test_namesakes_carry_branch_and_birth_month(desk):
    people = desk.assessed.facts.people
    twice = people.filter(pl.len().over("name") > 1).row(0, named=True)
    listed = views.listing(desk, worked(desk)).shown["姓名"].to_list()

    assert f"{twice['name']}（{twice['branch']}，{twice['born_on']:%Y.%m}）" in listed
    assert twice["name"] not in listed


def test_a_selection_that_was_forged_selects_nobody(desk):
    listing = views.listing(desk, worked(desk))

    assert listing.chosen(listing.shown[3:4]) == listing.case_ids[3]
    for forged in (
        None,
        [],
        listing.shown[:2],
        pl.DataFrame({"序号": [0]}),
        pl.DataFrame({"序号": [10**6]}),
        pl.DataFrame({"序号": ["1"]}),
    ):
        assert listing.chosen(forged) is None


def test_an_officer_of_one_unit_sees_only_its_people(ledger):
    actor = Actor("one", "示例", Role.OFFICER, frozenset({"js-02"}))
    desk = a_desk(ledger, actor=actor)
    everyone = views.listing(a_desk(ledger), worked(desk))
    stranger = everyone.case_ids[0]

    assert set(views.listing(desk, worked(desk)).shown["单位"]) == {"长梁镇"}
    assert list(views.unit_choices(desk)) == ["全部单位", "长梁镇"]
    assert "不在您的单位范围内" in views.basis(desk, worked(desk), stranger)
    assert set(
        re.findall(
            "(业州镇|长梁镇)", views.margin(desk, worked(desk), {"what": "place", "on": "js-02|hardship", "by": 1})
        )
    ) <= {"长梁镇"}


def test_why_a_person_stands_where_they_stand(desk):
    listing = views.listing(desk, worked(desk), standing="不列入")

    card = plain(views.basis(desk, worked(desk), listing.case_ids[0]))

    assert "原则上本年度内已开展慰问的对象不再重复慰问" in card
    assert "属于" in card
    assert not re.search(r"[A-Za-z]{2,}", card)
    assert "勾选一人" in views.basis(desk, worked(desk), None)


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "![x](http://示例)", "{name}", "</script>"])
def test_a_name_is_never_markup(desk, name):
    people = desk.assessed.facts.people
    person = people["person_id"][0]
    named = people.with_columns(name=pl.when(pl.col("person_id") == person).then(pl.lit(name)).otherwise("name"))
    known = desk.assessed.facts.replace(people=named)
    desk = dataclasses.replace(desk, assessed=dataclasses.replace(desk.assessed, facts=known))
    case = known.cases.filter(person_id=person)["case_id"][0]
    out = worked(desk, places={FIRST: 0})

    for markup in (
        views.basis(desk, out, case),
        views.comparison(desk, views.Book(), out.typed, views.CIRCULAR, views.WORKSHEET),
    ):
        assert html.escape(name) in markup
        assert "<img" not in markup
        assert "</script>" not in markup


# -- without the guard ---------------------------------------------------------------------------------------------


def test_bare_marimo_on_a_real_ledger_reads_not_one_row_about_a_person(ledger):
    real = dataclasses.replace(ledger, demo=False)
    asked = []

    def noted(_connection, _cursor, statement, *_):
        asked.append(statement)

    event.listen(real.open, "before_cursor_execute", noted)
    desk = views.open_desk(real, "jianshi-2020", {"username": "user"})
    event.remove(real.open, "before_cursor_execute", noted)
    work = worked(desk)

    assert asked
    assert not re.search(r'FROM "?(person|"?case"?|household|judgement|cause|aid|answer|evidence)\b', " ".join(asked))
    assert not desk.with_cases
    assert not desk.actor.may_write()
    assert kpis(desk, work) | {"名额": "359", "人数": "—", "待核实": "—", "金额（元）": "184000"} == kpis(desk, work)
    assert "casework serve" in views.heading(desk, "")
    assert "casework serve" in views.people_panel(desk, work, {}, "", "")
    assert "没有读取人员" in views.margin(desk, work, {})
    assert views.listing(desk, work).shown.is_empty()
    assert views.ties(desk, work) == []


def test_bare_marimo_on_the_demo_ledger_works_as_the_local_officer(ledger):
    desk = views.open_desk(ledger, "jianshi-2020", None)

    assert desk.with_cases
    assert desk.actor == LOCAL_OFFICER
    assert "演示数据" in views.heading(desk, "")
    assert "casework serve" in views.print_panel(desk, worked(desk), {}, {}, "")


def asked(**more):
    return {"kind": "quota-table", "scenario": "", "unit": "", "preview": "pdf", **more}


def ink(page):
    """How many dark dots the picture in a preview has."""
    from PIL import Image

    png = base64.b64decode(re.search(r"data:image/png;base64,([^\"]+)", page).group(1))
    return sum(Image.open(io.BytesIO(png)).convert("L").histogram()[:100])


def test_a_printed_list_is_shown_page_by_page_as_pictures(ledger):
    desk = views.open_desk(ledger, "jiaozuo-2018", to_user(LOCAL_OFFICER))
    seen = views.proof(desk, worked(desk), LOCAL_OFFICER, asked(kind="roster"))

    assert seen.pages == len(pypdf.PdfReader(io.BytesIO(seen.pdf)).pages) > 1
    assert list(seen.page_choices) == [f"第 {page} 页，共 {seen.pages} 页" for page in range(1, seen.pages + 1)]
    first, last = (views.proof_html(seen, "", page) for page in (None, str(seen.pages)))
    assert ink(first) > 10_000
    assert ink(last) > 1000
    assert first != last
    assert f'alt="{seen.title}，第 {seen.pages} 页，共 {seen.pages} 页"' in last
    assert first.count("<img") == 1  # only the chosen page travels


def test_a_page_that_is_not_there_gets_a_sentence_and_no_picture(ledger):
    desk = views.open_desk(ledger, "jianshi-tie", to_user(LOCAL_OFFICER))
    seen = views.proof(desk, worked(desk), LOCAL_OFFICER, asked())

    assert seen.page_choices == {}
    assert ink(views.proof_html(seen)) > 5000
    assert "没有算出来" in views.proof_html(seen, "", "9")
    assert views.proof_html(None) == ""


def test_the_preview_of_the_workbook_shows_what_the_workbook_holds(ledger):
    handler = downloads.handlers()["quota-table"]
    body = handler(LOCAL_OFFICER, {"round": "jianshi-2020", "format": "xlsx"}).body
    sheet = openpyxl.load_workbook(io.BytesIO(body), data_only=True).active
    desk = views.open_desk(ledger, "jianshi-2020", to_user(LOCAL_OFFICER))
    shown = views.proof_html(views.proof(desk, worked(desk), LOCAL_OFFICER, asked(preview="xlsx")))

    held = " ".join(str(value or "") for row in sheet.iter_rows(values_only=True) for value in row)
    words = [word for word in plain(shown).split() if word]
    assert len(words) > 100
    assert [word for word in words if word not in re.split(r"\s+", held)] == []
    assert "184000" in words
    assert "<img" not in shown


def test_a_long_workbook_is_shown_to_its_two_hundredth_row_and_says_so(ledger):
    desk = views.open_desk(ledger, "jianshi-2020", to_user(LOCAL_OFFICER))
    seen = views.proof(desk, worked(desk), LOCAL_OFFICER, asked(kind="roster", preview="xlsx"))

    assert "只显示前 200 行，下载的文件里另有 159 行" in plain(views.proof_html(seen))


def test_a_list_that_cannot_be_handed_out_is_not_shown_either(ledger, monkeypatch):
    desk = views.open_desk(ledger, "jianshi-2020", to_user(LOCAL_OFFICER))
    wrong = worked(desk, places={FIRST: 3.7})
    assert views.proof(desk, wrong, LOCAL_OFFICER, asked()) is None
    bare = views.open_desk(ledger, "jianshi-2020", None)
    assert views.proof(bare, worked(bare), LOCAL_OFFICER, asked()) is None
    said = views.proof_html(views.proof(desk, worked(desk), LOCAL_OFFICER, asked(unit="nowhere")))
    assert "这一轮没有这个单位" in said
    monkeypatch.setattr(proofs, "MOST_DRAWN", 10)
    said = views.proof_html(views.proof(desk, worked(desk), LOCAL_OFFICER, asked(kind="roster")))
    assert "请选择一个单位预览" in said


def test_a_viewer_is_told_that_what_he_tried_is_not_printed(ledger):
    controls = dict.fromkeys(("kind", "scenario", "unit", "preview"), "")
    desk = views.open_desk(ledger, "jianshi-2020", to_user(LOCAL_VIEWER))
    moved = worked(desk, places={FIRST: 42})

    said = plain(views.print_panel(desk, moved, controls, asked(), ""))
    assert "打印和预览的是通知原定，不是上面看到的数字" in said
    assert "打印和预览的是所选方案" in plain(views.print_panel(desk, moved, controls, asked(scenario="s"), ""))
    assert "不是上面看到的数字" not in plain(views.print_panel(desk, worked(desk), controls, asked(), ""))
    seen = views.proof_html(views.proof(desk, moved, LOCAL_VIEWER, asked(preview="xlsx")))
    assert "184000" in plain(seen)
    officer = views.open_desk(ledger, "jianshi-2020", to_user(LOCAL_OFFICER))
    assert "不是上面看到的数字" not in plain(views.print_panel(officer, moved, controls, asked(), ""))


def test_bare_marimo_without_a_ledger_makes_the_demo_ledger(tmp_path, monkeypatch):
    monkeypatch.delenv("CASEWORK_DB", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(
        desks,
        "fill",
        lambda engine, **_: open_round(
            engine, round_id="甲", policy="neimenggu-2022", actor=LOCAL_OFFICER, now=NOW, key="r"
        ),
    )

    assert views.newest_round(views.open_place()) == "甲"
    assert (tmp_path / "casework" / "demo.db").is_file()


def test_a_read_only_page_cannot_write_whatever_it_presses(ledger, monkeypatch, tmp_path):
    monkeypatch.setenv("CASEWORK_READ_ONLY", "1")
    opened = views.open_place()
    desk = a_desk(opened, actor=LOCAL_VIEWER)
    views.keep(desk, LOCAL_VIEWER, places={FIRST: 1})

    told = views.save(desk, LOCAL_VIEWER, "page", worked(desk).typed, name="甲")

    assert "只读" in told.html
    assert not told.done
    assert views.first_sheet(desk, LOCAL_VIEWER) == views.original_sheet(desk)


# -- drafts --------------------------------------------------------------------------------------------------------


def test_a_draft_survives_and_is_checked_like_anything_typed(desk):
    views.keep(desk, LOCAL_OFFICER, places={FIRST: 3.7})
    views.keep(desk, LOCAL_OFFICER, money={"rate:family": None})

    found = views.first_sheet(desk, LOCAL_OFFICER)

    assert found.places[FIRST] == 3.7
    assert found.places["js-02|frontline"] == 34
    assert found.money["rate:family"] is None
    assert len(views.draft_parameters(desk, LOCAL_OFFICER).problems) == 2


def test_two_pages_of_one_officer_keep_each_others_fields(desk):
    views.keep(desk, LOCAL_OFFICER, places={FIRST: 42})
    views.keep(desk, LOCAL_OFFICER, places={"js-02|frontline": 20}, reasons={FIRST: {"reason": "示例"}})
    views.keep(desk, LOCAL_OFFICER, reasons={FIRST: {"decider": "示例会议"}})
    here = views.Sheet(**{**vars(views.original_sheet(desk)), "places": {**desk.places, FIRST: 42}})

    kept = views.first_sheet(desk, LOCAL_OFFICER)
    different = views.elsewhere(desk, LOCAL_OFFICER, here)

    assert (kept.places[FIRST], kept.places["js-02|frontline"]) == (42, 20)
    assert kept.reasons[FIRST] == {"reason": "示例", "decider": "示例会议"}
    assert len(different) == 2
    assert "（本页“34”，另一页“20”）" in different[0]
    assert "示例，示例会议" in different[1]
    assert views.elsewhere(desk, LOCAL_OFFICER, kept) == []
    assert views.elsewhere(desk, LOCAL_VIEWER, here) == []


def test_what_another_page_typed_into_the_same_field_is_named(desk):
    stood = dict(desk.places)
    before = {"places": {FIRST: 43}}

    assert views.replaced(desk, "places", stood, {FIRST: 50}, before) == [
        f"{desk.label(FIRST)}的名额：另一个页面刚才填了“43”，已由本页所填取代。"
    ]
    assert views.replaced(desk, "places", {**stood, FIRST: 43}, {FIRST: 50}, before) == []  # this page knew it
    assert views.replaced(desk, "places", stood, {FIRST: 43}, before) == []  # both typed the same
    assert views.replaced(desk, "places", stood, {FIRST: 50}, {}) == []  # nobody else typed


def test_a_whole_sheet_takes_the_place_of_all_that_was_typed(desk):
    views.keep(desk, LOCAL_OFFICER, places={FIRST: 42}, decided={"c": 5}, reasons={FIRST: {"reason": "示例"}})

    before = views.keep_whole(desk, LOCAL_OFFICER, views.original_sheet(desk))

    assert before["places"] == {FIRST: 42}
    assert views.first_sheet(desk, LOCAL_OFFICER) == views.original_sheet(desk)


# -- trials --------------------------------------------------------------------------------------------------------


def test_one_place_more_names_who_enters_and_one_less_who_leaves(desk):
    more = plain(views.margin(desk, worked(desk), {"what": "place", "on": FIRST, "by": 1}))
    fewer = plain(views.margin(desk, worked(desk), {"what": "place", "on": FIRST, "by": -1}))

    assert "名额 359 → 360" in more
    assert "余额 0 → -500" in more
    assert re.search(r"进 示例\S+ 业州镇 脱贫攻坚一线干部", more)
    assert re.search(r"出 示例\S+ 业州镇", fewer)
    assert "超出本单位本类别名额" in fewer


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"what": "place", "on": FIRST, "by": 1.5}, "要填整数"),
        ({"what": "place", "on": FIRST, "by": -42}, "不能超过现有名额"),
        ({"what": "place", "on": FIRST, "by": None}, "要填整数"),
        ({"what": "rate", "on": "family", "by": -1}, "负数"),
        ({"what": "rate", "on": "family", "by": None}, "看不懂金额"),
        ({}, "看不懂金额"),
    ],
)
def test_a_trial_that_makes_no_sense_gets_a_sentence(desk, asked, said):
    assert said in views.margin(desk, worked(desk), asked)


def test_more_money_and_another_rate_can_be_tried(desk):
    over = worked(desk, places={FIRST: 42})

    assert "余额 -500 → 500 元" in views.margin(desk, over, {"what": "fund", "on": "retained_dues", "by": 1000})
    rate = plain(views.margin(desk, worked(desk), {"what": "rate", "on": "family", "by": 1000}))
    assert "变额 3 人" in rate


def test_three_ways_out_stand_side_by_side_and_none_is_chosen(desk):
    over = worked(desk, places={FIRST: 42})
    offers = views.ways_out(desk, over)
    shown = plain(views.remedies_html(desk, over, offers, {offer.name: "[采用]" for offer in offers}))

    assert [offer.name for offer in offers] == ["降低标准", "减少名额", "待追加资金"]
    assert shown.count("[采用]") == 3
    assert "资金缺 500 元" in shown
    assert "待追加 500 元" in shown
    assert views.ways_out(desk, worked(desk)) == ()
    assert "没有超出资金" in views.remedies_html(desk, worked(desk), (), {})


def test_where_the_money_is_not_known_nobody_says_that_it_suffices(ledger):
    desk = a_desk(ledger, "jiaozuo-2018")

    assert "算不出有没有缺口" in views.remedies_html(desk, worked(desk), (), {})


def test_the_helper_waits_for_a_total_and_adds_up_no_places_that_are_not_set(ledger):
    desk = a_desk(ledger, "jiaozuo-2018")
    asked = {"category": "visit", "method": "sainte_lague", "basis": "members", "floor": 0}

    assert not views.propose(desk, {**asked, "total": 0}).complete
    assert "请填总名额" in views.proposal_html(desk, worked(desk), views.propose(desk, {**asked, "total": 0}))
    shared = plain(views.proposal_html(desk, worked(desk), views.propose(desk, {**asked, "total": 9})))
    assert "合计 319 据实 9" in shared


def test_the_helper_proposes_beside_the_decided_numbers(desk):
    asked = {"category": "hardship", "total": 124, "method": "largest_remainder", "basis": "places", "floor": 0}

    proposal = views.propose(desk, asked)
    shown = plain(views.proposal_html(desk, worked(desk), proposal))

    assert proposal.places == {cell: n for cell, n in desk.places.items() if cell.endswith("|hardship")}
    assert proposal.complete
    assert "合计 124 124 124" in shown
    assert "反而" in shown  # the paradox is said where that method is chosen
    assert "反而" not in views.proposal_html(
        desk, worked(desk), views.propose(desk, {**asked, "method": "sainte_lague"})
    )


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"category": ""}, "请选择类别"),
        ({"total": 3.7}, "整数"),
        ({"total": None}, "整数"),
        ({"floor": 20}, "多"),
        ({"method": "magic"}, "换一种方法"),
    ],
)
def test_a_question_the_helper_cannot_answer(desk, asked, said):
    usual = {"category": "hardship", "total": 124, "method": "sainte_lague", "basis": "members", "floor": 0}

    proposal = views.propose(desk, {**usual, **asked})

    assert not proposal.complete
    assert said in views.proposal_html(desk, worked(desk), proposal)


def test_the_helper_leaves_a_tie_open(desk):
    proposal = views.propose(desk, {"category": "resident", "total": 5, "method": "equal", "basis": "places"})

    assert not proposal.complete
    assert "并列，须研究确定" in views.proposal_html(desk, worked(desk), proposal)


# -- scenarios -----------------------------------------------------------------------------------------------------


def rows(desk, model):
    with reading(desk.engine) as session:
        return session.exec(select(model)).all()


def test_saving_twice_with_one_press_writes_once(desk):
    typed = worked(desk, places={FIRST: 40}).typed

    told = [views.save(desk, LOCAL_OFFICER, "page", typed, name="少一名") for _ in range(2)]

    assert [one.done for one in told] == [True, True]
    assert told[0].chosen == told[1].chosen == rows(desk, Scenario)[0].scenario_id
    assert len(rows(desk, Scenario)) == 1
    assert "已有名为" in views.save(desk, LOCAL_OFFICER, "another page", typed, name="少一名").html


def test_what_is_not_right_is_not_saved(desk):
    assert (
        "1 处没有填对" in views.save(desk, LOCAL_OFFICER, "p", worked(desk, places={FIRST: None}).typed, name="甲").html
    )
    assert "起个名字" in views.save(desk, LOCAL_OFFICER, "p", worked(desk).typed, name=" ").html
    assert rows(desk, Scenario) == []


def saved(desk, name, **parts):
    told = views.save(desk, LOCAL_OFFICER, "page", worked(desk, **parts).typed, name=name)
    assert told.done, told.html
    return told.chosen


def test_scenarios_are_compared_by_name_with_the_one_cause(desk):
    one = saved(desk, "少一名", places={FIRST: 40})
    book = views.open_book(desk)

    shown = plain(views.comparison(desk, book, worked(desk).typed, views.CIRCULAR, one))

    assert "业州镇脱贫攻坚一线干部名额由通知原定改为40名：出 1 人" in shown
    assert "两个方案相同" in views.comparison(desk, book, worked(desk).typed, views.CIRCULAR, views.WORKSHEET)
    assert "请选两个" in views.comparison(desk, book, worked(desk).typed, views.CIRCULAR, "gone")
    assert list(views.comparable(book)) == ["通知原定", "当前工作表", "少一名"]
    assert views.sheet_of_scenario(desk, book, one).places[FIRST] == 40


def test_an_over_budget_scenario_is_refused_in_a_sentence(desk):
    one = saved(desk, "超一名", places={FIRST: 42})

    told = views.adopt_scenario(desk, LOCAL_OFFICER, "p", views.open_book(desk).find(one), Act.PLACES)

    assert not told.done
    assert "超出资金 500 元" in told.html
    assert "请先选一个" in views.adopt_scenario(desk, LOCAL_OFFICER, "p", None, Act.PLACES).html


def test_adopting_is_two_acts_and_can_be_withdrawn(desk):
    one = saved(desk, "照通知")

    def adopt(act):
        return views.adopt_scenario(desk, LOCAL_OFFICER, "p", views.open_book(desk).find(one), act)

    assert "须先确定名额方案" in adopt(Act.LIST).html
    assert adopt(Act.PLACES).done
    assert adopt(Act.LIST).done
    book = views.open_book(desk)
    shown = plain(views.plans_panel(desk, book, {"save": "", "pick": ""}, ""))
    assert "名额方案已确定 名单已确定" in shown
    assert not re.search(r"[A-Za-z]{2,}", shown)
    for act in (Act.LIST, Act.PLACES):
        held = views.open_book(desk).adopted[act]
        assert "请写明" in views.withdraw(desk, LOCAL_OFFICER, "p", held, " ").html
        assert views.withdraw(desk, LOCAL_OFFICER, "p", held, "重新研究").done
    assert views.open_book(desk).adopted == {}
    assert len(rows(desk, Adoption)) == 2
    assert "请选择" in views.withdraw(desk, LOCAL_OFFICER, "p", None, "x").html


def test_a_draft_is_updated_from_the_worksheet(desk):
    one = saved(desk, "甲案")
    book = views.open_book(desk)

    told = views.save(desk, LOCAL_OFFICER, "p", worked(desk, places={FIRST: 40}).typed, over=book.find(one))
    again = views.save(desk, LOCAL_OFFICER, "other", worked(desk).typed, over=book.find(one))

    assert "已更新" in told.html
    assert "已被别人改过" in again.html


def test_unused_places_move_once_with_reason_and_basis(ledger):
    desk = a_desk(ledger, "jianshi-tie")
    one = saved(desk, "照通知")
    assert views.adopt_scenario(desk, LOCAL_OFFICER, "p", views.open_book(desk).find(one), Act.PLACES).done
    asked = {"out": FIRST, "into": "js-02|hardship", "places": 2, "reason": "未用", "basis": "示例会议"}

    told = [views.transfer(desk, LOCAL_OFFICER, "p", asked) for _ in range(2)]

    assert "调出后 39 名，调入后 17 名" in told[0].html
    assert len(rows(desk, PlaceTransfer)) == 1
    assert "41 → 39" in views.transfers_html(desk, views.open_book(desk))
    assert "整数" in views.transfer(desk, LOCAL_OFFICER, "p", {**asked, "places": 1.5}).html
    assert "理由和依据" in views.transfer(desk, LOCAL_OFFICER, "p", {**asked, "basis": ""}).html


def test_a_tie_is_settled_by_a_recorded_choice_only(ledger):
    desk = a_desk(ledger, "jianshi-tie")
    (tie,) = views.ties(desk, worked(desk))
    first, second = tie["people"].values()
    asked = {"chosen": [second], "kind": "tie", "body": "示例部务会", "basis": "纪要", "on": date(2020, 1, 9)}

    def settle(**changed):
        return views.settle(desk, LOCAL_OFFICER, "p", tie, {**asked, **changed})

    assert "只余 1 个名额" in views.ties_panel([tie], "", "")
    assert "正好选出 1 人" in settle(chosen=[first, second]).html
    assert "正好选出 1 人" in settle(chosen=["somebody else"]).html
    assert "不晚于" in settle(on=date(2026, 1, 1)).html
    assert "由谁决定" in settle(body="").html
    assert "见证人" in settle(kind="lot").html
    assert rows(desk, Ruling) == []
    assert settle().done
    assert settle().done
    assert [row.case_id for row in rows(desk, Ruling)] == [second, first]
    after = a_desk(ledger, "jianshi-tie")
    assert views.ties(after, worked(after)) == []
    assert "没有待研究" in views.settle(after, LOCAL_OFFICER, "p", None, {}).html


# -- open amounts and soft caps ------------------------------------------------------------------------------------


def test_amounts_nobody_fixed_are_typed_per_person_and_never_filled_in(ledger):
    desk = a_desk(ledger, "jiaozuo-2018")
    cases = views.open_amounts(desk, views.original_sheet(desk), "jz-01")
    fields = dict.fromkeys(cases, "[ ]")
    sheet = {"decided": {cases[0]: 1500, cases[1]: None}, "money": {"fund:dues": 2000}}
    work = worked(desk, **sheet)
    shown = plain(views.amounts(desk, work, fields))

    assert cases
    assert kpis(desk, worked(desk))["余额（元）"] == "资金未定"
    assert "已拟定 1 人，合计 1500 元" in shown
    assert "资金 2000 元，还余 500 元" in shown
    assert "未定" in shown  # the meeting's own column
    assert "超出 500 元" in views.amounts(desk, worked(desk, **{**sheet, "money": {"fund:dues": 1000}}), fields)
    assert views.open_amounts(desk, views.Sheet(**sheet), "jz-01") == cases
    assert views.open_amounts(a_desk(ledger), views.Sheet(), "js-01") == []


def test_a_cell_over_a_soft_cap_asks_for_its_reason(ledger):
    desk = a_desk(ledger, "neimenggu-2022")
    cell = "im-01|exceptional"
    over = views.Sheet(places={cell: 5})
    told = {cell: {"reason": "工资发放困难", "decider": "示例会议", "road": views.ROADS[0]}}

    assert views.over_cells(desk, over) == [cell]
    assert views.over_cells(desk, views.Sheet()) == []
    assert "请写明理由和决定人" in views.figures(desk, worked(desk, places=over.places))
    assert "请写明理由" not in views.figures(desk, worked(desk, places={cell: 5}, reasons=told))
    assert "示例厅机关党委" in views.reasons(desk, {cell: {"reason": "a", "decider": "b", "road": "c"}})


# -- the circular --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("round_id", ["jianshi-2020", "neimenggu-2022", "jiaozuo-2018"])
def test_every_clause_stands_in_its_own_words_without_an_id(ledger, round_id):
    desk = a_desk(ledger, round_id)

    panel = views.circular_panel(desk, "", "")

    for clause in desk.policy.clauses:
        assert html.escape(clause.words) in panel
        assert clause.id not in panel
    assert not re.search(r"[A-Za-z]{2,}", re.sub(r"[A-Za-z]+\d|WPS|PDF|Excel|Word", "", plain(panel)))


def test_the_circular_can_be_narrowed_and_its_contradictions_are_named(desk):
    panel = plain(views.circular_panel(desk, "", "exclusion"))

    assert "全文 63 条" in panel
    assert "缺“三、”" in panel
    assert "附表核对了 143 格" in panel
    assert "慰问标准" not in panel.partition("逐句办理")[2]
    assert views.clause_choices(desk)["全部条款"] == ""


# -- files ---------------------------------------------------------------------------------------------------------


def handed_out(kind, actor=LOCAL_OFFICER, **parameters):
    return downloads.handlers()[kind](actor, {"round": "jianshi-2020", **parameters})


def test_the_quota_table_leaves_as_pdf_of_the_officers_own_draft(desk):
    views.keep(desk, LOCAL_OFFICER, places={FIRST: 42})

    file = handed_out("quota-table")

    assert file.filename == "2020年度元旦春节期间慰问名额分配表（草稿）.pdf"
    text = pypdf.PdfReader(io.BytesIO(file.body)).pages[0].extract_text()
    assert "184500" in text


def test_a_saved_scenario_leaves_as_a_workbook(desk):
    one = saved(desk, "少一名", places={FIRST: 40})

    file = handed_out("quota-table", scenario=one, format="xlsx")
    cells = [cell.value for row in openpyxl.load_workbook(io.BytesIO(file.body)).active.iter_rows() for cell in row]

    assert 20000 in cells  # 40 places of 500 yuan; the totals are formulas
    assert len(handed_out("roster", format="xlsx", unit="js-03").body) > 1000


def test_a_list_that_may_not_leave_is_refused(desk):
    with pytest.raises(Refused, match="没有这一轮"):
        handed_out("roster", round="nowhere")
    with pytest.raises(Refused, match="没有名为"):
        handed_out("roster", scenario="nowhere")
    for kind in ("roster", "quota-table"):
        with pytest.raises(Refused, match="没有这个单位"):
            handed_out(kind, unit="业州镇")
    with pytest.raises(Refused, match="只能下载"):
        handed_out("roster", format="exe")
    views.keep(desk, LOCAL_OFFICER, places={FIRST: None})
    with pytest.raises(Refused, match="没有填对"):
        handed_out("roster")
    one_unit = Actor("one", "示例", Role.OFFICER, frozenset({"js-02"}))
    with pytest.raises(NotAllowed, match="不在您的范围内"):
        handed_out("roster", one_unit, unit="js-01")
    with pytest.raises(NotAllowed, match="一个单位"):
        handed_out("roster", one_unit)


def test_every_file_is_logged_before_it_leaves(desk):
    downloads.log()(LOCAL_OFFICER, "roster", {"round": "jianshi-2020"}, "ab" * 32)
    downloads.log()(LOCAL_VIEWER, "roster", {"round": "jianshi-2020"}, "cd" * 32)

    assert [(row.kind, row.sha256) for row in rows(desk, Download)] == [("roster", "ab" * 32)]


def test_the_address_names_the_round_the_scenario_and_the_unit(desk):
    wanted = {"kind": "roster", "scenario": "abc", "unit": ""}

    assert views.address(desk, wanted, format="pdf") == "/download/roster?round=jianshi-2020&scenario=abc&format=pdf"


def test_keys_of_two_deeds_differ():
    same = plans._key("page", "save", {"name": "甲"})

    assert same == plans._key("page", "save", {"name": "甲"})
    assert len({same, plans._key("other", "save", {"name": "甲"}), plans._key("page", "save", {"name": "乙"})}) == 3


def test_a_deed_is_dated_with_the_day_in_china():
    assert views.clock().utcoffset() == timedelta(hours=8), "before eight in the morning it is still yesterday in UTC"
