"""The command line as the issue's own examples write it: output, exit codes, sentences."""

from __future__ import annotations

import io
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
import typer
from pypdf import PdfReader

import casework
from casework.cli import app, main
from casework.cli.papers import LISTS
from casework.samples import jianshi


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def run(home, monkeypatch, capsys):
    monkeypatch.setenv("XDG_DATA_HOME", str(home))
    monkeypatch.delenv("CASEWORK_DB", raising=False)

    def call(*arguments):
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    if not list(home.rglob("demo.db")):
        assert call("init", "--demo")[0] == 0
    return call


def allocated(run, *arguments):
    code, out, err = run("allocate", "--json", *arguments)
    return code, json.loads(out), err


def test_init_demo_twice_is_no_harm(run):
    code, out, err = run("init", "--demo")

    assert code == 0
    assert "演示台账" in out + err


def _of_another_shape(path):
    with sqlite3.connect(path) as connection:
        connection.execute("ALTER TABLE unit RENAME COLUMN name TO other")
    connection.close()


def test_a_demo_ledger_of_another_shape_is_set_aside_and_made_anew(run, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert run("init", "--demo")[0] == 0
    _of_another_shape(tmp_path / "casework" / "demo.db")
    code, _, err = run("round", "list")
    assert (code, "init --demo" in err) == (1, True)

    code, out, err = run("init", "--demo")

    assert (code, "演示台账已就绪" in out) == (0, True)
    assert "结构不一致，已另存为 demo.before-" in err
    assert len(list((tmp_path / "casework").glob("demo.before-*.db"))) == 1
    assert run("allocate", "--round", "jianshi-2020")[0] == 0


def test_a_real_ledger_of_another_shape_is_refused_with_what_to_do(run, tmp_path):
    path = tmp_path / "mine.db"
    assert run("init", "--db", path)[0] == 0
    _of_another_shape(path)
    for arguments in (["init"], ["init", "--demo"], ["round", "list"]):
        code, out, err = run(*arguments, "--db", path)
        assert (code, out) == (1, "")
        assert "正式台账请用建立它的那一版程序打开" in err
    assert [found.name for found in tmp_path.glob("*.db")] == ["mine.db"]


def test_allocate_as_the_circular_stands(run):
    code, result, _ = allocated(run, "--round", "jianshi-2020")

    assert code == 0
    totals = result["totals"]
    assert (totals["places"], totals["amount_fen"], totals["people"]) == (359, 18_400_000, 359)
    assert result["balance_fen"] == 0
    assert {"by_unit", "awards", "reserve", "ties", "exceptions", "steps"} <= result.keys()
    first = result["by_unit"][0]
    assert first == {
        "unit": "业州镇",
        "category": "frontline",
        "places": 41,
        "people": 41,
        "amount_fen": 2_050_000,
        "awarded_fen": 2_050_000,
    }
    assert all(row["reason"] for row in result["reserve"])


def test_one_place_more_is_500_yuan_too_much(run):
    code, result, err = allocated(run, "--round", "jianshi-2020", "--set", "places.业州镇.frontline=42")

    assert code == 1
    assert (result["totals"]["places"], result["totals"]["amount_fen"], result["balance_fen"]) == (
        360,
        18_450_000,
        -50_000,
    )
    assert "计划超出资金 500 元" in err


def test_several_settings_at_once(run):
    code, result, _ = allocated(run, "--round", "jianshi-2020", "--set", "rate.hardship=600", "--set", "fund=20万")

    assert code == 0
    assert result["totals"]["amount_fen"] == 18_400_000 + 124 * 10_000
    assert result["balance_fen"] == 20_000_000 - result["totals"]["amount_fen"]


def test_neimenggu_puts_the_overflow_in_reserve_with_its_reason(run):
    code, result, _ = allocated(run, "--round", "neimenggu-2022")

    places = {row["unit"]: row["places"] for row in result["by_unit"]}
    assert code == 0, "a reserve alone is no refusal"
    assert (places["示例厅机关党委"], places["示例委机关党委"], places["示例局机关党委"]) == (4, 10, 10)
    over = [row for row in result["reserve"] if row["reason"] == "over_places"]
    assert over
    assert all(row["route"] == "unit" for row in over)


@pytest.mark.parametrize("round_id", ["neimenggu-2022", "jiaozuo-2018"])
def test_amounts_nobody_decided_are_shown_as_open_not_as_nought(run, round_id):
    code, out, _ = run("allocate", "--round", round_id)

    assert code == 0
    assert out.splitlines()[1].split()[-1] == "未定"
    assert "计划 未定" in out


def test_an_open_tie_is_exit_1(run):
    code, result, err = allocated(run, "--round", "jianshi-tie")

    assert code == 1
    assert len(result["ties"]) == 1
    assert "长梁镇" in err
    assert "2 人争 1 名" in err


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("places.无此镇.frontline=1", "没有单位“无此镇”"),
        ("places.业州镇.frontline=3.7", "整数"),
        ("rate.nobody=1", "没有类别“nobody”"),
        ("rate.family", "缺少等号"),
    ],
)
def test_a_setting_that_is_wrong_is_exit_2(run, setting, said):
    code, _, err = run("allocate", "--round", "jianshi-2020", "--set", setting)

    assert code == 2
    assert said in err


