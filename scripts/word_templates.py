"""Make the Word templates of the forms about one person; run after a wanted change of their layout.

    python scripts/word_templates.py

An office takes the file it wants to change, edits it in Word or WPS, and puts it into its own folder of templates.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any, Final

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_ROW_HEIGHT_RULE, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

TEMPLATES: Final = Path(__file__).parents[1] / "casework" / "templates"
BODY, NAMES, HEAD, TITLE = "仿宋_GB2312", "仿宋", "黑体", "方正小标宋简体"
GRID: Final = (15.5, 18, 20, 19, 23.5, 19, 18.5, 22.5)  # mm, together the 156 of GB/T 9704
CENTER, LEFT, RIGHT = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.LEFT, WD_ALIGN_PARAGRAPH.RIGHT
_FIXED: Final = (2000, 1, 1, 0, 0, 0)
Lines = tuple[str, ...] | str


def main() -> None:
    """Write every template."""
    for name, make in FORMS.items():
        (TEMPLATES / name / "form.docx").write_bytes(packed(make()))


def packed(document: Any) -> bytes:
    """Return a document as bytes that are the same every time."""
    written, target = io.BytesIO(), io.BytesIO()
    document.save(written)
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as kept:
        for name in sorted(source.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            kept.writestr(zipfile.ZipInfo(name, _FIXED), source.read(name), zipfile.ZIP_DEFLATED)
    return target.getvalue()


# -- pieces ----------------------------------------------------------------------------------------------------


def page() -> Any:
    """Return an empty document on the page of GB/T 9704, its page number in the foot."""
    document = Document()
    _plain_fonts(document)
    section = document.sections[0]
    section.orientation = WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance = Mm(24)
    _number_pages(section)
    return document


def _plain_fonts(document: Any) -> None:
    """Take every theme font out: with one, Word draws Chinese in the theme's face whatever else is said."""
    styles = document.styles.element
    for fonts in styles.iter(qn("w:rFonts")):
        for name in list(fonts.attrib):
            if name.endswith("Theme"):
                del fonts.attrib[name]
    _font(document.styles["Normal"], BODY, 12)


def _font(holder: Any, name: str, size: float) -> None:
    holder.font.name, holder.font.size = "Times New Roman", Pt(size)
    properties = holder.element.get_or_add_rPr() if hasattr(holder, "style_id") else holder._r.get_or_add_rPr()  # noqa: SLF001
    fonts = properties.get_or_add_rFonts()
    for key in ("ascii", "hAnsi", "cs"):
        fonts.set(qn(f"w:{key}"), "Times New Roman")
    fonts.set(qn("w:eastAsia"), name)
    fonts.set(qn("w:hint"), "eastAsia")


def _number_pages(section: Any) -> None:
    paragraph = section.footer.paragraphs[0]
    paragraph.alignment = CENTER
    for kind, words in (("", "— "), ("begin", ""), ("field", " PAGE "), ("end", ""), ("", " —")):
        run = paragraph.add_run(words if not kind else "")
        _font(run, "宋体", 14)
        if kind in ("begin", "end"):
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._r.append(mark)  # noqa: SLF001
        elif kind:
            code = OxmlElement("w:instrText")
            code.set(qn("xml:space"), "preserve")
            code.text = words
            run._r.append(code)  # noqa: SLF001
    _restart(section)


def _restart(section: Any) -> None:
    start = OxmlElement("w:pgNumType")
    start.set(qn("w:start"), "1")
    section._sectPr.find(qn("w:pgMar")).addnext(start)  # noqa: SLF001 - where the schema wants it


def said(holder: Any, words: str, *, font: str = BODY, size: float = 12, align: Any = LEFT, **more: Any) -> Any:
    """Add a paragraph."""
    return styled(holder.add_paragraph(), words, font=font, size=size, align=align, **more)


def styled(  # noqa: PLR0913 - what a paragraph is
    paragraph: Any, words: str, *, font: str, size: float, align: Any, line: float = 0, indent: bool = False
) -> Any:
    """Fill a paragraph with words in a font; no grid of the page pulls its lines apart."""
    paragraph.alignment = align
    form = paragraph.paragraph_format
    form.space_before = form.space_after = Pt(0)
    form.line_spacing_rule = WD_LINE_SPACING.EXACTLY if line else WD_LINE_SPACING.SINGLE
    if line:
        form.line_spacing = Pt(line)
    if indent:
        form.first_line_indent = Pt(2 * size)
    properties = paragraph._p.get_or_add_pPr()  # noqa: SLF001
    for name in ("w:autoSpaceDE", "w:autoSpaceDN", "w:snapToGrid"):  # in the order of the schema
        off = OxmlElement(name)
        off.set(qn("w:val"), "0")
        properties.insert_element_before(off, *_BEFORE)
    _font(paragraph.add_run(words), font, size)
    return paragraph


