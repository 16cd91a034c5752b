"""放假调休 tables in the ledger: imported with their source, read by the notices, unknown where nobody imported one."""

from __future__ import annotations

from datetime import date

import pytest
from review_round import by, neimenggu, unit_steps
from test_review_notices import meet

from casework import db
from casework.access import Actor
from casework.cli import main
from casework.ledger import audit_check, audit_key
from casework.policy import read_pack
from casework.problems import Conflict, NotAllowed, Refused
from casework.review.calendars import calendar_of, import_rest_days, rest_years
from casework.review.notices import close_notice, post_notice
from casework.vocabulary import Role

SOURCE = "示例发电〔2022〕16 号"
DAYS = {date(2022, 12, 30): False, date(2022, 12, 31): True}
TODAY = date(2022, 12, 27)


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)


@pytest.fixture
def engine(database_url):
    made = db.open_ledger(database_url)
    yield made
    made.dispose()


def imported(engine, **more):
    say = {"year": 2022, "days": DAYS, "source": SOURCE, **by(TODAY), **more}
    return import_rest_days(engine, **say)


def workday(engine, day):
    with db.reading(engine) as session:
        return calendar_of(session).is_workday(day)


def test_a_year_is_imported_with_its_source_and_another_one_stays_unknown(engine):
    assert workday(engine, TODAY) is None
    done = imported(engine)
    assert (done["year"], done["holidays"], done["workdays"], done["version"]) == (2022, 1, 1, 1)
    assert workday(engine, TODAY) is True
    assert workday(engine, date(2022, 12, 30)) is False  # a Friday
    assert workday(engine, date(2022, 12, 31)) is True  # a Saturday that is worked
    assert workday(engine, date(2022, 12, 25)) is False
    assert workday(engine, date(2023, 1, 4)) is None
    with db.reading(engine) as session:
        assert [(row.year, row.source) for row in rest_years(session)] == [(2022, SOURCE)]
        assert audit_check(session, key=audit_key(engine)) == []


def test_the_same_table_again_changes_nothing_and_another_one_names_the_version_it_replaces(engine):
    imported(engine)
    assert imported(engine)["version"] == 1
    later = {"days": {**DAYS, date(2022, 12, 29): False}, "source": "示例发电〔2022〕20 号"}
    with pytest.raises(Conflict):
        imported(engine, **later)
    assert imported(engine, **later, expected_version=1)["version"] == 2
    assert workday(engine, date(2022, 12, 29)) is False


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"source": " "}, "no_source"),
        ({"days": {date(2022, 12, 31): True}}, "no_days"),
        ({"days": {date(2023, 1, 2): False}}, "other_year"),
        ({"days": {**DAYS, date(2022, 12, 28): True}}, "no_weekend"),
    ],
)
def test_what_an_import_is_refused_for(sqlite_database_url, change, code):
    with pytest.raises(Refused) as caught:
        imported(db.open_ledger(sqlite_database_url), **change)
    assert caught.value.reason_code == code


def test_only_one_who_sees_every_unit_imports_it(sqlite_database_url):
    one_unit = Actor(id="甲经办", name="示例甲", role=Role.OFFICER, units=frozenset({"甲"}))
    with pytest.raises(NotAllowed):
        imported(db.open_ledger(sqlite_database_url), **by(TODAY, one_unit))


def working_days(engine):
    """The round of 内蒙古 whose circular asks for three working days of notice."""
    pack = read_pack("neimenggu-2022")
    text = pack["neimenggu-2022"]["policy.toml"].decode()
    old = 'params = { after = ["determination"], channel = "机关党建网", columns'
    assert old in text
    text = text.replace(old, old.replace("columns", 'days = 3, day_kind = "working", columns'))
    pack["neimenggu-2022"]["policy.toml"] = text.encode()
    world = neimenggu(engine, today=TODAY, pack=pack)
    unit_steps(world)
    world.adopt()
    meet(world)
    return world


def posted(world):
    say = {"body": "工委", "posted_on": TODAY, "evidence": "示例截图", "expected_version": world.version}
    return post_notice(world.engine, round_id=world.round_id, **say, **by(world.today))


def ended(world, notice, day):
    return close_notice(world.engine, notice_id=notice, expected_version=1, **by(day))


def test_a_notice_of_working_days_reads_the_table_of_the_ledger(engine):
    world = working_days(engine)
    imported(engine)
    assert posted(world)["ends_on"] == "2022-12-31"  # 28 and 29 December, and the Saturday that is worked


def test_without_the_table_of_its_year_the_end_is_unknown_until_it_is_imported(engine):
    world = working_days(engine)
    made = posted(world)
    assert made["ends_on"] is None
    with pytest.raises(Refused, match="请先导入放假调休安排"):
        ended(world, made["notice_id"], date(2023, 1, 5))
    imported(engine)
    with pytest.raises(Refused, match="公示到2022年12月31日为止"):
        ended(world, made["notice_id"], date(2022, 12, 31))
    assert ended(world, made["notice_id"], date(2023, 1, 1))["people"] == 6


# -- the command line ----------------------------------------------------------------------------------------------


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("CASEWORK_DB", str(tmp_path / "ledger.db"))
    db.open_ledger(tmp_path / "ledger.db").dispose()

    def run(*words):
        code = main(list(words))
        said = capsys.readouterr()
        return code, said.out.strip(), said.err.strip()

    return run


def test_a_table_is_imported_and_shown_from_the_command_line(run, tmp_path):
    file = tmp_path / "放假.csv"
    file.write_text("日期,安排\n2022-12-30,放假\n2022年12月31日,上班\n", encoding="utf-8-sig")
    assert run("calendar", "import", str(file), "--source", SOURCE) == (0, "2022 年：放假 1 天，上班 1 天", "")
    code, said, _ = run("calendar", "show", "--json")
    assert (code, '"source": "示例发电〔2022〕16 号"' in said) == (0, True)
    file.write_text("日期,安排\n2022-12-29,放假\n2022-12-30,放假\n2022-12-31,上班\n", encoding="utf-8")
    assert run("calendar", "import", str(file), "--source", SOURCE)[1] == "2022 年：放假 2 天，上班 1 天"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("日期\n2022-12-30\n", "日期,安排"),
        ("日期,安排\n昨天,放假\n", "第 2 行"),
        ("日期,安排\n2022-12-30,也许\n", "第 2 行"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_with_its_line(run, tmp_path, text, said):
    file = tmp_path / "放假.csv"
    file.write_text(text, encoding="utf-8")
    code, _, told = run("calendar", "import", str(file), "--source", SOURCE)
    assert code == 2
    assert said in told