def test_an_unknown_round_names_the_known_ones(run):
    code, _, err = run("allocate", "--round", "nowhere")

    assert code == 1
    assert "jianshi-2020" in err


def test_apportion(run, tmp_path):
    table = tmp_path / "units.csv"
    table.write_text("单位,党员,至少,至多\n甲,50,1,\n乙,30,1,\n丙,20,1,2\n", encoding="utf-8")
    bounds = ("--floor", "至少", "--cap", "至多")

    code, out, _ = run(
        "apportion",
        "--method",
        "largest_remainder",
        "--total",
        10,
        "--csv",
        table,
        "--weight",
        "党员",
        *bounds,
        "--json",
    )

    result = json.loads(out)
    assert code == 0
    assert result["places"] == {"甲": 5, "乙": 3, "丙": 2}
    assert result["ties"] == []
    assert result["steps"]


def test_policy_check_and_show(run):
    code, out, _ = run("policy", "check")
    assert code == 0
    assert all(name in out for name in ("jianshi-2020", "neimenggu-2022", "jiaozuo-2018"))
    code, out, _ = run("policy", "show", "jianshi-2020")
    assert code == 0
    assert "留存党费" in out


def test_policy_check_of_a_broken_pack(run):
    code, out, err = run("policy", "check", "tests/broken_policies/unknown-rule")

    assert code in (1, 2)
    assert "不认识规则" in out + err


def test_policy_new_sheet_and_lint(run, tmp_path):
    text = tmp_path / "circular.txt"
    text.write_text("关于示例慰问的通知\n一、慰问标准500元/人。\n三、请于1月5日前报送花名册。\n", encoding="utf-8")

    code, out, err = run("policy", "lint", text)
    assert code == 1
    assert "缺“二、”" in out + err
    folder = tmp_path / "example"
    code, _, err = run("policy", "new", folder, "--from", text, "--issued", "2026-01-02")
    assert code in (0, 2), err


def test_lists_as_files(run, tmp_path):
    pdf, xlsx = tmp_path / "q.pdf", tmp_path / "r.xlsx"

    assert run("list", "quota-table", "--round", "jianshi-2020", "--out", pdf)[0] == 0
    assert run("list", "roster", "--round", "jianshi-2020", "--out", xlsx)[0] == 0

    text = "".join(page.extract_text() for page in PdfReader(pdf).pages)
    assert "184000" in text
    assert "359" in text
    sheet = openpyxl.load_workbook(io.BytesIO(xlsx.read_bytes())).active
    values = [cell.value for row in sheet.iter_rows() for cell in row]
    assert "建始县元旦春节期间部分慰问对象花名册" in values


def test_a_public_list_shows_no_birth_and_no_illness(run):
    code, out, _ = run("list", "public-list", "--round", "jianshi-2020", "--unit", "红岩镇")

    assert code == 0
    assert "示例" in out
    assert "疾病" not in out
    assert "出生" not in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("list", "nothing", "--round", "jianshi-2020"), "没有名为“nothing”的表"),
        (("list", "roster", "--round", "jianshi-2020", "--out", "x.doc"), "只能写成"),
        (("list", "roster", "--round", "jianshi-2020", "--unit", "无此镇"), "没有单位"),
        (("nothing",), "没有命令"),
    ],
)
def test_a_command_that_is_wrong_is_exit_2_and_chinese(run, arguments, said):
    code, _, err = run(*arguments)

    assert code == 2
    assert said in err


