"""The handbooks say what the code does: generated parts, examples, links, commands, pictures, sections."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from casework.policy import load_policy, raw
from casework.policy.handbook import (
    DOCUMENTS,
    errors_reference,
    example_clause,
    example_params,
    main,
    parameters_of,
    refreshed,
    shapes_reference,
    vocabularies,
)
from casework.policy.meanings import LISTS, MEANINGS
from casework.shapes import SHAPES
from casework.views.cases import SECTIONS
from casework.worked import run
from scripts.command_table import TARGET, TASKS, commands, task_of
from scripts.command_table import page as command_page

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "tests" / "packs" / "handbook"
pages = pytest.mark.parametrize("lang", list(DOCUMENTS))


def page(lang):
    return (ROOT / DOCUMENTS[lang]).read_text(encoding="utf-8")


@pages
def test_the_committed_pages_are_what_the_code_makes(lang):
    assert page(lang) == refreshed(page(lang), lang, ROOT / "tests"), "run: python -m casework.policy.handbook"


def test_every_shape_has_its_meaning_and_nothing_else_has():
    assert sorted(MEANINGS) == sorted(SHAPES)
    assert sorted(LISTS) == sorted(vocabularies())


@pages
def test_every_shape_has_a_section_with_all_its_parameters(lang):
    reference = shapes_reference(lang, ROOT / "tests")
    for rule, shape in SHAPES.items():
        section = reference.partition(f"#### `{rule}` ")[2].partition("#### ")[0]
        assert shape.label in section
        for name, info in shape.model_fields.items():
            assert f"| `{info.alias or name}` | {info.title} |" in section


@pages
def test_every_shape_about_people_places_and_money_is_worked_out(lang):
    """The rest is procedure: its example is the clause itself."""
    reference = shapes_reference(lang, ROOT / "tests")
    alone = {
        rule for rule in SHAPES if "|---|---|\n" not in reference.partition(f"#### `{rule}` ")[2].partition("#### ")[0]
    }
    assert {SHAPES[rule].__module__.rpartition(".")[2] for rule in alone - {"highest_only"}} == {"procedure"}


@pytest.mark.parametrize("rule", sorted(SHAPES))
def test_every_example_is_a_clause_the_loader_takes(rule):
    (clause,) = tomllib.loads(example_clause(rule))["clause"]
    row = raw.RawClause.model_validate(clause)
    assert row.rule == rule
    assert row.kind in SHAPES[rule].kinds
    SHAPES[rule].model_validate(example_params(rule))


def test_how_parameters_are_written_is_said_in_words():
    rows = {row.name: row for row in parameters_of(SHAPES["number"])}
    assert rows["at_least"].written.startswith("整数、带引号的元")
    assert (rows["field"].default, rows["field"].needed) == ("必须写", True)
    assert {row.name: row.default for row in parameters_of(SHAPES["flag"], "en")} == {
        "field": "must be written",
        "is": "`true`",
    }


def headings(text):
    return re.findall(r"^#+ (.*)$", text, re.MULTILINE)


@pages
def test_links_of_a_page_lead_somewhere(lang):
    text = page(lang)
    heads = {
        re.sub(r"[^\w-]", "", head.lower().replace(" ", "-")) for head in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }
    assert {anchor for anchor in re.findall(r"\]\(#([^)]*)\)", text) if anchor not in heads} == set()
    files = re.findall(r"\]\(([\w.-]+\.md)\)", text)
    assert files
    assert all((ROOT / "docs" / name).is_file() for name in files)


def test_both_pages_have_the_same_sections():
    heads = [[line.count("#") for line in re.findall(r"^#+ ", page(lang), re.MULTILINE)] for lang in DOCUMENTS]
    assert heads[0] == heads[1]


@pages
def test_blocks_of_toml_can_be_read(lang):
    blocks = re.findall(r"```toml\n(.*?)```", page(lang), re.DOTALL)
    assert len(blocks) > len(SHAPES)
    for block in blocks:
        tomllib.loads(block)


def test_the_whole_example_is_finished_and_its_cases_hold():
    policy = load_policy(EXAMPLE)
    assert policy.warnings == ()
    assert [difference.sentence() for difference in run(policy, (EXAMPLE / "cases.toml").read_bytes())] == []


def test_every_broken_pack_is_in_the_list():
    broken = sorted((ROOT / "tests" / "broken_policies").glob("*/expected.txt"))
    assert errors_reference(ROOT / "tests" / "broken_policies", "en").count("\n") == len(broken) + 1


def test_a_page_without_its_markers_is_refused():
    with pytest.raises(ValueError, match="no part 'example'"):
        refreshed("# 手册", "zh", ROOT / "tests")


def test_the_pages_are_written_anew(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    for lang, name in DOCUMENTS.items():
        stale = re.sub(r"(<!-- generated: shapes -->).*?(<!-- end)", r"\1 stale \2", page(lang), flags=re.DOTALL)
        (tmp_path / name).write_text(stale, encoding="utf-8")
    main(tmp_path)
    assert [(tmp_path / name).read_text(encoding="utf-8") for name in DOCUMENTS.values()] == [
        page(lang) for lang in DOCUMENTS
    ]


# -- the officers' handbook ------------------------------------------------------------------------------------------

OFFICERS = ROOT / "docs" / "handbook.md"


def test_every_command_stands_under_exactly_one_task():
    assert {name: task_of(name) for name, _ in commands() if len(task_of(name)) != 1} == {}
    names = [name for name, _ in commands()]
    unused = [
        word
        for words in TASKS.values()
        for word in words
        if not any(name == word or name.startswith(f"{word} ") for name in names)
    ]
    assert unused == []


def test_the_table_of_commands_is_what_the_command_line_says():
    assert TARGET.read_text(encoding="utf-8") == command_page(), "run: python -m scripts.command_table"


def test_the_officers_handbook_shows_pictures_and_pages_that_exist():
    text = OFFICERS.read_text(encoding="utf-8")
    pictures = re.findall(r"!\[[^\]]*\]\((images/[^)]*)\)", text)
    assert sorted(pictures) == sorted(f"images/{file.name}" for file in (ROOT / "docs" / "images").glob("*.png"))
    for name in re.findall(r"\]\(([\w.-]+\.md)\)", text):
        assert (ROOT / "docs" / name).is_file()


def test_every_command_the_officers_pages_name_can_be_typed():
    names = [name for name, _ in commands()]
    pages = [OFFICERS, ROOT / "README.md", ROOT / "README.zh-CN.md"]
    typed = [
        words.strip()
        for file in pages
        for words in re.findall(r"casework ([a-z][a-z -]*)", file.read_text(encoding="utf-8"))
    ]
    assert len(typed) > 20
    for words in typed:
        plain = words.partition(" -")[0].strip()
        assert any(name == plain or name.startswith(f"{plain} ") or plain.startswith(f"{name} ") for name in names), (
            words
        )


def test_every_section_of_the_worksheet_has_its_chapter():
    text = OFFICERS.read_text(encoding="utf-8")
    assert [name for name in SECTIONS if f"**{name}**" not in text and name not in " ".join(headings(text))] == []


def test_the_page_of_the_architecture_names_every_module():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    modules = {
        path.stem for path in (ROOT / "casework").iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    named = set(re.findall(r"`([a-z_]+)\*?`", text))
    assert {name for name in modules - named - {"__init__", "__main__"} if not name.startswith("models")} == set()
