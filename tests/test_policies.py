"""What every shipped pack must hold, and that the packs together leave no rule shape untried."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections import defaultdict
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from pydantic import BaseModel

from casework.money import parse_yuan
from casework.policy import load_policy, pack_folders, read_pack
from casework.shapes import SHAPES, amounts, limits, procedure
from casework.vocabulary import Force, Kind, Subject
from casework.worked import run

TESTS = Path(__file__).parent
SHIPPED = sorted(pack_folders())
MADE_UP = sorted(folder.parent for folder in (TESTS / "packs").glob("*/policy.toml"))
CATALOGUED = {"IM": "neimenggu-2022", "JZ": "jiaozuo-2018", "JS": "jianshi-2020"}
"""Prefix of the catalogue's ids → the pack of that circular."""

every_shipped = pytest.mark.parametrize("pack", SHIPPED)


def squeezed(text):
    return re.sub(r"\s", "", text)


def catalogue():
    ids = defaultdict(list)
    for line in (TESTS / "data" / "clause_ids.txt").read_text().split():
        ids[line.partition("-")[0]].append(line)
    return ids


def worked(pack):
    return tomllib.loads(read_pack(pack)[pack]["cases.toml"].decode())


# -- every shipped pack ----------------------------------------------------------------------------------------


@every_shipped
def test_a_shipped_pack_loads_without_a_warning(pack):
    policy = load_policy(pack)
    assert policy.id == pack
    assert policy.warnings == ()


@every_shipped
def test_ids_are_used_once(pack):
    policy = load_policy(pack)
    ids = [clause.id for clause in policy.clauses] + [group.id for group in policy.groups]
    assert len(ids) == len(set(ids))


@every_shipped
def test_every_quotation_stands_in_the_circular(pack):
    content = read_pack(pack)
    for clause in load_policy(pack).clauses:
        source, position = squeezed(content[clause.pack_id]["source.txt"].decode()), 0
        for fragment in clause.text:
            found = source.find(squeezed(fragment), position)
            assert found >= 0, f"{clause.id}: {fragment}"
            position = found + len(squeezed(fragment))


@every_shipped
def test_the_text_is_the_one_the_pack_was_written_for(pack):
    for content in read_pack(pack).values():
        head = tomllib.loads(content["policy.toml"].decode())["policy"]
        assert hashlib.sha256(content["source.txt"]).hexdigest() == head["source_sha256"]


@every_shipped
def test_every_clause_means_exactly_one_thing(pack):
    for clause in load_policy(pack).clauses:
        meanings = [clause.shape is not None, bool(clause.ask), bool(clause.record), bool(clause.note)]
        assert sum(meanings) == 1, clause.id
        assert clause.reading or not clause.ask, clause.id


@every_shipped
def test_every_finding_has_a_short_name_for_the_screen(pack):
    named = [clause for clause in load_policy(pack).clauses if clause.subject is Subject.CASE]
    assert [clause.id for clause in named if not 0 < len(clause.label) <= 12] == []


@every_shipped
def test_nobody_can_be_called_from_a_pack(pack):
    for name, content in read_pack(pack)[pack].items():
        text = re.sub(r'source_sha256 = "\w+"', "", content.decode())
        assert re.findall(r"(?<!\d)(?:1[3-9]\d{9}|0\d{2,3}-\d{7,8})(?!\d)|\S+@\S+\.\w+", text) == [], name


@every_shipped
def test_a_shipped_pack_is_frozen(pack):
    policy = load_policy(pack)
    with pytest.raises(FrozenInstanceError):
        policy.year = 1999
    with pytest.raises(FrozenInstanceError):
        policy.clauses[0].force = Force.MAY


