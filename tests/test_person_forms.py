"""The forms about one person: what stands on each, what never does, whose pages, and as a Word document."""

from __future__ import annotations

import dataclasses
import io
import re
import zipfile

import printed
import printed_person as forms
import pytest
from docx import Document
from openpyxl import load_workbook
from pypdf import PdfReader

from casework import forms as folders
from casework import word, workbook
from casework.forms import OFFICE_FOLDER, form_file, load_form
from casework.lists import Applicant, Relative, as_printed, copies
from casework.lists.quota import form_clause
from casework.printing import copies_html, render
from casework.problems import Refused

WORDED = ("registration", "approval", "application")


def squeezed(text):
    return re.sub(r"\s+", "", text)


@pytest.fixture(scope="module")
def papers(tmp_path_factory):
    """Every sample of these forms as PDF: its pages as text without white space."""
    folder = tmp_path_factory.mktemp("forms")
    printed.print_apart(folder, *forms.SAMPLES)
    return {
        path.stem: [squeezed(page.extract_text()) for page in PdfReader(path).pages] for path in folder.glob("*.pdf")
    }


def html(table):
    return list(copies_html(load_form(table.list_id), table, "annex", "", ""))


def document(table):
    return Document(io.BytesIO(word.write(table)))


def words_of(found):
    """Every word of a Word document, cell by cell; joined cells once."""
    cells = {cell._tc: cell.text for table in found.tables for row in table.rows for cell in row.cells}
    return squeezed("".join([*(paragraph.text for paragraph in found.paragraphs), *cells.values()]))


# -- what stands on it -----------------------------------------------------------------------------------------


def test_the_registration_form_has_every_label_of_the_circular_in_its_order(papers):
    clause = form_clause(forms.inner_mongolia(), "registration_form")
    [blank] = papers["registration_blank"]
    heads = ["姓名", "关系", "工作单位", "就业状况", "月收入"]
    labels = [squeezed(label) for label in clause.columns]
    at = labels.index("家庭主要成员情况")
    foot = ["（盖章）", "年月日", "上报单位：", "联系人：", "联系电话：", "注：本人没有建行卡的，经本人同意并提供"]

    assert clause.title in blank
    assert blank.startswith("附件1")
    place = blank.index(clause.title) + len(clause.title)
    # The side label of the household is drawn beside its rows: it may be read before or after them.
    for label in [*labels[:at], *heads, *labels[at + 1 :], *foot]:
        found = blank.find(label, place)
        if label == "机关党委意见":
            assert label in blank
            continue
        assert found >= place, label
        place = found
    assert labels[at] in blank


def test_a_day_of_birth_is_printed_as_year_and_month(papers):
    assert "1979年8月" in papers["registration"][0]
    assert "8月9日" not in papers["registration"][0]


@pytest.mark.parametrize("name", [name for name in forms.SAMPLES if name.endswith("_hard")])
def test_every_cell_is_on_paper(name, papers):
    whole = "".join(papers[name])

    for one in copies(forms.SAMPLES[name]()):
        for key, words in {
            **one.person,
            **{f"{n}{key}": w for n, line in enumerate(one.lines) for key, w in line.items()},
        }.items():
            if key.lstrip("0123456789") not in ("index", "unit", "opinion_of", "round") and words:
                missing = [sign for sign in squeezed(words) if sign not in whole]
                assert not missing, (key, words)


def test_ten_relatives_are_ten_lines_and_none_is_cut(papers):
    first = papers["registration_hard"][0]

    assert [first.count(f"示例家人{n}") for n in range(10) if n not in (3, 4)] == [1] * 8
    assert squeezed(printed.LONG_NAME) in first
    assert first.count("学生") == 10


def test_a_relative_without_a_name_keeps_his_line():
    one = dataclasses.replace(forms.ONE, relatives=(Relative(relation="子女"), Relative(income_fen=1)))

    assert "子女" in html(forms.registered(one))[0]
    assert "全年0.01" in html(forms.registered(one))[0]
    assert "子女" in words_of(document(forms.registered(one)))


