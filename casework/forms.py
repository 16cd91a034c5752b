"""A form is a folder of `casework/templates/`: `form.toml` and, where the paper needs them, `page.html` and `page.css`.

`form.toml` says which columns the list has, how wide they are, and what stands above and below it. A circular's own
form clause overrides title, annex number, columns and signatures; a new form is a new folder, not new code.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

ColumnKind = Literal["index", "text", "name", "month", "day", "places", "money"]
Align = Literal["left", "center", "right"]
Mode = Literal["annex", "report"]
"""`annex` 随文附件: the page of GB/T 9704; `report` 单独报送: narrow margins, 第 x 页 共 y 页."""


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
        wide: Printed on A3 where its columns are too many for A4.
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


def folder(name: str) -> Traversable:
    """Return the folder of a form."""
    return files("casework").joinpath("templates", name)


def names() -> tuple[str, ...]:
    """Return the id of every form that has a folder, in alphabetical order."""
    every = files("casework").joinpath("templates").iterdir()
    return tuple(sorted(entry.name for entry in every if entry.joinpath("form.toml").is_file()))


@cache
def load_form(name: str) -> Form:
    """Return a form by the name of its folder.

    Raises:
        KeyError: There is no such folder.
    """
    if name not in names():
        raise KeyError(name)
    written = tomllib.loads(folder(name).joinpath("form.toml").read_text(encoding="utf-8"))
    return Form.model_validate({"name": name, **written})
