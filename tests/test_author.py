"""From a circular's text to a pack with a stub for every sentence, and what is still open."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from casework.policy import load_policy, pack_folders
from casework.policy.author import OPEN, check_pack, nearest_shapes, new_pack, open_stubs
from casework.policy.circular import head_of, read_circular, sentences
from casework.policy.source import squeeze
from casework.problems import PolicyError
from casework.shapes import SHAPES

CIRCULAR = """# 中共示例县委文件

示组发〔2024〕3号

关于做好2024年春节
慰问工作的通知

各乡镇党委：
现就有关事项通知如下：

## 一、慰问对象

- 1.生活困难党员，慰问标准500元/人；
- 2.（一）**老党员**。党龄50年以上的党员

二、有关要求
1、党员人数在100人以下的单位一般不超过2名。初审同意后公示（7天）。
（1）由于买房造成困难的不属于慰问范围；“春节前；节后”都可以。
各单位于2024年2月1日前将《慰问对象花名册》（附
件1）报县委组织部。
联系人：〔略〕  〔略〕
有关纪律
专款专用。

中共示例县委组织部
2024年1月5日

附件1
慰问名额分配表
单位\t困难党员\t合计
示例镇\t3\t3
"""


def listed(text):
    return [(one.cite, one.words) for one in sentences(text)]


@pytest.fixture
def pack(tmp_path):
    folder = tmp_path / "shili-2024"
    new_pack(folder, CIRCULAR, pack_id="shili-2024")
    return folder


def test_the_head_is_read_and_nothing_is_guessed():
    head = head_of(CIRCULAR)
    assert head.title == "关于做好2024年春节慰问工作的通知"
    assert (head.issuer, head.number, head.issued_on) == ("中共示例县委组织部", "示组发〔2024〕3号", date(2024, 1, 5))
    assert head_of("各单位：请报名单。") == head_of("")


def test_sentences_stand_under_their_printed_headings():
    assert listed(CIRCULAR) == [
        ("引言", "各乡镇党委"),
        ("引言", "现就有关事项通知如下"),
        ("一、慰问对象，第1条", "生活困难党员，慰问标准500元/人"),
        ("一、慰问对象，（一）", "老党员"),
        ("一、慰问对象，（一）", "党龄50年以上的党员"),
        ("二、有关要求，第1条", "党员人数在100人以下的单位一般不超过2名"),
        ("二、有关要求，第1条", "初审同意后公示（7天）"),
        ("二、有关要求，第1条，（1）", "由于买房造成困难的不属于慰问范围"),
        ("二、有关要求，第1条，（1）", "“春节前；节后”都可以"),
        ("二、有关要求", "各单位于2024年2月1日前将《慰问对象花名册》（附件1）报县委组织部"),
        ("二、有关要求", "联系人：〔略〕  〔略〕"),
        ("有关纪律", "专款专用"),
        ("附件1", "慰问名额分配表"),
        ("附件1", "单位困难党员合计"),
    ]


def test_a_new_pack_loads_and_lists_its_stubs(pack):
    checked = check_pack(pack)
    assert checked.problems == ()
    assert not checked.done
    assert [stub.clause_id for stub in checked.stubs] == [
        "0.1",
        "0.2",
        "1.1.1",
        "1.1.2",
        "1.1.3",
        "2.1.1",
        "2.1.2",
        "2.1.1.1",
        "2.1.1.2",
        "2.1",
        "3.1",
        "A1.0.1",
        "A1.0.2",
    ]
    assert (pack / "source.txt").read_text(encoding="utf-8") == CIRCULAR
    policy = checked.policy
    assert (policy.id, policy.year, policy.number) == ("shili-2024", 2024, "示组发〔2024〕3号")


def test_a_stub_says_where_it_stands_and_what_it_resembles(pack):
    stub = next(stub for stub in check_pack(pack).stubs if stub.clause_id == "2.1.1")
    assert stub.nearest[0] == "quota_by_headcount"
    assert stub.sentence().startswith("条款 2.1.1（二、有关要求，第1条）待填：“党员人数在100人以下的单位")
    assert "按党员人数分档（quota_by_headcount）" in stub.sentence()
    assert "# 相近的写法：quota_by_headcount（按党员人数分档）" in (pack / "policy.toml").read_text(encoding="utf-8")


def test_a_filled_stub_is_no_longer_open(pack):
    path = pack / "policy.toml"
    before = len(check_pack(pack).stubs)
    path.write_text(path.read_text(encoding="utf-8").replace(OPEN, "登记备查。", 1), encoding="utf-8")
    assert len(check_pack(pack).stubs) == before - 1
    assert open_stubs(load_policy(pack)) == check_pack(pack).stubs


def test_contacts_stay_out_of_the_clauses(pack):
    clause = next(c for c in load_policy(pack).clauses if c.words == "联系人")
    assert clause.note
    assert "〔略〕" not in (pack / "policy.toml").read_text(encoding="utf-8")


def test_stubs_are_listed_even_where_the_pack_does_not_load(pack):
    path = pack / "policy.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('kind = "record"', 'kind = "recrd"', 1), encoding="utf-8")
    checked = check_pack(pack)
    assert checked.policy is None
    assert checked.problems
    assert len(checked.stubs) == 13


def test_a_file_that_cannot_be_read_has_problems_and_no_stubs(pack):
    (pack / "policy.toml").write_text("[policy", encoding="utf-8")
    checked = check_pack(pack)
    assert checked.problems
    assert checked.stubs == ()


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("慰问标准 500 元/人", "amount_fixed"),
        ("每年安排200-300元的生活困难补助", "amount_range"),
        ("下达名额", "quota_grid"),
        ("每单位不超过3名", "quota_range"),
        ("初审后公示", "public_notice"),
        ("于12月10日前报工委组织部", "deadline"),
        ("买房的党员不属于慰问范围", "ask"),
        ("向因公牺牲党员倾斜", "priority_order"),
        ("从党费中划拨", "fund"),
        ("原则上本年度内不再重复慰问", "repeat_aid"),
        ("需提供低保证明", "evidence"),
        ("特此通知", "record"),
    ],
)
def test_nearest_shapes(text, nearest):
    assert nearest_shapes(text)[0] == nearest
    assert all(name in SHAPES or name in ("ask", "record", "note") for name in nearest_shapes(text))


@pytest.mark.parametrize(
    ("arguments", "text", "said"),
    [
        ({"pack_id": "示例"}, CIRCULAR, "编号“示例”不合格式"),
        ({"pack_id": "a"}, "各单位：请报名单。\n2024年1月5日\n", "没有找到标题"),
        ({"pack_id": "a", "title": "通知"}, "各单位：请报名单。", "没有找到印发日期"),
        ({"pack_id": "a", "title": "通知", "issued_on": date(2024, 1, 5)}, "", "没有一句话"),
    ],
)
def test_what_cannot_become_a_pack_is_said(tmp_path, arguments, text, said):
    with pytest.raises(PolicyError, match=said):
        new_pack(tmp_path / "new", text, **arguments)
    assert not (tmp_path / "new").exists()


def test_an_existing_pack_is_never_overwritten(pack):
    before = (pack / "policy.toml").read_bytes()
    with pytest.raises(PolicyError, match="不覆盖"):
        new_pack(pack, CIRCULAR, pack_id="shili-2024")
    assert (pack / "policy.toml").read_bytes() == before


def test_text_files_of_both_encodings_are_read():
    assert read_circular("特此通知如下".encode("gb18030")) == "特此通知如下"
    assert read_circular("\ufeff通知".encode()) == "通知"
    with pytest.raises(ValueError, match="UTF-8"):
        read_circular(b"\xff\xff\xff")


def _words(text):
    return re.sub(r"[^\w]", "", squeeze(text))


@pytest.mark.parametrize("pack_id", sorted(pack_folders()))
def test_no_operative_sentence_of_a_shipped_circular_is_lost(tmp_path, pack_id):
    """Whatever the hand-written pack quotes stands in a stub or in a heading (table rows and letterhead apart)."""
    policy = load_policy(pack_id)
    new_pack(tmp_path / "x", policy.source_text, pack_id="x", title=policy.title, issued_on=policy.issued_on)
    stubs = load_policy(tmp_path / "x").clauses
    found = _words("".join(f"{clause.cite}{''.join(clause.text)}" for clause in stubs))
    paragraphs = _words("\n".join(line for line in policy.source_text.splitlines() if "\t" not in line))
    head = _words(policy.number + policy.title)
    lost = [
        (clause.id, piece)
        for clause in policy.clauses
        for piece in clause.text
        if _words(piece) in paragraphs and _words(piece) not in found and _words(piece) not in head
    ]
    assert lost == []


def test_hints_do_not_change_the_pack(pack, tmp_path):
    path = pack / "policy.toml"
    plain = re.sub(r" # 相近的写法.*", "", path.read_text(encoding="utf-8"))
    other = tmp_path / "plain"
    other.mkdir()
    (other / "policy.toml").write_text(plain, encoding="utf-8")
    (other / "source.txt").write_bytes((pack / "source.txt").read_bytes())
    assert load_policy(Path(other)).clauses == load_policy(pack).clauses