@pytest.mark.parametrize(("relatives", "lines"), [(0, 5), (4, 5), (5, 5), (6, 6)])
def test_an_empty_household_leaves_its_lines_empty(relatives, lines):
    one = dataclasses.replace(forms.ONE, relatives=tuple(Relative(f"示例{n}") for n in range(relatives)))
    [page] = html(forms.registered(one))
    inner = page[page.index('<table class="inner">') :]
    body = inner[inner.index("<tbody>") : inner.index("</tbody>")]

    assert body.count("<tr") == lines
    assert body.count("示例") == relatives


def test_a_household_longer_than_a_page_goes_on_overleaf_with_its_head(tmp_path):
    one = dataclasses.replace(forms.ONE, relatives=tuple(Relative(f"示例{n:02}号", "子女") for n in range(24)))
    table = forms.registered(one)
    pages = [squeezed(page.extract_text()) for page in PdfReader(io.BytesIO(render(table.list_id, table))).pages]

    assert len(pages) == 2
    assert all(page.count("就业状况") == 1 for page in pages)
    assert "登记表（续表）" in pages[1]
    assert [sum(page.count(f"示例{n:02}号") for page in pages) for n in range(24)] == [1] * 24


@pytest.mark.parametrize("sign", printed.RARE)
def test_rare_signs_come_out_as_themselves(sign, papers):
    for form in ("registration", "approval", "application", "collection_consent", "basis_statement"):
        assert sign in "".join(papers[f"{form}_hard"]), form


@pytest.mark.parametrize(
    "words", ["0.01元", "99999999.99元", "人民币壹分", "人民币玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"]
)
def test_the_smallest_and_the_largest_amount(words, papers):
    assert words in "".join(papers["approval_hard"])


def test_an_amount_nobody_wrote_is_a_line_to_write_on_and_no_zero(papers):
    assert "申请金额：＿" in papers["application_blank"][0]
    assert "0元" not in papers["application_blank"][0] + papers["approval_blank"][0] + papers["registration_blank"][0]


def test_income_of_a_month_is_told_only_where_the_year_divides():
    table = forms.registered(
        dataclasses.replace(
            forms.ONE, relatives=tuple(Relative("示例", income_fen=fen) for fen in (5_040_000, 5_040_001, 0, None))
        )
    )

    assert [line["member_income"] for line in copies(table)[0].lines] == ["4200", "全年50400.01", "0", ""]


@pytest.mark.parametrize("hostile", ["<b>示例</b>", "{{x}}", "=1+1", "file:///etc/passwd", "〔U+202E〕"])
def test_hostile_texts_are_text(hostile, papers):
    for form in WORDED:
        assert hostile in "".join(papers[f"{form}_hard"]), form
        assert hostile in words_of(document(forms.SAMPLES[f"{form}_hard"]())), form


def test_a_formula_stays_text_in_the_workbook():
    one = dataclasses.replace(forms.ONE, name="=1+1", causes="+2")
    sheet = load_workbook(io.BytesIO(workbook.write(forms.registered(one)))).active
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value in ("=1+1", "+2")]

    assert cells
    assert {cell.data_type for cell in cells} == {"s"}


def test_masked_numbers_make_a_draft(papers):
    [page] = papers["registration_masked"]

    assert "已遮盖" in page
    assert forms.CARD not in page
    assert "已遮盖" not in papers["registration"][0]


# -- pages -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("registration_hard", [1, 2, 1]),
        ("approval_hard", [1, 2, 1]),
        ("application_hard", [1, 2, 1]),
        ("collection_consent_hard", [1, 1]),
    ],
)
def test_every_person_begins_a_page_and_counts_his_own(name, numbers, papers):
    assert [int(re.search(r"—(\d+)—", page)[1]) for page in papers[name]] == numbers
    table = forms.SAMPLES[name]()
    if name != "application_hard":  # a letter has no table that could go on
        assert [("（续表）" in page) for page in papers[name]] == [number > 1 for number in numbers], table.title


