"""套用来表 and 自选导出 as an officer fills them in: a file to fill, columns to choose; each a deed with its answer."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

from casework.access import Actor
from casework.borrowed import NOT_FILLED, Filled, Matched, fill, match, remember
from casework.borrowed import choices as item_choices
from casework.dates import chinese
from casework.db import reading
from casework.layouts import (
    OF_PEOPLE,
    chosen_of,
    delete_layout,
    find_layout,
    lay_out,
    layouts,
    opened_list,
    pick,
    save_layout,
    whole_list,
)
from casework.ledger import policy_of
from casework.lists import Table
from casework.models_people import Layout
from casework.paper_files import FORMATS, may_be_opened, paper_bytes
from casework.papers import LABELS, Asked
from casework.problems import Refused
from casework.views.cases.desk import CaseDesk
from casework.views.cases.files import keep_file
from casework.views.desk import clock
from casework.views.html import card, esc, failure, note, notes, rows_table, shown, tag
from casework.views.panels import labelled, toolbar
from casework.views.plans import Told
from casework.views.review_forms import Bench, Field, Form, Given, text

FILL, EXPORT = "套用来表", "自选导出"
PARTS: Final = (FILL, EXPORT)
_WHO: Final = {"名单上的人员（没有名单时为本轮全部）": "", "本轮全部人员": "all"}
_WHOLE_NUMBERS: Final = "填完整号码，并登记是我打开的"


def _asked(bench: Bench, actor: Actor, unit: str) -> Asked:
    return Asked(bench.desk.round_id, actor, clock(), unit_id=unit or None)


# -- 套用来表 ----------------------------------------------------------------------------------------------------------


def fill_form(bench: Bench) -> Form:
    """Return the form that fills a superior's workbook."""
    fields = (
        Field("file", "来表", "file", hint="选择上级下发的空白 xlsx"),
        Field("who", "填谁", "choice", options=_WHO, value=""),
        Field(
            "map", "改对应", "area", hint=f"认错了才写，一行一个：来表的列=项目，如 对象=姓名；留空写 列={NOT_FILLED}"
        ),
        Field("cards", "号码", "tick", hint=_WHOLE_NUMBERS),
    )
    return Form(FILL, "填表", fields, lambda actor, given: _fill(bench, actor, given))


def _fill(bench: Bench, actor: Actor, given: Given) -> Told:
    try:
        return Told(False, _filled(bench, actor, given))
    except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
        return Told(False, note(failure(error), "warn"))


def _filled(bench: Bench, actor: Actor, given: Given) -> str:
    if not given.get("file"):
        raise Refused("no_file", "请先选择来表")
    (name, data), desk = given["file"], bench.desk
    corrected = _pairs(text(given, "map"))
    with reading(desk.engine) as session:
        matched = match(session, data, name=name, round_id=desk.round_id, given=corrected)
        policy = policy_of(session, desk.round_id)
    key = uuid.uuid4().hex
    done = fill(
        desk.engine,
        data,
        matched,
        _asked(bench, actor, bench.unit),
        who=text(given, "who"),
        opened_key=key if given.get("cards") else "",
    )
    if corrected:
        remember(desk.engine, matched, actor=actor, now=clock(), key=f"{key}-map")
    about = {"paper": FILL, "round": desk.round_id, "unit": bench.unit, "cards": "1" if given.get("cards") else ""}
    file = f"{name.rpartition('.')[0]}（已填）.xlsx"
    address = keep_file(desk, file, done.body, about={name: value for name, value in about.items() if value})
    return _answer(matched, done, {item: label for label, item in item_choices(policy).items()}, file, address)


def _pairs(words: str) -> dict[str, str]:
    found = {}
    for line in filter(None, map(str.strip, words.replace("＝", "=").splitlines())):
        head, sign, item = line.partition("=")
        if not sign or not head.strip() or not item.strip():
            raise Refused("bad_value", f"“{line}”要写成 列=项目，如 对象=姓名")
        found[head.strip()] = item.strip()
    return found


def _answer(matched: Matched, done: Filled, labels: Mapping[str, str], file: str, address: str) -> str:
    told = [f"照上次改过的对应填写。{done.sentences()[0]}" if matched.remembered else done.sentences()[0]]
    rows = [
        (column.head, labels[column.field] if column.column in done.filled else "没有填")
        for column in matched.mapping.columns
    ]
    return (
        note(told[0], "ok")
        + toolbar(_download(file, address))
        + notes(done.sentences()[1:], "note")
        + rows_table(("来表的列", "填的项目"), rows)
    )


def _download(file: str, address: str) -> str:
    if not address:
        return note("本页不能下载，请用 casework serve 打开")
    return tag("a", esc(f"下载 {file}"), "cw-button cw-primary", href=address, download="1")


# -- 自选导出 ----------------------------------------------------------------------------------------------------------


