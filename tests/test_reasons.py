"""Why somebody is not on the list: each reason on a person of an allocation, in Chinese, in print order."""

from __future__ import annotations

import pytest
from instances import TODAY, clause, pack, priority

from casework.allocation import Parameters, allocate
from casework.facts import Facts
from casework.rules import assess, verdicts
from casework.sentences import reason_sentence

POLICY = pack(
    [
        clause("quota_grid", {"places": {"甲局": {"a": 1}, "乙局": {"a": 2}, "丙局": {"a": 1}}}, kind="limit"),
        clause("amount_fixed", {"category": "a", "yuan": "100"}, kind="rate"),
        clause("fund", {"fund": "dues", "yuan": "200"}, kind="fund"),
        clause("repeat_aid", {}, kind="repeat_aid", label="年度内不重复"),
        clause("aid", {"kinds": ["union_relief"]}, kind="exclusion", label="工会救助"),
        {"kind": "exclusion", "ask": "是否拒不提供材料？", "reading": "由单位认定。", "label": "拒不提供材料"},
        priority("P1"),
        clause("priority_order", {"order": "count", "clauses": ["P1"], "across_units": True}, kind="priority"),
    ]
)
# The ids and the names run against 机构顺序 (乙 has the first id), and the rows come in no order at all.
UNITS = [
    {"unit_id": "u1", "name": "乙局", "order": 2},
    {"unit_id": "u3", "name": "甲局", "order": 1},
    {"unit_id": "u2", "name": "丙局", "order": 3},
]
PEOPLE = {  # case → unit, the unit's order
    "c1": ("u2", 1),
    "c2": ("u2", 1),
    "c3": ("u1", 2),
    "c4": ("u1", 1),
    "c5": ("u3", 5),
    "c6": ("u3", 4),
    "c7": ("u3", 3),
    "c8": ("u3", 2),
    "c9": ("u3", 1),
}
AID = [
    {"person_id": "c7", "source": "示例县委组织部", "kind": "visit", "status": "granted", "on": TODAY, "own": True},
    {"person_id": "c6", "source": "示例总工会", "kind": "union_relief", "status": "granted", "on": TODAY, "own": False},
]
SAID = {
    "c8": "超出本单位本类别名额",
    "c7": "本年度内已慰问或救助（第4条“年度内不重复”）",
    "c6": "已获得工会救助（第5条“工会救助”）",
    "c5": "认定意见未填（第6条“拒不提供材料”）",
    "c3": "资金已用完",
    "c1": "名额线上并列，待研究",
    "c2": "名额线上并列，待研究",
}


def result():
    facts = Facts.build(
        as_of=TODAY,
        round_id="now",
        cases=[
            {"case_id": case, "person_id": case, "unit_id": unit, "category": "a", "path": "", "unit_rank": rank}
            for case, (unit, rank) in PEOPLE.items()
        ],
        people=[{"person_id": case} for case in PEOPLE],
        units=UNITS,
        aid=AID,
        completeness=[{"case_id": case, "list": "aid", "mark": "present"} for case in PEOPLE],
        judgements=[{"case_id": case, "clause_id": "C6", "value": "none"} for case in PEOPLE if case != "c5"],
    )
    said = verdicts(assess(facts, policy=POLICY), policy=POLICY)
    return allocate(facts, said, policy=POLICY, parameters=Parameters())


RESULT = result()


@pytest.mark.parametrize("case", SAID)
def test_everyone_left_out_has_the_reason_in_chinese(case):
    (row,) = [row for row in RESULT.reserve.iter_rows(named=True) if row["case_id"] == case]

    assert reason_sentence(row["reason"], row["clauses"], POLICY) == SAID[case]


def test_nobody_is_left_out_without_one():
    assert set(RESULT.reserve["case_id"]) == set(SAID)
    assert RESULT.awards["case_id"].to_list() == ["c9", "c4"]
    assert set(RESULT.awards["reason"]) == {"within_places"}


def test_lists_keep_the_order_of_the_units_and_inside_it_the_units_own():
    """Not the ids (u1 is the second unit, c9 its unit's first), not the names and not the rows as they came."""
    assert RESULT.plan["unit_id"].to_list() == ["u3", "u1", "u2"]
    assert RESULT.by_unit["unit"].to_list() == ["甲局", "乙局", "丙局"]
    assert RESULT.awards["unit_id"].to_list() == ["u3", "u1"]
    assert RESULT.reserve["case_id"].to_list() == ["c8", "c7", "c6", "c5", "c3", "c1", "c2"]
