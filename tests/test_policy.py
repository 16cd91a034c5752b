"""Reading a pack: every wrong one is named exactly, a good one is typed, frozen and inherits by id."""

from __future__ import annotations

import ast
import re
import shutil
from dataclasses import FrozenInstanceError
from datetime import date
from pathlib import Path

import pytest
from broken_policies import regenerate
from pydantic import ValidationError

from casework.policy import digest_of, load, load_policy, pack_folders, parse_pack, read_pack
from casework.policy.source import missing_fragment
from casework.problems import PolicyError
from casework.shapes import amounts, limits

TESTS = Path(__file__).parent
BROKEN = TESTS / "broken_policies"
BASE = TESTS / "packs" / "base"
CODE = Path(load.__file__).parents[1]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def only_base(monkeypatch):
    """The expected sentences list the packs there are: here the base pack alone."""
    monkeypatch.setattr(load, "pack_folders", lambda: {"base": BASE})


# -- broken packs ----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("only_base")
@pytest.mark.parametrize("name", regenerate.NAMES)
def test_a_broken_pack_says_exactly_what_is_wrong_and_what_is_allowed(name):
    expected = (BROKEN / name / "expected.txt").read_text().splitlines()
    assert expected, "a broken pack that says nothing"
    assert regenerate.sentences_of(name) == expected


@pytest.mark.parametrize("name", regenerate.NAMES)
def test_a_broken_pack_is_the_base_pack_with_one_edit(name):
    held = {f.name: f.read_bytes() for f in (BROKEN / name).iterdir() if f.name != "expected.txt"}
    assert held == regenerate.files_of(name)


def test_no_folder_of_broken_packs_is_left_over():
    folders = {f.parent.name for f in BROKEN.glob("*/policy.toml")}
    assert folders == set(regenerate.NAMES)