def export_choices(desk: CaseDesk) -> dict[str, tuple[str, str]]:
    """Return label → (list, layout): every list of people with all its columns, and every layout kept."""
    with reading(desk.engine) as session:
        kept = [(f"{LABELS[one.list_name]}：{one.name}", (one.list_name, one.name)) for one in layouts(session)]
    return {**{LABELS[name]: (name, "") for name in OF_PEOPLE}, **dict(kept)}


def export_forms(bench: Bench, name: str, layout: str) -> tuple[Form, ...]:
    """Return the forms that export a list and take a layout away; none where the list cannot be made, for a reason.

    Raises:
        CaseworkError: Why the list cannot be made now.
    """
    with reading(bench.desk.engine) as session:
        table = whole_list(session, name, _asked(bench, bench.desk.actor, bench.unit))
        kept = find_layout(session, layout) if layout else None
        chosen = chosen_of(kept) if kept else [(key, table.column(key).label) for key in table.keys]
    own = {key: table.column(key).label for key in table.keys}
    lines = [own[key] if own.get(key) == label else f"{own.get(key, key)}={label}" for key, label in chosen]
    fields = [
        Field("columns", "列", "area", value="\n".join(lines), hint="一行一列", rows=12),
        Field("form", "格式", "choice", options={"Excel": "xlsx", "PDF": "pdf"}, value="xlsx"),
        Field("name", "存为版式", hint="不存可不填；写原来的名称就是改它", value=layout),
    ]
    if may_be_opened(name):
        fields.append(Field("cards", "号码", "tick", hint=_WHOLE_NUMBERS))
    forms = [
        Form(EXPORT, "生成文件", tuple(fields), lambda actor, given: _export(bench, name, table, kept, actor, given))
    ]
    if kept is not None:
        forms.append(Form("删去版式", "删去", (), lambda actor, _: _delete(bench, kept, actor)))
    return tuple(forms)


def _export(bench: Bench, name: str, table: Table, kept: Layout | None, actor: Actor, given: Given) -> Told:  # noqa: PLR0913, PLR0917 - a deed and what it is about
    try:
        return _exported(bench, name, table, kept, actor, given)
    except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
        return Told(False, note(failure(error), "warn"))


def _exported(bench: Bench, name: str, table: Table, kept: Layout | None, actor: Actor, given: Given) -> Told:  # noqa: PLR0913, PLR0917 - as above
    desk, key = bench.desk, uuid.uuid4().hex
    lines = [line.strip() for line in str(given.get("columns") or "").replace("＝", "=").splitlines()]
    chosen = pick(table, [line for line in lines if line])
    asked, form = _asked(bench, actor, bench.unit), text(given, "form") or "xlsx"
    if given.get("cards"):
        table = opened_list(desk.engine, name, asked, key=key)
    else:
        with reading(desk.engine) as session:
            table = whole_list(session, name, asked)
    cut = lay_out(table, chosen)
    with reading(desk.engine) as session:
        author = policy_of(session, desk.round_id).issuer
    body = paper_bytes(cut, form, author=author)
    wanted = text(given, "name")
    if wanted:
        save_layout(
            desk.engine,
            name=wanted,
            list_name=name,
            chosen=chosen,
            expected_version=kept.version if kept is not None and kept.name == wanted else 0,
            actor=actor,
            now=clock(),
            key=f"{key}-layout",
        )
    file = f"{LABELS[name]}（{wanted or EXPORT}）_{chinese(asked.today)}.{form}"
    about = {"paper": name, "round": desk.round_id, "unit": bench.unit, "layout": wanted or EXPORT}
    address = keep_file(desk, file, body, FORMATS[form], about={name: value for name, value in about.items() if value})
    saved = f"，已存为版式“{wanted}”" if wanted else ""
    return Told(bool(wanted), note(f"共 {len(cut.rows)} 行 {len(chosen)} 列{saved}。", "ok") + _download(file, address))


def _delete(bench: Bench, kept: Layout, actor: Actor) -> Told:
    told: dict[str, Any] = {"actor": actor, "now": clock(), "key": uuid.uuid4().hex}
    try:
        delete_layout(bench.desk.engine, name=kept.name, expected_version=kept.version, **told)
    except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
        return Told(False, note(failure(error), "warn"))
    return Told(True, note(f"版式“{kept.name}”已删去。", "ok"))


# -- on screen ---------------------------------------------------------------------------------------------------------

_FILL_SAID: Final = (
    "来表的字体、边框、列宽、合并和打印设置不变；空行不够时照第一行加行，合计和说明下移。"
    "台账没有的列留空并在下面说明。改过的对应记住，下次同样表头的来表照用。"
)
_EXPORT_SAID: Final = (
    "删去不要的行，调整行的先后就是列的先后，“姓名=对象”是改列名。号码按规定遮盖，公示名单只有可以公示的列。"
)


@shown
def own_panel(part: str, controls: Mapping[str, str], form: str, told: str, problem: str) -> str:
    """Return one of the two parts: what is chosen, the form, and what came of it."""
    said = _FILL_SAID if part == FILL else _EXPORT_SAID
    return card(part, labelled(controls), note(said), note(problem, "warn"), form, told)