@every_shipped
def test_the_worked_cases_come_out_as_they_say(pack):
    differences = run(load_policy(pack), read_pack(pack)[pack]["cases.toml"])
    assert [difference.sentence() for difference in differences] == []


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('"JS-2.1.3" = "not_met"', '"JS-2.1.3" = "met"', "应为“符合”，实为“不符合”"),
        ('verdict = "refused"', 'verdict = "eligible"', "结论应为“符合条件”，实为“不符合条件”"),
        ('expect_amount = "2000"', 'expect_amount = "2001"', "金额应为“2001”，实为“2000”"),
        ("expect = 41", "expect = 42", "名额应为“42”，实为“41”"),
    ],
)
def test_a_wrong_worked_case_is_named(right, wrong, said):
    cases = read_pack("jianshi-2020")["jianshi-2020"]["cases.toml"].decode()
    differences = run(load_policy("jianshi-2020"), cases.replace(right, wrong, 1).encode())
    assert [said in difference.sentence() for difference in differences] == [True]


@every_shipped
def test_every_question_to_a_case_is_seen_on_both_sides_and_open(pack):
    """A worked case says yes, one says no, one does not know: the clause can neither always nor never apply."""
    seen = defaultdict(set)
    for case in worked(pack)["case"]:
        for clause, outcome in case["expect"].items():
            seen[clause].add("open" if outcome in {"unknown", "needs_judgement"} else outcome)
    asked = [c for c in load_policy(pack).clauses if c.subject is Subject.CASE and (c.ask or c.shape)]
    decides = {Kind.CONDITION, Kind.EXCLUSION, Kind.REPEAT_AID, Kind.PRIORITY, Kind.DOCUMENT}
    lacking = {c.id: {"met", "not_met", "open"} - seen[c.id] for c in asked if c.kind in decides}
    assert {clause: sorted(missing) for clause, missing in lacking.items() if missing} == {}


@every_shipped
def test_every_fixed_amount_is_paid_in_a_worked_case(pack):
    paid = {(case.get("category"), case.get("expect_amount")) for case in worked(pack)["case"]}
    paid = {(category, parse_yuan(amount)) for category, amount in paid if amount not in {None, "未定"}}
    fixed = {(shape.category, shape.fen) for _, shape in load_policy(pack).of_shape(amounts.AmountFixed)}
    assert fixed <= paid


@every_shipped
def test_every_band_is_counted_at_its_ends(pack):
    counted = {entry["unit"].get("members") for entry in worked(pack).get("places", ())}
    for _, band in load_policy(pack).of_shape(limits.QuotaByHeadcount):
        assert {band.last, (band.last or 0) + 1} - {None, 1} <= counted


# -- the catalogue ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("prefix", "pack"), CATALOGUED.items())
def test_every_operative_sentence_is_a_clause_in_the_catalogues_order(prefix, pack):
    assert [clause.id for clause in load_policy(pack).clauses] == catalogue()[prefix]


def test_the_catalogue_has_219_clauses():
    assert {prefix: len(ids) for prefix, ids in catalogue().items()} == {"IM": 73, "JZ": 83, "JS": 63}


# -- shapes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", MADE_UP, ids=lambda folder: folder.name)
def test_a_made_up_pack_loads_without_a_warning(folder):
    assert load_policy(folder).warnings == ()


@pytest.mark.parametrize("rule", sorted(SHAPES))
def test_every_shape_is_used_as_its_example_shows(rule):
    shape = SHAPES[rule]
    example = shape.model_validate(tomllib.loads(shape.example)["params"])
    used = [clause.shape for clause in load_policy(TESTS / "packs" / "shapes").clauses]
    assert example in used


@pytest.mark.parametrize("rule", sorted(SHAPES))
def test_every_parameter_of_a_shape_has_a_chinese_title(rule):
    """The workbook and the handbook name parameters by it; a raw key would reach an officer's screen."""

    def untitled(model):
        for name, info in model.model_fields.items():
            if not info.title:
                yield f"{model.__name__}.{name}"
            for inner in re.findall(r"\w+", str(info.annotation)):
                found = next((m for m in BaseModel.__subclasses__() if m.__name__ == inner), None)
                yield from untitled(found) if found else ()

    assert SHAPES[rule].label
    assert list(untitled(SHAPES[rule])) == []


# -- 建始 2020 --------------------------------------------------------------------------------------------------


def annex():
    """The 13 × 11 cells of the quota table as text, head rows aside."""
    lines = load_policy("jianshi-2020").source_text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("业州镇\t"))
    return [line.split("\t") for line in lines[start : start + 13]]


