"""填报模板: a workbook a unit fills in, that reads back without a question."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import xlsxwriter  # type: ignore[import-untyped, unused-ignore]
from xlsxwriter.utility import xl_col_to_name  # type: ignore[import-untyped, unused-ignore]

from casework.intake.columns import MEMBER, OFTEN_LEFT, SheetColumn, bare_key, by_head, head_key, known_columns
from casework.intake.marked import MADE, OPTIONS
from casework.shapes.procedure import FormDefinition
from casework.vocabulary import HardshipCause, Membership, Sex

if TYPE_CHECKING:
    from casework.policy import Policy

SHEET: Final = "填报"
NOTES: Final = "填表说明"
_FORMS: Final = ("person_return", "roster", "registration_form")
_ALWAYS: Final = ("name", "sex", "born_on", "membership", "branch", "brief")
_FEW_ROWS: Final = 10
_SPARE: Final = 2
_ADVICE: Final = (
    "一人一行；姓名、类别、推荐顺序必填。",
    "日期写到月，如 1965年3月 或 1965-03-07；确实不知道的写“不详”。",
    "金额只填数字，单位是元。",
    "身份证号、银行卡号、电话所在列已设为文本，请直接录入，不要改格式。",
    "推荐顺序由推荐单位集体研究确定，同一类别内从 1 开始。",
    "不要增删列，不要合并单元格；行不够可以往下加。",
)


def template_columns(policy: Policy) -> tuple[SheetColumn, ...]:
    """Return the columns of the round's template: those of the circular's own form, and what the review needs."""
    known = known_columns(policy)
    heads, by_id = by_head(known), {column.id: column for column in known}
    forms = {form.form: form for _, form in policy.of_shape(FormDefinition)}
    chosen = next((forms[name] for name in _FORMS if name in forms and forms[name].columns), None)
    wanted: dict[str, SheetColumn] = {"index": by_id["index"]}
    for head in chosen.columns if chosen else ():
        column = heads.get(head_key(head)) or heads.get(bare_key(head))
        if column is not None:
            wanted.setdefault(column.id, column)
    always = list(_ALWAYS)
    if len(policy.categories) > 1:
        always.append("category")
    if policy.paths:
        always.append("path")
    always += ["unit_rank", *(field.id for field in policy.fields), "remarks"]
    for column_id in always:
        wanted.setdefault(column_id, by_id[column_id])
    left = OFTEN_LEFT - {"index"} | {"unit", "per_head", "members"}
    columns = [column for key, column in wanted.items() if key not in left and not key.startswith(MEMBER)]
    # The name is where a reader looks first; what is said last stays last.
    first, last = ("index", "name"), "remarks"
    middle = [column for column in columns if column.id not in {*first, last}]
    return (by_id["index"], by_id["name"], *middle, by_id["remarks"])


def form_title(policy: Policy) -> str:
    """Return what the form is called: as the circular prints it, else 填报表."""
    forms = {form.form: form for _, form in policy.of_shape(FormDefinition)}
    return next((forms[name].title for name in _FORMS if name in forms and forms[name].columns), "填报表")


def template(
    policy: Policy,
    unit: Mapping[str, Any],
    places: Mapping[str, int | None],
    people: Sequence[Mapping[str, str]] = (),
) -> bytes:
    """Return the workbook for one unit, empty or with the people filled in that it has already.

    Args:
        policy: The circular of the round.
        unit: `unit_id` and `name` of the unit.
        places: Category id → places; None is 据实. Categories that are not in it are not offered to the unit.
        people: Column id → words, a person each, in their order (`people.filled.filled_rows`).
    """
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, OPTIONS)
    book.set_properties({"title": f"{policy.round_title}填报表", "created": MADE})
    columns = template_columns(policy)
    offered = [each for each in policy.categories if each.id in places] or list(policy.categories)
    sheet, notes = book.add_worksheet(SHEET), book.add_worksheet(NOTES)
    last = len(columns) - 1
    title = book.add_format({"bold": True, "font_size": 16, "align": "center"})
    head = book.add_format({"bold": True, "text_wrap": True, "align": "center", "border": 1, "bg_color": "#F0EEE9"})
    text = book.add_format({"num_format": "@", "border": 1, "text_wrap": True})
    plain = book.add_format({})
    sheet.merge_range(0, 0, 0, last, "", title)
    sheet.write_string(0, 0, f"{policy.round_title}填报表", title)
    sheet.write_string(1, 0, f"填报单位：{unit['name']}", plain)
    sheet.write_string(2, 0, f"名额：{_places(offered, places)}", plain)
    rows = sum(count or 0 for count in places.values()) + _SPARE
    rows = max(rows, _FEW_ROWS, len(people) + _SPARE)
    lists = _lists(policy, offered)
    for at, column in enumerate(columns):
        sheet.write_string(3, at, column.label, head)
        sheet.set_column(at, at, _width(column), None)
        words = lists.get(column.kind) or list(column.choices)
        for row in range(4, 4 + rows):
            words_ = people[row - 4].get(column.id) if row - 4 < len(people) else None
            if words_:
                sheet.write_string(row, at, words_, text)
            else:
                sheet.write_blank(row, at, None, text)
        if words:
            # A list longer than 255 signs can only be taken from cells.
            place = xl_col_to_name(at)
            for number, word in enumerate(words):
                notes.write_string(number, at + 2, word, plain)
            source = f"='{NOTES}'!${place_of(at)}$1:${place_of(at)}${len(words)}"
            sheet.data_validation(
                4,
                at,
                3 + rows,
                at,
                {
                    "validate": "list",
                    "source": source,
                    "error_title": "请从下拉框选择",
                    "error_message": f"{column.label}（{place}列）只能从下拉框选择",
                },
            )
    for number in range(rows):
        sheet.write_string(4 + number, 0, str(number + 1), text)
    for number, line in enumerate(_ADVICE):
        notes.write_string(number, 0, line, plain)
    notes.set_column(0, 0, 70)
    notes.set_column(1, last + 2, None, None, {"hidden": False})
    sheet.freeze_panes(4, 2)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(3)
    book.close()
    return target.getvalue()


def place_of(column: int) -> str:
    """Return the letters of the list behind a column on the sheet of notes."""
    return str(xl_col_to_name(column + 2))


def _places(offered: list[Any], places: Mapping[str, int | None]) -> str:
    said = []
    for category in offered:
        if category.id in places:
            count = places[category.id]
            said.append(f"{category.label} {'据实' if count is None else f'{count} 名'}")
    return "；".join(said) or "未定"


def _lists(policy: Policy, offered: list[Any]) -> dict[str, list[str]]:
    return {
        "sex": [sex.label for sex in Sex],
        "membership": [Membership.FULL.label, Membership.PROBATIONARY.label, "群众"],
        "category": [category.label for category in offered],
        "path": [label for _, label in policy.paths],
        "flag": ["是", "否"],
        "cause": [cause.label for cause in HardshipCause],
    }


def _width(column: SheetColumn) -> int:
    if column.kind in {"long", "address", "members"}:
        return 30
    return 22 if column.kind in {"id", "card", "text", "position", "category", "path"} else 12
