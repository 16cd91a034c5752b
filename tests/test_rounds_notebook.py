"""The page of rounds and units: it only shows until something is pressed, and writes exactly what was changed."""

from __future__ import annotations

import importlib.util
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlmodel import func, select

from casework.access import LOCAL_OFFICER, LOCAL_VIEWER, actor_of, to_user
from casework.db import open_ledger, reading
from casework.ledger import import_units
from casework.ledger.rounds import register
from casework.models import AuditEntry, Person
from casework.samples import fill
from casework.units_sheet import write_units
from casework.views import open_place, opening, rounds, units

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "rounds.py"
NOW = datetime(2021, 1, 8, 9, tzinfo=UTC)
GUARDED = to_user(LOCAL_OFFICER)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A demo ledger, as bytes."""
    path = tmp_path_factory.mktemp("filled") / "ledger.db"
    engine = open_ledger(path)
    fill(engine, actor=LOCAL_OFFICER, now=NOW)
    engine.dispose()
    return path


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty ledger as the page opens it."""
    open_ledger(tmp_path / "ledger.db").dispose()
    monkeypatch.setenv("CASEWORK_DB", str(tmp_path / "ledger.db"))
    monkeypatch.delenv("CASEWORK_READ_ONLY", raising=False)
    ledger = open_place()
    yield ledger
    ledger.open.dispose()


def run():
    spec = importlib.util.spec_from_file_location("rounds_notebook", NOTEBOOK)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    outputs, defs = module.app.run()
    return "".join(getattr(output, "text", "") for output in outputs if output is not None), defs


def words_of(html):
    """What a person reads: no tags, no styles, no attributes."""
    return re.sub(r"<style>.*?</style>|<[^>]*>", " ", html, flags=re.DOTALL)


def test_nothing_is_written_while_nothing_is_pressed(filled, monkeypatch):
    before = filled.read_bytes()
    monkeypatch.setenv("CASEWORK_DB", str(filled))

    html, defs = run()

    assert filled.read_bytes() == before
    assert defs["known"].units
    assert defs["proposal"] is None
    assert "2020年元旦春节期间走访慰问" in words_of(html)


def test_bare_marimo_on_a_real_ledger_shows_no_person_and_no_way_to_a_worksheet(filled, tmp_path, monkeypatch):
    real = tmp_path / "real.db"
    real.write_bytes(filled.read_bytes())
    engine = open_ledger(real)
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM meta WHERE name = 'demo'")
    with reading(engine) as session:
        names = set(session.exec(select(Person.name)))
    engine.dispose()
    monkeypatch.setenv("CASEWORK_DB", str(real))

    html, _ = run()

    assert "casework serve" in html
    assert "/allocation/" not in html
    assert "/download/" not in html
    assert not [name for name in names if name in html]


def test_an_empty_ledger_invites(place):
    html, _ = run()

    assert "还没有任何一轮工作" in html
    assert "从下面开始" in html
    assert set(re.findall(r"[A-Za-z]{2,}", words_of(html))) <= {"casework", "serve", "xlsx"}


def test_the_list_leads_to_the_worksheet_and_shows_no_id(filled, monkeypatch):
    monkeypatch.setenv("CASEWORK_DB", str(filled))

    html = rounds.rounds_list(open_place(), GUARDED)

    assert 'href="/allocation/?round=jianshi-2020"' in html
    assert set(re.findall(r"[A-Za-z]{2,}", words_of(html))) == set()
    assert words_of(html).count("进行中") == 4


def test_only_the_section_that_was_chosen_is_in_view():
    style = rounds.sections_style("甲", {"甲": ["one"], "乙": ["two", "three"]})

    assert style == '<style>[data-cell-name="two"],[data-cell-name="three"]{display:none}</style>'


# -- the register --------------------------------------------------------------------------------------------------

ROWS = [
    {"unit_id": "u1", "name": "示例县直属工委", "kind": "working_committee", "order": 1, "pay_difficulty": None},
    {
        "unit_id": "u2",
        "name": "示例镇党委",
        "parent_id": "u1",
        "members": 999,
        "members_as_of": date(2021, 12, 31),
        "order": 2,
    },
]


@pytest.fixture
def stocked(place):
    import_units(place.open, ROWS, actor=LOCAL_OFFICER, now=NOW, key="rows")
    return place


def save(ledger, changes, *, actor=LOCAL_OFFICER, key="save"):
    known = units.read_register(ledger)
    values = units.field_values(known, 0) | {units.field_key(*field): value for field, value in changes.items()}
    return units.save_units(ledger, known, 0, values, actor=actor, now=NOW, key=key)