def drawn():
    """The same cells computed from the pack: places × rate, blank where the grid has no place."""
    policy = load_policy("jianshi-2020")
    ((_, grid),) = policy.of_shape(limits.QuotaGrid)
    rates = {shape.category: shape.fen // 100 for _, shape in policy.of_shape(amounts.AmountFixed)}
    categories = [category.id for category in policy.categories]
    totals = {c: sum(row.get(c, 0) for row in grid.places.values()) for c in categories}
    rows = []
    for unit, row in (*grid.places.items(), ("合计", totals)):
        cells = [unit]
        for category in categories:
            people = row.get(category)
            cells += ["", ""] if people is None else [str(people), str(people * rates[category])]
        cells += [str(sum(row.values())), str(sum(people * rates[c] for c, people in row.items()))]
        rows.append(cells)
    return rows


def test_the_quota_table_is_the_annex_cell_by_cell():
    ours, theirs = drawn(), annex()
    assert sum(len(row) for row in theirs) == 143
    differences = [
        (row, column, left, right)
        for row, (one, other) in enumerate(zip(ours, theirs, strict=True))
        for column, (left, right) in enumerate(zip(one, other, strict=True))
        if left != right
    ]
    assert differences == []


def test_the_quota_table_spends_the_fund_exactly():
    policy = load_policy("jianshi-2020")
    fund = next(shape for _, shape in policy.of_shape(procedure.FundSource) if shape.level == "own")
    assert fund.fen == int(annex()[-1][-1]) * 100 == 18400000
    assert set(fund.purposes) == {category.id for category in policy.categories}


def test_captions_and_rates_are_the_column_heads_of_the_annex():
    policy = load_policy("jianshi-2020")
    head = next(line for line in policy.source_text.splitlines() if line.startswith("单位\t"))
    rates = {shape.category: shape.fen // 100 for _, shape in policy.of_shape(amounts.AmountFixed)}
    heads = [cell for cell in head.split("\t") if cell]
    ours = [f"{c.caption}（标准 {rates[c.id]} 元/人）" for c in policy.categories]
    assert heads == ["单位", *ours, "合计"]
    form = policy.clause("JS-A1.1").shape
    assert list(form.columns) == heads


def test_the_categories_and_the_steps_of_jianshi():
    policy = load_policy("jianshi-2020")
    assert [c.id for c in policy.categories] == ["family", "frontline", "hardship", "resident"]
    steps = [(str(step.stage), [str(s) for s in step.after]) for _, step in policy.of_shape(procedure.Step)]
    assert steps == [
        ("recommendation", []),
        ("branch_meeting", ["recommendation"]),
        ("determination", ["branch_meeting"]),
        ("roster", ["public_notice"]),
    ]
    ((_, notice),) = policy.of_shape(procedure.PublicNotice)
    assert notice.days is None, "the circular names no number of days"
    assert [str(stage) for stage in notice.after] == ["determination"]


def test_the_leaders_visits_and_the_places_where_nothing_is_handed_over():
    rules = {clause.id: rule for clause, rule in load_policy("jianshi-2020").of_shape(procedure.VisitRule)}
    assert rules["JS-4.1.2"].per_visitor_at_least == 2
    assert rules["JS-5.2.1"].forbidden_places == ("办公室", "村委会")
    together = rules["JS-4.1.10"]
    assert together.together
    assert "village_official" not in together.targets
    ((_, window),) = load_policy("jianshi-2020").of_shape(procedure.Window)
    assert (window.last - window.first).days + 1 == 34


def test_every_cell_of_the_quota_table_is_a_worked_case():
    expected = {(e["unit"]["name"], e["category"]): e["expect"] for e in worked("jianshi-2020")["places"]}
    ((_, grid),) = load_policy("jianshi-2020").of_shape(limits.QuotaGrid)
    categories = [category.id for category in load_policy("jianshi-2020").categories]
    assert expected == {(unit, c): row.get(c, 0) for unit, row in grid.places.items() for c in categories}