_BEFORE: Final = (
    "w:bidi",
    "w:adjustRightInd",
    "w:spacing",
    "w:ind",
    "w:contextualSpacing",
    "w:jc",
    "w:rPr",
    "w:sectPr",
)


class Grid:
    """A table of fixed columns, filled row by row."""

    def __init__(self, document: Any, widths: tuple[float, ...], *, size: float = 11.5) -> None:
        self.table = document.add_table(rows=0, cols=len(widths))
        self.table.style = "Table Grid"
        self.table.alignment = WD_TABLE_ALIGNMENT.CENTER
        self.table.autofit = False
        self.widths, self.size = widths, size
        for column, width in zip(self.table.columns, widths, strict=True):
            column.width = Mm(width)
        _frame(self.table)

    def row(self, height: float, *cells: tuple[int, Lines, str], head: bool = False) -> Any:
        """Add a row of (columns, words, kind); kind: `head`, `name`, `mid`, `left`, `text`, `feet`, `loop`."""
        row = self.table.add_row()
        row.height, row.height_rule = Mm(height), WD_ROW_HEIGHT_RULE.AT_LEAST
        properties = row._tr.get_or_add_trPr()  # noqa: SLF001
        properties.append(OxmlElement("w:cantSplit"))
        if head:
            properties.append(OxmlElement("w:tblHeader"))
        at = 0
        for columns, words, kind in cells:
            cell = row.cells[at]
            if columns > 1:
                cell = cell.merge(row.cells[at + columns - 1])
            cell.width = Mm(sum(self.widths[at : at + columns]))
            cell.vertical_alignment = (
                WD_CELL_VERTICAL_ALIGNMENT.TOP if kind == "text" else WD_CELL_VERTICAL_ALIGNMENT.CENTER
            )
            lines = (words,) if isinstance(words, str) else words
            for number, line in enumerate(lines):
                paragraph = cell.paragraphs[0] if not number else cell.add_paragraph()
                align = {"left": LEFT, "text": LEFT, "feet": LEFT}.get(kind, CENTER)
                styled(
                    paragraph,
                    line,
                    font=HEAD if kind == "head" else NAMES if kind == "name" else BODY,
                    size=self.size,
                    align=RIGHT if line.startswith(("年\u3000", "（盖章）")) else align,
                )
            at += columns
        return row

    def loop(self, words: str) -> None:
        """Add a row that only steers the template: it is gone once the template is filled."""
        self.row(1, (len(self.widths), words, "loop"))

    def down(self, head: Any, repeated: Any) -> None:
        """Let the first cell of a row go on in a row that is repeated."""
        for row, value in ((head, "restart"), (repeated, "continue")):
            joined = OxmlElement("w:vMerge")
            joined.set(qn("w:val"), value)
            properties = row.cells[0]._tc.get_or_add_tcPr()  # noqa: SLF001
            properties.insert_element_before(joined, "w:tcBorders", "w:shd", "w:noWrap", "w:tcMar", "w:vAlign")


def _frame(table: Any) -> None:
    """Fix the layout, thin lines inside, thicker ones around, little room beside the words."""
    properties = table._tbl.tblPr  # noqa: SLF001
    layout = properties.find(qn("w:tblLayout"))
    if layout is None:
        layout = OxmlElement("w:tblLayout")
        properties.append(layout)
    layout.set(qn("w:type"), "fixed")
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        line = OxmlElement(f"w:{side}")
        line.set(qn("w:val"), "single")
        line.set(qn("w:sz"), "5" if side.startswith("inside") else "10")
        line.set(qn("w:color"), "000000")
        borders.append(line)
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        room = OxmlElement(f"w:{side}")
        room.set(qn("w:w"), "40")
        room.set(qn("w:type"), "dxa")
        margins.append(room)
    properties.insert(list(properties).index(layout), borders)
    layout.addnext(margins)


def every_person(document: Any) -> None:
    """Begin what is repeated for each person."""
    said(document, "{%p for one in people %}", size=1)


def until_here(document: Any) -> None:
    """End what is repeated: a new page, counted from 1, for each person but the last."""
    said(document, "{%p if not loop.last %}", size=1)
    paragraph = said(document, "", size=1)
    own = OxmlElement("w:sectPr")
    for child in document.sections[0]._sectPr:  # noqa: SLF001
        own.append(_copied(child))
    paragraph._p.get_or_add_pPr().append(own)  # noqa: SLF001
    said(document, "{%p endif %}", size=1)
    said(document, "{%p endfor %}", size=1)


