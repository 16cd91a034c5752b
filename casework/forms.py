"""A form is a folder of `casework/templates/`: `form.toml` and, where the paper needs them, `page.html` and `page.css`.

`form.toml` says which columns the list has, how wide they are, and what stands above and below it. A circular's own
form clause overrides title, annex number, columns and signatures; a new form is a new folder, not new code.

An office may keep its own templates: a file of the same form and name in the folder that `CASEWORK_TEMPLATES` names
stands in for ours.
"""

from __future__ import annotations

import os
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from casework.problems import Refused

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

ColumnKind = Literal["index", "text", "name", "month", "day", "places", "money"]
Align = Literal["left", "center", "right"]
Mode = Literal["annex", "report"]
"""`annex` 随文附件: the page of GB/T 9704; `report` 单独报送: narrow margins, 第 x 页 共 y 页."""
OFFICE_FOLDER: Final = "CASEWORK_TEMPLATES"
"""Names the folder with the office's own templates; not set: ours alone."""


class FormColumn(BaseModel):
    """One column as the form's folder has it.

    Attributes:
        aliases: Other heads a circular may give it.
        optional: Printed only where the circular asks for it.
        group: Head of the upper level under which it stands with its neighbours of the same group.
        choices: What may be written in it, where that is a short list; an empty workbook offers them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    label: str
    kind: ColumnKind = "text"
    width_mm: float = Field(gt=0)
    align: Align | None = None
    public: bool = False
    aliases: tuple[str, ...] = ()
    optional: bool = False
    group: str = ""
    choices: tuple[str, ...] = ()


class Form(BaseModel):
    """A form: its columns and the words around the table.

    Attributes:
        name: The folder's name, which is also the form id a pack uses.
        title: Printed where the circular names no title of its own; `{round}` is the title of the round.
        mode: How it is printed unless the caller says otherwise.
        landscape: The long side of the sheet is horizontal.
        blank_rows: Rows of the form when it is printed empty, to be filled in by hand.
        numbered: Those empty rows carry their numbers.
        together_mm: How high rows under one merged cell may be before they are torn apart.
        apart: About one person: everybody begins a new page with page numbers of its own.
        wide: Printed on A3 where its columns are too many for A4.
        paper_only: What is filled in on it leaves on paper alone, never as a workbook.
        above: Words between title and table, spread over the line; `{unit}` is the unit's name or a gap.
        signatures: Words under the table, spread over the line.
        notes: Sentences under the table that stand on every copy.
        mark: Who may keep it, in the head of every page.
        columns: In printed order.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    mode: Mode = "report"
    landscape: bool = True
    blank_rows: int = Field(default=10, ge=1)
    numbered: bool = False
    together_mm: float = Field(default=75, gt=0)  # a group fits on a page that has begun
    wide: bool = False
    apart: bool = False
    paper_only: bool = False
    above: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    mark: str = ""
    columns: tuple[FormColumn, ...] = Field(alias="column")

    def column(self, key: str) -> FormColumn:
        """Return a column by key.

        Raises:
            KeyError: The form has no such column.
        """
        for column in self.columns:
            if column.key == key:
                return column
        raise KeyError(key)


def form_file(form: str, name: str) -> Traversable:
    """Return a file of a form, which may not exist: the office's own where it keeps one, else ours.

    Raises:
        KeyError: The name leads out of the folder of templates.
    """
    if not {form, name}.isdisjoint({"", ".", ".."}) or any(sign in part for part in (form, name) for sign in "/\\:"):
        raise KeyError(f"{form}/{name}")
    own = os.environ.get(OFFICE_FOLDER, "")
    kept = Path(own, form, name) if own else None
    return kept if kept is not None and kept.is_file() else files("casework").joinpath("templates", form, name)


def names() -> tuple[str, ...]:
    """Return the id of every form that has a folder, in alphabetical order."""
    every = files("casework").joinpath("templates").iterdir()
    return tuple(sorted(entry.name for entry in every if entry.joinpath("form.toml").is_file()))


def load_form(name: str) -> Form:
    """Return a form by the name of its folder.

    Raises:
        KeyError: There is no such folder.
        Refused: `bad_template`: the office's own form.toml is not one.
    """
    found = form_file(name, "form.toml")
    if not found.is_file():
        raise KeyError(name)
    return _read_form(name, found.read_bytes())


@cache
def _read_form(name: str, written: bytes) -> Form:
    try:
        return Form.model_validate({"name": name, **tomllib.loads(written.decode("utf-8"))})
    except ValueError as error:  # of the encoding, of TOML and of the fields alike
        raise bad_template(name, "form.toml") from error


def bad_template(form: str, name: str) -> Refused:
    """Return what is said of a template that cannot be used."""
    return Refused("bad_template", f"表样 {form}/{name} 有错，没有打印。请管理员改正，或从表样文件夹中移走后重新打印。")