def stored(ledger):
    with reading(ledger.open) as session:
        return {unit.unit_id: unit for unit in register(session)}


def entries(ledger):
    with reading(ledger.open) as session:
        return session.exec(select(func.count()).select_from(AuditEntry)).one()


def test_a_form_that_was_not_touched_saves_nothing(stocked):
    before = entries(stocked)

    assert "没有改动" in save(stocked, {}).html
    assert entries(stocked) == before


def test_only_what_was_changed_is_written(stocked):
    known = units.read_register(stocked)
    values = units.field_values(known, 0)
    import_units(stocked.open, [{"unit_id": "u2", "members": 1001}], actor=LOCAL_OFFICER, now=NOW, key="other")

    values |= {units.field_key("u2", "pay_difficulty"): "是", units.field_key("u2", "name"): "示例 新镇党委"}
    done = units.save_units(stocked, known, 0, values, actor=LOCAL_OFFICER, now=NOW, key="k")

    assert done.done
    unit = stored(stocked)["u2"]
    assert (unit.name, unit.members, unit.pay_difficulty) == ("示例新镇党委", 1001, True)


def test_a_blank_is_not_known_and_never_no(stocked):
    save(stocked, {("u2", "members"): "", ("u2", "parent_id"): None, ("u2", "pay_difficulty"): "否"})
    save(stocked, {("u2", "pay_difficulty"): None}, key="again")

    unit = stored(stocked)["u2"]
    assert (unit.members, unit.parent_id, unit.pay_difficulty) == (None, None, None)


def test_a_unit_is_added_in_the_last_row(stocked):
    done = save(
        stocked,
        {
            (units.NEW, "name"): "示例乡党委",
            (units.NEW, "kind"): "乡镇党委",
            (units.NEW, "parent_id"): "示例县直属工委",
        },
    )

    assert "新增 1 个" in done.html
    unit = stored(stocked)["示例乡党委"]
    assert (unit.kind, unit.parent_id) == ("town_committee", "u1")


def test_a_new_unit_may_bear_the_name_another_gave_up(stocked):
    save(stocked, {(units.NEW, "name"): "示例乡党委"})
    save(stocked, {("示例乡党委", "name"): "示例街道党委"}, key="rename")
    save(stocked, {(units.NEW, "name"): "示例乡党委"}, key="new")

    assert {unit.name for unit in stored(stocked).values()} >= {"示例乡党委", "示例街道党委"}


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        (("u2", "members"), "3.7", "“示例镇党委”的党员人数：要写不小于 0 的整数"),
        (("u2", "order"), "-1", "机构顺序"),
        (("u2", "members_as_of"), "2021年12月", "要写到日"),
        (("u2", "kind"), "<b>", "请从列出的性质中选"),
        (("u2", "parent_id"), "别处", "不在名录中"),
        (("u2", "pay_difficulty"), "maybe", "只能选“是”或“否”"),
        (("u2", "name"), "", "没有写名称"),
        (("u2", "name"), "示例县直属工委", "名称不能重复"),
        (("u2", "name"), "甲|乙", "竖线"),
        ((units.NEW, "members"), "5", "没有写名称"),
        (("u1", "parent_id"), "示例镇党委", "绕成了圈"),
    ],
)
def test_what_cannot_be_saved_is_named_and_nothing_is_saved(stocked, field, value, words):
    before = entries(stocked)

    done = save(stocked, {field: value})

    assert not done.done
    assert words in done.html
    assert entries(stocked) == before


@pytest.mark.parametrize("actor", [LOCAL_VIEWER, actor_of(None)])
def test_who_may_only_look_saves_and_imports_nothing(stocked, actor):
    preview = units.preview_units(units.read_register(stocked), "a.csv", "单位名称\n示例乡党委\n".encode())
    assert preview.ready

    assert "只读人员不能办理" in save(stocked, {("u2", "members"): "5"}, actor=actor).html
    assert "只读人员不能办理" in units.import_preview(stocked, preview, actor=actor, now=NOW, key="k").html
    assert set(stored(stocked)) == {"u1", "u2"}


def test_a_register_of_many_units_is_shown_in_pages(place):
    rows = [{"unit_id": f"u{at}", "name": f"示例{at}支部", "order": at} for at in range(45)]
    import_units(place.open, rows, actor=LOCAL_OFFICER, now=NOW, key="rows")
    known = units.read_register(place)

    assert list(known.pages) == ["第 1–20 个", "第 21–40 个", "第 41–45 个"]
    template = units.units_template(known, 40)
    fields = units.field_values(known, 40)
    assert template.format(**fields).count("<tr>") == 1 + 5 + 1
    assert set(re.findall(r"\{(\w+)\}", template)) == set(fields)