def test_pages_of_a_report_are_counted_for_each_person(papers):
    found = [re.search(r"第(\d)页共(\d)页", page).groups() for page in papers["basis_statement_hard"]]

    assert found == [("1", "3"), ("2", "3"), ("3", "3"), ("1", "1")]


def test_a_usual_form_is_one_page(papers):
    assert {name: len(papers[name]) for name in forms.SAMPLES if not name.endswith("_hard")} == {
        name: 1 for name in forms.SAMPLES if not name.endswith("_hard")
    }


# -- as a Word document ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", WORDED)
def test_a_word_document_says_what_the_paper_says(form):
    table = forms.SAMPLES[f"{form}_hard"]()
    said = words_of(document(table))

    for one in copies(table):
        for line in one.lines:
            for key, words in line.items():
                shown = key not in ("index", "unit", "branch", "name") or form == "registration"
                if shown and words and not (form == "application" and key != "words"):
                    assert squeezed(words) in said, (key, words)


@pytest.mark.parametrize("form", WORDED)
def test_a_word_document_is_set_for_chinese_and_never_torn(form):
    package = zipfile.ZipFile(io.BytesIO(word.write(forms.SAMPLES[f"{form}_hard"]())))
    body, styles = (package.read(f"word/{name}.xml").decode() for name in ("document", "styles"))

    assert not re.search(r"w:(ascii|hAnsi|eastAsia|cs)Theme=", body + styles)
    assert body.count("<w:r>") <= body.count("w:eastAsia=")
    assert body.count("{%") == body.count("{{") - ("{{x}}" in body or "{{x}}" in body.replace(" ", "")) * body.count(
        "{{"
    )
    assert body.count("<w:tr>") + body.count("<w:tr ") == body.count("<w:cantSplit/>")
    assert body.count("<w:tbl>") == body.count('<w:tblLayout w:type="fixed"/>')
    assert body.count("w:pgNumType") == 2, "two people, two counts"


def test_the_names_of_a_word_document_are_in_a_font_that_has_them():
    found = document(forms.registered(forms.RARE))
    [run] = [
        run for cell in found.tables[0].rows[0].cells[1:2] for paragraph in cell.paragraphs for run in paragraph.runs
    ]

    assert run.text == forms.RARE_NAME
    assert 'w:eastAsia="仿宋"' in run._r.xml


@pytest.mark.parametrize("form", WORDED)
def test_the_same_form_gives_the_same_bytes(form):
    assert word.write(forms.SAMPLES[form]()) == word.write(forms.SAMPLES[form]())


def test_the_templates_in_the_package_are_those_the_script_makes():
    from scripts.word_templates import FORMS, packed

    for form, make in FORMS.items():
        assert form_file(form, word.TEMPLATE).read_bytes() == packed(make()), form


def test_a_form_without_a_template_is_refused():
    with pytest.raises(Refused, match="没有 Word 表样"):
        word.write(forms.consented())


def test_a_sign_that_means_something_else_everywhere_stops_the_document():
    with pytest.raises(Refused, match="U\\+E000"):
        word.write(forms.registered(dataclasses.replace(forms.ONE, name="示例\ue000")))


# -- the office's own templates --------------------------------------------------------------------------------