def said(node):
    """The sentence a node makes as a pattern, values as anything; None where it is no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.escape(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(said(part) or ".*" for part in node.values)
    return None


def messages():
    """Every Chinese sentence the code can say about a pack: (file, line, pattern)."""
    loading = [CODE / "policy" / f"{module}.py" for module in ("load", "raw", "check")]
    for path in (*loading, *sorted(CODE.glob("shapes/*.py"))):
        for node in ast.walk(ast.parse(path.read_text())):
            first = None
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"_problem", "Problem", "ValueError"}:
                first = node.args[0]
            elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
                first = node.value.elts[0]
            pattern = said(first)
            if pattern is not None and CHINESE.search(pattern):
                yield path.name, node.lineno, pattern


def test_every_message_of_the_code_has_a_broken_pack():
    heard = "\n".join((BROKEN / name / "expected.txt").read_text() for name in regenerate.NAMES)
    found = list(messages())
    assert len(found) > 50, "the collector lost sight of the messages"
    assert [place for *place, pattern in found if not re.search(pattern, heard)] == []


def test_all_problems_of_a_pack_come_at_once(tmp_path):
    shutil.copytree(BASE, tmp_path / "base")
    toml = tmp_path / "base" / "policy.toml"
    toml.write_text(
        toml.read_text()
        .replace('rule = "flag"', 'rule = "fleg"')
        .replace('yuan = "2000"', "yuan = 2000")
        .replace('text = "各单位要高度重视"', 'text = "凭空写的"')
    )
    with pytest.raises(PolicyError) as error:
        load_policy(tmp_path / "base")
    assert [problem.clause for problem in error.value.problems] == ["E-1", "E-8", "E-10"]
    assert str(error.value).count("\n") == 2


def test_a_pack_nobody_has_names_those_there_are():
    with pytest.raises(PolicyError, match=r"找不到通知包“示例”.*jianshi-2020"):
        load_policy("示例")


# -- a good pack -----------------------------------------------------------------------------------------------


def test_the_base_pack_is_typed():
    policy = load_policy(BASE)
    assert (policy.id, policy.year, policy.issued_on) == ("base", 2020, date(2020, 1, 7))
    assert policy.round_title == policy.title
    assert policy.warnings == ()
    assert policy.paths == (("new", "新申报"),)
    assert policy.clause("E-8").shape == amounts.AmountFixed.model_validate({"category": "aid", "yuan": "2000"})
    assert [(band.first, band.last, band.places) for _, band in policy.of_shape(limits.QuotaByHeadcount)] == [
        (0, 999, 4),
        (1000, None, 10),
    ]
    assert policy.category("bereaved").label == "家属"
    with pytest.raises(KeyError):
        policy.category("家属")
    with pytest.raises(KeyError):
        policy.parameter("nothing")


def test_a_parameter_is_unknown_before_its_first_day(tmp_path):
    line = load_policy(BASE).parameter("dibao_line")
    assert [line.on(date(2019, 12, 31)), line.on(date(2020, 1, 1)), line.on(date(2030, 1, 1))] == [None, 56000, 56000]


def test_a_loaded_pack_is_frozen():
    policy = load_policy(BASE)
    for thing, name in (
        (policy, "title"),
        (policy.clause("E-1"), "force"),
        (policy.categories[0], "label"),
        (policy.groups[0], "members"),
        (policy.parameters[0], "values"),
        (policy.fields[0], "kind"),
    ):
        with pytest.raises(FrozenInstanceError):
            setattr(thing, name, "x")
    with pytest.raises(ValidationError):
        policy.clause("E-8").shape.fen = 1


def test_a_clause_speaks_of_its_categories_and_paths_only():
    first, second, third = (load_policy(BASE).clause(one) for one in ("E-1", "E-2", "E-3"))
    assert first.applies_to("aid", None)
    assert not first.applies_to("bereaved", None)
    assert not first.applies_to(None, None)
    assert second.applies_to("bereaved", "new")
    assert not second.applies_to("bereaved", "renew")
    assert third.applies_to(None, None)


def test_a_clause_is_in_force_between_its_days_both_included(tmp_path):
    shutil.copytree(BASE, tmp_path / "base")
    toml = tmp_path / "base" / "policy.toml"
    dates = "effective_from = 2020-01-07\neffective_to = 2020-02-08\n"
    toml.write_text(toml.read_text().replace('id = "E-10"\n', f'id = "E-10"\n{dates}'))
    clause = load_policy(tmp_path / "base").clause("E-10")
    days = (date(2020, 1, 6), date(2020, 1, 7), date(2020, 2, 8), date(2020, 2, 9))
    assert [clause.in_force(day) for day in days] == [False, True, True, False]
    assert load_policy(BASE).clause("E-10").in_force(date(1900, 1, 1))


def test_a_mark_before_the_first_line_does_no_harm(tmp_path):
    """Windows' own editor writes one."""
    shutil.copytree(BASE, tmp_path / "base")
    toml = tmp_path / "base" / "policy.toml"
    toml.write_bytes(b"\xef\xbb\xbf" + toml.read_bytes())
    assert load_policy(tmp_path / "base").clauses == load_policy(BASE).clauses


@pytest.mark.parametrize(
    ("fragments", "missing"),
    [
        (("甲 乙",), None),
        (("甲乙丙丁",), None),
        (("乙", "丁"), None),
        (("丁", "乙"), "乙"),
        (("乙", "乙"), "乙"),
        (("戊",), "戊"),
        (("",), ""),
    ],
)
def test_a_quotation_stands_in_the_text_in_its_order_white_space_aside(fragments, missing):
    assert missing_fragment(fragments, "甲乙\n\n丙\u3000丁") == missing


# -- where packs are found -------------------------------------------------------------------------------------


