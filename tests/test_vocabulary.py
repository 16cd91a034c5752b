from __future__ import annotations

import re
from pathlib import Path

import pytest

from casework import vocabulary
from casework.vocabulary import Degree, Fund, Mark, Outcome, Term

GLOSSARY = (Path(__file__).parents[1] / "docs" / "glossary.md").read_text(encoding="utf-8")
ENUMS = [kind for kind in vars(vocabulary).values() if isinstance(kind, type) and issubclass(kind, Term) and len(kind)]
SCREEN = "方案 确定为正式方案 数据版本 校验码 名额线 并列 候补 增减试算 通知核对 认定依据".split()  # noqa: SIM905


def rows(text):
    """Return the cells of every table row in `text`."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]


def named(text):
    """Return every `Enum.MEMBER` that `text` names."""
    return re.findall(r"`([A-Z][A-Za-z]*\.[A-Z][A-Z_]*)`", text)


@pytest.mark.parametrize("kind", ENUMS, ids=lambda kind: kind.__name__)
def test_every_member_has_one_row_with_its_label(kind):
    section = GLOSSARY.partition(f"### `{kind.__name__}`")[2].partition("###")[0]
    _, _, *found = rows(section)

    assert [(row[0], row[2]) for row in found] == [(m.label, f"`{kind.__name__}.{m.name}`") for m in kind]
    assert all(row[1] for row in found)


def test_every_member_named_in_the_glossary_exists():
    members = {f"{kind.__name__}.{member.name}" for kind in ENUMS for member in kind}

    assert set(named(GLOSSARY)) == members


@pytest.mark.parametrize("kind", ENUMS, ids=lambda kind: kind.__name__)
def test_a_label_means_one_member(kind):
    labels = [member.label for member in kind]

    assert len(set(labels)) == len(labels)
    assert all(kind.from_label(member.label) is member for member in kind)


@pytest.mark.parametrize("kind", ENUMS, ids=lambda kind: kind.__name__)
def test_identifiers_are_english_and_labels_chinese(kind):
    assert all(member.value == member.name.lower() and member.value.isascii() for member in kind)
    assert all(not re.search("[A-Za-z]", member.label) for member in kind)


@pytest.mark.parametrize("word", SCREEN)
def test_the_words_of_the_screen_are_fixed(word):
    assert any(row[0] == word and row[2] for row in rows(GLOSSARY))


def test_no_two_rows_explain_one_term():
    terms = [row[0] for row in rows(GLOSSARY) if len(row) == 4 and row[0] not in {"Chinese", "---"}]

    assert len(set(terms)) == len(terms)


def test_a_member_is_its_stored_value():
    assert Fund("dues") is Fund.DUES
    assert Fund.DUES == "dues"
    assert Mark.from_label("无") is Mark.NONE
    with pytest.raises(KeyError):
        Mark.from_label("没有")


def test_the_order_of_outcomes_and_degrees_is_the_one_others_rely_on():
    assert list(Outcome) == ["met", "not_met", "unknown", "needs_judgement"]
    assert list(Degree) == ["not_hard", "hardship", "exceptional_hardship"]
