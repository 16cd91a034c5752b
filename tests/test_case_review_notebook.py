"""台账与审核 without a browser: every section of every round shows, and nothing is written by looking."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import marimo
import pytest

from casework import views
from casework.access import LOCAL_OFFICER
from casework.db import open_ledger
from casework.ledger import import_units, open_round
from casework.samples import fill
from casework.views import cases
from casework.views import desk as desks

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "case_review.py"
NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
ROUNDS = ("jianshi-2020", "jiaozuo-2018")


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    path = tmp_path_factory.mktemp("demo") / "demo.db"
    engine = open_ledger(path)
    fill(engine, actor=LOCAL_OFFICER, now=NOW)
    engine.dispose()
    return path


@pytest.fixture
def ledger(filled, tmp_path, monkeypatch):
    """A copy of the demo ledger that bare marimo finds."""
    for found_file in filled.parent.glob("demo.db*"):
        shutil.copy(found_file, tmp_path / found_file.name)
    return found(tmp_path / "demo.db", monkeypatch)


def found(path, monkeypatch):
    monkeypatch.setenv("CASEWORK_DB", str(path))
    monkeypatch.delenv("CASEWORK_READ_ONLY", raising=False)
    desks._open.cache_clear()
    return path


def run(**replaced):
    """Run the notebook as a program; return what it shows as one text, and what it defines."""
    spec = importlib.util.spec_from_file_location("case_review_notebook", NOTEBOOK)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    outputs, defined = module.app.run(defs=replaced or None)
    return "".join(marimo.as_html(output).text for output in outputs if output is not None), defined


def digest(path):
    views.open_place().open.dispose()  # so that nothing is left in the write-ahead log
    return hashlib.sha256(path.read_bytes()).hexdigest()


def at(section, round_id="jianshi-2020", **more):
    chosen = SimpleNamespace(value=round_id, text="")
    return {"section": SimpleNamespace(value=section), "chosen_round": chosen, **more}


@pytest.mark.parametrize("section", cases.SECTIONS)
def test_every_section_of_every_round_shows_and_writes_nothing(ledger, section):
    before = digest(ledger)

    for round_id in ROUNDS:
        shown, _ = run(**at(section, round_id))
        assert "没有算出来" not in shown
        assert "cw-card" in shown

    assert digest(ledger) == before


def test_only_one_page_of_the_worklist_travels(ledger):
    shown, defined = run(**at("工作清单"))

    assert defined["listed"].page(cases.View()).total > 400
    assert shown.count("<tr data-case=") == cases.PAGE
    assert not re.search(r"jianshi-2020-[pc]\d{4}", re.sub(r"<marimo-ui-element.*?>", "", shown).split("cw-filters")[0])


def test_projection_masks_every_name_of_the_section(ledger):
    shown, defined = run(**at("工作清单", projection=SimpleNamespace(value=True, text="")))

    names = set(defined["listed"].page(cases.View()).rows["name"])
    assert names
    assert not [name for name in names if name in shown]


def test_on_a_real_ledger_without_the_guard_it_shows_nobody(tmp_path, monkeypatch):
    engine = open_ledger(found(tmp_path / "real.db", monkeypatch))
    units = [{"unit_id": "u", "name": "示例局", "members": 1000, "order": 1}]
    import_units(engine, units, actor=LOCAL_OFFICER, now=NOW, key="u")
    open_round(engine, round_id="甲", policy="neimenggu-2022", actor=LOCAL_OFFICER, now=NOW, key="r")

    for section in ("收表导入", "工作清单", "一案一屏"):
        shown, defined = run(section=SimpleNamespace(value=section))
        assert "casework serve" in shown
        assert not defined["desk"].may_write


def test_an_empty_ledger_leads_to_a_new_round(tmp_path, monkeypatch):
    open_ledger(found(tmp_path / "empty.db", monkeypatch)).dispose()

    shown, _ = run()

    assert 'href="/rounds/"' in shown


@pytest.mark.parametrize("section", ["收表导入", "工作清单"])
def test_a_round_without_cases_says_what_to_do(tmp_path, monkeypatch, section):
    engine = open_ledger(found(tmp_path / "new.db", monkeypatch))
    units = [{"unit_id": "u", "name": "示例局", "members": 1000, "order": 1}]
    import_units(engine, units, actor=LOCAL_OFFICER, now=NOW, key="u")
    open_round(engine, round_id="甲", policy="jiaozuo-2018", actor=LOCAL_OFFICER, now=NOW, key="r")
    monkeypatch.setattr(cases.desk, "is_guarded", lambda _: True)
    monkeypatch.setattr(cases.desk, "officer", lambda *_: LOCAL_OFFICER)

    shown, _ = run(section=SimpleNamespace(value=section))

    assert "没有算出来" not in shown
    assert "cw-" in shown
    assert section not in cases.WITH_CASES or "还没有个案" in shown
