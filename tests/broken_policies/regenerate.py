"""One wrong pack for each message of `casework/policy` and `casework/shapes`: the base pack with one edit.

    python tests/broken_policies/regenerate.py            # rewrite policy.toml and source.txt of every folder
    python tests/broken_policies/regenerate.py --accept   # … and expected.txt; read what changed before committing

`tests/test_policy.py` fails when a folder differs from this table, when a pack does not give exactly the sentences
of its `expected.txt`, and when a message of the code is in no `expected.txt`.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from casework.policy import load, load_policy
from casework.problems import PolicyError

HERE = Path(__file__).parent
BASE = HERE.parent / "packs" / "base"

Edit = tuple[str, str]

NOTE = 'kind = "step"\nnote = "没有具体要求。"\n'
CHILD = ('id = "base"', 'id = "child"\nparent = "base"')


def in_e10(lines: str) -> Edit:
    """E-10, the clause nobody else needs, with other lines."""
    return (NOTE, lines + "\n")


def as_rule(kind: str, rule: str, params: str) -> Edit:
    """E-10 with a rule."""
    return in_e10(f'kind = "{kind}"\nrule = "{rule}"\nparams = {{ {params} }}')


def as_rate(rule: str, params: str) -> Edit:
    """E-9, the rate of the second category, with another rule."""
    return ('rule = "amount_open"\nparams = { category = "bereaved" }', f'rule = "{rule}"\nparams = {{ {params} }}')


def more(section: str) -> Edit:
    """One more section before the first clause."""
    return ('[[clause]]\nid = "E-1"', f'{section}\n\n[[clause]]\nid = "E-1"')


EDITS: dict[str, tuple[Edit, ...]] = {
    # -- the file ----------------------------------------------------------------------------------------------
    "not-toml": (('id = "base"', 'id = "base'),),
    "not-toml-at-end": (('note = "没有具体要求。"\n', "params = {"),),
    "unknown-section": (("[[path]]", "[[pfad]]"),),
    "single-brackets": (('[[path]]\nid = "new"\nlabel = "新申报"', '[path]\nid = "new"\nlabel = "新申报"'),),
    "no-head": (("[policy]", "[[group]]"),),
    "wrong-hash": (('source_sha256 = "', 'source_sha256 = "00000000'),),
    # -- keys and values of every section ----------------------------------------------------------------------
    "head-unknown-key": (("year = 2020", "year = 2020\nyaer = 2020"),),
    "head-missing-key": (("year = 2020\n", ""),),
    "head-bad-id": (('id = "base"', 'id = "Base_2020"'),),
    "head-empty-title": (('title = "示例县委组织部关于做好困难党员慰问工作的通知"', 'title = ""'),),
    "head-bad-date": (("issued_on = 2020-01-07", 'issued_on = "2020年1月7日"'),),
    "head-year-as-text": (("year = 2020", 'year = "二〇二〇"'),),
    "head-number-for-text": (("year = 2020", "year = 2020\nnumber = 26"),),
    "path-unknown-key": (('label = "新申报"', 'label = "新申报"\nlable = "新申报"'),),
    "category-unknown-key": (('label = "家属"', 'label = "家属"\nrate = "2000"'),),
    "category-bad-id": (('id = "bereaved"\nlabel', 'id = "家属"\nlabel'),),
    "category-unknown-beneficiary": (('label = "家属"', 'label = "家属"\nbeneficiaries = ["relatives"]'),),
    "field-unknown-kind": (('kind = "fen"', 'kind = "yuan"'),),
    "parameter-no-values": (('values = [{ on_or_after = 2020-01-01, value = "560" }]', "values = []"),),
    "parameter-value-unknown-key": (('value = "560" }', 'value = "560", unit = "元" }'),),
    "parameter-value-not-money": (('value = "560" }', 'value = "五百六" }'),),
    "parameter-value-float": (('value = "560" }', "value = 560.5 }"),),
    "parameter-value-number": (('value = "560" }', "value = 560 }"),),
    "parameter-count-not-whole": (
        more(
            '[[parameter]]\nid = "months"\nlabel = "月数"\nunit = "count"\n'
            'values = [{ on_or_after = 2020-01-01, value = "2.5" }]'
        ),
    ),
    "parameter-two-values-one-day": (
        ('value = "560" }]', 'value = "560" }, { on_or_after = 2020-01-01, value = "570" }]'),
    ),
    "group-unknown-key": (('any_of = ["E-1", "E-2"]', 'any_of = ["E-1", "E-2"]\none_of = []'),),
    "group-not-a-list": (('any_of = ["E-1", "E-2"]', 'any_of = "E-1"'),),
    "group-count-below-one": (('any_of = ["E-1", "E-2"]', 'at_least = 0\nclauses = ["E-1", "E-2"]'),),
    "clause-unknown-key": (('for_categories = ["aid"]', 'for_category = ["aid"]'),),
    "clause-unknown-kind": (('kind = "exclusion"', 'kind = "exclude"'),),
    "clause-unknown-force": (('kind = "exclusion"', 'kind = "exclusion"\nforce = "一般"'),),
    "clause-without-cite": (('cite = "六"\n', ""),),
    "clause-text-a-number": (('text = "各单位要高度重视"', "text = 6"),),
    "clause-params-not-a-table": (('params = { field = "dibao" }', 'params = "dibao"'),),
    # -- a clause by itself ------------------------------------------------------------------------------------
    "text-missing": (('text = "各单位要高度重视"', 'text = ""'),),
    "text-not-in-source": (('text = "各单位要高度重视"', 'text = "各单位要十分重视"'),),
    "text-fragments-out-of-order": (('text = "同等条件下"', 'text = ["向老党员倾斜", "同等条件下"]'),),
    "rule-and-ask": (('kind = "exclusion"\n', 'kind = "exclusion"\nrule = "flag"\nparams = { field = "dibao" }\n'),),
    "no-meaning": (in_e10('kind = "step"'),),
    "ask-without-reading": (('reading = "由单位书面认定。"\n', ""),),
    "params-without-rule": (in_e10('kind = "step"\nnote = "没有具体要求。"\nparams = { days = 7 }'),),
    "unknown-rule": (('rule = "amount_open"', 'rule = "amount_offen"'),),
    "rule-of-another-kind": (('kind = "rate"\nrule = "amount_open"', 'kind = "fund"\nrule = "amount_open"'),),
    "wrong-subject": (('kind = "priority"\nrule = "tagged"', 'kind = "priority"\nsubject = "round"\nrule = "tagged"'),),
    # -- parameters of a rule ----------------------------------------------------------------------------------
    "params-unknown-key": (('params = { field = "dibao" }', 'params = { field = "dibao", value = true }'),),
    "params-missing-key": (('params = { field = "dibao" }', "params = { }"),),
    "flag-not-a-boolean": (('params = { field = "dibao" }', 'params = { field = "dibao", is = "是" }'),),
    "amount-float": (('yuan = "2000"', "yuan = 2000.0"),),
    "amount-number": (('yuan = "2000"', "yuan = 2000"),),
    "amount-not-money": (('yuan = "2000"', 'yuan = "两千"'),),
    "places-as-text": (("places = 10", 'places = "10"'),),
    "places-negative": (("places = 10", "places = -1"),),
    "share-float": (as_rate("amount_actual", 'category = "bereaved", field = "medical_expense", share = 0.5'),),
    "share-unreadable": (as_rate("amount_actual", 'category = "bereaved", field = "medical_expense", share = "一半"'),),
    "share-divided-by-zero": (
        as_rate("amount_actual", 'category = "bereaved", field = "medical_expense", share = "1/0"'),
    ),
    "bound-missing": ((', at_least = "1万" }', " }"),),
    "bound-twice": (('at_least = "1万" }', 'at_least = "1万", above = "2万" }'),),
    "bound-float": (('at_least = "1万" }', "at_least = 10000.5 }"),),
    "bound-parameter-unknown-key": (('at_least = "1万" }', 'at_least = { parameter = "dibao_line", mal = "2" } }'),),
    "bound-parameter-bad-share": (('at_least = "1万" }', 'at_least = { parameter = "dibao_line", times = 1.5 } }'),),
    "bound-number-for-money": (('at_least = "1万" }', "at_least = 10000 }"),),
    "bound-text-for-count": (as_rule("condition", "number", 'field = "age", at_least = "60"'),),
    "bound-not-a-share": (
        as_rule("condition", "compare", 'field = "medical_expense", of = "yearly_income", at_least = "一半"'),
    ),
    "bound-unknown-parameter": (('at_least = "1万" }', 'at_least = { parameter = "dibao" } }'),),
    "bound-parameter-of-another-unit": (
        as_rule("condition", "number", 'field = "age", at_least = { parameter = "dibao_line" }'),
    ),
    "date-bound-missing": (as_rule("condition", "date", 'field = "born_on"'),),
    "window-years-missing": (as_rule("repeat_aid", "repeat_aid", 'window = { span = "years" }'),),
    "window-unknown-key": (as_rule("repeat_aid", "repeat_aid", "window = { jahre = 2 }"),),
    "weights-unknown-relation": (
        as_rule("condition", "household", 'measure = "size", at_least = 1, weights = { wife = "1/2" }'),
    ),
    "range-upside-down": (as_rate("amount_range", 'category = "bereaved", at_least = "300", at_most = "200"'),),
    "fund-twice": (
        as_rule("fund", "fund", 'fund = "dues", yuan = "2万"'),
        more(
            '[[clause]]\nid = "E-11"\ncite = "一"\ntext = "示例"\nkind = "fund"\n'
            'rule = "fund"\nparams = { fund = "dues" }'
        ),
    ),
    "instalments-only-one": (as_rule("rate", "instalments", 'category = "aid", parts = ["100%"]'),),
    "instalments-not-whole": (as_rule("rate", "instalments", 'category = "aid", parts = ["50%", "40%"]'),),
    "split-not-whole": (as_rule("rate", "fund_split", 'category = "aid", shares = { dues = "60%", fiscal = "30%" }'),),
    "split-both-ways": (
        as_rule("rate", "fund_split", 'category = "aid", shares = { dues = "100%" }, fixed = { fiscal = "500" }'),
    ),
    "split-of-an-unknown-fund": (
        as_rule("rate", "fund_split", 'category = "aid", shares = { dues = "60%", union = "40%" }'),
    ),
    "split-without-rest": (as_rule("rate", "fund_split", 'category = "aid", fixed = { fiscal = "500" }'),),
    "tiers-empty": (as_rate("amount_steps", 'category = "bereaved", field = "medical_expense", tiers = []'),),
    "tier-unknown-key": (
        as_rate(
            "amount_steps",
            'category = "bereaved", field = "medical_expense", '
            'tiers = [{ from = "1万", at_least = "1万", yuan = "1000" }]',
        ),
    ),
    "months-float": (
        as_rate("amount_months", 'category = "bereaved", standard = { parameter = "dibao_line" }, months = 1.5'),
    ),
    "band-without-lower-end": (("members_from = 1000, places", "places"),),
    "band-two-upper-ends": (("members_below = 1000, places", "members_below = 1000, members_to = 999, places"),),
    "band-upside-down": (("members_from = 0, members_below = 1000", "members_from = 1000, members_below = 900"),),
    "places-range-upside-down": (as_rule("limit", "quota_range", 'category = "bereaved", at_least = 3, at_most = 1'),),
    "deadline-unreadable": (as_rule("deadline", "deadline", 'at = "1月15日下午5点"'),),
    # -- references --------------------------------------------------------------------------------------------
    "excepts-dangling": (in_e10(f'{NOTE}excepts = ["E-99"]'),),
    "for-unknown-category": (('for_categories = ["aid"]', 'for_categories = ["help"]'),),
    "for-unknown-path": (('for_paths = ["new"]', 'for_paths = ["renew"]'),),
    "for-path-without-paths": (('[[path]]\nid = "new"\nlabel = "新申报"\n\n', ""),),
    "defaults-unknown-parameter": (('yuan = "2000" }', 'yuan = "2000" }\ndefaults = ["fen"]'),),
    "defaults-without-rule": (in_e10(f'{NOTE}defaults = ["days"]'),),
    "unknown-category": (as_rule("fund", "fund", 'fund = "dues", purposes = ["help"]'),),
    "unknown-field": (('params = { field = "dibao" }', 'params = { field = "poor" }'),),
    "field-of-another-kind": (('params = { field = "dibao" }', 'params = { field = "medical_expense" }'),),
    "unknown-field-value": (as_rule("condition", "one_of", 'field = "membership", values = ["member"]'),),
    "priority-order-of-a-condition": (('clauses = ["E-4"] }', 'clauses = ["E-1"] }'),),
    "group-named-like-a-clause": (('id = "either"', 'id = "E-3"'),),
    "group-unknown-clause": (('any_of = ["E-1", "E-2"]', 'any_of = ["E-1", "E-22"]'),),
    "group-of-a-limit": (('any_of = ["E-1", "E-2"]', 'any_of = ["E-1", "E-6"]'),),
    "group-wants-too-many": (('any_of = ["E-1", "E-2"]', 'at_least = 3\nclauses = ["E-1", "E-2"]'),),
    "group-two-modes": (('any_of = ["E-1", "E-2"]', 'any_of = ["E-1"]\nall_of = ["E-2"]'),),
    "group-without-mode": (('any_of = ["E-1", "E-2"]', 'label = "其一"'),),
    "group-without-clauses": (('any_of = ["E-1", "E-2"]', "at_least = 1"),),
    "group-circle": (
        ('any_of = ["E-1", "E-2"]', 'any_of = ["E-1", "other"]\n\n[[group]]\nid = "other"\nall_of = ["either"]'),
    ),
    "excepts-circle": (
        ('params = { any_of = ["veteran_member"] }', 'params = { any_of = ["veteran_member"] }\nexcepts = ["E-10"]'),
        in_e10(f'{NOTE}excepts = ["E-4"]'),
    ),
    # -- places and rates --------------------------------------------------------------------------------------
    "bands-overlap": (("members_below = 1000", "members_to = 1000"),),
    "bands-gap": (("members_from = 1000", "members_above = 1000"),),
    "bands-wide-gap": (("members_from = 1000", "members_from = 1500"),),
    "bands-not-from-zero": (("members_from = 0", "members_from = 1"),),
    "bands-closed-at-top": (("members_from = 1000", "members_from = 1000, members_to = 5000"),),
    "bands-open-in-the-middle": (("members_from = 0, members_below = 1000", "members_from = 0"),),
    "two-rates": (
        ('category = "bereaved" }', 'category = "aid" }'),
        ('[[category]]\nid = "bereaved"\nlabel = "家属"\n\n', ""),
    ),
    "category-without-rate": (('rule = "amount_open"\nparams = { category = "bereaved" }', 'note = "未定。"'),),
    # -- ids ---------------------------------------------------------------------------------------------------
    "clause-id-twice": (('id = "E-10"', 'id = "E-9"'),),
    "path-id-twice": (more('[[path]]\nid = "new"\nlabel = "新增"'),),
    "category-id-twice": (more('[[category]]\nid = "aid"\nlabel = "困难党员"'),),
    "group-id-twice": (more('[[group]]\nid = "either"\nany_of = ["E-2"]'),),
    "field-id-twice": (more('[[field]]\nid = "medical_expense"\nlabel = "医疗支出"\nkind = "fen"'),),
    "parameter-id-twice": (
        more(
            '[[parameter]]\nid = "dibao_line"\nlabel = "低保线"\nunit = "fen"\n'
            'values = [{ on_or_after = 2020-01-01, value = "570" }]'
        ),
    ),
    # -- parents -----------------------------------------------------------------------------------------------
    "parent-missing": (('id = "base"', 'id = "child"\nparent = "grandmother"'),),
    "parent-circle": (('id = "base"', 'id = "child"\nparent = "parent-circle"'),),
    "parent-broken": (('id = "base"', 'id = "child"\nparent = "unknown-rule-in-parent"'),),
    "unknown-rule-in-parent": (('id = "base"', 'id = "the-parent"'), ('rule = "amount_open"', 'rule = "amount_offen"')),
    "drop-unknown": (('id = "base"', 'id = "child"\nparent = "base"\ndrop = ["E-99"]'),),
    # -- warnings: the pack can be used, an author is told -----------------------------------------------------
    "bare-bound": (('text = "医疗费用在1万元以上（含1万元）的党员"', 'text = "医疗费用在1万元以上"'),),
}
"""Folder → edits of the base pack's `policy.toml`."""

