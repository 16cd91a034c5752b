"""Draw the first agreed page of every form small, with its name under it, for the handbook.

    .venv/bin/python -m scripts.contact_sheet

Which forms stand on a sheet is written into the file, so that `tests/test_contact_sheet.py` sees one that is missing.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont, PngImagePlugin

from casework.forms import load_form, names

ROOT = Path(__file__).parents[1]
GOLDEN: Final = ROOT / "tests" / "golden"
IMAGES: Final = ROOT / "docs" / "images"
SHEETS: Final = {"forms-portrait.png": (False, 5, 230), "forms-landscape.png": (True, 4, 300)}
"""File → whether its forms lie across, how many stand in a line, how wide each is in pixels."""
FORMS: Final = "forms"
_GAP, _NAME = 14, 26
_PAPER, _BEHIND, _INK = 255, 226, 40


def page_of(form: str) -> Path:
    """Return the picture of a form's first page."""
    return GOLDEN / f"{form}-1.png"


def forms_of(*, landscape: bool) -> list[str]:
    """Return the forms that have an agreed page and lie so."""
    return [form for form in names() if page_of(form).is_file() and load_form(form).landscape == landscape]


def draw(*, landscape: bool, across: int, width: int) -> Image.Image:
    """Return the sheet of all forms that lie so."""
    forms = forms_of(landscape=landscape)
    height = round(width / 2**0.5 if landscape else width * 2**0.5)
    lines = -(-len(forms) // across)
    size = (_GAP + across * (width + _GAP), _GAP + lines * (height + _NAME + _GAP))
    sheet = Image.new("L", size, _BEHIND)
    pen, font = ImageDraw.Draw(sheet), ImageFont.truetype(_font(), 14)
    for at, form in enumerate(forms):
        left = _GAP + at % across * (width + _GAP)
        top = _GAP + at // across * (height + _NAME + _GAP)
        with Image.open(page_of(form)) as page:
            small = page.convert("L")
            small.thumbnail((width, height), Image.Resampling.LANCZOS)
        sheet.paste(_PAPER, (left, top, left + width, top + height))
        sheet.paste(small, (left + (width - small.width) // 2, top))
        name = load_form(form).title.format(round="慰问").replace("慰问慰问", "慰问")
        pen.text((left + width / 2, top + height + _NAME / 2 + 2), name, fill=_INK, font=font, anchor="mm")
    return sheet


def write() -> None:
    """Write both sheets."""
    for name, (landscape, across, width) in SHEETS.items():
        told = PngImagePlugin.PngInfo()
        told.add_text(FORMS, " ".join(forms_of(landscape=landscape)))
        sheet = draw(landscape=landscape, across=across, width=width)
        sheet.quantize(16).save(IMAGES / name, optimize=True, pnginfo=told)


def _font() -> str:
    asked = ["fc-match", "--format", "%{file}", "Noto Sans CJK SC"]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout  # noqa: S603 - no data


if __name__ == "__main__":
    write()