def test_an_offices_own_folder_comes_before_the_shipped_packs(tmp_path, monkeypatch):
    shutil.copytree(BASE, tmp_path / "jianshi-2020")
    monkeypatch.setenv("CASEWORK_POLICIES", str(tmp_path))
    assert load_policy("jianshi-2020").id == "base"
    monkeypatch.delenv("CASEWORK_POLICIES")
    assert load_policy("jianshi-2020").id == "jianshi-2020"
    monkeypatch.setenv("CASEWORK_POLICIES", str(tmp_path / "nowhere"))
    assert "jianshi-2020" in pack_folders()


def test_the_bytes_alone_give_the_same_pack():
    """What the ledger keeps of an opened round is enough."""
    packs = read_pack("jianshi-2020")
    assert list(packs) == ["jianshi-2020"]
    assert parse_pack(packs) == load_policy("jianshi-2020")


# -- parents ---------------------------------------------------------------------------------------------------

CHILD = TESTS / "packs" / "jianshi-child"
"""A made-up township body forwards the circular of 建始 with another rate for one category."""


def test_a_child_overrides_its_parent_by_id():
    parent, child = load_policy("jianshi-2020"), load_policy(CHILD)
    assert (child.id, child.parent) == ("jianshi-child", "jianshi-2020")
    rates = {shape.category: shape.fen for _, shape in child.of_shape(amounts.AmountFixed)}
    assert rates == {"family": 200000, "frontline": 60000, "hardship": 50000, "resident": 50000}
    changed = child.clause("JS-2.1.6")
    assert changed.pack_id == "jianshi-child"
    assert changed.words in child.source_text
    assert changed.words not in parent.source_text
    untouched = [clause.id for clause in child.clauses if clause.pack_id == "jianshi-2020"]
    assert untouched == [c.id for c in parent.clauses if c.id not in {"JS-2.1.6", "JS-6.5", "JS-5.3.2"}]
    assert child.categories == parent.categories
    assert child.groups == parent.groups


def test_a_child_keeps_the_order_of_its_parent_and_adds_at_the_end():
    parent, child = load_policy("jianshi-2020"), load_policy(CHILD)
    kept = [clause.id for clause in parent.clauses if clause.id != "JS-5.3.2"]
    assert [clause.id for clause in child.clauses] == [*kept, "CH-1"]


def test_a_child_drops_what_it_says_it_drops():
    child = load_policy(CHILD)
    with pytest.raises(KeyError):
        child.clause("JS-5.3.2")


def test_a_childs_bytes_carry_its_parents():
    packs = read_pack(CHILD)
    assert list(packs) == ["jianshi-child", "jianshi-2020"]
    assert parse_pack(packs).digest == load_policy(CHILD).digest == digest_of(packs)


@pytest.mark.parametrize("file", ["policy.toml", "source.txt", "cases.toml"])
@pytest.mark.parametrize("pack", ["jianshi-child", "jianshi-2020"])
def test_one_byte_of_the_pack_or_of_a_parent_changes_the_digest(pack, file):
    packs = {name: dict(content) for name, content in read_pack(CHILD).items()}
    before = digest_of(packs)
    packs[pack][file] = packs[pack].get(file, b"") + b"\n"
    assert digest_of(packs) != before


def test_a_parent_is_looked_for_beside_its_child_also_a_grandparent(tmp_path):
    shutil.copytree(BASE, tmp_path / "base")
    for name, parent in (("child", "base"), ("grandchild", "child")):
        shutil.copytree(BASE, tmp_path / name)
        toml = tmp_path / name / "policy.toml"
        text = toml.read_text().replace('id = "base"', f'id = "{name}"\nparent = "{parent}"')
        toml.write_text(text.replace('yuan = "2000"', 'yuan = "1500"') if name == "child" else text)
    assert list(read_pack(tmp_path / "grandchild")) == ["grandchild", "child", "base"]
    assert load_policy(tmp_path / "child").clause("E-8").shape.fen == 150000
    assert load_policy(tmp_path / "grandchild").clause("E-8").shape.fen == 200000