def _copied(element: Any) -> Any:
    from copy import deepcopy  # noqa: PLC0415

    return deepcopy(element)


def heading(document: Any) -> None:
    """Add 附件 label and title; what is not formal yet says so."""
    said(document, "{%p if state %}", size=1)
    said(document, "（{{ state }}）", font=HEAD, size=12, align=RIGHT)
    said(document, "{%p endif %}", size=1)
    said(document, "{%p if annex %}", size=1)
    said(document, "{{ annex }}", font=HEAD, size=16)
    said(document, "{%p endif %}", size=1)
    said(document, "{{ title }}", font=TITLE, size=22, align=CENTER, line=32)


# -- the forms -------------------------------------------------------------------------------------------------


def registration() -> Any:
    """Return 特困党员登记表."""
    document = page()
    every_person(document)
    heading(document)
    grid = Grid(document, GRID)
    grid.row(
        9, (1, "姓　名", "head"), (2, "{{ one.name }}", "name"), (1, "性　别", "head"), (1, "{{ one.sex }}", "mid"),
        (1, "出生年月", "head"), (2, "{{ one.born }}", "mid"),
    )  # fmt: skip
    grid.row(
        9, (1, "民　族", "head"), (2, "{{ one.ethnicity }}", "mid"), (1, "入党时间", "head"),
        (1, "{{ one.joined }}", "mid"), (1, ("参加工作", "时　　间"), "head"), (2, "{{ one.started }}", "mid"),
    )  # fmt: skip
    grid.row(11, (3, ("本人工作单位", "及职务"), "head"), (5, "{{ one.work }}", "left"))
    grid.row(11, (3, ("家庭详细地址及联", "系电话（手机）"), "head"), (5, "{{ one.address }}", "left"))
    grid.row(15.5, (3, ("本人建行储蓄卡卡号", "或指定人建行储蓄", "卡号和姓名"), "head"), (5, "{{ one.card }}", "left"))
    grid.row(
        11, (1, ("本人月", "工资额"), "head"), (1, "{{ one.monthly_pay }}", "mid"), (1, ("家庭年", "总收入"), "head"),
        (1, "{{ one.family_income }}", "mid"), (1, ("家庭", "人口"), "head"), (1, "{{ one.size }}", "mid"),
        (1, ("住房", "面积"), "head"), (1, "{{ one.housing }}", "mid"),
    )  # fmt: skip
    _family(
        grid,
        ("家　庭", "主　要", "成　员", "情　况"),
        ("姓名", "关系", "工作单位", "就业状况", "月收入"),
        ("member", "member_relation", "member_work", "member_employment", "member_income"),
        (1, 1, 3, 1, 1),
        7.4,
    )
    grid.row(31, (1, ("家庭困", "难情况", "及成因"), "head"), (7, "{{ one.causes }}", "text"))
    grid.row(
        26, (1, ("机　关", "党　委", "意　见"), "head"),
        (7, ("", "", "（盖章）　　　　　", "年　　月　　日　　"), "feet"),
    )  # fmt: skip
    said(document, "上报单位：{{ one.unit }}　　　联系人：　　　　　　联系电话：", size=11.5, line=20)
    _captions(document)
    until_here(document)
    return document


def _family(  # noqa: PLR0913, PLR0917 - what a household is
    grid: Grid, label: Lines, heads: Lines, keys: Lines, spans: tuple[int, ...], height: float
) -> None:
    """Add the household: its head, the rows that are repeated, the rows left empty."""
    top = grid.row(
        height,
        (1, label, "head"),
        *((span, head, "head") for span, head in zip(spans, heads, strict=True)),
    )
    grid.loop("{%tr for line in one.relatives %}")
    cells = [(span, f"{{{{ line.{key} }}}}", "mid") for span, key in zip(spans, keys, strict=True)]
    grid.down(top, grid.row(height, (1, "", "head"), *cells))
    grid.loop("{%tr endfor %}")


def _captions(document: Any) -> None:
    said(document, "{%p for words in captions %}", size=1)
    said(document, "{{ words }}", size=10.5)
    said(document, "{%p endfor %}", size=1)