def test_scenarios_from_save_to_adoption(run):
    here = ("--round", "jianshi-2020")
    assert (
        run(
            "scenario",
            "save",
            "调一名",
            *here,
            "--set",
            "places.业州镇.frontline=40",
            "--set",
            "places.长梁镇.frontline=35",
        )[0]
        == 0
    )
    code, out, _ = run("scenario", "list", *here)
    assert code == 0
    assert "调一名" in out
    code, out, _ = run("scenario", "diff", "通知原定", "调一名", *here)
    assert code == 0
    assert "业州镇脱贫攻坚一线干部名额由通知原定改为40名" in out
    assert run("scenario", "adopt", "调一名", "--act", "list", *here)[0] == 1, "the places come first"
    assert run("scenario", "adopt", "调一名", "--act", "places", *here)[0] == 0
    assert run("scenario", "adopt", "调一名", "--act", "list", *here)[0] == 0
    code, _, err = run("scenario", "adopt", "调一名", "--act", "list", *here)
    assert code == 1
    assert "已有正式的名单" in err


def test_the_audit_chain_holds_after_all_that(run):
    assert run("check")[0] == 0


def test_help_is_quick_because_nothing_heavy_is_imported():
    program = """
import sys
import casework
from casework.cli import app, main
main(["--help"])
print([name for name in ("polars", "marimo", "weasyprint", "sqlalchemy") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.rstrip().endswith("[]")


# -- a ledger of one's own -------------------------------------------------------------------------------------------


@pytest.fixture
def own(tmp_path, run):
    """Arguments for a fresh ledger beside the demo ledger."""
    place = tmp_path / "own.db"
    code, out, _ = run("init", "--db", place)
    assert code == 0
    assert "台账已就绪" in out
    return "--db", place


def register(folder, text):
    file = folder / "单位名录.csv"
    file.write_text(text, encoding="utf-8")
    return file


HEADS = "单位名称,机构顺序,单位性质,上级单位,党员人数,统计日期,工资发放有困难\n"


def test_a_year_from_the_register_to_the_next_round(run, own, tmp_path):
    units = register(
        tmp_path, HEADS + "示例甲局,1,机关党委,,999,2022-11-30,否\n示例乙部,2,机关党委,示例甲局,1000,2022-11-30,\n"
    )
    code, out, _ = run("unit", "import", units, *own)
    assert (code, "新增 2 个单位" in out) == (0, True)
    assert "未变 2 个" in run("unit", "import", units, *own)[1]
    assert [row["members"] for row in json.loads(run("unit", "list", "--json", *own)[1])] == [999, 1000]

    assert run("round", "new", "2023", "--policy", "neimenggu-2022", *own)[0] == 0
    code, result, err = allocated(run, "--round", "2023", *own)
    assert (code, err) == (0, ""), "nobody is warned of demo data"
    assert [row["places"] for row in result["by_unit"]] == [4, 10]
    code, _, err = run("round", "close", "2023", *own)
    assert (code, "单位材料未报齐 2 个单位" in err) == (1, True)
    assert run("round", "close", "2023", "--explain", "单位材料未报齐=演练", *own)[0] == 0
    code, _, err = run("scenario", "save", "甲", "--round", "2023", *own)
    assert (code, "不能再改" in err) == (1, True)

    assert run("round", "new", "2024", "--from", "2023", *own)[0] == 0
    code, out, _ = run("round", "show", "2024", "--json", *own)
    assert (json.loads(out)["from"], json.loads(out)["policy"], json.loads(out)["units"]) == (
        "2023",
        "neimenggu-2022",
        2,
    )
    states = {row["id"]: row["state"] for row in json.loads(run("round", "list", "--json", *own)[1])}
    assert states == {"2023": "已结束", "2024": "进行中"}
    code, _, err = run("round", "new", "2024", "--policy", "neimenggu-2022", *own)
    assert (code, "已有编号为 2024 的一轮" in err) == (1, True)


def test_a_register_with_mistakes_names_the_cells_and_imports_nothing(run, own, tmp_path):
    wrong = register(tmp_path, HEADS + "示例甲局,1,机关,,约900,2022-11-30,否\n示例乙部,二,机关党委,无此局,1000,,也许\n")

    code, _, err = run("unit", "import", wrong, *own)

    assert code == 1
    for cell in ("格 C2", "格 E2", "格 B3", "格 D3", "格 G3"):
        assert cell in err
    assert json.loads(run("unit", "list", "--json", *own)[1]) == []


def test_the_demo_ledger_stands_in_only_where_one_has_none_and_says_so(run, home, monkeypatch, tmp_path):
    code, _, err = run("round", "list")
    assert (code, err.strip()) == (0, "演示数据")

    monkeypatch.setenv("CASEWORK_DB", str(tmp_path / "mine.db"))
    assert run("init")[0] == 0
    code, out, err = run("round", "list", "--json")
    assert (code, json.loads(out), err) == (0, [], "")

    code, _, err = run("round", "list", "--db", tmp_path / "nowhere.db")
    assert (code, "还没有台账（nowhere.db）" in err) == (1, True)
    assert not (tmp_path / "nowhere.db").exists()


def test_a_ledger_in_use_never_becomes_the_demo_ledger(run, own):
    run("round", "new", "2023", "--policy", "neimenggu-2022", *own)

    code, _, err = run("init", "--demo", *own)

    assert (code, "不能改作演示台账" in err) == (1, True)


def test_an_audit_log_that_was_cut_is_a_finding(run, own):
    import sqlite3

    assert run("check", *own)[0] == 0
    run("round", "new", "2023", "--policy", "neimenggu-2022", *own)
    with sqlite3.connect(own[1]) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("DELETE FROM audit_entry")

    code, out, _ = run("check", *own)

    assert code == 1
    assert "截去" in out
    assert run("check", "--anchor", "0123456789ab", *own)[0] == 1


def test_a_scenario_is_withdrawn_with_a_reason(run, own, tmp_path):
    run("unit", "import", register(tmp_path, HEADS + "示例甲局,1,机关党委,,999,2022-11-30,否\n"), *own)
    run("round", "new", "2023", "--policy", "neimenggu-2022", *own)
    assert run("scenario", "save", "甲", "--set", "places.示例甲局.exceptional=3", *own)[0] == 0
    code, _, err = run("scenario", "save", "甲", *own)
    assert (code, "已有名为“甲”的方案" in err) == (1, True)
    assert run("scenario", "save", "甲", "--set", "places.示例甲局.exceptional=2", "--replace", *own)[0] == 0
    assert run("scenario", "adopt", "甲", *own)[0] == 0
    assert run("scenario", "save", "甲", "--replace", *own)[0] == 1

    assert run("scenario", "withdraw", "--reason", " ", *own)[0] == 1
    code, out, _ = run("scenario", "withdraw", "--reason", "发现错报", *own)
    assert (code, out) == (0, "已撤回正式的名额方案\n")
    assert run("scenario", "withdraw", "--reason", "再撤", *own)[0] == 1


def test_places_over_a_soft_cap_need_a_reason_to_be_adopted(run, own, tmp_path):
    run("unit", "import", register(tmp_path, HEADS + "示例甲局,1,机关党委,,999,2022-11-30,是\n"), *own)
    run("round", "new", "2023", "--policy", "neimenggu-2022", *own)

    assert run("scenario", "save", "多一名", "--set", "places.示例甲局.exceptional=5", *own)[0] == 0
    code, _, err = run("scenario", "adopt", "多一名", *own)

    assert (code, "没有写明理由和决定人" in err) == (1, True)


# -- packs and apportionment -----------------------------------------------------------------------------------------


def test_a_pack_goes_to_a_workbook_and_back_unchanged_in_meaning(run, tmp_path):
    from casework.policy import load_policy, pack_folders

    folder = tmp_path / "jianshi-2020"
    folder.mkdir()
    for file in pack_folders()["jianshi-2020"].iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    book = tmp_path / "pack.xlsx"

    assert run("policy", "sheet", folder, "--out", book)[0] == 0
    assert run("policy", "sheet", folder, "--from", book)[0] == 0

    assert (folder / "policy.toml.bak").is_file()
    assert load_policy(folder).clauses == load_policy("jianshi-2020").clauses
    code, out, _ = run("policy", "try", folder)
    assert (code, "都与通知包相符" in out) == (0, True)
    (folder / "cases.toml").write_text((folder / "cases.toml").read_text().replace('"eligible"', '"refused"', 1))
    code, out, _ = run("policy", "try", folder)
    assert (code, "应为" in out) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--method", "equal", "--total", 3), 1, "并列"),
        (("--total", 3, "--weight", "党员", "--floor", "至少"), 1, "下限合计超过"),
        (("--total", 3, "--weight", "没有"), 2, "没有“没有”这一列"),
        (("--total", 3), 2, "--weight"),
        (("--method", "fair", "--total", 3, "--weight", "党员"), 2, "没有办法 fair"),
        (("--total", "三", "--weight", "党员"), 2, "--total 要写整数"),
        (("--method", "half_up", "--total", 3, "--weight", "党员"), 2, "--rate"),
        (("--method", "half_up", "--rate", "5%", "--weight", "党员"), 0, ""),
    ],
)
def test_an_apportionment_that_does_not_come_out_says_why(run, tmp_path, arguments, code, said):
    table = tmp_path / "units.csv"
    table.write_bytes("单位,党员,至少\r\n甲,50,2\r\n乙,50,2\r\n".encode("gb18030"))

    given, _, err = run("apportion", "--csv", table, *arguments)

    assert given == code
    assert said in err
    assert "Error" not in err


def test_what_is_infeasible_says_by_how_much_to_programs_too(run, tmp_path):
    code, result, err = allocated(run, "--round", "jianshi-2020", "--set", "places.业州镇.family=1")

    assert code == 1
    assert result["infeasible"]["by"] == 1
    assert result["infeasible"]["sentence"] in err


def _commands(command, path=()):
    yield path
    for name, child in getattr(command, "commands", {}).items():
        yield from _commands(child, (*path, name))


COMMANDS = list(_commands(typer.main.get_command(app)))
# What is typed as it stands: values, variables, keys of a setting, file names and endings, names of formats.
TYPED = {
    *(
        "casework",
        "CASEWORK_DB",
        "fund",
        "rate",
        "places",
        "cases",
        "policy",
        "toml",
        "txt",
        "xlsx",
        "xls",
        "docx",
        "zip",
        "csv",
        "pdf",
        "py",
    ),
    *("JSON", "CSV", "PDF", "JPG", "PNG", "sainte_lague", "dhondt", "largest_remainder", "equal", "half_up"),
    *LISTS,
}


def test_a_new_round_without_units_says_so_at_once(run, own):
    code, out, err = run("round", "new", "r", "--policy", "jianshi-2020", *own)

    assert (code, out) == (0, "已新建 r，依据 jianshi-2020\n")
    assert "还没有单位" in err
    assert "casework unit import 文件 --round r" in err


def test_a_round_that_takes_its_units_from_the_last_one_has_some(run, own, tmp_path):
    file = register(tmp_path, "单位名称,机构顺序,单位性质,党员人数,统计日期\n示例镇党委,1,乡镇党委,90,2020-01-01\n")
    run("round", "new", "r", "--policy", "jianshi-2020", *own)
    assert run("unit", "import", file, "--round", "r", *own)[0] == 0

    assert run("round", "new", "s", "--from", "r", *own) == (0, "已新建 s，依据 jianshi-2020\n", "")


def test_money_that_must_be_used_up_is_named_when_it_is_left(run, own, tmp_path, monkeypatch):
    pack = tmp_path / "packs" / "used-up"
    shipped = Path(casework.__file__).parent / "policies" / "jianshi-2020"
    shutil.copytree(shipped, pack)
    text = (pack / "policy.toml").read_text(encoding="utf-8")
    text = text.replace('spend = "up_to"', 'spend = "exactly"').replace('yuan = "18.4万"', 'yuan = "18.5万"')
    (pack / "policy.toml").write_text(text, encoding="utf-8")
    names = [unit["name"] for unit in jianshi().units]
    rows = [f"{name},{at},乡镇党委,90,2020-01-01" for at, name in enumerate(names, 1)]
    file = register(tmp_path, "\n".join(["单位名称,机构顺序,单位性质,党员人数,统计日期", *rows]))
    assert run("round", "new", "r", "--policy", pack, *own)[0] == 0
    assert run("unit", "import", file, "--round", "r", *own)[0] == 0

    code, result, _ = allocated(run, "--round", "r", *own)
    assert code == 0
    assert result["unspent"] == [{"fund": "retained_dues", "clause_id": "JS-2.1.2", "left_fen": 100_000}]
    assert "须用完的留存党费尚余 1000 元" in run("allocate", "--round", "r", *own)[1]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_is_chinese(run, path):
    names = {name for known in COMMANDS for name in known}

    code, out, err = run(*path, "--help")

    assert code == 0
    assert (out[:3], err) == ("用法：", "")
    words = set(re.findall(r"(?<![\w-])[A-Za-z][A-Za-z_-]*(?![\d])", out)) - names - TYPED
    assert words == set()
    assert not re.search(r"\.\.\.|[<>]", out), "no placeholder of the parser, no text cut off"


def test_the_module_is_the_command():
    done = subprocess.run([sys.executable, "-m", "casework", "--version"], capture_output=True, text=True, check=True)

    assert done.stdout.strip()[0].isdigit()
