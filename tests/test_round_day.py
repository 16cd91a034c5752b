"""情况截至: the day a round's facts are read for is moved by a command, and what waits for it is said."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from casework import views
from casework.access import LOCAL_OFFICER
from casework.cli import main
from casework.db import open_ledger, reading
from casework.ledger import facts, record_judgement
from casework.ledger.rounds import close_round, later_records, move_day
from casework.models import Round
from casework.problems import Conflict, Refused
from casework.samples import fill
from casework.views.rounds import move_the_day, open_rounds

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
BY = {"actor": LOCAL_OFFICER, "now": NOW}
LATER = date(2020, 1, 13)


@pytest.fixture
def engine(database_url):
    engine = open_ledger(database_url)
    fill(engine, **BY)
    record_judgement(
        engine,
        case_id="jianshi-tie-c0001",
        clause_id="JS-2.1.3",
        value="present",
        body="示例镇党委",
        basis="示例纪要",
        source="会议",
        on=LATER,
        key="later",
        **BY,
    )
    return engine


def known(engine, as_of):
    with reading(engine) as session:
        return facts(session, round_id="jianshi-tie", as_of=as_of).judgements.height


def test_a_later_judgement_waits_until_the_day_is_moved(engine):
    with reading(engine) as session:
        opened = session.get(Round, "jianshi-tie")
        assert later_records(session, "jianshi-tie", opened.as_of) == 1
    before = known(engine, opened.as_of)

    move_day(engine, round_id="jianshi-tie", as_of=LATER, expected_version=opened.version, key="move", **BY)

    with reading(engine) as session:
        moved = session.get(Round, "jianshi-tie")
        assert moved.as_of == LATER
        assert later_records(session, "jianshi-tie", moved.as_of) == 0
    assert known(engine, LATER) == before + 1


def test_it_is_not_moved_into_the_future_nor_from_a_stale_page_nor_after_the_end(engine):
    def move(day, version, key):
        move_day(engine, round_id="jianshi-tie", as_of=day, expected_version=version, key=key, **BY)

    with pytest.raises(Refused, match="不能晚于今天"):
        move(date(2026, 1, 6), 1, "a")
    with pytest.raises(Conflict):
        move(LATER, 7, "b")
    close_round(engine, round_id="jianshi-tie", still_open=lambda _: (), expected_version=1, key="c", **BY)
    with pytest.raises(Refused, match="已结束"):
        move(LATER, 2, "d")


def test_the_worksheet_says_what_waits_and_the_rounds_page_moves_the_day(tmp_path, monkeypatch):
    place = tmp_path / "demo.db"
    engine = open_ledger(place)
    fill(engine, **BY)
    record_judgement(
        engine,
        case_id="jianshi-tie-c0001",
        clause_id="JS-2.1.3",
        value="present",
        body="示例镇党委",
        basis="示例纪要",
        on=LATER,
        key="later",
        **BY,
    )
    monkeypatch.setenv("CASEWORK_DB", str(place))
    ledger = views.open_place()
    waiting = "另有 1 条认定或研究结果晚于此日，尚未计入"
    assert waiting in views.heading(views.open_desk(ledger, "jianshi-tie", None), "")

    assert "jianshi-tie" in open_rounds(ledger).values()
    values = {"round": "jianshi-tie", "day": LATER}
    done = move_the_day(ledger, values, actor=LOCAL_OFFICER, now=NOW, key="k")

    assert done.done
    assert "2020年1月13日" in done.html
    assert waiting not in views.heading(views.open_desk(ledger, "jianshi-tie", None), "")
    assert not move_the_day(ledger, {"round": None, "day": None}, actor=LOCAL_OFFICER, now=NOW, key="l").done
    future = move_the_day(ledger, {**values, "day": date(2099, 1, 1)}, actor=LOCAL_OFFICER, now=NOW, key="m")
    assert "不能晚于今天" in future.html


def test_the_command_line_moves_it_too(tmp_path, capsys):
    place = tmp_path / "demo.db"
    fill(open_ledger(place), **BY)

    assert main(["round", "day", "jianshi-tie", "2020-01-13", "--db", str(place)]) == 0
    assert "2020-01-13" in capsys.readouterr().out
    assert main(["round", "day", "jianshi-tie", "13.1.2020", "--db", str(place)]) == 2
    assert "看不懂日期" in capsys.readouterr().err