SOURCES: dict[str, bytes | None] = {
    "no-source": None,
    "source-not-utf8": (BASE / "source.txt").read_text().encode("gb18030"),
}
"""Folder → bytes of its `source.txt` where it differs from the base pack's; None: it has none."""

TOMLS: dict[str, bytes] = {"toml-not-utf8": (BASE / "policy.toml").read_text().encode("gb18030")}
"""Folder → bytes of its `policy.toml` where the edit is to the whole file."""

NAMES = sorted({*EDITS, *SOURCES, *TOMLS})


def files_of(name: str) -> dict[str, bytes]:
    """What the folder `name` holds besides `expected.txt`."""
    text = (BASE / "policy.toml").read_text()
    for old, new in EDITS.get(name, ()):
        assert text.count(old) == 1, f"{name}: {text.count(old)} × {old}"
        text = text.replace(old, new)
    content = {"policy.toml": TOMLS.get(name, text.encode())}
    source = SOURCES.get(name, (BASE / "source.txt").read_bytes())
    if source is not None:
        content["source.txt"] = source
        if name in SOURCES:
            was = hashlib.sha256((BASE / "source.txt").read_bytes()).hexdigest()
            content["policy.toml"] = text.replace(was, hashlib.sha256(source).hexdigest()).encode()
    return content


def sentences_of(name: str) -> list[str]:
    """Every sentence the pack `name` gives, errors or else warnings, with only these packs and the base known."""
    try:
        found = load_policy(HERE / name).warnings
    except PolicyError as error:
        found = error.problems
    return [problem.sentence() for problem in found]


def main() -> None:
    """Write the folders."""
    load.pack_folders = lambda: {"base": BASE}
    for name in NAMES:
        (HERE / name).mkdir(exist_ok=True)
        for file, content in files_of(name).items():
            (HERE / name / file).write_bytes(content)
    for name in NAMES if "--accept" in sys.argv else ():
        (HERE / name / "expected.txt").write_text("".join(f"{line}\n" for line in sentences_of(name)))


if __name__ == "__main__":
    main()