@pytest.fixture
def office(tmp_path, monkeypatch):
    monkeypatch.setenv(OFFICE_FOLDER, str(tmp_path))

    def keep(form, name, content):
        (tmp_path / form).mkdir(exist_ok=True)
        (tmp_path / form / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    return keep


def template(words):
    made = Document()
    made.add_paragraph(words)
    written = io.BytesIO()
    made.save(written)
    return written.getvalue()


def test_the_offices_own_word_template_stands_in_for_ours(office):
    office("registration", "form.docx", template("{% for one in people %}本机关表样：{{ one.name }}{% endfor %}"))

    assert words_of(document(forms.registered())) == "本机关表样：示例甲"
    assert "示例甲" in words_of(document(forms.approved())), "the others stay ours"


def test_the_offices_own_page_stands_in_for_ours(office):
    office(
        "registration", "page.html", "{% for line in copy.lines %}<p>{{ line.name }}：{{ line.member }}</p>{% endfor %}"
    )
    office("registration", "page.css", "p { color: red }")
    office(
        "receipt",
        "form.toml",
        (form_file("receipt", "form.toml").read_text() + "\n").replace("blank_rows = 2", "blank_rows = 7"),
    )

    assert html(forms.registered(dataclasses.replace(forms.ONE, name="<甲>")))[0].startswith(
        "<p>&lt;甲&gt;：示例丙</p>"
    )
    assert load_form("receipt").blank_rows == 7


def test_a_form_is_ours_again_when_the_office_takes_its_own_away(office, monkeypatch):
    office("registration", "form.toml", form_file("registration", "form.toml").read_text().replace("= 5", "= 9"))
    before = load_form("registration").blank_rows
    monkeypatch.delenv(OFFICE_FOLDER)

    assert (before, load_form("registration").blank_rows) == (9, 5)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("form.docx", template("{{ nobody.knows }}")),
        ("form.docx", template("{% for %}")),
        ("form.docx", template("{{ ''.__class__.__mro__ }}")),
        ("form.docx", b"no document"),
    ],
)
def test_a_word_template_that_cannot_be_used_is_refused_in_words(name, content, office):
    office("registration", name, content)

    with pytest.raises(Refused, match=r"表样 registration/form\.docx 有错"):
        word.write(forms.registered())


@pytest.mark.parametrize("content", ["{{ nobody.knows }}", "{% for %}", "{{ ''.__class__.__mro__ }}"])
def test_a_page_that_cannot_be_used_is_refused_in_words(content, office):
    office("registration", "page.html", content)

    with pytest.raises(Refused, match=r"表样 registration/page\.html 有错"):
        html(forms.registered())


def test_a_form_toml_that_cannot_be_used_is_refused_in_words(office):
    office("registration", "form.toml", "title = ")

    with pytest.raises(Refused, match=r"表样 registration/form\.toml 有错"):
        load_form("registration")


def test_a_page_of_the_office_fetches_nothing(office):
    office("registration", "page.html", '<img src="http://example.invalid/x.png">{{ copy.person.name }}')

    with pytest.raises(Refused, match="已拒绝"):
        render("registration", forms.registered())


@pytest.mark.parametrize("name", ["../roster", "..", "", "a/b", "c:x"])
def test_no_name_leads_out_of_the_folder(name):
    with pytest.raises(KeyError):
        form_file(name, "form.toml")
    with pytest.raises(KeyError):
        form_file("roster", name)


def test_every_form_says_the_same_on_the_same_words():
    again = as_printed(forms.approved())

    assert again == as_printed(forms.approved(forms.ONE))
    assert again != as_printed(forms.approved(dataclasses.replace(forms.ONE, aid="无")))
    assert Applicant() == Applicant(name="")
    assert set(folders.names()) >= {*WORDED, "collection_consent", "basis_statement"}


def test_all_copies_are_laid_out_with_the_fonts_loaded_once(monkeypatch):
    import weasyprint

    made = []
    plain = weasyprint.text.fonts.FontConfiguration

    def counted():
        made.append(1)
        return plain()

    monkeypatch.setattr(weasyprint.text.fonts, "FontConfiguration", counted)
    monkeypatch.setattr(weasyprint.document, "FontConfiguration", counted)
    render("registration", forms.registered(*(forms.ONE,) * 3))

    assert len(made) == 1, "for every copy anew they take 17 MiB each"
