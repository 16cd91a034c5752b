"""people correct | household | row | drop | mark: what the ledger holds of a person, by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casework.cli.chinese import ChineseTyper
from casework.cli.common import Db, Json, Usage, ledger_url, looking, open_place, print_json
from casework.cli.review import day, term, who

if TYPE_CHECKING:
    from casework.vocabulary import Term

app = ChineseTyper(no_args_is_help=True)

Values = Annotated[list[str], typer.Argument(metavar="内容=值…", help="如 出生年月=1965-03-07；值不写：不知道")]


def _kinds() -> dict[str, type[Term]]:
    from casework import vocabulary as words

    return {
        "people.sex": words.Sex,
        "people.beneficiary": words.Beneficiary,
        "people.membership": words.Membership,
        "members.relation": words.Relation,
        "aid.kind": words.AidKind,
        "aid.status": words.AidStatus,
        "causes.cause": words.HardshipCause,
        "causes.affected": words.Relation,
    }


def read_values(given: Sequence[str], table: str) -> dict[str, Any]:
    """Return column → value from `姓名=…`: the heads of `people.labels`, values in the officer's own words.

    Raises:
        Usage: A head or a value that is not known.
    """
    import polars as pl

    from casework.frames import FACTS
    from casework.people.labels import FIELDS
    from casework.vocabulary import Tag

    columns = {FIELDS[f"{table}.{column}"]: column for column in FACTS[table]}
    found: dict[str, Any] = {}
    for text in given:
        head, equals, value = text.partition("=")
        if not equals or head not in columns:
            raise Usage(f"“{text}”请写成 内容=值，可写：{'、'.join(columns)}")
        column = columns[head]
        kind, dtype = _kinds().get(f"{table}.{column}"), FACTS[table][column]
        if not value:
            found[column] = None
        elif kind is not None:
            found[column] = term(kind, value).value
        elif dtype == pl.Date:
            found[column] = day(value)
        elif dtype == pl.Boolean:
            found[column] = _yes(value)
        elif dtype == pl.Int64:
            found[column] = _number(column, value)
        elif column == "tags":
            found[column] = [term(Tag, part).value for part in value.split("、")]
        else:
            found[column] = value
    return found


def _yes(value: str) -> bool:
    if value not in {"是", "否"}:
        raise Usage(f"“{value}”只能写 是 或 否")
    return value == "是"


def _number(column: str, value: str) -> int:
    from casework.money import parse_yuan

    try:
        return parse_yuan(value) if column.endswith("_fen") else int(value)
    except ValueError:
        raise Usage(f"“{value}”要写数字") from None


@app.command("correct", help="更正一个人的基本情况：人员编号 内容=值…")
def correct(person_id: Annotated[str, typer.Argument(metavar="人员编号")], values: Values, db: Db = "") -> int:
    """Correct a person."""
    from casework.cli.people import version_of
    from casework.people.holding import change_person

    engine = open_place(ledger_url(db), write=True)
    told = read_values(values, "people")
    if "household_id" in told or "person_id" in told:
        raise Usage("编号和所属家庭不在这里更正；家庭请用 people household")
    change_person(engine, person_id=person_id, expected_version=version_of(engine, person_id), **told, **who())
    typer.echo("已更正")
    return 0


@app.command("household", help="登记或更正一个人的家庭：人员编号 内容=值…；不写内容：显示，人均自动算出。")
def household(
    person_id: Annotated[str, typer.Argument(metavar="人员编号")],
    values: Annotated[list[str], typer.Argument(metavar="[内容=值]…")] = [],  # noqa: B006 - Typer reads it and changes nothing
    join: Annotated[str, typer.Option("--join", metavar="家庭编号", help="与已登记的一户同住")] = "",
    db: Db = "",
    as_json: Json = False,
) -> int:
    """Show, enter or correct a household."""
    from casework.cli.people import version_of
    from casework.db import reading
    from casework.models import Household, Person
    from casework.people.holding import change_household, open_household

    if not values and not join:
        return _show(person_id, db, as_json=as_json)
    engine = open_place(ledger_url(db), write=True)
    version = version_of(engine, person_id)
    with reading(engine) as session:
        home = session.get_one(Person, person_id).household_id
        seen = session.get_one(Household, home).version if home else 0
    told = read_values(values, "households")
    told.pop("household_id", None)
    if join or not home:
        done = open_household(
            engine, person_id=person_id, expected_version=version, household_id=join or None, **told, **who()
        )
    else:
        done = change_household(engine, household_id=home, expected_version=seen, **told, **who())
    typer.echo(f"已登记，家庭编号 {done['household_id']}")
    return 0


def _show(person_id: str, db: str, *, as_json: bool) -> int:
    from casework.models import Person
    from casework.money import yuan
    from casework.people.holding import household_view
    from casework.problems import Refused

    with looking(db) as session:
        whose = session.get(Person, person_id)
        if whose is None:
            raise Refused("not_found", "没有这个人，或不在您的单位范围内")
        view = household_view(session, whose.household_id) if whose.household_id else None
    if view is None:
        typer.echo("没有登记家庭")
        return 0
    if as_json:
        members = [member.model_dump() for member in view.members]
        print_json({**view.household.model_dump(), "members": members, "per_head_fen": view.per_head_fen})
        return 0
    head = "不知道" if view.per_head_fen is None else f"{yuan(view.per_head_fen)} 元"
    typer.echo(f"家庭编号 {view.household.household_id}，成员 {len(view.members)} 人，人均年收入 {head}")
    if view.said:
        typer.echo(view.said)
    return 0


_ROWS = {"家庭成员": "member", "荣誉": "honour", "救助": "aid", "证明": "evidence", "成因": "cause"}
_TABLES = {"member": "members", "honour": "honours", "aid": "aid", "evidence": "evidence", "cause": "causes"}


@app.command("row", help="登记或更正一行：家庭成员、荣誉、救助、证明、成因；归属写人员、家庭或个案的编号。")
def row(
    rows: Annotated[str, typer.Argument(metavar="哪一类")],
    owner: Annotated[str, typer.Argument(metavar="归属")],
    values: Annotated[list[str], typer.Argument(metavar="[内容=值]…")] = [],  # noqa: B006 - as above
    replace: Annotated[str, typer.Option("--replace", metavar="行号", help="更正这一行")] = "",
    drop: Annotated[str, typer.Option("--drop", metavar="行号", help="删去登错的这一行（留在历史中）")] = "",
    db: Db = "",
) -> int:
    """Enter, correct or take out one row of a list."""
    from casework.db import reading
    from casework.people.rows import LISTED, drop_row, put_row

    if rows not in _ROWS:
        raise Usage(f"“{rows}”不认识，可写：{'、'.join(_ROWS)}")
    kind = _ROWS[rows]
    engine = open_place(ledger_url(db), write=True)
    row_id: str | int | None = (replace or drop) or None
    if row_id is not None and kind != "cause":
        row_id = _number("", str(row_id))
    since = None
    if row_id is not None:
        with reading(engine) as session:
            found: Any = session.get(LISTED[kind].model, row_id)
        if found is None:
            raise Usage(f"没有行号为 {row_id} 的{rows}")
        since = found.since
    if drop:
        drop_row(engine, rows=kind, owner=owner, row_id=row_id or "", expected_since=since, **who())
        typer.echo("已删去，内容留在历史中")
        return 0
    told = read_values(values, _TABLES[kind])
    done = put_row(engine, rows=kind, owner=owner, row_id=row_id, expected_since=since, **told, **who())
    typer.echo(f"已登记，行号 {done['row_id']}")
    return 0


@app.command("mark", help="标明一份个案的一项是否核过：个案编号 项目 未核|无|有。")
def mark(
    case_id: Annotated[str, typer.Argument(metavar="个案编号")],
    name: Annotated[str, typer.Argument(metavar="项目", help="救助、荣誉、成因、家庭、证明")],
    value: Annotated[str, typer.Argument(metavar="结果")],
    db: Db = "",
) -> int:
    """Mark a list of a case as checked."""
    from casework.db import reading
    from casework.models import Completeness
    from casework.people.rows import mark_list
    from casework.vocabulary import Mark

    lists = {"救助": "aid", "荣誉": "honours", "成因": "causes", "家庭": "household", "证明": "evidence"}
    if name not in lists:
        raise Usage(f"“{name}”不认识，可写：{'、'.join(lists)}")
    engine = open_place(ledger_url(db), write=True)
    with reading(engine) as session:
        before = session.get(Completeness, (case_id, lists[name]))
    seen = before.mark if before else None
    mark_list(engine, case_id=case_id, name=lists[name], mark=term(Mark, value), expected=seen, **who())
    typer.echo(f"已标明：{name}{value}")
    return 0