def approval() -> Any:
    """Return 生活困难党员救助审批表."""
    document = page()
    every_person(document)
    heading(document)
    said(document, "填报党组织（盖章）：　　　　　　　　　　　　填报日期：　　　年　　月　　日", size=10.5, line=16)
    grid = Grid(document, GRID, size=10.5)
    grid.row(
        7.2, (1, "姓　名", "head"), (2, "{{ one.name }}", "name"), (1, "性　别", "head"), (1, "{{ one.sex }}", "mid"),
        (1, "出生年月", "head"), (2, "{{ one.born }}", "mid"),
    )  # fmt: skip
    grid.row(
        7.2, (1, "民　族", "head"), (2, "{{ one.ethnicity }}", "mid"), (1, "入党时间", "head"),
        (1, "{{ one.joined }}", "mid"), (1, ("参加工作", "时　　间"), "head"), (2, "{{ one.started }}", "mid"),
    )  # fmt: skip
    grid.row(
        8.8, (1, ("单　位", "及职务"), "head"), (3, "{{ one.work }}", "left"), (1, ("所　在", "党支部"), "head"),
        (3, "{{ one.branch }}", "left"),
    )  # fmt: skip
    grid.row(
        7.2, (1, ("家　庭", "人　口"), "head"), (1, "{{ one.size }}", "mid"), (1, ("家　庭", "年收入"), "head"),
        (1, "{{ one.family_income }}", "mid"), (1, ("人　均", "年收入"), "head"), (1, "{{ one.per_head }}", "mid"),
        (1, ("是　否", "低　保"), "head"), (1, "{{ one.dibao }}", "mid"),
    )  # fmt: skip
    _family(
        grid,
        ("家　庭", "主　要", "成　员"),
        ("姓名", "关系", "年龄", "工作单位、就业状况", "年收入"),
        ("member", "member_relation", "member_age", "member_work", "member_income"),
        (1, 1, 1, 3, 1),
        6,
    )
    grid.row(
        7.2, (1, ("申　请", "方　式"), "head"), (4, "{{ one.wish }}", "left"), (1, "联系电话", "head"),
        (2, "{{ one.phone }}", "mid"),
    )  # fmt: skip
    grid.row(8.8, (1, ("符　合", "条　件"), "head"), (7, "{{ one.conditions }}", "left"))
    grid.row(
        23, (1, ("困难情", "况　及", "原　因"), "head"),
        (7, ("{{ one.causes }}", "申请金额：{{ one.requested }}", "申请人（签字）：", "年　　月　　日　　"), "text"),
    )  # fmt: skip
    grid.row(
        8.8, (1, ("已接受", "其　他", "救　助"), "head"), (3, "{{ one.aid }}", "left"), (1, "证明材料", "head"),
        (3, "{{ one.papers }}", "left"),
    )  # fmt: skip
    grid.loop("{%tr for opinion in one.opinions %}")
    grid.row(
        19, (1, "{{ opinion.opinion_of }}", "head"),
        (7, (
            "{{ opinion.opinion }}", "负责人（签字）：{{ opinion.opinion_by }}", "（盖章）　　　　　",
            "{{ opinion.opinion_on or '年　　月　　日' }}　　",
        ), "text"),
    )  # fmt: skip
    grid.table.rows[-1].cells[1].paragraphs[-1].alignment = RIGHT
    grid.loop("{%tr endfor %}")
    grid.row(
        8.8, (1, ("审　批", "金　额"), "head"), (3, "{{ one.decided }}", "left"), (1, ("领取人签", "字(盖章)"), "head"),
        (3, "年　　月　　日　", "left"),
    )  # fmt: skip
    _captions(document)
    until_here(document)
    return document


def application() -> Any:
    """Return 申请书."""
    document = page()
    every_person(document)
    said(document, "{{ title }}", font=TITLE, size=22, align=CENTER, line=44)
    said(document, "", size=16, line=14)
    said(document, "{{ one.to }}", size=16, line=28)
    said(document, "{%p for line in one.lines %}", size=1)
    said(document, "{{ line.words }}", size=16, line=28, indent=True)
    said(document, "{%p endfor %}", size=1)
    said(document, "", size=16, line=18)
    said(document, "申请人（签字）：　　　　　　　　", size=16, line=30, align=RIGHT)
    said(document, "年　　月　　日　　", size=16, line=30, align=RIGHT)
    said(document, "", size=12, line=14)
    said(document, "由他人代为申请的，由代办人填写：", line=22)
    said(document, "代办人（签字）：　　　　　　　　　　　　与本人关系：", line=22)
    said(document, "代办原因：", line=22)
    said(document, "附：证明材料　　　件（原件核对，复印件留存）", line=22)
    until_here(document)
    return document


FORMS: Final = {"registration": registration, "approval": approval, "application": application}

if __name__ == "__main__":
    main()