def test_a_sheet_is_shown_before_it_is_imported(stocked):
    known = units.read_register(stocked)
    same = units.preview_units(known, "单位名录.xlsx", write_units(known.units))
    changed = units.preview_units(known, "a.csv", "单位名称,党员人数\n示例镇党委,1000\n<b>乡党委,5\n".encode())
    wrong = units.preview_units(known, "a.csv", "单位名称,党员人数\n示例镇党委,很多\n".encode())

    assert not same.ready
    assert "完全一致" in units.preview_html(same)
    html = units.preview_html(changed)
    assert "新增 1，改动 1，未变 0" in html
    assert "党员人数 999 → <b>1000</b>" in html
    assert "<b>乡党委" not in html
    assert not wrong.ready
    assert "第 2 行（格 B2）" in units.preview_html(wrong)
    assert "很多" in units.preview_html(wrong)
    assert units.import_preview(stocked, wrong, actor=LOCAL_OFFICER, now=NOW, key="k").done is False


def test_two_units_of_one_name_are_told_apart(stocked):
    import_units(stocked.open, [{"unit_id": "u9", "name": "示例镇党委"}], actor=LOCAL_OFFICER, now=NOW, key="twin")
    known = units.read_register(stocked)

    assert len(set(known.labels.values())) == 3
    same = units.preview_units(known, "单位名录.xlsx", write_units(known.units))
    assert "完全一致" in units.preview_html(same)
    unclear = units.preview_units(known, "a.csv", "单位名称,党员人数\n示例镇党委,5\n".encode())
    assert "分不清是哪一个" in units.preview_html(unclear)
    save(stocked, {(units.NEW, "name"): "示例支部", (units.NEW, "parent_id"): "示例镇党委（同名第 2 个）"})
    assert stored(stocked)["示例支部"].parent_id == "u9"


# -- the form of a new round ---------------------------------------------------------------------------------------


def test_the_words_of_a_circular_are_never_taken_for_markup_or_fields(place):
    start = rounds.read_basis(place, "pack:jianshi-2020")
    text = "关于{h0}<script>的通知\n\n一、慰问时间\n\n2020 年 1 月 6 日{c0}<b>至 2021 年 2 月 8 日。\n"
    incoming = rounds.read_circular_form(start, {"text": text})

    form = opening.opening_form(start, opening.RENEW, incoming, NOW.date())
    fields = {*form.texts, *form.choices, *form.words}
    html = form.template.format(**dict.fromkeys(fields, "FIELD"))

    assert html.count("FIELD") == len(fields)
    assert "<script>" not in html + rounds.incoming_html(incoming)
    assert "&lt;b&gt;" in html


def test_a_basis_that_is_gone_is_said(place):
    assert "没有这一轮" in rounds.basis_html(rounds.read_basis(place, "round:gone"))
    assert "先选一份通知" in rounds.basis_html(rounds.read_basis(place, ""))


def test_a_form_on_the_circular_as_it_is_asks_for_the_head_only(place):
    start = rounds.read_basis(place, "pack:neimenggu-2022")
    form = opening.opening_form(start, opening.AS_IT_IS, None, NOW.date())

    assert set(form.head.values()) == {"round_id", "round_title", "as_of"}
    proposal = rounds.make_proposal(place, start, None, form, dict.fromkeys(form.texts, ""))
    assert "单位名录还是空的" in "".join(proposal.missing)
    assert "还不能开始" in rounds.proposal_html(proposal, begun=True)


def test_warnings_have_to_be_looked_at(stocked):
    start = rounds.read_basis(stocked, "pack:neimenggu-2022")
    form = opening.opening_form(start, opening.AS_IT_IS, None, NOW.date())
    values = {key: value for key, (value, _) in form.texts.items()}
    proposal = rounds.make_proposal(stocked, start, None, form, values)
    warned = type(proposal)(**{**vars(proposal), "warnings": ("请看一看",)})

    held = rounds.open_the_round(stocked, warned, looked=False, actor=LOCAL_OFFICER, now=NOW, key="k")
    done = rounds.open_the_round(stocked, warned, looked=True, actor=LOCAL_OFFICER, now=NOW, key="k")

    assert not held.done
    assert "已看过" in held.html
    assert done.done
    assert "打开名额与资金" in done.html
