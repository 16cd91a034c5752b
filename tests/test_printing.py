"""Paper: the words on it are the list's words, it looks as agreed, nothing is fetched, no sign is lost.

Pictures of every page stand in `tests/golden`; `tests/printed.py` says how to draw them anew.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import logging
import re
import subprocess

import printed
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops
from pypdf import PdfReader
from pypdf.generic import ArrayObject

from casework import glyphs, printing
from casework.forms import load_form, names
from casework.issuing.pages import LOOSE, differences
from casework.lists import ListState, as_printed, canonical_bytes, check_code, list_fingerprint, shown
from casework.pictures import read_pdf
from casework.printing import break_head, render
from casework.printing.titles import break_title
from casework.problems import Refused

SEEN = 96  # of 255 grey levels: less is another smoothing of the same line
MOST_PIXELS = 0.0005  # share of a page's pixels that may differ


@pytest.fixture(scope="session")
def papers(tmp_path_factory):
    """Every sample as PDF, printed by a process of its own; returns its folder."""
    folder = tmp_path_factory.mktemp("papers")
    printed.print_apart(folder)
    return folder


def words(path):
    """The text of a PDF without white space, as pdftotext reads it."""
    text = subprocess.run(["pdftotext", "-layout", path, "-"], check=True, capture_output=True, text=True).stdout
    return re.sub(r"\s+", "", text)


def lines(path):
    text = subprocess.run(["pdftotext", "-layout", path, "-"], check=True, capture_output=True, text=True).stdout
    return [line.split() for line in text.splitlines() if line.strip()]


def paper(tmp_path, form, table, **options):
    path = tmp_path / "paper.pdf"
    path.write_bytes(render(form, table, **options))
    return path


def pages(path):
    return [page.extract_text() for page in PdfReader(path).pages]


# -- how it looks ----------------------------------------------------------------------------------------------


def differing(one, other):
    """The share of pixels that clearly differ; 1 for two pages of different size."""
    if one.size != other.size:
        return 1.0
    histogram = ImageChops.difference(one.convert("L"), other.convert("L")).histogram()
    return sum(histogram[SEEN:]) / (one.size[0] * one.size[1])


@pytest.mark.parametrize("name", printed.samples())
def test_every_page_looks_as_agreed(name, papers, tmp_path):
    drawn = printed.draw(papers / f"{name}.pdf", tmp_path)
    agreed = sorted(printed.GOLDEN.glob(f"{name}-[0-9]*.png"))

    assert [page.name for page in drawn] == [page.name for page in agreed]
    for page, picture in zip(drawn, agreed, strict=True):
        assert differing(Image.open(page), Image.open(picture)) <= MOST_PIXELS, page.name


def test_the_comparison_of_pictures_sees_a_change(papers, tmp_path):
    moved = dataclasses.replace(printed.quota(), above=())
    [page] = printed.draw(paper(tmp_path, "quota_table", moved), tmp_path)

    assert differing(Image.open(page), Image.open(printed.GOLDEN / "quota_table-1.png")) > 10 * MOST_PIXELS


def test_every_form_has_pictures():
    """A new form folder without a sample is a form nobody ever looked at."""
    shown = {make()[0] for make in printed.samples().values()}
    # The circular's own page is looked at in the tests of the whole set.
    assert set(names()) - shown <= {"circular"}


# -- what is read back from it -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", printed.samples())
def test_a_page_says_what_its_list_says_and_every_changed_digit_is_seen(name, papers):
    table = as_printed(printed.sample(name))
    said = read_pdf((papers / f"{name}.pdf").read_bytes()).pages
    rows = table["rows"]

    assert list(differences(said, table)) == []
    for row, column in itertools.product(sorted({0, len(rows) // 2, len(rows) - 1} & set(range(len(rows)))), range(99)):
        cell = rows[row][column] if column < len(table["columns"]) else ""
        digits = [at for at, sign in enumerate(cell) if sign.isdecimal()]
        if not digits or (table["list"] in LOOSE - {"receipt"} and table["columns"][column]["key"] == "index"):
            continue  # a form about one person carries no number of its own
        at = digits[len(digits) // 2]
        other = f"{cell[:at]}{(int(cell[at]) + 1) % 10}{cell[at + 1 :]}"
        changed = [[*one[:column], other, *one[column + 1 :]] if n == row else one for n, one in enumerate(rows)]
        assert list(differences(said, {**table, "rows": changed})), (row + 1, table["columns"][column]["label"], other)


# -- what it says ----------------------------------------------------------------------------------------------


def test_the_printed_quota_table_is_annex_1_cell_by_cell(papers):
    said = lines(papers / "quota_table.pdf")
    table = as_printed(printed.quota())
    rows = [[cell for cell in row if cell] for row in table["rows"]]
    rows.append(["合", "计", *table["totals"].values()])

    assert len(rows) * len(table["columns"]) == 143
    for row in rows:
        assert row in said, row[0]
    assert said[0] == ["附件1"]
    assert said[1] == ["2020年度元旦春节期间慰问名额分配表"]
    for group in table["groups"][:-1]:
        assert group["note"] in words(papers / "quota_table.pdf")


@pytest.mark.parametrize(
    "name",
    ["roster", "roster_hard", "public_list", "roster_annex", "pay_sheet", "receipt", "meeting_list", "public_notice"],
)
def test_every_cell_is_on_paper(name, papers):
    table = printed.sample(name)
    said = "".join(sorted(re.sub(r"\s+", "", "".join(pages(papers / f"{name}.pdf")))))
    cells = "".join(shown(v, c) for row in table.rows for v, c in zip(row, table.columns, strict=True))

    for sign in set(re.sub(r"\s+", "", cells)):
        assert said.count(sign) >= cells.count(sign), sign


def test_totals_on_paper_equal_the_rows(papers):
    table = printed.sample("roster")
    last = pages(papers / "roster.pdf")[-1]
    amount = sum(row[table.keys.index("amount")] for row in table.rows) // 100

    assert "30人" in last
    assert str(amount) in last


@pytest.mark.parametrize("sign", printed.RARE)
def test_rare_signs_of_names_come_out_as_themselves(sign, papers):
    assert sign in words(papers / "roster_hard.pdf")


@pytest.mark.parametrize(
    "hostile", ["<b>示例</b>", "{{x}}", "{%y%}", "=1+1", "file:///etc/passwd", "〔U+202E〕", "0.01", "99999999.99"]
)
def test_hostile_texts_are_text(hostile, papers):
    whole = re.sub(r"\s+", "", "".join(pages(papers / "roster_hard.pdf")))

    assert hostile in whole


plain_names = st.text(
    st.sampled_from("示例甲乙<>&\"'{}%#=+-@/\\;:()") | st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5),
    min_size=1,
    max_size=30,
)


@given(st.lists(plain_names, min_size=1, max_size=6))
@settings(max_examples=15, deadline=None)
def test_text_is_text(tmp_path_factory, names):
    table = printed.people(1)
    for name in names:
        table = dataclasses.replace(table, rows=(*table.rows, table.rows[0]))
        table = printed.put(table, len(table.rows) - 1, brief=name)
    html = printing.page_html(load_form("roster"), table, "report", "", "")
    count = html.count("<td")
    path = paper(tmp_path_factory.mktemp("text"), "roster", table)
    whole = re.sub(r"\s+", "", "".join(pages(path)))

    assert count == html.count("</td>")
    assert (
        len(
            re.findall(
                r"<(?!/?(?:html|head|meta|title|style|body|main|div|p|h1|span|table|col|colgroup|thead|tr|th|tbody|td|br)\b|!DOCTYPE)",
                html,
            )
        )
        == 0
    )
    for name in names:
        assert re.sub(r"\s+", "", name) in whole


# -- pages -----------------------------------------------------------------------------------------------------


def test_every_page_has_head_number_and_check_code(papers):
    table = printed.sample("roster")
    found = pages(papers / "roster.pdf")
    code = check_code(list_fingerprint(table))

    assert len(found) > 1
    for number, text in enumerate(found, start=1):
        squeezed = re.sub(r"\s+", "", text)
        assert f"第{number}页共{len(found)}页" in squeezed
        assert f"校验码：{code}" in squeezed
        assert "出生年月" in squeezed
        assert ("（续表）" in squeezed) == (number > 1)


@pytest.mark.parametrize("count", range(9, 15))
def test_total_and_signatures_never_stand_alone(count, tmp_path):
    table = printed.people(count)
    last = re.sub(r"\s+", "", pages(paper(tmp_path, "roster", table))[-1])

    assert "单位主要负责同志（签字）" in last
    assert f"{count}人" in last
    assert shown(table.rows[-1][2], table.columns[2]) in last, "the last person stands on the last page"


@pytest.mark.parametrize(("state", "mark"), [(s, s is not ListState.OFFICIAL) for s in ListState])
def test_all_but_the_official_list_say_so_across_every_page(state, mark, tmp_path):
    for text in pages(paper(tmp_path, "roster", printed.people(20, state))):
        assert (state.label in re.sub(r"\s+", "", text)) == mark


def test_a_draft_is_never_issued():
    with pytest.raises(Refused) as refused:
        render("roster", printed.people(1, ListState.DRAFT), issued="2020年1月15日印发")

    assert refused.value.reason_code == "draft_issued"


@pytest.mark.parametrize(
    ("mode", "form", "table", "top_mm", "left_mm"),
    [("annex", "quota_table", "quota_table", 28, 35), ("report", "roster", "roster", 18, 18)],
)
def test_the_margins_are_those_of_the_mode(mode, form, table, top_mm, left_mm, papers, tmp_path):
    # The ruled lines and the letters of a page begin at the margin.
    [page, *_] = printed.draw(papers / f"{table}.pdf", tmp_path)
    picture = Image.open(page).convert("L").point(lambda level: 255 if level < 128 else 0)
    per_mm = printed.DPI / 25.4
    width, height = picture.size
    below_number = picture.crop((round(28 * per_mm) if mode == "annex" else 0, 0, width, round(height * 0.9)))
    left, top, *_ = below_number.getbbox()
    left += round(28 * per_mm) if mode == "annex" else 0

    assert left / per_mm == pytest.approx(left_mm, abs=0.8)
    assert top_mm <= top / per_mm <= top_mm + 3


@pytest.mark.parametrize("form", ["roster", "quota_table", "public_list"])
@pytest.mark.parametrize("mode", ["annex", "report"])
def test_every_form_prints_in_both_modes_without_a_warning(form, mode):
    table = {"roster": printed.people(3), "quota_table": printed.quota(), "public_list": printed.public(3)}[form]

    assert render(form, table, mode=mode).startswith(b"%PDF")


def test_every_page_of_the_pay_sheet_adds_up(papers):
    table = printed.sample("pay_sheet")
    amounts = [row[table.keys.index("amount")] for row in table.rows]
    found = [re.sub(r"\s+", "", text) for text in pages(papers / "pay_sheet.pdf")]
    counts = [int(re.search(r"本页小计(\d+)人", text)[1]) for text in found]

    assert len(found) > 2
    assert sum(counts) == len(table.rows)
    at = 0
    for text, count in zip(found, counts, strict=True):
        own = sum(amounts[at : at + count])
        assert f"本页小计{count}人{shown(own, table.column('amount'))}" in text
        at += count
    assert f"{shown(sum(amounts), table.column('amount'))}{table.total('sign')}" in found[-1]


@pytest.mark.parametrize("count", [21, 22, 43])
def test_a_pay_sheet_of_any_length_keeps_its_sums_with_its_rows(count, tmp_path):
    import printed_papers

    table = printed_papers.pay_sheet(
        printed.policy(), printed_papers.due(count), state=ListState.OFFICIAL, unit="示例镇"
    )
    found = [re.sub(r"\s+", "", text) for text in pages(paper(tmp_path, "pay_sheet", table))]

    assert sum(int(re.search(r"本页小计(\d+)人", text)[1]) for text in found) == count
    assert "单位负责人" in found[-1]


def test_the_rows_of_a_merged_cell_say_it_once_a_page(papers):
    table = printed.sample("leader_roster")
    said = [re.sub(r"\s+", "", text) for text in pages(papers / "leader_roster.pdf")]
    leaders = [row[table.keys.index("leader")] for row in table.rows]

    assert "".join(said).count("示例书记") == 1 < leaders.count("示例书记")
    assert "".join(said).count("示例县长") == 2, "once on each of its pages"


def test_two_receipts_to_a_page(papers):
    found = pages(papers / "receipt.pdf")

    assert [re.sub(r"\s+", "", text).count("本人已足额收到") for text in found] == [2, 1]
    assert not any("续表" in re.sub(r"\s+", "", text) for text in found)


def test_who_may_keep_it_stands_on_every_page(papers):
    found = pages(papers / "meeting_list.pdf")

    assert len(found) > 1
    assert all("会后收回" in re.sub(r"\s+", "", text) for text in found)


# -- the file --------------------------------------------------------------------------------------------------


def test_the_same_list_gives_the_same_bytes():
    table = printed.people(5)

    first = render("roster", table)

    assert first == render("roster", table)
    assert set(re.findall(rb"D:([0-9]{4})", first)) == {b"2000"}, "no clock in the file"


def test_the_file_carries_the_list_its_fingerprint_and_its_language(tmp_path):
    table = printed.people(5)
    reader = PdfReader(paper(tmp_path, "roster", table, author="示例县委组织部"))
    [attached] = reader.attachments["list.json"]

    assert attached == canonical_bytes(table)
    assert json.loads(attached)["title"] == table.title
    assert reader.metadata.title == table.title
    assert reader.metadata.author == "示例县委组织部"
    assert reader.metadata["/Keywords"] == f"sha256:{list_fingerprint(table)}"
    assert reader.trailer["/Root"]["/Lang"] == "zh-CN"


def test_a_list_of_several_units_has_a_bookmark_for_each(papers):
    top, below = PdfReader(papers / "roster.pdf").outline

    assert top.title == printed.sample("roster").title
    assert [mark.title for mark in below] == ["业州镇", "长梁镇", "茅田乡"]


def test_a_public_list_carries_nothing_inside(papers):
    reader = PdfReader(papers / "public_list.pdf")

    assert not reader.attachments
    assert not re.search(rb"/EmbeddedFile|/AF\b", (papers / "public_list.pdf").read_bytes())
    assert "重大疾病" not in words(papers / "public_list.pdf")


def tags(node):
    """Every tag under one of the tree a screen reader follows."""
    node = node.get_object()
    if isinstance(node, list):
        for part in node:
            yield from tags(part)
    elif isinstance(node, dict) and "/S" in node:
        yield node["/S"]
        yield from tags(node.get("/K", ArrayObject()))


@pytest.mark.parametrize("name", ["roster", "quota_table", "ledger", "registration"])
def test_tables_are_tagged_with_their_heads(name, papers):
    root = PdfReader(papers / f"{name}.pdf").trailer["/Root"]
    found = list(tags(root["/StructTreeRoot"]["/K"]))

    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert {"/Table", "/TR", "/TH", "/TD", "/H1"} <= set(found)
    assert found.count("/TD") >= len(printed.sample(name).rows)


def test_fonts_are_embedded(papers):
    listed = subprocess.run(["pdffonts", papers / "roster.pdf"], check=True, capture_output=True, text=True).stdout

    for line in listed.splitlines()[2:]:
        assert line.split()[-5:-2] == ["yes", "yes", "yes"], line


# -- what is refused -------------------------------------------------------------------------------------------

FETCHES = [
    "<img src='http://example.invalid/x.png'>",
    "<img src='file:///etc/passwd'>",
    "<img src='data:image/png;base64,AAAA'>",
    "<p style='background:url(http://example.invalid/x)'>x</p>",
    "<style>@import url('file:///etc/passwd');</style>",
    "<link rel=stylesheet href='file:///etc/passwd'>",
    "<a rel=attachment href='file:///etc/passwd'>x</a>",
    "<link rel=attachment href='file:///etc/passwd'>",
    "<svg width=9 height=9><image href='http://example.invalid/x' width=5 height=5 /></svg>",
    "<style>@font-face{font-family:x;src:url(file:///etc/passwd)}p{font-family:x}</style><p>x</p>",
    "<object data='file:///etc/passwd'></object>",
    "<embed src='file:///etc/passwd'>",
]


@pytest.mark.parametrize("markup", FETCHES)
def test_a_form_that_fetches_does_not_print(markup):
    with pytest.raises(Refused) as refused:
        printing._write_pdf(lambda *_: f"<html lang=zh><body><p>示例</p>{markup}", printed.people(1))

    assert refused.value.reason_code == "fetch_denied"


def test_any_warning_of_the_renderer_refuses_the_print():
    with pytest.raises(Refused) as refused:
        printing._write_pdf(lambda *_: "<style>p { colour: red }</style><p>示例</p>", printed.people(1))

    assert refused.value.reason_code == "render_warning"
    assert "colour" in str(refused.value)


def test_the_alarm_listens_only_while_printing():
    render("roster", printed.people(1))

    assert not any(type(handler).__name__ == "_Heard" for handler in logging.getLogger("weasyprint").handlers)


@pytest.mark.parametrize(
    ("name", "code_point", "said"),
    [
        ("示例\ue123", "U+E123", "自造字"),
        ("示例\U000f0001", "U+F0001", "自造字"),
        ("示例\U000323af", "U+323AF", "没有字体"),
        ("示例ᠠ", "U+1820", "没有字体"),
    ],
)
def test_a_sign_no_font_draws_stops_the_print_and_is_named(name, code_point, said):
    with pytest.raises(Refused) as refused:
        render("roster", printed.put(printed.people(3), 1, name=name))

    assert refused.value.reason_code == "glyph_missing"
    for word in ("示例", code_point, said, "请"):
        assert word in str(refused.value)


def test_a_control_sign_in_a_title_is_refused_too():
    with pytest.raises(Refused, match=r"U\+202E"):
        render("roster", dataclasses.replace(printed.people(1), title="示例\u202e表"))


def test_what_slips_through_the_gate_is_caught_while_drawing(monkeypatch):
    monkeypatch.setattr(glyphs, "is_drawn", lambda sign: True)

    with pytest.raises(Refused, match=r"U\+323AF") as refused:
        render("roster", printed.put(printed.people(1), 0, name="示例\U000323af"))

    assert refused.value.reason_code == "glyph_missing"


def test_a_name_is_set_in_one_font(monkeypatch):
    near, far = glyphs.Ranges((0x4E00,), (0x9FA5,)), glyphs.Ranges((0x4E00, 0x20000), (0x9FA5, 0x2FFFF))
    monkeypatch.setattr(glyphs, "installed", lambda: {"FangSong": near, "HanaMinA": far})

    assert glyphs.one_font("示例") == ""
    assert glyphs.one_font("示例𬭎") == "HanaMinA"
    assert glyphs.one_font("示例\U00030000") == ""


def test_without_fontconfig_nothing_is_printed_blindly(monkeypatch):
    monkeypatch.setenv("PATH", "")
    glyphs.installed.cache_clear()
    try:
        with pytest.raises(Refused, match="fontconfig"):
            render("roster", printed.people(1))
    finally:
        monkeypatch.undo()
        glyphs.installed.cache_clear()


def test_a_cell_too_long_for_a_page_is_refused_with_its_measure():
    with pytest.raises(Refused, match="1000 个字") as refused:
        render("roster", printed.put(printed.people(1), 0, brief="长" * 1000))

    assert refused.value.reason_code == "cell_too_long"


# -- heads -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "most", "parts"),
    [
        ("慰问脱贫攻坚一线干部", 10, ("慰问脱贫攻坚一线干部",)),
        ("慰问因公牺牲党员干部家属", 10, ("慰问因公牺牲", "党员干部家属")),
        ("慰问金额（元）", 4, ("慰问金额", "（元）")),
        ("性别", 1, ("性别",)),
        ("", 5, ()),
    ],
)
def test_a_head_breaks_where_it_reads_well(text, most, parts):
    assert break_head(text, most) == parts


@pytest.mark.parametrize(
    ("title", "most", "lines"),
    [
        ("2020年度元旦春节期间慰问名额分配表", 20, ("2020年度元旦春节期间慰问名额分配表",)),
        (
            "关于开展2018年度市直机关困难党员台账更新与救助慰问工作的通知",
            20,
            ("关于开展2018年度市直机关", "困难党员台账更新与救助慰问工作的通知"),
        ),
        (
            "关于做好2020年度元旦春节期间走访慰问生活困难党员、老党员和老干部工作的通知",
            20,
            ("关于做好2020年度元旦春节期间走访慰问", "生活困难党员、老党员和老干部工作的通知"),
        ),
    ],
)
def test_a_title_breaks_into_even_lines_and_tears_no_word(title, most, lines):
    assert break_title(title, most) == lines


@given(st.text("慰问党员通知的、（）2018年度", max_size=60), st.integers(4, 25))
@example("、0党、、", 4)
@settings(max_examples=60)
def test_a_broken_title_loses_nothing_and_leaves_no_sign_alone(title, most):
    lines = break_title(title, most)

    assert "".join(lines) == title
    if len(lines) > 1:
        assert all(sum(0.5 if sign.isascii() else 1 for sign in line) <= most for line in lines)
        assert not {"的", "、", "）"} & set(lines)


@given(st.text("慰问党员、及（）", max_size=30), st.integers(2, 12))
@settings(max_examples=50)
def test_a_broken_head_loses_nothing(text, most):
    assert "".join(break_head(text, most)) == text
