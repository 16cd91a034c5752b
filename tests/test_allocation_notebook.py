"""The allocation worksheet without a browser: it runs, it shows the package's own answer, and it writes nothing."""

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
from marimo._config.manager import get_default_config_manager

from casework import views
from casework.access import LOCAL_OFFICER
from casework.allocation import Parameters
from casework.db import open_ledger, reading
from casework.ledger import import_units, open_round
from casework.samples import fill
from casework.scenarios import assessed_round
from casework.views import desk as desks

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "allocation.py"
NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


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
    for suffix in ("", ".key"):
        shutil.copy(f"{filled}{suffix}", tmp_path / f"demo.db{suffix}")
    return found(tmp_path / "demo.db", monkeypatch)


def found(path, monkeypatch):
    monkeypatch.setenv("CASEWORK_DB", str(path))
    monkeypatch.delenv("CASEWORK_READ_ONLY", raising=False)
    desks._open.cache_clear()
    return path


def run(**replaced):
    """Run the notebook as a program; return what it shows as one text, and what it defines."""
    spec = importlib.util.spec_from_file_location("allocation_notebook", NOTEBOOK)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    outputs, defined = module.app.run(defs=replaced or None)
    return "".join(marimo.as_html(output).text for output in outputs if output is not None), defined


def digest(path):
    views.open_place().open.dispose()  # so that nothing is left in the write-ahead log
    return hashlib.sha256(path.read_bytes()).hexdigest()


def section(name):
    return {"section": SimpleNamespace(value=name, text="")}


def test_it_shows_the_packages_own_answer_and_leaves_the_ledger_as_it_was(ledger):
    before = digest(ledger)

    shown, defined = run()

    with reading(open_ledger(ledger)) as session:
        assessed = assessed_round(session, "jianshi-2020")
    answer = assessed.allocate(Parameters())
    assert defined["worked"].result.plan.equals(answer.plan)
    assert defined["worked"].result.awards.equals(answer.awards)
    assert defined["worked"].result.reserve.equals(answer.reserve)
    assert defined["worked"].result.totals == answer.totals
    assert defined["worked"].result.balance_fen == 0
    assert defined["desk"].assessed.findings.equals(assessed.findings)
    assert "2020年度元旦春节期间慰问名额分配表" in shown
    assert digest(ledger) == before


@pytest.mark.parametrize("name", views.SECTIONS)
@pytest.mark.parametrize("round_id", ["jianshi-2020", "jianshi-tie", "neimenggu-2022", "jiaozuo-2018"])
def test_every_section_of_every_round_shows_and_writes_nothing(ledger, name, round_id):
    before = digest(ledger)

    shown, _ = run(**section(name), round_picker=SimpleNamespace(value=round_id, text=""))

    assert "没有算出来" not in shown
    assert "cw-card" in shown
    assert digest(ledger) == before


def test_the_list_defines_the_labelled_frame_only(ledger):
    _, defined = run(**section("名单"))

    assert defined["listing"].shown.height == 428
    assert not re.search(r"-[pc]\d{4}", defined["listing"].shown.write_csv())


def test_on_a_real_ledger_it_shows_figures_and_nobody(tmp_path, monkeypatch):
    engine = open_ledger(found(tmp_path / "real.db", monkeypatch))
    units = [{"unit_id": "u", "name": "示例局", "members": 1000, "order": 1}]
    import_units(engine, units, actor=LOCAL_OFFICER, now=NOW, key="u")
    open_round(engine, round_id="甲", policy="neimenggu-2022", actor=LOCAL_OFFICER, now=NOW, key="r")

    for name in views.SECTIONS:
        shown, defined = run(**section(name))
        assert "casework serve" in shown
        assert not defined["desk"].with_cases
        assert defined["worked"].result.totals["places"] == 10


def test_an_empty_ledger_says_what_to_do(tmp_path, monkeypatch):
    open_ledger(found(tmp_path / "empty.db", monkeypatch)).dispose()

    shown, _ = run()

    assert "还没有一轮" in shown


def test_a_ledger_of_another_kind_is_named_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("CASEWORK_DB", "mysql://nowhere/x")
    desks._open.cache_clear()

    shown, _ = run()

    assert "不支持 mysql 数据库" in shown


def test_in_edit_mode_it_runs_on_opening():
    config = get_default_config_manager(current_path=str(NOTEBOOK)).get_config()

    assert config["runtime"]["auto_instantiate"] is True
